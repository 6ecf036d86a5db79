"""Files of a plan: whole, reproducible, finished or absent."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio

import geoborder as gb
from geoborder.dictionary import LAYERS, field_of
from geoborder.export import (
    placement_layers,
    plan_layers,
    read_plan_tables,
    sha256_of,
    write_placement,
)
from geoborder.files import FORMATS, read_layer, read_table, write_layer, write_text

PYRENEES = """\
name: Pyrenees
first_year: 2025
last_year: 2026
currency: EUR
border: {left: FRA, right: ESP}
equipment:
  mast:
    {name: Mast, category: observation, mode: radius, range_km: 20, cost: 10.01,
     basis: illustrative}
measures:
  masts:
    {name: Masts, category: observation, quantity: 7, equipment: mast,
     basis: illustrative}
"""


@pytest.fixture(scope="module")
def written(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "plan"
    gb.write_plan(plan, folder)
    return folder


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a programme of a border in three parts, without elevation."""
    path = tmp_path_factory.mktemp("small") / "pyrenees.yaml"
    path.write_text(PYRENEES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small(small_file: Path) -> gb.Plan:
    return gb.make_plan(small_file, segment_length_km=50, placed=False)


def rows_of(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(sql).fetchall()


def assert_same(table: pd.DataFrame, read: pd.DataFrame) -> None:
    """Hold what was read against what was written, value for value."""
    shapes = ["geometry"] if isinstance(table, gpd.GeoDataFrame) else []
    assert list(read.columns) == [*table.columns.drop(shapes), *shapes]
    assert len(read) == len(table)
    for name in table.columns.drop(shapes):
        was, now = table[name].reset_index(drop=True), read[name]
        there = was.notna()
        assert now.notna().equals(there), name
        assert now[there].tolist() == was[there].tolist(), name
        if pd.api.types.is_datetime64_dtype(was.dtype):
            assert now.dtype == was.dtype, name
        if pd.api.types.is_integer_dtype(was.dtype):
            assert now.dtype == ("int64" if there.all() else "Int64"), name
    if shapes:
        assert isinstance(read, gpd.GeoDataFrame)
        assert read.crs == "EPSG:4326"
        there = table.geometry.notna().to_numpy()
        assert (read.geometry.notna() == there).all()
        one, other = (
            gpd.GeoSeries(layer.geometry[there]).explode(ignore_index=True)
            for layer in (table, read)
        )
        assert one.geom_equals_exact(other, 0).all()


def test_what_is_written_is_read_again(plan: gb.Plan, written: Path) -> None:
    layers = plan_layers(plan)
    for source in (written, str(written / "plan.gpkg")):
        read = read_plan_tables(source)
        assert list(read) == [name for name in LAYERS if name in layers]
        assert set(read) == set(layers)
        for name, table in layers.items():
            assert_same(table, read[name])


def test_another_border_is_read_again(small: gb.Plan, tmp_path: Path) -> None:
    mine = pd.DataFrame({"key": [1, 2], "gap": [0.5, np.inf]})
    files = gb.write_plan(small, tmp_path, tables={"mine": mine})
    layers = {**plan_layers(small), "mine": mine}
    read = read_plan_tables(tmp_path)
    assert set(read) == set(layers)
    for name, table in layers.items():
        assert_same(table, read[name])
    assert {f.name for f in files if f.parent == tmp_path} == {
        "manifest.json",
        "plan.gpkg",
        "plan.qgz",
    }  # fmt: skip - there is no elevation, and are no posts


@pytest.mark.postgis
def test_a_database_holds_the_same(plan: gb.Plan, postgis_address: str) -> None:
    assert gb.write_plan(plan, postgis_address, schema='The "plan"') == []
    read = read_plan_tables(postgis_address, schema='The "plan"')
    layers = plan_layers(plan)
    assert list(read) == [name for name in LAYERS if name in layers]
    for name, table in layers.items():
        assert_same(table, read[name])


@pytest.mark.postgis
def test_a_database_holds_a_placement(plan: gb.Plan, postgis_address: str) -> None:
    assert plan.placement is not None
    assert write_placement(plan.program, plan.placement, postgis_address) == []
    read = read_plan_tables(postgis_address)
    for name, table in placement_layers(plan.placement).items():
        assert_same(table, read[name])


def test_a_database_takes_no_files(small: gb.Plan) -> None:
    address = "postgresql://nobody@localhost:1/nothing"
    with pytest.raises(gb.OptionError, match=r"no files \(kml\)"):
        gb.write_plan(small, address, formats=["kml"])
    with pytest.raises(gb.OptionError, match=r"no files \(map.html\)"):
        gb.write_plan(small, address, extra={"map.html": print})


def test_there_must_be_a_plan_to_read(tmp_path: Path) -> None:
    with pytest.raises(gb.DataError, match="holds no plan"):
        read_plan_tables(tmp_path)
    with pytest.raises(gb.DataError, match="holds no plan"):
        read_plan_tables(tmp_path / "missing.gpkg")
    (tmp_path / "plan.gpkg").write_text("not one")
    with pytest.raises(gb.DataError, match="cannot be read as a GeoPackage"):
        read_plan_tables(tmp_path)


def assert_years(dates: pd.Series, years: pd.Series) -> None:
    """Hold first days against years; where there is none there is none."""
    assert dates.isna().equals(years.isna())
    first = [pd.Timestamp(int(year), 1, 1) for year in years.dropna()]
    assert dates.dropna().tolist() == first


def test_years_are_dates(plan: gb.Plan) -> None:
    layers = plan_layers(plan)
    for name in ("assets", "placement_items"):
        table = layers[name]
        assert_years(table["start_date"], table["from_year"])
        assert (table["end_date"].isna() == table["until_year"].isna()).all()
    ended = layers["assets"].dropna(subset="until_year")
    assert (ended["end_date"].dt.year == ended["until_year"]).all()
    of_year = {name for name, t in layers.items() if "year" in t and "start_date" in t}
    assert of_year == {name for name in layers if name.endswith("_year")}
    for name in of_year:
        table = layers[name]
        assert (table["start_date"] == [f"{y}-01-01" for y in table["year"]]).all()
        assert (table["end_date"] == [f"{y}-12-31" for y in table["year"]]).all()
    covered = layers["coverage"]
    assert_years(covered["start_date"], covered["first_year"])
    assert covered["end_date"].isna().all()


def test_what_holds_without_years_has_no_limits(small: gb.Plan) -> None:
    standing = small.assets.assign(
        from_year=pd.array([pd.NA] * len(small.assets), "Int64"),
        until_year=pd.array([2025, *[pd.NA] * (len(small.assets) - 1)], "Int64"),
    )
    assets = plan_layers(replace(small, assets=standing))["assets"]
    assert assets["start_date"].isna().all()
    assert assets["end_date"].iloc[0] == pd.Timestamp(2025, 12, 31)
    assert assets["end_date"].iloc[1:].isna().all()


def test_segments_and_gaps_of_every_year_add_up(plan: gb.Plan) -> None:
    layers = plan_layers(plan)
    years = plan.coverage.by_year.set_index("year")
    segments, gaps = layers["segments_by_year"], layers["gaps_by_year"]
    assert segments.groupby("year").size().eq(len(plan.segments)).all()
    covered = segments.groupby("year")["covered_km"].sum()
    assert covered.to_numpy() == pytest.approx(years["covered_km"].to_numpy())
    open_km = gaps.groupby("year")["length_km"].sum().reindex(years.index, fill_value=0)
    assert (covered + open_km).to_numpy() == pytest.approx(years["length_km"])
    lines = plan.segments.set_index("segment_id").geometry
    own = segments.set_index("segment_id")
    assert own.geometry.geom_equals_exact(lines.reindex(own.index), 0).all()
    starts = plan.segments.set_index("segment_id")["start_km"]
    assert own["start_km"].equals(starts.reindex(own.index))


def test_the_geopackage_is_one_by_the_standard(plan: gb.Plan, written: Path) -> None:
    file = written / "plan.gpkg"
    assert rows_of(file, "pragma application_id") == [(0x47504B47,)]
    assert rows_of(file, "pragma integrity_check") == [("ok",)]
    assert rows_of(file, "pragma foreign_key_check") == []
    contents = rows_of(
        file,
        "select table_name, data_type, identifier, description, srs_id"
        " from gpkg_contents",
    )
    assert {name for name, *_ in contents} == {*plan_layers(plan), "layer_styles"}
    for name, kind, title, description, srs in contents:
        if name in LAYERS:
            assert (title, description) == (
                LAYERS[name].title,
                LAYERS[name].description,
            )
            spatial = LAYERS[name].geometry is not None
            assert kind == ("features" if spatial else "attributes")
            assert srs in ({4326} if spatial else {0, None})
    indexed = rows_of(
        file,
        "select table_name from gpkg_extensions"
        " where extension_name = 'gpkg_rtree_index'",
    )
    # A view is found by the lines of the layer that it shows.
    assert {name for (name,) in indexed} == {
        name
        for name, table in plan_layers(plan).items()
        if isinstance(table, gpd.GeoDataFrame) and name != "segments_by_year"
    }


def test_columns_say_what_they_are(plan: gb.Plan, written: Path) -> None:
    told = rows_of(
        written / "plan.gpkg",
        "select table_name, column_name, name, title, description"
        " from gpkg_data_columns",
    )
    found = {(table, column): rest for table, column, *rest in told}
    for name, table in plan_layers(plan).items():
        for column in table.columns.drop("geometry", errors="ignore"):
            known = field_of(name, column, currency="USD")
            assert known is not None
            alias = known.alias
            assert found[name, column] == [alias, alias, known.description]
    assert found["segments", "length_km"][0].endswith(", km")
    assert found["segments", "cost"][0].endswith(", USD")


def test_styles_are_found_by_qgis(plan: gb.Plan, written: Path) -> None:
    styles = rows_of(
        written / "plan.gpkg",
        "select f_table_name, f_geometry_column, useAsDefault, styleQML"
        " from layer_styles",
    )
    layers = plan_layers(plan)
    assert sorted(name for name, _, default, _ in styles if default) == sorted(layers)
    for name, column, _, qml in styles:
        spatial = isinstance(layers[name], gpd.GeoDataFrame)
        assert column == ("geom" if spatial else "")
        assert ET.fromstring(qml).tag == "qgis"  # noqa: S314 - our own


def test_the_geopackage_says_whose_it_is(plan: gb.Plan, written: Path) -> None:
    ((text, scope),) = rows_of(
        written / "plan.gpkg",
        "select metadata, reference_scope from gpkg_metadata"
        " join gpkg_metadata_reference on md_file_id = id",
    )
    assert scope == "geopackage"
    root = ET.fromstring(text)  # noqa: S314 - our own
    terms = {element.tag.partition("}")[2]: element.text for element in root}
    assert terms["title"] == plan.program.name
    assert "OpenStreetMap" in str(terms["rightsHolder"])
    assert "Open Database Licence" in str(terms["license"])
    manifest = json.loads((written / "manifest.json").read_text())
    assert manifest["program_sha256"] in str(terms["provenance"])


def test_relief_and_minutes_are_rasters(plan: gb.Plan, written: Path) -> None:
    with rasterio.open(written / "relief.tif") as relief:
        grey = relief.read(1, masked=True)
        assert (relief.dtypes, relief.crs.to_epsg()) == (("uint8",), 32642)
        west, south, east, north = plan.border.to_crs(relief.crs).total_bounds
        assert relief.bounds.left < west < east < relief.bounds.right
        assert relief.bounds.bottom < south < north < relief.bounds.top
    assert 0.0 < grey.mask.mean() < 0.15  # corners, which the elevation has not
    assert grey.std() > 20
    for edge in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):
        assert edge.count() == 0 or edge.min() > 200  # fades to white
    assert plan.reached is not None
    with rasterio.open(written / "minutes.tif") as minutes:
        assert np.array_equal(minutes.read(1), plan.reached.minutes, equal_nan=True)
        assert minutes.units == ("minutes",)


def test_csv_files_hold_the_same(plan: gb.Plan, written: Path) -> None:
    layers = plan_layers(plan)
    del layers["segments_by_year"]  # says again what others say
    files = {path.stem for path in (written / "csv").iterdir()}
    assert files == set(layers)
    for name, table in layers.items():
        read = pd.read_csv(written / "csv" / f"{name}.csv")
        shapes = ["geometry"] if isinstance(table, gpd.GeoDataFrame) else []
        assert list(read.columns) == [
            *table.columns.drop(shapes), *(["WKT"] if shapes else [])
        ]  # fmt: skip
        assert len(read) == len(table)
    costs = pd.read_csv(written / "csv" / "assignments.csv")["cost"].sum()
    assert costs == pytest.approx(plan.assignments["cost"].sum())


def test_every_format_has_every_layer(small: gb.Plan, tmp_path: Path) -> None:
    formats = [name for name in FORMATS if name not in {"gpkg", "csv"}]
    files = gb.write_plan(small, tmp_path, formats=[*formats, "csv", "fgb"])
    assert gb.verify_plan(tmp_path) == []
    layers = plan_layers(small)
    for name in formats:
        ending = FORMATS[name].endings[0]
        made = {f.name.removesuffix(ending) for f in files if f.parent.name == name}
        left_out = {"checks"} if name == "geojsonseq" else set()
        if name == "kml":  # which is for places
            left_out = {
                layer for layer, table in layers.items()
                if not isinstance(table, gpd.GeoDataFrame)
            }  # fmt: skip
        assert made == set(layers) - left_out
        assert layers["checks"].empty
        for layer in ("segments_by_year", "assets"):
            read = read_layer(tmp_path / name / f"{layer}{ending}")
            assert len(read) == len(layers[layer])
            assert read["start_date"].equals(layers[layer]["start_date"])
        if "costs_by_year" in left_out:
            continue
        costs = read_table(tmp_path / name / f"costs_by_year{ending}")
        assert costs["total"].to_numpy() == pytest.approx(
            layers["costs_by_year"]["total"]
        )


def test_unknown_formats_are_told_before_the_work(
    small: gb.Plan, tmp_path: Path
) -> None:
    with pytest.raises(gb.OptionError, match="Did you mean 'geoparquet'"):
        gb.write_plan(small, tmp_path / "out", formats=["kml", "geoparket"])
    assert not (tmp_path / "out").exists()


def test_the_project_names_the_files_beside_it(written: Path) -> None:
    with zipfile.ZipFile(written / "plan.qgz") as archive:
        text = archive.read("plan.qgs").decode()
    root = ET.fromstring(text)  # noqa: S314 - our own
    sources = {e.text for e in root.iterfind("projectlayers/maplayer/datasource")}
    files = {str(source).removeprefix("./").partition("|")[0] for source in sources}
    assert files == {"plan.gpkg", "relief.tif", "minutes.tif"}


def test_the_project_names_the_sources_of_what_it_shows(
    written: Path, small: gb.Plan, tmp_path: Path
) -> None:
    def sources(folder: Path) -> list[str | None]:
        with zipfile.ZipFile(folder / "plan.qgz") as archive:
            root = ET.fromstring(archive.read("plan.qgs"))  # noqa: S314 - our own
        kept = root.find("properties/Variables")
        assert kept is not None
        names, values = ([e.text for e in part] for part in kept)
        text = values[names.index("geoborder_sources")] or ""
        assert text in (root.findtext("projectMetadata/abstract") or "")
        return [part.split(" ")[0] for part in text.split("; ")]

    assert sources(written) == ["Borders", "units:", "places:", "elevation:"]
    gb.write_plan(small, tmp_path / "small")
    assert sources(tmp_path / "small") == ["Borders"]


def test_files_made_again_are_the_same(
    plan: gb.Plan, small: gb.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    formats = [*FORMATS]
    for made, own in ((plan, []), (small, formats)):
        first, second = tmp_path / f"{len(own)}a", tmp_path / f"{len(own)}b"
        files = gb.write_plan(made, first, formats=own)
        gb.write_plan(made, second, formats=own)
        names = [f.relative_to(first) for f in files]
        differ = [
            str(name)
            for name in names
            if (first / name).read_bytes() != (second / name).read_bytes()
        ]
        assert differ == []


def test_the_manifest_verifies(written: Path, plan: gb.Plan) -> None:
    manifest = json.loads((written / "manifest.json").read_text())
    assert gb.verify_plan(written) == []
    assert manifest["outputs"]["plan.gpkg"]["sha256"] == sha256_of(
        written / "plan.gpkg"
    )
    assert manifest["inputs"]["countries_osm.fgb.gz"]
    assert manifest["options"] == {"segment_length_km": 10.0}
    assert "OpenStreetMap" in manifest["attribution"]
    assert manifest["versions"]["geoborder"]
    assert manifest["program"] == plan.program.name
    found, proof = plan.placement, manifest["placement"]
    assert found is not None
    assert (proof["objective"], proof["status"]) == (found.objective, found.status)
    assert [proof["value"], proof["bound"]] == [found.value, found.bound]
    assert proof["gap"] == found.gap
    assert proof["checksum"] == found.checksum


def test_the_placement_is_in_the_files(plan: gb.Plan, written: Path) -> None:
    found = plan.placement
    assert found is not None
    items = pyogrio.read_dataframe(written / "plan.gpkg", layer="placement_items")
    assert items["reason"].tolist() == found.items["reason"].tolist()
    assert (items.geom_type == "Point").all()
    sites = pyogrio.read_dataframe(written / "plan.gpkg", layer="placement_sites")
    assert len(sites) == len(found.sites)
    assert sites["items"].sum() == len(items)
    years = pd.read_csv(written / "csv" / "placement_by_year.csv")
    assert years["year"].tolist() == list(plan.program.years)
    history = pd.read_csv(written / "csv" / "placement_history.csv")
    assert history["value"].dropna().is_monotonic_increasing
    assert "inf" not in (written / "csv" / "placement_history.csv").read_text()
    floors = pd.read_csv(written / "csv" / "placement_floors.csv")
    assert (floors["reached_km"] >= floors["need_km"] - 1e-6).all()


def test_a_plan_without_a_placement(small: gb.Plan, tmp_path: Path) -> None:
    gb.write_plan(small, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["placement"] is None
    assert not [name for name in plan_layers(small) if name.startswith("placement")]


def test_a_placement_and_further_tables(plan: gb.Plan, tmp_path: Path) -> None:
    assert plan.placement is not None
    sweep = pd.DataFrame({"factor": [0.5, 1.0], "covered_km": [10.0, 20.0]})
    files = write_placement(
        plan.program, plan.placement, tmp_path, tables={"budget_sweep": sweep}
    )
    assert gb.verify_plan(tmp_path) == []
    names = {f.name for f in files}
    assert {"placement.gpkg", "budget_sweep.csv", "manifest.json"} < names
    layers = dict(pyogrio.list_layers(tmp_path / "placement.gpkg"))
    found = placement_layers(plan.placement)
    assert set(layers) == {*found, "budget_sweep", "layer_styles"}


def test_what_is_infinite_is_no_number_in_json(plan: gb.Plan, tmp_path: Path) -> None:
    assert plan.placement is not None
    unproven = replace(plan.placement, value=0.0)
    write_placement(plan.program, unproven, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["placement"]["gap"] is None


def test_empty_layers_keep_their_type(written: Path, plan: gb.Plan) -> None:
    assert plan.coverage.gaps.empty
    assert dict(pyogrio.list_layers(written / "plan.gpkg"))["gaps"] == "LineString"


def test_changed_and_missing_files_are_found(small: gb.Plan, tmp_path: Path) -> None:
    gb.write_plan(small, tmp_path)
    (tmp_path / "csv" / "gaps.csv").write_text("nothing")
    (tmp_path / "csv" / "border.csv").unlink()
    assert sorted(gb.verify_plan(tmp_path)) == [
        "csv/border.csv: missing",
        "csv/gaps.csv: changed since it was written",
    ]
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(gb.DataError, match="is not a manifest"):
        gb.verify_plan(tmp_path)


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(28, "disk full")])
def test_an_interrupted_run_leaves_the_earlier_files(
    small: gb.Plan, tmp_path: Path, fault: BaseException
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    gb.write_plan(small, tmp_path, extra={"a.txt": lambda p: p.write_text("one")})
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def fail(path: Path) -> None:
        path.write_text("half")
        raise fault

    with pytest.raises((KeyboardInterrupt, OSError)):
        gb.write_plan(small, tmp_path, extra={"a.txt": fail})
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert not list(tmp_path.glob(".geoborder-*"))
    assert gb.verify_plan(tmp_path) == []


def test_a_geopackage_with_unsaved_changes_is_left_alone(
    small: gb.Plan, tmp_path: Path
) -> None:
    gb.write_plan(small, tmp_path)
    before = (tmp_path / "manifest.json").read_bytes()
    with closing(sqlite3.connect(tmp_path / "plan.gpkg")) as database:
        database.execute("pragma journal_mode = wal")  # as QGIS opens it
        with database:
            database.execute("update gpkg_contents set description = 'mine'")
        with pytest.raises(gb.OptionError, match="another program has it open"):
            gb.write_plan(small, tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert gb.verify_plan(tmp_path) == ["plan.gpkg: changed since it was written"]
    gb.write_plan(small, tmp_path)
    assert gb.verify_plan(tmp_path) == []


def test_a_killed_run_leaves_the_earlier_files(
    small: gb.Plan, small_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    gb.write_plan(small, folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    script = f"""
import os, signal
import geoborder as gb
plan = gb.make_plan({str(small_file)!r}, segment_length_km=100, placed=False)
kill = lambda path: os.kill(os.getpid(), signal.SIGKILL)
gb.write_plan(plan, {str(folder)!r}, extra={{"map.html": kill}})
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL
    assert {p: p.read_bytes() for p in before} == before
    assert gb.verify_plan(folder) == []


def test_a_target_that_is_a_file_is_refused(small: gb.Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(gb.OptionError, match="is a file; name a folder"):
        gb.write_plan(small, tmp_path / "file")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        gb.write_plan(small, tmp_path / "file" / "below")


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".fgb"])
def test_layers_are_written_by_ending(tmp_path: Path, ending: str) -> None:
    segments = gb.segment_border(gb.load_border(), count=5)
    path = write_layer(segments, tmp_path / f"segments{ending}")
    read = gpd.read_file(path)
    assert list(read["segment_id"]) == [1, 2, 3, 4, 5]
    assert read["end_km"].to_numpy() == pytest.approx(segments["end_km"])
    write_layer(segments.iloc[:2], path)
    assert len(gpd.read_file(path)) == 2
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_unknown_endings_and_missing_folders_are_refused(tmp_path: Path) -> None:
    segments = gb.segment_border(gb.load_border(), count=2)
    with pytest.raises(gb.OptionError, match=r"ending in \.gpkg, "):
        write_layer(segments, tmp_path / "segments.xls")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        write_layer(segments, tmp_path / "missing" / "segments.gpkg")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        write_text(tmp_path / "missing" / "file.txt", "x")
