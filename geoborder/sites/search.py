"""High points and ridge ends along a border, found tile by tile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geoborder.errors import DataError
from geoborder.geodesy import BoolArray, FloatArray, IntArray, forward, inverse
from geoborder.nearest import EdgeTree, find_feet
from geoborder.sites.features import Scales, high_points, ridge_ends
from geoborder.terrain import Dem

_TILE = 1024
"""Elevation is searched in squares of so many cells."""


@dataclass(frozen=True, slots=True)
class Band:
    """
    Where sites may stand.

    Attributes
    ----------
    least_m, most_m : float
        Distances from the border.
    side : int
        1 left of it, -1 right of it, 0 either.
    """

    least_m: float
    most_m: float
    side: int

    def holds(self, tree: EdgeTree, lon: FloatArray, lat: FloatArray) -> BoolArray:
        """Tell which points lie in it."""
        feet = find_feet(tree, lon, lat)
        near = (feet.distance_m >= self.least_m) & (feet.distance_m <= self.most_m)
        return near & ((feet.side == self.side) | (self.side == 0))


@dataclass(frozen=True, slots=True)
class Places:
    """
    Cells found.

    Attributes
    ----------
    row, column : ndarray of int
        Where on the grid.
    peak : ndarray of bool
        Whether each is a high point; else it is a ridge end.
    height_m, down_m, across_m : ndarray
        Height, and what the ground rises per row and per column.
    """

    row: IntArray
    column: IntArray
    peak: BoolArray
    height_m: FloatArray
    down_m: FloatArray
    across_m: FloatArray

    def __getitem__(self, which: npt.NDArray[Any]) -> Places:
        """Choose some of them, by a mask or by numbers."""
        return Places(*(getattr(self, name)[which] for name in self.__slots__))


def find_places(dem: Dem, tree: EdgeTree, band: Band, scales: Scales) -> Places:
    """
    Find all high points and ridge ends in a band along a border.

    Parameters
    ----------
    dem
        Elevation; of one on disk only tiles near the band are read.
    tree
        The border's index.
    band
        Where to search.
    scales
        What to look for.

    Returns
    -------
    Places
        In no order that matters; the same however elevation is tiled.

    Raises
    ------
    DataError
        If there is no elevation near the band.
    """

    def search(corner: tuple[int, int]) -> Places | None:
        found = search_tile(dem, *corner, scales)
        if found is None:
            return None
        return found[band.holds(tree, *dem.lonlat_at(found.column, found.row))]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        tiles = pool.map(search, tiles_near(dem, tree, band.most_m))
        parts = [part for part in tiles if part is not None]
    if not parts:
        msg = (
            f"Elevation {dem.source!r} has no heights within {band.most_m / 1000.0:g} "
            f"km of the border; give some that covers it."
        )
        raise DataError(msg)
    return Places(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Places.__slots__
        )
    )


def tiles_near(dem: Dem, tree: EdgeTree, reach_m: float) -> Iterator[tuple[int, int]]:
    """
    List the tiles that may hold a place within reach of a border.

    Parameters
    ----------
    dem
        Elevation.
    tree
        The border's index.
    reach_m
        Greatest distance, in metres.

    Yields
    ------
    top, left : int
        First row and column of each.
    """
    around = [
        dem.cells_at(
            *forward(tree.lines.lon, tree.lines.lat, azimuth, 1.1 * reach_m)[:2]
        )
        for azimuth in range(0, 360, 45)
    ]
    starts = []
    for axis, size in ((1, dem.shape[0]), (0, dem.shape[1])):
        places = np.concatenate([cells[axis] for cells in around])
        places = np.clip(places[np.isfinite(places)], 0, size - 1).astype(np.int64)
        if places.size == 0:
            return
        starts.append(np.arange(places.min() // _TILE, places.max() // _TILE + 1))
    top, left = (a.ravel() * _TILE for a in np.meshgrid(*starts, indexing="ij"))
    half = (_TILE - 1) / 2.0
    lon, lat = dem.lonlat_at(left + half, top + half)
    known = np.isfinite(lon) & np.isfinite(lat)
    top, left, lon, lat = top[known], left[known], lon[known], lat[known]
    radius = np.zeros(top.size)
    for down, across in ((0, 0), (0, _TILE), (_TILE, 0), (_TILE, _TILE)):
        corner = dem.lonlat_at(left + across - 0.5, top + down - 0.5)
        radius = np.fmax(radius, inverse(lon, lat, *corner)[1])
    near = find_feet(tree, lon, lat).distance_m <= reach_m + 1.05 * radius
    yield from zip(top[near].tolist(), left[near].tolist(), strict=True)


def search_tile(dem: Dem, top: int, left: int, scales: Scales) -> Places | None:
    """
    Find all high points and ridge ends in a tile.

    Parameters
    ----------
    dem
        Elevation.
    top, left
        First row and column of the tile.
    scales
        What to look for.

    Returns
    -------
    Places or None
        Those in the tile, whatever lies around it; None if it has no heights.
    """
    margin = scales.margin
    reach = margin + _TILE
    heights = dem.read(top - margin, left - margin, top + reach, left + reach)
    if np.isnan(heights[margin:-margin, margin:-margin]).all():
        return None
    peaks = high_points(heights, scales)
    ends = ridge_ends(heights, peaks, scales)
    row, column = (np.concatenate(axis) for axis in zip(peaks, ends, strict=True))
    peak = np.arange(row.size) < peaks[0].size
    own = (np.minimum(row, column) >= margin) & (np.maximum(row, column) < reach)
    row, column, peak = row[own], column[own], peak[own]

    def rise(down: int, across: int) -> FloatArray:
        """Half of what the ground rises from one neighbour to the other."""
        ahead = heights[row + down, column + across].astype(np.float64)
        return (ahead - heights[row - down, column - across]) / 2.0

    return Places(
        row=row + (top - margin),
        column=column + (left - margin),
        peak=peak,
        height_m=heights[row, column].astype(np.float64),
        down_m=rise(1, 0),
        across_m=rise(0, 1),
    )
