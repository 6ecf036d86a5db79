"""Candidate sites: high points, ridge ends, their rank and their spacing."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import dems
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from pyproj import CRS, Geod
from shapely import LineString

import geoborder as gb
from geoborder.sight import line_of_sight
from geoborder.sites import candidate_sites, features, search
from geoborder.tables import SITES, validate
from geoborder.terrain import Dem, opening, slope_deg

GEOD = Geod(ellps="WGS84")
SIGHT = {"range_km": 8.0, "mast_m": 20.0, "target_m": 1.7}
ANYWHERE = {"max_distance_km": 50.0, "max_slope_deg": 90.0, "spacing_km": 0.0}
COLUMNS = [
    *("site_id", "kind", "height_m", "slope_deg", "border_id", "chainage_km"),
    *("distance_km", "side", "seen_km", "geometry"),
]


def as_dem(made: dems.Dem) -> Dem:
    crs = CRS.from_user_input(made.crs)
    return Dem(made.heights, made.transform, crs, "made")


def line(*xy: tuple[float, float], border_id: str = "b") -> gpd.GeoDataFrame:
    facts = {"border_id": [border_id], "left": ["A"], "right": ["B"]}
    return gpd.GeoDataFrame(facts, geometry=[LineString(xy)], crs="EPSG:4326")


ACROSS = line((70.96, 37.99), (71.0, 37.995), (71.04, 37.99))
"""A border that runs from west to east over the middle of made terrain."""


def sites_of(
    dem: Dem, border: gpd.GeoDataFrame = ACROSS, **options: object
) -> gpd.GeoDataFrame:
    """Sites where made terrain need not cover the whole band."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gb.GeoborderWarning)
        return candidate_sites(border, dem=dem, **(SIGHT | options))


