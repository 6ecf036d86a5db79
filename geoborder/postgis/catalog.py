"""What a database holds: schemas, tables and their shape, reference systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyproj import CRS

from geoborder.errors import DataError, OptionError
from geoborder.postgis.sheets import Reference, Sheet
from geoborder.postgis.statements import literal, statement

_TABLES = {"r": "table", "p": "partitioned table"}
_OTHERS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "i": "an index",
    "S": "a sequence",
}

_WAIT_S = 120
"""Seconds to wait for what another process holds, where the address does not say."""

_OWN_SRIDS = (910_000, 998_999)
"""Numbers that PostGIS leaves to reference systems of one's own."""

_SHAPE = """
select attname, format_type(atttypid, atttypmod) from pg_attribute
where attrelid = %s and attnum > 0 and not attisdropped order by attnum
"""

_KEYS = """
select array(
    select attname::text from unnest(conkey) with ordinality as k(attnum, n)
    join pg_attribute a on a.attrelid = conrelid and a.attnum = k.attnum order by n
) from pg_constraint where conrelid = %s and contype = 'u'
"""

_REFERENCES = """
select a.attname, o.relname, b.attname, conname
from pg_constraint c
join pg_class t on t.oid = conrelid
join pg_class o on o.oid = confrelid and o.relnamespace = t.relnamespace
join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]
join pg_attribute b on b.attrelid = confrelid and b.attnum = confkey[1]
where conrelid = %s and contype = 'f' and cardinality(conkey) = 1
"""

_POSTGIS = """
select nspname from pg_extension join pg_namespace n on n.oid = extnamespace
where extname = 'postgis'
"""


def prepare(connection: Any) -> str | None:  # noqa: ANN401 - psycopg's type
    """
    Let PostGIS's names be found, and waiting for others end some time.

    Parameters
    ----------
    connection
        To the database, at the beginning of a transaction.

    Returns
    -------
    str or None
        Schema of PostGIS; None where the database has none.
    """
    if connection.execute("show lock_timeout").fetchone()[0] == "0":
        connection.execute(f"set local lock_timeout = '{_WAIT_S}s'")
    row = connection.execute(_POSTGIS).fetchone()
    if row is None:
        return None
    quoted = statement("{name}", name=row[0]).as_string(connection)
    connection.execute(
        "select set_config('search_path', "
        "concat_ws(', ', nullif(current_setting('search_path'), ''), %s::text), true)",
        [quoted],
    )
    return str(row[0])


def queue(connection: Any, schema: str) -> None:  # noqa: ANN401 - psycopg's type
    """
    Wait until no other geoborder writes to a schema, and keep others waiting.

    Parameters
    ----------
    connection
        To the database.
    schema
        Name of the schema.
    """
    connection.execute(
        "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
        [f"geoborder {schema}"],
    )


def own_schema(connection: Any) -> str:  # noqa: ANN401 - psycopg's type
    """
    Name the schema that tables go to where none is named.

    Parameters
    ----------
    connection
        To the database.

    Returns
    -------
    str
        The first schema of the search path.

    Raises
    ------
    OptionError
        If there is none.
    """
    found = connection.execute("select current_schema()").fetchone()[0]
    if found is None:
        msg = "The database has no schema on its search path; write schema.table."
        raise OptionError(msg)
    return str(found)


def make_schema(connection: Any, schema: str) -> bool:  # noqa: ANN401 - psycopg's type
    """
    Make a schema, if it is not there.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.

    Returns
    -------
    bool
        Whether it was made.
    """
    # Asking first spares who may not make schemas a refusal where nothing is to do.
    known = "select 1 from pg_namespace where nspname = %s"
    if connection.execute(known, [schema]).fetchone() is not None:
        return False
    connection.execute(statement("create schema {schema}", schema=schema))
    return True


@dataclass(frozen=True, slots=True)
class Found:
    """
    A table as it is in a database.

    Attributes
    ----------
    oid : int
        Its number.
    columns : tuple of tuple
        Names and types of its columns.
    keys : frozenset of tuple
        Columns of its unique keys, but for the primary one.
    references : dict of Reference to str
        What refers to other tables of its schema, and what that is called.
    """

    oid: int
    columns: tuple[tuple[str, str], ...]
    keys: frozenset[tuple[str, ...]]
    references: Mapping[Reference, str]

    def fits(self, sheet: Sheet, *, keys: bool) -> bool:
        """
        Tell whether a table can be filled anew as it is.

        Parameters
        ----------
        sheet
            What is to be in it.
        keys
            Whether keys and references must be the same, too.

        Returns
        -------
        bool
            Whether columns have the same names, types and order.
        """
        if self.columns != tuple((c.name, c.kind) for c in sheet.columns):
            return False
        if not keys:
            return True
        known = sheet.key in self.keys if sheet.key else not self.keys
        return known and set(self.references) == set(sheet.references)


