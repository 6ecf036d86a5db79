"""Looks of lines: border, segments, coverage, gaps, travel."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from itertools import pairwise
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np
import pandas as pd

from geoborder.maps.style import (
    ATTRIBUTES,
    COVERED_COLOURS,
    GAP_COLOUR,
    ISOCHRONE_COLOURS,
    scheme,
)
from geoborder.qgis.fields import KM_RANGE
from geoborder.qgis.labels import Type, blocking, labelled
from geoborder.qgis.looks import Look, from_year, while_in_use
from geoborder.qgis.renderers import Entry, categorised, graduated, single
from geoborder.qgis.symbols import Symbol, beside, line

Side = Literal["left", "right"]

_DARK, _WHITE, _UNKNOWN = "#333333", "#ffffff", "#bdbdbd"
_LINE_MM, _RIM_MM, _HALO_MM = 1.05, 1.6, 2.1
"""The coloured line, its dark rim and the white around it."""

_AWAY_MM, _BAND_MM, _BAND_HALO_MM = 2.0, 1.3, 1.8
"""How far off the bands of coverage and gaps are, and how wide."""

_NEVER = 1e9
"""Minutes that stand for: no way there was found."""

_SHARES = pd.Series([0.1, 0.3, 0.5, 0.7, 0.9])
"""One of each class of a share."""


def border_look() -> Look:
    """
    Draw the border.

    Returns
    -------
    Look
        A dark line with a white rim; segments are drawn on it, labels beside it.
    """
    layers = line(_WHITE, _HALO_MM, cap="round"), line(_DARK, _RIM_MM, cap="round")
    return Look(single(Symbol("line", layers)), blocking())


def segments_look(
    segments: pd.DataFrame, attribute: str | None, *, currency: str
) -> Look:
    """
    Colour segments by an attribute.

    Parameters
    ----------
    segments
        The segments.
    attribute
        The attribute; without it all are alike.
    currency
        The programme's currency.

    Returns
    -------
    Look
        The same classes and colours as on the map page.
    """
    km = f"'km ' || {KM_RANGE}"
    labels = labelled(km, "line", Type(7.5), from_scale=600_000)
    if attribute is None:
        return Look(single(_coloured(_UNKNOWN)), labels)
    return Look(_by_attribute(segments[attribute], attribute, currency), labels)


def segments_by_year_look(last_year: int) -> Look:
    """
    Colour segments by the share that is covered, year by year.

    Parameters
    ----------
    last_year
        The year that is shown where no other one is chosen.

    Returns
    -------
    Look
        As of segments, each in its year.
    """
    entries = _shares(_in_year(last_year))
    return Look(graduated('"share" * 100', entries), temporal=while_in_use())


def gaps_look(side: Side, *, last_year: int | None = None) -> Look:
    """
    Draw gaps on the other side of the border.

    Parameters
    ----------
    side
        The programme's own side.
    last_year
        The year that is shown where no other one is chosen; without it the gaps are
        those of one year.

    Returns
    -------
    Look
        Thick, with their length in km.
    """
    now = None if last_year is None else _in_year(last_year)
    other: Side = "right" if side == "left" else "left"
    symbol = _band(GAP_COLOUR, other, now)
    long = '"length_km" > coalesce(@map_scale, 1000000) / 50000.0'
    labels = labelled(
        'format_number("length_km", if("length_km" < 10, 1, 0)) || \' km\'',
        other,
        Type(8.0, "#8a2f00", bold=True),
        show=f"{long} and ({now})" if now else long,
        priority=7,
    )
    return Look(single(symbol), labels, while_in_use() if now else None)


def coverage_look(side: Side) -> Look:
    """
    Draw what is covered beside the border, on the programme's own side.

    Parameters
    ----------
    side
        The programme's own side.

    Returns
    -------
    Look
        By the number of assets, from the year on in which it is covered.
    """
    words = ("1 asset", "2 assets", "3 assets or more")
    entries = [
        Entry(label, _band(colour, side), value=n)
        for n, (label, colour) in enumerate(
            zip(words, COVERED_COLOURS, strict=True), start=1
        )
    ]
    return Look(
        categorised('min("assets", 3)', entries), temporal=from_year("first_year")
    )


def response_look() -> Look:
    """
    Colour the border by the minutes from the nearest post.

    Returns
    -------
    Look
        Within 30, 60 and 120 minutes, more, and where no way leads.
    """
    ends = (0.0, 30.0, 60.0, 120.0, _NEVER / 2, _NEVER)
    words = ("0 - 30", "30 - 60", "60 - 120", "more than 120")
    labels = (*(f"{w} minutes" for w in words), "not reached")
    colours = (*ISOCHRONE_COLOURS, _UNKNOWN)
    entries = [
        Entry(label, _coloured(colour), lower=low, upper=high)
        for label, colour, low, high in zip(
            labels, colours, ends[:-1], ends[1:], strict=True
        )
    ]
    # QGIS refuses to reckon with infinite numbers: `try` catches it.
    never = f"{_NEVER:.0f}"
    minutes = f'coalesce(try(min("minutes", {never}), {never}), {never})'
    return Look(graduated(minutes, entries))


def _in_year(last_year: int) -> str:
    """Tell features of the year that is shown; the last one where time is off."""
    return f'@map_start_time is not null or "year" = {int(last_year)}'


def _coloured(colour: str, now: str | None = None) -> Symbol:
    """Draw a coloured line in a dark one."""
    defined = {"enabled": now} if now else None
    layers = (
        line(_WHITE, _HALO_MM, defined=defined),
        line(_DARK, _RIM_MM, cap="round", level=1, defined=defined),
        line(colour, _LINE_MM, level=2, defined=defined),
    )
    return Symbol("line", layers)


def _band(colour: str, side: Side, now: str | None = None) -> Symbol:
    """Draw a band beside the border."""
    away = _AWAY_MM if side == "left" else -_AWAY_MM
    defined = {"enabled": now} if now else None
    layers = (
        line(_WHITE, _BAND_HALO_MM, offset_mm=away, defined=defined),
        line(colour, _BAND_MM, offset_mm=away, defined=defined),
    )
    return Symbol("line", (beside(*layers),))


def _by_attribute(values: pd.Series, attribute: str, currency: str) -> Element:
    """Class an attribute as maps do, and give the classes to QGIS."""
    _, unit, factor = ATTRIBUTES[attribute]
    found = scheme(values, attribute)
    colours = np.asarray(found.colours)
    if not pd.api.types.is_numeric_dtype(values):
        words = [
            Entry(unescape(label), _coloured(colour), value=unescape(label))
            for colour, label in found.classes
        ]
        return categorised(f'"{attribute}"', words)
    numbers = values.to_numpy(float) * factor
    if attribute == "coverage_share":
        return graduated('"coverage_share" * 100', _shares())
    unit = f"{unit} {currency}" if attribute == "cost" else unit
    entries = _ranges(numbers, colours, found.classes, unit)
    return graduated(f'coalesce("{attribute}" * {factor}, -1)', entries)


def _shares(now: str | None = None) -> list[Entry]:
    """Classes of a share, of equal width, also where nothing is in them."""
    return [
        Entry(f"{label} %", _coloured(c, now), lower=20.0 * n, upper=20.0 * (n + 1))
        for n, (c, label) in enumerate(scheme(_SHARES, "coverage_share").classes)
    ]


def _ranges(
    numbers: np.ndarray,
    colours: np.ndarray,
    classes: Sequence[tuple[str, str]],
    unit: str,
) -> list[Entry]:
    """Find the limits of classes halfway between the numbers that are in them."""
    known = [(c, label) for c, label in classes if label != "unknown"]
    filled = [(c, label) for c, label in known if (colours == c).any()]
    inside = [numbers[colours == c] for c, _ in filled]
    between = [(low.max() + high.min()) / 2 for low, high in pairwise(inside)]
    ends = [0.0, *map(float, between), _NEVER]
    entries = [
        Entry(f"{label} {unit}".strip(), _coloured(c), lower=ends[n], upper=ends[n + 1])
        for n, (c, label) in enumerate(filled)
    ]
    if len(known) < len(classes):
        entries.append(Entry("unknown", _coloured(_UNKNOWN), lower=-1.0, upper=-0.5))
    return entries
