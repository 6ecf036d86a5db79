"""Styles of tables where QGIS looks for them in a database: ``layer_styles``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from geoborder.postgis.address import driver
from geoborder.postgis.catalog import find, own_schema
from geoborder.postgis.statements import listed, literal, statement

if TYPE_CHECKING:
    import psycopg

_TABLE = "layer_styles"

_COLUMNS = """
    id serial primary key,
    f_table_catalog varchar, f_table_schema varchar, f_table_name varchar,
    f_geometry_column varchar, stylename text, styleqml xml, stylesld xml,
    useasdefault boolean, description text, owner varchar(63) default current_user,
    ui xml, update_time timestamp default current_timestamp, type varchar
"""
"""As QGIS makes the table when a style is first saved in a database."""

_PLACE = """
select nspname from pg_class c join pg_namespace n on n.oid = relnamespace
where c.oid = to_regclass(%s)
"""
"""QGIS takes the first table of this name on the search path."""

_HERE = (
    "f_table_catalog = current_database() and f_table_schema = {schema} "
    "and f_table_name = {table}"
)

_INSERT = """
insert into {place} (
    f_table_catalog, useasdefault, f_table_schema, f_table_name, f_geometry_column,
    stylename, styleqml, description
) select current_database(),
    {default} and not exists (select from {place} where {here} and useasdefault),
    {parts}
"""
"""What somebody else made the default stays so."""


class Styled(Protocol):
    """A style, as `geoborder.qgis.layer_styles` gives it."""

    @property
    def name(self) -> str:
        """What QGIS's menu of styles calls it."""

    @property
    def qml(self) -> str:
        """The style, as a QML document."""

    @property
    def default(self) -> bool:
        """Whether a layer gets it unasked."""

    @property
    def description(self) -> str:
        """What it shows."""


def write_styles(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    styles: Mapping[str, tuple[str | None, Sequence[Styled]]],
    *,
    before: Mapping[str, Sequence[str]],
) -> str | None:
    """
    Put styles of tables and views beside those that others have saved there.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.
    styles
        By tables and views: their column of geometries, and their styles.
    before
        Names of the styles that were written before, by tables and views; those that
        are not written again are deleted.

    Returns
    -------
    str or None
        Why no styles were written, where this role may not, or the database has
        another table of this name; all other work of the transaction stays.
    """
    if not styles and not before:
        return None
    row = connection.execute(_PLACE, [_TABLE]).fetchone()
    place = (own_schema(connection) if row is None else row[0], _TABLE)
    found = find(connection, *place)
    if found is not None and "styleqml" not in dict(found.columns):
        return (
            f"The tables are written, but not QGIS's styles of them: {'.'.join(place)} "
            "is not its table of styles. To have them, rename it, and write again."
        )
    try:
        with connection.transaction():
            if found is None:
                columns = f"create table {{place}} ({_COLUMNS})"
                connection.execute(statement(columns, place=place))
            for table in {**before, **styles}:
                column, own = styles.get(table, (None, ()))
                gone = {*before.get(table, ()), *(one.name for one in own)}
                _put(connection, place, (schema, table, column), own, gone)
    except driver().errors.InsufficientPrivilege as error:
        return _refused(connection, place, error, there=found is not None)
    return None


def _put(
    connection: Any,  # noqa: ANN401 - psycopg's type
    place: tuple[str, str],
    layer: tuple[str, str, str | None],
    styles: Sequence[Styled],
    gone: Collection[str],
) -> None:
    """Put styles of one table in the place of others of ours."""
    here = statement(_HERE, schema=literal(layer[0]), table=literal(layer[1]))
    if gone:
        names = listed(literal(name) for name in sorted(gone))
        delete = "delete from {place} where {here} and stylename in ({names})"
        connection.execute(statement(delete, place=place, here=here, names=names))
    for one in styles:
        parts = (*layer, one.name, one.qml, one.description)
        connection.execute(
            statement(
                _INSERT,
                place=place,
                here=here,
                default=literal(one.default),
                parts=listed(literal(part) for part in parts),
            )
        )


def _refused(
    connection: Any,  # noqa: ANN401 - psycopg's type
    place: tuple[str, str],
    error: psycopg.Error,
    *,
    there: bool,
) -> str:
    """Say why styles were not written, and which rights they need."""
    table = ".".join(_quoted(connection, part) for part in place)
    role = _quoted(connection, connection.execute("select user").fetchone()[0])
    if there:
        ask = "select pg_get_serial_sequence(%s, 'id')"
        sequence = connection.execute(ask, [table]).fetchone()[0]
        grants = f"grant select, insert, delete on {table} to {role};"
        if sequence is not None:
            grants += f" grant usage on sequence {sequence} to {role};"
    else:
        grants = f"grant create on schema {_quoted(connection, place[0])} to {role};"
    return (
        f"The tables are written, but not QGIS's styles of them to {'.'.join(place)}: "
        f"{error.diag.message_primary}. To have them, let the owner of the "
        f"{'table' if there else 'schema'} run `{grants}`, and write again."
    )


def _quoted(connection: Any, name: str) -> str:  # noqa: ANN401 - psycopg's type
    """Write a name as SQL has it, in quotes only where it needs them."""
    return str(connection.execute("select quote_ident(%s)", [name]).fetchone()[0])
