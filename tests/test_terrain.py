"""Elevation: georeferencing, interpolation, relief, and bad rasters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin
from rasterio.warp import Resampling, calculate_default_transform, reproject

import geoborder as gb
from geoborder.terrain import Dem, is_mountain, local_relief, slope_deg


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
