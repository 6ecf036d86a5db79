"""
What the table of peers says of them, asserted.

The table stands in ``geoborder/docs/explanation/peers.md``. Where a test fails with a
newer peer, the table must change. Beside what a peer does stands what geoborder does
with the same input.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dems
import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import scipy.sparse
import shapely
from databases import Server
from folium import plugins
from lines import as_layer
from peers import grass_session, grass_viewshed
from pyproj import CRS
from shapely import LineString, Point, Polygon, box
from tools import missing, program

import geoborder as gb
from geoborder.terrain import Dem

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what spopt and its dependencies deprecate
    import pulp
    from spopt import locate

try:
    import linref
except ImportError:
    linref = None

Ask = Callable[[str], str]

EAST = LineString([(70.1, 38), (71.1, 38)])
BENT = LineString([(70, 38), (71, 38), (71, 39)])
NORTH = Polygon([(70, 38.04), (70, 38), (70.04, 38), (70.04, 38.04)])
SOUTH = box(70, 37.96, 70.04, 37.9998)
"""Its upper edge lies 22 m below the lower edge of `NORTH`."""


@pytest.fixture(scope="module")
def grass() -> str:
    found = grass_viewshed.version()
    if found is None:
        missing("needs GRASS (Debian: apt-get install grass-core)")
    return str(found)


@pytest.fixture(scope="module")
def ask(postgis: Server) -> Iterator[Ask]:
    with postgis.database() as name:
        postgis.psql("create extension postgis_raster;", database=name)
        yield lambda sql: postgis.psql(sql, database=name).strip()


@pytest.fixture
def lrs() -> Any:  # noqa: ANN401 - linref has no types
    if linref is None:
        missing("needs linref (pip install linref==1.0.0)")
    columns = {"beg_col": "start_km", "end_col": "end_km", "loc_col": "km"}
    return linref.LRS(key_col=["border_id"], geom_col="geometry", **columns)


# The line, and what lies on it


def layer(shape: object, crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shape], crs=crs)


@pytest.mark.postgis
def test_postgis_shares_only_edges_that_fit(ask: Ask) -> None:
    def shared(other: str) -> float:
        a = f"ST_Boundary('{NORTH.wkt}'::geometry)"
        return float(ask(f"select ST_Length(ST_Intersection({a}, {other})::geography)"))

    def edge(shape: object) -> str:
        return f"ST_Boundary('{shape}'::geometry)"

    def snapped(shape: object) -> str:
        return f"ST_Snap({edge(shape)}, {edge(NORTH)}, 0.0005)"

    whole = gb.shared_border(layer(NORTH), layer(box(70, 37.96, 70.04, 38)))
    assert shared(edge(box(70, 37.96, 70.04, 38))) / 1000 == pytest.approx(
        whole["length_km"].item(), rel=1e-9
    )
    # Snapping helps where vertices face each other,
    assert shared(edge(SOUTH)) == 0
    assert shared(snapped(SOUTH)) / 1000 == pytest.approx(
        whole["length_km"].item(), rel=1e-9
    )
    # and no more where one edge has a vertex that the other has not.
    bent = SOUTH.difference(box(70.02, 37.9997, 70.04, 38))
    assert shared(snapped(bent)) / 1000 < 0.9 * whole["length_km"].item()
    for other in (SOUTH, bent):
        ours = gb.shared_border(layer(NORTH), layer(other), tolerance_m=60)
        assert ours["length_km"].item() == pytest.approx(
            whole["length_km"].item(), abs=0.1
        )


@pytest.mark.grass
def test_grass_shares_edges_that_it_snaps(grass: str, tmp_path: Path) -> None:
    assert grass
    both = gpd.GeoDataFrame(geometry=[NORTH, SOUTH], crs=4326)
    both.to_file(tmp_path / "both.gpkg")
    told = grass_session.run(
        "EPSG:4326",
        f"""v.in.ogr input={tmp_path}/both.gpkg output=both snap=0.0005 --quiet
        v.category input=both layer=2 type=boundary option=add output=edges --quiet
        v.to.db -p map=edges layer=2 type=boundary option=sides --quiet
        v.to.db -p map=edges layer=2 type=boundary option=length units=kilometers""",
    )
    rows = [line.split("|") for line in told.splitlines() if re.match(r"\d+\|", line)]
    inner = {row[0] for row in rows if len(row) == 3 and "-1" not in row}
    lengths = [float(row[1]) for row in rows if len(row) == 2 and row[0] in inner]
    ours = gb.shared_border(layer(NORTH), layer(SOUTH), tolerance_m=60)
    assert sum(lengths) == pytest.approx(ours["length_km"].item(), abs=0.1)


@pytest.mark.grass
def test_grass_measures_lengths_on_the_ellipsoid(grass: str) -> None:
    assert grass
    told = grass_session.run(
        "EPSG:4326",
        r"""printf 'L 2 1\n 70.1 38\n 71.1 38\n 1 1\n' |
        v.in.ascii -n input=- output=line format=standard --quiet
        v.to.db -p map=line option=length type=line units=kilometers --quiet""",
    )
    theirs = float(told.strip().rsplit("|", 1)[-1])
    ours = gb.as_border(as_layer(EAST))["length_km"].item()
    assert theirs == pytest.approx(ours, rel=1e-5)


@pytest.mark.grass
def test_grass_refers_points_to_mileposts(grass: str) -> None:
    """Two mileposts make a calibration by pieces; no side is told."""
    assert grass
    told = grass_session.run(
        "EPSG:32642",
        r"""printf 'L 3 1\n 0 0\n 1000 0\n 3000 0\n 1 1\n' |
        v.in.ascii -n input=- output=line format=standard --quiet
        v.db.addtable line columns="lid integer" --quiet
        v.db.update line column=lid value=1 --quiet
        number="double precision"
        printf '0|0|1|0|0|0|0\n1000|0|1|1|100|1|100\n3000|0|1|3|0|3|0\n' |
        v.in.ascii input=- output=posts --quiet columns="x $number, y $number,
        lid integer, start_mp $number, start_off $number, end_mp $number,
        end_off $number"
        # GRASS 8.2.1 writes the tables, and fails at the topology.
        v.lrs.create in_lines=line out_lines=lrs points=posts lidcol=lid pidcol=lid \
        rstable=rs threshold=10 --quiet || v.build map=lrs --quiet
        printf '500|10\n2000|-10\n' | v.in.ascii input=- output=points --quiet
        v.lrs.where lines=lrs points=points rstable=rs threshold=50 --quiet""",
    )
    found = re.findall(r"^\d+\|1\|([\d.]+)\+([\d.]+)$", told, re.MULTILINE)
    assert [1000 * float(km) + float(m) for km, m in found] == [550, 2050]


@pytest.mark.postgis
def test_postgis_finds_places_in_the_plane_of_degrees(ask: Ask) -> None:
    """Version 3.4 has `geography` here; the nearest foot is in `test_postgis.py`."""
    signatures = (
        "select proname, oidvectortypes(proargtypes) from pg_proc where proname in "
        "('st_lineinterpolatepoint', 'st_linelocatepoint', 'st_linesubstring')"
    )
    assert len(ask(signatures).splitlines()) >= 3
    assert "geography" not in ask(signatures)
    middle = ask(
        "select ST_X(p), ST_Y(p) from "
        "ST_LineInterpolatePoint('LINESTRING(70 38, 71 38, 71 39)', 0.5) as p"
    )
    assert middle == "71|38"  # degrees alike, but a degree north is 26 % longer
    border = gb.as_border(as_layer(BENT))
    ours = gb.point_at(border, border["length_km"].item() / 2)
    assert ours.y == pytest.approx(38.105, abs=0.01)


@pytest.mark.postgis
@pytest.mark.parametrize("k", [1, 2])
def test_postgis_finds_the_same_gaps_by_sql(ask: Ask, k: int) -> None:
    border = gb.as_border(as_layer(BENT))
    rows = {"asset_id": list("abcd"), "range_km": [20.0, 30.0, 25.0, 9.0]}
    assets = gpd.GeoDataFrame(
        {**rows, "mode": "radius", "from_year": [2025, 2026, 2026, 2027]},
        geometry=gpd.points_from_xy([70.2, 70.4, 71.1, 71.0], [38.05, 38, 38.3, 38.7]),
        crs=4326,
    )
    found = gb.cover(border, assets, k=k, years=range(2025, 2028)).gaps_by_year
    prints = gb.footprints(border, assets)
    values = ", ".join(
        f"({p.start_km}, {p.end_km}, {p.from_year})" for p in prints.itertuples()
    )
    length = border["length_km"].item()
    told = ask(
        f"""with f (a, b, y) as (values {values}),
        years as (select generate_series(2025, 2027) as year),
        cuts as (select a as x from f union select b from f
                 union values (0), ({length})),
        cells as (select x as a, lead(x) over (order by x) as b from cuts),
        open as (select year, numrange(c.a, c.b) as r from years, cells c
                 where c.a < c.b and (select count(*) from f where f.a <= c.a
                 and f.b >= c.b and f.y <= year) < {k})
        select year, lower(r), upper(r) from (select year, unnest(range_agg(r)) as r
        from open group by year) as g order by year, r"""  # noqa: S608 - our own
    )
    theirs = np.array([line.split("|") for line in told.splitlines()], float)
    ours = found[["year", "start_km", "end_km"]].sort_values(["year", "start_km"])
    assert len(ours) > 4
    assert theirs == pytest.approx(ours.to_numpy(float), abs=1e-6)


def test_linref_measures_in_the_units_of_the_layer(lrs: Any) -> None:  # noqa: ANN401 - as above
    line = as_layer(BENT)
    table = line[["border_id", "geometry"]].lr.set_lrs(lrs).lr.generate_linear_events()
    assert table["end_km"].item() == 2.0  # degrees
    points = layer(Point(70.5, 38.01)).to_crs(4326)
    with pytest.warns(UserWarning, match="geographic CRS"):  # by GeoPandas
        theirs = table.lr.project(points, buffer=1)
    assert theirs["km"].item() == 0.5
    assert "side" not in theirs
    ours = gb.locate(points, gb.as_border(line))
    assert ours["chainage_km"].item() == pytest.approx(43.9, abs=0.1)
    assert ours["side"].item() == "left"


def test_linref_keeps_measures_at_every_vertex(lrs: Any) -> None:  # noqa: ANN401 - as above
    """Calibrated chainage goes there as M, and places come out alike."""
    border = gb.calibrate(
        gb.as_border(as_layer(EAST.segmentize(0.01))), fixed_km={0: 0, 40: 42, 80: 81}
    )
    xy = gpd.GeoSeries(gpd.points_from_xy(*border.geometry.item().xy), crs=4326)
    km = gb.locate(xy, border)["official_km"].to_numpy()
    geom_m = linref.geometry.LineStringM(border.geometry.item(), km)
    assert geom_m.end_m == pytest.approx(km[-1])
    table = border[["border_id", "geometry"]].assign(
        start_km=km[0], end_km=km[-1], geometry_m=[geom_m]
    )
    table = table.lr.set_lrs(lrs.set_params(geom_m_col="geometry_m"))
    events = pd.DataFrame({"border_id": border["border_id"].item(), "km": [10.0, 70.0]})
    drawn = events.lr.set_lrs(lrs).lr.interpolate_from(table)
    ours = gb.point_at(border, gb.from_official(border, [10.0, 70.0]))
    assert shapely.distance(drawn.geometry.array, ours.array).max() < 1e-6


def test_linref_counts_what_overlaps(lrs: Any) -> None:  # noqa: ANN401 - as above
    """Its cells by `integrate` with `count` are coverage with k."""
    spans = pd.DataFrame(
        {"border_id": "L", "start_km": [0.0, 5, 20, 22], "end_km": [6.0, 9, 25, 23]}
    )
    events = spans.lr.set_lrs(lrs)
    cells = events.lr.integrate(events, fill_gaps=True)
    count = cells.lr.relate(events).count()
    gaps = cells[count == 0][["start_km", "end_km"]].to_numpy().tolist()
    assert gaps == [[9.0, 20.0]]
    assert count.max() == 2
    # Its dissolve joins events that follow each other, and leaves those that overlap.
    assert len(events.lr.dissolve()) == 4
    assert len(gb.dissolve_events(spans)) == 2
    for name in ("resegment", "cluster", "distribute_from", "geom_m_to_wkt"):
        assert hasattr(events.lr, name)


# Sight and travel


def gdal_sees(
    folder: Path,
    raw: dems.Dem,
    node: tuple[int, int],
    range_: float,
    *,
    mast_m: float = 10.0,
    target_m: float = 2.0,
    nodata: float | None = None,
) -> np.ndarray:
    """Run gdal_viewshed from a node; 1 seen, 0 hidden, 2 out of range."""
    tool = program("gdal_viewshed", package="gdal-bin")
    x, y = raw.transform @ (node[0] + 0.5, node[1] + 0.5)
    path = dems.write_dem(folder / "dem.tif", *raw, nodata=nodata)
    options = {"-ox": x, "-oy": y, "-oz": mast_m, "-md": range_, "-ov": 2}
    options["-tz"] = target_m
    words = [str(word) for pair in options.items() for word in pair]
    command = [tool, "-q", *words, "-vv", "1", str(path), str(folder / "seen.tif")]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
    whole = np.full(raw.heights.shape, 2)
    with rasterio.open(folder / "seen.tif") as file:
        left, top = ~raw.transform @ (file.transform.c, file.transform.f)
        here = np.s_[round(top) :, round(left) :]
        whole[here][: file.height, : file.width] = file.read(1)
    return whole


def dem_of(raw: dems.Dem) -> Dem:
    return Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "dem")


def node_points(raw: dems.Dem, columns: object, rows: object) -> gpd.GeoSeries:
    lon, lat = dem_of(raw).lonlat_at(np.atleast_1d(columns), np.atleast_1d(rows))
    return gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326)


@pytest.mark.gdal
def test_gdal_takes_the_range_in_degrees(tmp_path: Path) -> None:
    """And has no curvature there: a mast of 1 m sees the ground 4.8 km away."""
    raw = dems.flat((321, 321), height_m=100.0)
    seen = gdal_sees(tmp_path, raw, (160, 160), 0.02)
    assert (seen[160] != 2).sum() == pytest.approx(144, abs=2)  # 0.02 degrees
    assert (seen[:, 160] != 2).sum() == pytest.approx(144, abs=2)
    ground = {"mast_m": 1.0, "target_m": 0.0}
    seen = gdal_sees(tmp_path, raw, (160, 160), 2000.0, **ground)
    assert (seen == 1).mean() > 0.99  # a range of 2 km reaches 6 km, to the corners
    flat = dems.flat((321, 321), height_m=100.0, crs=dems.UTM)
    seen = gdal_sees(tmp_path, flat, (160, 160), 6000.0, **ground)
    horizon_m = np.sqrt(2 * 6_371_000 / 0.85714)  # its -cc, where none is given
    assert (seen[160] == 1).sum() * 15 == pytest.approx(horizon_m, rel=0.02)
    ours = gb.viewshed(
        node_points(raw, 160, 160), dem=dem_of(raw), range_km=2, mast_m=10, target_m=2
    )
    cell = np.prod(dems.spacing_m(raw.transform, raw.crs)) / 1e6
    assert (np.asarray(ours.values) == 1).sum() * cell == pytest.approx(
        np.pi * 2**2, rel=0.02
    )


@pytest.mark.grass
def test_grass_takes_the_range_in_metres_on_degrees(grass: str) -> None:
    assert grass
    told = grass_session.run(
        "EPSG:4326",
        """g.region n=38.5 s=37.5 w=70.5 e=71.5 res=0:00:30
        r.mapcalc 'dem = 0.0' --quiet
        r.viewshed -b input=dem output=seen coordinates=71.00416666,38.00416666 \
        observer_elevation=100 max_distance=10000 memory=200 --quiet
        r.stats -an seen --quiet
        r.walk elevation=dem friction=dem output=cost memory=100 --quiet \
        start_coordinates=71.00416666,38.00416666 walk_coeff=0.72,6,2,-2
        r.what map=cost coordinates=71.10416666,38.00416666""",
    )
    area = {row.split()[0]: float(row.split()[1]) for row in told.splitlines()[:2]}
    assert area["1"] / 1e6 == pytest.approx(np.pi * 10**2, rel=0.03)
    # r.walk takes degrees for metres: 0.72 s for each of 0.1 degree.
    assert float(told.rsplit("|", 1)[1]) == pytest.approx(0.072, rel=0.01)
    raw = dems.flat((120, 120), step_m=900)
    site, target = node_points(raw, [60], [60]), node_points(raw, [72], [60])
    ours = gb.travel_time(site, target, dem=dem_of(raw), mode="langmuir", minutes=180)
    metres = 0.1 * 87_832
    assert ours.iloc[0, 0] == pytest.approx(metres * 0.72 / 60, rel=0.02)


@pytest.mark.gdal
def test_gdal_takes_nodata_for_ground(tmp_path: Path) -> None:
    """A hole is visible as NaN, and a wall as a declared number."""
    raw = dems.flat((101, 101), height_m=100.0, crs=dems.UTM)
    raw.heights[48:53, 60:65] = np.nan
    seen = gdal_sees(tmp_path, raw, (50, 50), 1400.0)
    assert (seen[48:53, 60:65] == 1).all()
    assert (seen[50, 66:90] == 1).all()
    seen = gdal_sees(tmp_path, raw, (50, 50), 1400.0, nodata=9999.0)
    assert (seen[50, 66:90] == 0).all()


def test_we_take_nodata_for_unknown() -> None:
    raw = dems.flat((101, 101), height_m=100.0, crs=dems.UTM)
    raw.heights[48:53, 60:65] = np.nan
    site, targets = node_points(raw, 50, 50), node_points(raw, [62, 75, 35], [50] * 3)
    with pytest.warns(gb.GeoborderWarning, match="unknown"):
        found = gb.sight_lines(
            site, targets, dem=dem_of(raw), range_km=1.4, mast_m=10, target_m=2
        )
    assert found.seen.toarray().tolist() == [[False, False, True]]
    assert found.unknown.toarray().tolist() == [[True, True, False]]


@pytest.mark.grass
def test_grass_takes_nodata_for_hidden_and_looks_through(grass: str) -> None:
    assert grass
    raw = dems.flat((101, 101), height_m=100.0, crs=dems.UTM)
    raw.heights[48:53, 60:65] = np.nan
    x, y = raw.transform @ (50.5, 50.5)
    _, masks = grass_viewshed.viewsheds(
        raw.heights,
        raw.transform.to_gdal(),
        dems.UTM,
        np.array([x]),
        np.array([y]),
        mast_m=10.0,
        target_m=2.0,
        range_m=1400.0,
        memory_mb=200,
    )
    assert not masks[0][48:53, 60:65].any()
    assert masks[0][50, 66:90].all()


@pytest.mark.postgis
def test_postgis_has_no_sight(ask: Ask) -> None:
    count = "select count(*) from pg_proc where proname ~"
    assert ask(f"{count} '^_?st_.*(viewshed|sight|visib)'") == "0"
    assert int(ask(f"{count} '^st_(slope|aspect|hillshade)'")) > 0


# Placement


@pytest.mark.filterwarnings("ignore::Warning:spopt", "ignore::Warning:pulp")
def test_spopt_takes_the_same_matrix() -> None:
    seen = scipy.sparse.random_array((12, 60), density=0.2, rng=5).tocsr() > 0
    weights = np.arange(1.0, 61.0)
    costs = 1.0 - seen.T.toarray()  # it wants targets by sites, and not sparse
    model = locate.MCLP.from_cost_matrix(costs, weights, 0.5, p_facilities=3)
    model.solve(pulp.HiGHS(msg=False))
    ours = gb.mclp(seen, weights, p=3)
    assert ours.value == ours.bound == pulp.value(model.problem.objective)
    # How close it came is with the solver only, and how depends on the solver.
    assert not [name for name in dir(model) if re.search("bound|gap", name)]
    assert model.problem.solverModel.getInfo().mip_gap == 0


def test_spopt_has_models_and_limits_that_we_have_not() -> None:
    for model in (locate.PDispersion, locate.KNearestPMedian):
        assert inspect.isclass(model)
    for model in (locate.LSCP, locate.PMedian):
        assert "capacit" in str(inspect.signature(model.from_cost_matrix))
    for model in (locate.LSCP, locate.MCLP, locate.PMedian, locate.PCenter):
        given = inspect.signature(model.from_cost_matrix).parameters
        assert "predefined_facilities_arr" in given
        assert not {"year", "budget", "costs", "k"} & set(given)
    assert find_spec("spopt.region") is not None
    assert not hasattr(gb, "p_dispersion")
    for own in (gb.lscp, gb.mclp, gb.p_median, gb.p_center):
        assert not re.search("capacit|predefined", str(inspect.signature(own)))
    budgets = inspect.signature(gb.mclp).parameters
    assert {"budget", "costs", "k"} <= set(budgets)


# Maps, and who they are


def test_folium_pages_ask_for_the_network(tmp_path: Path) -> None:
    border = gb.as_border(as_layer(EAST))
    linked = re.compile(r"<(?:script|link)[^>]+(?:src|href)=.?https?:")
    drawn = folium.Map([38, 71], tiles=None)
    gb.add_segments(drawn, gb.segment_border(border, count=4), column=None)
    assert len(linked.findall(drawn.get_root().render())) > 5
    page = gb.save_map(drawn, tmp_path / "map.html").read_text("utf-8")
    assert linked.findall(page) == []


def test_folium_has_sliders_of_time_and_many_plugins(tmp_path: Path) -> None:
    for name in ("TimestampedGeoJson", "TimeSliderChoropleth", "Timeline", "HeatMap"):
        assert hasattr(plugins, name)
    assert len(plugins.__all__) > 35
    # Most of them have scripts that only the network has: no file without a network.
    drawn = folium.Map([38, 71], tiles=None).add_child(plugins.MeasureControl())
    with pytest.raises(gb.OptionError, match="leave that plugin out"):
        gb.save_map(drawn, tmp_path / "map.html")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("geoborder", "3 - Alpha"),
        ("folium", "5 - Production/Stable"),
        ("linref", "4 - Beta"),
    ],
)
def test_how_ripe_they_call_themselves(name: str, status: str) -> None:
    if name == "linref" and linref is None:
        missing("needs linref (pip install linref==1.0.0)")
    classifiers = metadata.metadata(name).get_all("Classifier")
    assert f"Development Status :: {status}" in classifiers
