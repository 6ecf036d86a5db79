"""Isochrones: what can be reached within so many minutes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import shapes

from geoborder.errors import DataError, OptionError
from geoborder.files import write_raster
from geoborder.geodesy import GEOD
from geoborder.reach.conditions import Conditions
from geoborder.reach.modes import Direction, TravelMode, as_mode
from geoborder.reach.moves import Float32Array
from geoborder.reach.times import groups_of, journey, warn_of_void
from geoborder.tables import LONLAT
from geoborder.terrain import DemLike
from geoborder.terrain.dem import shifted


@dataclass(frozen=True, slots=True)
class Isochrones:
    """
    Least time to every cell from the nearest site.

    Attributes
    ----------
    areas : GeoDataFrame
        What is reached within each number of minutes, the least first: ``minutes``,
        ``area_km2`` (geodesic), ``geometry`` (whole cells whose centres are reached,
        EPSG:4326; empty where there is none). Each holds those before it.
    minutes : ndarray
        Shape (rows, columns), float32; NaN where nobody gets within the most minutes.
    transform : Affine
        From (column, row) to coordinates of the raster.
    crs : CRS
        CRS of the raster: that of the elevation.
    mode : str
        Mode of travel.
    """

    areas: gpd.GeoDataFrame
    minutes: Float32Array
    transform: Affine
    crs: CRS
    mode: str


def isochrones(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    mode: str | TravelMode = "foot",
    minutes: float | Iterable[float] = (30.0, 60.0, 120.0),
    direction: Direction = "out",
    conditions: Conditions | None = None,
) -> Isochrones:
    """
    Find what can be reached from sites within so many minutes.

    Parameters
    ----------
    sites
        Points in any CRS; what counts is the nearest one. Not modified.
    dem, mode, direction, conditions
        As for `travel_time`.
    minutes
        One number or several.

    Returns
    -------
    Isochrones
        Areas and the raster that they were made from.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is out of its limits, or the mode needs roads and has none.

    Warns
    -----
    GeoborderWarning
        If sites have no elevation, with their number.

    Notes
    -----
    The method is that of `travel_time`, from cell to cell.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import isochrones, load_border, open_dem, point_at
    >>> site = gpd.GeoSeries([point_at(load_border(), 500)], crs=4326)
    >>> reached = isochrones(site, dem=open_dem(), mode="horse", minutes=[30, 60])
    >>> reached.areas[["minutes", "area_km2"]].round(0)
       minutes  area_km2
    0     30.0       9.0
    1     60.0      34.0
    """
    levels = _levels(minutes)
    trip = journey(
        sites, dem=dem, mode=mode, minutes=levels[-1], conditions=conditions,
        direction=direction,
    )  # fmt: skip
    warn_of_void(trip)
    groups = list(groups_of(trip, nearest=True))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        fields = list(pool.map(trip.field, groups))
    if not fields:
        msg = (
            f"No site stands on open ground of elevation {trip.surface.dem.source!r}: "
            f"nothing can be reached."
        )
        raise DataError(msg)
    top, left = (min(f.window[k] for f in fields) for k in (0, 1))
    bottom, right = (max(f.window[k] for f in fields) for k in (2, 3))
    seconds = np.full((bottom - top, right - left), np.inf, dtype=np.float32)
    for one in fields:
        a, b, c, d = one.window
        own = seconds[a - top : c - top, b - left : d - left]
        np.minimum(own, one.seconds, out=own)
    raster = np.where(np.isfinite(seconds), seconds / np.float32(60.0), np.nan)
    transform = shifted(trip.surface.dem.transform, left, top)
    areas = _areas(raster, transform, trip.surface.dem.crs, levels)
    return Isochrones(
        areas, raster, transform, trip.surface.dem.crs, as_mode(mode).name
    )


def _levels(minutes: float | Iterable[float]) -> list[float]:
    """Minutes in order, each once."""
    given: list[Any] = np.atleast_1d(np.asarray(minutes, dtype=object)).tolist()
    if not given or not all(
        isinstance(m, (int, float, np.number)) and 0.0 < float(m) < np.inf
        for m in given
    ):
        msg = f"`minutes` must be one number above 0 or several, got {minutes!r}."
        raise OptionError(msg)
    return sorted({float(m) for m in given})


def _areas(
    raster: Float32Array, transform: Affine, crs: CRS, levels: list[float]
) -> gpd.GeoDataFrame:
    """Cells reached within each number of minutes, as polygons."""
    rings = np.searchsorted(levels, raster).astype(np.int16)  # NaN comes last
    parts: list[list[shapely.Geometry]] = [[] for _ in levels]
    for shape, value in shapes(rings, mask=rings < len(levels), transform=transform):
        parts[int(value)].append(shapely.geometry.shape(shape))
    rows: list[shapely.Geometry] = []
    for own in parts:
        rows.append(shapely.union_all([*own, *rows[-1:]]))
    layer = gpd.GeoSeries(rows, crs=crs)
    # Edges of cells are straight on the raster's grid.
    size = float(np.hypot(transform.a, transform.d))
    lonlat = layer.segmentize(size * 16.0).to_crs(LONLAT)
    area = [abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6 for shape in lonlat]
    return gpd.GeoDataFrame({"minutes": levels, "area_km2": area}, geometry=lonlat)


def write_isochrones(reached: Isochrones, path: str | Path) -> Path:
    """
    Write minutes as a cloud-optimised GeoTIFF, finished or absent.

    Parameters
    ----------
    reached
        Isochrones.
    path
        File to write or replace; its folder must exist.

    Returns
    -------
    Path
        The file: float32, minutes, nodata NaN.

    Raises
    ------
    OptionError
        If it cannot be written, or does not end in ``.tif``; an earlier file is
        untouched.

    Examples
    --------
    >>> import tempfile
    >>> import rasterio
    >>> import geoborder as gb
    >>> site = gb.point_at(gb.load_border(), [500])
    >>> reached = gb.isochrones(site, dem=gb.open_dem(), mode="horse", minutes=[30, 60])
    >>> file = gb.write_isochrones(reached, tempfile.mkdtemp() + "/minutes.tif")
    >>> with rasterio.open(file) as raster:
    ...     raster.crs.to_string(), raster.dtypes, raster.nodata
    ('EPSG:4326', ('float32',), nan)
    """
    return write_raster(
        reached.minutes,
        Path(path),
        transform=reached.transform,
        crs=reached.crs,
        nodata=np.nan,
        description=f"travel time, mode {reached.mode}",
        unit="minutes",
    )
