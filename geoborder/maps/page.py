"""The map page: folium's layers, a legend that follows the choice, one file."""

from __future__ import annotations

import base64
import io
import json
import re
from html import escape
from pathlib import Path
from typing import Any

import folium
import numpy as np
import numpy.typing as npt
import rasterio.transform
import rasterio.warp
import shapely
from affine import Affine
from branca.element import MacroElement
from folium.utilities import JsCode
from jinja2 import Environment, PackageLoader
from matplotlib.colors import LightSource
from matplotlib.image import imsave
from xstatic.pkg import jquery as xstatic_jquery
from xstatic.pkg import leaflet as xstatic_leaflet

from geoborder.datasets import ATTRIBUTION, load_countries
from geoborder.errors import OptionError
from geoborder.files import write_text
from geoborder.maps.layers import (
    asset_features,
    band_features,
    point_features,
    schemes,
    segment_features,
    unit_features,
)
from geoborder.maps.style import CATEGORY_COLOURS, COVERED_COLOUR, GAP_COLOUR
from geoborder.plan import Plan
from geoborder.terrain import Dem

_PANES = {
    "countries": 240,
    "ground": 250,
    "units": 350,
    "bands": 410,
    "line": 420,
    "assets": 430,
    "points": 440,
}
"""Drawing order: what is switched on later does not cover what lies above."""

_TEMPLATES = Environment(loader=PackageLoader("geoborder"), autoescape=True)

_BIND = JsCode(
    "function (feature, layer) {"
    " layer.bindTooltip(feature.properties.tip, {sticky: true});"
    " layer.bindPopup(feature.properties.card, {maxWidth: 360, maxHeight: 320,"
    " autoPanPaddingTopLeft: window.innerWidth > 700 ? [410, 20] : [20, 90]}); }"
)


def make_map(plan: Plan, *, color_by: str = "coverage_share") -> folium.Map:
    """
    Draw a plan as a folium map.

    Parameters
    ----------
    plan
        The plan.
    color_by
        Segment attribute that the line's colour shows at first; readers can
        choose another on the map.

    Returns
    -------
    folium.Map
        Layers with a control, legend, tooltips and popups; no web tiles. Write
        it with `save_map`.

    Raises
    ------
    OptionError
        If the plan's segments have no such attribute.
    """
    known = schemes(plan)
    if color_by not in known:
        msg = f"`color_by` must be one of {', '.join(known)}, got {color_by!r}."
        raise OptionError(msg)
    page = folium.Map(tiles=None, zoom_snap=0.25)
    for name, order in _PANES.items():
        folium.map.CustomPane(name, z_index=order, pointer_events=False).add_to(page)
    _add_ground(page, plan)
    _add_units(page, plan)
    _add_bands(page, plan)
    segments = _geojson(
        segment_features(plan),
        "Border segments",
        pane="line",
        style=_segment_style(color_by),
        highlight={"weight": 8},
    )
    segments.add_to(page)
    _add_assets(page, plan)
    _add_points(page, plan)
    folium.LayerControl(collapsed=True).add_to(page)
    legend = {
        name: {"title": s.title, "classes": s.classes} for name, s in known.items()
    }
    _Legend(segments, legend, color_by, plan).add_to(page)
    return page


def _segment_style(attribute: str) -> Any:  # noqa: ANN401 - a function for folium
    def style(feature: dict[str, Any]) -> dict[str, Any]:
        return {
            "color": feature["properties"]["colours"][attribute],
            "weight": 5,
            "opacity": 1,
        }

    return style


def _geojson(
    data: dict[str, Any],
    name: str,
    *,
    pane: str,
    style: Any = None,  # noqa: ANN401 - a function for folium
    highlight: dict[str, Any] | None = None,
    show: bool = True,
    point: str | None = None,
) -> folium.GeoJson:
    options: dict[str, Any] = {"pane": pane}
    if point is not None:
        options["point_to_layer"] = JsCode(point)
    return folium.GeoJson(
        data,
        name=name,
        show=show,
        style_function=style,
        highlight_function=(lambda _f: highlight) if highlight else None,
        on_each_feature=_BIND,
        smooth_factor=1.0,
        **options,
    )


