"""Lines of sight between sites and targets: who sees what, and from what height."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from geoborder.errors import GeoborderWarning
from geoborder.geodesy import FloatArray, IntArray, forward
from geoborder.sight import march, rays
from geoborder.sight.pairs import (
    DEFAULTS,
    Groups,
    group_targets,
    options_of,
    site_table,
)
from geoborder.tables import lonlat_of
from geoborder.terrain import Dem, DemLike, as_dem

_CHUNK = 64
"""Sites that one call of a kernel works on."""

_REGION = 2048
"""Where heights are on disk, sites are taken by squares of so many cells."""

Float32Array = npt.NDArray[np.float32]
Found = tuple[IntArray, IntArray, npt.NDArray[Any], IntArray]


@dataclass(frozen=True, slots=True)
class SightLines:
    """
    What is known of every pair of site and target.

    Attributes
    ----------
    seen : csr_array of bool
        Shape (sites, targets): in range and field, and no ground in between.
    unknown : csr_array of bool
        Where nodata on the way, or under an end, leaves it open; never seen.
    in_range : ndarray of int
        Targets within each site's range and field, shape (sites,).
    """

    seen: csr_array
    unknown: csr_array
    in_range: IntArray


def line_of_sight(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    range_km: float | None = None,
    mast_m: float | None = None,
    target_m: float = 0.0,
    refraction: float = 0.13,
    **limits: float,
) -> csr_array:
    """
    Find which sites see which targets.

    Parameters
    ----------
    sites, targets
        Points in any CRS. Not modified. Columns of `sites` named like an option
        below override it, site by site, where they have a value.
    dem
        Elevation: an open one, a path, or several (see `open_dem`). A raster too
        large for memory is read by windows.
    range_km
        Greatest geodesic distance, in km.
    mast_m
        Height of the eye above the ground at the site, in metres.
    target_m
        Height above the ground at the target that must be seen, in metres.
    refraction
        Coefficient of refraction: 0.13 for light, 0.25 for radio (the earth of
        4/3 radius), 0 for none.
    **limits
        ``min_range_km`` (0), ``azimuth_deg`` (0) and ``fov_deg`` (360): the middle
        of the field, clockwise from north, and its whole width; ``tilt_min_deg``
        (-90), ``tilt_max_deg`` (90): elevation angles. Ranges may be up to 1,000
        km, heights up to 100 km, refraction from -2 to 0.99, azimuths from -360
        to 360.

    Returns
    -------
    csr_array of bool
        Shape (sites, targets); indices sorted.

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
        seen (`sight_lines` tells them apart).

    Notes
    -----
    A pair is seen if at no place where its path crosses a line of the grid, over
    both axes, the ground stands above the straight line between eye and target.
    The ground between two nodes is linear; the path is the geodesic; the line is
    straight over a sphere with the curvature of the ellipsoid in that azimuth,
    less refraction. This is the method R3 of Franklin and Ray. The DEM is not
    resampled.

    References
    ----------
    Franklin, W. R., Ray, C. (1994). Higher isn't necessarily better: visibility
    algorithms and experiments. In Waugh, T. C., Healey, R. G. (eds), Advances in GIS
    Research: Sixth International Symposium on Spatial Data Handling, 751-770. Taylor &
    Francis.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import line_of_sight, load_border, open_dem, point_at
    >>> border = load_border()
    >>> kilometres = [100.0, 101.0, 102.0, 120.0]
    >>> targets = gpd.GeoSeries(point_at(border, kilometres), crs=4326)
    >>> sites = targets.iloc[:1]
    >>> line_of_sight(
    ...     sites, targets, dem=open_dem(), range_km=5, mast_m=24, target_m=1.7
    ... ).toarray()
    array([[ True,  True,  True, False]])
    """
    return sight_lines(
        sites,
        targets,
        dem=dem,
        range_km=range_km,
        mast_m=mast_m,
        target_m=target_m,
        refraction=refraction,
        **limits,
    ).seen


def sight_lines(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    **options: float | None,
) -> SightLines:
    """
    Tell seen, hidden and unknown pairs apart.

    Parameters
    ----------
    sites, targets, dem
        As for `line_of_sight`.
    **options
        As for `line_of_sight`.

    Returns
    -------
    SightLines
        Pairs in range that are neither seen nor unknown are hidden.

    Raises
    ------
    DataError, OptionError
        As `line_of_sight` does.

    Warns
    -----
    GeoborderWarning
        As `line_of_sight` does.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> points = gb.point_at(gb.load_border(), [100.0, 101.0, 120.0])
    >>> found = gb.sight_lines(
    ...     points[:1], points, dem=gb.open_dem(), range_km=5, mast_m=24, target_m=1.7
    ... )
    >>> found.seen.toarray()
    array([[ True,  True, False]])
    >>> found.in_range  # the third target is too far away
    array([2])
    >>> found.unknown.nnz
    0
    """
    ground = as_dem(dem)
    table, groups = _tables(sites, targets, ground, options)
    site, target, state, counts = _march(
        march.look, ground, table, groups, np.dtype(np.uint8)
    )
    shape = (len(table), len(groups.table))
    seen, unknown = state == rays.SEEN, state == rays.UNKNOWN
    in_range = counts[:, 1]
    if unknown.any():
        share = unknown.sum() / in_range.sum()
        text = (
            f"Elevation {ground.source!r} leaves {share:.1%} of the pairs in range "
            f"unknown; they do not count as seen."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=3)
    return SightLines(
        seen=_matrix(site[seen], target[seen], None, shape),
        unknown=_matrix(site[unknown], target[unknown], None, shape),
        in_range=in_range,
    )


def visible_height(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    **options: float | None,
) -> csr_array:
    """
    Find from what height above the ground targets are seen.

    Parameters
    ----------
    sites, targets, dem
        As for `line_of_sight`.
    **options
        As for `line_of_sight`. ``target_m`` matters only for limits of tilt.

    Returns
    -------
    csr_array of float64
        Shape (sites, targets). Every pair in range and field is stored, those
        that are seen on the ground with an explicit 0. Metres. NaN where there
        is nodata on the way, also where known ground hides the target at a given
        height: from what height it would be seen is not known.

    Raises
    ------
    DataError, OptionError
        As `line_of_sight` does.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, visible_height
    >>> border = load_border()
    >>> targets = gpd.GeoSeries(point_at(border, [850.0, 853.0, 856.0]), crs=4326)
    >>> visible_height(
    ...     targets.iloc[:1], targets, dem=open_dem(), range_km=15, mast_m=10
    ... ).toarray().round()
    array([[ 0.,  0., 32.]])
    """
    ground = as_dem(dem)
    table, groups = _tables(sites, targets, ground, options)
    site, target, lift, _ = _march(
        march.raise_targets, ground, table, groups, np.dtype(np.float64)
    )
    return _matrix(site, target, lift, (len(table), len(groups.table)))


def _tables(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    dem: Dem,
    given: dict[str, float | None],
) -> tuple[FloatArray, Groups]:
    """Check layers and options, and make the kernels' tables of them."""
    at_lon, at_lat = lonlat_of(targets, name="targets")
    lon, lat = lonlat_of(sites, name="sites", near=targets, near_name="targets")
    options = options_of(sites, **(DEFAULTS | given))
    return site_table(dem, lon, lat, options), group_targets(dem, at_lon, at_lat)


