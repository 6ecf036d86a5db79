"""Moves from a cell of a grid to cells around it, in directions dense enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.terrain import Dem

METRIC_ERROR = 0.02
"""On level ground no way is longer or shorter than a straight line by more."""

_LONGEST = 7
"""Moves span this many columns and rows at most, whatever the shape of a cell."""

_BLOCK_M = 8000.0
"""Metres per move are worked out for blocks of cells of this size."""

Float32Array = npt.NDArray[np.float32]


def directions(width_m: float, height_m: float) -> IntArray:
    """
    Choose moves whose directions leave no wide angle between them.

    Beginning with steps along columns and rows, the sum of two neighbouring moves is
    put between them until ways between their directions are nearly straight.

    Parameters
    ----------
    width_m, height_m
        Size of a cell on the ground.

    Returns
    -------
    ndarray of int
        Shape (moves, 2): columns and rows; the second half holds the opposites of
        the first half, in the same order.

    Examples
    --------
    >>> len(directions(30.0, 30.0)), len(directions(23.0, 30.0))
    (16, 20)
    """
    widest = 2.0 * np.arccos((1.0 - METRIC_ERROR) / (1.0 + METRIC_ERROR))
    quarter = [(1, 0), (0, 1)]
    place = 0
    while place + 1 < len(quarter):
        (c, r), (d, s) = quarter[place], quarter[place + 1]
        angle = np.arctan2(s * height_m, d * width_m)
        angle -= np.arctan2(r * height_m, c * width_m)
        if angle > widest and max(c + d, r + s) <= _LONGEST:
            quarter.insert(place + 1, (c + d, r + s))
        else:
            place += 1
    half = np.array(quarter + [(-c, r) for c, r in quarter[1:-1]], dtype=np.int64)
    half = half[np.argsort(np.abs(half).max(axis=1), kind="stable")]
    return np.concatenate((half, -half))


def stretch(steps: IntArray, width_m: float, height_m: float) -> float:
    """
    Say how much longer ways over moves are than straight lines, at the worst.

    Parameters
    ----------
    steps
        As `directions` gives them.
    width_m, height_m
        Size of a cell on the ground.

    Returns
    -------
    float
        1 / cos(angle / 2) of the widest angle between two moves, less 1.
    """
    angles = np.sort(np.arctan2(steps[:, 1] * height_m, steps[:, 0] * width_m))
    gaps = np.diff(np.append(angles, angles[0] + 2.0 * np.pi))
    return 1.0 / float(np.cos(gaps.max() / 2.0)) - 1.0


@dataclass(frozen=True, slots=True)
class Moves:
    """
    Moves over one part of a grid, with their lengths there.

    Attributes
    ----------
    steps : ndarray of int
        Columns and rows of each move, shape (moves, 2), as `directions` has them.
    lengths_m : ndarray
        Shape (blocks down, blocks across, moves), float32: geodesic length of a
        move, by the block that its middle is in.
    origin : tuple of int
        Row and column of the grid at which the first block begins.
    shifts : tuple of int
        The block of a place is its row and column, counted in half cells from the
        origin, shifted right by these.
    stretch : float
        Share by which ways over the moves exceed straight lines at the worst.
    """

    steps: IntArray
    lengths_m: Float32Array
    origin: tuple[int, int]
    shifts: tuple[int, int]
    stretch: float

    @property
    def span(self) -> int:
        """Most columns or rows that a move spans."""
        return int(np.abs(self.steps).max())

    @property
    def evening(self) -> float:
        """Factor that makes ways as much too long as too short (Borgefors 1986)."""
        return 1.0 / (1.0 + self.stretch / 2.0)

    def ways(self, width: int) -> tuple[IntArray, IntArray, Float32Array]:
        """
        Work out which cells moves pass between.

        Parameters
        ----------
        width
            Cells in a row of the flat array that moves go over.

        Returns
        -------
        offsets : ndarray of int
            How far each move goes in that array.
        between : ndarray of int
            Shape (moves, span - 1, 2): where a move crosses the lines of the grid
            on its longer axis, offsets of the cells before and behind.
        weights : ndarray
            Shape (moves, span - 1): share of the cell behind.
        """
        count, span = len(self.steps), self.span
        between = np.zeros((count, max(span - 1, 1), 2), dtype=np.int64)
        weights = np.zeros((count, max(span - 1, 1)), dtype=np.float32)
        for move, (columns, rows) in enumerate(self.steps):
            size = max(abs(columns), abs(rows))
            for step in range(1, size):
                column, row = columns * step / size, rows * step / size
                low = int(np.floor(row)) * width + int(np.floor(column))
                across = abs(columns) >= abs(rows)
                between[move, step - 1] = low, low + (width if across else 1)
                part = row if across else column
                weights[move, step - 1] = part - np.floor(part)
        offsets = self.steps[:, 1] * width + self.steps[:, 0]
        return offsets, between, weights


def moves_over(dem: Dem) -> Moves:
    """
    Choose and measure moves for a grid.

    Parameters
    ----------
    dem
        Elevation.

    Returns
    -------
    Moves
        With lengths on the ellipsoid.
    """
    top, left, (bottom, right) = 0, 0, dem.shape
    columns = np.array([left, (left + right) / 2.0, right - 1.0])
    rows = np.array([top, (top + bottom) / 2.0, bottom - 1.0])
    across, down = (grid.ravel() for grid in np.meshgrid(columns, rows))
    widths, heights = _lengths(dem, across, down, np.array([[1, 0], [0, 1]])).T
    ratio = widths / heights
    # Where cells are least square, moves must be densest.
    odd = int(np.argmax(np.abs(np.log(ratio))))
    steps = directions(float(widths[odd]), float(heights[odd]))
    worst = max(
        stretch(steps, float(w), float(h)) for w, h in zip(widths, heights, strict=True)
    )
    # Middles of moves from cells at the edge lie outside.
    top, left = top - _LONGEST, left - _LONGEST
    t = dem.transform
    parallels = dem.crs.is_geographic and t.b == 0.0 and t.d == 0.0
    # Along a parallel nothing changes, along a meridian a little more than elsewhere.
    shift_down = _shift(_BLOCK_M / (16.0 if parallels else 1.0) / heights.mean())
    shift_across = 40 if parallels else _shift(_BLOCK_M / widths.mean())
    tall = ((2 * (bottom - top) + 2 * _LONGEST) >> shift_down) + 1
    wide = ((2 * (right - left) + 2 * _LONGEST) >> shift_across) + 1
    at_row = top + ((np.arange(tall) + 0.5) * 2.0**shift_down - 0.5) / 2.0
    middle = (left + right) / 2.0
    at_column = left + ((np.arange(wide) + 0.5) * 2.0**shift_across - 0.5) / 2.0
    at_column = np.where(parallels, middle, at_column)
    half = len(steps) // 2
    across, down = np.meshgrid(at_column, at_row)
    lengths = _lengths(dem, across.ravel(), down.ravel(), steps[:half])
    both = np.concatenate((lengths, lengths), axis=1).astype(np.float32)
    table = both.reshape(tall, wide, 2 * half)
    return Moves(steps, table, (top, left), (shift_down, shift_across), worst)


def _shift(cells: float) -> int:
    """Binary logarithm of a block's size in half cells."""
    return max(0, int(np.floor(np.log2(max(2.0 * cells, 1.0)))))


def _lengths(
    dem: Dem, column: FloatArray, row: FloatArray, steps: IntArray
) -> FloatArray:
    """Geodesic lengths of moves around places of a grid, shape (places, moves)."""
    ahead = steps / 2.0
    lon, lat = dem.lonlat_at(
        column[:, None] + np.hstack((-ahead[:, 0], ahead[:, 0])),
        row[:, None] + np.hstack((-ahead[:, 1], ahead[:, 1])),
    )
    count = len(steps)
    _, length = inverse(
        *(np.ascontiguousarray(v[:, :count]).ravel() for v in (lon, lat)),
        *(np.ascontiguousarray(v[:, count:]).ravel() for v in (lon, lat)),
    )
    return length.reshape(column.size, count)
