"""What lies under a border on a static map: countries, relief, units, scale."""

from __future__ import annotations

from itertools import product
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from geoborder.datasets import load_countries, load_lakes, load_rivers
from geoborder.maps.ground import drawable_countries
from geoborder.maps.relief import shaded_relief
from geoborder.plan import Plan
from geoborder.plots.frames import Frame

_SEA, _OWN, _OTHER = "#e3eaee", "#f7f3ea", "#eae7e1"
_UNIT = "#5b3f80"
_RIVER, _LAKE = "#7fa3bd", "#bcd3e0"

_RANK_DRAWN = 2
"""Rivers of 200 km and more are drawn: fewer say more on a map of a whole border."""

_RELIEF_PX = 900
_GREYS = 14
"""Shades of grey in the relief: more only make the file larger."""

_RELIEF_ALPHA = 0.42
_SHARE_NAMED = 0.004
"""Share of the map that a country must fill to be named."""

HALO = {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6}
"""Behind names, so that they are read on any ground."""


def add_countries(ax: Axes, plan: Plan, frame: Frame) -> gpd.GeoDataFrame:
    """
    Fill the countries of the border and their neighbours.

    Parameters
    ----------
    ax
        The map.
    plan
        The plan.
    frame
        Where it is drawn.

    Returns
    -------
    GeoDataFrame
        What is seen of each: ``name``, ``own``, ``geometry`` in metres.
    """
    own = {*plan.border["left"], *plan.border["right"]}
    layers = [drawable_countries()]
    fine = load_countries("osm") if len(plan.border) else layers[0]
    if own <= set(fine["iso3"]):
        rest = layers[0][~layers[0]["iso3"].isin(fine["iso3"])]
        layers = [rest, fine]
    west, south, east, north = frame.lonlat_box()
    whole = pd.concat(layers, ignore_index=True)
    shapes = shapely.clip_by_rect(
        shapely.make_valid(whole.geometry.to_numpy()), west, south, east, north
    )
    table = gpd.GeoDataFrame(
        {"name": whole["name"], "own": whole["iso3"].isin(own)},
        geometry=shapes, crs=whole.crs,
    )  # fmt: skip
    table = table[~table.geometry.is_empty]
    seen = frame.seen(shapely.make_valid(frame.project(table)))
    table = gpd.GeoDataFrame(table[["name", "own"]], geometry=seen, crs=frame.crs)
    table = table[~table.geometry.is_empty & (table.geometry.area > 0)]
    ax.set_facecolor(_SEA)
    for which, colour in ((False, _OTHER), (True, _OWN)):
        part = table[table["own"] == which]
        if len(part):
            part.plot(
                ax=ax, facecolor=colour, edgecolor="#8a8a8a", linewidth=0.7,
                aspect=None, zorder=1,
            )  # fmt: skip
    return table


def add_relief(ax: Axes, plan: Plan, frame: Frame) -> None:
    """
    Shade the terrain, where there is elevation.

    Parameters
    ----------
    ax
        The map.
    plan
        The plan.
    frame
        Where it is drawn.
    """
    if plan.dem is None:
        return
    relief = shaded_relief(plan.dem, frame.crs, longest_px=_RELIEF_PX)
    known = np.isfinite(relief.grey)
    grey = np.round(np.where(known, relief.grey, 0.0) * _GREYS) / _GREYS
    picture = np.dstack([grey, grey, grey, known * _RELIEF_ALPHA])
    ax.imshow(np.clip(picture, 0.0, 1.0), extent=relief.extent, zorder=2, aspect="auto")


def add_waters(ax: Axes, frame: Frame) -> None:
    """
    Draw the larger rivers, and lakes, where some are bundled.

    Parameters
    ----------
    ax
        The map.
    frame
        Where it is drawn.
    """
    west, south, east, north = frame.lonlat_box()
    rivers = load_rivers()
    for layer, style in (
        (load_lakes(), {"facecolor": _LAKE, "edgecolor": _RIVER, "linewidth": 0.4}),
        (rivers[rivers["rank"] <= _RANK_DRAWN], {"color": _RIVER, "linewidth": 0.6}),
    ):
        near = layer.cx[west:east, south:north]
        shapes = gpd.GeoSeries(frame.seen(frame.project(near)), crs=frame.crs)
        shapes = shapes[~shapes.is_empty]
        if len(shapes):
            shapes.plot(ax=ax, aspect=None, zorder=2.5, **style)


