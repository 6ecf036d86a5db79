"""The page of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes

from geoborder import plots
from geoborder.datasets import ATTRIBUTION
from geoborder.files import write_text
from geoborder.maps.style import words
from geoborder.plan import Plan
from geoborder.plots.axes import ILLUSTRATIVE
from geoborder.reach import TRAVEL_MODES
from geoborder.report import closing, figures, holdings, planned
from geoborder.report.placement import no_placement, placement_section
from geoborder.report.provenance import provenance

_SITING_M = 100
"""Cells of elevation longer than this are too coarse to choose sites on."""


def write_report(plan: Plan, path: str | Path) -> Path:
    """
    Write a plan's report as one HTML file that opens without a network.

    Parameters
    ----------
    plan
        The plan.
    path
        File to write; it is finished or absent.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If it cannot be written; an earlier file is untouched.

    See Also
    --------
    write_report_pdf : The same as a PDF.

    Examples
    --------
    >>> import tempfile
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
    >>> file = gb.write_report(plan, tempfile.mkdtemp() + "/report.html")
    >>> "<h1>Small</h1>" in file.read_text(encoding="utf-8")
    True
    """
    return write_text(Path(path), render_report(plan))


def render_report(plan: Plan, *, unfolded: bool = False) -> str:
    """
    Render a plan's report.

    Parameters
    ----------
    plan
        The plan.
    unfolded
        Whether long tables are open from the start, as on paper.

    Returns
    -------
    str
        HTML in which nothing from the data is markup; the same for the same plan.
    """
    pages = Environment(
        loader=PackageLoader("geoborder"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["words"] = words
    pages.filters["km"] = lambda v: f"{v:,.1f}"
    pages.filters["share"] = lambda v: f"{v:.1%}"
    pages.filters["money"] = lambda v: "" if pd.isna(v) else f"{v:,.0f}"
    pages.filters["short"] = _short
    template = pages.get_template("report.html.j2")
    return template.render(
        **_facts(plan), **_tables(plan), **_charts(plan), unfolded=unfolded
    )


def _short(money: float) -> str:
    """Write a sum in few digits."""
    scale, word = plots.scale_of(money)
    return f"{money / scale:,.1f} {word}" if word else f"{money:,.0f}"


def _facts(plan: Plan) -> dict[str, object]:
    """Gather what the text says of the plan as a whole."""
    program = plan.program
    return {
        "plan": plan,
        "program": program,
        "summary": figures.summary_line(plan),
        "length_km": float(plan.border["length_km"].sum()),
        "official_km": program.border.official_length_km,
        "no_placement": no_placement(program),
        "evenly": _evenly(plan),
        "levels": plan.segments.groupby("priority")["length_km"].sum().to_dict(),
        "illustrative": figures.illustrative_share(plan),
        "attribution": ATTRIBUTION,
        "what_is_illustrative": ILLUSTRATIVE,
        "elevation": None if plan.dem is None else Path(plan.dem.source).name,
        "cell_m": figures.cell_m(plan),
        "siting_m": _SITING_M,
        "travel_source": TRAVEL_MODES[program.travel].source,
    }


def _tables(plan: Plan) -> dict[str, object]:
    """Gather the rows of all tables."""
    return {
        "lengths": figures.calibrations(plan),
        "facing": [] if plan.facing is None else plan.facing.to_dict("records"),
        "checks": plan.checks.to_dict("records"),
        "years": figures.years(plan),
        "units": figures.units_by_year(plan),
        "response": figures.response_rows(plan),
        "measures": planned.measures(plan),
        "places": planned.places(plan),
        "spending": planned.spending(plan),
        "catalogue": planned.catalogue(plan),
        "standing": holdings.standing_assets(plan),
        "spread": holdings.spread_assets(plan),
        "open_gaps": closing.open_gaps(plan),
        "closed_gaps": closing.closed_gaps(plan),
        "crossings": []
        if plan.crossings is None
        else plan.crossings.to_dict("records"),
        "placement": placement_section(plan),
        "provenance": provenance(plan),
    }


def _charts(plan: Plan) -> dict[str, object]:
    """Draw the pictures."""
    charts: dict[str, object] = {
        "map_chart": _chart(plots.plot_map, plan, "Map of the border"),
        "coverage_chart": _chart(
            plots.plot_coverage_by_year, plan, "Covered length by year"
        ),
        "profile_chart": _chart(plots.plot_profile, plan, "Profile along the border"),
        "budget_chart": _chart(plots.plot_budget, plan, "Cost by year and category"),
        "placement_chart": None,
        "sweep_chart": None,
    }
    if plan.placement is not None:
        title = "Covered length against money spent"
        charts["placement_chart"] = _chart(plots.plot_spending, plan, title)
    if plan.sweep is not None:
        title = "Value at other budgets"
        charts["sweep_chart"] = _chart(plots.plot_sweep, plan, title)
    return charts


def _chart(draw: Callable[..., Axes], plan: Plan, title: str) -> Markup:
    """Draw a picture as SVG; what it rests on is said once, in the text."""
    key = title.lower().replace(" ", "-")
    svg = plots.to_svg(draw(plan, sources=draw is plots.plot_map), title=title, key=key)
    return Markup(svg)  # noqa: S704 - drawn by matplotlib, which escapes


def _evenly(plan: Plan) -> set[str]:
    """Categories of planned equipment that stands evenly on segments, not on sites."""
    assets = plan.assets
    own = assets["measure_id"].notna() & assets.geometry.notna()
    if "site_id" in assets.columns:
        own &= assets["site_id"].isna()
    return set(assets.loc[own, "category"])
