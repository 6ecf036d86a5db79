"""Who gets what, when, at what cost: measures and equipment on segments."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoborder.errors import DataError, ProgramError
from geoborder.geodesy import FloatArray, IntArray, interpolate, polylines
from geoborder.nearest import edge_tree, find_feet
from geoborder.program import LEVELS, EquipmentType, Measure, Program, Targets
from geoborder.program.model import nearest_name
from geoborder.tables import (
    ASSETS,
    ASSIGNMENTS,
    LONLAT,
    SEGMENTS,
    require_columns,
    validate,
)

_PARTS = 1000
"""Divisible quantities are dealt out in thousandths of a unit."""

_UNIT_COLUMNS = ("left_unit_id", "left_unit", "right_unit_id", "right_unit")


def apportion(total: int, weights: npt.ArrayLike) -> IntArray:
    """
    Deal out whole units in proportion to weights, by largest remainder.

    Parameters
    ----------
    total
        Units to deal out; not negative.
    weights
        Shape (n,); not negative, and not all 0 unless `total` is.

    Returns
    -------
    ndarray of int
        Shape (n,), with exactly `total` as its sum. Where equal remainders
        compete for fewer units, those that get one are evenly spaced among them.

    References
    ----------
    Balinski, M. L., Young, H. P. (1982). Fair Representation: the method of
    Hamilton, or of largest remainders.

    Examples
    --------
    >>> apportion(10, [1, 1, 1])
    array([3, 4, 3])
    """
    share = np.asarray(weights, dtype=float)
    if total == 0:
        return np.zeros(share.size, dtype=np.int64)
    exact = total * (share / share.sum())
    units = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(units.sum())
    if left > 0:
        rest = np.round(exact - units, 9)
        last = np.sort(rest)[-left]  # the smallest remainder that gets a unit
        units[rest > last] += 1
        tied = np.flatnonzero(rest == last)
        wanted = left - int((rest > last).sum())
        units[tied[((np.arange(wanted) + 0.5) * tied.size / wanted).astype(int)]] += 1
    return units


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
    """
    table: gpd.GeoDataFrame = validate(segments, SEGMENTS, name="segments").copy()
    rules = program.priorities
    level = np.full(len(table), LEVELS.index(rules.default))
    score = np.full(len(table), np.nan)
    reason = np.full(len(table), "default", dtype=object)
    if rules.formula is not None:
        weights = rules.formula.weights
        require_columns(table, weights, name="segments")
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


