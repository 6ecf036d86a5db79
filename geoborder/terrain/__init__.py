"""
Elevation: rasters read with their georeferencing, and the shape of the ground.

Rasters stay in the CRS and on the grid they were delivered in; large ones stay on
disk and are read by windows.
"""

from geoborder.terrain.dem import Dem, apply_transform
from geoborder.terrain.opening import DemLike, as_dem, open_dem
from geoborder.terrain.points import is_mountain, terrain_at
from geoborder.terrain.profile import equal_steps, profile
from geoborder.terrain.shape import (
    aspect_deg,
    downslope_deg,
    hillshade,
    local_relief,
    ruggedness_m,
    slope_deg,
)

__all__ = [
    "Dem",
    "DemLike",
    "apply_transform",
    "as_dem",
    "aspect_deg",
    "downslope_deg",
    "equal_steps",
    "hillshade",
    "is_mountain",
    "local_relief",
    "open_dem",
    "profile",
    "ruggedness_m",
    "slope_deg",
    "terrain_at",
]
