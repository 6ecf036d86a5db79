"""Coverage: which chainage is covered, by how many assets, from which year."""

from geoborder.coverage.confidence import Confidence, sight_confidence
from geoborder.coverage.cover import Coverage, cover
from geoborder.coverage.footprint import footprints

__all__ = ["Confidence", "Coverage", "cover", "footprints", "sight_confidence"]
