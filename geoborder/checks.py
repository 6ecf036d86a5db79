"""Public claims about a border, set beside what geometry says."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.border import load_border
from geoborder.chainage import as_border, locate
from geoborder.datasets import COUNTRY_LAYERS, load_countries
from geoborder.errors import GeoborderError
from geoborder.program import Program
from geoborder.segment import SIDES, segment_border

_LAYER_TITLES = {
    "osm": "OpenStreetMap, full resolution",
    "10m": "Natural Earth 1:10 million",
    "50m": "Natural Earth 1:50 million",
    "110m": "Natural Earth 1:110 million",
}

_WITHIN = 0.01
"""A length agrees with a claim when it differs by less than this share."""


def lengths_by_map(left: str, right: str) -> pd.DataFrame:
    """
    Measure one border on every bundled map that has it.

    Parameters
    ----------
    left, right
        ISO 3166-1 alpha-3 codes.

    Returns
    -------
    DataFrame
        ``map``, ``vertices``, ``length_km`` (geodesic, of all its lines), and
        ``mean_edge_km``, finest map first. Coarser maps cut corners, so the
        same border is shorter on them.

    Examples
    --------
    >>> from geoborder import lengths_by_map
    >>> lengths_by_map("TJK", "AFG")[["vertices", "length_km"]].round(1)
       vertices  length_km
    0      7351     1344.0
    1       458     1172.1
    2       103     1037.1
    3        19      939.9
    """
    rows = []
    for layer in COUNTRY_LAYERS:
        countries = load_countries(layer)
        if not {left, right} <= set(countries["iso3"].dropna()):
            continue
        try:
            border = load_border(left, right, countries=countries)
        except GeoborderError:
            continue  # too coarse a map for them to touch
        vertices = int(border.geometry.count_coordinates().sum())
        length = float(border["length_km"].sum())
        rows.append(
            (_LAYER_TITLES[layer], vertices, length, length / (vertices - len(border)))
        )
    return pd.DataFrame(rows, columns=["map", "vertices", "length_km", "mean_edge_km"])


def facing_units(
    border: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    limits: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """
    Measure each unit's part of a border.

    Parameters
    ----------
    border
        One border or several.
    units
        Units on one or both sides, with ``unit_id``, ``name``, ``country``.
    limits
        Where a second source has the limits between units meet the border:
        points with ``unit_id`` and ``other_unit_id`` (see `load_unit_limits`).

    Returns
    -------
    DataFrame
        A row per side and unit in order along the border: ``side``, ``unit``,
        ``unit_id``, ``stretches``, ``start_km``, ``end_km``, ``length_km``,
        ``share``, and ``uncertainty_km`` (by how much the second source moves the
        unit's ends along the border, added up; empty where it has none).

    Raises
    ------
    DataError
        If a layer is unusable, or lacks a column.

    Examples
    --------
    >>> import geoborder as gb
    >>> facing = gb.facing_units(
    ...     gb.load_border(), gb.load_provinces(), limits=gb.load_unit_limits()
    ... )
    >>> facing[["unit", "start_km", "end_km", "length_km", "uncertainty_km"]].round(1)
             unit  start_km  end_km  length_km  uncertainty_km
    0       Balkh       0.0    43.4       43.4             0.5
    1      Kunduz      43.4   205.9      162.5             1.5
    2      Takhar     205.9   345.3      139.4             4.3
    3  Badakhshan     345.3  1344.0      998.7             3.3
    """
    segments = segment_border(border, units=units)
    frames = []
    for side in SIDES:
        if f"{side}_unit" not in segments.columns:
            continue
        names = [f"{side}_unit_id", f"{side}_unit"]
        change = (segments[names[0]] != segments[names[0]].shift()).cumsum()
        groups = segments.assign(stretch=change).groupby(names, sort=False, dropna=True)
        table = groups.agg(
            stretches=("stretch", "nunique"),
            start_km=("start_km", "min"),
            end_km=("end_km", "max"),
            length_km=("length_km", "sum"),
        ).reset_index()
        table.columns = ["unit_id", "unit", *table.columns[2:]]
        table.insert(0, "side", side)
        table["share"] = table["length_km"] / segments["length_km"].sum()
        frames.append(table)
    facing = pd.concat(frames, ignore_index=True)
    return facing.assign(uncertainty_km=_moved_km(border, segments, limits, facing))


def _moved_km(
    border: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
    limits: gpd.GeoDataFrame | None,
    facing: pd.DataFrame,
) -> list[float]:
    """How far a second source moves each unit's ends along the border, in km."""
    if limits is not None:
        limits = limits[limits["unit_id"].isin(facing["unit_id"])]
    if limits is None or limits.empty:
        return [np.nan] * len(facing)
    moved: dict[str, float] = {}
    located = locate(limits, border)["chainage_km"]
    for side in SIDES:
        column = f"{side}_unit_id"
        if column not in segments.columns:
            continue
        before = segments[column].shift()
        for one, other, km in zip(
            limits["unit_id"], limits["other_unit_id"], located, strict=True
        ):
            change = ((before == one) & (segments[column] == other)) | (
                (before == other) & (segments[column] == one)
            )
            for start in segments.loc[change, "start_km"]:
                for unit in (one, other):
                    moved[unit] = moved.get(unit, 0.0) + abs(start - km)
    return [moved.get(unit, np.nan) for unit in facing["unit_id"]]


def check_claims(
    program: Program, border: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """
    Set a programme's public claims beside what geometry says.

    Parameters
    ----------
    program
        The programme, with its ``claims``.
    border
        Its border.
    units
        Units on the facing side; None where there are none.

    Returns
    -------
    DataFrame
        A row per claim: ``claim``, ``stated``, ``computed``, ``holds`` (a length
        holds within 1 %), ``basis`` (key of the claim's source).

    Raises
    ------
    DataError
        If a layer is unusable.

    Examples
    --------
    >>> import geoborder as gb
    >>> program = gb.load_program()
    >>> checks = gb.check_claims(program, gb.load_border(), gb.load_provinces())
    >>> checks[["claim", "holds"]]
                                       claim  holds
    0                   Length of the border   True
    1                   Length of the border   True
    2             Units of AFG on the border   True
    3  Longest border with AFG in the region   True
    >>> checks.loc[0, ["stated", "computed", "basis"]].tolist()
    ['1,344 km', '1,343.96 km (-0.00%)', 'tass-2025']
    """
    claims, spec = program.claims, program.border
    table = as_border(border)
    length = float(table["length_km"].sum())
    rows: list[tuple[str, str, str, bool, str]] = []
    stated = []
    if claims.length_km is not None:
        stated.append((claims.length_km.value, claims.length_km.basis))
    if spec.official_length_km is not None:
        stated.append((spec.official_length_km, spec.basis))
    for value, basis in stated:
        computed = f"{length:,.2f} km ({length / value - 1:+.2%})"
        holds = abs(length / value - 1) < _WITHIN
        rows.append(
            ("Length of the border", f"{value:,.10g} km", computed, holds, basis)
        )
    if claims.facing_units and units is not None:
        facing = facing_units(table, units[units["country"] == claims.facing_country])
        names = list(facing["unit"])
        holds = sorted(names) == sorted(claims.facing_units)
        text = f"{len(claims.facing_units)}: {', '.join(claims.facing_units)}"
        found = f"{len(names)}: {', '.join(names)}"
        title = f"Units of {claims.facing_country} on the border"
        rows.append((title, text, found, holds, claims.basis))
    if claims.longest_with and claims.longest_among:
        rows.append(_longest(program, length))
    return pd.DataFrame(rows, columns=["claim", "stated", "computed", "holds", "basis"])


def _longest(program: Program, length_km: float) -> tuple[str, str, str, bool, str]:
    claims, spec = program.claims, program.border
    common = str(claims.longest_with)
    own = spec.left if spec.right == common else spec.right
    others = {
        code: float(load_border(code, common)["length_km"].sum())
        for code in claims.longest_among
    }
    lengths = [f"{own} {length_km:,.1f} km"]
    lengths += [f"{code} {km:,.1f} km" for code, km in others.items()]
    return (
        f"Longest border with {common} in the region",
        f"{own}'s, against {', '.join(claims.longest_among)}",
        ", ".join(lengths),
        length_km > max(others.values()),
        claims.basis,
    )
