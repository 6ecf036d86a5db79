"""The checker of placements: against faults made by hand, limits, and placements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from placement_checker import Checker, violations
from placement_reference import asset, candidates, programme
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.geodesy import BoolArray
from geoborder.placement.setting import Setting, make_setting


@pytest.fixture(scope="module")
def line() -> gpd.GeoDataFrame:
    """Draw some 88 km from west to east."""
    facts = {"border_id": ["B"], "left": ["AAA"], "right": ["BBB"]}
    shape = [LineString([(70.0, 38.0), (71.0, 38.0)])]
    return gpd.GeoDataFrame(facts, geometry=shape, crs="EPSG:4326")


@pytest.fixture(scope="module")
def segments(line: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Segments of 10 km in units West and East, with kinds and levels."""
    units = gpd.GeoDataFrame(
        {"unit_id": ["W", "E"], "name": ["West", "East"], "country": "AAA"},
        geometry=[box(69, 37.99, 70.4, 39), box(70.4, 37.99, 72, 39)],
        crs="EPSG:4326",
    )
    parts = gb.segment_border(line, length_km=10, units=units)
    number = np.arange(len(parts))
    where = parts.columns.get_loc("geometry")
    parts.insert(where, "kind", np.where(number % 2 == 0, "lowland", "mountain"))
    parts.insert(where, "priority", np.array(gb.program.LEVELS)[number % 4])
    return parts


SITES = candidates(
    site_cost=[0.0, 10.0, *[0.0] * 7],
    equipment=["", "", None, *["tower pole radar"] * 5, "radar"],
    from_year=pd.array([None] * 7 + [2027, None], dtype="Int64"),
)
PRICES = {"towers": 200.0, "poles": 95.0, "radars": 150.25}
RUNNING = {"towers": 10.0, "poles": 5.0, "radars": 0.0}
LIVES = {"towers": None, "poles": 2, "radars": 3}
PLAN = [
    ("towers", 1, 2025),
    ("towers", 2, 2026),
    ("poles", 5, 2025),
    ("poles", 6, 2025),
    ("poles", 5, 2027),
    ("radars", 7, 2026),
]


def items_of(plan: list[tuple[str, int, int]]) -> gpd.GeoDataFrame:
    """Write a plan's items down."""
    rows = []
    for number, (measure, site, year) in enumerate(plan):
        life = LIVES[measure]
        rows.append(
            {
                "asset_id": f"item-{number}",
                "measure_id": measure,
                "equipment": measure[:-1],
                "site_id": str(site),
                "from_year": year,
                "until_year": None if life is None else year + life - 1,
                "quantity": 1,
                "cost": PRICES[measure] + float(SITES["site_cost"].iloc[site - 1]),
                "running_cost_per_year": RUNNING[measure],
                "geometry": SITES.geometry.iloc[site - 1],
            }
        )
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    return table.assign(until_year=pd.array(table["until_year"], dtype="Int64"))


