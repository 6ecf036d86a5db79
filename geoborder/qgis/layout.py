"""Print layouts of a project: A4 sheets by year and by unit."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from geoborder.qgis.labels import FONTS, Type, text_style
from geoborder.qgis.markup import BACKGROUND, data_defined, element, options, rgba
from geoborder.qgis.projection import corners, widened
from geoborder.qgis.sheets import HEAD, LEGEND, MARGIN, Sheet
from geoborder.qgis.symbols import Symbol, fill, line

_YEAR_WIDE = 40.0
"""Room of the year, in millimetres."""

_MAP_TYPE, _LABEL_TYPE, _LEGEND_TYPE, _BAR_TYPE = 65639, 65641, 65642, 65646
_PICTURE_TYPE, _PAGE_TYPE = 65640, 65638

_ARROW = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 30'>"
    "<path d='M10 1L17 20L10 15.5L3 20Z' fill='#222'/>"
    "<path d='M7 29V21L13 29V21' fill='none' stroke='#222' stroke-width='1.6'/>"
    "</svg>"
)

_YEAR = "coalesce(attribute(@atlas_feature, 'year'), @geoborder_last_year)"


_LETTER_MM = 3.7
"""Width of a letter of a title; one that is too long is set smaller, on two lines."""


def layout(sheet: Sheet) -> Element:
    """
    Write a layout.

    Parameters
    ----------
    sheet
        What is on it.

    Returns
    -------
    Element
        ``Layout``: title, map, legend, scale bar, north arrow, sources and notes.
    """
    full, (_, high) = sheet.paper.inner, sheet.paper.map_size
    room = full - _YEAR_WIDE - 2
    title = Type(16 if sheet.title_letters * _LETTER_MM < room else 11, bold=True)
    head = _text(sheet, "title", "[% @project_title %]", (0, 0, room, 9.5), title)
    of_page = f"[% {_YEAR if sheet.years else '@geoborder_last_year'} %]"
    right = Type(16, bold=True)
    unit = "[% coalesce(attribute(@atlas_feature, 'name'), '') %]"
    below = HEAD + high + 2
    note = "[% @geoborder_note %]\n[% @geoborder_sources %]"
    figures = f"[% {_figures() if sheet.years else '@geoborder_subtitle'} %]"
    return element(
        "Layout",
        {"name": sheet.name, "units": "mm", "printResolution": 200, "worldFileMap": ""},
        element("Snapper", {"tolerance": 5, "snapToItems": 1, "snapToGuides": 1}),
        element("Grid", {"resolution": 10, "resUnits": "mm", "offsetUnits": "mm"}),
        _pages(sheet),
        head,
        _text(
            sheet,
            "year",
            of_page,
            (full - _YEAR_WIDE, 0, _YEAR_WIDE, 9),
            right,
            align=2,
        ),
        _text(sheet, "figures", figures, (0, 9.5, 150, 6), Type(9.5)),
        None
        if sheet.years
        else _text(
            sheet, "unit", unit, (150, 9, full - 150, 7), Type(13, bold=True), align=2
        ),
        _map(sheet),
        _legend(sheet),
        _north(sheet),
        _scale_bar(sheet),
        _text(
            sheet,
            "note",
            note,
            (0, below, full, sheet.paper.foot - 2),
            Type(7, "#444444"),
        ),
        element("Atlas", {**sheet.atlas, "enabled": bool(sheet.atlas)}),
    )


def _figures() -> str:
    """Tell a year's figures, or what the plan is where there is no year."""

    def of(name: str) -> str:
        return f"attribute(@atlas_feature, '{name}')"

    return (
        f"coalesce('Covered: ' || format_number({of('covered_km')}, 1) || ' of ' || "
        f"format_number({of('length_km')}, 1) || ' km · longest gap: ' || "
        f"format_number({of('longest_gap_km')}, 1) || ' km', @geoborder_subtitle)"
    )


