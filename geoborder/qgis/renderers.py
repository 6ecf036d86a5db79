"""Renderers: which feature gets which symbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from geoborder.qgis.markup import element
from geoborder.qgis.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A class of features in the legend.

    Attributes
    ----------
    label : str
        What the legend says.
    symbol : Symbol
        What is drawn.
    value : object
        Value of a category.
    lower, upper : float
        Limits of a range.
    shown : bool
        Whether it is drawn at first.
    """

    label: str
    symbol: Symbol
    value: object = ""
    lower: float = 0.0
    upper: float = 0.0
    shown: bool = True


def single(symbol: Symbol) -> Element:
    """
    Draw all features alike.

    Parameters
    ----------
    symbol
        What is drawn.

    Returns
    -------
    Element
        The renderer.
    """
    return _renderer("singleSymbol", {}, element("symbols", None, symbol.to_xml(0)))


def categorised(
    expression: str, entries: Sequence[Entry], *, order: str | None = None
) -> Element:
    """
    Draw features by the value of an expression.

    Parameters
    ----------
    expression
        Field or QGIS expression.
    entries
        The values; others are not drawn.
    order
        Expression by which features are drawn one after another.

    Returns
    -------
    Element
        The renderer.
    """
    found = [
        element(
            "category",
            {
                "symbol": n,
                "value": entry.value,
                "type": "integer" if isinstance(entry.value, int) else "string",
                "label": entry.label,
                "render": str(entry.shown).lower(),
            },
        )
        for n, entry in enumerate(entries)
    ]
    return _renderer(
        "categorizedSymbol",
        {"attr": expression},
        element("categories", None, *found),
        _symbols(entries),
        order=order,
        levels=_leveled(entries),
    )


def graduated(
    expression: str, entries: Sequence[Entry], *, order: str | None = None
) -> Element:
    """
    Draw features by the range in which a number lies.

    Parameters
    ----------
    expression
        Field or QGIS expression.
    entries
        The ranges, from the lowest; where two meet the lower one holds.
    order
        Expression by which features are drawn one after another.

    Returns
    -------
    Element
        The renderer.
    """
    found = [
        element(
            "range",
            {
                "symbol": n,
                "lower": entry.lower,
                "upper": entry.upper,
                "label": entry.label,
                "render": str(entry.shown).lower(),
            },
        )
        for n, entry in enumerate(entries)
    ]
    return _renderer(
        "graduatedSymbol",
        {"attr": expression, "graduatedMethod": "GraduatedColor"},
        element("ranges", None, *found),
        _symbols(entries),
        order=order,
        levels=_leveled(entries),
    )


def _leveled(entries: Sequence[Entry]) -> bool:
    """Tell whether parts of symbols are drawn over all parts of others."""
    return any(
        layer.get("pass", "0") != "0"
        for entry in entries
        for layer in entry.symbol.layers
    )


def _symbols(entries: Sequence[Entry]) -> Element:
    """Write the entries' symbols, numbered."""
    return element(
        "symbols", None, *(entry.symbol.to_xml(n) for n, entry in enumerate(entries))
    )


def _renderer(
    kind: str,
    attributes: dict[str, object],
    *parts: Element | None,
    order: str | None = None,
    levels: bool = False,
) -> Element:
    """Put a renderer together."""
    facts: dict[str, object] = {
        "type": kind,
        "symbollevels": levels,
        "forceraster": 0,
        "referencescale": -1,
        "enableorderby": order is not None,
    }
    clause = None
    if order is not None:
        by = element("orderByClause", {"asc": 1, "nullsFirst": 1}, text=order)
        clause = element("orderby", None, by)
    return element("renderer-v2", facts | attributes, *parts, clause)
