"""Paths that take the least time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.chainage import slice_border
from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.reach import spread as kernel
from geoborder.reach.conditions import Conditions, as_conditions
from geoborder.reach.fields import Field
from geoborder.reach.links import Links, Places, arrivals, close_pairs, link
from geoborder.reach.modes import Direction, TravelMode, as_mode
from geoborder.reach.surface import Surface
from geoborder.reach.times import Journey, journey, warn_of_void
from geoborder.tables import LONLAT, lonlat_of
from geoborder.terrain import DemLike

_WIDEST_KM = 1000.0
"""Corridors may be so wide either way."""


def least_time_paths(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    mode: str | TravelMode = "foot",
    minutes: float | None = None,
    direction: Direction = "out",
    conditions: Conditions | None = None,
) -> gpd.GeoDataFrame:
    """
    Find the path that takes the least time from each site to its target.

    Parameters
    ----------
    sites, targets
        Points in any CRS, one target per site, in order. Not modified.
    dem, mode, minutes, direction, conditions
        As for `travel_time`; modes that use roads are not traced.

    Returns
    -------
    GeoDataFrame
        Indexed like the sites: ``minutes``, ``length_km`` (geodesic, along the path),
        ``climb_m`` (sum of rises from vertex to vertex, in the direction of travel),
        ``geometry`` (LineString from site to target, EPSG:4326; none, and infinite
        minutes, where there is no way; NaN where there is no elevation).

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If there are not as many targets as sites, or an option is out of its limits.

    Notes
    -----
    The way is traced back over the cells from the target by the times that
    `travel_time` finds, so it goes from cell centre to cell centre.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import least_time_paths, load_border, open_dem, point_at
    >>> border = load_border()
    >>> ends = gpd.GeoSeries(point_at(border, [500.0, 510.0]), crs=4326)
    >>> path = least_time_paths(ends[:1], ends[1:], dem=open_dem())
    >>> path.drop(columns="geometry").round(1)
       minutes  length_km  climb_m
    0    236.5        9.3    396.5
    """
    if as_mode(mode).uses_roads:
        msg = "`mode` must be one that uses no roads: paths along roads are not traced."
        raise OptionError(msg)
    lon, lat = lonlat_of(targets, name="targets")
    trip = journey(
        sites, dem=dem, mode=mode, minutes=minutes, conditions=conditions,
        direction=direction,
    )  # fmt: skip
    if lon.size != trip.sites.lon.size:
        msg = (
            f"`targets` must have as many rows as `sites` ({trip.sites.lon.size}), "
            f"got {lon.size}."
        )
        raise OptionError(msg)
    places = Places.on(trip.surface, lon, lat)
    warn_of_void(trip, places)
    void = ~np.isfinite(trip.sites.height_m) | ~np.isfinite(places.height_m)
    links = link(trip.surface, places, leaving=False)
    straight = close_pairs(trip.surface, trip.sites, places)

    def solve(site: int) -> tuple[float, FloatArray]:
        return _path(trip, places, links, straight, site)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = list(pool.map(solve, range(lon.size)))
    rows = []
    for (seconds, xy), unknown in zip(found, void, strict=True):
        if not np.isfinite(seconds):
            rows.append((np.nan if unknown else np.inf, np.nan, np.nan, None))
            continue
        _, metres = inverse(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])
        rise = np.diff(trip.surface.dem.heights_at(xy[:, 0], xy[:, 1]))
        rise = rise if direction == "out" else -rise
        climb = float(np.maximum(rise, 0.0).sum())
        line = shapely.LineString(xy)
        rows.append((seconds / 60.0, float(metres.sum()) / 1000.0, climb, line))
    columns = ["minutes", "length_km", "climb_m", "geometry"]
    return gpd.GeoDataFrame(
        dict(zip(columns, zip(*rows, strict=True), strict=True)),
        index=sites.index,
        crs=LONLAT,
    )


def _path(
    trip: Journey,
    targets: Places,
    links: Links,
    straight: tuple[IntArray, IntArray, FloatArray],
    site: int,
) -> tuple[float, FloatArray]:
    """Seconds from a site to its target, and the way's vertices."""
    sites, nowhere = trip.sites, (np.inf, np.empty((0, 2)))
    own = links.of(links.place == site)
    if not own.place.size or not sites.open[site]:
        return nowhere
    field = trip.field(np.array([site]), wanted=(own.row, own.column))
    own = own.of(field.inside(own.row, own.column))
    arrival = arrivals(field, own, targets)
    ends = (sites.lon[site], sites.lat[site]), (targets.lon[site], targets.lat[site])
    both = np.flatnonzero((straight[0] == site) & (straight[1] == site))
    here = np.full(both.size, site)
    way = field.slowed(straight[2][both], sites.at(here), targets.at(here))
    at_once = float(way.min(initial=np.inf))
    if arrival.min(initial=np.inf) >= at_once:
        within = at_once <= trip.limit_s
        return (at_once, np.array(ends)) if within else nowhere
    last = int(arrival.argmin())
    if not arrival[last] <= trip.limit_s:
        return nowhere
    begun = trip.links.of(trip.links.place == site)
    end = int(own.row[last]), int(own.column[last])
    row, column = _trace(trip.surface, field, sites, begun, end)
    lon, lat = trip.surface.dem.lonlat_at(column, row)
    xy = np.vstack((ends[0], np.column_stack((lon, lat)), ends[1]))
    apart = np.append(True, (np.diff(xy, axis=0) != 0.0).any(axis=1))
    return float(arrival[last]), xy[apart] if apart.sum() > 1 else xy[:2]


