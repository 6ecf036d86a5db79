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
from geoborder.maps.page import summary_line
from geoborder.maps.style import words
from geoborder.plan import Plan
from geoborder.program import Figure
from geoborder.reach import TRAVEL_MODES
from geoborder.report.placement import no_placement, placement_section

_GAPS_SHOWN = 10


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
    """
    return write_text(Path(path), render_report(plan))


def render_report(plan: Plan) -> str:
    """
    Render a plan's report.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        HTML in which nothing from the data is markup.
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
    length = float(plan.border["length_km"].sum())
    official = plan.program.border.official_length_km
    return pages.get_template("report.html.j2").render(
        plan=plan,
        program=plan.program,
        summary=summary_line(plan),
        length_km=length,
        official_km=official,
        lengths=_calibrations(plan, official),
        facing=[] if plan.facing is None else plan.facing.to_dict("records"),
        checks=plan.checks.to_dict("records"),
        years=_years(plan),
        units=_units_by_year(plan),
        response=_response(plan),
        measures=_measures(plan),
        catalogue=_catalogue(plan),
        standing=plan.assets[plan.assets["measure_id"].isna()].to_dict("records"),
        gaps=_gaps(plan),
        costs=plan.costs.reset_index().to_dict("records"),
        posts=plan.posts.to_dict("records"),
        crossings=[] if plan.crossings is None else plan.crossings.to_dict("records"),
        coverage_chart=_chart(
            plots.plot_coverage_by_year, plan, "Covered length by year"
        ),
        budget_chart=_chart(plots.plot_budget, plan, "Cost by year and category"),
        profile_chart=_chart(plots.plot_profile, plan, "Profile along the border"),
        placement=placement_section(plan),
        no_placement=no_placement(plan.program),
        placement_chart=None
        if plan.placement is None
        else _chart(plots.plot_spending, plan, "Covered length against money spent"),
        sweep_chart=None
        if plan.sweep is None
        else _chart(plots.plot_sweep, plan, "Covered length at other budgets"),
        evenly=_evenly(plan),
        levels=plan.segments.groupby("priority")["length_km"].sum().to_dict(),
        illustrative=_illustrative_share(plan),
        attribution=ATTRIBUTION,
        elevation=None if plan.dem is None else Path(plan.dem.source).name,
        cell_m=_cell_m(plan),
        siting_m=_SITING_M,
        travel_source=TRAVEL_MODES[plan.program.travel].source,
    )


def _cell_m(plan: Plan) -> tuple[int, int] | None:
    """Size of a cell of the elevation at the middle of the border, in metres."""
    if plan.dem is None:
        return None
    west, south, east, north = plan.border.total_bounds
    width, height = plan.dem.cell_size_m((west + east) / 2.0, (south + north) / 2.0)
    return round(width), round(height)


def _chart(draw: Callable[[Plan], Axes], plan: Plan, title: str) -> Markup:
    return Markup(plots.to_svg(draw(plan), title=title))  # noqa: S704 - drawn by matplotlib, which escapes


def _evenly(plan: Plan) -> set[str]:
    """Categories of planned equipment that stands evenly on segments, not on sites."""
    assets = plan.assets
    own = assets["measure_id"].notna() & assets.geometry.notna()
    if "site_id" in assets.columns:
        own &= assets["site_id"].isna()
    return set(assets.loc[own, "category"])


def _calibrations(plan: Plan, official: float | None) -> list[dict[str, object]]:
    table = plan.lengths.to_dict("records")
    for row in table:
        row["factor"] = None if official is None else official / row["length_km"]
    return table


def _years(plan: Plan) -> list[dict[str, object]]:
    """Coverage, posts and cost of each year in one row."""
    posts = plan.posts.set_index("year")
    rows = []
    for row in plan.coverage.by_year.to_dict("records"):
        year = int(row["year"])
        before = year < plan.program.first_year
        rows.append(
            {
                **row,
                "label": f"before {year + 1}" if before else str(year),
                "posts": posts.loc[year, "posts"],
                "stretch_km": posts.loc[year, "longest_stretch_km"],
            }
        )
    return rows


