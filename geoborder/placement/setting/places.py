"""Sites: the candidates, and where something stands already."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
from scipy.spatial import cKDTree

from geoborder.chainage import locate
from geoborder.errors import DataError
from geoborder.geodesy import IntArray, to_ecef
from geoborder.placement.setting.targeting import segments_at
from geoborder.program import Program
from geoborder.program.figures import nearest_name
from geoborder.tables import (
    LONLAT,
    POINTS,
    require_layer,
    require_not_swapped,
    validate,
)

_SAME_M = 1.0
"""What stands nearer to a site than this stands at it."""

_NOT_NEGATIVE = pa.Check(
    lambda column: (column >= 0.0) & (column < np.inf),
    error="must be a number of at least 0",
)

CANDIDATES = pa.DataFrameSchema(
    {
        "site_id": pa.Column(
            str, required=False, coerce=True, description="name of the site"
        ),
        "equipment": pa.Column(
            str,
            required=False,
            nullable=True,
            description="equipment allowed there, separated by spaces; empty: any",
        ),
        "site_cost": pa.Column(
            float,
            _NOT_NEGATIVE,
            required=False,
            nullable=True,
            coerce=True,
            description="cost added to every item put there; empty: none",
        ),
        "from_year": pa.Column(
            "Int64",
            required=False,
            nullable=True,
            coerce=True,
            description="nothing is put there before; empty: any time",
        ),
    },
    unique=["site_id"],
    name="candidates",
)


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where something may be put, and what stands there already.

    Attributes
    ----------
    sites : GeoDataFrame
        Candidates, then places of what stands already and is not at a candidate:
        ``site_id``, ``equipment`` (allowed; empty: any), ``site_cost``,
        ``from_year``, what `locate` tells, ``segment`` (its position, -1 where
        there is none), what else the candidates had, and ``geometry``.
    candidates : int
        How many of the sites are candidates; they come first.
    standing : GeoDataFrame
        What stands already.
    site_of : ndarray of int
        The site that each of it stands at.
    """

    sites: gpd.GeoDataFrame
    candidates: int
    standing: gpd.GeoDataFrame
    site_of: IntArray


def find_places(
    program: Program,
    border: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    standing: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
) -> Places:
    """
    Check candidate sites, and add the places of what stands already.

    Parameters
    ----------
    program
        The programme.
    border
        As `as_border` gives it.
    candidates
        Points in any CRS. Not modified.
    standing
        Assets that stand already.
    segments
        Segments of the border, numbered from 0.

    Returns
    -------
    Places
        Candidates keep their order.

    Raises
    ------
    DataError
        If the candidates are unusable, or name a site twice or unknown equipment.
    """
    layer = require_layer(candidates, name="candidates", kinds=POINTS)
    require_not_swapped(layer, name="candidates", near=border, near_name="border")
    table = _checked(program, layer)
    kept = standing[standing["status"] != "retired"].reset_index(drop=True)
    site_of = _sites_of(table, kept)
    fresh = np.flatnonzero(site_of >= len(table))
    _, first = np.unique(site_of[fresh], return_index=True)
    added = kept.iloc[fresh[first]]
    clash = added["asset_id"].isin(table["site_id"])
    if clash.any():
        msg = (
            f"`candidates` has a `site_id` {added.loc[clash, 'asset_id'].iloc[0]!r}, "
            f"which is the name of an asset that stands elsewhere; rename the site."
        )
        raise DataError(msg)
    more = gpd.GeoDataFrame(
        {"site_id": added["asset_id"], "equipment": "", "site_cost": 0.0},
        geometry=added.geometry,
        crs=LONLAT,
    ).assign(from_year=pd.array([pd.NA] * len(added), dtype="Int64"))
    count = len(table)
    sites = pd.concat([table, more], ignore_index=True) if len(more) else table
    located = locate(sites.geometry, border)
    sites = sites.assign(**{name: located[name].array for name in located})
    sites["segment"] = segments_at(
        segments, sites["border_id"], sites["chainage_km"].to_numpy(float)
    )
    return Places(sites, count, kept, site_of)


def _checked(program: Program, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fill in what candidates may leave out, and look equipment up."""
    table = gpd.GeoDataFrame(geometry=layer.geometry.array, crs=LONLAT)
    if isinstance(layer, gpd.GeoDataFrame):
        table = layer.reset_index(drop=True)
        if table.active_geometry_name != "geometry":
            table = table.rename_geometry("geometry")
    if "site_id" not in table.columns:
        table.insert(0, "site_id", np.arange(1, len(table) + 1))
    elif table["site_id"].isna().any():
        row = layer.index[int(table["site_id"].isna().to_numpy().argmax())]
        msg = f"`candidates` has no `site_id` in row {row!r}; name every site or none."
        raise DataError(msg)
    checked: gpd.GeoDataFrame = validate(table, CANDIDATES, name="candidates")
    years = pd.array([pd.NA] * len(table), dtype="Int64")
    for name, value in (("equipment", ""), ("site_cost", 0.0), ("from_year", years)):
        if name not in checked.columns:
            checked[name] = value
    checked["equipment"] = checked["equipment"].fillna("")
    checked["site_cost"] = checked["site_cost"].fillna(0.0)
    for text in pd.unique(checked["equipment"]):
        for name in text.split():
            if name not in program.equipment:
                hint = nearest_name(name, program.equipment)
                msg = f"`candidates` names unknown equipment {name!r}{hint}."
                raise DataError(msg)
    return checked


def _sites_of(sites: gpd.GeoDataFrame, standing: gpd.GeoDataFrame) -> IntArray:
    """Site that each asset stands at: a candidate's, or a further one, numbered on."""
    if standing.empty:
        return np.empty(0, dtype=np.int64)
    points = standing.geometry
    xyz = to_ecef(points.x.to_numpy(float), points.y.to_numpy(float))
    known = to_ecef(sites.geometry.x.to_numpy(float), sites.geometry.y.to_numpy(float))
    away, nearest = cKDTree(known).query(xyz)
    site = np.where(away <= _SAME_M, nearest, -1).astype(np.int64)
    tree, count = cKDTree(xyz), len(sites)
    for row in np.flatnonzero(site < 0):
        if site[row] < 0:
            near = np.array(tree.query_ball_point(xyz[row], _SAME_M), dtype=np.int64)
            site[near[site[near] < 0]] = count
            count += 1
    return site
