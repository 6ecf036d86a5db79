"""The command line: results, messages, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import rasterio

import geoborder as gb
from geoborder import cli
from geoborder.placement.sweep import FACTORS


def call(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *words: object,
) -> tuple[int, str, str]:
    """Run the command line in this process."""
    monkeypatch.setattr(sys, "argv", ["geoborder", *map(str, words)])
    code = 0
    try:
        cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    shown = capsys.readouterr()
    return code, " ".join(shown.out.split()), " ".join(shown.err.split())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: call(capsys, monkeypatch, *words)


def test_the_main_job_as_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::UserWarning",
            "-m",
            "geoborder",
            "run",
            "--no-sweep",
            "--out",
            "plan",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    names = {p.name for p in (tmp_path / "plan").iterdir()}
    assert names >= {"plan.gpkg", "csv", "map.html", "report.html", "manifest.json"}
    assert not [name for name in names if name.startswith(".")]
    assert "Border 1,343.96 km (official 1,344.15 km), 139 segments" in done.stdout
    assert "does NOT hold" not in done.stdout
    assert "Placement: 11," in done.stdout
    assert "of 208 items placed." in done.stdout
    assert gb.verify_plan(tmp_path / "plan") == []


def test_a_programme_of_ones_own(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, text, _ = run("run", program_file, "--out", out, "--segment-length-km", 50)
    assert code == 0
    assert "Small" in text
    rows = pd.read_csv(out / "csv" / "assignments.csv")
    assert rows["cost"].sum() == pytest.approx(70.07)
    assert run("verify", out)[0] == 0
    (out / "map.html").unlink()
    code, _, complaint = run("verify", out)
    assert (code, complaint) == (1, "geoborder: map.html: missing")


def test_border_segment_locate_coverage(run: object, tmp_path: Path) -> None:
    line = tmp_path / "line.gpkg"
    code, text, _ = run(
        "border", "UZB", "AFG", "--out", line, "--official-length-km", 144
    )
    assert code == 0
    assert "140.542" in text
    pieces = tmp_path / "pieces.geojson"
    assert run("segment", "--border", line, "--count", 4, "--out", pieces)[0] == 0
    segments = gpd.read_file(pieces)
    assert segments["official_end_km"].iloc[-1] == pytest.approx(144)
    towns = tmp_path / "towns.csv"
    towns.write_text("name,longitude,latitude\nTermez,67.278,37.224\n")
    found = tmp_path / "found.csv"
    assert run("locate", towns, "--border", line, "--out", found)[0] == 0
    row = pd.read_csv(found).iloc[0]
    assert (row["name"], row["side"]) == ("Termez", "left")
    assets = gpd.GeoDataFrame(
        {"asset_id": ["t"], "mode": ["radius"], "range_km": [10.0]},
        geometry=gpd.points_from_xy([67.278], [37.224]),
        crs=4326,
    )
    assets.to_file(tmp_path / "assets.gpkg")
    code, text, _ = run(
        "coverage", tmp_path / "assets.gpkg", "--border", line,
        "--out", tmp_path / "c.fgb", "--gaps", tmp_path / "g.fgb",
    )  # fmt: skip
    assert code == 0
    covered = gpd.read_file(tmp_path / "c.fgb")["length_km"].sum()
    gaps = gpd.read_file(tmp_path / "g.fgb")["length_km"].sum()
    assert covered > 10
    assert covered + gaps == pytest.approx(140.542, abs=0.001)


def test_viewshed_and_coverage_by_sight(run: object, tmp_path: Path) -> None:
    towers = tmp_path / "towers.csv"
    towers.write_text(
        "asset_id,mode,range_km,mast_m,target_m,longitude,latitude\n"
        "t,sight,15,24,1.7,71.512,37.379\n"
    )
    seen = tmp_path / "seen.tif"
    assert run("viewshed", towers, "--out", seen, "--range-km", 15)[0] == 0
    with rasterio.open(seen) as raster:
        assert 50 < (raster.read(1) == 1).sum() < 1000
    assert run("coverage", towers, "--out", tmp_path / "c.csv")[0] == 0
    assert 5 < pd.read_csv(tmp_path / "c.csv")["length_km"].sum() < 40
    tiles = []
    for number, (left, right) in enumerate(((0, 650), (650, 1200))):
        tile = gb.open_dem().window((66 + left / 120, 36.5, 66 + right / 120, 38.5))
        tiles += ["--dem", tmp_path / f"{number}.tif"]
        facts = {
            "driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4326",
            "height": tile.shape[0], "width": tile.shape[1],
            "transform": tile.transform,
        }  # fmt: skip
        with rasterio.open(tiles[-1], "w", **facts) as raster:
            raster.write(tile.heights_m, 1)
    both = tmp_path / "both.tif"
    assert run("viewshed", towers, *tiles, "--out", both, "--range-km", 15)[0] == 0
    with rasterio.open(both) as one, rasterio.open(seen) as other:
        assert (one.read(1) == 1).sum() == (other.read(1) == 1).sum()
    code, _, complaint = run("viewshed", towers, "--method", "best")
    assert code == 2
    assert "must be 'fan', 'r3' or 'screen', got 'best'" in complaint


def test_units_cut_segments(run: object, tmp_path: Path) -> None:
    file = tmp_path / "s.gpkg"
    assert run("segment", "--units", "--out", file)[0] == 0
    units = gpd.read_file(file)["right_unit"].drop_duplicates()
    assert list(units) == ["Balkh", "Kunduz", "Takhar", "Badakhshan"]


def test_map_and_report(run: object, program_file: Path, tmp_path: Path) -> None:
    page, text = tmp_path / "m.html", tmp_path / "r.html"
    wide = ("--segment-length-km", 100)
    words = ("map", program_file, *wide, "--out", page, "--year", 2026)
    assert run(*words, "--color-by", "priority")[0] == 0
    assert run("report", program_file, *wide, "--out", text)[0] == 0
    assert '"view":{"color":"priority","year":2026}' in page.read_text()
    assert "<h1>Small</h1>" in text.read_text()


def test_two_programmes_compared(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    text = program_file.read_text().replace("quantity: 7", "quantity: 9")
    other.write_text(text.replace("name: Small", "name: Large"))
    out = tmp_path / "out"
    words = ("compare", program_file, other, "--segment-length-km", 50, "--out", out)
    code, shown, _ = run(*words)
    assert code == 0
    assert "Small (a) -> Large (b)" in shown
    assert "measures.masts.quantity" in shown
    assert "2 added, 0 dropped" in shown
    assert (pd.read_csv(out / "assets.csv")["change"] == "added").sum() == 2
    years = pd.read_csv(out / "by_year.csv")
    assert years["cost_change"].sum() == pytest.approx(20.02)
    stretches = gpd.read_file(out / "comparison.gpkg", layer="stretches")
    last = stretches[stretches["year"] == 2027]
    sums = last.groupby("change")["length_km"].sum()
    assert sums["gained"] - sums.get("lost", 0.0) == pytest.approx(
        years["covered_km_change"].iloc[-1], abs=1e-4
    )


def test_progress_of_a_programme(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    table = tmp_path / "deliveries.csv"
    table.write_text(
        "asset_id,ordered,operational,status,paid\n"
        "masts-001,2025-02-01,2025-11-30,,10.01\n"
        "masts-002,,,cut,\n"
    )
    out = tmp_path / "out"
    small = (program_file, "--segment-length-km", 50)
    code, shown, _ = run("progress", table, *small, "--on", "2026-12-31", "--out", out)
    assert code == 0
    assert "As of 2026-12-31" in shown
    assert "1 in operation" in shown
    assert "1 cut." in shown
    items = pd.read_csv(out / "items.csv").set_index("asset_id")
    assert items.loc["masts-001", "status"] == "operational"
    table.write_text("asset_id,ordered\nmasts-001,2025-02-01\nmast-2,\n")
    code, _, complaint = run("progress", table, *small, "--on", "2026-12-31")
    assert code == 2
    assert "row 3 (asset 'mast-2'): no such asset in the plan" in complaint
    code, _, complaint = run("progress", tmp_path / "none.csv", "--on", "2026-12-31")
    assert code == 2
    assert "does not exist" in complaint


def test_the_schema_is_json(run: object, tmp_path: Path) -> None:
    code, text, _ = run("schema")
    assert code == 0
    assert json.loads(text) == gb.Program.model_json_schema()
    assert run("schema", "--out", tmp_path / "s.json")[0] == 0
    assert json.loads((tmp_path / "s.json").read_text())["title"] == "Program"


def near_sites(folder: Path) -> Path:
    """Write a file of candidate sites on the line."""
    km = [50, 55, 300, 500, 700, 900]
    places = gb.point_at(gb.load_border(), km)
    sites = gpd.GeoDataFrame(
        {"site_id": [f"km-{at}" for at in km]}, geometry=places.to_numpy(), crs=4326
    )
    sites.to_file(folder / "sites.gpkg")
    return folder / "sites.gpkg"


def test_sites_are_chosen(run: object, program_file: Path, tmp_path: Path) -> None:
    sites, out = near_sites(tmp_path), tmp_path / "out"
    words = ("place", program_file, "--sites", sites, "--segment-length-km", 100)
    code, text, _ = run(*words, "--gap", 0, "--sweep", "--format", "fgb", "--out", out)
    assert code == 0
    assert "gap 0 % (proven: no placement is better); 6 of 7 items placed." in text
    assert "What each further million buys" in text
    items = pd.read_csv(out / "csv" / "placement_items.csv")
    assert sorted(items["site_id"]) == sorted(
        ["km-50", "km-55", "km-300", "km-500", "km-700", "km-900"]
    )
    assert items["reason"].str.len().min() > 20
    sweep = pd.read_csv(out / "csv" / "budget_sweep.csv")
    assert sweep["factor"].tolist() == list(FACTORS)
    assert f"{out / 'flatgeobuf'}{os.sep} (" in text
    layer = gb.read_layer(out / "flatgeobuf" / "placement_sites.fgb")
    assert layer["items"].tolist() == [1] * 6
    assert run("verify", out)[0] == 0


def test_nothing_to_place_is_said(run: object, program_file: Path) -> None:
    text = program_file.read_text().replace("    mode: radius\n    range_km: 5\n", "")
    program_file.write_text(text)
    code, _, complaint = run("place", program_file, "--segment-length-km", 100)
    assert code == 2
    assert "Nothing is placed: no measure brings equipment that covers" in complaint


def test_demands_that_clash_exit_with_2(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    sites = near_sites(tmp_path)
    floors = "placement: {floors: [{share: 0.9, by: 2025}]}\n"
    program_file.write_text(program_file.read_text() + floors)
    words = ("place", program_file, "--sites", sites, "--segment-length-km", 100)
    code, _, complaint = run(*words, "--out", tmp_path / "out")
    assert code == 2
    assert "No placement meets all demands" in complaint
    assert not (tmp_path / "out").exists()


def test_run_with_sites_and_without(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    sites, out = near_sites(tmp_path), tmp_path / "out"
    words = ("run", program_file, "--segment-length-km", 100, "--out", out)
    code, text, _ = run(*words, "--sites", sites, "--gap", 0.01, "--time-limit", 20)
    assert code == 0
    assert "6 of 7 items placed." in text
    assert json.loads((out / "manifest.json").read_text())["placement"]["items"] == 6
    code, text, _ = run(*words, "--evenly")
    assert code == 0
    assert "Sites were not chosen" in text
    assert json.loads((out / "manifest.json").read_text())["placement"] is None


def test_a_search_that_is_stopped_says_its_gap(
    run: object, program_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*words: object, **options: object) -> gb.Plan:
        plan = gb.make_plan(*words, **options)
        assert plan.placement is not None
        halted = replace(
            plan.placement, status="stopped", bound=plan.placement.value * 2
        )
        return replace(plan, placement=halted)

    monkeypatch.setattr("geoborder.cli.work.plans.make_plan", stopped)
    words = ("place", program_file, "--sites", near_sites(tmp_path))
    code, text, told = run(*words, "--segment-length-km", 100, "--out", tmp_path / "p")
    assert code == 0
    assert "is kept; its gap to the bound is 100 %" in told
    assert "the best found when the search was stopped" in text


def test_a_programme_planned_again(
    run: object, program_file: Path, tmp_path: Path
) -> None:
    sites, out = near_sites(tmp_path), tmp_path / "out"
    options = ("--sites", sites, "--segment-length-km", 100)
    assert run("place", program_file, *options, "--out", out)[0] == 0
    items = pd.read_csv(out / "csv" / "placement_items.csv").set_index("asset_id")
    first = items.index[items["from_year"] == 2025]
    table = tmp_path / "deliveries.csv"
    rows = [f"{name},2025-10-01," for name in first[1:]]
    table.write_text(
        "\n".join(["asset_id,operational,status", f"{first[0]},,cut", *rows])
    )
    again = tmp_path / "again"
    words = ("replan", table, program_file, *options, "--on", "2025-12-31")
    code, text, _ = run(*words, "--out", again)
    assert code == 0
    assert "The programmes differ in" in text
    assert "Placement: " in text
    facts = pd.read_csv(again / "csv" / "facts.csv").set_index("asset_id")
    assert facts.loc[first[0], "status"] == "cut"
    assert (facts["status"] == "delivered").sum() == len(first) - 1
    later = pd.read_csv(again / "csv" / "placement_items.csv")
    kept = later[later["from_year"] == 2025]["site_id"]
    assert set(kept) == set(items.loc[first[1:], "site_id"])
    assert (again / "comparison" / "stretches.csv").exists()
    assert (again / "report.html").exists()
    assert run("verify", again)[0] == 0
    code, _, complaint = run(*words[:-1], "2027-12-31", "--out", tmp_path / "never")
    assert code == 2
    assert "nothing is open any more" in complaint


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["border", "FRA", "GBR"], "FRA and GBR do not touch: they are 32.8"),
        (["border", "TJK", "XXX"], "No bundled country has the code 'XXX'"),
        (["segment", "--length-km", "-3"], "`--length-km` must be finite"),
        (["segment", "--border", "none.gpkg"], "'none.gpkg' does not exist"),
        (["run", "none.yaml"], "cannot be read"),
        (["place", "--gap", "-1"], "`--gap` must be 0 or more"),
        (["place", "--time-limit", "0"], "`--time-limit` must be greater than 0"),
        (["run", "--sites", "none.gpkg"], "'none.gpkg' does not exist"),
        (["replan", "none.csv", "--on", "2026-01-01"], "'none.csv' does not exist"),
        (["run", "--color-by", "colour"], "`--color-by` must be one of coverage_share"),
        (["verify", "."], "Folder '.' has no manifest.json"),
        (["segment", "--count", "few"], "valid integer"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_input_exits_with_2_and_one_message(
    run: object, words: list[str], message: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, _, complaint = run(*words)
    assert code == 2
    assert message in complaint
    assert "Traceback" not in complaint
    assert list(tmp_path.iterdir()) == []


def test_tables_without_what_is_needed(run: object, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("name,x,y\na,1,2\n")
    code, _, complaint = run("locate", table)
    assert code == 2
    assert "a CSV needs columns longitude and latitude" in complaint
    text = tmp_path / "t.gpkg"
    text.write_text("no database")
    assert run("locate", text)[0] == 2


def test_work_that_fails_exits_with_1(
    run: object, program_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gb, "write_plan", full)
    code, _, complaint = run("run", program_file, "--evenly")
    assert code == 1
    assert "No space left on device" in complaint


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "place",
        "replan",
        "border",
        "segment",
        "locate",
        "calibrate",
        "coverage",
        "sight",
        "viewshed",
        "reach",
        "map",
        "report",
        "compare",
        "progress",
        "schema",
        "columns",
        "verify",
    ],
)
def test_help_shows_an_example(run: object, command: str) -> None:
    code, text, _ = run(command, "--help")
    assert code == 0
    assert f"Example: geoborder {command}" in text


def test_version(run: object) -> None:
    assert run("--version")[1] == gb.__version__
