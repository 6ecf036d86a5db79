"""Where equipment may be put: high points and ridge ends along a border."""

from geoborder.sites.candidates import candidate_sites

__all__ = ["candidate_sites"]
