"""Gaps, what would close them, and what closed those there were."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from scipy.spatial.distance import pdist

from geoborder.distance import distance_matrix
from geoborder.geodesy import to_ecef
from geoborder.plan import Plan
from geoborder.plots.stretches import stretches_in
from geoborder.program import EquipmentType
from geoborder.report.figures import Row, beside, year_label

_SHOWN = 10
_SITES_NAMED = 5
_VERTICES = 1500
"""Vertices at most from which a gap's extent is taken; fewer give a lower bound."""


def open_gaps(plan: Plan) -> list[Row]:
    """
    List the longest gaps of the last year, and what would close each at least.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, ``extent_km`` (the
        longest straight line within it), ``units``, ``level``, ``needs``: per
        equipment that covers how many at least, their cost, and sites that stand
        empty within range.
    """
    gaps = plan.coverage.gaps.head(_SHOWN)
    sites = _empty_sites(plan, gaps)
    rows: list[Row] = []
    for number, gap in enumerate(gaps.to_dict("records")):
        extent = extent_km(gap["geometry"])
        units, level = beside(plan, gap["border_id"], gap["start_km"], gap["end_km"])
        rows.append(
            {
                **{key: gap[key] for key in ("border_id", "start_km", "end_km")},
                "length_km": gap["length_km"],
                "extent_km": extent,
                "units": units,
                "level": level,
                "needs": _needs(plan, gap, extent, sites, number),
            }
        )
    return rows


def at_least(kind: EquipmentType, length_km: float, extent_km: float) -> int | None:
    """
    Count how many items a gap needs at least, whatever the terrain.

    Parameters
    ----------
    kind
        The equipment.
    length_km
        Length of the gap along the line: a patrol covers twice its range of it.
    extent_km
        Longest straight line within it: what covers a disc spans no more than twice
        its range, however the line winds.

    Returns
    -------
    int or None
        None where range alone tells nothing.
    """
    if kind.range_km is None or kind.mode not in {"patrol", "radius", "sight"}:
        return None
    span = length_km if kind.mode == "patrol" else extent_km
    return max(1, math.ceil(span / (2.0 * kind.range_km.value) - 1e-9))


def extent_km(gap: shapely.LineString) -> float:
    """
    Measure the longest straight line between two places of a gap.

    Parameters
    ----------
    gap
        Its line, in longitude and latitude.

    Returns
    -------
    float
        Kilometres, through the ground rather than along it: never too long.
    """
    places = shapely.get_coordinates(gap)
    places = places[:: max(1, math.ceil(len(places) / _VERTICES))]
    ends = shapely.get_coordinates(gap)[[0, -1]]
    lon, lat = pd.concat([pd.DataFrame(places), pd.DataFrame(ends)]).to_numpy().T
    return float(pdist(to_ecef(lon, lat)).max()) / 1000.0


def covering_kinds(plan: Plan) -> dict[str, EquipmentType]:
    """
    Select the equipment that the programme's measures bring and that covers.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict of str to EquipmentType
        By its key, in the order of the measures.
    """
    keys = dict.fromkeys(k for k in plan.program.covering.values() if k is not None)
    return {key: plan.program.equipment[key] for key in keys}


def _needs(
    plan: Plan,
    gap: dict[Hashable, Any],
    extent: float,
    sites: gpd.GeoDataFrame | None,
    number: int,
) -> list[Row]:
    """Say what would close a gap, per equipment."""
    rows: list[Row] = []
    for key, kind in covering_kinds(plan).items():
        count = at_least(kind, gap["length_km"], extent)
        near = None if sites is None else _within(sites, gap, key, kind, number)
        rows.append(
            {
                "name": kind.name,
                "mode": kind.mode,
                "range_km": None if kind.range_km is None else kind.range_km.value,
                "count": count,
                "cost": None if count is None else count * kind.cost.value,
                "sites": None if near is None else len(near),
                "named": "" if near is None else ", ".join(near[:_SITES_NAMED]),
            }
        )
    return rows


