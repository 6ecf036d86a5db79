"""CSV: text in quotation marks, geometries as WKT."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import shapely

from geoborder.columns import arrow_of, free_name, series_of
from geoborder.errors import DataError
from geoborder.shapes import shapes_of
from geoborder.tables import LONLAT

WKT = "WKT"
"""Name of the column of geometries, by which GDAL and QGIS know it."""

_SAMPLE = 1_000
_SAMPLE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 24
_WHOLE = 1e15
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_LONGITUDES = ("longitude", "lon", "lng", "long")
_LATITUDES = ("latitude", "lat")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_FIELD = re.compile(r'("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\Z)')


def encode_csv(table: pd.DataFrame) -> bytes:
    """
    Write a layer or table as CSV.

    Parameters
    ----------
    table
        Layer or table, by `plain_table`.

    Returns
    -------
    bytes
        UTF-8: numbers plain, text in quotation marks, nothing where a value is
        missing; geometries as WKT in the last column.

    Raises
    ------
    DataError
        If a layer has another column ``WKT``.
    """
    plain = pd.DataFrame(table)
    texts = None
    if isinstance(table, gpd.GeoDataFrame):
        shapes = shapes_of(table, lonlat=True)
        plain = plain.drop(columns=table.active_geometry_name)
        if WKT in plain.columns:
            msg = f"CSV keeps geometries in a column {WKT!r}; rename the one there is."
            raise DataError(msg)
        texts = pa.array(shapely.to_wkt(shapes, rounding_precision=7), pa.string())
    arrays: dict[str, pa.ChunkedArray | pa.Array] = {
        name: _with_point(arrow_of(plain[name])) for name in plain.columns
    }
    if texts is not None:
        arrays[WKT] = texts
    content = io.BytesIO()
    pv.write_csv(pa.table(arrays), content)
    return content.getvalue()


def _with_point(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Let floats that are all whole numbers show that they are floats."""
    if not pa.types.is_floating(array.type):
        return array
    small = pc.less(pc.abs(array), _WHOLE)
    if pc.all(pc.and_(small, pc.equal(pc.round(array), array))).as_py() is False:
        return array
    return array.cast(pa.decimal128(20, 1))


def decode_csv(source: Path | bytes) -> pd.DataFrame:
    """
    Read CSV in UTF-8, with commas and a line of names.

    Parameters
    ----------
    source
        File, or content of one.

    Returns
    -------
    DataFrame or GeoDataFrame
        A GeoDataFrame where there is a column of WKT (``WKT``, ``geometry``,
        ``geom``), or ``longitude`` and ``latitude`` (``lon``, ``lng``, ``long``;
        ``lat``), in capitals or not.

    Raises
    ------
    ValueError
        If it is not such a file.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    content = content.removeprefix(b"\xef\xbb\xbf")
    text = content[:_SAMPLE_BYTES].decode(errors="replace")
    _refuse_separator(next(_records(text), []))
    names, quoted = _quoted(text)
    try:
        try:
            table = _parsed(content, quoted, _BLOCK_BYTES)
        except pa.ArrowInvalid:  # a later block was not like the first
            table = _parsed(content, quoted, max(len(content), 1))
    except pa.ArrowException as error:
        msg = f"it is no CSV in UTF-8 with commas: {str(error).splitlines()[0]}"
        raise ValueError(msg) from error
    if any(pa.types.is_binary(field.type) for field in table.schema):
        msg = "it is no CSV in UTF-8: save it in that encoding"
        raise ValueError(msg)
    if len(set(names)) < len(names):
        msg = f"two columns have one name: {', '.join(names)}"
        raise ValueError(msg)
    plain = pd.DataFrame({n: series_of(table.column(n)) for n in table.column_names})
    return _with_shapes(plain)


def _refuse_separator(fields: list[str]) -> None:
    """Refuse a first line that is parted by something else."""
    if len(fields) != 1 or _QUOTED.fullmatch(fields[0]):
        return
    for mark, word in _SEPARATORS.items():
        if mark in fields[0]:
            msg = (
                f"its columns are separated by {word}; save it with commas between "
                "them, and points in numbers"
            )
            raise ValueError(msg)


def _parsed(content: bytes, quoted: set[str], block_bytes: int) -> pa.Table:
    """Parse in blocks; what is in the first of them decides the types."""
    return pv.read_csv(
        io.BytesIO(content),
        read_options=pv.ReadOptions(block_size=block_bytes),
        parse_options=pv.ParseOptions(newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            column_types={name: pa.string() for name in quoted},
        ),
    )


def _quoted(text: str) -> tuple[list[str], set[str]]:
    """Name the columns, and those whose first value has quotation marks."""
    records = _records(text)
    names = [_bare(field) for field in next(records, [])]
    marks: set[str] = set()
    unknown = set(names)
    for record in islice(records, _SAMPLE):
        seen = {n for n, field in zip(names, record, strict=False) if field}
        marks |= {
            name
            for name, field in zip(names, record, strict=False)
            if name in unknown and field.startswith('"')
        }
        unknown -= seen
        if not unknown:
            break
    return names, marks


def _records(text: str) -> Iterator[list[str]]:
    """Split into records of fields as they stand."""
    record: list[str] = []
    for found in _FIELD.finditer(text):
        field, end = found.groups()
        record.append(field)
        if end != ",":
            yield record
            record = []


def _bare(field: str) -> str:
    """Take a field's quotation marks off."""
    if field.startswith('"'):
        return field[1:-1].replace('""', '"')
    return field


def _with_shapes(plain: pd.DataFrame) -> pd.DataFrame:
    """Make geometries of WKT, or of longitude and latitude."""
    for wanted in (WKT, "geometry", "geom"):
        column = _named(plain, wanted)
        if column is not None:
            try:
                shapes = shapely.from_wkt(_texts(plain[column]))
            except (shapely.errors.GEOSException, TypeError):
                continue
            rest = plain.drop(columns=column)
            break
    else:
        x, y = _named(plain, *_LONGITUDES), _named(plain, *_LATITUDES)
        if x is None or y is None:
            return plain
        rest = plain
        shapes = _points(plain[x], plain[y])
    name = free_name(set(rest.columns), "geometry", "geom", "shape")
    column_of = gpd.GeoSeries(shapes, index=plain.index, crs=LONLAT)
    return gpd.GeoDataFrame(rest.assign(**{name: column_of}), geometry=name)


def _named(plain: pd.DataFrame, *wanted: str) -> str | None:
    """Take the first column of these names, in capitals or not."""
    names = {str(name).lower(): name for name in reversed(plain.columns)}
    names |= {name: name for name in plain.columns}
    return next(
        (names[n] for n in (*wanted, *map(str.lower, wanted)) if n in names), None
    )


def _points(x: pd.Series, y: pd.Series) -> npt.NDArray[np.object_]:
    """Make points, None where a coordinate is missing."""
    try:
        places = np.column_stack([c.to_numpy(float, na_value=np.nan) for c in (x, y)])
    except ValueError as error:
        msg = f"its columns {x.name!r} and {y.name!r} are not both numbers ({error})"
        raise ValueError(msg) from error
    shapes = np.full(len(places), None)
    known = np.isfinite(places).all(axis=1)
    shapes[known] = shapely.points(places[known])
    return shapes


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    """Take a column's texts, None where there is none."""
    return column.astype(object).where(column.notna(), None).to_numpy()
