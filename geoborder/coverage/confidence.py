"""How sure coverage by sight is, given what elevation and sites err by."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from geoborder.chainage import Targets, border_targets, cut_border
from geoborder.coverage.cells import runs, segments_of
from geoborder.coverage.footprint import active_assets, line_and_segments
from geoborder.coverage.sighted import turned
from geoborder.errors import GeoborderWarning
from geoborder.geodesy import (
    MEAN_RADIUS_M,
    BoolArray,
    FloatArray,
    IntArray,
    polylines,
    to_ecef,
)
from geoborder.sight import sight_lines
from geoborder.sight.chance import detection_probability, draws
from geoborder.sight.fields import require_errors
from geoborder.tables import (
    POINTS,
    require_layer,
    require_not_swapped,
)
from geoborder.terrain import DemLike, as_dem

_LIMITS = (0.05, 0.5, 0.95)
"""Where one class of probability ends and the next begins."""

_CLASSES = np.array(("under 5 %", "5 to 50 %", "50 to 95 %", "95 % and more"), object)

_TAILS = (0.05, 0.95)
"""Shares of the draws that lie below the low and the high figure."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """
    How sure it is that a border is seen.

    Attributes
    ----------
    cells : GeoDataFrame
        Equal cells of the border in order: ``border_id``, ``start_km``,
        ``end_km``, ``length_km``, ``seen`` (by `k` assets, if nothing errs),
        ``probability`` (share of the draws in which `k` assets see it),
        ``detection`` (probability that at least one asset detects what is there,
        if they do so independently: the mean over the draws of
        1 - prod(1 - p) over the assets that see it), ``geometry``.
    intervals : GeoDataFrame
        Maximal runs of cells of one class of probability, divided at 0.05, 0.5
        and 0.95: ``border_id``, ``start_km``, ``end_km``, ``length_km``,
        ``probability`` (mean over the length), ``klass``, ``geometry``.
    by_segment : DataFrame
        ``segment_id``, ``length_km`` (of the cells whose middles it holds),
        ``covered_km`` (if nothing errs), ``expected_km`` (mean over the draws),
        ``low_km`` and ``high_km`` (5 % and 95 % of the draws lie below),
        ``detection`` (mean over the length).
    by_draw : DataFrame
        ``covered_km`` of the whole border, indexed by ``draw``.
    year : int or None
        The year described; None where no asset has a year.
    k, samples, seed, dem_sd_m, correlation_m, refraction_sd, position_sd_m
        As given.
    """

    cells: gpd.GeoDataFrame
    intervals: gpd.GeoDataFrame
    by_segment: pd.DataFrame
    by_draw: pd.DataFrame
    year: int | None
    k: int
    samples: int
    seed: int
    dem_sd_m: float
    correlation_m: float
    refraction_sd: float
    position_sd_m: float


@dataclass(frozen=True, slots=True)
class _Tally:
    """Per cell, seen without error and means over draws; per draw, km covered."""

    seen: BoolArray
    probability: FloatArray
    detection: FloatArray
    km: FloatArray
    """Shape (draws, segments + 1); the last column is of no segment."""


def sight_confidence(  # noqa: PLR0913 - what `cover` takes, and what errs
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    dem: DemLike,
    year: int | None = None,
    k: int = 1,
    segments: gpd.GeoDataFrame | None = None,
    target_spacing_km: float = 0.1,
    samples: int = 100,
    seed: int = 0,
    dem_sd_m: float,
    correlation_m: float,
    refraction_sd: float = 0.0,
    position_sd_m: float = 0.0,
) -> Confidence:
    """
    Estimate how sure it is that assets see a border.

    Parameters
    ----------
    border
        One border or several.
    assets
        As for `cover`; only those of mode ``sight`` count. Limited fields without
        an azimuth are turned to where they see most if nothing errs. Not
        modified.
    dem
        Elevation.
    year
        Assets in operation in this year count; by default the last in which one
        starts.
    k
        How many assets must see a place.
    segments
        Segments to sum up by; by default each line is one. A cell belongs to the
        segment that holds its middle.
    target_spacing_km
        Greatest length of a cell; it is seen where its middle is.
    samples, seed, dem_sd_m, correlation_m, refraction_sd, position_sd_m
        As for `sight_probability`.

    Returns
    -------
    Confidence
        Without assets of sight everything is 0.

    Raises
    ------
    DataError
        If a table is unusable, or segments are not of this border.
    OptionError
        If an option is out of its limits.

    Warns
    -----
    GeoborderWarning
        If nodata leaves lines of sight unknown, with their share; they do not
        count as seen.

    Notes
    -----
    In every draw one field of errors moves the ground under all assets and all of
    the border, so figures of a segment are spread as far as neighbouring cells,
    and assets, err together. Distances for detection are those of the assets'
    own places.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, sight_confidence
    >>> border = load_border()
    >>> assets = gpd.GeoDataFrame(
    ...     {
    ...         "asset_id": ["A"],
    ...         "mode": ["sight"],
    ...         "range_km": [10.0],
    ...         "mast_m": [20.0],
    ...         "detection_50_km": [8.0],
    ...     },
    ...     geometry=[point_at(border, 500)],
    ...     crs="EPSG:4326",
    ... )
    >>> found = sight_confidence(
    ...     border,
    ...     assets,
    ...     dem=open_dem(),
    ...     dem_sd_m=20,
    ...     correlation_m=2000,
    ...     target_spacing_km=0.5,
    ...     samples=20,
    ... )
    >>> found.by_segment.drop(columns=["segment_id", "length_km", "detection"]).round(1)
       covered_km  expected_km  low_km  high_km
    0         9.5          9.2     9.0      9.5
    """
    table, parts = line_and_segments(border, segments, k=k)
    targets = border_targets(table, spacing_km=target_spacing_km)
    own, chosen = _watching(active_assets(assets), table, year)
    segment = segments_of(targets, table, parts)
    errors = {
        "dem_sd_m": dem_sd_m,
        "correlation_m": correlation_m,
        "refraction_sd": refraction_sd,
        "position_sd_m": position_sd_m,
    }
    require_errors(samples=samples, seed=seed, **errors)
    ground = as_dem(dem)
    nothing = csr_array((0, targets.line.size), dtype=bool)
    plain = nothing
    drawn: Iterable[csr_array] = repeat(nothing, int(samples))
    if len(own):
        with warnings.catch_warnings():  # what is unknown is told below, once
            warnings.simplefilter("ignore", GeoborderWarning)
            own = turned(own, targets, dem=ground)
        plain = sight_lines(own, targets.points, dem=ground).seen
        found = draws(
            own, targets.points, dem=ground, samples=samples, seed=seed, **errors
        )
        drawn = (lines.seen for lines in found)
    tally = _tally(plain, drawn, own, targets, segment, (int(k), len(parts)))
    cells = _cells(table, targets, tally)
    return Confidence(
        cells=cells,
        intervals=_intervals(table, targets, cells),
        by_segment=_by_segment(parts, cells, segment, tally),
        by_draw=pd.DataFrame({"covered_km": tally.km.sum(axis=1)}).rename_axis("draw"),
        year=chosen,
        k=int(k),
        samples=int(samples),
        seed=int(seed),
        **errors,
    )


def _watching(
    assets: gpd.GeoDataFrame, border: gpd.GeoDataFrame, year: int | None
) -> tuple[gpd.GeoDataFrame, int | None]:
    """Assets that see in a year, in longitude and latitude, and that year."""
    begun, ends = assets["from_year"], assets["until_year"]
    if year is None and begun.notna().any():
        year = int(begun.max())
    kept = (assets["mode"] == "sight") & assets.geometry.notna()
    if year is not None:
        year = int(year)
        kept &= (begun.isna() | (begun <= year)).astype(bool)
        kept &= (ends.isna() | (ends >= year)).astype(bool)
    own = assets[kept]
    if len(own):
        own = require_layer(own, name="assets", kinds=POINTS)
        require_not_swapped(own, name="assets", near=border, near_name="border")
    return own, year


def _tally(
    plain: csr_array,
    drawn: Iterable[csr_array],
    assets: gpd.GeoDataFrame,
    targets: Targets,
    segment: IntArray,
    sizes: tuple[int, int],
) -> _Tally:
    """Count, draw by draw, how many assets see each cell."""
    k, parts = sizes
    size = targets.line.size
    km = (targets.end_m - targets.start_m) / 1000.0
    eyes, middles = (
        to_ecef(points.x.to_numpy(float), points.y.to_numpy(float))
        for points in (assets.geometry, targets.points)
    )
    half_km = np.full(len(assets), np.inf)
    if "detection_50_km" in assets.columns:
        half_km = assets["detection_50_km"].fillna(np.inf).to_numpy(float)
    times, detection = np.zeros(size), np.zeros(size)
    covered = []
    for seen in drawn:
        site, cell = seen.tocoo().coords
        enough = np.bincount(cell, minlength=size) >= k
        times += enough
        covered.append(np.bincount(segment, km * enough, minlength=parts + 1))
        away = _distance_km(eyes[site], middles[cell])
        p = detection_probability(away, half_km=half_km[site])
        with np.errstate(divide="ignore"):
            missed = np.bincount(cell, np.log1p(-p), minlength=size)
        detection -= np.expm1(missed)
    return _Tally(
        seen=np.bincount(plain.indices, minlength=size) >= k,
        probability=times / len(covered),
        detection=detection / len(covered),
        km=np.array(covered),
    )


def _distance_km(one: FloatArray, other: FloatArray) -> FloatArray:
    """Distance over the globe of places in earth-centred coordinates."""
    chord = np.linalg.norm(other - one, axis=1) / (2.0 * MEAN_RADIUS_M)
    return 2.0 * MEAN_RADIUS_M / 1000.0 * np.arcsin(np.minimum(chord, 1.0))


def _cells(
    border: gpd.GeoDataFrame, targets: Targets, tally: _Tally
) -> gpd.GeoDataFrame:
    """Lay the border's cells out as a table."""
    table = cut_border(
        border,
        targets.line,
        targets.start_m,
        targets.end_m,
        lines=polylines(border.geometry.array),
    )
    where = table.columns.get_loc("geometry")
    table.insert(where, "seen", tally.seen)
    table.insert(where + 1, "probability", tally.probability)
    table.insert(where + 2, "detection", tally.detection)
    return table