def _march(
    kernel: Callable[..., int],
    dem: Dem,
    sites: FloatArray,
    groups: Groups,
    kind: np.dtype[Any],
) -> Found:
    """Run a kernel over all sites: site, target and value of what it found."""
    counts = np.zeros((len(sites), 2), dtype=np.int64)
    found: list[tuple[IntArray, npt.NDArray[Any]]] = []
    order = []

    def work(
        corner: tuple[int, int], grid: Float32Array, tops: Float32Array, rows: IntArray
    ) -> tuple[IntArray, npt.NDArray[Any], IntArray]:
        own = sites[rows]
        room = march.room(own, *groups.spheres)
        target, value = np.empty(room, dtype=np.int32), np.empty(room, dtype=kind)
        count = np.zeros((rows.size, 2), dtype=np.int64)
        size = kernel(
            grid, tops, corner, own, groups.table, groups.spheres, target, value, count
        )
        # Targets in the order of their rows, site by site.
        target = groups.order[target[:size]]
        site = np.repeat(np.arange(rows.size), count[:, 0])
        order = np.argsort(site * groups.order.size + target)
        return target[order], value[order], count

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for corner, grid, rows in _regions(dem, sites):
            job = partial(work, corner, grid, tile_tops(grid, pool))
            parts = [rows[i : i + _CHUNK] for i in range(0, rows.size, _CHUNK)]
            for part, done in zip(parts, pool.map(job, parts), strict=True):
                target, value, counts[part] = done
                found.append((target, value))
                order.append(part)
    return *_in_order(np.concatenate(order), counts[:, 0], found), counts