def _add_ground(page: folium.Map, plan: Plan) -> None:
    """Countries, and relief where there is elevation."""
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
            _label(page, shape, str(name), "country")


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


def _label(page: Any, shape: shapely.Geometry, name: str, kind: str) -> None:  # noqa: ANN401 - a folium element
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


def _add_units(page: folium.Map, plan: Plan) -> None:
    if plan.units is None:
        return
    _geojson(
        unit_features(plan),
        "Provinces and regions",
        pane="units",
        style=lambda _f: {
            "color": "#6b4f8f",
            "weight": 1.2,
            "dashArray": "5 4",
            "fillColor": "#6b4f8f",
            "fillOpacity": 0.04,
        },
    ).add_to(page)
    names = folium.FeatureGroup(name="Names of provinces and regions").add_to(page)
    for unit in plan.units.itertuples():
        _label(names, unit.geometry, unit.name, "unit")


def _add_bands(page: folium.Map, plan: Plan) -> None:
    """Covered stretches and gaps as broad bands under the line."""
    year = plan.coverage.year
    for gaps, title, colour in (
        (False, f"Covered in {year}", COVERED_COLOUR),
        (True, f"Gaps in {year}", GAP_COLOUR),
    ):
        data = band_features(plan, gaps=gaps)
        if data["features"]:
            style = {"color": colour, "weight": 15, "opacity": 0.4, "lineCap": "butt"}
            _geojson(data, title, pane="bands", style=lambda _f, s=style: s).add_to(
                page
            )


def _add_assets(page: folium.Map, plan: Plan) -> None:
    draw = (
        "function (feature, latlng) { var p = feature.properties;"
        " return L.circleMarker(latlng, {pane: 'assets',"
        " radius: p.standing ? 5.5 : 3.5,"
        " color: p.standing ? '#000' : '#fff', weight: p.standing ? 2 : 1,"
        " fillColor: p.colour, fillOpacity: 0.95}); }"
    )
    for category in CATEGORY_COLOURS:
        data = asset_features(plan, category)
        if data["features"]:
            title = f"Assets: {category} ({len(data['features'])})"
            show = category == "posts"
            _geojson(data, title, pane="assets", point=draw, show=show).add_to(page)


def _add_points(page: folium.Map, plan: Plan) -> None:
    square = (
        "function (feature, latlng) { return L.marker(latlng, {pane: 'points',"
        " keyboard: true, alt: feature.properties.label, icon: L.divIcon({className:"
        " 'gb-crossing', iconSize: [12, 12]})}); }"
    )
    dot = (
        "function (feature, latlng) { return L.circleMarker(latlng, {pane: 'points',"
        " radius: 2.5, color: '#333', weight: 1, fillColor: '#fff', fillOpacity: 1}); }"
    )
    for points, title, what, draw, show in (
        (plan.crossings, "Official crossings", "Official crossing", square, True),
        (plan.places, "Populated places", "Populated place", dot, False),
    ):
        if points is not None:
            data = point_features(points, what=what)
            _geojson(data, title, pane="points", point=draw, show=show).add_to(page)


