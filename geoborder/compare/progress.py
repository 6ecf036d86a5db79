"""What became of a plan so far: items, money and coverage as of a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from geoborder.compare.covered import count_assets, sum_up
from geoborder.compare.deliveries import (
    STEPS,
    as_day,
    items_of,
    last_ended_year,
)
from geoborder.coverage.cells import Cells, make_cells
from geoborder.coverage.cover import units_of
from geoborder.geodesy import BoolArray
from geoborder.plan import Plan

_COUNTS = ("total", "planned", "due", *STEPS, "late", "cut")

_STATES = ("operational", "promised", "end_of_year")

_COVERAGE = ("length_km", "covered_km", "share", "longest_gap_km")

_LATE = [
    "asset_id",
    "name",
    "measure_id",
    "quantity",
    "due",
    "days_late",
    "status",
    "expected",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """
    What became of a plan, as of a date.

    An item planned for a year is due by the end of that year; on 31 December the year
    has ended, and what is not in operation is late, by 0 days. Tables of items count
    quantities: ``total`` (in the whole plan), ``planned`` (for years up to that of the
    date), ``due`` (for years that have ended), ``ordered``, ``delivered``,
    ``operational`` (each with those further on), ``late`` (due, not in operation,
    not cut), ``cut``; and give money: ``cost_planned`` and ``cost_due`` (of those
    items), ``paid``.

    Attributes
    ----------
    on : date
        The date.
    currency : str
        The programme's.
    by_measure : DataFrame
        Items and money per ``measure_id``; what is placed by hand has none.
    by_unit : DataFrame
        Items and money per ``side`` and ``unit``, without what has no place; and
        coverage: ``length_km``, and for each state of `coverage` ``covered_km``,
        ``share``, ``longest_gap_km`` with its name.
    by_year : DataFrame
        Items and money per ``year`` they are planned for; ``cost`` (of the whole
        programme in the year, also measures that bring no equipment, and running)
        and ``budget``, as planned.
    coverage : DataFrame
        Per ``state``: ``operational`` (what is in operation on the date),
        ``promised`` (if what is due by then were, and nothing else) and
        ``end_of_year`` (if what is planned for the year were, too): ``length_km``,
        ``covered_km``, ``share``, ``longest_gap_km``. What stands already is in
        operation in all three, as planned.
    late : DataFrame
        Items that are late, the latest first: ``asset_id``, ``name``,
        ``measure_id``, ``quantity``, ``due``, ``days_late``, ``status`` (the last
        step taken), ``expected``.
    items : DataFrame
        Every item with its dates (see `track_progress`); ``days_late`` also of those
        that went into operation late.
    """

    on: date
    currency: str
    by_measure: pd.DataFrame
    by_unit: pd.DataFrame
    by_year: pd.DataFrame
    coverage: pd.DataFrame
    late: pd.DataFrame
    items: pd.DataFrame

    @property
    def summary(self) -> str:
        """Progress in a few lines of text."""
        count = self.by_year[list(_COUNTS)].sum()
        begun = self.by_year[self.by_year["year"] <= self.on.year]
        state = self.coverage.set_index("state")
        items = (
            f"As of {self.on}: of {count['due']:,} items due ({count['planned']:,} by "
            f"the end of the year, {count['total']:,} in all) "
            f"{count['operational']:,} in operation, {count['delivered']:,} "
            f"delivered, {count['ordered']:,} ordered; {count['late']:,} late, "
            f"{count['cut']:,} cut."
        )
        money = (
            f"Paid {self.by_year['paid'].sum():,.0f} {self.currency}; items due cost "
            f"{self.by_year['cost_due'].sum():,.0f}; budget to the end of "
            f"{self.on.year} {begun['budget'].sum():,.0f}."
        )
        covered = (
            f"Covered {state.loc['operational', 'covered_km']:,.1f} km "
            f"({state.loc['operational', 'share']:.1%}); promised "
            f"{state.loc['promised', 'covered_km']:,.1f} km "
            f"({state.loc['promised', 'share']:.1%})."
        )
        lines = [items, money, covered]
        if len(self.late) and self.late["days_late"].iloc[0] > 0:
            worst = self.late.iloc[0]
            lines.append(
                f"Latest: {worst['asset_id']}, {worst['days_late']} days late "
                f"({worst['status']})."
            )
        return "\n".join(lines)


def track_progress(plan: Plan, deliveries: pd.DataFrame, *, on: date | str) -> Progress:
    """
    Set what was delivered beside what a plan promised.

    Parameters
    ----------
    plan
        The plan.
    deliveries
        A row per asset of the plan of which something is known: ``asset_id``, and
        where known dates ``ordered``, ``delivered``, ``operational``; ``status``
        (``cut``, or empty); ``paid`` (in the programme's currency, so far). Dates
        may be text such as 2027-06-30. An asset of several items (``quantity``) is
        delivered as one. Not modified.
    on
        The date, or text such as 2027-06-30. Later dates in the table have not
        happened; a later ``operational`` is when the item is expected. What is paid
        and cut has no date and counts in full.

    Returns
    -------
    Progress
        Frozen. Its ``items`` have ``asset_id``, ``name``, ``measure_id``,
        ``site_id``, ``segment_id``, ``quantity``, ``from_year``, ``until_year``,
        ``due``, ``ordered``, ``delivered``, ``operational``, ``expected``,
        ``days_late``, ``status`` (``planned``, the last step taken, or ``cut``),
        ``cost``, ``paid``. Coverage comes from what each asset covers in the plan;
        the life of an item begins when it goes into operation.

    Raises
    ------
    DataError
        If an asset is not in the plan, stands already or comes twice, a date cannot
        be read, dates are out of order, or ``status`` or ``paid`` is unusable: with
        row and value.
    OptionError
        If `on` is not a date.

    See Also
    --------
    facts_of : What is fixed when the plan is made again.
    compare_plans : What changed between two plans.

    Examples
    --------
    >>> import pandas as pd
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
    >>> deliveries = pd.DataFrame(
    ...     {
    ...         "asset_id": ["masts-001", "masts-002", "masts-003"],
    ...         "delivered": ["2026-05-02", "2026-06-30", None],
    ...         "operational": ["2026-07-01", None, None],
    ...         "status": [None, None, "cut"],
    ...     }
    ... )
    >>> found = gb.track_progress(plan, deliveries, on="2026-12-31")
    >>> found.by_measure[["measure_id", "due", "operational", "late", "cut"]]
      measure_id  due  operational  late  cut
    0      masts    2            1     1    1
    >>> found.coverage[["state", "covered_km", "longest_gap_km"]].round(1)
             state  covered_km  longest_gap_km
    0  operational         9.3            36.3
    1     promised        17.7            27.2
    2  end_of_year        17.7            27.2
    >>> found.late[["asset_id", "due", "days_late", "status"]]
        asset_id         due  days_late     status
    0  masts-002  2026-12-31          0  delivered
    """
    day = as_day(on)
    items = items_of(plan, deliveries, on=day)
    items["days_late"] = _days_late(items, day)
    counts = _counts(items, day)
    late = items[counts["late"] > 0]
    late = late.sort_values("days_late", ascending=False, kind="stable")
    cells = make_cells(plan.border, plan.coverage.footprints, plan.segments, None)
    covered = count_assets(cells, _in_force(plan, items, day)) >= plan.coverage.k
    everything = np.zeros(cells.row.size, dtype=np.int64)
    coverage = [
        sum_up(cells, covered[:, n], everything, 1).assign(state=state)
        for n, state in enumerate(_STATES)
    ]
    measures = counts.groupby(items["measure_id"], dropna=False, sort=False).sum()
    return Progress(
        on=day,
        currency=plan.program.currency,
        by_measure=measures.reset_index(),
        by_unit=_by_unit(plan, items, counts, cells, covered),
        by_year=_by_year(plan, items, counts),
        coverage=pd.concat(coverage, ignore_index=True)[["state", *_COVERAGE]],
        late=late[_LATE].reset_index(drop=True),
        items=items,
    )


def _days_late(items: pd.DataFrame, day: date) -> list[int]:
    """Days between the end of each item's year and its first in operation, so far."""
    ends = [day if pd.isna(d) else d for d in items["operational"]]
    return [
        0 if status == "cut" else max(0, (end - due).days)
        for end, due, status in zip(ends, items["due"], items["status"], strict=True)
    ]


def _counts(items: pd.DataFrame, day: date) -> pd.DataFrame:
    """How many of each item's quantity count as what, and its money."""
    year = items["from_year"].astype("int64")
    planned, due = year <= day.year, year <= last_ended_year(day)
    cut = items["status"] == "cut"
    reached = {
        step: items["status"].isin(STEPS[number:]) for number, step in enumerate(STEPS)
    }
    flags = {
        "total": np.ones(len(items), dtype=bool),
        "planned": planned,
        "due": due,
        **reached,
        "late": due & ~cut & ~reached["operational"],
        "cut": cut,
    }
    quantity = items["quantity"].astype("int64")
    table = pd.DataFrame({name: quantity * flag for name, flag in flags.items()})
    return table.assign(
        cost_planned=items["cost"] * planned,
        cost_due=items["cost"] * due,
        paid=items["paid"],
    )


def _in_force(plan: Plan, items: pd.DataFrame, day: date) -> BoolArray:
    """Which footprints count in each state, shape (footprints, states)."""
    assets = plan.assets.set_index("asset_id")
    begins = assets["from_year"].astype(float).fillna(-np.inf)
    ends = assets["until_year"].astype(float).fillna(np.inf)
    table = pd.DataFrame({"operational": (begins <= day.year) & (day.year <= ends)})
    table["promised"] = table["end_of_year"] = table["operational"]
    own = items["asset_id"]
    due = begins[own] <= last_ended_year(day)
    table.loc[own, "promised"] &= due
    began = [np.inf if pd.isna(d) else d.year for d in items["operational"]]
    life = (ends[own] - begins[own]).to_numpy()
    running = np.array(began) + life >= day.year
    table.loc[own, "operational"] = running & (items["status"] == "operational").array
    rows = plan.coverage.footprints["asset_id"]
    return table.loc[rows, list(_STATES)].to_numpy(bool)


def _by_year(plan: Plan, items: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Items and money by the year they are planned for, beside cost and budget."""
    table = counts.groupby(items["from_year"].astype("int64")).sum()
    years = table.index.union(plan.costs.index).rename("year")
    table = table.reindex(years, fill_value=0)
    costs = plan.costs.rename(columns={"total": "cost"})[["cost", "budget"]]
    return table.join(costs).reset_index()


def _by_unit(
    plan: Plan,
    items: pd.DataFrame,
    counts: pd.DataFrame,
    cells: Cells,
    covered: BoolArray,
) -> pd.DataFrame:
    """Items, money and coverage by unit on either side."""
    row = pd.Index(plan.segments["segment_id"]).get_indexer(
        items["segment_id"].astype(float).fillna(-1.0).astype("int64")
    )
    frames = []
    for side, number, labels in units_of(plan.border, plan.segments):
        group = np.where(cells.segment >= 0, number[cells.segment], -1)
        own = pd.Series(np.where(row >= 0, number[row], -1), index=counts.index)
        table = counts.groupby(own).sum().reindex(range(len(labels)), fill_value=0)
        table.insert(0, "side", side)
        table.insert(1, "unit", labels)
        for n, state in enumerate(_STATES):
            sums = sum_up(cells, covered[:, n], group, len(labels))
            table["length_km"] = sums.pop("length_km")
            table = table.join(sums.add_suffix(f"_{state}"))
        frames.append(table)
    return pd.concat(frames, ignore_index=True)
