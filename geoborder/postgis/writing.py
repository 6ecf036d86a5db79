"""One table, or all tables of a plan, written in one transaction."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from geoborder.dictionary import LAYERS
from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.postgis import filling
from geoborder.postgis.address import connected
from geoborder.postgis.catalog import (
    Found,
    comment,
    find,
    has_view,
    make_schema,
    own_schema,
    prepare,
    queue,
    srids_of,
)
from geoborder.postgis.manifest import MANIFEST, Written, keep, written
from geoborder.postgis.rights import give, rights_to
from geoborder.postgis.sheets import (
    GEOMETRY,
    Reference,
    Sheet,
    crs_of,
    described,
    keyed,
    sheet_of,
)
from geoborder.postgis.statements import name_of, require_name
from geoborder.postgis.styles import Styled, write_styles
from geoborder.postgis.views import View, explain_views, make_views, views_for

_ABOUT = "A plan along a border, written by geoborder."
"""What a schema says that was made for a plan."""


def write_table(table: pd.DataFrame, address: str, name: str) -> str:
    """
    Write a table to a database, or fill it anew, in one transaction.

    Geometries become a column ``geom`` of their type and CRS with a GiST index. A
    column ``fid`` numbers the rows, is the primary key, and keeps their order.

    A table of this name and with the same columns is filled anew: what others have
    built on it stays, and who reads sees the earlier rows until the new ones are
    there. One with other columns is replaced, unless something is built on it; who
    may read it, still may.

    Parameters
    ----------
    table
        Layer in any CRS, or table without geometry. Not modified. A named index
        becomes its first columns.
    address
        Address of a database, ``postgresql://user@host/database``.
    name
        ``table`` or ``schema.table``; the schema is made where it is missing. Letters
        stay as they are; a name with a dot stands in double quotes.

    Returns
    -------
    str
        Schema and table.

    Raises
    ------
    DataError
        If a database cannot hold the table.
    OptionError
        If the database cannot be reached or written to; nothing is changed then.
    """
    target = name_of(name)
    systems = crs_of(table)
    with connected(address) as connection:
        place = prepare(connection)
        schema = target.schema or own_schema(connection)
        queue(connection, schema)
        make_schema(connection, schema)
        if systems:
            filling.require_postgis(place)
        sheet = sheet_of(
            table, target.table, srids=srids_of(connection, systems), empty=None
        )
        found = find(connection, schema, sheet.name)
        if found is not None and found.fits(sheet, keys=False):
            filling.lock(connection, schema, [sheet.name])
            filling.empty(connection, schema, [sheet.name])
            filling.fill(connection, schema, sheet)
        else:
            rights = rights_to(connection, schema, [sheet.name])
            filling.drop(connection, "table", schema, [sheet.name] if found else [])
            filling.make(connection, schema, sheet)
            filling.fill(connection, schema, sheet)
            filling.finish(connection, schema, sheet)
            give(connection, schema, rights)
        filling.explain(connection, schema, sheet)
    return f"{schema}.{sheet.name}"


def write_tables(
    tables: Mapping[str, pd.DataFrame],
    address: str,
    *,
    schema: str = "geoborder",
    currency: str | None = None,
    facts: Mapping[str, object] | None = None,
    styles: Mapping[str, Sequence[Styled]] | None = None,
) -> list[str]:
    """
    Write a plan's tables to a schema of a database, in one transaction.

    Tables that `geoborder.dictionary` knows get its keys and references where they
    hold, and say what they and their columns are, with units. Views ``v_...`` show
    the plan year by year, and a table ``manifest`` its facts.

    A plan that was written before is replaced: who reads sees the earlier plan until
    all of the new one is there. Where tables have the same columns and keys as before
    they are filled anew, and what others have built on them stays; others are dropped
    and made anew. Rights to tables and views stay with those who have them. Tables
    that geoborder did not write are left alone. Two writers to one schema come one
    after the other.

    Parameters
    ----------
    tables
        Tables and layers by their names. Not modified.
    address
        Address of a database, ``postgresql://user@host/database``.
    schema
        Name of the schema, made where it is missing.
    currency
        What costs are in, for the columns' descriptions.
    facts
        Facts of the plan, as JSON has them, by their names.
    styles
        QGIS's styles by tables; they go to QGIS's table ``layer_styles``, so that
        it draws the tables in them.

    Returns
    -------
    list of str
        Schema and name of each table and view.

    Raises
    ------
    DataError
        If a database cannot hold a table.
    OptionError
        If the database cannot be reached or written to, has tables of these names
        that geoborder did not write, or others have built on tables whose columns
        change, or added columns to these; nothing is changed then.

    Warns
    -----
    GeoborderWarning
        If QGIS's styles cannot be written to ``layer_styles``, with the rights that
        this needs; the tables are written nevertheless.
    """
    require_name(schema, what="schema")
    systems = _systems(tables)
    with connected(address) as connection:
        place = prepare(connection)
        queue(connection, schema)
        if make_schema(connection, schema):
            comment(connection, "schema", schema, _ABOUT)
        if any(systems.values()):
            filling.require_postgis(place)
        sheets = _sheets(connection, tables, systems, currency)
        views = views_for(sheets)
        before = written(connection, schema) or Written()
        _replace(connection, schema, sheets, views, before)
        explain_views(connection, schema, views, currency=currency)
        looks = _looks(sheets, views, styles or {})
        fault = write_styles(connection, schema, looks, before=before.styles)
        kept = {name: [one.name for one in own] for name, (_, own) in looks.items()}
        now = Written(
            tuple(sheet.name for sheet in sheets),
            {view.name: view.mark for view in views},
            {sheet.name: [c.name for c in sheet.columns] for sheet in sheets},
            before.styles if fault else kept,
        )
        keep(connection, schema, now, facts or {})
    if fault is not None:
        warnings.warn(fault, GeoborderWarning, stacklevel=2)
    return [f"{schema}.{name}" for name in (*now.tables, MANIFEST, *now.views)]


def _systems(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, object]]:
    """Name the CRS of each table's geometries."""
    found = {}
    for name, table in tables.items():
        require_name(name, what="table")
        if name == MANIFEST or name.startswith("v_"):
            msg = (
                f"A table cannot be named {name!r}: so are the facts and the views "
                "that come with the tables. Rename it."
            )
            raise OptionError(msg)
        try:
            found[name] = crs_of(table)
        except DataError as error:
            msg = f"Table {name!r}: {error}"
            raise DataError(msg) from error
    return found


