"""
Layers in other tools that hold tables: DuckDB, dask-geopandas, Arrow.

DuckDB reads files with its spatial extension, measures lengths with GeographicLib and
leaves out what lies elsewhere; dask-geopandas reads them in parts; Arrow tables go in
and out without a file.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dask
import dask_geopandas
import duckdb
import duckdb_extension_spatial
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from geopandas.testing import assert_geodataframe_equal
from pyogrio.raw import read_arrow, write_arrow

import geoborder as gb

pytestmark = pytest.mark.filterwarnings(
    # dask's own, under pandas 3
    "ignore:The inplace keyword:DeprecationWarning"
)

Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def segments(border: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut segments of 50 m, 26,880 of them."""
    return gb.segment_border(border, length_km=0.05)


@pytest.fixture(scope="module")
def file(segments: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dataframes") / "segments.parquet"
    gb.write_layer(segments, path)
    return path


@pytest.fixture(scope="module")
def window(segments: gpd.GeoDataFrame) -> Box:
    """Take a window of two kilometres in the middle of the border."""
    x, y = segments.geometry.iloc[len(segments) // 2].coords[0]
    return x - 0.01, y - 0.01, x + 0.01, y + 0.01


@pytest.fixture(scope="module")
def inside(segments: gpd.GeoDataFrame, window: Box) -> list[int]:
    west, south, east, north = window
    found = segments.cx[west:east, south:north]["segment_id"].tolist()
    assert 0 < len(found) < 1000
    return found


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with the spatial extension that its package brings."""
    folder = Path(duckdb_extension_spatial.__file__).parent
    (extension,) = folder.rglob("spatial.duckdb_extension")
    never = {"autoinstall_known_extensions": False}
    with duckdb.connect(config=never) as connection:
        connection.execute(f"LOAD '{extension}'")
        yield connection


LENGTH_KM = "ST_Length_Spheroid(ST_FlipCoordinates(geometry)) / 1000"
"""Of DuckDB, whose function takes latitude first."""


def test_duckdb_sees_types_and_values(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    layer = gpd.GeoDataFrame(
        {
            "name": ["Ҷайҳун", 'it\'s; -- "x"'],
            "many": pd.array([1, pd.NA], dtype="Int64"),
            "open": pd.array([True, pd.NA], dtype="boolean"),
            "since": pd.to_datetime(["2025-01-01", None]),
            "share": [0.1, np.nan],
        },
        geometry=gpd.points_from_xy([68.5, 71.0], [37.0, 38.0]),
        crs=4326,
    )
    path = gb.write_layer(layer, tmp_path / "x.parquet")
    described = duck.sql(f"DESCRIBE FROM '{path}'").fetchall()
    assert {row[0]: row[1] for row in described if row[0] != "bbox"} == {
        "name": "VARCHAR",
        "many": "BIGINT",
        "open": "BOOLEAN",
        "since": "DATE",
        "share": "DOUBLE",
        "geometry": "GEOMETRY('EPSG:4326')",
    }
    rows = duck.sql(
        f"SELECT name, many, open, since::VARCHAR, share, ST_AsText(geometry) "  # noqa: S608 - a file of this test
        f"FROM '{path}'"
    ).fetchall()
    assert rows == [
        ("Ҷайҳун", 1, True, "2025-01-01", 0.1, "POINT (68.5 37)"),
        ('it\'s; -- "x"', None, None, None, None, "POINT (71 38)"),
    ]


def test_duckdb_measures_the_same_lengths(
    duck: duckdb.DuckDBPyConnection, file: Path, segments: gpd.GeoDataFrame
) -> None:
    found = duck.sql(
        f"SELECT segment_id, length_km, {LENGTH_KM} AS own FROM '{file}'"  # noqa: S608 - a file of this test
    ).df()
    assert found["segment_id"].tolist() == segments["segment_id"].tolist()
    assert np.array_equal(found["length_km"], segments["length_km"])
    # A millimetre in 1,000 km: cut places are found to a nanometre or so.
    assert np.abs(found["own"] - found["length_km"]).max() < 1e-8
    assert found["own"].sum() == pytest.approx(segments["length_km"].sum(), rel=1e-9)


def test_duckdb_reads_a_window_and_nothing_else(
    duck: duckdb.DuckDBPyConnection,
    file: Path,
    window: Box,
    inside: list[int],
    tmp_path: Path,
) -> None:
    """With all groups of rows that lie elsewhere wiped out, the answer is the same."""
    west, south, east, north = window
    wiped = tmp_path / "wiped.parquet"
    content = bytearray(file.read_bytes())
    facts = pq.ParquetFile(file).metadata
    kept = []
    for number in range(facts.num_row_groups):
        group = facts.row_group(number)
        chunks = [group.column(n) for n in range(group.num_columns)]
        box = {c.path_in_schema: c.statistics for c in chunks if c.statistics}
        if box["bbox.xmin"].min <= east and box["bbox.xmax"].max >= west:
            kept.append(number)
            continue
        for chunk in chunks:
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            end = start + chunk.total_compressed_size
            content[start:end] = bytes(end - start)
    assert len(kept) == 1
    assert facts.num_row_groups > 3
    wiped.write_bytes(content)
    ask = (
        "SELECT segment_id FROM '{}' WHERE bbox.xmin <= {} AND bbox.xmax >= {} "
        "AND bbox.ymin <= {} AND bbox.ymax >= {} AND "
        "ST_Intersects(geometry, ST_MakeEnvelope({}, {}, {}, {})) ORDER BY 1"
    )
    for path in (file, wiped):
        asked = ask.format(path, east, west, north, south, *window)
        assert [row[0] for row in duck.sql(asked).fetchall()] == inside
    with pytest.raises(duckdb.Error):
        duck.sql(f"SELECT sum(length_km) FROM '{wiped}'").fetchall()  # noqa: S608 - a file of this test


def test_geopandas_reads_a_window(
    file: Path, window: Box, inside: list[int], segments: gpd.GeoDataFrame
) -> None:
    read = gpd.read_parquet(file, bbox=window, columns=["segment_id", "geometry"])
    assert read["segment_id"].tolist() == inside
    own = segments.loc[segments["segment_id"].isin(inside), ["segment_id", "geometry"]]
    assert_geodataframe_equal(read.reset_index(drop=True), own.reset_index(drop=True))


def test_duckdb_takes_layers_without_a_file(
    duck: duckdb.DuckDBPyConnection,
    segments: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
) -> None:
    """Segments go to DuckDB as Arrow, are asked in SQL, and come back as a layer."""
    duck.register("segments", pa.table(segments.to_arrow(index=False)))
    (total,) = duck.sql(f"SELECT sum({LENGTH_KM}) FROM segments").fetchone() or (0,)  # noqa: S608 - fixed text
    assert total == pytest.approx(border["length_km"].item(), rel=1e-9)
    answer = duck.sql(
        "SELECT segment_id, geometry FROM segments "
        "WHERE segment_id % 1000 = 0 ORDER BY 1"
    ).to_arrow_table()
    back = gpd.GeoDataFrame.from_arrow(answer)
    expected = segments.loc[
        segments["segment_id"] % 1000 == 0, ["segment_id", "geometry"]
    ]
    assert_geodataframe_equal(back, expected.reset_index(drop=True))


def in_parts(segments: gpd.GeoDataFrame, folder: Path) -> Path:
    """Write segments as a folder of three files."""
    for number, rows in enumerate(np.array_split(np.arange(len(segments)), 3)):
        gb.write_layer(segments.iloc[rows], folder / f"{number}.parquet")
    return folder


def test_dask_reads_parts_and_leaves_out_others(
    segments: gpd.GeoDataFrame, window: Box, inside: list[int], tmp_path: Path
) -> None:
    west, south, east, north = window
    folder = in_parts(segments, tmp_path)
    assert gb.read_layer(folder).equals(segments)
    with dask.config.set(scheduler="synchronous"):
        parts = dask_geopandas.read_parquet(folder)
        assert parts.npartitions == 3
        assert parts.crs == segments.crs
        bounds = parts.spatial_partitions.bounds.to_numpy()
        thirds = np.array_split(segments.bounds.to_numpy(), 3)
        expected = [[*t[:, :2].min(axis=0), *t[:, 2:].max(axis=0)] for t in thirds]
        assert np.array_equal(bounds, expected)
        near = parts.cx[west:east, south:north]
        assert near.npartitions == 1
        assert near["segment_id"].compute().tolist() == inside
        whole = parts.compute().drop(columns="bbox")
    assert_geodataframe_equal(whole.reset_index(drop=True), segments)


def test_dask_locates_in_parts(
    segments: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> None:
    """Functions of one layer work on the parts of one, each on its own."""
    points = segments.set_geometry(segments.representative_point())
    points = points.set_index("segment_id")[["geometry"]]
    expected = gb.locate(points, border)
    with dask.config.set(scheduler="threads", num_workers=2):
        parts = dask_geopandas.from_geopandas(points, npartitions=4)
        found = parts.map_partitions(gb.locate, border, meta=expected.iloc[:0])
        pd.testing.assert_frame_equal(found.compute(), expected)


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_layers_go_through_arrow(encoding: str, border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, length_km=5, units=gb.load_units(None))
    segments = segments.set_index("segment_id")
    table = pa.table(segments.to_arrow(geometry_encoding=encoding, index=True))
    assert table.schema.field("geometry").metadata[b"ARROW:extension:name"] == (
        b"geoarrow.wkb" if encoding == "WKB" else b"geoarrow.linestring"
    )
    back = gpd.GeoDataFrame.from_arrow(table)  # with its index
    assert_geodataframe_equal(back, segments)
    points = gpd.GeoDataFrame.from_arrow(
        segments.boundary.explode().to_frame("geometry").to_arrow(index=False)
    )
    assert gb.locate(points, border)["distance_km"].max() < 1e-6


@pytest.mark.parametrize("ending", ["fgb", "gpkg", "geojson"])
def test_pyogrio_reads_and_writes_arrow(
    ending: str, border: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    segments = gb.segment_border(border, length_km=50, units=gb.load_units(None))
    path = gb.write_layer(segments, tmp_path / f"ours.{ending}")
    facts, table = read_arrow(path)
    assert (facts["crs"], facts["geometry_type"]) == ("EPSG:4326", "LineString")
    names = [*segments.columns.drop("geometry"), "geometry"]
    layer = gpd.GeoDataFrame.from_arrow(table.rename_columns(names))
    assert_geodataframe_equal(
        layer.set_crs(4326, allow_override=True),
        segments,
        check_dtype=False,  # GeoJSON's numbers are of 32 bits where that will do
        check_less_precise=True,
    )
    theirs = tmp_path / f"theirs.{ending}"
    write_arrow(
        pa.table(segments.to_arrow(geometry_encoding="WKB", index=False)),
        theirs,
        geometry_name="geometry",
        geometry_type="LineString",
        crs="EPSG:4326",
        **({} if ending != "geojson" else {"COORDINATE_PRECISION": "15"}),
    )
    read = gb.read_layer(theirs)
    assert_geodataframe_equal(
        read.sort_values("segment_id", ignore_index=True),  # FlatGeobuf sorts by place
        segments,
        check_crs=False,
        check_less_precise=ending == "geojson",
    )
    assert read.crs == "EPSG:4326"


def test_files_are_read_beside_geoarrow(
    border: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """That package gives geometry columns a type of its own, in the whole process."""
    layer = border[["border_id", "length_km", "geometry"]]
    paths = [tmp_path / f"x.{e}" for e in ("fgb", "gpkg", "geojson", "geojsonl", "kml")]
    for path in paths:
        gb.write_layer(layer, path)
    code = """
import sys
import geoarrow.pyarrow
import geoborder as gb
from pyogrio.raw import read_arrow
for path in sys.argv[1:]:
    kinds = [str(kind) for kind in read_arrow(path)[1].schema.types]
    assert any("geoarrow.wkb" in kind for kind in kinds), kinds
    layer = gb.read_layer(path)
    print(len(layer), layer["length_km"].item(), layer.geom_type.item())
"""
    done = subprocess.run(  # noqa: S603 - fixed text
        [sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n") == [
        f"1 {layer['length_km'].item()} LineString"
    ] * len(paths) + [""]
