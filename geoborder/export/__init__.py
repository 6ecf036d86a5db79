"""A plan as files: GeoPackage, CSV, map, report, and a manifest of them all."""

from geoborder.export.folders import (
    sha256_of,
    verify_plan,
    write_placement,
    write_plan,
)
from geoborder.export.layers import placement_layers, plan_layers

__all__ = [
    "placement_layers",
    "plan_layers",
    "sha256_of",
    "verify_plan",
    "write_placement",
    "write_plan",
]
