"""Commands for whole programmes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import geoborder as gb
from geoborder.cli import work
from geoborder.cli.common import (
    FAILED,
    GAP,
    TIME_LIMIT_S,
    BorderSource,
    ColorBy,
    Dem,
    Formats,
    Gap,
    ProgramFile,
    Results,
    Schema,
    SegmentLength,
    SitesSource,
    TimeLimit,
    app,
)
from geoborder.cli.console import complain, print_text, progress
from geoborder.cli.layers import checked_formats, print_written


@app.command()
def run(  # noqa: PLR0913 - options of one command
    program: ProgramFile = None,
    *,
    target: Results = "plan",
    schema: Schema = "geoborder",
    formats: Formats = None,
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
    color_by: ColorBy = "coverage_share",
    sites: SitesSource = None,
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
    Work a programme out: GeoPackage, CSV, QGIS project, map, report and manifest.

    In a database: tables, views and styles, in one transaction. Ctrl-C during the
    search for a placement keeps the best found.

    Example: geoborder run --format geoparquet --out plan
    """
    # What is wrong is said before the work, not after it.
    work.require_attribute(color_by)
    names = checked_formats(formats, target)
    steps = {**work.plan_steps(sweep=sweep and not evenly), **work.WRITING}
    with progress(steps) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km, sites=sites, placed=not evenly,
            placing=gb.PlacingOptions(
                gap=gap, time_limit_s=time_limit,
                factors=work.FACTORS if sweep else (),
            ),
        )  # fmt: skip
        watch.begin("map")
        pages = (
            {} if work.is_address(target) else work.pages_of(plan, color_by=color_by)
        )
        watch.begin("writing")
        files = gb.write_plan(plan, target, formats=names, schema=schema, extra=pages)
    work.print_plan(plan)
    print_written(files, target, schema)


@app.command("map")
def map_page(
    program: ProgramFile = None,
    *,
    file: Annotated[
        Path, typer.Option("--out", "-o", help="HTML file to write.")
    ] = Path("map.html"),
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
    color_by: ColorBy = "coverage_share",
    year: Annotated[
        int | None, typer.Option(help="Year to show first; left out: the last one.")
    ] = None,
) -> None:
    """
    Draw a programme's map as one HTML file.

    Example: geoborder map --out map.html --color-by priority --year 2027
    """
    work.require_attribute(color_by)
    with progress({**work.plan_steps(), "map": 1.0}) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km,
        )  # fmt: skip
        watch.begin("map")
        gb.save_map(gb.make_map(plan, color_by=color_by, year=year), file)
    print_text(str(file))


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
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Write a programme's report as one HTML file, as a PDF, or as both.

    The browser for the PDF is found on the path, or named by GEOBORDER_CHROMIUM.

    Example: geoborder report --pdf report.pdf --out report.html
    """
    if pdf is not None:
        work.find_browser()  # what is missing is said before the work, not after it
    with progress({**work.plan_steps(), "report": 5.0}) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km,
        )  # fmt: skip
        watch.begin("report")
        written = []
        if file is not None or pdf is None:
            written.append(gb.write_report(plan, file or Path("report.html")))
        if pdf is not None:
            written.append(gb.write_report_pdf(plan, pdf))
    print_text("", written)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder that `geoborder run` wrote.")],
) -> None:
    """
    Check a folder's files against its manifest.

    Example: geoborder verify plan
    """
    faults = gb.verify_plan(folder)
    for fault in faults:
        complain(fault)
    if faults:
        raise typer.Exit(FAILED)
    print_text("All files are as they were written.")
