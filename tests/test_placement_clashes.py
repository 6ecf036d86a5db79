"""What clashes, and by how much: against all choices tried one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from placement_reference import candidates, kind, measure, programme
from shapely import LineString

import geoborder as gb
from geoborder.geodesy import BoolArray
from geoborder.placement.clashes import explain, infeasible
from geoborder.placement.setting import Setting, make_setting

SMALL = {
    "last_year": 2027,
    "budgets": {2025: 300, 2026: 130, 2027: 0},
    "equipment": {
        "tower": kind(range_km=8, cost=200, running_cost_per_year=10),
        "pole": kind(range_km=5, cost=90, life_years=2),
    },
    "measures": {
        "towers": measure("tower", 1, schedule={2026: 1}),
        "poles": measure("pole", 2, schedule={2025: 1, 2027: 1}),
    },
    "assets": {},
}


def small(rules: dict[str, object], **changes: object) -> Setting:
    facts = {"border_id": ["B"], "left": ["AAA"], "right": ["BBB"]}
    shape = [LineString([(70.0, 38.0), (71.0, 38.0)])]
    line = gpd.GeoDataFrame(facts, geometry=shape, crs="EPSG:4326")
    program = programme(rules, **(SMALL | changes))
    return make_setting(program, line, candidates(3))


def all_choices(setting: Setting) -> list[BoolArray]:
    size = setting.problem.option.size
    assert size <= 16
    return [np.array(c, dtype=bool) for c in itertools.product((0, 1), repeat=size)]


def least(setting: Setting, given_up: str) -> float:
    """Give the least that a kind of demand must give way, by trying all choices."""
    problem, best = setting.problem, np.inf
    own = (setting.rows["kind"] == given_up).to_numpy()
    own_floors = (setting.floors["kind"] == given_up).to_numpy()
    held = replace(
        problem,
        limits=np.where(own, np.inf, problem.limits),
        needs=np.where(own_floors, -np.inf, problem.needs),
    )
    for chosen in all_choices(setting):
        if not held.holds(chosen):
            continue
        over = np.maximum(
            problem.rows[np.flatnonzero(own)] @ chosen - problem.limits[own], 0
        )
        covered = problem.floors @ problem.covered(chosen).ravel()
        missing = np.maximum(problem.needs - covered, 0)[own_floors].sum()
        table = setting.rows[own].assign(over=over)
        if given_up == "budget" and setting.carry_over:
            amount = over.max(initial=0)
        elif given_up == "stock":
            amount = table.groupby("subject")["over"].max().sum()
        else:
            amount = over.sum()
        best = min(best, amount + missing)
    return float(best)


WISHES: dict[str, dict[str, object]] = {
    "early": {"floors": [{"share": 0.3, "by": 2026}]},
    "late": {"floors": [{"share": 0.5}]},
    "yearly": {"floors": [{"share": 0.3, "by": 2026}], "carry_over": False},
    "twice": {"floors": [{"share": 0.4}], "required_k": {"low": 2}, "per_site": 2},
    "crowd": {"floors": [{"share": 0.1}], "required_k": {"low": 2}},
    "pair": {
        "floors": [{"share": 0.1}], "required_k": {"low": 2}, "per_site": 2,
        "incompatible": [["pole", "tower"]],
    },
    "needs": {
        "floors": [{"share": 0.3}], "requires": {"tower": "pole"}, "per_site": 1
    },
    "gap": {"longest_gap_km": {2027: 25}},
    "gap-twice": {"longest_gap_km": {2027: 50}, "required_k": {"low": 2}},
}  # fmt: skip


@pytest.mark.parametrize("wish", WISHES)
def test_as_much_is_missing_as_no_choices_do_without(wish: str) -> None:
    setting = small(WISHES[wish])
    demands = explain(setting, time_limit_s=60)
    kinds = set(setting.rows["kind"]) | set(setting.floors["kind"])
    kinds &= {"budget", "stock", "site", "pair", "requires", "floor", "gap"}
    expected = {name: least(setting, name) for name in kinds}
    expected = {
        name: amount for name, amount in expected.items() if np.isfinite(amount)
    }
    assert expected
    assert min(expected.values()) > 0
    assert set(demands["kind"]) == set(expected)
    assert demands["alone"].all()
    assert demands["proven"].all()
    for name, own in demands.groupby("kind"):
        assert own["short_by"].sum() == pytest.approx(expected[name], rel=2e-3)


def test_what_can_be_met_lacks_nothing() -> None:
    setting = small({"floors": [{"share": 0.1}]})
    assert min(least(setting, name) for name in ("budget", "stock", "floor")) == 0
    assert explain(setting).empty


def test_more_than_one_kind_must_give_way() -> None:
    # Nothing is there before 2026 but a pole, and neither it nor money is enough.
    wish = {"floors": [{"share": 0.4, "by": 2027}], "longest_gap_km": {2025: 1}}
    setting = small(wish, budgets={2025: 10})
    assert all(np.isinf(least(setting, k)) for k in ("budget", "stock", "floor", "gap"))
    error = infeasible(setting)
    assert isinstance(error, gb.GeoborderError)
    assert not error.demands["alone"].any()
    assert {"floor", "gap"} <= set(error.demands["kind"])
    assert str(error).startswith("No placement meets all demands. All of this together")


def test_the_message_names_numbers() -> None:
    error = infeasible(small(WISHES["early"]))
    assert isinstance(error, gb.InfeasibleError)
    text = str(error)
    assert "Any one of these would do: " in text
    assert "stock: 1 more of poles by 2026" in text or "more of towers by 2026" in text
    assert "floor: 30 % of the border by 2026 -> " in text
    assert "in the time given" not in text.lower()
    short = explain(small(WISHES["late"]))
    money = short[short["kind"] == "budget"]
    if len(money):
        assert (money["unit"] == "USD").all()


def test_money_is_missing_by_a_year() -> None:
    setting = small(
        {"floors": [{"share": 0.3, "by": 2027}]}, budgets={2025: 40, 2026: 100}
    )
    demands = explain(setting)
    money = demands[demands["kind"] == "budget"]
    # A pole for 90, and the tower for 200 and 10 a year.
    assert money["short_by"].sum() == pytest.approx(least(setting, "budget"), rel=2e-3)
    assert money["year"].tolist() == [2027]
    assert "USD more by 2027" in str(infeasible(setting))


def test_detection_is_told_as_well() -> None:
    setting = small({"objective": "detection", "floors": [{"share": 0.9}]})
    demands = explain(setting)
    assert set(demands["kind"]) == {"floor"}
    assert isinstance(demands, pd.DataFrame)
    assert demands["short_by"].item() == pytest.approx(
        least(setting, "floor"), rel=0.05
    )
