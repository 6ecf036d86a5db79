"""Why each item stands where it does, from that year on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.placement.greedy import State, Tables, make
from geoborder.placement.search import state_of, tables_of
from geoborder.placement.setting import Setting
from geoborder.placement.tally import cell_km

_LITTLE = 1e-6
"""Less than this of a limit, or of a kilometre, is nothing."""

COLUMNS = (
    "alone_km",
    "shared_km",
    "cost_per_km",
    "worth",
    "runner_up_site",
    "runner_up_loss",
    "why_year",
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """A placement, with what undoing its choices changes."""

    setting: Setting
    km: FloatArray
    tables: Tables
    state: State
    columns: csc_array
    by_measure: dict[tuple[object, int], IntArray]


def reasons_of(setting: Setting, chosen: BoolArray) -> pd.DataFrame:
    """
    Give the reason for every item that is placed.

    Parameters
    ----------
    setting
        The setting.
    chosen
        Whether each choice is made.

    Returns
    -------
    DataFrame
        A row per item that is placed, indexed by its choice: ``alone_km`` (border
        that counts as covered only because of it, in the last year of the programme
        in which it stands; where detection counts, km times the probability that it
        adds), ``shared_km`` (what it covers that would count without it),
        ``cost_per_km`` (its whole cost per km of ``alone_km``), ``worth`` (weighted
        km, summed over the years, that would be lost without it),
        ``runner_up_site`` (the best other site that there is room for, for the same
        measure in the same year), ``runner_up_loss`` (weighted km that would be lost
        there), ``why_year`` (why not a year earlier).
    """
    problem = setting.problem
    tables = tables_of(problem)._replace(partial=0.0)
    kind = setting.choices["kind"].to_numpy()
    new = np.flatnonzero((kind == "new") & chosen)
    measure = setting.choices["measure_id"].to_numpy(dtype=object)
    groups = pd.DataFrame({"m": measure, "y": problem.begin})[kind == "new"]
    scene = _Scene(
        setting=setting,
        km=cell_km(setting),
        tables=tables,
        state=state_of(problem, tables, chosen),
        columns=csc_array(problem.rows),
        by_measure={
            key: np.asarray(rows, dtype=np.int64)
            for key, rows in groups.groupby(["m", "y"]).groups.items()
        },
    )
    rows = [_reason(scene, int(choice)) for choice in new]
    return pd.DataFrame(rows, columns=list(COLUMNS), index=new)


def _reason(scene: _Scene, choice: int) -> tuple[object, ...]:
    """Undo a choice, look at what is lost and what else there is room for, redo it."""
    problem = scene.setting.problem
    year = int(problem.end[choice]) - 1
    option = int(problem.option[choice])
    own = slice(*problem.covers.indptr[option : option + 2])
    cells = problem.covers.indices[own]
    before = _covered(scene, cells, year)
    make(scene.tables, scene.state, choice, -1.0)
    lost = before - _covered(scene, cells, year)
    worth = _gain(scene, np.array([choice]))[0]
    site, loss = _runner_up(scene, choice, worth)
    why = _why_year(scene, choice, worth)
    make(scene.tables, scene.state, choice, 1.0)
    alone = float(scene.km[cells] @ lost)
    shared = float(scene.km[cells] @ (before - lost))
    per_km = problem.costs[choice] / alone if alone > _LITTLE else np.nan
    return alone, shared, per_km, worth, site, loss, why


def _covered(scene: _Scene, cells: IntArray, year: int) -> FloatArray:
    sums = scene.state.sums[cells, year]
    if scene.setting.problem.detection:
        return np.asarray(-np.expm1(-sums))
    need = scene.setting.problem.required[cells]
    return np.asarray((sums >= need - 1e-9).astype(float))


def _gain(scene: _Scene, choices: IntArray) -> FloatArray:
    """Tell what choices would gain as things stand."""
    problem = scene.setting.problem
    total = np.zeros((scene.state.gains.shape[0], problem.years + 1))
    option = problem.option[choices]
    used = np.unique(option)
    total[used, 1:] = scene.state.gains[used].cumsum(axis=1)
    return total[option, problem.end[choices]] - total[option, problem.begin[choices]]


def _short(scene: _Scene, choice: int) -> list[tuple[int, float]]:
    """Limits that a choice would break, and by how much."""
    own = slice(*scene.columns.indptr[choice : choice + 2])
    rows, more = scene.columns.indices[own], scene.columns.data[own]
    left = scene.state.room[rows] - more
    slack = _LITTLE * np.maximum(1.0, np.abs(scene.setting.problem.limits[rows]))
    return [
        (int(row), float(-over))
        for row, taken, over, free in zip(rows, more, left, slack, strict=True)
        if taken > 0 and over < -free
    ]


def _runner_up(scene: _Scene, choice: int, worth: float) -> tuple[object, float]:
    """Find the best other site for the same measure in the same year."""
    table = scene.setting.choices
    key = (table["measure_id"].iloc[choice], int(scene.setting.problem.begin[choice]))
    others = scene.by_measure[key]
    others = others[~scene.state.chosen[others] & (others != choice)]
    gains = _gain(scene, others)
    for turn in np.argsort(-gains, kind="stable"):
        if not _short(scene, int(others[turn])):
            site = table["site_id"].iloc[int(others[turn])]
            return site, max(0.0, float(worth - gains[turn]))
    return None, np.nan


def _why_year(scene: _Scene, choice: int, worth: float) -> str:
    """Say why an item does not begin a year earlier."""
    setting, problem = scene.setting, scene.setting.problem
    first = int(setting.years[0])
    year = first + int(problem.begin[choice])
    if setting.choices["fact"].iloc[choice]:
        return "It is a fact."
    if year == first:
        return f"{year} is the programme's first year."
    same = np.flatnonzero(
        (problem.option == problem.option[choice])
        & (problem.begin == problem.begin[choice] - 1)
        & (setting.choices["kind"] == "new").to_numpy()
    )
    if same.size == 0:
        return f"Nothing of this measure can be placed there before {year}."
    earlier = int(same[0])
    short = _short(scene, earlier)
    if short:
        told = [_told(setting, row, by, year - 1) for row, by in short[:2]]
        return f"In {year - 1} " + ", and ".join(told) + "."
    more = _gain(scene, np.array([earlier]))[0] - worth
    if more <= _LITTLE:
        return f"In {year - 1} it would add nothing."
    return f"In {year - 1} it would add {more:,.1f} more: within the plan's gap."


def _told(setting: Setting, row: int, short: float, year: int) -> str:
    """Say which limit stands in the way."""
    limit = setting.rows.iloc[row]
    same = pd.isna(limit["year"]) or limit["year"] == year
    when = "" if same else f" by {limit['year']}"
    kind = limit["kind"]
    if kind == "budget":
        return f"the budget{when} is {short:,.0f} {limit['unit']} short of it"
    if kind == "stock":
        return f"the stock of {limit['subject']}{when} is all placed"
    if kind == "requires":
        return f"what it requires is not there ({limit['subject']})"
    return f"the site is taken{when} ({limit['subject']})"


def sentence(item: pd.Series, currency: str) -> str:
    """
    Put an item's reason into words.

    Parameters
    ----------
    item
        A row of a placement's items.
    currency
        The programme's.

    Returns
    -------
    str
        Two or three sentences.
    """
    parts = []
    if item["alone_km"] > _LITTLE:
        text = f"Covers {item['alone_km']:,.1f} km that nothing else does"
        if item["shared_km"] > _LITTLE:
            text += f" and {item['shared_km']:,.1f} km that others cover too"
        parts.append(f"{text}, for {item['cost_per_km']:,.0f} {currency} per added km.")
    else:
        parts.append(
            f"By the end of its time others cover its {item['shared_km']:,.1f} km too; "
            f"until then it adds {item['worth']:,.1f} weighted km."
        )
    if item["runner_up_site"] is None or pd.isna(item["runner_up_site"]):
        parts.append("There is room for it at no other site.")
    else:
        parts.append(
            f"The next best site, {item['runner_up_site']}, would lose "
            f"{item['runner_up_loss']:,.1f} weighted km."
        )
    return " ".join([*parts, item["why_year"]])
