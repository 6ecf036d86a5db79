"""Events to places and back."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geoborder.chainage import (
    border_rows,
    cut_border,
    from_official,
    locate,
    measure_border,
)
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import (
    FloatArray,
    Polylines,
    forward,
    interpolate,
    inverse,
    polylines,
    vertex_before,
)
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    LINES,
    LONLAT,
    POINTS,
    POLYGONS,
    attributes_of,
    require_columns,
    require_layer,
    require_not_swapped,
)

_FINEST_M = 0.5
"""Stretches shorter than this may go unseen where a feature just touches the line."""


def events_from(
    layer: gpd.GeoDataFrame | gpd.GeoSeries,
    border: gpd.GeoDataFrame,
    *,
    within_km: float = 0.0,
) -> pd.DataFrame:
    """
    Turn a layer into events on a border.

    Parameters
    ----------
    layer
        Points, or lines and polygons, in any CRS. Not modified.
    border
        One border or several.
    within_km
        Points: leave those further off out (0: keep all). Lines and polygons:
        *every* stretch of border within this geodesic distance of the feature is
        an event; with 0 the stretches inside a polygon.

    Returns
    -------
    DataFrame
        The layer's columns with, for points, ``border_id``, ``km``,
        ``official_km`` where calibrated, ``distance_km``, ``side``; for others
        ``border_id``, ``start_km``, ``end_km``, ``length_km`` (official ends
        where calibrated). The index names the feature, so that it repeats where
        a feature has several stretches.

    Raises
    ------
    DataError
        If the layer is unusable, or mixes points with others.
    OptionError
        If the distance is negative, or 0 for lines.

    Examples
    --------
    >>> from geoborder import events_from, load_border, load_units
    >>> units = load_units("AFG", facing="TJK").set_index("name")
    >>> found = events_from(units, load_border(), within_km=0.1)
    >>> found.groupby(level=0)["length_km"].sum().round(1).to_dict()
    {'Badakhshan': 998.8, 'Balkh': 43.5, 'Kunduz': 162.7, 'Takhar': 139.6}
    """
    shapes = require_layer(layer, name="layer", kinds=POINTS | LINES | POLYGONS)
    if not 0.0 <= within_km < np.inf:
        msg = f"`within_km` must be finite and not negative, got {within_km!r}."
        raise OptionError(msg)
    points = shapes.geom_type.isin(POINTS)
    if points.any() and not points.all():
        msg = (
            "`layer` mixes points with lines or polygons; take them one after another."
        )
        raise DataError(msg)
    if points.all():
        located = locate(shapes, border).rename(columns={"chainage_km": "km"})
        kept = (located["distance_km"] <= within_km) | (within_km == 0.0)
        facts = attributes_of(shapes).drop(columns=located.columns, errors="ignore")
        return pd.concat([facts, located], axis=1)[kept.to_numpy()]
    if within_km == 0.0 and shapes.geom_type.isin(LINES).any():
        msg = "`within_km` must be greater than 0 for lines: two lines seldom coincide."
        raise OptionError(msg)
    table, lines = measure_border(border)
    require_not_swapped(shapes, name="layer", near=table, near_name="border")
    parts = []
    for number, shape in enumerate(shapes.geometry.to_numpy()):
        row, start, end = _stretches_near(shape, lines, within_km * 1000.0)
        part = cut_border(table, row, start, end, lines=lines).drop(columns="geometry")
        part.insert(0, "feature", number)
        parts.append(part)
    found = pd.concat(parts, ignore_index=True)
    facts = attributes_of(shapes).drop(columns=found.columns, errors="ignore")
    facts = facts.iloc[found.pop("feature")]
    return pd.concat([facts, found.set_axis(facts.index, axis=0)], axis=1)


def _stretches_near(
    shape: BaseGeometry, lines: Polylines, radius_m: float
) -> tuple[np.ndarray, FloatArray, FloatArray]:
    """
    Find all stretches within a distance of a shape: line, from, to.

    Distance changes no faster than chainage, so a piece of line whose middle is
    further from the threshold than half its length lies wholly on one side of
    it; other pieces are halved.
    """
    rings = shapely.get_parts(shape)
    if shape.geom_type.endswith("Polygon"):
        rings = shapely.get_rings(rings)
    tree = edge_tree(polylines(rings))
    area = None
    if shape.geom_type.endswith("Polygon"):
        area = _along_geodesics(shape, tree.lines)
        shapely.prepare(area)
    row = np.arange(lines.length_m.size)
    start, end = np.zeros(row.size), lines.length_m.copy()
    kept: list[tuple[np.ndarray, FloatArray, FloatArray]] = []
    while row.size:
        middle, half = (start + end) / 2.0, (end - start) / 2.0
        lon, lat = interpolate(lines, row, middle)
        distance = find_feet(tree, lon, lat).distance_m
        if area is not None:
            distance = np.where(
                shapely.contains_xy(area, lon, lat), -distance, distance
            )
        inside = distance <= radius_m
        done = (np.abs(distance - radius_m) > half * 1.0001) | (half < _FINEST_M / 2.0)
        take = done & inside
        kept.append((row[take], start[take], end[take]))
        left, begin, half_way, stop = (
            row[~done],
            start[~done],
            middle[~done],
            end[~done],
        )
        row = np.concatenate((left, left))
        start = np.concatenate((begin, half_way))
        end = np.concatenate((half_way, stop))
    rows, starts, ends = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.lexsort((starts, rows))
    rows, starts, ends = rows[order], starts[order], ends[order]
    fresh = np.ones(rows.size, dtype=bool)
    fresh[1:] = (rows[1:] != rows[:-1]) | (starts[1:] - ends[:-1] > 1e-6)  # noqa: PLR2004 - rounding
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], rows.size) - 1 if rows.size else first
    return rows[first], starts[first], ends[last]


def _along_geodesics(shape: BaseGeometry, rings: Polylines) -> BaseGeometry:
    """Polygons whose edges keep to the geodesics that their rings follow."""
    xy = np.column_stack((rings.lon, rings.lat))
    whole = shapely.linearrings(xy, indices=rings.line_of_vertex)
    parts, ring_part = shapely.get_parts(shape), []
    for number, part in enumerate(parts):
        ring_part += [number] * (1 + shapely.get_num_interior_rings(part))
    return shapely.multipolygons(
        [
            shapely.polygons(own[0], own[1:])
            for own in (whole[np.array(ring_part) == n] for n in range(len(parts)))
        ]
    )


def events_to(
    events: pd.DataFrame,
    border: gpd.GeoDataFrame,
    *,
    offset_m: float = 0.0,
    official: bool = False,
) -> gpd.GeoDataFrame:
    """
    Turn events into points and lines.

    Parameters
    ----------
    events
        Point or interval events. Not modified.
    border
        One border or several.
    offset_m
        Move the geometry this far to the left of the line (negative: right), in
        metres, geodesically; at a bend along the bisector.
    official
        The events' kilometres are official ones.

    Returns
    -------
    GeoDataFrame
        The events with ``geometry`` (EPSG:4326); point events as points, interval
        events as lines.

    Raises
    ------
    DataError
        If the events have no chainage.
    OptionError
        If a chainage is not on its border.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoborder import events_to, load_border
    >>> events = pd.DataFrame({"km": [10.0], "what": ["ford"]})
    >>> point = events_to(events, load_border(), offset_m=100).geometry.item()
    >>> round(point.x, 4), round(point.y, 4)
    (67.7943, 37.097)
    """
    require_columns(events, [], name="events")
    table, lines = measure_border(border)
    names = events["border_id"] if "border_id" in events.columns else None
    rows = border_rows(table, names, len(events))
    if "km" in events.columns:
        km = _own_km(events["km"], table, rows, official=official)
        _require_on_line(km, table, rows)
        lon, lat = interpolate(lines, rows, km * 1000.0)
        if offset_m:
            lon, lat = _beside(lines, rows, km * 1000.0, lon, lat, offset_m)
        shapes = shapely.points(lon, lat)
    else:
        require_columns(events, ["start_km", "end_km"], name="events")
        ends = [
            _own_km(events[c], table, rows, official=official)
            for c in ("start_km", "end_km")
        ]
        for km in ends:
            _require_on_line(km, table, rows)
        cut = cut_border(table, rows, ends[0] * 1000.0, ends[1] * 1000.0, lines=lines)
        shapes = cut.geometry.to_numpy()
        if offset_m:
            shapes = _moved_aside(shapes, offset_m)
    return gpd.GeoDataFrame(pd.DataFrame(events), geometry=shapes, crs=LONLAT)


def _own_km(
    values: pd.Series, border: gpd.GeoDataFrame, rows: np.ndarray, *, official: bool
) -> FloatArray:
    km = values.to_numpy(float)
    return from_official(border, km, rows=rows) if official else km


def _require_on_line(
    km: FloatArray, border: gpd.GeoDataFrame, rows: np.ndarray
) -> None:
    length = border["length_km"].to_numpy(float)[rows]
    off = np.flatnonzero(~((km >= -1e-6) & (km <= length + 1e-6)))  # noqa: PLR2004 - a millimetre
    if off.size:
        msg = (
            f"`events` has {km[off[0]]:g} km in row {off[0]}, but its border is "
            f"{length[off[0]]:.3f} km long."
        )
        raise OptionError(msg)


def _beside(
    lines: Polylines,
    rows: np.ndarray,
    chainage_m: FloatArray,
    lon: FloatArray,
    lat: FloatArray,
    offset_m: float,
) -> tuple[FloatArray, FloatArray]:
    """Points to the left of the line at given chainages."""
    vertex = vertex_before(lines, rows, chainage_m)
    ahead = chainage_m - lines.chainage_m[vertex]
    _, _, azimuth = forward(
        lines.lon[vertex], lines.lat[vertex], lines.azimuth_deg[vertex], ahead
    )
    moved_lon, moved_lat, _ = forward(lon, lat, azimuth - 90.0, offset_m)
    return moved_lon, moved_lat


def _moved_aside(shapes: np.ndarray, offset_m: float) -> np.ndarray:
    """Lines whose vertices lie to the left of those given."""
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    leaving, _ = inverse(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])
    arriving, _ = inverse(xy[1:, 0], xy[1:, 1], xy[:-1, 0], xy[:-1, 1])
    same = line[1:] == line[:-1]
    out = np.append(np.where(same, leaving, np.nan), np.nan)
    into = np.append(np.nan, np.where(same, arriving + 180.0, np.nan))
    out, into = np.where(np.isnan(out), into, out), np.where(np.isnan(into), out, into)
    east = np.sin(np.radians(out)) + np.sin(np.radians(into))
    north = np.cos(np.radians(out)) + np.cos(np.radians(into))
    along = np.degrees(np.arctan2(east, north))
    lon, lat, _ = forward(xy[:, 0], xy[:, 1], along - 90.0, offset_m)
    return shapely.linestrings(np.column_stack((lon, lat)), indices=line)
