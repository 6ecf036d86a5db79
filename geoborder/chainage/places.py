"""Chainage to places and stretches, and back."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import Point

from geoborder.chainage.calibration import to_official
from geoborder.chainage.lines import SLACK_KM, border_rows, measure_border
from geoborder.errors import OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    Polylines,
    cut,
    interpolate,
)
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    LONLAT,
    POINTS,
    require_layer,
    require_not_swapped,
)

SIDES = np.array(["on", "left", "right"], dtype=object)
"""By the number of a side: 0, 1, and -1."""


def _chainages_m(
    values: npt.ArrayLike, lines: Polylines, rows: IntArray, *, name: str
) -> FloatArray:
    """Chainages in metres, refused when off the line."""
    km = np.asarray(values, dtype=float)
    length = lines.length_m[rows] / 1000.0
    off = np.flatnonzero(~((km >= -SLACK_KM) & (km <= length + SLACK_KM)))
    if off.size:
        msg = (
            f"`{name}` must be between 0 and the border's {length[off[0]]:.3f} km, "
            f"got {km[off[0]]:g}."
        )
        raise OptionError(msg)
    return np.clip(km * 1000.0, 0.0, lines.length_m[rows])


def point_at(
    border: gpd.GeoDataFrame, km: npt.ArrayLike, *, border_id: object = None
) -> Any:  # noqa: ANN401 - a Point for a number, a GeoSeries for an array
    """
    Find the points at given chainages.

    Parameters
    ----------
    border
        One border, or several (then say which with `border_id`).
    km
        Chainage in km, a number or an array.
    border_id
        Name of the border, or one name per chainage.

    Returns
    -------
    Point or GeoSeries
        A Point (longitude, latitude) for a number, a GeoSeries in EPSG:4326 for
        an array; its index is that of `km` where `km` is a Series.

    Raises
    ------
    OptionError
        If a chainage is not on the line.

    See Also
    --------
    locate : The inverse.

    Examples
    --------
    >>> from geoborder import load_border, point_at
    >>> point = point_at(load_border(), 500)
    >>> round(point.x, 4), round(point.y, 4)
    (70.5568, 38.2538)
    """
    table, lines = measure_border(border)
    values = np.atleast_1d(np.asarray(km, dtype=float))
    rows = border_rows(table, border_id, values.size)
    lon, lat = interpolate(lines, rows, _chainages_m(values, lines, rows, name="km"))
    if np.ndim(km) == 0:
        return Point(lon[0], lat[0])
    index = km.index if isinstance(km, pd.Series) else None
    return gpd.GeoSeries(shapely.points(lon, lat), index=index, crs=LONLAT)


def slice_border(
    border: gpd.GeoDataFrame,
    start_km: npt.ArrayLike,
    end_km: npt.ArrayLike,
    *,
    border_id: object = None,
) -> gpd.GeoDataFrame:
    """
    Cut stretches out of a border.

    Parameters
    ----------
    border
        One border, or several (then say which with `border_id`).
    start_km, end_km
        Chainages in km at which stretches begin and end, numbers or arrays.
    border_id
        Name of the border, or one name per stretch.

    Returns
    -------
    GeoDataFrame
        A row per stretch: ``border_id``, ``start_km``, ``end_km``,
        ``length_km``, ``geometry`` (EPSG:4326).

    Raises
    ------
    OptionError
        If a chainage is not on the line, or an end does not lie beyond its start.

    Examples
    --------
    >>> from geoborder import load_border, slice_border
    >>> slice_border(load_border(), [0, 500], [500, 750])["length_km"].tolist()
    [500.0, 250.0]
    """
    table, lines = measure_border(border)
    starts, ends = np.broadcast_arrays(
        np.atleast_1d(np.asarray(start_km, dtype=float)),
        np.atleast_1d(np.asarray(end_km, dtype=float)),
    )
    rows = border_rows(table, border_id, starts.size)
    start_m = _chainages_m(starts, lines, rows, name="start_km")
    end_m = _chainages_m(ends, lines, rows, name="end_km")
    empty = np.flatnonzero(end_m <= start_m)
    if empty.size:
        msg = (
            f"`end_km` must be greater than `start_km`, got {starts[empty[0]]:g} to "
            f"{ends[empty[0]]:g}."
        )
        raise OptionError(msg)
    return cut_border(table, rows, start_m, end_m, lines=lines)


def restart_border(border: gpd.GeoDataFrame, *, at: Point) -> gpd.GeoDataFrame:
    """
    Let the chainage of a closed border start somewhere else.

    Parameters
    ----------
    border
        A border of one closed line, such as an enclave's. Not modified.
    at
        A point in longitude and latitude; chainage starts at its foot.

    Returns
    -------
    GeoDataFrame
        The border, in the same direction; without official chainage.

    Raises
    ------
    OptionError
        If the border is not one closed line.

    Examples
    --------
    >>> from shapely import Point
    >>> from geoborder import load_border, locate, restart_border
    >>> maseru = Point(27.48, -29.31)
    >>> ring = restart_border(load_border("LSO", "ZAF"), at=maseru)
    >>> locate(maseru, ring)["chainage_km"].round(3).item()
    0.0
    """
    table, lines = measure_border(border)
    if len(table) != 1 or not table.geometry.iloc[0].is_closed:
        msg = "`border` must be one closed line to start somewhere else."
        raise OptionError(msg)
    feet = find_feet(edge_tree(lines), np.array([at.x]), np.array([at.y]))
    start, length = feet.chainage_m, lines.length_m
    if not 0.0 < start[0] < length[0]:
        return table
    zero = np.zeros(1, dtype=np.int64)
    halves = cut(
        lines, np.repeat(zero, 2), np.append(start, 0.0), np.append(length, start)
    )
    xy = [shapely.get_coordinates(half) for half in halves]
    ring = shapely.linestrings(np.vstack((xy[0], xy[1][1:])))
    plain = table.drop(columns=["calibration", "official_length_km"], errors="ignore")
    return plain.set_geometry(gpd.GeoSeries([ring], index=table.index, crs=LONLAT))


def cut_border(
    border: gpd.GeoDataFrame,
    rows: IntArray,
    start_m: FloatArray,
    end_m: FloatArray,
    *,
    lines: Polylines,
) -> gpd.GeoDataFrame:
    """
    Cut stretches whose chainages are known to lie on the border.

    Parameters
    ----------
    border
        A border as `as_border` gives it.
    rows
        Row of the border for each stretch.
    start_m, end_m
        Chainages in metres.
    lines
        The border's lines as `polylines` measures them.

    Returns
    -------
    GeoDataFrame
        As `slice_border` gives it; with official chainage too where the border
        is calibrated.
    """
    table = gpd.GeoDataFrame(
        {
            "border_id": border["border_id"].to_numpy()[rows],
            "start_km": start_m / 1000.0,
            "end_km": end_m / 1000.0,
            "length_km": (end_m - start_m) / 1000.0,
        },
        geometry=cut(lines, rows, start_m, end_m),
        crs=LONLAT,
    )
    if "calibration" in border.columns:
        for end in ("start", "end"):
            official = to_official(border, table[f"{end}_km"], rows=rows)
            table.insert(
                table.columns.get_loc("length_km"), f"official_{end}_km", official
            )
    return table


def locate(points: object, border: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Find where points lie along a border, how far from it, and on which side.

    Parameters
    ----------
    points
        Points in any CRS (GeoDataFrame or GeoSeries), or one shapely Point in
        longitude and latitude. Not modified.
    border
        One border, or several: each point goes to the nearest.

    Returns
    -------
    DataFrame
        Indexed like `points`: ``border_id``, ``chainage_km`` of the geodesic
        foot, ``official_km`` where the border is calibrated, ``distance_km``
        (geodesic), ``side`` (``left``, ``right`` or ``on``, seen in the
        direction of increasing chainage).

    Raises
    ------
    DataError
        If `points` is unusable, or has longitude and latitude swapped.

    See Also
    --------
    point_at : The inverse.

    Examples
    --------
    >>> from shapely import Point
    >>> from geoborder import load_border, locate
    >>> khorog = Point(71.553, 37.490)
    >>> locate(khorog, load_border()).round(2)
      border_id  chainage_km  distance_km  side
    0   TJK-AFG        777.6         2.55  left
    """
    if isinstance(points, Point):
        points = gpd.GeoSeries([points], crs=LONLAT)
    layer = require_layer(points, name="points", kinds=POINTS)
    table, lines = measure_border(border)
    require_not_swapped(layer, name="points", near=table, near_name="border")
    xy = shapely.get_coordinates(layer.geometry.to_numpy())
    tree = edge_tree(lines)
    feet = find_feet(tree, xy[:, 0], xy[:, 1])
    located = pd.DataFrame(
        {
            "border_id": table["border_id"].to_numpy()[feet.line],
            "chainage_km": feet.chainage_m / 1000.0,
            "distance_km": feet.distance_m / 1000.0,
            "side": SIDES[feet.side],
        },
        index=layer.index,
    )
    if "calibration" in table.columns:
        official = to_official(table, located["chainage_km"], rows=feet.line)
        located.insert(2, "official_km", official)
    return located
