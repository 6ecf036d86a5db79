"""The plan, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.assign import (
    assign_equipment,
    assign_measures,
    prioritise,
    yearly_costs,
)
from geoborder.border import load_border
from geoborder.chainage import as_border, calibrate, locate
from geoborder.checks import check_claims, facing_units, lengths_by_map
from geoborder.coverage import Coverage, Response, cover
from geoborder.datasets import load_crossings, load_places, load_unit_limits, load_units
from geoborder.placement import Placement, placed_plan, propose_sites
from geoborder.plan.options import PlacingOptions
from geoborder.plan.results import (
    own_conditions,
    own_side,
    posts_by_year,
    responses,
    with_results,
)
from geoborder.program import Program, load_program
from geoborder.reach import Conditions, Isochrones
from geoborder.segment import describe_segments, segment_border
from geoborder.tables import POINTS, POLYGONS, require_layer
from geoborder.terrain import Dem, DemLike, open_dem

_NEAR_KM = 50.0
"""Places and crossings further from the border than this are left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A programme worked out on its border.

    Attributes
    ----------
    program : Program
        What was planned.
    border : GeoDataFrame
        The line, with official chainage where the programme has a length.
    units : GeoDataFrame or None
        Units on either side that touch the border.
    segments : GeoDataFrame
        Segments with attributes, priority, nearest post, cost and coverage in
        the last year.
    assignments : DataFrame
        Measures on segments, by year (see `assign_measures`).
    assets : GeoDataFrame
        What stands already and what measures bring (see `assign_equipment`).
    placement : Placement or None
        Where what covers is placed, with its bound and reasons; None where the
        programme brings nothing to place, or it was not asked for.
    sweep : DataFrame or None
        What other budgets would buy (see `sweep_budget`), if it was asked for.
    coverage : Coverage
        For the year before the programme and each of its years; described for
        the last.
    costs : DataFrame
        Cost against budget by year (see `yearly_costs`).
    response : Response or None
        How long crews of posts take to get to each place of the border; None without
        elevation, or without posts.
    reached : Isochrones or None
        What they get to within the response's levels in the last year.
    posts : DataFrame
        Per year: ``posts``, ``longest_stretch_km`` without one, and where it is.
    facing : DataFrame or None
        Each unit's part of the border (see `facing_units`).
    lengths : DataFrame
        The border on every bundled map (see `lengths_by_map`).
    checks : DataFrame
        Public claims and what geometry says (see `check_claims`).
    crossings, places : GeoDataFrame or None
        Points near the border, with ``chainage_km`` and ``distance_km``.
    dem : Dem or None
        Elevation that was used.
    options : dict
        What `make_plan` was called with, for the record.

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
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> len(plan.segments), len(plan.assets)
    (5, 4)
    >>> plan.coverage.by_year[["year", "covered_km", "longest_gap_km"]].round(1)
       year  covered_km  longest_gap_km
    0  2025         0.0            46.2
    1  2026        17.7            27.2
    2  2027        37.7             5.2
    >>> plan.costs["total"].to_dict()
    {2026: 2000.0, 2027: 2000.0}
    """

    program: Program
    border: gpd.GeoDataFrame
    units: gpd.GeoDataFrame | None
    segments: gpd.GeoDataFrame
    assignments: pd.DataFrame
    assets: gpd.GeoDataFrame
    placement: Placement | None
    sweep: pd.DataFrame | None
    coverage: Coverage
    costs: pd.DataFrame
    response: Response | None
    reached: Isochrones | None
    posts: pd.DataFrame
    facing: pd.DataFrame | None
    lengths: pd.DataFrame
    checks: pd.DataFrame
    crossings: gpd.GeoDataFrame | None
    places: gpd.GeoDataFrame | None
    dem: Dem | None
    options: dict[str, object]


STEPS = (
    "border",
    "units",
    "segments",
    "terrain",
    "measures",
    "equipment",
    "placement",
    "coverage",
    "response",
    "distances",
    "checks",
)
"""What `make_plan` reports to its `progress`, in order."""


def make_plan(  # noqa: PLR0913 - each is a planner's choice, with a default
    program: Program | str | Path | None = None,
    *,
    border: gpd.GeoDataFrame | None = None,
    units: gpd.GeoDataFrame | None = None,
    dem: DemLike | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    segment_length_km: float = 10.0,
    conditions: Conditions | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    placed: bool = True,
    placing: PlacingOptions | None = None,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """
    Work a programme out on its border.

    Parameters
    ----------
    program
        A programme or the path of its file; the bundled one by default.
    border
        Line to use instead of the bundled one between the programme's countries.
    units
        Units on one or both sides; by default the bundled ones that touch the
        border, where there are any.
    dem
        Elevation, or the path of a raster or of several; by default the bundled
        one, where it covers the whole border.
    crossings, places
        Points with a column ``name``; by default the bundled ones within 50 km.
    segment_length_km
        Segments end at each multiple of this chainage, and where units change.
    conditions
        What travel meets: barriers, friction, roads, season. By default nobody
        crosses the border, and sites on it are on the side that does not face
        ``claims.facing_country``.
    candidates
        Points where equipment may be put (see `place`); by default high ground on the
        programme's own side, and places every 4 km along the line.
    placed
        Whether equipment that covers is placed at the best of these sites; else it
        stands evenly along its segments.
    placing
        How close to the best, for how long at most, and for planning again what is
        settled already.
    progress
        Called with the name of each step as it begins: ``border``, ``units``,
        ``segments``, ``terrain``, ``measures``, ``equipment``, ``placement``,
        ``coverage``, ``response``, ``distances``, ``checks``.

    Returns
    -------
    Plan
        Frozen.

    Raises
    ------
    GeoborderError
        If the programme or a layer is unusable.

    Examples
    --------
    >>> from geoborder import make_plan
    >>> plan = make_plan()
    >>> len(plan.segments), float(plan.segments["length_km"].sum().round(2))
    (139, 1343.96)
    """
    begin = progress or (lambda _step: None)
    plan = program if isinstance(program, Program) else load_program(program)
    begin("border")
    spec = plan.border
    line = load_border(spec.left, spec.right) if border is None else as_border(border)
    if spec.official_length_km is not None and len(line) == 1:
        line = calibrate(line, official_length_km=spec.official_length_km)
    begin("units")
    sides = (
        _touching_units(line)
        if units is None
        else require_layer(units, name="units", kinds=POLYGONS)
    )
    begin("segments")
    segments = segment_border(line, length_km=segment_length_km, units=sides)
    begin("terrain")
    ground = _elevation(dem, line)
    crossings = _beside(line, load_crossings()) if crossings is None else crossings
    places = _beside(line, load_places()) if places is None else places
    crossings, places = _near(crossings, line), _near(places, line)
    segments = describe_segments(
        segments, dem=ground, places=places, crossings=crossings
    )
    begin("measures")
    segments = prioritise(plan, segments)
    assignments = assign_measures(plan, segments)
    begin("equipment")
    assets = assign_equipment(plan, segments)
    begin("placement")
    met = own_conditions(plan, line) if conditions is None else conditions
    placement, sweep = None, None
    if placed and plan.placed_measures:
        sites = _sites(plan, line, ground) if candidates is None else candidates
        how, where = placing or PlacingOptions(), (plan, line, sites, ground, segments)
        placement = how.place(*where, met)
        sweep = how.sweep(*where, met, placement.items)
        assignments, assets = placed_plan(plan, segments, placement)
    begin("coverage")
    coverage = cover(
        line,
        assets,
        dem=ground,
        years=range(plan.first_year - 1, plan.last_year + 1),
        k=plan.required_k,
        segments=segments,
        conditions=met,
    )
    begin("response")
    response, reached = responses(plan, line, assets, segments, ground, met)
    begin("distances")
    posts = posts_by_year(assets, line, plan)
    segments = with_results(segments, assignments, assets, coverage, plan, response)
    begin("checks")
    lengths = lengths_by_map(spec.left, spec.right)
    facing = (
        None if sides is None else facing_units(line, sides, limits=load_unit_limits())
    )
    return Plan(
        program=plan,
        border=line,
        units=sides,
        segments=segments,
        assignments=assignments,
        assets=assets,
        placement=placement,
        sweep=sweep,
        coverage=coverage,
        costs=yearly_costs(plan, assignments, assets),
        response=response,
        reached=reached,
        posts=posts,
        facing=facing,
        lengths=lengths,
        checks=check_claims(plan, line, sides),
        crossings=crossings,
        places=places,
        dem=ground,
        options={"segment_length_km": segment_length_km},
    )


def _touching_units(border: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Bundled units on either side that touch the border."""
    countries = sorted({*border["left"], *border["right"]})
    bundled = load_units(None)
    own = bundled[bundled["country"].isin(countries)]
    if own.empty:
        return None
    segments = segment_border(border, units=own)
    columns = [c for c in ("left_unit_id", "right_unit_id") if c in segments.columns]
    used = pd.unique(segments[columns].to_numpy().ravel())
    return own[own["unit_id"].isin(used)].reset_index(drop=True)


