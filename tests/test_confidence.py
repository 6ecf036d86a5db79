"""Chances of sight, against closed forms and brute force."""

from __future__ import annotations

from pathlib import Path

import dems
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from lines import as_layer
from pyproj import CRS
from scipy.stats import norm
from shapely import LineString

import geoborder as gb
from geoborder.chainage import border_targets
from geoborder.coverage.confidence import Confidence, sight_confidence
from geoborder.geodesy import inverse
from geoborder.sight import line_of_sight
from geoborder.sight.chance import (
    detection_probability,
    draws,
    error_field,
    sight_probability,
)
from geoborder.sight.fields import decompose, field_of
from geoborder.terrain.rasters import Tile, TiledHeights

ERRORS = {"dem_sd_m": 8.0, "correlation_m": 150.0}


def as_dem(ground: dems.Dem) -> gb.Dem:
    return gb.Dem(
        ground.heights, ground.transform, CRS.from_user_input(ground.crs), "test"
    )


def as_layer_of(dem: gb.Dem, column: object, row: object) -> gpd.GeoSeries:
    lon, lat = dem.lonlat_at(np.asarray(column, float), np.asarray(row, float))
    return gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326)


@pytest.fixture(scope="module")
def hills() -> gb.Dem:
    return as_dem(dems.mountain((160, 180), seed=3))


@pytest.fixture(scope="module")
def sites(hills: gb.Dem) -> gpd.GeoSeries:
    rng = np.random.default_rng(4)
    return as_layer_of(hills, rng.uniform(20, 160, 6), rng.uniform(20, 140, 6))


@pytest.fixture(scope="module")
def targets(hills: gb.Dem) -> gpd.GeoSeries:
    rng = np.random.default_rng(5)
    return as_layer_of(hills, rng.uniform(5, 175, 150), rng.uniform(5, 155, 150))


REACH = {"range_km": 3.0, "mast_m": 15.0, "target_m": 2.0}


# --- Fields


@pytest.mark.parametrize("correlation_m", [0.0, 25.0, 150.0, 600.0])
def test_field_has_its_variance_and_correlogram(correlation_m: float) -> None:
    shape, cell_m, sd_m = (150, 190), (20.0, 30.0), 4.0
    rng = np.random.default_rng(1)
    products = {lag: [] for lag in [(0, 0), (1, 0), (0, 1), (5, 5), (12, 0), (0, 30)]}
    means = []
    for _ in range(60):
        field = error_field(
            shape, sd_m=sd_m, correlation_m=correlation_m, cell_m=cell_m, rng=rng
        )
        assert field.shape == shape
        assert field.dtype == np.float32
        means.append(field.mean())
        for (down, right), found in products.items():
            one = field[: shape[0] - down, : shape[1] - right]
            found.append(np.mean(one * field[down:, right:]))
    for (down, right), found in products.items():
        away = np.hypot(down * cell_m[1], right * cell_m[0])
        expected = sd_m**2 * (
            np.exp(-away / correlation_m) if correlation_m else float(away == 0)
        )
        # Four standard errors, from the spread between independent fields.
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert abs(np.mean(found) - expected) < 4 * error
    assert abs(np.mean(means)) < 4 * np.std(means, ddof=1) / np.sqrt(len(means))


def test_field_does_not_wrap_around() -> None:
    rng = np.random.default_rng(2)
    edges = []
    for _ in range(400):
        field = error_field(
            (60, 60), sd_m=1, correlation_m=300, cell_m=(30, 30), rng=rng
        )
        edges.append([field[0, 0], field[0, -1], field[-1, 0], field[-1, -1]])
    found = np.corrcoef(np.array(edges).T)
    assert abs(found[0, 1] - np.exp(-59 * 30 / 300)) < 4 / np.sqrt(400)
    assert abs(found[0, 3] - np.exp(-59 * np.sqrt(2) * 30 / 300)) < 4 / np.sqrt(400)


