"""Opening elevation: one raster or several on one grid, in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.errors import RasterioError

from geoborder.datasets import data_path
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import FloatArray
from geoborder.terrain.dem import Bounds, Dem, apply_transform, cut_bounds, shifted
from geoborder.terrain.rasters import Tile, TiledHeights, unreadable

DemLike = Dem | str | Path | Sequence[str | Path]
"""Open elevation, or what `open_dem` opens."""

_IN_MEMORY = 2**26
"""Rasters of up to so many cells are read whole."""

_FIT = 1e-3
"""How far rasters of one grid may be apart, in cells."""

_METRE = ("", "m", "metre", "metres", "meter", "meters")
_FOOT = ("ft", "foot", "feet", "international foot", "international feet")
_SURVEY_FOOT = (
    *("us ft", "ft us", "ftus", "usft", "us foot", "us feet", "foot us"),
    *("us survey foot", "us survey feet", "survey foot", "survey feet"),
)
_UNIT_M = {
    **dict.fromkeys(_METRE, 1.0),
    **dict.fromkeys(_FOOT, 0.3048),
    **dict.fromkeys(_SURVEY_FOOT, 1200.0 / 3937.0),
}


def open_dem(
    path: str | Path | Sequence[str | Path] | None = None,
    *,
    bounds: Bounds | None = None,
) -> Dem:
    """
    Open elevation.

    Parameters
    ----------
    path
        Any raster that rasterio reads, or several on one grid, which may
        overlap: where they do, the first one that has data counts, and gaps
        between them have none. By default the bundled one (NOAA GLOBE, 30
        arc-seconds, 66-76 E, 35.5-39.5 N): good for relief, too coarse for
        siting.
    bounds
        Read only what covers west, south, east, north (degrees on WGS 84).

    Returns
    -------
    Dem
        The first band, in metres. What has more than 2**26 cells stays on disk
        and is read by windows.

    Raises
    ------
    DataError
        If a file cannot be read, has no CRS or an unknown unit, does not fit on
        the grid of the first one, or none meets the bounds.
    OptionError
        If the list of paths is empty.

    Warns
    -----
    GeoborderWarning
        If it covers only a part of the bounds, with the share.

    Examples
    --------
    >>> import numpy as np
    >>> from geoborder import open_dem
    >>> dem = open_dem()
    >>> dem.heights_at(np.array([73.705]), np.array([37.44]))  # Lake Zorkul
    array([4110.])
    """
    given = data_path("elevation.tif") if path is None else path
    paths = [given] if isinstance(given, (str, Path)) else list(given)
    if not paths:
        msg = "`path` is an empty list; name at least one raster."
        raise OptionError(msg)
    dem = _on_one_grid([_look(str(source)) for source in paths])
    if bounds is not None:
        return cut_bounds(dem, bounds, stacklevel=3)
    rows, columns = dem.shape
    if rows * columns > _IN_MEMORY:
        return dem
    return replace(dem, heights_m=np.asarray(dem.heights_m))


def as_dem(dem: DemLike) -> Dem:
    """Open elevation that is not open yet."""
    if isinstance(dem, Dem):
        return dem
    if not isinstance(dem, (str, Path, list, tuple)):
        msg = (
            f"`dem` must be an open elevation, a path or several, got "
            f"{type(dem).__name__}."
        )
        raise DataError(msg)
    return open_dem(dem)


@dataclass(frozen=True, slots=True)
class _Raster:
    """A raster's cells (as a tile at the origin) and georeferencing."""

    cells: Tile
    transform: Affine
    crs: CRS


