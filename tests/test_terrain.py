"""Elevation: georeferencing, interpolation, relief, and bad rasters."""

from __future__ import annotations

import pickle
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.shutil
import tools
from affine import Affine
from pyproj import CRS, Geod, Proj, Transformer
from rasterio.transform import from_origin
from rasterio.warp import Resampling, calculate_default_transform, reproject
from shapely import LineString, MultiLineString

import geoborder as gb
from geoborder.terrain import (
    Dem,
    apply_transform,
    aspect_deg,
    hillshade,
    is_mountain,
    local_relief,
    opening,
    points,
    profile,
    ruggedness_m,
    slope_deg,
)
from geoborder.terrain.rasters import Tile, TiledHeights

LONLAT = CRS.from_epsg(4326)


def write(
    path: Path, heights: np.ndarray, *, unit: str = "m", crs: str | None = "EPSG:4326",
    west: float = 70.0, north: float = 38.0, step: float = 0.01,
    nodata: float | None = None,
) -> Path:  # fmt: skip
    facts = {
        "driver": "GTiff",
        "height": heights.shape[0],
        "width": heights.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": crs,
        "transform": from_origin(west, north, step, step),
        "nodata": nodata,
    }
    with rasterio.open(path, "w", **facts) as raster:
        raster.write(heights.astype("float32"), 1)
        raster.units = (unit,)
    return path


@pytest.fixture
def ramp() -> np.ndarray:
    """Heights that rise by 10 m a column and 3 m a row, from 100 m."""
    rows, columns = np.mgrid[0:60, 0:80]
    return 100.0 + 10.0 * columns + 3.0 * rows


def test_heights_are_bilinear_between_cell_centres(
    tmp_path: Path, ramp: np.ndarray
) -> None:
    dem = gb.open_dem(write(tmp_path / "ramp.tif", ramp))
    rng = np.random.default_rng(0)
    column, row = rng.uniform(0, 79, 200), rng.uniform(0, 59, 200)
    lon, lat = 70 + (column + 0.5) * 0.01, 38 - (row + 0.5) * 0.01
    assert dem.heights_at(lon, lat) == pytest.approx(
        100 + 10 * column + 3 * row, abs=0.01
    )


def test_outside_and_nodata_have_no_height(tmp_path: Path, ramp: np.ndarray) -> None:
    ramp[30, 40] = -9999
    dem = gb.open_dem(write(tmp_path / "holes.tif", ramp, nodata=-9999))
    lon = np.array([69.0, 70.405, 70.41, 70.2])
    lat = np.array([37.8, 37.695, 37.69, 37.8])
    assert list(np.isnan(dem.heights_at(lon, lat))) == [True, True, True, False]


def test_a_window_gives_the_same_heights(tmp_path: Path, ramp: np.ndarray) -> None:
    path = write(tmp_path / "ramp.tif", ramp)
    part = gb.open_dem(path, bounds=(70.2, 37.6, 70.4, 37.8))
    assert part.heights_m.size < ramp.size / 4
    lon, lat = np.array([70.2, 70.31, 70.4]), np.array([37.6, 37.7, 37.8])
    whole = gb.open_dem(path).heights_at(lon, lat)
    assert part.heights_at(lon, lat) == pytest.approx(whole, abs=1e-3)


def test_feet_become_metres(tmp_path: Path, ramp: np.ndarray) -> None:
    metres = gb.open_dem(write(tmp_path / "m.tif", ramp))
    feet = gb.open_dem(write(tmp_path / "ft.tif", ramp / 0.3048, unit="ft"))
    assert feet.heights_m == pytest.approx(metres.heights_m, abs=0.01)


def test_a_raster_in_another_crs_gives_the_same_description(tmp_path: Path) -> None:
    bundled = gb.open_dem()
    rows, columns = bundled.heights_m.shape
    transform, width, height = calculate_default_transform(
        "EPSG:4326", "EPSG:32642", columns, rows, 66, 35.5, 76, 39.5
    )
    projected = np.zeros((height, width), dtype="float32")
    reproject(
        bundled.heights_m, projected,
        src_transform=bundled.transform, src_crs="EPSG:4326",
        dst_transform=transform, dst_crs="EPSG:32642",
        dst_nodata=-9999, resampling=Resampling.bilinear,
    )  # fmt: skip
    path = tmp_path / "utm.tif"
    facts = {
        "driver": "GTiff", "height": height, "width": width, "count": 1,
        "dtype": "float32", "crs": "EPSG:32642", "transform": transform,
        "nodata": -9999,
    }  # fmt: skip
    with rasterio.open(path, "w", **facts) as raster:
        raster.write(projected, 1)
    segments = gb.segment_border(gb.load_border(), length_km=50)
    one = gb.describe_segments(segments, dem=bundled)
    other = gb.describe_segments(segments, dem=gb.open_dem(path))
    difference = (one["elevation_mean_m"] - other["elevation_mean_m"]).abs()
    assert difference.max() < 40
    assert (one["kind"] == other["kind"]).mean() > 0.9


