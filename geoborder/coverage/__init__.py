"""Coverage: which chainage is covered, by how many assets, from which year."""

from geoborder.coverage.cover import Coverage, cover
from geoborder.coverage.footprint import footprints

__all__ = ["Coverage", "cover", "footprints"]
