"""
Every public function that takes a layer, held to the same few rules.

Rows keep their labels, whatever the index; the geometry column may have any name and be
one of several; a GeoSeries will do where only geometry is needed; the CRS does not
matter; what is given is not changed; an empty layer gives an empty result or one clear
message, and one without a CRS is refused.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dems
import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal, assert_geoseries_equal
from pyproj import CRS
from scipy.sparse import sparray
from shapely import LineString, Point, box

import geoborder as gb
from geoborder.program import Program

Layers = Mapping[str, pd.DataFrame]

SIGHT = {"range_km": 4.0, "mast_m": 10.0}
CHANCE = {"dem_sd_m": 5.0, "correlation_m": 100.0, "samples": 3}

PROGRAM = Program.model_validate(
    {
        "name": "Small",
        "first_year": 2025,
        "last_year": 2026,
        "border": {"left": "TJK", "right": "AFG"},
        "budgets": {2025: 1000, 2026: 1000},
        "equipment": {
            "mast": {
                "name": "Mast",
                "category": "observation",
                "mode": "radius",
                "range_km": 1.5,
                "cost": 10,
                "basis": "illustrative",
            }
        },
        "measures": {
            "masts": {
                "name": "Masts",
                "category": "observation",
                "quantity": 3,
                "equipment": "mast",
                "basis": "illustrative",
            }
        },
        "claims": {
            "facing_units": ["North-east", "North-west"],
            "facing_country": "TJK",
            "basis": "illustrative",
        },
    }
)


@cache
def dem() -> gb.Dem:
    """Make rolling ground of 18 km by 12 km."""
    heights, transform, crs = dems.smooth((200, 300), step_m=60)
    return gb.Dem(heights, transform, CRS(crs), "rolling ground")


def points(xy: list[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[Point(*p) for p in xy], crs=4326)


@cache
def world() -> dict[str, pd.DataFrame]:
    """Layers of every kind around one short border."""
    lon = np.linspace(70.95, 71.05, 12)
    line = LineString(np.column_stack((lon, 38 + 0.004 * np.sin(np.arange(12)))))
    border = gpd.GeoDataFrame(
        {"border_id": ["B"], "left": ["TJK"], "right": ["AFG"]},
        geometry=[line],
        crs=4326,
    )
    units = gpd.GeoDataFrame(
        {
            "unit_id": ["N-1", "N-2", "S-1"],
            "name": ["North-west", "North-east", "South"],
            "country": ["TJK", "TJK", "AFG"],
        },
        geometry=[
            box(70.9, 38.0, 71.0, 38.1),
            box(71.0, 38.0, 71.1, 38.1),
            box(70.9, 37.9, 71.1, 38.0),
        ],
        crs=4326,
    )
    limits = points([(71.0, 38.001)], unit_id=["N-1"], other_unit_id=["N-2"])
    sites = points(
        [(70.97, 38.01), (71.0, 37.99), (71.03, 38.012)], name=["a", "b", "c"]
    )
    targets = points([(70.975, 38.005), (71.005, 38.0), (71.02, 38.004)], n=[1, 2, 3])
    assets = sites.assign(
        asset_id=["A", "B", "C"],
        mode=["radius", "patrol", "sight"],
        category=["posts", "posts", "observation"],
        range_km=[2.0, 1.0, 3.0],
        mast_m=[np.nan, np.nan, 10.0],
        from_year=pd.array([pd.NA, 2025, 2026], dtype="Int64"),
    )
    roads = gpd.GeoDataFrame(
        {"road": ["A1", "A2"]},
        geometry=[
            LineString([(70.96, 37.99), (70.98, 38.01)]),
            LineString([(71.0, 38.01), (71.03, 38.01)]),
        ],
        crs=4326,
    )
    segments = gb.segment_border(border, length_km=2.3, units=units)
    segments = segments.assign(height=np.arange(len(segments), dtype=float))
    return {
        "border": border,
        "units": units,
        "countries": gpd.GeoDataFrame(
            {"iso3": ["TJK", "AFG", "UZB"]},
            geometry=[box(70, 38, 72, 39), box(70, 37, 72, 38), box(72, 37, 73, 38)],
            crs=4326,
        ),
        "left": gpd.GeoDataFrame(geometry=[box(70, 38, 71, 39), box(71, 38, 72, 39)],
                                 crs=4326),
        "right": gpd.GeoDataFrame(geometry=[box(70, 37, 71, 38), box(71, 37, 72, 38)],
                                  crs=4326),
        "limits": limits,
        "sites": sites,
        "targets": targets,
        "assets": assets,
        "roads": roads,
        "lakes": gpd.GeoDataFrame({"lake": ["L"]}, crs=4326,
                                  geometry=[box(70.98, 37.99, 70.99, 38.01)]),
        "segments": segments,
        "stretches": pd.DataFrame(
            {"start_km": [0.0, 2.0], "end_km": [1.0, 4.0], "risk": [1.0, 2.0]}
        ),
        "others": pd.DataFrame({"start_km": [0.5], "end_km": [3.0], "post": [7]}),
        "places": pd.DataFrame({"km": [0.5, 3.0], "boats": [2, 1]}),
        "new_border": border.assign(
            geometry=border.geometry.affine_transform([1, 0, 0, 1, 0, 1e-4])
        ),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """
    A call of a public function.

    Attributes
    ----------
    name : str
        Name of the function.
    run : callable
        Makes the call with a world's layers.
    layers : str
        Names of the layers it takes: with a star where it needs only the geometry,
        with a minus where it needs none.
    like : str
        The layer whose rows the result has.
    columns : str
        The layer whose labels are the result's columns.
    labels : str
        Column of the result that holds labels of rows, and of which layer:
        ``column:layer``.
    empty : str
        What it says of an empty layer, as a regular expression, where it says more
        than that it is empty.
    """

    name: str
    run: Callable[[Layers], object]
    layers: str
    like: str = ""
    columns: str = ""
    labels: str = ""
    empty: str = ""

    @property
    def taken(self) -> list[str]:
        """Names of the layers."""
        return [layer.rstrip("*-") for layer in self.layers.split()]

    @property
    def spatial(self) -> list[str]:
        """Names of the layers whose geometry it needs."""
        return [layer.rstrip("*") for layer in self.layers.split() if "-" not in layer]

    @property
    def bare(self) -> list[str]:
        """Names of the layers of which only the geometry is needed."""
        return [layer[:-1] for layer in self.layers.split() if layer.endswith("*")]

    def __str__(self) -> str:
        """Name the call for pytest."""
        return f"{self.name}({','.join(self.taken)})"


def on_map(add: Callable[..., folium.Map], layer: pd.DataFrame) -> str:
    """Render a map with a layer, without the numbers that folium draws at random."""
    m = add(folium.Map([38, 71], zoom_start=9, tiles=None), layer)
    return re.sub(r"[0-9a-f]{32}", "", m.get_root().render())


CALLS = [
    Call("as_border", lambda w: gb.as_border(w["border"]), "border*", like="border"),
    Call("border_targets", lambda w: gb.border_targets(w["border"]), "border*"),
    Call("calibrate", lambda w: gb.calibrate(w["border"], official_length_km=9),
         "border*", like="border"),
    Call("calibration_residuals",
         lambda w: gb.calibration_residuals(
             gb.calibrate(w["border"], official_length_km=9), {2: 2.1}), "border*"),
    Call("to_official",
         lambda w: gb.to_official(gb.calibrate(w["border"], official_length_km=9), 2),
         "border*"),
    Call("from_official",
         lambda w: gb.from_official(gb.calibrate(w["border"], official_length_km=9), 2),
         "border*"),
    Call("point_at", lambda w: gb.point_at(w["border"], [0.5, 2]), "border*"),
    Call("slice_border", lambda w: gb.slice_border(w["border"], 0.5, 2), "border*"),
    Call("segment_border", lambda w: gb.segment_border(w["border"], length_km=3),
         "border*"),
    Call("segment_border",
         lambda w: gb.segment_border(w["border"], units=w["units"]), "border units"),
    Call("turn_breaks",
         lambda w: gb.turn_breaks(w["border"], turn_deg=10, over_km=0.5), "border*"),
    Call("relief_breaks",
         lambda w: gb.relief_breaks(w["border"], dem=dem(), window_km=1,
                                    classes_m=(50, 100, 200)), "border*"),
    Call("compare_borders",
         lambda w: gb.compare_borders(w["border"], w["new_border"]),
         "border* new_border*"),
    Call("compare_borders",
         lambda w: gb.compare_borders(w["border"], w["new_border"], units=w["units"]),
         "border new_border units"),
    Call("facing_units",
         lambda w: gb.facing_units(w["border"], w["units"], limits=w["limits"]),
         "border units limits"),
    Call("check_claims",
         lambda w: gb.check_claims(PROGRAM, w["border"], w["units"]), "border units"),
    Call("shared_border",
         lambda w: gb.shared_border(w["left"], w["right"], tolerance_m=50),
         "left* right*"),
    Call("load_border", lambda w: gb.load_border(countries=w["countries"]),
         "countries", empty="`countries` has no row whose code or name is 'TJK'."),
    Call("load_borders", lambda w: gb.load_borders(countries=w["countries"]),
         "countries"),
    Call("locate", lambda w: gb.locate(w["sites"], w["border"]), "sites* border*",
         like="sites"),
    Call("distance_matrix", lambda w: gb.distance_matrix(w["sites"], w["segments"]),
         "sites* segments", like="sites"),
    Call("nearest_sites", lambda w: gb.nearest_sites(w["segments"], w["sites"]),
         "sites segments", like="segments"),
    Call("spacing", lambda w: gb.spacing(w["sites"], w["border"]), "sites border*"),
    Call("events_from", lambda w: gb.events_from(w["sites"], w["border"]),
         "sites* border*", like="sites"),
    Call("events_from",
         lambda w: gb.events_from(w["roads"], w["border"], within_km=0.5),
         "roads* border*"),
    Call("events_from", lambda w: gb.events_from(w["lakes"], w["border"]),
         "lakes* border*", like="lakes"),
    Call("events_to", lambda w: gb.events_to(w["places"], w["border"]),
         "places- border*", like="places"),
    Call("events_to",
         lambda w: gb.events_to(w["stretches"], w["border"], offset_m=100),
         "stretches- border*", like="stretches"),
    Call("overlay_events", lambda w: gb.overlay_events(w["stretches"], w["others"]),
         "stretches- others-"),
    Call("dissolve_events", lambda w: gb.dissolve_events(w["stretches"], gap_km=1),
         "stretches-"),
    Call("summarise_events",
         lambda w: gb.summarise_events(w["stretches"], w["segments"], mean=["risk"]),
         "stretches- segments-", like="segments"),
    Call("window_events",
         lambda w: gb.window_events(w["places"], w["border"], column="boats"),
         "places- border*"),
    Call("transfer_events",
         lambda w: gb.transfer_events(w["places"], w["border"], w["new_border"]),
         "places- border* new_border*", like="places"),
    Call("merge_segments",
         lambda w: gb.merge_segments(w["segments"], min_km=1.5, like=["height"]),
         "segments"),
    Call("describe_segments",
         lambda w: gb.describe_segments(w["segments"], dem=dem(), places=w["sites"]),
         "segments sites", like="segments"),
    Call("prioritise", lambda w: gb.prioritise(PROGRAM, w["segments"]), "segments",
         like="segments"),
    Call("assign_measures", lambda w: gb.assign_measures(PROGRAM, w["segments"]),
         "segments"),
    Call("assign_equipment", lambda w: gb.assign_equipment(PROGRAM, w["segments"]),
         "segments"),
    Call("yearly_costs",
         lambda w: gb.yearly_costs(PROGRAM, gb.assign_measures(PROGRAM, w["segments"]),
                                   gb.assign_equipment(PROGRAM, w["segments"])),
         "segments"),
    Call("profile", lambda w: gb.profile(w["roads"], dem=dem(), step_m=500), "roads*",
         labels="line:roads"),
    Call("line_of_sight",
         lambda w: gb.line_of_sight(w["sites"], w["targets"], dem=dem(), **SIGHT),
         "sites* targets*"),
    Call("sight_lines",
         lambda w: gb.sight_lines(w["sites"], w["targets"], dem=dem(), **SIGHT),
         "sites* targets*"),
    Call("visible_height",
         lambda w: gb.visible_height(w["sites"], w["targets"], dem=dem(), **SIGHT),
         "sites* targets*"),
    Call("sight_probability",
         lambda w: gb.sight_probability(w["sites"], w["targets"], dem=dem(), **SIGHT,
                                        **CHANCE), "sites* targets*"),
    Call("viewshed", lambda w: gb.viewshed(w["sites"], dem=dem(), **SIGHT), "sites*"),
    Call("travel_time", lambda w: gb.travel_time(w["sites"], w["targets"], dem=dem()),
         "sites* targets*", like="sites", columns="targets"),
    Call("travel_time",
         lambda w: gb.travel_time(w["sites"], w["targets"], dem=dem(), nearest=True),
         "sites* targets*", like="targets", labels="site:sites"),
    Call("travel_time",
         lambda w: gb.travel_time(
             w["sites"], w["targets"], dem=dem(), mode="road",
             conditions=gb.Conditions(border=w["border"], side="left",
                                      roads=w["roads"].assign(speed_kmh=30.0),
                                      barriers=w["lakes"])),
         "roads border lakes", empty="mode 'road' needs `roads` .*"),
    Call("isochrones", lambda w: gb.isochrones(w["sites"], dem=dem(), minutes=30),
         "sites*"),
    Call("least_time_paths",
         lambda w: gb.least_time_paths(w["sites"], w["targets"], dem=dem()),
         "sites* targets*", like="sites"),
    Call("patrol_path",
         lambda w: gb.patrol_path(w["border"], 1, 3, dem=dem(), corridor_km=1),
         "border*"),
    Call("cover",
         lambda w: gb.cover(w["border"], w["assets"], segments=w["segments"],
                            dem=dem()), "border assets segments-"),
    Call("footprints", lambda w: gb.footprints(w["border"], w["assets"], dem=dem()),
         "border* assets"),
    Call("response_times",
         lambda w: gb.response_times(w["border"], w["assets"], dem=dem(),
                                     segments=w["segments"]),
         "border assets segments-"),
    Call("patrol_passes", lambda w: gb.patrol_passes(w["border"], w["assets"]),
         "border* assets"),
    Call("sight_confidence",
         lambda w: gb.sight_confidence(w["border"], w["assets"], dem=dem(),
                                       segments=w["segments"], **CHANCE),
         "border assets segments-"),
    Call("candidate_sites",
         lambda w: gb.candidate_sites(w["border"], dem=dem(), max_distance_km=1.5,
                                      **SIGHT), "border*"),
    Call("propose_sites",
         lambda w: gb.propose_sites(PROGRAM, w["border"], line_spacing_km=2),
         "border*"),
    Call("place",
         lambda w: gb.place(PROGRAM, w["border"], w["sites"], segments=w["segments"],
                            gap=0.0), "border sites segments-"),
    Call("sweep_budget",
         lambda w: gb.sweep_budget(PROGRAM, w["border"], w["sites"], factors=(0.5, 1),
                                   segments=w["segments"], gap=0.0),
         "border sites segments-"),
    Call("add_assets", lambda w: on_map(gb.add_assets, w["assets"]), "assets"),
    Call("add_points", lambda w: on_map(gb.add_points, w["sites"]), "sites"),
    Call("add_segments",
         lambda w: on_map(gb.add_segments, w["segments"].assign(coverage_share=0.5)),
         "segments"),
    Call("add_sites",
         lambda w: on_map(gb.add_sites, w["sites"].rename(columns={"name": "site_id"})),
         "sites"),
    Call("add_units", lambda w: on_map(gb.add_units, w["units"]), "units"),
]  # fmt: skip

ELSEWHERE = {
    "make_plan": "below, all at once, as it calls the others",
    "restart_border": "needs a closed line",
    "write_layer": "tests/test_files.py",
    "write_placement": "tests/test_export.py",
    "write_plan": "tests/test_export.py",
    "facts_of": "tests/test_compare.py",
    "replan": "tests/test_compare.py",
    "track_progress": "tests/test_compare.py",
}
"""Functions that take layers and are held to these rules in another place."""

SINGLE = [pytest.param(c, layer, id=f"{c}-{layer}") for c in CALLS for layer in c.taken]
BARE = [pytest.param(c, layer, id=f"{c}-{layer}") for c in CALLS for layer in c.bare]
SPATIAL = [
    pytest.param(c, layer, id=f"{c}-{layer}") for c in CALLS for layer in c.spatial
]


def test_all_functions_that_take_layers_are_here() -> None:
    taking = set()
    for name in gb.__all__:
        function = getattr(gb, name)
        if inspect.isfunction(function):
            options = inspect.signature(function).parameters.values()
            if any("DataFrame" in str(option.annotation) for option in options):
                taking.add(name)
    assert taking - {call.name for call in CALLS} == set(ELSEWHERE)


def changed(
    call: Call, change: Callable[[pd.DataFrame, int], pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Change all layers that a call takes."""
    given = world()
    return given | {n: change(given[n], k) for k, n in enumerate(call.taken)}


