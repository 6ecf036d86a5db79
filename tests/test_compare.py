"""Differences of plans, progress against a plan, and drawings of one border."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lines import as_layer
from pyproj import Geod
from shapely import LineString, Point, box

import geoborder as gb
from geoborder import compare
from geoborder.compare.assets import match_assets
from geoborder.compare.covered import count_assets, sum_up, whole_lines
from geoborder.compare.fields import differing_fields
from geoborder.compare.stretches import changed_stretches
from geoborder.coverage.cells import make_cells

PROGRAMME = """\
name: Small
first_year: 2025
last_year: 2027
border: {left: TJK, right: AFG}
budgets: {2025: 100, 2026: 200, 2027: 300}
equipment:
  mast:
    name: Mast
    category: observation
    mode: radius
    range_km: 5
    cost: 10
    running_cost_per_year: 1
    life_years: 2
    basis: illustrative
  radio: {name: Radio, category: communications, cost: 2, basis: illustrative}
measures:
  masts:
    name: Masts
    category: observation
    quantity: 6
    equipment: mast
    basis: illustrative
  radios:
    name: Radios
    category: communications
    quantity: 3
    equipment: radio
    placed: false
    basis: illustrative
assets:
  old:
    name: Old mast
    equipment: mast
    longitude: 10.1
    latitude: 50.0
    until_year: 2026
    basis: illustrative
"""

LINE = as_layer(LineString([(10, 50), (11, 50.2), (12, 50)]))

UNITS = gpd.GeoDataFrame(
    {
        "unit_id": ["A-1", "A-2", "B-1"],
        "name": ["West", "East", "South"],
        "country": ["A", "A", "B"],
    },
    geometry=[box(9, 50.1, 11, 52), box(11, 50.1, 13, 52), box(9, 48, 13, 50)],
    crs="EPSG:4326",
)

CHAINAGES_KM = (10.0, 30.0, 50.0, 70.0, 90.0, 110.0)
"""Where the masts stand, two a year."""


def planned(text: str = PROGRAMME, **options: object) -> gb.Plan:
    """Work a programme out, and put its masts at known places."""
    file = Path(options.pop("folder")) / "programme.yaml"
    file.write_text(text, encoding="utf-8")
    plan = gb.make_plan(
        file, border=LINE, units=UNITS, segment_length_km=25, placed=False
    )
    masts = plan.assets["measure_id"] == "masts"
    places = gb.point_at(plan.border, list(CHAINAGES_KM)[: masts.sum()])
    assets = plan.assets.copy()
    assets.loc[masts, "geometry"] = places.to_numpy()
    assets.loc[masts, "chainage_km"] = CHAINAGES_KM[: masts.sum()]
    years = [2025, 2025, 2026, 2026, 2027, 2027][: masts.sum()]
    assets.loc[masts, "from_year"] = years
    assets.loc[masts, "until_year"] = np.array(years) + 1
    starts = plan.segments["start_km"].to_numpy()
    at = np.searchsorted(starts, assets.loc[masts, "chainage_km"], side="right") - 1
    assets.loc[masts, "segment_id"] = plan.segments["segment_id"].to_numpy()[at]
    return with_assets(plan, assets)


def with_assets(plan: gb.Plan, assets: gpd.GeoDataFrame) -> gb.Plan:
    """Exchange a plan's assets."""
    coverage = gb.cover(
        plan.border, assets, years=range(2024, 2028), segments=plan.segments
    )
    return replace(plan, assets=assets, coverage=coverage)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> gb.Plan:
    return planned(folder=tmp_path_factory.mktemp("small"))


def moved(plan: gb.Plan, asset_id: str, km: float) -> gb.Plan:
    """Move an asset along the border."""
    assets = plan.assets.copy()
    row = assets["asset_id"] == asset_id
    assets.loc[row, "geometry"] = [gb.point_at(plan.border, km)]
    assets.loc[row, "chainage_km"] = km
    return with_assets(plan, assets)


def test_equal_plans_do_not_differ(small: gb.Plan, plan: gb.Plan) -> None:
    for same in (small, plan):
        found = compare.compare_plans(same, same)
        assert found.is_empty
        assert found.summary == "The plans do not differ."
        assert len(found.assets) == len(found.stretches) == len(found.fields) == 0
        assert found.by_measure["assets_a"].sum() == len(same.assets)
        assert list(found.by_year["year"]) == list(same.coverage.by_year["year"])


def test_an_asset_that_moves(small: gb.Plan) -> None:
    before = small.assets.copy()
    found = compare.compare_plans(small, moved(small, "masts-003", 60.0))
    assert small.assets.equals(before)
    (row,) = found.assets.to_dict("records")
    assert row["change"] == "changed"
    assert (row["moved"], row["retimed"], row["altered"]) == (True, False, False)
    assert row["moved_km"] == pytest.approx(10.0, abs=0.01)
    assert (row["chainage_km_a"], row["chainage_km_b"]) == (50.0, 60.0)
    assert row["asset_id_a"] == row["asset_id_b"] == "masts-003"
    masts = found.by_measure.set_index("measure_id").loc["masts"]
    assert masts[["assets_a", "assets_b", "moved"]].tolist() == [6, 6, 1]
    # A disc of 5 km moves by 10 km: 10 km gained, 10 km lost while it stands.
    stretches = found.stretches
    assert sorted(set(stretches["year"])) == [2026, 2027]
    lost = stretches.query("change == 'lost' and year == 2026").iloc[0]
    assert (lost["start_km"], lost["end_km"]) == pytest.approx((45, 55), abs=0.01)
    gained = stretches.query("change == 'gained' and year == 2026").iloc[0]
    assert (gained["start_km"], gained["end_km"]) == pytest.approx((55, 65), abs=0.01)
    assert (
        gb.slice_border(LINE, lost["start_km"], lost["end_km"])
        .geometry.iloc[0]
        .equals_exact(lost["geometry"], 1e-9)
    )
    assert "1 moved (10.0 km on average, 10.0 at most)" in found.summary
    assert not found.is_empty


