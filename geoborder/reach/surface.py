"""Ground made ready to travel over, and least times over it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.vrt import WarpedVRT

from geoborder.errors import DataError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.reach import spread as kernel
from geoborder.reach.barriers import Barriers, on_grid
from geoborder.reach.conditions import Conditions
from geoborder.reach.fields import Field, Starts, Window, slowed
from geoborder.reach.modes import PER_UNIT, STEEPEST, Direction, TravelMode
from geoborder.reach.moves import Float32Array, Moves, moves_over
from geoborder.reach.tiles import Grid
from geoborder.terrain import Dem
from geoborder.terrain.dem import shifted

_BURNING = Lock()
"""Burning polygons in changes the process's warning filters for a moment."""

LONGEST_S = 1e8
"""Nothing takes longer than this (three years): it is no way."""

_FRONT = 10.0
"""Tiles kept at once, per side of the square of all tiles, where there is one start."""

_TILES = 2**11
"""And at most: 134 MB where there are 16 moves."""

_POOLS: SimpleQueue[npt.NDArray[np.float32]] = SimpleQueue()
"""Room of earlier searches: memory that is used for the first time is slow."""

_MOST_CELLS = 2**31 - 1
"""The kernel numbers cells in 32 bits."""

_LISTS = 2**13
"""Lists of entries to begin with; doubled where they are not enough."""


