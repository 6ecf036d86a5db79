"""The projection of a border's project."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from geoborder.qgis.markup import element

_ZONE_DEG = 6.0
"""As far from a UTM zone's meridian scale is true within half a per cent."""

_POLAR_DEG = 80.0
"""UTM ends there."""

WINDOW_ASPECT = 1.6
"""Width of QGIS's map window over its height, nearly."""

Box = tuple[float, float, float, float]


def project_crs(border: gpd.GeoDataFrame) -> CRS:
    """
    Choose a projection for maps of a border.

    Directions and shapes have to be right, for sight and travel; scale nearly so, as
    QGIS measures on the ellipsoid anyway. UTM does this and has a code that any
    software knows; a border that is too wide for a zone gets a stereographic
    projection centred on it, as the package's pictures have it.

    Parameters
    ----------
    border
        Lines, in any CRS.

    Returns
    -------
    CRS
        Conformal, in metres.
    """
    west, south, east, north = map(float, border.to_crs("EPSG:4326").total_bounds)
    lon, lat = (west + east) / 2, (south + north) / 2
    zone = int(np.clip((lon + 180) // 6 + 1, 1, 60))
    meridian = 6 * zone - 183
    near = max(meridian - west, east - meridian) <= _ZONE_DEG
    if near and max(-south, north) < _POLAR_DEG:
        return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)
    return CRS.from_user_input(
        {
            "proj": "stere",
            "lat_0": round(lat, 1),
            "lon_0": round(lon, 1),
            "datum": "WGS84",
            "units": "m",
        }
    )


def crs_element(crs: CRS) -> Element:
    """
    Describe a CRS.

    Parameters
    ----------
    crs
        The CRS.

    Returns
    -------
    Element
        ``spatialrefsys``.
    """
    found = crs.to_authority()
    name = ":".join(found) if found else ""
    title = crs.name if found else "Stereographic, centred on the border"
    return element(
        "spatialrefsys",
        {"nativeFormat": "Wkt"},
        element("wkt", text=crs.to_wkt("WKT2_2019")),
        element("srid", text=found[1] if found else 0),
        element("authid", text=name),
        element("description", text=title),
        element("geographicflag", text=str(crs.is_geographic).lower()),
    )


def box_around(shapes: gpd.GeoDataFrame, crs: CRS, *, margin: float = 0.06) -> Box:
    """
    Find what a map of some lines has to show.

    Parameters
    ----------
    shapes
        The lines, in any CRS.
    crs
        The map's projection.
    margin
        Share of the longer side that is added on each side.

    Returns
    -------
    tuple of float
        Left, bottom, right and top, in metres.
    """
    ends = shapely.total_bounds(np.asarray(shapes.geometry.to_crs(crs).array))
    left, bottom, right, top = map(float, ends)
    more = max(right - left, top - bottom, 1000.0) * margin
    return left - more, bottom - more, right + more, top + more


def widened(box: Box, aspect: float) -> Box:
    """
    Widen a box to the shape of a sheet.

    Parameters
    ----------
    box
        Left, bottom, right and top.
    aspect
        Width of the sheet over its height.

    Returns
    -------
    tuple of float
        The box, with the same centre and no less in it.
    """
    left, bottom, right, top = box
    width = max(right - left, (top - bottom) * aspect)
    height = width / aspect
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def lonlat_box(box: Box, crs: CRS) -> Box:
    """
    Turn a box into degrees.

    Parameters
    ----------
    box
        Left, bottom, right and top, in metres.
    crs
        Of the box.

    Returns
    -------
    tuple of float
        West, south, east and north.
    """
    there = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    west, south, east, north = there.transform_bounds(*box)
    return west, south, east, north


def map_window(border: gpd.GeoDataFrame) -> Box:
    """
    Find what a project's map window shows around a border.

    Parameters
    ----------
    border
        Lines, in any CRS.

    Returns
    -------
    tuple of float
        West, south, east and north, in degrees: what lies below the border should
        reach so far.
    """
    crs = project_crs(border)
    return lonlat_box(widened(box_around(border, crs), WINDOW_ASPECT), crs)


def corners(box: Box) -> dict[str, object]:
    """
    Write a box as attributes.

    Parameters
    ----------
    box
        Left, bottom, right and top.

    Returns
    -------
    dict
        ``xmin``, ``ymin``, ``xmax`` and ``ymax``.
    """
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
