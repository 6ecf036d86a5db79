"""Layers of a project: where they are read, how they look, what they are."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geoborder.dictionary import LAYERS
from geoborder.qgis.areas import colour_of
from geoborder.qgis.contents import LICENCE, Contents
from geoborder.qgis.fields import field_columns, field_elements, known_field
from geoborder.qgis.looks import Look, qml_root
from geoborder.qgis.markup import element
from geoborder.qgis.projection import crs_element
from geoborder.qgis.styles import NamedLook

_MULTIPLY = 6
"""QGIS's number of the blend mode in which the relief darkens what lies under it."""

_LIMITS = (30.0, 60.0, 120.0)
"""Minutes at which the classes of travel time end."""


def layer_id(name: str) -> str:
    """
    Name a layer within the project.

    Parameters
    ----------
    name
        Its name in the file.

    Returns
    -------
    str
        The same in every project, so that layouts and scripts can rely on it.
    """
    return f"geoborder_{name}"


def layer_title(name: str) -> str:
    """
    Name a layer for people.

    Parameters
    ----------
    name
        Its name in the file.

    Returns
    -------
    str
        From the dictionary, or the name itself.
    """
    return LAYERS[name].title if name in LAYERS else name


def vector_layer(
    name: str,
    table: pd.DataFrame,
    looks: Sequence[NamedLook],
    *,
    source: str,
    contents: Contents,
) -> Element:
    """
    Describe a layer or table of a GeoPackage.

    Parameters
    ----------
    name
        Its name in the file.
    table
        What is in it.
    looks
        Its styles, the current one first; QGIS chooses where there is none.
    source
        The GeoPackage, relative to the project.
    contents
        What the project shows.

    Returns
    -------
    Element
        ``maplayer``.
    """
    fields = field_elements(name, table, contents.currency)
    look = looks[0].look if looks else Look()
    spatial = isinstance(table, gpd.GeoDataFrame)
    crs = CRS.from_epsg(4326)
    attributes = {"type": "vector", "geometry": _geometry(name, table)}
    return element(
        "maplayer",
        {**look.attributes(), **attributes},
        element("id", text=layer_id(name)),
        element("datasource", text=f"./{source}|layername={name}"),
        element("layername", text=layer_title(name)),
        element("srs", None, crs_element(crs)) if spatial else None,
        _metadata(layer_title(name), _abstract(name, table, contents), contents),
        element("provider", {"encoding": "UTF-8"}, text="ogr"),
        _styles(looks, fields),
        *look.to_xml(),
        *fields,
    )


def _geometry(name: str, table: pd.DataFrame) -> str:
    """Say what a layer consists of, as QGIS does."""
    if not isinstance(table, gpd.GeoDataFrame):
        return "No geometry"
    kinds = set(table.geom_type.dropna())
    if name in LAYERS and LAYERS[name].geometry is not None:
        kinds = {LAYERS[name].geometry}  # an empty layer does not show it
    if kinds & {"Point", "MultiPoint"}:
        return "Point"
    return "Polygon" if kinds & {"Polygon", "MultiPolygon"} else "Line"


def _abstract(name: str, table: pd.DataFrame, contents: Contents) -> str:
    """Describe a layer and its fields, for its page of information."""
    lines = [LAYERS[name].description] if name in LAYERS else []
    for column in field_columns(table):
        known = known_field(name, column, contents.currency)
        if known is not None and known.description:
            lines.append(f"{column} ({known.alias}): {known.description}")
    return "\n".join(lines)


def _metadata(title: str, abstract: str, contents: Contents) -> Element:
    """Say what a layer is and under which terms."""
    return element(
        "resourceMetadata",
        None,
        element("type", text="dataset"),
        element("title", text=title),
        element("abstract", text=abstract),
        element("rights", text=contents.attribution),
        element("license", text=LICENCE),
    )


def _styles(looks: Sequence[NamedLook], fields: Sequence[Element]) -> Element | None:
    """List a layer's styles; the current one is the layer's own."""
    if not looks:
        return None
    names = [element("map-layer-style", {"name": looks[0].name})]
    for other in looks[1:]:
        style = element("qgis", qml_root(other.look), *other.look.to_xml(), *fields)
        names.append(element("map-layer-style", {"name": other.name}, style))
    return element("map-layer-style-manager", {"current": looks[0].name}, *names)


def relief_layer(name: str, *, source: str, crs: CRS, contents: Contents) -> Element:
    """
    Describe shaded relief that darkens what lies under it.

    Parameters
    ----------
    name
        Its name within the project.
    source
        The raster, relative to the project.
    crs
        Its CRS.
    contents
        What the project shows.

    Returns
    -------
    Element
        ``maplayer``.
    """
    renderer = element(
        "rasterrenderer",
        {"type": "singlebandgray", "grayBand": 1, "alphaBand": -1, "opacity": 0.55,
         "gradient": "BlackToWhite"},
        element("rasterTransparency"),
        element(
            "contrastEnhancement",
            None,
            element("minValue", text=0),
            element("maxValue", text=225),
            element("algorithm", text="StretchToMinimumMaximum"),
        ),
    )  # fmt: skip
    return _raster(
        name,
        "Relief",
        renderer,
        source=source,
        crs=crs,
        contents=contents,
        blend=_MULTIPLY,
        resampled="bilinear",
    )


def minutes_layer(name: str, *, source: str, crs: CRS, contents: Contents) -> Element:
    """
    Describe a raster of minutes of travel.

    Parameters
    ----------
    name
        Its name within the project.
    source
        The raster, relative to the project.
    crs
        Its CRS.
    contents
        What the project shows.

    Returns
    -------
    Element
        ``maplayer``.
    """
    ends = [*map(str, _LIMITS), "inf"]
    labels = [f"within {limit:g} minutes" for limit in _LIMITS]
    items = [
        element(
            "item", {"color": colour_of(n), "alpha": 255, "value": end, "label": label}
        )
        for n, (end, label) in enumerate(zip(ends, [*labels, "longer"], strict=True))
    ]
    shader = {"colorRampType": "DISCRETE", "classificationMode": 1, "clip": 0}
    renderer = element(
        "rasterrenderer",
        {"type": "singlebandpseudocolor", "band": 1, "alphaBand": -1, "opacity": 0.6},
        element("rasterTransparency"),
        element("rastershader", None, element("colorrampshader", shader, *items)),
    )
    return _raster(
        name, "Minutes of travel", renderer, source=source, crs=crs, contents=contents
    )


def _raster(
    name: str,
    title: str,
    renderer: Element,
    *,
    source: str,
    crs: CRS,
    contents: Contents,
    blend: int = 0,
    resampled: str = "nearestNeighbour",
) -> Element:
    """Describe a raster."""
    facts: dict[str, object] = {
        "type": "raster",
        "styleCategories": "AllStyleCategories",
        "hasScaleBasedVisibilityFlag": 0,
        "minScale": 1e8,
        "maxScale": 0,
    }
    sampling = {
        "enabled": "true",
        "zoomedInResamplingMethod": resampled,
        "zoomedOutResamplingMethod": resampled,
        "maxOversampling": 2,
    }
    return element(
        "maplayer",
        facts,
        element("id", text=layer_id(name)),
        element("datasource", text=f"./{source}"),
        element("layername", text=title),
        element("srs", None, crs_element(crs)),
        _metadata(title, "", contents),
        element("provider", text="gdal"),
        element(
            "pipe",
            None,
            element("provider", None, element("resampling", sampling)),
            renderer,
            element("resamplingStage", text="provider"),
        ),
        element("blendMode", text=blend),
    )
