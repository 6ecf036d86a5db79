"""
GRASS's r.walk and r.cost, in a session with a location that it throws away.

`walk` and `cost` are called from a Python with numpy and rasterio; the session runs
this same file under the system's Python. GRASS starts from the middle of the cell that
a start point lies in. Seconds and memory are those of r.walk or r.cost alone: it reads
its maps, spreads and writes the result, while import and export are left out.

r.walk takes the region's resolution for metres, so a DEM's CRS must be projected and
in metres: on degrees it runs as well, and its distances are degrees. From a cell to
another, `rise` higher (or lower, if negative) and `run` metres away from middle to
middle in the plane, it adds

    a * run + k * rise + lambda * friction * run

where k is b uphill and on the level, c downhill, and d where rise / run is below
`slope_factor`. Friction is the mean of both cells; for a knight's move, of both cells
and of the two that it passes over, whose heights do not count. r.cost adds the same
means, times the distance in cells from west to east.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from peers.grass_viewshed import GRASS, SYSTEM_PYTHON, _module

# Langmuir's: seconds for each metre along, up, gently down and steeply down.
WALK_COEFF = "0.72,6.0,1.9998,-1.9998"


class Surface(NamedTuple):
    """Costs accumulated from the start points, and what they took to compute."""

    costs: NDArray[np.float64]  # NaN where nothing came
    cpu_s: float
    wall_s: float
    peak_mb: float  # never under the session's own, some 40 MB


def walk(
    dem: str | Path,
    starts: ArrayLike,
    *,
    knight: bool = False,
    friction: str | Path | None = None,
    walk_coeff: str = WALK_COEFF,
    friction_weight: float = 1.0,
    slope_factor: float = -0.2125,
    max_cost: int = 0,
    memory_mb: int = 300,
) -> Surface:
    """
    Run r.walk.

    Parameters
    ----------
    dem
        GeoTIFF of heights in metres, in a projected CRS in metres.
    starts
        Points, (n, 2) x and y in the CRS of `dem`.
    knight
        Move to 16 neighbours (flag -k), not 8.
    friction
        GeoTIFF on the grid of `dem`, in seconds for each metre; None is 0 everywhere.
        Knight's moves leap over one cell without height, but not without friction.
    walk_coeff
        The formula's a, b, c and d.
    friction_weight
        GRASS's lambda.
    slope_factor
        Slope below which downhill is steep.
    max_cost
        Spread no further from cells that cost more; 0 is no limit. Cells reached from
        within the limit keep what they had got, even if beyond it and not the least.
    memory_mb
        What GRASS may keep in memory.

    Returns
    -------
    Surface
        Seconds of walking from the nearest start, of the shape of `dem`, with the
        processor's and the clock's seconds and the peak of memory that r.walk took.

    Raises
    ------
    ValueError
        If a start is outside `dem`, or `friction` is on another grid.
    RuntimeError
        If GRASS fails; with what it said.
    """
    maps = {"elevation": dem}
    if friction is not None:
        maps["friction"] = friction
    options = {
        "walk_coeff": walk_coeff,
        "lambda": friction_weight,
        "slope_factor": slope_factor,
        "max_cost": max_cost,
        "memory": memory_mb,
    }
    return _accumulate("r.walk", maps, starts, knight=knight, options=options)


def cost(
    costs: str | Path,
    starts: ArrayLike,
    *,
    knight: bool = False,
    max_cost: int = 0,
    memory_mb: int = 300,
) -> Surface:
    """
    Run r.cost.

    Parameters
    ----------
    costs
        GeoTIFF of what it costs to cross a cell from west to east.
    starts
        Points, (n, 2) x and y in the CRS of `costs`.
    knight
        Move to 16 neighbours (flag -k), not 8.
    max_cost
        As in `walk`.
    memory_mb
        What GRASS may keep in memory.

    Returns
    -------
    Surface
        Costs from the nearest start, of the shape of `costs`, with the processor's and
        the clock's seconds and the peak of memory that r.cost took.

    Raises
    ------
    ValueError
        If a start is outside `costs`.
    RuntimeError
        If GRASS fails; with what it said.
    """
    options = {"max_cost": max_cost, "memory": memory_mb}
    return _accumulate(
        "r.cost", {"input": costs}, starts, knight=knight, options=options
    )


def _accumulate(
    module: str,
    maps: Mapping[str, str | Path],
    starts: ArrayLike,
    *,
    knight: bool,
    options: Mapping[str, object],
) -> Surface:
    """Run a module on maps, by its names for them, the first of which sets the grid."""
    files = {name: str(Path(path).resolve()) for name, path in maps.items()}
    points = np.asarray(starts, float).reshape(-1, 2)
    shape = _grid(list(files.values()), points)
    with tempfile.TemporaryDirectory(prefix="grass-walk-") as name:
        folder = Path(name)
        lines = [f"{x!r},{y!r}\n" for x, y in points.tolist()]
        (folder / "starts.txt").write_text("".join(lines), encoding="utf-8")
        flags = ["-k"] if knight else []
        job = {
            "module": module,
            "maps": files,
            "flags": flags,
            "options": dict(options),
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        location = next(iter(files.values()))
        program = [SYSTEM_PYTHON, __file__, name]
        done = subprocess.run(  # noqa: S603 - this very file
            [GRASS, "--tmp-location", location, "--exec", *program],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "GRASS_COMPRESSOR": "LZ4",
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            },
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        taken = json.loads((folder / "taken.json").read_text("utf-8"))
        out = np.fromfile(folder / "out.bin", "<f8").reshape(shape)
    return Surface(out, **taken)


def _grid(files: list[str], points: NDArray[np.float64]) -> tuple[int, int]:
    """Return rows and columns that all files share and all points lie in."""
    import rasterio  # noqa: PLC0415 - the system's Python has none

    grids = []
    for path in files:
        with rasterio.open(path) as file:
            grids.append((file.shape, file.transform))
    (rows, columns), transform = grids[0]
    for path, grid in zip(files[1:], grids[1:], strict=True):
        if grid[0] != (rows, columns) or not grid[1].almost_equals(transform, 1e-6):
            msg = f"{path} must be on the grid of {files[0]}."
            raise ValueError(msg)
    column, row = ~transform @ (points[:, 0], points[:, 1])
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    if not inside.all():
        msg = f"Starts must lie in {files[0]}, got {points[~inside][:5].tolist()}."
        raise ValueError(msg)
    return rows, columns


def _measured(name: str, *flags: str, **options: object) -> dict[str, float]:
    """Run a module of GRASS, and tell what that process alone took."""
    words = [name, "--quiet", *flags, *(f"{key}={v}" for key, v in options.items())]
    begun = time.perf_counter()
    process = subprocess.Popen(words, cwd="/")  # noqa: S603 - a module of GRASS
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, words)
    return {
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": wall,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def _inside(folder: Path) -> None:
    """Work as the session's program."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    for name, path in job["maps"].items():
        _module("r.in.gdal", input=path, output=name, band=1)
    _module("g.region", raster=next(iter(job["maps"])))
    maps = {name: name for name in job["maps"]}
    if "elevation" in maps and "friction" not in maps:
        _module("r.mapcalc", expression="friction = double(0)")
        maps["friction"] = "friction"
    _module(
        "v.in.ascii",
        "-t",
        "-b",
        input=folder / "starts.txt",
        output="starts",
        format="point",
        separator="comma",
    )
    taken = _measured(
        job["module"],
        *job["flags"],
        **maps,
        **job["options"],
        start_points="starts",
        output="accumulated",
    )
    out = folder / "out.bin"
    _module("r.out.bin", input="accumulated", output=out, bytes=8, null="nan")
    (folder / "taken.json").write_text(json.dumps(taken), encoding="utf-8")


if __name__ == "__main__":
    _inside(Path(sys.argv[1]))
