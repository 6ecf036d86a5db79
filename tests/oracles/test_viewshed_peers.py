"""
Viewsheds against each other, GDAL's and GRASS's.

Cells that agree with ``r3``, and intersection over union of what both see, over all
sites, on mountains with a step of 30 m in UTM; mast 10 m, target 2 m, sites on nodes
(GDAL and GRASS look from the nearest one):

======================  ===============  ===============
method                  4 km, 6 sites    20 km, 3 sites
======================  ===============  ===============
``fan``                 99.97 %, 0.9991  99.98 %, 0.9980
``screen``              99.62 %, 0.9888  99.85 %, 0.9802
GRASS ``r.viewshed``    99.67 %, 0.9904  99.87 %, 0.9824
GDAL, edge mode         99.44 %, 0.9836  99.75 %, 0.9672
======================  ===============  ===============

From twelve sites between the nodes, at 4 km, ``fan`` has an intersection over union of
0.9991 with ``r3``.

``r3`` and ``line_of_sight`` at cell centres differ in no cell at 4 and 12 km, in UTM
and in geographic coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import dems
import geopandas as gpd
import numpy as np
import pytest
from peers import gdal_viewshed, grass_viewshed
from pyproj import CRS
from tools import missing

from geoborder.geodesy import inverse
from geoborder.sight import Viewshed, sight_lines, viewshed
from geoborder.terrain import Dem

MAST_M, TARGET_M = 10.0, 2.0

Record = Callable[[str, object], None]


class Scene(NamedTuple):
    """Mountains, sites on their nodes, and what `r3` sees from each."""

    raw: dems.Dem
    dem: Dem
    range_km: float
    nodes: np.ndarray  # columns and rows, shape (2, sites)
    exact: np.ndarray  # shape (sites, rows, columns)
    near: np.ndarray  # what is compared, likewise

    @property
    def xy(self) -> tuple[np.ndarray, np.ndarray]:
        """Sites in the DEM's CRS."""
        t = self.raw.transform
        return t.c + (self.nodes[0] + 0.5) * t.a, t.f + (self.nodes[1] + 0.5) * t.e

    def agreement(self, masks: np.ndarray) -> tuple[float, float]:
        """Share of cells that agree with `r3`, and intersection over union."""
        a, b = masks & self.near, self.exact & self.near
        same = 1.0 - float((a != b).sum() / self.near.sum())
        return same, float((a & b).sum() / (a | b).sum())


def spread(view: Viewshed, raw: dems.Dem) -> np.ndarray:
    """Spread what a view sees over the whole DEM."""
    left, top = ~raw.transform @ (view.transform.c, view.transform.f)
    rows, columns = view.values.shape
    whole = np.zeros(raw.heights.shape, bool)
    window = whole[round(top) : round(top) + rows, round(left) : round(left) + columns]
    window[...] = view.values == 1
    return whole


def masks_of(
    raw: dems.Dem, dem: Dem, nodes: np.ndarray, range_km: float, method: str
) -> np.ndarray:
    lon, lat = dem.lonlat_at(*nodes)
    sites = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326)
    options = {"range_km": range_km, "mast_m": MAST_M, "target_m": TARGET_M}
    views = [
        viewshed(sites.iloc[[i]], dem=dem, method=method, **options)
        for i in range(len(sites))
    ]
    return np.array([spread(view, raw) for view in views])


