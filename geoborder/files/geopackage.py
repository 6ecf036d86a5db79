"""GeoPackages: files that hold many layers, of which one is changed at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyogrio
from pyogrio.raw import write_arrow

from geoborder.columns import free_name
from geoborder.errors import OptionError
from geoborder.files.formats import FORMATS
from geoborder.files.text import is_stream, staged
from geoborder.files.vectors import GDAL_ERRORS, prepared

STYLES = "layer_styles"
"""QGIS's table of styles, which is listed among the layers."""

_NAMES = "SELECT table_name FROM gpkg_contents ORDER BY table_name"
_NAMED = 3
"""How many layers a message names."""


def write_geopackage(
    table: pd.DataFrame, path: Path, layer: str | None, *, empty: str | None
) -> None:
    """
    Write a layer of a GeoPackage.

    Parameters
    ----------
    table
        Layer, or table without geometry, by `plain_table`.
    path
        File to write.
    layer
        Layer to add to it or to replace in it; None: the file gets this layer only,
        under its own name.
    empty
        Geometry type of a layer without rows.

    Raises
    ------
    DataError
        If two columns differ by capitals only.
    OptionError
        If another program has the file open, it cannot be changed, or it has other
        layers and none is named.
    """
    name = path.stem if layer is None else layer
    earlier = path.exists() and not is_stream(path)
    refuse_open(path)
    if earlier:
        _refuse_loss(path, name, replaced=layer is None)
    with staged(path) as part:
        own = part.with_name("own.gpkg")  # GDAL warns of other endings
        if layer is not None and earlier:
            _copy_database(path, own)
        try:
            add_layer(table, own, layer=name, empty=empty)
        except GDAL_ERRORS as error:
            msg = f"{str(path)!r} cannot be written: {error}"
            raise OptionError(msg) from error
        own.replace(part)


def add_layer(
    table: pd.DataFrame,
    path: Path,
    *,
    layer: str,
    empty: str | None,
    options: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """
    Write a layer straight into a GeoPackage, which may be left half-written.

    Parameters
    ----------
    table
        Layer, or table without geometry, by `plain_table`.
    path
        File to write to; a new one gets made.
    layer
        Name of the layer; an earlier one of this name is replaced.
    empty
        Geometry type of a layer without rows.
    options
        Further layer options of GDAL's driver.

    Raises
    ------
    DataError
        If two columns differ by capitals only.
    """
    new = prepared(table, fmt=FORMATS["gpkg"], empty=empty)
    names = {"FID": free_name(set(new.columns) | {new.geometry or ""}, "fid")}
    if new.geometry is not None:
        names["GEOMETRY_NAME"] = new.geometry
    fresh = {} if path.exists() else {"VERSION": "1.2"}  # older GDAL reads it too
    with _dated():
        write_arrow(
            new.table,
            path,
            layer=layer,
            driver="GPKG",
            geometry_name=new.geometry,
            geometry_type=new.kind,
            crs=new.crs,
            layer_options={**names, **options},
            dataset_options=fresh,
        )


def _refuse_loss(path: Path, name: str, *, replaced: bool) -> None:
    """Refuse to lose layers of other names, or one whose name has other capitals."""
    names = _layers(path)
    others = [found for found in names if found.lower() != name.lower()]
    if replaced and others:
        more = len(others) - _NAMED
        shown = ", ".join(others[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        msg = (
            f"{str(path)!r} has other layers ({shown}), which would be lost; name the "
            "layer to add or replace: `layer`."
        )
        raise OptionError(msg)
    if not replaced and name not in names and len(others) < len(names):
        like = next(found for found in names if found not in others)
        msg = (
            f"{str(path)!r} has a layer {like!r}, and a GeoPackage takes {name!r} for "
            "the same; write it as it is there, or take another name."
        )
        raise OptionError(msg)


def _layers(path: Path) -> list[str]:
    """Name a GeoPackage's layers; of a file that is none, none."""
    try:
        with closing(_reading(path)) as database:
            rows = database.execute(_NAMES).fetchall()
    except sqlite3.Error:
        return []
    return [name for (name,) in rows if name != STYLES]


def _reading(path: Path) -> sqlite3.Connection:
    """Open a database to read it only."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def refuse_open(path: Path) -> None:
    """
    Refuse a file to which another program has unfinished changes.

    Parameters
    ----------
    path
        File to replace.

    Raises
    ------
    OptionError
        If changes lie beside it, which would be lost, or spoil the new file.
    """
    real = path.resolve()
    for tail in ("-wal", "-journal"):
        beside = real.with_name(real.name + tail)
        if beside.exists() and beside.stat().st_size:
            msg = (
                f"{str(path)!r} cannot be written: another program has it open and "
                f"keeps changes in {beside.name!r}; close it there first."
            )
            raise OptionError(msg)


def _copy_database(path: Path, part: Path) -> None:
    """Copy a database as one reader sees it."""
    try:
        with (
            closing(_reading(path)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        msg = f"{str(path)!r} is no GeoPackage to which a layer could go: {error}."
        raise OptionError(msg) from error


@contextmanager
def _dated() -> Iterator[None]:
    """Let files that are made again be the same, where a date is given for them."""
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    if stamp is None:
        yield
        return
    date = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": date})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
