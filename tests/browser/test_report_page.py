"""The report in a real browser, with the network refused, and as a PDF."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Opened, grave_faults, started_browser

import geoborder as gb
from geoborder import cli

pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=document.title=1> $x^2$ & <b>"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[object]:
    with started_browser(chromium) as started:
        yield started


@pytest.fixture(scope="module")
def report_file(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gb.write_report(plan, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="module")
def gaps_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report of a plan with gaps left, in several lines, without elevation."""
    folder = tmp_path_factory.mktemp("gaps")
    program = folder / "programme.yaml"
    program.write_text(
        """\
name: Small
first_year: 2025
last_year: 2026
border: {left: FRA, right: ESP}
equipment:
  mast:
    {name: Mast, category: observation, mode: radius, range_km: 5, cost: 10,
     basis: illustrative}
measures:
  masts:
    {name: Masts, category: observation, quantity: 7, equipment: mast,
     basis: illustrative}
""",
        encoding="utf-8",
    )
    plan = gb.make_plan(program, segment_length_km=50)
    return gb.write_report(plan, folder / "report.html")


@pytest.fixture
def opened(browser: object, report_file: Path) -> Iterator[Opened]:
    page = Opened(browser, report_file)
    yield page
    page.page.close()


def test_it_opens_without_network_or_complaint(opened: Opened, plan: gb.Plan) -> None:
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.locator("h1").inner_text() == plan.program.name
    assert opened.page.locator("svg").count() == 5
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_what_is_folded_can_be_unfolded(opened: Opened) -> None:
    items = opened.page.get_by_role("table", name="Items at chosen sites")
    assert not items.is_visible()
    opened.page.get_by_text(re.compile("^Why each of the")).click()
    assert items.is_visible()


def test_contents_lead_to_sections(opened: Opened) -> None:
    opened.page.get_by_role("link", name="Cost and budget").click()
    opened.page.wait_for_timeout(100)
    top = opened.page.locator("#money").bounding_box()["y"]
    assert -2 <= top < 60


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("which", ["report_file", "gaps_file"])
def test_axe_finds_nothing_grave(
    request: pytest.FixtureRequest, browser: object, axe: Path, which: str, width: int
) -> None:
    opened = Opened(browser, request.getfixturevalue(which), width=width)
    opened.page.evaluate(
        "document.querySelectorAll('details').forEach(d => { d.open = true })"
    )
    assert grave_faults(opened, axe) == []
    opened.page.close()


@pytest.mark.parametrize("which", ["report_file", "gaps_file"])
def test_it_fits_a_phone(
    request: pytest.FixtureRequest, browser: object, which: str
) -> None:
    opened = Opened(browser, request.getfixturevalue(which), width=390)
    page = opened.page
    page.evaluate(
        "document.querySelectorAll('details').forEach(d => { d.open = true })"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    region = page.locator(".scroll").first
    assert region.evaluate("e => e.scrollWidth > e.clientWidth")  # wide things scroll
    page.close()


def test_regions_take_the_focus(browser: object, report_file: Path) -> None:
    opened = Opened(browser, report_file, width=390)
    region = opened.page.locator(".scroll").first
    region.focus()
    before = region.evaluate("e => e.scrollLeft")
    opened.page.keyboard.press("ArrowRight")
    opened.page.wait_for_timeout(400)
    assert region.evaluate("e => e.scrollLeft") > before
    opened.page.close()


def test_names_from_data_are_text(
    browser: object, program_file: Path, tmp_path: Path
) -> None:
    text = program_file.read_text().replace("name: Small", f"name: '{EVIL}'")
    for name in ("Old mast", "Masts"):
        text = text.replace(f"name: {name}", f"name: '{EVIL}'")
    text = text.replace("first_year", f"currency: '{EVIL}'\nfirst_year", 1)
    program_file.write_text(text)
    plan = gb.make_plan(program_file, segment_length_km=100)
    opened = Opened(browser, gb.write_report(plan, tmp_path / "r.html"))
    page = opened.page
    assert page.locator("h1").inner_text() == EVIL
    assert page.locator("img").count() == 0
    assert page.title() == f"{EVIL}: plan report"
    assert EVIL in " ".join(page.locator("svg text").all_text_contents())
    assert opened.complaints == []
    page.close()


def pages_of(file: Path) -> tuple[int, set[str]]:
    """Count a PDF's pages and tell their sizes, as Chromium writes them."""
    data = file.read_bytes()
    sizes = re.findall(rb"/MediaBox \[([^\]]+)\]", data)
    return len(re.findall(rb"/Type /Page\b(?!s)", data)), {s.decode() for s in sizes}


@pytest.mark.usefixtures("chromium")
def test_the_pdf_has_pages_of_a4(plan: gb.Plan, tmp_path: Path) -> None:
    file = gb.write_report_pdf(plan, tmp_path / "report.pdf")
    count, sizes = pages_of(file)
    assert 15 <= count <= 45
    assert len(sizes) == 1
    width, height = (float(n) for n in next(iter(sizes)).split()[2:])
    assert (width, height) == (pytest.approx(595, abs=1), pytest.approx(842, abs=1))
    assert b"/Outlines" in file.read_bytes()
    assert [f.name for f in tmp_path.iterdir()] == ["report.pdf"]


def test_printed_pages_show_what_is_folded(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    table = opened.page.get_by_role("table", name="Items at chosen sites")
    assert table.bounding_box()["height"] > 1000
    head = opened.page.locator("thead").first
    assert head.evaluate("e => getComputedStyle(e).display") == "table-header-group"


@pytest.mark.usefixtures("chromium")
def test_the_command_writes_a_pdf(
    program_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["geoborder", "report", str(program_file), "--segment-length-km", "100"]
    for more, written in (
        (["--pdf", "only.pdf"], {"only.pdf"}),
        (["--pdf", "b.pdf", "--out", "b.html"], {"only.pdf", "b.pdf", "b.html"}),
    ):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
        found = {f.name for f in tmp_path.iterdir()} - {program_file.name}
        assert found == written
        assert more[1] in capsys.readouterr().out
    assert pages_of(tmp_path / "only.pdf")[0] > 2


def test_the_command_says_what_is_missing(
    program_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GEOBORDER_CHROMIUM", "/nowhere/chrome")
    file = tmp_path / "r.pdf"
    monkeypatch.setattr(
        sys, "argv", ["geoborder", "report", str(program_file), "--pdf", str(file)]
    )
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "/nowhere/chrome" in capsys.readouterr().err
    assert not file.exists()
