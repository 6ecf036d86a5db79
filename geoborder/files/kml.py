"""KML of the OGC, with every column as data of its placemark."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape, quoteattr, unescape

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geoborder.files.formats import FORMATS
from geoborder.files.vectors import declared_in, find, layer_of, prepared
from geoborder.shapes import Shapes, from_wkb

_STYLE = (
    '<Style id="shown"><LineStyle><color>ff2a1ad7</color><width>2</width></LineStyle>'
    "<PolyStyle><color>402a1ad7</color></PolyStyle></Style>"
)
_FIELD_TYPES = {"float64": "double", "bool": "bool", "boolean": "bool"}
_INT_MOST = 2**31 - 1
_LABELS = ("name", "Name", "title")

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_RING = re.compile(r"\(([^()]+)\)")

_GDAL_FIELDS = {
    "id", "Name", "description", "timestamp", "begin", "end", "altitudeMode",
    "tessellate", "extrude", "visibility", "drawOrder", "icon",
}  # fmt: skip
"""Fields GDAL finds in every KML."""


def encode_kml(table: pd.DataFrame, name: str) -> bytes:
    """
    Write a layer as KML.

    Parameters
    ----------
    table
        Layer, or table without geometry, by `plain_table`.
    name
        Of the layer.

    Returns
    -------
    bytes
        Content of the file.
    """
    layer = prepared(table, fmt=FORMATS["kml"])
    rows = len(table)
    texts = {
        column: _texts(layer.table.column(n), kind)
        for n, (column, kind) in enumerate(layer.columns.items())
    }
    data = [
        _joined(quoteattr(_plain(column)), values) for column, values in texts.items()
    ]
    shapes: list[str] = [""] * rows
    if layer.geometry is not None:
        shapes = _shapes(from_wkb(layer.table.column(layer.geometry)))
    label = next((c for c in _LABELS if c in texts), next(iter(texts), None))
    labels = [""] * rows if label is None else [text or "" for text in texts[label]]
    fields = "".join(
        f'<SimpleField type="{_field_type(layer.table.column(n), kind)}" '
        f"name={quoteattr(_plain(column))}/>"
        for n, (column, kind) in enumerate(layer.columns.items())
    )
    member = json.dumps({"geoborder": {"columns": layer.columns}}, ensure_ascii=False)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>'
        f'<name>{_plain(escape(name))}</name>\n{_STYLE}\n<Schema id="columns" '
        f"name={quoteattr(_plain(name))}>{fields}</Schema>\n"
        f'<ExtendedData><Data name="columns"><value>{_plain(escape(member))}</value>'
        f"</Data></ExtendedData>\n<Folder><name>{_plain(escape(name))}</name>\n"
    )
    marks = (
        f"<Placemark><name>{text}</name><styleUrl>#shown</styleUrl><ExtendedData>"
        f'<SchemaData schemaUrl="#columns">{"".join(values)}</SchemaData>'
        f"</ExtendedData>{shape}</Placemark>\n"
        for text, shape, *values in zip(labels, shapes, *data, strict=True)
    )
    return f"{head}{''.join(marks)}</Folder>\n</Document></kml>\n".encode()


def _field_type(array: pa.ChunkedArray, kind: str) -> str:
    """Name a column's type in KML, whose whole numbers have 32 bits."""
    if pa.types.is_integer(array.type):
        most = pc.max(pc.abs(array)).as_py() or 0
        return "int" if 0 <= most <= _INT_MOST else "string"
    return _FIELD_TYPES.get(kind, "string")


def _plain(text: str) -> str:
    """Replace characters that XML does not know."""
    return _FORBIDDEN.sub("\ufffd", text)


def _texts(array: pa.ChunkedArray, kind: str) -> list[str | None]:
    """Write a column's values as escaped text."""
    if kind in {"bool", "boolean"}:
        array = array.cast(pa.int8())
    values = array.cast(pa.string()).to_pylist()
    if kind != "str":
        return values
    return [None if v is None else escape(_plain(v), {"\r": "&#13;"}) for v in values]


def _joined(name: str, values: list[str | None]) -> list[str]:
    """Write a column's values as data of placemarks."""
    return [
        "" if v is None else f"<SimpleData name={name}>{v}</SimpleData>" for v in values
    ]


def _shapes(shapes: Shapes) -> list[str]:
    """Write geometries, nothing where there is none."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        rows = rows[inner]
    texts: list[list[str]] = [[] for _ in shapes]
    wkt = shapely.to_wkt(parts, rounding_precision=7)
    for row, part in zip(rows, map(_shape, wkt), strict=True):
        texts[row].append(part)
    many = shapely.get_type_id(shapes) > shapely.GeometryType.POLYGON
    return [
        f"<MultiGeometry>{''.join(found)}</MultiGeometry>"
        if several
        else "".join(found)
        for found, several in zip(texts, many, strict=True)
    ]


def _shape(wkt: str) -> str:
    """Write one geometry."""
    kind = wkt[: wkt.index(" ")]
    rings = [_coordinates(found) for found in _RING.findall(wkt)]
    if not rings:
        return ""
    if kind == "POINT":
        return f"<Point>{rings[0]}</Point>"
    if kind != "POLYGON":
        return f"<LineString><tessellate>1</tessellate>{rings[0]}</LineString>"
    outer, *holes = (f"<LinearRing>{ring}</LinearRing>" for ring in rings)
    inner = "".join(f"<innerBoundaryIs>{hole}</innerBoundaryIs>" for hole in holes)
    return f"<Polygon><outerBoundaryIs>{outer}</outerBoundaryIs>{inner}</Polygon>"


def _coordinates(text: str) -> str:
    """Turn WKT's ``x y, x y`` into KML's ``x,y x,y``."""
    turned = text.replace(", ", ";").replace(" ", ",").replace(";", " ")
    return f"<coordinates>{turned}</coordinates>"


def decode_kml(source: str | bytes, head: bytes, layer: str | None) -> pd.DataFrame:
    """
    Read a layer of KML.

    Parameters
    ----------
    source
        Path, or content of a file.
    head
        Its beginning.
    layer
        The layer; None: the first.

    Returns
    -------
    DataFrame or GeoDataFrame
        The layer.
    """
    found = find(source, layer)
    columns = declared_in(unescape(head.decode(errors="replace")).encode())
    if columns is None or len(columns) > len(found.fields):
        told = {n: a for n, a in found.fields if n not in _GDAL_FIELDS or _tells(a)}
        return layer_of(told, {}, found)
    # Schema fields come last; those called as GDAL's own get a number.
    last = found.fields[len(found.fields) - len(columns) :]
    if all(
        name == column or name.rstrip("0123456789") == column
        for column, (name, _) in zip(columns, last, strict=True)
    ):
        own = dict(zip(columns, (array for _, array in last), strict=True))
    else:
        own = {name: array for name, array in found.fields if name in columns}
    return layer_of(own, columns, found)


def _tells(array: pa.ChunkedArray) -> bool:
    """Whether a field has a value that is not the default."""
    return not set(array.unique().to_pylist()) <= {None, 0, -1}
