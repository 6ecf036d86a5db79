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
from rasterio.transform import from_origin
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


def test_slopes_along_and_across_a_line() -> None:
    # A plane that falls to the south by one in ten, along the equator and down it.
    rows = np.indices((300, 300))[0]
    step = 0.001 * 110574.3
    plane = (5000 - 0.1 * step * rows).astype("float32")
    bundled = gb.open_dem()
    dem = gb.Dem(plane, from_origin(0, 0.15, 0.001, 0.001), bundled.crs, "plane")
    lines = [LineString([(0.05, 0), (0.25, 0)]), LineString([(0.1, 0.1), (0.1, -0.1)])]
    border = gpd.GeoDataFrame({"border_id": ["a", "b"]}, geometry=lines, crs=4326)
    described = gb.describe_segments(gb.segment_border(border), dem=dem)
    tenth = np.degrees(np.arctan(0.1))
    assert described["slope_deg"].tolist() == pytest.approx([0, tenth], abs=0.01)
    assert described["terrain_slope_deg"].tolist() == pytest.approx(
        [tenth, tenth], abs=0.01
    )
    assert described["aspect_deg"].tolist() == pytest.approx([180, 180], abs=0.01)
    # Six of the eight neighbours are a row higher or lower.
    rugged = 0.1 * step * np.sqrt(6)
    assert described["ruggedness_m"].tolist() == pytest.approx([rugged] * 2, rel=1e-3)
    assert list(described["kind"]) == ["mountain", "mountain"]


def test_descriptions_from_a_file_equal_those_from_memory(
    border: gpd.GeoDataFrame,
) -> None:
    segments = gb.segment_border(border, length_km=200)
    dem = gb.open_dem()
    by_path = gb.describe_segments(segments, dem=dem.source)
    assert_geodataframe_equal(by_path, gb.describe_segments(segments, dem=dem))


def test_segments_off_the_elevation_are_unknown() -> None:
    border = as_layer(LineString([(0, 0), (1, 0)]))
    described = gb.describe_segments(gb.segment_border(border), dem=gb.open_dem())
    assert described["kind"].tolist() == ["unknown"]
    numbers = ["elevation_mean_m", "terrain_slope_deg", "aspect_deg", "ruggedness_m"]
    assert described[numbers].isna().all(axis=None)


def test_lines_break_where_they_turn() -> None:
    # 111 km east, 111 km north, 111 km east again, with small bends on the way.
    x = np.concatenate([np.linspace(0, 1, 101), np.ones(100), np.linspace(1, 2, 101)])
    y = np.concatenate([np.zeros(101), np.linspace(0.01, 1, 100), np.ones(101)])
    wiggle = 0.002 * np.sin(np.arange(x.size))
    border = as_layer(LineString(np.c_[x, y + wiggle]))
    breaks = gb.turn_breaks(border, turn_deg=60, over_km=15)
    corners = gb.locate(gpd.GeoSeries.from_xy([1, 1], [0, 1], crs=4326), border)
    assert breaks == pytest.approx(corners["chainage_km"].to_numpy(), abs=2)
    assert len(gb.turn_breaks(border, turn_deg=120, over_km=15)) == 0
    segments = gb.segment_border(border, breaks_km=breaks)
    assert_partition(segments, border)
    assert len(segments) == 3


def test_lines_break_where_relief_changes() -> None:
    rows, columns = np.mgrid[0:60, 0:300]
    heights = np.where(columns < 150, 100, 100 + 400 * (columns % 2)).astype("float32")
    bundled = gb.open_dem()
    dem = gb.Dem(heights, from_origin(0, 0.3, 0.01, 0.01), bundled.crs, "made")
    assert rows.shape == heights.shape
    border = as_layer(LineString([(0.2, 0), (2.8, 0)]))
    breaks = gb.relief_breaks(border, dem=dem, window_km=10)
    # The window sees the change half its width ahead.
    assert breaks == pytest.approx([(1.5 - 0.2) * 111.32 - 5], abs=1.5)


@given(random_lines(), st.integers(2, 25), st.floats(0.01, 0.6))
def test_merged_segments_still_partition_the_line(
    line: LineString, count: int, share: float
) -> None:
    border = as_layer(line)
    length = float(as_border(border)["length_km"].iloc[0])
    segments = gb.segment_border(border, count=count)
    merged = gb.merge_segments(segments, min_km=share * length)
    assert_partition(merged, border)
    assert len(merged) == 1 or merged["length_km"].min() >= share * length * (1 - 1e-9)


def test_short_segments_go_to_the_neighbour_they_share_most_with() -> None:
    border = as_layer(LineString([(0, 0), (1, 0)]))
    segments = gb.segment_border(border, breaks_km=[40, 45, 70])
    segments["kind"] = ["plain", "plain", "hills", "plain"]
    merged = gb.merge_segments(segments, min_km=10, like=["kind"])
    assert merged["end_km"].round(1).tolist() == [45, 70, 111.3]
    assert merged["kind"].tolist() == ["plain", "hills", "plain"]
    plain = gb.merge_segments(segments, min_km=10)
    assert plain["end_km"].round(1).tolist() == [40, 70, 111.3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: gb.turn_breaks(b, turn_deg=0), "`turn_deg` must be positive"),
        (lambda b: gb.turn_breaks(b, turn_deg=200), "less than 180, got 200"),
        (
            lambda b: gb.relief_breaks(b, dem=gb.open_dem(), classes_m=(5, 1)),
            "increasing",
        ),
        (
            lambda b: gb.merge_segments(gb.segment_border(b, count=2), min_km=-1),
            "positive",
        ),
    ],
)
def test_bad_breaks_are_refused(
    border: gpd.GeoDataFrame, call: object, message: str
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        call(border)
