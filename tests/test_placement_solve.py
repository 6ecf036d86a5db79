"""Placement's optimum against going through every set of choices."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placement_problems import (
    Traits,
    Truth,
    go_through_all,
    middling_problem,
    random_problem,
    worth_of,
)
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray, FloatArray
from geoborder.placement.greedy import State, Tables, exchange, fill, reopen, weigh
from geoborder.placement.highs import Outcome, solve_lp
from geoborder.placement.problem import Answer, Problem, subproblem
from geoborder.placement.relaxation import Relaxation, prove, relax
from geoborder.placement.search import (
    anneal,
    begin_with,
    plain_price,
    search,
    state_of,
    tables_of,
)
from geoborder.placement.solve import NoChoicesError, solve

solving = importlib.import_module("geoborder.placement.solve")

RARE = {"worthless", "free", "fixed"}
"""Traits that leave little to decide."""

seeds = st.integers(0, 10**6)
traits = st.builds(
    Traits,
    **{
        name: st.sampled_from([False] * (5 if name in RARE else 1) + [True])
        for name in Traits.__annotations__
    },
)


def check(problem: Problem, answer: Answer, truth: Truth) -> None:
    """Hold what is true of every answer."""
    assert problem.holds(answer.chosen)
    assert answer.value == pytest.approx(problem.value(answer.chosen), abs=1e-7)
    assert answer.value <= truth.best + 1e-7
    assert answer.bound >= truth.best - 1e-7
    assert answer.bound >= answer.value
    seconds, values, bounds = np.array(answer.history).T
    assert (np.diff(seconds) >= 0).all()
    assert (values[1:] >= values[:-1] - 1e-9).all()
    assert (bounds[1:] <= bounds[:-1] + 1e-9).all()
    assert values[-1] == answer.value
    assert bounds[-1] == answer.bound
    assert (answer.row_prices >= 0).all()
    assert (answer.floor_prices >= 0).all()
    assert answer.row_prices.shape == problem.limits.shape
    assert answer.floor_prices.shape == problem.needs.shape


@settings(max_examples=200)
@given(seeds, traits, st.booleans())
def test_optimum_is_that_of_going_through_all(
    seed: int, traits: Traits, second: bool
) -> None:
    problem = random_problem(seed, traits)
    truth = go_through_all(problem)
    told: list[tuple[float, float, float]] = []

    def solved() -> Answer:
        return solve(
            problem,
            seed=seed % 3,
            second=second,
            progress=lambda *news: told.append(news),
        )

    if np.isneginf(truth.best):
        with pytest.raises(NoChoicesError):
            solved()
        return
    answer = solved()
    check(problem, answer, truth)
    assert answer.value == pytest.approx(truth.best, abs=1e-7)
    assert answer.status == "optimal"
    assert answer.gap <= 1e-6
    assert [(v, b) for v, b, _ in told] == [(v, b) for _, v, b in answer.history]
    if second and not problem.detection:
        assert problem.costs @ answer.chosen == pytest.approx(truth.least_cost)


@given(seeds, traits)
def test_a_gap_is_kept(seed: int, traits: Traits) -> None:
    problem = random_problem(seed, traits)
    truth = go_through_all(problem)
    if np.isneginf(truth.best):
        with pytest.raises(NoChoicesError):
            solve(problem, gap=0.1)
        return
    answer = solve(problem, gap=0.1)
    check(problem, answer, truth)
    assert answer.value >= answer.bound / 1.1 - 1e-9
    assert answer.status in {"optimal", "gap"}


@pytest.mark.parametrize("seed", range(40))
def test_annealing_and_few_of_many_choices_miss_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solving, "_TINY", 0)
    monkeypatch.setattr(solving, "_CORE", 5)
    monkeypatch.setattr(solving, "_SEASONS", (500, 1000))
    rng = np.random.default_rng(seed)
    drawn = {name: bool(rng.random() < 0.4) for name in Traits.__annotations__}
    problem = random_problem(seed, Traits(**drawn))
    truth = go_through_all(problem)
    if np.isneginf(truth.best):
        with pytest.raises(NoChoicesError):
            solve(problem)
        return
    answer = solve(problem)
    check(problem, answer, truth)
    assert answer.value == pytest.approx(truth.best, abs=1e-7)


def test_what_search_does_not_find_is_branched_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a first answer, no choice may be ruled out."""
    monkeypatch.setattr(solving, "search", lambda *_args, **_options: None)
    solved = 0
    for seed in range(25):
        traits = Traits(covering=True, moves=True, requires=True, floors=True)
        problem = random_problem(seed, traits)
        truth = go_through_all(problem)
        if np.isfinite(truth.best):
            answer = solve(problem)
            check(problem, answer, truth)
            assert answer.value == pytest.approx(truth.best)
            solved += 1
    assert solved


