"""Maps as one HTML file that opens without a network."""

from geoborder.maps.bundle import save_map
from geoborder.maps.page import make_map

__all__ = ["make_map", "save_map"]
