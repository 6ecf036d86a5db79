"""
What tables must hold: schemas of every table that crosses a module's edge.

Units stand in the columns' names; each column's description says the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
import shapely
from pyproj.exceptions import ProjError

from geoborder.errors import DataError

LONLAT = "EPSG:4326"

POINTS = frozenset({"Point"})
LINES = frozenset({"LineString", "MultiLineString"})
POLYGONS = frozenset({"Polygon", "MultiPolygon"})

_FAR_DEG = 10.0

_GLOBE = (360.0, 90.0)
"""Greatest longitude and latitude either way, in degrees."""


def require_layer(layer: Any, *, name: str, kinds: Collection[str]) -> Any:  # noqa: ANN401 - the type that came
    """
    Check that a layer can be used, and bring it to longitude and latitude.

    Parameters
    ----------
    layer
        GeoDataFrame or GeoSeries in any CRS. Not modified.
    name
        What error messages call it.
    kinds
        Geometry types it may have.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows in EPSG:4326.

    Raises
    ------
    DataError
        If it is no layer, has no rows or no CRS, or a row has a null or empty
        geometry, one of another type, or coordinates that are not finite or
        not on the globe.
    """
    layer = require_spatial(layer, name=name)
    require_rows(layer, name=name)
    _require_geometries(layer, name=name, kinds=kinds)
    try:
        lonlat = layer if layer.crs == LONLAT else layer.to_crs(LONLAT)
    except ProjError as error:
        msg = (
            f"`{name}` has a CRS that leads to no longitude and latitude: "
            f"{layer.crs.name!r}. Declare the one its coordinates are really in."
        )
        raise DataError(msg) from error
    if not np.isfinite(lonlat.geometry.total_bounds).all():
        msg = (
            f"`{name}` does not fit its CRS {layer.crs.to_string()}: coordinates "
            f"{_row_of(layer, 0)} have no longitude and latitude. Declare the CRS "
            f"the coordinates are really in."
        )
        raise DataError(msg)
    return lonlat


def require_spatial(layer: Any, *, name: str) -> Any:  # noqa: ANN401 - the type that came
    """
    Check that a layer has geometry, and says where on the earth it is.

    Parameters
    ----------
    layer
        GeoDataFrame or GeoSeries in any CRS; may be empty, or lack geometry in rows.
    name
        What error messages call it.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same.

    Raises
    ------
    DataError
        If it is no layer, or has no geometry column or no CRS.
    """
    if not isinstance(layer, (gpd.GeoDataFrame, gpd.GeoSeries)):
        msg = (
            f"`{name}` must be a GeoDataFrame or GeoSeries, got {type(layer).__name__}."
        )
        raise DataError(msg)
    if isinstance(layer, gpd.GeoDataFrame) and layer.active_geometry_name is None:
        msg = f"`{name}` has no geometry column; name one with `set_geometry`."
        raise DataError(msg)
    if layer.crs is None:
        msg = (
            f"`{name}` has no CRS; declare the one its coordinates are in, "
            f'such as `{name}.set_crs("EPSG:4326")`.'
        )
        raise DataError(msg)
    return layer


def require_rows(table: pd.DataFrame | gpd.GeoSeries, *, name: str) -> None:
    """
    Check that a table is not empty.

    Parameters
    ----------
    table
        The table.
    name
        What error messages call it.

    Raises
    ------
    DataError
        If it has no rows.
    """
    if len(table) == 0:
        msg = f"`{name}` is empty; it needs at least one row."
        raise DataError(msg)


def attributes_of(layer: gpd.GeoDataFrame | gpd.GeoSeries) -> pd.DataFrame:
    """
    Take what a layer says of its rows besides where they are.

    Parameters
    ----------
    layer
        The layer.

    Returns
    -------
    DataFrame
        Its columns but the geometry, none of a GeoSeries; the same index.
    """
    if isinstance(layer, gpd.GeoSeries):
        return pd.DataFrame(index=layer.index)
    return pd.DataFrame(layer.drop(columns=layer.active_geometry_name))


def _row_of(layer: gpd.GeoDataFrame | gpd.GeoSeries, row: int) -> str:
    """Name a row and its first vertex for a message."""
    xy = shapely.get_coordinates(layer.geometry.iloc[row])[0]
    return f"in row {layer.index[row]!r} ({xy[0]:.6g}, {xy[1]:.6g})"


def _require_geometries(
    layer: gpd.GeoDataFrame | gpd.GeoSeries, *, name: str, kinds: Collection[str]
) -> None:
    """Refuse null, empty and not finite geometries, and those of another type."""
    shapes = layer.geometry
    array = shapes.to_numpy()
    kind = shapely.get_type_id(array)
    missing = np.flatnonzero((kind < 0) | shapely.is_empty(array))
    if missing.size:
        msg = (
            f"`{name}` has no geometry in row {layer.index[missing[0]]!r} (and "
            f"{missing.size - 1} more); drop such rows or fill them."
        )
        raise DataError(msg)
    allowed = [shapely.GeometryType[name.upper()] for name in kinds]
    other = np.flatnonzero(~np.isin(kind, allowed))
    if other.size:
        msg = (
            f"`{name}` must hold {' or '.join(sorted(kinds))}, got "
            f"{shapes.geom_type.iloc[other[0]]} in row {layer.index[other[0]]!r}."
        )
        raise DataError(msg)
    xy = shapely.get_coordinates(array)
    furthest = np.array([np.abs(axis).max() for axis in xy.T])
    in_degrees = layer.crs.is_geographic
    if np.isfinite(furthest).all() and (not in_degrees or (furthest <= _GLOBE).all()):
        return
    xy, row = shapely.get_coordinates(array, return_index=True)
    bad = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if bad.size:
        msg = (
            f"`{name}` has a coordinate that is not a number in row "
            f"{layer.index[row[bad[0]]]!r}; repair or drop the row."
        )
        raise DataError(msg)
    bad = np.flatnonzero((np.abs(xy) > _GLOBE).any(axis=1))
    x, y = xy[bad[0]]
    msg = (
        f"`{name}` has longitude {x:.6g}, latitude {y:.6g} in row "
        f"{layer.index[row[bad[0]]]!r}, which is not on the globe."
    )
    if abs(x) <= _GLOBE[1] and abs(y) <= _GLOBE[0]:
        msg += " Longitude and latitude look swapped: give longitude first."
    raise DataError(msg)


def require_not_swapped(
    layer: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    name: str,
    near: gpd.GeoDataFrame | gpd.GeoSeries,
    near_name: str,
) -> None:
    """
    Refuse a layer that lies far away but would be near with its axes swapped.

    Parameters
    ----------
    layer, near
        Layers in longitude and latitude.
    name, near_name
        What error messages call them.

    Raises
    ------
    DataError
        If every vertex of `layer` is more than 10 degrees from the bounds of
        `near`, and less with longitude and latitude exchanged.
    """
    west, south, east, north = near.total_bounds

    def is_near(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return np.asarray(
            (lon > west - _FAR_DEG)
            & (lon < east + _FAR_DEG)
            & (lat > south - _FAR_DEG)
            & (lat < north + _FAR_DEG)
        )

    start = shapely.get_coordinates(layer.geometry.iloc[0])
    if is_near(start[:, 0], start[:, 1]).any():
        return
    xy = shapely.get_coordinates(layer.geometry.to_numpy())
    if not is_near(xy[:, 0], xy[:, 1]).any() and is_near(xy[:, 1], xy[:, 0]).all():
        msg = (
            f"`{name}` has longitude and latitude swapped: row {layer.index[0]!r} is "
            f"at longitude {xy[0, 0]:.6g}, latitude {xy[0, 1]:.6g}, far from "
            f"`{near_name}`, and near it the other way round."
        )
        raise DataError(msg)


def lonlat_of(
    layer: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    name: str,
    near: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    near_name: str = "",
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of a layer of points, checked."""
    points = require_layer(layer, name=name, kinds=POINTS)
    if near is not None:
        known = require_layer(near, name=near_name, kinds=POINTS)
        require_not_swapped(points, name=name, near=known, near_name=near_name)
    shapes = points.geometry
    return shapes.x.to_numpy(float), shapes.y.to_numpy(float)


