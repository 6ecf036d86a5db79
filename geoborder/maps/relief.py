"""Shaded relief as a picture in a map's projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer

from geoborder.geodesy import FloatArray
from geoborder.terrain import Dem, hillshade

_NODES = 33
"""Places along each side of the elevation from which the picture's extent is found."""


@dataclass(frozen=True, slots=True)
class Relief:
    """
    Shaded relief in a projection.

    Attributes
    ----------
    grey : ndarray
        Brightness from 0 to 1, shape (rows, columns), north on top; NaN where there
        is no elevation.
    extent : tuple of float
        Left, right, bottom and top in the projection's units, as
        `matplotlib.axes.Axes.imshow` takes it.
    bounds : tuple of float
        South, west, north and east of the picture's corners, in degrees.
    """

    grey: FloatArray
    extent: tuple[float, float, float, float]
    bounds: tuple[float, float, float, float]


def shaded_relief(dem: Dem, crs: object, *, longest_px: int = 1600) -> Relief:
    """
    Shade an elevation in a map's projection.

    Parameters
    ----------
    dem
        Elevation, in any CRS.
    crs
        The map's CRS, as pyproj takes it, with north up.
    longest_px
        Length of the longer side at most, in pixels; no more than the elevation
        has cells along its diagonal.

    Returns
    -------
    Relief
        Picture, extent and bounds.
    """
    rows, columns = dem.shape
    projection = CRS.from_user_input(crs)
    lon, lat = dem.lonlat_at(
        *np.meshgrid(
            np.linspace(-0.5, columns - 0.5, _NODES),
            np.linspace(-0.5, rows - 0.5, _NODES),
        )
    )
    there = Transformer.from_crs("EPSG:4326", projection, always_xy=True)
    x, y = there.transform(lon, np.clip(lat, -85.0, 85.0))
    size = np.array([np.ptp(x), np.ptp(y)])
    pixel = max(np.hypot(*size) / np.hypot(rows, columns), size.max() / longest_px)
    width, height = np.maximum(1, (size / pixel).astype(int)).tolist()
    transform = Affine(size[0] / width, 0, x.min(), 0, -size[1] / height, y.max())
    blank = np.empty((height, width), dtype=np.float32)
    picture = Dem(blank, transform, projection, dem.source)
    row, column = np.indices(picture.shape)
    heights = dem.heights_at(*picture.lonlat_at(column.ravel(), row.ravel()))
    blank[...] = heights.reshape(blank.shape)
    corners = picture.lonlat_at(np.array([-0.5, width - 0.5]), [height - 0.5, -0.5])
    (west, east), (south, north) = np.asarray(corners[0]), np.asarray(corners[1])
    return Relief(
        hillshade(picture, vertical_exaggeration=1.2).astype(float),
        (float(x.min()), float(x.max()), float(y.min()), float(y.max())),
        (float(south), float(west), float(north), float(east)),
    )
