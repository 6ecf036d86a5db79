"""
Lines of sight beside their peers and the machine's limits.

Run with ``pytest tests/benchmarks/test_sight.py --benchmark-only -s``: each test
prints its ratios and stores them with the benchmark. Peers take turns with geoborder
in one run, on the same DEM and sites. On two cores of a shared machine runs printed
what the docstrings below say.

What is compared agrees: see ``tests/oracles/test_sight_reference.py`` and
``tests/oracles/test_viewshed_peers.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dems
import geopandas as gpd
import numba
import numpy as np
import pytest
from peers import gdal_viewshed, grass_viewshed
from pyproj import CRS, Transformer

from geoborder.sight import line_of_sight, lines, march, rays, sight_lines, viewshed
from geoborder.sight.pairs import DEFAULTS, group_targets, options_of, site_table
from geoborder.terrain import Dem

RANGE_KM, MAST_M, TARGET_M = 20.0, 24.0, 1.7
OPTIONS = {"range_km": RANGE_KM, "mast_m": MAST_M, "target_m": TARGET_M}
SITES, TARGETS, SPACING_M = 200, 2566, 100.0
HUGE = np.float32(1e30)


def meander(length_m: float, width_m: float, height_m: float, passes: int) -> Any:  # noqa: ANN401
    """
    Fold a winding line into a rectangle; give places every 100 m of it.

    Passes run to and fro over the width, one above the other, and wind about
    their middles. Coordinates in metres from the rectangle's lower left corner,
    shape (places, 2).
    """
    along = np.linspace(0.0, 1.0, 200_000)
    share = along * passes
    number = np.minimum(share.astype(int), passes - 1)
    part = share - number
    x = width_m * np.where(number % 2 == 0, part, 1.0 - part)
    y = height_m * share / passes

    def winding(amplitude: float) -> tuple[np.ndarray, np.ndarray]:
        wave = np.sin(x / 2_300.0 + number) + 0.6 * np.sin(x / 700.0 + 2.0 * number)
        line = np.column_stack((x, y + amplitude * wave))
        gone = np.hypot(*np.diff(line, axis=0).T)
        return line, np.concatenate(([0.0], np.cumsum(gone)))

    low, high = 0.0, 10_000.0
    for _ in range(60):  # the amplitude that gives the length
        middle = 0.5 * (low + high)
        short = winding(middle)[1][-1] < length_m
        low, high = (middle, high) if short else (low, middle)
    line, gone = winding(low)
    places = np.arange(0.5, round(length_m / SPACING_M)) * SPACING_M
    places *= gone[-1] / length_m
    return np.column_stack([np.interp(places, gone, line[:, i]) for i in (0, 1)])


def beside(border: np.ndarray, sites: int, away_m: float, seed: int) -> np.ndarray:
    """Sites within some distance of a border, in metres."""
    rng = np.random.default_rng(seed)
    middle = border[rng.integers(len(border), size=sites)]
    return middle + rng.uniform(-away_m, away_m, (sites, 2)) / np.sqrt(2.0)


def layer(xy: np.ndarray, crs: str) -> gpd.GeoSeries:
    return gpd.GeoSeries(gpd.points_from_xy(*xy.T), crs=crs)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def note(benchmark: object, **figures: float | str) -> None:
    for name, value in figures.items():
        text = f"{value:,.2f}" if isinstance(value, float) else value
        benchmark.extra_info[name] = value
        print(f"\n{name.replace('_', ' ')}: {text}", end="")  # noqa: T201
    print()  # noqa: T201


def in_turn(
    benchmark: object,
    ours: Callable[[], object],
    peer: Callable[[], float],
    rounds: int,
) -> tuple[float, float]:
    """
    Time two in turn; medians of seconds of ours and of the peer.

    `peer` tells its own time, which leaves out what it needs to start.
    """
    ours()  # compiled and warm
    peer_s: list[float] = []
    benchmark.pedantic(
        ours, setup=lambda: peer_s.append(peer()), rounds=rounds, iterations=1
    )
    return benchmark.stats.stats.median, float(np.median(peer_s))


class Scene(NamedTuple):
    """Mountains, a border in them, and sites beside it."""

    dem: Dem
    raw: dems.Dem
    border: np.ndarray
    sites: np.ndarray

    def layers(self) -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
        """Give sites and targets as layers."""
        return layer(self.sites, dems.UTM), layer(self.border, dems.UTM)


@pytest.fixture(scope="module")
def scene() -> Scene:
    raw = dems.mountain((4000, 4000), crs=dems.UTM)
    dem = Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "mountains")
    west, north = raw.transform.c, raw.transform.f
    border = meander(TARGETS * SPACING_M, 70_000.0, 30_000.0, 3)
    border += [west + 25_000.0, north - 75_000.0]
    sites = beside(border, SITES, 3_000.0, 0)
    # On nodes, where GDAL puts its observer anyway.
    sites = np.round((sites - [west, north]) / 30.0 - 0.5) * 30.0 + 15.0 + [west, north]
    return Scene(dem, raw, border, sites)


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture(scope="module")
def gdal(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[gdal_viewshed.Server]:
    if gdal_viewshed.version() is None:
        pytest.skip("needs GDAL's Python bindings (Debian: python3-gdal)")
    path = gdal_viewshed.write_input(
        tmp_path_factory.mktemp("gdal") / "sites.npz",
        scene.raw.heights,
        scene.raw.transform.to_gdal(),
        dems.UTM,
        *scene.sites.T,
        mast_m=MAST_M,
        target_m=TARGET_M,
        range_m=RANGE_KM * 1000.0,
    )
    with gdal_viewshed.Server(path) as server:
        yield server


class Tables(NamedTuple):
    """What a kernel is called with."""

    grid: np.ndarray
    tops: np.ndarray
    sites: np.ndarray
    groups: Any

    def look(self, tops: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
        """Call the kernel for all sites: target, state, counts."""
        size = march.room(self.sites, *self.groups.spheres)
        found, states = np.empty(size, np.int32), np.empty(size, np.uint8)
        counts = np.zeros((len(self.sites), 2), np.int64)
        size = march.look(
            self.grid, self.tops if tops is None else tops, (0, 0), self.sites,
            self.groups.table, self.groups.spheres, found, states, counts,
        )  # fmt: skip
        return found[:size], states[:size], counts


@pytest.fixture(scope="module")
def tables(scene: Scene) -> Tables:
    grid = np.ascontiguousarray(scene.dem.heights_m)
    tops = np.empty([-(-size // rays.TILE) for size in grid.shape], np.float32)
    march.tile_tops(grid, tops, 0, tops.shape[0])
    sites, targets = (points.to_crs(4326) for points in scene.layers())
    options = options_of(sites, **(DEFAULTS | OPTIONS))
    table = site_table(scene.dem, sites.x.to_numpy(), sites.y.to_numpy(), options)
    groups = group_targets(scene.dem, targets.x.to_numpy(), targets.y.to_numpy())
    order = lines._by_place(table[:, rays.COLUMN], table[:, rays.ROW])
    return Tables(grid, tops, table[order], groups)


@pytest.mark.gdal
@pytest.mark.usefixtures("one_thread")
def test_line_of_sight_beside_gdal(
    benchmark: object, scene: Scene, gdal: gdal_viewshed.Server
) -> None:
    """200 sites, 2,566 targets: 43-47 times faster than GDAL's viewsheds."""
    sites, targets = scene.layers()
    found = sight_lines(sites, targets, dem=scene.dem, **OPTIONS)
    ours, peer = in_turn(
        benchmark,
        lambda: line_of_sight(sites, targets, dem=scene.dem, **OPTIONS),
        lambda: gdal.run(0, SITES),
        3,
    )
    pairs = int(found.in_range.sum())
    assert pairs > SITES * 100
    note(
        benchmark,
        pairs_in_range=str(pairs),
        share_seen=found.seen.nnz / pairs,
        line_of_sight_s=ours,
        GDAL_s=peer,
        times_faster_than_GDAL=peer / ours,
    )


