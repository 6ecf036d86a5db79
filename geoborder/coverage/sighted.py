"""What assets see of a border over the terrain."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from scipy.sparse import csr_array

from geoborder.chainage import Targets
from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.sight import line_of_sight
from geoborder.terrain import DemLike

_TURNS = np.arange(0.0, 360.0, 5.0)
"""Azimuths that a limited field may be turned to, in degrees."""

_WHOLE_DEG = 360.0


def sighted(
    assets: gpd.GeoDataFrame, targets: Targets, *, dem: DemLike
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """
    Find the stretches of border that each asset sees.

    Parameters
    ----------
    assets
        Assets of mode sight, points in EPSG:4326.
    targets
        The border as `border_targets` gives it.
    dem
        Elevation.

    Returns
    -------
    asset, line : ndarray of int
        Row of the asset and of the border, per stretch.
    start_m, end_m : ndarray
        Where it begins and ends: at the ends of cells whose middles are seen.
    """
    seen = line_of_sight(
        turned(assets, targets, dem=dem), targets.points, dem=dem
    ).tocoo()
    asset, cell = (np.asarray(index, dtype=np.int64) for index in seen.coords)
    return targets.stretches(asset, cell)


def turned(
    assets: gpd.GeoDataFrame, targets: Targets, *, dem: DemLike
) -> gpd.GeoDataFrame:
    """
    Turn limited fields that have no azimuth to where they see most.

    Parameters
    ----------
    assets
        Assets of mode sight, points in EPSG:4326. Not modified.
    targets
        The border as `border_targets` gives it.
    dem
        Elevation.

    Returns
    -------
    GeoDataFrame
        With ``azimuth_deg``, a multiple of 5 where it was chosen: the first, from
        north on, at which most cells of border are seen.
    """
    empty = np.full(len(assets), np.nan)
    fov = assets["fov_deg"].to_numpy(float) if "fov_deg" in assets else empty
    azimuth = (
        assets["azimuth_deg"].to_numpy(float) if "azimuth_deg" in assets else empty
    )
    rows = np.flatnonzero((fov < _WHOLE_DEG) & np.isnan(azimuth))
    if rows.size == 0:
        return assets
    own = assets.iloc[rows]
    seen = line_of_sight(
        own.assign(fov_deg=_WHOLE_DEG), targets.points, dem=dem
    ).tocoo()
    site, cell = seen.coords
    at, to = own.geometry.array[site], targets.points.array[cell]
    bearing, _ = inverse(at.x, at.y, to.x, to.y)
    apart = np.abs((bearing[:, None] - _TURNS + 180.0) % 360.0 - 180.0)
    inside = apart <= fov[rows][site][:, None] / 2.0
    shape = (rows.size, site.size)
    belongs = csr_array((np.ones(site.size), (site, np.arange(site.size))), shape=shape)
    azimuth = azimuth.copy()
    azimuth[rows] = _TURNS[np.argmax(belongs @ inside.astype(float), axis=1)]
    return assets.assign(azimuth_deg=azimuth)
