"""Commands for what is seen and reached over the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from geoborder.cli.common import (
    Between,
    BorderFile,
    DemFile,
    OutLayer,
    app,
    out,
    print_table,
    read_border,
    read_layer,
)
from geoborder.coverage import cover
from geoborder.files import write_layer
from geoborder.reach import TRAVEL_MODES, Conditions, isochrones, write_isochrones
from geoborder.reach.conditions import Side
from geoborder.reach.modes import Direction
from geoborder.sight import viewshed, write_viewshed
from geoborder.sight.area import Method, Result
from geoborder.terrain import open_dem


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
        read_border(border, between),
        read_layer(assets),
        dem=dem or open_dem(),
        year=year,
        k=k,
    )
    write_layer(result.intervals, file)
    if gaps is not None:
        write_layer(result.gaps, gaps)
    print_table(result.by_year)


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
        read_layer(sites),
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


@app.command()
def reach(  # noqa: PLR0913 - options of one command
    sites: Annotated[
        Path, typer.Argument(help="Point layer, or CSV with longitude, latitude.")
    ],
    *,
    file: OutLayer = Path("reach.gpkg"),
    raster: Annotated[
        Path | None, typer.Option(help="GeoTIFF of minutes to write as well (COG).")
    ] = None,
    dem: DemFile = None,
    mode: Annotated[str, typer.Option(help=f"{', '.join(TRAVEL_MODES)}.")] = "foot",
    minutes: Annotated[
        list[float] | None, typer.Option(help="Limits; repeat it for several.")
    ] = None,
    direction: Annotated[
        str, typer.Option(help="out: from the sites; back: to them.")
    ] = "out",
    border: Annotated[
        Path | None, typer.Option(help="Line layer that nobody crosses.")
    ] = None,
    side: Annotated[
        str | None, typer.Option(help="Side of sites on that line: left or right.")
    ] = None,
    barriers: Annotated[
        Path | None, typer.Option(help="Lines and polygons that bar the way.")
    ] = None,
    friction: Annotated[
        Path | None, typer.Option(help="Polygons with a factor of time.")
    ] = None,
    roads: Annotated[Path | None, typer.Option(help="Lines with speed_kmh.")] = None,
    date: Annotated[
        str | None, typer.Option(help="Day of travel, YYYY-MM-DD or MM-DD.")
    ] = None,
) -> None:
    """
    Find what is reached from sites within so many minutes (isochrones).

    Uses the bundled elevation where no other is given: cells of about 1 km, on which
    slopes are smoothed.

    Example: geoborder reach posts.gpkg --minutes 30 --minutes 60 --out reach.gpkg
    """
    layers = {
        name: None if path is None else read_layer(path)
        for name, path in (
            ("border", border),
            ("barriers", barriers),
            ("friction", friction),
            ("roads", roads),
        )
    }
    reached = isochrones(
        read_layer(sites),
        dem=dem or open_dem(),
        mode=mode,
        minutes=minutes or (30.0, 60.0, 120.0),
        direction=cast("Direction", direction),
        conditions=Conditions(**layers, side=cast("Side | None", side), date=date),
    )
    write_layer(reached.areas, file)
    if raster is not None:
        write_isochrones(reached, raster)
    print_table(reached.areas.drop(columns="geometry"))
