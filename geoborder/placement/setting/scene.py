"""Choices with all that their limits rest on, and limits as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, vstack

from geoborder.geodesy import FloatArray, IntArray
from geoborder.placement.setting.options import LEAVES, NEW, Offer
from geoborder.placement.setting.places import Places
from geoborder.placement.setting.standing import Standing
from geoborder.placement.setting.supply import Supply
from geoborder.program import Program

Entries = tuple[IntArray, IntArray, FloatArray]
"""Row, choice and factor of entries of a matrix."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Limits on choices, ``matrix @ chosen <= limits``.

    Attributes
    ----------
    matrix : csr_array
        Shape (rows, choices).
    limits : ndarray
        Right sides.
    table : DataFrame
        A row per limit: ``kind``, ``year``, ``subject``, ``unit``.
    """

    matrix: csr_array
    limits: FloatArray
    table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Scene:
    """
    All that limits rest on.

    Attributes
    ----------
    program, supply, places, standing, offer
        As their modules give them.
    cost : ndarray
        What each option costs to begin with, shape (options,).
    names : ndarray of object
        Names of the options.
    first_open : int
        Position of the first year that limits are for; what was before is past.
    """

    program: Program
    supply: Supply
    places: Places
    standing: Standing
    offer: Offer
    cost: FloatArray
    names: npt.NDArray[np.object_]
    first_open: int

    @property
    def years(self) -> int:
        """Number of years."""
        return len(self.program.years)

    @property
    def paid(self) -> FloatArray:
        """What each choice costs when it begins, or saves when it leaves."""
        offer, supply = self.offer, self.supply
        paid = np.where(offer.what == NEW, self.cost[offer.option], 0.0)
        own = np.flatnonzero(offer.what == LEAVES)
        kind, many = offer.kind[offer.option[own]], self.items[own]
        kinds = list(self.program.equipment)
        moving = [self.program.placement.move_cost[kinds[k]].value for k in kind]
        paid[own] = -many * (supply.price[offer.counts[own]] - np.array(moving))
        return paid

    @property
    def running(self) -> FloatArray:
        """What each choice costs a year."""
        running = np.append(self.supply.running, 0.0)[self.offer.counts]
        return np.asarray(np.where(self.offer.what == NEW, running, 0.0))

    @property
    def items(self) -> FloatArray:
        """Items that each choice stands for."""
        asset = self.offer.asset[self.offer.option]
        many = np.append(self.standing.quantity, 1)[asset]
        return np.asarray(many, dtype=float)

    def total_costs(self) -> FloatArray:
        """
        Add up what each choice costs over the programme.

        Returns
        -------
        ndarray
            Shape (choices,); negative where something that leaves saves a price.
        """
        lasts = np.where(self.offer.what == NEW, self.offer.end - self.offer.begin, 0)
        return np.asarray(self.paid + self.running * lasts)


def limits_of(
    scene: Scene,
    kind: str,
    entries: Entries,
    sides: FloatArray,
    year: IntArray,
    subjects: Sequence[str],
    *,
    unit: str = "items",
) -> Limits:
    """
    Put limits of a kind together.

    Parameters
    ----------
    scene
        The choices.
    kind
        What to call the kind.
    entries
        Row, choice and factor.
    sides
        Right sides, shape (rows,).
    year
        Position of the year of each row; -1: all.
    subjects
        What each row is about.
    unit
        Of what is limited.

    Returns
    -------
    Limits
        One row per right side.
    """
    row, choice, factor = entries
    shape = (sides.size, scene.offer.option.size)
    calendar = pd.array(np.asarray(year, np.int64) + scene.program.first_year, "Int64")
    calendar[np.flatnonzero(np.asarray(year) < 0)] = pd.NA
    return Limits(
        matrix=csr_array((np.asarray(factor, float), (row, choice)), shape=shape),
        limits=np.asarray(sides, dtype=float),
        table=pd.DataFrame(
            {
                "kind": pd.Series(kind, index=range(sides.size), dtype=object),
                "year": calendar,
                "subject": pd.Series(list(subjects), dtype=object),
                "unit": pd.Series(unit, index=range(sides.size), dtype=object),
            }
        ),
    )


def no_limits(scene: Scene) -> Limits:
    """
    Give limits without any row.

    Parameters
    ----------
    scene
        The choices.

    Returns
    -------
    Limits
        Of no rows.
    """
    none = np.empty(0, dtype=np.int64)
    return limits_of(scene, "", (none, none, np.empty(0)), np.empty(0), none, [])


def joined(parts: Sequence[Limits]) -> Limits:
    """
    Put limits under each other.

    Parameters
    ----------
    parts
        One at least.

    Returns
    -------
    Limits
        All their rows, in order.
    """
    tables = [part.table for part in parts if len(part.table)] or [parts[0].table]
    return Limits(
        matrix=csr_array(vstack([part.matrix for part in parts], format="csr")),
        limits=np.concatenate([part.limits for part in parts]),
        table=pd.concat(tables, ignore_index=True),
    )
