"""The bundled data is whole, sourced, and fits together."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import geoborder as gb
from geoborder.datasets import data_path
from geoborder.geodesy import polylines

DATA = Path(__file__).parents[1] / "data"
TEXTS = {
    "GPL-3.0.txt",
    "LGPL-3.0.txt",
    "LICENSE-LGPL.md",
    "LICENSE-ODbL.md",
    "SHA256SUMS",
    "SOURCES.md",
    "build.py",
    "waters.py",
}


def bundled_files() -> list[str]:
    return sorted(p.name for p in DATA.iterdir() if p.is_file() and p.name not in TEXTS)


def test_checksums_hold_and_name_every_file() -> None:
    lines = (DATA / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert sorted(sums) == bundled_files()
    for name, digest in sums.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest, name


def test_every_file_has_its_source_and_the_whole_is_small() -> None:
    sources = (DATA / "SOURCES.md").read_text()
    assert [name for name in bundled_files() if f"`{name}`" not in sources] == []
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 12e6
    pinned = re.findall(r'"([0-9a-f]{64})"', (DATA / "build.py").read_text())
    assert len(pinned) == 7
    assert [digest for digest in pinned if digest not in sources] == []


@pytest.mark.parametrize("country", ["AFG", "TJK"])
def test_units_are_a_coverage_of_their_country(country: str) -> None:
    units = gb.load_units(country)
    outline = gb.load_countries("osm").set_index("iso3").geometry[country]
    shapes = units.geometry.to_numpy()
    assert len(units) == {"AFG": 34, "TJK": 5}[country]
    assert units["unit_id"].is_unique
    assert units["name"].is_unique
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).symmetric_difference(outline).area == 0
    ours = {tuple(v) for v in shapely.get_coordinates(shapes)}
    assert {tuple(v) for v in shapely.get_coordinates(outline)} <= ours


def test_exactly_four_provinces_face_tajikistan() -> None:
    provinces = gb.load_provinces()
    assert list(provinces["name"]) == ["Badakhshan", "Balkh", "Kunduz", "Takhar"]
    regions = gb.load_units("TJK", facing="AFG")
    assert list(regions["name"]) == ["Gorno-Badakhshan", "Khatlon"]


def test_units_that_are_not_bundled_are_refused() -> None:
    with pytest.raises(
        gb.DataError, match="No units of 'UZB' are bundled, only of AFG, TJK"
    ):
        gb.load_units("UZB")
    with pytest.raises(gb.DataError, match="shares a line with 'KAZ'"):
        gb.load_units("AFG", facing="KAZ")
    with pytest.raises(gb.DataError, match="`facing` must be one of AFG"):
        gb.load_units("AFG", facing="XYZ")


def test_neighbours_share_their_vertices() -> None:
    countries = gb.load_countries("osm").set_index("iso3").geometry
    expected = {("AFG", "PAK"): 2400, ("AFG", "IRN"): 900, ("TJK", "UZB"): 1300}
    for pair, least_km in expected.items():
        line = gb.shared_border(
            countries.loc[[pair[0]]], countries.loc[[pair[1]]], names=pair
        )
        assert line["length_km"].iloc[0] > 0.6 * least_km
        xy = {tuple(v) for v in shapely.get_coordinates(line.geometry)}
        for code in pair:
            own = {tuple(v) for v in shapely.get_coordinates(countries[code])}
            assert xy <= own


def test_places_and_crossings_are_near_and_sourced(border: gpd.GeoDataFrame) -> None:
    places, crossings = gb.load_places(), gb.load_crossings()
    assert len(places) == 61
    assert len(crossings) == 8
    assert gb.locate(places, border)["distance_km"].max() <= 50
    assert gb.locate(crossings, border)["distance_km"].max() < 2.5
    for points in (places, crossings):
        assert points["source"].notna().all()
        assert points.iloc[:, 0].is_unique
    assert set(crossings["position"]) == {"bridge", "town", "unverified"}
    assert crossings["note"].str.contains("unknown").all()
    assert places["population"].isna().any()  # unknown, not 0
    assert (places["population"].dropna() > 0).all()


def test_a_rounded_line_is_longer_than_the_bundled_one(
    border: gpd.GeoDataFrame,
) -> None:
    xy = shapely.get_coordinates(border.geometry.item())
    lengths = [
        float(polylines([shapely.LineString(np.round(xy, d))]).length_m[0] / 1000)
        for d in (4, 3)
    ]
    assert lengths == pytest.approx([1344.58, 1389.65], abs=0.01)


def test_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOBORDER_DATA", str(tmp_path))
    with pytest.raises(gb.DataError, match="set GEOBORDER_DATA to the folder"):
        data_path("places.csv")
    (tmp_path / "SOURCES.md").write_text("mine")
    (tmp_path / "places.csv").write_text("place_id,longitude,latitude\n1,2,3\n")
    assert len(gb.load_places()) == 1


def test_layers_are_named() -> None:
    with pytest.raises(gb.OptionError, match="one of osm, 10m, 50m, 110m, got '1m'"):
        gb.load_countries("1m")
    one, other = gb.load_countries("osm"), gb.load_countries("osm")
    one["name"] = "changed"
    assert "changed" not in set(other["name"])


def test_rivers_and_lakes_are_named_ranked_and_sourced() -> None:
    rivers, lakes = gb.load_rivers(), gb.load_lakes()
    assert {"Panj", "Pamir", "Amu Darya", "Vakhsh", "Kunduz", "Kokcha", "Bartang"} <= (
        set(rivers["name"])
    )
    assert {"Karakul", "Sarez", "Zorkul"} <= set(lakes["name"])
    for layer, size, ranks in (
        (rivers, "length_km", (500, 200, 50)),
        (lakes, "area_km2", (1000, 100, 20)),
    ):
        assert layer.crs == 4326
        assert list(layer)[1:] == ["name", "rank", size, "source", "geometry"]
        assert layer.iloc[:, 0].is_unique
        assert layer.loc[layer["name"] != "", "name"].is_unique
        assert (
            layer["source"]
            .isin(
                ["World Data Bank II (GSHHG 2.3.6)", "OpenStreetMap (geo-maps 0.6.0)"]
            )
            .all()
        )
        assert layer.is_valid.all()
        expected = 4 - sum((layer[size] >= least).astype(int) for least in ranks)
        assert list(layer["rank"]) == list(expected)
    rivers["name"] = "changed"
    assert "changed" not in set(gb.load_rivers()["name"])


def test_rivers_are_as_long_as_geodesics_say() -> None:
    rivers = gb.load_rivers()
    lines = polylines(shapely.get_parts(rivers.geometry.to_numpy()))
    parts = shapely.get_num_geometries(rivers.geometry.to_numpy())
    ends = np.cumsum(parts)
    lengths = np.concatenate([[0], np.cumsum(lines.length_m / 1000)])
    ours = lengths[ends] - lengths[ends - parts]
    assert list(rivers["length_km"]) == pytest.approx(ours, abs=0.051)


def test_panj_and_pamir_follow_the_border(border: gpd.GeoDataFrame) -> None:
    rivers = gb.load_rivers().set_index("name")
    near = {}
    for name in ("Panj", "Pamir"):
        line = rivers.geometry[name]
        xy = shapely.get_coordinates(shapely.segmentize(line, 0.005))
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T, crs=4326))
        distance = gb.locate(points, border)["distance_km"]
        near[name] = (distance < 2).mean(), distance.median()
    assert near["Panj"][0] > 0.93
    assert near["Panj"][1] < 0.8
    assert near["Pamir"][0] == 1
    assert near["Pamir"][1] < 0.5


def test_rivers_flow_into_one_another() -> None:
    rivers = gb.load_rivers().set_index("name").geometry
    for one, other in (
        ("Pamir", "Panj"),
        ("Wakhan", "Panj"),
        ("Panj", "Amu Darya"),
        ("Vakhsh", "Amu Darya"),
        ("Surkhob", "Vakhsh"),
        ("Kyzyl-Suu", "Surkhob"),
        ("Oqsu", "Murghob"),
        ("Bartang", "Panj"),
        ("Kokcha", "Panj"),
        ("Kunduz", "Amu Darya"),
        ("Naryn", "Syr Darya"),
        ("Kunar", "Kabul"),
    ):
        assert rivers[one].distance(rivers[other]) < 0.02, (one, other)


def test_waters_are_in_the_country_that_has_them() -> None:
    countries = gb.load_countries("osm").set_index("iso3").geometry
    rivers = gb.load_rivers().set_index("name").geometry
    lakes = gb.load_lakes().set_index("name").geometry
    for name, country in {
        "Bartang": "TJK",
        "Vakhsh": "TJK",
        "Kokcha": "AFG",
        "Kunduz": "AFG",
        "Naryn": "KGZ",
        "Chitral": "PAK",
        "Zarafshon": "TJK UZB",
    }.items():
        land = shapely.union_all(countries[country.split()])
        inside = rivers[name].intersection(land).length / rivers[name].length
        assert inside > (0.75 if name == "Naryn" else 0.94), name
    for name, country in {"Karakul": "TJK", "Sarez": "TJK", "Shiva": "AFG"}.items():
        assert lakes[name].within(countries[country]), name
    for country in ("TJK", "AFG"):
        share = lakes["Zorkul"].intersection(countries[country]).area
        assert 0.2 < share / lakes["Zorkul"].area < 0.8


def test_lakes_lie_as_high_as_they_are_known_to() -> None:
    # Published levels; the bundled heights know nothing of the lakes' outlines.
    levels_m = {"Karakul": 3914, "Sarez": 3263, "Zorkul": 4130}
    lakes = gb.load_lakes().set_index("name")
    points = lakes.loc[list(levels_m)].representative_point()
    heights = gb.open_dem().heights_at(points.x.to_numpy(), points.y.to_numpy())
    assert list(heights) == pytest.approx(list(levels_m.values()), abs=80)


def test_rivers_run_in_the_valleys() -> None:
    dem, rivers = gb.open_dem(), gb.load_rivers().set_index("name").geometry
    for name in ("Bartang", "Murghob", "Kokcha", "Surkhob", "Panj"):
        xy = shapely.get_coordinates(shapely.segmentize(rivers[name], 0.01))
        around = [
            dem.heights_at(xy[:, 0] + dx, xy[:, 1] + dy)
            for dx in (-0.06, 0, 0.06)
            for dy in (-0.05, 0, 0.05)
        ]
        lower = dem.heights_at(*xy.T) < np.nanmean(around, axis=0)
        assert lower.mean() > 0.9, name
