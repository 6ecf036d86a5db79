"""The command line: each command is one public function, files in and files out."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from geoborder.cli import compare, ground, lines, placing, plans
from geoborder.cli.common import app, log, out
from geoborder.errors import GeoborderError

__all__ = ["app", "compare", "ground", "lines", "main", "placing", "plans"]


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
