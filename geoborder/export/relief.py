"""Shaded relief to lie under, or over, the layers of a plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS
from scipy.ndimage import distance_transform_edt

from geoborder.files import write_raster
from geoborder.maps.relief import shaded_relief
from geoborder.terrain import Dem

_LONGEST_PX = 2400
_FADE = 0.06
"""The relief fades to white over this share of its shorter side."""

_NODATA, _BLACK, _WHITE = 0, 1, 255


def write_relief(dem: Dem, path: Path, *, crs: CRS) -> Path:
    """
    Write shaded relief as a cloud-optimised GeoTIFF, finished or absent.

    Parameters
    ----------
    dem
        Elevation.
    path
        File to write or replace, ending in ``.tif``; its folder must exist.
    crs
        Its projection, with north up.

    Returns
    -------
    Path
        The file: a byte, from 1 (dark) to 255, fading to white where the elevation
        ends, so that multiplied with other layers it has no edges; nodata 0.
    """
    relief = shaded_relief(dem, crs, longest_px=_LONGEST_PX)
    rows, columns = relief.grey.shape
    seen = np.isfinite(relief.grey)
    inside = distance_transform_edt(np.pad(seen, 1))[1:-1, 1:-1]
    strength = np.clip(inside / (_FADE * min(rows, columns)), 0.0, 1.0)
    grey = _BLACK + np.where(seen, relief.grey, 0.0) * (_WHITE - _BLACK)
    faded = np.round(_WHITE - (_WHITE - grey) * strength)
    left, right, bottom, top = relief.extent
    size = (right - left) / columns, (bottom - top) / rows
    return write_raster(
        np.where(seen, faded, _NODATA).astype(np.uint8),
        path,
        transform=Affine(size[0], 0.0, left, 0.0, size[1], top),
        crs=crs,
        nodata=_NODATA,
        description="shaded relief, light from the north-west",
        overviews="AVERAGE",
    )
