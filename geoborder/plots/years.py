"""Coverage by year as a picture."""

from __future__ import annotations

from matplotlib.axes import Axes

from geoborder.maps.style import COVERED_COLOUR, GAP_COLOUR
from geoborder.plan import Plan
from geoborder.plots.axes import (
    add_sources,
    new_axes,
    plain_text,
    type_size,
    year_labels,
)


@plain_text
def plot_coverage_by_year(
    plan: Plan, *, ax: Axes | None = None, sources: bool = True
) -> Axes:
    """
    Draw covered length and the longest gap by year.

    Parameters
    ----------
    plan
        The plan.
    ax
        Axes to draw on; new ones by default.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        Bars of covered km with their share, the longest gap as a line.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> ax = gb.plot_coverage_by_year(plan)
    >>> ax.get_ylabel()
    'km'
    >>> [round(float(bar.get_height()), 1) for bar in ax.patches]
    [0.0, 17.7, 37.7]
    """
    ax = new_axes(ax, (6.4, 3.2))
    size = type_size(ax)
    table = plan.coverage.by_year
    years = year_labels(plan, table["year"].to_list())
    length = float(table["length_km"].iloc[0])
    bars = ax.bar(years, table["covered_km"], color=COVERED_COLOUR, label="covered")
    ax.bar_label(bars, [f"{s:.0%}" for s in table["share"]], fontsize=size, padding=2)
    ax.plot(
        years, table["longest_gap_km"], "o-", color=GAP_COLOUR, mec="white",
        label="longest gap",
    )  # fmt: skip
    ax.axhline(length, color="#555", lw=0.8, ls="--", zorder=0, label="whole border")
    ax.set_ylabel("km", fontsize=size)
    ax.set_ylim(0, length * 1.15)
    ax.tick_params(labelsize=size)
    ax.legend(
        frameon=False, fontsize=size, loc="lower center", bbox_to_anchor=(0.5, 1.0),
        ncols=3,
    )  # fmt: skip
    if sources:
        add_sources(ax, plan)
    return ax


# The decorator is of another module, so doctest would pass over what it wraps.
__test__ = {"plot_coverage_by_year": plot_coverage_by_year}
