"""What commands use that is not public."""

from geoborder.files.formats import format_named
from geoborder.maps.attributes import require_attribute
from geoborder.placement.sweep import FACTORS
from geoborder.report import find_browser
from geoborder.report.placement import no_placement, placement_line

__all__ = [
    "FACTORS",
    "find_browser",
    "format_named",
    "no_placement",
    "placement_line",
    "require_attribute",
]
