"""
Line of sight by its definition: slow, in float64, and without anything of geoborder.

A DEM is a grid of node heights at cell centres, NaN where there are none. The ray
from a site S to a target T runs over the geodesic between them, mapped exactly into
the grid. Wherever it crosses a line of nodes (an integer column or row) strictly
between S and T, the ground there, linear between the two nodes, is compared with the
straight line from eye to target over a sphere. That sphere's radius is that of the
ellipsoid's normal section at S in the ray's azimuth, stretched for refraction. Ground
strictly higher than the line hides the target.

What the definition leaves open is settled so:

- A node whose weight is below `SNAP` has no weight, and a crossing nearer than `SNAP`
  cells to an end of the ray is that end.
- A ray that varies by less than `SNAP` cells across a line does not cross that line.
- Grid lines go on outside the raster; crossings there are unknown.
- Where S and T are the same point the limits of azimuth and tilt do not apply.
- Where S or T has no height, tilt is unknown, and so is the pair if range and azimuth
  allow it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HIDDEN, SEEN, UNKNOWN = 0, 1, 2

# Weights and distances, in cells, that count as nothing.
SNAP = 1e-7
# Most that a polynomial may miss the geodesic's place in the grid by, in cells.
PATH_ERROR = 1e-7

COLUMN, ROW = 0, 1

GEOD = Geod(ellps="WGS84")
CHUNK = 1_000  # pairs at a time


def mix(first: Floats, second: Floats, weight: Floats) -> Floats:
    """Go from one height to another; a height without weight does not count."""
    between = first + (second - first) * weight
    return np.where(weight == 0, first, np.where(weight == 1, second, between))


@dataclass(frozen=True, slots=True)
class Ground:
    """Node heights and where they lie."""

    heights: NDArray[np.float32]
    transform: Affine
    crs: CRS

    @property
    def size(self) -> tuple[int, int]:
        """Number of columns and of rows, in the order of `COLUMN` and `ROW`."""
        rows, columns = self.heights.shape
        return columns, rows

    def grid(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Column and row of places, fractional, with node (0, 0) at the origin."""
        to_crs = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)
        x, y = (np.asarray(v, float) for v in to_crs.transform(lon, lat))
        if self.crs.is_geographic:
            columns, rows = self.size
            t = self.transform
            middle = t.c + t.a * columns / 2 + t.b * rows / 2
            x = x - 360 * np.round((x - middle) / 360)
        t = ~self.transform
        return np.stack([t.a * x + t.b * y + t.c - 0.5, t.d * x + t.e * y + t.f - 0.5])

    def _split(self, along: Floats, axis: int) -> tuple[Ints, Ints, Floats, Bools]:
        """Nodes before and after, the weight of the latter, and what lies outside."""
        last = self.size[axis] - 1
        outside = ~((along >= -0.5 - SNAP) & (along <= last + 0.5 + SNAP))
        inside = np.clip(np.where(outside, 0.0, along), 0, last)
        before = np.floor(inside).astype(np.int64)
        weight = inside - before
        weight = np.where(weight < SNAP, 0.0, np.where(weight > 1 - SNAP, 1.0, weight))
        return before, np.minimum(before + 1, last), weight, outside

    def at(self, grid: Floats) -> Floats:
        """Height at places in the grid, NaN where unknown."""
        left, right, w_column, out_column = self._split(grid[COLUMN], COLUMN)
        above, below, w_row, out_row = self._split(grid[ROW], ROW)
        h = self.heights
        upper = mix(
            h[above, left].astype(float), h[above, right].astype(float), w_column
        )
        lower = mix(
            h[below, left].astype(float), h[below, right].astype(float), w_column
        )
        return np.where(out_column | out_row, np.nan, mix(upper, lower, w_row))

    def on_line(self, line: Ints, along: Floats, axis: int) -> Floats:
        """Height on columns (or rows) `line` at the row (or column) `along`."""
        missing = (line < 0) | (line >= self.size[axis])
        line = np.where(missing, 0, line)
        before, after, weight, outside = self._split(along, 1 - axis)
        nodes = self.heights if axis == ROW else self.heights.T
        first = nodes[line, before].astype(float)
        second = nodes[line, after].astype(float)
        return np.where(missing | outside, np.nan, mix(first, second, weight))


