"""Commands that compare: two programmes, and a plan with what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from geoborder.cli.common import (
    GAP,
    TIME_LIMIT_S,
    BorderFile,
    Deliveries,
    DemFile,
    Gap,
    OnDate,
    ProgramFile,
    SegmentLength,
    SitesFile,
    TimeLimit,
    app,
    out,
    print_table,
    print_text,
    progress,
    read_deliveries,
    say_if_stopped,
    work_out,
)
from geoborder.compare import (
    PlanDifference,
    compare_plans,
    replan,
    track_progress,
    write_comparison,
)
from geoborder.export import write_plan
from geoborder.maps import make_map, save_map
from geoborder.plan import PlacingOptions
from geoborder.report import write_report
from geoborder.report.placement import placement_line

_ROWS_SHOWN = 10


@app.command()
def compare(
    program_a: Annotated[Path, typer.Argument(help="Programme file: what was.")],
    program_b: Annotated[Path, typer.Argument(help="Programme file: what is now.")],
    *,
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results.")
    ] = Path("comparison"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Work two programmes out on one border, and find what changed.

    Example: geoborder compare before.yaml after.yaml --out comparison
    """
    a, b = (
        work_out(file, border=border, dem=dem, segment_length_km=segment_length_km)
        for file in (program_a, program_b)
    )
    found = compare_plans(a, b)
    files = write_comparison(found, folder)
    _print_difference(found)
    print_text("", files)


def _print_difference(found: PlanDifference) -> None:
    """Print what changed by year and measure, and a summary."""
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
    out.print(table)


def _cell(value: float, figure: str, *, signed: bool) -> str:
    if pd.isna(value):
        return ""
    places = 0 if figure == "cost" else 1
    return f"{value:{'+' if signed else ''},.{places}f}"


@app.command("progress")
def track(  # noqa: PLR0913 - options of one command
    deliveries: Deliveries,
    program: ProgramFile = None,
    *,
    on: OnDate,
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the tables.")
    ] = None,
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesFile = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
) -> None:
    """
    Set what was delivered beside what a programme promised by a date.

    An item planned for a year is due by the end of it.

    Example: geoborder progress deliveries.csv --on 2027-06-30 --out progress
    """
    table = read_deliveries(deliveries)
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km,
        sites=sites, placing=PlacingOptions(gap=gap, time_limit_s=time_limit),
    )  # fmt: skip
    found = track_progress(plan, table, on=on)
    files = [] if folder is None else write_comparison(found, folder)
    print_table(found.by_measure.fillna({"measure_id": "by hand"}))
    print_table(found.coverage)
    if len(found.late):
        print_table(found.late.head(_ROWS_SHOWN).fillna({"expected": ""}))
    print_text(found.summary, files)


@app.command("replan")
def plan_again(  # noqa: PLR0913 - options of one command
    deliveries: Deliveries,
    program: ProgramFile = None,
    *,
    on: OnDate,
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results.")
    ] = Path("replan"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesFile = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
) -> None:
    """
    Plan what is still open again, with deliveries as facts, and show what changes.

    Options must be those that the plan was made with. Writes the new plan, as
    `geoborder run` does, with its `facts`, and the difference to `comparison/`.

    Example: geoborder replan deliveries.csv --on 2026-12-31 --out replan
    """
    table = read_deliveries(deliveries)
    placing = PlacingOptions(gap=gap, time_limit_s=time_limit)
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km,
        sites=sites, placing=placing,
    )  # fmt: skip
    with progress() as watch:
        found = replan(
            plan, table, on=on, placing=replace(placing, progress=watch.tell)
        )
    say_if_stopped(found.plan)
    again = found.plan
    page = make_map(again)
    files = write_plan(
        again,
        folder,
        tables={"facts": found.facts},
        extra={
            "map.html": lambda path: save_map(page, path),
            "report.html": lambda path: write_report(again, path),
        },
    )
    files += write_comparison(found.difference, folder / "comparison")
    _print_difference(found.difference)
    print_table(found.facts["status"].value_counts().rename("items").reset_index())
    print_text(placement_line(again), [f for f in files if f.suffix != ".csv"])
