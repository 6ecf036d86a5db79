"""
Lines of sight against the definition, written down slowly in ``sight_reference``.

A pair's state may differ from the reference's only where the ground comes within a
tenth of a millimetre of the line of sight. Heights from which targets are seen agree
to a centimetre at 4 km, and to half a metre at 25 km where they are under 9 km; the
error grows with the height.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import dems
import geopandas as gpd
import numpy as np
import pytest
import sight_reference
from pyproj import CRS

from geoborder.geodesy import forward
from geoborder.sight import line_of_sight, lines, sight_lines, visible_height
from geoborder.terrain import Dem, open_dem, opening
from geoborder.terrain.rasters import TiledHeights

pytestmark = pytest.mark.filterwarnings("ignore:.*of the pairs in range unknown")

TIE_M = 1e-4
KINDS = ("mountain", "smooth", *dems.ADVERSARIAL)


class Case(NamedTuple):
    """A DEM with sites and targets on it, in degrees."""

    raw: dems.Dem
    sites: np.ndarray
    targets: np.ndarray

    @property
    def dem(self) -> Dem:
        """The DEM as the package takes it."""
        crs = CRS.from_user_input(self.raw.crs)
        return Dem(self.raw.heights, self.raw.transform, crs, "made")

    def layers(self) -> tuple[gpd.GeoDataFrame, gpd.GeoSeries]:
        """Give sites and targets as layers."""
        return points(self.sites), points(self.targets).geometry

    def pairs(self) -> np.ndarray:
        """Pair every site with every target."""
        grid = np.indices((self.sites.shape[1], self.targets.shape[1]))
        return grid.reshape(2, -1).T


def points(lonlat: np.ndarray) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*lonlat), crs=4326)


def case(raw: dems.Dem, sites: int = 24, targets: int = 400, seed: int = 0) -> Case:
    """Put sites and targets anywhere on a DEM, up to its very edge."""
    crs = CRS.from_user_input(raw.crs)
    dem = Dem(raw.heights, raw.transform, crs, "made")
    rng = np.random.default_rng(seed)
    rows, columns = raw.heights.shape

    def anywhere(count: int) -> np.ndarray:
        column = rng.uniform(-0.4, columns - 0.6, count)
        return np.stack(dem.lonlat_at(column, rng.uniform(-0.4, rows - 0.6, count)))

    return Case(raw, anywhere(sites), anywhere(targets))


def build(kind: str, crs: str) -> dems.Dem:
    if kind in dems.ADVERSARIAL:
        return dems.adversarial(kind, (300, 300), crs=crs)
    return {"mountain": dems.mountain, "smooth": dems.smooth}[kind]((300, 300), crs=crs)


def in_metres(options: dict[str, object]) -> dict[str, object]:
    """Options as the reference calls them."""
    return {
        name.replace("_km", "_m"): np.asarray(value) * 1000.0
        if name.endswith("_km")
        else value
        for name, value in options.items()
    }


def assert_same_states(
    made: Case, reference_options: dict[str, object], found: lines.SightLines
) -> np.ndarray:
    """Hold states against the reference's, and give those."""
    states, margin = sight_reference.reference_states(
        *made.raw, *made.sites, *made.targets, made.pairs(),
        **in_metres(reference_options),
    )  # fmt: skip
    ours = np.where(found.unknown.toarray(), sight_reference.UNKNOWN, 0)
    ours = np.where(found.seen.toarray(), sight_reference.SEEN, ours).ravel()
    differ = ours != states
    assert differ.sum() <= 1e-4 * found.in_range.sum()
    assert (np.abs(margin[differ]) < TIE_M).all()
    return states


def assert_same_heights(
    made: Case, options: dict[str, object], tolerance_m: float
) -> int:
    """Hold visible heights against the reference's; tell how many there were."""
    sites, targets = made.layers()
    matrix = visible_height(sites, targets, dem=made.dem, **options)
    ours = np.full(matrix.shape, np.inf)
    stored = matrix.tocoo()
    ours[stored.coords] = stored.data
    theirs = sight_reference.reference_visible_height(
        *made.raw, *made.sites, *made.targets, made.pairs(), **in_metres(options)
    )
    theirs = theirs.reshape(ours.shape)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    assert np.array_equal(np.isinf(ours), np.isinf(theirs))
    low = np.nan_to_num(theirs, nan=np.inf) < 9000.0
    assert np.abs(ours[low] - theirs[low]).max() <= tolerance_m
    return int(low.sum())


@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize("kind", KINDS)
def test_states_and_heights_are_the_references(kind: str, crs: str) -> None:
    made = case(build(kind, crs))
    sites, targets = made.layers()
    options = {"range_km": 4.0, "mast_m": 10.0, "target_m": 2.0}
    found = sight_lines(sites, targets, dem=made.dem, **options)
    states = assert_same_states(made, options, found)
    assert found.in_range.sum() > 3000
    assert (states == sight_reference.SEEN).sum() > 100
    unknown = bool((states == sight_reference.UNKNOWN).any())
    assert unknown == (kind in {"holes", "stripes", "border"})
    del options["target_m"]
    assert assert_same_heights(made, options, 0.01) > 200


