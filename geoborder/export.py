"""A plan as files: GeoPackage, CSV, map, report, and a manifest of them all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoborder.datasets import ATTRIBUTION, data_path
from geoborder.errors import DataError, OptionError
from geoborder.plan import Plan
from geoborder.tables import LONLAT

MANIFEST = "manifest.json"

_LIBRARIES = ("geoborder", "geopandas", "numpy", "pandas", "pyproj", "shapely")

Writer = Callable[[Path], object]


def plan_layers(plan: Plan) -> dict[str, pd.DataFrame]:
    """
    Gather a plan's tables under the names they have in files.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    dict of str to DataFrame
        GeoDataFrames (EPSG:4326) and plain tables, in a fixed order.
    """
    coverage, response = plan.coverage, plan.response
    measures = pd.DataFrame(
        [
            {
                "measure_id": key,
                "name": m.name,
                "category": m.category,
                "unit": m.unit,
                "equipment": m.equipment,
                "placed": m.placed,
                "basis": m.basis,
                "note": m.note,
            }
            for key, m in plan.program.measures.items()
        ]
    )
    totals = plan.assignments.groupby("measure_id")[["quantity", "cost"]].sum().round(3)
    measures = measures.join(totals, on="measure_id") if len(measures) else measures
    layers: dict[str, pd.DataFrame | None] = {
        "border": plan.border,
        "units": plan.units,
        "segments": plan.segments,
        "assets": plan.assets,
        "measures": measures,
        "assignments": plan.assignments,
        "coverage": coverage.intervals,
        "gaps": coverage.gaps,
        "coverage_by_year": coverage.by_year,
        "coverage_by_segment_year": coverage.by_segment_year,
        "coverage_by_unit_year": coverage.by_unit_year,
        "response": None if response is None else response.cells,
        "response_by_segment": None if response is None else response.by_segment,
        "response_by_unit_year": None if response is None else response.by_unit_year,
        "response_by_year": None if response is None else response.by_year,
        "isochrones": None if plan.reached is None else plan.reached.areas,
        "costs_by_year": plan.costs.reset_index(),
        "posts_by_year": plan.posts,
        "facing_units": plan.facing,
        "lengths_by_map": plan.lengths,
        "checks": plan.checks,
        "crossings": plan.crossings,
        "places": plan.places,
    }
    return {name: table for name, table in layers.items() if table is not None}


def write_geopackage(plan: Plan, path: Path) -> None:
    """
    Write a plan's tables as the layers of one GeoPackage.

    Parameters
    ----------
    plan
        The plan.
    path
        File to write; it must not exist.
    """
    for name, table in plan_layers(plan).items():
        options: dict[str, object] = {}
        if isinstance(table, gpd.GeoDataFrame):
            table = table.rename_geometry("geom")  # noqa: PLW2901 - as the standard names it
            options["promote_to_multi"] = len(set(table.geom_type.dropna())) > 1
        if path.exists():
            options["append"] = True
        else:
            options["dataset_options"] = {"VERSION": "1.2"}  # older GDAL reads it too
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", **options)


def write_csv(plan: Plan, folder: Path) -> None:
    """
    Write a plan's tables as CSV files, geometries as WKT.

    Parameters
    ----------
    plan
        The plan.
    folder
        Existing folder.
    """
    for name, table in plan_layers(plan).items():
        plain = pd.DataFrame(table)
        if isinstance(table, gpd.GeoDataFrame):
            plain = plain.assign(geometry=table.geometry.to_wkt(rounding_precision=7))
        plain.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_plan(
    plan: Plan, target: str | Path, *, extra: dict[str, Writer] | None = None
) -> list[Path]:
    """
    Write a plan's files to a folder.

    All files are first made in a hidden folder beside their place and then moved
    there one by one, so that an interrupted run leaves the earlier ones whole;
    the manifest comes last and tells whether the others belong together.

    Parameters
    ----------
    plan
        The plan.
    target
        Folder, made if it is missing. Files of other names in it stay.
    extra
        Further files: name, and what writes it to a path.

    Returns
    -------
    list of Path
        ``plan.gpkg``, CSV files in ``csv/``, the extra files, ``manifest.json``.

    Raises
    ------
    OptionError
        If the target is a file, or cannot be written.
    """
    folder = Path(target)
    if folder.exists() and not folder.is_dir():
        msg = f"`target` {str(folder)!r} is a file; name a folder."
        raise OptionError(msg)
    with _staging(folder) as stage:
        write_geopackage(plan, stage / "plan.gpkg")
        (stage / "csv").mkdir()
        write_csv(plan, stage / "csv")
        for name, write in (extra or {}).items():
            write(stage / name)
        names = sorted(
            str(p.relative_to(stage)) for p in stage.rglob("*") if p.is_file()
        )
        manifest = _manifest(plan, stage, names)
        (stage / MANIFEST).write_text(
            json.dumps(manifest, indent=2) + "\n", encoding="utf-8"
        )
        written = []
        for name in [*names, MANIFEST]:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (stage / name).replace(place)
            written.append(place)
    return written


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Make a hidden folder inside the target, gone at the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".geoborder-", dir=folder))
    except OSError as error:
        msg = f"Folder {str(folder)!r} cannot be written: {error.strerror}."
        raise OptionError(msg) from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """
    Checksum of a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(plan: Plan, stage: Path, names: list[str]) -> dict[str, object]:
    """Record what was run on what, and what came out."""
    sums = data_path("SHA256SUMS").read_text(encoding="utf-8").split()
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    made = datetime.fromtimestamp(int(stamp), UTC) if stamp else datetime.now(UTC)
    program = plan.program.model_dump_json()
    return {
        "program": plan.program.name,
        "program_sha256": hashlib.sha256(program.encode()).hexdigest(),
        "made": made.isoformat(timespec="seconds"),
        "options": plan.options,
        "year": plan.coverage.year,
        "k": plan.coverage.k,
        "crs": LONLAT,
        "elevation": None if plan.dem is None else Path(plan.dem.source).name,
        "attribution": ATTRIBUTION,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
        "inputs": dict(zip(sums[1::2], sums[::2], strict=True)),
        "outputs": {
            name: {
                "bytes": (stage / name).stat().st_size,
                "sha256": sha256_of(stage / name),
            }
            for name in names
        },
    }


def verify_plan(folder: str | Path) -> list[str]:
    """
    Check a folder's files against its manifest.

    Parameters
    ----------
    folder
        Folder that `write_plan` wrote.

    Returns
    -------
    list of str
        What is wrong, one line per file; empty if all is well.

    Raises
    ------
    DataError
        If there is no manifest, or it cannot be read.
    """
    place = Path(folder) / MANIFEST
    try:
        outputs = json.loads(place.read_text(encoding="utf-8"))["outputs"]
    except (OSError, ValueError, KeyError) as error:
        msg = (
            f"{str(place)!r} is not a manifest of geoborder ({error}); write one "
            "with `geoborder run`."
        )
        raise DataError(msg) from error
    faults = []
    for name, facts in outputs.items():
        file = Path(folder) / name
        if not file.is_file():
            faults.append(f"{name}: missing")
        elif sha256_of(file) != facts["sha256"]:
            faults.append(f"{name}: changed since it was written")
    return faults
