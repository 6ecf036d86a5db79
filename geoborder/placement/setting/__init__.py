"""From a programme, a border and candidate sites to the problem of placement."""

from geoborder.placement.setting.choices import (
    Setting,
    chosen_of,
    make_setting,
    with_longest_gap,
)

__all__ = ["Setting", "chosen_of", "make_setting", "with_longest_gap"]