def find(connection: Any, schema: str, table: str) -> Found | None:  # noqa: ANN401 - psycopg's type
    """
    Look a table up.

    Parameters
    ----------
    connection
        To the database.
    schema, table
        Its name.

    Returns
    -------
    Found or None
        None where nothing has this name.

    Raises
    ------
    OptionError
        If something else has.
    """
    row = connection.execute(
        "select c.oid, relkind::text from pg_class c join pg_namespace n "
        "on n.oid = relnamespace where nspname = %s and relname = %s",
        [schema, table],
    ).fetchone()
    if row is None:
        return None
    oid, kind = row
    if kind not in _TABLES:
        msg = (
            f"{schema}.{table} is {_OTHERS.get(kind, 'no table')}, which is not "
            "replaced; choose another name."
        )
        raise OptionError(msg)
    columns = tuple(connection.execute(_SHAPE, [oid]).fetchall())
    keys = connection.execute(_KEYS, [oid]).fetchall()
    references = connection.execute(_REFERENCES, [oid]).fetchall()
    return Found(
        oid,
        columns,
        frozenset(tuple(key) for (key,) in keys),
        {Reference(*row): name for *row, name in references},
    )


def has_view(connection: Any, schema: str, view: str) -> bool:  # noqa: ANN401 - psycopg's type
    """
    Tell whether a schema has a view.

    Parameters
    ----------
    connection
        To the database.
    schema, view
        Its name.

    Returns
    -------
    bool
        Whether it has.
    """
    row = connection.execute(
        "select 1 from pg_views where schemaname = %s and viewname = %s", [schema, view]
    ).fetchone()
    return row is not None


def srids_of(connection: Any, found: Mapping[str, object]) -> dict[str, int]:  # noqa: ANN401 - psycopg's type
    """
    Look up PostGIS's numbers of reference systems; new ones get one of their own.

    Parameters
    ----------
    connection
        To a database with PostGIS.
    found
        Reference systems by columns.

    Returns
    -------
    dict of str to int
        Numbers by columns.
    """
    known: dict[object, int] = {}
    for crs in found.values():
        if crs not in known:
            known[crs] = _srid(connection, CRS.from_user_input(crs))
    return {column: known[crs] for column, crs in found.items()}


def _srid(connection: Any, crs: CRS) -> int:  # noqa: ANN401 - psycopg's type
    """Look up the number of a reference system, or give it one."""
    authority = crs.to_authority(min_confidence=100)
    if crs.to_epsg() is not None:
        authority = ("EPSG", str(crs.to_epsg()))
    elif authority == ("OGC", "CRS84"):
        authority = ("EPSG", "4326")  # PostGIS has longitude first in all
    wkt = crs.to_wkt("WKT1_GDAL") or crs.to_wkt()
    where, values = "srtext = %s", [wkt]
    if authority is not None:
        where = "upper(auth_name) = %s and auth_srid::text = %s"
        values = [authority[0].upper(), authority[1]]
    ask = f"select srid from spatial_ref_sys where {where} order by srid limit 1"  # noqa: S608 - ours
    row = connection.execute(ask, values).fetchone()
    if row is not None:
        return int(row[0])
    connection.execute("lock table spatial_ref_sys in share row exclusive mode")
    free = "select coalesce(max(srid), %s) + 1 from spatial_ref_sys where srid >= %s"
    low, high = _OWN_SRIDS
    srid = int(connection.execute(free, [low - 1, low]).fetchone()[0])
    if srid > high:
        msg = "PostGIS has no number left for a reference system; write in EPSG:4326."
        raise DataError(msg)
    name, code = (
        authority if authority is not None and authority[1].isdigit() else ("", "")
    )
    connection.execute(
        "insert into spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) "
        "values (%s, %s, %s, %s, %s)",
        [srid, name or None, int(code) if code else None, wkt, ""],
    )
    return srid


def crs_names(connection: Any, srids: Iterable[int]) -> dict[int, str | None]:  # noqa: ANN401 - psycopg's type
    """
    Name reference systems for pyproj.

    Parameters
    ----------
    connection
        To a database with PostGIS.
    srids
        Their numbers; 0: none.

    Returns
    -------
    dict of int to str, or None
        Authority and code, or WKT.

    Raises
    ------
    DataError
        If the database does not know one.
    """
    found: dict[int, str | None] = {0: None}
    for srid in sorted(set(srids) - {0}):
        row = connection.execute(
            "select auth_name, auth_srid, srtext from spatial_ref_sys where srid = %s",
            [srid],
        ).fetchone()
        if row is None:
            msg = f"The database does not know the reference system {srid}."
            raise DataError(msg)
        name, code, wkt = row
        found[srid] = f"{name}:{code}" if name else str(wkt)
    return found


def comment(connection: Any, what: str, name: object, text: str | None) -> None:  # noqa: ANN401 - psycopg's type
    """
    Let a table, a column or a view say what it is.

    Parameters
    ----------
    connection
        To the database.
    what
        ``table``, ``column``, ``view`` or ``schema``.
    name
        Its name, a tuple where there are several parts.
    text
        What it says.
    """
    template = f"comment on {what} {{name}} is {{text}}"
    connection.execute(statement(template, name=name, text=literal(text)))
