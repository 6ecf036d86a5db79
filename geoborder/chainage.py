"""
Linear referencing on the ellipsoid: chainage, its inverse, and calibration.

Chainage is the geodesic distance along a border line from its start, in km.
Official chainage is the same place in the kilometres of a published length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import LineString, Point

from geoborder.errors import BorderError, DataError, OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    Polylines,
    cut,
    interpolate,
    polylines,
)
from geoborder.joining import join_pieces
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    BORDER,
    LINES,
    LONLAT,
    POINTS,
    require_layer,
    require_not_swapped,
    validate,
)

SIDES = {1: "left", 0: "on", -1: "right"}

_SLACK_KM = 1e-6
"""A millimetre: how far beyond an end a chainage may lie and still mean the end."""


def as_border(lines: object, *, name: str = "border") -> gpd.GeoDataFrame:
    """
    Read a line layer as a border, or several.

    Parameters
    ----------
    lines
        GeoDataFrame or GeoSeries of lines in any CRS. With a column
        ``border_id`` each row is a border of its own; without one all rows are
        pieces of one border, which must join. Not modified.
    name
        What error messages call it.

    Returns
    -------
    GeoDataFrame
        Columns ``border_id``, ``left``, ``right``, ``length_km`` (and what else
        there was), one LineString per row, EPSG:4326. A line that comes whole
        keeps its direction; pieces that had to be joined run from west to east.

    Raises
    ------
    DataError
        If the layer is unusable (see `require_layer`).
    BorderError
        If a border's pieces leave a gap, or fork.
    """
    layer = require_layer(lines, name=name, kinds=LINES)
    if isinstance(layer, gpd.GeoSeries) or "border_id" not in layer.columns:
        line = join_pieces(list(layer.geometry.array), name=name)
        first = {} if isinstance(layer, gpd.GeoSeries) else layer.iloc[0]
        labels = {
            side: str(first[side]) if side in first else side
            for side in ("left", "right")
        }
        table = gpd.GeoDataFrame(
            {"border_id": ["border"], **{k: [v] for k, v in labels.items()}},
            geometry=[line],
            crs=LONLAT,
        )
    else:
        whole = [
            shape
            if isinstance(shape, LineString)
            else join_pieces([shape], name=f"{name} {label}")
            for shape, label in zip(layer.geometry, layer["border_id"], strict=True)
        ]
        table = layer.set_geometry(gpd.GeoSeries(whole, index=layer.index, crs=LONLAT))
        missing = {side: side for side in ("left", "right") if side not in table}
        table = table.assign(**missing)
    measured = polylines(table.geometry.array)
    if (measured.length_m <= 0.0).any():
        row = table["border_id"].iloc[int(np.argmin(measured.length_m))]
        msg = f"`{name}` {row!r} has no length: its vertices are all the same."
        raise BorderError(msg)
    table["length_km"] = measured.length_m / 1000.0
    checked: gpd.GeoDataFrame = validate(table, BORDER, name=name)
    return checked


def border_rows(border: gpd.GeoDataFrame, border_id: object, size: int) -> IntArray:
    """
    Find the row of a border that each of some chainages belongs to.

    Parameters
    ----------
    border
        A border as `as_border` gives it.
    border_id
        One name, one per chainage, or None where there is only one border.
    size
        Number of chainages.

    Returns
    -------
    ndarray of int
        Row numbers, shape (size,).

    Raises
    ------
    OptionError
        If a name is not in `border`, or none is given and there are several.
    """
    names = list(border["border_id"])
    if border_id is None:
        if len(names) > 1:
            msg = (
                f"`border` has {len(names)} lines ({', '.join(names[:4])} ...); say "
                "which one with `border_id`, or keep one row."
            )
            raise OptionError(msg)
        return np.zeros(size, dtype=np.int64)
    wanted = np.broadcast_to(np.asarray(border_id, dtype=object), (size,))
    rows = pd.Index(names).get_indexer(pd.Index(wanted))
    if (rows < 0).any():
        msg = (
            f"`border_id` {wanted[np.argmin(rows)]!r} is not in `border`, which has "
            f"{', '.join(names[:6])}."
        )
        raise OptionError(msg)
    return rows.astype(np.int64)


def _chainages_m(
    values: npt.ArrayLike, lines: Polylines, rows: IntArray, *, name: str
) -> FloatArray:
    """Chainages in metres, refused when off the line."""
    km = np.asarray(values, dtype=float)
    length = lines.length_m[rows] / 1000.0
    off = np.flatnonzero(~((km >= -_SLACK_KM) & (km <= length + _SLACK_KM)))
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
    >>> from geoborder import load_border
    >>> point = point_at(load_border(), 500)
    >>> round(point.x, 4), round(point.y, 4)
    (70.5568, 38.2538)
    """
    table = as_border(border)
    lines = polylines(table.geometry.array)
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
    >>> from geoborder import load_border
    >>> slice_border(load_border(), [0, 500], [500, 750])["length_km"].tolist()
    [500.0, 250.0]
    """
    table = as_border(border)
    lines = polylines(table.geometry.array)
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
    >>> from geoborder import load_border
    >>> khorog = Point(71.553, 37.490)
    >>> locate(khorog, load_border()).round(2)
      border_id  chainage_km  distance_km  side
    0   TJK-AFG        777.6         2.55  left
    """
    if isinstance(points, Point):
        points = gpd.GeoSeries([points], crs=LONLAT)
    layer = require_layer(points, name="points", kinds=POINTS)
    table = as_border(border)
    require_not_swapped(layer, name="points", near=table, near_name="border")
    lon, lat = layer.geometry.x.to_numpy(float), layer.geometry.y.to_numpy(float)
    feet = find_feet(edge_tree(polylines(table.geometry.array)), lon, lat)
    located = pd.DataFrame(
        {
            "border_id": table["border_id"].to_numpy()[feet.line],
            "chainage_km": feet.chainage_m / 1000.0,
            "distance_km": feet.distance_m / 1000.0,
            "side": pd.Series(feet.side, dtype="int64").map(SIDES).to_numpy(),
        },
        index=layer.index,
    )
    if "calibration" in table.columns:
        official = to_official(table, located["chainage_km"], rows=feet.line)
        located.insert(2, "official_km", official)
    return located


