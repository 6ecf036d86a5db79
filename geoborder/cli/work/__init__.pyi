from .addresses import is_address, shown_address
from .pairs import sight_pairs
from .parts import (
    FACTORS,
    find_browser,
    format_named,
    no_placement,
    placement_line,
    require_attribute,
)
from .plans import (
    WRITING,
    pages_of,
    plan_steps,
    say_if_stopped,
    search_teller,
    work_out,
)
from .summaries import (
    print_difference,
    print_items,
    print_placement,
    print_plan,
    print_sweep,
)

__all__ = [
    "FACTORS",
    "WRITING",
    "find_browser",
    "format_named",
    "is_address",
    "no_placement",
    "pages_of",
    "placement_line",
    "plan_steps",
    "print_difference",
    "print_items",
    "print_placement",
    "print_plan",
    "print_sweep",
    "require_attribute",
    "say_if_stopped",
    "search_teller",
    "shown_address",
    "sight_pairs",
    "work_out",
]
