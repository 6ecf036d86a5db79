"""Plans in PostGIS: whole, with keys and words and views, whatever happens."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
from asking import ask, assert_same, one, points
from databases import Server

import geoborder as gb
from geoborder.dictionary import LAYERS, field_of
from geoborder.errors import DataError, GeoborderError, OptionError
from geoborder.export import plan_layers
from geoborder.postgis import (
    read_manifest,
    read_table,
    read_tables,
    write_table,
    write_tables,
)

in_database = pytest.mark.postgis

HELD = 4711
"""Key of the lock by which the tests hold a writer in the middle of its work."""


def until(true: Callable[[], object]) -> None:
    """Wait for what another process does."""
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("what was waited for did not happen")


def small_plan(count: int = 9, *, posts: int = 3) -> dict[str, pd.DataFrame]:
    """Tables of a border with some posts, by the functions a plan is made with."""
    border = gb.load_border()
    segments = gb.segment_border(border, count=count)
    at = border["length_km"].item() * np.linspace(0.1, 0.9, posts)
    assets = gpd.GeoDataFrame(
        {
            "asset_id": [f"post-{n}" for n in range(posts)],
            "name": "Post",
            "mode": "patrol",
            "range_km": 60.0,
            "from_year": 2025 + np.arange(posts) % 3,
            "border_id": border["border_id"].item(),
            "segment_id": np.searchsorted(segments["start_km"], at, side="right"),
        },
        geometry=gb.point_at(border, at).to_numpy(),
        crs=4326,
    )
    found = gb.cover(border, assets, segments=segments, years=range(2024, 2029))
    return {
        "border": border,
        "segments": segments,
        "assets": assets,
        "coverage": found.intervals,
        "gaps_by_year": found.gaps_by_year,
        "coverage_by_year": found.by_year,
        "coverage_by_segment_year": found.by_segment_year,
    }


@pytest.fixture(scope="module")
def earlier() -> dict[str, pd.DataFrame]:
    return small_plan()


@pytest.fixture(scope="module")
def later() -> dict[str, pd.DataFrame]:
    """Another plan with the same columns."""
    return small_plan(40, posts=5)


def assert_plan(address: str, tables: dict[str, pd.DataFrame]) -> None:
    """Exactly this plan is in the database, and nothing is left of another."""
    now = read_tables(address)
    assert list(now) == list(tables)
    for name, table in tables.items():
        assert_same(table, now[name])
    relations = "select count(*) from pg_class c join pg_namespace n on n.oid = "
    kinds = "relnamespace where nspname = 'geoborder' and relkind in ('r', 'v')"
    views = {"v_segments_by_year", "v_coverage_by_year", "v_gaps_by_segment_year"}
    assert one(address, relations + kinds) == len(tables) + 1 + len(views)


@in_database
def test_a_plan_is_written_and_read_whole(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    facts = {"program": "Small", "years": [2025, 2029], "gap": None}
    names = write_tables(earlier, postgis_address, facts=facts)
    assert names[: len(earlier)] == [f"geoborder.{name}" for name in earlier]
    assert_plan(postgis_address, earlier)
    assert read_manifest(postgis_address) == facts
    for name in names:
        assert len(read_table(postgis_address, name))


@in_database
def test_the_default_plan_has_its_keys_and_says_what_it_is(
    postgis_address: str, plan: gb.Plan
) -> None:
    tables = plan_layers(plan)
    write_tables(tables, postgis_address, currency=plan.program.currency)
    now = read_tables(postgis_address)
    assert list(now) == list(tables)
    for name, table in tables.items():
        assert_same(table, now[name])
    found = ask(
        postgis_address,
        "select t.relname, c.contype::text, o.relname, array(select attname::text "
        "from unnest(c.conkey) with ordinality k(n, i) join pg_attribute a "
        "on a.attrelid = t.oid and a.attnum = k.n order by i) "
        "from pg_constraint c join pg_class t on t.oid = conrelid "
        "left join pg_class o on o.oid = confrelid "
        "where c.connamespace = 'geoborder'::regnamespace",
    )
    keys = {table: tuple(key) for table, kind, _, key in found if kind == "u"}
    rows = {table: tuple(key) for table, kind, _, key in found if kind == "p"}
    # GDAL and QGIS want one whole number to know a feature by.
    assert rows == {**dict.fromkeys(tables, ("fid",)), "manifest": ("key",)}
    links = {(table, *key, other) for table, kind, other, key in found if kind == "f"}
    for name in tables:
        assert keys.get(name, ()) == LAYERS[name].key, name
        for column, (other, _) in LAYERS[name].references.items():
            if column in tables[name]:
                assert (name, column, other) in links
    said = ask(
        postgis_address,
        "select table_name, column_name, col_description(format('geoborder.%I', "
        "table_name)::regclass, ordinal_position) from information_schema.columns "
        "join information_schema.tables using (table_schema, table_name) "
        "where table_schema = 'geoborder' "
        "and column_name not in ('fid', 'geom') and table_name <> 'manifest'",
    )
    views = {(table, column): text for table, column, text in said if table[:2] == "v_"}
    assert len({view for view, _ in views}) == 6
    assert None not in views.values()
    words = field_of("segments_by_year", "share")
    assert views["v_segments_by_year", "share"] == f"{words.alias}. {words.description}"
    assert views["v_costs_by_year", "total"].startswith("Total cost, USD. Capital")
    for table, column, text in said:
        if table[:2] == "v_":
            continue
        field = field_of(table, column, currency=plan.program.currency)
        assert text == f"{field.alias}. {field.description}"
    assert ("segments", "length_km") in {row[:2] for row in said}
    spatial = {n for n, t in tables.items() if isinstance(t, gpd.GeoDataFrame)}
    indexed = "select tablename from pg_indexes where indexdef ~ 'USING gist .geom.'"
    assert {name for (name,) in ask(postgis_address, indexed)} == spatial


@in_database
def test_views_by_year_say_what_the_plan_says(
    postgis_address: str, plan: gb.Plan
) -> None:
    write_tables(plan_layers(plan), postgis_address)

    def view(name: str) -> pd.DataFrame:
        return read_table(postgis_address, f"geoborder.{name}")

    cover = plan.coverage
    whole = view("v_coverage_by_year")
    for column in whole.columns.drop(["start_date", "end_date"]):
        wanted = cover.by_year[column].to_numpy(float)
        assert whole[column].to_numpy(float) == pytest.approx(wanted, abs=1e-9), column

    segments = view("v_segments_by_year")
    wanted = cover.by_segment_year.reset_index(drop=True)
    assert_same(wanted, pd.DataFrame(segments[wanted.columns]))
    shapes = plan.segments.set_index("segment_id").geometry
    assert segments.geometry.equals(
        gpd.GeoSeries(shapes.reindex(wanted["segment_id"]).to_numpy(), crs=4326)
    )
    assert segments["fid"].is_unique

    gaps = view("v_gaps_by_segment_year").set_index(["year", "segment_id"])
    wanted = wanted.set_index(["year", "segment_id"])
    assert gaps.index.isin(wanted.index).all()
    gaps = gaps.reindex(wanted.index).fillna(0)
    assert (gaps["gaps"] == wanted["gaps"]).all()
    assert gaps["longest_gap_km"].to_numpy() == pytest.approx(
        wanted["longest_gap_km"].to_numpy(), abs=1e-6
    )
    open_km = (wanted["length_km"] - wanted["covered_km"]).to_numpy()
    assert gaps["open_km"].to_numpy() == pytest.approx(open_km, abs=1e-6)

    assets = view("v_assets_by_year")
    table = plan.assets[plan.assets["status"] != "retired"]
    for year in cover.by_year["year"]:
        begun = table["from_year"].isna() | (table["from_year"] <= year)
        going = table["until_year"].isna() | (table["until_year"] >= year)
        known = assets.loc[assets["year"] == year, "asset_id"]
        assert known.tolist() == table.loc[begun & going, "asset_id"].tolist()

    costs = view("v_costs_by_year").set_index("year")
    for column in costs.columns:
        assert costs[column].to_numpy() == pytest.approx(
            plan.costs[column].to_numpy(), abs=0.02
        )
    measures = view("v_measures_by_year").groupby("measure_id")[["quantity", "cost"]]
    wanted = plan.assignments.groupby("measure_id")[["quantity", "cost"]].sum()
    assert measures.sum().to_numpy() == pytest.approx(wanted.to_numpy())


@in_database
def test_a_plan_of_the_same_shape_keeps_what_others_built_on_it(
    postgis_address: str,
    earlier: dict[str, pd.DataFrame],
    later: dict[str, pd.DataFrame],
) -> None:
    write_tables(earlier, postgis_address)
    ask(
        postgis_address,
        "create view mine as select count(*) as n from geoborder.v_segments_by_year;"
        "create table geoborder.notes (text text);"
        "grant usage on schema geoborder to guest;"
        "grant select on geoborder.segments to guest",
    )
    write_tables(later, postgis_address, facts={"plan": "later"})
    now = read_tables(postgis_address)
    for name, table in later.items():
        assert_same(table, now[name])
    assert one(postgis_address, "select n from mine") == 5 * 40
    right = "select has_table_privilege('guest', 'geoborder.segments', 'select')"
    assert one(postgis_address, right) is True
    # A table more changes no other, so that the view on them may stay.
    more = {**later, "measures": pd.DataFrame({"measure_id": ["m"]})}
    with pytest.raises(OptionError, match=r"view mine depends on view"):
        write_tables(more, postgis_address)
    ask(postgis_address, "drop view mine")
    write_tables(more, postgis_address)
    assert list(read_tables(postgis_address)) == list(more)
    assert one(postgis_address, right) is True
    write_tables(earlier, postgis_address)
    assert ask(postgis_address, "select * from geoborder.notes") == []
    ask(postgis_address, "drop table geoborder.notes")
    assert_plan(postgis_address, earlier)


@in_database
def test_tables_that_change_are_made_anew_with_what_refers_to_them(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    write_tables(earlier, postgis_address)
    links = "select count(*) from pg_constraint where contype = 'f' and conrelid = "
    count = one(
        postgis_address, links + "'geoborder.coverage_by_segment_year'::regclass"
    )
    assert count == 1
    segments = earlier["segments"].assign(remark="new")
    write_tables({**earlier, "segments": segments}, postgis_address)
    assert_plan(postgis_address, {**earlier, "segments": segments})
    assert count == one(
        postgis_address, links + "'geoborder.coverage_by_segment_year'::regclass"
    )


@in_database
def test_keys_that_do_not_hold_are_left_out(postgis_address: str) -> None:
    tables = {
        "segments": pd.DataFrame({"segment_id": [1, 1]}),
        "coverage_by_segment_year": pd.DataFrame({"segment_id": [5], "year": [2025]}),
    }
    write_tables(tables, postgis_address)
    assert_same(tables["segments"], read_tables(postgis_address)["segments"])
    kinds = "select relname || contype::text from pg_constraint join pg_class c "
    kinds += "on c.oid = conrelid where connamespace = 'geoborder'::regnamespace"
    assert {kind for (kind,) in ask(postgis_address, kinds)} == {
        "manifestp",
        "segmentsp",
        "coverage_by_segment_yearp",
        "coverage_by_segment_yearu",
    }
    # Later they hold, and then no more.
    for rows in ([1, 5], [1, 1]):
        tables["segments"] = pd.DataFrame({"segment_id": rows})
        write_tables(tables, postgis_address)
        assert_same(tables["segments"], read_tables(postgis_address)["segments"])


@in_database
def test_tables_of_others_are_left_alone(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    ask(postgis_address, "create table public.segments (mine int)")
    with pytest.raises(OptionError, match=r"did not write: segments\. Choose"):
        write_tables(earlier, postgis_address, schema="public")
    ask(postgis_address, "create table public.manifest (key text, value jsonb)")
    with pytest.raises(OptionError, match=r"'manifest' that geoborder did not write"):
        write_tables(earlier, postgis_address, schema="public")
    listed = (
        "select array_agg(tablename::text order by tablename) from pg_tables where "
    )
    assert one(postgis_address, listed + "schemaname = 'public'") == [
        "manifest",
        "segments",
        "spatial_ref_sys",
    ]


@pytest.mark.parametrize("name", ["manifest", "v_segments_by_year"])
def test_names_of_facts_and_views_are_taken(name: str) -> None:
    with pytest.raises(OptionError, match="Rename it"):
        write_tables({name: pd.DataFrame({"a": [1]})}, "postgresql:///none")


@in_database
def test_a_plan_without_postgis(
    postgis: Server, earlier: dict[str, pd.DataFrame]
) -> None:
    with postgis.database(template="template0") as name:
        address = postgis.address(name)
        with pytest.raises(OptionError, match="`create extension postgis;`"):
            write_tables(earlier, address)
        with pytest.raises(OptionError, match="`create extension postgis;`"):
            write_table(points(), address, "t")
        assert one(address, "select to_regnamespace('geoborder')") is None
        # What has no geometry needs none.
        table = pd.DataFrame({"year": [2025]})
        write_table(table, address, "t")
        assert_same(table, read_table(address, "select year from t"))


@in_database
def test_postgis_in_a_schema_of_its_own(
    postgis: Server, earlier: dict[str, pd.DataFrame]
) -> None:
    with postgis.database(template="template0") as name:
        address = postgis.address(name)
        ask(address, 'create schema "Geo x"; create extension postgis schema "Geo x"')
        for _ in range(2):
            write_tables(earlier, address)
        assert_plan(address, earlier)


@in_database
@pytest.mark.parametrize("table", [pd.DataFrame(), pd.DataFrame(index=range(3))])
def test_a_table_without_columns(postgis_address: str, table: pd.DataFrame) -> None:
    write_tables({"measures": table}, postgis_address)
    assert read_tables(postgis_address)["measures"].shape == (len(table), 0)


@in_database
def test_queries_give_borders_units_sites_and_events(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    units = gb.load_units("AFG", facing="TJK")
    gb.write_layer(units, postgis_address, layer="units")
    write_tables(earlier, postgis_address)

    def layer(query: str) -> gpd.GeoDataFrame:
        return gb.read_layer(postgis_address, layer=query)

    border = layer("select * from geoborder.border")
    segments = gb.segment_border(
        border, count=9, units=layer("select * from units where name is not null;")
    )
    wanted = gb.segment_border(earlier["border"], count=9, units=units)
    assert_same(wanted, segments)
    sites = layer(
        "select asset_id, st_transform(geom, 32642) as place -- in metres\n"
        "from geoborder.assets order by asset_id"
    )
    assert sites.crs.to_epsg() == 32642
    at = gb.locate(sites, border)["chainage_km"]
    assert at.to_numpy() == pytest.approx(
        gb.locate(earlier["assets"], border)["chainage_km"].to_numpy(), abs=1e-5
    )
    assets = layer("geoborder.assets")
    found = gb.cover(border, assets, segments=layer("geoborder.segments"), year=2027)
    wanted = earlier["gaps_by_year"].query("year == 2027").drop(columns="year")
    assert_same(wanted.reset_index(drop=True), found.gaps)
    events = gb.read_table(
        postgis_address,
        layer="with g as (select * from geoborder.gaps_by_year where year = 2025) "
        "select border_id, start_km::numeric, end_km, 'gap' as kind from g",
    )
    placed = gb.events_to(events, border)
    wanted = earlier["gaps_by_year"].query("year == 2025").reset_index(drop=True)
    assert placed.geometry.geom_equals_exact(wanted.geometry, 1e-9).all()
    gap = layer("select geom from geoborder.gaps_by_year order by length_km limit 1")
    again = gb.events_from(gap, border, within_km=0.001)
    assert len(again) == 1


@in_database
def test_a_schema_without_a_plan_is_told(postgis_address: str) -> None:
    write_tables({"t": pd.DataFrame({"a": [1]})}, postgis_address, schema="plans")
    with pytest.raises(DataError, match=r"no plan in schema 'geoborder'.*: plans\."):
        read_tables(postgis_address)


# What goes wrong.


@in_database
@pytest.mark.parametrize("state", ["53100", "23514", "P0001"])
def test_an_error_in_the_middle_leaves_the_earlier_plan_whole(
    postgis_address: str,
    earlier: dict[str, pd.DataFrame],
    later: dict[str, pd.DataFrame],
    state: str,
) -> None:
    write_tables(earlier, postgis_address, facts={"plan": "earlier"})
    ask(
        postgis_address,
        "create function fail() returns trigger language plpgsql as $$ begin "
        f"raise 'no space left on device' using errcode = '{state}'; end $$; "
        "create trigger fail before insert on geoborder.coverage_by_segment_year "
        "for each row when (new.segment_id = 20) execute function fail()",
    )
    with pytest.raises(GeoborderError, match="no space left on device"):
        write_tables(later, postgis_address, facts={"plan": "later"})
    assert_plan(postgis_address, earlier)
    assert read_manifest(postgis_address) == {"plan": "earlier"}


@contextmanager
def holding(address: str) -> Iterator[psycopg.Connection]:
    """Hold whoever fills the segments in the middle of it, until this ends."""
    ask(
        address,
        "create function hold() returns trigger language plpgsql as $$ begin "
        f"perform pg_advisory_xact_lock({HELD}); return new; end $$; "
        "create trigger hold before insert on geoborder.segments "
        "for each row when (new.segment_id = 7) execute function hold()",
    )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"select pg_advisory_lock({HELD})")
        yield connection
        connection.execute("select pg_advisory_unlock_all()")


def held_writer(address: str) -> int | None:
    """Process of the server that works for the writer that is held."""
    rows = ask(
        address,
        "select pid, objid from pg_locks join pg_stat_activity using (pid) where "
        "locktype = 'advisory' and not granted and query ~ '^copy'",
    )
    return next((int(pid) for pid, key in rows if key == HELD), None)


WRITER = """
import pickle, sys
from geoborder.postgis import write_tables
write_tables(pickle.load(open(sys.argv[1], "rb")), sys.argv[2])
"""


@in_database
@pytest.mark.parametrize("how", ["kill", "interrupt", "terminate"])
def test_a_writer_that_ends_in_the_middle_leaves_the_earlier_plan_whole(
    postgis_address: str,
    earlier: dict[str, pd.DataFrame],
    later: dict[str, pd.DataFrame],
    tmp_path: Path,
    how: str,
) -> None:
    write_tables(earlier, postgis_address)
    (tmp_path / "later").write_bytes(pickle.dumps(later))
    command = [sys.executable, "-c", WRITER, str(tmp_path / "later"), postgis_address]
    with holding(postgis_address):
        writer = subprocess.Popen(  # noqa: S603 - ourselves
            command, stderr=subprocess.PIPE, text=True
        )
        until(lambda: held_writer(postgis_address) or writer.poll() is not None)
        served_by = held_writer(postgis_address)
        assert served_by is not None
        if how == "terminate":
            ask(postgis_address, f"select pg_terminate_backend({served_by})")
        else:
            writer.send_signal(signal.SIGKILL if how == "kill" else signal.SIGINT)
        _, said = writer.communicate()
        assert writer.returncode != 0
        if how == "terminate":
            assert "OptionError" in said.splitlines()[-1]
            assert "nothing was changed" in said
    served = "select pid from pg_stat_activity"
    until(lambda: (served_by,) not in ask(postgis_address, served))
    assert_plan(postgis_address, earlier)
    ask(postgis_address, "drop function hold cascade")
    write_tables(later, postgis_address)
    assert_plan(postgis_address, later)


@in_database
def test_a_writer_killed_while_rows_flow_leaves_nothing(
    postgis_address: str, earlier: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    write_tables(earlier, postgis_address)
    size = 400_000
    many = pd.DataFrame({"n": np.arange(size), "text": "x" * 200})
    (tmp_path / "many").write_bytes(pickle.dumps({**earlier, "many": many}))
    command = [sys.executable, "-c", WRITER, str(tmp_path / "many"), postgis_address]
    writer = subprocess.Popen(command)  # noqa: S603 - ourselves
    flowing = "select tuples_processed from pg_stat_progress_copy"
    until(lambda: sum(n for (n,) in ask(postgis_address, flowing)) > 1000)
    writer.kill()
    writer.wait()
    until(lambda: ask(postgis_address, flowing) == [])
    assert_plan(postgis_address, earlier)


@in_database
def test_who_reads_sees_one_plan_or_the_other(
    postgis_address: str,
    earlier: dict[str, pd.DataFrame],
    later: dict[str, pd.DataFrame],
) -> None:
    write_tables(earlier, postgis_address)
    # Begun before, and not yet having looked at the tables.
    early = psycopg.connect(postgis_address)
    early.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    early.execute("select 1")
    with holding(postgis_address):
        writer = threading.Thread(target=write_tables, args=(later, postgis_address))
        writer.start()
        until(lambda: held_writer(postgis_address))
        # Nobody who reads waits.
        assert_plan(postgis_address, earlier)
        assert len(read_table(postgis_address, "geoborder.v_segments_by_year")) == 45
    writer.join()
    assert_plan(postgis_address, later)
    assert early.execute("select count(*) from geoborder.segments").fetchone() == (9,)
    early.close()


@in_database
def test_writers_come_one_after_the_other(
    postgis_address: str,
    earlier: dict[str, pd.DataFrame],
    later: dict[str, pd.DataFrame],
) -> None:
    faults: list[Exception] = []

    def write(tables: dict[str, pd.DataFrame]) -> None:
        try:
            write_tables(
                tables, postgis_address, facts={"rows": len(tables["segments"])}
            )
        except GeoborderError as error:
            faults.append(error)

    plans = [earlier, later] * 3
    writers = [threading.Thread(target=write, args=(tables,)) for tables in plans]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    rows = read_manifest(postgis_address)["rows"]
    assert_plan(postgis_address, earlier if rows == 9 else later)


@in_database
def test_waiting_for_others_has_an_end(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    write_tables(earlier, postgis_address)
    impatient = f"{postgis_address}&options=-c%20lock_timeout%3D50"
    with psycopg.connect(postgis_address) as other:
        other.execute("lock table geoborder.assets in exclusive mode")
        with pytest.raises(
            OptionError, match=r"lock timeout.*Another process holds it"
        ):
            write_tables(earlier, impatient)
    write_tables(earlier, impatient)


# Styles.


@in_database
def test_styles_are_where_qgis_looks_for_them(
    postgis_address: str, earlier: dict[str, pd.DataFrame]
) -> None:
    def style(name: str, *, default: bool) -> SimpleNamespace:
        return SimpleNamespace(
            name=name, qml=f"<qgis name='{name}'/>", default=default, description="d"
        )

    styles = {
        "segments": [style("one", default=True), style("two", default=False)],
        "segments_by_year": [style("year", default=True)],
        "absent": [style("none", default=True)],
    }
    styles["border"] = [style("ours", default=True)]
    for _ in range(2):
        write_tables(earlier, postgis_address, styles=styles)
    ask(
        postgis_address,
        "delete from layer_styles where f_table_name = 'border'; insert into "
        "layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, stylename, useasdefault, styleqml) values "
        "(current_database(), 'geoborder', 'border', 'geom', 'mine', true, '<qgis/>')",
    )
    write_tables(earlier, postgis_address, styles=styles)
    rows = ask(
        postgis_address,
        "select f_table_schema, f_table_name, f_geometry_column, stylename, "
        "useasdefault, styleqml::text from public.layer_styles order by 2, 4",
    )
    assert rows == [
        ("geoborder", "border", "geom", "mine", True, "<qgis/>"),
        ("geoborder", "border", "geom", "ours", False, "<qgis name='ours'/>"),
        ("geoborder", "segments", "geom", "one", True, "<qgis name='one'/>"),
        ("geoborder", "segments", "geom", "two", False, "<qgis name='two'/>"),
        (
            "geoborder",
            "v_segments_by_year",
            "geom",
            "year",
            True,
            "<qgis name='year'/>",
        ),
    ]
    here = "select bool_and(f_table_catalog = current_database()) from layer_styles"
    assert one(postgis_address, here) is True
    # Styles that are no longer written go, those of others stay.
    fewer = {name: t for name, t in earlier.items() if name != "segments"}
    write_tables(
        fewer, postgis_address, styles={"coverage": [style("c", default=True)]}
    )
    rest = "select f_table_name, stylename from layer_styles order by 1"
    assert ask(postgis_address, rest) == [("border", "mine"), ("coverage", "c")]
    write_tables(fewer, postgis_address)
    assert ask(postgis_address, rest) == [("border", "mine")]


@in_database
def test_views_have_the_styles_of_the_layers_they_are_like(
    postgis_address: str, plan: gb.Plan
) -> None:
    tables = plan_layers(plan)
    styles = {
        name: [SimpleNamespace(name=name, qml="<qgis/>", default=True, description="")]
        for name in tables
    }
    write_tables(tables, postgis_address, styles=styles)
    found = ask(
        postgis_address,
        "select f_table_name, f_geometry_column, stylename, useasdefault "
        "from layer_styles where f_table_name ~ '^v_' order by 1",
    )
    assert found == [
        ("v_assets_by_year", "geom", "assets", True),
        ("v_costs_by_year", None, "costs_by_year", True),
        ("v_coverage_by_year", None, "coverage_by_year", True),
        ("v_gaps_by_segment_year", None, "coverage_by_segment_year", True),
        ("v_measures_by_year", None, "assignments", True),
        ("v_segments_by_year", "geom", "segments_by_year", True),
    ]
