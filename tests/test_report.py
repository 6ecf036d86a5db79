"""The report says what the plan holds, and nothing from data is markup."""

from __future__ import annotations

import html
import re
from pathlib import Path

import geopandas as gpd
import pytest

import geoborder as gb
from geoborder.report import render_report
from geoborder.report.placement import percent


@pytest.fixture(scope="module")
def page(plan: gb.Plan) -> str:
    return render_report(plan)


def part_of(page: str, start: str, end: str) -> str:
    """Cut a part out of a page."""
    begun = page.index(start)
    return page[begun : page.index(end, begun)]


def text_of(page: str) -> str:
    """Take the tags off."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(page)).split())


def few_sites() -> gpd.GeoDataFrame:
    """Put a site on every sixtieth kilometre of the border."""
    places = gb.point_at(gb.load_border(), list(range(20, 1300, 60)))
    return gpd.GeoDataFrame(geometry=places.to_numpy(), crs=4326)


def test_headline_figures_and_checks(page: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for part in (
        "1343.96 km",
        "Length of the border 1,344 km 1,343.96 km (-0.00%) yes",
        "4: Badakhshan, Balkh, Kunduz, Takhar 4: Balkh, Kunduz, Takhar, Badakhshan yes",
        "TJK 1,344.0 km, UZB 140.5 km, TKM 802.3 km yes",
        "Natural Earth 1:10 million 458 2.56 1,172.08 1.1468",
        "right Badakhshan 345.3 1,344.0 998.7 74.3%",
    ):
        assert part in text


def test_what_is_illustrative_is_said(page: str, plan: gb.Plan) -> None:
    assert "What is illustrative." in page
    assert page.count("illustrative</span>") > 40
    for key, source in plan.program.sources.items():
        assert f'id="source-{key}"' in page
        assert source.title.split(":")[0] in page


def test_tables_agree_with_the_plan(page: str, plan: gb.Plan) -> None:
    total = plan.costs["total"].sum()
    assert f'<th class="n">{total:,.0f}</th>' in page
    for measure in plan.program.measures.values():
        assert measure.name in page
    last = plan.coverage.by_year.iloc[-1]
    assert f'<td class="n">{last["covered_km"]:,.1f}</td>' in page


def test_time_to_get_there_is_told_by_unit(page: str, plan: gb.Plan) -> None:
    assert plan.response is not None
    table = page[
        page.index("<h2>Time to get there") : page.index("<h2>The longest gaps")
    ]
    units = plan.response.by_unit
    assert table.count("<td>2029</td>") == table.count("<td>before 2025</td>")
    assert table.count("<td>2029</td>") == len(units)
    for unit in units.itertuples():
        for km in (unit.within_30_km, unit.within_120_km, unit.beyond_60_km):
            assert f'<td class="n">{km:,.1f}</td>' in table


def test_elevation_too_coarse_for_siting_is_said(page: str) -> None:
    assert "about 736 by 925 m: <b>too coarse for siting</b>" in page


def test_the_placement_is_proven_and_told_by_year(page: str, plan: gb.Plan) -> None:
    found = plan.placement
    assert found is not None
    section = text_of(part_of(page, '<h2 id="placement">', "<details>"))
    for part in (
        "the most weighted kilometres of border covered, summed over 2025-2029",
        "low 1, medium 2, high 3, critical 4",
        f"{found.value:,.1f} weighted km value of this placement",
        f"{found.bound:,.1f} weighted km bound",
        f"is worth at most {100 * found.gap:.2g} % more than this one",
        found.checksum,
        "as close to the bound as was asked for",
    ):
        assert part in section
    for year in found.by_year.itertuples():
        money = f"{year.spent:,.0f} {year.budget:,.0f} {year.left:,.0f}"
        assert f"{year.Index} {year.items} {money} {year.covered_km:,.1f}" in section
    for floor in found.floors.itertuples():
        need = f"{floor.need_km:,.1f} {floor.reached_km:,.1f}"
        assert f"{floor.subject} {floor.year} {floor.share:.1%} {need}" in section


def test_items_that_are_not_placed_are_counted(page: str, plan: gb.Plan) -> None:
    found = plan.placement
    assert found is not None
    left = 208 - len(found.items)
    section = text_of(part_of(page, '<h2 id="placement">', "<details>"))
    posts = int((found.items["measure_id"] == "new-posts").sum())
    assert f"New border posts 80 {posts} 0 {80 - posts}" in section
    assert f"for {left} of 208 no site was found where they would add" in section
    money = found.by_year["left"].iloc[-1]
    assert f"{money:,.0f} USD are left at the end of 2029" in section


def test_every_item_has_its_reasons(page: str, plan: gb.Plan) -> None:
    found = plan.placement
    assert found is not None
    rows = re.findall(r"<tr>.*?</tr>", part_of(page, "<details>", "</details>"))[1:]
    assert len(rows) == len(found.items)
    for row, item in zip(rows, found.items.itertuples(), strict=True):
        text = text_of(row)
        assert text.startswith(item.asset_id)
        km = f"{item.site_id} {item.from_year} {item.alone_km:,.1f} "
        assert f"{km}{item.shared_km:,.1f}" in text
        assert f"{item.runner_up_site} {item.runner_up_loss:,.1f}" in text
        assert text.endswith(item.why_year)


def test_without_a_placement_it_says_why(program_file: Path, plan: gb.Plan) -> None:
    evenly = render_report(gb.make_plan(program_file, placed=False))
    assert "Sites were not chosen: equipment stands evenly" in evenly
    assert "Planned positions are spaced evenly on their segments" in evenly
    text = program_file.read_text().replace("    mode: radius\n    range_km: 5\n", "")
    program_file.write_text(text)
    nothing = render_report(gb.make_plan(program_file))
    assert "Nothing is placed: no measure brings equipment that covers" in nothing
    page = render_report(plan)
    assert "Planned posts stand evenly" not in page
    assert page.count("the sites of this plan are illustrative") == 1


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        (
            "objective: longest-gap, second: none",
            ["the shortest longest gap in 2027", "km longest gap"],
        ),
        (
            "objective: detection, year_weights: {2025: 2}, discount: 0.05",
            ["that what crosses there is detected", "Years weigh 2025: 2, others 1",
             "discounted by 5 % a year", "Detected, expected"],
        ),
        (
            "carry_over: false, per_site: 2, longest_gap_km: {2027: 1400}",
            ["money left in a year is lost", "2 at a site at a time",
             "no gap longer than 1400 km in 2027"],
        ),
    ],
)  # fmt: skip
def test_goals_and_rules_in_plain_words(
    program_file: Path, rules: str, parts: list[str]
) -> None:
    text = program_file.read_text() + f"placement: {{{rules}}}\n"
    program_file.write_text(text)
    plan = gb.make_plan(program_file, candidates=few_sites(), segment_length_km=100)
    page = text_of(render_report(plan))
    for part in parts:
        assert part in page


def test_sites_named_in_markup_are_text(program_file: Path, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    sites = few_sites()
    sites["site_id"] = [f"{evil}{n}" for n in range(len(sites))]
    plan = gb.make_plan(program_file, candidates=sites, segment_length_km=100)
    page = gb.write_report(plan, tmp_path / "r.html").read_text()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_it_needs_no_network(page: str) -> None:
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == [] or all(
        link.startswith('href="http') or "xlink" in link
        for link in re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    )
    assert "@import" not in page
    assert page.count("<svg") == 4


def test_names_from_data_are_text(program_file: Path, tmp_path: Path) -> None:
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    text = program_file.read_text()
    text = text.replace("name: Small", f"name: '{evil}'").replace(
        "Old mast", evil.replace('"', "")
    )
    program_file.write_text(text)
    plan = gb.make_plan(program_file, segment_length_km=100)
    page = gb.write_report(plan, tmp_path / "r.html").read_text()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_plan_without_units_terrain_or_claims(program_file: Path) -> None:
    text = program_file.read_text().replace(
        "left: TJK, right: AFG", "left: FRA, right: ESP"
    )
    program_file.write_text(text)
    page = render_report(gb.make_plan(program_file, segment_length_km=50))
    assert "Natural Earth 1:50 million" in page
    assert "Provinces and regions on the border" not in page


def test_the_same_plan_gives_the_same_report(plan: gb.Plan, page: str) -> None:
    assert render_report(plan) == page


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.2e-7, "less than 0.001 %"),
        (0.000156, "0.016 %"),
        (0.0412, "4.1 %"),
        (0.321, "32 %"),
        (12.5, "1,250 %"),
        (float("inf"), "unknown"),
    ],
)
def test_small_shares_for_people(share: float, text: str) -> None:
    assert percent(share) == text
