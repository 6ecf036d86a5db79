"""
Compiled search: fill up with what gains most, exchange, undo and fill up again.

All of it works on one state, changed in place, in which the gain of every option in
every year is kept up to date: with each choice the gains of options change that share
a cell with it, and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geoborder.geodesy import BoolArray, FloatArray, IntArray

_SAME = 1e-9
"""Gains nearer to each other than this share of all there is to gain are equal."""

_MET = 1e-9
"""Sums nearer to what is required than this reach it."""

_MOST_OUT = 16
"""Choices that are undone together, at most."""


class Tables(NamedTuple):
    """
    A problem as flat arrays.

    Attributes
    ----------
    option, begin, end, costs
        As in `Problem`, by choice.
    first, cell, amount
        Cover by options: where each option's entries begin, and the entries.
    sharing_first, sharing, share
        Cover by cells, in the same manner; of detection the probability.
    row_first, row, taken
        Limits by choices, in the same manner.
    slack
        How far each limit may be passed in rounding.
    worth, required, detection
        As in `Problem`; `worth` may hold what floors are worth, too.
    partial
        Share of a cell's worth that counts for coming nearer to what is required.
    relief
        What it is worth to ease a broken limit by one.
    eases
        Whether making a choice may ease a limit.
    position
        Where each option is along the line of cells.
    """

    option: IntArray
    begin: IntArray
    end: IntArray
    costs: FloatArray
    first: IntArray
    cell: IntArray
    amount: FloatArray
    sharing_first: IntArray
    sharing: IntArray
    share: FloatArray
    row_first: IntArray
    row: IntArray
    taken: FloatArray
    slack: FloatArray
    worth: FloatArray
    required: FloatArray
    detection: bool
    partial: float
    relief: float
    eases: BoolArray
    position: FloatArray


class State(NamedTuple):
    """
    What is chosen, and what follows from it.

    Attributes
    ----------
    chosen
        Whether each choice is made.
    sums
        What covers each cell in each year.
    room
        What is left of each limit.
    gains
        What each option would gain in each year.
    """

    chosen: BoolArray
    sums: FloatArray
    room: FloatArray
    gains: FloatArray


@njit(cache=True, nogil=True, inline="always")
def _step(now: float, more: float, need: float, partial: float) -> float:
    """Share of a cell's worth that something adds to what covers it."""
    if now >= need - _MET:
        return 0.0
    then = now + more
    if then >= need - _MET:
        return 1.0 - partial + partial * (need - now) / need
    return partial * more / need


@njit(cache=True, nogil=True)
def weigh(t: Tables, s: State) -> None:
    """
    Work out what every option would gain in each year.

    Parameters
    ----------
    t
        The problem.
    s
        The state; its gains change.
    """
    s.gains[:] = 0.0
    years = t.worth.shape[1]
    for place in range(t.worth.shape[0]):
        for year in range(years):
            worth, now = t.worth[place, year], s.sums[place, year]
            if worth == 0.0:
                continue
            left = worth * np.exp(-now) if t.detection else 0.0
            for at in range(t.sharing_first[place], t.sharing_first[place + 1]):
                if t.detection:
                    gain = left * t.share[at]
                else:
                    gain = worth * _step(now, t.share[at], t.required[place], t.partial)
                s.gains[t.sharing[at], year] += gain


@njit(cache=True, nogil=True)
def _gain(t: Tables, s: State, choice: int) -> float:
    gain = 0.0
    for year in range(t.begin[choice], t.end[choice]):
        gain += s.gains[t.option[choice], year]
    return gain


