"""Commands that compare: two programmes, and a plan with what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from geoborder.chainage import as_border
from geoborder.cli.common import (
    BorderFile,
    DemFile,
    ProgramFile,
    SegmentLength,
    app,
    out,
    print_table,
    progress,
    read_layer,
)
from geoborder.compare import (
    PlanDifference,
    compare_plans,
    track_progress,
    write_comparison,
)
from geoborder.errors import DataError
from geoborder.plan import Plan, make_plan

_ROWS_SHOWN = 10


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
        _plan(file, border, dem, segment_length_km) for file in (program_a, program_b)
    )
    found = compare_plans(a, b)
    files = write_comparison(found, folder)
    _print_years(found)
    print_table(found.by_measure.fillna({"measure_id": "stands already"}))
    if len(found.fields):
        print_table(found.fields.head(_ROWS_SHOWN).astype(str))
    _print_text(found.summary, files)


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


def _print_text(text: str, files: list[Path]) -> None:
    """Print a summary, and the files that were written."""
    for line in (*text.splitlines(), *map(str, files)):
        out.print(line, highlight=False, soft_wrap=True, markup=False)


@app.command("progress")
def track(
    deliveries: Annotated[
        Path,
        typer.Argument(
            help="CSV with asset_id [, ordered, delivered, operational, status, paid]."
        ),
    ],
    program: ProgramFile = None,
    *,
    on: Annotated[str, typer.Option(help="The date, YYYY-MM-DD.")],
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the tables.")
    ] = None,
    border: BorderFile = None,
    dem: DemFile = None,
    segment_length_km: SegmentLength = 10.0,
) -> None:
    """
    Set what was delivered beside what a programme promised by a date.

    An item planned for a year is due by the end of it.

    Example: geoborder progress deliveries.csv --on 2027-06-30 --out progress
    """
    table = _read_deliveries(deliveries)
    found = track_progress(_plan(program, border, dem, segment_length_km), table, on=on)
    files = [] if folder is None else write_comparison(found, folder)
    print_table(found.by_measure.fillna({"measure_id": "by hand"}))
    print_table(found.coverage)
    if len(found.late):
        print_table(found.late.head(_ROWS_SHOWN).fillna({"expected": ""}))
    _print_text(found.summary, files)


def _read_deliveries(file: Path) -> pd.DataFrame:
    """Read a table of deliveries as text, labelled by the lines of its file."""
    try:
        table = pd.read_csv(file, dtype=str)
    except (OSError, ValueError) as error:
        msg = f"{str(file)!r} cannot be read as a table: {error}"
        raise DataError(msg) from error
    return table.set_axis(range(2, len(table) + 2))
