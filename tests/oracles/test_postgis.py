"""
Lengths, places and feet against PostGIS in a PostgreSQL that the test starts.

PostGIS measures geography on the ellipsoid; its ``ST_LineLocatePoint`` works in
the plane (before version 3.4 it has no other), so of its feet and ours the one
is right that is nearer, measured by PostGIS itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import geopandas as gpd
import numpy as np
import pytest
import shapely
from databases import Server
from lines import as_layer
from shapely import LineString

import geoborder as gb
from geoborder.chainage import as_border
from geoborder.geodesy import densify, polylines

pytestmark = pytest.mark.postgis

Query = Callable[[str], np.ndarray]


@pytest.fixture(scope="module")
def query(postgis: Server) -> Iterator[Query]:
    """Run SQL in a database with PostGIS, and give back its numbers."""
    with postgis.database() as name:

        def ask(sql: str) -> np.ndarray:
            lines = postgis.psql(sql, database=name).splitlines()
            return np.array([line.split("|") for line in lines], dtype=float)

        yield ask


def geog(shape: shapely.Geometry) -> str:
    return f"'{shapely.to_wkb(shape, hex=True)}'::geometry::geography"


def sample_borders() -> list[gpd.GeoDataFrame]:
    """Real borders and random lines."""
    real = [
        gb.load_border(),
        gb.load_border("TKM", "AFG"),
        gb.load_border(countries=gb.load_countries("110m")),
    ]
    rng = np.random.default_rng(4)
    walks = [
        rng.uniform(-60, 60, 2) + np.cumsum(rng.normal(0, s, (80, 2)), 0)
        for s in (0.01, 0.3)
    ]
    return [*real, *(as_border(as_layer(LineString(w))) for w in walks)]


def test_lengths_agree_to_a_millimetre_in_a_thousand_km(query: Query) -> None:
    borders = sample_borders()
    rows = ", ".join(f"({geog(b.geometry.item())})" for b in borders)
    theirs = query(f"select ST_Length(g, true) from (values {rows}) as t(g);")[:, 0]  # noqa: S608 - our own
    ours = np.array([b["length_km"].item() * 1000 for b in borders])
    assert (np.abs(ours - theirs) <= 0.001 * ours / 1e6 + 1e-7).all()


def test_places_lie_at_their_chainage_to_a_millimetre(query: Query) -> None:
    rng = np.random.default_rng(6)
    rows = []
    for border in sample_borders():
        length = border["length_km"].item()
        km = rng.uniform(0.001, length, 40)
        starts = gb.slice_border(border, np.zeros(40), km)
        for piece, point, at in zip(
            starts.geometry, gb.point_at(border, km), km, strict=True
        ):
            xy = shapely.get_coordinates(piece)
            line = shapely.get_coordinates(border.geometry.item())
            before = LineString(xy[:-1]) if len(xy) > 2 else None
            whole = geog(before) if before else "null"
            index = np.flatnonzero((line == xy[-2]).all(axis=1))[0]
            vertex, ahead = shapely.points(line[[index, index + 1]])
            place = f"{geog(vertex)}, {geog(ahead)}, {whole}, {geog(point)}"
            rows.append(f"({place}, {at * 1000:.9f}::float8)")
    left = "m - coalesce(ST_Length(b, true), 0)"
    found = query(
        f"select ST_Distance(ST_Project(v, {left}, ST_Azimuth(v, n)), p, true) "  # noqa: S608
        f"from (values {', '.join(rows)}) as t(v, n, b, p, m);"
    )
    assert len(found) == 200
    assert found.max() < 0.001


def test_feet_are_never_further_than_those_of_postgis(query: Query) -> None:
    rng = np.random.default_rng(8)
    border = gb.load_border()
    # Edges so short that a straight one in degrees and a geodesic are the same.
    short = densify(polylines(border.geometry.array), 100.0)
    line = LineString(np.column_stack((short.lon, short.lat)))
    km = rng.uniform(0, border["length_km"].item(), 300)
    at = gb.point_at(border, km)
    spread = np.repeat([0.01, 0.1, 1.0], 100)
    points = gpd.GeoSeries.from_xy(
        at.x + rng.normal(0, spread), at.y + rng.normal(0, spread), crs=4326
    )
    located = gb.locate(points, border)
    feet = gb.point_at(border, located["chainage_km"])
    rows = ", ".join(
        f"({geog(p)}, {geog(f)})" for p, f in zip(points, feet, strict=True)
    )
    found = query(
        f"with line as (select {geog(line)} as g) "  # noqa: S608
        "select ST_Distance(p, f, true), ST_Distance(p, ST_LineInterpolatePoint("
        "g::geometry, ST_LineLocatePoint(g::geometry, p::geometry))::geography, true), "
        f"ST_Distance(p, g, true) from line, (values {rows}) as t(p, f);"
    )
    ours, planar, to_line = found.T
    assert ours == pytest.approx(located["distance_km"] * 1000, abs=0.001)
    assert (ours <= planar + 0.001).all()
    assert (ours <= to_line + 0.001).all()
    # In the plane of degrees the wrong place is often the nearest.
    assert (planar - ours > 1.0).mean() > 0.5
