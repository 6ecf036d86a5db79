"""
Where the next equipment goes, with a proof of how good the proposal is.

`place` is the way in; the classic models of location science stand beside it.
"""

import lazy_loader

# What is public is listed beside this file, and loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
