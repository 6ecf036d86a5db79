"""Travel times over terrain: closed forms, an explicit graph, and what must hold."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import dems
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import reach_reference
import shapely
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from pyproj import CRS

from geoborder.errors import BorderError, DataError, GeoborderWarning, OptionError
from geoborder.geodesy import inverse
from geoborder.reach import (
    TRAVEL_MODES,
    Conditions,
    Isochrones,
    TravelMode,
    graded,
    isochrones,
    langmuir,
    surface,
    tobler,
    travel_time,
    write_isochrones,
)
from geoborder.terrain import Dem, opening

BOTH = pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
WALKED = [name for name, mode in TRAVEL_MODES.items() if not mode.uses_roads]
EVER = 1e5
"""Minutes in which all of a small grid is reached, wherever there is a way."""

LEVEL_S = float(tobler(np.zeros(1), factor=0.6)[0])
"""Seconds per metre on foot on level ground."""


def as_dem(raw: dems.Dem) -> Dem:
    return Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "made")


def level(size: int = 61, *, crs: str = dems.UTM, step_m: float = 30.0) -> Dem:
    return as_dem(dems.flat((size, size), crs=crs, step_m=step_m))


def rugged_ground(
    shape: tuple[int, int], *, seed: int = 0, crs: str = dems.UTM, holes: float = 0.05
) -> Dem:
    """Rough ground with steps too steep for vehicles, and holes."""
    raw = dems.plane(shape, rise_east=0.1, rise_north=-0.05, crs=crs)
    rng = np.random.default_rng(seed)
    raw.heights[:] += rng.normal(0.0, 4.0, shape).astype(np.float32)
    raw.heights[rng.random(shape) < holes] = np.nan
    raw.heights[3:7, 4:6] = np.nan if holes else 1000.0
    return as_dem(raw)


def spots(dem: Dem, *cells: tuple[float, float], names: Any = None) -> gpd.GeoDataFrame:  # noqa: ANN401 - whatever an index is made of
    """Points at (column, row), fractional."""
    lon, lat = dem.lonlat_at(*np.array(cells, float).T)
    return gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(lon, lat), index=names, crs=4326
    )


def track(dem: Dem, *cells: tuple[float, float]) -> shapely.LineString:
    """Line over (column, row)."""
    return shapely.LineString(np.column_stack(dem.lonlat_at(*np.array(cells).T)))


def field_of(dem: Dem, *cells: tuple[float, float]) -> shapely.Polygon:
    """Polygon over (column, row)."""
    return shapely.Polygon(track(dem, *cells).coords)


def box(
    dem: Dem, left: float, top: float, right: float, bottom: float
) -> shapely.Polygon:
    return field_of(dem, (left, top), (right, top), (right, bottom), (left, bottom))


def layer(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326)


def minutes_of(
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    **options: Any,  # noqa: ANN401 - each of its type
) -> np.ndarray:
    return travel_time(sites, targets, dem=dem, **options).to_numpy()


def some_cells(
    dem: Dem, count: int, *, seed: int = 0, centred: bool = False
) -> list[tuple[float, float]]:
    """Places with known heights, somewhere on a grid."""
    rng = np.random.default_rng(seed)
    rows, columns = dem.shape
    spot = rng.uniform(1.0, [columns - 2.0, rows - 2.0], (count * 20, 2))
    spot = np.rint(spot) if centred else spot
    known = np.isfinite(dem.heights_between(*spot.T))
    return [(float(c), float(r)) for c, r in spot[known][:count]]


def write_cover(
    path: Path, classes: np.ndarray, transform: Affine, crs: str | None
) -> Path:
    rows, columns = classes.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="uint8",
        crs=crs, transform=transform,
    ) as raster:  # fmt: skip
        raster.write(classes.astype(np.uint8), 1)
    return path


@pytest.fixture(scope="module")
def rugged() -> Dem:
    return rugged_ground((60, 70))


@pytest.fixture
def flat() -> Dem:
    return level()


# Closed forms.


@BOTH
def test_level_ground_is_within_two_per_cent_of_straight_lines(crs: str) -> None:
    dem = level(321, crs=crs)
    angle, away = np.meshgrid(np.radians(np.arange(0, 360, 4.3)), np.arange(10, 151, 7))
    cells = np.column_stack(
        (
            160.0 + (away * np.cos(angle)).ravel(),
            160.0 + (away * np.sin(angle)).ravel(),
        )
    )
    targets = spots(dem, *cells)
    for cell in ((160.0, 160.0), (160.4, 159.7)):
        site = spots(dem, cell)
        found = minutes_of(dem, site, targets)[0] * 60.0
        own = site.geometry.iloc[0]
        _, straight = inverse(
            own.x, own.y, *np.array([(p.x, p.y) for p in targets.geometry]).T
        )
        ratio = found / (straight * LEVEL_S)
        assert 0.98 < ratio.min() < 0.995
        assert 1.005 < ratio.max() < 1.02


@pytest.mark.parametrize("mode", ["foot", "path", "horse", "langmuir", "off-road"])
@pytest.mark.parametrize("slope", [-0.18, -0.05, 0.08, 0.2])
@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
def test_planes_have_the_pace_of_their_slope(mode: str, slope: float, crs: str) -> None:
    for east, north, ends in (
        (slope, 0.0, ((5, 20), (45, 20))),
        (0.0, slope, ((20, 45), (20, 5))),
    ):
        dem = as_dem(dems.plane((51, 51), rise_east=east, rise_north=north, crs=crs))
        begin, end = (spots(dem, cell) for cell in ends)
        (x, y), (u, v) = (
            (spot.geometry.iloc[0].x, spot.geometry.iloc[0].y) for spot in (begin, end)
        )
        _, metres = inverse(x, y, np.array([u]), np.array([v]))
        high, low = (dem.heights_m[row, column] for column, row in ends[::-1])
        rise = float(high - low) / metres
        assert rise == pytest.approx(slope, rel=0.02)
        even = reach_reference.evening(dem)
        for direction, sign in (("out", 1.0), ("back", -1.0)):
            pace = TRAVEL_MODES[mode].pace(sign * rise)
            found = minutes_of(dem, begin, end, mode=mode, direction=direction)
            assert found[0, 0] * 60.0 == pytest.approx(metres * pace * even, rel=3e-4)


def test_paces_are_those_of_their_sources() -> None:
    slope = np.array([-0.3, -0.05, 0.0, 0.1])
    speed = 6.0 * np.exp(-3.5 * np.array([0.25, 0.0, 0.05, 0.15]))
    assert 3.6 / tobler(slope) == pytest.approx(speed)
    assert 3.6 / tobler(slope, factor=0.6) == pytest.approx(0.6 * speed)
    # Naismith: an hour for 5 km and for 600 m up; Langmuir: 10 minutes off for 300 m
    # of gentle descent, and on for 300 m of steep.
    assert langmuir(np.array([0.0]))[0] * 5000.0 == pytest.approx(3600.0)
    assert langmuir(slope) - 0.72 == pytest.approx([0.6, -0.1, 0.0, 0.6], abs=1e-4)
    vehicle = graded(np.array([-0.45, -0.15, 0.0, 0.15, 0.5]), speed_kmh=30.0)
    assert 3.6 / vehicle == pytest.approx([0.0, 20.0, 30.0, 20.0, 0.0])
    assert 3.6 / graded(np.array([0.1]), limit=0.2) == pytest.approx(12.0)


def test_steep_ground_lets_vehicles_round_it_or_not_at_all() -> None:
    raw = dems.flat((41, 41), crs=dems.UTM)
    raw.heights[:, 20:] = 60.0
    dem = as_dem(raw)
    ends = spots(dem, (5, 20)), spots(dem, (35, 20))
    assert minutes_of(dem, *ends, mode="off-road") == np.inf
    assert np.isfinite(minutes_of(dem, *ends, mode="foot"))
    raw.heights[29:32, 10:31] = np.linspace(0.0, 60.0, 21)  # a ramp of a tenth
    found = minutes_of(dem, *ends, mode="off-road")[0, 0]
    around = 2.0 * np.hypot(5.0, 9.0) * 30.0 * 0.15
    around += 20.0 * 30.0 * float(graded(np.array([0.1]))[0])
    # Corners are cut where the ramp is low.
    assert 0.9 * around < found * 60.0 < 1.02 * around


@pytest.mark.parametrize(
    "transform",
    [
        Affine(30, 0, dems.UTM_X, 0, 30, dems.UTM_Y),
        Affine(0, 30, dems.UTM_X, 30, 0, dems.UTM_Y),
        Affine(30, 0, dems.UTM_X, 0, -30, dems.UTM_Y) @ Affine.rotation(30),
    ],
    ids=["south-up", "quarter turn", "turned by 30 degrees"],
)
def test_grids_that_lie_otherwise_give_the_same(transform: Affine) -> None:
    up = rugged_ground((41, 41), holes=0.0)
    other = Dem(up.heights_m, transform, up.crs, "turned")
    sites, targets = [(20.0, 20.0), (5.3, 8.6)], some_cells(up, 20)
    expected = minutes_of(up, spots(up, *sites), spots(up, *targets))
    found = minutes_of(other, spots(other, *sites), spots(other, *targets))
    assert found == pytest.approx(expected, rel=2e-3)
    areas = [
        isochrones(spots(dem, sites[0]), dem=dem, minutes=9).areas
        for dem in (up, other)
    ]
    assert areas[0]["area_km2"].iloc[0] > 0.1
    assert areas[1]["area_km2"].iloc[0] == pytest.approx(
        areas[0]["area_km2"].iloc[0], rel=0.01
    )


# An explicit graph.


def agree(found: np.ndarray, expected: np.ndarray, mode: str) -> None:
    """Agree to float32; where a pace jumps with slope, rounding moves a cell or two."""
    off = np.abs(found - expected) / np.maximum(expected, 0.01)
    assert off.max() < (5e-3 if mode == "langmuir" else 1e-4)
    assert (off < 1e-4).mean() > 0.99


@BOTH
@pytest.mark.parametrize("mode", WALKED)
@pytest.mark.parametrize("direction", ["out", "back"])
def test_times_are_those_of_an_explicit_graph(
    crs: str, mode: str, direction: str
) -> None:
    dem = rugged_ground((25, 30), seed=4, crs=crs)
    cells = [(2, 3), (27, 20), (15, 12)]
    options = {"mode": mode, "direction": direction}
    expected = reach_reference.minutes(
        dem, TRAVEL_MODES[mode], cells, direction=direction
    )
    for cell, times in zip(cells, expected, strict=True):
        found = isochrones(spots(dem, cell), dem=dem, minutes=EVER, **options).minutes
        assert found.shape == dem.shape
        assert np.array_equal(np.isnan(found), np.isinf(times))
        known = np.isfinite(times)
        assert known.mean() > 0.85
        agree(found[known], times[known], mode)
    found = isochrones(spots(dem, *cells), dem=dem, minutes=EVER, **options).minutes
    least = expected.min(axis=0)
    known = np.isfinite(least)
    agree(found[known], least[known], mode)


@BOTH
@pytest.mark.parametrize("direction", ["out", "back"])
def test_barriers_and_factors_are_those_of_an_explicit_graph(
    crs: str, direction: str, tmp_path: Path
) -> None:
    dem = rugged_ground((25, 30), seed=5, crs=crs)
    rows, columns = dem.shape
    rng = np.random.default_rng(3)
    river = [(7.3, -1.0), (8.4, 9.7), (12.2, 14.9), (11.1, 21.3)]
    lake = [(17.6, 5.4), (23.3, 7.2), (22.4, 13.1), (18.9, 12.2)]
    slow, slower = (2.5, 15.5, 16.5, 23.5), (10.5, 10.5, 27.5, 19.5)
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    factors = np.ones(dem.shape)
    for (left, top, right, bottom), factor in ((slower, 3.0), (slow, 5.0)):
        inside = (x > left) & (x < right) & (y > top) & (y < bottom)
        factors[inside] = np.maximum(factors[inside], factor)
    classes = rng.choice([1, 2, 3, 4], (8, 9), p=[0.4, 0.3, 0.2, 0.1])
    west, north = dem.lonlat_at(-2.0, -2.0)
    step = 4.3 / 3600.0
    cover = write_cover(
        tmp_path / "cover.tif",
        classes,
        Affine(step, 0, float(west), 0, -step, float(north)),
        "EPSG:4326",
    )
    lon, lat = dem.lonlat_at(x.astype(float), y.astype(float))
    own = classes[
        ((float(north) - lat) // step).astype(int),
        ((lon - float(west)) // step).astype(int),
    ]
    closed = own == 4
    assert 0.03 < closed.mean() < 0.3
    factors *= np.array([np.nan, 1.0, 2.0, 0.5, 1.0])[own]
    heights = dem.heights_m.copy()
    ring = shapely.Polygon(lake)
    heights[closed | shapely.contains_xy(ring, x, y)] = np.nan
    conditions = Conditions(
        barriers=layer(track(dem, *river), field_of(dem, *lake)),
        friction=layer(box(dem, *slow), box(dem, *slower), factor=[5.0, 3.0]),
        land_cover=cover,
        land_cover_factors={2: 2.0, 3: 0.5, 4: np.inf},
    )
    expected = reach_reference.minutes(
        Dem(heights, dem.transform, dem.crs, "closed"),
        TRAVEL_MODES["foot"],
        [(2, 11), (27, 20)],
        direction=direction,
        factors=factors,
        barrier=shapely.union_all([shapely.LineString(river), ring.exterior]),
    )
    for cell, times in zip([(2, 11), (27, 20)], expected, strict=True):
        found = isochrones(
            spots(dem, cell), dem=dem, mode="foot", minutes=EVER,
            direction=direction, conditions=conditions,
        ).minutes  # fmt: skip
        known = np.isfinite(times)
        assert known.mean() > 0.4
        assert np.array_equal(np.isfinite(found), known)
        assert found[known] == pytest.approx(times[known], rel=1e-4, abs=1e-6)


def test_targets_further_away_have_the_times_of_an_explicit_graph(rugged: Dem) -> None:
    sites = [(c, r) for c, r in some_cells(rugged, 3, seed=1, centred=True)]
    targets = some_cells(rugged, 40, seed=2, centred=True)
    expected = reach_reference.minutes(
        rugged, TRAVEL_MODES["foot"], [(int(c), int(r)) for c, r in sites]
    )
    column, row = np.array(targets, int).T
    found = minutes_of(rugged, spots(rugged, *sites), spots(rugged, *targets))
    away = np.abs(np.array(sites)[:, None] - np.array(targets)).max(axis=2)
    far = away > 3.0
    assert far.sum() > 100
    assert found[far] == pytest.approx(expected[:, row, column][far], rel=1e-4)


def test_little_room_changes_nothing(
    rugged: Dem, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = spots(rugged, *some_cells(rugged, 3))
    options = {"dem": rugged, "mode": "path", "minutes": EVER}
    before = isochrones(sites, **options).minutes
    monkeypatch.setattr(surface, "_TILES", 2)
    monkeypatch.setattr(surface, "_LISTS", 1)
    assert np.array_equal(isochrones(sites, **options).minutes, before, equal_nan=True)


# What must hold.


def test_a_pace_that_is_even_makes_times_even(rugged: Dem) -> None:
    mode = TravelMode("even", lambda slope: 1.0 + 5.0 * np.abs(slope), "made")
    one, other = some_cells(rugged, 6, seed=1), some_cells(rugged, 60, seed=2)
    there = minutes_of(rugged, spots(rugged, *one), spots(rugged, *other), mode=mode)
    again = minutes_of(rugged, spots(rugged, *other), spots(rugged, *one), mode=mode)
    assert np.isfinite(there).all()
    assert there == pytest.approx(again.T, rel=1e-4)


@pytest.mark.parametrize("mode", WALKED)
def test_back_is_out_from_the_targets(rugged: Dem, mode: str) -> None:
    one, other = some_cells(rugged, 6, seed=1), some_cells(rugged, 60, seed=2)
    a, b = spots(rugged, *one), spots(rugged, *other)
    back = minutes_of(rugged, a, b, mode=mode, direction="back")
    out = minutes_of(rugged, b, a, mode=mode)
    assert back == pytest.approx(out.T, rel=1e-4)
    other_way = minutes_of(rugged, a, b, mode=mode)
    even = mode == "off-road"
    assert (np.abs(other_way / back - 1.0) > 1e-3).any() != even


def test_back_over_friction_is_out_from_the_targets(rugged: Dem) -> None:
    slow = Conditions(friction=layer(box(rugged, 20, 10, 50, 40), factor=[4.0]))
    one, other = some_cells(rugged, 6, seed=1), some_cells(rugged, 60, seed=2)
    a, b = spots(rugged, *one), spots(rugged, *other)
    back = minutes_of(rugged, a, b, direction="back", conditions=slow)
    out = minutes_of(rugged, b, a, conditions=slow)
    away = np.abs(np.array(one)[:, None] - np.array(other)).max(axis=2)
    assert back[away > 3.0] == pytest.approx(out.T[away > 3.0], rel=1e-4)


def test_close_places_over_friction_are_as_far_back_as_out(flat: Dem) -> None:
    slow = Conditions(friction=layer(box(flat, 29.6, -5, 65, 65), factor=[4.0]))
    fast, slowed = spots(flat, (28.3, 30.2)), spots(flat, (31.2, 30.4))
    out = minutes_of(flat, fast, slowed, conditions=slow)
    assert minutes_of(
        flat, slowed, fast, direction="back", conditions=slow
    ) == pytest.approx(out, rel=1e-6)
    assert minutes_of(flat, slowed, fast, conditions=slow) == pytest.approx(
        out, rel=1e-6
    )
    # At least the way within: 1.6 cells at a factor of 4.
    assert out.min() > 1.6 * 30.0 * 4.0 * LEVEL_S / 60.0 * 0.98


def test_more_in_the_way_shortens_nothing(rugged: Dem) -> None:
    a = spots(rugged, *some_cells(rugged, 5, seed=1))
    b = spots(rugged, *some_cells(rugged, 60, seed=2))
    rng = np.random.default_rng(7)
    bends = [list(zip(*rng.uniform(5, 55, (2, 4)), strict=True)) for _ in range(4)]
    lines = [track(rugged, *bend) for bend in bends]
    fields = [box(rugged, 10, 12, 24, 31), box(rugged, 20, 25, 60, 50)]
    before = minutes_of(rugged, a, b)
    for count in range(1, 5):
        barred = Conditions(barriers=layer(*lines[:count]))
        after = minutes_of(rugged, a, b, conditions=barred)
        assert (after >= before * (1.0 - 1e-6)).all()
        assert (after > before * 1.01).any()
        before = after
    before = minutes_of(rugged, a, b)
    for factors in ((1.0, 2.0), (1.5, 2.0), (1.5, 6.0)):
        slow = Conditions(friction=layer(*fields, factor=list(factors)))
        after = minutes_of(rugged, a, b, conditions=slow)
        assert (after >= before * (1.0 - 1e-6)).all()
        assert (after > before * 1.01).any()
        before = after


@pytest.mark.parametrize("mode", ["foot", "road"])
@pytest.mark.parametrize("minutes", [None, 6.0])
def test_nearest_is_the_least_of_the_matrix(
    rugged: Dem, mode: str, minutes: float | None
) -> None:
    road = layer(track(rugged, (3, 20.3), (40.2, 31.7), (66, 50)), speed_kmh=[20.0])
    options = {
        "mode": mode, "minutes": minutes, "conditions": Conditions(roads=road)
    }  # fmt: skip
    names = ["a", "b", "c", "d", "e", "f", "g"]
    sites = spots(rugged, *some_cells(rugged, 7, seed=1), names=names)
    targets = spots(rugged, *some_cells(rugged, 80, seed=2), names=np.arange(80) * 3)
    matrix = travel_time(sites, targets, dem=rugged, **options)
    found = travel_time(sites, targets, dem=rugged, nearest=True, **options)
    assert list(matrix.index) == names
    assert list(matrix.columns) == list(found.index) == list(targets.index)
    assert found["minutes"].to_numpy() == pytest.approx(
        matrix.min().to_numpy(), rel=1e-5
    )
    reached = np.isfinite(found["minutes"])
    assert reached.all() == (minutes is None)
    assert found.loc[~reached, "site"].isna().all()
    own = [
        matrix.loc[site, target] for target, site in found.loc[reached, "site"].items()
    ]
    assert own == pytest.approx(found.loc[reached, "minutes"].to_numpy(), rel=1e-5)
    assert found.loc[reached, "site"].nunique() > 3
    more = travel_time(sites.iloc[:3], targets, dem=rugged, nearest=True, **options)
    assert (found["minutes"] <= more["minutes"] * (1.0 + 1e-6)).all()
    assert (found["minutes"] < more["minutes"] * 0.9).any()


def test_the_nearest_site_may_be_nearer_than_any_cell(flat: Dem) -> None:
    sites = spots(flat, (31.5, 30.5), (31.0, 30.0), names=["beside", "centre"])
    target = spots(flat, (31.6, 30.5))
    found = travel_time(sites, target, dem=flat, nearest=True).iloc[0]
    assert found["site"] == "beside"
    assert found["minutes"] * 60.0 == pytest.approx(0.1 * 30.0 * LEVEL_S, rel=0.01)


@pytest.mark.parametrize("mode", [*WALKED, "road"])
def test_a_limit_only_leaves_out_what_is_beyond_it(rugged: Dem, mode: str) -> None:
    slow = box(rugged, 20, 10, 50, 40)
    conditions = Conditions(
        roads=layer(track(rugged, (3, 20.3), (66, 50)), speed_kmh=[30.0]),
        friction=layer(slow, factor=[0.5]) if mode != "road" else None,
    )
    a = spots(rugged, *some_cells(rugged, 3, seed=1))
    b = spots(rugged, *some_cells(rugged, 80, seed=2))
    options = {"mode": mode, "conditions": conditions}
    free = minutes_of(rugged, a, b, **options)
    for limit in np.quantile(free, [0.05, 0.4, 0.9]):
        found = minutes_of(rugged, a, b, minutes=float(limit), **options)
        within = free <= limit
        assert 0 < within.sum() < within.size
        assert found[within] == pytest.approx(free[within], rel=1e-5)
        assert np.isinf(found[~within]).all()


@pytest.mark.parametrize("quick", ["ground", "friction", "land cover"])
def test_a_limit_reaches_as_far_as_the_quickest_goes(
    tmp_path: Path, quick: str
) -> None:
    flat = level(121)
    dem, conditions = flat, Conditions()
    if quick == "ground":
        raw = dems.plane((121, 121), rise_east=-0.05, rise_north=0.0, crs=dems.UTM)
        dem = as_dem(raw)
    elif quick == "friction":
        fast = layer(box(flat, -9, -9, 140, 140), factor=[0.4])
        conditions = Conditions(friction=fast)
    else:
        cover = write_cover(
            tmp_path / "cover.tif", np.ones(flat.shape), flat.transform, dems.UTM
        )
        conditions = Conditions(land_cover=cover, land_cover_factors={1: 0.4})
    options = {"dem": dem, "conditions": conditions}
    site, rim = spots(dem, (60, 60)), spots(dem, (110, 60))
    free = travel_time(site, rim, **options).to_numpy()[0, 0]
    assert free * 1.15 < 49 * 30.0 * LEVEL_S / 60.0
    found = travel_time(site, rim, minutes=free * 1.001, **options).to_numpy()
    assert found == pytest.approx(free, rel=1e-5)
    reached = isochrones(site, minutes=free * 1.001, **options)
    x, y = reached.transform @ (reached.minutes.shape[1], 0)
    column, _ = ~dem.transform @ (x, y)
    assert column > 110.5
    assert np.nanmax(reached.minutes) == pytest.approx(free, rel=0.02)


def test_no_detour_is_shorter(rugged: Dem) -> None:
    rng = np.random.default_rng(3)
    lattice = itertools.product(range(4, 66, 9), range(4, 56, 9))
    cells = [tuple(np.array(cell) + rng.integers(-2, 3, 2)) for cell in lattice]
    cells = [(c, r) for c, r in cells if np.isfinite(rugged.heights_m[r, c])]
    places = spots(rugged, *cells)
    times = minutes_of(rugged, places, places)
    by_way_of = (times[:, :, None] + times[None]).min(axis=1)
    away = np.abs(np.array(cells)[:, None] - np.array(cells)).max(axis=2)
    assert (np.diag(times) < 1e-6).all()
    np.fill_diagonal(away, 9.0)
    assert (away > 3.0).all()  # closer ones are also joined by straight ways
    assert (times <= by_way_of * (1.0 + 1e-5)).all()


def test_elevation_on_disk_gives_the_same(
    rugged: Dem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dems.write_dem(
        tmp_path / "dem.tif", rugged.heights_m, rugged.transform, dems.UTM
    )
    a = spots(rugged, *some_cells(rugged, 3, seed=1))
    b = spots(rugged, *some_cells(rugged, 40, seed=2))
    memory = travel_time(a, b, dem=rugged, minutes=60.0)
    reached = isochrones(a, dem=rugged, minutes=20.0)
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)
    assert not isinstance(opening.open_dem(path).heights_m, np.ndarray)
    for dem in (path, str(path), [path], opening.open_dem(path)):
        assert_frame_equal(travel_time(a, b, dem=dem, minutes=60.0), memory)
        again = isochrones(a, dem=dem, minutes=20.0)
        assert np.array_equal(again.minutes, reached.minutes, equal_nan=True)
        assert again.transform == reached.transform


@pytest.mark.parametrize("mode", ["foot", "road"])
def test_any_crs_and_order_give_the_same(rugged: Dem, mode: str) -> None:
    layers = {
        "border": layer(track(rugged, (-1, 54.4), (71, 56.3))),
        "barriers": layer(
            track(rugged, (10, 10), (22.2, 40)), box(rugged, 30.2, 29.8, 40.3, 36.2)
        ),
        "roads": layer(track(rugged, (3, 20.3), (66, 50)), speed_kmh=[30.0]),
        "within": layer(box(rugged, 0.7, 0.7, 68.2, 58.2)),
    }
    if mode == "foot":
        layers["friction"] = layer(box(rugged, 20.2, 10.3, 50.3, 40.2), factor=[2.0])
    a = spots(rugged, *some_cells(rugged, 4, seed=1), names=list("abcd"))
    b = spots(rugged, *some_cells(rugged, 40, seed=2))
    copies = {name: one.copy() for name, one in layers.items()}
    a_copy, b_copy, heights = a.copy(), b.copy(), rugged.heights_m.copy()
    found = travel_time(a, b, dem=rugged, mode=mode, conditions=Conditions(**layers))
    assert np.isfinite(found.to_numpy()).any()
    for name, copy in copies.items():
        assert_geodataframe_equal(layers[name], copy)
    assert_geodataframe_equal(a, a_copy)
    assert_geodataframe_equal(b, b_copy)
    assert np.array_equal(rugged.heights_m, heights, equal_nan=True)
    elsewhere = Conditions(
        **{name: one.to_crs("EPSG:32641") for name, one in layers.items()}
    )
    again = travel_time(
        a.geometry.to_crs(3857).iloc[::-1],
        b.geometry.to_crs("EPSG:32643").iloc[::-1],
        dem=rugged,
        mode=mode,
        conditions=elsewhere,
    )
    assert list(again.index) == list("dcba")
    assert_frame_equal(again.iloc[::-1, ::-1], found, rtol=1e-4)


# Barriers.


def test_walls_force_the_way_round_them(flat: Dem) -> None:
    a, b = spots(flat, (20, 30)), spots(flat, (41, 30))
    free = minutes_of(flat, a, b)[0, 0]
    assert free == pytest.approx(21 * 30.0 * LEVEL_S / 60.0, rel=0.02)
    around = 2.0 * np.hypot(10.5, 15.5) * 30.0 * LEVEL_S / 60.0
    upper = track(flat, (30.5, -1), (30.5, 20))
    for wall in (
        [track(flat, (30.5, -1), (30.5, 45.5))],
        [track(flat, (30.5, -1), (30.5, 44.5)), track(flat, (30.5, 46.5), (30.5, 62))],
        [shapely.MultiLineString([upper, track(flat, (30.5, 20), (30.5, 45.5))])],
    ):
        barred = Conditions(barriers=layer(*wall))
        found = minutes_of(flat, a, b, conditions=barred)[0, 0]
        assert 0.97 * around < found < 1.03 * around
    whole = Conditions(barriers=layer(track(flat, (30.5, -1), (30.5, 62))))
    assert minutes_of(flat, a, b, conditions=whole) == np.inf


@BOTH
@pytest.mark.parametrize("through", [(30.0, 30.0), (30.5, 30.5), (30.23, 30.61)])
def test_walls_leak_nowhere(crs: str, through: tuple[float, float]) -> None:
    dem = level(crs=crs)
    column, row = np.meshgrid(np.arange(61.0), np.arange(61.0))
    for angle in np.radians([0, 14, 26.5650512, 45, 63.4349488, 77, 90, 111, 135, 160]):
        ahead = np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(np.array(through) + k * ahead) for k in (-60.0, 60.0)]
        wall = Conditions(barriers=layer(track(dem, *ends)))
        beside = (column - through[0]) * ahead[1] - (row - through[1]) * ahead[0]
        for sign in (-1.0, 1.0):
            normal = sign * np.array([ahead[1], -ahead[0]])
            site = tuple(np.array(through) + 0.6 * normal + 0.2 * ahead)
            found = isochrones(
                spots(dem, site), dem=dem, minutes=EVER, conditions=wall
            ).minutes
            reached = np.isfinite(found)
            assert not reached[sign * beside < -0.02].any()
            assert reached[sign * beside > 0.02].all()
            # Nor does it hide in straight ways to what is close.
            near = [tuple(np.array(through) - 0.6 * normal + k * ahead) for k in (0, 1)]
            own = [tuple(np.array(through) + 0.4 * normal + ahead)]
            times = minutes_of(
                dem, spots(dem, site), spots(dem, *near, *own), conditions=wall
            )[0]
            assert np.isinf(times[:2]).all()
            assert times[2] * 60.0 < 1.1 * 30.0 * 1.05 * LEVEL_S


def test_polygons_close_what_is_in_them(flat: Dem) -> None:
    shore = track(flat, (20, 20), (40, 20), (40, 40), (20, 40)).coords
    island = track(flat, (28, 28), (33, 28), (33, 33), (28, 33)).coords
    lake = Conditions(barriers=layer(shapely.Polygon(shore, [island])))
    places = spots(flat, (24.3, 30.2), (10, 30), (50, 30), (30, 30), (32.3, 31.2))
    found = minutes_of(flat, places, places, conditions=lake)
    assert np.isinf(found[0]).all()  # not even to itself: nobody can be there
    assert np.isinf(found[:, 0]).all()
    assert np.isinf(found[3:, 1:3]).all()
    assert np.isinf(found[1:3, 3:]).all()
    assert found[3, 4] * 60.0 == pytest.approx(
        np.hypot(2.3, 1.2) * 30 * LEVEL_S, rel=0.02
    )
    around = (2.0 * np.hypot(10, 10) + 20.0) * 30.0 * LEVEL_S / 60.0
    assert 0.98 * around < found[1, 2] < 1.05 * around
    with pytest.raises(DataError, match="nothing can be reached"):
        isochrones(places.iloc[:1], dem=flat, conditions=lake)


def test_travel_stays_within_its_corridor(flat: Dem) -> None:
    corner = [(5, 5), (55, 5), (55, 55), (45, 55), (45, 15), (5, 15)]
    kept = Conditions(within=layer(field_of(flat, *corner)))
    places = spots(flat, (8, 10), (50, 52), (10, 50))
    found = minutes_of(flat, places, places, conditions=kept)
    assert np.isinf(found[2]).all()
    assert np.isinf(found[:2, 2]).all()
    bend = np.hypot(45 - 8, 15 - 10) + np.hypot(50 - 45, 52 - 15)
    assert found[0, 1] * 60.0 == pytest.approx(bend * 30.0 * LEVEL_S, rel=0.03)


@BOTH
def test_sites_on_the_border_stay_on_their_side(crs: str) -> None:
    dem = level(crs=crs)
    line = track(dem, (-1, 33.3), (20.2, 25.4), (41.1, 35.8), (62, 28.1))
    border = layer(line)
    on_line = line.interpolate([0.3, 0.5, 0.72], normalized=True)
    sites = gpd.GeoSeries(on_line, crs=4326)
    north, south = spots(dem, (30, 10), (50, 25)), spots(dem, (30, 50), (50, 40))
    along = gpd.GeoSeries(
        line.interpolate([0.1, 0.31, 0.85], normalized=True), crs=4326
    )
    for side in (None, "left", "right"):
        conditions = Conditions(border=border, side=side)
        options = {"conditions": conditions}
        left = minutes_of(dem, sites, north, **options)
        right = minutes_of(dem, sites, south, **options)
        assert np.isfinite(left).all() == (side != "right")
        assert np.isinf(left).all() == (side == "right")
        assert np.isfinite(right).all() == (side != "left")
        assert np.isinf(right).all() == (side == "left")
        assert np.isfinite(minutes_of(dem, sites, along, **options)).all()
        assert np.isinf(minutes_of(dem, north, south, **options)).all()
        for near in (north, south):
            assert np.isfinite(minutes_of(dem, near, along, **options)).all()
    # Close by on the other side.
    place = line.interpolate(0.5, normalized=True)
    column, row = (float(v[0]) for v in dem.cells_at(*np.array([[place.x], [place.y]])))
    beside = spots(dem, (column, row - 0.8), (column, row + 0.8))
    for side, finite in ((None, [1, 1]), ("left", [1, 0]), ("right", [0, 1])):
        found = minutes_of(
            dem,
            sites.iloc[1:2],
            beside,
            conditions=Conditions(border=border, side=side),
        )
        assert np.isfinite(found[0]).tolist() == finite


# Friction, land cover, seasons.


def test_friction_multiplies_time(rugged: Dem) -> None:
    a = spots(rugged, *some_cells(rugged, 5, seed=1))
    b = spots(rugged, *some_cells(rugged, 60, seed=2))
    free = minutes_of(rugged, a, b)
    whole = box(rugged, -9, -9, 80, 80)
    for factor in (2.0, 0.5, 3.7):
        slow = Conditions(friction=layer(whole, factor=[factor]))
        found = minutes_of(rugged, a, b, conditions=slow)
        assert found == pytest.approx(factor * free, rel=1e-5)
    order = Conditions(
        friction=layer(whole, box(rugged, 9, 9, 40, 40), whole, factor=[2, 3.0, 2.5])
    )
    other = Conditions(
        friction=layer(
            shapely.MultiPolygon([box(rugged, 9, 9, 40, 40)]), whole, factor=["3", 2.5]
        )
    )
    found = [minutes_of(rugged, a, b, conditions=one) for one in (order, other)]
    assert np.array_equal(*found)
    assert (found[0] >= 2.5 * free * (1.0 - 1e-5)).all()
    assert (found[0] <= 3.0 * free * (1.0 + 1e-5)).all()
    assert (found[0] > 2.6 * free).any()
    closed = Conditions(friction=layer(box(rugged, 30, -9, 32, 80), factor=[np.inf]))
    left, right = spots(rugged, (15, 30.2)), spots(rugged, (50, 30.1))
    assert minutes_of(rugged, left, right, conditions=closed) == np.inf


def test_friction_counts_where_it_is_crossed(flat: Dem) -> None:
    slow = Conditions(friction=layer(box(flat, 19.5, -9, 39.5, 80), factor=[3.0]))
    found = minutes_of(
        flat, spots(flat, (5, 30)), spots(flat, (55, 30)), conditions=slow
    )
    assert found[0, 0] * 60.0 == pytest.approx((30 + 20 * 3.0) * 30 * LEVEL_S, rel=0.02)


def test_land_cover_closes_and_slows(flat: Dem, tmp_path: Path) -> None:
    classes = np.ones((40, 40))
    classes[:, 20:24] = 2
    classes[30:, 20:24] = 3
    (west, east), (north, south) = flat.lonlat_at([-5.0, 65.0], [-5.0, 65.0])
    transform = Affine((east - west) / 40, 0, west, 0, (south - north) / 40, north)
    cover = write_cover(tmp_path / "cover.tif", classes, transform, "EPSG:4326")
    ends = spots(flat, (10, 30)), spots(flat, (50, 30))
    free = minutes_of(flat, *ends)[0, 0]

    def met(factors: dict[int, float]) -> float:
        conditions = Conditions(land_cover=cover, land_cover_factors=factors)
        return float(minutes_of(flat, *ends, conditions=conditions)[0, 0])

    assert met({}) == free
    assert met({7: 5.0, 1: 1.0}) == pytest.approx(free)
    assert met({2: 3.0}) == pytest.approx(free * (1.0 + 2.0 * 7 / 40), rel=0.05)
    assert met({2: np.inf, 3: np.inf}) == np.inf
    around = met({2: np.inf})
    assert 1.15 * free < around < 1.6 * free
    assert met({1: 2, 2: np.inf, 3: np.float32(2.0)}) == pytest.approx(
        2.0 * around, rel=1e-5
    )
    slow = Conditions(
        friction=layer(box(flat, -9, -9, 70, 70), factor=[2.0]),
        land_cover=str(cover),
        land_cover_factors={2: np.inf},
    )
    found = minutes_of(flat, *ends, conditions=slow)
    assert found == pytest.approx(2.0 * around, rel=1e-5)


@pytest.mark.parametrize("closing", ["land cover", "friction", "within"])
def test_straight_ways_from_places_hop_over_nothing_closed(
    flat: Dem, tmp_path: Path, closing: str
) -> None:
    classes = np.ones(flat.shape)
    classes[:, 30] = 2
    cover = write_cover(tmp_path / "cover.tif", classes, flat.transform, dems.UTM)
    strip = box(flat, 29.5, -9, 30.5, 70)
    banks = [box(flat, -9, -9, 29.4, 70), box(flat, 30.6, -9, 70, 70)]
    conditions = {
        "land cover": {"land_cover": cover, "land_cover_factors": {2: np.inf}},
        "friction": {"friction": layer(strip, factor=[np.inf])},
        "within": {"within": layer(*banks)},
    }[closing]
    left = spots(flat, (28.8, 30.3), (29, 30), (10, 30))
    right = spots(flat, (31.2, 30.4), (31, 30), (50, 30))
    for a, b in ((left, right), (right, left)):
        found = minutes_of(flat, a, b, conditions=Conditions(**conditions))
        assert np.isinf(found).all()


@pytest.mark.parametrize(
    ("season", "day", "counts"),
    [
        (("04-01", "10-31"), "04-01", True),
        (("04-01", "10-31"), "2024-10-31", True),
        (("04-01", "10-31"), date(2024, 11, 1), False),
        (("04-01", "10-31"), "03-31", False),
        (("11-15", "02-29"), "12-31", True),
        (("11-15", "02-29"), "2023-01-01", True),
        (("11-15", "02-29"), pd.Timestamp("2024-02-29 10:00"), True),
        (("11-15", "02-29"), "11-15", True),
        (("11-15", "02-29"), "03-01", False),
        (("11-15", "02-29"), "11-14", False),
        (("2020-06-01", "2021-06-01"), "06-01", True),
        (("2020-06-01", "2021-06-01"), "06-02", False),
        ((None, None), "06-01", True),
        ((None, np.nan), None, True),
    ],
)
def test_rows_count_in_their_season(
    flat: Dem, season: tuple[str, str], day: object, *, counts: bool
) -> None:
    ends = spots(flat, (10, 30)), spots(flat, (50, 30))
    free = minutes_of(flat, *ends)[0, 0]
    own = {"from_day": [season[0]], "until_day": [season[1]]}
    wall = layer(track(flat, (30.5, -1), (30.5, 62)), **own)
    slow = layer(box(flat, -9, -9, 70, 70), factor=[2.0], **own)
    found = minutes_of(flat, *ends, conditions=Conditions(barriers=wall, date=day))
    assert found[0, 0] == (np.inf if counts else free)
    found = minutes_of(flat, *ends, conditions=Conditions(friction=slow, date=day))
    assert found[0, 0] == pytest.approx(2.0 * free if counts else free, rel=1e-5)


def test_only_rows_out_of_season_are_left_out(flat: Dem) -> None:
    ends = spots(flat, (10, 30)), spots(flat, (50, 30))
    walls = layer(
        track(flat, (30.5, -1), (30.5, 40.5)),
        track(flat, (30.5, 40.5), (30.5, 62)),
        from_day=[None, "05-01"],
        until_day=[None, "06-30"],
    )
    found = [
        minutes_of(flat, *ends, conditions=Conditions(barriers=walls, date=day))[0, 0]
        for day in ("05-20", "07-20")
    ]
    assert found[0] == np.inf
    assert found[1] * 60.0 == pytest.approx(
        2.0 * np.hypot(20, 10.5) * 30 * LEVEL_S, rel=0.03
    )


# Roads.

DRIVE_MS = 10.0


def straight_road(
    dem: Dem, row: float = 30.0, *, left: float = 10.0, right: float = 110.0,
    **columns: object,
) -> gpd.GeoDataFrame:  # fmt: skip
    return layer(track(dem, (left, row), (right, row)), speed_kmh=[36.0], **columns)


@pytest.fixture(scope="module")
def wide() -> Dem:
    return level(121)


def by_road(
    dem: Dem,
    a: gpd.GeoDataFrame,
    b: gpd.GeoDataFrame,
    **conditions: Any,  # noqa: ANN401 - each of its type
) -> np.ndarray:
    """Seconds."""
    met = Conditions(**conditions)
    return minutes_of(dem, a, b, mode="road", conditions=met) * 60.0


@pytest.mark.parametrize("direction", ["out", "back"])
@pytest.mark.parametrize("row", [30.0, 30.3])
def test_roads_are_walked_to_driven_and_left(
    wide: Dem, row: float, direction: str
) -> None:
    cells = (
        ((20, row - 15.0), (20.4, row)),
        ((100, row + 14.0), (70, row - 9.0), (115, row)),
    )
    sites, targets = (spots(wide, *some) for some in cells)
    found = minutes_of(
        wide, sites, targets, mode="road", direction=direction,
        conditions=Conditions(roads=straight_road(wide, row)),
    ) * 60.0  # fmt: skip
    walk = 1.0 / LEVEL_S
    slant = np.sqrt(1.0 / walk**2 - 1.0 / DRIVE_MS**2)  # as light is bent
    for site, (x, y) in enumerate(cells[0]):
        for target, (u, v) in enumerate(cells[1]):
            beyond = max(u - 110.0, 0.0)
            beside = abs(y - row) + abs(v - row)
            expected = (u - beyond - x) * 30.0 / DRIVE_MS + beside * 30.0 * slant
            expected += beyond * 30.0 / walk
            # Up to a cell on and off the road, which runs beside the centres.
            assert found[site, target] == pytest.approx(
                expected, rel=0.02, abs=0.35 * 30.0 / walk
            )
            assert found[site, target] < 0.7 * np.hypot(u - x, v - y) * 30.0 / walk


@pytest.mark.parametrize(("row", "shift"), [(30.0, 0.0), (30.5, 0.5), (30.3, 0.2)])
def test_a_target_on_a_road_is_driven_to(wide: Dem, row: float, shift: float) -> None:
    a, b = spots(wide, (20 + shift, row)), spots(wide, (100 + shift, row))
    road = straight_road(wide, row)
    expected = 80 * 30.0 / DRIVE_MS
    # Points on a road stand at every half a cell: a walk of a quarter to one.
    slack = 2 * 7.5 * LEVEL_S
    for begin, end in ((a, b), (b, a)):
        found = by_road(wide, begin, end, roads=road)[0, 0]
        assert expected * 0.99 < found < expected + slack + 1.0


def test_times_by_road_are_the_same_the_other_way(wide: Dem) -> None:
    road = straight_road(wide, 30.5)
    one = spots(wide, (20.5, 30.5), (30, 41), (60.3, 32.2))
    other = spots(wide, (90, 30), (80.5, 31.4), (100, 22))
    mode = TravelMode(
        "even", lambda slope: LEVEL_S + 5.0 * np.abs(slope), "made", uses_roads=True
    )
    options = {"mode": mode, "conditions": Conditions(roads=road)}
    there = minutes_of(wide, one, other, **options)
    again = minutes_of(wide, other, one, **options)
    assert there == pytest.approx(again.T, rel=1e-4)


def test_roads_are_barred_by_borders_and_areas_not_by_rivers(wide: Dem) -> None:
    road = straight_road(wide)
    a, b = spots(wide, (15, 30)), spots(wide, (105, 30))
    drive = by_road(wide, a, b, roads=road)[0, 0]
    assert drive == pytest.approx(90 * 30.0 / DRIVE_MS, rel=0.02)
    line = track(wide, (60.3, -1), (60.1, 122))
    river, area = layer(line), layer(box(wide, 50.2, 20.2, 70.4, 40.3))

    def met(**conditions: object) -> float:
        return float(by_road(wide, a, b, roads=road, **conditions)[0, 0])

    assert met(border=river) == np.inf
    assert met(barriers=river) == pytest.approx(drive, rel=1e-6)
    assert met(barriers=river.assign(bars_roads=True)) == np.inf
    assert met(barriers=river.assign(bars_roads=False)) == pytest.approx(drive)
    assert met(barriers=river.assign(bars_roads=None)) == pytest.approx(drive)
    assert met(barriers=area.assign(bars_roads=False)) == pytest.approx(drive)
    assert met(barriers=area) > 2.0 * drive
    assert met(barriers=area.assign(bars_roads=None)) == met(barriers=area)
    both = pd.concat([river, area]).assign(bars_roads=[None, False])
    assert met(barriers=both) == pytest.approx(drive)
    middle = spots(wide, (60, 30))  # on the road, in the area that it may cross
    assert by_road(
        wide, a, middle, roads=road, barriers=area.assign(bars_roads=False)
    ) == pytest.approx(np.inf)


@pytest.mark.parametrize("row", [30.2, 30.5])
def test_a_road_with_a_vertex_on_the_border_does_not_lead_over_it(
    wide: Dem, row: float
) -> None:
    border = layer(track(wide, (60.3, -1), (60.3, 122)))
    road = layer(
        track(wide, (10, row), (60.3, row), (110, row)),
        track(wide, (60.3, row), (60.3, 80.0)),
        speed_kmh=[36.0, 36.0],
    )
    a, b = spots(wide, (15, 30)), spots(wide, (105, 30))
    for one, other in ((a, b), (b, a)):
        assert by_road(wide, one, other, roads=road, border=border) == np.inf


def test_roads_join_at_vertices_they_share(wide: Dem) -> None:
    first = track(wide, (10, 30), (60, 30), (110, 30))
    second = track(wide, (60, 30), (60, 110))
    a, b = spots(wide, (15, 30)), spots(wide, (60, 100))
    found = by_road(wide, a, b, roads=layer(first, second, speed_kmh=[36.0, 18.0]))
    assert found[0, 0] == pytest.approx(45 * 3.0 + 70 * 6.0, rel=0.02)
    joined = shapely.MultiLineString([first, second])
    found = by_road(wide, a, b, roads=layer(joined, speed_kmh=["36"]))
    assert found[0, 0] == pytest.approx((45 + 70) * 3.0, rel=0.02)
    twice = layer(first, first, second, speed_kmh=[18.0, 36.0, 36.0])
    assert by_road(wide, a, b, roads=twice) == pytest.approx(found, rel=1e-6)


def test_a_closed_stretch_of_road_ends_the_drive(wide: Dem) -> None:
    a, b = spots(wide, (15, 30)), spots(wide, (105, 30))
    area = layer(box(wide, 50.2, 20.2, 70.4, 40.3))
    found = by_road(wide, a, b, roads=straight_road(wide), barriers=area)[0, 0]
    # Off before the area or as early as pays, round a corner of it, on on foot.
    walk = 30.0 * LEVEL_S * (9.8 + 20.2 + np.hypot(34.6, 9.8))
    assert walk * 0.95 < found < walk * 1.03 + 35 * 30.0 / DRIVE_MS


def test_who_leaves_a_road_leaves_the_vehicle(wide: Dem) -> None:
    a, b = spots(wide, (12, 30)), spots(wide, (108, 30))
    parted = layer(
        track(wide, (10, 30), (50, 30)), track(wide, (70, 30), (110, 30)),
        speed_kmh=[36.0, 36.0],
    )  # fmt: skip
    expected = pytest.approx(38 * 3.0 + 58 * 30.0 * LEVEL_S, rel=0.02)
    assert by_road(wide, a, b, roads=parted)[0, 0] == expected
    assert by_road(wide, a, b, roads=parted.iloc[:1])[0, 0] == expected
    slow = by_road(wide, a, b, roads=parted.assign(speed_kmh=0.5))[0, 0]
    assert slow == pytest.approx(96 * 30.0 * LEVEL_S, rel=0.02)  # walking is quicker


def test_a_road_that_ends_on_another_one_joins_it(wide: Dem) -> None:
    a, b = spots(wide, (12, 30)), spots(wide, (63.3, 90))
    tee = layer(
        track(wide, (10, 30), (110, 30)), track(wide, (63.3, 30), (63.3, 100)),
        speed_kmh=[36.0, 36.0],
    )  # fmt: skip
    expected = (51.3 + 60.0) * 3.0
    assert by_road(wide, a, b, roads=tee)[0, 0] == pytest.approx(expected, rel=0.02)
    bridge = layer(
        track(wide, (10, 30), (110, 30)), track(wide, (63.3, 20), (63.3, 100)),
        speed_kmh=[36.0, 36.0],
    )  # fmt: skip
    assert by_road(wide, a, b, roads=bridge)[0, 0] > expected + 30.0


def test_roads_have_seasons(wide: Dem) -> None:
    road = layer(
        track(wide, (10, 30), (110, 30)), track(wide, (10, 60), (110, 60)),
        speed_kmh=[36.0, 36.0], from_day=["04-01", None], until_day=["10-31", None],
    )  # fmt: skip
    a, b = spots(wide, (15, 30)), spots(wide, (105, 30))
    summer = by_road(wide, a, b, roads=road, date="07-01")[0, 0]
    winter = by_road(wide, a, b, roads=road, date="12-01")[0, 0]
    assert summer == pytest.approx(90 * 3.0, rel=0.02)
    walk = 60 * 30.0 * LEVEL_S
    assert winter == pytest.approx(90 * 3.0 + walk, rel=0.02)


@pytest.mark.parametrize("where", ["target", "site", "everywhere", "road"])
def test_friction_beside_roads_does_not_slow_what_was_driven(
    wide: Dem, where: str
) -> None:
    part = {
        "target": box(wide, 90, 32.5, 115, 60),
        "site": box(wide, 5, 0, 30, 27.5),
        "everywhere": box(wide, -9, -9, 130, 130),
        "road": box(wide, 50, 28, 70, 32),
    }[where]
    a, b = spots(wide, (20, 20)), spots(wide, (100, 40))
    road = straight_road(wide)
    plain = by_road(wide, a, b, roads=road)[0, 0]
    drive = 80 * 30.0 / DRIVE_MS
    walk = (plain - drive) / 2.0
    slow = layer(part, factor=[2.0])
    found = by_road(wide, a, b, roads=road, friction=slow)[0, 0]
    more = {
        "target": 0.75 * walk,
        "site": 0.75 * walk,
        "everywhere": 2 * walk,
        "road": 0,
    }
    assert found == pytest.approx(plain + more[where], rel=0.03)


def test_friction_slows_the_walk_to_a_road_close_by(wide: Dem) -> None:
    a, b = spots(wide, (20, 28)), spots(wide, (100, 28))
    road = straight_road(wide)
    plain, slowed = (
        by_road(
            wide,
            a,
            b,
            roads=road,
            friction=layer(box(wide, -9, -9, 130, 29.2), factor=[f]),
        )[0, 0]
        for f in (1.0, 10.0)
    )
    for one, factor in ((plain, 1.0), (slowed, 10.0)):
        # Two cells at each end, one of them in friction, at least.
        least = 80 * 3.0 + 2 * (1.0 * factor + 1.0) * 30.0 * LEVEL_S
        assert one > 0.97 * least


# Isochrones.


@BOTH
def test_areas_grow_and_nest_and_are_round(crs: str) -> None:
    dem = level(261, crs=crs)
    reached = isochrones(spots(dem, (130, 130)), dem=dem, minutes=[45, 15, 30.0, 15])
    areas = reached.areas
    assert areas["minutes"].tolist() == [15.0, 30.0, 45.0]
    assert areas.crs == "EPSG:4326"
    assert (reached.mode, reached.crs) == ("foot", dem.crs)
    for inner, outer in itertools.pairwise(areas.geometry):
        assert outer.contains(inner.buffer(-1e-6))
    radius = areas["minutes"] * 60.0 / LEVEL_S / 1000.0
    assert areas["area_km2"].to_numpy() == pytest.approx(
        np.pi * radius.to_numpy() ** 2, rel=0.04
    )
    for level_min, shape in zip(areas["minutes"], areas.geometry, strict=True):
        cells = (reached.minutes <= level_min).sum()
        width, height = reach_reference.size_m(dem)
        own = areas.loc[areas["minutes"] == level_min, "area_km2"].iloc[0]
        assert own == pytest.approx(cells * width * height / 1e6, rel=1e-3)
        assert shape.is_valid


def test_rasters_are_times_to_cell_centres(rugged: Dem) -> None:
    sites = spots(rugged, *some_cells(rugged, 3, seed=6))
    limit = 12.0
    reached = isochrones(sites, dem=rugged, minutes=[limit / 2, limit], mode="path")
    left, top = ~rugged.transform @ (reached.transform.c, reached.transform.f)
    rows, columns = reached.minutes.shape
    assert (rows, columns) < rugged.shape or (rows, columns) == rugged.shape
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    cells = np.column_stack((column.ravel() + round(left), row.ravel() + round(top)))
    known = np.isfinite(rugged.heights_m[cells[:, 1], cells[:, 0]])
    targets = spots(rugged, *cells[known])
    table = travel_time(
        sites, targets, dem=rugged, minutes=limit, mode="path", nearest=True
    )
    found = reached.minutes.ravel()[known]
    expected = table["minutes"].to_numpy()
    column, row = rugged.cells_at(
        sites.geometry.x.to_numpy(), sites.geometry.y.to_numpy()
    )
    away = np.abs(cells[known][:, None] - np.column_stack((column, row))).max(axis=2)
    far = away.min(axis=1) > 3.0
    assert np.isnan(reached.minutes.ravel()[~known]).all()
    assert np.array_equal(np.isfinite(found)[far], np.isfinite(expected)[far])
    inside = far & np.isfinite(found)
    assert inside.sum() > 300
    assert found[inside] == pytest.approx(expected[inside], rel=1e-5)
    # Close ones are also joined by straight ways, which moves come near to.
    close = ~far & np.isfinite(found)
    assert (expected[close] <= found[close] * (1.0 + 1e-6)).all()
    assert np.nanmax(reached.minutes) <= limit
    for share, shape in zip((0.5, 1.0), reached.areas.geometry, strict=True):
        points = targets.geometry.to_numpy()
        assert np.array_equal(shapely.intersects(shape, points), found <= share * limit)


def test_several_sites_are_the_least_of_each(rugged: Dem) -> None:
    sites = spots(rugged, *some_cells(rugged, 4, seed=6))
    together = isochrones(sites, dem=rugged, minutes=EVER).minutes
    alone = [
        isochrones(sites.iloc[[k]], dem=rugged, minutes=EVER).minutes for k in range(4)
    ]
    assert np.array_equal(together, np.fmin.reduce(alone), equal_nan=True)


def test_a_limit_only_cuts_the_raster(rugged: Dem) -> None:
    site = spots(rugged, (35.3, 28.8))
    for direction in ("out", "back"):
        options = {"dem": rugged, "direction": direction, "mode": "langmuir"}
        free = isochrones(site, minutes=EVER, **options)
        cut = isochrones(site, minutes=2.5, **options)
        whole = np.full(rugged.shape, np.nan, np.float32)
        left, top = ~rugged.transform @ (cut.transform.c, cut.transform.f)
        rows, columns = cut.minutes.shape
        assert rows < rugged.shape[0]
        whole[round(top) : round(top) + rows, round(left) : round(left) + columns] = (
            cut.minutes
        )
        expected = np.where(free.minutes <= 2.5, free.minutes, np.nan)
        assert np.isfinite(expected).sum() > 100
        assert np.allclose(whole, expected, rtol=1e-6, equal_nan=True)


@pytest.fixture
def reached(rugged: Dem) -> Isochrones:
    return isochrones(spots(rugged, (35.3, 28.8)), dem=rugged, minutes=20.0)


def test_isochrones_are_written_for_gis(reached: Isochrones, tmp_path: Path) -> None:
    path = tmp_path / "reach.tif"
    path.write_bytes(b"earlier")
    assert write_isochrones(reached, str(path)) == path
    with rasterio.open(path) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.array_equal(raster.read(1), reached.minutes, equal_nan=True)
        assert np.isnan(raster.nodata)
        assert raster.dtypes == ("float32",)
        assert raster.transform == reached.transform
        assert CRS.from_user_input(raster.crs) == reached.crs
        assert raster.units == ("minutes",)
        assert "foot" in raster.descriptions[0]
    assert [file.name for file in tmp_path.iterdir()] == ["reach.tif"]


def test_a_file_that_cannot_be_written_leaves_the_earlier_one(
    reached: Isochrones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reach.tif"
    path.write_bytes(b"earlier")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OptionError, match=r"\.tif"):
        write_isochrones(reached, tmp_path / "reach.png")
    with pytest.raises(OptionError, match="cannot be written"):
        write_isochrones(reached, tmp_path / "no" / "reach.tif")
    monkeypatch.setattr(rasterio.shutil, "copy", full)
    with pytest.raises(OptionError, match="No space left"):
        write_isochrones(reached, path)
    assert path.read_bytes() == b"earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["reach.tif"]


# Errors.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "car"}, "`mode` must be one of foot, path, .*, got 'car'"),
        ({"mode": None}, "`mode` must be one of"),
        ({"direction": "there"}, "`direction` must be 'out' or 'back', got 'there'"),
        ({"mode": "road"}, "mode 'road' needs `roads`"),
        ({"minutes": 0}, "`minutes` must be .*, got 0"),
        ({"minutes": -5.0}, "`minutes` must be .*, got -5.0"),
        ({"minutes": float("nan")}, "`minutes` must be .*, got nan"),
        ({"minutes": float("inf")}, "`minutes` must be .*, got inf"),
        ({"minutes": "30"}, "`minutes` must be .*, got '30'"),
        ({"minutes": [30.0, "x"]}, "`minutes` must be .*, got "),
        (
            {"mode": TravelMode("odd", lambda slope: slope, "made")},
            "`pace` of mode 'odd' must give a positive number",
        ),
        (
            {"mode": TravelMode("one", lambda slope: slope[:1] + 9.0, "made")},
            "`pace` of mode 'one'",
        ),
    ],
)
def test_options_out_of_range_are_refused(
    flat: Dem, options: dict[str, Any], message: str
) -> None:
    site = spots(flat, (10, 30))
    with pytest.raises(OptionError, match=message):
        travel_time(site, site, dem=flat, **options)
    with pytest.raises(OptionError, match=message):
        isochrones(site, dem=flat, **options)


@pytest.mark.parametrize("minutes", [[], None, [30, 0], [float("nan"), 30], "30"])
def test_isochrones_need_minutes(flat: Dem, minutes: Any) -> None:  # noqa: ANN401 - as it comes
    with pytest.raises(OptionError, match="`minutes` must be one number above 0 or"):
        isochrones(spots(flat, (10, 30)), dem=flat, minutes=minutes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": "left"}, "`side` is a side of `border`"),
        ({"side": "north"}, "`side` must be 'left', 'right' or None, got 'north'"),
        ({"land_cover": "a.tif"}, "`land_cover` and `land_cover_factors` go together"),
        ({"land_cover_factors": {1: 2.0}}, "`land_cover` and `land_cover_factors`"),
        *(
            (
                {"land_cover": "a.tif", "land_cover_factors": {1: factor}},
                "`land_cover_factors` must be numbers above 0, got ",
            )
            for factor in (0, -1.5, float("nan"), "2", None)
        ),
        *(
            ({"date": day}, "`date` must be a day, YYYY-MM-DD or MM-DD, got ")
            for day in ("2023-02-30", "13-01", "5-1", "tomorrow", "", 20240501)
        ),
    ],
)
def test_conditions_that_clash_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        Conditions(**options)


def test_a_missing_time_is_no_date(flat: Dem) -> None:
    wall = layer(track(flat, (1, 1), (2, 2)), from_day=["04-01"], until_day=["10-31"])
    with pytest.raises(OptionError, match="`date`"):
        Conditions(barriers=wall, date=pd.NaT)


def test_seasons_must_be_whole_days_and_need_a_date(flat: Dem) -> None:
    line = track(flat, (1, 1), (2, 2))

    def wall(first: object, last: object) -> gpd.GeoDataFrame:
        own = {"from_day": [None, first], "until_day": [None, last]}
        return layer(line, line, **own).set_index(pd.Index(["a", "b"]))

    with pytest.raises(OptionError, match=r"`barriers` has rows with a season.*`date`"):
        Conditions(barriers=wall("04-01", "10-31"))
    for first, last in (("04-01", None), (np.nan, "10-31")):
        with pytest.raises(DataError, match="`barriers` has half a season in row 'b'"):
            Conditions(barriers=wall(first, last), date="05-01")
    for name in ("from_day", "until_day"):
        with pytest.raises(DataError, match="`barriers` has no column '"):
            Conditions(
                barriers=wall("04-01", "10-31")[[name, "geometry"]], date="05-01"
            )
    with pytest.raises((DataError, OptionError), match="`from_day` must be a day"):
        Conditions(barriers=wall("April", "10-31"), date="05-01")
    with pytest.raises((DataError, OptionError), match="`until_day` must be a day"):
        Conditions(barriers=wall("04-01", "02-30"), date="05-01")


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), "fast", None])
@pytest.mark.parametrize(
    ("name", "column"), [("friction", "factor"), ("roads", "speed_kmh")]
)
def test_factors_and_speeds_must_be_numbers_above_0(
    flat: Dem, name: str, column: str, bad: object
) -> None:
    one = box(flat, 1, 1, 5, 5) if name == "friction" else track(flat, (1, 1), (5, 5))
    own = layer(one, one, **{column: [2.0, bad]}).set_index(pd.Index(["a", "b"]))
    message = rf"`{name}`, column '{column}' in row 'b': must be a number above 0"
    with pytest.raises(DataError, match=message):
        Conditions(**{name: own})
    with pytest.raises(DataError, match=f"`{name}` has no column '{column}'"):
        Conditions(**{name: own[["geometry"]]})


@pytest.mark.parametrize("name", ["border", "barriers", "within", "friction", "roads"])
def test_layers_must_be_usable(flat: Dem, name: str) -> None:
    area = name in {"within", "friction"}
    good = box(flat, 1, 1, 5, 5) if area else track(flat, (1, 1), (5, 5))
    own = layer(good, factor=[1.0], speed_kmh=[1.0])

    def turned(xy: np.ndarray) -> np.ndarray:
        return xy[:, ::-1] + [0.0, 60.0]

    bad: dict[str, Any] = {
        "has no CRS": own.set_crs(None, allow_override=True),
        "must hold": own.set_geometry([good.centroid]),
        "look swapped": own.set_geometry([shapely.transform(good, turned)]),
        "must be a GeoDataFrame": [good],
        "has no geometry in row": own.set_geometry([None]).set_crs(4326),
    }
    for message, one in bad.items():
        with pytest.raises(DataError, match=f"`{name}` .*{message}"):
            Conditions(**{name: one})
    with pytest.raises(DataError, match=f"`{name}` must be"):
        Conditions(**{name: 5})
    if name == "border":
        with pytest.raises(DataError, match="`border` is empty"):
            Conditions(border=own[:0])
        apart = layer(good, track(flat, (20, 20), (40, 40)))
        with pytest.raises(BorderError):
            Conditions(border=apart)


def test_no_rows_are_no_barriers(flat: Dem) -> None:
    ends = spots(flat, (10, 30)), spots(flat, (50, 30))
    none = layer(factor=[], speed_kmh=[])
    empty = Conditions(barriers=none, friction=none, roads=none)
    assert minutes_of(flat, *ends, conditions=empty) == minutes_of(flat, *ends)
    with pytest.raises(OptionError, match="mode 'road' needs `roads`"):
        minutes_of(flat, *ends, mode="road", conditions=empty)


def test_sites_and_targets_must_be_usable(flat: Dem) -> None:
    good = spots(flat, (10, 30))
    swapped = gpd.GeoSeries(gpd.points_from_xy([dems.LAT], [dems.LON]), crs=4326)
    cases: list[tuple[Any, str]] = [
        (good[:0], "is empty"),
        (good.set_crs(None, allow_override=True), "has no CRS"),
        (layer(track(flat, (1, 1), (5, 5))), "must hold Point"),
        ([good], "must be a GeoDataFrame"),
    ]
    for bad, message in cases:
        with pytest.raises(DataError, match=f"`sites` {message}"):
            travel_time(bad, good, dem=flat)
        with pytest.raises(DataError, match=f"`targets` {message}"):
            travel_time(good, bad, dem=flat)
        with pytest.raises(DataError, match=f"`sites` {message}"):
            isochrones(bad, dem=flat)
    with pytest.raises(DataError, match="`sites` has longitude and latitude swapped"):
        travel_time(swapped, good, dem=flat)
    with pytest.raises(DataError, match="`targets` has longitude and latitude swapped"):
        travel_time(good, swapped, dem=flat)
    with pytest.raises(DataError):
        isochrones(swapped, dem=flat)
    with pytest.raises(DataError, match="`dem` must be"):
        travel_time(good, good, dem=5)


def test_places_without_elevation_are_told(rugged: Dem) -> None:
    hole = next(zip(*np.nonzero(np.isnan(rugged.heights_m)), strict=True))[::-1]
    sites = spots(rugged, (30, 20), hole, (-9, 20), names=["in", "hole", "out"])
    targets = spots(rugged, (40, 20), hole, (30, 90), (20, 999), names=[1, 2, 3, 4])
    known = spots(rugged, (30, 20))
    text = "2 of 3 sites and 3 of 4 targets have no elevation in 'made'"
    with pytest.warns(GeoborderWarning, match=text) as caught:
        found = travel_time(sites, targets, dem=rugged)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    expected = [[True, False, False, False], *[[False] * 4] * 2]
    assert np.isfinite(found.to_numpy()).tolist() == expected
    assert np.isnan(found.to_numpy()).tolist() == (~np.array(expected)).tolist()
    with pytest.warns(GeoborderWarning, match=text):
        near = travel_time(sites, targets, dem=rugged, nearest=True)
    assert near["site"].tolist()[:1] == ["in"]
    assert near["site"].isna().tolist() == [False, True, True, True]
    assert np.isnan(near["minutes"]).tolist() == [False, True, True, True]
    with pytest.warns(GeoborderWarning, match="1 of 1 sites and 0 of 1 targets"):
        near = travel_time(sites.iloc[[2]], known, dem=rugged, nearest=True)
    assert near["site"].isna().all()
    assert not np.isfinite(near["minutes"]).any()
    with (
        pytest.warns(GeoborderWarning, match="2 of 2 sites have no elevation"),
        pytest.raises(DataError, match="No site stands on open ground"),
    ):
        isochrones(sites.iloc[1:], dem=rugged)


@pytest.mark.filterwarnings("error")
def test_the_centre_of_a_closed_cell_is_not_reached(flat: Dem, tmp_path: Path) -> None:
    classes = np.ones(flat.shape)
    classes[:, 30] = 2
    cover = write_cover(tmp_path / "cover.tif", classes, flat.transform, dems.UTM)
    met = Conditions(land_cover=cover, land_cover_factors={2: np.inf})
    closed, free = spots(flat, (30, 30)), spots(flat, (20, 30))
    for a, b in ((free, closed), (closed, free), (closed, closed)):
        assert np.isinf(minutes_of(flat, a, b, conditions=met)).all()


def test_more_cells_than_can_be_numbered_are_refused(
    flat: Dem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surface, "_MOST_CELLS", 4095)
    a, b = spots(flat, (10, 30)), spots(flat, (12, 30))
    with pytest.raises(DataError, match="too many to search at once; give `minutes`"):
        travel_time(a, b, dem=flat)
    assert np.isfinite(travel_time(a, b, dem=flat, minutes=1.5)).all(axis=None)


def test_land_cover_that_cannot_be_read_is_refused(flat: Dem, tmp_path: Path) -> None:
    a, b = spots(flat, (10, 30)), spots(flat, (50, 30))
    whole = write_cover(
        tmp_path / "cover.tif", np.ones(flat.shape), flat.transform, dems.UTM
    )
    cut, text = tmp_path / "cut.tif", tmp_path / "text.tif"
    cut.write_bytes(whole.read_bytes()[:900])
    text.write_text("no raster", encoding="utf-8")
    for path in (tmp_path / "none.tif", cut, text):
        conditions = Conditions(land_cover=path, land_cover_factors={1: 2.0})
        with pytest.raises(DataError, match=r"`land_cover` .*cannot be read"):
            travel_time(a, b, dem=flat, conditions=conditions)
        with pytest.raises(DataError, match=r"`land_cover` .*cannot be read"):
            isochrones(a, dem=flat, conditions=conditions)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_land_cover_needs_a_crs(flat: Dem, tmp_path: Path) -> None:
    a, b = spots(flat, (10, 30)), spots(flat, (50, 30))
    path = write_cover(tmp_path / "bare.tif", np.ones(flat.shape), flat.transform, None)
    conditions = Conditions(land_cover=path, land_cover_factors={1: 2.0})
    with pytest.raises(DataError, match=r"`land_cover`.*CRS"):
        travel_time(a, b, dem=flat, conditions=conditions)


# Hard places.


def test_polygons_are_burnt_in_one_after_another(
    rugged: Dem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As rasterio sets the process's warning filters meanwhile, and sets them back."""
    burn, lock, most = surface.rasterize, threading.Lock(), [0, 0]

    def watched(*args: object, **options: object) -> np.ndarray:
        with lock:
            most[0] += 1
            most[1] = max(most)
        time.sleep(0.02)
        try:
            return burn(*args, **options)
        finally:
            with lock:
                most[0] -= 1

    monkeypatch.setattr(surface, "rasterize", watched)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    sites = spots(rugged, *some_cells(rugged, 6))
    slow = Conditions(friction=layer(box(rugged, 20, 10, 50, 40), factor=[4.0]))
    travel_time(sites, sites, dem=rugged, conditions=slow)
    isochrones(sites, dem=rugged, minutes=5.0, conditions=slow)
    assert most == [0, 1]


