"""Geometries of a layer, as files hold them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from pyproj.exceptions import ProjError

from geoborder.errors import DataError
from geoborder.tables import LONLAT

Shapes = npt.NDArray[np.object_]

_KINDS = {
    0: "Point",
    1: "LineString",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
"""Geometry types by shapely's numbers; rings are lines."""

_MULTI = {
    "Point": shapely.multipoints,
    "LineString": shapely.multilinestrings,
    "Polygon": shapely.multipolygons,
}


def shapes_of(layer: gpd.GeoDataFrame, *, lonlat: bool) -> Shapes:
    """
    Take a layer's geometries in the CRS they are written in.

    Parameters
    ----------
    layer
        The layer. Not modified.
    lonlat
        Whether they must be in WGS 84.

    Returns
    -------
    numpy.ndarray of object
        Geometries, None where there is none.

    Raises
    ------
    DataError
        If there is no CRS, no way from it, or a further column of geometries.
    """
    if layer.active_geometry_name is None:
        msg = "The layer has no active geometry column; name one with `set_geometry`."
        raise DataError(msg)
    further = [
        name
        for name, dtype in layer.dtypes.items()
        if str(dtype) == "geometry" and name != layer.active_geometry_name
    ]
    if further:
        msg = (
            f"The layer has further geometries in column {further[0]!r}, and only "
            "GeoParquet (.parquet) keeps them; write that, or drop the column."
        )
        raise DataError(msg)
    require_crs(layer)
    if not lonlat or layer.crs == LONLAT:
        return layer.geometry.to_numpy()
    try:
        shapes = _to_lonlat(layer.geometry)
    except ProjError as error:
        msg = (
            f"No way leads from the layer's CRS {layer.crs.name!r} to longitude and "
            "latitude; write a .gpkg, .parquet or .fgb, which keep any CRS."
        )
        raise DataError(msg) from error
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        msg = (
            f"The layer does not fit its CRS {layer.crs.to_string()}: coordinates have "
            "no longitude and latitude. Declare the CRS they are really in."
        )
        raise DataError(msg)
    return shapes


def _to_lonlat(own: gpd.GeoSeries) -> Shapes:
    """Bring geometries to WGS 84; those that cross 180 degrees do so in small steps."""
    shapes = own.to_crs(LONLAT).to_numpy()
    if not own.crs.is_projected:
        return shapes
    wide = own.to_crs(LONLAT).bounds.eval("maxx - minx > 180").to_numpy()
    if wide.any():
        bounds = own[wide].bounds
        steps = (bounds["maxx"] - bounds["minx"] + bounds["maxy"] - bounds["miny"]) / 99
        finer = own[wide].segmentize(steps.to_numpy())
        shapes = shapes.copy()
        shapes[wide] = finer.to_crs(LONLAT).to_numpy()
    return shapes


def require_crs(layer: gpd.GeoDataFrame) -> None:
    """
    Refuse a layer without a CRS.

    Parameters
    ----------
    layer
        The layer.

    Raises
    ------
    DataError
        If it has none.
    """
    if layer.crs is None:
        msg = (
            "The layer has no CRS, so that no file can say where it lies; declare the "
            'one its coordinates are in, such as `layer.set_crs("EPSG:4326")`.'
        )
        raise DataError(msg)


def typed(
    shapes: Shapes, *, multiple: bool, empty: str | None = None
) -> tuple[Shapes, str]:
    """
    Find the one type of a layer's geometries.

    Parameters
    ----------
    shapes
        Geometries, None where there is none.
    multiple
        Whether single geometries become multiple where both are there.
    empty
        Type of a layer that has none.

    Returns
    -------
    shapes : numpy.ndarray of object
        The same.
    kind : str
        As GDAL names it, ``Unknown`` if there are several.
    """
    ids = shapely.get_type_id(shapes)
    kinds = {_KINDS[n] for n in np.unique(ids) if n >= 0}
    depth = " Z" if shapely.has_z(shapes).any() else ""
    if not kinds:
        return shapes, empty or "Unknown"
    if len(kinds) == 1:
        return shapes, f"{kinds.pop()}{depth}"
    single = min(kinds, key=len)
    if not multiple or kinds != {single, f"Multi{single}"}:
        return shapes, "Unknown"
    rows = np.isin(ids, [n for n, kind in _KINDS.items() if kind == single])
    out = shapes.copy()
    out[rows] = _MULTI[single](shapes[rows], indices=np.arange(rows.sum()))
    return out, f"Multi{single}{depth}"


def levelled(shapes: Shapes) -> Shapes:
    """
    Give all geometries a Z where some have one.

    Parameters
    ----------
    shapes
        Geometries, None where there is none.

    Returns
    -------
    numpy.ndarray of object
        The same; Z is 0 where there was none.
    """
    return shapely.force_3d(shapes) if shapely.has_z(shapes).any() else shapes


def measured(kind: str) -> str:
    """
    Name the type of geometries that have an M.

    Parameters
    ----------
    kind
        Type by `typed`.

    Returns
    -------
    str
        As pyogrio names it.
    """
    if kind == "Unknown":
        return kind
    if kind == "Point":
        return "PointM"
    high = kind.endswith(" Z")
    return f"Measured {'3D ' if high else ''}{kind.removesuffix(' Z')}"


def unmeasured(shapes: Shapes) -> Shapes:
    """
    Take M away from geometries.

    Parameters
    ----------
    shapes
        Geometries, None where there is none.

    Returns
    -------
    numpy.ndarray of object
        The same; Z stays.
    """
    rows = shapely.has_m(shapes)
    if not rows.any():
        return shapes
    out = shapes.copy()
    flat = rows & ~shapely.has_z(shapes)
    out[flat] = shapely.force_2d(shapes[flat])
    high = rows & ~flat  # of which `force_3d` would lose Z
    out[high] = shapely.from_wkb(shapely.to_wkb(shapes[high], output_dimension=3))
    return out


def wkb_of(shapes: Shapes) -> pa.ChunkedArray:
    """
    Write geometries as an Arrow array of WKB.

    Parameters
    ----------
    shapes
        Geometries, None where there is none.

    Returns
    -------
    ChunkedArray
        The array.
    """
    array = pa.array(shapely.to_wkb(shapes, flavor="iso"), pa.large_binary())
    return pa.chunked_array([array])


def from_wkb(array: pa.ChunkedArray) -> Shapes:
    """
    Read geometries from an Arrow array of WKB.

    Parameters
    ----------
    array
        The array.

    Returns
    -------
    numpy.ndarray of object
        Geometries, None where there is none.

    Raises
    ------
    ValueError
        If there is one that is not made of straight lines, or broken.
    """
    try:
        return shapely.from_wkb(array.to_numpy(zero_copy_only=False))
    except shapely.errors.GEOSException as error:
        msg = (
            f"a geometry is none ({error}); if it has curves, turn them into straight "
            "lines in a GIS first"
        )
        raise ValueError(msg) from error
