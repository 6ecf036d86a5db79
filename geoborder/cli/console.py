"""What people and programs that run the command line are told meanwhile."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from geoborder.errors import GeoborderWarning

if TYPE_CHECKING:
    import pandas as pd

STREAM = "-"
"""Name of standard input and output, where a file could stand."""

_STDOUT = frozenset({STREAM, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})

PROGRESS = "GEOBORDER_PROGRESS"
"""Environment variable: ``lines`` tells progress in lines, for other programs."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line to end well when nobody reads any more."""
        raise BrokenPipeError


_WIDTH = 1000
"""Characters in a line of a file or pipe."""

out = _Console()
log = _Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Watch:
    """
    What work reports to while it goes on.

    Attributes
    ----------
    begin : callable
        Called with each step as it begins.
    tell : callable
        Called with the share of the step that is done, and words about it.
    """

    begin: Callable[[str], None]
    tell: Callable[[float, str], None]


def console_for(*targets: object) -> Console:
    """
    Find where to print for people.

    Parameters
    ----------
    *targets
        Where results go; None for those that are not asked for.

    Returns
    -------
    Console
        Standard output, or standard error where a result takes that.
    """
    return out if _STDOUT.isdisjoint(map(str, targets)) else log


def print_text(
    text: str, files: Iterable[object] = (), *, to: Console | None = None
) -> None:
    """
    Print lines as they are, and the files that were written.

    Parameters
    ----------
    text
        Lines.
    files
        Files.
    to
        Where to; left out: standard output.
    """
    for line in (*text.splitlines(), *map(str, files)):
        (to or out).print(line, highlight=False, soft_wrap=True, markup=False)


def print_table(table: pd.DataFrame, *, to: Console | None = None) -> None:
    """
    Print a table.

    Parameters
    ----------
    table
        The table.
    to
        Where to; left out: standard output.
    """
    shown = Table()
    for column, kind in table.dtypes.items():
        number = getattr(kind, "kind", "O") in "iufb"
        shown.add_column(str(column), justify="right" if number else "left")
    known = table.astype(object).where(table.notna(), "")
    for row in known.itertuples(index=False):
        shown.add_row(*(f"{v:,.3f}" if isinstance(v, float) else str(v) for v in row))
    print_grid(shown, to=to)


def counted(number: int, thing: str) -> str:
    """
    Say how many things there are.

    Parameters
    ----------
    number
        How many.
    thing
        What one of them is called.

    Returns
    -------
    str
        Number and name.
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def print_grid(grid: Table, *, to: Console | None = None) -> None:
    """
    Print a table, as wide as it is where no terminal limits it.

    Parameters
    ----------
    grid
        The table.
    to
        Where to; left out: standard output.
    """
    console = to or out
    if not console.is_terminal:
        console = _Console(file=console.file, width=_WIDTH)
    console.print(grid)


def complain(message: object) -> None:
    """
    Print what is wrong, in one line.

    Parameters
    ----------
    message
        What is wrong.
    """
    text = "geoborder: " + " ".join(str(message).split())
    log.print(text, style="red", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def told_warnings() -> Iterator[None]:
    """
    Tell what should be known about a result in a line, without the place in the code.

    Yields
    ------
    None
        While it holds.
    """
    before = warnings.showwarning

    def show(
        message: Warning | str, category: type[Warning], *place: object, **more: object
    ) -> None:
        if issubclass(category, GeoborderWarning):
            complain(f"warning: {message}")
        else:
            before(message, category, *place, **more)  # type: ignore[arg-type]

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


@contextmanager
def progress(steps: Mapping[str, float]) -> Iterator[Watch]:
    """
    Show how far work has come, where somebody can see it.

    Parameters
    ----------
    steps
        Steps in their order, and about how long each of them takes of the whole.

    Yields
    ------
    Watch
        Of a bar on a terminal; of lines ``geoborder-progress PERCENT STEP`` on
        standard error where ``GEOBORDER_PROGRESS`` is ``lines``; else of nothing.
    """
    if os.environ.get(PROGRESS) == "lines":
        show: Callable[[float, str], None] = _say
        with _watched(steps, show) as watch:
            yield watch
        _say(1.0, "done")
    elif log.is_terminal:
        with _bar() as show, _watched(steps, show, " (Ctrl-C: stop)") as watch:
            yield watch
    else:
        yield Watch(lambda _step: None, lambda _share, _text: None)


@contextmanager
def _watched(
    steps: Mapping[str, float], show: Callable[[float, str], None], hint: str = ""
) -> Iterator[Watch]:
    """Bring steps, and shares of them, to shares of the whole."""
    total = sum(steps.values())
    ends, done = {}, 0.0
    for name, weight in steps.items():
        ends[name] = (done / total, (done + weight) / total)
        done += weight
    now = [next(iter(steps))]

    def begin(step: str) -> None:
        if step != now[0]:
            now[0] = step
            show(ends[step][0], step)

    def tell(share: float, text: str) -> None:
        low, high = ends[now[0]]
        show(low + min(max(share, 0.0), 1.0) * (high - low), f"{now[0]}: {text}{hint}")

    show(0.0, now[0])
    yield Watch(begin, tell)


def _say(share: float, text: str) -> None:
    """Tell progress in a line that a program can read."""
    sys.stderr.write(f"geoborder-progress {int(100 * share)} {text}\n")
    sys.stderr.flush()


@contextmanager
def _bar() -> Iterator[Callable[[float, str], None]]:
    """Show a bar, gone when the work is done."""
    from rich.progress import (  # noqa: PLC0415 - a tenth of a second to load
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=text)
