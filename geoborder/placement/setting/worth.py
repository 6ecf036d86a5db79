"""What options cover of the border, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from geoborder.assign.priority import levels_of
from geoborder.chainage import border_targets
from geoborder.coverage.cells import Cells, make_cells
from geoborder.coverage.footprint import footprints
from geoborder.geodesy import FloatArray, IntArray, interpolate, inverse, polylines
from geoborder.placement.merging import merge_cells, spread
from geoborder.placement.setting.targeting import km_targeted
from geoborder.program import LEVELS, Program, Targets
from geoborder.reach import Conditions
from geoborder.sight import detection_probability
from geoborder.terrain import DemLike

_SURE = 1.0 - 1e-6
"""Detection is never surer than this."""


@dataclass(frozen=True, slots=True)
class Worth:
    """
    What options cover of the border, and what it is worth.

    Attributes
    ----------
    cells : DataFrame
        Stretches of border in which nothing changes (see `Setting`).
    merged : ndarray of int
        The column of `covers` that stands for each of them, -1 where there is none.
    covers, weights, base, required
        As `Problem` has them.
    floors : csr_array
        Km of each column in each year that each floor counts.
    needs : ndarray
        Km that each floor needs.
    floor_table : DataFrame
        A row per floor.
    """

    cells: pd.DataFrame
    merged: IntArray
    covers: csr_array
    weights: FloatArray
    base: FloatArray
    required: FloatArray
    floors: csr_array
    needs: FloatArray
    floor_table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Ground:
    """
    The border, and how coverage of it is worked out.

    Attributes
    ----------
    border, segments : GeoDataFrame
        As `line_and_segments` gives them, segments with ``priority``.
    dem, target_spacing_km, conditions
        As for `cover`.
    """

    border: gpd.GeoDataFrame
    segments: gpd.GeoDataFrame
    dem: DemLike | None
    target_spacing_km: float
    conditions: Conditions | None


def find_worth(
    program: Program,
    ground: Ground,
    standing: gpd.GeoDataFrame,
    options: gpd.GeoDataFrame,
    *,
    first_open: int,
) -> Worth:
    """
    Work out what options cover, and what it is worth.

    Parameters
    ----------
    program
        The programme.
    ground
        The border.
    standing
        Assets that stand already and do not move.
    options
        Options as assets.
    first_open
        Position of the first year for which floors count.

    Returns
    -------
    Worth
        Cells are cut at the ends of footprints and segments, and merged where the
        same options cover them, what stands adds as much, and as much is required.
        Where detection counts they are no longer than the targets' spacing, each
        with the probability at its middle.
    """
    same = ["equipment", "site_id", "azimuth_deg"]
    first = ~options.duplicated(same)
    kind = options.groupby(same, sort=False, dropna=False).ngroup().to_numpy()
    assets = [f for f in (standing, options[first]) if len(f)]
    table = pd.concat(assets, ignore_index=True) if assets else options
    prints = footprints(
        ground.border,
        table,
        dem=ground.dem,
        target_spacing_km=ground.target_spacing_km,
        conditions=ground.conditions,
    )
    years = list(program.years)
    cells = _cells(program, ground, prints)
    asset = pd.Index(table["asset_id"]).get_indexer(prints["asset_id"])
    one, cell, data = _entries(program, ground, table, asset, cells)
    size = cells.row.size
    base = np.zeros((size, len(years)))
    old = asset[one] < len(standing)
    np.add.at(base, cell[old], data[old, None] * cells.active[one[old]])
    shape = (int(first.sum()), size)
    place = (asset[one[~old]] - len(standing), cell[~old])
    covers = csr_array((data[~old], place), shape=shape)[kind]
    described = _described(program, ground, cells)
    return _merged(program, ground, described, covers, base, first_open)


def _cells(program: Program, ground: Ground, prints: pd.DataFrame) -> Cells:
    """Cut the border where footprints end; where distance counts, finely besides."""
    years = list(program.years)
    if program.placement.objective != "detection":
        return make_cells(ground.border, prints, ground.segments, years)
    fine = border_targets(ground.border, spacing_km=ground.target_spacing_km)
    cuts = pd.DataFrame(
        {
            "border_id": ground.border["border_id"].to_numpy()[fine.line],
            "start_km": fine.start_m / 1000.0,
            "end_km": fine.end_m / 1000.0,
        }
    )
    both = pd.concat([prints.astype({"asset_id": object}), cuts], ignore_index=True)
    cells = make_cells(ground.border, both, ground.segments, years)
    own = slice(0, len(prints))
    return replace(
        cells,
        first_cell=cells.first_cell[own],
        last_cell=cells.last_cell[own],
        active=cells.active[own],
    )


def _entries(
    program: Program,
    ground: Ground,
    assets: gpd.GeoDataFrame,
    asset: IntArray,
    cells: Cells,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Footprint, cell and what it adds to it, for every cell that one covers."""
    many = (cells.last_cell - cells.first_cell + 1) * cells.active.any(axis=1)
    one, place = spread(np.maximum(many, 0))
    cell = cells.first_cell[one] + place
    data = np.ones(one.size)
    if program.placement.objective != "detection":
        return one, cell, data
    data[:] = _SURE
    half = assets["detection_50_km"].to_numpy(float)
    whose = asset[one]
    own = (assets["mode"] == "sight").to_numpy() & ~np.isnan(half)
    rows = np.flatnonzero(own[whose])
    lines = polylines(ground.border.geometry.array)
    middle = (cells.start_m + cells.end_m)[cell[rows]] / 2.0
    lon, lat = interpolate(lines, cells.row[cell[rows]], middle)
    points = assets.geometry
    x, y = (np.asarray(a, dtype=float)[whose[rows]] for a in (points.x, points.y))
    _, away = inverse(x, y, lon, lat)
    data[rows] = detection_probability(away / 1000.0, half_km=half[whose[rows]])
    return one, cell, -np.log1p(-np.clip(data, 0.0, _SURE))