def test_assets_that_come_go_wait_and_change(small: gb.Plan) -> None:
    assets = small.assets.copy()
    rows = assets.set_index("asset_id").index
    assets.loc[rows == "masts-001", ["from_year", "until_year"]] = [2026, 2027]
    assets.loc[rows == "masts-002", "range_km"] = 8.0
    assets.loc[rows == "old", "asset_id"] = "new"
    assets = assets[rows != "masts-006"].reset_index(drop=True)
    found = compare.compare_plans(small, with_assets(small, assets))
    table = found.assets.set_index("asset_id_a", drop=False)
    assert len(table) == 5
    assert table.loc["masts-001", "retimed"]
    assert table.loc["masts-001", "from_year_b"] == 2026
    assert table.loc["masts-002", "alterations"] == "range_km: 5 -> 8"
    assert not table.loc["masts-002", "retimed"]
    assert table.loc["masts-006", "change"] == "dropped"
    assert pd.isna(table.loc["masts-006", "asset_id_b"])
    assert table.loc["old", "change"] == "dropped"
    assert table["asset_id_b"].dropna().tolist() == ["masts-001", "masts-002", "new"]
    assert found.assets.set_index("asset_id_b").loc["new", "change"] == "added"
    assert table.geometry.notna().all()
    assert "1 added, 2 dropped, 0 moved, 1 moved in time, 1 changed" in found.summary


def test_names_of_planned_assets_do_not_matter(small: gb.Plan) -> None:
    assets = small.assets.iloc[::-1].reset_index(drop=True)
    masts = assets["measure_id"] == "masts"
    assets.loc[masts, "asset_id"] = [f"m{n}" for n in range(masts.sum())]
    found = compare.compare_plans(small, with_assets(small, assets))
    assert found.is_empty


places = st.lists(
    st.tuples(st.floats(0, 2), st.floats(49, 51), st.integers(2025, 2026)),
    min_size=1,
    max_size=5,
)


@given(places, places, st.integers(0, 3))
def test_matching_moves_assets_least(
    one: list[tuple[float, float, int]],
    other: list[tuple[float, float, int]],
    same: int,
) -> None:
    other = [*one[:same], *other][:5]
    tables = [
        gpd.GeoDataFrame(
            {
                "asset_id": [f"{n}" for n in range(len(part))],
                "measure_id": "m",
                "quantity": 1,
                "from_year": pd.array([year for _, _, year in part], dtype="Int64"),
            },
            geometry=[Point(lon, lat) for lon, lat, _ in part],
            crs="EPSG:4326",
        )
        for part in (one, other)
    ]
    rows, columns = match_assets(*tables)
    assert len(rows) == len(set(rows)) == len(set(columns)) == min(map(len, tables))
    geod = Geod(ellps="WGS84")
    metres = np.array([[geod.inv(*p[:2], *q[:2])[2] for q in other] for p in one])
    years = np.array([[p[2] != q[2] for q in other] for p in one])
    if len(one) > len(other):
        metres, years, rows, columns = metres.T, years.T, columns, rows
    short, long = metres.shape
    ways = [
        (metres[range(short), way].sum(), years[range(short), way].sum())
        for way in permutations(range(long), short)
    ]
    least = min(total for total, _ in ways)
    assert metres[rows, columns].sum() == pytest.approx(least, abs=1e-3)
    # Among equal distances, as many years agree as can.
    fewest = min(late for total, late in ways if total <= least + 1e-7)
    assert years[rows, columns].sum() <= fewest


def test_among_equal_distances_years_agree() -> None:
    """Four masts at two places: any pairing at a place moves nothing."""
    frame = {"asset_id": ["1", "2", "3"], "measure_id": "m", "quantity": 1}
    at = gpd.GeoSeries([Point(10, 50), Point(10, 50), Point(11, 50)], crs=4326)
    one = gpd.GeoDataFrame(frame | {"from_year": [2025, 2027, 2025]}, geometry=at)
    other = gpd.GeoDataFrame(frame | {"from_year": [2028, 2026, 2025]}, geometry=at)
    rows, columns = match_assets(one, other)
    assert rows.tolist() == [0, 1, 2]
    assert columns.tolist() == [1, 0, 2]


def test_gaps_end_where_lines_do() -> None:
    border = two_lines()
    mast = {"asset_id": ["x"], "mode": ["radius"], "range_km": [5.0]}
    assets = gpd.GeoDataFrame(mast, geometry=[Point(10, 51)], crs="EPSG:4326")
    expected = gb.cover(border, assets).by_year.iloc[0]
    prints = gb.footprints(border, assets)
    cells = make_cells(border, prints, whole_lines(border), None)
    covered = count_assets(cells, cells.active)[:, 0] >= 1
    found = sum_up(cells, covered, np.zeros(covered.size, dtype=np.int64), 1).iloc[0]
    assert found.to_dict() == pytest.approx(expected[list(found.index)].to_dict())
    assert found["longest_gap_km"] < border["length_km"].max() + 1e-9


