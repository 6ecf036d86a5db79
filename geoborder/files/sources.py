"""Where layers are read from: files, standard input, databases."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from textwrap import shorten

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio

from geoborder.errors import DataError, GeoborderError, OptionError
from geoborder.files.delimited import decode_csv
from geoborder.files.formats import ENDINGS, FORMATS, Format, format_named
from geoborder.files.geopackage import STYLES
from geoborder.files.kml import decode_kml
from geoborder.files.parquet import MAGIC, decode_parquet
from geoborder.files.streams import STREAM, read_stdin
from geoborder.files.text import is_stream
from geoborder.files.vectors import GDAL_ERRORS, decode, unwarned
from geoborder.postgis import is_address, read_table
from geoborder.tables import LONLAT

_HEAD_BYTES = 1 << 16
_LAYERNAME = "|layername="
_QGIS_OPTION = re.compile(r"\|(layerid|subset|geometrytype|uniqueGeometryType)=")
_REMOTE = ("http", "https", "ftp", "s3", "gs", "az", "zip", "tar", "gzip")
_PREFIXING = re.compile(r";?\s*It might help to specify the correct driver[^\n]*")
_IN_MEMORY = re.compile(r"'?/vsimem/pyogrio_\w+(?:\.\w+)?'?")
_SQLITE = b"SQLite format 3"


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a layer is read from.

    Attributes
    ----------
    shown : str
        What messages call it.
    place : str or bytes
        Path, a place that GDAL knows, address of a database, or content of a file.
    layer : str or None
        Name of the layer.
    kind : str
        Short name of the format, empty where it is not known.
    head : bytes
        Beginning of the content.
    """

    shown: str
    place: str | bytes
    layer: str | None
    kind: str
    head: bytes


def source_of(source: str | Path, *, layer: str | None, name: str | None) -> Source:
    """
    Find where a layer is read from.

    Parameters
    ----------
    source
        File, ``-``, or address; it may name its layer as in QGIS.
    layer
        Name of the layer.
    name
        Name of the format; None: by the ending.

    Returns
    -------
    Source
        The source.

    Raises
    ------
    DataError
        If there is no such file.
    OptionError
        If it is an address of another kind.
    """
    text = str(source)
    fmt = None if name is None else format_named(name)
    text, layer = _parted(text, layer)
    if is_address(text):
        named = shorten(layer or "", 80, placeholder=" ...")
        return Source(repr(named) if named else "The database", text, layer, "", b"")
    if text == STREAM:
        kind = "" if fmt is None else fmt.name
        content = read_stdin(empty=kind == "geojsonseq")
        return Source("Standard input", content, layer, kind, content[:_HEAD_BYTES])
    path = Path(text)
    if is_stream(path):
        kind = "" if fmt is None else fmt.name
        content = path.read_bytes()
        return Source(repr(text), content, layer, kind, content[:_HEAD_BYTES])
    if not path.exists() and not _is_for_gdal(text):
        msg = f"{text!r} does not exist.{_near(path)}"
        raise DataError(msg)
    fmt = fmt or _format_by_name(path)
    return Source(repr(text), text, layer, "" if fmt is None else fmt.name, _head(path))


def _parted(text: str, layer: str | None) -> tuple[str, str | None]:
    """Part a source from the layer it names as in QGIS."""
    if "|" not in text or (not is_address(text) and Path(text).exists()):
        return text, layer
    other = _QGIS_OPTION.search(text)
    if other is not None:
        msg = (
            f"Of a source, |{other[1]}=... is not understood, only {_LAYERNAME}NAME; "
            "save the features wanted as a layer of their own."
        )
        raise OptionError(msg)
    place, _, named = text.partition(_LAYERNAME)
    if layer is not None and named not in {"", layer}:
        msg = f"The source names the layer {named!r}, and `layer` {layer!r}; name one."
        raise OptionError(msg)
    return place, layer or named or None


def refuse_other_address(text: str, known: Collection[str] = ()) -> None:
    """
    Refuse addresses of places that no layer goes to, or comes from.

    Parameters
    ----------
    text
        File or address.
    known
        Schemes that will do.

    Raises
    ------
    OptionError
        If it is an address of another scheme; the rest of it may be secret.
    """
    scheme, colon, _ = text.partition("://")
    if colon and scheme.lower() not in known:
        msg = (
            f"Nothing can be read from or written to {scheme}://...; name a file, - "
            "for standard input or output, or a database by postgresql://..."
        )
        raise OptionError(msg)


def _is_for_gdal(text: str) -> bool:
    """Whether a source is no file, but a place GDAL knows."""
    refuse_other_address(text, _REMOTE)
    return text.startswith("/vsi") or "://" in text


