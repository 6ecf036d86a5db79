"""The command that chooses sites for a programme's equipment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from geoborder.cli.common import (
    GAP,
    TIME_LIMIT_S,
    BorderFile,
    DemFile,
    Gap,
    ProgramFile,
    Seed,
    SegmentLength,
    SitesFile,
    TimeLimit,
    app,
    out,
    print_table,
    print_text,
    work_out,
)
from geoborder.errors import ProgramError
from geoborder.export import write_placement
from geoborder.placement.sweep import FACTORS
from geoborder.plan import PlacingOptions, Plan
from geoborder.report.placement import (
    items_by_measure,
    no_placement,
    percent,
    placement_line,
)


@app.command("place")
def choose_sites(  # noqa: PLR0913 - options of one command
    program: ProgramFile = None,
    *,
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results.")
    ] = Path("placement"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesFile = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
    seed: Seed = 0,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Also place at other budgets.")
    ] = False,
) -> None:
    """
    Choose sites and years for a programme's equipment, with a bound and reasons.

    Writes items, sites and tables. Ctrl-C during the search keeps the best found.

    Example: geoborder place --sites sites.gpkg --gap 0.01 --out placement
    """
    factors = FACTORS if sweep else ()
    placing = PlacingOptions(
        gap=gap, time_limit_s=time_limit, seed=seed, factors=factors
    )
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km,
        sites=sites, placing=placing,
    )  # fmt: skip
    if plan.placement is None:
        raise ProgramError(no_placement(plan.program))
    tables = {} if plan.sweep is None else {"budget_sweep": plan.sweep}
    files = write_placement(plan.program, plan.placement, folder, tables=tables)
    _print_placement(plan)
    for table in tables.values():
        _print_sweep(table, plan.program.currency)
    print_text(placement_line(plan), [f for f in files if f.suffix != ".csv"])


def _print_placement(plan: Plan) -> None:
    """Print money, coverage and the price of money by year, and items by measure."""
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
    out.print(table)
    measures = items_by_measure(plan)
    print_table(measures[["measure_id", "planned", "placed", "moved", "left_out"]])


def _print_sweep(sweep: pd.DataFrame, currency: str) -> None:
    """Print what each further million buys."""
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
    out.print(table)


def _table(title: str, names: list[str]) -> Table:
    """Begin a table of numbers, narrow enough for 80 columns."""
    table = Table(title=title, title_justify="left", padding=0)
    for name in names:
        table.add_column(name, justify="right")
    return table


def _number(value: float, places: int = 1) -> str:
    return "" if pd.isna(value) else f"{value:,.{places}f}"
