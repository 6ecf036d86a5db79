"""What a map's cards say: a table of texts for every layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from geoborder.maps.encoding import numbers
from geoborder.maps.style import words
from geoborder.plan import Plan

Facts = list[tuple[str, list[str]]]
"""Labels, each with a text per row; empty where there is nothing to say."""


def _texts(values: Iterable[object]) -> list[str]:
    return [words(value) for value in values]


def facts(table: pd.DataFrame, columns: dict[str, str]) -> Facts:
    """
    Write columns of a table as texts.

    Parameters
    ----------
    table
        Any table.
    columns
        Label of each column, in the order in which they are told; columns that the
        table lacks are left out, and so are those with nothing in them.

    Returns
    -------
    list of (str, list of str)
        Labels with a text per row.
    """
    found = [
        (label, _texts(table[name].tolist()))
        for name, label in columns.items()
        if name in table.columns
    ]
    return [(label, texts) for label, texts in found if any(texts)]


def segment_cards(plan: Plan) -> dict[str, Any]:
    """
    Tell of segments what does not change from year to year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``id``, ``line``, ``start``, ``end`` (metres) and ``facts``.
    """
    segments, last = plan.segments, plan.program.last_year
    lines = pd.Index(plan.border["border_id"])
    said = facts(
        segments,
        {
            "length_km": "Length, km",
            "left_unit": "Left of the line",
            "right_unit": "Right of the line",
            "kind": "Terrain",
            "elevation_mean_m": "Mean elevation, m",
            "relief_m": "Relief, m",
            "sinuosity": "Sinuosity",
            "priority": "Impact level",
            "priority_reason": "Why this level",
            "nearest_post": f"Nearest post in {last}",
            "post_km": f"Distance to it in {last}, km",
            "post_minutes": f"Time from the nearest post in {last}, minutes",
            "beyond_60_km": f"More than an hour from one in {last}, km",
            "nearest_crossing": "Nearest crossing",
            "crossing_km": "Distance to the crossing, km",
            "nearest_place": "Nearest place",
            "place_km": "Distance to the place, km",
        },
    )
    if {"official_start_km", "official_end_km"} <= set(segments.columns):
        spans = [
            "" if pd.isna(a) else f"{a:,.3f} - {b:,.3f}"
            for a, b in zip(
                segments["official_start_km"], segments["official_end_km"], strict=True
            )
        ]
        said.insert(0, ("Official chainage, km", spans))
    return {
        "id": segments["segment_id"].astype(int).tolist(),
        "line": lines.get_indexer(segments["border_id"]).tolist(),
        "start": numbers(segments["start_km"] * 1000.0, 3),
        "end": numbers(segments["end_km"] * 1000.0, 3),
        "facts": said,
    }


def measure_data(plan: Plan) -> dict[str, Any]:
    """
    Say which measure brings how much to which segment in which year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``names``, ``units`` and ``basis`` of the measures; per row ``measure``,
        ``segment`` (position), ``year``, ``quantity`` and ``cost``.
    """
    program, rows = plan.program, plan.assignments
    rows = rows[rows["segment_id"].notna()]
    keys = pd.Index(list(program.measures))
    segments = pd.Index(plan.segments["segment_id"])
    return {
        "names": [m.name for m in program.measures.values()],
        "units": [m.unit for m in program.measures.values()],
        "basis": [_basis(plan, m.basis) for m in program.measures.values()],
        "measure": keys.get_indexer(rows["measure_id"]).tolist(),
        "segment": segments.get_indexer(rows["segment_id"].astype(int)).tolist(),
        "year": rows["year"].astype(int).tolist(),
        "quantity": numbers(rows["quantity"], 2),
        "cost": numbers(rows["cost"], 0),
    }


def asset_cards(plan: Plan) -> dict[str, Any]:
    """
    Tell of assets what they are, where, since when and why.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        A column for each of ``id``, ``name``, ``category``, ``x`` and ``y`` (1e-5
        degrees; nothing where it has no place), ``km``, ``from``, ``until``,
        ``standing``, ``segment`` (position, -1 for none); ``facts``.
    """
    assets, standing = plan.assets, plan.assets["measure_id"].isna()
    segments = pd.Index(plan.segments["segment_id"])
    own = assets["segment_id"].astype("Int64").fillna(-1).astype(int)
    currency = plan.program.currency
    return {
        "id": assets["asset_id"].tolist(),
        "name": _texts(assets["name"]),
        "category": assets["category"].tolist(),
        **_places(assets),
        "from": numbers(assets["from_year"], 0),
        "until": numbers(assets["until_year"], 0),
        "standing": standing.astype(int).tolist(),
        "segment": segments.get_indexer(own).tolist(),
        "facts": facts(
            _asset_table(plan),
            {
                "kind": "Equipment",
                "quantity": "Quantity",
                "status": "Status",
                "site": "Site",
                "reason": "Why there and then",
                "moved_from": "Moved from",
                "evenly": "Position",
                "km": "Chainage, km",
                "alone": "Covered by it alone, km",
                "mode": "Covers by",
                "range": "Range, km",
                "mast": "Eye above the ground, m",
                "cost": f"Cost, {currency}",
                "running": f"Running cost a year, {currency}",
                "basis": "Basis",
            },
        ),
    }


def _asset_table(plan: Plan) -> pd.DataFrame:
    """Gather what is told of assets, in columns."""
    assets = plan.assets
    placed = assets[["asset_id"]].merge(_items(plan), on="asset_id", how="left")
    kinds = plan.program.equipment
    standing = assets["measure_id"].isna()
    evenly = ~standing & placed["site_id"].isna().to_numpy() & assets.geometry.notna()
    return pd.DataFrame(
        {
            "kind": [kinds[key].name for key in assets["equipment"]],
            "quantity": assets["quantity"],
            "status": standing.map({True: "standing already", False: "planned"}),
            "site": placed["site_id"].to_numpy(),
            "reason": placed["reason"].to_numpy(),
            "moved_from": placed["moved_from"].to_numpy(),
            "evenly": evenly.map(
                {True: "spaced evenly on its segment, not a site", False: ""}
            ),
            "km": assets["chainage_km"],
            "alone": placed["alone_km"].to_numpy(),
            "mode": assets["mode"].replace("none", ""),
            "range": assets["range_km"],
            "mast": assets.get("mast_m"),
            "cost": assets["cost"].where(assets["cost"] > 0),
            "running": assets["running_cost_per_year"].where(
                assets["running_cost_per_year"] > 0
            ),
            "basis": [_basis(plan, basis) for basis in assets["basis"]],
        }
    )


def _items(plan: Plan) -> pd.DataFrame:
    """Why each item that is placed stands where it does."""
    columns = ["asset_id", "site_id", "reason", "moved_from", "alone_km"]
    if plan.placement is None:
        return pd.DataFrame(columns=columns)
    return plan.placement.items[columns]


def _places(points: gpd.GeoDataFrame) -> dict[str, list[float | None]]:
    """Where points are, in steps of 1e-5 degrees and along the line."""
    return {
        "x": numbers(points.geometry.x * 1e5, 0),
        "y": numbers(points.geometry.y * 1e5, 0),
        "km": numbers(points["chainage_km"], 3),
    }


def _basis(plan: Plan, basis: object) -> str:
    source = plan.program.sources.get(str(basis))
    return words(basis) if source is None else source.title


def point_cards(points: gpd.GeoDataFrame | None) -> dict[str, Any]:
    """
    Tell of crossings or places.

    Parameters
    ----------
    points
        With ``name``, ``chainage_km``, ``distance_km``; None for no points.

    Returns
    -------
    dict
        ``name``, ``x``, ``y``, ``km``, ``rank`` (population, where there is one) and
        ``facts``.
    """
    if points is None:
        return {"name": [], "x": [], "y": [], "km": [], "rank": [], "facts": []}
    nothing = pd.Series(0, index=points.index)
    return {
        "name": _texts(points["name"]),
        **_places(points),
        "rank": numbers(points.get("population", nothing).fillna(0), 0),
        "facts": facts(
            points,
            {
                "chainage_km": "Chainage, km",
                "distance_km": "Distance to the border, km",
                "opened": "Opened",
                "position": "Position",
                "population": "Population",
                "country": "Country",
                "source": "Source",
                "note": "Note",
            },
        ),
    }


def site_cards(plan: Plan) -> dict[str, Any]:
    """
    Tell of the sites that a placement considered.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``name``, ``x``, ``y``, ``km``, ``used`` and ``facts``; no rows without a
        placement.
    """
    if plan.placement is None:
        return {"name": [], "x": [], "y": [], "km": [], "used": [], "facts": []}
    items, sites = plan.placement.items, plan.placement.sites
    years = items["asset_id"] + " (" + items["from_year"].astype(str) + ")"
    there = years.groupby(items["site_id"]).agg(", ".join)
    table = sites.assign(
        equipment=sites["equipment"].replace("", "any equipment"),
        site_cost=sites["site_cost"].where(sites["site_cost"] > 0),
        there=sites["site_id"].map(there).fillna("nothing"),
    )
    return {
        "name": [f"Site {words(name)}" for name in sites["site_id"]],
        **_places(sites),
        "used": (sites["items"] > 0).astype(int).tolist(),
        "facts": facts(
            table,
            {
                "kind": "Kind",
                "equipment": "For",
                "chainage_km": "Chainage, km",
                "distance_km": "Distance to the border, km",
                "site_cost": f"Added cost, {plan.program.currency}",
                "from_year": "Not before",
                "there": "Placed there",
            },
        ),
    }


def unit_cards(plan: Plan) -> dict[str, Any]:
    """
    Tell of the units on either side.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``name`` and ``facts``; no rows where the plan has no units.
    """
    units = plan.units
    if units is None:
        return {"name": [], "facts": []}
    table = pd.DataFrame(units.drop(columns="geometry"))
    if plan.facing is not None:
        parts = plan.facing.drop(columns=["unit", "side"]).set_index("unit_id")
        table = table.join(parts, on="unit_id")
        table["share"] = [
            "" if pd.isna(share) else f"{share:.1%}" for share in table["share"]
        ]
    return {
        "name": _texts(units["name"]),
        "facts": facts(
            table,
            {
                "unit_id": "Code",
                "country": "Country",
                "length_km": "On the border, km",
                "share": "Share of the border",
                "uncertainty_km": "Uncertainty, km",
            },
        ),
    }
