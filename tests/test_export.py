"""Files of a plan: whole, reproducible, finished or absent."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

import geoborder as gb
from geoborder.export import (
    placement_layers,
    plan_layers,
    sha256_of,
    write_placement,
)
from geoborder.files import write_layer, write_text


@pytest.fixture(scope="module")
def written(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "plan"
    gb.write_plan(plan, folder)
    return folder


def test_the_geopackage_holds_every_layer(plan: gb.Plan, written: Path) -> None:
    listed = dict(pyogrio.list_layers(written / "plan.gpkg"))
    asked = {
        "border", "units", "segments", "assets", "measures", "assignments",
        "coverage", "gaps",
    }  # fmt: skip
    assert asked <= set(listed)
    assert set(listed) == set(plan_layers(plan))
    for name, table in plan_layers(plan).items():
        read = pyogrio.read_dataframe(written / "plan.gpkg", layer=name)
        assert len(read) == len(table), name
        expected = [c for c in table.columns if c != "geometry"]
        assert [c for c in read.columns if c != "geometry"] == expected, name
        if isinstance(table, gpd.GeoDataFrame):
            assert read.crs == "EPSG:4326"
            shown = table.geometry.notna().to_numpy()
            one = gpd.GeoSeries(read.geometry[shown]).explode(ignore_index=True)
            other = table.geometry[shown].explode(ignore_index=True)
            assert one.geom_equals_exact(other, 0).all(), name


def test_the_geopackage_is_one_by_the_standard(written: Path) -> None:
    with sqlite3.connect(written / "plan.gpkg") as database:
        assert database.execute("pragma application_id").fetchone()[0] == 0x47504B47
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = database.execute(
            "select table_name, srs_id from gpkg_contents"
        ).fetchall()
    assert {srs for _, srs in rows} <= {4326, 0, None}


def test_csv_files_hold_the_same(plan: gb.Plan, written: Path) -> None:
    for name, table in plan_layers(plan).items():
        read = pd.read_csv(written / "csv" / f"{name}.csv")
        assert len(read) == len(table)
        assert list(read.columns) == list(table.columns)
    costs = pd.read_csv(written / "csv" / "assignments.csv")["cost"].sum()
    assert costs == pytest.approx(plan.assignments["cost"].sum())


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


def test_a_plan_without_a_placement(program_file: Path, tmp_path: Path) -> None:
    plan = gb.make_plan(program_file, segment_length_km=200, placed=False)
    gb.write_plan(plan, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["placement"] is None
    assert not [name for name in plan_layers(plan) if name.startswith("placement")]


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
    assert set(layers) == {*placement_layers(plan.placement), "budget_sweep"}


def test_what_is_infinite_is_no_number_in_json(plan: gb.Plan, tmp_path: Path) -> None:
    assert plan.placement is not None
    unproven = replace(plan.placement, value=0.0)
    write_placement(plan.program, unproven, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["placement"]["gap"] is None


def test_empty_layers_keep_their_type(written: Path, plan: gb.Plan) -> None:
    assert plan.coverage.gaps.empty
    assert dict(pyogrio.list_layers(written / "plan.gpkg"))["gaps"] == "LineString"


def test_changed_and_missing_files_are_found(plan: gb.Plan, tmp_path: Path) -> None:
    gb.write_plan(plan, tmp_path)
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
    plan: gb.Plan, tmp_path: Path, fault: BaseException
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    gb.write_plan(plan, tmp_path, extra={"a.txt": lambda p: p.write_text("one")})
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def fail(path: Path) -> None:
        path.write_text("half")
        raise fault

    with pytest.raises((KeyboardInterrupt, OSError)):
        gb.write_plan(plan, tmp_path, extra={"a.txt": fail})
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert not list(tmp_path.glob(".geoborder-*"))
    assert gb.verify_plan(tmp_path) == []


def test_a_killed_run_leaves_the_earlier_files(
    plan: gb.Plan, tmp_path: Path, program_file: Path
) -> None:
    folder = tmp_path / "out"
    gb.write_plan(plan, folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    script = f"""
import os, signal
import geoborder as gb
plan = gb.make_plan({str(program_file)!r}, segment_length_km=300)
kill = lambda path: os.kill(os.getpid(), signal.SIGKILL)
gb.write_plan(plan, {str(folder)!r}, extra={{"map.html": kill}})
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL
    assert {p: p.read_bytes() for p in before} == before
    assert gb.verify_plan(folder) == []


def test_a_target_that_is_a_file_is_refused(plan: gb.Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(gb.OptionError, match="is a file; name a folder"):
        gb.write_plan(plan, tmp_path / "file")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        gb.write_plan(plan, tmp_path / "file" / "below")


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
    with pytest.raises(gb.OptionError, match=r"ending in \.csv, \.gpkg"):
        write_layer(segments, tmp_path / "segments.xls")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        write_layer(segments, tmp_path / "missing" / "segments.gpkg")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        write_text(tmp_path / "missing" / "file.txt", "x")
