"""What a report was made of, and with: the same text for the same plan."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from geoborder.plan import Plan
from geoborder.report.figures import cell_m

_LIBRARIES = (
    "geopandas",
    "highspy",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)


def provenance(plan: Plan) -> list[tuple[str, str]]:
    """
    Say what a plan was worked out from, how, and with which software.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of tuple of str
        Label and text; no time of day, so that the same plan gives the same text.
    """
    program, coverage = plan.program, plan.coverage
    checksum = hashlib.sha256(program.model_dump_json().encode()).hexdigest()
    rows = [
        ("geoborder", version("geoborder")),
        ("Programme", program.name),
        ("Checksum of the programme (SHA-256 of its content)", checksum),
        ("Border", _border(plan)),
        ("Options", _options(plan)),
        ("Coverage", f"by {coverage.k} or more; described for {coverage.year}"),
        ("Elevation", _elevation(plan)),
    ]
    if plan.placement is not None:
        rows.append(
            ("Checksum of what the placement rests on", plan.placement.checksum)
        )
    packages = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    rows.append(("Software", f"Python {platform.python_version()}, {packages}"))
    return rows


def _border(plan: Plan) -> str:
    """Say which lines, how long, and which official length they are scaled to."""
    lines = ", ".join(
        f"{row.border_id} ({row.length_km:,.3f} km)" for row in plan.border.itertuples()
    )
    official = plan.program.border.official_length_km
    scaled = "official_length_km" in plan.border.columns and official is not None
    return f"{lines}; official chainage of {official:,.10g} km" if scaled else lines


def _options(plan: Plan) -> str:
    """Write what `make_plan` was called with."""
    parts = [f"{name} {value}" for name, value in sorted(plan.options.items())]
    placed = "chosen" if plan.placement is not None else "not chosen"
    return "; ".join([*parts, f"sites {placed}"])


def _elevation(plan: Plan) -> str:
    """Say which elevation, how large and how fine."""
    size = cell_m(plan)
    if plan.dem is None or size is None:
        return "none"
    rows, columns = plan.dem.shape
    return (
        f"{Path(plan.dem.source).name}, {rows:,} by {columns:,} cells of about "
        f"{size[0]:,} by {size[1]:,} m"
    )
