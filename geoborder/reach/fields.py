"""Where searches set out from, and the times they find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoborder.geodesy import FloatArray, IntArray
from geoborder.reach.moves import Float32Array

Window = tuple[int, int, int, int]
"""Top, left, bottom, right in rows and columns, the last ones excluded."""

Ends = tuple[FloatArray, FloatArray]
"""Columns and rows."""

PIECES = 4
"""Straight ways are looked at in so many pieces."""


@dataclass(frozen=True, slots=True)
class Starts:
    """
    Cells that a search sets out from.

    Attributes
    ----------
    row, column : ndarray of int
        The cells.
    begin : tuple of ndarray
        Columns and rows of the places that straight ways lead to them from.
    begun_s : ndarray
        Seconds at which those places are left.
    seconds : ndarray
        Seconds of the ways, where time has no factor.
    number : ndarray of int
        Who leaves it.
    """

    row: IntArray
    column: IntArray
    begin: Ends
    begun_s: FloatArray
    seconds: FloatArray
    number: IntArray


@dataclass(frozen=True, slots=True)
class Field:
    """
    Least times to the cells of a window.

    Attributes
    ----------
    window : tuple of int
        Top, left, bottom, right in rows and columns, the last ones excluded.
    seconds : ndarray
        Shape of the window, float32; infinite where nobody gets within the limit.
    number : ndarray or None
        Who gets there first, int32; None where it was not asked for.
    factors : ndarray or None
        Factors of time, infinite where it is closed; None where all are 1.
    driven_s : ndarray or None
        Seconds to each point of roads; None where none were used.
    """

    window: Window
    seconds: Float32Array
    number: npt.NDArray[np.int32] | None
    factors: Float32Array | None
    driven_s: FloatArray | None = None

    def inside(self, row: IntArray, column: IntArray) -> npt.NDArray[np.bool_]:
        """Whether cells lie in the window."""
        top, left, bottom, right = self.window
        return np.asarray(
            (row >= top) & (row < bottom) & (column >= left) & (column < right)
        )

    def slowed(self, seconds: FloatArray, begin: Ends, end: Ends) -> FloatArray:
        """
        Count factors of time in along straight ways.

        Parameters
        ----------
        seconds
            Of the ways where time has no factor, shape (n,).
        begin, end
            Columns and rows, each of shape (n,).

        Returns
        -------
        ndarray
            Seconds; infinite where a way goes over a closed cell.
        """
        return slowed(seconds, self.factors, self.window, begin, end)

    def at(self, row: IntArray, column: IntArray) -> FloatArray:
        """Seconds at cells of the window."""
        own = self.seconds[row - self.window[0], column - self.window[1]]
        return own.astype(float)


def slowed(
    seconds: FloatArray,
    factors: Float32Array | None,
    window: Window,
    begin: Ends,
    end: Ends,
) -> FloatArray:
    """
    Multiply times of straight ways by the mean factor of the cells they lie in.

    Parameters
    ----------
    seconds
        Of the ways where time has no factor, shape (n,).
    factors
        Factors of a window, infinite where it is closed; None: all are 1.
    window
        Top, left, bottom, right.
    begin, end
        Columns and rows, each of shape (n,).

    Returns
    -------
    ndarray
        Shape (n,); infinite where a way goes over a closed cell, also one that takes
        no time.
    """
    if factors is None:
        return seconds
    part = np.linspace(0.0, 1.0, 2 * PIECES + 1)[1::2, None]
    column = np.rint(begin[0] + part * (end[0] - begin[0])).astype(np.int64)
    row = np.rint(begin[1] + part * (end[1] - begin[1])).astype(np.int64)
    column = np.clip(column - window[1], 0, factors.shape[1] - 1)
    row = np.clip(row - window[0], 0, factors.shape[0] - 1)
    mean = factors[row, column].astype(float).mean(axis=0)
    open_ = np.isfinite(mean)
    return np.where(open_, seconds * np.where(open_, mean, 1.0), np.inf)
