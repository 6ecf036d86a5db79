"""Limits of sites: how many items at a time, and which beside which."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoborder.geodesy import BoolArray, FloatArray, IntArray
from geoborder.placement.merging import spread
from geoborder.placement.setting.options import NEW
from geoborder.placement.setting.possible import counted_kinds, needs_of
from geoborder.placement.setting.scene import (
    Entries,
    Limits,
    Scene,
    joined,
    limits_of,
    no_limits,
)


def _active_rows(
    scene: Scene,
    group: IntArray,
    choice: IntArray,
    factor: FloatArray,
    room: FloatArray,
) -> tuple[Entries, IntArray]:
    """
    Rows that hold what is active in a group in each year within its room.

    A year whose choices are all active in the next or the last one too, with no more
    room there, follows from that one and gets no row.

    Parameters
    ----------
    group, choice, factor
        Of each member: group, choice, and what it counts.
    room
        Shape (groups, years); infinite: no row.

    Returns
    -------
    entries, rows
        Entries as `_part` takes them; rows as ``group * years + year``.
    """
    offer, years = scene.offer, scene.years
    begin, end = offer.begin[choice], offer.end[choice]
    live = begin < end
    change = np.zeros((2, len(room), years + 1), dtype=bool)
    change[0, group[live], begin[live]] = True
    change[1, group[live], end[live]] = True
    begins, ends = change[:, :, :years]
    forward = np.zeros(room.shape, dtype=bool)
    forward[:, :-1] = ~ends[:, 1:] & (room[:, 1:] <= room[:, :-1])
    back = np.zeros(room.shape, dtype=bool)
    back[:, 1:] = ~begins[:, 1:] & (room[:, :-1] <= room[:, 1:]) & ~forward[:, :-1]
    # What was before the first open year is past, and says nothing about it.
    if scene.first_open:
        back[:, scene.first_open] = False
    needed = ~forward & ~back & np.isfinite(room)
    needed[:, : scene.first_open] = False
    member, later = spread(end - begin)
    year = begin[member] + later
    kept = needed[group[member], year]
    number = (group[member] * years + year)[kept]
    rows, row = np.unique(number, return_inverse=True)
    return (row, choice[member[kept]], factor[member[kept]]), rows


def site_limits(scene: Scene) -> list[Limits]:
    """
    Write down how many items may be at a site at a time, and which beside which.

    Parameters
    ----------
    scene
        The choices, and all that limits rest on.

    Returns
    -------
    list of Limits
        Items at a site; equipment that is never at one site; equipment that needs
        other; options that are there once at a time.
    """
    return [_per_site(scene), _pairs(scene), _requires(scene), _once(scene)]


def _per_site(scene: Scene) -> Limits:
    """Items at a site at a time."""
    offer, standing = scene.offer, scene.standing
    counted = counted_kinds(scene.program)
    fixed = standing.fixed[:, counted].sum(axis=1)
    there = fixed + standing.movable[:, counted].sum(axis=1)
    most = scene.program.placement.per_site
    room = np.where(there > most, np.inf, (most - fixed).astype(float))
    choice = np.flatnonzero(counted[offer.kind[offer.option]])
    group = offer.site[offer.option[choice]]
    entries, rows = _active_rows(scene, group, choice, scene.items[choice], room)
    names = scene.places.sites["site_id"].to_numpy()[rows // scene.years]
    return limits_of(
        scene,
        "site",
        entries,
        room.ravel()[rows],
        rows % scene.years,
        list(names),
    )


def _once(scene: Scene) -> Limits:
    """Each option at most once at a time; what stands stays or leaves, not both."""
    offer, program = scene.offer, scene.program
    own = offer.what == NEW
    if program.placement.per_site == 1:  # then sites see to it
        own &= ~counted_kinds(program)[offer.kind[offer.option]]
    choice = np.flatnonzero(own)
    group = offer.option[choice]
    room = np.ones((offer.site.size, scene.years))
    ones = np.ones(choice.size)
    entries, rows = _active_rows(scene, group, choice, ones, room)
    new = limits_of(
        scene,
        "one",
        entries,
        np.ones(rows.size),
        rows % scene.years,
        list(scene.names[rows // scene.years]),
    )
    choice = np.flatnonzero(offer.what != NEW)
    standing, row = np.unique(offer.option[choice], return_inverse=True)
    ones = np.ones(choice.size)
    size = standing.size
    old = limits_of(
        scene,
        "one",
        (
            np.append(row, row + size),
            np.append(choice, choice),
            np.append(ones, -ones),
        ),
        np.repeat([1.0, -1.0], size),
        np.full(2 * size, -1),
        list(np.tile(scene.names[standing], 2)),
    )
    return joined([new, old])


def _pairs(scene: Scene) -> Limits:
    """Equipment that is never at one site at a time."""
    offer, program = scene.offer, scene.program
    kinds, counted = list(program.equipment), counted_kinds(program)
    options = pd.DataFrame(
        {"option": np.arange(offer.site.size), "site": offer.site, "kind": offer.kind}
    )
    found = [np.empty((0, 2), dtype=np.int64)]
    for names in {tuple(sorted(p)): None for p in program.placement.incompatible}:
        one, other = (kinds.index(name) for name in names)
        if program.placement.per_site == 1 and counted[one] and counted[other]:
            continue  # then sites see to it
        both = options[options["kind"] == one].merge(
            options[options["kind"] == other], on="site", suffixes=("", "_other")
        )
        found.append(both[["option", "option_other"]].to_numpy(np.int64))
    pairs = np.concatenate(found)
    old = offer.asset >= 0
    pairs = pairs[~old[pairs].all(axis=1)]
    order = np.argsort(offer.option, kind="stable")
    many = np.bincount(offer.option, minlength=offer.site.size)
    first = np.cumsum(many) - many
    member, place = spread(many[pairs.ravel()])
    choice = order[first[pairs.ravel()[member]] + place]
    entries, rows = _active_rows(
        scene,
        member // 2,
        choice,
        np.ones(choice.size),
        np.where(_ever(scene)[pairs].all(axis=1), 1.0, np.inf),
    )
    names_of = scene.names[pairs[rows // scene.years]]
    return limits_of(
        scene,
        "pair",
        entries,
        np.ones(rows.size),
        rows % scene.years,
        [f"{one} and {other}" for one, other in names_of],
    )


def _ever(scene: Scene) -> BoolArray:
    """Whether any choice of an option is active in a year, shape (options, years)."""
    offer = scene.offer
    choice, later = spread(offer.end - offer.begin)
    ever = np.zeros((offer.site.size, scene.years), dtype=bool)
    ever[offer.option[choice], offer.begin[choice] + later] = True
    return ever


def _requires(scene: Scene) -> Limits:
    """Equipment only while what it needs stands at its site."""
    kinds = list(scene.program.equipment)
    parts = [no_limits(scene)]
    for one, other in needs_of(scene.program):
        # Rows: an option in a year, then what stands already at a site in a year.
        wanted, site = _in_need(scene, one, other)
        options = wanted.shape[0] - len(scene.places.sites)
        entries = _need_entries(scene, site[:options], one, other)
        group, choice, year, factor = entries
        kept = wanted[group, year]
        number = (group * scene.years + year)[kept]
        rows, row = np.unique(number, return_inverse=True)
        whose = rows // scene.years
        names = np.append(
            scene.names[scene.offer.kind == one], scene.places.sites["site_id"]
        )
        parts.append(
            limits_of(
                scene,
                "requires",
                (row, choice[kept], factor[kept]),
                np.where(whose < options, 0.0, -1.0),
                rows % scene.years,
                [f"{name} needs {kinds[other]}" for name in names[whose]],
            )
        )
    return joined(parts)


def _in_need(scene: Scene, one: int, other: int) -> tuple[BoolArray, IntArray]:
    """
    Tell what needs a choice of other equipment beside it in which years.

    Returns whether it does, of options of the one kind and then of what stands at each
    site, shape (groups, years), and the groups' sites. What stands already without it
    does not need it now.
    """
    offer, standing = scene.offer, scene.standing
    needing = np.flatnonzero(offer.kind == one)
    site, old = offer.site[needing], offer.asset[needing] >= 0
    fixed = standing.fixed[:, other] > 0
    stood = fixed | (standing.movable[:, other] > 0)
    mine = ~fixed[site] & (stood[site] | ~old[:, None])
    held = (standing.fixed[:, one] > 0) & stood & ~fixed
    wanted = np.concatenate((mine, held))
    wanted[:, : scene.first_open] = False
    return wanted, np.append(site, np.arange(len(held)))


def _need_entries(
    scene: Scene, site: IntArray, one: int, other: int
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Group, choice, year and factor of all that needs or gives what is needed."""
    offer, sites = scene.offer, len(scene.places.sites)
    choice, later = spread(offer.end - offer.begin)
    year = offer.begin[choice] + later
    kind = offer.kind[offer.option[choice]]
    number = np.cumsum(offer.kind == one) - 1
    needing = np.flatnonzero(kind == one)
    giving = np.flatnonzero(kind == other)
    pairs = pd.DataFrame(
        {"site": offer.site[offer.option[choice[giving]]], "entry": giving}
    ).merge(
        pd.DataFrame(
            {
                "site": np.append(site, np.arange(sites)),
                "group": np.arange(site.size + sites),
            }
        ),
        on="site",
    )
    entry = np.append(needing, pairs["entry"].to_numpy(np.int64))
    group = np.append(
        number[offer.option[choice[needing]]], pairs["group"].to_numpy(np.int64)
    )
    factor = np.repeat([1.0, -1.0], [needing.size, len(pairs)])
    return group, choice[entry], year[entry], factor
