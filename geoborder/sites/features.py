"""High points and ridge ends in a window of heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from geoborder.errors import OptionError
from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.terrain import Dem

Heights = npt.NDArray[np.float32]
Cells = tuple[IntArray, IntArray]

_LEVEL = 32
"""Cells of one height that reach over more rows or columns are level ground."""

_BEND = 0.1
"""How much steeper the ground must get, in every direction, around a ridge end."""

_MOST = 512
"""Greatest radius, in cells."""


@dataclass(frozen=True, slots=True)
class Scales:
    """
    How far around a cell the search looks, in cells: (rows, columns).

    Attributes
    ----------
    cell_m : tuple of float
        Height and width of a cell on the ground.
    ridge, relief : tuple of int
        Either radius.
    relief_m : float
        Least height above the lowest ground around.
    """

    cell_m: tuple[float, float]
    ridge: tuple[int, int]
    relief: tuple[int, int]
    relief_m: float

    @property
    def margin(self) -> int:
        """Cells around a tile that its results depend on."""
        around = max(self.relief) if self.relief_m > 0.0 else 0
        return 2 * max(self.ridge) + max(_LEVEL, around) + 2


def scales_at(
    dem: Dem,
    lon: float,
    lat: float,
    *,
    ridge_radius_m: float,
    relief_radius_m: float,
    relief_m: float,
) -> Scales:
    """
    Turn radii to whole cells.

    Parameters
    ----------
    dem
        Elevation.
    lon, lat
        Where the size of its cells counts, in degrees on WGS 84.
    ridge_radius_m, relief_radius_m
        Radii, in metres.
    relief_m
        Least height above the lowest ground around.

    Returns
    -------
    Scales
        One cell at least.

    Raises
    ------
    OptionError
        If a radius is over 512 cells.
    """
    width, height = dem.cell_size_m(lon, lat)
    sizes = {"ridge_radius_m": ridge_radius_m, "relief_radius_m": relief_radius_m}
    found = []
    for name, radius in sizes.items():
        cells = max(1, round(radius / height)), max(1, round(radius / width))
        if max(cells) > _MOST:
            msg = (
                f"`{name}` may be {_MOST} cells of the elevation at most, some "
                f"{_MOST * min(width, height):.0f} m, got {radius:g}."
            )
            raise OptionError(msg)
        found.append(cells)
    return Scales((height, width), found[0], found[1], relief_m)


def high_points(heights: Heights, scales: Scales) -> Cells:
    """
    Find the cells that no neighbour exceeds, one for each level top.

    Parameters
    ----------
    heights
        A window of heights; NaN where unknown.
    scales
        Least height above the lowest ground around.

    Returns
    -------
    row, column : ndarray of int
        Places in the window. Near its edge some are missing.
    """
    # Unknown ground, and what lies beyond the window, may be higher.
    wall = np.where(np.isnan(heights), np.float32(np.inf), heights)
    highest = ndimage.maximum_filter(wall, size=3, mode="constant", cval=np.inf)
    top = (heights == highest) & np.isfinite(wall)
    row, column = np.nonzero(top)
    leads_up = np.zeros(row.size, dtype=bool)
    for down, across in ((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)):
        beside = row + down, column + across
        leads_up |= (wall[beside] == wall[row, column]) & ~top[beside]
    row, column = one_each(top, refused=(row[leads_up], column[leads_up]))
    if scales.relief_m > 0.0:
        size = [2 * cells + 1 for cells in scales.relief]
        rise = wall[row, column] - ndimage.minimum_filter(wall, size=size)[row, column]
        high = rise >= scales.relief_m
        row, column = row[high], column[high]
    return row, column


def one_each(mask: BoolArray, *, refused: Cells | None = None) -> Cells:
    """
    Choose from each group of cells beside each other the one nearest its centroid.

    Parameters
    ----------
    mask
        The cells.
    refused
        Groups with one of these are left out.

    Returns
    -------
    row, column : ndarray of int
        One cell of each group that is no level ground; the first among equals.
    """
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    row, column = (axis.astype(np.int64) for axis in np.nonzero(mask))
    group = labels[row, column]
    size = np.bincount(group, minlength=count + 1)
    good = np.ones(count + 1, dtype=bool)
    if refused is not None:
        good[labels[refused]] = False
    away = np.zeros(row.size, dtype=np.int64)
    for axis in (row, column):
        # Whole numbers, so that rounding never decides.
        low, total = np.full(count + 1, np.iinfo(np.int64).max), np.zeros_like(size)
        high = np.full(count + 1, -1)
        np.minimum.at(low, group, axis)
        np.maximum.at(high, group, axis)
        np.add.at(total, group, axis - low[group])
        good &= high - low < _LEVEL
        away += (size[group] * (axis - low[group]) - total[group]) ** 2
    order = np.lexsort((column, row, away, group))
    order = order[good[group[order]]]
    _, first = np.unique(group[order], return_index=True)
    chosen = order[first]
    return row[chosen], column[chosen]


def ridge_ends(heights: Heights, peaks: Cells, scales: Scales) -> Cells:
    """
    Find the cells at which the ground bends down most in every direction.

    Parameters
    ----------
    heights
        A window of heights; NaN where unknown.
    peaks
        High points in it.
    scales
        How far around to look.

    Returns
    -------
    row, column : ndarray of int
        Places in the window. Near its edge some are wrong or missing.
    """
    bend = minimum_convexity(heights, scales)
    bend *= np.float32(np.mean(np.multiply(scales.ridge, scales.cell_m)))
    bend = np.where(bend >= _BEND, bend, np.float32(-np.inf))  # and not NaN
    size = [2 * cells + 1 for cells in scales.ridge]
    most = (bend == ndimage.maximum_filter(bend, size=size)) & (bend > 0.0)
    row, column = one_each(most)
    # The dome of a high point is no ridge end.
    summits = np.full(heights.shape, -np.inf, dtype=np.float32)
    summits[peaks] = heights[peaks]
    near = [2 * max(1, cells // 2) + 1 for cells in scales.ridge]
    summits = ndimage.maximum_filter(summits, size=near)
    apart = summits[row, column] < heights[row, column]
    return row[apart], column[apart]


def minimum_convexity(heights: Heights, scales: Scales) -> Heights:
    """
    Fit a quadratic surface around each cell, and find where it bends down least.

    Parameters
    ----------
    heights
        A window of heights; NaN where unknown.
    scales
        How far around a surface is fitted, and the size of cells.

    Returns
    -------
    ndarray
        Least of the convexities in all directions, in 1/m: the smaller eigenvalue
        of the surface's second derivatives, less than 0 where it bends up. NaN
        where a height is unknown.
    """
    (down, wide), (height, width) = scales.ridge, scales.cell_m

    def kernels(
        radius: int, cell_m: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Weights of a mean, of a slope and of a second derivative."""
        x = np.arange(-radius, radius + 1.0)
        square = x**2 - np.mean(x**2)
        return (
            np.full(x.size, 1.0 / x.size),
            x / np.sum(x**2) / cell_m,
            2.0 * square / np.sum(square**2) / cell_m**2,
        )

    def fit(row_weights: FloatArray, column_weights: FloatArray, first: int) -> Heights:
        """Sum with weights; differences come first, so that little is rounded."""
        weights = (row_weights, column_weights)
        part = ndimage.correlate1d(heights, weights[first], axis=first)
        return np.asarray(ndimage.correlate1d(part, weights[1 - first], axis=1 - first))

    row_mean, row_slope, row_second = kernels(down, height)
    column_mean, column_slope, column_second = kernels(wide, width)
    yy = fit(row_second, column_mean, 0)
    xx = fit(row_mean, column_second, 1)
    xy = fit(row_slope, column_slope, 1)
    return -(xx + yy) / 2.0 - np.hypot((xx - yy) / 2.0, xy)