@njit(cache=True, nogil=True)
def make(t: Tables, s: State, choice: int, sign: float) -> None:
    """Make a choice (sign 1) or undo it (sign -1)."""
    own = t.option[choice]
    for entry in range(t.first[own], t.first[own + 1]):
        place = t.cell[entry]
        need = t.required[place]
        for year in range(t.begin[choice], t.end[choice]):
            now = s.sums[place, year]
            then = now + sign * t.amount[entry]
            s.sums[place, year] = then
            worth = t.worth[place, year]
            if worth == 0.0:
                continue
            if t.detection:
                change = worth * (np.exp(-then) - np.exp(-now))
                for at in range(t.sharing_first[place], t.sharing_first[place + 1]):
                    s.gains[t.sharing[at], year] += change * t.share[at]
            elif now < need - _MET or then < need - _MET:
                for at in range(t.sharing_first[place], t.sharing_first[place + 1]):
                    more = t.share[at]
                    change = _step(then, more, need, t.partial)
                    change -= _step(now, more, need, t.partial)
                    s.gains[t.sharing[at], year] += worth * change
    for entry in range(t.row_first[choice], t.row_first[choice + 1]):
        s.room[t.row[entry]] -= sign * t.taken[entry]
    s.chosen[choice] = sign > 0.0


@njit(cache=True, nogil=True)
def _broken(t: Tables, s: State, choice: int) -> float:
    """How far limits that a choice eases are broken."""
    broken = 0.0
    for entry in range(t.row_first[choice], t.row_first[choice + 1]):
        if t.taken[entry] < 0.0:
            limit = t.row[entry]
            broken += max(0.0, -s.room[limit] - t.slack[limit])
    return broken


@njit(cache=True, nogil=True)
def _best(t: Tables, s: State, price: FloatArray, same: float) -> tuple[int, float]:
    """Find the choice that there is room for and that gains most for its price."""
    best, most, gain_of_best = -1, 0.0, 0.0
    for choice in range(t.option.size):
        if s.chosen[choice]:
            continue
        gain = _gain(t, s, choice)
        if not t.eases[choice] and gain < most * (1.0 - 1e-12) * price[choice]:
            continue
        fits = True
        for entry in range(t.row_first[choice], t.row_first[choice + 1]):
            limit, more = t.row[entry], t.taken[entry]
            if more > 0.0:
                if s.room[limit] < more - t.slack[limit]:
                    fits = False
                    break
            elif s.room[limit] < -t.slack[limit]:
                gain += t.relief * min(-s.room[limit], -more)
        if not fits or gain <= same:
            continue
        score = gain / price[choice]
        tie = abs(score - most) <= 1e-12 * most
        if (score > most and not tie) or (tie and t.costs[choice] < t.costs[best]):
            best, most, gain_of_best = choice, score, gain
    return best, gain_of_best


@njit(cache=True, nogil=True)
def _put_in(
    t: Tables, s: State, price: FloatArray, come: IntArray, stop_at: int
) -> tuple[int, float]:
    """Make up to so many choices, the best for its price first; -1: no such end."""
    same = _SAME * t.worth.sum()
    many, gain = 0, 0.0
    while many < come.size:
        pick, more = _best(t, s, price, same)
        if pick < 0:
            break
        come[many] = pick
        many += 1
        gain += more
        make(t, s, pick, 1.0)
        if pick == stop_at:
            break
    return many, gain


@njit(cache=True, nogil=True)
def _restore(t: Tables, s: State, come: IntArray, gone: IntArray) -> None:
    """Undo what has come, and make again what has gone."""
    for choice in come[::-1]:
        make(t, s, choice, -1.0)
    for choice in gone:
        make(t, s, choice, 1.0)


@njit(cache=True, nogil=True)
def fill(t: Tables, s: State, price: FloatArray) -> None:
    """
    Make choices one by one, the best for its price first, while there is room.

    Parameters
    ----------
    t
        The problem.
    s
        The state; changed.
    price
        Of each choice; positive.
    """
    _put_in(t, s, price, np.empty(t.option.size, dtype=np.int64), -1)