def test_a_relaxation_that_fails_leaves_branching(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = Outcome(None, np.nan, np.inf, None, "limit", 0.0)
    monkeypatch.setattr(solving, "solve_lp", lambda *_args, **_options: failed)
    for seed in range(15):
        problem = random_problem(seed, Traits(several=True, base=True))
        truth = go_through_all(problem)
        answer = solve(problem)
        check(problem, answer, truth)
        assert answer.value == pytest.approx(truth.best)


def test_columns_to_begin_with_are_not_taken_for_the_optimum() -> None:
    """HiGHS 1.16 gave the columns to begin with back, and a bound above them."""
    found = 0
    for seed in range(60):
        problem = random_problem(seed, Traits(floors=True, moves=True))
        truth = go_through_all(problem)
        for begun in np.flatnonzero(np.isfinite(truth.values))[:2]:
            answer = solve(problem, begun=truth.sets[begun])
            assert answer.value == pytest.approx(truth.best)
            assert answer.status == "optimal"
            found += 1
    assert found > 20


@settings(max_examples=60)
@given(seeds, traits, st.sampled_from([0.01, 1.0, 30.0]))
def test_any_prices_prove_a_bound(seed: int, traits: Traits, scale: float) -> None:
    problem = random_problem(seed, traits, most=10)
    truth = go_through_all(problem)
    relaxation = relax(problem)
    rng = np.random.default_rng(seed)
    size = relaxation.model.row_lower.size
    solved = solve_lp(relaxation.model).row_duals
    for duals in (
        np.zeros(size),
        rng.normal(size=size) * scale,
        rng.exponential(size=size) * scale * (rng.random(size) < 0.3),
        *(() if solved is None else (solved, solved + rng.normal(size=size) * 0.1)),
    ):
        proof = prove(problem, relaxation, duals)
        assert proof.bound >= truth.best - 1e-7
        for choice in range(problem.option.size):
            assert proof.ceiling[choice] >= truth.best_with(choice) - 1e-7
        assert (proof.limit_prices >= 0).all()
        assert (proof.floor_prices >= 0).all()
        priced = priced_worth(problem, relaxation, duals, truth.sets)
        assert proof.bound == pytest.approx(priced.max())
        for choice, ceiling in enumerate(proof.ceiling):
            own = priced[truth.sets[:, choice]]
            assert ceiling == pytest.approx(own.max())


def priced_worth(
    problem: Problem, relaxation: Relaxation, duals: FloatArray, sets: BoolArray
) -> FloatArray:
    """Work out what sets of choices are worth when rows have prices, by loops."""
    model, total = relaxation.model, relaxation.constant
    reduced = model.cost.copy()
    order = range(*relaxation.order.indices(len(duals)))
    for row, price in enumerate(duals):
        side = (model.row_upper if price > 0 else model.row_lower)[row]
        if price == 0.0 or np.isinf(side) or row in order:
            continue
        total += price * side
        reduced = reduced - price * model.matrix[[row]].toarray()[0]
    size = problem.option.size
    for column in range(size, reduced.size):
        total += max(0.0, reduced[column] * model.upper[column])
    worth = total + sets @ (relaxation.from_choices.T @ reduced[:size])
    for option in range(problem.covers.shape[0]):
        own = problem.option == option
        if (problem.end[own] == problem.years).all():
            worth[sets[:, own].sum(axis=1) > 1] = -np.inf
    return worth


def test_prices_of_the_relaxation_prove_what_it_does() -> None:
    solved = 0
    for seed in range(20):
        problem = random_problem(seed, Traits(several=True, pair=True))
        relaxation = relax(problem)
        outcome = solve_lp(relaxation.model)
        assert outcome.row_duals is not None
        proof = prove(problem, relaxation, outcome.row_duals)
        worth = outcome.value + relaxation.constant
        # Or less: that an option is there once needs no prices.
        assert proof.bound <= worth + 1e-5
        solved += proof.bound > problem.value(begin_with(problem)) + 1.0
    assert solved > 10


@settings(max_examples=60)
@given(seeds, traits)
def test_columns_turn_into_choices_and_back(seed: int, traits: Traits) -> None:
    problem = random_problem(seed, traits)
    relaxation = relax(problem)
    model = relaxation.model
    whole = (relaxation.from_choices @ relaxation.to_choices).toarray()
    assert (whole == np.eye(problem.option.size)).all()
    rng = np.random.default_rng(seed)
    truth = go_through_all(problem)
    kept = np.flatnonzero(np.isfinite(truth.values))
    some = [*rng.choice(kept, min(10, kept.size), replace=False)]
    some += [*rng.integers(len(truth.sets), size=10)]
    for chosen in truth.sets[some]:
        x = relaxation.columns(problem, chosen)
        assert (relaxation.choices(x) == chosen).all()
        used = model.matrix @ x
        fine = (
            (used <= model.row_upper + 1e-6) & (used >= model.row_lower - 1e-6)
        ).all() and ((x >= model.lower - 1e-9) & (x <= model.upper + 1e-9)).all()
        assert fine >= problem.holds(chosen)
        worth = model.cost @ x + relaxation.constant
        if problem.detection:
            assert worth >= problem.value(chosen) - 1e-9
        else:
            assert fine == problem.holds(chosen)
            assert worth == pytest.approx(problem.value(chosen))


@given(seeds, traits)
def test_problem_judges_as_going_through_all_does(seed: int, traits: Traits) -> None:
    problem = random_problem(seed, traits, most=8)
    truth = go_through_all(problem)
    for chosen, value in zip(truth.sets, truth.values, strict=True):
        assert problem.holds(chosen) == np.isfinite(value)
        if np.isfinite(value):
            assert problem.value(chosen) == pytest.approx(value)
        kept = chosen | (np.arange(chosen.size) % 2 == 0)
        less = subproblem(problem, kept)
        assert less.value(chosen[kept]) == pytest.approx(problem.value(chosen))
        if kept[begin_with(problem)].all():
            assert (begin_with(less) == begin_with(problem)[kept]).all()


def broken(tables: Tables, problem: Problem, state: State) -> float:
    """Add up how far limits that a choice may ease are broken."""
    eased = problem.rows.toarray().min(axis=1, initial=0.0) < 0
    return float(np.maximum(-state.room - tables.slack, 0.0)[eased].sum())


def check_state(problem: Problem, tables: Tables, state: State) -> None:
    """Compare a state with one that is worked out afresh, and gains with loops."""
    fresh = state_of(problem, tables, state.chosen)
    assert state.sums == pytest.approx(problem.sums(state.chosen), abs=1e-9)
    assert state.room == pytest.approx(fresh.room, abs=1e-9)
    assert state.gains == pytest.approx(fresh.gains, abs=1e-9)
    now = worth_of(problem, tables.worth, state.sums, tables.partial)
    covers = problem.covers.toarray()
    for option in range(len(covers)):
        for year in range(problem.years):
            sums = state.sums.copy()
            sums[:, year] += covers[option]
            then = worth_of(problem, tables.worth, sums, tables.partial)
            assert state.gains[option, year] == pytest.approx(then - now, abs=1e-9)


@settings(max_examples=60)
@given(seeds, traits)
def test_search_keeps_its_state(seed: int, traits: Traits) -> None:
    problem = random_problem(seed, traits)
    rng = np.random.default_rng(seed)
    floor_worth = rng.exponential(size=problem.needs.size) * (rng.random() < 0.5)
    tables = tables_of(problem, floor_worth)
    state = state_of(problem, tables, begin_with(problem))
    price = plain_price(problem)
    order = np.arange(problem.option.size)
    fixed = np.zeros(order.size, bool) if problem.fixed is None else problem.fixed
    loose = order[~fixed]

    def worth() -> float:
        return worth_of(problem, tables.worth, state.sums, tables.partial)

    check_state(problem, tables, state)
    for turn in range(3):
        before, room, lacks = worth(), state.room.copy(), broken(tables, problem, state)
        start = state.chosen.copy()
        if turn == 0:
            fill(tables, state, price)
            assert (state.chosen >= start).all()
            assert worth() >= before - 1e-9
        elif turn == 1:
            won = exchange(tables, state, price, rng.permutation(loose), 3)
            eased = lacks - broken(tables, problem, state)
            expected = worth() - before + tables.relief * eased
            assert won == pytest.approx(expected, abs=1e-6)
            assert won >= -1e-6
        else:
            warm = (0.1 * before / 5, 0.0)
            best = reopen(
                tables, state, price, loose, 50, warm, np.random.default_rng(seed)
            )
            after = state_of(problem, tables, best)
            value = worth_of(problem, tables.worth, after.sums, tables.partial)
            assert value + tables.relief * lacks >= before - 1e-6
            assert best[start & fixed].all()
        check_state(problem, tables, state)
        # A limit that held holds on, and none is broken further.
        assert (state.room >= np.minimum(room, 0.0) - 1e-6).all()
        assert state.chosen[start & fixed].all()
    weigh(tables, state)
    check_state(problem, tables, state)


@given(seeds, traits)
def test_searches_offer_what_holds(seed: int, traits: Traits) -> None:
    problem = random_problem(seed, traits)
    found = search(problem, price=plain_price(problem), seed=seed, goes_on=lambda: True)
    if found is None:
        return
    assert problem.holds(found)
    offered: list[FloatArray] = []
    anneal(
        problem,
        found,
        price=plain_price(problem),
        floor_worth=np.ones(problem.needs.size),
        rounds=1000,
        seed=seed,
        offer=offered.append,
        goes_on=lambda: True,
    )
    assert len(offered) == 2
    for chosen in offered:
        assert (problem.rows @ chosen <= problem.limits + 1e-6).all()


def test_search_makes_what_limits_ask_for() -> None:
    """What is worth nothing by itself comes first where a limit needs it."""
    problem = Problem(
        covers=csr_array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]),
        weights=np.ones((2, 1)),
        base=np.zeros((2, 1)),
        required=np.ones(2),
        option=np.arange(3),
        begin=np.zeros(3, dtype=np.int64),
        end=np.ones(3, dtype=np.int64),
        # Two at most; the first needs the second; one of the last two there must be.
        rows=csr_array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [0.0, -1.0, -1.0]]),
        limits=np.array([2.0, 0.0, -1.0]),
        costs=np.ones(3),
        floors=csr_array((0, 2)),
        needs=np.empty(0),
        start=np.array([2]),
    )
    found = search(problem, price=np.ones(3), seed=0, goes_on=lambda: True)
    assert found is not None
    answer = solve(problem)
    assert answer.value == 2.0
    assert answer.chosen.tolist() == [True, True, False]
    none = replace(problem, start=np.empty(0, dtype=np.int64))
    found = search(none, price=np.ones(3), seed=0, goes_on=lambda: True)
    assert found is not None
    assert none.holds(found)
    worthless = csr_array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [0.0, -1.0, 0.0]])
    found = search(
        replace(none, rows=worthless), price=np.ones(3), seed=0, goes_on=lambda: True
    )
    assert found is not None
    assert found.tolist() == [True, True, False]


