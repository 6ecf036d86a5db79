"""What is planned where, by when, and at what cost."""

from __future__ import annotations

import pandas as pd

from geoborder.maps.style import CATEGORY_COLOURS
from geoborder.plan import Plan
from geoborder.program import Figure, Measure
from geoborder.report.figures import Row

_SPREADS = {
    "length": "by length",
    "count": "by segment",
    "priority": "by length and level",
}


def targets_of(measure: Measure) -> str:
    """
    Say where a measure goes.

    Parameters
    ----------
    measure
        The measure.

    Returns
    -------
    str
        Its filters in words.
    """
    if not measure.placed:
        return "no place"
    chosen = measure.targets.model_dump(exclude_defaults=True)
    texts = [f"{name.replace('_', ' ')}: {_listed(v)}" for name, v in chosen.items()]
    return "; ".join(texts) or "whole border"


def _listed(value: object) -> str:
    """Write names and ranges in a row."""
    if not isinstance(value, (tuple, list)):
        return str(value)
    return ", ".join(
        "-".join(f"{end:g}" for end in item)
        if isinstance(item, (tuple, list))
        else str(item)
        for item in value
    )


def measures(plan: Plan) -> list[Row]:
    """
    Gather what a report says of each measure.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Quantity by year, cost, targets, how it is spread, and what that rests on.
    """
    rows: list[Row] = []
    for key, measure in plan.program.measures.items():
        own = plan.assignments[plan.assignments["measure_id"] == key]
        by_year = own.groupby("year")["quantity"].sum()
        asked = measure.quantity
        rows.append(
            {
                "key": key,
                "name": measure.name,
                "category": measure.category,
                "unit": measure.unit,
                "asked": f"{measure.per_km:g} a km" if asked is None else asked,
                "quantity": float(own["quantity"].sum()),
                "cost": float(own["cost"].sum()),
                "schedule": [float(by_year.get(y, 0.0)) for y in plan.program.years],
                "where": targets_of(measure),
                "spread": _SPREADS[measure.spread] if measure.placed else "",
                "segments": int(own["segment_id"].nunique()),
                "basis": measure.basis,
                "cost_basis": own["cost_basis"].iloc[0] if len(own) else measure.basis,
                "note": measure.note,
            }
        )
    return rows


def places(plan: Plan) -> list[Row]:
    """
    Gather quantities of each measure in each place, by year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        A row per unit and side (per line where segments name no unit), and one for
        what has no place: ``side``, ``name``, ``cost``, ``measures`` with ``name``,
        ``unit``, ``years``, ``quantity``, ``cost``.
    """
    rows = plan.assignments
    placed = rows["segment_id"].notna()
    sides = [c for c in ("left_unit", "right_unit") if c in rows.columns]
    sides = [c for c in sides if rows.loc[placed, c].notna().any()]
    found: list[Row] = []
    for column in sides or ["border_id"]:
        side = column.removesuffix("_unit") if sides else "line"
        for name in _in_order(plan, column):
            own = rows[placed & (rows[column] == name)]
            if len(own):
                found.append(_place(plan, side, str(name), own))
        rest = rows[placed & rows[column].isna()]
        if len(rest):
            found.append(_place(plan, side, "No unit named", rest))
    if (~placed).any():
        found.append(_place(plan, "", "No place on the border", rows[~placed]))
    return found


def _in_order(plan: Plan, column: str) -> list[object]:
    """Names of a column of segments as they come along the border."""
    return list(plan.segments[column].dropna().unique())


def _place(plan: Plan, side: str, name: str, rows: pd.DataFrame) -> Row:
    """Quantities of each measure by year in one place."""
    found = []
    for key, own in rows.groupby("measure_id", sort=False):
        by_year = own.groupby("year")["quantity"].sum()
        found.append(
            {
                "key": key,
                "name": own["measure"].iloc[0],
                "unit": own["unit"].iloc[0],
                "years": [float(by_year.get(y, 0.0)) for y in plan.program.years],
                "quantity": float(own["quantity"].sum()),
                "cost": float(own["cost"].sum()),
            }
        )
    cost = float(rows["cost"].sum())
    return {"side": side, "name": name, "cost": cost, "measures": found}


def spending(plan: Plan) -> list[Row]:
    """
    Set spending by category against the budget, by year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Rows for the categories, running cost, total, budget and balance: ``label``,
        ``kind``, ``years``, ``all``; empty cells where there is no budget.
    """
    costs, span = plan.costs, list(plan.program.years)
    table = plan.assignments.pivot_table(
        index="category", columns="year", values="cost", aggfunc="sum", fill_value=0.0
    ).reindex(columns=span, fill_value=0.0)
    rows: list[Row] = [
        _spent(category, "category", table.loc[category])
        for category in CATEGORY_COLOURS
        if category in table.index
    ]
    rows.append(_spent("running cost", "running", costs["running"]))
    rows.append(_spent("total", "total", costs["total"]))
    if costs["budget"].notna().any():
        rows.append(_spent("budget", "budget", costs["budget"]))
        rows.append(_spent("balance", "balance", costs["balance"]))
    return rows


def _spent(label: str, kind: str, values: pd.Series) -> Row:
    """Money of each year and of all."""
    money = values.astype(float)
    return {
        "label": label,
        "kind": kind,
        "years": money.to_list(),
        "all": float(money.sum()),
    }


def catalogue(plan: Plan) -> list[Row]:
    """
    Gather what a report says of the equipment.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Names, modes, and figures with what each rests on.
    """
    rows: list[Row] = []
    for kind in plan.program.equipment.values():
        figures = []
        for field in type(kind).model_fields:
            figure = getattr(kind, field)
            if isinstance(figure, Figure):
                figures.append((field.replace("_", " "), figure.value, figure.basis))
        rows.append(
            {
                "name": kind.name,
                "category": kind.category,
                "mode": kind.mode,
                "figures": figures,
                "note": kind.note,
            }
        )
    return rows
