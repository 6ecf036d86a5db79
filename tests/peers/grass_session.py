"""Commands of GRASS, in a session with a location that it throws away."""

from __future__ import annotations

import os
import subprocess

from peers.grass_viewshed import GRASS


def run(crs: str, script: str) -> str:
    """
    Run a script, and give back what it printed.

    Parameters
    ----------
    crs
        CRS of the location, such as ``EPSG:4326``.
    script
        Commands for `sh`; the first that fails ends it.

    Raises
    ------
    RuntimeError
        If a command fails; with what it said.
    """
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [GRASS, "--tmp-location", crs, "--exec", "sh", "-e", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout
