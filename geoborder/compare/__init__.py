"""What changed: between plans, between a plan and what came of it, between borders."""

from geoborder.compare.borders import BorderDifference, compare_borders
from geoborder.compare.deliveries import facts_of
from geoborder.compare.plans import PlanDifference, compare_plans
from geoborder.compare.progress import Progress, track_progress
from geoborder.compare.writing import write_comparison

__all__ = [
    "BorderDifference",
    "PlanDifference",
    "Progress",
    "compare_borders",
    "compare_plans",
    "facts_of",
    "track_progress",
    "write_comparison",
]
