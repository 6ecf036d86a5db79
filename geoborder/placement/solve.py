"""The best choices with a proof: search, relaxation, then branch and bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from geoborder.geodesy import BoolArray, FloatArray
from geoborder.placement.highs import Model, Outcome, solve_lp, solve_mip
from geoborder.placement.problem import Answer, Problem, relative_gap, subproblem
from geoborder.placement.relaxation import Proof, Relaxation, prove, relax
from geoborder.placement.search import (
    anneal,
    begin_with,
    compile_search,
    plain_price,
    search,
    without_idle,
)

Progress = Callable[[float, float, float], None]
"""What is told of a search: the best value, the bound and the seconds so far."""

_TINY = 100
"""So many choices go to branch and bound at once."""

_SMALL = 3_000
"""Of so many choices the search is short, and the cheapest of the best is sought."""

_LARGE = 300_000
"""Relaxations with so many entries go to a first-order method."""

_CORE = 2_500
"""Choices that the relaxation likes best, among which the search goes on."""

_SEASONS = (10_000, 40_000, 160_000)
"""Rounds of that search, season by season, while each closes 2 % of what is left."""

_SHARE = 0.6
"""Share of the time left that they may take before branch and bound."""

_ROUNDS = 30
"""Times that tangents are added to the relaxation where detection counts, at most."""

_EXACT = 1e-8
"""Gaps below this are none."""

_ROUNDING = 1e-6
"""Gaps below this may be left by the solver's tolerances when all is gone through."""


class NoChoicesError(Exception):
    """No choices keep all limits and reach all floors."""


@dataclass(slots=True)
class _Run:
    """A search under way: the best so far, the bound, and the time left."""

    problem: Problem
    gap: float
    limit_s: float
    progress: Progress | None
    begun: float = field(default_factory=time.perf_counter)
    best: BoolArray | None = None
    value: float = -np.inf
    bound: float = np.inf
    stopped: bool = False
    history: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun

    @property
    def left(self) -> float:
        return max(0.0, self.limit_s - self.seconds)

    def goes_on(self) -> bool:
        return not self.stopped and self.left > 0.0

    def reached(self, share: float = 1.0) -> bool:
        left = relative_gap(self.value, self.bound)
        return self.best is not None and left <= max(share * self.gap, _EXACT)

    def heed(self, outcome: Outcome) -> None:
        """Note that Ctrl-C ended HiGHS; it may say that its time was up instead."""
        early = outcome.status == "time" and self.left > 0.1  # noqa: PLR2004 - seconds
        self.stopped |= outcome.status == "stopped" or early

    def offer(self, chosen: BoolArray | None) -> None:
        """Keep choices if they are better, or as good for less."""
        if chosen is None or not self.problem.holds(chosen):
            return
        value = self.problem.value(chosen)
        room = 1e-9 * max(1.0, abs(value))
        costs = self.problem.costs
        cheaper = (
            self.best is not None
            and value >= self.value - room
            and costs @ chosen < costs @ self.best - room
        )
        if value > self.value + room or cheaper:
            self.best, self.value = chosen, max(value, self.value if cheaper else value)
            self.bound = max(self.bound, self.value)
            self.tell()

    def tighten(self, bound: float) -> None:
        """Keep a bound if it is lower."""
        bound = max(bound, self.value)
        if bound < self.bound - 1e-12 * abs(bound):
            self.bound = bound
            self.tell()

    def tell(self) -> None:
        self.history.append((self.seconds, self.value, self.bound))
        if self.progress is not None:
            self.progress(self.value, self.bound, self.seconds)


