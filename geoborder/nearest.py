"""
The geodesic foot of points on polylines, and the stretches within a distance.

Candidate edges come from a tree of boxes over the edges' straight chords in
earth-centred coordinates; what the tree leaves open is decided on the
ellipsoid, so that results are geodesic whatever the distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from geoborder.geodesy import (
    GEOD,
    MEAN_RADIUS_M,
    BoolArray,
    FloatArray,
    IntArray,
    Polylines,
    forward,
    inverse,
    to_ecef,
)

_LEAF = 8
"""Edges in a leaf of the tree."""

_CURVATURE_SPREAD = 0.03
"""
Bound on how far the square of the ellipsoid's radius of curvature departs from
the mean radius', over all places and azimuths (it is within 1.4 %).
"""

_CONVERGED_M = 1e-6
_MOST_STEPS = 30


@dataclass(frozen=True, slots=True)
class EdgeTree:
    """
    A complete binary tree of boxes over the edges of polylines.

    Attributes
    ----------
    lines : Polylines
        What was indexed.
    edge : ndarray
        First vertex of each edge, shape (edges,).
    length_m : ndarray
        Geodesic length of each edge.
    xyz : ndarray
        Vertices in earth-centred coordinates, shape (vertices, 3), metres.
    sag_m : ndarray
        Bound on the height of each geodesic edge above its chord, metres.
    low, high : ndarray
        Corners of the boxes, shape (nodes, 3); node ``i`` has the children
        ``2 i`` and ``2 i + 1``, node 1 is the root.
    """

    lines: Polylines
    edge: IntArray
    length_m: FloatArray
    xyz: FloatArray
    sag_m: FloatArray
    low: FloatArray
    high: FloatArray


def edge_tree(lines: Polylines) -> EdgeTree:
    """
    Index the edges of polylines.

    Parameters
    ----------
    lines
        The lines.

    Returns
    -------
    EdgeTree
        Cost n log n in the number of vertices.
    """
    edge = lines.edges
    xyz = to_ecef(lines.lon, lines.lat)
    length = lines.chainage_m[edge + 1] - lines.chainage_m[edge]
    smallest_radius = GEOD.b**2 / GEOD.a
    sag = length**2 / (8.0 * smallest_radius) + 1e-6

    leaves = 1 << int(np.ceil(np.log2(max(1.0, edge.size / _LEAF))))
    low = np.full((2 * leaves, 3), np.inf)
    high = np.full((2 * leaves, 3), -np.inf)
    used = -(-edge.size // _LEAF)
    begin = np.arange(used) * _LEAF
    ends = np.minimum(xyz[edge], xyz[edge + 1]) - sag[:, None]
    low[leaves : leaves + used] = np.minimum.reduceat(ends, begin, axis=0)
    ends = np.maximum(xyz[edge], xyz[edge + 1]) + sag[:, None]
    high[leaves : leaves + used] = np.maximum.reduceat(ends, begin, axis=0)
    level = leaves
    while level > 1:
        level //= 2
        low[level : 2 * level] = np.minimum(
            low[2 * level : 4 * level : 2], low[2 * level + 1 : 4 * level : 2]
        )
        high[level : 2 * level] = np.maximum(
            high[2 * level : 4 * level : 2], high[2 * level + 1 : 4 * level : 2]
        )
    return EdgeTree(lines, edge, length, xyz, sag, low, high)


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

    References
    ----------
    Karney, C. F. F. (2013), section 8, for the spherical triangle whose
    solution is repeated until it stands still.
    """
    xyz = to_ecef(lon, lat)
    limit = _nearest_limit(xyz, tree.xyz, tree.edge, tree.sag_m, tree.low, tree.high)
    point, number = _pairs(tree, xyz, limit)
    along, distance = _feet_on_edges(tree, number, lon[point], lat[point])
    order = np.lexsort((number, np.round(distance, 7), point))
    best = order[np.searchsorted(point[order], np.arange(lon.size))]
    number, along, distance = number[best], along[best], distance[best]
    vertex = tree.edge[number]
    return Feet(
        line=tree.lines.line_of_vertex[vertex],
        chainage_m=tree.lines.chainage_m[vertex] + along,
        distance_m=distance,
        side=_sides(tree, number, along, distance, lon, lat),
    )


