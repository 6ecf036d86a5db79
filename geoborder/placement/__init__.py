"""
Where the next equipment goes, with a proof of how good the proposal is.

`place` is the way in; the classic models of location science stand beside it.
"""

from geoborder.placement.assets import placed_plan
from geoborder.placement.place import Placement, place
from geoborder.placement.proposal import propose_sites
from geoborder.placement.sweep import sweep_budget

__all__ = ["Placement", "place", "placed_plan", "propose_sites", "sweep_budget"]
