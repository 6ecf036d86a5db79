"""
The geodesic foot of points on polylines, and the stretches within a distance.

Candidate edges come from a tree of capsules over the edges' straight chords
in earth-centred coordinates; what the tree leaves open is decided on the
ellipsoid, so that results are geodesic whatever the distance.
"""

from geoborder.nearest.feet import Feet, find_feet
from geoborder.nearest.tree import EdgeTree, edge_tree
from geoborder.nearest.within import stretches_within

__all__ = ["EdgeTree", "Feet", "edge_tree", "find_feet", "stretches_within"]