def test_windows_share_one_field() -> None:
    cell_m = (30.0, 40.0)
    wide, part = (
        decompose(shape, correlation_m=200, cell_m=cell_m)
        for shape in [(300, 280), (90, 70)]
    )
    whole = field_of(wide, corner=(-40, 500), seed=7, draw=2)
    again = field_of(part, corner=(60, 610), seed=7, draw=2)
    assert np.abs(whole[100:190, 110:180] - again).max() < 0.03
    other = field_of(part, corner=(60, 610), seed=7, draw=3)
    assert abs(np.corrcoef(other.ravel(), again.ravel())[0, 1]) < 0.5
    assert np.std(whole) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sd_m": -1.0}, "`sd_m` must be finite"),
        ({"correlation_m": np.nan}, "`correlation_m` must be finite"),
        ({"correlation_m": 1e6}, "use a coarser DEM"),
    ],
)
def test_field_refuses_what_cannot_be(wrong: dict[str, float], message: str) -> None:
    options = {"sd_m": 1.0, "correlation_m": 10.0} | wrong
    rng = np.random.default_rng(0)
    with pytest.raises(gb.OptionError, match=message):
        error_field((9, 9), cell_m=(1, 1), rng=rng, **options)


# --- Sight


def test_no_error_is_line_of_sight(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    plain = line_of_sight(sites, targets, dem=hills, **REACH)
    found = sight_probability(
        sites, targets, dem=hills, dem_sd_m=0, correlation_m=100, samples=3, **REACH
    )
    assert (found.toarray() == plain.toarray()).all()
    assert found.nnz == plain.nnz


def test_windowed_path_is_line_of_sight_where_errors_vanish(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    plain = line_of_sight(sites, targets, dem=hills, **REACH)
    tiny = {"dem_sd_m": 1e-30, "refraction_sd": 1e-30, "position_sd_m": 1e-9}
    for lines in draws(
        sites, targets, dem=hills, correlation_m=100, samples=2, **tiny, **REACH
    ):
        assert (lines.seen != plain).nnz == 0


def test_seed_decides(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    def probability(seed: int) -> np.ndarray:
        return sight_probability(
            sites,
            targets,
            dem=hills,
            samples=6,
            seed=seed,
            refraction_sd=0.1,
            position_sd_m=10,
            **ERRORS,
            **REACH,
        ).toarray()

    first = probability(1)
    assert (first == probability(1)).all()
    assert (first != probability(2)).any()
    assert first.max() <= 1


def test_higher_masts_see_no_less(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    low, high = (
        sight_probability(
            sites, targets, dem=hills, samples=20, **ERRORS, **(REACH | {"mast_m": m})
        )
        for m in (5.0, 25.0)
    )
    assert ((high - low).toarray() >= 0).all()  # in every draw, on the same ground
    assert high.sum() > low.sum()


def test_sites_do_not_change_each_other(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    whole = sight_probability(sites, targets, dem=hills, samples=20, **ERRORS, **REACH)
    alone = sight_probability(
        sites.iloc[2:3], targets, dem=hills, samples=20, **ERRORS, **REACH
    )
    differing = np.abs(whole.toarray()[2] - alone.toarray()[0])
    assert differing.max() <= 0.05 + 1e-12  # one draw, where fields differ in rounding


@pytest.mark.parametrize("offset", [-1.5, 0.0, 1.0])
def test_probability_over_a_wall_is_the_normal_integral(offset: float) -> None:
    # Site, wall and target err independently: the wall stands above the middle of
    # the line of sight with sd**2 (1 + 1/4 + 1/4).
    rows, sd_m, away = 150, 5.0, 20
    heights = np.zeros((rows + 10, 60), np.float32)
    heights[:, 20 + away // 2] = 100.0 + offset * sd_m
    dem = as_dem(dems.Dem(heights, dems.frame(heights.shape, dems.UTM, 30.0), dems.UTM))
    row = np.arange(5, rows + 5)
    sites = as_layer_of(dem, np.full(rows, 20), row)
    targets = as_layer_of(dem, np.full(rows, 20 + away), row)
    found = sight_probability(
        sites,
        targets,
        dem=dem,
        samples=30,
        dem_sd_m=sd_m,
        correlation_m=0,
        range_km=0.61,
        mast_m=100,
        target_m=100,
        refraction=0,
    ).diagonal()
    sag = (away * 30) ** 2 / (8 * 6_371_000)
    expected = norm.cdf(-(offset * sd_m + sag) / (sd_m * np.sqrt(1.5)))
    assert found.mean() == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(30 * rows))


def test_refraction_errs_as_the_horizon_says() -> None:
    # Ground at D is seen over a bare globe of radius R from the height h where the
    # coefficient of refraction is at least 1 - 2 R h / D**2.
    dem = as_dem(dems.flat((40, 420)))
    ends = as_layer_of(dem, [20, 400], [20, 20])
    lon, lat = ends.x, ends.y
    away = float(inverse(lon[0], lat[0], lon[1], lat[1])[1])
    least, sd, normal_m = 0.18, 0.05, 6_386_300.0
    found = sight_probability(
        ends.iloc[:1],
        ends.iloc[1:],
        dem=dem,
        samples=400,
        dem_sd_m=0,
        correlation_m=0,
        refraction_sd=sd,
        range_km=20,
        mast_m=(1 - least) * away**2 / (2 * normal_m),
    )
    assert found.toarray()[0, 0] == pytest.approx(norm.sf((least - 0.13) / sd), abs=0.1)


def test_places_err_as_the_range_says() -> None:
    dem = as_dem(dems.flat((60, 200)))
    ends = as_layer_of(dem, [20, 120], [30, 30])
    lon, lat = ends.x, ends.y
    away = float(inverse(lon[0], lat[0], lon[1], lat[1])[1])
    for sd, shift in ((20.0, 0.5), (40.0, -1.0)):
        found = sight_probability(
            ends.iloc[[0] * 50],
            ends.iloc[1:],
            dem=dem,
            samples=50,
            dem_sd_m=0,
            correlation_m=0,
            position_sd_m=sd,
            range_km=(away + shift * sd) / 1000,
            mast_m=50,
        )
        expected = norm.cdf(shift)  # each site moves by itself in every draw
        assert found.toarray().mean() == pytest.approx(expected, abs=0.04)


def test_heights_on_disk_and_in_memory_agree(
    tmp_path: Path, hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    path = dems.write_dem(
        tmp_path / "a.tif", hills.heights_m, hills.transform, dems.GEOGRAPHIC
    )
    rows, columns = hills.shape
    tile = Tile(str(path), 0, 0, rows, columns, 1.0, 0.0)
    lazy = gb.Dem(
        TiledHeights((tile,), hills.shape), hills.transform, hills.crs, str(path)
    )
    memory, disk = (
        sight_probability(sites, targets, dem=dem, samples=5, **ERRORS, **REACH)
        for dem in (hills, lazy)
    )
    assert (memory != disk).nnz == 0


def test_windows_that_are_not_kept_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
    hills: gb.Dem,
    sites: gpd.GeoSeries,
    targets: gpd.GeoSeries,
) -> None:
    kept = sight_probability(sites, targets, dem=hills, samples=3, **ERRORS, **REACH)
    monkeypatch.setattr("geoborder.sight.chance._KEPT", 0)
    read = sight_probability(sites, targets, dem=hills, samples=3, **ERRORS, **REACH)
    assert (kept != read).nnz == 0
    monkeypatch.setattr("geoborder.sight.chance._REGION", 64)  # several windows
    many = sight_probability(sites, targets, dem=hills, samples=3, **ERRORS, **REACH)
    assert np.abs((kept - many).toarray()).mean() < 0.005


def test_nodata_warns_once(
    hills: gb.Dem, sites: gpd.GeoSeries, targets: gpd.GeoSeries
) -> None:
    heights = hills.heights_m.copy()
    heights[60:80] = np.nan
    holed = gb.Dem(heights, hills.transform, hills.crs, "holed")
    with pytest.warns(gb.GeoborderWarning, match="'holed' leaves .*% of") as caught:
        found = sight_probability(
            sites, targets, dem=holed, samples=4, **ERRORS, **REACH
        )
    assert len(caught) == 1
    assert caught[0].filename == __file__
    row = hills.cells_at(targets.x.to_numpy(), targets.y.to_numpy())[1]
    assert found.toarray()[:, (row > 60) & (row < 79)].sum() == 0


def test_sites_off_the_raster_see_nothing(
    hills: gb.Dem, targets: gpd.GeoSeries
) -> None:
    away = as_layer_of(hills, [-2000.0, 90.0], [80.0, 80.0])
    with pytest.warns(gb.GeoborderWarning, match="unknown"):
        found = sight_probability(
            away,
            targets,
            dem=hills,
            samples=2,
            **ERRORS,
            **(REACH | {"range_km": 80.0}),
        )
    assert found.toarray()[0].sum() == 0
    assert found.toarray()[1].sum() > 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samples": 0}, "`samples` must be a whole number of at least 1"),
        ({"samples": 2.5}, "`samples` must be a whole number"),
        ({"seed": -1}, "`seed` must be a whole number of at least 0"),
        ({"dem_sd_m": -1}, "`dem_sd_m` must be finite and not negative"),
        ({"refraction_sd": np.inf}, "`refraction_sd` must be finite"),
        ({"position_sd_m": np.nan}, "`position_sd_m` must be finite"),
        ({"mast_m": None}, "`mast_m` is missing"),
        ({"height": 3}, "unknown option 'height'"),
    ],
)
def test_wrong_options_are_refused_at_once(
    hills: gb.Dem,
    sites: gpd.GeoSeries,
    targets: gpd.GeoSeries,
    wrong: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        draws(sites, targets, dem=hills, **(ERRORS | REACH | wrong))


def test_the_edge_of_the_raster_stays_its_edge() -> None:
    # Half a cell beyond the last nodes still has ground.
    dem = as_dem(dems.flat((30, 80)))
    ends = as_layer_of(dem, [10, -0.4, 10, 10], [10, 10, -0.4, 29.4])
    for lines in draws(
        ends.iloc[:1],
        ends.iloc[1:],
        dem=dem,
        samples=2,
        dem_sd_m=1e-3,
        correlation_m=60,
        range_km=2,
        mast_m=10,
    ):
        plain = line_of_sight(ends[:1], ends[1:], dem=dem, range_km=2, mast_m=10)
        assert plain.toarray().tolist() == lines.seen.toarray().tolist()
        assert lines.seen.nnz == 3
        assert lines.unknown.nnz == 0


# --- Detection


def test_detection_is_half_at_its_distance_and_falls() -> None:
    away = np.concatenate(([0.0, 1e-300, 1e-9], np.linspace(0.01, 60, 500), [np.inf]))
    found = detection_probability(away, half_km=7.0)
    assert found[0] == found[1] == 1
    assert found[-1] == 0
    assert (np.diff(found) <= 0).all()
    assert detection_probability(7.0, half_km=7.0) == pytest.approx(0.5)
    assert detection_probability(3.5, half_km=7) == pytest.approx(2**4.1 / (1 + 2**4.1))
    assert (detection_probability(away, half_km=np.inf) == 1).all()


def test_detection_refuses_wrong_distances() -> None:
    with pytest.raises(gb.OptionError, match="`distance_km` must not be negative"):
        detection_probability([1, -1], half_km=1)
    with pytest.raises(gb.OptionError, match="`half_km` must be positive, got 0"):
        detection_probability(1, half_km=[2, 0])


# --- The border


@pytest.fixture(scope="module")
def border(hills: gb.Dem) -> gpd.GeoDataFrame:
    lon, lat = hills.lonlat_at(
        np.array([5.0, 60, 110, 175]), np.array([60.0, 90, 50, 110])
    )
    return as_layer(LineString(np.column_stack((lon, lat))))


@pytest.fixture(scope="module")
def assets(sites: gpd.GeoSeries) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "asset_id": list("abcdef"),
            "mode": ["sight"] * 5 + ["radius"],
            "range_km": [3.0, 2.0, 3.0, 3.0, 3.0, 1.0],
            "mast_m": [20.0, 15.0, 10.0, 30.0, 30.0, np.nan],
            "target_m": 2.0,
            "fov_deg": [np.nan, np.nan, 90.0, np.nan, np.nan, np.nan],
            "detection_50_km": [2.0, np.nan, 1.5, 1.0, 1.0, np.nan],
            "from_year": pd.array([2025, 2026, 2025, 2029, pd.NA, 2025], "Int64"),
            "until_year": pd.array([2027, pd.NA, 2030, pd.NA, 2024, pd.NA], "Int64"),
        },
        geometry=sites.geometry.to_numpy(),
        crs=4326,
    )


@pytest.fixture(scope="module")
def found(
    border: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, hills: gb.Dem
) -> Confidence:
    return sight_confidence(
        border, assets, dem=hills, year=2026, samples=12, seed=3, **ERRORS
    )


def test_cells_are_what_draws_say(
    found: Confidence,
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    hills: gb.Dem,
) -> None:
    cells = border_targets(gb.as_border(border)).points
    # In 2026 a, b and c are there; c is turned by what it sees most of.
    own = assets.iloc[:3].drop(columns="fov_deg").assign(azimuth_deg=0.0, fov_deg=360.0)
    best = {
        azimuth: line_of_sight(
            own.iloc[2:].assign(fov_deg=90.0, azimuth_deg=azimuth), cells, dem=hills
        ).nnz
        for azimuth in np.arange(0.0, 360.0, 5.0)
    }
    own.loc[2, ["azimuth_deg", "fov_deg"]] = [max(best, key=best.get), 90.0]
    size = len(cells)
    assert len(found.cells) == size
    times, detection = np.zeros(size), np.zeros(size)
    for lines in draws(own, cells, dem=hills, samples=12, seed=3, **ERRORS):
        seen = lines.seen.toarray()
        times += seen.any(axis=0)
        for cell in range(size):
            missed = 1.0
            for site, half in enumerate([2.0, None, 1.5]):
                if seen[site, cell]:
                    eye, at = own.geometry[site], cells[cell]
                    km = inverse(eye.x, eye.y, at.x, at.y)[1] / 1000
                    x = 1.0 if half is None else half / km
                    e = 2.7 + 0.7 * x
                    missed *= 0.0 if half is None else 1 - x**e / (1 + x**e)
            detection[cell] += 1 - missed
    plain = line_of_sight(own, cells, dem=hills).toarray()
    assert 0 < plain.any(axis=0).sum() < size
    assert (found.cells["seen"] == plain.any(axis=0)).all()
    np.testing.assert_allclose(found.cells["probability"], times / 12)
    np.testing.assert_allclose(found.cells["detection"], detection / 12, atol=1e-6)
    assert found.year == 2026


def test_no_error_is_cover(
    border: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, hills: gb.Dem
) -> None:
    seeing = assets[assets["mode"] == "sight"]
    segments = gb.segment_border(border, length_km=2)
    options = {"dem": hills, "year": 2026, "segments": segments}
    plain = gb.cover(border, seeing, **options)
    sure = sight_confidence(
        border, assets, dem_sd_m=0, correlation_m=0, samples=3, **options
    )
    assert set(sure.cells["probability"]) <= {0.0, 1.0}
    total = plain.by_year.set_index("year")["covered_km"][2026]
    np.testing.assert_allclose(sure.by_draw["covered_km"], total)
    for column in ("covered_km", "expected_km", "low_km", "high_km"):
        differing = sure.by_segment[column] - plain.by_segment["covered_km"]
        assert differing.abs().max() <= 0.1  # a cell on the edge of two segments
        assert sure.by_segment[column].sum() == pytest.approx(total)


def test_sums_agree(
    found: Confidence,
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    hills: gb.Dem,
) -> None:
    cells, length = found.cells, found.cells["length_km"]
    assert length.sum() == pytest.approx(gb.as_border(border)["length_km"].sum())
    expected = (cells["probability"] * length).sum()
    assert found.by_draw["covered_km"].mean() == pytest.approx(expected)
    assert len(found.by_draw) == 12
    row = found.by_segment.iloc[0]
    assert row["expected_km"] == pytest.approx(expected)
    assert row["length_km"] == pytest.approx(length.sum())
    assert row["covered_km"] == pytest.approx(length[cells["seen"]].sum())
    low, high = np.quantile(found.by_draw["covered_km"], [0.05, 0.95])
    assert row["low_km"] == pytest.approx(low)
    assert row["high_km"] == pytest.approx(high)
    mean = np.average(cells["detection"], weights=length)
    assert row["detection"] == pytest.approx(mean)

    parts = found.intervals
    assert (parts["start_km"].to_numpy()[1:] == parts["end_km"].to_numpy()[:-1]).all()
    assert (parts["klass"].to_numpy()[1:] != parts["klass"].to_numpy()[:-1]).all()
    assert (parts["probability"] * parts["length_km"]).sum() == pytest.approx(expected)
    assert set(parts["klass"]) == {
        "under 5 %",
        "5 to 50 %",
        "50 to 95 %",
        "95 % and more",
    }
    limits = {"under 5 %": (0, 0.05), "95 % and more": (0.95, 1)}
    for klass, (least, most) in limits.items():
        own = parts.loc[parts["klass"] == klass, "probability"]
        assert own.between(least, most).all()

    two = sight_confidence(
        border, assets, dem=hills, year=2026, samples=12, seed=3, k=2, **ERRORS
    )
    assert (two.cells["probability"] <= cells["probability"]).all()
    assert two.by_segment["expected_km"].sum() < expected


@pytest.mark.parametrize(
    ("year", "names"),
    [(2024, "e"), (2025, "ac"), (2026, "abc"), (2028, "bc"), (None, "bcd")],
)
def test_only_assets_in_operation_count(
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    hills: gb.Dem,
    year: int | None,
    names: str,
) -> None:
    options = {"dem": hills, "samples": 2, "target_spacing_km": 0.3, **ERRORS}
    some = sight_confidence(border, assets, year=year, **options)
    own = assets[assets["asset_id"].isin(list(names))]
    own = own.drop(columns=["from_year", "until_year"])
    alone = sight_confidence(border, own, **options)
    assert some.cells.equals(alone.cells)
    assert some.year == (2029 if year is None else year)
    assert alone.year is None


def test_nothing_that_sees_is_nothing_seen(
    border: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, hills: gb.Dem
) -> None:
    retired = assets.assign(status="retired")
    result = sight_confidence(border, retired, dem=hills, samples=3, **ERRORS)
    assert not result.cells[["seen", "probability", "detection"]].to_numpy().any()
    assert list(result.by_draw["covered_km"]) == [0, 0, 0]
    assert list(result.intervals["klass"]) == ["under 5 %"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"k": 0}, "`k` must be a whole number"),
        ({"samples": 0}, "`samples` must be"),
        ({"target_spacing_km": 0}, "`target_spacing_km` must be finite"),
        ({"dem_sd_m": -1}, "`dem_sd_m` must be"),
    ],
)
def test_confidence_refuses_wrong_options(
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    hills: gb.Dem,
    wrong: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(gb.OptionError, match=message):
        sight_confidence(border, assets, dem=hills, **(ERRORS | wrong))


def test_confidence_warns_once_of_nodata(
    border: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, hills: gb.Dem
) -> None:
    heights = hills.heights_m.copy()
    heights[:, 100:110] = np.nan
    holed = gb.Dem(heights, hills.transform, hills.crs, "holed")
    with pytest.warns(gb.GeoborderWarning, match="'holed' leaves") as caught:
        sight_confidence(border, assets, dem=holed, year=2026, samples=2, **ERRORS)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_segments_must_be_of_the_border(
    border: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, hills: gb.Dem
) -> None:
    segments = gb.segment_border(gb.load_border(), count=2)
    with pytest.raises(gb.DataError, match="`border` does not have"):
        sight_confidence(border, assets, dem=hills, segments=segments, **ERRORS)
