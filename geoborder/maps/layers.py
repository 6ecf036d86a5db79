"""A plan's layers as GeoJSON features with tooltips and popups."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoborder.maps.style import (
    ATTRIBUTES,
    CATEGORY_COLOURS,
    COVERED_COLOUR,
    GAP_COLOUR,
    ISOCHRONE_COLOURS,
    Scheme,
    card,
    scheme,
    words,
)
from geoborder.plan import Plan

_DECIMALS = 1e-5
"""Coordinates are shown to about a metre."""

Collection = dict[str, Any]


def _collection(
    layer: gpd.GeoDataFrame, properties: list[dict[str, Any]]
) -> Collection:
    shapes = layer.geometry.to_numpy()
    snapped = [
        shape
        if shape.geom_type.endswith("Polygon")
        else shapely.set_precision(shape, _DECIMALS, mode="pointwise")
        for shape in shapes
    ]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(shape),
                "properties": p,
            }
            for shape, p in zip(snapped, properties, strict=True)
        ],
    }


def schemes(plan: Plan) -> dict[str, Scheme]:
    """
    Class every segment attribute that the plan has.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict of str to Scheme
        By attribute.
    """
    return {
        name: scheme(plan.segments[name], name)
        for name in ATTRIBUTES
        if name in plan.segments.columns and plan.segments[name].notna().any()
    }


def segment_features(plan: Plan) -> Collection:
    """
    Segments with a colour for every attribute, and their cards.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection.
    """
    colours = {name: s.colours for name, s in schemes(plan).items()}
    official = "official_start_km" in plan.segments.columns
    rows = []
    for number, segment in enumerate(plan.segments.to_dict("records")):
        title = f"Segment {segment['segment_id']}"
        span = f"km {segment['start_km']:.1f} - {segment['end_km']:.1f}"
        facts = [
            ("Chainage", _span(segment, "start_km", "end_km")),
            (
                "Official chainage",
                _span(segment, "official_start_km", "official_end_km")
                if official
                else None,
            ),
            ("Length, km", segment["length_km"]),
            ("Left of the line", segment.get("left_unit")),
            ("Right of the line", segment.get("right_unit")),
            ("Terrain", segment.get("kind")),
            ("Mean elevation, m", segment.get("elevation_mean_m")),
            ("Relief, m", segment.get("relief_m")),
            ("Impact level", segment.get("priority")),
            ("Why this level", segment.get("priority_reason")),
            ("Nearest post", segment.get("nearest_post")),
            ("Distance to it, km", segment.get("post_km")),
            ("Time from the nearest post, minutes", segment.get("post_minutes")),
            ("More than an hour away, km", segment.get("beyond_60_km")),
            ("Nearest crossing", segment.get("nearest_crossing")),
            ("Distance to it, km ", segment.get("crossing_km")),
            ("Nearest place", segment.get("nearest_place")),
            ("Distance to it, km  ", segment.get("place_km")),
            (f"Covered in {plan.coverage.year}, km", segment["covered_km"]),
            ("Longest gap, km", segment["longest_gap_km"]),
            (f"Cost, {plan.program.currency}", segment["cost"]),
        ]
        facing = segment.get("right_unit")
        tip = f"{title}, {span}" + (f", {facing}" if isinstance(facing, str) else "")
        rows.append(
            {
                "tip": card(tip, []),
                "card": card(title, [(label.strip(), value) for label, value in facts]),
                "colours": {name: values[number] for name, values in colours.items()},
            }
        )
    return _collection(plan.segments, rows)


def _span(row: dict[Hashable, Any], start: str, end: str) -> str:
    return f"{row[start]:.3f} - {row[end]:.3f} km"


def band_features(plan: Plan, *, gaps: bool) -> Collection:
    """
    Covered stretches or gaps in the plan's year.

    Parameters
    ----------
    plan
        The plan.
    gaps
        Gaps; else covered stretches.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection.
    """
    coverage = plan.coverage
    table = coverage.gaps if gaps else coverage.intervals
    rows = []
    for stretch in table.to_dict("records"):
        span = f"km {stretch['start_km']:.2f} - {stretch['end_km']:.2f}"
        what = "Gap" if gaps else "Covered"
        facts = [
            ("Length, km", stretch["length_km"]),
            ("Assets", stretch.get("assets")),
            ("Which", stretch.get("asset_ids")),
            ("Covered since", stretch.get("first_year")),
            ("Most assets in it", stretch.get("assets_most")),
        ]
        title = f"{what} in {coverage.year}: {span}"
        colour = GAP_COLOUR if gaps else COVERED_COLOUR
        rows.append(
            {"tip": card(title, []), "card": card(title, facts), "colour": colour}
        )
    return _collection(table, rows)


def isochrone_features(plan: Plan) -> Collection:
    """
    Draw what crews of posts get to, in rings, the widest first.

    Parameters
    ----------
    plan
        The plan; it must have isochrones.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection.
    """
    areas = plan.reached.areas if plan.reached is not None else gpd.GeoDataFrame()
    mode = "" if plan.reached is None else plan.reached.mode
    rows, shapes = [], []
    for place, area in reversed(list(enumerate(areas.to_dict("records")))):
        title = f"Within {area['minutes']:g} minutes of a post"
        facts = [
            ("Area, km2", area["area_km2"]),
            ("Mode of travel", mode),
            ("Year", plan.program.last_year),
        ]
        colour = ISOCHRONE_COLOURS[min(place, len(ISOCHRONE_COLOURS) - 1)]
        rows.append(
            {"tip": card(title, []), "card": card(title, facts), "colour": colour}
        )
        inner = areas.geometry.iloc[place - 1] if place else shapely.Point()
        shapes.append(shapely.difference(area["geometry"], inner))
    layer = gpd.GeoDataFrame(geometry=shapes, crs=areas.crs)
    filled = ~layer.geometry.is_empty
    return _collection(
        layer[filled], [row for row, some in zip(rows, filled, strict=True) if some]
    )


def asset_features(plan: Plan, category: str) -> Collection:
    """
    Assets of one category that have a place.

    Parameters
    ----------
    plan
        The plan.
    category
        A category of the programme.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection of points.
    """
    assets, placed = plan.assets, _placed(plan)
    own = assets[(assets["category"] == category) & assets.geometry.notna()]
    rows = []
    for asset in own.to_dict("records"):
        item = placed.get(asset["asset_id"], {})
        kind = plan.program.equipment[asset["equipment"]]
        standing = asset["measure_id"] is None or pd.isna(asset["measure_id"])
        since = asset["from_year"]
        facts = [
            ("Equipment", kind.name),
            ("Quantity", asset["quantity"]),
            ("Status", "standing" if standing else "planned"),
            ("From", "before the programme" if pd.isna(since) else int(since)),
            ("Until", asset["until_year"]),
            ("Site", item.get("site_id")),
            ("Why there and then", item.get("reason")),
            ("Moved from", item.get("moved_from")),
            ("Chainage, km", asset["chainage_km"]),
            ("Covered by it alone, km", item.get("alone_km")),
            ("Covers", kind.mode if kind.mode != "none" else None),
            ("Range, km", asset["range_km"]),
            (f"Cost, {plan.program.currency}", asset["cost"] or None),
            ("Basis", _basis(plan, asset["basis"])),
        ]
        evenly = "Position: spaced evenly on its segment, not a site."
        note = "" if standing or item else evenly
        rows.append(
            {
                "tip": card(asset["name"], []),
                "card": card(asset["name"], facts, note),
                "colour": CATEGORY_COLOURS[category],
                "standing": standing,
            }
        )
    return _collection(own, rows)


def _placed(plan: Plan) -> dict[str, dict[Hashable, Any]]:
    """Items that are placed, by their names."""
    if plan.placement is None:
        return {}
    items = plan.placement.items.drop(columns="geometry").to_dict("records")
    return {item["asset_id"]: item for item in items}


def site_features(plan: Plan) -> Collection:
    """
    Sites that a placement considered, those that are used last.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection of points; empty without a placement.
    """
    if plan.placement is None:
        return {"type": "FeatureCollection", "features": []}
    items, sites = plan.placement.items, plan.placement.sites
    years = items["asset_id"] + " (" + items["from_year"].astype(str) + ")"
    there = years.groupby(items["site_id"]).agg(", ".join)
    sites = sites.sort_values("items", kind="stable")
    rows = []
    for site in sites.drop(columns="geometry").to_dict("records"):
        title = f"Site {site['site_id']}"
        used = bool(site["items"])
        facts = [
            ("Kind", site.get("kind")),
            ("For", site["equipment"] or "any equipment"),
            ("Chainage, km", site["chainage_km"]),
            ("Distance to the border, km", site["distance_km"]),
            (f"Added cost, {plan.program.currency}", site["site_cost"] or None),
            ("Not before", site["from_year"]),
            ("Placed there", there.get(site["site_id"], "nothing")),
        ]
        rows.append({"tip": card(title, []), "card": card(title, facts), "used": used})
    return _collection(sites, rows)


def _basis(plan: Plan, basis: str) -> str:
    source = plan.program.sources.get(basis)
    return basis if source is None else source.title


def unit_features(plan: Plan, tolerance_deg: float = 0.002) -> Collection:
    """
    Units on either side, simplified together for display.

    Parameters
    ----------
    plan
        A plan that has units.
    tolerance_deg
        Tolerance of the simplification, in degrees.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection.
    """
    units = plan.units
    if units is None:
        return {"type": "FeatureCollection", "features": []}
    shapes = shapely.coverage_simplify(
        units.geometry.to_numpy(), tolerance_deg, simplify_boundary=False
    )
    shapes = shapely.set_precision(shapes, 1e-4, mode="pointwise")
    parts = None if plan.facing is None else plan.facing.set_index("unit_id")
    rows = []
    for unit in units.to_dict("records"):
        facts: list[tuple[str, object]] = [
            ("Code", unit["unit_id"]),
            ("Country", unit["country"]),
        ]
        if parts is not None and unit["unit_id"] in parts.index:
            part = parts.loc[unit["unit_id"]]
            facts += [
                ("On the border, km", part["length_km"]),
                ("Share of the border", f"{part['share']:.1%}"),
                ("Uncertainty, km", part["uncertainty_km"]),
            ]
        rows.append({"tip": card(unit["name"], []), "card": card(unit["name"], facts)})
    return _collection(units.set_geometry(shapes), rows)


def point_features(points: gpd.GeoDataFrame, *, what: str) -> Collection:
    """
    Crossings or places with where along the border they are.

    Parameters
    ----------
    points
        With ``name``, ``chainage_km``, ``distance_km``.
    what
        What one of them is called.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection of points.
    """
    rows = []
    for point in points.to_dict("records"):
        facts = [
            ("Kind", what),
            ("Chainage, km", point["chainage_km"]),
            ("Distance to the border, km", point["distance_km"]),
            ("Opened", point.get("opened")),
            ("Position", point.get("position")),
            ("Population", point.get("population")),
            ("Country", point.get("country")),
            ("Source", point.get("source")),
        ]
        note = words(point.get("note"))
        rows.append(
            {
                "tip": card(point["name"], []),
                "card": card(point["name"], facts, note),
                "label": words(point["name"]),
            }
        )
    return _collection(points, rows)
