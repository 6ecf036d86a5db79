"""Looks of areas: units, countries, what is reached in time."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geoborder.maps.style import ISOCHRONE_COLOURS
from geoborder.qgis.labels import Type, labelled
from geoborder.qgis.looks import Look
from geoborder.qgis.markup import quoted
from geoborder.qgis.renderers import Entry, categorised, single
from geoborder.qgis.symbols import Symbol, fill

_UNIT, _UNIT_NAME = "#6b4f8f", "#4a3570"
_OWN, _NEIGHBOUR, _OUTLINE, _COUNTRY_NAME = "#f8f5ee", "#e9e6e0", "#8f8b84", "#55514b"

_COARSE = 1_000_000
"""Denominator of the scale from which on outlines of countries would mislead."""


def units_look() -> Look:
    """
    Draw the units on both sides.

    Returns
    -------
    Look
        Outlines with names; dashes of two neighbours would fill each other's gaps.
    """
    outline = fill(None, outline=_UNIT, outline_mm=0.3)
    label = labelled('"name"', "area", Type(9.5, _UNIT_NAME, italic=True), priority=6)
    return Look(single(Symbol("fill", (outline,))), label)


def countries_look(own: Iterable[str]) -> Look:
    """
    Draw countries as the base of the map.

    Parameters
    ----------
    own
        ISO codes of those of the border.

    Returns
    -------
    Look
        Those of the border lighter than the others.
    """
    codes = ", ".join(quoted(str(code)) for code in sorted(own)) or "''"
    entries = [
        Entry("countries of the border", _ground(_OWN), value="own"),
        Entry("neighbours", _ground(_NEIGHBOUR), value="other"),
    ]
    label = labelled(
        '"name"',
        "area",
        Type(9.0, _COUNTRY_NAME, capitals=True, spaced=True),
        priority=2,
    )
    return Look(
        categorised(f"if(\"iso3\" in ({codes}), 'own', 'other')", entries), label
    )


def _ground(colour: str) -> Symbol:
    """Fill a country; outlines of others are too coarse to be looked at closely."""
    if colour == _OWN:
        return Symbol("fill", (fill(colour),))
    far = {"outlineStyle": f"if(@map_scale < {_COARSE}, 'no', 'solid')"}
    shape = fill(colour, outline=_OUTLINE, outline_mm=0.25, defined=far)
    return Symbol("fill", (shape,))


def isochrones_look(minutes: pd.Series) -> Look:
    """
    Draw what is reached from the posts in so many minutes.

    Parameters
    ----------
    minutes
        The limits.

    Returns
    -------
    Look
        The soonest darkest, and on top.
    """
    limits = sorted({float(value) for value in minutes.dropna()})
    entries = [
        Entry(
            f"within {limit:g} minutes",
            Symbol("fill", (fill(colour_of(n)),)),
            value=f"{limit:g}",
        )
        for n, limit in enumerate(limits)
    ]
    return Look(
        categorised('to_string("minutes")', entries, order='-"minutes"'), opacity=0.6
    )


def colour_of(rank: int) -> str:
    """
    Colour a limit of travel time.

    Parameters
    ----------
    rank
        0 for the soonest.

    Returns
    -------
    str
        As ``#rrggbb``.
    """
    return ISOCHRONE_COLOURS[min(rank, len(ISOCHRONE_COLOURS) - 1)]
