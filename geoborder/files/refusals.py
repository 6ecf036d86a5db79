"""What GDAL loses without a word, refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geoborder.errors import DataError
from geoborder.files.formats import Format
from geoborder.shapes import Shapes

_LOWEST = -(2**63)
"""Taken for one too large by GDAL's reader of GeoJSON, which then rounds others."""


def refuse_cases(names: Iterable[str], fmt: Format) -> None:
    """
    Refuse names of columns that GDAL and SQL take for one.

    Parameters
    ----------
    names
        Names of all columns.
    fmt
        The format to write.

    Raises
    ------
    DataError
        If two differ by capitals only.
    """
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            msg = (
                f"{fmt.title} takes the columns {first!r} and {name!r} for one; "
                "rename one of them."
            )
            raise DataError(msg)


def refuse_heights(shapes: Shapes, fmt: Format) -> None:
    """
    Refuse geometries with Z, where they are of several types.

    Parameters
    ----------
    shapes
        Geometries of several types, None where there is none.
    fmt
        The format to write.

    Raises
    ------
    DataError
        If one has Z, which GDAL writes only where the layer has one type.
    """
    if shapely.has_z(shapes).any():
        msg = (
            f"{fmt.title} does not keep the heights (Z) of points, lines and polygons "
            "in one layer; write a .gpkg, or a layer for each, or drop them by "
            "`shapely.force_2d`."
        )
        raise DataError(msg)


def refuse_values(arrays: Mapping[str, pa.ChunkedArray], fmt: Format) -> None:
    """
    Refuse text that is cut, and the number for which others are rounded.

    Parameters
    ----------
    arrays
        Columns by their names, as `geoborder.columns.arrow_of` gives them.
    fmt
        The format to write.

    Raises
    ------
    DataError
        If there is such a value.
    """
    for name, array in arrays.items():
        if pa.types.is_string(array.type):
            found = pc.match_substring(array, "\0")
            what, mend = "text with a NUL character", "take it out"
        elif pa.types.is_integer(array.type) and fmt.driver == "GeoJSON":
            found = pc.equal(array, _LOWEST)
            what, mend = f"the number {_LOWEST}", "take another"
        else:
            continue
        if pc.any(found).as_py():
            msg = (
                f"Column {name!r} has {what}, which {fmt.title} does not keep; {mend}, "
                "or write .parquet or .csv."
            )
            raise DataError(msg)
