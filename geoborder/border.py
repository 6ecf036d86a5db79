"""Borders out of polygons: the line that two countries share."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geoborder.chainage import as_border
from geoborder.datasets import COUNTRY_LAYERS, load_countries
from geoborder.errors import BorderError, DataError, OptionError
from geoborder.geodesy import FloatArray, polylines, to_ecef
from geoborder.joining import from_west
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    LONLAT,
    POLYGONS,
    require_columns,
    require_layer,
    require_not_swapped,
)

_CHORDS_AGREE = 1.01
"""Of two points at one geodesic distance, no chord is longer than the other by more."""

_CODE_COLUMNS = ("iso3", "ISO_A3", "ADM0_A3", "iso_a3", "shapeGroup", "GID_0")


def load_border(
    left: str = "TJK",
    right: str = "AFG",
    *,
    countries: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """
    Load the land border between two countries.

    Parameters
    ----------
    left, right
        ISO 3166-1 alpha-3 codes, in either order: the line is the same, and
        ``border_id`` names them as given. Those of bundled layers may be in small
        letters.
    countries
        Country polygons in any CRS, with a column that holds both codes. By
        default the finest bundled layer that has both countries.

    Returns
    -------
    GeoDataFrame
        A row per line, the longest first: ``border_id`` (such as
        ``"TJK-AFG"``; with a number where there are several lines, as around
        exclaves), ``left`` and ``right`` (the country that lies on that side of
        the line as it runs from west to east), ``length_km`` (geodesic),
        ``geometry`` (LineString, EPSG:4326).

    Raises
    ------
    BorderError
        If the countries do not touch.
    DataError
        If a country is not in the layer.
    OptionError
        If both are one.

    Examples
    --------
    >>> from geoborder import load_border
    >>> load_border()[["border_id", "left", "right", "length_km"]].round(2)
      border_id left right  length_km
    0   TJK-AFG  TJK   AFG    1343.96
    """
    if countries is None:
        left, right = left.upper(), right.upper()
        countries = _layer_with(left, right)
    if left == right:
        msg = f"`left` and `right` are both {left!r}; name two countries."
        raise OptionError(msg)
    one, other = (_country(countries, code) for code in (left, right))
    return shared_border(one, other, names=(left, right))


def load_borders(*, countries: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    """
    Load all land borders of a country layer.

    Parameters
    ----------
    countries
        Country polygons in any CRS with a column ``iso3``; by default the world at
        1:10 million. Rows without a code are left out.

    Returns
    -------
    GeoDataFrame
        As `load_border`, for every pair of neighbours, in the order of their
        codes.

    Raises
    ------
    BorderError
        If no two countries touch.
    DataError
        If the layer is unusable: no CRS, no polygons, no column ``iso3``.

    Examples
    --------
    >>> import geoborder as gb
    >>> world = gb.load_countries("50m")
    >>> few = world[world["iso3"].isin(["AND", "ESP", "FRA", "PRT"])]
    >>> borders = gb.load_borders(countries=few)
    >>> borders[["border_id", "left", "right", "length_km"]].round(1)
       border_id left right  length_km
    0    AND-ESP  AND   ESP       41.1
    1    AND-FRA  FRA   AND       38.5
    2  ESP-FRA/1  FRA   ESP      346.8
    3  ESP-FRA/2  FRA   ESP      140.3
    4    ESP-PRT  ESP   PRT      940.8
    """
    layer = load_countries("10m") if countries is None else countries
    require_columns(layer, ["iso3"], name="countries")
    layer = layer[(layer["iso3"].fillna("") != "").to_numpy()]
    layer = require_layer(layer, name="countries", kinds=POLYGONS)
    layer = layer.sort_values("iso3", ignore_index=True)
    pairs = shapely.STRtree(layer.geometry.array).query(
        layer.geometry.array, predicate="intersects"
    )
    found = []
    for one, other in sorted(zip(*pairs, strict=True)):
        if one >= other:
            continue
        names = (layer["iso3"].iloc[one], layer["iso3"].iloc[other])
        lines, flipped = _common_lines(
            layer.geometry.iloc[one], layer.geometry.iloc[other]
        )
        if lines.size:
            found.append(_border_table(lines, flipped, names))
    if not found:
        msg = f"`countries` has {len(layer)} rows, of which no two share a border."
        raise BorderError(msg)
    return pd.concat(found, ignore_index=True)


def shared_border(
    left: object,
    right: object,
    *,
    tolerance_m: float = 0.0,
    names: tuple[str, str] = ("left", "right"),
) -> gpd.GeoDataFrame:
    """
    Find the line that two polygon layers share.

    Parameters
    ----------
    left, right
        Polygons in any CRS (GeoDataFrame or GeoSeries). Not modified.
    tolerance_m
        How far the layers' edges may lie apart, in metres. 0: only edges whose
        vertices are the same in both layers count. Otherwise the line is the
        part of `left`'s boundary that lies within this distance of `right`,
        with holes shorter than twice the tolerance closed.
    names
        What the two are called in the result.

    Returns
    -------
    GeoDataFrame
        As `load_border`.

    Raises
    ------
    BorderError
        If they share no line: with their distance, if they are apart.
    OptionError
        If the tolerance is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> from geoborder import shared_border
    >>> west = gpd.GeoSeries([box(70, 37, 71, 38)], crs="EPSG:4326")
    >>> east = gpd.GeoSeries([box(71, 37, 72, 38)], crs="EPSG:4326")
    >>> shared_border(west, east, names=("W", "E"))["length_km"].round(3).tolist()
    [110.987]
    """
    if not 0.0 <= tolerance_m < np.inf:
        msg = f"`tolerance_m` must be finite and not negative, got {tolerance_m!r}."
        raise OptionError(msg)
    shapes = [
        require_layer(layer, name=name, kinds=POLYGONS)
        for layer, name in ((left, "left"), (right, "right"))
    ]
    require_not_swapped(shapes[0], name="left", near=shapes[1], near_name="right")
    one, other = (shapely.union_all(layer.geometry.array) for layer in shapes)
    if tolerance_m > 0:
        lines, flipped = _lines_within(one, other, tolerance_m)
    else:
        lines, flipped = _common_lines(one, other)
    if lines.size == 0:
        raise BorderError(_no_contact(one, other, names, tolerance_m))
    return _border_table(lines, flipped, names)


def _layer_with(left: str, right: str) -> gpd.GeoDataFrame:
    """Finest bundled layer that holds both countries."""
    for name in COUNTRY_LAYERS:
        layer = load_countries(name)
        if {left, right} <= set(layer["iso3"]):
            return layer
    known = set(load_countries("10m")["iso3"].dropna())
    unknown = next((c for c in (left, right) if c not in known), left)
    msg = (
        f"No bundled country has the code {unknown!r}; give ISO 3166-1 alpha-3 codes "
        'such as "TJK", or pass your own polygons as `countries`.'
    )
    raise DataError(msg)


def _country(layer: object, code: str) -> gpd.GeoSeries:
    """Polygons of one country, found by its code in whichever column has it."""
    if not isinstance(layer, gpd.GeoDataFrame):
        msg = f"`countries` must be a GeoDataFrame, got {type(layer).__name__}."
        raise DataError(msg)
    others = [c for c in layer.columns if c not in _CODE_COLUMNS]
    for column in (*_CODE_COLUMNS, *others):
        if column == layer.active_geometry_name or column not in layer.columns:
            continue
        rows = layer[column].astype("object") == code
        if rows.any():
            return layer.geometry[rows]
    msg = f"`countries` has no row whose code or name is {code!r}."
    raise DataError(msg)


def _directed_edges(shape: BaseGeometry) -> FloatArray:
    """Edges of polygons, interior on the left, as rows of lon, lat, lon, lat."""
    parts = shapely.get_parts(shapely.orient_polygons(shape, exterior_cw=False))
    rings = shapely.get_rings(parts)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    return np.hstack((xy[:-1], xy[1:]))[joined]


def _common_lines(
    one: BaseGeometry, other: BaseGeometry
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """
    Lines along edges that both polygons have, west to east.

    Returns them with whether each was turned round: then `other` is on its left.
    """
    low, high = _common_bounds(one, other).reshape(2, 2)
    mine, theirs = (
        edges[((edges[:, :2] >= low) & (edges[:, :2] <= high)).all(axis=1)]
        for edges in (_directed_edges(one), _directed_edges(other))
    )
    back = np.ascontiguousarray(theirs[:, [2, 3, 0, 1]])
    record = np.dtype((np.void, back.dtype.itemsize * 4))
    shared = np.isin(
        np.ascontiguousarray(mine).view(record).ravel(), back.view(record).ravel()
    )
    edges = shapely.linestrings(mine[shared].reshape(-1, 2, 2))
    if edges.size == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=bool)
    merged = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(edges), directed=True)
    )
    return _westward(merged)


def _common_bounds(
    one: BaseGeometry, other: BaseGeometry, *, margin_deg: float = 0.0
) -> FloatArray:
    """Where both may have edges: the overlap of their bounds."""
    a, b = shapely.bounds(one), shapely.bounds(other)
    low = np.maximum(a[:2], b[:2]) - margin_deg
    high = np.minimum(a[2:], b[2:]) + margin_deg
    return np.concatenate((low, np.maximum(low, high)))


def _westward(
    lines: npt.NDArray[Any],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Turn lines to start in the west; say which had to be reversed."""
    turned = np.array([from_west(line) for line in lines], dtype=object)
    closed = shapely.is_closed(lines)
    flipped = np.where(
        closed,
        shapely.is_ccw(lines) != shapely.is_ccw(turned),
        ~shapely.equals(shapely.get_point(lines, 0), shapely.get_point(turned, 0)),
    )
    return turned, flipped