@pytest.mark.gdal
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("method", ["fan", "screen"])
def test_viewshed_beside_gdal(
    benchmark: object, scene: Scene, gdal: gdal_viewshed.Server, method: str
) -> None:
    """200 sites in a call: ``fan`` 1.7, ``screen`` 3.2-3.7 times faster."""
    sites, _ = scene.layers()
    ours, peer = in_turn(
        benchmark,
        lambda: viewshed(sites, dem=scene.dem, method=method, **OPTIONS),
        lambda: gdal.run(0, SITES),
        3,
    )
    note(
        benchmark,
        method=method,
        viewshed_s=ours,
        GDAL_s=peer,
        times_faster_than_GDAL=peer / ours,
    )


@pytest.mark.grass
@pytest.mark.usefixtures("one_thread")
def test_line_of_sight_beside_grass(benchmark: object, scene: Scene) -> None:
    """A site's time, from 200 of ours and two of GRASS's: 9,600-10,100 times less."""
    if grass_viewshed.version() is None:
        pytest.skip("needs GRASS (Debian: grass-core)")
    sites, targets = scene.layers()
    taken, _ = grass_viewshed.viewsheds(
        scene.raw.heights,
        scene.raw.transform.to_gdal(),
        dems.UTM,
        *scene.sites[:2].T,
        mast_m=MAST_M,
        target_m=TARGET_M,
        range_m=RANGE_KM * 1000.0,
        crop=True,
    )
    benchmark.pedantic(
        lambda: line_of_sight(sites, targets, dem=scene.dem, **OPTIONS),
        rounds=5,
        warmup_rounds=1,
    )
    ours = benchmark.stats.stats.median / SITES
    note(
        benchmark,
        GRASS_s_for_a_site=float(np.mean(taken)),
        times_faster_than_GRASS=float(np.mean(taken)) / ours,
    )


