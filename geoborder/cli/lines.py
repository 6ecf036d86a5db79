"""Commands for border lines and places along them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import geoborder as gb
from geoborder.cli import completing
from geoborder.cli.common import (
    Between,
    BorderSource,
    Format,
    Layer,
    LayerName,
    OutLayer,
    app,
)
from geoborder.cli.console import (
    complain,
    console_for,
    counted,
    print_table,
    print_text,
    progress,
)
from geoborder.cli.layers import (
    read_beside,
    read_border,
    read_main_border,
    read_optional,
    require_one_stream,
    write_result,
)
from geoborder.errors import DataError, OptionError

if TYPE_CHECKING:
    import geopandas as gpd

Length = Annotated[
    float | None, typer.Option(help="Published length to calibrate to, km.")
]
Code = Annotated[
    str,
    typer.Argument(
        help="ISO 3166-1 alpha-3 code.", autocompletion=completing.countries
    ),
]


@app.command()
def border(
    ctx: typer.Context,
    left: Code = "TJK",
    right: Code = "AFG",
    *,
    target: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write, -, or postgresql://..."),
    ] = None,
    out_layer: LayerName = None,
    fmt: Format = None,
    countries: Annotated[
        str | None,
        typer.Option(help="Country polygons with a column of codes; -: by a pipe."),
    ] = None,
    official_length_km: Length = None,
) -> None:
    """
    Extract the border between two countries and measure it.

    Example: geoborder border TJK AFG --out border.gpkg
    """
    _require_both(ctx, left)
    with progress({"border": 9, "writing": 1}) as watch:
        line = gb.load_border(left, right, countries=read_optional(countries))
        if official_length_km is not None:
            line = gb.calibrate(line, official_length_km=official_length_km)
        watch.begin("writing")
        if target is not None:
            write_result(line, target, layer=out_layer, fmt=fmt, table_name="border")
    print_table(line.drop(columns="geometry"), to=console_for(target))


def _require_both(ctx: typer.Context, left: str) -> None:
    """Refuse one country, for which the other would be guessed."""
    given = [ctx.get_parameter_source(name) for name in ("left", "right")]
    if [str(getattr(g, "name", g)) for g in given] == ["COMMANDLINE", "DEFAULT"]:
        msg = (
            f"A border is between two countries; name the other one beside {left!r}, "
            "such as: geoborder border FRA ESP."
        )
        raise OptionError(msg)


@app.command()
def segment(  # noqa: PLR0913 - options of one command
    *,
    target: OutLayer = "segments.gpkg",
    out_layer: LayerName = None,
    fmt: Format = None,
    border: BorderSource = None,
    layer: Layer = None,
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
    units_from: Annotated[
        str | None, typer.Option(help="Cut where units of this layer change.")
    ] = None,
) -> None:
    """
    Cut a border into segments.

    Example: geoborder segment --length-km 10 --units --out segments.gpkg
    """
    require_one_stream("input", border=border, units_from=units_from)
    if units and units_from is not None:
        msg = "`--units` are the bundled ones; leave it out beside `--units-from`."
        raise OptionError(msg)
    with progress({"border": 4, "segments": 5, "writing": 1}) as watch:
        line = read_main_border(border, between, layer=layer)
        sides = gb.load_units(None) if units else read_optional(units_from)
        watch.begin("segments")
        segments = gb.segment_border(
            line, length_km=length_km, count=count, breaks_km=break_km, units=sides
        )
        watch.begin("writing")
        place = write_result(
            segments, target, layer=out_layer, fmt=fmt, table_name="segments"
        )
    print_text(f"{place}: {counted(len(segments), 'segment')}", to=console_for(target))


@app.command("locate")
def locate_points(
    points: Annotated[
        str, typer.Argument(help="Points: a file, -, or postgresql://...")
    ],
    *,
    layer: Layer = None,
    target: OutLayer = "located.csv",
    out_layer: LayerName = None,
    fmt: Format = None,
    border: BorderSource = None,
    between: Between = ("TJK", "AFG"),
) -> None:
    """
    Find chainage, distance and side of points.

    Columns border_id, chainage_km, distance_km, side and official_km that the
    points have already are replaced.

    Example: geoborder locate towns.csv --out located.gpkg
    """
    require_one_stream("input", points=points, border=border)
    with progress({"points": 2, "border": 4, "places": 3, "writing": 1}) as watch:
        given = gb.read_layer(points, layer=layer)
        watch.begin("border")
        line = read_border(border, between)
        watch.begin("places")
        found = gb.locate(given, line)
        replaced = found.columns.intersection(given.columns)
        located = given.drop(columns=replaced).join(found)
        watch.begin("writing")
        place = write_result(
            located, target, layer=out_layer, fmt=fmt, table_name="located"
        )
    if len(replaced):
        told = ", ".join(replaced)
        complain(f"warning: the points' own columns are replaced: {told}.")
    print_text(f"{place}: {counted(len(located), 'point')}", to=console_for(target))


@app.command("calibrate")
def calibrate_line(  # noqa: PLR0913 - options of one command
    *,
    target: OutLayer = "calibrated.gpkg",
    out_layer: LayerName = None,
    fmt: Format = None,
    border: BorderSource = None,
    layer: Layer = None,
    between: Between = ("TJK", "AFG"),
    official_length_km: Length = None,
    fixed_km: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KM=OFFICIAL",
            help="Known point: chainage on this line and official chainage, km; "
            "repeat it for several.",
        ),
    ] = None,
    fixed_points: Annotated[
        str | None,
        typer.Option(help="Known points: a layer with a column official_km."),
    ] = None,
    extrapolate: Annotated[
        bool, typer.Option(help="Go on before the first and after the last of them.")
    ] = True,
) -> None:
    """
    Give a border official chainage: a published length, or known points.

    Example: geoborder calibrate --fixed-km 0=0 --fixed-km 650.5=655 -o official.gpkg
    """
    require_one_stream("input", border=border, fixed_points=fixed_points)
    with progress({"border": 6, "calibration": 3, "writing": 1}) as watch:
        line = read_main_border(border, between, layer=layer)
        watch.begin("calibration")
        known = [_known_point(text) for text in fixed_km or ()]
        if fixed_points is not None:
            known += _located_points(fixed_points, line)
        line = gb.calibrate(
            line, official_length_km=official_length_km,
            fixed_km=sorted(known) or None, extrapolate=extrapolate,
        )  # fmt: skip
        watch.begin("writing")
        write_result(line, target, layer=out_layer, fmt=fmt, table_name="calibrated")
    shown = line.drop(columns=["geometry", "calibration"])
    print_table(shown, to=console_for(target))


def _known_point(text: str) -> tuple[float, float]:
    """Read chainage and official chainage."""
    km, _, official = text.partition("=")
    try:
        return float(km), float(official)
    except ValueError as error:
        msg = (
            f"Known point {text!r} is not two numbers with = between them: chainage on "
            "this line and official chainage in km, such as 650.5=655."
        )
        raise OptionError(msg) from error


def _located_points(source: str, line: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Find the chainage of points whose official chainage is known."""
    points = read_beside(source)
    if "official_km" not in points.columns:
        names = ", ".join(c for c in points.columns if c != "geometry") or "none"
        msg = f"`--fixed-points` need a column official_km, in km; there are: {names}."
        raise DataError(msg)
    at = gb.locate(points, line)["chainage_km"]
    return [
        _known_point(f"{km!r}={official}")
        for km, official in zip(at.tolist(), points["official_km"], strict=True)
    ]