def _intervals(
    border: gpd.GeoDataFrame, targets: Targets, cells: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Join neighbouring cells of one class of probability."""
    probability, km = cells["probability"].to_numpy(), cells["length_km"].to_numpy()
    klass = np.digitize(probability, _LIMITS)
    first, last = runs(targets.line, klass)
    table = cut_border(
        border,
        targets.line[first],
        targets.start_m[first],
        targets.end_m[last],
        lines=polylines(border.geometry.array),
    )
    mean = np.add.reduceat(probability * km, first) / np.add.reduceat(km, first)
    where = table.columns.get_loc("geometry")
    table.insert(where, "probability", mean)
    table.insert(where + 1, "klass", _CLASSES[klass[first]])
    return table


def _by_segment(
    segments: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    segment: IntArray,
    tally: _Tally,
) -> pd.DataFrame:
    """Sum cells up by segment."""
    km, size = cells["length_km"].to_numpy(), len(segments)

    def total(values: FloatArray | BoolArray) -> FloatArray:
        return np.asarray(np.bincount(segment, km * values, minlength=size + 1)[:size])

    length = total(np.ones(km.size))
    low, high = np.quantile(tally.km[:, :size], _TAILS, axis=0)
    with np.errstate(invalid="ignore"):  # a segment that holds no cell
        detection = total(tally.detection) / length
    return pd.DataFrame(
        {
            "segment_id": segments["segment_id"],
            "length_km": length,
            "covered_km": total(tally.seen),
            "expected_km": tally.km[:, :size].mean(axis=0),
            "low_km": low,
            "high_km": high,
            "detection": detection,
        }
    )
