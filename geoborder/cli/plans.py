"""Commands for whole programmes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from geoborder.chainage import as_border
from geoborder.cli.common import (
    BorderFile,
    DemFile,
    Out,
    ProgramFile,
    SegmentLength,
    app,
    log,
    out,
    progress,
    read_layer,
)
from geoborder.export import verify_plan, write_plan
from geoborder.files import write_text
from geoborder.maps import make_map, save_map
from geoborder.plan import Plan, make_plan
from geoborder.program import Program
from geoborder.report import write_report


def _plan(
    program: Path | None,
    border: Path | None,
    dem: list[Path] | None,
    segment_length_km: float,
) -> Plan:
    line = None if border is None else as_border(read_layer(border))
    with progress() as begin:
        return make_plan(
            program,
            border=line,
            dem=dem or None,
            segment_length_km=segment_length_km,
            progress=begin,
        )


@app.command()
def run(
    program: ProgramFile = None,
    *,
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results.")
    ] = Path("plan"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
    color_by: Annotated[
        str, typer.Option(help="Segment attribute that the map shows first.")
    ] = "coverage_share",
) -> None:
    """
    Work a programme out: GeoPackage, CSV, map, report and manifest.

    Example: geoborder run --out plan
    """
    plan = _plan(program, border, dem, segment_length_km)
    page = make_map(plan, color_by=color_by)
    files = write_plan(
        plan,
        folder,
        extra={
            "map.html": lambda path: save_map(page, path),
            "report.html": lambda path: write_report(plan, path),
        },
    )
    _print_summary(plan)
    shown = [str(f) for f in files if f.suffix != ".csv"]
    tables = sum(f.suffix == ".csv" for f in files)
    for name in shown:
        out.print(name, highlight=False, soft_wrap=True, markup=False)
    place = str(folder / "csv")
    out.print(
        f"{place}{os.sep} ({tables} tables)",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def _print_summary(plan: Plan) -> None:
    """Print coverage, cost and budget by year, and what was checked."""
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
    out.print(table)
    length = float(plan.border["length_km"].sum())
    items = int(plan.assets["quantity"].sum())
    official = program.border.official_length_km
    claim = "" if official is None else f" (official {official:,.10g} km)"
    out.print(
        f"Border {length:,.2f} km{claim}, {len(plan.segments)} segments, "
        f"{len(plan.program.measures)} measures, {items:,} items.",
        highlight=False,
    )
    for check in plan.checks.itertuples():
        word = "holds" if check.holds else "does NOT hold"
        out.print(
            f"{check.claim}: {check.stated} - {word}: {check.computed}",
            highlight=False,
            markup=False,
        )


@app.command("map")
def map_page(
    program: ProgramFile = None,
    *,
    file: Out = Path("map.html"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
    color_by: Annotated[
        str, typer.Option(help="Segment attribute to show.")
    ] = "coverage_share",
) -> None:
    """
    Draw a programme's map as one HTML file.

    Example: geoborder map --out map.html --color-by priority
    """
    plan = _plan(program, border, dem, segment_length_km)
    save_map(make_map(plan, color_by=color_by), file)
    out.print(str(file), highlight=False, markup=False)


@app.command()
def report(
    program: ProgramFile = None,
    *,
    file: Out = Path("report.html"),
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Write a programme's report as one HTML file.

    Example: geoborder report --out report.html
    """
    write_report(_plan(program, border, dem, segment_length_km), file)
    out.print(str(file), highlight=False, markup=False)


@app.command()
def schema(
    *,
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; left out: the terminal."),
    ] = None,
) -> None:
    """
    Print the JSON schema of programme files, for editors.

    Example: geoborder schema --out programme.schema.json
    """
    text = json.dumps(Program.model_json_schema(), indent=2, ensure_ascii=False)
    if file is None:
        print(text)  # noqa: T201 - JSON for other programs, without rich's wrapping
    else:
        write_text(file, text + "\n")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder that `geoborder run` wrote.")],
) -> None:
    """
    Check a folder's files against its manifest.

    Example: geoborder verify plan
    """
    faults = verify_plan(folder)
    for fault in faults:
        log.print(fault, style="red", markup=False, highlight=False)
    if faults:
        raise typer.Exit(1)
    out.print("All files are as they were written.", highlight=False)
