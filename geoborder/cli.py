"""The command line: each command is one public function, files in and files out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, cast

import geopandas as gpd
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geoborder.border import load_border
from geoborder.chainage import as_border, calibrate, locate
from geoborder.coverage import cover
from geoborder.datasets import load_units
from geoborder.errors import DataError, GeoborderError
from geoborder.export import verify_plan, write_plan
from geoborder.files import write_layer, write_text
from geoborder.maps import make_map, save_map
from geoborder.plan import STEPS, Plan, make_plan
from geoborder.program import Program
from geoborder.report import write_report
from geoborder.segment import segment_border
from geoborder.sight import viewshed, write_viewshed
from geoborder.sight.area import Method, Result
from geoborder.terrain import open_dem

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


def main() -> None:
    """Run the command line: exit code 0 done, 1 the work failed, 2 wrong input."""
    try:
        app()
    except GeoborderError as error:
        log.print(f"geoborder: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)
    except (OSError, MemoryError) as error:
        log.print(
            f"geoborder: failed: {error}", style="red", markup=False, highlight=False
        )
        sys.exit(1)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        out.print(version("geoborder"), highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    *,
    _show: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    pass


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """Show a bar over the steps of a plan, where somebody can see it."""
    if not log.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log, transient=True) as bar:
        task = bar.add_task("border", total=len(STEPS) + 1)

        def begin(step: str) -> None:
            bar.update(task, description=step, advance=1)

        yield begin


def _border(file: Path | None, between: tuple[str, str]) -> gpd.GeoDataFrame:
    if file is None:
        return load_border(*between)
    return as_border(_read(file))


def _read(file: Path) -> gpd.GeoDataFrame:
    """Read a vector layer, or a CSV with longitude and latitude."""
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


def _plan(
    program: Path | None,
    border: Path | None,
    dem: list[Path] | None,
    segment_length_km: float,
) -> Plan:
    line = None if border is None else as_border(_read(border))
    with _progress() as begin:
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


@app.command()
def border(
    left: Annotated[str, typer.Argument(help="ISO 3166-1 alpha-3 code.")] = "TJK",
    right: Annotated[str, typer.Argument(help="ISO 3166-1 alpha-3 code.")] = "AFG",
    *,
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write: .gpkg, .geojson, .fgb, .csv."),
    ] = None,
    official_length_km: Annotated[
        float | None, typer.Option(help="Published length to calibrate to, km.")
    ] = None,
) -> None:
    """
    Extract the border between two countries and measure it.

    Example: geoborder border TJK AFG --out border.gpkg
    """
    line = load_border(left, right)
    if official_length_km is not None:
        line = calibrate(line, official_length_km=official_length_km)
    if file is not None:
        write_layer(line, file)
    _print_table(line.drop(columns="geometry"))


@app.command()
def segment(
    *,
    file: OutLayer = Path("segments.gpkg"),
    border: BorderFile = None,
    between: Between = ("TJK", "AFG"),
    length_km: Annotated[
        float | None, typer.Option(help="Cut at multiples of this, km.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Number of equal parts.")] = None,
    break_km: Annotated[
        list[float] | None, typer.Option(help="Cut here too, km; may be repeated.")
    ] = None,
    units: Annotated[
        bool, typer.Option(help="Cut where bundled provinces and regions change.")
    ] = False,
) -> None:
    """
    Cut a border into segments.

    Example: geoborder segment --length-km 10 --units --out segments.gpkg
    """
    segments = segment_border(
        _border(border, between),
        length_km=length_km,
        count=count,
        breaks_km=break_km,
        units=load_units(None) if units else None,
    )
    write_layer(segments, file)
    out.print(f"{file}: {len(segments)} segments", highlight=False, markup=False)


@app.command("locate")
def locate_points(
    points: Annotated[
        Path, typer.Argument(help="Point layer, or CSV with longitude, latitude.")
    ],
    *,
    file: OutLayer = Path("located.csv"),
    border: BorderFile = None,
    between: Between = ("TJK", "AFG"),
) -> None:
    """
    Find chainage, distance and side of points.

    Example: geoborder locate towns.csv --out located.gpkg
    """
    layer = _read(points)
    located = layer.join(locate(layer, _border(border, between)))
    write_layer(located, file)
    out.print(f"{file}: {len(located)} points", highlight=False, markup=False)


@app.command()
def coverage(
    assets: Annotated[
        Path,
        typer.Argument(help="Point layer with asset_id, mode, range_km [, from_year]."),
    ],
    *,
    file: OutLayer = Path("coverage.gpkg"),
    gaps: Annotated[
        Path | None, typer.Option(help="File for the gaps as well.")
    ] = None,
    border: BorderFile = None,
    between: Between = ("TJK", "AFG"),
    dem: DemFile = None,
    year: Annotated[int | None, typer.Option(help="Year to describe.")] = None,
    k: Annotated[int, typer.Option(help="Assets that must cover each place.")] = 1,
) -> None:
    """
    Work out which stretches of a border assets cover.

    Mode sight uses the bundled elevation where no other is given.

    Example: geoborder coverage towers.gpkg --out coverage.gpkg --gaps gaps.gpkg
    """
    result = cover(
        _border(border, between),
        _read(assets),
        dem=dem or open_dem(),
        year=year,
        k=k,
    )
    write_layer(result.intervals, file)
    if gaps is not None:
        write_layer(result.gaps, gaps)
    _print_table(result.by_year)


@app.command("viewshed")
def see(
    sites: Annotated[
        Path,
        typer.Argument(
            help="Point layer, or CSV with longitude, latitude; columns such as "
            "mast_m override the options."
        ),
    ],
    *,
    file: Annotated[
        Path, typer.Option("--out", "-o", help="GeoTIFF to write (COG).")
    ] = Path("viewshed.tif"),
    dem: DemFile = None,
    range_km: Annotated[float, typer.Option(help="Greatest distance, km.")] = 10.0,
    mast_m: Annotated[float, typer.Option(help="Height of the eye, m.")] = 10.0,
    target_m: Annotated[float, typer.Option(help="Height to be seen, m.")] = 1.7,
    refraction: Annotated[
        float, typer.Option(help="Coefficient: light 0.13, radio 0.25.")
    ] = 0.13,
    method: Annotated[str, typer.Option(help="fan, r3 or screen.")] = "fan",
    result: Annotated[
        str, typer.Option(help="count, binary, first, height or angle.")
    ] = "count",
) -> None:
    """
    Find what sites see of the area around them, as a raster.

    Uses the bundled elevation where no other is given: too coarse for siting.

    Example: geoborder viewshed towers.gpkg --dem dem.tif --out seen.tif
    """
    view = viewshed(
        _read(sites),
        dem=dem or open_dem(),
        method=cast("Method", method),
        result=cast("Result", result),
        range_km=range_km,
        mast_m=mast_m,
        target_m=target_m,
        refraction=refraction,
    )
    write_viewshed(view, file)
    out.print(str(file), highlight=False, markup=False)


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


def _print_table(table: pd.DataFrame) -> None:
    shown = Table()
    for column in table.columns:
        number = pd.api.types.is_numeric_dtype(table[column])
        shown.add_column(str(column), justify="right" if number else "left")
    for row in table.itertuples(index=False):
        shown.add_row(*(f"{v:,.3f}" if isinstance(v, float) else str(v) for v in row))
    out.print(shown)
