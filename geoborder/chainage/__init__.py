"""
Linear referencing on the ellipsoid: chainage, its inverse, and calibration.

Chainage is the geodesic distance along a border line from its start, in km.
Official chainage is the same place in the kilometres of a published length.
"""

from geoborder.chainage.calibration import (
    calibrate,
    calibration_residuals,
    from_official,
    to_official,
)
from geoborder.chainage.lines import as_border, border_rows, measure_border
from geoborder.chainage.places import (
    cut_border,
    locate,
    point_at,
    restart_border,
    slice_border,
)
from geoborder.chainage.targets import Targets, border_targets, equal_cells

__all__ = [
    "Targets",
    "as_border",
    "border_rows",
    "border_targets",
    "calibrate",
    "calibration_residuals",
    "cut_border",
    "equal_cells",
    "from_official",
    "locate",
    "measure_border",
    "point_at",
    "restart_border",
    "slice_border",
    "to_official",
]
