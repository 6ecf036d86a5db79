"""Equipment of segments, and what it costs by year."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.assign.measures import assign_measures
from geoborder.assign.priority import with_priority
from geoborder.geodesy import FloatArray, IntArray, interpolate, polylines
from geoborder.nearest import edge_tree, find_feet
from geoborder.program import EquipmentType, Measure, Program
from geoborder.tables import (
    ASSETS,
    LONLAT,
    validate,
)

_FIGURES = (
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
)
"""What the catalogue says of how equipment covers."""


_ASSET_COLUMNS = [
    "asset_id",
    "name",
    "equipment",
    "category",
    "mode",
    "travel",
    *_FIGURES,
    "azimuth_deg",
    "quantity",
    "from_year",
    "until_year",
    "status",
    "cost",
    "running_cost_per_year",
    "measure_id",
    "border_id",
    "segment_id",
    "chainage_km",
    "basis",
    "geometry",
]


def assign_equipment(program: Program, segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Give each segment its equipment: what stands already and what measures bring.

    Parameters
    ----------
    program
        The programme.
    segments
        As for `assign_measures`.

    Returns
    -------
    GeoDataFrame
        One row per asset: ``asset_id``, ``name``, ``equipment``, ``category``,
        ``mode``, ``range_km``, ``mast_m``, ``target_m``, ``fov_deg``,
        ``min_range_km``, ``refraction``, ``detection_50_km``, ``response_minutes``,
        ``shift_hours``, ``patrols_per_day``, ``travel``, ``azimuth_deg``,
        ``quantity``, ``from_year`` (empty: before the programme), ``until_year``
        (end of its life), ``status``, ``cost`` and ``running_cost_per_year``
        (of all its items; 0 for what stands already), ``measure_id``,
        ``border_id``, ``segment_id``, ``chainage_km``, ``basis``, ``geometry``
        (points, EPSG:4326). Equipment that covers is one row per item, evenly
        spaced on its segment's stretch of border (a planning position, not a
        site); the rest is one row per segment and year, at its middle. What has
        no place has no geometry.

    Raises
    ------
    ProgramError
        If a measure's targets name an unknown unit, or no segment at all.

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
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> segments = gb.segment_border(gb.load_border("AND", "FRA"), length_km=25)
    >>> assets = gb.assign_equipment(program, segments)
    >>> assets[["asset_id", "segment_id", "chainage_km", "from_year", "cost"]].round(1)
        asset_id  segment_id  chainage_km  from_year    cost
    0  masts-001           1          6.2       2026  1000.0
    1  masts-002           1         18.8       2027  1000.0
    2  masts-003           2         30.3       2026  1000.0
    3  masts-004           2         40.9       2027  1000.0
    """
    table = with_priority(program, segments)
    rows = assign_measures(program, table)
    rows = rows[rows["equipment"].notna()]
    parts = [_standing(program, table)]
    for key, measure in program.measures.items():
        own = rows[rows["measure_id"] == key]
        if measure.equipment is not None and len(own):
            parts.append(_planned(program, key, measure, own, table))
    frames = [part for part in parts if len(part)]
    assets = pd.concat(frames, ignore_index=True) if frames else parts[0]
    for column in ("from_year", "until_year", "segment_id"):
        assets[column] = assets[column].astype("Int64")
    layer = gpd.GeoDataFrame(assets, geometry="geometry", crs=LONLAT)
    checked: gpd.GeoDataFrame = validate(layer, ASSETS, name="assets")
    return checked


def _standing(program: Program, segments: gpd.GeoDataFrame) -> pd.DataFrame:
    """Assets that the programme file lists, at their nearest segment."""
    items = list(program.assets.values())
    lon = np.array([a.longitude for a in items], dtype=float)
    lat = np.array([a.latitude for a in items], dtype=float)
    lines = polylines(segments.geometry.array)
    if items:
        feet = find_feet(edge_tree(lines), lon, lat)
        row, along = feet.line, feet.chainage_m / 1000.0
    else:
        row, along = np.empty(0, dtype=np.int64), np.empty(0)
    table = _catalogue_columns(program, [a.equipment for a in items])
    table = table.assign(
        asset_id=list(program.assets),
        name=[a.name for a in items],
        quantity=np.array([a.quantity for a in items], dtype=np.int64),
        azimuth_deg=np.array([a.azimuth_deg for a in items], dtype=float),
        from_year=pd.array([a.from_year for a in items], dtype="Int64"),
        until_year=pd.array([a.until_year for a in items], dtype="Int64"),
        status=[a.status for a in items],
        cost=0.0,
        running_cost_per_year=0.0,
        measure_id=pd.Series([None] * len(items), dtype=object),
        border_id=segments["border_id"].to_numpy()[row],
        segment_id=pd.array(segments["segment_id"].to_numpy()[row], dtype="Int64"),
        chainage_km=segments["start_km"].to_numpy(float)[row] + along,
        basis=[a.basis for a in items],
        geometry=gpd.points_from_xy(lon, lat, crs=LONLAT),
    )
    return table[_ASSET_COLUMNS]


