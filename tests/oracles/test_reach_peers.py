"""
Travel times beside those of GRASS r.walk and r.cost, scikit-image and scikit-fmm.

All of them go over cells of the same grid in UTM; r.walk and r.cost with knight's
moves (``-k``), `MCP_Geometric` with eight moves. What differs, and how much of it is
due to what:

- Lengths. Over sixteen moves ways are 0 to 2.75 % longer than straight lines, which
  r.walk leaves so; geoborder multiplies by `Moves.evening`, 0.9864. On level ground,
  and with any friction, nothing else differs.
- Metres. r.walk takes those of the projection, geoborder those of the ellipsoid.
- Heights. r.walk knows those of both ends of a move; geoborder also those that it
  passes between, and gives each step its own slope. On rough ground knight's moves
  leap over humps and gullies, so that r.walk comes out quicker.
- Pace. Langmuir's jumps where a descent is steeper than 0.2125, from 0.30 to 1.14
  seconds a metre, which both have. geoborder's table of paces rises over the next
  1 / 800 of slope; nine ways in ten are less than 0.02 % quicker for it.

Ratios of times, geoborder's to the peer's, over all cells:

============================  ======  =============  ==========  ===========
ground, peer                  median  5 and 95 %     within 5 %  correlation
============================  ======  =============  ==========  ===========
mountains, 1 start, r.walk    1.0009  0.988, 1.022    99.1 %     0.9996
mountains, 20 starts, r.walk  1.0217  0.987, 1.151    65.4 %     0.9990
border, 1 start, r.walk       1.0236  1.004, 1.068    86.5 %     0.9991
border, 20 starts, r.walk     1.0289  0.987, 1.123    65.8 %     0.9966
same pace with no jump, even  1.0184  1.000, 1.059    91.1 %     0.9996
friction, r.cost / evening    1.0000  1.000, 1.000   100.0 %     1.0000
============================  ======  =============  ==========  ===========

And to the eikonal equation's solution by fast marching; the root of the mean square of
the ratio less 1 is 0.8 % for geoborder and 5.9 % for scikit-image on even ground, 0.8
and 3.1 % where factors change smoothly, 1.0 and 4.2 % where they leap from patch to
patch. Where patches are a few cells wide it is 5.8 and 2.5 %: what lies between cells
is anybody's guess there, and geoborder comes out 5 % quicker than fast marching.

Mountains: 400 by 400 cells of 30 m; 20 starts leave ways of a kilometre or two, in
which the slope of a single move tells. Border: bundled elevation in cells of 1 km.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import dems
import geopandas as gpd
import numpy as np
import pytest
import rasterio
import scipy.ndimage
import shapely
import skfmm  # type: ignore[import-untyped]
from peers import grass_viewshed, grass_walk
from pyproj import CRS
from skimage.graph import MCP_Geometric
from tools import missing

from geoborder import open_dem
from geoborder.reach import Conditions, TravelMode
from geoborder.reach.times import journey
from geoborder.terrain import Dem

Record = Callable[[str, object], None]

ROUNDING = 5e-6
"""Share by which sums in float32 are off."""

LEVEL = TravelMode("level", np.ones_like, "a second for a metre")

# Factors of time of classes of land cover: 2 ** (class / 64 - 1).
FACTORS = {k: float(np.float32(2.0 ** (k / 64 - 1))) for k in range(1, 256)}


class Ground(NamedTuple):
    """A DEM, also as a file, and the nodes that travel sets out from."""

    raw: dems.Dem
    path: Path
    nodes: np.ndarray  # columns and rows, shape (2, starts)

    @property
    def xy(self) -> np.ndarray:
        """Starts in the DEM's CRS, shape (starts, 2)."""
        t = self.raw.transform
        column, row = self.nodes + 0.5
        return np.column_stack((t.c + column * t.a, t.f + row * t.e))


class Figures(NamedTuple):
    """How two surfaces of times compare."""

    median: float
    low: float  # 5 %
    high: float  # 95 %
    least: float
    most: float
    within: float  # share of cells within 5 %
    correlation: float
    error: float  # root of the mean square of ratio - 1


