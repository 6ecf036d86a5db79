"""Events summed up: by segment, and in windows that run along the border."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border
from geoborder.errors import OptionError
from geoborder.events.overlay import Axis, overlapping_pairs, require_intervals
from geoborder.geodesy import FloatArray
from geoborder.tables import SEGMENTS, require_columns, validate


def _as_intervals(events: pd.DataFrame) -> pd.DataFrame:
    """Interval events as they are; point events as intervals without length."""
    require_columns(events, [], name="events")
    if "km" in events.columns and "start_km" not in events.columns:
        events = events.assign(start_km=events["km"], end_km=events["km"])
    return require_intervals(events, name="events").reset_index(drop=True)


def summarise_events(
    events: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    total: Sequence[str] = (),
    mean: Sequence[str] = (),
) -> pd.DataFrame:
    """
    Count events on each segment, and sum up or average their values.

    Parameters
    ----------
    events
        Point or interval events. A point on the place where two segments meet
        belongs to the second. Not modified.
    segments
        Segments, or any intervals with ``segment_id``.
    total
        Columns to add up. An interval event that lies on several segments is
        shared out by length.
    mean
        Columns to average, weighted by the length on the segment (point events
        alike).

    Returns
    -------
    DataFrame
        Indexed like `segments`: ``segment_id``, ``events`` (how many meet it),
        ``event_km`` (their length on it, added up), ``{column}_total``,
        ``{column}_mean`` (empty where there is none).

    Raises
    ------
    DataError
        If a table or column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoborder import load_border, segment_border, summarise_events
    >>> segments = segment_border(load_border(), length_km=500)
    >>> fords = pd.DataFrame({"km": [3.0, 500.0, 620.0], "boats": [2, 1, 5]})
    >>> summarise_events(fords, segments, total=["boats"])
       segment_id  events  event_km  boats_total
    0           1       1       0.0          2.0
    1           2       2       0.0          6.0
    2           3       0       0.0          0.0
    """
    table = _as_intervals(events)
    require_columns(table, [*total, *mean], name="events")
    parts = validate(segments, SEGMENTS, name="segments")
    if table["border_id"].eq("border").all() and len(set(parts["border_id"])) == 1:
        table["border_id"] = parts["border_id"].iloc[0]
    axis = Axis(parts, table)
    start, end = axis.lay(table)
    low, high = axis.lay(parts)
    pairs = _pairs_with_points(start, end, low, high)
    event, segment = pairs
    km = np.minimum(end[event], high[segment]) - np.maximum(start[event], low[segment])
    length = end[event] - start[event]
    share = np.where(length > 0, km / np.where(length > 0, length, 1.0), 1.0)
    weight = np.where(length > 0, km, 1.0)
    size = len(parts)
    result = pd.DataFrame(
        {
            "segment_id": parts["segment_id"],
            "events": np.bincount(segment, minlength=size),
            "event_km": np.bincount(segment, km, minlength=size).astype(float),
        },
        index=parts.index,
    )
    for column in total:
        values = table[column].to_numpy(float)[event]
        result[f"{column}_total"] = np.bincount(segment, values * share, minlength=size)
    for column in mean:
        values = table[column].to_numpy(float)[event]
        weights = np.bincount(segment, weight, minlength=size)
        sums = np.bincount(segment, values * weight, minlength=size)
        result[f"{column}_mean"] = np.where(
            weights > 0, sums / np.maximum(weights, 1e-300), np.nan
        )
    return result


def _pairs_with_points(
    start: FloatArray, end: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of event and segment; points fall into ``[low, high)``, or the last end."""
    pairs = overlapping_pairs(start, end, low, high)
    point = np.flatnonzero(start == end)
    long = start[pairs[0]] < end[pairs[0]]
    order = np.argsort(low, kind="stable")
    holder = np.searchsorted(low[order], start[point], side="right") - 1
    holder = order[np.maximum(holder, 0)]
    inside = (low[holder] <= start[point]) & (start[point] <= high[holder])
    return (
        np.concatenate((pairs[0][long], point[inside])),
        np.concatenate((pairs[1][long], holder[inside])),
    )


