"""Geodesic distances between sites and a border's segments, and along the border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border, locate
from geoborder.geodesy import FloatArray, polylines
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    LINES,
    POINTS,
    require_columns,
    require_layer,
    require_not_swapped,
)


def distance_matrix(
    sites: gpd.GeoDataFrame | gpd.GeoSeries, segments: gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Measure from every site to every segment.

    Parameters
    ----------
    sites
        Points in any CRS.
    segments
        Segments as `segment_border` gives them.

    Returns
    -------
    DataFrame
        Geodesic distance in km from each site (rows, indexed like `sites`) to
        the nearest point of each segment (columns, by ``segment_id``).

    Raises
    ------
    DataError
        If a layer is unusable, or longitude and latitude are swapped.

    See Also
    --------
    nearest_sites : Only the nearest.
    travel_time : Minutes over the terrain instead of kilometres.

    Examples
    --------
    >>> import geoborder as gb
    >>> crossings = gb.load_crossings().set_index("crossing_id").rename_axis(None)
    >>> segments = gb.segment_border(gb.load_border(), count=4)
    >>> gb.distance_matrix(crossings.iloc[:3], segments).round(1)
    segment_id      1      2      3      4
    panji-poyon   0.1  126.3  247.7  365.3
    kokul         0.7   65.8  179.7  293.8
    shohon       38.7    1.5   92.6  239.5
    """
    layer = require_layer(sites, name="sites", kinds=POINTS)
    lines = require_layer(segments, name="segments", kinds=LINES)
    require_columns(lines, ["segment_id"], name="segments")
    require_not_swapped(layer, name="sites", near=lines, near_name="segments")
    lon, lat = layer.geometry.x.to_numpy(float), layer.geometry.y.to_numpy(float)
    distance = np.empty((len(layer), len(lines)))
    for column, line in enumerate(lines.geometry.array):
        distance[:, column] = find_feet(
            edge_tree(polylines([line])), lon, lat
        ).distance_m
    columns = pd.Index(lines["segment_id"], name="segment_id")
    return pd.DataFrame(distance / 1000.0, index=layer.index, columns=columns)


def nearest_sites(
    segments: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, name: str = "name"
) -> pd.DataFrame:
    """
    Find the site nearest to each segment.

    Parameters
    ----------
    segments
        Segments as `segment_border` gives them.
    sites
        Points in any CRS.
    name
        Column of `sites` that names them.

    Returns
    -------
    DataFrame
        Indexed like `segments`: ``site`` and ``distance_km`` (geodesic, from
        the site to the nearest point of the segment).

    Raises
    ------
    DataError
        If a layer is unusable, or `sites` has no column of that name.

    Examples
    --------
    >>> import geoborder as gb
    >>> segments = gb.segment_border(gb.load_border(), count=4)
    >>> gb.nearest_sites(segments, gb.load_crossings()).round(1)
                                 site  distance_km
    0  Panji Poyon - Sher Khan Bandar          0.1
    1          Ruzvay - Nusay, Darvoz          0.0
    2           Tem - Demogan, Khorog          0.2
    3                          Langar          8.7
    """
    require_columns(sites, [name], name="sites")
    matrix = distance_matrix(sites, segments).to_numpy()
    best = matrix.argmin(axis=0)
    return pd.DataFrame(
        {
            "site": sites[name].to_numpy()[best],
            "distance_km": matrix[best, np.arange(matrix.shape[1])],
        },
        index=segments.index,
    )


def spacing(
    sites: gpd.GeoDataFrame, border: gpd.GeoDataFrame, *, name: str = "name"
) -> pd.DataFrame:
    """
    Measure the stretches along a border between neighbouring sites.

    Parameters
    ----------
    sites
        Points in any CRS; each stands for its foot on the border.
    border
        One border or several.
    name
        Column of `sites` that names them.

    Returns
    -------
    DataFrame
        A row per stretch without a site, in order: ``border_id``, ``start_km``,
        ``end_km``, ``length_km``, ``after`` and ``before`` (the sites at its
        ends; empty at the ends of the line). The longest is the longest
        stretch without a site.

    Raises
    ------
    DataError
        If a layer is unusable, or `sites` has no column of that name.

    Examples
    --------
    >>> from geoborder import load_border, load_crossings, spacing
    >>> gaps = spacing(load_crossings(), load_border())
    >>> gaps.loc[gaps["length_km"].idxmax(), "length_km"].round(1).item()
    348.2
    """
    require_columns(sites, [name], name="sites")
    table = as_border(border)
    located = locate(sites, table).assign(site=sites[name].to_numpy())
    parts = []
    for border_id, length in zip(table["border_id"], table["length_km"], strict=True):
        own = located[located["border_id"] == border_id].sort_values("chainage_km")
        km: FloatArray = own["chainage_km"].to_numpy()
        names = own["site"].to_list()
        parts.append(
            pd.DataFrame(
                {
                    "border_id": border_id,
                    "start_km": np.concatenate(([0.0], km)),
                    "end_km": np.concatenate((km, [length])),
                    "after": pd.Series([None, *names], dtype=object),
                    "before": pd.Series([*names, None], dtype=object),
                }
            )
        )
    gaps = pd.concat(parts, ignore_index=True)
    gaps.insert(3, "length_km", gaps["end_km"] - gaps["start_km"])
    return gaps
