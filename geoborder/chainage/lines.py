"""Reading line layers as borders."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString

from geoborder.errors import BorderError, OptionError
from geoborder.geodesy import (
    IntArray,
    Polylines,
    polylines,
)
from geoborder.joining import from_west, join_pieces
from geoborder.tables import (
    BORDER,
    LINES,
    LONLAT,
    require_layer,
    validate,
)

SLACK_KM = 1e-6
"""A millimetre: how far beyond an end a chainage may lie and still mean the end."""


def as_border(
    lines: object, *, tolerance_m: float = 0.0, name: str = "border"
) -> gpd.GeoDataFrame:
    """
    Read a line layer as a border, or several.

    Parameters
    ----------
    lines
        GeoDataFrame or GeoSeries of lines in any CRS. With a column
        ``border_id`` each row is a border of its own; without one all rows are
        pieces of one border, which must join. Not modified.
    tolerance_m
        Widest gap between pieces to bridge with a straight piece, in metres.
    name
        What error messages call it.

    Returns
    -------
    GeoDataFrame
        Columns ``border_id``, ``left``, ``right``, ``length_km`` (and what else
        there was), one LineString per row, EPSG:4326. Lines without a
        ``border_id`` run from west to east, however they were digitised; rows
        with one keep their direction, and so their chainage.

    Raises
    ------
    DataError
        If the layer is unusable: no CRS, empty, no lines, broken coordinates.
    BorderError
        If a border's pieces leave a wider gap, or fork: with the place and size.
    OptionError
        If the tolerance is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> from geoborder import as_border
    >>> one = LineString([(71, 37), (70, 37)])
    >>> other = LineString([(71.001, 37), (72, 37)])
    >>> layer = gpd.GeoSeries([one, other], crs="EPSG:4326")
    >>> as_border(layer, tolerance_m=100)["length_km"].round(3).tolist()
    [178.023]
    """
    if not 0.0 <= tolerance_m < np.inf:
        msg = f"`tolerance_m` must be finite and not negative, got {tolerance_m!r}."
        raise OptionError(msg)
    return measure_border(lines, name=name, tolerance_m=tolerance_m)[0]


def measure_border(
    lines: object, *, name: str = "border", tolerance_m: float = 0.0
) -> tuple[gpd.GeoDataFrame, Polylines]:
    """
    Read a line layer as a border, and measure it.

    Parameters
    ----------
    lines, name, tolerance_m
        As for `as_border`.

    Returns
    -------
    table : GeoDataFrame
        What `as_border` returns.
    lines : Polylines
        Its lines with their chainage.
    """
    layer = require_layer(lines, name=name, kinds=LINES)
    if isinstance(layer, gpd.GeoSeries) or "border_id" not in layer.columns:
        pieces = list(layer.geometry.array)
        line = from_west(join_pieces(pieces, name=name, tolerance_m=tolerance_m))
        first = {} if isinstance(layer, gpd.GeoSeries) else layer.iloc[0]
        labels = {
            side: str(first[side]) if side in first else side
            for side in ("left", "right")
        }
        table = gpd.GeoDataFrame(
            {"border_id": ["border"], **{k: [v] for k, v in labels.items()}},
            geometry=[line],
            crs=LONLAT,
        )
    else:
        whole = [
            shape
            if isinstance(shape, LineString)
            else join_pieces([shape], name=f"{name} {label}", tolerance_m=tolerance_m)
            for shape, label in zip(layer.geometry, layer["border_id"], strict=True)
        ]
        table = layer.set_geometry(gpd.GeoSeries(whole, index=layer.index, crs=LONLAT))
        missing = {side: side for side in ("left", "right") if side not in table}
        table = table.assign(**missing)
    measured = polylines(table.geometry.array)
    if (measured.length_m <= 0.0).any():
        row = table["border_id"].iloc[int(np.argmin(measured.length_m))]
        msg = f"`{name}` {row!r} has no length: its vertices are all the same."
        raise BorderError(msg)
    table["length_km"] = measured.length_m / 1000.0
    labels = table[["border_id", "left", "right"]]
    if labels.isna().to_numpy().any() or not labels["border_id"].is_unique:
        validate(table.reset_index(drop=True), BORDER, name=name)  # says what is wrong
    return table.assign(**labels.astype(str)), measured


def border_rows(border: gpd.GeoDataFrame, border_id: object, size: int) -> IntArray:
    """
    Find the row of a border that each of some chainages belongs to.

    Parameters
    ----------
    border
        A border as `as_border` gives it.
    border_id
        One name, one per chainage, or None where there is only one border.
    size
        Number of chainages.

    Returns
    -------
    ndarray of int
        Row numbers, shape (size,).

    Raises
    ------
    OptionError
        If a name is not in `border`, or none is given and there are several.
    """
    names = list(border["border_id"])
    if border_id is None:
        if len(names) > 1:
            msg = (
                f"`border` has {len(names)} lines ({', '.join(names[:4])} ...); say "
                "which one with `border_id`, or keep one row."
            )
            raise OptionError(msg)
        return np.zeros(size, dtype=np.int64)
    wanted = np.broadcast_to(np.asarray(border_id, dtype=object), (size,))
    rows = pd.Index(names).get_indexer(pd.Index(wanted))
    if (rows < 0).any():
        msg = (
            f"`border_id` {wanted[np.argmin(rows)]!r} is not in `border`, which has "
            f"{', '.join(names[:6])}."
        )
        raise OptionError(msg)
    return rows.astype(np.int64)
