"""Parts that all of a programme file is made of: figures, their basis, targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Level = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high", "critical")
"""Impact levels, in the manner of Regulation (EU) 2019/1896, Article 34."""

ILLUSTRATIVE = "illustrative"
"""The basis of a figure that has no public source."""


class ReferenceFaultError(ValueError):
    """A name that stands for nothing, or figures that clash; knows where."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class Strict(BaseModel):
    """A part of the file: frozen, without unknown keys or numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Basis = Annotated[
    str,
    Field(description="Key of a source, or the word illustrative.", min_length=1),
]
Note = Annotated[str, Field(description="Whatever else readers should know.")]


class Source(Strict):
    """Where a figure was published."""

    title: str = Field(description="Who published what.")
    url: str | None = Field(None, description="Address of the publication.")
    published: date | None = Field(None, description="Day of publication.")
    note: Note = ""


class Figure(Strict):
    """A number and what it rests on. A plain number rests on its item's basis."""

    value: float = Field(ge=0, description="The number.")
    basis: Basis


def figures_from(data: Any, *fields: str) -> Any:  # noqa: ANN401 - as it was read
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


class Targets(Strict):
    """Which segments: those that meet every filter given; all, where none is."""

    units: Names = Field((), description="Codes or names of units on either side.")
    chainage_km: Ranges = Field(
        (), description="Stretches [from, to]; official km where there are such."
    )
    min_priority: Level | None = Field(None, description="Least impact level.")
    kind: Names = Field((), description="Kinds of segment: mountain, lowland.")

    @model_validator(mode="after")
    def _ranges_run_on(self) -> Self:
        for number, (start, end) in enumerate(self.chainage_km):
            if end <= start:
                path = ("chainage_km", number)
                msg = f"a stretch must end beyond its start, got {start:g} to {end:g}"
                raise ReferenceFaultError(path, msg)
        return self


Fault = tuple[tuple[str | int, ...], str]


def nearest_name(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Suggest the known name most like a wrong one."""
    near = get_close_matches(name, list(known), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known)[:12]) or 'none'}"
