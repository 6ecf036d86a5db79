"""Tables, queries and whole plans read from a database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geoborder.columns import free_name, series_of
from geoborder.errors import DataError
from geoborder.postgis.address import connected, driver, shown_address
from geoborder.postgis.catalog import crs_names, prepare
from geoborder.postgis.copying import copied, parsed
from geoborder.postgis.manifest import facts_in, written
from geoborder.postgis.sheets import GEOMETRY, ROW
from geoborder.postgis.statements import listed, require_name, split_name, statement

_GEOMETRIES = """
select t.oid from pg_type t join pg_extension e on e.extnamespace = t.typnamespace
where e.extname = 'postgis' and t.typname in ('geometry', 'geography')
"""

_RELATION = """
select nspname, relname from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f') and {}
"""

_COLUMNS = """
select attname, col_description(attrelid, attnum) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""

_QUERY = re.compile(
    r"(\s|--[^\n]*\n|/\*.*?\*/)*(\(|(select|with|values|table)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""How a query begins, perhaps after comments."""

_WORD = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/|;)
    |e'(?:[^'\\]|\\.|'')*' | '[^']*' | "[^"]*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    |\w+ | .""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""A word of a query, or what ends or explains it."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What a query gives: names, types and their details, and the rows as CSV."""

    of: str
    names: list[str]
    kinds: list[int]
    details: list[int]
    content: bytes


def read_table(address: str, query: str) -> pd.DataFrame:
    """
    Read a table of a database, or what a query gives.

    The database sees a transaction that may only read.

    Parameters
    ----------
    address
        Address of a database, ``postgresql://user@host/database``.
    query
        ``table``, ``schema.table`` (as in `write_table`), or a ``SELECT``.

    Returns
    -------
    DataFrame or GeoDataFrame
        Rows counted from 0, of a table by `write_table` in its order and without the
        number of the row. Whole numbers are int64, or Int64 where some are missing;
        dates are datetime64; what has no type of its own here is text. The geometry
        ``geom``, or else the first, is the last column and called ``geometry``, in
        the CRS of its SRID.

    Raises
    ------
    DataError
        If there is no such table, the query is wrong, or geometries are in several
        CRS.
    OptionError
        If the database cannot be reached, or refuses.
    """
    with connected(address, read_only=True) as connection:
        prepare(connection)
        parts = split_name(query)
        found = None if parts is None else _relation(connection, parts)
        if found is not None:
            return _read_whole(connection, *found)
        if _QUERY.match(query) is None:
            near = _near(connection, parts or [query])
            msg = f"{shown_address(address)} has no table {query!r}.{near}"
            raise DataError(msg)
        return _read(connection, _bare(query).encode(), "the query")


def _bare(query: str) -> str:
    """Leave out the semicolon at the end of a query, and comments after it."""
    words = [word for word in _WORD.finditer(query) if word["blank"] is None]
    return query[: words[-1].end()]


def read_tables(address: str, *, schema: str = "geoborder") -> dict[str, pd.DataFrame]:
    """
    Read all tables of a plan from a database, as they were at one moment.

    Parameters
    ----------
    address
        Address of a database.
    schema
        Where `write_tables` wrote them.

    Returns
    -------
    dict of str to DataFrame
        Tables and layers by their names, in the order they were written.

    Raises
    ------
    DataError
        If there is no plan in the schema.
    OptionError
        If the database cannot be reached, or refuses.
    """
    with connected(address, read_only=True) as connection:
        prepare(connection)
        names = _tables(connection, schema, shown_address(address))
        return {name: _read_whole(connection, schema, name) for name in names}


def read_manifest(address: str, *, schema: str = "geoborder") -> dict[str, Any]:
    """
    Read the facts of a plan from a database.

    Parameters
    ----------
    address
        Address of a database.
    schema
        Where `write_tables` wrote them.

    Returns
    -------
    dict
        Facts by their names.

    Raises
    ------
    DataError
        If there is no plan in the schema.
    OptionError
        If the database cannot be reached, or refuses.
    """
    with connected(address, read_only=True) as connection:
        _tables(connection, schema, shown_address(address))
        return facts_in(connection, schema)


def _tables(connection: Any, schema: str, shown: str) -> tuple[str, ...]:  # noqa: ANN401 - psycopg's type
    """Name the tables of a plan."""
    found = written(connection, require_name(schema, what="schema"))
    if found is None:
        others = connection.execute(
            "select nspname from pg_class join pg_namespace n on n.oid = relnamespace "
            "where relname = 'manifest' and relkind = 'r' order by nspname"
        ).fetchall()
        known = ", ".join(name for (name,) in others)
        hint = f" Schemas that may: {known}." if known else ""
        msg = f"{shown} has no plan in schema {schema!r}.{hint}"
        raise DataError(msg)
    return found.tables


def _relation(connection: Any, parts: Sequence[str]) -> tuple[str, str] | None:  # noqa: ANN401 - psycopg's type
    """Find a table by its name, as it is written."""
    if len(parts) == 2:  # noqa: PLR2004 - schema and table
        where = "nspname = %s and relname = %s"
    else:
        where = (
            "relname = %s and nspname = any(current_schemas(true)) "
            "order by array_position(current_schemas(true), nspname)"
        )
    row = connection.execute(_RELATION.format(where), list(parts)).fetchone()
    return None if row is None else (row[0], row[1])