@pytest.mark.parametrize("kind", ["plateau", "stairs", "smooth"])
def test_eyes_on_the_ground_see_what_the_reference_says(kind: str) -> None:
    made = case(build(kind, dems.UTM))
    sites, targets = made.layers()
    # With hardly a curve left, whole plates come within millimetres of the line.
    options = {"range_km": 4.0, "mast_m": 0.0, "target_m": 0.0, "refraction": 0.99}
    found = sight_lines(sites, targets, dem=made.dem, **options)
    states = assert_same_states(made, options, found)
    assert (states == sight_reference.SEEN).sum() > 5


def test_states_and_heights_at_25_km() -> None:
    made = case(dems.mountain((1500, 1500)), sites=10, targets=300)
    sites, targets = made.layers()
    options = {"range_km": 25.0, "mast_m": 10.0, "target_m": 2.0}
    found = sight_lines(sites, targets, dem=made.dem, **options)
    assert_same_states(made, options, found)
    del options["target_m"]
    assert assert_same_heights(made, options, 0.5) > 1000


LIMITS = (
    {"azimuth_deg": 40.0, "fov_deg": 120.0},
    {"azimuth_deg": -170.0, "fov_deg": 300.0},
    {"tilt_min_deg": -6.0, "tilt_max_deg": 3.0},
    {"min_range_km": 1.5},
    {"refraction": 0.25},
    {"refraction": -0.5, "azimuth_deg": 350.0, "fov_deg": 45.0, "tilt_max_deg": 0.0},
)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("kind", ["mountain", "holes"])
def test_limits_as_arguments(kind: str, limits: dict[str, float]) -> None:
    made = case(build(kind, dems.GEOGRAPHIC))
    sites, targets = made.layers()
    options = {"range_km": 4.0, "mast_m": 10.0, "target_m": 2.0, **limits}
    found = sight_lines(sites, targets, dem=made.dem, **options)
    states = assert_same_states(made, options, found)
    assert (states == sight_reference.SEEN).sum() > 20
    if not any(name.startswith("tilt") for name in limits):
        del options["target_m"]
        assert_same_heights(made, options, 0.01)


@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
def test_limits_as_columns(crs: str) -> None:
    made = case(build("holes", crs))
    sites, targets = made.layers()
    rng = np.random.default_rng(3)
    least = {"tilt_min_deg": -12.0, "azimuth_deg": -360.0, "refraction": -0.2}
    most = {
        "range_km": 5.0,
        "mast_m": 50.0,
        "target_m": 20.0,
        "min_range_km": 1.5,
        "azimuth_deg": 360.0,
        "fov_deg": 360.0,
        "tilt_min_deg": 0.0,
        "tilt_max_deg": 12.0,
        "refraction": 0.9,
    }
    columns = {
        name: rng.uniform(least.get(name, 0.0), high, len(sites))
        for name, high in most.items()
    }
    columns["min_range_km"] = np.minimum(columns["min_range_km"], columns["range_km"])
    found = sight_lines(sites.assign(**columns), targets, dem=made.dem)
    states = assert_same_states(made, columns, found)
    assert (states == sight_reference.SEEN).sum() > 50
    assert (states == sight_reference.UNKNOWN).sum() > 50


def farthest_seen(
    raw: dems.Dem, azimuth: np.ndarray, distance: np.ndarray, **options: float
) -> np.ndarray:
    """How far targets on the ground are seen from the middle, by azimuth."""
    dem = Case(raw, np.empty((2, 0)), np.empty((2, 0))).dem
    rows, columns = raw.heights.shape
    site = np.stack(dem.lonlat_at([columns / 2 + 0.3], [rows / 2 + 0.4]))
    azimuths = np.repeat(azimuth, distance.size)
    away = np.tile(distance, azimuth.size)
    lon, lat, _ = forward(*np.repeat(site, away.size, axis=1), azimuths, away)
    seen = line_of_sight(
        points(site), points(np.stack((lon, lat))), dem=dem, range_km=20, **options
    )
    grid = seen.toarray().reshape(azimuth.size, distance.size)
    assert grid[:, 0].all()
    assert not grid[:, -1].any()
    assert (np.diff(grid.astype(int), axis=1) <= 0).all()  # no gap before the horizon
    return distance[grid.sum(axis=1) - 1]


def horizon(azimuth: np.ndarray, height_m: float, refraction: float) -> np.ndarray:
    radius = sight_reference.section_radius(dems.LAT, azimuth) / (1.0 - refraction)
    return radius * np.arccos(radius / (radius + height_m))


