"""
Least times over a grid by an explicit graph, straight from the definition.

Every move from every cell is an edge; its time is the sum over its steps from one line
of the grid to the next, each with its own slope. Nothing here is shared with the
package but the table of directions, the modes' paces, and how finely they are
tabulated.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geoborder.reach import TravelMode
from geoborder.reach.modes import PER_UNIT, STEEPEST
from geoborder.reach.moves import directions
from geoborder.terrain import Dem

GEOD = Geod(ellps="WGS84")

Array = NDArray[np.float64]


def lonlat(dem: Dem, column: Array, row: Array) -> tuple[Array, Array]:
    """Degrees of cells; 0.0 is the centre of the first one."""
    t = dem.transform
    x = t.a * (column + 0.5) + t.b * (row + 0.5) + t.c
    y = t.d * (column + 0.5) + t.e * (row + 0.5) + t.f
    lon, lat = Transformer.from_crs(dem.crs, "EPSG:4326", always_xy=True).transform(
        x, y
    )
    return np.asarray(lon), np.asarray(lat)


def metres(
    dem: Dem, column: Array, row: Array, to_column: Array, to_row: Array
) -> Array:
    """Geodesic lengths between cells."""
    begin, end = lonlat(dem, column, row), lonlat(dem, to_column, to_row)
    return np.asarray(GEOD.inv(*begin, *end)[2])


def size_m(dem: Dem) -> tuple[float, float]:
    """Width and height of the cell in the middle."""
    rows, columns = dem.shape
    at = np.full(2, columns / 2.0), np.full(2, rows / 2.0)
    width, height = metres(dem, *at, at[0] + [1.0, 0.0], at[1] + [0.0, 1.0])
    return float(width), float(height)


def evening(dem: Dem) -> float:
    """Factor that makes ways on level ground as much too long as too short."""
    width, height = size_m(dem)
    steps = directions(width, height)
    angles = np.sort(np.arctan2(steps[:, 1] * height, steps[:, 0] * width))
    widest = np.diff(angles, append=angles[0] + 2.0 * np.pi).max()
    longest = 1.0 / np.cos(widest / 2.0)
    return float(2.0 / (1.0 + longest))


def paces(mode: TravelMode, slope: Array) -> Array:
    """Seconds per metre, linear between the entries of a table; infinite beyond it."""
    last = round(STEEPEST * PER_UNIT)
    entries = np.asarray(mode.pace(np.arange(-last, last + 1) / PER_UNIT), float)
    at = (slope + STEEPEST) * PER_UNIT
    known = (at >= 0.0) & (at < 2 * last)  # NaN is not
    low = np.where(known, at, 0.0).astype(int)
    share = np.where(known, at, 0.0) - low
    with np.errstate(invalid="ignore"):
        pace = entries[low] + share * (entries[low + 1] - entries[low])
    return np.where(known & np.isfinite(pace), pace, np.inf)


def between(values: Array, column: Array, row: Array) -> Array:
    """Values on lines of the grid, linear between the two cells beside them."""
    left, top = np.floor(column + 1e-9), np.floor(row + 1e-9)
    right, down = column - left, row - top
    right[right < 1e-6], down[down < 1e-6] = 0.0, 0.0
    assert (np.minimum(right, down) == 0.0).all()
    here = values[top.astype(int), left.astype(int)]
    there = values[top.astype(int) + (down > 0.0), left.astype(int) + (right > 0.0)]
    return here + (right + down) * (there - here)


def graph(
    dem: Dem,
    mode: TravelMode,
    *,
    factors: Array | None = None,
    barrier: shapely.Geometry | None = None,
) -> coo_array:
    """
    Build edges between all cells.

    Parameters
    ----------
    dem
        Elevation; NaN where nobody passes.
    mode
        Who travels.
    factors
        Factor of time of each cell.
    barrier
        What moves must not meet, in columns and rows.

    Returns
    -------
    coo_array
        Seconds from cell to cell, numbered row by row.
    """
    heights = np.asarray(dem.heights_m, dtype=float)
    rows, columns = heights.shape
    even, found = evening(dem), []
    for right, down in directions(*size_m(dem)):
        row, column = (grid.ravel().astype(float) for grid in np.indices(dem.shape))
        inside = (column + right >= 0) & (column + right < columns)
        inside &= (row + down >= 0) & (row + down < rows)
        column, row = column[inside], row[inside]
        steps = max(abs(right), abs(down))
        step_m = metres(dem, column, row, column + right, row + down) / steps
        seconds = np.zeros(column.size)
        for step in range(steps):
            ends = [
                (column + right * part / steps, row + down * part / steps)
                for part in (step, step + 1)
            ]
            low, high = (between(heights, *end) for end in ends)
            pace = paces(mode, (high - low) / step_m)
            if factors is not None:
                pace *= np.mean([between(factors, *end) for end in ends], axis=0)
            seconds += pace * step_m * even
        if barrier is not None:
            ways = np.stack((column, row, column + right, row + down), axis=1)
            ways = shapely.linestrings(ways.reshape(-1, 2, 2))
            seconds[shapely.intersects(ways, barrier)] = np.inf
        begin = row * columns + column
        keep = np.isfinite(seconds)
        found.append(
            (seconds[keep], begin[keep], (begin + down * columns + right)[keep])
        )
    seconds, begin, end = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return coo_array(
        (seconds, (begin.astype(int), end.astype(int))), shape=[heights.size] * 2
    )


def minutes(
    dem: Dem,
    mode: TravelMode,
    cells: list[tuple[int, int]],
    *,
    direction: str = "out",
    factors: Array | None = None,
    barrier: shapely.Geometry | None = None,
) -> Array:
    """
    Find least minutes from cells (column, row) to all, or from all back to them.

    The shape is (cells, rows, columns).
    """
    edges = graph(dem, mode, factors=factors, barrier=barrier).tocsr()
    starts = [row * dem.shape[1] + column for column, row in cells]
    ways = edges if direction == "out" else edges.T
    found = dijkstra(ways, indices=starts) / 60.0
    return np.asarray(found).reshape(len(cells), *dem.shape)