def change(**changes: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Change values of the first item."""

    def changed(items: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        table = items.copy()
        for name, value in changes.items():
            table.loc[0, name] = value
        return table

    return changed


ROOMY = {"budgets": dict.fromkeys(range(2025, 2029), 9999)}
Fault = tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, int, int]]]

EXTRA: list[Fault] = [
    ("stock", {}, ROOMY, [("towers", 3, 2026)]),
    ("stock", {}, ROOMY, [("radars", n, 2027) for n in (3, 4, 6)]),
    ("per_site", {}, ROOMY, [("poles", 1, 2027)]),
    ("per_site", {"per_site": 2}, ROOMY, [("poles", 1, 2027), ("radars", 1, 2027)]),
    (
        "incompatible",
        {"per_site": 2, "incompatible": [["pole", "tower"]]},
        ROOMY,
        [("poles", 1, 2028)],
    ),
    ("once", {"per_site": 2}, ROOMY, [("poles", 5, 2028)]),
    ("requires", {"requires": {"radar": "pole"}}, ROOMY, []),
    ("targets", {}, ROOMY, [("towers", 6, 2028)]),
    ("stock year", {}, ROOMY, [("poles", 8, 2026)]),
    ("year", {}, ROOMY, [("poles", 4, 2029)]),
    ("site", {}, ROOMY, [("poles", 9, 2027)]),
    ("unknown", {}, ROOMY, [("courses", 4, 2027)]),
    ("budget", {}, {"budgets": {2025: 449, 2026: 9999}}, []),
    ("budget", {}, {"budgets": {2025: 9999, 2026: 9}, "placement": 0}, []),
    ("budget", {}, {"budgets": {2025: 450, 2026: 480, 2027: 1}}, []),
    ("floor", {"floors": [{"share": 0.9, "by": 2027}]}, ROOMY, []),
    (
        "floor",
        {"floors": [{"targets": {"chainage_km": [[56.9, 57.5]]}, "share": 1}]},
        ROOMY,
        [],
    ),
    (
        "floor",
        {
            "floors": [{"targets": {"min_priority": "critical"}, "share": 0.1}],
            "required_k": {"critical": 3},
        },
        ROOMY,
        [],
    ),
    ("gap", {"longest_gap_km": {2026: 10.0}}, ROOMY, []),
]


@pytest.mark.parametrize("fault", EXTRA, ids=lambda fault: fault[0])
def test_broken_rules_are_found(
    fault: Fault, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    name, rules, changes, more = fault
    changes = {"budgets": changes["budgets"]}
    rules = rules or {"carry_over": fault[2].get("placement", 1) != 0}
    LIVES["courses"], PRICES["courses"], RUNNING["courses"] = None, 20.0, 0.0
    program = programme(rules, **changes)
    found = violations(program, line, segments, SITES, items_of(PLAN + more))
    assert found
    assert {text.split(":")[0] for text in found} == set(name.split())


CHANGES = {
    "life": change(until_year=2027),
    "cost": change(cost=199.0),
    "cost ": change(running_cost_per_year=9.0),
    "equipment": change(equipment="pole"),
    "equipment ": change(quantity=2),
    "place": change(geometry=Point(70.031, 38.01)),
    "unknown": change(site_id="77"),
    "name": change(asset_id="item-1"),
    "moved": lambda t: t.assign(moved_from=["nothing", *[None] * 5]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_wrong_items_are_found(
    name: str, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    program = programme(**ROOMY)
    items = CHANGES[name](items_of(PLAN))
    found = violations(program, line, segments, SITES, items)
    assert name.strip() in {text.split(":")[0] for text in found}


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        ({}, {}),
        ({}, {"budgets": {}}),
        ({}, {"budgets": {2025: 450, 2026: 490, 2027: 141, 2028: 70}}),
        ({"carry_over": False}, ROOMY),
        ({"per_site": 2, "incompatible": [["pole", "tower"]]}, {}),
        (
            {
                "floors": [
                    {"share": 0.3},
                    {"targets": {"units": ["West"]}, "share": 0.3, "by": 2026},
                    {"targets": {"chainage_km": [[1, 4], [3, 6]]}, "share": 1},
                ],
                "longest_gap_km": {2026: 30.0},
            },
            {},
        ),
    ],
)
def test_a_right_plan_breaks_nothing(
    rules: dict[str, Any],
    changes: dict[str, Any],
    line: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
) -> None:
    program = programme(rules, **changes)
    items = items_of(PLAN)
    before = items.copy()
    assert violations(program, line, segments, SITES, items) == []
    assert items.equals(before)


def test_moves(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    program = programme({"move_cost": {"radar": 5, "tower": 3}}, **ROOMY)

    def found(
        plan: list[tuple[str, int, int]],
        left: dict[str, int],
        moved: dict[int, str],
        **costs: float,
    ) -> set[str]:
        items = items_of(PLAN + plan)
        for number, name in moved.items():
            items.loc[number, "moved_from"] = name
            items.loc[number, "cost"] = costs.get("cost", 5.0)
        told = pd.DataFrame({"asset_id": list(left), "until_year": list(left.values())})
        texts = violations(program, line, segments, SITES, items, told)
        return {text.split(":")[0] for text in texts}

    both = [("radars", 3, 2026), ("radars", 4, 2026)]
    old = {"old-radar": 2025}
    assert found(both, old, {6: "old-radar", 7: "old-radar"}) == set()
    # Where only one arrives, in another year, for the price, or without leaving.
    assert found(both[:1], old, {6: "old-radar"}) == {"moved"}
    assert found(both, {"old-radar": 2026}, {6: "old-radar", 7: "old-radar"}) == {
        "moved"
    }
    assert found(both, old, {6: "old-radar", 7: "old-radar"}, cost=150.25) == {"cost"}
    assert found(both, {}, {6: "old-radar", 7: "old-radar"}) == {"moved"}
    assert found(both, old, {}) == {"moved", "stock"}
    # A pole may not be moved, and the tower stands until 2027 only.
    assert found([], {"old-pole": 2026}, {}) == {"moved"}
    assert found([], {"old-tower": 2027}, {}) == set()
    assert found([], {"old-tower": 2026}, {}) == {"moved"}
    # The names may stand at what leaves as well.
    items = items_of(PLAN + both)
    items.loc[[6, 7], "cost"] = 5.0
    told = pd.DataFrame(
        {"asset_id": ["old-radar"], "until_year": [2025], "moved_to": "item-6 item-7"}
    )
    assert violations(program, line, segments, SITES, items, told) == []


def test_what_stands_counts(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    first = SITES.geometry.iloc[0]
    there = asset(first.x, "pole", latitude=first.y, until_year=2026)
    old = programme().model_dump(exclude_unset=True)["assets"] | {"here": there}

    def found(rules: dict[str, Any], plan: list[tuple[str, int, int]]) -> list[str]:
        program = programme(rules, assets=old, **ROOMY)
        texts = violations(program, line, segments, SITES, items_of(plan))
        return sorted({text.split(":")[0] for text in texts})

    tower, late = [("towers", 1, 2025)], [("towers", 1, 2027)]
    assert found({}, tower) == ["per_site"]
    assert found({}, late) == []
    two = {"per_site": 2, "incompatible": [["tower", "pole"]]}
    assert found(two, tower) == ["incompatible"]
    assert found(two, late) == []
    needs = {"per_site": 2, "requires": {"tower": "pole"}}
    assert found(needs, tower) == ["requires"]
    assert found(needs, [*tower, ("poles", 1, 2027)]) == []


def test_facts_need_not_keep_to_rules(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    plan = [("towers", 5, 2025), ("towers", 6, 2025), ("poles", 5, 2025)]
    facts = pd.DataFrame(plan, columns=["measure_id", "site_id", "from_year"])

    def found(plan: list[tuple[str, int, int]]) -> set[str]:
        texts = violations(
            programme(**ROOMY), line, segments, SITES, items_of(plan),
            facts=facts, open_from=2026,
        )  # fmt: skip
        return {text.split(":")[0] for text in texts}

    assert found(plan) == set()
    assert found(plan[1:]) == {"fact"}
    assert found([*plan, ("poles", 4, 2025)]) == {"year"}
    assert found([*plan, ("radars", 5, 2026)]) == {"per_site"}


def chosen_items(
    setting: Setting, chosen: BoolArray
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Write choices down as items, and what becomes of what stands."""
    table = setting.choices[chosen]
    new = table[table["kind"] == "new"]
    items = setting.options.iloc[new["option"].to_numpy()].reset_index(drop=True)
    items = items.assign(
        asset_id=[f"item-{n}" for n in range(len(items))],
        from_year=new["from_year"].to_numpy(),
        until_year=new["until_year"].array,
        moved_from=None,
    )
    gone = table[table["kind"] == "leaves"]
    names = setting.options["asset_id"].to_numpy()[gone["option"].to_numpy()]
    told = pd.DataFrame({"asset_id": names, "until_year": gone["until_year"].array})
    return items, told


LEAN = {2025: 500, 2026: 200, 2027: 300, 2028: 300.5}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "yearly": {"carry_over": False},
    "two": {"per_site": 2, "incompatible": [["tower", "pole"], ["pole", "radar"]]},
    "requires": {"requires": {"radar": "tower"}},
    "chain": {"requires": {"radar": "pole", "pole": "tower"}, "per_site": 2},
    "covered": {
        "floors": [{"targets": {"units": ["West"]}, "share": 0.4, "by": 2027}],
        "longest_gap_km": {2028: 45.0},
        "required_k": {"critical": 2},
    },
}


