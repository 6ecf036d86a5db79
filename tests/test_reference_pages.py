"""The reference pages name everything, and the performance page every benchmark."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

import geoborder as gb
from geoborder.dictionary import LAYERS
from geoborder.program import Program

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "geoborder" / "docs"
BENCHMARKS = ROOT / "tests" / "benchmarks"


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module("reference")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module("figures")


def test_each_public_name_is_listed_once() -> None:
    text = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    listed = Counter(re.findall(r"^ {3}([A-Za-z]\w*)$", text, re.MULTILINE))
    listed.update(re.findall(r"autodata:: (\w+)", text))
    assert listed == Counter(gb.__all__)


def test_every_key_of_a_programme_is_described(reference: ModuleType) -> None:
    schema = Program.model_json_schema()
    told = reference.programme(schema)
    parts = [schema, *schema["$defs"].values()]
    keys = {key: field for part in parts for key, field in part["properties"].items()}
    for key, field in keys.items():
        assert field.get("description"), key
        assert f"| `{key}` |" in told
    assert all(f"(programme-{name.lower()})=" in told for name in schema["$defs"])
    linked = set(re.findall(r"\(#(programme-\w+)\)", told))
    assert linked == {f"programme-{name.lower()}" for name in schema["$defs"]}


def test_values_are_told_in_words_of_yaml(reference: ModuleType) -> None:
    told = reference.programme(Program.model_json_schema())
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", told, re.MULTILINE))
    assert rows["longitude"] == "number, at least -180, at most 180"
    assert rows["carry_over"] == "true or false"
    assert rows["published"] == "date"
    assert rows["objective"] == "`coverage`, `detection`, `longest-gap`"
    assert rows["kind"] == "list of: text"
    assert "| `quantity` | number, above 0 |  | How many units" in told
    assert "| `mode` | `none`, `radius`, `patrol`, `sight`, `reach` | `none` |" in told


def test_every_layer_and_column_is_listed(reference: ModuleType) -> None:
    told = reference.columns()
    for name, layer in LAYERS.items():
        section = told.partition(f"## `{name}`: {layer.title}\n")[2].partition("\n## ")[
            0
        ]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [*layer.fields]


def test_every_command_is_described(reference: ModuleType) -> None:
    told = reference.commands()
    for name in ("run", "segment", "sight", "qgis install", "verify"):
        assert re.search(rf"^##+ `geoborder {name}`$", told, re.MULTILINE)
    assert "--length-km" in told
    assert "\nExample:" not in told  # they are blocks of their own
    assert "```sh\ngeoborder border TJK AFG --out border.gpkg\n```" in told


def test_results_are_kept_of_every_benchmark(figures: ModuleType) -> None:
    results = json.loads((BENCHMARKS / "results.json").read_text(encoding="utf-8"))
    kept = {run["benchmark"].partition("[")[0] for run in results["runs"]}
    written = {
        f"tests/benchmarks/{path.name}::{node.name}"
        for path in BENCHMARKS.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert kept == written
    assert all(run["figures"] for run in results["runs"])
    told = figures.performance(results, BENCHMARKS)
    assert told.count("\n| figure | on ") == sum(
        "test_formats" not in run["benchmark"] for run in results["runs"]
    )


def test_numbers_have_three_digits(figures: ModuleType) -> None:
    def row(**figure: object) -> str:
        run = {
            "benchmark": "tests/benchmarks/test_sight.py::test_two_threads",
            "given": {"size": "large"},
            "measured": "2026-11-30",
            "figures": figure,
        }
        told = figures.performance({"runs": [run]}, BENCHMARKS)
        assert "### Two threads (size large)\n" in told
        return told.split("| --- | --- |\n")[1].splitlines()[0]

    assert row(ratio_of_all=1.8512) == "| ratio of all | 1.85 |"
    assert row(pairs=125821) == "| pairs | 125,821 |"
    assert row(seconds=134.27) == "| seconds | 134 |"
    assert row(name="a|b") == "| name | a\\|b |"
