"""Impact levels of segments, and which segments a measure targets."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoborder.errors import DataError, ProgramError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.program import LEVELS, Program, Targets
from geoborder.program.figures import nearest_name
from geoborder.tables import require_columns, require_segments


def prioritise(program: Program, segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Give each segment its impact level.

    Parameters
    ----------
    program
        The programme, with its ``priorities``.
    segments
        Segments; with a formula they need its attributes as columns. Not
        modified.

    Returns
    -------
    GeoDataFrame
        The segments with ``priority`` (low, medium, high or critical),
        ``priority_score`` (0 to 1 where there is a formula, else empty) and
        ``priority_reason``. The level is the formula's, or the default one; a
        stretch that names a segment overrides it, the last one last.

    Raises
    ------
    DataError
        If the formula names a column that the segments do not have.
    ProgramError
        If a stretch names an unknown unit, or no segment at all.

    Notes
    -----
    Levels are named as in Regulation (EU) 2019/1896, Article 34. Adding up
    weighted attributes is a choice of the programme's author, not of that text.

    Examples
    --------
    >>> import geoborder as gb
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     priorities={
    ...         "default": "low",
    ...         "stretches": [
    ...             {
    ...                 "level": "high",
    ...                 "targets": {"chainage_km": [10, 20]},
    ...                 "reason": "road near the line",
    ...                 "basis": "illustrative",
    ...             }
    ...         ],
    ...     },
    ... )
    >>> segments = gb.segment_border(gb.load_border("AND", "FRA"), length_km=10)
    >>> levels = gb.prioritise(program, segments)
    >>> levels[["start_km", "end_km", "priority", "priority_reason"]].round(1)
       start_km  end_km priority     priority_reason
    0       0.0    10.0      low             default
    1      10.0    20.0     high  road near the line
    2      20.0    30.0      low             default
    3      30.0    40.0      low             default
    4      40.0    46.2      low             default
    """
    table = require_segments(segments).copy()
    rules = program.priorities
    level = np.full(len(table), LEVELS.index(rules.default))
    score = np.full(len(table), np.nan)
    reason = np.full(len(table), "default", dtype=object)
    if rules.formula is not None:
        weights = rules.formula.weights
        _require_described(table, weights, where="priorities.formula.weights")
        parts = [w * _scaled(table, column) for column, w in weights.items()]
        low = sum(min(w, 0.0) for w in weights.values())
        high = sum(max(w, 0.0) for w in weights.values())
        score = (np.sum(parts, axis=0) - low) / (high - low)
        steps = (
            rules.formula.medium_from,
            rules.formula.high_from,
            rules.formula.critical_from,
        )
        level = np.searchsorted(np.sort(steps), score, side="right")
        reason[:] = "formula of " + ", ".join(weights)
    for number, stretch in enumerate(rules.stretches):
        where = f"priorities.stretches.{number}"
        chosen = targeted_km(stretch.targets, table, where=where) > 0
        level[chosen] = LEVELS.index(stretch.level)
        reason[chosen] = stretch.reason or where
    where = table.columns.get_loc(table.active_geometry_name)
    table.insert(where, "priority", np.array(LEVELS, dtype=object)[level])
    table.insert(where + 1, "priority_score", score)
    table.insert(where + 2, "priority_reason", reason)
    return table


