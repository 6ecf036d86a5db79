"""Layers, tables, rasters and texts as files, which are finished or absent."""

from geoborder.files.formats import FORMATS, Format
from geoborder.files.layers import read_layer, read_table, write_layer
from geoborder.files.rasters import write_raster
from geoborder.files.text import write_bytes, write_text

__all__ = [
    "FORMATS",
    "Format",
    "read_layer",
    "read_table",
    "write_bytes",
    "write_layer",
    "write_raster",
    "write_text",
]
