"""Commands, columns, formats and the programme's keys, told from the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tabular import table

import geoborder as gb
from geoborder.dictionary import LAYERS
from geoborder.files import FORMATS

Schema = Mapping[str, Any]

NAMES = {"integer": "whole number", "string": "text", "boolean": "true or false"}
SIGNS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}


def commands() -> str:
    """
    Describe the commands, in the words of their help.

    Returns
    -------
    str
        A section a command.
    """
    typer = [sys.executable, "-m", "typer", "geoborder.cli", "utils", "docs"]
    told = subprocess.run(  # noqa: S603 - Typer, of this Python
        [*typer, "--name", "geoborder"], check=True, capture_output=True, text=True
    ).stdout
    told = told[told.index("\n## ") :]  # past the list of commands
    return re.sub(r"\nExample: (.+(?:\n.+)*)", r"\n```sh\n\1\n```", told)


def columns() -> str:
    """
    List layers of plans with their columns and units.

    Returns
    -------
    str
        A section a layer.
    """
    sections = []
    for name, described in gb.describe_layers().groupby("layer", sort=False):
        layer = LAYERS[name]
        facts = layer.geometry or "no geometry"
        if layer.key:
            facts += f"; key {', '.join(f'`{k}`' for k in layer.key)}"
        rows = [
            (f"`{c.column}`", c.unit, c.title, c.description)
            for c in described.itertuples()
        ]
        told = table(("column", "unit", "title", "meaning"), rows)
        head = f"## `{name}`: {layer.title}"
        sections.append(f"{head}\n\n{layer.description} ({facts}.)\n\n{told}")
    return "\n".join(sections)


def formats() -> str:
    """
    Tell what each format does not keep.

    Returns
    -------
    str
        A table.
    """
    rows = []
    for fmt in FORMATS.values():
        endings = " ".join(f"`{ending}`" for ending in fmt.endings)
        piped = "yes" if fmt.streams else "no"
        rows.append((fmt.title, endings, piped, "; ".join(fmt.told_changes())))
    return table(("format", "endings", "by pipe", "what does not come back"), rows)


def programme(schema: Schema) -> str:
    """
    Describe a programme file's keys.

    Parameters
    ----------
    schema
        JSON schema of programme files.

    Returns
    -------
    str
        A section for the file, and one for each part that it is made of.
    """
    parts = {"": schema} | schema["$defs"]
    order = [""]
    for name in order:  # grows on the way: parts in the order in which they are named
        properties = json.dumps(parts[name]["properties"])
        named = dict.fromkeys(re.findall(r"#/\$defs/(\w+)", properties))
        order += [part for part in named if part not in order]
    return "\n".join(_part(name, parts[name]) for name in order)


def _part(name: str, part: Schema) -> str:
    rows = []
    for key, field in part["properties"].items():
        default = field.get("default")
        text = default if isinstance(default, str) else json.dumps(default)
        left_out = f"`{text}`" if default not in (None, [], "", {}) else ""
        if key in part.get("required", ()):
            left_out = "required"
        rows.append((f"`{key}`", _kind(field), left_out, field["description"]))
    title = f"(programme-{name.lower()})=\n## {_words(name)}" if name else "## The file"
    told = table(("key", "value", "left out", "meaning"), rows)
    return f"{title}\n\n{part['description']}\n\n{told}"


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Spec")).capitalize()


def _kind(field: Schema) -> str:
    """Say what a value may be, in words of YAML."""
    match field:
        case {"$ref": reference}:
            part = reference.rpartition("/")[2]
            kind = f"[{_words(part).lower()}](#programme-{part.lower()})"
        case {"anyOf": ways}:
            kind = " or ".join(_kind(way) for way in ways if way != {"type": "null"})
        case {"enum": values}:
            kind = ", ".join(f"`{value}`" for value in values)
        case {"prefixItems": items}:
            kind = f"[{', '.join(map(_kind, items))}]"
        case {"items": item}:
            kind = f"list of: {_kind(item)}"
        case {"additionalProperties": value}:
            kind = f"key: {_kind(value)}"
        case {"type": name}:
            kind = field.get("format", NAMES.get(name, name))
            kind += "".join(f", {SIGNS[k]} {field[k]:g}" for k in SIGNS if k in field)
    return kind
