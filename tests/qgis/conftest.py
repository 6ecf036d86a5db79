"""QGIS without a screen, with a home of its own, under the system's Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import missing

SYSTEM_PYTHON = "/usr/bin/python3"
_OF_THIS_PYTHON = (
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "LD_LIBRARY_PATH",
    "PROJ_DATA",
    "PROJ_LIB",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
)
"""What would make QGIS read another GDAL's, PROJ's or Python's files."""

Environment = Callable[[Path], dict[str, str]]
PyQgis = Callable[..., Any]


@pytest.fixture(scope="session")
def qgis_environment() -> Environment:
    """Make environments for QGIS; without it skip, or fail where CI is set."""
    found = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    known = found is not None and Path(SYSTEM_PYTHON).is_file()
    if known:
        asked = [SYSTEM_PYTHON, "-c", "import qgis"]
        done = subprocess.run(asked, check=False, capture_output=True)  # noqa: S603 - a path of this file
        known = done.returncode == 0
    if not known:
        missing("needs QGIS (Debian: apt-get install qgis python3-qgis)")

    def environment(tmp: Path) -> dict[str, str]:
        """Give QGIS a home, a profile and a folder for run-time files in `tmp`."""
        home = tmp / "home"
        run = tmp / "run"
        for folder in (home, run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if k not in _OF_THIS_PYTHON}
        path = [p for p in kept["PATH"].split(":") if not p.startswith(_own_folder())]
        return kept | {
            "HOME": str(home),
            "PATH": ":".join(path),
            "XDG_RUNTIME_DIR": str(run),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "QGIS_CUSTOM_CONFIG_PATH": str(home / "qgis"),
            "QT_QPA_PLATFORM": "offscreen",
            "LC_ALL": "C.UTF-8",
        }

    return environment


def _own_folder() -> str:
    """Where this environment's programs lie."""
    return os.environ.get("VIRTUAL_ENV", "\0")


@pytest.fixture(scope="session")
def pyqgis(
    qgis_environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> PyQgis:
    """Run scripts that print JSON as their last line under the system's Python."""
    environment = qgis_environment(tmp_path_factory.mktemp("qgis"))

    def run(script: Path, *arguments: object) -> Any:  # noqa: ANN401 - any JSON
        done = subprocess.run(  # noqa: S603 - a script of these tests
            [SYSTEM_PYTHON, str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