def run(call: Call, given: dict[str, pd.DataFrame]) -> object:
    """Make a call, which must leave all that it is given as it was."""
    for layer in given.values():
        layer.attrs["source"] = "survey"
    before = {name: layer.copy(deep=True) for name, layer in given.items()}
    result = call.run(given)
    for name in call.taken:
        assert type(given[name]) is type(before[name])
        if isinstance(given[name], gpd.GeoDataFrame):
            assert_geodataframe_equal(given[name], before[name])
        elif isinstance(given[name], gpd.GeoSeries):
            assert_geoseries_equal(given[name], before[name])
        else:
            pd.testing.assert_frame_equal(given[name], before[name])
        assert given[name].attrs == {"source": "survey"}
    return result


def flat(value: object, name: str = "result") -> dict[str, Any]:
    """Tables and arrays of a result by their place in it, but for times and texts."""
    if is_dataclass(value) and not isinstance(value, gb.Dem):
        parts = {f".{f.name}": getattr(value, f.name) for f in fields(value)}
    elif isinstance(value, dict):
        parts = {f"[{key!r}]": item for key, item in value.items()}
    elif isinstance(value, Program):
        return {}
    else:
        value = value.toarray() if isinstance(value, sparray) else value
        if isinstance(value, pd.DataFrame):
            value = value.drop(columns=["seconds", "calibration"], errors="ignore")
        return {name: value}
    found = {}
    for place, part in parts.items():
        if place not in ASIDE:
            found |= flat(part, name + place)
    return found


