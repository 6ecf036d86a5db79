"""What travel meets besides the shape of the ground: barriers, cover, roads, season."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.chainage import as_border
from geoborder.errors import DataError, OptionError
from geoborder.geodesy import BoolArray
from geoborder.tables import LINES, POLYGONS, require_columns, require_layer

Side = Literal["left", "right"]

_DAY = re.compile(r"(?:\d{4}-)?(\d\d)-(\d\d)")
_LEAP = 2000
_SEASON = ("from_day", "until_day")

_LAYERS = (gpd.GeoDataFrame, gpd.GeoSeries)


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    Barriers, friction and roads that travel meets, on a day of the year.

    Layers may be in any CRS and are not modified. Rows of all but `border` may have
    a season: columns ``from_day`` and ``until_day``, the first and the last day,
    ``MM-DD``, on which the row counts; it may go over the new year. Rows without
    count all year.

    Attributes
    ----------
    border : GeoDataFrame or None
        Border line that nobody and no road crosses: sites reach only what lies on
        their own side. Beyond its ends the way round is open; bar it with `barriers`
        where a third country begins.
    side : {"left", "right"} or None
        Side of `border` on which sites that stand on the line itself set out; None:
        on both.
    barriers : GeoDataFrame or None
        Lines that cannot be crossed (rivers) and polygons that cannot be entered
        (closed areas). A boolean column ``bars_roads`` says whether roads across
        them are closed too; by default polygons close them, and lines do not, as
        where a bridge is.
    within : GeoDataFrame or None
        Polygons that travel stays in, also on roads, such as a corridor.
    friction : GeoDataFrame or None
        Polygons with ``factor``, by which time over them is multiplied; where they
        overlap the greatest counts.
    land_cover : str, Path or None
        Raster of classes of land cover, in any CRS.
    land_cover_factors : Mapping or None
        Factor of time of each class; classes that are not in it have 1, and so has
        what the raster does not cover. A factor of infinity closes a class.
    roads : GeoDataFrame or None
        Lines with ``speed_kmh``, for modes that use roads. They meet where they share
        a vertex and where one ends within a metre of another. Friction does not slow
        them.
    date : date or str or None
        Day of travel, a date or ``YYYY-MM-DD`` or ``MM-DD``; needed if a row has a
        season.

    Raises
    ------
    DataError
        If a layer is unusable.
    OptionError
        If options clash, or a season needs a date.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> import geoborder as gb
    >>> border, dem = gb.load_border(), gb.open_dem()
    >>> ends = gb.point_at(border, [500, 503])
    >>> snow = gpd.GeoDataFrame(
    ...     {"factor": [2.0], "from_day": ["11-15"], "until_day": ["04-15"]},
    ...     geometry=[box(70, 38, 71, 39)],
    ...     crs=4326,
    ... )
    >>> def minutes(date):
    ...     met = gb.Conditions(border=border, side="left", friction=snow, date=date)
    ...     found = gb.travel_time(ends[:1], ends[1:], dem=dem, conditions=met)
    ...     return round(float(found.iloc[0, 0]), 1)
    >>> minutes("2027-07-01"), minutes("2027-01-15")
    (121.6, 243.2)

    A season needs a date:

    >>> gb.Conditions(friction=snow)
    Traceback (most recent call last):
        ...
    geoborder.errors.OptionError: `friction` has rows with a season; give a `date`.
    """

    border: gpd.GeoDataFrame | None = None
    side: Side | None = None
    barriers: gpd.GeoDataFrame | None = None
    within: gpd.GeoDataFrame | None = None
    friction: gpd.GeoDataFrame | None = None
    land_cover: str | Path | None = None
    land_cover_factors: Mapping[int, float] | None = None
    roads: gpd.GeoDataFrame | None = None
    date: date | str | None = field(default=None)

    def __post_init__(self) -> None:
        """Check everything at once, and leave out what is out of season."""
        if self.side not in (None, "left", "right"):
            msg = f"`side` must be 'left', 'right' or None, got {self.side!r}."
            raise OptionError(msg)
        if self.side is not None and self.border is None:
            msg = "`side` is a side of `border`; give the border as well."
            raise OptionError(msg)
        if (self.land_cover is None) != (self.land_cover_factors is None):
            msg = "`land_cover` and `land_cover_factors` go together; give both."
            raise OptionError(msg)
        _require_land_cover(self.land_cover, self.land_cover_factors)
        day = None if self.date is None else _day_of(self.date, "date")
        if self.border is not None:
            object.__setattr__(self, "border", as_border(self.border))
        for name, kinds in (
            ("barriers", LINES | POLYGONS),
            ("within", POLYGONS),
            ("friction", POLYGONS),
            ("roads", LINES),
        ):
            layer = _in_force(getattr(self, name), day, name=name, kinds=kinds)
            object.__setattr__(self, name, layer)

    def bars(self, *, roads: bool) -> gpd.GeoDataFrame | None:
        """
        Pick the barriers that count.

        Parameters
        ----------
        roads
            Those that close roads; else all.

        Returns
        -------
        GeoDataFrame or None
            In longitude and latitude.
        """
        layer = self.barriers
        if layer is None or not roads:
            return layer
        closed = layer.geometry.geom_type.isin(POLYGONS)
        if "bars_roads" in layer.columns:
            stated = layer["bars_roads"]
            odd = stated.notna() & ~stated.isin([True, False])
            if odd.any():
                msg = (
                    f"`barriers`, column 'bars_roads' in row {odd.idxmax()!r}: must be "
                    f"True or False, got {stated[odd.idxmax()]!r}."
                )
                raise DataError(msg)
            closed = stated.where(stated.notna(), closed).astype(bool)
        return layer[closed] if closed.any() else None


