"""Layers that are added to a user's own folium map."""

from __future__ import annotations

import base64
import io
import json
import re
from html import unescape
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.image import imread
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.maps.encoding import script_json
from geoborder.maps.overlays.elements import Features
from geoborder.maps.overlays.options import SYMBOLS
from geoborder.maps.style import (
    CATEGORY_COLOURS,
    COVERED_COLOUR,
    GAP_COLOUR,
    ISOCHRONE_COLOURS,
    SITE_COLOUR,
)

EVIL = "<img src=x onerror=document.title=1></script>{{ 7*7 }}{% raw %}{# no #}"


@pytest.fixture
def m() -> folium.Map:
    return folium.Map([37.5, 70.0], zoom_start=7, tiles=None)


@pytest.fixture
def segments() -> gpd.GeoDataFrame:
    """Ten stretches of a line along a parallel, with a number and a word each."""
    lines = [LineString([(68 + i, 37), (69 + i, 37.0000049)]) for i in range(10)]
    return gpd.GeoDataFrame(
        {
            "segment_id": range(1, 11),
            "start_km": np.arange(10) * 90.0,
            "end_km": np.arange(1, 11) * 90.0,
            "height": [3.0, 1.0, np.nan, 8.0, 5.0, 13.0, 21.0, 34.0, 2.0, 55.0],
            "soil": ["clay", "sand", None, "clay", "rock"] * 2,
        },
        geometry=lines,
        crs=4326,
    )


@pytest.fixture
def assets() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": ["Old post", "Mast", "Relay", "Nowhere", "Gone"],
            "category": ["posts", "observation", "communications", "posts", "posts"],
            "from_year": pd.array([pd.NA, 2026, 2028, 2025, 2025], dtype="Int64"),
            "until_year": pd.array([2026, pd.NA, pd.NA, pd.NA, pd.NA], dtype="Int64"),
            "status": ["operational", "planned", "planned", "planned", "retired"],
        },
        geometry=[Point(68, 37), Point(69, 37), Point(70, 37), None, Point(71, 37)],
        crs=4326,
    )


def layers(m: folium.Map) -> list[Any]:
    return [c for c in m._children.values() if isinstance(c, folium.map.Layer)]


def read(layer: Features) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a layer's features, and how they are to be shown."""
    return json.loads(layer.data)["features"], json.loads(layer.spec)


def only(m: folium.Map) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    (layer,) = layers(m)
    return read(layer)


def legends(m: folium.Map) -> list[dict[str, Any]]:
    found = [c for c in m._children.values() if c._name == "GeoborderLegend"]
    return [json.loads(c.spec) for c in found]


def labels(m: folium.Map) -> list[str]:
    (legend,) = legends(m)
    return [item["label"] for item in legend["items"]]


def colours(m: folium.Map) -> list[str]:
    """Colour of each feature."""
    features, spec = only(m)
    paints = [spec["classes"][f["properties"]["c"]].get("fillColor") for f in features]
    return [str(colour) for colour in paints]


def test_calls_can_be_chained_and_change_no_layer(
    m: folium.Map, segments: gpd.GeoDataFrame, assets: gpd.GeoDataFrame
) -> None:
    before = segments.copy(), assets.copy()
    assert gb.add_segments(m, segments, column="height") is m
    assert gb.add_assets(m, assets, year=2026) is m
    assert gb.add_points(m, assets) is m
    assert gb.add_sites(m, assets) is m
    assert_geodataframe_equal(segments, before[0])
    assert_geodataframe_equal(assets, before[1])
    assert [layer.layer_name for layer in layers(m)] == [
        "Border segments", "Assets", "Points", "Candidate sites",
    ]  # fmt: skip