@pytest.mark.parametrize("case", CASES)
def test_limits_allow_what_the_checker_allows(
    case: str, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    program = programme(CASES[case], budgets=LEAN)
    setting = make_setting(program, line, SITES, segments=segments)
    checker = Checker(program, line, segments, SITES)
    problem = setting.problem
    rng = np.random.default_rng(len(case))
    fine = 0
    for turn in range(15 if case == "covered" else 40):
        order = rng.permutation(problem.option.size)[: 1 + turn % 9]
        chosen = np.zeros(problem.option.size, dtype=bool)
        for choice in order:  # most of the sets that are judged keep most rules
            chosen[choice] = True
            if (
                rng.random() < 0.95
                and (problem.rows @ chosen > np.maximum(problem.limits, 0.0)).any()
            ):
                chosen[choice] = False
        items, told = chosen_items(setting, chosen)
        broken = checker.violations(items, told)
        assert problem.holds(chosen) == (not broken), broken
        fine += not broken
    assert fine


@pytest.mark.parametrize("case", [*CASES, "moves", "gap", "detection"])
def test_placements_keep_all_rules(
    case: str, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    rules = CASES.get(case, {})
    if case == "moves":
        rules = {"move_cost": {"pole": 30, "tower": 20, "radar": 1}}
    elif case == "gap":
        rules = {"objective": "longest-gap"}
    elif case == "detection":
        rules = {"objective": "detection", "floors": [{"share": 0.3}]}
    program = programme(rules, budgets=LEAN)
    sites = SITES.assign(site_cost=7.0)
    placement = gb.place(program, line, sites, segments=segments, gap=0.05)
    assert placement.gap <= 0.05
    assert len(placement.items)
    gone = placement.standing[placement.standing["moved"]]
    assert (len(gone) > 0) == (case == "moves")
    assert violations(program, line, segments, sites, placement.items, gone) == []
