"""Plan along a land border: segments, measures, equipment, distance, coverage."""

from geoborder.assign import (
    apportion,
    assign_equipment,
    assign_measures,
    prioritise,
    yearly_costs,
)
from geoborder.border import load_border, load_borders, shared_border
from geoborder.breaks import relief_breaks, turn_breaks
from geoborder.chainage import (
    Targets,
    as_border,
    border_targets,
    calibrate,
    calibration_residuals,
    from_official,
    locate,
    point_at,
    restart_border,
    slice_border,
    to_official,
)
from geoborder.checks import check_claims, facing_units, lengths_by_map
from geoborder.coverage import (
    Confidence,
    Coverage,
    cover,
    footprints,
    sight_confidence,
)
from geoborder.datasets import (
    load_countries,
    load_crossings,
    load_places,
    load_provinces,
    load_unit_limits,
    load_units,
)
from geoborder.distance import distance_matrix, nearest_sites, spacing
from geoborder.errors import (
    BorderError,
    DataError,
    GeoborderError,
    GeoborderWarning,
    OptionError,
    ProgramError,
)
from geoborder.events import (
    dissolve_events,
    events_from,
    events_to,
    overlay_events,
    summarise_events,
    transfer_events,
    window_events,
)
from geoborder.export import verify_plan, write_plan
from geoborder.maps import make_map, save_map
from geoborder.plan import Plan, make_plan
from geoborder.program import Program, load_program
from geoborder.report import write_report
from geoborder.segment import describe_segments, merge_segments, segment_border
from geoborder.sight import (
    SightLines,
    Viewshed,
    detection_probability,
    line_of_sight,
    sight_lines,
    sight_probability,
    viewshed,
    visible_height,
    write_viewshed,
)
from geoborder.sites import candidate_sites
from geoborder.terrain import (
    Dem,
    aspect_deg,
    hillshade,
    local_relief,
    open_dem,
    profile,
    ruggedness_m,
    slope_deg,
)

__version__ = "0.1.0"

__all__ = [
    "BorderError",
    "Confidence",
    "Coverage",
    "DataError",
    "Dem",
    "GeoborderError",
    "GeoborderWarning",
    "OptionError",
    "Plan",
    "Program",
    "ProgramError",
    "SightLines",
    "Targets",
    "Viewshed",
    "__version__",
    "apportion",
    "as_border",
    "aspect_deg",
    "assign_equipment",
    "assign_measures",
    "border_targets",
    "calibrate",
    "calibration_residuals",
    "candidate_sites",
    "check_claims",
    "cover",
    "describe_segments",
    "detection_probability",
    "dissolve_events",
    "distance_matrix",
    "events_from",
    "events_to",
    "facing_units",
    "footprints",
    "from_official",
    "hillshade",
    "lengths_by_map",
    "line_of_sight",
    "load_border",
    "load_borders",
    "load_countries",
    "load_crossings",
    "load_places",
    "load_program",
    "load_provinces",
    "load_unit_limits",
    "load_units",
    "local_relief",
    "locate",
    "make_map",
    "make_plan",
    "merge_segments",
    "nearest_sites",
    "open_dem",
    "overlay_events",
    "point_at",
    "prioritise",
    "profile",
    "relief_breaks",
    "restart_border",
    "ruggedness_m",
    "save_map",
    "segment_border",
    "shared_border",
    "sight_confidence",
    "sight_lines",
    "sight_probability",
    "slice_border",
    "slope_deg",
    "spacing",
    "summarise_events",
    "to_official",
    "transfer_events",
    "turn_breaks",
    "verify_plan",
    "viewshed",
    "visible_height",
    "window_events",
    "write_plan",
    "write_report",
    "write_viewshed",
    "yearly_costs",
]
