"""
Elevation models for tests and benchmarks, the same for the same seed.

Each comes as a `Dem`: node heights as float32 with NaN for no data, the affine
transform and the CRS, either geographic near 38 N 71 E or in UTM zone 42 N. A step of
30 m is one second of arc there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio.crs
import rasterio.transform
import scipy.fft
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.warp import Resampling, calculate_default_transform, reproject
from rasterio.windows import Window

Heights = NDArray[np.float32]

GEOGRAPHIC = "EPSG:4326"
UTM = "EPSG:32642"
LON, LAT = 71.0, 38.0
UTM_X, UTM_Y = 675_600.0, 4_207_500.0  # of LON, LAT, to the nearest 100 m or so


class Dem(NamedTuple):
    """Heights and where they lie."""

    heights: Heights
    transform: Affine
    crs: str


def frame(shape: tuple[int, int], crs: str, step_m: float) -> Affine:
    """Transform of a grid of a shape whose middle is at 38 N 71 E."""
    rows, columns = shape
    if CRS.from_user_input(crs).is_geographic:
        x, y, step = LON, LAT, step_m / 30 / 3600
    else:
        x, y, step = UTM_X, UTM_Y, step_m
    return Affine(step, 0, x - columns // 2 * step, 0, -step, y + rows // 2 * step)


def spacing_m(transform: Affine, crs: str) -> tuple[float, float]:
    """Rough distance in metres between neighbours in a column and in a row."""
    if not CRS.from_user_input(crs).is_geographic:
        return abs(transform.e), transform.a
    return abs(transform.e) * 110_990, transform.a * 111_320 * np.cos(np.radians(LAT))


def _noise(
    shape: tuple[int, int],
    spacing: tuple[float, float],
    rng: np.random.Generator,
    *,
    beta: float,
    corner_m: float,
    fine_m: float = 0.0,
) -> Heights:
    """
    Noise of zero mean and unit variance whose power falls as frequency to -beta.

    Waves longer than `corner_m` get no stronger, waves around `fine_m` fade out. It
    repeats at the edges.
    """
    wave_y = scipy.fft.fftfreq(shape[0], spacing[0]).astype(np.float32)[:, None]
    wave_x = scipy.fft.rfftfreq(shape[1], spacing[1]).astype(np.float32)
    square = wave_y**2 + wave_x**2
    power = (square + np.float32(1 / corner_m**2)) ** np.float32(-beta / 4)
    power *= np.exp(-np.float32(fine_m**2 / 2) * square)
    power[0, 0] = 0
    spectrum = scipy.fft.rfft2(rng.standard_normal(shape, np.float32), workers=2)
    spectrum *= power
    noise = scipy.fft.irfft2(spectrum, s=shape, workers=2)
    return noise / np.float32(noise.std())


def slope_deg(heights: Heights, transform: Affine, crs: str) -> NDArray[np.floating]:
    """Steepest slope at nodes, by central differences."""
    down, right = np.gradient(heights, *spacing_m(transform, crs))
    return np.degrees(np.arctan(np.hypot(down, right)))


def flat(
    shape: tuple[int, int] = (400, 400),
    *,
    height_m: float = 0.0,
    crs: str = GEOGRAPHIC,
    step_m: float = 30,
) -> Dem:
    """Build the bare ellipsoid, raised: nothing hides but the earth's curvature."""
    return Dem(np.full(shape, height_m, np.float32), frame(shape, crs, step_m), crs)


def plane(
    shape: tuple[int, int] = (400, 400),
    *,
    rise_east: float = 0.02,
    rise_north: float = 0.01,
    height_m: float = 1000.0,
    crs: str = GEOGRAPHIC,
    step_m: float = 30,
) -> Dem:
    """Build heights linear in column and row; rises are metres for each metre."""
    transform = frame(shape, crs, step_m)
    down, right = spacing_m(transform, crs)
    rows, columns = np.indices(shape)
    heights = height_m + columns * right * rise_east - rows * down * rise_north
    return Dem(heights.astype(np.float32), transform, crs)


def smooth(
    shape: tuple[int, int] = (400, 400),
    *,
    relief_m: float = 600.0,
    wave_m: float = 4000.0,
    seed: int = 0,
    crs: str = GEOGRAPHIC,
    step_m: float = 30,
) -> Dem:
    """Build rolling ground of a few long waves."""
    transform = frame(shape, crs, step_m)
    down, right = spacing_m(transform, crs)
    rows, columns = np.indices(shape, sparse=True)
    rng = np.random.default_rng(seed)
    heights = np.zeros(shape)
    for _ in range(8):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        wave = 2 * np.pi / (wave_m * rng.uniform(1, 3))
        along = np.cos(angle) * columns * right + np.sin(angle) * rows * down
        heights += rng.uniform(0.5, 1) * np.sin(wave * along + phase)
    heights -= heights.min()
    heights *= relief_m / max(heights.max(), 1e-9)
    return Dem((1000 + heights).astype(np.float32), transform, crs)


