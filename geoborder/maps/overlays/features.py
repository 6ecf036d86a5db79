"""Layers of features on a folium map: light, and with all data as text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely

from geoborder.errors import OptionError
from geoborder.maps.encoding import html_text, script_json, script_safe
from geoborder.maps.overlays.classing import Classes, Colours, classify
from geoborder.maps.overlays.columns import Card, card_of, plain_columns, texts
from geoborder.maps.overlays.elements import (
    Features,
    Kind,
    add_legend,
    share_script,
)
from geoborder.maps.overlays.options import (
    Fields,
    check_colour,
    check_map,
    check_options,
)
from geoborder.tables import require_columns, require_layer

_DECIMALS = 5
"""Coordinates are shown to about a metre."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    How a layer looks where options do not say.

    Attributes
    ----------
    kind : str
        What its features are.
    pane : str
        The pane it is drawn in.
    color : str
        Its colour where no column gives it.
    style : mapping
        Options of Leaflet's paths.
    symbols : tuple of str
        Symbols of the classes of points, in turn.
    named : mapping
        Symbols of classes by their labels, which go before those.
    titled : str
        The column that rows are called by, which popups need not repeat.
    """

    kind: Kind
    pane: str
    color: str
    style: Mapping[str, Any]
    symbols: tuple[str, ...] = ("circle",)
    named: Mapping[str, str] = field(default_factory=dict)
    titled: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """
    A layer to be drawn.

    Attributes
    ----------
    rows : GeoDataFrame
        Its rows that have a geometry, in longitude and latitude.
    parameter : str
        What error messages call it.
    headings : list of str
        What each row is called.
    """

    rows: gpd.GeoDataFrame
    parameter: str
    headings: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """
    What readers see of a layer beside its features.

    Attributes
    ----------
    tooltip, popup
        Columns.
    legend : bool
        Whether it has a legend.
    name : str
        Its name in the layer control.
    """

    tooltip: Fields | None
    popup: Fields | None
    legend: bool
    name: str


def ready(
    layer: gpd.GeoDataFrame, *, name: str, kinds: Collection[str]
) -> gpd.GeoDataFrame:
    """
    Take the rows that can be drawn, in longitude and latitude.

    Parameters
    ----------
    layer
        A layer in any CRS. Not modified.
    name
        What error messages call it.
    kinds
        Geometry types it may have.

    Returns
    -------
    GeoDataFrame
        Rows with a geometry; perhaps none. Columns' names are text.

    Raises
    ------
    DataError
        If it is no layer, has no CRS, or geometries of another type.
    """
    if isinstance(layer, gpd.GeoSeries):
        layer = layer.to_frame("geometry")
    if isinstance(layer, gpd.GeoDataFrame) and layer.active_geometry_name is not None:
        layer = layer[~(layer.geometry.isna() | layer.geometry.is_empty)]
        if len(layer) == 0 and layer.crs is not None:
            return layer.to_crs("EPSG:4326").rename(columns=str)
    rows: gpd.GeoDataFrame = require_layer(layer, name=name, kinds=kinds)
    return rows.rename(columns=str)


def classes_of(
    subject: Subject,
    look: Look,
    *,
    column: object,
    cmap: Colours | None,
    name: str,
    options: dict[str, Any],
) -> Classes:
    """
    Class a layer by a column, or take it as one class.

    Parameters
    ----------
    subject
        The layer.
    look
        How it looks.
    column
        The column; a colour among the options goes before it.
    cmap
        Colours.
    name
        The layer's name, which is the label of a single class.
    options
        As `check_options` gives them.

    Returns
    -------
    Classes
        One class at least.

    Raises
    ------
    DataError
        If the column is missing, with the nearest name.
    """
    rows, legend = subject.rows, options["legend_kwds"]
    if column is None or options.get("color") is not None:
        colour = check_colour(options.get("color") or look.color, name="color")
        label = str(legend.get("labels", [name])[0])
        found = Classes("", np.zeros(len(rows), dtype=np.int64), [colour], [label])
    else:
        if not isinstance(column, str):
            msg = f"`column` must be the name of a column, got {type(column).__name__}."
            raise OptionError(msg)
        there = rows[plain_columns(rows)]
        require_columns(there, [column], name=subject.parameter)
        found = classify(rows[column], column=column, cmap=cmap, options=options)
    caption = str(legend.get("caption", found.caption))
    return Classes(caption, found.number, found.colours, found.labels)


def draw(
    m: folium.Map,
    subject: Subject,
    classes: Classes,
    look: Look,
    *,
    shown: Shown,
    column: str | None,
    options: dict[str, Any],
) -> folium.Map:
    """
    Add a layer to a map, with its tooltips, popups and legend.

    Parameters
    ----------
    m
        The map.
    subject
        The layer.
    classes
        Its classes.
    look
        How it looks.
    shown
        What readers see.
    column
        The column that a tooltip shows below the heading, if there is one.
    options
        As `check_options` gives them.

    Returns
    -------
    folium.Map
        The map.
    """
    rows, style = subject.rows, {**look.style, **options["style_kwds"]}
    if look.kind == "point":
        style["radius"] = float(options["marker_kwds"].get("radius", style["radius"]))
    told = [column] if column is not None and column in rows else []
    cards = {
        part: card_of(
            fields, rows, main=main, titled=look.titled,
            keys=options[f"{part}_kwds"], name=subject.parameter,
        )
        for part, fields, main in (
            ("tooltip", shown.tooltip, told),
            ("popup", shown.popup, None),
        )
    }  # fmt: skip
    used = list(dict.fromkeys(c for k in cards.values() if k for c in k.columns))
    paints = _paints(classes, look, options)
    spec = {
        "pane": look.pane,
        "style": style,
        "classes": paints,
        "highlight": _highlight(look, style, options),
        "tooltip": _card(cards["tooltip"], used, _tooltip_options(options)),
        "popup": _card(cards["popup"], used, _popup_options(options)),
    }
    share_script(m)
    heads = any(card is not None and card.heading for card in cards.values())
    layer = Features(
        _collection(rows, classes, used, subject.headings if heads else None),
        script_json(spec),
        rows.total_bounds,
        name=html_text(shown.name),
        switches={
            key: bool(options[key])
            for key in ("overlay", "control", "show")
            if key in options
        },
    )
    m.add_child(layer)
    if shown.legend and len(rows):
        add_legend(m, layer, classes, look.kind, [{**style, **p} for p in paints])
    return m


def _paints(
    classes: Classes, look: Look, options: dict[str, Any]
) -> list[dict[str, str]]:
    """Give each class its own colours and symbol, unless the style says them."""
    own = options["style_kwds"]
    symbol = options["marker_kwds"].get("symbol")
    paints = []
    drawn = zip(classes.colours, classes.labels, strict=True)
    for place, (colour, label) in enumerate(drawn):
        paint = {"fillColor": colour}
        if look.kind == "point":
            turn = look.symbols[place % len(look.symbols)]
            paint["symbol"] = symbol or look.named.get(label, turn)
        if look.kind != "point" and "color" not in look.style:
            paint["color"] = colour
        paints.append({key: v for key, v in paint.items() if key not in own})
    return paints


def _highlight(
    look: Look, style: Mapping[str, Any], options: dict[str, Any]
) -> dict[str, Any] | None:
    """Style of what the pointer is on."""
    if not options.get("highlight", True):
        return None
    own = options["highlight_kwds"]
    if own:
        return dict(own)
    if look.kind == "line":
        return {"weight": style["weight"] + 3}
    if look.kind == "area":
        fuller = min(float(style["fillOpacity"]) + 0.15, 1.0)
        return {"fillOpacity": fuller, "weight": float(style["weight"]) + 1.5}
    return {"color": "#000000", "weight": 2}


def _tooltip_options(options: dict[str, Any]) -> dict[str, Any]:
    keys = options["tooltip_kwds"]
    own = {k: v for k, v in keys.items() if k not in {"aliases", "labels"}}
    return {"sticky": True, **own}


def _popup_options(options: dict[str, Any]) -> dict[str, Any]:
    keys = options["popup_kwds"]
    return {
        "maxWidth": keys.get("max_width", 360),
        "maxHeight": keys.get("max_height", 320),
    }


def _card(
    card: Card | None, used: list[str], options: dict[str, Any]
) -> dict[str, Any] | None:
    if card is None:
        return None
    return {
        "heading": card.heading,
        "fields": [used.index(column) for column in card.columns],
        "labels": card.labels,
        "options": options,
    }


def _collection(
    rows: gpd.GeoDataFrame,
    classes: Classes,
    used: list[str],
    headings: list[str] | None,
) -> str:
    """Features as JSON: a class, a heading, and the values that cards show."""
    shapes = shapely.force_2d(rows.geometry.to_numpy())
    shapes = shapely.transform(shapes, lambda xy: np.round(xy, _DECIMALS))
    shapes = shapely.remove_repeated_points(shapes)
    values = list(zip(*(texts(rows[c], c) for c in used), strict=True)) if used else []
    features = []
    for place, shape in enumerate(shapely.to_geojson(shapes).tolist()):
        own: dict[str, Any] = {"c": int(classes.number[place])}
        if headings is not None:
            own["h"] = headings[place]
        if used:
            own["v"] = values[place]
        features.append(
            f'{{"type":"Feature","properties":{_compact(own)},"geometry":{shape}}}'
        )
    return script_safe(
        f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
    )


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def add_layer(
    m: folium.Map,
    layer: gpd.GeoDataFrame,
    look: Look,
    *,
    parameter: str,
    headings: list[str],
    column: str | None,
    cmap: Colours | None,
    shown: Shown,
    options: Mapping[str, Any],
) -> folium.Map:
    """
    Class a layer by a column and add it to a map.

    Parameters
    ----------
    m
        The map.
    layer
        Rows as `ready` gives them.
    look
        How it looks.
    parameter
        What error messages call it.
    headings
        What each row is called.
    column, cmap
        The column that gives the colours, and the colours.
    shown
        What readers see.
    options
        `LayerOptions`.

    Returns
    -------
    folium.Map
        The map.
    """
    check_map(m)
    known = check_options(
        options, without=() if look.kind == "point" else ("marker_kwds",)
    )
    subject = Subject(layer, parameter, headings)
    classes = classes_of(
        subject, look, column=column, cmap=cmap, name=shown.name, options=known
    )
    told = None if known.get("color") is not None else column
    return draw(m, subject, classes, look, shown=shown, column=told, options=known)