@dataclass(frozen=True, slots=True)
class Rays:
    """What is known of pairs before the ground between them is looked at."""

    lon: Floats  # of the site
    lat: Floats
    azimuth: Floats
    distance: Floats
    radius: Floats  # of the sphere, with refraction
    eye: Floats  # height of the eye
    ground: Floats  # height of the ground at the target
    target: Floats  # height of the target above the ground
    near: Bools  # within range and azimuth
    tilt_min: Floats
    tilt_max: Floats

    def part(self, which: Bools | slice | Ints) -> Rays:
        """Take some of the rays."""
        return Rays(*(getattr(self, name)[which] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Crossings:
    """Where rays cross lines of nodes."""

    ray: Ints
    distance: Floats
    height: Floats  # of the ground, NaN where unknown


def section_radius(lat: ArrayLike, azimuth: ArrayLike) -> Floats:
    """Radius of curvature of the normal section, by Euler's theorem."""
    a, es = GEOD.a, GEOD.es
    w2 = 1 - es * np.sin(np.radians(lat)) ** 2
    meridian, prime = a * (1 - es) / w2**1.5, a / np.sqrt(w2)
    alpha = np.radians(azimuth)
    return 1 / (np.cos(alpha) ** 2 / meridian + np.sin(alpha) ** 2 / prime)


def bound(
    eye: ArrayLike,
    target: ArrayLike,
    distance: ArrayLike,
    at: ArrayLike,
    radius: ArrayLike,
) -> Floats:
    """Height of the straight line from eye to target over the sphere, at a distance."""
    radius = np.asarray(radius, float)
    r1, r2 = radius + eye, radius + target
    phi, rest = np.asarray(at) / radius, (np.asarray(distance) - at) / radius
    whole = np.asarray(distance) / radius
    return r1 * r2 * np.sin(whole) / (r1 * np.sin(phi) + r2 * np.sin(rest)) - radius


def needed_target(
    eye: ArrayLike,
    height: ArrayLike,
    distance: ArrayLike,
    at: ArrayLike,
    radius: ArrayLike,
) -> Floats:
    """Height of target whose line of sight touches ground of a height at a distance."""
    radius = np.asarray(radius, float)
    r1, rc = radius + eye, radius + height
    phi, rest = np.asarray(at) / radius, (np.asarray(distance) - at) / radius
    whole = np.asarray(distance) / radius
    left = r1 * np.sin(whole) - rc * np.sin(rest)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = rc * r1 * np.sin(phi) / left
    return np.where(left > 0, r2 - radius, np.inf)


def _along(rays: Rays, share: Floats) -> tuple[Floats, Floats]:
    """Places at shares of the rays' lengths, in an array (rays, shares)."""
    shape = (len(rays.distance), len(share))
    lon, lat, azimuth = (
        np.repeat(v, len(share)) for v in (rays.lon, rays.lat, rays.azimuth)
    )
    distance = (rays.distance[:, None] * share).ravel()
    lon, lat, _ = GEOD.fwd(lon, lat, azimuth, distance)
    return np.reshape(lon, shape), np.reshape(lat, shape)


def paths(ground: Ground, rays: Rays) -> Floats:
    """
    Chebyshev coefficients of column and row in the share of the way, over [-1, 1].

    Of degree 8, or higher where that misses the geodesic by over `PATH_ERROR`.
    The array is of (2, degree + 1, rays).
    """
    for degree in (8, 12, 18, 27):
        angle = np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1)
        exact = ground.grid(*_along(rays, (1 + np.cos(angle)) / 2))
        basis = np.cos(np.arange(degree + 1)[:, None] * angle) * 2 / (degree + 1)
        basis[0] /= 2
        coefficients = np.einsum("km,arm->akr", basis, exact)
        if path_error(ground, rays, coefficients) <= PATH_ERROR:
            return coefficients
    msg = "no polynomial follows the rays through the grid; are they too long?"
    raise ValueError(msg)


def path_error(ground: Ground, rays: Rays, coefficients: Floats) -> float:
    """Most that paths miss the geodesic by, in cells, looked at between their nodes."""
    share = np.linspace(0, 1, 14)
    exact = ground.grid(*_along(rays, share))
    basis = chebyshev.chebvander(2 * share - 1, coefficients.shape[1] - 1)
    fitted = np.einsum("mk,akr->arm", basis, coefficients)
    return float(np.max(np.abs(fitted - exact), initial=0.0))


def _turns(coefficients: Floats) -> list[tuple[int, float]]:
    """Where one coordinate of rays turns back: pairs of ray and place in (-1, 1)."""
    order = np.arange(len(coefficients))[2:, None]
    # The derivative of the k-th Chebyshev polynomial is nowhere over k squared.
    doubtful = np.abs(coefficients[1]) <= np.sum(
        order**2 * np.abs(coefficients[2:]), axis=0
    )
    turns = []
    for ray in np.flatnonzero(doubtful):
        slope = chebyshev.chebtrim(chebyshev.chebder(coefficients[:, ray]), 1e-12)
        roots = chebyshev.chebroots(slope)
        real = roots.real[np.abs(roots.imag) < 1e-6]
        turns += [(int(ray), float(x)) for x in real if -1 < x < 1]
    return turns


def _value(coefficients: Floats, at: Floats) -> Floats:
    """Each column's polynomial at its own place."""
    return chebyshev.chebval(at, coefficients, tensor=False)


def _solve(coefficients: Floats, low: Floats, high: Floats, level: Ints) -> Floats:
    """
    Find where polynomials, monotone between low and high, reach their levels.

    Newton's method from the chord's estimate; a step that leaves the bracket is
    replaced with its middle.
    """
    slope = chebyshev.chebder(coefficients)
    f_low, f_high = _value(coefficients, low), _value(coefficients, high)
    rising = f_high > f_low
    with np.errstate(divide="ignore", invalid="ignore"):
        x = low + (high - low) * (level - f_low) / (f_high - f_low)
    x = np.clip(np.where(np.isfinite(x), x, low), low, high)
    low, high = low.copy(), high.copy()
    active = np.arange(len(x))
    for _ in range(80):
        here = x[active]
        miss = _value(coefficients[:, active], here) - level[active]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = here - miss / _value(slope[:, active], here)
        ahead = (miss < 0) == rising[active]
        low[active] = np.where(ahead, here, low[active])
        high[active] = np.where(ahead, high[active], here)
        inside = (step >= low[active]) & (step <= high[active])
        done = np.abs(miss) < 1e-10
        middle = np.where(done, here, (low[active] + high[active]) / 2)
        x[active] = np.where(inside, step, middle)
        active = active[~done]
        if len(active) == 0:
            break
    return x


def _lines_crossed(coefficients: Floats) -> tuple[Ints, Ints, Floats]:
    """Rays, whole numbers and places in [-1, 1] where one coordinate takes them."""
    rays = coefficients.shape[1]
    turns = _turns(coefficients)
    ray = np.concatenate([np.tile(np.arange(rays), 2), [r for r, _ in turns]])
    place = np.concatenate([np.repeat([-1.0, 1.0], rays), [x for _, x in turns]])
    order = np.lexsort([place, ray])
    ray, place = ray[order].astype(np.int64), place[order]
    piece = np.flatnonzero(ray[1:] == ray[:-1])
    value = _value(coefficients[:, ray], place)
    ends = np.sort([value[piece], value[piece + 1]], axis=0)
    first = np.ceil(ends[0]).astype(np.int64)
    count = np.maximum(np.floor(ends[1]).astype(np.int64) - first + 1, 0)
    least = np.full(rays, np.inf)
    most = np.full(rays, -np.inf)
    np.minimum.at(least, ray, value)
    np.maximum.at(most, ray, value)
    count[(most - least < SNAP)[ray[piece]]] = 0
    start = np.cumsum(count) - count
    level = np.arange(count.sum()) + np.repeat(first - start, count)
    of = np.repeat(piece, count)
    x = _solve(coefficients[:, ray[of]], place[of], place[of + 1], level)
    return ray[of], level, x


def crossings(ground: Ground, rays: Rays) -> Crossings:
    """All crossings of rays with lines of nodes, strictly between their ends."""
    path = paths(ground, rays)
    ends = [chebyshev.chebval(x, path.transpose(1, 0, 2)) for x in (-1.0, 1.0)]
    cells = np.hypot(*(ends[1] - ends[0]))
    found = []
    for axis in (COLUMN, ROW):
        ray, line, x = _lines_crossed(path[axis])
        inner = np.minimum(1 + x, 1 - x) / 2 * cells[ray] > SNAP
        ray, line, x = ray[inner], line[inner], x[inner]
        along = _value(path[1 - axis][:, ray], x)
        height = ground.on_line(line, along, axis)
        found.append((ray, (1 + x) / 2 * rays.distance[ray], height))
    return Crossings(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _prepare(
    ground: Ground,
    sites: tuple[ArrayLike, ArrayLike],
    targets: tuple[ArrayLike, ArrayLike],
    pairs: ArrayLike,
    options: dict[str, ArrayLike],
) -> Rays:
    """Measure the pairs and what their limits allow."""
    site_lon, site_lat = (np.atleast_1d(np.asarray(v, float)) for v in sites)
    target_lon, target_lat = (np.atleast_1d(np.asarray(v, float)) for v in targets)
    site, target = np.asarray(pairs, np.int64).reshape(-1, 2).T
    option = {
        name: np.broadcast_to(np.asarray(value, float), site_lon.shape)[site]
        for name, value in options.items()
    }
    lon, lat = site_lon[site], site_lat[site]
    azimuth, _, distance = (
        np.asarray(v, float)
        for v in GEOD.inv(lon, lat, target_lon[target], target_lat[target])
    )
    turn = (azimuth - option["azimuth_deg"] + 180) % 360 - 180
    same = distance == 0
    radius = section_radius(lat, azimuth)
    return Rays(
        lon=lon,
        lat=lat,
        azimuth=azimuth,
        distance=distance,
        radius=radius / (1 - option["refraction"]),
        eye=ground.at(ground.grid(site_lon, site_lat))[site] + option["mast_m"],
        ground=ground.at(ground.grid(target_lon, target_lat))[target],
        target=option["target_m"],
        near=(distance <= option["range_m"])
        & (distance >= option["min_range_m"])
        & (same | (np.abs(turn) <= option["fov_deg"] / 2)),
        tilt_min=option["tilt_min_deg"],
        tilt_max=option["tilt_max_deg"],
    )


def _tilt(rays: Rays) -> Floats:
    """Elevation angle of targets seen from the sites, in degrees."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = (rays.ground + rays.target - rays.eye) / rays.distance
    return np.degrees(np.arctan(rise - rays.distance / (2 * rays.radius)))


def _chunks(which: Bools) -> Iterator[Ints]:
    numbers = np.flatnonzero(which)
    for start in range(0, len(numbers), CHUNK):
        yield numbers[start : start + CHUNK]


def reference_states(  # noqa: PLR0913 - every option by its name
    heights: NDArray[np.float32],
    transform: Affine,
    crs: CRS | str,
    site_lon: ArrayLike,
    site_lat: ArrayLike,
    target_lon: ArrayLike,
    target_lat: ArrayLike,
    pairs: ArrayLike,
    *,
    mast_m: ArrayLike,
    target_m: ArrayLike,
    range_m: ArrayLike,
    min_range_m: ArrayLike = 0,
    azimuth_deg: ArrayLike = 0,
    fov_deg: ArrayLike = 360,
    tilt_min_deg: ArrayLike = -90,
    tilt_max_deg: ArrayLike = 90,
    refraction: ArrayLike = 0.13,
) -> tuple[NDArray[np.uint8], Floats]:
    """
    Which pairs of site and target see each other.

    Options are scalars or one value per site. States are 0 hidden or out of the
    limits, 1 seen, 2 unknown. Beside them stands each pair's margin: the most by
    which known ground rises over the line of sight, in metres; negative where it is
    clear, minus infinity without a known crossing or without a line to compare with.
    """
    ground = Ground(
        np.asarray(heights, np.float32), transform, CRS.from_user_input(crs)
    )
    rays = _prepare(
        ground,
        (site_lon, site_lat),
        (target_lon, target_lat),
        pairs,
        {
            "mast_m": mast_m,
            "target_m": target_m,
            "range_m": range_m,
            "min_range_m": min_range_m,
            "azimuth_deg": azimuth_deg,
            "fov_deg": fov_deg,
            "tilt_min_deg": tilt_min_deg,
            "tilt_max_deg": tilt_max_deg,
            "refraction": refraction,
        },
    )
    count = len(rays.distance)
    same = rays.distance == 0
    known = ~np.isnan(rays.eye) & ~np.isnan(rays.ground)
    tilt = _tilt(rays)
    level = same | ~known | ((tilt >= rays.tilt_min) & (tilt <= rays.tilt_max))
    within = rays.near & level
    margin = np.full(count, -np.inf)
    doubt = within & ~known
    for chunk in _chunks(within & known & ~same):
        part = rays.part(chunk)
        cross = crossings(ground, part)
        of = cross.ray
        line = bound(
            part.eye[of],
            (part.ground + part.target)[of],
            part.distance[of],
            cross.distance,
            part.radius[of],
        )
        over = cross.height - line
        void = np.isnan(over)
        np.maximum.at(margin, chunk[of[~void]], over[~void])
        doubt[chunk[of[void]]] = True
    states = np.where(margin > 0, HIDDEN, np.where(doubt, UNKNOWN, SEEN))
    return np.where(within, states, HIDDEN).astype(np.uint8), margin


def reference_visible_height(  # noqa: PLR0913 - every option by its name
    heights: NDArray[np.float32],
    transform: Affine,
    crs: CRS | str,
    site_lon: ArrayLike,
    site_lat: ArrayLike,
    target_lon: ArrayLike,
    target_lat: ArrayLike,
    pairs: ArrayLike,
    *,
    mast_m: ArrayLike,
    range_m: ArrayLike,
    min_range_m: ArrayLike = 0,
    azimuth_deg: ArrayLike = 0,
    fov_deg: ArrayLike = 360,
    tilt_min_deg: ArrayLike = -90,
    tilt_max_deg: ArrayLike = 90,
    refraction: ArrayLike = 0.13,
) -> Floats:
    """
    Lowest height above the ground at which each pair's target is seen.

    Infinite where no height is (out of range or azimuth, or seen only above the
    highest tilt), NaN where a height at an end or on the way is unknown.
    """
    ground = Ground(
        np.asarray(heights, np.float32), transform, CRS.from_user_input(crs)
    )
    rays = _prepare(
        ground,
        (site_lon, site_lat),
        (target_lon, target_lat),
        pairs,
        {
            "mast_m": mast_m,
            "target_m": 0,
            "range_m": range_m,
            "min_range_m": min_range_m,
            "azimuth_deg": azimuth_deg,
            "fov_deg": fov_deg,
            "tilt_min_deg": tilt_min_deg,
            "tilt_max_deg": tilt_max_deg,
            "refraction": refraction,
        },
    )
    same = rays.distance == 0
    known = ~np.isnan(rays.eye) & ~np.isnan(rays.ground)
    drop = rays.distance / (2 * rays.radius)

    def at_tilt(degrees: Floats) -> Floats:
        """Height above the ground at which the target appears under an angle."""
        rise = np.tan(np.radians(degrees)) + drop
        return rays.eye + rise * rays.distance - rays.ground

    least = np.where(same, 0.0, np.maximum(at_tilt(rays.tilt_min), 0.0))
    most = np.where(same, np.inf, at_tilt(rays.tilt_max))
    doubt = ~known
    for chunk in _chunks(rays.near & known & ~same):
        part = rays.part(chunk)
        cross = crossings(ground, part)
        of = cross.ray
        needed = needed_target(
            part.eye[of],
            cross.height,
            part.distance[of],
            cross.distance,
            part.radius[of],
        )
        void = np.isnan(cross.height)
        above = (needed - part.ground[of])[~void]
        np.maximum.at(least, chunk[of[~void]], above)
        doubt[chunk[of[void]]] = True
    least = np.where(least > most, np.inf, least)
    return np.where(rays.near, np.where(doubt, np.nan, least), np.inf)
