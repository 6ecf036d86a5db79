"""
The search for the best p-median.

Exchange of sites finds a good answer, Lagrangian multipliers a bound that rules most
sites out, and Benders' cuts prove the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from scipy.sparse import csr_array, eye_array, hstack, vstack

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.placement.classic.solution import Clock
from geoborder.placement.highs import Model, solve_lp, solve_mip
from geoborder.placement.problem import relative_gap

_KICKS = 400
"""Times that some sites are drawn anew and exchanged."""

_LEAST = 1e-9
"""Relative savings below this are rounding."""

_STEPS = 600
"""Steps of the multipliers, at most."""

_ROUNDS = 20
"""Times that cuts are added to the relaxation, at most."""

_SLOW = 1e-3
"""Cuts that close a smaller share of the gap are left to branch and bound."""

_ROUNDING = 1e-7
"""Relative differences below this are HiGHS's tolerances."""


@dataclass(slots=True)
class Search:
    """
    A search for p sites under way: the best so far, the bound, and what is left.

    Attributes
    ----------
    costs : ndarray
        Cost of each target at each site, shape (sites, targets).
    most : ndarray
        Most that each target can cost.
    p : int
        Sites to select; fewer than there are.
    gap : float
        Relative difference of value and bound that is good enough.
    clock : Clock
        The time left.
    best : ndarray of int
        The best sites so far.
    value, bound : float
        Their cost, and one that no sites undercut.
    off, on : ndarray of bool
        Sites that no better selection has, and that every better one has.
    multipliers : ndarray
        Lagrangian multipliers of targets that give the best bound so far.
    proof : tuple
        A bound of the relaxation and its reduced costs of sites.
    rows, sides : list
        Benders' cuts: of sites and targets, and their right sides.
    """

    costs: FloatArray
    most: FloatArray
    p: int
    gap: float
    clock: Clock
    best: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    value: float = np.inf
    bound: float = -np.inf
    off: BoolArray = field(init=False)
    on: BoolArray = field(init=False)
    multipliers: FloatArray = field(init=False)
    proof: tuple[float, FloatArray] = field(init=False)
    rows: list[csr_array] = field(default_factory=list)
    sides: list[FloatArray] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with every site open."""
        self.multipliers = np.partition(self.costs, 1, axis=0)[1]
        self.off = np.zeros(len(self.costs), dtype=bool)
        self.on = np.zeros(len(self.costs), dtype=bool)
        self.proof = -np.inf, np.zeros(len(self.costs))

    @property
    def done(self) -> bool:
        """Whether the bound is close enough."""
        return relative_gap(self.value, self.bound) <= max(self.gap, _ROUNDING)

    def over(self) -> bool:
        """
        Tell whether there is nothing more to do, or no time for it.

        Returns
        -------
        bool
            Whether the search ends.
        """
        return self.done or self.clock.up

    def offer(self, sites: IntArray) -> None:
        """
        Keep sites if they are better than the best.

        Parameters
        ----------
        sites
            Positions of p sites.
        """
        value = float(self.costs[sites].min(axis=0).sum())
        if value < self.value:
            self.best, self.value = np.sort(sites), value

    def prove(self, bound: float) -> None:
        """
        Take a further bound into account; none is above the value.

        Parameters
        ----------
        bound
            That no better selection undercuts.
        """
        if not np.isnan(bound):
            self.bound = min(max(self.bound, bound), self.value)

    def run(self) -> None:
        """Search until the gap is reached or the time is up."""
        begin = _greedy(self.costs, self.p, self.clock)
        self.offer(_exchange(self.costs, begin, self.clock))
        self._multiply(_STEPS // 4)
        if not self.over():
            self._kick()
        if not self.over():
            self._multiply(_STEPS)
        if not self.over():
            self._relax()
        while not self.over() and self._branch():
            pass

    def _kick(self) -> None:
        """Draw a few of the best sites anew, and exchange."""
        rng = np.random.default_rng(0)
        size = max(1, min(3, self.p // 2))
        for _ in range(_KICKS):
            if self.over():
                return
            sites = self.best.copy()
            others = np.setdiff1d(np.arange(len(self.costs)), sites)
            drawn = rng.choice(others, min(size, len(others)), replace=False)
            sites[rng.choice(self.p, len(drawn), replace=False)] = drawn
            self.offer(_exchange(self.costs, sites, self.clock))

    def _multiply(self, steps: int) -> None:
        """Bound the cost by Lagrangian multipliers of the targets, and fix sites."""
        bound, gains, self.multipliers = _subgradient(self, steps)
        self.prove(bound)
        ranked = np.sort(gains)[::-1]
        last, next_ = ranked[self.p - 1 : self.p + 1]
        above = self.value + _ROUNDING * abs(self.value)
        self.off |= bound + last - gains > above
        self.on |= bound + gains - next_ > above

    def cut(self, targets: IntArray, levels: FloatArray) -> None:
        """
        Add cuts: a target costs a level, less what selected sites save of it.

        Parameters
        ----------
        targets
            Targets to cut for.
        levels
            A cost for each.
        """
        saved = csr_array(np.maximum(levels - self.costs[:, targets], 0.0).T)
        own = csr_array(eye_array(self.costs.shape[1], format="csr")[targets])
        self.rows.append(csr_array(hstack([saved, own])))
        self.sides.append(levels)

    def require(self, served: csr_array, none: csr_array) -> None:
        """
        Add rows by which every target has a site that may serve it.

        Parameters
        ----------
        served
            Which site may serve which target, shape (targets, sites).
        none
            Of zeros, shape (targets, targets).
        """
        self.rows.append(csr_array(hstack([served, none])))
        self.sides.append(np.ones(served.shape[0]))

    def _model(self) -> Model:
        """Build the programme of sites and targets' costs, with all cuts."""
        sites, targets = self.costs.shape
        count = csr_array(np.repeat([1.0, 0.0], [sites, targets])[None])
        sides = np.concatenate(self.sides)
        return Model(
            cost=np.repeat([0.0, 1.0], [sites, targets]),
            lower=np.concatenate((self.on, self.costs.min(axis=0))),
            upper=np.concatenate((~self.off, self.most)),
            integer=np.arange(sites + targets) < sites,
            matrix=csr_array(vstack([*self.rows, count], format="csr")),
            row_lower=np.append(sides, self.p),
            row_upper=np.append(np.full(len(sides), np.inf), self.p),
            maximize=False,
        )

    def _separate(self, x: FloatArray) -> bool:
        """Add the cuts that columns violate most, one a target; tell if there are."""
        sites = len(self.costs)
        open_ = np.flatnonzero(x[:sites] > _ROUNDING)
        near = self.costs[open_]
        order = np.argsort(near, axis=0, kind="stable")
        reached = np.cumsum(x[open_][order], axis=0) >= 1.0 - 1e-7
        full = np.where(reached.any(axis=0), reached.argmax(axis=0), len(open_) - 1)
        every = np.arange(near.shape[1])
        levels = near[order[full, every], every]
        least = levels - x[open_] @ np.maximum(levels - near, 0.0)
        short = least - x[sites:] > _ROUNDING * np.maximum(1.0, levels)
        targets = np.flatnonzero(short)
        if len(targets):
            self.cut(targets, levels[targets])
        return bool(len(targets))

    def _relax(self) -> None:
        """Add cuts to the linear relaxation while they are violated; fix sites."""
        targets = np.arange(len(self.multipliers))
        self.cut(targets, self.multipliers)
        self.cut(targets, self.costs[self.best].min(axis=0))
        for _ in range(_ROUNDS):
            model = self._model()
            outcome = solve_lp(model, time_limit_s=self.clock.left)
            if outcome.status == "stopped":
                raise KeyboardInterrupt
            if outcome.status == "infeasible":  # nothing is better than the best
                self.prove(self.value)
                return
            if outcome.x is None or outcome.row_duals is None:
                return
            gained = outcome.bound - self.proof[0]
            self.prove(outcome.bound)
            rest = model.cost - model.matrix.T @ outcome.row_duals
            self.proof = outcome.bound, rest[: len(self.costs)]
            self._fix()
            if gained < _SLOW * (self.value - self.bound):
                return
            if self.over() or not self._separate(outcome.x):
                return

    def _fix(self) -> None:
        """Fix sites that the reduced costs of the relaxation rule out."""
        bound, rest = self.proof
        room = self.value + _ROUNDING * abs(self.value) - bound
        self.off |= (rest > room) & ~self.on
        self.on |= (-rest > room) & ~self.off

    def _branch(self) -> bool:
        """Solve the programme with the cuts so far; tell whether to go on."""
        best = self.value

        def enough(_: float, bound: float) -> bool:
            return relative_gap(best, min(bound, best)) <= max(self.gap, _ROUNDING)

        outcome = solve_mip(
            self._model(),
            gap=self.gap / 2.0,
            time_limit_s=self.clock.left,
            on_progress=enough,
        )
        self.prove(best if outcome.status == "infeasible" else outcome.bound)
        if outcome.x is None:
            if outcome.status == "stopped" and not self.done:
                raise KeyboardInterrupt
            return False
        sites = len(self.costs)
        chosen = np.flatnonzero(outcome.x[:sites] > 0.5)  # noqa: PLR2004
        self.offer(_exchange(self.costs, chosen, self.clock))
        self._fix()
        if outcome.status == "stopped" and not self.done:
            raise KeyboardInterrupt
        outcome.x[:sites] = np.round(outcome.x[:sites])
        return self._separate(outcome.x)