def add_units(ax: Axes, plan: Plan, frame: Frame, *, size: float) -> None:
    """
    Draw and name units on either side.

    Parameters
    ----------
    ax
        The map.
    plan
        The plan.
    frame
        Where it is drawn; takes the room of the names.
    size
        Size of type.
    """
    if plan.units is None:
        return
    shapes = frame.seen(shapely.make_valid(frame.project(plan.units)))
    layer = gpd.GeoSeries(shapes, crs=frame.crs)
    shown = ~layer.is_empty & (layer.area > 0)
    layer[shown].plot(
        ax=ax, facecolor="none", edgecolor=_UNIT, linewidth=0.8, linestyle="--",
        aspect=None, zorder=3,
    )  # fmt: skip
    for name, shape in zip(plan.units["name"][shown], layer[shown], strict=True):
        add_name(ax, frame, shape, str(name), size=size, color=_UNIT, style="italic")


def add_country_names(
    ax: Axes, countries: gpd.GeoDataFrame, frame: Frame, *, size: float
) -> None:
    """
    Name the countries, those of the border first.

    Parameters
    ----------
    ax
        The map.
    countries
        As `add_countries` gives them.
    frame
        Where it is drawn; takes the room of the names.
    size
        Size of type.
    """
    left, bottom, right, top = frame.box
    least = _SHARE_NAMED * (right - left) * (top - bottom)
    table = countries.assign(area=countries.geometry.area)
    table = table[table["area"] > least].sort_values(
        ["own", "area"], ascending=False, kind="stable"
    )
    for row in table.itertuples():
        add_name(
            ax, frame, row.geometry, str(row.name),
            size=size * (1.25 if row.own else 1.0),
            color="#333" if row.own else "#666", weight="bold",
        )  # fmt: skip


def add_name(
    ax: Axes,
    frame: Frame,
    shape: shapely.Geometry,
    name: str,
    *,
    size: float,
    color: str,
    **style: Any,  # noqa: ANN401 - for matplotlib
) -> None:
    """
    Write a name in a polygon, where it has most room and no other name is.

    Parameters
    ----------
    ax
        The map.
    frame
        Where it is drawn.
    shape
        The polygon, in metres.
    name
        Its name.
    size, color, **style
        Of the type.
    """
    line = 1.5 * size * frame.point
    for shrunk, moved in product((1.0, 0.75, 0.5), (0.0, line, -line)):
        clipped = shapely.clip_by_rect(shape, *_inner(frame, shrunk))
        largest = max(shapely.get_parts(clipped), key=shapely.area, default=None)
        if largest is None or largest.area == 0.0:
            return
        x, y = shapely.maximum_inscribed_circle(largest).coords[0]
        if frame.has_room(x, y + moved, name, size):
            ax.text(
                x, y + moved, name, fontsize=size, color=color, ha="center",
                va="center", zorder=8, bbox=HALO, clip_on=True, **style,
            )  # fmt: skip
            return


def _inner(frame: Frame, share: float) -> tuple[float, float, float, float]:
    """Give a part of the map about its middle."""
    left, bottom, right, top = frame.box
    x, y = (left + right) / 2, (bottom + top) / 2
    width, height = (right - left) * share / 2, (top - bottom) * share / 2
    return x - width, y - height, x + width, y + height


def add_scale(ax: Axes, frame: Frame, *, size: float) -> None:
    """
    Add a scale bar of a round length.

    Parameters
    ----------
    ax
        The map.
    frame
        Where it is drawn; keeps names off the bar.
    size
        Size of type.
    """
    left, bottom, right, top = frame.box
    wanted = 0.2 * (right - left) / 1000.0
    power = 10.0 ** np.floor(np.log10(wanted))
    km = float(max(step * power for step in (1, 2, 5) if step * power <= wanted))
    bar = AnchoredSizeBar(
        ax.transData, km * 1000.0, f"{km:,.10g} km", loc="lower left", pad=0.4,
        borderpad=0.5, sep=3, frameon=True, size_vertical=0.006 * (top - bottom),
        label_top=True, fontproperties={"size": size},
    )  # fmt: skip
    bar.patch.set(facecolor="white", alpha=0.75, edgecolor="none")
    bar.set_zorder(9)
    ax.add_artist(bar)
    room = 2.0 * size * frame.point
    frame.taken.append((left, bottom, left + km * 1000.0 + room, bottom + 1.6 * room))
