"""The catalogue of equipment: how it covers, how far, at what cost, for how long."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from geoborder.program.figures import (
    Basis,
    Figure,
    Note,
    ReferenceFaultError,
    Strict,
    figures_from,
)

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


class EquipmentType(Strict):
    """A catalogue entry: how it covers, how far, at what cost, for how long."""

    name: str = Field(description="Name for people.")
    category: Category = Field(description="Kind of equipment, for colours and money.")
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
    running_cost_per_year: Figure | None = Field(
        None, description="Cost of one in each year that it runs."
    )
    life_years: Figure | None = Field(
        None, description="Years after which it no longer covers."
    )
    crew: Figure | None = Field(None, description="People needed for one.")
    basis: Basis
    note: Note = ""

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:  # noqa: ANN401
        return figures_from(
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