def _empty_sites(plan: Plan, gaps: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Candidate sites where nothing stands, with their distance to each gap."""
    if plan.placement is None or gaps.empty:
        return None
    sites = plan.placement.sites
    empty = sites[sites["items"] == 0].reset_index(drop=True)
    if empty.empty:
        return None
    lines = gpd.GeoDataFrame(
        {"segment_id": [_column(n) for n in range(len(gaps))]},
        geometry=gaps.geometry.array, crs=gaps.crs,
    )  # fmt: skip
    return empty.join(distance_matrix(empty, lines))


def _column(number: int) -> str:
    """Name of the column that holds the distance to a gap."""
    return f"gap {number} km"


def _within(
    sites: gpd.GeoDataFrame,
    gap: dict[Hashable, Any],
    key: str,
    kind: EquipmentType,
    number: int,
) -> list[str] | None:
    """Name the sites from which some of a gap is within range, the nearest first."""
    if kind.range_km is None:
        return None
    reach = kind.range_km.value
    fits = sites["equipment"].fillna("").map(lambda t: not t or key in t.split())
    if kind.mode == "patrol":
        fits &= (sites["border_id"] == gap["border_id"]) & (
            sites["distance_km"] <= reach
        )
        away = (gap["start_km"] - sites["chainage_km"]).clip(lower=0.0)
        away += (sites["chainage_km"] - gap["end_km"]).clip(lower=0.0)
    else:
        away = sites[_column(number)]
    near = sites.assign(away=away)[fits & (away <= reach)]
    return near.sort_values("away", kind="stable")["site_id"].astype(str).to_list()


def closed_gaps(plan: Plan) -> list[Row]:
    """
    List the longest gaps there were before the programme, and what closed them.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, ``units``, ``level``,
        ``left`` (km not covered, per year of the programme), ``closed`` (the first
        year from which none is left, or None), ``assets`` (per year: label, and the
        assets that begin to cover some of it).
    """
    program = plan.program
    before = stretches_in(plan, program.first_year - 1)
    gaps = before[~before["covered"]].sort_values(
        "length_km", ascending=False, kind="stable"
    )
    tables = {year: stretches_in(plan, year) for year in program.years}
    prints = plan.coverage.footprints.merge(
        plan.assets[["asset_id", "name", "measure_id"]], on="asset_id", how="left"
    )
    prints = prints[prints["from_year"].isin(program.years)]
    rows: list[Row] = []
    for gap in gaps.head(_SHOWN).to_dict("records"):
        place = (gap["border_id"], gap["start_km"], gap["end_km"])
        left = [_left_km(table, *place) for table in tables.values()]
        units, level = beside(plan, *place)
        own = _met(prints, *place)
        rows.append(
            {
                **gap,
                "units": units,
                "level": level,
                "left": left,
                "closed": _closed(list(program.years), left),
                "count": own["asset_id"].nunique(),
                "assets": [
                    (year_label(plan, int(year)), _assets(part))
                    for year, part in own.groupby("from_year")
                ],
            }
        )
    return rows


def _met(
    table: pd.DataFrame, border_id: object, start_km: float, end_km: float
) -> pd.DataFrame:
    """Stretches that meet another."""
    own = table["border_id"] == border_id
    return table[own & (table["start_km"] < end_km) & (table["end_km"] > start_km)]


def _left_km(
    table: pd.DataFrame, border_id: object, start_km: float, end_km: float
) -> float:
    """How much of a stretch is not covered."""
    met = _met(table[~table["covered"]], border_id, start_km, end_km)
    ends = met["end_km"].clip(upper=end_km) - met["start_km"].clip(lower=start_km)
    return float(ends.sum())


def _closed(years: list[int], left: list[float]) -> int | None:
    """Give the first year from which nothing is left open."""
    closed = None
    for year, km in zip(reversed(years), reversed(left), strict=True):
        if km > 1e-6:  # noqa: PLR2004 - a millimetre
            break
        closed = year
    return closed


def _assets(part: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Assets by what they are called."""
    return [
        (str(name), own["asset_id"].drop_duplicates().astype(str).to_list())
        for name, own in part.groupby("name", sort=False)
    ]
