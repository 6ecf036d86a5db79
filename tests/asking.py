"""What is in a database, asked by sessions that know nothing of geoborder."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from shapely import Point


def ask(address: str, sql: str) -> list[tuple]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def one(address: str, sql: str) -> object:
    return ask(address, sql)[0][0]


def values_of(table: pd.DataFrame) -> dict[str, list[object]]:
    """Values by columns, None where there is none; shapes as WKB of their parts."""
    found = {}
    for name in table.columns:
        column = table[name]
        if str(column.dtype) == "geometry":
            found["geometry"] = [
                None if s is None else [p.wkb for p in shapely.get_parts(s)]
                for s in column.to_numpy()
            ]
        else:
            missing = column.isna()
            found[name] = column.astype(object).where(~missing, None).tolist()
    return found


def assert_same(was: pd.DataFrame, now: pd.DataFrame) -> None:
    assert isinstance(now.index, pd.RangeIndex)
    assert values_of(was) == values_of(now)
    if isinstance(was, gpd.GeoDataFrame):
        assert now.columns[-1] == now.active_geometry_name == "geometry"
        assert now.crs == was.crs


def points(**columns: object) -> gpd.GeoDataFrame:
    shapes = [Point(68, 37.5), Point(69, 38), Point(70.5, -38.25)]
    return gpd.GeoDataFrame({"key": [3, 1, 2], **columns}, geometry=shapes, crs=4326)
