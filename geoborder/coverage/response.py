"""How long it takes to get to each place of a border, by segment, unit and year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from geoborder.chainage import Targets, border_targets, cut_border
from geoborder.coverage.cells import segments_of
from geoborder.coverage.cover import span_of, units_of
from geoborder.coverage.footprint import active_assets, line_and_segments, operating
from geoborder.errors import OptionError
from geoborder.geodesy import BoolArray, FloatArray, IntArray, polylines
from geoborder.reach import Conditions, TravelMode, travel_time
from geoborder.tables import POINTS, require_layer, require_not_swapped
from geoborder.terrain import DemLike

LEVELS = (30.0, 60.0, 120.0)
"""Minutes that are counted by default."""

HOUR = 60.0

_LONGEST_MIN = 240.0


@dataclass(frozen=True, slots=True)
class Response:
    """
    Time to each place of a border from the sites that get there first.

    Attributes
    ----------
    cells : GeoDataFrame
        Equal cells of the border in order: ``border_id``, ``start_km``, ``end_km``,
        ``length_km``, ``minutes`` to its middle (infinite: nobody gets there within
        `longest_minutes`; NaN: no elevation), ``site`` (`asset_id` of the one that
        gets there first), ``sites_30``, ... (how many get there within so many
        minutes), ``geometry``.
    by_segment : DataFrame
        ``segment_id``, ``length_km``, ``minutes`` (mean over what is reached),
        ``minutes_most`` (infinite where some of it is not reached), ``nearest``
        (`asset_id` that gets there first along the greatest length), ``sites_30``,
        ... (how many get to some of it within so many minutes), ``within_30_km``,
        ... (length reached), ``beyond_60_km`` (length more than an hour away).
    by_unit : DataFrame
        ``side``, ``unit`` and the lengths and minutes of `by_segment`.
    by_year, by_unit_year : DataFrame
        Lengths and minutes of the whole border, and by unit, per ``year``, with
        ``sites`` in operation.
    year : int or None
        The year described; None where no site has a year.
    mode : str
        Mode of travel.
    levels_minutes : tuple of float
        As given.
    longest_minutes : float
        As given.
    """

    cells: gpd.GeoDataFrame
    by_segment: pd.DataFrame
    by_unit: pd.DataFrame
    by_year: pd.DataFrame
    by_unit_year: pd.DataFrame
    year: int | None
    mode: str
    levels_minutes: tuple[float, ...]
    longest_minutes: float


def response_times(  # noqa: PLR0913 - what `cover` takes, and how one travels
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike,
    mode: str | TravelMode = "foot",
    conditions: Conditions | None = None,
    levels_minutes: float | Iterable[float] = LEVELS,
    longest_minutes: float = _LONGEST_MIN,
    year: int | None = None,
    years: Iterable[int] | None = None,
    segments: gpd.GeoDataFrame | None = None,
    target_spacing_km: float = 0.25,
) -> Response:
    """
    Work out how long it takes from assets to each place of a border.

    Parameters
    ----------
    border
        One border or several.
    assets
        As for `cover`; all that have a place count, whatever their ``mode``. Not
        modified.
    dem, mode, conditions
        As for `travel_time`.
    levels_minutes
        Minutes within which sites and lengths are counted.
    longest_minutes
        Times beyond this are not looked for.
    year, years, segments
        As for `cover`.
    target_spacing_km
        Greatest length of a cell; the time to it is that to its middle.

    Returns
    -------
    Response
        Frozen.

    Raises
    ------
    DataError
        If a table is unusable, or segments are not of this border.
    OptionError
        If an option is out of its limits.

    Warns
    -----
    GeoborderWarning
        If assets or places of the border have no elevation, with their number.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, response_times
    >>> border = load_border()
    >>> posts = gpd.GeoDataFrame(
    ...     {"asset_id": ["A", "B"], "mode": ["none", "none"], "range_km": [0.0, 0.0]},
    ...     geometry=list(point_at(border, [100, 115])),
    ...     crs="EPSG:4326",
    ... )
    >>> found = response_times(border, posts, dem=open_dem())
    >>> found.by_year[["within_30_km", "within_60_km", "within_120_km"]].round(0)
       within_30_km  within_60_km  within_120_km
    0           6.0          13.0           29.0
    """
    table, parts = line_and_segments(border, segments, k=1)
    targets = border_targets(table, spacing_km=target_spacing_km)
    given = np.atleast_1d(np.asarray(levels_minutes, dtype=object)).ravel().tolist()
    numbers = [v for v in (*given, longest_minutes) if isinstance(v, (int, float))]
    levels = tuple(sorted({float(level) for level in numbers[:-1]}))
    usable = bool(levels) and len(numbers) == len(given) + 1 and levels[0] > 0.0
    if not usable or not levels[-1] <= longest_minutes < np.inf:
        msg = (
            f"`levels_minutes` must be numbers above 0 and up to `longest_minutes`, "
            f"got {levels_minutes!r} and {longest_minutes!r}."
        )
        raise OptionError(msg)
    active = active_assets(assets)
    placed = active[active.geometry.notna()].reset_index(drop=True)
    if len(placed):
        placed = require_layer(placed, name="assets", kinds=POINTS)
        require_not_swapped(placed, name="assets", near=table, near_name="border")
    span = span_of(placed, year, years)
    times = np.full((0, targets.line.size), np.inf)
    if len(placed):
        times = travel_time(
            placed, targets.points, dem=dem, mode=mode, minutes=longest_minutes,
            conditions=conditions,
        ).to_numpy()  # fmt: skip
    groups = _Groups(
        segments_of(targets, table, parts), units_of(table, parts), parts, targets
    )
    wanted: list[int | None] = [None] if span is None else list(span)
    chosen = wanted[-1] if year is None else year
    frames = {one: _summarise(times, _operating(placed, one), groups, levels)
              for one in wanted}  # fmt: skip
    operating = _operating(placed, chosen)
    best, first, counts = _best(times[operating], levels)
    nearest = placed["asset_id"].array[operating].take(first, allow_fill=True)
    by_segment = _by_segment(groups, best, nearest, times[operating], levels)
    return Response(
        cells=_cells(table, targets, best, nearest, counts),
        by_segment=by_segment,
        by_unit=frames[chosen][1],
        by_year=_stack(frames, 0, None if span is None else wanted),
        by_unit_year=_stack(frames, 1, None if span is None else wanted),
        year=chosen,
        mode=mode.name if isinstance(mode, TravelMode) else mode,
        levels_minutes=levels,
        longest_minutes=float(longest_minutes),
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """What cells are summed up by."""

    segment: IntArray
    units: tuple[tuple[str, IntArray, list[object]], ...]
    parts: gpd.GeoDataFrame
    targets: Targets

    @property
    def km(self) -> FloatArray:
        return np.asarray((self.targets.end_m - self.targets.start_m) / 1000.0)


def _operating(assets: gpd.GeoDataFrame, year: int | None) -> BoolArray:
    """Which assets are in operation in a year."""
    if year is None:
        return np.ones(len(assets), dtype=bool)
    return operating(assets, year)


def _best(
    times: FloatArray, levels: tuple[float, ...]
) -> tuple[FloatArray, IntArray, dict[str, IntArray]]:
    """Least minutes to each cell, who has them, and how many are within levels."""
    counts = {f"sites_{level:g}": (times <= level).sum(axis=0) for level in levels}
    if not len(times):
        cells = times.shape[1]
        return np.full(cells, np.inf), np.full(cells, -1, dtype=np.int64), counts
    void = np.isnan(times).all(axis=0)
    filled = np.where(np.isnan(times), np.inf, times)
    first = filled.argmin(axis=0)
    best = filled[first, np.arange(first.size)]
    return np.where(void, np.nan, best), np.where(np.isfinite(best), first, -1), counts


def _lengths(
    best: FloatArray,
    km: FloatArray,
    group: IntArray,
    size: int,
    levels: Iterable[float],
) -> pd.DataFrame:
    """Lengths reached within levels, and minutes, per group; -1 is no group."""
    kept = group >= 0
    group, km, best = group[kept], km[kept], best[kept]

    def total(weights: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(group, weights, minlength=size), dtype=float)

    there = np.isfinite(best)
    reached = total(km * there)
    with np.errstate(invalid="ignore"):
        mean = total(km * np.where(there, best, 0.0)) / reached
    most = np.full(size, np.nan)  # unknown, where nothing has elevation
    np.fmax.at(most, group, best)
    columns = {"length_km": total(km), "minutes": mean, "minutes_most": most}
    for level in levels:
        columns[f"within_{level:g}_km"] = total(km * (best <= level))
    columns["beyond_60_km"] = total(km) - total(km * (best <= HOUR))
    return pd.DataFrame(columns)


def _summarise(
    times: FloatArray, operating: BoolArray, groups: _Groups, levels: tuple[float, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lengths and minutes of the whole border, and by unit, with some of the sites."""
    best, _, _ = _best(times[operating], levels)
    whole = _lengths(best, groups.km, np.zeros(best.size, np.int64), 1, levels)
    whole["sites"] = int(operating.sum())
    frames = []
    for side, unit, names in groups.units:
        held = np.append(unit, -1)[groups.segment]
        frame = _lengths(best, groups.km, held, len(names), levels)
        frame.insert(0, "unit", names)
        frame.insert(0, "side", side)
        frames.append(frame)
    return whole, pd.concat(frames, ignore_index=True)


