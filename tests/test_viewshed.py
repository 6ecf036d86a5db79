"""Viewsheds: georeferencing, limits, and what results mean."""

from __future__ import annotations

import os
from pathlib import Path

import dems
import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from scipy import ndimage

from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.geodesy import inverse
from geoborder.sight import Viewshed, sight_lines, viewshed, write_viewshed
from geoborder.sight.area import Result
from geoborder.terrain import Dem, open_dem, opening

METHODS = ("r3", "fan", "screen")
OPTIONS = {"range_km": 2.0, "mast_m": 10.0, "target_m": 2.0}


def as_dem(raw: dems.Dem) -> Dem:
    return Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "made")


def at_cells(dem: Dem, *cells: tuple[float, float]) -> gpd.GeoDataFrame:
    """Sites at (column, row), fractional."""
    lon, lat = dem.lonlat_at(*np.array(cells, float).T)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)


def place(view: Viewshed, dem: Dem) -> tuple[int, int]:
    """Column and row of the DEM at which a view begins."""
    column, row = ~dem.transform @ (view.transform.c, view.transform.f)
    assert abs(column - round(column)) < 1e-6
    assert abs(row - round(row)) < 1e-6
    return round(column), round(row)


def spread(view: Viewshed, dem: Dem, fill: float = 0) -> np.ndarray:
    """Lay a view over the whole DEM."""
    whole = np.full(dem.shape, fill, np.result_type(view.values, type(fill)))
    left, top = place(view, dem)
    rows, columns = view.values.shape
    whole[top : top + rows, left : left + columns] = view.values
    return whole


@pytest.fixture(scope="module")
def mountains() -> Dem:
    return as_dem(dems.mountain((220, 260), crs=dems.UTM))


@pytest.fixture(scope="module")
def holes() -> Dem:
    """Mountains with holes in them."""
    raw = dems.mountain((220, 260), crs=dems.UTM)
    made = dems.adversarial("holes", (220, 260), crs=dems.UTM)
    return as_dem(
        raw._replace(heights=np.where(np.isnan(made.heights), np.nan, raw.heights))
    )


@pytest.fixture(scope="module")
def three(mountains: Dem) -> gpd.GeoDataFrame:
    """Sites whose views overlap: on a node, and off."""
    return at_cells(mountains, (120, 100), (140.4, 110.7), (131.5, 128.2))


@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize("method", METHODS)
def test_a_wall_throws_its_shadow_where_it_stands(method: str, crs: str) -> None:
    raw = dems.flat((200, 200), crs=crs)
    raw.heights[:] = 100.0
    raw.heights[90:111, 120] = 400.0
    dem = as_dem(raw)
    view = viewshed(at_cells(dem, (100, 100)), dem=dem, method=method, **OPTIONS)
    assert view.crs == dem.crs
    assert (view.method, view.result) == (method, "count")
    seen = spread(view, dem)
    assert seen[100, 120]
    assert seen[100, 100:121].all()
    assert not seen[95:106, 122:150].any()
    assert seen[100, 50:100].all()
    assert seen[50:90, 100].all()
    assert seen[111:150, 100].all()


@pytest.mark.parametrize("method", METHODS)
def test_a_bump_is_seen_in_its_cell_alone(method: str) -> None:
    raw = dems.flat((100, 100), crs=dems.UTM)
    raw.heights[:] = 100.0
    raw.heights[:, 60] = 130.0  # a wall
    raw.heights[37, 70] = 300.0  # what rises behind it
    dem = as_dem(raw)
    view = viewshed(at_cells(dem, (40, 50)), dem=dem, method=method, **OPTIONS)
    row, column = np.nonzero(view.values[:, 61 - place(view, dem)[0] :])
    column += 61
    x, y = view.transform @ (70 - place(view, dem)[0] + 0.5, row[0] + 0.5)
    assert (column.tolist(), row.tolist()) == ([70], [37 - place(view, dem)[1]])
    assert (x, y) == pytest.approx(dem.transform @ (70.5, 37.5))


@pytest.mark.parametrize("method", METHODS)
def test_only_the_window_around_sites_is_given(mountains: Dem, method: str) -> None:
    site = at_cells(mountains, (130, 110))
    view = viewshed(site, dem=mountains, method=method, **(OPTIONS | {"range_km": 0.9}))
    left, top = place(view, mountains)
    rows, columns = view.values.shape
    assert 0 < left <= 100
    assert 0 < top <= 80
    assert left + columns in range(161, 180)
    assert top + rows in range(141, 160)
    seen = spread(view, mountains)
    row, column = np.nonzero(seen)
    away = np.hypot(row - 110, column - 130) * 30.0
    assert away.max() <= 901.0
    far = spread(viewshed(site, dem=mountains, method=method, **OPTIONS), mountains)
    row, column = np.indices(seen.shape)
    inside = np.hypot(row - 110, column - 130) * 30.0 < 899.0
    same = (far == seen)[inside].mean()
    assert same == 1.0 if method == "r3" else same > 0.98


