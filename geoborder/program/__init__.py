"""The programme: what is to be done along a border, where, when, at what cost."""

from geoborder.program.catalogue import EquipmentType
from geoborder.program.figures import LEVELS, Figure, Targets
from geoborder.program.model import Asset, Claims, Measure, Program, Stretch
from geoborder.program.placement import Floor, PlacementRules
from geoborder.program.read import load_program

__all__ = [
    "LEVELS",
    "Asset",
    "Claims",
    "EquipmentType",
    "Figure",
    "Floor",
    "Measure",
    "PlacementRules",
    "Program",
    "Stretch",
    "Targets",
    "load_program",
]
