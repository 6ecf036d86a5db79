"""
Compiled marching of rays, fast: tiles below the line are passed over whole.

Of each tile of the grid the highest node is known. Where that is no higher than
the line of sight over the tile, no crossing in it can block; most of a ray over
valleys goes by tiles. A first look at one crossing amid each tile settles most
hidden pairs. Near nodata and the grid's edge `rays.survey` decides.
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
    EYE,
    HIDDEN,
    RANGE,
    SEEN,
    SNAP,
    TILE,
    UNKNOWN,
    X,
    Y,
    Z,
    aim,
    lift_at,
    line_of,
    path_of,
    survey,
    within_nodes,
)

_SHIFT = 4  # log2 of TILE


@njit(cache=True, nogil=True, error_model="numpy")
def _between(grid, place, step, weight):
    """Height of the ground between two nodes."""
    height = grid[np.uint64(place)]
    return height + weight * (grid[np.uint64(place + step)] - height)


@njit(cache=True, nogil=True, error_model="numpy")
def _over_tile(tile, tops, m_cell, n_cell, m0, n0, c1, c2, eye, e1, e2, ends, steps):
    """
    Follow a ray over a tile of the major axis.

    Returns where it enters and leaves on either axis, and by how much its lowest
    point stays above the highest node below it.
    """
    m_tile, n_tile = steps[2], steps[3]
    left = max(ends[0], float((tile << _SHIFT) - m_cell))
    right = min(ends[1], float((tile << _SHIFT) + TILE - m_cell))
    q = left - m0
    n_left, line_left = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
    q = right - m0
    n_right, line_right = n0 + q * (c1 + q * c2), eye + q * (e1 + q * e2)
    # Within a tile the path strays, and the line sags, by no more than this.
    stray, sag = 64.0 * abs(c2) + 1e-9, 64.0 * abs(e2)
    t = tile * m_tile
    one = (n_cell + math.floor(min(n_left, n_right) - stray)) >> _SHIFT
    two = (n_cell + math.floor(max(n_left, n_right) + stray)) >> _SHIFT
    top = max(tops[t + one * n_tile], tops[t + two * n_tile])
    return left, right, n_left, n_right, min(line_left, line_right) - sag - top


@njit(cache=True, nogil=True, error_model="numpy")
def state_of(grid, shape, tops, corner, site, ray):
    """Tell whether one pair is seen, hidden, or unknown."""
    _, dx, dy, _, _, dh, fall, curve = ray
    if np.isnan(dh):
        return UNKNOWN
    if max(abs(dx), abs(dy)) < 4.0 * SNAP:
        return SEEN
    eye = site[EYE]
    plain = not within_nodes(shape, corner, site, ray)
    if not plain:
        m_cell, n_cell, m0, n0, way, c1, c2, bulge, steps = path_of(
            shape, corner, site, ray
        )
        m_step, n_step, _, _ = steps
        e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
        base = m_cell * m_step + n_cell * n_step
        low, high = min(m0, m0 + way) + SNAP, max(m0, m0 + way) - SNAP
        first, last = math.floor(low) + 1, math.ceil(high) - 1
        begin = (m_cell + math.floor(low)) >> _SHIFT
        end = (m_cell + math.floor(high)) >> _SHIFT

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
            p = base + k * m_step + i * n_step
            h = _between(grid, p, n_step, n - i)
            hit |= h > eye + q * (e1 + q * e2)
        if hit:
            return HIDDEN

        ends = (low, high)
        for tile in range(begin, end + 1):
            left, right, n_left, n_right, above = _over_tile(
                tile, tops, m_cell, n_cell, m0, n0, c1, c2, eye, e1, e2, ends, steps
            )
            if above >= 0.0:
                continue
            if above == -np.inf:
                plain = True
                break
            ka = max(first, (tile << _SHIFT) - m_cell)
            kb = min(last, (tile << _SHIFT) + TILE - 1 - m_cell)
            for k in range(ka, kb + 1):
                q = k - m0
                n = n0 + q * (c1 + q * c2)
                i = math.floor(n)
                p = base + k * m_step + i * n_step
                h = _between(grid, p, n_step, n - i)
                hit |= h > eye + q * (e1 + q * e2)
            if hit:
                return HIDDEN
            ka = math.floor(min(n_left, n_right)) + 1
            kb = math.ceil(max(n_left, n_right)) - 1
            if kb < ka:
                continue
            per = (right - left) / (n_right - n_left)
            for k in range(ka, kb + 1):
                q = left + (k - n_left) * per - m0
                q -= (n0 + q * (c1 + q * c2) - k) * per
                q = min(max(q, left - m0), right - m0)
                i = math.floor(q + m0)
                p = base + k * n_step + i * m_step
                h = _between(grid, p, m_step, q + m0 - i)
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
def lift_of(grid, shape, tops, corner, site, ray, dh):
    """
    Change in height from eye to target at which one pair is just seen.

    Starts from `dh`, which is no higher than asked for; NaN where nodata leaves it
    unknown.
    """
    _, dx, dy, _, _, _, fall, curve = ray
    if max(abs(dx), abs(dy)) < 4.0 * SNAP:
        return dh
    eye = site[EYE]
    if not within_nodes(shape, corner, site, ray):
        _, hole, lift = survey(grid, shape, corner, site, ray)
        return np.nan if hole else max(dh, lift)
    m_cell, n_cell, m0, n0, way, c1, c2, bulge, steps = path_of(
        shape, corner, site, ray
    )
    m_step, n_step, _, _ = steps
    base = m_cell * m_step + n_cell * n_step
    low, high = min(m0, m0 + way) + SNAP, max(m0, m0 + way) - SNAP
    first, last = math.floor(low) + 1, math.ceil(high) - 1
    begin = (m_cell + math.floor(low)) >> _SHIFT
    end = (m_cell + math.floor(high)) >> _SHIFT
    k0 = (begin << _SHIFT) + TILE // 2 - m_cell
    if k0 < first:
        k0 += TILE
    for k in range(k0, last + 1, TILE):
        q = k - m0
        n = n0 + q * (c1 + q * c2)
        i = math.floor(n)
        p = base + k * m_step + i * n_step
        h = _between(grid, p, n_step, n - i)
        if not np.isnan(h):
            dh = max(dh, lift_at(q / way, h, eye, fall, curve, bulge))
    e1, e2 = line_of(eye, dh, fall, curve, way, bulge)
    ends = (low, high)
    for tile in range(begin, end + 1):
        left, right, n_left, n_right, above = _over_tile(
            tile, tops, m_cell, n_cell, m0, n0, c1, c2, eye, e1, e2, ends, steps
        )
        if above >= 0.0:
            continue
        if above == -np.inf:
            _, hole, lift = survey(grid, shape, corner, site, ray)
            return np.nan if hole else max(dh, lift)
        before = dh
        ka = max(first, (tile << _SHIFT) - m_cell)
        kb = min(last, (tile << _SHIFT) + TILE - 1 - m_cell)
        for k in range(ka, kb + 1):
            q = k - m0
            n = n0 + q * (c1 + q * c2)
            i = math.floor(n)
            p = base + k * m_step + i * n_step
            h = _between(grid, p, n_step, n - i)
            dh = max(dh, lift_at(q / way, h, eye, fall, curve, bulge))
        ka = math.floor(min(n_left, n_right)) + 1
        kb = math.ceil(max(n_left, n_right)) - 1
        per = (right - left) / (n_right - n_left)
        for k in range(ka, kb + 1):
            q = left + (k - n_left) * per - m0
            q -= (n0 + q * (c1 + q * c2) - k) * per
            q = min(max(q, left - m0), right - m0)
            i = math.floor(q + m0)
            p = base + k * n_step + i * m_step
            h = _between(grid, p, m_step, q + m0 - i)
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
                hole[c] |= np.isnan(h)
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
    reach = site[RANGE] + radius + 0.001  # metres: rounding
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
                if not np.isnan(ground):
                    lift = lift_of(heights, shape, highest, corner, site, ray, ground)
                found[size], lifts[size] = t, lift - ground
                size += 1
        counts[s, 0], counts[s, 1] = size - before, size - before
    return size
