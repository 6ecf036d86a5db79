"""Plan along a land border: segments, measures, equipment, distance, coverage."""

import lazy_loader

__version__ = "0.1.0"

# What is public is listed beside this file, and loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
