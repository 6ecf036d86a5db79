"""Assets, candidate sites and other points as layers of a folium map."""

from __future__ import annotations

from typing import Unpack

import folium
import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import DataError, OptionError
from geoborder.maps.overlays.classing import Colours
from geoborder.maps.overlays.features import Look, Shown, add_layer, ready
from geoborder.maps.overlays.options import SYMBOLS, Fields, LayerOptions
from geoborder.maps.style import CATEGORY_SYMBOLS, SITE_COLOUR, words
from geoborder.tables import POINTS

_RIM = {"color": "#ffffff", "weight": 1, "opacity": 1.0, "fillOpacity": 0.95}

_ASSET = Look(
    "point",
    "gb-assets",
    "#1b3a6b",
    {**_RIM, "radius": 5.0},
    symbols=SYMBOLS,
    named=CATEGORY_SYMBOLS,
    titled="name",
)

_SITE = Look(
    "point",
    "gb-sites",
    "#4d4d4d",
    {**_RIM, "radius": 4.0},
    symbols=("diamond", *(symbol for symbol in SYMBOLS if symbol != "diamond")),
    titled="site_id",
)

_POINT = Look(
    "point", "gb-points", "#e69f00",
    {**_RIM, "color": "#222222", "weight": 1.5, "radius": 5.0}, symbols=SYMBOLS,
    titled="name",
)  # fmt: skip

_USE = "In use"
_USES = ("used", "not used")


