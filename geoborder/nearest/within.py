"""The stretches of polylines within a distance of points."""

from __future__ import annotations

import numpy as np

from geoborder.geodesy import (
    MEAN_RADIUS_M,
    BoolArray,
    FloatArray,
    IntArray,
    forward,
    inverse,
    to_ecef,
)
from geoborder.nearest.feet import CONVERGED_M, MOST_STEPS, feet_on_edges, near_pairs
from geoborder.nearest.tree import EdgeTree


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
    point, number = near_pairs(tree, to_ecef(lon, lat), radius_m)
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
        | (start[1:] - end[:-1] > CONVERGED_M)
    )
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], point.size) - 1
    return point[first], line[first], start[first], end[last]


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
    foot, nearest = feet_on_edges(tree, number[cut], lon[cut], lat[cut])
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
    for _ in range(MOST_STEPS):
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
        still = np.abs(moved - along).max(initial=0.0) < CONVERGED_M
        along = moved
        if still:
            break
    return along
