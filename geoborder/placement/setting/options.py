"""What may be put where, and when: options and choices."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.errors import DataError, OptionError
from geoborder.geodesy import BoolArray, IntArray
from geoborder.placement.setting.places import Places
from geoborder.placement.setting.standing import Standing
from geoborder.placement.setting.supply import Supply
from geoborder.placement.setting.targeting import places_targeted
from geoborder.program import Program
from geoborder.program.figures import nearest_name
from geoborder.tables import require_columns

NEW, STAYS, LEAVES = 0, 1, 2
KINDS = np.array(["new", "stays", "leaves"], dtype=object)
"""Kinds of choices by their numbers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """
    Options and choices.

    Attributes
    ----------
    measure : ndarray of int
        Measure of each option among those of the supply; -1: it stands already.
    asset : ndarray of int
        Row of each option among what stands already; -1: it is new.
    site : ndarray of int
        Site of each option.
    kind : ndarray of int
        Position of each option's equipment in the catalogue.
    option, begin, end : ndarray of int
        Of each choice, as `Problem` has them.
    what : ndarray of int
        Whether each choice is `NEW`, `STAYS` or `LEAVES`.
    counts : ndarray of int
        Measure whose stock each choice draws on or, if it leaves, adds to; -1: none.
    fact : ndarray of bool
        Whether each choice is a fact.
    """

    measure: IntArray
    asset: IntArray
    site: IntArray
    kind: IntArray
    option: IntArray
    begin: IntArray
    end: IntArray
    what: IntArray
    counts: IntArray
    fact: BoolArray


def find_offer(
    program: Program,
    supply: Supply,
    places: Places,
    standing: Standing,
    segments: gpd.GeoDataFrame,
    *,
    facts: pd.DataFrame | None,
    first_open: int,
) -> Offer:
    """
    Pair measures with sites and years, as far as targets and sites allow.

    Parameters
    ----------
    program, supply, places, standing, segments
        As their modules give them.
    facts
        Choices made in any case: ``measure_id``, ``site_id``, ``from_year``.
    first_open
        Position of the first year in which something may still be decided.

    Returns
    -------
    Offer
        New options by measure and site, then what stands and may be moved; choices
        by option and year.

    Raises
    ------
    DataError
        If no candidate lies where a measure that is placed may go, or facts name
        something unknown.
    """
    fits = _fits(program, supply, places, segments)
    measure, site, year = _facts(program, supply, places, facts)
    known = fits.copy()
    known[site, measure] = True
    of, at = np.nonzero(known.T)
    fact = np.zeros((len(places.sites), len(supply.measures), len(program.years)), bool)
    fact[site, measure, year] = True
    fact = fact[at, of]
    starts = _starts(program, supply, places, standing, first_open)[at, of]
    starts &= fits[at, of][:, None]
    option, begin = np.nonzero(starts | fact)
    end = np.minimum(begin + supply.life[of[option]], len(program.years))
    moved = np.flatnonzero(standing.moves)
    choices = [
        (option, begin, end, np.full(option.size, NEW), of[option]),
        *_moves(program, supply, standing, moved, of.size),
    ]
    option, begin, end, what, counts = (
        np.concatenate(arrays).astype(np.int64) for arrays in zip(*choices, strict=True)
    )
    kinds = pd.Index(program.equipment).get_indexer(supply.pattern["equipment"])
    offer = Offer(
        measure=np.append(of, np.full(moved.size, -1)),
        asset=np.append(np.full(of.size, -1), moved),
        site=np.append(at, places.site_of[moved]),
        kind=np.append(kinds[of], standing.kind[moved]).astype(np.int64),
        option=option,
        begin=begin,
        end=end,
        what=what,
        counts=counts,
        fact=(what == NEW) & _at(fact, option, begin),
    )
    _require_once(offer, supply, places)
    return offer


def _fits(
    program: Program, supply: Supply, places: Places, segments: gpd.GeoDataFrame
) -> BoolArray:
    """Whether items of each measure may go to each site, shape (sites, measures)."""
    sites = places.sites
    chainage = sites["chainage_km"].to_numpy(float)
    segment = sites["segment"].to_numpy(np.int64)
    fits = np.empty((len(sites), len(supply.measures)), dtype=bool)
    for column, name in enumerate(supply.measures):
        fits[:, column] = places_targeted(
            program.measures[name].targets,
            segments,
            segment,
            chainage,
            where=f"measures.{name}.targets",
        )
        allowed = sites["equipment"].str.split()
        kind = supply.pattern["equipment"].iloc[column]
        fits[:, column] &= [not names or kind in names for names in allowed]
    if not fits[: places.candidates].any():
        near = float(sites["distance_km"].iloc[: places.candidates].min())
        msg = (
            f"`candidates` has no site where {', '.join(supply.measures)} may go: none "
            f"lies at a segment that their targets name and allows their equipment "
            f"(the nearest is {near:,.1f} km from the border)."
        )
        raise DataError(msg)
    return fits