def metres_from_middle(made: dems.Dem) -> tuple[np.ndarray, np.ndarray]:
    """Metres east and south of the middle of made terrain, at its nodes."""
    down, right = dems.spacing_m(made.transform, made.crs)
    row, column = np.indices(made.heights.shape)
    rows, columns = made.heights.shape
    return (column - columns // 2) * right, (row - rows // 2) * down


def geodesic_m(points: gpd.GeoSeries, lon: float, lat: float) -> np.ndarray:
    size = len(points)
    return GEOD.inv(points.x, points.y, np.full(size, lon), np.full(size, lat))[2]


def middle_of(dem: Dem) -> tuple[float, float]:
    rows, columns = dem.shape
    lon, lat = dem.lonlat_at(columns // 2, rows // 2)
    return float(lon), float(lat)


@pytest.fixture(scope="module")
def mountain() -> Dem:
    return as_dem(dems.mountain((240, 260), crs=dems.GEOGRAPHIC, seed=3))


@pytest.fixture(scope="module")
def sites(border: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return candidate_sites(border, dem=gb.open_dem(), **SIGHT)


@pytest.mark.parametrize("crs", [dems.GEOGRAPHIC, dems.UTM])
@pytest.mark.parametrize("floor_m", [-np.inf, 1500.0])
def test_a_lone_cone_gives_its_top(crs: str, floor_m: float) -> None:
    made = dems.flat((300, 300), crs=crs)
    away = np.hypot(*metres_from_middle(made))
    dem = as_dem(made._replace(heights=np.maximum(2000 - 0.3 * away, floor_m)))

    found = sites_of(dem)

    assert found["kind"].tolist() == ["peak"]
    assert geodesic_m(found.geometry, *middle_of(dem))[0] < 1.0
    assert found["height_m"].item() == 2000.0
    assert found["slope_deg"].item() < 0.1


@pytest.mark.parametrize("crs", [dems.GEOGRAPHIC, dems.UTM])
@pytest.mark.parametrize("fall", [0.0, 0.05])
def test_a_ridge_that_runs_to_a_plain_gives_its_nose(crs: str, fall: float) -> None:
    made = dems.flat((300, 300), crs=crs)
    east, south = metres_from_middle(made)
    # Its crest comes in from the west and ends in the middle.
    away = np.hypot(np.maximum(east, 0.0), south)
    heights = np.maximum(1400.0 - 0.3 * away, 1000.0) - fall * east
    dem = as_dem(made._replace(heights=heights.astype(np.float32)))

    found = sites_of(dem)

    assert found["kind"].tolist() == ["ridge end"]
    assert geodesic_m(found.geometry, *middle_of(dem))[0] < 150.0
    assert abs(found["height_m"].item() - 1400.0) < 50.0


@pytest.mark.parametrize("crs", [dems.GEOGRAPHIC, dems.UTM])
@pytest.mark.parametrize("made", ["plane", "flat", "roof", "valley"])
def test_ground_without_high_points_gives_none(crs: str, made: str) -> None:
    ground = dems.plane((300, 300), crs=crs)
    _, south = metres_from_middle(ground)
    heights = {
        "plane": ground.heights,
        "flat": np.full_like(ground.heights, 900.0),
        "roof": ground.heights - np.float32(0.4) * np.abs(south),
        "valley": ground.heights + np.float32(0.4) * np.abs(south),
    }[made]

    found = sites_of(as_dem(ground._replace(heights=heights.astype(np.float32))))

    assert len(found) == 0


def test_no_sites_make_a_table_of_the_same_kind(sites: gpd.GeoDataFrame) -> None:
    found = sites_of(as_dem(dems.plane((300, 300))))
    assert list(found.columns) == list(sites.columns) == COLUMNS
    assert found.dtypes.to_dict() == sites.dtypes.to_dict()
    assert found.crs == "EPSG:4326"
    calibrated = gb.calibrate(ACROSS, official_length_km=10.0)
    assert "official_km" in sites_of(as_dem(dems.plane((300, 300))), calibrated)


def tops_one_by_one(heights: np.ndarray) -> set[tuple[int, int]]:
    """Flood every level, and keep those that nothing around reaches."""
    rows, columns = heights.shape
    left = {(int(r), int(c)) for r, c in np.argwhere(~np.isnan(heights))}
    tops = set()
    while left:
        level, todo, top = set(), [left.pop()], True
        while todo:
            row, column = cell = todo.pop()
            level.add(cell)
            for r, c in np.ndindex(3, 3):
                beside = row + r - 1, column + c - 1
                inside = 0 <= beside[0] < rows and 0 <= beside[1] < columns
                if not inside or not heights[beside] <= heights[cell]:
                    top = False
                elif heights[beside] == heights[cell] and beside in left:
                    left.discard(beside)
                    todo.append(beside)
        cells = np.array(sorted(level))
        if top and (np.ptp(cells, axis=0) < 32).all():
            away = ((cells * len(cells) - cells.sum(axis=0)) ** 2).sum(axis=1)
            tops.add(tuple(cells[away.argmin()].tolist()))
    return tops


@pytest.mark.parametrize("tile", [1024, 40])
@pytest.mark.parametrize("steps", [3, 40, 10**6])
def test_high_points_are_those_found_one_by_one(
    monkeypatch: pytest.MonkeyPatch, steps: int, tile: int
) -> None:
    monkeypatch.setattr(search, "_TILE", tile)
    rng = np.random.default_rng(steps)
    heights = rng.integers(0, steps, (110, 130)).astype(np.float32)
    holes = rng.random(heights.shape) < 0.01
    holes[19:46, 59:71] = holes[59:96, 19:31] = False
    heights[holes] = np.nan
    heights[20:45, 60:70] = heights[60:95, 20:30] = steps  # a mesa, and a longer one
    heights[25:30, 64:70] = steps - 1.0
    dem = replace(as_dem(dems.flat((110, 130))), heights_m=heights)

    found = sites_of(dem, **ANYWHERE)

    peaks = found[found["kind"] == "peak"]
    column, row = dem.cells_at(peaks.geometry.x, peaks.geometry.y)
    cells = set(zip(row.round().astype(int), column.round().astype(int), strict=True))
    assert len(cells) == len(peaks)
    assert cells == tops_one_by_one(heights)
    assert sum(heights[cell] == steps for cell in cells) == 1


def test_sites_keep_their_distance_and_the_better_ones_stay(mountain: Dem) -> None:
    everything = sites_of(mountain, **ANYWHERE)
    found = sites_of(mountain, **(ANYWHERE | {"spacing_km": 0.7}))
    assert 10 < len(found) < len(everything)

    x, y = everything.geometry.x.to_numpy(), everything.geometry.y.to_numpy()
    order = np.lexsort((y, x, -everything["seen_km"]))
    kept: list[int] = []
    for site in order:
        near = [GEOD.inv(x[site], y[site], x[n], y[n])[2] < 700.0 for n in kept]
        if not any(near):
            kept.append(int(site))
    expected = {(x[n], y[n]) for n in kept}
    assert set(zip(found.geometry.x, found.geometry.y, strict=True)) == expected
    assert found["site_id"].tolist() == list(range(1, len(found) + 1))
    rank = list(zip(-found["seen_km"], found["chainage_km"], strict=True))
    assert rank == sorted(rank)


@pytest.mark.filterwarnings("ignore::geoborder.GeoborderWarning")
def test_seen_length_is_what_lines_of_sight_say(mountain: Dem) -> None:
    found = sites_of(mountain, refraction=0.2, target_spacing_km=0.25)
    length = gb.as_border(ACROSS)["length_km"].item()
    cells = int(np.ceil(length / 0.25))
    middles = (np.arange(cells) + 0.5) * length / cells
    targets = gb.point_at(ACROSS, middles)

    seen = line_of_sight(found, targets, dem=mountain, refraction=0.2, **SIGHT)

    assert found["seen_km"].max() > 1.0
    assert found["seen_km"].nunique() > 5
    np.testing.assert_allclose(found["seen_km"], seen.sum(axis=1) * length / cells)


@pytest.mark.parametrize("tile", [32, 101])
@pytest.mark.parametrize("relief_m", [0.0, 80.0])
def test_tiles_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, mountain: Dem, tile: int, relief_m: float
) -> None:
    options = ANYWHERE | {"min_relief_m": relief_m, "max_distance_km": 2.5}
    whole = sites_of(mountain, **options)
    monkeypatch.setattr(search, "_TILE", tile)
    tiled = sites_of(mountain, **options)
    assert set(whole["kind"]) == {"peak", "ridge end"}
    assert_geodataframe_equal(tiled, whole)


def test_elevation_on_disk_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, mountain: Dem, tmp_path: Path
) -> None:
    heights = np.asarray(mountain.heights_m)
    path = dems.write_dem(tmp_path / "m.tif", heights, mountain.transform, "EPSG:4326")
    whole = sites_of(gb.open_dem(path))
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)
    monkeypatch.setattr(search, "_TILE", 64)
    assert not isinstance(gb.open_dem(path).heights_m, np.ndarray)
    assert_geodataframe_equal(sites_of(gb.open_dem(path)), whole)
    assert_geodataframe_equal(sites_of(path), whole)


