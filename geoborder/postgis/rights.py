"""Rights to tables and views, kept where these are dropped and made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from geoborder.postgis.address import driver
from geoborder.postgis.statements import statement

_RIGHTS = """
with ours as (
    select c.oid, relname::text, relacl, relowner from pg_class c
    join pg_namespace n on n.oid = relnamespace
    where nspname = %s and relname = any(%s)
), held as (
    select relname, null::text as attname, g.* from ours
    cross join aclexplode(coalesce(relacl, acldefault('r', relowner))) g
    union all
    select relname, attname::text, g.* from ours
    join pg_attribute on attrelid = ours.oid and attnum > 0 and not attisdropped
    cross join aclexplode(attacl) g
)
select relname, attname, rolname::text, privilege_type, is_grantable from held
left join pg_roles r on r.oid = grantee
where rolname is distinct from current_user
"""
"""Of an owner who is not the one who writes, too, since the writer is the next one."""

_COLUMNS = """
select relname::text, attname::text from pg_attribute
join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
where nspname = %s and relname = any(%s) and attnum > 0 and not attisdropped
"""


@dataclass(frozen=True, slots=True)
class Right:
    """
    A right to a table or a view.

    Attributes
    ----------
    table : str
        Its name.
    column : str or None
        The column that it is about; None: all.
    role : str or None
        Who has it; None: everybody.
    privilege : str
        What it allows, as PostgreSQL calls it.
    grantable : bool
        Whether who has it may give it to others.
    """

    table: str
    column: str | None
    role: str | None
    privilege: str
    grantable: bool


def rights_to(connection: Any, schema: str, names: Sequence[str]) -> list[Right]:  # noqa: ANN401 - psycopg's type
    """
    Look up what others may do with tables and views.

    Parameters
    ----------
    connection
        To the database.
    schema
        Where.
    names
        The tables and views.

    Returns
    -------
    list of Right
        Their rights.
    """
    rows = connection.execute(_RIGHTS, [schema, list(names)]).fetchall()
    return [Right(*row) for row in rows]


def give(connection: Any, schema: str, rights: Iterable[Right]) -> None:  # noqa: ANN401 - psycopg's type
    """
    Give rights again to tables and columns that are still there.

    Parameters
    ----------
    connection
        To the database.
    schema
        Where.
    rights
        The rights.
    """
    rights = list(rights)
    tables = sorted({right.table for right in rights})
    there = set(connection.execute(_COLUMNS, [schema, tables]).fetchall())
    there |= {(table, None) for table, _ in there}
    for right in rights:
        if (right.table, right.column) in there:
            # Privileges are words of the server's own.
            column = "" if right.column is None else " ({column})"
            end = " with grant option" if right.grantable else ""
            public = driver().sql.SQL("public")
            connection.execute(
                statement(
                    f"grant {right.privilege}{column} on {{place}} to {{role}}{end}",
                    column=right.column or "",
                    place=(schema, right.table),
                    role=public if right.role is None else right.role,
                )
            )
