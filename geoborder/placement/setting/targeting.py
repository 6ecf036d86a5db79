"""What targets of a programme take in: places and stretches of the border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geoborder.assign.priority import targeted_km
from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.program import Targets

_SLACK_KM = 1e-6
"""A millimetre: how far beyond a segment's end a place is still of it."""


def segments_at(
    segments: gpd.GeoDataFrame, border_id: object, chainage_km: FloatArray
) -> IntArray:
    """
    Find the segment that holds each place of a border.

    Parameters
    ----------
    segments
        Segments, numbered from 0.
    border_id
        Name of the border of each place, shape (n,).
    chainage_km
        Where it is along it, shape (n,).

    Returns
    -------
    ndarray of int
        Position of the segment; -1 where there is none.
    """
    names = np.asarray(border_id, dtype=object)
    found = np.full(names.size, -1, dtype=np.int64)
    starts = segments["start_km"].to_numpy(float)
    ends = segments["end_km"].to_numpy(float)
    for name, rows in segments.groupby("border_id").indices.items():
        own = np.flatnonzero(names == name)
        order = rows[np.argsort(starts[rows], kind="stable")]
        at = np.searchsorted(starts[order], chainage_km[own], side="right") - 1
        holder = order[np.maximum(at, 0)]
        inside = (at >= 0) & (chainage_km[own] <= ends[holder] + _SLACK_KM)
        found[own[inside]] = holder[inside]
    return found


def places_targeted(
    targets: Targets,
    segments: gpd.GeoDataFrame,
    segment: IntArray,
    chainage_km: FloatArray,
    *,
    where: str,
) -> BoolArray:
    """
    Tell which places of the border targets take in.

    Parameters
    ----------
    targets
        The filters.
    segments
        Segments, numbered from 0.
    segment
        The segment of each place, -1 where there is none, shape (n,).
    chainage_km
        Where it is along the border, shape (n,).
    where
        The filters' place in the programme, for messages.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    km = targeted_km(targets, segments, where=where)
    taken = (segment >= 0) & (km[segment] > 0)
    if targets.chainage_km:
        at = _official(segments, segment, chainage_km)
        inside = [(low <= at) & (at <= high) for low, high in targets.chainage_km]
        taken &= np.logical_or.reduce(inside)
    return np.asarray(taken)


def km_targeted(
    targets: Targets,
    segments: gpd.GeoDataFrame,
    segment: IntArray,
    start_km: FloatArray,
    end_km: FloatArray,
    *,
    where: str,
) -> FloatArray:
    """
    Measure how much of each stretch of the border targets take in.

    Parameters
    ----------
    targets
        The filters.
    segments
        Segments, numbered from 0.
    segment
        The segment that each stretch lies in, -1 where there is none, shape (n,).
    start_km, end_km
        Chainage at which it begins and ends, shape (n,).
    where
        The filters' place in the programme, for messages.

    Returns
    -------
    ndarray
        Kilometres, shape (n,).
    """
    km = targeted_km(targets, segments, where=where)
    length = (end_km - start_km) * ((segment >= 0) & (km[segment] > 0))
    if targets.chainage_km:
        start = _official(segments, segment, start_km)
        end = _official(segments, segment, end_km)
        met = np.zeros(length.size)
        for low, high in targets.chainage_km:
            met += np.clip(np.minimum(end, high) - np.maximum(start, low), 0.0, None)
        length = length * np.clip(met / np.maximum(end - start, 1e-12), 0.0, 1.0)
    return np.asarray(length)


def _official(
    segments: gpd.GeoDataFrame, segment: IntArray, chainage_km: FloatArray
) -> FloatArray:
    """Official chainage of places where segments have it, else their chainage."""
    if "official_start_km" not in segments.columns:
        return chainage_km
    start, end, first, last = (
        segments[column].to_numpy(float)[segment]
        for column in ("start_km", "end_km", "official_start_km", "official_end_km")
    )
    share = (chainage_km - start) / np.maximum(end - start, 1e-12)
    return np.asarray(first + share * (last - first))
