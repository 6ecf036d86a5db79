"""What commands share: the application, options, reading and printing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geoborder.border import load_border
from geoborder.chainage import as_border
from geoborder.errors import DataError
from geoborder.placement.problem import relative_gap
from geoborder.plan import STEPS, PlacingOptions, Plan, make_plan
from geoborder.report.placement import percent

app = typer.Typer(
    help="Plan along a land border: segments, measures, equipment, distance, coverage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console()
log = Console(stderr=True)

ProgramFile = Annotated[
    Path | None,
    typer.Argument(
        help="Programme file; left out: the bundled default.", show_default=False
    ),
]
BorderFile = Annotated[
    Path | None, typer.Option("--border", help="Line layer to use as the border.")
]
Between = Annotated[
    tuple[str, str], typer.Option(help="Two countries, ISO 3166-1 alpha-3 codes.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
OutLayer = Annotated[
    Path,
    typer.Option("--out", "-o", help="File to write: .gpkg, .geojson, .fgb, .csv."),
]
SegmentLength = Annotated[float, typer.Option(help="Length of segments, km.")]
DemFile = Annotated[
    list[Path] | None,
    typer.Option("--dem", help="Elevation raster; repeat it for several tiles."),
]


SitesFile = Annotated[
    Path | None,
    typer.Option(
        "--sites",
        help="Points where equipment may be put [site_id, equipment, site_cost, "
        "from_year]; left out: high ground and places along the line.",
    ),
]
Gap = Annotated[
    float, typer.Option(help="Gap to the bound that is good enough: 0.01 is 1 %.")
]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", help="Longest search for a placement, s.")
]
Seed = Annotated[int, typer.Option(help="Of the order in which the search tries.")]
Deliveries = Annotated[
    Path,
    typer.Argument(
        help="CSV with asset_id [, ordered, delivered, operational, status, paid]."
    ),
]
OnDate = Annotated[str, typer.Option(help="The date, YYYY-MM-DD.")]

GAP = PlacingOptions().gap
TIME_LIMIT_S = PlacingOptions().time_limit_s or 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """
    What a plan in the making reports to.

    Attributes
    ----------
    begin : callable or None
        Called with each step as it begins.
    tell : callable or None
        Called with value, bound and seconds of the search for a placement.
    """

    begin: Callable[[str], None] | None = None
    tell: Callable[[float, float, float], None] | None = None


@contextmanager
def progress() -> Iterator[Watch]:
    """
    Show a bar over the steps of a plan, where somebody can see it.

    Yields
    ------
    Watch
        Of nothing where nobody can.
    """
    if not log.is_terminal:
        yield Watch()
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log, transient=True) as bar:
        task = bar.add_task("border", total=len(STEPS) + 1)

        def begin(step: str) -> None:
            bar.update(task, description=step, advance=1)

        def tell(value: float, bound: float, _seconds: float) -> None:
            best = f"{value:,.1f}" if math.isfinite(value) else "none yet"
            gap = percent(relative_gap(value, bound)) if math.isfinite(value) else "?"
            text = (
                f"placement: best {best}, bound {bound:,.1f}, gap {gap} (Ctrl-C: stop)"
            )
            bar.update(task, description=text)

        yield Watch(begin, tell)


def work_out(
    program: Path | None,
    *,
    border: Path | None,
    dem: list[Path] | None,
    segment_length_km: float,
    sites: Path | None = None,
    placed: bool = True,
    placing: PlacingOptions | None = None,
) -> Plan:
    """
    Work a programme out, with a bar where somebody can see it.

    Parameters
    ----------
    program, border, dem, sites
        Files.
    segment_length_km, placed, placing
        As for `make_plan`.

    Returns
    -------
    Plan
        The plan. If the search for a placement was stopped by Ctrl-C, it has the best
        found until then, and that is said.
    """
    line = None if border is None else as_border(read_layer(border))
    candidates = None if sites is None else read_layer(sites)
    with progress() as watch:
        plan = make_plan(
            program,
            border=line,
            dem=dem or None,
            segment_length_km=segment_length_km,
            candidates=candidates,
            placed=placed,
            placing=replace(placing or PlacingOptions(), progress=watch.tell),
            progress=watch.begin,
        )
    say_if_stopped(plan)
    return plan


def say_if_stopped(plan: Plan) -> None:
    """
    Say how good a placement is whose search was stopped.

    Parameters
    ----------
    plan
        The plan.
    """
    placement = plan.placement
    if placement is not None and placement.status == "stopped":
        log.print(
            f"Stopped: the best placement found until then is kept; its gap to the "
            f"bound is {percent(placement.gap)}.",
            highlight=False,
        )


def print_text(text: str, files: Iterable[Path] = ()) -> None:
    """
    Print lines as they are, and the files that were written.

    Parameters
    ----------
    text
        Lines.
    files
        Files.
    """
    for line in (*text.splitlines(), *map(str, files)):
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def read_deliveries(file: Path) -> pd.DataFrame:
    """
    Read a table of deliveries as text, labelled by the lines of its file.

    Parameters
    ----------
    file
        CSV file.

    Returns
    -------
    DataFrame
        As `track_progress` takes it.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        table = pd.read_csv(file, dtype=str)
    except (OSError, ValueError) as error:
        msg = f"{str(file)!r} cannot be read as a table: {error}"
        raise DataError(msg) from error
    return table.set_axis(range(2, len(table) + 2))


def read_border(file: Path | None, between: tuple[str, str]) -> gpd.GeoDataFrame:
    """
    Read a border, or take a bundled one.

    Parameters
    ----------
    file
        Line layer; None: the bundled border.
    between
        Two countries, for that one.

    Returns
    -------
    GeoDataFrame
        As `as_border` gives it.
    """
    if file is None:
        return load_border(*between)
    return as_border(read_layer(file))


def read_layer(file: Path) -> gpd.GeoDataFrame:
    """
    Read a vector layer, or a CSV with longitude and latitude.

    Parameters
    ----------
    file
        The file.

    Returns
    -------
    GeoDataFrame
        The layer.

    Raises
    ------
    DataError
        If it does not exist or is no such layer.
    """
    if not file.exists():
        msg = f"{str(file)!r} does not exist."
        raise DataError(msg)
    try:
        if file.suffix.lower() == ".csv":
            table = pd.read_csv(file)
            points = gpd.points_from_xy(table["longitude"], table["latitude"], crs=4326)
            return gpd.GeoDataFrame(table, geometry=points)
        layer = gpd.read_file(file)
    except KeyError as error:
        msg = (
            f"{str(file)!r} has no column {error}; a CSV needs longitude and latitude."
        )
        raise DataError(msg) from error
    except (RuntimeError, ValueError) as error:
        msg = f"{str(file)!r} cannot be read as a layer: {error}"
        raise DataError(msg) from error
    if not isinstance(layer, gpd.GeoDataFrame):
        msg = f"{str(file)!r} has no geometry."
        raise DataError(msg)
    return layer


def print_table(table: pd.DataFrame) -> None:
    """
    Print a table.

    Parameters
    ----------
    table
        The table.
    """
    shown = Table()
    for column in table.columns:
        number = pd.api.types.is_numeric_dtype(table[column])
        shown.add_column(str(column), justify="right" if number else "left")
    for row in table.itertuples(index=False):
        shown.add_row(*(f"{v:,.3f}" if isinstance(v, float) else str(v) for v in row))
    out.print(shown)
