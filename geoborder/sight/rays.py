"""
Compiled geometry of rays over a grid of heights, and their plain march.

A ray's path over the grid is a parabola: the chord between its ends and the
bulge of the geodesic beside it. Its height is one too: the straight line of sight
as seen from a ground that curves away. All a pair needs is worked out once; after
that only its crossings with grid lines count.

Coordinates are relative to the cell that holds the site, and tiles are counted
from the DEM's first cell, so that a pair's answer has the same bits whatever
window of the DEM is in memory.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# Compiled functions take whatever types they are called with.
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

HIDDEN, SEEN, UNKNOWN = 0, 1, 2
"""State of a pair: the ground blocks; nothing does; nodata may."""

TILE = 16
"""Cells along a side of the tiles whose highest nodes are known."""

SNAP = 1e-7
"""Crossings nearer to an end of a ray than so many cells are that end."""

HERE_M = 1e-6
"""A target nearer than this has no direction."""

# Columns of a target's row, and the first ones of a site's.
COLUMN, ROW, X, Y, Z, GROUND = range(6)
TARGET_COLUMNS = 6
EYE, AIM = 6, 7
SIN_LON, COS_LON, SIN_LAT, COS_LAT, MERIDIAN, NORMAL = range(8, 14)
BEND = 14  # six: second derivatives of column and of row along geodesics
KEEP, RANGE, MIN_RANGE = 20, 21, 22
FACE_EAST, FACE_NORTH, COS_HALF, LOW, HIGH = range(23, 28)
SITE_COLUMNS = 28


@njit(cache=True, nogil=True, error_model="numpy")
def aim(site, target):
    """
    Work out a pair's ray.

    Returns whether the target is within the site's range and field; the change
    in column and row; the bulge of the path at its middle, in cells; the change
    in height from eye to target; how far the ground falls away over the whole
    distance; and the curvature, less refraction.
    """
    vx, vy, vz = target[X] - site[X], target[Y] - site[Y], target[Z] - site[Z]
    chord2 = vx * vx + vy * vy + vz * vz
    east = site[COS_LON] * vy - site[SIN_LON] * vx
    outward = site[COS_LON] * vx + site[SIN_LON] * vy
    north = site[COS_LAT] * vz - site[SIN_LAT] * outward
    flat2 = east * east + north * north
    flat2 = max(flat2, 1e-12)
    # Euler: the curvature of the ellipsoid's normal section in this azimuth.
    bend = (north * north * site[MERIDIAN] + east * east * site[NORMAL]) / flat2
    x = chord2 * bend * bend
    distance = math.sqrt(chord2) * (1.0 + x * (1.0 / 24.0 + x * (3.0 / 640.0)))
    flat = math.sqrt(flat2)
    east, north = east / flat, north / flat
    dh = target[GROUND] + site[AIM] - site[EYE]
    curve = bend * site[KEEP]
    fall = 0.5 * distance * distance * curve
    inside = site[MIN_RANGE] <= distance <= site[RANGE]
    if inside and distance > HERE_M:
        facing = east * site[FACE_EAST] + north * site[FACE_NORTH]
        rise = dh - fall
        # An unknown height is no reason to leave a pair out.
        inside = not (
            facing < site[COS_HALF]
            or rise < site[LOW] * distance
            or rise > site[HIGH] * distance
        )
    arc = -0.125 * distance * distance
    ee, en, nn = arc * east * east, arc * east * north, arc * north * north
    return (
        inside,
        target[COLUMN] - site[COLUMN],
        target[ROW] - site[ROW],
        site[BEND] * ee + site[BEND + 1] * en + site[BEND + 2] * nn,
        site[BEND + 3] * ee + site[BEND + 4] * en + site[BEND + 5] * nn,
        dh,
        fall,
        curve,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def path_of(shape, corner, site, ray):
    """
    Lay a pair's path along the longer axis of its way, the major one.

    Returns the cell of the site on either axis, the site's place in it, the way
    along the major axis, the minor coordinate's two coefficients over that way,
    the bulge along the path as a share of the way, and the steps of either axis
    in the flattened grid and in the flattened tiles.
    """
    columns = shape[1]
    tiles = -(-columns // TILE)
    _, dx, dy, bulge_x, bulge_y, _, _, _ = ray
    x_cell, y_cell = math.floor(site[COLUMN]), math.floor(site[ROW])
    x0, y0 = site[COLUMN] - x_cell, site[ROW] - y_cell
    x_cell, y_cell = x_cell - corner[0], y_cell - corner[1]
    if abs(dx) >= abs(dy):
        bulge = bulge_y - bulge_x * dy / dx
        c1, c2 = (dy + 4.0 * bulge) / dx, -4.0 * bulge / (dx * dx)
        steps = (1, columns, 1, tiles)
        return x_cell, y_cell, x0, y0, dx, c1, c2, bulge_x / dx, steps
    bulge = bulge_x - bulge_y * dx / dy
    c1, c2 = (dx + 4.0 * bulge) / dy, -4.0 * bulge / (dy * dy)
    steps = (columns, 1, tiles, 1)
    return y_cell, x_cell, y0, x0, dy, c1, c2, bulge_y / dy, steps


@njit(cache=True, nogil=True, error_model="numpy")
def line_of(eye, dh, fall, curve, way, bulge):
    """
    Coefficients of the line of sight's height over the way along the major axis.

    On a sphere of radius R a straight line between heights h and h + dh, an arc D
    apart, passes its middle D^2 / 8 R (1 + mean height / R) + dh^2 / 4 R below
    the mean height.
    """
    sag = 0.25 * fall * (1.0 + (eye + 0.5 * dh) * curve) + 0.25 * dh * dh * curve
    sag += dh * bulge  # the line is straight over the distance, not over the grid
    return (dh - 4.0 * sag) / way, 4.0 * sag / (way * way)


@njit(cache=True, nogil=True, error_model="numpy")
def lift_at(u, height, eye, fall, curve, bulge):
    """Change in height from eye to target at which the line grazes a crossing."""
    w = 4.0 * u * (1.0 - u)
    rise = height - eye + 0.25 * w * fall * (1.0 + eye * curve)
    share = u - w * (bulge + 0.125 * fall * curve)
    # The sag grows with dh^2: the smaller root of a quadratic, in its stable form.
    under = share * share - w * curve * rise
    return 2.0 * rise / (share + math.sqrt(max(under, 0.0)))


@njit(cache=True, nogil=True, error_model="numpy")
def survey(grid, shape, corner, site, ray):
    """
    March one pair the plain way: every crossing, nodata and edges minded.

    Returns whether a known crossing blocks, whether one is unknown, and the
    change in height from eye to target at which the highest one is grazed.
    """
    _, _, _, _, _, dh, fall, curve = ray
    eye = site[EYE]
    m_cell, n_cell, m0, n0, way, c1, c2, bulge, steps = path_of(
        shape, corner, site, ray
    )
    m_step, n_step, _, _ = steps
    m_size, n_size = shape[1], shape[0]
    if m_step != 1:
        m_size, n_size = n_size, m_size
    e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
    low, high = min(m0, m0 + way) + SNAP, max(m0, m0 + way) - SNAP
    one, two = low - m0, high - m0
    n_one, n_two = n0 + one * (c1 + one * c2), n0 + two * (c1 + two * c2)
    n_low, n_high = min(n_one, n_two), max(n_one, n_two)
    lines_m = math.ceil(high) - math.floor(low) - 1
    lines_n = math.ceil(n_high) - math.floor(n_low) - 1
    per = (two - one) / (n_two - n_one) if lines_n > 0 else 0.0
    blocked, hole, lift = False, False, -np.inf
    for number in range(max(lines_m, 0) + max(lines_n, 0)):
        if number < lines_m:
            k = math.floor(low) + 1 + number
            q = k - m0
            line, step, size = m_cell + k, m_step, m_size
            place = n0 + q * (c1 + q * c2)
            cell, across, most = n_cell, n_step, n_size - 1
        else:
            k = math.floor(n_low) + 1 + number - max(lines_m, 0)
            q = one + (k - n_one) * per
            for _ in range(3):  # towards the crossing along the chord's slope
                q -= (n0 + q * (c1 + q * c2) - k) * per
                q = min(max(q, one), two)
            line, step, size = n_cell + k, n_step, n_size
            place = m0 + q
            cell, across, most = m_cell, m_step, m_size - 1
        if line < 0 or line >= size:
            continue
        node = math.floor(place)
        weight = place - node
        node += cell
        if node < 0 or node >= most:  # half a cell at the edge is like the edge
            node, weight = min(max(node, 0), most), 0.0
        p = line * step + node * across
        height = grid[p]
        if weight > 0.0:
            height += weight * (grid[p + across] - height)
        if np.isnan(height):
            hole = True
            continue
        blocked |= height > eye + q * (e1 + q * e2)
        lift = max(lift, lift_at(q / way, height, eye, fall, curve, bulge))
    return blocked, hole, lift


@njit(cache=True, nogil=True, error_model="numpy")
def within_nodes(shape, corner, site, ray):
    """Tell whether a ray's whole path has nodes on either side."""
    rows, columns = shape
    _, dx, dy, bulge_x, bulge_y, _, _, _ = ray
    x, y = site[COLUMN] - corner[0], site[ROW] - corner[1]
    wide, high = abs(bulge_x) + 1e-6, abs(bulge_y) + 1e-6
    return (
        min(x, x + dx) >= wide
        and min(y, y + dy) >= high
        and max(x, x + dx) + wide < columns - 1
        and max(y, y + dy) + high < rows - 1
    )
