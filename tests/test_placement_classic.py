"""The classic location models against all selections, one by one."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_matrix, csc_array, csr_array

from geoborder.errors import DataError, OptionError
from geoborder.placement import merging
from geoborder.placement.classic import bacop1, bacop2, lscp, lscp_b, mclp
from geoborder.placement.classic.medians import p_center, p_median
from geoborder.placement.classic.solution import Solution
from geoborder.placement.highs import Model, dual_bound, solve_lp, solve_mip
from geoborder.placement.merging import dominated, merge_cells

SITES, TARGETS = st.integers(1, 6), st.integers(1, 8)
INF = np.inf


def selections(sites: int) -> Iterator[list[int]]:
    every = (combinations(range(sites), size) for size in range(sites + 1))
    return (list(one) for one in chain.from_iterable(every))


def counts_of(cover: np.ndarray, sites: Any) -> np.ndarray:  # noqa: ANN401
    return (cover[list(sites)] != 0).sum(axis=0)


@st.composite
def covers(draw: st.DrawFn) -> np.ndarray:
    shape = draw(SITES), draw(TARGETS)
    return draw(arrays(np.int8, shape, elements=st.integers(0, 1)))


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    cover = draw(covers())
    sites, targets = cover.shape
    whole = draw(st.booleans())
    weight = st.integers(0, 9) if whole else st.floats(0, 9).map(lambda x: round(x, 2))
    return {
        "cover": cover,
        "weights": np.array(draw(st.lists(weight, min_size=targets, max_size=targets))),
        "costs": np.array(
            draw(st.lists(st.integers(0, 5), min_size=sites, max_size=sites))
        ),
        "p": draw(st.integers(1, sites)),
        "k": np.array(
            draw(st.lists(st.integers(1, 3), min_size=targets, max_size=targets))
        ),
        "budget": draw(st.integers(0, 12)),
    }


def check(found: Solution, value: float) -> None:
    assert found.status == "optimal"
    assert found.value == pytest.approx(value)
    assert found.bound == found.value
    assert found.gap == 0
    assert (np.diff(found.selected) > 0).all()


@given(problems())
def test_mclp_is_the_best_of_all_selections(problem: dict[str, Any]) -> None:
    cover, weights, p = problem["cover"], problem["weights"], problem["p"]
    for k in (1, 2, problem["k"]):
        worth = {
            tuple(one): weights[counts_of(cover, one) >= k].sum()
            for one in selections(len(cover))
        }
        few = max(value for one, value in worth.items() if len(one) <= p)
        found = mclp(cover, weights, p=p, k=k)
        check(found, few)
        assert len(found.selected) <= p
        assert worth[tuple(found.selected)] == pytest.approx(few)

        costs, budget = problem["costs"], problem["budget"]
        cheap = max(v for one, v in worth.items() if costs[list(one)].sum() <= budget)
        found = mclp(cover, weights, budget=budget, costs=costs, k=k)
        check(found, cheap)
        assert costs[found.selected].sum() <= budget
        assert worth[tuple(found.selected)] == pytest.approx(cheap)


@given(problems())
def test_lscp_is_the_least_of_all_selections(problem: dict[str, Any]) -> None:
    cover, costs = problem["cover"], problem["costs"]
    for k in (1, 2, problem["k"]):
        enough = [
            one for one in selections(len(cover)) if (counts_of(cover, one) >= k).all()
        ]
        if not enough:
            with pytest.raises(DataError, match="targets are covered by"):
                lscp(cover, k=k)
            continue
        for price in (None, costs):
            each = np.ones(len(cover)) if price is None else price
            found = lscp(cover, costs=price, k=k)
            check(found, min(each[one].sum() for one in enough))
            assert list(found.selected) in enough
            assert each[found.selected].sum() == pytest.approx(found.value)


@given(problems())
def test_backup_coverage_is_the_best_of_all_selections(
    problem: dict[str, Any],
) -> None:
    cover, weights, p = problem["cover"], problem["weights"], problem["p"]
    complete = [
        one for one in selections(len(cover)) if (counts_of(cover, one) >= 1).all()
    ]
    if not complete:
        with pytest.raises(DataError, match="covered by no site"):
            lscp_b(cover)
        return

    def twice(one: Any) -> float:  # noqa: ANN401
        return float(weights[counts_of(cover, one) >= 2].sum())

    fewest = min(map(len, complete))
    found = lscp_b(cover, weights=weights)
    check(found, max(twice(one) for one in complete if len(one) == fewest))
    assert len(found.selected) == fewest
    assert twice(found.selected) == pytest.approx(found.value)
    if p < fewest:
        with pytest.raises(OptionError, match=f"{p} sites .* at least {fewest}"):
            bacop1(cover, weights, p=p)
    else:
        found = bacop1(cover, weights, p=p)
        check(found, max(twice(one) for one in complete if len(one) <= p))
        assert list(found.selected) in complete


@given(problems(), st.sampled_from([0.0, 0.25, 0.5]))
def test_bacop2_weighs_first_and_second_sites(
    problem: dict[str, Any], share: float
) -> None:
    cover, weights, p = problem["cover"], problem["weights"], problem["p"]

    def worth(one: Any) -> float:  # noqa: ANN401
        counts = counts_of(cover, one)
        earned = (1 - share) * (counts >= 1) + share * (counts >= 2)
        return float(weights @ earned)

    best = max(worth(one) for one in selections(len(cover)) if len(one) <= p)
    found = bacop2(cover, weights, p=p, backup_share=share)
    check(found, best)
    assert worth(found.selected) == pytest.approx(best)


@st.composite
def journeys(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    shape = draw(SITES), draw(TARGETS)
    entry = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.25, 5.0, 8.0, INF])
    distances = draw(arrays(float, shape, elements=entry))
    weights = draw(arrays(float, shape[1], elements=st.integers(0, 4)))
    return distances, weights, draw(st.integers(1, shape[0]))


def sparse(distances: np.ndarray) -> csr_array:
    """Leave infinite entries out, and keep those that are 0."""
    at = np.nonzero(np.isfinite(distances))
    return csr_array(coo_matrix((distances[at], at), shape=distances.shape))


@settings(max_examples=150)
@given(journeys())
def test_p_median_and_p_center_are_the_best_of_all_selections(
    journey: tuple[np.ndarray, np.ndarray, int],
) -> None:
    distances, weights, p = journey
    if np.isinf(distances).all(axis=0).any():
        for model in (p_median, p_center):
            with pytest.raises(DataError, match="cannot be assigned to any site"):
                model(distances, p=p)
        return
    near = [
        distances[one].min(axis=0)
        for one in selections(len(distances))
        if len(one) == p
    ]
    counted = weights > 0
    sums = [one[counted] @ weights[counted] for one in near]
    for given_ in (distances, sparse(distances)):
        if np.isinf(min(sums)):
            with pytest.raises(OptionError, match=f"{p} sites cannot serve all"):
                p_median(given_, weights, p=p)
        else:
            found = p_median(given_, weights, p=p)
            check(found, min(sums))
            assert len(found.selected) == p
            reached = distances[found.assigned, np.arange(len(weights))]
            assert reached[counted] @ weights[counted] == pytest.approx(min(sums))
            assert set(found.assigned) <= {-1, *found.selected}
        farthest = min(one.max() for one in near)
        if np.isinf(farthest):
            with pytest.raises(OptionError, match=f"{p} sites cannot serve all"):
                p_center(given_, p=p)
        else:
            found = p_center(given_, p=p)
            check(found, farthest)
            assert len(found.selected) <= p
            reached = distances[found.assigned, np.arange(len(weights))]
            assert reached.max() == found.value


def middling(seed: int, sites: int = 60, targets: int = 300) -> tuple[np.ndarray, ...]:
    """Places in a square, too many for the relaxation alone."""
    rng = np.random.default_rng(seed)
    one, other = rng.random((sites, 1, 2)), rng.random((1, targets, 2))
    distances = np.hypot(*np.moveaxis(one - other, 2, 0))
    return distances, rng.integers(1, 9, targets).astype(float)


@pytest.mark.parametrize("seed", [0, 1])
def test_gap_holds_and_shrinks(seed: int) -> None:
    distances, weights = middling(seed)
    cover = distances < 0.12
    models: list[Callable[[float], Solution]] = [
        lambda gap: mclp(cover, weights, p=8, gap=gap),
        lambda gap: mclp(cover, weights, p=12, k=2, gap=gap),
        lambda gap: p_median(distances, weights, p=8, gap=gap),
        lambda gap: p_center(distances, p=8, gap=gap),
        lambda gap: lscp(cover[:, cover.any(axis=0)], gap=gap),
    ]
    for model in models:
        best = model(0.0)
        assert best.status == "optimal"
        for gap in (0.3, 0.02):
            found = model(gap)
            assert found.status in {"optimal", "gap"}
            assert found.gap <= gap
            low, high = sorted((found.value, found.bound))
            assert low - 1e-6 <= best.value <= high + 1e-6


@pytest.mark.parametrize("within", [INF, 0.5, 0.35])
@pytest.mark.parametrize("seed", [3, 4])
def test_p_median_agrees_with_the_plain_programme(seed: int, within: float) -> None:
    """The textbook's programme, an assignment for every pair."""
    distances, weights = middling(seed, sites=25, targets=60)
    distances[distances > within] = INF
    served = np.isfinite(distances)
    sites, targets = distances.shape
    pairs = sites * targets
    pair = np.arange(pairs)
    site, target = np.divmod(pair, targets)
    ones = np.ones(pairs)
    assigned = csr_array((ones, (target, sites + pair)), (targets, sites + pairs))
    open_ = csr_array(
        (np.concatenate((ones, -ones)), (np.tile(pair, 2), [*site, *(sites + pair)])),
        (pairs, sites + pairs),
    )
    matrix = np.vstack(
        [assigned.toarray(), open_.toarray(), np.repeat([1.0, 0.0], [sites, pairs])]
    )
    prices = np.where(served, distances, 0.0) * weights
    for p in (2, 5, 8):
        model = Model(
            cost=np.concatenate((np.zeros(sites), prices.ravel())),
            lower=np.zeros(sites + pairs),
            upper=np.concatenate((np.ones(sites), served.ravel())),
            integer=np.arange(sites + pairs) < sites,
            matrix=csr_array(matrix),
            row_lower=np.concatenate((np.ones(targets), np.zeros(pairs), [p])),
            row_upper=np.concatenate((np.ones(targets), np.full(pairs, INF), [p])),
            maximize=False,
        )
        plain = solve_mip(model)
        if plain.status == "infeasible":
            with pytest.raises(OptionError, match=f"{p} sites cannot serve all"):
                p_median(distances, weights, p=p)
            continue
        found = p_median(distances, weights, p=p)
        assert found.status == "optimal"
        assert found.value == pytest.approx(plain.value)