def _catalogue_columns(program: Program, names: list[str]) -> pd.DataFrame:
    """Look up what the catalogue says of each piece of equipment."""
    types: list[EquipmentType] = [program.equipment[name] for name in names]
    table = pd.DataFrame(
        {
            "equipment": pd.Series(names, dtype=object),
            "category": pd.Series([t.category for t in types], dtype=object),
            "mode": pd.Series([t.mode for t in types], dtype=object),
            "travel": pd.Series([t.travel for t in types], dtype=object),
        }
    )
    for figure in _FIGURES:
        values = [getattr(t, figure) for t in types]
        table[figure] = np.array([np.nan if v is None else v.value for v in values])
    return table


def _planned(
    program: Program,
    key: str,
    measure: Measure,
    rows: pd.DataFrame,
    segments: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Assets that a measure brings, in the order of segments and years."""
    kind = program.equipment[str(measure.equipment)]
    count = rows["quantity"].to_numpy().round().astype(np.int64)
    one_each = kind.mode != "none" and measure.placed
    times = count if one_each else np.ones(len(rows), dtype=np.int64)
    each = rows.loc[rows.index.repeat(times)].reset_index(drop=True)
    items = np.ones(len(each), dtype=np.int64) if one_each else count
    share = items / np.repeat(count, times)
    life = None if kind.life_years is None else int(kind.life_years.value)
    running = kind.running_cost_per_year.value if kind.running_cost_per_year else 0.0
    table = _catalogue_columns(program, [str(measure.equipment)] * len(each))
    table = table.assign(
        asset_id=[f"{key}-{n:03d}" for n in range(1, len(each) + 1)],
        name=kind.name,
        quantity=items,
        azimuth_deg=np.nan,
        from_year=each["year"].astype("Int64"),
        until_year=pd.NA if life is None else (each["year"] + life - 1).astype("Int64"),
        status="planned",
        cost=each["cost"].to_numpy() * share,
        running_cost_per_year=running * items,
        measure_id=key,
        border_id=each["border_id"],
        segment_id=each["segment_id"],
        basis=measure.basis,
    )
    if not measure.placed:
        table = table.assign(chainage_km=np.nan, geometry=None)
        return table[_ASSET_COLUMNS]
    row = pd.Index(segments["segment_id"]).get_indexer(each["segment_id"])
    along_km = _even_places(segments["length_km"].to_numpy(float), row)
    lon, lat = interpolate(polylines(segments.geometry.array), row, along_km * 1000.0)
    table = table.assign(
        chainage_km=segments["start_km"].to_numpy(float)[row] + along_km,
        geometry=gpd.points_from_xy(lon, lat, crs=LONLAT),
    )
    return table[_ASSET_COLUMNS]


def _even_places(length_km: FloatArray, row: IntArray) -> FloatArray:
    """Distance from each segment's start at which its items stand, evenly spaced."""
    many = np.bincount(row, minlength=length_km.size)
    turn = pd.Series(row).groupby(row).cumcount().to_numpy()
    return np.asarray((turn + 0.5) / many[row] * length_km[row])


def yearly_costs(
    program: Program, assignments: pd.DataFrame, assets: gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Set cost against budget, by year.

    Parameters
    ----------
    program
        The programme.
    assignments
        As `assign_measures` gives them.
    assets
        As `assign_equipment` gives them.

    Returns
    -------
    DataFrame
        Indexed by ``year``: ``capital`` (what measures cost in the year),
        ``running`` (of what measures brought, from the year of delivery to the
        end of its life), ``total``, ``budget`` (empty where the programme has
        none), ``balance``; in the programme's currency, and not discounted.

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
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> segments = gb.segment_border(gb.load_border("AND", "FRA"), length_km=25)
    >>> assignments = gb.assign_measures(program, segments)
    >>> assets = gb.assign_equipment(program, segments)
    >>> gb.yearly_costs(program, assignments, assets).reset_index()
       year  capital  running   total  budget  balance
    0  2026   2000.0      0.0  2000.0  2000.0      0.0
    1  2027   2000.0      0.0  2000.0  2000.0      0.0
    """
    years = pd.Index(program.years, name="year")
    capital = assignments.groupby("year")["cost"].sum().reindex(years, fill_value=0.0)
    begun = assets["from_year"].fillna(years[0]).to_numpy(np.int64)
    ends = assets["until_year"].fillna(years[-1]).to_numpy(np.int64)
    cost = assets["running_cost_per_year"].to_numpy(float)
    running = [float(cost[(begun <= y) & (y <= ends)].sum()) for y in years]
    table = pd.DataFrame({"capital": capital.round(2), "running": running}, index=years)
    table["total"] = (table["capital"] + table["running"]).round(2)
    budget = {year: figure.value for year, figure in program.budgets.items()}
    table["budget"] = pd.Series(budget, dtype=float).reindex(years)
    table["balance"] = (table["budget"] - table["total"]).round(2)
    return table
