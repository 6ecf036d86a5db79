"""SQL statements put together of names and texts, and names as PostgreSQL has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from geoborder.errors import DataError, OptionError
from geoborder.postgis.address import driver

_LONGEST = 63
"""Bytes of a name that PostgreSQL keeps."""


@dataclass(frozen=True, slots=True)
class Name:
    """
    Name of a table.

    Attributes
    ----------
    schema : str or None
        Its schema; None: the first of the search path.
    table : str
        Its own name.
    """

    schema: str | None
    table: str


def name_of(text: object) -> Name:
    """
    Take the name of a table apart.

    Letters stay as they are, large or small; a name with a dot in it stands in double
    quotes, as in SQL.

    Parameters
    ----------
    text
        ``table``, ``schema.table``, or either part in double quotes.

    Returns
    -------
    Name
        The parts.

    Raises
    ------
    OptionError
        If it is no such name.

    Examples
    --------
    >>> name_of("plans.segments")
    Name(schema='plans', table='segments')
    >>> name_of('"North.East"')
    Name(schema=None, table='North.East')
    """
    parts = split_name(text) if isinstance(text, str) else None
    if parts is None:
        msg = (
            f"{text!r} is not the name of a table; write table or schema.table, with "
            'double quotes around a name that holds a dot ("a.b").'
        )
        raise OptionError(msg)
    schema, table = parts if len(parts) == 2 else (None, parts[0])  # noqa: PLR2004 - schema and table
    if schema is not None:
        require_name(schema, what="schema")
    return Name(schema, require_name(table, what="table"))


def split_name(text: str) -> list[str] | None:
    """
    Split a name at its dots, but for those in double quotes.

    Parameters
    ----------
    text
        The name.

    Returns
    -------
    list of str or None
        One part or two; None where it is no name.
    """
    parts, rest = [], text
    while True:
        if rest.startswith('"'):
            end = _closing(rest)
            if end is None:
                return None
            part, rest = rest[1:end].replace('""', '"'), rest[end + 1 :]
        else:
            end = rest.find(".") if "." in rest else len(rest)
            part, rest = rest[:end], rest[end:]
        parts.append(part)
        if not rest:
            break
        if not rest.startswith("."):
            return None
        rest = rest[1:]
    return parts if all(parts) and len(parts) <= 2 else None  # noqa: PLR2004 - schema and table


def _closing(text: str) -> int | None:
    """Place of the quote that ends the one at the beginning."""
    at = 1
    while (at := text.find('"', at)) >= 0:
        if not text.startswith('""', at):
            return at
        at += 2
    return None


def require_name(name: object, *, what: str) -> str:
    """
    Check that PostgreSQL would take a name as it is.

    Parameters
    ----------
    name
        Name of a schema, a table or a column.
    what
        What it names, for the message.

    Returns
    -------
    str
        The name.

    Raises
    ------
    DataError
        If it is empty, too long, or holds a null character.
    """
    if not (isinstance(name, str) and name) or "\0" in name:
        msg = f"A {what} needs a text as its name, got {name!r}."
        raise DataError(msg)
    size = len(name.encode(errors="surrogatepass"))
    if size > _LONGEST:
        msg = (
            f"The {what} {name!r} has a name of {size} bytes; PostgreSQL keeps "
            f"{_LONGEST}. Rename it."
        )
        raise DataError(msg)
    return name


def statement(template: str, **parts: object) -> Any:  # noqa: ANN401 - psycopg's type
    """
    Fill names into a statement, each in quotes.

    Parameters
    ----------
    template
        SQL with ``{name}`` where a part comes in.
    **parts
        Names: a text, a tuple of schema and table, or a statement by this function.

    Returns
    -------
    Composed
        For psycopg.
    """
    sql = driver().sql
    made = {
        key: part if isinstance(part, sql.Composable) else identifier(part)
        for key, part in parts.items()
    }
    return sql.SQL(template).format(**made)


def identifier(name: object) -> Any:  # noqa: ANN401 - psycopg's type
    """
    Put a name in quotes.

    Parameters
    ----------
    name
        A text, or a tuple of them that dots come between.

    Returns
    -------
    Identifier
        For `statement`.
    """
    parts = name if isinstance(name, tuple) else (name,)
    return driver().sql.Identifier(*parts)


def literal(value: object) -> Any:  # noqa: ANN401 - psycopg's type
    """
    Put a value in quotes.

    Parameters
    ----------
    value
        A text or a number.

    Returns
    -------
    Literal
        For `statement`.
    """
    return driver().sql.Literal(value)


def listed(parts: Iterable[object]) -> Any:  # noqa: ANN401 - psycopg's type
    """
    Put names or parts of statements beside each other, with commas between.

    Parameters
    ----------
    parts
        As for `statement`.

    Returns
    -------
    Composed
        For `statement`.
    """
    sql = driver().sql
    made = [p if isinstance(p, sql.Composable) else identifier(p) for p in parts]
    return sql.SQL(", ").join(made)