def test_known_heights_of_the_bundled_elevation() -> None:
    dem = gb.open_dem()
    # Lake Zorkul is flat at 4,110 m; Dushanbe lies near 790 m.
    lon, lat = np.array([73.705, 68.78]), np.array([37.44, 38.54])
    assert dem.heights_at(lon, lat) == pytest.approx([4110, 790], abs=6)
    # The cell that holds Khorog's centre; its valley is narrower than two cells.
    column, row = dem.cells_at(np.array([71.55337]), np.array([37.49039]))
    assert dem.heights_m[round(row[0]), round(column[0])] == 2075


def test_cell_size_on_the_ground() -> None:
    width, height = gb.open_dem().cell_size_m(71.0, 37.5)
    assert (width, height) == pytest.approx((736.9, 924.9), abs=1)


def test_relief_and_slope_of_a_plane(tmp_path: Path) -> None:
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    x, y = there.transform(70.0, 38.0)
    columns = np.mgrid[0:50, 0:50][1]
    path = write(
        tmp_path / "plane.tif",
        100.0 * columns,
        crs="EPSG:32642",
        west=x,
        north=y,
        step=100.0,
    )
    dem = gb.open_dem(path)
    assert slope_deg(dem).heights_m[25, 25] == pytest.approx(45.0, abs=0.1)
    assert local_relief(dem, radius_m=1000).heights_m[25, 25] == pytest.approx(2000)


def test_mountains_by_definition() -> None:
    bundled = gb.open_dem()
    # Kunduz plain; Pamir; nowhere.
    lon, lat = np.array([68.6, 73.5, 10.0]), np.array([36.9, 38.0, 10.0])
    assert list(is_mountain(bundled, lon, lat)) == [False, True, False]
    flat = Dem(
        np.full((50, 50), 2600, "float32"), bundled.transform, bundled.crs, "flat"
    )
    assert is_mountain(flat, np.array([66.2]), np.array([39.3])).all()


def test_mountains_see_relief_within_seven_kilometres() -> None:
    # A plain at 400 m, and at its western end a wall of 400 m.
    heights = np.full((300, 600), 400.0)
    heights[:, :100] = 800.0
    dem = utm(heights)
    column = 99 + np.array([60.0, 68.0, 75.0, 300.0])
    lon, lat = dem.lonlat_at(column, np.full(4, 150.0))
    assert list(is_mountain(dem, lon, lat)) == [True, True, False, False]
    each = [is_mountain(dem, lon[[n]], lat[[n]])[0] for n in range(4)]
    assert each == [True, True, False, False]


# What `pytest.warns` lets pass it warns of again, as if from here.
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_partly_covered_bounds_warn_with_the_share(
    tmp_path: Path, ramp: np.ndarray
) -> None:
    path = write(tmp_path / "ramp.tif", ramp)
    with pytest.warns(gb.GeoborderWarning, match="covers 50% of what is asked"):
        gb.open_dem(path, bounds=(69.8, 37.5, 70.2, 37.8))


def test_bad_rasters_are_refused(tmp_path: Path, ramp: np.ndarray) -> None:
    bare = write(tmp_path / "bare.tif", ramp, crs=None)
    with pytest.raises(gb.DataError, match="has no CRS"):
        gb.open_dem(bare)
    with pytest.raises(gb.DataError, match="cannot be read"):
        gb.open_dem(tmp_path / "missing.tif")
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0 no raster")
    with pytest.raises(gb.DataError, match="cannot be read"):
        gb.open_dem(broken)
    with pytest.raises(gb.DataError, match="does not cover any of the bounds"):
        gb.open_dem(write(tmp_path / "r.tif", ramp), bounds=(10, 10, 11, 11))
    with pytest.raises(gb.DataError, match="does not cover any of the bounds"):
        gb.open_dem(tmp_path / "r.tif", bounds=(69.5, 37.5, 69.99, 37.7))


@pytest.fixture(scope="session")
def gdaldem() -> str:
    """Path of gdaldem; without it the test is skipped, or fails where CI is set."""
    return tools.program("gdaldem", package="gdal-bin")


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave every raster on disk, however small."""
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Cells of each window read from a file."""
    cells: list[int] = []
    read = Tile.read

    def counted(self: Tile, top: int, left: int, bottom: int, right: int) -> np.ndarray:
        cells.append((bottom - top) * (right - left))
        return read(self, top, left, bottom, right)

    monkeypatch.setattr(Tile, "read", counted)
    return cells


