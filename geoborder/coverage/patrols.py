"""Patrols along the border: how far they get in a shift, and how often they pass."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border, cut_border
from geoborder.coverage.reached import by_travel, require_dem, require_figure
from geoborder.errors import DataError, GeoborderWarning
from geoborder.geodesy import FloatArray, IntArray, Polylines, interpolate, polylines
from geoborder.nearest import EdgeTree, edge_tree, find_feet
from geoborder.reach import TRAVEL_MODES, Conditions, TravelMode, travel_time
from geoborder.reach.conditions import as_conditions
from geoborder.tables import (
    ASSETS,
    LONLAT,
    POINTS,
    require_layer,
    require_spatial,
    validate,
)
from geoborder.terrain import Dem, DemLike, equal_steps

_ON_LINE_M = 1.0
"""Posts no further from the line than this need no way to it."""

Stretches = tuple[IntArray, IntArray, FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Reach:
    """
    How far patrols get, either way.

    Attributes
    ----------
    line : ndarray of int
        Row of the border that each asset's foot lies on.
    foot_m, start_m, end_m : ndarray
        Chainages of the foot and of the furthest places, in metres; where an asset
        does not get to the line they are all the same.
    """

    line: IntArray
    foot_m: FloatArray
    start_m: FloatArray
    end_m: FloatArray


def patrolled(
    tree: EdgeTree,
    lines: Polylines,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike | None,
    conditions: Conditions | None,
) -> Stretches:
    """
    Find the stretch of border that each asset patrols.

    Parameters
    ----------
    tree, lines
        The border.
    assets
        Assets of mode patrol, points in EPSG:4326, numbered from 0.
    dem
        Elevation; needed where assets have ``shift_hours``.
    conditions
        What travel to the line meets.

    Returns
    -------
    asset, line : ndarray of int
        Row of the asset and of the border, per stretch.
    start_m, end_m : ndarray
        Where it begins and ends.
    """
    met = as_conditions(conditions)
    reach = _reach_of(tree, lines, assets, dem=dem, conditions=met)
    some = np.flatnonzero(reach.end_m > reach.start_m)
    return some, reach.line[some], reach.start_m[some], reach.end_m[some]


def _reach_of(
    tree: EdgeTree,
    lines: Polylines,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike | None,
    conditions: Conditions | None,
) -> Reach:
    """How far patrols get along the border: by distance, by time, or by both."""
    lon, lat = assets.geometry.x.to_numpy(float), assets.geometry.y.to_numpy(float)
    feet = find_feet(tree, lon, lat)
    empty = pd.Series(np.nan, index=assets.index)
    hours = assets.get("shift_hours", empty).to_numpy(float)
    timed = ~np.isnan(hours)
    range_m = assets["range_km"].to_numpy(float) * 1000.0
    require_figure(
        assets[~timed], "range_km", "the distance patrolled, or `shift_hours`"
    )
    range_m = np.where(np.isnan(range_m), np.inf, range_m)
    foot = feet.chainage_m
    start, end = foot - range_m, foot + range_m
    if timed.any():
        ground = require_dem(assets[timed], dem)
        _warn_of_void(lines, feet.line[timed], foot[timed], ground)
        for travel, which in by_travel(assets).items():
            own = np.flatnonzero(which & timed)
            if own.size:
                mode = _mode(travel)
                left_s = hours[own] * 3600.0 - _way_s(
                    lines, assets.iloc[own], feet.line[own], foot[own],
                    feet.distance_m[own], hours[own], ground, travel, conditions,
                )  # fmt: skip
                low, high = _along(
                    lines, feet.line[own], foot[own], left_s, ground, mode
                )
                start[own] = np.maximum(start[own], low)
                end[own] = np.minimum(end[own], high)
    start = np.maximum(start, 0.0)
    end = np.minimum(end, lines.length_m[feet.line])
    near = (feet.distance_m <= range_m) & (end >= start)
    return Reach(
        feet.line, foot, np.where(near, start, foot), np.where(near, end, foot)
    )


def _warn_of_void(
    lines: Polylines, line: IntArray, foot_m: FloatArray, dem: Dem
) -> None:
    """Tell how many patrols set out where there is no elevation."""
    void = ~np.isfinite(dem.heights_at(*interpolate(lines, line, foot_m)))
    if void.any():
        text = (
            f"{int(void.sum())} of {void.size} patrols set out where elevation "
            f"{dem.source!r} has no data: how far they get is unknown, and not counted."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=2)


def _mode(travel: str) -> TravelMode:
    if travel not in TRAVEL_MODES:
        msg = (
            f"`assets`, column 'travel': {travel!r} is not one of "
            f"{', '.join(TRAVEL_MODES)}."
        )
        raise DataError(msg)
    return TRAVEL_MODES[travel]


def _way_s(
    lines: Polylines,
    assets: gpd.GeoDataFrame,
    line: IntArray,
    foot_m: FloatArray,
    distance_m: FloatArray,
    hours: FloatArray,
    dem: Dem,
    travel: str,
    conditions: Conditions | None,
) -> FloatArray:
    """Seconds from posts to their feet on the line and back; infinite if too long."""
    seconds = np.zeros(line.size)
    far = np.flatnonzero(distance_m > _ON_LINE_M)
    if not far.size:
        return seconds
    lon, lat = interpolate(lines, line[far], foot_m[far])
    feet = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=LONLAT)
    for direction in ("out", "back"):
        minutes = travel_time(
            assets.iloc[far], feet, dem=dem, mode=travel,
            minutes=float(hours[far].max()) * 60.0,
            direction=direction, conditions=conditions,
        ).to_numpy()  # fmt: skip
        one_way = np.diagonal(minutes) * 60.0
        seconds[far] += np.where(np.isnan(one_way), np.inf, one_way)
    return seconds


def _along(
    lines: Polylines,
    line: IntArray,
    foot_m: FloatArray,
    left_s: FloatArray,
    dem: Dem,
    mode: TravelMode,
) -> tuple[FloatArray, FloatArray]:
    """Furthest chainages either way that are got to and back from along the line."""
    low, high = foot_m.copy(), foot_m.copy()
    lon, lat = interpolate(lines, line, foot_m)
    step_m = min(dem.cell_size_m(float(lon[0]), float(lat[0])))
    number, chainage = equal_steps(lines, step_m)
    at_lon, at_lat = interpolate(lines, number, chainage)
    height = dem.heights_at(at_lon, at_lat)
    for own in np.unique(line):
        place, ground = chainage[number == own], height[number == own]
        piece = np.diff(place)
        slope = np.diff(ground) / np.maximum(piece, 1e-9)
        pace = mode.pace(slope) + mode.pace(-slope)
        barred = ~np.isfinite(pace)
        seconds = np.where(barred, 0.0, pace * piece)
        clock = np.concatenate(([0.0], np.cumsum(seconds)))
        which = np.flatnonzero((line == own) & (left_s > 0.0))
        at = np.clip(
            np.searchsorted(place, foot_m[which], side="right") - 1, 0, piece.size - 1
        )
        which, at = which[~barred[at]], at[~barred[at]]
        # Nobody gets past the nearest piece on either side that cannot be passed.
        number_of = np.arange(piece.size)
        last = np.maximum.accumulate(np.where(barred, number_of, -1))
        after = np.where(barred, number_of, piece.size)
        after = np.minimum.accumulate(after[::-1])[::-1]
        begin = np.interp(foot_m[which], place, clock)
        back = np.interp(begin - left_s[which], clock, place)
        ahead = np.interp(begin + left_s[which], clock, place)
        low[which] = np.maximum(back, place[last[at] + 1])
        high[which] = np.minimum(ahead, place[after[at]])
    return low, high


def patrol_passes(
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    year: int | None = None,
    conditions: Conditions | None = None,
) -> gpd.GeoDataFrame:
    """
    Work out how often patrols pass each place of a border in a day.

    Parameters
    ----------
    border
        One border or several.
    assets
        As for `cover`; those of mode ``patrol`` count, with ``patrols_per_day``
        (1 where it is empty). Not modified.
    dem
        Elevation; needed where assets have ``shift_hours``.
    year
        Assets in operation in this year count; all where it is None.
    conditions
        What travel from posts to the line meets.

    Returns
    -------
    GeoDataFrame
        Stretches in order, over the whole of each line: ``border_id``, ``start_km``,
        ``end_km``, ``length_km``, ``passes_per_day``, ``geometry``.

    Raises
    ------
    DataError
        If a table is unusable.
    OptionError
        If an asset has ``shift_hours`` and `dem` is missing, or it has neither these
        nor a ``range_km``.

    Notes
    -----
    A patrol goes along the line to the furthest place that it gets back from, and
    passes every place between twice. Patrols of an asset take the two sides in turn;
    at an end of the line they all go the other way. How far they get in
    ``shift_hours`` is worked out along the line itself, with the slope of the
    elevation at steps of a cell, out and back, less the way from the post to the line
    and back.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, patrol_passes, point_at
    >>> border = load_border()
    >>> assets = gpd.GeoDataFrame(
    ...     {
    ...         "asset_id": ["A", "B"],
    ...         "mode": ["patrol", "patrol"],
    ...         "range_km": [10.0, 10.0],
    ...         "patrols_per_day": [2, 3],
    ...     },
    ...     geometry=list(point_at(border, [100, 115])),
    ...     crs="EPSG:4326",
    ... )
    >>> passes = patrol_passes(border, assets)
    >>> passes[["start_km", "end_km", "passes_per_day"]].round(1)
       start_km  end_km  passes_per_day
    0       0.0    90.0             0.0
    1      90.0   105.0             2.0
    2     105.0   110.0             5.0
    3     110.0   125.0             3.0
    4     125.0  1344.0             0.0
    """
    table = as_border(border)
    lines = polylines(table.geometry.array)
    require_spatial(assets, name="assets")
    own: gpd.GeoDataFrame = validate(assets, ASSETS, name="assets")
    kept = (own["mode"] == "patrol") & own.geometry.notna()
    if "status" in own.columns:
        kept &= own["status"] != "retired"
    for column, late in (("from_year", False), ("until_year", True)):
        if year is not None and column in own.columns:
            other = own[column].fillna(year)
            kept &= ((other >= year) if late else (other <= year)).astype(bool)
    own = own[kept].reset_index(drop=True)
    parts: list[tuple[int, float, float, float]] = []
    if len(own):
        own = require_layer(own, name="assets", kinds=POINTS)
        met = as_conditions(conditions)
        reach = _reach_of(edge_tree(lines), lines, own, dem=dem, conditions=met)
        daily = own.get("patrols_per_day", pd.Series(np.nan, index=own.index))
        rate = daily.fillna(1.0).to_numpy(float)
        before = reach.foot_m - reach.start_m > _ON_LINE_M
        after = reach.end_m - reach.foot_m > _ON_LINE_M
        share = np.where(before & after, 1.0, 2.0) * rate
        for k in range(len(own)):
            if before[k]:
                parts.append(
                    (reach.line[k], reach.start_m[k], reach.foot_m[k], share[k])
                )
            if after[k]:
                parts.append((reach.line[k], reach.foot_m[k], reach.end_m[k], share[k]))
    return _summed(table, lines, parts)


def _summed(
    border: gpd.GeoDataFrame,
    lines: Polylines,
    parts: list[tuple[int, float, float, float]],
) -> gpd.GeoDataFrame:
    """Add up what overlapping stretches hold, over the whole of each line."""
    rows, starts, ends, sums = [], [], [], []
    for line, length in enumerate(lines.length_m):
        own = np.array([p[1:] for p in parts if p[0] == line]).reshape(-1, 3)
        own[:, :2] = np.round(own[:, :2], 3)  # to a millimetre
        own[:, :2] = np.where(own[:, :2] > length - 2e-3, length, own[:, :2])
        places = np.unique(np.concatenate(([0.0, length], own[:, 0], own[:, 1])))
        change = np.zeros(places.size)
        np.add.at(change, np.searchsorted(places, own[:, 0]), own[:, 2])
        np.subtract.at(change, np.searchsorted(places, own[:, 1]), own[:, 2])
        total = np.round(np.cumsum(change)[:-1], 9)
        first = np.flatnonzero(np.diff(total, prepend=np.nan) != 0.0)
        rows.append(np.full(first.size, line))
        starts.append(places[first])
        ends.append(places[np.append(first[1:], places.size - 1)])
        sums.append(total[first])
    row, start, end = (np.concatenate(v) for v in (rows, starts, ends))
    table = cut_border(border, row, start, end, lines=lines)
    where = table.columns.get_loc("geometry")
    table.insert(where, "passes_per_day", np.concatenate(sums))
    return table
