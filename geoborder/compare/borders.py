"""How two drawings of one border differ."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.chainage import as_border, locate, point_at
from geoborder.checks import facing_units
from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray, Polylines, densify, polylines
from geoborder.tables import LONLAT

_LEAST_KM = 0.001
"""Closer points would tell nothing more, and fill the memory."""

_QUANTILES = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class BorderDifference:
    """
    How two drawings of one border differ.

    Attributes
    ----------
    spacing_km : float
        Greatest spacing of the points at which displacement was measured. The
        greatest displacement anywhere exceeds the greatest one measured by half of
        it at most.
    lengths : DataFrame
        Per ``drawing`` (``a``, ``b``): ``lines``, ``vertices``, ``length_km``,
        ``mean_edge_km``.
    displacement : GeoDataFrame
        Per ``drawing``, its distance from the other one, which is not the same both
        ways: ``mean_km``, ``median_km``, ``p95_km`` (over its length), ``most_km``,
        and where that is: ``border_id``, ``chainage_km``, ``other_border_id``,
        ``other_chainage_km`` (of the nearest place on the other one), ``geometry``
        (from there to there).
    points : GeoDataFrame
        What was measured: ``drawing``, ``border_id``, ``chainage_km``,
        ``distance_km``, ``side`` (of the other drawing), ``other_border_id``,
        ``other_chainage_km``, ``geometry``.
    by_unit : DataFrame or None
        Per ``side``, ``unit`` and ``unit_id``: ``length_km_a``, ``length_km_b``,
        ``length_km_change``; None without units.
    """

    spacing_km: float
    lengths: pd.DataFrame
    displacement: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    by_unit: pd.DataFrame | None

    @property
    def summary(self) -> str:
        """The difference in a few lines of text."""
        a, b = self.lengths["length_km"]
        lines = [f"Length {a:,.2f} -> {b:,.2f} km ({b / a - 1.0:+.1%})."]
        lines += [
            f"{row.drawing} lies {row.mean_km:,.2f} km from the other on average, "
            f"{row.most_km:,.2f} km at most (at chainage {row.chainage_km:,.1f} km)."
            for row in self.displacement.itertuples()
        ]
        return "\n".join(lines)


def compare_borders(
    a: gpd.GeoDataFrame,
    b: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None = None,
    spacing_km: float = 0.1,
) -> BorderDifference:
    """
    Find how two drawings of one border differ.

    Parameters
    ----------
    a, b
        Borders, as `as_border` takes them.
    units
        Units on one or both sides, with ``unit_id``, ``name``, ``country``, to
        compare lengths by.
    spacing_km
        Displacement is measured at all vertices, and between them at this spacing
        at most, in km.

    Returns
    -------
    BorderDifference
        Frozen.

    Raises
    ------
    DataError
        If a layer is unusable.
    OptionError
        If the spacing is less than a metre, or not finite.

    Examples
    --------
    >>> from geoborder import compare_borders, load_border, load_countries
    >>> coarse = load_border(countries=load_countries("50m"))
    >>> found = compare_borders(load_border(), coarse)
    >>> found.lengths["length_km"].round(1).tolist()
    [1344.0, 1037.1]
    """
    if not _LEAST_KM <= spacing_km < np.inf:
        msg = (
            f"`spacing_km` must be finite and at least {_LEAST_KM:g}, got "
            f"{spacing_km!r}."
        )
        raise OptionError(msg)
    one, other = as_border(a, name="a"), as_border(b, name="b")
    drawings = {"a": (one, other), "b": (other, one)}
    points, displacement = [], []
    for name, (own, far) in drawings.items():
        dense = densify(polylines(own.geometry.array), spacing_km * 1000.0)
        table = _displaced(own, far, dense)
        points.append(table.assign(drawing=name))
        displacement.append({"drawing": name, **_statistics(table, dense, far)})
    together = pd.concat(points, ignore_index=True)
    order = ["drawing", *together.columns.drop("drawing")]
    return BorderDifference(
        spacing_km=spacing_km,
        lengths=pd.DataFrame([_length(n, own) for n, (own, _) in drawings.items()]),
        displacement=gpd.GeoDataFrame(displacement, geometry="geometry", crs=LONLAT),
        points=together[order],
        by_unit=None if units is None else _by_unit(one, other, units),
    )


def _length(name: str, border: gpd.GeoDataFrame) -> dict[str, object]:
    vertices = int(border.geometry.count_coordinates().sum())
    length = float(border["length_km"].sum())
    return {
        "drawing": name,
        "lines": len(border),
        "vertices": vertices,
        "length_km": length,
        "mean_edge_km": length / (vertices - len(border)),
    }


def _displaced(
    own: gpd.GeoDataFrame, other: gpd.GeoDataFrame, dense: Polylines
) -> gpd.GeoDataFrame:
    """Distance of each point of one drawing from the other."""
    points = gpd.GeoSeries(shapely.points(dense.lon, dense.lat), crs=LONLAT)
    located = locate(points, other)
    return gpd.GeoDataFrame(
        {
            "border_id": own["border_id"].to_numpy()[dense.line_of_vertex],
            "chainage_km": dense.chainage_m / 1000.0,
            "distance_km": located["distance_km"],
            "side": located["side"],
            "other_border_id": located["border_id"],
            "other_chainage_km": located["chainage_km"],
        },
        geometry=points,
    )


def _statistics(
    points: gpd.GeoDataFrame, dense: Polylines, other: gpd.GeoDataFrame
) -> dict[str, object]:
    """Displacement over a drawing's length, and where it is greatest."""
    distance = points["distance_km"].to_numpy(float)
    edge = dense.edges
    length = dense.chainage_m[edge + 1] - dense.chainage_m[edge]
    share = np.zeros(distance.size)  # half of each edge belongs to either end
    np.add.at(share, edge, length / 2.0)
    np.add.at(share, edge + 1, length / 2.0)
    share /= share.sum()
    median, high = _quantiles(distance, share)
    worst = points.iloc[int(distance.argmax())]
    foot = point_at(
        other, worst["other_chainage_km"], border_id=worst["other_border_id"]
    )
    return {
        "mean_km": float(share @ distance),
        "median_km": median,
        "p95_km": high,
        "most_km": float(distance.max()),
        **{
            column: worst[column]
            for column in (
                "border_id",
                "chainage_km",
                "other_border_id",
                "other_chainage_km",
            )
        },
        "geometry": shapely.linestrings(
            [[worst.geometry.x, worst.geometry.y], [foot.x, foot.y]]
        ),
    }


def _quantiles(distance: FloatArray, share: FloatArray) -> tuple[float, float]:
    """Distances that half and 95 % of the length do not exceed."""
    order = np.argsort(distance, kind="stable")
    at = np.searchsorted(np.cumsum(share[order]), _QUANTILES)
    median, high = distance[order][np.minimum(at, distance.size - 1)]
    return float(median), float(high)


def _by_unit(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Length of each unit's part on either drawing."""
    keys = ["side", "unit", "unit_id"]
    one, other = (
        facing_units(border, units).set_index(keys)["length_km"] for border in (a, b)
    )
    index = one.index.append(other.index.difference(one.index, sort=False))
    table = pd.DataFrame(
        {
            "length_km_a": one.reindex(index).fillna(0.0),
            "length_km_b": other.reindex(index).fillna(0.0),
        }
    )
    table["length_km_change"] = table["length_km_b"] - table["length_km_a"]
    return table.reset_index()
