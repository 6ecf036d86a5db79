"""Coverage of any choice of footprints, without working them out again."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.coverage.cells import Cells, runs
from geoborder.geodesy import BoolArray, IntArray


def count_assets(cells: Cells, chosen: BoolArray) -> IntArray:
    """
    Count the chosen footprints on each cell.

    Parameters
    ----------
    cells
        The border cut at the ends of all footprints.
    chosen
        Which footprints count, shape (footprints, choices).

    Returns
    -------
    ndarray of int
        Shape (cells, choices).
    """
    change = np.zeros((cells.row.size + 1, chosen.shape[1]), dtype=np.int64)
    real = chosen & (cells.last_cell >= cells.first_cell)[:, None]
    np.add.at(change, cells.first_cell, real)
    np.subtract.at(change, cells.last_cell + 1, real)
    return np.asarray(np.cumsum(change, axis=0)[:-1])


def sum_up(
    cells: Cells, covered: BoolArray, group: IntArray, size: int
) -> pd.DataFrame:
    """
    Sum coverage up by groups of cells.

    Parameters
    ----------
    cells
        The border cut into cells.
    covered
        Whether each cell is covered.
    group
        Group of each cell, from 0; -1 is none.
    size
        Number of groups.

    Returns
    -------
    DataFrame
        A row per group: ``length_km``, ``covered_km``, ``share``,
        ``longest_gap_km`` (gaps end where the group does).
    """
    own = group >= 0
    km = cells.length_m / 1000.0
    length = np.bincount(group[own], km[own], minlength=size)
    covered_km = np.bincount(group[own], (km * covered)[own], minlength=size)
    first, last = runs(cells.row, group, covered.astype(np.int64))
    kept = ~covered[first] & (group[first] >= 0)
    first, last = first[kept], last[kept]
    longest = np.zeros(size)
    gap_km = (cells.end_m[last] - cells.start_m[first]) / 1000.0
    np.maximum.at(longest, group[first], gap_km)
    return pd.DataFrame(
        {
            "length_km": length,
            "covered_km": covered_km,
            "share": covered_km / length,
            "longest_gap_km": longest,
        }
    )


def whole_lines(border: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Take each line of a border as one segment.

    Parameters
    ----------
    border
        As `as_border` gives it.

    Returns
    -------
    DataFrame
        ``border_id``, ``start_km``, ``end_km``.
    """
    return pd.DataFrame(
        {
            "border_id": border["border_id"].to_numpy(),
            "start_km": 0.0,
            "end_km": border["length_km"].to_numpy(float),
        }
    )