def hills(rows: int, columns: int) -> np.ndarray:
    """Seeded hills, smooth over some cells."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:columns]
    heights = np.full((rows, columns), 1500.0)
    for _ in range(12):
        u, v, phase = rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), rng.uniform(0, 6)
        heights += rng.uniform(20, 90) * np.sin(u * x + v * y + phase)
    return heights.astype("float32")


def utm(heights: np.ndarray, *, cell_m: float = 100.0, lat: float = 38.0) -> Dem:
    """Elevation in UTM 42 N, its upper left corner at 69 E, the central meridian."""
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    x, y = there.transform(69.0, lat)
    transform = from_origin(x, y, cell_m, cell_m)
    return Dem(heights.astype("float32"), transform, CRS.from_epsg(32642), "made")


def save(path: Path, dem: Dem, **facts: object) -> Path:
    """Write elevation to a GeoTIFF as it is, in tiles."""
    rows, columns = dem.shape
    options = {
        "driver": "GTiff", "height": rows, "width": columns, "count": 1,
        "dtype": "float32", "crs": dem.crs.to_wkt(), "transform": dem.transform,
    } | facts  # fmt: skip
    with rasterio.open(path, "w", **options) as raster:
        raster.write(np.asarray(dem.heights_m).astype(options["dtype"]), 1)
    return path


# Where heights are


def test_places_and_cells_are_inverse() -> None:
    for dem in (gb.open_dem(), utm(hills(40, 50))):
        rng = np.random.default_rng(1)
        column, row = rng.uniform(-3, 45, 50), rng.uniform(-3, 42, 50)
        back = dem.cells_at(*dem.lonlat_at(column, row))
        assert np.stack(back) == pytest.approx(np.stack((column, row)), abs=1e-6)


def test_only_a_cell_that_counts_can_void_a_height() -> None:
    heights = np.arange(12.0, dtype="float32").reshape(3, 4)
    heights[1, 2] = np.nan
    dem = Dem(heights, from_origin(70, 38, 0.01, 0.01), LONLAT, "made")
    # On a centre, on the line between two centres, amid four; the hole itself.
    column, row = np.array([1.0, 1.0, 1.5, 2.0]), np.array([1.0, 0.5, 0.5, 1.0])
    found = dem.heights_at(*dem.lonlat_at(column, row))
    assert found == pytest.approx([5, 3, np.nan, np.nan], nan_ok=True)


def test_half_a_cell_at_the_edge_has_the_edges_height(ramp: np.ndarray) -> None:
    dem = Dem(ramp.astype("float32"), from_origin(70, 38, 0.01, 0.01), LONLAT, "made")
    column, row = np.array([-0.49, 79.49, 10.0, -0.51]), np.array([5.0, 5, 59.4, 5])
    found = dem.heights_at(*dem.lonlat_at(column, row))
    assert found == pytest.approx([115, 905, 377, np.nan], nan_ok=True)


def test_reading_beyond_the_raster_gives_nothing_there() -> None:
    heights = hills(6, 8)
    dem = Dem(heights, from_origin(70, 38, 0.01, 0.01), LONLAT, "made")
    wide = dem.read(-2, -3, 8, 10)
    assert wide.shape == (10, 13)
    assert wide.dtype == np.float32
    assert (wide[2:8, 3:11] == heights).all()
    assert np.isfinite(wide).sum() == heights.size
    assert np.isnan(dem.read(20, 20, 23, 24)).all()
    assert dem.shape == (6, 8)


@pytest.mark.parametrize("way", ["south up", "transposed"])
def test_a_raster_turned_another_way_gives_the_same(way: str, tmp_path: Path) -> None:
    dem = utm(hills(60, 90))
    t = dem.transform
    if way == "south up":
        transform = Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * 60)
    else:
        transform = Affine(0, t.a, t.c, t.e, 0, t.f)

    def turn(grid: np.ndarray) -> np.ndarray:
        return grid[::-1].copy() if way == "south up" else grid.T.copy()

    turned = replace(dem, heights_m=turn(dem.heights_m), transform=transform)
    rng = np.random.default_rng(2)
    lon, lat = dem.lonlat_at(rng.uniform(2, 87, 200), rng.uniform(2, 57, 200))
    assert turned.heights_at(lon, lat) == pytest.approx(dem.heights_at(lon, lat))
    for shape in (slope_deg, ruggedness_m):
        one, other = (shape(d).heights_at(lon, lat) for d in (dem, turned))
        assert other == pytest.approx(one, abs=0.01)
    one, other = (aspect_deg(d).heights_m for d in (dem, turned))
    assert np.abs((other - turn(one) + 180) % 360 - 180).max() < 0.01
    assert hillshade(turned) == pytest.approx(turn(hillshade(dem)), abs=1e-4)
    bounds = (lon.min(), lat[lon > 69.03].min(), lon.max(), lat.max())
    part = gb.open_dem(save(tmp_path / "turned.tif", turned), bounds=bounds)
    inside = (lat >= bounds[1]) & (lat <= bounds[3])
    assert part.heights_at(lon[inside], lat[inside]) == pytest.approx(
        dem.heights_at(lon[inside], lat[inside])
    )


def rotated(turn_deg: float, shear_deg: float = 0.0) -> Dem:
    """Return a plane over UTM 42 N on a grid turned and sheared."""
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    x, y = there.transform(69.0, 38.0)
    a, b = np.radians(turn_deg), np.radians(turn_deg + shear_deg)
    transform = Affine(
        100 * np.cos(a), 80 * np.sin(b), x, 100 * np.sin(a), -80 * np.cos(b), y
    )
    row, column = np.indices((80, 100)) + 0.5
    east, north = apply_transform(transform, column, row)
    heights = 2000 + 0.2 * (east - x) - 0.1 * (north - y)
    return Dem(heights.astype("float32"), transform, CRS.from_epsg(32642), "turned")


@pytest.mark.parametrize(("turn", "shear"), [(30, 0), (-75, 0), (10, 20), (160, -15)])
def test_a_rotated_or_sheared_raster_knows_its_ground(
    turn: float, shear: float, tmp_path: Path
) -> None:
    dem = rotated(turn, shear)
    rng = np.random.default_rng(3)
    lon, lat = dem.lonlat_at(rng.uniform(0, 99, 100), rng.uniform(0, 79, 100))
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    x, y = there.transform(lon, lat)
    x0, y0 = there.transform(69.0, 38.0)
    plane = 2000 + 0.2 * (x - x0) - 0.1 * (y - y0)
    assert dem.heights_at(lon, lat) == pytest.approx(plane, abs=0.01)
    # 0.9996: UTM's scale at its central meridian.
    steepest = np.degrees(np.arctan(0.9996 * np.hypot(0.2, 0.1)))
    assert slope_deg(dem).heights_m == pytest.approx(steepest, abs=0.02)
    falls = np.degrees(np.arctan2(-0.2, 0.1)) % 360
    assert aspect_deg(dem).heights_m == pytest.approx(falls, abs=0.2)
    middle = dem.lonlat_at(50.0, 40.0)
    bounds = (middle[0] - 0.01, middle[1] - 0.01, middle[0] + 0.01, middle[1] + 0.01)
    part = gb.open_dem(save(tmp_path / "turned.tif", dem), bounds=bounds)
    assert part.heights_m.size < dem.heights_m.size / 2
    west, south, east, north = bounds
    corners = np.array([[west, west, east, east], [south, north, south, north]])
    assert part.heights_at(*corners) == pytest.approx(
        dem.heights_at(*corners), abs=0.01
    )


def test_bounds_that_bulge_on_the_grid_are_covered(tmp_path: Path) -> None:
    # Along 60 N this grid's rows rise by many cells between the corners.
    laea = CRS.from_proj4("+proj=laea +lat_0=50 +lon_0=70")
    transform = from_origin(-1.2e6, 2.2e6, 5000, 5000)
    dem = Dem(hills(500, 480), transform, laea, "made")
    part = gb.open_dem(save(tmp_path / "laea.tif", dem), bounds=(60, 50, 80, 60))
    lon = np.linspace(60, 80, 101)
    for lat in (50.0, 60.0):
        found = part.heights_at(lon, np.full(101, lat))
        assert found == pytest.approx(dem.heights_at(lon, np.full(101, lat)))


# Left on disk


@pytest.mark.usefixtures("on_disk")
def test_heights_on_disk_equal_those_in_memory(
    tmp_path: Path, reads: list[int]
) -> None:
    heights = hills(900, 1200)
    heights[300:310, 400:420] = np.nan
    whole = replace(utm(heights), heights_m=heights)
    dem = gb.open_dem(save(tmp_path / "large.tif", whole, tiled=True))
    assert isinstance(dem.heights_m, TiledHeights)
    assert reads == []
    rng = np.random.default_rng(4)
    lon, lat = dem.lonlat_at(rng.uniform(-1, 1200, 3000), rng.uniform(-1, 900, 3000))
    np.testing.assert_array_equal(dem.heights_at(lon, lat), whole.heights_at(lon, lat))
    for rows, columns in ((slice(290, 320), slice(395, 500)), (slice(0, 0), slice(5))):
        np.testing.assert_array_equal(
            dem.heights_m[rows, columns], heights[rows, columns]
        )
    np.testing.assert_array_equal(
        dem.read(-5, 1190, 20, 1210), whole.read(-5, 1190, 20, 1210)
    )
    np.testing.assert_array_equal(np.asarray(dem.heights_m), heights)
    assert np.asarray(dem.heights_m, dtype=float).dtype == np.float64


@pytest.mark.usefixtures("on_disk")
def test_only_windows_around_points_are_read(tmp_path: Path, reads: list[int]) -> None:
    whole = utm(hills(900, 1200))
    dem = gb.open_dem(save(tmp_path / "large.tif", whole, tiled=True))
    column, row = np.array([3.2, 1100.7, 600.5]), np.array([4.1, 880.2, 10.9])
    assert np.isfinite(dem.heights_at(*dem.lonlat_at(column, row))).all()
    assert reads == [4, 4, 4]
    reads.clear()
    assert np.isnan(dem.heights_at(np.array([10.0]), np.array([10.0]))).all()
    assert reads == []
    west, north = dem.lonlat_at(600.0, 400.0)
    part = dem.window((west, north - 0.01, west + 0.01, north))
    assert isinstance(part.heights_m, np.ndarray)
    assert sum(reads) == part.heights_m.size < 500


@pytest.mark.usefixtures("on_disk")
def test_points_on_disk_are_described_by_windows(
    tmp_path: Path, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = utm(20 * (hills(900, 1200) - 1500) + 1500)
    dem = gb.open_dem(save(tmp_path / "large.tif", whole, tiled=True))
    rng = np.random.default_rng(5)
    lon, lat = dem.lonlat_at(rng.uniform(3, 1196, 40), rng.uniform(3, 896, 40))
    together = points.terrain_at(whole, lon, lat)
    assert together["mountain"].nunique() == 2
    monkeypatch.setattr(points, "_CELLS", 200_000)
    apart = points.terrain_at(dem, lon, lat)
    assert len(reads) > 1
    assert max(reads) < 900 * 1200 / 2
    for column in together.drop(columns="mountain"):
        assert apart[column].to_numpy() == pytest.approx(
            together[column].to_numpy(), rel=1e-3, abs=1e-3
        )
    assert (apart["mountain"] == together["mountain"]).all()
    assert together["height_m"].to_numpy() == pytest.approx(whole.heights_at(lon, lat))


@pytest.mark.usefixtures("on_disk")
def test_elevation_on_disk_can_be_sent_and_shared(tmp_path: Path) -> None:
    whole = utm(hills(300, 300))
    dem = gb.open_dem(save(tmp_path / "large.tif", whole))
    sent = pickle.loads(pickle.dumps(dem))  # noqa: S301 - our own bytes
    lon, lat = dem.lonlat_at(np.linspace(0, 299, 50), np.linspace(299, 0, 50))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: sent.heights_at(lon, lat), range(8)))
    assert all((f == whole.heights_at(lon, lat)).all() for f in found)


@pytest.mark.usefixtures("on_disk")
def test_heights_on_disk_are_read_as_windows_only(tmp_path: Path) -> None:
    path = save(tmp_path / "large.tif", utm(hills(30, 30)))
    heights = gb.open_dem(path).heights_m
    with pytest.raises(IndexError, match="read as windows"):
        heights[::2, :]
    with pytest.raises(ValueError, match="without being read"):
        np.array(heights, copy=False)
    path.unlink()
    with pytest.raises(gb.DataError, match=r"large\.tif' cannot be read"):
        heights[0:2, 0:2]


# What files hold


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        ("", 1), ("metre", 1), ("Metres", 1), ("meters", 1), ("ft", 0.3048),
        ("Foot", 0.3048), ("feet", 0.3048), ("US survey foot", 1200 / 3937),
        ("us-ft", 1200 / 3937), ("US_survey_feet", 1200 / 3937), ("ftUS", 1200 / 3937),
    ],
)  # fmt: skip
def test_units_become_metres(
    tmp_path: Path, ramp: np.ndarray, unit: str, metres: float
) -> None:
    dem = gb.open_dem(write(tmp_path / "unit.tif", ramp, unit=unit))
    assert dem.heights_m == pytest.approx(ramp * metres, rel=1e-6)


def test_an_unknown_unit_is_refused(tmp_path: Path, ramp: np.ndarray) -> None:
    path = write(tmp_path / "unit.tif", ramp, unit="fathom")
    with pytest.raises(
        gb.DataError, match="'fathom', which is neither metres nor feet"
    ):
        gb.open_dem(path)


def test_scale_and_offset_apply_before_the_unit(tmp_path: Path) -> None:
    raw = np.array([[0, 100], [-32768, 250]])
    path = save(tmp_path / "s.tif", utm(raw), dtype="int16", nodata=-32768)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets, raster.units = (0.1,), (500.0,), ("ft",)
    expected = np.array([[500, 510], [np.nan, 525]]) * 0.3048
    assert gb.open_dem(path).heights_m == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("kind", ["declared", "not a number", "mask", "huge"])
def test_nodata_is_kept_apart_from_heights(tmp_path: Path, kind: str) -> None:
    heights = hills(20, 30).astype(float)
    gone = np.zeros(heights.shape, dtype=bool)
    gone[3:6, 4:9] = True
    marks = {"declared": -9999.0, "not a number": np.nan, "huge": -1.7e308}
    heights[gone] = marks.get(kind, 1234.0)
    path = tmp_path / "holes.tif"
    facts = {
        "driver": "GTiff", "height": 20, "width": 30, "count": 1, "dtype": "float64",
        "crs": "EPSG:4326", "transform": from_origin(70, 38, 0.01, 0.01),
        "nodata": None if kind in {"mask", "not a number"} else marks[kind],
    }  # fmt: skip
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", **facts) as raster,
    ):
        raster.write(heights, 1)
        if kind == "mask":
            raster.write_mask(~gone)
    found = gb.open_dem(path).heights_m
    assert (np.isnan(found) == gone).all()
    assert found[~gone] == pytest.approx(heights[~gone], rel=1e-6)


def hgt(folder: Path, lat: int, lon: int, heights: np.ndarray) -> Path:
    """Write a tile of SRTM: 1,201 big-endian samples a side, corner to corner."""
    path = folder / f"N{lat:02d}E{lon:03d}.hgt"
    path.write_bytes(heights.astype(">i2").tobytes())
    return path


def test_tiles_of_srtm_make_one_grid(tmp_path: Path, reads: list[int]) -> None:
    y, x = np.mgrid[0:1201, 0:2401]
    heights = (1000 + x // 3 + y // 7).astype("int16")
    west = heights[:, :1201].copy()
    west[600, 1200] = west[10, 10] = -32768  # the first is filled from the east
    east = heights[:, 1200:].copy()
    east[800, 0] += 50  # where both have data the first one counts
    tiles = [hgt(tmp_path, 37, 70, west), hgt(tmp_path, 37, 71, east)]
    dem = gb.open_dem(tiles)
    assert dem.shape == (1201, 2401)
    assert Path(dem.source).name == "N37E070.hgt and 1 more"
    wrong = dem.heights_m != heights
    assert np.argwhere(wrong).tolist() == [[10, 10]]
    assert np.isnan(dem.heights_m[10, 10])
    lon, lat = np.array([70.0, 71.0, 72.0]), np.array([38.0, 37.5, 37.0])
    assert dem.heights_at(lon, lat) == pytest.approx(
        heights[[0, 600, 1200], [0, 1200, 2400]]
    )
    assert np.asarray(gb.open_dem(tiles[::-1]).heights_m)[800, 1200] == (
        heights[800, 1200] + 50
    )
    reads.clear()
    gb.open_dem(tiles, bounds=(71.2, 37.2, 71.3, 37.3))
    assert len(reads) == 1  # the western tile is not touched
    gb.open_dem([tiles[1], *tiles], bounds=(71.2, 37.2, 71.3, 37.3))
    assert len(reads) == 2  # nor the eastern one again, as nothing is left to fill


def test_gaps_between_rasters_have_no_heights(tmp_path: Path) -> None:
    whole = utm(hills(40, 90))
    paths = []
    for n, (row, column) in enumerate([(20, 60), (0, 0)]):
        x, y = apply_transform(whole.transform, column, row)
        part = whole.heights_m[row : row + 20, column : column + 30]
        dem = Dem(part, from_origin(x, y, 100, 100), whole.crs, "part")
        paths.append(save(tmp_path / f"{n}.tif", dem))
    dem = gb.open_dem(paths)
    assert dem.shape == (40, 90)
    assert dem.transform.almost_equals(whole.transform, precision=1e-6)
    there = np.isfinite(dem.heights_m)
    assert there.sum() == 1200
    assert (dem.heights_m[there] == whole.heights_m[there]).all()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"crs": "EPSG:32643"}, "its CRS is 'WGS 84 / UTM zone 43N', not .*-t_srs"),
        ({"transform": from_origin(0, 0, 90, 90)}, "its cells are 90 by 90, not 100"),
        (
            {"transform": from_origin(30, 0, 100, 100)},
            "lie 0.3 columns and 0 rows .*tap",
        ),
        ({"transform": Affine(0, 100, 0, -100, 0, 0)}, "columns run another way"),
    ],
)
def test_rasters_that_do_not_fit_are_refused(
    tmp_path: Path, other: dict[str, object], message: str
) -> None:
    dem = Dem(hills(20, 20), from_origin(0, 0, 100, 100), CRS.from_epsg(32642), "made")
    one = save(tmp_path / "one.tif", dem)
    two = save(tmp_path / "two.tif", dem, **other)
    with pytest.raises(gb.DataError, match=rf"two\.tif' does not fit .*{message}"):
        gb.open_dem([one, two])


def test_no_raster_at_all_is_refused() -> None:
    with pytest.raises(gb.OptionError, match="empty list"):
        gb.open_dem([])


def test_a_virtual_raster_and_a_cog_open(tmp_path: Path, ramp: np.ndarray) -> None:
    path = write(tmp_path / "ramp.tif", ramp)
    rasterio.shutil.copy(path, tmp_path / "ramp.vrt", driver="VRT")
    rasterio.shutil.copy(path, tmp_path / "cog.tif", driver="COG")
    for other in ("ramp.vrt", "cog.tif"):
        found = gb.open_dem(str(tmp_path / other)).heights_m
        assert (found == ramp.astype("float32")).all()


def test_the_horizontal_part_of_a_compound_crs_counts(
    tmp_path: Path, ramp: np.ndarray
) -> None:
    path = write(tmp_path / "egm.tif", ramp, crs="EPSG:4326+5773")
    assert gb.open_dem(path).crs == LONLAT


# The shape of the ground


def test_slope_and_aspect_of_a_plane_in_degrees() -> None:
    row, column = np.indices((60, 80))
    dem = Dem(
        (5.0 * column + 12.0 * row).astype("float32"),
        from_origin(70, 60, 0.01, 0.01), LONLAT, "plane",
    )  # fmt: skip
    # The radii of curvature of WGS 84 at 59.7 N, the middle of the raster.
    a, e2, lat = Geod(ellps="WGS84").a, Geod(ellps="WGS84").es, np.radians(59.695)
    w = 1 - e2 * np.sin(lat) ** 2
    width = np.radians(0.01) * a / np.sqrt(w) * np.cos(lat)
    height = np.radians(0.01) * a * (1 - e2) / w**1.5
    slope = np.degrees(np.arctan(np.hypot(5 / width, 12 / height)))
    assert slope_deg(dem).heights_m[30, 40] == pytest.approx(slope, rel=1e-4)
    # It rises to the east and to the south, so it falls to the west and north.
    aspect = np.degrees(np.arctan2(-5 / width, 12 / height)) % 360
    assert aspect_deg(dem).heights_m[30, 40] == pytest.approx(aspect, abs=0.01)


def test_aspect_is_true_where_grid_north_is_not() -> None:
    # At 71.9 E in zone 42 grid north lies 1.8 degrees west of true north.
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    x, y = there.transform(71.9, 38.0)
    rows = np.indices((20, 20))[0].astype("float32")
    dem = Dem(rows, from_origin(x, y, 100, 100), CRS.from_epsg(32642), "made")
    turn = Proj("EPSG:32642").get_factors(71.9, 38.0).meridian_convergence
    assert turn == pytest.approx(1.786, abs=0.01)
    assert aspect_deg(dem).heights_m[0, 0] == pytest.approx(turn, abs=0.02)


def test_faces_of_a_pyramid_look_their_ways() -> None:
    y, x = np.mgrid[-40:41, -40:41]
    dem = utm(-10.0 * np.maximum(np.abs(x), np.abs(y)))
    aspect, shade = aspect_deg(dem).heights_m, hillshade(dem)
    sides = {"n": (10, 40), "e": (40, 70), "s": (70, 40), "w": (40, 10)}
    ways = [float(aspect[place]) for place in sides.values()]
    around = (np.array(ways) - [0, 90, 180, 270] + 180) % 360 - 180
    assert np.abs(around).max() < 0.1
    assert np.isnan(aspect[40, 40])  # the top
    lit = {side: float(shade[place]) for side, place in sides.items()}
    assert lit["n"] == pytest.approx(lit["w"], abs=1e-3)
    assert lit["s"] == pytest.approx(lit["e"], abs=1e-3)
    assert lit["n"] > np.sin(np.radians(45)) > lit["s"]
    nadir = hillshade(dem, altitude_deg=90, vertical_exaggeration=2)
    assert nadir[10, 40] == pytest.approx(1 / np.hypot(1, 2 * 0.1), abs=1e-4)


def test_flat_ground_has_no_aspect_and_even_light() -> None:
    dem = utm(np.full((5, 6), 700.0))
    assert np.isnan(aspect_deg(dem).heights_m).all()
    assert hillshade(dem, altitude_deg=30) == pytest.approx(0.5)
    assert hillshade(dem).dtype == np.float32
    line = utm(np.full((1, 6), 700.0))
    assert np.isnan(slope_deg(line).heights_m).all()


@pytest.mark.parametrize(
    "options",
    [{"altitude_deg": 91}, {"azimuth_deg": np.nan}, {"vertical_exaggeration": 0}],
)
def test_impossible_light_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(gb.OptionError, match=next(iter(options))):
        hillshade(utm(hills(5, 5)), **options)


def test_ruggedness_by_brute_force() -> None:
    heights = hills(9, 11)
    heights[2, 7] = np.nan
    expected = np.full(heights.shape, np.nan)
    for row in range(1, 8):
        for column in range(1, 10):
            window = heights[row - 1 : row + 2, column - 1 : column + 2].astype(float)
            expected[row, column] = np.sqrt(((window - window[1, 1]) ** 2).sum())
    found = ruggedness_m(utm(heights)).heights_m
    assert found == pytest.approx(expected, rel=1e-5, nan_ok=True)
    assert np.isfinite(found).sum() == 7 * 9 - 9


def run_gdaldem(tool: str, path: Path, *options: str) -> np.ndarray:
    """Return what gdaldem says of the inner cells."""
    mode, target = options[0], path.with_name(f"{options[0]}.tif")
    subprocess.run(  # noqa: S603 - a tool found on the path, with our own arguments
        [tool, mode, str(path), str(target), "-q", *options[1:]],
        check=True,
        capture_output=True,
    )
    with rasterio.open(target) as raster:
        return raster.read(1)[1:-1, 1:-1]


@pytest.mark.gdal
def test_slope_aspect_and_ruggedness_agree_with_gdaldem(
    tmp_path: Path, gdaldem: str
) -> None:
    dem = utm(hills(120, 150))
    path = save(tmp_path / "hills.tif", dem)
    inner = np.s_[1:-1, 1:-1]
    # gdaldem measures on the grid, whose scale at the central meridian is 0.9996.
    slope = run_gdaldem(gdaldem, path, "slope", "-alg", "ZevenbergenThorne")
    ours = slope_deg(dem).heights_m[inner]
    ratio = np.tan(np.radians(ours)) / np.tan(np.radians(slope))
    assert ratio[slope > 1] == pytest.approx(0.9996, abs=2e-5)
    aspect = run_gdaldem(gdaldem, path, "aspect", "-alg", "ZevenbergenThorne")
    turn = np.abs((aspect_deg(dem).heights_m[inner] - aspect + 180) % 360 - 180)
    # Grid north is up to 0.11 degrees off true north 15 km from the meridian.
    assert turn[slope > 1].max() < 0.12
    rugged = run_gdaldem(gdaldem, path, "TRI", "-alg", "Riley")
    assert ruggedness_m(dem).heights_m[inner] == pytest.approx(rugged, rel=1e-5)
    shade = run_gdaldem(gdaldem, path, "hillshade", "-alg", "ZevenbergenThorne")
    assert hillshade(dem)[inner] * 254 + 1 == pytest.approx(shade, abs=1.5)


# Profiles


def test_a_profile_follows_the_line(tmp_path: Path) -> None:
    dem = utm(hills(300, 400))
    lonlat = gpd.GeoSeries(
        [
            LineString([(69.05, 37.95), (69.2, 37.9), (69.4, 37.8)]),
            MultiLineString(
                [[(69.1, 37.8), (69.2, 37.8)], [(69.2, 37.8), (69.2, 37.9)]]
            ),
        ],
        index=["a", "b"],
        crs="EPSG:4326",
    )
    table = profile(lonlat.to_crs(32642), dem=dem, step_m=500)
    assert list(table.columns) == ["line", "chainage_km", "height_m", "geometry"]
    assert table.crs == LONLAT
    x, y = table.geometry.x.to_numpy(), table.geometry.y.to_numpy()
    assert table["height_m"].to_numpy() == pytest.approx(dem.heights_at(x, y))
    geod = Geod(ellps="WGS84")
    for label, own in table.groupby("line"):
        length = geod.geometry_length(lonlat[label]) / 1000
        steps = np.diff(own["chainage_km"])
        assert own["chainage_km"].iloc[0] == 0
        assert own["chainage_km"].iloc[-1] == pytest.approx(length, abs=1e-6)
        assert steps == pytest.approx(steps[0])
        assert length / 0.5 <= len(steps) < length / 0.5 + 1
    assert own.geometry.iloc[0].x == pytest.approx(69.1)
    path = save(tmp_path / "hills.tif", dem)
    again = profile(lonlat, dem=path)  # at most a cell a step
    assert np.diff(again["chainage_km"]).max() <= 0.1001
    assert len(again) > 4 * len(table)


@pytest.mark.parametrize("step_m", [0, -1, np.nan, np.inf])
def test_a_profile_needs_a_step(step_m: float) -> None:
    line = gpd.GeoSeries([LineString([(69.1, 37.9), (69.2, 37.9)])], crs=4326)
    with pytest.raises(gb.OptionError, match="`step_m` must be positive"):
        profile(line, dem=gb.open_dem(), step_m=step_m)


def test_a_profile_off_the_raster_has_no_heights() -> None:
    line = gpd.GeoSeries([LineString([(69.1, 37.9), (68.9, 37.9)])], crs=4326)
    heights = profile(line, dem=utm(hills(300, 400)), step_m=1000)["height_m"]
    assert heights.notna().iloc[0]
    assert heights.isna().iloc[-1]
