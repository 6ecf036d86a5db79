"""Feet and stretches within a distance, against brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st
from lines import random_lines
from scipy.optimize import minimize_scalar
from shapely import LineString

import geoborder as gb
from geoborder.geodesy import Polylines, interpolate, inverse, polylines
from geoborder.nearest import edge_tree, find_feet, stretches_within
from geoborder.nearest.feet import _far_feet


def brute_foot(line: LineString, lon: float, lat: float) -> float:
    """Least distance to any edge, each searched with GeographicLib and Brent."""
    best = np.inf
    xy = np.array(line.coords)
    for (lon1, lat1), (lon2, lat2) in pairwise(xy):
        edge = Geodesic.WGS84.InverseLine(lat1, lon1, lat2, lon2)

        def distance(s: float, edge: object = edge) -> float:
            at = edge.Position(s)
            return Geodesic.WGS84.Inverse(at["lat2"], at["lon2"], lat, lon)["s12"]

        ends = min(distance(0.0), distance(edge.s13))
        inner = minimize_scalar(
            distance, bounds=(0, edge.s13), method="bounded", options={"xatol": 1e-5}
        )
        best = min(best, ends, inner.fun)
    return best


@given(
    random_lines(most=8),
    st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
)
def test_feet_are_as_near_as_brute_force_finds(
    line: LineString, offset: tuple[float, float]
) -> None:
    x, y = line.coords[0]
    lon, lat = x + offset[0], y + offset[1]
    feet = find_feet(edge_tree(polylines([line])), np.array([lon]), np.array([lat]))
    assert feet.distance_m[0] == pytest.approx(brute_foot(line, lon, lat), abs=1e-3)


def test_a_long_line_with_points_up_to_500_km_away() -> None:
    rng = np.random.default_rng(5)
    n = 100_000
    x = np.linspace(67.8, 74.9, n)
    line = polylines([LineString(np.c_[x, 37 + np.cumsum(rng.normal(0, 3e-4, n))])])
    lon, lat = rng.uniform(62, 80, 40), rng.uniform(33, 42, 40)
    feet = find_feet(edge_tree(line), lon, lat)
    assert feet.distance_m.max() > 500_000
    for i in range(40):
        _, to_vertex = inverse(line.lon, line.lat, lon[i], lat[i])
        nearest = np.argsort(to_vertex)[:50]
        around = np.unique(np.clip(nearest[:, None] + np.arange(-1, 1), 0, n - 2))
        share = np.linspace(0, 1, 1001)
        start, end = line.chainage_m[around], line.chainage_m[around + 1]
        places = (start[:, None] + share * (end - start)[:, None]).ravel()
        at = interpolate(line, np.zeros(places.size, dtype=np.int64), places)
        brute = inverse(*at, lon[i], lat[i])[1].min()
        assert feet.distance_m[i] <= brute + 1e-5
        assert feet.distance_m[i] == pytest.approx(brute, abs=1e-3)


@pytest.mark.parametrize("spread_deg", [0.01, 1.0, 6.0, 60.0])
def test_the_fast_solution_is_the_general_one(spread_deg: float) -> None:
    # Vincenty's solution in compiled code against GeographicLib's, by way of pyproj.
    tree = edge_tree(polylines(gb.load_border().geometry.array))
    rng = np.random.default_rng(3)
    lon = 71 + rng.normal(0, spread_deg, 2000)
    lat = np.clip(37.5 + rng.normal(0, spread_deg, 2000), -89, 89)
    found = find_feet(tree, lon, lat)
    number, along, distance = _far_feet(tree, lon, lat)
    chainage = tree.lines.chainage_m[tree.edge[number]] + along
    assert found.distance_m == pytest.approx(distance, abs=5e-5)
    assert found.chainage_m == pytest.approx(chainage, abs=5e-5)


def sampled(lines: Polylines, km: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    places = np.arange(0.0, lines.length_m[0], km * 1000.0)
    row = np.zeros(places.size, dtype=np.int64)
    return places, np.array(interpolate(lines, row, places))


@given(
    random_lines(most=25),
    st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    st.floats(0.01, 80.0),
)
def test_stretches_within_a_radius_hold_just_the_points_within(
    line: LineString, offset: tuple[float, float], radius_km: float
) -> None:
    lines = polylines([line])
    if lines.length_m[0] < 1.0:
        return
    lon = np.array([line.coords[0][0] + offset[0]])
    lat = np.array([line.coords[0][1] + offset[1]])
    radius = np.array([radius_km * 1000.0])
    _, _, start, end = stretches_within(edge_tree(lines), lon, lat, radius)
    places, at = sampled(lines, lines.length_m[0] / 1000 / 400)
    distance = inverse(*at, lon[0], lat[0])[1]
    inside = ((places[:, None] >= start) & (places[:, None] <= end)).any(axis=1)
    clear = np.abs(distance - radius[0]) > 0.01
    assert (inside == (distance <= radius[0]))[clear].all()
    assert (end > start).all()


def test_circle_crossings_are_exact_to_a_micrometre() -> None:
    line = polylines([LineString([(70, 37), (70.4, 37.1), (70.9, 36.9)])])
    lon, lat, radius = np.array([70.45]), np.array([37.2]), np.array([25_000.0])
    _, row, start, end = stretches_within(edge_tree(line), lon, lat, radius)
    for places in (start, end):
        at = interpolate(line, row, places)
        assert inverse(*at, lon, lat)[1] == pytest.approx(radius, abs=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat", "side"),
    [(0.5, 0.1, 1), (0.5, -0.1, -1), (1.1, 0.1, 1), (0.9, -0.1, -1), (0.5, 0.0, 0)],
)
def test_side_is_seen_in_the_direction_of_chainage(
    lon: float, lat: float, side: int
) -> None:
    # A bend to the right at (1, 0): its outer corner belongs to the left side.
    tree = edge_tree(polylines([LineString([(0, 0), (1, 0), (1, -1)])]))
    assert find_feet(tree, np.array([lon]), np.array([lat])).side[0] == side


def test_side_at_the_sharp_corner_of_a_ring() -> None:
    ring = LineString([(0, 0), (1, 0.2), (2, 0), (1, 2), (0, 0)])  # counter-clockwise
    tree = edge_tree(polylines([ring]))
    outside = find_feet(tree, np.array([-0.5, 2.5, 1.0]), np.array([-0.1, -0.1, 2.5]))
    inside = find_feet(tree, np.array([1.0]), np.array([1.0]))
    assert set(outside.side) == {-1}
    assert inside.side[0] == 1
