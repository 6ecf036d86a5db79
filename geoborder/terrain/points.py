"""What the ground is like at points, read by windows around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.terrain.dem import Dem, cut_cells
from geoborder.terrain.shape import gradient, local_relief, ruggedness_m

_RELIEF_RADIUS_M = 7000.0
"""How far around the definition of mountains looks."""

_CELLS = 2**22
"""Points are taken together as long as the window around them is smaller."""


def terrain_at(dem: Dem, lon: FloatArray, lat: FloatArray) -> pd.DataFrame:
    """
    Describe the ground at points.

    Parameters
    ----------
    dem
        Elevation; of one on disk only windows around the points are read.
    lon, lat
        Points in degrees on WGS 84, shape (n,).

    Returns
    -------
    DataFrame
        A row per point: ``height_m``, ``slope_deg`` (steepest),
        ``rise_east`` and ``rise_north`` (metres per metre), ``ruggedness_m``
        (all between cell centres; NaN where they depend on a cell without data)
        and ``mountain`` (see `is_mountain`).
    """
    column, row = dem.cells_at(lon, lat)
    rows, columns = dem.shape
    on_it = (np.abs(column - (columns - 1) / 2.0) < columns / 2.0) & (
        np.abs(row - (rows - 1) / 2.0) < rows / 2.0
    )
    inside = np.flatnonzero(on_it)
    table = pd.DataFrame(
        np.nan,
        index=np.arange(column.size),
        columns=["height_m", "slope_deg", "rise_east", "rise_north", "ruggedness_m"],
    ).assign(mountain=False)
    if inside.size == 0:
        return table
    # Cells are smallest at one of the ends, or a little smaller between them; two
    # more are for slopes.
    ends = {
        int(inside[find(along[inside])])
        for along in (column, row)
        for find in (np.argmin, np.argmax)
    }
    size = np.min([dem.cell_size_m(lon[n], lat[n]) for n in ends], axis=0)
    wide, high = (int(np.ceil(1.1 * _RELIEF_RADIUS_M / step)) + 2 for step in size)
    for group in _compact(inside, column, row, (wide, high)):
        x, y = column[group], row[group]
        ground = cut_cells(
            dem,
            max(int(y.min()) - high, 0),
            max(int(x.min()) - wide, 0),
            min(int(y.max()) + high + 2, rows),
            min(int(x.max()) + wide + 2, columns),
        )
        found = _describe(ground, lon[group], lat[group])
        table.loc[group] = found.set_axis(group)
    return table


def _compact(
    points: IntArray, column: FloatArray, row: FloatArray, margin: tuple[int, int]
) -> Iterator[IntArray]:
    """Split points in halves until the windows around them are small."""
    spread = np.array([np.ptp(column[points]), np.ptp(row[points])])
    if np.prod(spread + 2 * np.array(margin)) <= _CELLS or (spread <= margin).all():
        yield points
        return
    along = (column, row)[int(np.argmax(spread))]
    order = points[np.argsort(along[points], kind="stable")]
    for half in np.array_split(order, 2):
        yield from _compact(half, column, row, margin)


def _describe(ground: Dem, lon: FloatArray, lat: FloatArray) -> pd.DataFrame:
    """Describe points on elevation in memory; see `terrain_at`."""
    east, north = gradient(ground)
    rise = np.hypot(np.asarray(east.heights_m), np.asarray(north.heights_m))
    steepest = replace(ground, heights_m=np.degrees(np.arctan(rise)))
    height, slope = (part.heights_at(lon, lat) for part in (ground, steepest))
    relief = local_relief(ground, radius_m=_RELIEF_RADIUS_M).heights_at(lon, lat)
    rugged = relief > 300.0  # noqa: PLR2004 - the definition's figures
    return pd.DataFrame(
        {
            "height_m": height,
            "slope_deg": slope,
            "rise_east": east.heights_at(lon, lat),
            "rise_north": north.heights_at(lon, lat),
            "ruggedness_m": ruggedness_m(ground).heights_at(lon, lat),
            "mountain": (height >= 2500.0)  # noqa: PLR2004
            | ((height >= 1500.0) & (slope >= 2.0))  # noqa: PLR2004
            | ((height >= 1000.0) & ((slope >= 5.0) | rugged))  # noqa: PLR2004
            | ((height >= 300.0) & rugged),  # noqa: PLR2004
        }
    )


def is_mountain(dem: Dem, lon: FloatArray, lat: FloatArray) -> BoolArray:
    """
    Tell mountains from lowland by the definition of UNEP-WCMC.

    Parameters
    ----------
    dem
        Elevation; of one on disk only windows around the points are read.
    lon, lat
        Points in degrees on WGS 84, shape (n,).

    Returns
    -------
    ndarray of bool
        Shape (n,); False where there is no elevation.

    References
    ----------
    Kapos, V., Rhind, J., Edwards, M., Price, M. F., Ravilious, C. (2000).
    Developing a map of the world's mountain forests. In Forests in Sustainable
    Mountain Development, CABI: at least 2,500 m; 1,500 m and 2 degrees of slope;
    1,000 m and 5 degrees, or a local range over 300 m within 7 km; 300 m and
    that range.
    """
    return terrain_at(dem, lon, lat)["mountain"].to_numpy(dtype=bool)
