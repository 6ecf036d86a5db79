"""A window and its margin, in the order of tiles that the kernel goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geoborder.geodesy import IntArray
from geoborder.reach import spread as kernel
from geoborder.reach.lanes import WIDE


@dataclass(frozen=True, slots=True)
class Grid:
    """
    A window with its margin.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns, the margin included.
    span : int
        Width of the margin.
    top, left : int
        First row and column of the window.
    """

    shape: tuple[int, int]
    span: int
    top: int
    left: int

    @property
    def tiles_across(self) -> int:
        """Tiles beside each other."""
        return -(-self.shape[1] // WIDE)

    @property
    def tiles(self) -> int:
        """All tiles."""
        return -(-self.shape[0] // kernel.TALL) * self.tiles_across

    @property
    def size(self) -> int:
        """Cells of all tiles."""
        return self.tiles * kernel.CELLS

    def holds(self, row: IntArray, column: IntArray) -> npt.NDArray[np.bool_]:
        """Whether cells lie in the window."""
        down, right = row - self.top, column - self.left
        rows, columns = (size - 2 * self.span for size in self.shape)
        return np.asarray(
            (down >= 0) & (down < rows) & (right >= 0) & (right < columns)
        )

    def cells(self, row: IntArray, column: IntArray) -> IntArray:
        """Numbers of cells."""
        return self._number(row - self.top + self.span, column - self.left + self.span)

    def inner(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """View of the window in a flat array of the grid."""
        rows, columns = (size - self.span for size in self.shape)
        whole = values.reshape(self.shape)
        return whole[self.span : rows, self.span : columns]

    def _number(self, row: IntArray, column: IntArray) -> IntArray:
        tile = row // kernel.TALL * self.tiles_across + column // WIDE
        place = row % kernel.TALL * WIDE + column % WIDE
        return np.asarray(tile * kernel.CELLS + place, dtype=np.int64)

    def jumps(self, steps: IntArray) -> npt.NDArray[np.int32]:
        """How far each move from each place of a tile goes; the last row stays."""
        row, column = np.divmod(np.arange(kernel.CELLS)[:, None], WIDE)
        to = self._number(row + steps[:, 1], column + steps[:, 0])
        jumps = np.zeros((kernel.CELLS + 1, len(steps)), dtype=np.int32)
        jumps[:-1] = to - np.arange(kernel.CELLS)[:, None]
        return jumps

    def unfold(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Bring values of the kernel's cells into rows and columns."""
        tall, wide = kernel.TALL, WIDE
        tiles = values.reshape(-1, self.tiles_across, tall, wide).transpose(0, 2, 1, 3)
        grid = tiles.reshape(-1, self.tiles_across * wide)
        rows, columns = (size - self.span for size in self.shape)
        return np.ascontiguousarray(grid[self.span : rows, self.span : columns])
