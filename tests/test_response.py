"""Coverage by reach and by timed patrols, and how long it takes to get there."""

from __future__ import annotations

from dataclasses import replace

import dems
import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

import geoborder as gb
from geoborder.geodesy import GEOD
from geoborder.terrain import Dem

PACE = {
    name: mode.pace(np.array([0.0]))[0] / 60.0 for name, mode in gb.TRAVEL_MODES.items()
}
"""Minutes per metre on level ground."""


def flat_ground(height_m: float = 0.0) -> Dem:
    made = dems.flat((120, 900), height_m=height_m)
    return Dem(made.heights, made.transform, CRS.from_user_input(made.crs), "flat")


@pytest.fixture(scope="module")
def ground() -> Dem:
    return flat_ground()


@pytest.fixture(scope="module")
def border() -> gpd.GeoDataFrame:
    """Build a line from west to east, 17.5 km long."""
    line = shapely.LineString([(70.9, 38.0), (71.1, 38.0)])
    return gb.as_border(gpd.GeoSeries([line], crs=4326))


def assets_at(
    border: gpd.GeoDataFrame, km: list[float], **columns: object
) -> gpd.GeoDataFrame:
    names = [chr(ord("A") + k) for k in range(len(km))]
    table = {"asset_id": names, "mode": "reach", "range_km": np.nan, **columns}
    points = list(np.atleast_1d(gb.point_at(border, km)))
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)


@pytest.mark.parametrize("mode", ["foot", "horse", "off-road"])
def test_reach_covers_what_a_crew_gets_to_in_time(
    border: gpd.GeoDataFrame, ground: Dem, mode: str
) -> None:
    reach_km = 3.0
    minutes = reach_km * 1000.0 * PACE[mode]
    assets = assets_at(border, [8.0], travel=mode, response_minutes=minutes)
    covered = gb.cover(border, assets, dem=ground)
    interval = covered.intervals.iloc[0]
    assert len(covered.intervals) == 1
    assert interval["start_km"] == pytest.approx(
        8.0 - reach_km, abs=0.02 * reach_km + 0.1
    )
    assert interval["end_km"] == pytest.approx(
        8.0 + reach_km, abs=0.02 * reach_km + 0.1
    )
    assert covered.by_year["covered_km"].iloc[0] == pytest.approx(interval["length_km"])


def test_reach_by_year_and_by_k(border: gpd.GeoDataFrame, ground: Dem) -> None:
    assets = assets_at(
        border, [8.0, 8.0],
        response_minutes=[20.0, 40.0],
        from_year=[2026, 2027],
        until_year=[np.nan, 2027],
    )  # fmt: skip
    covered = gb.cover(border, assets, dem=ground, years=range(2025, 2029))
    km = covered.by_year.set_index("year")["covered_km"]
    assert km[2025] == 0.0
    assert 0.0 < km[2026] < km[2027]
    assert km[2028] == km[2026]
    both = gb.cover(border, assets, dem=ground, year=2027, k=2)
    assert both.by_year["covered_km"].iloc[-1] == pytest.approx(km[2026])


