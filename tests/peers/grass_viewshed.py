"""
GRASS's r.viewshed, in a session of its own with a location that it throws away.

`viewsheds` is called from any Python with numpy; the session runs this same file under
the system's Python. GRASS looks from the node nearest to the site, interpolates between
nodes, and takes the location's ellipsoid for the earth's curvature.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GRASS = "grass"
SYSTEM_PYTHON = "/usr/bin/python3"


def version() -> str | None:
    """Return GRASS's version, or None where there is none."""
    if shutil.which(GRASS) is None:
        return None
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [GRASS, "--config", "version"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def viewsheds(  # noqa: PLR0913 - every option by its name
    heights: np.ndarray,
    geotransform: tuple[float, ...],
    crs: str,
    x: np.ndarray,
    y: np.ndarray,
    *,
    mast_m: float,
    target_m: float,
    range_m: float,
    refraction: float = 0.13,
    memory_mb: int = 2000,
    crop: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Compute sites' viewsheds: seconds for each, masks (sites, rows, columns).

    `geotransform` is `transform.to_gdal()` of a raster whose rows run from north to
    south in a projected CRS. With `crop` GRASS gets only the square of a site's range
    as its region, which spares it the rest of the raster.
    """
    rows, columns = heights.shape
    west, step_x, _, north, _, step_y = (float(v) for v in geotransform)
    with tempfile.TemporaryDirectory(prefix="grass-viewshed-") as name:
        folder = Path(name)
        heights.astype("<f4").tofile(folder / "dem.bin")
        job = {
            "rows": rows,
            "columns": columns,
            "west": west,
            "north": north,
            "step_x": step_x,
            "step_y": -step_y,
            "sites": np.stack([x, y], axis=-1).reshape(-1, 2).tolist(),
            "mast": mast_m,
            "target": target_m,
            "range": range_m,
            "refraction": refraction,
            "memory": memory_mb,
            "crop": crop,
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - this very file
            [GRASS, "--tmp-location", crs, "--exec", SYSTEM_PYTHON, __file__, name],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1", "GRASS_COMPRESSOR": "NONE"},
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        seconds = np.array(json.loads((folder / "seconds.json").read_text("utf-8")))
        masks = [
            np.fromfile(folder / f"mask-{site}.bin", np.uint8).reshape(rows, columns)
            for site in range(len(seconds))
        ]
    return seconds, np.array(masks) == 1


def _module(name: str, *flags: str, **options: object) -> None:
    subprocess.run(  # noqa: S603 - a module of GRASS
        [name, "--quiet", "--overwrite", *flags]
        + [f"{key}={value}" for key, value in options.items()],
        check=True,
        cwd="/",
    )


def _inside(folder: Path) -> None:
    """Work as the session's program."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    west, north = job["west"], job["north"]
    whole = {
        "n": north,
        "s": north - job["rows"] * job["step_y"],
        "w": west,
        "e": west + job["columns"] * job["step_x"],
    }
    _module(
        "r.in.bin",
        "-f",
        input=folder / "dem.bin",
        output="dem",
        bytes=4,
        order="little",
        anull="nan",
        rows=job["rows"],
        cols=job["columns"],
        north=whole["n"],
        south=whole["s"],
        west=whole["w"],
        east=whole["e"],
    )
    _module("g.region", raster="dem")
    seconds = []
    for number, (x, y) in enumerate(job["sites"]):
        if job["crop"]:
            reach = job["range"] + job["step_x"]
            region = {
                "n": min(y + reach, whole["n"]),
                "s": max(y - reach, whole["s"]),
                "w": max(x - reach, whole["w"]),
                "e": min(x + reach, whole["e"]),
            }
            _module("g.region", align="dem", **region)
        start = time.perf_counter()
        _module(
            "r.viewshed",
            "-c",
            "-r",
            "-b",
            input="dem",
            output="seen",
            coordinates=f"{x!r},{y!r}",
            observer_elevation=job["mast"],
            target_elevation=job["target"],
            max_distance=job["range"],
            refraction_coeff=job["refraction"],
            memory=job["memory"],
            directory=folder,
        )
        seconds.append(time.perf_counter() - start)
        _module("g.region", raster="dem")
        out = folder / f"mask-{number}.bin"
        _module("r.out.bin", "-i", input="seen", output=out, bytes=1, null=0)
    (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    _inside(Path(sys.argv[1]))
