"""Roads: a network that vehicles drive on, with ways on and off it anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geoborder.geodesy import FloatArray, IntArray, densify, polylines
from geoborder.reach.barriers import Barriers
from geoborder.reach.fields import Field, Starts
from geoborder.reach.links import (
    Links,
    Places,
    arrivals,
    close_pairs,
    link,
    outside,
)
from geoborder.reach.surface import Surface

_SAME_DEG = 1e-7
"""Vertices of roads that are so near to each other are one (a centimetre)."""

_JOIN_DEG = 1e-5
"""A road that ends so near to another one ends on it (a metre)."""


@dataclass(frozen=True, slots=True)
class Roads:
    """
    A road network on a grid.

    Roads meet where they share a vertex. Who leaves a road leaves the vehicle there.

    Attributes
    ----------
    places : Places
        Points of roads, no further apart than half a cell.
    on, off : Links
        Ways from cells to points, and from points to cells.
    graph : csr_array
        Seconds between neighbouring points; roads are driven both ways.
    """

    places: Places
    on: Links
    off: Links
    graph: coo_array

    @classmethod
    def over(cls, surface: Surface) -> Roads:
        """Bring the roads of a surface's conditions onto its grid."""
        parts = gpd.GeoDataFrame(surface.conditions.roads).explode(index_parts=False)
        parts = parts[shapely.length(parts.geometry.to_numpy()) > 0.0]
        size = surface.dem.cell_size_m(*parts.geometry.iloc[0].coords[0][:2])
        lines = densify(polylines(_joined(parts.geometry.to_numpy())), min(size) / 2.0)
        key = np.round(np.column_stack((lines.lon, lines.lat)) / _SAME_DEG)
        _, vertex, node = np.unique(
            key.astype(np.int64), axis=0, return_index=True, return_inverse=True
        )
        node = node.ravel()
        places = Places.on(surface, lines.lon[vertex], lines.lat[vertex])
        edge = lines.edges
        begin, end = node[edge], node[edge + 1]
        metres = lines.chainage_m[edge + 1] - lines.chainage_m[edge]
        speed = parts["speed_kmh"].to_numpy(float)[lines.line_of_vertex[edge]]
        seconds = np.maximum(metres * 3.6 / speed, 1e-9)
        closed = Barriers.on(
            surface.dem, surface.conditions.border, surface.conditions.bars(roads=True)
        )
        # Nobody gets off where the road meets what bars it: there is no saying on
        # which side.
        met = closed.touch(places.column, places.row, places.touch)
        places = replace(places, closed=places.closed | met)
        column, row = places.column, places.row
        barred = closed.cross(column[begin], row[begin], (column[end], row[end]))
        shut = outside(surface, column, row)
        for area in closed.areas:
            shut |= shapely.contains_xy(area, column, row)
        barred |= shut[begin] | shut[end]
        keep = ~barred & (begin != end)
        begin, end, seconds = begin[keep], end[keep], seconds[keep]
        # Of several roads between two points the quickest counts.
        order = np.argsort(seconds, kind="stable")
        one, other = np.minimum(begin, end)[order], np.maximum(begin, end)[order]
        _, first = np.unique(one * len(vertex) + other, return_index=True)
        graph = coo_array(
            (seconds[order][first], (one[first], other[first])),
            shape=(len(vertex), len(vertex)),
        )
        return cls(
            places,
            link(surface, places, leaving=False),
            link(surface, places, leaving=True),
            graph,
        )

    def spread(self, begun_s: FloatArray, limit_s: float) -> FloatArray:
        """
        Drive on from points that are reached at some time.

        Parameters
        ----------
        begun_s
            Seconds at which each point is reached from beside the road; infinite
            where it is not.
        limit_s
            Seconds beyond which nothing is looked for.

        Returns
        -------
        ndarray
            Least seconds to each point.
        """
        begun = np.flatnonzero(begun_s <= limit_s)
        if not begun.size:
            return begun_s
        source = begun_s.size
        row = np.concatenate(
            (self.graph.row, self.graph.col, np.full(begun.size, source))
        )
        column = np.concatenate((self.graph.col, self.graph.row, begun))
        seconds = np.maximum(begun_s[begun], 1e-9)  # no weight at all would be no edge
        data = np.concatenate((self.graph.data, self.graph.data, seconds))
        whole = coo_array((data, (row, column)), shape=(source + 1, source + 1)).tocsr()
        found = dijkstra(whole, indices=source, limit=limit_s)
        return np.minimum(begun_s, np.asarray(found)[:-1])


def _joined(lines: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give lines a vertex wherever another one ends on them or within a metre."""
    ends = shapely.points(
        np.concatenate([shapely.get_coordinates(shapely.get_point(lines, k))
                        for k in (0, -1)])
    )  # fmt: skip
    tree = shapely.STRtree(lines)
    end, line = tree.query(ends, predicate="dwithin", distance=_JOIN_DEG)
    joined = lines.copy()
    for number in np.unique(line):
        near = shapely.multipoints(ends[end[line == number]])
        joined[number] = shapely.snap(lines[number], near, _JOIN_DEG)
    return joined


def by_road(
    surface: Surface,
    roads: Roads,
    sites: Places,
    group: IntArray,
    starts: Starts,
    limit_s: float,
) -> Field:
    """
    Find least times from sites beside roads, along them, and beside them again.

    Parameters
    ----------
    surface, roads
        The ground and the roads on it.
    sites
        Places on it.
    group
        Those that travel sets out from.
    starts
        Cells around them.
    limit_s
        Seconds at most.

    Returns
    -------
    Field
        As `Surface.spread` gives it.
    """
    window = surface.around(sites.row[group], sites.column[group], limit_s)
    beside = surface.spread(window, starts, limit_s)
    points = roads.places
    begun = np.full(points.lon.size, np.inf)
    way = roads.on.of(beside.inside(roads.on.row, roads.on.column))
    np.minimum.at(begun, way.place, arrivals(beside, way, points))
    site, point, straight = close_pairs(surface, sites.of(group), points)
    begin_at, end_at = sites.at(group[site]), points.at(point)
    np.minimum.at(begun, point, beside.slowed(straight, begin_at, end_at))
    driven = roads.spread(begun, limit_s)
    reached = np.flatnonzero(driven <= limit_s)
    off = roads.off.of(np.isin(roads.off.place, reached))
    begin = (
        np.concatenate((one, other))
        for one, other in zip(starts.begin, points.at(off.place), strict=True)
    )
    every = Starts(
        np.concatenate((starts.row, off.row)),
        np.concatenate((starts.column, off.column)),
        (next(begin), next(begin)),
        np.concatenate((starts.begun_s, driven[off.place])),
        np.concatenate((starts.seconds, off.seconds)),
        np.concatenate((starts.number, np.full(off.place.size, group[0]))),
    )
    row = np.concatenate((sites.row[group], points.row[reached]))
    column = np.concatenate((sites.column[group], points.column[reached]))
    left_s = np.concatenate((np.full(group.size, limit_s), limit_s - driven[reached]))
    found = surface.spread(surface.around(row, column, left_s), every, limit_s)
    return replace(found, driven_s=driven)
