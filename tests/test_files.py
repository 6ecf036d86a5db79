"""Layers come back from every format as they were, but for what the format says."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely import LineString, MultiLineString, Point, Polygon

import geoborder as gb
from geoborder.files import FORMATS, write_raster, write_text
from geoborder.files.formats import CHANGES

NAMES = list(FORMATS)
START = 68.1234567


def base(**columns: object) -> gpd.GeoDataFrame:
    """Three points that no format changes, and further columns."""
    points = [Point(START, 37.5), Point(69, 38), Point(70.5, -38.25)]
    return gpd.GeoDataFrame(
        {"key": [3, 1, 2], **columns, "geometry": points}, crs="EPSG:4326"
    )


def shaped(*shapes: object, crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"key": range(len(shapes))}, geometry=list(shapes), crs=crs)


def there_and_back(table: pd.DataFrame, name: str, folder: Path) -> pd.DataFrame:
    path = folder / f"file{FORMATS[name].endings[0]}"
    assert gb.write_layer(table, path) == path
    assert [p.name for p in folder.iterdir()] == [path.name]
    read = gb.read_layer if isinstance(table, gpd.GeoDataFrame) else gb.read_table
    return read(path)


def differences(was: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """All that is not the same, compared without pandas' or GeoPandas' asserts."""
    if list(was.columns) != list(now.columns):
        return [f"columns {list(was.columns)} -> {list(now.columns)}"]
    found = []
    if not isinstance(now.index, pd.RangeIndex) or len(was) != len(now):
        found.append(f"index {was.index} -> {now.index}")
    for name in was.columns:
        a, b = was[name], now[name]
        if isinstance(a, gpd.GeoSeries):
            same = [
                x == y or (x is None and y is None) for x, y in zip(a, b, strict=True)
            ]
            if not all(same) or a.crs != b.crs:
                found.append(f"{name}: {a.to_list()} {a.crs} -> {b.to_list()} {b.crs}")
            continue
        if a.dtype.name != b.dtype.name:
            found.append(f"{name}: {a.dtype} -> {b.dtype}")
        if not all(map(_same, a, b)):
            found.append(f"{name}: {a.to_list()} -> {b.to_list()}")
    return found


def _same(a: object, b: object) -> bool:
    if isinstance(a, (list, dict, np.ndarray)):
        return list(a) == list(b) if isinstance(b, (list, np.ndarray)) else a == b
    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    return bool(a == b)


CLOCKWISE = Polygon([(68, 37), (68, 38), (69, 38), (69, 37), (68, 37)])
LINE = LineString([(68, 37), (69, 38)])
MOMENTS = pd.to_datetime(["2025-03-01 12:30:15.25", None, "2026-01-01 00:00:00.00"])

PROBES: dict[str, Callable[[], gpd.GeoDataFrame]] = {
    "place": lambda: base().rename_geometry("shape")[["shape", "key"]],
    "crs": lambda: shaped(Point(500_000, 4_100_000), crs="EPSG:32642"),
    "decimals": lambda: shaped(Point(68.123456789, 37)),
    "rings": lambda: shaped(CLOCKWISE),
    "antimeridian": lambda: shaped(LineString([(179, 1), (-179, 1)])),
    "multiple": lambda: shaped(LINE, MultiLineString([LINE, [(70, 38), (71, 38)]])),
    "empty shapes": lambda: shaped(LINE, LineString()),
    "widths": lambda: base(
        a=pd.array([1, 2, 3], "int32"), b=pd.array([0.5, 1.5, 2], "float32")
    ),
    "nullable": lambda: base(
        a=pd.array([1, 2, 3], "Int64"), b=pd.array([True, False, True], "boolean")
    ),
    "objects": lambda: base(a=pd.Series(["x", "y", None], dtype=object)),
    "categories": lambda: base(a=pd.Categorical(["x", "y", "x"])),
    "lists": lambda: base(a=pd.Series([[1, 2], [3], []], dtype=object)),
    "milliseconds": lambda: base(
        a=(MOMENTS + pd.Timedelta(microseconds=7)).tz_localize("UTC").as_unit("us")
    ),
    "zones": lambda: base(a=MOMENTS.tz_localize("Asia/Dushanbe").as_unit("us")),
    "some heights": lambda: shaped(LineString([(68, 37, 5), (69, 38, 6)]), LINE),
    "measures": lambda: shaped(
        *shapely.from_wkt(["LINESTRING M (68 37 5, 69 38 6)", "LINESTRING (1 2, 3 4)"])
    ),
    "zones lost": lambda: base(a=MOMENTS.tz_localize("UTC").as_unit("us")),
    "no zone": lambda: base(a=MOMENTS.as_unit("us")),
    "last digit": lambda: base(a=[0.1 + 0.2, 1 / 3, 1e300]),
    "infinite": lambda: base(a=[math.inf, -math.inf, math.nan]),
    "no values": lambda: base(a=[math.nan] * 3, b=pd.array([None] * 3, "Int64")),
    "no rows": lambda: base(a=["x", "y", None])[:0],
    "like dates": lambda: base(a=["2025-01-01", "2026-01-01", None]),
    "blanks": lambda: base(a=[" x ", "\x01", "a  b"]),
}


def test_every_change_has_a_probe() -> None:
    assert set(PROBES) == set(CHANGES)
    assert {key for fmt in FORMATS.values() for key in fmt.changes} == set(CHANGES)


@pytest.mark.parametrize("key", PROBES)
@pytest.mark.parametrize("name", NAMES)
def test_format_changes_exactly_what_it_says(
    name: str, key: str, tmp_path: Path
) -> None:
    if key == "objects" and pd.Series(["x"]).dtype == object:
        pytest.skip("before pandas 3 text is in objects")
    table = PROBES[key]()
    back = there_and_back(table, name, tmp_path)
    found = differences(table, back)
    if key == "no rows":  # their types are another question
        found = found if list(table.columns) != list(back.columns) else []
    assert bool(found) == (key in FORMATS[name].changes), found


AWKWARD = [
    "fid", "id", "geom", "ogc_fid", "Name", "description", "begin", "end", "timestamp",
    "icon", "bbox", "rowid", "wkb_geometry", "type", "properties", "select", "ключ",
    "with space", "a,b", 'q"uote', "<x&y>", "long" * 20, "index", "styleUrl", "shape",
    "nested.name", "WKT2", "geoborder",
]  # fmt: skip

KEPT: dict[str, Callable[[], pd.DataFrame]] = {
    "names": lambda: base(**{name: [f"{name}1", "", None] for name in AWKWARD}),
    "text": lambda: base(
        a=["a\nb\tc", "\"q\", 'x' <b>&amp;</b>", "Тоҷикистон 🏔"],
        b=["[1, 2]", '{"a": 1}', "007"],
        c=["true", "null", "NaN"],
        d=["-", "12", "1e5"],
    ),
    "numbers": lambda: base(
        a=[2**53 + 1, -5, 12],
        b=pd.array([2**53 + 1, None, -1], "Int64"),
        c=[1e-300, 123456789.123, 1e20],
        d=[1.0, 2.0, math.nan],
        e=[2025, 2026, 2027],
    ),
    "truth": lambda: base(
        a=[True, False, True], b=pd.array([True, None, False], "boolean")
    ),
    "dates": lambda: base(
        a=pd.to_datetime(["2025-01-01", None, "1900-02-28"]).as_unit("us")
    ),
    "no geometry in a row": lambda: shaped(LINE, None, LINE, None),
    "no geometry in any row": lambda: shaped(None, None),
    "points and lines": lambda: shaped(LINE, Point(1, 2), None),
    "collection": lambda: shaped(shapely.GeometryCollection([LINE, Point(1, 2)])),
    "multiple of one": lambda: shaped(MultiLineString([LINE])),
    "hole": lambda: shaped(
        Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (1, 2), (2, 2), (2, 1)]])
    ),
    "heights": lambda: shaped(
        LineString([(68, 37, 5), (69, 38, 6.25)]),
        LineString([(68, 37, 0), (69, 38, 6)]),
    ),
    "only geometry": lambda: gpd.GeoDataFrame(geometry=[LINE], crs="EPSG:4326"),
    "table": lambda: pd.DataFrame({"a": [1, 2], "geometry": ["x", None]}),
}


@pytest.mark.parametrize("what", KEPT)
@pytest.mark.parametrize("name", NAMES)
def test_every_format_keeps(name: str, what: str, tmp_path: Path) -> None:
    table = KEPT[what]()
    before = table.copy(deep=True)
    assert differences(table, there_and_back(table, name, tmp_path)) == []
    assert differences(table, before) == []


@pytest.mark.parametrize(
    "name",
    [n for n, f in FORMATS.items() if not {"no values", "no rows"} & set(f.changes)],
)
def test_layer_without_rows_keeps_its_types(name: str, tmp_path: Path) -> None:
    table = base(
        a=["x", "y", "z"], b=[1.5, 2, 3], c=[True] * 3, d=pd.to_datetime(["2025"] * 3)
    )
    table["d"] = table["d"].dt.as_unit("us")
    assert differences(table[:0], there_and_back(table[:0], name, tmp_path)) == []


@pytest.mark.parametrize("name", NAMES)
def test_plan_comes_back(name: str, plan: gb.Plan, tmp_path: Path) -> None:
    """The real layers, to the precision and with the types that the format keeps."""
    fmt = FORMATS[name]
    for table in (plan.segments, plan.assets, plan.units, plan.crossings):
        path = gb.write_layer(table, tmp_path / f"layer{fmt.endings[0]}")
        back = gb.read_layer(path)
        assert sorted(back.columns) == sorted(table.columns)
        assert back.crs == table.crs
        was, now = (
            shapely.get_coordinates(shapely.normalize(layer.geometry.to_numpy()))
            for layer in (table, back)
        )
        assert np.abs(was - now).max() <= (5e-8 if "decimals" in fmt.changes else 0)
        for column in table.columns.drop("geometry"):
            was, now = table[column], back[column]
            assert all(map(_close, was, now)), column
            whole = pd.api.types.is_integer_dtype
            assert whole(was.dtype) == whole(now.dtype) or was.isna().all()


def _close(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-15) or (math.isnan(a) and math.isnan(b))
    return _same(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_index_is_written_only_where_it_has_a_name(name: str, tmp_path: Path) -> None:
    table = base().set_axis(["x", "y", "z"])
    assert differences(base(), there_and_back(table, name, tmp_path)) == []
    named = there_and_back(table.rename_axis("mark"), name, tmp_path)
    assert named.columns[0] == "mark"
    assert list(named["mark"]) == ["x", "y", "z"]
    pairs = pd.MultiIndex.from_tuples([(1, 2), (3, 4), (5, 6)], names=["a", None])
    assert list(there_and_back(base().set_axis(pairs), name, tmp_path)["a"]) == [
        1,
        3,
        5,
    ]


def test_other_crs_is_kept_or_brought_to_wgs_84(tmp_path: Path) -> None:
    own = "+proj=laea +lat_0=37 +lon_0=70 +datum=WGS84"
    for name in NAMES:
        for crs in ("EPSG:32642", "EPSG:3857", own):
            table = shaped(Point(500_000, 4_100_000), crs=crs)
            back = gb.read_layer(
                gb.write_layer(table, tmp_path / f"x{FORMATS[name].endings[0]}")
            )
            assert back.crs == (table.crs if not FORMATS[name].lonlat else "EPSG:4326")
            apart = back.to_crs(crs).distance(table.geometry).iloc[0]
            assert apart < (0.02 if FORMATS[name].lonlat else 1e-9)


def test_geojson_is_split_at_the_antimeridian(tmp_path: Path) -> None:
    table = shaped(LineString([(179, 1), (-179, 3)]))
    back = gb.read_layer(gb.write_layer(table, tmp_path / "x.geojson"))
    assert back.geometry.iloc[0].equals(
        MultiLineString([[(179, 1), (180, 2)], [(-180, 2), (-179, 3)]])
    )
    text = json.loads((tmp_path / "x.geojson").read_text())
    assert "crs" not in text
    sea = shaped(shapely.box(173, -45, 189.5, -35)).to_crs("EPSG:2193")
    parts = gb.read_layer(gb.write_layer(sea, tmp_path / "sea.geojson")).geometry
    west, south, east, north = parts.explode().bounds.to_numpy().T
    assert sorted(zip(west, east, strict=True)) == [(-180, -170.5), (173, 180)]
    assert (south.min(), north.max()) == pytest.approx((-45, -35), abs=0.5)
    ring = shaped(CLOCKWISE)
    gb.write_layer(ring, tmp_path / "ring.geojson")
    shape = json.loads((tmp_path / "ring.geojson").read_text())["features"][0][
        "geometry"
    ]
    assert shapely.LinearRing(shape["coordinates"][0]).is_ccw


def layer_rows(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as file:
        names = file.execute("SELECT table_name FROM gpkg_contents").fetchall()
        return {
            name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in names
        }


def test_geopackage_changes_one_layer_only(tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    gb.write_layer(base(), path, layer="points")
    gb.write_layer(shaped(LINE), path, layer="lines")
    gb.write_layer(pd.DataFrame({"a": [1.5]}), path, layer="table")
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE mine (a)")
        file.execute("INSERT INTO mine VALUES ('kept')")
    assert layer_rows(path) == {"points": 3, "lines": 1, "table": 1}
    points = gb.read_layer(path, layer="points")

    gb.write_layer(shaped(LINE, LINE).assign(more="x"), path, layer="lines")

    assert layer_rows(path) == {"points": 3, "lines": 2, "table": 1}
    assert list(gb.read_layer(path, layer="lines")) == ["key", "more", "geometry"]
    assert gb.read_layer(f"{path}|layername=points").equals(points)
    assert gb.read_table(path)["a"].tolist() == [1.5]  # the one table without geometry
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT a FROM mine").fetchall() == [("kept",)]
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        index = "SELECT count(*) FROM rtree_lines_geom"
        assert file.execute(index).fetchone()[0] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["many.gpkg"]

    before = path.read_bytes()
    with pytest.raises(
        gb.OptionError, match=r"other layers \(lines, points, table\).*`layer`"
    ):
        gb.write_layer(base(), path)
    with pytest.raises(gb.OptionError, match=r"has a layer 'points'.*'Points' for"):
        gb.write_layer(base(), path, layer="Points")
    assert path.read_bytes() == before


def test_geopackage_of_one_layer_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "one.gpkg"
    gb.write_layer(shaped(LINE), path)
    with sqlite3.connect(path) as file:  # as QGIS does when it saves a style
        file.execute("CREATE TABLE layer_styles (a)")
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
    gb.write_layer(base(), path)
    assert layer_rows(path) == {"one": 3}
    (tmp_path / "none.gpkg").write_text("no GeoPackage")
    gb.write_layer(base(), tmp_path / "none.gpkg")
    assert layer_rows(tmp_path / "none.gpkg") == {"none": 3}


def test_geopackage_open_elsewhere_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "open.gpkg"
    gb.write_layer(base(), path)
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE unfinished (a)")
    other.commit()
    with pytest.raises(gb.OptionError, match=r"open\.gpkg-wal.*close it there"):
        gb.write_layer(base(), path, layer="new")
    other.close()
    gb.write_layer(base(), path, layer="new")
    assert set(layer_rows(path)) == {"open", "new"}


def test_same_geopackage_twice_where_a_date_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = gb.write_layer(base(), tmp_path / "a.gpkg", layer="x").read_bytes()
    time.sleep(0.01)
    assert gb.write_layer(base(), tmp_path / "a.gpkg", layer="y").read_bytes() != first
    assert gb.write_layer(base(), tmp_path / "b.gpkg", layer="x").read_bytes() == first


WRONG_TARGETS = [
    ("x.geojsn", r"did you mean \.geojson\? Write to a file ending in \.gpkg"),
    ("x.shp", r"10 characters.*write a \.gpkg or \.fgb"),
    ("x", r"write to a file ending in"),
    ("none/x.fgb", r"there is no folder '.*none'"),
    ("folder.csv", r"is a folder; name a file in it"),
    ("none/x.gpkg", r"there is no folder"),
]


@pytest.mark.parametrize(("target", "words"), WRONG_TARGETS)
def test_wrong_target_is_told(target: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(gb.OptionError, match=words):
        gb.write_layer(base(), tmp_path / target)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.csv"]


def test_any_ending_will_do_where_the_format_is_named(tmp_path: Path) -> None:
    for name in NAMES:
        path = tmp_path / f"{name}.dat"
        for _ in range(2):
            gb.write_layer(base(), path, format=name, layer="x")
        assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]
        path.unlink()


def test_unknown_format_is_told(tmp_path: Path) -> None:
    with pytest.raises(gb.OptionError, match=r"'geopaket' is unknown.*'geoparquet'"):
        gb.write_layer(base(), tmp_path / "x", format="geopaket")
    gb.write_layer(base(), tmp_path / "x.dat", format="fgb")
    assert differences(base(), gb.read_layer(tmp_path / "x.dat")) == []


WRONG_TABLES = [
    (base().set_crs(None, allow_override=True), r"no CRS.*set_crs"),
    (base(a=[1, "x", 2.5]), r"'a' \(object\) cannot be written"),
    (base(a=[1j, 2, 3]), r"'a' \(complex128\) cannot be written"),
    (base(a=[b"x", b"", b"y"]), r"'a' \(object\) cannot be written: .*binary"),
    (base(a=pd.to_timedelta([1, 2, 3], "h")), r"'a' \(timedelta64.*duration"),
    (base().rename_axis("key"), r"two columns 'key'"),
    (base(a=pd.Series(["\ud800", "", ""], dtype=object)), r"'a' .* cannot be written"),
]


@pytest.mark.parametrize(("table", "words"), WRONG_TABLES)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "geoparquet"])
def test_what_no_file_holds_is_told(
    name: str, table: gpd.GeoDataFrame, words: str, tmp_path: Path
) -> None:
    with pytest.raises(gb.DataError, match=words):
        gb.write_layer(table, tmp_path / f"x{FORMATS[name].endings[0]}")
    assert list(tmp_path.iterdir()) == []


def test_what_geoparquet_does_not_hold_is_told(tmp_path: Path) -> None:
    for table, words in WRONG_TABLES:
        if "timedelta" in words or "binary" in words:  # which it does hold
            gb.write_layer(table, tmp_path / "kept.parquet")
            continue
        with pytest.raises(gb.DataError, match=words):
            gb.write_layer(table, tmp_path / "x.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["kept.parquet"]


ALIKE = base(Name=["a", "b", "c"], name=["d", "e", "f"])
NUL = base(a=["x\0y", None, ""])
HIGH = shaped(LineString([(68, 37, 5), (69, 38, 6.25)]), Point(68, 37, 1))
LOWEST = base(a=[-(2**63), 2**53 + 1, 0])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_without_a_word(name: str, tmp_path: Path) -> None:
    """A value comes back, or the layer is refused."""
    for table, words, kept in (
        (ALIKE, "'Name' and 'name' for one", {"geoparquet", "csv"}),
        (HIGH, r"does not keep the heights", set(NAMES) - {"flatgeobuf"}),
        (NUL, r"'a' has text with a NUL", {"geoparquet", "csv"}),
        (LOWEST, r"'a' has the number -9223372036854775808", set(NAMES) - {
            "geojson", "geojsonseq"
        }),
    ):  # fmt: skip
        if name == "kml" and table is NUL:
            continue  # it says that it does not know such characters
        target = tmp_path / f"file{FORMATS[name].endings[0]}"
        if name in kept:
            assert differences(table, there_and_back(table, name, tmp_path)) == []
            target.unlink()
        else:
            with pytest.raises(gb.DataError, match=words):
                gb.write_layer(table, target)
            assert not target.exists()


MEASURED = {
    "LINESTRING ZM (1 2 3 4, 5 6 7 8)": "LINESTRING Z (1 2 3, 5 6 7)",
    "LINESTRING M (1 2 3, 5 6 7)": "LINESTRING (1 2, 5 6)",
    "POINT M (1 2 3)": "POINT (1 2)",
    "POINT ZM (1 2 3 4)": "POINT Z (1 2 3)",
    "MULTIPOLYGON ZM (((0 0 1 2, 1 0 1 2, 1 1 1 2, 0 0 1 2)))": (
        "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))"
    ),
}


@pytest.mark.parametrize("wkt", MEASURED)
@pytest.mark.parametrize("name", NAMES)
def test_measures_are_kept_or_dropped_alone(
    name: str, wkt: str, tmp_path: Path
) -> None:
    table = shaped(shapely.from_wkt(wkt), None)
    back = there_and_back(table, name, tmp_path)
    kept = wkt if "measures" not in FORMATS[name].changes else MEASURED[wkt]
    found = shapely.to_wkt(back.geometry.iloc[0], output_dimension=4, trim=True)
    assert found == kept


def test_cut_flatgeobuf_is_told(tmp_path: Path) -> None:
    whole = gb.write_layer(base(), tmp_path / "x.fgb").read_bytes()
    heads = 8 + 4 + int.from_bytes(whole[8:12], "little")
    first = heads + 4 + int.from_bytes(whole[heads : heads + 4], "little")
    for size, words in (
        (heads, "0 of its 3 rows"),
        (first, "1 of its 3 rows"),
        (heads - 1, "holds no layer; is its end missing"),
        (len(whole) - 1, "cannot be read as a layer"),
    ):
        (tmp_path / "cut.fgb").write_bytes(whole[:size])
        with pytest.raises(gb.DataError, match=words):
            gb.read_layer(tmp_path / "cut.fgb")


def test_crs_without_a_place_on_earth_is_told(tmp_path: Path) -> None:
    site = 'LOCAL_CS["site",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    with pytest.raises(gb.DataError, match=r"No way leads from .* 'site'.*\.gpkg"):
        gb.write_layer(shaped(LINE, crs=site), tmp_path / "x.geojson")


def test_fault_is_told_without_gdals_hints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.gpkg").write_text("none")
    monkeypatch.setattr(sys, "stdin", Stream(b'{"type": "FeatureCollection", "fea'))
    for source in (tmp_path / "x.gpkg", "-"):
        with pytest.raises(gb.DataError, match="cannot be read as a layer") as told:
            gb.read_layer(source)
        for wrong in ("It might help", "vsimem", ".;", ";.", ".."):
            assert wrong not in str(told.value)


def test_layer_that_is_not_there_is_told_in_every_format(tmp_path: Path) -> None:
    for fmt in FORMATS.values():
        path = gb.write_layer(base(), tmp_path / f"x{fmt.endings[0]}")
        with pytest.raises(gb.DataError, match="has no layer 'nope'"):
            gb.read_layer(path, layer="nope")
    for option in ("layername=x|subset=key = 1", "layerid=3"):
        with pytest.raises(gb.OptionError, match=r"only \|layername=NAME"):
            gb.read_layer(f"{tmp_path}/x.gpkg|{option}")
    with pytest.raises(gb.OptionError, match="layer 'x', and `layer` 'y'; name one"):
        gb.read_layer(f"{tmp_path}/x.gpkg|layername=x", layer="y")


def test_folder_of_several_tables_is_told(tmp_path: Path) -> None:
    gb.write_layer(base(), tmp_path / "a.parquet")
    gb.write_layer(base(more=[1, 2, 3]), tmp_path / "b.parquet")
    with pytest.raises(gb.DataError, match=r"'a.parquet' and 'b.parquet' in it"):
        gb.read_layer(tmp_path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    many = tmp_path / "many.gpkg"
    gb.write_layer(base(), many, layer="points")
    gb.write_layer(shaped(LINE), many, layer="lines")
    gb.write_layer(pd.DataFrame({"a": [1]}), tmp_path / "plain.gpkg", layer="plain")
    gb.write_layer(pd.DataFrame({"a": [1]}), tmp_path / "plain.csv")
    (tmp_path / "broken.gpkg").write_bytes(many.read_bytes()[:5000])
    (tmp_path / "broken.geojson").write_text('{"type": "FeatureCollection", "fea')
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but no more")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "latin.csv").write_bytes(
        "name,longitude,latitude\nÉ,1,2\n".encode("latin1")
    )
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    (tmp_path / "note.txt").write_text("no layer")
    wrong = {
        "no.gpkg": (gb.DataError, "does not exist"),
        "mny.gpkg": (gb.DataError, r"does not exist\. Did you mean 'many.gpkg'"),
        "none/x.gpkg": (gb.DataError, "There is no folder"),
        "many.gpkg": (gb.OptionError, "2 layers; name one with `layer`: points, lines"),
        "many.gpkg|layername=pints": (gb.DataError, r"Did you mean 'points'\? Layers:"),
        "plain.gpkg": (gb.DataError, "no geometry; read it with `read_table`"),
        "plain.csv": (gb.DataError, "no geometry.*`read_table`"),
        "broken.gpkg": (gb.DataError, "cannot be read as a layer"),
        "broken.geojson": (gb.DataError, "cannot be read as a layer"),
        "broken.parquet": (gb.DataError, "cannot be read as a layer"),
        "empty.csv": (gb.DataError, "no CSV in UTF-8"),
        "latin.csv": (gb.DataError, "no CSV in UTF-8"),
        "twice.csv": (gb.DataError, "two columns have one name"),
        "note.txt": (gb.DataError, "cannot be read as a layer"),
    }
    for name, (error, words) in wrong.items():
        with pytest.raises(error, match=words):
            gb.read_layer(f"{tmp_path}/{name}")


def test_csv_of_others_is_read(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_bytes(
        b"\xef\xbb\xbfname,longitude,latitude,people,code\r\n"
        b'"a, ""b""",68.5,37,12,\r\nNA,69,38.5,,007\r\n'
    )
    towns = gb.read_layer(path)
    assert towns["name"].tolist() == ['a, "b"', "NA"]
    assert towns.geometry.iloc[1] == Point(69, 38.5)
    assert towns["people"].dtype == "Int64"
    assert towns.crs == "EPSG:4326"
    path.write_text("a,geom\n1,POINT (1 2)\n2,\n")
    assert gb.read_layer(path).geometry.to_list() == [Point(1, 2), None]
    for x, y in (("Longitude", "LATITUDE"), ("lon", "lat"), ("Lng", "Lat")):
        path.write_text(f"a,{x},{y}\n1,68.5,37\n2,,37\n")
        assert gb.read_layer(path).geometry.to_list() == [Point(68.5, 37), None]
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        path.write_text("a,lon,lat\n1,2,3\n".replace(",", mark))
        with pytest.raises(gb.DataError, match=f"separated by {word}"):
            gb.read_layer(path)
    path.write_text("lon,lat\n1,2\nx,2\n")
    with pytest.raises(gb.DataError, match="'lon' and 'lat' are not both numbers"):
        gb.read_layer(path)
    path.write_text('code,WKT\n"0401",POINT (1 2)\n,\n"x\ny",\n')
    assert gb.read_layer(path)["code"].fillna("-").to_list() == ["0401", "-", "x\ny"]


