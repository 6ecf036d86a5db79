"""
The border cut at every place where coverage or segment changes.

Between two such places nothing changes, so all sums, gaps and runs are exact
and come from one small table of cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import Targets
from geoborder.geodesy import BoolArray, FloatArray, IntArray

_SAME_M = 0.001
"""Places nearer to each other than a millimetre are one."""


@dataclass(frozen=True, slots=True)
class Cells:
    """
    Elementary stretches of the border, in order.

    Attributes
    ----------
    row : ndarray of int
        Row of the border that each cell lies on.
    start_m, end_m : ndarray
        Chainages in metres.
    segment : ndarray of int
        Position of the cell's segment, -1 where there is none.
    count : ndarray of int
        Assets that cover each cell in each year, shape (cells, years).
    first_cell, last_cell : ndarray of int
        Cells that each footprint begins and ends with; an empty footprint ends
        before it begins.
    active : ndarray of bool
        Whether each footprint counts in each year, shape (footprints, years).
    """

    row: IntArray
    start_m: FloatArray
    end_m: FloatArray
    segment: IntArray
    count: IntArray
    first_cell: IntArray
    last_cell: IntArray
    active: BoolArray

    @property
    def length_m(self) -> FloatArray:
        """Length of each cell, in metres."""
        return self.end_m - self.start_m


def make_cells(
    border: gpd.GeoDataFrame,
    prints: pd.DataFrame,
    segments: gpd.GeoDataFrame,
    years: list[int] | None,
) -> Cells:
    """
    Cut a border at the ends of all footprints and segments.

    Parameters
    ----------
    border
        As `as_border` gives it.
    prints
        As `footprints` gives them.
    segments
        Segments of the border.
    years
        Years to count for; None where assets have no years.

    Returns
    -------
    Cells
        In the order of the border's rows and chainage.
    """
    # All lines one after another on a single axis, a kilometre apart.
    length = border["length_km"].to_numpy(float) * 1000.0
    shift = np.concatenate(([0.0], np.cumsum(length + 1000.0)[:-1]))
    names = pd.Index(border["border_id"])

    def on_axis(table: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        at = shift[names.get_indexer(table["border_id"])]
        return (
            at + table["start_km"].to_numpy(float) * 1000.0,
            at + table["end_km"].to_numpy(float) * 1000.0,
        )

    print_start, print_end = on_axis(prints)
    part_start, part_end = on_axis(segments)
    breaks = np.unique(
        np.concatenate(
            (shift, shift + length, print_start, print_end, part_start, part_end)
        )
    )
    breaks = breaks[np.append(True, np.diff(breaks) > _SAME_M)]
    first, last = _snap(breaks, print_start), _snap(breaks, print_end)
    active = _active(prints, years)
    change = np.zeros((breaks.size, active.shape[1]), dtype=np.int64)
    np.add.at(change, first, active)
    np.subtract.at(change, last, active)
    count = np.cumsum(change, axis=0)[:-1]

    middle = (breaks[:-1] + breaks[1:]) / 2.0
    row = np.searchsorted(shift, middle, side="right") - 1
    on_line = middle < shift[row] + length[row]
    order = np.argsort(part_start, kind="stable")
    holder = np.searchsorted(part_start[order], middle, side="right") - 1
    segment = np.where(holder >= 0, order[np.maximum(holder, 0)], -1)
    segment = np.where((segment >= 0) & (middle < part_end[segment]), segment, -1)
    number = np.cumsum(on_line) - 1  # of each cell, once those between lines are gone
    return Cells(
        row=row[on_line],
        start_m=(breaks[:-1] - shift[row])[on_line],
        end_m=(breaks[1:] - shift[row])[on_line],
        segment=segment[on_line],
        count=count[on_line],
        first_cell=number[np.minimum(first, number.size - 1)],
        last_cell=number[np.maximum(last - 1, 0)],
        active=active & (last > first)[:, None],
    )


def _snap(breaks: FloatArray, places: FloatArray) -> IntArray:
    """Index of the break that stands for each place."""
    return np.clip(np.searchsorted(breaks, places + _SAME_M, side="right") - 1, 0, None)


def _active(prints: pd.DataFrame, years: list[int] | None) -> BoolArray:
    if years is None:
        return np.ones((len(prints), 1), dtype=bool)
    begun = prints["from_year"].astype("Int64").fillna(min(years)).to_numpy(np.int64)
    ends = prints["until_year"].astype("Int64").fillna(max(years)).to_numpy(np.int64)
    span = np.array(years)
    return np.asarray((begun[:, None] <= span) & (span <= ends[:, None]))


def runs(*keys: IntArray) -> tuple[IntArray, IntArray]:
    """
    Find runs of cells in which no key changes.

    Parameters
    ----------
    *keys
        Arrays of one length.

    Returns
    -------
    first, last : ndarray of int
        First and last cell of each run.
    """
    size = keys[0].size
    fresh = np.ones(size, dtype=bool)
    fresh[1:] = False
    for key in keys:
        fresh[1:] |= key[1:] != key[:-1]
    first = np.flatnonzero(fresh)
    return first, np.append(first[1:], size) - 1


def segments_of(
    targets: Targets, border: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> IntArray:
    """
    Find the segment that holds each cell's middle.

    Parameters
    ----------
    targets
        Equal cells of the border.
    border
        As `as_border` gives it.
    segments
        Segments of it.

    Returns
    -------
    ndarray of int
        Position of the segment; past the last one where there is none.
    """
    middle = (targets.start_m + targets.end_m) / 2000.0
    found = np.full(middle.size, len(segments), dtype=np.int64)
    for line, name in enumerate(border["border_id"]):
        rows = np.flatnonzero(segments["border_id"] == name)
        starts = segments["start_km"].to_numpy(float)[rows]
        ends = segments["end_km"].to_numpy(float)[rows]
        own = np.flatnonzero(targets.line == line)
        order = np.argsort(starts, kind="stable")
        at = np.searchsorted(starts[order], middle[own], side="right") - 1
        own, holder = own[at >= 0], order[at[at >= 0]]
        inside = middle[own] < ends[holder]
        found[own[inside]] = rows[holder[inside]]
    return found
