"""A plan as files or tables: GeoPackage, QGIS project, further formats, PostGIS."""

from geoborder.export.folders import sha256_of, verify_plan
from geoborder.export.layers import placement_layers, plan_layers
from geoborder.export.reading import read_plan_tables
from geoborder.export.writing import write_placement, write_plan

__all__ = [
    "placement_layers",
    "plan_layers",
    "read_plan_tables",
    "sha256_of",
    "verify_plan",
    "write_placement",
    "write_plan",
]