def as_conditions(conditions: object) -> Conditions:
    """
    Take conditions, or none.

    Parameters
    ----------
    conditions
        Conditions, or None.

    Returns
    -------
    Conditions
        Those given, or such that bar nothing.

    Raises
    ------
    OptionError
        If it is something else.
    """
    if conditions is None:
        return Conditions()
    if not isinstance(conditions, Conditions):
        msg = f"`conditions` must be Conditions, got {type(conditions).__name__}."
        raise OptionError(msg)
    return conditions


_NEEDED: Mapping[str, Collection[str]] = {
    "friction": ["factor"],
    "roads": ["speed_kmh"],
}
"""Columns of numbers that a layer must have."""


def _numbers(layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Check the column of numbers that a layer needs."""
    for column in _NEEDED.get(name, []):
        require_columns(layer, [column], name=name)
        values = pd.to_numeric(layer[column], errors="coerce").astype(float)
        for row, value in enumerate(values):
            if not value > 0.0:
                msg = (
                    f"`{name}`, column {column!r} in row {layer.index[row]!r}: must be "
                    f"a number above 0, got {layer[column].iloc[row]!r}."
                )
                raise DataError(msg)
        layer = layer.assign(**{column: values})
    return layer


def _require_land_cover(path: object, factors: object) -> None:
    """Check the type of a path, and factors of classes."""
    if path is not None and not isinstance(path, (str, Path)):
        msg = f"`land_cover` must be a path, got {type(path).__name__}."
        raise OptionError(msg)
    if factors is not None and not isinstance(factors, Mapping):
        msg = f"`land_cover_factors` must map classes to factors, got {factors!r}."
        raise OptionError(msg)
    for kind, factor in dict(factors or {}).items():
        if not isinstance(kind, (int, float, np.number)):
            msg = f"`land_cover_factors` must have classes as keys, got {kind!r}."
            raise OptionError(msg)
        number = isinstance(factor, (int, float, np.number))
        if not number or not float(factor) > 0.0:
            msg = f"`land_cover_factors` must be numbers above 0, got {factor!r}."
            raise OptionError(msg)


def _in_force(
    layer: Any,  # noqa: ANN401 - as it came
    day: tuple[int, int] | None,
    *,
    name: str,
    kinds: Collection[str],
) -> gpd.GeoDataFrame | None:
    """Check a layer, and keep the rows that count on a day; None if none does."""
    if layer is None or (isinstance(layer, _LAYERS) and len(layer) == 0):
        return None
    own = require_layer(layer, name=name, kinds=kinds)
    if not isinstance(own, gpd.GeoDataFrame):
        own = own.to_frame("geometry")
    own = _numbers(own[_in_season(own, day, name)], name)
    return own.reset_index(drop=True) if len(own) else None


def _day_of(value: object, name: str) -> tuple[int, int]:
    """Month and day of a date, or of text that ends in them."""
    if isinstance(value, date) and not pd.isna(value):
        return value.month, value.day
    match = _DAY.fullmatch(str(value))
    try:
        day = date(_LEAP, *(int(part) for part in match.groups())) if match else None
    except ValueError:
        day = None
    if day is None:
        msg = f"`{name}` must be a day, YYYY-MM-DD or MM-DD, got {value!r}."
        raise OptionError(msg)
    return day.month, day.day


def _in_season(
    layer: gpd.GeoDataFrame, day: tuple[int, int] | None, name: str
) -> BoolArray:
    """Which rows count on a day."""
    counts = np.ones(len(layer), dtype=bool)
    if not set(_SEASON) & set(layer.columns):
        return counts
    require_columns(layer, _SEASON, name=name)
    for row, (first, last) in enumerate(
        zip(layer["from_day"], layer["until_day"], strict=True)
    ):
        if pd.isna(first) and pd.isna(last):
            continue
        if pd.isna(first) or pd.isna(last):
            msg = (
                f"`{name}` has half a season in row {layer.index[row]!r}; give both "
                f"`from_day` and `until_day`, or neither."
            )
            raise DataError(msg)
        if day is None:
            msg = f"`{name}` has rows with a season; give a `date`."
            raise OptionError(msg)
        begin, end = _day_of(first, "from_day"), _day_of(last, "until_day")
        inside = begin <= day <= end
        if begin > end:  # over the new year
            inside = day >= begin or day <= end
        counts[row] = inside
    return counts
