"""Addresses of databases, without all else that commands use."""

from geoborder.postgis import is_address, shown_address

__all__ = ["is_address", "shown_address"]