def test_any_kind_of_matrix_gives_the_same_and_stays_as_it_is() -> None:
    distances, weights = middling(4, sites=20, targets=50)
    dense = (distances < 0.2).astype(float)
    dense[0] *= 7.0
    stored = csr_array(dense)
    stored.data[:3] = 0.0
    dense = stored.toarray()
    kinds = [dense, dense != 0, pd.DataFrame(dense), stored, csc_array(stored),
             coo_matrix(dense), dense.tolist()]  # fmt: skip
    before = stored.copy()
    want = mclp(dense, weights, p=4)
    for kind in kinds:
        found = mclp(kind, pd.Series(weights), p=np.int64(4))
        assert np.array_equal(found.selected, want.selected)
        assert found.value == want.value
    assert np.array_equal(stored.data, before.data)
    assert np.array_equal(stored.indices, before.indices)
    held = distances.copy()
    p_median(distances, weights, p=3)
    p_center(distances, p=3)
    assert np.array_equal(distances, held)


def test_answers_are_frozen_and_repeat() -> None:
    distances, weights = middling(5)
    one, other = (p_median(distances, weights, p=6) for _ in range(2))
    assert np.array_equal(one.selected, other.selected)
    one, other = (mclp(distances < 0.1, weights, p=6) for _ in range(2))
    assert np.array_equal(one.selected, other.selected)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.value = 3.0  # type: ignore[misc]


