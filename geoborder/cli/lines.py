"""Commands for border lines and places along them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoborder.border import load_border
from geoborder.chainage import calibrate, locate
from geoborder.cli.common import (
    Between,
    BorderFile,
    OutLayer,
    app,
    out,
    print_table,
    read_border,
    read_layer,
)
from geoborder.datasets import load_units
from geoborder.files import write_layer
from geoborder.segment import segment_border


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
    print_table(line.drop(columns="geometry"))


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
        read_border(border, between),
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
    layer = read_layer(points)
    located = layer.join(locate(layer, read_border(border, between)))
    write_layer(located, file)
    out.print(f"{file}: {len(located)} points", highlight=False, markup=False)