# What `mountain` and `mountain_strip` are made of.
_BROAD = {"beta": 4.6, "corner_m": 45_000.0}
_RIDGES = {"beta": 3.9, "corner_m": 9_000.0, "fine_m": 60.0}


def _relief(broad: Heights, ridges: Heights) -> Heights:
    """Mountains out of two noises: massifs with sharp ridges and valleys on them."""
    crest = np.float32(1) - np.abs(ridges)
    return broad + np.float32(0.3) * crest * (1 + np.float32(0.25) * broad)


def mountain(
    shape: tuple[int, int] = (1000, 1000),
    *,
    step_m: float = 30,
    slope_median_deg: float = 20.0,
    low_m: float = 500.0,
    seed: int = 0,
    crs: str = GEOGRAPHIC,
) -> Dem:
    """
    Build ridged mountains.

    They are raised until half of the ground is steeper than `slope_median_deg`;
    over 120 km that makes heights of some 500 to 5000 m. Slopes are realistic at
    steps of about 30 m.
    """
    transform = frame(shape, crs, step_m)
    spacing = spacing_m(transform, crs)
    rng = np.random.default_rng(seed)
    heights = _relief(
        _noise(shape, spacing, rng, **_BROAD), _noise(shape, spacing, rng, **_RIDGES)
    )
    median = np.median(slope_deg(heights, transform, crs))
    heights *= np.float32(np.tan(np.radians(slope_median_deg)))
    heights /= np.float32(np.tan(np.radians(median)))
    heights += np.float32(low_m) - heights.min()
    return Dem(heights, transform, crs)