@pytest.mark.parametrize("method", METHODS)
def test_results_agree_with_each_other(
    mountains: Dem, three: gpd.GeoDataFrame, method: str
) -> None:
    def result(name: str, sites: gpd.GeoDataFrame = three) -> Viewshed:
        return viewshed(sites, dem=mountains, method=method, result=name, **OPTIONS)

    count, binary, first, height, angle = (
        result(name) for name in ("count", "binary", "first", "height", "angle")
    )
    assert [view.values.dtype for view in (count, binary, first, height, angle)] == [
        *(np.uint16, np.uint8, np.int32, np.float32, np.float32)
    ]
    assert [view.nodata for view in (count, binary, first)] == [65535, 255, -1]
    assert np.isnan([height.nodata, angle.nodata]).all()
    assert set(np.unique(count.values)) == {0, 1, 2, 3}
    assert np.array_equal(binary.values, count.values > 0)
    assert np.array_equal(first.values >= 0, count.values > 0)
    assert (np.nan_to_num(height.values, nan=1.0) >= 0.0).all()
    if method == "r3":
        low = height.values <= OPTIONS["target_m"]
        near = np.abs(height.values - OPTIONS["target_m"]) < 1e-3
        assert np.array_equal(low | near, (count.values > 0) | near)
        assert near.mean() < 0.01

    alone = [
        spread(result("binary", three.iloc[[number]]), mountains) for number in range(3)
    ]
    total = np.sum(alone, axis=0)
    assert np.array_equal(spread(count, mountains), total)
    by_hand = np.where(total > 0, np.argmax(alone, axis=0), -1)
    assert np.array_equal(spread(first, mountains, -1), by_hand)
    heights = [
        spread(result("height", three.iloc[[number]]), mountains, np.nan)
        for number in range(3)
    ]
    lowest = np.fmin.reduce(heights)
    assert np.array_equal(spread(height, mountains, np.nan), lowest, equal_nan=True)


def test_angles_and_heights_measure_the_horizon() -> None:
    raw = dems.flat((60, 200), crs=dems.UTM)
    raw.heights[:, 120] = 50.0
    dem = as_dem(raw)
    site = at_cells(dem, (100, 30))
    options = {"range_km": 2.0, "mast_m": 10.0, "refraction": 0.13}
    lon, lat = dem.lonlat_at([100, 120, 140], [30, 30, 30])
    _, (wall, behind) = inverse(lon[0], lat[0], lon[1:], lat[1:])
    for method in METHODS:
        angle = viewshed(site, dem=dem, method=method, result="angle", **options)
        height = viewshed(site, dem=dem, method=method, result="height", **options)
        found = spread(angle, dem, np.nan)[30, 140]
        assert found == pytest.approx(np.degrees(np.arctan(40.0 / wall)), abs=0.01)
        found = spread(height, dem, np.nan)[30, 140]
        assert found == pytest.approx(10.0 + 40.0 * behind / wall, abs=0.1)
        assert spread(height, dem, np.nan)[30, 119] == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_nodata_is_never_seen(holes: Dem, method: str) -> None:
    sites = at_cells(holes, (120, 100), (140.4, 110.7))
    hole = np.isnan(holes.heights_m)
    for result in ("count", "binary", "first", "height", "angle"):
        view = viewshed(sites, dem=holes, method=method, result=result, **OPTIONS)
        left, top = place(view, holes)
        rows, columns = view.values.shape
        own = hole[top : top + rows, left : left + columns]
        assert own.sum() > 50
        if np.isnan(view.nodata):
            assert np.isnan(view.values[own]).all()
        else:
            assert (view.values[own] == view.nodata).all()


