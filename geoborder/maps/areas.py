"""What single assets see or reach, as small pictures and rings on a map."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from affine import Affine
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from geoborder.chainage import border_targets
from geoborder.coverage.sighted import turned
from geoborder.geodesy import forward
from geoborder.maps.encoding import path, picture
from geoborder.plan import Plan
from geoborder.sight import Viewshed, viewshed

MERCATOR = "EPSG:3857"
"""The projection of web maps."""

_LONGEST_PX = 160
"""A viewshed's picture has as many pixels a side at most; it shows, not measures."""

_CORNERS = 72
"""Corners of a circle."""


def area_data(plan: Plan) -> dict[str, list[Any]]:
    """
    Draw what each asset of mode sight sees, and the range of those of mode radius.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        ``views``: row of the asset, south, west, north, east in 1e-5 degrees and a
        picture, white where it sees; ``circles``: row of the asset and a ring.
    """
    assets = plan.assets
    placed = assets.geometry.notna() & (assets["status"] != "retired")
    seeing = np.flatnonzero(placed & (assets["mode"] == "sight"))
    return {
        "views": [] if plan.dem is None else _views(plan, seeing),
        "circles": _circles(
            assets, np.flatnonzero(placed & (assets["mode"] == "radius"))
        ),
    }


def _views(plan: Plan, rows: npt.NDArray[np.int64]) -> list[list[Any]]:
    """Draw a picture for each row; assets alike in all that matters share it."""
    assert plan.dem is not None  # noqa: S101 - asked before
    if rows.size == 0:
        return []
    own = plan.assets.iloc[rows].to_crs("EPSG:4326")
    own = turned(own, border_targets(plan.border, spacing_km=0.1), dem=plan.dem)
    known: dict[object, list[Any]] = {}
    columns = [
        c
        for c in ("range_km", "mast_m", "target_m", "fov_deg", "azimuth_deg")
        if c in own.columns
    ]
    found: list[list[Any]] = []
    for row, (point, *rest) in zip(
        rows.tolist(), own[["geometry", *columns]].itertuples(index=False), strict=True
    ):
        key = (point.wkb, str(rest))
        if key not in known:
            site = own.iloc[[len(found)]]
            known[key] = view_picture(viewshed(site, dem=plan.dem, result="binary"))
        found.append([row, *known[key]])
    return found


def view_picture(view: Viewshed, *, longest_px: int = _LONGEST_PX) -> list[Any]:
    """
    Draw a binary viewshed in the projection of web maps.

    Parameters
    ----------
    view
        The viewshed.
    longest_px
        Pixels of the longer side at most.

    Returns
    -------
    list
        South, west, north, east in 1e-5 degrees, and a picture that is white where
        the ground is seen and transparent elsewhere.
    """
    rows, columns = view.values.shape
    left, top = view.transform @ (0, 0)
    right, bottom = view.transform @ (columns, rows)
    bounds = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
    west, south, east, north = transform_bounds(view.crs, MERCATOR, *bounds)
    pixel = max(east - west, north - south) / min(longest_px, 8 * max(rows, columns))
    width = max(1, round((east - west) / pixel))
    height = max(1, round((north - south) / pixel))
    transform = Affine(
        (east - west) / width, 0, west, 0, (south - north) / height, north
    )
    shown = np.zeros((height, width), dtype=np.uint8)
    reproject(
        (view.values == 1).astype(np.uint8), shown,
        src_transform=view.transform, src_crs=view.crs,
        dst_transform=transform, dst_crs=MERCATOR, resampling=Resampling.nearest,
    )  # fmt: skip
    image = Image.fromarray(shown, mode="L").point([0, *[1] * 255], mode="L")
    image = image.convert("P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    back = Transformer.from_crs(MERCATOR, "EPSG:4326", always_xy=True)
    (lon_0, lon_1), (lat_0, lat_1) = back.transform([west, east], [south, north])
    corners = [round(v * 1e5) for v in (lat_0, lon_0, lat_1, lon_1)]
    url = picture(image, format="PNG", bits=1, transparency=0, optimize=True)
    return [*corners, url]


def _circles(assets: gpd.GeoDataFrame, rows: npt.NDArray[np.int64]) -> list[list[Any]]:
    """Draw a geodesic circle for each row."""
    if rows.size == 0:
        return []
    own = assets.iloc[rows]
    azimuth = np.linspace(0.0, 360.0, _CORNERS + 1)
    lon, lat, _ = forward(
        np.repeat(own.geometry.x.to_numpy(float), azimuth.size),
        np.repeat(own.geometry.y.to_numpy(float), azimuth.size),
        np.tile(azimuth, rows.size),
        np.repeat(own["range_km"].to_numpy(float) * 1000.0, azimuth.size),
    )
    shape = (rows.size, azimuth.size)
    ends = np.stack((lon.reshape(shape), lat.reshape(shape)), axis=2)
    return [[row, path(ring)] for row, ring in zip(rows.tolist(), ends, strict=True)]