def test_foot_is_the_mode_where_none_is_named(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    named = assets_at(border, [8.0], travel="foot", response_minutes=30.0)
    unnamed = named.drop(columns="travel")
    a, b = (gb.cover(border, t, dem=ground).by_year for t in (named, unnamed))
    assert a.equals(b)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"response_minutes": 30.0}, "'A' covers by reach, which needs elevation"),
        (
            {"shift_hours": 3.0, "mode": "patrol"},
            "'A' covers by patrol, which needs elev",
        ),
    ],
)
def test_without_elevation_nobody_is_reached(
    border: gpd.GeoDataFrame, columns: dict[str, object], message: str
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        gb.cover(border, assets_at(border, [8.0], **columns))


def test_reach_needs_a_time_and_a_known_mode(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    with pytest.raises(
        gb.OptionError, match=r"'A' covers by reach.*`response_minutes`"
    ):
        gb.cover(border, assets_at(border, [8.0]), dem=ground)
    for mode in ("reach", "patrol"):
        assets = assets_at(
            border,
            [8.0],
            mode=mode,
            travel="fot",
            response_minutes=3.0,
            shift_hours=1.0,
        )
        with pytest.raises(gb.GeoborderError, match="'fot'"):
            gb.cover(border, assets, dem=ground)


@pytest.mark.parametrize("mode", ["foot", "langmuir", "horse"])
def test_a_patrol_goes_as_far_as_it_gets_back_from(
    border: gpd.GeoDataFrame, ground: Dem, mode: str
) -> None:
    hours = 2.0
    assets = assets_at(border, [8.0], mode="patrol", travel=mode, shift_hours=hours)
    interval = gb.cover(border, assets, dem=ground).intervals.iloc[0]
    far = hours * 60.0 / PACE[mode] / 2.0 / 1000.0
    assert interval["start_km"] == pytest.approx(max(8.0 - far, 0.0), abs=0.001)
    length = float(border["length_km"].iloc[0])
    assert interval["end_km"] == pytest.approx(min(8.0 + far, length), abs=0.001)


def test_a_patrol_on_a_slope_takes_both_ways_into_account() -> None:
    made = dems.plane((120, 900), rise_east=0.1, rise_north=0.0)
    slope = Dem(made.heights, made.transform, CRS.from_user_input(made.crs), "plane")
    line = shapely.LineString([(70.9, 38.0), (71.1, 38.0)])
    border = gb.as_border(gpd.GeoSeries([line], crs=4326))
    assets = assets_at(border, [8.0], mode="patrol", shift_hours=2.0)
    interval = gb.cover(border, assets, dem=slope).intervals.iloc[0]
    up, down = gb.TRAVEL_MODES["foot"].pace(np.array([0.1, -0.1]))
    far = 7200.0 / (up + down) / 1000.0
    assert interval["end_km"] - 8.0 == pytest.approx(far, rel=0.01)
    assert 8.0 - interval["start_km"] == pytest.approx(far, rel=0.01)


def test_the_way_to_the_line_is_part_of_the_shift(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    lon, lat, _ = GEOD.fwd(*gb.point_at(border, 8.0).coords[0], 0.0, 1200.0)
    on_line = assets_at(border, [8.0], mode="patrol", shift_hours=2.0)
    beside = on_line.set_geometry(gpd.points_from_xy([lon], [lat], crs=4326))
    a, b = (
        gb.cover(border, t, dem=ground).intervals.iloc[0]["length_km"]
        for t in (on_line, beside)
    )
    assert a - b == pytest.approx(2.4, abs=0.06)  # there and back, on both sides
    assert gb.cover(border, beside.assign(shift_hours=0.5), dem=ground).intervals.empty


def test_distance_limits_a_timed_patrol(border: gpd.GeoDataFrame, ground: Dem) -> None:
    assets = assets_at(border, [8.0], mode="patrol", shift_hours=9.0, range_km=2.0)
    interval = gb.cover(border, assets, dem=ground).intervals.iloc[0]
    assert interval[["start_km", "end_km"]].tolist() == pytest.approx([6.0, 10.0])


def test_passes_of_patrols_add_up(border: gpd.GeoDataFrame) -> None:
    length = float(border["length_km"].iloc[0])
    assets = assets_at(
        border, [0.0, 5.0, 7.0],
        mode="patrol", range_km=[4.0, 2.0, 3.0], patrols_per_day=[1.0, 4.0, np.nan],
    )  # fmt: skip
    passes = gb.patrol_passes(border, assets)
    assert passes["length_km"].sum() == pytest.approx(length)
    middle = (passes["start_km"] + passes["end_km"]) / 2.0
    # At the line's end all patrols go one way: two passes each.
    brute = (
        2.0 * (middle < 4.0)
        + 4.0 * ((middle > 3.0) & (middle < 7.0))
        + 1.0 * ((middle > 4.0) & (middle < 10.0))
    )
    assert passes["passes_per_day"].tolist() == brute.tolist()
    late = gb.patrol_passes(
        border, assets.assign(from_year=[2025, 2026, 2027]), year=2026
    )
    assert late["passes_per_day"].max() == 6.0
    none = gb.patrol_passes(border, assets.assign(status="retired"))
    assert none["passes_per_day"].tolist() == [0.0]


def brute_response(
    border: gpd.GeoDataFrame,
    posts: gpd.GeoDataFrame,
    response: gb.Response,
    ground: Dem,
) -> np.ndarray:
    cells = response.cells
    middle = (cells["start_km"] + cells["end_km"]) / 2.0
    targets = gpd.GeoSeries(list(gb.point_at(border, middle.to_numpy())), crs=4326)
    return gb.travel_time(posts, targets, dem=ground, minutes=240.0).to_numpy()


def test_response_times_sum_up_travel_times(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    posts = assets_at(border, [2.0, 9.0, 9.5], mode="none")
    segments = gb.segment_border(border, length_km=4.0)
    found = gb.response_times(border, posts, dem=ground, segments=segments)
    times = brute_response(border, posts, found, ground)
    best = times.min(axis=0)
    cells = found.cells
    assert cells["minutes"].to_numpy() == pytest.approx(best)
    assert cells["site"].tolist() == [
        posts["asset_id"][k] for k in times.argmin(axis=0)
    ]
    assert cells["sites_60"].tolist() == (times <= 60.0).sum(axis=0).tolist()
    middle = (cells["start_km"] + cells["end_km"]).to_numpy() / 2.0
    km = cells["length_km"].to_numpy()
    for row in found.by_segment.itertuples():
        segment = segments.set_index("segment_id").loc[row.segment_id]
        own = (middle >= segment["start_km"]) & (middle < segment["end_km"])
        assert row.minutes == pytest.approx(np.average(best[own], weights=km[own]))
        assert row.minutes_most == pytest.approx(best[own].max())
        assert row.within_30_km == pytest.approx(km[own & (best <= 30.0)].sum())
        assert row.beyond_60_km == pytest.approx(km[own & (best > 60.0)].sum())
        assert row.sites_30 == (times[:, own] <= 30.0).any(axis=1).sum()
    assert found.by_year["length_km"].iloc[0] == pytest.approx(km.sum())
    assert found.by_unit.groupby("side")[
        "beyond_60_km"
    ].sum().to_numpy() == pytest.approx(km[best > 60.0].sum())


def test_a_post_more_makes_nothing_slower(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    posts = assets_at(
        border,
        [2.0, 9.0],
        mode="none",
        from_year=[2025, 2027],
        until_year=[np.nan, 2027],
    )
    found = gb.response_times(border, posts, dem=ground, years=range(2024, 2029))
    years = found.by_year.set_index("year")
    assert years["sites"].tolist() == [0, 1, 1, 2, 1]
    assert years.loc[2024, "beyond_60_km"] == pytest.approx(
        years.loc[2024, "length_km"]
    )
    assert np.isinf(years.loc[2024, "minutes_most"])
    assert years.loc[2027, "within_60_km"] > years.loc[2026, "within_60_km"]
    assert years.loc[2028, "within_60_km"] == years.loc[2026, "within_60_km"]
    assert found.year == 2028
    earlier = gb.response_times(
        border, posts, dem=ground, years=range(2024, 2029), year=2027
    )
    assert (earlier.cells["minutes"] <= found.cells["minutes"]).all()


def test_places_beyond_the_longest_time_are_infinitely_far(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    posts = assets_at(border, [2.0], mode="none")
    found = gb.response_times(
        border, posts, dem=ground, levels_minutes=[20], longest_minutes=40
    )
    far = np.isinf(found.cells["minutes"])
    assert far.any()
    assert found.cells.loc[far, "site"].isna().all()
    assert found.by_segment["minutes"].between(0.0, 40.0).all()
    for levels in ([], [-1], [50]):
        with pytest.raises(gb.OptionError, match="levels_minutes"):
            gb.response_times(
                border, posts, dem=ground, levels_minutes=levels, longest_minutes=40
            )


def test_nodata_under_the_line_is_told_apart(
    border: gpd.GeoDataFrame, ground: Dem
) -> None:
    heights = ground.heights_m.copy()
    heights[:, :500] = np.nan
    holes = replace(ground, heights_m=heights)
    posts = assets_at(border, [12.0], mode="none")
    with pytest.warns(gb.GeoborderWarning, match="targets have no elevation"):
        found = gb.response_times(border, posts, dem=holes)
    assert found.cells["minutes"].isna().any()
    assert found.cells["minutes"].notna().any()


def test_a_plan_knows_how_long_it_takes(plan: gb.Plan) -> None:
    response = plan.response
    assert response is not None
    assert response.mode == plan.program.travel == "foot"
    beyond = response.by_year.set_index("year")["beyond_60_km"]
    assert (beyond.diff().dropna() <= 1e-9).all()  # posts are only added
    columns = ["post_minutes", "posts_60", "beyond_60_km"]
    assert plan.segments["beyond_60_km"].sum() == pytest.approx(beyond.iloc[-1])
    assert plan.segments[columns].notna().any().all()
    assert plan.reached is not None
    areas = plan.reached.areas
    assert areas["minutes"].tolist() == [30.0, 60.0, 120.0]
    assert areas["area_km2"].is_monotonic_increasing


def test_posts_of_a_plan_stay_on_their_side(plan: gb.Plan) -> None:
    assert plan.reached is not None
    rows, columns = np.nonzero(np.isfinite(plan.reached.minutes))
    t = plan.reached.transform
    centres = gpd.GeoSeries(
        gpd.points_from_xy(
            t.c + (columns + 0.5) * t.a, t.f + (rows + 0.5) * t.e, crs=plan.reached.crs
        )
    )
    sides = gb.locate(centres, plan.border)
    assert (sides["side"] == "left").mean() > 0.999


def test_a_programme_says_how_crews_travel(plan: gb.Plan) -> None:
    km = []
    for mode in ("foot", "horse"):
        program = plan.program.model_copy(update={"travel": mode})
        found = gb.make_plan(program, placed=False, segment_length_km=200).response
        assert found is not None
        assert found.mode == mode
        km.append(found.by_year["within_60_km"].iloc[-1])
    assert km[1] > km[0]
