"""Pictures show what the plan holds, in true shape, with text as text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import geoborder as gb
from geoborder.maps.style import CATEGORY_COLOURS, COVERED_COLOUR, GAP_COLOUR
from geoborder.plots import CATEGORY_MARKERS, scale_of, stretches_in, to_svg
from geoborder.plots.frames import Frame, local_crs

EVIL = "<img src=x onerror=alert(1)> $x^2$ & <b>"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(plan: gb.Plan) -> Axes:
    return gb.plot_map(plan, year=2026)


def labels_of(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def lines_of(ax: Axes, colour: str) -> list[np.ndarray]:
    """Paths that are drawn in a colour."""
    return [
        path
        for part in ax.collections
        if isinstance(part, LineCollection) and to_hex(part.get_colors()[0]) == colour
        for path in part.get_segments()
    ]


def two_lines(program_file: Path, **options: object) -> gb.Plan:
    """Make a plan of a border in several lines, without elevation or units."""
    text = program_file.read_text().split("assets:")[0]
    text = text.replace("left: TJK, right: AFG", "left: FRA, right: ESP")
    program_file.write_text(text)
    return gb.make_plan(program_file, segment_length_km=50, **options)


def test_stretches_of_every_year_agree_with_coverage(plan: gb.Plan) -> None:
    for row in plan.coverage.by_year.itertuples():
        table = stretches_in(plan, row.year)
        gaps = table.loc[~table["covered"], "length_km"]
        assert table["length_km"].sum() == pytest.approx(row.length_km, abs=1e-6)
        covered = table.loc[table["covered"], "length_km"].sum()
        assert covered == pytest.approx(row.covered_km, abs=1e-5)
        assert len(gaps) == row.gaps
        longest = gaps.max() if len(gaps) else 0.0
        assert longest == pytest.approx(row.longest_gap_km, abs=1e-6)


def test_stretches_where_two_must_cover(plan: gb.Plan) -> None:
    program = plan.program.model_copy(update={"required_k": 2})
    double = gb.make_plan(program, placed=False)
    for row in double.coverage.by_year.itertuples():
        table = stretches_in(double, row.year)
        covered = table.loc[table["covered"], "length_km"].sum()
        assert covered == pytest.approx(row.covered_km, abs=1e-5)


def test_the_map_is_in_metres_and_true_to_length(plan: gb.Plan, drawn: Axes) -> None:
    dark = lines_of(drawn, "#222222")
    metres = sum(np.hypot(*np.diff(path, axis=0).T).sum() for path in dark)
    # Less than the border by what simplifying to a third of a point leaves out.
    assert 0.85 < metres / (plan.segments["length_km"].sum() * 1000) < 1.0
    crs = local_crs(plan.border)
    square = gpd.GeoSeries.from_xy([70.0, 70.01], [38.0, 38.0], crs=4326).to_crs(crs)
    east = square.iloc[0].distance(square.iloc[1])
    north = gpd.GeoSeries.from_xy([70.0, 70.0], [38.0, 38.01], crs=4326).to_crs(crs)
    away = north.iloc[0].distance(north.iloc[1])
    assert east / away == pytest.approx(877.49 / 1110.01, rel=2e-3)  # on the ellipsoid


def test_the_map_bands_are_the_stretches(plan: gb.Plan, drawn: Axes) -> None:
    table = stretches_in(plan, 2026)
    for covered, colour in ((True, COVERED_COLOUR), (False, GAP_COLOUR)):
        strips = lines_of(drawn, colour)
        assert len(strips) == (table["covered"] == covered).sum()
    gaps = [np.hypot(*np.diff(p, axis=0).T).sum() for p in lines_of(drawn, GAP_COLOUR)]
    longest = table.loc[~table["covered"], "length_km"].to_numpy().argmax()
    assert int(np.argmax(gaps)) == longest


def test_the_covered_band_is_on_the_own_side(plan: gb.Plan, drawn: Axes) -> None:
    countries = gb.load_countries("osm").set_index("iso3")
    own = gpd.GeoSeries([countries.geometry["TJK"]], crs=4326)
    own = own.to_crs(local_crs(plan.border)).iloc[0]
    shares = [
        shapely.contains_xy(own, np.vstack(lines_of(drawn, colour))).mean()
        for colour in (COVERED_COLOUR, GAP_COLOUR)
    ]
    assert shares[0] > 0.8
    assert shares[1] < 0.2


def test_the_map_legend_counts_assets_of_the_year(plan: gb.Plan, drawn: Axes) -> None:
    shown = labels_of(drawn)
    posts = plan.posts.set_index("year").loc[2026, "posts"]
    assert f"posts ({posts})" in shown
    assert "covered (own side)" in shown
    assert "official crossing" in shown
    assert "Share covered, % (2026)" in shown
    assert not any(label.startswith("mobility") for label in shown)
    more = labels_of(gb.plot_map(plan, categories=["mobility"], sources=False))
    assert any(label.startswith("mobility") for label in more)


def test_the_map_follows_attribute_and_year(plan: gb.Plan) -> None:
    before = labels_of(gb.plot_map(plan, year=2024))
    assert "Beside the line, before the\nprogramme" in before
    levels = labels_of(gb.plot_map(plan, color_by="priority"))
    assert levels[:5] == ["Impact level", "low", "medium", "high", "critical"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"color_by": "height"}, "`color_by` must be one of coverage_share"),
        ({"color_by": "geometry"}, "`color_by` must be one of coverage_share"),
        ({"color_by": "post_km", "year": 2026}, "known for 2029 only"),
        ({"year": 2023}, "`year` must be from 2024"),
        ({"year": 2030}, "to 2029, got 2030"),
        ({"categories": ["post"]}, "`categories` must be some of posts"),
    ],
)
def test_maps_refuse_what_is_not_there(
    plan: gb.Plan, options: dict[str, object], part: str
) -> None:
    with pytest.raises(gb.OptionError, match=part):
        gb.plot_map(plan, **options)


def test_maps_fit_a_column(plan: gb.Plan) -> None:
    figure = Figure(figsize=(3.4, 4.2), layout="constrained")
    ax = gb.plot_map(plan, ax=figure.add_subplot())
    figure.draw_without_rendering()
    whole = figure.bbox.padded(1.0)
    legend = ax.get_legend().get_window_extent()
    assert whole.contains(legend.x0, legend.y0)
    assert whole.contains(legend.x1, legend.y1)
    assert ax.get_window_extent().width > 0.9 * figure.bbox.width


def test_names_on_maps_do_not_overlap() -> None:
    frame = Frame(local_crs(gb.load_border()), (0.0, 0.0, 1e5, 1e5), 200.0)
    assert frame.has_room(5e4, 5e4, "Somewhere", 8.0)
    assert not frame.has_room(5e4, 5e4, "Elsewhere", 8.0)
    assert not frame.has_room(5.3e4, 5.05e4, "Elsewhere", 8.0)
    assert frame.has_room(5e4, 6e4, "Elsewhere", 8.0)
    assert not frame.has_room(1e3, 2e4, "Beyond the edge", 8.0)


def test_markers_tell_categories_apart() -> None:
    assert list(CATEGORY_MARKERS) == list(CATEGORY_COLOURS)
    assert len(set(CATEGORY_MARKERS.values())) == len(CATEGORY_MARKERS)


def test_the_profile_is_finer_than_segments(plan: gb.Plan) -> None:
    ax = gb.plot_profile(plan)
    chainage, height = ax.lines[0].get_data()
    assert len(chainage) > 5 * len(plan.segments)
    line = gb.profile(plan.border, dem=plan.dem, step_m=2000)
    found = np.interp(line["chainage_km"], chainage, height)
    assert np.nanmedian(np.abs(found - line["height_m"])) < 20.0
    assert {"Kunduz", "Takhar", "Badakhshan"} <= {t.get_text() for t in ax.texts}


def test_the_profile_of_a_year(plan: gb.Plan) -> None:
    spans = {}
    for year in (2026, 2029):
        ax = gb.plot_profile(plan, year=year)
        for part in ax.collections:
            for path in part.get_paths():
                if str(part.get_label()).startswith("covered"):
                    width = np.ptp(path.vertices[:, 0])
                    spans[year] = spans.get(year, 0.0) + width
    covered = plan.coverage.by_year.set_index("year")["covered_km"]
    assert spans[2026] == pytest.approx(covered[2026], abs=0.01)
    assert spans[2029] == pytest.approx(covered[2029], abs=0.01)


def test_pictures_without_elevation_units_or_budget(program_file: Path) -> None:
    program_file.write_text(
        program_file.read_text().replace("budgets: {2025: 1000}\n", "")
    )
    plan = two_lines(program_file)
    ax = gb.plot_map(plan)
    texts = [text.get_text() for text in ax.texts]
    assert {"France", "Spain"} <= set(texts)
    profile = gb.plot_profile(plan)
    assert profile.get_xlabel() == "chainage of FRA-ESP/1, km"
    assert profile.get_ylabel() == ""
    other = gb.plot_profile(plan, border_id="FRA-ESP/2")
    length = plan.border.set_index("border_id")["length_km"]["FRA-ESP/2"]
    assert other.get_xlim()[1] == pytest.approx(length)
    with pytest.raises(gb.OptionError, match="`border_id` must be one of FRA-ESP/1"):
        gb.plot_profile(plan, border_id="TJK-AFG")
    budget = gb.plot_budget(plan)
    assert "budget" not in labels_of(budget)
    assert budget.get_ylabel() == "USD"


def test_the_budget_adds_up(plan: gb.Plan) -> None:
    ax = gb.plot_budget(plan)
    tops: dict[int, float] = {}
    for bar in ax.patches:
        place = round(bar.get_x() + bar.get_width() / 2)
        tops[place] = max(tops.get(place, 0.0), bar.get_y() + bar.get_height())
    total = plan.costs["total"].to_numpy() / 1e6
    assert [tops[n] for n in range(5)] == pytest.approx(list(total), rel=1e-6)


@pytest.mark.parametrize(
    ("money", "scale"), [(0, 1.0), (999, 1.0), (1e3, 1e3), (2e5, 1e3), (1e6, 1e6)]
)
def test_sums_are_counted_in_few_digits(money: float, scale: float) -> None:
    assert scale_of(money)[0] == scale


def test_sources_can_be_left_out(plan: gb.Plan) -> None:
    for draw in (
        gb.plot_map, gb.plot_profile, gb.plot_coverage_by_year, gb.plot_budget,
        gb.plot_spending,
    ):  # fmt: skip
        said = " ".join(" ".join(t.get_text() for t in draw(plan).texts).split())
        assert "OpenStreetMap contributors" in said
        assert "Assets and quantities without a named source are illustrative." in said
        bare = " ".join(t.get_text() for t in draw(plan, sources=False).texts)
        assert "illustrative" not in bare


def test_elevation_of_ones_own_is_named(plan: gb.Plan) -> None:
    assert plan.dem is not None
    own = replace(plan, dem=replace(plan.dem, source="/somewhere/lidar.tif"))
    said = " ".join(t.get_text() for t in gb.plot_budget(own).texts)
    assert "terrain: lidar.tif" in " ".join(said.split())


def test_a_plan_without_a_sweep_draws_nothing(plan: gb.Plan) -> None:
    assert len(gb.plot_sweep(plan).lines) == 0
    table = pd.DataFrame(
        {
            "factor": [0.5, 1.0, 2.0], "budget": [1e6, 2e6, 4e6],
            "value": [10.0, 15.0, np.nan], "bound": [11.0, 15.0, 20.0],
        }
    )  # fmt: skip
    ax = gb.plot_sweep(replace(plan, sweep=table), sources=False)
    assert [t.get_text() for t in ax.texts] == ["0.5", "1"]
    assert ax.get_xlabel() == "budget for placed equipment, million USD"


def test_names_are_text_in_pictures(plan: gb.Plan) -> None:
    assert plan.units is not None
    assert plan.crossings is not None
    units, crossings = plan.units.copy(), plan.crossings.copy()
    units["name"], crossings["name"] = EVIL, EVIL
    program = plan.program.model_copy(update={"currency": EVIL})
    evil = replace(plan, units=units, crossings=crossings, program=program)
    for draw in (gb.plot_map, gb.plot_budget):
        svg = to_svg(draw(evil), title=EVIL, key="p")
        root = ET.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314 - ours
        shown = ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]
        assert any(EVIL in text for text in shown)
        assert root.find(f".//{SVG}img") is None
        assert root.find(f"{SVG}title").text == EVIL
    name = plan.segments.copy()
    name["right_unit"] = name["left_unit"] = EVIL
    texts = gb.plot_profile(replace(plan, segments=name)).texts
    assert any(t.get_text() == EVIL and not t.get_parse_math() for t in texts)


def test_pictures_of_one_page_share_no_ids(plan: gb.Plan) -> None:
    first, second = (
        {e.get("id") for e in ET.fromstring(svg).iter() if e.get("id")}  # noqa: S314 - ours
        for svg in (
            to_svg(gb.plot_budget(plan), title="a", key="one"),
            to_svg(gb.plot_budget(plan), title="b", key="two"),
        )
    )
    assert first
    assert not first & second


def test_the_same_plan_gives_the_same_picture(plan: gb.Plan) -> None:
    once, again = (to_svg(gb.plot_map(plan), title="m", key="m") for _ in range(2))
    assert once == again
    assert len(once) < 900_000


def test_drawing_changes_nothing(plan: gb.Plan) -> None:
    before = [plan.assets.copy(), plan.segments.copy(), plan.border.copy()]
    gb.plot_map(plan)
    gb.plot_profile(plan)
    for table, now in zip(
        before, (plan.assets, plan.segments, plan.border), strict=True
    ):
        pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(now))


@pytest.mark.parametrize("pair", [("SWE", "NOR"), ("FRA", "ESP"), ("TJK", "AFG")])
def test_nothing_of_a_new_figure_is_cut_off(
    program_file: Path, pair: tuple[str, str]
) -> None:
    text = program_file.read_text()
    text = text[: text.index("assets:")]
    text = text.replace("left: TJK, right: AFG", f"left: {pair[0]}, right: {pair[1]}")
    program_file.write_text(text)
    plan = gb.make_plan(program_file, placed=False, segment_length_km=100)
    ax = gb.plot_map(plan)
    figure = ax.figure
    figure.draw_without_rendering()
    whole = figure.bbox
    notes = [text for text in ax.texts if "OpenStreetMap" in text.get_text()]
    assert len(notes) == 1
    for part in (ax.get_legend(), *notes):
        box = part.get_window_extent()
        assert box.x0 >= whole.x0 - 1
        assert box.y0 >= whole.y0 - 1
        assert box.x1 <= whole.x1 + 1
        assert box.y1 <= whole.y1 + 1
