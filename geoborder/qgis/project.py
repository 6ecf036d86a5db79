"""A QGIS project of a plan, written without QGIS."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element

import geopandas as gpd
import pandas as pd
import rasterio
from pyproj import CRS

from geoborder.dictionary import LAYERS
from geoborder.errors import DataError
from geoborder.files import write_bytes
from geoborder.qgis.contents import Contents
from geoborder.qgis.fields import known_field
from geoborder.qgis.layout import layout
from geoborder.qgis.lines import Side
from geoborder.qgis.maplayers import (
    layer_id,
    layer_title,
    minutes_layer,
    relief_layer,
    vector_layer,
)
from geoborder.qgis.markup import QGIS_VERSION, document, element
from geoborder.qgis.projection import (
    Box,
    box_around,
    corners,
    crs_element,
    project_crs,
)
from geoborder.qgis.settings import (
    bookmarks_element,
    canvas_element,
    metadata_element,
    properties_element,
    times_element,
)
from geoborder.qgis.sheets import LANDSCAPE, PORTRAIT, Sheet, bar_length
from geoborder.qgis.styles import looks_of

_GROUPS: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...] = (
    (
        "Plan",
        (
            ("crossings", True),
            ("assets", True),
            ("segments", False),
            ("response", False),
        ),
    ),
    ("Placement", (("placement_items", False), ("placement_sites", False))),
    (
        "Coverage",
        (
            ("segments_by_year", True),
            ("gaps_by_year", True),
            ("coverage", True),
            ("gaps", False),
        ),
    ),
    ("Units and places", (("places", True), ("border", True), ("units", True))),
    ("Reach", (("isochrones", False), ("minutes_raster", False))),
    ("Base", (("relief_raster", True), ("countries", True))),
)
"""Groups of layers from the top, and which of them are shown at first."""

_FOLDED = ("border", "countries", "relief_raster")
"""Layers whose legend says nothing."""

_LEGEND = {
    "assets": "Assets",
    "segments_by_year": "Share covered",
    "coverage": "Covered by",
    "gaps_by_year": "Gap",
    "crossings": "Official crossing",
    "units": "Province or region",
}
"""What layouts explain, in which words."""


def write_project(  # noqa: PLR0913 - what the map says is asked of nobody else
    tables: Mapping[str, pd.DataFrame],
    path: str | Path,
    *,
    geopackage: str = "plan.gpkg",
    relief: str | None = "relief.tif",
    minutes: str | None = None,
    title: str,
    currency: str,
    years: Sequence[int],
    attribution: str,
    side: Side = "left",
) -> Path:
    """
    Write a project that opens a plan's files in QGIS 3.22 or newer.

    The project asks for nothing but the files beside it, by relative paths: layers
    with the map page's colours in groups, years on QGIS's temporal controller,
    relations between tables, a bookmark for each unit along the border, and print
    layouts of A4, with a page for each year and, where there are units, one for each
    of them. It is in the UTM zone of the border, or a stereographic projection where
    no zone holds it, and measures in kilometres on the ellipsoid.

    Parameters
    ----------
    tables
        The plan's tables by their names in the GeoPackage, with those that are added
        for maps: ``segments_by_year``, ``gaps_by_year``, ``countries``. ``border`` must
        be one of them.
    path
        File to write or replace, ending in ``.qgz``; its folder must exist.
    geopackage, relief, minutes
        Files beside it: the tables, shaded relief, minutes of travel; nothing where
        there is none.
    title
        The programme's name.
    currency
        The programme's currency.
    years
        The plan's years, in order.
    attribution
        Whose data it is.
    side
        The programme's own side of the border.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If there is no border among the tables.
    OptionError
        If the file cannot be written; an earlier one is untouched.

    Examples
    --------
    >>> import geoborder as gb
    >>> from tempfile import TemporaryDirectory
    >>> tables = {"border": gb.load_border("FRA", "ESP")}
    >>> with TemporaryDirectory() as folder:
    ...     path = write_project(
    ...         tables,
    ...         f"{folder}/border.qgz",
    ...         geopackage="border.gpkg",
    ...         relief=None,
    ...         title="A border",
    ...         currency="EUR",
    ...         years=[2025],
    ...         attribution="© OpenStreetMap contributors (ODbL 1.0)",
    ...     )
    ...     path.name, path.stat().st_size < 20_000
    ('border.qgz', True)
    """
    if "border" not in tables or not len(tables["border"]):
        msg = "The tables hold no `border`; a project is drawn around one."
        raise DataError(msg)
    contents = Contents(tables, title, currency, list(years), attribution, side)
    target = Path(path)
    rasters = {
        name: (source, _crs_of(target.parent / source))
        for name, source in (("relief_raster", relief), ("minutes_raster", minutes))
        if source is not None
    }
    text = document(
        "qgis",
        {"version": QGIS_VERSION, "projectname": title},
        _parts(contents, geopackage, rasters),
    )
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{target.stem}.qgs")  # of 1980: the same in every run
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text)
    return write_bytes(target, packed.getvalue())


def _crs_of(raster: Path) -> CRS:
    """Read a raster's CRS; one that is written later has longitude and latitude."""
    if not raster.is_file():
        return CRS.from_epsg(4326)
    with rasterio.open(raster) as source:
        return CRS.from_user_input(source.crs)


