"""What a report says of lengths, coverage and time, by year and unit."""

from __future__ import annotations

import pandas as pd

from geoborder.plan import Plan

LEVELS = ("critical", "high", "medium", "low")

Row = dict[str, object]


def summary_line(plan: Plan) -> str:
    """
    Say what a plan covers in a line.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
        Length, covered length and share, longest gap.
    """
    last = plan.coverage.by_year.iloc[-1]
    return (
        f"{last['length_km']:,.2f} km of border, {last['covered_km']:,.0f} km "
        f"({last['share']:.0%}) covered in {int(last['year'])}, longest gap "
        f"{last['longest_gap_km']:,.1f} km"
    )


def year_label(plan: Plan, year: int) -> str:
    """
    Name a year for people.

    Parameters
    ----------
    plan
        The plan.
    year
        The year.

    Returns
    -------
    str
        "before 2025" for what was there before the programme.
    """
    before = year < plan.program.first_year
    return f"before {year + 1}" if before else str(year)


def years(plan: Plan) -> list[Row]:
    """
    Put coverage, posts and cost of each year in one row.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        From the year before the programme.
    """
    posts = plan.posts.set_index("year")
    rows = []
    for row in plan.coverage.by_year.to_dict("records"):
        year = int(row["year"])
        rows.append(
            {
                **row,
                "label": year_label(plan, year),
                "posts": posts.loc[year, "posts"],
                "stretch_km": posts.loc[year, "longest_stretch_km"],
            }
        )
    return rows


def units_by_year(plan: Plan) -> list[Row]:
    """
    Gather length and coverage of each unit, before the programme and by year.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Units of either side; countries where there are no units.
    """
    coverage = plan.coverage.by_unit_year
    rows: list[Row] = []
    for (side, unit), part in coverage.groupby(["side", "unit"], sort=False):
        last = part.iloc[-1]
        rows.append(
            {
                "side": side,
                "unit": unit,
                "length_km": last["length_km"],
                "shares": part["share"].to_list(),
                "longest_gap_km": last["longest_gap_km"],
            }
        )
    return rows


def response_rows(plan: Plan) -> list[Row]:
    """
    Gather the time to each unit's part of the border, before and at the end.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Two rows per unit; none where time was not worked out.
    """
    if plan.response is None:
        return []
    table = plan.response.by_unit_year
    ends = table["year"].isin([table["year"].min(), table["year"].max()])
    rows: list[Row] = []
    for (side, unit), part in table[ends].groupby(["side", "unit"], sort=False):
        for row in part.to_dict("records"):
            label = year_label(plan, int(row["year"]))
            rows.append({**row, "side": side, "unit": unit, "label": label})
    return rows


def calibrations(plan: Plan) -> list[Row]:
    """
    Set the border's length on other maps beside the official one.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        Rows of the plan's lengths, with the factor to the official length.
    """
    official = plan.program.border.official_length_km
    rows: list[Row] = plan.lengths.to_dict("records")
    for row, km in zip(rows, plan.lengths["length_km"], strict=True):
        row["factor"] = None if official is None else official / km
    return rows


def cell_m(plan: Plan) -> tuple[int, int] | None:
    """
    Measure a cell of the elevation at the middle of the border.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    tuple of int or None
        Width and height in metres.
    """
    if plan.dem is None:
        return None
    west, south, east, north = plan.border.total_bounds
    width, height = plan.dem.cell_size_m((west + east) / 2.0, (south + north) / 2.0)
    return round(width), round(height)


def illustrative_share(plan: Plan) -> float:
    """
    Work out how much of the cost rests on illustrative quantities or prices.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    float
        Share of the cost of all measures.
    """
    rows = plan.assignments
    total = rows["cost"].sum()
    if total == 0:
        return 0.0
    sourced = (rows["basis"] != "illustrative") & (rows["cost_basis"] != "illustrative")
    return float(rows.loc[~sourced, "cost"].sum() / total)


def beside(
    plan: Plan, border_id: object, start_km: float, end_km: float
) -> tuple[str, str]:
    """
    Tell what a stretch of border is like.

    Parameters
    ----------
    plan
        The plan.
    border_id
        Line that the stretch is on.
    start_km, end_km
        Where it begins and ends.

    Returns
    -------
    tuple of str
        The units beside it, and the highest impact level in it.
    """
    segments = plan.segments
    met = segments[
        (segments["border_id"] == border_id)
        & (segments["start_km"] < end_km)
        & (segments["end_km"] > start_km)
    ]
    sides = [met[c] for c in ("left_unit", "right_unit") if c in met.columns]
    units = pd.concat(sides).dropna().unique() if sides else []
    level = next((name for name in LEVELS if (met["priority"] == name).any()), "")
    return ", ".join(map(str, units)), level
