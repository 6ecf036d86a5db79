"""Options and choices as tables."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.geodesy import IntArray
from geoborder.placement.setting.options import KINDS, NEW, STAYS, Offer
from geoborder.placement.setting.places import Places
from geoborder.placement.setting.supply import ENDLESS, Supply
from geoborder.program import Program
from geoborder.tables import LONLAT


def option_table(
    supply: Supply, places: Places, offer: Offer, segments: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    List options as assets, each by itself ready to be covered with.

    Parameters
    ----------
    supply, places, offer, segments
        As their modules give them.

    Returns
    -------
    GeoDataFrame
        The columns of assets, without years, with ``site_id`` and ``life_years``;
        ``cost`` is what one costs there to begin with.
    """
    new = offer.measure >= 0
    of, site = offer.measure[new], places.sites.iloc[offer.site[new]]
    names = supply.pattern["measure_id"].to_numpy()[of]
    life = pd.array(supply.life[of], dtype="Int64")
    life[supply.life[of] >= ENDLESS] = pd.NA
    added = supply.pattern.iloc[of].assign(
        asset_id=[f"{m}@{s}" for m, s in zip(names, site["site_id"], strict=True)],
        quantity=1,
        cost=supply.price[of] + site["site_cost"].to_numpy(float),
        running_cost_per_year=supply.running[of],
        life_years=life,
    )
    old = places.standing.iloc[offer.asset[~new]].assign(
        life_years=pd.array([pd.NA] * int((~new).sum()), dtype="Int64")
    )
    rows = places.sites.iloc[offer.site]
    none = pd.array([pd.NA] * len(rows), dtype="Int64")
    table = pd.concat([f for f in (added, old) if len(f)] or [added], ignore_index=True)
    table = table.assign(
        site_id=rows["site_id"].to_numpy(),
        border_id=rows["border_id"].to_numpy(),
        chainage_km=rows["chainage_km"].to_numpy(float),
        segment_id=_segment_ids(segments, rows["segment"].to_numpy(np.int64)),
        from_year=none,
        until_year=none,
    )
    shapes = shapely.points(rows.geometry.x, rows.geometry.y)
    shapes[~new] = places.standing.geometry.to_numpy()[offer.asset[~new]]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=LONLAT)


def _segment_ids(segments: gpd.GeoDataFrame, number: IntArray) -> Any:  # noqa: ANN401 - pandas has no types
    """Names of segments by their positions; empty for -1."""
    names = pd.array(segments["segment_id"].to_numpy(np.int64)[number], dtype="Int64")
    names[number < 0] = pd.NA
    return names


def choice_table(
    program: Program,
    places: Places,
    offer: Offer,
    supply: Supply,
    options: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """
    List choices with the years they stand for.

    Parameters
    ----------
    program, places, offer, supply
        As their modules give them.
    options
        As `option_table` gives them.

    Returns
    -------
    DataFrame
        ``option``, ``from_year`` (empty: before the programme), ``until_year``
        (empty: no end), ``kind`` (``new``, ``stays`` or ``leaves``), ``measure_id``
        (whose stock it draws on or, if it leaves, adds to), ``site_id``, ``fact``.
    """
    new = offer.what == NEW
    first = program.first_year
    asset = np.where(new, 0, offer.asset[offer.option])
    since = pd.array(first + offer.begin, dtype="Int64")
    until = pd.array(first + offer.end - 1, dtype="Int64")
    own = np.flatnonzero(new)
    until[own] = since[own] + options["life_years"].array[offer.option[own]] - 1
    for what, column in ((~new, since), (offer.what == STAYS, until)):
        name = "from_year" if column is since else "until_year"
        rows = np.flatnonzero(what)
        column[rows] = places.standing[name].array[asset[rows]]
    names = np.array([*supply.measures, None], dtype=object)
    return pd.DataFrame(
        {
            "option": offer.option,
            "from_year": since,
            "until_year": until,
            "kind": KINDS[offer.what],
            "measure_id": names[offer.counts],
            "site_id": options["site_id"].to_numpy()[offer.option],
            "fact": offer.fact,
        }
    )
