"""What a project says besides its layers: units, years, views, sources."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import shapely
from pyproj import CRS

from geoborder.qgis.contents import LICENCE, Contents
from geoborder.qgis.markup import BACKGROUND, element, rgba
from geoborder.qgis.projection import (
    WINDOW_ASPECT,
    Box,
    box_around,
    corners,
    crs_element,
    lonlat_box,
    widened,
)

_NOTE = "Assets, quantities and costs without a named source are illustrative."


def canvas_element(box: Box, crs: CRS) -> Element:
    """
    Say where the map window looks at first.

    Parameters
    ----------
    box
        What it has to show, in the project's CRS.
    crs
        The project's CRS.

    Returns
    -------
    Element
        ``mapcanvas``.
    """
    ends = corners(widened(box, WINDOW_ASPECT))
    return element(
        "mapcanvas",
        {"name": "theMapCanvas", "annotationsVisible": 1},
        element("units", text="meters"),
        element("extent", None, *(element(k, text=v) for k, v in ends.items())),
        element("rotation", text=0),
        element("destinationsrs", None, crs_element(crs)),
    )


def properties_element(contents: Contents) -> Element:
    """
    Set units, background, time control, and the texts of layouts.

    Parameters
    ----------
    contents
        What the project shows.

    Returns
    -------
    Element
        ``properties``.
    """
    background: dict[str, object] = {
        f"CanvasColor{name}Part": int(part)
        for name, part in zip(
            ("Red", "Green", "Blue"), rgba(BACKGROUND).split(","), strict=False
        )
    }
    begin, end = _limits(contents)
    variables = {
        "geoborder_last_year": contents.years[-1],
        "geoborder_note": _NOTE,
        "geoborder_sources": contents.attribution,
        "geoborder_subtitle": _subtitle(contents),
    }
    settings: dict[str, dict[str, object]] = {
        "Gui": background,
        "Measure": {"Ellipsoid": "EPSG:7030"},
        "Measurement": {"DistanceUnits": "km", "AreaUnits": "km2"},
        "PAL": {"ShowingPartialsLabels": False},
        "Paths": {"Absolute": False},
        "PositionPrecision": {"Automatic": True},
        "SpatialRefSys": {"ProjectionsEnabled": 1},
        "TemporalControllerWidget": {
            "NavigationMode": 1,
            "StartDateTime": begin,
            "EndDateTime": end,
        },
    }
    groups = [
        element(name, None, *(_property(k, v) for k, v in values.items()))
        for name, values in settings.items()
    ]
    names, values = (
        element(
            tag, {"type": "QStringList"}, *(element("value", text=v) for v in found)
        )
        for tag, found in (
            ("variableNames", variables.keys()),
            ("variableValues", variables.values()),
        )
    )
    return element(
        "properties", None, *groups, element("Variables", None, names, values)
    )


def _property(name: str, value: object) -> Element:
    """Write a setting with its type."""
    if isinstance(value, bool):
        return element(name, {"type": "bool"}, text=str(value).lower())
    return element(
        name, {"type": "int" if isinstance(value, int) else "QString"}, text=value
    )


def _subtitle(contents: Contents) -> str:
    """Say in a line what the plan is of."""
    border, first = contents.border, contents.years[min(1, len(contents.years) - 1)]
    names = ", ".join(dict.fromkeys(map(str, border["border_id"])))
    parts = [f"{names} border, {border['length_km'].sum():,.1f} km"]
    if "segments" in contents.tables:
        parts.append(f"{len(contents.tables['segments'])} segments")
    last = contents.years[-1]
    return " · ".join([*parts, f"{first}-{last}" if first < last else str(last)])


def _limits(contents: Contents) -> tuple[str, str]:
    """First and last day of the plan: a year of QGIS's is 365.2425 days long."""
    first, last = contents.years[0], contents.years[-1]
    return f"{first}-01-01T00:00:00Z", f"{last}-12-31T00:00:00Z"


def times_element(contents: Contents) -> Element:
    """
    Step through the plan's years, one a frame.

    Parameters
    ----------
    contents
        What the project shows.

    Returns
    -------
    Element
        ``ProjectTimeSettings``.
    """
    begin, end = _limits(contents)
    facts = {
        "timeStep": 1,
        "timeStepUnit": "y",
        "frameRate": 1,
        "cumulativeTemporalRange": 0,
    }
    limits = element(
        "TemporalRange", None, element("start", text=begin), element("end", text=end)
    )
    return element("ProjectTimeSettings", facts, limits)


def metadata_element(contents: Contents) -> Element:
    """
    Say what the project is, whose data it shows, under which terms.

    Parameters
    ----------
    contents
        What the project shows.

    Returns
    -------
    Element
        ``projectMetadata``.
    """
    abstract = "\n".join([_subtitle(contents), _NOTE, contents.attribution, LICENCE])
    return element(
        "projectMetadata",
        None,
        element("identifier"),
        element("language", text="en"),
        element("type", text="dataset"),
        element("title", text=contents.title),
        element("abstract", text=abstract),
        element("author", text="geoborder"),
    )


def bookmarks_element(contents: Contents, crs: CRS) -> Element:
    """
    Mark the stretch of border of each unit on either side.

    Parameters
    ----------
    contents
        What the project shows.
    crs
        The project's CRS.

    Returns
    -------
    Element
        ``Bookmarks``, in a group for each side.
    """
    marks: list[Element] = []
    segments = contents.tables.get("segments")
    for side in ("left", "right"):
        if segments is None or f"{side}_unit" not in segments:
            continue
        for unit, part in segments.groupby(f"{side}_unit", sort=False):
            shown = lonlat_box(box_around(part, crs, margin=0.1), crs)
            facts = {
                "id": f"{side}_{len(marks)}",
                "name": unit,
                "group": "Own side" if side == contents.side else "Other side",
                "extent": shapely.box(*shown).wkt,
            }
            marks.append(element("Bookmark", facts, crs_element(CRS.from_epsg(4326))))
    return element("Bookmarks", None, *marks)
