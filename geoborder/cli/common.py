"""What commands share: the application, options, reading and printing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from geoborder.plan import STEPS

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


@contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
    """
    Show a bar over the steps of a plan, where somebody can see it.

    Yields
    ------
    callable or None
        To be called with each step as it begins.
    """
    if not log.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log, transient=True) as bar:
        task = bar.add_task("border", total=len(STEPS) + 1)

        def begin(step: str) -> None:
            bar.update(task, description=step, advance=1)

        yield begin


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
