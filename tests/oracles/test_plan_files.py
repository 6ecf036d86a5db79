"""
A plan's folder, as programs of others read it.

The system's GDAL (the one QGIS and Debian's tools use) reads every file of it without
a complaint, its validators pass, and it shades the same relief; a newer GDAL shows
titles with units and descriptions of fields; GeoParquet meets its specification.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import geoparquet_validator
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from peers import gdal_layers
from tools import missing

import geoborder as gb
from geoborder.datasets import data_path
from geoborder.dictionary import LAYERS, field_of
from geoborder.export import plan_layers, write_placement
from geoborder.files import FORMATS

PYRENEES = """\
name: "Pyrenees <b>& more</b>"
first_year: 2025
last_year: 2026
currency: EUR
border: {left: FRA, right: ESP}
equipment:
  mast:
    {name: "Mât 'A'", category: observation, mode: radius, range_km: 20, cost: 10.01,
     basis: illustrative}
measures:
  masts:
    {name: Masts, category: observation, quantity: 7, equipment: mast,
     basis: illustrative}
"""
BORDERS = ("TJK-AFG", "FRA-ESP")

gdal = pytest.mark.gdal


@pytest.fixture(scope="module")
def debian() -> str:
    found = gdal_layers.version()
    if found is None or shutil.which("ogrinfo") is None:
        missing("needs GDAL (Debian: apt-get install gdal-bin python3-gdal)")
    return str(found)


@pytest.fixture(scope="module")
def plans(
    plan: gb.Plan, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[gb.Plan, Path]]:
    """Write the default plan, and one of a border in three parts, in all formats."""
    file = tmp_path_factory.mktemp("programme") / "pyrenees.yaml"
    file.write_text(PYRENEES, encoding="utf-8")
    other = gb.make_plan(file, segment_length_km=50, placed=False)
    written = {}
    for name, made in zip(BORDERS, (plan, other), strict=True):
        folder = tmp_path_factory.mktemp("plan")
        gb.write_plan(made, folder, formats=FORMATS)
        written[name] = made, folder
    return written


@pytest.fixture(params=BORDERS)
def found(
    request: pytest.FixtureRequest, plans: dict[str, tuple[gb.Plan, Path]]
) -> tuple[gb.Plan, Path]:
    return plans[request.param]


def ask(*command: object) -> str:
    """Run a program that must have nothing to complain about."""
    done = subprocess.run(  # noqa: S603 - GDAL's programs
        list(map(str, command)), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), (command, done.stderr)
    assert not any(
        line.startswith(("Warning", "ERROR")) for line in done.stdout.splitlines()
    )
    return done.stdout


def check(script: str, path: Path, *options: str) -> str:
    """Run a script of GDAL's that validates files."""
    module = f"osgeo_utils.samples.{script}"
    return ask(gdal_layers.SYSTEM_PYTHON, "-m", module, *options, path)


@gdal
def test_ogrinfo_reads_the_geopackage(found: tuple[gb.Plan, Path], debian: str) -> None:
    assert debian
    plan, folder = found
    ogrinfo = shutil.which("ogrinfo")
    told = ask(ogrinfo, "-ro", "-al", folder / "plan.gpkg")
    counts = dict(
        zip(after(told, "Layer name: "), after(told, "Feature Count: "), strict=True)
    )
    assert int(counts.pop("layer_styles")) > len(counts)
    layers = plan_layers(plan)
    assert {name: int(n) for name, n in counts.items()} == {
        name: len(table) for name, table in layers.items()
    }
    assert told.count("OGRFeature(segments_by_year)") == len(layers["segments_by_year"])
    assert "Open Database Licence" in told
    assert after(told, "  DESCRIPTION=")[0] == LAYERS["border"].description


def after(text: str, start: str) -> list[str]:
    """Give the rests of lines that start so."""
    return [
        line.removeprefix(start) for line in text.splitlines() if line.startswith(start)
    ]


@gdal
@pytest.mark.parametrize(
    "name", [n for n in FORMATS if n not in {"gpkg", "geoparquet"}]
)
def test_ogrinfo_reads_every_file(
    name: str, found: tuple[gb.Plan, Path], debian: str
) -> None:
    assert debian
    plan, folder = found
    layers = plan_layers(plan)
    ogrinfo = shutil.which("ogrinfo")
    files = sorted((folder / name).iterdir())
    wanted = [
        table for table in layers.values()
        if name != "kml" or isinstance(table, gpd.GeoDataFrame)
    ]  # fmt: skip
    assert len(files) >= len(wanted) - 2
    for file in files:
        told = ask(ogrinfo, "-ro", "-al", file)
        counts = after(told, "Feature Count: ")
        assert counts == [str(len(layers[file.stem]))], file.name


@gdal
def test_geopackages_are_valid(
    found: tuple[gb.Plan, Path], debian: str, tmp_path: Path
) -> None:
    assert debian
    plan, folder = found
    check("validate_gpkg", folder / "plan.gpkg")
    if plan.placement is not None:
        write_placement(plan.program, plan.placement, tmp_path)
        check("validate_gpkg", tmp_path / "placement.gpkg")