def _item(
    sheet: Sheet,
    kind: int,
    part: str,
    box: tuple[float, float, float, float],
    attributes: Mapping[str, object],
    *children: Element | None,
    defined: Mapping[str, str] | None = None,
) -> Element:
    """Put something on the page; places count from the margin's corner."""
    x, y, width, height = box
    order = {"note": 8, "unit": 7, "figures": 6, "year": 5, "title": 4}
    facts = {
        "type": kind,
        "id": part,
        "uuid": sheet.uuid(part),
        "templateUuid": sheet.uuid(part),
        "position": f"{x + MARGIN:g},{y + MARGIN:g},mm",
        "positionOnPage": f"{x + MARGIN:g},{y + MARGIN:g},mm",
        "size": f"{width:g},{height:g},mm",
        "referencePoint": 0,
        "visibility": 1,
        "opacity": 1,
        "zValue": order.get(part, 1),
        "background": "false",
        "frame": "false",
        "outlineWidthM": "0.2,mm",
        "frameJoinStyle": "miter",
    }
    return element(
        "LayoutItem",
        facts | dict(attributes),
        _tint("FrameColor", "#555555"),
        _tint("BackgroundColor", BACKGROUND if kind == _MAP_TYPE else "#ffffff"),
        element(
            "LayoutObject", None, data_defined(defined, tag="dataDefinedProperties")
        ),
        *children,
    )


def _beside(
    sheet: Sheet, width: float, height: float, *, above: float | None = None
) -> tuple[float, float, float, float]:
    """Place something beside the map, at its top or so far above its bottom."""
    wide, high = sheet.paper.map_size
    return wide + 3, HEAD if above is None else HEAD + high - above, width, height


def _tint(tag: str, colour: str) -> Element:
    """Write a colour as layouts do."""
    parts = rgba(colour).split(",")
    return element(
        tag, dict(zip(("red", "green", "blue", "alpha"), parts, strict=True))
    )


def _font(tag: str, look: Type) -> Element:
    """Write a font as layouts of QGIS 3.22 do."""
    weight = 75 if look.bold else 50
    text = f"{FONTS[0]},{look.size_pt:g},-1,5,{weight},{int(look.italic)},0,0,0,0"
    return element(tag, {"description": text, "style": ""})


def _text(
    sheet: Sheet,
    part: str,
    text: str,
    box: tuple[float, float, float, float],
    look: Type,
    *,
    align: int = 1,
) -> Element:
    """Write text; what comes from data comes through expressions."""
    facts = {"labelText": text, "htmlState": 0, "halign": align, "valign": 32}
    return _item(
        sheet, _LABEL_TYPE, part, box, {**facts, "marginX": 0, "marginY": 0},
        _font("LabelFont", look),
        _tint("FontColor", look.colour),
        text_style(look, halo=False),
    )  # fmt: skip


def _pages(sheet: Sheet) -> Element:
    """One page of A4."""
    paper = Symbol("fill", (fill("#ffffff"),))
    page = _item(
        sheet, _PAGE_TYPE, "page",
        (-MARGIN, -MARGIN, sheet.paper.wide, sheet.paper.high),
        {"background": "true", "zValue": 0},
        paper.to_xml(""),
    )  # fmt: skip
    return element(
        "PageCollection", None, paper.to_xml(""), page, element("GuideCollection")
    )


def _map(sheet: Sheet) -> Element:
    """Draw the map, in the year of the page."""
    box = widened(sheet.box, sheet.paper.aspect)
    begin, end = (
        f"{sheet.last_year}-01-01T00:00:00",
        f"{sheet.last_year}-12-31T23:59:59",
    )
    facts = {
        "frame": "true",
        "background": "true",
        "isTemporal": 1,
        "temporalRangeBegin": begin,
        "temporalRangeEnd": end,
        "mapRotation": 0,
        "keepLayerSet": "false",
        "followPreset": "false",
        "drawCanvasItems": "true",
    }
    times = {
        "dataDefinedStartDateTime": f"make_datetime({_YEAR}, 1, 1, 0, 0, 0)",
        "dataDefinedEndDateTime": f"make_datetime({_YEAR}, 12, 31, 23, 59, 59)",
    }
    driven = {"atlasDriven": not sheet.years, "scalingMode": 2, "margin": 0.1}
    return _item(
        sheet, _MAP_TYPE, "map", (0, HEAD, *sheet.paper.map_size), facts,
        element("Extent", corners(box)),
        element("AtlasMap", driven),
        defined=times if sheet.years else None,
    )  # fmt: skip


