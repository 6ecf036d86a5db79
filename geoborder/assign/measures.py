"""Measures spread over segments and years."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.assign.apportion import apportion
from geoborder.assign.priority import levels_of, targeted_km, with_priority
from geoborder.geodesy import FloatArray, IntArray
from geoborder.program import Measure, Program
from geoborder.tables import (
    ASSIGNMENTS,
    validate,
)

_PARTS = 1000
"""Divisible quantities are dealt out in thousandths of a unit."""


_ROW_COLUMNS = [
    "measure_id",
    "measure",
    "category",
    "year",
    "segment_id",
    "quantity",
    "unit",
    "cost",
    "equipment",
    "basis",
    "cost_basis",
]


def assign_measures(program: Program, segments: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Spread each measure over the segments that its targets name, by year.

    Quantities are dealt out in whole units (or thousandths, where a measure is
    divisible), cost in hundredths of the currency, both by largest remainder, so
    that nothing is lost in rounding.

    Parameters
    ----------
    program
        The programme.
    segments
        Segments as `segment_border` and `describe_segments` give them; levels
        are added by `prioritise` where they are missing.

    Returns
    -------
    DataFrame
        A row per measure, year and segment that gets something: ``measure_id``,
        ``measure``, ``category``, ``year``, ``border_id``, ``segment_id``
        (empty for what has no place on a map), ``left_unit``, ``right_unit``
        (where segments have units), ``quantity``, ``unit``, ``cost``,
        ``equipment``, ``basis``.

    Raises
    ------
    ProgramError
        If a measure's targets name an unknown unit, or no segment at all.

    Examples
    --------
    >>> import geoborder as gb
    >>> program = gb.load_program()
    >>> border = gb.calibrate(gb.load_border(), official_length_km=1344.15)
    >>> segments = gb.segment_border(border, length_km=10, units=gb.load_units(None))
    >>> segments = gb.describe_segments(
    ...     segments,
    ...     dem=gb.open_dem(),
    ...     places=gb.load_places(),
    ...     crossings=gb.load_crossings(),
    ... )
    >>> rows = gb.assign_measures(program, segments)
    >>> int(rows.loc[rows["measure_id"] == "new-posts", "quantity"].sum())
    80
    """
    table = with_priority(program, segments)
    parts = [
        _assign_one(program, key, measure, table)
        for key, measure in program.measures.items()
    ]
    if not parts:
        parts = [pd.DataFrame(columns=_ROW_COLUMNS)]
    rows = pd.concat(parts, ignore_index=True)
    rows["segment_id"] = rows["segment_id"].astype("Int64")
    named = [c for c in ("border_id", "left_unit", "right_unit") if c in table.columns]
    placed = table.set_index("segment_id")[named].astype(object)
    placed = placed.reindex(rows["segment_id"].fillna(-1).astype("int64"))
    for column in reversed(named):
        rows.insert(4, column, placed[column].to_numpy())
    checked: pd.DataFrame = validate(rows, ASSIGNMENTS, name="assignments")
    return checked


def _assign_one(
    program: Program, key: str, measure: Measure, segments: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Rows of one measure."""
    if measure.placed:
        targeted = targeted_km(
            measure.targets, segments, where=f"measures.{key}.targets"
        )
    else:
        targeted = np.empty(0)
    by_year = _parts_by_year(program, measure, targeted)
    years = np.array(program.years)
    if measure.placed:
        row, year, parts = _deal_out(measure, segments, targeted, by_year)
        segment: object = segments["segment_id"].to_numpy()[row]
    else:
        year = np.flatnonzero(by_year)
        parts = by_year[year]
        segment = pd.array([pd.NA] * year.size, dtype="Int64")
    quantity = parts / (1 if measure.whole else _PARTS)
    cents = np.zeros(parts.size, dtype=np.int64)
    cost = measure.unit_cost or program.equipment[str(measure.equipment)].cost
    for number in np.unique(year):
        own = year == number
        total = round(float(quantity[own].sum()) * cost.value * 100)
        cents[own] = apportion(total, parts[own])
    return pd.DataFrame(
        {
            "measure_id": key,
            "measure": measure.name,
            "category": measure.category,
            "year": years[year],
            "segment_id": pd.array(segment, dtype="Int64"),
            "quantity": quantity,
            "unit": measure.unit,
            "cost": cents / 100.0,
            "equipment": pd.Series([measure.equipment] * parts.size, dtype=object),
            "basis": measure.basis,
            "cost_basis": cost.basis,
        }
    )


def _parts_by_year(
    program: Program, measure: Measure, targeted: FloatArray
) -> IntArray:
    """Whole parts (units, or thousandths of them) for each year of the programme."""
    if measure.quantity is not None:
        quantity = measure.quantity
    else:
        quantity = float(measure.per_km or 0.0) * float(targeted.sum())
    total = round(quantity * (1 if measure.whole else _PARTS))
    weights = [
        measure.schedule.get(y, 0.0 if measure.schedule else 1.0) for y in program.years
    ]
    return apportion(total, weights)


def _deal_out(
    measure: Measure,
    segments: gpd.GeoDataFrame,
    targeted: FloatArray,
    by_year: IntArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """
    Deal a measure's parts to segments, then queue them for the years.

    Both margins are kept exactly: each segment's sum is what largest remainder
    gives it, and each year's is what the schedule says.
    """
    weights = {
        "length": targeted,
        "count": (targeted > 0).astype(float),
        "priority": targeted * (levels_of(segments) + 1),
    }[measure.spread]
    parts = apportion(int(by_year.sum()), weights)
    row = np.repeat(np.arange(parts.size), parts)
    turn = np.arange(row.size) - np.repeat(np.cumsum(parts) - parts, parts)
    wait = (turn + 0.5) / parts[row]
    urgency = (
        -levels_of(segments)[row] if measure.order == "priority" else np.zeros(row.size)
    )
    queue = np.lexsort((row, wait, urgency))
    year = np.empty(row.size, dtype=np.int64)
    year[queue] = np.repeat(np.arange(by_year.size), by_year)
    pair, count = np.unique(row * by_year.size + year, return_counts=True)
    return pair // by_year.size, pair % by_year.size, count
