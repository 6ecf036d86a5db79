"""Pictures of a plan as matplotlib axes, for reports, papers and slides."""

from geoborder.plots.axes import scale_of, to_svg
from geoborder.plots.mapping import CATEGORY_MARKERS, plot_map
from geoborder.plots.money import plot_budget, plot_spending, plot_sweep
from geoborder.plots.profiles import plot_profile
from geoborder.plots.stretches import stretches_in
from geoborder.plots.years import plot_coverage_by_year

__all__ = [
    "CATEGORY_MARKERS",
    "plot_budget",
    "plot_coverage_by_year",
    "plot_map",
    "plot_profile",
    "plot_spending",
    "plot_sweep",
    "scale_of",
    "stretches_in",
    "to_svg",
]
