"""What ships with geoborder: countries, units, places, crossings, waters, elevation."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoborder.errors import DataError, OptionError
from geoborder.tables import LONLAT

COUNTRY_LAYERS = ("osm", "10m", "50m", "110m")
"""Bundled country layers, finest first: OpenStreetMap, then Natural Earth."""

_SOURCES = {
    "border": "Borders © OpenStreetMap contributors (ODbL 1.0)",
    "units": "units: Natural Earth on OpenStreetMap outlines",
    "places": "places: GeoNames (CC BY 4.0)",
    "rivers": "rivers and lakes: GSHHG (LGPL 3.0), Zorkul © OpenStreetMap contributors",
    "relief": "elevation: NOAA GLOBE",
}

ATTRIBUTION = "; ".join(_SOURCES.values())
"""What must be shown wherever all of the bundled data is."""


def attribution_of(shown: Iterable[str]) -> str:
    """
    Say what must be shown with some of the bundled data.

    Parameters
    ----------
    shown
        Names of layers: ``border``, ``units``, ``places``, ``rivers``, ``relief``;
        others add nothing.

    Returns
    -------
    str
        Whose data they are, under which licences.

    Examples
    --------
    >>> attribution_of(["segments", "relief", "border"])
    'Borders © OpenStreetMap contributors (ODbL 1.0); elevation: NOAA GLOBE'
    """
    names = set(shown)
    return "; ".join(text for name, text in _SOURCES.items() if name in names)


def data_path(name: str = "") -> Path:
    """
    Where a bundled file lies.

    Parameters
    ----------
    name
        File name; empty for the folder itself.

    Returns
    -------
    Path
        In the folder named by the environment variable ``GEOBORDER_DATA``, else
        inside the installed package, else beside it in a checkout.

    Raises
    ------
    DataError
        If there is no such file.
    """
    override = os.environ.get("GEOBORDER_DATA")
    package = Path(__file__).parent
    folders = (
        [Path(override)] if override else [package / "data", package.parent / "data"]
    )
    for folder in folders:
        if (folder / "SOURCES.md").is_file() and (folder / name).exists():
            return folder / name
    msg = (
        f"The bundled data {name!r} is not in {' or '.join(map(str, folders))}. "
        "Reinstall geoborder, or set GEOBORDER_DATA to the folder that holds it."
    )
    raise DataError(msg)


@lru_cache(maxsize=8)
def _read_layer(path: str) -> gpd.GeoDataFrame:
    return gpd.read_file(f"/vsigzip/{path}")


def load_countries(layer: str = "osm") -> gpd.GeoDataFrame:
    """
    Load a bundled layer of country polygons.

    Parameters
    ----------
    layer
        ``"osm"``: nine countries of the region at OpenStreetMap's full
        resolution. ``"10m"``, ``"50m"``, ``"110m"``: the countries of the world
        from Natural Earth at that scale (1:10 million and so on).

    Returns
    -------
    GeoDataFrame
        Columns ``iso3`` (ISO 3166-1 alpha-3; empty for territories without a
        code), ``name``, ``geometry`` (EPSG:4326).

    Raises
    ------
    OptionError
        If there is no such layer.

    Examples
    --------
    >>> import geoborder as gb
    >>> gb.load_countries()["iso3"].tolist()
    ['AFG', 'CHN', 'IRN', 'KAZ', 'KGZ', 'PAK', 'TJK', 'TKM', 'UZB']
    >>> len(gb.load_countries("110m"))
    177
    """
    if layer not in COUNTRY_LAYERS:
        msg = f"`layer` must be one of {', '.join(COUNTRY_LAYERS)}, got {layer!r}."
        raise OptionError(msg)
    return _read_layer(str(data_path(f"countries_{layer}.fgb.gz"))).copy()


def load_units(
    country: str | None = "AFG", *, facing: str | None = None
) -> gpd.GeoDataFrame:
    """
    Load first-level administrative units.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-3 code: ``"AFG"`` (34 provinces) or ``"TJK"`` (5
        regions); None for all.
    facing
        Keep only units that share a line with this country.

    Returns
    -------
    GeoDataFrame
        Columns ``unit_id`` (ISO 3166-2), ``name``, ``country``, ``geometry``
        (EPSG:4326), sorted by name. Inner boundaries are Natural Earth's, outer
        ones OpenStreetMap's.

    Raises
    ------
    DataError
        If no units of `country` are bundled, or none faces `facing`.

    Examples
    --------
    >>> from geoborder import load_units
    >>> list(load_units("AFG", facing="TJK")["name"])
    ['Badakhshan', 'Balkh', 'Kunduz', 'Takhar']
    """
    units = _read_layer(str(data_path("units.fgb.gz"))).copy()
    if country is not None:
        bundled = sorted(set(units["country"]))
        if country not in bundled:
            msg = (
                f"No units of {country!r} are bundled, only of {', '.join(bundled)}. "
                "Pass your own polygons instead."
            )
            raise DataError(msg)
        units = units[units["country"] == country]
    if facing is not None:
        units = units[_share_a_line(units, facing)]
        if units.empty:
            msg = f"No bundled unit of {country!r} shares a line with {facing!r}."
            raise DataError(msg)
    return units.sort_values(["country", "name"], ignore_index=True)


def _share_a_line(units: gpd.GeoDataFrame, facing: str) -> np.ndarray:
    """Tell which units have a boundary of positive length in common with a country."""
    countries = load_countries("osm")
    other = countries.loc[countries["iso3"] == facing, "geometry"]
    if other.empty:
        msg = (
            f"`facing` must be one of {', '.join(sorted(countries['iso3']))}, "
            f"got {facing!r}."
        )
        raise DataError(msg)
    touching = np.zeros(len(units), dtype=bool)
    near = units.intersects(other.iloc[0]).to_numpy()
    shared = shapely.intersection(
        shapely.boundary(units.geometry.array[near]), shapely.boundary(other.iloc[0])
    )
    touching[near] = (shapely.length(shared) > 0) & (
        units.loc[near, "country"].to_numpy() != facing
    )
    return touching


def load_provinces() -> gpd.GeoDataFrame:
    """
    Load the Afghan provinces that face Tajikistan.

    Returns
    -------
    GeoDataFrame
        As `load_units` gives it, found by geometry.

    Examples
    --------
    >>> from geoborder import load_provinces
    >>> list(load_provinces()["unit_id"])
    ['AF-BDS', 'AF-BAL', 'AF-KDZ', 'AF-TAK']
    """
    return load_units("AFG", facing="TJK")


def load_places() -> gpd.GeoDataFrame:
    """
    Load populated places within 50 km of the Tajik-Afghan border.

    Returns
    -------
    GeoDataFrame
        Columns ``place_id``, ``name``, ``country``, ``population`` (empty where
        unknown), ``source``, ``geometry`` (points, EPSG:4326).

    Examples
    --------
    >>> import geoborder as gb
    >>> places = gb.load_places()
    >>> places["country"].value_counts().to_dict()
    {'TJ': 32, 'AF': 28, 'UZ': 1}
    >>> places.nlargest(2, "population")[["name", "country", "population"]]
          name country  population
    36   Kŭlob      TJ      214700
    0   Tirmiz      UZ      182800
    """
    return _read_points("places.csv", key="place_id")


def load_crossings() -> gpd.GeoDataFrame:
    """
    Load the official crossings of the Tajik-Afghan border.

    Returns
    -------
    GeoDataFrame
        Columns ``crossing_id``, ``name``, ``opened``, ``length_m``, ``position``
        (``bridge``, ``town`` or ``unverified``), ``source``, ``note``,
        ``geometry`` (points, EPSG:4326). Whether a crossing is open now is not
        known.

    Examples
    --------
    >>> import geoborder as gb
    >>> crossings = gb.load_crossings()
    >>> crossings[["name", "position", "opened", "length_m"]].head(3)
                                 name    position  opened  length_m
    0  Panji Poyon - Sher Khan Bandar      bridge    2007       672
    1     Kokul (Farkhor) - Ai Khanum  unverified    <NA>      <NA>
    2                 Shohon - Khohon  unverified    2017       180
    """
    return _read_points("crossings.csv", key="crossing_id")


def load_rivers() -> gpd.GeoDataFrame:
    """
    Load rivers of the region, 44-90 E and 23-56 N.

    They are meant to be drawn under a map of the whole: the source, World Data Bank
    II, is old, simplified to some 200 m, and lies 0.5 km (median) from the border
    where that is the Panj. Where a border follows a river, the border itself is the
    better trace of it.

    Returns
    -------
    GeoDataFrame
        Columns ``river_id``, ``name`` (empty for most; given on the Panj, the Amu
        Darya and their tributaries, and some rivers beside), ``rank`` (1 for lines
        of 500 km and more, 2 for 200, 3 for 50, 4 for less), ``length_km``
        (geodesic, of what is drawn), ``source``, ``geometry`` (EPSG:4326). One row
        a named river, else a row for each line between confluences.

    See Also
    --------
    load_lakes : The lakes that go with them.

    Examples
    --------
    >>> from geoborder import load_rivers
    >>> lengths_km = load_rivers().set_index("name")["length_km"]
    >>> lengths_km[["Panj", "Vakhsh", "Kokcha"]].to_dict()
    {'Panj': 823.6, 'Vakhsh': 315.9, 'Kokcha': 323.3}
    """
    return _read_layer(str(data_path("rivers.fgb.gz"))).copy()


def load_lakes() -> gpd.GeoDataFrame:
    """
    Load lakes of 5 square km and more of the region, 44-90 E and 23-56 N.

    They are meant to be drawn under a map of the whole. The source, World Data Bank
    II, is old and leaves many lakes out. Zorkul, through which the Tajik-Afghan
    border runs, is added from OpenStreetMap; the Aral Sea is left out, since its
    shore has moved too far.

    Returns
    -------
    GeoDataFrame
        Columns ``lake_id``, ``name`` (empty for most), ``rank`` (1 for lakes of
        1,000 square km and more, 2 for 100, 3 for 20, 4 for less), ``area_km2``
        (geodesic), ``source``, ``geometry`` (EPSG:4326).

    See Also
    --------
    load_rivers : The rivers that go with them.

    Examples
    --------
    >>> from geoborder import load_lakes
    >>> areas_km2 = load_lakes().set_index("name")["area_km2"]
    >>> areas_km2[["Karakul", "Sarez", "Zorkul"]].to_dict()
    {'Karakul': 381.8, 'Sarez': 77.6, 'Zorkul': 41.7}
    """
    layers = [
        _read_layer(str(data_path(name)))
        for name in ("lakes_osm.fgb.gz", "lakes.fgb.gz")
    ]
    return pd.concat(layers, ignore_index=True)


def load_unit_limits() -> gpd.GeoDataFrame:
    """
    Load where a second source has limits between units meet the border.

    Returns
    -------
    GeoDataFrame
        Columns ``unit_id``, ``other_unit_id``, ``source``, ``geometry`` (points
        on the Tajik-Afghan border, EPSG:4326). How far they lie from where
        `load_units` has the limits tells how uncertain those are.

    Examples
    --------
    >>> import geoborder as gb
    >>> limits = gb.load_unit_limits()
    >>> located = gb.locate(limits, gb.load_border())
    >>> limits[["unit_id", "other_unit_id"]].assign(km=located["chainage_km"].round(1))
      unit_id other_unit_id     km
    0  AF-BAL        AF-KDZ   42.9
    1  AF-KDZ        AF-TAK  206.9
    2  AF-TAK        AF-BDS  348.5
    3   TJ-KT         TJ-GB  450.6
    """
    return _read_points("unit_limits.csv", key="unit_id")


def _read_points(name: str, *, key: str) -> gpd.GeoDataFrame:
    whole = dict.fromkeys(("opened", "length_m", "population"), "Int64")
    table = pd.read_csv(data_path(name), dtype={key: str, **whole})
    points = gpd.points_from_xy(table["longitude"], table["latitude"], crs=LONLAT)
    return gpd.GeoDataFrame(
        table.drop(columns=["longitude", "latitude"]), geometry=points
    )
