"""Which asset of one plan is which of another, and what changed about it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from geoborder.geodesy import FloatArray, IntArray, inverse
from geoborder.tables import LONLAT, SIGHT_COLUMNS, TRAVEL_COLUMNS

_ABILITIES = (
    "equipment",
    "quantity",
    "status",
    "mode",
    "range_km",
    *SIGHT_COLUMNS,
    "travel",
    *TRAVEL_COLUMNS,
)
"""Columns that say what an asset can do."""

_SAME_KM = 1e-6
"""Places nearer to each other than a millimetre are one."""

_YEAR_M = 1e-6
"""What a year counts beside metres: among equal distances, equal years go together."""

_SIDES = ("a", "b")

_TWICE = ("asset_id", "from_year", "until_year", "quantity", "border_id", "chainage_km")
"""Columns that stand in the result once for each plan."""


def changed_assets(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    Find what changed between the assets of two plans.

    Parameters
    ----------
    a, b
        Assets as `assign_equipment` gives them.

    Returns
    -------
    assets : GeoDataFrame
        A row per asset that is not the same in both (see `PlanDifference`).
    by_measure : DataFrame
        How many there are of each kind (see `PlanDifference`).
    """
    a, b = a.reset_index(drop=True), b.reset_index(drop=True)
    pair_a, pair_b = match_assets(a, b)
    only_a = np.setdiff1d(np.arange(len(a)), pair_a)
    only_b = np.setdiff1d(np.arange(len(b)), pair_b)
    none = np.full(only_a.size, -1), np.full(only_b.size, -1)
    row_a = np.concatenate((pair_a, only_a, none[1]))
    row_b = np.concatenate((pair_b, none[0], only_b))
    table = _side_by_side(a, b, row_a, row_b)
    return _changed(table), _by_measure(table)


