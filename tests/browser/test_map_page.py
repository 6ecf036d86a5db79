"""The map and the report in a real browser, with the network refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import geoborder as gb
from geoborder.maps.style import SITE_COLOUR

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[object]:
    with playwright.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def map_file(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gb.save_map(gb.make_map(plan), tmp_path_factory.mktemp("map") / "map.html")


class Opened:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, browser: object, file: Path, width: int = 1280) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 800})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.route("**/*", self._refuse)
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(300)

    def _refuse(self, route: object) -> None:
        address = route.request.url
        if address.startswith(("file:", "data:")):
            route.continue_()
        else:
            self.requests.append(address)
            route.abort()


@pytest.fixture
def opened(browser: object, map_file: Path) -> Iterator[Opened]:
    page = Opened(browser, map_file)
    yield page
    page.page.close()


def test_it_opens_without_network_or_complaint(opened: Opened) -> None:
    assert opened.requests == []
    assert opened.complaints == []


def test_layers_can_be_switched(opened: Opened, plan: gb.Plan) -> None:
    page = opened.page
    assert plan.placement is not None
    posts = int((plan.assets["category"] == "posts").sum())
    sites = len(plan.placement.sites)
    page.hover(".leaflet-control-layers")
    names = [
        t.strip()
        for t in page.locator(".leaflet-control-layers label").all_inner_texts()
    ]
    for name in (
        "Relief", "Provinces and regions", "Covered in 2029", "Border segments",
        f"Assets: posts ({posts})", f"Candidate sites ({sites})", "Official crossings",
    ):  # fmt: skip
        assert name in names
    lines = page.locator(".leaflet-line-pane path")
    assert lines.count() > 100
    page.get_by_label("Border segments").uncheck()
    assert lines.count() == 0
    page.get_by_label("Border segments").check()
    assert lines.count() > 100
    assert opened.complaints == []


def test_isochrones_are_there_for_who_asks(opened: Opened) -> None:
    page = opened.page
    rings = page.locator(".leaflet-reach-pane path")
    assert rings.count() == 0
    page.hover(".leaflet-control-layers")
    page.get_by_label("Within 30, 60, 120 minutes of a post").check()
    assert rings.count() == 3
    rings.last.dispatch_event("click")
    page.wait_for_timeout(400)
    text = page.locator(".leaflet-popup-content").last.inner_text()
    assert text.startswith("Within 30 minutes of a post")
    assert "foot" in text
    assert opened.complaints == []


def test_sites_are_there_for_who_asks(opened: Opened, plan: gb.Plan) -> None:
    page = opened.page
    assert plan.placement is not None
    markers = page.locator(".leaflet-sites-pane path")
    assert markers.count() == 0
    page.hover(".leaflet-control-layers")
    page.get_by_label("Candidate sites").check()
    assert markers.count() == len(plan.placement.sites)
    rings = page.locator(f".leaflet-sites-pane path[stroke='{SITE_COLOUR}']")
    assert rings.count() == (plan.placement.sites["items"] > 0).sum()
    rings.last.dispatch_event("click")
    page.wait_for_timeout(400)
    text = page.locator(".leaflet-popup-content").last.inner_text()
    assert text.startswith("Site ")
    assert "Placed there" in text
    legend = page.locator(".gb-fixed").inner_text()
    assert "candidate site, used" in legend
    assert "candidate site, not used" in legend
    assert opened.complaints == []


def test_placed_assets_tell_their_reasons(opened: Opened, plan: gb.Plan) -> None:
    page = opened.page
    assert plan.placement is not None
    page.locator(".leaflet-assets-pane path[stroke='#fff']").last.dispatch_event(
        "click"
    )
    page.wait_for_timeout(400)
    text = page.locator(".leaflet-popup-content").last.inner_text()
    assert any(reason in text for reason in plan.placement.items["reason"])


def test_the_line_can_show_minutes(opened: Opened) -> None:
    page = opened.page
    page.select_option(".gb-legend select", "post_minutes")
    title = page.locator(".gb-legend select option:checked").inner_text()
    assert title == "Time from the nearest post, mean, minutes"
    assert len(page.locator(".gb-classes li").all_inner_texts()) == 6  # and unknown


def test_the_legend_follows_the_choice(opened: Opened) -> None:
    page = opened.page
    classes = page.locator(".gb-classes li")
    assert classes.all_inner_texts()[0].strip() == "0 - 20"
    line = page.locator(".leaflet-line-pane path").first
    before = line.get_attribute("stroke")
    page.select_option(".gb-legend select", "priority")
    assert [t.strip() for t in classes.all_inner_texts()] == [
        "low", "medium", "high", "critical",
    ]  # fmt: skip
    assert line.get_attribute("stroke") != before


def test_popups_tell_of_segments_and_crossings(opened: Opened) -> None:
    page = opened.page
    page.locator(".gb-crossing.leaflet-marker-icon").first.click()
    card = page.locator(".leaflet-popup-content")
    assert "Official crossing" in card.inner_text()
    assert "Whether open now: unknown" in card.inner_text()
    page.keyboard.press("Escape")
    page.locator(".leaflet-line-pane path").nth(60).dispatch_event("click")
    page.wait_for_timeout(400)
    text = card.last.inner_text()
    assert text.startswith("Segment ")
    assert "Official chainage" in text
    assert "Impact level" in text


def test_names_from_data_are_text(
    browser: object, program_file: Path, tmp_path: Path
) -> None:
    evil = (
        "<img src=x onerror=document.title=1></script><script>document.title=2</script>"
    )
    text = (
        program_file.read_text()
        .replace("Old mast", evil)
        .replace("name: Small", f"name: {evil}")
    )
    program_file.write_text(text.replace("category: observation", "category: posts"))
    plan = gb.make_plan(program_file, segment_length_km=100)
    title = Opened(browser, gb.save_map(gb.make_map(plan), tmp_path / "m.html"))
    page = title.page
    assert page.locator(".gb-title h1").inner_text() == evil
    standing = page.locator(".leaflet-assets-pane path[stroke='#000']").first
    standing.dispatch_event("click")
    page.wait_for_timeout(400)
    assert evil in page.locator(".leaflet-popup-content").inner_text()
    assert page.locator(".leaflet-popup-content img").count() == 0
    assert page.title() not in {"1", "2"}
    assert title.complaints == []
    page.close()


def test_it_fits_a_phone(browser: object, map_file: Path) -> None:
    opened = Opened(browser, map_file, width=390)
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    opened.page.close()


def test_the_report_opens_without_network_or_complaint(
    browser: object, plan: gb.Plan, tmp_path: Path
) -> None:
    opened = Opened(browser, gb.write_report(plan, tmp_path / "report.html"))
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.locator("h1").inner_text() == plan.program.name
    assert opened.page.locator("svg").count() == 4
    reasons = opened.page.locator("details table")
    assert not reasons.is_visible()
    opened.page.locator("details summary").click()
    assert reasons.is_visible()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1280
    opened.page.close()