@pytest.fixture(scope="module")
def grass() -> str:
    found = grass_viewshed.version()
    if found is None:
        missing("needs GRASS (Debian: apt-get install grass-core)")
    return str(found)


def ground(folder: Path, raw: dems.Dem, starts: int = 1) -> Ground:
    """Write a DEM and choose starts: its middle, or so many places at random."""
    rows, columns = raw.heights.shape
    nodes = np.array([[columns // 2], [rows // 2]])
    if starts > 1:
        rng = np.random.default_rng(1)
        places = rng.integers(0, [[columns], [rows]], (2, 50 * starts))
        known = np.isfinite(raw.heights[places[1], places[0]])
        nodes = places[:, known][:, :starts]
    return Ground(raw, dems.write_dem(folder / "dem.tif", *raw), nodes)


def ours(
    place: Ground,
    mode: str | TravelMode = "langmuir",
    *,
    conditions: Conditions | None = None,
    planar: bool = False,
    moves: int = 16,
) -> tuple[np.ndarray, float]:
    """
    Seconds to every cell from the nearest start, and the factor that evens lengths.

    `planar` measures moves in the projection, as GRASS does; eight `moves` are those
    to the cells that touch, uneven.
    """
    raw = place.raw
    dem = Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "ground")
    sites = gpd.GeoSeries(gpd.points_from_xy(*place.xy.T), crs=raw.crs)
    trip = journey(
        sites, dem=dem, mode=mode, minutes=None, conditions=conditions, direction="out"
    )
    own = trip.surface.moves
    assert len(own.steps) == 16
    if planar:
        flat = np.hypot(*(own.steps * [raw.transform.a, raw.transform.e]).T)
        own = replace(own, lengths_m=np.full_like(own.lengths_m, flat))
    if moves == 8:
        near = np.abs(own.steps).max(axis=1) == 1
        lengths = np.ascontiguousarray(own.lengths_m[:, :, near])
        own = replace(own, steps=own.steps[near], lengths_m=lengths, stretch=0.0)
    trip = replace(trip, surface=replace(trip.surface, moves=own))
    found = trip.field(np.arange(len(sites)))
    return found.seconds.astype(float), own.evening


def figures(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> Figures:
    """Compare times that are known to both, but at starts."""
    keep = np.isfinite(a) & np.isfinite(b) & (b > 0.0)
    if where is not None:
        keep &= where
    assert keep.mean() > 0.3
    ratio = a[keep] / b[keep]
    median, low, high, least, most = np.quantile(ratio, [0.5, 0.05, 0.95, 0.0, 1.0])
    return Figures(
        float(median),
        float(low),
        float(high),
        float(least),
        float(most),
        float((np.abs(ratio - 1.0) <= 0.05).mean()),
        float(np.corrcoef(a[keep], b[keep])[0, 1]),
        float(np.sqrt(np.mean((ratio - 1.0) ** 2))),
    )


def tell(record_property: Record, what: str, found: Figures) -> Figures:
    for name, value in found._asdict().items():
        record_property(f"{what}: {name}", value)
    print(  # noqa: T201
        f"\n{what}: median {found.median:.4f}, 5-95 % {found.low:.4f}-{found.high:.4f},"
        f" all {found.least:.4f}-{found.most:.4f}, within 5 % {found.within:.2%},"
        f" correlation {found.correlation:.6f}, error {found.error:.4f}",
        end="",
    )
    return found


def compare_walks(
    record_property: Record,
    what: str,
    place: Ground,
    walked: np.ndarray,
    within: float,
) -> None:
    """Compare Langmuir's times with r.walk's, as they are and less the evening."""
    real, _ = ours(place)
    found = tell(record_property, what, figures(real, walked))
    assert found.median == pytest.approx(1.0, abs=0.04)
    assert found.within >= within
    assert found.correlation >= 0.99
    same, evening = ours(place, planar=True)
    steps = tell(record_property, "less evening", figures(same / evening, walked))
    assert 1.0 <= steps.median <= 1.05


@pytest.mark.grass
def test_level_ground_differs_from_walk_by_evening_alone(
    record_property: Record, grass: str, tmp_path: Path
) -> None:
    assert grass
    place = ground(tmp_path, dems.flat(crs=dems.UTM))
    walked = grass_walk.walk(place.path, place.xy, knight=True).costs
    same, evening = ours(place, planar=True)
    real, _ = ours(place)
    found = tell(record_property, "level", figures(same / evening, walked))
    # Hundreds of sums in float32 round by 2e-6 at most; the median is within 1e-6.
    assert found.median == pytest.approx(1.0, abs=1e-6)
    assert found.least == pytest.approx(1.0, abs=ROUNDING)
    assert found.most == pytest.approx(1.0, abs=ROUNDING)
    assert evening == pytest.approx(2.0 / (1.0 + 1.0 / np.cos(np.arctan(0.5) / 2.0)))
    # The projection's scale here is 1 to 3 parts in 100,000.
    found = tell(record_property, "on the ellipsoid", figures(real / evening, walked))
    assert found.least == pytest.approx(1.0, abs=4e-5)
    assert found.most == pytest.approx(1.0, abs=4e-5)


@pytest.mark.grass
@pytest.mark.parametrize(
    ("kind", "most"), [("plane", 1e-5), ("smooth", 3e-4)], ids=["plane", "smooth"]
)
def test_even_slopes_differ_from_walk_by_evening_alone(
    record_property: Record, grass: str, tmp_path: Path, kind: str, most: float
) -> None:
    assert grass
    place = ground(tmp_path, getattr(dems, kind)(crs=dems.UTM))
    walked = grass_walk.walk(place.path, place.xy, knight=True).costs
    same, evening = ours(place, planar=True)
    found = tell(record_property, kind, figures(same / evening, walked))
    assert found.median == pytest.approx(1.0, abs=1e-5)
    assert found.least >= 1.0 - 1e-5
    assert found.most <= 1.0 + most


@pytest.mark.grass
def test_eight_moves_over_mountains_are_walk(
    record_property: Record, grass: str, tmp_path: Path
) -> None:
    # They pass between no cells, so that but for the jump of the pace all is the same.
    assert grass
    place = ground(tmp_path, dems.mountain((400, 400), crs=dems.UTM))
    walked = grass_walk.walk(place.path, place.xy).costs
    same, evening = ours(place, planar=True, moves=8)
    found = tell(record_property, "eight moves", figures(same, walked))
    assert evening == 1.0
    assert found.most <= 1.0 + 1e-5
    assert found.median >= 1.0 - 1e-3


@pytest.mark.grass
@pytest.mark.parametrize(("starts", "within"), [(1, 0.98), (20, 0.6)], ids=["1", "20"])
def test_walk_over_mountains_takes_about_as_long(
    record_property: Record, grass: str, tmp_path: Path, starts: int, within: float
) -> None:
    assert grass
    place = ground(tmp_path, dems.mountain((400, 400), crs=dems.UTM), starts)
    walked = grass_walk.walk(place.path, place.xy, knight=True).costs
    compare_walks(record_property, f"mountains, {starts}", place, walked, within)


@pytest.mark.grass
def test_steps_over_mountains_cost_what_walk_leaps_over(
    record_property: Record, grass: str, tmp_path: Path
) -> None:
    # Without the jump of Langmuir's, pace is convex: the mean slope costs no more
    # than slopes one by one.
    assert grass
    convex = TravelMode(
        "convex", lambda slope: 0.72 + np.where(slope > 0.0, 6.0, -2.0) * slope, "test"
    )
    place = ground(tmp_path, dems.mountain((400, 400), crs=dems.UTM), 20)
    coefficients = "0.72,6.0,-2.0,-2.0"
    walked = grass_walk.walk(
        place.path, place.xy, knight=True, walk_coeff=coefficients
    ).costs
    eight = grass_walk.walk(place.path, place.xy, walk_coeff=coefficients).costs
    same, evening = ours(place, convex, planar=True)
    found = tell(record_property, "no jump", figures(same / evening, walked))
    assert found.least >= 1.0 - 1e-5
    assert 1.0 < found.median < 1.04
    touching, _ = ours(place, convex, planar=True, moves=8)
    found = tell(record_property, "no jump, eight moves", figures(touching, eight))
    assert found.least == pytest.approx(1.0, abs=1e-4)
    assert found.most == pytest.approx(1.0, abs=1e-4)


@pytest.fixture(scope="module")
def near_border(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Bundled elevation in cells of a kilometre; 20 starts."""
    dem = open_dem()
    heights = np.asarray(dem.heights_m)
    raw = dems.to_projected(heights, dem.transform, "EPSG:4326", step_m=1000)
    return ground(tmp_path_factory.mktemp("border"), raw, 20)


@pytest.mark.grass
@pytest.mark.parametrize(("starts", "within"), [(1, 0.8), (20, 0.6)], ids=["1", "20"])
def test_walk_around_the_border_takes_about_as_long(
    record_property: Record,
    grass: str,
    near_border: Ground,
    starts: int,
    within: float,
) -> None:
    assert grass
    place = near_border._replace(nodes=near_border.nodes[:, :starts])
    walked = grass_walk.walk(place.path, place.xy, knight=True).costs
    compare_walks(record_property, f"border, {starts}", place, walked, within)


def cover(shape: tuple[int, int], kind: str) -> np.ndarray:
    """Draw classes of land cover: factors of 0.5 to 8."""
    rng = np.random.default_rng(5)
    if kind == "even":
        return np.full(shape, 64, np.int16)
    if kind == "speckles":
        return rng.integers(1, 256, shape, np.int16)
    wave = {"smooth": 12.0, "patches": 5.0, "ragged": 1.5}[kind]
    noise = scipy.ndimage.gaussian_filter(rng.standard_normal(shape), wave, mode="wrap")
    noise /= noise.std()
    if kind == "smooth":
        return np.clip(np.rint(128.0 + 40.0 * noise), 1, 255).astype(np.int16)
    classes = np.array([64, 160, 255], np.int16)
    return classes[np.digitize(noise, [0.0, 1.0])]


def write_cover(path: Path, classes: np.ndarray, raw: dems.Dem) -> Conditions:
    profile = {
        "driver": "GTiff",
        "dtype": "int16",
        "count": 1,
        "height": classes.shape[0],
        "width": classes.shape[1],
        "crs": raw.crs,
        "transform": raw.transform,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(classes, 1)
    return Conditions(land_cover=path, land_cover_factors=FACTORS)


def factors_of(classes: np.ndarray) -> np.ndarray:
    return np.array([FACTORS.get(k, 1.0) for k in range(256)])[classes]


@pytest.mark.grass
@pytest.mark.parametrize("kind", ["smooth", "patches", "ragged", "speckles"])
def test_land_cover_differs_from_cost_by_evening_alone(
    record_property: Record, grass: str, tmp_path: Path, kind: str
) -> None:
    assert grass
    raw = dems.flat(crs=dems.UTM)
    place = ground(tmp_path, raw, 5)
    classes = cover(raw.heights.shape, kind)
    costs = (30.0 * factors_of(classes)).astype(np.float32)
    path = dems.write_dem(tmp_path / "costs.tif", costs, raw.transform, raw.crs)
    met = write_cover(tmp_path / "cover.tif", classes, raw)
    spent = grass_walk.cost(path, place.xy, knight=True).costs
    same, evening = ours(place, LEVEL, conditions=met, planar=True)
    found = tell(record_property, kind, figures(same / evening, spent))
    assert found.least == pytest.approx(1.0, abs=ROUNDING)
    assert found.most == pytest.approx(1.0, abs=ROUNDING)


@pytest.mark.grass
def test_polygons_and_land_cover_differ_from_cost_by_evening_alone(
    record_property: Record, grass: str, tmp_path: Path
) -> None:
    assert grass
    raw = dems.flat(crs=dems.UTM)
    place = ground(tmp_path, raw, 5)
    classes = cover(raw.heights.shape, "patches")
    met = write_cover(tmp_path / "cover.tif", classes, raw)
    rng = np.random.default_rng(7)
    factor = np.zeros(raw.heights.shape)
    areas, values = [], rng.uniform(0.5, 6.0, 25).round(2)
    t = raw.transform
    for value in values:
        left, top = rng.integers(0, 340, 2)
        wide, tall = rng.integers(5, 60, 2)
        areas.append(
            shapely.box(
                t.c + left * t.a,
                t.f + (top + tall) * t.e,
                t.c + (left + wide) * t.a,
                t.f + top * t.e,
            )
        )
        own = factor[top : top + tall, left : left + wide]
        np.maximum(own, value, out=own)
    factor[factor == 0.0] = 1.0
    friction = gpd.GeoDataFrame({"factor": values}, geometry=areas, crs=raw.crs)
    costs = (30.0 * factor * factors_of(classes)).astype(np.float32)
    path = dems.write_dem(tmp_path / "costs.tif", costs, raw.transform, raw.crs)
    spent = grass_walk.cost(path, place.xy, knight=True).costs
    met = replace(met, friction=friction)
    same, evening = ours(place, LEVEL, conditions=met, planar=True)
    found = tell(record_property, "polygons", figures(same / evening, spent))
    assert found.least == pytest.approx(1.0, abs=ROUNDING)
    assert found.most == pytest.approx(1.0, abs=ROUNDING)


def eikonal(factors: np.ndarray, start: tuple[int, int], step_m: float) -> np.ndarray:
    """
    Solve the isotropic eikonal equation by fast marching, on a grid four times finer.

    Factors are interpolated between cell centres. Times begin on a circle of three
    cells, at the mean factor within: near a point fast marching errs.
    """
    fine, radius = 4, 3.0
    size = [(n - 1) * fine + 1 for n in factors.shape]
    zoom = [s / n for s, n in zip(size, factors.shape, strict=True)]
    dense = scipy.ndimage.zoom(factors, zoom, order=1)
    row, column = np.indices(dense.shape, sparse=True)
    away = np.hypot(row - start[0] * fine, column - start[1] * fine) / fine
    outside = skfmm.travel_time(
        (away - radius) * step_m, 1.0 / dense, dx=step_m / fine, order=2
    )
    first = float(dense[away <= radius].mean()) * radius * step_m
    return np.asarray(outside)[::fine, ::fine] + first


@pytest.mark.parametrize(
    ("kind", "at_most"),
    [("even", 0.009), ("smooth", 0.01), ("patches", 0.012), ("ragged", 0.1)],
    ids=["even", "smooth", "patches", "ragged"],
)
def test_friction_beside_scikit_image_and_the_eikonal_equation(
    record_property: Record, tmp_path: Path, kind: str, at_most: float
) -> None:
    raw = dems.flat((401, 401), crs=dems.UTM)
    place = ground(tmp_path, raw)
    start = 200, 200
    classes = cover(raw.heights.shape, kind)
    factors = factors_of(classes)
    met = write_cover(tmp_path / "cover.tif", classes, raw)
    costs, _ = MCP_Geometric(30.0 * factors, fully_connected=True).find_costs([start])
    exact = eikonal(factors, start, 30.0)
    same, _ = ours(place, LEVEL, conditions=met, planar=True)
    eight, _ = ours(place, LEVEL, conditions=met, planar=True, moves=8)
    row, column = np.indices(raw.heights.shape)
    far = np.hypot(row - 200, column - 200) > 20
    if kind == "even":  # the solution is known: distance, which fast marching gives
        away = 30.0 * np.hypot(row - 200, column - 200)
        solved = tell(record_property, "fast marching", figures(exact, away, far))
        assert solved.error < 2e-3
    own = tell(record_property, f"{kind}, ours", figures(same, exact, far))
    peer = tell(record_property, f"{kind}, scikit-image", figures(costs, exact, far))
    # With its moves we find what it finds.
    assert figures(eight, costs).error < 1e-6
    assert own.error <= at_most
    # Where patches are a few cells wide, there is no telling what lies between cells,
    # and detours of eight moves make up for corners that they cut.
    if kind != "ragged":
        assert own.error < peer.error / 2.0