def _trace(
    surface: Surface, field: Field, sites: Places, begun: Links, end: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """Go back from a cell to the start, each time to the cell it was reached from."""
    grid, layers, _ = surface.ready(field.window)
    ways, lengths, frame, pace = surface.rules(grid)
    steps, span = surface.moves.steps, grid.span
    cells, moves = surface.cuts(grid)
    barred = set(zip(cells.tolist(), moves.tolist(), strict=True))
    scratch, seconds = kernel.new_scratch(), np.empty(len(steps), dtype=np.float32)
    top, left, bottom, right = field.window
    ends = begun.column.astype(float), begun.row.astype(float)
    way = field.slowed(begun.seconds, sites.at(begun.place), ends)
    starts = {
        (int(r), int(c)): s
        for r, c, s in zip(begun.row, begun.column, way, strict=True)
    }
    path = [end]
    while True:
        r, c = path[-1]
        now = float(field.seconds[r - top, c - left])
        best, nearest = abs(now - starts.get((r, c), np.inf)), None
        for move, (right_by, down_by) in enumerate(steps.tolist()):
            a, b = r - down_by, c - right_by
            if not (top <= a < bottom and left <= b < right):
                continue
            before = float(field.seconds[a - top, b - left])
            number = int(grid.cells(np.array(a), np.array(b)))
            if before >= now or (number, move) in barred:
                continue
            at = a - top + span, b - left + span
            part = at[0], at[0] + 1, at[1], at[1] + 1
            kernel.fill(
                layers, ways, lengths, frame, pace, part, scratch, seconds, 0, 0
            )
            apart = abs(before + float(seconds[move]) - now)
            if apart < best:
                best, nearest = apart, (a, b)
        if nearest is None:
            return tuple(np.array(path[::-1]).T)
        path.append(nearest)


def _require_number(value: object, name: str, low: float, high: float) -> None:
    """Refuse what is no number between limits."""
    number = np.nan
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        number = float(value)
    if not (low < number <= high and np.isfinite(number)):
        limits = f" above {low:g} and up to {high:g}" if np.isfinite(high) else ""
        msg = f"`{name}` must be a number{limits}, got {value!r}."
        raise OptionError(msg)


def patrol_path(
    border: gpd.GeoDataFrame,
    start_km: float,
    end_km: float,
    *,
    dem: DemLike,
    mode: str | TravelMode = "foot",
    corridor_km: float = 5.0,
    conditions: Conditions | None = None,
) -> gpd.GeoDataFrame:
    """
    Find the path along a border that takes the least time, there and back.

    Parameters
    ----------
    border
        A border of one line.
    start_km, end_km
        Chainages between which the patrol goes.
    dem, mode
        As for `travel_time`.
    corridor_km
        The path goes no further from the line than this (and up to a cell more).
    conditions
        As for `travel_time`; ``border`` and ``side`` keep it to its own side. What
        they have in ``within`` is replaced by the corridor.

    Returns
    -------
    GeoDataFrame
        Two rows, ``out`` and ``back``, with the columns of `least_time_paths`.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is out of its limits.

    Examples
    --------
    >>> from geoborder import load_border, open_dem, patrol_path
    >>> paths = patrol_path(load_border(), 500.0, 510.0, dem=open_dem())
    >>> paths.drop(columns="geometry").round(0)
          minutes  length_km  climb_m
    out     236.0        9.0    396.0
    back    232.0        9.0    394.0
    """
    for name, value in (("start_km", start_km), ("end_km", end_km)):
        _require_number(value, name, -np.inf, np.inf)
    _require_number(corridor_km, "corridor_km", 0.0, _WIDEST_KM)
    low, high = sorted((float(start_km), float(end_km)))
    stretch = slice_border(border, low, high).geometry
    vertices = shapely.get_coordinates(stretch.iloc[0])
    ends = gpd.GeoSeries(shapely.points(vertices[[0, -1]]), crs=LONLAT)
    if start_km > end_km:
        ends = ends[::-1].reset_index(drop=True)
    lon, lat = vertices[[0, -1]].mean(axis=0)
    around = stretch.to_crs(f"+proj=aeqd +lat_0={lat} +lon_0={lon}")
    corridor = around.buffer(corridor_km * 1000.0).to_crs(LONLAT).to_frame("geometry")
    met = replace(as_conditions(conditions), within=corridor)
    both = [
        least_time_paths(
            ends[a : a + 1].reset_index(drop=True),
            ends[1 - a : 2 - a].reset_index(drop=True),
            dem=dem, mode=mode, conditions=met,
        )
        for a in (0, 1)
    ]  # fmt: skip
    table = pd.concat(both, ignore_index=True)
    return gpd.GeoDataFrame(table.set_axis(["out", "back"], axis=0), crs=LONLAT)
