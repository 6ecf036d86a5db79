"""Fields of layers: names with units for people, map tips, names of features."""

from __future__ import annotations

from html import escape
from xml.etree.ElementTree import Element

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.dictionary import LAYERS, Field, field_of
from geoborder.qgis.markup import element, quoted

_ESCAPES = "map('&', '&amp;', '<', '&lt;', '>', '&gt;')"
"""QGIS replaces them in this order."""

_NAMES = {
    "segments": "'Segment ' || \"segment_id\" || ', km ' || {km}",
    "segments_by_year": "'Segment ' || \"segment_id\" || ', ' || \"year\"",
    "gaps": "'Gap, km ' || {km}",
    "gaps_by_year": "'Gap in ' || \"year\" || ', km ' || {km}",
    "coverage": "'Covered, km ' || {km}",
    "response": "'Km ' || {km}",
    "isochrones": "'Within ' || \"minutes\" || ' minutes'",
    "border": '"border_id"',
    "placement_sites": '"kind" || \' \' || "site_id"',
    "measures": '"name"',
    "assignments": '"measure" || \', \' || "year"',
}
"""What a feature is called in lists, forms and tips."""

KM_RANGE = 'format_number("start_km", 1) || \' - \' || format_number("end_km", 1)'

_GAP = ("length_km", "official_start_km", "official_end_km", "assets_most")

_TIPS = {
    "segments": (
        "left_unit", "right_unit", "length_km", "coverage_share", "k_mean",
        "longest_gap_km", "priority", "priority_reason", "relief_m", "kind",
        "nearest_post", "post_km", "post_minutes", "cost",
    ),
    "segments_by_year": ("covered_km", "share", "k_mean", "gaps", "longest_gap_km"),
    "gaps": _GAP,
    "gaps_by_year": _GAP,
    "coverage": ("length_km", "assets", "asset_ids", "first_year"),
    "response": ("minutes", "site", "sites_30", "sites_60", "sites_120"),
    "isochrones": ("area_km2",),
    "assets": (
        "category", "equipment", "status", "from_year", "until_year", "chainage_km",
        "range_km", "mast_m", "cost", "running_cost_per_year", "basis", "reason",
    ),
    "placement_items": (
        "category", "equipment", "from_year", "chainage_km", "cost", "alone_km",
        "shared_km", "runner_up_site", "runner_up_loss", "why_year", "reason",
    ),
    "placement_sites": ("equipment", "chainage_km", "distance_km", "side", "items"),
    "units": ("unit_id", "country"),
    "crossings": ("opened", "position", "length_m", "chainage_km", "note", "source"),
    "places": ("population", "country", "chainage_km", "distance_km", "source"),
    "border": ("left", "right", "length_km", "official_length_km"),
    "countries": ("iso3",),
}  # fmt: skip
"""What a map tip tells, where the layer has it."""


def field_columns(table: pd.DataFrame) -> list[str]:
    """
    List the columns of a table that are fields of a layer.

    Parameters
    ----------
    table
        The table.

    Returns
    -------
    list of str
        All but the geometry.
    """
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    return [str(name) for name in table.columns if name != shape]


def known_field(layer: str, column: str, currency: str) -> Field | None:
    """
    Look a field up.

    Parameters
    ----------
    layer, column
        Names of the layer and of its column.
    currency
        The programme's currency.

    Returns
    -------
    Field or None
        Nothing for fields of somebody's own tables.
    """
    if layer not in LAYERS:
        return None
    return field_of(layer, column, currency=currency)


def name_expression(layer: str, table: pd.DataFrame) -> str:
    """
    Say what a layer's features are called.

    Parameters
    ----------
    layer
        Name of the layer.
    table
        Its table.

    Returns
    -------
    str
        QGIS expression.
    """
    columns = field_columns(table)
    if layer in _NAMES:
        return _NAMES[layer].format(km=KM_RANGE)
    return f'"{"name" if "name" in columns or not columns else columns[0]}"'


def map_tip(layer: str, table: pd.DataFrame, currency: str) -> str:
    """
    Write the map tip of a layer: data only through expressions that escape it.

    Parameters
    ----------
    layer
        Name of the layer.
    table
        Its table.
    currency
        The programme's currency.

    Returns
    -------
    str
        HTML with QGIS expressions; rows without a value are left out.
    """
    name = f"[% {_escaped(f'to_string({name_expression(layer, table)})')} %]"
    rows = []
    for column in _TIPS.get(layer, ()):
        if column not in table.columns:
            continue
        known = known_field(layer, column, currency)
        title = escape(known.alias if known else column).replace("%]", "% ]")
        value = _escaped(_shown(column, table[column]))
        head = quoted(f"<tr><th align='left'>{title}</th><td>")
        row = f"{head} || {value} || '</td></tr>'"
        rows.append(f"[% coalesce(try({row}, ''), '') %]")
    return f"<h4>{name}</h4><table cellpadding='2'>{''.join(rows)}</table>"


def _escaped(expression: str) -> str:
    """Turn an expression of text into one of HTML."""
    return f"replace({expression}, {_ESCAPES})"


def _shown(column: str, values: pd.Series) -> str:
    """Write a field as text for people; empty text counts as missing."""
    if pd.api.types.is_float_dtype(values):
        most = values.abs().replace(np.inf, np.nan).max()
        digits = sum(most < limit for limit in (10.0, 1000.0))
        return f'format_number("{column}", {digits})'
    if pd.api.types.is_datetime64_any_dtype(values):
        return f"format_date(\"{column}\", 'yyyy-MM-dd')"
    return f"nullif(to_string(\"{column}\"), '')"


def field_elements(layer: str, table: pd.DataFrame, currency: str) -> list[Element]:
    """
    Write what a style says of fields.

    Parameters
    ----------
    layer
        Name of the layer.
    table
        Its table.
    currency
        The programme's currency.

    Returns
    -------
    list of Element
        Aliases, what features are called, and the map tip.
    """
    aliases = []
    for n, column in enumerate(field_columns(table), start=1):
        known = known_field(layer, column, currency)
        if known is not None:
            facts = {"index": n, "field": column, "name": known.alias}
            aliases.append(element("alias", facts))
    return [
        element("aliases", None, *aliases),
        element("editorlayout", text="generatedlayout"),
        element("previewExpression", text=name_expression(layer, table)),
        element("mapTip", text=map_tip(layer, table, currency)),
    ]