def _units_by_year(plan: Plan) -> list[dict[str, object]]:
    """Length, cost and coverage of each unit, before and by year."""
    coverage = plan.coverage.by_unit_year
    rows = []
    for (side, unit), part in coverage.groupby(["side", "unit"], sort=False):
        column = f"{side}_unit"
        if column in plan.segments.columns:
            own = plan.segments[plan.segments[column] == unit]
        else:
            own = plan.segments
        last = part.iloc[-1]
        rows.append(
            {
                "side": side,
                "unit": unit,
                "length_km": last["length_km"],
                "shares": part["share"].to_list(),
                "longest_gap_km": last["longest_gap_km"],
                "cost": float(own["cost"].sum()),
            }
        )
    return rows


def _response(plan: Plan) -> list[dict[str, object]]:
    """Time to each unit's part of the border, before the programme and at its end."""
    if plan.response is None:
        return []
    table = plan.response.by_unit_year
    ends = table["year"].isin([table["year"].min(), table["year"].max()])
    rows = []
    for (side, unit), part in table[ends].groupby(["side", "unit"], sort=False):
        for row in part.to_dict("records"):
            year = int(row["year"])
            before = year < plan.program.first_year
            label = f"before {year + 1}" if before else str(year)
            rows.append({**row, "side": side, "unit": unit, "label": label})
    return rows


def _measures(plan: Plan) -> list[dict[str, object]]:
    rows = []
    for key, measure in plan.program.measures.items():
        own = plan.assignments[plan.assignments["measure_id"] == key]
        by_year = own.groupby("year")["quantity"].sum()
        chosen = measure.targets.model_dump(exclude_defaults=True)
        where = "; ".join(
            f"{name.replace('_', ' ')}: {_listed(value)}"
            for name, value in chosen.items()
        )
        rows.append(
            {
                "name": measure.name,
                "category": measure.category,
                "unit": measure.unit,
                "quantity": float(own["quantity"].sum()),
                "cost": float(own["cost"].sum()),
                "schedule": [
                    float(by_year.get(year, 0.0)) for year in plan.program.years
                ],
                "where": (where or "whole border") if measure.placed else "no place",
                "segments": int(own["segment_id"].nunique()),
                "basis": measure.basis,
                "cost_basis": own["cost_basis"].iloc[0] if len(own) else measure.basis,
                "note": measure.note,
            }
        )
    return rows


def _listed(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return ", ".join(
            "-".join(f"{end:g}" for end in item)
            if isinstance(item, (tuple, list))
            else str(item)
            for item in value
        )
    return str(value)


def _catalogue(plan: Plan) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind in plan.program.equipment.values():
        figures = []
        for field in type(kind).model_fields:
            figure = getattr(kind, field)
            if isinstance(figure, Figure):
                figures.append((field.replace("_", " "), figure.value, figure.basis))
        rows.append(
            {
                "name": kind.name,
                "mode": kind.mode,
                "figures": figures,
                "note": kind.note,
            }
        )
    return rows


def _gaps(plan: Plan) -> list[dict[str, object]]:
    """List the longest gaps, with the units beside them and the nearest post."""
    segments = plan.segments
    rows = []
    for gap in plan.coverage.gaps.head(_GAPS_SHOWN).to_dict("records"):
        met = segments[
            (segments["border_id"] == gap["border_id"])
            & (segments["start_km"] < gap["end_km"])
            & (segments["end_km"] > gap["start_km"])
        ]
        units = met["right_unit"].dropna().unique() if "right_unit" in met else []
        rows.append({**gap, "units": ", ".join(units), "levels": _worst(met)})
    return rows


def _worst(segments: pd.DataFrame) -> str:
    order = ["critical", "high", "medium", "low"]
    return next((level for level in order if (segments["priority"] == level).any()), "")


def _illustrative_share(plan: Plan) -> float:
    """Share of the cost that rests on illustrative quantities or prices."""
    rows = plan.assignments
    total = rows["cost"].sum()
    if total == 0:
        return 0.0
    sourced = (rows["basis"] != "illustrative") & (rows["cost_basis"] != "illustrative")
    return float(rows.loc[~sourced, "cost"].sum() / total)