def calibrate(
    border: gpd.GeoDataFrame,
    *,
    official_length_km: float | None = None,
    fixed_km: Mapping[float, float] | Iterable[tuple[float, float]] | None = None,
) -> gpd.GeoDataFrame:
    """
    Give a border official chainage: the kilometres of a published length.

    Parameters
    ----------
    border
        A border of one line. Not modified.
    official_length_km
        Published length of the whole line, in km.
    fixed_km
        Known points: chainage on this line to official chainage, both in km and
        increasing. Between known points official chainage runs in proportion;
        before the first and after the last it goes on at the mean rate of the
        line (of the known points, if no length is given).

    Returns
    -------
    GeoDataFrame
        The border with ``official_length_km`` and ``calibration``, which
        `segment_border`, `slice_border` and `locate` carry on.

    Raises
    ------
    OptionError
        If neither option is given, a length is not positive, or known points
        are not on the line or not in increasing order in both chainages.

    Examples
    --------
    >>> from geoborder import load_border
    >>> border = calibrate(load_border(), official_length_km=1344.15)
    >>> to_official(border, [0.0, border["length_km"].item()]).tolist()
    [0.0, 1344.15]
    """
    table = as_border(border)
    if len(table) != 1:
        msg = f"`border` must be one line to calibrate, got {len(table)} rows."
        raise OptionError(msg)
    length = float(table["length_km"].iloc[0])
    knots = _knots(length, official_length_km, fixed_km)
    text = ";".join(f"{km!r}={official!r}" for km, official in knots)
    return table.assign(official_length_km=knots[-1][1] - knots[0][1], calibration=text)


