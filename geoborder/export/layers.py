"""A plan's tables under the names they have in files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geoborder.export.times import dated, segments_by_year
from geoborder.maps.ground import countries_around
from geoborder.placement import Placement
from geoborder.plan import Plan
from geoborder.program import Program
from geoborder.qgis.projection import map_window


def plan_layers(plan: Plan) -> dict[str, pd.DataFrame]:
    """
    Gather a plan's tables under the names they have in files.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict of str to DataFrame
        GeoDataFrames (EPSG:4326) and plain tables, in a fixed order. Those of years
        have ``start_date`` and ``end_date`` too, 1 January and 31 December, missing
        where there is no limit. What each table and column means stands in
        `geoborder.dictionary`.

    Examples
    --------
    >>> import geoborder as gb
    >>> from geoborder.export import plan_layers
    >>> plan = gb.make_plan(segment_length_km=100, placed=False)
    >>> layers = plan_layers(plan)
    >>> layers["segments_by_year"].shape[0] == 6 * layers["segments"].shape[0]
    True
    >>> layers["gaps_by_year"][["year", "start_date", "end_date"]].head(1)
       year start_date   end_date
    0  2024 2024-01-01 2024-12-31
    """
    coverage, response = plan.coverage, plan.response
    by_segment_year = dated("coverage_by_segment_year", coverage.by_segment_year)
    return _dated(
        {
            "border": plan.border,
            "units": plan.units,
            "segments": plan.segments,
            "assets": plan.assets,
            "measures": _measures(plan.program, plan.assignments),
            "assignments": plan.assignments,
            "coverage": coverage.intervals,
            "gaps": coverage.gaps,
            "gaps_by_year": coverage.gaps_by_year,
            "segments_by_year": segments_by_year(plan.segments, by_segment_year),
            "coverage_by_year": coverage.by_year,
            "coverage_by_segment_year": by_segment_year,
            "coverage_by_unit_year": coverage.by_unit_year,
            "response": None if response is None else response.cells,
            "response_by_segment": None if response is None else response.by_segment,
            "response_by_unit_year": (
                None if response is None else response.by_unit_year
            ),
            "response_by_year": None if response is None else response.by_year,
            "isochrones": None if plan.reached is None else plan.reached.areas,
            **({} if plan.placement is None else placement_layers(plan.placement)),
            "budget_sweep": plan.sweep,
            "costs_by_year": plan.costs.reset_index(),
            "posts_by_year": plan.posts,
            "facing_units": plan.facing,
            "lengths_by_map": plan.lengths,
            "checks": plan.checks,
            "crossings": plan.crossings,
            "places": plan.places,
            "countries": countries_around(
                plan.border, shown=map_window(plan.border)
            ).sort_index(),
        }
    )


def placement_layers(placement: Placement) -> dict[str, pd.DataFrame]:
    """
    Gather a placement's tables under the names they have in files.

    Parameters
    ----------
    placement
        The placement.

    Returns
    -------
    dict of str to DataFrame
        Items with their reasons, all sites that were considered, and tables; in the
        history nothing stands for infinite.
    """
    history = placement.history.replace([np.inf, -np.inf], np.nan)
    return _dated(
        {
            "placement_items": placement.items,
            "placement_sites": placement.sites,
            "placement_by_year": placement.by_year.reset_index(),
            "placement_floors": placement.floors,
            "placement_history": history,
        }
    )


def _measures(program: Program, assignments: pd.DataFrame) -> pd.DataFrame:
    """List the programme's measures with what they come to."""
    measures = pd.DataFrame(
        [
            {
                "measure_id": key,
                "name": m.name,
                "category": m.category,
                "unit": m.unit,
                "equipment": m.equipment,
                "placed": m.placed,
                "basis": m.basis,
                "note": m.note,
            }
            for key, m in program.measures.items()
        ]
    )
    totals = assignments.groupby("measure_id")[["quantity", "cost"]].sum().round(3)
    return measures.join(totals, on="measure_id") if len(measures) else measures


def _dated(tables: Mapping[str, pd.DataFrame | None]) -> dict[str, pd.DataFrame]:
    """Leave out what there is not, and add dates where there are years."""
    there = {name: table for name, table in tables.items() if table is not None}
    return {name: dated(name, table) for name, table in there.items()}
