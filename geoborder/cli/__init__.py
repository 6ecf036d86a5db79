"""The command line: each command is one public function, layers in and layers out."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from geoborder.cli import compare, describing, ground, lines, placing, plans, qgis
from geoborder.cli.common import app
from geoborder.cli.console import print_text, told_warnings

__all__ = [
    "app",
    "compare",
    "describing",
    "ground",
    "lines",
    "main",
    "placing",
    "plans",
    "qgis",
]

_TERMINATED = 143


def main() -> None:
    """
    Run the command line.

    Exit codes: 0 done, 1 the work failed, 2 wrong input or options, 130 Ctrl-C, 143
    ended from outside.
    """
    with told_warnings(), _ended_in_order():
        app()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let whoever ends the process have what is staged removed first."""

    def end(_signal: int, _frame: object) -> None:
        sys.exit(_TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - seldom asked

        print_text(version("geoborder"))
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