def _knots(
    length_km: float,
    official_length_km: float | None,
    fixed_km: Mapping[float, float] | Iterable[tuple[float, float]] | None,
) -> list[tuple[float, float]]:
    """Pairs of chainage and official chainage from the line's start to its end."""
    if official_length_km is None and fixed_km is None:
        msg = "`calibrate` needs `official_length_km`, `fixed_km`, or both."
        raise OptionError(msg)
    if official_length_km is not None and not 0 < official_length_km < np.inf:
        msg = (
            "`official_length_km` must be positive and finite, got "
            f"{official_length_km!r}."
        )
        raise OptionError(msg)
    pairs = fixed_km.items() if isinstance(fixed_km, Mapping) else (fixed_km or ())
    knots = sorted((float(km), float(official)) for km, official in pairs)
    if knots and not (knots[0][0] >= 0 and knots[-1][0] <= length_km + _SLACK_KM):
        msg = (
            f"`fixed_km` must name chainages between 0 and {length_km:.3f} km, got "
            f"{knots[0][0]:g} to {knots[-1][0]:g}."
        )
        raise OptionError(msg)
    knots = _to_the_ends(knots, length_km, official_length_km)
    steps = np.diff(np.array(knots), axis=0)
    if (steps <= 0).any():
        place = int(np.flatnonzero((steps <= 0).any(axis=1))[0])
        msg = (
            "Official chainage must increase along the line, got "
            f"{knots[place][1]:g} km at {knots[place][0]:g} km and "
            f"{knots[place + 1][1]:g} km at {knots[place + 1][0]:g} km."
        )
        raise OptionError(msg)
    return knots


def _to_the_ends(
    knots: list[tuple[float, float]], length_km: float, official_length_km: float | None
) -> list[tuple[float, float]]:
    """Continue known points to both ends of the line."""
    short = not knots or knots[-1][0] < length_km - _SLACK_KM
    if official_length_km is not None:
        first = [] if knots and knots[0][0] == 0 else [(0.0, 0.0)]
        knots = [*first, *knots]
        last = [(length_km, knots[0][1] + official_length_km)] if short else []
        return [*knots, *last]
    (km, official), (last_km, last_official) = knots[0], knots[-1]
    rate = (last_official - official) / (last_km - km) if len(knots) > 1 else 1.0
    first = [(0.0, official - rate * km)] if km > 0 else []
    last = [(length_km, last_official + rate * (length_km - last_km))] if short else []
    return [*first, *knots, *last]


def _calibration(border: gpd.GeoDataFrame, row: int) -> tuple[FloatArray, FloatArray]:
    if "calibration" not in border.columns:
        msg = "`border` has no official chainage; give it one with `calibrate`."
        raise DataError(msg)
    pairs = [pair.split("=") for pair in border["calibration"].iloc[row].split(";")]
    knots = np.array(pairs, dtype=float)
    return knots[:, 0], knots[:, 1]


def to_official(
    border: gpd.GeoDataFrame, km: npt.ArrayLike, *, rows: IntArray | None = None
) -> FloatArray:
    """
    Convert chainage to official chainage.

    Parameters
    ----------
    border
        A border that `calibrate` gave.
    km
        Chainages in km.
    rows
        Row of the border for each chainage; the first by default.

    Returns
    -------
    ndarray
        Official chainages in km.

    Raises
    ------
    DataError
        If the border is not calibrated.
    """
    return _convert(border, km, rows, back=False)


def from_official(
    border: gpd.GeoDataFrame,
    official_km: npt.ArrayLike,
    *,
    rows: IntArray | None = None,
) -> FloatArray:
    """
    Convert official chainage to chainage.

    Parameters
    ----------
    border
        A border that `calibrate` gave.
    official_km
        Official chainages in km.
    rows
        Row of the border for each chainage; the first by default.

    Returns
    -------
    ndarray
        Chainages in km.

    Raises
    ------
    DataError
        If the border is not calibrated.
    """
    return _convert(border, official_km, rows, back=True)


def _convert(
    border: gpd.GeoDataFrame, km: npt.ArrayLike, rows: IntArray | None, *, back: bool
) -> FloatArray:
    values = np.asarray(km, dtype=float)
    where = np.zeros(values.shape, dtype=np.int64) if rows is None else rows
    result = np.empty(values.shape)
    for row in np.unique(where):
        known = _calibration(border, int(row))
        source, target = known[::-1] if back else known
        result[where == row] = np.interp(values[where == row], source, target)
    return result
