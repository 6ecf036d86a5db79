"""Covering models as arrays, and the search for their best sites."""

from __future__ import annotations

import numpy as np
from scipy.sparse import block_array, csc_array, csr_array, eye_array, hstack

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.placement.classic.exchange import Cover, exchange, fill, shake
from geoborder.placement.classic.solution import Clock, Found, Solution, prove
from geoborder.placement.highs import Model
from geoborder.placement.merging import dominated, merge_cells

_SHAKES = 200
"""Times that good sites are shaken before branch and bound."""

_LARGEST = 1000.0
"""The budget as HiGHS sees it: a tolerance of 1e-6 is a billionth of it."""


def cheapest_cover(
    cover: csr_array,
    costs: FloatArray,
    need: IntArray,
    *,
    gap: float,
    clock: Clock,
    settle: float | None = None,
) -> Solution:
    """
    Select sites of least cost that cover every target as often as it needs.

    Parameters
    ----------
    cover
        Shape (sites, targets), entries 1.
    costs
        Of each site.
    need
        Sites that must cover each target; there are as many.
    gap
        Relative difference of value and bound that is good enough.
    clock
        The time left.
    settle
        The search ends where it is known whether sites of this cost are enough.

    Returns
    -------
    Solution
        The sites and their cost.
    """
    cells, number = merge_cells(cover, need)
    needed = np.zeros(cells.shape[1], dtype=np.int64)
    needed[number] = need
    sites = np.arange(cover.shape[0])
    if (needed == 1).all():
        sites = np.flatnonzero(~dominated(cells, costs))
        cells, number = merge_cells(cells[sites])
        needed = np.ones(cells.shape[1], dtype=np.int64)
    price, count = costs[sites], len(sites)
    model = Model(
        cost=price,
        lower=np.zeros(count),
        upper=np.ones(count),
        integer=np.ones(count, dtype=bool),
        matrix=csr_array(cells.T),
        row_lower=needed.astype(float),
        row_upper=np.full(len(needed), np.inf),
        maximize=False,
    )
    start = _sparing(cells, price, needed).astype(float)
    whole = _whole(price)
    found = prove(model, start, gap=gap, clock=clock, whole=whole, settle=settle)
    return _solution(sites, found, float(found.value), clock)


def _sparing(cells: csr_array, costs: FloatArray, need: IntArray) -> BoolArray:
    """Cover all by greedy choice, then leave out what is not needed."""
    weights = np.ones(len(need))
    everything = float(costs.sum()) * 2.0 + 1.0
    cover = Cover(cells, csc_array(cells), weights, need, costs, everything)
    chosen = fill(cover, np.zeros(len(costs), dtype=bool))
    counts = cover.counts(chosen)
    made = np.flatnonzero(chosen)
    for site in made[np.argsort(-costs[made], kind="stable")]:
        covered = cover.cells(site)
        if (counts[covered] > need[covered]).all():
            counts[covered] -= 1
            chosen[site] = False
    return chosen


def most_covered(
    cover: csr_array,
    weights: FloatArray,
    need: IntArray,
    costs: FloatArray,
    budget: float,
    *,
    gap: float,
    clock: Clock,
) -> Solution:
    """
    Select sites within a budget that cover as much weight as possible.

    Parameters
    ----------
    cover
        Shape (sites, targets), entries 1.
    weights
        What it is worth to cover each target.
    need
        Sites that must cover each target for it to count.
    costs
        Of each site.
    budget
        What sites may cost in all.
    gap
        Relative difference of value and bound that is good enough.
    clock
        The time left.

    Returns
    -------
    Solution
        The sites and the weight they cover.
    """
    sites = np.flatnonzero((costs <= budget) & (np.diff(cover.indptr) > 0))
    worth = np.flatnonzero((weights > 0) & (cover[sites].sum(axis=0) >= need))
    cells, total, needed = _merged(cover[sites][:, worth], weights[worth], need[worth])
    if (needed == 1).all() and len(sites):
        keep = ~dominated(cells, costs[sites])
        sites = sites[keep]
        cells, total, needed = _merged(cells[keep], total, needed)
    if not len(total):
        empty = np.empty(0, dtype=np.int64)
        return Solution(empty, 0.0, 0.0, "optimal", clock.seconds)
    options = Cover(cells, csc_array(cells), total, needed, costs[sites], budget)
    empty_handed = np.zeros(len(sites), dtype=bool)
    plain, by_cost = (
        exchange(options, fill(options, empty_handed, by_cost=by_cost))
        for by_cost in (False, True)
    )
    start = max((by_cost, plain), key=options.value)
    model = _model(options, total, needed, minimum=0)
    found = _improve(model, options, start, total, needed, gap=gap, clock=clock)
    selected = sites[np.flatnonzero(found.x[: len(sites)] > 0.5)]  # noqa: PLR2004
    counts = cover[selected].sum(axis=0)
    return _solution(sites, found, float(weights[counts >= need].sum()), clock)


