"""Elevation on its grid: heights at points, cells, and windows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS, Transformer

from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.tables import LONLAT
from geoborder.terrain.rasters import Float32Array, TiledHeights

Bounds = tuple[float, float, float, float]

_BLOCK = 256
"""Points are looked up in squares of so many cells where heights are on disk."""

_MARGIN = 2
"""Cells around a window."""

_NOTHING = 1e-7
"""A weight less than this is rounding."""


def apply_transform(
    transform: Affine, column: npt.ArrayLike, row: npt.ArrayLike
) -> tuple[Any, Any]:
    """
    Apply an affine transform to arrays.

    Parameters
    ----------
    transform
        The transform.
    column, row
        What it applies to.

    Returns
    -------
    x, y : float or ndarray
        The transformed coordinates.
    """
    u, v = np.asarray(column), np.asarray(row)
    return (
        transform.a * u + transform.b * v + transform.c,
        transform.d * u + transform.e * v + transform.f,
    )


def shifted(transform: Affine, column: float, row: float) -> Affine:
    """
    Move the origin of a transform to another cell.

    Parameters
    ----------
    transform
        From (column, row) to coordinates.
    column, row
        The cell whose upper left corner becomes (0, 0).

    Returns
    -------
    Affine
        The transform of the window that begins at that cell.
    """
    x, y = apply_transform(transform, column, row)
    t = transform
    return Affine(t.a, t.b, float(x), t.d, t.e, float(y))


@dataclass(frozen=True, slots=True)
class Dem:
    """
    A digital elevation model in the CRS and on the grid it was delivered in.

    Attributes
    ----------
    heights_m : ndarray or TiledHeights
        Shape (rows, columns), float32, metres; NaN where there is no data. In
        memory, or on disk and read by windows.
    transform : Affine
        From (column, row) of a cell's upper left corner to coordinates.
    crs : pyproj.CRS
        CRS of those coordinates.
    source : str
        Where it came from.

    Examples
    --------
    >>> import numpy as np
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> dem.shape, dem.crs.to_string()
    ((54, 54), 'EPSG:4326')
    >>> dem.heights_at(np.array([71.553, 60.0]), np.array([37.490, 37.5])).round()
    array([2209.,   nan])
    >>> [round(side) for side in dem.cell_size_m(71.553, 37.490)]
    [737, 925]

    Heights of your own, such as a plane that rises to the east:

    >>> from affine import Affine
    >>> from pyproj import CRS
    >>> metres = np.tile(np.arange(100, dtype=np.float32), (80, 1))
    >>> to_grid = Affine(30, 0, 500_000, 0, -30, 4_150_000)  # cells of 30 m
    >>> plane = gb.Dem(metres, to_grid, CRS("EPSG:32642"), "a plane")
    >>> round(float(gb.slope_deg(plane).heights_m[40, 50]), 2)
    1.91
    """

    heights_m: Float32Array | TiledHeights
    transform: Affine
    crs: CRS
    source: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.heights_m.shape
        return int(rows), int(columns)

    def heights_at(self, lon: FloatArray, lat: FloatArray) -> FloatArray:
        """
        Interpolate heights bilinearly between cell centres.

        Parameters
        ----------
        lon, lat
            Points in degrees on WGS 84, shape (n,).

        Returns
        -------
        ndarray
            Heights in metres, shape (n,); NaN outside, and where a cell that
            the height would depend on has no data. Half a cell at the raster's
            edge has the edge's height.
        """
        return self.heights_between(*self.cells_at(lon, lat))

    def heights_between(self, column: FloatArray, row: FloatArray) -> FloatArray:
        """
        Interpolate heights bilinearly at fractional cell indices.

        Parameters
        ----------
        column, row
            0.0 is the centre of the first column or row, shape (n,).

        Returns
        -------
        ndarray
            As `heights_at`, shape (n,).
        """
        rows, columns = self.shape
        inside = (column + 0.5 > 0) & (column + 0.5 < columns)
        inside &= (row + 0.5 > 0) & (row + 0.5 < rows)
        heights = np.full(column.shape, np.nan)
        column = np.clip(column[inside], 0.0, columns - 1.0)
        row = np.clip(row[inside], 0.0, rows - 1.0)
        if isinstance(self.heights_m, np.ndarray):
            heights[inside] = _bilinear(self.heights_m, column, row)
            return heights
        found = np.empty(column.size)
        for points in _by_block(column, row):
            x, y = column[points], row[points]
            left, top = int(x.min()), int(y.min())
            right, bottom = int(np.ceil(x.max())) + 1, int(np.ceil(y.max())) + 1
            grid = self.heights_m[top:bottom, left:right]
            found[points] = _bilinear(grid, x - left, y - top)
        heights[inside] = found
        return heights

    def cells_at(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """
        Convert points to fractional cell indices.

        Parameters
        ----------
        lon, lat
            Points in degrees on WGS 84.

        Returns
        -------
        column, row : ndarray
            0.0 is the centre of the first column or row.
        """
        there = Transformer.from_crs(LONLAT, self.crs, always_xy=True)
        x, y = there.transform(lon, lat)
        column, row = apply_transform(~self.transform, np.asarray(x), np.asarray(y))
        return np.asarray(column) - 0.5, np.asarray(row) - 0.5

    def lonlat_at(
        self, column: npt.ArrayLike, row: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """
        Convert fractional cell indices to points.

        Parameters
        ----------
        column, row
            0.0 is the centre of the first column or row.

        Returns
        -------
        lon, lat : ndarray
            Degrees on WGS 84.
        """
        x, y = apply_transform(
            self.transform, np.asarray(column) + 0.5, np.asarray(row) + 0.5
        )
        back = Transformer.from_crs(self.crs, LONLAT, always_xy=True)
        lon, lat = back.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def cell_size_m(self, lon: float, lat: float) -> tuple[float, float]:
        """
        Size of a cell on the ground.

        Parameters
        ----------
        lon, lat
            Where, in degrees on WGS 84.

        Returns
        -------
        width_m, height_m : float
            Ground length of one column's step and of one row's.
        """
        column, row = self.cells_at(np.array([lon]), np.array([lat]))
        at_lon, at_lat = self.lonlat_at(
            column + np.array([0.0, 1.0, 0.0]), row + np.array([0.0, 0.0, 1.0])
        )
        _, size = inverse(at_lon[0], at_lat[0], at_lon[1:], at_lat[1:])
        return float(size[0]), float(size[1])

    def read(self, top: int, left: int, bottom: int, right: int) -> Float32Array:
        """
        Read a window of cells, also beyond the raster.

        Parameters
        ----------
        top, left, bottom, right
            Rows and columns, the last ones excluded; they may be negative or
            beyond the last cell.

        Returns
        -------
        ndarray
            Heights in metres, shape (bottom - top, right - left), float32; NaN
            where there is no data and outside.
        """
        rows, columns = self.shape
        heights = np.full((bottom - top, right - left), np.nan, dtype=np.float32)
        first, last = max(top, 0), min(bottom, rows)
        west, east = max(left, 0), min(right, columns)
        if first < last and west < east:
            own = heights[first - top : last - top, west - left : east - left]
            own[...] = self.heights_m[first:last, west:east]
        return heights

    def window(self, bounds: Bounds) -> Dem:
        """
        Read what covers an area.

        Parameters
        ----------
        bounds
            West, south, east, north, in degrees on WGS 84.

        Returns
        -------
        Dem
            The cells that cover it and two more on each side, in memory.

        Raises
        ------
        DataError
            If the raster does not meet the bounds.

        Warns
        -----
        GeoborderWarning
            If it covers only a part of the bounds, with the share.
        """
        return cut_bounds(self, bounds, stacklevel=3)


def cut_cells(dem: Dem, top: int, left: int, bottom: int, right: int) -> Dem:
    """
    Read a window of cells as elevation of its own.

    Parameters
    ----------
    dem
        Elevation.
    top, left, bottom, right
        Rows and columns, the last ones excluded.

    Returns
    -------
    Dem
        The window, in memory.
    """
    heights = dem.read(top, left, bottom, right)
    return Dem(heights, shifted(dem.transform, left, top), dem.crs, dem.source)


def cut_bounds(dem: Dem, bounds: Bounds, *, stacklevel: int) -> Dem:
    """
    Read what covers an area: `Dem.window`, with the place a warning points to.

    Parameters
    ----------
    dem
        Elevation.
    bounds
        West, south, east, north, in degrees on WGS 84.
    stacklevel
        How many callers above this function a warning points to.

    Returns
    -------
    Dem
        The cells that cover it and two more on each side, in memory.

    Raises
    ------
    DataError
        If the raster does not meet the bounds.
    OptionError
        If they are not west, south, east and north.
    """
    if np.shape(bounds) != (4,) or bounds[0] > bounds[2] or bounds[1] > bounds[3]:
        msg = f"`bounds` must be west, south, east, north in degrees, got {bounds!r}."
        raise OptionError(msg)
    # The outline may bulge on the grid, so its sides are followed, not its corners.
    west, south, east, north = bounds
    along, still = np.linspace(0.0, 1.0, 101), np.zeros(101)
    x = np.concatenate((along, still + 1.0, along, still))
    y = np.concatenate((still, along, still + 1.0, along))
    cells = dem.cells_at(west + x * (east - west), south + y * (north - south))
    column, row = (edge[np.isfinite(edge)] + 0.5 for edge in cells)
    share, spans = 1.0, []
    for edge, size in ((row, dem.shape[0]), (column, dem.shape[1])):
        low, high = edge.min(initial=np.inf) - 1e-6, edge.max(initial=-np.inf) + 1e-6
        if not (low < size and high > 0.0):
            msg = f"Elevation {dem.source!r} does not cover any of the bounds {bounds}."
            raise DataError(msg)
        share *= (min(high, size) - max(low, 0.0)) / (high - low)
        first = max(int(np.floor(low)) - _MARGIN, 0)
        spans.append((first, min(int(np.ceil(high)) + _MARGIN, size)))
    if share < 0.999:  # noqa: PLR2004 - less than rounding at the edge
        text = f"Elevation {dem.source!r} covers {share:.0%} of what is asked for."
        warnings.warn(text, GeoborderWarning, stacklevel=stacklevel)
    (top, bottom), (left, right) = spans
    return cut_cells(dem, top, left, bottom, right)


def _bilinear(grid: Float32Array, column: FloatArray, row: FloatArray) -> FloatArray:
    """Heights between the centres of a grid's cells; all points lie on the grid."""
    rows, columns = grid.shape
    left = np.minimum(column.astype(np.int64), max(columns - 2, 0))
    top = np.minimum(row.astype(np.int64), max(rows - 2, 0))
    right, below = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    x, y = column - left, row - top
    height = np.zeros(column.size)
    for cell, weight in (
        ((top, left), (1 - x) * (1 - y)),
        ((top, right), x * (1 - y)),
        ((below, left), (1 - x) * y),
        ((below, right), x * y),
    ):
        height += np.where(weight > _NOTHING, grid[cell] * weight, 0.0)
    return height


def _by_block(column: FloatArray, row: FloatArray) -> Iterator[IntArray]:
    """Group points by squares of the grid."""
    square = np.stack((row, column)).astype(np.int64) // _BLOCK
    order = np.lexsort(square)
    change = (np.diff(square[:, order], axis=1) != 0).any(axis=0)
    groups = np.split(order, np.flatnonzero(change) + 1)
    return iter([group for group in groups if group.size])
