"""Segments partition the border and know their units."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from lines import as_layer, random_lines
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.chainage import as_border


def assert_partition(segments: gpd.GeoDataFrame, border: gpd.GeoDataFrame) -> None:
    """Assert that segments cover each line once, in order, on the same vertices."""
    whole = as_border(border)
    for row in whole.itertuples():
        own = segments[segments["border_id"] == row.border_id]
        assert own["start_km"].iloc[0] == 0
        assert list(own["start_km"])[1:] == list(own["end_km"])[:-1]
        assert own["length_km"].sum() == pytest.approx(row.length_km, abs=1e-6)
        assert own["end_km"].iloc[-1] == pytest.approx(row.length_km, abs=1e-6)
        starts = shapely.get_coordinates(shapely.get_point(own.geometry, 0))
        ends = shapely.get_coordinates(shapely.get_point(own.geometry, -1))
        assert (starts[1:] == ends[:-1]).all()
        xy = shapely.get_coordinates(row.geometry)
        assert (starts[0] == xy[0]).all()
        assert (ends[-1] == xy[-1]).all()
        inner = {tuple(p) for p in shapely.get_coordinates(own.geometry)}
        assert {tuple(p) for p in xy} <= inner


@given(
    random_lines(),
    st.one_of(st.none(), st.integers(1, 30)),
    st.lists(st.floats(0, 1), max_size=4),
)
def test_segments_partition_any_line(
    line: LineString, count: int | None, breaks: list[float]
) -> None:
    border = as_layer(line)
    length = float(as_border(border)["length_km"].iloc[0])
    segments = gb.segment_border(
        border, count=count, breaks_km=[b * length for b in breaks]
    )
    assert_partition(segments, border)


@pytest.mark.parametrize("length_km", [0.7, 10.0, 33.3, 5000.0])
def test_segments_end_at_multiples_of_their_length(
    border: gpd.GeoDataFrame, length_km: float
) -> None:
    before = border.copy()
    segments = gb.segment_border(border, length_km=length_km)
    assert_partition(segments, border)
    assert segments["length_km"].max() <= length_km + 1e-9
    full = np.arange(1, len(segments)) * length_km
    assert segments["start_km"].to_numpy()[1:] == pytest.approx(full, abs=1e-9)
    assert list(segments["segment_id"]) == list(range(1, len(segments) + 1))
    assert_geodataframe_equal(border, before)


def test_units_break_the_line_where_they_change(border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, units=gb.load_units(None))
    assert_partition(segments, border)
    right = segments.groupby("right_unit", sort=False)["length_km"].sum()
    left = segments.groupby("left_unit", sort=False)["length_km"].sum()
    assert list(right.index) == ["Balkh", "Kunduz", "Takhar", "Badakhshan"]
    assert right.to_numpy() == pytest.approx([43.4, 162.5, 139.4, 998.7], abs=0.05)
    assert list(left.index) == ["Khatlon", "Gorno-Badakhshan"]
    assert left.to_numpy() == pytest.approx([457.0, 887.0], abs=0.05)
    assert len(segments) == 5


def test_options_add_up(border: gpd.GeoDataFrame) -> None:
    units = gb.load_provinces()
    both = gb.segment_border(border, length_km=100, units=units, breaks_km=[50])
    starts = set(both["start_km"].round(6))
    alone = gb.segment_border(border, units=units)["start_km"].round(6)
    assert starts == {*np.arange(0.0, 1344, 100), 50.0, *alone}


def test_breaks_are_official_where_the_border_is_calibrated(
    border: gpd.GeoDataFrame,
) -> None:
    official = gb.calibrate(border, official_length_km=2000)
    segments = gb.segment_border(official, breaks_km=[1000])
    assert segments["official_end_km"].tolist() == pytest.approx([1000, 2000])
    assert segments["start_km"].iloc[1] == pytest.approx(border["length_km"].item() / 2)


def test_units_that_do_not_fit_go_by_the_nearest() -> None:
    border = as_layer(LineString([(0, 0), (1, 0)]))
    units = gpd.GeoDataFrame(
        {"unit_id": ["w", "e"], "name": ["West", "East"], "country": ["B", "B"]},
        geometry=[box(0, -1, 0.4, -0.02), box(0.4, -1, 1, -0.05)],
        crs="EPSG:4326",
    )
    segments = gb.segment_border(border, units=units)
    assert list(segments["right_unit"]) == ["West", "East"]
    # East is further off, so the change lies where both are equally near.
    change = segments.geometry.iloc[0].coords[-1][0]
    assert 0.4 < change < 0.46
    gap = Point(change, 0).distance(units.geometry.iloc[0])
    assert gap == pytest.approx(
        Point(change, 0).distance(units.geometry.iloc[1]), abs=0.003
    )


def test_units_of_other_countries_are_refused(border: gpd.GeoDataFrame) -> None:
    units = gb.load_units("AFG").assign(country="XXX")
    with pytest.raises(gb.DataError, match="must hold some of AFG, TJK"):
        gb.segment_border(border, units=units)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length_km": 0}, "`length_km` must be finite and more than 0.001, got 0"),
        ({"length_km": float("nan")}, "must be finite"),
        ({"count": 0}, "whole number of at least 1, got 0"),
        ({"count": 2.5}, "whole number of at least 1, got 2.5"),
        ({"count": 2, "length_km": 3}, "not both"),
        ({"breaks_km": [9999]}, r"between 0 and the border's 1343\.956 km, got 9999"),
    ],
)
def test_bad_options_are_refused(
    border: gpd.GeoDataFrame, options: dict[str, object], message: str
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        gb.segment_border(border, **options)


def test_descriptions_of_a_line_along_the_equator() -> None:
    border = as_layer(LineString([(0, 0), (1, 0), (2, 0)]))
    towns = gpd.GeoDataFrame(
        {"name": ["near", "far"]}, geometry=[Point(0.5, 0.1), Point(1, 3)], crs=4326
    )
    described = gb.describe_segments(gb.segment_border(border, count=2), places=towns)
    assert described["bearing_deg"].tolist() == pytest.approx([90, 90])
    assert described["sinuosity"].tolist() == pytest.approx([1, 1])
    assert list(described["nearest_place"]) == ["near", "near"]
    assert described["place_km"].iloc[0] == pytest.approx(11.057, abs=0.001)


def test_terrain_of_the_border(border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, length_km=100)
    described = gb.describe_segments(segments, dem=gb.open_dem())
    assert described["elevation_mean_m"].iloc[0] < 500
    assert described["elevation_mean_m"].iloc[-2] > 3500
    assert (described["relief_m"] >= 0).all()
    assert (described["elevation_min_m"] <= described["elevation_mean_m"]).all()
    assert described["kind"].iloc[-1] == "mountain"
    assert described.columns[-1] == "geometry"