def _described(program: Program, ground: Ground, cells: Cells) -> pd.DataFrame:
    """Say where cells are, and what counts for their level."""
    rules, segment = program.placement, cells.segment
    level = levels_of(ground.segments)[segment]
    level = np.where(segment >= 0, level, LEVELS.index(program.priorities.default))
    worth = np.array([rules.level_weights[name] for name in LEVELS])
    required = np.array([rules.required_k.get(n, program.required_k) for n in LEVELS])
    km = cells.length_m / 1000.0
    return pd.DataFrame(
        {
            "border_id": ground.border["border_id"].to_numpy()[cells.row],
            "start_km": cells.start_m / 1000.0,
            "end_km": cells.end_m / 1000.0,
            "length_km": km,
            "segment": segment,
            "level": np.array(LEVELS, dtype=object)[level],
            "required_k": required[level].astype(np.int64),
            "weight": km * worth[level],
        }
    )


def year_weights(program: Program) -> FloatArray:
    """
    Weigh the years of a programme.

    Parameters
    ----------
    program
        The programme.

    Returns
    -------
    ndarray
        Emphasis on each year, discounted to the first, shape (years,).
    """
    rules = program.placement
    emphasis = [rules.year_weights.get(year, 1.0) for year in program.years]
    later = np.arange(len(program.years))
    return np.asarray(np.array(emphasis) / (1.0 + rules.discount) ** later)


def _merged(
    program: Program,
    ground: Ground,
    cells: pd.DataFrame,
    covers: csr_array,
    base: FloatArray,
    first_open: int,
) -> Worth:
    """Merge cells, and add up what their members are worth."""
    required = cells["required_k"].to_numpy(float)
    # What only stands already covers counts as well: a row of its own marks it.
    marks = csr_array(np.any(base, axis=1).astype(float).reshape(1, -1))
    keys = np.column_stack((required, base))
    merged, number = merge_cells(vstack((covers, marks), format="csr"), keys)
    member = np.flatnonzero(number >= 0)
    size, years = merged.shape[1], base.shape[1]
    first = np.zeros(size, dtype=np.int64)
    first[number[member][::-1]] = member[::-1]
    weight = np.bincount(
        number[member], cells["weight"].to_numpy(float)[member], minlength=size
    )
    km, needs, table = _floors(program, ground, cells, first_open)
    row, cell = np.nonzero(km[:, member])
    year = table["year"].to_numpy(np.int64) - program.first_year
    place = number[member[cell]] * years + year[row]
    floors = csr_array(
        (km[row, member[cell]], (row, place)), shape=(len(needs), size * years)
    )
    return Worth(
        cells=cells,
        merged=number,
        covers=csr_array(merged[:-1]),
        weights=np.asarray(weight[:, None] * year_weights(program)),
        base=base[first],
        required=required[first],
        floors=floors,
        needs=needs,
        floor_table=table,
    )


def _floors(
    program: Program, ground: Ground, cells: pd.DataFrame, first_open: int
) -> tuple[FloatArray, FloatArray, pd.DataFrame]:
    """
    Km of each cell that each floor counts, and km that it needs.

    Of floors of the same targets in a year the highest counts.
    """
    start, end = (cells[c].to_numpy(float) for c in ("start_km", "end_km"))
    segment = cells["segment"].to_numpy(np.int64)
    found: dict[tuple[Targets, int], tuple[float, FloatArray]] = {}
    for number, floor in enumerate(program.placement.floors):
        where = f"placement.floors.{number}.targets"
        own = km_targeted(
            floor.targets, ground.segments, segment, start, end, where=where
        )
        by = program.last_year if floor.by is None else floor.by
        for year in program.years[max(by - program.first_year, first_open) :]:
            share, _ = found.get((floor.targets, year), (0.0, own))
            found[floor.targets, year] = (max(share, floor.share), own)
    rows = [
        (subject_of(targets), year, share, share * own.sum())
        for (targets, year), (share, own) in found.items()
    ]
    km = [own for _, own in found.values()]
    columns = ["subject", "year", "share", "need_km"]
    table = pd.DataFrame(rows, columns=columns).assign(kind="floor")
    table = table.astype({"year": np.int64, "share": float, "need_km": float})
    counted = np.array(km).reshape(len(km), len(cells))
    return counted, table["need_km"].to_numpy(float).copy(), table


def subject_of(targets: Targets) -> str:
    """
    Name what targets take in, in a few words.

    Parameters
    ----------
    targets
        The filters.

    Returns
    -------
    str
        Such as ``Balkh`` or ``km 110-135, high or higher``.
    """
    parts = [" and ".join(names) for names in (targets.units, targets.kind) if names]
    if targets.chainage_km:
        stretches = [f"{low:g}-{high:g}" for low, high in targets.chainage_km]
        parts.append("km " + " and ".join(stretches))
    if targets.min_priority is not None:
        more = "" if targets.min_priority == LEVELS[-1] else " or higher"
        parts.append(f"{targets.min_priority}{more}")
    return ", ".join(parts) or "the border"
