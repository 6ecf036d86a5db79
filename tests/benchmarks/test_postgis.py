"""
Writing to PostGIS and reading from it, beside GeoPandas and GDAL, in one run.

Run with ``pytest tests/benchmarks/test_postgis.py --benchmark-only -s``. 100,000
segments with the plan's attributes go to a PostgreSQL on this machine and come back.
The peers: GeoPandas' `to_postgis` and `read_postgis` (SQLAlchemy over psycopg), and
the system's ogr2ogr with COPY, from and to a GeoPackage. Ways take turns; the ratio of
the medians of three rounds is printed.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg
import pytest
from databases import clean_environment

import geoborder as gb
from geoborder.postgis import read_table, write_table

pytestmark = pytest.mark.postgis

ROWS = 100_000
ROUNDS = 3
_OF_THIS_PYTHON = ("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_DATA", "PROJ_LIB")


@pytest.fixture(scope="module")
def segments(plan: gb.Plan) -> gpd.GeoDataFrame:
    """Segments of the border, with the attributes of those they lie in."""
    fine = gb.segment_border(plan.border, count=ROWS)
    coarse = plan.segments
    row = np.searchsorted(coarse["start_km"], fine["start_km"], side="right") - 1
    own = coarse.columns.difference([*fine.columns, "geometry"], sort=False)
    rest = coarse.iloc[row][own].reset_index(drop=True)
    return fine.reset_index(drop=True).join(rest)


def medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time ways of doing one thing, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def test_segments_go_there_and_come_back(
    benchmark: object,
    segments: gpd.GeoDataFrame,
    postgis_address: str,
    tmp_path: Path,
) -> None:
    """Seconds of geoborder, GeoPandas and ogr2ogr, there and back."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    pytest.importorskip("geoalchemy2")
    if shutil.which("ogr2ogr") is None:
        pytest.skip("needs ogr2ogr (Debian: apt-get install gdal-bin)")
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(postgis_address)
    )
    place = f"PG:{postgis_address}"
    file = gb.write_layer(segments, tmp_path / "segments.gpkg")
    kept = {k: v for k, v in clean_environment().items() if k not in _OF_THIS_PYTHON}

    def ogr2ogr(*arguments: object) -> None:
        command = ["ogr2ogr", "-overwrite", "-gt", "unlimited", *map(str, arguments)]
        subprocess.run(command, check=True, env=kept)  # noqa: S603 - found above

    def theirs() -> None:
        segments.to_postgis("theirs", engine, if_exists="replace", index=False)

    def read_theirs() -> gpd.GeoDataFrame:
        return gpd.read_postgis("select * from theirs", engine, geom_col="geometry")

    back = tmp_path / "back.gpkg"
    written = medians(
        {
            "geoborder": lambda: write_table(segments, postgis_address, "ours"),
            "GeoPandas": theirs,
            "ogr2ogr": lambda: ogr2ogr(place, file, "-nln", "gdal"),
        }
    )
    read = medians(
        {
            "geoborder": lambda: read_table(postgis_address, "ours"),
            "GeoPandas": read_theirs,
            "ogr2ogr": lambda: ogr2ogr("-f", "GPKG", back, place, "gdal"),
        }
    )
    ours = read_table(postgis_address, "ours")
    assert ours.geometry.geom_equals(segments.geometry).all()
    assert len(read_theirs()) == len(gb.read_layer(back)) == ROWS
    engine.dispose()
    benchmark.pedantic(lambda: None, rounds=1)
    print(f"\n\n{ROWS:,} segments of {segments.shape[1]} columns\n")  # noqa: T201
    print("| way | write, s | of ours | read, s | of ours |\n|---|---|---|---|---|")  # noqa: T201
    for name in written:
        times = written[name], read[name]
        key = "" if name == "geoborder" else f"{name}_"
        benchmark.extra_info |= {f"{key}write_s": times[0], f"{key}read_s": times[1]}
        print(  # noqa: T201
            f"| {name} | {times[0]:.2f} | {times[0] / written['geoborder']:.1f} x "
            f"| {times[1]:.2f} | {times[1] / read['geoborder']:.1f} x |"
        )
