"""Commands that compare: two programmes, and a plan with what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

import geoborder as gb
from geoborder.cli import work
from geoborder.cli.common import (
    GAP,
    TIME_LIMIT_S,
    BorderSource,
    Deliveries,
    Dem,
    Formats,
    Gap,
    OnDate,
    ProgramFile,
    SegmentLength,
    SitesSource,
    TimeLimit,
    app,
)
from geoborder.cli.console import Watch, print_table, print_text, progress
from geoborder.cli.layers import checked_formats, print_written, shown_place
from geoborder.cli.wording import called

if TYPE_CHECKING:
    import pandas as pd


@app.command()
def compare(
    program_a: Annotated[str, typer.Argument(help="Programme file: what was.")],
    program_b: Annotated[str, typer.Argument(help="Programme file: what is now.")],
    *,
    folder: Annotated[
        str, typer.Option("--out", "-o", help="Folder for the results.")
    ] = "comparison",
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Work two programmes out on one border, and find what changed.

    Example: geoborder compare before.yaml after.yaml --out comparison
    """
    checked_formats((), folder, database=False)
    programs = {"a": program_a, "b": program_b}
    shares = work.plan_steps().items()
    steps = {f"{name}: {step}": part for name in programs for step, part in shares}
    with progress({**steps, "comparison": 1.0}) as watch:
        plans = [
            work.work_out(
                file, watch=_watch_of(name, watch), border=border, dem=dem,
                segment_length_km=segment_length_km,
            )
            for name, file in programs.items()
        ]  # fmt: skip
        watch.begin("comparison")
        found = gb.compare_plans(*plans)
        files = gb.write_comparison(found, folder)
    work.print_difference(found)
    print_text("", files)


def _watch_of(name: str, watch: Watch) -> Watch:
    """Watch one of two plans."""
    return Watch(lambda step: watch.begin(f"{name}: {step}"), watch.tell)


@app.command("progress")
def track(  # noqa: PLR0913 - options of one command
    deliveries: Deliveries,
    program: ProgramFile = None,
    *,
    on: OnDate,
    folder: Annotated[
        str | None, typer.Option("--out", "-o", help="Folder for the tables.")
    ] = None,
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesSource = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
) -> None:
    """
    Set what was delivered beside what a programme promised by a date.

    An item planned for a year is due by the end of it.

    Example: geoborder progress deliveries.csv --on 2027-06-30 --out progress
    """
    if folder is not None:
        checked_formats((), folder, database=False)
    table = _deliveries(deliveries)
    with progress({**work.plan_steps(), "deliveries": 1.0}) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km, sites=sites,
            placing=gb.PlacingOptions(gap=gap, time_limit_s=time_limit),
        )  # fmt: skip
        watch.begin("deliveries")
        found = gb.track_progress(plan, table, on=on)
        files = [] if folder is None else gb.write_comparison(found, folder)
    work.print_items(found)
    print_text(found.summary, files)


@app.command("replan")
def plan_again(  # noqa: PLR0913 - options of one command
    deliveries: Deliveries,
    program: ProgramFile = None,
    *,
    on: OnDate,
    folder: Annotated[
        str, typer.Option("--out", "-o", help="Folder for the results.")
    ] = "replan",
    formats: Formats = None,
    border: BorderSource = None,
    dem: Dem = None,
    segment_length_km: SegmentLength = 10.0,
    sites: SitesSource = None,
    gap: Gap = GAP,
    time_limit: TimeLimit = TIME_LIMIT_S,
) -> None:
    """
    Plan what is still open again, with deliveries as facts, and show what changes.

    Options must be those that the plan was made with. Writes the new plan, as
    `geoborder run` does, with its `facts`, and the difference to `comparison/`.

    Example: geoborder replan deliveries.csv --on 2026-12-31 --out replan
    """
    names = checked_formats(formats, folder, database=False)
    table = _deliveries(deliveries)
    placing = gb.PlacingOptions(gap=gap, time_limit_s=time_limit)
    steps = {**work.plan_steps(), "what is open": 8.0, **work.WRITING}
    with progress(steps) as watch:
        plan = work.work_out(
            program, watch=watch, border=border, dem=dem,
            segment_length_km=segment_length_km, sites=sites, placing=placing,
        )  # fmt: skip
        watch.begin("what is open")
        tell = work.search_teller(placing, watch)
        found = gb.replan(plan, table, on=on, placing=replace(placing, progress=tell))
        again = found.plan
        work.say_if_stopped(again)
        watch.begin("map")
        pages = work.pages_of(again)
        watch.begin("writing")
        files = gb.write_plan(
            again, folder, formats=names, tables={"facts": found.facts}, extra=pages
        )
        files += gb.write_comparison(found.difference, f"{folder}/comparison")
    work.print_difference(found.difference)
    print_table(found.facts["status"].value_counts().rename("items").reset_index())
    print_text(work.placement_line(again))
    print_written(files, folder)


def _deliveries(source: str) -> pd.DataFrame:
    """Read a table of deliveries, labelled by the lines it has in a CSV."""
    with called(layer=f"{shown_place(source)}|layername=..."):
        table = gb.read_table(source)
    return table.set_axis(range(2, len(table) + 2))
