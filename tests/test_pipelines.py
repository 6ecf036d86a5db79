"""Commands as steps of pipelines: layers of any format, pipes, signals, databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import tools
from geopandas.testing import assert_geodataframe_equal
from rasterio.transform import from_origin
from typer.testing import CliRunner, Result

import geoborder as gb
from geoborder import cli
from geoborder.cli import common, completing, work
from geoborder.files import FORMATS
from geoborder.maps.style import ATTRIBUTES
from geoborder.sight.area import Method
from geoborder.sight.area import Result as Told

PROGRAM = [sys.executable, "-m", "geoborder"]
EXACT = ("gpkg", "geoparquet", "flatgeobuf")
TOWERS = """\
asset_id,mode,range_km,mast_m,target_m,longitude,latitude
a,radius,10,,,67.278,37.224
b,sight,15,24,1.7,67.4,37.21
"""


def call(*words: object, piped: bytes = b"") -> Result:
    """Run the command line in this process, with what a pipe brings."""
    result = CliRunner().invoke(cli.app, list(map(str, words)), input=piped)
    unforeseen = None if isinstance(result.exception, SystemExit) else result.exception
    assert unforeseen is None, unforeseen
    return result


def done(*words: object, piped: bytes = b"") -> Result:
    """Run a command that must go well."""
    result = call(*words, piped=piped)
    assert result.exit_code == 0, result.stderr
    return result


def refused(*words: object, piped: bytes = b"") -> str:
    """Run a command that must be refused, in one line."""
    result = call(*words, piped=piped)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


def program(
    command: Sequence[str], words: Sequence[object], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(  # noqa: S603 - this Python, and bash
        [*command, *map(str, words)], env=os.environ | environment,
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip


def begin(
    words: Sequence[object], folder: Path, *, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Begin a command that tells its progress, with a pipe that brings nothing yet."""
    return subprocess.Popen(  # noqa: S603 - this Python
        [*PROGRAM, *map(str, words)],
        cwd=folder, env=os.environ | {"GEOBORDER_PROGRESS": "lines"},
        stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE,
    )  # fmt: skip


def same(
    found: gpd.GeoDataFrame, expected: gpd.GeoDataFrame, *, exact: bool = True
) -> None:
    """Hold a layer that went through files against what the function gave."""
    columns = [c for c in expected.columns if c != "geometry"]
    # Files but GeoParquet have the geometry last.
    expected = expected[[*columns, "geometry"]].reset_index(drop=True)
    if exact:
        found = found[[*found.columns.drop("geometry"), "geometry"]]
        assert_geodataframe_equal(found, expected, check_dtype=False)
        return
    assert list(found.columns.drop("geometry")) == columns
    pd.testing.assert_frame_equal(
        pd.DataFrame(found[columns]), pd.DataFrame(expected[columns]),
        check_dtype=False, atol=1e-4,
    )  # fmt: skip
    shapes = found.geometry.array, expected.geometry.array
    assert shapely.hausdorff_distance(*map(np.asarray, shapes)).max() < 1e-6


@pytest.fixture(scope="module")
def line() -> gpd.GeoDataFrame:
    return gb.load_border("UZB", "AFG")


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("towers") / "towers.csv"
    path.write_text(TOWERS, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_in_and_out(
    name: str, line: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    ending = FORMATS[name].endings[0]
    source, target = tmp_path / f"line{ending}", tmp_path / f"pieces{ending}"
    done("border", "UZB", "AFG", "--out", source)
    same(gb.read_layer(source), line, exact=name in EXACT)
    done("segment", "--border", source, "--length-km", 20, "--out", target)
    expected = gb.segment_border(line, length_km=20)
    same(gb.read_layer(target), expected, exact=name in EXACT)


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.streams])
def test_every_format_by_pipes(name: str, line: gpd.GeoDataFrame) -> None:
    first = done("border", "UZB", "AFG", "-o", "-", "--format", name)
    assert "border_id" in first.stderr  # what people read
    piped = first.stdout_bytes
    words = ("segment", "--border", "-", "--count", 3, "-o", "-", "--format", "geojson")
    second = done(*words, piped=piped)
    assert second.stderr == "standard output: 3 segments\n"
    found = json.loads(second.stdout)
    ends = [feature["properties"]["end_km"] for feature in found["features"]]
    expected = gb.segment_border(line, count=3)["end_km"]
    np.testing.assert_allclose(ends, expected, atol=1e-4)


