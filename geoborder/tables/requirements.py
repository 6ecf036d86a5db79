"""What layers and tables must be before anything is made of them."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from geoborder.errors import DataError

LONLAT = "EPSG:4326"

POINTS = frozenset({"Point"})
LINES = frozenset({"LineString", "MultiLineString"})
POLYGONS = frozenset({"Polygon", "MultiPolygon"})

_FAR_DEG = 10.0

_GLOBE = (360.0, 90.0)
"""Greatest longitude and latitude either way, in degrees."""


def require_layer(layer: Any, *, name: str, kinds: Collection[str]) -> Any:  # noqa: ANN401 - the type that came
    """
    Check that a layer can be used, and bring it to longitude and latitude.

    Parameters
    ----------
    layer
        GeoDataFrame or GeoSeries in any CRS. Not modified.
    name
        What error messages call it.
    kinds
        Geometry types it may have.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows in EPSG:4326.

    Raises
    ------
    DataError
        If it is no layer, has no rows or no CRS, or a row has a null or empty
        geometry, one of another type, or coordinates that are not finite or
        not on the globe.
    """
    layer = require_spatial(layer, name=name)
    require_rows(layer, name=name)
    _require_geometries(layer, name=name, kinds=kinds)
    try:
        lonlat = layer if layer.crs == LONLAT else layer.to_crs(LONLAT)
    except ProjError as error:
        msg = (
            f"`{name}` has a CRS that leads to no longitude and latitude: "
            f"{layer.crs.name!r}. Declare the one its coordinates are really in."
        )
        raise DataError(msg) from error
    if not np.isfinite(lonlat.geometry.total_bounds).all():
        msg = (
            f"`{name}` does not fit its CRS {layer.crs.to_string()}: coordinates "
            f"{_row_of(layer, 0)} have no longitude and latitude. Declare the CRS "
            f"the coordinates are really in."
        )
        raise DataError(msg)
    return lonlat


def require_spatial(layer: Any, *, name: str) -> Any:  # noqa: ANN401 - the type that came
    """
    Check that a layer has geometry, and says where on the earth it is.

    Parameters
    ----------
    layer
        GeoDataFrame or GeoSeries in any CRS; may be empty, or lack geometry in rows.
    name
        What error messages call it.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same.

    Raises
    ------
    DataError
        If it is no layer, or has no geometry column or no CRS.
    """
    if not isinstance(layer, (gpd.GeoDataFrame, gpd.GeoSeries)):
        msg = (
            f"`{name}` must be a GeoDataFrame or GeoSeries, got {type(layer).__name__}."
        )
        raise DataError(msg)
    if isinstance(layer, gpd.GeoDataFrame) and layer.active_geometry_name is None:
        msg = f"`{name}` has no geometry column; name one with `set_geometry`."
        raise DataError(msg)
    if layer.crs is None:
        msg = (
            f"`{name}` has no CRS; declare the one its coordinates are in, "
            f'such as `{name}.set_crs("EPSG:4326")`.'
        )
        raise DataError(msg)
    return layer


def require_rows(table: pd.DataFrame | gpd.GeoSeries, *, name: str) -> None:
    """
    Check that a table is not empty.

    Parameters
    ----------
    table
        The table.
    name
        What error messages call it.

    Raises
    ------
    DataError
        If it has no rows.
    """
    if len(table) == 0:
        msg = f"`{name}` is empty; it needs at least one row."
        raise DataError(msg)


def attributes_of(layer: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.DataFrame:
    """
    Take what a layer says of its rows besides where they are.

    Parameters
    ----------
    layer
        The layer.

    Returns
    -------
    DataFrame
        Its columns but the geometry, none of a GeoSeries; the same index.
    """
    if isinstance(layer, gpd.GeoSeries):
        return pd.DataFrame(index=layer.index)
    return pd.DataFrame(layer.drop(columns=layer.active_geometry_name))


def _label(layer: gpd.GeoDataFrame | gpd.GeoSeries, row: int) -> str:
    """Give a row's label as Python writes it, not as NumPy does."""
    return repr(layer.index[[row]].tolist()[0])


def _row_of(layer: gpd.GeoDataFrame | gpd.GeoSeries, row: int) -> str:
    """Name a row and its first vertex for a message."""
    xy = shapely.get_coordinates(layer.geometry.iloc[row])[0]
    return f"in row {_label(layer, row)} ({xy[0]:.6g}, {xy[1]:.6g})"