def _in_order(
    row: IntArray, count: IntArray, found: list[tuple[IntArray, npt.NDArray[Any]]]
) -> tuple[IntArray, IntArray, npt.NDArray[Any]]:
    """Bring what was found for sites in the order of `row` into the sites' order."""
    begin = np.empty_like(count)
    begin[row] = np.cumsum(count[row]) - count[row]
    ends = np.cumsum(count)
    place = np.arange(count.sum()) + np.repeat(begin - (ends - count), count)
    target, value = (
        np.concatenate(arrays)[place] for arrays in zip(*found, strict=True)
    )
    return np.repeat(np.arange(count.size), count), target, value


def tile_tops(grid: Float32Array, pool: ThreadPoolExecutor) -> Float32Array:
    """Highest node of each tile, worked out in bands of rows."""
    rows, columns = (-(-size // rays.TILE) for size in grid.shape)
    tops = np.empty((rows, columns), dtype=np.float32)
    bands = np.linspace(0, rows, 9).astype(int)
    list(pool.map(lambda b, e: march.tile_tops(grid, tops, b, e), bands, bands[1:]))
    return tops


def _regions(
    dem: Dem, sites: FloatArray
) -> Iterator[tuple[tuple[int, int], Float32Array, IntArray]]:
    """
    Windows of heights and the sites that need no more than them.

    Heights in memory are one window. Windows begin at whole tiles of the DEM.
    """
    column, row = sites[:, rays.COLUMN], sites[:, rays.ROW]
    if isinstance(dem.heights_m, np.ndarray):
        yield (
            (0, 0),
            np.ascontiguousarray(dem.heights_m, dtype=np.float32),
            _by_place(column, row),
        )
        return
    away = np.isnan(sites[:, rays.GROUND])
    if away.any():  # nothing to march over
        nothing = np.full((2, 2), np.nan, dtype=np.float32)
        yield (0, 0), nothing, np.flatnonzero(away)
    square = np.where(away, -1, np.maximum(np.stack((row, column)), 0.0) // _REGION)
    squares, own = np.unique(square, axis=1, return_inverse=True)
    reach = reach_of(dem, sites)
    for number in np.flatnonzero(squares[0] >= 0):
        rows = np.flatnonzero(own == number)
        left = int(np.floor((column - reach[0])[rows].min()))
        top = int(np.floor((row - reach[1])[rows].min()))
        right = int(np.ceil((column + reach[0])[rows].max())) + 2
        bottom = int(np.ceil((row + reach[1])[rows].max())) + 2
        left = max(left, 0) // rays.TILE * rays.TILE
        top = max(top, 0) // rays.TILE * rays.TILE
        bottom, right = min(bottom, dem.shape[0]), min(right, dem.shape[1])
        yield (left, top), dem.read(top, left, bottom, right), rows


def _by_place(column: FloatArray, row: FloatArray) -> IntArray:
    """Sites so ordered that rays of neighbours follow each other."""
    return np.lexsort((row // 256, column // 256))


def reach_of(dem: Dem, sites: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each site's range in columns and in rows, with room to spare."""
    lon = np.degrees(np.arctan2(sites[:, rays.SIN_LON], sites[:, rays.COS_LON]))
    lat = np.degrees(np.arctan2(sites[:, rays.SIN_LAT], sites[:, rays.COS_LAT]))
    reach = np.ones((2, len(sites)))
    for azimuth in range(0, 360, 45):
        at_lon, at_lat, _ = forward(lon, lat, float(azimuth), sites[:, rays.RANGE])
        column, row = dem.cells_at(at_lon, at_lat)
        reach[0] = np.fmax(reach[0], np.abs(column - sites[:, rays.COLUMN]))
        reach[1] = np.fmax(reach[1], np.abs(row - sites[:, rays.ROW]))
    across, down = reach * 1.02 + 2.0
    return across, down


def _matrix(
    site: IntArray,
    target: IntArray,
    value: npt.NDArray[Any] | None,
    shape: tuple[int, int],
) -> csr_array:
    """Sparse matrix of pairs in order; explicit zeros are kept."""
    starts = np.concatenate(([0], np.cumsum(np.bincount(site, minlength=shape[0]))))
    data = np.ones(site.size, dtype=bool) if value is None else value
    return csr_array((data, target, starts), shape=shape)
