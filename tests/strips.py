"""A border winding through a generated strip of mountains, and sites beside it."""

from __future__ import annotations

from pathlib import Path

import dems
import geopandas as gpd
import numpy as np
from benchmarks.test_sight import beside, meander
from pyproj import CRS, Transformer
from scipy.sparse import csr_array

from geoborder.sight import line_of_sight
from geoborder.terrain import Dem, open_dem

LENGTH_M = 1_344_000.0


def strip_layers(folder: Path, sites: int) -> tuple[gpd.GeoSeries, gpd.GeoSeries, Dem]:
    """
    Write the strip; draw sites within 3 km of its border at random.

    The border has a target every 100 m, 13,440 in all; cells are of 30 m.
    """
    border = meander(LENGTH_M, 590_000.0, 32_000.0, 2)
    own = CRS("+proj=eqc +lat_ts=37.57 +lon_0=71.3 +lat_0=37.57 +ellps=WGS84")
    back = Transformer.from_crs(own, 4326, always_xy=True)
    layers = [
        gpd.GeoSeries(
            gpd.points_from_xy(*back.transform(*(xy - [295_000.0, 16_000.0]).T)),
            crs=4326,
        )
        for xy in (beside(border, sites, 3_000.0, 2), border)
    ]
    path = folder / "strip.tif"
    if not path.exists():
        dems.mountain_strip(path)
    return *layers, open_dem(path)


def best_of_neighbours(seen: csr_array, neighbours: int) -> np.ndarray:
    """Choose of every so many sites that see the same parts the one that sees most."""
    count = np.diff(seen.indptr)
    middle = seen @ np.arange(seen.shape[1]) / np.maximum(count, 1)
    groups = np.argsort(middle, kind="stable").reshape(-1, neighbours)
    return groups[np.arange(len(groups)), count[groups].argmax(axis=1)]


def sights(
    layers: tuple[gpd.GeoSeries, gpd.GeoSeries, Dem], **options: float
) -> csr_array:
    """Tell which site sees which target."""
    sites, targets, dem = layers
    return csr_array(line_of_sight(sites, targets, dem=dem, **options)).astype(np.int8)
