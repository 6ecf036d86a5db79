"""Tables and whole plans in PostGIS, written in one transaction, and read again."""

from geoborder.postgis.address import is_address, shown_address
from geoborder.postgis.reading import read_manifest, read_table, read_tables
from geoborder.postgis.writing import write_table, write_tables

__all__ = [
    "is_address",
    "read_manifest",
    "read_table",
    "read_tables",
    "shown_address",
    "write_table",
    "write_tables",
]
