"""A viewshed as a picture on a folium map, in the map's projection."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import folium
import numpy as np
import pandas as pd
from affine import Affine
from matplotlib.colors import to_rgb
from matplotlib.image import imsave
from rasterio.transform import array_bounds
from rasterio.warp import (
    Resampling,
    calculate_default_transform,
    reproject,
    transform_bounds,
)

from geoborder.errors import OptionError
from geoborder.geodesy import IntArray
from geoborder.maps.encoding import html_text
from geoborder.maps.overlays.classing import Classes, Colours, classify, shades
from geoborder.maps.overlays.elements import add_legend, share_script
from geoborder.maps.overlays.options import (
    check_map,
    check_options,
    check_result,
)
from geoborder.maps.style import COVERED_COLOUR
from geoborder.sight import Viewshed
from geoborder.tables import LONLAT

_PROJECTIONS = {"EPSG3857": "EPSG:3857", "EPSG4326": LONLAT}
"""Projections of maps that a picture can be brought to."""

_NOWHERE = -1
"""Class of cells that are not drawn."""

_CAPTIONS = {
    "count": "Seen by",
    "binary": "",
    "first": "First site that sees it",
    "height": "Seen from above ground, m",
    "angle": "Angle of the horizon, degrees",
}


def add_viewshed(  # noqa: PLR0913 - named as in GeoPandas' `explore`
    m: folium.Map,
    viewshed: Viewshed,
    *,
    cmap: Colours | None = None,
    k: int = 5,
    scheme: str | list[float] | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    opacity: float = 0.65,
    longest_px: int = 1600,
    legend: bool = True,
    name: str = "Viewshed",
    show: bool = True,
    overlay: bool = True,
    control: bool = True,
    legend_kwds: Mapping[str, Any] | None = None,
) -> folium.Map:
    """
    Add what sites see to a folium map, as a picture.

    Parameters
    ----------
    m
        The map, in the web's usual projection or in longitude and latitude.
    viewshed
        What `viewshed` gives. Cells without an answer, and those that no site sees,
        are transparent.
    cmap
        Colours: a colormap of matplotlib or its name, or a list of colours.
    k, scheme, vmin, vmax
        How counts, heights and angles are classed, as for `add_segments`. Counts are
        a class each where they are no more than `k`.
    opacity
        From 0 to 1.
    longest_px
        Length of the picture's longer side at most, in pixels; between cells the
        nearest counts.
    legend, name
        As for `add_segments`.
    show, overlay, control
        Show the layer at first; let it be switched, or be one to choose from; list
        it in a `folium.LayerControl`.
    legend_kwds
        ``caption``, ``labels`` (one a class) and ``fmt``.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    OptionError
        If `m` is no map, or in another projection, `viewshed` is none, or an option
        is out of its range.

    Examples
    --------
    >>> import folium
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> site = gpd.GeoSeries([gb.point_at(gb.load_border(), 500)], crs=4326)
    >>> seen = gb.viewshed(site, dem=gb.open_dem(), range_km=20, mast_m=24)
    >>> m = gb.add_viewshed(folium.Map([38.2, 70.5], tiles=None), seen)
    >>> [round(edge, 1) for corner in m.get_bounds() for edge in corner]
    [38.0, 70.3, 38.5, 70.8]
    """
    check_map(m)
    _check(m, viewshed, opacity, longest_px)
    known = check_options(
        {"k": k, "scheme": scheme, "vmin": vmin, "vmax": vmax,
         "legend_kwds": legend_kwds}
    )  # fmt: skip
    number, classes = _classes(viewshed, cmap, name, known)
    drawn, bounds = _warped(number, viewshed, _PROJECTIONS[m.crs], longest_px)
    layer = folium.raster_layers.ImageOverlay(
        _picture(drawn, classes.colours, opacity),
        bounds,
        name=html_text(name),
        pane="gb-raster",
        show=show,
        overlay=overlay,
        control=control,
    )
    share_script(m)
    m.add_child(layer)
    if legend and classes.colours:
        styles = [{"fillColor": c, "fillOpacity": opacity} for c in classes.colours]
        add_legend(m, layer, classes, "area", styles)
    return m


def _check(m: folium.Map, viewshed: object, opacity: float, longest_px: int) -> None:
    check_result(viewshed, Viewshed, source="viewshed")
    if m.crs not in _PROJECTIONS:
        msg = (
            f"`m` must be a map in {' or '.join(_PROJECTIONS)}, got {m.crs!r}; leave "
            f"out `crs` of folium.Map."
        )
        raise OptionError(msg)
    if not 0.0 <= opacity <= 1.0:
        msg = f"`opacity` must be from 0 to 1, got {opacity!r}."
        raise OptionError(msg)
    if isinstance(longest_px, bool) or not longest_px >= 1:
        msg = f"`longest_px` must be 1 or more, got {longest_px!r}."
        raise OptionError(msg)


def _classes(
    seen: Viewshed, cmap: Colours | None, name: str, options: dict[str, Any]
) -> tuple[IntArray, Classes]:
    """Class every cell, `_NOWHERE` where nothing is drawn, and name the classes."""
    values = np.asarray(seen.values)
    hidden = np.isnan(values) if np.isnan(seen.nodata) else values == seen.nodata
    if seen.result in {"count", "binary"}:
        hidden = hidden | (values == 0)
    number = np.full(values.shape, _NOWHERE, dtype=np.int64)
    own = pd.Series(values[~hidden])
    caption = _CAPTIONS[seen.result]
    caption = str(options["legend_kwds"].get("caption", caption or ""))
    if own.empty:
        return number, Classes(caption, own.to_numpy(np.int64), [], [])
    if seen.result == "binary":
        own = pd.Series(np.full(len(own), name))
        cmap = [COVERED_COLOUR] if cmap is None else cmap
        options = {**options, "categorical": True}
    elif seen.result == "first" or (
        seen.result == "count"
        and options.get("scheme") is None
        and own.nunique() <= int(options["k"])
    ):
        options = {**options, "categorical": True}
        if seen.result == "count":
            cmap = shades(cmap, own.nunique())
    found = classify(own, column=caption, cmap=cmap, options=options)
    number[~hidden] = found.number
    labels = found.labels
    if seen.result == "count" and "labels" not in options["legend_kwds"]:
        labels = [f"{label} site{'' if label == '1' else 's'}" for label in labels]
    return number, Classes(caption, found.number, found.colours, labels)


def _warped(
    number: IntArray, seen: Viewshed, projection: str, longest_px: int
) -> tuple[IntArray, list[list[float]]]:
    """Bring cells' classes to a projection; also the picture's corners."""
    rows, columns = number.shape
    edges = array_bounds(rows, columns, seen.transform)
    transform, width, height = calculate_default_transform(
        seen.crs, projection, columns, rows, *edges
    )
    shrink = max(width, height) / longest_px
    if shrink > 1.0:
        size = width, height
        width, height = (max(1, round(side / shrink)) for side in size)
        wide, high = size[0] / width, size[1] / height
        north_up = transform.a * wide, 0.0, transform.c, 0.0, transform.e * high
        transform = Affine(*north_up, transform.f)
    drawn = np.full((height, width), _NOWHERE, dtype=np.int32)
    reproject(
        number.astype(np.int32),
        drawn,
        src_transform=seen.transform,
        src_crs=seen.crs,
        src_nodata=_NOWHERE,
        dst_transform=transform,
        dst_crs=projection,
        dst_nodata=_NOWHERE,
        resampling=Resampling.nearest,
    )
    west, south, east, north = transform_bounds(
        projection,
        LONLAT,
        *array_bounds(height, width, transform),
    )
    return drawn.astype(np.int64), [[south, west], [north, east]]


def _picture(drawn: IntArray, colours: list[str], opacity: float) -> str:
    """Write the classes as a picture's data address."""
    paint = np.zeros((len(colours) + 1, 4))
    for place, colour in enumerate(colours):
        paint[place] = (*to_rgb(colour), opacity)
    file = io.BytesIO()
    imsave(file, paint[drawn], format="png")  # the last row, nothing, for `_NOWHERE`
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
