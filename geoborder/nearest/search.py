# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# mypy: disallow-untyped-decorators=False
# ruff: noqa: ANN001, ANN201, ANN202, PLR0913, PLR0917 - compiled kernels: numba finds
# the types, and takes arrays one by one
"""
Compiled searches in the tree, and the geodesic foot of a point on an edge.

The distance on the ellipsoid is Vincenty's inverse solution, which is exact to
well under a millimetre and needs no more than the reduced latitudes that
earth-centred coordinates hold already.

References
----------
Vincenty, T. (1975). Direct and inverse solutions of geodesics on the ellipsoid
with application of nested equations. Survey Review 23 (176).
"""

import math

import numpy as np
from numba import njit

from geoborder.geodesy import GEOD, MEAN_RADIUS_M
from geoborder.nearest.tree import LEAF

_A, _B, _F = GEOD.a, GEOD.b, GEOD.f
_E2 = GEOD.es

_CURVATURE_SPREAD = 0.03
"""
Bound on how far the square of the ellipsoid's radius of curvature departs from
the mean radius', over all places and azimuths (it is within 1.4 %).
"""

_STILL_M = 1e-3
"""A step so short leaves an error a hundred times shorter."""

_MOST_STEPS = 20
_FAR_M = 1e6
"""Further off, points are left to the general solution."""

_SAME_M = 1e-5
"""So near a vertex, a foot is on it."""

_ON_M = 1e-4
"""So near the line, a point is on it."""

_ESTIMATE_SPREAD = 8e-3
"""Bound on the estimate's error, as a share of what arc is longer than chord."""

_MOST_KEPT = 4096
"""Candidates that are compared by estimate before any is measured."""

_TIED_M = 1e-7
"""Distances so alike are the same."""

_TINY = 1e-12
_CLOSE_M = 3e4
"""So near, the foot by chords is the geodesic's to within a millimetre."""

_compiled = njit(cache=True, nogil=True)


@_compiled
def _node_distance(nodes, node, x, y, z):
    """Least distance that anything in a node can have."""
    radius = nodes[node, 6]
    if radius < 0.0:
        return np.inf
    ux, uy, uz = nodes[node, 3], nodes[node, 4], nodes[node, 5]
    px, py, pz = x - nodes[node, 0], y - nodes[node, 1], z - nodes[node, 2]
    t = min(1.0, max(0.0, (px * ux + py * uy + pz * uz) * nodes[node, 7]))
    px, py, pz = px - t * ux, py - t * uy, pz - t * uz
    return max(0.0, math.sqrt(px * px + py * py + pz * pz) - radius)


@_compiled
def _chord(xyz, vertex, x, y, z):
    """Distance to an edge's chord, and the share of it at which the foot lies."""
    ax, ay, az = xyz[vertex, 0], xyz[vertex, 1], xyz[vertex, 2]
    ux, uy = xyz[vertex + 1, 0] - ax, xyz[vertex + 1, 1] - ay
    uz = xyz[vertex + 1, 2] - az
    px, py, pz = x - ax, y - ay, z - az
    square = ux * ux + uy * uy + uz * uz
    t = 0.0
    if square > 0.0:
        t = min(1.0, max(0.0, (px * ux + py * uy + pz * uz) / square))
    px, py, pz = px - t * ux, py - t * uy, pz - t * uz
    return math.sqrt(px * px + py * py + pz * pz), t


@_compiled
def _limit(best):
    """
    Chord distance beyond which no edge can hold the geodesic foot.

    Equal chords differ in arc by what curvature varies.
    """
    arc = 2.0 * MEAN_RADIUS_M * math.asin(min(1.0, best / (2.0 * MEAN_RADIUS_M)))
    return best + 2.0 * _CURVATURE_SPREAD * (arc - best) + 1e-6


