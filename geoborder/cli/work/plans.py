"""Plans in the making."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from geoborder.chainage import as_border
from geoborder.cli.console import Watch, log, print_text
from geoborder.cli.layers import read_optional, require_one_stream
from geoborder.maps import make_map, save_map
from geoborder.placement.problem import relative_gap
from geoborder.plan import STEPS, PlacingOptions, Plan, make_plan
from geoborder.report import write_report
from geoborder.report.placement import percent

_SHARES = {"placement": 8.0, "units": 1.3, "response": 1.3, "checks": 1.3}
_SWEEP = 40.0

WRITING = {"map": 1.0, "writing": 10.0}
"""Steps after a plan's, and about how long they take beside those."""


def plan_steps(*, sweep: bool = False) -> dict[str, float]:
    """
    Name the steps of a plan, and about how long each takes of the whole.

    Parameters
    ----------
    sweep
        Whether it is placed at other budgets too.

    Returns
    -------
    dict
        From steps to their shares.
    """
    shares = {step: _SHARES.get(step, 0.5) for step in STEPS}
    return {**shares, "placement": _SWEEP} if sweep else shares


def work_out(
    program: str | None,
    *,
    watch: Watch,
    border: str | None,
    dem: list[str] | None,
    segment_length_km: float,
    sites: str | None = None,
    placed: bool = True,
    placing: PlacingOptions | None = None,
) -> Plan:
    """
    Work a programme out.

    Parameters
    ----------
    program, border, dem, sites
        Files, or other places of layers.
    watch
        What to report to.
    segment_length_km, placed, placing
        As for `make_plan`.

    Returns
    -------
    Plan
        The plan. If the search for a placement was stopped by Ctrl-C, it has the best
        found until then, and that is said.
    """
    require_one_stream("input", border=border, sites=sites)
    line = read_optional(border)
    candidates = read_optional(sites)
    how = placing or PlacingOptions()
    plan = make_plan(
        program,
        border=None if line is None else as_border(line),
        dem=dem or None,
        segment_length_km=segment_length_km,
        candidates=candidates,
        placed=placed,
        placing=replace(how, progress=search_teller(how, watch)),
        progress=watch.begin,
    )
    say_if_stopped(plan)
    return plan


def search_teller(
    placing: PlacingOptions, watch: Watch
) -> Callable[[float, float, float], None]:
    """
    Tell how far a search for a placement has come.

    Parameters
    ----------
    placing
        Its options.
    watch
        What to report to.

    Returns
    -------
    callable
        Takes value, bound and seconds, as `PlacingOptions.progress` does.
    """
    limit = placing.time_limit_s or math.inf

    def tell(value: float, bound: float, seconds: float) -> None:
        text = f"none yet, bound {bound:,.1f}"
        if math.isfinite(value):
            gap = percent(relative_gap(value, bound))
            text = f"best {value:,.1f}, bound {bound:,.1f}, gap {gap}"
        watch.tell(seconds / limit, text)

    return tell


def pages_of(
    plan: Plan, *, color_by: str = "coverage_share"
) -> dict[str, Callable[[Path], object]]:
    """
    Draw a plan's map, and tell how it and the report are written.

    Parameters
    ----------
    plan
        The plan.
    color_by
        Segment attribute that the map shows first.

    Returns
    -------
    dict
        Names of files, and what writes each to a path.
    """
    page = make_map(plan, color_by=color_by)
    return {
        "map.html": lambda path: save_map(page, path),
        "report.html": lambda path: write_report(plan, path),
    }


def say_if_stopped(plan: Plan) -> None:
    """
    Say how good a placement is whose search was stopped.

    Parameters
    ----------
    plan
        The plan.
    """
    placement = plan.placement
    if placement is not None and placement.status == "stopped":
        text = "Stopped: the best placement found until then is kept; its gap to the "
        print_text(f"{text}bound is {percent(placement.gap)}.", to=log)
