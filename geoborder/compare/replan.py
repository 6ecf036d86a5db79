"""Planning again: what came of a plan is fact, and what is open is placed anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import pandas as pd

from geoborder.assign import assign_measures
from geoborder.compare.deliveries import as_day, facts_of, last_ended_year
from geoborder.compare.plans import PlanDifference, compare_plans
from geoborder.errors import OptionError
from geoborder.plan import PlacingOptions, Plan, make_plan
from geoborder.program import Asset, Measure, Program
from geoborder.reach import Conditions

_LOCATED = ("border_id", "chainage_km", "official_km", "distance_km", "side")
"""What a plan adds to crossings and places."""

_PLACED = ["asset_id", "measure_id", "site_id", "from_year"]
"""What `place` takes of items."""

_MOVED = " (moved)"
"""Ends the name of a measure that stands for what was moved already."""


@dataclass(frozen=True, slots=True)
class Replanned:
    """
    A plan made again, and how it differs.

    Attributes
    ----------
    plan : Plan
        The new plan. Its assets are numbered anew; what is a fact stands at the same
        site as before.
    difference : PlanDifference
        From the old plan (a) to the new one (b).
    facts : DataFrame
        What was settled (see `facts_of`), with names of the old plan's assets.
    """

    plan: Plan
    difference: PlanDifference
    facts: pd.DataFrame


def replan(
    plan: Plan,
    deliveries: pd.DataFrame,
    *,
    on: date | str,
    placing: PlacingOptions | None = None,
    conditions: Conditions | None = None,
) -> Replanned:
    """
    Plan again what is still open, with what was delivered, late or cut as facts.

    What was delivered stays at its site, from the year in which it began operation;
    what is late stays at its site, from the year in which it is expected. What was cut
    is not bought again: the measure has that many fewer, in the copy of the programme
    that is planned. Years that have ended by the date are closed. What was moved
    before stays moved, at the cost of moving it; what was paid before counts as the
    plan has it. Measures that are not placed keep their years and are spread anew
    over segments if any of their items was cut.

    Parameters
    ----------
    plan
        The plan, with a placement. Not modified.
    deliveries, on
        As for `track_progress`.
    placing
        How equipment is placed; its ``facts`` and ``open_from`` are not used.
    conditions
        What travel meets, where the plan was made with other than the default ones.

    Returns
    -------
    Replanned
        With the same border, units, elevation, sites and length of segments as the
        plan.

    Raises
    ------
    OptionError
        If the plan has no placement, or nothing is open any more.
    DataError
        If a table is unusable (see `track_progress`).
    InfeasibleError
        If what is open cannot meet all demands; it says which clash.

    See Also
    --------
    facts_of : What is fixed.
    compare_plans : The difference.

    Examples
    --------
    >>> import pandas as pd
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
    >>> plan = gb.make_plan(program)
    >>> deliveries = pd.DataFrame(
    ...     {
    ...         "asset_id": ["masts-001", "masts-002", "masts-003"],
    ...         "delivered": ["2026-05-02", "2026-06-30", None],
    ...         "operational": ["2026-07-01", None, None],
    ...         "status": [None, None, "cut"],
    ...     }
    ... )
    >>> found = gb.replan(plan, deliveries, on="2026-12-31")
    >>> found.facts[["asset_id", "from_year", "status"]]
        asset_id  from_year     status
    0  masts-001       2026  delivered
    1  masts-002       2027  delivered
    2  masts-003       2027        cut
    >>> found.difference.by_measure[["measure_id", "assets_a", "assets_b", "dropped"]]
      measure_id  assets_a  assets_b  dropped
    0      masts         4         3        1
    """
    if plan.placement is None:
        msg = "`plan` has no placement to make again."
        raise OptionError(msg)
    open_from = last_ended_year(as_day(on)) + 1
    if open_from > plan.program.last_year:
        msg = (
            f"`on` must be before the end of the programme's last year "
            f"{plan.program.last_year}, got {on!s}: nothing is open any more."
        )
        raise OptionError(msg)
    facts = facts_of(plan, deliveries, on=on)
    program = _program_left(plan, facts, open_from)
    asked = bool(program.placement.measures) or not plan.program.placement.measures
    again = make_plan(
        program,
        border=plan.border,
        units=plan.units,
        dem=plan.dem,
        crossings=_unlocated(plan.crossings),
        places=_unlocated(plan.places),
        candidates=plan.placement.sites,
        placed=asked,
        placing=replace(
            placing or PlacingOptions(),
            facts=_placed_facts(plan, facts),
            open_from=open_from,
            begun=_still_to_come(plan, facts),
        ),
        conditions=conditions,
        segment_length_km=float(str(plan.options["segment_length_km"])),
    )
    again = _with_own_measures(again)
    return Replanned(again, compare_plans(plan, again), facts)


def _unlocated(points: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Take off what a plan added to points."""
    if points is None:
        return None
    return points.drop(columns=[c for c in _LOCATED if c in points.columns])


def _gone(program: Program, facts: pd.DataFrame) -> pd.Series:
    """Tell which items the programme does not get: cut, or expected after its end."""
    return (facts["status"] == "cut") | (facts["from_year"] > program.last_year)


def _sources(plan: Plan) -> pd.Series:
    """Which asset each item was moved from, by the item's name."""
    items = pd.DataFrame() if plan.placement is None else plan.placement.items
    if items.empty:
        return pd.Series(dtype=object)
    return items.set_index("asset_id")["moved_from"].dropna()