def test_two_threads(
    benchmark: object, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5,000 sites, 13,440 targets: two threads 1.7-1.8 times faster than one."""
    border = meander(1_344_000.0, 70_000.0, 60_000.0, 9)
    border += [scene.raw.transform.c + 25_000.0, scene.raw.transform.f - 90_000.0]
    sites = layer(beside(border, 5_000, 3_000.0, 1), dems.UTM)
    targets = layer(border, dems.UTM)

    def look(threads: int) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: threads)
        line_of_sight(sites, targets, dem=scene.dem, **OPTIONS)

    two, one = in_turn(benchmark, lambda: look(2), lambda: seconds(lambda: look(1)), 3)
    note(benchmark, one_thread_s=one, two_threads_s=two, ratio=one / two)


@numba.njit(cache=False)
def _in_range(sites: np.ndarray, targets: np.ndarray, out: np.ndarray) -> int:
    """List the site and target of every pair in range."""
    size = 0
    for s in range(sites.shape[0]):
        for t in range(targets.shape[0]):
            if rays.aim(sites[s], targets[t])[0]:
                out[size, 0], out[size, 1] = s, t
                size += 1
    return size


@numba.njit(cache=False, fastmath=True, error_model="numpy")
def _sum_nodes(
    heights: np.ndarray, columns: int, lines: np.ndarray
) -> tuple[float, int]:
    """
    Sum the two nodes beside every crossing of straight lines, and do nothing else.

    Gives the number of crossings too.
    """
    total, crossings = np.float32(0.0), 0
    for n in range(lines.shape[0]):
        for axis in range(2):
            m0, m1 = lines[n, axis], lines[n, 2 + axis]
            n0, n1 = lines[n, 1 - axis], lines[n, 3 - axis]
            step, across = (1, columns) if axis == 0 else (columns, 1)
            slope = (n1 - n0) / (m1 - m0)
            first = int(np.floor(min(m0, m1))) + 1
            last = int(np.ceil(max(m0, m1))) - 1
            for k in range(first, last + 1):
                place = k * step + int(n0 + (k - m0) * slope) * across
                total += heights[np.uint64(place)] + heights[np.uint64(place + across)]
            crossings += max(last + 1 - first, 0)
    return total, crossings


@numba.njit(cache=False)
def _march(
    grid: np.ndarray,
    tops: np.ndarray,
    sites: np.ndarray,
    targets: np.ndarray,
    pairs: np.ndarray,
) -> int:
    """March pairs one by one: how many are seen."""
    heights, highest, seen = grid.ravel(), tops.ravel(), 0
    for n in range(pairs.shape[0]):
        site = sites[pairs[n, 0]]
        ray = rays.aim(site, targets[pairs[n, 1]])
        state = march.state_of(heights, grid.shape, highest, (0, 0), site, ray)
        seen += state == rays.SEEN
    return seen


def test_steps_beside_the_machines_limit(benchmark: object, tables: Tables) -> None:
    """
    Crossings in a second, beside a loop that only sums their nodes.

    2.1 times its rate, for what need not be marched; pairs that must be marched to
    their end go at 22 % of it.
    """
    sites, targets = tables.sites, tables.groups.table
    pairs = np.empty((len(sites) * len(targets), 2), np.int32)
    pairs = pairs[: _in_range(sites, targets, pairs)]
    found, states, counts = tables.look()
    assert counts[:, 1].sum() == len(pairs)
    assert (states == rays.SEEN).all()
    seen = np.column_stack((np.repeat(np.arange(len(counts)), counts[:, 0]), found))

    def straight(which: np.ndarray) -> np.ndarray:
        ends = sites[which[:, 0], : rays.X], targets[which[:, 1], : rays.X]
        return np.ascontiguousarray(np.concatenate(ends, axis=1))

    heights, columns = tables.grid.ravel(), tables.grid.shape[1]
    # Tiles that are higher than anything are marched, every crossing of them.
    none = np.full_like(tables.tops, HUGE)
    every, visible = straight(pairs), straight(seen)
    crossings = _sum_nodes(heights, columns, every)[1]
    in_view = _sum_nodes(heights, columns, visible)[1]
    assert _march(tables.grid, none, sites, targets, seen) == len(seen)
    spent: dict[str, list[float]] = {"every": [], "visible": [], "march": []}

    def peers() -> None:
        for name, work in (
            ("every", lambda: _sum_nodes(heights, columns, every)),
            ("visible", lambda: _sum_nodes(heights, columns, visible)),
            ("march", lambda: _march(tables.grid, none, sites, targets, seen)),
        ):
            spent[name].append(seconds(work))

    benchmark.pedantic(tables.look, setup=peers, rounds=7, iterations=1)
    taken = {name: float(np.median(all_)) for name, all_ in spent.items()}
    ours = benchmark.stats.stats.median
    note(
        benchmark,
        crossings_million=crossings / 1e6,
        crossings_of_visible_pairs_million=in_view / 1e6,
        limit_million_a_second=crossings / taken["every"] / 1e6,
        look_million_a_second=crossings / ours / 1e6,
        look_share_of_limit=taken["every"] / ours,
        limit_on_visible_million_a_second=in_view / taken["visible"] / 1e6,
        march_of_visible_million_a_second=in_view / taken["march"] / 1e6,
        march_of_visible_share_of_limit=taken["visible"] / taken["march"],
    )


def test_what_the_highest_nodes_give(benchmark: object, tables: Tables) -> None:
    """Tiles passed over by their highest node beside none: 1.4-1.5 times faster."""
    none = np.full_like(tables.tops, HUGE)
    found, states, _ = tables.look()
    same = tables.look(none)
    assert np.array_equal(found, same[0])
    assert np.array_equal(states, same[1])
    with_s, without_s = in_turn(
        benchmark, tables.look, lambda: seconds(lambda: tables.look(none)), 5
    )
    note(benchmark, with_s=with_s, without_s=without_s, ratio=without_s / with_s)


_STRIP_JOB = """
import json, sys, time
import geopandas as gpd, numpy as np
from geoborder.sight import line_of_sight
from geoborder.terrain import open_dem, opening

path, points, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
opening._IN_MEMORY = limit
with np.load(points) as file:
    sites, targets = (
        gpd.GeoSeries(gpd.points_from_xy(*file[name].T), crs=4326)
        for name in ("sites", "targets")
    )
options = {"range_km": 12.0, "mast_m": 24.0, "target_m": 1.7}
dem = open_dem(path)
line_of_sight(sites[:2], targets[:99], dem=dem, **options)


def megabytes(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) / 1024


# The peak starts anew: what ru_maxrss tells includes the parent's and the reading.
before = megabytes("VmRSS")
open("/proc/self/clear_refs", "w").write("5")
begun = time.perf_counter()
found = line_of_sight(sites, targets, dem=dem, **options)
taken = time.perf_counter() - begun
print(json.dumps({
    "lazy": not isinstance(dem.heights_m, np.ndarray), "seconds": taken,
    "peak": megabytes("VmHWM"), "before": before, "seen": int(found.nnz),
    "sum": int((found.indices.astype(np.int64) * 7919 % 10007).sum()),
}))
"""


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write the strip, and 15,000 sites and 13,440 targets in it."""
    folder = tmp_path_factory.mktemp("strip")
    path = dems.mountain_strip(folder / "strip.tif")
    border = meander(1_344_000.0, 590_000.0, 32_000.0, 2)
    sites = beside(border, 15_000, 3_000.0, 2)
    # A strip that lies along a parallel, in metres of its middle.
    own = CRS("+proj=eqc +lat_ts=37.57 +lon_0=71.3 +lat_0=37.57 +ellps=WGS84")
    back = Transformer.from_crs(own, 4326, always_xy=True)
    points = {}
    for name, xy in (("sites", sites), ("targets", border)):
        points[name] = np.column_stack(
            back.transform(xy[:, 0] - 295_000.0, xy[:, 1] - 16_000.0)
        )
    np.savez(folder / "points.npz", **points)
    return path, folder / "points.npz"


@pytest.mark.slow
def test_whole_strip(benchmark: object, strip: tuple[Path, Path]) -> None:
    """
    15,000 sites, 13,440 targets, 2,560 by 32,768 cells, two threads.

    0.6-1.2 s with the DEM in memory, and 31 MB beside its own 320; 1.8-2.5 s with
    it on disk, and 170 MB in all.
    """

    def run(limit: int) -> dict[str, Any]:
        done = subprocess.run(  # noqa: S603 - the job above
            [sys.executable, "-c", _STRIP_JOB, *map(str, strip), str(limit)],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    memory = run(2**40)
    lazy = benchmark.pedantic(run, (0,), rounds=1, iterations=1)
    assert lazy["lazy"]
    assert not memory["lazy"]
    assert (lazy["seen"], lazy["sum"]) == (memory["seen"], memory["sum"])
    note(
        benchmark,
        seen=str(memory["seen"]),
        DEM_float32_MB=2560 * 32_768 * 4 / 2**20,
        in_memory_s=memory["seconds"],
        in_memory_peak_MB=memory["peak"],
        in_memory_before_MB=memory["before"],
        lazy_s=lazy["seconds"],
        lazy_peak_MB=lazy["peak"],
        lazy_before_MB=lazy["before"],
    )
