"""
Rivers and lakes, named, out of two archives that have no names.

The names were given by hand: a point on each river, and in each lake, that a map
should name. `build.py` runs this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
WINDOW = (44.0, 23.0, 90.0, 56.0)
"""West, south, east, north: the countries of the region, but for eastern China."""

GRID_DEG = 2.0**-14
"""Coordinates are kept to this, some 6 m: finer than the sources by far."""

LEAST_RIVER_KM = 10.0
LEAST_LAKE_KM2 = 5.0
RIVER_RANKS_KM = (500.0, 200.0, 50.0)
LAKE_RANKS_KM2 = (1000.0, 100.0, 20.0)
"""Of these sizes and more a line or a lake is of rank 1, 2, 3; of less, 4."""

REACH_DEG = 0.05
"""A naming point may lie this far (5 km) from what it names."""

FRESH_WATER = 2
"""What the shore lines' index calls lakes (1 is land, 3 islands in lakes)."""

CUTS = {
    "Qala-i-Panja: Pamir and Wakhan make the Panj": (72.67, 37.03),
    "the Vakhsh joins: Panj becomes Amu Darya": (68.30, 37.12),
    "Obikhingou joins: Surkhob becomes Vakhsh": (70.07, 38.88),
    "Muksu joins: Kyzyl-Suu becomes Surkhob": (71.40, 39.25),
    "Murghab town: Oqsu becomes Murghob": (73.97, 38.18),
    "Kara Darya joins: Naryn becomes Syr Darya": (71.65, 40.88),
}
"""Where a river changes its name though its line goes on."""

RIVERS = {
    "Amu Darya": [
        (66.94, 37.38),
        (65.17, 37.90),
        (63.60, 39.12),
        (61.57, 41.27),
        (59.28, 42.76),
        (58.97, 43.52),
    ],
    "Balkh": [(66.90, 36.44)],
    "Bartang": [(72.11, 38.10)],
    "Chitral": [(72.53, 36.31)],
    "Gilgit": [(73.63, 36.27)],
    "Harirud": [(63.81, 34.34), (61.10, 35.23), (61.19, 36.27), (60.51, 37.55)],
    "Helmand": [(64.54, 31.79), (67.88, 34.43)],
    "Hunza": [(74.91, 36.43)],
    "Indus": [(74.04, 35.43), (70.75, 30.29), (70.70, 29.31)],
    "Kabul": [(69.51, 34.56)],
    "Kara Darya": [(73.33, 40.73)],
    "Kokcha": [(70.14, 37.06)],
    "Kunar": [(71.09, 34.79)],
    "Kunduz": [(68.79, 36.36)],
    "Kyzyl-Suu": [(73.00, 39.67)],
    "Murghab": [(63.30, 35.66)],
    "Murghob": [(73.40, 38.16)],
    "Naryn": [(73.95, 41.49)],
    "Oqsu": [(74.77, 37.68)],
    "Pamir": [(73.09, 37.33)],
    "Panj": [(70.59, 38.29)],
    "Surkhob": [(70.70, 39.08)],
    "Syr Darya": [(70.90, 40.70), (69.11, 40.58), (65.95, 44.48)],
    "Vakhsh": [(69.33, 38.32)],
    "Wakhan": [(73.20, 36.96)],
    "Yarkand": [(76.68, 37.90)],
    "Zarafshon": [(67.25, 39.59), (63.83, 39.50)],
}

LAKES = {
    "Alakol": [(81.71, 46.10)],
    "Balkhash": [(73.95, 45.90)],
    "Caspian Sea": [(50.52, 41.85)],
    "Chatyr-Kul": [(75.29, 40.63)],
    "Issyk-Kul": [(77.05, 42.45)],
    "Kapchagay Reservoir": [(77.63, 43.84)],
    "Karakul": [(73.48, 39.01)],
    "Kayrakkum Reservoir": [(70.18, 40.32)],
    "Sarez": [(72.74, 38.20)],
    "Sevan": [(45.35, 40.38)],
    "Shardara Reservoir": [(68.16, 41.13)],
    "Shiva": [(71.33, 37.39)],
    "Song-Kul": [(75.16, 41.84)],
    "South Surkhan Reservoir": [(67.66, 37.86)],
    "Tengiz": [(68.89, 50.44)],
    "Urmia": [(45.51, 37.70)],
    "Wular": [(74.57, 34.36)],
}

ARAL = (60.04, 45.12)
"""Left out: the source has the Aral Sea's shore of about 1960."""

BORDER_LAKES = {"Zorkul": [(73.69, 37.44)]}
"""Lakes on the border that the shore lines lack."""


def rivers(index: str, coordinates: bytes) -> gpd.GeoDataFrame:
    """Join the pieces of World Data Bank II in the window to rivers, and name them."""
    pieces = np.array([shapely.LineString(xy) for _, xy in listed(index, coordinates)])
    # The source cuts its lines at every whole degree.
    inside = shapely.get_parts(shapely.clip_by_rect(pieces, *WINDOW))
    lines = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(list(inside))))
    for place, point in CUTS.items():
        lines = cut(lines, point, place)
    lines = shapely.transform(lines, lambda xy: np.round(xy / GRID_DEG) * GRID_DEG)
    layer = named(shapely.remove_repeated_points(lines), RIVERS)
    layer["geometry"] = [
        shapely.MultiLineString(list(shapely.get_parts(shapely.line_merge(shape))))
        for shape in layer.geometry
    ]
    layer["length_km"] = [
        round(GEOD.geometry_length(shape) / 1000, 1) for shape in layer.geometry
    ]
    layer = layer[layer["length_km"] >= LEAST_RIVER_KM]
    source = "World Data Bank II (GSHHG 2.3.6)"
    return finished(layer, "R", "length_km", RIVER_RANKS_KM, source)


