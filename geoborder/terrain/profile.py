"""Heights along lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, IntArray, Polylines, interpolate, polylines
from geoborder.joining import join_pieces
from geoborder.tables import LINES, LONLAT, require_layer
from geoborder.terrain.dem import Dem
from geoborder.terrain.opening import open_dem


def profile(
    line: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: Dem | str | Path | Sequence[str | Path],
    step_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Take heights along lines.

    Parameters
    ----------
    line
        Lines in any CRS, one per row; the pieces of one in several parts must
        join. Not modified.
    dem
        Elevation, open or to be opened (see `open_dem`).
    step_m
        Greatest spacing of the points, in metres; each line is divided into
        equal geodesic steps, and both ends are included. By default the shorter
        side of a cell of the elevation where the first line begins.

    Returns
    -------
    GeoDataFrame
        A row per point in order along each line: ``line`` (label of its row),
        ``chainage_km`` (geodesic distance from the line's start), ``height_m``
        (NaN where there is none), ``geometry`` (Point, EPSG:4326).

    Raises
    ------
    DataError
        If the layer is unusable: no CRS, empty, no lines, broken coordinates.
    BorderError
        If the parts of a line do not join.
    OptionError
        If the step is not positive and finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> from geoborder import open_dem, profile
    >>> line = gpd.GeoSeries([LineString([(71, 37), (71.1, 37)])], crs="EPSG:4326")
    >>> profile(line, dem=open_dem(), step_m=5000)[["chainage_km", "height_m"]].round(1)
       chainage_km  height_m
    0          0.0    2499.8
    1          4.5    2591.4
    2          8.9    3209.0
    """
    layer = require_layer(line, name="line", kinds=LINES)
    ground = dem if isinstance(dem, Dem) else open_dem(dem)
    whole = [
        join_pieces([shape], name=f"line {label!r}")
        for label, shape in layer.geometry.items()
    ]
    lines = polylines(whole)
    if step_m is None:
        step_m = min(ground.cell_size_m(float(lines.lon[0]), float(lines.lat[0])))
    if not 0.0 < step_m < np.inf:
        msg = f"`step_m` must be positive and finite, got {step_m!r}."
        raise OptionError(msg)
    number, chainage = equal_steps(lines, step_m)
    lon, lat = interpolate(lines, number, chainage)
    return gpd.GeoDataFrame(
        {
            "line": layer.index.to_numpy()[number],
            "chainage_km": chainage / 1000.0,
            "height_m": ground.heights_at(lon, lat),
        },
        geometry=shapely.points(lon, lat),
        crs=LONLAT,
    )


def equal_steps(lines: Polylines, longest_m: float) -> tuple[IntArray, FloatArray]:
    """
    Divide lines into equal steps, each line on its own.

    Parameters
    ----------
    lines
        The lines.
    longest_m
        Greatest length of a step, in metres.

    Returns
    -------
    line : ndarray
        Number of the line of each point.
    chainage_m : ndarray
        Its distance from the line's start; both ends are included.
    """
    parts = np.maximum(1, np.ceil(lines.length_m / longest_m)).astype(np.int64)
    line = np.repeat(np.arange(parts.size), parts + 1)
    step = np.arange(line.size) - np.repeat(np.cumsum(parts + 1) - parts - 1, parts + 1)
    return line, step * (lines.length_m / parts)[line]