def _spikes(heights: Heights, rng: np.random.Generator) -> None:
    rows, columns = heights.shape
    some = max(1, heights.size // 150)
    heights[rng.integers(rows, size=some), rng.integers(columns, size=some)] += (
        rng.uniform(1, 60, some).astype(np.float32)
    )


def _walls(direction: str) -> Callable[[Heights, np.random.Generator], None]:
    def build(heights: Heights, rng: np.random.Generator) -> None:
        rows, columns = np.indices(heights.shape, sparse=True)
        line = {
            "rows": rows + 0 * columns,
            "columns": columns + 0 * rows,
            "diagonals": (rows + columns) % sum(heights.shape),
            "antidiagonals": (rows - columns) % sum(heights.shape),
        }[direction]
        wall = rng.random(sum(heights.shape)) < 0.04
        high = rng.uniform(1, 25, sum(heights.shape)).astype(np.float32)
        heights += np.where(wall, high, np.float32(0))[line]
        heights[rng.random(heights.shape) < 0.08] = 100  # gaps to look through

    return build


def _stairs(heights: Heights, rng: np.random.Generator) -> None:
    rows, columns = np.indices(heights.shape)
    tread = int(rng.integers(3, 9))
    heights += (2 * (rows // tread) + 3 * (columns // (tread + 2))).astype(np.float32)


def _pits(heights: Heights, rng: np.random.Generator) -> None:
    _spikes(heights, rng)
    np.copyto(heights, 200 - heights)


def _plateau(heights: Heights, rng: np.random.Generator) -> None:
    """Whole metres on large plates: sights at mast height 0 are exact ties."""
    size = 16
    plates = rng.integers(0, 4, [n // size + 1 for n in heights.shape])
    large = np.kron(plates, np.ones((size, size)))
    heights += large[: heights.shape[0], : heights.shape[1]].astype(np.float32)


def _holes(heights: Heights, rng: np.random.Generator) -> None:
    _spikes(heights, rng)
    rows, columns = heights.shape
    for _ in range(max(3, heights.size // 4000)):
        row, column = rng.integers(rows), rng.integers(columns)
        tall, wide = rng.integers(1, 9, 2)
        heights[row : row + tall, column : column + wide] = np.nan
    heights[rng.random(heights.shape) < 0.002] = np.nan


def _stripes(heights: Heights, rng: np.random.Generator) -> None:
    _spikes(heights, rng)
    heights[rng.random(heights.shape[0]) < 0.02] = np.nan
    heights[:, rng.random(heights.shape[1]) < 0.02] = np.nan
    heights[rng.random(heights.shape) < 0.01] = 100  # gaps in them


def _border(heights: Heights, rng: np.random.Generator) -> None:
    """No data around, as a warped raster has it, along slanting edges."""
    _spikes(heights, rng)
    rows, columns = np.indices(heights.shape)
    slant = 0.1 * rows + 3
    outside = (columns < slant) | (columns > heights.shape[1] - 1 - slant)
    heights[outside | (rows < 0.05 * columns)] = np.nan


_ADVERSARIAL: dict[str, Callable[[Heights, np.random.Generator], None]] = {
    "spikes": _spikes,
    "wall-rows": _walls("rows"),
    "wall-columns": _walls("columns"),
    "wall-diagonals": _walls("diagonals"),
    "wall-antidiagonals": _walls("antidiagonals"),
    "stairs": _stairs,
    "pits": _pits,
    "plateau": _plateau,
    "holes": _holes,
    "stripes": _stripes,
    "border": _border,
}

ADVERSARIAL = tuple(_ADVERSARIAL)


def adversarial(
    kind: str,
    shape: tuple[int, int] = (200, 240),
    *,
    seed: int = 0,
    crs: str = GEOGRAPHIC,
    step_m: float = 30,
) -> Dem:
    """Build ground that is hard on shortcuts; `kind` is one of `ADVERSARIAL`."""
    heights = np.full(shape, 100, np.float32)
    _ADVERSARIAL[kind](heights, np.random.default_rng(seed))
    return Dem(heights, frame(shape, crs, step_m), crs)


def to_projected(
    heights: Heights,
    transform: Affine,
    crs: str,
    dst_crs: str = UTM,
    step_m: float = 30,
    resampling: str = "cubic",
) -> Dem:
    """Resample to a projected CRS; NaN outside."""
    rows, columns = heights.shape
    bounds = rasterio.transform.array_bounds(rows, columns, transform)
    source, target = (rasterio.crs.CRS.from_user_input(v) for v in (crs, dst_crs))
    to_transform, width, height = calculate_default_transform(
        source, target, columns, rows, *bounds, resolution=step_m
    )
    out = np.full((height, width), np.nan, np.float32)
    reproject(
        heights,
        out,
        src_transform=transform,
        src_crs=source,
        src_nodata=np.nan,
        dst_transform=to_transform,
        dst_crs=target,
        dst_nodata=np.nan,
        resampling=Resampling[resampling],
        tolerance=0,  # exact places, not interpolated ones
    )
    return Dem(out, to_transform, dst_crs)


def write_dem(
    path: Path | str,
    heights: Heights,
    transform: Affine,
    crs: str,
    nodata: float | None = None,
) -> Path:
    """Write a tiled GeoTIFF; with `nodata`, that stands for NaN."""
    if nodata is not None:
        heights = np.where(np.isnan(heights), np.float32(nodata), heights)
    rows, columns = heights.shape
    with rasterio.open(path, "w", **_profile(rows, columns, transform, crs)) as file:
        if nodata is not None:
            file.nodata = nodata
        file.write(heights, 1)
    return Path(path)


def _profile(rows: int, columns: int, transform: Affine, crs: str) -> dict[str, object]:
    return {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": rows,
        "width": columns,
        "transform": transform,
        "crs": crs,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }


def mountain_strip(
    path: Path | str,
    rows: int = 2560,
    cols: int = 32_768,
    seed: int = 0,
    *,
    west: float = 67.7,
    north: float = 37.85,
    step_deg: float = 7.2 / 32_768,
) -> Path:
    """
    Write a wide GeoTIFF of mountains in geographic coordinates, piece by piece.

    It runs from 67.7 to 74.9 E and 37.29 to 37.85 N in steps of about 0.8 seconds of
    arc; cells have equal sides in degrees. Noise is made in tiles that overlap by
    half and fade into each other, so that no seam shows.
    """
    half = 2048
    transform = Affine(step_deg, 0, west, 0, -step_deg, north)
    spacing = spacing_m(transform, GEOGRAPHIC)
    angle = (np.arange(half, dtype=np.float32) + 0.5) / half * np.float32(np.pi / 2)
    rise, fall = np.sin(angle), np.cos(angle)
    scale = offset = None
    last: list[Heights] = []
    with rasterio.open(
        path, "w", **_profile(rows, cols, transform, GEOGRAPHIC)
    ) as file:
        for number in itertools.count():
            start = (number - 1) * half
            if start >= cols:
                break
            rng = np.random.default_rng([seed, number])
            tiles = [
                _noise((rows, 2 * half), spacing, rng, **kind)
                for kind in (_BROAD, _RIDGES)
            ]
            if last:
                broad, ridges = (
                    old * fall + new[:, :half] * rise
                    for old, new in zip(last, tiles, strict=True)
                )
                heights = _relief(broad, ridges)
                if scale is None:
                    slope = slope_deg(heights, transform, GEOGRAPHIC)
                    scale = np.tan(np.radians(20)) / np.tan(
                        np.radians(np.median(slope))
                    )
                    offset = 2500 - scale * heights.mean()
                heights = (heights * scale + offset).astype(np.float32)
                np.maximum(heights, 100, out=heights)
                wide = min(half, cols - start)
                file.write(heights[:, :wide], 1, window=Window(start, 0, wide, rows))
            last = [tile[:, half:].copy() for tile in tiles]
    return Path(path)
