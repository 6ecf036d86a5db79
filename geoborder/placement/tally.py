"""What choices come to: kilometres covered, money spent, the longest gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoborder.geodesy import BoolArray, FloatArray
from geoborder.placement.setting import Setting


def cell_km(setting: Setting) -> FloatArray:
    """
    Measure how much border each column of the problem's cover stands for.

    Parameters
    ----------
    setting
        The setting.

    Returns
    -------
    ndarray
        Km, shape (columns,).
    """
    kept = (setting.merged >= 0) & (setting.cells["segment"] >= 0).to_numpy()
    km = setting.cells["length_km"].to_numpy(float)
    size = setting.problem.covers.shape[1]
    return np.bincount(setting.merged[kept], km[kept], minlength=size).astype(float)


def longest_gap(setting: Setting, chosen: BoolArray, year: int) -> float:
    """
    Measure the longest stretch that fewer assets cover than must.

    Parameters
    ----------
    setting
        The setting.
    chosen
        Whether each choice is made.
    year
        Position of the year.

    Returns
    -------
    float
        Km; 0 where everything is covered.
    """
    covered = setting.problem.covered(chosen)[:, year] > 0.5  # noqa: PLR2004 - or not
    met = np.zeros(len(setting.cells), dtype=bool)
    kept = setting.merged >= 0
    met[kept] = covered[setting.merged[kept]]
    length = np.where(met, 0.0, setting.cells["length_km"].to_numpy(float))
    line = setting.cells["border_id"].to_numpy()
    fresh = np.append(True, (line[1:] != line[:-1]) | met[1:] | met[:-1])
    return float(np.bincount(np.cumsum(fresh) - 1, length).max())


def by_year(
    setting: Setting, chosen: BoolArray, limit_prices: FloatArray
) -> pd.DataFrame:
    """
    Set what is covered against what is spent, by year.

    Parameters
    ----------
    setting
        The setting.
    chosen
        Whether each choice is made.
    limit_prices
        What a unit more of each limit would be worth, shape (rows,).

    Returns
    -------
    DataFrame
        Indexed by ``year``: ``items`` (placed in it), ``spent`` (on what is placed:
        buying in its first year, running it in each), ``budget`` (what everything
        else leaves for it; empty where there is no budget or the year is past; of
        the first open year with what is left of those before), ``left`` (of the
        year, or of all years until then where money carries over), ``covered_km``,
        ``share``, ``longest_gap_km``, ``price_per_million`` (weighted km, summed
        over the years, that one more million of this year's money would add at most,
        by the linear relaxation).
    """
    problem, years = setting.problem, setting.years
    km = cell_km(setting)
    covered = problem.covered(chosen)
    on = (setting.cells["segment"] >= 0).to_numpy()
    length = float(setting.cells["length_km"].to_numpy(float)[on].sum())
    new = (setting.choices["kind"] == "new").to_numpy() & chosen
    table = pd.DataFrame(index=pd.Index(years, name="year"))
    table["items"] = np.bincount(problem.begin[new], minlength=years.size)
    spent = _spent(setting, chosen)
    budget = (setting.rows["kind"] == "budget").to_numpy()
    limits, left = np.full(years.size, np.nan), np.full(years.size, np.nan)
    price = limits.copy()
    at = setting.rows["year"].to_numpy(dtype=object)[budget].astype(int) - years[0]
    limits[at] = problem.limits[budget]
    left[at] = (limits - (spent.cumsum() if setting.carry_over else spent))[at]
    price[at] = limit_prices[budget]
    if setting.carry_over and at.size:
        limits[at] = np.diff(limits[at], prepend=spent[: at[0]].sum())
        price[at] = price[at][::-1].cumsum()[::-1]
    table["spent"], table["budget"] = spent.round(2), limits.round(2)
    table["left"] = left.round(2)
    table["covered_km"] = km @ covered
    table["share"] = table["covered_km"] / length
    gaps = [longest_gap(setting, chosen, year) for year in range(years.size)]
    table["longest_gap_km"] = gaps
    table["price_per_million"] = (price * 1e6).round(6)
    return table


def _spent(setting: Setting, chosen: BoolArray) -> FloatArray:
    """Add up what is bought, moved and run in each year."""
    problem, size = setting.problem, setting.years.size
    kind = setting.choices["kind"].to_numpy()
    new = np.flatnonzero(chosen & (kind == "new"))
    gone = np.flatnonzero(chosen & (kind == "leaves"))
    option = problem.option[new]
    price = setting.options["cost"].to_numpy(float)[option]
    running = setting.options["running_cost_per_year"].to_numpy(float)[option]
    begin, end = problem.begin[new], problem.end[new]
    flow = np.bincount(begin, running, minlength=size + 1)
    flow -= np.bincount(end, running, minlength=size + 1)
    spent = flow.cumsum()[:size] + np.bincount(begin, price, minlength=size)
    spent += np.bincount(problem.end[gone], problem.costs[gone], minlength=size)
    return np.asarray(spent)


def floors_reached(setting: Setting, chosen: BoolArray) -> pd.DataFrame:
    """
    Set what each floor asks for against what is reached.

    Parameters
    ----------
    setting
        The setting.
    chosen
        Whether each choice is made.

    Returns
    -------
    DataFrame
        ``subject``, ``year``, ``share``, ``need_km``, ``reached_km``, a row per
        floor of units or other targets.
    """
    reached = setting.problem.floors @ setting.problem.covered(chosen).ravel()
    table = setting.floors.assign(reached_km=reached)
    own = table["kind"] == "floor"
    columns = ["subject", "year", "share", "need_km", "reached_km"]
    return table.loc[own, columns].reset_index(drop=True)
