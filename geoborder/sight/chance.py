"""How sure sight is: heights, refraction and places of sites with their errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat

import geopandas as gpd
import numpy as np
from scipy.sparse import csr_array

from geoborder.errors import GeoborderWarning
from geoborder.geodesy import IntArray, forward
from geoborder.sight.detection import detection_probability
from geoborder.sight.fields import (
    Spectrum,
    decompose,
    error_field,
    field_of,
    require_errors,
)
from geoborder.sight.lines import SightLines, reach_of, sight_lines
from geoborder.sight.pairs import (
    DEFAULTS,
    options_of,
    site_table,
)
from geoborder.tables import LONLAT, lonlat_of
from geoborder.terrain import Dem, DemLike, as_dem
from geoborder.terrain.dem import cut_cells

__all__ = ["detection_probability", "draws", "error_field", "sight_probability"]

Box = tuple[int, int, int, int]
Window = tuple[Dem, Spectrum]

_FAR_SD = 8.0
"""Windows have room for sites that are moved by so many standard deviations."""

_REGION = 2048
"""Sites are taken by squares of so many cells."""

_KEPT = 2**26
"""Windows of up to so many cells in all are kept between draws."""

_REFRACTION = (-2.0, 0.99)
"""What coefficients of refraction may be."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Sites, the targets they may reach, and the cells in between; None: nowhere."""

    sites: IntArray
    targets: IntArray
    box: Box | None


@dataclass(frozen=True, slots=True)
class _Spread:
    """Standard deviations of everything that errs."""

    dem_m: float
    correlation_m: float
    refraction: float
    position_m: float


def draws(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    samples: int = 100,
    seed: int = 0,
    dem_sd_m: float,
    correlation_m: float,
    refraction_sd: float = 0.0,
    position_sd_m: float = 0.0,
    **options: float | None,
) -> Iterator[SightLines]:
    """
    Draw errors over and over, and find which sites see which targets.

    Parameters
    ----------
    sites, targets, dem, samples, seed, dem_sd_m, correlation_m, refraction_sd
        As for `sight_probability`.
    position_sd_m, **options
        As for `sight_probability`.

    Returns
    -------
    iterator of SightLines
        One per draw. Pairs left unknown are told there, not warned of.

    Raises
    ------
    DataError, OptionError
        As `sight_probability` does, at once.

    Notes
    -----
    The noise belongs to the cells of the DEM and the number of the draw, so the
    same ground errs alike whatever sites are asked for (where windows differ, to
    within exp(-5) of the standard deviation).
    """
    require_errors(
        samples=samples,
        seed=seed,
        dem_sd_m=dem_sd_m,
        correlation_m=correlation_m,
        refraction_sd=refraction_sd,
        position_sd_m=position_sd_m,
    )
    at = gpd.points_from_xy(*lonlat_of(targets, name="targets"), crs=LONLAT)
    place = lonlat_of(sites, name="sites", near=targets, near_name="targets")
    own = gpd.GeoDataFrame(
        options_of(sites, **(DEFAULTS | options)),
        geometry=gpd.points_from_xy(*place),
        crs=LONLAT,
    )
    spread = _Spread(dem_sd_m, correlation_m, refraction_sd, position_sd_m)
    ground, there = as_dem(dem), gpd.GeoSeries(at)
    if dem_sd_m == refraction_sd == position_sd_m == 0.0:
        return repeat(_look(own, there, ground), int(samples))
    return _draws(own, there, ground, spread, int(samples), int(seed))


