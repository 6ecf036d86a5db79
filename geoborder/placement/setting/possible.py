"""Rules about sites: which choices they never let be made."""

from __future__ import annotations

import numpy as np

from geoborder.geodesy import BoolArray, IntArray
from geoborder.placement.setting.options import NEW, Offer
from geoborder.placement.setting.standing import Standing
from geoborder.program import Program


def possible(program: Program, offer: Offer, standing: Standing) -> Offer:
    """
    Leave out choices that a rule about sites never lets be made.

    Parameters
    ----------
    program, offer, standing
        As their modules give them.

    Returns
    -------
    Offer
        Without these choices, and without options that have no other. Facts stay.
    """
    shape = (offer.site.size, standing.fixed.shape[2])
    closed = _closed(program, offer, standing)
    needs = needs_of(program)
    kept = np.ones(offer.option.size, dtype=bool)
    free = offer.fact | (offer.what != NEW)
    while True:
        bad = closed.copy()
        there = _count(offer, kept, standing.fixed.shape) + standing.fixed > 0
        for kind, other in needs:
            own = np.flatnonzero(offer.kind == kind)
            bad[own] |= ~there[offer.site[own], other]
        before = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
        np.cumsum(bad, axis=1, out=before[:, 1:])
        wrong = before[offer.option, offer.end] > before[offer.option, offer.begin]
        fine = kept & (free | ~wrong)
        if (fine == kept).all():
            return _select(offer, kept)
        kept = fine


def _closed(program: Program, offer: Offer, standing: Standing) -> BoolArray:
    """Whether what stands keeps options out in years, shape (options, years)."""
    rules, kinds = program.placement, list(program.equipment)
    counted = counted_kinds(program)
    fixed = standing.fixed[:, counted].sum(axis=1)
    movable = standing.movable[:, counted].sum(axis=1)
    full = (fixed >= rules.per_site) | (fixed + movable > rules.per_site)
    closed = full[offer.site] & counted[offer.kind][:, None]
    for pair in rules.incompatible:
        for one, other in (pair, pair[::-1]):
            own = np.flatnonzero(offer.kind == kinds.index(one))
            closed[own] |= standing.fixed[offer.site[own], kinds.index(other)] > 0
    return np.asarray(closed)


def counted_kinds(program: Program) -> BoolArray:
    """
    Tell which equipment counts towards what a site holds.

    Parameters
    ----------
    program
        The programme.

    Returns
    -------
    ndarray of bool
        By position in the catalogue: what covers, and does not stand on another.
    """
    return np.array(
        [
            kind.mode != "none" and name not in program.placement.requires
            for name, kind in program.equipment.items()
        ],
        dtype=bool,
    )


def needs_of(program: Program) -> list[tuple[int, int]]:
    """
    List equipment that needs another at its site.

    Parameters
    ----------
    program
        The programme.

    Returns
    -------
    list of tuple
        Both as positions in the catalogue.
    """
    kinds = list(program.equipment)
    needs = program.placement.requires.items()
    return [(kinds.index(one), kinds.index(other)) for one, other in needs]


def _count(offer: Offer, kept: BoolArray, shape: tuple[int, ...]) -> IntArray:
    """Count choices by site, equipment and year."""
    change = np.zeros((*shape[:2], shape[2] + 1), dtype=np.int64)
    own = np.flatnonzero(kept)
    place = (offer.site[offer.option[own]], offer.kind[offer.option[own]])
    np.add.at(change, (*place, offer.begin[own]), 1)
    np.subtract.at(change, (*place, offer.end[own]), 1)
    return np.asarray(change.cumsum(axis=2)[:, :, :-1])


def _select(offer: Offer, kept: BoolArray) -> Offer:
    """Keep some choices, and the options that have any."""
    own = np.flatnonzero(kept)
    used, option = np.unique(offer.option[own], return_inverse=True)
    return Offer(
        measure=offer.measure[used],
        asset=offer.asset[used],
        site=offer.site[used],
        kind=offer.kind[used],
        option=option.astype(np.int64),
        begin=offer.begin[own],
        end=offer.end[own],
        what=offer.what[own],
        counts=offer.counts[own],
        fact=offer.fact[own],
    )
