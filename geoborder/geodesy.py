"""
Lengths, positions and polylines on the WGS 84 ellipsoid, in arrays.

Every edge between two vertices is a geodesic. Nothing here knows of borders,
tables or files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely import LineString

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

GEOD = Geod(ellps="WGS84")

MEAN_RADIUS_M = (2.0 * GEOD.a + GEOD.b) / 3.0
"""Mean radius of the ellipsoid (2a + b) / 3, in metres."""

_ECCENTRICITY_SQUARED = GEOD.es


_SHARE = 20_000
"""Fewer elements than this are not worth a thread."""


def share_out(work: Callable[[slice], None], size: int) -> None:
    """
    Do work on parts of arrays, on as many threads as there are processors.

    Parameters
    ----------
    work
        What to do with a part; it must release Python's lock to gain by it.
    size
        Length of the arrays.
    """
    workers = max(1, min(os.cpu_count() or 1, size // _SHARE))
    ends = np.linspace(0, size, workers + 1).astype(int)
    parts = [slice(a, b) for a, b in pairwise(ends)]
    if workers == 1:
        work(parts[0])
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, parts))


def inverse(
    lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """
    Azimuth and length of the geodesic from each first to each second point.

    Parameters
    ----------
    lon1, lat1, lon2, lat2
        Degrees on WGS 84; shapes that broadcast together.

    Returns
    -------
    azimuth_deg : ndarray
        Azimuth at the first point, clockwise from north, in degrees.
    length_m : ndarray
        Length in metres.

    References
    ----------
    Karney, C. F. F. (2013). Algorithms for geodesics. Journal of Geodesy 87.

    Examples
    --------
    >>> azimuth_deg, length_m = inverse(67.0, 37.0, 67.0, 38.0)
    >>> float(azimuth_deg), round(float(length_m), 3)
    (0.0, 110987.044)
    """
    arrays = np.broadcast_arrays(lon1, lat1, lon2, lat2)
    shape = arrays[0].shape
    flat = [np.array(a, dtype=float).ravel() for a in arrays]
    azimuth, length = np.empty(flat[0].size), np.empty(flat[0].size)

    def solve(part: slice) -> None:
        lon_1, lat_1, lon_2, lat_2 = (a[part] for a in flat)
        azimuth[part], _, length[part] = GEOD.inv(lon_1, lat_1, lon_2, lat_2)

    share_out(solve, flat[0].size)
    return azimuth.reshape(shape), length.reshape(shape)


def forward(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    azimuth_deg: npt.ArrayLike,
    distance_m: npt.ArrayLike,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Follow a geodesic from each point.

    Parameters
    ----------
    lon, lat
        Start, in degrees on WGS 84.
    azimuth_deg
        Azimuth at the start, clockwise from north, in degrees.
    distance_m
        How far to go, in metres.

    Returns
    -------
    lon, lat : ndarray
        The end, in degrees.
    azimuth_deg : ndarray
        Azimuth on arrival, in degrees: the direction one goes on in.
    """
    arrays = np.broadcast_arrays(lon, lat, azimuth_deg, distance_m)
    shape = arrays[0].shape
    flat = [np.array(a, dtype=float).ravel() for a in arrays]
    end_lon, end_lat, back = GEOD.fwd(flat[0], flat[1], flat[2], flat[3])
    ahead = (np.asarray(back, dtype=float) + 360.0) % 360.0 - 180.0
    return (
        np.asarray(end_lon, dtype=float).reshape(shape),
        np.asarray(end_lat, dtype=float).reshape(shape),
        ahead.reshape(shape),
    )