@pytest.mark.parametrize("side", [None, "left", "right"])
def test_a_site_near_the_border_stays_on_its_side_on_a_coarse_grid(
    side: Any,  # noqa: ANN401 - a Literal
) -> None:
    dem = level(41, crs=dems.GEOGRAPHIC, step_m=900)
    border = layer(track(dem, (20.3, -1), (20.3, 41)))  # a meridian is straight
    off = 5.0 / reach_reference.size_m(dem)[0]  # five metres
    sites = spots(dem, (20.3 - off, 20.2), (20.3 + off, 20.2))
    targets = spots(dem, (10, 20), (30, 20))
    found = minutes_of(
        dem, sites, targets, conditions=Conditions(border=border, side=side)
    )
    assert np.isfinite(found).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("cell", [(30.0, 30.0), (30.0, 30.3)])
def test_a_place_on_the_border_and_a_cell_centre_is_not_lost(
    cell: tuple[float, float],
) -> None:
    dem = level(crs=dems.GEOGRAPHIC)
    border = layer(track(dem, (30, -1), (30, 30), (30, 62)))
    on_line = spots(dem, cell)
    west, east = spots(dem, (20, 30)), spots(dem, (40, 30))
    for side, finite in ((None, [1, 1]), ("left", [1, 0]), ("right", [0, 1])):
        conditions = Conditions(border=border, side=side)
        found = [
            minutes_of(dem, on_line, bank, conditions=conditions)[0, 0]
            for bank in (west, east)
        ]
        assert sorted(np.isfinite(found).tolist()) == sorted(map(bool, finite))
        for bank in (west, east):
            assert np.isfinite(minutes_of(dem, bank, on_line, conditions=conditions))
        assert np.isinf(minutes_of(dem, west, east, conditions=conditions)).all()


@pytest.mark.filterwarnings("error")
def test_areas_with_corners_far_away_count_in_any_projection(flat: Dem) -> None:
    ends = spots(flat, (10, 30)), spots(flat, (50, 30))
    free = minutes_of(flat, *ends)
    world = layer(shapely.box(-60, 5, 170, 75))
    found = minutes_of(flat, *ends, conditions=Conditions(within=world))
    assert found == pytest.approx(free)
    slow = world.assign(factor=2.0)
    found = minutes_of(flat, *ends, conditions=Conditions(friction=slow))
    assert found == pytest.approx(2.0 * free, rel=1e-5)
    found = minutes_of(flat, *ends, conditions=Conditions(barriers=world))
    assert np.isinf(found).all()
    away = layer(shapely.LineString([(-109, 10), (-100, 20)]))
    found = minutes_of(flat, *ends, conditions=Conditions(barriers=away))
    assert found == pytest.approx(free)
