"""What was delivered: a table of dates, read against a plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import DataError, OptionError
from geoborder.plan import Plan
from geoborder.program.figures import nearest_name
from geoborder.tables import require_columns

STEPS = ("ordered", "delivered", "operational")
"""What becomes of an item, in order."""

_FACTS = ["asset_id", "measure_id", "site_id", "from_year", "status"]


def facts_of(plan: Plan, deliveries: pd.DataFrame, *, on: date | str) -> pd.DataFrame:
    """
    Gather what is fixed when a plan is made again.

    Parameters
    ----------
    plan
        The plan.
    deliveries, on
        As for `track_progress`.

    Returns
    -------
    DataFrame
        A row per item that is no longer open, in the order of the plan's assets:
        ``asset_id``, ``measure_id``, ``site_id`` (empty where the assets have
        none), ``from_year``, ``status``: ``delivered`` (by that date, in operation
        or not), ``late`` (due and not delivered) or ``cut``. ``from_year`` is the
        year in which the item began operation; if it has not, the year of the
        ``operational`` date that is expected, or else the planned one, and no
        earlier than the first year that has not ended. Cut items keep the planned
        one. Items that are not due are open, ordered or not.

    Raises
    ------
    DataError
        If a table is unusable (see `track_progress`).
    OptionError
        If `on` is not a date.

    Examples
    --------
    >>> import pandas as pd
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> deliveries = pd.DataFrame(
    ...     {
    ...         "asset_id": ["masts-001", "masts-002", "masts-003"],
    ...         "delivered": ["2026-05-02", "2026-06-30", None],
    ...         "operational": ["2026-07-01", None, None],
    ...         "status": [None, None, "cut"],
    ...     }
    ... )
    >>> gb.facts_of(plan, deliveries, on="2026-12-31").drop(columns="site_id")
        asset_id measure_id  from_year     status
    0  masts-001      masts       2026  delivered
    1  masts-002      masts       2027  delivered
    2  masts-003      masts       2027        cut
    """
    day = as_day(on)
    items = items_of(plan, deliveries, on=day)
    delivered = items["delivered"].notna() | items["operational"].notna()
    cut = items["status"] == "cut"
    late = ~delivered & ~cut & (items["from_year"] <= last_ended_year(day))
    began = items["operational"].map(lambda d: d.year, na_action="ignore")
    expected = items["expected"].map(lambda d: d.year, na_action="ignore")
    begins = expected.astype(float).fillna(items["from_year"].astype(float))
    begins = began.astype(float).fillna(begins.clip(lower=last_ended_year(day) + 1))
    from_year = begins.where(~cut, items["from_year"].astype(float))
    status = np.select([cut, delivered, late], ["cut", "delivered", "late"], "")
    table = items.assign(from_year=from_year.astype("Int64"), status=status)
    return table.loc[cut | delivered | late, _FACTS].reset_index(drop=True)


def as_day(on: date | str) -> date:
    """
    Read a date.

    Parameters
    ----------
    on
        A date, or ISO text such as 2027-06-30.

    Returns
    -------
    date
        The day.

    Raises
    ------
    OptionError
        If it is neither.
    """
    try:
        day = _day(on)
    except ValueError:
        day = None
    if day is None:
        msg = f"`on` must be a date, or text such as 2027-06-30, got {on!r}."
        raise OptionError(msg)
    return day


def last_ended_year(day: date) -> int:
    """
    Find the last year that has ended: an item is due by the end of its year.

    Parameters
    ----------
    day
        The day, on which its year ends if it is 31 December.

    Returns
    -------
    int
        The year.
    """
    return day.year if (day.month, day.day) == (12, 31) else day.year - 1


def items_of(plan: Plan, deliveries: pd.DataFrame, *, on: date) -> pd.DataFrame:
    """
    Set deliveries beside the assets of a plan that are to be delivered.

    Parameters
    ----------
    plan
        The plan.
    deliveries
        As for `track_progress`.
    on
        Later dates have not happened.

    Returns
    -------
    DataFrame
        A row per item, in the order of the plan's assets: ``asset_id``, ``name``,
        ``measure_id``, ``site_id``, ``segment_id``, ``quantity``, ``from_year``,
        ``until_year``, ``due`` (31 December of its first year), ``ordered``,
        ``delivered``, ``operational`` (dates up to `on`), ``expected`` (a later
        date of operation), ``cost``, ``paid``, ``status``: the last step taken,
        ``planned`` or ``cut``.
    """
    assets = to_deliver(plan.assets)
    dates = _checked(deliveries, plan, assets)
    dates = dates.set_index("asset_id").reindex(assets["asset_id"])
    items = pd.DataFrame(assets.drop(columns="geometry"))
    columns = ["name", "measure_id", "segment_id", "quantity", "from_year"]
    sites = items.get("site_id", [None] * len(items))
    items = items[["asset_id", *columns, "until_year", "cost"]]
    items.insert(3, "site_id", np.array(sites, dtype=object))
    items = items.reset_index(drop=True)
    items["due"] = [date(int(year), 12, 31) for year in items["from_year"]]
    for step in STEPS:
        happened = [None if d is None or d > on else d for d in _days(dates[step])]
        items[step] = pd.Series(happened, dtype=object)
    expected = [
        d if d is not None and d > on else None for d in _days(dates["operational"])
    ]
    items["expected"] = pd.Series(expected, dtype=object)
    items["paid"] = dates["paid"].fillna(0.0).to_numpy(float)
    # What is in operation was delivered, and what was delivered was ordered.
    reached = [items[list(STEPS[n:])].notna().any(axis=1) for n in range(len(STEPS))]
    status = np.select(reached[::-1], STEPS[::-1], "planned")
    items["status"] = np.where((dates["cut"] == 1.0).array, "cut", status)
    return items


def to_deliver(assets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Select what a programme brings: what measures bring, and what is placed by hand.

    Parameters
    ----------
    assets
        Assets as `assign_equipment` gives them.

    Returns
    -------
    GeoDataFrame
        Those of a measure, and those of status planned that have a first year.
    """
    by_hand = (assets["status"] == "planned") & assets["from_year"].notna()
    return assets[assets["measure_id"].notna() | by_hand]