@gdal
def test_a_view_is_found_by_place_and_year(
    found: tuple[gb.Plan, Path], debian: str
) -> None:
    assert debian
    plan, folder = found
    layer = plan_layers(plan)["segments_by_year"]
    west, south, *_ = plan.border.total_bounds
    window = (west, south, west + 0.5, south + 1.0)
    last = plan.program.last_year
    told = ask(
        shutil.which("ogrinfo"), "-ro", "-q", folder / "plan.gpkg", "segments_by_year",
        "-spat", *window, "-where", f"start_date >= '{last}-01-01'",
    )  # fmt: skip
    near = gpd.GeoSeries(layer.geometry).envelope.intersects(shapely.box(*window))
    expected = layer[near & (layer["year"] == last)]
    seen = [int(n) for n in after(told, "  segment_id (Integer64) = ")]
    assert sorted(seen) == sorted(expected["segment_id"])
    assert 0 < len(seen) < len(plan.segments)


@gdal
def test_rasters_are_cloud_optimised(
    plans: dict[str, tuple[gb.Plan, Path]], debian: str
) -> None:
    assert debian
    _, folder = plans["TJK-AFG"]
    rasters = sorted(folder.glob("*.tif"))
    assert [path.name for path in rasters] == ["minutes.tif", "relief.tif"]
    for path in rasters:
        told = check("validate_cloud_optimized_geotiff", path, "--full-check=yes")
        assert "is a valid cloud" in told
        ask(shutil.which("gdalinfo"), "-mm", path)
    assert not list(plans["FRA-ESP"][1].glob("*.tif"))


@gdal
def test_gdal_shades_the_same_relief(
    plans: dict[str, tuple[gb.Plan, Path]], debian: str, tmp_path: Path
) -> None:
    assert debian
    with rasterio.open(plans["TJK-AFG"][1] / "relief.tif") as relief:
        grey, crs, bounds = relief.read(1), relief.crs, relief.bounds
    rows, columns = grey.shape
    heights, shade = tmp_path / "heights.tif", tmp_path / "shade.tif"
    ask(
        shutil.which("gdalwarp"), "-q", "-t_srs", crs.to_string(), "-r", "bilinear",
        "-te", *bounds, "-ts", columns, rows, data_path("elevation.tif"), heights,
    )  # fmt: skip
    ask(
        shutil.which("gdaldem"), "hillshade", "-q", "-z", "1.2", "-az", "315",
        "-alt", "45", heights, shade,
    )  # fmt: skip
    with rasterio.open(shade) as source:
        theirs = source.read(1)
    edge = int(0.12 * min(rows, columns))  # beyond what fades to white
    inside = slice(edge, -edge), slice(edge, -edge)
    ours, theirs = grey[inside].astype(float), theirs[inside].astype(float)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.98
    assert np.median(np.abs(ours - theirs)) < 6


@pytest.fixture(scope="module")
def alias_of() -> Callable[[Path, str], dict[str, tuple[str, str]]]:
    """Ask the newer GDAL in pyogrio's wheel, whose Python side does not tell it."""
    folder = Path(pyogrio.__file__).parents[1] / "pyogrio.libs"
    files = sorted(folder.glob("libgdal*"))
    if not files:
        missing("needs the wheel of pyogrio, which has a GDAL of its own")
    library = ctypes.CDLL(str(files[0]))
    for name in ("GDALOpenEx", "GDALDatasetGetLayerByName", "OGR_L_GetLayerDefn",
                 "OGR_FD_GetFieldDefn"):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    texts = ("GetNameRef", "GetAlternativeNameRef", "GetComment")
    for name in texts:
        function = getattr(library, f"OGR_Fld_{name}")
        function.restype, function.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    library.GDALAllRegister()

    def read(path: Path, layer: str) -> dict[str, tuple[str, str]]:
        pointer = ctypes.c_void_p
        opened = pointer(library.GDALOpenEx(str(path).encode(), 4, None, None, None))
        found = pointer(library.GDALDatasetGetLayerByName(opened, layer.encode()))
        fields = pointer(library.OGR_L_GetLayerDefn(found))
        told = {}
        for n in range(library.OGR_FD_GetFieldCount(fields)):
            field = library.OGR_FD_GetFieldDefn(fields, n)
            name, *rest = (
                getattr(library, f"OGR_Fld_{text}")(field).decode() for text in texts
            )
            told[name] = (rest[0], rest[1])
        library.GDALClose(opened)
        return told

    return read


def test_a_newer_gdal_shows_titles_and_units(
    found: tuple[gb.Plan, Path],
    alias_of: Callable[[Path, str], dict[str, tuple[str, str]]],
) -> None:
    plan, folder = found
    currency = plan.program.currency
    for layer in ("segments", "segments_by_year", "assignments"):
        told = alias_of(folder / "plan.gpkg", layer)
        columns = plan_layers(plan)[layer].columns.drop("geometry", errors="ignore")
        assert list(told) == list(columns)
        for column, (alias, comment) in told.items():
            field = field_of(layer, column, currency=currency)
            assert field is not None
            # For GDAL an alias that is the name itself is none.
            same = field.alias.lower() == column
            assert alias == ("" if same else field.alias)
            assert comment == field.description


def test_geoparquet_meets_its_specification(found: tuple[gb.Plan, Path]) -> None:
    plan, folder = found
    for name, table in plan_layers(plan).items():
        if not isinstance(table, gpd.GeoDataFrame):
            continue
        report = geoparquet_validator.check(
            str(folder / "geoparquet" / f"{name}.parquet")
        )
        failed = set(geoparquet_validator.failed(report))
        assert failed <= ({"/conf/distribution/geospatial-statistics"}
                          if table.empty else set()), name  # fmt: skip
