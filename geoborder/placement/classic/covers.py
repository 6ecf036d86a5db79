"""The classic covering models on a cover matrix: LSCP, LSCP-B, BACOP and MCLP."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack

from geoborder.errors import OptionError
from geoborder.geodesy import IntArray
from geoborder.placement.classic.covering import (
    cheapest_cover,
    most_backed,
    most_covered,
)
from geoborder.placement.classic.inputs import (
    check_search,
    read_count,
    read_cover,
    read_need,
    read_weights,
    refuse_targets,
)
from geoborder.placement.classic.solution import Clock, Solution


def lscp(
    cover: Any,  # noqa: ANN401 - many kinds of matrix
    *,
    costs: npt.ArrayLike | None = None,
    k: int | IntArray = 1,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Select the fewest sites that cover all targets (location set covering problem).

    Ctrl-C ends the search; the best sites until then are returned, with their gap.

    Parameters
    ----------
    cover
        Which site covers which target, shape (sites, targets): a sparse or dense
        array or a DataFrame; what is not 0 covers. Not modified.
    costs
        Of each site; then the cheapest sites are selected instead of the fewest.
    k
        Sites that must cover each target: a number, or one for each target.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the number of sites, or their cost.

    Raises
    ------
    DataError
        If fewer than `k` sites cover some target, or an array is unusable.
    OptionError
        If an option is out of its range.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). The location of emergency
    service facilities. Operations Research 19(6), 1363-1373.
    doi:10.1287/opre.19.6.1363

    Examples
    --------
    >>> from geoborder import lscp
    >>> lscp([[1, 1, 0], [0, 1, 0], [0, 1, 1]]).selected
    array([0, 2])
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_cover(cover)
    need = read_need(k, matrix.shape[1])
    price = read_weights(costs, matrix.shape[0], name="costs", of="sites")
    _refuse_uncovered(matrix, need)
    return cheapest_cover(matrix, price, need, gap=gap, clock=clock)


def lscp_b(
    cover: Any,  # noqa: ANN401
    *,
    weights: npt.ArrayLike | None = None,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Select the fewest sites that cover all targets, and most of them twice (LSCP-B).

    The number of sites is that of `lscp`; among all such selections one is found
    that covers most weight a second time.

    Parameters
    ----------
    cover
        Which site covers which target, shape (sites, targets): a sparse or dense
        array or a DataFrame; what is not 0 covers. Not modified.
    weights
        What it is worth to cover each target twice; 1 each without it.
    gap
        Relative difference of value and bound that is good enough, for the weight;
        the number of sites is the least in any case, unless the time runs out.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the weight that is covered at least twice, ``bound`` and ``gap``
        are of it; the status counts the search for the fewest sites too.

    Raises
    ------
    DataError
        If no site covers some target, or an array is unusable.
    OptionError
        If an option is out of its range.

    References
    ----------
    Church, R. L., Murray, A. (2018). Location Covering Models. Springer.

    Hogan, K., ReVelle, C. (1986). Concepts and applications of backup coverage.
    Management Science 32(11), 1434-1444. doi:10.1287/mnsc.32.11.1434

    Examples
    --------
    >>> from geoborder import lscp_b
    >>> found = lscp_b([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 1, 1]])
    >>> found.selected, found.value
    (array([0, 3]), 1.0)
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_cover(cover)
    worth = read_weights(weights, matrix.shape[1], name="weights", of="targets")
    fewest = _fewest(matrix, clock)
    return _backed(matrix, worth, len(fewest.selected), fewest, gap, clock)


def bacop1(
    cover: Any,  # noqa: ANN401
    weights: npt.ArrayLike,
    *,
    p: int,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Cover all targets with p sites, and most of them twice (BACOP1).

    Parameters
    ----------
    cover
        Which site covers which target, shape (sites, targets): a sparse or dense
        array or a DataFrame; what is not 0 covers. Not modified.
    weights
        What it is worth to cover each target twice.
    p
        Greatest number of sites.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the weight that is covered at least twice.

    Raises
    ------
    DataError
        If no site covers some target, or an array is unusable.
    OptionError
        If an option is out of its range, or p sites do not cover all targets.

    References
    ----------
    Hogan, K., ReVelle, C. (1986). Concepts and applications of backup coverage.
    Management Science 32(11), 1434-1444. doi:10.1287/mnsc.32.11.1434

    Examples
    --------
    >>> from geoborder import bacop1
    >>> bacop1([[1, 1, 0], [0, 1, 1], [1, 0, 0]], [1, 5, 1], p=2).value
    5.0
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_cover(cover)
    worth = read_weights(weights, matrix.shape[1], name="weights", of="targets")
    count = read_count(p, matrix.shape[0])
    fewest = _fewest(matrix, clock)
    if len(fewest.selected) > count:
        least = int(np.ceil(fewest.bound - 1e-6))
        needed = f"at least {least}" if least > count else "no such sites were found"
        msg = f"{count} sites must cover all targets: {needed}."
        raise OptionError(msg)
    return _backed(matrix, worth, count, fewest, gap, clock)


def bacop2(
    cover: Any,  # noqa: ANN401
    weights: npt.ArrayLike,
    *,
    p: int,
    backup_share: float = 0.5,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Weigh covering once against covering twice with p sites (BACOP2).

    Parameters
    ----------
    cover
        Which site covers which target, shape (sites, targets): a sparse or dense
        array or a DataFrame; what is not 0 covers. Not modified.
    weights
        What it is worth to cover each target.
    p
        Greatest number of sites.
    backup_share
        Share of a target's weight that the second site earns, from 0 to 0.5; the
        first earns the rest.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the weight that first and second sites earn.

    Raises
    ------
    DataError
        If an array is unusable.
    OptionError
        If an option is out of its range.

    References
    ----------
    Hogan, K., ReVelle, C. (1986). Concepts and applications of backup coverage.
    Management Science 32(11), 1434-1444. doi:10.1287/mnsc.32.11.1434

    Examples
    --------
    >>> from geoborder import bacop2
    >>> bacop2([[1, 1], [1, 1], [0, 1]], [4, 1], p=2).selected
    array([0, 1])
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_cover(cover)
    worth = read_weights(weights, matrix.shape[1], name="weights", of="targets")
    count = read_count(p, matrix.shape[0])
    if not 0 <= backup_share <= 0.5:  # noqa: PLR2004
        msg = f"`backup_share` must be from 0 to 0.5, got {backup_share!r}."
        raise OptionError(msg)
    both = csr_array(hstack([matrix, matrix]))
    earned = np.concatenate(((1.0 - backup_share) * worth, backup_share * worth))
    need = np.repeat([1, 2], len(worth))
    ones = np.ones(matrix.shape[0])
    return most_covered(both, earned, need, ones, float(count), gap=gap, clock=clock)


def mclp(
    cover: Any,  # noqa: ANN401
    weights: npt.ArrayLike,
    *,
    p: int | None = None,
    budget: float | None = None,
    costs: npt.ArrayLike | None = None,
    k: int | IntArray = 1,
    gap: float = 0.0,
    time_limit_s: float | None = None,
) -> Solution:
    """
    Cover most weight with p sites or a budget (maximal covering location problem).

    Ctrl-C ends the search; the best sites until then are returned, with their gap.

    Parameters
    ----------
    cover
        Which site covers which target, shape (sites, targets): a sparse or dense
        array or a DataFrame; what is not 0 covers. Not modified.
    weights
        What it is worth to cover each target.
    p
        Greatest number of sites; either this or `budget`. Sites that would add
        nothing are not selected.
    budget
        What sites may cost in all.
    costs
        Of each site; with `budget`.
    k
        Sites that must cover each target for it to count: a number, or one for each
        target.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best sites until then are returned.

    Returns
    -------
    Solution
        ``value`` is the weight that is covered.

    Raises
    ------
    DataError
        If an array is unusable.
    OptionError
        If an option is out of its range, or neither or both of `p` and `budget` are
        given.

    References
    ----------
    Church, R., ReVelle, C. (1974). The maximal covering location problem. Papers of
    the Regional Science Association 32, 101-118. doi:10.1111/j.1435-5597.1974.tb00902.x

    Examples
    --------
    >>> from geoborder import mclp
    >>> mclp([[1, 1, 0], [0, 1, 1], [0, 0, 1]], [1, 1, 5], p=1).selected
    array([1])
    >>> mclp([[1, 1, 0], [0, 1, 1]], [1, 1, 5], budget=3, costs=[3, 4]).value
    2.0
    """
    clock = Clock(time_limit_s)
    check_search(gap, time_limit_s)
    matrix = read_cover(cover)
    worth = read_weights(weights, matrix.shape[1], name="weights", of="targets")
    need = read_need(k, matrix.shape[1])
    if (p is None) == (budget is None):
        msg = "Give either `p` or `budget`, got " + (
            "neither." if p is None else "both."
        )
        raise OptionError(msg)
    if (budget is None) != (costs is None):
        msg = "`budget` and `costs` go together; `p` counts sites."
        raise OptionError(msg)
    price = read_weights(costs, matrix.shape[0], name="costs", of="sites")
    if budget is None:
        limit = float(read_count(p, matrix.shape[0]))
    elif np.isfinite(budget) and budget >= 0:
        limit = float(budget)
    else:
        msg = f"`budget` must be finite and 0 or more, got {budget!r}."
        raise OptionError(msg)
    return most_covered(matrix, worth, need, price, limit, gap=gap, clock=clock)


def _refuse_uncovered(matrix: csr_array, need: IntArray) -> None:
    counts = matrix.sum(axis=0)
    refuse_targets(counts == 0, "are covered by no site")
    refuse_targets(counts < need, "are covered by fewer sites than `k`")


def _fewest(matrix: csr_array, clock: Clock) -> Solution:
    need = np.ones(matrix.shape[1], dtype=np.int64)
    _refuse_uncovered(matrix, need)
    ones = np.ones(matrix.shape[0])
    return cheapest_cover(matrix, ones, need, gap=0.0, clock=clock)


def _backed(
    matrix: csr_array,
    worth: npt.NDArray[np.float64],
    p: int,
    fewest: Solution,
    gap: float,
    clock: Clock,
) -> Solution:
    """Cover twice what can be; how the search for the fewest sites ended counts too."""
    found = most_backed(matrix, worth, p, fewest.selected, gap=gap, clock=clock)
    few_enough = fewest.status == "optimal" or len(fewest.selected) < p
    if few_enough or found.status not in {"optimal", "gap"}:
        return found
    return Solution(
        found.selected, found.value, found.bound, fewest.status, found.seconds
    )
