"""Classes of a column: which row is in which, their colours and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from html import unescape
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.maps.overlays.columns import factor_of, title_of
from geoborder.maps.overlays.options import check_colour
from geoborder.maps.style import CATEGORY_COLOURS, scheme, words

MISSING_COLOUR = "#8c8c8c"
MISSING_LABEL = "unknown"

_APART = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
    "#000000",
)  # fmt: skip
"""Okabe and Ito's colours, which colour-blind readers tell apart."""

_DARKER = 0.2
"""Where the default colours begin, which else are too pale for a line."""

Colours = str | Sequence[str] | Colormap


@dataclass(frozen=True, slots=True)
class Classes:
    """
    Classes of the rows of a layer.

    Attributes
    ----------
    caption : str
        What is classed.
    number : ndarray of int
        The class of each row.
    colours, labels : list of str
        One a class.
    """

    caption: str
    number: IntArray
    colours: list[str]
    labels: list[str]


def classify(
    values: pd.Series, *, column: str, cmap: Colours | None, options: dict[str, Any]
) -> Classes:
    """
    Class a column: numbers by ranges, everything else by its values.

    Parameters
    ----------
    values
        The column.
    column
        Its name.
    cmap
        Colours: a colormap or its name, or a list of them.
    options
        As `check_options` gives them.

    Returns
    -------
    Classes
        Missing values are the last class, if there are any.
    """
    numbers = pd.api.types.is_numeric_dtype(values) and not (
        pd.api.types.is_bool_dtype(values)
    )
    if not numbers or options.get("categorical") or options.get("categories"):
        found = _categories(values, column, cmap, options.get("categories"))
    else:
        found = _ranges(values, column, cmap, options)
    labels, legend = found.labels, options["legend_kwds"]
    if "labels" in legend:
        labels = [str(text) for text in legend["labels"]]
        if len(labels) != len(found.labels):
            msg = (
                f"`labels` of `legend_kwds` must be {len(found.labels)}, one a class, "
                f"got {len(labels)}."
            )
            raise OptionError(msg)
    colours, number = [*found.colours], found.number
    if (number < 0).any():
        own = options["missing_kwds"]
        colours.append(check_colour(own.get("color", MISSING_COLOUR), name="color"))
        labels = [*labels, str(own.get("label", MISSING_LABEL))]
        number = np.where(number < 0, len(colours) - 1, number)
    return Classes(found.caption, number, colours, labels)


def _categories(
    values: pd.Series, column: str, cmap: Colours | None, given: Sequence[Any] | None
) -> Classes:
    """Make a class of every value, known ones in their order and colours."""
    there = values.dropna()
    known = {str(k): c for k, c in CATEGORY_COLOURS.items()}
    if column in {"priority", "kind"} and len(there):
        drawn = scheme(there.astype(str), column)
        known = {unescape(label): colour for colour, label in drawn.classes}
    if given is not None:
        order = [_text(value) for value in given]
    elif isinstance(values.dtype, pd.CategoricalDtype):
        order = [_text(value) for value in values.cat.categories]
    else:
        own = list(pd.unique(there))
        try:
            own = sorted(own)
        except TypeError:  # values of several types
            own = sorted(own, key=str)
        texts = [_text(value) for value in own]
        order = [word for word in known if word in texts]
        order += [word for word in texts if word not in known]
    code = {word: n for n, word in enumerate(order)}
    number = np.array(
        [
            -1 if none else code.get(_text(value), -1)
            for value, none in zip(values, values.isna(), strict=True)
        ],
        dtype=np.int64,
    )
    if cmap is None and all(word in known for word in order):
        colours = [known[word] for word in order]
    else:
        colours = _apart(cmap, len(order))
    return Classes(title_of(column), number, colours, order)


def _text(value: object) -> str:
    return words(value.item() if isinstance(value, np.generic) else value)


def _apart(cmap: Colours | None, count: int) -> list[str]:
    """Colours for so many categories."""
    if cmap is None:
        cmap = _APART if count <= len(_APART) else "tab20"
    if isinstance(cmap, (str, Colormap)):
        colours = _colormap(cmap)
        if not isinstance(colours, ListedColormap) or colours.N > 20:  # noqa: PLR2004 - a scale, not a set of colours
            return _spread(colours, count)
        cmap = [check_colour(colours(i), name="cmap") for i in range(colours.N)]
    given = [check_colour(colour, name="cmap") for colour in cmap]
    if not given:
        msg = "`cmap` must hold at least one colour, got an empty list."
        raise OptionError(msg)
    return [given[i % len(given)] for i in range(count)]


