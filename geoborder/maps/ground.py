"""What lies under the border on a map: countries, relief, names."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import folium
import numpy as np
import numpy.typing as npt
import rasterio.transform
import rasterio.warp
import shapely
from affine import Affine
from matplotlib.colors import LightSource
from matplotlib.image import imsave

from geoborder.datasets import load_countries
from geoborder.plan import Plan
from geoborder.terrain import Dem


def add_ground(page: folium.Map, plan: Plan) -> None:
    """
    Add countries, and relief where there is elevation.

    Parameters
    ----------
    page
        The map.
    plan
        The plan whose border it shows.
    """
    west, south, east, north = plan.border.total_bounds
    window = (west - 6.0, south - 8.0, east + 6.0, north + 8.0)
    countries = load_countries("10m").clip(window)
    shapes = shapely.coverage_simplify(countries.geometry.to_numpy(), 0.01)
    shapes = shapely.set_precision(shapes, 1e-3)
    own = {*plan.border["left"], *plan.border["right"]}
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shape),
            "properties": {"own": iso3 in own},
        }
        for shape, iso3 in zip(shapes, countries["iso3"], strict=True)
        if not shape.is_empty
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name="Countries",
        control=False,
        interactive=False,
        pane="countries",
        style_function=lambda f: {
            "color": "#8a8a8a",
            "weight": 0.8,
            "fillColor": "#f4f1ea" if f["properties"]["own"] else "#e7e5e0",
            "fillOpacity": 1,
        },
    ).add_to(page)
    if plan.dem is not None:
        image, bounds = _hillshade(plan.dem)
        folium.raster_layers.ImageOverlay(
            image, bounds, name="Relief", opacity=0.5, pane="ground"
        ).add_to(page)
    for iso3, name, shape in zip(
        countries["iso3"], countries["name"], shapes, strict=True
    ):
        if not shape.is_empty and iso3 not in own and shape.area > 0.2:  # noqa: PLR2004 - room for a name
            add_label(page, shape, str(name), "country")


def _hillshade(dem: Dem) -> tuple[str, list[list[float]]]:
    """Relief as a picture in the map's projection, and its bounds."""
    rows, columns = dem.heights_m.shape
    left, bottom, right, top = rasterio.transform.array_bounds(
        rows, columns, dem.transform
    )
    transform, width, height = rasterio.warp.calculate_default_transform(
        dem.crs.to_wkt(), "EPSG:3857", columns, rows, left, bottom, right, top
    )
    shrink = max(1.0, max(width, height) / 1600.0)
    width, height = int(width / shrink), int(height / shrink)
    transform = Affine(
        transform.a * shrink, 0, transform.c, 0, transform.e * shrink, transform.f
    )
    heights = np.full((height, width), np.nan, dtype=np.float32)
    rasterio.warp.reproject(
        dem.heights_m,
        heights,
        src_transform=dem.transform,
        src_crs=dem.crs.to_wkt(),
        dst_transform=transform,
        dst_crs="EPSG:3857",
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=rasterio.warp.Resampling.bilinear,
    )
    shade = LightSource(azdeg=315, altdeg=45).hillshade(
        np.nan_to_num(heights), vert_exag=2.0, dx=transform.a, dy=-transform.e
    )
    picture = np.dstack([shade] * 3 + [np.isfinite(heights).astype(float)])
    west, south, east, north = rasterio.transform.array_bounds(height, width, transform)
    lon, lat = rasterio.warp.transform(
        "EPSG:3857", "EPSG:4326", [west, east], [south, north]
    )
    return _data_url(picture), [[lat[0], lon[0]], [lat[1], lon[1]]]


def _data_url(picture: npt.NDArray[np.float64]) -> str:
    file = io.BytesIO()
    imsave(file, np.clip(picture, 0.0, 1.0), format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def add_label(page: Any, shape: shapely.Geometry, name: str, kind: str) -> None:  # noqa: ANN401 - a folium element
    """
    Add a name amid a polygon.

    Parameters
    ----------
    page
        The map, or a group of its layers.
    shape
        The polygon, in longitude and latitude.
    name
        The name, shown as text.
    kind
        ``country`` or ``unit``, for its style.
    """
    point = shapely.maximum_inscribed_circle(shape).coords[0]
    folium.Marker(
        [point[1], point[0]],
        icon=folium.DivIcon(
            html=f'<span class="gb-label gb-{kind}">{escape(name)}</span>',
            icon_size=(0, 0),
            class_name="gb-anchor",
        ),
        interactive=False,
        keyboard=False,
    ).add_to(page)