def test_the_grid_makes_little_difference() -> None:
    made = dems.smooth((420, 420), wave_m=800.0, seed=5)
    border = line((70.97, 37.99), (71.03, 38.01))
    options = {"max_distance_km": 2.0, "spacing_km": 0.0}
    one = candidate_sites(border, dem=as_dem(made), **SIGHT, **options)
    other = candidate_sites(
        border, dem=as_dem(dems.to_projected(*made)), **SIGHT, **options
    )
    assert len(one) > 10
    assert one["kind"].value_counts().equals(other["kind"].value_counts())
    assert set(one["kind"]) == {"peak", "ridge end"}
    for kind, own in one.groupby("kind"):
        match = other[other["kind"] == kind]
        for site in own.itertuples():
            away = geodesic_m(match.geometry, site.geometry.x, site.geometry.y)
            assert away.min() < 70.0
            twin = match.iloc[int(away.argmin())]
            off = 1.0 if kind == "peak" else 1.0 + 0.35 * away.min()
            assert abs(twin["height_m"] - site.height_m) < off
            assert abs(twin["slope_deg"] - site.slope_deg) < 3.0
            assert abs(twin["seen_km"] - site.seen_km) <= 0.15 * site.seen_km + 0.2


def test_turning_the_border_round_mirrors_sides(mountain: Dem) -> None:
    turned = ACROSS.set_geometry(ACROSS.geometry.reverse())
    length = gb.as_border(ACROSS)["length_km"].item()

    def by_place(table: gpd.GeoDataFrame) -> pd.DataFrame:
        flat = table.assign(x=table.geometry.x, y=table.geometry.y)
        return flat.sort_values(["x", "y"], ignore_index=True)

    one = by_place(sites_of(mountain))
    other = by_place(sites_of(mountain, turned))

    assert one["geometry"].tolist() == other["geometry"].tolist()
    mirror = {"left": "right", "right": "left"}
    assert set(one["side"]) == set(mirror)
    assert one["side"].map(mirror).tolist() == other["side"].tolist()
    np.testing.assert_allclose(one["chainage_km"], length - other["chainage_km"])
    np.testing.assert_allclose(one["seen_km"], other["seen_km"])
    left, right = (
        sites_of(mountain, side="left"),
        sites_of(mountain, turned, side="right"),
    )
    assert len(left) > 0
    assert set(left["side"]) == {"left"}
    assert by_place(left)["geometry"].tolist() == by_place(right)["geometry"].tolist()