def test_what_others_write_is_read(tmp_path: Path) -> None:
    table = base(name=["x", None, "ÿ"], n=pd.array([1, None, 3], "Int64"))
    table.to_file(tmp_path / "x.shp")
    shape = gb.read_layer(tmp_path / "x.shp")
    assert shape["name"].fillna("").to_list() == ["x", "", "ÿ"]
    assert shape["n"].dtype == "Int64"
    table.to_file(tmp_path / "x.kml", driver="LIBKML")
    assert gb.read_layer(tmp_path / "x.kml")["Name"].iloc[0] == "x"
    table.to_file(tmp_path / "x.gml", driver="GML")
    assert len(gb.read_layer(tmp_path / "x.gml")) == len(table)
    table.to_file(tmp_path / "x.fgb")  # GDAL sorts it by place
    assert set(gb.read_layer(tmp_path / "x.fgb")["key"]) == {1, 2, 3}
    old = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:32642"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"a": [1, 2], "day": "2025-01-02"},
                "geometry": {"type": "Point", "coordinates": [500_000, 4_100_000]},
            }
        ],
    }
    (tmp_path / "old.geojson").write_text(json.dumps(old))
    read = gb.read_layer(tmp_path / "old.geojson")
    assert read.crs == "EPSG:32642"
    assert read["day"].iloc[0] == pd.Timestamp(2025, 1, 2)


