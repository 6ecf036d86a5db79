"""Cost, budget and what money buys as pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from geoborder.assign import yearly_costs
from geoborder.maps.style import CATEGORY_COLOURS, COVERED_COLOUR
from geoborder.plan import Plan
from geoborder.plots.axes import (
    add_sources,
    new_axes,
    plain_text,
    scale_of,
    type_size,
    year_labels,
)

_CLOSE = 0.12
"""Labels nearer than this share of the axis go to either side."""


@plain_text
def plot_budget(plan: Plan, *, ax: Axes | None = None, sources: bool = True) -> Axes:
    """
    Draw cost by year and category against the budget.

    Parameters
    ----------
    plan
        The plan.
    ax
        Axes to draw on; new ones by default.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        Stacked bars in the programme's currency (or thousands or millions of it,
        as its axis says), running cost on top, the budget as a mark where there is one.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> ax = gb.plot_budget(plan)
    >>> ax.get_ylabel()
    'thousand USD'
    >>> [label.get_text() for label in ax.get_legend().get_texts()]
    ['running cost', 'observation']
    """
    ax = new_axes(ax, (6.4, 3.4))
    size = type_size(ax)
    table = plan.assignments.pivot_table(
        index="year", columns="category", values="cost", aggfunc="sum", fill_value=0.0
    ).reindex(plan.costs.index, fill_value=0.0)
    years = [str(year) for year in plan.costs.index]
    most = float(np.nanmax(plan.costs[["total", "budget"]].to_numpy(float)))
    scale, word = scale_of(most)
    bottom = np.zeros(len(years))
    for category, colour in CATEGORY_COLOURS.items():
        if category in table.columns:
            height = table[category].to_numpy(float) / scale
            ax.bar(
                years, height, bottom=bottom, color=colour, label=category,
                edgecolor="white", lw=0.6,
            )  # fmt: skip
            bottom += height
    running = plan.costs["running"].to_numpy(float) / scale
    ax.bar(
        years, running, bottom=bottom, color="white", edgecolor="#444", hatch="///",
        label="running cost", lw=0.6,
    )  # fmt: skip
    budget = plan.costs["budget"].to_numpy(float) / scale
    if np.isfinite(budget).any():
        place = np.arange(len(years))
        ax.hlines(
            budget, place - 0.42, place + 0.42, lw=2.5, color="black", label="budget"
        )
    ax.set_ylabel(f"{word} {plan.program.currency}".strip(), fontsize=size)
    ax.tick_params(labelsize=size)
    ax.margins(y=0.08)
    ax.set_ylim(bottom=0.0)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1], labels[::-1], frameon=False, fontsize=size,
        loc="center left", bbox_to_anchor=(1.01, 0.5),
    )  # fmt: skip
    if sources:
        add_sources(ax, plan)
    return ax


@plain_text
def plot_spending(plan: Plan, *, ax: Axes | None = None, sources: bool = True) -> Axes:
    """
    Draw what is covered against what is spent on placed equipment until each year.

    Parameters
    ----------
    plan
        A plan with a placement.
    ax
        Axes to draw on; new ones by default.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        A point per year, and one for what was covered before the programme; spending
        with running cost.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program)
    >>> ax = gb.plot_spending(plan)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('spent on placed equipment so far, thousand USD', 'covered, km')
    """
    ax = new_axes(ax, (6.4, 3.2))
    size = type_size(ax)
    rows, items = plan.assignments, plan.assets.iloc[:0]
    if plan.placement is not None:
        items = plan.placement.items
    rows = rows[rows["measure_id"].isin(items["measure_id"].unique())]
    spent = yearly_costs(plan.program, rows, items)["total"].cumsum()
    scale, word = scale_of(float(spent.max()))
    covered = plan.coverage.by_year.set_index("year")["covered_km"]
    years = [plan.program.first_year - 1, *spent.index]
    money = np.append(0.0, spent.to_numpy(float) / scale)
    ax.plot(money, covered.loc[years], "o-", color=COVERED_COLOUR)
    places = pd.DataFrame({"x": money, "y": covered.loc[years].to_numpy()})
    places = places.round(6).assign(label=year_labels(plan, years))
    texts = places.groupby(["x", "y"], sort=False)["label"].agg(", ".join).reset_index()
    near = texts["x"].diff(-1).abs() < _CLOSE * money[-1]
    for point, left in zip(texts.itertuples(), near, strict=True):
        ax.annotate(
            point.label, (point.x, point.y), (-6, 5) if left else (6, -10),
            textcoords="offset points", fontsize=size, ha="right" if left else "left",
        )  # fmt: skip
    length = float(plan.border["length_km"].sum())
    ax.axhline(length, color="#555", lw=0.8, ls="--")
    ax.annotate(
        "whole border", (0, length), (0, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", fontsize=size, color="#555",
    )  # fmt: skip
    ax.set_xlabel(
        _counted("spent on placed equipment so far", word, plan.program.currency),
        fontsize=size,
    )
    ax.set_ylabel("covered, km", fontsize=size)
    ax.set_ylim(0, length * 1.15)
    ax.tick_params(labelsize=size)
    if sources:
        add_sources(ax, plan)
    return ax


@plain_text
def plot_sweep(plan: Plan, *, ax: Axes | None = None, sources: bool = True) -> Axes:
    """
    Draw what each further million buys: the placement's value at other budgets.

    Parameters
    ----------
    plan
        A plan with a budget sweep; without one the axes stay empty.
    ax
        Axes to draw on; new ones by default.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        Weighted km over the money that is there for placed equipment, each with the
        bound that no placement exceeds and its multiple of the programme's budget.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> placing = gb.PlacingOptions(factors=(0.5, 1, 2))
    >>> ax = gb.plot_sweep(gb.make_plan(program, placing=placing))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('budget for placed equipment, thousand USD', 'weighted km, all years')
    """
    ax = new_axes(ax, (6.4, 3.2))
    size = type_size(ax)
    if plan.sweep is None:
        return ax
    table = plan.sweep.dropna(subset=["value"])
    budget = table["budget"].to_numpy(float)
    scale, word = scale_of(float(budget.max(initial=0.0)))
    budget = budget / scale
    value, bound = (table[name].to_numpy(float) for name in ("value", "bound"))
    ax.plot(budget, bound, "_", ms=12, color="#666", label="bound")
    ax.plot(budget, value, "o-", color=COVERED_COLOUR, label="value")
    for times, x, y in zip(table["factor"], budget, value, strict=True):
        ax.annotate(
            f"{times:g}", (x, y), textcoords="offset points", xytext=(4, -12),
            fontsize=size,
        )  # fmt: skip
    ax.set_xlabel(
        _counted("budget for placed equipment", word, plan.program.currency),
        fontsize=size,
    )
    ax.set_ylabel("weighted km, all years", fontsize=size)
    ax.margins(y=0.2)
    ax.tick_params(labelsize=size)
    ax.legend(frameon=False, fontsize=size, loc="lower right")
    if sources:
        add_sources(ax, plan)
    return ax


def _counted(what: str, word: str, currency: str) -> str:
    """Name an axis of money."""
    return f"{what}, {word} {currency}" if word else f"{what}, {currency}"


# The decorator is of another module, so doctest would pass over what it wraps.
__test__ = {
    "plot_budget": plot_budget,
    "plot_spending": plot_spending,
    "plot_sweep": plot_sweep,
}
