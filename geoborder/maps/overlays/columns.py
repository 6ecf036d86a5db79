"""Which columns tooltips and popups show, under what names, and as what text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import OptionError
from geoborder.maps.overlays.options import Fields
from geoborder.maps.style import ATTRIBUTES, words
from geoborder.tables import require_columns

LABELS = {
    "start_km": "From, km",
    "end_km": "To, km",
    "official_start_km": "From, official km",
    "official_end_km": "To, official km",
    "length_km": "Length, km",
    "left_unit": "Left of the line",
    "right_unit": "Right of the line",
    "nearest_place": "Nearest place",
    "place_km": "Distance to it, km",
    "nearest_crossing": "Nearest crossing",
    "crossing_km": "Distance to it, km",
    "priority_reason": "Why this level",
    "nearest_post": "Nearest post",
    "beyond_60_km": "More than an hour away, km",
    "covered_km": "Covered, km",
    "longest_gap_km": "Longest gap, km",
    "bearing_deg": "Bearing, degrees",
    "sinuosity": "Sinuosity",
    "asset_id": "Asset",
    "equipment": "Equipment",
    "category": "Category",
    "quantity": "Quantity",
    "status": "Status",
    "from_year": "From the year",
    "until_year": "Until the year",
    "reason": "Why there and then",
    "mode": "Covers by",
    "range_km": "Range, km",
    "chainage_km": "Chainage, km",
    "official_km": "Official chainage, km",
    "distance_km": "Distance to the border, km",
    "side": "Side of the border",
    "basis": "Basis",
    "site_id": "Site",
    "site_cost": "Added cost",
    "seen_km": "Border seen, km",
    "height_m": "Height, m",
    "slope_deg": "Slope, degrees",
    "unit_id": "Code",
    "name": "Name",
    "country": "Country",
    "country_left": "Left of the line",
    "country_right": "Right of the line",
    "length_m": "Length, m",
    "items": "Items there",
    "opened": "Opened",
    "position": "Position",
    "population": "Population",
    "source": "Source",
    "note": "Note",
    "assets": "Assets",
    "asset_ids": "Which",
    "first_year": "Covered since",
    "assets_most": "Most assets in it",
    "minutes": "Minutes",
    "area_km2": "Area, km2",
}
"""Names of geoborder's columns for readers."""

_ASIDE = frozenset(
    {
        "border_id", "left_unit_id", "right_unit_id", "elevation_min_m",
        "elevation_max_m", "aspect_deg", "priority_score", "posts_60",
        "nearest_post_before", "post_before_km", "travel", "mast_m", "target_m",
        "fov_deg", "min_range_km", "refraction", "detection_50_km", "azimuth_deg",
        "response_minutes", "shift_hours", "patrols_per_day", "measure_id",
        "segment_id", "running_cost_per_year", "crossing_id", "place_id", "segment",
    }
)  # fmt: skip
"""Columns of geoborder's tables that readers of a map can do without."""


@dataclass(frozen=True, slots=True)
class Card:
    """
    What a tooltip or a popup shows.

    Attributes
    ----------
    heading : bool
        Whether it begins with the row's heading.
    columns : list of str
        Columns below.
    labels : list of str or None
        Their names; None: values only.
    """

    heading: bool
    columns: list[str]
    labels: list[str] | None


def title_of(column: str) -> str:
    """
    Name a column as readers know it, with its unit.

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    str
        The title; the column's own name where there is none.
    """
    if column not in ATTRIBUTES:
        return LABELS.get(column, column)
    title, unit, _ = ATTRIBUTES[column]
    return f"{title}, {unit}" if unit else title


def factor_of(column: str) -> float:
    """
    Factor from a column's values to those that readers see.

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    float
        Such as 100 for a share shown in per cent.
    """
    return ATTRIBUTES[column][2] if column in ATTRIBUTES else 1.0


def plain_columns(layer: gpd.GeoDataFrame) -> list[str]:
    """
    List the columns that are no geometries.

    Parameters
    ----------
    layer
        A layer.

    Returns
    -------
    list of str
        In the layer's order.
    """
    return [str(c) for c, kind in layer.dtypes.items() if str(kind) != "geometry"]


def card_of(
    fields: Fields | None,
    layer: gpd.GeoDataFrame,
    *,
    main: list[str] | None,
    titled: str,
    keys: Mapping[str, Any],
    name: str,
) -> Card | None:
    """
    Find out what a tooltip or popup shall show.

    Parameters
    ----------
    fields
        What was asked for.
    layer
        The layer.
    main
        Columns shown below the heading for True; None: all that readers need.
    titled
        The column that the heading already tells.
    keys
        ``aliases`` and ``labels``.
    name
        What error messages call the layer.

    Returns
    -------
    Card or None
        None: nothing.

    Raises
    ------
    DataError
        If a column is missing, with the nearest name.
    OptionError
        If aliases are not one a column.
    """
    if fields is None or (isinstance(fields, (int, np.integer)) and not fields):
        return None
    there = plain_columns(layer)
    heading = fields is True
    if fields is True:
        told = {*_ASIDE, titled}
        filled = [c for c in there if c not in told and layer[c].notna().any()]
        columns = filled if main is None else main
    elif isinstance(fields, (int, np.integer)):
        columns = there[: int(fields)]
    else:
        columns = [fields] if isinstance(fields, str) else [str(c) for c in fields]
        require_columns(layer[there], columns, name=name)
        if not columns:
            return None
    if not keys.get("labels", True):
        return Card(heading, columns, None)
    labels = [title_of(column) for column in columns]
    if "aliases" in keys:
        labels = [str(alias) for alias in keys["aliases"]]
        if len(labels) != len(columns):
            msg = (
                f"`aliases` must be {len(columns)}, one a column "
                f"({', '.join(columns)}), got {len(labels)}."
            )
            raise OptionError(msg)
    return Card(heading, columns, labels)


def texts(values: pd.Series, column: str) -> list[str | None]:
    """
    Write a column for readers.

    Parameters
    ----------
    values
        The column.
    column
        Its name.

    Returns
    -------
    list of str or None
        None where a value is missing.
    """
    if pd.api.types.is_float_dtype(values):
        # -0.0 and figures too small to show are written as zero, without a sign.
        numbers = values.to_numpy(dtype=float, na_value=np.nan) * factor_of(column)
        numbers = np.round(numbers, 2) + 0.0
        return [words(v) or None for v in numbers.tolist()]
    if pd.api.types.is_datetime64_any_dtype(values):
        days = values.dt.normalize().eq(values) | values.isna()
        values = values.dt.strftime("%Y-%m-%d" if days.all() else "%Y-%m-%d %H:%M")
    missing = values.isna()
    return [
        None if none else (words(value) or None)
        for value, none in zip(values.tolist(), missing, strict=True)
    ]
