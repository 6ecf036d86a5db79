"""
All layers of a plan written and read in every format, beside GeoPandas' own ways.

Run with ``pytest tests/benchmarks/test_formats.py --benchmark-only -s``; it prints a
table for the default plan (a file a layer) and one for a plan with 100,000 segments,
which takes two minutes to make: 1,524,184 rows, most of them coverage by segment and
year, with their lines and without. All of it takes a quarter of an hour. The peers:
``to_file`` and ``read_file`` with the same driver and nothing set, ``to_parquet`` and
``read_parquet``, pandas' CSV with WKT. Ours and theirs take turns; times are medians of
three for the default plan, one run for the large one.

What comes back from GeoPandas is not the same: whole numbers with missing ones are
floats, dates are times, FlatGeobuf has other rows first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from databases import start_server
from shapely import from_wkt

import geoborder as gb
from geoborder.export import plan_layers
from geoborder.files import FORMATS

Tables = dict[str, pd.DataFrame]

LONG_KM = 0.01344
"""Length of 100,001 segments."""

DRIVERS = {
    "gpkg": "GPKG",
    "flatgeobuf": "FlatGeobuf",
    "geojson": "GeoJSON",
    "geojsonseq": "GeoJSONSeq",
    "kml": "LIBKML",
}


@pytest.fixture(scope="module")
def default(plan: gb.Plan) -> Tables:
    return with_rows(plan_layers(plan))


@pytest.fixture(scope="module")
def long() -> Tables:
    return with_rows(plan_layers(gb.make_plan(segment_length_km=LONG_KM, placed=False)))


def with_rows(tables: Tables) -> Tables:
    """Leave out what is empty: GeoPandas' text sequences are not read again then."""
    return {name: table for name, table in tables.items() if len(table)}


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, list[str]]]:
    """Lines of the tables, printed when all is done."""
    lines: dict[str, list[str]] = {}
    yield lines
    head = "| format | MB | write, s | read, s | GeoPandas: MB | write | read |"
    for title, rows in lines.items():
        print(f"\n\n{title}\n\n{head}\n|{'---|' * 7}")  # noqa: T201
        print("\n".join(rows))  # noqa: T201
    print("\n\nWhat does not come back as it was:\n")  # noqa: T201
    for fmt in FORMATS.values():
        print(f"- {fmt.title}: {'; '.join(fmt.told_changes())}.")  # noqa: T201


def ours(tables: Tables, folder: Path, ending: str) -> tuple[float, float]:
    """Seconds to write all tables, and to read them."""
    start = time.perf_counter()
    for name, table in tables.items():
        gb.write_layer(table, folder / f"{name}{ending}")
    middle = time.perf_counter()
    for name, table in tables.items():
        read = gb.read_layer if isinstance(table, gpd.GeoDataFrame) else gb.read_table
        read(folder / f"{name}{ending}")
    return middle - start, time.perf_counter() - middle


def theirs(tables: Tables, folder: Path, name: str, ending: str) -> tuple[float, float]:
    """Seconds of GeoPandas or pandas."""
    write, read = {
        "csv": (csv_out, csv_in),
        "geoparquet": (parquet_out, parquet_in),
    }.get(name, (file_out(DRIVERS.get(name, "")), gpd.read_file))
    start = time.perf_counter()
    for layer, table in tables.items():
        write(table, folder / f"{layer}{ending}")
    middle = time.perf_counter()
    for layer in tables:
        read(folder / f"{layer}{ending}")
    return middle - start, time.perf_counter() - middle


