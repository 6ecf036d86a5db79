"""Tables as they go into a database: columns with PostgreSQL's types, and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from geoborder.columns import arrow_of, free_name, plain_table
from geoborder.dictionary import LAYERS, field_of
from geoborder.errors import DataError
from geoborder.postgis.statements import require_name
from geoborder.shapes import Shapes, require_crs, typed

GEOMETRY = "geom"
"""Name of the active geometry in a database."""

ROW = "Number of the row, in the order of the table."
"""What the column says that keeps the order; reading a table drops it again."""

_ROW_NAMES = ("fid", "row_number")

_KINDS = {
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.string(): "text",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp without time zone",
    pa.timestamp("us", tz="UTC"): "timestamp with time zone",
}
"""PostgreSQL's types, as it writes them, of the types that `arrow_of` gives."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column in a database.

    Attributes
    ----------
    name : str
        Its name there.
    kind : str
        Its type, as PostgreSQL writes it.
    values : ChunkedArray
        Its values; geometries as EWKB.
    comment : str or None
        What it says about itself.
    spatial : bool
        Whether it holds geometries.
    """

    name: str
    kind: str
    values: pa.ChunkedArray
    comment: str | None = None
    spatial: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A column whose values stand in a column of another table.

    Attributes
    ----------
    column : str
        The column.
    table : str
        The other table.
    key : str
        Its column.
    """

    column: str
    table: str
    key: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A table as it goes into a database.

    Attributes
    ----------
    name : str
        Its name there, without the schema.
    columns : tuple of Column
        The number of the row first.
    rows : int
        How many rows there are.
    key : tuple of str
        Columns that tell the rows apart, if there are any; the primary key is the
        number of the row, since GDAL and QGIS know a feature by one whole number.
    references : tuple of Reference
        What refers to other tables.
    comment : str or None
        What it says about itself.
    """

    name: str
    columns: tuple[Column, ...]
    rows: int
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    comment: str | None = None

    @property
    def row(self) -> str:
        """Name of the column with the number of the row."""
        return self.columns[0].name


def crs_of(table: pd.DataFrame) -> dict[str, object]:
    """
    Name the CRS of each geometry column.

    Parameters
    ----------
    table
        Layer or table.

    Returns
    -------
    dict of str to pyproj.CRS
        By columns; empty where there are no geometries.

    Raises
    ------
    DataError
        If one has no CRS.
    """
    found = {}
    for name, dtype in table.dtypes.items():
        if str(dtype) == "geometry":
            layer = gpd.GeoDataFrame(geometry=gpd.GeoSeries(table[name]))
            require_crs(layer)
            found[str(name)] = layer.crs
    return found


def sheet_of(
    table: pd.DataFrame,
    name: str,
    *,
    srids: Mapping[str, int],
    empty: str | None = None,
) -> Sheet:
    """
    Prepare a table for a database.

    Parameters
    ----------
    table
        Layer or table. Not modified. A named index becomes its first columns.
    name
        Its name there.
    srids
        Number of the CRS of each geometry column.
    empty
        Type of the active geometries, or what they are parts of (``MultiPolygon``).

    Returns
    -------
    Sheet
        Without keys, references and descriptions.

    Raises
    ------
    DataError
        If a name occurs twice or is too long, or a database has no type for a column.
    """
    plain = plain_table(table)
    names = {column: column for column in plain.columns}
    active = None
    if isinstance(plain, gpd.GeoDataFrame):
        active = plain.active_geometry_name
    if active is not None and GEOMETRY not in names:
        names[active] = GEOMETRY
    columns = []
    for column, shown in names.items():
        require_name(shown, what=f"column of {name!r}")
        if column in srids:
            wanted = empty if column == active else None
            kind, values = _spatial(plain[column].to_numpy(), srids[column], wanted)
            columns.append(Column(shown, kind, values, spatial=True))
        else:
            columns.append(_plain(plain[column], shown, name))
    row = Column(
        free_name(set(names.values()), *_ROW_NAMES),
        _KINDS[pa.int64()],
        pa.chunked_array([pa.array(range(1, len(plain) + 1), pa.int64())]),
        ROW,
    )
    return Sheet(name, (row, *columns), len(plain))


def _plain(values: pd.Series, shown: str, table: str) -> Column:
    """Take a column without geometries."""
    try:
        array = arrow_of(values, moments="us")
    except DataError as error:
        msg = f"Table {table!r}: {error}"
        raise DataError(msg) from error
    return Column(shown, _KINDS[array.type], array)


def _spatial(
    shapes: Shapes, srid: int, wanted: str | None
) -> tuple[str, pa.ChunkedArray]:
    """Take a column of geometries: its type, and EWKB with the number of the CRS."""
    kinds = set(shapely.get_type_id(shapes[~shapely.is_missing(shapes)]).tolist())
    if wanted is not None and wanted.startswith("Multi"):
        # One multiple geometry more settles the type, whatever the plan holds.
        more = shapely.from_wkt(f"{wanted} EMPTY")
        with_more, kind = typed(_appended(shapes, more), multiple=True)
        shapes = with_more[:-1]
    else:
        shapes, kind = typed(shapes, multiple=True, empty=wanted)
    missing = shapely.is_missing(shapes)
    z, m = shapely.has_z(shapes[~missing]), shapely.has_m(shapes[~missing])
    kind = kind.removesuffix(" Z").replace("Unknown", "Geometry")
    marks = ("Z" if z.all() and kinds else "") + ("M" if m.all() and kinds else "")
    declared = f"geometry({kind}{marks},{srid})"
    if (z.any() and not z.all()) or (m.any() and not m.all()):
        declared = "geometry"  # a type holds either flat ones or others
    marked = shapely.set_srid(shapes, srid)
    wkb = pa.array(shapely.to_wkb(marked, include_srid=True), pa.large_binary())
    return declared, pa.chunked_array([wkb])


def _appended(shapes: Shapes, more: object) -> Shapes:
    """Put one geometry at the end."""
    return pd.Series([*shapes, more], dtype=object).to_numpy()


def described(sheet: Sheet, *, currency: str | None) -> Sheet:
    """
    Let a table and its columns say what they are, as far as the dictionary knows.

    Parameters
    ----------
    sheet
        The table.
    currency
        What costs are in.

    Returns
    -------
    Sheet
        The same with comments.
    """
    layer = LAYERS.get(sheet.name)
    if layer is None:
        return sheet
    columns = []
    for column in sheet.columns:
        said = column.comment or words_of(sheet.name, column.name, currency=currency)
        columns.append(replace(column, comment=said))
    comment = f"{layer.title}. {layer.description}".strip()
    return replace(sheet, columns=tuple(columns), comment=comment)


def words_of(layer: str, column: str, *, currency: str | None) -> str | None:
    """
    Say what a column is.

    Parameters
    ----------
    layer, column
        Names of a layer and of its column.
    currency
        What costs are in.

    Returns
    -------
    str or None
        None where the dictionary does not know it.
    """
    field = field_of(layer, column, currency=currency)
    return None if field is None else f"{field.alias}. {field.description}".strip()


def keyed(
    sheets: Mapping[str, Sheet], tables: Mapping[str, pd.DataFrame]
) -> list[Sheet]:
    """
    Give tables the keys and references that the dictionary knows and that hold.

    Parameters
    ----------
    sheets
        Tables by their names.
    tables
        The same, as they came.

    Returns
    -------
    list of Sheet
        In the same order. A key that is not there, or not unique, and a reference
        that leads nowhere are left out.
    """
    plain = {name: plain_table(table) for name, table in tables.items()}
    keys = {
        name: LAYERS[name].key
        for name, table in plain.items()
        if name in LAYERS and _is_key(table, LAYERS[name].key)
    }
    found = []
    for name, sheet in sheets.items():
        references = tuple(
            Reference(column, other, key)
            for column, (other, key) in _references(name).items()
            if keys.get(other) == (key,)
            and _refers(sheet, sheets[other], column, key)
            and _found_in(plain[name][column], plain[other][key])
        )
        key = keys.get(name, ())
        found.append(replace(sheet, key=key, references=references))
    return found


def _references(name: str) -> Mapping[str, tuple[str, str]]:
    """Look up what a table refers to by the dictionary."""
    return LAYERS[name].references if name in LAYERS else {}


def _is_key(table: pd.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether columns are there, full, and tell the rows apart."""
    if not key or not set(key) <= set(table.columns):
        return False
    values = table[list(key)]
    return not (values.isna().to_numpy().any() or values.duplicated().any())


def _refers(sheet: Sheet, other: Sheet, column: str, key: str) -> bool:
    """Whether both columns are there and of one type."""
    kinds = {c.name: c.kind for c in sheet.columns}
    others = {c.name: c.kind for c in other.columns}
    return column in kinds and kinds[column] == others.get(key)


def _found_in(values: pd.Series, among: pd.Series) -> bool:
    """Whether each value, where there is one, stands in a column."""
    return bool(values.dropna().isin(among).all())