def test_geoparquet_of_others_is_read(tmp_path: Path) -> None:
    table = base(n=pd.array([1, None, 3], "Int64"), b=[True, None, False])
    arrow = table.to_arrow(geometry_encoding="WKB")
    schema = pq.read_schema(gb.write_layer(table, tmp_path / "own.parquet"))
    bare = pa.table(arrow).replace_schema_metadata({b"geo": schema.metadata[b"geo"]})
    pq.write_table(bare, tmp_path / "bare.parquet")
    read = gb.read_layer(tmp_path / "bare.parquet")
    assert read["n"].dtype == "Int64"
    assert read["b"].dtype == "boolean"
    (tmp_path / "parts").mkdir()
    for n in range(2):
        gb.write_layer(base()[n : n + 1], tmp_path / "parts" / f"{n}.parquet")
    assert gb.read_layer(tmp_path / "parts")["key"].to_list() == [3, 1]


def run(
    code: str, *, given: bytes | None = b"", **options: object
) -> subprocess.CompletedProcess:
    start = "import sys, geopandas as gpd, geoborder as gb\n"
    return subprocess.run(  # noqa: S603 - this Python, with our own code
        [sys.executable, "-W", "error", "-c", start + code],
        capture_output=True,
        check=False,
        **({} if given is None else {"input": given}),
        **options,
    )


