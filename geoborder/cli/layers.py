"""Layers in and out: files of any format, standard input and output, databases."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import geoborder as gb
from geoborder.cli import work
from geoborder.cli.console import STREAM, counted, print_text
from geoborder.cli.wording import called
from geoborder.errors import OptionError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def require_one_stream(direction: str, **places: str | None) -> None:
    """
    Refuse to read or write two layers by one pipe.

    Parameters
    ----------
    direction
        ``input`` or ``output``.
    **places
        What is read or written, by the names of the options.

    Raises
    ------
    OptionError
        If two of them are ``-``.
    """
    piped = [name for name, place in places.items() if place == STREAM]
    if len(piped) > 1:
        msg = (
            f"Standard {direction} is one layer, but `{'` and `'.join(piped)}` are "
            "both -; name a file for one of them."
        )
        raise OptionError(msg)


def read_optional(source: str | None) -> gpd.GeoDataFrame | None:
    """
    Read a layer that ``--layer`` does not speak of, if there is one.

    Parameters
    ----------
    source
        File, ``-`` or address; None: no layer.

    Returns
    -------
    GeoDataFrame or None
        As `geoborder.read_layer` gives it.
    """
    return None if source is None else read_beside(source)


def read_beside(source: str) -> gpd.GeoDataFrame:
    """
    Read a layer that ``--layer`` does not speak of.

    Parameters
    ----------
    source
        File, ``-`` or address.

    Returns
    -------
    GeoDataFrame
        As `geoborder.read_layer` gives it; where it has several layers, the error
        says how to name one in the source.
    """
    with called(layer=f"{shown_place(source)}|layername=..."):
        return gb.read_layer(source)


def read_border(source: str | None, between: tuple[str, str]) -> gpd.GeoDataFrame:
    """
    Read a border that ``--layer`` does not speak of, or take a bundled one.

    Parameters
    ----------
    source
        Line layer; None: the bundled border.
    between
        Two countries, for that one.

    Returns
    -------
    GeoDataFrame
        As `geoborder.as_border` gives it.
    """
    if source is None:
        return gb.load_border(*between)
    return gb.as_border(read_beside(source))


def read_main_border(
    source: str | None, between: tuple[str, str], *, layer: str | None
) -> gpd.GeoDataFrame:
    """
    Read a border whose layer ``--layer`` names, or take a bundled one.

    Parameters
    ----------
    source
        Line layer; None: the bundled border.
    between
        Two countries, for that one.
    layer
        Name of the layer.

    Returns
    -------
    GeoDataFrame
        As `geoborder.as_border` gives it.

    Raises
    ------
    OptionError
        If a layer is named, but no source of it.
    """
    if source is None:
        if layer is not None:
            msg = f"`--layer` {layer!r} is a layer of `--border`, which is missing."
            raise OptionError(msg)
        return gb.load_border(*between)
    return gb.as_border(gb.read_layer(source, layer=layer))


def write_result(
    table: pd.DataFrame,
    target: str,
    *,
    layer: str | None,
    fmt: str | None = None,
    table_name: str,
    layer_option: str = "--out-layer",
) -> str:
    """
    Write a layer, and say where it is.

    Parameters
    ----------
    table
        The layer.
    target, layer, fmt
        As for `geoborder.write_layer`.
    table_name
        Name of the layer in a database where none is given.
    layer_option
        What names the layer on the command line.

    Returns
    -------
    str
        What to call it.
    """
    place = shown_place(target)
    if work.is_address(target):
        layer = layer or table_name
        place = f"{place}: {layer}"
    with called(layer=layer_option):
        gb.write_layer(table, target, layer=layer, format=fmt)
    return place


def shown_place(target: str) -> str:
    """
    Say where results go.

    Parameters
    ----------
    target
        File, folder, ``-`` or address.

    Returns
    -------
    str
        What to call it; of an address nothing that is secret.
    """
    if target == STREAM:
        return "standard output"
    if not work.is_address(target):
        return target
    return work.shown_address(target)


def checked_formats(
    formats: Iterable[str] | None, target: str, *, database: bool = True
) -> list[str]:
    """
    Refuse formats and places that are wrong before the work, not after it.

    Parameters
    ----------
    formats
        Names of formats, or endings.
    target
        Folder or address.
    database
        Whether it may be an address.

    Returns
    -------
    list of str
        Short names of the formats.

    Raises
    ------
    OptionError
        If a format is unknown, or the place is one for a single layer.
    DataError
        If a database does not answer.
    """
    if target == STREAM or (work.is_address(target) and not database):
        what = "a folder, or a database" if database else "a folder"
        msg = f"`--out` {shown_place(target)}: results are several files; name {what}."
        raise OptionError(msg)
    if work.is_address(target):
        gb.read_table(target, layer="select 1 as answer")
    elif Path(target).is_file():
        msg = f"`--out` {target!r} is a file; name a folder."
        raise OptionError(msg)
    return [work.format_named(name).name for name in formats or ()]


def print_written(
    files: Iterable[Path], target: str, schema: str = "geoborder"
) -> None:
    """
    Print what was written: files, and how many there are in each folder.

    Parameters
    ----------
    files
        Files; none of them: a database was written to.
    target
        Folder or address.
    schema
        Schema of the database.
    """
    if work.is_address(target):
        print_text(f"\n{shown_place(target)}: schema {schema}")
        return
    folders = Counter(file.parent for file in files)
    print_text("", [file for file in files if file.parent == Path(target)])
    within = {folder: n for folder, n in folders.items() if folder != Path(target)}
    print_text(
        "", [f"{folder}{os.sep} ({counted(n, 'file')})" for folder, n in within.items()]
    )
