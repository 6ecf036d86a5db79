"""Candidate sites where none are given: high ground, and places along the line."""

from __future__ import annotations

from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border, equal_cells
from geoborder.errors import OptionError
from geoborder.geodesy import interpolate, polylines
from geoborder.program import EquipmentType, Program
from geoborder.sites import candidate_sites
from geoborder.tables import LONLAT
from geoborder.terrain import DemLike

Side = Literal["left", "right", "both"]


def propose_sites(
    program: Program,
    border: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    side: Side = "both",
    max_distance_km: float = 5.0,
    line_spacing_km: float = 4.0,
) -> gpd.GeoDataFrame:
    """
    Propose sites for a programme's equipment, to be placed at.

    Parameters
    ----------
    program
        The programme.
    border
        One border or several.
    dem
        Elevation; without it only places along the line are proposed.
    side
        On which side of the border high ground is looked for.
    max_distance_km
        How far from the border it may be, in km.
    line_spacing_km
        Greatest distance between places along the line, in km.

    Returns
    -------
    GeoDataFrame
        Points (EPSG:4326) for `place`: ``site_id``, ``kind`` (``peak``, ``ridge end``
        or ``line``), ``equipment`` (high ground is for what covers by sight; places
        along the line are for anything).

    Raises
    ------
    GeoborderError
        If a layer or an option is unusable.

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
    >>> border = gb.load_border("AND", "FRA")
    >>> sites = gb.propose_sites(program, border, line_spacing_km=10)
    >>> sites[["site_id", "kind"]].head(3)
         site_id  kind
    0   line-4.6  line
    1  line-13.9  line
    2  line-23.1  line
    >>> gb.locate(sites, border)["chainage_km"].round(1).tolist()[:3]
    [4.6, 13.9, 23.1]
    """
    for name, value in (
        ("max_distance_km", max_distance_km),
        ("line_spacing_km", line_spacing_km),
    ):
        if not 0.0 < value < np.inf:
            msg = f"`{name}` must be greater than 0 and finite, got {value!r}."
            raise OptionError(msg)
    if side not in get_args(Side):
        msg = f"`side` must be left, right or both, got {side!r}."
        raise OptionError(msg)
    table = as_border(border)
    lines = polylines(table.geometry.array)
    line, start_m, end_m = equal_cells(lines, line_spacing_km * 1000.0)
    middle = (start_m + end_m) / 2.0
    lon, lat = interpolate(lines, line, middle)
    along = pd.Series(middle / 1000.0).map("{:.1f}".format)
    owner = "" if len(table) == 1 else table["border_id"].astype(str).iloc[line] + "-"
    places = gpd.GeoDataFrame(
        {"site_id": "line-" + np.asarray(owner) + along, "kind": "line"},
        geometry=gpd.points_from_xy(lon, lat),
        crs=LONLAT,
    ).assign(equipment="")
    kinds = _sighted(program)
    if dem is None or not kinds:
        return places
    widest = max(kinds.values(), key=lambda kind: kind.range_km.value)  # type: ignore[union-attr]  # mode sight has a range
    high = candidate_sites(
        table, dem=dem, side=side, max_distance_km=max_distance_km,
        range_km=widest.range_km.value,  # type: ignore[union-attr]  # as above
        mast_m=max(kind.mast_m.value for kind in kinds.values() if kind.mast_m),
        target_m=widest.target_m.value if widest.target_m else 0.0,
    )  # fmt: skip
    names = high["kind"].str.split().str[0] + "-" + high["site_id"].astype(str)
    high = high[["kind", "geometry"]].assign(site_id=names, equipment=" ".join(kinds))
    return gpd.GeoDataFrame(
        pd.concat([high, places], ignore_index=True)[[*places.columns]], crs=LONLAT
    )


def _sighted(program: Program) -> dict[str, EquipmentType]:
    """Equipment that is placed and covers by sight."""
    names = {m.equipment for m in program.placed_measures.values()}
    kinds = {n: k for n, k in program.equipment.items() if n in names}
    return {n: k for n, k in kinds.items() if k.mode == "sight" and k.range_km}
