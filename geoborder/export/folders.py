"""Folders of files that are finished or absent, with a manifest of them all."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from geoborder.datasets import data_path
from geoborder.errors import DataError, OptionError
from geoborder.export.about import About
from geoborder.tables import LONLAT

MANIFEST = "manifest.json"

_LIBRARIES = (
    "geoborder",
    "geopandas",
    "highspy",
    "numpy",
    "pandas",
    "pyogrio",
    "pyproj",
    "shapely",
)


def fill_folder(
    folder: Path,
    fill: Callable[[Path], None],
    *,
    about: About,
    facts: Mapping[str, object],
) -> list[Path]:
    """
    Make all files in a hidden folder, then put them in their place.

    Parameters
    ----------
    folder
        Folder, made if it is missing. Files of other names in it stay.
    fill
        Makes the files in a folder.
    about
        What is said of all of them.
    facts
        What the manifest shall say besides.

    Returns
    -------
    list of Path
        The files, the manifest last.

    Raises
    ------
    OptionError
        If it is a file, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"`target` {str(folder)!r} is a file; name a folder."
        raise OptionError(msg)
    with _staging(folder) as stage:
        fill(stage)
        names = sorted(
            p.relative_to(stage).as_posix() for p in stage.rglob("*") if p.is_file()
        )
        manifest = {**facts, **_record(about, stage, names)}
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


def _record(about: About, stage: Path, names: list[str]) -> dict[str, object]:
    """Record with what files were made, and what came out."""
    return {
        **made_with(about),
        "outputs": {
            name: {
                "bytes": (stage / name).stat().st_size,
                "sha256": sha256_of(stage / name),
            }
            for name in names
        },
    }


def made_with(about: About) -> dict[str, object]:
    """
    Record with what, and when, a plan's files are made.

    Parameters
    ----------
    about
        What is said of all of them.

    Returns
    -------
    dict
        For the manifest.
    """
    sums = data_path("SHA256SUMS").read_text(encoding="utf-8").split()
    return {
        "made": about.made.isoformat(timespec="seconds"),
        "crs": LONLAT,
        "attribution": about.attribution,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
        "inputs": dict(zip(sums[1::2], sums[::2], strict=True)),
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

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = gb.write_plan(plan, folder)
    >>> gb.verify_plan(folder)
    []
    >>> _ = (folder / "csv" / "assets.csv").write_text("changed by hand")
    >>> gb.verify_plan(folder)
    ['csv/assets.csv: changed since it was written']
    """
    place = Path(folder) / MANIFEST
    try:
        outputs = json.loads(place.read_text(encoding="utf-8"))["outputs"]
        sums = {str(name): facts["sha256"] for name, facts in outputs.items()}
    except OSError as error:
        msg = (
            f"Folder {str(folder)!r} has no {MANIFEST} that can be read "
            f"({error.strerror}); name one that `geoborder run` or `geoborder place` "
            "wrote."
        )
        raise DataError(msg) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"{str(place)!r} is not a manifest of geoborder; write one with "
            "`geoborder run` or `geoborder place`."
        )
        raise DataError(msg) from error
    faults = []
    for name, checksum in sums.items():
        file = Path(folder) / name
        if not file.is_file():
            faults.append(f"{name}: missing")
        elif sha256_of(file) != checksum:
            faults.append(f"{name}: changed since it was written")
    return faults
