"""Coverage of a border by assets, summed by segment, unit and year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import cut_border
from geoborder.coverage.cells import Cells, make_cells, runs
from geoborder.coverage.footprint import (
    active_assets,
    footprints,
    line_and_segments,
)
from geoborder.errors import OptionError
from geoborder.geodesy import IntArray, polylines
from geoborder.reach import Conditions
from geoborder.segment import SIDES
from geoborder.tables import INTERVALS, validate
from geoborder.terrain import DemLike


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    What assets cover of a border.

    Attributes
    ----------
    year : int or None
        The year that `intervals`, `gaps`, `by_segment` and `by_unit` describe;
        None where no asset has a year.
    k : int
        How many assets must cover a place for it to count as covered.
    intervals : GeoDataFrame
        Maximal stretches with the same assets, one at least: ``border_id``,
        ``start_km``, ``end_km``, ``length_km``, ``assets`` (how many),
        ``asset_ids`` (separated by spaces), ``first_year`` (since when `k`
        assets have covered it without a break; empty where they do not),
        ``geometry``.
    gaps : GeoDataFrame
        Maximal stretches with fewer than `k` assets, the longest first:
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, ``assets_most``
        (the most assets anywhere in it), ``geometry``.
    gaps_by_year : GeoDataFrame
        `gaps` of every year, with ``year`` first; year by year.
    by_segment : DataFrame
        ``segment_id``, ``length_km``, ``covered_km``, ``share``, ``k_min`` and
        ``k_mean`` (assets over the length), ``gaps``, ``longest_gap_km``.
    by_unit : DataFrame
        The same per ``side`` and ``unit`` of the segments; per country where
        segments name no unit.
    by_year : DataFrame
        The same for the whole border per ``year``, with ``assets`` (covering
        ones in operation).
    by_segment_year, by_unit_year : DataFrame
        `by_segment` and `by_unit` for every year.
    footprints : DataFrame
        What each asset covers by itself (see `footprints`).

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> border = gb.load_border()
    >>> masts = gpd.GeoDataFrame(
    ...     {
    ...         "asset_id": ["A", "B"],
    ...         "mode": "patrol",
    ...         "range_km": 10.0,
    ...         "from_year": [2026, 2027],
    ...     },
    ...     geometry=gb.point_at(border, [100, 115]),
    ... )
    >>> coverage = gb.cover(border, masts)
    >>> coverage.year, coverage.k
    (2027, 1)
    >>> coverage.by_year[["year", "covered_km", "gaps", "longest_gap_km"]].round(1)
       year  covered_km  gaps  longest_gap_km
    0  2026        20.0     2          1234.0
    1  2027        35.0     2          1219.0
    >>> coverage.intervals[["start_km", "end_km", "asset_ids", "first_year"]].round(1)
       start_km  end_km asset_ids  first_year
    0      90.0   105.0         A        2026
    1     105.0   110.0       A B        2026
    2     110.0   125.0         B        2027
    """

    year: int | None
    k: int
    intervals: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    gaps_by_year: gpd.GeoDataFrame
    by_segment: pd.DataFrame
    by_unit: pd.DataFrame
    by_year: pd.DataFrame
    by_segment_year: pd.DataFrame
    by_unit_year: pd.DataFrame
    footprints: pd.DataFrame


