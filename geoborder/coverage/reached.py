"""What crews of assets reach of a border in time."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geoborder.chainage import Targets
from geoborder.errors import OptionError
from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.reach import Conditions, travel_time
from geoborder.terrain import Dem, DemLike, as_dem

FOOT = "foot"
"""How crews travel where nothing is said."""


def require_dem(assets: gpd.GeoDataFrame, dem: DemLike | None) -> Dem:
    """
    Refuse to go without elevation where assets need it.

    Parameters
    ----------
    assets
        Assets of a mode that needs elevation.
    dem
        Elevation, or None.

    Returns
    -------
    Dem
        Open elevation.

    Raises
    ------
    OptionError
        If there is none.
    """
    if dem is None:
        msg = (
            f"asset {assets['asset_id'].iloc[0]!r} covers by "
            f"{assets['mode'].iloc[0]}, which needs elevation: give `dem`."
        )
        raise OptionError(msg)
    return as_dem(dem)


def require_figure(assets: gpd.GeoDataFrame, column: str, what: str) -> None:
    """
    Refuse assets that lack a figure that their mode cannot do without.

    Parameters
    ----------
    assets
        Assets of a mode.
    column
        Column of the figure.
    what
        What it says, for the message.

    Raises
    ------
    OptionError
        If an asset lacks it.
    """
    without = assets
    if column in assets.columns:
        without = assets[assets[column].isna()]
    if len(without):
        msg = (
            f"asset {without['asset_id'].iloc[0]!r} covers by "
            f"{without['mode'].iloc[0]}, which needs a `{column}`, {what}."
        )
        raise OptionError(msg)


def by_travel(assets: gpd.GeoDataFrame) -> dict[str, BoolArray]:
    """
    Divide assets by the mode of travel of their crews.

    Parameters
    ----------
    assets
        Assets.

    Returns
    -------
    dict
        Name of the mode: which assets.
    """
    names = np.full(len(assets), FOOT, dtype=object)
    if "travel" in assets.columns:
        names = assets["travel"].fillna(FOOT).to_numpy(dtype=object)
    return {name: names == name for name in sorted(set(names))}


def reached(
    assets: gpd.GeoDataFrame,
    targets: Targets,
    *,
    dem: DemLike,
    conditions: Conditions | None,
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """
    Find the stretches of border that each asset's crew reaches in time.

    Parameters
    ----------
    assets
        Assets of mode reach, points in EPSG:4326, numbered from 0.
    targets
        The border as `border_targets` gives it.
    dem
        Elevation.
    conditions
        What travel meets.

    Returns
    -------
    asset, line : ndarray of int
        Row of the asset and of the border, per stretch.
    start_m, end_m : ndarray
        Where it begins and ends: at the ends of cells whose middles are reached.
    """
    within = assets["response_minutes"].to_numpy(float)
    hit = np.zeros((len(assets), targets.line.size), dtype=bool)
    for travel, which in by_travel(assets).items():
        most = float(within[which].max())
        if most <= 0.0:
            continue
        minutes = travel_time(
            assets[which], targets.points, dem=dem, mode=travel, minutes=most,
            conditions=conditions,
        ).to_numpy()  # fmt: skip
        hit[which] = minutes <= within[which][:, None]
    return targets.stretches(*np.nonzero(hit))
