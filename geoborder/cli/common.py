"""What commands share: the application, its exit codes, and options."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from geoborder.cli import completing
from geoborder.cli.console import complain
from geoborder.cli.wording import option_names, reworded
from geoborder.errors import GeoborderError

DONE, FAILED, WRONG, STOPPED = 0, 1, 2, 130
"""Exit codes; the last is a shell's for Ctrl-C."""

_ParserError: Any = typer.BadParameter.__mro__[1]


_ORDER = (
    "run", "border", "segment", "locate", "calibrate", "coverage", "sight", "viewshed",
    "reach", "place", "map", "report", "compare", "progress", "replan", "verify",
    "columns", "schema", "qgis",
)  # fmt: skip


class Commands(TyperGroup):
    """All commands: whatever ends one of them early gets its exit code."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own
        """
        Name the commands in the order in which they are needed.

        Parameters
        ----------
        ctx
            Words of a command line, parsed.

        Returns
        -------
        list of str
            Their names.
        """
        names = set(super().list_commands(ctx))
        return [*(n for n in _ORDER if n in names), *sorted(names - set(_ORDER))]

    def main(self, *words: Any, **options: Any) -> Any:  # noqa: ANN401 - as above it
        """
        Run a command, and end the process unless that is not wanted.

        Parameters
        ----------
        *words, **options
            As for any command of typer.

        Returns
        -------
        object
            What the command returned, if the process does not end.
        """
        if not options.get("standalone_mode", True):
            return super().main(*words, **options)
        try:
            code = super().main(*words, **{**options, "standalone_mode": False})
        except _ParserError as error:
            code = _misused(error)
        except typer.Abort:
            code = FAILED
        sys.exit(code if isinstance(code, int) else DONE)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own kind of context
        """
        Run what the words of a command line ask for.

        Parameters
        ----------
        ctx
            Those words, parsed.

        Returns
        -------
        object
            What the command returned.
        """
        try:
            return super().invoke(ctx)
        except GeoborderError as error:
            command = self.get_command(ctx, str(ctx.invoked_subcommand))
            complain(reworded(str(error), option_names(command)))
            raise typer.Exit(WRONG) from error
        except BrokenPipeError as error:
            # Whoever read has seen enough, and the end of this process must not fail.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from error
        except (OSError, MemoryError) as error:
            complain(f"failed: {str(error) or type(error).__name__}")
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt as error:
            complain("stopped")
            raise typer.Exit(STOPPED) from error


def _misused(error: Any) -> int:  # noqa: ANN401 - not public in all releases of typer
    """Say in one line what is wrong with a command line."""
    if error.ctx is None or "NoArgs" in type(error).__name__:
        error.show()  # the help, if there are no words at all
    else:
        told = error.format_message().rstrip(".")
        stop = "" if told.endswith("?") else "."
        complain(f"{told}{stop} See `{error.ctx.command_path} --help`.")
    return WRONG


app = typer.Typer(
    cls=Commands,
    help="Plan along a land border: segments, measures, equipment, distance, coverage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_SOURCES = "a file, - (GeoJSON on standard input), or postgresql://..."

ProgramFile = Annotated[
    str | None,
    typer.Argument(
        help="Programme file; left out: the bundled default.", show_default=False
    ),
]
Sites = Annotated[
    str,
    typer.Argument(
        help=f"Points: {_SOURCES}. Columns such as mast_m override the options."
    ),
]
Layer = Annotated[
    str | None,
    typer.Option(
        help="Layer to read, where there are several; in a database a table, or a "
        "SELECT."
    ),
]
BorderSource = Annotated[
    str | None, typer.Option("--border", help=f"Line to use as the border: {_SOURCES}.")
]
Between = Annotated[
    tuple[str, str],
    typer.Option(
        help="Two countries, ISO 3166-1 alpha-3 codes.",
        autocompletion=completing.countries,
    ),
]
OutLayer = Annotated[
    str,
    typer.Option(
        "--out",
        "-o",
        help="File to write, by its ending (.gpkg .parquet .fgb .geojson .geojsonl "
        ".kml .csv), - (standard output), or postgresql://...",
    ),
]
LayerName = Annotated[
    str | None,
    typer.Option(
        "--out-layer",
        help="Layer to write: in an existing GeoPackage only this one is added or "
        "replaced, so it must be named where there are others; in a database table or "
        "schema.table.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format to write, where the file's ending does not tell it.",
        autocompletion=completing.one_of(completing.FORMATS),
    ),
]
Results = Annotated[
    str,
    typer.Option("--out", "-o", help="Folder for the results, or postgresql://..."),
]
Schema = Annotated[str, typer.Option(help="Schema of a database to write to.")]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="Write each layer in this format too; repeat it for several.",
        autocompletion=completing.one_of(completing.FORMATS),
    ),
]
SegmentLength = Annotated[float, typer.Option(help="Length of segments, km.")]
Dem = Annotated[
    list[str] | None,
    typer.Option(
        "--dem", help="Elevation: file or address of a COG; repeat it for several."
    ),
]
SitesSource = Annotated[
    str | None,
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
RangeKm = Annotated[float, typer.Option(help="Greatest distance, km.")]
MastM = Annotated[float, typer.Option(help="Height of the eye, m.")]
TargetM = Annotated[float, typer.Option(help="Height to be seen, m.")]
Refraction = Annotated[float, typer.Option(help="Coefficient: light 0.13, radio 0.25.")]
Deliveries = Annotated[
    str,
    typer.Argument(
        help="Table with asset_id [, ordered, delivered, operational, status, paid]."
    ),
]
OnDate = Annotated[str, typer.Option(help="The date, YYYY-MM-DD.")]
ColorBy = Annotated[
    str,
    typer.Option(
        help="Segment attribute that the map shows first.",
        autocompletion=completing.one_of(completing.ATTRIBUTES),
    ),
]

# Those of `PlacingOptions`, which a test holds: to load it takes seconds.
GAP = 0.001
TIME_LIMIT_S = 40.0
