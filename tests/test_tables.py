"""What bad layers and tables are told."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.tables import POINTS, SEGMENTS, require_layer, validate

GOOD = gpd.GeoDataFrame({"name": ["a"]}, geometry=[Point(70, 38)], crs="EPSG:4326")


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (GOOD.set_crs(None, allow_override=True), "has no CRS; declare"),
        (GOOD.iloc[:0], "`points` is empty"),
        (GOOD.set_geometry([None]), "no geometry in row 0; drop such rows"),
        (
            GOOD.iloc[[0, 0, 0]].set_geometry([None, Point(), Point(70, 38)]),
            r"no geometry in row 0 \(and 1 more\); drop",
        ),
        (GOOD.set_geometry([Point()]), "no geometry in row 0"),
        (GOOD.set_geometry([box(0, 0, 1, 1)]), "must hold Point, got Polygon in row 0"),
        (GOOD.set_geometry([Point(np.nan, 38)]), "no geometry|not a number in row 0"),
        (GOOD.set_geometry([Point(np.inf, 38)]), "not a number in row 0"),
        (
            GOOD.set_geometry([Point(38, 170)]),
            "latitude 170 in row 0.*look swapped: give longitude first",
        ),
        (
            GOOD.set_geometry([Point(37.5, 71.5)]),
            "`points` has longitude and latitude swapped: row 0 is at longitude 37.5",
        ),
        ([1, 2], "must be a GeoDataFrame or GeoSeries, got list"),
        (
            GOOD.set_geometry([Point(5e6, 4e6)]),
            "longitude 5e.06, latitude 4e.06 in row 0, which is not on the globe",
        ),
    ],
)
def test_bad_point_layers(
    border: gpd.GeoDataFrame, points: object, message: str
) -> None:
    with pytest.raises(gb.DataError, match=message):
        gb.locate(points, border)


def test_coordinates_that_do_not_fit_their_crs() -> None:
    far = GOOD.set_crs("EPSG:32642", allow_override=True).set_geometry([Point(1e12, 1)])
    with pytest.raises(gb.DataError, match="does not fit its CRS EPSG:32642"):
        require_layer(far.set_crs("EPSG:32642"), name="points", kinds=POINTS)


def test_a_crs_that_leads_nowhere() -> None:
    local = 'LOCAL_CS["site plan",UNIT["metre",1]]'
    plan = GOOD.set_crs(local, allow_override=True)
    with pytest.raises(gb.DataError, match=r"leads to no longitude.*'site plan'"):
        require_layer(plan, name="points", kinds=POINTS)


def test_a_table_without_geometry_column() -> None:
    bare = gpd.GeoDataFrame({"name": ["a"]})
    with pytest.raises(gb.DataError, match="has no geometry column"):
        require_layer(bare, name="points", kinds=POINTS)


def test_the_nearest_column_is_suggested() -> None:
    segments = gb.segment_border(gb.load_border(), count=2)
    renamed = segments.rename(columns={"start_km": "start_kms"})
    with pytest.raises(
        gb.DataError, match="no column 'start_km'; did you mean 'start_kms'"
    ):
        gb.describe_segments(renamed)


def test_the_first_fault_names_column_row_and_value() -> None:
    table = pd.DataFrame(
        {
            "segment_id": [1, 2],
            "border_id": ["b", "b"],
            "start_km": [0.0, -3.0],
            "end_km": [1.0, 2.0],
            "length_km": [1.0, 1.0],
        }
    )
    with pytest.raises(
        gb.DataError, match=r"'start_km' in row 1: -3\.0: must not be neg"
    ):
        validate(table, SEGMENTS, name="segments")
    twice = table.assign(start_km=0.0, segment_id=[1, 1])
    with pytest.raises(gb.DataError, match="more than once"):
        validate(twice, SEGMENTS, name="segments")
    text = table.assign(start_km=["x", "y"])
    with pytest.raises(gb.DataError, match="'start_km'"):
        validate(text, SEGMENTS, name="segments")


def test_lines_where_points_belong() -> None:
    lines = gpd.GeoSeries([LineString([(70, 37), (71, 37)])], crs="EPSG:4326")
    with pytest.raises(gb.DataError, match="must hold Point, got LineString"):
        gb.locate(lines, gb.load_border())
