"""
Functions that add geoborder's layers to a folium map.

They are named and take options as GeoPandas' `explore`; unlike there, all data is
shown as text, and what they add works without a network.
"""

from geoborder.maps.overlays.along import add_coverage, add_segments
from geoborder.maps.overlays.areas import add_isochrones, add_units
from geoborder.maps.overlays.options import LayerOptions
from geoborder.maps.overlays.places import add_assets, add_points, add_sites
from geoborder.maps.overlays.raster import add_viewshed

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
]
