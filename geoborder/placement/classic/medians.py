"""The classic models on distances: p-median and p-center."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.placement.classic.covering import cheapest_cover
from geoborder.placement.classic.inputs import (
    check_search,
    read_count,
    read_distances,
    read_weights,
)
from geoborder.placement.classic.median_search import Search
from geoborder.placement.classic.solution import Clock, Solution
from geoborder.placement.problem import relative_gap


def p_median(
    distances: Any,  # noqa: ANN401 - many kinds of matrix
    weights: npt.ArrayLike | None = None,
    *,
    p: int,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Select p sites with the least sum of weighted distances to targets (p-median).

    Every target is assigned to its nearest selected site. Ctrl-C ends the search;
    the best sites until then are returned, with their gap.

    Parameters
    ----------
    distances
        Of each target from each site, shape (sites, targets): a sparse or dense array
        or a DataFrame. Where a distance is infinite, and where a sparse array has
        no entry, the target must not be assigned to the site; an entry of 0 is a
        distance of 0. Held as a dense array, some four times. Not modified.
    weights
        Of each target; 1 each without it. A target of weight 0 need not be
        assigned.
    p
        Number of sites.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the weighted sum of distances; ``assigned`` is the site of each
        target, -1 for a target of weight 0 that none of the sites may serve.

    Raises
    ------
    DataError
        If an array is unusable, or a target can be assigned to no site.
    OptionError
        If an option is out of its range, or p sites cannot serve all targets.

    References
    ----------
    Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute
    centers and medians of a graph. Operations Research 12(3), 450-459.
    doi:10.1287/opre.12.3.450

    ReVelle, C. S., Swain, R. W. (1970). Central facilities location. Geographical
    Analysis 2(1), 30-42. doi:10.1111/j.1538-4632.1970.tb00142.x

    Duran-Mateluna, C., Ales, Z., Elloumi, S. (2023). An efficient Benders
    decomposition for the p-median problem. European Journal of Operational
    Research 308.

    Examples
    --------
    >>> from geoborder import p_median
    >>> found = p_median([[0, 1, 9, 9], [2, 0, 3, 9], [9, 9, 1, 0]], p=2)
    >>> found.selected, found.value, found.assigned
    (array([0, 2]), 2.0, array([0, 0, 2, 2]))
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_distances(distances)
    sites, targets = matrix.shape
    worth = read_weights(weights, targets, name="weights", of="targets")
    count = read_count(p, sites)
    counted = worth > 0
    if count == sites or not counted.any():
        return _medians(matrix, worth, np.arange(count), None, "optimal", clock)
    served = np.isfinite(matrix[:, counted])
    costs = np.where(served, matrix[:, counted], 0.0) * worth[counted]
    most = costs.max(axis=0)
    # To leave a target without a site costs more than any selection that does not.
    costs[~served] = float(most.sum()) * 2.0 + 1.0
    search = Search(costs, most, count, gap, clock)
    status = "time"
    try:
        if not served.all():
            _seed(search, served, count)
        search.run()
    except KeyboardInterrupt:
        if not len(search.best):
            raise
        status = "stopped"
    if relative_gap(search.value, search.bound) <= 1e-7:  # noqa: PLR2004
        status = "optimal"
    elif search.done:
        status = "gap"
    return _medians(matrix, worth, search.best, search.bound, status, clock)


def _seed(search: Search, served: npt.NDArray[np.bool_], p: int) -> None:
    """Begin with sites that serve all targets; every selection must."""
    pattern = csr_array(served.astype(float))
    found, reached = _few(pattern, p, search.clock)
    if not reached:
        if found.bound <= p:
            msg = f"No {p} sites that serve all targets were found in the time."
            raise OptionError(msg)
        least = int(np.ceil(found.bound - 1e-6))
        msg = f"{p} sites cannot serve all targets; at least {least} are needed."
        raise OptionError(msg)
    others = np.setdiff1d(np.arange(len(served)), found.selected)
    search.offer(np.concatenate((found.selected, others))[:p])
    own = csr_array((served.shape[1], served.shape[1]))
    search.require(csr_array(pattern.T), own)


def _few(pattern: csr_array, p: int, clock: Clock) -> tuple[Solution, bool]:
    """Look for p sites that cover all targets; tell whether there are."""
    sites, targets = pattern.shape
    found = cheapest_cover(
        pattern,
        np.ones(sites),
        np.ones(targets, dtype=np.int64),
        gap=0.0,
        clock=clock,
        settle=float(p),
    )
    return found, len(found.selected) <= p


def _medians(
    matrix: FloatArray,
    worth: FloatArray,
    selected: IntArray,
    bound: float | None,
    status: str,
    clock: Clock,
) -> Solution:
    nearest, assigned = _assigned(matrix, selected)
    counted = worth > 0
    value = float(nearest[counted] @ worth[counted])
    if bound is None or status == "optimal":
        bound = value
    return Solution(selected, value, bound, status, clock.seconds, assigned)


def _assigned(matrix: FloatArray, selected: IntArray) -> tuple[FloatArray, IntArray]:
    """Give each target's nearest selected site, and how far it is."""
    near = matrix[selected]
    nearest = near.min(axis=0)
    assigned = selected[near.argmin(axis=0)]
    return nearest, np.where(np.isfinite(nearest), assigned, -1)


