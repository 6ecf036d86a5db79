"""Colours, classes and words of maps and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import pairwise

import numpy as np
import pandas as pd

from geoborder.dictionary import LAYERS

CATEGORY_COLOURS = {
    "posts": "#1b3a6b",
    "observation": "#7b3294",
    "communications": "#2a8fbd",
    "mobility": "#6b4a1e",
    "air": "#333333",
    "engineering": "#b38600",
    "training": "#117733",
    "supply": "#8c8c8c",
}

CATEGORY_SYMBOLS = {
    "posts": "pentagon",
    "observation": "triangle",
    "communications": "diamond",
    "mobility": "circle",
    "air": "star",
    "engineering": "square",
    "training": "triangle-down",
    "supply": "cross",
}
"""The same on maps and in pictures, so that colour is not all that tells them apart."""

COVERED_COLOUR = "#0072b2"
GAP_COLOUR = "#d55e00"
"""Okabe and Ito's blue and vermillion, which colour-blind readers tell apart."""

COVERED_COLOURS = ("#6bb3e0", "#0072b2", "#0b3c5d")
"""Covered by one asset, by two, by more."""

SITE_COLOUR = "#c51b7d"
"""Ring around candidate sites that are used; grey around others."""

ISOCHRONE_COLOURS = ("#08519c", "#4292c6", "#9ecae1", "#deebf7")
"""ColorBrewer Blues, the soonest darkest."""

_SEQUENCE = ("#ffffcc", "#c2e699", "#78c679", "#31a354", "#006837")
"""
ColorBrewer YlGn, five classes: ordered from light to dark, also for colour-blind
readers, and none like the blues of coverage.
"""

_LEVEL_COLOURS = {
    "low": "#fee5d9",
    "medium": "#fcae91",
    "high": "#fb6a4a",
    "critical": "#a50f15",
}
_KIND_COLOURS = {"lowland": "#7fbf7b", "mountain": "#8c6bb1", "unknown": "#bdbdbd"}

_SCALED = {"coverage_share": ("%", 100.0), "cost": ("thousand", 1e-3)}
"""Attributes that are shown in another unit, and the factor to it."""

_SHOWN = (
    "coverage_share",
    "priority",
    "k_mean",
    "longest_gap_km",
    "cost",
    "post_km",
    "post_minutes",
    "elevation_mean_m",
    "relief_m",
    "terrain_slope_deg",
    "ruggedness_m",
    "kind",
)

ATTRIBUTES = {
    name: (field.title, *_SCALED.get(name, (field.unit, 1.0)))
    for name in _SHOWN
    for field in (LAYERS["segments"].fields[name],)
}
"""Segment attributes a map can show: title, unit, factor to that unit."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """
    How an attribute is shown: a colour per segment, and the legend.

    Attributes
    ----------
    title : str
        Title of the legend.
    colours : list of str
        One per segment.
    classes : list of (str, str)
        Colour and label of each class, in order.
    """

    title: str
    colours: list[str]
    classes: list[tuple[str, str]]


def scheme(values: pd.Series, attribute: str) -> Scheme:
    """
    Class an attribute of segments and colour the classes.

    Parameters
    ----------
    values
        The attribute, one value per segment.
    attribute
        Its name, for title and unit.

    Returns
    -------
    Scheme
        Words get their own colours; numbers five classes of equal count, shares
        five of equal width.
    """
    title, unit, factor = ATTRIBUTES.get(attribute, (attribute, "", 1.0))
    full = f"{title}, {unit}" if unit else title
    if not pd.api.types.is_numeric_dtype(values):
        known = _LEVEL_COLOURS if attribute == "priority" else _KIND_COLOURS
        words = [w for w in known if w in set(values)]
        words += sorted(set(map(str, values)) - set(words))
        extra = iter(_SEQUENCE * (1 + len(words) // len(_SEQUENCE)))
        colour = {word: known.get(word) or next(extra) for word in words}
        return Scheme(
            full,
            [colour[str(v)] for v in values],
            [(colour[w], escape(w)) for w in words],
        )
    numbers = values.to_numpy(float) * factor
    known_numbers = numbers[np.isfinite(numbers)]
    if known_numbers.size == 0:
        return Scheme(full, ["#bdbdbd"] * len(numbers), [("#bdbdbd", "unknown")])
    if attribute == "coverage_share":
        edges = np.array([0.0, 20.0, 40.0, 60.0, 80.0, 100.0])
    else:
        edges = np.unique(np.quantile(known_numbers, np.linspace(0, 1, 6)))
    steps = max(edges.size - 1, 1)
    number = np.clip(np.searchsorted(edges[1:-1], numbers, side="right"), 0, steps - 1)
    shown = [_SEQUENCE[round(i * 4 / max(steps - 1, 1))] for i in range(steps)]
    colours = [
        shown[i] if ok else "#bdbdbd"
        for i, ok in zip(number, np.isfinite(numbers), strict=True)
    ]
    labels = _labels(edges)
    classes = list(zip(shown, labels, strict=True))
    if not np.isfinite(numbers).all():
        classes.append(("#bdbdbd", "unknown"))
    return Scheme(full, colours, classes)


def _labels(edges: np.ndarray) -> list[str]:
    """Ranges as text, with no more digits than tell them apart."""
    if edges.size == 1:
        return [f"{edges[0]:,.4g}"]
    narrowest = float(np.diff(edges).min())
    digits = int(np.clip(2 - np.floor(np.log10(narrowest) + 1), 0, 3))
    texts = [f"{e:,.{digits}f}" for e in edges]
    return [f"{low} - {high}" for low, high in pairwise(texts)]


def card(title: object, rows: list[tuple[str, object]], note: str = "") -> str:
    """
    Write a popup's HTML, with all data as text.

    Parameters
    ----------
    title
        Heading.
    rows
        Label and value; rows without a value are left out.
    note
        A line below.

    Returns
    -------
    str
        HTML in which nothing from the data is markup.
    """
    lines = [
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>"
        for label, value in rows
        if (text := words(value))
    ]
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<h4>{escape(words(title))}</h4><table>{''.join(lines)}</table>{below}"


def words(value: object) -> str:
    """
    Write a value for people; nothing for what is missing.

    Parameters
    ----------
    value
        A number, text, or missing.

    Returns
    -------
    str
        At most two decimals.
    """
    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and np.isnan(value))
    ):
        return ""
    if isinstance(value, (datetime, np.datetime64)):
        return str(pd.Timestamp(value).date())
    if isinstance(value, (float, np.floating)):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)
