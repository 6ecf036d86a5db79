"""Good covers at once: greedy choice, exchange of sites, and shaking both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.sparse import csc_array, csr_array

from geoborder.geodesy import BoolArray, FloatArray, IntArray

_LEAST = 1e-9
"""Relative improvements below this are rounding."""


_Tables = tuple[npt.NDArray[Any], ...]

_compiled = njit(cache=True, nogil=True)


@dataclass(frozen=True, slots=True)
class Cover:
    """
    What sites cover, what that is worth, and what they may cost.

    Attributes
    ----------
    rows, columns : csr_array, csc_array
        Which site covers which cell, shape (sites, cells), entries 1, in two orders.
    weights : ndarray
        What it is worth to cover each cell.
    need : ndarray of int
        Sites that must cover each cell for it to count.
    costs : ndarray
        Of each site.
    budget : float
        What sites may cost in all.
    """

    rows: csr_array
    columns: csc_array
    weights: FloatArray
    need: IntArray
    costs: FloatArray
    budget: float

    def counts(self, chosen: BoolArray) -> IntArray:
        """
        Count the chosen sites that cover each cell.

        Parameters
        ----------
        chosen
            Shape (sites,).

        Returns
        -------
        ndarray of int
            Shape (cells,).
        """
        return np.asarray(self.rows[np.flatnonzero(chosen)].sum(axis=0)).astype(int)

    def value(self, chosen: BoolArray) -> float:
        """
        Add up the weights of covered cells.

        Parameters
        ----------
        chosen
            Shape (sites,).

        Returns
        -------
        float
            The sum.
        """
        return float(self.weights[self.counts(chosen) >= self.need].sum())

    def cells(self, site: int) -> IntArray:
        """
        List the cells that a site covers.

        Parameters
        ----------
        site
            Its position.

        Returns
        -------
        ndarray of int
            Positions of cells.
        """
        begin, end = self.rows.indptr[site : site + 2]
        return np.asarray(self.rows.indices[begin:end])

    def shares(self, cells: IntArray, amounts: FloatArray) -> FloatArray:
        """
        Add up amounts of a few cells for each site that covers them.

        Parameters
        ----------
        cells
            Positions of cells.
        amounts
            Of each of them.

        Returns
        -------
        ndarray
            Shape (sites,).
        """
        return np.asarray(self.columns[:, cells] @ amounts)


def fill(cover: Cover, chosen: BoolArray, *, by_cost: bool = True) -> BoolArray:
    """
    Add the site that adds most, for its cost, while the budget lasts.

    Parameters
    ----------
    cover
        What there is to choose from.
    chosen
        Sites chosen already. Not modified.
    by_cost
        Whether what a site adds is divided by its cost.

    Returns
    -------
    ndarray of bool
        Shape (sites,).
    """
    chosen = chosen.copy()
    counts = cover.counts(chosen)
    credit = cover.weights / cover.need  # for cells that need several
    score = cover.rows @ np.where(counts < cover.need, credit, 0.0)
    left = cover.budget - float(cover.costs[chosen].sum())
    divisor = np.maximum(cover.costs, 1e-12) if by_cost else np.ones(len(chosen))
    least = _LEAST * max(float(cover.weights.sum()), 1e-300)
    room = _LEAST * abs(cover.budget)
    while True:
        open_ = ~chosen & (cover.costs <= left + room) & (score > least)
        if not open_.any():
            return chosen
        site = int(np.argmax(np.where(open_, score / divisor, -1.0)))
        chosen[site] = True
        left -= float(cover.costs[site])
        cells = cover.cells(site)
        counts[cells] += 1
        full = cells[counts[cells] == cover.need[cells]]
        score -= cover.shares(full, credit[full])


def exchange(cover: Cover, chosen: BoolArray) -> BoolArray:
    """
    Exchange one chosen site for another while that adds anything.

    Parameters
    ----------
    cover
        What there is to choose from.
    chosen
        Sites to begin with. Not modified.

    Returns
    -------
    ndarray of bool
        Shape (sites,).

    References
    ----------
    Teitz, M. B., Bart, P. (1968). Heuristic methods for estimating the generalized
    vertex median of a weighted graph. Operations Research 16.
    """
    chosen = fill(cover, chosen)
    counts = cover.counts(chosen)
    one_short = np.where(counts == cover.need - 1, cover.weights, 0.0)
    least = _LEAST * float(cover.weights.sum())
    left = cover.budget - float(cover.costs[chosen].sum())
    room = left + _LEAST * abs(cover.budget)
    made, gains = np.flatnonzero(chosen), cover.rows @ one_short
    _exchange(_tables(cover), cover.costs, chosen, counts, gains, made, room, least)
    return chosen


def _tables(cover: Cover) -> _Tables:
    """Give what compiled functions look up."""
    places = [
        array.astype(np.int32, copy=False)  # one kind, so that it is compiled once
        for matrix in (cover.rows, cover.columns)
        for array in (matrix.indptr, matrix.indices)
    ]
    return (*places, cover.weights, cover.need)


@_compiled
def _count(
    tables: _Tables, site: int, step: int, counts: IntArray, gains: FloatArray
) -> None:
    """Choose a site or not any more: counts of its cells, and what others add."""
    begin, cells, first, sites, weights, need = tables
    for at in range(begin[site], begin[site + 1]):
        cell = cells[at]
        before = counts[cell] - need[cell] + 1
        counts[cell] += step
        after = before + step
        change = weights[cell] * ((after == 0) - (before == 0))
        if change != 0.0:
            for k in range(first[cell], first[cell + 1]):
                gains[sites[k]] += change


@_compiled
def _best(costs: FloatArray, chosen: BoolArray, gains: FloatArray, room: float) -> int:
    """Give the site that adds most and can be paid for, or -1."""
    best, most = -1, 0.0
    for site in range(costs.size):
        if gains[site] > most and not chosen[site] and costs[site] <= room:
            best, most = site, gains[site]
    return best


@_compiled
def _exchange(
    tables: _Tables,
    costs: FloatArray,
    chosen: BoolArray,
    counts: IntArray,
    gains: FloatArray,
    made: IntArray,
    room: float,
    least: float,
) -> None:
    """Try every chosen site in turn, until none can be exchanged for a better one."""
    waiting = np.full(costs.size + 1, -1)  # a ring
    waiting[: made.size] = made
    head, size, idle = 0, made.size, 0
    while idle < size:
        out = waiting[head]
        head = (head + 1) % waiting.size
        _count(tables, out, -1, counts, gains)
        chosen[out], room, size = False, room + costs[out], size - 1
        loss, into = gains[out], _best(costs, chosen, gains, room)
        better = into >= 0 and gains[into] > loss + least
        idle = 0 if better else idle + 1
        into = into if better else out
        while into >= 0:
            _count(tables, into, 1, counts, gains)
            chosen[into], room = True, room - costs[into]
            waiting[(head + size) % waiting.size] = into
            size += 1
            into = _best(costs, chosen, gains, room) if better else -1
            if into >= 0 and gains[into] <= least:
                into = -1


def shake(
    cover: Cover,
    chosen: BoolArray,
    *,
    times: int,
    over: Callable[[], bool],
    seed: int = 0,
) -> BoolArray:
    """
    Change some sites at random, exchange anew, and keep what is better.

    Parameters
    ----------
    cover
        What there is to choose from.
    chosen
        Sites to begin with. Not modified.
    times
        How often.
    over
        Tells whether the time is up.
    seed
        Of the random numbers.

    Returns
    -------
    ndarray of bool
        Shape (sites,).

    References
    ----------
    Lourenco, H. R., Martin, O. C., Stuetzle, T. (2003). Iterated local search. In:
    Handbook of Metaheuristics. Kluwer.
    """
    rng = np.random.default_rng(seed)
    best, value = chosen, cover.value(chosen)
    for _ in range(times):
        if over():
            break
        made = np.flatnonzero(best)
        size = min(len(made), int(rng.integers(2, 6)))
        trial = best.copy()
        for out in rng.permutation(made)[:size]:
            trial[out] = False
            beside = np.zeros(len(best), dtype=bool)
            for cell in cover.cells(out):
                begin, end = cover.columns.indptr[cell : cell + 2]
                beside[cover.columns.indices[begin:end]] = True
            left = cover.budget - float(cover.costs[trial].sum())
            open_ = np.flatnonzero(beside & ~best & (cover.costs <= left))
            if len(open_):
                trial[rng.choice(open_)] = True
        trial = exchange(cover, trial)
        found = cover.value(trial)
        if found >= value:
            best, value = trial, found
    return best
