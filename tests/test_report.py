"""The report says what the plan holds, and nothing from data is markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import geoborder as gb
from geoborder.report import render_report


@pytest.fixture(scope="module")
def page(plan: gb.Plan) -> str:
    return render_report(plan)


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


def test_it_needs_no_network(page: str) -> None:
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == [] or all(
        link.startswith('href="http') or "xlink" in link
        for link in re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    )
    assert "@import" not in page
    assert page.count("<svg") == 3


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
