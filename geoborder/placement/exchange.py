"""Good covers at once: greedy choice, exchange of sites, and shaking both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoborder.geodesy import BoolArray, FloatArray, IntArray

_LEAST = 1e-9
"""Relative improvements below this are rounding."""


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
    gains = _gains(cover, counts)
    least = _LEAST * float(cover.weights.sum())
    idle, waiting = 0, [int(site) for site in np.flatnonzero(chosen)]
    while idle < len(waiting):
        out = waiting.pop(0)
        into = _best_instead(cover, chosen, counts, gains, out, least)
        if into is None:
            waiting.append(out)
            idle += 1
            continue
        idle = 0
        counts[cover.cells(out)] -= 1
        chosen[out], chosen[into] = False, True
        filled = fill(cover, chosen)  # where the exchange has left some budget
        waiting += [int(site) for site in np.flatnonzero(filled & ~chosen)]
        waiting.append(into)
        chosen = filled
        counts = cover.counts(chosen)
        gains = _gains(cover, counts)
    return chosen


def _gains(cover: Cover, counts: IntArray) -> FloatArray:
    """Tell what each site would add if it were chosen too."""
    short_of_one = counts == cover.need - 1
    return np.asarray(cover.rows @ np.where(short_of_one, cover.weights, 0.0))


def _best_instead(
    cover: Cover,
    chosen: BoolArray,
    counts: IntArray,
    gains: FloatArray,
    out: int,
    least: float,
) -> int | None:
    """Give the site that adds most instead of a chosen one, if any adds more."""
    cells = cover.cells(out)
    lost = cells[counts[cells] == cover.need[cells]]
    loss = float(cover.weights[lost].sum())
    instead = gains + cover.shares(lost, cover.weights[lost])
    further = cells[counts[cells] == cover.need[cells] - 1]
    if len(further):
        instead -= cover.shares(further, cover.weights[further])
    left = cover.budget - float(cover.costs[chosen].sum()) + float(cover.costs[out])
    instead[chosen | (cover.costs > left + _LEAST * abs(cover.budget))] = -1.0
    into = int(np.argmax(instead))
    return into if instead[into] > loss + least else None


def shake(cover: Cover, chosen: BoolArray, *, times: int, seed: int = 0) -> BoolArray:
    """
    Take some neighbouring sites away, choose anew, and keep what is better.

    Parameters
    ----------
    cover
        What there is to choose from.
    chosen
        Sites to begin with. Not modified.
    times
        How often.
    seed
        Of the random numbers.

    Returns
    -------
    ndarray of bool
        Shape (sites,).
    """
    rng = np.random.default_rng(seed)
    best, value = chosen, cover.value(chosen)
    for _ in range(times):
        made = np.flatnonzero(best)
        size = min(len(made), int(rng.integers(2, 6)))
        trial = best.copy()
        for out in rng.permutation(made)[:size]:
            trial[out] = False
            cells = cover.cells(out)
            beside = ~best & (cover.shares(cells, np.ones(len(cells))) > 0)
            left = cover.budget - float(cover.costs[trial].sum())
            open_ = np.flatnonzero(beside & (cover.costs <= left))
            if len(open_):
                trial[rng.choice(open_)] = True
        trial = exchange(cover, trial)
        found = cover.value(trial)
        if found >= value:
            best, value = trial, found
    return best
