"""
Compiled sweeps over whole areas: rings of cells outward from a site.

In each of four sectors a fan of rays keeps the horizon: the steepest slope met so
far in its direction. Cells of the next ring are held against the horizon of the
rays on either side, then the ring's own ground raises it. The fan doubles its
rays as the rings grow, and stretches of a ring whose highest ground lies below the
horizon are passed over whole. Cells between the horizons of two rays may be left
to the exact march of `rays.state_of`.

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
    COLUMN,
    COS_HALF,
    EYE,
    FACE_EAST,
    FACE_NORTH,
    HIGH,
    KEEP,
    LOW,
    MERIDIAN,
    MIN_RANGE,
    NORMAL,
    RANGE,
    ROW,
    SEEN,
    SITE_COLUMNS,
    TILE,
    UNKNOWN,
    lift_of,
    state_of,
)

# After a site's columns: metres east and north per column and per row.
METRES = SITE_COLUMNS  # four: east per column, east per row, north likewise
AREA_COLUMNS = SITE_COLUMNS + 4

_SHIFT = 4
_LOOSE = {"nsz", "contract", "arcp"}  # but NaN stays NaN: nodata
_NEAREST = 1e-6
"""Rings nearer than so many cells are the site's own."""


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
    facing = east * site[FACE_EAST] + north * site[FACE_NORTH]
    rise = dh - fall
    inside = site[MIN_RANGE] <= distance <= site[RANGE] and not (
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
def _sector_forms(site, turn):
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


@njit(cache=True, nogil=True)
def _fan(half, gamma, lam, fall, fan):
    """Slope, bend, stretch and fall of each ray of a fan, in rows of `fan`."""
    for i in range(2 * half + 1):
        m = (i - half) / half
        fan[0, i] = m
        fan[1, i] = lam[0] + m * (lam[1] + m * (lam[2] + m * lam[3]))
        fan[2, i] = gamma[0] + m * (gamma[1] + m * gamma[2])
        fan[3, i] = fall[0] + m * (fall[1] + m * fall[2])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def _climb(horizon, fan, low, high, weight, lift, way, curve):
    """Raise the horizon of rays to the ground between nodes `low` and `high`."""
    near = np.float32(1.0) / way
    gamma, fall = fan[2], fan[3]
    for i in range(horizon.size):
        rise = low[i] + weight[i] * (high[i] - low[i]) + lift
        slope = rise * (np.float32(1.0) - rise * curve) * (near - gamma[i])
        slope -= fall[i] * way * (np.float32(1.0) + gamma[i] * way)
        horizon[i] = slope if slope > horizon[i] else horizon[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def _cross(fan, place, step, shift, way, bounds, node, weight):
    """Where each ray crosses a ring: the node before it, and the way on to the next."""
    slope, bend = fan[0], fan[1]
    first, last = bounds
    for i in range(node.size):
        y = (slope[i] + bend[i] * way) * way + shift
        j = min(max(np.int32(y), first), last)
        weight[i] = y - np.float32(j)
        node[i] = place + j * step


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def _beside(half, lam, first, way, ray, weight):
    """Which ray passes beside each cell of a ring, and the way on to the next."""
    a, b, c, d = lam
    most = np.float32(2 * half - 1)
    near, per = np.float32(1.0) / way, np.float32(half) / way
    middle = np.float32(half)
    for i in range(ray.size):
        n = first + np.float32(i)
        m = n * near
        x = (n - way * way * (a + m * (b + m * (c + m * d)))) * per + middle
        x = min(max(x, np.float32(0.0)), most)
        j = np.int32(x)
        weight[i] = x - np.float32(j)
        ray[i] = j


@njit(cache=True, nogil=True, error_model="numpy")
def _take(values, places, step, one, two):
    """Take the values at places and a step further."""
    for i in range(places.size):
        p = places[i]
        one[i], two[i] = values[np.uint64(p)], values[np.uint64(p + step)]


@njit(cache=True, nogil=True, error_model="numpy")
def _take_row(values, place, step, out):
    """Take values that are a step apart."""
    if step == 1:
        out[:] = values[place : place + out.size]
        return
    for i in range(out.size):
        out[i] = values[np.uint64(place + i * step)]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_LOOSE)
def _hold(cells, first, lift, way, curve, gamma, fall, settle):
    """
    Hold a ring's cells against the horizon.

    Puts in place of their heights how far their slopes exceed it, and in place of
    the horizon on one side how far that must be for no doubt.
    """
    near = np.float32(1.0) / way
    height, one, two, weight = cells[0], cells[1], cells[2], cells[3]
    g0, g1, g2 = gamma
    f0, f1, f2 = fall
    for i in range(height.size):
        m = (first + np.float32(i)) * near
        g = g0 + m * (g1 + m * g2)
        rise = height[i] + lift
        slope = rise * (np.float32(1.0) - rise * curve) * (near - g)
        slope -= (f0 + m * (f1 + m * f2)) * way * (np.float32(1.0) + g * way)
        apart = two[i] - one[i]
        height[i] = slope - one[i] - weight[i] * apart
        one[i] = settle * abs(apart)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _lowest(values):
    """Lowest of values that are all finite."""
    low = np.float32(3e38)
    for value in values:
        low = min(low, value)
    return low


@njit(cache=True, nogil=True, error_model="numpy")
def _active(tops, horizon, half, place, step, cell, near, reach, lift, fall, out):
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
        low = _lowest(horizon[first : last + 1])
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
def _double(horizon, holes, half):
    """Put a ray between every two of a fan."""
    for i in range(2 * half, 0, -1):
        horizon[2 * i] = horizon[i]
        horizon[2 * i - 1] = np.float32(0.5) * (horizon[i] + horizon[i - 1])
        holes[2 * i] = holes[i]
        holes[2 * i - 1] = holes[i] | holes[i - 1]


MARK, HEIGHT, ANGLE = 0, 1, 2
"""What a sweep is for: seen or not; lowest height seen; angle of the horizon."""


@njit(cache=True, nogil=True, error_model="numpy")
def _sector(grid, shape, tops, corner, site, turn, over, settle, kind, number, out):  # noqa: C901, PLR0912, PLR0914, PLR0915 - one sweep, in which calls cost
    """Sweep one of four sectors: east, south, west, north."""
    count, first_site, unknown, values = out
    rows, columns = shape
    tiles = -(-columns // TILE)
    sign = 1 if turn < 2 else -1  # noqa: PLR2004
    if turn % 2 == 0:
        m_step, n_step, m_size, n_size = 1, columns, columns, rows
        m_tile, n_tile = 1, tiles
        m_site, n_site = site[COLUMN] - corner[0], site[ROW] - corner[1]
    else:
        m_step, n_step, m_size, n_size = columns, 1, rows, columns
        m_tile, n_tile = tiles, 1
        m_site, n_site = site[ROW] - corner[1], site[COLUMN] - corner[0]
    n_cell = int(math.floor(n_site))
    shift = n_site - n_cell
    gamma, lam, metre, fall = _sector_forms(site, turn)
    shortest = min(metre[0], metre[0] + metre[2] - abs(metre[1]))
    if metre[2] > 0.0:
        shortest = min(shortest, metre[0] - 0.25 * metre[1] * metre[1] / metre[2])
    bend = abs(gamma[0]) + abs(gamma[1]) + abs(gamma[2])
    farthest = site[RANGE] / math.sqrt(shortest)
    slack = 2.0 * bend * farthest + 2e-3
    longest = metre[0] + metre[2] + abs(metre[1])
    inner = site[RANGE] / math.sqrt(longest)
    farthest *= 1.0 + bend * farthest
    range2 = site[RANGE] * site[RANGE]
    curve = np.float32(site[KEEP] * site[NORMAL])
    settle = np.float32(settle)
    limited = (
        site[COS_HALF] > -1.5  # noqa: PLR2004 - not the whole circle
        or site[MIN_RANGE] > 0.0
        or site[LOW] > -np.inf
        or site[HIGH] < np.inf
    )

    limit, doublings = int(math.ceil(farthest)), 0
    while limit > 40:  # noqa: PLR2004 - rings that share the first fan
        limit = (limit + 1) // 2
        doublings += 1
    half = int(math.ceil(limit * over))
    size = 2 * (half << doublings) + 1
    fan = np.empty((4, size), np.float32)
    scratch = np.empty((4, size), np.float32)
    horizon = np.full(size, np.float32(-1e30))
    holes = np.zeros(size, np.uint8)
    any_hole = False
    _fan(half, gamma, lam, fall, fan)
    least_fall = fan[3, : 2 * half + 1].min()
    stretches = np.empty((size // TILE + 4, 2), np.int64)
    cells = np.empty((4, size + 4), np.float32)
    nodes = np.empty(size + 4, np.int32)
    g32 = (np.float32(gamma[0]), np.float32(gamma[1]), np.float32(gamma[2]))
    f32 = (np.float32(fall[0]), np.float32(fall[1]), np.float32(fall[2]))
    l32 = (
        np.float32(lam[0]), np.float32(lam[1]), np.float32(lam[2]), np.float32(lam[3])
    )  # fmt: skip
    lift = np.float32(-site[EYE])
    lift_target = np.float32(site[AIM] - site[EYE])
    highest = max(0.0, site[AIM]) - site[EYE]

    if sign > 0:
        line = int(math.floor(m_site)) + 1
    else:
        line = int(math.ceil(m_site)) - 1
    near = abs(line - m_site)
    if near < _NEAREST:
        line += sign
    line = max(line, 0) if sign > 0 else min(line, m_size - 1)
    while 0 <= line < m_size and abs(line - m_site) <= farthest:
        tile = line >> _SHIFT
        stop = (tile << _SHIFT) + TILE - 1 if sign > 0 else tile << _SHIFT
        stop = min(stop, m_size - 1)
        first_way, last_way = abs(line - m_site), abs(stop - m_site)
        while last_way > limit and doublings > 0:
            _double(horizon, holes, half)
            limit, half, doublings = limit * 2, half * 2, doublings - 1
            _fan(half, gamma, lam, fall, fan)
        wide = min(last_way, farthest) + 1.0
        reach = (
            max(int(math.floor(shift - wide)), -n_cell),
            min(int(math.ceil(shift + wide)), n_size - 1 - n_cell),
        )
        if reach[1] < reach[0]:
            break
        if kind == MARK:
            many = _active(
                tops, horizon, half, tile * m_tile, n_tile, n_cell,
                (first_way, last_way, shift, slack), reach, highest, least_fall,
                stretches,
            )  # fmt: skip
        else:
            stretches[0, 0], stretches[0, 1], many = reach[0], reach[1], 1
        end = stop + sign if many else line
        hole = kind != MARK
        for s in range(many):
            for t in range(
                (n_cell + stretches[s, 0]) >> _SHIFT,
                ((n_cell + stretches[s, 1]) >> _SHIFT) + 1,
            ):
                hole = hole or tops[tile * m_tile + t * n_tile] == np.inf
        for ring in range(line, end, sign):
            way = abs(ring - m_site)
            # Within the sector, and the circle: the lines between the sectors
            # belong to those along rows.
            edge = 1e-9 if turn % 2 == 0 else -1e-9
            left = math.ceil(shift - way - edge)
            right = math.floor(shift + way + edge)
            far2 = range2 * (1.0 + slack) / (way * way)
            under = metre[1] * metre[1] - 4.0 * metre[2] * (metre[0] - far2)
            if under < 0.0:
                continue
            root = math.sqrt(under)
            left = max(left, shift + way * (-metre[1] - root) / (2.0 * metre[2]))
            right = min(right, shift + way * (-metre[1] + root) / (2.0 * metre[2]))
            way32 = np.float32(way)
            whole = way * (1.0 + bend * way) < inner
            for s in range(many):
                a = max(stretches[s, 0], int(math.ceil(left)))
                b = min(stretches[s, 1], int(math.floor(right)))
                if b < a:
                    continue
                here = cells[:, : b - a + 1]
                place = ring * m_step + (n_cell + a) * n_step
                start = np.float32(a - shift)
                ray_beside = nodes[: b - a + 1]
                _beside(half, l32, start, way32, ray_beside, here[3])
                _take(horizon, ray_beside, 1, here[1], here[2])
                _take_row(grid, place, n_step, here[0])
                if kind == MARK:
                    _hold(here, start, lift_target, way32, curve, g32, f32, settle)
                    for i in range(b - a + 1):
                        if not here[0, i] >= -here[1, i]:
                            continue
                        m = (a + i - shift) / way
                        if not whole:
                            bow = gamma[0] + m * (gamma[1] + m * gamma[2])
                            stretch = way * (1.0 + way * bow)
                            far = metre[0] + m * (metre[1] + m * metre[2])
                            if far * stretch * stretch > range2:
                                continue
                        state, doubt = SEEN, here[0, i] < here[1, i]
                        if any_hole:
                            j = min(max(int((m + 1.0) * half), 0), 2 * half - 1)
                            doubt = doubt or holes[j] or holes[j + 1]
                        p = place + i * n_step
                        if doubt or limited:
                            dm, dn = ring - m_site, n_cell + a + i - n_site
                            if turn % 2 == 0:
                                ray = grid_ray(site, dm, dn, grid[p])
                            else:
                                ray = grid_ray(site, dn, dm, grid[p])
                            if not ray[0]:
                                continue
                            if doubt:
                                state = state_of(grid, shape, tops, corner, site, ray)
                        if state == SEEN:
                            count[p] += 1
                            if first_site.size and number < first_site[p]:
                                first_site[p] = number
                        elif state == UNKNOWN:
                            unknown[p] = True
                else:
                    for i in range(b - a + 1):
                        m = (a + i - shift) / way
                        bow = gamma[0] + m * (gamma[1] + m * gamma[2])
                        stretch = way * (1.0 + way * bow)
                        far = metre[0] + m * (metre[1] + m * metre[2])
                        far *= stretch * stretch
                        p = place + i * n_step
                        if far > range2:
                            continue
                        if limited:
                            dm, dn = ring - m_site, n_cell + a + i - n_site
                            if turn % 2 == 0:
                                ray = grid_ray(site, dm, dn, grid[p])
                            else:
                                ray = grid_ray(site, dn, dm, grid[p])
                            if not ray[0]:
                                continue
                        if any_hole:
                            j = min(max(int((m + 1.0) * half), 0), 2 * half - 1)
                            if holes[j] or holes[j + 1]:
                                continue
                        slope = here[1, i] + here[3, i] * (here[2, i] - here[1, i])
                        drop = (fall[0] + m * (fall[1] + m * fall[2])) * stretch
                        if kind == ANGLE:
                            value = slope * stretch / math.sqrt(far)
                            value = math.degrees(math.atan(value))
                        else:
                            rise = (slope + drop) * stretch
                            rise *= 1.0 + rise * curve
                            value = max(rise + site[EYE] - grid[p], 0.0)
                        if not value >= values[p]:
                            values[p] = value
                # The ring's own ground raises the horizon behind it.
                il = int(((a - 1 - shift) / way + 1.0) * half) - 1
                ih = int(((b + 1 - shift) / way + 1.0) * half) + 2
                il, ih = max(il, 0), min(ih, 2 * half) + 1
                low, high, weight = (
                    scratch[0, il:ih],
                    scratch[1, il:ih],
                    scratch[2, il:ih],
                )
                offset = int(way) + 3
                node = nodes[: ih - il]
                _cross(
                    fan[:, il:ih], np.int32(ring * m_step + (n_cell - offset) * n_step),
                    np.int32(n_step), np.float32(shift + offset), way32,
                    (np.int32(offset - n_cell), np.int32(n_size - 2 - n_cell + offset)),
                    node, weight,
                )  # fmt: skip
                _take(grid, node, n_step, low, high)
                _climb(
                    horizon[il:ih], fan[:, il:ih], low, high, weight, lift, way32, curve
                )
                if hole:
                    for i in range(ih - il):
                        if low[i] != low[i] or high[i] != high[i]:
                            holes[il + i], any_hole = 1, True
        line = stop + sign


@njit(cache=True, nogil=True)
def sweep(grid, tops, corner, sites, numbers, over, settle, kind, out):
    """
    Sweep the area around each site.

    Adds to `out`: sites that see each cell, the first of them, whether any is
    unknown, and, for heights and angles, the lowest value.
    """
    shape, heights, highest = grid.shape, grid.ravel(), tops.ravel()
    for s in range(sites.shape[0]):
        site = sites[s]
        if site[EYE] != site[EYE]:
            continue
        _own_cell(shape, corner, site, kind, numbers[s], out)
        for turn in range(4):
            _sector(
                heights, shape, highest, corner, site, turn, over, settle, kind,
                numbers[s], out,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _own_cell(shape, corner, site, kind, number, out):
    """A site on a node sees that node."""
    count, first_site, _, values = out
    column, row = site[COLUMN] - corner[0], site[ROW] - corner[1]
    c, r = round(column), round(row)
    if abs(column - c) < _NEAREST and abs(row - r) < _NEAREST and not site[MIN_RANGE]:
        p = int(r) * shape[1] + int(c)
        if kind == MARK:
            count[p] += 1
            if first_site.size and number < first_site[p]:
                first_site[p] = number
        else:
            values[p] = 0.0 if kind == HEIGHT else -90.0


@njit(cache=True, nogil=True)
def march_cells(grid, tops, corner, site, number, window, kind, out):
    """March to every cell of a window's rows and columns, exactly."""
    count, first_site, unknown, values = out
    shape, heights, highest = grid.shape, grid.ravel(), tops.ravel()
    top, left, bottom, right = window
    for r in range(top, bottom):
        for c in range(left, right):
            dx, dy = c - (site[COLUMN] - corner[0]), r - (site[ROW] - corner[1])
            p = r * shape[1] + c
            ray = grid_ray(site, dx, dy, heights[p])
            if not ray[0] or ray[5] != ray[5]:
                continue
            if kind == MARK:
                state = state_of(heights, shape, highest, corner, site, ray)
                if state == SEEN:
                    count[p] += 1
                    if first_site.size and number < first_site[p]:
                        first_site[p] = number
                elif state == UNKNOWN:
                    unknown[p] = True
                continue
            distance = math.sqrt(2.0 * ray[6] / ray[7])
            ground = ray[5] - site[AIM]
            start = ground if kind == HEIGHT else -57.0 * distance
            lift = lift_of(heights, shape, highest, corner, site, ray, start)
            value = lift - ground
            if kind == ANGLE:
                value = math.degrees(math.atan((lift - ray[6]) / max(distance, 1e-6)))
            if lift == lift and not value >= values[p]:
                values[p] = value
