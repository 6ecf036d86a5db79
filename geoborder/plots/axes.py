"""What pictures share: axes, words as they are, sources, SVG."""

from __future__ import annotations

import functools
import io
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geoborder.datasets import ATTRIBUTION
from geoborder.errors import OptionError
from geoborder.plan import Plan

ILLUSTRATIVE = "Assets and quantities without a named source are illustrative."

_BUNDLED_DEM = "elevation.tif"
_SOURCES_PT = 6.0
_LETTER = 0.47
"""Mean width of a letter, as a share of its size."""

_POINTS = 72.0
"""Typographic points in an inch."""

Options = ParamSpec("Options")


def plain_text(draw: Callable[Options, Axes]) -> Callable[Options, Axes]:
    """
    Make a drawing function show text as it is, dollars and all.

    Parameters
    ----------
    draw
        The function; names from data would else be read as formulae.

    Returns
    -------
    callable
        The function, with its name and docstring.
    """

    @functools.wraps(draw)
    def drawn(*args: Options.args, **options: Options.kwargs) -> Axes:
        with mpl.rc_context({"text.parse_math": False}):
            ax = draw(*args, **options)
        for axis in (ax.xaxis, ax.yaxis):
            axis.label.set_parse_math(False)  # it was made before, with the axes
        return ax

    return drawn


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """
    Take axes to draw on, or make some.

    Parameters
    ----------
    ax
        Axes of the caller's.
    size
        Width and height of a new figure, in inches.

    Returns
    -------
    Axes
        Without a frame on top and on the right.
    """
    if ax is None:
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def width_of(ax: Axes) -> float:
    """
    Measure how wide axes are before they are laid out.

    Parameters
    ----------
    ax
        The axes.

    Returns
    -------
    float
        Inches.
    """
    figure: Any = ax.get_figure(root=True)
    return float(ax.get_position().width * figure.get_size_inches()[0])


def type_size(ax: Axes) -> float:
    """
    Choose a size of type that is read on a slide and in a column.

    Parameters
    ----------
    ax
        The axes.

    Returns
    -------
    float
        Points.
    """
    return float(np.clip(5.0 + 0.55 * width_of(ax), 6.0, 9.5))


def sources_line(plan: Plan) -> str:
    """
    Say what a picture rests on.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        Attribution of the bundled data, the elevation where it is another one, and
        what is illustrative.
    """
    text = ATTRIBUTION
    if plan.dem is not None:
        name = Path(plan.dem.source).name
        text += "" if name == _BUNDLED_DEM else f"; terrain: {name}"
    return f"{text}. {ILLUSTRATIVE}"


def add_sources(ax: Axes, plan: Plan, *, lower_pt: float = 0.0) -> None:
    """
    Write what a picture rests on below it.

    Parameters
    ----------
    ax
        Finished axes: what is below them is known.
    plan
        The plan.
    lower_pt
        Room for what else is below them, in points.
    """
    letters = int(max(width_of(ax), 2.0) * _POINTS / (_LETTER * _SOURCES_PT))
    below = -4.0 - lower_pt
    if len(ax.get_xticks()):
        below -= 16.0
    if ax.get_xlabel():
        below -= 14.0
    ax.annotate(
        "\n".join(textwrap.wrap(sources_line(plan), letters)),
        (0.0, 0.0), (0.0, below),
        xycoords="axes fraction", textcoords="offset points",
        fontsize=_SOURCES_PT, color="#555", va="top", ha="left",
        annotation_clip=False,
    )  # fmt: skip


def year_labels(plan: Plan, years: list[int]) -> list[str]:
    """
    Name years for people.

    Parameters
    ----------
    plan
        The plan.
    years
        Years.

    Returns
    -------
    list of str
        The year before the programme is called "before".
    """
    return ["before" if y < plan.program.first_year else str(y) for y in years]


def known_year(plan: Plan, year: int | None) -> int:
    """
    Check a year that is asked for.

    Parameters
    ----------
    plan
        The plan.
    year
        The year; None: the last one.

    Returns
    -------
    int
        The year.

    Raises
    ------
    OptionError
        If the plan knows nothing of it.
    """
    first, last = plan.program.first_year - 1, plan.program.last_year
    if year is None:
        return last
    if not first <= year <= last:
        msg = (
            f"`year` must be from {first} (what was there before) to {last}, got "
            f"{year!r}."
        )
        raise OptionError(msg)
    return int(year)


def scale_of(money: float) -> tuple[float, str]:
    """
    Choose in what to count money, so that few digits do.

    Parameters
    ----------
    money
        The largest sum.

    Returns
    -------
    tuple
        1e6 and "million", 1e3 and "thousand", or 1 and no word.
    """
    for scale, word in ((1e6, "million"), (1e3, "thousand")):
        if money >= scale:
            return scale, word
    return 1.0, ""


def to_svg(ax: Axes, *, title: str, key: str = "") -> str:
    """
    Render axes as an SVG element for a web page.

    Parameters
    ----------
    ax
        The axes.
    title
        What the picture shows, for those who cannot see it.
    key
        Prefix of the element's ids, so that several pictures fit in one page.

    Returns
    -------
    str
        The same text for the same picture.
    """
    file = io.StringIO()
    figure: Any = ax.get_figure(root=True)
    with mpl.rc_context({"svg.hashsalt": title, "svg.fonttype": "none"}):
        figure.savefig(
            file, format="svg", dpi=96, metadata={"Date": None, "Title": title}
        )
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    if key:  # text holds no "<", so that only tags are met
        svg = re.sub(r"<[^>]+>", lambda tag: _with_key(tag[0], key), svg)
    return re.sub(r"<svg ", '<svg role="img" ', svg, count=1)


def _with_key(tag: str, key: str) -> str:
    """Put a prefix before the ids that a tag gives or names."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{key}-", tag)
