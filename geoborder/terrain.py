"""Elevation: rasters read with their georeferencing, heights at points, relief."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window, from_bounds
from scipy.ndimage import maximum_filter, minimum_filter

from geoborder.datasets import data_path
from geoborder.errors import DataError, GeoborderWarning
from geoborder.geodesy import BoolArray, FloatArray, inverse
from geoborder.tables import LONLAT

_FOOT_M = {"ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "us-ft": 1200 / 3937}


def apply_transform(
    transform: Affine, column: npt.ArrayLike, row: npt.ArrayLike
) -> tuple[Any, Any]:
    """
    Apply an affine transform to arrays.

    Parameters
    ----------
    transform
        The transform.
    column, row
        What it applies to.

    Returns
    -------
    x, y : float or ndarray
        The transformed coordinates.
    """
    u, v = np.asarray(column), np.asarray(row)
    return (
        transform.a * u + transform.b * v + transform.c,
        transform.d * u + transform.e * v + transform.f,
    )


@dataclass(frozen=True, slots=True)
class Dem:
    """
    A digital elevation model in memory, in the CRS it was delivered in.

    Attributes
    ----------
    heights_m : ndarray
        Shape (rows, columns), float32, metres; NaN where there is no data.
    transform : Affine
        From (column, row) of a cell's upper left corner to coordinates.
    crs : pyproj.CRS
        CRS of those coordinates.
    source : str
        Where it came from.
    """

    heights_m: npt.NDArray[np.float32]
    transform: Affine
    crs: CRS
    source: str

    def heights_at(self, lon: FloatArray, lat: FloatArray) -> FloatArray:
        """
        Interpolate heights bilinearly between cell centres.

        Parameters
        ----------
        lon, lat
            Points in degrees on WGS 84, shape (n,).

        Returns
        -------
        ndarray
            Heights in metres, shape (n,); NaN outside, and where any of the
            four cells around has no data.
        """
        column, row = self.cells_at(lon, lat)
        rows, columns = self.heights_m.shape
        # Half a cell at the edge takes the edge's height.
        inside = (column + 0.5 > 0) & (column + 0.5 < columns)
        inside &= (row + 0.5 > 0) & (row + 0.5 < rows)
        column = np.clip(np.where(inside, column, 0.0), 0.0, columns - 1.0)
        row = np.clip(np.where(inside, row, 0.0), 0.0, rows - 1.0)
        left = np.minimum(column.astype(np.int64), max(columns - 2, 0))
        top = np.minimum(row.astype(np.int64), max(rows - 2, 0))
        right, below = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        x, y = column - left, row - top
        grid = self.heights_m
        height = (
            grid[top, left] * ((1 - x) * (1 - y))
            + grid[top, right] * (x * (1 - y))
            + grid[below, left] * ((1 - x) * y)
            + grid[below, right] * (x * y)
        )
        return np.where(inside, height, np.nan)

    def cells_at(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """
        Convert points to fractional cell indices.

        Parameters
        ----------
        lon, lat
            Points in degrees on WGS 84.

        Returns
        -------
        column, row : ndarray
            0.0 is the centre of the first column or row.
        """
        x, y = Transformer.from_crs(LONLAT, self.crs, always_xy=True).transform(
            lon, lat
        )
        column, row = apply_transform(~self.transform, np.asarray(x), np.asarray(y))
        return np.asarray(column) - 0.5, np.asarray(row) - 0.5

    def cell_size_m(self, lon: float, lat: float) -> tuple[float, float]:
        """
        Size of a cell on the ground.

        Parameters
        ----------
        lon, lat
            Where, in degrees on WGS 84.

        Returns
        -------
        width_m, height_m : float
            Ground length of one column's step and of one row's.
        """
        column, row = self.cells_at(np.array([lon]), np.array([lat]))
        steps = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        cells = np.column_stack((column, row)) + 0.5 + steps
        x, y = apply_transform(self.transform, cells[:, 0], cells[:, 1])
        back = Transformer.from_crs(self.crs, LONLAT, always_xy=True)
        at_lon, at_lat = back.transform(x, y)
        _, size = inverse(at_lon[0], at_lat[0], at_lon[1:], at_lat[1:])
        return float(size[0]), float(size[1])


def open_dem(
    path: str | Path | None = None,
    *,
    bounds: tuple[float, float, float, float] | None = None,
) -> Dem:
    """
    Read elevation.

    Parameters
    ----------
    path
        Any raster that rasterio reads; by default the bundled one (NOAA GLOBE,
        30 arc-seconds, 66-76 E, 35.5-39.5 N): good for relief, too coarse for
        siting.
    bounds
        Read only what covers west, south, east, north (degrees on WGS 84).

    Returns
    -------
    Dem
        The first band, in metres.

    Raises
    ------
    DataError
        If the file cannot be read, has no CRS, or does not meet the bounds.

    Warns
    -----
    GeoborderWarning
        If it covers only a part of the bounds, with the share.

    Examples
    --------
    >>> dem = open_dem()
    >>> dem.heights_at(np.array([73.705]), np.array([37.44]))  # Lake Zorkul
    array([4110.])
    """
    source = str(path if path is not None else data_path("elevation.tif"))
    try:
        with rasterio.open(source) as raster:
            return _read(raster, source, bounds)
    except RasterioError as error:
        msg = f"Elevation {source!r} cannot be read: {error}."
        raise DataError(msg) from error


def _read(
    raster: rasterio.io.DatasetReader,
    source: str,
    bounds: tuple[float, float, float, float] | None,
) -> Dem:
    if raster.crs is None:
        msg = f"Elevation {source!r} has no CRS; declare it (`gdal_edit.py -a_srs`)."
        raise DataError(msg)
    crs = CRS.from_wkt(raster.crs.to_wkt())
    window = Window(0, 0, raster.width, raster.height)
    if bounds is not None:
        window = _window(raster, crs, bounds, source)
    band = raster.read(1, window=window, masked=True)
    heights = band.astype(np.float32).filled(np.nan)
    heights[~np.isfinite(heights)] = np.nan
    unit = (raster.units[0] or "m").strip().lower()
    heights *= np.float32(_FOOT_M.get(unit, 1.0))
    return Dem(heights, raster.window_transform(window), crs, source)


def _window(
    raster: rasterio.io.DatasetReader,
    crs: CRS,
    bounds: tuple[float, float, float, float],
    source: str,
) -> Window:
    """Whole cells around the bounds, with a margin of two."""
    there = Transformer.from_crs(LONLAT, crs, always_xy=True)
    wanted = from_bounds(
        *there.transform_bounds(*bounds, densify_pts=21), raster.transform
    )
    whole = Window(0, 0, raster.width, raster.height)
    left, top = int(np.floor(wanted.col_off)) - 2, int(np.floor(wanted.row_off)) - 2
    right = int(np.ceil(wanted.col_off + wanted.width)) + 2
    below = int(np.ceil(wanted.row_off + wanted.height)) + 2
    left, top = max(left, 0), max(top, 0)
    right, below = min(right, raster.width), min(below, raster.height)
    if right <= left or below <= top:
        msg = f"Elevation {source!r} does not cover any of the bounds {bounds}."
        raise DataError(msg)
    met = wanted.intersection(whole)
    share = met.width * met.height / (wanted.width * wanted.height)
    if share < 0.999:  # noqa: PLR2004 - less than rounding at the edge
        text = f"Elevation {source!r} covers {share:.0%} of what is asked for."
        warnings.warn(text, GeoborderWarning, stacklevel=4)
    return Window(left, top, right - left, below - top)


def local_relief(dem: Dem, *, radius_m: float) -> Dem:
    """
    Range of heights around each cell.

    Parameters
    ----------
    dem
        Elevation.
    radius_m
        Half the side of the square window around each cell, in metres, turned
        to whole cells at the middle of the raster.

    Returns
    -------
    Dem
        Highest less lowest height in the window, metres; cells without data do
        not count.
    """
    rows, columns = dem.heights_m.shape
    x, y = apply_transform(dem.transform, columns / 2.0, rows / 2.0)
    back = Transformer.from_crs(dem.crs, LONLAT, always_xy=True)
    width, height = dem.cell_size_m(*back.transform(x, y))
    window = (
        2 * max(1, round(radius_m / height)) + 1,
        2 * max(1, round(radius_m / width)) + 1,
    )
    lowest = minimum_filter(np.nan_to_num(dem.heights_m, nan=np.inf), size=window)
    highest = maximum_filter(np.nan_to_num(dem.heights_m, nan=-np.inf), size=window)
    relief = np.where(np.isnan(dem.heights_m), np.nan, highest - lowest)
    return Dem(relief.astype(np.float32), dem.transform, dem.crs, dem.source)


def slope_deg(dem: Dem) -> Dem:
    """
    Slope of each cell.

    Parameters
    ----------
    dem
        Elevation.

    Returns
    -------
    Dem
        Steepest slope in degrees by central differences over ground distances;
        NaN where a neighbour has no data.
    """
    rows, columns = dem.heights_m.shape
    back = Transformer.from_crs(dem.crs, LONLAT, always_xy=True)
    middles = np.linspace(0.5, rows - 0.5, 9)
    x, y = apply_transform(dem.transform, np.full(9, columns / 2.0), middles)
    sizes = [
        dem.cell_size_m(lon, lat)
        for lon, lat in zip(*back.transform(x, y), strict=True)
    ]
    row = np.arange(rows) + 0.5
    width, height = (
        np.interp(row, middles, size)[:, None] for size in np.array(sizes).T
    )
    down, across = np.gradient(dem.heights_m)
    steepest = np.degrees(np.arctan(np.hypot(across / width, down / height)))
    return Dem(steepest.astype(np.float32), dem.transform, dem.crs, dem.source)


def is_mountain(dem: Dem, lon: FloatArray, lat: FloatArray) -> BoolArray:
    """
    Tell mountains from lowland by the definition of UNEP-WCMC.

    Parameters
    ----------
    dem
        Elevation.
    lon, lat
        Points in degrees on WGS 84, shape (n,).

    Returns
    -------
    ndarray of bool
        Shape (n,); False where there is no elevation.

    References
    ----------
    Kapos, V., Rhind, J., Edwards, M., Price, M. F., Ravilious, C. (2000).
    Developing a map of the world's mountain forests. In Forests in Sustainable
    Mountain Development, CABI: at least 2,500 m; 1,500 m and 2 degrees of slope;
    1,000 m and 5 degrees, or a local range over 300 m within 7 km; 300 m and
    that range.
    """
    height = dem.heights_at(lon, lat)
    slope = slope_deg(dem).heights_at(lon, lat)
    relief = local_relief(dem, radius_m=7000.0).heights_at(lon, lat)
    rugged = relief > 300.0  # noqa: PLR2004 - the definition's figures
    return np.asarray(
        (height >= 2500.0)  # noqa: PLR2004
        | ((height >= 1500.0) & (slope >= 2.0))  # noqa: PLR2004
        | ((height >= 1000.0) & ((slope >= 5.0) | rugged))  # noqa: PLR2004
        | ((height >= 300.0) & rugged)  # noqa: PLR2004
    )
