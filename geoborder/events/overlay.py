"""Interval events set against each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geoborder.errors import DataError, OptionError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.tables import require_columns

HOWS = ("intersection", "union", "identity")

_APART_KM = 1.0
"""Room between borders that are laid out on one axis."""


def require_intervals(events: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """
    Check a table of interval events.

    Parameters
    ----------
    events
        The table. Not modified.
    name
        What error messages call it.

    Returns
    -------
    DataFrame
        A plain copy with ``border_id``.

    Raises
    ------
    DataError
        If a column is missing, or an interval ends before it starts.
    """
    require_columns(events, ["start_km", "end_km"], name=name)
    table = pd.DataFrame(events).copy()
    if "border_id" not in table.columns:
        table.insert(0, "border_id", "border")
    bad = np.flatnonzero(~(table["start_km"] <= table["end_km"]))
    if bad.size:
        row = table.iloc[bad[0]]
        msg = (
            f"`{name}` has an interval that does not run forward in row "
            f"{table.index[bad[0]]!r}: {row['start_km']} to {row['end_km']} km."
        )
        raise DataError(msg)
    return table


class Axis:
    """Lays the chainages of several borders out on one axis, one after another."""

    def __init__(self, *tables: pd.DataFrame) -> None:
        ends = pd.concat([t[["border_id", "end_km"]] for t in tables])
        longest = ends.groupby("border_id", sort=True)["end_km"].max()
        self.names = longest.index
        room = longest.to_numpy(float) + _APART_KM
        self.shift = (
            np.concatenate(([0.0], np.cumsum(room)[:-1])) if len(room) else room
        )

    def lay(self, table: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """
        Place intervals on the axis.

        Parameters
        ----------
        table
            Interval events.

        Returns
        -------
        start, end : ndarray
            Kilometres on the axis.
        """
        at = self.shift[self.names.get_indexer(table["border_id"])]
        return at + table["start_km"].to_numpy(float), at + table["end_km"].to_numpy(
            float
        )

    def table(self, start: FloatArray, end: FloatArray) -> pd.DataFrame:
        """
        Take intervals back from the axis.

        Parameters
        ----------
        start, end
            Kilometres on the axis.

        Returns
        -------
        DataFrame
            ``border_id``, ``start_km``, ``end_km``, ``length_km``.
        """
        row = np.searchsorted(self.shift, (start + end) / 2.0, side="right") - 1
        return pd.DataFrame(
            {
                "border_id": self.names[row],
                "start_km": start - self.shift[row],
                "end_km": end - self.shift[row],
                "length_km": end - start,
            }
        )


def overlapping_pairs(
    start: FloatArray, end: FloatArray, other_start: FloatArray, other_end: FloatArray
) -> tuple[IntArray, IntArray]:
    """
    Find the pairs of intervals that overlap.

    Parameters
    ----------
    start, end
        Intervals, shape (n,); they may overlap each other.
    other_start, other_end
        Intervals, shape (m,); likewise.

    Returns
    -------
    one, other : ndarray of int
        Every overlapping pair once, in order. Cost n log n and the output's size.
    """
    # Of two that overlap, either the second starts in the first, or the first
    # starts amid the second.
    found = []
    for a, b, c, swap in (
        (start, end, other_start, False),
        (other_start, other_end, start, True),
    ):
        order = np.argsort(c, kind="stable")
        first = np.searchsorted(c[order], a, side="right" if swap else "left")
        last = np.searchsorted(c[order], b, side="left")
        many = np.maximum(last - first, 0)
        mine = np.repeat(np.arange(a.size), many)
        turn = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        theirs = order[np.repeat(first, many) + turn]
        found.append((theirs, mine) if swap else (mine, theirs))
    one, other = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((other, one))
    return one[order], other[order]


def merged(
    start: FloatArray, end: FloatArray, gap: float = 0.0
) -> tuple[IntArray, FloatArray, FloatArray]:
    """
    Merge intervals that overlap or touch.

    Parameters
    ----------
    start, end
        Intervals.
    gap
        Merge over gaps up to this as well.

    Returns
    -------
    group : ndarray of int
        Merged interval that each one went into.
    start, end : ndarray
        The merged intervals, in order.
    """
    order = np.lexsort((end, start))
    reach = np.maximum.accumulate(end[order]) if order.size else end
    fresh = np.append(True, start[order][1:] - reach[:-1] > gap + 1e-9)[: order.size]
    group = np.empty(order.size, dtype=np.int64)
    group[order] = np.cumsum(fresh) - 1
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], order.size) - 1 if order.size else first
    return group, start[order][first], reach[last]


def overlay_events(
    events: pd.DataFrame, other: pd.DataFrame, *, how: str = "intersection"
) -> pd.DataFrame:
    """
    Overlay two tables of interval events.

    Parameters
    ----------
    events, other
        Interval events; intervals of one table may overlap. Not modified.
    how
        ``intersection``: where both have an event; ``identity``: all of `events`,
        with what `other` says where it has an event; ``union``: all of both.

    Returns
    -------
    DataFrame
        ``border_id``, ``start_km``, ``end_km``, ``length_km`` and the other
        columns of both tables (``_1`` and ``_2`` where both have one of a name;
        empty where a table has no event), in order along the borders.

    Raises
    ------
    OptionError
        If `how` is none of these.
    DataError
        If a table has no intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoborder import overlay_events
    >>> roads = pd.DataFrame({"start_km": [0.0], "end_km": [10.0], "road": ["A"]})
    >>> posts = pd.DataFrame({"start_km": [4.0], "end_km": [12.0], "post": [7]})
    >>> overlay_events(roads, posts, how="identity").drop(columns="border_id")
       start_km  end_km  length_km road  post
    0       0.0     4.0        4.0    A   NaN
    1       4.0    10.0        6.0    A   7.0
    """
    if how not in HOWS:
        msg = f"`how` must be one of {', '.join(HOWS)}, got {how!r}."
        raise OptionError(msg)
    one = require_intervals(events, name="events").reset_index(drop=True)
    two = require_intervals(other, name="other").reset_index(drop=True)
    axis = Axis(one, two)
    laid = axis.lay(one), axis.lay(two)
    first, second = overlapping_pairs(*laid[0], *laid[1])
    starts = [np.maximum(laid[0][0][first], laid[1][0][second])]
    ends = [np.minimum(laid[0][1][first], laid[1][1][second])]
    rows = [(first, second)]
    alone = {"intersection": [], "identity": [0], "union": [0, 1]}[how]
    for own in alone:
        number, start, end = _without(laid[own], laid[1 - own])
        starts.append(start)
        ends.append(end)
        none = np.full(number.size, -1)
        rows.append((number, none) if own == 0 else (none, number))
    start, end = np.concatenate(starts), np.concatenate(ends)
    long = end > start
    result = axis.table(start[long], end[long])
    parts = [np.concatenate(part)[long] for part in zip(*rows, strict=True)]
    shared = set(_facts(one)) & set(_facts(two))
    for table, number, mark in ((one, parts[0], "_1"), (two, parts[1], "_2")):
        for column in _facts(table):
            values = table[column].reindex(number).set_axis(result.index)
            result[f"{column}{mark}" if column in shared else column] = values
    order = np.lexsort((parts[1], parts[0], start[long]))
    return result.iloc[order].reset_index(drop=True)


def _facts(table: pd.DataFrame) -> list[str]:
    places = {"border_id", "start_km", "end_km", "length_km", "geometry"}
    return [c for c in table.columns if c not in places]


def _without(
    intervals: tuple[FloatArray, FloatArray], holes: tuple[FloatArray, FloatArray]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Parts of intervals outside the holes: which interval, from, to."""
    start, end = intervals
    _, hole_start, hole_end = merged(*holes)
    open_start = np.concatenate(([-np.inf], hole_end))
    open_end = np.concatenate((hole_start, [np.inf]))
    number, free = overlapping_pairs(start, end, open_start, open_end)
    return (
        number,
        np.maximum(start[number], open_start[free]),
        np.minimum(end[number], open_end[free]),
    )


