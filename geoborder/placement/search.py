"""Good choices in a second: greedy, then exchanges, with floors priced in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.sparse import csc_array, csr_array

from geoborder.geodesy import BoolArray, FloatArray
from geoborder.placement.greedy import (
    State,
    Tables,
    exchange,
    fill,
    reopen,
    weigh,
)
from geoborder.placement.problem import Problem

_ADDED = 3
"""Choices that may come in for one that goes out."""

_SWEEPS = 20
"""Times that all choices are tried to be exchanged, at most."""

_RAISES = 8
"""Times that what is worth to reach a floor is raised."""

_CHUNK = 500
"""Rounds of undoing and filling up between looks at the clock."""

_WARM = 0.03
"""Worth that may be lost in a round at the beginning, as a share of a choice's."""

_LITTLE = 1e-12


def tables_of(problem: Problem, floor_worth: FloatArray | None = None) -> Tables:
    """
    Lay a problem out for the compiled search.

    Parameters
    ----------
    problem
        The problem.
    floor_worth
        What a unit of each floor is worth; nothing, if left out.

    Returns
    -------
    Tables
        Its arrays.
    """
    by_cell, by_choice = csc_array(problem.covers), csc_array(problem.rows)
    covers, whole = problem.covers, np.int64
    worth = problem.weights
    if floor_worth is not None and floor_worth.any():
        worth = worth + (problem.floors.T @ floor_worth).reshape(worth.shape)
    several = not problem.detection and bool((problem.required > 1).any())
    entries, many = by_cell.data, np.diff(covers.indptr)
    own = np.repeat(np.arange(many.size), many)
    position = np.bincount(own, covers.indices, minlength=many.size)
    return Tables(
        option=problem.option.astype(whole),
        begin=problem.begin.astype(whole),
        end=problem.end.astype(whole),
        costs=problem.costs.astype(float),
        first=covers.indptr.astype(whole),
        cell=covers.indices.astype(whole),
        amount=covers.data.astype(float),
        sharing_first=by_cell.indptr.astype(whole),
        sharing=by_cell.indices.astype(whole),
        share=(-np.expm1(-entries) if problem.detection else entries).astype(float),
        row_first=by_choice.indptr.astype(whole),
        row=by_choice.indices.astype(whole),
        taken=by_choice.data.astype(float),
        slack=1e-9 * np.maximum(1.0, np.abs(problem.limits)),
        worth=np.ascontiguousarray(worth, dtype=float),
        required=problem.required.astype(float),
        detection=problem.detection,
        partial=0.5 if several else 0.0,
        relief=1.0 + float(worth.sum()),
        eases=np.bincount(
            problem.rows.indices, problem.rows.data < 0, minlength=problem.option.size
        )
        > 0,
        position=position / np.maximum(many, 1),
    )


def state_of(problem: Problem, tables: Tables, chosen: BoolArray) -> State:
    """
    Work out what follows from choices.

    Parameters
    ----------
    problem
        The problem.
    tables
        Its arrays.
    chosen
        Whether each choice is made. Not modified.

    Returns
    -------
    State
        To be changed by the compiled search.
    """
    options = problem.covers.shape[0]
    state = State(
        chosen=chosen.copy(),
        sums=np.ascontiguousarray(problem.sums(chosen)),
        room=np.asarray(problem.limits - problem.rows @ chosen, dtype=float),
        gains=np.zeros((options, problem.years)),
    )
    weigh(tables, state)
    return state


def begin_with(problem: Problem) -> BoolArray:
    """
    Give the choices that are made before anything is decided.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray of bool
        Facts, and what stays unless it is undone.
    """
    chosen = np.zeros(problem.option.size, dtype=bool)
    chosen[problem.start] = True
    if problem.fixed is not None:
        chosen |= problem.fixed
    return chosen


def flexible(problem: Problem) -> BoolArray:
    """
    Tell which choices are not facts.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray of bool
        Shape (choices,).
    """
    if problem.fixed is None:
        return np.ones(problem.option.size, dtype=bool)
    return np.asarray(~problem.fixed)


def plain_price(problem: Problem) -> FloatArray:
    """
    Price choices by what they cost in all.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray
        Positive, shape (choices,); all alike where nothing costs anything.
    """
    costs = np.maximum(problem.costs, 0.0)
    least = 1e-3 * float(costs.mean()) if costs.size and costs.any() else 1.0
    return np.asarray(costs + least)


def _climb(
    problem: Problem,
    begun: BoolArray,
    price: FloatArray,
    floor_worth: FloatArray,
    seed: int,
    goes_on: Callable[[], bool],
) -> BoolArray:
    """Fill up, then exchange until nothing gains any more."""
    tables = tables_of(problem, floor_worth)
    state = state_of(problem, tables, begun)
    fill(tables, state, price)
    rng = np.random.default_rng(seed)
    even, idle = np.ones_like(price), 0
    for sweep in range(_SWEEPS):
        if not goes_on() or idle == 2:  # noqa: PLR2004 - once by each price
            break
        order = rng.permutation(np.flatnonzero(state.chosen & flexible(problem)))
        by = price if sweep % 2 else even
        won = exchange(tables, state, by, order, _ADDED)
        idle = idle + 1 if won <= _LITTLE * tables.relief else 0
    return state.chosen


