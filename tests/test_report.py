"""The report says what the plan holds, and nothing from data is markup."""

from __future__ import annotations

import html
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import geoborder as gb
from geoborder.report import find_browser, render_report, summary_line
from geoborder.report.closing import at_least, closed_gaps, extent_km, open_gaps
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
        "1,343.96 km geodesic length",
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
    assert f'<td class="n">{total:,.0f}</td></tr>' in page
    for measure in plan.program.measures.values():
        assert measure.name in page
    last = plan.coverage.by_year.iloc[-1]
    assert f'<td class="n">{last["covered_km"]:,.1f}</td>' in page


def test_time_to_get_there_is_told_by_unit(page: str, plan: gb.Plan) -> None:
    assert plan.response is not None
    table = part_of(page, '<h2 id="response">', "</section>")
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
    section = text_of(part_of(page, '<h2 id="placement">', "</section>"))
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
    section = text_of(part_of(page, '<h2 id="placement">', "</section>"))
    posts = int((found.items["measure_id"] == "new-posts").sum())
    assert f"New border posts 80 {posts} 0 {80 - posts}" in section
    assert f"for {left} of 208 no site was found where they would add" in section
    money = found.by_year["left"].iloc[-1]
    assert f"{money:,.0f} USD are left at the end of 2029" in section


def test_every_item_has_its_reasons(page: str, plan: gb.Plan) -> None:
    found = plan.placement
    assert found is not None
    part = part_of(page, "<h3>Assets at chosen sites", "</details>")
    rows = re.findall(r"<tr>.*?</tr>", part)[1:]
    assert len(rows) == len(found.items)
    for row, item in zip(rows, found.items.itertuples(), strict=True):
        text = text_of(row)
        assert text.startswith(item.asset_id)
        km = f"{item.site_id} {item.from_year} {item.alone_km:,.1f} "
        assert f"{km}{item.shared_km:,.1f}" in text
        assert f"{item.runner_up_site} {item.runner_up_loss:,.1f}" in text
        assert text.endswith(item.why_year)


def test_without_a_placement_it_says_why(program_file: Path, plan: gb.Plan) -> None:
    options = {"segment_length_km": 100}
    evenly = render_report(gb.make_plan(program_file, placed=False, **options))
    assert "Sites were not chosen: equipment stands evenly" in evenly
    assert "Planned positions are spaced evenly on their segments" in evenly
    text = program_file.read_text().replace("    mode: radius\n    range_km: 5\n", "")
    program_file.write_text(text)
    nothing = render_report(gb.make_plan(program_file, **options))
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
    for link in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert link.startswith(("#", "data:image/png;base64,"))
    assert "@import" not in page
    assert page.count("<svg") == 5
    assert len(page.encode()) < 1_500_000


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
    assert "Units' parts of the border" not in page
    assert "France" in page


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


def table_of(page: str, caption: str) -> list[list[str]]:
    """Read a table's rows as text, without its head."""
    begun = page.index(f"<caption><span>{html.escape(caption)}</span>")
    body = part_of(page[begun:], "<tbody>", "</tbody>")
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body)
    ]


def number(text: str) -> float:
    return float(text.replace(",", "") or 0)


def test_contents_lead_to_every_section(page: str) -> None:
    headings = re.findall(r'<h2 id="([^"]+)">', page)
    links = re.findall(r'<li><a href="#([^"]+)">', part_of(page, "<nav", "</nav>"))
    assert links == headings
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in ids


