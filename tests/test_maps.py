"""The map's data, colours and file, without a browser."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import folium
import folium.plugins
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from pyproj import Geod

import geoborder as gb
from geoborder.maps.areas import view_picture
from geoborder.maps.encoding import deltas, numbers, path, rings, script_json
from geoborder.maps.lines import kept_vertices
from geoborder.maps.payload import View, payload
from geoborder.maps.relief import shaded_relief
from geoborder.maps.style import ATTRIBUTES, CATEGORY_COLOURS, card, scheme, words


def of(plan: gb.Plan, *, small: bool = False) -> dict[str, Any]:
    """Gather what a map of the plan reads."""
    return payload(
        plan, View("coverage_share", plan.program.last_year, []), small=small
    )


@pytest.fixture(scope="module")
def data(plan: gb.Plan) -> dict[str, Any]:
    return of(plan)


def undone(steps: list[int]) -> np.ndarray:
    """Turn steps in longitude and latitude back into degrees."""
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) * 1e-5


def facts_of(table: dict[str, Any], row: int) -> dict[str, str]:
    return {label: texts[row] for label, texts in table["facts"] if texts[row]}


def test_the_line_comes_back_to_a_metre(plan: gb.Plan, data: dict[str, Any]) -> None:
    line = data["lines"][0]
    drawn = undone(line["path"])
    given = shapely.get_coordinates(plan.border.geometry.iloc[0])
    assert drawn.shape == given.shape
    assert np.abs(drawn - given).max() <= 0.5001e-5
    km = np.cumsum(line["metres"]) / 1000.0
    places = gb.locate(
        plan.border.iloc[:1].set_geometry([shapely.MultiPoint(given[::500])]).explode(),
        plan.border,
    )
    assert np.allclose(km[::500], places["chainage_km"], atol=0.002)
    assert line["official"][-1] == pytest.approx([1343.956066, 1344.15])


def test_long_borders_are_drawn_simpler(
    plan: gb.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoborder.geodesy import polylines  # noqa: PLC0415 - beside its only use

    lines = polylines(plan.border.geometry.to_numpy())
    monkeypatch.setattr("geoborder.maps.lines._MOST_VERTICES", 2000)
    kept = kept_vertices(plan, lines)
    assert kept.size <= 2000
    assert kept[0] == 0
    assert kept[-1] == lines.lon.size - 1
    simpler = shapely.LineString(np.column_stack((lines.lon[kept], lines.lat[kept])))
    assert simpler.hausdorff_distance(plan.border.geometry.iloc[0]) < 0.01


def test_heights_are_the_elevations(plan: gb.Plan, data: dict[str, Any]) -> None:
    heights = data["lines"][0]["heights"]
    km = np.linspace(0, plan.border["length_km"].iloc[0], len(heights))[::100]
    places = gb.point_at(plan.border, km.tolist())
    expected = plan.dem.heights_at(places.x.to_numpy(), places.y.to_numpy())
    assert np.allclose(heights[::100], expected, atol=0.6)


def test_units_lie_along_the_line(plan: gb.Plan, data: dict[str, Any]) -> None:
    spans = pd.DataFrame(data["lines"][0]["spans"])
    length = (spans["end"] - spans["start"]).groupby(spans["unit"]).sum()
    facing = plan.facing.set_index("unit")["length_km"]
    assert np.allclose(length[facing.index], facing, atol=0.01)


def test_footprints_are_those_of_the_coverage(
    plan: gb.Plan, data: dict[str, Any]
) -> None:
    said = data["coverage"]
    prints = plan.coverage.footprints
    assert np.allclose(np.array(said["start"]) / 1000, prints["start_km"], atol=6e-4)
    ids = [data["assets"]["id"][row] for row in said["asset"]]
    assert ids == prints["asset_id"].tolist()
    assert said["own"] == "left"


def test_yearly_attributes_follow_the_coverage(
    plan: gb.Plan, data: dict[str, Any]
) -> None:
    share = next(a for a in data["attributes"] if a["name"] == "coverage_share")
    assert len(share["values"]) == len(data["years"])
    table = plan.coverage.by_segment_year
    for year, classes in zip(data["years"], share["values"], strict=True):
        own = table[table["year"] == year["year"]].set_index("segment_id")["share"]
        expected = np.clip((own[plan.segments["segment_id"]] * 5).astype(int), 0, 4)
        edge = np.isclose(own * 5 % 1, 0) | np.isclose(own * 5 % 1, 1)
        same = np.array(classes) == expected.to_numpy()
        assert (same | edge).all()
    level = next(a for a in data["attributes"] if a["name"] == "priority")
    assert len(level["values"]) == 1
    names = [name for _, name in level["classes"]]
    assert [names[n] for n in level["values"][0]] == plan.segments["priority"].tolist()
    assert {a["name"] for a in data["attributes"]} == set(ATTRIBUTES)


def test_assets_say_what_they_rest_on(plan: gb.Plan, data: dict[str, Any]) -> None:
    table = data["assets"]
    items = plan.placement.items.set_index("asset_id")
    for row, asset in enumerate(table["id"]):
        said = facts_of(table, row)
        assert said["Basis"]
        if asset in items.index:
            assert said["Why there and then"] == items.loc[asset, "reason"]
            assert said["Site"] == items.loc[asset, "site_id"]
            assert "Position" not in said
        elif table["standing"][row]:
            assert said["Status"] == "standing already"
        elif table["x"][row] is not None:
            assert said["Position"].startswith("spaced evenly")
    assert set(table["category"]) <= set(CATEGORY_COLOURS)


def test_measures_add_up(plan: gb.Plan, data: dict[str, Any]) -> None:
    rows = plan.assignments[plan.assignments["segment_id"].notna()]
    assert sum(data["measures"]["cost"]) == pytest.approx(
        rows["cost"].sum(), abs=len(rows)
    )
    assert len(data["measures"]["names"]) == len(plan.program.measures)


def test_years_and_counts_are_whole(data: dict[str, Any]) -> None:
    crossings = data["crossings"]
    assert facts_of(crossings, 0)["Opened"] == "2007"
    assert "Opened" not in facts_of(crossings, 1)  # unknown
    assert "Whether open now: unknown" in facts_of(crossings, 0)["Note"]


def test_viewsheds_show_what_assets_see(plan: gb.Plan, data: dict[str, Any]) -> None:
    views = data["areas"]["views"]
    sight = np.flatnonzero(plan.assets["mode"] == "sight")
    assert [view[0] for view in views] == sight.tolist()
    for row, south, west, north, east, url in views[::8]:
        site = plan.assets.iloc[[row]]
        if site["fov_deg"].iloc[0] < 360:
            continue  # turned to where it sees most
        view = gb.viewshed(site, dem=plan.dem, result="binary")
        picture = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
        shown = np.array(picture.convert("RGBA"))[:, :, 3] > 0
        rows, columns = np.indices(shown.shape) + 0.5
        lon = west + (east - west) * columns / shown.shape[1]
        lat = north - (north - south) * rows / shown.shape[0]  # Mercator is near enough
        column, line = ~view.transform @ (lon.ravel() * 1e-5, lat.ravel() * 1e-5)
        seen = np.asarray(view.values) == 1
        inside = seen[
            np.clip(np.floor(line).astype(int), 0, seen.shape[0] - 1),
            np.clip(np.floor(column).astype(int), 0, seen.shape[1] - 1),
        ]
        assert (shown.ravel() == inside).mean() > 0.97
    alone = view_picture(view)
    assert alone[:4] == [south, west, north, east]


def test_ranges_are_geodesic_circles(program_file: Path) -> None:
    plan = gb.make_plan(program_file, segment_length_km=100, placed=False)
    areas = of(plan)["areas"]
    assert areas["views"] == []
    rows = [row for row, _ in areas["circles"]]
    assert rows == np.flatnonzero(plan.assets["mode"] == "radius").tolist()
    geod = Geod(ellps="WGS84")
    for row, steps in areas["circles"]:
        ring, site = undone(steps), plan.assets.geometry.iloc[row]
        _, _, metres = geod.inv(
            np.full(len(ring), site.x), np.full(len(ring), site.y), *ring.T
        )
        assert np.allclose(metres, 5000, atol=2)


def test_a_plan_with_little_in_it(program_file: Path) -> None:
    text = program_file.read_text()
    program_file.write_text(
        text.replace("left: TJK, right: AFG", "left: FRA, right: ESP")
    )
    found = of(gb.make_plan(program_file, placed=False, segment_length_km=50))
    assert found["ground"]["relief"] is None
    assert found["lines"][0]["heights"] == []
    assert found["lines"][0]["official"] is None
    assert found["sites"]["name"] == []
    assert found["reached"] is None
    assert found["units"]["shapes"] == []


def test_limits_of_units_are_drawn_once(data: dict[str, Any], plan: gb.Plan) -> None:
    limits = [shapely.LineString(undone(line)) for line in data["units"]["limits"]]
    total = sum(line.length for line in limits)
    assert shapely.union_all(limits).length == pytest.approx(total, rel=1e-6)
    border = plan.border.geometry.iloc[0]
    assert min(line.distance(border) for line in limits) > 0.01


def test_encoding_and_back() -> None:
    line = np.array([[70.1234567, 37.0], [70.2, 37.1], [70.2, 37.1]])
    assert np.allclose(undone(path(line)), line[:2], atol=0.5e-5)
    assert np.allclose(undone(path(line, every=True)), line, atol=0.5e-5)
    assert np.cumsum(deltas([0.0, 1.25, 0.5], 100)).tolist() == [0, 125, 50]
    donut = shapely.Point(0, 0).buffer(2) - shapely.Point(0, 0).buffer(1)
    assert len(rings(donut)) == 2
    assert (
        len(rings(shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]]))) == 2
    )
    assert rings(shapely.Point(0, 0)) == []
    assert numbers(pd.Series([1.0, pd.NA, 2.345], dtype="Float64"), 2) == [
        1,
        None,
        2.35,
    ]


def test_json_cannot_end_its_element_or_be_a_template() -> None:
    data = {"</script><!--": ["<b>&'", "\u2028", "{{ 7*7 }}{% x %}{# y #}", {"{": {}}]}
    text = script_json(data)
    assert not re.search("[<>&'\u2028]|{[{%#]", text)
    assert json.loads(text) == data
    with pytest.raises(ValueError, match="Out of range"):
        script_json([float("nan")])


def test_relief_lies_where_the_elevation_is(plan: gb.Plan) -> None:
    relief = shaded_relief(plan.dem, "EPSG:3857", longest_px=300)
    assert max(relief.grey.shape) <= 300
    south, west, north, east = relief.bounds
    assert (west, east) == pytest.approx((66.0, 76.0))
    assert (south, north) == pytest.approx((35.5, 39.5))
    assert np.isfinite(relief.grey).mean() > 0.95
    assert 0 <= np.nanmin(relief.grey) < np.nanmax(relief.grey) <= 1


def test_numbers_are_classed_and_words_named() -> None:
    found = scheme(pd.Series([0.0, 0.1, 0.5, 1.0, np.nan]), "coverage_share")
    assert found.title == "Share covered, %"
    assert [label for _, label in found.classes] == [
        "0 - 20", "20 - 40", "40 - 60", "60 - 80", "80 - 100", "unknown",
    ]  # fmt: skip
    assert found.colours[0] == found.colours[1] != found.colours[3]
    assert found.colours[4] == "#bdbdbd"
    levels = scheme(pd.Series(["high", "low"]), "priority")
    assert [label for _, label in levels.classes] == ["low", "high"]
    one = scheme(pd.Series([3.0, 3.0]), "relief_m")
    assert [label for _, label in one.classes] == ["3"]


def test_cards_hold_text_only() -> None:
    text = card("<i>", [("<b>", "<script>"), ("empty", None), ("nan", np.nan)], "<u>")
    assert re.findall(r"<(?!/?(?:h4|table|tr|th|td|p)\b)", text) == []
    assert "empty" not in text
    assert words(3.14159) == "3.14"
    assert words(1234.0) == "1,234"


def test_the_file_asks_for_nothing_and_is_small(plan: gb.Plan, tmp_path: Path) -> None:
    file = gb.save_map(gb.make_map(plan), tmp_path / "map.html")
    page = file.read_text()
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=.?http", page) == []
    assert "maximum-scale" not in page
    assert file.stat().st_size < 2e6
    assert len(gb.make_map(plan)._repr_html_()) < 2e6
    assert "OpenStreetMap contributors" in page


def test_the_same_plan_gives_the_same_data(plan: gb.Plan, data: dict[str, Any]) -> None:
    assert script_json(of(plan)) == script_json(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color_by": "beauty"}, "one of coverage_share, priority"),
        ({"year": 1999}, "`year` must be one of 2024 to 2029, got 1999"),
        ({"tiles": ["Moon"]}, "names that xyzservices knows, got 'Moon'"),
        ({"tiles": "Moon"}, "names that xyzservices knows, got 'Moon'"),
        ({"tiles": ["MapBox"]}, "no access token; 'MapBox' needs one"),
    ],
)
def test_wrong_options_are_refused(
    plan: gb.Plan, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        gb.make_map(plan, **options)


def test_maps_that_need_the_network_are_refused(tmp_path: Path) -> None:
    page = folium.Map(tiles=None)
    folium.Marker([0, 0], icon=folium.Icon()).add_to(page)
    with pytest.raises(gb.OptionError, match=r"use `folium\.DivIcon`"):
        gb.save_map(page, tmp_path / "m.html")
    other = folium.Map(tiles=None)
    folium.plugins.Fullscreen().add_to(other)
    with pytest.raises(gb.OptionError, match="leave that plugin out"):
        gb.save_map(other, tmp_path / "m.html")
    provinces = gb.load_provinces()[["name", "geometry"]]
    for column in ("name", None):
        page = provinces.explore(column, tiles=None)
        if column is None:
            gb.save_map(page, tmp_path / "plain.html").unlink()
            continue
        with pytest.raises(gb.OptionError, match=r"explore\(\.\.\., legend=False\)"):
            gb.save_map(page, tmp_path / "m.html")
    assert list(tmp_path.iterdir()) == []


def test_odd_names_do_not_keep_a_map_from_being_saved(
    plan: gb.Plan, tmp_path: Path
) -> None:
    names = plan.assets["name"].astype(object).copy()
    names.iloc[0], names.iloc[1], names.iloc[2] = "L.AwesomeMarkers", np.nan, None
    odd = replace(plan, assets=plan.assets.assign(name=names))
    assert of(odd)["assets"]["name"][:3] == ["L.AwesomeMarkers", "", ""]
    gb.save_map(gb.make_map(odd), tmp_path / "m.html")


def test_layers_of_other_crs_are_drawn_where_they_are(program_file: Path) -> None:
    units = gb.load_units(None).query("country in ('TJK', 'AFG')")
    layers = {
        "units": units,
        "crossings": gb.load_crossings(),
        "places": gb.load_places(),
    }
    options = {"placed": False, "segment_length_km": 200}
    plain = of(gb.make_plan(program_file, **layers, **options))
    moved = {name: layer.to_crs(32642) for name, layer in layers.items()}
    found = of(gb.make_plan(program_file, **moved, **options))
    for name in ("crossings", "places"):
        assert found[name]["x"] == pytest.approx(plain[name]["x"], abs=1)
        assert found[name]["y"] == pytest.approx(plain[name]["y"], abs=1)
    for one, other in zip(
        found["units"]["shapes"], plain["units"]["shapes"], strict=True
    ):
        assert one["at"] == pytest.approx(other["at"], abs=3000)  # within a tolerance


def test_countries_across_the_antimeridian_are_not_drawn_around_the_world(
    program_file: Path,
) -> None:
    text = program_file.read_text()
    text = text[: text.index("assets:")]
    program_file.write_text(
        text.replace("left: TJK, right: AFG", "left: SWE, right: NOR")
    )
    plan = gb.make_plan(program_file, placed=False, segment_length_km=100)
    for country in of(plan)["ground"]["countries"]:
        if country["name"] == "Russia":
            edges = [undone(ring) for ring in country["rings"]]
            assert min(edge[:, 0].min() for edge in edges) > 15


def test_empty_points_are_as_good_as_none(program_file: Path) -> None:
    nothing = gb.load_places().iloc[:0]
    plan = gb.make_plan(
        program_file, places=nothing, crossings=nothing, placed=False,
        segment_length_km=200,
    )  # fmt: skip
    assert plan.places is None
    assert of(plan)["crossings"]["name"] == []