def solve(
    problem: Problem,
    *,
    gap: float = 0.0,
    time_limit_s: float | None = None,
    seed: int = 0,
    begun: BoolArray | None = None,
    second: bool = True,
    progress: Progress | None = None,
) -> Answer:
    """
    Find the choices that are worth most, and prove how good they are.

    Parameters
    ----------
    problem
        What is to be decided.
    gap
        Relative difference between value and bound that is good enough.
    time_limit_s
        Longest time in seconds; the best found until then is given, with its bound.
    seed
        Of the order in which the search tries things.
    begun
        Choices to begin with, such as the answer to a like problem; as many of them
        as there is room for. They are given back as they are if they are within the
        gap, changed as little as the search finds if not.
    second
        Whether to look for choices that are worth as much and cost less.
    progress
        Called with the best value, the bound and the seconds so far whenever either
        has improved. Ctrl-C ends the search with the best found.

    Returns
    -------
    Answer
        The best choices found.

    Raises
    ------
    NoChoicesError
        If no choices keep all limits and reach all floors.
    TimeoutError
        If none were found in time.
    """
    compile_search()  # no part of the time that was given
    run = _Run(problem, gap, np.inf if time_limit_s is None else time_limit_s, progress)
    proof = None
    try:
        proof = _first_goal(run, seed, begun)
        if second and run.goes_on():
            _second_goal(run, proof, seed)
        if second and run.best is not None:
            run.offer(without_idle(problem, run.best))
    except KeyboardInterrupt:
        run.stopped = True
    if run.best is None:
        if run.stopped:
            raise KeyboardInterrupt
        msg = "no choices that keep everything were found in time."
        raise TimeoutError(msg)
    exact = _ROUNDING if run.goes_on() else _EXACT
    status = "optimal" if relative_gap(run.value, run.bound) <= exact else "gap"
    if status == "gap" and not run.reached():
        status = "stopped" if run.stopped else "time"
    none = np.zeros
    return Answer(
        chosen=run.best,
        value=run.value,
        bound=run.bound,
        status=status,
        seconds=run.seconds,
        row_prices=proof.limit_prices if proof else none(problem.limits.size),
        floor_prices=proof.floor_prices if proof else none(problem.needs.size),
        history=tuple(run.history),
    )


def _first_goal(run: _Run, seed: int, begun: BoolArray | None) -> Proof | None:
    """Search, bound, round, and branch on what is left, until the gap is reached."""
    problem = run.problem
    run.tighten(float(problem.weights.sum()))
    price = plain_price(problem)
    if begun is not None:
        begun = _rounded(problem, begun.astype(float), 0.5)
        run.offer(begun)
    if run.best is None:
        run.offer(
            search(problem, price=price, seed=seed, goes_on=run.goes_on, begun=begun)
        )
    if run.reached() or not run.goes_on():
        return None
    relaxation, outcome, proof = _relaxed(run)
    if proof is None:
        if run.goes_on():
            _exact(run, np.ones(problem.option.size, dtype=bool), seed)
        return None
    if begun is not None and not run.reached():
        run.offer(
            search(
                problem, price=price, seed=seed, goes_on=run.goes_on, begun=run.best,
                floor_worth=proof.floor_prices,
            )
        )  # fmt: skip
    if not run.reached():
        _round(run, relaxation, outcome, proof, price, seed)
    if problem.option.size > _TINY:
        _anneal(run, proof, seed)
    if not run.reached() and run.goes_on():
        _branch(run, proof, seed)
    return proof


def _relaxed(run: _Run) -> tuple[Relaxation, Outcome, Proof | None]:
    """Solve the linear relaxation; where detection counts, tighten its tangents."""
    problem, points = run.problem, None
    proof = None
    for _ in range(_ROUNDS if problem.detection else 1):
        relaxation = relax(problem, points=points)
        outcome = _solved_lp(run, relaxation.model)
        if outcome.status == "infeasible":
            raise NoChoicesError
        run.heed(outcome)
        if outcome.row_duals is None:
            break
        proof = prove(problem, relaxation, outcome.row_duals)
        before = run.bound
        run.tighten(proof.bound)
        slow = before - run.bound <= 0.1 * max(run.gap, 1e-4) * abs(run.bound)
        if not problem.detection or outcome.x is None or run.reached() or slow:
            break
        points = _more_points(problem, relaxation, relaxation.choices(outcome.x))
    return relaxation, outcome, proof


