"""The project and the styles, as QGIS itself reads, draws and prints them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from pyproj import Transformer

import geoborder as gb
from geoborder.errors import DataError, OptionError
from geoborder.export.layers import plan_layers
from geoborder.files import write_layer
from geoborder.maps.style import (
    ATTRIBUTES,
    COVERED_COLOURS,
    GAP_COLOUR,
    SITE_COLOUR,
    scheme,
)
from geoborder.plan.results import own_side
from geoborder.qgis import layer_styles, write_project

YEARS = [2024, 2025, 2026, 2027, 2028, 2029]
BY_YEAR = {"segments_by_year", "gaps_by_year", "coverage", "assets", "placement_items"}
EVIL = '<b>O\'Neil & "Sons"</b> [% 1 + 1 %] \\ \x07$'
SEEN = EVIL.replace("\x07", "")
SCRIPT = Path(__file__).parents[1] / "peers" / "qgis_project.py"
RENDERERS = {
    "assets": "categorizedSymbol",
    "border": "singleSymbol",
    "countries": "categorizedSymbol",
    "coverage": "categorizedSymbol",
    "crossings": "singleSymbol",
    "gaps": "singleSymbol",
    "gaps_by_year": "singleSymbol",
    "isochrones": "categorizedSymbol",
    "placement_items": "categorizedSymbol",
    "placement_sites": "categorizedSymbol",
    "places": "singleSymbol",
    "response": "graduatedSymbol",
    "segments": "graduatedSymbol",
    "segments_by_year": "graduatedSymbol",
    "units": "singleSymbol",
}
KHOROG = [71.05, 37.25, 72.05, 37.75]

TOLD = {"title": "T", "currency": "USD", "years": [2025], "attribution": "A"}

PYRENEES = """\
name: Pyrenees
currency: EUR
first_year: 2025
last_year: 2026
border: {left: FRA, right: ESP}
equipment:
  mast:
    name: Mast
    category: observation
    mode: radius
    range_km: 5
    cost: 10000
    basis: illustrative
measures:
  masts:
    name: Masts
    category: observation
    quantity: 40
    equipment: mast
    basis: illustrative
"""

qgis = pytest.mark.qgis


@pytest.fixture(scope="session")
def folder(plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the default plan's files."""
    place = tmp_path_factory.mktemp("plan")
    gb.write_plan(plan, place)
    return place


@pytest.fixture(scope="session")
def evil_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a project of another border, flat, whose texts look like markup."""
    place = tmp_path_factory.mktemp("evil")
    border = gb.load_border("FRA", "ESP")
    segments = gb.segment_border(border, length_km=40)
    places = gpd.GeoDataFrame(
        {"place_id": ["1"], "name": [EVIL], "population": [9], "source": [EVIL]},
        geometry=gpd.points_from_xy([0.5], [42.7]),
        crs="EPSG:4326",
    )
    mine = pd.DataFrame({"a <key>": [1], "b": [EVIL]})
    tables = {"border": border, "segments": segments, "places": places, "mine": mine}
    for name, table in tables.items():
        write_layer(table, place / "evil.gpkg", layer=name)
    return write_project(
        tables,
        place / "evil.qgz",
        geopackage="evil.gpkg",
        relief=None,
        title=EVIL,
        currency=EVIL,
        years=[2025],
        attribution=EVIL,
        side="right",
    )


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a plan of another border, in pieces, without units, elevation or places."""
    place = tmp_path_factory.mktemp("other")
    (place / "programme.yaml").write_text(PYRENEES, encoding="utf-8")
    plan = gb.make_plan(place / "programme.yaml", segment_length_km=100, placed=False)
    gb.write_plan(plan, place / "plan")
    return place / "plan"