@_compiled
def _nearest_bound(x, y, z, best, xyz, edge, sag, nodes, stack, away):
    """Least chord distance plus sag of any edge, and that edge."""
    leaves = nodes.shape[0] // 2
    nearest = -1
    stack[0] = 1
    away[0] = 0.0
    top = 1
    while top > 0:
        top -= 1
        if away[top] >= best:
            continue
        node = stack[top]
        if node >= leaves:
            begin = (node - leaves) * LEAF
            for e in range(begin, min(begin + LEAF, edge.size)):
                bound = _chord(xyz, edge[e], x, y, z)[0] + sag[e]
                if bound < best:
                    best = bound
                    nearest = e
            continue
        near, far = 2 * node, 2 * node + 1
        to_near = _node_distance(nodes, near, x, y, z)
        to_far = _node_distance(nodes, far, x, y, z)
        if to_far < to_near:
            near, far = far, near
            to_near, to_far = to_far, to_near
        if to_far < best:
            stack[top] = far
            away[top] = to_far
            top += 1
        if to_near < best:
            stack[top] = near
            away[top] = to_near
            top += 1
    return best, nearest


@_compiled
def _inverse(xe, ye, ze, xp, yp, zp):
    """Distance from one place to another, and its direction: east and north."""
    re, rp = math.hypot(xe, ye), math.hypot(xp, yp)
    cos_u1, sin_u1, cos_u2, sin_u2 = re / _A, ze / _B, rp / _A, zp / _B
    apart = math.atan2(xe * yp - ye * xp, xe * xp + ye * yp)
    lam = apart * (1.0 + _F * cos_u1 * cos_u2)  # right for near places
    for _ in range(_MOST_STEPS):
        sin_l, cos_l = math.sin(lam), math.cos(lam)
        east = cos_u2 * sin_l
        north = cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_l
        sin_s = math.hypot(east, north)
        if sin_s == 0.0:
            return 0.0, 0.0, 1.0, True
        cos_s = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_l
        sigma = math.atan2(sin_s, cos_s)
        sin_a = cos_u1 * cos_u2 * sin_l / sin_s
        cos2_a = max(0.0, 1.0 - sin_a * sin_a)
        mid = cos_s - 2.0 * sin_u1 * sin_u2 / cos2_a if cos2_a > _TINY else 0.0
        c = _F / 16.0 * cos2_a * (4.0 + _F * (4.0 - 3.0 * cos2_a))
        term = mid + c * cos_s * (2.0 * mid * mid - 1.0)
        new = apart + (1.0 - c) * _F * sin_a * (sigma + c * sin_s * term)
        moved = abs(new - lam)
        lam = new
        if moved < _TINY:
            break
    else:
        return np.inf, 0.0, 1.0, False
    u2 = cos2_a * (_A * _A - _B * _B) / (_B * _B)
    big_a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)))
    big_b = u2 / 1024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)))
    inner = cos_s * (2.0 * mid * mid - 1.0) - big_b / 6.0 * mid * (
        4.0 * sin_s * sin_s - 3.0
    ) * (4.0 * mid * mid - 3.0)
    delta = big_b * sin_s * (mid + big_b / 4.0 * inner)
    return _B * big_a * (sigma - delta), east / sin_s, north / sin_s, True


@_compiled
def _heading(xyz, vertex, x, y, z):
    """Find an edge's direction, a unit vector in the plane tangent at a place on it."""
    ux, uy = xyz[vertex + 1, 0] - xyz[vertex, 0], xyz[vertex + 1, 1] - xyz[vertex, 1]
    uz = xyz[vertex + 1, 2] - xyz[vertex, 2]
    nx, ny, nz = x / (_A * _A), y / (_A * _A), z / (_B * _B)
    scale = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx * scale, ny * scale, nz * scale
    r = math.hypot(x, y)
    ex, ey = (-y / r, x / r) if r > 0.0 else (0.0, 1.0)
    east = ux * ex + uy * ey
    north = -nz * ey * ux + nz * ex * uy + (nx * ey - ny * ex) * uz
    length = math.hypot(east, north)
    if length == 0.0:
        return 0.0, 0.0
    return east / length, north / length


@_compiled
def _place(xyz, vertex, t):
    """Place on the ellipsoid at a share of an edge."""
    x = xyz[vertex, 0] + t * (xyz[vertex + 1, 0] - xyz[vertex, 0])
    y = xyz[vertex, 1] + t * (xyz[vertex + 1, 1] - xyz[vertex, 1])
    z = xyz[vertex, 2] + t * (xyz[vertex + 1, 2] - xyz[vertex, 2])
    gx, gy, gz = x / (_A * _A), y / (_A * _A), z / (_B * _B)
    up = (1.0 - (x * gx + y * gy + z * gz)) / (2.0 * (gx * gx + gy * gy + gz * gz))
    return x + up * gx, y + up * gy, z + up * gz


