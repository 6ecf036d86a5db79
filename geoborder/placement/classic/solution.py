"""An answer with its proof, and the way there: relaxation, then branch and bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geoborder.geodesy import FloatArray, IntArray
from geoborder.placement.highs import Model, Outcome, dual_bound, solve_lp, solve_mip
from geoborder.placement.problem import relative_gap

_ROUNDING = 1e-7
"""Relative differences below this are HiGHS's tolerances."""


@dataclass(frozen=True, slots=True)
class Solution:
    """
    Selected sites, what they reach, and how good any others could be.

    Attributes
    ----------
    selected : ndarray of int
        Positions of the selected sites, ascending.
    value : float
        The objective they reach.
    bound : float
        No sites reach a better one.
    status : str
        ``optimal``, ``gap`` (as close as was asked for), ``time`` (the time was up)
        or ``stopped`` (by Ctrl-C).
    seconds : float
        Time it took.
    assigned : ndarray of int or None
        Where targets are assigned: position of each target's site.
    """

    selected: IntArray
    value: float
    bound: float
    status: str
    seconds: float
    assigned: IntArray | None = None

    @property
    def gap(self) -> float:
        """How much better any other sites could be, relative to the value."""
        return relative_gap(self.value, self.bound)


@dataclass(frozen=True, slots=True)
class Found:
    """
    The best columns of a programme so far, and what is proven of them.

    Attributes
    ----------
    x : ndarray
        They keep all rows.
    value, bound : float
        Their objective, and the one that none betters.
    status : str
        As in `Solution`; empty while the search goes on.
    """

    x: FloatArray
    value: float
    bound: float
    status: str


class Clock:
    """
    The time a search has taken and what is left of it.

    Parameters
    ----------
    limit_s
        Longest time in seconds; None: no limit.
    """

    __slots__ = ("_begun", "_limit_s")

    def __init__(self, limit_s: float | None) -> None:
        self._begun = time.perf_counter()
        self._limit_s = limit_s

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._begun

    @property
    def left(self) -> float | None:
        """Seconds left; None without a limit."""
        if self._limit_s is None:
            return None
        return max(0.0, self._limit_s - self.seconds)

    @property
    def up(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0


@dataclass(frozen=True, slots=True)
class _Aim:
    """When a search is good enough, and what its bounds are worth."""

    sign: float
    gap: float
    whole: bool
    settle: float | None

    def bounded(self, found: Found, bound: float) -> Found:
        """Take a further bound into account; none is worse than the value."""
        best = min(self.sign * found.bound, self.sign * bound)
        if self.whole and np.isfinite(best):
            best = float(np.floor(best + 1e-6))
        best = max(best, self.sign * found.value)
        return replace(found, bound=self.sign * best)

    def done(self, found: Found) -> bool:
        """Whether value and bound are close enough, or what was asked is settled."""
        if self.settle is not None:
            wanted = self.sign * self.settle
            if self.sign * found.value >= wanted or self.sign * found.bound < wanted:
                return True
        return relative_gap(found.value, found.bound) <= max(self.gap, _ROUNDING)

    def closed(self, found: Found, ended: str) -> Found:
        """Name how a search has ended."""
        if relative_gap(found.value, found.bound) <= _ROUNDING:
            return replace(found, bound=found.value, status="optimal")
        return replace(found, status="gap" if self.done(found) else ended)


def prove(
    model: Model,
    start: FloatArray,
    *,
    gap: float,
    clock: Clock,
    whole: bool = False,
    better: Callable[[FloatArray], FloatArray] | None = None,
    settle: float | None = None,
) -> Found:
    """
    Find the best columns of a programme, from good ones, and prove how good they are.

    The relaxation comes first; what its reduced costs rule out stays out of branch
    and bound. HiGHS does not get the start, with which it takes longer; the search
    ends by what is known here.

    Parameters
    ----------
    model
        The programme.
    start
        Columns that keep all rows.
    gap
        Relative difference of value and bound that is good enough.
    clock
        The time left.
    whole
        Whether every objective is a whole number.
    better
        Improves columns where the relaxation's bound alone is not enough.
    settle
        The search ends where it is known whether this objective can be reached.

    Returns
    -------
    Found
        The best columns and the bound.
    """
    aim = _Aim(1.0 if model.maximize else -1.0, gap, whole, settle)
    trivial = dual_bound(model, np.zeros(len(model.row_lower)))
    found = aim.bounded(Found(start, float(model.cost @ start), trivial, ""), trivial)
    if aim.done(found):
        return aim.closed(found, "time")
    outcome = solve_lp(model, time_limit_s=clock.left)
    found = aim.bounded(found, outcome.bound)
    if outcome.status == "stopped":
        return aim.closed(found, "stopped")
    if better is not None and not aim.done(found) and not clock.up:
        try:
            x = better(start)
        except KeyboardInterrupt:
            return aim.closed(found, "stopped")
        found = aim.bounded(replace(found, x=x, value=float(model.cost @ x)), np.nan)
    if aim.done(found) or clock.up:
        return aim.closed(found, "time")
    return _branch(_without_ruled_out(model, outcome, found, aim), found, aim, clock)


def _branch(model: Model, found: Found, aim: _Aim, clock: Clock) -> Found:
    """Search what may be better than the best so far."""

    def enough(value: float, bound: float) -> bool:
        best = aim.sign * max(aim.sign * value, aim.sign * found.value)
        return aim.done(aim.bounded(replace(found, value=best), bound))

    outcome = solve_mip(model, gap=aim.gap, time_limit_s=clock.left, on_progress=enough)
    if outcome.status == "infeasible":  # nothing is better
        return aim.closed(replace(found, bound=found.value), "time")
    if outcome.x is not None:
        x = np.where(model.integer, np.round(outcome.x), outcome.x)
        value = float(model.cost @ x)
        if aim.sign * value > aim.sign * found.value:
            found = replace(found, x=x, value=value)
    found = aim.bounded(found, outcome.bound)
    return aim.closed(found, "stopped" if outcome.status == "stopped" else "time")


def _without_ruled_out(
    model: Model, outcome: Outcome, found: Found, aim: _Aim
) -> Model:
    """Fix integer columns that no better objective can move from a bound."""
    if outcome.row_duals is None or not np.isfinite(outcome.bound):
        return model
    wanted = aim.sign * found.value + (1.0 - 1e-6 if aim.whole else 0.0)
    room = aim.sign * outcome.bound - wanted + _ROUNDING * max(1.0, abs(found.value))
    rest = aim.sign * (model.cost - model.matrix.T @ outcome.row_duals)
    lower, upper = model.lower.copy(), model.upper.copy()
    # One step away from the bound that the reduced cost favours is too far.
    off = model.integer & (rest < -room) & np.isfinite(model.lower)
    on = model.integer & (rest > room) & np.isfinite(model.upper)
    upper[off], lower[on] = model.lower[off], model.upper[on]
    return replace(model, lower=lower, upper=upper)
