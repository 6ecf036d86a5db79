"""Layers and tables, read and written by the endings of their files."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoborder.columns import plain_table
from geoborder.errors import DataError, OptionError
from geoborder.files.delimited import encode_csv
from geoborder.files.formats import FORMATS, Format, format_named, format_of
from geoborder.files.geopackage import write_geopackage
from geoborder.files.kml import encode_kml
from geoborder.files.parquet import encode_parquet
from geoborder.files.sources import (
    read_source,
    refuse_other_address,
    source_of,
)
from geoborder.files.streams import STREAM, require_stream, write_stdout
from geoborder.files.text import write_bytes
from geoborder.files.vectors import encode
from geoborder.postgis import is_address, write_table


def write_layer(
    table: pd.DataFrame | gpd.GeoSeries,
    target: str | Path,
    *,
    layer: str | None = None,
    format: str | None = None,  # noqa: A002 - what GIS programs call it
) -> Path | None:
    """
    Write a layer in the format of its file's ending, finished or absent.

    The index is written only where it has a name, as the first column. What each
    format does not give back as it was stands in `geoborder.files.FORMATS`.

    Parameters
    ----------
    table
        Layer in any CRS (a GeoDataFrame or GeoSeries), or table without geometry. Not
        modified.
    target
        File to write or replace (of a link what it leads to; a pipe or a device is
        written to), ``-`` for standard output, or the address of a
        PostGIS database (``postgresql://user@host/database``).
    layer
        Name of the layer: in an existing GeoPackage only this layer is added or
        replaced. In a database the table, or ``schema.table``. Left out: the file's
        name, and the file holds this layer only; a GeoPackage that has others is
        not replaced.
    format
        ``gpkg``, ``geoparquet``, ``flatgeobuf``, ``geojson``, ``geojsonseq``,
        ``kml`` or ``csv``; left out: by the file's ending, ``geojson`` on standard
        output.

    Returns
    -------
    Path or None
        The file, if it is one.

    Raises
    ------
    DataError
        If the layer has no CRS, or columns or values that the format does not hold.
    OptionError
        If the format is unknown, or the target cannot be written, or is a GeoPackage
        of other layers and none is named; an earlier file is untouched.

    See Also
    --------
    read_layer : Read it again.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> border = gb.load_border()[["border_id", "length_km", "geometry"]]
    >>> file = gb.write_layer(border, tempfile.mkdtemp() + "/border.fgb")
    >>> gb.read_layer(file).equals(border)
    True
    """
    if isinstance(table, gpd.GeoSeries):
        table = table.to_frame("geometry")
    if not isinstance(table, pd.DataFrame):
        msg = f"`table` must be a GeoDataFrame, got {type(table).__name__}."
        raise DataError(msg)
    if is_address(str(target)):
        _to_database(table, str(target), layer)
        return None
    refuse_other_address(str(target))
    stream = str(target) == STREAM
    path = Path(target)
    if format is not None:
        fmt = format_named(format)
    else:
        fmt = FORMATS["geojson"] if stream else format_of(path)
    if stream:
        require_stream(fmt)
    plain = plain_table(table)
    if fmt.name == "gpkg":
        write_geopackage(plain, path, layer, empty=None)
        return path
    content = _encoded(plain, fmt, layer or ("layer" if stream else path.stem))
    if not stream:
        return write_bytes(path, content)
    write_stdout(content)
    return None


def _encoded(plain: pd.DataFrame, fmt: Format, name: str) -> bytes:
    """Write a layer in a format of one layer a file."""
    if fmt.name == "geoparquet":
        return encode_parquet(plain)
    if fmt.name == "csv":
        return encode_csv(plain)
    if fmt.name == "kml":
        return encode_kml(plain, name)
    return encode(plain, fmt, name)


def _to_database(table: pd.DataFrame, address: str, name: str | None) -> None:
    """Write a table of a database."""
    if name is None:
        msg = "Name the table to write in the database with `layer`."
        raise OptionError(msg)
    write_table(table, address, name)


def read_layer(
    source: str | Path,
    *,
    layer: str | None = None,
    format: str | None = None,  # noqa: A002 - what GIS programs call it
) -> gpd.GeoDataFrame:
    """
    Read a layer of any format: what `write_layer` writes, and all that GDAL reads.

    Parameters
    ----------
    source
        File, ``-`` for standard input, or the address of a PostGIS database. A layer
        may be named as in QGIS: ``plan.gpkg|layername=segments``, a table the same
        way. A pipe is read to its end. CSV needs a column ``WKT``, or ``longitude``
        and ``latitude`` (``lon``, ``lat``), and is in WGS 84.
    layer
        Name of the layer; needed where a file has several with geometry, and refused
        where its format has no names of layers (CSV, Parquet). In a database a
        table, ``schema.table``, or a ``SELECT``.
    format
        Its format, where the file's ending does not tell it.

    Returns
    -------
    GeoDataFrame
        The layer, rows counted from 0. Whole numbers are int64, or Int64 where some
        are missing; dates are datetime64.

    Raises
    ------
    DataError
        If there is no such file or layer, or it cannot be read or has no geometry.
    OptionError
        If there are several layers and none is named.

    See Also
    --------
    read_table : Read a table without geometry.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> folder = tempfile.mkdtemp()
    >>> _ = gb.write_layer(gb.load_crossings(), f"{folder}/a.gpkg", layer="crossings")
    >>> _ = gb.write_layer(gb.load_border(), f"{folder}/a.gpkg", layer="border")
    >>> len(gb.read_layer(f"{folder}/a.gpkg", layer="crossings"))
    8
    >>> gb.read_layer(f"{folder}/a.gpkg|layername=border")["border_id"].tolist()
    ['TJK-AFG']
    """
    place = source_of(source, layer=layer, name=format)
    found = read_source(place, spatial=True)
    if not isinstance(found, gpd.GeoDataFrame):
        needs = " (a CSV needs columns longitude and latitude, lon and lat, or WKT)"
        mend = needs if place.kind == "csv" else ""
        msg = f"{place.shown} has no geometry{mend}; read it with `read_table`."
        raise DataError(msg)
    return found


def read_table(
    source: str | Path,
    *,
    layer: str | None = None,
    format: str | None = None,  # noqa: A002 - what GIS programs call it
) -> pd.DataFrame:
    """
    Read a table of any format, without geometry.

    Parameters
    ----------
    source, layer, format
        As for `read_layer`.

    Returns
    -------
    DataFrame
        The table, rows counted from 0; of a layer its columns but the geometry.

    Raises
    ------
    DataError
        If there is no such file or layer, or it cannot be read.
    OptionError
        If there are several layers and none is named.

    See Also
    --------
    read_layer : Read a layer with its geometry.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import geoborder as gb
    >>> posts = pd.DataFrame({"post": ["A", "B"], "km": [10.5, 99.0], "staff": [12, 8]})
    >>> file = gb.write_layer(posts, tempfile.mkdtemp() + "/posts.csv")
    >>> gb.read_table(file)
      post    km  staff
    0    A  10.5     12
    1    B  99.0      8
    """
    found = read_source(source_of(source, layer=layer, name=format), spatial=False)
    if isinstance(found, gpd.GeoDataFrame):
        return pd.DataFrame(found.drop(columns=found.active_geometry_name))
    return found