def two_lines() -> gpd.GeoDataFrame:
    """Make a border of two lines."""
    lines = gpd.GeoDataFrame(
        {"border_id": ["N", "S"], "left": "A", "right": "B"},
        geometry=[LineString([(10, 51), (11, 51)]), LineString([(10, 50), (11, 50)])],
        crs="EPSG:4326",
    )
    return gb.as_border(lines)


def test_stretches_on_several_lines() -> None:
    border = two_lines()
    frame = {"mode": "radius", "range_km": 5.0, "from_year": 2025}

    def covered(lon: float, k: int = 1) -> gb.Coverage:
        """Cover both lines around their ends, and one place on each."""
        at = [Point(x, y) for y in (50, 51) for x in (10, 11, lon)]
        names = [f"{n}" for n in range(6)]
        assets = gpd.GeoDataFrame(
            {"asset_id": names, **frame}, geometry=at, crs="EPSG:4326"
        )
        return gb.cover(border, assets, k=k)

    found = changed_stretches(border, covered(10.5), covered(10.6))
    assert found["border_id"].tolist() == ["N", "S"] * 2
    assert found["length_km"].between(6.9, 7.3).all()  # 0.1 degrees of longitude
    twice = changed_stretches(border, covered(10.5), covered(10.5, k=2))
    assert twice["change"].tolist() == ["lost"] * 6
    assert twice["length_km"].sum() == pytest.approx(40, abs=0.01)
    none = gb.cover(border, covered_by_nothing(), years=[2025])
    assert len(changed_stretches(border, none, none)) == 0
    assert len(changed_stretches(border, none, covered(10.5))) == 6


def covered_by_nothing() -> gpd.GeoDataFrame:
    frame = {"asset_id": ["x"], "mode": ["none"], "range_km": [np.nan]}
    return gpd.GeoDataFrame(frame, geometry=[Point(10, 50)], crs="EPSG:4326")


def test_what_has_no_place_is_matched_by_year(small: gb.Plan) -> None:
    assets = small.assets.copy()
    radio = assets["asset_id"] == "radios-003"
    assets.loc[radio, ["from_year", "quantity"]] = [2026, 4]
    assets = pd.concat([assets[radio], assets[~radio]], ignore_index=True)
    found = compare.compare_plans(small, with_assets(small, assets))
    (row,) = found.assets.to_dict("records")
    assert (row["asset_id_a"], row["asset_id_b"]) == ("radios-003", "radios-003")
    assert (row["retimed"], row["altered"], row["moved"]) == (True, True, False)
    assert row["alterations"] == "quantity: 1 -> 4"


def test_stretches_add_up_and_hold_at_every_place(small: gb.Plan) -> None:
    other = moved(moved(small, "masts-001", 17.0), "masts-004", 51.0)
    found = compare.compare_plans(small, other)
    sums = found.stretches.pivot_table(
        values="length_km", index="year", columns="change", aggfunc="sum"
    ).fillna(0.0)
    years = found.by_year.set_index("year")["covered_km_change"]
    net = (sums["gained"] - sums["lost"]).reindex(years.index).fillna(0.0)
    assert net.to_numpy() == pytest.approx(years.to_numpy(), abs=1e-5)
    for km in np.random.default_rng(1).uniform(0, LINE_KM, 300):
        for year in (2025, 2026, 2027):
            covered = [covers(p.coverage.footprints, km, year) for p in (small, other)]
            change = {(False, True): "gained", (True, False): "lost"}.get(
                tuple(covered)
            )
            at = found.stretches.query(
                "year == @year and start_km < @km and @km < end_km"
            )
            assert at["change"].tolist() == ([] if change is None else [change])


LINE_KM = float(gb.as_border(LINE)["length_km"].iloc[0])


def covers(prints: pd.DataFrame, km: float, year: int) -> bool:
    """Whether a footprint in force in a year holds a place."""
    begun = prints["from_year"].fillna(0) <= year
    going = prints["until_year"].fillna(9999) >= year
    holds = (prints["start_km"] < km) & (km < prints["end_km"])
    return bool((begun & going & holds).any())


