"""The command that chooses sites for a programme's equipment."""

from __future__ import annotations

from typing import Annotated

import typer

import geoborder as gb
from geoborder.cli import work
from geoborder.cli.common import (
    GAP,
    TIME_LIMIT_S,
    BorderSource,
    Dem,
    Formats,
    Gap,
    ProgramFile,
    Results,
    Schema,
    Seed,
    SegmentLength,
    SitesSource,
    TimeLimit,
    app,
)
from geoborder.cli.console import print_text, progress
from geoborder.cli.layers import checked_formats, print_written
from geoborder.errors import ProgramError


@app.command("place")
def choose_sites(  # noqa: PLR0913 - options of one command
    program: ProgramFile = None,
    *,
    target: Results = "placement",
    schema: Schema = "geoborder",
    formats: Formats = None,
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesSource = None,
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
    names = checked_formats(formats, target)
    placing = gb.PlacingOptions(
        gap=gap, time_limit_s=time_limit, seed=seed,
        factors=work.FACTORS if sweep else (),
    )  # fmt: skip
    with progress({**work.plan_steps(sweep=sweep), "writing": 1.0}) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km, sites=sites, placing=placing,
        )  # fmt: skip
        if plan.placement is None:
            raise ProgramError(work.no_placement(plan.program))
        watch.begin("writing")
        tables = {} if plan.sweep is None else {"budget_sweep": plan.sweep}
        files = gb.write_placement(
            plan.program, plan.placement, target, formats=names, schema=schema,
            tables=tables,
        )  # fmt: skip
    work.print_placement(plan)
    for table in tables.values():
        work.print_sweep(table, plan.program.currency)
    print_text(work.placement_line(plan))
    print_written(files, target, schema)