def place_order(lon: FloatArray, lat: FloatArray) -> IntArray:
    """
    Sort points so that neighbours follow each other.

    Parameters
    ----------
    lon, lat
        Points, in degrees, shape (n,).

    Returns
    -------
    ndarray of int
        Their numbers in Morton's order of a grid of 256 by 256 cells.
    """
    key = np.zeros(lon.size, dtype=np.uint16)
    for bit, values in ((0, lon), (1, lat)):
        low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
        cell = ((values - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint16)
        for n in range(8):
            key |= ((cell >> n) & 1) << (2 * n + bit)
    return np.argsort(key, kind="stable")


def curvatures(lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Curvatures of the ellipsoid's principal sections.

    Parameters
    ----------
    lat
        Latitude in degrees, shape (n,).

    Returns
    -------
    meridian, normal : ndarray
        Along the meridian and across it, in 1/m.

    Examples
    --------
    >>> meridian, normal = curvatures(np.array([45.0]))
    >>> float((1 / meridian[0]).round(1)), float((1 / normal[0]).round(1))
    (6367381.8, 6388838.3)
    """
    w2 = 1.0 - _ECCENTRICITY_SQUARED * np.sin(np.radians(lat)) ** 2
    meridian = w2**1.5 / (GEOD.a * (1.0 - _ECCENTRICITY_SQUARED))
    return meridian, np.sqrt(w2) / GEOD.a


def to_ecef(lon: FloatArray, lat: FloatArray) -> FloatArray:
    """
    Cartesian earth-centred coordinates of points on the ellipsoid.

    Parameters
    ----------
    lon, lat
        Degrees on WGS 84, shape (n,).

    Returns
    -------
    ndarray
        Shape (n, 3), in metres.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    normal = GEOD.a / np.sqrt(1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
    return np.column_stack(
        (
            normal * np.cos(phi) * np.cos(lam),
            normal * np.cos(phi) * np.sin(lam),
            normal * (1.0 - _ECCENTRICITY_SQUARED) * np.sin(phi),
        )
    )


@dataclass(frozen=True, slots=True)
class Polylines:
    """
    Geodesic polylines as flat arrays, one line after another.

    Attributes
    ----------
    lon, lat : ndarray
        Vertices in degrees, shape (vertices,).
    first : ndarray
        Where each line's vertices begin; shape (lines + 1,), so that line ``i``
        is ``first[i]:first[i + 1]``.
    chainage_m : ndarray
        Geodesic distance of each vertex from its own line's first one.
    azimuth_deg : ndarray
        Azimuth in which each vertex's edge leaves it. A line's last vertex has
        none: NaN.
    """

    lon: FloatArray
    lat: FloatArray
    first: IntArray
    chainage_m: FloatArray
    azimuth_deg: FloatArray

    @property
    def length_m(self) -> FloatArray:
        """Length of each line, in metres."""
        return self.chainage_m[self.first[1:] - 1]

    @property
    def edges(self) -> IntArray:
        """Vertex at which each edge begins: all but the lines' last ones."""
        keep = np.ones(self.lon.size, dtype=bool)
        keep[self.first[1:] - 1] = False
        return np.flatnonzero(keep)

    @property
    def line_of_vertex(self) -> IntArray:
        """Line that each vertex belongs to."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))


def polylines(lines: Sequence[LineString] | npt.NDArray[Any]) -> Polylines:
    """
    Measure lines along their geodesic edges.

    Parameters
    ----------
    lines
        LineStrings in longitude and latitude (WGS 84, degrees).

    Returns
    -------
    Polylines
        Their vertices with chainage and azimuths.

    Examples
    --------
    >>> from shapely import LineString
    >>> line = polylines([LineString([(67, 37), (67, 38), (68, 38)])])
    >>> line.chainage_m.round(3)
    array([     0.   , 110987.044, 198819.083])
    """
    geometries = np.asarray(lines, dtype=object)
    xy, line = shapely.get_coordinates(geometries, return_index=True)
    first = np.searchsorted(line, np.arange(geometries.size + 1)).astype(np.int64)
    lon, lat = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    azimuth, length = inverse(lon[:-1], lat[:-1], lon[1:], lat[1:])
    length[first[1:-1] - 1] = 0.0  # from one line's end to the next one's start
    along = np.concatenate(([0.0], np.cumsum(length)))
    chainage = along - np.repeat(along[first[:-1]], np.diff(first))
    azimuth = np.append(azimuth, np.nan)
    azimuth[first[1:] - 1] = np.nan
    return Polylines(lon, lat, first, chainage, azimuth)


def densify(lines: Polylines, longest_m: float) -> Polylines:
    """
    Divide long edges along their geodesics.

    Parameters
    ----------
    lines
        The lines.
    longest_m
        Greatest length of an edge, in metres.

    Returns
    -------
    Polylines
        The same lines with the same chainage, and more vertices.
    """
    edge = lines.edges
    length = lines.chainage_m[edge + 1] - lines.chainage_m[edge]
    parts = np.maximum(1, np.ceil(length / longest_m)).astype(np.int64)
    if (parts == 1).all():
        return lines
    copies = np.ones(lines.lon.size, dtype=np.int64)
    copies[edge] = parts
    vertex = np.repeat(np.arange(lines.lon.size), copies)
    step = np.arange(vertex.size) - np.repeat(np.cumsum(copies) - copies, copies)
    spacing = np.zeros(lines.lon.size)
    spacing[edge] = length / parts
    ahead = step * spacing[vertex]
    lon, lat, azimuth = forward(
        lines.lon[vertex], lines.lat[vertex], lines.azimuth_deg[vertex], ahead
    )
    old = step == 0
    return Polylines(
        lon=np.where(old, lines.lon[vertex], lon),
        lat=np.where(old, lines.lat[vertex], lat),
        first=np.concatenate(([0], np.cumsum(copies)))[lines.first],
        chainage_m=lines.chainage_m[vertex] + ahead,
        azimuth_deg=np.where(old, lines.azimuth_deg[vertex], azimuth),
    )


def interpolate(
    lines: Polylines, line: IntArray, chainage_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Find the points at given chainages.

    Parameters
    ----------
    lines
        The lines.
    line
        Number of the line for each point, shape (n,).
    chainage_m
        Distance along it, in metres; clipped to the line's ends.

    Returns
    -------
    lon, lat : ndarray
        Degrees, shape (n,).
    """
    vertex = vertex_before(lines, line, chainage_m)
    ahead = np.clip(
        chainage_m - lines.chainage_m[vertex],
        0.0,
        lines.chainage_m[vertex + 1] - lines.chainage_m[vertex],
    )
    lon, lat, _ = forward(
        lines.lon[vertex], lines.lat[vertex], lines.azimuth_deg[vertex], ahead
    )
    at_start = ahead == 0.0
    at_end = ahead == lines.chainage_m[vertex + 1] - lines.chainage_m[vertex]
    for mask, index in ((at_start, vertex), (at_end, vertex + 1)):
        lon = np.where(mask, lines.lon[index], lon)
        lat = np.where(mask, lines.lat[index], lat)
    return lon, lat


def vertex_before(lines: Polylines, line: IntArray, chainage_m: FloatArray) -> IntArray:
    """
    Find the vertex at which the edge of each chainage begins.

    Parameters
    ----------
    lines
        The lines.
    line
        Number of the line for each chainage, shape (n,).
    chainage_m
        Distance along it, in metres.

    Returns
    -------
    ndarray
        Vertex numbers, shape (n,); never a line's last vertex.
    """
    vertex = np.empty(chainage_m.size, dtype=np.int64)
    for number in np.unique(line):
        begin, end = lines.first[number], lines.first[number + 1]
        rows = np.flatnonzero(line == number)
        inside = np.searchsorted(
            lines.chainage_m[begin:end], chainage_m[rows], side="right"
        )
        vertex[rows] = begin + np.clip(inside - 1, 0, end - begin - 2)
    return vertex


def cut(
    lines: Polylines, line: IntArray, start_m: FloatArray, end_m: FloatArray
) -> npt.NDArray[Any]:
    """
    Cut stretches out of lines.

    Parameters
    ----------
    lines
        The lines.
    line
        Number of the line for each stretch, shape (n,).
    start_m, end_m
        Chainages at which each stretch begins and ends, in metres.

    Returns
    -------
    ndarray of LineString
        Shape (n,). A stretch that ends where another one begins ends on the
        very same coordinates.
    """
    # One geodesic call for all ends; the inner vertices are copied as they are.
    ends_lon, ends_lat = interpolate(
        lines, np.concatenate((line, line)), np.concatenate((start_m, end_m))
    )
    after = vertex_before(lines, line, start_m) + 1
    before = vertex_before(lines, line, end_m)
    before -= lines.chainage_m[before] >= end_m
    inner = np.maximum(before - after + 1, 0)
    sizes = inner + 2
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    xy = np.empty((offsets[-1], 2))
    heads, tails = offsets[:-1], offsets[1:] - 1
    xy[heads] = np.column_stack((ends_lon[: line.size], ends_lat[: line.size]))
    xy[tails] = np.column_stack((ends_lon[line.size :], ends_lat[line.size :]))
    body = np.ones(offsets[-1], dtype=bool)
    body[heads] = body[tails] = False
    vertex = np.arange(inner.sum()) + np.repeat(
        after - np.concatenate(([0], np.cumsum(inner)[:-1])), inner
    )
    xy[body] = np.column_stack((lines.lon[vertex], lines.lat[vertex]))
    stretch: npt.NDArray[Any] = shapely.linestrings(
        xy, indices=np.repeat(np.arange(line.size), sizes)
    )
    return stretch
