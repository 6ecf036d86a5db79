"""Results as tables on a terminal."""

from __future__ import annotations

import pandas as pd
from rich.table import Table

from geoborder.cli.console import print_grid, print_table, print_text
from geoborder.compare import PlanDifference, Progress
from geoborder.plan import Plan
from geoborder.report.placement import items_by_measure, percent, placement_line

_ROWS_SHOWN = 10
"""Rows of long tables."""


def print_plan(plan: Plan) -> None:
    """
    Print coverage, cost and budget by year, and what was checked.

    Parameters
    ----------
    plan
        The plan.
    """
    program = plan.program
    table = Table(title=program.name, title_justify="left")
    for name in ("Year", "Covered, km", "Share", "Longest gap, km", "Posts"):
        table.add_column(name, justify="left" if name == "Year" else "right")
    for name in ("Cost", "Budget"):
        table.add_column(f"{name}, {program.currency}", justify="right")
    posts = plan.posts.set_index("year")["posts"]
    for row in plan.coverage.by_year.itertuples():
        before = row.year < program.first_year
        cost = None if before else plan.costs.loc[row.year]
        table.add_row(
            "before" if before else str(row.year),
            f"{row.covered_km:,.1f}",
            f"{row.share:.1%}",
            f"{row.longest_gap_km:,.1f}",
            str(posts[row.year]),
            "" if cost is None else f"{cost['total']:,.0f}",
            "" if cost is None or pd.isna(cost["budget"]) else f"{cost['budget']:,.0f}",
        )
    print_grid(table)
    length = float(plan.border["length_km"].sum())
    items = int(plan.assets["quantity"].sum())
    official = program.border.official_length_km
    claim = "" if official is None else f" (official {official:,.10g} km)"
    print_text(
        f"Border {length:,.2f} km{claim}, {len(plan.segments)} segments, "
        f"{len(plan.program.measures)} measures, {items:,} items."
    )
    print_text(placement_line(plan))
    for check in plan.checks.itertuples():
        word = "holds" if check.holds else "does NOT hold"
        print_text(f"{check.claim}: {check.stated} - {word}: {check.computed}")


def print_placement(plan: Plan) -> None:
    """
    Print money, coverage and the price of money by year, and items by measure.

    Parameters
    ----------
    plan
        The plan.
    """
    program, placement = plan.program, plan.placement
    if placement is None:
        return
    covered = "Detected" if placement.objective == "detection" else "Covered"
    money = [f"{name}, M {program.currency}" for name in ("Spent", "Budget", "Left")]
    names = ["Items", *money, f"{covered}, km", "Share", "Longest gap, km"]
    table = _table(program.name, ["Year", *names, "A million more adds"])
    for row in placement.by_year.itertuples():
        table.add_row(
            str(row.Index), str(row.items),
            *(_number(v / 1e6, 2) for v in (row.spent, row.budget, row.left)),
            _number(row.covered_km), f"{row.share:.1%}", _number(row.longest_gap_km),
            _number(row.price_per_million, 2),
        )  # fmt: skip
    print_grid(table)
    measures = items_by_measure(plan)
    print_table(measures[["measure_id", "planned", "placed", "moved", "left_out"]])


def print_sweep(sweep: pd.DataFrame, currency: str) -> None:
    """
    Print what each further million buys.

    Parameters
    ----------
    sweep
        As `Plan.sweep`.
    currency
        Of the programme.
    """
    money = [f"{name}, M {currency}" for name in ("Budget", "Spent")]
    names = ["Factor", *money, "Value", "Gap", "Covered, km", "Km per million"]
    table = _table("What each further million buys", [*names, "Status"])
    for row in sweep.itertuples():
        table.add_row(
            f"{row.factor:g}",
            *(_number(v / 1e6, 2) for v in (row.budget, row.spent)),
            _number(row.value), "" if pd.isna(row.gap) else percent(row.gap),
            _number(row.covered_km), _number(row.km_per_million, 2), row.status,
        )  # fmt: skip
    print_grid(table)


def _table(title: str, names: list[str]) -> Table:
    """Begin a table of numbers, narrow enough for 80 columns."""
    table = Table(title=title, title_justify="left", padding=0)
    for name in names:
        table.add_column(name, justify="right")
    return table


def _number(value: float, places: int = 1) -> str:
    return "" if pd.isna(value) else f"{value:,.{places}f}"


def print_difference(found: PlanDifference) -> None:
    """
    Print what changed by year and measure, and a summary.

    Parameters
    ----------
    found
        Difference of two plans.
    """
    _print_years(found)
    print_table(found.by_measure.fillna({"measure_id": "stands already"}))
    if len(found.fields):
        print_table(found.fields.head(_ROWS_SHOWN).astype(str))
    print_text(found.summary)


def _print_years(found: PlanDifference) -> None:
    """Print coverage and cost of both plans by year."""
    table = Table(title=f"{found.name_a} (a) -> {found.name_b} (b)")
    table.add_column("Year")
    figures = {
        "Covered, km": "covered_km",
        "Longest gap, km": "longest_gap_km",
        "Cost": "cost",
    }
    for name, figure in figures.items():
        for part in ("a", "b", "b - a"):
            unit = found.currency if figure == "cost" and found.currency else ""
            table.add_column(f"{name} {part} {unit}".strip(), justify="right")
    for row in found.by_year.to_dict("records"):
        cells = [
            _cell(row[f"{figure}_{part}"], figure, signed=part == "change")
            for figure in figures.values()
            for part in ("a", "b", "change")
        ]
        table.add_row(f"{row['year']:.0f}", *cells)
    print_grid(table)


def _cell(value: float, figure: str, *, signed: bool) -> str:
    if pd.isna(value):
        return ""
    places = 0 if figure == "cost" else 1
    return f"{value:{'+' if signed else ''},.{places}f}"


def print_items(found: Progress) -> None:
    """
    Print what was delivered by measure, coverage, and what is late.

    Parameters
    ----------
    found
        As `track_progress` gives it.
    """
    print_table(found.by_measure.fillna({"measure_id": "by hand"}))
    print_table(found.coverage)
    if len(found.late):
        print_table(found.late.head(_ROWS_SHOWN).fillna({"expected": ""}))