def _stack(
    frames: dict[int | None, tuple[pd.DataFrame, ...]], which: int, years: object
) -> pd.DataFrame:
    """Tables of all years one below the other."""
    parts = []
    for year, tables in frames.items():
        part = tables[which].copy()
        known = pd.NA if years is None else year
        part.insert(0, "year", pd.array([known] * len(part), dtype="Int64"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _by_segment(
    groups: _Groups,
    best: FloatArray,
    nearest: ExtensionArray,
    times: FloatArray,
    levels: tuple[float, ...],
) -> pd.DataFrame:
    """Lengths and minutes by segment, who is nearest, and how many get there."""
    count = len(groups.parts)
    held = np.where(groups.segment < count, groups.segment, -1)
    table = _lengths(best, groups.km, held, count, levels)
    table.insert(0, "segment_id", groups.parts["segment_id"].to_numpy())
    own = pd.DataFrame({"segment": held, "site": nearest, "km": groups.km})
    longest = (
        own[(held >= 0) & pd.notna(nearest)]
        .groupby(["segment", "site"], sort=False)["km"].sum()
        .reset_index()
        .sort_values(["segment", "km"], ascending=[True, False], kind="stable")
        .drop_duplicates("segment")
        .set_index("segment")["site"]
    )  # fmt: skip
    table.insert(4, "nearest", longest.reindex(range(count)).array)
    order = np.argsort(held, kind="stable")
    first = np.flatnonzero(np.diff(held[order], prepend=-2))
    number = held[order][first]
    for place, level in enumerate(levels):
        hit = np.logical_or.reduceat(times[:, order] <= level, first, axis=1)
        sites = np.zeros(count, dtype=np.int64)
        sites[number[number >= 0]] = hit.sum(axis=0)[number >= 0]
        table.insert(5 + place, f"sites_{level:g}", sites)
    return table


def _cells(
    border: gpd.GeoDataFrame,
    targets: Targets,
    best: FloatArray,
    nearest: ExtensionArray,
    counts: dict[str, IntArray],
) -> gpd.GeoDataFrame:
    """Cells of the border with what is known of them."""
    table = cut_border(
        border, targets.line, targets.start_m, targets.end_m,
        lines=polylines(border.geometry.array),
    )  # fmt: skip
    where = table.columns.get_loc("geometry")
    columns = {"minutes": best, "site": nearest, **counts}
    for name, values in reversed(columns.items()):
        table.insert(where, name, values)
    return table
