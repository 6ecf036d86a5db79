"""Rasters that are finished or absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
import rasterio
import rasterio.shutil
from affine import Affine
from pyproj import CRS
from rasterio.errors import RasterioError

from geoborder.errors import OptionError
from geoborder.files.text import staged


def write_raster(
    values: npt.NDArray[Any],
    path: Path,
    *,
    transform: Affine,
    crs: CRS,
    nodata: float,
    description: str,
    unit: str = "",
    colours: dict[int, tuple[int, ...]] | None = None,
    overviews: str = "NEAREST",
) -> Path:
    """
    Write a band as a cloud-optimised GeoTIFF, finished or absent.

    Parameters
    ----------
    values
        Shape (rows, columns).
    path
        File to write or replace, ending in ``.tif``; its folder must exist.
    transform, crs
        Its georeferencing.
    nodata
        Value of cells without an answer.
    description, unit
        What the values are, and in which unit.
    colours
        Colour of each value.
    overviews
        How overviews are resampled, in GDAL's words; ``AVERAGE`` for pictures.

    Returns
    -------
    Path
        The file, with overviews where it is large.

    Raises
    ------
    OptionError
        If it cannot be written, or does not end in ``.tif``; an earlier file is
        untouched.
    """
    if path.suffix.lower() not in {".tif", ".tiff"}:
        msg = f"{str(path)!r}: write to a file ending in .tif."
        raise OptionError(msg)
    rows, columns = values.shape
    facts = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1,
        "dtype": values.dtype.name, "nodata": nodata,
        "crs": crs.to_wkt(), "transform": transform,
    }  # fmt: skip
    try:
        with staged(path) as part:
            plain = part.with_name("plain.tif")
            with rasterio.open(plain, "w", **facts) as raster:
                raster.write(values, 1)
                raster.set_band_description(1, description)
                raster.units = (unit,)
                if colours is not None:
                    raster.write_colormap(1, colours)
            rasterio.shutil.copy(
                plain, part, driver="COG", compress="DEFLATE", resampling=overviews
            )
    except RasterioError as error:
        msg = f"{str(path)!r} cannot be written: GDAL gave up on it."
        raise OptionError(msg) from error
    return path
