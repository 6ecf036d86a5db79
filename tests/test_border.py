"""Borders out of polygons."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon, box

import geoborder as gb
from geoborder.geodesy import inverse, polylines
from geoborder.nearest import edge_tree, find_feet


def layer(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs="EPSG:4326")


def test_the_default_border(border: gpd.GeoDataFrame) -> None:
    assert len(border) == 1
    assert border.crs == "EPSG:4326"
    assert border["length_km"].item() == pytest.approx(1343.96, abs=0.1)
    line = border.geometry.item()
    assert len(line.coords) == 7351
    assert line.coords[0] == pytest.approx((67.7809, 37.1816), abs=1e-4)
    assert line.coords[-1] == pytest.approx((74.8899, 37.2341), abs=1e-4)
    assert (border["left"].item(), border["right"].item()) == ("TJK", "AFG")


@pytest.mark.parametrize(
    ("left", "right", "lines", "km"),
    [
        ("UZB", "AFG", 1, 140.5),
        ("TKM", "AFG", 1, 802.3),
        ("TJK", "KGZ", 4, 1001.7),
        ("FRA", "ESP", 3, 569.6),  # Andorra and Llivia part it
        ("LSO", "ZAF", 1, 786.0),  # an enclave: a closed line
        ("IND", "BGD", 1, 2385.9),
    ],
)
def test_any_pair_of_neighbours(left: str, right: str, lines: int, km: float) -> None:
    found = gb.load_border(left, right)
    assert len(found) == lines
    assert found["length_km"].sum() == pytest.approx(km, abs=0.1)
    assert list(found["length_km"]) == sorted(found["length_km"], reverse=True)
    assert found["border_id"].is_unique


def test_the_order_of_countries_does_not_matter(border: gpd.GeoDataFrame) -> None:
    other = gb.load_border("AFG", "TJK")
    assert other.geometry.item().equals_exact(border.geometry.item(), 0)
    assert (other["left"].item(), other["right"].item()) == ("TJK", "AFG")


def test_the_left_country_lies_on_the_left() -> None:
    countries = gb.load_countries("osm").set_index("iso3")
    for pair in (("TJK", "KGZ"), ("TJK", "CHN"), ("UZB", "TKM")):
        found = gb.load_border(*pair)
        for row in found.itertuples():
            xy = np.array(row.geometry.coords)
            middle = len(xy) // 2
            (x1, y1), (x2, y2) = xy[middle - 1], xy[middle]
            normal = np.array([y1 - y2, x2 - x1]) / np.hypot(x2 - x1, y2 - y1) * 1e-6
            beside = shapely.Point(xy[[middle - 1, middle]].mean(axis=0) + normal)
            assert countries.geometry[row.left].contains(beside)


def test_a_table_of_all_land_borders() -> None:
    borders = gb.load_borders(countries=gb.load_countries("110m"))
    assert borders["border_id"].is_unique
    pairs = {frozenset(p) for p in zip(borders["left"], borders["right"], strict=True)}
    assert frozenset({"AFG", "TJK"}) in pairs
    assert len(pairs) > 250
    assert borders["length_km"].min() > 0


def test_a_closed_border_starts_in_the_west() -> None:
    ring = gb.load_border("LSO", "ZAF").geometry.item()
    assert ring.is_closed
    assert ring.coords[0][0] == min(x for x, _ in ring.coords)
    assert shapely.is_ccw(ring)


def test_exclaves_are_borders_of_their_own() -> None:
    inner = box(0.4, 0.4, 0.6, 0.6)
    mainland = box(-1, 0, 0, 1)
    around = Polygon(box(0, 0, 1, 1).exterior, [inner.exterior])
    found = gb.shared_border(layer(mainland, inner), layer(around), names=("A", "B"))
    assert list(found["border_id"]) == ["A-B/1", "A-B/2"]
    assert list(shapely.is_closed(found.geometry)) == [False, True]
    # South to north with the mainland in the west, counter-clockwise round the exclave.
    assert list(found["left"]) == ["A", "A"]


def test_polygons_in_any_crs() -> None:
    countries = gb.load_countries("110m").to_crs("EPSG:3857")
    found = gb.load_border(countries=countries)
    assert found.crs == "EPSG:4326"
    assert found["length_km"].item() == pytest.approx(939.873, abs=0.001)


def test_own_layers_need_only_some_column_with_both_codes() -> None:
    shapes = {"land": ["Ruritania", "Graustark"]}
    own = gpd.GeoDataFrame(
        shapes, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326
    )
    found = gb.load_border("Ruritania", "Graustark", countries=own)
    assert found["border_id"].item() == "Ruritania-Graustark"
    with pytest.raises(gb.DataError, match="no row whose code or name is 'Syldavia'"):
        gb.load_border("Ruritania", "Syldavia", countries=own)


def test_edges_that_do_not_fit_are_matched_within_a_tolerance() -> None:
    afg, tjk = (
        gb.load_countries("osm").query("iso3 == @code") for code in ("AFG", "TJK")
    )
    moved = shapely.transform(
        afg.geometry.item().segmentize(0.02),
        lambda xy: xy + 2e-4 * np.sin(1e6 * xy),  # some 20 m
    )
    other = gpd.GeoSeries([moved.buffer(0)], crs=4326)
    with pytest.raises(gb.BorderError, match="pass a larger `tolerance_m`"):
        gb.shared_border(tjk, other)
    found = gb.shared_border(tjk, other, tolerance_m=60, names=("TJK", "AFG"))
    assert len(found) == 1
    assert found["length_km"].item() == pytest.approx(1343.96, abs=0.3)
    xy = shapely.get_coordinates(found.geometry.item())
    line = polylines(gb.load_border().geometry.array)
    away = find_feet(edge_tree(line), xy[:, 0], xy[:, 1]).distance_m
    assert away.max() < 61  # the ends may run on by the tolerance


def test_countries_far_apart_are_told_from_a_few_of_their_vertices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []

    def counting(tree: object, lon: np.ndarray, lat: np.ndarray) -> object:
        sizes.append(lon.size)
        return find_feet(tree, lon, lat)

    monkeypatch.setattr("geoborder.border.find_feet", counting)
    # That of all feet of all vertices, which takes 20 s.
    with pytest.raises(gb.BorderError, match=r"they are 8,586\.305 km apart"):
        gb.load_border("fra", "jpn")
    assert sum(sizes) < 1500  # of 11,554


def test_countries_apart_are_refused_with_their_distance() -> None:
    with pytest.raises(gb.BorderError, match=r"do not touch: they are 111\.303 km"):
        gb.shared_border(layer(box(0, -1, 1, 1)), layer(box(2, -1, 3, 0)))
    _, metres = inverse(1, -1, 2, -1)
    assert float(metres) == pytest.approx(111_302.6, abs=0.1)


def test_countries_that_touch_in_a_point_share_no_line() -> None:
    with pytest.raises(gb.BorderError, match="share no line"):
        gb.shared_border(layer(box(0, 0, 1, 1)), layer(box(1, 1, 2, 2)))


def test_unknown_codes_are_named() -> None:
    with pytest.raises(gb.DataError, match="No bundled country has the code 'XYZ'"):
        gb.load_border("TJK", "XYZ")


@pytest.mark.parametrize("start", range(6))
def test_edges_that_do_not_fit_where_rings_start_on_them(start: int) -> None:
    north = box(70, 38, 70.04, 38.04)
    south = box(70, 37.96, 70.04, 37.9998).difference(box(70.02, 37.9997, 70.04, 38))
    turned = shapely.get_coordinates(south)[:-1]
    turned = np.roll(turned, start, axis=0)
    for first in range(4):
        corners = np.roll(shapely.get_coordinates(north)[:-1], first, axis=0)
        found = gb.shared_border(
            layer(Polygon(corners)), layer(Polygon(turned)), tolerance_m=60
        )
        assert found["length_km"].item() == pytest.approx(3.513, abs=0.06)


@pytest.mark.parametrize("pair", ["ESP FRA", "FRA ESP", "LSO ZAF", "AND FRA"])
def test_a_tolerance_changes_nothing_where_edges_fit(pair: str) -> None:
    countries = gb.load_countries("10m").set_index("iso3")
    left, right = (countries.loc[[code]] for code in pair.split())
    exact = gb.shared_border(left, right)["length_km"]
    found = gb.shared_border(left, right, tolerance_m=50)["length_km"]
    assert found.to_numpy() == pytest.approx(exact.to_numpy(), abs=0.06)


def test_an_enclave_that_does_not_fit() -> None:
    inner = box(70.01, 38.01, 70.02, 38.02)
    hole = box(70.0098, 38.0098, 70.0202, 38.0202)
    outer = box(70, 38, 70.04, 38.04).difference(hole)
    found = gb.shared_border(layer(inner), layer(outer), tolerance_m=60)
    assert found.geometry.item().is_closed
    own = polylines(layer(inner).boundary.array).length_m[0] / 1000
    assert found["length_km"].item() == pytest.approx(own, rel=0.03)


@pytest.mark.parametrize("tolerance_m", [-1.0, float("nan"), float("inf")])
def test_tolerance_must_be_finite(tolerance_m: float) -> None:
    square = layer(box(0, 0, 1, 1))
    with pytest.raises(gb.OptionError, match="`tolerance_m` must be finite"):
        gb.shared_border(square, square, tolerance_m=tolerance_m)
