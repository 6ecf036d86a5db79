"""The geodesic foot of points on polylines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoborder.geodesy import (
    MEAN_RADIUS_M,
    FloatArray,
    IntArray,
    forward,
    inverse,
    place_order,
    share_out,
    to_ecef,
)
from geoborder.nearest.search import collect, find, limits_of
from geoborder.nearest.tree import EdgeTree


@dataclass(frozen=True, slots=True)
class Feet:
    """
    Where points fall on polylines.

    Attributes
    ----------
    line : ndarray of int
        The line that is nearest to each point.
    chainage_m : ndarray
        Chainage of the foot along that line, in metres.
    distance_m : ndarray
        Geodesic distance from point to foot, in metres.
    side : ndarray of int
        1 left of the line, -1 right of it, 0 on it (within 0.1 mm).
    """

    line: IntArray
    chainage_m: FloatArray
    distance_m: FloatArray
    side: IntArray


def find_feet(tree: EdgeTree, lon: FloatArray, lat: FloatArray) -> Feet:
    """
    Find the geodesic foot of each point on the nearest line.

    Parameters
    ----------
    tree
        The lines' index.
    lon, lat
        Points, in degrees on WGS 84, shape (n,).

    Returns
    -------
    Feet
        One foot per point. Among feet equally far, the first along the lines.

    Notes
    -----
    The cost is n log n in points and vertices. Points are shared out to as many
    threads as there are processors; the result does not depend on how many.

    References
    ----------
    Karney, C. F. F. (2013). Algorithms for geodesics. Journal of Geodesy 87,
    section 8, for the spherical triangle whose solution is repeated.
    """
    lon, lat = np.ascontiguousarray(lon, float), np.ascontiguousarray(lat, float)
    number = np.empty(lon.size, dtype=np.int64)
    along, distance = np.empty(lon.size), np.empty(lon.size)
    side = np.empty(lon.size, dtype=np.int64)
    index = (
        tree.xyz, tree.edge, tree.before, tree.after, tree.length_m, tree.sag_m,
        tree.nodes, (number, along, distance, side),
    )  # fmt: skip
    order = place_order(lon, lat)
    share_out(lambda part: find(lon, lat, order[part], *index), order.size)
    left = np.flatnonzero(number < 0)
    if left.size:
        number[left], along[left], distance[left] = _far_feet(
            tree, lon[left], lat[left]
        )
        side[left] = _sides(
            tree, number[left], along[left], distance[left], lon[left], lat[left]
        )
    vertex = tree.edge[number]
    line_of_edge = tree.lines.line_of_vertex[tree.edge]
    return Feet(
        line=line_of_edge[number],
        chainage_m=tree.lines.chainage_m[vertex] + along,
        distance_m=distance,
        side=side,
    )


def _far_feet(
    tree: EdgeTree, lon: FloatArray, lat: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Feet of points so far off that only the general solution will do."""
    xyz = to_ecef(lon, lat)
    limit = limits_of(xyz, tree.xyz, tree.edge, tree.sag_m, tree.nodes)
    point, number = near_pairs(tree, xyz, limit)
    along, distance = feet_on_edges(tree, number, lon[point], lat[point])
    order = np.lexsort((number, np.round(distance, 7), point))
    best = order[np.searchsorted(point[order], np.arange(lon.size))]
    return number[best], along[best], distance[best]


def near_pairs(
    tree: EdgeTree, xyz: FloatArray, limit_m: FloatArray
) -> tuple[IntArray, IntArray]:
    """
    Pair points with the edges that may be within a limit.

    Parameters
    ----------
    tree
        The lines' index.
    xyz
        Points in earth-centred coordinates, shape (n, 3), metres.
    limit_m
        Limit for each point, in metres.

    Returns
    -------
    point, number : ndarray of int
        Points and edges, in the order of both.
    """
    size = collect(
        xyz, tree.xyz, tree.edge, tree.sag_m, tree.nodes, limit_m,
        np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64),
    )  # fmt: skip
    offsets = np.concatenate(([0], np.cumsum(size)))
    number = np.empty(offsets[-1], dtype=np.int64)
    collect(
        xyz, tree.xyz, tree.edge, tree.sag_m, tree.nodes, limit_m,
        offsets, number,
    )  # fmt: skip
    point = np.repeat(np.arange(size.size), size)
    order = np.lexsort((number, point))
    return point, number[order]