def sight_probability(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    samples: int = 100,
    seed: int = 0,
    dem_sd_m: float,
    correlation_m: float,
    refraction_sd: float = 0.0,
    position_sd_m: float = 0.0,
    **options: float | None,
) -> csr_array:
    """
    Estimate how probable it is that sites see targets.

    Parameters
    ----------
    sites, targets, dem
        As for `line_of_sight`. Not modified. Only windows of the DEM within the
        sites' range are read.
    samples
        Draws. The standard error of a probability p is sqrt(p (1 - p) / `samples`).
    seed
        Same seed, same result.
    dem_sd_m
        Standard deviation of the DEM's heights, in metres. Errors are a Gaussian
        field, one per draw, that moves sites and targets with the ground.
    correlation_m
        Distance at which their correlation has fallen to 1/e, in metres: over the
        distance h it is exp(-h / `correlation_m`). 0: cells are independent.
    refraction_sd
        Standard deviation of the coefficient of refraction: one per draw.
    position_sd_m
        Standard deviation of a site's place to the east and to the north, in
        metres: one per draw and site.
    **options
        As for `line_of_sight`.

    Returns
    -------
    csr_array of float64
        Shape (sites, targets): share of the draws in which the pair is seen,
        stored where it is above 0.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is missing or out of its limits.

    Warns
    -----
    GeoborderWarning
        If nodata leaves pairs unknown, with their share; they do not count as
        seen.

    References
    ----------
    Fisher, P. F. (1992). First experiments in viewshed uncertainty: simulating
    fuzzy viewsheds. Photogrammetric Engineering and Remote Sensing 58(3), 345-352.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, sight_probability
    >>> border = load_border()
    >>> kilometres = [500.0, 504.0, 505.0, 506.0]
    >>> targets = gpd.GeoSeries(point_at(border, kilometres), crs=4326)
    >>> sight_probability(
    ...     targets.iloc[:1],
    ...     targets,
    ...     dem=open_dem(),
    ...     range_km=10,
    ...     mast_m=10,
    ...     dem_sd_m=20,
    ...     correlation_m=2000,
    ... ).toarray()
    array([[1. , 1. , 0.6, 0. ]])
    """
    ground = as_dem(dem)
    counts = csr_array((len(sites), len(targets)), dtype=np.int64)
    unknown = in_range = 0
    for lines in draws(
        sites,
        targets,
        dem=ground,
        samples=samples,
        seed=seed,
        dem_sd_m=dem_sd_m,
        correlation_m=correlation_m,
        refraction_sd=refraction_sd,
        position_sd_m=position_sd_m,
        **options,
    ):
        counts += lines.seen.astype(np.int64)
        unknown += lines.unknown.nnz
        in_range += int(lines.in_range.sum())
    if unknown:
        text = (
            f"Elevation {ground.source!r} leaves {unknown / in_range:.1%} of the pairs "
            f"in range unknown; they do not count as seen."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=2)
    counts.sort_indices()
    return counts / int(samples)


def _draws(
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoSeries,
    dem: Dem,
    spread: _Spread,
    samples: int,
    seed: int,
) -> Iterator[SightLines]:
    """Draw by draw, lines of sight over ground, with sites, that err."""
    whole = _Region(np.arange(len(sites)), np.arange(len(targets)), None)
    regions = _regions(sites, targets, dem, spread) if spread.dem_m else [whole]
    cells = sum(
        (b - t) * (r - w) for t, w, b, r in (x.box or (0, 0, 0, 0) for x in regions)
    )
    kept: list[Window | None] | None = None
    if cells <= _KEPT:
        kept = [_window(dem, region.box, spread) for region in regions]
    for draw in range(samples):
        key = np.random.SeedSequence(seed, spawn_key=(draw,))
        moved = _moved(sites, spread, np.random.default_rng(key))
        parts = []
        for number, region in enumerate(regions):
            window = _window(dem, region.box, spread) if kept is None else kept[number]
            ground = dem
            if window is not None and region.box is not None:
                calm, spectrum = window
                field = field_of(spectrum, corner=region.box[:2], seed=seed, draw=draw)
                field *= np.float32(spread.dem_m)
                field += calm.heights_m
                ground = replace(calm, heights_m=field)
            own, there = moved.iloc[region.sites], targets.iloc[region.targets]
            parts.append(_look(own, there, ground))
        yield _joined(regions, parts, (len(sites), len(targets)))


def _window(dem: Dem, box: Box | None, spread: _Spread) -> Window | None:
    """Read a window and decompose its errors' covariance."""
    if box is None:
        return None
    top, left, bottom, right = box
    lon, lat = dem.lonlat_at((left + right - 1) / 2.0, (top + bottom - 1) / 2.0)
    cell_m = dem.cell_size_m(float(lon), float(lat))
    shape = bottom - top, right - left
    spectrum = decompose(shape, correlation_m=spread.correlation_m, cell_m=cell_m)
    return cut_cells(dem, *box), spectrum