def test_figures_of_both_programmes(small: gb.Plan, tmp_path: Path) -> None:
    text = PROGRAMME.replace("quantity: 6", "quantity: 4").replace(
        "2027: 300", "2027: 250"
    )
    extra = "  kits: {name: Kits, category: supply, quantity: 1, unit_cost: 7, "
    text = text.replace("assets:\n", extra + "basis: illustrative}\nassets:\n")
    found = compare.compare_plans(small, planned(text, folder=tmp_path))
    year = found.by_year.set_index("year").loc[2027]
    assert (year["budget_a"], year["budget_b"], year["budget_change"]) == (
        300,
        250,
        -50,
    )
    for side, of in (("a", small), ("b", planned(text, folder=tmp_path))):
        assert found.by_year[f"cost_{side}"].sum() == of.costs["total"].sum()
        sums = found.quantities.groupby("measure_id")[f"quantity_{side}"].sum()
        expected = of.assignments.groupby("measure_id")["quantity"].sum()
        assert sums[expected.index].equals(expected.rename(f"quantity_{side}"))
    kits = found.quantities.query("measure_id == 'kits'")
    assert kits["quantity_a"].tolist() == [0.0]
    assert kits["cost_change"].tolist() == [7.0]
    units = found.by_unit
    assert set(units["unit"]) == {"West", "East", "South"}
    south = units[units["unit"] == "South"].set_index("year")
    years = found.by_year.set_index("year")
    assert south["covered_km_b"].to_numpy() == pytest.approx(
        years["covered_km_b"].to_numpy()
    )
    placed = small.assignments[small.assignments["segment_id"].notna()]
    assert south["cost_a"].sum() == pytest.approx(placed["cost"].sum())
    left = units[units["side"] == "left"].groupby("year")["covered_km_a"].sum()
    assert left.to_numpy() == pytest.approx(years["covered_km_a"].to_numpy())
    paths = found.fields.set_index("path")
    assert list(paths.index) == [
        "budgets.2027.value",
        "measures.masts.quantity",
        "measures.kits",
    ]
    assert paths.loc["measures.masts.quantity"].tolist() == [6.0, 4.0]
    assert paths.loc["measures.kits", "a"] is None
    assert '"unit_cost"' in paths.loc["measures.kits", "b"]
    assert "The programmes differ in 3 fields: budgets.2027.value" in found.summary


def test_programmes_of_other_years_and_currencies(
    small: gb.Plan, tmp_path: Path
) -> None:
    text = PROGRAMME.replace("name: Small", "name: Long\ncurrency: EUR", 1)
    text = text.replace("last_year: 2027", "last_year: 2028")
    file = tmp_path / "p.yaml"
    file.write_text(text)
    other = gb.make_plan(file, border=LINE, units=UNITS, segment_length_km=25)
    found = compare.compare_plans(small, other)
    years = found.by_year.set_index("year")
    assert list(years.index) == [2024, 2025, 2026, 2027, 2028]
    assert np.isnan(years.loc[2028, "covered_km_a"])
    assert years.loc[2028, "covered_km_b"] > 0
    assert found.stretches["year"].max() <= 2027
    assert years["cost_change"].isna().all()
    assert found.quantities["cost_change"].isna().all()
    assert years["covered_km_change"].notna().sum() == 4
    assert found.currency is None
    assert "Costs are in different currencies." in found.summary


def test_fields_in_lists_and_what_is_missing() -> None:
    a = gb.load_program()
    stages = a.stages[:2]
    b = a.model_copy(update={"stages": stages, "required_k": 2})
    found = differing_fields(a, b)
    assert found["path"].tolist() == ["stages.2", "required_k"]
    assert found["b"].tolist() == [None, 2]
    assert differing_fields(b, b).empty


def test_plans_of_different_borders_are_refused(small: gb.Plan) -> None:
    other = replace(small, border=small.border.assign(border_id="M"))
    with pytest.raises(gb.OptionError, match="plans of one border, got L and M"):
        compare.compare_plans(small, other)
    drawn = as_layer(LineString([(10, 50), (11, 50.21), (12, 50)]))
    other = replace(small, border=gb.as_border(drawn))
    with pytest.raises(gb.OptionError, match=r"border L drawn differently \(149\.\d"):
        compare.compare_plans(small, other)


# Progress


def delivered(**rows: tuple[object, ...]) -> pd.DataFrame:
    """Make a table of deliveries: masts_001=(ordered, delivered, operational, ...)."""
    columns = ["ordered", "delivered", "operational", "status", "paid"]
    return pd.DataFrame(
        [
            {
                "asset_id": name.replace("_", "-"),
                **dict(zip(columns, row, strict=False)),
            }
            for name, row in rows.items()
        ],
        columns=["asset_id", *columns],
    )


TABLE = delivered(
    masts_001=("2025-02-01", "2025-06-01", "2025-07-01", None, 10),
    masts_002=("2025-02-01", "2025-06-01", "2026-02-10", None, 12.5),
    masts_003=("2025-03-01", "2026-08-01", None, None, 5),
    masts_004=("2026-03-01", None, "2027-04-01", None, None),
    masts_005=(None, None, None, "cut", None),
)


def test_progress_as_of_a_date(small: gb.Plan) -> None:
    before = TABLE.copy()
    found = compare.track_progress(small, TABLE, on="2026-12-31")
    assert TABLE.equals(before)
    masts = found.by_measure.set_index("measure_id").loc["masts"]
    expected = {
        "total": 6, "planned": 4, "due": 4, "ordered": 4, "delivered": 3,
        "operational": 2, "late": 2, "cut": 1,
        "cost_planned": 40, "cost_due": 40, "paid": 27.5,
    }  # fmt: skip
    assert masts[list(expected)].to_dict() == expected
    assert found.late["asset_id"].tolist()[0].startswith("radios")  # a year late
    late = found.late.set_index("asset_id")
    assert late.loc["masts-003", ["days_late", "status"]].tolist() == [0, "delivered"]
    assert late.loc["masts-004", "expected"] == date(2027, 4, 1)
    assert late.loc["radios-001", "days_late"] == 365
    items = found.items.set_index("asset_id")
    assert items.loc["masts-002", "days_late"] == 41
    assert items.loc["masts-005", "status"] == "cut"
    assert items.loc["masts-006", "status"] == "planned"
    years = found.by_year.set_index("year")
    assert years.loc[2025, ["due", "operational", "paid"]].tolist() == [3, 2, 22.5]
    assert years["cost"].tolist() == small.costs["total"].tolist()
    assert years["budget"].tolist() == [100, 200, 300]
    assert "5 are" not in found.summary
    assert "of 6 items due" in found.summary
    assert "Paid 28 USD; items due cost 44; budget to the end of 2026 300." in (
        found.summary
    )


