"""The algorithms as `qgis_process` and PyQGIS run them, beside the Python functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from databases import Server
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import geoborder as gb
from geoborder.cli import app
from geoborder.reach import TRAVEL_MODES

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parents[1] / "peers" / "qgis_processing.py"
ALGORITHMS = {
    "extractborder", "segmentborder", "locatepoints", "calibrateborder", "coverage",
    "lineofsight", "viewshed", "reach", "placeequipment", "runprogramme",
}  # fmt: skip
NOT_OFFERED = {
    # Layers come from QGIS and go to where QGIS puts them.
    "--layer", "--out-layer", "--gaps-layer", "--format", "--schema", "--no-lines",
    "--help",
    # QGIS has symbols of its own.
    "--color-by",
}  # fmt: skip

pytestmark = pytest.mark.qgis


@dataclass(frozen=True, slots=True)
class Qgis:
    """QGIS with the plugin in its profile, and a folder to work in."""

    environment: dict[str, str]
    folder: Path

    def process(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run `qgis_process` as a user does."""
        return subprocess.run(  # noqa: S603 - QGIS's own program
            ["/usr/bin/env", "qgis_process.bin", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=self.folder,
            timeout=240,
        )

    def run(self, name: str, **parameters: object) -> dict[str, str]:
        """Run an algorithm and give its results."""
        values = [f"{key}={value}" for key, value in parameters.items()]
        done = self.process("--json", "run", f"geoborder:{name}", *values)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["results"]

    def refusal(self, name: str, **parameters: object) -> str:
        """Run an algorithm that is refused, and give what is said."""
        values = [f"{key}={value}" for key, value in parameters.items()]
        done = self.process("run", f"geoborder:{name}", *values)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stderr

    def script(self, task: str, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
        """Run a task of the script in QGIS's own Python."""
        done = subprocess.run(  # noqa: S603 - a script of these tests
            [SYSTEM_PYTHON, str(SCRIPT), task, json.dumps(arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def qgis(
    qgis_environment: Callable[[Path], dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Qgis:
    """Install the plugin by the command line; the folder has blanks and more."""
    home = tmp_path_factory.mktemp("qgis")
    folder = tmp_path_factory.mktemp("a folder of Ýsa")
    made = Qgis(qgis_environment(home), folder)
    done = install(made, sys.executable)
    assert done.returncode == 0, done.stderr
    assert "enabled in QGIS" in done.stdout
    return made


def install(qgis: Qgis, python: str | Path) -> subprocess.CompletedProcess[str]:
    """Install the plugin from a Python."""
    return subprocess.run(  # noqa: S603 - this package
        [str(python), "-m", "geoborder", "qgis", "install"],
        capture_output=True,
        text=True,
        check=False,
        env=qgis.environment,
    )


@pytest.fixture(scope="module")
def towers(qgis: Qgis) -> Path:
    """Masts at the crossings of the bundled border, and two radars."""
    points = gb.load_crossings()[["geometry"]]
    number = np.arange(len(points))
    points = points.assign(
        asset_id=[f"tower-{n}" for n in number],
        mode=np.where(number < 2, "radius", "sight"),
        range_km=12.0,
        mast_m=24.0 + number,
        target_m=1.7,
        from_year=2025 + number % 3,
    )
    return gb.write_layer(points, qgis.folder / "towers.gpkg")


def same(found: str, expected: gpd.GeoDataFrame, folder: Path) -> gpd.GeoDataFrame:
    """Hold a layer that QGIS wrote against a table, to the last bit."""
    layer = gb.read_layer(found)
    table = gb.read_layer(gb.write_layer(expected, folder / "expected.gpkg"))
    assert_geodataframe_equal(layer, table)
    return layer


def test_all_algorithms_are_listed(qgis: Qgis) -> None:
    done = qgis.process("list", "--json")
    assert done.returncode == 0
    provider = json.loads(done.stdout)["providers"]["geoborder"]
    assert set(provider["algorithms"]) == {f"geoborder:{a}" for a in ALGORITHMS}
    assert provider["version"] == gb.__version__


def test_help_tells_parameters_and_their_meaning(qgis: Qgis) -> None:
    done = qgis.process("help", "geoborder:reach")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "MINUTES: Limits (minutes) Numbers with commas between" in text
    assert "- 3: horse" in text
    assert "RASTER: <outputRaster>" in text


def test_parameters_are_those_of_the_command_line(qgis: Qgis) -> None:
    from typer.main import get_command  # noqa: PLC0415 - only here

    commands = get_command(app).commands  # type: ignore[attr-defined]
    definitions = qgis.script("definitions")
    for name, found in definitions.items():
        assert found["runs"] == [True, ""]
        assert found["icon"]
        assert len(found["help"]) > 80, name
        options = {
            option: parameter
            for parameter in commands[found["command"]].params
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("--")
        }
        used = {o for pair in found["options"].values() for o in pair if o}
        assert used <= set(options), name
        negatives = {o for p in options.values() for o in p.secondary_opts}
        switches = {o for p in options.values() if p.secondary_opts for o in p.opts}
        offered = used | NOT_OFFERED | negatives | switches | {"--between"}
        assert set(options) <= offered, name
        for key, parameter in found["parameters"].items():
            assert parameter["help"], (name, key)
            option = found["options"].get(key, ["", ""])[0]
            default = parameter["default"]
            if parameter["type"] in {"number", "enum"} and default is not None:
                assert options[option].default == default, (name, key)
    modes = definitions["reach"]["parameters"]["MODE"]["names"]
    assert modes == list(TRAVEL_MODES)


def test_a_border_is_extracted(qgis: Qgis) -> None:
    found = qgis.run("extractborder", LEFT="FRA", RIGHT="ESP", OUTPUT="fra esp.gpkg")
    line = same(
        qgis.folder / found["OUTPUT"], gb.load_border("FRA", "ESP"), qgis.folder
    )
    assert len(line) == 3


def test_a_border_is_cut(qgis: Qgis) -> None:
    gb.write_layer(gb.load_border("FRA", "ESP"), qgis.folder / "line.gpkg")
    found = qgis.run(
        "segmentborder", BORDER="line.gpkg", LENGTH_KM="25", BREAKS_KM="3.5,7.25",
        OUTPUT="pieces.gpkg",
    )  # fmt: skip
    expected = gb.segment_border(
        gb.load_border("FRA", "ESP"), length_km=25, breaks_km=[3.5, 7.25]
    )
    pieces = same(qgis.folder / found["OUTPUT"], expected, qgis.folder)
    assert len(pieces) > 20
    found = qgis.run(
        "segmentborder", LENGTH_KM=50, UNITS="true", OUTPUT="provinces.gpkg"
    )
    expected = gb.segment_border(
        gb.load_border(), length_km=50, units=gb.load_units(None)
    )
    same(qgis.folder / found["OUTPUT"], expected, qgis.folder)


def test_points_are_located(qgis: Qgis) -> None:
    points = gb.load_crossings()
    gb.write_layer(points, qgis.folder / "points.geojson")
    found = qgis.run("locatepoints", POINTS="points.geojson", OUTPUT="located.gpkg")
    read = gb.read_layer(qgis.folder / "points.geojson")
    expected = read.join(gb.locate(read, gb.load_border()))
    columns = [*(c for c in expected if c != "geometry"), "geometry"]
    same(qgis.folder / found["OUTPUT"], expected[columns], qgis.folder)


def test_height_and_all_columns_of_points_are_kept(qgis: Qgis) -> None:
    points = gpd.GeoDataFrame(
        {"GEOM": ["a", "b"], "geometry_name": ["c", "d"]},
        geometry=gpd.points_from_xy([71, 71.5], [37.5, 37.9], [1500, 2500.5], crs=4326),
    )
    points.to_file(qgis.folder / "high.geojson")
    found = qgis.run("locatepoints", POINTS="high.geojson", OUTPUT="kept.geojson")
    located = gb.read_layer(qgis.folder / found["OUTPUT"])
    assert located["GEOM"].tolist() == ["a", "b"]
    assert located.geometry.z.tolist() == [1500, 2500.5]
    expected = gb.locate(points, gb.load_border())
    assert located["chainage_km"].tolist() == expected["chainage_km"].tolist()


def test_country_codes_may_be_small(qgis: Qgis) -> None:
    found = qgis.run("extractborder", LEFT="fra", RIGHT="Esp", OUTPUT="small.gpkg")
    same(qgis.folder / found["OUTPUT"], gb.load_border("FRA", "ESP"), qgis.folder)
    found = qgis.run(
        "segmentborder", LEFT=" uzb", RIGHT="afg", COUNT=2, OUTPUT="halves.gpkg"
    )
    expected = gb.segment_border(gb.load_border("UZB", "AFG"), count=2)
    same(qgis.folder / found["OUTPUT"], expected, qgis.folder)


def test_a_border_is_calibrated(qgis: Qgis) -> None:
    found = qgis.run(
        "calibrateborder", OFFICIAL_LENGTH_KM="1344.15",
        FIXED_KM="100 = 100.2; 500=499", OUTPUT="official.gpkg",
    )  # fmt: skip
    expected = gb.calibrate(
        gb.load_border(), official_length_km=1344.15, fixed_km={100: 100.2, 500: 499}
    )
    same(qgis.folder / found["OUTPUT"], expected, qgis.folder)


def test_coverage_and_gaps(qgis: Qgis, towers: Path) -> None:
    found = qgis.run(
        "coverage", ASSETS=towers, YEAR="2026", K="1", OUTPUT="covered.gpkg",
        GAPS="gaps.gpkg",
    )  # fmt: skip
    expected = gb.cover(
        gb.load_border(), gb.read_layer(towers), dem=gb.open_dem(), year=2026
    )
    same(qgis.folder / found["OUTPUT"], expected.intervals, qgis.folder)
    gaps = same(qgis.folder / found["GAPS"], expected.gaps, qgis.folder)
    assert len(gaps) > 5


def test_lines_of_sight(qgis: Qgis, towers: Path) -> None:
    targets = gpd.GeoDataFrame(
        geometry=gb.point_at(gb.load_border(), np.arange(0.0, 1340.0, 4.0)), crs=4326
    )
    targets["name"] = [f"km {4 * n}" for n in range(len(targets))]
    gb.write_layer(targets, qgis.folder / "targets.fgb")
    found = qgis.run(
        "lineofsight", SITES=towers, TARGETS="targets.fgb", SITE_ID="asset_id",
        TARGET_ID="name", RANGE_KM="12", MAST_M="24", OUTPUT="sight.gpkg",
    )  # fmt: skip
    sites = gb.read_layer(towers)
    targets = gb.read_layer(qgis.folder / "targets.fgb")
    seen = gb.line_of_sight(
        sites, targets, dem=gb.open_dem(), range_km=12, mast_m=24, target_m=1.7
    ).tocoo()
    expected = set(
        zip(sites["asset_id"].iloc[seen.row], targets["name"].iloc[seen.col],
            strict=True)
    )  # fmt: skip
    lines = gb.read_layer(qgis.folder / found["OUTPUT"])
    visible = lines[lines["visible"]]
    assert set(zip(visible["site"], visible["target"], strict=True)) == expected
    assert 10 < len(visible) < len(lines)
    assert (lines.geom_type == "LineString").all()


def test_a_viewshed(qgis: Qgis, towers: Path) -> None:
    found = qgis.run(
        "viewshed", SITES=towers, RANGE_KM="15", RESULT="2", METHOD="r3",
        OUTPUT="seen by.tif",
    )  # fmt: skip
    view = gb.viewshed(
        gb.read_layer(towers), dem=gb.open_dem(), range_km=15, mast_m=10, target_m=1.7,
        method="r3", result="first",
    )  # fmt: skip
    gb.write_viewshed(view, qgis.folder / "expected.tif")
    same_raster(found["OUTPUT"], qgis.folder / "expected.tif")


def test_areas_reached(qgis: Qgis, towers: Path) -> None:
    gb.write_layer(gb.load_border(), qgis.folder / "nobody crosses.gpkg")
    found = qgis.run(
        "reach", SITES=towers, MODE="horse", MINUTES="30, 60", DIRECTION="1",
        BORDER="nobody crosses.gpkg", SIDE="left", OUTPUT="areas.gpkg",
        RASTER="minutes.tif",
    )  # fmt: skip
    expected = gb.isochrones(
        gb.read_layer(towers), dem=gb.open_dem(), mode="horse", minutes=[30, 60],
        direction="back",
        conditions=gb.Conditions(border=gb.load_border(), side="left"),
    )  # fmt: skip
    same(qgis.folder / found["OUTPUT"], expected.areas, qgis.folder)
    gb.write_isochrones(expected, qgis.folder / "expected.tif")
    same_raster(found["RASTER"], qgis.folder / "expected.tif")


def same_raster(found: str | Path, expected: Path) -> None:
    """Hold a raster against another one, and have GDAL look at it."""
    with rasterio.open(found) as one, rasterio.open(expected) as other:
        np.testing.assert_array_equal(one.read(), other.read())
        assert one.transform == other.transform
        assert one.crs == other.crs
        assert np.unique(one.read()).size > 2
    valid = [
        SYSTEM_PYTHON,
        "-m",
        "osgeo_utils.samples.validate_cloud_optimized_geotiff",
    ]
    done = subprocess.run([*valid, found], check=False, capture_output=True, text=True)  # noqa: S603 - GDAL's own program
    assert done.returncode == 0, done.stdout


def test_equipment_is_placed(qgis: Qgis, program_file: Path) -> None:
    km = [50, 55, 300, 500, 700, 900]
    sites = gpd.GeoDataFrame(
        {"site_id": [f"km-{at}" for at in km]},
        geometry=gb.point_at(gb.load_border(), km).to_numpy(),
        crs=4326,
    )
    gb.write_layer(sites, qgis.folder / "sites.gpkg")
    found = qgis.run(
        "placeequipment", PROGRAMME=program_file, SEGMENT_LENGTH_KM="100", GAP="0",
        SITES="sites.gpkg", OUTPUT="placed here",
    )  # fmt: skip
    assert Path(found["OUTPUT"]) == qgis.folder / "placed here"
    plan = gb.make_plan(
        program_file, segment_length_km=100, candidates=sites,
        placing=gb.PlacingOptions(gap=0),
    )  # fmt: skip
    assert plan.placement is not None
    items = gb.read_layer(found["ITEMS"])
    expected = plan.placement.items
    assert items["site_id"].tolist() == expected["site_id"].tolist()
    assert items["from_year"].tolist() == expected["from_year"].tolist()
    assert items["reason"].tolist() == expected["reason"].tolist()
    assert len(gb.read_layer(found["SITES_CHOSEN"])) == len(km)


def test_a_programme_is_run(qgis: Qgis, program_file: Path) -> None:
    found = qgis.run(
        "runprogramme", PROGRAMME=program_file, SEGMENT_LENGTH_KM="50", EVENLY="yes",
        FORMATS="flatgeobuf,kml", OUTPUT="the plan",
    )  # fmt: skip
    plan = gb.make_plan(program_file, segment_length_km=50, placed=False)
    for name, table in (
        ("SEGMENTS", plan.segments),
        ("COVERAGE", plan.coverage.intervals),
        ("ASSETS", plan.assets),
        ("GAPS", plan.coverage.gaps),
    ):
        layer = gb.read_layer(found[name])
        kept = [c for c in table if c in layer]
        assert len(kept) == len(table.columns), name
        same_columns = gb.read_layer(
            gb.write_layer(table, qgis.folder / "expected.gpkg")
        )
        assert_frame_equal(
            pd.DataFrame(layer[kept].drop(columns="geometry")),
            pd.DataFrame(same_columns[kept].drop(columns="geometry")),
            check_dtype=False,
        )
        assert layer.geom_equals_exact(same_columns, 0).all()
    for name in ("MAP", "REPORT", "PROJECT"):
        assert Path(found[name]).is_file()
    assert gb.verify_plan(Path(found["OUTPUT"])) == []
    assert list(Path(found["OUTPUT"]).rglob("segments.kml"))


WRONG = [
    ("segmentborder", {"LENGTH_KM": "ten"}, "must be a number, got 'ten'"),
    ("segmentborder", {"COUNT": "2.5"}, "must be a whole number, got 2.5"),
    ("segmentborder", {"LENGTH_KM": -1}, "must not be less than 0, got -1"),
    ("segmentborder", {"BREAKS_KM": "3,x"}, "numbers with commas between, got 'x'"),
    ("segmentborder", {"BREAKS_KM": [3, 2000]}, "2000"),
    (
        "calibrateborder",
        {"FIXED_KM": "100"},
        "100=100.2 with commas between, got '100'",
    ),
    ("calibrateborder", {}, "needs `OFFICIAL_LENGTH_KM`, `FIXED_KM`, or both"),
    ("reach", {"SITES": "towers.gpkg", "MODE": "camel"}, "road, got 'camel'"),
    ("runprogramme", {"FORMATS": "kml,doc"}, "kml, got 'doc'"),
    ("runprogramme", {"PROGRAMME": "none.yaml"}, "none.yaml"),
    ("coverage", {"ASSETS": "bare.gpkg"}, "'asset_id'"),
    ("viewshed", {"SITES": "towers.gpkg", "DEM": "towers.gpkg"}, "no raster that GDAL"),
    ("locatepoints", {"POINTS": "nowhere.shp"}, "no coordinate reference system"),
    ("locatepoints", {"POINTS": "table.csv"}, "'table' is a table without geometry"),
    ("locatepoints", {"POINTS": "alike.geojson"}, "only in case: 'name' and 'Name'"),
    ("locatepoints", {"POINTS": "own.geojson"}, "no room for the column 'GEOM'"),
    ("locatepoints", {"POINTS": "text.geojson"}, "no room for the column 'fid'"),
    ("locatepoints", {"POINTS": "towers.gpkg", "LEFT": "Frx"}, "the code 'F"),
]


def test_what_is_wrong_is_said(qgis: Qgis, towers: Path) -> None:
    bare = gpd.GeoDataFrame({"x": [1]}, geometry=gb.read_layer(towers).geometry[:1])
    gb.write_layer(bare, qgis.folder / "bare.gpkg")
    bare.to_file(qgis.folder / "nowhere.shp")
    (qgis.folder / "nowhere.prj").unlink()
    (qgis.folder / "table.csv").write_text("lon,lat\n71,37.5\n", encoding="utf-8")
    for name, columns in (
        ("alike", {"name": "a", "Name": "b"}),
        ("own", {"GEOM": "a"}),
        ("text", {"fid": "a"}),
    ):
        bare.assign(**columns).to_file(qgis.folder / f"{name}.geojson")
    target = qgis.folder / "refused.gpkg"
    cases = [
        (
            name,
            {k: in_folder(v, qgis) for k, v in wrong.items()} | {"OUTPUT": str(target)},
        )
        for name, wrong, _ in WRONG
    ]
    said = qgis.script("refusals", cases=cases)
    for (name, wrong, message), text in zip(WRONG, said, strict=True):
        assert message in text, (name, wrong, text)
        assert "Traceback" not in text
    assert not target.exists()


def in_folder(value: object, qgis: Qgis) -> object:
    """Give the path of what is a file of these tests."""
    is_file = Path(str(value)).suffix in {".gpkg", ".shp", ".yaml", ".geojson", ".csv"}
    return str(qgis.folder / str(value)) if is_file else value


def test_a_refusal_ends_qgis_process_with_an_error(qgis: Qgis) -> None:
    target = qgis.folder / "refused.gpkg"
    said = qgis.refusal("extractborder", LEFT="FRA", RIGHT="NZL", OUTPUT=target)
    assert "ERROR:\tFRA and NZL do not touch: they are" in said
    assert not target.exists()


def test_layers_of_all_kinds(qgis: Qgis, tmp_path: Path) -> None:
    found = qgis.script("layers", folder=str(tmp_path))
    points = gpd.GeoSeries.from_xy([600000, 700000], [4120000] * 2, crs=32642)
    expected = gb.locate(points, gb.load_border())
    for name, layer in found.items():
        assert layer["crs"] == "EPSG:32642"
        assert layer["geometry"] == "Point"
        assert layer["fields"][:4] == ["fid", "count", "on", "big"]
        ours = ["border_id", "chainage_km", "distance_km", "side"]
        short = [c[:10] for c in ours] if name.endswith("shp") else ours
        assert layer["fields"][4:] == short
        for number, row in enumerate(layer["rows"]):
            assert row[:4] == ["same", number + 1, None, 2**40 + number + 1]
            assert row[4:] == expected[ours].iloc[number].tolist()


def test_temporary_places_and_layers_to_show(
    qgis: Qgis, towers: Path, program_file: Path
) -> None:
    found = qgis.script("temporary", sites=str(towers), programme=str(program_file))
    assert found["raster"]
    assert {"plan.gpkg", "map.html", "report.html"} <= set(found["files"])
    assert {"SEGMENTS", "MAP", "REPORT", "OUTPUT"} <= set(found["results"])
    assert set(found["shown"]) == {"Segments", "Covered stretches", "Gaps", "Assets"}
    assert found["shown"]["Assets"] == 8


@pytest.mark.postgis
def test_layers_of_a_database(qgis: Qgis, postgis: Server) -> None:
    with postgis.database() as name:
        address = f"dbname='{name}' host={postgis.folder} user='postgres'"
        table = '"public"."borders"'
        found = qgis.script("database", address=address, table=table)
        rows = postgis.psql("select border_id from borders order by 1;", database=name)
    assert rows.split() == ["FRA-ESP/1", "FRA-ESP/2", "FRA-ESP/3"]
    borders = gb.load_border("FRA", "ESP").set_index("border_id")
    half = borders.loc["FRA-ESP/1", "length_km"] / 2
    assert found["lengths_km"] == pytest.approx([half, half], abs=1e-9)


def test_a_model_chains_algorithms(qgis: Qgis) -> None:
    model = qgis.folder / "chain.model3"
    assert qgis.script("model", path=str(model)) == {
        "valid": True, "faults": [], "written": True,
    }  # fmt: skip
    target = qgis.folder / "chained.gpkg"
    done = qgis.process("run", model, "left=FRA", f"cut:segments={target}")
    assert done.returncode == 0, done.stderr
    expected = gb.segment_border(gb.load_border("FRA", "ESP"), length_km=50)
    same(target, expected, qgis.folder)


def test_cancelling_ends_the_work(qgis: Qgis, tmp_path: Path) -> None:
    target = tmp_path / "plan"
    found = qgis.script(
        "cancel",
        algorithm="geoborder:runprogramme",
        parameters={"OUTPUT": str(target)},
    )
    assert found["message"] == "Cancelled; nothing was written."
    assert len(found["children"]) >= 1
    assert found["left"] == []
    assert list(tmp_path.iterdir()) == []


def test_python_in_a_folder_with_blanks(qgis: Qgis, tmp_path: Path) -> None:
    home = tmp_path / "my vénv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = home / "lib" / version / "site-packages" / "all.pth"
    there = sysconfig.get_path("purelib")
    paths.write_text(f"import site; site.addsitedir({there!r})\n", encoding="utf-8")
    try:
        assert install(qgis, python).returncode == 0
        found = qgis.run("extractborder", LEFT="UZB", RIGHT="AFG", OUTPUT="uzb.gpkg")
        expected = gb.load_border("UZB", "AFG")
        same(qgis.folder / found["OUTPUT"], expected, qgis.folder)
        python.unlink()
        said = qgis.refusal("extractborder", OUTPUT=qgis.folder / "none.gpkg")
        assert f"{str(python)!r}, is not there. Run `geoborder qgis install`" in said
        other = Qgis(
            qgis.environment | {"GEOBORDER_PYTHON": "/usr/bin/python3"}, tmp_path
        )
        said = other.refusal("extractborder", OUTPUT=tmp_path / "none.gpkg")
        assert "geoborder is not installed in '/usr/bin/python3'" in said
    finally:
        install(qgis, sys.executable)
    assert not os.path.lexists(qgis.folder / "none.gpkg")
