"""The programme file's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geoborder.program.catalogue import Category, EquipmentType, Travel
from geoborder.program.figures import (
    ILLUSTRATIVE,
    Basis,
    Fault,
    Figure,
    Level,
    Names,
    Note,
    ReferenceFaultError,
    Source,
    Strict,
    Targets,
    figures_from,
    nearest_name,
)
from geoborder.program.placement import PlacementRules, placement_faults


class Measure(Strict):
    """One line of the programme: what, how much, where, by when, at what cost."""

    name: str = Field(description="Name for people.")
    category: Category = Field(description="Kind of work, for money by category.")
    unit: str = Field("item", description="What the quantity counts.")
    quantity: float | None = Field(
        None, gt=0, description="How many units in all; or give `per_km`."
    )
    per_km: float | None = Field(
        None, gt=0, description="Quantity per km of targeted segments."
    )
    whole: bool = Field(
        True,  # noqa: FBT003 - a default, not an argument
        description="Whole units only; else to a thousandth of a unit.",
    )
    unit_cost: Figure | None = Field(
        None, description="Cost of one unit; the equipment's cost, if left out."
    )
    equipment: str | None = Field(None, description="What one unit installs.")
    schedule: dict[int, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Year: share or quantity, taken in proportion. "
        "Left out: evenly over the programme's years.",
    )
    targets: Targets = Field(
        default_factory=Targets, description="Segments that get it; left out: all."
    )
    spread: Literal["length", "count", "priority"] = Field(
        "length",
        description="In proportion to targeted length, equally to each segment, or "
        "to length times level (low 1, medium 2, high 3, critical 4).",
    )
    order: Literal["even", "priority"] = Field(
        "even", description="Who comes first: all alike, or the highest level."
    )
    placed: bool = Field(
        True,  # noqa: FBT003 - a default, not an argument
        description="False: it has no place on a map (training, stocks).",
    )
    basis: Basis
    note: Note = ""

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return figures_from(data, "unit_cost")

    @model_validator(mode="after")
    def _one_quantity(self) -> Self:
        if (self.quantity is None) == (self.per_km is None):
            msg = "give either `quantity` or `per_km`"
            raise ReferenceFaultError(("quantity",), msg)
        if self.per_km is not None and not self.placed:
            msg = "a measure without a place has no length: give `quantity`"
            raise ReferenceFaultError(("per_km",), msg)
        if self.unit_cost is None and self.equipment is None:
            msg = "give `unit_cost`, or an `equipment` that has a cost"
            raise ReferenceFaultError(("unit_cost",), msg)
        if self.equipment is not None and not self.whole:
            msg = "equipment comes in whole units"
            raise ReferenceFaultError(("whole",), msg)
        if self.whole and self.quantity is not None and self.quantity % 1:
            msg = f"{self.quantity:g} is not a whole number; say `whole: false`"
            raise ReferenceFaultError(("quantity",), msg)
        if self.schedule and sum(self.schedule.values()) <= 0:
            msg = "at least one year must have a share greater than 0"
            raise ReferenceFaultError(("schedule",), msg)
        return self


class Asset(Strict):
    """Something that stands already, or is placed by hand."""

    name: str = Field(description="Name for people.")
    equipment: str = Field(description="Key of its catalogue entry.")
    longitude: float = Field(ge=-180, le=180, description="Degrees east, WGS 84.")
    latitude: float = Field(ge=-90, le=90, description="Degrees north, WGS 84.")
    quantity: int = Field(1, ge=1, description="How many of them stand there.")
    azimuth_deg: float | None = Field(
        None,
        ge=-360,
        le=360,
        description="Where a limited field is turned; left out: where it sees most.",
    )
    from_year: int | None = Field(None, description="First year; left out: before.")
    until_year: int | None = Field(None, description="Last year; left out: no end.")
    status: Literal["operational", "planned", "retired"] = Field(
        "operational", description="What is retired covers nothing."
    )
    basis: Basis
    note: Note = ""


class Stretch(Strict):
    """A stretch of border with its impact level."""

    level: Level = Field(description="Impact level of its segments.")
    targets: Targets = Field(description="Segments that have it.")
    reason: str = Field("", description="Why, for readers of the report.")
    basis: Basis


class Formula(Strict):
    """Level out of segment attributes, each scaled to 0..1 over the segments."""

    weights: dict[str, float] = Field(
        min_length=1,
        description="Column of the segments: weight; a negative one counts down.",
    )
    medium_from: float = Field(
        0.25, ge=0, le=1, description="Score, 0 to 1, from which the level is medium."
    )
    high_from: float = Field(0.5, ge=0, le=1, description="The same for high.")
    critical_from: float = Field(0.75, ge=0, le=1, description="The same for critical.")
    basis: Basis


class Priorities(Strict):
    """Impact level of each segment: by formula, then by stretches, the last wins."""

    default: Level = Field("low", description="Level where nothing else says one.")
    formula: Formula | None = Field(
        None, description="Level out of what segments are like."
    )
    stretches: tuple[Stretch, ...] = Field(
        (), description="Levels by place; they go before the formula."
    )


class BorderSpec(Strict):
    """Which border, and the length that is official for it."""

    left: str = Field(description="ISO 3166-1 alpha-3 code of one country.")
    right: str = Field(description="ISO 3166-1 alpha-3 code of the other.")
    official_length_km: float | None = Field(
        None, gt=0, description="Published length; official chainage runs to it."
    )
    basis: Basis = ILLUSTRATIVE


class Claims(Strict):
    """Public claims that a report checks against geometry."""

    length_km: Figure | None = Field(None, description="Length that was claimed, km.")
    facing_country: str | None = Field(
        None, description="Country whose units are said to face the other."
    )
    facing_units: Names = Field((), description="Names of those units.")
    longest_with: str | None = Field(
        None, description="The country whose borders are compared."
    )
    longest_among: Names = Field((), description="Neighbours with shorter borders.")
    basis: Basis = ILLUSTRATIVE

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return figures_from(data, "length_km")


class Stage(Strict):
    """A stage of the programme, in words."""

    name: str = Field(description="Name for people.")
    years: tuple[int, ...] = Field(description="Years that it takes.")
    text: str = Field(description="What is done in it.")
    basis: Basis


class Program(Strict):
    """
    A programme, checked as a whole.

    Frozen. It has the keys of a programme file as attributes, and so have its parts;
    ``geoborder schema`` describes each. `model_copy` with ``update`` makes one that
    differs, without checking it.

    Examples
    --------
    >>> import geoborder as gb
    >>> program = gb.load_program()
    >>> program.years, program.currency, len(program.measures)
    (range(2025, 2030), 'USD', 18)
    >>> measure = program.measures["new-posts"]
    >>> measure.quantity, measure.equipment, measure.basis
    (80.0, 'border-post', 'inform-2025')

    One of your own, in Python instead of a file:

    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> program.measures["masts"].unit_cost, program.equipment["mast"].cost.value
    (None, 1000.0)
    """

    model_config = ConfigDict(
        json_schema_extra={"description": "A programme, checked as a whole."}
    )

    name: str = Field(description="Name of the programme, for titles.")
    description: str = Field("", description="What it is, and what it rests on.")
    first_year: int = Field(description="First year of the programme.")
    last_year: int = Field(description="Last year of the programme.")
    currency: str = Field("USD", description="Currency of all money, ISO 4217.")
    border: BorderSpec = Field(description="The border it is for.")
    budgets: dict[int, Figure] = Field(
        default_factory=dict, description="Year: money available."
    )
    sources: dict[str, Source] = Field(
        default_factory=dict, description="Key: source; a `basis` names one of them."
    )
    claims: Claims = Field(
        default_factory=Claims, description="Public claims to check against geometry."
    )
    stages: tuple[Stage, ...] = Field((), description="Its stages, in words.")
    priorities: Priorities = Field(
        default_factory=Priorities, description="Impact level of each segment."
    )
    equipment: dict[str, EquipmentType] = Field(
        default_factory=dict, description="Key: entry of the catalogue."
    )
    measures: dict[str, Measure] = Field(
        default_factory=dict, description="Key: what is to be done."
    )
    assets: dict[str, Asset] = Field(
        default_factory=dict, description="Key: what stands already."
    )
    required_k: int = Field(1, ge=1, description="Assets that must cover each place.")
    travel: Travel = Field(
        "foot", description="How crews of posts get to the border, for response times."
    )
    placement: PlacementRules = Field(
        default_factory=PlacementRules,
        description="Where covering equipment may and must go.",
    )

    @property
    def years(self) -> range:
        """Years of the programme."""
        return range(self.first_year, self.last_year + 1)

    @property
    def covering(self) -> dict[str, str | None]:
        """Measures, with the equipment that they bring if it covers and has a place."""
        covering: dict[str, str | None] = {}
        for key, measure in self.measures.items():
            kind = self.equipment.get(measure.equipment or "")
            fits = measure.placed and kind is not None and kind.mode != "none"
            covering[key] = measure.equipment if fits else None
        return covering

    @property
    def placed_measures(self) -> dict[str, Measure]:
        """Measures whose sites are chosen: those of the section, or all that cover."""
        covering, named = self.covering, self.placement.measures
        return {
            key: measure
            for key, measure in self.measures.items()
            if covering[key] is not None and (not named or key in named)
        }

    @model_validator(mode="before")
    @classmethod
    def _plain_budgets(cls, data: Any) -> Any:  # noqa: ANN401
        if not isinstance(data, Mapping) or not isinstance(
            data.get("budgets"), Mapping
        ):
            return data
        budgets = figures_from(data["budgets"], *data["budgets"])
        return {**data, "budgets": budgets}

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for path, message in _reference_faults(self):
            raise ReferenceFaultError(path, message)
        return self


def _reference_faults(program: Program) -> Iterator[Fault]:
    """Names that stand for nothing, and years outside the programme."""
    if program.last_year < program.first_year:
        msg = f"the last year {program.last_year} is before {program.first_year}"
        yield ("last_year",), msg
        return
    yield from _year_faults(program)
    for kind, items in (("measures", program.measures), ("assets", program.assets)):
        for key, item in items.items():
            name = item.equipment
            if name is not None and name not in program.equipment:
                hint = nearest_name(name, program.equipment)
                yield (kind, key, "equipment"), f"unknown equipment {name!r}{hint}"
    for path, message in placement_faults(
        program.placement,
        years=program.years,
        equipment=program.equipment,
        measures=program.covering,
    ):
        yield ("placement", *path), message
    yield from _basis_faults(program)


def _year_faults(program: Program) -> Iterator[Fault]:
    span = f"the programme runs {program.first_year}-{program.last_year}"
    for year in program.budgets:
        if year not in program.years:
            yield ("budgets", year), f"year {year} is outside the programme: {span}"
    for key, measure in program.measures.items():
        for year in measure.schedule:
            if year not in program.years:
                path = ("measures", key, "schedule", year)
                yield path, f"year {year} is outside the programme: {span}"
    for key, asset in program.assets.items():
        if None not in (asset.from_year, asset.until_year) and (
            asset.until_year < asset.from_year  # type: ignore[operator]  # both are years here
        ):
            msg = f"ends in {asset.until_year}, before it starts in {asset.from_year}"
            yield ("assets", key, "until_year"), msg


def _basis_faults(program: Program) -> Iterator[Fault]:
    """Bases that are neither a source's key nor the word illustrative."""

    def walk(value: Any, path: tuple[str | int, ...]) -> Iterator[Fault]:  # noqa: ANN401
        if isinstance(value, BaseModel):
            for field in type(value).model_fields:
                yield from walk(getattr(value, field), (*path, field))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                yield from walk(item, (*path, key))
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                yield from walk(item, (*path, number))
        elif path[-1:] == ("basis",) and value not in known:
            yield path, f"unknown source {value!r}{nearest_name(str(value), known)}"

    known = (*program.sources, ILLUSTRATIVE)
    yield from walk(program, ())
