"""
Compiled marching of rays over a grid of heights.

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
# ruff: noqa: ANN001, ANN202, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

HIDDEN, SEEN, UNKNOWN = 0, 1, 2
"""State of a pair: the ground blocks; nothing does; nodata may."""

TILE = 16
"""Cells along a side of the tiles whose highest nodes are known."""

_SHIFT = 4  # log2 of TILE

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
    if inside and distance > 0.0:
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
    x_cell, y_cell = int(x_cell) - corner[0], int(y_cell) - corner[1]
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
    low, high = min(m0, m0 + way), max(m0, m0 + way)
    n_end = n0 + way * (c1 + way * c2)
    lines_m = int(math.ceil(high)) - int(math.floor(low)) - 1
    lines_n = int(math.ceil(max(n0, n_end))) - int(math.floor(min(n0, n_end))) - 1
    per = way / (n_end - n0) if lines_n > 0 else 0.0
    blocked, hole, lift = False, False, -np.inf
    for number in range(max(lines_m, 0) + max(lines_n, 0)):
        if number < lines_m:
            k = int(math.floor(low)) + 1 + number
            q = k - m0
            line, step, size = m_cell + k, m_step, m_size
            place = n_cell + n0 + q * (c1 + q * c2)
            across, most = n_step, n_size - 1
        else:
            k = int(math.floor(min(n0, n_end))) + 1 + number - lines_m
            q = (k - n0) * per
            for _ in range(3):  # towards the crossing along the chord's slope
                q -= (n0 + q * (c1 + q * c2) - k) * per
                q = min(max(q, low - m0), high - m0)
            line, step, size = n_cell + k, n_step, n_size
            place = m_cell + m0 + q
            across, most = m_step, m_size - 1
        if line < 0 or line >= size:
            continue
        place = min(max(place, 0.0), float(most))
        cell = int(place)
        weight = place - cell
        p = line * step + cell * across
        height = grid[p]
        if weight > 0.0:
            height += weight * (grid[p + across] - height)
        if height != height:
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


@njit(cache=True, nogil=True, error_model="numpy")
def state_of(grid, shape, tops, corner, site, ray):  # noqa: C901, PLR0912, PLR0914, PLR0915 - one march, in which calls cost
    """Tell whether one pair is seen, hidden, or unknown."""
    _, dx, dy, _, _, dh, fall, curve = ray
    if dh != dh:
        return UNKNOWN
    if dx == 0.0 and dy == 0.0:
        return SEEN
    eye = site[EYE]
    plain = not within_nodes(shape, corner, site, ray)
    if not plain:
        m_cell, n_cell, m0, n0, way, c1, c2, bulge, steps = path_of(
            shape, corner, site, ray
        )
        m_step, n_step, m_tile, n_tile = steps
        e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
        base = m_cell * m_step + n_cell * n_step
        low, high = min(m0, m0 + way), max(m0, m0 + way)
        first, last = int(math.floor(low)) + 1, int(math.ceil(high)) - 1
        begin = (m_cell + int(math.floor(low))) >> _SHIFT
        end = (m_cell + int(math.floor(high))) >> _SHIFT

        # One crossing amid each tile settles most hidden pairs.
        hit = False
        k0 = (begin << _SHIFT) + TILE // 2 - m_cell
        if k0 < first:
            k0 += TILE
        for j in range((last - k0) // TILE + 1):
            k = k0 + j * TILE
            q = k - m0
            n = n0 + q * (c1 + q * c2)
            i = math.floor(n)
            p = base + k * m_step + int(i) * n_step
            a = grid[np.uint64(p)]
            h = a + (n - i) * (grid[np.uint64(p + n_step)] - a)
            hit |= h > eye + q * (e1 + q * e2)
        if hit:
            return HIDDEN

        # Within a tile the line sags, and the path strays, by no more than this.
        slack, stray = 64.0 * abs(e2), 64.0 * abs(c2) + 1e-9
        for tile in range(begin, end + 1):
            left = max(low, float((tile << _SHIFT) - m_cell))
            right = min(high, float((tile << _SHIFT) + TILE - m_cell))
            q = left - m0
            n_left, line_left = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
            q = right - m0
            n_right, line_right = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
            n_low, n_high = min(n_left, n_right), max(n_left, n_right)
            t = tile * m_tile
            one = (n_cell + int(math.floor(n_low - stray))) >> _SHIFT
            two = (n_cell + int(math.floor(n_high + stray))) >> _SHIFT
            top = max(tops[t + one * n_tile], tops[t + two * n_tile])
            if top <= min(line_left, line_right) - slack:
                continue
            if top == np.inf:
                plain = True
                break
            ka = max(first, (tile << _SHIFT) - m_cell)
            kb = min(last, (tile << _SHIFT) + TILE - 1 - m_cell)
            for k in range(ka, kb + 1):
                q = k - m0
                n = n0 + q * (c1 + q * c2)
                i = math.floor(n)
                p = base + k * m_step + int(i) * n_step
                a = grid[np.uint64(p)]
                h = a + (n - i) * (grid[np.uint64(p + n_step)] - a)
                hit |= h > eye + q * (e1 + q * e2)
            if hit:
                return HIDDEN
            ka, kb = int(math.floor(n_low)) + 1, int(math.ceil(n_high)) - 1
            if kb < ka:
                continue
            per = (right - left) / (n_right - n_left)
            for k in range(ka, kb + 1):
                q = left + (k - n_left) * per - m0
                q -= (n0 + q * (c1 + q * c2) - k) * per
                q = min(max(q, left - m0), right - m0)
                i = math.floor(q + m0)
                p = base + k * n_step + int(i) * m_step
                a = grid[np.uint64(p)]
                h = a + (q + m0 - i) * (grid[np.uint64(p + m_step)] - a)
                hit |= h > eye + q * (e1 + q * e2)
            if hit:
                return HIDDEN
    if plain:
        blocked, hole, _ = survey(grid, shape, corner, site, ray)
        if blocked:
            return HIDDEN
        return UNKNOWN if hole else SEEN
    return SEEN


@njit(cache=True, nogil=True, error_model="numpy")
def lift_of(grid, shape, tops, corner, site, ray, dh):  # noqa: PLR0914, PLR0915 - one march, in which calls cost
    """
    Change in height from eye to target at which one pair is just seen.

    Starts from `dh`, which is no higher than asked for; NaN where nodata leaves it
    unknown.
    """
    _, dx, dy, _, _, _, fall, curve = ray
    if dx == 0.0 and dy == 0.0:
        return dh
    eye = site[EYE]
    if not within_nodes(shape, corner, site, ray):
        _, hole, lift = survey(grid, shape, corner, site, ray)
        return np.nan if hole else max(dh, lift)
    m_cell, n_cell, m0, n0, way, c1, c2, bulge, steps = path_of(
        shape, corner, site, ray
    )
    m_step, n_step, m_tile, n_tile = steps
    base = m_cell * m_step + n_cell * n_step
    low, high = min(m0, m0 + way), max(m0, m0 + way)
    first, last = int(math.floor(low)) + 1, int(math.ceil(high)) - 1
    begin = (m_cell + int(math.floor(low))) >> _SHIFT
    end = (m_cell + int(math.floor(high))) >> _SHIFT
    k0 = (begin << _SHIFT) + TILE // 2 - m_cell
    if k0 < first:
        k0 += TILE
    for k in range(k0, last + 1, TILE):
        q = k - m0
        n = n0 + q * (c1 + q * c2)
        i = math.floor(n)
        p = base + k * m_step + int(i) * n_step
        h = grid[p] + (n - i) * (grid[p + n_step] - grid[p])
        if h == h:
            dh = max(dh, lift_at(q / way, h, eye, fall, curve, bulge))
    e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
    stray = 64.0 * abs(c2) + 1e-9
    for tile in range(begin, end + 1):
        left = max(low, float((tile << _SHIFT) - m_cell))
        right = min(high, float((tile << _SHIFT) + TILE - m_cell))
        q = left - m0
        n_left, line_left = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
        q = right - m0
        n_right, line_right = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
        n_low, n_high = min(n_left, n_right), max(n_left, n_right)
        t = tile * m_tile
        one = (n_cell + int(math.floor(n_low - stray))) >> _SHIFT
        two = (n_cell + int(math.floor(n_high + stray))) >> _SHIFT
        top = max(tops[t + one * n_tile], tops[t + two * n_tile])
        if top <= min(line_left, line_right) - 64.0 * abs(e2):
            continue
        if top == np.inf:
            _, hole, lift = survey(grid, shape, corner, site, ray)
            return np.nan if hole else max(dh, lift)
        before = dh
        ka = max(first, (tile << _SHIFT) - m_cell)
        kb = min(last, (tile << _SHIFT) + TILE - 1 - m_cell)
        for k in range(ka, kb + 1):
            q = k - m0
            n = n0 + q * (c1 + q * c2)
            i = math.floor(n)
            p = base + k * m_step + int(i) * n_step
            h = grid[p] + (n - i) * (grid[p + n_step] - grid[p])
            dh = max(dh, lift_at(q / way, h, eye, fall, curve, bulge))
        ka, kb = int(math.floor(n_low)) + 1, int(math.ceil(n_high)) - 1
        per = (right - left) / (n_right - n_left)
        for k in range(ka, kb + 1):
            q = left + (k - n_left) * per - m0
            q -= (n0 + q * (c1 + q * c2) - k) * per
            q = min(max(q, left - m0), right - m0)
            i = math.floor(q + m0)
            p = base + k * n_step + int(i) * m_step
            h = grid[p] + (q + m0 - i) * (grid[p + m_step] - grid[p])
            dh = max(dh, lift_at(q / way, h, eye, fall, curve, bulge))
        if dh > before:
            e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
    return dh


@njit(cache=True, nogil=True)
def tile_tops(grid, tops, begin, end):
    """
    Find the highest node of each tile and of the nodes beside it.

    Infinite where one has no data. Works on the rows of tiles from `begin` up to `end`.
    """
    rows, columns = grid.shape
    top = np.empty(columns, np.float32)
    hole = np.empty(columns, np.bool_)
    for i in range(begin, end):
        top[:] = -np.inf
        hole[:] = False
        for r in range(i * TILE, min(i * TILE + TILE + 1, rows)):
            line = grid[r]
            for c in range(columns):
                h = line[c]
                top[c] = h if h > top[c] else top[c]
                hole[c] |= h != h
        for j in range(tops.shape[1]):
            highest = np.float32(-np.inf)
            for c in range(j * TILE, min(j * TILE + TILE + 1, columns)):
                highest = max(highest, np.float32(np.inf) if hole[c] else top[c])
            tops[i, j] = highest


@njit(cache=True, nogil=True)
def room(sites, centres, radii, starts):
    """How many targets the groups near each site hold: enough room for its pairs."""
    total = 0
    for s in range(sites.shape[0]):
        for b in range(radii.size):
            if _near(sites[s], centres[b], radii[b]):
                total += starts[b + 1] - starts[b]
    return total


@njit(cache=True, nogil=True)
def _near(site, centre, radius):
    dx, dy, dz = centre[0] - site[X], centre[1] - site[Y], centre[2] - site[Z]
    reach = site[RANGE] + radius
    return dx * dx + dy * dy + dz * dz <= reach * reach


@njit(cache=True, nogil=True)
def look(grid, tops, corner, sites, targets, groups, found, states, counts):
    """
    Find the state of all pairs in range.

    Targets come in groups with the middle and radius of each. Pairs that are
    not hidden are listed in `found` and `states`, one site after another; `counts`
    gets how many of them each site has, and how many pairs were in range.
    """
    centres, radii, starts = groups
    shape, heights, highest = grid.shape, grid.ravel(), tops.ravel()
    size = 0
    for s in range(sites.shape[0]):
        site = sites[s]
        before, ranged = size, 0
        for b in range(radii.size):
            if not _near(site, centres[b], radii[b]):
                continue
            for t in range(starts[b], starts[b + 1]):
                ray = aim(site, targets[t])
                if not ray[0]:
                    continue
                ranged += 1
                state = state_of(heights, shape, highest, corner, site, ray)
                if state != HIDDEN:
                    found[size], states[size] = t, state
                    size += 1
        counts[s, 0], counts[s, 1] = size - before, ranged
    return size


@njit(cache=True, nogil=True)
def raise_targets(grid, tops, corner, sites, targets, groups, found, lifts, counts):
    """Find the lowest height above ground that is seen, of all pairs in range."""
    centres, radii, starts = groups
    shape, heights, highest = grid.shape, grid.ravel(), tops.ravel()
    size = 0
    for s in range(sites.shape[0]):
        site = sites[s]
        before = size
        for b in range(radii.size):
            if not _near(site, centres[b], radii[b]):
                continue
            for t in range(starts[b], starts[b + 1]):
                ray = aim(site, targets[t])
                if not ray[0]:
                    continue
                ground = ray[5] - site[AIM]
                lift = ground
                if ground == ground:
                    lift = lift_of(heights, shape, highest, corner, site, ray, ground)
                found[size], lifts[size] = t, lift - ground
                size += 1
        counts[s, 0], counts[s, 1] = size - before, size - before
    return size
