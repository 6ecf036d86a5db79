"""Why no placement meets all demands: which of them clash, and by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, hstack

from geoborder.errors import InfeasibleError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.placement.highs import Model, Outcome, solve_mip
from geoborder.placement.relaxation import Relaxation, relax
from geoborder.placement.setting import Setting

KINDS = ("budget", "stock", "floor", "gap", "site", "pair", "requires")
"""Kinds of demands that may be given up; the others say what a choice is."""

_GAP = 0.001
"""A relaxation that is so near to the least one is good enough."""

_TOLD = 4
"""So many of a kind's demands are told; the rest is counted."""

_COLUMNS = ["kind", "subject", "year", "unit", "short_by", "alone", "proven"]


@dataclass(frozen=True, slots=True)
class _Give:
    """
    How a kind of demand may give way.

    `rows` are the model's rows that give way and `columns` by which column each does,
    by how much for one unit; `unit`, `subject` and `year` say what a unit is.
    """

    kind: str
    rows: IntArray
    columns: IntArray
    factors: FloatArray
    cost: FloatArray
    integer: bool
    scale: float
    subject: npt.NDArray[np.object_]
    year: npt.NDArray[np.object_]
    unit: npt.NDArray[np.object_]


def explain(setting: Setting, *, time_limit_s: float = 30.0) -> pd.DataFrame:
    """
    Find the least that demands must give way so that a placement meets the rest.

    Parameters
    ----------
    setting
        The setting.
    time_limit_s
        Longest time for all kinds of demands together, in seconds.

    Returns
    -------
    DataFrame
        ``kind``, ``subject``, ``year``, ``unit``, ``short_by`` (what is missing, in
        units), ``alone`` (whether it is enough that this kind gives way, all others
        being held; else all of them must), ``proven`` (whether less is not enough).
        Empty where all demands can be met, or no answer was found in time.

    Notes
    -----
    Each kind of demand by itself is made elastic, and the sum of what is missing is
    minimised exactly. Money and items that are missing are needed in the year given
    and are there in later ones. Where detection counts the curve is held by its
    tangents, so that a little more may be missing.
    """
    problem = replace(setting.problem, weights=np.zeros_like(setting.problem.weights))
    relaxation = relax(problem)
    model = _exact(setting, relaxation)
    gives = [g for kind in KINDS if (g := _give(setting, relaxation, kind)) is not None]
    share = time_limit_s / (len(gives) + 1)
    tables = []
    for give in gives:
        outcome = solve_mip(_elastic(model, [give]), gap=_GAP, time_limit_s=share)
        if outcome.x is not None:
            missing = outcome.x[model.cost.size :]
            if not (missing > _least(give)).any():
                return pd.DataFrame(columns=_COLUMNS)
            tables.append(_missing(give, missing, outcome, alone=True))
        if outcome.status == "stopped":
            break
    if not tables and gives:
        outcome = solve_mip(_elastic(model, gives), gap=_GAP, time_limit_s=share)
        if outcome.x is not None:
            first = model.cost.size
            for give in gives:
                own = outcome.x[first : first + give.cost.size]
                tables.append(_missing(give, own, outcome, alone=False))
                first += give.cost.size
    some = [table for table in tables if len(table)]
    if not some:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(some, ignore_index=True)


def infeasible(setting: Setting, *, time_limit_s: float = 30.0) -> InfeasibleError:
    """
    Say why no placement meets all demands.

    Parameters
    ----------
    setting
        A setting that none does.
    time_limit_s
        Longest time for finding out, in seconds.

    Returns
    -------
    InfeasibleError
        To be raised; with the table of `explain` as ``demands``.
    """
    demands = explain(setting, time_limit_s=time_limit_s)
    return InfeasibleError(message_of(setting, demands), demands)


def message_of(setting: Setting, demands: pd.DataFrame) -> str:
    """
    Say in a sentence what demands miss.

    Parameters
    ----------
    setting
        The setting.
    demands
        As `explain` gives them.

    Returns
    -------
    str
        With what would do.
    """
    begin = "No placement meets all demands."
    if demands.empty:
        return (
            f"{begin} In the time given no change was found that would do: ask for "
            f"less, or give more time."
        )
    alone = bool(demands["alone"].all())
    texts = []
    for kind, own in demands.groupby("kind", sort=False):
        told = [_text(setting, row) for row in own.head(_TOLD).to_dict("records")]
        if len(own) > _TOLD:
            told.append(f"and {len(own) - _TOLD} more")
        texts.append(f"{kind}: {', '.join(told)}")
    if not alone:
        return f"{begin} All of this together would do: {'; '.join(texts)}."
    choice = "Any one of these" if len(texts) > 1 else "This"
    return f"{begin} {choice} would do: {'; '.join(texts)}."


def _text(setting: Setting, row: dict[str, object]) -> str:
    """Say what one demand misses."""
    kind, subject, year, unit = (row[c] for c in ("kind", "subject", "year", "unit"))
    short = float(str(row["short_by"]))
    when = "" if pd.isna(year) else f" by {year}"
    if kind == "floor":
        floors = setting.floors
        own = floors[(floors["subject"] == subject) & (floors["year"] == year)]
        # Of several floors of a subject the highest is the one that is missed most.
        floor = own.loc[own["share"].idxmax()]
        reached = floor["share"] * (1.0 - short / floor["need_km"])
        low = np.floor(max(reached, 0.0) * 1000.0) / 10.0
        return f"{floor['share'] * 100:g} % of {subject}{when} -> {low:g} %"
    texts = {
        "budget": f"{np.ceil(short):,.0f} {unit} more{when}",
        "stock": f"{short:,.0f} more of {subject}{when}",
        "gap": f"a longer gap at {subject} in {year}",
        "site": f"{short:,.0f} more at site {subject}{when}",
        "pair": f"{subject} at one site{when}",
        "requires": f"not that {subject}{when}",
    }
    return texts[str(kind)]