def feet_on_edges(
    tree: EdgeTree, number: IntArray, lon: FloatArray, lat: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Find the foot of each point on its edge.

    Parameters
    ----------
    tree
        The lines' index.
    number
        Edge for each point.
    lon, lat
        Points, in degrees on WGS 84.

    Returns
    -------
    along_m, distance_m : ndarray
        Distance along the edge to the foot, and from the point to it.

    Notes
    -----
    On the sphere the foot splits off a right-angled triangle; its solution is
    taken from the last foot found, until it stands still.
    """
    vertex = tree.edge[number]
    origin, tip = tree.xyz[vertex], tree.xyz[vertex + 1]
    chord = tip - origin
    square = np.maximum(np.einsum("ij,ij->i", chord, chord), 1e-12)
    share = np.einsum("ij,ij->i", to_ecef(lon, lat) - origin, chord) / square
    length = tree.length_m[number]
    along = np.clip(share, 0.0, 1.0) * length
    distance = np.empty(along.size)
    active = np.arange(along.size)
    for _ in range(MOST_STEPS):
        start = vertex[active]
        at_lon, at_lat, azimuth = forward(
            tree.lines.lon[start], tree.lines.lat[start],
            tree.lines.azimuth_deg[start], along[active],
        )  # fmt: skip
        toward, distance[active] = inverse(at_lon, at_lat, lon[active], lat[active])
        angle = distance[active] / MEAN_RADIUS_M
        cosine = np.cos(np.radians(toward - azimuth))
        step = MEAN_RADIUS_M * np.arctan2(np.sin(angle) * cosine, np.cos(angle))
        moved = np.clip(along[active] + step, 0.0, length[active])
        still = np.abs(moved - along[active]) < CONVERGED_M
        along[active] = np.where(still, along[active], moved)
        active = active[~still]
        if active.size == 0:
            break
    return along, distance


def _sides(
    tree: EdgeTree,
    number: IntArray,
    along: FloatArray,
    distance: FloatArray,
    lon: FloatArray,
    lat: FloatArray,
) -> IntArray:
    """Side of the line on which points lie; at a bend, of the bend's bisector."""
    lines = tree.lines
    vertex = tree.edge[number]
    at_lon, at_lat, ahead = forward(
        lines.lon[vertex], lines.lat[vertex], lines.azimuth_deg[vertex], along
    )
    toward, _ = inverse(at_lon, at_lat, lon, lat)
    position = lines.line_of_vertex[vertex]
    first, last = lines.first[position], lines.first[position + 1] - 1
    closed = (lines.lon[first] == lines.lon[last]) & (
        lines.lat[first] == lines.lat[last]
    )
    before = np.where(vertex > first, vertex - 1, np.where(closed, last - 1, vertex))
    after = np.where(vertex + 1 < last, vertex + 1, np.where(closed, first, vertex))
    at_start = along <= CONVERGED_M
    at_end = along >= tree.length_m[number] - CONVERGED_M
    other = np.where(at_start, before, np.where(at_end, after, vertex))
    other_length = lines.chainage_m[other + 1] - lines.chainage_m[other]
    _, _, arriving = forward(
        lines.lon[other], lines.lat[other], lines.azimuth_deg[other], other_length
    )
    beyond = np.where(at_start & (other != vertex), arriving, lines.azimuth_deg[other])
    beyond = np.where(other == vertex, ahead, beyond)
    turn = np.sin(np.radians(ahead - toward)) + np.sin(np.radians(beyond - toward))
    side = np.sign(turn).astype(np.int64)
    side[distance < 1e-4] = 0  # noqa: PLR2004 - a tenth of a millimetre
    return side


CONVERGED_M = 1e-6


MOST_STEPS = 30
