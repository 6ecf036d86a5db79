"""Figures of two plans beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geoborder.coverage.cover import units_of
from geoborder.plan import Plan

_COVERAGE = ("covered_km", "share", "longest_gap_km")
_MONEY = ("capital", "running", "cost", "budget")


def years_beside(a: Plan, b: Plan) -> pd.DataFrame:
    """
    Set coverage, cost and budget of two plans beside each other, by year.

    Parameters
    ----------
    a, b
        The plans.

    Returns
    -------
    DataFrame
        See `PlanDifference.by_year`.
    """
    table = _beside(
        _years(a), _years(b), (*_COVERAGE, *_MONEY), one=_one_currency(a, b)
    )
    return table.sort_values("year", ignore_index=True)


def units_beside(a: Plan, b: Plan) -> pd.DataFrame:
    """
    Set coverage and cost of two plans beside each other, by unit and year.

    Parameters
    ----------
    a, b
        The plans.

    Returns
    -------
    DataFrame
        See `PlanDifference.by_unit`.
    """
    return _beside(_units(a), _units(b), (*_COVERAGE, "cost"), one=_one_currency(a, b))


def quantities_beside(a: Plan, b: Plan) -> pd.DataFrame:
    """
    Set quantities and costs of two plans' measures beside each other, by year.

    Parameters
    ----------
    a, b
        The plans.

    Returns
    -------
    DataFrame
        See `PlanDifference.quantities`.
    """
    one, other = (
        plan.assignments.groupby(["measure_id", "year"], sort=False)[
            ["quantity", "cost"]
        ].sum()
        for plan in (a, b)
    )
    return _beside(
        one, other, ("quantity", "cost"), one=_one_currency(a, b), absent=0.0
    )


def _one_currency(a: Plan, b: Plan) -> bool:
    return a.program.currency == b.program.currency


def _beside(
    a: pd.DataFrame,
    b: pd.DataFrame,
    figures: Sequence[str],
    *,
    one: bool,
    absent: float = np.nan,
) -> pd.DataFrame:
    """Figures of a, of b, and b less a; money without it unless of one currency."""
    index = a.index.append(b.index.difference(a.index, sort=False))
    table = pd.DataFrame(index=index)
    for figure in figures:
        before = a[figure].reindex(index).fillna(absent)
        after = b[figure].reindex(index).fillna(absent)
        table[f"{figure}_a"], table[f"{figure}_b"] = before, after
        comparable = one or figure not in _MONEY
        table[f"{figure}_change"] = after - before if comparable else np.nan
    return table.reset_index()


def _years(plan: Plan) -> pd.DataFrame:
    """Coverage, cost and budget, indexed by year."""
    coverage = plan.coverage.by_year.astype({"year": "int64"}).set_index("year")
    costs = plan.costs.rename(columns={"total": "cost"})
    return coverage[list(_COVERAGE)].join(costs[list(_MONEY)], how="outer")


def _units(plan: Plan) -> pd.DataFrame:
    """Coverage and cost, indexed by side, unit and year."""
    keys = ["side", "unit", "year"]
    coverage = plan.coverage.by_unit_year.astype({"year": "int64"}).set_index(keys)
    costs = []
    for side, number, labels in units_of(plan.border, plan.segments):
        unit = pd.Series(np.array(labels, dtype=object)[number])
        unit.index = plan.segments["segment_id"].to_numpy()
        rows = plan.assignments[plan.assignments["segment_id"].notna()]
        rows = rows.assign(
            side=side, unit=unit.reindex(rows["segment_id"].astype("int64")).to_numpy()
        )
        costs.append(rows.groupby(keys)["cost"].sum())
    spent = pd.concat(costs)
    cost = spent.reindex(coverage.index).fillna(0.0)
    return coverage[list(_COVERAGE)].assign(cost=cost)
