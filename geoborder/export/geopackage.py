"""A plan as one GeoPackage that says what it holds, and how it looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoborder.columns import plain_table
from geoborder.dictionary import LAYERS, field_of
from geoborder.export.about import DUBLIN_CORE, About, dublin_core
from geoborder.files.geopackage import add_layer
from geoborder.qgis import layer_styles

_VIEWS = {"segments_by_year": ("coverage_by_segment_year", "segments", "segment_id")}
"""Layers that are views: of a table, and of the layer whose lines its rows name."""

_SPEC = "http://www.geopackage.org/spec121/#extension_"

_EXTENSIONS = """
create table if not exists gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT not null,
    definition TEXT not null, scope TEXT not null,
    constraint ge_tce unique (table_name, column_name, extension_name)
);
"""

_SCHEMA = """
create table gpkg_data_columns (
    table_name TEXT not null, column_name TEXT not null, name TEXT, title TEXT,
    description TEXT, mime_type TEXT, constraint_name TEXT,
    constraint pk_gdc primary key (table_name, column_name),
    constraint gdc_tn unique (table_name, name)
);
create table gpkg_data_column_constraints (
    constraint_name TEXT not null, constraint_type TEXT not null, value TEXT,
    min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN,
    description TEXT,
    constraint gdcc_ntv unique (constraint_name, constraint_type, value)
);
"""

_METADATA = """
create table gpkg_metadata (
    id INTEGER constraint m_pk primary key asc not null,
    md_scope TEXT not null default 'dataset', md_standard_uri TEXT not null,
    mime_type TEXT not null default 'text/xml', metadata TEXT not null default ''
);
create table gpkg_metadata_reference (
    reference_scope TEXT not null, table_name TEXT, column_name TEXT,
    row_id_value INTEGER,
    timestamp DATETIME not null default (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    md_file_id INTEGER not null, md_parent_id INTEGER,
    constraint crmr_mfi_fk foreign key (md_file_id) references gpkg_metadata(id),
    constraint crmr_mpi_fk foreign key (md_parent_id) references gpkg_metadata(id)
);
"""

_STYLES = """
create table layer_styles (
    id INTEGER primary key autoincrement not null, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(256), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
    description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME default (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
);
"""
"""As QGIS makes it when it saves the first style, but for the width of names."""


def write_geopackage(
    layers: Mapping[str, pd.DataFrame], path: Path, *, about: About
) -> None:
    """
    Write tables as the layers of one GeoPackage.

    Layers and columns have titles, units and descriptions, styles for QGIS, and the
    file says whose it is and how it was made; all as the standard, or QGIS, has it.

    Parameters
    ----------
    layers
        Tables by their names.
    path
        File to write; it must not exist.
    about
        What is said of all of them.
    """
    names = _titles(layers)
    views = [name for name in layers if _is_view(name, layers)]
    with _unsynced():
        for name, table in layers.items():
            if name not in views:
                title, description = names[name]
                add_layer(
                    plain_table(table),
                    path,
                    layer=name,
                    empty=LAYERS[name].geometry if name in LAYERS else None,
                    options={"IDENTIFIER": title, "DESCRIPTION": description},
                )
    with closing(sqlite3.connect(path)) as database, database:
        for name in views:
            _add_view(database, name, layers, (*names[name], about.stamp))
        database.executescript(_EXTENSIONS)
        _add_fields(database, layers, about.currency)
        _add_metadata(database, about)
        _add_styles(database, layers, about)


@contextmanager
def _unsynced() -> Iterator[None]:
    """Let GDAL not wait for the disk after each layer; the last change does."""
    option = "OGR_SQLITE_SYNCHRONOUS"
    before = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: "OFF"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({option: before})


def _titles(layers: Mapping[str, pd.DataFrame]) -> dict[str, tuple[str, str]]:
    """Title and description of each layer; no two have the same title."""
    found: dict[str, tuple[str, str]] = {}
    for name in layers:
        known = LAYERS.get(name)
        title = name if known is None else known.title
        others = {other for other, _ in found.values()}
        found[name] = (
            name if title in others else title,
            "" if known is None else known.description,
        )
    return found


def _is_view(name: str, layers: Mapping[str, pd.DataFrame]) -> bool:
    """Whether a layer says only what two others say."""
    if name not in _VIEWS:
        return False
    table, lines, _ = _VIEWS[name]
    if table not in layers or lines not in layers:
        return False
    known = {*layers[table].columns, *layers[lines].columns}
    return known >= set(layers[name].columns)


def _add_view(
    database: sqlite3.Connection,
    name: str,
    layers: Mapping[str, pd.DataFrame],
    facts: tuple[str, str, str],
) -> None:
    """Add a layer that joins a table to the lines its rows name."""
    table, lines, key = _VIEWS[name]
    columns = [
        f'{"t" if column in layers[table].columns else "l"}."{column}"'
        for column in layers[name].columns.drop("geometry")
    ]
    database.executescript(
        f"""
        create unique index "{lines}_{key}" on "{lines}" ("{key}");
        create view "{name}" as
            select t.fid, {", ".join(columns)}, l.geom
            from "{table}" t cross join "{lines}" l on l."{key}" = t."{key}";
        """  # noqa: S608 - all names are the dictionary's
    )
    database.execute(
        "insert into gpkg_contents (table_name, data_type, identifier, description,"
        " last_change, min_x, min_y, max_x, max_y, srs_id)"
        " select ?, data_type, ?, ?, ?, min_x, min_y, max_x, max_y, srs_id"
        " from gpkg_contents where table_name = ?",
        (name, *facts, lines),
    )
    database.execute(
        "insert into gpkg_geometry_columns"
        " select ?, column_name, geometry_type_name, srs_id, z, m"
        " from gpkg_geometry_columns where table_name = ?",
        (name, lines),
    )


def _register(database: sqlite3.Connection, extension: str, *tables: str) -> None:
    """Say which tables an extension of the standard has added."""
    database.executemany(
        "insert into gpkg_extensions values (?, null, ?, ?, 'read-write')",
        [(table, f"gpkg_{extension}", f"{_SPEC}{extension}") for table in tables],
    )


def _add_fields(
    database: sqlite3.Connection, layers: Mapping[str, pd.DataFrame], currency: str
) -> None:
    """Add titles with units, and descriptions, of columns."""
    database.executescript(_SCHEMA)
    _register(database, "schema", "gpkg_data_columns", "gpkg_data_column_constraints")
    for name, table in layers.items():
        fields = {c: field_of(name, c, currency=currency) for c in table.columns}
        known = {c: field for c, field in fields.items() if field is not None}
        aliases = [field.alias for field in known.values()]
        database.executemany(
            "insert into gpkg_data_columns (table_name, column_name, name, title,"
            " description) values (?, ?, ?, ?, ?)",
            [
                (
                    name,
                    column,
                    # GDAL and QGIS take the name for the alias; it must be unique.
                    field.alias if aliases.count(field.alias) == 1 else column,
                    field.alias,
                    field.description,
                )
                for column, field in known.items()
            ],
        )


def _add_metadata(database: sqlite3.Connection, about: About) -> None:
    """Add whose the file is and how it was made."""
    database.executescript(_METADATA)
    _register(database, "metadata", "gpkg_metadata", "gpkg_metadata_reference")
    database.execute(
        "insert into gpkg_metadata values (1, 'dataset', ?, 'text/xml', ?)",
        (DUBLIN_CORE, dublin_core(about)),
    )
    database.execute(
        "insert into gpkg_metadata_reference (reference_scope, timestamp, md_file_id)"
        " values ('geopackage', ?, 1)",
        (about.stamp,),
    )


def _add_styles(
    database: sqlite3.Connection, layers: Mapping[str, pd.DataFrame], about: About
) -> None:
    """Add styles, which QGIS finds by themselves."""
    database.executescript(_STYLES)
    database.execute(
        "insert into gpkg_contents (table_name, data_type, identifier, last_change,"
        " srs_id) values ('layer_styles', 'attributes', 'layer_styles', ?, 0)",
        (about.stamp,),
    )
    styles = layer_styles(
        layers, currency=about.currency, years=about.years, side=about.side
    )
    rows = [
        (
            name,
            "geom" if isinstance(layers[name], gpd.GeoDataFrame) else "",
            style.name,
            style.qml,
            style.default,
            style.description,
            about.stamp,
        )
        for name, own in styles.items()
        for style in own
    ]
    database.executemany(
        "insert into layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault,"
        " description, owner, update_time)"
        " values ('', '', ?, ?, ?, ?, '', ?, ?, '', ?)",
        rows,
    )
