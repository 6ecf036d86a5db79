"""
What a placement must keep, checked by plain loops and without the optimiser's code.

Nothing of `geoborder.placement` is used: rules are read off the programme again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

import geoborder as gb
from geoborder.assign.priority import with_priority
from geoborder.program import LEVELS, Measure, Program, Targets
from geoborder.terrain import DemLike

FIGURES = (
    "range_km", "mast_m", "target_m", "fov_deg", "min_range_km", "refraction",
    "detection_50_km", "response_minutes", "shift_hours", "patrols_per_day",
)  # fmt: skip
"""What the catalogue says of how equipment covers."""

SAME_M = 1.0
"""What is nearer to a site than this is at it."""

NEAR_KM = 1e-5
"""Lengths that differ by less are the same."""


@dataclass(frozen=True)
class Item:
    """Something at a site: placed, or there already."""

    name: str
    equipment: str
    site: str
    since: float
    until: float
    items: int
    measure: str | None = None
    moved_from: str | None = None
    fact: bool = False

    def on(self, year: int) -> bool:
        """Tell whether it is in operation."""
        return self.since <= year <= self.until


@dataclass(frozen=True)
class Place:
    """A site's terms and where it is."""

    lon: float
    lat: float
    equipment: tuple[str, ...] = ()
    cost: float = 0.0
    since: float = -np.inf


def violations(
    program: Program,
    border: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    items: gpd.GeoDataFrame,
    standing: pd.DataFrame | None = None,
    *,
    dem: DemLike | None = None,
    facts: pd.DataFrame | None = None,
    open_from: int | None = None,
) -> list[str]:
    """
    List which rules a placement breaks.

    Parameters
    ----------
    program, border, segments, candidates
        What the placement was made of; candidates in longitude and latitude.
    items
        What is placed: ``asset_id``, ``measure_id``, ``equipment``, ``site_id``,
        ``from_year``, ``until_year``, ``quantity``, ``cost``,
        ``running_cost_per_year``, ``geometry`` and, where something is moved,
        ``moved_from``.
    standing
        What became of what stands already: ``asset_id``, ``until_year`` (the last
        year where it stood) and, unless items have ``moved_from``, ``moved_to``
        (names of items, separated by spaces). What is left out stays.
    dem
        As for `cover`.
    facts
        ``measure_id``, ``site_id``, ``from_year`` of items that had to be.
    open_from
        The first year that could still be decided on; earlier years are past.

    Returns
    -------
    list of str
        A sentence each; none, if all rules are kept.
    """
    checker = Checker(program, border, segments, candidates, dem)
    return checker.violations(items, standing, facts, open_from)


