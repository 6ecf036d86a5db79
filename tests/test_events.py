"""Events: to places and back, overlay, dissolve, sums, windows, redrawn borders."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lines import as_layer
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.geodesy import inverse, polylines
from geoborder.nearest import edge_tree, find_feet

LINE = as_layer(LineString([(70, 37), (70.3, 37.2), (70.6, 37.0), (71, 37.3)]))
LENGTH = float(gb.segment_border(LINE, count=1)["length_km"].sum())

interval_tables = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 40), st.integers(1, 15)),
    min_size=0,
    max_size=8,
)


def table(rows: list[tuple[str, int, int]], name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "border_id": pd.Series([r[0] for r in rows], dtype=object),
            "start_km": np.array([r[1] for r in rows], dtype=float),
            "end_km": np.array([r[1] + r[2] for r in rows], dtype=float),
            name: np.arange(len(rows)),
        }
    )


def places(events: pd.DataFrame, columns: list[str]) -> set[tuple[object, ...]]:
    """List the unit stretches that events cover, with their values."""
    found = set()
    for row in events.to_dict("records"):
        values = tuple(-1 if pd.isna(row[c]) else int(row[c]) for c in columns)
        for km in range(int(row["start_km"]), int(row["end_km"])):
            found.add((row["border_id"], km, *values))
    return found


@given(
    interval_tables,
    interval_tables,
    st.sampled_from(["intersection", "union", "identity"]),
)
def test_overlays_say_of_every_place_what_both_tables_say(
    one: list[tuple[str, int, int]], two: list[tuple[str, int, int]], how: str
) -> None:
    if not one and not two:
        return
    found = gb.overlay_events(table(one, "x"), table(two, "y"), how=how)
    expected = set()
    for border in ("a", "b"):
        for km in range(60):
            xs = [
                n
                for n, r in enumerate(one)
                if r[0] == border and r[1] <= km < r[1] + r[2]
            ]
            ys = [
                n
                for n, r in enumerate(two)
                if r[0] == border and r[1] <= km < r[1] + r[2]
            ]
            if how != "intersection":
                xs = xs or ([-1] if ys and how == "union" else [])
                ys = ys or ([-1] if xs else [])
            expected |= {(border, km, x, y) for x in xs for y in ys}
    assert places(found, ["x", "y"]) == expected
    assert (found["length_km"] > 0).all()
    assert found["start_km"].groupby(found["border_id"]).is_monotonic_increasing.all()


@given(interval_tables.filter(bool), st.integers(0, 3))
def test_dissolved_events_cover_the_same_places(
    rows: list[tuple[str, int, int]], gap: int
) -> None:
    events = table(rows, "x")
    found = gb.dissolve_events(events, gap_km=gap)
    before, after = (places(e.assign(o=0), ["o"]) for e in (events, found))
    assert before <= after
    if gap == 0:
        assert before == after
    assert found["events"].sum() == len(rows)
    for _, own in found.groupby("border_id"):
        steps = own["start_km"].to_numpy()[1:] - own["end_km"].to_numpy()[:-1]
        assert (steps > gap).all()


def test_dissolve_keeps_unlike_events_apart() -> None:
    events = pd.DataFrame(
        {"start_km": [0, 5, 8], "end_km": [6, 9, 12], "kind": ["x", "y", "x"]}
    )
    found = gb.dissolve_events(events, by="kind", gap_km=2)
    assert found[["start_km", "end_km", "kind"]].to_numpy().tolist() == [
        [0, 12, "x"],
        [5, 9, "y"],
    ]


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8))
def test_point_events_go_to_places_and_back(shares: list[float]) -> None:
    events = pd.DataFrame({"km": np.array(shares) * LENGTH, "n": range(len(shares))})
    back = gb.events_from(gb.events_to(events, LINE), LINE)
    assert back["km"].to_numpy() == pytest.approx(events["km"].to_numpy(), abs=1e-6)
    assert list(back["n"]) == list(events["n"])


def test_interval_events_become_lines_of_their_length() -> None:
    events = pd.DataFrame({"start_km": [0.0, 12.5], "end_km": [10.0, 80.0]})
    lines = gb.events_to(events, LINE)
    measured = polylines(lines.geometry.array).length_m / 1000
    assert measured == pytest.approx([10.0, 67.5], abs=1e-6)


@pytest.mark.parametrize("offset_m", [250.0, -250.0])
def test_offsets_are_geodesic_and_to_the_left(offset_m: float) -> None:
    events = pd.DataFrame({"km": [5.0, 40.0, 70.0]})
    there = gb.events_to(events, LINE, offset_m=offset_m)
    located = gb.locate(there, LINE)
    assert located["distance_km"].to_numpy() == pytest.approx(0.25, abs=1e-6)
    assert set(located["side"]) == {"left" if offset_m > 0 else "right"}
    line = gb.events_to(
        pd.DataFrame({"start_km": [2.0], "end_km": [20.0]}), LINE, offset_m=offset_m
    )
    ends = gpd.GeoSeries(
        shapely.points(shapely.get_coordinates(line.geometry.item())), crs=4326
    )
    located = gb.locate(ends, LINE)
    assert located["distance_km"].to_numpy() == pytest.approx(0.25, abs=1e-6)


def test_official_kilometres_are_understood() -> None:
    official = gb.calibrate(LINE, official_length_km=2 * LENGTH)
    events = pd.DataFrame({"km": [50.0]})
    there = gb.events_to(events, official, official=True).geometry.item()
    assert there.equals_exact(gb.point_at(LINE, 25.0), 1e-9)
    back = gb.events_from(gb.events_to(events, official, official=True), official)
    assert back["official_km"].item() == pytest.approx(50.0)


def test_all_stretches_within_a_distance_of_a_line() -> None:
    # A road that nears the border three times.
    road = LineString(
        [(70.0, 36.9), (70.15, 37.15), (70.3, 36.9), (70.45, 37.15), (71, 36.9)]
    )
    roads = gpd.GeoDataFrame({"name": ["R"]}, geometry=[road], crs=4326)
    found = gb.events_from(roads.to_crs("EPSG:32642"), LINE, within_km=6.0)
    assert len(found) >= 2
    km = np.linspace(0.01, LENGTH - 0.01, 4000)
    at = gb.point_at(LINE, km)
    tree = edge_tree(polylines([roads.to_crs(32642).to_crs(4326).geometry.item()]))
    near = find_feet(tree, at.x.to_numpy(), at.y.to_numpy()).distance_m <= 6000
    inside = (
        (km[:, None] >= found["start_km"].to_numpy())
        & (km[:, None] <= found["end_km"].to_numpy())
    ).any(axis=1)
    assert (near != inside).sum() == 0
    assert set(found["name"]) == {"R"}


def test_all_stretches_inside_a_polygon() -> None:
    areas = gpd.GeoDataFrame(
        {"name": ["band", "none"]},
        # Edges are geodesics: short ones keep to the parallel.
        geometry=[box(69, 37.05, 72, 37.15).segmentize(0.001), box(0, 0, 1, 1)],
        index=[5, 6],
        crs=4326,
    )
    found = gb.events_from(areas, LINE)
    assert list(found.index) == [5, 5, 5]
    middle = gb.point_at(LINE, (found["start_km"] + found["end_km"]) / 2)
    assert middle.within(areas.geometry.iloc[0]).all()
    ends = gb.point_at(LINE, found["start_km"])
    assert ends.y.to_numpy() == pytest.approx([37.05, 37.15, 37.05], abs=2e-5)


def test_points_further_off_can_be_left_out() -> None:
    towns = gpd.GeoDataFrame(
        {"name": ["near", "far"]},
        geometry=[Point(70.1, 37.1), Point(70.1, 38)],
        crs=4326,
    )
    assert list(gb.events_from(towns, LINE, within_km=20)["name"]) == ["near"]
    assert list(gb.events_from(towns, LINE)["name"]) == ["near", "far"]


def test_interval_totals_are_shared_out_by_length() -> None:
    segments = gb.segment_border(LINE, length_km=10)
    events = pd.DataFrame(
        {"start_km": [5.0, 0.0], "end_km": [25.0, 10.0], "cost": [100.0, 7.0]}
    )
    found = gb.summarise_events(events, segments, total=["cost"], mean=["cost"])
    assert found["cost_total"].tolist()[:4] == pytest.approx([32, 50, 25, 0])
    assert found["cost_mean"].tolist()[:3] == pytest.approx([(500 + 70) / 15, 100, 100])
    assert found["events"].tolist()[:4] == [2, 1, 1, 0]
    assert found["event_km"].sum() == pytest.approx(30)
    assert np.isnan(found["cost_mean"].iloc[3])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_every_point_is_counted_once(shares: list[float]) -> None:
    segments = gb.segment_border(LINE, length_km=7)
    km = np.array([*shares, 0.0, 1.0]) * LENGTH
    events = pd.DataFrame({"km": np.append(km, segments["start_km"].iloc[2])})
    found = gb.summarise_events(events, segments)
    assert found["events"].sum() == len(events)


def test_running_windows_against_plain_sums() -> None:
    rng = np.random.default_rng(2)
    start = rng.uniform(0, LENGTH - 10, 12)
    events = pd.DataFrame(
        {
            "start_km": start,
            "end_km": start + rng.uniform(0, 9, 12),
            "v": rng.uniform(0, 5, 12),
        }
    )
    found = gb.window_events(events, LINE, column="v", step_km=2.5, window_km=8)
    for row in found.itertuples():
        low, high = max(row.km - 4, 0), min(row.km + 4, LENGTH)
        part = np.clip(
            np.minimum(events["end_km"], high) - np.maximum(events["start_km"], low),
            0,
            None,
        )
        assert row.covered_share == pytest.approx(part.sum() / (high - low), abs=1e-9)
        if part.sum() > 1e-6:
            assert row.v_mean == pytest.approx((part * events["v"]).sum() / part.sum())
    points = gb.window_events(pd.DataFrame({"km": [10.0, 11.0]}), LINE)
    assert points.set_index("km")["per_km"][10.0] == pytest.approx(0.2)
    assert points["per_km"].sum() == pytest.approx(2.0, abs=0.2)


def test_the_same_line_moves_nothing() -> None:
    events = pd.DataFrame({"km": np.linspace(0, LENGTH, 30)})
    found = gb.transfer_events(events, LINE, LINE)
    assert found["km"].to_numpy() == pytest.approx(events["km"].to_numpy(), abs=1e-6)
    assert found["displacement_m"].max() < 0.01


def test_events_stay_in_place_on_a_coarser_border(border: gpd.GeoDataFrame) -> None:
    coarse = gb.load_border(countries=gb.load_countries("10m"))
    towns = gb.events_from(gb.load_crossings(), border)
    found = gb.transfer_events(towns, border, coarse)
    apart = polylines(coarse.geometry.array)
    at = gb.point_at(border, towns["km"])
    nearest = find_feet(edge_tree(apart), at.x.to_numpy(), at.y.to_numpy()).distance_m
    # The line itself is up to so far off; a proportional move over all the
    # length would be off by tens of kilometres.
    assert (found["displacement_m"] < nearest + 2500).all()
    whole = gb.transfer_events(towns, border, coarse, control_km={})
    assert whole["displacement_m"].max() > 10 * found["displacement_m"].max()
    assert found["old_km"].tolist() == towns["km"].tolist()
    assert (np.diff(found["km"]) > 0).all()


def test_displacement_is_the_distance_between_old_and_new_place() -> None:
    moved = as_layer(
        shapely.transform(LINE.geometry.item(), lambda xy: xy + np.array([0, 0.01]))
    )
    events = pd.DataFrame({"start_km": [10.0], "end_km": [50.0]})
    found = gb.transfer_events(events, LINE, moved, control_km={0.0: 0.0})
    old, new = gb.point_at(LINE, 50.0), gb.point_at(moved, found["end_km"].item())
    metres = float(inverse(old.x, old.y, new.x, new.y)[1])
    assert found["displacement_m"].item() >= metres - 1e-6
    assert found["displacement_m"].item() == pytest.approx(1110, abs=30)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gb.overlay_events(table([], "x"), table([], "y"), how="xor"), gb.OptionError, "`how` must be"),
        (lambda: gb.dissolve_events(pd.DataFrame({"km": [1]})), gb.DataError, "no column 'start_km'"),
        (lambda: gb.dissolve_events(pd.DataFrame({"start_km": [5], "end_km": [1]})), gb.DataError, "not run forward in row 0: 5 to 1 km"),
        (lambda: gb.events_to(pd.DataFrame({"km": [900.0]}), LINE), gb.OptionError, "has 900 km in row 0"),
        (lambda: gb.events_from(LINE, LINE), gb.OptionError, "greater than 0 for lines"),
        (lambda: gb.events_from(LINE, LINE, within_km=-1), gb.OptionError, "finite and not negative"),
        (lambda: gb.window_events(pd.DataFrame({"km": [1.0]}), LINE, step_km=0), gb.OptionError, "`step_km` must be positive"),
        (lambda: gb.transfer_events(pd.DataFrame({"km": [999.0]}), LINE, LINE), gb.DataError, "beyond the old border"),
        (lambda: gb.transfer_events(pd.DataFrame({"km": [1.0]}), LINE, LINE, control_km={5: 7, 6: 3}), gb.OptionError, "must increase on both lines"),
    ],
)  # fmt: skip
def test_bad_events_are_refused(call: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