def test_time_limit_keeps_the_best_and_its_bound() -> None:
    distances, weights = middling(6, sites=300, targets=3000)
    best = mclp(distances < 0.05, weights, p=30, gap=0.02)
    found = mclp(distances < 0.05, weights, p=30, time_limit_s=1e-9)
    assert found.status == "time"
    assert found.value <= best.bound
    assert found.bound >= best.value
    found = p_median(distances, weights, p=30, time_limit_s=0.5)
    assert found.status == "time"
    assert found.bound <= found.value
    assert len(found.selected) == 30
    found = p_center(distances, p=30, time_limit_s=1e-9)
    assert found.status == "time"
    assert found.bound < found.value < INF


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_the_best() -> None:
    distances, weights = middling(7, sites=400, targets=4000)
    timer = threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        found = mclp(distances < 0.06, weights, p=50, k=2, time_limit_s=60)
    finally:
        timer.cancel()
    assert found.status == "stopped"
    assert found.value > 0
    assert found.value < found.bound < INF


COVER = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lscp(COVER), DataError, r"1 of 4 targets are covered by no site: 3\."),
        (
            lambda: lscp(np.zeros((2, 9))),
            DataError,
            r"9 of 9 targets .* 0, 1, 2, 3, 4, \.\.\.\.",
        ),
        (
            lambda: lscp([[1, 1], [0, 1]], k=2),
            DataError,
            r"1 of 2 targets are covered by fewer sites than `k`: 0\.",
        ),
        (lambda: mclp(COVER, [1, 2, 3], p=1), DataError, "each of 4 targets, got 3"),
        (lambda: mclp(COVER, [1, np.nan, 3, 1], p=1), DataError, "nan at position 1"),
        (lambda: mclp(COVER, [1, 1, -3, 1], p=1), DataError, "-3.0 at position 2"),
        (lambda: mclp(COVER, ["a"] * 4, p=1), DataError, "`weights` must hold numbers"),
        (lambda: mclp(COVER, np.ones((4, 1)), p=1), DataError, "`weights` must have 1"),
        (lambda: mclp([1, 0], [1, 1], p=1), DataError, "`cover` must have 2 dim"),
        (lambda: mclp(np.ones((0, 3)), [1] * 3, p=1), DataError, "empty: 0 sites, 3"),
        (lambda: lscp([[1, -2], [1, 1]]), DataError, "-2.0 at site 0, target 1"),
        (lambda: lscp([[1, 1], [np.nan, 1]]), DataError, "nan at site 1, target 0"),
        (lambda: mclp(COVER, [1] * 4, p=4), OptionError, "from 1 to 3 .*, got 4"),
        (lambda: mclp(COVER, [1] * 4, p=0), OptionError, "from 1 to 3 .*, got 0"),
        (lambda: mclp(COVER, [1] * 4, p=1.5), OptionError, "got 1.5"),
        (lambda: mclp(COVER, [1] * 4, p=True), OptionError, "got True"),
        (lambda: mclp(COVER, [1] * 4), OptionError, "`p` or `budget`, got neither"),
        (
            lambda: mclp(COVER, [1] * 4, p=1, budget=2.0, costs=[1] * 3),
            OptionError,
            "got both",
        ),
        (lambda: mclp(COVER, [1] * 4, budget=2.0), OptionError, "go together"),
        (lambda: mclp(COVER, [1] * 4, p=1, costs=[1] * 3), OptionError, "go together"),
        (
            lambda: mclp(COVER, [1] * 4, budget=-1.0, costs=[1] * 3),
            OptionError,
            "`budget` must be finite",
        ),
        (
            lambda: mclp(COVER, [1] * 4, budget=1.0, costs=[1, 2, INF]),
            DataError,
            "`costs` must be finite",
        ),
        (lambda: mclp(COVER, [1] * 4, p=1, k=0), OptionError, "`k` must be whole"),
        (lambda: mclp(COVER, [1] * 4, p=1, k=[1, 2]), DataError, "each of 4 targets"),
        (lambda: mclp(COVER, [1] * 4, p=1, gap=-0.1), OptionError, "`gap`"),
        (lambda: lscp(COVER, time_limit_s=0.0), OptionError, "`time_limit_s`"),
        (lambda: bacop2(COVER, [1] * 4, p=1, backup_share=0.7), OptionError, "0.7"),
        (lambda: p_median([[1.0, np.nan]], p=1), DataError, "nan at site 0, target 1"),
        (lambda: p_median([[1.0, 2.0]], p=2), OptionError, "from 1 to 1"),
        (lambda: p_center([[1.0, -2.0]], p=1), DataError, "-2.0 at site 0, target 1"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


VALUES = st.sampled_from([0.0, 0.5, 1.0, 2.0])


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=VALUES),
       st.booleans(), st.booleans())  # fmt: skip