class Checker:
    """Rules of a programme, for any number of placements."""

    def __init__(
        self,
        program: Program,
        border: gpd.GeoDataFrame,
        segments: gpd.GeoDataFrame,
        candidates: gpd.GeoDataFrame,
        dem: DemLike | None = None,
    ) -> None:
        self.program, self.rules = program, program.placement
        self.border, self.dem = border, dem
        self.segments = with_priority(program, segments).to_dict("records")
        self.table = with_priority(program, segments)
        self.places = dict(sites_of(candidates))
        self.at = {
            name: self.site_at(own.longitude, own.latitude, name)
            for name, own in program.assets.items()
        }
        for name, own in program.assets.items():
            if self.at[name] == name:
                self.places.setdefault(name, Place(own.longitude, own.latitude))
        self.placed = {
            name: own for name, own in program.measures.items() if self.is_placed(name)
        }
        self.delivered = self.deliveries()
        self.left = self.money_left()

    def site_at(self, lon: float, lat: float, name: str) -> str:
        """Find the site that something stands at; by itself it is one."""
        for site, place in self.places.items():
            if metres(place, lon, lat) <= SAME_M:
                return site
        return name

    def is_placed(self, name: str) -> bool:
        """Tell whether sites are chosen for what a measure brings."""
        own = self.program.measures[name]
        named = not self.rules.measures or name in self.rules.measures
        if own.equipment is None or not own.placed or not named:
            return False
        return self.program.equipment[own.equipment].mode != "none"

    def deliveries(self) -> Counter[tuple[str, int]]:
        """Count items by measure and year."""
        rows = gb.assign_measures(self.program, self.table)
        found: Counter[tuple[str, int]] = Counter()
        for row in rows.itertuples():
            if row.measure_id in self.placed:
                found[row.measure_id, row.year] += round(row.quantity)
        return found

    def money_left(self) -> dict[int, float] | None:
        """Tell what each year's budget leaves when all else is paid for."""
        if not self.program.budgets:
            return None
        others = {
            name: own
            for name, own in self.program.measures.items()
            if name not in self.placed
        }
        rest = self.program.model_copy(update={"measures": others})
        paid = gb.yearly_costs(
            rest,
            gb.assign_measures(rest, self.table),
            gb.assign_equipment(rest, self.table),
        )["total"]
        budgets = self.program.budgets
        return {
            year: (budgets[year].value if year in budgets else 0.0) - float(paid[year])
            for year in self.program.years
        }

    def violations(
        self,
        items: gpd.GeoDataFrame,
        standing: pd.DataFrame | None = None,
        facts: pd.DataFrame | None = None,
        open_from: int | None = None,
    ) -> list[str]:
        """List which rules a placement breaks."""
        told = [] if standing is None else standing.to_dict("records")
        given = [] if facts is None else facts.to_dict("records")
        due = {(str(f["measure_id"]), str(f["site_id"]), f["from_year"]) for f in given}
        table = items.to_dict("records")
        source = {
            item: row["asset_id"]
            for row in told
            if isinstance(row.get("moved_to"), str)
            for item in row["moved_to"].split()
        }
        new = [
            Item(
                name=row["asset_id"],
                equipment=row["equipment"],
                site=str(row["site_id"]),
                since=row["from_year"],
                until=number(row["until_year"], np.inf),
                items=row["quantity"],
                measure=row["measure_id"],
                moved_from=text(row.get("moved_from")) or source.get(row["asset_id"]),
                fact=(row["measure_id"], str(row["site_id"]), row["from_year"]) in due,
            )
            for row in table
        ]
        old = self.standing({})
        ends = {r["asset_id"]: number(r["until_year"], np.inf) for r in told}
        now = self.standing(ends)
        years = [y for y in self.program.years if open_from is None or y >= open_from]
        found = [*self.names(new, due)]
        for item, row in zip(new, table, strict=True):
            found += self.terms(item, row)
            if not item.fact:
                found += self.where_and_when(item, open_from)
        found += self.moves(new, old, ends)
        found += self.stock(new, years)
        found += self.budgets(new, years)
        for site in {item.site for item in new + old}:
            for year in years:
                here = [i for i in new + now if i.site == site and i.on(year)]
                stood = [i for i in old if i.site == site and i.on(year)]
                found += self.at_site(here, stood, f"{site} in {year}")
        return [*found, *self.coverage(new, ends, years)]

    def standing(self, ends: Mapping[str, float]) -> list[Item]:
        """List what stands already, some of it with another last year."""
        return [
            Item(
                name=name,
                equipment=own.equipment,
                site=self.at[name],
                since=-np.inf if own.from_year is None else own.from_year,
                until=min(
                    np.inf if own.until_year is None else own.until_year,
                    ends.get(name, np.inf),
                ),
                items=own.quantity,
            )
            for name, own in self.program.assets.items()
            if own.status != "retired"
        ]

    def names(self, new: list[Item], due: set[tuple[str, str, int]]) -> Iterator[str]:
        """Check that each item is there once, and facts are there."""
        for name, many in Counter(item.name for item in new).items():
            if many > 1:
                yield f"name: {many} items are called {name}"
        made = {(item.measure, item.site, item.since) for item in new}
        for fact in sorted(due - made):
            yield f"fact: {fact} is not placed"

    def terms(self, item: Item, row: Mapping[str, Any]) -> Iterator[str]:
        """Check an item's equipment, life, place and cost."""
        measure = self.placed.get(str(item.measure))
        if measure is None or item.site not in self.places:
            yield f"unknown: {item.name} of {item.measure} at {item.site}"
            return
        kind, place = self.program.equipment[str(measure.equipment)], self.place(item)
        if item.equipment != measure.equipment or item.items != 1:
            yield f"equipment: {item.name} is {item.items} {item.equipment}"
        life = np.inf if kind.life_years is None else int(kind.life_years.value)
        if item.until != item.since + life - 1:
            yield f"life: {item.name} is from {item.since} until {item.until}"
        if metres(place, row["geometry"].x, row["geometry"].y) > SAME_M:
            yield f"place: {item.name} is not at {item.site}"
        price = self.price(item, measure)
        if abs(row["cost"] - price) > 0.005:
            yield f"cost: {item.name} for {row['cost']}, not {price}"
        running = kind.running_cost_per_year
        if abs(row["running_cost_per_year"] - (running.value if running else 0)) > 1e-6:
            yield f"cost: {item.name} for {row['running_cost_per_year']} a year"

    def is_known(self, item: Item) -> bool:
        """Tell whether an item is of a measure that is placed, and at a site."""
        known = item.equipment in self.program.equipment
        return known and item.measure in self.placed and item.site in self.places

    def place(self, item: Item) -> Place:
        """Look a site up."""
        return self.places[item.site]

    def price(self, item: Item, measure: Measure) -> float:
        """Tell what an item costs in its first year."""
        price = measure.unit_cost or self.program.equipment[item.equipment].cost
        if item.moved_from is not None and item.equipment in self.rules.move_cost:
            price = self.rules.move_cost[item.equipment]
        return price.value + self.place(item).cost

    def where_and_when(self, item: Item, open_from: int | None) -> Iterator[str]:
        """Check that an item may be where it is, from its first year on."""
        if not self.is_known(item):
            return
        place = self.place(item)
        first = max(place.since, self.program.first_year, open_from or -np.inf)
        if not first <= item.since <= self.program.last_year:
            yield f"year: {item.name} begins in {item.since}, not {first} or later"
        if place.equipment and item.equipment not in place.equipment:
            yield f"site: {item.equipment} may not stand at {item.site}"
        point = gpd.GeoSeries.from_xy([place.lon], [place.lat], crs="EPSG:4326")
        at = gb.locate(point, self.border).iloc[0]
        km, targets = float(at["chainage_km"]), self.placed[str(item.measure)].targets
        for row in self.segments:
            near = row["start_km"] - 1e-6 <= km <= row["end_km"] + 1e-6
            if row["border_id"] == at["border_id"] and near:
                official = official_km(row, km)
                ranges = targets.chainage_km or [(-np.inf, np.inf)]
                if takes_in(targets, row) and any(
                    low - 1e-6 <= official <= high + 1e-6 for low, high in ranges
                ):
                    return
        yield f"targets: {item.name} of {item.measure} at km {km:.3f}"

    def moves(
        self, new: list[Item], old: list[Item], ends: Mapping[str, float]
    ) -> Iterator[str]:
        """Check that what leaves goes elsewhere at once, all of it."""
        standing = {item.name: item for item in old}
        for name in {item.moved_from for item in new} - {None} - set(standing):
            yield f"moved: no asset is called {name}"
        for name, item in standing.items():
            last = ends.get(name, np.inf)
            came = [i for i in new if i.moved_from == name]
            if last >= item.until:
                if came:
                    yield f"moved: {name} stays, but {came[0].name} is moved from it"
                continue
            first = max(item.since, self.program.first_year - 1)
            if item.equipment not in self.rules.move_cost or last < first:
                yield f"moved: {name} may not leave after {last}"
            if sum(i.items for i in came) != item.items:
                yield f"moved: {len(came)} of {item.items} items of {name} arrive"
            for i in came:
                if i.equipment != item.equipment or i.since != last + 1:
                    yield f"moved: {i.name} is not {name} in {last + 1}"

    def stock(self, new: list[Item], years: Iterable[int]) -> Iterator[str]:
        """Check that no more is placed than was delivered."""
        for measure in self.placed:
            for year in years:
                own = [i for i in new if i.measure == measure and i.since <= year]
                used = sum(i.items for i in own if i.moved_from is None)
                facts = sum(i.items for i in own if i.fact)
                past = range(self.program.first_year, year + 1)
                there = sum(self.delivered[measure, y] for y in past)
                if used > max(there, facts):
                    yield f"stock: {used} of {there} of {measure} by {year}"

    def budgets(self, new: list[Item], years: Iterable[int]) -> Iterator[str]:
        """Check that no more is paid than there is."""
        if self.left is None:
            return
        paid = dict.fromkeys(self.left, 0.0)
        for item in new:
            if not self.is_known(item):
                continue
            measure = self.placed[str(item.measure)]
            running = self.program.equipment[item.equipment].running_cost_per_year
            for year in paid:
                if item.since == year:
                    paid[year] += self.price(item, measure)
                if item.on(year) and running is not None:
                    paid[year] += running.value
        for year in years:
            spent = [y for y in paid if y <= year] if self.rules.carry_over else [year]
            money = sum(self.left[y] for y in spent)
            cost = sum(paid[y] for y in spent)
            if cost > money + 1e-6 * max(1.0, abs(money)):
                yield f"budget: {cost:,.2f} of {money:,.2f} in {year}"

    def at_site(self, here: list[Item], stood: list[Item], at: str) -> Iterator[str]:
        """Check what is at a site in a year."""
        counted = [i for i in here if self.is_counted(i.equipment)]
        many = sum(i.items for i in counted)
        facts = [i for i in counted if i.measure is not None and i.fact]
        settled = sum(i.items for i in facts) == sum(
            i.items for i in counted if i.measure is not None
        )
        if many > self.rules.per_site and not settled:
            yield f"per_site: {many} items at {at}"
        for one, other in combinations(here, 2):
            free = any(i.measure is not None and not i.fact for i in (one, other))
            pair = {one.equipment, other.equipment}
            if free and any(pair == set(p) for p in self.rules.incompatible):
                yield f"incompatible: {one.name} and {other.name} at {at}"
            if free and one.measure == other.measure:
                yield f"once: {one.name} and {other.name} at {at}"
        kinds = {i.equipment for i in here}
        before = {i.equipment for i in stood}
        for item in here:
            needed = self.rules.requires.get(item.equipment)
            if needed is None or needed in kinds or item.fact:
                continue
            if item.measure is not None or needed in before:
                yield f"requires: {item.name} has no {needed} at {at}"

    def is_counted(self, equipment: str) -> bool:
        """Tell whether equipment counts towards what a site holds."""
        kind = self.program.equipment.get(equipment)
        if kind is None or equipment in self.rules.requires:
            return False
        return kind.mode != "none"

    def coverage(
        self, new: list[Item], ends: Mapping[str, float], years: Iterable[int]
    ) -> Iterator[str]:
        """Check floors and gaps against what assets cover."""
        last = self.program.last_year
        for year in years:
            due = [f for f in self.rules.floors if (f.by or last) <= year]
            most = self.rules.longest_gap_km.get(year)
            if not due and most is None:
                continue
            stretches = self.stretches(new, ends, year)
            for floor in due:
                need = reached = 0.0
                for row in self.segments:
                    for low, high in ranges_of(floor.targets, row):
                        need += floor.share * (high - low)
                        reached += sum(
                            share * max(0.0, min(high, end) - max(low, start))
                            for border, start, end, share in stretches
                            if border == row["border_id"]
                        )
                slack = 0.02 * need if self.rules.objective == "detection" else 0.0
                if reached < need - NEAR_KM - slack:
                    yield f"floor: {reached:.3f} of {need:.3f} km in {year}"
            gap = self.longest_gap(stretches)
            if most is not None and gap > most + NEAR_KM:
                yield f"gap: {gap:.3f} km, more than {most:g}, in {year}"

    def stretches(
        self, new: list[Item], ends: Mapping[str, float], year: int
    ) -> list[tuple[str, float, float, float]]:
        """List covered stretches: border, start, end, and how surely."""
        assets = self.assets(new, ends)
        if assets.empty:
            return []
        found = gb.cover(
            self.border,
            assets,
            dem=self.dem,
            years=[year],
            segments=self.table,
        ).intervals
        detection = self.rules.objective == "detection"
        by_name = assets.set_index("asset_id").to_dict("index")
        stretches = []
        for own in found.to_dict("records"):
            here = [by_name[name] for name in own["asset_ids"].split()]
            for row in self.segments:
                start = max(own["start_km"], row["start_km"])
                end = min(own["end_km"], row["end_km"])
                need = self.rules.required_k.get(
                    row["priority"], self.program.required_k
                )
                if row["border_id"] != own["border_id"] or start >= end:
                    continue
                if detection:
                    for low, high in pieces(start, end):
                        share = self.surely(here, row["border_id"], (low + high) / 2)
                        stretches.append((row["border_id"], low, high, share))
                elif len(here) >= need:
                    stretches.append((row["border_id"], start, end, 1.0))
        return stretches

    def surely(self, assets: list[dict[str, Any]], border_id: str, km: float) -> float:
        """Tell the probability that any of some assets detects at a place."""
        missed = 1.0
        own = self.border[self.border["border_id"] == border_id]
        at = gb.point_at(own, km)
        for asset in assets:
            sure = 1.0 - 1e-6
            half = asset["detection_50_km"]
            if asset["mode"] == "sight" and not np.isnan(half):
                away = metres(Place(at.x, at.y), asset["lon"], asset["lat"]) / 1000.0
                sure = min(sure, float(gb.detection_probability(away, half_km=half)))
            missed *= 1.0 - sure
        return 1.0 - missed

    def assets(self, new: list[Item], ends: Mapping[str, float]) -> gpd.GeoDataFrame:
        """List what stands and what is placed, ready to be covered with."""
        rows = []
        for item in [*self.standing(ends), *new]:
            if item.site not in self.places or item.until < item.since:
                continue
            if item.measure is not None and not self.is_known(item):
                continue
            kind, own = self.program.equipment[item.equipment], self.place(item)
            lon, lat, azimuth = own.lon, own.lat, None
            if item.measure is None:
                asset = self.program.assets[item.name]
                lon, lat, azimuth = asset.longitude, asset.latitude, asset.azimuth_deg
            figures = {name: getattr(kind, name) for name in FIGURES}
            rows.append(
                {
                    "asset_id": item.name,
                    "mode": kind.mode,
                    "travel": kind.travel,
                    "azimuth_deg": np.nan if azimuth is None else azimuth,
                    "from_year": None if np.isinf(item.since) else item.since,
                    "until_year": None if np.isinf(item.until) else item.until,
                    "lon": lon,
                    "lat": lat,
                }
                | {n: np.nan if v is None else v.value for n, v in figures.items()}
            )
        table = pd.DataFrame(rows)
        if table.empty:
            return gpd.GeoDataFrame(table)
        for name in ("from_year", "until_year"):
            table[name] = pd.array(table[name], dtype="Int64")
        points = gpd.points_from_xy(table["lon"], table["lat"])
        return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")

    def longest_gap(self, stretches: list[tuple[str, float, float, float]]) -> float:
        """Measure the longest stretch without cover."""
        longest = 0.0
        for border_id in {row["border_id"] for row in self.segments}:
            own = [row for row in self.segments if row["border_id"] == border_id]
            at = min(row["start_km"] for row in own)
            end = max(row["end_km"] for row in own)
            covered = [s[1:3] for s in stretches if s[0] == border_id and s[3] > 0]
            for low, high in sorted(covered):
                longest = max(longest, low - at)
                at = max(at, high)
            longest = max(longest, end - at)
        return longest


