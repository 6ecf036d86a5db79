"""Commands for what is covered, seen and reached over the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

import geoborder as gb
from geoborder.cli import completing, work
from geoborder.cli.common import (
    Between,
    BorderSource,
    Dem,
    Format,
    Layer,
    LayerName,
    MastM,
    OutLayer,
    RangeKm,
    Refraction,
    Sites,
    TargetM,
    app,
)
from geoborder.cli.console import (
    STREAM,
    console_for,
    counted,
    print_table,
    print_text,
    progress,
)
from geoborder.cli.layers import (
    read_beside,
    read_border,
    read_optional,
    require_one_stream,
    write_result,
)
from geoborder.errors import OptionError

if TYPE_CHECKING:
    from geoborder.reach.conditions import Side
    from geoborder.reach.modes import Direction
    from geoborder.sight.area import Method, Result

Raster = Annotated[str, typer.Option("--out", "-o", help="GeoTIFF to write (COG).")]
Mode = Annotated[
    str,
    typer.Option(
        help=f"{', '.join(completing.MODES)}.",
        autocompletion=completing.one_of(completing.MODES),
    ),
]
Way = Annotated[
    str,
    typer.Option(
        help="out: from the sites; back: to them.",
        autocompletion=completing.one_of(completing.DIRECTIONS),
    ),
]
Minutes = Annotated[
    list[float] | None, typer.Option(help="Limits; repeat it for several.")
]
Barriers = Annotated[
    str | None, typer.Option(help="Lines and polygons that bar the way.")
]
Friction = Annotated[str | None, typer.Option(help="Polygons with a factor of time.")]
SideOfBorder = Annotated[
    str | None,
    typer.Option(
        help="Side of sites on that line: left or right.",
        autocompletion=completing.one_of(completing.SIDES),
    ),
]


@app.command()
def coverage(  # noqa: PLR0913 - options of one command
    assets: Annotated[
        str,
        typer.Argument(
            help="Points with asset_id, mode, range_km [, from_year]: a file, -, or "
            "postgresql://..."
        ),
    ],
    *,
    layer: Layer = None,
    target: OutLayer = "coverage.gpkg",
    out_layer: LayerName = None,
    fmt: Format = None,
    gaps: Annotated[
        str | None, typer.Option(help="File or address for the gaps as well.")
    ] = None,
    gaps_layer: Annotated[str | None, typer.Option(help="Layer for them.")] = None,
    border: BorderSource = None,
    between: Between = ("TJK", "AFG"),
    dem: Dem = None,
    year: Annotated[int | None, typer.Option(help="Year to describe.")] = None,
    k: Annotated[int, typer.Option(help="Assets that must cover each place.")] = 1,
) -> None:
    """
    Work out which stretches of a border assets cover.

    Mode sight uses the bundled elevation where no other is given. Where --out and
    --gaps are one GeoPackage, its layers are coverage and gaps.

    Example: geoborder coverage towers.gpkg --out coverage.gpkg --gaps gaps.gpkg
    """
    require_one_stream("input", assets=assets, border=border)
    require_one_stream("output", out=target, gaps=gaps)
    if gaps == target:
        out_layer, gaps_layer = out_layer or "coverage", gaps_layer or "gaps"
    with progress({"assets": 1, "border": 2, "coverage": 6, "writing": 1}) as watch:
        given = gb.read_layer(assets, layer=layer)
        watch.begin("border")
        line = read_border(border, between)
        watch.begin("coverage")
        result = gb.cover(line, given, dem=dem or gb.open_dem(), year=year, k=k)
        watch.begin("writing")
        write_result(
            result.intervals, target, layer=out_layer, fmt=fmt, table_name="coverage"
        )
        if gaps is not None:
            # The format is that of the intervals; a file of gaps has its ending.
            own = fmt if gaps == STREAM else None
            write_result(
                result.gaps, gaps, layer=gaps_layer, fmt=own, table_name="gaps",
                layer_option="--gaps-layer",
            )  # fmt: skip
    years = result.by_year.dropna(axis="columns", how="all")
    print_table(years, to=console_for(target, gaps))


@app.command()
def sight(  # noqa: PLR0913 - options of one command
    sites: Sites,
    targets: Annotated[
        str, typer.Argument(help="Points to be seen: a file, -, or postgresql://...")
    ],
    *,
    layer: Layer = None,
    target: OutLayer = "sight.gpkg",
    out_layer: LayerName = None,
    fmt: Format = None,
    dem: Dem = None,
    range_km: RangeKm = 10.0,
    mast_m: MastM = 10.0,
    target_m: TargetM = 1.7,
    refraction: Refraction = 0.13,
    site_id: Annotated[
        str | None,
        typer.Option(
            help="Column that names sites; left out: site_id, asset_id, or row numbers."
        ),
    ] = None,
    target_id: Annotated[
        str | None,
        typer.Option(
            help="Column that names targets; left out: target_id, or row numbers."
        ),
    ] = None,
    lines: Annotated[
        bool, typer.Option(help="Draw the straight line of each pair.")
    ] = True,
) -> None:
    """
    Find which sites see which targets: a row for each pair in range.

    Uses the bundled elevation where no other is given: too coarse for siting.

    Example: geoborder sight towers.gpkg places.gpkg --dem dem.tif --out sight.gpkg
    """
    require_one_stream("input", sites=sites, targets=targets)
    with progress({"points": 2, "sight": 7, "writing": 1}) as watch:
        from_sites, to = gb.read_layer(sites, layer=layer), read_beside(targets)
        watch.begin("sight")
        pairs = work.sight_pairs(
            from_sites, to, dem=gb.open_dem(dem or None), site_id=site_id,
            target_id=target_id, lines=lines, range_km=range_km, mast_m=mast_m,
            target_m=target_m, refraction=refraction,
        )  # fmt: skip
        watch.begin("writing")
        place = write_result(
            pairs, target, layer=out_layer, fmt=fmt, table_name="sight"
        )
    seen = int(pairs["visible"].sum())
    text = f"{place}: {counted(len(pairs), 'pair')} in range, {seen} seen"
    print_text(text, to=console_for(target))


@app.command("viewshed")
def see(  # noqa: PLR0913 - options of one command
    sites: Sites,
    *,
    layer: Layer = None,
    file: Raster = "viewshed.tif",
    dem: Dem = None,
    range_km: RangeKm = 10.0,
    mast_m: MastM = 10.0,
    target_m: TargetM = 1.7,
    refraction: Refraction = 0.13,
    method: Annotated[
        str,
        typer.Option(
            help="fan, r3 or screen.",
            autocompletion=completing.one_of(completing.METHODS),
        ),
    ] = "fan",
    result: Annotated[
        str,
        typer.Option(
            help="count, binary, first, height or angle.",
            autocompletion=completing.one_of(completing.RESULTS),
        ),
    ] = "count",
) -> None:
    """
    Find what sites see of the area around them, as a raster.

    Uses the bundled elevation where no other is given: too coarse for siting.

    Example: geoborder viewshed towers.gpkg --dem dem.tif --out seen.tif
    """
    _require_raster_file(file, "--out")
    with progress({"sites": 1, "viewshed": 8, "writing": 1}) as watch:
        points = gb.read_layer(sites, layer=layer)
        watch.begin("viewshed")
        view = gb.viewshed(
            points, dem=dem or gb.open_dem(), method=cast("Method", method),
            result=cast("Result", result), range_km=range_km, mast_m=mast_m,
            target_m=target_m, refraction=refraction,
        )  # fmt: skip
        watch.begin("writing")
        gb.write_viewshed(view, file)
    print_text(file)


@app.command()
def reach(  # noqa: PLR0913 - options of one command
    sites: Annotated[
        str, typer.Argument(help="Points: a file, -, or postgresql://...")
    ],
    *,
    layer: Layer = None,
    target: OutLayer = "reach.gpkg",
    out_layer: LayerName = None,
    fmt: Format = None,
    raster: Annotated[
        str | None, typer.Option(help="GeoTIFF of minutes to write as well (COG).")
    ] = None,
    dem: Dem = None,
    mode: Mode = "foot",
    minutes: Minutes = None,
    direction: Way = "out",
    border: Annotated[
        str | None, typer.Option(help="Line layer that nobody crosses.")
    ] = None,
    side: SideOfBorder = None,
    barriers: Barriers = None,
    friction: Friction = None,
    roads: Annotated[str | None, typer.Option(help="Lines with speed_kmh.")] = None,
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
    met = {
        "border": border, "barriers": barriers, "friction": friction, "roads": roads
    }  # fmt: skip
    require_one_stream("input", sites=sites, **met)
    if raster is not None:
        _require_raster_file(raster, "--raster")
    with progress({"layers": 1, "reach": 8, "writing": 1}) as watch:
        points = gb.read_layer(sites, layer=layer)
        conditions = gb.Conditions(
            **{name: read_optional(source) for name, source in met.items()},
            side=cast("Side | None", side), date=date,
        )  # fmt: skip
        watch.begin("reach")
        reached = gb.isochrones(
            points, dem=dem or gb.open_dem(), mode=mode,
            minutes=minutes or (30.0, 60.0, 120.0),
            direction=cast("Direction", direction), conditions=conditions,
        )  # fmt: skip
        watch.begin("writing")
        write_result(
            reached.areas, target, layer=out_layer, fmt=fmt, table_name="reach"
        )
        if raster is not None:
            gb.write_isochrones(reached, raster)
    print_table(reached.areas.drop(columns="geometry"), to=console_for(target))


def _require_raster_file(target: str, option: str) -> None:
    """Refuse what is no file."""
    if target == STREAM or "://" in target:
        msg = f"`{option}` must be a file, which a raster is written to."
        raise OptionError(msg)