def lakes(index: str, coordinates: bytes) -> gpd.GeoDataFrame:
    """Pick the lakes of World Data Bank II in the window, and name them."""
    shapes = [
        shapely.Polygon(xy)
        for kind, xy in listed(index, coordinates)
        if kind == FRESH_WATER
    ]
    inside = np.array(shapes)[shapely.intersects(shapes, shapely.box(*WINDOW))]
    inside = np.delete(inside, nearest(inside, ARAL, "Aral Sea"))
    inside = shapely.set_precision(inside, GRID_DEG)
    source = "World Data Bank II (GSHHG 2.3.6)"
    return with_areas(named(inside, LAKES), "L", source)


def border_lakes(geometries: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Pick the border's lakes out of OpenStreetMap's."""
    shapes = shapely.get_parts([shapely.geometry.shape(item) for item in geometries])
    inside = shapes[shapely.intersects(shapes, shapely.box(*WINDOW))]
    layer = named(inside, BORDER_LAKES)
    layer = layer[layer["name"] != ""]
    layer["geometry"] = shapely.set_precision(layer.geometry.to_numpy(), GRID_DEG)
    return with_areas(layer, "B", "OpenStreetMap (geo-maps 0.6.0)")


def listed(index: str, coordinates: bytes) -> Iterator[tuple[int, np.ndarray]]:
    """Read kind and coordinates of every line of a pair of files."""
    for row in index.splitlines():
        # kind, area, points, south, north, first byte, bytes, number
        kind, first, size = (int(row.split()[n]) for n in (0, 5, 6))
        xy = np.frombuffer(coordinates, "<f4", count=size // 4, offset=first)
        yield kind, xy.reshape(-1, 2).astype(float)


def cut(lines: np.ndarray, point: tuple[float, float], place: str) -> np.ndarray:
    """Cut the longest line near a point in two at its vertex nearest to the point."""
    near = shapely.distance(lines, shapely.Point(point)) <= REACH_DEG
    if not near.any():
        msg = f"{place}: no line near {point}"
        raise SystemExit(msg)
    which = int(np.where(near, shapely.length(lines), 0).argmax())
    xy = shapely.get_coordinates(lines[which])
    vertex = int(np.hypot(*(xy - point).T).argmin())
    halves = [xy[: vertex + 1], xy[vertex:]]
    kept = [shapely.LineString(half) for half in halves if len(half) > 1]
    return np.array([*np.delete(lines, which), *kept], dtype=object)


def nearest(shapes: np.ndarray, point: tuple[float, float], name: str) -> int:
    """Find the shape nearest to a point; stop if that is too far."""
    distance = shapely.distance(shapes, shapely.Point(point))
    which = int(distance.argmin())
    if distance[which] > REACH_DEG:
        msg = f"{name}: nothing near {point}, the nearest {distance[which]:.3f} deg off"
        raise SystemExit(msg)
    return which


def named(
    shapes: np.ndarray, names: dict[str, list[tuple[float, float]]]
) -> gpd.GeoDataFrame:
    """Name the shapes nearest to the naming points; a row each name, or shape."""
    label = np.full(len(shapes), "", dtype=object)
    for name, points in names.items():
        for point in points:
            which = nearest(shapes, point, name)
            if label[which] not in {"", name}:
                msg = f"{name} and {label[which]} name the same shape."
                raise SystemExit(msg)
            label[which] = name
    rows = [(name, shapely.union_all(shapes[label == name])) for name in names]
    rows += [("", shape) for shape in shapes[label == ""]]
    return gpd.GeoDataFrame(rows, columns=["name", "geometry"], crs=4326)


def with_areas(layer: gpd.GeoDataFrame, letter: str, source: str) -> gpd.GeoDataFrame:
    """Measure lakes and finish them."""
    layer["area_km2"] = [
        round(abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6, 1)
        for shape in layer.geometry
    ]
    layer = layer[layer["area_km2"] >= LEAST_LAKE_KM2]
    return finished(layer, letter, "area_km2", LAKE_RANKS_KM2, source)


def finished(
    layer: gpd.GeoDataFrame,
    letter: str,
    size: str,
    ranks: tuple[float, ...],
    source: str,
) -> gpd.GeoDataFrame:
    """Rank, sort (named ones first, then from west to east) and number the rows."""
    layer = layer.assign(
        source=source, rank=[1 + sum(value < r for r in ranks) for value in layer[size]]
    )
    order = pd.DataFrame({"bare": layer["name"] == "", "name": layer["name"]})
    order = order.join(pd.DataFrame(layer.bounds))
    layer = layer.loc[order.sort_values([*order.columns]).index].reset_index(drop=True)
    key = "river_id" if size == "length_km" else "lake_id"
    layer[key] = [f"{letter}{n:04d}" for n in range(1, len(layer) + 1)]
    return layer[[key, "name", "rank", size, "source", "geometry"]]
