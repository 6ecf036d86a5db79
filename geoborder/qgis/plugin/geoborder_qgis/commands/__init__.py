"""The algorithms, in the order of their groups."""

from geoborder_qgis.commands.equipment import COVERAGE, PLACE, RUN
from geoborder_qgis.commands.ground import REACH, SIGHT, VIEWSHED
from geoborder_qgis.commands.lines import CALIBRATE, EXTRACT, LOCATE, SEGMENT

COMMANDS = (
    EXTRACT,
    SEGMENT,
    LOCATE,
    CALIBRATE,
    SIGHT,
    VIEWSHED,
    REACH,
    COVERAGE,
    PLACE,
    RUN,
)

__all__ = ["COMMANDS"]