def cover(
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike | None = None,
    year: int | None = None,
    k: int = 1,
    years: Iterable[int] | None = None,
    segments: gpd.GeoDataFrame | None = None,
    target_spacing_km: float = 0.1,
    conditions: Conditions | None = None,
) -> Coverage:
    """
    Work out which stretches of a border assets cover.

    Parameters
    ----------
    border
        One border or several.
    assets
        Points in any CRS with ``asset_id``, ``mode``, ``range_km`` and, where
        they change over time, ``from_year`` and ``until_year``. Mode ``sight``
        covers what the asset sees over the terrain within its range; it takes
        ``mast_m``, ``target_m`` and the other options of `line_of_sight` from the
        columns of these names, and a field narrower than 360 degrees without an
        azimuth is turned to where it sees most. Mode ``radius`` covers what lies
        within that geodesic distance of the asset; ``patrol`` that distance along
        the border, either way from the asset's foot on it, if the asset itself is
        no further off than that, or with ``shift_hours`` what a patrol gets to and
        back from in that time by ``travel`` (see `patrol_passes`); ``reach`` where its
        crew gets within ``response_minutes`` by ``travel`` (a name in
        `TRAVEL_MODES`; ``foot`` where it is empty); ``none`` nothing. An asset
        without a geometry, or with ``status`` retired, covers nothing.
        Not modified.
    dem
        Elevation, as for `line_of_sight`; modes ``sight`` and ``reach`` need it, and
        patrols with ``shift_hours``.
    year
        The year to describe; the last one of `years` by default.
    k
        How many assets must cover a place.
    years
        Years to compare; by default all from the first to the last in which an
        asset starts, and `year`.
    segments
        Segments to sum up by; by default each line is one.
    target_spacing_km
        For modes ``sight`` and ``reach`` the border is divided into equal cells no
        longer than this; a cell is covered where its middle is.
    conditions
        Barriers, friction, roads and season that travel meets.

    Returns
    -------
    Coverage
        Exact to a millimetre of chainage; where assets see or reach, to half a cell.

    Raises
    ------
    DataError
        If a table is unusable, or segments are not of this border.
    OptionError
        If `k` is less than 1, a radius exceeds 1,000 km, `year` is not one of
        `years`, or an asset lacks what its mode needs.

    Warns
    -----
    GeoborderWarning
        If nodata leaves lines of sight unknown, with their share; they do not
        count as seen. If all assets are more than 1,000 km from the border.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import cover, load_border, point_at
    >>> border = load_border()
    >>> assets = gpd.GeoDataFrame(
    ...     {"asset_id": ["A"], "mode": ["patrol"], "range_km": [10.0]},
    ...     geometry=[point_at(border, 100)],
    ...     crs="EPSG:4326",
    ... )
    >>> cover(border, assets).gaps[["start_km", "end_km"]].round(3)
       start_km    end_km
    0     110.0  1343.956
    1       0.0    90.000
    """
    table, parts = line_and_segments(border, segments, k=k)
    active = active_assets(assets)
    span = span_of(active, year, years)
    prints = footprints(
        table, active, dem=dem, target_spacing_km=target_spacing_km,
        conditions=conditions,
    )  # fmt: skip
    cells = make_cells(table, prints, parts, span)
    chosen = 0
    if span is not None:
        chosen = len(span) - 1 if year is None else span.index(year)

    by_segment = _summary(cells, cells.segment, parts["segment_id"].to_list(), span, k)
    by_segment = by_segment.rename(columns={"group": "segment_id"})
    by_unit = _units_summary(cells, table, parts, span, k)
    everything = np.zeros(cells.row.size, dtype=np.int64)
    by_year = _summary(cells, everything, ["all"], span, k).drop(columns="group")
    by_year["assets"] = _operating(active, prints, span)
    gaps = _gaps(table, cells, span, k)
    return Coverage(
        year=None if span is None else span[chosen],
        k=int(k),
        intervals=_intervals(table, cells, prints, span, chosen, k),
        gaps=_one_year(gaps, span, chosen),
        gaps_by_year=gaps,
        by_segment=_one_year(by_segment, span, chosen),
        by_unit=_one_year(by_unit, span, chosen),
        by_year=by_year,
        by_segment_year=by_segment,
        by_unit_year=by_unit,
        footprints=prints,
    )


