"""
GDAL's viewshed, in a process of its own under the system's Python.

Debian's python3-gdal and the GDAL inside rasterio do not share a process. This file is
both sides of that: run by a Python that has `osgeo`, it computes; imported by any
other, it writes the input and speaks with such a process.

As a script it reads an npz file with `heights` (rows from north to south, NaN for no
data), `geotransform` (GDAL's six numbers), `x` and `y` of the sites in the DEM's
projected CRS (metres), `mast`, `target`, `range` and `cc` (one number, or one for each
site) and `crs`. It computes all sites and writes seconds for each and, if told so, what
each sees; with `--serve` it answers each line `run i j` on its input with the seconds
that sites i to j (without j) took, until the input ends.

GDAL looks from the node nearest to the site. `cc` is its curvature coefficient, one
less the refraction coefficient. It runs in one thread.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

SYSTEM_PYTHON = "/usr/bin/python3"
MODES = ("edge", "diagonal", "max", "min")
OUTSIDE, HIDDEN, VISIBLE = 2, 0, 1


class Dem:
    """A DEM in memory, loaded once, and the sites."""

    def __init__(self, path: str, mode: str) -> None:
        """Read the npz file, and put its heights into a MEM dataset."""
        from osgeo import gdal, osr  # noqa: PLC0415 - only in the system's Python

        gdal.UseExceptions()
        gdal.SetConfigOption("GDAL_NUM_THREADS", "1")
        self.gdal = gdal
        self.mode = getattr(gdal, f"GVM_{mode.title()}")
        with np.load(path) as file:
            given = dict(file)
        heights = np.ascontiguousarray(given["heights"], np.float32)
        self.shape = heights.shape
        self.x, self.y = np.atleast_1d(given["x"]), np.atleast_1d(given["y"])
        self.mast, self.target, self.range, self.cc = (
            np.broadcast_to(given[name].astype(float), self.x.shape)
            for name in ("mast", "target", "range", "cc")
        )
        rows, columns = heights.shape
        driver = gdal.GetDriverByName("MEM")
        self.dataset = driver.Create("", columns, rows, 1, gdal.GDT_Float32)
        self.dataset.SetGeoTransform([float(v) for v in given["geotransform"]])
        reference = osr.SpatialReference()
        reference.SetFromUserInput(str(given["crs"]))
        self.dataset.SetProjection(reference.ExportToWkt())
        band = self.dataset.GetRasterBand(1)
        band.WriteArray(heights)
        if np.isnan(heights).any():
            band.SetNoDataValue(float("nan"))

    def viewshed(self, site: int) -> Any:  # noqa: ANN401 - GDAL has no types
        """Compute one site's viewshed, a dataset in memory cut to its range."""
        return self.gdal.ViewshedGenerate(
            srcBand=self.dataset.GetRasterBand(1),
            driverName="MEM",
            targetRasterName="",
            creationOptions=[],
            observerX=float(self.x[site]),
            observerY=float(self.y[site]),
            observerHeight=float(self.mast[site]),
            targetHeight=float(self.target[site]),
            visibleVal=VISIBLE,
            invisibleVal=HIDDEN,
            outOfRangeVal=OUTSIDE,
            noDataVal=-1,
            dfCurvCoeff=float(self.cc[site]),
            mode=self.mode,
            maxDistance=float(self.range[site]),
            heightMode=self.gdal.GVOT_NORMAL,
        )

    def timed(self, first: int, last: int) -> float:
        """Seconds for some sites."""
        start = time.perf_counter()
        for site in range(first, last):
            self.viewshed(site)
        return time.perf_counter() - start

    def mask(self, result: Any) -> np.ndarray:  # noqa: ANN401 - GDAL has no types
        """Spread what a result sees over the whole DEM."""
        inside = result.ReadAsArray() == VISIBLE
        here, all_ = result.GetGeoTransform(), self.dataset.GetGeoTransform()
        column = round((here[0] - all_[0]) / all_[1])
        row = round((here[3] - all_[3]) / all_[5])
        whole = np.zeros(self.shape, bool)
        whole[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
        return whole


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--output", help="npz file for `seconds` (and `masks`)")
    parser.add_argument("--mode", choices=MODES, default="edge")
    parser.add_argument("--masks", action="store_true", help="write masks, packed")
    parser.add_argument("--serve", action="store_true", help="answer `run i j`")
    options = parser.parse_args()
    dem = Dem(options.input, options.mode)
    if options.serve:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in sys.stdin:
            _, first, last = line.split()
            sys.stdout.write(f"{dem.timed(int(first), int(last)):.9f}\n")
            sys.stdout.flush()
        return
    seconds, masks = [], []
    for site in range(len(dem.x)):
        start = time.perf_counter()
        result = dem.viewshed(site)
        seconds.append(time.perf_counter() - start)
        if options.masks:
            masks.append(np.packbits(dem.mask(result)))
    out: dict[str, Any] = {"seconds": np.array(seconds), "shape": np.array(dem.shape)}
    if masks:
        out["masks"] = np.array(masks)
    if options.output:
        np.savez(options.output, **out)
    sys.stdout.write("".join(f"{second:.6f}\n" for second in seconds))


def version() -> str | None:
    """Return the version of the system's GDAL, or None where there is none."""
    if not Path(SYSTEM_PYTHON).exists():
        return None
    code = "from osgeo import gdal; import numpy; print(gdal.__version__)"
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [SYSTEM_PYTHON, "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def write_input(  # noqa: PLR0913 - every option by its name
    path: Path | str,
    heights: np.ndarray,
    geotransform: tuple[float, ...],
    crs: str,
    x: np.ndarray,
    y: np.ndarray,
    *,
    mast_m: Any,  # noqa: ANN401 - numbers or arrays
    target_m: Any,  # noqa: ANN401
    range_m: Any,  # noqa: ANN401
    refraction: Any = 0.13,  # noqa: ANN401
) -> Path:
    """Write what the script reads; `geotransform` is `transform.to_gdal()`."""
    np.savez(
        path,
        heights=heights,
        geotransform=np.array(geotransform, float),
        crs=np.array(crs),
        x=np.asarray(x, float),
        y=np.asarray(y, float),
        mast=np.asarray(mast_m, float),
        target=np.asarray(target_m, float),
        range=np.asarray(range_m, float),
        cc=1 - np.asarray(refraction, float),
    )
    return Path(path)


def viewsheds(path: Path | str, *, mode: str = "edge") -> tuple[np.ndarray, np.ndarray]:
    """Compute all sites of an input: seconds for each, masks (sites, rows, columns)."""
    output = Path(path).with_suffix(".out.npz")
    subprocess.run(  # noqa: S603 - this very file
        [
            SYSTEM_PYTHON,
            __file__,
            str(path),
            "--mode",
            mode,
            "--masks",
            "--output",
            str(output),
        ],
        check=True,
        capture_output=True,
    )
    with np.load(output) as file:
        rows, columns = file["shape"]
        bits = np.unpackbits(file["masks"], axis=1, count=rows * columns)
        return file["seconds"], bits.reshape(-1, rows, columns).astype(bool)


class Server:
    """A process that has an input loaded and times sites on demand."""

    def __init__(self, path: Path | str, *, mode: str = "edge") -> None:
        """Start the process, and wait until it has loaded the input."""
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [SYSTEM_PYTHON, __file__, str(path), "--mode", mode, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._read() != "ready":
            msg = "GDAL's process did not start"
            raise RuntimeError(msg)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def run(self, first: int, last: int) -> float:
        """Seconds that GDAL needs for sites `first` to `last`, without `last`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"run {first} {last}\n")
        self._process.stdin.flush()
        return float(self._read())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()


if __name__ == "__main__":
    main()
