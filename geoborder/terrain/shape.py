"""
The shape of the ground: slope, aspect, relief, ruggedness, shade.

Distances are those on the ellipsoid, whatever the CRS and however the raster is
turned. Everything here works on the whole raster: of a large one take a window.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.terrain.dem import Dem
from geoborder.terrain.rasters import Float32Array

_NODES = 33
"""The ground size of cells is measured at so many rows and columns."""

_BAND = 256
"""Rows turned to ground distances at a time, to save memory."""


def gradient(dem: Dem) -> tuple[Dem, Dem]:
    """
    Rise of the ground towards east and north.

    Parameters
    ----------
    dem
        Elevation.

    Returns
    -------
    east, north : Dem
        Metres of height per metre, by central differences of the neighbours in
        the row and in the column (one-sided at the raster's edge); NaN where
        one has no data.
    """
    heights = np.asarray(dem.heights_m, dtype=np.float32)
    down, across = (_differences(heights, axis) for axis in (0, 1))
    rows, columns = dem.shape
    node_row, node_column = (np.linspace(0.0, n - 1.0, _NODES) for n in dem.shape)
    steps = _steps(dem, node_row, node_column)
    to_columns = _hats(node_column, np.arange(columns))
    wide = [step @ to_columns.T for step in steps]
    for top in range(0, rows, _BAND):
        band = slice(top, min(top + _BAND, rows))
        to_rows = _hats(node_row, np.arange(band.start, band.stop))
        east_c, north_c, east_r, north_r = (to_rows @ step for step in wide)
        area = east_c * north_r - east_r * north_c
        u, v = across[band].copy(), down[band].copy()
        across[band] = (u * north_r - v * north_c) / area
        down[band] = (v * east_c - u * east_r) / area
    return replace(dem, heights_m=across), replace(dem, heights_m=down)


def _differences(heights: Float32Array, axis: int) -> Float32Array:
    """Rise per cell; a single row or column has none."""
    if heights.shape[axis] < 2:  # noqa: PLR2004 - it takes two for a difference
        return np.full_like(heights, np.nan)
    return np.asarray(np.gradient(heights, axis=axis))


def _steps(
    dem: Dem, row: FloatArray, column: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """
    Ground metres to the east and north of one column's step and of one row's.

    Each has the shape (rows, columns) of the nodes given.
    """
    y, x = np.meshgrid(row, column, indexing="ij")
    ground: list[FloatArray] = []
    for right, below in ((0.5, 0.0), (0.0, 0.5)):
        start = dem.lonlat_at(x - right, y - below)
        end = dem.lonlat_at(x + right, y + below)
        azimuth, length = inverse(*start, *end)
        ground.append(length * np.sin(np.radians(azimuth)))
        ground.append(length * np.cos(np.radians(azimuth)))
    return ground[0], ground[1], ground[2], ground[3]


def _hats(nodes: FloatArray, places: IntArray) -> FloatArray:
    """Weights of linear interpolation between nodes, shape (places, nodes)."""
    unit = np.eye(nodes.size)
    if nodes[-1] == nodes[0]:
        return np.tile(unit[0], (places.size, 1))
    return np.column_stack([np.interp(places, nodes, column) for column in unit])


def slope_deg(dem: Dem) -> Dem:
    """
    Slope of each cell.

    Parameters
    ----------
    dem
        Elevation.

    Returns
    -------
    Dem
        Steepest slope in degrees by central differences over ground distances;
        NaN where a neighbour has no data.

    Notes
    -----
    GDAL's gdaldem has these differences as ``-alg ZevenbergenThorne``; its default,
    Horn's, averages over all eight neighbours and so is smoother.

    References
    ----------
    Zevenbergen, L. W., Thorne, C. R. (1987). Quantitative analysis of land surface
    topography. Earth Surface Processes and Landforms 12, 47-56.

    Examples
    --------
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> slope = gb.slope_deg(dem)
    >>> slope.shape == dem.shape
    True
    >>> round(float(slope.heights_m.max()), 1)  # degrees, on cells of 0.7 km by 0.9 km
    47.6
    """
    east, north = (np.asarray(side.heights_m) for side in gradient(dem))
    return replace(dem, heights_m=np.degrees(np.arctan(np.hypot(east, north))))


def aspect_deg(dem: Dem) -> Dem:
    """
    Direction in which each cell falls.

    Parameters
    ----------
    dem
        Elevation.

    Returns
    -------
    Dem
        Azimuth of the steepest descent, clockwise from true north, from 0 to
        less than 360 degrees; NaN on flat ground and where a neighbour has no
        data. It must not be interpolated: there is a jump at north.

    Examples
    --------
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> aspect = gb.aspect_deg(dem)
    >>> aspect.heights_m[20, 20:24].round()  # degrees clockwise from north
    array([291., 290., 313., 316.], dtype=float32)
    """
    east, north = (np.asarray(side.heights_m) for side in gradient(dem))
    return replace(dem, heights_m=downslope_deg(east, north).astype(np.float32))


def downslope_deg(east: FloatArray, north: FloatArray) -> FloatArray:
    """
    Azimuth of the steepest descent.

    Parameters
    ----------
    east, north
        Rise of the ground in metres per metre.

    Returns
    -------
    ndarray
        Degrees clockwise from north, from 0 to less than 360; NaN where flat.
    """
    # What rounds up to 360 is 0.
    azimuth = np.degrees(np.arctan2(-east, -north)) % 360.0 % 360.0
    return np.where((east == 0.0) & (north == 0.0), np.nan, azimuth)


def ruggedness_m(dem: Dem) -> Dem:
    """
    Terrain ruggedness index: how much each cell differs from its neighbours.

    Parameters
    ----------
    dem
        Elevation. The index grows with the size of its cells.

    Returns
    -------
    Dem
        Root of the sum of the squared differences in height to the eight cells
        around, in metres; NaN where one of them has no data, so all around the
        raster's edge.

    References
    ----------
    Riley, S. J., DeGloria, S. D., Elliot, R. (1999). A terrain ruggedness index
    that quantifies topographic heterogeneity. Intermountain Journal of Sciences
    5(1-4).

    Examples
    --------
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> ruggedness = gb.ruggedness_m(dem)
    >>> ruggedness.heights_m[20, 20:24].round()
    array([1061.,  984.,  845.,  770.], dtype=float32)
    >>> float(ruggedness.heights_m[0, 0])  # at the edge a neighbour is missing
    nan
    """
    rows, columns = dem.shape
    around = dem.read(-1, -1, rows + 1, columns + 1)
    middle = around[1:-1, 1:-1]
    total = np.zeros_like(middle)
    for place in range(9):
        row, column = divmod(place, 3)
        total += (around[row : row + rows, column : column + columns] - middle) ** 2
    return replace(dem, heights_m=np.sqrt(total))


def local_relief(dem: Dem, *, radius_m: float) -> Dem:
    """
    Range of heights around each cell.

    Parameters
    ----------
    dem
        Elevation.
    radius_m
        Half the side of the square window around each cell, in metres, turned
        to whole cells at the middle of the raster.

    Returns
    -------
    Dem
        Highest less lowest height in the window, metres; cells without data do
        not count.

    Examples
    --------
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> relief = gb.local_relief(dem, radius_m=3000)
    >>> relief.heights_m[20, 20:24]
    array([2393., 2457., 2166., 1963.], dtype=float32)
    """
    heights = np.asarray(dem.heights_m)
    rows, columns = dem.shape
    lon, lat = dem.lonlat_at(columns / 2.0 - 0.5, rows / 2.0 - 0.5)
    width, height = dem.cell_size_m(float(lon), float(lat))
    window = (
        2 * max(1, round(radius_m / height)) + 1,
        2 * max(1, round(radius_m / width)) + 1,
    )
    lowest = minimum_filter(np.nan_to_num(heights, nan=np.inf), size=window)
    highest = maximum_filter(np.nan_to_num(heights, nan=-np.inf), size=window)
    relief = np.where(np.isnan(heights), np.float32(np.nan), highest - lowest)
    return replace(dem, heights_m=relief)


def hillshade(
    dem: Dem,
    *,
    azimuth_deg: float = 315.0,
    altitude_deg: float = 45.0,
    vertical_exaggeration: float = 1.0,
) -> Float32Array:
    """
    Light on the ground.

    Parameters
    ----------
    dem
        Elevation.
    azimuth_deg
        Where the light comes from, clockwise from north, in degrees.
    altitude_deg
        Its height over the horizon, from 0 to 90 degrees.
    vertical_exaggeration
        Heights are multiplied by this; positive.

    Returns
    -------
    ndarray
        Cosine of the angle between the light and the ground's normal, from 0
        (turned away) to 1, shape of the raster, float32; NaN where the slope is
        not known.

    Raises
    ------
    OptionError
        If an option is out of its range.

    Examples
    --------
    >>> import geoborder as gb
    >>> dem = gb.open_dem(bounds=(71.4, 37.3, 71.8, 37.7))  # around Khorog
    >>> light = gb.hillshade(dem, vertical_exaggeration=2)
    >>> light.shape == dem.shape
    True
    >>> light[20, 20:24].round(2)
    array([0.95, 0.95, 0.99, 0.98], dtype=float32)
    """
    if not (0.0 <= altitude_deg <= 90.0 and np.isfinite(azimuth_deg)):  # noqa: PLR2004
        msg = (
            f"`altitude_deg` must be from 0 to 90 and `azimuth_deg` finite, got "
            f"{altitude_deg!r} and {azimuth_deg!r}."
        )
        raise OptionError(msg)
    if not 0.0 < vertical_exaggeration < np.inf:
        msg = (
            f"`vertical_exaggeration` must be positive, got {vertical_exaggeration!r}."
        )
        raise OptionError(msg)
    east, north = (
        np.asarray(side.heights_m) * np.float32(vertical_exaggeration)
        for side in gradient(dem)
    )
    azimuth, altitude = np.radians(azimuth_deg), np.radians(altitude_deg)
    towards = east * float(np.sin(azimuth)) + north * float(np.cos(azimuth))
    light = float(np.sin(altitude)) - towards * float(np.cos(altitude))
    light /= np.sqrt(1.0 + east**2 + north**2)
    return np.clip(light, 0.0, 1.0)
