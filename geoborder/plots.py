"""Charts of a plan as matplotlib axes, for reports, papers and slides."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geoborder.assign import yearly_costs
from geoborder.maps.style import CATEGORY_COLOURS, COVERED_COLOUR, GAP_COLOUR
from geoborder.plan import Plan


def plot_coverage_by_year(plan: Plan, ax: Axes | None = None) -> Axes:
    """
    Draw covered length and the longest gap by year.

    Parameters
    ----------
    plan
        The plan.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        Bars of covered km, with the longest gap as a line.
    """
    ax = _axes(ax, (6.4, 3.0))
    table = plan.coverage.by_year
    years = _year_labels(plan, table["year"].to_list())
    bars = ax.bar(years, table["covered_km"], color=COVERED_COLOUR, label="covered")
    ax.bar_label(bars, [f"{s:.0%}" for s in table["share"]], fontsize=8)
    ax.plot(years, table["longest_gap_km"], "o-", color=GAP_COLOUR, label="longest gap")
    ax.axhline(table["length_km"].iloc[0], color="#555", lw=0.8, ls="--")
    ax.annotate(
        "whole border", (0, table["length_km"].iloc[0]), (0, 3),
        textcoords="offset points", fontsize=8, color="#555",
    )  # fmt: skip
    ax.set_ylabel("km")
    ax.set_ylim(0, table["length_km"].iloc[0] * 1.15)
    ax.legend(frameon=False, fontsize=8, loc="center left")
    return ax


def plot_spending(plan: Plan, ax: Axes | None = None) -> Axes:
    """
    Draw what is covered against what is spent on placed equipment until each year.

    Parameters
    ----------
    plan
        A plan with a placement.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        A point per year, and one for what was covered before the programme; spending
        in millions of the programme's currency, running cost included.
    """
    ax = _axes(ax, (6.4, 3.0))
    rows, items = plan.assignments, plan.assets.iloc[:0]
    if plan.placement is not None:
        items = plan.placement.items
    rows = rows[rows["measure_id"].isin(items["measure_id"].unique())]
    spent = yearly_costs(plan.program, rows, items)["total"].cumsum() / 1e6
    covered = plan.coverage.by_year.set_index("year")["covered_km"]
    before = plan.program.first_year - 1
    years = [before, *spent.index]
    millions = np.append(0.0, spent.to_numpy())
    ax.plot(millions, covered.loc[years], "o-", color=COVERED_COLOUR)
    places = pd.DataFrame({"x": millions, "y": covered.loc[years].to_numpy()})
    places = places.round(6).assign(label=_year_labels(plan, years))
    texts = places.groupby(["x", "y"], sort=False)["label"].agg(", ".join).reset_index()
    near = texts["x"].diff(-1).abs() < 0.12 * millions[-1]
    for point, left in zip(texts.itertuples(), near, strict=True):
        ax.annotate(
            point.label, (point.x, point.y), (-6, 5) if left else (6, -10),
            textcoords="offset points", fontsize=8, ha="right" if left else "left",
        )  # fmt: skip
    length = float(plan.border["length_km"].sum())
    ax.axhline(length, color="#555", lw=0.8, ls="--")
    ax.annotate(
        "whole border", (0, length), (0, 3),
        textcoords="offset points", fontsize=8, color="#555",
    )  # fmt: skip
    ax.set_xlabel(f"spent on placed equipment so far, million {plan.program.currency}")
    ax.set_ylabel("covered, km")
    ax.set_ylim(0, length * 1.15)
    return ax


def plot_sweep(plan: Plan, ax: Axes | None = None) -> Axes:
    """
    Draw what each further million buys: the placement's value at other budgets.

    Parameters
    ----------
    plan
        A plan with a budget sweep.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        Weighted km over the money that is there for placed equipment, each with the
        bound that no placement exceeds and its multiple of the programme's budget.
    """
    ax = _axes(ax, (6.4, 3.0))
    if plan.sweep is None:
        return ax
    table = plan.sweep.dropna(subset=["value"])
    budget = table["budget"].to_numpy(float) / 1e6
    value, bound = (table[name].to_numpy(float) for name in ("value", "bound"))
    ax.plot(budget, bound, "_", ms=12, color="#888", label="bound")
    ax.plot(budget, value, "o-", color="#1f5a7a", label="value")
    for times, x, y in zip(table["factor"], budget, value, strict=True):
        ax.annotate(
            f"{times:g}", (x, y), textcoords="offset points", xytext=(4, -12),
            fontsize=8,
        )  # fmt: skip
    ax.set_xlabel(f"budget for placed equipment, million {plan.program.currency}")
    ax.set_ylabel("weighted km, all years")
    ax.margins(y=0.2)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return ax


def plot_budget(plan: Plan, ax: Axes | None = None) -> Axes:
    """
    Draw cost by year and category against the budget.

    Parameters
    ----------
    plan
        The plan.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        Stacked bars in millions of the programme's currency, running cost on
        top, the budget as a mark.
    """
    ax = _axes(ax, (6.4, 3.2))
    table = plan.assignments.pivot_table(
        index="year", columns="category", values="cost", aggfunc="sum", fill_value=0.0
    ).reindex(plan.costs.index, fill_value=0.0)
    years = [str(year) for year in plan.costs.index]
    bottom = np.zeros(len(years))
    for category, colour in CATEGORY_COLOURS.items():
        if category in table.columns:
            height = table[category].to_numpy() / 1e6
            ax.bar(years, height, bottom=bottom, color=colour, label=category)
            bottom += height
    running = plan.costs["running"].to_numpy() / 1e6
    ax.bar(
        years, running, bottom=bottom, color="white", edgecolor="#444", hatch="///",
        label="running cost",
    )  # fmt: skip
    budget = plan.costs["budget"].to_numpy(float) / 1e6
    if np.isfinite(budget).any():
        place = np.arange(len(years))
        ax.hlines(
            budget, place - 0.42, place + 0.42, lw=2.5, color="black", label="budget"
        )
    ax.set_ylabel(f"million {plan.program.currency}")
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1], labels[::-1], frameon=False, fontsize=8,
        loc="center left", bbox_to_anchor=(1.01, 0.5),
    )  # fmt: skip
    return ax


def plot_profile(plan: Plan, ax: Axes | None = None) -> Axes:
    """
    Draw elevation, covered stretches and gaps along the chainage.

    Parameters
    ----------
    plan
        A plan of one line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        Mean elevation of each segment over chainage, with coverage below it.
    """
    ax = _axes(ax, (9.0, 2.8))
    segments = plan.segments[
        plan.segments["border_id"] == plan.segments["border_id"].iloc[0]
    ]
    top = 1.0
    if "elevation_mean_m" in segments.columns:
        edges = np.append(segments["start_km"], segments["end_km"].iloc[-1])
        ax.stairs(segments["elevation_mean_m"], edges, fill=True, color="#c9bfae")
        ax.stairs(segments["elevation_mean_m"], edges, color="#6d5f48", lw=0.8)
        top = float(np.nanmax(segments["elevation_max_m"]))
    coverage = plan.coverage
    for table, colour, label in (
        (coverage.intervals, COVERED_COLOUR, "covered"),
        (coverage.gaps, GAP_COLOUR, "gap"),
    ):
        spans = list(zip(table["start_km"], table["length_km"], strict=True))
        ax.broken_barh(
            spans,
            (-0.09 * top, 0.06 * top),
            color=colour,
            label=f"{label}, {coverage.year}",
        )
    side = "right_unit" if "right_unit" in segments.columns else None
    if side is not None:
        for unit, part in segments.groupby(side, sort=False):
            start, end = part["start_km"].min(), part["end_km"].max()
            ax.axvline(start, color="#777", lw=0.6, ls=":")
            if end - start > 0.06 * segments["end_km"].max():
                ax.text((start + end) / 2, top * 1.02, unit, ha="center", fontsize=8)
            else:
                ax.text(start, top * 1.12, unit, ha="left", fontsize=8)
    ax.set_xlim(0, segments["end_km"].max())
    ax.set_ylim(-0.12 * top, top * 1.2)
    ax.set_xlabel("chainage, km")
    ax.set_ylabel("elevation, m")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, 0.88))
    return ax


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is None:
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _year_labels(plan: Plan, years: list[int]) -> list[str]:
    return ["before" if y < plan.program.first_year else str(y) for y in years]


def to_svg(ax: Axes, *, title: str) -> str:
    """
    Render axes as an SVG element for a web page.

    Parameters
    ----------
    ax
        The axes.
    title
        What the picture shows, for those who cannot see it.

    Returns
    -------
    str
        The same text for the same picture.
    """
    file = io.StringIO()
    figure: Any = ax.get_figure(root=True)
    with mpl.rc_context({"svg.hashsalt": title, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Title": title})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<svg ", '<svg role="img" ', svg, count=1)
