"""Elements of QGIS's XML: built, never pasted, so that all text is escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

QGIS_VERSION = "3.22.0"
"""Files are written as this version of QGIS does; newer ones read them too."""

BACKGROUND = "#eceae6"
"""Under all layers, as under the map page."""

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold at all, escaped or not."""


def element(
    tag: str,
    attributes: Mapping[str, object] | None = None,
    *children: Element | None,
    text: object = None,
) -> Element:
    """
    Build an element.

    Parameters
    ----------
    tag
        Its name.
    attributes
        Its attributes; truth is written as 1 and 0, as QGIS does.
    *children
        Elements inside; none of them may be missing.
    text
        Text inside.

    Returns
    -------
    Element
        The element.
    """
    made = Element(tag, {k: plain(v) for k, v in (attributes or {}).items()})
    made.extend(child for child in children if child is not None)
    if text is not None:
        made.text = plain(text)
    return made


def plain(value: object) -> str:
    """
    Write a value as QGIS writes it, without what XML cannot hold.

    Parameters
    ----------
    value
        Text, a number, or truth.

    Returns
    -------
    str
        Text that may stand in an element or an attribute.
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.17g}"
    return _NOT_XML.sub("", str(value))


def options(values: Mapping[str, object], *, name: str | None = None) -> Element:
    """
    Build a map of options.

    Parameters
    ----------
    values
        Text and numbers, or maps of them, by their names.
    name
        Name of the map itself, where it stands in another.

    Returns
    -------
    Element
        ``Option`` of type ``Map``.
    """
    made = element("Option", {"type": "Map"} | ({"name": name} if name else {}))
    for key, value in values.items():
        if isinstance(value, Mapping):
            made.append(options(value, name=key))
            continue
        kind = {bool: "bool", int: "int", float: "double"}.get(type(value), "QString")
        shown = str(value).lower() if isinstance(value, bool) else value
        made.append(element("Option", {"name": key, "type": kind, "value": shown}))
    return made


def data_defined(
    expressions: Mapping[str, str] | None, *, tag: str = "data_defined_properties"
) -> Element | None:
    """
    Build properties that expressions define.

    Parameters
    ----------
    expressions
        QGIS expressions by the properties' names.
    tag
        Name of the element.

    Returns
    -------
    Element or None
        Nothing without expressions.
    """
    if not expressions:
        return None
    active = {
        name: {"active": True, "expression": expression, "type": 3}
        for name, expression in expressions.items()
    }
    return element(
        tag, None, options({"name": "", "properties": active, "type": "collection"})
    )


def rgba(colour: str, alpha: float = 1.0) -> str:
    """
    Write a colour as QGIS does.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    alpha
        From 0, unseen, to 1.

    Returns
    -------
    str
        Such as ``0,114,178,255``.
    """
    parts = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return ",".join(map(str, [*parts, round(255 * alpha)]))


def quoted(text: str) -> str:
    """
    Write text as a literal of a QGIS expression.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The literal, with its quotes.
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def document(
    tag: str, attributes: Mapping[str, object], parts: Iterable[Element]
) -> str:
    """
    Write a whole document.

    Parameters
    ----------
    tag
        Name of the root.
    attributes
        Its attributes.
    parts
        What is in it.

    Returns
    -------
    str
        The document, indented.
    """
    root = element(tag, attributes, *parts)
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"
