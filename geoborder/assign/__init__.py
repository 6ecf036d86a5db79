"""Who gets what, when, at what cost: measures and equipment on segments."""

from geoborder.assign.apportion import apportion
from geoborder.assign.equipment import assign_equipment, yearly_costs
from geoborder.assign.measures import assign_measures
from geoborder.assign.priority import prioritise

__all__ = [
    "apportion",
    "assign_equipment",
    "assign_measures",
    "prioritise",
    "yearly_costs",
]
