"""A small programme for placement, and what it lets be chosen, by plain loops."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

import geoborder as gb
from geoborder.placement.setting import Setting

YEARS = (2025, 2026, 2027, 2028)
LIFE = {"tower": 99, "pole": 2, "radar": 3}

Pick = tuple[str, str, str, int]
"""Measure, equipment, site and first year."""


def kind(mode: str = "radius", **figures: object) -> dict[str, Any]:
    base = {"name": mode, "category": "observation", "mode": mode, "cost": 100}
    return base | {"basis": "illustrative"} | figures


def measure(equipment: str | None, quantity: int, **more: object) -> dict[str, Any]:
    base = {"name": "m", "category": "observation", "quantity": quantity}
    return base | {"equipment": equipment, "basis": "illustrative"} | more


def asset(lon: float, equipment: str, **more: object) -> dict[str, Any]:
    base = {"name": "a", "equipment": equipment, "longitude": lon, "latitude": 38.02}
    return base | {"basis": "illustrative"} | more


def programme(placement: dict[str, Any] | None = None, **changes: object) -> gb.Program:
    """Two kinds of towers, a walker and a radar, and courses that cost money."""
    data: dict[str, Any] = {
        "name": "Small",
        "first_year": YEARS[0],
        "last_year": YEARS[-1],
        "border": {"left": "AAA", "right": "BBB"},
        "budgets": {2025: 900, 2026: 700, 2028: 800.5},
        "equipment": {
            "tower": kind(range_km=6, cost=200, running_cost_per_year=10),
            "pole": kind(range_km=4, cost=90, running_cost_per_year=5, life_years=2),
            "walker": kind("patrol", range_km=5, shift_hours=4, cost=60),
            "radar": kind(range_km=7, cost=150.25, life_years=3),
            "box": kind("none", cost=10),
        },
        "measures": {
            "towers": measure("tower", 4, targets={"units": ["West"]}),
            "poles": measure("pole", 5, schedule={2025: 2, 2027: 3}, unit_cost=95),
            "radars": measure("radar", 3, schedule={2026: 1, 2027: 2}),
            "courses": measure(None, 8, unit_cost=20, placed=False),
            "boxes": measure("box", 4, schedule={2026: 4}),
        },
        "assets": {
            "old-tower": asset(70.25, "tower", until_year=2027),
            "old-pole": asset(70.71, "pole", from_year=2026),
            "old-radar": asset(70.9, "radar", quantity=2),
            "gone": asset(70.5, "tower", status="retired"),
            "box": asset(70.35, "box"),
        },
        "placement": placement or {},
    }
    return gb.Program.model_validate(data | changes)


def candidates(count: int = 9, **columns: object) -> gpd.GeoDataFrame:
    """Places along the line, north and south of it."""
    lon = np.linspace(70.03, 70.97, count)
    lat = 38.0 + np.resize([0.01, -0.02, 0.025], count)
    points = gpd.points_from_xy(lon, lat)
    table = gpd.GeoDataFrame(geometry=points, crs="EPSG:4326")
    return table.assign(**columns)


class Plain:
    """What may be chosen and what it must keep within, by loops."""

    def __init__(
        self,
        program: gb.Program,
        setting: Setting,
        facts: Iterable[tuple[str, str, int]] = (),
        open_from: int = YEARS[0],
    ) -> None:
        self.program, self.rules = program, program.placement
        self.facts, self.open_from = set(facts), open_from
        self.choices = setting.choices.to_dict("records")
        options = setting.options
        for choice in self.choices:
            option = options.iloc[choice["option"]]
            choice["type"] = option["equipment"]
            choice["site_cost"] = 0.0
            choice["asset"] = option["asset_id"]
            own = setting.sites["site_id"] == choice["site_id"]
            choice["site_cost"] = float(setting.sites.loc[own, "site_cost"].iloc[0])
            asset_ = program.assets.get(option["asset_id"])
            choice["items"] = 1 if asset_ is None else asset_.quantity
        self.counted = {
            name
            for name, type_ in program.equipment.items()
            if type_.mode != "none" and name not in self.rules.requires
        }

    @staticmethod
    def active(thing: Mapping[str, Any], year: int) -> bool:
        """Tell whether something is in operation in a year."""
        since, until = thing["from_year"], thing["until_year"]
        return (pd.isna(since) or since <= year) and (pd.isna(until) or year <= until)

    def standing(self, site: str, year: int) -> list[tuple[str, int, bool]]:
        """Give type, items and whether it may be moved, of what stands at a site."""
        found = []
        for name, asset_ in self.program.assets.items():
            span = {"from_year": asset_.from_year, "until_year": asset_.until_year}
            if name == site and asset_.status != "retired" and self.active(span, year):
                moves = any(c["asset"] == name for c in self.choices)
                found.append((asset_.equipment, asset_.quantity, moves))
        return found

    def price(self, measure_id: str) -> float:
        """Look up what one item of a measure costs."""
        own = self.program.measures[measure_id]
        figure = own.unit_cost or self.program.equipment[str(own.equipment)].cost
        return figure.value

    def paid(self, choice: dict[str, Any], year: int) -> float:
        """Tell what a choice costs in a year."""
        if choice["kind"] == "new":
            type_ = self.program.equipment[choice["type"]]
            running = type_.running_cost_per_year
            first = choice["from_year"] == year
            cost = (self.price(choice["measure_id"]) + choice["site_cost"]) * first
            if running is not None and self.active(choice, year):
                cost += running.value
            return cost
        if choice["kind"] == "leaves" and choice["until_year"] == year - 1:
            saved = self.price(choice["measure_id"])
            return -choice["items"] * (
                saved - self.rules.move_cost[choice["type"]].value
            )
        return 0.0

    def others(self, year: int) -> float:
        """Tell what courses and boxes cost."""
        boxes = (year == 2026) * 4 * 10.0
        return 2 * 20.0 + boxes

    def stock(self, measure_id: str, year: int) -> int:
        """Count items delivered until a year."""
        by_year = {
            "towers": [1, 1, 1, 1],
            "poles": [2, 0, 3, 0],
            "radars": [0, 1, 2, 0],
        }[measure_id]
        return sum(by_year[: YEARS.index(year) + 1])

    def rows(self) -> list[tuple[str, int | None, dict[int, float], float]]:
        """Every limit: kind, year, factor of choices, right side."""
        years = [y for y in YEARS if y >= self.open_from]
        found = []
        for year in years:
            spent = [y for y in YEARS if y <= year]
            if not self.rules.carry_over:
                spent = [year]
            budget = sum(
                (self.program.budgets[y].value if y in self.program.budgets else 0.0)
                - self.others(y)
                for y in spent
            )
            row = {
                n: sum(self.paid(c, y) for y in spent)
                for n, c in enumerate(self.choices)
            }
            found.append(("budget", year, row, budget))
            for name in ("towers", "poles", "radars"):
                found.append(("stock", year, *self.stock_row(name, year)))
                found.append(("moved", year, self.moved_row(name, year), 0.0))
        for site in {c["site_id"] for c in self.choices}:
            for year in years:
                found += self.site_rows(site, year)
        for asset_ in {c["asset"] for c in self.choices if c["kind"] != "new"}:
            own = [n for n, c in enumerate(self.choices) if c["asset"] == asset_]
            found.append(("one", None, dict.fromkeys(own, 1.0), 1.0))
            found.append(("one", None, dict.fromkeys(own, -1.0), -1.0))
        return found

    def stock_row(self, name: str, year: int) -> tuple[dict[int, float], float]:
        """Count what began until a year, less what left."""
        row = {}
        for n, c in enumerate(self.choices):
            if c["measure_id"] == name and c["kind"] == "new":
                row[n] = float(c["from_year"] <= year)
            if c["measure_id"] == name and c["kind"] == "leaves":
                row[n] = -float(c["items"]) * (c["until_year"] < year)
        return row, float(self.stock(name, year))

    def moved_row(self, name: str, year: int) -> dict[int, float]:
        """Count what leaves in a year, less what begins."""
        row = {}
        for n, c in enumerate(self.choices):
            if c["measure_id"] == name and c["kind"] == "new":
                row[n] = -float(c["from_year"] == year)
            if c["measure_id"] == name and c["kind"] == "leaves":
                row[n] = float(c["items"]) * (c["until_year"] == year - 1)
        if not any(v > 0 for v in row.values()):
            return {}
        return row

    def site_rows(self, site: str, year: int) -> list[Any]:
        """Write down every rule about a site in a year."""
        found: list[Any] = []
        here = {n: c for n, c in enumerate(self.choices) if c["site_id"] == site}
        on = {n: c for n, c in here.items() if self.active(c, year)}
        stands = self.standing(site, year)
        counted = [s for s in stands if s[0] in self.counted]
        if sum(items for _, items, _ in counted) <= self.rules.per_site:
            room = self.rules.per_site - sum(i for _, i, moves in counted if not moves)
            row = {n: c["items"] for n, c in on.items() if c["type"] in self.counted}
            found.append(("site", year, row, float(room)))
        for one, other in itertools.combinations(
            sorted({c["option"] for c in on.values()}), 2
        ):
            pair = [n for n in on if on[n]["option"] in (one, other)]
            types = {on[n]["type"] for n in pair}
            both = any(types == set(p) for p in self.rules.incompatible)
            if both and any(on[n]["kind"] == "new" for n in pair):
                found.append(("pair", year, dict.fromkeys(pair, 1.0), 1.0))
        for option in {c["option"] for c in on.values() if c["kind"] == "new"}:
            own = [n for n, c in on.items() if c["option"] == option]
            found.append(("one", year, dict.fromkeys(own, 1.0), 1.0))
        for needing, other in self.rules.requires.items():
            fixed = any(s[0] == other and not s[2] for s in stands)
            stood = any(s[0] == other for s in stands)
            gives = {n: -1.0 for n, c in on.items() if c["type"] == other}
            for option in {c["option"] for c in on.values() if c["type"] == needing}:
                own = {n: 1.0 for n, c in on.items() if c["option"] == option}
                new = any(on[n]["kind"] == "new" for n in own)
                if not fixed and (new or stood):
                    found.append(("requires", year, own | gives, 0.0))
            held = any(s[0] == needing and not s[2] for s in stands)
            if held and stood and not fixed:
                found.append(("requires", year, gives, -1.0))
        return found

    def possible(self, sites: gpd.GeoDataFrame) -> set[Pick]:
        """Find the choices of something new that a rule about sites may let be made."""
        found = self.offered(sites)
        while True:
            kept = {
                pick
                for pick in found
                if not any(self.closed(pick, year, found) for year in _on(pick))
            }
            if kept == found:
                return kept
            found = kept

    def offered(self, sites: gpd.GeoDataFrame) -> set[Pick]:
        """Pair measures with sites and years by targets, stock and the sites' terms."""
        places = [
            (row.site_id, row.geometry.x, row.from_year, row.equipment)
            for row in sites.itertuples()
        ]
        standing = [(n, a) for n, a in self.program.assets.items() if n != "gone"]
        places += [(name, own.longitude, None, None) for name, own in standing]
        found = set()
        for name, place in itertools.product(("towers", "poles", "radars"), places):
            site, lon, since, allowed = place
            type_ = str(self.program.measures[name].equipment)
            some = [] if pd.isna(allowed) else str(allowed).split()
            if (name == "towers" and lon > 70.4) or (some and type_ not in some):
                continue
            leaves = [
                max(own.from_year + 1 if own.from_year else 0, YEARS[0])
                for _, own in standing
                if own.equipment == type_ and type_ in self.rules.move_cost
            ]
            first = YEARS[0] if pd.isna(since) else since
            for year in YEARS:
                some_left = self.stock(name, year) or min(leaves, default=9999) <= year
                if year >= first and some_left:
                    found.add((name, type_, site, year))
        return found

    def closed(self, pick: Pick, year: int, others: set[Pick]) -> bool:
        """Tell whether something cannot be at its site in a year."""
        _, type_, site, _ = pick
        stands = self.standing(site, year)
        counted = [s for s in stands if s[0] in self.counted]
        total = sum(items for _, items, _ in counted)
        fixed = sum(items for _, items, moves in counted if not moves)
        most = self.rules.per_site
        if type_ in self.counted and (total > most or fixed >= most):
            return True
        stay = [name for name, _, moves in stands if not moves]
        if any(
            {type_, name} == set(p) for p in self.rules.incompatible for name in stay
        ):
            return True
        needed = self.rules.requires.get(type_)
        return needed is not None and not (
            any(name == needed for name, *_ in stands)
            or any(o[1:3] == (needed, site) and year in _on(o) for o in others)
        )


def _on(pick: Pick) -> list[int]:
    """List the years in which something stands."""
    return [year for year in YEARS if pick[3] <= year < pick[3] + LIFE[pick[1]]]
