"""Units and isochrones as layers of a folium map."""

from __future__ import annotations

from typing import Unpack

import folium
import geopandas as gpd
import numpy as np
import shapely

from geoborder.errors import OptionError
from geoborder.maps.overlays.classing import Classes, Colours, shades
from geoborder.maps.overlays.features import (
    Look,
    Shown,
    Subject,
    add_layer,
    draw,
    ready,
)
from geoborder.maps.overlays.options import (
    CLASSING,
    Fields,
    LayerOptions,
    check_map,
    check_options,
    check_result,
)
from geoborder.maps.style import ISOCHRONE_COLOURS, words
from geoborder.reach import Isochrones
from geoborder.tables import POLYGONS

_UNIT = Look(
    "area",
    "gb-units",
    "#6b4f8f",
    {"weight": 1.2, "opacity": 0.9, "dashArray": "5 4", "fillOpacity": 0.06},
    titled="name",
)

_FILLED = Look(
    "area",
    "gb-filled",
    "#6b4f8f",
    {"color": "#555555", "weight": 1.0, "opacity": 0.9, "fillOpacity": 0.6},
    titled="name",
)

_RINGS = Look(
    "area", "gb-reach", ISOCHRONE_COLOURS[0],
    {"color": "#08306b", "weight": 0.5, "opacity": 0.6, "fillOpacity": 0.6},
)  # fmt: skip


def add_units(
    m: folium.Map,
    units: gpd.GeoDataFrame,
    *,
    column: str | None = None,
    tolerance_deg: float = 0.002,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Units",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add administrative units to a folium map.

    Parameters
    ----------
    m
        The map.
    units
        Polygons in any CRS, such as `load_units` gives. Not modified.
    column
        Column that gives the colours; None: dashed outlines, one colour.
    tolerance_deg
        Outlines are simplified for display by so much, in degrees, those that
        units share alike; 0: as they are.
    cmap, tooltip, popup, legend, name
        As for `add_segments`.
    **options
        As for `add_segments`.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    DataError
        If `units` is no layer of polygons, has no CRS, or lacks a column.
    OptionError
        If `m` is no map, or an option is unknown or out of its range.

    Examples
    --------
    >>> import folium
    >>> from geoborder import add_units, load_provinces
    >>> m = add_units(folium.Map([36, 69], tiles=None), load_provinces())
    >>> "Badakhshan" in m.get_root().render()
    True
    """
    if not (np.isfinite(tolerance_deg) and tolerance_deg >= 0.0):
        msg = f"`tolerance_deg` must be 0 or more, got {tolerance_deg!r}."
        raise OptionError(msg)
    rows = ready(units, name="units", kinds=POLYGONS)
    if tolerance_deg and len(rows):
        shapes = shapely.coverage_simplify(rows.geometry.to_numpy(), tolerance_deg)
        rows = rows.set_geometry(gpd.GeoSeries(shapes, index=rows.index, crs=rows.crs))
    ids = rows.get("unit_id", rows.index)
    headings = rows.get("name", ids)
    plain = column is None or options.get("color") is not None
    return add_layer(
        m, rows, _UNIT if plain else _FILLED, parameter="units",
        headings=[words(text) for text in headings], column=column, cmap=cmap,
        shown=Shown(tooltip, popup, legend, name), options=options,
    )  # fmt: skip


def add_isochrones(
    m: folium.Map,
    isochrones: Isochrones,
    *,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Travel time",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add what is reached within so many minutes to a folium map.

    Parameters
    ----------
    m
        The map.
    isochrones
        What `isochrones` gives; drawn as rings that do not overlap.
    cmap
        Colours, the soonest first: a list, or a colormap or its name.
    tooltip, popup, legend, name
        As for `add_segments`.
    **options
        As for `add_segments`, except what classes a column.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    OptionError
        If `m` is no map, `isochrones` are none, or an option is unknown.

    Examples
    --------
    >>> import folium
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> site = gpd.GeoSeries([gb.point_at(gb.load_border(), 500)], crs=4326)
    >>> reached = gb.isochrones(site, dem=gb.open_dem(), mode="horse", minutes=[30])
    >>> m = gb.add_isochrones(folium.Map([38.2, 70.5], tiles=None), reached)
    >>> "within 30 minutes" in m.get_root().render()
    True
    """
    check_map(m)
    check_result(isochrones, Isochrones, source="isochrones")
    known = check_options(options, without=("marker_kwds", *CLASSING))
    areas = isochrones.areas.sort_values("minutes")
    within = [f"within {minutes:g} minutes" for minutes in areas["minutes"]]
    colours = _blues(len(areas)) if cmap is None else shades(cmap, len(areas))
    shapes = areas.geometry.to_numpy()
    inner = np.concatenate([[shapely.Polygon()], shapes[:-1]])
    drawn = [_filled(shape) for shape in shapely.difference(shapes, inner)]
    rings = areas.set_geometry(gpd.GeoSeries(drawn, areas.index, crs=areas.crs))
    rings = rings.assign(mode=isochrones.mode)
    there = ~(rings.geometry.isna() | rings.geometry.is_empty).to_numpy()
    number = np.arange(len(areas))[there]
    rows = ready(rings[there], name="isochrones", kinds=POLYGONS)
    caption = str(known["legend_kwds"].get("caption", name))
    classes = Classes(caption, number, colours, within)
    heads = [within[place].capitalize() for place in number]
    return draw(
        m, Subject(rows, "isochrones", heads), classes, _RINGS,
        shown=Shown(tooltip, popup, legend, name), column=None, options=known,
    )  # fmt: skip


def _filled(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Only what has an area: where rings touch, lines may be left over."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon"])


def _blues(count: int) -> list[str]:
    """Take the usual colours, the soonest darkest, or more between them."""
    own = list(ISOCHRONE_COLOURS)
    return own[:count] if count <= len(own) else shades(own, count)
