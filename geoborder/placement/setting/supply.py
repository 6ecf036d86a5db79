"""What measures bring, by year, and what is left of the budgets for it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from geoborder.assign import assign_equipment, assign_measures, yearly_costs
from geoborder.errors import ProgramError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.program import Program

ENDLESS = 10_000
"""Years that what has no end of life lasts."""


@dataclass(frozen=True, slots=True)
class Supply:
    """
    What is there to be placed.

    Attributes
    ----------
    measures : tuple of str
        Measures that are placed and bring at least one item.
    pattern : GeoDataFrame
        An asset of each of them, without a place or years.
    stock : ndarray of int
        Items delivered up to each year, shape (measures, years).
    price, running : ndarray
        Of an item, once and a year, shape (measures,).
    life : ndarray of int
        Years that an item lasts, shape (measures,).
    standing : GeoDataFrame
        What stands already.
    money : ndarray or None
        What budgets leave for it in each year, shape (years,); None: no limit.
    """

    measures: tuple[str, ...]
    pattern: gpd.GeoDataFrame
    stock: IntArray
    price: FloatArray
    running: FloatArray
    life: IntArray
    standing: gpd.GeoDataFrame
    money: FloatArray | None


def find_supply(program: Program, segments: gpd.GeoDataFrame) -> Supply:
    """
    Work out what measures bring, and what is left of the budgets for it.

    Parameters
    ----------
    program
        The programme.
    segments
        Segments with ``priority``.

    Returns
    -------
    Supply
        Measures in the order of the programme.

    Raises
    ------
    ProgramError
        If no measure that is placed brings equipment that covers.
    """
    placed = program.placed_measures
    if not placed:
        msg = (
            "`program` has nothing to place: no measure brings equipment that covers "
            "(`mode` other than none) and has a place."
        )
        raise ProgramError(msg)
    assets = assign_equipment(program.model_copy(update={"measures": placed}), segments)
    brought = assets[assets["measure_id"].notna()]
    first = brought.drop_duplicates("measure_id")
    names = tuple(first["measure_id"])
    items = brought.groupby(["measure_id", "from_year"]).size().unstack(fill_value=0)
    stock = items.reindex(index=list(names), columns=list(program.years), fill_value=0)
    kinds = [program.equipment[str(placed[name].equipment)] for name in names]
    prices = [placed[n].unit_cost or k.cost for n, k in zip(names, kinds, strict=True)]
    return Supply(
        measures=names,
        pattern=first.reset_index(drop=True),
        stock=stock.to_numpy(np.int64).cumsum(axis=1),
        price=np.array([price.value for price in prices], dtype=float),
        running=np.array(
            [k.running_cost_per_year.value if k.running_cost_per_year else 0.0
             for k in kinds], dtype=float,
        ),
        life=np.array(
            [ENDLESS if k.life_years is None else int(k.life_years.value)
             for k in kinds], dtype=np.int64,
        ),
        standing=assets[assets["measure_id"].isna()].reset_index(drop=True),
        money=_money(program, segments),
    )  # fmt: skip


def _money(program: Program, segments: gpd.GeoDataFrame) -> FloatArray | None:
    """Take what everything that is not placed costs off the budgets."""
    if not program.budgets:
        return None
    placed = program.placed_measures
    others = {key: m for key, m in program.measures.items() if key not in placed}
    rest = program.model_copy(update={"measures": others})
    costs = yearly_costs(
        rest, assign_measures(rest, segments), assign_equipment(rest, segments)
    )
    return np.asarray(costs["budget"].fillna(0.0) - costs["total"], dtype=float)
