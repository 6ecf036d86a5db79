"""Tables of what the benchmarks measured."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabular import table

from geoborder.files import FORMATS

Results = Mapping[str, Any]


def machine(results: Results) -> str:
    """
    Tell on what the benchmarks ran.

    Parameters
    ----------
    results
        Kept results.

    Returns
    -------
    str
        A sentence.
    """
    given = results["machine"]
    return (
        f"All ran on {given['cores']} cores ({given['machine']}, {given['system']}) "
        f"with Python {given['python_version']}.\n"
    )


def formats(results: Results) -> str:
    """
    Tell the size of each format, and the time to write and to read it.

    Parameters
    ----------
    results
        Kept results.

    Returns
    -------
    str
        A table a plan, and what it was measured on.
    """
    text = []
    for size, title in (("default", "The default plan"), ("long", "A long plan")):
        rows = []
        for run in _of_file(results, "test_formats.py"):
            given, found = run["given"], run["figures"]
            if given["size"] != size:
                continue
            size_told = f"{found['layers']} layers, {found['rows']:,} rows"
            name = FORMATS[given["name"]].title if "name" in given else "PostGIS"
            times = [
                f"{_number(found[f'{way}_s'])}{f' ({ratio:.1f})' if ratio else ''}"
                for way in ("write", "read")
                for ratio in [found.get(f"times_faster_to_{way}_than_GeoPandas")]
            ]
            rows.append((name, _number(found["MB"]), *times, run["measured"]))
        told = table(("format", "MB", "write, s", "read, s", "on"), rows)
        text.append(f"**{title}**: {size_told}.\n\n{told}")
    return "\n".join([*text, machine(results)])


def performance(results: Results, folder: Path) -> str:
    """
    Tell what each benchmark measured.

    Parameters
    ----------
    results
        Kept results.
    folder
        Where the benchmarks are.

    Returns
    -------
    str
        A section a file of benchmarks, and in it one a benchmark, in the words of
        their docstrings. Formats are left out.
    """
    text = []
    for path in sorted(folder.glob("test_*.py")):
        if path.name == "test_formats.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        title, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
        text.append(f"## {title.rstrip('.')}\n\n{_plain(rest)}\n")
        docs = {
            node.name: inspect.cleandoc(ast.get_docstring(node) or "")
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
        }
        for run in _of_file(results, path.name):
            test = run["benchmark"].partition("::")[2].partition("[")[0]
            given = ", ".join(f"{k} {v}" for k, v in run["given"].items())
            name = test.removeprefix("test_").replace("_", " ").capitalize()
            rows = [
                (key.replace("_", " "), _number(value))
                for key, value in run["figures"].items()
            ]
            head = f"### {name}{f' ({given})' if given else ''}"
            told = table(("figure", f"on {run['measured']}"), rows)
            text.append(f"{head}\n\n{_plain(docs[test])}\n\n{told}")
    return "\n".join(text)


def _of_file(results: Results, name: str) -> list[Results]:
    place = f"tests/benchmarks/{name}::"
    return [run for run in results["runs"] if run["benchmark"].startswith(place)]


def _plain(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", text)


def _number(value: object) -> str:
    """Give a figure with three digits, a text as it is."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    three_digits = 100
    if isinstance(value, int) or abs(value) >= three_digits:
        return f"{value:,.0f}"
    return f"{value:.3g}"
