"""Ways between places and the cells around them, and between places close together."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geoborder.chainage import locate
from geoborder.geodesy import BoolArray, FloatArray, IntArray, inverse
from geoborder.reach.fields import PIECES, Field
from geoborder.reach.modes import PER_UNIT, STEEPEST
from geoborder.reach.surface import LONGEST_S, Surface
from geoborder.tables import LONLAT

_AROUND = np.arange(-1, 3)
"""Columns and rows around a place, from the one before it."""

CLOSE = 3.0
"""Places so many columns and rows apart are also joined by a straight way."""

_CENTRE = 1e-6
"""Cells; a place so near to a cell's centre is that cell."""

_TOUCH_M = 1.0
"""A place so near to a barrier stands on it, and is not barred by it."""

_TOUCH_CELLS = 0.1
"""Nor is it barred by what is so many cells away, where cells are tiny."""


@dataclass(frozen=True, slots=True)
class Places:
    """
    Places on a grid.

    Attributes
    ----------
    lon, lat : ndarray
        Degrees on WGS 84, shape (n,).
    column, row : ndarray
        0.0 is the centre of the first cell.
    height_m : ndarray
        Of the ground; NaN where it is unknown.
    closed : ndarray of bool
        Whether it lies in a closed area.
    touch : float
        Cells within which barriers do not bar a place.
    """

    lon: FloatArray
    lat: FloatArray
    column: FloatArray
    row: FloatArray
    height_m: FloatArray
    closed: BoolArray
    touch: float

    @classmethod
    def on(cls, surface: Surface, lon: FloatArray, lat: FloatArray) -> Places:
        """Bring points in longitude and latitude onto a surface's grid."""
        column, row = surface.dem.cells_at(lon, lat)
        height = surface.dem.heights_between(column, row)
        closed = outside(surface, column, row)
        for area in surface.barriers.areas:
            closed |= shapely.contains_xy(area, column, row)
        known = np.isfinite(lon) & np.isfinite(lat)
        touch = _TOUCH_CELLS
        if known.any():
            middle = float(lon[known].mean()), float(lat[known].mean())
            touch = min(_TOUCH_M / min(surface.dem.cell_size_m(*middle)), touch)
        return cls(lon, lat, column, row, height, closed, touch)

    def of(self, which: IntArray) -> Places:
        """Pick some of them."""
        return Places(
            self.lon[which], self.lat[which], self.column[which], self.row[which],
            self.height_m[which], self.closed[which], self.touch,
        )  # fmt: skip

    def at(self, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Columns and rows of some of them."""
        return self.column[which], self.row[which]

    @property
    def open(self) -> BoolArray:
        """Whether one can be there at all."""
        return np.isfinite(self.height_m) & ~self.closed


@dataclass(frozen=True, slots=True)
class Links:
    """
    Straight ways between places and cells around them.

    Attributes
    ----------
    place : ndarray of int
        Number of the place, in order.
    row, column : ndarray of int
        The cell.
    seconds : ndarray
        Time that it takes where time has no factor.
    """

    place: IntArray
    row: IntArray
    column: IntArray
    seconds: FloatArray

    def of(self, keep: BoolArray) -> Links:
        """Pick some of them."""
        return Links(
            self.place[keep], self.row[keep], self.column[keep], self.seconds[keep]
        )


def outside(surface: Surface, column: FloatArray, row: FloatArray) -> BoolArray:
    """
    Find what lies outside the polygons that travel stays in.

    Parameters
    ----------
    surface
        Ground made ready.
    column, row
        Places, shape (n,).

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    out = np.full(column.size, surface.within is not None)
    for area in [] if surface.within is None else surface.within:
        out &= ~shapely.contains_xy(area, column, row)
    return out


def link(surface: Surface, places: Places, *, leaving: bool) -> Links:
    """
    Join places to the sixteen cells around them by straight ways.

    Parameters
    ----------
    surface
        Ground made ready.
    places
        Places on it.
    leaving
        From the place to the cells; else from the cells to the place.

    Returns
    -------
    Links
        Ways that nothing bars. A place on a cell's centre has that cell alone.
    """
    rows, columns = surface.dem.shape
    open_ = np.flatnonzero(places.open)
    right, down = (grid.ravel() for grid in np.meshgrid(_AROUND, _AROUND))
    before = np.floor(places.column[open_]), np.floor(places.row[open_])
    column = (before[0][:, None] + right).astype(np.int64).ravel()
    row = (before[1][:, None] + down).astype(np.int64).ravel()
    place = np.repeat(open_, right.size)
    apart = np.maximum(
        np.abs(column - places.column[place]), np.abs(row - places.row[place])
    )
    centred = np.zeros(places.lon.size, dtype=bool)
    centred[place[apart < _CENTRE]] = True
    # Whoever stands on a barrier has to get off it to one of its sides.
    centred &= ~surface.barriers.touch(places.column, places.row, places.touch)
    keep = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    keep &= ~centred[place] | (apart < _CENTRE)
    place, row, column = place[keep], row[keep], column[keep]
    seconds = np.zeros(place.size)
    far = np.flatnonzero(~centred[place])
    one = place[far]
    lon, lat = surface.dem.lonlat_at(column[far], row[far])
    ends = (
        (places.column[one], places.row[one], places.lon[one], places.lat[one]),
        (column[far].astype(float), row[far].astype(float), lon, lat),
    )
    seconds[far] = straight_s(surface, *(ends if leaving else ends[::-1]))
    ends_at = _short_of(ends[1][:2], ends[0][:2], places.touch)
    barred = surface.barriers.cross(ends[1][0], ends[1][1], ends_at)
    seconds[far[barred]] = np.inf
    return Links(place, row, column, seconds).of(seconds < LONGEST_S)


def arrivals(field: Field, links: Links, places: Places) -> FloatArray:
    """
    Find when places are reached by way of cells around them.

    Parameters
    ----------
    field
        Times to cells.
    links
        Ways from cells of its window to places.
    places
        The places.

    Returns
    -------
    ndarray
        Seconds, one per way.
    """
    cells = links.column.astype(float), links.row.astype(float)
    way = field.slowed(links.seconds, cells, places.at(links.place))
    return field.at(links.row, links.column) + way


def _short_of(
    begin: tuple[FloatArray, ...], end: tuple[FloatArray, ...], cells: float
) -> tuple[FloatArray, FloatArray]:
    """Stop a little short of the places that ways lead to."""
    across, down = end[0] - begin[0], end[1] - begin[1]
    part = np.maximum(1.0 - cells / np.maximum(np.hypot(across, down), 1e-12), 0.0)
    return begin[0] + across * part, begin[1] + down * part


def straight_s(
    surface: Surface,
    begin: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    end: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """
    Time of straight ways over the ground.

    Parameters
    ----------
    surface
        Ground made ready.
    begin, end
        Columns, rows, longitudes and latitudes, each of shape (n,).

    Returns
    -------
    ndarray
        Seconds, shape (n,), where time has no factor; infinite over nodata and over
        ground that is too steep.
    """
    _, metres = inverse(begin[2], begin[3], end[2], end[3])
    part = np.linspace(0.0, 1.0, PIECES + 1)[:, None]
    column = begin[0] + part * (end[0] - begin[0])
    row = begin[1] + part * (end[1] - begin[1])
    heights = surface.dem.heights_between(column.ravel(), row.ravel())
    rise = np.diff(heights.reshape(column.shape), axis=0)
    step = np.maximum(metres, 1e-9) / PIECES
    at = (rise / step + STEEPEST) * PER_UNIT
    known = np.isfinite(at) & (at >= 0.0) & (at <= surface.pace.size - 1)
    table = surface.pace.astype(float)
    pace = np.interp(np.where(known, at, 0.0), np.arange(table.size), table)
    return np.asarray(np.where(known, pace, np.inf).sum(axis=0) * step)


def own_side(surface: Surface, places: Places, links: Links) -> Links:
    """
    Keep sites that stand on the border to their own side of it.

    Parameters
    ----------
    surface
        Ground made ready.
    places
        Sites.
    links
        Their ways to cells.

    Returns
    -------
    Links
        Without those of sites on the line that lead to the other side.
    """
    border, side = surface.conditions.border, surface.conditions.side
    if border is None or side is None:
        return links
    near = on_border(surface, places)[links.place]
    lon, lat = surface.dem.lonlat_at(links.column[near], links.row[near])
    wrong = near.copy()
    wrong[near] = _sides(border, lon, lat) != side
    return links.of(~wrong)


def on_border(surface: Surface, places: Places) -> BoolArray:
    """Which places stand on the border itself."""
    border = surface.conditions.border
    if border is None or not places.lon.size:
        return np.zeros(places.lon.size, dtype=bool)
    points = gpd.GeoSeries(gpd.points_from_xy(places.lon, places.lat), crs=LONLAT)
    return locate(points, border)["distance_km"].to_numpy(float) * 1000.0 < _TOUCH_M


def _sides(border: gpd.GeoDataFrame, lon: FloatArray, lat: FloatArray) -> BoolArray:
    """Side of the border on which points lie."""
    if not lon.size:
        return np.empty(0, dtype=object)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=LONLAT)
    return locate(points, border)["side"].to_numpy(dtype=object)


def close_pairs(
    surface: Surface, sites: Places, targets: Places
) -> tuple[IntArray, IntArray, FloatArray]:
    """
    Join sites straight to targets close by.

    Parameters
    ----------
    surface
        Ground made ready.
    sites, targets
        Places on it.

    Returns
    -------
    site, target : ndarray of int
        Numbers of those that are close and between which nothing bars the way.
    seconds : ndarray
        Time it takes, where time has no factor.
    """
    order = np.argsort(targets.column, kind="stable")
    columns = targets.column[order]
    first = np.searchsorted(columns, sites.column - CLOSE)
    last = np.searchsorted(columns, sites.column + CLOSE, side="right")
    count = np.where(sites.open, last - first, 0)
    site = np.repeat(np.arange(count.size), count)
    place = np.arange(site.size) - np.repeat(np.cumsum(count) - count, count)
    target = order[first[site] + place]
    keep = np.abs(targets.row[target] - sites.row[site]) <= CLOSE
    keep &= targets.open[target]
    site, target = site[keep], target[keep]
    begin, end = (
        (p.column[k], p.row[k], p.lon[k], p.lat[k])
        for p, k in ((sites, site), (targets, target))
    )
    seconds = straight_s(surface, begin, end)
    cells = sites.touch
    near_end = _short_of(begin[:2], end[:2], cells)
    near_begin = _short_of(end[:2], begin[:2], cells)
    apart = np.hypot(end[0] - begin[0], end[1] - begin[1])
    barred = surface.barriers.cross(*near_begin, near_end) & (apart > 2.0 * cells)
    side, border = surface.conditions.side, surface.conditions.border
    if border is not None and side is not None:
        on_line = np.flatnonzero(on_border(surface, sites)[site] & ~barred)
        middle = (begin[0] + end[0])[on_line] / 2.0, (begin[1] + end[1])[on_line] / 2.0
        beside = _sides(border, *surface.dem.lonlat_at(*middle))
        barred[on_line] |= (beside != side) & (beside != "on")
    keep = ~barred & (seconds < LONGEST_S)
    return site[keep], target[keep], seconds[keep]
