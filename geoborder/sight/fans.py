"""
Compiled parts of a sweep: a fan of rays, its horizon, and rings of cells.

Slopes are rise over way, both corrected for the curvature of the earth and for how
geodesics bend over the grid, to second order at the site.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# Compiled functions take whatever types they are called with.
# ruff: noqa: ANN001, ANN202, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from geoborder.sight.rays import (
    AIM,
    BEND,
    COS_HALF,
    EYE,
    FACE_EAST,
    FACE_NORTH,
    HERE_M,
    HIGH,
    KEEP,
    LOW,
    MERIDIAN,
    MIN_RANGE,
    NORMAL,
    RANGE,
    SITE_COLUMNS,
    TILE,
)

# After a site's columns: metres east and north per column and per row.
METRES = SITE_COLUMNS  # four: east per column, east per row, north likewise

_SHIFT = 4  # log2 of TILE
_LOOSE = {"nsz", "contract", "arcp"}  # but NaN stays NaN: nodata


@njit(cache=True, nogil=True, error_model="numpy")
def grid_ray(site, dx, dy, ground):
    """As `rays.aim`, for a target given by its place on the grid."""
    east = site[METRES] * dx + site[METRES + 1] * dy
    north = site[METRES + 2] * dx + site[METRES + 3] * dy
    for _ in range(2):  # what the bend leaves of the straight way
        x, y = _bent(site, east, north)
        x, y = dx - 0.5 * x, dy - 0.5 * y
        east = site[METRES] * x + site[METRES + 1] * y
        north = site[METRES + 2] * x + site[METRES + 3] * y
    distance2 = max(east * east + north * north, 1e-12)
    distance = math.sqrt(distance2)
    bend = (north * north * site[MERIDIAN] + east * east * site[NORMAL]) / distance2
    curve = bend * site[KEEP]
    fall = 0.5 * distance2 * curve
    dh = ground + site[AIM] - site[EYE]
    inside = site[MIN_RANGE] <= distance <= site[RANGE]
    if inside and distance > HERE_M:
        facing = east * site[FACE_EAST] + north * site[FACE_NORTH]
        rise = dh - fall
        # An unknown height is no reason to leave a cell out.
        inside = not (
            facing < site[COS_HALF] * distance
            or rise < site[LOW] * distance
            or rise > site[HIGH] * distance
        )
    x, y = _bent(site, east, north)
    return inside, dx, dy, -0.125 * x, -0.125 * y, dh, fall, curve


@njit(cache=True, nogil=True)
def _bent(site, east, north):
    """Second-order part of the way over the grid, for a way in metres."""
    ee, en, nn = east * east, east * north, north * north
    return (
        site[BEND] * ee + site[BEND + 1] * en + site[BEND + 2] * nn,
        site[BEND + 3] * ee + site[BEND + 4] * en + site[BEND + 5] * nn,
    )


@njit(cache=True, nogil=True)
def sector_forms(site, turn):
    """
    Polynomials in a ray's slope over the grid, for one of the four sectors.

    The way along the ray over the major axis is k + gamma k^2, its minor
    coordinate m k + lambda k^2, its length squared `metre` times the way squared,
    and its ground falls away by `fall` times the way squared.
    """
    sign = 1.0 if turn < 2 else -1.0  # noqa: PLR2004 - east, south, west, north
    major = turn % 2
    e_k, n_k = sign * site[METRES + major], sign * site[METRES + 2 + major]
    e_n, n_n = site[METRES + 1 - major], site[METRES + 3 - major]
    p = site[BEND + 3 * major : BEND + 3 * major + 3]
    r = site[BEND + 3 - 3 * major : BEND + 6 - 3 * major]
    along, across = np.empty(3), np.empty(3)
    for form, bend in ((along, p), (across, r)):
        form[0] = bend[0] * e_k * e_k + bend[1] * e_k * n_k + bend[2] * n_k * n_k
        form[1] = (
            2.0 * bend[0] * e_k * e_n
            + bend[1] * (e_k * n_n + e_n * n_k)
            + 2.0 * bend[2] * n_k * n_n
        )
        form[2] = bend[0] * e_n * e_n + bend[1] * e_n * n_n + bend[2] * n_n * n_n
    along *= sign
    gamma = -0.5 * along
    lam = np.zeros(4)
    lam[:3] = 0.5 * across
    lam[1:] -= 0.5 * along
    metre, fall = np.empty(3), np.empty(3)
    keep = 0.5 * site[KEEP]
    east2 = (e_k * e_k, 2.0 * e_k * e_n, e_n * e_n)
    north2 = (n_k * n_k, 2.0 * n_k * n_n, n_n * n_n)
    for i in range(3):
        metre[i] = east2[i] + north2[i]
        fall[i] = keep * (east2[i] * site[NORMAL] + north2[i] * site[MERIDIAN])
    return gamma, lam, metre, fall


# The parts below work on the first `count` elements of their scratch arrays, and on
# rays from `begin` on. They take offsets, since slices cost more than they do.


@njit(cache=True, nogil=True)
def fan_of(half, gamma, lam, fall, slopes, bends, gammas, falls):
    """Work out slope, sideways bend, stretch and fall of each ray of a fan."""
    for i in range(2 * half + 1):
        m = (i - half) / half
        slopes[i] = m
        bends[i] = lam[0] + m * (lam[1] + m * (lam[2] + m * lam[3]))
        gammas[i] = gamma[0] + m * (gamma[1] + m * gamma[2])
        falls[i] = fall[0] + m * (fall[1] + m * fall[2])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def climb(horizon, gammas, falls, low, high, weight, begin, count, lift, way, curve):
    """Raise the horizon of rays to the ground between the nodes on either side."""
    near = np.float32(1.0) / way
    for k in range(count):
        i = np.uint64(begin) + np.uint64(k)
        rise = low[k] + weight[k] * (high[k] - low[k]) + lift
        slope = rise * (np.float32(1.0) - rise * curve) * (near - gammas[i])
        slope -= falls[i] * way * (np.float32(1.0) + gammas[i] * way)
        horizon[i] = slope if slope > horizon[i] else horizon[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def cross(slopes, bends, begin, count, place, step, shift, way, bounds, node, weight):
    """Find the node before each ray where it crosses a ring, and the way past it."""
    first, last = bounds
    for k in range(count):
        i = np.uint64(begin) + np.uint64(k)
        y = (slopes[i] + bends[i] * way) * way + shift
        j = min(max(np.int32(y), first), last)
        weight[k] = min(max(y - np.float32(j), np.float32(0.0)), np.float32(1.0))
        node[k] = place + j * step


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def beside(half, lam, first, way, count, ray, share):
    """Find the ray that passes beside each cell of a ring, and the way past it."""
    a, b, c, d = lam
    most = np.float32(2 * half - 1)
    near, per = np.float32(1.0) / way, np.float32(half) / way
    middle = np.float32(half)
    for i in range(count):
        n = first + np.float32(i)
        m = n * near
        x = (n - way * way * (a + m * (b + m * (c + m * d)))) * per + middle
        x = min(max(x, np.float32(0.0)), most)
        j = np.int32(x)
        share[i] = x - np.float32(j)
        ray[i] = j


@njit(cache=True, nogil=True, error_model="numpy")
def take(values, places, step, count, one, two):
    """Take the values at places and a step further."""
    for i in range(count):
        p = places[i]
        one[i], two[i] = values[np.uint64(p)], values[np.uint64(p + step)]


@njit(cache=True, nogil=True, error_model="numpy")
def take_row(values, place, step, count, out):
    """Take values that are a step apart."""
    for i in range(count):
        out[i] = values[np.uint64(place + i * step)]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def hold(height, one, two, share, count, first, lift, way, curve, gamma, fall, settle):
    """
    Hold a ring's cells against the horizon.

    Puts in place of their heights how far their slopes exceed it, and in place of
    the horizon on one side how far that must be for no doubt.
    """
    near = np.float32(1.0) / way
    g0, g1, g2 = gamma
    f0, f1, f2 = fall
    for i in range(count):
        m = (first + np.float32(i)) * near
        g = g0 + m * (g1 + m * g2)
        rise = height[i] + lift
        slope = rise * (np.float32(1.0) - rise * curve) * (near - g)
        slope -= (f0 + m * (f1 + m * f2)) * way * (np.float32(1.0) + g * way)
        apart = two[i] - one[i]
        height[i] = slope - one[i] - share[i] * apart
        one[i] = settle * abs(apart)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _lowest(values, first, last):
    """Find the lowest of some values that are all finite."""
    low = np.float32(3e38)
    for k in range(last - first + 1):
        low = min(low, values[np.uint64(first) + np.uint64(k)])
    return low


@njit(cache=True, nogil=True, error_model="numpy")
def active(tops, horizon, half, place, step, cell, near, reach, lift, fall, out):
    """
    Stretches of a block of rings whose ground, or targets on it, may be seen.

    Compares the highest slope over each tile with the lowest horizon of the rays
    that pass it. `near` holds the way to the block's first and last ring, the
    site's place in its cell, and the slack of a slope.
    """
    first_way, last_way, shift, slack = near
    count, before = 0, False
    for t in range((cell + reach[0]) >> _SHIFT, ((cell + reach[1]) >> _SHIFT) + 1):
        left = max((t << _SHIFT) - cell, reach[0])
        right = min((t << _SHIFT) + TILE - 1 - cell, reach[1])
        low_slope = (left - 1.0 - shift) / (first_way if left < shift else last_way)
        high_slope = (right + 1.0 - shift) / (first_way if right > shift else last_way)
        first = min(max(int((low_slope + 1.0) * half) - 2, 0), 2 * half)
        last = max(min(int((high_slope + 1.0) * half) + 3, 2 * half), 0)
        low = _lowest(horizon, first, last)
        top = tops[place + t * step] + lift
        steepest = top / (first_way if top > 0.0 else last_way)
        seen = steepest + slack * abs(steepest) - fall * first_way + 1e-6 >= low
        if seen and before:
            out[count - 1, 1] = right
        elif seen:
            out[count, 0], out[count, 1] = left, right
            count += 1
        before = seen
    return count


@njit(cache=True, nogil=True)
def double(horizon, holes, half):
    """Put a ray between every two of a fan."""
    for i in range(2 * half, 0, -1):
        horizon[2 * i] = horizon[i]
        horizon[2 * i - 1] = np.float32(0.5) * (horizon[i] + horizon[i - 1])
        holes[2 * i] = holes[i]
        holes[2 * i - 1] = holes[i] | holes[i - 1]