def _days(column: pd.Series) -> list[date | None]:
    return [None if pd.isna(value) else value for value in column]


def _checked(
    deliveries: pd.DataFrame, plan: Plan, assets: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Read the table: asset_id, a column of dates per step, cut, paid."""
    if not isinstance(deliveries, pd.DataFrame):
        msg = f"`deliveries` must be a DataFrame, got {type(deliveries).__name__}."
        raise DataError(msg)
    require_columns(deliveries, ["asset_id"], name="deliveries")
    names = deliveries["asset_id"].astype(str)
    _require_known(names, plan, assets)
    table = pd.DataFrame({"asset_id": names})
    for step in STEPS:
        table[step] = pd.Series(
            list(_read_dates(deliveries, names, step)), index=table.index, dtype=object
        )
    table["cut"] = np.array(list(_read_cut(deliveries, names)), dtype=float)
    table["paid"] = np.array(list(_read_paid(deliveries, names)), dtype=float)
    _require_order(table, deliveries.index)
    return table


def _at(label: object, name: str) -> str:
    """Name a row for a message."""
    return f"`deliveries`, row {label!r} (asset {name!r})"


def _require_known(names: pd.Series, plan: Plan, assets: gpd.GeoDataFrame) -> None:
    """Refuse assets that the plan does not bring, and those that come twice."""
    known = tuple(assets["asset_id"])
    for label, name in names[~names.isin(known)].items():
        if name in set(plan.assets["asset_id"]):
            msg = (
                f"{_at(label, name)}: it stands already; deliveries are of what the "
                "programme brings."
            )
            raise DataError(msg)
        msg = (
            f"{_at(label, name)}: no such asset in the plan{nearest_name(name, known)}"
        )
        raise DataError(msg)
    twice = names[names.duplicated()]
    if len(twice):
        label, name = next(iter(twice.items()))
        msg = f"{_at(label, name)}: it has a row already; keep one row per asset."
        raise DataError(msg)


def _column(deliveries: pd.DataFrame, column: str) -> pd.Series:
    if column in deliveries.columns:
        return deliveries[column]
    return pd.Series([None] * len(deliveries), index=deliveries.index, dtype=object)


def _read_dates(
    deliveries: pd.DataFrame, names: pd.Series, step: str
) -> Iterator[date | None]:
    for (label, value), name in zip(
        _column(deliveries, step).items(), names, strict=True
    ):
        try:
            yield _day(value)
        except ValueError as error:
            msg = (
                f"{_at(label, name)}: {step} is {value!r}, which is no date; write it "
                "as 2027-06-30."
            )
            raise DataError(msg) from error


def _day(value: object) -> date | None:
    """Read a date; None where there is none."""
    if isinstance(value, str):
        text = value.strip()
        return datetime.fromisoformat(text).date() if text else None
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value).date()
    if isinstance(value, date):
        return value
    msg = "no date"
    raise ValueError(msg)


def _read_cut(deliveries: pd.DataFrame, names: pd.Series) -> Iterator[bool]:
    for (label, value), name in zip(
        _column(deliveries, "status").items(), names, strict=True
    ):
        text = "" if pd.isna(value) else str(value).strip()
        if text not in {"", "cut"}:
            msg = f"{_at(label, name)}: status must be cut or empty, got {value!r}."
            raise DataError(msg)
        yield text == "cut"


def _read_paid(deliveries: pd.DataFrame, names: pd.Series) -> Iterator[float]:
    for (label, value), name in zip(
        _column(deliveries, "paid").items(), names, strict=True
    ):
        if pd.isna(value) or (isinstance(value, str) and not value.strip()):
            yield 0.0
            continue
        try:
            paid = float(value)
        except (TypeError, ValueError):
            paid = np.nan
        if not 0.0 <= paid < np.inf:
            msg = (
                f"{_at(label, name)}: paid must be a number of at least 0, got "
                f"{value!r}."
            )
            raise DataError(msg)
        yield paid


def _require_order(table: pd.DataFrame, labels: pd.Index) -> None:
    """Refuse dates out of order, and cut items that came all the same."""
    days = zip(*(_days(table[step]) for step in STEPS), strict=True)
    for label, name, cut, steps in zip(
        labels, table["asset_id"], table["cut"], days, strict=True
    ):
        known = [(day, step) for day, step in zip(steps, STEPS, strict=True) if day]
        for (earlier, before), (later, after) in pairwise(known):
            if later < earlier:
                msg = (
                    f"{_at(label, name)}: {after} on {later}, before it was {before} "
                    f"on {earlier}."
                )
                raise DataError(msg)
        if cut and known and known[-1][1] != "ordered":
            day, step = known[-1]
            msg = f"{_at(label, name)}: it is cut, yet {step} on {day}; keep one."
            raise DataError(msg)
