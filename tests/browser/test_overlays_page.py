"""Maps with added layers in a real browser, with the network refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import folium
import geopandas as gpd
import pytest
from pages import Opened, started_browser
from shapely import LineString, Point

import geoborder as gb

pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

BOUNDS = [[36.6, 67.8], [38.5, 74.9]]
EVIL = "<img src=x onerror=document.title=1></script>{{ 7*7 }}"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[object]:
    with started_browser(chromium) as started:
        yield started


def everything(plan: gb.Plan, m: folium.Map) -> folium.Map:
    """Add every kind of layer that there is."""
    assert plan.placement is not None
    assert plan.reached is not None
    one = gpd.GeoSeries([gb.point_at(plan.border, 500)], crs=4326)
    seen = gb.viewshed(one, dem=gb.open_dem(), range_km=20, mast_m=24)
    early = gb.cover(plan.border, plan.assets, dem=plan.dem, year=2026, years=[2026])
    gb.add_viewshed(m, seen)
    gb.add_units(m, plan.units)
    gb.add_isochrones(m, plan.reached)
    gb.add_coverage(m, early)
    gb.add_segments(m, plan.segments)
    gb.add_sites(m, plan.placement.sites, show=False)
    gb.add_assets(m, plan.assets, year=2027)
    gb.add_points(m, plan.crossings, name="Crossings", popup=["opened", "note"])
    m.fit_bounds(BOUNDS)
    folium.LayerControl().add_to(m)
    return m


@pytest.fixture(scope="module")
def map_file(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    m = everything(plan, folium.Map(tiles=None))
    return gb.save_map(m, tmp_path_factory.mktemp("overlays") / "map.html")


@pytest.fixture
def opened(browser: object, map_file: Path) -> Iterator[Opened]:
    page = Opened(browser, map_file)
    yield page
    page.page.close()


NAMES = [
    "Viewshed", "Units", "Travel time", "Covered in 2026", "Gaps in 2026",
    "Border segments", "Candidate sites", "Assets", "Crossings",
]  # fmt: skip


def test_it_opens_without_network_or_complaint(opened: Opened) -> None:
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.locator(".leaflet-image-layer").count() == 1


def test_the_control_lists_the_layers_and_the_legend_follows(
    opened: Opened, plan: gb.Plan
) -> None:
    page = opened.page
    page.hover(".leaflet-control-layers")
    boxes = page.locator(".leaflet-control-layers-overlays label")
    assert [text.strip() for text in boxes.all_inner_texts()] == NAMES
    lines = page.locator(".leaflet-gb-line-pane path")
    legend = page.locator(".gb-legends")
    assert lines.count() == len(plan.segments)
    assert "Share covered, %" in legend.inner_text()
    assert "not used" not in legend.inner_text()
    page.get_by_label("Border segments").uncheck()
    page.get_by_label("Candidate sites").check()
    assert lines.count() == 0
    assert "Share covered, %" not in legend.inner_text()
    assert "not used" in legend.inner_text()
    for name in NAMES:
        page.get_by_label(name, exact=True).uncheck()
    assert not legend.is_visible()
    assert page.locator(".leaflet-pane path").count() == 0
    page.get_by_label("Viewshed").check()
    assert "Seen by" in legend.inner_text()
    assert opened.complaints == []


def test_tooltips_and_popups_show(opened: Opened, plan: gb.Plan) -> None:
    page = opened.page
    line = page.locator(".leaflet-gb-line-pane path").nth(60)
    before = line.get_attribute("stroke-width")
    line.dispatch_event("mouseover")
    segment = plan.segments.iloc[60]
    tip = page.locator(".leaflet-tooltip").inner_text()
    assert tip.startswith(
        f"Segment {segment['segment_id']}, km {segment['start_km']:.1f}"
    )
    assert "Share covered, %" in tip
    assert float(line.get_attribute("stroke-width")) > float(before)
    line.dispatch_event("mouseout")
    assert line.get_attribute("stroke-width") == before
    page.wait_for_timeout(400)
    assert page.locator(".leaflet-tooltip").count() == 0
    line.dispatch_event("click")
    page.wait_for_timeout(400)
    text = page.locator(".leaflet-popup-content").inner_text()
    for part in ("Impact level", segment["priority"], "Nearest post"):
        assert part in text
    crossing = page.locator(".leaflet-gb-points-pane path").first
    crossing.dispatch_event("click")
    page.wait_for_timeout(400)
    text = page.locator(".leaflet-popup-content").last.inner_text()
    assert text.splitlines()[0].startswith("Opened")
    assert page.locator(".leaflet-tooltip").count() == 0
    assert opened.complaints == []


def test_popups_stay_clear_of_the_buttons_on_a_phone(
    browser: object, map_file: Path
) -> None:
    opened = Opened(browser, map_file, width=390)
    page = opened.page
    place = page.locator(".leaflet-gb-assets-pane path").first.bounding_box()
    page.mouse.click(place["x"] + 4, place["y"] + 4)
    page.wait_for_timeout(700)
    popup = page.locator(".leaflet-popup-content-wrapper").bounding_box()
    assert popup["x"] >= 50
    assert popup["x"] + popup["width"] <= 390
    assert page.locator(".leaflet-tooltip").count() == 0
    page.close()


def test_a_real_pointer_reaches_what_lies_on_top(opened: Opened) -> None:
    page = opened.page
    crossing = page.locator(".leaflet-gb-points-pane path").nth(3).bounding_box()
    page.mouse.click(
        crossing["x"] + crossing["width"] / 2, crossing["y"] + crossing["height"] / 2
    )
    page.wait_for_timeout(400)
    assert "Opened" in page.locator(".leaflet-popup-content").inner_text()


def test_layers_keep_their_order_when_switched(opened: Opened) -> None:
    page = opened.page
    page.hover(".leaflet-control-layers")
    page.get_by_label("Units").uncheck()
    page.get_by_label("Units").check()
    order = page.evaluate(
        "['units', 'bands', 'line', 'assets', 'points'].map(n => "
        "+getComputedStyle(document.querySelector(`.leaflet-gb-${n}-pane`)).zIndex)"
    )
    assert order == sorted(order)
    assert page.locator(".leaflet-gb-units-pane path").count() == 6


def test_each_category_has_another_outline(opened: Opened) -> None:
    page = opened.page
    swatches = page.locator(".gb-legends section:has-text('posts') svg path")
    outlines = [path.get_attribute("d") for path in swatches.all()]
    assert len(outlines) > 3
    assert len(set(outlines)) == len(outlines)
    drawn = page.locator(".leaflet-gb-assets-pane path").all()
    corners = {path.get_attribute("d").count("L") for path in drawn}
    assert len(corners) > 2


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits_a_phone(browser: object, map_file: Path, width: int) -> None:
    opened = Opened(browser, map_file, width=width)
    page = opened.page
    legend = page.locator(".gb-legends")
    assert not page.locator(".gb-legends ul").first.is_visible()
    page.locator(".gb-legends summary").click()
    assert page.locator(".gb-legends ul").first.is_visible()
    box = legend.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert legend.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.close()


def test_data_is_text(browser: object, tmp_path: Path) -> None:
    rows = {EVIL: [EVIL, "b"], "name": [EVIL, "c"], "category": [EVIL, "d"]}
    lines = gpd.GeoDataFrame(
        rows, geometry=[LineString([(69, 37), (70, 37)])] * 2, crs=4326
    )
    points = gpd.GeoDataFrame(rows, geometry=[Point(69, 37), Point(71, 37)], crs=4326)
    m = folium.Map([37, 70], zoom_start=7, tiles=None)
    gb.add_segments(
        m, lines, column=EVIL, name=EVIL, tooltip=[EVIL], popup=[EVIL, "name"]
    )
    gb.add_assets(m, points, name="Others")
    folium.LayerControl(collapsed=False).add_to(m)
    opened = Opened(browser, gb.save_map(m, tmp_path / "map.html"))
    page = opened.page
    assert opened.complaints == []
    assert EVIL in page.locator(".gb-legends").inner_text()
    names = page.locator(".leaflet-control-layers-overlays label").all_inner_texts()
    assert names[0].strip() == EVIL
    page.locator(".leaflet-gb-assets-pane path").first.dispatch_event("mouseover")
    assert EVIL in page.locator(".leaflet-tooltip").inner_text()
    page.locator(".leaflet-gb-line-pane path").first.dispatch_event("click")
    page.wait_for_timeout(400)
    assert page.locator(".leaflet-popup-content").inner_text().count(EVIL) == 3
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "1"
    page.close()


def test_with_tiles_it_asks_for_tiles_only(
    browser: object, plan: gb.Plan, tmp_path: Path
) -> None:
    m = folium.Map([37.5, 70], zoom_start=7)
    gb.add_segments(m, plan.segments, column="relief_m")
    opened = Opened(browser, gb.save_map(m, tmp_path / "map.html"))
    assert opened.requests
    assert all(
        address.startswith("https://tile.openstreetmap.org/")
        for address in opened.requests
    )
    assert opened.page.locator(".leaflet-gb-line-pane path").count() > 100
    opened.page.close()


def test_on_canvas_all_of_it_can_be_clicked(
    browser: object, plan: gb.Plan, tmp_path: Path
) -> None:
    m = folium.Map(tiles=None, prefer_canvas=True)
    gb.add_units(m, plan.units)
    gb.add_segments(m, plan.segments, column="priority", name="Levels")
    gb.add_assets(m, plan.assets, legend=False)
    m.fit_bounds(BOUNDS)
    opened = Opened(browser, gb.save_map(m, tmp_path / "map.html"))
    page = opened.page
    assert page.locator(".leaflet-pane path").count() == 0
    assert page.locator("canvas").count() == 1
    page.mouse.click(640, 330)
    page.wait_for_timeout(400)
    assert page.locator(".leaflet-popup-content").inner_text()
    assert opened.complaints == []
    page.close()


def test_on_a_map_that_explore_made(
    browser: object, plan: gb.Plan, tmp_path: Path
) -> None:
    pytest.importorskip("mapclassify")
    m = plan.units[["name", "geometry"]].explore(tiles=None)
    gb.add_segments(m, plan.segments, column="relief_m", cmap="viridis")
    opened = Opened(browser, gb.save_map(m, tmp_path / "map.html"))
    assert opened.requests == []
    assert opened.complaints == []
    assert "Relief along the segment" in opened.page.locator(".gb-legends").inner_text()
    opened.page.close()
