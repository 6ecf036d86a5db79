"""Sheets of paper that maps are printed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from geoborder.qgis.projection import Box, widened

MARGIN, HEAD, LEGEND = 8.0, 18.0, 58.0
"""Room around a sheet, above the map, and beside it, in millimetres."""


@dataclass(frozen=True, slots=True)
class Paper:
    """
    Size of a sheet, in millimetres.

    Attributes
    ----------
    name : str
        What QGIS calls a layout of it.
    wide, high : float
        Its sides.
    foot : float
        Room below the map.
    """

    name: str
    wide: float
    high: float
    foot: float

    @property
    def inner(self) -> float:
        """Width between the margins."""
        return self.wide - 2 * MARGIN

    @property
    def map_size(self) -> tuple[float, float]:
        """Width and height of the map."""
        return self.inner - LEGEND, self.high - 2 * MARGIN - HEAD - self.foot

    @property
    def aspect(self) -> float:
        """Width of the map over its height."""
        wide, high = self.map_size
        return wide / high

    def shrinks(self, box: Box) -> float:
        """
        Tell how small a map has to be drawn to fit.

        Parameters
        ----------
        box
            What it shows.

        Returns
        -------
        float
            Units of the box in a millimetre of paper.
        """
        wide, high = self.map_size
        return max((box[2] - box[0]) / wide, (box[3] - box[1]) / high)


LANDSCAPE = Paper("A4 landscape", 297.0, 210.0, 13.0)
PORTRAIT = Paper("A4 portrait", 210.0, 297.0, 17.0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A layout.

    Attributes
    ----------
    name : str
        What QGIS calls it.
    paper : Paper
        What it is printed on.
    box : tuple of float
        What the map shows, in the project's CRS.
    legend : sequence of (str, str)
        Ids and titles of the layers in the legend.
    atlas : mapping
        Attributes of the atlas: its layer, names of pages.
    last_year : int
        The year that is shown where the atlas does not say.
    title_letters : int
        Length of the programme's name.
    bar_km : float
        Length of each half of the scale bar.
    years : bool
        Whether each page is a year; otherwise each shows another unit.
    """

    name: str
    paper: Paper
    box: Box
    legend: Sequence[tuple[str, str]]
    atlas: Mapping[str, object]
    last_year: int
    title_letters: int
    bar_km: float
    years: bool

    def uuid(self, part: str) -> str:
        """
        Name a part of the layout, the same in every file.

        Parameters
        ----------
        part
            Its name.

        Returns
        -------
        str
            UUID in braces.
        """
        return f"{{{uuid5(NAMESPACE_URL, f'geoborder:{self.name}:{part}')}}}"


def bar_length(boxes: Sequence[Box], paper: Paper) -> float:
    """
    Choose the length of a scale bar that fits beside each of some maps.

    Parameters
    ----------
    boxes
        What they show, in metres.
    paper
        What they are printed on.

    Returns
    -------
    float
        Km of each half of the bar: 1, 2 or 5 times a power of ten.
    """
    shown = [widened(box, paper.aspect) for box in boxes]
    km = min(right - left for left, _, right, _ in shown) / 1000
    most = km / paper.map_size[0] * (LEGEND - 13) / 2
    power = 10.0 ** np.floor(np.log10(most))
    return float(power * max(n for n in (1, 2, 5) if n * power <= most))
