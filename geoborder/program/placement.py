"""The section on placement: where covering equipment may and must go."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from geoborder.program.catalogue import EquipmentType
from geoborder.program.figures import (
    ILLUSTRATIVE,
    LEVELS,
    Basis,
    Fault,
    Figure,
    Level,
    Names,
    Note,
    Strict,
    Targets,
    figures_from,
    nearest_name,
)

Objective = Literal["coverage", "detection", "longest-gap"]

_LEVEL_WEIGHTS: dict[Level, float] = {
    level: float(number) for number, level in enumerate(LEVELS, start=1)
}


class Floor(Strict):
    """Least share of a stretch of border that is covered by the end of a year."""

    targets: Targets = Field(
        default_factory=Targets, description="The stretch; left out: the whole line."
    )
    share: float = Field(gt=0, le=1, description="Least share of its length.")
    by: int | None = Field(
        None,
        description="From this year on to the programme's end; left out: in its last.",
    )
    basis: Basis = ILLUSTRATIVE
    note: Note = ""


class PlacementRules(Strict):
    """How covering equipment is placed: the goal, and what must hold."""

    objective: Objective = Field(
        "coverage",
        description="coverage: weighted km covered; detection: weighted km times the "
        "probability of detection; longest-gap: the least longest gap.",
    )
    measures: Names = Field(
        (), description="Measures to place; left out: all that bring what covers."
    )
    carry_over: bool = Field(
        True,  # noqa: FBT003 - a default, not an argument
        description="Money left in a year may be spent later.",
    )
    per_site: int = Field(
        1,
        ge=1,
        description="Items at one site at a time, each of another measure; what "
        "requires another stands on it and is not counted.",
    )
    incompatible: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of equipment that are never at one site at a time."
    )
    requires: dict[str, str] = Field(
        default_factory=dict,
        description="Equipment: other equipment that it needs at its site.",
    )
    floors: tuple[Floor, ...] = Field(
        (), description="Shares that must be covered, by stretch and year."
    )
    longest_gap_km: dict[int, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="Year: no gap is longer than this, km."
    )
    required_k: dict[Level, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="Level: assets that must cover a place of it; of levels left out "
        "the programme's `required_k`.",
    )
    level_weights: dict[Level, Annotated[float, Field(ge=0)]] = Field(
        default_factory=lambda: dict(_LEVEL_WEIGHTS),
        validate_default=True,
        description="Level: what a km of it is worth; left out: low 1, medium 2, "
        "high 3, critical 4.",
    )
    year_weights: dict[int, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="Year: emphasis on it; others 1."
    )
    discount: float = Field(
        0.0, ge=0, description="What a later year is worth less, a year: 0.05 is 5 %."
    )
    move_cost: dict[str, Figure] = Field(
        default_factory=dict,
        description="Equipment of which what stands already may be moved: cost of one.",
    )
    second: Literal["cost", "none"] = Field(
        "cost", description="What is sought next among equally good placements."
    )
    basis: Basis = ILLUSTRATIVE

    @model_validator(mode="before")
    @classmethod
    def _plain_costs(cls, data: Any) -> Any:  # noqa: ANN401 - as it was read
        if not isinstance(data, Mapping) or not isinstance(
            data.get("move_cost"), Mapping
        ):
            return data
        costs = {"basis": data.get("basis", ILLUSTRATIVE), **data["move_cost"]}
        costs = figures_from(costs, *data["move_cost"])
        del costs["basis"]
        return {**data, "move_cost": costs}

    @field_validator("level_weights")
    @classmethod
    def _all_levels(cls, weights: dict[Level, float]) -> dict[Level, float]:
        return {level: weights.get(level, _LEVEL_WEIGHTS[level]) for level in LEVELS}


def placement_faults(
    rules: PlacementRules,
    *,
    years: range,
    equipment: Mapping[str, EquipmentType],
    measures: Mapping[str, str | None],
) -> Iterator[Fault]:
    """
    Find names in the section that stand for nothing, and rules that clash.

    Parameters
    ----------
    rules
        The section.
    years
        Years of the programme.
    equipment
        Its catalogue.
    measures
        Its measures that may be placed, with the equipment that each brings, and
        its others, with None.

    Yields
    ------
    tuple
        Path within the section, and what is wrong.
    """
    placed = rules.measures or tuple(measures)
    brought = {name for key in placed if (name := measures.get(key)) is not None}
    for number, key in enumerate(rules.measures):
        if key not in measures:
            hint = nearest_name(key, measures)
            yield ("measures", number), f"unknown measure {key!r}{hint}"
        elif measures[key] is None:
            able = tuple(k for k, name in measures.items() if name is not None)
            msg = f"measure {key!r} brings nothing that covers{nearest_name(key, able)}"
            yield ("measures", number), msg
    yield from _name_faults(rules, equipment, brought)
    yield from _year_faults(rules, years)
    for number, pair in enumerate(rules.incompatible):
        clash = pair[0] == pair[1] or any(
            rules.requires.get(a) == b for a, b in (pair, pair[::-1])
        )
        if clash:
            why = "itself" if pair[0] == pair[1] else f"{pair[1]!r}, which it requires"
            msg = f"{pair[0]!r} cannot be incompatible with {why}"
            yield ("incompatible", number), msg


def _name_faults(
    rules: PlacementRules,
    equipment: Mapping[str, EquipmentType],
    brought: Collection[str],
) -> Iterator[Fault]:
    """Equipment that is not in the catalogue, or that is not placed."""
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("incompatible", number, side), name)
        for number, pair in enumerate(rules.incompatible)
        for side, name in enumerate(pair)
    ]
    for name, other in rules.requires.items():
        named += [(("requires", name), name), (("requires", name), other)]
    named += [(("move_cost", name), name) for name in rules.move_cost]
    for path, name in named:
        if name not in equipment:
            yield path, f"unknown equipment {name!r}{nearest_name(name, equipment)}"
    for name, other in rules.requires.items():
        if name == other:
            yield ("requires", name), f"{name!r} cannot require itself"
    for name in rules.move_cost:
        if name in equipment and name not in brought:
            hint = nearest_name(name, tuple(brought))
            msg = f"no measure that is placed brings {name!r} to move it to{hint}"
            yield ("move_cost", name), msg


def _year_faults(rules: PlacementRules, years: range) -> Iterator[Fault]:
    """Years outside the programme."""
    span = f"the programme runs {years[0]}-{years[-1]}"
    named: list[tuple[tuple[str | int, ...], int]] = [
        (("floors", number, "by"), floor.by)
        for number, floor in enumerate(rules.floors)
        if floor.by is not None
    ]
    named += [(("longest_gap_km", year), year) for year in rules.longest_gap_km]
    named += [(("year_weights", year), year) for year in rules.year_weights]
    for path, year in named:
        if year not in years:
            yield path, f"year {year} is outside the programme: {span}"
