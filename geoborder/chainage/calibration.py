"""Official chainage: the kilometres of a published length or of known points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoborder.chainage.lines import SLACK_KM, as_border
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
)


def calibrate(
    border: gpd.GeoDataFrame,
    *,
    official_length_km: float | None = None,
    fixed_km: Mapping[float, float] | Iterable[tuple[float, float]] | None = None,
    extrapolate: bool = True,
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
        increasing. Between known points official chainage runs in proportion.
    extrapolate
        Before the first and after the last known point official chainage goes on
        to the ends that `official_length_km` gives, or at the mean rate of the
        known points; False: it is empty there.

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

    See Also
    --------
    calibration_residuals : How well known points agree.
    to_official, from_official : Convert chainage.

    References
    ----------
    ISO 19148:2021. Geographic information - Linear referencing: places between two of
    known distance are found in proportion.

    Examples
    --------
    >>> from geoborder import calibrate, load_border, to_official
    >>> border = calibrate(load_border(), official_length_km=1344.15)
    >>> to_official(border, [0.0, border["length_km"].item()]).tolist()
    [0.0, 1344.15]
    """
    table = as_border(border)
    if len(table) != 1:
        msg = f"`border` must be one line to calibrate, got {len(table)} rows."
        raise OptionError(msg)
    length = float(table["length_km"].iloc[0])
    knots = _knots(length, official_length_km, fixed_km, extrapolate=extrapolate)
    text = ";".join(f"{km!r}={official!r}" for km, official in knots)
    return table.assign(official_length_km=knots[-1][1] - knots[0][1], calibration=text)


def calibration_residuals(
    border: gpd.GeoDataFrame,
    fixed_km: Mapping[float, float] | Iterable[tuple[float, float]],
) -> pd.DataFrame:
    """
    Tell how well known points agree with a calibration, and with each other.

    Parameters
    ----------
    border
        A border that `calibrate` gave.
    fixed_km
        Known points: chainage to published official chainage, in km.

    Returns
    -------
    DataFrame
        A row per point: ``km``, ``official_km`` (published), ``calibrated_km``,
        ``residual_km`` (published less calibrated), and ``left_out_km``: the
        same residual with this point taken from the calibration, 0 and the end
        kept. A large one marks a point that the others contradict.

    Examples
    --------
    >>> from geoborder import calibrate, calibration_residuals, load_border
    >>> border = calibrate(load_border(), official_length_km=1344.15)
    >>> calibration_residuals(border, {100: 100.2, 500: 499.0}).round(2)
          km  official_km  calibrated_km  residual_km  left_out_km
    0  100.0        100.2         100.01         0.19          0.4
    1  500.0        499.0         500.07        -1.07         -1.2
    """
    table = as_border(border)
    pairs = fixed_km.items() if isinstance(fixed_km, Mapping) else fixed_km
    points = np.array(sorted(pairs), dtype=float).reshape(-1, 2)
    calibrated = to_official(table, points[:, 0])
    ends = np.array([[0.0], [float(table["length_km"].iloc[0])]])
    ends = np.hstack((ends, to_official(table, ends[:, 0])[:, None]))
    left_out = np.empty(len(points))
    for number in range(len(points)):
        others = np.vstack((ends[:1], np.delete(points, number, axis=0), ends[1:]))
        _, first = np.unique(others[:, 0], return_index=True)
        known = others[first]
        left_out[number] = np.interp(points[number, 0], known[:, 0], known[:, 1])
    return pd.DataFrame(
        {
            "km": points[:, 0],
            "official_km": points[:, 1],
            "calibrated_km": calibrated,
            "residual_km": points[:, 1] - calibrated,
            "left_out_km": points[:, 1] - left_out,
        }
    )


def _knots(
    length_km: float,
    official_length_km: float | None,
    fixed_km: Mapping[float, float] | Iterable[tuple[float, float]] | None,
    *,
    extrapolate: bool,
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
    if knots and not (knots[0][0] >= 0 and knots[-1][0] <= length_km + SLACK_KM):
        msg = (
            f"`fixed_km` must name chainages between 0 and {length_km:.3f} km, got "
            f"{knots[0][0]:g} to {knots[-1][0]:g}."
        )
        raise OptionError(msg)
    if extrapolate or not knots:
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
    short = not knots or knots[-1][0] < length_km - SLACK_KM
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


def known_points(border: gpd.GeoDataFrame, row: int) -> tuple[FloatArray, FloatArray]:
    """
    Read the points between which a border's official chainage is linear.

    Parameters
    ----------
    border
        A calibrated border.
    row
        Position of the line.

    Returns
    -------
    km, official_km : ndarray
        Chainage and official chainage, both ends of the line included.

    Raises
    ------
    DataError
        If the border has no official chainage.
    """
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

    Examples
    --------
    >>> import geoborder as gb
    >>> border = gb.calibrate(gb.load_border(), fixed_km={0: 0, 400: 398, 1343: 1344})
    >>> gb.to_official(border, [100, 400, 1000]).round(2)
    array([ 99.5 , 398.  , 999.91])
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

    Examples
    --------
    >>> import geoborder as gb
    >>> border = gb.calibrate(gb.load_border(), fixed_km={0: 0, 400: 398, 1343: 1344})
    >>> gb.from_official(border, [99.5, 398, 1000]).round(2)
    array([ 100.  ,  400.  , 1000.09])
    """
    return _convert(border, official_km, rows, back=True)


def _convert(
    border: gpd.GeoDataFrame, km: npt.ArrayLike, rows: IntArray | None, *, back: bool
) -> FloatArray:
    values = np.asarray(km, dtype=float)
    where = np.zeros(values.shape, dtype=np.int64) if rows is None else rows
    result = np.empty(values.shape)
    for row in np.unique(where):
        known = known_points(border, int(row))
        source, target = known[::-1] if back else known
        own = values[where == row]
        # What rounding puts beyond an end is the end.
        near = np.clip(own, source[0], source[-1])
        known_here = np.abs(own - near) <= SLACK_KM
        result[where == row] = np.where(
            known_here, np.interp(near, source, target), np.nan
        )
    return result
