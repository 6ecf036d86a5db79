"""Straight ways that meet, compiled."""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# ruff: noqa: ANN001, ANN202, ANN201

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _meet(x0, y0, x1, y1, u0, v0, u1, v1):
    """Whether two straight pieces have a point in common."""
    if max(x0, x1) < min(u0, u1) or max(u0, u1) < min(x0, x1):
        return False
    if max(y0, y1) < min(v0, v1) or max(v0, v1) < min(y0, y1):
        return False
    a = (x1 - x0) * (v0 - y0) - (y1 - y0) * (u0 - x0)
    b = (x1 - x0) * (v1 - y0) - (y1 - y0) * (u1 - x0)
    c = (u1 - u0) * (y0 - v0) - (v1 - v0) * (x0 - u0)
    d = (u1 - u0) * (y1 - v0) - (v1 - v0) * (x1 - u0)
    return a * b <= 0.0 and c * d <= 0.0


@njit(cache=True, nogil=True)
def meeting(ways, edges, starts, widest):
    """
    Find which straight ways meet an edge.

    Parameters
    ----------
    ways, edges
        Columns and rows of both ends, shapes (ways, 4) and (edges, 4); edges in the
        order of their leftmost columns.
    starts, widest
        Those columns, and how many the widest edge spans.

    Returns
    -------
    ndarray of bool
        Shape (ways,).
    """
    crossed = np.zeros(len(ways), np.bool_)
    for k in range(len(ways)):
        x0, y0, x1, y1 = ways[k]
        left, right = min(x0, x1), max(x0, x1)
        e = np.searchsorted(starts, left - widest)
        while e < len(edges) and starts[e] <= right and not crossed[k]:
            u0, v0, u1, v1 = edges[e]
            crossed[k] = _meet(x0, y0, x1, y1, u0, v0, u1, v1)
            e += 1
    return crossed


@njit(cache=True, nogil=True)
def closed_moves(edges, half, window, found):
    """
    Find moves that meet an edge.

    Parameters
    ----------
    edges
        Columns and rows of both ends, shape (edges, 4).
    half
        Columns and rows of moves, no two of them opposite.
    window
        Top, left, bottom, right: moves from or to cells in it are looked at.
    found
        Row, column and move are written here, as many as there is room for.

    Returns
    -------
    int
        How many there are.
    found : ndarray
        As given.
    """
    top, left, bottom, right = window
    count = 0
    for e in range(len(edges)):
        u0, v0, u1, v1 = edges[e]
        low_u, high_u, low_v, high_v = (
            min(u0, u1),
            max(u0, u1),
            min(v0, v1),
            max(v0, v1),
        )
        for m in range(len(half)):
            dc, dr = half[m]
            first_row = max(np.int64(np.ceil(low_v - max(dr, 0))), top - max(dr, 0))
            last_row = min(np.int64(np.floor(high_v - min(dr, 0))), bottom - min(dr, 0))
            first = max(np.int64(np.ceil(low_u - max(dc, 0))), left - max(dc, 0))
            last = min(np.int64(np.floor(high_u - min(dc, 0))), right - min(dc, 0))
            for row in range(first_row, last_row + 1):
                for column in range(first, last + 1):
                    if _meet(column, row, column + dc, row + dr, u0, v0, u1, v1):
                        if count < len(found):
                            found[count] = row, column, m
                        count += 1
    return count, found
