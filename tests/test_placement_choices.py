"""From programme to problem: every row and number against plain loops."""

from __future__ import annotations

from typing import Any

import dems
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from placement_reference import (
    LIFE,
    YEARS,
    Plain,
    asset,
    candidates,
    kind,
    measure,
    programme,
)
from pyproj import CRS
from scipy.sparse import csr_array
from shapely import LineString, box

import geoborder as gb
from geoborder.geodesy import BoolArray, inverse
from geoborder.placement.setting import Setting, make_setting, with_longest_gap


@pytest.fixture(scope="module")
def line() -> gpd.GeoDataFrame:
    """Draw some 88 km from west to east."""
    facts = {"border_id": ["B"], "left": ["AAA"], "right": ["BBB"]}
    shape = [LineString([(70.0, 38.0), (71.0, 38.0)])]
    return gpd.GeoDataFrame(facts, geometry=shape, crs="EPSG:4326")


@pytest.fixture(scope="module")
def segments(line: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Segments of 10 km in units West and East, with kinds and levels."""
    units = gpd.GeoDataFrame(
        {"unit_id": ["W", "E"], "name": ["West", "East"], "country": "AAA"},
        geometry=[box(69, 37.99, 70.4, 39), box(70.4, 37.99, 72, 39)],
        crs="EPSG:4326",
    )
    parts = gb.segment_border(line, length_km=10, units=units)
    number = np.arange(len(parts))
    where = parts.columns.get_loc("geometry")
    parts.insert(where, "kind", np.where(number % 2 == 0, "lowland", "mountain"))
    parts.insert(where, "priority", np.array(gb.program.LEVELS)[number % 4])
    return parts


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "yearly": {"carry_over": False},
    "two": {"per_site": 2, "incompatible": [["tower", "pole"], ["pole", "radar"]]},
    "three": {"per_site": 3},
    "requires": {"requires": {"radar": "tower"}},
    "chain": {"requires": {"radar": "pole", "pole": "tower"}, "per_site": 2},
    "moves": {"move_cost": {"pole": 30, "tower": 20}},
    "moves-two": {
        "per_site": 2,
        "move_cost": {"pole": 30, "tower": 20, "radar": 1},
        "requires": {"radar": "tower"},
        "incompatible": [["pole", "radar"], ["tower", "pole"]],
    },
}


def as_row(row: dict[int, float], limit: float) -> tuple[Any, ...]:
    entries = tuple(sorted((n, round(v, 6)) for n, v in row.items() if v))
    return entries, round(limit, 6)


@pytest.mark.parametrize("case", CASES)
def test_limits_are_those_of_plain_loops(
    case: str, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    changes = {"budgets": dict.fromkeys(YEARS, 400)} if case == "yearly" else {}
    program = programme(CASES[case], **changes)
    sites = candidates(site_cost=np.resize([0.0, 7.5, np.nan], 9))
    setting = make_setting(program, line, sites, segments=segments)
    _compare_rows(setting, Plain(program, setting))


def _compare_rows(setting: Setting, plain: Plain) -> None:
    problem = setting.problem
    expected = plain.rows()
    known = {(kind, year, *as_row(row, limit)) for kind, year, row, limit in expected}
    by_content = {entry[2:] for entry in known}
    matrix = problem.rows.tocsr()
    for number, table in enumerate(setting.rows.to_dict("records")):
        part = slice(matrix.indptr[number], matrix.indptr[number + 1])
        row = dict(zip(matrix.indices[part], matrix.data[part], strict=True))
        year = None if pd.isna(table["year"]) else table["year"]
        content = as_row({int(n): v for n, v in row.items()}, problem.limits[number])
        assert content in by_content
        assert (table["kind"], year, *content) in known
    assert {k for k, *_ in known} >= set(setting.rows["kind"])
    assert (setting.rows["kind"] == "budget").sum() == len(
        [e for e in expected if e[0] == "budget"]
    )
    money = setting.rows["kind"] == "budget"
    contents = {
        (*as_row(_row(matrix, n), problem.limits[n]), money[n])
        for n in range(len(setting.rows))
    }
    assert len(contents) == len(setting.rows)
    # Rows that were left out say nothing that the others do not.
    full = np.zeros((len(expected), problem.option.size))
    sides = np.array([limit for *_, limit in expected])
    for number, (_, _, row, _) in enumerate(expected):
        for choice, factor in row.items():
            full[number, choice] = factor
    random = np.random.default_rng(1)
    seen = set()
    for share in np.resize([0.0, 0.02, 0.05, 0.1, 0.2], 2000):
        chosen = random.random(problem.option.size) < share
        if problem.start.size:
            for option in np.unique(problem.option[problem.start]):
                own = np.flatnonzero(problem.option == option)
                chosen[own] = False
                chosen[random.choice(own)] = True
        fine = bool((full @ chosen <= sides + 1e-6).all())
        assert problem.holds(chosen) == fine
        seen.add(fine)
    assert True in seen


def _row(matrix: csr_array, number: int) -> dict[int, float]:
    part = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return dict(zip(matrix.indices[part].tolist(), matrix.data[part], strict=True))


@pytest.mark.parametrize("case", CASES)
def test_choices_are_those_of_plain_loops(
    case: str, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    program = programme(CASES[case])
    sites = candidates(
        site_id=[f"s{n}" for n in range(9)],
        from_year=pd.array([2026, None, None] * 3, dtype="Int64"),
        equipment=["tower radar", "", None] * 3,
    )
    setting = make_setting(program, line, sites, segments=segments)
    plain = Plain(program, setting)
    possible = plain.possible(sites)
    new = setting.choices[setting.choices["kind"] == "new"]
    assert len(new) == len(possible)
    assert {(r.measure_id, r.site_id, r.from_year) for r in new.itertuples()} == {
        (name, site, year) for name, _, site, year in possible
    }
    for row in new.itertuples():
        type_ = setting.options["equipment"][row.option]
        assert pd.isna(row.until_year) == (type_ == "tower")
        if type_ != "tower":
            assert row.until_year == row.from_year + LIFE[type_] - 1
    problem = setting.problem
    for n, row in enumerate(setting.choices.itertuples()):
        years = [y for y in YEARS if plain.active(row._asdict(), y)]
        assert years == list(YEARS[problem.begin[n] : problem.end[n]])
        paid = sum(plain.paid(plain.choices[n], y) for y in YEARS)
        assert problem.costs[n] == pytest.approx(paid)


def test_what_moves(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    program = programme({"move_cost": {"pole": 30, "tower": 20, "radar": 5}})
    setting = make_setting(program, line, candidates(), segments=segments)
    old = setting.choices[setting.choices["kind"] != "new"].assign(
        asset=lambda t: setting.options["asset_id"].to_numpy()[t["option"]]
    )
    found = {
        name: [
            (k, u)
            for k, u in zip(own["kind"], own["until_year"].fillna(0), strict=True)
        ]
        for name, own in old.groupby("asset")
    }
    ever = [("leaves", y - 1) for y in YEARS]
    assert found == {
        "old-tower": [("stays", 2027), *ever[:3]],
        "old-pole": [("stays", 0), *ever[2:]],
        "old-radar": [("stays", 0), *ever],
    }
    problem = setting.problem
    assert set(setting.choices["kind"].to_numpy()[problem.start]) == {"stays"}
    assert len(problem.start) == 3
    radar = (setting.choices["kind"] == "leaves") & (old["asset"] == "old-radar")
    assert set(problem.costs[radar.to_numpy()]) == {-2 * (150.25 - 5)}


def as_assets(
    setting: Setting, program: gb.Program, chosen: BoolArray
) -> gpd.GeoDataFrame:
    """List what stands and what was chosen as assets."""
    made = setting.choices[chosen]
    table = setting.options.iloc[made["option"]].reset_index(drop=True)
    table["asset_id"] = [f"{n}-{name}" for n, name in enumerate(table["asset_id"])]
    table["from_year"] = made["from_year"].array
    table["until_year"] = made["until_year"].array
    begins = setting.problem.begin[chosen] < setting.problem.end[chosen]
    moving = set(setting.options["asset_id"])
    fixed = {n: a for n, a in program.assets.items() if n not in moving}
    rest = program.model_copy(update={"measures": {}, "assets": fixed})
    segments = gb.segment_border(
        gpd.GeoDataFrame(
            {"border_id": ["B"], "left": ["AAA"], "right": ["BBB"]},
            geometry=[LineString([(70.0, 38.0), (71.0, 38.0)])], crs="EPSG:4326",
        )
    ).assign(priority="low")  # fmt: skip
    standing = gb.assign_equipment(rest, segments)
    parts = [part for part in (standing, table[begins]) if len(part)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326")


def some_choices(setting: Setting, seed: int) -> BoolArray:
    """Choose at random; what stands stays or leaves."""
    random = np.random.default_rng(seed)
    chosen = random.random(setting.problem.option.size) < 0.08
    for option in np.unique(setting.problem.option[setting.problem.start]):
        own = np.flatnonzero(setting.problem.option == option)
        chosen[own] = False
        chosen[random.choice(own)] = True
    return chosen


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 2])
def test_coverage_is_that_of_cover(
    seed: int, k: int, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    program = programme({"move_cost": {"pole": 30, "tower": 20}}, required_k=k)
    setting = make_setting(program, line, candidates(), segments=segments)
    chosen = some_choices(setting, seed)
    covered = setting.problem.covered(chosen)
    assets = as_assets(setting, program, chosen)
    coverage = gb.cover(line, assets, years=YEARS, k=k, segments=segments)
    held = setting.merged >= 0
    km = setting.cells["length_km"].to_numpy()
    got = km[held] @ covered[setting.merged[held]]
    assert got == pytest.approx(coverage.by_year["covered_km"].to_numpy(), abs=1e-6)
    by_segment = coverage.by_segment_year.pivot_table(
        index="segment_id", columns="year", values="covered_km"
    )
    for segment, name in enumerate(segments["segment_id"]):
        own = held & (setting.cells["segment"] == segment).to_numpy()
        got = km[own] @ covered[setting.merged[own]]
        assert got == pytest.approx(by_segment.loc[name].to_numpy(float), abs=1e-6)


def test_worth_by_level_year_and_discount(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    rules = {
        "level_weights": {"low": 0.5, "critical": 10},
        "required_k": {"critical": 2},
        "year_weights": {2026: 3, 2028: 0},
        "discount": 0.1,
    }
    setting = make_setting(programme(rules), line, candidates(4), segments=segments)
    problem, cells = setting.problem, setting.cells
    worth = {"low": 0.5, "medium": 2.0, "high": 3.0, "critical": 10.0}
    expected = np.zeros_like(problem.weights)
    for cell, column in zip(cells.itertuples(), setting.merged, strict=True):
        level = segments["priority"][cell.segment]
        assert cell.level == level
        assert cell.length_km == pytest.approx(cell.end_km - cell.start_km)
        assert cell.weight == pytest.approx(cell.length_km * worth[level])
        assert cell.required_k == (2 if level == "critical" else 1)
        if column >= 0:
            assert problem.required[column] == cell.required_k
            for year, weight in enumerate((1, 3, 1, 0)):
                expected[column, year] += cell.weight * weight / 1.1**year
    assert problem.weights == pytest.approx(expected)
    assert cells["length_km"].sum() == pytest.approx(segments["length_km"].sum())
    # Cells that are merged differ in nothing, and no two columns are the same.
    columns = np.vstack((problem.covers.toarray(), problem.base.T, problem.required))
    assert len(np.unique(columns, axis=1).T) == columns.shape[1]
    unmerged = set(np.flatnonzero(setting.merged < 0))
    assert unmerged
    assert not set(cells.index[cells["end_km"] < 2]) & unmerged


def test_floors_count_km(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    floors = [
        {"targets": {"units": ["East"]}, "share": 0.5, "by": 2026},
        {
            "targets": {"chainage_km": [[3, 9.5], [8, 21.25]], "kind": "lowland"},
            "share": 1,
        },
        {"share": 0.25, "by": 2027},
    ]
    program = programme({"floors": floors})
    setting = make_setting(program, line, candidates(), segments=segments)
    table = setting.floors
    assert table["year"].tolist() == [2026, 2027, 2028, 2028, 2027, 2028]
    assert (
        table["subject"].tolist()
        == ["East"] * 3 + ["lowland, km 3-9.5 and 8-21.25"] + ["the border"] * 2
    )
    east = segments.loc[segments["left_unit"] == "East", "length_km"].sum()
    assert table["need_km"][0] == pytest.approx(east / 2)
    # Lowland is the first and third segment of 10 km.
    assert table["need_km"][3] == pytest.approx(7 + 1.25)
    assert table["need_km"].to_numpy() == pytest.approx(setting.problem.needs)
    covered = setting.problem.covered(some_choices(setting, 3))
    got = setting.problem.floors @ covered.ravel()
    for row, floor in enumerate(table.itertuples()):
        km = 0.0
        for cell, column in zip(
            setting.cells.itertuples(), setting.merged, strict=True
        ):
            own = segments.iloc[cell.segment]
            length = cell.length_km
            if row < 3:
                length *= own["left_unit"] == "East"
            elif row == 3:
                length = max(0.0, min(cell.end_km, 21.25) - max(cell.start_km, 3.0))
                length *= own["kind"] == "lowland"
            if column >= 0:
                km += length * covered[column, YEARS.index(floor.year)]
        assert got[row] == pytest.approx(km)


@pytest.mark.parametrize("k", [1, 2])
def test_longest_gaps(
    k: int, line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    rules = {"longest_gap_km": {2026: 30}, "move_cost": {"tower": 1}}
    if k == 2:
        rules["required_k"] = {"high": 2}
    program = programme(rules, budgets={})
    setting = make_setting(program, line, candidates(), segments=segments)
    for table in (setting.rows, setting.floors):
        assert set(table.loc[table["kind"] == "gap", "year"]) <= {2026}
    limit = {2026: 25.0, 2028: 33.0}
    setting = with_longest_gap(setting, limit)
    problem = setting.problem
    rows = np.flatnonzero(setting.rows["kind"] == "gap")
    floors = np.flatnonzero(setting.floors["kind"] == "gap")
    assert (floors.size > 0) == (k == 2)
    assert set(setting.rows["year"][rows]) | set(setting.floors["year"][floors]) == set(
        limit
    )
    seen = set()
    for seed in range(200):
        chosen = some_choices(setting, seed) | (
            np.random.default_rng(seed).random(problem.option.size) < 0.15 * (seed % 3)
        )
        covered = problem.covered(chosen)
        fine = True
        for year, most in limit.items():
            gap = longest = 0.0
            for cell, column in zip(
                setting.cells.itertuples(), setting.merged, strict=True
            ):
                held = column >= 0 and covered[column, YEARS.index(year)] > 0
                gap = 0.0 if held else gap + cell.length_km
                longest = max(longest, gap)
            fine &= longest <= most + 1e-9
        kept = (problem.rows[rows] @ chosen <= problem.limits[rows]).all() and (
            problem.floors[floors] @ covered.ravel() >= problem.needs[floors] - 1e-9
        ).all()
        assert kept == fine
        seen.add(fine)
    assert seen == {True, False}
    with pytest.raises(gb.OptionError, match="2025-2028, got 2030"):
        with_longest_gap(setting, {2030: 5.0})
    none = with_longest_gap(setting, {})
    assert "gap" not in set(none.rows["kind"]) | set(none.floors["kind"])


def test_facts_and_what_is_still_open(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    facts = pd.DataFrame(
        {
            "measure_id": ["towers", "towers", "poles", "towers"],
            "site_id": ["1", "2", "1", "9"],  # two at a site, and one off its targets
            "from_year": [2025, 2025, 2026, 2026],
        }
    )
    rules = {"floors": [{"share": 0.1, "by": 2025}], "longest_gap_km": {2025: 50}}
    program = programme(rules)
    setting = make_setting(
        program, line, candidates(), segments=segments, facts=facts, open_from=2027
    )
    problem, choices = setting.problem, setting.choices
    assert problem.fixed is not None
    own = choices[problem.fixed]
    assert {
        tuple(r) for r in own[["measure_id", "site_id", "from_year"]].to_numpy()
    } == {tuple(r) for r in facts.to_numpy()}
    assert (choices.loc[~problem.fixed, "from_year"] >= 2027).all()
    assert set(setting.rows["year"].dropna()) == {2027, 2028}
    assert set(setting.floors["year"]) == {2027, 2028}
    # What is past is paid for, and takes from the stock.
    money = (setting.rows["kind"] == "budget") & (setting.rows["year"] == 2027)
    spent = problem.rows[np.flatnonzero(money)] @ problem.fixed
    assert spent[0] == pytest.approx(3 * 200 + 95 + 10 * (3 + 3 + 2) + 5 * 2)
    without = make_setting(program, line, candidates(), segments=segments, facts=facts)
    assert (without.choices["from_year"] == 2025).sum() > 2
    one = facts.iloc[:1]
    for bad, message in (
        (one.assign(measure_id="tower"), "'tower'; did you mean 'towers'"),
        (one.assign(site_id="77"), "unknown `site_id` '77'"),
        (one.assign(from_year=2031), "the year 2031; the programme runs 2025-2028"),
        (one.drop(columns="site_id"), "`facts` has no column 'site_id'"),
        (pd.concat([one, one.assign(from_year=2026)]), "'towers' twice at site '1'"),
    ):  # fmt: skip
        with pytest.raises(gb.DataError, match=message):
            make_setting(program, line, candidates(), segments=segments, facts=bad)
    with pytest.raises(gb.OptionError, match="last year 2028, got 2029"):
        make_setting(program, line, candidates(), segments=segments, open_from=2029)


def test_facts_keep_to_plain_loops(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    facts = [("towers", "2", 2025), ("poles", "4", 2025), ("radars", "6", 2026)]
    table = pd.DataFrame(facts, columns=["measure_id", "site_id", "from_year"])
    program = programme({"per_site": 2, "move_cost": {"tower": 20}})
    setting = make_setting(
        program, line, candidates(), segments=segments, facts=table, open_from=2027
    )
    plain = Plain(program, setting, facts, 2027)
    known = {(k, y, *as_row(row, limit)) for k, y, row, limit in plain.rows()}
    matrix = setting.problem.rows.tocsr()
    for n, row in enumerate(setting.rows.to_dict("records")):
        year = None if pd.isna(row["year"]) else row["year"]
        content = as_row(_row(matrix, n), setting.problem.limits[n])
        assert (row["kind"], year, *content) in known


def test_sight_and_detection(line: gpd.GeoDataFrame) -> None:
    raw = dems.mountain((500, 500), step_m=60, slope_median_deg=12, seed=4)
    dem = gb.Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "made")
    part = gb.slice_border(line, 80, 87.8).assign(left="AAA", right="BBB")
    part = part[["border_id", "left", "right", "geometry"]]
    seeing = kind("sight", range_km=5, mast_m=20, target_m=2, detection_50_km=2.5)
    turned = kind("sight", range_km=4, mast_m=10, fov_deg=120)
    program = programme(
        {"measures": ["eyes", "fields"], "required_k": {"low": 2}},
        equipment={"eye": seeing, "field": turned, "tower": kind(range_km=1)},
        measures={
            "eyes": measure("eye", 3),
            "fields": measure("field", 3, schedule={2026: 1}),
            "rest": measure("tower", 4),
        },
        assets={"old": asset(70.95, "eye", latitude=38.01, until_year=2026)},
    )
    points = gpd.points_from_xy(
        [70.92, 70.94, 70.96, 70.98], [38.005, 38.01, 37.99, 38.02]
    )
    sites = gpd.GeoDataFrame(geometry=points, crs="EPSG:4326")
    setting = make_setting(program, part, sites, dem=dem)
    assert set(setting.options["equipment"]) == {"eye", "field"}
    plain = program.model_copy(update={"required_k": 2})
    for seed in range(4):
        chosen = some_choices(setting, seed)
        chosen |= np.random.default_rng(seed).random(chosen.size) < 0.3
        assets = as_assets(setting, plain, chosen)
        coverage = gb.cover(part, assets, dem=dem, years=YEARS, k=2)
        held = setting.merged >= 0
        km = setting.cells["length_km"].to_numpy()[held]
        got = km @ setting.problem.covered(chosen)[setting.merged[held]]
        assert got == pytest.approx(coverage.by_year["covered_km"].to_numpy(), abs=1e-6)
    assert got.max() > 0

    rules = program.placement.model_copy(update={"objective": "detection"})
    detecting = program.model_copy(update={"placement": rules})
    chance = make_setting(detecting, part, sites, dem=dem)
    assert chance.problem.detection
    covered = chance.problem.covered(chosen)
    prints = gb.footprints(part, assets, dem=dem).merge(
        assets, on="asset_id", suffixes=("", "_")
    )
    for cell, column in zip(chance.cells.itertuples(), chance.merged, strict=True):
        middle = (cell.start_km + cell.end_km) / 2
        at = gb.point_at(part, middle)
        for number, year in enumerate(YEARS):
            missed = 1.0
            for own in prints.itertuples():
                if not own.start_km < middle < own.end_km or not Plain.active(
                    own._asdict(), year
                ):
                    continue
                km = (
                    gb.geodesy.inverse(own.geometry.x, own.geometry.y, at.x, at.y)[1]
                    / 1000
                )
                half = own.detection_50_km
                sure = 1 - 1e-6
                if not np.isnan(half):
                    sure = min(sure, float(gb.detection_probability(km, half_km=half)))
                missed *= 1 - sure
            got_ = 0.0 if column < 0 else covered[column, number]
            assert got_ == pytest.approx(1 - missed, abs=1e-9)


def test_sites_where_something_stands(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    program = programme({"requires": {"radar": "tower"}})
    # A candidate within a metre of the old tower is where it stands.
    place = gpd.GeoSeries.from_xy([70.250001], [38.020001], crs="EPSG:4326")
    sites = pd.concat([candidates().geometry, place], ignore_index=True)
    setting = make_setting(program, line, sites.to_crs("EPSG:32642"), segments=segments)
    assert "old-tower" not in set(setting.sites["site_id"])
    own = setting.choices[setting.choices["site_id"] == "10"]
    radars = own[own["measure_id"] == "radars"]
    # A radar needs the tower, which stands until 2027, or a new one from 2028 on.
    assert radars["from_year"].tolist() == [2026, 2027, 2028]
    assert own.loc[own["measure_id"] == "towers", "from_year"].tolist() == [2028]
    setting = make_setting(program, line, candidates(), segments=segments)
    # The old pole stands to the end, so that nothing ever goes there.
    assert "old-tower" in set(setting.sites["site_id"])
    assert "old-pole" not in set(setting.sites["site_id"])
    beside = setting.choices[setting.choices["site_id"] == "old-tower"]
    assert set(beside["measure_id"]) == {"towers", "radars", "poles"}


def test_bad_candidates(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    fine, program = candidates(), programme()

    def refused(
        sites: gpd.GeoDataFrame, message: str, error: type[Exception] = gb.DataError
    ) -> None:
        with pytest.raises(error, match=message):
            make_setting(program, line, sites, segments=segments)

    refused(fine.set_crs(None, allow_override=True), "`candidates` has no CRS")
    refused(fine.iloc[:0], "`candidates` is empty")
    refused(
        fine.assign(site_id=[1, 1, *range(7)]), "'1' more than once in column 'site_id'"
    )
    refused(fine.assign(site_id=["x", None, *"abcdefg"]), "no `site_id` in row 1")
    refused(
        fine.assign(site_id=["box", *"abcdefgh"]),
        "name of an asset that stands elsewhere",
    )
    refused(
        fine.assign(equipment="tower pol"),
        "unknown equipment 'pol'; did you mean 'pole'",
    )
    refused(fine.assign(equipment="box"), "no site where towers, poles, radars may go")
    refused(fine.assign(site_cost=-1.0), "site_cost.*at least 0")
    refused(fine.assign(site_cost="much"), "site_cost")
    refused(fine.assign(from_year="soon"), "from_year")
    swapped = gpd.points_from_xy(fine.geometry.y, fine.geometry.x)
    refused(fine.set_geometry(gpd.GeoSeries(swapped, crs="EPSG:4326")), "swapped")
    refused(fine.set_geometry([box(0, 0, 1, 1)] * 9), "must hold Point")
    far = gpd.GeoSeries.from_xy([71.5, 70.5], [38.2, 38.5], crs="EPSG:4326")
    refused(far, r"nothing that is placed covers .* \(the nearest is 4\d\.\d km")
    program = programme(
        measures={"towers": measure("tower", 2, targets={"units": ["West"]})}
    )
    refused(
        candidates().iloc[6:], "no site where towers may go: none lies at a segment"
    )
    program = programme(measures={"boxes": measure("box", 4)})
    refused(fine, "nothing to place", gb.ProgramError)
    program = programme({"floors": [{"targets": {"units": ["Wset"]}, "share": 0.5}]})
    refused(
        fine, "placement.floors.0.*'Wset'; did you mean 'West'", gb.ProgramError
    )  # fmt: skip


def test_inputs_are_not_changed(
    line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame
) -> None:
    sites = candidates(site_cost=1, note="x").rename_geometry("place")
    before = [table.copy() for table in (line, sites, segments)]
    setting = make_setting(programme(), line, sites, segments=segments)
    assert set(setting.sites["note"].dropna()) == {"x"}
    for old, new in zip(before, (line, sites, segments), strict=True):
        assert_geodataframe_equal(old, new)


def test_nothing_to_choose(line: gpd.GeoDataFrame, segments: gpd.GeoDataFrame) -> None:
    late = candidates(from_year=2040)
    program = programme(assets={"old": asset(70.3, "tower")}, budgets={})
    setting = make_setting(program, line, late, segments=segments)
    problem = setting.problem
    assert problem.option.size == len(setting.choices) == len(setting.options) == 0
    assert problem.covers.shape[0] == 0
    assert len(setting.rows) == 0
    # What stands already covers all the same.
    none = np.empty(0, dtype=bool)
    coverage = gb.cover(
        line, as_assets(setting, program, none), years=YEARS, segments=segments
    )
    km = np.bincount(
        setting.merged[setting.merged >= 0],
        setting.cells["length_km"][setting.merged >= 0],
    )
    assert km @ problem.covered(none) == pytest.approx(coverage.by_year["covered_km"])
    bare = programme(assets={}, budgets={})
    setting = make_setting(bare, line, late, segments=segments)
    assert setting.problem.covers.shape == (0, 0)
    assert setting.problem.value(none) == 0.0


def test_without_segments_each_line_is_one(line: gpd.GeoDataFrame) -> None:
    program = programme(measures={"poles": measure("pole", 2)})
    setting = make_setting(program, line, candidates())
    assert set(setting.cells["segment"]) == {0}
    assert set(setting.cells["level"]) == {"low"}


def test_detection_is_added_up_cell_by_cell(line: gpd.GeoDataFrame) -> None:
    """One site alone is worth what distances to its cells say, whoever stands by."""
    raw = dems.flat((500, 500), step_m=60)
    dem = gb.Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "flat")
    part = gb.slice_border(line, 80, 87.8).assign(left="AAA", right="BBB")
    part = part[["border_id", "left", "right", "geometry"]]
    seeing = kind("sight", range_km=3, mast_m=30, target_m=2, detection_50_km=1)
    program = programme(
        {"objective": "detection", "measures": ["eyes"]},
        equipment={"eye": seeing},
        measures={"eyes": measure("eye", 1, schedule={2025: 1})},
        assets={},
    )
    targets = gb.border_targets(gb.as_border(part))
    km = (targets.end_m - targets.start_m) / 1000.0
    seats = targets.points.iloc[[10, 40, 70]].reset_index(drop=True)
    sites = gpd.GeoDataFrame(geometry=seats, crs="EPSG:4326")
    seen = gb.line_of_sight(
        sites, targets.points, dem=dem, range_km=3, mast_m=30, target_m=2
    ).toarray()
    points = targets.points
    away = np.array(
        [
            inverse(np.full(km.size, x), np.full(km.size, y), points.x, points.y)[1]
            for x, y in zip(seats.x, seats.y, strict=True)
        ]
    )
    chance = gb.detection_probability(away / 1000.0, half_km=1) * seen
    together = make_setting(program, part, sites, dem=dem)
    for number in range(len(sites)):
        alone = make_setting(program, part, sites.iloc[[number]], dem=dem)
        for setting, option in ((together, number), (alone, 0)):
            chosen = (setting.problem.option == option) & (setting.problem.begin == 0)
            covered = setting.problem.covered(chosen)[:, 0]
            held = setting.merged >= 0
            length = setting.cells["length_km"].to_numpy()[held]
            expected = float(chance[number] @ km)
            assert length @ covered[setting.merged[held]] == pytest.approx(
                expected, rel=2e-3
            )
            assert expected < 0.7 * float(seen[number] @ km)
