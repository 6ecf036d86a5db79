"""Looks of points: assets, sites, crossings, places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

import pandas as pd

from geoborder.maps.style import CATEGORY_COLOURS, CATEGORY_SYMBOLS, SITE_COLOUR
from geoborder.qgis.labels import Type, labelled
from geoborder.qgis.looks import Look, while_in_use
from geoborder.qgis.renderers import Entry, categorised, single
from geoborder.qgis.symbols import Symbol, marker

_DARK, _WHITE, _OTHER = "#111111", "#ffffff", "#8c8c8c"

_NEARER = (
    "case when @geometry_part_count is null then 1 when @map_scale > 2500000 then 0.45 "
    "when @map_scale > 1200000 then 0.55 when @map_scale > 500000 then 0.8 "
    "else 1.1 end"
)
"""Symbols grow as one looks closer; in legends, where no feature is, they do not."""

_SHOWN_AT_FIRST = ("posts", "observation")
"""As on the map page: what covers or holds the line."""

_PEOPLE = (
    'coalesce("population", 0) >= case when @map_scale > 4500000 then 100000 '
    "when @map_scale > 2500000 then 30000 when @map_scale > 900000 then 20000 "
    "when @map_scale > 450000 then 5000 else 0 end"
)
"""Larger places first, and smaller ones only where one looks closer."""


def assets_look(assets: pd.DataFrame) -> Look:
    """
    Draw assets by category, while they are in operation.

    Parameters
    ----------
    assets
        The plan's assets.

    Returns
    -------
    Look
        A dark rim around what stands already; larger in the year in which it is new.
    """
    show = "\"category\" = 'posts' or @map_scale < 60000"
    label = labelled('"name"', "point", Type(7.5), show=show, from_scale=150_000)
    renderer = categorised('"category"', _categories(assets), order=_posts_last())
    return Look(renderer, label, while_in_use())


def items_look(items: pd.DataFrame) -> Look:
    """
    Draw what placement placed.

    Parameters
    ----------
    items
        The placement's items.

    Returns
    -------
    Look
        By category, with the colour of used sites around them.
    """
    entries = _categories(items, rim=SITE_COLOUR, hidden=False)
    label = labelled('"asset_id"', "point", Type(7.0), from_scale=60_000)
    renderer = categorised('"category"', entries, order=_posts_last())
    return Look(renderer, label, while_in_use())


def sites_look() -> Look:
    """
    Draw candidate sites, small; rings are around those that are used.

    Returns
    -------
    Look
        The used ones on top.
    """
    used = _growing("circle", _WHITE, 2.2, rim=SITE_COLOUR, rim_mm=0.6)
    other = _growing("circle", _WHITE, 1.2, rim="#666666", rim_mm=0.2)
    entries = [
        Entry("used", Symbol("marker", (used,)), value="used"),
        Entry("considered", Symbol("marker", (other,)), value="considered"),
    ]
    test = "if(coalesce(\"items\", 0) > 0, 'used', 'considered')"
    return Look(categorised(test, entries, order='"items"'))


def crossings_look() -> Look:
    """
    Draw official crossings.

    Returns
    -------
    Look
        Yellow squares, named where one looks closer.
    """
    symbol = _growing("square", "#ffd23f", 2.4, rim=_DARK, rim_mm=0.4)
    label = labelled(
        '"name"', "point", Type(8.0, bold=True), from_scale=1_500_000, priority=8
    )
    return Look(single(Symbol("marker", (symbol,))), label)


def places_look() -> Look:
    """
    Draw places, the more of them the closer one looks.

    Returns
    -------
    Look
        Small circles with names.
    """
    symbol = marker(
        "circle", _WHITE, 1.5, rim=_DARK, rim_mm=0.3, defined={"enabled": _PEOPLE}
    )
    label = labelled('"name"', "point", Type(8.0, "#333333"), show=_PEOPLE, priority=4)
    return Look(single(Symbol("marker", (symbol,))), label)


def _categories(
    table: pd.DataFrame, *, rim: str | None = None, hidden: bool = True
) -> list[Entry]:
    """Give each category that there is its symbol."""
    there = set(table["category"].dropna().astype(str))
    names = [name for name in CATEGORY_SYMBOLS if name in there]
    standing = f"if(\"from_year\" is null, '{_DARK}', '{_WHITE}')"
    new = 'if(coalesce("from_year" = year(@map_start_time), false), 1.3, 1)'
    entries = []
    for name in [*names, *sorted(there - set(names))]:
        symbol = _growing(
            CATEGORY_SYMBOLS.get(name, "circle"),
            CATEGORY_COLOURS.get(name, _OTHER),
            2.7,
            rim=rim or _WHITE,
            rim_mm=0.3,
            times=new,
            defined={"outlineColor": standing} if rim is None else {},
        )
        first = not hidden or name in _SHOWN_AT_FIRST
        entries.append(Entry(name, Symbol("marker", (symbol,)), name, shown=first))
    return entries


def _growing(
    shape: str,
    colour: str,
    size_mm: float,
    *,
    rim: str,
    rim_mm: float,
    times: str = "1",
    defined: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Draw a point and its outline the larger, the closer one looks."""
    sizes = {
        "size": f"{size_mm} * ({_NEARER}) * {times}",
        "outlineWidth": f"{rim_mm} * ({_NEARER})",
    }
    return marker(
        shape, colour, size_mm, rim=rim, rim_mm=rim_mm, defined={**sizes, **defined}
    )


def _posts_last() -> str:
    """Order in which posts lie on top."""
    return "if(\"category\" = 'posts', 1, 0)"