@njit(cache=True, nogil=True)
def exchange(
    t: Tables, s: State, price: FloatArray, order: IntArray, most_in: int
) -> float:
    """
    Undo choices one by one, each for what gains more, or costs less.

    What comes in may be the same option in another year, another option, several, or
    nothing.

    Parameters
    ----------
    t
        The problem.
    s
        The state; changed.
    price
        Of each choice; positive.
    order
        Choices to try to undo.
    most_in
        Choices that may come in for one.

    Returns
    -------
    float
        What was gained.
    """
    same = _SAME * t.worth.sum()
    come, gone = np.empty(most_in, dtype=np.int64), np.empty(1, dtype=np.int64)
    won = 0.0
    for out in order:
        if not s.chosen[out]:
            continue
        broken = _broken(t, s, out)
        make(t, s, out, -1.0)
        loss = _gain(t, s, out) + t.relief * (_broken(t, s, out) - broken)
        many, gain = _put_in(t, s, price, come, out)
        saved = t.costs[out]
        for choice in come[:many]:
            saved -= t.costs[choice]
        cheaper = gain >= loss - same and saved > 1e-9 * (1.0 + abs(t.costs[out]))
        if gain > loss + same or cheaper:
            won += gain - loss
        else:
            gone[0] = out
            _restore(t, s, come[:many], gone)
    return won


@njit(cache=True, nogil=True)
def _take_out(
    t: Tables,
    s: State,
    open_: IntArray,
    gone: IntArray,
    rng: np.random.Generator,
) -> tuple[int, float]:
    """Undo some choices, most of them near each other."""
    made = open_[s.chosen[open_]]
    if made.size == 0:
        return 0, 0.0
    want = min(made.size, int(rng.integers(2, gone.size + 1)))
    centre = t.position[t.option[made[rng.integers(0, made.size)]]]
    near = np.argsort(np.abs(t.position[t.option[made]] - centre))[: 2 * want]
    many, loss = 0, 0.0
    for _ in range(want):
        if rng.random() < 0.15:  # noqa: PLR2004 - some from anywhere
            pick = made[rng.integers(0, made.size)]
        else:
            pick = made[near[rng.integers(0, near.size)]]
        if not s.chosen[pick]:
            continue
        broken = _broken(t, s, pick)
        make(t, s, pick, -1.0)
        if _broken(t, s, pick) > broken:
            make(t, s, pick, 1.0)
            continue
        loss += _gain(t, s, pick)
        gone[many] = pick
        many += 1
    return many, loss


@njit(cache=True, nogil=True)
def reopen(
    t: Tables,
    s: State,
    price: FloatArray,
    open_: IntArray,
    rounds: int,
    warmth: tuple[float, float],
    rng: np.random.Generator,
) -> BoolArray:
    """
    Undo a few choices near each other and fill up again, over and over.

    What is worse is kept too at first, ever less of it, as in simulated annealing.

    Parameters
    ----------
    t
        The problem.
    s
        The state; changed.
    price
        Of each choice; positive. It is shaken by chance.
    open_
        Choices that may be undone.
    rounds
        How many times.
    warmth
        Worth that may be lost at the beginning and at the end, in the mean.
    rng
        Random numbers.

    Returns
    -------
    ndarray of bool
        The best choices met on the way.
    """
    same = _SAME * t.worth.sum()
    gone = np.empty(_MOST_OUT, dtype=np.int64)
    come = np.empty(16 * _MOST_OUT, dtype=np.int64)
    shaken = np.empty(price.size)
    best, now, most = s.chosen.copy(), 0.0, 0.0
    for turn in range(rounds):
        out, loss = _take_out(t, s, open_, gone, rng)
        if out == 0:
            continue
        power = 0.5 + 0.5 * rng.random()
        noise = 0.3 * rng.random()
        for choice in range(price.size):
            chance = 1.0 + noise * rng.random()
            shaken[choice] = price[choice] ** power * chance
        many, gain = _put_in(t, s, shaken, come, -1)
        warm = warmth[0] + (warmth[1] - warmth[0]) * turn / rounds
        allowed = warm * -np.log(1.0 - rng.random())
        if gain >= loss - allowed:
            now += gain - loss
            if now > most + same:
                most = now
                best[:] = s.chosen
        else:
            _restore(t, s, come[:many], gone[:out])
    return best
