"""The map's layers, legend and file, without a browser."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import folium
import folium.plugins
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoborder as gb
from geoborder.maps.layers import (
    asset_features,
    band_features,
    point_features,
    segment_features,
    site_features,
)
from geoborder.maps.style import ATTRIBUTES, card, scheme, words


def test_segments_carry_a_colour_for_every_attribute(plan: gb.Plan) -> None:
    features = segment_features(plan)["features"]
    assert len(features) == len(plan.segments)
    assert set(features[0]["properties"]["colours"]) == set(ATTRIBUTES)
    assert "Segment 1" in features[0]["properties"]["card"]


def test_bands_are_the_coverage(plan: gb.Plan) -> None:
    assert len(band_features(plan, gaps=True)["features"]) == len(plan.coverage.gaps)
    covered = band_features(plan, gaps=False)["features"]
    assert len(covered) == len(plan.coverage.intervals)
    assert "Covered in 2029" in covered[0]["properties"]["card"]


def test_assets_say_what_they_rest_on(plan: gb.Plan) -> None:
    cards = [f["properties"]["card"] for f in asset_features(plan, "posts")["features"]]
    posts = plan.assets[plan.assets["category"] == "posts"]
    assert len(cards) == len(posts)
    assert sum("illustrative" in text for text in cards) == 11
    assert not [text for text in cards if "not a site" in text]
    radios = asset_features(plan, "communications")["features"]
    assert all("not a site" in f["properties"]["card"] for f in radios)


def test_placed_assets_tell_their_reasons(plan: gb.Plan) -> None:
    assert plan.placement is not None
    items = plan.placement.items
    cards = [
        f["properties"]["card"]
        for category in ("posts", "observation")
        for f in asset_features(plan, category)["features"]
    ]
    told = [text for text in cards if "<th>Site</th>" in text]
    assert len(told) == len(items)
    for item in items.itertuples():
        place = f"<th>Site</th><td>{item.site_id}</td>"
        reason = f"<th>Why there and then</th><td>{escape(item.reason)}</td>"
        assert [text for text in told if place in text and reason in text]


def test_sites_are_used_or_not(plan: gb.Plan) -> None:
    assert plan.placement is not None
    sites = plan.placement.sites
    features = site_features(plan)["features"]
    used = [f["properties"]["card"] for f in features if f["properties"]["used"]]
    assert len(features) == len(sites)
    assert len(used) == (sites["items"] > 0).sum()
    assert all("(202" in text for text in used)
    last = features[-1]["properties"]
    assert last["used"]  # drawn over those that are not


def test_sites_named_in_markup_are_text(program_file: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    places = gb.point_at(gb.load_border(), list(range(20, 1300, 60)))
    sites = gpd.GeoDataFrame(geometry=places.to_numpy(), crs=4326)
    sites["site_id"] = [f"{evil}{n}" for n in range(len(sites))]
    found = gb.make_plan(program_file, candidates=sites, segment_length_km=100)
    features = [
        *site_features(found)["features"],
        *asset_features(found, "observation")["features"],
    ]
    cards = [f["properties"][name] for f in features for name in ("tip", "card")]
    assert not [text for text in cards if "<img" in text]
    assert [text for text in cards if "next best site, &lt;img" in text]


def test_a_map_without_a_placement(program_file: Path) -> None:
    found = gb.make_plan(program_file, placed=False, segment_length_km=100)
    assert site_features(found)["features"] == []
    page = gb.make_map(found).get_root().render()
    assert "Candidate sites" not in page
    assert "candidate site" not in page


def test_years_and_counts_are_whole(plan: gb.Plan) -> None:
    assert plan.crossings is not None
    cards = [
        f["properties"]["card"]
        for f in point_features(plan.crossings, what="Official crossing")["features"]
    ]
    assert "<th>Opened</th><td>2007</td>" in cards[0]
    assert "Opened" not in cards[1]  # unknown


def test_numbers_are_classed_and_words_named() -> None:
    found = scheme(pd.Series([0.0, 0.1, 0.5, 1.0, np.nan]), "coverage_share")
    assert found.title == "Share covered, %"
    assert [label for _, label in found.classes] == [
        "0 - 20", "20 - 40", "40 - 60", "60 - 80", "80 - 100", "unknown",
    ]  # fmt: skip
    assert found.colours[0] == found.colours[1] != found.colours[3]
    assert found.colours[4] == "#bdbdbd"
    levels = scheme(pd.Series(["high", "low"]), "priority")
    assert [label for _, label in levels.classes] == ["low", "high"]
    one = scheme(pd.Series([3.0, 3.0]), "relief_m")
    assert [label for _, label in one.classes] == ["3"]
    other = scheme(pd.Series(["<b>", "x"]), "kind")
    assert "&lt;b&gt;" in [label for _, label in other.classes]


def test_cards_hold_text_only() -> None:
    text = card("<i>", [("<b>", "<script>"), ("empty", None), ("nan", np.nan)], "<u>")
    assert re.findall(r"<(?!/?(?:h4|table|tr|th|td|p)\b)", text) == []
    assert "empty" not in text
    assert words(3.14159) == "3.14"
    assert words(1234.0) == "1,234"


def test_the_file_asks_for_nothing(plan: gb.Plan, tmp_path: Path) -> None:
    path = gb.save_map(gb.make_map(plan), tmp_path / "map.html")
    page = path.read_text()
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=.?http", page) == []
    assert path.stat().st_size < 5e6
    assert "OpenStreetMap contributors" in page


def test_unknown_attributes_are_refused(plan: gb.Plan) -> None:
    with pytest.raises(gb.OptionError, match="one of coverage_share, priority"):
        gb.make_map(plan, color_by="beauty")


def test_maps_that_need_the_network_are_refused(tmp_path: Path) -> None:
    page = folium.Map(tiles=None)
    folium.Marker([0, 0], icon=folium.Icon()).add_to(page)
    with pytest.raises(gb.OptionError, match=r"use `folium\.DivIcon`"):
        gb.save_map(page, tmp_path / "m.html")
    other = folium.Map(tiles=None)
    folium.plugins.Fullscreen().add_to(other)
    with pytest.raises(gb.OptionError, match="leave that plugin out"):
        gb.save_map(other, tmp_path / "m.html")
    assert list(tmp_path.iterdir()) == []
