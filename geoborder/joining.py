"""Joining the pieces of a line, and saying where they do not join."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geoborder.errors import BorderError
from geoborder.geodesy import FloatArray, inverse

_WAYS = 2
"""Ways on from a place amid a line."""


def from_west(line: LineString) -> LineString:
    """
    Turn a line so that it runs from its western to its eastern end.

    Parameters
    ----------
    line
        A line in longitude and latitude. Over the antimeridian east is the
        direction of the shorter way between its ends. A closed line starts at
        its westernmost vertex and runs counter-clockwise.

    Returns
    -------
    LineString
        The same vertices. Ends on one meridian: from south to north.
    """
    xy = shapely.get_coordinates(line)
    if (xy[0] == xy[-1]).all() and len(xy) > 3:  # noqa: PLR2004 - a ring has four
        ring = xy[:-1]
        start = int(np.lexsort((ring[:, 1], ring[:, 0]))[0])
        ring = np.roll(ring, -start, axis=0)
        ring = np.vstack((ring, ring[:1]))
        return LineString(ring if shapely.is_ccw(LineString(ring)) else ring[::-1])
    turn = (xy[-1, 0] - xy[0, 0] + 180.0) % 360.0 - 180.0
    westward = turn < 0 or (turn == 0 and xy[-1, 1] < xy[0, 1])
    return LineString(xy[::-1]) if westward else line


def join_pieces(
    pieces: Sequence[BaseGeometry], *, name: str, tolerance_m: float = 0.0
) -> LineString:
    """
    Join pieces, in any order and direction, to one line.

    Parameters
    ----------
    pieces
        LineStrings and MultiLineStrings in longitude and latitude.
    name
        What error messages call the line.
    tolerance_m
        Widest gap to bridge with a straight piece, in metres.

    Returns
    -------
    LineString
        A single piece as it came; joined ones from west to east.

    Raises
    ------
    BorderError
        If three or more pieces meet in one place, or a gap wider than the
        tolerance is left: with its place and size.
    """
    parts = shapely.get_parts(np.asarray(pieces, dtype=object))
    if len(parts) == 1:
        return parts[0]
    merged = _merge(parts)
    while len(merged) > 1:
        _refuse_fork(merged, name=name)
        one, other, piece, gap_m = _narrowest_gap(merged)
        if gap_m > tolerance_m:
            msg = (
                f"`{name}` is in {len(merged)} pieces that do not join: the narrowest "
                f"gap is {gap_m:,.1f} m, from longitude {one[0]:.6f}, latitude "
                f"{one[1]:.6f} to {other[0]:.6f}, {other[1]:.6f}. Close it, or pass "
                "each piece as a border of its own with a column `border_id`."
            )
            raise BorderError(msg)
        turn = 360.0 * np.round((one[0] - other[0]) / 360.0)
        if turn:  # the same place, over the antimeridian
            merged[piece] = shapely.transform(
                merged[piece], lambda xy, turn=turn: xy + np.array([turn, 0.0])
            )
            other = other + np.array([turn, 0.0])
        bridge = [] if (one == other).all() else [LineString((one, other))]
        merged = _merge([*merged, *bridge])
    return from_west(merged[0])


def _merge(parts: Sequence[LineString]) -> list[LineString]:
    """Join lines where their ends are the same."""
    return list(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts))))


def _ends(lines: Sequence[LineString]) -> FloatArray:
    """First and last vertices, shape (2 n, 2)."""
    array = np.asarray(lines, dtype=object)
    return np.vstack(
        (
            shapely.get_coordinates(shapely.get_point(array, 0)),
            shapely.get_coordinates(shapely.get_point(array, -1)),
        )
    )


def _refuse_fork(lines: Sequence[LineString], *, name: str) -> None:
    places, count = np.unique(_ends(lines), axis=0, return_counts=True)
    forks = places[count > _WAYS]
    if len(forks):
        msg = (
            f"`{name}` forks at longitude {forks[0][0]:.6f}, latitude "
            f"{forks[0][1]:.6f}, where {count[count > _WAYS][0]} pieces meet; keep the "
            "two that are the border."
        )
        raise BorderError(msg)


def _narrowest_gap(
    lines: Sequence[LineString],
) -> tuple[FloatArray, FloatArray, int, float]:
    """Find the two ends of different pieces that are nearest, and their distance."""
    ends = _ends(lines)
    one, other = np.triu_indices(len(ends), k=1)
    different = one % len(lines) != other % len(lines)
    one, other = one[different], other[different]
    _, gap = inverse(*ends[one].T, *ends[other].T)
    best = int(np.argmin(gap))
    first, second = sorted(
        (one[best], other[best]), key=lambda n: (ends[n][0] % 360.0, ends[n][1])
    )
    return ends[first], ends[second], int(second % len(lines)), float(gap[best])