def dissolve_events(
    events: pd.DataFrame, *, by: str | Sequence[str] = (), gap_km: float = 0.0
) -> pd.DataFrame:
    """
    Merge interval events that overlap or touch.

    Parameters
    ----------
    events
        Interval events. Not modified.
    by
        Columns that must be alike for two events to be merged.
    gap_km
        Merge over gaps up to this length as well, in km.

    Returns
    -------
    DataFrame
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, the columns of
        `by`, and ``events`` (how many were merged), in order.

    Raises
    ------
    DataError
        If the table has no intervals, or no column of `by`.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoborder import dissolve_events
    >>> parts = pd.DataFrame({"start_km": [0, 5, 20], "end_km": [6, 9, 25]})
    >>> dissolve_events(parts)[["start_km", "end_km", "events"]]
       start_km  end_km  events
    0       0.0     9.0       2
    1      20.0    25.0       1
    """
    table = require_intervals(events, name="events").reset_index(drop=True)
    keys = [by] if isinstance(by, str) else list(by)
    require_columns(table, keys, name="events")
    axis = Axis(table)
    parts = []
    groups = table.groupby(keys, dropna=False, sort=True) if keys else [((), table)]
    for values, own in groups:
        group, start, end = merged(*axis.lay(own), gap=gap_km)
        part = axis.table(start, end)
        for key, value in zip(
            keys, values if isinstance(values, tuple) else (values,), strict=True
        ):
            part[key] = value
        part["events"] = np.bincount(group, minlength=len(part))
        parts.append(part)
    result = pd.concat(parts, ignore_index=True)
    return result.sort_values(
        ["border_id", "start_km"], ignore_index=True, kind="stable"
    )
