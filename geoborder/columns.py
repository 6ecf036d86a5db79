"""Columns of tables as Arrow arrays, and back."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoborder.errors import DataError

ARROW_ERRORS = (pa.ArrowException, UnicodeError, TypeError)
"""What Arrow raises for columns it does not take."""

_DAY_US = 86_400_000_000

_CASTS = (
    (pa.types.is_integer, pa.int64()),
    (pa.types.is_floating, pa.float64()),
    (pa.types.is_decimal, pa.float64()),
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_date, pa.date32()),
    (pa.types.is_null, pa.string()),
    (pa.types.is_string, pa.string()),
    (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()),
)
"""Types every format knows, and what is cast to them."""


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """
    Name a table's columns by text, and turn a named index into its first ones.

    Parameters
    ----------
    table
        DataFrame or GeoDataFrame. Not modified.

    Returns
    -------
    DataFrame or GeoDataFrame
        The same rows, counted from 0.

    Raises
    ------
    DataError
        If a name stands twice.
    """
    levels = table.index.names
    unnamed = [n for n, name in enumerate(levels) if name is None]
    names = [str(name) for name in (*levels, *table.columns) if name is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = (
            f"The table has two columns {twice!r}, where a named index counts as one; "
            "rename one of them."
        )
        raise DataError(msg)
    if len(unnamed) == len(levels):
        plain = table.reset_index(drop=True)
    else:
        plain = table.reset_index(level=unnamed, drop=True).reset_index()
    if all(isinstance(name, str) for name in plain.columns):
        return plain
    renamed = plain.rename(columns=str)
    if isinstance(plain, gpd.GeoDataFrame) and plain.active_geometry_name is not None:
        return renamed.set_geometry(str(plain.active_geometry_name))
    return renamed


def arrow_of(column: pd.Series, *, moments: str = "ms") -> pa.ChunkedArray:
    """
    Turn a column into one of the types that every format knows.

    Parameters
    ----------
    column
        The column; its name is in error messages.
    moments
        What times are counted in: ``ms``, as files hold them, or ``us``.

    Returns
    -------
    ChunkedArray
        Of int64, float64, bool, text, dates (where all times are midnight, without
        a zone) or times.

    Raises
    ------
    DataError
        If its values are of several types, or of one that files do not hold.
    """
    try:
        array = pa.array(column, from_pandas=True)
        if isinstance(array, pa.Array):
            array = pa.chunked_array([array])
        return _common(array, moments)
    except ARROW_ERRORS as error:
        raise DataError(told_fault(column, error)) from error


def told_fault(column: pd.Series, error: Exception) -> str:
    """
    Say why a column cannot be written.

    Parameters
    ----------
    column
        The column.
    error
        What Arrow said.

    Returns
    -------
    str
        The message.
    """
    reason = str(error).splitlines()[0].rstrip(".")
    return (
        f"Column {column.name!r} ({column.dtype}) cannot be written: {reason}. "
        "Give it values of one type: numbers, text, true and false, or dates."
    )


def _common(array: pa.ChunkedArray, moments: str) -> pa.ChunkedArray:
    """Cast to one of the common types."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
        kind = array.type
    for known, wanted in _CASTS:
        if known(kind):
            return array.cast(wanted)
    if pa.types.is_timestamp(kind):
        return _moments(array, moments)
    if pa.types.is_nested(kind):
        texts = [None if v is None else _json(v) for v in array.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    msg = f"files do not hold {kind}"
    raise TypeError(msg)


def _json(value: Any) -> str:  # noqa: ANN401 - whatever a list may hold
    """Write a list or a mapping as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _moments(array: pa.ChunkedArray, unit: str) -> pa.ChunkedArray:
    """Tell dates from times: dates have no zone and no time but midnight."""
    zone = array.type.tz
    if zone is None:
        us = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        days = pc.divide(us, _DAY_US)
        if pc.all(pc.equal(pc.multiply(days, _DAY_US), us)).as_py() is not False:
            return array.cast(pa.timestamp("s"), safe=False).cast(pa.date32())
    return array.cast(
        pa.timestamp(unit, tz=None if zone is None else "UTC"), safe=False
    )


def kind_of(column: pd.Series, array: pa.ChunkedArray) -> str:
    """
    Name a column's type, for formats that have no types of their own.

    Parameters
    ----------
    column
        The column.
    array
        The same by `arrow_of`.

    Returns
    -------
    str
        Name of the type it shall come back as.
    """
    if pa.types.is_integer(array.type):
        return "Int64" if array.null_count or _nullable(column) else "int64"
    if pa.types.is_boolean(array.type):
        return "boolean" if array.null_count or _nullable(column) else "bool"
    if pa.types.is_floating(array.type):
        return "float64"
    if pa.types.is_string(array.type):
        return "str"
    if pa.types.is_date(array.type):
        return "date"
    return "time" if array.type.tz is None else "time, UTC"


def _nullable(column: pd.Series) -> bool:
    """Whether a column's type knows missing values of every kind."""
    return pd.api.types.is_extension_array_dtype(column.dtype)


_TYPES = {
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "boolean": pa.bool_(),
    "str": pa.string(),
    "date": pa.date32(),
    "time": pa.timestamp("ms"),
    "time, UTC": pa.timestamp("ms", tz="UTC"),
}


def declared(array: pa.ChunkedArray | None, kind: str, rows: int) -> pd.Series:
    """
    Bring a column to the type that was declared for it.

    Parameters
    ----------
    array
        What was read; None: nothing, as all values are missing.
    kind
        As `kind_of` named it.
    rows
        How many rows there are.

    Returns
    -------
    Series
        The column; as it was read where it does not have that type after all.
    """
    wanted = _TYPES.get(kind)
    if array is None:
        array = pa.chunked_array([pa.nulls(rows, wanted or pa.string())])
    if wanted is None:
        return series_of(array)
    try:
        if pa.types.is_string(array.type) and kind == "date":
            array = array.cast(pa.timestamp("s"))
        array = array.cast(wanted)
    except pa.ArrowException:
        return series_of(array)
    return series_of(array, nullable=kind in {"Int64", "boolean"})


def series_of(array: pa.ChunkedArray, *, nullable: bool = False) -> pd.Series:
    """
    Turn an Arrow array into a column.

    Parameters
    ----------
    array
        The array.
    nullable
        Whether whole numbers and truth values get a type that knows missing ones,
        also where none is missing.

    Returns
    -------
    Series
        Of int64 (Int64), bool (boolean), float64, text, or datetime64[us].
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
        kind = array.type
    nullable = nullable or array.null_count > 0
    if pa.types.is_integer(kind):
        if kind != pa.uint64():
            array = array.cast(pa.int64())
        types = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
        return array.to_pandas(types_mapper=types.get if nullable else None)
    if pa.types.is_boolean(kind):
        mapper = {pa.bool_(): pd.BooleanDtype()}.get
        return array.to_pandas(types_mapper=mapper if nullable else None)
    if pa.types.is_floating(kind):
        return array.cast(pa.float64()).to_pandas()
    if pa.types.is_null(kind):
        return array.cast(pa.string()).to_pandas()
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        return array.cast(pa.timestamp("us", tz=zone)).to_pandas()
    return array.to_pandas()


def free_name(names: set[str], *wanted: str) -> str:
    """
    Take the first name that is free, in whatever case it is written.

    Parameters
    ----------
    names
        Names that are taken.
    *wanted
        Names in order of preference.

    Returns
    -------
    str
        One of them, or the last with a number.
    """
    taken = {name.lower() for name in names}
    numbered = (f"{wanted[-1]}_{n}" for n in range(1, len(taken) + 2))
    return next(name for name in (*wanted, *numbered) if name.lower() not in taken)
