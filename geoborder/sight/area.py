"""Viewsheds: what one site or many see of a whole area."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from affine import Affine
from matplotlib import colormaps
from pyproj import CRS

from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.files import write_raster
from geoborder.geodesy import FloatArray, IntArray
from geoborder.sight import rays, sweep
from geoborder.sight.lines import reach_of, tile_tops
from geoborder.sight.pairs import (
    DEFAULTS,
    derivatives,
    options_of,
    site_table,
)
from geoborder.tables import LONLAT, lonlat_of
from geoborder.terrain import Dem, DemLike, as_dem
from geoborder.terrain.dem import shifted

Method = Literal["r3", "fan", "screen"]
Result = Literal["count", "binary", "first", "height", "angle"]

_FANS = {"fan": (3.0, 0.25), "screen": (1.0, 0.0)}
"""
Rays per cell of the widest ring, and how near the horizon cells are in doubt, as a
share of the horizon's change from ray to ray.
"""

_KINDS = {"height": sweep.HEIGHT, "angle": sweep.ANGLE}

_NODATA: dict[Result, float] = {
    "count": 65535,
    "binary": 255,
    "first": -1,
    "height": np.nan,
    "angle": np.nan,
}
_UNITS = {"height": "m", "angle": "deg"}

_MOST_SITES = 65_534
"""As many as a count can tell from nodata."""


@dataclass(frozen=True, slots=True)
class Viewshed:
    """
    What sites see of an area, on the grid of the DEM.

    Attributes
    ----------
    values : ndarray
        Shape (rows, columns); see `viewshed` for what they are.
    transform : Affine
        From (column, row) of a cell's upper left corner to coordinates.
    crs : pyproj.CRS
        CRS of those coordinates: the DEM's.
    nodata : float
        Value of cells without an answer.
    result : str
        What the values are.
    method : str
        How they were worked out.

    Examples
    --------
    >>> import geoborder as gb
    >>> sites = gb.point_at(gb.load_border(), [500, 510])
    >>> view = gb.viewshed(sites, dem=gb.open_dem(), range_km=15, mast_m=24)
    >>> view.values.shape, view.crs.to_string(), view.nodata
    ((47, 54), 'EPSG:4326', 65535)
    >>> [int((view.values == n).sum()) for n in (1, 2)]  # cells seen by one, by both
    [170, 26]
    """

    values: npt.NDArray[Any]
    transform: Affine
    crs: CRS
    nodata: float
    result: Result
    method: Method


def viewshed(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    method: Method = "fan",
    result: Result = "count",
    **options: float | None,
) -> Viewshed:
    """
    Find what one site or many see of the area around them.

    Parameters
    ----------
    sites
        Points in any CRS. Not modified. Columns override options, as for
        `line_of_sight`.
    dem
        Elevation, as for `line_of_sight`; only what lies within range of the
        sites is read.
    method
        ``fan``: rays that keep the horizon, and an exact march to the cells that
        lie between the horizons of two of them; ``r3``: an exact march to every
        cell; ``screen``: the rays alone, fewer of them, for a first look.
    result
        ``count``: how many sites see the cell; ``binary``: 1 where any does;
        ``first``: the row of the first site that does, counted from 0;
        ``height``: the lowest height above the ground that any site sees, in
        metres; ``angle``: the elevation angle of the horizon before the cell, in
        degrees, the lowest of any site. Methods other than ``r3`` take the
        horizon for heights and angles from the rays: where ``fan`` settles a count
        exactly, its height may differ a little from what that says.
    **options
        ``range_km``, ``mast_m``, ``target_m`` and the rest, as for
        `line_of_sight`.

    Returns
    -------
    Viewshed
        Cells whose ground is nodata, and cells that no site sees but one might
        if the nodata on the way were known, hold its ``nodata``; so do cells out
        of range of all sites where the result is ``first``, ``height`` or
        ``angle``.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is missing or out of its limits, or there are more than
        65,534 sites.

    Warns
    -----
    GeoborderWarning
        If sites stand where there is no elevation, with their number.

    Notes
    -----
    The definition is that of `line_of_sight`, with cell centres as targets.
    Distances and the bend of paths over the grid are worked out to second order
    at each site. Rays of ``fan`` and ``screen`` look at the ground where they cross the
    grid's columns, or its rows in the sectors north and south: they may look through
    a wall one cell thin that ``r3`` does not. Agreement of the methods with each
    other, with GDAL and with GRASS is measured in
    ``tests/oracles/test_viewshed_peers.py``.

    References
    ----------
    Franklin, W. R., Ray, C. (1994). Higher isn't necessarily better: visibility
    algorithms and experiments. In Waugh, T. C., Healey, R. G. (eds), Advances in GIS
    Research: Sixth International Symposium on Spatial Data Handling, 751-770. Taylor &
    Francis: R2 and R3.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, viewshed
    >>> site = gpd.GeoSeries([point_at(load_border(), 500)], crs=4326)
    >>> view = viewshed(site, dem=open_dem(), range_km=15, mast_m=24, target_m=1.7)
    >>> view.values.shape, int((view.values == 1).sum())
    ((39, 48), 126)
    """
    if method not in ("r3", *_FANS):
        msg = f"`method` must be 'fan', 'r3' or 'screen', got {method!r}."
        raise OptionError(msg)
    if result not in _NODATA:
        msg = f"`result` must be one of {', '.join(_NODATA)}, got {result!r}."
        raise OptionError(msg)
    ground = as_dem(dem)
    rows, columns = ground.shape
    corners = ground.lonlat_at(
        np.array([0.0, columns, 0.0, columns]), np.array([0.0, 0.0, rows, rows])
    )
    near = gpd.GeoSeries(gpd.points_from_xy(*corners), crs=LONLAT)
    lon, lat = lonlat_of(sites, name="sites", near=near, near_name="the elevation")
    if lon.size > _MOST_SITES:
        msg = f"`sites` may have {_MOST_SITES:,} rows at most, got {lon.size:,}."
        raise OptionError(msg)
    table = site_table(ground, lon, lat, options_of(sites, **(DEFAULTS | options)))
    table = np.concatenate((table, _metres(ground, lon, lat, table)), axis=1)
    reach = reach_of(ground, table)
    corner, margin, grid = _window(ground, table, reach)
    without = int(np.isnan(table[:, rays.EYE]).sum())
    if without:
        text = (
            f"{without} of {lon.size} sites stand where elevation {ground.source!r} "
            f"has no data: what they see is unknown."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=2)
    marks = _Marks.of(grid.shape, result, len(table))
    kind = _KINDS.get(result, sweep.MARK)
    if method == "r3":
        _march(grid, corner, table, reach, kind, marks)
    else:
        _sweep(grid, corner, table, _FANS[method], kind, marks)
    values = marks.values_of(result, np.isnan(grid))[margin[1] :, margin[0] :]
    transform = shifted(ground.transform, corner[0] + margin[0], corner[1] + margin[1])
    return Viewshed(values, transform, ground.crs, _NODATA[result], result, method)


def write_viewshed(view: Viewshed, path: str | Path) -> Path:
    """
    Write a viewshed as a cloud-optimised GeoTIFF, finished or absent.

    Parameters
    ----------
    view
        The viewshed.
    path
        File to write or replace; its folder must exist.

    Returns
    -------
    Path
        The file: with CRS, nodata, a description of the band, overviews where it is
        large, and a colour table where the result is ``count`` or ``binary``.

    Raises
    ------
    OptionError
        If it cannot be written, or does not end in ``.tif``; an earlier file is
        untouched.

    Examples
    --------
    >>> import tempfile
    >>> import rasterio
    >>> import geoborder as gb
    >>> site = gb.point_at(gb.load_border(), [500])
    >>> view = gb.viewshed(site, dem=gb.open_dem(), range_km=15, mast_m=24)
    >>> file = gb.write_viewshed(view, tempfile.mkdtemp() + "/seen.tif")
    >>> with rasterio.open(file) as raster:
    ...     raster.crs.to_string(), raster.dtypes, raster.descriptions
    ('EPSG:4326', ('uint16',), ('count, method fan',))
    """
    table = None
    if view.result in {"count", "binary"}:
        table = _colours(view.values, view.nodata)
    return write_raster(
        view.values,
        Path(path),
        transform=view.transform,
        crs=view.crs,
        nodata=view.nodata,
        description=f"{view.result}, method {view.method}",
        unit=_UNITS.get(view.result, ""),
        colours=table,
    )


def _colours(values: npt.NDArray[Any], nodata: float) -> dict[int, tuple[int, ...]]:
    """Colour of each count: pale for 0, grey for nodata, a scale in between."""
    most = max(int(values[values != nodata].max(initial=1)), 1)
    scale = colormaps["viridis"](np.linspace(0.85, 0.15, most), bytes=True)
    table = {n + 1: tuple(int(c) for c in colour) for n, colour in enumerate(scale)}
    return {0: (235, 235, 235, 255), **table, int(nodata): (128, 128, 128, 255)}


@dataclass(frozen=True, slots=True)
class _Marks:
    """Flat rasters that a sweep adds to; those not asked for have no cells."""

    shape: tuple[int, int]
    count: npt.NDArray[Any]
    first: npt.NDArray[np.int32]
    unknown: npt.NDArray[np.bool_]
    lowest: npt.NDArray[np.float32]

    @classmethod
    def of(cls, shape: tuple[int, int], result: Result, sites: int) -> _Marks:
        """Make rasters with nothing in them; as small as counts allow."""
        size, marks = shape[0] * shape[1], result not in _KINDS
        return cls(
            shape,
            np.zeros(size if marks else 0, np.min_scalar_type(sites)),
            np.full(size if result == "first" else 0, np.iinfo(np.int32).max, np.int32),
            np.zeros(size if marks else 0, np.bool_),
            np.full(0 if marks else size, np.nan, np.float32),
        )

    def fresh(self) -> _Marks:
        return _Marks(
            self.shape,
            np.zeros_like(self.count),
            np.full_like(self.first, np.iinfo(np.int32).max),
            np.zeros_like(self.unknown),
            np.full_like(self.lowest, np.nan),
        )

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return self.count, self.first, self.unknown, self.lowest

    def add(self, other: _Marks) -> None:
        np.add(self.count, other.count, out=self.count)
        np.minimum(self.first, other.first, out=self.first)
        np.logical_or(self.unknown, other.unknown, out=self.unknown)
        np.fmin(self.lowest, other.lowest, out=self.lowest)

    def values_of(self, result: Result, hole: npt.NDArray[np.bool_]) -> Any:  # noqa: ANN401
        """Turn what was added up into the result, with its nodata."""
        if result in _KINDS:
            return np.where(hole, np.float32(np.nan), self.lowest.reshape(self.shape))
        count = self.count.reshape(self.shape)
        open_ = hole
        if self.unknown.any():
            open_ = hole | (self.unknown.reshape(self.shape) & (count == 0))
        values: Any = count.astype(np.uint16)
        if result == "first":
            values, open_ = self.first.reshape(self.shape), open_ | (count == 0)
        elif result == "binary":
            values = np.minimum(count, 1).astype(np.uint8)
        if open_.any():
            values[open_] = _NODATA[result]
        return values


def _metres(
    dem: Dem, lon: FloatArray, lat: FloatArray, table: FloatArray
) -> FloatArray:
    """
    Metres per cell at each site, and the bend of paths there, exactly.

    Sets the bend in the table, which holds it for a place nearby.
    """
    first, second = derivatives(dem, lon, lat)
    table[:, rays.BEND : rays.BEND + 6] = second
    inverse = np.linalg.inv(first)
    return np.asarray(inverse.reshape(-1, 4))


def _window(
    dem: Dem, table: FloatArray, reach: tuple[FloatArray, FloatArray]
) -> tuple[tuple[int, int], tuple[int, int], npt.NDArray[np.float32]]:
    """Heights within range of all sites, and the margin that whole tiles add."""
    across, down = reach
    column, row = table[:, rays.COLUMN], table[:, rays.ROW]
    left = max(int(np.floor((column - across).min())), 0)
    top = max(int(np.floor((row - down).min())), 0)
    right = min(int(np.ceil((column + across).max())) + 1, dem.shape[1])
    bottom = min(int(np.ceil((row + down).max())) + 1, dem.shape[0])
    if right <= left or bottom <= top:
        msg = f"Elevation {dem.source!r} does not reach within range of the sites."
        raise DataError(msg)
    margin = left % rays.TILE, top % rays.TILE
    left, top = left - margin[0], top - margin[1]
    whole = (top, left, bottom, right) == (0, 0, *dem.shape)
    if whole and isinstance(dem.heights_m, np.ndarray):  # as it is, not a copy
        grid = np.ascontiguousarray(dem.heights_m, dtype=np.float32)
    else:
        grid = dem.read(top, left, bottom, right)
    return (left, top), margin, grid


def _sweep(
    grid: npt.NDArray[np.float32],
    corner: tuple[int, int],
    table: FloatArray,
    fan: tuple[float, float],
    kind: int,
    marks: _Marks,
) -> None:
    """Share sites out to threads, each with rasters of its own."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        tops = tile_tops(grid, pool)

        def work(part: IntArray, own: _Marks) -> None:
            sweep.sweep(grid, tops, corner, table[part], part, *fan, kind, own.arrays())

        parts = [p for p in np.array_split(np.arange(len(table)), workers) if p.size]
        owns = [marks, *(marks.fresh() for _ in parts[1:])]
        list(pool.map(work, parts, owns))
        for own in owns[1:]:
            marks.add(own)


def _march(
    grid: npt.NDArray[np.float32],
    corner: tuple[int, int],
    table: FloatArray,
    reach: tuple[FloatArray, FloatArray],
    kind: int,
    marks: _Marks,
) -> None:
    """March to all cells in reach, site after site, by bands that no two share."""
    rows, columns = grid.shape
    workers = os.cpu_count() or 1
    across, down = reach
    column, row = table[:, rays.COLUMN] - corner[0], table[:, rays.ROW] - corner[1]
    left = np.clip(np.floor(column - across), 0, columns).astype(int)
    right = np.clip(np.ceil(column + across) + 1, 0, columns).astype(int)
    top = np.clip(np.floor(row - down), 0, rows).astype(int)
    bottom = np.clip(np.ceil(row + down) + 1, 0, rows).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        tops = tile_tops(grid, pool)

        def work(site: int, first: int, last: int) -> None:
            window = first, int(left[site]), last, int(right[site])
            sweep.march_cells(
                grid, tops, corner, table[site], site, window, kind, marks.arrays()
            )

        for site in range(len(table)):
            bands = np.linspace(top[site], bottom[site], 4 * workers + 1).astype(int)
            list(pool.map(partial(work, site), bands, bands[1:]))
