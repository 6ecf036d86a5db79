"""GeoParquet, and plain Parquet for tables without geometry."""

from __future__ import annotations

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geoborder.columns import ARROW_ERRORS, series_of, told_fault
from geoborder.errors import DataError
from geoborder.shapes import require_crs, unmeasured

MAGIC = b"PAR1"

_WRITING = {"compression": "zstd", "row_group_size": 8_192}
"""A reader takes or leaves so many rows by their bounding box."""


def encode_parquet(table: pd.DataFrame) -> bytes:
    """
    Write a layer as GeoParquet 1.1, a table without geometry as Parquet.

    A column ``bbox`` lets readers leave out groups of rows that lie elsewhere.

    Parameters
    ----------
    table
        Layer or table, by `plain_table`.

    Returns
    -------
    bytes
        Content of the file.

    Raises
    ------
    DataError
        If the layer has no CRS, or a column is of no type that Parquet has.
    """
    _refuse_columns(table)
    dated = table.assign(**_dates(table), **_unmeasured(table))
    content = io.BytesIO()
    if not isinstance(dated, gpd.GeoDataFrame):
        dated.to_parquet(content, index=False, **_WRITING)
        return content.getvalue()
    require_crs(dated)
    missing = (dated.geometry.isna() | dated.geometry.is_empty).to_numpy()
    boxed = not missing.all() and "bbox" not in dated.columns
    dated.to_parquet(
        content,
        index=False,
        schema_version="1.1.0",
        write_covering_bbox=boxed,
        **_WRITING,
    )
    if boxed and missing.any():
        return _without_boxes(content, missing)
    return content.getvalue()


def _refuse_columns(table: pd.DataFrame) -> None:
    """Refuse columns of Python objects that are of no one type."""
    for name, dtype in table.dtypes.items():
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
            try:
                pa.array(table[name], from_pandas=True)
            except ARROW_ERRORS as error:
                raise DataError(told_fault(table[name], error)) from error


def _without_boxes(content: io.BytesIO, missing: npt.NDArray[np.bool_]) -> bytes:
    """Take away the boxes of rows without a geometry, which GeoPandas leaves there."""
    table = pq.read_table(content)
    place = table.column_names.index("bbox")
    box = table.column(place).combine_chunks()
    names = [field.name for field in box.type]
    boxes = pa.StructArray.from_arrays(box.flatten(), names, mask=pa.array(missing))
    out = io.BytesIO()
    pq.write_table(table.set_column(place, "bbox", boxes), out, **_WRITING)
    return out.getvalue()


def _unmeasured(table: pd.DataFrame) -> dict[str, gpd.GeoSeries]:
    """Take M away, which the specification does not have."""
    return {
        name: gpd.GeoSeries(unmeasured(column.to_numpy()), table.index, column.crs)
        for name, column in table.items()
        if isinstance(column, gpd.GeoSeries) and column.has_m.any()
    }


def _dates(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Take the columns that hold dates, as such."""
    return {
        name: column.astype(pd.ArrowDtype(pa.date32()))
        for name, column in table.items()
        if _holds_dates(column)
    }


def _holds_dates(column: pd.Series) -> bool:
    """Whether a column has moments without a zone, all of them at midnight."""
    if not pd.api.types.is_datetime64_dtype(column.dtype):
        return False
    known = column.dropna()
    return bool((known == known.dt.normalize()).all())


def decode_parquet(source: Path | bytes) -> pd.DataFrame:
    """
    Read GeoParquet or Parquet.

    Parameters
    ----------
    source
        File, folder of files, or content of a file.

    Returns
    -------
    DataFrame or GeoDataFrame
        The layer; a DataFrame where it has no geometry.

    Raises
    ------
    ValueError
        If a folder's files are no parts of one table.
    """
    content = io.BytesIO(source) if isinstance(source, bytes) else source
    if isinstance(content, Path) and content.is_dir():
        schema = _one_schema(content)
    else:
        schema = pq.read_schema(content)
    if b"geo" not in (schema.metadata or {}):
        table = pd.read_parquet(content)
    else:
        table = gpd.read_parquet(content)
    table = table.reset_index(drop=all(n is None for n in table.index.names))
    wrong = [f.name for f in schema if f.name in table and _misread(f, table[f.name])]
    if not wrong:
        return table
    arrays = pq.read_table(content, columns=wrong)
    return table.assign(**{name: series_of(arrays.column(name)) for name in wrong})


def _one_schema(folder: Path) -> pa.Schema:
    """Take the schema of a folder's files, which must be parts of one table."""
    dataset = pq.ParquetDataset(folder)
    first, *others = dataset.files
    names = set(pq.read_schema(first).names)
    for other in others:
        if set(pq.read_schema(other).names) != names:
            msg = (
                f"{Path(first).name!r} and {Path(other).name!r} in it have other "
                "columns, so that they are no parts of one table; name one of them"
            )
            raise ValueError(msg)
    return dataset.schema


def _misread(field: pa.Field, column: pd.Series) -> bool:
    """Whether pandas took whole numbers as floats, or dates and truth as objects."""
    kind = field.type
    if pa.types.is_integer(kind):
        return pd.api.types.is_float_dtype(column.dtype)
    if pa.types.is_boolean(kind):
        return column.dtype == object
    return pa.types.is_date(kind)