ASIDE = {".seconds", ".checksum", ".inputs", ".options", ".made"}
"""Parts of results that tell when and of what they were made."""


@cache
def plain(call: Call) -> dict[str, Any]:
    """Make a call with the world as it is."""
    return flat(call.run(world()))


def assert_close(found: object, expected: object, name: str) -> None:
    """Hold two results equal but for labels of rows, and rounding of coordinates."""
    assert type(found) is type(expected), name
    if isinstance(expected, pd.DataFrame):
        found, expected = without_shapes(found), without_shapes(expected)
        assert len(found[1]) == len(expected[1]), name
        for one, other in zip(found[1], expected[1], strict=True):
            assert_close(one, other, name)
        more = found[0].columns.difference(expected[0].columns)
        pd.testing.assert_frame_equal(
            found[0].drop(columns=more), expected[0], check_like=True, rtol=1e-6,
            atol=1e-6, obj=name,
        )  # fmt: skip
    elif isinstance(expected, gpd.GeoSeries):
        assert found.crs == expected.crs, name
        shapes = found.to_numpy(), expected.to_numpy()
        same = shapely.equals_exact(*shapes, tolerance=1e-8)
        assert (same | (pd.isna(shapes[0]) & pd.isna(shapes[1]))).all(), name
    elif isinstance(expected, np.ndarray) and expected.dtype != object:
        np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=name)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected), name
    elif isinstance(expected, np.ndarray):
        assert np.array_equal(found, expected), name
    else:
        assert found == expected, name