LAYER = (
    "gpd.GeoDataFrame({'a': [1, 2]},"
    " geometry=gpd.points_from_xy([68, 69], [37, 38]), crs=4326)"
)


class Stream:
    """Standard output or input that is a pipe, in this process."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        """Nobody looks."""
        return False

    def flush(self) -> None:
        """Do nothing: all is in the buffer."""


@pytest.mark.parametrize("name", [n for n, fmt in FORMATS.items() if fmt.streams])
def test_layer_goes_through_pipes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Stream()
    monkeypatch.setattr(sys, "stdout", out)
    gb.write_layer(base(a=["x", None, "y"]), "-", format=name)
    (tmp_path / f"x{FORMATS[name].endings[0]}").write_bytes(out.buffer.getvalue())
    monkeypatch.setattr(sys, "stdin", Stream(out.buffer.getvalue()))
    for back in (
        gb.read_layer("-", format=name),
        gb.read_layer(tmp_path / f"x{FORMATS[name].endings[0]}"),
    ):
        assert differences(base(a=["x", None, "y"]), back) == []


def test_one_process_reads_what_another_wrote() -> None:
    for name in ("geojson", "flatgeobuf"):
        out = run(f"gb.write_layer({LAYER}, '-', format={name!r})")
        assert (out.returncode, out.stderr) == (0, b"")
        again = run("print(gb.read_layer('-')['a'].to_list())", given=out.stdout)
        assert (again.stdout, again.stderr) == (b"[1, 2]\n", b"")


def test_pipe_carries_geojson_and_says_what_it_is_not() -> None:
    out = run(f"gb.write_layer({LAYER}, '-')")
    assert json.loads(out.stdout)["type"] == "FeatureCollection"
    wrong = (
        f"t = {LAYER}\n"
        "bare = t.set_crs(None, allow_override=True)\n"
        "for call in (lambda: gb.write_layer(t, '-', format='gpkg'),\n"
        "             lambda: gb.write_layer(bare, '-'),\n"
        "             lambda: gb.read_layer('-')):\n"
        "    try: call()\n"
        "    except gb.GeoborderError as error: print(error, file=sys.stderr)\n"
    )
    said = run(wrong)
    assert said.stdout == b""  # nothing half-written
    needs, crs, empty = said.stderr.decode().splitlines()
    assert needs.startswith("`format` 'gpkg' needs a file; to a pipe go geoparquet,")
    assert crs.startswith("The layer has no CRS")
    assert empty == "Standard input is empty; did the command before it fail?"


def test_who_stops_reading_is_not_bothered() -> None:
    code = (
        "import sys, geopandas as gpd, numpy as np, geoborder as gb\n"
        "n = np.arange(50_000) % 90\n"
        "t = gpd.GeoDataFrame({'a': n}, geometry=gpd.points_from_xy(n, n), crs=4326)\n"
        "gb.write_layer(t, '-')\n"
    )
    process = subprocess.Popen(  # noqa: S603 - this Python, with our own code
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(10) == b'{\n"type": '
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_terminal_gets_no_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(gb.OptionError, match="FlatGeobuf is not text"):
        gb.write_layer(base(), "-", format="flatgeobuf")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(gb.OptionError, match="is a terminal; pipe a layer into it"):
        gb.read_layer("-")


KILLED = """
import os, pathlib, signal
import geoborder.files.{module} as module
real = module.{call}
def dies(*args, **options):
    real(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
module.{call} = dies
gb.write_layer({layer}, {path!r}{more})
"""


@pytest.mark.parametrize("name", NAMES)
def test_link_and_rights_are_kept(name: str, tmp_path: Path) -> None:
    ending = FORMATS[name].endings[0]
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / f"x{ending}", tmp_path / f"x{ending}"
    link.symlink_to(real)
    gb.write_layer(shaped(LINE), link, layer="one")
    real.chmod(0o640)
    gb.write_layer(base(), link, layer="one")
    assert link.readlink() == real
    assert real.stat().st_mode & 0o777 == 0o640
    assert differences(base(), gb.read_layer(real)) == []
    assert [p.name for p in real.parent.iterdir()] == [real.name]


@pytest.mark.parametrize("name", [*NAMES, "tif"])
def test_pipe_with_a_name_is_written_and_stays(name: str, tmp_path: Path) -> None:
    pipe, out = tmp_path / "x.tif", tmp_path / "out"
    os.mkfifo(pipe)
    with out.open("wb") as file:
        reader = subprocess.Popen(["/bin/cat", pipe], stdout=file)  # noqa: S603 - cat
    try:
        if name == "tif":
            write_raster(
                np.zeros((2, 3), np.int16), pipe, nodata=-1, description="", unit="m",
                transform=Affine(1, 0, 68, 0, -1, 39), crs=CRS(4326),
            )  # fmt: skip
        else:
            gb.write_layer(base(), pipe, format=name)
        assert reader.wait(20) == 0
    finally:
        reader.kill()
    assert pipe.is_fifo()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "x.tif"]
    if name == "tif":
        assert out.read_bytes().startswith(b"II*")
    else:
        out.replace(tmp_path / f"out{FORMATS[name].endings[0]}")
        back = gb.read_layer(tmp_path / f"out{FORMATS[name].endings[0]}")
        assert differences(base(), back) == []


def test_pipe_with_a_name_is_read(tmp_path: Path) -> None:
    for name in ("csv", "geojson", "flatgeobuf", "geoparquet"):
        file = gb.write_layer(base(), tmp_path / f"x{FORMATS[name].endings[0]}")
        pipe = tmp_path / name
        os.mkfifo(pipe)
        with subprocess.Popen(["/bin/sh", "-c", 'cat "$0" > "$1"', file, pipe]):  # noqa: S603 - cat
            assert differences(base(), gb.read_layer(pipe)) == []
    with (tmp_path / "x.csv").open("rb") as given:
        said = run(
            "print(gb.read_layer('/dev/stdin')['key'].to_list())", given=None,
            stdin=given,
        )  # fmt: skip
    assert (said.stdout, said.stderr) == (b"[3, 1, 2]\n", b"")


@pytest.mark.parametrize(
    ("ending", "module", "call", "more"),
    [
        (".gpkg", "geopackage", "write_arrow", ", layer='new'"),
        (".gpkg", "geopackage", "_copy_database", ", layer='new'"),
        (".fgb", "text", "_fill", ""),
    ],
)
def test_killed_in_the_middle_leaves_the_earlier_file(
    ending: str, module: str, call: str, more: str, tmp_path: Path
) -> None:
    path = gb.write_layer(base(), tmp_path / f"x{ending}", layer="old")
    assert path is not None
    before = path.read_bytes()
    code = KILLED.format(
        module=module, call=call, layer=LAYER, path=str(path), more=more
    )
    assert run(code).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert differences(base(), gb.read_layer(path)) == []


def test_full_disk_leaves_the_earlier_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing fails half-way."""
    before = {}
    for fmt in FORMATS.values():
        path = tmp_path / f"x{fmt.endings[0]}"
        gb.write_layer(base(), path)
        before[path] = path.read_bytes()
    said = run(
        "import resource, numpy as np\n"
        "n = np.random.default_rng(1).random(20_000)\n"
        "t = gpd.GeoDataFrame({'a': n}, geometry=gpd.points_from_xy(n, n), crs=4326)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        f"for path in {[str(path) for path in before]!r}:\n"
        "    try: gb.write_layer(t, path)\n"
        "    except gb.OptionError as error: print(error)\n"
    )
    assert said.stdout.count(b"cannot be written: ") == len(FORMATS), said
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_text_is_finished_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    mask = os.umask(0o022)
    try:
        write_text(path, "ё\n")
    finally:
        os.umask(mask)
    assert path.read_bytes() == "ё\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(gb.OptionError, match="there is no folder"):
        write_text(tmp_path / "none" / "x.txt", "")


def test_csv_changes_its_mind_after_the_first_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Types that later rows show are those of the column, whatever the first are."""
    monkeypatch.setattr("geoborder.files.delimited._BLOCK_BYTES", 64)
    rows = [f"{n},{n},,2025-01-01,1,2" for n in range(100)]
    rows.append('100,1.5,x,"soon, perhaps",1,2')
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["a,b,c,d,longitude,latitude", *rows]) + "\n")
    read = gb.read_layer(path)
    assert read["a"].tolist() == list(range(101))
    assert read["b"].tolist() == [*range(100), 1.5]
    assert read["c"].notna().tolist() == [False] * 100 + [True]
    assert read["d"].tolist() == ["2025-01-01"] * 100 + ["soon, perhaps"]


def test_zipped_shapefile_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    base().to_file(folder / "x.shp")
    shutil.make_archive(str(tmp_path / "x"), "zip", folder)
    assert gb.read_layer(tmp_path / "x.zip")["key"].tolist() == [3, 1, 2]


def test_other_addresses_are_refused_without_their_secrets() -> None:
    for call in (
        lambda: gb.write_layer(base(), "mysql://me:secret@host/db.gpkg"),
        lambda: gb.read_layer("mysql://me:secret@host/db.gpkg"),
    ):
        with pytest.raises(
            gb.OptionError, match=r"mysql://\.\.\.; name a file"
        ) as told:
            call()
        assert "secret" not in str(told.value)


def test_database_needs_the_name_of_a_table() -> None:
    with pytest.raises(gb.OptionError, match="Name the table to write"):
        gb.write_layer(base(), "postgresql://me@/none")
    with pytest.raises(gb.OptionError, match="Name the table to read"):
        gb.read_layer("postgresql://me@/none")