def test_dates_that_have_not_come_do_not_count(small: gb.Plan) -> None:
    found = compare.track_progress(small, TABLE, on=date(2025, 6, 30))
    masts = found.by_measure.set_index("measure_id").loc["masts"]
    names = ["planned", "due", "ordered", "delivered", "operational", "late"]
    assert masts[names].tolist() == [2, 0, 3, 2, 0, 0]
    assert len(found.late) == 0
    items = found.items.set_index("asset_id")
    assert items.loc["masts-001", "status"] == "delivered"
    assert items.loc["masts-001", "expected"] == date(2025, 7, 1)


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_what_was_promised_is_what_the_plan_covers(small: gb.Plan, year: int) -> None:
    found = compare.track_progress(small, TABLE, on=f"{year}-12-31")
    plan_year = small.coverage.by_year.query("year == @year").iloc[0]
    for state in ("promised", "end_of_year"):
        row = found.coverage.set_index("state").loc[state]
        for column in ("length_km", "covered_km", "share", "longest_gap_km"):
            assert row[column] == pytest.approx(plan_year[column])
    units = small.coverage.by_unit_year.query("year == @year")
    for column in ("covered_km", "share", "longest_gap_km"):
        assert found.by_unit[f"{column}_promised"].to_numpy() == pytest.approx(
            units[column].to_numpy()
        )


def test_what_is_operational_covers_as_cover_says(small: gb.Plan) -> None:
    found = compare.track_progress(small, TABLE, on="2026-09-15")
    state = found.coverage.set_index("state")
    in_use = small.assets["asset_id"].isin(["old", "masts-001", "masts-002"])
    alone = gb.cover(small.border, small.assets[in_use], years=[2026]).by_year.iloc[0]
    for column in ("covered_km", "share", "longest_gap_km"):
        assert state.loc["operational", column] == pytest.approx(alone[column])
    assert state.loc["promised", "covered_km"] < state.loc["end_of_year", "covered_km"]
    west = found.by_unit.set_index("unit").loc["West"]
    # Masts 1 to 4 stand before the top of the line, at 72.6 km.
    assert west[["total", "planned", "due", "operational"]].tolist() == [4, 4, 2, 2]
    assert west["covered_km_operational"] == pytest.approx(alone["covered_km"])


def test_a_life_begins_with_operation(small: gb.Plan) -> None:
    """Masts live for two years: of 2025 until 2026, of early 2026 until 2027."""
    found = compare.track_progress(small, TABLE, on="2027-06-01")
    table = found.coverage.set_index("state")
    masts = ["masts-002", "masts-004"]
    in_use = small.assets[small.assets["asset_id"].isin(masts)]
    alone = gb.cover(small.border, in_use.assign(from_year=2027, until_year=2028))
    assert table.loc["operational", "covered_km"] == pytest.approx(
        alone.by_year["covered_km"].iloc[0]
    )


def test_a_table_without_rows_or_optional_columns(small: gb.Plan) -> None:
    empty = pd.DataFrame({"asset_id": []})
    found = compare.track_progress(small, empty, on="2027-12-31")
    assert found.by_year[["operational", "paid"]].sum().tolist() == [0, 0]
    assert found.by_year["late"].sum() == found.by_year["due"].sum() == 9
    assert compare.facts_of(small, empty, on="2024-12-31").empty


@pytest.mark.parametrize("kind", ["text", "date", "datetime64", "Timestamp"])
def test_dates_of_any_kind(small: gb.Plan, kind: str) -> None:
    day = pd.Timestamp("2025-07-01")
    as_kind: dict[str, Callable[[], pd.Series]] = {
        "text": lambda: pd.Series(["2025-07-01", ""]),
        "date": lambda: pd.Series([day.date(), None], dtype=object),
        "datetime64": lambda: pd.Series([day, pd.NaT]),
        "Timestamp": lambda: pd.Series([day, np.nan], dtype=object),
    }
    table = pd.DataFrame({"asset_id": ["masts-001", "masts-002"]})
    table["operational"] = as_kind[kind]()
    found = compare.track_progress(small, table, on="2025-12-31")
    assert found.items.set_index("asset_id").loc["masts-001", "operational"] == date(
        2025, 7, 1
    )
    assert found.by_year["operational"].sum() == 1


def test_facts_for_planning_again(small: gb.Plan) -> None:
    facts = compare.facts_of(small, TABLE, on="2026-12-31")
    assert list(facts.columns) == [
        "asset_id", "measure_id", "site_id", "from_year", "status",
    ]  # fmt: skip
    masts = facts[facts["measure_id"] == "masts"]
    rows = list(
        masts[["asset_id", "from_year", "status"]].itertuples(index=False, name=None)
    )
    assert rows == [
        ("masts-001", 2025, "delivered"),
        ("masts-002", 2026, "delivered"),
        ("masts-003", 2027, "delivered"),  # not in operation before 2027
        ("masts-004", 2027, "late"),
        ("masts-005", 2027, "cut"),
    ]
    assert facts["site_id"].isna().all()
    with_sites = replace(
        small, assets=small.assets.assign(site_id=range(len(small.assets)))
    )
    facts = compare.facts_of(with_sites, TABLE, on="2026-12-31")
    sites = with_sites.assets.set_index("asset_id")["site_id"]
    assert facts["site_id"].tolist() == sites[facts["asset_id"]].tolist()