def _ranges(
    values: pd.Series, column: str, cmap: Colours | None, options: dict[str, Any]
) -> Classes:
    """Ranges of numbers."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(numbers)
    if not known.any():
        return Classes(title_of(column), np.full(len(values), -1), [], [])
    own = numbers[known]
    edges = _edges(own, column, options)
    last = max(edges.size - 2, 0)
    number = np.full(len(values), -1)
    number[known] = np.clip(np.searchsorted(edges, own, side="right") - 1, 0, last)
    labels = _labels(
        edges * factor_of(column),
        options["legend_kwds"].get("fmt"),
        below=bool((own < edges[0]).any()),
        above=bool((own > edges[-1]).any()),
    )
    return Classes(title_of(column), number, shades(cmap, last + 1), labels)


def _edges(own: FloatArray, column: str, options: dict[str, Any]) -> FloatArray:
    """Edges of classes, in the column's unit; one edge where all is the same."""
    how, k = options.get("scheme"), options.get("k", 5)
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        msg = f"`k` must be a whole number of classes above 0, got {k!r}."
        raise OptionError(msg)
    vmin, vmax = options.get("vmin"), options.get("vmax")
    if how is not None and not isinstance(how, str):
        edges = np.asarray(how, dtype=float)
        if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():  # noqa: PLR2004 - a class has two
            msg = f"`scheme` must be two edges or more that rise, got {how!r}."
            raise OptionError(msg)
        return edges
    share = column == "coverage_share"
    low = float(vmin if vmin is not None else 0.0 if share else own.min())
    high = float(vmax if vmax is not None else 1.0 if share else own.max())
    if not low <= high:
        msg = f"`vmin` must be less than `vmax`, got {low!r} and {high!r}."
        raise OptionError(msg)
    plain = ("equal_interval" if share else "quantiles") if how is None else how
    spelt = plain.replace("_", "").replace("-", "").lower()
    if spelt == "equalinterval":
        return np.unique(np.linspace(low, high, int(k) + 1))
    if spelt == "quantiles":
        steps = np.linspace(0.0, 1.0, int(k) + 1)
        edges = np.quantile(np.clip(own, low, high), steps)
        edges[[0, -1]] = low, high
        return np.unique(edges)
    msg = (
        f"`scheme` must be 'quantiles', 'equal_interval' or a list of edges, got "
        f"{how!r}."
    )
    raise OptionError(msg)


def _labels(
    edges: FloatArray, form: str | None, *, below: bool, above: bool
) -> list[str]:
    """Ranges as text, with no more digits than tell them apart."""
    if edges.size == 1:
        return [form.format(edges[0]) if form else f"{edges[0]:,.4g}"]
    narrowest = float(np.diff(edges).min())
    digits = int(np.clip(np.ceil(-np.log10(narrowest / 2.0)), 0, 9))
    try:
        texts = [(form or f"{{:,.{digits}f}}").format(edge) for edge in edges]
    except (ValueError, IndexError, KeyError) as error:
        msg = f"`fmt` must format a number, such as '{{:.2f}}', got {form!r}."
        raise OptionError(msg) from error
    labels = [f"{low} to {high}" for low, high in pairwise(texts)]
    if below and above and len(labels) == 1:
        return ["all"]
    if below:
        labels[0] = f"under {texts[1]}"
    if above:
        labels[-1] = f"{texts[-2]} and more"
    return labels


def shades(cmap: Colours | None, count: int) -> list[str]:
    """
    Take colours for so many classes in order.

    Parameters
    ----------
    cmap
        Colours: a colormap or its name, or a list of them.
    count
        How many.

    Returns
    -------
    list of str
        So many colours.

    Raises
    ------
    OptionError
        If they are no colours.
    """
    if cmap is None:
        return _spread(colormaps["YlGnBu"], count, start=_DARKER)
    if isinstance(cmap, (str, Colormap)):
        return _spread(_colormap(cmap), count)
    given = [check_colour(colour, name="cmap") for colour in cmap]
    if not given:
        msg = "`cmap` must hold at least one colour, got an empty list."
        raise OptionError(msg)
    if len(given) == count:
        return given
    ends = given * 2 if len(given) == 1 else given
    return _spread(LinearSegmentedColormap.from_list("given", ends), count)


def _spread(colours: Colormap, count: int, *, start: float = 0.0) -> list[str]:
    places = np.linspace(start, 1.0, count) if count > 1 else [(start + 1.0) / 2.0]
    return [check_colour(colours(float(place)), name="cmap") for place in places]


def _colormap(cmap: str | Colormap) -> Colormap:
    if isinstance(cmap, Colormap):
        return cmap
    if cmap not in colormaps:
        near = get_close_matches(cmap, list(colormaps), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        msg = f"`cmap` names no colormap of matplotlib: {cmap!r}{hint}"
        raise OptionError(msg)
    return colormaps[cmap]