def _solved_lp(run: _Run, model: Model) -> Outcome:
    """Solve a relaxation: exactly, or where it is large as closely as is of use."""
    if model.matrix.nnz < _LARGE:
        return solve_lp(model, time_limit_s=_limit(run))
    tolerance = float(np.clip(run.gap / 10.0, 1e-5, 1e-3))
    return solve_lp(model, method="pdlp", tolerance=tolerance, time_limit_s=_limit(run))


def _more_points(
    problem: Problem, relaxation: Relaxation, made: FloatArray
) -> FloatArray:
    """Add the sums that choices, made in part or whole, come to."""
    years, size = problem.years, problem.covers.shape[1] * problem.years
    old = np.zeros((relaxation.points.shape[0], size))
    old[:, relaxation.places] = relaxation.points
    points = [layer.reshape(-1, years) for layer in old]
    active = np.zeros((problem.covers.shape[0], years))
    for year in range(years):
        on = (problem.begin <= year) & (year < problem.end)
        active[:, year] = np.bincount(
            problem.option[on], made[on], minlength=len(active)
        )
    points.append(problem.base + problem.covers.T @ active)
    return np.array(points)


def _limit(run: _Run) -> float | None:
    return None if np.isinf(run.limit_s) else run.left


def _round(
    run: _Run,
    relaxation: Relaxation,
    outcome: Outcome,
    proof: Proof,
    plain: FloatArray,
    seed: int,
) -> None:
    """Search again from what the relaxation makes whole, by its prices."""
    problem = run.problem
    if outcome.x is None:
        return
    made = relaxation.choices(outcome.x)
    for least in (0.999, 0.5):
        begun = _rounded(problem, made, least)
        run.offer(
            search(
                problem, price=plain, seed=seed, goes_on=run.goes_on,
                begun=begun, floor_worth=proof.floor_prices,
            )
        )  # fmt: skip
        if run.reached() or not run.goes_on():
            return


def _rounded(problem: Problem, made: FloatArray, least: float) -> BoolArray:
    """Make choices whole in the order of how far they are made, while they fit."""
    chosen = begin_with(problem)
    room = problem.limits - problem.rows @ chosen
    columns = problem.rows.tocsc()
    order = np.argsort(-made, kind="stable")
    for choice in order[made[order] >= least]:
        if chosen[choice]:
            continue
        own = slice(columns.indptr[choice], columns.indptr[choice + 1])
        at, more = columns.indices[own], columns.data[own]
        if ((more <= 0) | (room[at] >= more - 1e-9)).all():
            room[at] -= more
            chosen[choice] = True
    return chosen


def _liked(run: _Run, proof: Proof) -> BoolArray:
    """Choices that the relaxation likes best, what stands, and the best so far."""
    liked = begin_with(run.problem)
    liked[np.argsort(-proof.ceiling, kind="stable")[:_CORE]] = True
    return liked if run.best is None else liked | run.best


def _anneal(run: _Run, proof: Proof, seed: int) -> None:
    """Undo and fill up among the choices that the relaxation likes, ever longer."""
    ends = run.seconds + (1.0 if np.isinf(run.limit_s) else _SHARE) * run.left
    liked = _liked(run, proof)
    problem = subproblem(run.problem, liked)
    number = np.flatnonzero(liked)

    def offer(chosen: BoolArray) -> None:
        whole = np.zeros(liked.size, dtype=bool)
        whole[number[chosen]] = True
        run.offer(whole)

    def goes_on() -> bool:
        return run.goes_on() and run.seconds < ends and not run.reached()

    seasons = _SEASONS if liked.size > _SMALL else _SEASONS[:1]
    for season, rounds in enumerate(seasons):
        if run.best is None or not goes_on():
            return
        before = run.value
        anneal(
            problem, run.best[liked], price=plain_price(problem),
            floor_worth=proof.floor_prices, rounds=rounds,
            seed=seed + 1000 * season, offer=offer, goes_on=goes_on,
        )  # fmt: skip
        if run.value - before <= 0.02 * (run.bound - run.value):
            return


