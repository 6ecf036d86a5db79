"""Reading a programme file, with errors that name file, line and the mend."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from geoborder.datasets import data_path
from geoborder.errors import ProgramError
from geoborder.program.figures import ReferenceFaultError, nearest_name
from geoborder.program.model import Program

Place = tuple[str | int, ...]

_FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one of two that read alike, where PyYAML was built with it."""

DEFAULT_FILE = "programme_tjk_afg_2025_2029.yaml"


def load_program(path: str | Path | None = None) -> Program:
    """
    Read and check a programme file.

    Parameters
    ----------
    path
        YAML file; by default the bundled programme for the Tajik-Afghan border,
        2025-2029, in which what is not public is marked illustrative.

    Returns
    -------
    Program
        Frozen.

    Raises
    ------
    ProgramError
        If the file cannot be read, is not YAML, names a key twice, or does not
        fit the schema: with file, line, and the nearest valid name.

    Examples
    --------
    >>> from geoborder import load_program
    >>> program = load_program()
    >>> program.first_year, program.last_year
    (2025, 2029)
    """
    file = Path(path) if path is not None else data_path(DEFAULT_FILE)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"Programme {str(file)!r} cannot be read: {error}."
        raise ProgramError(msg) from error
    try:
        data, lines = _parsed(text, file)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        msg = f"{where}: not YAML: {getattr(error, 'problem', error)}."
        raise ProgramError(msg) from error
    if not isinstance(data, dict):
        msg = f"{file}:1: a programme file must be a mapping of keys to values."
        raise ProgramError(msg)
    try:
        return Program.model_validate(data)
    except ValidationError as error:
        raise ProgramError(_message(error, file, lines)) from error


def _parsed(text: str, file: Path) -> tuple[object, dict[Place, int]]:
    """Read YAML, and tell at which lines its parts stand."""
    try:
        return _parsed_by(_FastLoader, text, file)
    except yaml.YAMLError:  # the other one says more of what is wrong
        return _parsed_by(yaml.SafeLoader, text, file)


def _parsed_by(
    kind: type[yaml.SafeLoader], text: str, file: Path
) -> tuple[object, dict[Place, int]]:
    loader = kind(text)
    root = loader.get_single_node()
    lines = _lines(root, file)
    return None if root is None else loader.construct_document(root), lines


def _lines(node: yaml.Node | None, file: Path, path: Place = ()) -> dict[Place, int]:
    """Line at which each key and item stands; refuses a key given twice."""
    found: dict[Place, int] = {}
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                msg = (
                    f"{file}:{line}: {key.value!r} is given twice, first in line "
                    f"{seen[key.value]}; keep one."
                )
                raise ProgramError(msg)
            seen[key.value] = line
            place = (*path, key.value)
            found[place] = line
            found |= _lines(value, file, place)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            place = (*path, str(number))
            found[place] = item.start_mark.line + 1
            found |= _lines(item, file, place)
    return found


def _message(error: ValidationError, file: Path, lines: dict[Place, int]) -> str:
    """Say the first fault with its line; count the rest."""
    # A misspelt key is also missing under its right name: say the former.
    faults = sorted(error.errors(), key=lambda f: f["type"] != "extra_forbidden")
    fault = faults[0]
    path: Place = tuple(fault["loc"])
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, ReferenceFaultError):
        path, text = (*path, *cause.path), str(cause)
    else:
        text = _sentence(fault, path)
    where = ".".join(str(step) for step in path)
    more = error.error_count() - 1
    rest = f" ({more} more fault{'s' * (more > 1)})" if more else ""
    stop = "" if text.endswith("?") else "."
    return f"{file}:{_line_of(path, lines)}: {where}: {text}{stop}{rest}"


def _line_of(path: Place, lines: dict[Place, int]) -> int:
    """Line of the deepest step of a path that stands in the file."""
    steps = tuple(str(step) for step in path)
    while steps and steps not in lines:
        steps = steps[:-1]
    return lines.get(steps, 1)


def _sentence(fault: Any, path: Place) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    kind, value = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        return f"unknown key{nearest_name(str(path[-1]), tuple(_fields_at(path[:-1])))}"
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "literal_error":
        known = tuple(re.findall(r"'([^']+)'", fault["ctx"]["expected"]))
        hint = nearest_name(str(value), known)
        return f"{value!r} is not one of {', '.join(known)}{hint}"
    text = str(fault["msg"])
    return f"{text[0].lower()}{text[1:]}, got {value!r}"


def _fields_at(path: Place) -> list[str]:
    """Names of the keys that the schema has at a place."""
    kind: Any = Program
    for step in path:
        options = [kind, *typing.get_args(kind)] if kind else []
        model = next((k for k in options if _is_model(k)), None)
        if typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        elif typing.get_origin(kind) is tuple:
            kind = typing.get_args(kind)[0]
        elif model is not None and str(step) in model.model_fields:
            kind = model.model_fields[str(step)].annotation
        else:
            return []
    model = next((k for k in (kind, *typing.get_args(kind)) if _is_model(k)), None)
    return list(model.model_fields) if model is not None else []


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