@pytest.fixture(scope="module", params=[(300, 4.0, 6), (1400, 20.0, 3)], ids=str)
def scene(request: pytest.FixtureRequest) -> Scene:
    size, range_km, sites = request.param
    raw = dems.mountain((size, size), crs=dems.UTM)
    dem = Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "mountains")
    nodes = np.random.default_rng(1).integers(size // 4, 3 * size // 4, (2, sites))
    exact = masks_of(raw, dem, nodes, range_km, "r3")
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    away = np.hypot(
        *(np.stack((column, row)) - nodes.T[:, :, None, None]).swapaxes(0, 1)
    )
    # All but the outermost ring, whose distance each takes a little differently.
    near = (away * 30.0 < range_km * 1000.0 * 0.995) & (away > 0)
    return Scene(raw, dem, range_km, nodes, exact, near)


@pytest.fixture(scope="module")
def gdal() -> str:
    found = gdal_viewshed.version()
    if found is None:
        missing("needs GDAL's Python bindings (Debian: apt-get install python3-gdal)")
    return str(found)


@pytest.fixture(scope="module")
def grass() -> str:
    found = grass_viewshed.version()
    if found is None:
        missing("needs GRASS (Debian: apt-get install grass-core)")
    return str(found)


@pytest.fixture(scope="module")
def gdal_masks(
    gdal: str, scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> np.ndarray:
    assert gdal
    path = gdal_viewshed.write_input(
        Path(tmp_path_factory.mktemp("gdal")) / "sites.npz",
        scene.raw.heights,
        scene.raw.transform.to_gdal(),
        dems.UTM,
        *scene.xy,
        mast_m=MAST_M,
        target_m=TARGET_M,
        range_m=scene.range_km * 1000.0,
    )
    return gdal_viewshed.viewsheds(path)[1]


def tell(record_property: Record, name: str, scene: Scene, masks: np.ndarray) -> float:
    same, union = scene.agreement(masks)
    what = f"{name} at {scene.range_km:g} km"
    record_property(f"{what}: agreement", same)
    record_property(f"{what}: IoU", union)
    print(f"\n{what}: {same:.4%} of cells agree, IoU {union:.4f}")  # noqa: T201
    return union


def test_fan_is_almost_r3(record_property: Record, scene: Scene) -> None:
    masks = masks_of(scene.raw, scene.dem, scene.nodes, scene.range_km, "fan")
    tell(record_property, "fan", scene, masks)
    same, union = scene.agreement(masks)
    assert same >= 0.997
    assert union >= 0.99


def test_fan_is_near_r3_from_between_the_nodes(record_property: Record) -> None:
    raw = dems.mountain((300, 300), crs=dems.UTM)
    dem = Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "mountains")
    places = np.random.default_rng(2).uniform(75, 225, (2, 12))
    fan, exact = (masks_of(raw, dem, places, 4.0, way) for way in ("fan", "r3"))
    union = float((fan & exact).sum() / (fan | exact).sum())
    record_property("fan between nodes: IoU", union)
    print(f"\nfan between nodes: IoU {union:.4f}")  # noqa: T201
    assert union >= 0.99


@pytest.mark.parametrize("method", ["fan", "screen"])
def test_ground_beside_a_site_hides(method: str) -> None:
    heights = np.zeros((101, 101), np.float32)
    heights[:, 51:53] = 40.0  # a wall that begins a third of a cell from the site
    transform = dems.mountain((101, 101), crs=dems.UTM).transform
    dem = Dem(heights, transform, CRS.from_user_input(dems.UTM), "wall")
    site = np.array([[50.7], [50.5]])
    mask = masks_of(dems.Dem(heights, transform, dems.UTM), dem, site, 1.4, method)[0]
    exact = masks_of(dems.Dem(heights, transform, dems.UTM), dem, site, 1.4, "r3")[0]
    assert exact[:, :50].any()
    assert not exact[:, 53:].any()
    assert not mask[:, 53:].any()


def test_screen_is_near_r3(record_property: Record, scene: Scene) -> None:
    masks = masks_of(scene.raw, scene.dem, scene.nodes, scene.range_km, "screen")
    tell(record_property, "screen", scene, masks)
    same, union = scene.agreement(masks)
    assert same >= 0.995
    assert union >= 0.97


@pytest.mark.gdal
def test_gdal_sees_about_the_same(
    record_property: Record, scene: Scene, gdal_masks: np.ndarray
) -> None:
    union = tell(record_property, "GDAL", scene, gdal_masks)
    assert union > 0.9


@pytest.mark.gdal
@pytest.mark.parametrize("method", ["fan", "screen"])
def test_both_sweeps_are_nearer_to_r3_than_gdal(
    scene: Scene, gdal_masks: np.ndarray, method: str
) -> None:
    ours = masks_of(scene.raw, scene.dem, scene.nodes, scene.range_km, method)
    for own, theirs in zip(
        scene.agreement(ours), scene.agreement(gdal_masks), strict=True
    ):
        assert own > theirs


@pytest.mark.grass
def test_grass_sees_about_the_same(
    record_property: Record, scene: Scene, grass: str
) -> None:
    assert grass
    _, masks = grass_viewshed.viewsheds(
        scene.raw.heights,
        scene.raw.transform.to_gdal(),
        dems.UTM,
        *scene.xy,
        mast_m=MAST_M,
        target_m=TARGET_M,
        range_m=scene.range_km * 1000.0,
        crop=True,
    )
    union = tell(record_property, "GRASS", scene, masks)
    assert union > 0.9


@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize(("size", "range_km"), [(300, 4.0), (900, 12.0)])
def test_r3_is_line_of_sight_at_cell_centres(
    record_property: Record, crs: str, size: int, range_km: float
) -> None:
    raw = dems.mountain((size, size), crs=crs)
    dem = Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "mountains")
    places = np.random.default_rng(2).uniform(size * 0.45, size * 0.55, (2, 2))
    places[:, 0] = np.round(places[:, 0])  # on a node, and off
    lon, lat = dem.lonlat_at(*places)
    sites = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326)
    row, column = np.divmod(np.arange(size * size), size)
    at = dem.lonlat_at(column, row)
    targets = gpd.GeoSeries(gpd.points_from_xy(*at), crs=4326)
    options = {"range_km": range_km, "mast_m": MAST_M, "target_m": TARGET_M}
    found = sight_lines(sites, targets, dem=dem, **options)
    exact = found.seen.toarray().reshape(-1, size, size)
    masks = masks_of(raw, dem, places, range_km, "r3")
    differ = int((masks != exact).sum())
    share = 1.0 - differ / int(found.in_range.sum())
    record_property("agreement", share)
    print(f"\nr3 at {range_km:g} km: {share:.5%}, {differ} cells")  # noqa: T201
    assert exact.sum() > 1000
    assert share >= 0.9999
    _, away = inverse(lon[0], lat[0], *at)
    assert not masks[0].ravel()[away > range_km * 1000.0 + 1.0].any()
