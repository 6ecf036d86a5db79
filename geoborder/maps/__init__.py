"""Maps as one HTML file that opens without a network."""

from geoborder.maps.page import make_map, save_map

__all__ = ["make_map", "save_map"]
