"""From a programme, a border and candidate sites to the problem of placement."""

from geoborder.placement.setting.choices import (
    Setting,
    make_setting,
    with_longest_gap,
)

__all__ = ["Setting", "make_setting", "with_longest_gap"]
