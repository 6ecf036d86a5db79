"""
Plans in PostGIS held against programs of others.

GDAL reads tables and views without a complaint and value for value; GeoPandas reads
them with its own driver; pg_dump hands a plan on; what GDAL writes is read here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
import sqlalchemy
import tools
from databases import Server, clean_environment

import geoborder as gb
from geoborder.dictionary import LAYERS
from geoborder.export import plan_layers
from geoborder.postgis import read_table, read_tables, write_tables

pytestmark = pytest.mark.postgis

_OF_THIS_PYTHON = ("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_DATA", "PROJ_LIB")


@pytest.fixture(scope="module")
def tables(plan: gb.Plan) -> dict[str, pd.DataFrame]:
    return plan_layers(plan)


@pytest.fixture(scope="module")
def address(postgis: Server, tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    with postgis.database() as name:
        write_tables(tables, postgis.address(name), currency="USD")
        yield postgis.address(name)


def for_gdal(address: str, schema: str = "geoborder") -> str:
    """Name a database as GDAL does."""
    parts = urlsplit(address)
    host = parse_qs(parts.query)["host"][0]
    return (
        f"PG:host={host} dbname={parts.path[1:]} user={parts.username} schemas={schema}"
    )


def gdal(program: str, *arguments: str) -> str:
    """Run a program of GDAL, which must not complain."""
    found = tools.program(program, package="gdal-bin")
    kept = {k: v for k, v in clean_environment().items() if k not in _OF_THIS_PYTHON}
    done = subprocess.run(  # noqa: S603 - a program of GDAL
        [found, *arguments], capture_output=True, text=True, check=False, env=kept
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.gdal
def test_gdal_reads_every_table_and_view(
    address: str, tables: dict[str, pd.DataFrame]
) -> None:
    options = ("-ro", "-al", "-oo", "LIST_ALL_TABLES=YES")
    told = gdal("ogrinfo", *options, "-so", for_gdal(address))
    layers = {}
    for part in told.split("Layer name: ")[1:]:
        name, _, rest = part.partition("\n")
        layers[name] = rest
    assert {"v_segments_by_year", "v_coverage_by_year", "manifest"} <= set(layers)
    for name, table in tables.items():
        assert f"Feature Count: {len(table)}\n" in layers[name], name
        kind = LAYERS[name].geometry
        if kind is not None and isinstance(table, gpd.GeoDataFrame):
            words = {"LineString": "Line String", "MultiPolygon": "Multi Polygon"}
            assert f"Geometry: {words.get(kind, kind)}\n" in layers[name], name
            assert 'ID["EPSG",4326]' in layers[name]
    assert "length_km: Real (0.0)" in layers["segments"]
    assert "Geometry: Line String\n" in layers["v_segments_by_year"]
    everything = gdal("ogrinfo", *options, for_gdal(address))
    rows = sum(len(table) for table in tables.values())
    assert everything.count("OGRFeature(") > rows


@pytest.mark.gdal
def test_gdal_copies_what_was_written(address: str, tmp_path: Path) -> None:
    names = ("segments", "assets", "units", "coverage_by_segment_year")
    file = tmp_path / "copy.gpkg"
    gdal("ogr2ogr", "-f", "GPKG", str(file), for_gdal(address), *names)
    for name in names:
        read = gb.read_table if LAYERS[name].geometry is None else gb.read_layer
        copy, ours = read(file, layer=name), read_tables(address)[name]
        copy = copy[[c for c in copy.columns if c in ours.columns]]
        assert_alike(ours, copy)


def assert_alike(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Equal values, whatever their types; what is missing is missing."""
    assert set(ours.columns) == set(theirs.columns)
    assert len(ours) == len(theirs)
    for name in ours.columns:
        left, right = ours[name], theirs[name]
        if str(left.dtype) == "geometry":
            assert left.geom_equals_exact(right, 0.0).all()
            continue
        gone = left.isna().to_numpy()
        assert (gone == right.isna().to_numpy()).all(), name
        assert left[~gone].tolist() == right[~gone].tolist(), name


@pytest.mark.gdal
def test_what_gdal_writes_is_read(postgis: Server, tmp_path: Path) -> None:
    border = gb.load_border()
    gb.write_layer(border, tmp_path / "border.gpkg")
    with postgis.database() as name:
        place = for_gdal(postgis.address(name), "public")
        gdal("ogr2ogr", place, str(tmp_path / "border.gpkg"), "-nln", "north")
        found = gb.read_layer(postgis.address(name), layer="north")
        ids = found.pop("fid")
        assert ids.tolist() == [1]
        # GDAL sends 15 digits of a number.
        lengths = border["length_km"].to_numpy(), found["length_km"].to_numpy()
        assert lengths[0] == pytest.approx(lengths[1], rel=1e-14)
        assert_alike(border.drop(columns="length_km"), found.drop(columns="length_km"))
        cut, wanted = (gb.segment_border(b, length_km=50) for b in (found, border))
        assert cut["end_km"].to_numpy() == pytest.approx(wanted["end_km"].to_numpy())


@pytest.mark.parametrize("name", ["segments", "assets", "units", "crossings"])
def test_geopandas_reads_the_same(address: str, name: str) -> None:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(address)
    )
    try:
        query = f'select * from geoborder."{name}" order by fid'  # noqa: S608 - a name above
        theirs = gpd.read_postgis(query, engine, geom_col="geom")
    finally:
        engine.dispose()
    ours = read_table(address, f"geoborder.{name}").rename_geometry("geom")
    assert theirs.pop("fid").tolist() == list(range(1, len(ours) + 1))
    assert ours.crs == theirs.crs
    for column in ("start_date", "end_date"):
        if column in theirs:
            theirs[column] = pd.to_datetime(theirs[column])
    assert_alike(ours, theirs)


def test_a_plan_is_handed_on_by_pg_dump(
    postgis: Server, address: str, tables: dict[str, pd.DataFrame]
) -> None:
    source = urlsplit(address).path[1:]
    with postgis.database() as name:
        dump = postgis.run(
            str(postgis.tools / "pg_dump"),
            *("-h", str(postgis.folder), "-U", "postgres", "-n", "geoborder", source),
        )
        postgis.psql(dump, database=name)
        other = postgis.address(name)
        now, was = read_tables(other), read_tables(address)
        for table, rows in was.items():
            assert_alike(rows, now[table])
        # There it can be written again, too.
        write_tables(tables, other, currency="USD")
        assert list(read_tables(other)) == list(tables)


def test_postgis_finds_what_geopandas_finds(address: str, plan: gb.Plan) -> None:
    found = read_table(
        address,
        "select s.segment_id, count(*) as items from geoborder.segments s "
        "join geoborder.assets a on st_dwithin(s.geom, a.geom, 0.05) "
        "group by s.segment_id order by s.segment_id",
    )
    left, right = plan.segments.geometry.array, plan.assets.geometry.to_numpy()
    near = np.array([(shapely.distance(right, line) <= 0.05).sum() for line in left])
    wanted = plan.segments["segment_id"].to_numpy()[near > 0]
    assert found["segment_id"].tolist() == wanted.tolist()
    assert found["items"].tolist() == near[near > 0].tolist()
