"""
Schemas of every table that crosses a module's edge.

Units stand in the columns' names; each column's description says the rest.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from geoborder.errors import DataError
from geoborder.tables.requirements import LINES, require_columns, require_layer


def _column(
    kind: Any,  # noqa: ANN401 - pandera takes types and names of types
    description: str,
    *checks: pa.Check,
    nullable: bool = False,
    required: bool = True,
) -> pa.Column:
    return pa.Column(
        kind,
        list(checks),
        nullable=nullable,
        required=required,
        coerce=True,
        description=description,
    )


_KM = pa.Check.ge(0, error="must not be negative")
_FINITE = pa.Check(
    lambda column: (column >= 0.0) & (column < np.inf),
    error="must be a number of at least 0",
)
_CHAINAGES = {
    "start_km": _column(float, "chainage at which it begins, km", _KM),
    "end_km": _column(float, "chainage at which it ends, km", _KM),
}
_ORDERED = pa.Check(
    lambda t: t["start_km"] <= t["end_km"], error="start_km must not exceed end_km"
)

BORDER = pa.DataFrameSchema(
    {
        "border_id": _column(str, "name of the border, one per row"),
        "left": _column(str, "country on the left of the line"),
        "right": _column(str, "country on the right of the line"),
        "length_km": _column(float, "geodesic length on WGS 84, km", _KM),
        "calibration": _column(
            str,
            "official chainage: km=official km at known points",
            required=False,
        ),
    },
    unique=["border_id"],
    name="border",
)

UNITS = pa.DataFrameSchema(
    {
        "unit_id": _column(str, "code of the unit, ISO 3166-2 where bundled"),
        "name": _column(str, "name of the unit"),
        "country": _column(str, "country the unit belongs to, ISO 3166-1 alpha-3"),
    },
    unique=["unit_id"],
    name="units",
)

SEGMENTS = pa.DataFrameSchema(
    {
        "segment_id": _column(
            "int64", "number of the segment along the border, from 1"
        ),
        "border_id": _column(str, "border the segment is cut from"),
        **_CHAINAGES,
        "length_km": _column(float, "geodesic length, km", _KM),
        "official_start_km": _column(
            float, "official chainage at the start, km", required=False, nullable=True
        ),
        "official_end_km": _column(
            float, "official chainage at the end, km", required=False, nullable=True
        ),
    },
    checks=[_ORDERED],
    unique=["segment_id"],
    name="segments",
)

MODES = ("none", "patrol", "radius", "sight", "reach")
"""
How an asset covers: not at all, along the line, around itself, what it sees, where its
crew gets in time.
"""

SIGHT_COLUMNS = {
    "mast_m": "height of the eye above the ground, m",
    "target_m": "height above the ground that must be seen, m",
    "min_range_km": "least distance of sight, km",
    "azimuth_deg": "middle of the field, from north; empty: where it sees most",
    "fov_deg": "width of the field; empty: all round",
    "tilt_min_deg": "least elevation angle; empty: no limit",
    "tilt_max_deg": "greatest elevation angle; empty: no limit",
    "refraction": "coefficient of refraction; empty: 0.13, of light",
    "detection_50_km": "distance at which half are detected; empty: all within range",
}
"""What mode sight reads of an asset, besides its range."""

TRAVEL_COLUMNS = {
    "response_minutes": "time within which its crew must get there, minutes",
    "shift_hours": "duration of a patrol, out and back, hours; empty: by distance",
    "patrols_per_day": "patrols that set out in a day",
}
"""What modes reach and patrol read of an asset, besides ``travel``."""

ASSETS = pa.DataFrameSchema(
    {
        "asset_id": _column(str, "name of the asset, one per row"),
        "mode": _column(
            str,
            "how it covers the border: none, patrol, radius, sight or reach",
            pa.Check.isin(MODES),
        ),
        "range_km": _column(
            float,
            "radius of the disc, distance patrolled either way, or range of sight, km",
            _KM,
            nullable=True,
        ),
        "from_year": _column(
            "Int64",
            "first year in operation; empty: always",
            nullable=True,
            required=False,
        ),
        "until_year": _column(
            "Int64",
            "last year in operation; empty: no end",
            nullable=True,
            required=False,
        ),
        **{
            name: _column(float, description, nullable=True, required=False)
            for name, description in SIGHT_COLUMNS.items()
        },
        **{
            name: _column(float, description, _FINITE, nullable=True, required=False)
            for name, description in TRAVEL_COLUMNS.items()
        },
        "travel": _column(
            str,
            "mode of travel of its crew; empty: foot",
            nullable=True,
            required=False,
        ),
    },
    unique=["asset_id"],
    name="assets",
)

ASSIGNMENTS = pa.DataFrameSchema(
    {
        "measure_id": _column(str, "measure of the programme"),
        "category": _column(str, "category of the measure"),
        "year": _column("int64", "year of delivery"),
        "segment_id": _column(
            "Int64",
            "segment it is assigned to; empty: no place on a map",
            nullable=True,
        ),
        "quantity": _column(float, "how much of the measure's unit", _KM),
        "cost": _column(float, "cost in the programme's currency", _KM),
    },
    name="assignments",
)

INTERVALS = pa.DataFrameSchema(
    {
        "border_id": _column(str, "border it lies on"),
        **_CHAINAGES,
        "length_km": _column(float, "geodesic length, km", _KM),
        "assets": _column("int64", "assets that cover it (k)", _KM),
        "first_year": _column(
            "Int64", "year from which it is covered to the k asked for", nullable=True
        ),
    },
    checks=[_ORDERED],
    name="intervals",
)

SITES = pa.DataFrameSchema(
    {
        "site_id": _column("int64", "number of the site, from 1, the best first"),
        "kind": _column(str, "peak or ridge end", pa.Check.isin(("peak", "ridge end"))),
        "height_m": _column(float, "height of the ground, m"),
        "slope_deg": _column(float, "steepest slope, deg", pa.Check.in_range(0, 90)),
        "border_id": _column(str, "border that is nearest to it"),
        "chainage_km": _column(float, "chainage of its foot on the border, km", _KM),
        "distance_km": _column(float, "geodesic distance from the border, km", _KM),
        "side": _column(
            str, "left, right or on", pa.Check.isin(("left", "right", "on"))
        ),
        "seen_km": _column(float, "length of border seen from there, km", _KM),
    },
    unique=["site_id"],
    name="sites",
)


def require_segments(segments: object) -> gpd.GeoDataFrame:
    """
    Check segments, and bring them to longitude and latitude.

    Parameters
    ----------
    segments
        Segments as `segment_border` gives them, in any CRS. Not modified.

    Returns
    -------
    GeoDataFrame
        The same rows in EPSG:4326, with columns in the types of `SEGMENTS`.

    Raises
    ------
    DataError
        If they are unusable (see `require_layer` and `validate`).
    """
    layer = require_layer(segments, name="segments", kinds=LINES)
    return validate(layer, SEGMENTS, name="segments")


def validate(table: Any, schema: pa.DataFrameSchema, *, name: str) -> Any:  # noqa: ANN401 - the type that came
    """
    Check a table against its schema.

    Parameters
    ----------
    table
        DataFrame or GeoDataFrame. Not modified.
    schema
        What it must hold; further columns are kept.
    name
        What error messages call it.

    Returns
    -------
    DataFrame or GeoDataFrame
        The table with its columns in the schema's types.

    Raises
    ------
    DataError
        Naming the column, the row and the value of the first fault.
    """
    if not isinstance(table, pd.DataFrame):
        msg = f"`{name}` must be a DataFrame, got {type(table).__name__}."
        raise DataError(msg)
    needed = [key for key, column in schema.columns.items() if column.required]
    require_columns(table, needed, name=name)
    try:
        checked = schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise DataError(_first_fault(error, name=name)) from error
    return checked


def _plain(value: Any) -> Any:  # noqa: ANN401 - numpy's scalars, or anything
    """Turn numpy's scalars into Python's, which read better."""
    return value.item() if isinstance(value, np.generic) else value


_REPEATED = {
    "border_id": "give each line its own, or leave the column out to join all lines"
}
"""What mends values that are there more than once, by column."""


def _first_fault(error: pa.errors.SchemaErrors, *, name: str) -> str:
    """Say the first of pandera's faults in a sentence."""
    faults = error.failure_cases
    # A column of the wrong type makes checks of the whole table fail as well.
    columns = faults[faults["schema_context"] == "Column"]
    fault = (faults if columns.empty else columns).iloc[0]
    column, check = fault["column"], fault["check"]
    value, label = (_plain(fault[key]) for key in ("failure_case", "index"))
    if str(check).startswith("multiple_fields_uniqueness"):
        hint = _REPEATED.get(column, "each row needs its own")
        return f"`{name}` has {value!r} more than once in column {column!r}; {hint}."
    row = "" if pd.isna(fault["index"]) else f" in row {label!r}"
    more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
    return f"`{name}`, column {column!r}{row}: {value!r}: {check}{more}."