def _look(source: str) -> _Raster:
    """Read what a raster says of itself."""
    try:
        with rasterio.open(source) as raster:
            if raster.count == 0:
                msg = f"Elevation {source!r} has no band of its own; name one of its "
                raise DataError(msg + f"parts: {', '.join(raster.subdatasets[:3])}.")
            if raster.crs is None:
                msg = f"Elevation {source!r} has no CRS; declare it "
                raise DataError(msg + "(`gdal_edit.py -a_srs`).")
            crs = CRS.from_wkt(raster.crs.to_wkt())
            unit = _unit_m(raster.units[0], source)
            scale, offset = raster.scales[0] * unit, raster.offsets[0] * unit
            cells = Tile(source, 0, 0, raster.height, raster.width, scale, offset)
            transform = raster.transform
    except RasterioError as error:
        raise unreadable(source, error) from error
    # A compound CRS has the heights' own CRS as its second part.
    return _Raster(cells, transform, crs.sub_crs_list[0] if crs.is_compound else crs)


def _unit_m(tag: str | None, source: str) -> float:
    """Metres in a unit of height."""
    words = (tag or "").lower().replace("_", " ").replace("-", " ").split()
    unit = _UNIT_M.get(" ".join(words))
    if unit is None:
        msg = (
            f"Elevation {source!r} has heights in {tag!r}, which is neither metres "
            f"nor feet; say what they are (`gdal_edit.py -units m`, with `-scale` "
            f"if they need one)."
        )
        raise DataError(msg)
    return unit


def _on_one_grid(rasters: Sequence[_Raster]) -> Dem:
    """Lay rasters on the grid of the first one."""
    first = rasters[0]
    corners = np.array([_place(raster, first) for raster in rasters])
    top, left = corners.min(axis=0)
    tiles = tuple(
        replace(raster.cells, top=int(row - top), left=int(column - left))
        for raster, (row, column) in zip(rasters, corners, strict=True)
    )
    shape = (
        max(tile.top + tile.rows for tile in tiles),
        max(tile.left + tile.columns for tile in tiles),
    )
    more = f" and {len(rasters) - 1} more" if len(rasters) > 1 else ""
    return Dem(
        TiledHeights(tiles, shape),
        shifted(first.transform, int(left), int(top)),
        first.crs,
        f"{first.cells.source}{more}",
    )


def _place(raster: _Raster, first: _Raster) -> tuple[int, int]:
    """Row and column of the first raster's grid at which another one begins."""
    cells, mend = raster.cells, ""
    size = np.array([cells.columns, cells.rows])
    corner, across, down = _corners(raster, first)
    if raster.crs != first.crs:
        mend = f"its CRS is {raster.crs.name!r}, not {first.crs.name!r}"
        mend += "; warp it to that (`gdalwarp -t_srs ... -tr ... -tap`)"
    elif np.abs(np.stack((across, down)) - np.diag(size)).max() > _FIT:
        own, other = (
            f"{np.hypot(t.a, t.d):.10g} by {np.hypot(t.b, t.e):.10g}"
            for t in (raster.transform, first.transform)
        )
        mend = f"its cells are {own}, not {other}" if own != other else (
            "its rows and columns run another way"
        )  # fmt: skip
        mend += "; warp it to the same cells (`gdalwarp -tr ... -tap`)"
    elif np.abs(corner - corner.round()).max() > _FIT:
        off = np.abs(corner - corner.round())
        mend = f"its cells lie {off[0]:.3g} columns and {off[1]:.3g} rows beside them"
        mend += "; warp it to the same grid (`gdalwarp -tr ... -tap`)"
    if mend:
        msg = f"Elevation {cells.source!r} does not fit on the grid of "
        msg += f"{first.cells.source!r}: {mend}."
        raise DataError(msg)
    column, row = corner.round()
    return int(row), int(column)


def _corners(raster: _Raster, first: _Raster) -> tuple[FloatArray, ...]:
    """Corner, top side and left side of a raster, in cells of another."""
    cells = raster.cells
    x, y = apply_transform(
        raster.transform, np.array([0, cells.columns, 0]), np.array([0, 0, cells.rows])
    )
    corner, right, below = np.column_stack(apply_transform(~first.transform, x, y))
    return corner, right - corner, below - corner