def _near(path: Path) -> str:
    """Name a file that may have been meant."""
    if not path.parent.is_dir():
        return f" There is no folder {str(path.parent)!r}."
    names = [p.name for p in path.parent.iterdir()]
    near = get_close_matches(path.name, names, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _format_by_name(path: Path) -> Format | None:
    """Take the format of an ending, or of a folder's files."""
    if path.is_dir() and any(path.glob("**/*.parquet")):
        return FORMATS["geoparquet"]
    return ENDINGS.get(path.suffix.lower())


def _head(path: Path) -> bytes:
    """Take the beginning of a file."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def read_source(source: Source, *, spatial: bool) -> pd.DataFrame:
    """
    Read a layer or table.

    Parameters
    ----------
    source
        Where it is.
    spatial
        Whether a layer with geometry is wanted, where there are several.

    Returns
    -------
    DataFrame or GeoDataFrame
        The layer; a DataFrame where it has no geometry.

    Raises
    ------
    DataError
        If there is no such layer, or it cannot be read.
    """
    try:
        if isinstance(source.place, str) and is_address(source.place):
            return _from_database(source.place, source.layer)
        return _decoded(source, spatial=spatial)
    except GeoborderError:
        raise
    except GDAL_ERRORS as error:
        raise DataError(_fault(source, error)) from error
    except (OSError, ValueError, RuntimeError, pa.ArrowException) as error:
        msg = f"{source.shown} cannot be read as a layer: {error}"
        raise DataError(msg) from error


def _from_database(address: str, query: str | None) -> pd.DataFrame:
    """Read a table of a database, or what is selected."""
    if not query:
        msg = (
            "Name the table to read from the database, or a SELECT, with `layer`, or "
            "the table in the address: postgresql://...|layername=schema.table."
        )
        raise OptionError(msg)
    return read_table(address, query)


def _decoded(source: Source, *, spatial: bool) -> pd.DataFrame:
    """Read a layer of a file, or of what came by a pipe."""
    place, kind, head = source.place, source.kind, source.head
    if isinstance(place, bytes) and head.startswith(_SQLITE):
        msg = f"{source.shown} is a GeoPackage, which only a file can be; name it."
        raise DataError(msg)
    local = Path(place) if isinstance(place, str) else place
    if kind == "geoparquet" or head.startswith(MAGIC):
        _refuse_layer(source)
        return decode_parquet(local)
    if kind == "csv" or (isinstance(place, bytes) and not kind and _is_plain(head)):
        _refuse_layer(source)
        return decode_csv(local)
    if kind == "geojsonseq" and not head:
        return gpd.GeoDataFrame(geometry=[], crs=LONLAT)
    if source.layer is None and kind in {"", "gpkg", "kml"}:
        source = replace(source, layer=_the_layer(source, spatial=spatial))
    if kind == "kml":
        return decode_kml(place, head, source.layer)
    return decode(place, source.layer, head=head)


def _refuse_layer(source: Source) -> None:
    """Refuse to look for a layer where there is one without a name."""
    if source.layer is not None:
        msg = (
            f"{source.shown} has no layer {source.layer!r}: it is one table without a "
            "name of its own; leave the layer's name away."
        )
        raise DataError(msg)


def _is_plain(head: bytes) -> bool:
    """Whether what came by a pipe is text, but neither JSON nor XML: CSV."""
    return b"\0" not in head and head.lstrip()[:1] not in {b"{", b"[", b"<", b"\x1e"}


def _layers(source: Source, *, spatial: bool | None = None) -> list[str]:
    """Name a file's layers: all, those with geometry, or those without."""
    with unwarned():
        layers = pyogrio.list_layers(source.place)
    return [
        str(name)
        for name, kind in layers
        if name != STYLES and spatial in {None, kind is not None}
    ]


def _the_layer(source: Source, *, spatial: bool) -> str | None:
    """Take the one layer there is to read."""
    names = _layers(source)
    wanted = names if len(names) == 1 else _layers(source, spatial=spatial)
    if len(names) == 1 and isinstance(source.place, bytes):
        return None  # whose name, where it has none of its own, changes every time
    if len(wanted) == 1:
        return wanted[0]
    if not names:
        msg = f"{source.shown} has no layers."
        raise DataError(msg)
    if not wanted:
        what, other = ("geometry", "table") if spatial else ("no geometry", "layer")
        msg = (
            f"{source.shown} has no layer with {what}, only {', '.join(names)}; read "
            f"one of them with `read_{other}`."
        )
        raise DataError(msg)
    msg = (
        f"{source.shown} has {len(wanted)} layers; name one with `layer`: "
        f"{', '.join(wanted)}."
    )
    raise OptionError(msg)


def _fault(source: Source, error: Exception) -> str:
    """Say why GDAL does not read a layer."""
    layer = source.layer
    if layer is not None:
        try:
            names = _layers(source)
        except GDAL_ERRORS:
            names = [layer]
        if layer not in names:
            near = get_close_matches(layer, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            if len(names) == 1 and isinstance(source.place, bytes):
                return f"{source.shown} has one layer; leave its name {layer!r} away."
            known = ", ".join(names)
            return f"{source.shown} has no layer {layer!r}.{hint} Layers: {known}."
    said = _PREFIXING.sub("", str(error)).rstrip(".;\n ")
    if isinstance(source.place, bytes):
        said = _IN_MEMORY.sub(source.shown, said)
    return f"{source.shown} cannot be read as a layer: {said}."
