"""Where two programme files say different things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from geoborder.program import Program

_ABSENT = object()


def differing_fields(a: Program, b: Program) -> pd.DataFrame:
    """
    Find the fields in which two programmes differ.

    Parameters
    ----------
    a, b
        The programmes.

    Returns
    -------
    DataFrame
        A row per field: ``path`` (keys and, in lists, positions from 0, joined by
        dots), ``a``, ``b``; empty where there is none. What one programme lacks as
        a whole is one row, and what the other has there is JSON.

    Examples
    --------
    >>> import geoborder as gb
    >>> a = gb.load_program()
    >>> b = a.model_copy(update={"required_k": 2})
    >>> differing_fields(a, b)
             path  a  b
    0  required_k  1  2
    """
    rows = list(_differences((), a.model_dump(mode="json"), b.model_dump(mode="json")))
    return pd.DataFrame(rows, columns=["path", "a", "b"], dtype=object)


def _differences(
    path: tuple[str, ...],
    a: Any,  # noqa: ANN401 - as pydantic dumps it
    b: Any,  # noqa: ANN401
) -> Iterator[tuple[str, object, object]]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys((*a, *b)):
            yield from _differences(
                (*path, str(key)), a.get(key, _ABSENT), b.get(key, _ABSENT)
            )
    elif isinstance(a, list) and isinstance(b, list):
        for number in range(max(len(a), len(b))):
            yield from _differences(
                (*path, str(number)),
                a[number] if number < len(a) else _ABSENT,
                b[number] if number < len(b) else _ABSENT,
            )
    elif a is _ABSENT or b is _ABSENT or a != b:
        yield ".".join(path), _plain(a), _plain(b)


def _plain(value: Any) -> object:  # noqa: ANN401
    """Turn a value into what fits a cell of a table."""
    if value is _ABSENT:
        return None
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    return value