def test_without_anything_to_decide() -> None:
    problem = random_problem(3, Traits(base=True))
    none = subproblem(problem, np.zeros(problem.option.size, dtype=bool))
    none = replace(none, rows=none.rows[:0], limits=none.limits[:0])
    answer = solve(none)
    assert answer.status == "optimal"
    assert answer.value == answer.bound == none.value(np.empty(0, dtype=bool))
    cells = problem.weights.size
    short = replace(none, floors=csr_array(np.ones((1, cells))), needs=np.ones(1) * 99)
    with pytest.raises(NoChoicesError):
        solve(short)


def test_time_is_kept() -> None:
    problem = middling_problem(options=150)
    solve(problem, gap=0.5)
    begun = time.perf_counter()
    answer = solve(problem, time_limit_s=1.5)
    assert time.perf_counter() - begun < 3.0
    assert answer.status == "time"
    assert problem.holds(answer.chosen)
    assert problem.value(answer.chosen) == answer.value < answer.bound
    assert answer.bound < problem.weights.sum()
    # Neither far from the best known, nor from what the relaxation proves.
    assert answer.value > 5900
    assert answer.bound < 6300
    with pytest.raises(TimeoutError, match="in time"):
        solve(replace(problem, limits=problem.limits - 2.0), time_limit_s=1e-9)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("after_s", [0.05, 1.5])
