"""
The maximal covering location problem beside spopt, with the same HiGHS.

Run with ``pytest tests/benchmarks/test_placement.py --benchmark-only -s``: each test
prints its figures and stores them with the benchmark. The instance: 2,000 sites (of
10,000 beside a border of 1,344 km the best of every five neighbours) and a target
every 100 m of it, 13,440 in all, in sight within 12 km on a generated strip of
mountains of 30 m, some 125,000 pairs; every target counts 1. On two cores of a shared
machine runs printed what the docstrings below say.

That both agree is shown in ``tests/oracles/test_spopt.py``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dems
import geopandas as gpd
import numpy as np
import pytest
from benchmarks.test_sight import beside, meander, note
from pyproj import CRS, Transformer
from scipy.sparse import csr_array, load_npz, save_npz

from geoborder.placement.classic import mclp
from geoborder.sight import line_of_sight
from geoborder.terrain import open_dem

SITES, NEIGHBOURS = 2_000, 5
OPTIONS = {"range_km": 12.0, "mast_m": 40.0, "target_m": 4.0}
PATIENCE_S = 1_800

_OURS = """
import json, resource, sys, time
import numpy as np
from scipy.sparse import load_npz
from geoborder.placement import highs
from geoborder.placement.classic import mclp

cover, p = load_npz(sys.argv[1]), int(sys.argv[2])
run, ready = highs._run, []

def timed(*given):
    ready.append(time.perf_counter() - begun)
    return run(*given)

highs._run = timed
for _ in range(2):  # the first call warms up
    ready.clear()
    begun = time.perf_counter()
    found = mclp(cover, np.ones(cover.shape[1]), p=p, gap=0.01)
begun = time.perf_counter()
found = mclp(cover, np.ones(cover.shape[1]), p=p)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ready": ready[0], "solved": time.perf_counter() - begun,
                  "peak": peak, "value": found.value, "bound": found.bound}))
"""

_SPOPT = """
import json, resource, sys, time, warnings
import numpy as np
from scipy.sparse import load_npz
warnings.simplefilter("ignore")
import pulp
from spopt.locate import MCLP

cover, p = load_npz(sys.argv[1]), int(sys.argv[2])
cost = 1.0 - cover.toarray().T
begun = time.perf_counter()
model = MCLP.from_cost_matrix(cost, np.ones(len(cost)), 0.5, p_facilities=p)
ready = time.perf_counter() - begun
begun = time.perf_counter()
model.problem.solve(pulp.HiGHS(msg=False, timeLimit=300))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
value = pulp.value(model.problem.objective)
print()
print(json.dumps({"ready": ready, "solved": time.perf_counter() - begun, "peak": peak,
                  "value": value, "status": model.problem.sol_status}))
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write which of 2,000 sites sees which of 13,440 targets."""
    folder = tmp_path_factory.mktemp("strip")
    border = meander(1_344_000.0, 590_000.0, 32_000.0, 2)
    sites = beside(border, SITES * NEIGHBOURS, 3_000.0, 2)
    # A strip that lies along a parallel, in metres of its middle.
    own = CRS("+proj=eqc +lat_ts=37.57 +lon_0=71.3 +lat_0=37.57 +ellps=WGS84")
    back = Transformer.from_crs(own, 4326, always_xy=True)
    layers = [
        gpd.GeoSeries(
            gpd.points_from_xy(*back.transform(*(xy - [295_000.0, 16_000.0]).T)),
            crs=4326,
        )
        for xy in (sites, border)
    ]
    dem = open_dem(dems.mountain_strip(folder / "strip.tif"))
    seen = csr_array(line_of_sight(*layers, dem=dem, **OPTIONS)).astype(np.int8)
    count = np.diff(seen.indptr)
    middle = seen @ np.arange(seen.shape[1]) / np.maximum(count, 1)
    groups = np.argsort(middle, kind="stable").reshape(SITES, NEIGHBOURS)
    best = groups[np.arange(SITES), count[groups].argmax(axis=1)]
    save_npz(folder / "cover.npz", seen[best])
    return folder / "cover.npz"


def job(text: str, instance: Path, p: int) -> dict[str, Any] | None:
    """Run a job in a process of its own; None if it takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - a job above
            [sys.executable, "-c", text, str(instance), str(p)],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
def test_model_beside_spopt(benchmark: object, instance: Path) -> None:
    """MODELDOC"""
    ours = benchmark.pedantic(job, (_OURS, instance, 100), rounds=1, iterations=1)
    peer = job(_SPOPT, instance, 100)
    figures = {"pairs": f"{load_npz(instance).nnz:,}"}
    if peer is None:
        peer = {"ready": PATIENCE_S, "solved": np.nan, "peak": np.nan, "value": np.nan}
        figures["spopt"] = f"given up after {PATIENCE_S} s"
    elif peer["status"] == 1:
        assert peer["value"] == pytest.approx(ours["value"])
    note(
        benchmark,
        **figures,
        model_ready_ms=ours["ready"] * 1000.0,
        spopt_model_ready_s=peer["ready"],
        times_faster_ready=peer["ready"] / ours["ready"],
        optimum=ours["value"],
        optimum_s=ours["solved"],
        spopt_value=peer["value"],
        spopt_solved_s=peer["solved"],
        peak_MB=ours["peak"],
        spopt_peak_MB=peer["peak"],
        times_less_memory=peer["peak"] / ours["peak"],
    )


@pytest.mark.slow
@pytest.mark.parametrize("p", [50, 100])
def test_time_to_a_certified_gap(benchmark: object, instance: Path, p: int) -> None:
    """GAPDOC"""
    cover = load_npz(instance)
    weights = np.ones(cover.shape[1])
    mclp(cover[:50], weights, p=2)  # warm
    found = {gap: mclp(cover, weights, p=p, gap=gap) for gap in (0.01, 0.001)}
    best = benchmark.pedantic(mclp, (cover, weights), {"p": p}, rounds=1, iterations=1)
    assert best.status == "optimal"
    for gap, one in found.items():
        assert one.gap <= gap
        assert one.value <= best.value <= one.bound
    note(
        benchmark,
        pairs=f"{cover.nnz:,}",
        optimum=best.value,
        gap_of_1_percent_s=found[0.01].seconds,
        gap_of_a_tenth_of_a_percent_s=found[0.001].seconds,
        proven_optimum_s=best.seconds,
    )
