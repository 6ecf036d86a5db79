"""
Where the next equipment goes, with a proof of how good the proposal is.

`place` is the way in; the classic models of location science stand beside it.
"""

from geoborder.placement.assets import placed_plan
from geoborder.placement.classic import bacop1, bacop2, lscp, lscp_b, mclp
from geoborder.placement.medians import p_center, p_median
from geoborder.placement.place import Placement, place
from geoborder.placement.proposal import propose_sites
from geoborder.placement.solution import Solution
from geoborder.placement.sweep import sweep_budget

__all__ = [
    "Placement",
    "Solution",
    "bacop1",
    "bacop2",
    "lscp",
    "lscp_b",
    "mclp",
    "p_center",
    "p_median",
    "place",
    "placed_plan",
    "propose_sites",
    "sweep_budget",
]
