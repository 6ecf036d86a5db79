"""Styles of tables where QGIS looks for them in a database: ``layer_styles``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from geoborder.errors import OptionError
from geoborder.postgis.catalog import find, own_schema
from geoborder.postgis.sheets import GEOMETRY, Sheet
from geoborder.postgis.statements import listed, literal, statement

_TABLE = "layer_styles"

_COLUMNS = """
    id serial primary key,
    f_table_catalog varchar, f_table_schema varchar, f_table_name varchar,
    f_geometry_column varchar, stylename text, styleqml xml, stylesld xml,
    useasdefault boolean, description text, owner varchar(63) default current_user,
    ui xml, update_time timestamp default current_timestamp, type varchar
"""
"""As QGIS makes the table when a style is first saved in a database."""


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
    sheets: Sequence[Sheet],
    views: Sequence[str],
    styles: Mapping[str, Sequence[Styled]],
) -> None:
    """
    Put styles of tables and views beside those that others have saved there.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.
    sheets
        Its tables.
    views
        Names of its views; ``v_segments_by_year`` has the styles of
        ``segments_by_year``.
    styles
        Styles by names of tables.

    Raises
    ------
    OptionError
        If the database has another table ``layer_styles``.
    """
    place = (own_schema(connection), _TABLE)
    found = find(connection, *place)
    if found is None:
        columns = f"create table {{place}} ({_COLUMNS})"
        connection.execute(statement(columns, place=place))
    elif "styleqml" not in dict(found.columns):
        msg = (
            f"{'.'.join(place)} is not QGIS's table of styles; rename it, so that "
            "styles can be written, or leave them out."
        )
        raise OptionError(msg)
    geometries: dict[str, str | None] = {
        sheet.name: next((c.name for c in sheet.columns if c.spatial), None)
        for sheet in sheets
    }
    geometries |= dict.fromkeys((v for v in views if v[2:] in styles), GEOMETRY)
    for table, column in geometries.items():
        own = styles.get(table, styles.get(table.removeprefix("v_"), ()))
        here = statement(_HERE, schema=literal(schema), table=literal(table))
        if own:
            names = listed(literal(one.name) for one in own)
            delete = "delete from {place} where {here} and stylename in ({names})"
            connection.execute(statement(delete, place=place, here=here, names=names))
        for one in own:
            parts = (schema, table, column, one.name, one.qml, one.description)
            connection.execute(
                statement(
                    _INSERT,
                    place=place,
                    here=here,
                    default=literal(one.default),
                    parts=listed(literal(part) for part in parts),
                )
            )
