"""Distances between sites and segments, and along the border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point

import geoborder as gb


def sites(border: gpd.GeoDataFrame, km: list[float]) -> gpd.GeoDataFrame:
    names = {"name": [f"s{value:g}" for value in km]}
    return gpd.GeoDataFrame(names, geometry=list(gb.point_at(border, km)), crs=4326)


def test_matrix_has_a_row_per_site_and_a_column_per_segment(
    border: gpd.GeoDataFrame,
) -> None:
    segments = gb.segment_border(border, count=12)
    points = sites(border, [10.0, 900.0]).set_index("name", drop=False)
    matrix = gb.distance_matrix(points.to_crs("EPSG:32642"), segments)
    assert matrix.shape == (2, 12)
    assert list(matrix.index) == ["s10", "s900"]
    assert list(matrix.columns) == list(segments["segment_id"])
    assert matrix.loc["s10", 1] == pytest.approx(0, abs=1e-6)
    for segment in segments.iloc[[3, 7]].itertuples():
        one = gpd.GeoDataFrame(
            {"border_id": ["x"]}, geometry=[segment.geometry], crs=4326
        )
        expected = gb.locate(points, one)["distance_km"]
        assert matrix[segment.segment_id].to_numpy() == pytest.approx(
            expected, abs=1e-9
        )


def test_nearest_site_of_each_segment(border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, count=6)
    points = sites(border, [50.0, 1300.0])
    nearest = gb.nearest_sites(segments, points)
    matrix = gb.distance_matrix(points, segments)
    assert nearest["distance_km"].to_numpy() == pytest.approx(matrix.min().to_numpy())
    assert nearest["site"].iloc[0] == "s50"
    assert nearest["site"].iloc[-1] == "s1300"


def test_spacing_adds_up_to_the_border(border: gpd.GeoDataFrame) -> None:
    gaps = gb.spacing(sites(border, [700.0, 100.0, 350.0]), border)
    length = border["length_km"].item()
    assert gaps["length_km"].to_numpy() == pytest.approx(
        [100, 250, 350, length - 700], abs=1e-6
    )
    assert gaps["after"].tolist()[1:] == ["s100", "s350", "s700"]
    assert gaps["before"].tolist()[:-1] == ["s100", "s350", "s700"]
    assert gaps["after"].isna().iloc[0]


def test_a_border_without_sites_is_one_stretch() -> None:
    lines = gb.load_border("TJK", "KGZ")
    name = lines["border_id"].iloc[0]
    point = gb.point_at(lines, [10.0], border_id=name)
    site = gpd.GeoDataFrame({"name": ["a"]}, geometry=list(point), crs=4326)
    gaps = gb.spacing(site, lines)
    assert len(gaps) == len(lines) + 1
    assert gaps["length_km"].sum() == pytest.approx(lines["length_km"].sum())


def test_crossings_that_lie_off_the_line_keep_their_distance(
    border: gpd.GeoDataFrame,
) -> None:
    crossings = gb.load_crossings().join(gb.locate(gb.load_crossings(), border))
    bridge = crossings.set_index("crossing_id").loc["panji-poyon"]
    assert bridge["distance_km"] < 1
    town = gpd.GeoSeries(
        [Point(68.417, 37.183)], crs=4326
    )  # Sher Khan Bandar, as listed
    gap = gb.locate(town, border)["chainage_km"].item() - bridge["chainage_km"]
    assert np.abs(gap) > 10


def test_the_naming_column_must_be_there(border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, count=2)
    with pytest.raises(gb.DataError, match="no column 'title'"):
        gb.nearest_sites(segments, sites(border, [1.0]), name="title")
