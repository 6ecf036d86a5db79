"""Sight: which site sees which part of the border, and how sure that is."""

from geoborder.sight.area import Viewshed, viewshed, write_viewshed
from geoborder.sight.chance import sight_probability
from geoborder.sight.detection import detection_probability
from geoborder.sight.lines import (
    SightLines,
    line_of_sight,
    sight_lines,
    visible_height,
)

__all__ = [
    "SightLines",
    "Viewshed",
    "detection_probability",
    "line_of_sight",
    "sight_lines",
    "sight_probability",
    "viewshed",
    "visible_height",
    "write_viewshed",
]