def test_merged_targets_are_equal_and_complete(
    cover: np.ndarray, keyed: bool, collide: bool
) -> None:
    extra = np.arange(cover.shape[1]) % 2 if keyed else None
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(
                merging, "_column_hashes", lambda c, _: np.zeros(c.shape[1], np.uint64)
            )
        merged, number = merge_cells(csr_array(cover), extra)
    seen: dict[tuple[bytes, int], int] = {}
    for target, column in enumerate(cover.T):
        if not column.any():
            assert number[target] == -1
            continue
        key = (column.tobytes(), 0 if extra is None else int(extra[target]))
        assert number[target] == seen.setdefault(key, len(seen))
        assert np.array_equal(merged.toarray()[:, number[target]], column)
    assert merged.shape[1] == len(seen)


@given(arrays(float, st.tuples(st.integers(1, 7), st.integers(1, 5)), elements=VALUES),
       st.integers(0, 3), st.sampled_from([2, 10**6]))  # fmt: skip
def test_dominated_options_are_just_those(
    cover: np.ndarray, spread: int, work: int
) -> None:
    costs = np.arange(len(cover)) * 7 % (spread + 1)
    want = [
        any(
            (cover[j] >= cover[i]).all() and costs[j] <= costs[i]
            and (j < i or (cover[j] != cover[i]).any() or costs[j] < costs[i])
            for j in range(len(cover)) if j != i
        )
        for i in range(len(cover))
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "_WORK", work)
        assert list(dominated(csr_array(cover), costs)) == want