def p_center(
    distances: Any,  # noqa: ANN401
    *,
    p: int,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Select p sites so that the farthest target is as near as possible (p-center).

    The least distance is found by halving the list of all distances: whether p
    sites reach all targets within a distance is a set covering problem. Ctrl-C ends
    the search; the best sites until then are returned, with their gap.

    Parameters
    ----------
    distances
        Of each target from each site, shape (sites, targets): a sparse or dense array
        or a DataFrame. Where a distance is infinite, and where a sparse array has
        no entry, the target must not be assigned to the site; an entry of 0 is a
        distance of 0. Not modified.
    p
        Greatest number of sites; not more are selected than are needed.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the greatest distance of a target from its site; ``assigned`` is
        the site of each target.

    Raises
    ------
    DataError
        If the array is unusable, or a target can be assigned to no site.
    OptionError
        If an option is out of its range, or p sites cannot serve all targets.

    References
    ----------
    Hakimi, S. L. (1965). Optimum distribution of switching centers in a communication
    network and some related graph theoretic problems. Operations Research 13(3),
    462-475. doi:10.1287/opre.13.3.462

    Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139: by a series of
    set covering problems.

    Daskin, M. S. (2013). Network and Discrete Location, 2nd edition. Wiley.

    Examples
    --------
    >>> from geoborder import p_center
    >>> found = p_center([[0, 1, 9, 9], [2, 0, 3, 9], [9, 9, 1, 0]], p=2)
    >>> found.selected, found.value
    (array([0, 2]), 1.0)
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_distances(distances)
    count = read_count(p, len(matrix))
    steps = np.unique(matrix[np.isfinite(matrix)])
    best, reached = _few(_within(matrix, steps[-1]), count, Clock(None))
    if not reached:
        least = int(np.ceil(best.bound - 1e-6))
        msg = f"{count} sites cannot serve all targets; at least {least} are needed."
        raise OptionError(msg)
    selected = best.selected
    low = int(np.searchsorted(steps, matrix.min(axis=0).max()))
    status = "optimal"
    while True:
        nearest, assigned = _assigned(matrix, selected)
        value = float(nearest.max())
        high = int(np.searchsorted(steps, value))
        if relative_gap(value, float(steps[low])) <= gap:
            break
        middle = (low + high) // 2
        found, reached = _few(_within(matrix, steps[middle]), count, clock)
        if reached:
            selected = found.selected
        elif found.bound > count:
            low = middle + 1
        else:
            status = "stopped" if found.status == "stopped" else "time"
            break
    bound = float(steps[low])
    if status == "optimal" and low < high:
        status = "gap"
    return Solution(selected, value, bound, status, clock.seconds, assigned)


def _within(matrix: FloatArray, distance: float) -> csr_array:
    return csr_array((matrix <= distance).astype(float))
