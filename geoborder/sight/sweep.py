"""
Compiled sweeps over whole areas: rings of cells outward from a site.

In each of four sectors a fan of rays keeps the horizon: the steepest slope met so
far in its direction. Cells of the next ring are held against the horizon of the
rays on either side, then the ring's own ground raises it. The fan doubles its
rays as the rings grow, and stretches of a ring whose highest ground lies below the
horizon are passed over whole. Cells in doubt, near the horizon, may be left to the
exact march of `march.state_of`.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# Compiled functions take whatever types they are called with.
# ruff: noqa: ANN001, ANN202, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from geoborder.sight.fans import (
    active,
    beside,
    climb,
    cross,
    double,
    fan_of,
    grid_ray,
    hold,
    sector_forms,
    take,
    take_row,
)
from geoborder.sight.march import lift_of, state_of
from geoborder.sight.rays import (
    AIM,
    COLUMN,
    COS_HALF,
    EYE,
    HIGH,
    KEEP,
    LOW,
    MIN_RANGE,
    NORMAL,
    RANGE,
    ROW,
    SEEN,
    TILE,
    UNKNOWN,
)

MARK, HEIGHT, ANGLE = 0, 1, 2
"""What a sweep is for: seen or not; lowest height seen; angle of the horizon."""

_SHIFT = 4  # log2 of TILE
_NEAREST = 1e-6
"""Rings nearer than so many cells are the site's own."""
_FEW_RINGS = 160
"""Fewer rings cost little: more of their cells are left in doubt."""
_FIRST_RINGS = 40
"""At most so many rings share the first fan."""


