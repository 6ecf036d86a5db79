"""Load geoborder before pytest loads its modules one by one, for their examples.

Else a module named as its function, such as ``reach/isochrones.py``, would take the
function's place in its package.
"""

import geoborder

for _name in geoborder.__all__:
    getattr(geoborder, _name)