def _regions(
    sites: gpd.GeoDataFrame, targets: gpd.GeoSeries, dem: Dem, spread: _Spread
) -> list[_Region]:
    """Group sites by squares, with the cells that their lines of sight may cross."""
    lon, lat = sites.geometry.x.to_numpy(), sites.geometry.y.to_numpy()
    options = {name: sites[name].to_numpy(float) for name in DEFAULTS}
    options["range_km"] = options["range_km"] + spread.position_m * _FAR_SD / 1000.0
    across, down = reach_of(dem, site_table(dem, lon, lat, options))
    column, row = dem.cells_at(lon, lat)
    at = dem.cells_at(targets.x.to_numpy(), targets.y.to_numpy())
    size = np.array(dem.shape)
    known = np.isfinite(column + row + across + down)
    square = np.where(known, np.stack((row, column)) // _REGION, np.nan)
    _, own = np.unique(square, axis=1, return_inverse=True, equal_nan=True)
    regions = []
    for number in range(own.max() + 1):
        rows = np.flatnonzero(own.ravel() == number)
        if not known[rows[0]]:
            regions.append(_Region(rows, np.arange(len(targets)), None))
            continue
        low = np.floor([(row - down)[rows].min(), (column - across)[rows].min()])
        high = np.ceil([(row + down)[rows].max(), (column + across)[rows].max()])
        near = (at[1] >= low[0]) & (at[1] <= high[0])
        near &= (at[0] >= low[1]) & (at[0] <= high[1])
        # The raster's edge stays an edge, half a cell beyond its last nodes.
        top, left = np.clip(low, 0, size).astype(int).tolist()
        bottom, right = np.clip(high + 1, 0, size).astype(int).tolist()
        box = (top, left, bottom, right)
        off = bottom <= top or right <= left
        regions.append(_Region(rows, np.flatnonzero(near), None if off else box))
    return regions


def _moved(
    sites: gpd.GeoDataFrame, spread: _Spread, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Sites with a draw's refraction, at the places that the draw puts them."""
    bend = rng.standard_normal() * spread.refraction
    east, north = rng.standard_normal((2, len(sites))) * spread.position_m
    moved = sites.assign(refraction=np.clip(sites["refraction"] + bend, *_REFRACTION))
    if spread.position_m == 0.0:
        return moved
    lon, lat, _ = forward(
        sites.geometry.x.to_numpy(),
        sites.geometry.y.to_numpy(),
        np.degrees(np.arctan2(east, north)),
        np.hypot(east, north),
    )
    return moved.set_geometry(gpd.points_from_xy(lon, lat, crs=LONLAT))


def _look(sites: gpd.GeoDataFrame, targets: gpd.GeoSeries, dem: Dem) -> SightLines:
    """Lines of sight without a word on what is unknown."""
    if len(targets) == 0:
        none = csr_array((len(sites), 0), dtype=bool)
        return SightLines(none, none, np.zeros(len(sites), dtype=np.int64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeoborderWarning)
        return sight_lines(sites, targets, dem=dem)


def _joined(
    regions: list[_Region], parts: list[SightLines], shape: tuple[int, int]
) -> SightLines:
    """Put what regions saw together."""
    in_range = np.zeros(shape[0], dtype=np.int64)
    for region, part in zip(regions, parts, strict=True):
        in_range[region.sites] = part.in_range

    def join(matrices: list[csr_array]) -> csr_array:
        pairs = []
        for region, matrix in zip(regions, matrices, strict=True):
            site, target = matrix.tocoo().coords
            pairs.append((region.sites[site], region.targets[target]))
        site, target = (np.concatenate(index) for index in zip(*pairs, strict=True))
        seen = csr_array((np.ones(site.size, dtype=bool), (site, target)), shape=shape)
        seen.sort_indices()
        return seen

    return SightLines(
        seen=join([part.seen for part in parts]),
        unknown=join([part.unknown for part in parts]),
        in_range=in_range,
    )
