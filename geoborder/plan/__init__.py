"""The plan: border, segments, measures, assets and coverage of a programme."""

from geoborder.plan.making import STEPS, Plan, make_plan
from geoborder.plan.options import PlacingOptions

__all__ = ["STEPS", "PlacingOptions", "Plan", "make_plan"]
