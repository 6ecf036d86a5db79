"""What sites and targets are to the rays between them, as plain tables."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import DataError, OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    curvatures,
    forward,
    place_order,
    to_ecef,
)
from geoborder.sight import rays
from geoborder.terrain import Dem

_LIMITS = {
    "mast_m": (0.0, 100_000.0),
    "target_m": (0.0, 100_000.0),
    "range_km": (0.0, 1000.0),
    "min_range_km": (0.0, 1000.0),
    "azimuth_deg": (-360.0, 360.0),
    "fov_deg": (0.0, 360.0),
    "tilt_min_deg": (-90.0, 90.0),
    "tilt_max_deg": (-90.0, 90.0),
    "refraction": (-2.0, 0.99),
}
"""Options of sites and what they may be."""

DEFAULTS: dict[str, float | None] = {
    "range_km": None,
    "mast_m": None,
    "target_m": 0.0,
    "refraction": 0.13,
    "min_range_km": 0.0,
    "azimuth_deg": 0.0,
    "fov_deg": 360.0,
    "tilt_min_deg": -90.0,
    "tilt_max_deg": 90.0,
}
"""What options are where nothing is said; None: something must be said."""

_ALL_ROUND_DEG, _STRAIGHT_DEG = 360.0, 90.0
"""A field without limits, and an elevation angle without."""

_GROUP = 32
"""Targets that are taken in or left out together."""

_STEP_M = 5000.0
_LATTICE_DEG = 0.1
"""How paths bend over the grid is worked out at places so far apart."""


@dataclass(frozen=True, slots=True)
class Groups:
    """
    Targets in groups of neighbours.

    Attributes
    ----------
    order : ndarray of int
        Row of the layer that each target comes from.
    table : ndarray
        The targets in that order, shape (targets, `rays.TARGET_COLUMNS`).
    spheres : tuple of ndarray
        Each group's middle (groups, 3) and radius, in metres, and first target.
    """

    order: IntArray
    table: FloatArray
    spheres: tuple[FloatArray, FloatArray, IntArray]


def options_of(
    sites: gpd.GeoDataFrame | gpd.GeoSeries, **given: float | None
) -> dict[str, FloatArray]:
    """
    Options of each site: its own column, else what was given.

    Parameters
    ----------
    sites
        Sites; a column named like an option overrides it, where it has a value.
    **given
        Value of each option of `_LIMITS`; None: every site must bring its own.

    Returns
    -------
    dict
        Name: array of shape (sites,).

    Raises
    ------
    DataError
        If a column holds what is not a number.
    OptionError
        If a value is missing or out of its limits, or two contradict each other.
    """
    unknown = given.keys() - _LIMITS.keys()
    if unknown:
        msg = f"unknown option {min(unknown)!r}; known: {', '.join(_LIMITS)}."
        raise OptionError(msg)
    options = {}
    for name, value in given.items():
        if value is not None and np.ndim(value) != 0:
            msg = f"`{name}` must be one number, or a column of `sites`, got {value!r}."
            raise OptionError(msg)
        column = np.full(len(sites), np.nan if value is None else float(value))
        own = isinstance(sites, gpd.GeoDataFrame) and name in sites.columns
        if own:
            kept = _numbers(sites, name)
            column = np.where(np.isnan(kept), column, kept)
        low, high = _LIMITS[name]
        wrong = np.flatnonzero(~((column >= low) & (column <= high)))
        if wrong.size:
            where = f" for row {sites.index[wrong[0]]!r} of `sites`" if own else ""
            if np.isnan(column[wrong[0]]):
                msg = f"`{name}` is missing{where}; give it, or a column of that name."
            else:
                msg = (
                    f"`{name}` must be between {low:g} and {high:g}, got "
                    f"{column[wrong[0]]:g}{where}."
                )
            raise OptionError(msg)
        options[name] = column
    for least, most in (("min_range_km", "range_km"), ("tilt_min_deg", "tilt_max_deg")):
        if least not in options or most not in options:
            continue
        wrong = np.flatnonzero(options[least] > options[most])
        if wrong.size:
            row = wrong[0]
            msg = (
                f"`{least}` must not exceed `{most}`, got {options[least][row]:g} and "
                f"{options[most][row]:g} for row {sites.index[row]!r} of `sites`."
            )
            raise OptionError(msg)
    return options


def _numbers(sites: gpd.GeoDataFrame, name: str) -> FloatArray:
    """Read a column as numbers; NaN only where it has no value."""
    column = sites[name]
    if isinstance(column, pd.DataFrame):
        msg = f"`sites` has more than one column {name!r}."
        raise DataError(msg)
    odd = pd.api.types.is_bool_dtype(column) or (
        pd.api.types.is_datetime64_any_dtype(column)
    )
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = np.flatnonzero(column.notna() & (numbers.isna() | odd))
    if wrong.size:
        row = wrong[0]
        msg = (
            f"`sites`, column {name!r} in row {sites.index[row]!r}: "
            f"{column.iloc[row]!r} is not a number."
        )
        raise DataError(msg)
    return numbers.to_numpy(float)


def site_table(
    dem: Dem, lon: FloatArray, lat: FloatArray, options: dict[str, FloatArray]
) -> FloatArray:
    """
    Work out what rays need to know of their sites.

    Parameters
    ----------
    dem
        Elevation.
    lon, lat
        Sites in degrees on WGS 84, shape (n,).
    options
        As `options_of` gives them.

    Returns
    -------
    ndarray
        Shape (n, `rays.SITE_COLUMNS`); the ground is NaN where it is unknown.
    """
    table = np.empty((lon.size, rays.SITE_COLUMNS))
    table[:, : rays.TARGET_COLUMNS] = target_table(dem, lon, lat)
    table[:, rays.EYE] = table[:, rays.GROUND] + options["mast_m"]
    table[:, rays.AIM] = options["target_m"]
    for first, degrees in ((rays.SIN_LON, lon), (rays.SIN_LAT, lat)):
        table[:, first] = np.sin(np.radians(degrees))
        table[:, first + 1] = np.cos(np.radians(degrees))
    table[:, rays.MERIDIAN], table[:, rays.NORMAL] = curvatures(lat)
    table[:, rays.BEND : rays.BEND + 6] = _bends(dem, lon, lat)
    table[:, rays.KEEP] = 1.0 - options["refraction"]
    table[:, rays.RANGE] = options["range_km"] * 1000.0
    table[:, rays.MIN_RANGE] = options["min_range_km"] * 1000.0
    facing = np.radians(options["azimuth_deg"])
    table[:, rays.FACE_EAST], table[:, rays.FACE_NORTH] = np.sin(facing), np.cos(facing)
    half = np.cos(np.radians(options["fov_deg"] / 2.0))
    table[:, rays.COS_HALF] = np.where(options["fov_deg"] >= _ALL_ROUND_DEG, -2.0, half)
    for column, name in ((rays.LOW, "tilt_min_deg"), (rays.HIGH, "tilt_max_deg")):
        straight = np.abs(options[name]) >= _STRAIGHT_DEG
        tangent = np.tan(np.radians(np.where(straight, 0.0, options[name])))
        table[:, column] = np.where(
            straight, np.copysign(np.inf, options[name]), tangent
        )
    return table


def target_table(dem: Dem, lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Grid and earth-centred coordinates and ground heights of points."""
    table = np.empty((lon.size, rays.TARGET_COLUMNS))
    table[:, rays.COLUMN], table[:, rays.ROW] = dem.cells_at(lon, lat)
    table[:, rays.X : rays.Z + 1] = to_ecef(lon, lat)
    table[:, rays.GROUND] = dem.heights_at(lon, lat)
    return table