@_compiled
def _foot(xyz, vertex, length, t, x, y, z):
    """
    Follow an edge to the geodesic foot of a point.

    On the sphere the foot splits off a right-angled triangle; its solution is
    taken from the last foot found until it stands still.
    """
    along = t * length
    for _ in range(_MOST_STEPS):
        xe, ye, ze = _place(xyz, vertex, along / length if length > 0.0 else 0.0)
        distance, east, north, ok = _inverse(xe, ye, ze, x, y, z)
        if not ok or distance > _FAR_M:
            return along, distance, east, north, False
        he, hn = _heading(xyz, vertex, xe, ye, ze)
        angle = distance / MEAN_RADIUS_M
        step = MEAN_RADIUS_M * math.atan2(
            math.sin(angle) * (he * east + hn * north), math.cos(angle)
        )
        step = min(max(along + step, 0.0), length) - along
        along += step
        # What is left of the step is a hundredth of it; of the distance, nothing.
        shorter = step * step / (2.0 * max(distance, 1e-3))
        if abs(step) < _STILL_M and shorter < _TIED_M:
            return along, distance, east, north, True
    return along, distance, east, north, True


@_compiled
def _estimate(xyz, vertex, t, sag, chord, x, y, z):
    """
    Estimate the geodesic from a chord, and bound the error.

    By the ellipsoid's curvature at the edge, in the direction of the point
    (Euler's formula); the rest is what curvature changes on the way.
    """
    xe = xyz[vertex, 0] + t * (xyz[vertex + 1, 0] - xyz[vertex, 0])
    ye = xyz[vertex, 1] + t * (xyz[vertex + 1, 1] - xyz[vertex, 1])
    ze = xyz[vertex, 2] + t * (xyz[vertex + 1, 2] - xyz[vertex, 2])
    nx, ny, nz = xe / (_A * _A), ye / (_A * _A), ze / (_B * _B)
    sin2 = nz * nz / (nx * nx + ny * ny + nz * nz)
    dx, dy, dz = x - xe, y - ye, z - ze
    r2 = xe * xe + ye * ye
    east2 = (xe * dy - ye * dx) ** 2 / r2 if r2 > 0.0 else 0.0
    share = min(1.0, east2 / max(dx * dx + dy * dy + dz * dz, _TINY))
    w = 1.0 - _E2 * sin2
    across = _A / math.sqrt(w)
    along = across * (1.0 - _E2) / w
    curvature = share / across + (1.0 - share) / along
    longer = chord * chord * chord * curvature * curvature / 24.0
    # The edge's place lies under the ellipsoid by no more than its sag.
    under = sag * chord / _A + sag * sag / (2.0 * max(chord, sag))
    return chord + longer, _ESTIMATE_SPREAD * longer + under + 2.0 * _TIED_M


@_compiled
def _side(xyz, edge, before, after, length, e, along, distance, east, north):
    """Left 1, right -1, on the line 0; at a bend, of the bend's bisector."""
    if distance < _ON_M:
        return 0
    share = along / length[e] if length[e] > 0.0 else 0.0
    x, y, z = _place(xyz, edge[e], share)
    he, hn = _heading(xyz, edge[e], x, y, z)
    turn = he * north - hn * east
    other = -1
    if along <= _SAME_M:
        other = before[e]
    elif along >= length[e] - _SAME_M:
        other = after[e]
    if other >= 0:
        he, hn = _heading(xyz, edge[other], x, y, z)
        turn += he * north - hn * east
    if turn == 0.0:
        return 0
    return 1 if turn > 0.0 else -1