def stretches_within(
    tree: EdgeTree, lon: FloatArray, lat: FloatArray, radius_m: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """
    Find all stretches of the lines within a geodesic distance of each point.

    Parameters
    ----------
    tree
        The lines' index.
    lon, lat
        Points, in degrees on WGS 84, shape (n,).
    radius_m
        Distance for each point, in metres; at most 1,000 km, up to which a
        geodesic disc is convex and each edge has one stretch at most.

    Returns
    -------
    point, line : ndarray of int
        Point and line of each stretch, in the order of points and lines.
    start_m, end_m : ndarray
        Chainages between which the line is within the distance, in metres.
    """
    point, number = _pairs(tree, to_ecef(lon, lat), radius_m)
    low, high, inside = _chords(tree, number, lon[point], lat[point], radius_m[point])
    point, number = point[inside], number[inside]
    vertex = tree.edge[number]
    line = tree.lines.line_of_vertex[vertex]
    start = tree.lines.chainage_m[vertex] + low[inside]
    end = tree.lines.chainage_m[vertex] + high[inside]
    if point.size == 0:
        return point, line, start, end
    # Stretches that meet at a vertex are one.
    fresh = np.ones(point.size, dtype=bool)
    fresh[1:] = (
        (point[1:] != point[:-1])
        | (line[1:] != line[:-1])
        | (start[1:] - end[:-1] > _CONVERGED_M)
    )
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], point.size) - 1
    return point[first], line[first], start[first], end[last]


def _pairs(
    tree: EdgeTree, xyz: FloatArray, limit_m: FloatArray
) -> tuple[IntArray, IntArray]:
    """Pairs of point and edge whose chord may be nearer than the point's limit."""
    size = _collect(
        xyz, tree.xyz, tree.edge, tree.sag_m, tree.low, tree.high, limit_m,
        np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64),
    )  # fmt: skip
    offsets = np.concatenate(([0], np.cumsum(size)))
    number = np.empty(offsets[-1], dtype=np.int64)
    _collect(
        xyz, tree.xyz, tree.edge, tree.sag_m, tree.low, tree.high, limit_m,
        offsets, number,
    )  # fmt: skip
    point = np.repeat(np.arange(size.size), size)
    order = np.lexsort((number, point))
    return point, number[order]