def _facts(
    program: Program, supply: Supply, places: Places, facts: pd.DataFrame | None
) -> tuple[IntArray, IntArray, IntArray]:
    """Measure, site and year of each fact, as positions."""
    if facts is None or len(facts) == 0:
        none = np.empty(0, dtype=np.int64)
        return none, none, none
    require_columns(facts, ("measure_id", "site_id", "from_year"), name="facts")
    found = []
    for column, known in (
        ("measure_id", supply.measures),
        ("site_id", tuple(places.sites["site_id"])),
    ):
        names = facts[column].astype(str)
        number = pd.Index(known).get_indexer(names)
        if (number < 0).any():
            name = names[number < 0].iloc[0]
            hint = nearest_name(name, known)
            msg = f"`facts` names an unknown `{column}` {name!r}{hint}."
            raise DataError(msg)
        found.append(number.astype(np.int64))
    year = facts["from_year"].to_numpy(np.int64)
    outside = ~np.isin(year, program.years)
    if outside.any():
        msg = (
            f"`facts` has the year {year[outside][0]}; the programme runs "
            f"{program.first_year}-{program.last_year}."
        )
        raise DataError(msg)
    return found[0], found[1], year - program.first_year


def _starts(
    program: Program,
    supply: Supply,
    places: Places,
    standing: Standing,
    first_open: int,
) -> BoolArray:
    """Whether an item may start, shape (sites, measures, years): stock, life, dates."""
    years = np.arange(len(program.years))
    brought = supply.pattern["equipment"].to_numpy()
    moved = places.standing["equipment"].to_numpy()
    leaves = np.array(
        [standing.leaves[standing.moves & (moved == n)].min(initial=years.size)
         for n in brought]
    )  # fmt: skip
    some = (supply.stock > 0) | (years >= leaves[:, None])
    some &= (supply.life > 0)[:, None] & (years >= first_open)
    dated = places.sites["from_year"].fillna(program.first_year).to_numpy(np.int64)
    return np.asarray(some & (years >= dated[:, None] - program.first_year)[:, None, :])


def _moves(
    program: Program, supply: Supply, standing: Standing, moved: IntArray, first: int
) -> list[tuple[IntArray, ...]]:
    """Choices of what stands and may be moved: it stays, or leaves in a year."""
    brought = supply.pattern["equipment"].to_numpy()
    names = list(program.equipment)
    found: list[tuple[IntArray, ...]] = []
    for number, asset in enumerate(moved):
        year = np.arange(standing.leaves[asset], standing.end[asset])
        to = np.flatnonzero(brought == names[standing.kind[asset]])
        ends = np.append(standing.end[asset], np.repeat(year, to.size))
        whose = np.append(-1, np.tile(to, year.size))
        found.append(
            (
                np.full(ends.size, first + number),
                np.full(ends.size, standing.begin[asset]),
                np.maximum(ends, standing.begin[asset]),
                np.append(STAYS, np.full(ends.size - 1, LEAVES)),
                whose,
            )
        )
    return found


def _at(table: BoolArray, option: IntArray, year: IntArray) -> BoolArray:
    """Look up options and years, as far as the table has the options."""
    known = option < len(table)
    return np.asarray(known & table[np.where(known, option, 0), year])


def _require_once(offer: Offer, supply: Supply, places: Places) -> None:
    """Refuse facts that put an item where the same one still stands."""
    own = np.flatnonzero(offer.fact)
    same = offer.option[own[1:]] == offer.option[own[:-1]]
    again = np.flatnonzero(same & (offer.begin[own[1:]] < offer.end[own[:-1]]))
    if again.size:
        option = offer.option[own[again[0]]]
        msg = (
            f"`facts` puts {supply.measures[offer.measure[option]]!r} twice at site "
            f"{places.sites['site_id'].iloc[offer.site[option]]!r} at a time."
        )
        raise DataError(msg)


def first_open_year(program: Program, open_from: int | None) -> int:
    """
    Find the first year in which something may still be decided.

    Parameters
    ----------
    program
        The programme.
    open_from
        The year; None: the programme's first.

    Returns
    -------
    int
        Its position among the programme's years.

    Raises
    ------
    OptionError
        If it is after the programme's last year.
    """
    if open_from is None:
        return 0
    if not open_from <= program.last_year:
        msg = (
            f"`open_from` must not be after the programme's last year "
            f"{program.last_year}, got {open_from!r}."
        )
        raise OptionError(msg)
    return max(int(open_from) - program.first_year, 0)