@njit(cache=True, nogil=True)
def _axes(shape, corner, site, turn):
    """Give steps, sizes and the site's place along a sector's two axes."""
    rows, columns = shape
    tiles = -(-columns // TILE)
    x, y = site[COLUMN] - corner[0], site[ROW] - corner[1]
    if turn % 2 == 0:
        return 1, columns, 1, tiles, columns, rows, x, y
    return columns, 1, tiles, 1, rows, columns, y, x


@njit(cache=True, nogil=True, error_model="numpy")
def _limits(site, gamma, metre):
    """
    How far a sector reaches.

    Returns the farthest way in cells, the way within which every cell is in range,
    how much the bend changes ways, relatively, and whether anything else than range
    limits the field.
    """
    shortest = min(metre[0], metre[0] + metre[2] - abs(metre[1]))
    if metre[2] > 0.0:
        shortest = min(shortest, metre[0] - 0.25 * metre[1] * metre[1] / metre[2])
    bend = abs(gamma[0]) + abs(gamma[1]) + abs(gamma[2])
    farthest = site[RANGE] / math.sqrt(shortest)
    change = bend * farthest
    inner = site[RANGE] / math.sqrt(metre[0] + metre[2] + abs(metre[1]))
    limited = (
        site[COS_HALF] > -1.5  # noqa: PLR2004 - not the whole circle
        or site[MIN_RANGE] > 0.0
        or site[LOW] > -np.inf
        or site[HIGH] < np.inf
    )
    return farthest * (1.0 + change), inner * (1.0 - change), change, limited


@njit(cache=True, nogil=True, error_model="numpy")
def _ring_ends(way, shift, edge, metre, range2):
    """Outermost cells of a ring that lie within the sector and in range."""
    under = metre[1] * metre[1] - 4.0 * metre[2] * (metre[0] - range2 / (way * way))
    if under < 0.0:
        return 1, 0
    root = math.sqrt(under)
    left = max(shift - way - edge, shift - way * (metre[1] + root) / (2.0 * metre[2]))
    right = min(shift + way + edge, shift + way * (root - metre[1]) / (2.0 * metre[2]))
    return math.ceil(left), math.floor(right)


@njit(cache=True, nogil=True)
def _ray_to(site, turn, dm, dn, ground):
    """Ray to a cell given by its place along a sector's axes."""
    if turn % 2 == 0:
        return grid_ray(site, dm, dn, ground)
    return grid_ray(site, dn, dm, ground)


@njit(cache=True, nogil=True, error_model="numpy")
def _stretched(way, m, gamma, metre):
    """Way along the ray to a cell, and the square of its distance in metres."""
    stretch = way * (1.0 + way * (gamma[0] + m * (gamma[1] + m * gamma[2])))
    return stretch, (metre[0] + m * (metre[1] + m * metre[2])) * stretch * stretch


@njit(cache=True, nogil=True, error_model="numpy")
def _hole_at(holes, half, m):
    """Tell whether a ray beside a cell has met nodata."""
    if half == 0:
        return False
    j = min(max(int((m + 1.0) * half), 0), 2 * half - 1)
    return holes[j] or holes[j + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _mark(
    height, margin, many, place, step, at, gamma, lam, metre, grid, shape, tops, corner,
    site, holes, half, number, count, first_site, unknown,
):  # fmt: skip
    """Mark the cells of a stretch that are seen; march to those in doubt."""
    turn, dm, dn, first, way, whole, limited = at
    range2 = site[RANGE] * site[RANGE]
    for i in range(many):
        if not height[i] >= -margin[i]:
            continue
        if not whole:
            m = (first + i) / way
            m -= way * (lam[0] + m * (lam[1] + m * (lam[2] + m * lam[3])))
            bow = gamma[0] + m * (gamma[1] + m * gamma[2])
            stretch = way * (1.0 + way * bow)
            far = metre[0] + m * (metre[1] + m * metre[2])
            if far * stretch * stretch > range2:
                continue
        p = place + i * step
        state, doubt = SEEN, height[i] < margin[i]
        if half > 0:  # some rays have met nodata
            m = (first + i) / way
            j = min(max(int((m + 1.0) * half), 0), 2 * half - 1)
            doubt = doubt or holes[j] > 0 or holes[j + 1] > 0
        if doubt or limited:
            ray = _ray_to(site, turn, dm, dn + i, grid[p])
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


@njit(cache=True, nogil=True, error_model="numpy")
def _measure(
    one, two, share, many, place, step, at, forms, fall, grid, site, holes, half, kind,
    values,
):  # fmt: skip
    """Take lowest heights seen, or angles of the horizon, from the rays' horizons."""
    turn, dm, dn, first, way, _, limited = at
    gamma, lam, metre = forms
    curve = site[KEEP] * site[NORMAL]
    for i in range(many):
        m = (first + i) / way
        m -= way * (lam[0] + m * (lam[1] + m * (lam[2] + m * lam[3])))
        stretch, far2 = _stretched(way, m, gamma, metre)
        p = place + i * step
        if far2 > site[RANGE] * site[RANGE] or _hole_at(holes, half, m):
            continue
        if limited and not _ray_to(site, turn, dm, dn + i, grid[p])[0]:
            continue
        slope = one[i] + share[i] * (two[i] - one[i])
        if kind == ANGLE:
            value = math.degrees(math.atan(slope * stretch / math.sqrt(far2)))
        else:
            rise = slope + (fall[0] + m * (fall[1] + m * fall[2])) * stretch
            rise *= stretch
            value = max(rise / (1.0 - rise * curve) + site[EYE] - grid[p], 0.0)
        if not value >= values[p]:
            values[p] = value


@njit(cache=True, nogil=True)
def _any_hole(tops, place, step, cell, stretches, many):
    """Tell whether a block's stretches hold nodata."""
    for s in range(many):
        first, last = (
            (cell + stretches[s, 0]) >> _SHIFT,
            (cell + stretches[s, 1]) >> _SHIFT,
        )
        for t in range(first, last + 1):
            if tops[place + t * step] == np.inf:
                return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _sector(grid, shape, tops, corner, site, turn, over, settle, kind, number, out):
    """Sweep one of four sectors: east, south, west, north."""
    sign = 1 if turn < 2 else -1  # noqa: PLR2004
    m_step, n_step, m_tile, n_tile, m_size, n_size, m_site, n_site = _axes(
        shape, corner, site, turn
    )
    n_cell = math.floor(n_site)
    shift = n_site - n_cell
    gamma, lam, metre, fall = sector_forms(site, turn)
    farthest, inner, change, limited = _limits(site, gamma, metre)
    slack = 2.0 * change + 2e-3
    range2 = site[RANGE] * site[RANGE] * (1.0 + slack)
    # The lines between the sectors belong to those along rows.
    edge = 1e-9 if turn % 2 == 0 else -1e-9

    limit, doublings = math.ceil(farthest), 0
    while limit > _FIRST_RINGS:
        limit = (limit + 1) // 2
        doublings += 1
    half = math.ceil(limit * over)
    size = 2 * (half << doublings) + 1
    slopes, bends = np.empty(size, np.float32), np.empty(size, np.float32)
    gammas, falls = np.empty(size, np.float32), np.empty(size, np.float32)
    count, first_site, unknown, values = out
    horizon = np.full(size, np.float32(-1e30))
    holes, any_hole = np.zeros(size, np.uint8), False
    fan_of(half, gamma, lam, fall, slopes, bends, gammas, falls)
    least_fall = falls[: 2 * half + 1].min()
    room = 2 * math.ceil(farthest) + TILE + 8
    stretches = np.empty((room // TILE + 4, 2), np.int64)
    room, nodes = max(room, size), np.empty(max(room, size), np.int32)
    height, share = np.empty(room, np.float32), np.empty(room, np.float32)
    one, two = np.empty(room, np.float32), np.empty(room, np.float32)
    single = np.float32
    curve = single(site[KEEP] * site[NORMAL])
    g32 = (single(gamma[0]), single(gamma[1]), single(gamma[2]))
    f32 = (single(fall[0]), single(fall[1]), single(fall[2]))
    l32 = (single(lam[0]), single(lam[1]), single(lam[2]), single(lam[3]))
    lift, lift_target = single(-site[EYE]), single(site[AIM] - site[EYE])
    doubt = single(settle * min(max(_FEW_RINGS / farthest, 1.0), 4.0))
    highest = max(0.0, site[AIM]) - site[EYE]

    line = math.floor(m_site) + 1 if sign > 0 else math.ceil(m_site) - 1
    if abs(line - m_site) < _NEAREST:
        line += sign
    line = max(line, 0) if sign > 0 else min(line, m_size - 1)
    while 0 <= line < m_size and abs(line - m_site) <= farthest:
        tile = line >> _SHIFT
        stop = (tile << _SHIFT) + TILE - 1 if sign > 0 else tile << _SHIFT
        stop = min(stop, m_size - 1)
        first_way, last_way = abs(line - m_site), abs(stop - m_site)
        while last_way > limit and doublings > 0:
            double(horizon, holes, half)
            limit, half, doublings = limit * 2, half * 2, doublings - 1
            fan_of(half, gamma, lam, fall, slopes, bends, gammas, falls)
        most = min(last_way, farthest) + 1.0
        reach = (
            max(math.floor(shift - most), -n_cell),
            min(math.ceil(shift + most), n_size - 1 - n_cell),
        )
        if reach[1] < reach[0]:
            break
        if kind == MARK:
            many = active(
                tops, horizon, half, tile * m_tile, n_tile, n_cell,
                (first_way, last_way, shift, slack), reach, highest, least_fall,
                stretches,
            )  # fmt: skip
        else:
            stretches[0, 0], stretches[0, 1], many = reach[0], reach[1], 1
        hole = _any_hole(tops, tile * m_tile, n_tile, n_cell, stretches, many)
        for ring in range(line, stop + sign if many else line, sign):
            way = abs(ring - m_site)
            left, right = _ring_ends(way, shift, edge, metre, range2)
            way32 = single(way)
            for s in range(many):
                a, b = max(stretches[s, 0], left), min(stretches[s, 1], right)
                wide = b - a + 1
                if wide < 1:
                    if way >= 1.0 or right >= left:
                        continue
                    # Beside the site a ring may have no cell, but ground that hides.
                    a, b, wide = math.floor(shift - way), math.ceil(shift + way), 0
                place = ring * m_step + (n_cell + a) * n_step
                start = single(a - shift)
                beside(half, l32, start, way32, wide, nodes, share)
                take(horizon, nodes, 1, wide, one, two)
                take_row(grid, place, n_step, wide, height)
                at = (
                    turn, ring - m_site, n_cell + a - n_site, a - shift, way,
                    way < inner, limited,
                )  # fmt: skip
                known = half if any_hole else 0
                if kind == MARK:
                    hold(
                        height, one, two, share, wide, start, lift_target, way32, curve,
                        g32, f32, doubt,
                    )  # fmt: skip
                    _mark(
                        height, one, wide, place, n_step, at, gamma, lam, metre, grid,
                        shape, tops, corner, site, holes, known, number, count,
                        first_site, unknown,
                    )  # fmt: skip
                else:
                    _measure(
                        one, two, share, wide, place, n_step, at, (gamma, lam, metre),
                        fall, grid, site, holes, known, kind, values,
                    )  # fmt: skip

                # The ring's own ground raises the horizon behind it.
                il = max(int(((a - 1 - shift) / way + 1.0) * half) - 1, 0)
                ih = min(int(((b + 1 - shift) / way + 1.0) * half) + 3, 2 * half + 1)
                wide, offset = ih - il, int(way) + 3
                cross(
                    slopes, bends, il, wide,
                    np.int32(ring * m_step + (n_cell - offset) * n_step),
                    np.int32(n_step), single(shift + offset), way32,
                    (np.int32(offset - n_cell), np.int32(n_size - 2 - n_cell + offset)),
                    nodes, share,
                )  # fmt: skip
                take(grid, nodes, n_step, wide, one, two)
                climb(
                    horizon,
                    gammas,
                    falls,
                    one,
                    two,
                    share,
                    il,
                    wide,
                    lift,
                    way32,
                    curve,
                )
                if hole:
                    for i in range(wide):
                        if np.isnan(one[i]) or np.isnan(two[i]):
                            holes[il + i], any_hole = 1, True
        line = stop + sign


@njit(cache=True, nogil=True, error_model="numpy")
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
            if not ray[0]:
                continue
            if np.isnan(ray[5]):
                if kind == MARK:
                    unknown[p] = True
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
            distance = math.sqrt(2.0 * ray[6] / max(ray[7], 1e-12))
            ground = ray[5] - site[AIM]
            start = ground if kind == HEIGHT else -57.0 * distance
            lift = lift_of(heights, shape, highest, corner, site, ray, start)
            value = lift - ground
            if kind == ANGLE:
                value = math.degrees(math.atan((lift - ray[6]) / max(distance, 1e-6)))
            if not np.isnan(lift) and not value >= values[p]:
                values[p] = value


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
        if np.isnan(site[EYE]):
            whole = (0, 0, shape[0], shape[1])
            march_cells(grid, tops, corner, site, numbers[s], whole, kind, out)
            continue
        _own_cell(shape, corner, site, kind, numbers[s], out)
        for turn in range(4):
            _sector(
                heights, shape, highest, corner, site, turn, over, settle, kind,
                numbers[s], out,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _own_cell(shape, corner, site, kind, number, out):
    """Enter that a site on a node sees that node."""
    count, first_site, _, values = out
    column, row = site[COLUMN] - corner[0], site[ROW] - corner[1]
    c, r = round(column), round(row)
    if abs(column - c) < _NEAREST and abs(row - r) < _NEAREST and not site[MIN_RANGE]:
        p = r * shape[1] + c
        if kind == MARK:
            count[p] += 1
            if first_site.size and number < first_site[p]:
                first_site[p] = number
        else:
            values[p] = 0.0 if kind == HEIGHT else -90.0
