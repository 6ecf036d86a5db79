"""Shared fixtures: the real border, a plan of it, and the tools tests need."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from databases import Server, start_server
from filelock import FileLock
from hypothesis import settings
from tools import missing

import geoborder as gb

settings.register_profile("geoborder", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("geoborder")


@pytest.fixture(scope="session")
def border() -> gpd.GeoDataFrame:
    return gb.load_border()


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> gb.Plan:
    """Make the default plan, once for all processes that the tests run in."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return gb.make_plan()
    file = tmp_path_factory.getbasetemp().parent / "plan.pickle"
    with FileLock(f"{file}.lock"):
        if not file.is_file():
            file.write_bytes(pickle.dumps(gb.make_plan()))
    return pickle.loads(file.read_bytes())  # noqa: S301 - what one of us wrote


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; without it the test is skipped, or fails where CI is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("needs Chromium (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="session")
def axe() -> Path:
    """Path of axe-core; without it the test is skipped, or fails where CI is set."""
    file = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
    if not file.is_file():
        missing("needs axe-core (npm install --no-save axe-core@4.14.1)")
    return file


@pytest.fixture(scope="session")
def postgis() -> Iterator[Server]:
    """Start a PostgreSQL with PostGIS; without it the test is skipped, or fails."""
    with start_server() as server:
        yield server


@pytest.fixture
def postgis_address(postgis: Server) -> Iterator[str]:
    """Address of an empty database with PostGIS."""
    with postgis.database() as name:
        yield postgis.address(name)


@pytest.fixture
def program_file(tmp_path: Path) -> Path:
    """Write a small programme that is right; tests put faults into it."""
    path = tmp_path / "programme.yaml"
    path.write_text(
        """\
name: Small
first_year: 2025
last_year: 2027
border: {left: TJK, right: AFG}
budgets: {2025: 1000}
equipment:
  mast:
    name: Mast
    category: observation
    mode: radius
    range_km: 5
    cost: 10.01
    basis: illustrative
measures:
  masts:
    name: Masts
    category: observation
    quantity: 7
    equipment: mast
    basis: illustrative
assets:
  old:
    name: Old mast
    equipment: mast
    longitude: 68.6
    latitude: 37.2
    basis: illustrative
""",
        encoding="utf-8",
    )
    return path