def group_targets(dem: Dem, lon: FloatArray, lat: FloatArray) -> Groups:
    """Sort targets by place, and divide them into groups of neighbours."""
    order = place_order(lon, lat)
    table = target_table(dem, lon, lat)[order]
    starts = np.arange(0, order.size, _GROUP)
    xyz = table[:, rays.X : rays.Z + 1]
    counts = np.diff(np.append(starts, order.size))
    centres = np.add.reduceat(xyz, starts) / counts[:, None]
    away = np.linalg.norm(xyz - np.repeat(centres, counts, axis=0), axis=1)
    radii = np.maximum.reduceat(away, starts)
    return Groups(order, table, (centres, radii, np.append(starts, order.size)))


def _bends(dem: Dem, lon: FloatArray, lat: FloatArray) -> FloatArray:
    """How geodesics bend over the grid at the lattice's place nearest each site."""
    places = np.round(np.column_stack((lon, lat)) / _LATTICE_DEG) * _LATTICE_DEG
    nodes, own = np.unique(places, axis=0, return_inverse=True)
    return derivatives(dem, nodes[:, 0], nodes[:, 1])[1][own.ravel()]


def derivatives(
    dem: Dem, lon: FloatArray, lat: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Differentiate column and row along geodesics.

    Parameters
    ----------
    dem
        Elevation.
    lon, lat
        Places in degrees on WGS 84, shape (n,).

    Returns
    -------
    first : ndarray
        Per metre, shape (n, 2, 2): of column, then row, towards east and north.
    second : ndarray
        Per square metre, shape (n, 6): for a geodesic that sets out (east, north),
        each second derivative is a quadratic form in these; coefficients of
        east^2, east north, north^2, for column and then row.
    """
    here = np.stack(dem.cells_at(lon, lat))
    ahead, behind = (
        np.stack(
            [
                np.stack(dem.cells_at(*forward(lon, lat, azimuth + turn, _STEP_M)[:2]))
                for azimuth in (90.0, 0.0, 45.0)
            ]
        )
        for turn in (0.0, 180.0)
    )
    first = (ahead[:2] - behind[:2]) / (2.0 * _STEP_M)
    east, north, both = (ahead + behind - 2.0 * here) / _STEP_M**2
    second = np.stack((east, 2.0 * both - east - north, north), axis=1)
    return first.transpose(2, 1, 0), second.reshape(6, -1).T
