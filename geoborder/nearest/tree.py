"""A tree of boxes over the edges of polylines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoborder.geodesy import (
    GEOD,
    FloatArray,
    IntArray,
    Polylines,
    densify,
    to_ecef,
)

LEAF = 8
"""Edges in a leaf of the tree."""

LONGEST_EDGE_M = 2000.0
"""
Longer edges are divided along their geodesics: up to this length an edge and
its chord, set on the ellipsoid, are the same to within a micrometre.
"""


@dataclass(frozen=True, slots=True)
class EdgeTree:
    """
    A complete binary tree of boxes over the edges of polylines.

    Attributes
    ----------
    lines : Polylines
        What was indexed, long edges divided.
    edge : ndarray
        First vertex of each edge, shape (edges,).
    before, after : ndarray of int
        Edge before and after each one along its line (round a closed line); -1
        at the ends.
    length_m : ndarray
        Geodesic length of each edge.
    xyz : ndarray
        Vertices in earth-centred coordinates, shape (vertices, 3), metres.
    sag_m : ndarray
        Bound on the height of each geodesic edge above its chord, metres.
    boxes : ndarray
        Lower and upper corner of each node's box, shape (nodes, 6); node ``i``
        has the children ``2 i`` and ``2 i + 1``, node 1 is the root.
    """

    lines: Polylines
    edge: IntArray
    before: IntArray
    after: IntArray
    length_m: FloatArray
    xyz: FloatArray
    sag_m: FloatArray
    boxes: FloatArray


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
    lines = densify(lines, LONGEST_EDGE_M)
    edge = lines.edges
    xyz = to_ecef(lines.lon, lines.lat)
    length = lines.chainage_m[edge + 1] - lines.chainage_m[edge]
    smallest_radius = GEOD.b**2 / GEOD.a
    sag = length**2 / (8.0 * smallest_radius) + 1e-6
    boxes = _boxes(xyz[edge], xyz[edge + 1], sag)
    before, after = _neighbours(lines, edge)
    return EdgeTree(lines, edge, before, after, length, xyz, sag, boxes)


def _boxes(start: FloatArray, end: FloatArray, margin: FloatArray) -> FloatArray:
    """Boxes of all nodes, the leaves' out of their edges', the others' from below."""
    edges = margin.size
    leaves = 1 << int(np.ceil(np.log2(max(1.0, edges / LEAF))))
    low = np.full((2 * leaves, 3), np.inf)
    high = np.full((2 * leaves, 3), -np.inf)
    used = -(-edges // LEAF)
    begin = np.arange(used) * LEAF
    bounds = np.minimum(start, end) - margin[:, None]
    low[leaves : leaves + used] = np.minimum.reduceat(bounds, begin, axis=0)
    bounds = np.maximum(start, end) + margin[:, None]
    high[leaves : leaves + used] = np.maximum.reduceat(bounds, begin, axis=0)
    level = leaves
    while level > 1:
        level //= 2
        own, left = slice(level, 2 * level), slice(2 * level, 4 * level, 2)
        right = slice(2 * level + 1, 4 * level, 2)
        low[own] = np.minimum(low[left], low[right])
        high[own] = np.maximum(high[left], high[right])
    return np.hstack((low, high))


def _neighbours(lines: Polylines, edge: IntArray) -> tuple[IntArray, IntArray]:
    """Edges before and after each one on its line."""
    line = lines.line_of_vertex[edge]
    number = np.arange(edge.size)
    first = np.append(True, line[1:] != line[:-1])
    last = np.append(first[1:], True)
    start, end = lines.first[:-1], lines.first[1:] - 1
    closed = (lines.lon[start] == lines.lon[end]) & (lines.lat[start] == lines.lat[end])
    before, after = number - 1, number + 1
    before[first] = np.where(closed[line[first]], number[last], -1)
    after[last] = np.where(closed[line[last]], number[first], -1)
    return before, after