def _sheets(
    connection: Any,  # noqa: ANN401 - psycopg's type
    tables: Mapping[str, pd.DataFrame],
    systems: Mapping[str, Mapping[str, object]],
    currency: str | None,
) -> list[Sheet]:
    """Prepare tables with their keys and descriptions."""
    sheets = {}
    for name, table in tables.items():
        layer = LAYERS.get(name)
        sheets[name] = described(
            sheet_of(
                table,
                name,
                srids=srids_of(connection, systems[name]),
                empty=None if layer is None else layer.geometry,
            ),
            currency=currency,
        )
    return keyed(sheets, tables)


def _looks(
    sheets: Sequence[Sheet],
    views: Sequence[View],
    styles: Mapping[str, Sequence[Styled]],
) -> dict[str, tuple[str | None, Sequence[Styled]]]:
    """Choose the styles of tables and views, with their columns of geometries."""
    found = {}
    for sheet in sheets:
        column = next((c.name for c in sheet.columns if c.spatial), None)
        found[sheet.name] = (column, styles.get(sheet.name, ()))
    for view in views:
        column = GEOMETRY if view.spatial else None
        found[view.name] = (column, styles.get(view.like[0], ()))
    return {name: look for name, look in found.items() if look[1]}


def _replace(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    sheets: Sequence[Sheet],
    views: Sequence[View],
    before: Written,
) -> None:
    """Put new tables and views in the place of those written before."""
    found = {sheet.name: find(connection, schema, sheet.name) for sheet in sheets}
    strange = [n for n, table in found.items() if table and n not in before.tables]
    if strange:
        msg = (
            f"Schema {schema!r} has tables that geoborder did not write: "
            f"{', '.join(strange)}. Choose another schema, or drop them."
        )
        raise OptionError(msg)
    marks = {view.name: view.mark for view in views}
    known = [view for view in before.views if has_view(connection, schema, view)]
    kept = {s.name: f for s in sheets if (f := found[s.name]) and f.fits(s, keys=True)}
    gone = _going(connection, schema, kept, before)
    made = [sheet for sheet in sheets if sheet.name not in kept]
    same = not gone and not made and marks == before.views and set(known) == set(marks)
    rights = [] if same else rights_to(connection, schema, [*gone, *known])

    if not same:
        filling.drop(connection, "view", schema, known)
    filling.lock(connection, schema, list(kept))
    loose = _let_go(connection, schema, kept, gone)
    filling.drop(connection, "table", schema, gone)
    filling.empty(connection, schema, kept)
    for sheet in made:
        filling.make(connection, schema, sheet)
    for sheet in sheets:
        filling.fill(connection, schema, sheet)
    # What is still to be checked would stand in the way of new keys.
    connection.execute("set constraints all immediate")
    for sheet in made:
        filling.finish(connection, schema, sheet)
    for sheet in sheets:
        anew = sheet.references if sheet in made else loose.get(sheet.name, ())
        filling.refer(connection, schema, sheet.name, anew)
    for sheet in sheets:
        filling.explain(connection, schema, sheet)
    if not same:
        make_views(connection, schema, views)
        give(connection, schema, rights)


def _going(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    kept: Collection[str],
    before: Written,
) -> list[str]:
    """Name the tables to drop; none that others have added columns to."""
    gone = []
    for name in before.tables:
        found = None if name in kept else find(connection, schema, name)
        if found is None:
            continue
        gone.append(name)
        ours = before.columns.get(name)
        more = [] if ours is None else [c for c, _ in found.columns if c not in ours]
        if more:
            msg = (
                f"{schema}.{name} has columns that geoborder did not write: "
                f"{', '.join(more)}. Drop them, or move them to a table of your own."
            )
            raise OptionError(msg)
    return gone


def _let_go(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    kept: Mapping[str, Found],
    gone: Collection[str],
) -> dict[str, list[Reference]]:
    """Drop what refers to tables that will be dropped, and say what that was."""
    loose: dict[str, list[Reference]] = {}
    for name, table in kept.items():
        for reference, constraint in table.references.items():
            if reference.table in gone:
                loose.setdefault(name, []).append(reference)
                filling.release(connection, (schema, name), constraint)
    return loose