class _Legend(MacroElement):
    """Title, legend and choice of attribute, drawn by the page's own script."""

    def __init__(
        self,
        segments: folium.GeoJson,
        legend: dict[str, Any],
        chosen: str,
        plan: Plan,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "GeoborderLegend"
        self.segments = segments
        self.legend = legend
        self.chosen = chosen
        west, south, east, north = plan.border.total_bounds
        self.bounds = [[south, west], [north, east]]
        self.title = plan.program.name
        self.subtitle = summary_line(plan)
        self.bands = [
            (COVERED_COLOUR, f"covered in {plan.coverage.year}"),
            (GAP_COLOUR, f"gap in {plan.coverage.year}"),
        ]
        categories = set(plan.assets.loc[plan.assets.geometry.notna(), "category"])
        self.categories = [
            (c, n) for n, c in CATEGORY_COLOURS.items() if n in categories
        ]
        self.attribution = ATTRIBUTION
        self._template = _TEMPLATES.get_template("legend.html.j2")


def summary_line(plan: Plan) -> str:
    """
    Say what a plan covers in a line.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        Length, covered length and share, longest gap.
    """
    last = plan.coverage.by_year.iloc[-1]
    return (
        f"{last['length_km']:,.2f} km of border, {last['covered_km']:,.0f} km "
        f"({last['share']:.0%}) covered in {int(last['year'])}, longest gap "
        f"{last['longest_gap_km']:,.1f} km"
    )


def save_map(page: folium.Map, path: str | Path) -> Path:
    """
    Write a folium map as one HTML file that opens without a network.

    Parameters
    ----------
    page
        A map; Leaflet and jQuery are written into the file from the XStatic
        packages, and what folium links besides and such maps do not use is left
        out.
    path
        File to write; it is finished or absent.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If the map uses something that only the network has, such as the script
        of a folium plugin or `folium.Icon`.
    """
    html = page.get_root().render()
    if "L.AwesomeMarkers" in html:
        msg = (
            "The map uses `folium.Icon`, whose pictures come from the network; use "
            "`folium.DivIcon` or `folium.CircleMarker`."
        )
        raise OptionError(msg)
    html = re.sub(r'<script src="(http[^"]+)"></script>', _inline_script, html)
    html = re.sub(
        r'<link rel="stylesheet" href="(http[^"]+)"\s*/>', _inline_style, html
    )
    return write_text(Path(path), html)


_UNUSED = (
    "bootstrap",
    "fontawesome",
    "glyphicons",
    "awesome-markers",
    "awesome.rotate",
)


def _inline_script(match: re.Match[str]) -> str:
    address = match.group(1)
    if "leaflet.js" in address:
        return (
            f"<script>{_packaged(xstatic_leaflet, 'leaflet.js')}\n{_icons()}</script>"
        )
    if "jquery" in address:
        return f"<script>{_packaged(xstatic_jquery, 'jquery.min.js')}</script>"
    return _left_out(address)


def _inline_style(match: re.Match[str]) -> str:
    address = match.group(1)
    if address.endswith("leaflet.css"):
        return f"<style>{_leaflet_style()}</style>"
    return _left_out(address)


def _left_out(address: str) -> str:
    if any(word in address for word in _UNUSED):
        return ""
    msg = f"The map needs {address}, which is not in the file; leave that plugin out."
    raise OptionError(msg)


def _packaged(package: Any, name: str) -> str:  # noqa: ANN401 - a module
    text = (Path(package.BASE_DIR) / name).read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    return text.replace("</script", "<\\/script")


def _picture(name: str) -> str:
    """One of Leaflet's pictures as a data address."""
    data = (Path(xstatic_leaflet.BASE_DIR) / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _icons() -> str:
    """Give Leaflet's default marker its pictures, which it would look for in files."""
    options = {
        "iconUrl": _picture("images/marker-icon.png"),
        "iconRetinaUrl": _picture("images/marker-icon-2x.png"),
        "shadowUrl": _picture("images/marker-shadow.png"),
    }
    return (
        "L.Icon.Default.imagePath = '';"
        f"L.Icon.Default.mergeOptions({json.dumps(options)});"
    )


def _leaflet_style() -> str:
    """Leaflet's style sheet with its pictures written into it."""

    def picture(match: re.Match[str]) -> str:
        return f"url({_picture(match.group(1))})"

    return re.sub(
        r"url\((images/[^)]+)\)", picture, _packaged(xstatic_leaflet, "leaflet.css")
    )
