"""How a plan places its equipment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.placement import Placement, place, sweep_budget
from geoborder.program import Program
from geoborder.reach import Conditions
from geoborder.terrain import Dem

_SWEEP_GAP = 0.005
"""Gap that is good enough at other budgets."""

_SWEEP_S = 10.0
"""Longest time for each of them, in seconds."""


@dataclass(frozen=True, slots=True)
class PlacingOptions:
    """
    How equipment is placed.

    Attributes
    ----------
    gap : float
        Relative difference between a placement and its bound that is good enough.
    time_limit_s : float or None
        Longest time for the search, in seconds.
    seed : int
        Of the order in which it tries things.
    facts : DataFrame or None
        For planning again: what is placed in any case (see `place`).
    open_from : int or None
        For planning again: the first year in which anything may still be decided.
    begun : DataFrame or None
        Items to begin with, which stay if nothing is better by more than the gap.
    factors : tuple of float
        Budgets at which equipment is placed as well, as multiples of what there is
        (see `sweep_budget`); none: no such sweep.
    progress : callable or None
        Called with the best value, the bound and the seconds so far.

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
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> how = gb.PlacingOptions(gap=0.0, time_limit_s=10, factors=(0.5, 1))
    >>> plan = gb.make_plan(program, placing=how)
    >>> plan.placement.status, plan.sweep["factor"].tolist()
    ('optimal', [0.5, 1.0])
    """

    gap: float = 0.001
    time_limit_s: float | None = 40.0
    seed: int = 0
    facts: pd.DataFrame | None = None
    open_from: int | None = None
    begun: pd.DataFrame | None = None
    factors: tuple[float, ...] = ()
    progress: Callable[[float, float, float], None] | None = None

    def place(
        self,
        program: Program,
        border: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        dem: Dem | None,
        segments: gpd.GeoDataFrame,
        conditions: Conditions,
    ) -> Placement:
        """
        Place equipment with these options.

        Parameters
        ----------
        program, border, sites, dem, segments, conditions
            As for `place`.

        Returns
        -------
        Placement
            The best found.
        """
        return place(
            program, border, sites, dem=dem, segments=segments, conditions=conditions,
            gap=self.gap, time_limit_s=self.time_limit_s, seed=self.seed,
            facts=self.facts, open_from=self.open_from, begun=self.begun,
            progress=self.progress,
        )  # fmt: skip

    def sweep(
        self,
        program: Program,
        border: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        dem: Dem | None,
        segments: gpd.GeoDataFrame,
        conditions: Conditions,
        begun: pd.DataFrame,
    ) -> pd.DataFrame | None:
        """
        Place equipment at other budgets.

        Parameters
        ----------
        program, border, sites, dem, segments, conditions
            As for `place`.
        begun
            What is placed at the programme's own budget.

        Returns
        -------
        DataFrame or None
            As `sweep_budget` gives it; None where no factors are
            given or the programme has no budgets.
        """
        if not self.factors or not program.budgets:
            return None
        return sweep_budget(
            program, border, sites, factors=self.factors, dem=dem, segments=segments,
            gap=max(self.gap, _SWEEP_GAP), seed=self.seed, conditions=conditions,
            time_limit_s=min(self.time_limit_s or np.inf, _SWEEP_S), begun=begun,
        )  # fmt: skip
