"""How a plan places its equipment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geoborder.placement import Placement, place
from geoborder.program import Program
from geoborder.reach import Conditions
from geoborder.terrain import Dem


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
    progress : callable or None
        Called with the best value, the bound and the seconds so far.
    """

    gap: float = 0.001
    time_limit_s: float | None = 40.0
    seed: int = 0
    facts: pd.DataFrame | None = None
    open_from: int | None = None
    begun: pd.DataFrame | None = None
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