@pytest.mark.parametrize("refraction", [0.0, 0.13, 0.25])
def test_the_horizon_of_flat_ground_is_the_closed_formula(refraction: float) -> None:
    step = 3.0
    raw = dems.flat((2200, 2700), step_m=step)
    azimuth = np.arange(0.0, 360.0, 30.0)
    expected = horizon(azimuth, 0.5, refraction)
    distance = np.arange(expected.min() - 60.0, expected.max() + 60.0, 0.5)
    seen = farthest_seen(raw, azimuth, distance, mast_m=0.5, refraction=refraction)
    # Ground is looked at once a cell or more often.
    assert np.abs(seen - expected).max() < step
    assert 2500.0 < expected.min() < expected.max() < 3000.0


@pytest.mark.parametrize("refraction", [0.13, 0.25])
def test_the_horizon_of_a_plane_is_that_of_flat_ground(refraction: float) -> None:
    raw = dems.plane((1300, 1300), height_m=0.0, crs=dems.UTM, step_m=10)
    raw = raw._replace(heights=raw.heights - raw.heights[650, 650])
    azimuth = np.arange(15.0, 360.0, 30.0)
    expected = horizon(azimuth, 2.0, refraction)
    # Beyond a horizon ground sinks so slowly that float32 heights blur it.
    blur = 30.0
    distance = np.array([expected.min() - blur, expected.max() + blur])
    seen = farthest_seen(raw, azimuth, distance, mast_m=2.0, refraction=refraction)
    assert (seen == distance[0]).all()
    assert expected.max() - expected.min() < 2.0 * blur


def test_projected_and_geographic_coordinates_agree() -> None:
    raw = dems.smooth((500, 500))
    other = dems.to_projected(*raw)
    made = case(raw, sites=80, targets=1500)
    sites, targets = made.layers()
    options = {"range_km": 4.0, "mast_m": 10.0, "target_m": 2.0}
    first = sight_lines(sites, targets, dem=made.dem, **options)
    second = sight_lines(sites, targets, dem=Case(other, *made[1:]).dem, **options)
    near = first.in_range.sum()
    assert np.array_equal(first.in_range, second.in_range)
    # Pairs at the edge that only one of the rasters covers prove nothing.
    known = ~(first.unknown.toarray() | second.unknown.toarray())
    differ = (first.seen.toarray() != second.seen.toarray()) & known
    assert (~known).sum() < 0.05 * near
    assert first.seen.nnz > 0.3 * near
    assert differ.sum() <= 0.005 * near


@pytest.fixture
def lazily(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Leave every raster on disk, and give a path for one."""
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)
    return tmp_path / "dem.tif"


@pytest.mark.parametrize("region", [2048, 64, 17])
@pytest.mark.parametrize("kind", ["mountain", "holes"])
def test_windows_on_disk_give_the_same_bits(
    kind: str, region: int, lazily: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = case(build(kind, dems.GEOGRAPHIC), sites=150, targets=600)
    dem = open_dem(dems.write_dem(lazily, *made.raw, nodata=-9999.0))
    assert isinstance(dem.heights_m, TiledHeights)
    sites, targets = made.layers()
    options = {"range_km": 2.0, "mast_m": 10.0, "target_m": 2.0}
    whole = replace(dem, heights_m=np.asarray(dem.heights_m))
    memory = sight_lines(sites, targets, dem=whole, **options)
    heights = visible_height(sites, targets, dem=whole, **options)
    windows = []
    read = Dem.read
    monkeypatch.setattr(
        Dem, "read", lambda *window: windows.append(window) or read(*window)
    )
    monkeypatch.setattr(lines, "_REGION", region)
    disk = sight_lines(sites, targets, dem=dem, **options)
    assert (len(windows) == 1) == (region == 2048)
    assert_same_bits(memory, disk)
    again = visible_height(sites, targets, dem=dem, **options)
    assert np.array_equal(heights.indices, again.indices)
    assert np.array_equal(heights.data, again.data, equal_nan=True)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_bit(
    threads: int, lazily: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = case(build("holes", dems.UTM), sites=200, targets=600)
    dem = open_dem(dems.write_dem(lazily, *made.raw))
    sites, targets = made.layers()
    options = {"range_km": 2.0, "mast_m": 10.0, "target_m": 2.0}
    both = [sight_lines(sites, targets, dem=d, **options) for d in (dem, made.dem)]
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    monkeypatch.setattr(lines, "_CHUNK", 7)
    for ground, before in zip((dem, made.dem), both, strict=True):
        assert_same_bits(before, sight_lines(sites, targets, dem=ground, **options))
    assert_same_bits(*both)


def assert_same_bits(one: lines.SightLines, two: lines.SightLines) -> None:
    for a, b in ((one.seen, two.seen), (one.unknown, two.unknown)):
        assert np.array_equal(a.indptr, b.indptr)
        assert np.array_equal(a.indices, b.indices)
    assert np.array_equal(one.in_range, two.in_range)