def test_ctrl_c_keeps_the_best(after_s: float) -> None:
    problem = middling_problem(options=300)
    begun: list[float] = []

    def told(value: float, _bound: float, _seconds: float) -> None:
        if np.isfinite(value) and not begun:
            begun.append(time.perf_counter())
            stop = threading.Timer(after_s, lambda: os.kill(os.getpid(), signal.SIGINT))
            stop.start()

    answer = solve(problem, progress=told, time_limit_s=30)
    assert time.perf_counter() - begun[0] < after_s + 2.0
    assert answer.status == "stopped"
    assert problem.holds(answer.chosen)
    assert problem.value(answer.chosen) == answer.value < answer.bound


SCRIPT = """
import functools, importlib, sys
import numpy as np
from placement_problems import Traits, middling_problem, random_problem
solving = importlib.import_module("geoborder.placement.solve")
threads = int(sys.argv[1])
solving.solve_mip = functools.partial(solving.solve_mip, threads=threads)
problem = middling_problem(options=40, cells=120)
answers = [solving.solve(problem, gap=0.005), solving.solve(problem, gap=0.01, seed=3)]
answers += [solving.solve(random_problem(n, Traits(several=True))) for n in range(20)]
for answer in answers:
    print(answer.status, round(answer.value, 6), *np.flatnonzero(answer.chosen))
"""


def test_threads_do_not_change_the_answer() -> None:
    told = []
    for threads in ("1", "2"):
        more = {"NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", SCRIPT, threads],
            env=os.environ | more | {"PYTHONPATH": os.path.dirname(__file__)},  # noqa: PTH120
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout)
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == 22


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = middling_problem(options=40, cells=120)
    one, two = (solve(problem, gap=0.01, seed=7) for _ in range(2))
    assert (one.chosen == two.chosen).all()
    assert one.bound == two.bound
    assert [h[1:] for h in one.history] == [h[1:] for h in two.history]
