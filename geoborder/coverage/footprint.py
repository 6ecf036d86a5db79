"""What each asset covers by itself: its footprints on the border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border, border_targets
from geoborder.coverage.sighted import sighted
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import FloatArray, IntArray, Polylines, polylines
from geoborder.nearest import EdgeTree, edge_tree, find_feet, stretches_within
from geoborder.segment import segment_border
from geoborder.tables import (
    ASSETS,
    POINTS,
    SEGMENTS,
    require_layer,
    require_not_swapped,
    validate,
)
from geoborder.terrain import DemLike

_LONGEST_RADIUS_KM = 1000.0

Stretches = tuple[IntArray, IntArray, FloatArray, FloatArray]


def footprints(
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    target_spacing_km: float = 0.1,
) -> pd.DataFrame:
    """
    Find the stretches of border that each asset covers.

    Parameters
    ----------
    border
        One border or several.
    assets, dem, target_spacing_km
        As for `cover`.

    Returns
    -------
    DataFrame
        A row per asset and stretch: ``asset_id``, ``border_id``, ``start_km``,
        ``end_km``, ``from_year``, ``until_year``, in the order of `assets`.

    Raises
    ------
    DataError
        If a table is unusable.
    OptionError
        If a radius exceeds 1,000 km, or assets see and `dem` is missing.
    """
    table = as_border(border)
    checked = active_assets(assets)
    lines = polylines(table.geometry.array)
    tree = edge_tree(lines)
    found = []
    for mode in ("radius", "patrol", "sight"):
        rows = np.flatnonzero((checked["mode"] == mode) & checked.geometry.notna())
        if rows.size == 0:
            continue
        own = require_layer(checked.iloc[rows], name="assets", kinds=POINTS)
        require_not_swapped(own, name="assets", near=table, near_name="border")
        if mode == "sight":
            if dem is None:
                msg = (
                    f"asset {own['asset_id'].iloc[0]!r} covers by sight, which needs "
                    f"elevation: give `dem`."
                )
                raise OptionError(msg)
            _require_masts(own)
            targets = border_targets(table, spacing_km=target_spacing_km)
            point, line, start_m, end_m = sighted(own, targets, dem=dem)
        else:
            stretches = _discs if mode == "radius" else _patrols
            lon, lat = own.geometry.x.to_numpy(float), own.geometry.y.to_numpy(float)
            reach = own["range_km"].fillna(0.0).to_numpy(float)
            point, line, start_m, end_m = stretches(tree, lines, lon, lat, reach)
        found.append((rows[point], line, start_m, end_m))
    asset, line, start_m, end_m = (
        np.concatenate(arrays) for arrays in zip(_NONE, *found, strict=True)
    )
    order = np.lexsort((start_m, line, asset))
    asset, line = asset[order], line[order]
    return pd.DataFrame(
        {
            "asset_id": checked["asset_id"].to_numpy()[asset],
            "border_id": table["border_id"].to_numpy()[line],
            "start_km": start_m[order] / 1000.0,
            "end_km": end_m[order] / 1000.0,
            "from_year": checked["from_year"].array[asset],
            "until_year": checked["until_year"].array[asset],
        }
    )


def _require_masts(assets: gpd.GeoDataFrame) -> None:
    """Refuse assets that see from no stated height."""
    without = assets
    if "mast_m" in assets.columns:
        without = assets[assets["mast_m"].isna()]
    if len(without):
        msg = (
            f"asset {without['asset_id'].iloc[0]!r} covers by sight, which needs a "
            f"`mast_m`, the height of the eye in metres."
        )
        raise OptionError(msg)


_NONE: Stretches = (
    np.empty(0, dtype=np.int64),
    np.empty(0, dtype=np.int64),
    np.empty(0),
    np.empty(0),
)


def line_and_segments(
    border: gpd.GeoDataFrame, segments: gpd.GeoDataFrame | None, *, k: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """
    Check what coverage is asked for.

    Parameters
    ----------
    border, segments, k
        As for `cover`.

    Returns
    -------
    border, segments : GeoDataFrame
        The border as `as_border` gives it; segments of it, numbered from 0.

    Raises
    ------
    DataError
        If a layer is unusable, or segments are not of this border.
    OptionError
        If `k` is not a whole number of at least 1.
    """
    if k < 1 or int(k) != k:
        msg = f"`k` must be a whole number of at least 1, got {k!r}."
        raise OptionError(msg)
    table = as_border(border)
    parts = segment_border(table) if segments is None else segments
    parts = validate(parts, SEGMENTS, name="segments").reset_index(drop=True)
    if not parts["border_id"].isin(table["border_id"]).all():
        msg = "`segments` has a `border_id` that `border` does not have."
        raise DataError(msg)
    return table, parts


def active_assets(assets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Check an asset table, fill in years, and leave retired assets out.

    Parameters
    ----------
    assets
        As for `cover`.

    Returns
    -------
    GeoDataFrame
        With ``from_year`` and ``until_year`` as nullable integers.

    Raises
    ------
    DataError
        If the table does not fit its schema.
    """
    table: gpd.GeoDataFrame = validate(assets, ASSETS, name="assets")
    if "status" in table.columns:
        table = table[table["status"] != "retired"]
    missing = {
        column: pd.array([pd.NA] * len(table), dtype="Int64")
        for column in ("from_year", "until_year")
        if column not in table.columns
    }
    return table.assign(**missing).reset_index(drop=True)


def _discs(
    tree: EdgeTree, lines: Polylines, lon: FloatArray, lat: FloatArray, km: FloatArray
) -> Stretches:
    """Stretches within a geodesic radius."""
    del lines
    if km.max() > _LONGEST_RADIUS_KM:
        msg = (
            f"`range_km` of mode radius may be {_LONGEST_RADIUS_KM:,.0f} at most, got "
            f"{km.max():g}."
        )
        raise OptionError(msg)
    return stretches_within(tree, lon, lat, km * 1000.0)


def _patrols(
    tree: EdgeTree, lines: Polylines, lon: FloatArray, lat: FloatArray, km: FloatArray
) -> Stretches:
    """Stretches within a distance along the line from the foot, clipped to it."""
    feet = find_feet(tree, lon, lat)
    reach = km * 1000.0
    start = np.maximum(feet.chainage_m - reach, 0.0)
    end = np.minimum(feet.chainage_m + reach, lines.length_m[feet.line])
    near = np.flatnonzero((feet.distance_m <= reach) & (end > start))
    return near, feet.line[near], start[near], end[near]