def _placed_facts(plan: Plan, facts: pd.DataFrame) -> pd.DataFrame:
    """Facts about what is placed, as `place` takes them."""
    program = plan.program
    own = facts["measure_id"].isin(program.placed_measures) & facts["site_id"].notna()
    table = facts[own & ~_gone(program, facts)]
    moved = table["asset_id"].isin(_sources(plan).index)
    names = table["measure_id"].where(~moved, table["measure_id"] + _MOVED)
    years = table["from_year"].astype("int64").clip(lower=program.first_year)
    table = table.assign(measure_id=names, from_year=years)
    return table[_PLACED].reset_index(drop=True)


def _still_to_come(plan: Plan, facts: pd.DataFrame) -> pd.DataFrame:
    """Items about which nothing is settled; they stay unless others are better."""
    assert plan.placement is not None  # noqa: S101 - asked by the caller
    items = plan.placement.items
    settled = items["asset_id"].isin(facts["asset_id"]) | items["moved_from"].notna()
    return items.loc[~settled, _PLACED].reset_index(drop=True)


def _program_left(plan: Plan, facts: pd.DataFrame, open_from: int) -> Program:
    """Copy the programme without what was cut, with dates and moves that are facts."""
    program, sources = plan.program, _sources(plan)
    gone = _gone(program, facts)
    lost = facts[gone & facts["measure_id"].notna()]
    lost = lost[~lost["asset_id"].isin(sources.index)]  # moves draw on no stock
    measures = {**program.measures, **_reduced(plan, lost)}
    kept = {key: m for key, m in measures.items() if m is not None}
    moved = facts[facts["asset_id"].isin(sources.index) & ~gone]
    kept |= _moves(program, _placed_facts(plan, moved))
    named = program.placement.measures
    named = tuple(k for k in kept if k.removesuffix(_MOVED) in named)
    assets = _by_hand(program, facts, gone)
    for name in sources.reindex(moved["asset_id"]).unique():
        own = moved["asset_id"].isin(sources.index[sources == name])
        leaves = min(int(moved.loc[own, "from_year"].min()), open_from)
        assets[name] = assets[name].model_copy(update={"until_year": leaves - 1})
    rules = program.placement.model_copy(update={"measures": named})
    return program.model_copy(
        update={"measures": kept, "assets": assets, "placement": rules}
    )


def _reduced(plan: Plan, lost: pd.DataFrame) -> dict[str, Measure | None]:
    """Take items off what measures bring, from the year they were due backwards."""
    program, own = plan.program, plan.assets.set_index("asset_id")
    changed: dict[str, Measure | None] = {}
    for key in lost["measure_id"].unique():
        measure = program.measures[key]
        rest = program.model_copy(update={"measures": {key: measure}})
        rows = assign_measures(rest, plan.segments)
        years = list(program.years)
        counts = rows.groupby("year")["quantity"].sum().reindex(years, fill_value=0.0)
        for name in lost.loc[lost["measure_id"] == key, "asset_id"]:
            short = float(own.loc[name, "quantity"])
            for year in range(int(own.loc[name, "from_year"]), years[0] - 1, -1):
                taken = min(short, counts[year])
                counts[year] -= taken
                short -= taken
        schedule = {year: float(n) for year, n in counts.items() if n > 0.0}
        update = {
            "quantity": float(counts.sum()), "per_km": None, "schedule": schedule,
        }  # fmt: skip
        changed[key] = measure.model_copy(update=update) if schedule else None
    return changed


def _moves(program: Program, moved: pd.DataFrame) -> dict[str, Measure]:
    """Measures that stand for what was moved, at the cost of moving it."""
    measures = {}
    for key, own in moved.groupby("measure_id", sort=False):
        measure = program.measures[str(key).removesuffix(_MOVED)]
        cost = program.placement.move_cost[str(measure.equipment)]
        years = own["from_year"].value_counts().sort_index()
        update = {
            "quantity": float(len(own)), "per_km": None, "unit_cost": cost,
            "schedule": {int(year): float(n) for year, n in years.items()},
        }  # fmt: skip
        measures[str(key)] = measure.model_copy(update=update)
    return measures


def _by_hand(
    program: Program, facts: pd.DataFrame, gone: pd.Series
) -> dict[str, Asset]:
    """Assets of the programme file, with the years in which they began or will."""
    assets = dict(program.assets)
    for fact, lost in zip(facts.itertuples(), gone, strict=True):
        if fact.asset_id not in program.assets:
            continue
        asset, year = assets.pop(fact.asset_id), int(fact.from_year)
        if not lost and (asset.until_year is None or year <= asset.until_year):
            assets[fact.asset_id] = asset.model_copy(update={"from_year": year})
    return assets


def _with_own_measures(plan: Plan) -> Plan:
    """Give back what was moved to the measures that moved it."""
    moved = any(key.endswith(_MOVED) for key in plan.program.measures)
    if plan.placement is None or not moved:
        return plan

    def own(table: pd.DataFrame) -> pd.DataFrame:
        names = table["measure_id"].str.removesuffix(_MOVED)
        return table.assign(measure_id=names)

    measures = plan.program.measures.items()
    named = plan.program.placement.measures
    rules = {"measures": tuple(k for k in named if not k.endswith(_MOVED))}
    update = {
        "measures": {k: m for k, m in measures if not k.endswith(_MOVED)},
        "placement": plan.program.placement.model_copy(update=rules),
    }
    return replace(
        plan,
        program=plan.program.model_copy(update=update),
        assets=own(plan.assets),
        assignments=own(plan.assignments),
        placement=replace(plan.placement, items=own(plan.placement.items)),
    )