def match_assets(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """
    Match the assets of two plans one to one.

    What stands already is matched by its name. What a measure brings is matched to
    what the same measure brings, so that the sum of geodesic distances is least and,
    among equal sums, most years agree. Assets without a place are matched in the
    order of years.

    Parameters
    ----------
    a, b
        Assets as `assign_equipment` gives them, labelled from 0.

    Returns
    -------
    a, b : ndarray of int
        Rows that belong together.
    """
    pairs = [
        _paired(a[a["measure_id"].isna()], b[b["measure_id"].isna()], ["asset_id"])
    ]
    groups_b = dict(list(b.groupby("measure_id")))
    for measure, own in a.groupby("measure_id", sort=False):
        if measure not in groups_b:
            continue
        other = groups_b[measure]
        for placed in (True, False):
            left = own[own.geometry.notna() == placed]
            right = other[other.geometry.notna() == placed]
            pairs += _matched(left, right, placed=placed)
    found = np.concatenate(pairs)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    return found[:, 0], found[:, 1]


def _matched(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, *, placed: bool
) -> list[IntArray]:
    """Match what one measure brings: first what is the same, then the rest."""
    facts = ["from_year"]
    if placed:
        # A pair at one place is in some assignment of least total distance.
        a = a.assign(lon=a.geometry.x, lat=a.geometry.y)
        b = b.assign(lon=b.geometry.x, lat=b.geometry.y)
        facts = ["lon", "lat", "from_year"]
    pairs = []
    for alike in ([*facts, "quantity"], facts):
        same = _paired(a, b, alike)
        a, b = a.drop(index=same[:, 0]), b.drop(index=same[:, 1])
        pairs.append(same)
    if a.empty or b.empty:
        return pairs
    if placed:
        metres = _distance_m(a, b)
        years_a, years_b = (t["from_year"].fillna(0).to_numpy(float) for t in (a, b))
        late = np.abs(years_a[:, None] - years_b)
        left, right = linear_sum_assignment(metres + _YEAR_M * late)
    else:
        left = np.arange(min(len(a), len(b)))
        right = left
        a, b = (t.sort_values("from_year", kind="stable") for t in (a, b))
    rest = np.column_stack((a.index.to_numpy()[left], b.index.to_numpy()[right]))
    return [*pairs, rest]


def _paired(a: pd.DataFrame, b: pd.DataFrame, facts: list[str]) -> IntArray:
    """Pairs of rows with the same facts, each row once, shape (pairs, 2)."""
    keys = []
    for table in (a, b):
        key = pd.DataFrame(table[facts])
        if "from_year" in facts:
            key["from_year"] = key["from_year"].astype("Int64").fillna(-1)
        turn = key.groupby(facts).cumcount()
        keys.append(key.assign(turn=turn, row=table.index.to_numpy()))
    both = keys[0].merge(keys[1], on=[*facts, "turn"])
    return both[["row_x", "row_y"]].to_numpy(np.int64)


def _distance_m(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> FloatArray:
    """Geodesic distance from each place to each other."""
    return inverse(
        a["lon"].to_numpy()[:, None], a["lat"].to_numpy()[:, None],
        b["lon"].to_numpy(), b["lat"].to_numpy(),
    )[1]  # fmt: skip


def _side_by_side(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, row_a: IntArray, row_b: IntArray
) -> gpd.GeoDataFrame:
    """One row per asset of either plan, with what differs."""
    sides = {"a": a.reindex(row_a), "b": b.reindex(row_b)}
    sides = {name: side.reset_index(drop=True) for name, side in sides.items()}
    one, other = sides["a"], sides["b"]
    both = (row_a >= 0) & (row_b >= 0)
    newer = pd.Series(row_b >= 0)
    table = pd.DataFrame(
        {
            name: other[name].astype(object).where(newer, one[name].astype(object))
            for name in ("measure_id", "equipment", "name")
        }
    )
    moved_km = _moved_km(one, other)
    retimed = _differ(one["from_year"], other["from_year"]) | _differ(
        one["until_year"], other["until_year"]
    )
    texts = _alterations(one, other, both)
    table = table.assign(
        change=np.where(both, "changed", np.where(row_a >= 0, "dropped", "added")),
        moved=both & (moved_km > _SAME_KM),
        moved_km=np.where(both, moved_km, np.nan),
        retimed=both & retimed,
        altered=[bool(text) for text in texts],
        alterations=texts,
    )
    for column in _TWICE:
        for name, side in sides.items():
            table[f"{column}_{name}"] = side[column]
    points = np.where(newer, other.geometry.array, one.geometry.array)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(points, crs=LONLAT))


def _moved_km(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> FloatArray:
    """Geodesic distance between the places of each pair; 0 without two places."""
    km = np.zeros(len(a))
    placed = (a.geometry.notna() & b.geometry.notna()).to_numpy()
    one, other = a.geometry[placed], b.geometry[placed]
    km[placed] = inverse(one.x, one.y, other.x, other.y)[1] / 1000.0
    return km


def _differ(a: pd.Series, b: pd.Series) -> np.ndarray:
    """Tell where two columns differ; two empty fields do not."""
    left, right = a.astype(object), b.astype(object)
    empty = left.isna() & right.isna()
    unlike = left.where(left.notna(), None) != right.where(right.notna(), None)
    return (unlike & ~empty).to_numpy(bool)


def _alterations(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, both: np.ndarray
) -> list[str]:
    """Say what each pair's assets can do differently."""
    texts: list[list[str]] = [[] for _ in range(len(a))]
    for column in _ABILITIES:
        one, other = (
            t[column] if column in t.columns else pd.Series([None] * len(t))
            for t in (a, b)
        )
        for row in np.flatnonzero(both & _differ(one, other)):
            before, after = _shown(one.iloc[row]), _shown(other.iloc[row])
            texts[row].append(f"{column}: {before} -> {after}")
    return ["; ".join(parts) for parts in texts]


def _shown(value: object) -> str:
    if pd.isna(value):
        return "none"
    return value if isinstance(value, str) else f"{value:g}"


def _changed(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep what is not the same in both plans."""
    same = ~(table["moved"] | table["retimed"] | table["altered"])
    kept = table[(table["change"] != "changed") | ~same]
    for side in _SIDES:
        for column in ("from_year", "until_year", "quantity"):
            kept = kept.assign(
                **{f"{column}_{side}": kept[f"{column}_{side}"].astype("Int64")}
            )
    return kept.reset_index(drop=True)


def _by_measure(table: pd.DataFrame) -> pd.DataFrame:
    """Count the changes of each measure; what stands already has no measure."""
    moved = table["moved_km"].where(table["moved"])
    plain = pd.DataFrame(
        {
            "measure_id": table["measure_id"],
            "assets_a": table["asset_id_a"].notna(),
            "assets_b": table["asset_id_b"].notna(),
            "added": table["change"] == "added",
            "dropped": table["change"] == "dropped",
            "moved": table["moved"],
            "retimed": table["retimed"],
            "altered": table["altered"],
        }
    )
    groups = plain.groupby("measure_id", dropna=False, sort=False)
    counts = groups.sum().astype("int64")
    distances = moved.groupby(table["measure_id"], dropna=False, sort=False)
    counts["moved_mean_km"] = distances.mean()
    counts["moved_most_km"] = distances.max()
    return counts.reset_index()
