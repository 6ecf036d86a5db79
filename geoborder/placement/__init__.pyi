from .assets import placed_plan
from .classic import (
    Solution,
    bacop1,
    bacop2,
    lscp,
    lscp_b,
    mclp,
    p_center,
    p_median,
)
from .placing import Placement, place
from .proposal import propose_sites
from .sweep import sweep_budget

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
