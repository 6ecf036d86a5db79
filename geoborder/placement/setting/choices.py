"""The setting: a problem of placement, and what its numbers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from geoborder.assign.priority import with_priority
from geoborder.coverage.footprint import line_and_segments
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import BoolArray, IntArray
from geoborder.placement.problem import Problem
from geoborder.placement.setting.gaps import gap_rows
from geoborder.placement.setting.limits import find_limits
from geoborder.placement.setting.listing import choice_table, option_table
from geoborder.placement.setting.options import (
    STAYS,
    Offer,
    find_offer,
    first_open_year,
)
from geoborder.placement.setting.places import Places, find_places
from geoborder.placement.setting.possible import possible
from geoborder.placement.setting.scene import Limits, Scene
from geoborder.placement.setting.standing import find_standing
from geoborder.placement.setting.supply import find_supply
from geoborder.placement.setting.worth import Ground, Worth, find_worth
from geoborder.program import Program
from geoborder.reach import Conditions
from geoborder.terrain import DemLike

_PLACE = {"measure_id": "object", "site_id": "string", "from_year": "Int64"}
"""What tells an item, whoever wrote it down, and of what type that is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """
    A problem of placement, and what its numbers stand for.

    Attributes
    ----------
    problem : Problem
        What is to be decided, as arrays.
    cells : DataFrame
        Stretches of border in which nothing changes: ``border_id``, ``start_km``,
        ``end_km``, ``length_km``, ``segment`` (its position, -1 where there is
        none), ``level``, ``required_k``, ``weight`` (what it is worth in a year
        that is not weighed).
    merged : ndarray of int
        The column of ``problem.covers`` that stands for each cell; -1: nothing ever
        covers it.
    options : GeoDataFrame
        What may be put where: assets without years, with ``measure_id``,
        ``site_id``, ``cost``, ``running_cost_per_year`` and ``life_years``. What
        stands already and may be moved has no measure.
    choices : DataFrame
        ``option``, ``from_year`` (empty: before the programme), ``until_year``
        (empty: no end), ``kind`` (``new``, ``stays`` or ``leaves``), ``measure_id``
        (whose stock it draws on or, if it leaves, adds to), ``site_id``, ``fact``.
    rows : DataFrame
        A row per limit of the problem: ``kind`` (``budget``, ``stock``, ``site``,
        ``pair``, ``requires``, ``one``, ``moved`` or ``gap``), ``year`` (empty: all),
        ``subject``, ``unit``.
    floors : DataFrame
        A row per floor of the problem: ``subject``, ``year``, ``share``,
        ``need_km``, ``kind`` (``floor``, or ``gap`` where a stretch needs any covered
        cell).
    sites : GeoDataFrame
        Sites of the options: candidates, and places of what stands already.
    years : ndarray of int
        Years of the programme.
    carry_over : bool
        Whether money left in a year may be spent later: then each row of kind
        ``budget`` sums up the years until its own.
    """

    problem: Problem
    cells: pd.DataFrame
    merged: IntArray
    options: gpd.GeoDataFrame
    choices: pd.DataFrame
    rows: pd.DataFrame
    floors: pd.DataFrame
    sites: gpd.GeoDataFrame
    years: IntArray
    carry_over: bool


def make_setting(
    program: Program,
    border: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    segments: gpd.GeoDataFrame | None = None,
    target_spacing_km: float = 0.1,
    conditions: Conditions | None = None,
    facts: pd.DataFrame | None = None,
    open_from: int | None = None,
) -> Setting:
    """
    Write the placement of a programme's equipment down as a problem.

    Parameters
    ----------
    program
        The programme, with its section ``placement``.
    border
        One border or several.
    candidates
        Points in any CRS. May have ``site_id`` (else they are numbered from 1),
        ``equipment`` (what may go there, separated by spaces; empty: any),
        ``site_cost`` (added to every item put there) and ``from_year`` (not before).
        Not modified.
    dem, target_spacing_km, conditions
        As for `cover`.
    segments
        Segments of the border, with what targets and priorities ask for; by default
        each line is one.
    facts
        What is placed in any case: ``measure_id``, ``site_id``, ``from_year``.
    open_from
        The first year in which something may still be decided; what begins before
        is a fact or does not happen, and limits and floors of years before are past.

    Returns
    -------
    Setting
        Coverage by its problem is that by `cover` of the same assets.

    Raises
    ------
    DataError
        If a layer is unusable, no candidate lies where a measure may go, or none
        covers any of the border.
    ProgramError
        If nothing is placed, or targets name what the segments do not have.
    OptionError
        If an option is out of its range.

    Notes
    -----
    Of equal cells one stands for all, with the sum of their weights: what is covered
    by the same options, by as much that stands already, and to the same requirement.
    """
    table, parts = line_and_segments(border, segments, k=program.required_k)
    parts = with_priority(program, parts)
    first_open = first_open_year(program, open_from)
    supply = find_supply(program, parts)
    places = find_places(program, table, candidates, supply.standing, parts)
    standing = find_standing(program, supply, places, first_open)
    offer = find_offer(
        program, supply, places, standing, parts, facts=facts, first_open=first_open
    )
    offer = possible(program, offer, standing)
    options = option_table(supply, places, offer, parts)
    ground = Ground(table, parts, dem, target_spacing_km, conditions)
    worth = find_worth(
        program,
        ground,
        places.standing[~standing.moves],
        options,
        first_open=first_open,
    )
    _require_cover(worth, offer, places)
    scene = Scene(
        program=program,
        supply=supply,
        places=places,
        standing=standing,
        offer=offer,
        cost=options["cost"].to_numpy(float),
        names=options["asset_id"].to_numpy(dtype=object),
        first_open=first_open,
    )
    used = np.unique(offer.site)
    setting = Setting(
        problem=_problem(scene, worth, limits := find_limits(scene)),
        cells=worth.cells,
        merged=worth.merged,
        options=options,
        choices=choice_table(program, places, offer, supply, options),
        rows=limits.table,
        floors=worth.floor_table,
        sites=places.sites.iloc[used].reset_index(drop=True),
        years=np.array(program.years, dtype=np.int64),
        carry_over=program.placement.carry_over,
    )
    gaps = program.placement.longest_gap_km
    still = {y: km for y, km in gaps.items() if y >= program.first_year + first_open}
    return with_longest_gap(setting, still) if still else setting


