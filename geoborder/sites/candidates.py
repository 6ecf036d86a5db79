"""Candidate sites: ranked by how much of a border they see, and thinned."""

from __future__ import annotations

import warnings
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from geoborder.chainage import equal_cells, locate, measure_border
from geoborder.errors import GeoborderWarning, OptionError
from geoborder.geodesy import (
    FloatArray,
    IntArray,
    Polylines,
    forward,
    interpolate,
    inverse,
    to_ecef,
)
from geoborder.nearest import EdgeTree, edge_tree
from geoborder.sight import line_of_sight
from geoborder.sight.pairs import options_of
from geoborder.sites.features import scales_at
from geoborder.sites.search import Band, Places, find_places
from geoborder.tables import LONLAT, SITES, validate
from geoborder.terrain import Dem, DemLike, as_dem

Side = Literal["left", "right", "both"]

_SIGN = {"left": 1, "right": -1, "both": 0}
"""Sides by the number that `find_feet` gives them; 0 takes either."""

_MOST_KM = 1000.0

_SITES = 16_384
"""Sites whose sights are worked out at a time, to save memory."""

_SAMPLES = 1000
"""Places along a line at which the elevation's cover of the band is looked up."""

_ACROSS = 10
"""Distances from the line at each of them."""


def candidate_sites(  # noqa: PLR0913 - each is a planner's choice, with a default
    border: gpd.GeoDataFrame,
    *,
    dem: DemLike,
    range_km: float,
    mast_m: float,
    target_m: float = 0.0,
    refraction: float = 0.13,
    side: Side = "both",
    min_distance_km: float = 0.0,
    max_distance_km: float = 5.0,
    max_slope_deg: float = 30.0,
    spacing_km: float = 1.0,
    min_relief_m: float = 0.0,
    relief_radius_m: float = 1000.0,
    ridge_radius_m: float = 300.0,
    target_spacing_km: float = 0.1,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """
    Find places worth considering for a tower: high points and ridge ends.

    Parameters
    ----------
    border
        One border or several. Not modified.
    dem
        Elevation: an open one, a path, or several (see `open_dem`). A raster too
        large for memory is read by windows.
    range_km, mast_m, target_m, refraction
        How far and from what height to what height a site sees, and through what
        air: as for `line_of_sight`.
    side
        ``left`` or ``right`` of the border, seen in the direction of increasing
        chainage as in `locate`, or ``both``.
    min_distance_km, max_distance_km
        Least and greatest geodesic distance from the border, in km.
    max_slope_deg
        Steepest ground to build on, by central differences, in degrees.
    spacing_km
        Sites are at least so far apart, in km: of those that are closer the one
        that sees most of the border stays.
    min_relief_m, relief_radius_m
        Least height above the lowest ground within a square of that half side,
        in metres; 0: any.
    ridge_radius_m
        How far around a ridge end the ground is taken in, in metres.
    target_spacing_km
        The border is looked at in the middle of equal cells, no longer than
        this, in km.
    limit
        So many of the best are given; None: all.

    Returns
    -------
    GeoDataFrame
        Points (EPSG:4326), those that see most of the border first, then by
        chainage: ``site_id`` (from 1), ``kind`` (``peak`` or ``ridge end``),
        ``height_m``, ``slope_deg``, what `locate` tells (``border_id``,
        ``chainage_km``, ``distance_km``, ``side``), and ``seen_km``: the length of
        border seen from there.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable, or does not cover the band.
    OptionError
        If an option is out of its limits.

    Warns
    -----
    GeoborderWarning
        If the elevation covers only a part of the band, with the share.

    Notes
    -----
    A high point is a cell of the raster that none of its eight neighbours
    exceeds. Of cells of one height beside each other the one nearest to their
    centroid counts, if no cell around them is as high; if they reach over more
    than 32 rows or columns they are level ground, not a point.

    A ridge end is where a ridge falls off: its ground bends down not only across
    the ridge but also along it. A quadratic surface is fitted to the heights
    around each cell, as far as `ridge_radius_m`; its minimum convexity, in
    whichever direction, is positive on domes and noses only, and zero on
    planes, on the flanks of cones and on ridges that run on. A ridge end is a
    cell where it is greatest within that radius and makes the ground at least
    0.1 (metres per metre) steeper over the radius, and within half of which no
    high point stands as high. Its convexity is the same if heights are tilted.

    Radii are turned to whole cells, one at least, in the middle of the longest
    line. A cell beside one without data is never a site, nor is a ridge end any of
    whose surface is unknown.

    References
    ----------
    Wood, J. (1996). The geomorphological characterisation of digital elevation
    models. PhD thesis, University of Leicester: quadratic surfaces over windows of
    any size, and the convexities of their features.

    Examples
    --------
    >>> from geoborder import candidate_sites, load_border, open_dem
    >>> sites = candidate_sites(
    ...     load_border(), dem=open_dem(), range_km=15, mast_m=24, side="left", limit=3
    ... )
    >>> sites[["kind", "height_m", "chainage_km", "distance_km", "seen_km"]].round(1)
       kind  height_m  chainage_km  distance_km  seen_km
    0  peak     517.0        114.4          3.2     37.6
    1  peak     624.0        248.0          4.6     36.6
    2  peak    5262.0       1148.3          0.3     35.4
    """
    table, lines = measure_border(border)
    sight = {
        "range_km": range_km,
        "mast_m": mast_m,
        "target_m": target_m,
        "refraction": refraction,
    }
    options_of(table.geometry, **sight)
    _require_sizes(
        max_slope_deg=max_slope_deg,
        spacing_km=spacing_km,
        min_relief_m=min_relief_m,
    )
    _require_sizes(
        positive=True,
        relief_radius_m=relief_radius_m,
        ridge_radius_m=ridge_radius_m,
        target_spacing_km=target_spacing_km,
    )
    band = _band(side, min_distance_km, max_distance_km)
    if limit is not None and not (limit >= 1 and int(limit) == limit):
        msg = f"`limit` must be a whole number of at least 1, or None, got {limit!r}."
        raise OptionError(msg)
    ground, tree = as_dem(dem), edge_tree(lines)
    longest = np.atleast_1d(lines.length_m.argmax())
    lon, lat = interpolate(lines, longest, lines.length_m[longest] / 2.0)
    scales = scales_at(
        ground,
        float(lon[0]),
        float(lat[0]),
        ridge_radius_m=ridge_radius_m,
        relief_radius_m=relief_radius_m,
        relief_m=min_relief_m,
    )
    places = find_places(ground, tree, band, scales)
    _warn_of_gaps(ground, lines, tree, band)
    slope_deg = _slope_deg(ground, places)
    gentle = slope_deg <= max_slope_deg
    places, slope_deg = places[gentle], slope_deg[gentle]
    lon, lat = ground.lonlat_at(places.column, places.row)
    seen_km = _seen_km(lon, lat, lines, target_spacing_km, dem=ground, **sight)
    kept = _thin(lon, lat, seen_km, spacing_km * 1000.0)
    sites = gpd.GeoDataFrame(
        {
            "kind": np.where(places.peak, "peak", "ridge end")[kept],
            "height_m": places.height_m[kept],
            "slope_deg": slope_deg[kept],
            "seen_km": seen_km[kept],
        },
        geometry=shapely.points(lon[kept], lat[kept]),
        crs=LONLAT,
    )
    return _ranked(sites, table, limit)


def _require_sizes(*, positive: bool = False, **sizes: float) -> None:
    """Refuse sizes that are negative, or not finite; or zero as well."""
    for name, size in sizes.items():
        if not 0.0 <= size < np.inf or (positive and size == 0.0):
            kind = "positive" if positive else "not negative,"
            msg = f"`{name}` must be {kind} and finite, got {size!r}."
            raise OptionError(msg)


def _band(side: str, least_km: float, most_km: float) -> Band:
    """Check where sites may stand."""
    if side not in _SIGN:
        msg = f"`side` must be 'left', 'right' or 'both', got {side!r}."
        raise OptionError(msg)
    if not 0.0 <= least_km < most_km <= _MOST_KM:
        msg = (
            f"`min_distance_km` must not be negative and `max_distance_km` must be "
            f"greater, up to {_MOST_KM:g}; got {least_km!r} and {most_km!r}."
        )
        raise OptionError(msg)
    return Band(least_km * 1000.0, most_km * 1000.0, _SIGN[side])


def _warn_of_gaps(dem: Dem, lines: Polylines, tree: EdgeTree, band: Band) -> None:
    """Look up heights all over the band, and tell the share that has some."""
    line, start, end = equal_cells(
        lines, max(float(lines.length_m.max()) / _SAMPLES, 1.0)
    )
    middle = (start + end) / 2.0
    (lon, lat), ahead = (interpolate(lines, line, middle + m) for m in (0.0, 0.1))
    azimuth, _ = inverse(lon, lat, *ahead)
    share = (np.arange(_ACROSS) + 0.5) / _ACROSS
    away = band.least_m + share * (band.most_m - band.least_m)
    away = np.concatenate((away, -away))[:, None]
    lon, lat, _ = (a.ravel() for a in forward(lon, lat, azimuth + 90.0, away))
    inside = band.holds(tree, lon, lat)
    if not inside.any():
        return
    known = float(np.isfinite(dem.heights_at(lon[inside], lat[inside])).mean())
    if known < 0.9995:  # noqa: PLR2004 - what would be shown as all
        text = (
            f"Elevation {dem.source!r} covers {known:.1%} of the band along the "
            f"border; where it has none there are no sites."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=3)


def _slope_deg(dem: Dem, places: Places) -> FloatArray:
    """Steepest slope at cells, over ground distances."""
    ground: list[FloatArray] = []
    for across, down in ((0.5, 0.0), (0.0, 0.5)):
        start = dem.lonlat_at(places.column - across, places.row - down)
        end = dem.lonlat_at(places.column + across, places.row + down)
        azimuth, length = inverse(*start, *end)
        ground.append(length * np.sin(np.radians(azimuth)))
        ground.append(length * np.cos(np.radians(azimuth)))
    east_c, north_c, east_r, north_r = ground
    area = east_c * north_r - east_r * north_c
    east = (places.across_m * north_r - places.down_m * north_c) / area
    north = (places.down_m * east_c - places.across_m * east_r) / area
    return np.asarray(np.degrees(np.arctan(np.hypot(east, north))))


def _seen_km(
    lon: FloatArray,
    lat: FloatArray,
    lines: Polylines,
    longest_km: float,
    *,
    dem: Dem,
    **sight: float,
) -> FloatArray:
    """Length of border that each point sees."""
    line, start, end = equal_cells(lines, longest_km * 1000.0)
    targets = gpd.GeoSeries(
        shapely.points(*interpolate(lines, line, (start + end) / 2.0)), crs=LONLAT
    )
    # Cells are counted line by line: what sees as many is exactly as good.
    on_line = np.equal.outer(line, np.arange(lines.length_m.size)).astype(np.int64)
    cell_km = lines.length_m / on_line.sum(axis=0) / 1000.0
    seen_km = np.zeros(lon.size)
    for first in range(0, lon.size, _SITES):
        part = slice(first, first + _SITES)
        sites = gpd.GeoSeries(shapely.points(lon[part], lat[part]), crs=LONLAT)
        seen = line_of_sight(sites, targets, dem=dem, **sight)
        seen_km[part] = (seen.astype(np.int64) @ on_line) @ cell_km
    return seen_km


def _thin(
    lon: FloatArray, lat: FloatArray, value: FloatArray, spacing_m: float
) -> IntArray:
    """Choose the best points in turn, each far enough from those before it."""
    if lon.size == 0:
        return np.empty(0, dtype=np.int64)
    xyz = to_ecef(lon, lat)
    tree = cKDTree(xyz)
    free = np.ones(lon.size, dtype=bool)
    kept = []
    for best in np.lexsort((lat, lon, -value)):
        if not free[best]:
            continue
        kept.append(best)
        # Chords are shorter than geodesics, so these are all that may be too near.
        near = np.array(tree.query_ball_point(xyz[best], spacing_m), dtype=np.int64)
        near = near[free[near]]
        _, away = inverse(lon[best], lat[best], lon[near], lat[near])
        free[near[away < spacing_m]] = False
    return np.array(kept, dtype=np.int64)


def _ranked(
    sites: gpd.GeoDataFrame, border: gpd.GeoDataFrame, limit: int | None
) -> gpd.GeoDataFrame:
    """Say where sites lie on the border, and put the best first."""
    # Of no sites a point of the border's own tells the columns.
    points = sites if len(sites) else shapely.get_point(border.geometry.iloc[0], 0)
    located = locate(points, border).iloc[: len(sites)]
    table = sites.assign(**{name: located[name].array for name in located.columns})
    best = np.lexsort(
        (
            table.geometry.y,
            table.geometry.x,
            table["chainage_km"],
            -table["seen_km"].to_numpy(),
        )
    )[:limit]
    table = table.iloc[best].reset_index(drop=True)
    table["site_id"] = np.arange(1, len(table) + 1)
    order = ["site_id", "kind", "height_m", "slope_deg", *located.columns, "seen_km"]
    ranked: gpd.GeoDataFrame = validate(
        table[[*order, "geometry"]], SITES, name="sites"
    )
    return ranked