@pytest.mark.filterwarnings("ignore:.*of the pairs in range unknown")
def test_cells_behind_nodata_are_left_open_as_line_of_sight_says(holes: Dem) -> None:
    sites = at_cells(holes, (120, 100), (140.4, 110.7))
    rows, columns = holes.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    targets = at_cells(holes, *zip(column, row, strict=True))
    found = sight_lines(sites, targets, dem=holes, **OPTIONS)
    seen, unknown = (
        matrix.toarray().any(axis=0).reshape(rows, columns)
        for matrix in (found.seen, found.unknown)
    )
    hole = np.isnan(holes.heights_m)
    expected = np.where(hole | (unknown & ~seen), 255, seen)
    view = viewshed(sites, dem=holes, method="r3", result="binary", **OPTIONS)
    left, top = place(view, holes)
    rows, columns = view.values.shape
    window = np.s_[top : top + rows, left : left + columns]
    # Targets beside a hole come back from degrees a billionth of a cell away,
    # where their own height may depend on it.
    clear = ~ndimage.binary_dilation(hole, iterations=2)[window]
    assert np.array_equal(view.values[clear], expected[window][clear])
    assert (unknown & ~seen & ~hole)[window][clear].sum() > 100
    fan = viewshed(sites, dem=holes, method="fan", result="binary", **OPTIONS)
    assert (fan.values == expected[window])[clear].mean() > 0.99


@pytest.mark.parametrize("cell", [(0, 0), (259.4, 100.2), (100.3, -0.4), (258.6, 219)])
def test_sites_at_the_edge_see_into_the_raster(
    mountains: Dem, cell: tuple[float, float]
) -> None:
    site = at_cells(mountains, cell)
    rows, columns = mountains.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    targets = at_cells(mountains, *zip(column, row, strict=True))
    options = OPTIONS | {"mast_m": 100.0}
    found = sight_lines(site, targets, dem=mountains, **options)
    exact = found.seen.toarray().reshape(rows, columns)
    assert exact.sum() > 100
    for method in METHODS:
        view = viewshed(site, dem=mountains, method=method, **options)
        seen = spread(view, mountains)
        share = (seen == exact).sum() / seen.size
        assert share >= (0.9999 if method == "r3" else 0.995)
        assert (seen & exact).sum() >= (1.0 if method == "r3" else 0.9) * exact.sum()


@pytest.mark.parametrize("target_m", [0.0, 1.7])
@pytest.mark.parametrize("cell", [(75, 74), (75.3, 74.6), (73.1, 76.9)])
@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize("method", METHODS)
def test_no_cell_hides_itself(
    method: str, crs: str, cell: tuple[float, float], target_m: float
) -> None:
    dem = as_dem(dems.flat((150, 150), crs=crs))
    options = {"range_km": 2.0, "mast_m": 100.0, "target_m": target_m}
    site = at_cells(dem, cell)
    seen = spread(viewshed(site, dem=dem, method=method, **options), dem)
    rows, columns = dem.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    own = site.geometry.iloc[0]
    _, away = inverse(own.x, own.y, *dem.lonlat_at(column, row))
    assert seen.ravel()[away < 1999.0].all()
    assert not seen.ravel()[away > 2001.0].any()
    if target_m == 0.0:
        view = viewshed(site, dem=dem, method=method, result="height", **options)
        # Between the nodes a chord runs above the curve of the earth by no more.
        assert np.nanmax(view.values) < 0.05