def most_backed(
    cover: csr_array,
    weights: FloatArray,
    p: int,
    start: IntArray,
    *,
    gap: float,
    clock: Clock,
) -> Solution:
    """
    Select sites that cover every target, and as much weight as possible twice.

    Parameters
    ----------
    cover
        Shape (sites, targets), entries 1.
    weights
        What it is worth to cover each target twice.
    p
        Greatest number of sites.
    start
        Sites that cover every target.
    gap
        Relative difference of value and bound that is good enough.
    clock
        The time left.

    Returns
    -------
    Solution
        The sites and the weight they cover twice.
    """
    cells, number = merge_cells(cover)
    total: FloatArray = np.zeros(cells.shape[1])
    np.add.at(total, number, weights)
    once = np.ones(len(total), dtype=np.int64)
    # To cover a cell once is worth more than to cover all of them twice.
    both = csr_array(hstack([cells, cells]))
    worth = np.concatenate((once * (total.sum() + 1.0), total))
    needed = np.concatenate((once, 2 * once))
    costs = np.ones(cover.shape[0])
    options = Cover(both, csc_array(both), worth, needed, costs, float(p))
    first = np.zeros(cover.shape[0], dtype=bool)
    first[start] = True
    first = exchange(options, first)
    single = Cover(cells, csc_array(cells), total, once, costs, float(p))
    model = _model(single, total, once, minimum=1)
    found = _improve(
        model, options, first, total, 2 * once, gap=gap, clock=clock, cells=cells
    )
    sites = np.arange(cover.shape[0])
    selected = np.flatnonzero(found.x[: len(sites)] > 0.5)  # noqa: PLR2004
    twice = cover[selected].sum(axis=0) >= 2  # noqa: PLR2004
    return _solution(sites, found, float(weights[twice].sum()), clock)


def _merged(
    cover: csr_array, weights: FloatArray, need: IntArray
) -> tuple[csr_array, FloatArray, IntArray]:
    """Merge equal targets, with what they are worth and need."""
    cells, number = merge_cells(cover, need)
    held = number >= 0
    total: FloatArray = np.zeros(cells.shape[1])
    np.add.at(total, number[held], weights[held])
    needed = np.ones(cells.shape[1], dtype=np.int64)
    needed[number[held]] = need[held]
    return cells, total, needed


def _model(
    options: Cover, weights: FloatArray, need: IntArray, *, minimum: int
) -> Model:
    """Build the programme: sites first, then whether each cell counts."""
    sites, cells = options.rows.shape
    scale = _LARGEST / options.budget if options.budget > 0 else 1.0
    spent = csr_array(options.costs[None] * scale)
    counted = eye_array(cells).multiply(-need[:, None].astype(float))
    matrix = block_array([[options.rows.T, counted], [spent, None]], format="csr")
    return Model(
        cost=np.concatenate((np.zeros(sites), weights)),
        lower=np.zeros(sites + cells),
        upper=np.ones(sites + cells),
        # With one site enough, a cell counts wholly or not at all by itself.
        integer=np.arange(sites + cells) < sites + cells * bool((need > 1).any()),
        matrix=csr_array(matrix),
        row_lower=np.append(np.full(cells, float(minimum)), -np.inf),
        row_upper=np.append(np.full(cells, np.inf), options.budget * scale),
    )


def _improve(
    model: Model,
    options: Cover,
    start: BoolArray,
    weights: FloatArray,
    need: IntArray,
    *,
    gap: float,
    clock: Clock,
    cells: csr_array | None = None,
) -> Found:
    """Prove good sites the best, or find better ones."""
    cells = options.rows if cells is None else cells
    sites = len(start)

    def columns(chosen: BoolArray) -> FloatArray:
        counted = cells[np.flatnonzero(chosen)].sum(axis=0) >= need
        return np.concatenate((chosen.astype(float), counted.astype(float)))

    def over() -> bool:
        return clock.up

    def better(x: FloatArray) -> FloatArray:
        chosen = x[:sites] > 0.5  # noqa: PLR2004
        return columns(shake(options, chosen, times=_SHAKES, over=over))

    whole = _whole(weights)
    begin = columns(start)
    return prove(model, begin, gap=gap, clock=clock, whole=whole, better=better)


def _whole(numbers: FloatArray) -> bool:
    """Whether all are whole and so is every sum of them."""
    return bool((numbers == np.round(numbers)).all() and numbers.sum() < 2.0**52)


def _solution(sites: IntArray, found: Found, value: float, clock: Clock) -> Solution:
    selected = np.sort(sites[np.flatnonzero(found.x[: len(sites)] > 0.5)])  # noqa: PLR2004
    bound = value if found.status == "optimal" else found.bound
    return Solution(selected, value, bound, found.status, clock.seconds)