def _branch(run: _Run, proof: Proof, seed: int) -> None:
    """Branch and bound on what may still be better."""
    left = np.ones(run.problem.option.size, dtype=bool)
    if run.best is not None:
        left = proof.ceiling > run.value + _EXACT * max(1.0, abs(run.value))
        left |= begin_with(run.problem) | run.best
    _exact(run, left, seed)


def _exact(run: _Run, kept: BoolArray, seed: int) -> None:
    """Solve what is left when choices that cannot be better are closed."""
    problem = subproblem(run.problem, kept)
    number = np.flatnonzero(kept)
    points, seen = None, set[bytes]()
    while True:
        relaxation = relax(problem, points=points)
        begun = None
        if run.best is not None and not run.best[~kept].any():
            begun = relaxation.columns(problem, run.best[kept])

        def tell(_value: float, bound: float, add: float = relaxation.constant) -> None:
            run.tighten(bound + add)

        outcome = _branched(
            run, relaxation.model, run.gap, begun, seed, on_progress=tell
        )
        if outcome.status == "infeasible" and run.best is None:
            raise NoChoicesError
        run.tighten(outcome.bound + relaxation.constant)
        if outcome.x is None:
            return
        found = relaxation.choices(outcome.x) > 0.5  # noqa: PLR2004 - rounding
        chosen = np.zeros(run.problem.option.size, dtype=bool)
        chosen[number[found]] = True
        run.offer(chosen)
        # Where detection counts, the model overrates what it has no tangents for yet.
        exact = not problem.detection or found.tobytes() in seen
        if exact or run.reached() or not run.goes_on():
            return
        seen.add(found.tobytes())
        points = _more_points(problem, relaxation, found.astype(float))


def _branched(
    run: _Run,
    model: Model,
    gap: float,
    begun: FloatArray | None,
    seed: int,
    on_progress: Callable[[float, float], None] | None = None,
) -> Outcome:
    """
    Solve a model by branch and bound.

    HiGHS 1.16 may give back the columns to begin with as the optimum where they are
    not, which its bound tells; then once more without them.
    """

    def once(start: FloatArray | None) -> Outcome:
        outcome = solve_mip(
            model,
            gap=gap,
            time_limit_s=_limit(run),
            start=start,
            seed=seed,
            on_progress=on_progress,
        )
        run.heed(outcome)
        return outcome

    outcome = once(begun)
    left = relative_gap(outcome.value, outcome.bound)
    if begun is not None and outcome.status == "optimal" and left > max(gap, 1e-6):
        return once(None)
    return outcome


def _second_goal(run: _Run, proof: Proof | None, seed: int) -> None:
    """Look for choices that are worth as much and cost less, where few are left."""
    problem = run.problem
    if run.best is None or problem.detection or not problem.costs.any():
        return
    room = 1e-9 * max(1.0, abs(run.value))
    kept = begin_with(problem) | run.best
    kept |= True if proof is None else proof.ceiling >= run.value - room
    if kept.sum() > _SMALL:
        return
    smaller = subproblem(problem, kept)
    relaxation = relax(smaller)
    model = relaxation.model
    worth = csr_array(model.cost[None, :])
    least = run.value - relaxation.constant - room
    costs = np.zeros(model.cost.size)
    costs[: kept.sum()] = relaxation.to_choices.T @ smaller.costs
    cheapest = replace(
        model,
        cost=costs,
        maximize=False,
        matrix=csr_array(vstack((model.matrix, worth))),
        row_lower=np.append(model.row_lower, least),
        row_upper=np.append(model.row_upper, np.inf),
    )
    begun = relaxation.columns(smaller, run.best[kept])
    outcome = _branched(run, cheapest, max(run.gap, 1e-6), begun, seed)
    if outcome.x is not None:
        chosen = np.zeros(kept.size, dtype=bool)
        chosen[kept] = relaxation.choices(outcome.x) > 0.5  # noqa: PLR2004 - rounding
        run.offer(chosen)
