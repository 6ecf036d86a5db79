"""
Linear referencing beside its peers, on the same work in one run.

Run with ``pytest tests/benchmarks --benchmark-only -s``: each test prints its
ratio and stores it with the benchmark. The line is the Tajik-Afghan border with
vertices added along its geodesics up to 100,000. On two cores of a shared
machine several runs printed what the docstrings below say.

What is compared agrees (``tests/oracles/test_postgis.py``, ``tests/test_nearest.py``):
lengths with PostGIS and GeographicLib to 1 mm in 1,000 km, places at chainages with
PostGIS to 1 mm, feet of points with PostGIS and brute force to 1 mm, never further off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString
from shapely.ops import substring

import geoborder as gb
from geoborder.geodesy import GEOD, interpolate, polylines

VERTICES = 100_000
POINTS = 1_000_000
LAMBERT = "+proj=lcc +lat_1=36.8 +lat_2=38.3 +lat_0=37.5 +lon_0=71 +ellps=WGS84"


@pytest.fixture(scope="module")
def long_border() -> gpd.GeoDataFrame:
    border = gb.load_border()
    line = polylines(border.geometry.array)
    rng = np.random.default_rng(0)
    extra = rng.uniform(0, line.length_m[0], VERTICES - line.lon.size)
    places = np.unique(np.concatenate((line.chainage_m, extra)))
    lon, lat = interpolate(line, np.zeros(places.size, dtype=np.int64), places)
    return border.set_geometry(
        gpd.GeoSeries([LineString(np.column_stack((lon, lat)))], crs=4326)
    )


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report(benchmark: object, peer: str, peer_s: float) -> float:
    ratio = peer_s / benchmark.stats.stats.median
    benchmark.extra_info[f"times faster than {peer}"] = round(ratio, 1)
    print(f"\n{ratio:,.1f} times faster than {peer} ({peer_s:.2f} s)")  # noqa: T201
    return ratio


def loop_over_geod(line: LineString, step_m: float) -> list[list[tuple[float, float]]]:
    """Cut a line by walking along it with one call of pyproj.Geod an edge."""
    pieces, piece = [], [line.coords[0]]
    left = step_m
    for start, end in pairwise(line.coords):
        azimuth, _, length = GEOD.inv(*start, *end)
        done = 0.0
        while length - done >= left:
            done += left
            lon, lat, _ = GEOD.fwd(*start, azimuth, done)
            pieces.append([*piece, (lon, lat)])
            piece, left = [(lon, lat)], step_m
        left -= length - done
        piece.append(end)
    return [*pieces, piece]


def test_cutting_beside_a_loop_over_geod(
    benchmark: object, long_border: gpd.GeoDataFrame
) -> None:
    """Cut into 1 km segments: 2.9-4.7 times faster than a loop over pyproj.Geod."""
    segments = benchmark.pedantic(
        gb.segment_border, (long_border,), {"length_km": 1.0}, rounds=5, warmup_rounds=1
    )
    line = long_border.geometry.item()
    pieces: list[list[tuple[float, float]]] = []
    peer = seconds(lambda: pieces.extend(loop_over_geod(line, 1000.0)))
    assert len(pieces) == len(segments)
    ends = np.array([p[-1] for p in pieces])
    ours = np.array([s.coords[-1] for s in segments.geometry])
    assert np.abs(ends - ours).max() < 1e-8
    report(benchmark, "a loop over pyproj.Geod", peer)


def test_cutting_beside_shapely_substring(
    benchmark: object, long_border: gpd.GeoDataFrame
) -> None:
    """Cut into 1 km segments: 1,019-1,085 times faster than substring in a loop."""
    segments = benchmark.pedantic(
        gb.segment_border, (long_border,), {"length_km": 1.0}, rounds=5, warmup_rounds=1
    )
    line = long_border.to_crs(LAMBERT).geometry.item()
    cuts = np.linspace(0.0, line.length, len(segments) + 1)
    ends = list(pairwise(cuts))
    peer = seconds(lambda: [substring(line, *pair) for pair in ends])
    report(benchmark, "shapely's substring in a loop", peer)


def test_locating_beside_sjoin_nearest(
    benchmark: object, long_border: gpd.GeoDataFrame
) -> None:
    """Locate a million points: 21-23 times faster than GeoPandas' sjoin_nearest."""
    rng = np.random.default_rng(1)
    km = rng.uniform(0, long_border["length_km"].item(), POINTS)
    at = gb.point_at(long_border, km)
    points = gpd.GeoSeries.from_xy(
        at.x + rng.normal(0, 0.2, POINTS), at.y + rng.normal(0, 0.2, POINTS), crs=4326
    )
    located = benchmark.pedantic(
        gb.locate, (points, long_border), rounds=5, warmup_rounds=1
    )
    segments = gb.segment_border(long_border, length_km=1.0).to_crs(LAMBERT)
    flat = gpd.GeoDataFrame(geometry=points.to_crs(LAMBERT))
    found: list[gpd.GeoDataFrame] = []
    peer = seconds(
        lambda: found.append(gpd.sjoin_nearest(flat, segments, distance_col="metres"))
    )
    planar = found[0].groupby(level=0)["metres"].first()
    ours = located["distance_km"].to_numpy() * 1000
    # The plane is off by parts in 10,000; geodesic distances are not.
    assert np.abs(planar.to_numpy() - ours).max() < 0.002 * ours.max()
    report(benchmark, "GeoPandas' sjoin_nearest", peer)
