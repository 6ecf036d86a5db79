"""The linear model of a problem, and what its relaxation proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.placement.highs import Model
from geoborder.placement.problem import Problem

_MET = 1e-9
"""Sums nearer to what is required than this reach it."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """
    A problem as a linear model.

    Attributes
    ----------
    model : Model
        Columns: one per choice (see `to_choices`), one per cell and year that may
        be covered and counts, and where detection counts one more for its sum.
        Rows: limits, order of choices, facts, floors, then cover.
    to_choices : csr_array
        Turns the first columns into choices: of an option that lasts to the end
        whenever it begins, columns say whether it has begun, not when.
    from_choices : csr_array
        The inverse.
    constant : float
        Worth of what is covered whatever is chosen, not in the model.
    places : ndarray of int
        ``cell * years + year`` of each column that stands for a cell in a year.
    points : ndarray
        Sums at which the curve of detection is held by its tangents, shape
        (tangents, places).
    limits, order, floors : slice
        Where the model's rows for limits, the order of choices, and floors are.
    """

    model: Model
    to_choices: csr_array
    from_choices: csr_array
    constant: float
    places: IntArray
    points: FloatArray
    limits: slice
    order: slice
    floors: slice

    def choices(self, x: FloatArray) -> FloatArray:
        """
        Turn the model's columns into choices.

        Parameters
        ----------
        x
            Values of its columns.

        Returns
        -------
        ndarray
            How far each choice is made, shape (choices,).
        """
        return np.asarray(self.to_choices @ x[: self.to_choices.shape[1]])

    def columns(self, problem: Problem, chosen: BoolArray) -> FloatArray:
        """
        Turn choices into the model's columns.

        Parameters
        ----------
        problem
            The problem.
        chosen
            Whether each choice is made.

        Returns
        -------
        ndarray
            Values of its columns, the best for these choices.
        """
        own = self.from_choices @ chosen.astype(float)
        if not problem.detection:
            covered = problem.covered(chosen).ravel()[self.places]
            return np.concatenate((own, covered))
        sums = problem.sums(chosen).ravel()[self.places]
        slope = np.exp(-self.points)
        covered = (1.0 - slope + slope * (sums - self.points)).min(axis=0)
        return np.concatenate((own, np.minimum(covered, 1.0), sums))


def relax(problem: Problem, *, points: FloatArray | None = None) -> Relaxation:
    """
    Write a problem as a linear model.

    Parameters
    ----------
    problem
        The problem.
    points
        Where detection counts: sums at which its curve is held by its tangents,
        shape (tangents, cells, years); by default four at each place.

    Returns
    -------
    Relaxation
        Its integer solutions are the problem's. Where detection counts the model
        says that they are worth a little more than they are.
    """
    size = problem.option.size
    begun = _begun(problem)
    active = _activity(problem, begun.to_choices)
    places, given = _places(problem, np.diff(active.indptr) > 0)
    cover = active[places]
    base = problem.base.ravel()[places]
    many = places.size
    if problem.detection:
        points = _points(base, cover) if points is None else _pick(points, places)
        curve = _curve(cover, base, points)
        sums = many
    else:
        points, sums = np.empty((0, many)), 0
        left = np.repeat(problem.required, problem.years)[places] - base
        curve = [_enough(cover, left)]
    limits = (problem.rows @ begun.to_choices).tocsr()
    fixed = np.zeros(size, bool) if problem.fixed is None else problem.fixed
    later = np.flatnonzero(begun.before >= 0)
    facts = np.flatnonzero(fixed)
    needs = problem.needs - problem.floors @ given
    free = np.full
    blocks = [
        (limits, free(limits.shape[0], -np.inf), problem.limits),
        (begun.to_choices[later], np.zeros(later.size), free(later.size, np.inf)),
        (begun.to_choices[facts], np.ones(facts.size), free(facts.size, np.inf)),
        (
            hstack((csr_array((needs.size, size)), problem.floors[:, places])),
            needs,
            free(needs.size, np.inf),
        ),
        *curve,
    ]
    width = size + many + sums
    first = limits.shape[0] + later.size + facts.size
    top = base + np.asarray(cover.sum(axis=1)).ravel() if sums else np.empty(0)
    # A cell that wants several is covered or not; one that wants one follows suit.
    several = np.zeros(many, bool) if problem.detection else left > 1.0 + _MET
    model = Model(
        cost=np.concatenate(
            (np.zeros(size), problem.weights.ravel()[places], np.zeros(sums))
        ),
        lower=np.zeros(width),
        upper=np.concatenate((np.ones(size + many), top)),
        integer=np.concatenate((np.ones(size, bool), several, np.zeros(sums, bool))),
        matrix=vstack([_widened(b[0], width) for b in blocks], format="csr"),
        row_lower=np.concatenate([b[1] for b in blocks]),
        row_upper=np.concatenate([b[2] for b in blocks]),
    )
    return Relaxation(
        model=model,
        to_choices=begun.to_choices,
        from_choices=begun.from_choices,
        constant=float(problem.weights.ravel() @ given),
        places=places,
        points=points,
        limits=slice(0, limits.shape[0]),
        order=slice(limits.shape[0], limits.shape[0] + later.size),
        floors=slice(first, first + needs.size),
    )


def _widened(block: csr_array, width: int) -> csr_array:
    """Give a block of rows columns of zeros on its right."""
    table = csr_array(block)
    return csr_array((table.data, table.indices, table.indptr), (table.shape[0], width))


def _lasting(problem: Problem) -> BoolArray:
    """Options that last to the end whenever they begin."""
    lasting = np.ones(problem.covers.shape[0], dtype=bool)
    lasting[problem.option[problem.end != problem.years]] = False
    return lasting


@dataclass(frozen=True, slots=True)
class _Begun:
    """How columns that say what has begun turn into choices, and back."""

    to_choices: csr_array
    from_choices: csr_array
    before: IntArray


def _begun(problem: Problem) -> _Begun:
    size = problem.option.size
    lasting = _lasting(problem)
    order = np.lexsort((problem.begin, problem.option))
    order = order[lasting[problem.option[order]]]
    option = problem.option[order]
    before = np.full(size, -1, dtype=np.int64)
    follows = option[1:] == option[:-1]
    before[order[1:][follows]] = order[:-1][follows]
    later = np.flatnonzero(before >= 0)
    to_choices = eye_array(size, format="csr") - csr_array(
        (np.ones(later.size), (later, before[later])), shape=(size, size)
    )
    # Back: the column of a lasting option sums its choices up to that year.
    start = np.searchsorted(option, option)
    many = np.arange(order.size) - start + 1
    turn = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    rest = np.flatnonzero(~lasting[problem.option])
    row = np.append(np.repeat(order, many), rest)
    column = np.append(order[np.repeat(start, many) + turn], rest)
    back = csr_array((np.ones(row.size), (row, column)), shape=(size, size))
    return _Begun(csr_array(to_choices), back, before)


def _activity(problem: Problem, to_choices: csr_array) -> csr_array:
    """Tell what each column adds to each cell in each year: (places, columns)."""
    cells, size = problem.covers.shape[1], problem.option.size
    turned = csr_array(problem.covers.T)
    parts = []
    for year in range(problem.years):
        on = np.flatnonzero((problem.begin <= year) & (year < problem.end))
        made = csr_array(
            (np.ones(on.size), (problem.option[on], on)),
            shape=(problem.covers.shape[0], size),
        )
        running = csr_array(made @ to_choices)
        running.eliminate_zeros()
        parts.append(coo_array(turned @ running))
    row = np.concatenate([p.coords[0] * problem.years + y for y, p in enumerate(parts)])
    column = np.concatenate([p.coords[1] for p in parts])
    data = np.concatenate([p.data for p in parts])
    return csr_array((data, (row, column)), shape=(cells * problem.years, size))


def _places(problem: Problem, reachable: BoolArray) -> tuple[IntArray, FloatArray]:
    """Cells and years that choices decide about, and what the others are covered."""
    base = problem.base.ravel()
    counts = problem.weights.ravel() > 0
    if problem.floors.shape[0]:
        counts |= np.bincount(problem.floors.indices, minlength=base.size) > 0
    if problem.detection:
        met, given = np.zeros(base.size, bool), -np.expm1(-base)
    else:
        met = base >= np.repeat(problem.required, problem.years) - _MET
        given = met.astype(float)
    places = np.flatnonzero(counts & ~met & reachable)
    given[places] = 0.0
    return places, given


def _points(base: FloatArray, cover: csr_array) -> FloatArray:
    """Give sums where tangents hold the curve: what stands, and one to three more."""
    many = np.maximum(np.diff(cover.indptr), 1)
    mean = np.asarray(cover.sum(axis=1)).ravel() / many
    return np.asarray([base + step * mean for step in range(4)])


def _pick(points: FloatArray, places: IntArray) -> FloatArray:
    return points.reshape(points.shape[0], -1)[:, places]


def _enough(
    cover: csr_array, left: FloatArray
) -> tuple[csr_array, FloatArray, FloatArray]:
    """Rows that let a cell be covered once what is left of its need is there."""
    many = left.size
    below = csr_array((left, (np.arange(many), np.arange(many))), (many, many))
    return hstack((-cover, below)), np.full(many, -np.inf), np.zeros(many)


def _curve(
    cover: csr_array, base: FloatArray, points: FloatArray
) -> list[tuple[csr_array, FloatArray, FloatArray]]:
    """Rows that sum cover up, and rows that hold detection below its tangents."""
    many = base.size
    unit = eye_array(many, format="csr")
    nothing = csr_array((many, many))
    rows = [(hstack((-cover, nothing, unit)), base, base)]
    before = csr_array((many, cover.shape[1]))
    for point in points:
        slope = np.exp(-point)
        tilt = csr_array((-slope, (np.arange(many), np.arange(many))), (many, many))
        top = 1.0 - slope * (1.0 + point)
        rows.append((hstack((before, unit, tilt)), np.full(many, -np.inf), top))
    return rows


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What prices of a model's rows prove.

    Attributes
    ----------
    bound : float
        No choices are worth more.
    ceiling : ndarray
        No choices that include this one are worth more, shape (choices,).
    limit_prices, floor_prices : ndarray
        Price of a unit of each limit and floor; not negative.
    """

    bound: float
    ceiling: FloatArray
    limit_prices: FloatArray
    floor_prices: FloatArray


