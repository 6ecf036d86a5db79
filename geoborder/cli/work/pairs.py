"""Lines of sight as a table of pairs."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array

from geoborder.errors import DataError
from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.sight import sight_lines, visible_height
from geoborder.tables import LONLAT, lonlat_of
from geoborder.terrain import Dem

_IDS = {"sites": ("site_id", "asset_id"), "targets": ("target_id",)}
"""Columns that name sites and targets, where no other is asked for."""


def sight_pairs(
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    *,
    dem: Dem,
    site_id: str | None = None,
    target_id: str | None = None,
    lines: bool = True,
    **options: float,
) -> pd.DataFrame:
    """
    Tell for each site and target in its range whether it is seen.

    Parameters
    ----------
    sites, targets
        Points in any CRS. Not modified.
    dem
        Elevation.
    site_id, target_id
        Columns that name them; left out: ``site_id`` or ``asset_id``, ``target_id``,
        or the number of the row.
    lines
        Whether to give the straight lines between them.
    **options
        As for `line_of_sight`.

    Returns
    -------
    DataFrame or GeoDataFrame
        ``site``, ``target``, ``visible`` (missing where nodata leaves it unknown),
        ``distance_km`` (geodesic), ``visible_from_m`` (height above the ground from
        which the target would be seen) and, with `lines`, ``geometry`` (EPSG:4326).

    Raises
    ------
    DataError, OptionError
        As `line_of_sight` does, and if there is no such column.
    """
    names = _names(sites, site_id, "sites"), _names(targets, target_id, "targets")
    heights = visible_height(sites, targets, dem=dem, **options)
    looked = sight_lines(sites, targets, dem=dem, **options)
    site = np.repeat(np.arange(heights.shape[0]), np.diff(heights.indptr))
    target = heights.indices
    lon, lat = lonlat_of(sites, name="sites")
    at_lon, at_lat = lonlat_of(targets, name="targets")
    ends = (lon[site], lat[site], at_lon[target], at_lat[target])
    table = pd.DataFrame(
        {
            "site": names[0].take(site).reset_index(drop=True),
            "target": names[1].take(target).reset_index(drop=True),
            "visible": _states(site, target, looked.seen, looked.unknown),
            "distance_km": inverse(*ends)[1] / 1000.0,
            "visible_from_m": heights.data,
        }
    )
    if not lines:
        return table
    return gpd.GeoDataFrame(table, geometry=_straight(*ends), crs=LONLAT)


def _names(layer: gpd.GeoDataFrame, column: str | None, name: str) -> pd.Series:
    """Take what names the rows of a layer."""
    if column is None:
        found = [c for c in _IDS[name] if c in layer.columns]
        return layer[found[0]] if found else pd.Series(np.arange(len(layer)))
    if column not in layer.columns:
        known = ", ".join(map(str, layer.columns))
        msg = f"`{name}` has no column {column!r} to name its rows by; it has {known}."
        raise DataError(msg)
    return layer[column]


def _states(
    site: IntArray, target: IntArray, seen: csr_array, unknown: csr_array
) -> Any:  # noqa: ANN401 - of bool, or of boolean where some are missing
    """Tell of each pair whether it is seen; missing where it is not known."""
    states = pd.array(_among(site, target, seen), dtype="boolean")
    states[_among(site, target, unknown)] = pd.NA
    return states if states.isna().any() else states.astype(bool)


def _among(
    site: IntArray, target: IntArray, matrix: csr_array
) -> npt.NDArray[np.bool_]:
    """Tell which pairs a sparse matrix holds."""
    size = matrix.shape[1]
    held = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.isin(
        site.astype(np.int64) * size + target,
        held.astype(np.int64) * size + matrix.indices,
        assume_unique=True,
    )


def _straight(
    lon: FloatArray, lat: FloatArray, at_lon: FloatArray, at_lat: FloatArray
) -> npt.NDArray[np.object_]:
    """Draw the lines between pairs of points."""
    ends = np.stack([np.stack([lon, lat], 1), np.stack([at_lon, at_lat], 1)], 1)
    return shapely.linestrings(ends)