def _lines_within(
    one: BaseGeometry, other: BaseGeometry, tolerance_m: float
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Part of the first polygon's boundary within a distance of the second one."""
    bounds = _common_bounds(one, other, margin_deg=0.5)
    if (bounds[2:] <= bounds[:2]).any():
        return np.empty(0, dtype=object), np.empty(0, dtype=bool)
    lon, lat = (bounds[:2] + bounds[2:]) / 2.0
    plane = CRS.from_proj4(
        f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84 +units=m"
    )
    there = Transformer.from_crs(LONLAT, plane, always_xy=True)
    back = Transformer.from_crs(plane, LONLAT, always_xy=True)
    window = shapely.box(*bounds)
    rings = shapely.get_rings(
        shapely.get_parts(shapely.orient_polygons(one, exterior_cw=False))
    )
    near = _transform(shapely.intersection(other, window), there)
    found = []
    for ring in rings[shapely.intersects(rings, window)]:
        flat = _transform(shapely.intersection(ring, window), there)
        flat = shapely.line_merge(flat) if flat.geom_type.startswith("Multi") else flat
        for part in shapely.get_parts(flat):
            found.extend(_close_to(part, near, tolerance_m))
    if not found:
        return np.empty(0, dtype=object), np.empty(0, dtype=bool)
    lines = np.array([_transform(line, back) for line in found], dtype=object)
    return _westward(lines)


def _close_to(
    line: BaseGeometry, shape: BaseGeometry, tolerance_m: float
) -> list[BaseGeometry]:
    """Stretches of a line within a planar distance of a shape, small holes closed."""
    zone = shapely.buffer(shape, tolerance_m)
    if line.is_closed:  # a shared stretch may run over its start
        line = shapely.linestrings(shapely.get_coordinates(line))  # no LinearRing
        beyond = shapely.difference(line, zone)
        if beyond.is_empty:
            return [line]
        far = shapely.get_parts(beyond)
        line = _started_at(line, far[np.argmax(shapely.length(far))])
    kept = shapely.intersection(line, zone)
    kept = shapely.get_parts(
        shapely.line_merge(kept) if kept.geom_type.startswith("Multi") else kept
    )
    kept = kept[shapely.get_type_id(kept) == shapely.GeometryType.LINESTRING]
    ends = np.sort(
        [
            sorted(shapely.line_locate_point(line, shapely.get_point(part, [0, -1])))
            for part in kept
        ],
        axis=0,
    )
    if len(ends) == 0:
        return []
    fresh = np.append(True, ends[1:, 0] - ends[:-1, 1] > 2.0 * tolerance_m)
    starts, stops = ends[fresh, 0], ends[np.append(fresh[1:], True), 1]
    long = stops - starts > 2.0 * tolerance_m
    # The line runs on past the shape's corner by up to the tolerance: back to it.
    starts, stops = (
        shapely.line_locate_point(line, _nearest_of(shape, line, places[long]))
        for places in (starts, stops)
    )
    return [substring(line, *ends) for ends in zip(starts, stops, strict=True)]


def _started_at(ring: BaseGeometry, part: BaseGeometry) -> BaseGeometry:
    """Let a closed line start in the middle of one of its parts."""
    middle = shapely.line_interpolate_point(part, 0.5, normalized=True)
    at = shapely.line_locate_point(ring, middle)
    ahead, behind = substring(ring, at, ring.length), substring(ring, 0.0, at)
    xy = [shapely.get_coordinates(piece) for piece in (ahead, behind)]
    return shapely.linestrings(np.concatenate((xy[0], xy[1][1:])))


def _nearest_of(
    shape: BaseGeometry, line: BaseGeometry, places: FloatArray
) -> npt.NDArray[Any]:
    """Points of a shape nearest to places along a line."""
    joins = shapely.shortest_line(shape, shapely.line_interpolate_point(line, places))
    return shapely.get_point(joins, 0)


def _transform(shape: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    return shapely.transform(shape, transformer.transform, interleaved=False)


def _border_table(
    lines: npt.NDArray[Any], flipped: npt.NDArray[np.bool_], names: tuple[str, str]
) -> gpd.GeoDataFrame:
    """Rows of a border, the longest first."""
    order = np.argsort(-polylines(lines).length_m, kind="stable")
    lines, flipped = lines[order], flipped[order]
    label = "-".join(names)
    numbers = [f"{label}/{n}" for n in range(1, len(lines) + 1)]
    table = gpd.GeoDataFrame(
        {
            "border_id": numbers if len(lines) > 1 else [label],
            "left": np.where(flipped, names[1], names[0]),
            "right": np.where(flipped, names[0], names[1]),
        },
        geometry=lines,
        crs=LONLAT,
    )
    return as_border(table)


def _no_contact(
    one: BaseGeometry, other: BaseGeometry, names: tuple[str, str], tolerance_m: float
) -> str:
    """Say how far apart two polygons are that share no line."""
    distance_m = 0.0
    if not shapely.intersects(one, other):
        distance_m = min(_least_m(one, other), _least_m(other, one))
    if distance_m > max(tolerance_m, 0.001):
        return (
            f"{names[0]} and {names[1]} do not touch: they are "
            f"{distance_m / 1000.0:,.3f} km apart."
        )
    return (
        f"{names[0]} and {names[1]} touch or overlap, but share no line within "
        f"{tolerance_m:g} m; if their edges do not fit exactly, pass a larger "
        "`tolerance_m`."
    )


def _least_m(shape: BaseGeometry, target: BaseGeometry) -> float:
    """Least distance from vertices of one polygon to edges of another."""
    tree = edge_tree(polylines(shapely.get_rings(shapely.get_parts(target))))
    lon, lat = shapely.get_coordinates(shape).T
    # Feet far away take long: look for them only from where chords are the shortest.
    chord_m, _ = cKDTree(tree.xyz).query(to_ecef(lon, lat))
    near = chord_m <= _CHORDS_AGREE * chord_m.min() + tree.length_m.max()
    return float(find_feet(tree, lon[near], lat[near]).distance_m.min())