def two_rows(*, maximize: bool) -> Model:
    """3x + 2y with x + y and x + 3y held by 4 and 6, x to 3; or the least above."""
    side = np.array([4.0, 6.0])
    none = np.full(2, INF)
    return Model(
        cost=np.array([3.0, 2.0]),
        lower=np.zeros(2),
        upper=np.array([3.0, 9.0]),
        integer=np.ones(2, dtype=bool),
        matrix=csr_array([[1.0, 1.0], [1.0, 3.0]]),
        row_lower=-none if maximize else side,
        row_upper=side if maximize else none,
        maximize=maximize,
    )


@pytest.mark.parametrize("maximize", [True, False])
@pytest.mark.parametrize("method", ["ipm", "simplex", "choose"])
def test_duals_tell_what_a_row_is_worth(method: Any, maximize: bool) -> None:  # noqa: ANN401
    model = two_rows(maximize=maximize)
    found = solve_lp(model, method=method)
    assert found.status == "optimal"
    assert found.bound == pytest.approx(found.value)
    assert dual_bound(model, found.row_duals * 0.9) * (1 if maximize else -1) >= (
        found.value if maximize else -found.value
    )
    if not maximize:  # one answer only, so that prices are one too
        more = dataclasses.replace(model, row_lower=np.add(model.row_lower, [0.01, 0]))
        gained = solve_lp(more, method="simplex").value - found.value
        assert found.row_duals[0] == pytest.approx(gained / 0.01, abs=1e-4)


def test_highs_tells_what_it_finds() -> None:
    model = two_rows(maximize=True)
    assert solve_mip(model).value == pytest.approx(11.0)
    start = solve_mip(model, start=np.array([2.0, 1.0]))
    assert start.value == pytest.approx(11.0)
    high = dataclasses.replace(model, row_lower=np.array([20.0, -INF]))
    for found in (solve_mip(high), solve_lp(high)):
        assert (found.status, found.x, found.bound) == ("infeasible", None, INF)
    free = dataclasses.replace(model, upper=np.full(2, INF), row_upper=np.full(2, INF))
    assert solve_mip(free).status == "unbounded"
    empty, side = np.empty(0), np.zeros(1)
    none = Model(empty, empty, empty, empty > 0, csr_array((1, 0)), side, side)
    assert solve_mip(none).status == "optimal"


def test_progress_may_end_the_search_or_raise() -> None:
    distances, weights = middling(8, sites=200, targets=1500)
    cover = csr_array((distances < 0.07).T.astype(float))
    sites, targets = distances.shape
    rows = csr_array(np.hstack([cover.toarray(), -2 * np.eye(targets)]))
    count = np.repeat([1.0, 0.0], [sites, targets])[None]
    model = Model(
        cost=np.concatenate((np.zeros(sites), weights)),
        lower=np.zeros(sites + targets),
        upper=np.ones(sites + targets),
        integer=np.ones(sites + targets, dtype=bool),
        matrix=csr_array(np.vstack([rows.toarray(), count])),
        row_lower=np.append(np.zeros(targets), -INF),
        row_upper=np.append(np.full(targets, INF), 25.0),
    )
    told: list[tuple[float, float]] = []

    def enough(value: float, bound: float) -> bool:
        told.append((value, bound))
        return len(told) >= 3

    found = solve_mip(model, on_progress=enough)
    assert found.status == "stopped"
    assert found.bound >= max(value for value, _ in told)

    def fail(_value: float, _bound: float) -> bool:
        msg = "no"
        raise ZeroDivisionError(msg)

    with pytest.raises(ZeroDivisionError):
        solve_mip(model, on_progress=fail)
