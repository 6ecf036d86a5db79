"""The formats layers are written in, and what each of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from geoborder.errors import OptionError

CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "place": "the geometry column comes back last, and is called geometry",
        "crs": "other CRS are brought to WGS 84",
        "decimals": "coordinates have 7 decimals (1 cm)",
        "rings": "rings of polygons are turned: outer ones anticlockwise",
        "antimeridian": "what crosses 180 degrees in a step below 10 is split there",
        "multiple": "single and multiple geometries in one layer come back as multiple",
        "empty shapes": "empty geometries come back as missing",
        "widths": "numbers of other widths come back as int64 and float64",
        "nullable": "Int64 and boolean without missing values come back as int64, bool",
        "objects": "objects that are text come back as str",
        "categories": "categories come back as their values",
        "lists": "lists and mappings come back as JSON text",
        "milliseconds": "times of day come back to the millisecond",
        "zones": "times in other zones come back in UTC",
        "some heights": "where only some geometries have Z, the others get 0",
        "measures": "coordinates lose M",
        "no zone": "times of day without a zone come back as UTC",
        "zones lost": "times with a zone come back in UTC, without saying so",
        "last digit": "the last of a number's 17 digits may change",
        "infinite": "infinite numbers come back as missing",
        "no values": "columns without any value come back as text",
        "no rows": "a layer without rows loses its columns",
        "like dates": "text that looks like dates all through comes back as dates",
        "blanks": "text loses blanks at its ends, and characters XML does not know",
    }
)
"""What may not come back as it was written, in words."""


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format layers are written in.

    Attributes
    ----------
    name : str
        Short name, as ``format`` takes it.
    title : str
        What it is called.
    endings : tuple of str
        Of file names; the first is the usual one.
    driver : str or None
        GDAL's driver that writes it; None: geoborder writes it without GDAL.
    text : bool
        Whether it is text, which a terminal can show.
    streams : bool
        Whether it goes through standard output and input.
    lonlat : bool
        Whether layers are brought to WGS 84; if not, any CRS is kept.
    changes : tuple of str
        Keys in `CHANGES` of what may not come back as it was. All else does: values,
        names and order of columns, order of rows, types, missing values, CRS, Z.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    driver: str | None
    text: bool
    streams: bool
    lonlat: bool
    changes: tuple[str, ...]

    def told_changes(self) -> tuple[str, ...]:
        """
        Say what may not come back as it was.

        Returns
        -------
        tuple of str
            In words.
        """
        return tuple(CHANGES[key] for key in self.changes)


_TYPES = ("place", "widths", "objects", "categories", "lists", "milliseconds", "zones")
_TEXT = ("crs", "decimals", *_TYPES)
_JSON = (
    "rings", "antimeridian", "measures", "last digit", "infinite", *_TEXT,
)  # fmt: skip

_ALL = (
    Format(
        "gpkg", "GeoPackage", (".gpkg",), "GPKG",
        text=False, streams=False, lonlat=False,
        changes=("multiple", "nullable", "no zone", *_TYPES),
    ),
    Format(
        "geoparquet", "GeoParquet 1.1", (".parquet", ".geoparquet"), None,
        text=False, streams=True, lonlat=False, changes=("objects", "measures"),
    ),
    Format(
        "flatgeobuf", "FlatGeobuf", (".fgb",), "FlatGeobuf",
        text=False, streams=True, lonlat=False,
        changes=(
            "multiple", "some heights", "measures", "empty shapes", "nullable",
            "zones lost", *_TYPES,
        ),
    ),
    Format(
        "geojson", "GeoJSON (RFC 7946)", (".geojson", ".json"), "GeoJSON",
        text=True, streams=True, lonlat=True, changes=_JSON,
    ),
    Format(
        "geojsonseq", "GeoJSON, a feature a line",
        (".geojsonl", ".geojsonseq", ".geojsons", ".ndjson"), "GeoJSON",
        text=True, streams=True, lonlat=True,
        changes=("nullable", "no values", "no rows", "like dates", *_JSON),
    ),
    Format(
        "kml", "KML", (".kml",), None,
        text=True, streams=True, lonlat=True,
        changes=("measures", "empty shapes", "blanks", *_TEXT),
    ),
    Format(
        "csv", "CSV", (".csv",), None,
        text=True, streams=True, lonlat=True,
        changes=("nullable", "no values", *_TEXT),
    ),
)  # fmt: skip

FORMATS: Mapping[str, Format] = MappingProxyType({f.name: f for f in _ALL})
"""Formats by their short names."""

ENDINGS: Mapping[str, Format] = MappingProxyType(
    {ending: f for f in _ALL for ending in f.endings}
)
"""Formats by the endings of file names."""


def format_named(name: str) -> Format:
    """
    Find a format by its short name.

    Parameters
    ----------
    name
        Such as ``gpkg``; an ending without its point will do.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    OptionError
        If there is none of that name; it tells the nearest.
    """
    key = name.lower().removeprefix(".")
    if key in FORMATS:
        return FORMATS[key]
    if f".{key}" in ENDINGS:
        return ENDINGS[f".{key}"]
    near = get_close_matches(key, FORMATS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    msg = f"`format` {name!r} is unknown. {hint}Formats: {', '.join(FORMATS)}."
    raise OptionError(msg)


def format_of(path: Path) -> Format:
    """
    Find the format that a file of this name is written in.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    OptionError
        If no format has its ending; it tells the nearest.
    """
    ending = path.suffix.lower()
    if ending in ENDINGS:
        return ENDINGS[ending]
    if ending == ".shp":
        msg = (
            f"{str(path)!r}: Shapefiles cut column names to 10 characters, have no "
            "missing numbers and are several files; write a .gpkg or .fgb instead."
        )
        raise OptionError(msg)
    near = get_close_matches(ending, ENDINGS, n=1)
    hint = f"did you mean {near[0]}? Write" if near else "write"
    usual = ", ".join(fmt.endings[0] for fmt in _ALL)
    msg = f"{str(path)!r}: {hint} to a file ending in {usual}."
    raise OptionError(msg)
