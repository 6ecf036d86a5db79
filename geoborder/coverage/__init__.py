"""Coverage: which chainage is covered, by how many assets, from which year."""

from geoborder.coverage.confidence import Confidence, sight_confidence
from geoborder.coverage.cover import Coverage, cover
from geoborder.coverage.footprint import footprints
from geoborder.coverage.patrols import patrol_passes
from geoborder.coverage.response import Response, response_times

__all__ = [
    "Confidence",
    "Coverage",
    "Response",
    "cover",
    "footprints",
    "patrol_passes",
    "response_times",
    "sight_confidence",
]
