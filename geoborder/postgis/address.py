"""Addresses of databases, connections to them, and what their errors mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from geoborder.errors import DataError, GeoborderError, OptionError

if TYPE_CHECKING:
    import psycopg

_SCHEME = re.compile(r"^postgres(ql)?(\+\w+)?:", re.IGNORECASE)

_CONNECT_S = "10"
"""Seconds until a server counts as silent, where the address does not say."""

_SECRETS = ("password", "sslpassword", "sslkey", "passfile")

_MENDS = {
    "42501": "Ask the database's owner for the right to do so (GRANT).",
    "53100": "The server's disk is full; nothing was changed.",
    "55P03": "Another process holds it; wait until that has ended, and try again.",
    "40P01": "Another process reads the same tables; try again.",
    "2BP01": "Drop first what others have built on it, or choose another name.",
    "25006": "Reading must not change a database, and a standby cannot be written to.",
}
"""What to do about an error of the server, by its SQLSTATE."""

_DATA = ("22", "23", "42P01", "42703", "42883", "42601", "25006")
"""Beginnings of the SQLSTATEs for which what was asked or given is to blame."""


def is_address(text: object) -> bool:
    """
    Tell whether a text is meant as the address of a PostgreSQL database.

    Parameters
    ----------
    text
        Anything; only a text can be one.

    Returns
    -------
    bool
        Whether it begins with ``postgresql:``, ``postgres:`` or
        ``postgresql+psycopg:``. Without ``//`` after it, it is refused when used.

    Examples
    --------
    >>> is_address("postgresql://me@example.org/plans"), is_address("plans.gpkg")
    (True, False)
    """
    return isinstance(text, str) and _SCHEME.match(text) is not None


def shown_address(address: str) -> str:
    """
    Give an address as it may be shown: without its password and other secrets.

    Parameters
    ----------
    address
        Address of a database.

    Returns
    -------
    str
        User, host, port and database, as far as the address names them.

    Examples
    --------
    >>> shown_address("postgresql://me:secret@example.org:5433/plans?sslmode=require")
    'postgresql://me@example.org:5433/plans'
    """
    try:
        parts = _parts(address)
    except GeoborderError:
        return "postgresql://..."
    user = quote(parts["user"], safe="") + "@" if "user" in parts else ""
    host = parts.get("host", parts.get("hostaddr", ""))
    host = quote(host, safe="") if host.startswith("/") else host
    port = f":{parts['port']}" if "port" in parts else ""
    service = f"?service={parts['service']}" if "service" in parts else ""
    return f"postgresql://{user}{host}{port}/{parts.get('dbname', '')}{service}"


def driver() -> Any:  # noqa: ANN401 - a module
    """
    Import psycopg, which only databases need.

    Its COPY takes and gives whole tables as bytes, in one transaction that we hold,
    so that no further layer (SQLAlchemy, as in GeoPandas) comes between.

    Returns
    -------
    module
        The driver.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    try:
        import psycopg  # noqa: PLC0415 - an extra, imported where it is used
    except ImportError as error:
        msg = "PostGIS needs psycopg: run `pip install 'geoborder[postgis]'`."
        raise OptionError(msg) from error
    return psycopg


def _parts(address: str) -> dict[str, str]:
    """Take an address apart; no error shows any of it, as it may hold a password."""
    psycopg = driver()
    scheme = _SCHEME.match(address)
    rest = "" if scheme is None else address[scheme.end() :]
    if not rest.startswith("//"):
        msg = (
            "The address of a database begins with postgresql://, such as "
            "postgresql://user@host/database."
        )
        raise OptionError(msg)
    try:
        found = psycopg.conninfo.conninfo_to_dict(f"postgresql:{rest}")
    except psycopg.Error:
        msg = (
            "The address of the database cannot be read (it is not shown, as it may "
            "hold a password). Write postgresql://user:password@host:port/database, "
            "with %40 for @, %2F for / and %25 for % in a password."
        )
        raise OptionError(msg) from None
    return {key: str(value) for key, value in found.items()}


@contextmanager
def connected(
    address: str, *, read_only: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    """
    Connect to a database for one transaction, undone if anything fails.

    Parameters
    ----------
    address
        Address of a database.
    read_only
        Whether the server is to refuse changes, and to show one state throughout.

    Yields
    ------
    Connection
        In a transaction that ends with the block.

    Raises
    ------
    OptionError
        If the server cannot be reached, refuses, or breaks off.
    DataError
        If it refuses the data or the question.
    """
    psycopg = driver()
    parts = _parts(address)
    secrets = [parts[key] for key in _SECRETS if key in parts]
    shown = shown_address(address)
    parts.setdefault("application_name", "geoborder")
    parts.setdefault("connect_timeout", _CONNECT_S)
    parts["client_encoding"] = "UTF8"
    try:
        # Poolers of connections do not know statements prepared under a name.
        connection = psycopg.connect(**parts, prepare_threshold=None)
    except psycopg.Error as error:
        msg = (
            f"{shown} cannot be reached: {_said(error, secrets)} Check host, port, "
            "user and database; a password may stand in PGPASSWORD or ~/.pgpass."
        )
        raise OptionError(msg) from None
    try:
        if read_only:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection:
            yield connection
    except psycopg.Error as error:
        raise _told(error, shown, secrets) from None


def _told(error: psycopg.Error, shown: str, secrets: list[str]) -> GeoborderError:
    """Make one of our errors from one of the server's."""
    state = error.sqlstate or ""
    mend = _MENDS.get(state, "")
    if not state and type(error).__name__ == "OperationalError":
        mend = "The connection was lost; nothing was changed."
    elif state.startswith("57"):
        mend = "The server broke it off; nothing was changed."
    text = f"{shown}: {_said(error, secrets)} {mend}".strip()
    if state.startswith(_DATA) or (not state and not mend):
        return DataError(text)
    return OptionError(text)


def _said(error: psycopg.Error, secrets: list[str]) -> str:
    """Give what the server says in one line, without secrets, ended by a full stop."""
    said = error.diag.message_primary or str(error)
    if error.diag.message_detail:
        said = f"{said} ({error.diag.message_detail})"
    for secret in secrets:
        said = said.replace(secret, "***") if secret else said
    said = " ".join(said.split())
    return said if said.endswith((".", "?", "!")) else f"{said}."
