"""Stretches of border covered in one plan and not in another, by year."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import cut_border
from geoborder.compare.covered import count_assets, whole_lines
from geoborder.coverage import Coverage
from geoborder.coverage.cells import make_cells, runs
from geoborder.geodesy import polylines

CHANGES = ("gained", "lost")


def changed_stretches(
    border: gpd.GeoDataFrame, a: Coverage, b: Coverage
) -> gpd.GeoDataFrame:
    """
    Find the stretches covered in one of two cases and not in the other.

    Parameters
    ----------
    border
        As `as_border` gives it.
    a, b
        What is covered of it in either case.

    Returns
    -------
    GeoDataFrame
        See `PlanDifference.stretches`.
    """
    years = sorted({*_years(a)} & {*_years(b)})
    prints = [t for t in (a.footprints, b.footprints) if len(t)]
    if not years or not prints:
        return _cut(border, [], pd.DataFrame(columns=["row", "start_m", "end_m"]))
    cells = make_cells(
        border, pd.concat(prints, ignore_index=True), whole_lines(border), years
    )
    of_a = (np.arange(len(cells.active)) < len(a.footprints))[:, None]
    covered_a = count_assets(cells, cells.active & of_a) >= a.k
    covered_b = count_assets(cells, cells.active & ~of_a) >= b.k
    labels, parts = [], []
    for column, year in enumerate(years):
        one, other = covered_a[:, column], covered_b[:, column]
        for change, unlike in zip(CHANGES, (other & ~one, one & ~other), strict=True):
            first, last = runs(cells.row, unlike.astype(np.int64))
            kept = unlike[first]
            first, last = first[kept], last[kept]
            labels += [(year, change)] * first.size
            parts.append(
                pd.DataFrame(
                    {
                        "row": cells.row[first],
                        "start_m": cells.start_m[first],
                        "end_m": cells.end_m[last],
                    }
                )
            )
    return _cut(border, labels, pd.concat(parts, ignore_index=True))


def _years(coverage: Coverage) -> list[int]:
    return [int(year) for year in coverage.by_year["year"].dropna()]


def _cut(
    border: gpd.GeoDataFrame, labels: list[tuple[int, str]], parts: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Cut stretches out, labelled with year and change."""
    table = cut_border(
        border,
        parts["row"].to_numpy(np.int64),
        parts["start_m"].to_numpy(float),
        parts["end_m"].to_numpy(float),
        lines=polylines(border.geometry.array),
    )
    table.insert(0, "year", np.array([year for year, _ in labels], dtype=np.int64))
    table.insert(1, "change", np.array([change for _, change in labels], dtype=object))
    return table
