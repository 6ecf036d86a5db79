"""All that a map's page reads, as one set of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoborder.datasets import ATTRIBUTION
from geoborder.maps.areas import area_data
from geoborder.maps.attributes import attribute_data
from geoborder.maps.cards import (
    asset_cards,
    measure_data,
    point_cards,
    segment_cards,
    site_cards,
    unit_cards,
)
from geoborder.maps.encoding import numbers, rings
from geoborder.maps.ground import ground_data, unit_data
from geoborder.maps.lines import coverage_data, line_data, year_data
from geoborder.maps.style import (
    CATEGORY_COLOURS,
    CATEGORY_SYMBOLS,
    COVERED_COLOURS,
    GAP_COLOUR,
    ISOCHRONE_COLOURS,
    SITE_COLOUR,
)
from geoborder.plan import Plan

RELIEF_PX = 1600
"""Longer side of the relief's picture in a file."""

_CELL_RELIEF_PX = 640
"""The same in a notebook's cell."""


@dataclass(frozen=True, slots=True)
class View:
    """
    How a map opens.

    Attributes
    ----------
    color_by : str
        Segment attribute that the line's colour shows.
    year : int
        Year that is shown.
    tiles : list of dict
        Web maps that a reader may turn on: ``name``, ``url``, ``attribution``,
        ``max_zoom``.
    """

    color_by: str
    year: int
    tiles: list[dict[str, Any]]


def payload(plan: Plan, view: View, *, small: bool = False) -> dict[str, Any]:
    """
    Gather what a map's page reads.

    Parameters
    ----------
    plan
        The plan.
    view
        How the map opens.
    small
        For a notebook's cell: relief coarser, and no pictures of what single assets
        see.

    Returns
    -------
    dict
        Lists, texts and numbers that JSON can hold.
    """
    program = plan.program
    return {
        "title": program.name,
        "summary": summary(plan),
        "currency": program.currency,
        "attribution": ATTRIBUTION,
        "view": {"color": view.color_by, "year": view.year},
        "tiles": view.tiles,
        "bounds": [round(float(v), 5) for v in plan.border.total_bounds],
        "lines": line_data(plan),
        "years": year_data(plan),
        "coverage": coverage_data(plan),
        "segments": segment_cards(plan),
        "attributes": attribute_data(plan),
        "measures": measure_data(plan),
        "assets": asset_cards(plan),
        "areas": {"views": [], "circles": []} if small else area_data(plan),
        "crossings": point_cards(plan.crossings),
        "places": point_cards(plan.places),
        "sites": site_cards(plan),
        "units": {**unit_cards(plan), **unit_data(plan)},
        "reached": _reached(plan),
        "ground": ground_data(plan, relief_px=_CELL_RELIEF_PX if small else RELIEF_PX),
        "colours": {
            "categories": CATEGORY_COLOURS,
            "symbols": CATEGORY_SYMBOLS,
            "covered": COVERED_COLOURS,
            "gap": GAP_COLOUR,
            "reached": ISOCHRONE_COLOURS,
            "site": SITE_COLOUR,
        },
    }


def summary(plan: Plan) -> str:
    """
    Say what a map shows in a line.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        Length of the border, countries, segments, years.
    """
    line = plan.border.iloc[0]
    program = plan.program
    return (
        f"{line['left']}-{line['right']} border, "
        f"{float(plan.border['length_km'].sum()):,.2f} km in {len(plan.segments)} "
        f"segments, {program.first_year}-{program.last_year}"
    )


def _reached(plan: Plan) -> dict[str, Any] | None:
    """Tell what crews of posts get to in the last year, the widest first."""
    if plan.reached is None or plan.reached.areas.empty:
        return None
    areas = plan.reached.areas.to_crs("EPSG:4326").iloc[::-1]
    return {
        "mode": plan.reached.mode,
        "year": plan.program.last_year,
        "minutes": numbers(areas["minutes"], 1),
        "km2": numbers(areas["area_km2"], 1),
        "rings": [rings(shape) for shape in areas.geometry],
    }
