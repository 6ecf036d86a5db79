"""Dates from years, as GIS programs need them to show a plan through time."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

_SINCE_UNTIL: dict[str, tuple[str, str | None]] = {
    "assets": ("from_year", "until_year"),
    "placement_items": ("from_year", "until_year"),
    "coverage": ("first_year", None),
}
"""Columns of the first and the last year in which a row holds."""

_OF_YEARS = "_year"
"""Tables whose names end so have a column of years in which rows hold."""

_FIGURES = ("covered_km", "share", "k_min", "k_mean", "gaps", "longest_gap_km")
_PLACE = ("border_id", "start_km", "end_km", "official_start_km", "official_end_km")


def dated(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """
    Add to a table from when to when each row holds.

    Parameters
    ----------
    name
        Its name in files.
    table
        The table. Not modified.

    Returns
    -------
    DataFrame or GeoDataFrame
        With ``start_date`` (1 January) and ``end_date`` (31 December) after its years;
        missing where there is no limit. The table itself where it has no years, or
        has dates already.
    """
    if "start_date" in table.columns:
        return table
    years = ("year", "year") if name.endswith(_OF_YEARS) else _SINCE_UNTIL.get(name)
    if years is None or years[0] not in table.columns:
        return table
    first, last = years
    place = max(table.columns.get_loc(c) for c in years if c is not None) + 1
    out = table.copy(deep=False)
    out.insert(place, "start_date", _days(table[first], end=False))
    open_end = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us]")
    ends = open_end if last is None else _days(table[last], end=True)
    out.insert(place + 1, "end_date", ends)
    return out


def _days(years: pd.Series, *, end: bool) -> pd.Series:
    """First or last days of years."""
    since = years.astype("Int64").fillna(1970).to_numpy(np.int64) - 1970 + end
    days = since.astype("datetime64[Y]").astype("datetime64[D]") - int(end)
    found = pd.Series(days.astype("datetime64[us]"), index=years.index)
    return found.where(years.notna())


def segments_by_year(
    segments: gpd.GeoDataFrame, by_year: pd.DataFrame
) -> gpd.GeoDataFrame:
    """
    Put coverage of every year on the segments' lines.

    Parameters
    ----------
    segments
        Segments of a plan.
    by_year
        Their coverage by year (``Coverage.by_segment_year``), by `dated`.

    Returns
    -------
    GeoDataFrame
        A row for each segment and year, in the order of `by_year`, in the CRS of
        `segments`: ``segment_id``, ``year``, ``start_date``, ``end_date``, where the
        segment is, what is covered of it, ``geometry``.
    """
    row = pd.Index(segments["segment_id"]).get_indexer(by_year["segment_id"])
    place = [c for c in _PLACE if c in segments.columns]
    parts = [
        by_year[["segment_id", "year", "start_date", "end_date"]],
        segments[place].iloc[row].set_index(by_year.index),
        by_year[["length_km", *_FIGURES]],
    ]
    lines = segments.geometry.array[row]
    return gpd.GeoDataFrame(pd.concat(parts, axis=1), geometry=lines)
