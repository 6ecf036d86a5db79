"""Comparisons as files: a CSV per table, and a GeoPackage of those with places."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoborder.compare.borders import BorderDifference
from geoborder.compare.plans import PlanDifference
from geoborder.compare.progress import Progress
from geoborder.errors import OptionError

_GEOPACKAGE = "comparison.gpkg"

_SHAPES = {"assets": "Point", "points": "Point"}
"""Geometry type of layers, which an empty one does not show; others are lines."""


def write_comparison(
    found: PlanDifference | BorderDifference | Progress, target: str | Path
) -> list[Path]:
    """
    Write a comparison's tables to a folder.

    Parameters
    ----------
    found
        What `compare_plans`, `compare_borders` or `track_progress` returned.
    target
        Folder, made if it is missing. Files of other names in it stay.

    Returns
    -------
    list of Path
        A CSV file per table, named as the attribute that holds it (geometries as
        WKT), and ``comparison.gpkg`` with the tables that have geometries, if there
        are any. All are made before the first is put in place.

    Raises
    ------
    OptionError
        If the target is a file, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> coarse = gb.load_border(countries=gb.load_countries("50m"))
    >>> found = gb.compare_borders(gb.load_border(), coarse, spacing_km=10)
    >>> files = gb.write_comparison(found, tempfile.mkdtemp())
    >>> sorted(file.name for file in files)
    ['comparison.gpkg', 'displacement.csv', 'lengths.csv', 'points.csv']
    """
    tables = {
        field.name: value
        for field in fields(found)
        if isinstance(value := getattr(found, field.name), pd.DataFrame)
    }
    folder = Path(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".geoborder-", dir=folder) as stage:
            for name, table in tables.items():
                _write(table, name, Path(stage))
            parts = sorted(Path(stage).iterdir())
            return [part.replace(folder / part.name) for part in parts]
    except OSError as error:
        msg = f"Folder {str(folder)!r} cannot be written: {error.strerror}."
        raise OptionError(msg) from error


def _write(table: pd.DataFrame, name: str, folder: Path) -> None:
    """Write a table as CSV and, with geometries, as a layer."""
    plain = pd.DataFrame(table)
    if isinstance(table, gpd.GeoDataFrame):
        plain = plain.assign(geometry=table.geometry.to_wkt(rounding_precision=7))
        file = folder / _GEOPACKAGE
        options: dict[str, object] = {"dataset_options": {"VERSION": "1.2"}}
        if file.exists():
            options = {"append": True}
        pyogrio.write_dataframe(
            table.rename_geometry("geom"), file, layer=name, driver="GPKG",
            geometry_type=_SHAPES.get(name, "LineString"), **options,
        )  # fmt: skip
    plain.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
