"""Small problems of placement at random, and their answers by going through all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray, FloatArray
from geoborder.placement.problem import Problem


@dataclass(frozen=True)
class Traits:
    """What a problem at random has; each trait is there or not."""

    detection: bool = False
    several: bool = False
    finite: bool = False
    carry_over: bool = True
    budget: bool = True
    stock: bool = True
    pair: bool = False
    requires: bool = False
    covering: bool = False
    floors: bool = False
    base: bool = False
    moves: bool = False
    fixed: bool = False
    free: bool = False
    worthless: bool = False


@dataclass
class _Draft:
    """Choices and rows while they are put together."""

    years: int
    option: list[int] = field(default_factory=list)
    begin: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    paid: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    leaves: list[bool] = field(default_factory=list)
    rows: list[dict[int, float]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def add(self, option: int, begin: int, end: int, paid: float, run: float) -> int:
        self.option.append(option)
        self.begin.append(begin)
        self.end.append(end)
        self.paid.append(paid)
        self.running.append(run)
        self.leaves.append(False)
        return len(self.option) - 1

    def limit(self, row: dict[int, float], side: float) -> None:
        self.rows.append(row)
        self.limits.append(side)

    def on(self, year: int, *options: int) -> list[int]:
        return [
            n
            for n, option in enumerate(self.option)
            if option in options and self.begin[n] <= year < self.end[n]
        ]

    def spent(self, choice: int, year: int) -> float:
        if self.leaves[choice]:
            return self.paid[choice] * (self.end[choice] == year)
        first = self.paid[choice] * (self.begin[choice] == year)
        lasts = self.begin[choice] <= year < self.end[choice]
        return first + self.running[choice] * lasts


def random_problem(seed: int, traits: Traits, *, most: int = 12) -> Problem:
    """Draw a problem with some traits, of `most` choices or fewer."""
    rng = np.random.default_rng(seed)
    years, options = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    draft = _Draft(years)
    start = _moving(rng, draft, options) if traits.moves else None
    new = list(range(options))
    _new(rng, draft, traits, new, most)
    size = len(draft.option)
    for option in range(options + traits.moves):
        for year in range(years):
            draft.limit(dict.fromkeys(draft.on(year, option), 1.0), 1.0)
    _shared_limits(rng, draft, traits, new)
    cells = int(rng.integers(1, 8))
    shape = (options + traits.moves, cells)
    covers = (rng.random(shape) < rng.choice([0.2, 0.5, 0.8])).astype(float)
    weights = rng.integers(0, 6, (cells, years)) / 2.0
    base = np.zeros((cells, years))
    if traits.base:
        base = rng.integers(0, 3, (cells, years)) * (rng.random((cells, years)) < 0.3)
    if traits.detection:
        covers *= -np.log1p(-rng.uniform(0.1, 0.95, shape))
        base = base * 0.3
    required = rng.integers(1, 4, cells) if traits.several else np.ones(cells)
    floors, needs = _floors(rng, cells, years, traits)
    matrix = np.zeros((len(draft.rows), size))
    for number, row in enumerate(draft.rows):
        matrix[number, list(row)] = list(row.values())
    costs = [sum(draft.spent(n, y) for y in range(years)) for n in range(size)]
    fixed = None
    if traits.fixed:
        fixed = rng.random(size) < 0.15
    return Problem(
        covers=csr_array(covers),
        weights=weights * (not traits.worthless),
        base=np.asarray(base, dtype=float),
        required=np.asarray(required, dtype=float),
        option=np.array(draft.option, dtype=np.int64),
        begin=np.array(draft.begin, dtype=np.int64),
        end=np.array(draft.end, dtype=np.int64),
        rows=csr_array(matrix),
        limits=np.array(draft.limits),
        costs=np.array(costs, dtype=float) * (not traits.free),
        floors=csr_array(floors),
        needs=needs,
        start=np.array([] if start is None else [start], dtype=np.int64),
        fixed=fixed,
        detection=traits.detection,
    )


def _new(
    rng: np.random.Generator, draft: _Draft, traits: Traits, new: list[int], most: int
) -> None:
    """Add choices of something new."""
    for option in new:
        life = int(rng.integers(1, 3)) if traits.finite and rng.random() < 0.7 else 99
        paid, run = float(rng.integers(1, 9)), float(rng.integers(0, 3))
        for begin in range(draft.years):
            if rng.random() < 0.8 and len(draft.option) < most:
                draft.add(option, begin, min(begin + life, draft.years), paid, run)


def _moving(rng: np.random.Generator, draft: _Draft, option: int) -> int:
    """Add what stands already: it stays, or leaves in some year and saves money."""
    stays = draft.add(option, 0, draft.years, 0.0, 0.0)
    own = [stays]
    for year in range(draft.years):
        own.append(draft.add(option, 0, year, -float(rng.integers(1, 5)), 0.0))
        draft.leaves[own[-1]] = True
    draft.limit(dict.fromkeys(own, 1.0), 1.0)
    draft.limit(dict.fromkeys(own, -1.0), -1.0)
    return stays


def _shared_limits(
    rng: np.random.Generator, draft: _Draft, traits: Traits, new: list[int]
) -> None:
    size, years = len(draft.option), draft.years
    money = stock = 0.0
    for year in range(years):
        spent = [y for y in range(year + 1) if traits.carry_over or y == year]
        money = money * traits.carry_over + float(rng.integers(0, 16))
        if traits.budget:
            row = {n: sum(draft.spent(n, y) for y in spent) for n in range(size)}
            draft.limit({n: v for n, v in row.items() if v}, money)
        stock += float(rng.integers(0, 3))
        row = {
            n: -1.0 if draft.leaves[n] else 1.0
            for n in range(size)
            if (draft.end[n] if draft.leaves[n] else draft.begin[n]) <= year
            and draft.option[n] in {*new[::2], len(new)}
            and (draft.leaves[n] or draft.option[n] != len(new))
        }
        if traits.stock:
            draft.limit(row, stock)
        if len(new) > 1 and traits.pair:
            draft.limit(dict.fromkeys(draft.on(year, *new[:2]), 1.0), 1.0)
        if len(new) > 1 and traits.requires:
            gives = dict.fromkeys(draft.on(year, new[0]), -1.0)
            draft.limit(dict.fromkeys(draft.on(year, new[-1]), 1.0) | gives, 0.0)
        if traits.covering and rng.random() < 0.6:
            some = [n for n in draft.on(year, *new) if rng.random() < 0.6]
            draft.limit(dict.fromkeys(some, -1.0), -1.0)


def _floors(
    rng: np.random.Generator, cells: int, years: int, traits: Traits
) -> tuple[FloatArray, FloatArray]:
    if not traits.floors:
        return np.zeros((0, cells * years)), np.zeros(0)
    km = np.zeros((2, cells, years))
    for row in km:
        row[:, rng.integers(years)] = rng.integers(0, 4, cells) / 2.0
    flat = km.reshape(2, -1)
    return flat, flat.sum(axis=1) * rng.choice([0.3, 0.5, 0.8], 2)


@dataclass(frozen=True)
class Truth:
    """
    All sets of choices, judged.

    Attributes
    ----------
    sets : ndarray of bool
        Shape (sets, choices).
    values : ndarray
        What each is worth; -inf where it breaks a rule.
    costs : ndarray
        What each costs.
    """

    sets: BoolArray
    values: FloatArray
    costs: FloatArray

    @property
    def best(self) -> float:
        """What the best are worth."""
        return float(self.values.max())

    @property
    def least_cost(self) -> float:
        """Least cost of the best."""
        return float(self.costs[self.values >= self.best - 1e-7].min())

    def best_with(self, choice: int) -> float:
        """Find what the best are worth that include a choice."""
        own = self.values[self.sets[:, choice]]
        return float(own.max(initial=-np.inf))


def go_through_all(problem: Problem) -> Truth:
    """Judge every set of choices."""
    size = problem.option.size
    sets = (np.arange(2**size)[:, None] >> np.arange(size)) % 2 == 1
    covers = problem.covers.toarray()
    cells, years = problem.weights.shape
    values = np.zeros(len(sets))
    reached = np.zeros((len(sets), len(problem.needs)))
    km = problem.floors.toarray().reshape(-1, cells, years)
    for year in range(years):
        sums = np.tile(problem.base[:, year], (len(sets), 1))
        for n in range(size):
            if problem.begin[n] <= year < problem.end[n]:
                sums += sets[:, n, None] * covers[problem.option[n]]
        if problem.detection:
            covered = 1.0 - np.exp(-sums)
        else:
            covered = (sums > problem.required - 0.5).astype(float)
        values += covered @ problem.weights[:, year]
        reached += covered @ km[:, :, year].T
    used = sets.astype(float) @ problem.rows.toarray().T
    fine = (used <= problem.limits + 1e-6).all(axis=1)
    fine &= (reached >= problem.needs - 1e-6).all(axis=1)
    if problem.fixed is not None:
        fine &= sets[:, problem.fixed].all(axis=1)
    return Truth(sets, np.where(fine, values, -np.inf), sets @ problem.costs)


def worth_of(
    problem: Problem, worth: FloatArray, sums: FloatArray, partial: float
) -> float:
    """
    Add up what sums are worth, by loops.

    Of a cell that is not covered yet a share counts, by how near it is to it.
    """
    total = 0.0
    for cell, year in np.ndindex(*sums.shape):
        now, need = sums[cell, year], problem.required[cell]
        if problem.detection:
            total += worth[cell, year] * (1.0 - np.exp(-now))
        elif now >= need - 1e-9:
            total += worth[cell, year]
        else:
            total += worth[cell, year] * partial * now / need
    return float(total)


def middling_problem(*, options: int, cells: int = 300, seed: int = 1) -> Problem:
    """Draw a problem of three years that is not proven best in seconds."""
    years = 3
    rng = np.random.default_rng(seed)
    covers = (rng.random((options, cells)) < 0.06).astype(float)
    option, begin = np.divmod(np.arange(options * years), years)
    costs = rng.integers(20, 60, options)[option] + 2.0 * (years - begin)
    once = (option == np.arange(options)[:, None]).astype(float)
    money = np.array([costs * (begin <= year) for year in range(years)])
    return Problem(
        covers=csr_array(covers),
        weights=np.repeat(rng.integers(1, 20, (cells, 1)), years, axis=1) * 1.0,
        base=np.zeros((cells, years)),
        required=np.ones(cells),
        option=option,
        begin=begin,
        end=np.full(option.size, years),
        rows=csr_array(np.vstack((once, money))),
        limits=np.append(np.ones(options), [150.0, 400.0, 700.0]),
        costs=costs,
        floors=csr_array((0, cells * years)),
        needs=np.zeros(0),
    )
