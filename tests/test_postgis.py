"""Tables in PostGIS: what is written is there, and read as it was."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from asking import ask, assert_same, one, points
from databases import Server
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point, Polygon

import geoborder as gb
from geoborder.errors import DataError, GeoborderError, OptionError
from geoborder.postgis import (
    is_address,
    read_table,
    read_tables,
    shown_address,
    write_table,
    write_tables,
)
from geoborder.postgis.statements import Name, name_of

in_database = pytest.mark.postgis


@pytest.fixture(scope="module")
def database(postgis: Server) -> Iterator[tuple[str, Iterator[int]]]:
    """Address of a database that these tests share, and numbers for their schemas."""
    with postgis.database() as name:
        yield postgis.address(name), count()


@pytest.fixture
def address(database: tuple[str, Iterator[int]]) -> str:
    """Address by which tables go to a schema that no other test uses."""
    shared, numbers = database
    schema = f"own_{next(numbers)}"
    ask(shared, f"create schema {schema}")
    return f"{shared}&options=-c%20search_path%3D{schema}%2Cpublic"


def shaped(*shapes: object, crs: object = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"key": range(len(shapes))}, geometry=list(shapes), crs=crs)


# Addresses and names.


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("postgresql://me@example.org/plans", True),
        ("POSTGRES:///plans", True),
        ("postgresql+psycopg://example.org/plans", True),
        ("postgresqlx://example.org", False),
        ("plans.gpkg", False),
        ("https://example.org", False),
        (Path("postgresql:/x"), False),
    ],
)
def test_addresses_are_told_from_files(text: object, answer: bool) -> None:
    assert is_address(text) is answer


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:s3cret@example.org/p", "postgresql://me@example.org/p"),
        ("postgresql://example.org/p?password=s3cret", "postgresql://example.org/p"),
        ("postgresql://me:s3cret@/p?host=/tmp/x", "postgresql://me@%2Ftmp%2Fx/p"),
        ("postgresql://me:s3cret@[::1", "postgresql://..."),
        ("postgresql:///p?sslpassword=s3cret&service=s", "postgresql:///p?service=s"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert shown_address(address) == shown
    assert "s3cret" not in shown


def test_an_address_that_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(OptionError, match=r"cannot be read .it is not shown") as caught:
        read_table("postgresql://me:s3cret@[::1", "t")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("segments", Name(None, "segments")),
        ("Plans.Segments", Name("Plans", "Segments")),
        ('"a.b"."c""d"', Name("a.b", 'c"d')),
        ('plans."a.b"', Name("plans", "a.b")),
        ("x; drop table y", Name(None, "x; drop table y")),
    ],
)
def test_names_are_taken_as_they_are(text: str, name: Name) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a.b.c", '"a', '"a"b', None])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"not the name of a table"):
        name_of(text)


@pytest.mark.parametrize("name", ["t" * 64, "я" * 32, "nul\0"])
def test_names_that_postgresql_would_cut_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="name"):
        name_of(name)


def test_the_driver_is_only_needed_where_it_is_used() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "import geoborder as gb\n"
        "from geoborder.postgis import write_table\n"
        "try:\n"
        "    gb.read_layer('postgresql://example.org/plans', layer='segments')\n"
        "except gb.OptionError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install 'geoborder[postgis]'" in done.stdout


# One table.

MOMENTS = pd.to_datetime(
    ["1999-12-31 23:59:59.999999", None, "2030-06-01 00:00:00.000001"]
)
COLUMNS = {
    "whole": np.array([-(2**63), 0, 2**63 - 1]),
    "some": pd.array([1, None, -1], dtype="Int64"),
    "real": [5e-324, -0.0, 1.7976931348623157e308],
    "thirds": [1 / 3, math.nan, -2 / 3],
    "endless": [math.inf, -math.inf, 0.1],
    "truth": [True, False, True],
    "maybe": pd.array([True, None, False], dtype="boolean"),
    "text": ["", None, "NULL"],
    "hard": ['a"b,c', "\\.\n\\N\r\n\t", "\u200fХоруг\U0001f5fa'';--"],  # noqa: RUF001 - a name
    "kinds": pd.Categorical(["b", None, "a"]),
    "nothing": [None, None, None],
    "days": pd.to_datetime(["1700-02-28", None, "2199-12-31"]),
    "moments": MOMENTS,
    "zoned": MOMENTS.tz_localize("Asia/Dushanbe"),
}


@in_database
@pytest.mark.parametrize("column", COLUMNS)
def test_every_kind_of_column_comes_back_as_it_was(address: str, column: str) -> None:
    table = points(**{column: COLUMNS[column]})
    assert write_table(table, address, "t").endswith(".t")
    now = read_table(address, "t")
    if column == "zoned":
        table[column] = table[column].dt.tz_convert("UTC")
    assert_same(table, now)


@in_database
def test_values_are_in_the_database_what_they_are_here(address: str) -> None:
    write_table(pd.DataFrame(COLUMNS), address, "t")
    rows = ask(address, "select * from t order by fid")
    named = dict(zip(["fid", *COLUMNS], zip(*rows, strict=True), strict=True))
    assert named["fid"] == (1, 2, 3)
    assert named["whole"] == tuple(COLUMNS["whole"].tolist())
    assert [math.copysign(1, named["real"][1]), *named["real"][::2]] == [
        -1,
        5e-324,
        1.7976931348623157e308,
    ]
    assert named["thirds"] == (1 / 3, None, -2 / 3)
    assert named["endless"] == (math.inf, -math.inf, 0.1)
    assert named["maybe"] == (True, None, False)
    assert named["text"] == ("", None, "NULL")
    assert list(named["hard"]) == COLUMNS["hard"]
    assert named["days"][0].isoformat() == "1700-02-28"
    assert named["moments"][2].isoformat() == "2030-06-01T00:00:00.000001"
    assert named["zoned"][0].astimezone().utctimetuple()[3:6] == (18, 59, 59)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@in_database
def test_random_tables_come_back_as_they_were(postgis: Server) -> None:
    with postgis.database() as name:
        address = postgis.address(name)

        @settings(max_examples=20)
        @given(st.lists(st.tuples(st.none() | texts, st.floats(), st.integers(-9, 9))))
        def check(rows: list[tuple]) -> None:
            table = pd.DataFrame(rows, columns=["text", "real", "whole"])
            table = table.astype({"text": "str", "real": float, "whole": "int64"})
            write_table(table, address, "t")
            assert_same(table, read_table(address, "t"))
            assert_same(table[["text"]], read_table(address, "select text from t"))

        check()


@in_database
@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([Point(1, 2), None, Point(3, 4)], "POINT 2"),
        ([LineString([(0, 0), (1, 1)]), MultiLineString([])], "MULTILINESTRING 2"),
        ([Polygon([(0, 0), (1, 0), (1, 1)]), Polygon()], "POLYGON 2"),
        ([Point(1, 2, 3), Point(4, 5, 6)], "POINT 3"),
        ([shapely.from_wkt("LINESTRING ZM (0 0 1 5, 1 1 2 6)")], "LINESTRING 4"),
        ([shapely.from_wkt("POINT M (0 0 5)")], "POINTM 3"),
        ([Point(1, 2), LineString([(0, 0), (1, 1)])], "GEOMETRY 2"),
        (
            [shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 2))")],
            "GEOMETRYCOLLECTION 2",
        ),
        ([Point(1, 2), Point(4, 5, 6)], "GEOMETRY 2"),
        ([None, None], "GEOMETRY 2"),
        ([], "GEOMETRY 2"),
    ],
)
def test_every_kind_of_geometry_is_typed_and_comes_back(
    address: str, shapes: list[object], kind: str
) -> None:
    table = shaped(*shapes)
    write_table(table, address, "t")
    declared = "select type || ' ' || coord_dimension, srid from geometry_columns "
    declared += "where f_table_schema = current_schema()"
    mixed = {bool(shapely.has_z(s)) for s in shapes if s is not None} == {True, False}
    assert ask(address, declared) == [(kind, 0 if mixed else 4326)]
    assert_same(table, read_table(address, "t"))
    valid = "select count(*) from t where st_srid(geom) = 4326"
    assert one(address, valid) == sum(s is not None for s in shapes)
    index = "select count(*) from pg_indexes where indexdef ~ 'USING gist .geom.' "
    index += "and schemaname = current_schema()"
    assert one(address, index) == 1


@in_database
@pytest.mark.parametrize(
    ("crs", "srid"),
    [
        ("EPSG:32642", 32642),
        ("EPSG:3857", 3857),
        ("ESRI:102025", 102025),
        ("OGC:CRS84", 4326),
        ("+proj=aea +lat_0=36 +lon_0=68 +lat_1=25 +lat_2=47 +datum=WGS84", 910000),
    ],
)
def test_reference_systems_are_known_by_postgis(
    address: str, crs: str, srid: int
) -> None:
    table = shaped(Point(68, 37.5), crs=4326).to_crs(crs)
    for name in ("one", "two"):
        write_table(table, address, name)
    known = "select distinct srid from geometry_columns "
    assert ask(address, known + "where f_table_schema = current_schema()") == [(srid,)]
    now = read_table(address, "two")
    assert now.crs.to_authority() == ("EPSG", "4326") or now.crs == table.crs
    # PostGIS itself gets from there to longitude and latitude.
    place = (
        "select st_x(g), st_y(g) from (select st_transform(geom, 4326) g from one) t"
    )
    assert ask(address, place)[0] == pytest.approx((68, 37.5), abs=1e-9)


@in_database
def test_a_table_has_a_key_and_gives_free_numbers_to_rows_of_others(
    address: str,
) -> None:
    for _ in range(2):
        write_table(points(), address, "t")
        more = (
            "insert into t (key, geom) values (9, st_point(0, 0, 4326)) returning fid"
        )
        assert int(str(one(address, more))) > 3
    assert read_table(address, "t")["key"].tolist() == [3, 1, 2, 9]
    key = "select pg_get_constraintdef(oid) from pg_constraint where conrelid = "
    assert one(address, key + "'t'::regclass") == "PRIMARY KEY (fid)"


@in_database
def test_a_named_index_and_a_column_fid_are_kept(address: str) -> None:
    table = points(fid=[7, 8, 9]).set_index("key")
    gb.write_layer(table, address, layer="t")
    now = gb.read_layer(address, layer="t")
    assert_same(table.reset_index(), now)


@in_database
def test_rows_longer_than_what_is_parsed_at_a_time(address: str) -> None:
    table = pd.DataFrame({"text": ["\n" * 20_000_000, "", None, "b,\n"]})
    write_table(table, address, "t")
    assert_same(table, read_table(address, "t"))


@in_database
def test_several_geometries_are_kept(address: str) -> None:
    table = points(feet=gpd.GeoSeries([Point(0, 0)] * 3, crs="EPSG:32642"))
    write_table(table, address, "t")
    now = read_table(address, "t")
    assert list(now.columns) == ["key", "feet", "geometry"]
    assert (now["feet"].crs.to_epsg(), now.crs.to_epsg()) == (32642, 4326)
    assert now.geometry.geom_equals(table.geometry).all()


HOSTILE = 'Ost"; drop table victim; -- \u043f\u044f\u0434\u0436 %s {x}'


@in_database
def test_names_are_data(address: str) -> None:
    ask(address, "create table victim (a int)")
    table = points(**{HOSTILE: [1, 2, 3], "select": ["a", "b", "c"], "Key": [1, 2, 3]})
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    write_table(table, address, f"{quoted}.{quoted}")
    assert_same(table, read_table(address, f"{quoted}.{quoted}"))
    names = write_tables({HOSTILE: table}, address, schema=HOSTILE + "2")
    assert names[0] == f"{HOSTILE}2.{HOSTILE}"
    assert_same(table, read_tables(address, schema=HOSTILE + "2")[HOSTILE])
    assert ask(address, "select count(*) from victim") == [(0,)]


@in_database
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (points().set_crs(None, allow_override=True), "no CRS"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns 'a'"),
        (pd.DataFrame({"a": [1, "x"]}), "Table 't': Column 'a'"),
        (pd.DataFrame({"a": ["nul\0"]}), "0x00"),
        (pd.DataFrame({"k" * 64: [1]}), "64 bytes"),
    ],
)
def test_what_a_database_cannot_hold_is_refused(
    address: str, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write_table(table, address, "t")
    assert one(address, "select to_regclass('t')") is None


# Tables written again.


@in_database
def test_a_table_filled_anew_keeps_what_others_built_on_it(
    address: str,
) -> None:
    schema, _, _ = write_table(points(), address, "t").partition(".")
    ask(address, "create view mine as select key from t")
    ask(address, f"grant usage on schema {schema} to guest")
    ask(address, "grant select on t, mine to guest")
    write_table(points().iloc[:2], address, "t")
    guest = address.replace("//postgres@", "//guest@")
    assert ask(guest, "select count(*) from mine, t") == [(4,)]


@in_database
def test_a_table_others_built_on_does_not_change_its_columns(
    address: str,
) -> None:
    write_table(points(), address, "t")
    ask(address, "create view mine as select key from t")
    with pytest.raises(OptionError, match=r"view mine depends on table t.*Drop first"):
        write_table(points(more=[1, 2, 3]), address, "t")
    assert_same(points(), read_table(address, "t"))
    ask(address, "drop view mine")
    write_table(points(more=[1, 2, 3]), address, "t")
    assert "more" in read_table(address, "t")


@in_database
def test_a_view_is_not_replaced(address: str) -> None:
    ask(address, "create view t as select 1 as a")
    with pytest.raises(OptionError, match=r"own_\d+\.t is a view"):
        write_table(points(), address, "t")


# Reading.


@in_database
def test_types_of_other_tables_are_read_too(address: str) -> None:
    now = read_table(
        address,
        "select 1::int2 as small, 2::int4 as whole, 1.25::numeric(9,2) as number, "
        "'{1,2}'::int[] as list, '{\"a\": 1}'::jsonb as json, 'x'::char(3) as chars, "
        "'2025-01-02'::date as day, '2025-01-02 03:04:05+05'::timestamptz as zoned, "
        "'00000000-0000-0000-0000-000000000001'::uuid as id, null as nothing, "
        "st_point(1, 2)::geography as place, 'inf'::float4 as endless",
    )
    assert now.crs == "EPSG:4326"
    row = now.iloc[0]
    assert row.drop("geometry").astype(object).to_dict() == {
        "small": 1,
        "whole": 2,
        "number": 1.25,
        "list": "{1,2}",
        "json": '{"a": 1}',
        "chars": "x  ",
        "day": pd.Timestamp("2025-01-02"),
        "zoned": pd.Timestamp("2025-01-01 22:04:05", tz="UTC"),
        "id": "00000000-0000-0000-0000-000000000001",
        "nothing": row["nothing"],
        "endless": math.inf,
    }
    assert pd.isna(row["nothing"])


@in_database
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("nothing", "has no table 'nothing'"),
        ("T", r"has no table 'T'\. Did you mean 'own_\d+\.t'"),
        ("select * from nothing", 'relation "nothing" does not exist'),
        ("select key, key from t", "two columns 'key'; name one otherwise with AS"),
        ("select 1; drop table t", "cannot insert multiple commands"),
        ("select 1) to stdout; drop table t; --", "syntax error"),
        ("drop table t", "has no table"),
        ("insert into t (key) values (1) returning key", "has no table"),
        ("with x as (delete from t returning *) select * from x", "read-only"),
        ("/* a */ -- b\n select nothing from t -- c", '"nothing" does not exist'),
        ("select set_config('transaction_read_only', 'off', true)", "read-write mode"),
        ("select 'infinity'::date as d", "Dates must be finite"),
        (
            "select st_setsrid(geom, key::int) from t",
            "in the reference systems 1, 2, 3",
        ),
        ("select", "gives no columns"),
        ("  ", "has no table"),
        (
            "select st_geomfromtext('CIRCULARSTRING(0 0,1 1,2 0)', 4326) as bow",
            "Column 'bow' of the query has .* by ST_CurveToLine",
        ),
    ],
)
def test_a_question_the_database_does_not_answer_is_explained(
    address: str, query: str, message: str
) -> None:
    write_table(points(), address, "t")
    with pytest.raises(GeoborderError, match=message):
        read_table(address, query)
    assert_same(points(), read_table(address, "t"))


@in_database
@pytest.mark.parametrize(
    "query",
    [
        "select 'a;--' as a;",
        "select 'a;--' as a ; -- hi; there's",
        "select E'a;--' as a;; /* ; */\n--",
        "select $x$a;--$x$ as a; -- $x$;",
        "/* one; */ select 'a;--' /* ' */ as \"a\"\n;\n",
    ],
)
def test_a_query_may_end_as_in_a_file_of_sql(address: str, query: str) -> None:
    assert read_table(address, query)["a"].tolist() == ["a;--"]


@in_database
def test_what_is_no_layer_is_called_by_its_name(address: str) -> None:
    write_table(pd.DataFrame({"a": [1]}), address, "t")
    with pytest.raises(DataError, match=r"^'t' has no geometry; read it with"):
        gb.read_layer(address, layer="t")
    for layer in (None, ""):
        with pytest.raises(OptionError, match=r"^Name the table to read"):
            gb.read_table(address, layer=layer)


@in_database
def test_the_order_of_rows_is_kept_whatever_happens_to_them(
    address: str,
) -> None:
    table = pd.DataFrame({"n": np.arange(5000), "text": "x" * 50})
    write_table(table, address, "t")
    ask(address, "update t set text = text || 'y' where n < 100")
    assert read_table(address, "t")["n"].tolist() == list(range(5000))


# What goes wrong.


@in_database
def test_refusals_show_no_password(postgis: Server, address: str) -> None:
    name = address.split("@/")[1].split("?", maxsplit=1)[0]
    secret = "hor%se&ba@ttery"  # noqa: S105 - a wrong one
    for user in ("locked", "nobody"):
        address = postgis.address(name, user=user, password=secret)
        with pytest.raises(OptionError, match=f"cannot be reached.*{user}") as caught:
            write_table(points(), address, "t")
        assert secret not in str(caught.value)
        assert caught.value.__cause__ is None
    right = postgis.address(name, user="locked", password="opensesame")  # noqa: S106
    with pytest.raises(OptionError, match=r"permission denied.*GRANT") as caught:
        write_tables({"t": points()}, right)
    assert "opensesame" not in str(caught.value)
    with pytest.raises(DataError, match=r"integer: .\*\*\*") as caught:
        read_table(right, "select cast('opensesame' as int) as told")
    assert "opensesame" not in str(caught.value)
    away = postgis.address("no_such_base")
    with pytest.raises(OptionError, match='"no_such_base" does not exist'):
        read_table(away, "t")
    with pytest.raises(OptionError, match=r"on that socket\? Check host"):
        read_table("postgresql:///x?host=/nowhere", "t")


def test_an_address_that_became_a_path_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mangled = Path("postgresql://me@example.org/plans")  # loses a slash
    with pytest.raises(gb.OptionError, match="begins with postgresql://"):
        gb.write_layer(gb.load_crossings(), mangled, layer="crossings")
    with pytest.raises(gb.OptionError, match="begins with postgresql://"):
        gb.read_plan_tables(mangled)
    assert list(tmp_path.iterdir()) == []
