"""The table that says what a schema holds: facts of the plan, and what is ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from geoborder.errors import OptionError
from geoborder.postgis.catalog import comment, find
from geoborder.postgis.statements import literal, statement

MANIFEST = "manifest"
"""Name of the table."""

_OWN = "geoborder"
"""Key of the row that names our tables and views; it is no fact of the plan."""

_COMMENT = (
    "Facts of the plan in this schema, and which of its tables geoborder wrote. "
    "It replaces these tables, and leaves all others alone."
)

_COLUMNS = ("key", "text"), ("value", "jsonb")


@dataclass(frozen=True, slots=True)
class Written:
    """
    What was written to a schema.

    Attributes
    ----------
    tables : tuple of str
        Names of tables, in the order of the plan.
    views : dict of str to str
        Views by their names: what tells one version of each from another.
    columns : dict of str to list of str
        Columns of the tables; empty where a version wrote them that kept none.
    styles : dict of str to list of str
        Names of the styles of tables and views.
    """

    tables: tuple[str, ...] = ()
    views: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    styles: Mapping[str, Sequence[str]] = field(default_factory=dict)


def written(connection: Any, schema: str) -> Written | None:  # noqa: ANN401 - psycopg's type
    """
    Find what was written to a schema before.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.

    Returns
    -------
    Written or None
        None where nothing was.

    Raises
    ------
    OptionError
        If the schema has a table of this name that is not ours.
    """
    place = (schema, MANIFEST)
    found = find(connection, *place)
    if found is None:
        return None
    if found.columns == _COLUMNS:
        row = connection.execute(
            statement(
                "select value from {place} where key = {own}",
                place=place,
                own=literal(_OWN),
            )
        ).fetchone()
        if row is not None:
            own = row[0]
            more = own.get("columns", {}), own.get("styles", {})
            return Written(tuple(own["tables"]), own["views"], *more)
    msg = (
        f"Schema {schema!r} has a table {MANIFEST!r} that geoborder did not write; "
        "choose another schema."
    )
    raise OptionError(msg)


def keep(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    now: Written,
    facts: Mapping[str, object],
) -> None:
    """
    Write down what is in a schema.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.
    now
        Our tables and views.
    facts
        Facts of the plan, as JSON has them.

    Raises
    ------
    OptionError
        If a fact is not such a value.
    """
    place = (schema, MANIFEST)
    connection.execute(
        statement(
            "create table if not exists {place} "
            "(key text primary key, value jsonb not null)",
            place=place,
        )
    )
    comment(connection, "table", place, _COMMENT)
    own = asdict(now)
    connection.execute(statement("delete from {place}", place=place))
    for key, value in {**facts, _OWN: own}.items():
        connection.execute(
            statement(
                "insert into {place} values ({key}, {value}::jsonb)",
                place=place,
                key=literal(key),
                value=literal(_json(key, value)),
            )
        )


def _json(key: str, value: object) -> str:
    """Write a fact as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = f"The fact {key!r} cannot be written as JSON: {error}."
        raise OptionError(msg) from error


def facts_in(connection: Any, schema: str) -> dict[str, Any]:  # noqa: ANN401 - psycopg's type
    """
    Read the facts of a schema's plan.

    Parameters
    ----------
    connection
        To the database.
    schema
        Its name.

    Returns
    -------
    dict
        Facts by their names.
    """
    rows = connection.execute(
        statement(
            "select key, value from {place} order by key", place=(schema, MANIFEST)
        )
    ).fetchall()
    return {key: value for key, value in rows if key != _OWN}
