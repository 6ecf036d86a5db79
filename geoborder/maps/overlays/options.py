"""What every function that adds a layer takes, named as in GeoPandas' `explore`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypedDict, get_type_hints

import folium
import numpy as np
from matplotlib.colors import is_color_like, to_hex

from geoborder.errors import OptionError

Fields = bool | int | str | Sequence[str]
"""Columns to show: all, none, the first so many, or those named."""


class LayerOptions(TypedDict, total=False):
    """
    Options that every layer of features takes; each may be left out.

    Attributes
    ----------
    color : str
        One colour for all, instead of a column.
    categorical : bool
        Numbers are categories, each with a colour of its own.
    categories : sequence
        The categories in order; others count as missing.
    scheme : str or sequence of float
        How numbers are classed: ``quantiles``, ``equal_interval``, or the edges of
        the classes.
    k : int
        Number of classes.
    vmin, vmax : float
        Ends of the first and the last class.
    highlight : bool
        Show what the pointer is on.
    show, overlay, control : bool
        Show the layer at first; let it be switched, or be one to choose from; list it
        in a `folium.LayerControl`.
    style_kwds, highlight_kwds : mapping
        Options of Leaflet's paths: ``weight``, ``opacity``, ``fillOpacity``,
        ``dashArray`` and so on.
    marker_kwds : mapping
        Of points: ``radius`` in pixels and ``symbol`` (``circle``, ``square``,
        ``triangle``, ``diamond``, ``cross``, ``pentagon``, ``star``, ``triangle-down``,
        ``saltire``).
    missing_kwds : mapping
        Of missing values: ``color`` and ``label``.
    tooltip_kwds, popup_kwds : mapping
        ``aliases`` (names to show for the columns), ``labels`` (False: values only),
        and ``sticky``, ``permanent``, ``direction`` and ``opacity`` of tooltips,
        ``max_width`` and ``max_height`` of popups.
    legend_kwds : mapping
        ``caption``, ``labels`` (one a class) and ``fmt`` (of numbers, such as
        ``"{:.2f}"``).

    Examples
    --------
    >>> import folium
    >>> import geoborder as gb
    >>> look = gb.LayerOptions(scheme="equal_interval", legend_kwds={"fmt": "{:.0f}"})
    >>> segments = gb.segment_border(gb.load_border(), count=20)
    >>> m = folium.Map([37.5, 70], zoom_start=7, tiles=None)
    >>> m = gb.add_segments(m, segments, column="start_km", **look)
    """

    color: str | None
    categorical: bool
    categories: Sequence[Any] | None
    scheme: str | Sequence[float] | None
    k: int
    vmin: float | None
    vmax: float | None
    highlight: bool
    show: bool
    overlay: bool
    control: bool
    style_kwds: Mapping[str, Any] | None
    highlight_kwds: Mapping[str, Any] | None
    marker_kwds: Mapping[str, Any] | None
    missing_kwds: Mapping[str, Any] | None
    tooltip_kwds: Mapping[str, Any] | None
    popup_kwds: Mapping[str, Any] | None
    legend_kwds: Mapping[str, Any] | None


CLASSING = (
    "color", "categorical", "categories", "scheme", "k", "vmin", "vmax",
    "missing_kwds",
)  # fmt: skip
"""Options of layers that a column gives their colours."""

SYMBOLS = (
    "circle", "square", "triangle", "diamond", "cross", "pentagon", "star",
    "triangle-down", "saltire",
)  # fmt: skip
"""Shapes of points."""

_PATH = (
    "stroke", "color", "weight", "opacity", "lineCap", "lineJoin", "dashArray",
    "dashOffset", "fill", "fillColor", "fillOpacity", "fillRule", "className",
)  # fmt: skip

_PARTS = {
    "marker_kwds": ("radius", "symbol"),
    "missing_kwds": ("color", "label"),
    "legend_kwds": ("caption", "labels", "fmt"),
    "tooltip_kwds": (
        "aliases", "labels", "sticky", "permanent", "direction", "opacity",
    ),
    "popup_kwds": ("aliases", "labels", "max_width", "max_height"),
}  # fmt: skip


def check_map(m: object) -> folium.Map:
    """
    Refuse what is no map.

    Parameters
    ----------
    m
        What came as the map.

    Returns
    -------
    folium.Map
        The same.

    Raises
    ------
    OptionError
        If it is none.
    """
    if not isinstance(m, folium.Map):
        msg = (
            f"`m` must be a folium.Map, got {type(m).__name__}; make one with "
            f"`folium.Map(tiles=None)` or take the one that `explore` gives."
        )
        raise OptionError(msg)
    return m


def check_options(
    options: Mapping[str, Any], *, without: Collection[str] = ()
) -> dict[str, Any]:
    """
    Refuse options that are not known, and bring the rest into one form.

    Parameters
    ----------
    options
        Options by name.
    without
        Names of options that the layer has no use for.

    Returns
    -------
    dict
        The same; those that are mappings are always there, with Leaflet's names.

    Raises
    ------
    OptionError
        Naming the first that is wrong and the nearest that is right.
    """
    known = [key for key in get_type_hints(LayerOptions) if key not in without]
    _require_known(options, known, "option")
    found = {**options}
    for part in ("style_kwds", "highlight_kwds"):
        given = {_camel(str(key)): v for key, v in (options.get(part) or {}).items()}
        _require_known(given, _PATH, f"key of `{part}`")
        found[part] = {key: _style_value(key, value) for key, value in given.items()}
    for part, keys in _PARTS.items():
        given = dict(options.get(part) or {})
        _require_known(given, keys, f"key of `{part}`")
        found[part] = given
    symbol = found["marker_kwds"].get("symbol", SYMBOLS[0])
    if symbol not in SYMBOLS:
        msg = f"`symbol` must be one of {', '.join(SYMBOLS)}, got {symbol!r}."
        raise OptionError(msg)
    if "radius" in found["marker_kwds"]:
        radius = found["marker_kwds"]["radius"]
        found["marker_kwds"]["radius"] = _style_value("radius", radius)
    return found


def check_result(given: object, kind: type, *, source: str) -> None:
    """
    Refuse what is not the result of one of geoborder's functions.

    Parameters
    ----------
    given
        What came.
    kind
        What it should be.
    source
        The function that gives it.

    Raises
    ------
    OptionError
        If it is something else.
    """
    if not isinstance(given, kind):
        msg = (
            f"`{kind.__name__.lower()}` must be a {kind.__name__}, as `{source}` "
            f"gives it, got {type(given).__name__}."
        )
        raise OptionError(msg)


def check_colour(colour: object, *, name: str) -> str:
    """
    Write a colour as browsers know it.

    Parameters
    ----------
    colour
        A colour as matplotlib knows it.
    name
        What error messages call it.

    Returns
    -------
    str
        Such as ``#0072b2``.

    Raises
    ------
    OptionError
        If it is no colour.
    """
    if not is_color_like(colour):
        msg = (
            f"`{name}` must be a colour such as 'crimson' or '#0072b2', got {colour!r}."
        )
        raise OptionError(msg)
    return to_hex(colour)  # type: ignore[arg-type]  # it is like a colour


def _require_known(given: Iterable[str], known: Sequence[str], what: str) -> None:
    for key in given:
        if key in known:
            continue
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        msg = f"Unknown {what}: {key!r}; {hint} Known are: {', '.join(known)}."
        raise OptionError(msg.replace(";  ", "; "))


def _style_value(key: str, value: object) -> str | bool | float:
    """Take a style's value if Leaflet can use it."""
    number = key in {"weight", "opacity", "fillOpacity", "radius"}
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return float(value)
    if number or not isinstance(value, (str, bool)):
        want = "a number" if number else "text, a number, True or False"
        msg = f"`{key}` of a style must be {want}, got {value!r}."
        raise OptionError(msg)
    return value


def _camel(name: str) -> str:
    """Leaflet's way of writing a name: `fillColor` for `fill_color`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
