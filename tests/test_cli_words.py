"""What the command line says: names of options, numbers of things, hints."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner, Result

import geoborder as gb
from geoborder import cli
from geoborder.cli.console import console_for, log, out

POINT = "name,longitude,latitude\nA,71.5,37.4\n"


def call(*words: object) -> Result:
    """Run the command line in this process."""
    result = CliRunner().invoke(cli.app, list(map(str, words)))
    unforeseen = None if isinstance(result.exception, SystemExit) else result.exception
    assert unforeseen is None, unforeseen
    return result


def refused(*words: object) -> str:
    """Run a command that must be refused, in one line."""
    result = call(*words)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a point, and a GeoPackage of two layers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "point.csv").write_text(POINT, encoding="utf-8")
    line = gb.load_border("UZB", "AFG")
    for name in ("one", "two"):
        gb.write_layer(line, tmp_path / "two.gpkg", layer=name)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("calibrate", "needs `--official-length-km`, `--fixed-km`, or both"),
        ("calibrate --fixed-km 9999=1", "`--fixed-km` must name chainages"),
        ("segment --break-km 9999", "`--break-km` must lie between"),
        ("run --format foo", "`--format` 'foo' is unknown"),
        ("run --segment-length-km 0", "`--segment-length-km` must be finite"),
        ("coverage point.csv", "`ASSETS` has no column 'asset_id'"),
        ("run -o point.csv", "`--out` 'point.csv' is a file"),
        ("locate - --border -", "`POINTS` and `--border` are both -"),
    ],
)
def test_options_are_called_by_their_names(words: str, told: str) -> None:
    assert told in refused(*words.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("segment --border two.gpkg", "with `--layer`: one, two"),
        ("locate point.csv --border two.gpkg", "with `two.gpkg|layername=...`: one"),
        ("sight two.gpkg two.gpkg --layer one", "with `two.gpkg|layername=...`: one"),
        ("reach point.csv --border two.gpkg", "with `two.gpkg|layername=...`: one"),
        ("border UZB AFG --countries two.gpkg", "with `two.gpkg|layername=...`: one"),
        ("run --border two.gpkg", "with `two.gpkg|layername=...`: one"),
        ("locate point.csv -o two.gpkg", "name the layer to add or replace"),
        ("locate point.csv -o two.gpkg", "`--out-layer`"),
    ],
)
def test_layers_are_named_where_they_are_asked_for(
    words: str, told: str, folder: Path
) -> None:
    before = (folder / "two.gpkg").read_bytes()
    assert told in refused(*words.split())
    assert (folder / "two.gpkg").read_bytes() == before


def test_gaps_have_an_option_of_their_own(folder: Path) -> None:
    (folder / "towers.csv").write_text(
        "asset_id,mode,range_km,longitude,latitude\na,radius,10,67.278,37.224\n",
        encoding="utf-8",
    )
    words = ("coverage", "towers.csv", "--between", "uzb", "afg", "-o", "c.fgb")
    told = call(*words, "--gaps", "two.gpkg").stderr
    assert "name the layer to add or replace" in told
    assert "`--gaps-layer`" in told
    shown = call(*words).stdout
    assert "covered_km" in shown
    assert "year" not in shown  # nothing is said of years
    assert "NA" not in shown


def test_no_function_of_python_is_advised(folder: Path) -> None:
    (folder / "plain.csv").write_text("name\na\n", encoding="utf-8")
    gb.write_layer(gb.read_table(folder / "plain.csv"), folder / "plain.gpkg")
    for file in ("plain.csv", "plain.gpkg"):
        told = refused("locate", file)
        assert "read_" not in told
        assert told.rstrip().endswith(".")


@pytest.mark.usefixtures("folder")
def test_one_of_a_thing_is_one() -> None:
    assert call("locate", "point.csv", "-o", "l.csv").stdout == "l.csv: 1 point\n"
    assert call("segment", "-o", "s.fgb").stdout == "s.fgb: 1 segment\n"
    told = call("segment", "--count", 2, "-o", "s.fgb").stdout
    assert told == "s.fgb: 2 segments\n"
    words = ("sight", "point.csv", "point.csv", "-o", "p.csv")
    assert call(*words).stdout == "p.csv: 1 pair in range, 1 seen\n"


def test_columns_that_are_replaced_are_named(folder: Path) -> None:
    text = "name,side,chainage_km,longitude,latitude\nA,mine,7,71.5,37.4\n"
    (folder / "own.csv").write_text(text, encoding="utf-8")
    result = call("locate", "own.csv", "-o", "l.csv")
    assert result.exit_code == 0
    assert result.stderr == (
        "geoborder: warning: the points' own columns are replaced: chainage_km, side.\n"
    )
    assert gb.read_layer(folder / "l.csv")["side"].tolist() == ["left"]
    assert call("locate", "point.csv", "-o", "l.csv").stderr == ""
    assert "have already are replaced" in " ".join(
        call("locate", "--help").stdout.split()
    )


def test_a_border_needs_two_countries() -> None:
    assert "name the other one beside 'FRA'" in refused("border", "FRA")
    assert "name the other one beside 'TJK'" in refused("border", "TJK")
    told = refused("border", "FRA", "fra")
    assert "`LEFT` and `RIGHT` are both 'FRA'; name two countries." in told
    for words in ([], ["TJK", "AFG"]):
        assert "1,343.956" in call("border", *words).stdout
    assert "FRA-ESP/1" in call("border", "fra", "Esp").stdout


def test_words_keep_out_of_the_way_of_results() -> None:
    assert console_for("-") is console_for("a.csv", "/dev/stdout") is log
    assert console_for("a.csv", None) is out


def test_a_question_ends_a_sentence() -> None:
    told = refused("segmnt")
    assert "Did you mean 'segment'? See `" in told


def test_what_a_programme_wants_and_a_border_lacks(tmp_path: Path) -> None:
    line = tmp_path / "line.gpkg"
    call("border", "FRA", "ESP", "-o", line)
    told = refused("run", "--border", line, "--out", tmp_path / "plan")
    assert "priorities.formula.weights: `segments` has no column 'place_km'," in told
    assert "for want of places, crossings, elevation along this border" in told
    assert "Take a programme that does without, or pass elevation (`--dem`)." in told
    assert not (tmp_path / "plan").exists()


def test_manifests_that_are_none(tmp_path: Path) -> None:
    told = refused("verify", tmp_path)
    assert "has no manifest.json that can be read (No such file or directory)" in told
    assert "Errno" not in told
    for text in ("", "[]", "{}", '{"outputs": {"a": 1}}', '{"outputs": []}'):
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
        assert "is not a manifest of geoborder" in refused("verify", tmp_path)


def test_lines_of_one_name_are_refused_with_a_hint(tmp_path: Path) -> None:
    lines = gpd.GeoDataFrame(
        {"border_id": ["x", "x"]},
        geometry=[
            shapely.LineString([(70, 37), (71, 37)]),
            shapely.LineString([(71, 37), (72, 37)]),
        ],
        crs=4326,
    )
    gb.write_layer(lines, tmp_path / "twice.fgb")
    words = ("segment", "-o", tmp_path / "s.fgb", "--border")
    told = refused(*words, tmp_path / "twice.fgb")
    assert "`--border` has 'x' more than once in column 'border_id'; give each" in told
    gb.write_layer(lines[["geometry"]], tmp_path / "pieces.fgb")  # the mend it names
    assert call(*words, tmp_path / "pieces.fgb").exit_code == 0