def search(
    problem: Problem,
    *,
    price: FloatArray,
    seed: int,
    goes_on: Callable[[], bool],
    begun: BoolArray | None = None,
    floor_worth: FloatArray | None = None,
) -> BoolArray | None:
    """
    Look for good choices that keep all limits and reach all floors.

    Parameters
    ----------
    problem
        The problem.
    price
        What each choice takes of what is scarce; positive.
    seed
        Of the order in which choices are tried.
    goes_on
        Asked between sweeps whether there is time left.
    begun
        Choices to begin with; by default what stands.
    floor_worth
        First guess of what a unit of each floor is worth.

    Returns
    -------
    ndarray of bool or None
        Such choices; None if none were found that keep everything.
    """
    first = begin_with(problem) if begun is None else begun
    worth = np.zeros(problem.needs.size) if floor_worth is None else floor_worth.copy()
    scale = float(problem.weights.max()) if problem.weights.size else 1.0
    for _ in range(_RAISES):
        found = _climb(problem, first, price, worth, seed, goes_on)
        if problem.holds(found):
            return found
        short = problem.needs - problem.floors @ problem.covered(found).ravel()
        missed = short > _LITTLE + 1e-9 * np.abs(problem.needs)
        if not missed.any() or not goes_on():
            return None
        worth = np.where(missed, np.maximum(3.0 * worth, scale or 1.0), worth)
    return None


def without_idle(problem: Problem, chosen: BoolArray) -> BoolArray:
    """
    Undo choices that cost something and add nothing, the dearest first.

    Parameters
    ----------
    problem
        The problem.
    chosen
        Choices that keep everything. Not modified.

    Returns
    -------
    ndarray of bool
        Choices that are worth as much and reach floors as far.
    """
    tables = tables_of(problem, np.ones(problem.needs.size))
    state = state_of(problem, tables._replace(partial=0.0), chosen)
    open_ = np.flatnonzero(chosen & flexible(problem) & (problem.costs > 0.0))
    order = open_[np.argsort(-problem.costs[open_], kind="stable")]
    price = np.ones(problem.option.size)
    exchange(tables._replace(partial=0.0), state, price, order, 0)
    return state.chosen


def anneal(
    problem: Problem,
    begun: BoolArray,
    *,
    price: FloatArray,
    floor_worth: FloatArray,
    rounds: int,
    seed: int,
    offer: Callable[[BoolArray], None],
    goes_on: Callable[[], bool],
) -> None:
    """
    Undo choices near each other and fill up again, over and over.

    Parameters
    ----------
    problem
        The problem.
    begun
        Choices to begin with, that keep everything.
    price, floor_worth
        As for `search`.
    rounds
        How many times.
    seed
        Of the random numbers.
    offer
        Called with the best choices of every few hundred rounds.
    goes_on
        Asked as often whether to go on.
    """
    tables = tables_of(problem, floor_worth)
    open_ = np.flatnonzero(flexible(problem))
    many = max(int(begun.sum()), 1)
    warmth = _WARM * problem.value(begun) / many
    chunks = max(1, rounds // _CHUNK)
    state, rng = state_of(problem, tables, begun), np.random.default_rng(seed)
    for chunk in range(chunks):
        if not goes_on():
            return
        warm = (warmth * (1.0 - chunk / chunks), warmth * (1.0 - (chunk + 1) / chunks))
        offer(reopen(tables, state, price, open_, _CHUNK, warm, rng))
        weigh(tables, state)


@cache
def compile_search() -> None:
    """Compile what searches, on a little problem, before a clock runs."""
    every = np.ones(2)
    little = Problem(
        covers=csr_array(np.eye(2)),
        weights=np.ones((2, 1)),
        base=np.zeros((2, 1)),
        required=every,
        option=np.arange(2),
        begin=np.zeros(2, dtype=np.int64),
        end=np.ones(2, dtype=np.int64),
        rows=csr_array(np.ones((1, 2))),
        limits=every[:1],
        costs=every,
        floors=csr_array((0, 2)),
        needs=np.empty(0),
    )
    goes_on = lambda: True  # noqa: E731 - a clock that never runs out
    found = search(little, price=every, seed=0, goes_on=goes_on)
    if found is not None:
        anneal(
            little, found, price=every, floor_worth=np.empty(0), rounds=1, seed=0,
            offer=lambda _chosen: None, goes_on=goes_on,
        )  # fmt: skip
        without_idle(little, found)