def _parts(
    contents: Contents, geopackage: str, rasters: Mapping[str, tuple[str, CRS]]
) -> list[Element]:
    """Put the project's parts together."""
    crs = project_crs(contents.border)
    box = box_around(contents.border, crs)
    layers = [
        vector_layer(
            name,
            table,
            looks_of(
                name, contents.tables, currency=contents.currency, years=contents.years,
                side=contents.side,
            ),
            source=geopackage,
            contents=contents,
        )
        for name, table in contents.tables.items()
    ]  # fmt: skip
    for name, (source, of) in rasters.items():
        make = relief_layer if name == "relief_raster" else minutes_layer
        layers.append(make(name, source=source, crs=of, contents=contents))
    groups = _groups(contents, [*contents.tables, *rasters])
    return [
        element("title", text=contents.title),
        element("projectCrs", None, crs_element(crs)),
        _tree(groups),
        _relations(contents),
        canvas_element(box, crs),
        element("projectlayers", None, *layers),
        properties_element(contents),
        metadata_element(contents),
        element("Layouts", None, *map(layout, _sheets(contents, crs, box))),
        bookmarks_element(contents, crs),
        element(
            "ProjectViewSettings",
            {"UseProjectScales": 0},
            element("DefaultViewExtent", corners(box), crs_element(crs)),
        ),
        times_element(contents),
    ]


def _groups(
    contents: Contents, names: Sequence[str]
) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Sort layers into groups; what is of no group comes after the others."""
    groups = [
        (title, [(name, shown) for name, shown in group if name in names])
        for title, group in _GROUPS
    ]
    known = {name for _, group in _GROUPS for name, _ in group}
    rest = [name for name in names if name not in known]
    spatial = [n for n in rest if isinstance(contents.tables[n], gpd.GeoDataFrame)]
    groups.insert(-1, ("Further layers", [(name, False) for name in spatial]))
    tables = [(name, True) for name in rest if name not in spatial]
    return [pair for pair in [*groups, ("Tables", tables)] if pair[1]]


def _tree(groups: Sequence[tuple[str, list[tuple[str, bool]]]]) -> Element:
    """Write the tree of layers."""
    tree = element("layer-tree-group")
    for title, layers in groups:
        facts = {
            "name": title,
            "checked": "Qt::Checked",
            "expanded": title in {"Plan", "Coverage"},
        }
        nodes = [
            element(
                "layer-tree-layer",
                {
                    "id": layer_id(name),
                    "name": layer_title(name),
                    "checked": "Qt::Checked" if shown else "Qt::Unchecked",
                    "expanded": shown and name not in _FOLDED,
                },
            )
            for name, shown in layers
        ]
        tree.append(element("layer-tree-group", facts, *nodes))
    return tree


def _relations(contents: Contents) -> Element:
    """Tie rows to those that they name, so that forms show them together."""
    found = []
    for name in contents.tables:
        references = LAYERS[name].references if name in LAYERS else {}
        others = [other for other, _ in references.values()]
        for column, (other, key) in references.items():
            if other not in contents.tables or column not in contents.tables[name]:
                continue
            title = f"{layer_title(name)} of {layer_title(other).lower()}"
            known = known_field(name, column, contents.currency)
            if others.count(other) > 1 and known is not None:
                title = f"{title}: {known.title.lower()}"
            facts = {
                "id": f"{name}_{column}",
                "name": title,
                "referencingLayer": layer_id(name),
                "referencedLayer": layer_id(other),
                "strength": "Association",
            }
            pair = {"referencingField": column, "referencedField": key}
            found.append(element("relation", facts, element("fieldRef", pair)))
    return element("relations", None, *found)


def _sheets(contents: Contents, crs: CRS, box: Box) -> list[Sheet]:
    """Lay out a sheet by year and, where there are units, one by unit."""
    tables = contents.tables
    legend = [(layer_id(n), words) for n, words in _LEGEND.items() if n in tables]
    last, letters = contents.years[-1], len(contents.title)
    by_year = {
        "coverageLayer": layer_id("coverage_by_year"),
        "pageNameExpression": '"year"',
        "filenamePattern": "'year_' || \"year\"",
    }
    atlas = by_year if "coverage_by_year" in tables else {}
    paper = min(LANDSCAPE, PORTRAIT, key=lambda paper: paper.shrinks(box))
    bar = bar_length([box], paper)
    sheets = [
        Sheet(paper.name, paper, box, legend, atlas, last, letters, bar, years=True)
    ]
    units = tables.get("units")
    if units is not None and len(units):
        by_unit = {
            "coverageLayer": layer_id("units"),
            "pageNameExpression": '"name"',
            "filenamePattern": "'unit_' || \"unit_id\"",
        }
        boxes = [
            box_around(units.iloc[[n]], crs, margin=0.1) for n in range(len(units))
        ]
        sheets.append(
            Sheet(
                f"{LANDSCAPE.name}, by unit",
                LANDSCAPE,
                box,
                legend,
                by_unit,
                last,
                letters,
                bar_length(boxes, LANDSCAPE),
                years=False,
            )
        )
    return sheets