@_compiled
def find(  # noqa: C901, PLR0912, PLR0915 - one loop, in which calls cost
    lon, lat, order, xyz, edge, before, after, length, sag, nodes, out
):
    """
    Find feet for the points that `order` lists; see `geoborder.nearest.feet`.

    Writes edge, distance along it, distance to it, and side; edge -1 where the
    point is left to the general solution.
    """
    out_edge, out_along, out_distance, out_side = out
    leaves = nodes.shape[0] // 2
    stack, away = np.empty(128, dtype=np.int64), np.empty(128)
    kept_edge, kept_at = np.empty(_MOST_KEPT, dtype=np.int64), np.empty((_MOST_KEPT, 2))
    guess = -1
    for position in range(order.size):
        i = order[position]
        phi, lam = math.radians(lat[i]), math.radians(lon[i])
        sin_phi, cos_phi = math.sin(phi), math.cos(phi)
        normal = _A / math.sqrt(1.0 - _E2 * sin_phi * sin_phi)
        x = normal * cos_phi * math.cos(lam)
        y = normal * cos_phi * math.sin(lam)
        z = normal * (1.0 - _E2) * sin_phi

        bound = np.inf
        if guess >= 0:  # the last point's edge: points come in order of place
            bound = _chord(xyz, edge[guess], x, y, z)[0] + sag[guess] + 1e-9
        bound, nearest = _nearest_bound(
            x, y, z, bound, xyz, edge, sag, nodes, stack, away
        )
        guess = nearest if nearest >= 0 else guess
        limit = _limit(bound)

        best_edge, best_along, best_distance = -1, 0.0, np.inf
        best_east, best_north = 0.0, 0.0
        stack[0] = 1
        top = 1
        kept = 0
        ok = True
        within = np.inf  # estimates beyond this are of edges too far
        while top > 0:
            top -= 1
            node = stack[top]
            if node < leaves:
                for child in (2 * node + 1, 2 * node):
                    if _node_distance(nodes, child, x, y, z) <= limit:
                        stack[top] = child
                        top += 1
                continue
            begin = (node - leaves) * LEAF
            for e in range(begin, min(begin + LEAF, edge.size)):
                chord, t = _chord(xyz, edge[e], x, y, z)
                if chord - sag[e] > limit:
                    continue
                about, error = _estimate(xyz, edge[e], t, sag[e], chord, x, y, z)
                if about - error > within:
                    continue
                within = min(within, about + error)
                if kept == _MOST_KEPT:
                    ok = False
                    break
                kept_edge[kept], kept_at[kept, 0], kept_at[kept, 1] = (
                    e,
                    t,
                    about - error,
                )
                kept += 1
            if not ok:
                break
        seen_edge, seen_end = -2, False
        for k in range(kept if ok else 0):
            e, t = kept_edge[k], kept_at[k, 0]
            if kept_at[k, 1] > within:
                continue
            # The vertex between two edges is one place: look at it once.
            same = seen_end and t == 0.0 and before[e] == seen_edge
            if same and within < _CLOSE_M:
                seen_end = False
                continue
            along, distance, east, north, ok = _foot(
                xyz, edge[e], length[e], t, x, y, z
            )
            if not ok:
                break
            seen_edge, seen_end = e, t == 1.0
            if distance < best_distance - _TIED_M or (
                distance < best_distance + _TIED_M and e < best_edge
            ):
                best_edge, best_along, best_distance = e, along, distance
                best_east, best_north = east, north
        if not ok:
            out_edge[i] = -1
            continue
        out_edge[i] = best_edge
        out_along[i] = best_along
        out_distance[i] = best_distance
        out_side[i] = _side(
            xyz, edge, before, after, length,
            best_edge, best_along, best_distance, best_east, best_north,
        )  # fmt: skip


@_compiled
def limits_of(points, xyz, edge, sag, nodes):
    """Chord distance within which each point's geodesic foot must lie."""
    stack, away = np.empty(128, dtype=np.int64), np.empty(128)
    limits = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        best, _ = _nearest_bound(x, y, z, np.inf, xyz, edge, sag, nodes, stack, away)
        limits[i] = _limit(best)
    return limits


@_compiled
def collect(points, xyz, edge, sag, nodes, limits, offsets, out):
    """Count, and list if asked, edges whose chord less its sag is within the limit."""
    leaves = nodes.shape[0] // 2
    stack = np.empty(128, dtype=np.int64)
    counts = np.zeros(points.shape[0], dtype=np.int64)
    listing = offsets.size > 0
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        limit = limits[i]
        stack[0] = 1
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if node < leaves:
                for child in (2 * node + 1, 2 * node):
                    if _node_distance(nodes, child, x, y, z) <= limit:
                        stack[top] = child
                        top += 1
                continue
            begin = (node - leaves) * LEAF
            for e in range(begin, min(begin + LEAF, edge.size)):
                if _chord(xyz, edge[e], x, y, z)[0] - sag[e] <= limit:
                    if listing:
                        out[offsets[i] + counts[i]] = e
                    counts[i] += 1
    return counts
