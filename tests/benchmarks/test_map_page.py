"""
A large plan's map in a browser: size, first picture, frames while it is panned.

Run with ``pytest tests/benchmarks/test_map_page.py --benchmark-only -s``. The plan: the
Tajik-Afghan border in 2,000 segments with 1,000 towers whose viewsheds are in the file.
The peer is a folium map with the same segments, covered stretches, gaps and towers, by
GeoPandas' ``explore``, without viewsheds, written into one file like ours. Headless
Chromium draws in software. On two cores of a shared machine runs printed what the
docstrings below say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.test_sight import note
from pages import started_browser

import geoborder as gb

pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

PROGRAM = """
name: Large
first_year: 2025
last_year: 2029
border: {left: TJK, right: AFG}
equipment:
  tower: {name: Tower, category: observation, mode: sight, range_km: 12, mast_m: 24,
    target_m: 1.7, cost: 1000, basis: illustrative}
measures:
  towers: {name: Towers, category: observation, quantity: 1000, equipment: tower,
    basis: illustrative}
"""

FRAMES = """(ms) => new Promise((done) => {
  const frames = [];
  let last = performance.now();
  const end = last + ms;
  const step = (now) => {
    frames.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(step);
    else done(frames);
  };
  requestAnimationFrame(step);
})"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[object]:
    with started_browser(chromium) as started:
        yield started


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> gb.Plan:
    file = tmp_path_factory.mktemp("large") / "programme.yaml"
    file.write_text(PROGRAM)
    return gb.make_plan(file, placed=False, segment_length_km=0.67)


@pytest.fixture(scope="module")
def ours(large: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ours")
    return gb.save_map(gb.make_map(large), folder / "map.html")


@pytest.fixture(scope="module")
def peer(large: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    columns = ["segment_id", "start_km", "end_km", "coverage_share", "geometry"]
    page = large.segments[columns].explore("coverage_share", legend=False, tiles=None)
    large.coverage.intervals.explore(m=page, color="blue")
    large.coverage.gaps.explore(m=page, color="red")
    towers = large.assets[["asset_id", "name", "from_year", "geometry"]]
    towers.explore(m=page, color="purple")
    return gb.save_map(page, tmp_path_factory.mktemp("peer") / "map.html")


def drawn(browser: object, file: Path) -> float:
    """Seconds until a page's second frame."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.evaluate(
        "new Promise((done) => "
        "requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    taken = time.perf_counter() - start
    page.close()
    return taken


def frames_panning(
    browser: object, file: Path, *, all_views: bool = False
) -> np.ndarray:
    """Milliseconds between frames while the mouse drags the map for four seconds."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(file.as_uri())
    page.wait_for_timeout(500)
    if all_views:
        page.locator("[data-layer='areas']").check()
        page.wait_for_timeout(1500)
    box = page.locator(".leaflet-container").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(f"(async () => {{ window.found = await ({FRAMES})(4000); }})() && 0")
    page.mouse.move(x, y)
    page.mouse.down()
    end, turn = time.perf_counter() + 3.8, 0
    while time.perf_counter() < end:
        turn += 1
        page.mouse.move(x + (turn * 7) % 400 - 200, y + (turn * 5) % 200 - 100)
        time.sleep(0.008)
    page.mouse.up()
    page.wait_for_timeout(500)
    frames = np.array(page.evaluate("window.found"))
    page.close()
    return frames


def test_first_picture(
    benchmark: object, browser: object, ours: Path, peer: Path, large: gb.Plan
) -> None:
    """1.8 MB, the peer 3.7; first picture in 0.7 to 0.8 s (0.7 to 1.1 times)."""
    assert len(large.segments) >= 2000
    assert len(large.assets) == 1000
    theirs = min(drawn(browser, peer) for _ in range(3))
    benchmark.pedantic(drawn, args=(browser, ours), rounds=3, warmup_rounds=1)
    seconds = benchmark.stats.stats.min
    note(
        benchmark,
        our_MB=ours.stat().st_size / 1e6,
        the_peers_MB=peer.stat().st_size / 1e6,
        first_picture_s=seconds,
        times_as_quick_as_the_peer=theirs / seconds,
    )


@pytest.mark.parametrize("all_views", [False, True])
def test_panning(
    benchmark: object, browser: object, ours: Path, peer: Path, *, all_views: bool
) -> None:
    """A frame takes 17 ms, at 95 % too, the longest 17 to 117; the peer's 17 to 50."""
    theirs = frames_panning(browser, peer)
    frames = benchmark.pedantic(
        frames_panning, args=(browser, ours), kwargs={"all_views": all_views}, rounds=1
    )
    for name, taken in (("our", frames), ("the_peers", theirs)):
        note(
            benchmark,
            **{
                f"{name}_frame_ms": float(np.median(taken)),
                f"{name}_frame_ms_95th_percentile": float(np.quantile(taken, 0.95)),
                f"{name}_longest_frame_ms": float(taken.max()),
            },
        )
