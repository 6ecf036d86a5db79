"""Plan along a land border: segments, measures, equipment, distance, coverage."""

from geoborder.assign import (
    apportion,
    assign_equipment,
    assign_measures,
    prioritise,
    yearly_costs,
)
from geoborder.border import load_border, load_borders, shared_border
from geoborder.chainage import (
    calibrate,
    from_official,
    locate,
    point_at,
    slice_border,
    to_official,
)
from geoborder.coverage import Coverage, cover
from geoborder.datasets import (
    load_countries,
    load_crossings,
    load_places,
    load_provinces,
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
from geoborder.program import Program, load_program
from geoborder.segment import describe_segments, segment_border
from geoborder.terrain import Dem, open_dem

__version__ = "0.1.0"
