"""A border as targets: the middles of short, equal cells of it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from geoborder.chainage.lines import measure_border
from geoborder.errors import OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    Polylines,
    interpolate,
)
from geoborder.tables import LONLAT

_LEAST_KM = 0.001
"""Shorter cells would tell nothing more, and fill the memory."""


@dataclass(frozen=True, slots=True)
class Targets:
    """
    Cells of border lines, each with its middle to be seen.

    Attributes
    ----------
    points : GeoSeries
        The middles, EPSG:4326.
    line : ndarray of int
        Row of the border that each lies on.
    start_m, end_m : ndarray
        Chainages at which its cell begins and ends, in metres.

    Examples
    --------
    >>> import numpy as np
    >>> import geoborder as gb
    >>> targets = gb.border_targets(gb.load_border(), spacing_km=1)
    >>> seen = np.array([0, 1, 2, 7, 8])  # cells that a site sees
    >>> whose, _, start_m, end_m = targets.stretches(np.zeros(5, dtype=int), seen)
    >>> (start_m / 1000).round(2), (end_m / 1000).round(2)
    (array([0., 7.]), array([3., 9.]))
    """

    points: gpd.GeoSeries
    line: IntArray
    start_m: FloatArray
    end_m: FloatArray

    def stretches(
        self, number: IntArray, cell: IntArray
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """
        Join cells that follow each other into stretches.

        Parameters
        ----------
        number
            Whose each cell is, in order.
        cell
            Cells, in order within each number.

        Returns
        -------
        number, line : ndarray of int
            Whose each stretch is, and the row of the border it lies on.
        start_m, end_m : ndarray
            Where it begins and ends.
        """
        line = self.line[cell]
        fresh = np.ones(number.size, dtype=bool)
        fresh[1:] = (
            (number[1:] != number[:-1])
            | (cell[1:] != cell[:-1] + 1)
            | (line[1:] != line[:-1])
        )
        first = np.flatnonzero(fresh)
        last = np.append(first[1:], number.size) - 1 if first.size else first
        return (
            number[first],
            line[first],
            self.start_m[cell[first]],
            self.end_m[cell[last]],
        )


def border_targets(border: gpd.GeoDataFrame, *, spacing_km: float = 0.1) -> Targets:
    """
    Divide border lines into equal cells.

    Parameters
    ----------
    border
        One border or several.
    spacing_km
        Greatest length of a cell, in km.

    Returns
    -------
    Targets
        In the order of the lines and of chainage.

    Raises
    ------
    OptionError
        If the spacing is less than a metre, or not finite.

    Examples
    --------
    >>> import geoborder as gb
    >>> targets = gb.border_targets(gb.load_border(), spacing_km=1)
    >>> len(targets.points)
    1344
    >>> targets.start_m[:3].round(1)
    array([   0. , 1000. , 1999.9])
    """
    if not _LEAST_KM <= spacing_km < np.inf:
        msg = (
            f"`target_spacing_km` must be finite and at least {_LEAST_KM:g}, got "
            f"{spacing_km!r}."
        )
        raise OptionError(msg)
    _, lines = measure_border(border)
    line, start, end = equal_cells(lines, spacing_km * 1000.0)
    lon, lat = interpolate(lines, line, (start + end) / 2.0)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=LONLAT)
    return Targets(points, line, start, end)


def equal_cells(
    lines: Polylines, longest_m: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    """
    Divide each line into the fewest equal cells.

    Parameters
    ----------
    lines
        The lines.
    longest_m
        Greatest length of a cell, in metres.

    Returns
    -------
    line : ndarray of int
        Number of the line of each cell.
    start_m, end_m : ndarray
        Chainages at which it begins and ends.
    """
    parts = np.maximum(1, np.ceil(lines.length_m / longest_m)).astype(np.int64)
    line = np.repeat(np.arange(parts.size), parts)
    number = np.arange(line.size) - np.repeat(np.cumsum(parts) - parts, parts)
    width = (lines.length_m / parts)[line]
    return line, number * width, np.minimum((number + 1) * width, lines.length_m[line])