def test_sites_are_where_they_are_asked_for(mountain: Dem) -> None:
    everything = sites_of(mountain, **ANYWHERE)
    asked = ANYWHERE | {
        "side": "right", "min_distance_km": 0.4, "max_distance_km": 1.5,
        "max_slope_deg": 6.0,
    }  # fmt: skip
    found = sites_of(mountain, **asked)
    expected = everything[
        (everything["side"] == "right")
        & everything["distance_km"].between(0.4, 1.5)
        & (everything["slope_deg"] <= 6.0)
    ]
    assert 0 < len(found) < len(everything)
    drop = ["site_id"]
    assert_geodataframe_equal(
        found.drop(columns=drop), expected.drop(columns=drop).reset_index(drop=True)
    )
    located = gb.locate(found, ACROSS)
    assert found[located.columns].equals(located)
    best = sites_of(mountain, **asked, limit=3)
    assert_geodataframe_equal(best, found.iloc[:3])


@pytest.mark.parametrize("turned", [False, True])
def test_slope_is_that_of_the_cell(mountain: Dem, *, turned: bool) -> None:
    dem = mountain
    if turned:  # by 30 degrees, on a grid of its own
        corner = dems.UTM_X - 5300.0, dems.UTM_Y + 800.0
        grid = Affine(26.0, 15.0, corner[0], 15.0, -26.0, corner[1])
        dem = replace(mountain, transform=grid, crs=CRS.from_user_input(dems.UTM))
    found = sites_of(dem, **ANYWHERE)
    column, row = (
        a.round().astype(int) for a in dem.cells_at(found.geometry.x, found.geometry.y)
    )
    heights = np.asarray(dem.heights_m)
    assert found["height_m"].tolist() == heights[row, column].tolist()
    slope = np.asarray(slope_deg(dem).heights_m)[row, column]
    assert len(found) > 100
    np.testing.assert_allclose(found["slope_deg"], slope, atol=1e-3)


def test_relief_is_height_above_the_lowest_ground_around(mountain: Dem) -> None:
    everything = sites_of(mountain, **ANYWHERE)
    found = sites_of(mountain, **ANYWHERE, min_relief_m=120.0, relief_radius_m=450.0)
    width, height = mountain.cell_size_m(71.0, 37.995)
    down, wide = round(450.0 / height), round(450.0 / width)
    peaks = everything[everything["kind"] == "peak"]
    column, row = (
        a.round().astype(int)
        for a in mountain.cells_at(peaks.geometry.x, peaks.geometry.y)
    )
    rise = [
        top - np.nanmin(mountain.read(r - down, c - wide, r + down + 1, c + wide + 1))
        for top, r, c in zip(peaks["height_m"], row, column, strict=True)
    ]
    expected = set(peaks.geometry[np.array(rise) >= 120.0])
    assert 0 < len(expected) < len(peaks)
    assert set(found.geometry[found["kind"] == "peak"]) == expected


def test_convexity_is_that_of_a_quadratic_however_it_is_tilted() -> None:
    row, column = np.indices((41, 51))
    south, east = (row - 20) * 20.0, (column - 25) * 30.0
    scales = features.Scales((20.0, 30.0), (6, 4), (1, 1), 0.0)
    for xx, yy, xy in ((-1e-3, -2e-3, 0.0), (-1e-3, -1e-3, 5e-4), (1e-3, -1e-3, 0.0)):
        square = 0.5 * (xx * east**2 + yy * south**2) + xy * east * south
        heights = (3000.0 + square + 0.3 * east - 0.2 * south).astype(np.float32)
        found = features.minimum_convexity(heights, scales)[12:-12, 8:-8]
        expected = -np.linalg.eigvalsh([[xx, xy], [xy, yy]]).max()
        np.testing.assert_allclose(found, expected, atol=2e-6)


def test_each_of_several_borders_has_its_sites(mountain: Dem) -> None:
    south = line((70.97, 37.975), (71.03, 37.975), border_id="south")
    north = line((71.03, 38.02), (70.97, 38.02), border_id="north")
    both = pd.concat([south, north], ignore_index=True)

    found = sites_of(mountain, both, spacing_km=0.0)

    assert set(found["border_id"]) == {"south", "north"}
    alone = [sites_of(mountain, b, spacing_km=0.0) for b in (south, north)]
    seen = [t.set_index(t.geometry.to_wkb())["seen_km"] for t in alone]
    total = seen[0].add(seen[1], fill_value=np.nan).dropna()
    own = found.set_index(found.geometry.to_wkb())["seen_km"]
    assert len(total) > 5
    np.testing.assert_allclose(own[total.index], total)
    # From north to south a line has its left in the east; from east to west, south.
    northern = found[(found["border_id"] == "north") & (found["distance_km"] > 0.1)]
    middle = northern[northern["chainage_km"].between(0.5, 4.5)]
    assert ((middle.geometry.y < 38.02) == (middle["side"] == "left")).all()


