"""Styles and projects for QGIS, written without it."""

from geoborder.qgis.project import write_project
from geoborder.qgis.styles import Style, layer_styles

__all__ = ["Style", "layer_styles", "write_project"]