def test_facts_of_items_expected_later(small: gb.Plan) -> None:
    table = delivered(
        masts_001=(None, None, "2028-05-01"),
        masts_003=(None, "2026-02-01", "2028-05-01"),
        masts_006=("2025-02-01", None, "2028-05-01"),
    )
    facts = compare.facts_of(small, table, on="2026-06-30").set_index("asset_id")
    assert facts.loc["masts-001", ["from_year", "status"]].tolist() == [2028, "late"]
    assert facts.loc["masts-002", ["from_year", "status"]].tolist() == [2026, "late"]
    assert facts.loc["masts-003", ["from_year", "status"]].tolist() == [
        2028,
        "delivered",
    ]
    assert "masts-004" not in facts.index  # not due
    assert "masts-006" not in facts.index  # ordered, but open


def test_what_is_placed_by_hand_is_delivered_too(small: gb.Plan) -> None:
    assets = small.assets.copy()
    assets.loc[assets["asset_id"] == "old", ["status", "from_year"]] = ["planned", 2025]
    found = compare.track_progress(
        with_assets(small, assets), delivered(old=("2025-01-02",)), on="2025-12-31"
    )
    by_hand = found.by_measure[found.by_measure["measure_id"].isna()].iloc[0]
    assert by_hand[["due", "ordered", "operational", "late"]].tolist() == [1, 1, 0, 1]
    assert found.coverage["covered_km"].iloc[0] == 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            delivered(mast_001=()),
            r"row 0 \(asset 'mast-001'\): no such asset in the plan; did you mean",
        ),
        (delivered(old=()), r"row 0 \(asset 'old'\): it stands already"),
        (
            pd.concat([TABLE, TABLE.iloc[:1]], ignore_index=True),
            r"row 5 \(asset 'masts-001'\): it has a row already",
        ),
        (
            delivered(masts_001=("2025-06-02", "2025-06-01")),
            r"row 0 .* delivered on 2025-06-01, before it was ordered on 2025-06-02",
        ),
        (
            delivered(masts_001=("2025-06-02", None, "2025-06-01")),
            "operational on 2025-06-01, before it was ordered on 2025-06-02",
        ),
        (
            delivered(masts_001=("soon",)),
            r"row 0 \(asset 'masts-001'\): ordered is 'soon', which is no date",
        ),
        (delivered(masts_001=("2025-02-30",)), "ordered is '2025-02-30', which is no"),
        (delivered(masts_001=(2025,)), "ordered is 2025, which is no date"),
        (
            delivered(masts_001=(None, None, None, "late")),
            "status must be cut or empty, got 'late'",
        ),
        (
            delivered(masts_001=(None, "2025-06-01", None, "cut")),
            "it is cut, yet delivered on 2025-06-01",
        ),
        (
            delivered(masts_001=(None, None, None, None, -1)),
            "paid must be a number of at least 0, got -1",
        ),
        (
            delivered(masts_001=(None, None, None, None, "much")),
            "paid must be a number of at least 0, got 'much'",
        ),
        (pd.DataFrame({"asset": ["masts-001"]}), "did you mean 'asset'"),
        ([], "must be a DataFrame, got list"),
    ],
)
def test_unusable_deliveries_are_refused(
    small: gb.Plan, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(gb.DataError, match=message):
        compare.track_progress(small, table, on="2026-12-31")
    with pytest.raises(gb.DataError, match=message):
        compare.facts_of(small, table, on="2026-12-31")


@pytest.mark.parametrize("on", ["2026-13-01", "today", 2026, None, ""])
def test_what_is_no_date_is_refused(small: gb.Plan, on: object) -> None:
    with pytest.raises(gb.OptionError, match="`on` must be a date"):
        compare.track_progress(small, TABLE, on=on)


def test_the_default_plan_is_followed(plan: gb.Plan) -> None:
    own = plan.assets[plan.assets["measure_id"].notna()]
    year = plan.program.last_year
    days = [date(int(y), 12, 31) for y in own["from_year"]]
    table = pd.DataFrame({"asset_id": own["asset_id"], "operational": days})
    found = compare.track_progress(plan, table, on=date(year, 12, 31))
    assert found.by_year["operational"].sum() == own["quantity"].sum()
    assert len(found.late) == 0
    states = found.coverage.set_index("state")["covered_km"]
    assert states["operational"] == pytest.approx(states["promised"])
    assert states["operational"] == pytest.approx(
        plan.coverage.by_year["covered_km"].iloc[-1]
    )


# Borders


def test_a_border_and_itself(border: gpd.GeoDataFrame) -> None:
    found = compare.compare_borders(border, border, units=gb.load_provinces())
    assert found.displacement["most_km"].max() < 1e-6
    assert found.by_unit is not None
    assert found.by_unit["length_km_change"].abs().max() == 0
    assert found.lengths["length_km"].diff().iloc[1] == 0


def test_two_meridians() -> None:
    """A hundredth of a degree apart: furthest at the equator, by known distances."""
    one = as_layer(LineString([(10, 0), (10, 60)]))
    other = as_layer(LineString([(10.01, 0), (10.01, 60)]))
    found = compare.compare_borders(one, other, spacing_km=1.0)
    geod = Geod(ellps="WGS84")
    for row in found.displacement.itertuples():
        assert row.most_km == pytest.approx(geod.inv(10, 0, 10.01, 0)[2] / 1000)
        assert (row.chainage_km, row.other_chainage_km) == pytest.approx((0, 0))
        assert geod.geometry_length(row.geometry) / 1000 == pytest.approx(row.most_km)
    half_km = geod.inv(10, 30, 10.01, 30)[2] / 1000
    assert found.displacement["median_km"].tolist() == pytest.approx(
        [half_km] * 2, rel=0.003
    )
    sides = found.points.query("distance_km > 0").groupby("drawing")["side"].unique()
    assert sides["a"].tolist() == ["left"]  # a lies west of b, which runs north
    assert sides["b"].tolist() == ["right"]


@pytest.mark.parametrize(("layer", "length_km"), [("10m", 1172.08), ("50m", 1037.15)])
def test_coarser_maps(border: gpd.GeoDataFrame, layer: str, length_km: float) -> None:
    coarse = gb.load_border(countries=gb.load_countries(layer))
    found = compare.compare_borders(border, coarse)
    assert found.lengths["length_km"].tolist() == pytest.approx(
        [1343.96, length_km], abs=0.01
    )
    for name, (own, other) in {"a": (border, coarse), "b": (coarse, border)}.items():
        row = found.displacement.set_index("drawing").loc[name]
        # Other points: random places, measured one by one.
        km = np.random.default_rng(7).uniform(0, own["length_km"].iloc[0], 4000)
        distance = gb.locate(gb.point_at(own, km), other)["distance_km"]
        assert row["mean_km"] == pytest.approx(distance.mean(), rel=0.03)
        assert row["median_km"] == pytest.approx(distance.median(), rel=0.05)
        assert row["p95_km"] == pytest.approx(distance.quantile(0.95), rel=0.05)
        assert distance.max() <= row["most_km"] + found.spacing_km / 2
        ends = [Point(xy) for xy in row.geometry.coords]
        assert gb.locate(ends[0], own)["distance_km"].item() < 1e-6
        assert gb.locate(ends[1], other)["distance_km"].item() < 1e-6
        length = Geod(ellps="WGS84").geometry_length(row.geometry) / 1000
        assert length == pytest.approx(row["most_km"], abs=1e-6)
    assert "-" in found.summary.splitlines()[0]


def test_several_lines_and_other_crs(border: gpd.GeoDataFrame) -> None:
    pair = pd.concat([gb.load_border("UZB", "AFG"), border], ignore_index=True)
    found = compare.compare_borders(pair.to_crs(32642), border)
    assert found.lengths["lines"].tolist() == [2, 1]
    own = found.points.query("drawing == 'a' and border_id == 'TJK-AFG'")
    assert len(own) > len(found.points) / 3
    assert own["distance_km"].max() < 1e-6


@pytest.mark.parametrize("spacing_km", [0.0, -1.0, float("nan"), float("inf")])
def test_spacing_must_be_positive(border: gpd.GeoDataFrame, spacing_km: float) -> None:
    with pytest.raises(gb.OptionError, match="`spacing_km` must be finite"):
        compare.compare_borders(border, border, spacing_km=spacing_km)


# Files


def test_comparisons_as_files(small: gb.Plan, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    found = compare.compare_plans(small, moved(small, "masts-003", 60.0))
    files = compare.write_comparison(found, folder)
    assert {f.name for f in files} == {
        "assets.csv", "by_measure.csv", "by_year.csv", "by_unit.csv",
        "quantities.csv", "stretches.csv", "fields.csv", "comparison.gpkg",
    }  # fmt: skip
    assert sorted(folder.iterdir()) == sorted(files)
    layer = gpd.read_file(folder / "comparison.gpkg", layer="stretches")
    assert layer["length_km"].sum() == pytest.approx(found.stretches["length_km"].sum())
    assert len(pd.read_csv(folder / "assets.csv")) == 1
    same = compare.compare_plans(small, small)
    compare.write_comparison(same, folder)  # over the earlier ones
    assert len(gpd.read_file(folder / "comparison.gpkg", layer="assets")) == 0
    progress = compare.track_progress(small, TABLE, on="2026-12-31")
    names = {f.name for f in compare.write_comparison(progress, tmp_path / "progress")}
    assert "late.csv" in names
    assert "comparison.gpkg" not in names
    borders = compare.compare_borders(LINE, LINE)
    files = compare.write_comparison(borders, tmp_path / "borders")
    assert len(files) == 4


def test_a_folder_that_is_a_file_is_refused(small: gb.Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(gb.OptionError, match="cannot be written"):
        compare.write_comparison(compare.compare_plans(small, small), tmp_path / "file")


def with_sites(folder: Path, text: str = PROGRAMME) -> gb.Plan:
    """Work a programme out with its masts at the best sites."""
    file = folder / "programme.yaml"
    file.write_text(text, encoding="utf-8")
    return gb.make_plan(file, border=LINE, units=UNITS, segment_length_km=25)


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> gb.Plan:
    return with_sites(tmp_path_factory.mktemp("placed"))


def choices(plan: gb.Plan) -> set[tuple[object, ...]]:
    """List what is placed where and when."""
    assert plan.placement is not None
    table = plan.placement.items[["measure_id", "site_id", "from_year"]]
    return set(table.itertuples(index=False, name=None))


def test_with_nothing_settled_the_plan_is_the_same(placed: gb.Plan) -> None:
    none = pd.DataFrame({"asset_id": pd.Series(dtype=str)})
    found = compare.replan(placed, none, on="2024-12-31")
    assert found.difference.is_empty
    assert found.facts.empty
    assert choices(found.plan) == choices(placed)


def test_planning_again_keeps_facts(placed: gb.Plan) -> None:
    first = placed.assets[placed.assets["from_year"] == 2025]
    names = first.loc[first["measure_id"] == "masts", "asset_id"].tolist()
    assert len(names) == 2
    table = delivered(**{names[0].replace("-", "_"): (None, None, "2025-06-01")})
    before = placed.program.model_dump_json()
    found = compare.replan(placed, table, on="2026-03-31")  # the other one is late
    sites = first.set_index("asset_id")["site_id"]
    facts = {("masts", sites[names[0]], 2025), ("masts", sites[names[1]], 2026)}
    assert facts <= choices(found.plan)
    assert {c for c in choices(found.plan) if c[2] < 2026} == {
        ("masts", sites[names[0]], 2025)
    }
    assert len(choices(found.plan)) <= 6
    again = found.plan.placement
    assert again is not None
    assert again.value < placed.placement.value
    status = found.facts.set_index("asset_id")["status"]
    assert status[names].tolist() == ["delivered", "late"]
    covered = found.difference.by_year.set_index("year")["covered_km_change"]
    assert covered[2025] < 0.0
    assert placed.program.model_dump_json() == before


def test_what_is_cut_is_not_bought_again(placed: gb.Plan) -> None:
    items = placed.placement.items.set_index("asset_id")
    gone = items.index[items["from_year"] == 2026][0]
    kept = items.index[items["from_year"] == 2025]
    table = pd.DataFrame({"asset_id": [*kept, gone]})
    table["operational"] = ["2025-06-01"] * len(kept) + [None]
    table["status"] = [None] * len(kept) + ["cut"]
    found = compare.replan(placed, table, on="2025-12-31")
    masts = found.plan.program.measures["masts"]
    assert masts.quantity == 5.0
    assert masts.schedule == {2025: 2.0, 2026: 1.0, 2027: 2.0}
    assert len(choices(found.plan)) <= 5
    assert found.difference.fields["path"].str.startswith("measures.masts.").all()
    radios = found.plan.assets["measure_id"] == "radios"
    assert found.plan.assets.loc[radios, "quantity"].sum() == 3


def test_a_measure_that_is_cut_altogether(tmp_path: Path) -> None:
    text = PROGRAMME.replace("quantity: 6", "quantity: 1")
    one = with_sites(tmp_path, text + "placement: {measures: [masts]}\n")
    table = delivered(masts_001=(None, None, None, "cut"))
    found = compare.replan(one, table, on="2025-12-31")
    assert found.plan.placement is None
    assert list(found.plan.program.measures) == ["radios"]
    assert found.difference.assets["change"].tolist() == ["dropped"]


def test_what_was_moved_stays_moved(tmp_path: Path) -> None:
    text = PROGRAMME.replace("    until_year: 2026\n", "")
    before = with_sites(tmp_path, text + "placement: {move_cost: {mast: 3}}\n")
    items = before.placement.items
    moved = items[items["moved_from"] == "old"].iloc[0]
    assert moved["from_year"] == 2026
    own = items[items["from_year"] <= 2026]
    table = pd.DataFrame({"asset_id": own["asset_id"]})
    table["operational"] = own["from_year"].astype(str) + "-06-01"
    found = compare.replan(before, table, on="2026-12-31")
    again = found.plan.placement.items.set_index("site_id")
    assert again.loc[moved["site_id"], ["measure_id", "cost"]].tolist() == ["masts", 3]
    settled = {choice for choice in choices(before) if choice[2] <= 2026}
    assert settled < choices(found.plan)
    assert found.plan.placement.value == pytest.approx(before.placement.value)
    assert (found.difference.by_year["cost_change"].fillna(0.0) == 0.0).all()
    old = found.plan.assets.set_index("asset_id").loc["old"]
    assert old["until_year"] == 2025
    assert set(found.plan.program.measures) == {"masts", "radios"}


def test_what_stands_by_hand_comes_when_it_came(tmp_path: Path) -> None:
    hand = "    from_year: 2025\n    until_year: 2026\n    status: planned\n"
    text = PROGRAMME.replace("    until_year: 2026\n", hand)
    before = with_sites(tmp_path, text)
    late = compare.replan(
        before, delivered(old=(None, None, "2026-02-01")), on="2026-06-30"
    )
    assert late.plan.program.assets["old"].from_year == 2026
    never = compare.replan(
        before, delivered(old=(None, None, None, "cut")), on="2026-06-30"
    )
    assert never.plan.program.assets == {}


def test_nothing_to_plan_again_is_refused(small: gb.Plan, placed: gb.Plan) -> None:
    with pytest.raises(gb.OptionError, match="no placement to make again"):
        compare.replan(small, TABLE, on="2026-12-31")
    with pytest.raises(gb.OptionError, match="last year 2027, got 2027-12-31"):
        compare.replan(placed, TABLE, on="2027-12-31")
    with pytest.raises(gb.OptionError, match="`on` must be a date"):
        compare.replan(placed, TABLE, on="soon")