def _scaled(segments: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Bring an attribute to 0..1 over the segments; unknown counts as the mean."""
    values = pd.to_numeric(segments[column], errors="coerce").astype(float)
    values = values.fillna(values.mean()).fillna(0.0)
    span = float(values.max() - values.min())
    if span == 0.0:
        return np.zeros(len(values))
    return np.asarray((values - values.min()) / span)


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
        require_columns(segments, ["kind"], name="segments")
        length *= segments["kind"].isin(targets.kind).to_numpy()
    if targets.min_priority is not None:
        require_columns(segments, ["priority"], name="segments")
        length *= _levels(segments) >= LEVELS.index(targets.min_priority)
    length[length < 1e-6] = 0.0  # noqa: PLR2004 - a millimetre is rounding
    if not length.any():
        chosen = targets.model_dump(exclude_defaults=True)
        msg = f"{where} targets no segment: {chosen}; widen its filters."
        raise ProgramError(msg)
    return length


def _require_known(
    wanted: tuple[str, ...], names: npt.NDArray[np.object_], *, where: str
) -> None:
    known = tuple(sorted({str(n) for n in names.ravel() if isinstance(n, str)}))
    for name in wanted:
        if name not in known:
            msg = (
                f"{where}: no segment has the unit {name!r}{nearest_name(name, known)}."
            )
            raise ProgramError(msg)


def _levels(segments: gpd.GeoDataFrame) -> IntArray:
    return segments["priority"].map(LEVELS.index).to_numpy(np.int64)


def _with_priority(program: Program, segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    table: gpd.GeoDataFrame = validate(segments, SEGMENTS, name="segments")
    return table if "priority" in table.columns else prioritise(program, table)


def _parts_by_year(
    program: Program, measure: Measure, targeted: FloatArray
) -> IntArray:
    """Whole parts (units, or thousandths of them) for each year of the programme."""
    if measure.quantity is not None:
        quantity = measure.quantity
    else:
        quantity = float(measure.per_km or 0.0) * float(targeted.sum())
    total = round(quantity * (1 if measure.whole else _PARTS))
    weights = [
        measure.schedule.get(y, 0.0 if measure.schedule else 1.0) for y in program.years
    ]
    return apportion(total, weights)


_ROW_COLUMNS = [
    "measure_id",
    "measure",
    "category",
    "year",
    "segment_id",
    "quantity",
    "unit",
    "cost",
    "equipment",
    "basis",
    "cost_basis",
]


def assign_measures(program: Program, segments: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Spread each measure over the segments that its targets name, by year.

    Quantities are dealt out in whole units (or thousandths, where a measure is
    divisible), cost in hundredths of the currency, both by largest remainder, so
    that nothing is lost in rounding.

    Parameters
    ----------
    program
        The programme.
    segments
        Segments as `segment_border` and `describe_segments` give them; levels
        are added by `prioritise` where they are missing.

    Returns
    -------
    DataFrame
        A row per measure, year and segment that gets something: ``measure_id``,
        ``measure``, ``category``, ``year``, ``border_id``, ``segment_id``
        (empty for what has no place on a map), ``left_unit``, ``right_unit``
        (where segments have units), ``quantity``, ``unit``, ``cost``,
        ``equipment``, ``basis``.

    Raises
    ------
    ProgramError
        If a measure's targets name an unknown unit, or no segment at all.

    Examples
    --------
    >>> import geoborder as gb
    >>> program = gb.load_program()
    >>> border = gb.calibrate(gb.load_border(), official_length_km=1344.15)
    >>> segments = gb.segment_border(border, length_km=10, units=gb.load_units(None))
    >>> segments = gb.describe_segments(
    ...     segments,
    ...     dem=gb.open_dem(),
    ...     places=gb.load_places(),
    ...     crossings=gb.load_crossings(),
    ... )
    >>> rows = gb.assign_measures(program, segments)
    >>> int(rows.loc[rows["measure_id"] == "new-posts", "quantity"].sum())
    80
    """
    table = _with_priority(program, segments)
    parts = [
        _assign_one(program, key, measure, table)
        for key, measure in program.measures.items()
    ]
    if not parts:
        parts = [pd.DataFrame(columns=_ROW_COLUMNS)]
    rows = pd.concat(parts, ignore_index=True)
    rows["segment_id"] = rows["segment_id"].astype("Int64")
    named = [c for c in ("border_id", "left_unit", "right_unit") if c in table.columns]
    placed = table.set_index("segment_id")[named].astype(object)
    placed = placed.reindex(rows["segment_id"].fillna(-1).astype("int64"))
    for column in reversed(named):
        rows.insert(4, column, placed[column].to_numpy())
    checked: pd.DataFrame = validate(rows, ASSIGNMENTS, name="assignments")
    return checked


def _assign_one(
    program: Program, key: str, measure: Measure, segments: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Rows of one measure."""
    if measure.placed:
        targeted = targeted_km(
            measure.targets, segments, where=f"measures.{key}.targets"
        )
    else:
        targeted = np.empty(0)
    by_year = _parts_by_year(program, measure, targeted)
    years = np.array(program.years)
    if measure.placed:
        row, year, parts = _deal_out(measure, segments, targeted, by_year)
        segment: object = segments["segment_id"].to_numpy()[row]
    else:
        year = np.flatnonzero(by_year)
        parts = by_year[year]
        segment = pd.array([pd.NA] * year.size, dtype="Int64")
    quantity = parts / (1 if measure.whole else _PARTS)
    cents = np.zeros(parts.size, dtype=np.int64)
    cost = measure.unit_cost or program.equipment[str(measure.equipment)].cost
    for number in np.unique(year):
        own = year == number
        total = round(float(quantity[own].sum()) * cost.value * 100)
        cents[own] = apportion(total, parts[own])
    return pd.DataFrame(
        {
            "measure_id": key,
            "measure": measure.name,
            "category": measure.category,
            "year": years[year],
            "segment_id": pd.array(segment, dtype="Int64"),
            "quantity": quantity,
            "unit": measure.unit,
            "cost": cents / 100.0,
            "equipment": pd.Series([measure.equipment] * parts.size, dtype=object),
            "basis": measure.basis,
            "cost_basis": cost.basis,
        }
    )


def _deal_out(
    measure: Measure,
    segments: gpd.GeoDataFrame,
    targeted: FloatArray,
    by_year: IntArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """
    Deal a measure's parts to segments, then queue them for the years.

    Both margins are kept exactly: each segment's sum is what largest remainder
    gives it, and each year's is what the schedule says.
    """
    weights = {
        "length": targeted,
        "count": (targeted > 0).astype(float),
        "priority": targeted * (_levels(segments) + 1),
    }[measure.spread]
    parts = apportion(int(by_year.sum()), weights)
    row = np.repeat(np.arange(parts.size), parts)
    turn = np.arange(row.size) - np.repeat(np.cumsum(parts) - parts, parts)
    wait = (turn + 0.5) / parts[row]
    urgency = (
        -_levels(segments)[row] if measure.order == "priority" else np.zeros(row.size)
    )
    queue = np.lexsort((row, wait, urgency))
    year = np.empty(row.size, dtype=np.int64)
    year[queue] = np.repeat(np.arange(by_year.size), by_year)
    pair, count = np.unique(row * by_year.size + year, return_counts=True)
    return pair // by_year.size, pair % by_year.size, count


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
        ``mode``, ``range_km``, ``mast_m``, ``target_m``, ``sector_deg``,
        ``quantity``, ``from_year`` (empty: before the programme), ``until_year``
        (end of its life), ``status``, ``cost`` and ``running_cost_per_year``
        (of all its items; 0 for what stands already), ``measure_id``,
        ``border_id``, ``segment_id``, ``chainage_km``, ``basis``, ``geometry``
        (points, EPSG:4326). Equipment that covers is one row per item, evenly
        spaced on its segment's stretch of border (a planning position, not a
        site); the rest is one row per segment and year, at its middle. What has
        no place has no geometry.
    """
    table = _with_priority(program, segments)
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


_FIGURES = ("range_km", "mast_m", "target_m", "sector_deg")

_ASSET_COLUMNS = [
    "asset_id",
    "name",
    "equipment",
    "category",
    "mode",
    *_FIGURES,
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


def _catalogue_columns(program: Program, names: list[str]) -> pd.DataFrame:
    """Look up what the catalogue says of each piece of equipment."""
    types: list[EquipmentType] = [program.equipment[name] for name in names]
    table = pd.DataFrame(
        {
            "equipment": pd.Series(names, dtype=object),
            "category": pd.Series([t.category for t in types], dtype=object),
            "mode": pd.Series([t.mode for t in types], dtype=object),
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
