"""Covered stretches and gaps in any year of a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoborder.coverage.footprint import operating
from geoborder.geodesy import FloatArray
from geoborder.plan import Plan

_SHORTEST_KM = 1e-6
"""A millimetre is rounding."""


def stretches_in(plan: Plan, year: int) -> pd.DataFrame:
    """
    Find which stretches of the border are covered in a year, and which are not.

    Parameters
    ----------
    plan
        The plan.
    year
        The year.

    Returns
    -------
    DataFrame
        Along each line in turn, without a break: ``border_id``, ``start_km``,
        ``end_km``, ``length_km``, ``covered``.
    """
    prints = footprints_in(plan, year)
    frames = []
    for name, length in plan.border[["border_id", "length_km"]].itertuples(index=False):
        own = prints[prints["border_id"] == name]
        start, end, covered = _runs(
            own["start_km"].to_numpy(float),
            own["end_km"].to_numpy(float),
            float(length),
            plan.coverage.k,
        )
        frames.append(
            pd.DataFrame(
                {
                    "border_id": name,
                    "start_km": start,
                    "end_km": end,
                    "length_km": end - start,
                    "covered": covered,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def footprints_in(plan: Plan, year: int) -> pd.DataFrame:
    """
    Select what assets cover that are in operation in a year.

    Parameters
    ----------
    plan
        The plan.
    year
        The year.

    Returns
    -------
    DataFrame
        Rows of the coverage's footprints.
    """
    prints = plan.coverage.footprints
    return prints[operating(prints, year)]


def _runs(
    start: FloatArray, end: FloatArray, length: float, k: int
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Maximal runs along a line of what `k` footprints or fewer than `k` cover."""
    start, end = np.clip(start, 0.0, length), np.clip(end, 0.0, length)
    edges = np.unique(np.concatenate([[0.0, length], start, end]))
    kept = np.append(True, np.diff(edges) > _SHORTEST_KM)
    edges = edges[kept]
    edges[-1] = length
    size = edges.size
    begun = np.bincount(_nearest(edges, start), minlength=size)
    ended = np.bincount(_nearest(edges, end), minlength=size)
    covered = np.cumsum(begun - ended)[:-1] >= k
    change = np.flatnonzero(covered[1:] != covered[:-1]) + 1
    first = np.concatenate([[0], change])
    return edges[first], np.append(edges[first[1:]], length), covered[first]


def _nearest(edges: FloatArray, places: FloatArray) -> np.ndarray:
    """Find the number of the edge nearest to each place."""
    after = np.clip(np.searchsorted(edges, places), 1, edges.size - 1)
    return after - (places - edges[after - 1] < edges[after] - places)