def _elevation(dem: DemLike | None, border: gpd.GeoDataFrame) -> Dem | None:
    """Elevation around the border; None where the bundled one does not reach."""
    if isinstance(dem, Dem):
        return dem
    west, south, east, north = border.total_bounds
    margin = 0.2  # degrees: local relief looks 7 km around
    bounds = (west - margin, south - margin, east + margin, north + margin)
    if dem is not None:
        return open_dem(dem, bounds=bounds)
    bundled = open_dem()
    corners = np.array([[west, south], [east, south], [west, north], [east, north]])
    if np.isnan(bundled.heights_at(corners[:, 0], corners[:, 1])).any():
        return None
    return bundled


def _beside(border: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Those of the bundled points that may be near the border."""
    west, south, east, north = border.total_bounds
    return points.cx[west - 2.0 : east + 2.0, south - 1.0 : north + 1.0]


def _near(
    points: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> gpd.GeoDataFrame | None:
    """Points near the border, with where along it they are; None if there are none."""
    if points.empty:
        return None
    points = require_layer(points, name="points", kinds=POINTS)
    located = locate(points, border)
    joined = points.assign(**{name: located[name].array for name in located.columns})
    kept = joined[joined["distance_km"] <= _NEAR_KM].sort_values("chainage_km")
    return None if kept.empty else kept.reset_index(drop=True)


def _sites(
    program: Program, border: gpd.GeoDataFrame, dem: Dem | None
) -> gpd.GeoDataFrame:
    """High ground on the programme's own side, and places along the line."""
    return propose_sites(program, border, dem=dem, side=own_side(program))
