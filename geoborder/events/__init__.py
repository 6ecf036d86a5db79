"""
Events: what lies at a chainage, or between two.

An event table is a DataFrame with ``border_id`` (it may be missing where there is
only one border) and either ``km`` or ``start_km`` and ``end_km``.
"""

from geoborder.events.overlay import dissolve_events, overlay_events
from geoborder.events.places import events_from, events_to
from geoborder.events.summary import summarise_events, window_events
from geoborder.events.transfer import transfer_events

__all__ = [
    "dissolve_events",
    "events_from",
    "events_to",
    "overlay_events",
    "summarise_events",
    "transfer_events",
    "window_events",
]
