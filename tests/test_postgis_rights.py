"""Who may do what: roles with few rights, and rights that a new plan must keep."""

from __future__ import annotations

import re
import warnings
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
from asking import ask, assert_same, one, points

import geoborder as gb
from geoborder.errors import GeoborderWarning, OptionError
from geoborder.postgis import read_tables, write_table, write_tables

pytestmark = pytest.mark.postgis


def tables(**columns: object) -> dict[str, pd.DataFrame]:
    """Segments and their coverage, which come with a view."""
    segments = points(**columns).drop(columns="key")
    segments = segments.assign(segment_id=[0, 1, 2], border_id="b", length_km=1.0)
    segments = segments.assign(start_km=[0.0, 1, 2], end_km=[1.0, 2, 3])
    covered = segments[["segment_id", "length_km"]].assign(
        year=2025, covered_km=0.0, share=0.0, k_min=0, k_mean=0.0, gaps=1,
        longest_gap_km=1.0,
    )  # fmt: skip
    return {"segments": segments, "coverage_by_segment_year": pd.DataFrame(covered)}


def styles() -> dict[str, list[SimpleNamespace]]:
    one = SimpleNamespace(name="one", qml="<qgis/>", default=True, description="d")
    return {"segments": [one]}


STYLES = """
create table public.layer_styles (
    id serial primary key,
    f_table_catalog varchar, f_table_schema varchar, f_table_name varchar,
    f_geometry_column varchar, stylename text, styleqml xml, stylesld xml,
    useasdefault boolean, description text, owner varchar(63) default current_user,
    ui xml, update_time timestamp default current_timestamp, type varchar
);
"""


@pytest.mark.parametrize(
    ("before", "grants"),
    [
        ("", "grant create on schema public"),
        (STYLES, "grant select, insert, delete on"),
        (
            STYLES + "grant select, insert, delete on layer_styles to guest",
            "grant usage on sequence public.layer_styles_id_seq",
        ),
    ],
)
def test_a_role_of_one_schema_writes_a_plan_and_hears_what_styles_need(
    postgis_address: str, before: str, grants: str
) -> None:
    ask(postgis_address, f"create schema geoborder authorization guest; {before}")
    guest = postgis_address.replace("//postgres@", "//guest@")
    with pytest.warns(GeoborderWarning, match=grants) as told:
        write_tables(tables(), guest, styles=styles())
    assert len(told) == 1
    assert "permission denied" in str(told[0].message)
    assert_same(tables()["segments"], read_tables(guest)["segments"])
    # With the rights that were named there are styles.
    needed = re.search("`(.*)`", str(told[0].message))
    assert needed is not None
    ask(postgis_address, needed[1])
    write_tables(tables(), guest, styles=styles())
    named = "select f_table_name, stylename from public.layer_styles"
    assert ask(postgis_address, named) == [("segments", "one")]
    # Without them again, what there is stays, and is still known to be ours.
    if before:
        ask(postgis_address, "revoke all on layer_styles from guest")
        with pytest.warns(GeoborderWarning, match="permission denied"):
            write_tables(tables(), guest, styles={})
        ask(postgis_address, "grant all on layer_styles to guest")
        write_tables(tables(), guest, styles={})
        assert ask(postgis_address, named) == []


def test_a_warning_taken_for_an_error_comes_when_the_plan_is_there(
    postgis_address: str,
) -> None:
    ask(postgis_address, "create table public.layer_styles (mine int)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(GeoborderWarning, match="is not its table of styles"):
            write_tables(tables(), postgis_address, styles=styles())
    assert list(read_tables(postgis_address)) == list(tables())


RIGHTS = """
select relname::text, attname::text, grantee::regrole::text, privilege_type,
    is_grantable
from pg_class c left join lateral (
    select null as attname, g.* from aclexplode(relacl) g
    union all
    select attname, g.* from pg_attribute, aclexplode(attacl) g where attrelid = c.oid
) g on true
where relnamespace = 'geoborder'::regnamespace and grantee <> 'postgres'::regrole
order by 1, 2, 3, 4
"""


def test_rights_stay_with_those_who_have_them(postgis_address: str) -> None:
    write_tables(tables(), postgis_address)
    ask(
        postgis_address,
        "grant usage on schema geoborder to guest;"
        "grant select on geoborder.segments, geoborder.v_segments_by_year to guest "
        "with grant option;"
        "grant select (year, share), update (share) "
        "on geoborder.coverage_by_segment_year to guest;"
        "grant select (geom) on geoborder.v_segments_by_year to locked;"
        "grant insert on geoborder.segments to public;"
        "grant references on geoborder.manifest to guest",
    )
    before = ask(postgis_address, RIGHTS)
    assert len(before) == 8
    oid = "select 'geoborder.segments'::regclass::oid"
    was = one(postgis_address, oid)
    changed = tables(remark=["x", "y", "z"])
    changed["coverage_by_segment_year"]["note"] = 1
    write_tables(changed, postgis_address)
    assert one(postgis_address, oid) != was
    assert ask(postgis_address, RIGHTS) == before
    guest = postgis_address.replace("//postgres@", "//guest@")
    seen = "select remark from geoborder.segments order by fid"
    assert ask(guest, seen) == [("x",), ("y",), ("z",)]
    assert one(guest, "select count(*) from geoborder.v_segments_by_year") == 3
    # A right to what is gone goes, and no other.
    del changed["coverage_by_segment_year"]["share"]
    write_tables(changed, postgis_address)
    gone = {"share", "geom"}
    kept = [row for row in before if row[1] not in gone and row[0][:2] != "v_"]
    assert ask(postgis_address, RIGHTS) == kept


def test_the_former_owner_of_a_table_may_still_read_it(postgis_address: str) -> None:
    ask(postgis_address, "create schema geoborder authorization guest")
    guest = postgis_address.replace("//postgres@", "//guest@")
    write_tables(tables(), guest)
    write_tables(tables(more=[1, 2, 3]), postgis_address)
    owner = "select tableowner::text from pg_tables where tablename = 'segments'"
    assert one(postgis_address, owner) == "postgres"
    assert one(guest, "select sum(more) from geoborder.segments") == 6


def test_rights_to_one_table_stay_too(postgis_address: str) -> None:
    gb.write_layer(points(), postgis_address, layer="t")
    ask(postgis_address, 'create role "Some ""one"; grant select on t to "Some ""one"')
    try:
        write_table(points(more=[1, 2, 3]), postgis_address, "t")
        right = "select has_table_privilege('Some \"one', 't', 'select')"
        assert one(postgis_address, right) is True
    finally:
        ask(postgis_address, 'drop owned by "Some ""one"; drop role "Some ""one"')


def test_columns_of_others_are_not_dropped(postgis_address: str) -> None:
    write_tables(tables(), postgis_address)
    ask(
        postgis_address,
        "alter table geoborder.segments add seen date, add by text default 'me'",
    )
    for now in (tables(), tables(more=[1, 2, 3]), {"t": tables()["segments"]}):
        with pytest.raises(
            OptionError, match=r"geoborder\.segments has .* write: seen, by\. Drop them"
        ):
            write_tables(now, postgis_address)
    found = one(postgis_address, "select string_agg(by, '') from geoborder.segments")
    assert found == "mememe"
    ask(postgis_address, "alter table geoborder.segments drop seen, drop by")
    write_tables(tables(more=[1, 2, 3]), postgis_address)
    assert isinstance(read_tables(postgis_address)["segments"], gpd.GeoDataFrame)
