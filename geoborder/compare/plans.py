"""What changed from one plan to another of the same border."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from geoborder.compare.assets import changed_assets
from geoborder.compare.fields import differing_fields
from geoborder.compare.figures import quantities_beside, units_beside, years_beside
from geoborder.compare.stretches import CHANGES, changed_stretches
from geoborder.errors import OptionError
from geoborder.plan import Plan

_SAME_DEG = 1e-9
"""Vertices nearer to each other than this (0.1 mm) are one."""

_FIELDS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """
    What changed from plan a to plan b.

    In tables with both plans, columns end in ``_a``, ``_b`` and ``_change`` (b less
    a); money has no change where the programmes' currencies differ.

    Attributes
    ----------
    name_a, name_b : str
        The programmes' names.
    currency : str or None
        Of both programmes; None where they differ.
    assets : GeoDataFrame
        A row per asset that is not the same in both: ``measure_id`` (empty for what
        stands already), ``equipment``, ``name``, ``change`` (``added``, ``dropped``
        or ``changed``); for changed ones ``moved`` and ``moved_km`` (geodesic),
        ``retimed`` (another first or last year), ``altered`` and ``alterations``
        (what it can do: equipment, quantity, status, how it covers); from each plan
        ``asset_id``, ``from_year``, ``until_year``, ``quantity``, ``border_id``,
        ``chainage_km``; ``geometry`` (its place in b; in a, if dropped). What
        stands already is matched by its name, what a measure brings so that the
        distances moved are least in all.
    by_measure : DataFrame
        How many assets: ``measure_id``, ``assets_a``, ``assets_b``, ``added``,
        ``dropped``, ``moved``, ``retimed``, ``altered``, ``moved_mean_km``,
        ``moved_most_km``.
    by_year : DataFrame
        Per ``year``: ``covered_km``, ``share``, ``longest_gap_km``, ``capital``,
        ``running``, ``cost``, ``budget``; empty in years that a plan does not have.
    by_unit : DataFrame
        Per ``side``, ``unit`` and ``year``: ``covered_km``, ``share``,
        ``longest_gap_km``, ``cost`` (of what is placed there in that year).
    quantities : DataFrame
        Per ``measure_id`` and ``year``: ``quantity``, ``cost``; 0 where a plan has
        none.
    stretches : GeoDataFrame
        Maximal stretches covered in one plan and not in the other, in each year
        that both have: ``year``, ``change`` (``gained`` in b, or ``lost``),
        ``border_id``, ``start_km``, ``end_km``, ``length_km``, ``geometry``. Exact
        to a millimetre of chainage, from what each asset covers in its plan; each
        plan counts with its own required k.
    fields : DataFrame
        Where the programmes differ: ``path``, ``a``, ``b``.
    """

    name_a: str
    name_b: str
    currency: str | None
    assets: gpd.GeoDataFrame
    by_measure: pd.DataFrame
    by_year: pd.DataFrame
    by_unit: pd.DataFrame
    quantities: pd.DataFrame
    stretches: gpd.GeoDataFrame
    fields: pd.DataFrame

    @property
    def is_empty(self) -> bool:
        """Whether the plans do not differ at all."""
        if len(self.assets) or len(self.stretches) or len(self.fields):
            return False
        tables = (self.by_year, self.by_unit, self.quantities)
        changes = (t.filter(regex="_change$").fillna(0.0) for t in tables)
        return all(bool((change == 0.0).all(axis=None)) for change in changes)

    @property
    def summary(self) -> str:
        """The difference in a few lines of text."""
        if self.is_empty:
            return "The plans do not differ."
        lines = [
            f"{self.name_a} (a) -> {self.name_b} (b)",
            *_coverage_lines(self),
            _cost_line(self),
            _assets_line(self),
        ]
        if len(self.fields):
            names = ", ".join(self.fields["path"].head(_FIELDS_SHOWN))
            more = ", ..." if len(self.fields) > _FIELDS_SHOWN else "."
            many = f"{len(self.fields)} field{'s' * (len(self.fields) > 1)}"
            lines.append(f"The programmes differ in {many}: {names}{more}")
        return "\n".join(lines)


def compare_plans(a: Plan, b: Plan) -> PlanDifference:
    """
    Find what changed between two plans of one border.

    Parameters
    ----------
    a, b
        The plans: what was, and what is now.

    Returns
    -------
    PlanDifference
        Frozen; its tables of changes have no rows where the plans are the same.

    Raises
    ------
    OptionError
        If the plans are of different borders, or of different drawings of one.

    See Also
    --------
    compare_borders : Two drawings of one border.
    track_progress : What became of a plan so far.

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
    >>> more = program.measures["masts"].model_copy(update={"quantity": 6})
    >>> other = program.model_copy(update={"measures": {"masts": more}})
    >>> found = gb.compare_plans(plan, gb.make_plan(other, placed=False))
    >>> found.by_measure[["measure_id", "assets_a", "assets_b", "added", "moved"]]
      measure_id  assets_a  assets_b  added  moved
    0      masts         4         6      2      1
    >>> found.by_year[["year", "covered_km_a", "covered_km_b"]].round(1)
       year  covered_km_a  covered_km_b
    0  2025           0.0           0.0
    1  2026          17.7          25.1
    2  2027          37.7          44.9
    """
    _require_one_border(a, b)
    assets, by_measure = changed_assets(a.assets, b.assets)
    currencies = {a.program.currency, b.program.currency}
    return PlanDifference(
        name_a=a.program.name,
        name_b=b.program.name,
        currency=a.program.currency if len(currencies) == 1 else None,
        assets=assets,
        by_measure=by_measure,
        by_year=years_beside(a, b),
        by_unit=units_beside(a, b),
        quantities=quantities_beside(a, b),
        stretches=changed_stretches(a.border, a.coverage, b.coverage),
        fields=differing_fields(a.program, b.program),
    )


def _require_one_border(a: Plan, b: Plan) -> None:
    """Refuse plans whose chainages do not mean the same places."""
    names = [list(plan.border["border_id"]) for plan in (a, b)]
    if sorted(names[0]) != sorted(names[1]):
        left, right = (", ".join(part) for part in names)
        msg = (
            f"`a` and `b` must be plans of one border, got {left} and {right}; "
            "plan both on the same line."
        )
        raise OptionError(msg)
    one, other = (plan.border.set_index("border_id") for plan in (a, b))
    for name in names[0]:
        lines = one.geometry[name], other.geometry[name]
        if not shapely.equals_exact(*lines, tolerance=_SAME_DEG):
            msg = (
                f"`a` and `b` have border {name} drawn differently "
                f"({one.loc[name, 'length_km']:,.3f} km and "
                f"{other.loc[name, 'length_km']:,.3f} km), so their chainages are not "
                "the same places; plan both on one line. `compare_borders` tells how "
                "far the drawings are apart."
            )
            raise OptionError(msg)


def _coverage_lines(difference: PlanDifference) -> list[str]:
    """Coverage in the last year that both plans have."""
    both = difference.by_year.dropna(subset=["covered_km_a", "covered_km_b"])
    if both.empty:
        return ["The plans have no year in common."]
    last = both.iloc[-1]
    year = int(last["year"])
    own = difference.stretches[difference.stretches["year"] == year]
    km = [own.loc[own["change"] == change, "length_km"] for change in CHANGES]
    covered = (
        f"{year}: covered {last['covered_km_a']:,.1f} -> "
        f"{last['covered_km_b']:,.1f} km ({last['covered_km_change']:+,.1f}), longest "
        f"gap {last['longest_gap_km_a']:,.1f} -> {last['longest_gap_km_b']:,.1f} km."
    )
    apart = (
        f"{year}: covered in b only {km[0].sum():,.1f} km ({len(km[0])} stretches), "
        f"in a only {km[1].sum():,.1f} km ({len(km[1])})."
    )
    return [covered, apart]


def _cost_line(difference: PlanDifference) -> str:
    if difference.currency is None:
        return "Costs are in different currencies."
    a, b = (float(difference.by_year[f"cost_{side}"].sum()) for side in ("a", "b"))
    return (
        f"Cost of all years: {a:,.0f} -> {b:,.0f} {difference.currency} "
        f"({b - a:+,.0f})."
    )


def _assets_line(difference: PlanDifference) -> str:
    count = difference.by_measure[
        ["added", "dropped", "moved", "retimed", "altered"]
    ].sum()
    moved = difference.assets.loc[difference.assets["moved"], "moved_km"]
    far = ""
    if len(moved):
        far = f" ({moved.mean():,.1f} km on average, {moved.max():,.1f} at most)"
    return (
        f"Assets: {count['added']} added, {count['dropped']} dropped, "
        f"{count['moved']} moved{far}, {count['retimed']} moved in time, "
        f"{count['altered']} changed in what they can do."
    )