def prove(problem: Problem, relaxation: Relaxation, row_duals: FloatArray) -> Proof:
    """
    Bound a problem by prices of its model's rows.

    Lagrangian relaxation of all rows but the order of choices: valid whatever the
    prices are, so that it does not rest on the tolerances of the solver that found
    them.

    Parameters
    ----------
    problem
        The problem.
    relaxation
        Its linear model.
    row_duals
        Price of each row of the model, positive where its upper side binds.

    Returns
    -------
    Proof
        Bounds on the whole and with each choice.
    """
    model, size = relaxation.model, problem.option.size
    prices = np.where(np.isinf(model.row_upper), np.minimum(row_duals, 0.0), row_duals)
    prices = np.where(np.isinf(model.row_lower), np.maximum(prices, 0.0), prices)
    prices[relaxation.order] = 0.0
    side = np.where(prices > 0, model.row_upper, model.row_lower)
    bound = float(prices @ np.where(prices == 0.0, 0.0, side))
    reduced = np.asarray(model.cost - model.matrix.T @ prices)
    rest = reduced[size:]
    bound += float(np.maximum(rest, 0.0) @ model.upper[size:])
    profit = np.asarray(relaxation.from_choices.T @ reduced[:size])
    alone = ~_lasting(problem)[problem.option]
    most = np.zeros(problem.covers.shape[0])
    np.maximum.at(most, problem.option[~alone], profit[~alone])
    bound += float(most.sum() + np.maximum(profit[alone], 0.0).sum())
    best = np.where(alone, np.maximum(profit, 0.0), most[problem.option])
    return Proof(
        bound=bound + relaxation.constant,
        ceiling=bound + relaxation.constant - (best - profit),
        limit_prices=np.maximum(prices[relaxation.limits], 0.0),
        floor_prices=np.maximum(-prices[relaxation.floors], 0.0),
    )
