"""What lies under the border on a map: countries, units, waters, relief."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image

from geoborder.datasets import load_countries, load_lakes, load_rivers
from geoborder.geodesy import FloatArray
from geoborder.maps.areas import MERCATOR
from geoborder.maps.encoding import path, picture, rings
from geoborder.maps.relief import shaded_relief
from geoborder.plan import Plan

_AROUND_DEG = (6.0, 8.0)
"""Countries are drawn so far around the border, in longitude and latitude."""

_ROOM_FOR_NAME = 0.2
"""Countries that show less than this, in square degrees, are not named."""


_WIDEST_DEG = 170.0
"""No part of a country is so wide but those that lie across the antimeridian."""

_SAME_LINE_DEG = 0.06
"""Drawings of a country's outline at two scales lie so near to each other."""

_FADE = 0.06
"""The relief fades out over this share of its shorter side."""


def ground_data(plan: Plan, *, relief_px: int) -> dict[str, Any]:
    """
    Gather what is drawn under the plan.

    Parameters
    ----------
    plan
        The plan.
    relief_px
        Longer side of the relief's picture at most, in pixels.

    Returns
    -------
    dict
        ``countries``, ``lakes``, ``rivers`` with names and rings or paths, and
        ``relief``: bounds and a picture, or nothing without elevation.
    """
    west, south, east, north = plan.border.total_bounds
    near = (west - 1.5, south - 1.5, east + 1.5, north + 1.5)
    return {
        "countries": _countries(plan),
        "lakes": _waters(load_lakes(), near),
        "rivers": _waters(load_rivers(), near),
        "relief": _relief(plan, relief_px),
    }


def drawable_countries() -> gpd.GeoDataFrame:
    """
    Load the countries of the world as maps can draw them.

    Returns
    -------
    GeoDataFrame
        Those of Natural Earth 1:10 million (see `load_countries`) without the parts
        that lie across the antimeridian, whose outlines go round the wrong way.
    """
    countries = load_countries("10m")
    parts, row = shapely.get_parts(countries.geometry.to_numpy(), return_index=True)
    edges = shapely.bounds(parts)
    true = edges[:, 2] - edges[:, 0] < _WIDEST_DEG
    whole = shapely.multipolygons(parts[true], indices=row[true])
    kept = np.unique(row[true])
    return countries.iloc[kept].set_geometry(whole[kept])


def countries_around(
    border: gpd.GeoDataFrame, *, shown: tuple[float, float, float, float] | None = None
) -> gpd.GeoDataFrame:
    """
    Cut out and simplify the countries around a border, as maps draw them.

    Parameters
    ----------
    border
        One border or several, in EPSG:4326.
    shown
        What a map shows, where it may be more: west, south, east and north, in
        degrees.

    Returns
    -------
    GeoDataFrame
        The columns of `load_countries`, for what lies within 6 degrees of longitude
        and 8 of latitude, and for what is shown.
    """
    west, south, east, north = border.total_bounds
    wide, high = _AROUND_DEG
    window = np.array([west - wide, south - high, east + wide, north + high])
    if shown is not None:
        window[:2] = np.minimum(window[:2], shown[:2])
        window[2:] = np.maximum(window[2:], shown[2:])
    countries = drawable_countries().clip(tuple(window))
    countries = countries[~countries.geometry.is_empty]
    shapes = shapely.coverage_simplify(countries.geometry.to_numpy(), 0.01)
    return countries.set_geometry(shapes)[~shapely.is_empty(shapes)]


def _countries(plan: Plan) -> list[dict[str, Any]]:
    """Countries around the border; the plan's own with their finer outline."""
    countries = countries_around(plan.border)
    own = {*plan.border["left"], *plan.border["right"]}
    return [
        {
            "name": name if shape.area > _ROOM_FOR_NAME else "",
            "own": iso3 in own,
            "at": _middle(shape),
            "rings": rings(shape),
        }
        for shape, iso3, name in zip(
            countries.geometry, countries["iso3"], countries["name"], strict=True
        )
    ]


