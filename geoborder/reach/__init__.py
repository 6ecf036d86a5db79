"""Reach: how long it takes to get there over the ground, and along the border."""

from geoborder.reach.conditions import Conditions
from geoborder.reach.isochrones import Isochrones, isochrones, write_isochrones
from geoborder.reach.modes import TRAVEL_MODES, TravelMode, graded, langmuir, tobler
from geoborder.reach.paths import least_time_paths, patrol_path
from geoborder.reach.times import travel_time

__all__ = [
    "TRAVEL_MODES",
    "Conditions",
    "Isochrones",
    "TravelMode",
    "graded",
    "isochrones",
    "langmuir",
    "least_time_paths",
    "patrol_path",
    "tobler",
    "travel_time",
    "write_isochrones",
]