def add_assets(
    m: folium.Map,
    assets: gpd.GeoDataFrame,
    *,
    column: str | None = "category",
    year: int | None = None,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Assets",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add assets to a folium map, a colour and a symbol per category.

    Parameters
    ----------
    m
        The map.
    assets
        Points in any CRS, such as a plan has them. Those without a geometry are left
        out. Not modified.
    column
        Column that gives colours and symbols; None: one of each.
    year
        Only assets that are there in that year, by ``from_year`` (empty: from the
        beginning) and ``until_year`` (empty: to the end), and are not retired;
        None: all.
    cmap
        Colours of the column, as for `add_segments`.
    tooltip, popup, legend, name
        As for `add_segments`.
    **options
        As for `add_segments`, and ``marker_kwds``: ``radius`` in pixels, and
        ``symbol``, the same for all (``circle``, ``square``, ``triangle``,
        ``diamond``, ``cross``, ``pentagon``, ``star``, ``triangle-down`` or
        ``saltire``).

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    DataError
        If `assets` is no layer of points, has no CRS, or lacks a column.
    OptionError
        If `m` is no map, or an option is unknown or out of its range.

    Examples
    --------
    >>> import folium
    >>> import geopandas as gpd
    >>> from geoborder import add_assets
    >>> assets = gpd.GeoDataFrame(
    ...     {"name": ["Post", "Mast"], "category": ["posts", "observation"]},
    ...     geometry=gpd.points_from_xy([68.6, 69.5], [37.2, 37.6]),
    ...     crs=4326,
    ... )
    >>> m = add_assets(folium.Map([37.4, 69], tiles=None), assets)
    >>> "triangle" in m.get_root().render()
    True
    """
    rows = ready(assets, name="assets", kinds=POINTS)
    if year is not None:
        rows = _there_in(rows, year)
    if column == "category":
        options = _captioned(options, name)
    return add_layer(
        m, rows, _ASSET, parameter="assets", headings=_names(rows, "asset_id"),
        column=column, cmap=cmap, shown=Shown(tooltip, popup, legend, name),
        options=options,
    )  # fmt: skip


def _captioned(options: LayerOptions, caption: str) -> LayerOptions:
    """Give the legend a caption, unless the options have one."""
    own = options.get("legend_kwds") or {}
    return {**options, "legend_kwds": {"caption": caption, **own}}


def _there_in(rows: gpd.GeoDataFrame, year: int) -> gpd.GeoDataFrame:
    """Assets in operation in a year."""
    if isinstance(year, bool) or not isinstance(year, (int, np.integer)):
        msg = f"`year` must be a year such as 2027, got {year!r}."
        raise OptionError(msg)
    there = np.ones(len(rows), dtype=bool)
    if "from_year" in rows:
        there &= _years(rows, "from_year", -np.inf) <= year
    if "until_year" in rows:
        there &= _years(rows, "until_year", np.inf) >= year
    if "status" in rows:
        there &= (rows["status"] != "retired").fillna(True).to_numpy(bool)  # noqa: FBT003 - the value for missing ones
    return rows[there]


def _years(rows: gpd.GeoDataFrame, column: str, none: float) -> np.ndarray:
    try:
        years = pd.to_numeric(rows[column]).to_numpy(float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        msg = f"`assets` must have years in {column!r}: {error}."
        raise DataError(msg) from error
    return np.where(np.isnan(years), none, years)


def _names(rows: gpd.GeoDataFrame, *others: str) -> list[str]:
    """Say what each point is called: its name, else its code, else its row."""
    for column in ("name", *others):
        if column in rows:
            there = [words(value) for value in rows[column]]
            return [
                text or str(label)
                for text, label in zip(there, rows.index, strict=True)
            ]
    return [str(label) for label in rows.index]


def add_points(
    m: folium.Map,
    points: gpd.GeoDataFrame,
    *,
    column: str | None = None,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Points",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add points to a folium map: crossings, places, or any others.

    Parameters
    ----------
    m
        The map.
    points
        Points in any CRS; their column ``name`` heads tooltips and popups, if they
        have it. Not modified.
    column, cmap, tooltip, popup, legend, name
        As for `add_segments`.
    **options
        As for `add_assets`.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    DataError
        If `points` is no layer of points, has no CRS, or lacks a column.
    OptionError
        If `m` is no map, or an option is unknown or out of its range.

    Examples
    --------
    >>> import folium
    >>> from geoborder import add_points, load_crossings
    >>> m = add_points(
    ...     folium.Map([37.5, 70], zoom_start=7, tiles=None),
    ...     load_crossings(),
    ...     name="Crossings",
    ...     popup=["opened", "note"],
    ...     marker_kwds={"symbol": "square", "radius": 6},
    ... )
    >>> "Panji Poyon" in m.get_root().render()
    True
    """
    rows = ready(points, name="points", kinds=POINTS)
    return add_layer(
        m, rows, _POINT, parameter="points",
        headings=_names(rows, "place_id", "crossing_id"),
        column=column, cmap=cmap, shown=Shown(tooltip, popup, legend, name),
        options=options,
    )  # fmt: skip


def add_sites(
    m: folium.Map,
    sites: gpd.GeoDataFrame,
    *,
    column: str | None = None,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Candidate sites",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add candidate sites to a folium map, and which of them are used.

    Parameters
    ----------
    m
        The map.
    sites
        Points in any CRS, such as `candidate_sites`, `propose_sites` and a
        placement's ``sites`` are. Where they have ``items`` (how many stand there),
        used ones differ in colour and symbol. Not modified.
    column
        Column that gives the colours instead.
    cmap, tooltip, popup, legend, name
        As for `add_segments`.
    **options
        As for `add_assets`.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    DataError
        If `sites` is no layer of points, has no CRS, or lacks a column.
    OptionError
        If `m` is no map, or an option is unknown or out of its range.

    Examples
    --------
    >>> import folium
    >>> import geopandas as gpd
    >>> from geoborder import add_sites
    >>> sites = gpd.GeoDataFrame(
    ...     {"site_id": [1, 2], "items": [0, 1]},
    ...     geometry=gpd.points_from_xy([68.6, 69.5], [37.2, 37.6]),
    ...     crs=4326,
    ... )
    >>> m = add_sites(folium.Map([37.4, 69], tiles=None), sites, show=False)
    >>> "not used" in m.get_root().render()
    True
    """
    rows = ready(sites, name="sites", kinds=POINTS)
    ids = rows.get("site_id", rows.index)
    headings = [f"Site {words(label)}" for label in ids]
    if column is None and options.get("color") is None and "items" in rows:
        used = rows["items"].fillna(0).to_numpy(float) > 0
        order = np.argsort(used, kind="stable")  # those in use lie on top
        rows = rows.assign(**{_USE: np.where(used, *_USES)}).iloc[order]
        headings = [headings[place] for place in order]
        column, cmap = _USE, cmap or [SITE_COLOUR, _SITE.color]
        options = _captioned({**options, "categories": list(_USES)}, name)
    return add_layer(
        m, rows, _SITE, parameter="sites", headings=headings,
        column=column, cmap=cmap, shown=Shown(tooltip, popup, legend, name),
        options=options,
    )  # fmt: skip
