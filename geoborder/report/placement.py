"""What a report says of a placement: goal, proof, years, items and their reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoborder.assign import assign_measures
from geoborder.placement import Placement
from geoborder.plan import Plan
from geoborder.program import Program

_STATUS = {
    "optimal": "proven: no placement is better",
    "gap": "as close to the bound as was asked for",
    "time": "the best found when the time was up",
    "stopped": "the best found when the search was stopped",
}

_LITTLE = 0.001
"""Smaller gaps, in per cent, are not told apart."""


def placement_section(plan: Plan) -> dict[str, object] | None:
    """
    Gather what a report says of a plan's placement.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict or None
        Texts and rows of tables for the template; None without a placement.
    """
    placement = plan.placement
    if placement is None:
        return None
    measures = items_by_measure(plan)
    unit = unit_of(placement)
    return {
        "goal": _goal(plan.program),
        "rules": _rules(plan.program),
        "unit": unit,
        "value": f"{placement.value:,.1f} {unit}",
        "bound": f"{placement.bound:,.1f} {unit}",
        "gap": percent(placement.gap),
        "means": gap_sentence(placement),
        "status": _STATUS[placement.status],
        "cost": placement.cost,
        "checksum": placement.checksum,
        "years": placement.by_year.reset_index().to_dict("records"),
        "expected": placement.objective == "detection",
        "floors": _floors(placement),
        "measures": measures.to_dict("records"),
        "left_out": _left_out(plan, measures),
        "items": _items(plan, placement),
        "sites": len(placement.sites),
        "sweep": [] if plan.sweep is None else plan.sweep.to_dict("records"),
    }


def placement_line(plan: Plan) -> str:
    """
    Say how good a plan's placement is in a line.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        Value, bound, gap, and how many of the items are placed; without a placement,
        why there is none.
    """
    placement = plan.placement
    if placement is None:
        return no_placement(plan.program)
    unit = unit_of(placement)
    counts = items_by_measure(plan)[["placed", "planned"]].sum()
    return (
        f"Placement: {placement.value:,.1f} {unit}, bound {placement.bound:,.1f}, gap "
        f"{percent(placement.gap)} ({_STATUS[placement.status]}); {counts['placed']:,} "
        f"of {counts['planned']:,} items placed."
    )


def no_placement(program: Program) -> str:
    """
    Say why a plan has no placement.

    Parameters
    ----------
    program
        Its programme.

    Returns
    -------
    str
        A sentence.
    """
    if program.placed_measures:
        return "Sites were not chosen: equipment stands evenly along its segments."
    return "Nothing is placed: no measure brings equipment that covers and has a place."


def items_by_measure(plan: Plan) -> pd.DataFrame:
    """
    Set the items that a programme would bring beside those that are placed.

    Parameters
    ----------
    plan
        A plan with a placement.

    Returns
    -------
    DataFrame
        A row per measure that is placed: ``measure_id``, ``name``, ``unit``,
        ``planned`` (by the programme), ``placed`` (new ones), ``moved`` (from where
        they stood), ``left_out``, ``cost`` (of those placed and moved, without
        running them).
    """
    program = plan.program
    placed = program.placed_measures
    rest = program.model_copy(update={"measures": placed})
    planned = assign_measures(rest, plan.segments).groupby("measure_id")["quantity"]
    items = pd.DataFrame() if plan.placement is None else plan.placement.items
    table = pd.DataFrame(
        {
            "name": [m.name for m in placed.values()],
            "unit": [m.unit for m in placed.values()],
            "planned": planned.sum().reindex(list(placed), fill_value=0.0).to_numpy(),
        },
        index=pd.Index(list(placed), name="measure_id"),
    ).astype({"planned": "int64"})
    moved = items["moved_from"].notna() if len(items) else pd.Series(dtype=bool)
    for column, own in (("placed", ~moved), ("moved", moved)):
        counts = items.loc[own, "measure_id"].value_counts() if len(items) else {}
        table[column] = table.index.map(counts).fillna(0).astype("int64")
    table["left_out"] = (table["planned"] - table["placed"]).clip(lower=0)
    cost = items.groupby("measure_id")["cost"].sum() if len(items) else {}
    table["cost"] = table.index.map(cost).fillna(0.0).astype(float)
    return table.reset_index()


def unit_of(placement: Placement) -> str:
    """
    Name the unit of what a placement is worth.

    Parameters
    ----------
    placement
        The placement.

    Returns
    -------
    str
        Weighted km, or km where the longest gap counts.
    """
    return "km" if placement.objective == "longest-gap" else "weighted km"


def percent(share: float) -> str:
    """
    Write a small share for people.

    Parameters
    ----------
    share
        The share.

    Returns
    -------
    str
        In per cent, with two digits that count.
    """
    if not np.isfinite(share):
        return "unknown"
    cent = 100.0 * share
    if 0.0 < cent < _LITTLE:
        return f"less than {_LITTLE:g} %"
    return f"{cent:,.0f} %" if cent >= 10.0 else f"{cent:.2g} %"  # noqa: PLR2004 - two digits


def gap_sentence(placement: Placement) -> str:
    """
    Say what the gap between a placement and its bound means.

    Parameters
    ----------
    placement
        The placement.

    Returns
    -------
    str
        A sentence.
    """
    if placement.gap == 0.0:
        return "Proven: no other placement that keeps to these rules is better."
    if placement.objective == "longest-gap":
        return (
            "Proven: no placement that keeps to these rules has a longest gap shorter "
            f"than {placement.bound:,.1f} km; this one has {placement.value:,.1f} km."
        )
    return (
        "Proven: any other placement that keeps to these rules is worth at most "
        f"{percent(placement.gap)} more than this one."
    )


def _goal(program: Program) -> str:
    """Say what was sought."""
    rules, span = program.placement, f"{program.first_year}-{program.last_year}"
    covered = f"the most weighted kilometres of border covered, summed over {span}"
    goal = {
        "coverage": covered,
        "detection": "the most weighted kilometres of border, times the probability "
        f"that what crosses there is detected, summed over {span}",
        "longest-gap": f"the shortest longest gap in {program.last_year}, and at that "
        f"{covered}",
    }[rules.objective]
    levels = ", ".join(f"{k} {w:g}" for k, w in rules.level_weights.items())
    parts = [f"Sought is {goal}; a kilometre weighs, by its impact level: {levels}."]
    if rules.year_weights:
        years = ", ".join(f"{y}: {w:g}" for y, w in sorted(rules.year_weights.items()))
        parts.append(f"Years weigh {years}, others 1.")
    if rules.discount:
        parts.append(f"Later years are discounted by {percent(rules.discount)} a year.")
    if rules.second == "cost":
        parts.append("Among equally good placements the cheaper one is preferred.")
    return " ".join(parts)


def _rules(program: Program) -> str:
    """Say what a placement keeps to."""
    rules = program.placement
    parts = [
        "what measures bring by each year",
        f"{rules.per_site} at a site at a time",
    ]
    if program.budgets:
        kept = "is kept for later ones" if rules.carry_over else "is lost"
        parts.insert(0, f"yearly budgets (money left in a year {kept})")
    if rules.incompatible:
        pairs = ", ".join(f"{a} and {b}" for a, b in rules.incompatible)
        parts.append(f"never at one site: {pairs}")
    if rules.requires:
        pairs = ", ".join(f"{a} only with {b}" for a, b in rules.requires.items())
        parts.append(pairs)
    if rules.longest_gap_km:
        gaps = sorted(rules.longest_gap_km.items())
        parts.append(
            "no gap longer than " + ", ".join(f"{km:g} km in {y}" for y, km in gaps)
        )
    return f"The rules: {'; '.join(parts)}{'; floors' if rules.floors else ''}."


def _floors(placement: Placement) -> list[dict[str, object]]:
    """Floors, with the share that is reached."""
    table = placement.floors
    reached = table["share"] * table["reached_km"] / table["need_km"]
    return table.assign(reached=reached).to_dict("records")


def _left_out(plan: Plan, measures: pd.DataFrame) -> str:
    """Say how many items are not placed, and what money is left."""
    count, planned = int(measures["left_out"].sum()), int(measures["planned"].sum())
    parts = []
    if count:
        parts.append(
            f"Items that would add nothing are not placed: for {count:,} of "
            f"{planned:,} no site was found where they would add anything within the "
            "rules."
        )
    left = (
        pd.Series(dtype=float)
        if plan.placement is None
        else plan.placement.by_year["left"]
    )
    left = left.dropna()
    if len(left):
        kept = plan.program.placement.carry_over
        money = float(left.iloc[-1] if kept else left.sum())
        parts.append(
            f"Of the money that is there for what is placed, {money:,.0f} "
            f"{plan.program.currency} are left at the end of {plan.program.last_year}."
        )
    return " ".join(parts)


def _items(plan: Plan, placement: Placement) -> list[dict[str, object]]:
    """Every item that is placed, with its reasons."""
    rows = []
    for item in placement.items.drop(columns="geometry").to_dict("records"):
        other = item["runner_up_site"]
        rows.append(
            {
                **item,
                "name": plan.program.measures[item["measure_id"]].name,
                "moved_from": None
                if pd.isna(item["moved_from"])
                else item["moved_from"],
                "runner_up_site": None if pd.isna(other) else other,
            }
        )
    return rows