def with_priority(program: Program, segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Give segments their impact levels unless they have them.

    Parameters
    ----------
    program
        The programme.
    segments
        Segments. Not modified.

    Returns
    -------
    GeoDataFrame
        Segments with ``priority``.
    """
    table = require_segments(segments)
    return table if "priority" in table.columns else prioritise(program, table)


def levels_of(segments: gpd.GeoDataFrame) -> IntArray:
    """
    Give the impact levels of segments as numbers.

    Parameters
    ----------
    segments
        Segments with ``priority``.

    Returns
    -------
    ndarray of int
        0 (low) to 3 (critical), shape (segments,).
    """
    return segments["priority"].map(LEVELS.index).to_numpy(np.int64)


def _scaled(segments: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Bring an attribute to 0..1 over the segments; unknown counts as the mean."""
    values = pd.to_numeric(segments[column], errors="coerce").astype(float)
    values = values.fillna(values.mean()).fillna(0.0)
    span = float(values.max() - values.min())
    if span == 0.0:
        return np.zeros(len(values))
    return np.asarray((values - values.min()) / span)


_TERRAIN = (
    "elevation_min_m", "elevation_mean_m", "elevation_max_m", "relief_m", "slope_deg",
    "terrain_slope_deg", "aspect_deg", "ruggedness_m", "kind",
)  # fmt: skip
_KNOWN_BY = {
    **dict.fromkeys(("nearest_place", "place_km"), "places"),
    **dict.fromkeys(("nearest_crossing", "crossing_km"), "crossings"),
    **dict.fromkeys(_TERRAIN, "elevation"),
}
"""What must be known for segments to have these columns, by `describe_segments`."""

_UNIT_COLUMNS = ("left_unit_id", "left_unit", "right_unit_id", "right_unit")


def targeted_km(
    targets: Targets, segments: gpd.GeoDataFrame, *, where: str
) -> FloatArray:
    """
    Measure how much of each segment a measure's targets take in.

    Parameters
    ----------
    targets
        The filters.
    segments
        Segments; filters by unit, priority and kind need those columns.
    where
        The filters' place in the programme, for messages.

    Returns
    -------
    ndarray
        Kilometres, shape (segments,); 0 for segments not targeted. A segment
        that a chainage range meets in part counts with that part.

    Raises
    ------
    ProgramError
        If a unit or kind is unknown, or no segment is targeted.
    DataError
        If the segments lack a column that a filter needs.
    """
    length = segments["length_km"].to_numpy(float).copy()
    if targets.chainage_km:
        prefix = "official_" if "official_start_km" in segments.columns else ""
        start = segments[f"{prefix}start_km"].to_numpy(float)
        end = segments[f"{prefix}end_km"].to_numpy(float)
        met = np.zeros(len(segments))
        for low, high in targets.chainage_km:
            met += np.clip(np.minimum(end, high) - np.maximum(start, low), 0.0, None)
        length *= np.clip(met / (end - start), 0.0, 1.0)
    if targets.units:
        columns = [c for c in _UNIT_COLUMNS if c in segments.columns]
        if not columns:
            msg = f"{where} targets units; cut `segments` with `units=` to name them."
            raise DataError(msg)
        names = segments[columns].astype(object)
        _require_known(targets.units, names.to_numpy(), where=f"{where}.units")
        length *= names.isin(targets.units).any(axis=1).to_numpy()
    if targets.kind:
        _require_described(segments, ["kind"], where=f"{where}.kind")
        length *= segments["kind"].isin(targets.kind).to_numpy()
    if targets.min_priority is not None:
        require_columns(segments, ["priority"], name="segments")
        length *= levels_of(segments) >= LEVELS.index(targets.min_priority)
    length[length < 1e-6] = 0.0  # noqa: PLR2004 - a millimetre is rounding
    if not length.any():
        chosen = _shown(targets)
        msg = f"{where} targets no segment: {chosen}; widen its filters."
        raise ProgramError(msg)
    return length


def _require_described(
    segments: gpd.GeoDataFrame, columns: Collection[str], *, where: str
) -> None:
    """Check for attributes that segments have only where something is known."""
    missing = [c for c in columns if c in _KNOWN_BY and c not in segments.columns]
    if missing:
        known_by = ", ".join(dict.fromkeys(_KNOWN_BY[c] for c in missing))
        names = ", ".join(map(repr, missing))
        dem = ", or pass elevation (`dem`)" if "elevation" in known_by else ""
        msg = (
            f"{where}: `segments` has no column {names}, for want of {known_by} along "
            f"this border. Take a programme that does without{dem}."
        )
        raise DataError(msg)
    require_columns(segments, columns, name="segments")


def _shown(targets: Targets) -> str:
    """Say filters as a programme file does."""
    chosen = targets.model_dump(exclude_defaults=True, mode="json")
    return ", ".join(f"{k} {v}".replace("'", "") for k, v in chosen.items())


def _require_known(
    wanted: tuple[str, ...], names: npt.NDArray[np.object_], *, where: str
) -> None:
    known = tuple(sorted({str(n) for n in names.ravel() if isinstance(n, str)}))
    for name in wanted:
        if name not in known:
            msg = (
                f"{where}: no segment has the unit {name!r}{nearest_name(name, known)}"
            )
            raise ProgramError(msg)