def terrain(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Heights of ground whose grid may lie any way over it."""
    u, v = (x - dems.UTM_X) / 700.0, (y - dems.UTM_Y) / 900.0
    hills = np.sin(u) * np.cos(v) + 0.5 * np.sin(2.3 * u + v)
    return (500.0 + 200.0 * hills).astype(np.float32)


def grid_of(transform: Affine, size: int) -> Dem:
    column, row = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    t = transform
    x, y = t.a * column + t.b * row + t.c, t.d * column + t.e * row + t.f
    return Dem(terrain(x, y), transform, CRS.from_user_input(dems.UTM), "made")


@pytest.mark.parametrize("method", METHODS)
def test_south_up_is_north_up_turned_over(method: str) -> None:
    half = 100 * 30.0
    west, north = dems.UTM_X - half, dems.UTM_Y + half
    up = grid_of(Affine(30, 0, west, 0, -30, north), 200)
    down = grid_of(Affine(30, 0, west, 0, 30, north - 2 * half), 200)
    assert np.array_equal(up.heights_m, down.heights_m[::-1])
    for cell in ((96, 103), (101.3, 96.8)):
        site = at_cells(up, cell)
        one = spread(viewshed(site, dem=up, method=method, **OPTIONS), up)
        two = spread(viewshed(site, dem=down, method=method, **OPTIONS), down)
        assert 0.05 < one.mean() < 0.9
        same = (one == two[::-1]).mean()
        assert same >= (0.9999 if method == "r3" else 0.999)


@pytest.mark.parametrize("turn", [90, 180, 37])
@pytest.mark.parametrize("method", METHODS)
def test_a_turned_grid_sees_the_same(method: str, turn: float) -> None:
    size = 200
    middle = Affine.translation(dems.UTM_X, dems.UTM_Y)
    cells = Affine.scale(30, -30) @ Affine.translation(-size / 2, -size / 2)
    up = grid_of(middle @ cells, size)
    turned = grid_of(middle @ Affine.rotation(turn) @ cells, size)
    site = at_cells(up, (96.5, 103.5))
    one = spread(viewshed(site, dem=up, method=method, **OPTIONS), up)
    two = spread(viewshed(site, dem=turned, method=method, **OPTIONS), turned)
    # The cell of the turned grid in which each cell's centre lies.
    column, row = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    t = ~turned.transform @ up.transform
    there = [
        np.floor(a * column + b * row + c).astype(int)
        for a, b, c in ((t.a, t.b, t.c), (t.d, t.e, t.f))
    ]
    inside = np.all([(v >= 0) & (v < size) for v in there], axis=0)
    same = one[inside] == two[there[1][inside], there[0][inside]]
    assert 0.05 < one.mean() < 0.9
    # Centres of cells of a grid askew lie up to a cell's half diagonal apart.
    assert same.mean() >= (0.9995 if turn % 90 == 0 else 0.97)


@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize("method", METHODS)
def test_a_field_of_view_is_a_wedge(method: str, crs: str) -> None:
    dem = as_dem(dems.flat((150, 150), crs=crs))
    site = at_cells(dem, (75.3, 74.6))
    options = OPTIONS | {"min_range_km": 0.5}
    view = viewshed(site, dem=dem, method=method, azimuth_deg=60, fov_deg=80, **options)
    rows, columns = dem.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    own = site.geometry.iloc[0]
    azimuth, away = inverse(own.x, own.y, *dem.lonlat_at(column, row))
    turn = np.abs((azimuth - 60.0 + 180.0) % 360.0 - 180.0)
    inside = (turn <= 40.0) & (away <= 2000.0) & (away >= 500.0)
    seen = spread(view, dem).ravel() == 1
    # The rays keep distances to a part in ten thousand over so short a range.
    edge = (np.abs(away - 2000.0) < 0.2) & (method != "r3")
    assert inside.sum() > 2500
    assert edge.sum() < 20
    assert np.array_equal(seen[~edge], inside[~edge])


@pytest.mark.parametrize("method", METHODS)
def test_limits_are_line_of_sights(mountains: Dem, method: str) -> None:
    site = at_cells(mountains, (120, 100)).assign(tilt_max_deg=1.0, tilt_min_deg=-9.0)
    rows, columns = mountains.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    targets = at_cells(mountains, *zip(column, row, strict=True))
    found = sight_lines(site, targets, dem=mountains, **OPTIONS)
    exact = found.seen.toarray().reshape(rows, columns)
    seen = spread(viewshed(site, dem=mountains, method=method, **OPTIONS), mountains)
    free = site.drop(columns=["tilt_max_deg", "tilt_min_deg"])
    all_ = spread(viewshed(free, dem=mountains, method=method, **OPTIONS), mountains)
    assert 100 < exact.sum() < 0.9 * all_.sum()
    assert (seen == exact).mean() >= (0.9999 if method == "r3" else 0.995)
    assert not (seen & (all_ == 0)).any()


@pytest.mark.parametrize("limits", [{"fov_deg": 90.0}, {"tilt_min_deg": -5.0}], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_a_site_on_a_node_sees_it_whatever_its_field(
    mountains: Dem, method: str, limits: dict[str, float]
) -> None:
    site = at_cells(mountains, (120, 100))
    options = OPTIONS | limits
    assert sight_lines(site, site, dem=mountains, **options).seen.toarray().all()
    view = viewshed(site, dem=mountains, method=method, **options)
    assert spread(view, mountains)[100, 120] == 1


@pytest.mark.parametrize("result", ["count", "binary", "first", "height", "angle"])
@pytest.mark.parametrize("method", METHODS)
def test_threads_do_not_change_results(
    mountains: Dem,
    three: gpd.GeoDataFrame,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    result: str,
) -> None:
    views = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        views.append(
            viewshed(three, dem=mountains, method=method, result=result, **OPTIONS)
        )
    for view in views[1:]:
        assert np.array_equal(
            view.values, views[0].values, equal_nan=result in {"height", "angle"}
        )
        assert view.transform == views[0].transform


def test_elevation_on_disk_gives_the_same(
    mountains: Dem,
    three: gpd.GeoDataFrame,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: os.PathLike[str],
) -> None:
    path = dems.write_dem(
        os.path.join(tmp_path, "dem.tif"),  # noqa: PTH118 - any path will do
        mountains.heights_m,
        mountains.transform,
        dems.UTM,
    )
    memory = viewshed(three, dem=mountains, **OPTIONS)
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)
    for dem in (path, str(path), open_dem(path)):
        disk = viewshed(three, dem=dem, **OPTIONS)
        assert np.array_equal(memory.values, disk.values)
        assert memory.transform == disk.transform


def test_columns_of_sites_override_options(
    mountains: Dem, three: gpd.GeoDataFrame
) -> None:
    own = three.assign(mast_m=[80.0, np.nan, 2.0], range_km=[1.0, 2.5, np.nan])
    before = own.copy()
    view = viewshed(own, dem=mountains, **OPTIONS)
    assert own.equals(before)
    total = np.zeros(mountains.shape, int)
    for number, (mast, reach) in enumerate(((80, 1.0), (10, 2.5), (2, 2.0))):
        options = {"mast_m": mast, "range_km": reach, "target_m": 2.0}
        alone = viewshed(three.iloc[[number]], dem=mountains, **options)
        total += spread(alone, mountains)
    assert np.array_equal(spread(view, mountains), total)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"method": "r2"}, "`method` must be 'fan', 'r3' or 'screen', got 'r2'"),
        ({"result": "sum"}, "`result` must be one of count, binary.* got 'sum'"),
        ({"range_km": None}, "`range_km` is missing"),
        ({"mast_m": -1.0}, "`mast_m` must be between 0 and .* got -1"),
        ({"height_m": 3.0}, "unknown option 'height_m'; known: mast_m"),
    ],
    ids=str,
)
def test_wrong_options_are_named(
    mountains: Dem, three: gpd.GeoDataFrame, options: dict[str, object], text: str
) -> None:
    with pytest.raises(OptionError, match=text):
        viewshed(three, dem=mountains, **(OPTIONS | options))


def test_sites_far_from_the_elevation_are_refused(mountains: Dem) -> None:
    away = gpd.GeoSeries.from_xy([68.0], [36.0], crs=4326)
    with pytest.raises(DataError, match="'made' does not reach within range"):
        viewshed(away, dem=mountains, **OPTIONS)
    with pytest.raises(DataError, match="`sites` has no CRS"):
        viewshed(away.set_crs(None, allow_override=True), dem=mountains, **OPTIONS)


@pytest.mark.parametrize("result", ["count", "binary", "first", "height", "angle"])
def test_files_hold_the_view_and_where_it_is(
    mountains: Dem, tmp_path: Path, result: Result
) -> None:
    sites = at_cells(mountains, (120, 100), (90.4, 80.7))
    view = viewshed(sites, dem=mountains, result=result, **OPTIONS)
    path = write_viewshed(view, tmp_path / "view.tif")
    with rasterio.open(path) as raster:
        assert raster.crs == CRS.from_user_input(dems.UTM)
        assert raster.transform == view.transform
        assert raster.nodata == pytest.approx(view.nodata, nan_ok=True)
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.descriptions == (f"{result}, method fan",)
        np.testing.assert_array_equal(raster.read(1), view.values)
        if result in {"count", "binary"}:
            colours = raster.colormap(1)
            assert colours[0][:3] == (235, 235, 235)
            assert len({colours[0], colours[1], colours[int(view.nodata)]}) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["view.tif"]


def test_a_file_that_cannot_be_written_leaves_the_earlier_one(
    mountains: Dem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = viewshed(at_cells(mountains, (120, 100)), dem=mountains, **OPTIONS)
    path = tmp_path / "view.tif"
    path.write_bytes(b"earlier")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rasterio.shutil, "copy", full)
    with pytest.raises(OptionError, match="No space left"):
        write_viewshed(view, path)
    assert path.read_bytes() == b"earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["view.tif"]
    with pytest.raises(OptionError, match="cannot be written"):
        write_viewshed(view, tmp_path / "no" / "view.tif")


@pytest.mark.parametrize("method", METHODS)
def test_what_a_site_without_ground_sees_is_unknown(holes: Dem, method: str) -> None:
    row, column = np.argwhere(np.isnan(holes.heights_m))[0]
    site = at_cells(holes, (column, row))
    with pytest.warns(GeoborderWarning, match="1 of 1 sites stand where"):
        view = viewshed(site, dem=holes, method=method, **OPTIONS)
    whole = spread(view, holes)
    lon, lat = holes.lonlat_at(column + 20.0, row + 20.0)
    assert np.isfinite(holes.heights_at(np.array([lon]), np.array([lat]))).all()
    assert whole[row + 20, column + 20] == view.nodata
    assert (view.values != 1).all()