def _middle(shape: shapely.Geometry) -> list[int]:
    """Where a polygon's name stands, in steps of 1e-5 degrees."""
    circle = shapely.maximum_inscribed_circle(shape, tolerance=0.02)
    return path(np.asarray(circle.coords[:1]))


def unit_data(plan: Plan, tolerance_deg: float = 0.004) -> dict[str, Any]:
    """
    Draw the units on either side, simplified together.

    Parameters
    ----------
    plan
        The plan.
    tolerance_deg
        Tolerance of the simplification, in degrees.

    Returns
    -------
    dict
        ``shapes``: ``at`` (where the name stands) and ``rings`` of each unit;
        ``limits``: each limit once, but for what are limits of countries.
    """
    if plan.units is None:
        return {"shapes": [], "limits": []}
    shapes = shapely.coverage_simplify(plan.units.geometry.to_numpy(), tolerance_deg)
    lines = shapely.union_all(shapely.boundary(shapes))
    edges = _edges(lines)
    tree = shapely.STRtree(
        _edges(shapely.union_all([*plan.border.geometry, *_outlines(plan)]))
    )
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    national, _ = tree.query(middle, predicate="dwithin", distance=_SAME_LINE_DEG)
    limits = shapely.union_all(np.delete(edges, np.unique(national)))
    return {
        "shapes": [
            {"at": _middle(whole), "rings": rings(shape)}
            for whole, shape in zip(plan.units.geometry, shapes, strict=True)
        ],
        "limits": rings(shapely.line_merge(limits)),
    }


def _edges(lines: shapely.Geometry) -> npt.NDArray[Any]:
    """Straight pieces between the vertices of lines."""
    xy, line = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    joined = line[1:] == line[:-1]
    return np.asarray(
        shapely.linestrings(np.stack((xy[:-1][joined], xy[1:][joined]), axis=1))
    )


def _outlines(plan: Plan) -> list[shapely.Geometry]:
    """Outlines of the countries on both sides, as units and as countries have them."""
    layers = [load_countries(name) for name in ("osm", "10m")]
    sides = {*plan.border["left"], *plan.border["right"]}
    return [
        line for layer in layers for line in layer[layer["iso3"].isin(sides)].boundary
    ]


def _waters(
    layer: gpd.GeoDataFrame, window: tuple[float, float, float, float]
) -> list[dict[str, Any]]:
    """Rivers or lakes around the border."""
    near = layer.clip(window)
    near = near[~near.geometry.is_empty]
    shapes = near.geometry.simplify(0.001)
    return [
        {"name": name if isinstance(name, str) else "", "rings": rings(shape)}
        for name, shape in zip(near["name"], shapes, strict=True)
    ]


def _relief(plan: Plan, longest_px: int) -> dict[str, Any] | None:
    if plan.dem is None:
        return None
    relief = shaded_relief(plan.dem, MERCATOR, longest_px=longest_px)
    seen = np.isfinite(relief.grey)
    grey = np.where(seen, relief.grey, 0.0)
    bands = [
        Image.fromarray(np.round(band * 255.0).astype(np.uint8))
        for band in (grey, seen * _faded(relief.grey.shape))
    ]
    image = Image.merge("LA", bands).convert("RGBA")
    return {
        "bounds": list(relief.bounds),
        "url": picture(image, format="WEBP", quality=70, method=4),
    }


def _faded(shape: tuple[int, int]) -> FloatArray:
    """From 0 at a picture's edges to 1, so that it does not end in a straight line."""
    ramps = [
        np.clip(
            np.minimum(np.arange(n), np.arange(n)[::-1]) / (_FADE * min(shape)), 0, 1
        )
        for n in shape
    ]
    return np.outer(*ramps)
