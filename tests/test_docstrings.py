"""Public docstrings: each function has an example that runs where it is pasted."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import geoborder as gb

ROOT = Path(gb.__file__).parent

NEEDS_A_PROGRAM = {"write_report_pdf"}
"""Functions whose examples need what may not be installed (Chromium)."""

PUBLIC: dict[str, Callable[..., object]] = {
    name: item
    for name in gb.__all__
    if inspect.isfunction(item := getattr(gb, name)) or inspect.isclass(item)
}

FUNCTIONS = [name for name, item in PUBLIC.items() if inspect.isfunction(item)]

FINDER = doctest.DocTestFinder()


def examples_of(name: str) -> list[doctest.Example]:
    """Examples in the docstring of a public name itself, not of its methods."""
    return doctest.DocTestParser().get_examples(PUBLIC[name].__doc__ or "")


def module_of(name: str) -> ModuleType:
    return sys.modules[PUBLIC[name].__module__]


def unbound(source: str) -> set[str]:
    """Names that examples use and neither import nor make."""
    used, bound = set(), set(dir(builtins))
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {(n.asname or n.name).partition(".")[0] for n in names}
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)):
                bound.add(name)
    return used - bound


@pytest.mark.parametrize("name", sorted({*FUNCTIONS} - NEEDS_A_PROGRAM))
def test_every_function_has_an_example(name: str) -> None:
    assert examples_of(name)


@pytest.mark.parametrize("name", sorted(NEEDS_A_PROGRAM))
def test_what_cannot_run_everywhere_is_shown_all_the_same(name: str) -> None:
    assert not examples_of(name)
    assert f"gb.{name}(" in (PUBLIC[name].__doc__ or "")


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_examples_import_what_they_use(name: str) -> None:
    assert not unbound("".join(example.source for example in examples_of(name)))


def test_pytest_collects_the_examples_of_all_public_names() -> None:
    wanted = {name for name in PUBLIC if examples_of(name)}
    modules = {module_of(name) for name in wanted}
    assert {Path(m.__file__ or "").is_relative_to(ROOT) for m in modules} == {True}
    collected = {
        (module, test.docstring)
        for module in modules
        for test in FINDER.find(module, module.__name__)
        if test.examples
    }
    missed = [n for n in wanted if (module_of(n), PUBLIC[n].__doc__) not in collected]
    assert missed == []


def test_no_example_is_skipped() -> None:
    mark = "+" + "SKIP"
    texts = [*ROOT.rglob("*.py"), *ROOT.rglob("*.md"), ROOT.parent / "README.md"]
    assert [file for file in texts if mark in file.read_text(encoding="utf-8")] == []
