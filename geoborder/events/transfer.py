"""Events carried over to a line that was drawn anew."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import measure_border
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import FloatArray, Polylines, interpolate, inverse
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import require_columns

_CONTROL_M = 2000.0
"""Spacing of control points that are matched without being asked for."""


def transfer_events(
    events: pd.DataFrame,
    old_border: gpd.GeoDataFrame,
    new_border: gpd.GeoDataFrame,
    *,
    control_km: Mapping[float, float] | None = None,
) -> pd.DataFrame:
    """
    Keep events in place when their border is drawn anew.

    Between control points, which are the same place on both lines, chainage is
    carried over in proportion.

    Parameters
    ----------
    events
        Point or interval events on the old border. Not modified.
    old_border, new_border
        The same border, drawn twice; one line each.
    control_km
        Chainage on the old to chainage on the new line, in km, increasing. By
        default both ends, and a place every 2 km of the old line, if its foot on
        the new line leads back to it and keeps the order.

    Returns
    -------
    DataFrame
        The events with chainage on the new border, ``old_km`` (or
        ``old_start_km``, ``old_end_km``) and ``displacement_m``: the geodesic
        distance between the old place and the new one (of intervals, the greater
        of their ends').

    Raises
    ------
    OptionError
        If a border has several lines, or control points are not in order or not
        on the lines.
    DataError
        If the events have no chainage, or one beyond the old border.

    See Also
    --------
    calibrate : Official chainage, by the same proportion between known points.
    compare_borders : How far the two lines lie apart.

    Examples
    --------
    >>> import pandas as pd
    >>> import geoborder as gb
    >>> old = gb.load_border(countries=gb.load_countries("10m"))
    >>> new = gb.load_border()
    >>> posts = pd.DataFrame({"km": [100.0, 600.0], "post": ["A", "B"]})
    >>> moved = gb.transfer_events(posts, old, new)
    >>> moved[["post", "old_km", "km", "displacement_m"]].round(0)
      post  old_km     km  displacement_m
    0    A   100.0  100.0           575.0
    1    B   600.0  682.0           191.0
    """
    old, new = (_one_line(b, n) for b, n in ((old_border, "old"), (new_border, "new")))
    knots = _matched(old, new) if control_km is None else _given(control_km, old, new)
    require_columns(events, [], name="events")
    table = pd.DataFrame(events).copy()
    columns = ["km"] if "km" in table.columns else ["start_km", "end_km"]
    require_columns(table, columns, name="events")
    displacement = np.zeros(len(table))
    for column in columns:
        before = table[column].to_numpy(float)
        length = float(old.length_m[0]) / 1000.0
        if ((before < -1e-6) | (before > length + 1e-6)).any():  # noqa: PLR2004 - a millimetre
            msg = f"`events` has chainages beyond the old border's {length:.3f} km."
            raise DataError(msg)
        after = np.interp(before, knots[:, 0], knots[:, 1])
        table[f"old_{column}"] = before
        table[column] = after
        moved = inverse(*_at(old, before), *_at(new, after))[1]
        displacement = np.maximum(displacement, moved)
    return table.assign(displacement_m=displacement)


def _one_line(border: gpd.GeoDataFrame, which: str) -> Polylines:
    table, lines = measure_border(border, name=f"{which}_border")
    if len(table) != 1:
        msg = (
            f"`{which}_border` must be one line, got {len(table)}; transfer one by one."
        )
        raise OptionError(msg)
    return lines


def _at(lines: Polylines, km: FloatArray) -> tuple[FloatArray, FloatArray]:
    return interpolate(lines, np.zeros(km.size, dtype=np.int64), km * 1000.0)


def _matched(old: Polylines, new: Polylines) -> FloatArray:
    """Control points: pairs of chainage on the old and the new line, in km."""
    count = max(2, int(old.length_m[0] / _CONTROL_M) + 1)
    places = np.linspace(0.0, old.length_m[0], count)[1:-1]
    lon, lat = _at(old, places / 1000.0)
    there = find_feet(edge_tree(new), lon, lat)
    back = find_feet(edge_tree(old), *_at(new, there.chainage_m / 1000.0))
    # A foot that leads back to where it came from is a match.
    mutual = np.abs(back.chainage_m - places) < np.maximum(there.distance_m, 1.0)
    pairs = np.column_stack((places, there.chainage_m))[mutual]
    pairs = pairs[_longest_increasing(pairs[:, 1])]
    ends = np.array([[0.0, 0.0], [old.length_m[0], new.length_m[0]]])
    inner = (pairs[:, 1] > 0.0) & (pairs[:, 1] < new.length_m[0])
    return np.vstack((ends[:1], pairs[inner], ends[1:])) / 1000.0


def _longest_increasing(values: FloatArray) -> np.ndarray:
    """Rows of the longest run of increasing values, in order."""
    tails: list[int] = []
    before = np.full(values.size, -1)
    for number, value in enumerate(values):
        place = int(np.searchsorted(values[tails], value)) if tails else 0
        before[number] = tails[place - 1] if place else -1
        tails[place : place + 1] = [number]
    rows, row = [], tails[-1] if tails else -1
    while row >= 0:
        rows.append(row)
        row = int(before[row])
    return np.array(rows[::-1], dtype=np.int64)


def _given(
    control_km: Mapping[float, float], old: Polylines, new: Polylines
) -> FloatArray:
    knots = np.array(sorted(control_km.items()), dtype=float).reshape(-1, 2)
    length = np.array([old.length_m[0], new.length_m[0]]) / 1000.0
    if (
        (np.diff(knots, axis=0) <= 0).any()
        or (knots < 0).any()
        or (knots > length).any()
    ):
        msg = (
            "`control_km` must increase on both lines and lie on them "
            f"({length[0]:.3f} and {length[1]:.3f} km), got {dict(control_km)}."
        )
        raise OptionError(msg)
    if not len(knots) or knots[0, 0] > 0:
        knots = np.vstack((np.zeros((1, 2)), knots))
    if knots[-1, 0] < length[0]:
        knots = np.vstack((knots, length))
    return knots
