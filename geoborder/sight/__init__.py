"""Sight: which site sees which part of the border, and how sure that is."""

from geoborder.sight.area import Viewshed, viewshed
from geoborder.sight.lines import (
    SightLines,
    line_of_sight,
    sight_lines,
    visible_height,
)

__all__ = [
    "SightLines",
    "Viewshed",
    "line_of_sight",
    "sight_lines",
    "viewshed",
    "visible_height",
]