def _feet_on_edges(
    tree: EdgeTree, number: IntArray, lon: FloatArray, lat: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Distance along each edge to the foot of a point on it, and the distance to it.

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
    for _ in range(_MOST_STEPS):
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
        still = np.abs(moved - along[active]) < _CONVERGED_M
        along[active] = np.where(still, along[active], moved)
        active = active[~still]
        if active.size == 0:
            break
    return along, distance


def _chords(
    tree: EdgeTree,
    number: IntArray,
    lon: FloatArray,
    lat: FloatArray,
    radius_m: FloatArray,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Part of each edge within the radius of its point, in metres along the edge."""
    vertex = tree.edge[number]
    _, at_start = inverse(tree.lines.lon[vertex], tree.lines.lat[vertex], lon, lat)
    _, at_end = inverse(
        tree.lines.lon[vertex + 1], tree.lines.lat[vertex + 1], lon, lat
    )
    low = np.zeros(number.size)
    high = tree.length_m[number].copy()
    inside = (at_start <= radius_m) & (at_end <= radius_m)
    cut = np.flatnonzero(~inside)
    foot, nearest = _feet_on_edges(tree, number[cut], lon[cut], lat[cut])
    inside[cut] = nearest <= radius_m[cut]
    for bound, sign, outside in ((low, -1.0, at_start), (high, 1.0, at_end)):
        rows = np.flatnonzero(inside[cut] & (outside[cut] > radius_m[cut]))
        pair = cut[rows]
        bound[pair] = _crossings(
            tree, number[pair], lon[pair], lat[pair], radius_m[pair],
            foot[rows], nearest[rows], sign,
        )  # fmt: skip
    return low, high, inside


def _crossings(
    tree: EdgeTree,
    number: IntArray,
    lon: FloatArray,
    lat: FloatArray,
    radius_m: FloatArray,
    foot_m: FloatArray,
    nearest_m: FloatArray,
    sign: float,
) -> FloatArray:
    """Where each edge, followed from the foot, leaves the circle (Newton's method)."""
    vertex = tree.edge[number]
    length = tree.length_m[number]
    ratio = np.cos(radius_m / MEAN_RADIUS_M) / np.cos(nearest_m / MEAN_RADIUS_M)
    away = MEAN_RADIUS_M * np.arccos(np.clip(ratio, -1.0, 1.0))
    along = np.clip(foot_m + sign * away, 0.0, length)
    for _ in range(_MOST_STEPS):
        at_lon, at_lat, azimuth = forward(
            tree.lines.lon[vertex], tree.lines.lat[vertex],
            tree.lines.azimuth_deg[vertex], along,
        )  # fmt: skip
        toward, distance = inverse(at_lon, at_lat, lon, lat)
        slope = -np.cos(np.radians(toward - azimuth))
        slope = sign * np.maximum(sign * slope, 1e-6)
        low = foot_m if sign > 0 else np.zeros_like(foot_m)
        high = length if sign > 0 else foot_m
        moved = np.clip(along - (distance - radius_m) / slope, low, high)
        still = np.abs(moved - along).max(initial=0.0) < _CONVERGED_M
        along = moved
        if still:
            break
    return along


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
    at_start = along <= _CONVERGED_M
    at_end = along >= tree.length_m[number] - _CONVERGED_M
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


@njit(cache=True, nogil=True)
def _box_distance2(low, high, node, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    dx = max(low[node, 0] - x, 0.0, x - high[node, 0])
    dy = max(low[node, 1] - y, 0.0, y - high[node, 1])
    dz = max(low[node, 2] - z, 0.0, z - high[node, 2])
    return dx * dx + dy * dy + dz * dz


@njit(cache=True, nogil=True)
def _chord_distance(xyz, vertex, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    ax, ay, az = xyz[vertex, 0], xyz[vertex, 1], xyz[vertex, 2]
    ux, uy, uz = (
        xyz[vertex + 1, 0] - ax,
        xyz[vertex + 1, 1] - ay,
        xyz[vertex + 1, 2] - az,
    )
    px, py, pz = x - ax, y - ay, z - az
    square = ux * ux + uy * uy + uz * uz
    t = 0.0
    if square > 0.0:
        t = min(1.0, max(0.0, (px * ux + py * uy + pz * uz) / square))
    px, py, pz = px - t * ux, py - t * uy, pz - t * uz
    return np.sqrt(px * px + py * py + pz * pz)


@njit(cache=True, nogil=True)
def _nearest_limit(points, xyz, edge, sag, low, high):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    """Chord distance beyond which no edge can hold the geodesic foot."""
    leaves = low.shape[0] // 2
    stack = np.empty(64, dtype=np.int64)
    limits = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        best = np.inf
        stack[0] = 1
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if _box_distance2(low, high, node, x, y, z) >= best * best:
                continue
            if node >= leaves:
                begin = (node - leaves) * _LEAF
                for e in range(begin, min(begin + _LEAF, edge.size)):
                    bound = _chord_distance(xyz, edge[e], x, y, z) + sag[e]
                    best = min(best, bound)
                continue
            left, right = 2 * node, 2 * node + 1
            if _box_distance2(low, high, left, x, y, z) < _box_distance2(
                low, high, right, x, y, z
            ):
                left, right = right, left
            stack[top] = left
            stack[top + 1] = right
            top += 2
        # Chord against arc: equal chords differ in arc by what curvature varies.
        arc = 2.0 * MEAN_RADIUS_M * np.arcsin(min(1.0, best / (2.0 * MEAN_RADIUS_M)))
        limits[i] = best + 2.0 * _CURVATURE_SPREAD * (arc - best) + 1e-6
    return limits


@njit(cache=True, nogil=True)
def _collect(points, xyz, edge, sag, low, high, limits, offsets, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    """Count, and list if asked, edges whose chord less its sag is within the limit."""
    leaves = low.shape[0] // 2
    stack = np.empty(64, dtype=np.int64)
    counts = np.zeros(points.shape[0], dtype=np.int64)
    listing = offsets.size > 0
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        limit = limits[i]
        stack[0] = 1
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if _box_distance2(low, high, node, x, y, z) > limit * limit:
                continue
            if node < leaves:
                stack[top] = 2 * node
                stack[top + 1] = 2 * node + 1
                top += 2
                continue
            begin = (node - leaves) * _LEAF
            for e in range(begin, min(begin + _LEAF, edge.size)):
                if _chord_distance(xyz, edge[e], x, y, z) - sag[e] <= limit:
                    if listing:
                        out[offsets[i] + counts[i]] = e
                    counts[i] += 1
    return counts
