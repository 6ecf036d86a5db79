"""Rows that let no gap be longer than is allowed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray, IntArray
from geoborder.placement.merging import spread
from geoborder.placement.problem import Problem

_SLACK_KM = 1e-6
"""A gap that is longer by no more than a millimetre is not longer."""


def windows_of(cells: pd.DataFrame, limit_km: float) -> tuple[IntArray, IntArray]:
    """
    Find the shortest runs of cells that are longer than a limit.

    A border has no gap longer than the limit if and only if each of them has a
    covered cell.

    Parameters
    ----------
    cells
        Cells in the order of the border, as `Setting` has them.
    limit_km
        The limit.

    Returns
    -------
    first, last : ndarray of int
        First and last cell of each run; none lies within another.
    """
    start, end = (cells[c].to_numpy(float) for c in ("start_km", "end_km"))
    firsts, lasts = [], []
    for rows in cells.groupby("border_id", sort=False).indices.values():
        most = start[rows] + limit_km + _SLACK_KM
        last = np.searchsorted(end[rows], most, side="right")
        inside = np.flatnonzero(last < rows.size)
        # Of runs with one end the shortest, which begins last.
        before = last[inside]
        inside = inside[before != np.append(before[1:], -1)]
        firsts.append(rows[inside])
        lasts.append(rows[last[inside]])
    none = np.empty(0, dtype=np.int64)
    return np.concatenate((none, *firsts)), np.concatenate((none, *lasts))


def gap_rows(
    problem: Problem, cells: pd.DataFrame, merged: IntArray, year: int, limit_km: float
) -> tuple[csr_array, csr_array, list[str], list[str]]:
    """
    Write down that no gap is longer than a limit in a year.

    Parameters
    ----------
    problem
        The problem.
    cells, merged
        As `Setting` has them.
    year
        Position of the year.
    limit_km
        The longest gap allowed.

    Returns
    -------
    rows : csr_array
        Factors of choices, of which each row must sum up to -1 at most.
    floors : csr_array
        Factors of covered cells, of which each row must sum up to 1 at least: runs in
        which more than one asset is required somewhere.
    subjects, floor_subjects : list of str
        What to call them.
    """
    first, last = windows_of(cells, limit_km)
    run, place = spread(last - first + 1)
    column = merged[first[run] + place]
    run, column = run[column >= 0], column[column >= 0]
    shape = (first.size, problem.covers.shape[1])
    holds = _ones((run, column), shape)
    one = np.full(problem.required.size, 1.0)
    required = one if problem.detection else problem.required
    least = one * 1e-12 if problem.detection else required - 1e-9
    met = holds @ (problem.base[:, year] >= least).astype(float) > 0
    plain = holds @ (required > 1).astype(float) == 0
    on = np.flatnonzero((problem.begin <= year) & (year < problem.end))
    size = (problem.covers.shape[0], problem.option.size)
    made = csr_array((np.ones(on.size), (problem.option[on], on)), shape=size)
    made.data[:] = 1.0
    usable = np.asarray(made.sum(axis=1)).ravel() > 0
    pattern = problem.covers.copy()
    pattern.data = (pattern.data > 0) * usable[pattern.tocoo().coords[0]].astype(float)
    pattern.eliminate_zeros()
    own = np.flatnonzero(~met & plain)
    options = _binary(holds[own] @ pattern.T)
    kept = _least(options)
    rest = np.flatnonzero(~met & ~plain)
    names = [
        f"{cells['border_id'].iloc[a]} km {cells['start_km'].iloc[a]:.1f}-"
        f"{cells['end_km'].iloc[b]:.1f}"
        for a, b in zip(first, last, strict=True)
    ]
    rows = -csr_array(options[kept] @ made)
    cols = np.arange(shape[1]) * problem.years + year
    floors = holds[rest].tocoo()
    wide = csr_array(
        (floors.data, (floors.coords[0], cols[floors.coords[1]])),
        shape=(rest.size, shape[1] * problem.years),
    )
    return rows, wide, [names[n] for n in own[kept]], [names[n] for n in rest]


def _ones(place: tuple[IntArray, IntArray], shape: tuple[int, int]) -> csr_array:
    """Mark places by ones, however often they are named."""
    marks = csr_array((np.ones(place[0].size), place), shape=shape)
    return _binary(marks)


def _binary(matrix: csr_array) -> csr_array:
    table = csr_array(matrix)
    table.sum_duplicates()
    table.eliminate_zeros()
    table.data = np.ones_like(table.data)
    return table


def _least(sets: csr_array) -> IntArray:
    """Rows that no neighbour's set lies within, again until none is left."""
    kept = np.arange(sets.shape[0])
    while kept.size > 1:
        own = csr_array(sets[kept])
        size = np.diff(own.indptr)
        shared = np.asarray(own[:-1].multiply(own[1:]).sum(axis=1)).ravel()
        drop: BoolArray = np.zeros(kept.size, dtype=bool)
        drop[:-1] = shared == size[1:]  # the next lies within this one
        after = (shared == size[:-1]) & ~drop[:-1]
        drop[1:] |= after
        if not drop.any():
            break
        kept = kept[~drop]
    return kept
