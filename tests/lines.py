"""Random border lines for property tests."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from hypothesis import strategies as st
from shapely import LineString


@st.composite
def random_lines(draw: st.DrawFn, most: int = 40) -> LineString:
    """Draw a random walk, anywhere but the poles, also over the antimeridian."""
    seed = draw(st.integers(0, 2**32 - 1))
    vertices = draw(st.integers(2, most))
    step = draw(st.sampled_from([1e-4, 1e-2, 0.3]))
    start = draw(st.tuples(st.floats(-180, 180), st.floats(-60, 60)))
    walk = np.random.default_rng(seed).normal(0, step, (vertices, 2))
    xy = np.array(start) + np.cumsum(walk, axis=0)
    return LineString(xy)


def as_layer(line: LineString) -> gpd.GeoDataFrame:
    """Make a border layer of one line."""
    facts = {"border_id": ["L"], "left": ["A"], "right": ["B"]}
    return gpd.GeoDataFrame(facts, geometry=[line], crs="EPSG:4326")