def sites_of(candidates: gpd.GeoDataFrame) -> Iterator[tuple[str, Place]]:
    """Read candidates."""
    for turn, row in enumerate(candidates.to_dict("records"), start=1):
        point = row[candidates.geometry.name]
        yield (
            str(row.get("site_id", turn)),
            Place(
                lon=point.x,
                lat=point.y,
                equipment=tuple((text(row.get("equipment")) or "").split()),
                cost=number(row.get("site_cost"), 0.0),
                since=number(row.get("from_year"), -np.inf),
            ),
        )


def number(value: object, default: float) -> float:
    """Read a number that may be missing."""
    return default if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def text(value: object) -> str | None:
    """Read a text that may be missing."""
    return value if isinstance(value, str) else None


def metres(place: Place, lon: float, lat: float) -> float:
    """Measure how far a place is from another."""
    _, away = gb.geodesy.inverse(place.lon, place.lat, lon, lat)
    return float(away)


def official_km(row: Mapping[str, Any], km: float) -> float:
    """Turn chainage in a segment into official chainage, where there is any."""
    if "official_start_km" not in row:
        return km
    share = (km - row["start_km"]) / (row["end_km"] - row["start_km"])
    first, last = row["official_start_km"], row["official_end_km"]
    return float(first + share * (last - first))


