"""What lies under the border on a map: countries, relief, names."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import folium
import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from matplotlib.image import imsave
from pyproj import CRS, Transformer

from geoborder.datasets import load_countries
from geoborder.plan import Plan
from geoborder.terrain import Dem, hillshade

_MERCATOR = "EPSG:3857"
"""The projection of web maps."""


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
    rows, columns = dem.shape
    lon, lat = dem.lonlat_at(
        *np.meshgrid(
            np.linspace(-0.5, columns - 0.5, 33), np.linspace(-0.5, rows - 0.5, 33)
        )
    )
    there = Transformer.from_crs("EPSG:4326", _MERCATOR, always_xy=True)
    x, y = there.transform(lon, np.clip(lat, -85.0, 85.0))
    size = np.array([np.ptp(x), np.ptp(y)])
    pixel = max(np.hypot(*size) / np.hypot(rows, columns), size.max() / 1600.0)
    width, height = np.maximum(1, (size / pixel).astype(int)).tolist()
    transform = Affine(size[0] / width, 0, x.min(), 0, -size[1] / height, y.max())
    blank = np.empty((height, width), dtype=np.float32)
    picture = Dem(blank, transform, CRS.from_user_input(_MERCATOR), dem.source)
    row, column = np.indices(picture.shape)
    heights = dem.heights_at(*picture.lonlat_at(column.ravel(), row.ravel()))
    blank[...] = heights.reshape(blank.shape)
    shade = hillshade(picture, vertical_exaggeration=1.2)
    seen = np.isfinite(shade)
    grey = np.where(seen, shade, 0.0)
    corners = picture.lonlat_at(np.array([-0.5, width - 0.5]), [height - 0.5, -0.5])
    bounds = np.column_stack(corners)[:, ::-1]
    return _data_url(np.dstack([grey, grey, grey, seen])), bounds.tolist()


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