@pytest.fixture(scope="session")
def seen(
    pyqgis: Callable[..., Any],
    folder: Path,
    evil_project: Path,
    other_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Let one run of QGIS look at all projects; its pictures are in ``out``."""
    out = tmp_path_factory.mktemp("seen")
    asked = {
        "out": str(out),
        "project": str(folder / "plan.qgz"),
        "geopackage": str(folder / "plan.gpkg"),
        "others": [str(evil_project), str(other_folder / "plan.qgz")],
        "years": YEARS,
        "alone": list(RENDERERS),
        "views": [
            *([f"whole_{year}", None, year, []] for year in (2024, 2026, 2029)),
            ["whole", None, None, []],
            ["khorog_2026", KHOROG, 2026, []],
            ["khorog_areas", KHOROG, 2026, ["geoborder_isochrones"]],
            ["khorog_cells", KHOROG, 2026, ["geoborder_minutes_raster"]],
        ],
    }
    (out / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    found = pyqgis(SCRIPT, out / "asked.json")
    evil, other = found["others"].values()
    return found | {"out": out, "evil": evil, "other": other}


def layer_of(seen: dict[str, Any], name: str) -> dict[str, Any]:
    return seen["project"]["layers"][f"geoborder_{name}"]


def pixels(seen: dict[str, Any], name: str) -> np.ndarray:
    return np.asarray(Image.open(seen["out"] / f"{name}.png").convert("RGB")).astype(
        int
    )


def near(picture: np.ndarray, colour: str, within: int = 12) -> np.ndarray:
    """Tell which pixels have a colour, or nearly so."""
    aim = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return (np.abs(picture - aim) <= within).all(axis=-1)


@qgis
def test_the_project_opens_whole(seen: dict[str, Any], plan: gb.Plan) -> None:
    project = seen["project"]
    assert project["read"]
    assert project["messages"] == []
    assert seen["messages"] == []
    invalid = [k for k, layer in project["layers"].items() if not layer["valid"]]
    assert invalid == []
    assert {f"geoborder_{name}" for name in plan_layers(plan)} <= set(project["layers"])
    assert project["title"] == plan.program.name
    assert (project["crs"], project["ellipsoid"]) == ("EPSG:32642", "EPSG:7030")
    assert project["units"] == "kilometers"
    assert "ODbL" in project["abstract"]
    assert project["groups"] == [
        "Plan",
        "Placement",
        "Coverage",
        "Units and places",
        "Reach",
        "Base",
        "Tables",
    ]
    assert project["relations"]
    assert all(valid for _, valid in project["relations"].values())
    names = [name for name, _ in project["relations"].values()]
    assert len(set(names)) == len(names)


@qgis
def test_layers_look_as_asked(seen: dict[str, Any]) -> None:
    found = {name: layer_of(seen, name)["renderer"] for name in RENDERERS}
    assert found == RENDERERS
    assert layer_of(seen, "relief_raster")["renderer"] == "singlebandgray"
    assert layer_of(seen, "segments")["style"] == "Share covered"
    styles = {"Share covered", "Impact level", "Cost of measures"}
    assert styles < set(layer_of(seen, "segments")["styles"])
    for layer in seen["project"]["layers"].values():
        assert "OpenStreetMap" in layer["rights"][0]


@qgis
def test_a_geopackage_brings_its_styles(seen: dict[str, Any]) -> None:
    alone = {name: layer["renderer"] for name, layer in seen["alone"].items()}
    assert alone == RENDERERS
    for name, layer in seen["alone"].items():
        assert layer["valid"]
        assert layer["aliases"] == layer_of(seen, name)["aliases"]
        assert layer["temporal"] == (name in BY_YEAR)


@qgis
def test_people_read_names_and_units(seen: dict[str, Any]) -> None:
    for key, layer in seen["project"]["layers"].items():
        if "aliases" not in layer:
            continue
        bare = [k for k, alias in layer["aliases"].items() if not alias and k != "fid"]
        assert bare == [], key
        assert layer["faults"] == [], key
        assert not any("[%" in tip for tip in layer["tips"]), key
        assert all(layer["names"]), key
    aliases = layer_of(seen, "segments")["aliases"]
    assert aliases["length_km"].endswith(", km")
    assert aliases["cost"].endswith(", USD")
    tip = layer_of(seen, "segments")["tips"][0]
    assert "Segment 1, km 0.0 - 10.0" in tip
    assert "Khatlon" in tip


@qgis
def test_years_step_one_by_one(seen: dict[str, Any], plan: gb.Plan) -> None:
    project = seen["project"]
    assert (project["begin"], project["end"]) == ("2024-01-01", "2029-12-31")
    assert project["step"][0] == 1
    temporal = {k for k, layer in project["layers"].items() if layer["temporal"]}
    assert temporal == {f"geoborder_{name}" for name in BY_YEAR}
    counts = {
        name.removeprefix("geoborder_"): {int(y): n for y, n in by_year.items()}
        for name, by_year in seen["years"].items()
    }
    each = len(plan.segments)
    assert counts["segments_by_year"] == dict.fromkeys(YEARS, each)
    gaps = plan.coverage.by_year.set_index("year")["gaps"]
    assert counts["gaps_by_year"] == {year: gaps[year] for year in YEARS}
    begun, ended = (
        plan.assets[f"{word}_year"].astype(float) for word in ("from", "until")
    )
    for year in YEARS:
        used = (begun.isna() | (begun <= year)) & (ended.isna() | (ended >= year))
        assert counts["assets"][year] == used.sum()
    assert layer_of(seen, "assets")["types"]["start_date"] == "Date"


@qgis
def test_pictures_show_coverage_and_gaps(seen: dict[str, Any], plan: gb.Plan) -> None:
    covered = plan.coverage.by_year.set_index("year")["covered_km"]
    whole = plan.border["length_km"].sum()
    gaps, bands = {}, {}
    for year in (2024, 2026, 2029):
        picture = pixels(seen, f"whole_{year}")
        gaps[year] = near(picture, GAP_COLOUR).sum()
        bands[year] = sum(near(picture, colour).sum() for colour in COVERED_COLOURS)
    assert gaps[2029] == 0
    share = (whole - covered[2026]) / (whole - covered[2024])
    assert gaps[2026] / gaps[2024] == pytest.approx(share, rel=0.15)
    assert bands[2026] / bands[2029] == pytest.approx(
        covered[2026] / covered[2029], rel=0.15
    )
    last, still = pixels(seen, "whole_2029"), pixels(seen, "whole")
    assert near(still, GAP_COLOUR).sum() == 0  # without time, the last year is shown
    assert (np.abs(last - still).max(axis=-1) > 40).mean() < 0.01


@qgis
def test_the_line_lies_where_it_is_in_its_colours(
    seen: dict[str, Any], plan: gb.Plan
) -> None:
    rows = plan.coverage.by_segment_year
    shares = rows[rows["year"] == 2026].set_index("segment_id")["share"]
    shares = shares[plan.segments["segment_id"]]
    colours = scheme(shares, "coverage_share").colours
    west, south, east, north = seen["views"]["whole_2026"]["box"]
    picture = pixels(seen, "whole_2026")
    there = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    lines = plan.segments.geometry.to_numpy()
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    x, y = there.transform(shapely.get_x(middle), shapely.get_y(middle))
    column = ((x - west) / (east - west) * picture.shape[1]).astype(int)
    row = ((north - y) / (north - south) * picture.shape[0]).astype(int)
    right = [
        near(picture[r - 2 : r + 3, c - 2 : c + 3], colour).any()
        for r, c, colour in zip(row, column, colours, strict=True)
    ]
    bare = [not share for share in shares]  # others may lie under posts and towers
    assert np.mean(right) > 0.65
    assert np.mean(np.asarray(right)[bare]) > 0.95


@qgis
def test_each_style_of_segments_has_the_map_pages_colours(
    seen: dict[str, Any], plan: gb.Plan
) -> None:
    ids = plan.segments["segment_id"].astype(str)
    names = {title.partition(",")[0]: key for key, (title, _, _) in ATTRIBUTES.items()}
    styles = {title: names[title] for title in seen["colours"]}
    assert len(styles) == 6
    for title, attribute in styles.items():
        colours = [seen["colours"][title][key].lower() for key in ids]
        assert colours == scheme(plan.segments[attribute], attribute).colours, title


@qgis
@pytest.mark.parametrize("view", ["whole_2024", "whole_2029", "khorog_2026"])
def test_labels_lie_neither_on_each_other_nor_on_the_line(
    seen: dict[str, Any], border: gpd.GeoDataFrame, view: str
) -> None:
    found = seen["views"][view]["labels"]
    assert len(found) >= 5
    shapes = shapely.from_wkt([wkt for _, _, wkt in found])
    one, two = shapely.STRtree(shapes).query(shapes)
    apart = one < two
    shared = shapely.area(shapely.intersection(shapes[one[apart]], shapes[two[apart]]))
    assert (shared == 0).all()
    [line] = border.to_crs("EPSG:32642").geometry
    crossed = [
        text
        for (layer, text, _), shape in zip(found, shapes, strict=True)
        if layer != "geoborder_countries" and shape.intersects(line)
    ]
    assert crossed == []


@qgis
def test_areas_in_reach_are_those_of_the_raster(seen: dict[str, Any]) -> None:
    plain, areas, cells = (
        pixels(seen, f"khorog_{name}") for name in ("2026", "areas", "cells")
    )
    reached = np.abs(areas - plain).max(axis=-1) > 20
    assert 1000 < reached.sum() < 50_000
    other = np.abs(areas - cells).max(axis=-1) > 20
    assert other.sum() < 0.2 * reached.sum()  # outlines are drawn smoothly


@qgis
def test_coverage_lies_on_the_own_side(seen: dict[str, Any]) -> None:
    picture = pixels(seen, "khorog_2026")
    covered = sum(near(picture, colour) for colour in COVERED_COLOURS).astype(bool)
    gaps = near(picture, GAP_COLOUR)
    line = near(picture, "#333333")
    rows = [r for r in range(len(picture)) if covered[r].any() and line[r].any()]
    east = [
        np.flatnonzero(covered[r]).mean() > np.flatnonzero(line[r]).mean() for r in rows
    ]
    assert np.mean(east) > 0.9  # the border runs south there; Tajikistan lies east
    rows = [r for r in range(len(picture)) if gaps[r].any() and line[r].any()]
    west = [
        np.flatnonzero(gaps[r]).mean() < np.flatnonzero(line[r]).mean() for r in rows
    ]
    assert np.mean(west) > 0.9


@qgis
def test_layouts_print_whole(seen: dict[str, Any], plan: gb.Plan) -> None:
    printed = seen["print"]
    assert list(printed) == ["A4 landscape", "A4 landscape, by unit"]
    for layout in printed.values():
        assert layout["codes"] == [0, 0, 0]
    by_year = printed["A4 landscape"]
    assert by_year["pages"] == [f"year_{year}" for year in YEARS]
    assert by_year["texts"]["year"] == "2026"
    covered = plan.coverage.by_year.set_index("year")["covered_km"]
    assert f"{covered[2026]:,.1f} of" in by_year["texts"]["figures"]
    assert len(printed["A4 landscape, by unit"]["pages"]) == len(plan.units)
    texts = seen["project"]["labels"]["A4 landscape"]
    assert texts["title"] == plan.program.name
    assert "illustrative" in texts["note"]
    assert "OpenStreetMap" in texts["note"]
    page = pixels(seen, "layout0_atlas")
    assert page.shape[:2] == pytest.approx((827, 1169), abs=2)
    legend, sheet = page[90:420, 915:], page[110:735, 40:900]
    for colour in (*COVERED_COLOURS, GAP_COLOUR):
        assert near(legend, colour).any()
        assert near(sheet, colour).any()
    arrow = page[590:680, 915:960]
    assert near(arrow, "#222222").sum() > 100
    assert not near(arrow, "#ff0000", 60).any()  # QGIS crosses out missing pictures
    for n in (0, 1):
        pdf = (seen["out"] / f"layout{n}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF")
        assert len(pdf) > 30_000


@qgis
def test_another_border_opens_whole(seen: dict[str, Any]) -> None:
    other = seen["other"]
    assert other["read"]
    assert other["messages"] == []
    assert all(layer["valid"] for layer in other["layers"].values())
    assert other["crs"] == "EPSG:32631"
    assert other["layers"]["geoborder_assets"]["aliases"]["cost"].endswith(", EUR")
    assert "geoborder_relief_raster" not in other["layers"]
    assert list(other["labels"]) == ["A4 landscape"]
    assert other["shown"] == [
        f"geoborder_{name}"
        for name in (
            "crossings",
            "assets",
            "segments_by_year",
            "gaps_by_year",
            "coverage",
            "places",
            "border",
            "countries",
        )
        if f"geoborder_{name}" in other["layers"]
    ]


@qgis
def test_data_is_never_markup_nor_expression(seen: dict[str, Any]) -> None:
    evil = seen["evil"]
    assert evil["read"]
    assert evil["messages"] == []
    assert all(layer["valid"] for layer in evil["layers"].values())
    assert evil["title"] == SEEN
    assert evil["labels"]["A4 landscape"]["title"] == SEEN
    assert SEEN in evil["labels"]["A4 landscape"]["note"]
    assert evil["layers"]["geoborder_border"]["rights"] == [SEEN]
    [tip] = evil["layers"]["geoborder_places"]["tips"]
    assert "<b>O" not in tip
    assert '&lt;b&gt;O\'Neil &amp; "Sons"&lt;/b&gt; [% 1 + 1 %]' in tip
    assert evil["layers"]["geoborder_mine"]["rows"] == 1
    assert evil["crs"] == "EPSG:32631"
    assert "geoborder_relief_raster" not in evil["layers"]


@qgis
def test_bookmarks_hold_the_stretches_of_units(
    seen: dict[str, Any], plan: gb.Plan
) -> None:
    marks = {name: (group, box) for name, group, box in seen["project"]["bookmarks"]}
    assert set(marks) == {*plan.segments["left_unit"], *plan.segments["right_unit"]}
    for name, (group, (west, south, east, north)) in marks.items():
        side = "left" if group == "Own side" else "right"
        part = plan.segments[plan.segments[f"{side}_unit"] == name].total_bounds
        assert west < part[0] < part[2] < east
        assert south < part[1] < part[3] < north


def read_project(path: Path) -> ET.Element:
    """Unpack a project without QGIS."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"{path.stem}.qgs").decode()
    return ET.fromstring(text)  # noqa: S314 - our own


def ranges(qml: str) -> tuple[str, list[tuple[float, float, str]]]:
    """Read a style's expression, and the limits and colour of each class."""
    renderer = ET.fromstring(qml).find("renderer-v2")  # noqa: S314 - our own
    found = []
    if renderer.get("type") != "graduatedSymbol":
        return "", found
    for entry, symbol in zip(
        renderer.iterfind("ranges/range"),
        renderer.iterfind("symbols/symbol"),
        strict=True,
    ):
        last = symbol.findall("layer")[-1]
        option = last.find("Option/Option[@name='line_color']")
        red, green, blue, _ = map(int, option.get("value").split(","))
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        found.append((float(entry.get("lower")), float(entry.get("upper")), colour))
    return renderer.get("attr"), found


@pytest.mark.parametrize(
    "attribute", ["coverage_share", "cost", "relief_m", "post_minutes"]
)
def test_classes_are_those_of_the_map_page(plan: gb.Plan, attribute: str) -> None:
    styles = layer_styles(plan_layers(plan), currency="USD", years=YEARS)["segments"]
    [qml] = [s.qml for s in styles if f'"{attribute}"' in ranges(s.qml)[0]]
    expression, classes = ranges(qml)
    factor = float(expression.split("*")[1].split(",")[0].strip(" )"))
    values = (plan.segments[attribute] * factor).fillna(-1)
    given = [
        next(colour for low, high, colour in classes if low <= value <= high)
        for value in values
    ]
    assert given == scheme(plan.segments[attribute], attribute).colours


def test_styles_are_sound_and_name_a_default(plan: gb.Plan) -> None:
    tables = plan_layers(plan)
    styles = layer_styles(
        tables, currency="USD", years=YEARS, side=own_side(plan.program)
    )
    assert set(styles) == set(tables)
    for name, of_layer in styles.items():
        assert [style.default for style in of_layer] == [
            n == 0 for n in range(len(of_layer))
        ]
        assert len({style.name for style in of_layer}) == len(of_layer) > 0, name
        assert max(len(style.name) for style in of_layer) <= 30  # as files have it
        for style in of_layer:
            assert ET.fromstring(style.qml).tag == "qgis"  # noqa: S314 - our own
            assert style.description
    [sites] = styles["placement_sites"]
    red, green, blue = (int(SITE_COLOUR[n : n + 2], 16) for n in (1, 3, 5))
    assert f"{red},{green},{blue},255" in sites.qml


def test_a_project_is_the_same_in_every_run_and_knows_no_folder(
    plan: gb.Plan, tmp_path: Path
) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = write_project(
            plan_layers(plan), tmp_path / name / "plan.qgz", **TOLD | {"years": YEARS}
        )
        made.append(path.read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "one" / "plan.qgz") as archive:
        assert archive.namelist() == ["plan.qgs"]
        text = archive.read("plan.qgs").decode()
    assert str(tmp_path) not in text
    assert "./plan.gpkg|layername=segments" in text


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [("CHL", "ARG", "EPSG:32719"), ("USA", "CAN", None), ("NOR", "RUS", "EPSG:32635")],
)
def test_the_projection_suits_the_border(
    left: str, right: str, code: str | None, tmp_path: Path
) -> None:
    border = gb.load_border(left, right)
    root = read_project(
        write_project({"border": border}, tmp_path / "b.qgz", relief=None, **TOLD)
    )
    assert (root.findtext("projectCrs/spatialrefsys/authid") or None) == code
    crs = root.findtext("projectCrs/spatialrefsys/wkt")
    ends = [float(root.find("mapcanvas/extent").findtext(k)) for k in ("xmin", "xmax")]
    projected = border.to_crs(crs).total_bounds
    assert ends[0] < projected[0] < projected[2] < ends[1]


@pytest.mark.parametrize(
    ("left", "right", "paper"),
    [("FRA", "ESP", "A4 landscape"), ("CHL", "ARG", "A4 portrait")],
)
def test_the_sheet_suits_the_border(
    left: str, right: str, paper: str, tmp_path: Path
) -> None:
    root = read_project(
        write_project(
            {"border": gb.load_border(left, right)},
            tmp_path / "b.qgz",
            relief=None,
            **TOLD,
        )
    )
    assert [layout.get("name") for layout in root.iterfind("Layouts/Layout")] == [paper]


def test_without_a_border_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no `border`"):
        write_project({}, tmp_path / "a.qgz", **TOLD)
    border = {"border": gb.load_border()}
    with pytest.raises(OptionError, match="cannot be written"):
        write_project(border, tmp_path / "missing" / "a.qgz", **TOLD)
    assert list(tmp_path.iterdir()) == []
