"""The programme file's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

Level = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high", "critical")
"""Impact levels, in the manner of Regulation (EU) 2019/1896, Article 34."""

Category = Literal[
    "posts",
    "observation",
    "communications",
    "mobility",
    "air",
    "engineering",
    "training",
    "supply",
]
Mode = Literal["none", "radius", "patrol", "sight", "reach"]
Travel = Literal["foot", "path", "langmuir", "horse", "off-road", "road"]

ILLUSTRATIVE = "illustrative"
"""The basis of a figure that has no public source."""


class ReferenceFaultError(ValueError):
    """A name that stands for nothing, or figures that clash; knows where."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Basis = Annotated[
    str,
    Field(description="Key of a source, or the word illustrative.", min_length=1),
]


class Source(_Strict):
    """Where a figure was published."""

    title: str
    url: str | None = None
    published: date | None = None
    note: str = ""


class Figure(_Strict):
    """A number and what it rests on. A plain number rests on its item's basis."""

    value: float = Field(ge=0)
    basis: Basis


def _figures_from(data: Any, *fields: str) -> Any:  # noqa: ANN401 - as it was read
    """Give plain numbers the basis of the item they stand in."""
    if not isinstance(data, Mapping):
        return data
    basis = data.get("basis", ILLUSTRATIVE)
    filled = dict(data)
    for field in fields:
        value = filled.get(field)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            filled[field] = {"value": value, "basis": basis}
    return filled


class EquipmentType(_Strict):
    """A catalogue entry: how it covers, how far, at what cost, for how long."""

    name: str
    category: Category
    unit: str = Field("item", description="What one of it is called.")
    mode: Mode = Field(
        "none",
        description="sight: what it sees over the terrain; radius: a geodesic disc; "
        "patrol: along the border either way; reach: where its crew gets in time; "
        "none: it covers nothing by itself.",
    )
    range_km: Figure | None = Field(
        None, description="Range of sight, radius, or way patrolled, km."
    )
    mast_m: Figure | None = Field(None, description="Height above ground, m.")
    target_m: Figure | None = Field(None, description="Height of what is sought, m.")
    fov_deg: Figure | None = Field(None, description="Horizontal field, degrees.")
    min_range_km: Figure | None = Field(None, description="Least range of sight, km.")
    refraction: Figure | None = Field(
        None, description="Coefficient of refraction: light 0.13, radio 0.25."
    )
    detection_50_km: Figure | None = Field(
        None, description="Distance at which half of the targets are detected, km."
    )
    travel: Travel | None = Field(
        None, description="How its crew travels; foot by default."
    )
    response_minutes: Figure | None = Field(
        None, description="Time within which its crew must get there, minutes."
    )
    shift_hours: Figure | None = Field(
        None, description="Duration of a patrol, out and back, hours."
    )
    patrols_per_day: Figure | None = Field(
        None, description="Patrols that set out in a day."
    )
    cost: Figure = Field(description="Price of one, in the programme's currency.")
    running_cost_per_year: Figure | None = None
    life_years: Figure | None = None
    crew: Figure | None = Field(None, description="People needed for one.")
    basis: Basis
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return _figures_from(
            data,
            "range_km",
            "mast_m",
            "target_m",
            "fov_deg",
            "min_range_km",
            "refraction",
            "detection_50_km",
            "response_minutes",
            "shift_hours",
            "patrols_per_day",
            "cost",
            "running_cost_per_year",
            "life_years",
            "crew",
        )

    @model_validator(mode="after")
    def _covering_needs_figures(self) -> Self:
        needed = {"radius": ["range_km"], "sight": ["range_km"]}
        needed |= {"reach": ["response_minutes"], "patrol": ["range_km", "shift_hours"]}
        names = needed.get(self.mode, [])
        figures = [getattr(self, name) for name in names]
        if names and not any(f is not None and f.value > 0 for f in figures):
            msg = f"mode {self.mode!r} needs a `{'` or `'.join(names)}` greater than 0"
            raise ReferenceFaultError((names[0],), msg)
        if self.mode == "sight" and self.mast_m is None:
            msg = "mode 'sight' needs a `mast_m`, the height of the eye"
            raise ReferenceFaultError(("mast_m",), msg)
        return self


def _as_list(value: Any) -> Any:  # noqa: ANN401
    return [value] if isinstance(value, str) else value


def _as_ranges(value: Any) -> Any:  # noqa: ANN401
    """Take one range where a list of ranges may stand."""
    if isinstance(value, list) and value and not isinstance(value[0], (list, tuple)):
        return [value]
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Kilometres = Annotated[float, Field(ge=0)]
Ranges = Annotated[
    tuple[tuple[Kilometres, Kilometres], ...], BeforeValidator(_as_ranges)
]