def test_a_layer_is_named_as_in_qgis_or_by_an_option(
    line: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "all.gpkg"
    for pair in (("UZB", "AFG"), ("TKM", "AFG")):
        done("border", *pair, "--out", file, "--out-layer", "-".join(pair))
    expected = gb.segment_border(line, count=2)
    for named in (
        ("--border", f"{file}|layername=UZB-AFG"),
        ("--border", file, "--layer", "UZB-AFG"),
    ):
        done("segment", *named, "--count", 2, "--out", file, "--out-layer", "two")
        same(gb.read_layer(file, layer="two"), expected)
    assert "has 3 layers" in refused("segment", "--border", file, "--count", 2)
    assert "`--border`, which is missing" in refused("segment", "--layer", "two")


def test_a_border_of_ones_own_countries_by_a_pipe() -> None:
    countries = gb.load_countries("10m")
    own = countries[countries["iso3"].isin(["FRA", "ESP"])].to_json().encode()
    found = done("border", "FRA", "ESP", "--countries", "-", "-o", "-", piped=own)
    ends = json.loads(found.stdout)["features"]
    assert {feature["properties"]["left"] for feature in ends} == {"FRA", "ESP"}


def test_units_of_ones_own(line: gpd.GeoDataFrame, tmp_path: Path) -> None:
    units = gb.load_units(None)
    gb.write_layer(units, tmp_path / "units.fgb")
    out = tmp_path / "s.gpkg"
    words = ("segment", "--between", "UZB", "AFG", "--out", out)
    done(*words, "--units-from", tmp_path / "units.fgb")
    same(gb.read_layer(out), gb.segment_border(line, units=units))
    assert "leave it out beside" in refused(*words, "--units", "--units-from", "u.fgb")


@pytest.mark.parametrize("ending", [".csv", ".gpkg", ".parquet", "-"])
def test_places_are_located(
    ending: str, line: gpd.GeoDataFrame, towers: Path, tmp_path: Path
) -> None:
    given = gb.read_layer(towers)
    expected = given.join(gb.locate(given, line))
    source, piped = tmp_path / f"t{ending}", b""
    if ending == "-":
        source, piped = "-", TOWERS.encode()
    else:
        gb.write_layer(given, source)
    out = tmp_path / "found.parquet"
    words = ("locate", source, "--between", "UZB", "AFG", "--out", out)
    done(*words, piped=piped)
    same(gb.read_layer(out), expected, exact=False)
    done("locate", out, *words[2:])  # again: chainage is not doubled
    same(gb.read_layer(out), expected, exact=False)


def test_calibration_by_length_pairs_and_points(
    line: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "official.gpkg"
    words = ("calibrate", "--between", "UZB", "AFG", "--out", out)
    done(*words, "--official-length-km", 144)
    same(gb.read_layer(out), gb.calibrate(line, official_length_km=144))
    known = {10.0: 11.0, 100.0: 104.5}
    pairs = [f"--fixed-km={km}={official}" for km, official in known.items()]
    done(*words, *pairs, "--no-extrapolate")
    expected = gb.calibrate(line, fixed_km=known, extrapolate=False)
    same(gb.read_layer(out), expected)
    points = gpd.GeoDataFrame(
        {"official_km": list(known.values())},
        geometry=gb.point_at(line, list(known)).to_numpy(),
        crs=4326,
    )
    gb.write_layer(points, tmp_path / "posts.geojson")
    done(*words, "--fixed-points", tmp_path / "posts.geojson")
    found = gb.to_official(gb.read_layer(out), [50.0])
    expected = gb.to_official(gb.calibrate(line, fixed_km=known), [50.0])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert "'ten=11' is not two numbers" in refused(*words, "--fixed-km", "ten=11")
    assert "need a column official_km" in refused(*words, "--fixed-points", out)
    assert "is one layer, but `--border` and `--fixed-points` are both -" in refused(
        "calibrate", "--border", "-", "--fixed-points", "-"
    )


def test_coverage_of_layers_and_pipes(
    line: gpd.GeoDataFrame, towers: Path, tmp_path: Path
) -> None:
    expected = gb.cover(line, gb.read_layer(towers), dem=gb.open_dem())
    both = tmp_path / "both.gpkg"
    words = ("--between", "UZB", "AFG")
    done("coverage", towers, *words, "--out", both, "--gaps", both)
    same(gb.read_layer(both, layer="coverage"), expected.intervals)
    same(gb.read_layer(both, layer="gaps"), expected.gaps)
    found = done(
        "coverage", "-", *words, "--out", tmp_path / "c.fgb", "--gaps", "-",
        piped=TOWERS.encode(),
    )  # fmt: skip
    gaps = json.loads(found.stdout)["features"]
    total = sum(gap["properties"]["length_km"] for gap in gaps)
    assert total == pytest.approx(expected.gaps["length_km"].sum())
    assert "covered_km" in found.stderr
    assert "Standard output is one layer" in refused(
        "coverage", towers, "--out", "-", "--gaps", "-"
    )


def test_sight_is_that_of_the_function(tmp_path: Path) -> None:
    border = gb.load_border()
    km = np.arange(850.0, 880.0, 2.0)
    targets = gpd.GeoDataFrame(
        {"target_id": [f"km {at:g}" for at in km]},
        geometry=gb.point_at(border, km).to_numpy(),
        crs=4326,
    )
    sites = targets.iloc[[0, 7, 14]].assign(
        site_id=list("abc"), name=list("xyz"), range_km=[12.0, np.nan, 20.0]
    )
    gb.write_layer(sites, tmp_path / "sites.parquet")
    gb.write_layer(targets, tmp_path / "targets.fgb")
    out = tmp_path / "sight.gpkg"
    words = ("sight", tmp_path / "sites.parquet", tmp_path / "targets.fgb")
    told = done(*words, "--range-km", 15, "--out", out).stdout
    options = {"dem": gb.open_dem(), "range_km": 15, "mast_m": 10, "target_m": 1.7}
    seen = gb.line_of_sight(sites, targets, **options).toarray()
    pairs = gb.read_layer(out)
    looked = gb.sight_lines(sites, targets, **options)
    assert len(pairs) == looked.in_range.sum() < seen.size
    assert f"{len(pairs)} pairs in range, {seen.sum()} seen" in told
    found = pairs.set_index(["site", "target"])["visible"].unstack()  # noqa: PD010 - no sums
    expected = pd.DataFrame(seen, index=list("abc"), columns=targets["target_id"])
    filled = found.reindex_like(expected).astype("boolean").fillna(False)  # noqa: FBT003
    assert (filled.to_numpy(bool) == seen).all()
    assert (pairs["visible"] == (pairs["visible_from_m"] <= 1.7)).all()
    from_km = pairs["distance_km"]
    np.testing.assert_allclose(from_km, pairs.geometry.to_crs(32642).length / 1e3, 1e-3)
    table = tmp_path / "sight.csv"
    done(*words, "--site-id", "name", "--no-lines", "--out", table)
    plain = gb.read_table(table)
    assert list(plain.columns) == [
        "site", "target", "visible", "distance_km", "visible_from_m"
    ]  # fmt: skip
    assert set(plain["site"]) == {"x", "y", "z"}
    assert "no column 'code' to name its rows by" in refused(
        *words, "--site-id", "code"
    )


def test_viewsheds_and_reach_take_any_layer(tmp_path: Path) -> None:
    posts = gpd.GeoDataFrame(
        {"mast_m": [24.0]}, geometry=gpd.points_from_xy([71.512], [37.379]), crs=4326
    )
    piped = posts.to_json().encode()
    seen = tmp_path / "seen.tif"
    done("viewshed", "-", "--out", seen, "--range-km", 5, piped=piped)
    view = gb.viewshed(posts, dem=gb.open_dem(), range_km=5, mast_m=10, target_m=1.7)
    assert gb.open_dem(seen).heights_m.sum() == view.values.sum()  # noqa: PD011 - a raster's
    assert "`--out` must be a file" in refused("viewshed", "-", "-o", "-", piped=piped)
    border = gb.load_border()
    gb.write_layer(border, tmp_path / "all.gpkg", layer="border")
    gb.write_layer(posts, tmp_path / "all.gpkg", layer="posts")
    words = (
        "reach", tmp_path / "all.gpkg", "--layer", "posts", "--minutes", 30,
        "--border", f"{tmp_path / 'all.gpkg'}|layername=border",
    )  # fmt: skip
    out = done(*words, "-o", "-", "--raster", tmp_path / "minutes.tif")
    reached = gb.isochrones(
        posts, dem=gb.open_dem(), minutes=30, conditions=gb.Conditions(border=border)
    )
    (area,) = json.loads(out.stdout)["features"]
    expected = reached.areas.iloc[0]
    assert area["properties"]["area_km2"] == pytest.approx(expected["area_km2"])
    assert (tmp_path / "minutes.tif").exists()


def test_what_columns_mean(tmp_path: Path) -> None:
    text = done("columns", "--layer", "segments").stdout
    assert "length_km" in text
    file = tmp_path / "columns.csv"
    done("columns", "--currency", "TJS", "--out", file)
    table = gb.read_table(file)
    assert list(table) == ["layer", "column", "title", "unit", "description"]
    assert "TJS" in set(table["unit"])
    told = refused("columns", "--layer", "segmnts")
    assert "`--layer` 'segmnts' is no layer of a plan. Did you mean 'segments'?" in told


def test_what_is_wrong_is_told_in_one_line(towers: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.shp"
    assert "Shapefiles cut column names" in refused("border", "--out", out)
    assert "Did you mean 'geojson'" in refused(
        "border", "-o", "-", "--format", "geojsn"
    )
    assert "needs a file" in refused("border", "-o", "-", "--format", "gpkg")
    assert "is empty" in refused("locate", "-")
    assert "cannot be read" in refused("locate", "-", piped=b"{nonsense")
    assert "Standard input is one layer" in refused("locate", "-", "--border", "-")
    assert "Invalid value" in refused("segment", "--count", "few")
    assert "See `root coverage --help`" in refused("coverage", towers, "--K", 2)
    assert "No such command 'cover'" in refused("cover")
    assert "unknown" in refused("run", "--format", "shapefile")
    assert "results are several files; name a folder" in refused("run", "-o", "-")
    words = ("compare", "a.yaml", "b.yaml", "-o", "postgresql://me:geheim@host/db")
    told = refused(*words)
    assert "postgresql://me@host/db: results are several files" in told
    assert list(tmp_path.iterdir()) == []


def test_a_command_without_words_shows_its_help() -> None:
    result = call()
    assert result.exit_code == 2
    assert "Commands:" in result.stdout + result.stderr


def test_progress_in_lines_for_programs(
    program_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOBORDER_PROGRESS", "lines")
    words = ("map", program_file, "--segment-length-km", 100)
    result = done(*words, "--out", tmp_path / "m.html")
    rows = [row.split(" ", 2) for row in result.stderr.splitlines()]
    assert {row[0] for row in rows} == {"geoborder-progress"}
    shares = [int(row[1]) for row in rows]
    assert shares == sorted(shares)
    assert (rows[0][1:], rows[-1][1:]) == (["0", "border"], ["100", "done"])
    steps = [row[2] for row in rows]
    assert {"terrain", "placement", "coverage", "map"} <= set(steps)
    assert any(step.startswith("placement: best ") for step in steps)
    for words in (("border",), ("segment", "--count", 2, "-o", "-")):
        told = done(*words).stderr.splitlines()
        assert told[0] == "geoborder-progress 0 border"
        assert "geoborder-progress 100 done" in told
    failed = call("segment", "--length-km", -1).stderr.splitlines()
    assert failed[-1].startswith("geoborder: `--length-km` must be finite")
    assert "100" not in " ".join(failed)


def test_a_pair_across_nodata_is_neither_seen_nor_hidden_and_told(
    tmp_path: Path,
) -> None:
    heights = np.full((20, 20), 100.0, dtype=np.float32)
    heights[:, 10] = -9999
    facts = {
        "driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4326",
        "height": 20, "width": 20, "nodata": -9999,
        "transform": from_origin(70, 38, 0.01, 0.01),
    }  # fmt: skip
    with rasterio.open(tmp_path / "holed.tif", "w", **facts) as raster:
        raster.write(heights, 1)
    (tmp_path / "p.csv").write_text(
        "site_id,longitude,latitude\nw,70.05,37.9\ne,70.15,37.9\n", encoding="utf-8"
    )
    words = [
        "sight",
        "p.csv",
        "p.csv",
        "--dem",
        f"file://{tmp_path}/holed.tif",
        "-o",
        "sight.csv",
    ]
    ran = program(PROGRAM, words, tmp_path)
    (warning,) = ran.stderr.splitlines()
    assert "geoborder: warning: Elevation 'file://" in warning
    assert "leaves 50.0% of the pairs in range unknown" in warning
    pairs = gb.read_table(tmp_path / "sight.csv")
    assert pairs["visible"].isna().tolist() == [False, True, True, False]
    assert pairs["visible"].sum() == 2


def test_shells_complete_words(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['geoborder']; from geoborder.cli import main; main()"
    )

    def completed(*words: str, beginning: str = "") -> list[str]:
        asked = {
            "_GEOBORDER_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(["geoborder", *words, beginning]),
            "COMP_CWORD": str(len(words) + 1),
        }
        ran = program([sys.executable, "-c", code], [], tmp_path, **asked)
        return ran.stdout.split()

    assert completed(beginning="seg") == ["segment"]
    assert completed("run", "--format", beginning="geo") == [
        "geoparquet", "geojson", "geojsonseq"
    ]  # fmt: skip
    assert completed("border", beginning="TJ") == ["TJK"]
    assert completed("border", beginning="tj") == ["tjk"]
    assert completed("columns", "--layer", beginning="segm") == [
        "segments", "segments_by_year"
    ]  # fmt: skip
    assert completed("map", "--color-by", beginning="cov") == ["coverage_share"]
    assert completed("reach", "x.gpkg", "--mode", beginning="ho") == ["horse"]
    plainly = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = program(PROGRAM, ["--show-completion", "bash"], tmp_path, **plainly).stdout
    assert "_COMPLETE=complete_bash" in script


def test_what_is_written_down_for_speed_is_so() -> None:
    assert list(FORMATS) == list(completing.FORMATS)
    assert list(gb.TRAVEL_MODES) == list(completing.MODES)
    assert list(ATTRIBUTES) == list(completing.ATTRIBUTES)
    assert set(Method.__args__) == set(completing.METHODS)
    assert set(Told.__args__) == set(completing.RESULTS)
    options = gb.PlacingOptions()
    assert (options.gap, options.time_limit_s) == (common.GAP, common.TIME_LIMIT_S)
    assert set(work.__all__) == set(dir(work)) & set(work.__all__)
    assert all(getattr(work, name) is not None for name in work.__all__)


def test_help_and_completion_load_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['geoborder', 'run', '--help']\n"
        "from geoborder.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'geopandas', 'pandas', 'numpy', 'numba', 'matplotlib', 'pyproj'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    ran = program([sys.executable, "-c", code], [], tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Example: geoborder run" in ran.stdout


def shell(pipeline: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a pipeline whose every step must go well."""
    steps = pipeline.replace("geoborder", f"{sys.executable} -m geoborder")
    return program(["bash", "-o", "pipefail", "-c"], [steps], folder)


def test_a_pipeline_of_commands(line: gpd.GeoDataFrame, tmp_path: Path) -> None:
    ran = shell(
        "geoborder border UZB AFG -o - | geoborder calibrate --border - "
        "--official-length-km 144 -o - --format geoparquet | "
        "geoborder segment --border - --length-km 20 -o - --format csv > pieces.csv",
        tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    border = gb.calibrate(line, official_length_km=144)
    found = gb.read_layer(tmp_path / "pieces.csv")
    same(found, gb.segment_border(border, length_km=20), exact=False)


@pytest.mark.gdal
def test_a_pipeline_with_gdal_in_it(ogr2ogr: str, tmp_path: Path) -> None:
    ran = shell(
        f"geoborder border FRA ESP -o - | {ogr2ogr} -f GeoJSON /vsistdout/ /vsistdin/ "
        "-where \"border_id = 'FRA-ESP/1'\" | "
        "geoborder segment --border - --count 4 -o - --format flatgeobuf | "
        f"{ogr2ogr} -f GPKG pieces.gpkg /vsistdin/",
        tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    border = gb.load_border("FRA", "ESP")
    expected = gb.segment_border(border.iloc[:1], count=4)
    found = gb.read_layer(tmp_path / "pieces.gpkg")
    same(found, expected, exact=False)


@pytest.fixture(scope="session")
def ogr2ogr() -> str:
    """Path of ogr2ogr; without it the test is skipped, or fails where CI is set."""
    return tools.program("ogr2ogr", package="gdal-bin")


@pytest.mark.parametrize(
    "words", [["border"], ["segment", "--length-km", "1", "-o", "-"]]
)
def test_whoever_stops_reading_is_not_bothered(
    words: list[str], tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with begin(words, tmp_path, stdout=writer) as process:
        os.close(writer)
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.wait() == 0
    assert b"Traceback" not in told
    assert b"failed" not in told


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [(signal.SIGINT, 130, b"geoborder: stopped\n"), (signal.SIGTERM, 143, b"")],
)
def test_signals_end_a_command_that_waits(
    number: int, code: int, told: bytes, tmp_path: Path
) -> None:
    with begin(["locate", "-", "--out", "found.gpkg"], tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"geoborder-progress 0 points\n"
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait() == code
    assert rest == told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_plan_ended_while_it_is_written_leaves_the_earlier_one(
    program_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    words = ("run", program_file, "--evenly", "--segment-length-km", 100, "--out", out)
    done(*words)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    text = program_file.read_text(encoding="utf-8").replace("Small", "Other")
    program_file.write_text(text, encoding="utf-8")
    with begin(words, tmp_path) as process:
        assert process.stderr is not None
        for row in process.stderr:
            if row.endswith(b" writing\n"):
                break
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait() == 143
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert [p.name for p in out.iterdir() if p.name.startswith(".")] == []


@pytest.mark.postgis
def test_layers_from_and_to_a_database(postgis_address: str, towers: Path) -> None:
    address = postgis_address
    border = gb.load_border("UZB", "AFG")
    told = done("border", "UZB", "AFG", "--out", address).stdout
    assert "140.54" in told
    done("locate", towers, "--between", "UZB", "AFG", "--out", address)
    found = gb.read_layer(address, layer="select * from located order by asset_id")
    expected = gb.locate(gb.read_layer(towers), border)
    np.testing.assert_allclose(found["chainage_km"], expected["chainage_km"])
    words = ("segment", "--border", address, "--layer", "border", "--length-km", 20)
    told = done(*words, "--out", address, "--out-layer", "public.pieces").stdout
    assert told.endswith(": public.pieces: 8 segments\n")
    pieces = gb.read_layer(address, layer="pieces")
    same(pieces, gb.segment_border(border, length_km=20))
    query = "select * from located where mode = 'radius'"
    words = (
        "coverage",
        address,
        "--layer",
        query,
        "--between",
        "UZB",
        "AFG",
        "-o",
        "-",
    )
    covered = json.loads(done(*words).stdout)["features"]
    by_hand = gb.cover(border, gb.read_layer(towers).iloc[:1]).intervals
    assert len(covered) == len(by_hand)
    assert "`--layer`" in refused("segment", "--border", address, "--count", 2)


@pytest.mark.postgis
def test_a_plan_in_a_database(postgis_address: str, program_file: Path) -> None:
    words = ("run", program_file, "--evenly", "--segment-length-km", 100)
    done(*words, "--out", postgis_address, "--schema", "small")
    query = "select sum(length_km) km, count(*) n from small.segments"
    found = gb.read_table(postgis_address, layer=query).iloc[0]
    border = gb.load_border()
    assert found["km"] == pytest.approx(border["length_km"].sum())
    pieces = gb.segment_border(border, length_km=100, units=gb.load_units(None))
    assert found["n"] == len(pieces)


@pytest.mark.postgis
def test_no_password_is_shown(postgis_address: str) -> None:
    address = postgis_address.replace("postgres@", "locked:geheim%40x@")
    assert address != postgis_address
    # `locked` has another password.
    for words in (
        ("border", "UZB", "AFG", "--out", address),
        ("segment", "--border", address, "--layer", "x"),
    ):
        assert "geheim" not in refused(*words)
