"""Assets, and the reason for each."""

from __future__ import annotations

import pandas as pd

from geoborder.plan import Plan
from geoborder.report.figures import Row
from geoborder.report.planned import targets_of

_SPREADS = {
    "length": "in proportion to its length",
    "count": "the same to each segment",
    "priority": "in proportion to its length times its impact level",
}


def standing_assets(plan: Plan) -> list[Row]:
    """
    List what the programme file lists: what stands already or is placed by hand.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Rows of the plan's assets, with ``kind`` (what the equipment is called),
        ``since``, ``until`` and ``note``.
    """
    assets = plan.assets[plan.assets["measure_id"].isna()]
    rows: list[Row] = []
    for asset in assets.drop(columns="geometry").to_dict("records"):
        entry = plan.program.assets.get(str(asset["asset_id"]))
        begun, ends = asset["from_year"], asset["until_year"]
        rows.append(
            {
                **asset,
                "kind": plan.program.equipment[asset["equipment"]].name,
                "since": "before the programme" if pd.isna(begun) else int(begun),
                "until": "" if pd.isna(ends) else int(ends),
                "note": "" if entry is None else entry.note,
            }
        )
    return rows


def spread_assets(plan: Plan) -> list[Row]:
    """
    List planned assets whose sites were not chosen, with what put them there.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        A row per measure and year: ``name``, ``category``, ``year``, ``quantity``,
        ``assets`` (their names, the first and the last), ``reason``.
    """
    assets = plan.assets
    own = assets["measure_id"].notna()
    if "site_id" in assets.columns:
        own &= assets["site_id"].isna()
    rows: list[Row] = []
    table = assets[own]
    for (key, year), part in table.groupby(["measure_id", "from_year"], sort=False):
        names = part["asset_id"].astype(str)
        first, last = names.iloc[0], names.iloc[-1]
        rows.append(
            {
                "name": plan.program.measures[str(key)].name,
                "category": part["category"].iloc[0],
                "year": int(year),
                "quantity": int(part["quantity"].sum()),
                "assets": first if first == last else f"{first} to {last}",
                "reason": _reason(plan, str(key), placed=part.geometry.notna().any()),
            }
        )
    return rows


def _reason(plan: Plan, key: str, *, placed: bool) -> str:
    """Say what puts the assets of a measure where they are."""
    measure = plan.program.measures[key]
    if not placed:
        return "It has no place on the border."
    kind = plan.program.equipment[str(measure.equipment)]
    order = {"even": "all alike", "priority": "the highest impact level first"}
    where = (
        "evenly spaced along each segment's stretch"
        if kind.mode != "none"
        else "shown at the segment's middle"
    )
    return (
        f"Targets: {targets_of(measure)}. Each segment gets its part "
        f"{_SPREADS[measure.spread]}, {order[measure.order]}; {where}, not a site."
    )
