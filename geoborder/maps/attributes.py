"""Segment attributes that a map shows, classed, by year where they change."""

from __future__ import annotations

from typing import Any

from geoborder.errors import OptionError
from geoborder.maps.style import ATTRIBUTES, scheme
from geoborder.plan import Plan

_YEARLY = {
    "coverage_share": "share",
    "k_mean": "k_mean",
    "longest_gap_km": "longest_gap_km",
}
"""Attributes that change from year to year, and what coverage calls them."""


_LAST_YEAR = ("post_km", "post_minutes")
"""Attributes that are known for the programme's last year alone."""


def attribute_data(plan: Plan) -> list[dict[str, Any]]:
    """
    Class every segment attribute that a plan has.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``classes`` (colour and label) and ``values``: for each
        year, or for all of them, the class of each segment.
    """
    return [_attribute(plan, name) for name in ATTRIBUTES if _has(plan, name)]


def require_attribute(name: str, plan: Plan | None = None) -> None:
    """
    Refuse an attribute that maps do not show, or a plan's segments do not have.

    Parameters
    ----------
    name
        What was asked for.
    plan
        The plan, where there is one already.

    Raises
    ------
    OptionError
        Naming those there are.
    """
    known = [key for key in ATTRIBUTES if plan is None or _has(plan, key)]
    if name not in known:
        msg = f"`color_by` must be one of {', '.join(known)}, got {name!r}."
        raise OptionError(msg)


def _has(plan: Plan, name: str) -> bool:
    """Tell whether a plan's segments have an attribute."""
    return name in plan.segments.columns and plan.segments[name].notna().any()


def _attribute(plan: Plan, name: str) -> dict[str, Any]:
    """One attribute; classes are the same in all years."""
    segments = plan.segments
    if name in _YEARLY:
        table = plan.coverage.by_segment_year.pivot_table(
            index="year", columns="segment_id", values=_YEARLY[name]
        )[segments["segment_id"]]
        values = table.stack()
    else:
        values = segments[name]
    found = scheme(values, name)
    number = {colour: n for n, (colour, _) in enumerate(found.classes)}
    classes = [number[colour] for colour in found.colours]
    count = len(segments)
    of = f" in {plan.program.last_year}" if name in _LAST_YEAR else ""
    return {
        "name": name,
        "title": found.title + of,
        "classes": [list(pair) for pair in found.classes],
        "values": [classes[n : n + count] for n in range(0, len(classes), count)],
    }
