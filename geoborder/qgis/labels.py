"""Labels of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element

from geoborder.qgis.markup import data_defined, element, rgba

FONTS = ("Open Sans", "Noto Sans", "DejaVu Sans", "Arial")
"""The first one that a computer has; QGIS itself brings Open Sans along."""

Where = Literal["point", "line", "left", "right", "area"]

_PLACEMENT: dict[Where, dict[str, object]] = {
    "point": {"placement": 6, "dist": 0.6, "offsetType": 1},
    "line": {"placement": 2, "placementFlags": 14, "dist": 3.0},
    "left": {"placement": 2, "placementFlags": 2, "dist": 3.4},
    "right": {"placement": 2, "placementFlags": 4, "dist": 3.4},
    "area": {"placement": 4, "polygonPlacementFlags": 2, "centroidInside": 1},
}
"""Around points, above or below lines or on one side of them, level inside areas."""


@dataclass(frozen=True, slots=True)
class Type:
    """
    How a label is set.

    Attributes
    ----------
    size_pt : float
        Size, in points.
    colour : str
        As ``#rrggbb``.
    bold, italic, capitals, spaced : bool
        How the letters look.
    """

    size_pt: float = 8.0
    colour: str = "#222222"
    bold: bool = False
    italic: bool = False
    capitals: bool = False
    spaced: bool = False


def labelled(
    expression: str,
    where: Where,
    look: Type,
    *,
    show: str | None = None,
    from_scale: float | None = None,
    priority: int = 5,
) -> Element:
    """
    Label features.

    Parameters
    ----------
    expression
        QGIS expression of the text.
    where
        What is labelled.
    look
        How the text is set.
    show
        Expression that tells which features are labelled; all without it.
    from_scale
        Denominator of the smallest scale at which there are labels.
    priority
        From 0 to 10: the higher ones go first where there is little room.

    Returns
    -------
    Element
        The labelling.
    """
    facts = {
        "autoWrapLength": 24 if where == "point" else 0,
        "multilineAlign": 3,
        "useMaxLineLengthForAutoWrap": 1,
    }
    scales: dict[str, object] = {
        "drawLabels": 1,
        "obstacle": where != "area",
        "scaleVisibility": from_scale is not None,
        "scaleMax": from_scale or 0,
        "scaleMin": 1,
    }
    settings = element(
        "settings",
        {"calloutType": "simple"},
        text_style(look, field=expression),
        element("text-format", facts),
        element("placement", _placement(where, priority)),
        element("rendering", scales),
        data_defined({"Show": show} if show else None, tag="dd_properties"),
    )
    return element("labeling", {"type": "simple"}, settings)


def blocking() -> Element:
    """
    Keep other layers' labels off features, which have none themselves.

    Returns
    -------
    Element
        The labelling.
    """
    settings = element(
        "settings",
        {"calloutType": "simple"},
        element("placement", {"placement": 2}),
        element("rendering", {"drawLabels": 0, "obstacle": 1, "obstacleFactor": 2}),
    )
    return element("labeling", {"type": "simple"}, settings)


def _placement(where: Where, priority: int) -> dict[str, object]:
    """Say where labels of a kind stand."""
    return {
        "distUnits": "MM",
        "priority": priority,
        "predefinedPositionOrder": "R,L,TR,BR,TL,BL,T,B",
        **_PLACEMENT[where],
    }


def text_style(look: Type, *, field: str | None = None, halo: bool = True) -> Element:
    """
    Describe how text is set.

    Parameters
    ----------
    look
        The look.
    field
        Expression of the text, for labels.
    halo
        Whether a rim of white lies around the letters.

    Returns
    -------
    Element
        The style.
    """
    facts: dict[str, object] = {
        "fontFamily": FONTS[0],
        "namedStyle": "",
        "fontSize": look.size_pt,
        "fontSizeUnit": "Point",
        "fontWeight": 75 if look.bold else 50,
        "fontItalic": look.italic,
        "fontKerning": 1,
        "fontLetterSpacing": 1.5 if look.spaced else 0,
        "capitalization": 1 if look.capitals else 0,
        "textColor": rgba(look.colour),
        "textOpacity": 1,
        "allowHtml": 0,
        "multilineHeight": 1,
    }
    if field is not None:
        facts |= {"fieldName": field, "isExpression": 1}
    buffer = {
        "bufferDraw": halo,
        "bufferSize": 0.7,
        "bufferSizeUnits": "MM",
        "bufferColor": rgba("#ffffff"),
        "bufferOpacity": 0.8,
        "bufferJoinStyle": 128,
        "bufferNoFill": 1,
    }
    families = [element("family", {"name": name}) for name in FONTS[1:]]
    return element(
        "text-style",
        facts,
        element("families", None, *families),
        element("text-buffer", buffer),
    )
