"""What stands at sites already: how long it does, and whether it may be moved."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from geoborder.geodesy import BoolArray, IntArray
from geoborder.placement.setting.places import Places
from geoborder.placement.setting.supply import Supply
from geoborder.program import Program


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What stands at sites already.

    Attributes
    ----------
    begin, end : ndarray of int
        First year and the year after the last of each asset, as positions among the
        programme's years; equal where it is never in operation.
    leaves : ndarray of int
        First year in which it may leave; `end` where it may not be moved.
    kind : ndarray of int
        Position of its equipment in the catalogue.
    quantity : ndarray of int
        Items that it stands for.
    fixed, movable : ndarray of int
        Items that stand, and may not or may be moved, shape (sites, kinds, years).
    """

    begin: IntArray
    end: IntArray
    leaves: IntArray
    kind: IntArray
    quantity: IntArray
    fixed: IntArray
    movable: IntArray

    @property
    def moves(self) -> BoolArray:
        """Whether each asset may be moved."""
        return np.asarray(self.leaves < self.end)


def find_standing(
    program: Program, supply: Supply, places: Places, first_open: int
) -> Standing:
    """
    Count what stands at sites in each year.

    Parameters
    ----------
    program
        The programme.
    supply
        What measures bring; only what one of them brings may be moved.
    places
        Sites and what stands there.
    first_open
        Position of the first year in which something may still be decided.

    Returns
    -------
    Standing
        Assets in the order of ``places.standing``.
    """
    begin, end, leaves = _spans(program, places.standing, first_open)
    rules, brought = program.placement, set(supply.pattern["equipment"])
    names = places.standing["equipment"]
    able = names.isin(rules.move_cost).to_numpy() & names.isin(brought).to_numpy()
    leaves = np.where(able, leaves, end)
    kinds = list(program.equipment)
    kind = np.array([kinds.index(name) for name in names], dtype=np.int64)
    quantity = places.standing["quantity"].to_numpy(np.int64)
    years = np.arange(len(program.years))
    active = (begin[:, None] <= years) & (years < end[:, None])
    shape = (len(places.sites), len(kinds), years.size)
    fixed, movable = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    items = quantity[:, None] * active
    for count, own in ((fixed, leaves >= end), (movable, leaves < end)):
        np.add.at(count, (places.site_of[own], kind[own]), items[own])
    return Standing(begin, end, leaves, kind, quantity, fixed, movable)


def _spans(
    program: Program, standing: gpd.GeoDataFrame, first_open: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Years in which assets are in operation, and the first in which they may leave."""
    first, size = program.first_year, len(program.years)
    since = standing["from_year"].fillna(first - 1).to_numpy(np.int64) - first
    until = standing["until_year"].fillna(first + size).to_numpy(np.int64) - first
    begin = np.clip(since, 0, size)
    end = np.clip(until + 1, begin, size)
    # What begins in the programme stands for a year before it leaves.
    leaves = np.maximum(np.where(since < 0, 0, begin + 1), first_open)
    return begin, end, np.minimum(leaves, end)
