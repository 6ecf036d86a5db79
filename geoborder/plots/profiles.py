"""The profile along the border as a picture."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray
from geoborder.maps.style import COVERED_COLOUR, GAP_COLOUR
from geoborder.plan import Plan
from geoborder.plots.axes import (
    add_sources,
    known_year,
    new_axes,
    plain_text,
    type_size,
)
from geoborder.plots.stretches import stretches_in
from geoborder.terrain import Dem, profile

_POINTS = 2000
"""Heights along the picture: finer is not seen."""

_GROUND, _EDGE = "#d8d0c2", "#6d5f48"


@plain_text
def plot_profile(
    plan: Plan,
    *,
    year: int | None = None,
    border_id: str | None = None,
    ax: Axes | None = None,
    sources: bool = True,
) -> Axes:
    """
    Draw elevation, covered stretches and gaps along the chainage.

    Parameters
    ----------
    plan
        The plan.
    year
        Year of coverage; the last one by default, the year before the programme for
        what stands already.
    border_id
        Which line; the longest by default.
    ax
        Axes to draw on; new ones by default.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        Elevation of the line itself, with coverage below it and the units beside the
        border above; only these where there is no elevation.

    Raises
    ------
    OptionError
        If the plan has no such year or line.

    Examples
    --------
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AFG", "right": "CHN"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> ax = gb.plot_profile(plan, year=2026)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('chainage, km', 'elevation, m')
    """
    year = known_year(plan, year)
    line = _line(plan, border_id)
    ax = new_axes(ax, (9.6, 3.2))
    size = type_size(ax)
    top = 1.0
    if plan.dem is None:
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    else:
        chainage, height = _heights(line, plan.dem)
        ax.fill_between(chainage, height, color=_GROUND, lw=0)
        ax.plot(chainage, height, color=_EDGE, lw=0.8)
        top = float(np.nanmax(height, initial=1.0))
        ax.set_ylabel("elevation, m", fontsize=size)
    _add_coverage(ax, plan, line["border_id"].iloc[0], year=year, top=top)
    length = float(line["length_km"].iloc[0])
    named = _add_units(ax, plan, line["border_id"].iloc[0], top=top, size=size)
    ax.set_xlim(0, length)
    ax.set_ylim(-0.14 * top, top * (1.22 if named else 1.05))
    name = f" of {line['border_id'].iloc[0]}" if len(plan.border) > 1 else ""
    ax.set_xlabel(f"chainage{name}, km", fontsize=size)
    ax.tick_params(labelsize=size)
    ax.legend(
        frameon=False, fontsize=size, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        ncols=2,
    )  # fmt: skip
    if sources:
        add_sources(ax, plan)
    return ax


def _line(plan: Plan, border_id: str | None) -> gpd.GeoDataFrame:
    """Take the line that is asked for, or the longest."""
    border = plan.border
    if border_id is None:
        return border.loc[[border["length_km"].idxmax()]]
    own = border[border["border_id"] == border_id]
    if own.empty:
        known = ", ".join(map(str, border["border_id"]))
        msg = f"`border_id` must be one of {known}, got {border_id!r}."
        raise OptionError(msg)
    return own


def _heights(line: gpd.GeoDataFrame, dem: Dem) -> tuple[FloatArray, FloatArray]:
    """Heights along a line, no finer than the elevation or the picture."""
    lon, lat = line.geometry.iloc[0].coords[0]
    step_m = max(
        min(dem.cell_size_m(lon, lat)), line["length_km"].iloc[0] * 1e3 / _POINTS
    )
    taken = profile(line, dem=dem, step_m=step_m)
    return taken["chainage_km"].to_numpy(float), taken["height_m"].to_numpy(float)


def _add_coverage(
    ax: Axes, plan: Plan, border_id: object, *, year: int, top: float
) -> None:
    """Draw covered stretches and gaps, the gaps lower: told apart without colour."""
    table = stretches_in(plan, year)
    table = table[table["border_id"] == border_id]
    when = "before the programme" if year < plan.program.first_year else f"in {year}"
    for covered, low, colour, label in (
        (True, -0.07, COVERED_COLOUR, "covered"),
        (False, -0.13, GAP_COLOUR, "gap"),
    ):
        own = table[table["covered"] == covered]
        spans = list(zip(own["start_km"], own["length_km"], strict=True))
        if spans:
            ax.broken_barh(
                spans, (low * top, 0.05 * top), color=colour, lw=0,
                label=f"{label} {when}",
            )  # fmt: skip


def _add_units(
    ax: Axes, plan: Plan, border_id: object, *, top: float, size: float
) -> bool:
    """Write the units of the side that has most of them, each above its stretch."""
    segments = plan.segments[plan.segments["border_id"] == border_id]
    sides = [c for c in ("right_unit", "left_unit") if c in segments.columns]
    sides = [c for c in sides if segments[c].notna().any()]
    if not sides:
        return False
    side = max(sides, key=lambda column: segments[column].nunique())
    length = float(segments["end_km"].max())
    run = (segments[side] != segments[side].shift()).cumsum()
    for _, part in segments.groupby(run, sort=False):
        unit, start, end = part[side].iloc[0], part["start_km"].min(), part["end_km"]
        ax.axvline(start, color="#777", lw=0.6, ls=":")
        share = float(end.max() - start) / length
        if isinstance(unit, str) and share * ax.bbox.width > 2.0 * size * len(unit) / 3:
            ax.text(
                (start + end.max()) / 2, top * 1.05, unit, ha="center", fontsize=size
            )
        elif isinstance(unit, str):
            ax.text(start, top * 1.14, unit, ha="left", fontsize=size)
    return True


# The decorator is of another module, so doctest would pass over what it wraps.
__test__ = {"plot_profile": plot_profile}
