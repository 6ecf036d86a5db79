"""Styles of a plan's layers, as QGIS reads them from files and GeoPackages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geoborder.maps.style import ATTRIBUTES
from geoborder.qgis.areas import countries_look, isochrones_look, units_look
from geoborder.qgis.fields import field_elements
from geoborder.qgis.lines import (
    Side,
    border_look,
    coverage_look,
    gaps_look,
    response_look,
    segments_by_year_look,
    segments_look,
)
from geoborder.qgis.looks import Look, qml_root
from geoborder.qgis.markup import document
from geoborder.qgis.points import (
    assets_look,
    crossings_look,
    items_look,
    places_look,
    sites_look,
)

_SEGMENT_STYLES = (
    "coverage_share",
    "priority",
    "cost",
    "relief_m",
    "post_minutes",
    "kind",
)
"""Attributes with a style of segments each; the first is the default."""


@dataclass(frozen=True, slots=True)
class Style:
    """
    A style of a layer.

    Attributes
    ----------
    name : str
        What QGIS's menu of styles calls it.
    qml : str
        The style, as a QML document.
    default : bool
        Whether a layer gets it unasked.
    description : str
        What it shows.
    """

    name: str
    qml: str
    default: bool
    description: str


@dataclass(frozen=True, slots=True)
class NamedLook:
    """
    A look with its name.

    Attributes
    ----------
    name : str
        What QGIS's menu of styles calls it.
    look : Look
        The look.
    description : str
        What it shows.
    """

    name: str
    look: Look
    description: str


@dataclass(frozen=True, slots=True)
class _Scene:
    """What looks depend on."""

    table: gpd.GeoDataFrame
    own: frozenset[str]
    last: int
    side: Side


_LOOKS: Mapping[str, tuple[str, str, Callable[[_Scene], Look]]] = {
    "border": ("Border", "The line.", lambda _: border_look()),
    "segments_by_year": (
        "Share covered, by year",
        "Share of each segment that is covered in the year shown.",
        lambda scene: segments_by_year_look(scene.last),
    ),
    "gaps": ("Gaps", "What is not covered.", lambda scene: gaps_look(scene.side)),
    "gaps_by_year": (
        "Gaps by year",
        "What is not covered in the year shown.",
        lambda scene: gaps_look(scene.side, last_year=scene.last),
    ),
    "coverage": (
        "Number of assets",
        "How many assets cover it in the end; shown from its first year on.",
        lambda scene: coverage_look(scene.side),
    ),
    "response": (
        "Minutes from a post",
        "Minutes from the nearest post.",
        lambda _: response_look(),
    ),
    "assets": (
        "Category",
        "Assets by category while they are in operation; a dark rim: stands already.",
        lambda scene: assets_look(scene.table),
    ),
    "placement_items": (
        "Category",
        "What was placed, by category, while it is in operation.",
        lambda scene: items_look(scene.table),
    ),
    "placement_sites": (
        "Sites",
        "Sites that were considered; ringed: used.",
        lambda _: sites_look(),
    ),
    "isochrones": (
        "Minutes",
        "What is reached in so many minutes.",
        lambda scene: isochrones_look(scene.table["minutes"]),
    ),
    "units": ("Units", "Outlines and names.", lambda _: units_look()),
    "countries": (
        "Countries",
        "The border's countries and others.",
        lambda scene: countries_look(scene.own),
    ),
    "crossings": ("Crossings", "Official crossings.", lambda _: crossings_look()),
    "places": (
        "Places by population",
        "The more places the closer one looks.",
        lambda _: places_look(),
    ),
}
"""Title, description and look of each layer but segments, which have several."""


def layer_styles(
    tables: Mapping[str, pd.DataFrame],
    *,
    currency: str,
    years: Sequence[int],
    side: Side = "left",
) -> dict[str, list[Style]]:
    """
    Make styles for a plan's layers.

    Parameters
    ----------
    tables
        The plan's tables by their names, with those that are added for maps:
        ``segments_by_year``, ``gaps_by_year``, ``countries``.
    currency
        The programme's currency.
    years
        The plan's years, in order.
    side
        The programme's own side of the border.

    Returns
    -------
    dict of str to list of Style
        By layer; the first one of each is the default. Tables without geometry have
        one too, with names of fields; layers that a plan does not have get none.

    Examples
    --------
    >>> import geoborder as gb
    >>> tables = {"places": gb.load_places()}
    >>> styles = layer_styles(tables, currency="USD", years=[2025])
    >>> [(style.name, style.default) for style in styles["places"]]
    [('Places by population', True)]
    """
    found = {}
    for name, table in tables.items():
        fields = field_elements(name, table, currency)
        found[name] = [
            Style(
                named.name,
                document("qgis", qml_root(named.look), [*named.look.to_xml(), *fields]),
                default=n == 0,
                description=named.description,
            )
            for n, named in enumerate(
                looks_of(name, tables, currency=currency, years=years, side=side)
            )
        ]
    return found


def looks_of(
    name: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    currency: str,
    years: Sequence[int],
    side: Side,
) -> list[NamedLook]:
    """
    Make the looks of a layer.

    Parameters
    ----------
    name
        Name of the layer.
    tables, currency, years, side
        As `layer_styles` takes them.

    Returns
    -------
    list of NamedLook
        At least one.
    """
    table = tables[name]
    if not isinstance(table, gpd.GeoDataFrame):
        return [NamedLook("Fields", Look(), "Names and units of the fields.")]
    if name == "segments":
        return _segment_looks(table, currency)
    if name not in _LOOKS:
        return []
    border = tables.get("border")
    own = set() if border is None else {*border["left"], *border["right"]}
    title, description, look = _LOOKS[name]
    scene = _Scene(table, frozenset(map(str, own)), max(years), side)
    return [NamedLook(title, look(scene), description)]


def _segment_looks(segments: gpd.GeoDataFrame, currency: str) -> list[NamedLook]:
    """Make a look for each attribute that the segments have."""
    looks = []
    for attribute in _SEGMENT_STYLES:
        if attribute not in segments or not segments[attribute].notna().any():
            continue
        title, unit, _ = ATTRIBUTES[attribute]
        unit = f"{unit} {currency}" if attribute == "cost" else unit
        look = segments_look(segments, attribute, currency=currency)
        told = f"{title}, {unit}" if unit else title
        # Files have room for thirty letters.
        looks.append(NamedLook(title.partition(",")[0], look, f"{told}."))
    if not looks:
        plain = segments_look(segments, None, currency=currency)
        looks.append(NamedLook("Segments", plain, "All alike."))
    return looks
