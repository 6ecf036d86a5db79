"""Commands for whole programmes."""

from __future__ import annotations

import json
import os
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
    Out,
    ProgramFile,
    SegmentLength,
    SitesFile,
    TimeLimit,
    app,
    log,
    out,
    print_text,
    work_out,
)
from geoborder.export import verify_plan, write_plan
from geoborder.files import write_text
from geoborder.maps import make_map, save_map
from geoborder.maps.attributes import require_attribute
from geoborder.placement.sweep import FACTORS
from geoborder.plan import PlacingOptions, Plan
from geoborder.program import Program
from geoborder.report import find_browser, write_report, write_report_pdf
from geoborder.report.placement import placement_line


@app.command()
def run(  # noqa: PLR0913 - options of one command
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
    sites: SitesFile = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
    sweep: Annotated[
        bool, typer.Option(help="Also place at other budgets, for the report.")
    ] = True,
    evenly: Annotated[
        bool,
        typer.Option(
            "--evenly", help="Choose no sites: equipment evenly along its segments."
        ),
    ] = False,
) -> None:
    """
    Work a programme out: GeoPackage, CSV, map, report and manifest.

    Ctrl-C during the search for a placement keeps the best found.

    Example: geoborder run --out plan
    """
    require_attribute(color_by)  # what is wrong is said before the work, not after it
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km,
        sites=sites, placed=not evenly,
        placing=PlacingOptions(
            gap=gap, time_limit_s=time_limit, factors=FACTORS if sweep else ()
        ),
    )  # fmt: skip
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
    tables = sum(f.suffix == ".csv" for f in files)
    print_text("", [f for f in files if f.suffix != ".csv"])
    print_text(f"{folder / 'csv'}{os.sep} ({tables} tables)")


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
    print_text(placement_line(plan))
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
    year: Annotated[
        int | None, typer.Option(help="Year to show first; left out: the last one.")
    ] = None,
) -> None:
    """
    Draw a programme's map as one HTML file.

    Example: geoborder map --out map.html --color-by priority --year 2027
    """
    require_attribute(color_by)
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km
    )
    save_map(make_map(plan, color_by=color_by, year=year), file)
    out.print(str(file), highlight=False, markup=False)


@app.command()
def report(
    program: ProgramFile = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="HTML file to write; left out: report.html, or none with --pdf.",
        ),
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option(
            help="PDF to write, by Chromium, Chrome or Edge; with --out both are."
        ),
    ] = None,
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Write a programme's report as one HTML file, as a PDF, or as both.

    The browser for the PDF is found on the path, or named by GEOBORDER_CHROMIUM.

    Example: geoborder report --pdf report.pdf --out report.html
    """
    if pdf is not None:
        find_browser()  # what is missing is said before the work, not after it
    plan = work_out(
        program, border=border, dem=dem, segment_length_km=segment_length_km
    )
    written = []
    if file is not None or pdf is None:
        written.append(write_report(plan, file or Path("report.html")))
    if pdf is not None:
        written.append(write_report_pdf(plan, pdf))
    print_text("", written)


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
