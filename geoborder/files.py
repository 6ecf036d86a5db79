"""Files that are finished or absent."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy.typing as npt
import pandas as pd
import rasterio
import rasterio.shutil
from affine import Affine
from pyogrio.errors import DataSourceError
from pyproj import CRS
from rasterio.errors import RasterioError

from geoborder.errors import OptionError


def write_text(path: Path, text: str) -> Path:
    """
    Write a text file so that it is finished or absent.

    Parameters
    ----------
    path
        File to write or replace; its folder must exist.
    text
        What it shall hold, written as UTF-8.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If it cannot be written; an earlier file is untouched.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        msg = f"{str(path)!r} cannot be written: {error.strerror}."
        raise OptionError(msg) from error
    return path


def _umask() -> int:
    """Read the process's file mode mask; the only way is to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_DRIVERS = {
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".fgb": "FlatGeobuf",
}


def write_layer(layer: gpd.GeoDataFrame, path: Path) -> Path:
    """
    Write a layer in the format of its file's ending, finished or absent.

    Parameters
    ----------
    layer
        The layer.
    path
        File to write or replace: ``.gpkg``, ``.geojson``, ``.fgb``, or ``.csv``
        (geometries as WKT).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If the ending is another one, or the file cannot be written; an earlier
        file is untouched.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        wkt = layer.geometry.to_wkt(rounding_precision=7)
        table = pd.DataFrame(layer).assign(geometry=wkt)
        return write_text(path, table.to_csv(index=False, lineterminator="\n"))
    if ending not in _DRIVERS:
        msg = f"{str(path)!r}: write to a file ending in .csv, {', '.join(_DRIVERS)}."
        raise OptionError(msg)
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}-", dir=path.parent
        ) as stage:
            part = Path(stage) / path.name
            # FlatGeobuf sorts rows by place unless it goes without an index.
            options = {"SPATIAL_INDEX": "NO"} if ending == ".fgb" else {}
            driver = _DRIVERS[ending]
            layer.to_file(
                part, driver=driver, engine="pyogrio", layer=path.stem, **options
            )
            part.replace(path)
    except (OSError, DataSourceError) as error:
        msg = f"{str(path)!r} cannot be written: {error}."
        raise OptionError(msg) from error
    return path


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
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}-", dir=path.parent
        ) as stage:
            plain, part = Path(stage) / "plain.tif", Path(stage) / "part.tif"
            with rasterio.open(plain, "w", **facts) as raster:
                raster.write(values, 1)
                raster.set_band_description(1, description)
                raster.units = (unit,)
                if colours is not None:
                    raster.write_colormap(1, colours)
            rasterio.shutil.copy(
                plain, part, driver="COG", compress="DEFLATE", resampling="NEAREST"
            )
            part.replace(path)
    except (OSError, RasterioError) as error:
        reason = getattr(error, "strerror", None) or "GDAL gave up on it"
        msg = f"{str(path)!r} cannot be written: {reason}."
        raise OptionError(msg) from error
    return path