def _legend(sheet: Sheet) -> Element:
    """Explain what the map shows, and only that."""
    sizes = {"title": 10, "group": 9, "subgroup": 9, "symbol": 8, "symbolLabel": 8}
    styles = [
        element(
            "style",
            {
                "name": name,
                "alignment": 1,
                "indent": 0,
                "marginTop": 1 if name.startswith("symbol") else 2,
                "marginLeft": 2 if name == "symbolLabel" else 0,
            },
            _font("styleFont", Type(size, bold=name == "subgroup")),
        )
        for name, size in sizes.items()
    ]
    layers = [
        element(
            "layer-tree-layer",
            {"id": key, "name": title, "checked": "Qt::Checked", "expanded": 1},
            element("customproperties", None, options({"legend/title-label": title})),
        )
        for key, title in sheet.legend
    ]
    facts = {
        "map_uuid": sheet.uuid("map"),
        "title": "",
        "columnCount": 1,
        "resizeToContents": 1,
        "legendFilterByMap": 1,
        "legendFilterByAtlas": 0,
        "symbolWidth": 7,
        "symbolHeight": 3.5,
        "boxSpace": 0,
        "columnSpace": 2,
        "wrapChar": "",
        "fontColor": "#222222",
        "titleAlignment": 1,
        "symbolAlignment": 1,
    }
    return _item(
        sheet, _LEGEND_TYPE, "legend", _beside(sheet, LEGEND - 3, 90), facts,
        element("styles", None, *styles),
        element("layer-tree-group", None, *layers),
    )  # fmt: skip


def _north(sheet: Sheet) -> Element:
    """Draw a north arrow; it is written into the file."""
    picture = base64.b64encode(_ARROW.encode()).decode()
    facts = {
        "file": f"base64:{picture}",
        "mode": 0,
        "resizeMode": 0,
        "anchorPoint": 4,
        "mapUuid": sheet.uuid("map"),
        "northMode": 1,
        "northOffset": 0,
        "pictureRotation": 0,
        "svgFillColor": rgba("#222222"),
        "svgBorderColor": rgba("#222222"),
    }
    box = _beside(sheet, 10, 15, above=34)
    return _item(sheet, _PICTURE_TYPE, "north", box, facts)


def _scale_bar(sheet: Sheet) -> Element:
    """Draw a scale bar in km, measured on the ellipsoid."""
    facts = {
        "mapUuid": sheet.uuid("map"),
        "style": "Single Box",
        "unitType": "km",
        "unitLabel": "km",
        "numMapUnitsPerScaleBarUnit": 1,
        "segmentSizeMode": 1,
        "minBarWidth": 25,
        "maxBarWidth": 44,
        "numSegments": 2,
        "numSegmentsLeft": 0,
        "numUnitsPerSegment": sheet.bar_km,
        "height": 2,
        "labelBarSpace": 1,
        "boxContentSpace": 0,
        "outlineWidth": 0.2,
        "alignment": 0,
    }
    pen = Symbol("line", (line("#222222", 0.2),))
    parts = [
        element(tag, None, pen.to_xml(""))
        for tag in ("lineSymbol", "divisionLineSymbol", "subdivisionLineSymbol")
    ]
    for tag, colour in (("fillSymbol1", "#222222"), ("fillSymbol2", "#ffffff")):
        parts.append(element(tag, None, Symbol("fill", (fill(colour),)).to_xml("")))
    box = _beside(sheet, LEGEND - 5, 10, above=14)
    return _item(
        sheet, _BAR_TYPE, "scale", box, facts,
        text_style(Type(8), halo=False),
        _tint("strokeColor", "#222222"),
        _tint("fillColor", "#222222"),
        _tint("fillColor2", "#ffffff"),
        *parts,
    )  # fmt: skip