@dataclass(frozen=True, slots=True)
class Surface:
    """
    Ground made ready for one mode of travel in one direction.

    Attributes
    ----------
    dem : Dem
        Elevation.
    moves : Moves
        Moves from cell to cell.
    pace : ndarray
        Seconds per metre by slope, as `TravelMode.table` has it.
    barriers : Barriers
        What cannot be passed.
    areas : ndarray of Polygon
        Where time has a factor, in columns and rows, ...
    area_factors : ndarray
        ... and that factor.
    within : ndarray of Polygon or None
        What travel stays in, in columns and rows.
    conditions : Conditions
        As given.
    """

    dem: Dem
    moves: Moves
    pace: Float32Array
    barriers: Barriers
    areas: npt.NDArray[Any]
    area_factors: FloatArray
    within: npt.NDArray[Any] | None
    conditions: Conditions

    @classmethod
    def of(
        cls,
        dem: Dem,
        mode: TravelMode,
        conditions: Conditions,
        direction: Direction,
    ) -> Surface:
        """
        Make ground ready.

        Parameters
        ----------
        dem
            Elevation.
        mode, conditions, direction
            Who travels, over what, which way.

        Returns
        -------
        Surface
            Ready.
        """
        friction, kept = conditions.friction, conditions.within
        areas, factors = np.empty(0, object), np.empty(0)
        if friction is not None:
            own = friction.sort_values("factor", kind="stable")
            areas, row = on_grid(dem, own.geometry.to_numpy())
            factors = own["factor"].to_numpy(float)[row]
        return cls(
            dem,
            moves_over(dem),
            mode.table(direction),
            Barriers.on(dem, conditions.border, conditions.bars(roads=False)),
            areas,
            factors,
            None if kept is None else on_grid(dem, kept.geometry.to_numpy())[0],
            conditions,
        )

    @property
    def least_factor(self) -> float:
        """Least factor of time that there may be."""
        cover = self.conditions.land_cover_factors or {}
        least = min(self.area_factors.min(initial=1.0), 1.0)
        return float(least * min([*cover.values(), 1.0]))

    def quickest(self) -> float:
        """Seconds per metre that travel takes at least."""
        return float(self.pace.min()) * self.moves.evening * self.least_factor

    def around(
        self, row: FloatArray, column: FloatArray, limit_s: FloatArray | float
    ) -> Window:
        """
        Find the part of the grid that may be reached.

        Parameters
        ----------
        row, column
            Where travel sets out.
        limit_s
            Seconds at most, from all or from each.

        Returns
        -------
        tuple of int
            Top, left, bottom, right.
        """
        rows, columns = self.dem.shape
        if np.max(limit_s) >= LONGEST_S:
            return self._inside(0, 0, rows, columns)
        lengths = self.moves.lengths_m
        steps = np.abs(self.moves.steps).tolist()
        width = float(lengths[:, :, steps.index([1, 0])].min())
        height = float(lengths[:, :, steps.index([0, 1])].min())
        far = limit_s / self.quickest()
        down, across = far / height + 4.0, far / width + 4.0
        return self._inside(
            max(int((row - down).min()), 0),
            max(int((column - across).min()), 0),
            min(int((row + down).max()) + 1, rows),
            min(int((column + across).max()) + 1, columns),
        )

    def _inside(self, top: int, left: int, bottom: int, right: int) -> Window:
        """Leave out of a window what travel does not go to."""
        if self.within is not None and len(self.within):
            west, north, east, south = shapely.total_bounds(self.within)
            top, left = max(top, int(north) - 1), max(left, int(west) - 1)
            bottom, right = min(bottom, int(south) + 3), min(right, int(east) + 3)
        return top, left, max(bottom, top), max(right, left)

    def spread(
        self,
        window: Window,
        starts: Starts,
        limit_s: float,
        *,
        wanted: tuple[IntArray, IntArray] | None = None,
        number: bool = False,
    ) -> Field:
        """
        Find least times from starts to the cells of a window.

        Parameters
        ----------
        window
            Top, left, bottom, right.
        starts
            Where travel sets out; those outside do not count.
        limit_s
            Seconds beyond which nothing is looked for.
        wanted
            Rows and columns: once these cells are reached the search ends.
        number
            Whether to tell who gets to each cell first.

        Returns
        -------
        Field
            Times, infinite where nobody gets.
        """
        top, left = window[:2]
        grid, layers, factors = self.ready(window)
        own = grid.inner(layers[0])
        keep = grid.holds(starts.row, starts.column)
        row, column = starts.row[keep], starts.column[keep]
        keep[keep] = np.isfinite(own[row - top, column - left])
        row, column = starts.row[keep], starts.column[keep]
        ends = row.astype(float), column.astype(float)
        places = starts.begin[0][keep], starts.begin[1][keep]
        way = slowed(starts.seconds[keep], factors, window, places, ends[::-1])
        seconds = starts.begun_s[keep] + way
        begin = (
            grid.cells(row, column),
            seconds.astype(np.float32),
            starts.number[keep].astype(np.int32),
        )
        asked = np.empty(0, dtype=np.bool_)
        if wanted is not None:
            inside = grid.holds(*wanted)
            at = wanted[0][inside], wanted[1][inside]
            asked = np.zeros(grid.size, dtype=np.bool_)
            asked[grid.cells(*at)] = np.isfinite(own[at[0] - top, at[1] - left])
        time, owner = self._run(grid, layers, begin, asked, limit_s, number)
        return Field(
            window,
            grid.unfold(time),
            grid.unfold(owner) if number else None,
            factors,
        )

    def ready(
        self, window: Window
    ) -> tuple[Grid, tuple[Float32Array, Float32Array], Float32Array | None]:
        """
        Read a window, with nodata where nothing passes.

        Parameters
        ----------
        window
            Top, left, bottom, right.

        Returns
        -------
        grid : Grid
            The window with its margin.
        layers : tuple of ndarray
            Heights and factors of time of the grid, flat; the latter of size 0 where
            all are 1.
        factors : ndarray or None
            Factors of time of the window.
        """
        top, left, bottom, right = window
        span = self.moves.span
        shape = bottom - top + 2 * span, right - left + 2 * span
        grid = Grid(shape, span, top, left)
        if grid.size > _MOST_CELLS:
            msg = (
                f"{grid.size:,} cells of elevation {self.dem.source!r} are too many to "
                f"search at once; give `minutes`, or a part of it (`dem.window`)."
            )
            raise DataError(msg)
        heights = np.full(shape[0] * shape[1], np.nan, dtype=np.float32)
        own = grid.inner(heights)
        own[...] = self.dem.read(*window)
        factors = self._factors(window, own)
        padded = np.empty(0, dtype=np.float32)
        if factors is not None:
            padded = np.ones(heights.size, dtype=np.float32)
            grid.inner(padded)[...] = np.where(np.isfinite(factors), factors, 1.0)
        return grid, (heights, padded), factors

    def rules(self, grid: Grid) -> tuple[Any, ...]:
        """
        Gather what the kernel needs to know of moves.

        Parameters
        ----------
        grid
            The grid that they go over.

        Returns
        -------
        tuple
            Ways, lengths, frame and pace, as `kernel.fill` takes them.
        """
        moves = self.moves
        steps = moves.steps
        offsets, between, weights = moves.ways(grid.shape[1])
        sizes = np.abs(steps).max(axis=1)
        ways = offsets, between, weights, sizes, steps[:, 0].copy(), steps[:, 1].copy()
        span = grid.span
        down, right = grid.top - moves.origin[0], grid.left - moves.origin[1]
        frame = grid.shape[1], down - span, right - span, *moves.shifts, span
        table = kernel.tabulate(self.pace * np.float32(moves.evening))
        level = np.float32(STEEPEST * PER_UNIT)
        return ways, moves.lengths_m, frame, (table, level, np.float32(PER_UNIT))

    def _run(
        self,
        grid: Grid,
        layers: tuple[Float32Array, Float32Array],
        begin: tuple[npt.NDArray[Any], ...],
        asked: npt.NDArray[np.bool_],
        limit_s: float,
        number: bool,  # noqa: FBT001 - passed through
    ) -> tuple[Float32Array, npt.NDArray[np.int32]]:
        """Call the kernel, with more room if it has not enough."""
        moves = self.moves
        ways, lengths, frame, pace = self.rules(grid)
        slowest = layers[1].min(initial=1.0) if layers[1].size else 1.0
        width = float(moves.lengths_m.min()) * float(self.pace.min())
        width *= 0.999 * moves.evening * float(slowest)
        cuts = self.cuts(grid)
        limit = np.nextafter(np.float32(min(limit_s, LONGEST_S)), np.float32(np.inf))
        lists = _LISTS
        while True:
            time = np.full(grid.size, limit, dtype=np.float32)
            owner = np.full(grid.size if number else 0, -1, dtype=np.int32)
            pool = self._pool(grid.tiles, begin[2])
            reached = kernel.spread(
                layers, ways, lengths, frame, pace, width, grid.jumps(moves.steps),
                cuts, begin, asked, (time, owner), pool, kernel.new_scratch(), lists,
            )  # fmt: skip
            if _POOLS.qsize() < (os.cpu_count() or 1):
                _POOLS.put(pool[0])
            if reached >= 0:
                return time, owner
            lists *= 4

    def _pool(
        self, tiles: int, starts: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[Any], ...]:
        """Room for times of moves, out of what an earlier search has left."""
        # What is about to be settled lies around starts like rings, which meet.
        front = _FRONT * np.sqrt(tiles) * np.cbrt(np.unique(starts).size)
        held = min(tiles, int(front) + 1, _TILES)
        size = (held + 1) * kernel.CELLS * len(self.moves.steps) + 1
        try:
            room = _POOLS.get_nowait()
        except Empty:
            room = np.empty(0, dtype=np.float32)
        if room.size < size:
            room = np.empty(size, dtype=np.float32)
        slots = np.full(tiles, -1, dtype=np.int64)
        return room, slots, np.full(held, -1, dtype=np.int64)

    def cuts(self, grid: Grid) -> tuple[IntArray, IntArray]:
        """Bring closed moves into the order of the kernel's cells."""
        if not len(self.barriers.edges):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rows, columns = (size - 2 * grid.span for size in grid.shape)
        window = grid.top, grid.left, grid.top + rows, grid.left + columns
        row, column, move = self.barriers.closed_moves(window, self.moves.steps)
        cells = grid.cells(row, column)
        order = np.argsort(cells, kind="stable")
        return cells[order], move[order]

    def _factors(self, window: Window, heights: Float32Array) -> Float32Array | None:
        """Factors of time in a window; heights where it is closed become nodata."""
        top, left, bottom, right = window
        shape = bottom - top, right - left
        burn = {
            "out_shape": shape,
            "transform": Affine.translation(left - 0.5, top - 0.5),
            "dtype": np.float32,
        }
        if min(shape) == 0:
            return None
        factors = self._land_cover(window)
        near = _near(self.areas, window)
        if near.any():
            pairs = zip(self.areas[near], self.area_factors[near], strict=True)
            with _BURNING:
                own = rasterize(pairs, fill=0.0, **burn)
            own = np.where(own == 0.0, np.float32(1.0), own)
            factors = own if factors is None else factors * own
        shut = self.barriers.areas[_near(self.barriers.areas, window)]
        closed = np.zeros(shape, dtype=bool)
        if len(shut):
            with _BURNING:
                closed |= rasterize(shut, **burn) == 1.0
        if self.within is not None:
            kept = self.within[_near(self.within, window)]
            with _BURNING:
                inside = rasterize(kept, all_touched=True, **burn) if len(kept) else 0.0
            closed |= np.broadcast_to(inside, shape) == 0.0
        if closed.any():
            factors = np.ones(shape, dtype=np.float32) if factors is None else factors
            factors[closed] = np.inf
        if factors is not None:
            heights[np.isinf(factors)] = np.nan
        return factors

    def _land_cover(self, window: Window) -> Float32Array | None:
        """Factors of land cover in a window: each cell has the class at its centre."""
        path, table = self.conditions.land_cover, self.conditions.land_cover_factors
        if path is None or table is None:
            return None
        top, left, bottom, right = window
        options = {
            "crs": self.dem.crs.to_wkt(),
            "transform": shifted(self.dem.transform, left, top),
            "height": bottom - top,
            "width": right - left,
            "resampling": Resampling.nearest,
        }
        try:
            with rasterio.open(path) as raster:
                if raster.crs is None:
                    msg = f"`land_cover` {str(path)!r} has no CRS; declare it."
                    raise DataError(msg)
                if raster.nodata is None:
                    options["add_alpha"] = True
                with WarpedVRT(raster, **options) as warped:
                    classes, known = warped.read(1), warped.dataset_mask() > 0
        except (rasterio.errors.RasterioError, ValueError) as error:
            msg = f"`land_cover` {str(path)!r} cannot be read: {error}."
            raise DataError(msg) from error
        factors = np.ones(classes.shape, dtype=np.float32)
        for kind, factor in table.items():
            factors[(classes == kind) & known] = factor
        return factors


def _near(areas: npt.NDArray[Any], window: Window) -> npt.NDArray[np.bool_]:
    """Which areas may have cells in a window."""
    top, left, bottom, right = window
    bounds = shapely.bounds(areas).reshape(-1, 4)
    return np.asarray(
        (bounds[:, 0] <= right)
        & (bounds[:, 2] >= left - 1)
        & (bounds[:, 1] <= bottom)
        & (bounds[:, 3] >= top - 1)
    )