def test_tables_have_scopes_captions_and_regions(page: str) -> None:
    assert re.findall(r"<th(?! scope=)[ >]", page) == []
    assert page.count("<table>") == page.count("<caption>") > 15
    labels = re.findall(r'role="region" aria-label="([^"]+)" tabindex="0"', page)
    assert len(labels) == len(set(labels))
    assert len(labels) == page.count("<table>") + page.count("<figure")
    levels = [int(n) for n in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1


def test_quantities_by_unit_and_year_add_up(page: str, plan: gb.Plan) -> None:
    rows = plan.assignments
    whole = table_of(page, "Quantity of each measure by year, whole border")
    assert [row[0] for row in whole] == [m.name for m in plan.program.measures.values()]
    for side, column in (("left", "left_unit"), ("right", "right_unit")):
        total: dict[str, float] = {}
        for unit in plan.segments[column].dropna().unique():
            table = table_of(page, f"Planned for {unit} ({side}), by year")
            for row in table:
                own = rows[(rows[column] == unit) & (rows["measure"] == row[0])]
                for text, year in zip(row[2:7], plan.program.years, strict=True):
                    expected = own.loc[own["year"] == year, "quantity"].sum()
                    assert number(text) == pytest.approx(expected, abs=0.01)
                assert number(row[8]) == pytest.approx(own["cost"].sum(), abs=1)
                total[row[0]] = total.get(row[0], 0.0) + number(row[7])
        for row in whole:
            if row[0] in total:
                assert total[row[0]] == pytest.approx(number(row[7]), abs=0.05)


def test_spending_by_category_and_year(page: str, plan: gb.Plan) -> None:
    rows = plan.assignments
    table = {r[0]: r[1:] for r in table_of(page, "Spending by category and year, USD")}
    assert {*table} >= {*rows["category"].unique(), "running cost", "budget"}
    for category in rows["category"].unique():
        own = rows[rows["category"] == category]
        for text, year in zip(table[category], plan.program.years, strict=False):
            expected = own.loc[own["year"] == year, "cost"].sum()
            assert number(text) == pytest.approx(expected, abs=0.51)
    for text, total in zip(table["total"], plan.costs["total"], strict=False):
        assert number(text) == pytest.approx(total, abs=0.51)


def test_without_a_budget_none_is_told(program_file: Path) -> None:
    text = program_file.read_text().replace("budgets: {2025: 1000}\n", "")
    program_file.write_text(text)
    page = render_report(gb.make_plan(program_file, segment_length_km=100))
    labels = [row[0] for row in table_of(page, "Spending by category and year, USD")]
    assert labels == ["observation", "running cost", "total"]
    assert "the programme has no budget" in page
    assert "budgeted" not in page


def test_what_closed_each_gap_is_told(page: str, plan: gb.Plan) -> None:
    prints = plan.coverage.footprints.set_index("asset_id")
    gaps = closed_gaps(plan)
    first = plan.coverage.by_year.iloc[0]
    assert gaps[0]["length_km"] == pytest.approx(first["longest_gap_km"], abs=1e-6)
    for gap in gaps:
        assert gap["left"][0] <= gap["length_km"] + 1e-9
        assert gap["left"] == sorted(gap["left"], reverse=True)
        assert gap["closed"] == plan.program.first_year + gap["left"].index(0.0)
        named = [
            (asset, label)
            for label, kinds in gap["assets"]
            for _, ids in kinds
            for asset in ids
        ]
        assert len(named) == gap["count"] > 0
        for asset, label in named:
            own = prints.loc[[asset]]
            assert label == str(own["from_year"].iloc[0])
            assert (
                (own["start_km"] < gap["end_km"]) & (own["end_km"] > gap["start_km"])
            ).any()
    table = table_of(page, "Gaps before 2025, and what is left of each by year, km")
    assert number(table[0][2]) == pytest.approx(gaps[0]["length_km"], abs=0.051)
    assert "None: every place is covered by 1 or more." in page


def test_what_would_close_gaps_is_a_lower_bound(program_file: Path) -> None:
    plan = gb.make_plan(program_file, candidates=few_sites(), segment_length_km=100)
    gaps = open_gaps(plan)
    assert len(gaps) == min(10, len(plan.coverage.gaps)) > 0
    page = render_report(plan)
    rows = table_of(page, "What would close each gap, at least")
    sites = plan.placement.sites
    for gap, row in zip(gaps, rows, strict=True):
        need = gap["needs"][0]
        assert need["count"] == int(np.ceil(gap["extent_km"] / 10.0))
        assert gap["extent_km"] < gap["length_km"]
        assert row[4:6] == [str(need["count"]), f"{need['count'] * 10.01:,.0f}"]
        # Sites lie on the line: those inside a gap are within range of it.
        inside = sites["chainage_km"].between(gap["start_km"], gap["end_km"])
        assert need["sites"] >= (inside & (sites["items"] == 0)).sum()
        used = set(sites.loc[sites["items"] > 0, "site_id"])
        assert not used & set(need["named"].split(", "))
    assert "These are lower bounds, not a plan." in page


def test_no_count_below_a_bound_covers_a_gap(border: gpd.GeoDataFrame) -> None:
    """Masts put on a winding stretch by hand never need fewer than the bound."""
    kind = gb.load_program().equipment["fixed-tower"]
    stretch = gb.slice_border(border, 700, 800).geometry.iloc[0]
    least = at_least(kind, 100.0, extent_km(stretch))
    masts, covered = 0, 0.0
    while covered < 100.0 - 1e-6:  # greedily, each as far on as covers without a gap
        feet = np.arange(covered, min(covered + 15.0, 100.0) + 0.25, 0.25)
        places = gb.point_at(border, 700 + np.minimum(feet, 100.0))
        names = feet.astype(str)
        all_ = gpd.GeoDataFrame(
            {"asset_id": names, "mode": "radius", "range_km": 5.0}, geometry=places
        )
        found = gb.footprints(border, all_)
        own = found[found["start_km"] <= 700 + covered + 1e-9]
        covered, masts = max(own["end_km"]) - 700.0, masts + 1
    assert masts >= least
    patrol = gb.load_program().equipment["border-post"]
    assert at_least(patrol, 100.0, extent_km(stretch)) == 7
    assert at_least(gb.load_program().equipment["handheld-radio"], 100.0, 50.0) is None


def test_the_extent_of_a_gap() -> None:
    there_and_back = shapely.LineString([(70, 38), (71, 38), (70, 38.001)])
    assert extent_km(there_and_back) == pytest.approx(87.8, abs=0.1)


def test_assets_have_their_reasons(page: str, plan: gb.Plan) -> None:
    standing = table_of(
        page, "Assets that stand already or are placed by hand, and what they rest on"
    )
    assert [row[0] for row in standing] == [
        a.name for a in plan.program.assets.values()
    ]
    assert {row[6] for row in standing} == {"illustrative"}
    spread = table_of(
        page,
        "Planned assets whose sites were not chosen, and why they are where they are",
    )
    own = plan.assets[plan.assets["measure_id"].notna() & plan.assets["site_id"].isna()]
    assert sum(number(row[3]) for row in spread) == own["quantity"].sum()
    radios = next(row for row in spread if row[0].startswith("Handheld radios"))
    assert "units: Khatlon" in radios[5]


def test_provenance_says_what_it_rests_on(page: str, plan: gb.Plan) -> None:
    text = text_of(part_of(page, '<h2 id="provenance">', "</section>"))
    for part in (
        f"geoborder {gb.__version__}", f"numpy {np.__version__}", "TJK-AFG",
        "segment_length_km 10.0", "elevation.tif", "official chainage of 1,344.15 km",
        plan.placement.checksum,
    ):  # fmt: skip
        assert part in text
    assert re.search(r"\b[0-9a-f]{64}\b", text)
    assert not re.search(r"\d\d:\d\d", text)


def test_the_summary(plan: gb.Plan) -> None:
    assert summary_line(plan) == (
        "1,343.96 km of border, 1,344 km (100%) covered in 2029, longest gap 0.0 km"
    )


def test_several_lines_are_told_apart(program_file: Path) -> None:
    text = program_file.read_text().split("assets:")[0]
    program_file.write_text(
        text.replace("left: TJK, right: AFG", "left: FRA, right: ESP")
    )
    page = render_report(gb.make_plan(program_file, segment_length_km=50))
    rows = table_of(page, "The longest gaps in 2027")
    assert {row[1] for row in rows} >= {"FRA-ESP/1", "FRA-ESP/2"}
    assert "Planned for FRA-ESP/1 (line), by year" in page


def test_dollars_and_markup_are_text(program_file: Path) -> None:
    evil = "$x$ <b>bold</b> & more"
    text = program_file.read_text().replace("name: Small", f"name: '{evil}'")
    text = text.replace("first_year", "currency: 'US$ $y$'\nfirst_year", 1)
    text = text.replace("name: Masts", f"name: '{evil}'")
    program_file.write_text(text)
    page = render_report(gb.make_plan(program_file, segment_length_km=100))
    assert "<b>bold" not in page
    assert html.escape(evil) in page
    assert ">thousand US$ $y$</text>" in page


def test_a_pdf_needs_a_browser(
    plan: gb.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GEOBORDER_CHROMIUM", raising=False)
    with pytest.raises(gb.OptionError, match=r"apt-get install chromium.*GEOBORDER_CH"):
        gb.write_report_pdf(plan, tmp_path / "r.pdf")
    monkeypatch.setenv("GEOBORDER_CHROMIUM", "/nowhere/chrome")
    with pytest.raises(gb.OptionError, match="'/nowhere/chrome', which is no program"):
        find_browser()
    assert list(tmp_path.iterdir()) == []


def browser_that(folder: Path, does: str) -> Path:
    """Write a program in a browser's place."""
    program = folder / "browser"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("does", "part"),
    [
        ("echo no display; exit 3", "exit code 3.*no display"),
        ("exit 0", "printed no PDF"),
        ('for a; do case $a in --print-to-pdf=*) echo half > "${a#*=}";; esac; done',
         "printed no PDF"),
        ("sleep 20", "did not print the report within 0.5 s"),
    ],
)  # fmt: skip
def test_a_pdf_is_finished_or_absent(
    plan: gb.Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    does: str,
    part: str,
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "out").mkdir()
    earlier = tmp_path / "out" / "r.pdf"
    earlier.write_text("earlier")
    program = browser_that(tmp_path / "bin", does)
    monkeypatch.setenv("GEOBORDER_CHROMIUM", str(program))
    limit = 0.5 if "sleep" in does else 20.0
    with pytest.raises(gb.OptionError, match=part):
        gb.write_report_pdf(plan, earlier, time_limit_s=limit)
    assert earlier.read_text() == "earlier"
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["r.pdf"]


def test_a_pdf_in_no_folder(
    plan: gb.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOBORDER_CHROMIUM", str(browser_that(tmp_path, "exit 0")))
    with pytest.raises(gb.OptionError, match="cannot be written: No such file"):
        gb.write_report_pdf(plan, tmp_path / "none" / "r.pdf")
