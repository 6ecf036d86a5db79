"""Maps as one HTML file that opens without a network."""

from geoborder.maps.bundle import save_map
from geoborder.maps.overlays import (
    LayerOptions,
    add_assets,
    add_coverage,
    add_isochrones,
    add_points,
    add_segments,
    add_sites,
    add_units,
    add_viewshed,
)
from geoborder.maps.page import make_map

__all__ = [
    "LayerOptions",
    "add_assets",
    "add_coverage",
    "add_isochrones",
    "add_points",
    "add_segments",
    "add_sites",
    "add_units",
    "add_viewshed",
    "make_map",
    "save_map",
]
