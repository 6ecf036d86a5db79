"""Linear referencing: points, slices, feet, calibration."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import assume, given
from hypothesis import strategies as st
from lines import as_layer, random_lines
from shapely import LineString, MultiLineString, Point

import geoborder as gb
from geoborder.chainage import as_border
from geoborder.geodesy import polylines


@given(random_lines(), st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_locate_inverts_point_at(line: LineString, shares: list[float]) -> None:
    border = as_layer(line)
    length = float(as_border(border)["length_km"].iloc[0])
    assume(length > 1e-3)
    km = np.array(shares) * length
    located = gb.locate(gb.point_at(border, km), border)
    assert (located["distance_km"] < 1e-6).all()
    # Where the line crosses itself a point has two chainages: compare places.
    again = gb.point_at(border, located["chainage_km"])
    there = gb.point_at(border, km)
    assert np.hypot(
        (again.x.to_numpy() - there.x.to_numpy() + 180) % 360 - 180,
        again.y.to_numpy() - there.y.to_numpy(),
    ) == pytest.approx(np.zeros(km.size), abs=1e-8)
    if line.is_simple:
        assert located["chainage_km"].to_numpy() == pytest.approx(km, abs=1e-6)


@given(random_lines(), st.floats(0, 1), st.floats(0, 1))
def test_chainage_grows_along_the_line(
    line: LineString, one: float, other: float
) -> None:
    border = as_layer(line)
    length = float(as_border(border)["length_km"].iloc[0])
    low, high = sorted((one * length, other * length))
    assume(high - low > 1e-6)
    piece = gb.slice_border(border, low, high)
    assert piece["length_km"].iloc[0] == pytest.approx(high - low, abs=1e-9)
    measured = polylines(piece.geometry.array).length_m[0] / 1000
    assert measured == pytest.approx(high - low, abs=1e-6)


def test_slices_put_together_are_the_border(border: gpd.GeoDataFrame) -> None:
    cuts = np.array([0.0, 123.4, 700.0, border["length_km"].iloc[0]])
    pieces = gb.slice_border(border, cuts[:-1], cuts[1:])
    joined = as_border(gpd.GeoSeries(pieces.geometry, crs=pieces.crs))
    assert joined["length_km"].iloc[0] == pytest.approx(cuts[-1], abs=1e-6)
    whole = set(border.geometry.iloc[0].coords)
    assert whole <= set(joined.geometry.iloc[0].coords)


def test_a_number_gives_a_point_and_a_series_keeps_its_index(
    border: gpd.GeoDataFrame,
) -> None:
    assert isinstance(gb.point_at(border, 100), Point)
    points = gb.point_at(border, pd.Series([1.0, 2.0], index=["a", "b"]))
    assert list(points.index) == ["a", "b"]
    assert points.crs == "EPSG:4326"
    assert gb.locate(gb.point_at(border, 100), border)[
        "chainage_km"
    ].item() == pytest.approx(100, abs=1e-6)


def test_locate_takes_any_crs_and_keeps_the_index(border: gpd.GeoDataFrame) -> None:
    towns = gpd.GeoDataFrame(
        {"name": ["Khorog", "Fayzabad"]},
        geometry=[Point(71.553, 37.490), Point(70.58, 37.117)],
        index=[7, 3],
        crs="EPSG:4326",
    )
    before = towns.copy()
    located = gb.locate(towns.to_crs("EPSG:32642"), border)
    assert list(located.index) == [7, 3]
    assert list(located["side"]) == ["left", "right"]
    pd.testing.assert_frame_equal(located, gb.locate(towns, border), atol=1e-6)
    assert_geodataframe_equal(towns, before)


def test_several_borders_are_told_apart_by_name() -> None:
    lines = gb.load_border("TJK", "KGZ")
    assert len(lines) == 4
    with pytest.raises(gb.OptionError, match=r"4 lines .*border_id"):
        gb.point_at(lines, 1.0)
    with pytest.raises(gb.OptionError, match="'nowhere' is not in"):
        gb.point_at(lines, 1.0, border_id="nowhere")
    names = list(lines["border_id"])
    points = gb.point_at(lines, [5.0, 5.0], border_id=[names[2], names[0]])
    located = gb.locate(points, lines)
    assert list(located["border_id"]) == [names[2], names[0]]
    assert located["chainage_km"].to_numpy() == pytest.approx([5, 5], abs=1e-6)


@pytest.mark.parametrize("km", [-1.0, 1e5, float("nan"), float("inf")])
def test_chainage_off_the_line_is_refused(border: gpd.GeoDataFrame, km: float) -> None:
    with pytest.raises(gb.OptionError, match=r"between 0 and .*1343\.956 km"):
        gb.point_at(border, km)


def test_a_slice_must_run_forward(border: gpd.GeoDataFrame) -> None:
    with pytest.raises(gb.OptionError, match="greater than `start_km`, got 20 to 10"):
        gb.slice_border(border, 20, 10)


def test_official_length_scales_chainage(border: gpd.GeoDataFrame) -> None:
    official = gb.calibrate(border, official_length_km=1344.15)
    length = border["length_km"].iloc[0]
    assert gb.to_official(official, length) == pytest.approx(1344.15, abs=1e-9)
    half = gb.to_official(official, length / 2)
    assert half == pytest.approx(672.075, abs=1e-6)
    located = gb.locate(gb.point_at(official, 500.0), official)
    assert located["official_km"].item() == pytest.approx(500 * 1344.15 / length)
    assert "calibration" not in border.columns


@given(
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6, unique=True),
    st.floats(0.5, 3.0),
    st.booleans(),
)
def test_calibration_is_monotone_and_inverts(
    shares: list[float], rate: float, with_length: bool
) -> None:
    border = as_layer(LineString([(0, 0), (3, 0)]))
    length = float(as_border(border)["length_km"].iloc[0])
    known = sorted(s * length for s in shares)
    assume(min(np.diff([0.0, *known, length])) > 0.01)
    fixed = {km: rate * km + 0.001 * n for n, km in enumerate(known)}
    official = gb.calibrate(
        border,
        official_length_km=rate * length + 0.01 if with_length else None,
        fixed_km=fixed,
    )
    for km, expected in fixed.items():
        assert gb.to_official(official, km) == pytest.approx(expected, abs=1e-6)
    km = np.linspace(0, length, 50)
    there = gb.to_official(official, km)
    assert (np.diff(there) > 0).all()
    assert gb.from_official(official, there) == pytest.approx(km, abs=1e-6)


def test_coarser_maps_are_bridged_to_official_chainage() -> None:
    for layer, km in (("10m", 1172.08), ("50m", 1037.15), ("110m", 939.87)):
        line = gb.load_border(countries=gb.load_countries(layer))
        assert line["length_km"].item() == pytest.approx(km, abs=0.01)
        official = gb.calibrate(line, official_length_km=1344.15)
        assert gb.to_official(official, line["length_km"].item()) == pytest.approx(
            1344.15
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs `official_length_km`, `fixed_km`, or both"),
        ({"official_length_km": -5}, "positive and finite, got -5"),
        ({"fixed_km": {2000: 1}}, "between 0 and 1343.956 km"),
        ({"fixed_km": {10: 5, 20: 4}}, "must increase along the line"),
    ],
)
def test_bad_calibrations_are_refused(
    border: gpd.GeoDataFrame, options: dict[str, object], message: str
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        gb.calibrate(border, **options)


def test_uncalibrated_borders_have_no_official_chainage(
    border: gpd.GeoDataFrame,
) -> None:
    with pytest.raises(gb.DataError, match="give it one with `calibrate`"):
        gb.to_official(border, 10)


def test_pieces_that_join_become_one_border_from_the_west() -> None:
    pieces = gpd.GeoSeries(
        [
            LineString([(2, 0), (3, 1)]),
            LineString([(1, 0), (0, 0)]),
            MultiLineString([[(2, 0), (1.5, 0.2)], [(1, 0), (1.5, 0.2)]]),
        ],
        crs="EPSG:4326",
    )
    joined = as_border(pieces)
    expected = [(0, 0), (1, 0), (1.5, 0.2), (2, 0), (3, 1)]
    assert list(joined.geometry.iloc[0].coords) == expected


def test_a_gap_is_refused_with_its_place_and_size() -> None:
    pieces = gpd.GeoSeries(
        [LineString([(0, 0), (1, 0)]), LineString([(1.1, 0), (2, 0)])], crs="EPSG:4326"
    )
    joined = gb.as_border(pieces, tolerance_m=12_000)
    assert list(joined.geometry.item().coords) == [(0, 0), (1, 0), (1.1, 0), (2, 0)]
    with pytest.raises(gb.OptionError, match="finite and not negative"):
        gb.as_border(pieces, tolerance_m=-1)
    message = r"gap is 11,131\.9 m, from longitude 1\.000000, latitude 0\.000000"
    with pytest.raises(gb.BorderError, match=message):
        as_border(pieces)


def test_a_fork_is_refused_with_its_place() -> None:
    legs = [LineString([(1, 1), end]) for end in ((0, 0), (2, 0), (1, 3))]
    message = r"forks at longitude 1\.000000, latitude 1\.000000, where 3 pieces"
    with pytest.raises(gb.BorderError, match=message):
        as_border(gpd.GeoSeries(legs, crs="EPSG:4326"))


def test_a_line_without_length_is_refused() -> None:
    with pytest.raises(gb.BorderError, match="'L' has no length"):
        as_border(as_layer(LineString([(1, 1), (1, 1)])))


@given(random_lines(), st.integers(0, 2**32 - 1))
def test_nothing_depends_on_how_a_line_was_digitised(
    line: LineString, seed: int
) -> None:
    xy = np.array(line.coords)
    assume(len(xy) > 3)
    assume(xy[0, 0] != xy[-1, 0])
    rng = np.random.default_rng(seed)
    cuts = np.sort(
        rng.choice(np.arange(1, len(xy) - 1), min(3, len(xy) - 2), replace=False)
    )
    pieces = [xy[a : b + 1] for a, b in pairwise([0, *cuts, len(xy) - 1])]
    turned = [LineString(p[:: rng.choice([-1, 1])]) for p in pieces]
    rng.shuffle(turned)
    expected = as_border(gpd.GeoSeries([line], crs=4326))
    for way in ([LineString(xy[::-1])], turned):
        found = as_border(gpd.GeoSeries(way, crs=4326))
        assert found.geometry.item().equals_exact(expected.geometry.item(), 0)
        assert found["length_km"].item() == expected["length_km"].item()
    west = expected.geometry.item()
    turn = (west.coords[-1][0] - west.coords[0][0] + 180) % 360 - 180
    assert turn > 0


def test_a_border_over_the_antimeridian() -> None:
    pieces = gpd.GeoSeries(
        [LineString([(-179, 10), (-180, 10.2)]), LineString([(179, 10), (180, 10.2)])],
        crs=4326,
    )
    joined = as_border(pieces)
    xy = np.array(joined.geometry.item().coords)
    assert (np.diff(xy[:, 0]) == 1).all()  # no leap at the antimeridian
    assert (xy % 360).tolist() == [[179, 10], [180, 10.2], [181, 10]]
    assert joined["length_km"].item() == pytest.approx(223.4, abs=0.5)
    segments = gb.segment_border(joined, count=4)
    assert segments["length_km"].to_numpy() == pytest.approx(
        joined["length_km"].item() / 4
    )
    located = gb.locate(gb.point_at(joined, [50.0, 150.0]), joined)
    assert located["chainage_km"].to_numpy() == pytest.approx([50, 150], abs=1e-6)


def test_a_ring_starts_where_it_is_told() -> None:
    ring = gb.load_border("LSO", "ZAF")
    at = Point(27.48, -29.31)
    moved = gb.restart_border(ring, at=at)
    assert moved["length_km"].item() == pytest.approx(
        ring["length_km"].item(), abs=1e-6
    )
    assert moved.geometry.item().is_closed
    foot = gb.point_at(moved, 0.0)
    expected = gb.point_at(ring, gb.locate(at, ring)["chainage_km"].item())
    assert foot.equals_exact(expected, 1e-9)
    with pytest.raises(gb.OptionError, match="must be one closed line"):
        gb.restart_border(gb.load_border(), at=at)


def test_calibration_need_not_go_beyond_the_known_points(
    border: gpd.GeoDataFrame,
) -> None:
    official = gb.calibrate(border, fixed_km={100: 101, 900: 905}, extrapolate=False)
    found = gb.to_official(official, [50, 100, 500, 900, 1000])
    assert np.isnan(found[[0, 4]]).all()
    assert found[1:4] == pytest.approx([101, 503, 905])
    segments = gb.segment_border(official, length_km=300)
    assert segments["official_start_km"].isna().tolist() == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_residuals_of_known_points(border: gpd.GeoDataFrame) -> None:
    official = gb.calibrate(border, official_length_km=1344.15)
    found = gb.calibration_residuals(official, {100: 100.2, 500: 499.0})
    assert found["residual_km"].tolist() == pytest.approx([0.186, -1.072], abs=0.001)
    exact = gb.calibrate(border, fixed_km={100: 100.2, 500: 499.0})
    assert gb.calibration_residuals(exact, {100: 100.2, 500: 499.0})[
        "residual_km"
    ].tolist() == pytest.approx([0, 0], abs=1e-9)


def test_borders_need_names_of_their_own() -> None:
    two = pd.concat([as_layer(LineString([(0, 0), (1, 0)]))] * 2)
    with pytest.raises(gb.DataError, match="more than once in column"):
        as_border(two)
    nameless = as_layer(LineString([(0, 0), (1, 0)])).assign(border_id=[None])
    with pytest.raises(gb.DataError, match="border_id"):
        as_border(nameless)
