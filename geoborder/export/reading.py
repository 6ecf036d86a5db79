"""Tables of a plan that was written before."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyogrio

from geoborder.dictionary import LAYERS
from geoborder.errors import DataError
from geoborder.export.times import segments_by_year
from geoborder.files.geopackage import STYLES
from geoborder.files.sources import read_source, source_of
from geoborder.postgis import is_address, read_tables

_FILES = ("plan.gpkg", "placement.gpkg")
_BY_YEAR = ("segments", "coverage_by_segment_year")


def read_plan_tables(
    source: str | Path, *, schema: str = "geoborder"
) -> dict[str, pd.DataFrame]:
    """
    Read the tables of a plan, or of a placement, that was written before.

    Parameters
    ----------
    source
        Folder that `write_plan` or `write_placement` wrote, its GeoPackage, or the
        address of the database (``postgresql://user@host/database``).
    schema
        Schema of the database.

    Returns
    -------
    dict of str to DataFrame
        GeoDataFrames and plain tables by their names: the layers that were written,
        with the types that `geoborder.read_layer` gives, in the order that plans have.

    Raises
    ------
    DataError
        If there is no plan, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import geoborder as gb
    >>> plan = gb.make_plan(segment_length_km=100, placed=False)
    >>> folder = tempfile.mkdtemp()
    >>> _ = gb.write_plan(plan, folder)
    >>> tables = gb.read_plan_tables(folder)
    >>> tables["segments"]["segment_id"].equals(plan.segments["segment_id"])
    True
    """
    if is_address(str(source)):
        found = read_tables(str(source), schema=schema)
        if "segments_by_year" not in found and found.keys() >= set(_BY_YEAR):
            found["segments_by_year"] = segments_by_year(
                *(found[name] for name in _BY_YEAR)
            )
    else:
        found = _layers_of(_geopackage(Path(source)))
    known = [name for name in LAYERS if name in found]
    others = [name for name in found if name not in LAYERS]
    return {name: found[name] for name in (*known, *others)}


def _geopackage(source: Path) -> Path:
    """Find the GeoPackage of a folder."""
    if source.is_file():
        return source
    for name in _FILES:
        if (source / name).is_file():
            return source / name
    msg = (
        f"{str(source)!r} holds no plan ({' or '.join(_FILES)}); name a folder that "
        "`geoborder run` or `geoborder place` wrote."
    )
    raise DataError(msg)


def _layers_of(path: Path) -> dict[str, pd.DataFrame]:
    """Read all layers of a GeoPackage."""
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        msg = f"{str(path)!r} cannot be read as a GeoPackage: {error}"
        raise DataError(msg) from error
    return {
        name: read_source(source_of(path, layer=name, name="gpkg"), spatial=True)
        for name in names
        if name != STYLES
    }
