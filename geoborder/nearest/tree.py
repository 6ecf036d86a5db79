"""A tree of capsules over the edges of polylines."""

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

LEAF = 4
"""Edges in a leaf of the tree."""

LONGEST_EDGE_M = 2000.0
"""
Longer edges are divided along their geodesics: up to this length an edge and
its chord, set on the ellipsoid, are the same to within a micrometre.
"""


@dataclass(frozen=True, slots=True)
class EdgeTree:
    """
    A complete binary tree of capsules over the edges of polylines.

    A capsule is what lies within a radius of a straight segment: it hugs a line
    that runs on, as a box with its sides along the axes does not.

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
    nodes : ndarray
        Of each node's capsule the segment's start and its vector to the end, the
        radius, and the inverse of the segment's squared length, shape (nodes,
        8), metres; node ``i`` has the children ``2 i`` and ``2 i + 1``, node 1
        is the root. A node without edges has a negative radius.
    """

    lines: Polylines
    edge: IntArray
    before: IntArray
    after: IntArray
    length_m: FloatArray
    xyz: FloatArray
    sag_m: FloatArray
    nodes: FloatArray


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
    nodes = _capsules(xyz[edge], xyz[edge + 1], sag)
    before, after = _neighbours(lines, edge)
    return EdgeTree(lines, edge, before, after, length, xyz, sag, nodes)


def _capsules(start: FloatArray, end: FloatArray, sag: FloatArray) -> FloatArray:
    """Capsules of all nodes: the leaves' out of their edges', others' from below."""
    edges = sag.size
    leaves = 1 << int(np.ceil(np.log2(max(1.0, edges / LEAF))))
    nodes = np.zeros((2 * leaves, 7))
    nodes[:, 6] = -1.0
    first = np.arange(0, edges, LEAF)
    last = np.append(first[1:], edges) - 1
    leaf = np.arange(edges) // LEAF
    low, high = start[first][leaf], end[last][leaf]
    away = np.maximum(_to_segment(start, low, high), _to_segment(end, low, high))
    own = slice(leaves, leaves + first.size)
    nodes[own, :3], nodes[own, 3:6] = start[first], end[last]
    nodes[own, 6] = np.maximum.reduceat(away + sag, first)
    level = leaves
    while level > 1:
        level //= 2
        left, right = (
            nodes[2 * level : 4 * level : 2],
            nodes[2 * level + 1 : 4 * level : 2],
        )
        alone = right[:, 6] < 0.0
        low, high = left[:, :3], np.where(alone[:, None], left[:, 3:6], right[:, 3:6])
        # What lies near a part's segment lies near the whole's, by how far the
        # part's ends are from it.
        one = left[:, 6] + _to_segment(left[:, 3:6], low, high)
        other = right[:, 6] + _to_segment(right[:, :3], low, high)
        radius = np.where(alone, left[:, 6], np.maximum(one, other))
        nodes[level : 2 * level] = np.column_stack((low, high, radius))
    along = nodes[:, 3:6] - nodes[:, :3]
    square = np.einsum("ij,ij->i", along, along)
    inverse = np.where(square > 0.0, 1.0 / np.maximum(square, 1e-300), 0.0)
    return np.column_stack((nodes[:, :3], along, nodes[:, 6], inverse))


def _to_segment(points: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Distance of each point to its segment."""
    along = high - low
    square = np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
    share = np.einsum("ij,ij->i", points - low, along) / square
    gap = points - low - np.clip(share, 0.0, 1.0)[:, None] * along
    return np.sqrt(np.einsum("ij,ij->i", gap, gap))


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
