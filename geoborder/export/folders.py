"""Folders of files that are finished or absent, with a manifest of them all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from geoborder.datasets import ATTRIBUTION, data_path
from geoborder.errors import DataError, OptionError
from geoborder.export.layers import (
    placement_layers,
    plan_layers,
    write_csv,
    write_geopackage,
)
from geoborder.placement import Placement
from geoborder.plan import Plan
from geoborder.program import Program
from geoborder.tables import LONLAT

MANIFEST = "manifest.json"

_LIBRARIES = (
    "geoborder",
    "geopandas",
    "highspy",
    "numpy",
    "pandas",
    "pyproj",
    "shapely",
)

Writer = Callable[[Path], object]


def write_plan(
    plan: Plan,
    target: str | Path,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    extra: Mapping[str, Writer] | None = None,
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
    tables
        Further tables by their names, such as the ``budget_sweep`` of a placement.
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
    facts = {
        **_program_facts(plan.program),
        "options": plan.options,
        "year": plan.coverage.year,
        "k": plan.coverage.k,
        "placement": None if plan.placement is None else _proof(plan.placement),
        "elevation": None if plan.dem is None else Path(plan.dem.source).name,
    }
    layers = {**plan_layers(plan), **(tables or {})}
    return _write(Path(target), "plan.gpkg", layers, facts, extra or {})


def write_placement(
    program: Program,
    placement: Placement,
    target: str | Path,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> list[Path]:
    """
    Write a placement's files to a folder, as `write_plan` does.

    Parameters
    ----------
    program
        The programme that was placed.
    placement
        The placement.
    target
        Folder, made if it is missing. Files of other names in it stay.
    tables
        Further tables by their names, such as its ``budget_sweep``.

    Returns
    -------
    list of Path
        ``placement.gpkg``, CSV files in ``csv/``, ``manifest.json``.

    Raises
    ------
    OptionError
        If the target is a file, or cannot be written.
    """
    facts = {**_program_facts(program), "placement": _proof(placement)}
    layers = {**placement_layers(placement), **(tables or {})}
    return _write(Path(target), "placement.gpkg", layers, facts, {})


def _write(
    folder: Path,
    geopackage: str,
    layers: Mapping[str, pd.DataFrame],
    facts: Mapping[str, object],
    extra: Mapping[str, Writer],
) -> list[Path]:
    """Make all files in a hidden folder, then put them in their place."""
    if folder.exists() and not folder.is_dir():
        msg = f"`target` {str(folder)!r} is a file; name a folder."
        raise OptionError(msg)
    with _staging(folder) as stage:
        write_geopackage(layers, stage / geopackage)
        (stage / "csv").mkdir()
        write_csv(layers, stage / "csv")
        for name, write in extra.items():
            write(stage / name)
        names = sorted(
            str(p.relative_to(stage)) for p in stage.rglob("*") if p.is_file()
        )
        manifest = _manifest(facts, stage, names)
        (stage / MANIFEST).write_text(
            json.dumps(manifest, indent=2, allow_nan=False) + "\n", encoding="utf-8"
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


def _program_facts(program: Program) -> dict[str, object]:
    text = program.model_dump_json()
    return {
        "program": program.name,
        "program_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _proof(placement: Placement) -> dict[str, object]:
    """How good a placement is; what is infinite is left empty."""
    numbers = {
        "value": placement.value,
        "bound": placement.bound,
        "gap": placement.gap,
        "seconds": placement.seconds,
        "cost": placement.cost,
    }
    return {
        "objective": placement.objective,
        **{k: float(v) if np.isfinite(v) else None for k, v in numbers.items()},
        "status": placement.status,
        "items": len(placement.items),
        "sites": len(placement.sites),
        "checksum": placement.checksum,
    }


def _manifest(
    facts: Mapping[str, object], stage: Path, names: list[str]
) -> dict[str, object]:
    """Record what was run on what, and what came out."""
    sums = data_path("SHA256SUMS").read_text(encoding="utf-8").split()
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    made = datetime.fromtimestamp(int(stamp), UTC) if stamp else datetime.now(UTC)
    return {
        **facts,
        "made": made.isoformat(timespec="seconds"),
        "crs": LONLAT,
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
        Folder that `write_plan` or `write_placement` wrote.

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
            "with `geoborder run` or `geoborder place`."
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
