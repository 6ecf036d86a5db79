"""Layers in the formats that GDAL writes and reads."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyogrio import read_info
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import read, read_arrow, write_arrow

from geoborder.columns import arrow_of, declared, free_name, kind_of, series_of
from geoborder.errors import DataError
from geoborder.files.formats import Format
from geoborder.files.refusals import refuse_cases, refuse_heights, refuse_values
from geoborder.shapes import (
    Shapes,
    from_wkb,
    levelled,
    measured,
    shapes_of,
    typed,
    unmeasured,
    wkb_of,
)
from geoborder.tables import LONLAT

GDAL_ERRORS = (DataSourceError, DataLayerError)

_HIGH = "EPSG:4979"
"""What GDAL takes GeoJSON to be in where it has heights."""

_FLATGEOBUF = b"fgb\x03fgb"

_GEOMETRIES = {"geoarrow.wkb", "ogc.wkb"}
"""Names of Arrow's types under which GDAL gives geometries."""

_SEPARATOR = b"\x1e \r\n\t"
"""What may stand before GeoJSON."""

_OPTIONS: Mapping[str | None, Mapping[str, str]] = {
    # With an index it would sort the rows by place, and take none without one.
    "FlatGeobuf": {"SPATIAL_INDEX": "NO"},
    "GeoJSON": {
        "RFC7946": "YES",
        "SIGNIFICANT_FIGURES": "17",
        "AUTODETECT_JSON_STRINGS": "NO",  # text stays text
    },
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A layer as GDAL takes it.

    Attributes
    ----------
    table : pyarrow.Table
        Its columns, the geometry last.
    columns : dict of str to str
        Types the columns shall come back as.
    geometry : str or None
        Name of the geometry column.
    kind : str or None
        Type of the geometries.
    crs : str or None
        Their CRS.
    """

    table: pa.Table
    columns: dict[str, str]
    geometry: str | None
    kind: str | None
    crs: str | None


def prepared(table: pd.DataFrame, *, fmt: Format, empty: str | None = None) -> Prepared:
    """
    Bring a layer to what a format can hold.

    Parameters
    ----------
    table
        Layer, or table without geometry, by `plain_table`.
    fmt
        The format.
    empty
        Geometry type of a layer without rows.

    Returns
    -------
    Prepared
        The layer.

    Raises
    ------
    DataError
        If two columns differ by capitals only, or one has values that would be lost.
    """
    refuse_cases(table.columns, fmt)
    spatial = isinstance(table, gpd.GeoDataFrame)
    shapes = shapes_of(table, lonlat=fmt.lonlat) if spatial else None
    plain = pd.DataFrame(table)
    if spatial:
        plain = plain.drop(columns=table.active_geometry_name)
    arrays = {name: arrow_of(plain[name]) for name in plain.columns}
    columns = {name: kind_of(plain[name], arrays[name]) for name in arrays}
    if fmt.driver is not None:
        refuse_values(arrays, fmt)
    if fmt.driver == "GeoJSON":
        arrays = {name: _finite(array) for name, array in arrays.items()}
    if shapes is None and fmt.driver == "GeoJSON":
        # Features have a geometry, if only a missing one.
        shapes = np.full(len(plain), None)
    if shapes is None:
        return Prepared(pa.table(arrays), columns, None, None, None)
    if "measures" in fmt.changes:
        shapes = unmeasured(shapes)
    kind = "Unknown"
    if fmt.driver is not None:
        if fmt.driver == "FlatGeobuf":
            shapes = levelled(shapes)
        shapes, kind = typed(shapes, multiple=not fmt.lonlat, empty=empty)
        if fmt.driver == "FlatGeobuf" and kind == "Unknown":
            refuse_heights(shapes, fmt)
        kind = measured(kind) if shapely.has_m(shapes).any() else kind
    geometry = free_name(set(arrays), "geom", "geometry", "shape")
    joined = pa.table({**arrays, geometry: wkb_of(shapes)})
    marked = joined.schema.field(geometry).with_metadata(
        {"ARROW:extension:name": "geoarrow.wkb"}
    )
    last = joined.num_columns - 1
    return Prepared(
        joined.set_column(last, marked, joined.column(last)),
        columns,
        geometry,
        kind,
        LONLAT if fmt.lonlat else _crs_of(table),
    )


def _crs_of(layer: gpd.GeoDataFrame) -> str:
    """Name a layer's CRS for GDAL."""
    code = layer.crs.to_epsg()
    return str(layer.crs.to_wkt()) if code is None else f"EPSG:{code}"


def _finite(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take infinite numbers as missing, which JSON has no sign for."""
    if not pa.types.is_floating(array.type):
        return array
    return pc.if_else(pc.is_finite(array), array, None)


def encode(table: pd.DataFrame, fmt: Format, name: str) -> bytes:
    """
    Write a layer as FlatGeobuf or GeoJSON.

    Parameters
    ----------
    table
        Layer, or table without geometry, by `plain_table`.
    fmt
        The format.
    name
        Of the layer.

    Returns
    -------
    bytes
        Content of the file.

    Raises
    ------
    DataError
        If GDAL does not take it.
    """
    layer = prepared(table, fmt=fmt)
    content = io.BytesIO()
    try:
        write_arrow(
            layer.table,
            content,
            layer=name,
            driver=fmt.driver,
            geometry_name=layer.geometry,
            geometry_type=layer.kind,
            crs=layer.crs,
            layer_options=dict(_OPTIONS[fmt.driver]),
        )
    except GDAL_ERRORS as error:
        msg = f"The layer cannot be written as {fmt.title}: {error}"
        raise DataError(msg) from error
    if fmt.name == "geojson":
        return _declare(content.getvalue(), layer.columns)
    if fmt.name == "geojsonseq":
        return _one_a_line(content.getvalue())
    return content.getvalue()


def _declare(content: bytes, columns: Mapping[str, str]) -> bytes:
    """Name the columns' types in a member of the collection."""
    start = b'"type": "FeatureCollection",\n'
    member = json.dumps({"columns": columns}, ensure_ascii=False).encode()
    return content.replace(start, start + b'"geoborder": ' + member + b",\n", 1)


def _one_a_line(content: bytes) -> bytes:
    """Take the features out of their collection; GDAL writes each on its line."""
    start = content.index(b'"features": [\n') + len(b'"features": [\n')
    lines = content[start : content.rindex(b"]")].splitlines()
    return b"".join(line.removesuffix(b",") + b"\n" for line in lines if line)


@dataclass(frozen=True, slots=True)
class Found:
    """
    What GDAL found in a layer.

    Attributes
    ----------
    fields : list of tuple
        Names and values of its columns.
    rows : int
        How many rows there are.
    shapes : numpy.ndarray of object, or None
        Geometries; None: the layer has none.
    crs : str or None
        Their CRS.
    """

    fields: list[tuple[str, pa.ChunkedArray]]
    rows: int
    shapes: Shapes | None
    crs: str | None


def find(source: str | bytes, layer: str | None, **options: str) -> Found:
    """
    Read a layer with GDAL.

    Parameters
    ----------
    source
        Path, or content of a file.
    layer
        Its layer; None: the first.
    **options
        Open options of the driver.

    Returns
    -------
    Found
        The layer.

    Raises
    ------
    ValueError
        If there is none.
    """
    try:
        with unwarned():
            facts, table = read_arrow(source, layer=layer, **options)
    except IndexError as error:  # what pyogrio says where GDAL has no layer
        msg = "it holds no layer; is its end missing?"
        raise ValueError(msg) from error
    place = _geometry_of(table)
    shapes = None
    if place is not None:
        wkb = _stored(table.column(place))
        if _broken(wkb):
            wkb = pa.chunked_array([read(source, layer=layer, columns=[])[2]])
        shapes = from_wkb(wkb)
    fields = [
        (name, table.column(n))
        for n, name in enumerate(table.column_names)
        if n != place
    ]
    return Found(fields, len(table), shapes, facts["crs"])


@contextmanager
def unwarned() -> Iterator[None]:
    """Keep pyogrio from saying of coordinates with M, which are read, that none are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Measured \(M\) geometry types")
        yield


def layer_of(
    arrays: Mapping[str, pa.ChunkedArray], columns: Mapping[str, str], found: Found
) -> pd.DataFrame:
    """
    Make a layer of columns that were read.

    Parameters
    ----------
    arrays
        The columns.
    columns
        Types declared for them; those that were not read are empty.
    found
        Rows, geometries and CRS.

    Returns
    -------
    DataFrame or GeoDataFrame
        The declared columns first, then others, then the geometry.
    """
    series = {
        name: declared(arrays.get(name), kind, found.rows)
        for name, kind in columns.items()
    }
    series |= {n: series_of(a) for n, a in arrays.items() if n not in columns}
    plain = pd.DataFrame(series, index=pd.RangeIndex(found.rows))
    if found.shapes is None:
        return plain
    name = free_name(set(plain.columns), "geometry", "geom", "shape")
    shapes = gpd.GeoSeries(found.shapes, index=plain.index, crs=found.crs)
    return gpd.GeoDataFrame(plain.assign(**{name: shapes}), geometry=name)


def decode(
    source: str | bytes, layer: str | None, *, head: bytes = b""
) -> pd.DataFrame:
    """
    Read a layer with GDAL, with the types that `encode` declared.

    Parameters
    ----------
    source
        Path, or content of a file.
    layer
        Its layer; None: the first.
    head
        Beginning of the file.

    Returns
    -------
    DataFrame or GeoDataFrame
        The layer; a DataFrame where it has no geometry.

    Raises
    ------
    ValueError
        If it is a FlatGeobuf of which the end is missing.
    """
    columns = declared_in(head)
    # Text that looks like a date stays text where types are declared.
    options = {} if columns is None else {"DATE_AS_STRING": "YES"}
    found = find(source, layer, **options)
    if head.startswith(_FLATGEOBUF):
        _refuse_cut(source, found.rows)
    if found.crs == _HIGH and head.lstrip(_SEPARATOR).startswith(b"{"):
        found = replace(found, crs=LONLAT)
    return layer_of(dict(found.fields), columns or {}, found)


def _refuse_cut(source: str | bytes, rows: int) -> None:
    """Refuse a file that has fewer rows than its beginning says; GDAL does not."""
    told = read_info(source)["features"]
    if rows < told:
        msg = f"its end is missing: it has {rows} of its {told} rows"
        raise ValueError(msg)


def declared_in(head: bytes) -> dict[str, str] | None:
    """
    Find the types of columns that `encode` declared.

    Parameters
    ----------
    head
        Beginning of a file.

    Returns
    -------
    dict of str to str, or None
        Types by columns; None where there are none.
    """
    text = head.decode(errors="replace")
    found = re.search(r'"geoborder"\s*:\s*(?={)', text)
    if found is None:
        return None
    try:
        member, _ = json.JSONDecoder().raw_decode(text[found.end() :])
    except ValueError:
        return None
    columns = member.get("columns")
    if not isinstance(columns, dict):
        return None
    return {str(name): str(kind) for name, kind in columns.items()}


def _geometry_of(table: pa.Table) -> int | None:
    """Find the place of the geometry column."""
    for n, field in enumerate(table.schema):
        # Packages such as geoarrow-pyarrow give the column a type of its own.
        name = getattr(field.type, "extension_name", None)
        name = name or (field.metadata or {}).get(b"ARROW:extension:name", b"").decode()
        if name in _GEOMETRIES:
            return n
    return None


def _stored(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take an array of a type of its own as what it is stored as."""
    if not isinstance(array.type, pa.BaseExtensionType):
        return array
    return pa.chunked_array(
        [chunk.storage for chunk in array.chunks], array.type.storage_type
    )


def _broken(wkb: pa.ChunkedArray) -> bool:
    """Whether GDAL lost its way among missing geometries, as for FlatGeobuf."""
    try:
        wkb.validate(full=True)
    except pa.ArrowInvalid:
        return True
    return pc.any(pc.equal(pc.binary_length(wkb), 0)).as_py() is True