def _exact(setting: Setting, relaxation: Relaxation) -> Model:
    """Make a model exact: what needs several assets is covered whole or not."""
    model, problem = relaxation.model, setting.problem
    integer = model.integer.copy()
    if not problem.detection:
        required = np.repeat(problem.required, problem.years)
        left = (required - problem.base.ravel())[relaxation.places]
        first = problem.option.size
        integer[first : first + left.size] |= left > 1.0 + 1e-9
    return replace(
        model, cost=np.zeros(model.cost.size), integer=integer, maximize=False
    )


def _give(setting: Setting, relaxation: Relaxation, kind: str) -> _Give | None:
    """Describe how a kind of demand may give way; None where there is none."""
    table, places = setting.rows, relaxation.limits.start
    if kind == "floor":
        table, places = setting.floors.assign(unit="km"), relaxation.floors.start
    own = np.flatnonzero((table["kind"] == kind).to_numpy())
    if kind in {"budget", "stock"}:
        return _give_on(setting, kind, own) if own.size else None
    rows, part = places + own, table.iloc[own]
    factors = np.full(own.size, 1.0 if kind == "floor" else -1.0)
    if kind == "gap":
        floors = np.flatnonzero((setting.floors["kind"] == "gap").to_numpy())
        rows = np.append(rows, relaxation.floors.start + floors)
        factors = np.append(factors, np.ones(floors.size))
        part = pd.concat([part, setting.floors.iloc[floors].assign(unit="items")])
    if not rows.size:
        return None
    total = setting.problem.needs[own].sum() if kind == "floor" else rows.size
    return _Give(
        kind=kind,
        rows=rows,
        columns=np.arange(rows.size),
        factors=factors,
        cost=np.ones(rows.size),
        integer=kind != "floor",
        scale=1.0 / max(float(total), 1.0),
        subject=part["subject"].to_numpy(dtype=object),
        year=part["year"].to_numpy(dtype=object),
        unit=part["unit"].to_numpy(dtype=object),
    )


def _give_on(setting: Setting, kind: str, own: IntArray) -> _Give:
    """Describe how what is there from a year on may be more."""
    table, problem = setting.rows.iloc[own], setting.problem
    subject = table["subject"].to_numpy(dtype=object)
    year = table["year"].to_numpy(np.int64)
    lasts = kind == "stock" or setting.carry_over
    later = (subject[:, None] == subject) & (
        year[:, None] >= year if lasts else year[:, None] == year
    )
    row, column = np.nonzero(later)
    amount = 1.0
    if kind == "budget":
        amount = max(float(np.abs(problem.rows[own].data).max(initial=0.0)), 1.0)
    # Of equal sums what is needed later is better.
    early = (year.max() - year) / max(np.ptp(year), 1)
    total = np.abs(problem.limits[own]).max(initial=0.0)
    return _Give(
        kind=kind,
        rows=own[row],
        columns=column,
        factors=np.full(row.size, -amount),
        cost=amount * (1.0 + 1e-4 * early),
        integer=kind == "stock",
        scale=1.0 / max(float(total), 1.0),
        subject=subject,
        year=table["year"].to_numpy(dtype=object),
        unit=table["unit"].to_numpy(dtype=object),
    )


def _elastic(model: Model, gives: list[_Give]) -> Model:
    """Let demands give way, and ask for the least that they must."""
    blocks, costs, integer = [model.matrix], [model.cost], [model.integer]
    for give in gives:
        size = give.cost.size
        shape = (model.matrix.shape[0], size)
        place = (give.rows, give.columns)
        blocks.append(csr_array((give.factors, place), shape=shape))
        weight = give.scale if len(gives) > 1 else 1.0 / give.cost.max(initial=1.0)
        costs.append(give.cost * weight)
        integer.append(np.full(size, give.integer))
    added = sum(give.cost.size for give in gives)
    return replace(
        model,
        cost=np.concatenate(costs),
        lower=np.append(model.lower, np.zeros(added)),
        upper=np.append(model.upper, np.full(added, np.inf)),
        integer=np.concatenate(integer),
        matrix=csr_array(hstack(blocks, format="csr")),
    )


def _least(give: _Give) -> float:
    """Give the least amount that is not rounding."""
    return 0.5 if give.integer else 1e-6


def _missing(
    give: _Give, amount: FloatArray, outcome: Outcome, *, alone: bool
) -> pd.DataFrame:
    """List what a kind of demand misses."""
    own = np.flatnonzero(amount > _least(give))
    units = amount[own] * (np.abs(give.factors).max() if give.kind == "budget" else 1.0)
    table = pd.DataFrame(
        {
            "kind": give.kind,
            "subject": give.subject[own],
            "year": pd.array(give.year[own], dtype="Int64"),
            "unit": give.unit[own],
            "short_by": np.round(units) if give.integer else units,
            "alone": alone,
            "proven": outcome.status == "optimal",
        }
    )
    if give.kind in {"site", "pair", "requires"}:
        # A rule that is broken in several years is told once, from the first on.
        table = table.sort_values("year", kind="stable").drop_duplicates("subject")
    return table.sort_values(["year", "subject"], kind="stable", ignore_index=True)