def _problem(scene: Scene, worth: Worth, limits: Limits) -> Problem:
    """Put the parts of a problem together."""
    offer = scene.offer
    return Problem(
        covers=worth.covers,
        weights=worth.weights,
        base=worth.base,
        required=worth.required,
        option=offer.option,
        begin=offer.begin,
        end=offer.end,
        rows=limits.matrix,
        limits=limits.limits,
        costs=scene.total_costs(),
        floors=worth.floors,
        needs=worth.needs,
        start=np.flatnonzero(offer.what == STAYS),
        fixed=offer.fact if offer.fact.any() else None,
        detection=scene.program.placement.objective == "detection",
    )


def _require_cover(worth: Worth, offer: Offer, places: Places) -> None:
    """Refuse candidates from which nothing that is placed covers any border."""
    own = np.flatnonzero((offer.measure >= 0) & (offer.site < places.candidates))
    if own.size == 0 or worth.covers[own].nnz:
        return
    near = float(places.sites["distance_km"].iloc[: places.candidates].min())
    msg = (
        f"`candidates` are of no use: nothing that is placed covers any of the border "
        f"from there (the nearest is {near:,.1f} km from it)."
    )
    raise DataError(msg)


def chosen_of(setting: Setting, items: pd.DataFrame) -> BoolArray:
    """
    Find the choices that items stand for.

    Parameters
    ----------
    setting
        The setting.
    items
        ``measure_id``, ``site_id`` and ``from_year`` of each.

    Returns
    -------
    ndarray of bool
        Shape (choices,); what stands already and is not moved stays.
    """
    places = pd.MultiIndex.from_frame(items[[*_PLACE]].astype(_PLACE))
    own = pd.MultiIndex.from_frame(setting.choices[[*_PLACE]].astype(_PLACE))
    new = (setting.choices["kind"] == "new").to_numpy()
    chosen = np.asarray(new & own.isin(places))
    chosen[setting.problem.start] = True
    return chosen


def with_longest_gap(setting: Setting, longest_km: Mapping[int, float]) -> Setting:
    """
    Demand that no gap is longer than so much, instead of what was demanded of gaps.

    Parameters
    ----------
    setting
        The setting. Not modified.
    longest_km
        Year: the longest gap allowed in it, in km.

    Returns
    -------
    Setting
        With rows of kind ``gap``; where more than one asset is required, with floors
        of that kind.

    Raises
    ------
    OptionError
        If a year is none of the setting's, or a length is not positive.
    """
    problem = setting.problem
    old = (setting.rows["kind"] != "gap").to_numpy()
    old_floors = (setting.floors["kind"] != "gap").to_numpy()
    rows, limits = [problem.rows[np.flatnonzero(old)]], [problem.limits[old]]
    floors = [problem.floors[np.flatnonzero(old_floors)]]
    needs = [problem.needs[old_floors]]
    tables, floor_tables = [setting.rows[old]], [setting.floors[old_floors]]
    for year, limit_km in sorted(longest_km.items()):
        at = np.flatnonzero(setting.years == year)
        if at.size == 0 or not 0.0 < limit_km < np.inf:
            msg = (
                f"`longest_km` must give lengths greater than 0 for years of "
                f"{setting.years[0]}-{setting.years[-1]}, got {year!r}: {limit_km!r}."
            )
            raise OptionError(msg)
        own, cells, subjects, cell_subjects = gap_rows(
            problem, setting.cells, setting.merged, int(at[0]), limit_km
        )
        rows.append(own)
        limits.append(np.full(own.shape[0], -1.0))
        tables.append(
            pd.DataFrame({"subject": pd.Series(subjects, dtype=object)}).assign(
                kind="gap", year=pd.array([year] * own.shape[0], "Int64"), unit="items"
            )
        )
        floors.append(cells)
        needs.append(np.ones(cells.shape[0]))
        floor_tables.append(
            pd.DataFrame({"subject": pd.Series(cell_subjects, dtype=object)}).assign(
                year=year, share=np.nan, need_km=np.nan, kind="gap"
            )
        )
    return replace(
        setting,
        problem=replace(
            problem,
            rows=csr_array(vstack(rows, format="csr")),
            limits=np.concatenate(limits),
            floors=csr_array(vstack(floors, format="csr")),
            needs=np.concatenate(needs),
        ),
        rows=_stacked(tables),
        floors=_stacked(floor_tables),
    )


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same columns under each other."""
    some = [table for table in tables if len(table)] or tables[:1]
    columns = list(tables[0].columns)
    return pd.concat([t[columns] for t in some], ignore_index=True)
