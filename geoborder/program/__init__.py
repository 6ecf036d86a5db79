"""The programme: what is to be done along a border, where, when, at what cost."""

from geoborder.program.model import (
    LEVELS,
    Asset,
    Claims,
    EquipmentType,
    Figure,
    Measure,
    Program,
    Stretch,
    Targets,
)
from geoborder.program.read import load_program

__all__ = [
    "LEVELS",
    "Asset",
    "Claims",
    "EquipmentType",
    "Figure",
    "Measure",
    "Program",
    "Stretch",
    "Targets",
    "load_program",
]
