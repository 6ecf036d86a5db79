"""Lengths, positions and cuts, against GeographicLib."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st
from lines import random_lines
from shapely import LineString

from geoborder.geodesy import cut, inverse, polylines, to_ecef

ORACLE = Geodesic.WGS84


def oracle_length(line: LineString) -> float:
    xy = shapely.get_coordinates(line)
    return sum(
        ORACLE.Inverse(lat1, lon1, lat2, lon2)["s12"]
        for (lon1, lat1), (lon2, lat2) in pairwise(xy)
    )


def test_the_border_is_as_long_as_geographiclib_says(border: gpd.GeoDataFrame) -> None:
    line = border.geometry.iloc[0]
    ours = float(polylines([line]).length_m[0])
    assert ours == pytest.approx(oracle_length(line), abs=0.001 * ours / 1e6)


@given(random_lines())
def test_lengths_agree_to_a_millimetre_in_a_thousand_km(line: LineString) -> None:
    ours = float(polylines([line]).length_m[0])
    allowed = max(0.001 * ours / 1e6, 1e-8)
    assert ours == pytest.approx(oracle_length(line), abs=allowed)


def test_several_lines_are_measured_apart() -> None:
    lines = [LineString([(0, 0), (1, 0)]), LineString([(50, 50), (50, 51), (51, 51)])]
    together = polylines(lines)
    alone = [float(polylines([line]).length_m[0]) for line in lines]
    assert together.length_m == pytest.approx(alone, abs=1e-8)
    assert np.isnan(together.azimuth_deg[[1, 4]]).all()
    assert list(together.edges) == [0, 2, 3]


@given(random_lines(), st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_cut_lines_have_the_length_between_their_chainages(
    line: LineString, shares: list[float]
) -> None:
    lines = polylines([line])
    places = np.unique([0.0, *shares, 1.0]) * lines.length_m[0]
    row = np.zeros(places.size - 1, dtype=np.int64)
    pieces = cut(lines, row, places[:-1], places[1:])
    assert polylines(pieces).length_m == pytest.approx(np.diff(places), abs=1e-6)
    ends = shapely.get_coordinates(shapely.get_point(pieces[:-1], -1))
    starts = shapely.get_coordinates(shapely.get_point(pieces[1:], 0))
    assert (ends == starts).all()


def test_ecef_matches_the_ellipsoid_axes() -> None:
    xyz = to_ecef(np.array([0.0, 90.0, 0.0]), np.array([0.0, 0.0, 90.0]))
    expected = np.diag([6378137.0, 6378137.0, 6356752.314245])
    assert xyz == pytest.approx(expected, abs=1e-6)


def test_inverse_broadcasts_and_keeps_shape() -> None:
    azimuth, length = inverse(np.zeros((2, 1)), 0.0, [1.0, 2.0, 3.0], 0.0)
    assert azimuth.shape == length.shape == (2, 3)
    assert azimuth == pytest.approx(np.full((2, 3), 90.0))