def _greedy(costs: FloatArray, p: int, clock: Clock) -> IntArray:
    """Select p sites, each the one that saves most."""
    near = costs.max(axis=0)
    chosen: list[int] = []
    for _ in range(p):
        total = costs.sum(axis=1) if clock.up else np.minimum(costs, near).sum(axis=1)
        total[chosen] = np.inf
        chosen.append(int(np.argmin(total)))
        near = np.minimum(near, costs[chosen[-1]])
    return np.array(chosen, dtype=np.int64)


def _exchange(costs: FloatArray, sites: IntArray, clock: Clock) -> IntArray:
    """Exchange one site for another, the best pair each time, while that saves."""
    sites = sites.copy()
    targets = np.arange(costs.shape[1])
    while not clock.up:
        near = costs[sites]
        first = np.argmin(near, axis=0)
        least = near[first, targets]
        near[first, targets] = np.inf
        saved = _saved(costs, first, least, near.min(axis=0), len(sites))
        saved[sites] = -np.inf
        into, out = divmod(int(np.argmax(saved)), len(sites))
        if saved[into, out] <= _LEAST * least.sum():
            return sites
        sites[out] = into
    return sites


@njit(cache=True, nogil=True)
def _saved(
    costs: FloatArray,
    first: IntArray,
    least: FloatArray,
    second: FloatArray,
    size: int,
) -> FloatArray:
    """
    Tell what each site would save instead of each selected one.

    Targets of the site that goes have the new site or their second one; the others
    have the new one where it is nearer.
    """
    saved = np.zeros((costs.shape[0], size))
    for site in range(costs.shape[0]):
        total = 0.0
        for target in range(costs.shape[1]):
            cost, now = costs[site, target], least[target]
            nearer = max(0.0, now - cost)
            total += nearer
            instead = now - min(second[target], cost)
            saved[site, first[target]] += instead - nearer
        saved[site] += total
    return saved