def without_shapes(
    table: pd.DataFrame,
) -> tuple[pd.DataFrame, list[gpd.GeoSeries]]:
    """Take a table's geometry apart, and count its rows from 0."""
    table = table.reset_index(drop=True)
    if not isinstance(table, gpd.GeoDataFrame):
        return table, []
    facts = pd.DataFrame(table.drop(columns=table.active_geometry_name))
    return facts, [table.geometry]


def labelled(layer: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Give a layer another index."""
    size = len(layer)
    index = {
        "repeated": pd.Index(["same"] * size, name="label"),
        "levels": pd.MultiIndex.from_arrays(
            [["x"] * size, range(10, 10 + size)], names=["group", "number"]
        ),
    }[kind]
    return layer.set_axis(index, axis=0)


@pytest.mark.parametrize("kind", ["repeated", "levels"])
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_rows_keep_their_labels(call: Call, kind: str) -> None:
    given = changed(call, lambda layer, _: labelled(layer, kind))
    result = run(call, given)
    if call.like:
        pd.testing.assert_index_equal(result.index, given[call.like].index)
    if call.columns:
        pd.testing.assert_index_equal(result.columns, given[call.columns].index)
        result = result.set_axis(world()[call.columns].index, axis=1)
    aside = []
    if call.labels:
        aside, labels = call.labels.split(":")
        assert result[aside].isin(given[labels].index).all()
    for name, value in flat(result).items():
        was = plain(call)[name]
        if call.labels:
            value, was = value.drop(columns=aside), was.drop(columns=aside)  # noqa: PLW2901 - labels apart
        assert_close(value, was, name)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_any_geometry_column_will_do(call: Call) -> None:
    def change(layer: pd.DataFrame, _: int) -> pd.DataFrame:
        if not isinstance(layer, gpd.GeoDataFrame):
            return layer
        other = gpd.GeoSeries(shapely.points(np.zeros((len(layer), 2))), crs=3857)
        return layer.assign(elsewhere=other).rename_geometry("shape")

    result = flat(run(call, changed(call, change)))
    for name, value in plain(call).items():
        assert_close(result[name], value, name)


@pytest.mark.parametrize(("call", "layer"), BARE)
def test_geometry_alone_will_do(call: Call, layer: str) -> None:
    own = world()[layer]
    found = run(call, {**world(), layer: own.geometry})
    if call.like == layer:
        pd.testing.assert_index_equal(found.index, own.index)
    facts = {"geometry"}
    if "border" in layer:  # what nobody named
        own = own.assign(border_id="border", left="left", right="right")
    else:
        facts = set(own.columns)
    result = flat(found)
    for name, value in flat(call.run({**world(), layer: own})).items():
        if isinstance(value, pd.DataFrame):
            kept = [c for c in value if c == "geometry" or c not in facts]
            value = value[kept]  # noqa: PLW2901 - without what a GeoSeries lacks
        assert_close(result[name], value, name)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_crs_does_not_matter(call: Call) -> None:
    def change(layer: pd.DataFrame, number: int) -> pd.DataFrame:
        if not isinstance(layer, gpd.GeoDataFrame):
            return layer
        return layer.to_crs([32642, 3857, 32643, 3035][number])

    result = flat(run(call, changed(call, change)))
    for name, value in plain(call).items():
        assert_close(result[name], value, name)


def test_plan_takes_any_layers() -> None:
    call = Call(
        "make_plan",
        lambda w: gb.make_plan(
            PROGRAM,
            border=w["border"],
            units=w["units"],
            dem=dem(),
            places=w["sites"].assign(side="told by the survey"),
            candidates=w["sites"],
            segment_length_km=2.3,
        ),
        "border units sites",
    )

    def change(layer: gpd.GeoDataFrame, number: int) -> gpd.GeoDataFrame:
        layer = labelled(layer, "repeated").rename_geometry("shape")
        return layer.to_crs([32642, 3857, 32643][number])

    result = flat(run(call, changed(call, change)))
    for name, value in plain(call).items():
        assert_close(result[name], value, name)


@pytest.mark.parametrize(("call", "layer"), SINGLE)
def test_empty_layer_gives_an_empty_result_or_one_message(
    call: Call, layer: str
) -> None:
    try:
        result = call.run({**world(), layer: world()[layer].iloc[:0]})
    except gb.GeoborderError as error:
        clear = r"`\w+` is empty; it needs at least one row\."
        told = f"{clear}|{call.empty}" if call.empty else clear
        assert re.fullmatch(told, str(error))  # noqa: PT017 - either will do
        return
    if layer == call.like:
        assert len(result) == 0
    for name, value in flat(result).items():
        was = plain(call)[name]
        if isinstance(was, pd.DataFrame) and name not in call.empty:
            pd.testing.assert_series_equal(value.dtypes, was.dtypes, obj=name)


@pytest.mark.parametrize(("call", "layer"), SPATIAL)
def test_layer_without_crs_is_refused(call: Call, layer: str) -> None:
    given = world()[layer].set_crs(None, allow_override=True)
    with pytest.raises(gb.DataError, match="has no CRS; declare the one"):
        call.run({**world(), layer: given})


@pytest.mark.parametrize(("call", "layer"), SPATIAL)
def test_table_without_geometry_is_refused(call: Call, layer: str) -> None:
    given = pd.DataFrame(world()[layer].drop(columns="geometry"))
    with pytest.raises(gb.DataError, match="must be a GeoDataFrame"):
        call.run({**world(), layer: given})


@pytest.mark.parametrize("call", [c for c in CALLS if "-" in c.layers], ids=str)
def test_geometry_is_no_table_of_events_or_segments(call: Call) -> None:
    for layer in set(call.taken) - set(call.spatial):
        given = {**world(), layer: world()["sites"].geometry}
        with pytest.raises(gb.DataError, match=r"must be a \w+( with .*)?, got GeoS"):
            call.run(given)


def test_geometry_alone_is_written(tmp_path: Path) -> None:
    shapes = world()["roads"].geometry.rename("road")
    path = gb.write_layer(shapes, tmp_path / "roads.gpkg")
    assert_geoseries_equal(gb.read_layer(path).geometry, shapes)


def test_countries_that_do_not_touch() -> None:
    apart = world()["countries"].iloc[[1, 2]].geometry.scale(0.5, 0.5)
    layer = world()["countries"].iloc[[1, 2]].set_geometry(apart)
    with pytest.raises(gb.BorderError, match="no two share a border"):
        gb.load_borders(countries=layer)
