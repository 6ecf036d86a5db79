"""Views of a plan by year, worked out from its tables whenever they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from geoborder.postgis.catalog import comment
from geoborder.postgis.sheets import GEOMETRY, Sheet, words_of
from geoborder.postgis.statements import identifier, statement


@dataclass(frozen=True, slots=True)
class View:
    """
    A view of a plan.

    Attributes
    ----------
    name : str
        Its name.
    comment : str
        What it says about itself.
    needs : dict of str to str
        The tables that it reads, and what columns they must have.
    query : str
        What it selects, with ``{table}`` for the tables, ``{official}`` for the
        official chainage where segments have it, and ``{operating}`` for whether
        asset ``a`` is in operation in year ``y``.
    like : tuple of str
        Layers whose columns it has: the first has its styles, too.
    words : dict of str to str
        What columns say that none of these has, or that are others here.
    """

    name: str
    comment: str
    needs: Mapping[str, str]
    query: str
    like: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def spatial(self) -> bool:
        """Whether it has a column of geometries."""
        return any(GEOMETRY in names.split() for names in self.needs.values())

    @property
    def mark(self) -> str:
        """What tells one version of it from another."""
        text = f"{self.query}\n{self.comment}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_OPERATING = (
    "a.status is distinct from 'retired' and coalesce(a.from_year, y.year) <= y.year "
    "and coalesce(a.until_year, y.year) >= y.year"
)
"""Whether asset ``a`` is in operation in year ``y``, as in Python."""

_FIGURES = "year covered_km share k_min k_mean gaps longest_gap_km"

_IN_YEAR = {
    "start_date": "From. First day of the year.",
    "end_date": "Until. Last day of the year.",
}

_ALL = (
    View(
        "v_segments_by_year",
        "Segments with how they are covered in each year.",
        {
            "segments": "segment_id border_id start_km end_km length_km geom",
            "coverage_by_segment_year": f"segment_id {_FIGURES}",
        },
        """
        select row_number() over (order by c.year, s.start_km, s.segment_id) as fid,
            c.segment_id, c.year,
            make_date(c.year::int, 1, 1) as start_date,
            make_date(c.year::int, 12, 31) as end_date,
            s.border_id, s.start_km, s.end_km, {official}
            c.length_km, c.covered_km, c.share, c.k_min, c.k_mean, c.gaps,
            c.longest_gap_km, s.geom
        from {coverage_by_segment_year} c join {segments} s using (segment_id)
        """,
        ("segments_by_year",),
    ),
    View(
        "v_coverage_by_year",
        "How much of the border is covered in each year, summed over segments; gaps "
        "and the longest one out of gaps by year.",
        {
            "coverage_by_segment_year": f"segment_id length_km {_FIGURES}",
            "gaps_by_year": "year length_km",
        },
        """
        select c.year,
            make_date(c.year::int, 1, 1) as start_date,
            make_date(c.year::int, 12, 31) as end_date,
            sum(c.length_km) as length_km,
            sum(c.covered_km) as covered_km,
            sum(c.covered_km) / nullif(sum(c.length_km), 0) as share,
            min(c.k_min) as k_min,
            sum(c.k_mean * c.length_km) / nullif(sum(c.length_km), 0) as k_mean,
            (select count(*) from {gaps_by_year} g where g.year = c.year) as gaps,
            (select coalesce(max(g.length_km), 0) from {gaps_by_year} g
                where g.year = c.year) as longest_gap_km
        from {coverage_by_segment_year} c
        group by c.year order by c.year
        """,
        ("coverage_by_year",),
    ),
    View(
        "v_gaps_by_segment_year",
        "What of each year's gaps lies in each segment.",
        {
            "gaps_by_year": "year border_id start_km end_km",
            "segments": "segment_id border_id start_km end_km",
        },
        """
        select g.year, s.segment_id, count(*) as gaps,
            sum(least(g.end_km, s.end_km) - greatest(g.start_km, s.start_km))
                as open_km,
            max(least(g.end_km, s.end_km) - greatest(g.start_km, s.start_km))
                as longest_gap_km
        from {gaps_by_year} g
        join {segments} s on s.border_id = g.border_id
            and least(g.end_km, s.end_km) - greatest(g.start_km, s.start_km) > 1e-6
        group by g.year, s.segment_id order by g.year, s.segment_id
        """,
        ("coverage_by_segment_year",),
        {"open_km": "Not covered, km. Length of the year's gaps within the segment."},
    ),
    View(
        "v_assets_by_year",
        "Assets in operation in each year: begun, not at their end, not retired.",
        {
            "assets": "fid asset_id name equipment category mode status quantity "
            "from_year until_year running_cost_per_year border_id segment_id "
            "chainage_km measure_id geom",
            "coverage_by_year": "year",
        },
        """
        select row_number() over (order by y.year, a.fid) as fid,
            y.year,
            make_date(y.year::int, 1, 1) as start_date,
            make_date(y.year::int, 12, 31) as end_date,
            a.asset_id, a.name, a.equipment, a.category, a.mode, a.status, a.quantity,
            a.from_year, a.until_year, a.running_cost_per_year, a.border_id,
            a.segment_id, a.chainage_km, a.measure_id, a.geom
        from {coverage_by_year} y join {assets} a on {operating}
        """,
        ("assets", "coverage_by_year"),
        _IN_YEAR,
    ),
    View(
        "v_costs_by_year",
        "Cost against budget in each year of the programme: what measures cost, and "
        "what running the assets costs that they brought.",
        {
            "costs_by_year": "year budget",
            "assignments": "year cost",
            "assets": "status from_year until_year running_cost_per_year",
        },
        """
        select t.*, capital + running as total, budget - (capital + running) as balance
        from (
            select y.year, y.budget,
                (select coalesce(sum(m.cost), 0) from {assignments} m
                    where m.year = y.year) as capital,
                (select coalesce(sum(a.running_cost_per_year), 0) from {assets} a
                    where coalesce(a.from_year, y.year) <= y.year
                    and coalesce(a.until_year, y.year) >= y.year) as running
            from {costs_by_year} y
        ) as t order by year
        """,
        ("costs_by_year",),
    ),
    View(
        "v_measures_by_year",
        "What each measure brings and costs in each year, summed over segments.",
        {
            "assignments": "measure_id measure category year unit quantity cost",
        },
        """
        select measure_id, measure, category, year, unit,
            sum(quantity) as quantity, sum(cost) as cost
        from {assignments}
        group by measure_id, measure, category, year, unit
        order by measure_id, year
        """,
        ("assignments",),
        {
            "quantity": "Quantity. How much is delivered in the year, in the unit that "
            "the measure is counted in."
        },
    ),
)

_OFFICIAL = "s.official_start_km, s.official_end_km,"


def views_for(sheets: Sequence[Sheet]) -> list[View]:
    """
    Choose the views that tables have the columns for.

    Parameters
    ----------
    sheets
        The tables.

    Returns
    -------
    list of View
        The views.
    """
    columns = {sheet.name: {c.name for c in sheet.columns} for sheet in sheets}
    official = {"official_start_km", "official_end_km"}
    known = official <= columns.get("segments", set())
    chosen = []
    for view in _ALL:
        needs = {table: set(names.split()) for table, names in view.needs.items()}
        if all(names <= columns.get(table, set()) for table, names in needs.items()):
            query = view.query.replace("{official}", _OFFICIAL if known else "")
            query = query.replace("{operating}", _OPERATING)
            chosen.append(replace(view, query=query))
    return chosen


def make_views(connection: Any, schema: str, views: Sequence[View]) -> None:  # noqa: ANN401 - psycopg's type
    """
    Make views.

    Parameters
    ----------
    connection
        To the database.
    schema
        Where.
    views
        The views.
    """
    for view in views:
        tables = {table: identifier((schema, table)) for table in view.needs}
        query = statement(view.query, **tables)
        place = (schema, view.name)
        connection.execute(
            statement("create view {place} as {query}", place=place, query=query)
        )
        comment(connection, "view", place, view.comment)


def explain_views(
    connection: Any,  # noqa: ANN401 - psycopg's type
    schema: str,
    views: Sequence[View],
    *,
    currency: str | None,
) -> None:
    """
    Let the columns of views say what they are.

    Parameters
    ----------
    connection
        To the database.
    schema
        Where.
    views
        The views.
    currency
        What costs are in.
    """
    for view in views:
        place = (schema, view.name)
        empty = statement("select * from {place} limit 0", place=place)
        for column in connection.execute(empty).description:
            name = column.name
            known = (words_of(layer, name, currency=currency) for layer in view.like)
            said = view.words.get(name) or next(filter(None, known), None)
            if said is not None:
                comment(connection, "column", (*place, name), said)
