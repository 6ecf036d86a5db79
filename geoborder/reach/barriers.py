"""Barriers on a grid: which moves and which straight ways they bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoborder.geodesy import BoolArray, FloatArray, IntArray, densify, polylines
from geoborder.reach import crossing
from geoborder.tables import POLYGONS
from geoborder.terrain import Dem

_EDGE_M = 500.0
"""Edges are divided along their geodesics into pieces of this length at most."""

_EDGE_CELLS = 8.0
"""And on the grid into pieces of so many cells."""

_CLOSED = [shapely.GeometryType[kind.upper()] for kind in POLYGONS]


@dataclass(frozen=True, slots=True)
class Barriers:
    """
    Lines that nothing crosses and areas that nothing enters, on a grid.

    Attributes
    ----------
    edges : ndarray
        Columns and rows of both ends of each edge, shape (edges, 4), in the order
        of their leftmost columns; 0.0 is the centre of the first cell.
    widest : float
        Columns that the widest edge spans.
    areas : ndarray of Polygon
        Closed areas, in columns and rows.
    """

    edges: FloatArray
    widest: float
    areas: npt.NDArray[Any]

    @classmethod
    def on(cls, dem: Dem, *layers: gpd.GeoDataFrame | None) -> Barriers:
        """
        Bring lines and polygons onto a grid.

        Parameters
        ----------
        dem
            Elevation.
        *layers
            Lines and polygons in longitude and latitude.

        Returns
        -------
        Barriers
            Edges far from the grid are left out.
        """
        shapes = [layer.geometry.to_numpy() for layer in layers if layer is not None]
        parts = shapely.get_parts(np.concatenate([np.empty(0, object), *shapes]))
        closed = np.isin(shapely.get_type_id(parts), _CLOSED)
        areas, _ = on_grid(dem, parts[closed])
        lines, _ = on_grid(dem, parts[~closed])
        edges = np.concatenate([_edges_of(lines), _edges_of(shapely.get_rings(areas))])
        rows, columns = dem.shape
        near = (edges[:, [0, 2]].max(axis=1) > -_EDGE_CELLS) & (
            edges[:, [1, 3]].max(axis=1) > -_EDGE_CELLS
        )
        near &= edges[:, [0, 2]].min(axis=1) < columns + _EDGE_CELLS
        near &= edges[:, [1, 3]].min(axis=1) < rows + _EDGE_CELLS
        edges = edges[near]
        left = edges[:, [0, 2]].min(axis=1)
        order = np.argsort(left, kind="stable")
        widest = float(np.abs(edges[:, 2] - edges[:, 0]).max(initial=0.0))
        return cls(np.ascontiguousarray(edges[order]), widest, areas)

    def between(self, left: float, right: float) -> FloatArray:
        """
        Pick edges by columns.

        Parameters
        ----------
        left, right
            Columns.

        Returns
        -------
        ndarray
            Those edges that may lie between, shape (n, 4).
        """
        starts = np.minimum(self.edges[:, 0], self.edges[:, 2])
        first = np.searchsorted(starts, left - self.widest)
        return self.edges[first : np.searchsorted(starts, right, side="right")]

    def touch(self, column: FloatArray, row: FloatArray, cells: float) -> BoolArray:
        """
        Find which places lie on an edge, or close to one.

        Parameters
        ----------
        column, row
            Places, shape (n,).
        cells
            How close.

        Returns
        -------
        ndarray of bool
            Shape (n,).
        """
        near = np.zeros(column.size, dtype=bool)
        for across, down in ((cells, 0.0), (0.0, cells)):
            ends = column + across, row + down
            near |= self.cross(column - across, row - down, ends)
        return near

    def cross(
        self, column: FloatArray, row: FloatArray, to: tuple[FloatArray, FloatArray]
    ) -> BoolArray:
        """
        Find which straight ways meet an edge.

        Parameters
        ----------
        column, row
            Where they begin, shape (n,).
        to
            Columns and rows at which they end.

        Returns
        -------
        ndarray of bool
            Shape (n,).
        """
        ways = np.column_stack((column, row, *to)).astype(float)
        if not len(self.edges):
            return np.zeros(len(ways), dtype=bool)
        starts = np.minimum(self.edges[:, 0], self.edges[:, 2])
        return np.asarray(crossing.meeting(ways, self.edges, starts, self.widest))

    def closed_moves(
        self, window: tuple[int, int, int, int], steps: IntArray
    ) -> tuple[IntArray, IntArray, IntArray]:
        """
        Find the moves that meet an edge.

        Parameters
        ----------
        window
            Top, left, bottom, right in rows and columns, the last ones excluded.
        steps
            Columns and rows of moves; the second half opposite to the first.

        Returns
        -------
        row, column, move : ndarray of int
            Of each closed move from a cell of the window.
        """
        span = int(np.abs(steps).max())
        edges = self.between(window[1] - span, window[3] + span)
        half = np.ascontiguousarray(steps[: len(steps) // 2])
        found = crossing.closed_moves(edges, half, window, np.empty((0, 3), np.int64))
        found = crossing.closed_moves(
            edges, half, window, np.empty((found[0], 3), np.int64)
        )
        row, column, move = np.unique(found[1], axis=0).T
        # The opposite of a closed move is closed too.
        back = move + len(half)
        to_row, to_column = row + steps[move, 1], column + steps[move, 0]
        row, column = np.append(row, to_row), np.append(column, to_column)
        move = np.append(move, back)
        inside = (row >= window[0]) & (row < window[2])
        inside &= (column >= window[1]) & (column < window[3])
        return row[inside], column[inside], move[inside]


def on_grid(dem: Dem, shapes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], IntArray]:
    """
    Bring lines or polygons onto a grid.

    Parameters
    ----------
    dem
        Elevation.
    shapes
        Lines, or polygons, of one part or several, in longitude and latitude; edges
        are geodesics.

    Returns
    -------
    placed : ndarray of LineString or Polygon
        What is on the grid or near it, in columns and rows; 0.0 is the centre of the
        first cell.
    owner : ndarray of int
        Which of the shapes each is part of.
    """
    shapes, owner = shapely.get_parts(shapes, return_index=True)
    long = shapely.length(shapes) > 0.0
    shapes, owner = shapes[long], owner[long]
    if not len(shapes):
        return np.empty(0, dtype=object), owner
    near = shapely.clip_by_rect(_fine(shapes), *_around(dem))
    parts, shape = shapely.get_parts(near, return_index=True)
    kinds = shapely.get_type_id(parts)
    kept = (kinds == shapely.get_type_id(shapes[0])) & ~shapely.is_empty(parts)

    def place(lonlat: FloatArray) -> FloatArray:
        return np.column_stack(dem.cells_at(lonlat[:, 0], lonlat[:, 1]))

    return shapely.transform(parts[kept], place), owner[shape[kept]]


def _fine(shapes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Divide edges along their geodesics, so finely that pieces are straight."""
    area = shapely.get_type_id(shapes[0]) in _CLOSED
    lines, owner = shapes, np.arange(len(shapes))
    if area:
        lines, owner = shapely.get_rings(shapes, return_index=True)
    dense = densify(polylines(lines), _EDGE_M)
    xy, line = np.column_stack((dense.lon, dense.lat)), dense.line_of_vertex
    fine: npt.NDArray[Any] = shapely.linestrings(xy, indices=line)
    if area:
        fine = shapely.polygons(shapely.linearrings(xy, indices=line), indices=owner)
        fine = shapely.make_valid(fine)
    return fine


def _around(dem: Dem) -> tuple[float, float, float, float]:
    """Bounds of a grid and some cells around it, in longitude and latitude."""
    rows, columns = dem.shape
    along = np.linspace(0.0, 1.0, 33)
    x = np.concatenate((along, along, np.zeros(33), np.ones(33)))
    y = np.concatenate((np.zeros(33), np.ones(33), along, along))
    lon, lat = dem.lonlat_at(
        x * (columns + 2.0 * _EDGE_CELLS) - _EDGE_CELLS,
        y * (rows + 2.0 * _EDGE_CELLS) - _EDGE_CELLS,
    )
    known = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = lon[known], lat[known]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _edges_of(lines: npt.NDArray[Any]) -> FloatArray:
    """Edges of lines on a grid, none longer than a few cells."""
    if not len(lines):
        return np.empty((0, 4))
    fine = shapely.segmentize(lines, _EDGE_CELLS)
    xy, line = shapely.get_coordinates(fine, return_index=True)
    ends = np.column_stack((xy[:-1], xy[1:]))
    return ends[(line[1:] == line[:-1]) & np.isfinite(ends).all(axis=1)]
