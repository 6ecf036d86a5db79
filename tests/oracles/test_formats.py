"""
Files held against programs of others.

Layers of the real plan, in every format, are read by the system's GDAL (the one QGIS
and Debian's tools use), value for value and without a complaint; GeoParquet goes
through a validator of the specification, GeoPackage and GeoTIFF through GDAL's.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import geopandas as gpd
import geoparquet_validator
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from affine import Affine
from peers import gdal_layers
from pyproj import CRS
from tools import missing

import geoborder as gb
from geoborder.files import FORMATS, write_raster

FOR_GDAL = [name for name in FORMATS if name != "geoparquet"]  # GDAL 3.6 has no Parquet
LAYERS = ("segments", "assets", "units")


@pytest.fixture(scope="module")
def debian() -> str:
    found = gdal_layers.version()
    if found is None or shutil.which("ogrinfo") is None:
        missing("needs GDAL (Debian: apt-get install gdal-bin python3-gdal)")
    return str(found)


def dated(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add what the layer lacks: dates, and truth with missing values."""
    days = pd.Series(pd.Timestamp(2025, 1, 1), index=layer.index)
    days.iloc[1] = pd.NaT
    holds = pd.array([n % 3 == 0 for n in range(len(layer))], "boolean")
    holds[2] = pd.NA
    return layer.assign(start_date=days, holds=holds)


@pytest.fixture(scope="module")
def tables(plan: gb.Plan) -> dict[str, gpd.GeoDataFrame]:
    return {name: dated(getattr(plan, name)) for name in LAYERS}


