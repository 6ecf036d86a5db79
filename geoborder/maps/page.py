"""The map page: folium's layers, and a legend that follows the choice."""

from __future__ import annotations

from typing import Any

import folium
from branca.element import MacroElement
from folium.utilities import JsCode
from jinja2 import Environment, PackageLoader

from geoborder.datasets import ATTRIBUTION
from geoborder.errors import OptionError
from geoborder.maps.ground import add_ground, add_label
from geoborder.maps.layers import (
    asset_features,
    band_features,
    isochrone_features,
    point_features,
    schemes,
    segment_features,
    site_features,
    unit_features,
)
from geoborder.maps.style import (
    CATEGORY_COLOURS,
    COVERED_COLOUR,
    GAP_COLOUR,
    SITE_COLOUR,
)
from geoborder.plan import Plan

PANES = {
    "countries": 240,
    "ground": 250,
    "reach": 300,
    "units": 350,
    "bands": 410,
    "line": 420,
    "sites": 425,
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
    for name, order in PANES.items():
        folium.map.CustomPane(name, z_index=order, pointer_events=False).add_to(page)
    add_ground(page, plan)
    _add_isochrones(page, plan)
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
    _add_sites(page, plan)
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


def _add_isochrones(page: folium.Map, plan: Plan) -> None:
    """Add what posts get to in time, for who switches it on."""
    if plan.reached is None:
        return
    data = isochrone_features(plan)
    if data["features"]:
        levels = ", ".join(f"{m:g}" for m in plan.reached.areas["minutes"])
        _geojson(
            data,
            f"Within {levels} minutes of a post",
            pane="reach",
            style=lambda f: {
                "fillColor": f["properties"]["colour"],
                "fillOpacity": 0.55,
                "weight": 0,
            },
            show=False,
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
        add_label(names, unit.geometry, unit.name, "unit")


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


def _add_sites(page: folium.Map, plan: Plan) -> None:
    """Sites that were considered, rings around what stands there if they are used."""
    draw = (
        "function (feature, latlng) { var used = feature.properties.used;"
        " return L.circleMarker(latlng, {pane: 'sites', radius: used ? 6.5 : 2,"
        f" color: used ? '{SITE_COLOUR}' : '#666', weight: used ? 2 : 1,"
        " fillColor: '#fff', fillOpacity: used ? 0.4 : 0.9}); }"
    )
    data = site_features(plan)
    if data["features"]:
        title = f"Candidate sites ({len(data['features']):,})"
        _geojson(data, title, pane="sites", point=draw, show=False).add_to(page)


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
        coverage = plan.coverage
        self.bands = [
            (colour, f"{what} in {coverage.year}")
            for colour, what, table in (
                (COVERED_COLOUR, "covered", coverage.intervals),
                (GAP_COLOUR, "gap", coverage.gaps),
            )
            if len(table)
        ]
        categories = set(plan.assets.loc[plan.assets.geometry.notna(), "category"])
        self.categories = [
            (c, n) for n, c in CATEGORY_COLOURS.items() if n in categories
        ]
        self.sites = None if plan.placement is None else SITE_COLOUR
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