def require_columns(
    table: pd.DataFrame, columns: Collection[str], *, name: str
) -> None:
    """
    Check that a table has the columns it needs.

    Parameters
    ----------
    table
        The table.
    columns
        Names of columns it must have.
    name
        What error messages call it.

    Raises
    ------
    DataError
        If it is no table; or naming the first that is missing and the nearest that
        is there.
    """
    if not isinstance(table, pd.DataFrame):
        needed = f" with {', '.join(columns)}" if columns else ""
        msg = f"`{name}` must be a table{needed}, got {type(table).__name__}."
        raise DataError(msg)
    for column in columns:
        if column in table.columns:
            continue
        near = get_close_matches(column, [str(c) for c in table.columns], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        there = ", ".join(str(c) for c in table.columns)
        msg = f"`{name}` has no column {column!r}{hint} It has: {there}."
        raise DataError(msg)


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


def _first_fault(error: pa.errors.SchemaErrors, *, name: str) -> str:
    """Say the first of pandera's faults in a sentence."""
    faults = error.failure_cases
    # A column of the wrong type makes checks of the whole table fail as well.
    columns = faults[faults["schema_context"] == "Column"]
    fault = (faults if columns.empty else columns).iloc[0]
    column, check = fault["column"], fault["check"]
    value, label = (_plain(fault[key]) for key in ("failure_case", "index"))
    if str(check).startswith("multiple_fields_uniqueness"):
        return f"`{name}` has {value!r} more than once in column {column!r}."
    row = "" if pd.isna(fault["index"]) else f" in row {label!r}"
    more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
    return f"`{name}`, column {column!r}{row}: {value!r}: {check}{more}."
