"""Symbols of lines, points and areas; sizes in millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element

from geoborder.qgis.markup import data_defined, element, options, rgba

Kind = Literal["line", "marker", "fill"]
Defined = Mapping[str, str]

_SHAPES: dict[str, tuple[str, int]] = {
    "circle": ("circle", 0),
    "cross": ("cross_fill", 0),
    "diamond": ("diamond", 0),
    "pentagon": ("pentagon", 0),
    "square": ("square", 0),
    "star": ("star", 0),
    "triangle": ("triangle", 0),
    "triangle-down": ("triangle", 180),
}
"""The map page's symbols: QGIS's name of the shape, and how far it is turned."""

_SMOOTH = "coalesce(@map_scale, 1) * 4e-9"
"""Half a millimetre on a map of scale 1:1, in degrees of a meridian."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """
    What is drawn for a feature.

    Attributes
    ----------
    kind : str
        ``line``, ``marker`` or ``fill``.
    layers : tuple of Element
        Symbol layers, the lowest first.
    alpha : float
        From 0, unseen, to 1.
    """

    kind: Kind
    layers: tuple[Element, ...]
    alpha: float = 1.0

    def to_xml(self, name: object) -> Element:
        """
        Write the symbol.

        Parameters
        ----------
        name
            Its name within a renderer.

        Returns
        -------
        Element
            The symbol.
        """
        facts = {"type": self.kind, "name": name, "alpha": self.alpha}
        return element(
            "symbol", {**facts, "clip_to_extent": 1, "force_rhr": 0}, *self.layers
        )


def _layer(
    kind: str,
    values: Mapping[str, object],
    defined: Defined | None,
    level: int = 0,
) -> Element:
    """Build a symbol layer."""
    facts = {"class": kind, "enabled": 1, "locked": 0, "pass": level}
    texts = {key: str(value) for key, value in values.items()}
    return element("layer", facts, options(texts), data_defined(defined))


def line(
    colour: str,
    width_mm: float,
    *,
    offset_mm: float = 0.0,
    dash_mm: str = "",
    cap: str = "flat",
    level: int = 0,
    defined: Defined | None = None,
) -> Element:
    """
    Draw a line.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    width_mm
        Its width.
    offset_mm
        How far to the side it is drawn: to the right of its direction if negative.
    dash_mm
        Lengths of dashes and spaces, with semicolons between them.
    cap
        How it ends: ``flat``, ``round`` or ``square``.
    level
        What is of a higher level is drawn over all that is of a lower one.
    defined
        Expressions by the names of properties.

    Returns
    -------
    Element
        Symbol layer.
    """
    expressions = dict(defined or {})
    if offset_mm:
        # Not where there is no feature: in legends.
        expressions["offset"] = f"if(@geometry_part_count is null, 0, {-offset_mm})"
    values: dict[str, object] = {
        "capstyle": cap,
        "joinstyle": "round",
        "line_color": rgba(colour),
        "line_style": "solid",
        "line_width": width_mm,
        "line_width_unit": "MM",
        "offset": -offset_mm,  # QGIS counts to the right
        "offset_unit": "MM",
        "use_custom_dash": int(bool(dash_mm)),
        "customdash": dash_mm or "5;2",
        "customdash_unit": "MM",
    }
    return _layer("SimpleLine", values, expressions, level)


def beside(*layers: Element) -> Element:
    """
    Draw lines beside a feature that is smoothed to the scale first.

    A line that winds would cross itself where it is drawn to the side.

    Parameters
    ----------
    *layers
        Symbol layers of lines.

    Returns
    -------
    Element
        Symbol layer that makes the smoother line and draws it.
    """
    made = _layer(
        "GeometryGenerator",
        {
            "SymbolType": "Line",
            "geometryModifier": f"simplify($geometry, {_SMOOTH})",
            "units": "MapUnit",
        },
        None,
    )
    made.append(Symbol("line", layers).to_xml("@0@0"))
    return made


def marker(
    shape: str,
    colour: str,
    size_mm: float,
    *,
    rim: str = "#ffffff",
    rim_mm: float = 0.3,
    defined: Defined | None = None,
) -> Element:
    """
    Draw a point.

    Parameters
    ----------
    shape
        The map page's name of it.
    colour
        As ``#rrggbb``.
    size_mm
        Its size.
    rim, rim_mm
        Colour and width of its outline.
    defined
        Expressions by the names of properties.

    Returns
    -------
    Element
        Symbol layer.
    """
    name, angle = _SHAPES[shape]
    values: dict[str, object] = {
        "name": name,
        "angle": angle,
        "color": rgba(colour),
        "joinstyle": "miter",
        "outline_color": rgba(rim),
        "outline_style": "solid",
        "outline_width": rim_mm,
        "outline_width_unit": "MM",
        "scale_method": "diameter",
        "size": size_mm,
        "size_unit": "MM",
    }
    return _layer("SimpleMarker", values, defined)


def fill(
    colour: str | None,
    *,
    outline: str | None = None,
    outline_mm: float = 0.2,
    style: str = "solid",
    defined: Defined | None = None,
) -> Element:
    """
    Draw an area.

    Parameters
    ----------
    colour
        As ``#rrggbb``; nothing leaves it empty.
    outline, outline_mm
        Colour and width of its outline; nothing leaves it out.
    style
        Of the outline: ``solid`` or ``dash``.
    defined
        Expressions by the names of properties.

    Returns
    -------
    Element
        Symbol layer.
    """
    values: dict[str, object] = {
        "color": rgba(colour or "#ffffff"),
        "style": "solid" if colour else "no",
        "joinstyle": "round",
        "outline_color": rgba(outline or "#ffffff"),
        "outline_style": style if outline else "no",
        "outline_width": outline_mm,
        "outline_width_unit": "MM",
    }
    return _layer("SimpleFill", values, defined)
