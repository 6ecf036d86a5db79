"""What changed: between plans, between a plan and what came of it, between borders."""

from geoborder.compare.borders import BorderDifference, compare_borders
from geoborder.compare.deliveries import facts_of
from geoborder.compare.plans import PlanDifference, compare_plans
from geoborder.compare.progress import Progress, track_progress
from geoborder.compare.replan import Replanned, replan
from geoborder.compare.writing import write_comparison

__all__ = [
    "BorderDifference",
    "PlanDifference",
    "Progress",
    "Replanned",
    "compare_borders",
    "compare_plans",
    "facts_of",
    "replan",
    "track_progress",
    "write_comparison",
]
