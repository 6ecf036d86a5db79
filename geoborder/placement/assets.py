"""A placement as the plan's assets, and as measures of segments by year."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.assign import assign_equipment, assign_measures
from geoborder.placement.placing import Placement
from geoborder.program import Program
from geoborder.tables import ASSETS, ASSIGNMENTS, LONLAT, validate

_KEYS = ["measure_id", "year", "border_id", "segment_id"]


def placed_plan(
    program: Program, segments: gpd.GeoDataFrame, placement: Placement
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """
    Give segments their measures and equipment, with a placement's items at its sites.

    Parameters
    ----------
    program
        The programme.
    segments
        Segments with ``priority``, as the placement was made with.
    placement
        Where what covers is placed.

    Returns
    -------
    assignments : DataFrame
        As `assign_measures` gives them; of measures that are placed what was placed,
        on the segment nearest to its site.
    assets : GeoDataFrame
        As `assign_equipment` gives them, with ``site_id`` and ``reason`` of what was
        placed; what is moved ends where it stood the year before.
    """
    placed = program.placed_measures
    others = {key: m for key, m in program.measures.items() if key not in placed}
    rest = program.model_copy(update={"measures": others})
    rows = [assign_measures(rest, segments), _assigned(program, placement, segments)]
    assignments = pd.concat([r for r in rows if len(r)] or rows[:1], ignore_index=True)
    order = {key: number for number, key in enumerate(program.measures)}
    assignments = assignments.sort_values(
        "measure_id", key=lambda names: names.map(order), kind="stable"
    ).reset_index(drop=True)
    assets = assign_equipment(rest, segments)
    moved = placement.standing[placement.standing["moved"]].set_index("asset_id")
    gone = assets["asset_id"].isin(moved.index).to_numpy()
    ends = moved["until_year"].reindex(assets.loc[gone, "asset_id"])
    assets.loc[gone, "until_year"] = ends.to_numpy()
    items = placement.items[
        [c for c in placement.items if c in {*assets.columns, "site_id", "reason"}]
    ]
    layers = [layer for layer in (assets, items) if len(layer)]
    together = pd.concat(layers or [assets], ignore_index=True)
    columns = [c for c in together.columns if c != "geometry"]
    layer = gpd.GeoDataFrame(together[[*columns, "geometry"]], crs=LONLAT)
    checked: gpd.GeoDataFrame = validate(layer, ASSETS, name="assets")
    table: pd.DataFrame = validate(assignments, ASSIGNMENTS, name="assignments")
    return table, checked


def _assigned(
    program: Program, placement: Placement, segments: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Sum items up by measure, year and segment, as rows of assignments."""
    items = placement.items.rename(columns={"from_year": "year"})
    sums = items.groupby(_KEYS, sort=False)[["quantity", "cost"]].sum().reset_index()
    sums = sums.sort_values(_KEYS, kind="stable")
    measures = [program.measures[key] for key in sums["measure_id"]]
    named = [c for c in ("left_unit", "right_unit") if c in segments.columns]
    units = segments.set_index("segment_id")[named].astype(object)
    units = units.reindex(sums["segment_id"].to_numpy(np.int64))
    costs = [m.unit_cost or program.equipment[str(m.equipment)].cost for m in measures]
    table = sums.assign(
        measure=[m.name for m in measures],
        category=[m.category for m in measures],
        unit=[m.unit for m in measures],
        equipment=[m.equipment for m in measures],
        basis=[m.basis for m in measures],
        cost_basis=[c.basis for c in costs],
        quantity=sums["quantity"].astype(float),
        year=sums["year"].astype("int64"),
        **{c: units[c].to_numpy() for c in named},
    )
    columns = [
        "measure_id", "measure", "category", "year", "border_id", *named,
        "segment_id", "quantity", "unit", "cost", "equipment", "basis", "cost_basis",
    ]  # fmt: skip
    return table[columns]
