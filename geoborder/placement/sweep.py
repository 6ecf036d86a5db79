"""What each further million buys: the placement at other budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import OptionError
from geoborder.geodesy import BoolArray
from geoborder.placement.problem import Answer
from geoborder.placement.setting import Setting, chosen_of, make_setting
from geoborder.placement.solve import NoChoicesError, solve
from geoborder.placement.tally import by_year
from geoborder.program import Program
from geoborder.reach import Conditions
from geoborder.terrain import DemLike

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
"""Multiples of the budget that are looked at, if none are named."""

_COLUMNS = [
    "factor",
    "budget",
    "spent",
    "value",
    "bound",
    "gap",
    "covered_km",
    "share",
    "km_per_million",
    "status",
]


def sweep_budget(  # noqa: PLR0913 - as for `place`
    program: Program,
    border: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    factors: Sequence[float] = FACTORS,
    dem: DemLike | None = None,
    segments: gpd.GeoDataFrame | None = None,
    gap: float = 0.01,
    time_limit_s: float | None = None,
    seed: int = 0,
    target_spacing_km: float = 0.1,
    conditions: Conditions | None = None,
    begun: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Place a programme's equipment at several budgets: what each further million buys.

    Parameters
    ----------
    program, border, candidates, dem, segments, gap, seed
        As for `place`.
    factors
        By what the money that is there for placed equipment is multiplied, each year;
        what everything else costs stays.
    time_limit_s
        Longest time for each budget, in seconds.
    target_spacing_km, conditions
        As for `place`.
    begun
        Items to begin with at the programme's own budget and above (see `place`).

    Returns
    -------
    DataFrame
        A row per factor, in their order of size: ``factor``, ``budget`` and ``spent``
        (over all years, in the programme's currency), ``value``, ``bound``, ``gap``
        (as `Placement` has them; where the objective is the longest gap, of
        coverage), ``covered_km`` and ``share`` of the border in the
        last year, ``km_per_million`` (km of ``covered_km`` more than in the row
        before, for each further million spent), ``status`` (``infeasible`` where
        no placement meets all demands).

    Raises
    ------
    OptionError
        If a factor is negative, or the programme has no budgets.
    GeoborderError
        If the programme or a layer is unusable.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> border = gb.load_border("AND", "FRA")
    >>> sites = gb.propose_sites(program, border, line_spacing_km=10)
    >>> sweep = gb.sweep_budget(program, border, sites, factors=[0.5, 1, 2])
    >>> sweep[["factor", "budget", "spent", "covered_km", "status"]].round(1)
       factor  budget   spent  covered_km   status
    0     0.5  2000.0  2000.0        23.5  optimal
    1     1.0  4000.0  4000.0        39.0  optimal
    2     2.0  8000.0  4000.0        39.0  optimal
    """
    sizes = sorted({float(f) for f in factors})
    if not sizes or not all(0.0 <= f < np.inf for f in sizes):
        msg = f"`factors` must be one number or more, none negative, got {factors!r}."
        raise OptionError(msg)
    if not program.budgets:
        msg = "`program` has no `budgets` to sweep over."
        raise OptionError(msg)
    setting = make_setting(
        program, border, candidates, dem=dem, segments=segments,
        target_spacing_km=target_spacing_km, conditions=conditions,
    )  # fmt: skip
    options = {
        "gap": gap,
        "time_limit_s": time_limit_s,
        "seed": seed,
        "second": program.placement.second == "cost",
    }
    rows, best = [], None
    own = None if begun is None else chosen_of(setting, begun)
    for factor in sizes:
        scaled = _scaled(setting, factor)
        start = best if own is None or factor < 1.0 else own
        answer = _answer(scaled, options, start)
        best = best if isinstance(answer, str) else answer.chosen
        rows.append(_row(scaled, factor, answer))
    table = pd.DataFrame(rows, columns=[c for c in _COLUMNS if c != "km_per_million"])
    more = table["spent"].diff() / 1e6
    per = (table["covered_km"].diff() / more).where(more > 0)
    table.insert(_COLUMNS.index("km_per_million"), "km_per_million", per)
    return table


def _scaled(setting: Setting, factor: float) -> Setting:
    """Multiply the money of each year."""
    money = (setting.rows["kind"] == "budget").to_numpy()
    limits = setting.problem.limits.copy()
    limits[money] *= factor
    return replace(setting, problem=replace(setting.problem, limits=limits))


def _answer(
    setting: Setting, options: dict[str, Any], begun: BoolArray | None
) -> Answer | str:
    """Solve, beginning with the answer to the budget before; or say why not."""
    try:
        return solve(setting.problem, begun=begun, **options)
    except NoChoicesError:
        return "infeasible"
    except TimeoutError:
        return "time"


def _row(setting: Setting, factor: float, answer: Answer | str) -> tuple[object, ...]:
    money = (setting.rows["kind"] == "budget").to_numpy()
    limits = setting.problem.limits[money]
    budget = float(limits[-1] if setting.carry_over else limits.sum())
    if isinstance(answer, str):
        return factor, budget, *[np.nan] * 6, answer
    years = by_year(setting, answer.chosen, answer.row_prices)
    last = years.iloc[-1]
    return (
        factor, budget, float(years["spent"].sum()), answer.value, answer.bound,
        answer.gap, float(last["covered_km"]), float(last["share"]), answer.status,
    )  # fmt: skip