@pytest.fixture(scope="module")
def paths(
    tables: dict[str, gpd.GeoDataFrame], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("formats")
    written = {}
    for name, fmt in FORMATS.items():
        for layer, table in tables.items():
            path = folder / f"{layer}{fmt.endings[0]}"
            written[name, layer] = path
            gb.write_layer(table, path)
    return written


@pytest.fixture(scope="module")
def seen(debian: str, paths: dict[tuple[str, str], Path]) -> dict[str, dict[str, Any]]:
    assert debian
    files = [str(path) for (name, _), path in paths.items() if name in FOR_GDAL]
    return gdal_layers.layers(files)


@pytest.mark.gdal
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", FOR_GDAL)
def test_gdal_reads_the_same_values(
    name: str,
    layer: str,
    tables: dict[str, gpd.GeoDataFrame],
    paths: dict[tuple[str, str], Path],
    seen: dict[str, dict[str, Any]],
) -> None:
    table, found = tables[layer], seen[str(paths[name, layer])]
    assert found["complaints"] == []
    assert found["lonlat"] or name == "csv"  # CSV does not say
    assert len(found["rows"]) == len(table)
    places = {field: n for n, field in enumerate(found["fields"])}
    if name == "kml":  # a field called name is the placemark's
        places.setdefault("name", places["Name"])
    for column in table.columns.drop("geometry"):
        values = [row[places[column]] for row in found["rows"]]
        wrong = [
            (was, now)
            for was, now in zip(table[column], values, strict=True)
            if not close(was, now)
        ]
        assert wrong == [], column
    shapes = shapely.from_wkt([row[-1] for row in found["rows"]])
    was, now = (
        shapely.get_coordinates(shapely.normalize(s))
        for s in (table.geometry.to_numpy(), shapes)
    )
    assert np.abs(was - now).max() <= (5e-8 if FORMATS[name].lonlat else 1e-12)


def close(was: Any, now: Any) -> bool:  # noqa: ANN401 - values of any type
    """Whether GDAL has the value, as itself or as text."""
    if pd.isna(was):
        return now is None or now == ""
    if isinstance(was, pd.Timestamp):
        return now[:10].replace("-", "/") == f"{was:%Y/%m/%d}"
    if isinstance(was, bool | np.bool_):
        return now in {int(was), str(int(was)), str(was).lower()}
    if isinstance(was, str):
        return now == was
    return math.isclose(float(now), was, rel_tol=1e-14)


@pytest.mark.gdal
@pytest.mark.parametrize("name", FOR_GDAL)
def test_types_are_seen_by_gdal(
    name: str, paths: dict[tuple[str, str], Path], seen: dict[str, dict[str, Any]]
) -> None:
    fields = seen[str(paths[name, "segments"])]["fields"]
    assert fields["length_km"] == ("String" if name == "csv" else "Real")
    if name != "csv":
        assert fields["segment_id"] in {"Integer", "Integer64"}
    if name not in {"csv", "kml"}:
        assert fields["start_date"] == ("DateTime" if name == "flatgeobuf" else "Date")


@pytest.mark.gdal
@pytest.mark.parametrize("name", FOR_GDAL)
def test_ogrinfo_is_silent(
    name: str, debian: str, paths: dict[tuple[str, str], Path]
) -> None:
    assert debian
    for layer in LAYERS:
        done = subprocess.run(  # noqa: S603 - a tool found on the path
            [str(shutil.which("ogrinfo")), "-al", "-so", str(paths[name, layer])],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        assert "Warning" not in done.stdout
        assert f"Layer name: {layer}" in done.stdout


@pytest.mark.gdal
def test_geopackage_is_valid(
    debian: str, paths: dict[tuple[str, str], Path], tables: dict[str, gpd.GeoDataFrame]
) -> None:
    assert debian
    path = paths["gpkg", "assets"]
    gb.write_layer(tables["units"], path, layer="more")
    check("validate_gpkg", path)


def check(script: str, path: Path, *options: str) -> str:
    """Run a script of GDAL's that validates files."""
    done = subprocess.run(  # noqa: S603 - a script of GDAL's
        [gdal_layers.SYSTEM_PYTHON, "-m", f"osgeo_utils.samples.{script}", *options,
         str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.mark.gdal
@pytest.mark.parametrize("shape", [(40, 60), (700, 1300)])
def test_raster_is_a_cloud_optimised_geotiff(
    shape: tuple[int, int], debian: str, tmp_path: Path
) -> None:
    assert debian
    rows, columns = shape
    values = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.int16)
    values[:5, :5] = -1
    path = write_raster(
        values,
        tmp_path / "x.tif",
        transform=Affine(0.01, 0, 68, 0, -0.01, 39),
        crs=CRS(4326),
        nodata=-1,
        description="sum",
        unit="m",
    )
    assert "is a valid cloud" in check(
        "validate_cloud_optimized_geotiff", path, "--full-check=yes"
    )
    done = subprocess.run(  # noqa: S603 - a tool found on the path
        [str(shutil.which("gdalinfo")), "-json", "-mm", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    told = json.loads(done.stdout)
    band = told["bands"][0]
    assert told["size"] == [columns, rows]
    assert (band["computedMin"], band["computedMax"]) == (5, rows + columns - 2)
    assert (band["noDataValue"], band["unit"], band["description"]) == (-1, "m", "sum")
    assert len(band.get("overviews", [])) == (2 if columns > 1000 else 0)


HARD = {
    "missing": [shapely.Point(1, 2), None],
    "empty": [],
    "mixed": [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])],
    "high": [shapely.LineString([(68, 37, 5), (69, 38, 6)])],
    "measured": [shapely.from_wkt("LINESTRING ZM (68 37 5 1, 69 38 6 2)")],
}


@pytest.mark.parametrize("what", [*LAYERS, *HARD])
def test_geoparquet_meets_its_specification(
    what: str, tables: dict[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    table = (
        tables[what]
        if what in tables
        else gpd.GeoDataFrame(geometry=HARD[what], crs="EPSG:32642")
    )
    path = gb.write_layer(table, tmp_path / "x.parquet")
    report = geoparquet_validator.check(str(path))
    assert report["version"] == "1.1.0"
    unasked = {"/conf/distribution/geospatial-statistics"} if what == "empty" else set()
    assert set(geoparquet_validator.failed(report)) == unasked
    passed = {o["id"] for o in report["outcomes"] if o["status"] == "pass"}
    assert "/conf/core/geo-metadata" in passed
    covered = any("covering" in outcome for outcome in passed)
    assert covered == (what != "empty")


def test_geoparquet_says_what_it_holds(
    tables: dict[str, gpd.GeoDataFrame], paths: dict[tuple[str, str], Path]
) -> None:
    file = pq.ParquetFile(paths["geoparquet", "segments"])
    told = json.loads(file.schema_arrow.metadata[b"geo"])
    assert told["version"] == "1.1.0"
    assert told["primary_column"] == "geometry"
    column = told["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["LineString"]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4326}
    assert column["bbox"] == tables["segments"].total_bounds.tolist()
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert str(file.schema_arrow.field("start_date").type) == "date32[day]"
    assert str(file.schema_arrow.field("segment_id").type) == "int64"
    boxes = file.read(["bbox"])["bbox"].combine_chunks().flatten()
    bounds = tables["segments"].bounds.to_numpy().T
    assert np.array_equal(np.array([box.to_numpy() for box in boxes]), bounds)


def test_long_layers_are_read_by_place(tmp_path: Path) -> None:
    """Groups of rows follow the line, so that a window needs few of them."""
    line = gb.segment_border(gb.load_border(), length_km=0.05)
    path = gb.write_layer(line, tmp_path / "long.parquet")
    file = pq.ParquetFile(path)
    west = [
        file.metadata.row_group(n).column(file.metadata.num_columns - 4).statistics
        for n in range(file.num_row_groups)
    ]
    assert file.num_row_groups == math.ceil(len(line) / 8192)
    assert west[0].min > 0
    x, y = line.geometry.iloc[len(line) // 2].coords[0]
    box = (x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    read = gpd.read_parquet(path, bbox=box)
    assert set(read["segment_id"]) == set(
        line.cx[box[0] : box[2], box[1] : box[3]]["segment_id"]
    )
    assert gb.read_layer(path).equals(line)
