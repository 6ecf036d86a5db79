"""
The classic location models against spopt's, on the same matrices.

Both end in a proven optimum (spopt through PuLP and HiGHS), so the values are equal;
selections may differ where several are best.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from geoborder.placement.classic import lscp, lscp_b, mclp
from geoborder.placement.classic.medians import p_center, p_median

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what spopt and its dependencies deprecate
    import pulp
    from spopt import locate

pytestmark = pytest.mark.filterwarnings("ignore::Warning:spopt", "ignore::Warning:pulp")

SEEDS = range(4)
RADIUS = 0.2


def places(seed: int, targets: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Distances of targets from 30 sites in a square, and weights."""
    rng = np.random.default_rng(seed)
    sites, ends = rng.random((30, 1, 2)), rng.random((1, targets, 2))
    distances = np.hypot(*np.moveaxis(sites - ends, 2, 0))
    if seed % 2:  # many that are equal
        distances = np.round(distances, 2)
    near = distances.min(axis=0) <= RADIUS
    return distances[:, near], rng.integers(1, 20, near.sum()).astype(float)


def solver() -> Any:  # noqa: ANN401 - pulp has no types
    return pulp.HiGHS(msg=False)


def objective(model: Any) -> float:  # noqa: ANN401
    assert model.problem.status == pulp.LpStatusOptimal
    return float(pulp.value(model.problem.objective))


@pytest.mark.parametrize("seed", SEEDS)
def test_lscp(seed: int) -> None:
    distances, _ = places(seed)
    peer = locate.LSCP.from_cost_matrix(distances.T, RADIUS).solve(solver())
    assert lscp(distances <= RADIUS).value == objective(peer)


@pytest.mark.parametrize("seed", SEEDS)
def test_lscp_b(seed: int) -> None:
    """
    Spopt 0.7 counts targets that one site alone could cover as covered twice.

    Their variables are in no constraint; without them both values are equal.
    """
    distances, _ = places(seed)
    peer = locate.LSCPB.from_cost_matrix(distances.T, RADIUS, solver()).solve()
    cover = distances <= RADIUS
    found = lscp_b(cover)
    alone = (cover.sum(axis=0) == 1).sum()
    assert found.value == pytest.approx(objective(peer) - alone)
    chosen = [variable.value() > 0.5 for variable in peer.fac_vars]
    assert (cover[chosen].sum(axis=0) >= 2).sum() == found.value
    assert len(found.selected) == sum(chosen) == peer.lscp_obj_value


@pytest.mark.parametrize("p", [1, 4, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_mclp(seed: int, p: int) -> None:
    distances, weights = places(seed)
    peer = locate.MCLP.from_cost_matrix(distances.T, weights, RADIUS, p_facilities=p)
    found = mclp(distances <= RADIUS, weights, p=p)
    assert found.value == pytest.approx(objective(peer.solve(solver())))


@pytest.mark.parametrize("p", [1, 4, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_p_median(seed: int, p: int) -> None:
    distances, weights = places(seed, 60)
    peer = locate.PMedian.from_cost_matrix(distances.T, weights, p_facilities=p)
    found = p_median(distances, weights, p=p)
    assert found.value == pytest.approx(objective(peer.solve(solver())))


@pytest.mark.parametrize("p", [1, 4, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_p_center(seed: int, p: int) -> None:
    distances, _ = places(seed, 60)  # more take the peer minutes
    peer = locate.PCenter.from_cost_matrix(distances.T, p_facilities=p)
    found = p_center(distances, p=p)
    assert found.value == pytest.approx(objective(peer.solve(solver())), abs=1e-6)
