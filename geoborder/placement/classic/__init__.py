"""The classic models of location science, on any sparse cover matrix."""

from geoborder.placement.classic.covers import bacop1, bacop2, lscp, lscp_b, mclp
from geoborder.placement.classic.medians import p_center, p_median
from geoborder.placement.classic.solution import Solution

__all__ = [
    "Solution",
    "bacop1",
    "bacop2",
    "lscp",
    "lscp_b",
    "mclp",
    "p_center",
    "p_median",
]
