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
from geoborder.errors import DataError, OptionError
from geoborder.files.formats import FORMATS
from geoborder.files.text import staged
from geoborder.files.vectors import GDAL_ERRORS, prepared


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
        If another program has the file open, or it cannot be changed.
    """
    refuse_open(path)
    name = path.stem if layer is None else layer
    with staged(path) as part:
        if layer is not None and path.exists():
            _copy_database(path, part)
        try:
            add_layer(table, part, layer=name, empty=empty)
        except GDAL_ERRORS as error:
            msg = f"{str(path)!r} cannot be written: {error}"
            raise OptionError(msg) from error


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
    _refuse_cases(table)
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


def _refuse_cases(table: pd.DataFrame) -> None:
    """Refuse names of columns that SQL takes for one."""
    seen: dict[str, str] = {}
    for name in table.columns:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            msg = (
                f"A GeoPackage takes the columns {first!r} and {name!r} for one; "
                "rename one of them."
            )
            raise DataError(msg)


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
    for tail in ("-wal", "-journal"):
        beside = path.with_name(path.name + tail)
        if beside.exists() and beside.stat().st_size:
            msg = (
                f"{str(path)!r} cannot be written: another program has it open and "
                f"keeps changes in {beside.name!r}; close it there first."
            )
            raise OptionError(msg)


def _copy_database(path: Path, part: Path) -> None:
    """Copy a database as one reader sees it."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as old,
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
