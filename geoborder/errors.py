"""Errors that geoborder raises for a user's mistake; all share one root."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class GeoborderError(Exception):
    """
    Root of every error that geoborder raises on purpose.

    Examples
    --------
    >>> import geoborder as gb
    >>> try:
    ...     gb.load_border("TJK", "TKM")
    ... except gb.GeoborderError as error:
    ...     print(error)
    TJK and TKM do not touch: they are 106.457 km apart.
    """


class DataError(GeoborderError):
    """
    A layer or table is unusable: no CRS, empty, wrong type, missing column.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoborder as gb
    >>> posts = gpd.GeoSeries(gpd.points_from_xy([71.55], [37.49]))
    >>> try:
    ...     gb.locate(posts, gb.load_border())
    ... except gb.DataError as error:
    ...     print(str(error).partition("; ")[0])
    `points` has no CRS
    """


class BorderError(DataError):
    """
    A border line cannot be made: no contact, a gap, or a fork.

    Examples
    --------
    >>> import textwrap
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> import geoborder as gb
    >>> west = LineString([(70, 37), (71, 37)])
    >>> east = LineString([(71.001, 37), (72, 37)])
    >>> try:
    ...     gb.as_border(gpd.GeoSeries([west, east], crs=4326))
    ... except gb.BorderError as error:
    ...     print(textwrap.fill(str(error), 72))
    `border` is in 2 pieces that do not join: the narrowest gap is 89.0 m,
    from longitude 71.000000, latitude 37.000000 to 71.001000, 37.000000.
    Close it, or pass each piece as a border of its own with a column
    `border_id`.
    """


class ProgramError(GeoborderError):
    """
    A programme file is wrong; the message names file, line and the mend.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import geoborder as gb
    >>> file = Path(tempfile.mkdtemp()) / "my.yaml"
    >>> _ = file.write_text("first_yaer: 2026")
    >>> try:
    ...     gb.load_program(file)
    ... except gb.ProgramError as error:
    ...     print(str(error).replace(str(file), file.name))
    my.yaml:1: first_yaer: unknown key; did you mean 'first_year'? (4 more faults)
    """


class OptionError(GeoborderError, ValueError):
    """
    An argument is out of its range or clashes with another.

    Examples
    --------
    >>> import geoborder as gb
    >>> try:
    ...     gb.segment_border(gb.load_border(), length_km=-10)
    ... except gb.OptionError as error:
    ...     print(error)
    `length_km` must be finite and more than 0.001, got -10.
    """


class InfeasibleError(GeoborderError):
    """
    No placement meets all demands; `demands` tells what would mend it.

    Attributes
    ----------
    demands : DataFrame
        Demands that must give way: ``kind``, ``subject``, ``year``, ``unit``,
        ``short_by`` (how much is missing), ``alone`` (whether it is enough that this
        kind gives way; else all of them must), ``proven`` (whether less is not
        enough). Empty where that was not found in time.

    Examples
    --------
    >>> import textwrap
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     budgets={2026: 2000, 2027: 2000},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ...     placement={"floors": [{"share": 0.9, "by": 2026}]},
    ... )
    >>> border = gb.load_border("AND", "FRA")
    >>> sites = gb.propose_sites(program, border, line_spacing_km=10)
    >>> try:
    ...     gb.place(program, border, sites)
    ... except gb.InfeasibleError as error:
    ...     print(textwrap.fill(str(error), 72))
    ...     print(error.demands[["kind", "subject", "year", "short_by"]].round(1))
    No placement meets all demands. This would do: floor: 90 % of the border
    by 2026 -> 50.9 %, 90 % of the border by 2027 -> 84.3 %.
        kind     subject  year  short_by
    0  floor  the border  2026      18.0
    1  floor  the border  2027       2.6
    """

    def __init__(self, message: str, demands: pd.DataFrame) -> None:
        super().__init__(message)
        self.demands = demands


class GeoborderWarning(UserWarning):
    """
    A result is usable, but something about it should be known.

    Examples
    --------
    >>> import warnings
    >>> import geoborder as gb
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     dem = gb.open_dem(bounds=(75, 37, 77, 38))
    >>> told[0].category.__name__
    'GeoborderWarning'
    >>> "covers 50% of what is asked for" in str(told[0].message)
    True
    """
