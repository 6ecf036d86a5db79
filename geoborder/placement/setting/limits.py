"""What choices must keep within: money, stock, and rules about sites."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from geoborder.geodesy import BoolArray
from geoborder.placement.merging import spread
from geoborder.placement.setting.options import LEAVES, NEW, STAYS
from geoborder.placement.setting.scene import (
    Limits,
    Scene,
    joined,
    limits_of,
    no_limits,
)
from geoborder.placement.setting.site_limits import site_limits


def find_limits(scene: Scene) -> Limits:
    """
    Write down what choices must keep within.

    Parameters
    ----------
    scene
        The choices, and all that limits rest on.

    Returns
    -------
    Limits
        Without rows that can never bind, but for budgets; identical rows once. What
        facts alone exceed is raised to fit them, but for budgets.
    """
    limits = joined(
        [_budgets(scene), _stock(scene), *site_limits(scene), _moved(scene)]
    )
    return _lean(limits, scene.offer.fact)


def _lean(limits: Limits, fact: BoolArray) -> Limits:
    """Let facts fit, and leave out rows that never bind or stand there already."""
    money = (limits.table["kind"] == "budget").to_numpy()
    done = limits.matrix @ fact.astype(float)
    sides = np.where(money, limits.limits, np.maximum(limits.limits, done))
    plus = limits.matrix.copy()
    plus.data = np.maximum(plus.data, 0.0)
    most = np.asarray(plus.sum(axis=1)).ravel()
    kept = np.flatnonzero(money | (most > sides))
    # Rows are told apart by sums of random numbers, which wrap round.
    random = np.random.default_rng(0).integers(
        1, 2**62, size=(limits.matrix.shape[1], 2), dtype=np.int64
    )
    factors = csr_array(limits.matrix[kept])
    factors.data = factors.data.round().astype(np.int64)
    own = np.where(money[kept], kept, -1)  # every budget is a row of its own
    keys = np.column_stack((factors @ random, sides[kept].view(np.int64), own))
    _, first = np.unique(keys, axis=0, return_index=True)
    kept = kept[np.sort(first)]
    return Limits(
        matrix=csr_array(limits.matrix[kept]),
        limits=sides[kept],
        table=limits.table.iloc[kept].reset_index(drop=True),
    )


def _budgets(scene: Scene) -> Limits:
    """Money spent in each year, or up to it where it carries over."""
    offer, supply, years = scene.offer, scene.supply, scene.years
    if supply.money is None:
        return no_limits(scene)
    year = np.arange(years)[:, None]
    lasting = (offer.begin <= year) & (year < offer.end) & (offer.what == NEW)
    when = np.where(offer.what == NEW, offer.begin, offer.end)
    spent = scene.paid * (when == year) + scene.running * lasting
    money = supply.money
    if scene.program.placement.carry_over:
        spent, money = spent.cumsum(axis=0), money.cumsum()
    own = np.arange(scene.first_open, years)
    row, choice = np.nonzero(spent[own])
    return limits_of(
        scene,
        "budget",
        (row, choice, spent[own][row, choice]),
        money[own],
        own,
        ["budget"] * own.size,
        unit=scene.program.currency,
    )


def _stock(scene: Scene) -> Limits:
    """Items of each measure that began up to each year; what leaves gives one back."""
    offer, supply, years = scene.offer, scene.supply, scene.years
    when = np.where(offer.what == NEW, offer.begin, offer.end)
    factor = np.where(offer.what == NEW, 1.0, -scene.items)
    own = np.flatnonzero(offer.what != STAYS)
    choice, later = spread(years - when[own])
    choice = own[choice]
    year = when[choice] + later
    measure = offer.counts[choice]
    numbers = np.arange(supply.stock.size).reshape(supply.stock.shape)
    rows = numbers[:, scene.first_open :].ravel()
    kept = year >= scene.first_open
    row = np.searchsorted(rows, (measure * years + year)[kept])
    names = [supply.measures[m] for m in rows // years]
    part = limits_of(
        scene,
        "stock",
        (row, choice[kept], factor[choice[kept]]),
        supply.stock.ravel()[rows].astype(float),
        rows % years,
        names,
    )
    units = [scene.program.measures[name].unit for name in names]
    return Limits(part.matrix, part.limits, part.table.assign(unit=units))


def _moved(scene: Scene) -> Limits:
    """As much begins elsewhere in a year as leaves in it."""
    offer, supply, years = scene.offer, scene.supply, scene.years
    gone = np.flatnonzero(offer.what == LEAVES)
    rows = np.unique(offer.counts[gone] * years + offer.end[gone])
    new = np.flatnonzero(offer.what == NEW)
    place = offer.counts[new] * years + offer.begin[new]
    new, place = new[np.isin(place, rows)], place[np.isin(place, rows)]
    row = np.searchsorted(
        rows, np.append(offer.counts[gone] * years + offer.end[gone], place)
    )
    return limits_of(
        scene,
        "moved",
        (row, np.append(gone, new), np.append(scene.items[gone], -np.ones(new.size))),
        np.zeros(rows.size),
        rows % years,
        [supply.measures[m] for m in rows // years],
    )