class Targets(_Strict):
    """Which segments: those that meet every filter given; all, where none is."""

    units: Names = Field((), description="Codes or names of units on either side.")
    chainage_km: Ranges = Field(
        (), description="Stretches [from, to]; official km where there are such."
    )
    min_priority: Level | None = None
    kind: Names = Field((), description="Kinds of segment: mountain, lowland.")

    @model_validator(mode="after")
    def _ranges_run_on(self) -> Self:
        for number, (start, end) in enumerate(self.chainage_km):
            if end <= start:
                path = ("chainage_km", number)
                msg = f"a stretch must end beyond its start, got {start:g} to {end:g}"
                raise ReferenceFaultError(path, msg)
        return self


class Measure(_Strict):
    """One line of the programme: what, how much, where, by when, at what cost."""

    name: str
    category: Category
    unit: str = Field("item", description="What the quantity counts.")
    quantity: float | None = Field(None, gt=0)
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
    targets: Targets = Field(default_factory=Targets)
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
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return _figures_from(data, "unit_cost")

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


class Asset(_Strict):
    """Something that stands already, or is placed by hand."""

    name: str
    equipment: str
    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)
    quantity: int = Field(1, ge=1)
    azimuth_deg: float | None = Field(
        None,
        ge=-360,
        le=360,
        description="Where a limited field is turned; left out: where it sees most.",
    )
    from_year: int | None = Field(None, description="First year; left out: before.")
    until_year: int | None = Field(None, description="Last year; left out: no end.")
    status: Literal["operational", "planned", "retired"] = "operational"
    basis: Basis
    note: str = ""


class Stretch(_Strict):
    """A stretch of border with its impact level."""

    level: Level
    targets: Targets
    reason: str = ""
    basis: Basis


class Formula(_Strict):
    """Level out of segment attributes, each scaled to 0..1 over the segments."""

    weights: dict[str, float] = Field(
        min_length=1,
        description="Column of the segments: weight; a negative one counts down.",
    )
    medium_from: float = Field(0.25, ge=0, le=1)
    high_from: float = Field(0.5, ge=0, le=1)
    critical_from: float = Field(0.75, ge=0, le=1)
    basis: Basis


class Priorities(_Strict):
    """Impact level of each segment: by formula, then by stretches, the last wins."""

    default: Level = "low"
    formula: Formula | None = None
    stretches: tuple[Stretch, ...] = ()


class BorderSpec(_Strict):
    """Which border, and the length that is official for it."""

    left: str = Field(description="ISO 3166-1 alpha-3 code of one country.")
    right: str = Field(description="ISO 3166-1 alpha-3 code of the other.")
    official_length_km: float | None = Field(None, gt=0)
    basis: Basis = ILLUSTRATIVE


class Claims(_Strict):
    """Public claims that a report checks against geometry."""

    length_km: Figure | None = None
    facing_country: str | None = None
    facing_units: Names = ()
    longest_with: str | None = Field(
        None, description="The country whose borders are compared."
    )
    longest_among: Names = Field((), description="Neighbours with shorter borders.")
    basis: Basis = ILLUSTRATIVE

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return _figures_from(data, "length_km")


class Stage(_Strict):
    """A stage of the programme, in words."""

    name: str
    years: tuple[int, ...]
    text: str
    basis: Basis


class Program(_Strict):
    """A programme, checked as a whole."""

    name: str
    description: str = ""
    first_year: int
    last_year: int
    currency: str = "USD"
    border: BorderSpec
    budgets: dict[int, Figure] = Field(
        default_factory=dict, description="Year: money available."
    )
    sources: dict[str, Source] = Field(default_factory=dict)
    claims: Claims = Field(default_factory=Claims)
    stages: tuple[Stage, ...] = ()
    priorities: Priorities = Field(default_factory=Priorities)
    equipment: dict[str, EquipmentType] = Field(default_factory=dict)
    measures: dict[str, Measure] = Field(default_factory=dict)
    assets: dict[str, Asset] = Field(default_factory=dict)
    required_k: int = Field(1, ge=1, description="Assets that must cover each place.")
    travel: Travel = Field(
        "foot", description="How crews of posts get to the border, for response times."
    )

    @property
    def years(self) -> range:
        """Years of the programme."""
        return range(self.first_year, self.last_year + 1)

    @model_validator(mode="before")
    @classmethod
    def _plain_budgets(cls, data: Any) -> Any:  # noqa: ANN401
        if not isinstance(data, Mapping) or not isinstance(
            data.get("budgets"), Mapping
        ):
            return data
        budgets = _figures_from(data["budgets"], *data["budgets"])
        return {**data, "budgets": budgets}

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for path, message in _reference_faults(self):
            raise ReferenceFaultError(path, message)
        return self


Fault = tuple[tuple[str | int, ...], str]


def nearest_name(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Suggest the known name most like a wrong one."""
    near = get_close_matches(name, list(known), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known)[:12]) or 'none'}"


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