def _require_geometries(
    layer: gpd.GeoDataFrame | gpd.GeoSeries, *, name: str, kinds: Collection[str]
) -> None:
    """Refuse null, empty and not finite geometries, and those of another type."""
    shapes = layer.geometry
    array = shapes.to_numpy()
    kind = shapely.get_type_id(array)
    missing = np.flatnonzero((kind < 0) | shapely.is_empty(array))
    if missing.size:
        others = f" (and {missing.size - 1} more)" if missing.size > 1 else ""
        msg = (
            f"`{name}` has no geometry in row {_label(layer, missing[0])}{others}; "
            f"drop such rows or fill them."
        )
        raise DataError(msg)
    allowed = [shapely.GeometryType[name.upper()] for name in kinds]
    other = np.flatnonzero(~np.isin(kind, allowed))
    if other.size:
        msg = (
            f"`{name}` must hold {' or '.join(sorted(kinds))}, got "
            f"{shapes.geom_type.iloc[other[0]]} in row {_label(layer, other[0])}."
        )
        raise DataError(msg)
    xy = shapely.get_coordinates(array)
    furthest = np.array([np.abs(axis).max() for axis in xy.T])
    in_degrees = layer.crs.is_geographic
    if np.isfinite(furthest).all() and (not in_degrees or (furthest <= _GLOBE).all()):
        return
    xy, row = shapely.get_coordinates(array, return_index=True)
    bad = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if bad.size:
        msg = (
            f"`{name}` has a coordinate that is not a number in row "
            f"{_label(layer, row[bad[0]])}; repair or drop the row."
        )
        raise DataError(msg)
    bad = np.flatnonzero((np.abs(xy) > _GLOBE).any(axis=1))
    x, y = xy[bad[0]]
    msg = (
        f"`{name}` has longitude {x:.6g}, latitude {y:.6g} in row "
        f"{_label(layer, row[bad[0]])}, which is not on the globe."
    )
    if abs(x) <= _GLOBE[1] and abs(y) <= _GLOBE[0]:
        msg += " Longitude and latitude look swapped: give longitude first."
    raise DataError(msg)


def require_not_swapped(
    layer: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    name: str,
    near: gpd.GeoDataFrame | gpd.GeoSeries,
    near_name: str,
) -> None:
    """
    Refuse a layer that lies far away but would be near with its axes swapped.

    Parameters
    ----------
    layer, near
        Layers in longitude and latitude.
    name, near_name
        What error messages call them.

    Raises
    ------
    DataError
        If every vertex of `layer` is more than 10 degrees from the bounds of
        `near`, and less with longitude and latitude exchanged.
    """
    west, south, east, north = near.total_bounds

    def is_near(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return np.asarray(
            (lon > west - _FAR_DEG)
            & (lon < east + _FAR_DEG)
            & (lat > south - _FAR_DEG)
            & (lat < north + _FAR_DEG)
        )

    start = shapely.get_coordinates(layer.geometry.iloc[0])
    if is_near(start[:, 0], start[:, 1]).any():
        return
    xy = shapely.get_coordinates(layer.geometry.to_numpy())
    if not is_near(xy[:, 0], xy[:, 1]).any() and is_near(xy[:, 1], xy[:, 0]).all():
        msg = (
            f"`{name}` has longitude and latitude swapped: row {_label(layer, 0)} is "
            f"at longitude {xy[0, 0]:.6g}, latitude {xy[0, 1]:.6g}, far from "
            f"`{near_name}`, and near it the other way round."
        )
        raise DataError(msg)


def lonlat_of(
    layer: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    name: str,
    near: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    near_name: str = "",
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of a layer of points, checked."""
    points = require_layer(layer, name=name, kinds=POINTS)
    if near is not None:
        known = require_layer(near, name=near_name, kinds=POINTS)
        require_not_swapped(points, name=name, near=known, near_name=near_name)
    shapes = points.geometry
    return shapes.x.to_numpy(float), shapes.y.to_numpy(float)


def require_columns(
    table: pd.DataFrame, columns: Collection[str], *, name: str
) -> None:
    """
    Check that a table has the columns it needs.

    Parameters
    ----------
    table
        The table.
    columns
        Names of columns it must have.
    name
        What error messages call it.

    Raises
    ------
    DataError
        If it is no table; or naming the first that is missing and the nearest that
        is there.
    """
    if not isinstance(table, pd.DataFrame):
        needed = f" with {', '.join(columns)}" if columns else ""
        msg = f"`{name}` must be a table{needed}, got {type(table).__name__}."
        raise DataError(msg)
    for column in columns:
        if column in table.columns:
            continue
        near = get_close_matches(column, [str(c) for c in table.columns], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        there = ", ".join(str(c) for c in table.columns)
        msg = f"`{name}` has no column {column!r}{hint} It has: {there}."
        raise DataError(msg)
