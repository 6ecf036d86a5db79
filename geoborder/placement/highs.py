"""Linear and mixed-integer programmes as arrays, solved by HiGHS."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from highspy import HighsModelStatus, HighsStatus, MatrixFormat, ObjSense
from highspy._core import _Highs, cb
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray, FloatArray

Progress = Callable[[float, float], bool | None]
"""What is told of a search: its best value and its bound; true ends the search."""

_STATUS = {
    HighsModelStatus.kOptimal: "optimal",
    HighsModelStatus.kModelEmpty: "optimal",
    HighsModelStatus.kInfeasible: "infeasible",
    HighsModelStatus.kUnbounded: "unbounded",
    HighsModelStatus.kUnboundedOrInfeasible: "unbounded",
    HighsModelStatus.kTimeLimit: "time",
    HighsModelStatus.kInterrupt: "stopped",
}
_IMPROVED = cb.HighsCallbackType.kCallbackMipImprovingSolution
_STOPS = (
    cb.HighsCallbackType.kCallbackMipInterrupt,
    cb.HighsCallbackType.kCallbackSimplexInterrupt,
    cb.HighsCallbackType.kCallbackIpmInterrupt,
)


_INTERVAL_S = 0.1
"""Progress is told of no more often than this, but for better values."""


@dataclass(frozen=True, slots=True)
class Model:
    """
    A programme: the best ``cost @ x`` within rows and bounds, some x integer.

    Attributes
    ----------
    cost, lower, upper : ndarray
        Of each column: its share of the objective and its bounds.
    integer : ndarray of bool
        Which columns are integer.
    matrix : csr_array
        Shape (rows, columns).
    row_lower, row_upper : ndarray
        ``row_lower <= matrix @ x <= row_upper``; infinite where there is no side.
    maximize : bool
        Whether the greatest objective is sought, else the least.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    matrix: csr_array
    row_lower: FloatArray
    row_upper: FloatArray
    maximize: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What HiGHS found.

    Attributes
    ----------
    x : ndarray or None
        The best columns; None where nothing feasible was found.
    value : float
        Their objective; NaN without them.
    bound : float
        No x has a better objective. Infinite where nothing is proven. Of a linear
        programme it follows from `row_duals` whatever they are, so it holds without
        crossover and also after an early end.
    row_duals : ndarray or None
        Of a linear programme: what the objective gains by one more of each row's
        right side.
    status : str
        ``optimal`` (within the gap asked for), ``infeasible``, ``unbounded``,
        ``time``, ``stopped`` (by Ctrl-C) or ``limit`` (anything else).
    seconds : float
        Time it took.
    """

    x: FloatArray | None
    value: float
    bound: float
    row_duals: FloatArray | None
    status: str
    seconds: float


def solve_lp(
    model: Model,
    *,
    method: Literal["ipm", "pdlp", "simplex", "choose"] = "ipm",
    crossover: bool = False,
    tolerance: float | None = None,
    time_limit_s: float | None = None,
) -> Outcome:
    """
    Solve the linear relaxation of a programme.

    Parameters
    ----------
    model
        The programme; that columns are integer is not heeded.
    method
        ``ipm`` is HiGHS's interior point; ``pdlp`` its first-order method, faster on
        the largest programmes and to low tolerances; ``simplex``; ``choose`` leaves it
        to HiGHS.
    crossover
        Whether the interior point's answer is turned into a vertex, which takes
        longer than finding it.
    tolerance
        How far the answer may be from optimal, relatively; HiGHS's own without it.
        The bound holds whatever it is.
    time_limit_s
        Longest time in seconds.

    Returns
    -------
    Outcome
        Columns, duals and a bound.
    """
    options: dict[str, Any] = {
        "solver": method,
        "run_crossover": "on" if crossover else "off",
    }
    if tolerance is not None:
        options |= dict.fromkeys(
            ("kkt_tolerance", "pdlp_optimality_tolerance"), tolerance
        )
    return _solve(model, options, time_limit_s=time_limit_s, relaxed=True)


def solve_mip(
    model: Model,
    *,
    gap: float = 0.0,
    time_limit_s: float | None = None,
    start: FloatArray | None = None,
    seed: int = 0,
    threads: int | None = None,
    on_progress: Progress | None = None,
) -> Outcome:
    """
    Solve a mixed-integer programme.

    Ctrl-C ends the search in good order: the outcome's status is ``stopped``, with
    the best columns and the bound until then.

    Parameters
    ----------
    model
        The programme.
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds.
    start
        Columns that keep all rows, to begin with.
    seed
        Of HiGHS's random numbers.
    threads
        Greatest number of threads; HiGHS's choice without it. The answer is the same
        on any number unless the time runs out.
    on_progress
        Called with the best value and the bound when either has improved; the
        search ends, with status ``stopped``, where it returns true.

    Returns
    -------
    Outcome
        The best columns and the bound; without `row_duals`.
    """
    options: dict[str, Any] = {
        "mip_rel_gap": max(gap, 1e-9),
        "mip_abs_gap": 1e-9,
        "mip_feasibility_tolerance": 1e-6,
        "random_seed": seed,
    }
    if threads is not None:
        options["threads"] = threads
    return _solve(
        model,
        options,
        time_limit_s=time_limit_s,
        relaxed=not model.integer.any(),
        start=start,
        on_progress=on_progress,
    )


def _solve(
    model: Model,
    options: dict[str, Any],
    *,
    time_limit_s: float | None,
    relaxed: bool,
    start: FloatArray | None = None,
    on_progress: Progress | None = None,
) -> Outcome:
    begun = time.perf_counter()
    if not len(model.cost):
        return _nothing(model, begun)
    solver = _Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's way
    for name, value in options.items():
        _must(solver.setOptionValue(name, value), f"option {name}={value!r}")
    _pass(solver, model, relaxed=relaxed)
    if start is not None and not relaxed:
        columns = np.arange(len(start), dtype=np.int32)
        _must(solver.setSolution(len(start), columns, start), "start")
    if time_limit_s is not None:
        left = time_limit_s - (time.perf_counter() - begun)
        solver.setOptionValue("time_limit", max(left, 0.0))
    _run(solver, None if relaxed else on_progress)
    return _outcome(solver, model, begun, relaxed=relaxed)


def _pass(solver: Any, model: Model, *, relaxed: bool) -> None:  # noqa: ANN401
    """Hand a programme to HiGHS, whole arrays at once."""
    matrix = model.matrix
    integer = np.zeros_like(model.integer) if relaxed else model.integer
    _must(
        solver.passModel(
            len(model.cost),
            len(model.row_lower),
            matrix.nnz,
            int(MatrixFormat.kRowwise),
            int(ObjSense.kMaximize if model.maximize else ObjSense.kMinimize),
            0.0,
            model.cost,
            model.lower,
            model.upper,
            model.row_lower,
            model.row_upper,
            matrix.indptr.astype(np.int32, copy=False),
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(float, copy=False),
            integer.astype(np.int32),
        ),
        "model",
    )


def _run(solver: Any, on_progress: Progress | None) -> None:  # noqa: ANN401
    """
    Run HiGHS in a thread of its own, so that Ctrl-C reaches Python meanwhile.

    Ctrl-C, and whatever `on_progress` raises, ends HiGHS in good order first.
    """
    stop = threading.Event()
    news: queue.SimpleQueue[tuple[float, float] | None] = queue.SimpleQueue()
    last: list[Any] = [None, 0.0]

    def heed(kind: Any, _text: str, out: Any, back: Any, _: object) -> None:  # noqa: ANN401
        if kind != _IMPROVED and stop.is_set():
            back.user_interrupt = True
        now = time.perf_counter()
        if on_progress is None or (kind != _IMPROVED and now - last[1] < _INTERVAL_S):
            return
        told = (out.mip_primal_bound, out.mip_dual_bound)
        if told != last[0]:
            last[:] = told, now
            news.put(told)

    def work() -> None:
        try:
            solver.run()
            _Highs.resetThreadScheduler(False)  # noqa: FBT003 - HiGHS's way
        finally:
            news.put(None)

    solver.setCallback(heed, None)
    for kind in _STOPS if on_progress is None else (*_STOPS, _IMPROVED):
        solver.startCallback(kind)
    thread = threading.Thread(target=work, name="HiGHS", daemon=True)
    thread.start()
    try:
        _listen(news, on_progress, stop)
    except KeyboardInterrupt:
        stop.set()  # the status tells of it
    finally:
        stop.set()
        thread.join()


def _listen(
    news: queue.SimpleQueue[tuple[float, float] | None],
    on_progress: Progress | None,
    stop: threading.Event,
) -> None:
    """Pass on what HiGHS tells, until it ends."""
    while True:
        try:
            # A wait without an end would not let Ctrl-C through on Windows.
            told = news.get(timeout=0.5)
        except queue.Empty:
            continue
        if told is None:
            return
        if on_progress is not None and not stop.is_set() and on_progress(*told):
            stop.set()


def _outcome(
    solver: Any,  # noqa: ANN401
    model: Model,
    begun: float,
    *,
    relaxed: bool,
) -> Outcome:
    status = _STATUS.get(solver.getModelStatus(), "limit")
    info, solution = solver.getInfo(), solver.getSolution()
    none = np.inf if model.maximize else -np.inf
    x, value, bound, duals = None, np.nan, none, None
    if info.primal_solution_status == 2:  # noqa: PLR2004 - feasible
        x = np.array(solution.col_value)
        value = float(model.cost @ x)
    if not relaxed:
        bound = float(info.mip_dual_bound)
    elif solution.dual_valid and status != "infeasible":
        duals = np.array(solution.row_dual)
        bound = dual_bound(model, duals)
        if not np.isfinite(bound) and status == "optimal":
            bound = value
    if status == "infeasible":
        bound = none
    return Outcome(x, value, bound, duals, status, time.perf_counter() - begun)


def dual_bound(model: Model, row_duals: FloatArray) -> float:
    """
    Bound the objective of a linear programme by prices of its rows.

    It holds for any prices; those of a solved programme give its optimum.

    Parameters
    ----------
    model
        The programme.
    row_duals
        A price for each row.

    Returns
    -------
    float
        No x within rows and bounds has a better objective; infinite where the
        prices prove nothing.
    """
    sign = 1.0 if model.maximize else -1.0
    prices = sign * np.asarray(row_duals)
    # A price of the wrong sign for a row without that side is dropped.
    prices = np.where((prices > 0) & ~np.isfinite(model.row_upper), 0.0, prices)
    prices = np.where((prices < 0) & ~np.isfinite(model.row_lower), 0.0, prices)
    rest = sign * model.cost - model.matrix.T @ prices
    total = _most(prices, model.row_lower, model.row_upper)
    return sign * (total + _most(rest, model.lower, model.upper))


def _most(factors: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Greatest sum of factors times values that lie between bounds."""
    plus, minus = factors > 0, factors < 0
    return float(factors[plus] @ upper[plus] + factors[minus] @ lower[minus])


def _nothing(model: Model, begun: float) -> Outcome:
    """Answer a programme without columns, which HiGHS does not take."""
    holds = bool(((model.row_lower <= 0) & (model.row_upper >= 0)).all())
    seconds = time.perf_counter() - begun
    if holds:
        duals = np.zeros(len(model.row_lower))
        return Outcome(np.empty(0), 0.0, 0.0, duals, "optimal", seconds)
    none = np.inf if model.maximize else -np.inf
    return Outcome(None, np.nan, none, None, "infeasible", seconds)


def _must(status: HighsStatus, what: str) -> None:
    if status == HighsStatus.kError:
        msg = f"HiGHS refused the {what}."
        raise RuntimeError(msg)