def file_out(driver: str) -> Callable[[pd.DataFrame, Path], None]:
    # FlatGeobuf cannot index what has no place.
    more = {"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" else {}

    def write(table: pd.DataFrame, path: Path) -> None:
        if isinstance(table, gpd.GeoDataFrame):
            table.to_file(path, driver=driver)
        else:
            pyogrio.write_dataframe(table, path, driver=driver, **more)

    return write


def parquet_out(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, index=False)


def parquet_in(path: Path) -> pd.DataFrame:
    try:
        return gpd.read_parquet(path)
    except ValueError:
        return pd.read_parquet(path)


def csv_out(table: pd.DataFrame, path: Path) -> None:
    plain = pd.DataFrame(table)
    if isinstance(table, gpd.GeoDataFrame):
        plain = plain.assign(geometry=table.geometry.to_wkt(rounding_precision=7))
    plain.to_csv(path, index=False)


def csv_in(path: Path) -> pd.DataFrame:
    plain = pd.read_csv(path, low_memory=False)
    if "geometry" not in plain.columns:
        return plain
    return gpd.GeoDataFrame(plain, geometry=from_wkt(plain["geometry"]), crs=4326)


def megabytes(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.iterdir()) / 1e6


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # GDAL's, of the peers
@pytest.mark.parametrize("size", ["default", "long"])
@pytest.mark.parametrize("name", FORMATS)
def test_format(
    benchmark: object,
    name: str,
    size: str,
    request: pytest.FixtureRequest,
    told: dict[str, list[str]],
    tmp_path: Path,
) -> None:
    tables: Tables = request.getfixturevalue(size)
    ending = FORMATS[name].endings[0]
    folders = tmp_path / "ours", tmp_path / "theirs"
    for folder in folders:
        folder.mkdir()
    times: list[tuple[float, float]] = []
    peers: list[tuple[float, float]] = []
    benchmark.pedantic(
        lambda: times.append(ours(tables, folders[0], ending)),
        setup=lambda: peers.append(theirs(tables, folders[1], name, ending)),
        rounds=3 if size == "default" else 1,
    )
    mine, other = np.median(times, axis=0), np.median(peers, axis=0)
    rows = sum(map(len, tables.values()))
    benchmark.extra_info |= {
        "layers": len(tables),
        "rows": rows,
        "MB": megabytes(folders[0]),
        "write_s": mine[0],
        "read_s": mine[1],
        "times_faster_to_write_than_GeoPandas": other[0] / mine[0],
        "times_faster_to_read_than_GeoPandas": other[1] / mine[1],
    }
    told.setdefault(f"{size}: {len(tables)} layers, {rows:,} rows", []).append(
        f"| {FORMATS[name].title} | {megabytes(folders[0]):.1f} | {mine[0]:.2f} "
        f"| {mine[1]:.2f} | {megabytes(folders[1]):.1f} "
        f"| {other[0] / mine[0]:.1f} x | {other[1] / mine[1]:.1f} x |"
    )


@pytest.mark.postgis
@pytest.mark.parametrize("size", ["default", "long"])
def test_postgis(
    benchmark: object,
    size: str,
    request: pytest.FixtureRequest,
    told: dict[str, list[str]],
) -> None:
    pytest.importorskip("psycopg")
    from geoborder.postgis import read_table, write_tables  # noqa: PLC0415 - an extra

    tables: Tables = request.getfixturevalue(size)
    with start_server() as server, server.database() as database:
        address = server.address(database)
        benchmark.pedantic(lambda: write_tables(tables, address), rounds=1)
        write = benchmark.stats.stats.median
        start = time.perf_counter()
        for name in tables:
            read_table(address, f"geoborder.{name}")
        read = time.perf_counter() - start
        size_mb = int(server.psql("select pg_database_size(current_database())",
                                  database=database)) / 1e6  # fmt: skip
    rows = sum(map(len, tables.values()))
    benchmark.extra_info |= {
        "layers": len(tables),
        "rows": rows,
        "MB": size_mb,
        "write_s": write,
        "read_s": read,
    }
    told.setdefault(f"{size}: {len(tables)} layers, {rows:,} rows", []).append(
        f"| PostGIS | {size_mb:.1f} | {write:.2f} | {read:.2f} | | | |"
    )