def test_sites_of_the_real_border(
    border: gpd.GeoDataFrame, sites: gpd.GeoDataFrame
) -> None:
    assert len(sites) > 300
    assert set(sites["kind"]) == {"peak", "ridge end"}
    assert validate(sites, SITES, name="sites") is not None
    assert sites["distance_km"].max() <= 5.0
    assert sites["slope_deg"].max() <= 30.0
    assert sites[["chainage_km", "distance_km"]].equals(
        gb.locate(sites, border)[["chainage_km", "distance_km"]]
    )
    x, y = sites.geometry.x.to_numpy(), sites.geometry.y.to_numpy()
    one, other = np.triu_indices(len(sites), 1)
    assert GEOD.inv(x[one], y[one], x[other], y[other])[2].min() >= 1000.0
    dem = gb.open_dem()
    column, row = (a.round().astype(int) for a in dem.cells_at(x, y))
    top = [
        dem.read(r - 1, c - 1, r + 2, c + 2).max()
        for r, c in zip(row, column, strict=True)
    ]
    peak = (sites["kind"] == "peak").to_numpy()
    assert (sites["height_m"] == top)[peak].all()


def test_elevation_that_covers_a_part_is_told() -> None:
    made = dems.smooth((300, 300), wave_m=1500.0)
    half = as_dem(made._replace(heights=made.heights[:, :150]))
    border = line((70.97, 38.0), (71.03, 38.0))
    options = SIGHT | {"max_distance_km": 1.0, "range_km": 1.0}
    with pytest.warns(gb.GeoborderWarning) as told:
        candidate_sites(border, dem=half, **options)
    text = str(told[0].message)
    assert "Elevation 'made' covers 50.0% of the band along the border" in text
    assert told[0].filename == __file__
    north = as_dem(made._replace(heights=made.heights[:150]))
    with pytest.warns(gb.GeoborderWarning, match=r"covers (49|50|51)\.\d% of the band"):
        candidate_sites(border, dem=north, **options)
    far = line((80.0, 38.0), (80.1, 38.0))
    with pytest.raises(
        gb.DataError, match="'made' has no heights within 1 km of the border"
    ):
        candidate_sites(far, dem=half, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": "north"}, "`side` must be 'left', 'right' or 'both', got 'north'"),
        ({"min_distance_km": 6.0}, "must be greater, up to 1000; got 6.0 and 5.0"),
        ({"min_distance_km": -1.0}, "`min_distance_km` must not be negative"),
        ({"max_distance_km": float("nan")}, "got 0.0 and nan"),
        ({"spacing_km": -0.1}, "`spacing_km` must be not negative, and finite"),
        ({"max_slope_deg": float("inf")}, "`max_slope_deg` must be not negative"),
        ({"ridge_radius_m": 0.0}, "`ridge_radius_m` must be positive and finite"),
        ({"ridge_radius_m": 1e6}, "`ridge_radius_m` may be 512 cells of the elevation"),
        ({"target_spacing_km": 0.0}, "`target_spacing_km` must be positive"),
        ({"limit": 0}, "`limit` must be a whole number of at least 1, or None, got 0"),
        ({"mast_m": -1.0}, "`mast_m` must be between 0 and 100000, got -1"),
        ({"range_km": 1e4}, "`range_km` must be between 0 and 1000"),
    ],
)
def test_bad_options(mountain: Dem, options: dict[str, Any], message: str) -> None:
    with pytest.raises(gb.OptionError, match=message):
        sites_of(mountain, **options)


def test_bad_layers(mountain: Dem) -> None:
    with pytest.raises(gb.DataError, match="`border` has no CRS"):
        sites_of(mountain, ACROSS.set_crs(None, allow_override=True))
    with pytest.raises(gb.DataError, match="`border` is empty"):
        sites_of(mountain, ACROSS.iloc[:0])
    before = ACROSS.copy()
    sites_of(mountain)
    assert_geodataframe_equal(ACROSS, before)
    assert shapely.is_valid(ACROSS.geometry).all()
