"""What is to be decided, as arrays: the multi-period covering problem."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Which choices to make, so that what they cover over the years is worth most.

    An option is a thing at a place (one item of a measure at a site); a choice is an
    option in operation from a year until a year. A choice is made or not.

    Attributes
    ----------
    covers : csr_array
        What each option adds to each cell, shape (options, cells), entries
        positive: 1 where coverage counts assets; -ln(1 - p) where an asset detects
        with probability p.
    weights : ndarray
        What it is worth to cover each cell in each year, shape (cells, years);
        not negative.
    base : ndarray
        What stands already adds to each cell in each year, shape (cells, years).
    required : ndarray
        Assets that must cover each cell for it to count, shape (cells,); not used
        where `detection` is true.
    option, begin, end : ndarray of int
        Of each choice: its option, its first year and the year after its last, as
        positions among the years.
    rows : csr_array
        Limits on choices, ``rows @ chosen <= limits``, shape (rows, choices).
    limits : ndarray
        Their right sides.
    costs : ndarray
        What each choice costs in all, to break ties and for the second goal.
    floors : csr_array
        Least coverage, ``floors @ covered.ravel() >= needs``, shape
        (floors, cells * years), cells by rows; entries not negative.
    needs : ndarray
        Their right sides.
    start : ndarray of int
        Choices that are made unless undone (what stands already and may go).
    fixed : ndarray of bool
        Choices that are facts, made in any case, shape (choices,).
    detection : bool
        Whether a cell's worth is the probability that something detects,
        1 - exp(-sum), instead of whether enough assets cover it.
    """

    covers: csr_array
    weights: FloatArray
    base: FloatArray
    required: FloatArray
    option: IntArray
    begin: IntArray
    end: IntArray
    rows: csr_array
    limits: FloatArray
    costs: FloatArray
    floors: csr_array
    needs: FloatArray
    start: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    fixed: BoolArray | None = None
    detection: bool = False

    @property
    def years(self) -> int:
        """Number of years."""
        return int(self.weights.shape[1])

    def sums(self, chosen: BoolArray) -> FloatArray:
        """
        Sum up what choices and what stands already add to each cell in each year.

        Parameters
        ----------
        chosen
            Whether each choice is made, shape (choices,).

        Returns
        -------
        ndarray
            Shape (cells, years).
        """
        made = np.flatnonzero(chosen)
        active = np.zeros((self.covers.shape[0], self.years))
        for year in range(self.years):
            on = made[(self.begin[made] <= year) & (year < self.end[made])]
            active[:, year] = np.bincount(self.option[on], minlength=len(active))
        return np.asarray(self.base + self.covers.T @ active)

    def covered(self, chosen: BoolArray) -> FloatArray:
        """
        Tell how far each cell is covered in each year.

        Parameters
        ----------
        chosen
            Whether each choice is made, shape (choices,).

        Returns
        -------
        ndarray
            Shape (cells, years): 1 or 0, or the probability of detection.
        """
        sums = self.sums(chosen)
        if self.detection:
            return np.asarray(-np.expm1(-sums))
        return np.asarray((sums >= self.required[:, None] - 1e-9).astype(float))

    def value(self, chosen: BoolArray) -> float:
        """
        Add up what choices are worth.

        Parameters
        ----------
        chosen
            Whether each choice is made, shape (choices,).

        Returns
        -------
        float
            The sum of weights times coverage.
        """
        return float((self.weights * self.covered(chosen)).sum())

    def holds(self, chosen: BoolArray, *, slack: float = 1e-6) -> bool:
        """
        Tell whether choices keep every limit and reach every floor.

        Parameters
        ----------
        chosen
            Whether each choice is made, shape (choices,).
        slack
            Relative to the right side, for rounding.

        Returns
        -------
        bool
            Whether they do.
        """
        made = chosen.astype(float)
        room = slack * np.maximum(1.0, np.abs(self.limits))
        if (self.rows @ made > self.limits + room).any():
            return False
        if self.fixed is not None and not chosen[self.fixed].all():
            return False
        reached = self.floors @ self.covered(chosen).ravel()
        return bool(
            (reached >= self.needs - slack * np.maximum(1.0, np.abs(self.needs))).all()
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The best choices found, and how good any others could be.

    Attributes
    ----------
    chosen : ndarray of bool
        Whether each choice is made, shape (choices,).
    value : float
        What they are worth.
    bound : float
        No choices are worth more.
    status : str
        ``optimal``, ``gap`` (as close as was asked for), ``time`` (the time was up)
        or ``stopped`` (by Ctrl-C).
    seconds : float
        Time it took.
    row_prices : ndarray
        What one more unit of each limit would add to the bound, by the linear
        relaxation, shape (rows,).
    floor_prices : ndarray
        What one unit less of each floor would add to it, shape (floors,).
    history : tuple of tuple
        (seconds, value, bound) at every improvement.
    """

    chosen: BoolArray
    value: float
    bound: float
    status: str
    seconds: float
    row_prices: FloatArray
    floor_prices: FloatArray
    history: tuple[tuple[float, float, float], ...]

    @property
    def gap(self) -> float:
        """How much better any other choices could be, relative to the value."""
        return relative_gap(self.value, self.bound)


def relative_gap(value: float, bound: float) -> float:
    """
    Relate what is left between a value and its bound to the value.

    Parameters
    ----------
    value
        Of the best answer.
    bound
        That no answer is better than.

    Returns
    -------
    float
        ``|bound - value| / |value|``; 0 where they are equal, infinite where the
        value is 0 and the bound is not.
    """
    left = abs(bound - value)
    if left <= 1e-9 * max(1.0, abs(value)):
        return 0.0
    return left / abs(value) if value else np.inf


def subproblem(problem: Problem, kept: BoolArray) -> Problem:
    """
    Leave some choices out of a problem.

    Parameters
    ----------
    problem
        The problem.
    kept
        Which choices stay, shape (choices,); all that are facts must.

    Returns
    -------
    Problem
        With fewer choices and options; cells, limits and floors are the same.
    """
    number = np.cumsum(kept) - 1
    used, option = np.unique(problem.option[kept], return_inverse=True)
    start: IntArray = problem.start[kept[problem.start]]
    return replace(
        problem,
        covers=csr_array(problem.covers[used]),
        option=option,
        begin=problem.begin[kept],
        end=problem.end[kept],
        rows=csr_array(problem.rows[:, np.flatnonzero(kept)]),
        costs=problem.costs[kept],
        start=number[start],
        fixed=None if problem.fixed is None else problem.fixed[kept],
    )