def takes_in(targets: Targets, row: Mapping[str, Any]) -> bool:
    """Tell whether targets take a segment in, whatever the chainage."""
    names = ("left_unit_id", "left_unit", "right_unit_id", "right_unit")
    if targets.units and not any(row.get(name) in targets.units for name in names):
        return False
    if targets.kind and row["kind"] not in targets.kind:
        return False
    lowest = targets.min_priority
    level = LEVELS.index(row["priority"])
    return lowest is None or level >= LEVELS.index(lowest)


def ranges_of(targets: Targets, row: Mapping[str, Any]) -> list[tuple[float, float]]:
    """List the stretches of a segment that targets take in, by chainage."""
    if not takes_in(targets, row):
        return []
    start, end = row["start_km"], row["end_km"]
    if not targets.chainage_km:
        return [(start, end)]
    first, last = official_km(row, start), official_km(row, end)
    found: list[tuple[float, float]] = []
    for low, high in sorted(targets.chainage_km):
        a, b = (
            start + (km - first) / (last - first) * (end - start) for km in (low, high)
        )
        a, b = max(a, start, found[-1][1] if found else start), min(b, end)
        if b > a:
            found.append((a, b))
    return found


def pieces(start: float, end: float) -> list[tuple[float, float]]:
    """Cut a stretch into pieces of 50 m or less."""
    cuts = np.linspace(start, end, int(np.ceil((end - start) / 0.05)) + 1)
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