def test_shared_script_is_there_once(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    for _ in range(3):
        gb.add_segments(m, segments, column=None)
    html = m.get_root().render()
    assert html.count("window.geoborderOverlays = ") == 1
    assert html.count("geoborderOverlays.features(") == 3
    gb.add_segments(m, segments, column=None)  # as in a notebook, after it was shown
    html = m.get_root().render()
    assert html.count("window.geoborderOverlays = ") == 1
    assert html.count("geoborderOverlays.features(") == 4


def test_numbers_are_classed_by_quantiles(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    gb.add_segments(m, segments, column="height", k=3)
    features, spec = only(m)
    expected = pd.qcut(segments["height"], 3, labels=False)
    got = pd.Series([f["properties"]["c"] for f in features])
    # pandas' intervals are closed on the right, ours on the left: no value here is
    # on an inner edge
    assert got.tolist() == expected.fillna(3).astype(int).tolist()
    assert len(spec["classes"]) == 4
    assert labels(m)[-1] == "unknown"


@pytest.mark.parametrize("scheme", ["equal_interval", "EqualInterval"])
def test_numbers_can_be_classed_evenly(
    m: folium.Map, segments: gpd.GeoDataFrame, scheme: str
) -> None:
    gb.add_segments(m, segments, column="height", scheme=scheme, k=4, vmin=0, vmax=60)
    features, _ = only(m)
    expected = np.digitize(segments["height"].fillna(99), [15, 30, 45, 61])
    assert [f["properties"]["c"] for f in features] == expected.tolist()
    assert labels(m) == ["0 to 15", "15 to 30", "30 to 45", "45 to 60", "unknown"]


def test_edges_can_be_given(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    gb.add_segments(m, segments, column="height", scheme=[2, 10, 20])
    features, _ = only(m)
    expected = [0, 0, 2, 0, 0, 1, 1, 1, 0, 1]
    assert [f["properties"]["c"] for f in features] == expected
    assert labels(m) == ["under 10", "10 and more", "unknown"]


def test_shares_are_shown_in_per_cent(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    shares = segments.assign(coverage_share=np.linspace(0, 1, 10))
    gb.add_segments(m, shares)
    (legend,) = legends(m)
    assert legend["caption"] == "Share covered, %"
    assert labels(m) == ["0 to 20", "20 to 40", "40 to 60", "60 to 80", "80 to 100"]
    features, spec = only(m)
    place = spec["tooltip"]["fields"][0]
    assert [f["properties"]["v"][place] for f in features][:3] == [
        "0",
        "11.11",
        "22.22",
    ]


def test_one_value_is_one_class(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    gb.add_segments(m, segments.assign(height=7.5), column="height")
    assert labels(m) == ["7.5"]


def test_nothing_known_is_one_grey_class(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    gb.add_segments(m, segments.assign(height=np.nan), column="height")
    assert labels(m) == ["unknown"]
    assert len(set(colours(m))) == 1


def test_missing_values_can_be_named_and_coloured(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    missing = {"color": "red", "label": "not measured"}
    gb.add_segments(m, segments, column="soil", missing_kwds=missing)
    assert labels(m) == ["clay", "rock", "sand", "not measured"]
    assert [c == "#ff0000" for c in colours(m)] == segments["soil"].isna().tolist()


def test_colormaps_by_name_and_as_lists(segments: gpd.GeoDataFrame) -> None:
    known = segments.dropna(subset="height")
    named, listed, few = folium.Map(), folium.Map(), folium.Map()
    for m, cmap in ((named, "viridis"), (listed, ["red", "lime", "blue"])):
        m._children.clear()
        gb.add_segments(m, known, column="height", cmap=cmap, k=3)
    ends = {to_hex(colormaps["viridis"](place)) for place in (0.0, 0.5, 1.0)}
    assert set(colours(named)) == ends
    assert set(colours(listed)) == {"#ff0000", "#00ff00", "#0000ff"}
    few._children.clear()
    gb.add_segments(few, known, column="height", cmap=["black", "white"], k=3)
    assert len(set(colours(few))) == 3
    assert {"#000000", "#ffffff"} < set(colours(few))


def test_numbers_can_be_categories(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    gb.add_segments(m, segments, column="segment_id", categorical=True)
    assert labels(m) == [str(i) for i in range(1, 11)]
    assert len(set(colours(m))) == 10


def test_categories_keep_the_order_they_are_given_in(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    order = ["sand", "rock"]
    gb.add_segments(m, segments, column="soil", categories=order)
    assert labels(m) == ["sand", "rock", "unknown"]  # clay is not one of them
    own = folium.Map(tiles=None)
    dtype = pd.CategoricalDtype(["rock", "clay", "sand", "none"])
    gb.add_segments(own, segments.astype({"soil": dtype}), column="soil")
    assert labels(own) == ["rock", "clay", "sand", "none", "unknown"]


def test_levels_have_their_order_and_colours(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    levels = ["high", "low", "critical", "medium", "low"] * 2
    gb.add_segments(m, segments.assign(priority=levels), column="priority")
    assert labels(m) == ["low", "medium", "high", "critical"]


def test_one_colour_for_all(segments: gpd.GeoDataFrame) -> None:
    for options in ({"column": None, "color": "crimson"}, {"color": "crimson"}):
        m = gb.add_segments(folium.Map(tiles=None), segments, **options)
        assert set(colours(m)) == {"#dc143c"}
        assert labels(m) == ["Border segments"]


@pytest.mark.parametrize("part", ["tooltip", "popup"])
def test_fields_are_as_in_explore(segments: gpd.GeoDataFrame, part: str) -> None:
    def shown(fields: object) -> tuple[bool, list[str]] | None:
        m = folium.Map(tiles=None)
        other = "popup" if part == "tooltip" else "tooltip"
        gb.add_segments(m, segments, column=None, **{part: fields, other: False})
        features, spec = only(m)
        card = spec[part]
        assert spec[other] is None
        if card is None:
            assert "v" not in features[0]["properties"]
            return None
        assert ("h" in features[0]["properties"]) == card["heading"]
        values = [features[3]["properties"]["v"][i] for i in card["fields"]]
        return card["heading"], values

    assert shown(fields=False) is None
    assert shown(fields=None) is None
    assert shown(0) is None
    assert shown([]) is None
    assert shown(pd.Index(["soil"])) == (False, ["clay"])
    assert shown(2) == (False, ["4", "270"])
    assert shown("soil") == (False, ["clay"])
    assert shown(["soil", "height"]) == (False, ["clay", "8"])
    whole = shown(fields=True) if part == "popup" else None
    assert whole in ((True, ["270", "360", "8", "clay"]), None)


def test_headings_say_which_row_it_is(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    gb.add_segments(m, segments, column="height")
    features, _ = only(m)
    assert features[1]["properties"]["h"] == "Segment 2, km 90.0 to 180.0"
    bare = folium.Map(tiles=None)
    gb.add_segments(
        bare,
        segments[["geometry"]].set_index(pd.Index(list("abcdefghij"))),
        column=None,
    )
    assert only(bare)[0][0]["properties"]["h"] == "Segment a"


def test_aliases_labels_and_other_details(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    gb.add_segments(
        m, segments, column="soil", tooltip=["soil"], popup=["soil", "height"],
        tooltip_kwds={"aliases": ["Ground"], "sticky": False},
        popup_kwds={"labels": False, "max_width": 200},
        legend_kwds={"caption": "Ground", "labels": ["a", "b", "c"]},
        style_kwds={"weight": 9, "dash_array": "4 2"},
        highlight_kwds={"color": "black"},
    )  # fmt: skip
    _, spec = only(m)
    assert spec["tooltip"]["labels"] == ["Ground"]
    assert spec["tooltip"]["options"] == {"sticky": False}
    assert spec["popup"]["labels"] is None
    assert spec["popup"]["options"]["maxWidth"] == 200
    assert (spec["style"]["weight"], spec["style"]["dashArray"]) == (9, "4 2")
    assert spec["highlight"] == {"color": "black"}
    assert legends(m)[0]["caption"] == "Ground"
    assert labels(m) == ["a", "b", "c", "unknown"]


def test_a_style_goes_before_the_classes(
    m: folium.Map, segments: gpd.GeoDataFrame
) -> None:
    gb.add_segments(m, segments, column="soil", style_kwds={"color": "#123456"})
    _, spec = only(m)
    assert spec["style"]["color"] == "#123456"
    assert all("color" not in paint for paint in spec["classes"])


def test_formats_of_the_legend(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    gb.add_segments(
        m, segments.dropna(), column="height", scheme=[0, 30, 60],
        legend_kwds={"fmt": "{:.1f} m"},
    )  # fmt: skip
    assert labels(m) == ["0.0 m to 30.0 m", "30.0 m to 60.0 m"]


def test_switches(segments: gpd.GeoDataFrame) -> None:
    m = folium.Map(tiles=None)
    gb.add_segments(
        m, segments, column="soil", legend=False, highlight=False, name="Mine",
        show=False, overlay=False, control=False,
    )  # fmt: skip
    (layer,) = layers(m)
    assert (layer.layer_name, layer.show, layer.overlay, layer.control) == (
        "Mine", False, False, False,
    )  # fmt: skip
    assert legends(m) == []
    assert only(m)[1]["highlight"] is None


def test_any_crs_gives_the_same_layer(segments: gpd.GeoDataFrame) -> None:
    here, there = folium.Map(tiles=None), folium.Map(tiles=None)
    gb.add_segments(here, segments, column="height")
    gb.add_segments(there, segments.to_crs(32642), column="height")
    flat = [
        np.array([f["geometry"]["coordinates"] for f in only(m)[0]])
        for m in (here, there)
    ]
    assert np.abs(flat[0] - flat[1]).max() < 1.01e-5
    for xy in flat:
        assert np.abs(xy - np.round(xy, 5)).max() == 0.0
    assert here.get_bounds() == [[37.0, 68.0], [37.0, 78.0]]


def test_several_borders_and_multilines(m: folium.Map) -> None:
    borders = gb.load_borders().head(12)
    gb.add_segments(m, borders, column="left", legend=False)
    assert len(only(m)[0]) == 12


def test_rows_without_geometry_are_left_out(
    m: folium.Map, assets: gpd.GeoDataFrame
) -> None:
    gb.add_assets(m, assets)
    assert [f["properties"]["h"] for f in only(m)[0]] == [
        "Old post", "Mast", "Relay", "Gone",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("year", "there"),
    [
        (2024, ["Old post"]),
        (2026, ["Old post", "Mast"]),
        (2027, ["Mast"]),
        (2030, ["Mast", "Relay"]),
    ],
)
def test_assets_of_a_year(
    m: folium.Map, assets: gpd.GeoDataFrame, year: int, there: list[str]
) -> None:
    gb.add_assets(m, assets, year=year)
    assert [f["properties"]["h"] for f in only(m)[0]] == there


def test_the_plan_has_as_many_assets_in_a_year(plan: gb.Plan) -> None:
    m = gb.add_assets(folium.Map(tiles=None), plan.assets, year=2026)
    table = plan.assets[plan.assets.geometry.notna()]
    rows = [
        row
        for row in table.itertuples()
        if (pd.isna(row.from_year) or row.from_year <= 2026)
        and (pd.isna(row.until_year) or row.until_year >= 2026)
        and row.status != "retired"
    ]
    assert 0 < len(rows) < len(table)
    assert len(only(m)[0]) == len(rows)


def test_each_category_has_its_colour_and_symbol(
    m: folium.Map, assets: gpd.GeoDataFrame
) -> None:
    gb.add_assets(m, assets)
    _, spec = only(m)
    names = labels(m)
    assert names == ["posts", "observation", "communications"]
    for name, paint in zip(names, spec["classes"], strict=True):
        assert paint["fillColor"] == CATEGORY_COLOURS[name]
    symbols = [paint["symbol"] for paint in spec["classes"]]
    assert len(set(symbols)) == 3
    one = gb.add_assets(folium.Map(tiles=None), assets[assets["name"] == "Mast"])
    assert only(one)[1]["classes"][0]["symbol"] == symbols[1]  # whatever else is there
    assert legends(m)[0]["caption"] == "Assets"


def test_all_symbols_are_drawn() -> None:
    """Every name that Python takes is one that the page's script knows."""
    html = (
        gb.add_points(folium.Map(), gb.load_crossings(), marker_kwds={"symbol": "star"})
        .get_root()
        .render()
    )
    outlines = html[html.index("var outlines = {") : html.index("var path = ")]
    for symbol in set(SYMBOLS) - {"circle"}:
        assert re.search(rf"^\s*'?{symbol}'?: ", outlines, re.MULTILINE), symbol


def test_markers_take_radius_and_symbol(m: folium.Map) -> None:
    gb.add_points(m, gb.load_crossings(), marker_kwds={"radius": 9, "symbol": "cross"})
    _, spec = only(m)
    assert spec["style"]["radius"] == 9
    assert spec["classes"][0]["symbol"] == "cross"


def test_sites_tell_whether_they_are_used(plan: gb.Plan, m: folium.Map) -> None:
    assert plan.placement is not None
    sites = plan.placement.sites
    gb.add_sites(m, sites)
    assert labels(m) == ["used", "not used"]
    found = pd.Series(colours(m)).value_counts()
    assert found[SITE_COLOUR] == (sites["items"] > 0).sum()
    assert len(colours(m)) == len(sites)


def test_coverage_is_two_layers(plan: gb.Plan, m: folium.Map) -> None:
    coverage = gb.cover(
        plan.border, plan.assets, dem=plan.dem, year=2026, k=2, years=[2026]
    )
    gb.add_coverage(m, coverage)
    covered, gaps = layers(m)
    assert (covered.layer_name, gaps.layer_name) == ("Covered in 2026", "Gaps in 2026")
    features, spec = read(covered)
    enough = coverage.intervals[coverage.intervals["assets"] >= 2]
    assert 0 < len(features) == len(enough) < len(coverage.intervals)
    assert len(read(gaps)[0]) == len(coverage.gaps)
    assert read(gaps)[1]["classes"][0]["color"] == GAP_COLOUR
    names = [item["label"] for item in legends(m)[0]["items"]]
    number = [f["properties"]["c"] for f in features]
    steps = enough["assets"].clip(upper=4).tolist()
    assert [names[c].split()[0] for c in number] == [str(n) for n in steps]
    assert names[0] == "2 assets"
    assert len(spec["classes"]) == len(names)


def test_coverage_without_gaps_and_with_a_name(border: gpd.GeoDataFrame) -> None:
    mast = gpd.GeoDataFrame(
        {"asset_id": ["a"], "mode": ["radius"], "range_km": [30.0]},
        geometry=[gb.point_at(border, 500)],
        crs=4326,
    )
    coverage = gb.cover(border, mast)
    m = gb.add_coverage(
        folium.Map(tiles=None), coverage, gaps=False, name="Today",
        cmap=["#111111", "#222222", "#333333"],
    )  # fmt: skip
    (layer,) = layers(m)
    assert layer.layer_name == "Today: covered"
    assert read(layer)[1]["classes"][0]["color"] == "#111111"
    with pytest.raises(gb.OptionError, match="Unknown option: 'k'"):
        gb.add_coverage(m, coverage, k=2)


def test_units_are_simplified_unless_asked_not_to() -> None:
    units = gb.load_provinces()
    sizes = []
    for tolerance in (0.0, 0.01):
        m = gb.add_units(folium.Map(tiles=None), units, tolerance_deg=tolerance)
        sizes.append(len(layers(m)[0].data))
        assert [f["properties"]["h"] for f in only(m)[0]] == units["name"].tolist()
    assert sizes[1] < 0.7 * sizes[0]


def test_popups_do_not_repeat_the_heading(m: folium.Map) -> None:
    gb.add_points(m, gb.load_crossings())
    features, spec = only(m)
    assert "Name" not in spec["popup"]["labels"]
    assert features[0]["properties"]["h"] == gb.load_crossings()["name"].iloc[0]


def test_a_legend_shows_no_stroke_or_fill_that_is_not_drawn(m: folium.Map) -> None:
    gb.add_units(m, gb.load_provinces(), style_kwds={"stroke": False})
    gb.add_units(m, gb.load_provinces(), style_kwds={"fill": False})
    paints = [legend["items"][0]["paint"] for legend in legends(m)]
    assert [p["stroke"] == "none" for p in paints] == [True, False]
    assert [p["fill"] == "none" for p in paints] == [False, True]


def test_units_can_be_coloured(m: folium.Map) -> None:
    gb.add_units(m, gb.load_units(None), column="country", name="Regions")
    assert set(labels(m)) == set(gb.load_units(None)["country"])


@pytest.fixture(scope="module")
def site(border: gpd.GeoDataFrame) -> gpd.GeoSeries:
    return gpd.GeoSeries([gb.point_at(border, 500)], crs=4326)


def test_isochrones_are_rings_that_do_not_overlap(
    site: gpd.GeoSeries, m: folium.Map
) -> None:
    reached = gb.isochrones(site, dem=gb.open_dem(), mode="horse", minutes=[30, 60, 90])
    gb.add_isochrones(m, reached)
    features, _ = only(m)
    rings = gpd.GeoDataFrame.from_features(features)
    whole = reached.areas.geometry.iloc[-1].area
    assert rings.area.sum() == pytest.approx(whole, rel=0.01)
    assert rings.union_all().area == pytest.approx(whole, rel=0.01)
    assert labels(m) == ["within 30 minutes", "within 60 minutes", "within 90 minutes"]
    assert colours(m) == list(ISOCHRONE_COLOURS[:3])
    assert features[1]["properties"]["h"] == "Within 60 minutes"


def pixels(m: folium.Map) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of a map, and its corners."""
    (layer,) = layers(m)
    png = base64.b64decode(layer.url.split(",", 1)[1])
    return imread(io.BytesIO(png)), np.array(layer.bounds)


def test_a_viewshed_lies_where_it_is(border: gpd.GeoDataFrame) -> None:
    along = gpd.GeoSeries(gb.point_at(border, [480.0, 500.0, 505.0]), crs=4326)
    seen = gb.viewshed(along, dem=gb.open_dem(), range_km=25, mast_m=30, target_m=2)
    m = gb.add_viewshed(folium.Map(), seen, cmap=["#ff0000", "#00ff00", "#0000ff"])
    m._children.pop(next(k for k in m._children if "openstreetmap" in k))
    picture, ((south, west), (north, east)) = pixels(m)
    height, width = picture.shape[:2]

    def mercator(latitude: np.ndarray) -> np.ndarray:
        return np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2))

    counts = np.asarray(seen.values)
    rows, columns = np.indices(counts.shape)
    lon = seen.transform.c + seen.transform.a * (columns + 0.5)
    lat = seen.transform.f + seen.transform.e * (rows + 0.5)
    x = ((lon - west) / (east - west) * width).astype(int)
    top, bottom = mercator(np.array([north, south]))
    y = ((top - mercator(lat)) / (top - bottom) * height).astype(int)
    drawn = picture[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    values = np.where(counts == seen.nodata, 0, counts)
    kinds = np.unique(values[values > 0])
    assert len(kinds) >= 2
    shown = np.where(drawn[..., 3] > 0, 1 + drawn[..., :3].argmax(axis=-1), 0)
    expected = np.where(values > 0, np.searchsorted(kinds, values) + 1, 0)
    if len(kinds) == 3:
        assert (shown == expected).mean() > 0.97
    assert ((shown > 0) == (values > 0)).mean() > 0.97


@pytest.mark.parametrize("result", ["count", "binary", "first", "height", "angle"])
@pytest.mark.parametrize("crs", ["EPSG3857", "EPSG4326"])
def test_viewsheds_of_every_kind(site: gpd.GeoSeries, result: str, crs: str) -> None:
    seen = gb.viewshed(
        site, dem=gb.open_dem(), range_km=15, mast_m=30, method="r3", result=result
    )
    m = gb.add_viewshed(folium.Map(tiles=None, crs=crs), seen, name="Seen", k=3)
    picture, _ = pixels(m)
    alpha = np.unique(picture[..., 3])
    assert alpha.tolist() == pytest.approx([0.0, 0.65], abs=1 / 255)
    if result == "binary":
        assert labels(m) == ["Seen"]
        assert to_hex(picture[picture[..., 3] > 0][0, :3]) == COVERED_COLOUR
    if result == "count":
        assert labels(m) == ["1 site"]
    if result in {"height", "angle"}:
        assert len(labels(m)) == 3


def test_pictures_are_no_larger_than_asked(site: gpd.GeoSeries) -> None:
    seen = gb.viewshed(site, dem=gb.open_dem(), range_km=40, mast_m=30)
    m = gb.add_viewshed(folium.Map(tiles=None), seen, longest_px=40)
    assert max(pixels(m)[0].shape) == 40


def test_nothing_seen_is_an_empty_picture(site: gpd.GeoSeries) -> None:
    seen = gb.viewshed(site, dem=gb.open_dem(), range_km=5, mast_m=30)
    blind = gb.Viewshed(
        np.zeros_like(seen.values), seen.transform, seen.crs, seen.nodata,
        seen.result, seen.method,
    )  # fmt: skip
    m = gb.add_viewshed(folium.Map(tiles=None), blind)
    assert pixels(m)[0][..., 3].max() == 0
    assert legends(m) == []


def test_all_data_is_text(segments: gpd.GeoDataFrame) -> None:
    evil = segments.assign(soil=EVIL).rename(columns={"soil": EVIL})
    m = folium.Map(tiles=None)
    gb.add_segments(
        m, evil, column=EVIL, name=EVIL, popup=[EVIL], tooltip_kwds={"aliases": [EVIL]},
        legend_kwds={"caption": EVIL}, missing_kwds={"label": EVIL},
    )  # fmt: skip
    folium.LayerControl().add_to(m)
    html = m.get_root().render()
    assert "<img" not in html
    assert "</script>{{" not in html
    assert not re.search(r"(?<!\d)49(?!\d)\{", html)
    # read back out of the finished page, it is what it was
    spec = re.search(r"geoborderOverlays\.legend\([^{]*(\{.*\})\);", html)
    assert spec is not None
    assert json.loads(spec[1])["caption"] == EVIL
    data = re.search(r"features\(\s*\w+, (\{.*\}), \{\"pane\"", html)
    assert data is not None
    assert EVIL in json.loads(data[1])["features"][0]["properties"]["v"]
    name = re.search(r'"([^"]*)" : features_', html)
    assert name is not None
    assert unescape(json.loads(f'"{name[1]}"')) == EVIL


@pytest.mark.parametrize(
    "value", [EVIL, "{", "{{{", "}}", "{%{#", {"a": {"b": [{}, {"{%": "{"}]}}, "\u2028"]
)
def test_scripts_hold_any_value(value: object) -> None:
    text = script_json(value)
    assert json.loads(text) == value
    assert not re.search(r"\{[{%#]|[<>&\u2028]", text)


def test_empty_layers_are_listed_and_have_no_legend(
    segments: gpd.GeoDataFrame, assets: gpd.GeoDataFrame
) -> None:
    m = folium.Map(tiles=None)
    gb.add_segments(m, segments.iloc[:0], column="height")
    gb.add_assets(m, assets, year=1990)
    gb.add_assets(m, assets.iloc[:0], year=2026)
    gb.add_points(m, assets.iloc[3:4])
    gb.add_sites(m, gpd.GeoDataFrame({"items": []}, geometry=[], crs=4326))
    gb.add_units(m, gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326))
    assert len(layers(m)) == 6
    assert [len(read(layer)[0]) for layer in layers(m)] == [0, 1, 0, 0, 0, 0]
    assert len(legends(m)) == 1
    m.get_root().render()


def test_large_layers_stay_light(border: gpd.GeoDataFrame) -> None:
    segments = gb.segment_border(border, count=2000)
    segments["height"] = np.arange(len(segments)) % 97
    m = gb.add_segments(folium.Map(tiles=None), segments, column="height")
    html = m.get_root().render()
    vertices = sum(len(line.coords) for line in segments.geometry)
    assert len(html) < 40_000 + 20 * vertices + 260 * len(segments)
    assert "switch" not in html
    rng = np.random.default_rng(5)
    many = gpd.GeoDataFrame(
        {"name": "Asset", "category": rng.choice(list(CATEGORY_COLOURS), 1000)},
        geometry=gpd.points_from_xy(68 + 6 * rng.random(1000), 37 + rng.random(1000)),
        crs=4326,
    )
    assert len(gb.add_assets(folium.Map(), many).get_root().render()) < 200_000


def test_they_go_on_maps_that_explore_made(segments: gpd.GeoDataFrame) -> None:
    pytest.importorskip("mapclassify")
    m = segments.explore(tiles=None)
    gb.add_segments(m, segments, column="height")
    html = m.get_root().render()
    assert "geoborderOverlays.features(" in html
    assert m.get_bounds() == [[37.0, 68.0], [37.0000049, 78.0]]


def test_times_and_truths_are_text(m: folium.Map, segments: gpd.GeoDataFrame) -> None:
    own = segments.assign(
        day=pd.to_datetime(["2026-01-02"] * 9 + [None]), flag=[True, False] * 5
    )
    gb.add_segments(m, own, column="flag", popup=["day", "flag"], tooltip=False)
    features, _ = only(m)
    assert features[0]["properties"]["v"] == ["2026-01-02", "True"]
    assert features[9]["properties"]["v"] == [None, "False"]
    assert labels(m) == ["False", "True"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column": "heigth"}, "no column 'heigth'; did you mean 'height'"),
        ({"column": "coverage_share"}, "For one colour give `column=None`"),
        ({"tooltip": ["sol"]}, "no column 'sol'; did you mean 'soil'"),
        ({"popup": "geometry"}, "no column 'geometry'"),
        ({"column": ["height"]}, "name of a column, got list"),
        ({"colour": "red"}, "Unknown option: 'colour'; did you mean 'color'"),
        ({"marker_kwds": {"radius": 3}}, "Unknown option: 'marker_kwds'"),
        ({"style_kwds": {"wieght": 3}}, "'wieght'; did you mean 'weight'"),
        ({"style_kwds": {"weight": "3"}}, "`weight` of a style must be a number"),
        ({"style_kwds": {"color": object()}}, "`color` of a style must be text"),
        ({"tooltip_kwds": {"stick": 1}}, "did you mean 'sticky'"),
        ({"tooltip": ["soil"], "tooltip_kwds": {"aliases": []}}, "`aliases` must be 1"),
        ({"legend_kwds": {"labels": ["a"]}}, "`labels` of `legend_kwds` must be 5"),
        ({"legend_kwds": {"fmt": "{:d}"}}, "`fmt` must format a number"),
        ({"color": "blurple"}, "must be a colour such as 'crimson'"),
        ({"cmap": "virids"}, "did you mean 'viridis'"),
        ({"cmap": []}, "at least one colour"),
        ({"cmap": ["blurple"]}, "must be a colour"),
        ({"scheme": "jenks"}, "`scheme` must be 'quantiles'"),
        ({"scheme": [3, 2]}, "edges or more that rise"),
        ({"k": 0}, "`k` must be a whole number"),
        ({"vmin": 5, "vmax": 1}, "`vmin` must be less than `vmax`"),
    ],
)
def test_mistakes_are_told(
    m: folium.Map, segments: gpd.GeoDataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((gb.OptionError, gb.DataError), match=re.escape(message)):
        gb.add_segments(m, segments, **{"column": "height", **options})
    assert layers(m) == []


def test_layers_that_cannot_be_drawn_are_refused(
    m: folium.Map, segments: gpd.GeoDataFrame, assets: gpd.GeoDataFrame
) -> None:
    with pytest.raises(gb.DataError, match="no CRS"):
        gb.add_segments(m, segments.set_crs(None, allow_override=True), column=None)
    with pytest.raises(gb.DataError, match="no CRS"):
        gb.add_points(m, assets.iloc[:0].set_crs(None, allow_override=True))
    with pytest.raises(gb.DataError, match="must hold"):
        gb.add_segments(m, assets, column=None)
    with pytest.raises(gb.DataError, match="must hold"):
        gb.add_units(m, assets)
    with pytest.raises(gb.DataError, match="GeoDataFrame"):
        gb.add_points(m, pd.DataFrame({"name": ["a"]}))
    with pytest.raises(gb.OptionError, match=r"must be a folium\.Map, got str"):
        gb.add_segments("map", segments, column=None)
    with pytest.raises(gb.OptionError, match="must be a Coverage"):
        gb.add_coverage(m, segments)
    with pytest.raises(gb.OptionError, match="must be a Isochrones"):
        gb.add_isochrones(m, segments)
    with pytest.raises(gb.OptionError, match="must be a Viewshed"):
        gb.add_viewshed(m, segments)
    with pytest.raises(gb.OptionError, match="`year` must be a year"):
        gb.add_assets(m, assets, year="2026")
    with pytest.raises(gb.OptionError, match="`tolerance_deg` must be 0 or more"):
        gb.add_units(m, gb.load_provinces(), tolerance_deg=-1)
    with pytest.raises(gb.OptionError, match="`symbol` must be one of circle"):
        gb.add_points(m, assets, marker_kwds={"symbol": "heart"})
    assert layers(m) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"opacity": 2}, "`opacity` must be from 0 to 1"),
        ({"longest_px": 0}, "`longest_px` must be 1 or more"),
    ],
)
def test_viewsheds_refuse_what_cannot_be(
    site: gpd.GeoSeries, m: folium.Map, options: dict[str, Any], message: str
) -> None:
    seen = gb.viewshed(site, dem=gb.open_dem(), range_km=5, mast_m=30)
    with pytest.raises(gb.OptionError, match=message):
        gb.add_viewshed(m, seen, **options)
    polar = folium.Map(tiles=None, crs="EPSG3395")
    with pytest.raises(gb.OptionError, match="must be a map in EPSG3857 or EPSG4326"):
        gb.add_viewshed(polar, seen)


def test_areas_of_a_generic_kind_take_a_style(m: folium.Map) -> None:
    square = gpd.GeoDataFrame(
        {"n": [1, 2]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)]
    )
    gb.add_units(
        m, square.set_crs(4326), column="n", categorical=True, cmap="Set2",
        style_kwds={"fillOpacity": 0.9},
    )  # fmt: skip
    _, spec = only(m)
    assert spec["style"]["fillOpacity"] == 0.9
    assert colours(m) == [to_hex(colormaps["Set2"](i)) for i in (0, 1)]
