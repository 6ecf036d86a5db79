"""A plan's tables under the names they have in files, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geoborder.placement import Placement
from geoborder.plan import Plan

_EMPTY = {"assets": "Point", "placement_items": "Point", "isochrones": "MultiPolygon"}
"""Geometry type of layers without rows, which do not show it; others are lines."""


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
        GeoDataFrames (EPSG:4326) and plain tables, in a fixed order.
    """
    coverage, response = plan.coverage, plan.response
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
            for key, m in plan.program.measures.items()
        ]
    )
    totals = plan.assignments.groupby("measure_id")[["quantity", "cost"]].sum().round(3)
    measures = measures.join(totals, on="measure_id") if len(measures) else measures
    layers: dict[str, pd.DataFrame | None] = {
        "border": plan.border,
        "units": plan.units,
        "segments": plan.segments,
        "assets": plan.assets,
        "measures": measures,
        "assignments": plan.assignments,
        "coverage": coverage.intervals,
        "gaps": coverage.gaps,
        "coverage_by_year": coverage.by_year,
        "coverage_by_segment_year": coverage.by_segment_year,
        "coverage_by_unit_year": coverage.by_unit_year,
        "response": None if response is None else response.cells,
        "response_by_segment": None if response is None else response.by_segment,
        "response_by_unit_year": None if response is None else response.by_unit_year,
        "response_by_year": None if response is None else response.by_year,
        "isochrones": None if plan.reached is None else plan.reached.areas,
        **({} if plan.placement is None else placement_layers(plan.placement)),
        **({} if plan.sweep is None else {"budget_sweep": plan.sweep}),
        "costs_by_year": plan.costs.reset_index(),
        "posts_by_year": plan.posts,
        "facing_units": plan.facing,
        "lengths_by_map": plan.lengths,
        "checks": plan.checks,
        "crossings": plan.crossings,
        "places": plan.places,
    }
    return {name: table for name, table in layers.items() if table is not None}


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
    return {
        "placement_items": placement.items,
        "placement_sites": placement.sites,
        "placement_by_year": placement.by_year.reset_index(),
        "placement_floors": placement.floors,
        "placement_history": history,
    }


def write_geopackage(layers: Mapping[str, pd.DataFrame], path: Path) -> None:
    """
    Write tables as the layers of one GeoPackage.

    Parameters
    ----------
    layers
        Tables by their names.
    path
        File to write; it must not exist.
    """
    for name, table in layers.items():
        options: dict[str, object] = {}
        if isinstance(table, gpd.GeoDataFrame):
            table = table.rename_geometry("geom")  # noqa: PLW2901 - as the standard names it
            options["promote_to_multi"] = len(set(table.geom_type.dropna())) > 1
            if table.empty:
                options["geometry_type"] = _EMPTY.get(name, "LineString")
        if path.exists():
            options["append"] = True
        else:
            options["dataset_options"] = {"VERSION": "1.2"}  # older GDAL reads it too
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", **options)


def write_csv(layers: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """
    Write tables as CSV files, geometries as WKT.

    Parameters
    ----------
    layers
        Tables by their names.
    folder
        Existing folder.
    """
    for name, table in layers.items():
        plain = pd.DataFrame(table)
        if isinstance(table, gpd.GeoDataFrame):
            plain = plain.assign(geometry=table.geometry.to_wkt(rounding_precision=7))
        plain.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