def span_of(
    assets: gpd.GeoDataFrame, year: int | None, years: Iterable[int] | None
) -> list[int] | None:
    """
    Choose the years to compare.

    Parameters
    ----------
    assets
        As `active_assets` gives them.
    year, years
        As for `cover`.

    Returns
    -------
    list of int or None
        In order; None where time plays no part.

    Raises
    ------
    OptionError
        If there are none, or `year` is not one of them.
    """
    if years is not None:
        span = sorted({int(y) for y in years})
        if not span:
            msg = "`years` is empty; name at least one year, or leave it out."
            raise OptionError(msg)
        if year is not None and year not in span:
            msg = f"`year` must be one of `years` ({span[0]}-{span[-1]}), got {year!r}."
            raise OptionError(msg)
        return span
    known = [int(y) for y in assets["from_year"].dropna()]
    known += [] if year is None else [int(year)]
    return list(range(min(known), max(known) + 1)) if known else None


def _one_year(frame: pd.DataFrame, span: list[int] | None, chosen: int) -> pd.DataFrame:
    rows = frame["year"].isna() if span is None else frame["year"] == span[chosen]
    return frame[rows].drop(columns="year").reset_index(drop=True)


def _operating(
    assets: gpd.GeoDataFrame, prints: pd.DataFrame, span: list[int] | None
) -> list[int]:
    """How many assets with a footprint are in operation in each year."""
    covering = assets[assets["asset_id"].isin(prints["asset_id"])]
    if span is None:
        return [len(covering)]
    begun = covering["from_year"].fillna(span[0])
    ends = covering["until_year"].fillna(span[-1])
    return [int(((begun <= y) & (y <= ends)).sum()) for y in span]


def _summary(
    cells: Cells, group: IntArray, labels: list[object], span: list[int] | None, k: int
) -> pd.DataFrame:
    """Coverage of groups of cells, per group and year; -1 is no group."""
    kept = group >= 0
    own, km = group[kept], cells.length_m[kept] / 1000.0
    length = np.bincount(own, km, minlength=len(labels))
    frames = []
    for column in range(cells.count.shape[1]):
        count = cells.count[kept, column]
        covered = np.bincount(own, km * (count >= k), minlength=len(labels))
        lowest = np.full(len(labels), np.iinfo(np.int64).max)
        np.minimum.at(lowest, own, count)
        mean = np.bincount(own, km * count, minlength=len(labels))
        many, longest = _gap_runs(cells, group, column, len(labels), k)
        frame = pd.DataFrame(
            {
                "group": labels,
                "length_km": length,
                "covered_km": covered,
                "share": covered / length,
                "k_min": lowest,
                "k_mean": mean / length,
                "gaps": many,
                "longest_gap_km": longest,
            }
        )
        year = pd.NA if span is None else span[column]
        frame.insert(0, "year", pd.array([year] * len(frame), dtype="Int64"))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _gap_runs(
    cells: Cells, group: IntArray, column: int, size: int, k: int
) -> tuple[IntArray, np.ndarray]:
    """Count the gaps in each group, and measure the longest, clipped to the group."""
    open_ = (cells.count[:, column] < k).astype(np.int64)
    first, last = runs(cells.row, group, open_)
    kept = (open_[first] == 1) & (group[first] >= 0)
    first, last = first[kept], last[kept]
    km = (cells.end_m[last] - cells.start_m[first]) / 1000.0
    longest = np.zeros(size)
    np.maximum.at(longest, group[first], km)
    return np.bincount(group[first], minlength=size), longest


def _units_summary(
    cells: Cells,
    border: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
    span: list[int] | None,
    k: int,
) -> pd.DataFrame:
    """Coverage by unit on either side; by country where segments name no unit."""
    frames = []
    for side, number, labels in units_of(border, segments):
        group = np.where(cells.segment >= 0, number[cells.segment], -1)
        frame = _summary(cells, group, labels, span, k)
        frame.insert(0, "side", side)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True).rename(columns={"group": "unit"})


