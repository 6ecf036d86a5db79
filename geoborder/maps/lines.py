"""The border as a map's page reads it: lines, coverage and profile by chainage."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.chainage.calibration import known_points
from geoborder.geodesy import IntArray, Polylines, polylines
from geoborder.maps.encoding import deltas, numbers, path
from geoborder.plan import Plan
from geoborder.plan.results import own_side
from geoborder.terrain import profile

_MOST_VERTICES = 20_000
"""A border of more vertices is drawn a little simpler."""

_MOST_HEIGHTS = 1200
"""Places along each line at which the profile has a height."""


def line_data(plan: Plan) -> list[dict[str, Any]]:
    """
    Describe each line of the border.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        ``id``, ``length`` in km, ``path`` and ``metres`` (chainage of its vertices,
        as steps), ``official`` (pairs of km and official km, or nothing), ``heights``
        at equal steps in metres, ``spans`` (side, unit, start and end in km).
    """
    lines = polylines(plan.border.geometry.to_numpy())
    kept = kept_vertices(plan, lines)
    heights = _heights(plan)
    spans = unit_spans(plan.segments)
    rows = []
    for number, border in enumerate(plan.border.to_dict("records")):
        first, end = lines.first[number], lines.first[number + 1]
        own = kept[(kept >= first) & (kept < end)]
        km = lines.chainage_m[own] / 1000.0
        rows.append(
            {
                "id": border["border_id"],
                "left": border["left"],
                "right": border["right"],
                "length": round(float(lines.length_m[number]) / 1000.0, 6),
                "path": path(
                    np.column_stack((lines.lon[own], lines.lat[own])), every=True
                ),
                "metres": deltas(km, 1000.0),
                "official": _official(plan.border, number),
                "heights": heights[number],
                "spans": [
                    span for span in spans if span["border_id"] == border["border_id"]
                ],
            }
        )
    return rows


def kept_vertices(plan: Plan, lines: Polylines) -> IntArray:
    """
    Choose the vertices that are drawn.

    Parameters
    ----------
    plan
        The plan.
    lines
        Its border, measured.

    Returns
    -------
    ndarray of int
        All of them, or of very long borders those that the least tolerance leaves
        (Douglas and Peucker, degrees) that leaves few enough.
    """
    kept = np.arange(lines.lon.size)
    tolerance = 2e-5
    while kept.size > _MOST_VERTICES:
        simpler = [shape.simplify(tolerance) for shape in plan.border.geometry]
        xy, line = shapely.get_coordinates(simpler, return_index=True)
        found = pd.MultiIndex.from_arrays((line, *xy.T))
        all_ = pd.MultiIndex.from_arrays((lines.line_of_vertex, lines.lon, lines.lat))
        kept = np.flatnonzero(all_.isin(found))
        tolerance *= 2.0
    return kept


def _official(border: gpd.GeoDataFrame, row: int) -> list[list[float]] | None:
    """Pairs of chainage and official chainage between which it is linear."""
    if "calibration" not in border.columns or pd.isna(border["calibration"].iloc[row]):
        return None
    pairs: list[list[float]] = np.column_stack(known_points(border, row)).tolist()
    return pairs


def _heights(plan: Plan) -> list[list[float | None]]:
    """Heights in whole metres at equal steps along each line; none without a DEM."""
    if plan.dem is None:
        return [[] for _ in range(len(plan.border))]
    rows = []
    for number in range(len(plan.border)):
        line = plan.border.geometry.iloc[[number]]
        metres = float(plan.border["length_km"].iloc[number]) * 1000.0
        cell = min(plan.dem.cell_size_m(*line.iloc[0].coords[0][:2]))
        step = max(cell / 2.0, metres / _MOST_HEIGHTS)
        rows.append(numbers(profile(line, dem=plan.dem, step_m=step)["height_m"], 0))
    return rows


def unit_spans(segments: pd.DataFrame) -> list[dict[str, Any]]:
    """
    Find the stretches along which each unit lies beside the border.

    Parameters
    ----------
    segments
        Segments, in order.

    Returns
    -------
    list of dict
        ``border_id``, ``side``, ``unit``, ``start`` and ``end`` in km.
    """
    found = []
    for side in ("left", "right"):
        if f"{side}_unit" not in segments.columns:
            continue
        unit = segments[f"{side}_unit"].fillna("")
        change = (unit != unit.shift()) | (
            segments["border_id"] != segments["border_id"].shift()
        )
        for _, part in segments.groupby(change.cumsum(), sort=False):
            name = part[f"{side}_unit"].iloc[0]
            if isinstance(name, str) and name:
                found.append(
                    {
                        "border_id": part["border_id"].iloc[0],
                        "side": side,
                        "unit": name,
                        "start": round(float(part["start_km"].iloc[0]), 3),
                        "end": round(float(part["end_km"].iloc[-1]), 3),
                    }
                )
    return found


def coverage_data(plan: Plan) -> dict[str, Any]:
    """
    Say which asset covers which stretch in which years, and the figures of each year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``k`` asked for; of each footprint ``asset`` (row in the assets), ``line``,
        ``start``, ``end`` (in metres), ``from``, ``until``; ``own``: the side that
        the programme's country is on.
    """
    prints = plan.coverage.footprints
    assets = pd.Index(plan.assets["asset_id"])
    lines = pd.Index(plan.border["border_id"])
    return {
        "k": plan.coverage.k,
        "own": own_side(plan.program),
        "asset": assets.get_indexer(prints["asset_id"]).tolist(),
        "line": lines.get_indexer(prints["border_id"]).tolist(),
        "start": numbers(prints["start_km"] * 1000.0, 3),
        "end": numbers(prints["end_km"] * 1000.0, 3),
        "from": numbers(prints["from_year"], 0),
        "until": numbers(prints["until_year"], 0),
    }


def year_data(plan: Plan) -> list[dict[str, Any]]:
    """
    Gather the figures of each year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        A row for the year before the programme and each of its years.
    """
    posts = plan.posts.set_index("year")["posts"]
    rows = []
    for row in plan.coverage.by_year.to_dict("records"):
        year = int(row["year"])
        before = year < plan.program.first_year
        cost = None if before else plan.costs.loc[year]
        budget = None if cost is None else float(cost["budget"])
        rows.append(
            {
                "year": year,
                "label": "before" if before else str(year),
                "covered": round(float(row["covered_km"]), 3),
                "length": round(float(row["length_km"]), 3),
                "share": round(float(row["share"]), 6),
                "gap": round(float(row["longest_gap_km"]), 3),
                "gaps": int(row["gaps"]),
                "assets": int(row["assets"]),
                "posts": int(posts.get(year, 0)),
                "spent": None if cost is None else round(float(cost["total"])),
                "budget": None if budget is None or np.isnan(budget) else round(budget),
            }
        )
    return rows
