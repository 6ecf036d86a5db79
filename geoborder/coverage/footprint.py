"""What each asset covers by itself: its footprints on the border."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border, border_targets
from geoborder.coverage.patrols import patrolled
from geoborder.coverage.reached import reached, require_dem, require_figure
from geoborder.coverage.sighted import sighted
from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.geodesy import BoolArray, FloatArray, IntArray, polylines
from geoborder.nearest import EdgeTree, edge_tree, find_feet, stretches_within
from geoborder.reach import Conditions
from geoborder.segment import segment_border
from geoborder.tables import (
    ASSETS,
    POINTS,
    SEGMENTS,
    require_layer,
    require_not_swapped,
    require_rows,
    require_spatial,
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
    conditions: Conditions | None = None,
) -> pd.DataFrame:
    """
    Find the stretches of border that each asset covers.

    Parameters
    ----------
    border
        One border or several.
    assets, dem, target_spacing_km, conditions
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
        If a radius exceeds 1,000 km, or an asset lacks what its mode needs.

    Warns
    -----
    GeoborderWarning
        If all assets are more than 1,000 km from the border.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> border = gb.load_border()
    >>> assets = gpd.GeoDataFrame(
    ...     {
    ...         "asset_id": ["post", "mast"],
    ...         "mode": ["patrol", "radius"],
    ...         "range_km": [8.0, 5.0],
    ...     },
    ...     geometry=gb.point_at(border, [100, 500]),
    ... )
    >>> found = gb.footprints(border, assets)
    >>> found[["asset_id", "border_id", "start_km", "end_km"]].round(1)
      asset_id border_id  start_km  end_km
    0     post   TJK-AFG      92.0   108.0
    1     mast   TJK-AFG     494.8   505.4
    """
    table = as_border(border)
    checked = active_assets(assets)
    lines = polylines(table.geometry.array)
    tree = edge_tree(lines)
    found, placed = [], []
    for mode in ("radius", "patrol", "sight", "reach"):
        rows = np.flatnonzero((checked["mode"] == mode) & checked.geometry.notna())
        if rows.size == 0:
            continue
        own = require_layer(checked.iloc[rows], name="assets", kinds=POINTS)
        require_not_swapped(own, name="assets", near=table, near_name="border")
        own = own.reset_index(drop=True)
        if mode == "radius":
            require_figure(own, "range_km", "its radius")
            point, line, start_m, end_m = _discs(tree, own)
        elif mode == "patrol":
            point, line, start_m, end_m = patrolled(
                tree, lines, own, dem=dem, conditions=conditions
            )
        else:
            ground = require_dem(own, dem)
            targets = border_targets(table, spacing_km=target_spacing_km)
            if mode == "sight":
                require_figure(own, "range_km", "how far it sees at most")
                require_figure(own, "mast_m", "the height of the eye in metres")
                point, line, start_m, end_m = sighted(own, targets, dem=ground)
            else:
                require_figure(own, "response_minutes", "the time its crew may take")
                point, line, start_m, end_m = reached(
                    own, targets, dem=ground, conditions=conditions
                )
        found.append((rows[point], line, start_m, end_m))
        placed.append(own)
    asset, line, start_m, end_m = (
        np.concatenate(arrays) for arrays in zip(_NONE, *found, strict=True)
    )
    if placed and not asset.size:
        _warn_if_far(tree, pd.concat(placed, ignore_index=True))
    order = np.lexsort((start_m, line, asset))
    asset, line = asset[order], line[order]
    return pd.DataFrame(
        {
            "asset_id": checked["asset_id"].array[asset],
            "border_id": table["border_id"].array[line],
            "start_km": start_m[order] / 1000.0,
            "end_km": end_m[order] / 1000.0,
            "from_year": checked["from_year"].array[asset],
            "until_year": checked["until_year"].array[asset],
        }
    )


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
    require_rows(parts, name="segments")
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
        If it is no layer, or does not fit its schema.
    """
    require_spatial(assets, name="assets")
    table: gpd.GeoDataFrame = validate(assets, ASSETS, name="assets")
    if "status" in table.columns:
        table = table[table["status"] != "retired"]
    missing = {
        column: pd.array([pd.NA] * len(table), dtype="Int64")
        for column in ("from_year", "until_year")
        if column not in table.columns
    }
    return table.assign(**missing).reset_index(drop=True)


def operating(assets: pd.DataFrame, year: int) -> BoolArray:
    """
    Tell which assets, or footprints of assets, are in operation in a year.

    Parameters
    ----------
    assets
        With ``from_year`` and ``until_year``; empty: always, and no end.
    year
        The year.

    Returns
    -------
    ndarray of bool
        One per row.
    """
    begun = assets["from_year"].fillna(year) <= year
    going = assets["until_year"].fillna(year) >= year
    return (begun & going).to_numpy(dtype=bool)


def _warn_if_far(tree: EdgeTree, assets: gpd.GeoDataFrame) -> None:
    """Tell if no asset is where it could cover any of the border."""
    lon, lat = assets.geometry.x.to_numpy(float), assets.geometry.y.to_numpy(float)
    km = find_feet(tree, lon, lat).distance_m / 1000.0
    if km.min() > _LONGEST_RADIUS_KM:
        text = (
            "No asset covers any of the border: the nearest, "
            f"{assets['asset_id'].iloc[km.argmin()]!r}, is {km.min():,.0f} km away. "
            "Check the places of assets, and that it is their border."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=3)


def _discs(tree: EdgeTree, assets: gpd.GeoDataFrame) -> Stretches:
    """Stretches within a geodesic radius."""
    km = assets["range_km"].to_numpy(float)
    if km.max() > _LONGEST_RADIUS_KM:
        msg = (
            f"`range_km` of mode radius may be {_LONGEST_RADIUS_KM:,.0f} at most, got "
            f"{km.max():g}."
        )
        raise OptionError(msg)
    lon, lat = assets.geometry.x.to_numpy(float), assets.geometry.y.to_numpy(float)
    return stretches_within(tree, lon, lat, km * 1000.0)
