"""The best placement of a programme's equipment, with its bound and reasons."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import GeoborderError, OptionError
from geoborder.geodesy import BoolArray, inverse
from geoborder.placement.clashes import infeasible
from geoborder.placement.problem import Answer, relative_gap
from geoborder.placement.reasons import reasons_of, sentence
from geoborder.placement.setting import (
    Setting,
    chosen_of,
    make_setting,
    with_longest_gap,
)
from geoborder.placement.solve import NoChoicesError, solve
from geoborder.placement.tally import by_year, floors_reached, longest_gap
from geoborder.program import Program
from geoborder.reach import Conditions
from geoborder.terrain import DemLike

Progress = Callable[[float, float, float], None]
"""What is told of a search: the best value, the bound and the seconds so far."""

_EXPLAIN_S = 30.0
"""Longest time for finding out which demands clash."""

_SEEDS = 2**31
"""HiGHS takes seeds below this."""

_LEAST_STEP_KM = 1e-5
"""Gaps that differ by less are of one length."""


@dataclass(frozen=True, slots=True)
class Placement:
    """
    Which equipment goes where in which year, and how good that is.

    Attributes
    ----------
    items : GeoDataFrame
        A row per item that is placed, in the order of years and chainage: the
        columns of assets (see `assign_equipment`), ``site_id``, ``moved_from`` (the
        asset that is moved there instead of a new one), what `reasons_of` tells, and
        ``reason``, the same in words.
    standing : DataFrame
        What stands already and was open to be moved: ``asset_id``, ``until_year``
        (its last year there; empty: it stays), ``moved``.
    by_year : DataFrame
        Indexed by ``year``: ``items`` (placed in it), ``spent`` (buying in an item's
        first year, running it in each), ``budget`` (what everything else leaves for
        it; empty where there is none), ``left``, ``covered_km``, ``share``,
        ``longest_gap_km``, ``price_per_million`` (weighted km, summed over the
        years, that one more million of the year's money would add at most, by the
        linear relaxation).
    floors : DataFrame
        Each floor, what it asks for and what is reached.
    value : float
        What the placement is worth: weighted km, summed over the years; where the
        objective is the longest gap, that gap in the last year, in km.
    bound : float
        No placement is worth more (or has a shorter gap).
    status : str
        ``optimal``, ``gap`` (as close as was asked for), ``time`` or ``stopped``.
    seconds : float
        Time it took.
    cost : float
        What it costs over the programme's years.
    history : DataFrame
        ``seconds``, ``value``, ``bound`` at every improvement.
    sites : GeoDataFrame
        All sites that were considered, with ``items``, how many were placed there.
    objective : str
        As in the programme's section.
    checksum : str
        SHA-256 of all that the placement rests on: the programme, what each site
        covers, limits and weights, gap, time limit and seed.
    """

    items: gpd.GeoDataFrame
    standing: pd.DataFrame
    by_year: pd.DataFrame
    floors: pd.DataFrame
    value: float
    bound: float
    status: str
    seconds: float
    cost: float
    history: pd.DataFrame
    sites: gpd.GeoDataFrame
    objective: str
    checksum: str

    @property
    def gap(self) -> float:
        """How much better any other placement could be, relative to the value."""
        return relative_gap(self.value, self.bound)


def place(  # noqa: PLR0913 - each is a planner's choice, with a default
    program: Program,
    border: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    segments: gpd.GeoDataFrame | None = None,
    gap: float = 0.01,
    time_limit_s: float | None = None,
    seed: int = 0,
    target_spacing_km: float = 0.1,
    conditions: Conditions | None = None,
    facts: pd.DataFrame | None = None,
    open_from: int | None = None,
    begun: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Placement:
    """
    Find the best placement of a programme's equipment, and prove how good it is.

    Measures that bring equipment which covers are placed: as many items as their
    schedules bring, where their targets allow, by the rules of the programme's
    section ``placement``.

    Parameters
    ----------
    program
        The programme.
    border
        One border or several.
    candidates
        Points where something may be put, in any CRS. May have ``site_id``,
        ``equipment`` (what may go there, separated by spaces; empty: any),
        ``site_cost`` (added to every item put there) and ``from_year`` (not before).
    dem, target_spacing_km, conditions
        As for `cover`.
    segments
        Segments of the border with what targets, floors and priorities ask for (see
        `segment_border` and `describe_segments`); by default each line is one.
    gap
        Relative difference between value and bound that is good enough; 0: none.
    time_limit_s
        Longest time for the search in seconds; the best found until then is given,
        with its bound. Working out what sites cover is not counted.
    seed
        Of the order in which the search tries things.
    facts
        For planning again: what is placed in any case, with ``measure_id``,
        ``site_id`` and ``from_year``, and ``asset_id`` where it has one already.
    open_from
        For planning again: the first year in which anything may still be decided.
    begun
        Items to begin the search with, with the same columns, such as those of an
        earlier placement: they stay if nothing else is better by more than `gap`,
        and keep their ``asset_id``.
    progress
        Called with the best value, the bound and the seconds so far whenever either
        has improved. Ctrl-C ends the search with the best found.

    Returns
    -------
    Placement
        The same with the same libraries, whatever the number of threads, unless the
        time limit strikes.

    Raises
    ------
    InfeasibleError
        If no placement meets all demands; it says which clash, and by how much.
    GeoborderError
        If the programme or a layer is unusable, or nothing was found in time.

    References
    ----------
    Church, R., ReVelle, C. (1974). The maximal covering location problem. Papers of
    the Regional Science Association 32, 101-118. doi:10.1111/j.1435-5597.1974.tb00902.x

    Schilling, D. A. (1980). Dynamic location modeling for public-sector facilities.
    Decision Sciences 11(4), 714-724. doi:10.1111/j.1540-5915.1980.tb01172.x

    Examples
    --------
    >>> import textwrap
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 2, **shared}
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
    >>> sites = gb.point_at(border, [2, 12, 15, 34]).to_frame("geometry")
    >>> found = gb.place(program, border, sites, gap=0)
    >>> found.status, round(found.value, 1), round(found.bound, 1)
    ('optimal', 33.7, 33.7)
    >>> found.items[["asset_id", "site_id", "from_year", "chainage_km"]].round(1)
        asset_id site_id  from_year  chainage_km
    0  masts-001       4       2026         34.0
    1  masts-002       3       2027         15.0
    >>> print(textwrap.fill(found.items["reason"].iloc[0], 72))
    Covers 12.7 km that nothing else does, for 79 USD per added km. The next
    best site, 1, would lose 13.3 weighted km. 2026 is the programme's first
    year.
    >>> found.by_year.reset_index()[["year", "items", "spent", "covered_km"]].round(1)
       year  items   spent  covered_km
    0  2026      1  1000.0        12.7
    1  2027      1  1000.0        21.1
    """
    _require_options(gap, time_limit_s, seed)
    setting = make_setting(
        program, border, candidates, dem=dem, segments=segments,
        target_spacing_km=target_spacing_km, conditions=conditions, facts=facts,
        open_from=open_from,
    )  # fmt: skip
    begun_s = time.perf_counter()
    options = _Options(gap, time_limit_s, seed, program.placement.second == "cost")
    objective = program.placement.objective
    least = None
    try:
        if objective == "longest-gap":
            first = open_from or program.first_year
            asked = program.placement.longest_gap_km
            demands = {y: km for y, km in asked.items() if y >= first}
            setting, least, answer = _shortest_gap(setting, demands, options, progress)
        else:
            known = None if begun is None else chosen_of(setting, begun)
            answer = _solved(setting, options, progress, known)
    except NoChoicesError:
        raise infeasible(setting, time_limit_s=_EXPLAIN_S) from None
    except TimeoutError:
        msg = (
            f"no placement that meets all demands was found in {time_limit_s:g} s; "
            "give it more time."
        )
        raise GeoborderError(msg) from None
    named = [t for t in (facts, begun) if t is not None and "asset_id" in t]
    answer = replace(answer, seconds=time.perf_counter() - begun_s)
    return _placement(program, setting, answer, least, options, named)


@dataclass(frozen=True, slots=True)
class _Options:
    """How long and how close a search goes."""

    gap: float
    time_limit_s: float | None
    seed: int
    second: bool


def _require_options(gap: float, time_limit_s: float | None, seed: int) -> None:
    if not (0 <= seed < _SEEDS and int(seed) == seed):
        msg = f"`seed` must be a whole number from 0 to {_SEEDS - 1}, got {seed!r}."
        raise OptionError(msg)
    if not 0.0 <= gap < np.inf:
        msg = f"`gap` must be 0 or more (0.01 is 1 %), got {gap!r}."
        raise OptionError(msg)
    if time_limit_s is not None and not time_limit_s > 0.0:
        msg = f"`time_limit_s` must be greater than 0, got {time_limit_s!r}."
        raise OptionError(msg)


def _solved(
    setting: Setting,
    options: _Options,
    progress: Progress | None,
    begun: BoolArray | None = None,
) -> Answer:
    return solve(
        setting.problem, gap=options.gap, time_limit_s=options.time_limit_s,
        seed=options.seed, second=options.second, progress=progress, begun=begun,
    )  # fmt: skip


def _shortest_gap(
    setting: Setting,
    demands: dict[int, float],
    options: _Options,
    progress: Progress | None,
) -> tuple[Setting, tuple[float, float, str], Answer]:
    """
    Find the least longest gap of the last year, then the best coverage at it.

    Bisects the length: whether some placement leaves no longer gap is a covering
    problem of stretches just longer than that.
    """
    begun = time.perf_counter()
    last, year = int(setting.years[-1]), setting.years.size - 1

    def left() -> float | None:
        if options.time_limit_s is None:
            return None
        return max(0.0, options.time_limit_s - (time.perf_counter() - begun))

    loose = replace(options, gap=np.inf, second=False)
    best, at = _solved(setting, loose, None), setting
    high, low, status = longest_gap(setting, best.chosen, year), 0.0, "optimal"
    tell = progress or (lambda _value, _bound, _seconds: None)
    while high - low > max(options.gap * high, _LEAST_STEP_KM):
        tell(high, low, time.perf_counter() - begun)
        if left() == 0.0:
            status = "time"
            break
        near = high - low <= max(0.01 * high, 10 * _LEAST_STEP_KM)
        middle = high - _LEAST_STEP_KM if near else (high + low) / 2.0
        tighter = with_longest_gap(setting, demands | {last: middle})
        try:
            found = _solved(tighter, replace(loose, time_limit_s=left()), None)
        except NoChoicesError:
            low = high if near else middle
            continue
        except TimeoutError:
            status = "time"
            break
        best, at = found, tighter
        high = longest_gap(setting, found.chosen, year)
        low = min(low, high)
    if status == "optimal" and high - low > _LEAST_STEP_KM:
        status = "gap"
    if high > 0.0:
        at = with_longest_gap(setting, demands | {last: high + _LEAST_STEP_KM})
    seconds = left()
    rest = replace(options, time_limit_s=None if seconds is None else max(seconds, 1.0))
    answer = _solved(at, rest, None, best.chosen)
    return at, (high, low, status), answer


def _placement(
    program: Program,
    setting: Setting,
    answer: Answer,
    least: tuple[float, float, str] | None,
    options: _Options,
    named: list[pd.DataFrame],
) -> Placement:
    """Turn an answer into tables."""
    value, bound, status = answer.value, answer.bound, answer.status
    if least is not None:
        value, bound, status = least
    chosen = answer.chosen
    items = _items(program, setting, chosen, named)
    items = _with_moves(program, setting, chosen, items)
    counts = items["site_id"].value_counts()
    sites = setting.sites
    placed = counts.reindex(sites["site_id"]).fillna(0).to_numpy(np.int64)
    history = pd.DataFrame(answer.history, columns=["seconds", "value", "bound"])
    return Placement(
        items=items,
        standing=_standing(setting, chosen),
        by_year=by_year(setting, chosen, answer.row_prices),
        floors=floors_reached(setting, chosen),
        value=float(value),
        bound=float(bound),
        status=status,
        seconds=answer.seconds,
        cost=float(setting.problem.costs @ chosen),
        history=history,
        sites=sites.assign(items=placed),
        objective=program.placement.objective,
        checksum=_checksum(program, setting, options),
    )


def _items(
    program: Program, setting: Setting, chosen: BoolArray, named: list[pd.DataFrame]
) -> gpd.GeoDataFrame:
    """Items that are placed, as assets with their reasons."""
    reasons = reasons_of(setting, chosen)
    table = setting.choices.loc[reasons.index]
    options = setting.options.iloc[table["option"].to_numpy()]
    layer = options.reset_index(drop=True).drop(columns=["life_years"])
    layer = layer.assign(
        from_year=table["from_year"].array,
        until_year=table["until_year"].array,
        status="planned",
        **{name: reasons[name].to_numpy() for name in reasons.columns},
    )
    layer["reason"] = [sentence(row, program.currency) for _, row in layer.iterrows()]
    layer = layer.sort_values(
        ["measure_id", "from_year", "chainage_km", "site_id"], kind="stable"
    )
    layer["asset_id"] = _names(layer, named)
    layer = layer.sort_values(["from_year", "chainage_km", "asset_id"], kind="stable")
    columns = [c for c in layer.columns if c != "geometry"]
    return layer[[*columns, "geometry"]].reset_index(drop=True)


def _names(items: pd.DataFrame, named: list[pd.DataFrame]) -> list[str]:
    """Name items by measure and number; those that have a name already keep it."""
    known: dict[tuple[object, ...], str] = {}
    for table in named[::-1]:
        keys = zip(table["measure_id"], table["site_id"].astype(str), strict=True)
        known |= dict(zip(keys, table["asset_id"], strict=True))
    keys = zip(items["measure_id"], items["site_id"].astype(str), strict=True)
    used = {*known.values()}
    names = [known.pop(key, None) for key in keys]
    result = []
    numbers = dict.fromkeys(items["measure_id"], 0)
    for measure, name in zip(items["measure_id"], names, strict=True):
        own = name
        while own is None:
            numbers[measure] += 1
            fresh = f"{measure}-{numbers[measure]:03d}"
            own = None if fresh in used else fresh
        result.append(own)
    return result


def _with_moves(
    program: Program, setting: Setting, chosen: BoolArray, items: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Say which items are not bought but moved there, each from the nearest asset."""
    table = setting.choices
    gone = table[chosen & (table["kind"] == "leaves").to_numpy()]
    source = np.full(len(items), None, dtype=object)
    cost = items["cost"].to_numpy(float).copy()
    for leaving in gone.itertuples():
        asset = setting.options.iloc[leaving.option]
        own = np.flatnonzero(
            (items["measure_id"] == leaving.measure_id)
            & (items["from_year"] == leaving.until_year + 1)
            & pd.isna(source)
        )
        lon, lat = items.geometry.x.to_numpy()[own], items.geometry.y.to_numpy()[own]
        from_lon = np.full(own.size, asset["geometry"].x)
        from_lat = np.full(own.size, asset["geometry"].y)
        _, away = inverse(from_lon, from_lat, lon, lat)
        measure = program.measures[leaving.measure_id]
        price = measure.unit_cost or program.equipment[asset["equipment"]].cost
        moving = program.placement.move_cost[asset["equipment"]]
        saved = moving.value - price.value
        for item in own[np.argsort(away, kind="stable")][: int(asset["quantity"])]:
            source[item] = asset["asset_id"]
            cost[item] += saved
    at = items.columns.get_loc("alone_km")
    result = items.assign(cost=cost)
    result.insert(at, "moved_from", source)
    return result


def _standing(setting: Setting, chosen: BoolArray) -> pd.DataFrame:
    """Tell what became of what stands already and could be moved."""
    table = setting.choices
    own = table[chosen & table["kind"].isin(("stays", "leaves")).to_numpy()]
    names = setting.options["asset_id"].to_numpy()[own["option"].to_numpy()]
    return pd.DataFrame(
        {
            "asset_id": names,
            "until_year": own["until_year"].array,
            "moved": (own["kind"] == "leaves").to_numpy(),
        }
    )


def _checksum(program: Program, setting: Setting, options: _Options) -> str:
    """Digest all that a placement rests on."""
    problem, digest = setting.problem, hashlib.sha256()
    digest.update(program.model_dump_json().encode())
    digest.update(repr(options).encode())
    for matrix in (problem.covers, problem.rows, problem.floors):
        for part in (matrix.indptr, matrix.indices):
            digest.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
        digest.update(np.ascontiguousarray(matrix.data, dtype=float).tobytes())
    for numbers in (problem.weights, problem.base, problem.limits, problem.needs):
        digest.update(np.ascontiguousarray(numbers, dtype=float).tobytes())
    digest.update("\n".join(setting.sites["site_id"]).encode())
    return digest.hexdigest()
