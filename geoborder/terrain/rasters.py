"""Heights left on disk: an array that reads only the window it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geoborder.errors import DataError

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tile:
    """
    A raster's place on a grid, and how its numbers become metres.

    Attributes
    ----------
    source : str
        Path or address; opened anew for each window.
    top, left : int
        Row and column of the grid at which it begins.
    rows, columns : int
        Its size, in cells.
    scale, offset_m : float
        Metres are the number times the scale plus the offset.
    """

    source: str
    top: int
    left: int
    rows: int
    columns: int
    scale: float
    offset_m: float

    def read(self, top: int, left: int, bottom: int, right: int) -> Float32Array:
        """
        Read a window of the raster's own cells.

        Parameters
        ----------
        top, left, bottom, right
            Rows and columns of the raster, the last ones excluded.

        Returns
        -------
        ndarray
            Heights in metres, shape (bottom - top, right - left), float32; NaN
            where there is no data.

        Raises
        ------
        DataError
            If the raster cannot be read.
        """
        window = Window.from_slices((top, bottom), (left, right))
        try:
            with rasterio.open(self.source) as raster:
                band = raster.read(1, window=window, masked=True)
        except RasterioError as error:
            raise unreadable(self.source, error) from error
        # Nodata goes first: as float32 it may be infinite.
        heights = band.astype(np.result_type(band.dtype, np.float32)).filled(np.nan)
        heights *= self.scale
        heights += self.offset_m
        with np.errstate(over="ignore"):
            heights = heights.astype(np.float32, copy=False)
        heights[np.isinf(heights)] = np.nan
        return np.asarray(heights)


@dataclass(frozen=True, slots=True)
class TiledHeights:
    """
    Heights of one raster or several on one grid, read where they are asked for.

    ``heights[top:bottom, left:right]`` reads a window; `numpy.asarray` reads all.
    It holds no open file, so it can be pickled and used from many threads.

    Attributes
    ----------
    tiles : tuple of Tile
        The rasters; where several have data the first one counts.
    shape : tuple of int
        Rows and columns of the grid.
    """

    tiles: tuple[Tile, ...]
    shape: tuple[int, int]

    def __getitem__(self, key: tuple[slice, slice]) -> Float32Array:
        """Read the window: float32, metres, NaN where no raster has data."""
        if any(part.step not in {None, 1} for part in key):
            msg = "Heights on disk are read as windows, heights[top:bottom, left:right]"
            raise IndexError(msg)
        (top, bottom, _), (left, right, _) = (
            part.indices(size) for part, size in zip(key, self.shape, strict=True)
        )
        size = max(bottom - top, 0), max(right - left, 0)
        heights = np.full(size, np.nan, dtype=np.float32)
        for tile in self.tiles:
            first, last = max(top, tile.top), min(bottom, tile.top + tile.rows)
            west, east = max(left, tile.left), min(right, tile.left + tile.columns)
            if first >= last or west >= east:
                continue
            own = heights[first - top : last - top, west - left : east - left]
            hole = np.isnan(own)
            if hole.any():
                above, before = tile.top, tile.left
                read = tile.read(
                    first - above, west - before, last - above, east - before
                )
                np.copyto(own, read, where=hole)
        return heights

    def __array__(
        self,
        dtype: npt.DTypeLike | None = None,
        copy: bool | None = None,  # noqa: FBT001 - numpy's protocol
    ) -> npt.NDArray[Any]:
        """Read everything."""
        if copy is False:
            msg = "Heights on disk cannot become an array without being read."
            raise ValueError(msg)
        heights = self[: self.shape[0], : self.shape[1]]
        return heights if dtype is None else heights.astype(dtype, copy=False)


def unreadable(source: str, error: Exception) -> DataError:
    """
    Say that a raster cannot be read.

    Parameters
    ----------
    source
        Path or address.
    error
        Why.

    Returns
    -------
    DataError
        The error to raise.
    """
    return DataError(f"Elevation {source!r} cannot be read: {error}.")
