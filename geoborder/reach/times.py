"""Travel time from sites to targets."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import GeoborderWarning, OptionError
from geoborder.geodesy import FloatArray, IntArray, place_order
from geoborder.reach.conditions import Conditions, as_conditions
from geoborder.reach.fields import Field, Starts
from geoborder.reach.links import (
    Links,
    Places,
    arrivals,
    close_pairs,
    link,
    own_side,
)
from geoborder.reach.modes import Direction, TravelMode, as_mode
from geoborder.reach.roads import Roads, by_road
from geoborder.reach.surface import LONGEST_S, Surface
from geoborder.tables import LONLAT, lonlat_of
from geoborder.terrain import Dem, DemLike, as_dem

_WINDOW = 2**21
"""Cells that sites which are searched from together may have between them."""


@dataclass(frozen=True, slots=True)
class Journey:
    """
    Sites on ground made ready.

    Attributes
    ----------
    surface : Surface
        The ground.
    roads : Roads or None
        Roads on it, where the mode uses any.
    sites : Places
        Where travel sets out.
    links : Links
        Ways from them to cells.
    limit_s : float
        Seconds at most.
    """

    surface: Surface
    roads: Roads | None
    sites: Places
    links: Links
    limit_s: float

    def field(
        self,
        sites: IntArray,
        *,
        wanted: tuple[IntArray, IntArray] | None = None,
        number: bool = False,
    ) -> Field:
        """Least times to cells from some of the sites, whichever is nearest."""
        keep = np.isin(self.links.place, sites)
        own = self.links.of(keep)
        begin = self.sites.column[own.place], self.sites.row[own.place]
        begun = np.zeros(own.place.size)
        starts = Starts(own.row, own.column, begin, begun, own.seconds, own.place)
        if self.roads is not None:
            return by_road(
                self.surface, self.roads, self.sites, sites, starts, self.limit_s
            )
        window = self.surface.around(
            self.sites.row[sites], self.sites.column[sites], self.limit_s
        )
        return self.surface.spread(
            window, starts, self.limit_s, wanted=wanted, number=number
        )


def journey(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    mode: str | TravelMode,
    minutes: float | None,
    conditions: Conditions | None,
    direction: Direction,
) -> Journey:
    """
    Make ground ready, and put sites on it.

    Parameters
    ----------
    sites, dem, mode, minutes, conditions, direction
        As for `travel_time`.

    Returns
    -------
    Journey
        Ready to ask for times.
    """
    way, ground = as_mode(mode), as_dem(dem)
    met = as_conditions(conditions)
    if direction not in ("out", "back"):
        msg = f"`direction` must be 'out' or 'back', got {direction!r}."
        raise OptionError(msg)
    number = isinstance(minutes, (int, float, np.number)) and minutes is not True
    if minutes is not None and not (number and 0.0 < minutes < np.inf):
        msg = f"`minutes` must be a number above 0, or None, got {minutes!r}."
        raise OptionError(msg)
    if way.uses_roads and met.roads is None:
        msg = (
            f"mode {way.name!r} needs `roads` in the conditions: lines with a "
            f"`speed_kmh`, and some that are in season."
        )
        raise OptionError(msg)
    lon, lat = lonlat_of(sites, name="sites", near=_corners(ground), near_name="dem")
    limit_s = LONGEST_S if minutes is None else float(minutes) * 60.0
    surface = Surface.of(ground, way, met, direction)
    places = Places.on(surface, lon, lat)
    links = own_side(surface, places, link(surface, places, leaving=True))
    roads = Roads.over(surface) if way.uses_roads else None
    return Journey(surface, roads, places, links, limit_s)


def _corners(dem: Dem) -> gpd.GeoSeries:
    """Corners of elevation, which points should not be far from."""
    rows, columns = dem.shape
    column, row = np.array([0, columns, 0, columns]), np.array([0, 0, rows, rows])
    corners = gpd.points_from_xy(*dem.lonlat_at(column, row))
    return gpd.GeoSeries(corners, crs=LONLAT)


def travel_time(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    mode: str | TravelMode = "foot",
    minutes: float | None = None,
    nearest: bool = False,
    direction: Direction = "out",
    conditions: Conditions | None = None,
) -> pd.DataFrame:
    """
    Find the least time over terrain from sites to targets.

    Parameters
    ----------
    sites, targets
        Points in any CRS. Not modified.
    dem
        Elevation: an open one, a path, or several (see `open_dem`). Only what may be
        reached within `minutes` is read.
    mode
        A name in `TRAVEL_MODES`: ``foot`` (Tobler's hiking function, off paths),
        ``path``, ``langmuir``, ``horse``, ``off-road``, ``road``; or a `TravelMode`.
    minutes
        Times beyond this are not looked for. None: no limit, and the whole of the
        elevation is searched.
    nearest
        Only from the nearest site to each target: neighbours are searched from
        together, and no matrix is held.
    direction
        ``out``: from sites to targets; ``back``: from targets to sites.
    conditions
        Barriers, friction, roads, season.

    Returns
    -------
    DataFrame
        Minutes, indexed by the sites' index, with the targets' index as columns.
        Infinite: there is no way, or none within `minutes`; NaN: site or target has
        no elevation. If `nearest`: indexed like the targets, with ``site`` (the
        nearest one's index; empty where there is none) and ``minutes``.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is out of its limits, or the mode needs roads and has none.

    Warns
    -----
    GeoborderWarning
        If sites or targets have no elevation, with their number.

    Notes
    -----
    Dijkstra's shortest paths over the cells of the elevation. A move's time is the
    sum over its steps from one line of the grid to the next, each with its own slope,
    of geodesic horizontal length times pace. There are 16 directions or more, as many
    as make ways on level ground at most 2 % longer or shorter than straight lines
    (lengths are evened, after Borgefors 1986). Places are joined to the cells around
    them, and to each other where they are close, by straight ways. Times are float32:
    a hundredth of a second in a day. Agreement with GRASS r.walk and scikit-image is
    measured in ``tests/oracles/test_reach_peers.py``.

    References
    ----------
    Dial, R. B. (1969). Algorithm 360: shortest-path forest with topological ordering.
    Communications of the ACM 12(11), 632-633.

    Borgefors, G. (1986). Distance transformations in digital images. Computer Vision,
    Graphics, and Image Processing 34(3), 344-371.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at, travel_time
    >>> border = load_border()
    >>> sites = gpd.GeoSeries([point_at(border, 500)], index=["A"], crs=4326)
    >>> targets = gpd.GeoSeries(point_at(border, [500.0, 503.0, 510.0]), crs=4326)
    >>> travel_time(sites, targets, dem=open_dem()).round(1)
         0     1      2
    A  0.0  56.1  236.5
    """
    ground = as_dem(dem)
    near = _corners(ground)
    lon, lat = lonlat_of(targets, name="targets", near=near, near_name="dem")
    trip = journey(
        sites, dem=ground, mode=mode, minutes=minutes, conditions=conditions,
        direction=direction,
    )  # fmt: skip
    places = Places.on(trip.surface, lon, lat)
    warn_of_void(trip, places)
    seconds, site = _times(trip, places, nearest=nearest)
    within = np.where(seconds > trip.limit_s, np.inf, seconds) / 60.0
    within[..., ~np.isfinite(places.height_m)] = np.nan
    if nearest:
        names = sites.index.to_series(index=range(len(sites))).reindex(
            np.where(np.isfinite(within), site, -1)
        )
        return pd.DataFrame(
            {"site": names.array, "minutes": within}, index=targets.index
        )
    within[~np.isfinite(trip.sites.height_m)] = np.nan
    return pd.DataFrame(within, index=sites.index, columns=targets.index)


def warn_of_void(trip: Journey, targets: Places | None = None) -> None:
    """
    Tell how many places have no elevation.

    Parameters
    ----------
    trip
        With its sites.
    targets
        The targets, where there are any.

    Warns
    -----
    GeoborderWarning
        If there are some.
    """
    groups = {"sites": trip.sites} | ({} if targets is None else {"targets": targets})
    void = {name: int((~np.isfinite(p.height_m)).sum()) for name, p in groups.items()}
    if any(void.values()):
        parts = (f"{void[name]} of {groups[name].lon.size} {name}" for name in groups)
        text = (
            f"{' and '.join(parts)} have no elevation in {trip.surface.dem.source!r}: "
            f"travel times there are unknown."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=3)


def _times(
    trip: Journey, targets: Places, *, nearest: bool
) -> tuple[FloatArray, IntArray]:
    """Seconds by site and target, or by target with the nearest site."""
    links = link(trip.surface, targets, leaving=False)
    by_car = None
    if trip.roads is not None:
        by_car = close_pairs(trip.surface, trip.roads.places, targets)
    count = trip.sites.lon.size
    result = np.full((count, targets.lon.size), np.inf) if not nearest else None
    best = np.full(targets.lon.size, np.inf)
    first = np.full(targets.lon.size, -1, dtype=np.int64)
    near_site, near_target, near_s = close_pairs(trip.surface, trip.sites, targets)

    def solve(group: IntArray) -> tuple[FloatArray, IntArray]:
        wanted = links.row, links.column
        field = trip.field(group, wanted=wanted, number=nearest and group.size > 1)
        seconds, number = _arrivals(field, links, targets, int(group[0]))
        own = np.flatnonzero(np.isin(near_site, group))
        site, target = near_site[own], near_target[own]
        straight = field.slowed(near_s[own], trip.sites.at(site), targets.at(target))
        np.minimum.at(seconds, target, straight)
        first = straight <= seconds[target]
        number[target[first]] = site[first]
        if by_car is not None and field.driven_s is not None and trip.roads is not None:
            point, target, way = by_car
            begin, end = trip.roads.places.at(point), targets.at(target)
            walk = field.slowed(way, begin, end)
            np.minimum.at(seconds, target, field.driven_s[point] + walk)
        return seconds, number

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        groups = list(groups_of(trip, nearest=nearest))
        for group, (seconds, number) in zip(
            groups, pool.map(solve, groups), strict=True
        ):
            if result is not None:
                result[group[0]] = seconds
            else:
                sooner = seconds < best
                best[sooner], first[sooner] = seconds[sooner], number[sooner]
    return (best if result is None else result), first


def groups_of(trip: Journey, *, nearest: bool) -> Iterator[IntArray]:
    """Share sites out: one by one, or neighbours together where only one counts."""
    open_ = np.flatnonzero(trip.sites.open)
    if not nearest or trip.roads is not None:
        yield from (open_[k : k + 1] for k in range(open_.size))
        return
    order = open_[place_order(trip.sites.lon[open_], trip.sites.lat[open_])]
    group: list[int] = []
    for site in order.tolist():
        more = [*group, site]
        top, left, bottom, right = trip.surface.around(
            trip.sites.row[more], trip.sites.column[more], trip.limit_s
        )
        # A window of more cells holds what nobody in it gets to, and is slower.
        if (
            group
            and trip.limit_s < LONGEST_S
            and (bottom - top) * (right - left) > _WINDOW
        ):
            yield np.array(group)
            more = [site]
        group = more
    if group:
        yield np.array(group)


def _arrivals(
    field: Field, links: Links, targets: Places, site: int
) -> tuple[FloatArray, IntArray]:
    """Time at which each target is reached, and from which site."""
    count = targets.lon.size
    seconds = np.full(count, np.inf)
    number = np.full(count, site, dtype=np.int64)
    own = links.of(field.inside(links.row, links.column))
    if not own.place.size:
        return seconds, number
    arrival = arrivals(field, own, targets)
    order = np.lexsort((arrival, own.place))
    first = order[np.flatnonzero(np.diff(own.place[order], prepend=-1))]
    seconds[own.place[first]] = arrival[first]
    if field.number is not None:
        top, left = field.window[:2]
        at = own.row[first] - top, own.column[first] - left
        number[own.place[first]] = field.number[at]
    return seconds, number
