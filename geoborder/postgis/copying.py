"""Whole tables through COPY: binary to the server, CSV from it, columns at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from geoborder.errors import DataError
from geoborder.postgis.sheets import Column

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_MISSING = b"\xff\xff\xff\xff"
"""How COPY's binary format begins, ends, and says that a value is missing."""

_BLOCK_ROWS = 20_000
_BLOCK_BYTES = 1 << 24

_EPOCH_DAYS = 10_957
_EPOCH_US = _EPOCH_DAYS * 86_400_000_000
"""From 1970, from which Arrow counts, to 2000, from which PostgreSQL does."""

_BINARY = pa.large_binary()

_ARROW = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    26: pa.int64(),
    700: pa.float64(),
    701: pa.float64(),
    1700: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
}
"""Arrow's types by the numbers of PostgreSQL's; all others are read as text."""


def blocks(columns: Sequence[Column]) -> Iterator[bytes]:
    """
    Write columns in COPY's binary format.

    Each row is the number of its fields, and each field its size and its value, with
    the highest byte first. The fields of a column are made at once, and then joined.

    Parameters
    ----------
    columns
        The columns, at least one.

    Yields
    ------
    bytes
        Parts of it, some ten thousand rows each.
    """
    rows = len(columns[0].values)
    size = sum(column.values.nbytes for column in columns) // max(rows, 1)
    step = int(np.clip(_BLOCK_BYTES // max(size, 1), 1, _BLOCK_ROWS))
    start = pa.scalar(len(columns).to_bytes(2, "big"), _BINARY)
    joiner = pa.scalar(b"", _BINARY)
    yield _HEADER
    for first in range(0, rows, step):
        parts = [
            _fields(column.values.slice(first, step).combine_chunks())
            for column in columns
        ]
        yield _bytes_of(pc.binary_join_element_wise(start, *parts, joiner))
    yield _END


def _fields(values: pa.Array) -> pa.Array:
    """Write each value of a column as a field."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_binary(kind):
        raw = values.cast(pa.binary()) if pa.types.is_string(kind) else values
        raw = pc.fill_null(raw.cast(_BINARY), b"")
        sizes = _packed(pc.binary_length(raw).to_numpy().astype(">i4"))
        fields = pc.binary_join_element_wise(sizes, raw, pa.scalar(b"", _BINARY))
    else:
        numbers = _numbers(values)
        pairs = np.empty(len(values), [("size", ">i4"), ("value", numbers.dtype)])
        pairs["size"] = numbers.dtype.itemsize
        pairs["value"] = numbers
        fields = _packed(pairs)
    if values.null_count == 0:
        return fields
    return pc.if_else(values.is_valid(), fields, pa.scalar(_MISSING, _BINARY))


def _numbers(values: pa.Array) -> np.ndarray:
    """Take the numbers that stand for a column's values."""
    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.fill_null(values, False).cast(pa.uint8()).to_numpy()  # noqa: FBT003 - a value
    if pa.types.is_date(kind):
        days = pc.fill_null(values.cast(pa.int32()), 0).to_numpy()
        return (days - _EPOCH_DAYS).astype(">i4")
    if pa.types.is_timestamp(kind):
        us = pc.fill_null(values.cast(pa.int64()), 0).to_numpy()
        return (us - _EPOCH_US).astype(">i8")
    filled = pc.fill_null(values, 0).to_numpy()
    return filled.astype(">f8" if pa.types.is_floating(kind) else ">i8")


def _packed(values: np.ndarray) -> pa.Array:
    """Take the bytes of equally long values as an Arrow array, without a loop."""
    size = values.dtype.itemsize
    ends = np.arange(len(values) + 1, dtype=np.int64) * size
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(values.tobytes())]
    return pa.Array.from_buffers(_BINARY, len(values), buffers)


def _bytes_of(rows: pa.Array) -> bytes:
    """Take the bytes of all rows one after another."""
    if isinstance(rows, pa.ChunkedArray):
        rows = rows.combine_chunks()
    ends = np.frombuffer(rows.buffers()[1], np.int64)
    return rows.buffers()[2][ends[rows.offset] : ends[rows.offset + len(rows)]]


def parsed(content: bytes, kinds: Sequence[int]) -> list[pa.ChunkedArray]:
    """
    Read what COPY gives as CSV.

    Parameters
    ----------
    content
        CSV without a line of names.
    kinds
        Numbers of the columns' types in PostgreSQL.

    Returns
    -------
    list of ChunkedArray
        The columns: numbers, truth values, dates and times, else text.

    Raises
    ------
    DataError
        If a date is infinite, or in no year from 1 to 9999.
    """
    types = {f"{n}": _ARROW.get(kind, pa.string()) for n, kind in enumerate(kinds)}
    if not content:
        return [pa.chunked_array([pa.nulls(0, kind)]) for kind in types.values()]
    try:
        try:
            table = _table(content, types, _BLOCK_BYTES)
        except pa.ArrowInvalid:  # a row may be longer than that
            table = _table(content, types, len(content))
    except pa.ArrowInvalid as error:
        msg = (
            f"What the database gives cannot be read: {str(error).splitlines()[0]}. "
            "Dates must be finite and in the years 1 to 9999."
        )
        raise DataError(msg) from error
    return list(table.columns)


def _table(content: bytes, types: dict[str, pa.DataType], block: int) -> pa.Table:
    """Parse CSV: nothing is a missing value, two quotation marks are empty text."""
    return pv.read_csv(
        io.BytesIO(content),
        pv.ReadOptions(column_names=list(types), block_size=block),
        pv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
        ),
    )


def copied(connection: Any, statement: Any) -> bytes:  # noqa: ANN401 - psycopg's types
    """
    Take all that a COPY gives.

    Parameters
    ----------
    connection
        To the database.
    statement
        ``copy ... to stdout``.

    Returns
    -------
    bytes
        What it gave.
    """
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(copy)
