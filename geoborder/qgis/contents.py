"""What a project shows, and what is said of all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geoborder.qgis.lines import Side

LICENCE = (
    "Borders are under the Open Database Licence (ODbL) 1.0: whoever passes on data "
    "derived from them must do so under the same licence, naming the contributors."
)


@dataclass(frozen=True, slots=True)
class Contents:
    """
    What a project shows.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Tables by their names.
    title : str
        The programme's name.
    currency : str
        Its currency.
    years : sequence of int
        The plan's years, in order.
    attribution : str
        Whose data it is.
    side : str
        The programme's own side of the border.
    """

    tables: Mapping[str, pd.DataFrame]
    title: str
    currency: str
    years: Sequence[int]
    attribution: str
    side: Side

    @property
    def border(self) -> gpd.GeoDataFrame:
        """The line that the project is drawn around."""
        return self.tables["border"]
