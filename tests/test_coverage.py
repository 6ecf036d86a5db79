"""Coverage, against brute force on sampled points."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from lines import as_layer
from shapely import LineString, Point

import geoborder as gb
from geoborder.geodesy import inverse

LINE = as_layer(LineString([(70, 37), (70.3, 37.2), (70.6, 37.0), (71, 37.3)]))
LENGTH = float(gb.segment_border(LINE, count=1)["length_km"].sum())


def make_assets(rows: list[tuple[str, float, float, float, object, object]]) -> object:
    columns = ["mode", "lon", "lat", "range_km", "from_year", "until_year"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "asset_id", [f"a{n}" for n in range(len(table))])
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)


asset_rows = st.lists(
    st.tuples(
        st.sampled_from(["radius", "patrol", "none"]),
        st.floats(69.8, 71.2),
        st.floats(36.8, 37.5),
        st.floats(1, 40),
        st.one_of(st.none(), st.integers(2024, 2029)),
        st.one_of(st.none(), st.integers(2025, 2030)),
    ),
    min_size=1,
    max_size=6,
)


def brute_count(assets: gpd.GeoDataFrame, km: np.ndarray, year: int) -> np.ndarray:
    """Count the assets on each place by the definitions of the modes."""
    places = gb.point_at(LINE, km)
    count = np.zeros(km.size, dtype=int)
    for asset in assets.itertuples():
        begun = pd.isna(asset.from_year) or asset.from_year <= year
        if not begun or (not pd.isna(asset.until_year) and asset.until_year < year):
            continue
        x, y = asset.geometry.x, asset.geometry.y
        if asset.mode == "radius":
            count += inverse(places.x, places.y, x, y)[1] <= asset.range_km * 1000
        elif asset.mode == "patrol":
            foot = gb.locate(Point(x, y), LINE).iloc[0]
            if foot["distance_km"] <= asset.range_km:
                count += np.abs(km - foot["chainage_km"]) <= asset.range_km
    return count


@given(asset_rows, st.integers(1, 3), st.integers(2025, 2029))
def test_coverage_is_what_sampled_places_say(
    rows: list[tuple[str, float, float, float, object, object]], k: int, year: int
) -> None:
    assets = make_assets(rows)
    segments = gb.segment_border(LINE, length_km=17)
    found = gb.cover(
        LINE, assets, year=year, k=k, years=range(2024, 2031), segments=segments
    )
    km = np.linspace(0.003, LENGTH - 0.003, 801)
    expected = brute_count(assets, km, year)

    table = found.intervals
    hit = (km[:, None] >= table["start_km"].to_numpy()) & (
        km[:, None] <= table["end_km"].to_numpy()
    )
    edges = np.concatenate([table["start_km"], table["end_km"], [-1.0]])
    clear = np.abs(km[:, None] - edges).min(axis=1) > 1e-4
    count = (hit * table["assets"].to_numpy()).sum(axis=1)
    assert (count == expected)[clear].all()
    in_gap = (
        (km[:, None] >= found.gaps["start_km"].to_numpy())
        & (km[:, None] <= found.gaps["end_km"].to_numpy())
    ).any(axis=1)
    assert (in_gap == (expected < k))[clear].all()

    row = found.by_year.set_index("year").loc[year]
    assert row["covered_km"] == pytest.approx(LENGTH - found.gaps["length_km"].sum())
    assert row["covered_km"] == pytest.approx(found.by_segment["covered_km"].sum())
    longest = found.gaps["length_km"].max() if len(found.gaps) else 0.0
    assert row["longest_gap_km"] == pytest.approx(longest)
    names = {name for ids in table["asset_ids"] for name in ids.split()}
    assert names <= set(assets["asset_id"])
    assert [len(ids.split()) for ids in table["asset_ids"]] == list(table["assets"])


@given(asset_rows)
def test_more_assets_never_cover_less(
    rows: list[tuple[str, float, float, float, object, object]],
) -> None:
    rows = [(m, x, y, r, None, None) for m, x, y, r, _, _ in rows]
    covered = [
        gb.cover(LINE, make_assets(rows[: n + 1])).by_year["covered_km"].iloc[0]
        for n in range(len(rows))
    ]
    assert (np.diff(covered) >= -1e-6).all()


def test_two_patrols_with_years() -> None:
    at = [gb.point_at(LINE, km) for km in (20.0, 30.0)]
    assets = make_assets(
        [
            ("patrol", at[0].x, at[0].y, 10.0, None, 2026),
            ("patrol", at[1].x, at[1].y, 10.0, 2026, None),
        ]
    )
    found = gb.cover(LINE, assets, years=[2025, 2026, 2027], year=2026)
    shown = found.intervals[["start_km", "end_km", "assets", "asset_ids", "first_year"]]
    expected = pd.DataFrame(
        {
            "start_km": [10.0, 20.0, 30.0],
            "end_km": [20.0, 30.0, 40.0],
            "assets": [1, 2, 1],
            "asset_ids": ["a0", "a0 a1", "a1"],
            "first_year": pd.array([2025, 2025, 2026], dtype="Int64"),
        }
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(shown), expected, atol=1e-6, check_dtype=False
    )
    assert found.by_year["covered_km"].tolist() == pytest.approx([20, 30, 20])
    assert found.by_year["assets"].tolist() == [1, 2, 1]
    assert found.by_unit["unit"].tolist() == ["A", "B"]
    lengths = found.intervals["length_km"]
    measured = gb.chainage.as_border(found.intervals.assign(border_id=list("xyz")))
    assert measured["length_km"].to_numpy() == pytest.approx(lengths, abs=1e-6)


def test_first_year_starts_again_after_a_break() -> None:
    at = gb.point_at(LINE, 20.0)
    assets = make_assets(
        [
            ("patrol", at.x, at.y, 5.0, 2024, 2025),
            ("patrol", at.x, at.y, 5.0, 2027, None),
        ]
    )
    found = gb.cover(LINE, assets, years=range(2024, 2030))
    assert found.intervals["first_year"].tolist() == [2027]
    gone = gb.cover(LINE, assets, years=range(2024, 2030), year=2026)
    assert len(gone.intervals) == 0
    assert gone.gaps["length_km"].tolist() == pytest.approx([LENGTH])


def test_without_years_everything_counts_at_once() -> None:
    at = gb.point_at(LINE, 20.0)
    assets = make_assets([("patrol", at.x, at.y, 5.0, None, None)])
    found = gb.cover(LINE, assets.drop(columns=["from_year", "until_year"]))
    assert found.year is None
    assert found.by_year["covered_km"].tolist() == pytest.approx([10.0])
    assert found.intervals["first_year"].isna().all()


def test_an_asset_further_off_than_its_range_patrols_nothing() -> None:
    assets = make_assets([("patrol", 70.3, 38.0, 50.0, None, None)])
    assert len(gb.cover(LINE, assets).intervals) == 0


def test_retired_and_unplaced_assets_cover_nothing() -> None:
    at = gb.point_at(LINE, 20.0)
    assets = make_assets([("patrol", at.x, at.y, 5.0, None, None)] * 2)
    assets["status"] = ["retired", "planned"]
    assets.loc[1, "geometry"] = None
    assert len(gb.cover(LINE, assets).intervals) == 0


def test_several_lines_are_covered_apart() -> None:
    lines = gb.load_border("TJK", "KGZ")
    points = gb.point_at(lines, [5.0] * 4, border_id=list(lines["border_id"]))
    assets = make_assets([("patrol", p.x, p.y, 2.0, None, None) for p in points])
    found = gb.cover(lines, assets)
    assert found.by_year["covered_km"].tolist() == pytest.approx([16.0])
    assert set(found.intervals["border_id"]) == set(lines["border_id"])
    assert found.by_segment["covered_km"].to_numpy() == pytest.approx([4.0] * 4)


def test_the_input_and_the_result_stay_as_they_are() -> None:
    assets = make_assets([("radius", 70.3, 37.1, 20.0, 2025, None)])
    before = assets.copy()
    found = gb.cover(LINE, assets)
    assert_geodataframe_equal(assets, before)
    with pytest.raises(FrozenInstanceError):
        found.k = 2


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"k": 0}, gb.OptionError, "`k` must be a whole number of at least 1"),
        ({}, {"year": 2030, "years": [2025]}, gb.OptionError, "one of `years`"),
        ({}, {"years": []}, gb.OptionError, "`years` is empty"),
        ({"mode": "sights"}, {}, gb.DataError, "'mode' in row 0: 'sights'"),
        ({"range_km": -1}, {}, gb.DataError, "'range_km' in row 0: -1.0: must not be"),
        ({"range_km": 5000}, {}, gb.OptionError, "may be 1,000 at most, got 5000"),
        ({"asset_id": None}, {}, gb.DataError, "asset_id"),
    ],
)
def test_bad_input_is_refused(
    change: dict[str, object], options: dict[str, object], error: type, message: str
) -> None:
    assets = make_assets([("radius", 70.3, 37.1, 20.0, 2025, None)]).assign(**change)
    with pytest.raises(error, match=message):
        gb.cover(LINE, assets, **options)


def test_segments_of_another_border_are_refused(border: gpd.GeoDataFrame) -> None:
    assets = make_assets([("radius", 70.3, 37.1, 20.0, 2025, None)])
    with pytest.raises(gb.DataError, match="`border` does not have"):
        gb.cover(LINE, assets, segments=gb.segment_border(border, count=2))


def see(lon: float, lat: float, **columns: object) -> gpd.GeoDataFrame:
    """Make an asset that sees, on real ground."""
    facts = {"asset_id": ["s"], "mode": ["sight"], "range_km": [20.0], "mast_m": [24.0]}
    return gpd.GeoDataFrame(
        {**facts, **{name: [value] for name, value in columns.items()}},
        geometry=gpd.points_from_xy([lon], [lat]), crs=4326,
    )  # fmt: skip


def seen_cells(
    border: gpd.GeoDataFrame, asset: gpd.GeoDataFrame
) -> tuple[gb.Targets, np.ndarray]:
    """Tell cell by cell of 100 m what an asset sees."""
    targets = gb.border_targets(border)
    seen = gb.line_of_sight(asset, targets.points, dem=gb.open_dem())
    return targets, seen.toarray()[0]


def test_sight_covers_the_cells_whose_middles_are_seen(
    border: gpd.GeoDataFrame,
) -> None:
    asset = see(71.5, 37.5, target_m=1.7)
    result = gb.cover(border, asset, dem=gb.open_dem())
    targets, seen = seen_cells(border, asset)
    assert 20 < seen.sum() < seen.size / 10
    middle = (targets.start_m + targets.end_m) / 2000.0
    inside = np.zeros(seen.size, dtype=bool)
    for row in result.intervals.itertuples():
        inside |= (middle > row.start_km) & (middle < row.end_km)
    assert (inside == seen).all()
    width = (targets.end_m - targets.start_m)[seen].sum() / 1000.0
    assert result.by_year["covered_km"].iloc[0] == pytest.approx(width, abs=1e-6)
    assert (result.gaps["length_km"].sum() + width) == pytest.approx(
        border["length_km"].sum(), abs=1e-6
    )


def test_terrain_hides_what_a_disc_would_cover(border: gpd.GeoDataFrame) -> None:
    asset = see(71.5, 37.5, target_m=1.7)
    sight = gb.cover(border, asset, dem=gb.open_dem()).by_year["covered_km"].iloc[0]
    disc = gb.cover(border, asset.assign(mode="radius")).by_year["covered_km"].iloc[0]
    assert 0 < sight < disc


def test_a_limited_field_is_turned_to_where_it_sees_most(
    border: gpd.GeoDataFrame,
) -> None:
    dem = gb.open_dem()
    free = see(71.5, 37.5, target_m=1.7, fov_deg=60.0)
    best = max(
        seen_cells(border, free.assign(azimuth_deg=float(azimuth)))[1].sum()
        for azimuth in range(0, 360, 5)
    )
    turned = gb.cover(border, free, dem=dem)
    cells = turned.by_year["covered_km"].iloc[0] / 0.1
    assert round(cells) == best
    away = gb.cover(border, free.assign(azimuth_deg=270.0), dem=dem)
    assert away.by_year["covered_km"].iloc[0] < turned.by_year["covered_km"].iloc[0]


def test_sight_needs_elevation_and_a_mast(border: gpd.GeoDataFrame) -> None:
    asset = see(71.5, 37.5)
    with pytest.raises(gb.OptionError, match=r"'s' covers by sight.*give `dem`"):
        gb.cover(border, asset)
    with pytest.raises(
        gb.OptionError, match="asset 's' covers by sight, which needs a `mast_m`"
    ):
        gb.cover(border, asset.assign(mast_m=np.nan), dem=gb.open_dem())


def test_sight_beyond_the_elevation_is_told_and_not_covered() -> None:
    border = gb.load_border("FRA", "ESP")
    lon, lat = border.geometry.iloc[0].coords[100]
    with pytest.warns(gb.GeoborderWarning, match=r"leaves 100.0% of the pairs"):
        result = gb.cover(border, see(lon, lat), dem=gb.open_dem())
    assert result.by_year["covered_km"].iloc[0] == 0.0


@pytest.mark.parametrize("k", [1, 2])
def test_gaps_of_all_years_are_those_of_each_year_alone(k: int) -> None:
    lines = pd.concat([LINE, gb.load_border("FRA", "ESP")], ignore_index=True)
    assets = make_assets(
        [
            ("radius", 70.1, 37.1, 12, 2025, 2026),
            ("radius", 70.1, 37.1, 9, 2026, None),
            ("patrol", 70.6, 37.0, 8, None, 2027),
            ("radius", 0.5, 42.8, 60, 2027, None),
        ]
    )
    found = gb.cover(lines, assets, k=k, years=range(2024, 2030)).gaps_by_year
    assert found["year"].is_monotonic_increasing
    for year in range(2024, 2030):
        alone = gb.cover(lines, assets, k=k, years=[year]).gaps
        own = found[found["year"] == year].drop(columns="year")
        assert_geodataframe_equal(own.reset_index(drop=True), alone)


def test_gaps_without_years_have_none() -> None:
    found = gb.cover(LINE, make_assets([("radius", 70.1, 37.1, 12, None, None)]))
    assert found.year is None
    assert found.gaps_by_year["year"].isna().all()
    assert_geodataframe_equal(found.gaps_by_year.drop(columns="year"), found.gaps)


@pytest.mark.parametrize(
    ("mode", "needs"),
    [
        ("radius", "its radius"),
        ("sight", "how far it sees"),
        ("patrol", "the distance patrolled, or `shift_hours`"),
    ],
)
def test_modes_that_need_a_range_are_not_taken_to_cover_nothing(
    border: gpd.GeoDataFrame, mode: str, needs: str
) -> None:
    assets = see(71.5, 37.5).assign(mode=mode, mast_m=20.0)
    both = pd.concat([assets, assets.assign(asset_id="t", range_km=np.nan)])
    wanted = f"asset 't' covers by {mode}, which needs a `range_km`, {needs}"
    with pytest.raises(gb.OptionError, match=wanted):
        gb.cover(border, both, dem=gb.open_dem())
    # What covers nothing, or by time, needs none.
    for fine in ({"mode": "none"}, {"mode": "reach", "response_minutes": 5.0}):
        gb.cover(border, assets.assign(range_km=np.nan, **fine), dem=gb.open_dem())


def test_assets_of_another_border_are_told(border: gpd.GeoDataFrame) -> None:
    far = see(-70.0, -30.0).assign(mode="radius")
    with pytest.warns(gb.GeoborderWarning, match=r"nearest, 's', is 1\d,\d{3} km away"):
        found = gb.cover(border, far)
    assert found.by_year["covered_km"].tolist() == [0.0]
    # What is near enough to cover some of it if its range were longer, is no surprise.
    gb.cover(border, see(68.0, 35.0).assign(mode="radius", range_km=5.0))