def _near(connection: Any, parts: Sequence[str]) -> str:  # noqa: ANN401 - psycopg's type
    """Name a table that may have been meant."""
    where = "nspname not in ('pg_catalog', 'information_schema')"
    rows = connection.execute(_RELATION.format(where)).fetchall()
    by_name = {".".join(row[-len(parts) :]): ".".join(row) for row in rows}
    lower = {name.lower(): shown for name, shown in by_name.items()}
    near = get_close_matches(".".join(parts).lower(), lower, n=1)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""


def _read_whole(connection: Any, schema: str, table: str) -> pd.DataFrame:  # noqa: ANN401 - psycopg's type
    """Read a table in its order, without the number of the row."""
    place = statement("{place}", place=(schema, table))
    quoted = place.as_string(connection)
    rows = connection.execute(_COLUMNS, [quoted]).fetchall()
    row = next((name for name, said in rows if said == ROW), None)
    names = [name for name, _ in rows if name != row]
    if not names:
        counted = statement("select count(*) from {place}", place=place)
        count = connection.execute(counted).fetchone()[0]
        return pd.DataFrame(index=pd.RangeIndex(count))
    query = statement("select {names} from {place}", names=listed(names), place=place)
    if row is not None:
        query += statement(" order by {row}", row=row)
    return _read(connection, bytes(query.as_bytes(connection)), f"{schema}.{table}")


def _read(connection: Any, query: bytes, of: str) -> pd.DataFrame:  # noqa: ANN401 - psycopg's type
    """Read what a query gives."""
    result = _ask(connection, query, of)
    spatial = {row[0] for row in connection.execute(_GEOMETRIES).fetchall()}
    arrays = parsed(result.content, result.kinds)
    places = [n for n, kind in enumerate(result.kinds) if kind in spatial]
    places.sort(key=lambda n: result.names[n] != GEOMETRY)
    shapes = {n: _shapes(connection, arrays[n], result, n) for n in places}
    plain = {
        name: shapes[n] if n in shapes else series_of(arrays[n])
        for n, name in enumerate(result.names)
        if n not in places[:1]
    }
    rows = len(arrays[0])
    table = pd.DataFrame(plain, index=pd.RangeIndex(rows))
    if not places:
        return table
    name = free_name(set(table.columns), "geometry", "geom", "shape")
    return gpd.GeoDataFrame(table.assign(**{name: shapes[places[0]]}), geometry=name)


def _ask(connection: Any, query: bytes, of: str) -> _Result:  # noqa: ANN401 - psycopg's type
    """Have a query looked at by itself, and then run."""
    # Prepared, it must be one statement, and what it gives is known before it runs.
    psycopg = driver()
    connection.execute("set local synchronize_seqscans = off")
    connection.execute("set local timezone = 'UTC'")
    connection.execute("set local datestyle = 'ISO'")
    done = psycopg.pq.ExecStatus.COMMAND_OK
    told = connection.pgconn.prepare(b"", query)
    if told.status == done:
        told = connection.pgconn.describe_prepared(b"")
    if told.status != done:
        raise psycopg.errors.error_from_result(told, encoding="utf-8")
    fields = range(told.nfields)
    if not fields:
        msg = "The query gives no columns; write a SELECT, or the name of a table."
        raise DataError(msg)
    names = [told.fname(n).decode() for n in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"The query gives two columns {twice!r}; name one otherwise with AS."
        raise DataError(msg)
    copy = b"copy (" + query + b"\n) to stdout (format csv)"
    return _Result(
        of,
        names,
        [told.ftype(n) for n in fields],
        [told.fmod(n) for n in fields],
        copied(connection, copy),
    )


def _shapes(
    connection: Any,  # noqa: ANN401 - psycopg's type
    array: pa.ChunkedArray,
    result: _Result,
    n: int,
) -> gpd.GeoSeries:
    """Read a column of geometries, and find its CRS."""
    try:
        shapes = shapely.from_wkb(array.to_numpy())
    except (shapely.errors.GEOSException, NotImplementedError) as error:
        msg = (
            f"Column {result.names[n]!r} of {result.of} has a geometry that cannot be "
            f"read ({error}); select points, lines and polygons, and make such of "
            "curves by ST_CurveToLine."
        )
        raise DataError(msg) from error
    srids = {int(s) for s in np.unique(shapely.get_srid(shapes[shapes != None]))}  # noqa: E711 - in an array
    if not srids:
        # No row tells it; the column's type may.
        ask = "select postgis_typmod_srid(%s)"
        srids = {connection.execute(ask, [result.details[n]]).fetchone()[0]}
    if len(srids) > 1:
        msg = (
            f"Column {result.names[n]!r} of {result.of} has geometries in the "
            "reference systems "
            f"{', '.join(map(str, sorted(srids)))}; ask for one with ST_Transform."
        )
        raise DataError(msg)
    (srid,) = srids
    crs = crs_names(connection, srids)[srid]
    return gpd.GeoSeries(shapely.set_srid(shapes, 0), crs=crs)
