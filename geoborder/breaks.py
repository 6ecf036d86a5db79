"""Places where a border's course or terrain changes, to cut segments at."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geoborder.chainage import measure_border
from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, Polylines, interpolate, inverse
from geoborder.terrain import Dem

RELIEF_CLASSES_M = (100.0, 300.0, 1000.0)
"""Limits between classes of relief: flat, hilly, rugged, alpine."""


def turn_breaks(
    border: gpd.GeoDataFrame, *, turn_deg: float = 60.0, over_km: float = 5.0
) -> FloatArray:
    """
    Find where a border turns.

    Parameters
    ----------
    border
        A border of one line. Not modified.
    turn_deg
        Least turn, in degrees, between the directions of the line before and
        after the place.
    over_km
        Length of line, in km, over which each direction is taken: bends shorter
        than this do not count. Also the least distance between two places.

    Returns
    -------
    ndarray
        Chainages in km, in order: the sharpest place of each turn.

    Raises
    ------
    OptionError
        If an option is out of range, or the border has several lines.

    Examples
    --------
    >>> from geoborder import load_border, turn_breaks
    >>> turn_breaks(load_border(), turn_deg=100, over_km=30).round().tolist()
    [683.0, 724.0, 1135.0, 1176.0]
    """
    _require(turn_deg=turn_deg, over_km=over_km)
    if turn_deg >= 180.0:  # noqa: PLR2004 - degrees
        msg = f"`turn_deg` must be less than 180, got {turn_deg!r}."
        raise OptionError(msg)
    lines = _one_line(border)
    length, over = float(lines.length_m[0]), over_km * 1000.0
    if length <= 2.0 * over:
        return np.empty(0)
    places = np.linspace(over, length - over, max(3, int(10.0 * length / over)))
    lon, lat = _at(lines, places)
    from_lon, from_lat = _at(lines, places - over)
    to_lon, to_lat = _at(lines, places + over)
    back, _ = inverse(lon, lat, from_lon, from_lat)
    ahead, _ = inverse(lon, lat, to_lon, to_lat)
    turn = np.abs((ahead - back) % 360.0 - 180.0)
    return _peaks(places, turn, least=turn_deg, apart=over) / 1000.0


def relief_breaks(
    border: gpd.GeoDataFrame,
    *,
    dem: Dem,
    window_km: float = 10.0,
    classes_m: tuple[float, ...] = RELIEF_CLASSES_M,
) -> FloatArray:
    """
    Find where the relief along a border changes class.

    Parameters
    ----------
    border
        A border of one line. Not modified.
    dem
        Elevation.
    window_km
        Relief is the range of heights along this length of line; a stretch of
        one class shorter than this goes to its neighbours.
    classes_m
        Limits between classes, in metres, increasing.

    Returns
    -------
    ndarray
        Chainages in km, in order.

    Raises
    ------
    OptionError
        If an option is out of range, or the border has several lines.

    Examples
    --------
    >>> from geoborder import load_border, open_dem, relief_breaks
    >>> len(relief_breaks(load_border(), dem=open_dem(), window_km=20))
    10
    """
    _require(window_km=window_km)
    if not classes_m or (np.diff(classes_m) <= 0).any():
        msg = f"`classes_m` must be increasing limits, got {classes_m!r}."
        raise OptionError(msg)
    lines = _one_line(border)
    spacing = 250.0
    places = np.arange(0.0, float(lines.length_m[0]), spacing)
    heights = dem.heights_at(*_at(lines, places))
    half = max(1, round(window_km * 500.0 / spacing))
    padded = np.pad(heights, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    low = np.nanmin(np.where(np.isnan(windows), np.inf, windows), axis=1)
    high = np.nanmax(np.where(np.isnan(windows), -np.inf, windows), axis=1)
    relief = np.where(np.isfinite(low), high - low, np.nan)
    kind = np.where(np.isnan(relief), -1, np.searchsorted(classes_m, relief))
    kind = _without_short_runs(kind, 2 * half)
    change = np.flatnonzero(kind[1:] != kind[:-1]) + 1
    return (places[change] - spacing / 2.0) / 1000.0


def _require(**options: float) -> None:
    for name, value in options.items():
        if not 0.0 < value < np.inf:
            msg = f"`{name}` must be positive and finite, got {value!r}."
            raise OptionError(msg)


def _one_line(border: gpd.GeoDataFrame) -> Polylines:
    table, lines = measure_border(border)
    if len(table) != 1:
        msg = f"`border` must be one line, got {len(table)} rows; take them one by one."
        raise OptionError(msg)
    return lines


def _at(lines: Polylines, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    return interpolate(lines, np.zeros(places.size, dtype=np.int64), places)


def _peaks(
    places: FloatArray, height: FloatArray, *, least: float, apart: float
) -> FloatArray:
    """Places of the greatest heights, none within a distance of a greater one."""
    chosen: list[float] = []
    for number in np.argsort(-height, kind="stable"):
        if height[number] < least:
            break
        if all(abs(places[number] - other) >= apart for other in chosen):
            chosen.append(float(places[number]))
    return np.sort(np.array(chosen))


def _without_short_runs(kind: np.ndarray, least: int) -> np.ndarray:
    """Give runs shorter than a number of samples to their longer neighbour."""
    kind = kind.copy()
    while True:
        first = np.append(0, np.flatnonzero(kind[1:] != kind[:-1]) + 1)
        size = np.diff(np.append(first, kind.size))
        if size.size == 1 or size.min() >= least:
            return kind
        short = int(np.argmin(size))
        before = size[short - 1] if short > 0 else -1
        after = size[short + 1] if short + 1 < size.size else -1
        other = short - 1 if before >= after else short + 1
        kind[first[short] : first[short] + size[short]] = kind[first[other]]