def units_of(
    border: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> tuple[tuple[str, IntArray, list[object]], ...]:
    """
    Give numbers to the units on either side of segments.

    Parameters
    ----------
    border
        As `as_border` gives it.
    segments
        Segments of it.

    Returns
    -------
    tuple
        Per side: its name, the number of each segment's unit, and the units' names;
        countries where segments name no unit.
    """
    country = border.set_index("border_id")
    sides = []
    for side in SIDES:
        names = country[side].reindex(segments["border_id"]).to_numpy(dtype=object)
        if f"{side}_unit" in segments.columns:
            units = segments[f"{side}_unit"]
            names = np.where(units.notna(), units, names)
        number, labels = pd.factorize(names)
        sides.append((side, number, list(labels)))
    return tuple(sides)


def _cut(
    border: gpd.GeoDataFrame, cells: Cells, first: IntArray, last: IntArray
) -> gpd.GeoDataFrame:
    """Cut runs of cells out as stretches of border."""
    return cut_border(
        border,
        cells.row[first],
        cells.start_m[first],
        cells.end_m[last],
        lines=polylines(border.geometry.array),
    )


def _gaps(
    border: gpd.GeoDataFrame, cells: Cells, span: list[int] | None, k: int
) -> gpd.GeoDataFrame:
    """Gaps of all years: runs of open cells, the years one after another."""
    size, many = cells.count.shape
    count = cells.count.T.ravel()
    column, cell = np.divmod(np.arange(count.size), size)
    open_ = (count < k).astype(np.int64)
    first, last = runs(column, cells.row[cell], open_)
    most = np.maximum.reduceat(count, first)
    kept = open_[first] == 1
    first, last, most = first[kept], last[kept], most[kept]
    table = _cut(border, cells, cell[first], cell[last])
    table.insert(table.columns.get_loc("geometry"), "assets_most", most)
    years = pd.array([pd.NA] * many if span is None else span, dtype="Int64")
    table.insert(0, "year", years[column[first]])
    order = np.lexsort((-table["length_km"].to_numpy(), column[first]))
    return table.iloc[order].reset_index(drop=True)


def _intervals(
    border: gpd.GeoDataFrame,
    cells: Cells,
    prints: pd.DataFrame,
    span: list[int] | None,
    chosen: int,
    k: int,
) -> gpd.GeoDataFrame:
    own = np.flatnonzero(cells.active[:, chosen])
    # A number that changes wherever an active footprint begins or ends.
    edge = np.zeros(cells.row.size + 1, dtype=np.int64)
    edge[cells.first_cell[own]] = 1
    edge[cells.last_cell[own] + 1] = 1
    since = _since(cells, span, chosen, k)
    count = cells.count[:, chosen]
    first, last = runs(cells.row, np.cumsum(edge[:-1]), since)
    kept = count[first] > 0
    first, last = first[kept], last[kept]
    table = _cut(border, cells, first, last)
    # Each footprint covers whole intervals: list it at every one.
    begin = np.searchsorted(first, cells.first_cell[own])
    stop = np.searchsorted(first, cells.last_cell[own], side="right")
    many = stop - begin
    interval = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    interval += np.repeat(begin, many)
    names = prints["asset_id"].iloc[np.repeat(own, many)].reset_index(drop=True)
    joined = names.groupby(interval).agg(" ".join).astype(names.dtype)
    where = table.columns.get_loc("geometry")
    table.insert(where, "assets", count[first])
    table.insert(where + 1, "asset_ids", joined.reindex(range(len(table))).array)
    year = pd.Series(since[first], dtype="Int64")
    table.insert(where + 2, "first_year", year.where(year >= 0).array)
    checked: gpd.GeoDataFrame = validate(table, INTERVALS, name="intervals")
    return checked


def _since(cells: Cells, span: list[int] | None, chosen: int, k: int) -> IntArray:
    """Year since which each cell has been covered without a break; -1: it is not."""
    if span is None:
        return np.full(cells.row.size, -1)
    covered = cells.count[:, : chosen + 1] >= k
    unbroken = np.logical_and.accumulate(covered[:, ::-1], axis=1).sum(axis=1)
    years = np.array([*span, -1])
    return np.where(unbroken > 0, years[chosen + 1 - unbroken], -1)
