"""Measures and equipment on segments: nothing is lost, everything adds up."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geoborder as gb
from geoborder.program import Program
from geoborder.program.model import Priorities

SEGMENTS = gb.describe_segments(
    gb.segment_border(gb.load_border(), length_km=40, units=gb.load_units(None)),
    dem=gb.open_dem(),
    places=gb.load_places(),
    crossings=gb.load_crossings(),
)


@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(lambda w: sum(w) > 0),
)
def test_apportioned_units_add_up_and_stay_near_their_share(
    total: int, weights: list[float]
) -> None:
    units = gb.apportion(total, weights)
    exact = total * np.array(weights) / sum(weights)
    assert units.sum() == total
    assert (np.abs(units - exact) < 1 + 1e-6).all()
    assert (units[np.array(weights) == 0] == 0).all()


def test_largest_remainders_get_what_is_left() -> None:
    # Hamilton's own kind of example: shares 3.7, 2.2, 1.6, 0.5 of 8.
    assert gb.apportion(8, [37, 22, 16, 5]).tolist() == [4, 2, 2, 0]
    assert gb.apportion(3, [1] * 9).tolist() == [0, 1, 0, 0, 1, 0, 0, 1, 0]


def one_measure(**facts: object) -> Program:
    measure = {
        "name": "M", "category": "posts", "unit": "item", "unit_cost": 3.33,
        "basis": "illustrative",
    } | facts  # fmt: skip
    return Program.model_validate(
        {
            "name": "P",
            "first_year": 2025,
            "last_year": 2029,
            "border": {"left": "TJK", "right": "AFG"},
            "priorities": {
                "stretches": [
                    {
                        "level": "high",
                        "targets": {"units": ["Kunduz"]},
                        "basis": "illustrative",
                    }
                ]
            },
            "measures": {"m": measure},
        }
    )


def without_levels(program: Program) -> Program:
    """Drop the stretches, which need segments that know their units."""
    return program.model_copy(update={"priorities": Priorities()})


@given(
    st.integers(1, 3000),
    st.floats(0.01, 1e6).map(lambda c: round(c, 2)),
    st.dictionaries(st.integers(2025, 2029), st.integers(0, 9), max_size=5).filter(
        lambda s: not s or sum(s.values()) > 0
    ),
    st.sampled_from(["length", "count", "priority"]),
    st.sampled_from(["even", "priority"]),
    st.booleans(),
)
def test_sums_agree_to_the_cent(
    quantity: int,
    unit_cost: float,
    schedule: dict[int, int],
    spread: str,
    order: str,
    whole: bool,
) -> None:
    program = one_measure(
        quantity=quantity, unit_cost=unit_cost, schedule=schedule, spread=spread,
        order=order, whole=whole,
    )  # fmt: skip
    rows = gb.assign_measures(program, SEGMENTS)
    assert rows["quantity"].sum() == pytest.approx(quantity, abs=1e-6)
    assert round(rows["cost"].sum(), 2) == pytest.approx(
        round(quantity * unit_cost, 2), abs=0.031
    )
    by_year = rows.groupby("year")[["quantity", "cost"]].sum()
    shares = {y: schedule.get(y, 0) if schedule else 1 for y in program.years}
    expected = dict(
        zip(
            shares,
            gb.apportion(quantity * (1 if whole else 1000), list(shares.values())),
            strict=True,
        )
    )
    for year, sums in by_year.iterrows():
        parts = expected[year] / (1 if whole else 1000)
        assert sums["quantity"] == pytest.approx(parts, abs=1e-6)
        assert round(sums["cost"], 2) == pytest.approx(parts * unit_cost, abs=0.0051)
    if whole:
        assert (rows["quantity"] % 1 == 0).all()
        assert rows["cost"].to_numpy() == pytest.approx(
            rows["quantity"] * unit_cost, abs=1e-6
        )
    cents = rows["cost"] * 100
    assert cents.to_numpy() == pytest.approx(cents.round().to_numpy(), abs=1e-4)
    for column in ("left_unit", "right_unit", "segment_id"):
        assert rows.groupby(column)["cost"].sum().sum() == pytest.approx(
            rows["cost"].sum()
        )


def test_high_levels_come_first_where_asked() -> None:
    program = one_measure(quantity=40, order="priority", spread="length")
    rows = gb.assign_measures(program, SEGMENTS)
    first = rows[rows["year"] == 2025]
    assert set(first["right_unit"]) <= {"Kunduz", "Balkh", "Takhar", "Badakhshan"}
    kunduz = rows[rows["right_unit"] == "Kunduz"]
    assert kunduz["year"].max() <= rows[rows["right_unit"] != "Kunduz"]["year"].min()


@pytest.mark.parametrize(
    ("targets", "check"),
    [
        ({"units": ["AF-KDZ"]}, lambda r: set(r["right_unit"]) == {"Kunduz"}),
        ({"units": "Khatlon"}, lambda r: set(r["left_unit"]) == {"Khatlon"}),
        ({"min_priority": "high"}, lambda r: set(r["right_unit"]) == {"Kunduz"}),
        ({"kind": "mountain", "units": ["Balkh", "Badakhshan"]},
         lambda r: set(r["right_unit"]) <= {"Balkh", "Badakhshan"}),
    ],
)  # fmt: skip
def test_targets_keep_other_segments_out(
    targets: dict[str, object], check: object
) -> None:
    rows = gb.assign_measures(one_measure(quantity=90, targets=targets), SEGMENTS)
    assert len(rows) > 0
    assert check(rows)


def test_a_chainage_range_counts_segments_met_in_part() -> None:
    border = gb.load_border()
    segments = gb.segment_border(border, length_km=100)
    program = one_measure(per_km=10, targets={"chainage_km": [150, 225]})
    rows = gb.assign_measures(without_levels(program), segments)
    by_segment = rows.groupby("segment_id")["quantity"].sum()
    assert by_segment.to_dict() == {2: 500, 3: 250}


def test_what_has_no_place_is_carried_along() -> None:
    rows = gb.assign_measures(one_measure(quantity=5, placed=False), SEGMENTS)
    assert rows["segment_id"].isna().all()
    assert rows["year"].tolist() == [2025, 2026, 2027, 2028, 2029]
    assert rows["cost"].sum() == pytest.approx(5 * 3.33)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (
            {"units": ["Kunduzz"]},
            "no segment has the unit 'Kunduzz'; did you mean 'Kunduz'",
        ),
        ({"chainage_km": [5000, 6000]}, r"targets no segment.*widen its filters"),
        (
            {"kind": "swamp", "chainage_km": [5, 6]},
            r"targets no segment: chainage_km \[\[5.0, 6.0\]\], kind \[swamp\];",
        ),
        ({"min_priority": "critical"}, "targets no segment"),
    ],
)
def test_targets_that_hit_nothing_are_refused(
    targets: dict[str, object], message: str
) -> None:
    with pytest.raises(gb.ProgramError, match=f"measures.m.targets.*{message}"):
        gb.assign_measures(one_measure(quantity=5, targets=targets), SEGMENTS)


def test_unit_targets_need_segments_with_units() -> None:
    bare = gb.segment_border(gb.load_border(), count=3)
    program = one_measure(quantity=5, targets={"units": ["Kunduz"]})
    with pytest.raises(gb.DataError, match="cut `segments` with `units=`"):
        gb.assign_measures(without_levels(program), bare)


def test_levels_by_formula_and_by_stretch() -> None:
    program = gb.load_program()
    found = gb.prioritise(program, SEGMENTS)
    score = found["priority_score"]
    assert score.between(0, 1).all()
    formula = found["priority_reason"].str.startswith("formula")
    by_level = score[formula].groupby(found["priority"][formula])
    bounds = by_level.agg(["min", "max"])
    assert bounds.loc["medium", "min"] >= 0.75
    assert bounds.loc["high", "min"] >= 0.87
    assert bounds.loc["low", "max"] < 0.75
    stretch = found[~formula]
    assert set(stretch["priority"]) == {"critical"}
    assert stretch["start_km"].min() < 110 < stretch["end_km"].max()
    told = r"weights: .* no column 'place_km', for want of places along"
    with pytest.raises(gb.DataError, match=told):
        gb.prioritise(program, SEGMENTS.drop(columns="place_km"))


def test_kinds_of_segments_need_elevation() -> None:
    program = one_measure(quantity=5, targets={"kind": "lowland"})
    flat = gb.prioritise(program, SEGMENTS).drop(columns="kind")
    told = r"measures.m.targets.kind: .* for want of elevation .* \(`dem`\)"
    with pytest.raises(gb.DataError, match=told):
        gb.assign_measures(program, flat)


def test_equipment_of_the_default_programme(plan: gb.Plan) -> None:
    program = plan.program
    assets = gb.assign_equipment(program, plan.segments)
    assignments = gb.assign_measures(program, plan.segments)
    assert assets["asset_id"].is_unique
    standing = assets[assets["measure_id"].isna()]
    assert list(standing["asset_id"]) == list(program.assets)
    assert (standing["cost"] == 0).all()
    for key, measure in program.measures.items():
        own = assets[assets["measure_id"] == key]
        rows = assignments[assignments["measure_id"] == key]
        if measure.equipment is None:
            assert own.empty
            continue
        assert own["quantity"].sum() == measure.quantity == rows["quantity"].sum()
        assert own["cost"].sum() == pytest.approx(rows["cost"].sum())
        by_segment = own.groupby("segment_id")["quantity"].sum()
        expected = rows.groupby("segment_id")["quantity"].sum()
        assert (by_segment == expected).all()


def test_planned_assets_stand_on_their_segment(plan: gb.Plan) -> None:
    assets = gb.assign_equipment(plan.program, plan.segments)
    planned = assets[assets["measure_id"].notna() & assets.geometry.notna()]
    located = gb.locate(planned, plan.border)
    assert located["distance_km"].max() < 1e-5
    assert located["chainage_km"].to_numpy() == pytest.approx(
        planned["chainage_km"], abs=1e-5
    )
    segments = plan.segments.set_index("segment_id").loc[
        planned["segment_id"].astype(int)
    ]
    km = planned["chainage_km"].to_numpy()
    assert (km >= segments["start_km"].to_numpy()).all()
    assert (km <= segments["end_km"].to_numpy()).all()


def test_costs_by_year_agree_with_measures_and_assets(plan: gb.Plan) -> None:
    costs = plan.costs
    capital = plan.assignments.groupby("year")["cost"].sum()
    assert costs["capital"].to_numpy() == pytest.approx(capital, abs=0.005)
    own = plan.assets[plan.assets["from_year"].notna()]
    running = [
        sum(a.running_cost_per_year for a in own.itertuples() if a.from_year <= year)
        for year in costs.index
    ]
    assert costs["running"].to_numpy() == pytest.approx(running)
    assert (costs["balance"] == (costs["budget"] - costs["total"]).round(2)).all()
    assert (costs["balance"] > 0).all()


def test_equipment_ends_with_its_life(
    program_file: Path, border: gpd.GeoDataFrame
) -> None:
    text = program_file.read_text().replace(
        "cost: 10.01", "cost: 10.01\n    life_years: 1"
    )
    program_file.write_text(text)
    program = gb.load_program(program_file)
    assets = gb.assign_equipment(program, gb.segment_border(border, count=7))
    planned = assets[assets["measure_id"].notna()]
    assert (planned["until_year"] == planned["from_year"]).all()


def test_a_programme_without_measures_gives_empty_tables(
    border: gpd.GeoDataFrame,
) -> None:
    program = without_levels(one_measure(quantity=1)).model_copy(
        update={"measures": {}}
    )
    segments = gb.segment_border(border, count=2)
    assert len(gb.assign_measures(program, segments)) == 0
    assert len(gb.assign_equipment(program, segments)) == 0