def _subgradient(search: Search, steps: int) -> tuple[float, FloatArray, FloatArray]:
    """
    Raise the Lagrangian bound step by step.

    Gives the best bound, what each site gains at its multipliers, and these.

    References: Cornuejols, G., Fisher, M. L., Nemhauser, G. L. (1977). Location of
    bank accounts to optimize float. Management Science 23.
    """
    costs, p = search.costs, search.p
    multipliers = search.multipliers
    bound, step, idle = -np.inf, 1.0, 0
    best = (np.zeros(len(costs)), multipliers)
    direction = np.zeros(costs.shape[1])
    for _ in range(steps):
        rest = multipliers - costs
        below = rest > 0
        gains = np.where(below, rest, 0.0).sum(axis=1)
        top = np.argpartition(-gains, p - 1)[:p]
        value = float(multipliers.sum() - gains[top].sum())
        idle += 1
        if value > bound:
            bound, best, idle = value, (gains, multipliers), 0
        elif idle >= 15:  # noqa: PLR2004
            step, idle = step / 1.5, 0
        direction = 0.3 * direction + 1.0 - below[top].sum(axis=0)
        length = float(direction @ direction)
        close = relative_gap(search.value, min(bound, search.value)) <= _ROUNDING
        if close or length < 1e-12 or step < 1e-4 or search.clock.up:  # noqa: PLR2004
            break
        multipliers = multipliers + step * (search.value - value) / length * direction
    return bound, *best