def window_events(
    events: pd.DataFrame,
    border: gpd.GeoDataFrame,
    *,
    column: str | None = None,
    step_km: float = 1.0,
    window_km: float = 10.0,
) -> pd.DataFrame:
    """
    Average events in a window that runs along the border.

    Parameters
    ----------
    events
        Point or interval events. Not modified.
    border
        One border or several.
    column
        Value to average; without one, only how much there is.
    step_km
        A row every so many km.
    window_km
        Width of the window around it, cut off at the border's ends.

    Returns
    -------
    DataFrame
        ``border_id``, ``km``; for interval events ``covered_share`` (their length
        over the window's, more than 1 where they overlap), for point events
        ``per_km``; and ``{column}_mean``, weighted by length (empty where there
        is nothing).

    Raises
    ------
    OptionError
        If a step or window is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoborder import load_border, window_events
    >>> events = pd.DataFrame({"start_km": [100.0], "end_km": [103.0], "risk": [4.0]})
    >>> found = window_events(events, load_border(), column="risk")
    >>> found.loc[97:99, ["km", "covered_share", "risk_mean"]]
          km  covered_share  risk_mean
    97  97.0            0.2        4.0
    98  98.0            0.3        4.0
    99  99.0            0.3        4.0
    """
    for name, value in (("step_km", step_km), ("window_km", window_km)):
        if not 0.0 < value < np.inf:
            msg = f"`{name}` must be positive and finite, got {value!r}."
            raise OptionError(msg)
    table, line = _as_intervals(events), as_border(border)
    points = bool((table["start_km"] == table["end_km"]).all())
    points &= len(table) > 0 or "start_km" not in events.columns
    if table["border_id"].eq("border").all() and len(line) == 1:
        table["border_id"] = line["border_id"].iloc[0]
    if column is not None:
        require_columns(table, [column], name="events")
    parts = []
    for border_id, length in zip(line["border_id"], line["length_km"], strict=True):
        own = table[table["border_id"] == border_id]
        km = np.arange(0.0, length, step_km)
        low = np.maximum(km - window_km / 2.0, 0.0)
        high = np.minimum(km + window_km / 2.0, length)
        start, end = own["start_km"].to_numpy(float), own["end_km"].to_numpy(float)
        amount = _amount(start, end, np.ones(len(own)), low, high, points=points)
        part = pd.DataFrame({"border_id": border_id, "km": km})
        part["per_km" if points else "covered_share"] = amount / (high - low)
        if column is not None:
            values = own[column].to_numpy(float)
            sums = _amount(start, end, values, low, high, points=points)
            some = amount > 1e-9  # noqa: PLR2004 - rounding
            part[f"{column}_mean"] = np.where(
                some, sums / np.where(some, amount, 1.0), np.nan
            )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _amount(
    start: FloatArray,
    end: FloatArray,
    values: FloatArray,
    low: FloatArray,
    high: FloatArray,
    *,
    points: bool,
) -> FloatArray:
    """Value times length (or number of points) inside each window, by running sums."""
    if points:
        order = np.argsort(start, kind="stable")
        sums = np.concatenate(([0.0], np.cumsum(values[order])))
        return (
            sums[np.searchsorted(start[order], high, side="left")]
            - sums[np.searchsorted(start[order], low, side="left")]
        )
    # The running sum is linear between the places where an event begins or ends.
    places = np.concatenate((start, end))
    change = np.concatenate((values, -values))
    order = np.argsort(places, kind="stable")
    places, slope = places[order], np.cumsum(change[order])
    if places.size == 0:
        return np.zeros(low.size)
    sums = np.concatenate(([0.0], np.cumsum(slope[:-1] * np.diff(places))))
    return np.interp(high, places, sums) - np.interp(low, places, sums)
