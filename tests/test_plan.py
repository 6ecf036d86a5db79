"""The whole chain, on the default programme and on others."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import geopandas as gpd
import pytest
from lines import as_layer
from shapely import LineString

import geoborder as gb
from geoborder.plan import STEPS


def test_the_default_plan_hangs_together(plan: gb.Plan) -> None:
    segments = plan.segments
    assert segments["length_km"].sum() == pytest.approx(plan.border["length_km"].item())
    assert segments["official_end_km"].iloc[-1] == pytest.approx(1344.15)
    assert segments["cost"].sum() == pytest.approx(
        plan.assignments["cost"][plan.assignments["segment_id"].notna()].sum()
    )
    years = plan.coverage.by_year
    assert list(years["year"]) == [2024, 2025, 2026, 2027, 2028, 2029]
    assert segments["covered_km"].sum() == pytest.approx(years["covered_km"].iloc[-1])
    for side in ("left", "right"):
        units = plan.coverage.by_unit[plan.coverage.by_unit["side"] == side]
        assert units["length_km"].sum() == pytest.approx(
            plan.border["length_km"].item()
        )
        assert units["covered_km"].sum() == pytest.approx(years["covered_km"].iloc[-1])
    assert (segments["post_km"] <= segments["post_before_km"] + 1e-9).all()
    posts = plan.placement.items.query("measure_id == 'new-posts'")["from_year"]
    assert plan.posts["posts"].tolist() == [
        11 + int((posts <= year).sum()) for year in years["year"]
    ]
    assert plan.posts["longest_stretch_km"].is_monotonic_decreasing
    with pytest.raises(FrozenInstanceError):
        plan.segments = segments


def test_the_default_plan_is_a_placed_one(plan: gb.Plan) -> None:
    found = plan.placement
    assert found is not None
    assert found.gap <= 0.001
    assert found.bound >= found.value
    # What the search counts is what `cover` finds for the plan's assets.
    years = plan.coverage.by_year.set_index("year")
    for column in ("covered_km", "longest_gap_km"):
        assert found.by_year[column].tolist() == pytest.approx(
            years.loc[2025:, column].tolist(), abs=1e-6
        )
    assert (found.floors["reached_km"] >= found.floors["need_km"] - 1e-6).all()
    placed = plan.assets[plan.assets["site_id"].notna()]
    assert sorted(placed["asset_id"]) == sorted(found.items["asset_id"])
    assert placed["reason"].str.len().gt(40).all()
    own = plan.assignments["measure_id"].isin(plan.program.placed_measures)
    assert plan.assignments.loc[own, "cost"].sum() == pytest.approx(
        found.items["cost"].sum()
    )
    # Money: the plan's own account, and the placement's.
    spent = plan.costs["total"] - (plan.costs["budget"] - found.by_year["budget"])
    assert spent.tolist() == pytest.approx(found.by_year["spent"].tolist())
    assert (found.by_year["left"] >= -1e-6).all()


def test_the_placed_plan_covers_more_than_an_even_one(plan: gb.Plan) -> None:
    even = gb.make_plan(placed=False)
    assert even.placement is None
    assert even.coverage.by_year["covered_km"].iloc[-1] == pytest.approx(
        1214.7, abs=0.1
    )
    more = plan.coverage.by_year["covered_km"] - even.coverage.by_year["covered_km"]
    assert (more.iloc[2:] > 100).all()
    assert plan.costs["total"].sum() < even.costs["total"].sum()


def test_claims_are_computed(plan: gb.Plan) -> None:
    checks = plan.checks
    assert checks["holds"].all()
    assert len(checks) == 4
    assert plan.facing is not None
    right = plan.facing.query("side == 'right'").set_index("unit")
    assert right["share"].sum() == pytest.approx(1)
    assert right.loc["Badakhshan", "share"] == pytest.approx(0.743, abs=0.001)
    expected = {"Balkh": 0.5, "Kunduz": 1.5, "Takhar": 4.3, "Badakhshan": 3.3}
    for unit, km in expected.items():
        assert right.loc[unit, "uncertainty_km"] == pytest.approx(km, abs=0.05)
    assert plan.lengths["length_km"].tolist() == pytest.approx(
        [1343.96, 1172.08, 1037.15, 939.87], abs=0.01
    )


def test_false_claims_do_not_hold(program_file: Path) -> None:
    claims = """\
claims:
  length_km: {value: 1500, basis: illustrative}
  facing_country: AFG
  facing_units: [Badakhshan, Herat]
  longest_with: AFG
  longest_among: [PAK]
"""
    program_file.write_text(program_file.read_text() + claims)
    program = gb.load_program(program_file)
    checks = gb.check_claims(program, gb.load_border(), gb.load_units("AFG"))
    assert checks["holds"].tolist() == [False, False, False]
    assert "4: Balkh, Kunduz, Takhar, Badakhshan" in checks["computed"].tolist()


def test_steps_are_reported_in_order() -> None:
    seen: list[str] = []
    gb.make_plan(segment_length_km=200, placed=False, progress=seen.append)
    assert tuple(seen) == STEPS


@pytest.mark.parametrize("pair", [("UZB", "AFG"), ("TJK", "KGZ"), ("FRA", "ESP")])
def test_another_border_needs_only_its_names(
    program_file: Path, pair: tuple[str, str]
) -> None:
    text = program_file.read_text().replace(
        "{left: TJK, right: AFG}", f"{{left: {pair[0]}, right: {pair[1]}}}"
    )
    program_file.write_text(text)
    found = gb.make_plan(program_file, segment_length_km=25)
    expected = gb.load_border(*pair)["length_km"].sum()
    assert found.segments["length_km"].sum() == pytest.approx(expected)
    assert found.assignments["quantity"].sum() == 7
    assert found.coverage.by_year["covered_km"].iloc[-1] > 0


def test_a_line_and_units_of_ones_own(program_file: Path) -> None:
    line = as_layer(LineString([(10, 50), (11, 50.2), (12, 50)]))
    found = gb.make_plan(program_file, border=line, segment_length_km=20)
    assert found.dem is None
    assert found.units is None
    assert found.facing is None
    assert found.places is None
    assert "kind" not in found.segments.columns
    assert found.coverage.by_unit["unit"].tolist() == ["A", "B"]


def test_coarse_maps_take_official_chainage_from_the_programme() -> None:
    line = gb.load_border(countries=gb.load_countries("110m"))
    found = gb.make_plan(border=line, segment_length_km=50, placed=False)
    assert found.segments["official_end_km"].iloc[-1] == pytest.approx(1344.15)
    stretch = found.segments[found.segments["priority_reason"].str.startswith("Appr")]
    assert stretch["official_start_km"].min() <= 110 < stretch["official_end_km"].min()


def test_the_input_is_not_changed(border: gpd.GeoDataFrame) -> None:
    before = border.copy()
    gb.make_plan(border=border, segment_length_km=100, placed=False)
    assert border.equals(before)
