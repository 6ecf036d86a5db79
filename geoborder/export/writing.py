"""Plans and placements as folders of files, or as tables of a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.datasets import attribution_of
from geoborder.errors import OptionError
from geoborder.export.about import About, about_program
from geoborder.export.folders import fill_folder, made_with
from geoborder.export.geopackage import write_geopackage
from geoborder.export.layers import placement_layers, plan_layers
from geoborder.export.relief import write_relief
from geoborder.files import FORMATS, Format, write_layer
from geoborder.files.formats import format_named
from geoborder.files.geopackage import refuse_open
from geoborder.placement import Placement
from geoborder.plan import Plan
from geoborder.postgis import is_address, write_tables
from geoborder.program import Program
from geoborder.qgis import layer_styles, write_project
from geoborder.qgis.projection import project_crs
from geoborder.reach import write_isochrones

Writer = Callable[[Path], object]

_ALWAYS = ("gpkg", "csv")
"""Formats that every folder has."""

_REPEATS = frozenset({"segments_by_year"})
"""Layers that say for maps again what others say; CSV and databases do without."""

_NONE: Mapping[str, pd.DataFrame] = MappingProxyType({})
_NO_FILES: Mapping[str, Writer] = MappingProxyType({})


def write_plan(
    plan: Plan,
    target: str | Path,
    *,
    formats: Iterable[str] = (),
    schema: str = "geoborder",
    tables: Mapping[str, pd.DataFrame] | None = None,
    extra: Mapping[str, Writer] | None = None,
) -> list[Path]:
    """
    Write a plan's files to a folder, or its tables to a PostGIS database.

    All files are first made in a hidden folder beside their place and then moved
    there one by one, so that an interrupted run leaves the earlier ones whole;
    the manifest comes last and tells whether the others belong together. Tables of a
    database are written in one transaction.

    Parameters
    ----------
    plan
        The plan.
    target
        Folder, made if it is missing; files of other names in it stay. Or the address
        of a database (``postgresql://user@host/database``).
    formats
        Further formats to have each layer in, by their names in
        `geoborder.files.FORMATS`, such as ``geoparquet``, ``flatgeobuf``, ``kml``; each
        gets a folder of its name. Layers without rows are left out of ``geojsonseq``,
        tables without geometry of ``kml``.
    schema
        Schema of the database.
    tables
        Further tables by their names.
    extra
        Further files: name, and what writes it to a path.

    Returns
    -------
    list of Path
        ``plan.gpkg`` with titles, units and QGIS styles in it, ``plan.qgz`` (a QGIS
        project), ``relief.tif`` (where there is elevation), ``minutes.tif`` (where
        there are posts to set out from), CSV files in ``csv/``, those of further
        formats and the extra ones, ``manifest.json``. Empty for a database.

    Raises
    ------
    OptionError
        If the target is a file, or cannot be written, another program has changes to
        its GeoPackage that are not saved, or a format is unknown.

    See Also
    --------
    read_plan_tables : Read the tables again.
    verify_plan : Check the files.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> plan = gb.make_plan(segment_length_km=100, placed=False)
    >>> files = gb.write_plan(plan, tempfile.mkdtemp(), formats=["flatgeobuf"])
    >>> sorted({f.suffix for f in files})
    ['.csv', '.fgb', '.gpkg', '.json', '.qgz', '.tif']
    """
    about = about_program(plan.program)
    facts = {
        **_program_facts(about),
        "options": plan.options,
        "year": plan.coverage.year,
        "k": plan.coverage.k,
        "placement": None if plan.placement is None else _proof(plan.placement),
        "elevation": None if plan.dem is None else Path(plan.dem.source).name,
    }
    wanted = _formats(formats)
    layers = {**plan_layers(plan), **(tables or _NONE)}
    if is_address(str(target)):
        _refuse_files(wanted, extra or _NO_FILES)
        _to_database(layers, str(target), schema, about, facts)
        return []

    refuse_open(Path(target) / "plan.gpkg")

    def fill(stage: Path) -> None:
        _write_layers(layers, stage, "plan.gpkg", wanted, about)
        _write_rasters(plan, stage)
        _write_project(layers, stage, about)
        for name, write in (extra or _NO_FILES).items():
            write(stage / name)

    return fill_folder(Path(target), fill, about=about, facts=facts)


def write_placement(
    program: Program,
    placement: Placement,
    target: str | Path,
    *,
    formats: Iterable[str] = (),
    schema: str = "geoborder",
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> list[Path]:
    """
    Write a placement's files or tables, as `write_plan` does.

    Parameters
    ----------
    program
        The programme that was placed.
    placement
        The placement.
    target, formats, schema
        As for `write_plan`.
    tables
        Further tables by their names, such as its ``budget_sweep``.

    Returns
    -------
    list of Path
        ``placement.gpkg``, CSV files in ``csv/``, those of further formats,
        ``manifest.json``. Empty for a database.

    Raises
    ------
    OptionError
        If the target is a file, or cannot be written, or a format is unknown.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> border = gb.load_border("AND", "FRA")
    >>> sites = gb.propose_sites(program, border, line_spacing_km=10)
    >>> found = gb.place(program, border, sites)
    >>> files = gb.write_placement(program, found, tempfile.mkdtemp())
    >>> for file in files:
    ...     print(file.name)
    placement_by_year.csv
    placement_floors.csv
    placement_history.csv
    placement_items.csv
    placement_sites.csv
    placement.gpkg
    manifest.json
    """
    about = about_program(program)
    facts = {**_program_facts(about), "placement": _proof(placement)}
    wanted = _formats(formats)
    layers = {**placement_layers(placement), **(tables or _NONE)}
    if is_address(str(target)):
        _refuse_files(wanted, _NO_FILES)
        _to_database(layers, str(target), schema, about, facts)
        return []

    refuse_open(Path(target) / "placement.gpkg")

    def fill(stage: Path) -> None:
        _write_layers(layers, stage, "placement.gpkg", wanted, about)

    return fill_folder(Path(target), fill, about=about, facts=facts)


def _formats(names: Iterable[str]) -> list[Format]:
    """Find the formats that are not written anyway."""
    names = [names] if isinstance(names, str) else names
    found = {fmt.name: fmt for fmt in map(format_named, names)}
    return [fmt for name, fmt in found.items() if name not in _ALWAYS]


def _refuse_files(formats: list[Format], extra: Mapping[str, Writer]) -> None:
    """Refuse what a database does not hold."""
    if formats or extra:
        named = ", ".join([*(fmt.name for fmt in formats), *extra])
        msg = f"A database holds no files ({named}); write these to a folder."
        raise OptionError(msg)


def _write_layers(
    layers: Mapping[str, pd.DataFrame],
    stage: Path,
    geopackage: str,
    formats: list[Format],
    about: About,
) -> None:
    """Write all layers in all formats."""
    write_geopackage(layers, stage / geopackage, about=about)
    for fmt in (FORMATS["csv"], *formats):
        folder = stage / fmt.name
        folder.mkdir()
        for name, table in layers.items():
            if fmt.name == "csv" and name in _REPEATS:
                continue
            if fmt.name == "kml" and not isinstance(table, gpd.GeoDataFrame):
                continue  # it would be a list of placemarks without a place
            if table.empty and "no rows" in fmt.changes:
                continue  # GDAL takes a file without a line for no layer
            write_layer(table, folder / f"{name}{fmt.endings[0]}")


def _write_rasters(plan: Plan, stage: Path) -> None:
    """Write shaded relief and minutes of travel, where there are such."""
    if plan.dem is not None:
        crs = project_crs(plan.border)
        write_relief(plan.dem, stage / "relief.tif", crs=crs)
    if plan.reached is not None:
        write_isochrones(plan.reached, stage / "minutes.tif")


def _write_project(
    layers: Mapping[str, pd.DataFrame], stage: Path, about: About
) -> None:
    """Write a QGIS project of the files beside it."""
    relief, minutes = (
        name if (stage / name).is_file() else None
        for name in ("relief.tif", "minutes.tif")
    )
    write_project(
        layers,
        stage / "plan.qgz",
        geopackage="plan.gpkg",
        relief=relief,
        minutes=minutes,
        title=about.title,
        currency=about.currency,
        years=about.years,
        attribution=attribution_of([*layers, *(("relief",) if relief else ())]),
        side=about.side,
    )


def _to_database(
    layers: Mapping[str, pd.DataFrame],
    address: str,
    schema: str,
    about: About,
    facts: Mapping[str, object],
) -> None:
    """Write all tables in one transaction."""
    styles = layer_styles(
        layers, currency=about.currency, years=about.years, side=about.side
    )
    kept = {name: t for name, t in layers.items() if name not in _REPEATS}
    write_tables(
        kept,
        address,
        schema=schema,
        currency=about.currency,
        facts={**facts, **made_with(about)},
        styles=styles,
    )


def _program_facts(about: About) -> dict[str, object]:
    return {"program": about.title, "program_sha256": about.program_sha256}


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
