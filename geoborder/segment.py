"""Segments: the border line cut into stretches, and what they are like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.chainage import cut_border, from_official, measure_border
from geoborder.distance import nearest_sites
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    Polylines,
    interpolate,
    inverse,
    polylines,
)
from geoborder.nearest import edge_tree, find_feet
from geoborder.tables import (
    POLYGONS,
    SEGMENTS,
    UNITS,
    require_columns,
    require_layer,
    require_not_swapped,
    require_segments,
    validate,
)
from geoborder.terrain import Dem, downslope_deg, equal_steps, open_dem, terrain_at

_SAMPLE_M = 250.0
"""Greatest spacing at which a segment's heights and units are sampled."""

SIDES = ("left", "right")

_UNIT_COLUMNS = ("left_unit", "right_unit")

_SAME_PLACE_M = 0.5
"""Breaks nearer to each other than this are one."""


def segment_border(
    border: gpd.GeoDataFrame,
    *,
    length_km: float | None = None,
    count: int | None = None,
    breaks_km: Iterable[float] | None = None,
    units: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """
    Cut a border into segments.

    The options add up: with a length and units, the line is cut at every
    multiple of the length and wherever the unit on either side changes.

    Parameters
    ----------
    border
        One border or several; each is cut from its own start.
    length_km
        Cut at each multiple of this chainage, in km; what is left over is the
        last segment. Not together with `count`.
    count
        Cut each line into this many equal parts.
    breaks_km
        Cut at these chainages, in km (official ones, if the border is
        calibrated). Those outside a line are refused.
    units
        Administrative units on one or both sides, with columns ``unit_id``,
        ``name``, ``country``. Cut where the nearest unit changes, and name the
        units in columns ``left_unit_id``, ``left_unit``, ``right_unit_id``,
        ``right_unit``.

    Returns
    -------
    GeoDataFrame
        A row per segment in order along the border: ``segment_id`` (from 1),
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, official
        chainage where the border is calibrated, units where given,
        ``geometry`` (EPSG:4326). Segments partition the line: each starts on
        the coordinates where the one before ends.

    Raises
    ------
    OptionError
        If an option is out of range, or length and count are both given.

    Examples
    --------
    >>> from geoborder import load_border, segment_border
    >>> segments = segment_border(load_border(), length_km=500)
    >>> segments[["segment_id", "start_km", "end_km"]].round(2)
       segment_id  start_km   end_km
    0           1       0.0   500.00
    1           2     500.0  1000.00
    2           3    1000.0  1343.96
    """
    _require_options(length_km, count)
    table, lines = measure_border(border)
    along = [] if units is None else _units_along(table, lines, units)
    breaks = None if breaks_km is None else _own_chainage_m(table, lines, breaks_km)
    places = []
    for row, length in enumerate(lines.length_m):
        cuts = [np.array([0.0, length])]
        if length_km is not None:
            cuts.append(np.arange(0.0, length, length_km * 1000.0))
        if count is not None:
            cuts.append(np.linspace(0.0, length, count + 1))
        if breaks is not None:
            cuts.append(breaks)
        if along:
            cuts.extend(runs.starts_m for runs in along[row].values())
        places.append(_distinct(np.concatenate(cuts), length))
    row_of = np.repeat(np.arange(len(table)), [cuts.size - 1 for cuts in places])
    starts = np.concatenate([cuts[:-1] for cuts in places])
    ends = np.concatenate([cuts[1:] for cuts in places])
    segments = cut_border(table, row_of, starts, ends, lines=lines)
    segments.insert(0, "segment_id", np.arange(1, len(segments) + 1))
    for side in SIDES if along else ():
        names = pd.concat(
            [
                runs[side].at((starts + ends)[row_of == row] / 2.0)[["unit_id", "name"]]
                if side in runs
                else pd.DataFrame(
                    None, np.arange((row_of == row).sum()), ["unit_id", "name"]
                )
                for row, runs in enumerate(along)
            ]
        )
        for column, source in (
            (f"{side}_unit_id", "unit_id"),
            (f"{side}_unit", "name"),
        ):
            where = segments.columns.get_loc("geometry")
            segments.insert(where, column, names[source].to_numpy(dtype=object))
    return segments


def _require_options(length_km: float | None, count: int | None) -> None:
    if length_km is not None and count is not None:
        msg = "Give `length_km` or `count`, not both."
        raise OptionError(msg)
    if length_km is not None and not (np.isfinite(length_km) and length_km > 0.001):  # noqa: PLR2004 - a metre
        msg = f"`length_km` must be finite and more than 0.001, got {length_km!r}."
        raise OptionError(msg)
    if count is not None and (int(count) != count or count < 1):
        msg = f"`count` must be a whole number of at least 1, got {count!r}."
        raise OptionError(msg)


def _own_chainage_m(
    border: gpd.GeoDataFrame, lines: Polylines, breaks_km: Iterable[float]
) -> FloatArray:
    """Break points in metres along the line."""
    breaks = np.asarray(list(breaks_km), dtype=float)
    if "calibration" in border.columns:
        breaks = from_official(border, breaks)
    longest = float(lines.length_m.max()) / 1000.0
    off = np.flatnonzero(~((breaks >= 0.0) & (breaks <= longest + 1e-6)))
    if off.size:
        msg = (
            f"`breaks_km` must lie between 0 and the border's {longest:.3f} km, got "
            f"{breaks[off[0]]:g}."
        )
        raise OptionError(msg)
    return breaks * 1000.0


def _distinct(places: FloatArray, length: float) -> FloatArray:
    """Sorted places on the line, none within half a metre of another."""
    inner = np.sort(
        places[(places > _SAME_PLACE_M) & (places < length - _SAME_PLACE_M)]
    )
    inner = (
        inner[np.append(True, np.diff(inner) > _SAME_PLACE_M)] if inner.size else inner
    )
    return np.concatenate(([0.0], inner, [length]))


@dataclass(frozen=True, slots=True)
class _UnitRuns:
    """Runs of one nearest unit along a line, on one side of it."""

    units: gpd.GeoDataFrame
    starts_m: FloatArray
    unit: IntArray

    def at(self, chainage_m: FloatArray) -> pd.DataFrame:
        """Rows of the units at given chainages."""
        run = np.searchsorted(self.starts_m, chainage_m, side="right") - 1
        return self.units.iloc[self.unit[run]]


def _units_along(
    border: gpd.GeoDataFrame, lines: Polylines, units: gpd.GeoDataFrame
) -> list[dict[str, _UnitRuns]]:
    """For each line, the runs of units on the sides where there are any."""
    layer = require_layer(units, name="units", kinds=POLYGONS)
    require_not_swapped(layer, name="units", near=border, near_name="border")
    layer = validate(layer, UNITS, name="units")
    countries = set(border["left"]) | set(border["right"])
    if not layer["country"].isin(countries).any():
        msg = (
            "`units` has no unit of a country beside the border: its `country` "
            f"column must hold some of {', '.join(sorted(countries))}."
        )
        raise DataError(msg)
    found = []
    for row in range(len(border)):
        sides = {}
        for side in SIDES:
            own = layer[layer["country"] == border[side].iloc[row]]
            if not own.empty:
                sides[side] = _unit_runs(lines, row, own)
        found.append(sides)
    return found


def _unit_runs(lines: Polylines, row: int, units: gpd.GeoDataFrame) -> _UnitRuns:
    """
    Find the runs of one nearest unit along a line.

    Units are compared at the middle of each edge, long edges being divided, so
    a change falls on a vertex or is known to within the sample spacing.
    """
    chainage = lines.chainage_m[lines.first[row] : lines.first[row + 1]]
    parts = np.maximum(1, np.ceil(np.diff(chainage) / _SAMPLE_M)).astype(np.int64)
    edge = np.repeat(np.arange(parts.size), parts)
    step = np.arange(edge.size) - np.repeat(np.cumsum(parts) - parts, parts)
    width = (np.diff(chainage) / parts)[edge]
    starts = chainage[edge] + step * width
    lon, lat = interpolate(lines, np.full(edge.size, row), starts + width / 2.0)
    unit = _nearest_unit(lon, lat, units)
    fresh = np.append(True, unit[1:] != unit[:-1])
    return _UnitRuns(units, starts[fresh], unit[fresh])


def _nearest_unit(
    lon: FloatArray, lat: FloatArray, units: gpd.GeoDataFrame
) -> IntArray:
    """Find the unit that holds each point, else the one nearest to it."""
    shapes = units.geometry.array
    parts, unit_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    feet = find_feet(edge_tree(polylines(rings)), lon, lat)
    unit = unit_of_part[part_of_ring[feet.line]]
    # Shapes are asked for points, not points for shapes: GEOS prepares what asks.
    holder, point = shapely.STRtree(shapely.points(lon, lat)).query(
        shapes, predicate="contains"
    )
    unit[point] = holder
    return np.asarray(unit, dtype=np.int64)


def merge_segments(
    segments: gpd.GeoDataFrame, *, min_km: float, like: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """
    Merge segments that are too short into a neighbour.

    Parameters
    ----------
    segments
        Segments that partition their borders. Not modified.
    min_km
        Segments shorter than this are merged, the shortest first, with the
        neighbour on the same border that has most of the values of `like` in
        common; among equals with the shorter one.
    like
        Columns to compare, such as ``right_unit``.

    Returns
    -------
    GeoDataFrame
        Segments numbered anew, with ``border_id``, chainage, units and the
        columns of `like` (a merged segment has those of its longer part). Other
        attributes no longer hold and are left out.

    Raises
    ------
    OptionError
        If the length is not positive.

    Examples
    --------
    >>> from geoborder import load_border, merge_segments, segment_border
    >>> segments = segment_border(load_border(), length_km=500, breaks_km=[1001])
    >>> merge_segments(segments, min_km=5)["length_km"].round(1).tolist()
    [500.0, 500.0, 344.0]
    """
    if not 0.0 < min_km < np.inf:
        msg = f"`min_km` must be positive and finite, got {min_km!r}."
        raise OptionError(msg)
    table = require_segments(segments)
    require_columns(table, like, name="segments")
    units = [c for c in table.columns if c.removesuffix("_id") in _UNIT_COLUMNS]
    kept = [c for c in (*SEGMENTS.columns, *units, *like) if c in table.columns]
    rows = table[[*dict.fromkeys(kept)]].to_dict("records")
    lines = [shapely.get_coordinates(shape) for shape in table.geometry]
    longest = [row["length_km"] for row in rows]  # of the parts that give the values

    def neighbours(place: int) -> list[int]:
        own = rows[place]["border_id"]
        beside = [n for n in (place - 1, place + 1) if 0 <= n < len(rows)]
        return [n for n in beside if rows[n]["border_id"] == own]

    while True:
        short = [
            n
            for n, row in enumerate(rows)
            if row["length_km"] < min_km and neighbours(n)
        ]
        if not short:
            break
        place = min(short, key=lambda n: rows[n]["length_km"])
        into = min(
            neighbours(place),
            key=lambda n: (
                -sum(rows[n][c] == rows[place][c] for c in like),
                rows[n]["length_km"],
            ),
        )
        first, second = sorted((place, into))
        values = rows[first] if longest[first] >= longest[second] else rows[second]
        row = {
            **values,
            "length_km": rows[first]["length_km"] + rows[second]["length_km"],
        }
        for prefix in ("", "official_"):
            if f"{prefix}start_km" in row:
                row[f"{prefix}start_km"] = rows[first][f"{prefix}start_km"]
                row[f"{prefix}end_km"] = rows[second][f"{prefix}end_km"]
        rows[first : second + 1] = [row]
        lines[first : second + 1] = [np.vstack((lines[first], lines[second][1:]))]
        longest[first : second + 1] = [max(longest[first], longest[second])]
    merged = gpd.GeoDataFrame(
        rows, geometry=[shapely.linestrings(xy) for xy in lines], crs=table.crs
    )
    merged["segment_id"] = np.arange(1, len(merged) + 1)
    return validate(merged, SEGMENTS, name="segments")


def describe_segments(
    segments: gpd.GeoDataFrame,
    *,
    dem: Dem | str | Path | Sequence[str | Path] | None = None,
    places: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """
    Add what segments are like.

    Parameters
    ----------
    segments
        Segments as `segment_border` gives them. Not modified.
    dem
        Elevation, open or to be opened (see `open_dem`); heights are taken every
        250 m or closer. Of one on disk only what lies around the segments is
        read.
    places, crossings
        Points in any CRS with a column ``name``.

    Returns
    -------
    GeoDataFrame
        The segments with ``bearing_deg`` (from first to last vertex),
        ``sinuosity`` (length over the distance between the ends); with
        elevation ``elevation_min_m``, ``elevation_mean_m``, ``elevation_max_m``,
        ``relief_m`` (highest less lowest), ``slope_deg`` (mean along the line, as
        one who walks it climbs or descends), ``terrain_slope_deg`` (mean of the
        ground's steepest slope), ``aspect_deg`` (where the ground falls to on the
        whole: azimuth of the mean downslope vector, that is, of the aspects
        weighted by how steep it is; NaN where flat), ``ruggedness_m`` (mean of
        the terrain ruggedness index, which grows with the size of cells) and
        ``kind`` (``mountain`` where most samples are mountains by the
        definition of UNEP-WCMC, else ``lowland``; ``unknown`` without heights);
        ``nearest_place``, ``place_km``, ``nearest_crossing``, ``crossing_km``
        where points are given (geodesic distance to the segment, in km).

    Raises
    ------
    DataError
        If a layer or the elevation is unusable, or points have no ``name``.

    References
    ----------
    Kapos, V., Rhind, J., Edwards, M., Price, M. F., Ravilious, C. (2000). Developing a
    map of the world's mountain forests. In Forests in Sustainable Mountain
    Development, CABI: UNEP-WCMC's definition of mountains.

    Riley, S. J., DeGloria, S. D., Elliot, R. (1999). A terrain ruggedness index that
    quantifies topographic heterogeneity. Intermountain Journal of Sciences 5(1-4).

    Examples
    --------
    >>> from geoborder import describe_segments, load_border, segment_border
    >>> segments = segment_border(load_border(), count=4)
    >>> describe_segments(segments)[["bearing_deg", "sinuosity"]].round(1)
       bearing_deg  sinuosity
    0         75.7        1.7
    1         69.1        2.7
    2        128.0        2.1
    3         84.6        1.7
    """
    described = require_segments(segments).copy()
    lines = polylines(described.geometry.array)
    first, last = lines.first[:-1], lines.first[1:] - 1
    bearing, straight = inverse(
        lines.lon[first], lines.lat[first], lines.lon[last], lines.lat[last]
    )
    added: dict[str, object] = {
        "bearing_deg": bearing % 360.0,
        "sinuosity": lines.length_m / np.maximum(straight, 1e-9),
    }
    if dem is not None:
        ground = dem if isinstance(dem, Dem) else open_dem(dem)
        added |= _terrain_of(lines, ground)
    for points, label in ((places, "place"), (crossings, "crossing")):
        if points is not None:
            added |= _nearest_named(described, points, label)
    where = described.columns.get_loc(described.active_geometry_name)
    for column, values in reversed(added.items()):
        described.insert(where, column, values)
    return described


def _terrain_of(lines: Polylines, dem: Dem) -> dict[str, object]:
    """Describe the ground under each line, from samples along it."""
    segment, chainage = equal_steps(lines, _SAMPLE_M)
    samples = terrain_at(dem, *interpolate(lines, segment, chainage))
    rise = samples["height_m"].groupby(segment).diff().abs()
    climb = np.degrees(np.arctan(rise / np.diff(chainage, prepend=np.nan)))
    groups = samples.assign(climb=climb).groupby(segment)
    height = groups["height_m"].agg(["min", "mean", "max"])
    mean = groups[
        ["climb", "slope_deg", "rise_east", "rise_north", "ruggedness_m", "mountain"]
    ].mean()
    kind = np.where(mean["mountain"] > 0.5, "mountain", "lowland")  # noqa: PLR2004 - most
    return {
        "elevation_min_m": height["min"].to_numpy(),
        "elevation_mean_m": height["mean"].to_numpy(),
        "elevation_max_m": height["max"].to_numpy(),
        "relief_m": (height["max"] - height["min"]).to_numpy(),
        "slope_deg": mean["climb"].to_numpy(),
        "terrain_slope_deg": mean["slope_deg"].to_numpy(),
        "aspect_deg": downslope_deg(
            mean["rise_east"].to_numpy(), mean["rise_north"].to_numpy()
        ),
        "ruggedness_m": mean["ruggedness_m"].to_numpy(),
        "kind": np.where(height["mean"].isna(), "unknown", kind),
    }


def _nearest_named(
    segments: gpd.GeoDataFrame, points: gpd.GeoDataFrame, label: str
) -> dict[str, object]:
    """Name and distance of the point nearest to each segment."""
    nearest = nearest_sites(segments, points)
    return {
        f"nearest_{label}": nearest["site"].to_numpy(),
        f"{label}_km": nearest["distance_km"].to_numpy(),
    }
