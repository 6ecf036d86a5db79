"""Lines of sight: matrices, options, and what must hold of any ground."""

from __future__ import annotations

import warnings
from pathlib import Path

import dems
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.sparse import csr_array

from geoborder.errors import DataError, GeoborderWarning, OptionError
from geoborder.geodesy import inverse
from geoborder.sight import SightLines, line_of_sight, sight_lines, visible_height
from geoborder.terrain import Dem, open_dem, opening

OPTIONS = {"range_km": 3.0, "mast_m": 10.0, "target_m": 2.0}
KNOWN = "ignore:.*of the pairs in range unknown"


def as_dem(raw: dems.Dem) -> Dem:
    return Dem(raw.heights, raw.transform, CRS.from_user_input(raw.crs), "made")


def anywhere(dem: Dem, count: int, seed: int) -> gpd.GeoDataFrame:
    """Points all over a DEM."""
    rng = np.random.default_rng(seed)
    rows, columns = dem.shape
    lonlat = dem.lonlat_at(
        rng.uniform(0, columns - 1, count), rng.uniform(0, rows - 1, count)
    )
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*lonlat), crs=4326)


def apart_m(sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> np.ndarray:
    """Geodesic distances, shape (sites, targets)."""
    a, b = sites.geometry, targets.geometry
    shape = len(a), len(b)
    _, away = inverse(
        np.repeat(a.x.to_numpy(), shape[1]), np.repeat(a.y.to_numpy(), shape[1]),
        np.tile(b.x.to_numpy(), shape[0]), np.tile(b.y.to_numpy(), shape[0]),
    )  # fmt: skip
    return away.reshape(shape)


@pytest.fixture(scope="module")
def dem() -> Dem:
    return as_dem(dems.mountain((200, 220)))


@pytest.fixture(scope="module")
def holes() -> Dem:
    return as_dem(dems.adversarial("holes", (200, 220)))


@pytest.fixture(scope="module")
def sites(dem: Dem) -> gpd.GeoDataFrame:
    return anywhere(dem, 30, 1)


@pytest.fixture(scope="module")
def targets(dem: Dem) -> gpd.GeoDataFrame:
    return anywhere(dem, 300, 2)


@pytest.fixture(scope="module")
def found(dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> SightLines:
    return sight_lines(sites, targets, dem=dem, **OPTIONS)


def test_the_matrix_is_sparse_sorted_and_of_truths(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    seen = line_of_sight(sites, targets, dem=dem, **OPTIONS)
    assert isinstance(seen, csr_array)
    assert seen.dtype == bool
    assert seen.shape == (30, 300)
    assert seen.has_canonical_format
    assert all(
        (np.diff(seen.indices[a:b]) > 0).all()
        for a, b in zip(seen.indptr[:-1], seen.indptr[1:], strict=True)
    )
    assert seen.data.all()
    assert 100 < seen.nnz < 9000


def test_sight_lines_and_line_of_sight_tell_the_same(
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    found: SightLines,
) -> None:
    seen = line_of_sight(sites, targets, dem=dem, **OPTIONS)
    assert (seen != found.seen).nnz == 0
    assert found.unknown.nnz == 0
    near = apart_m(sites, targets) <= 3000.0
    assert np.array_equal(found.in_range, near.sum(axis=1))
    assert not found.seen.toarray()[~near].any()


def test_layers_are_not_changed_and_may_be_in_any_crs(
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    found: SightLines,
) -> None:
    own = sites.assign(mast_m=10.0).to_crs(dems.UTM)
    own.index = [f"mast {number}" for number in range(len(own))]
    other = targets.to_crs(3857).geometry
    before = own.copy(), other.copy()
    again = line_of_sight(own, other, dem=dem, range_km=3.0, target_m=2.0)
    assert own.equals(before[0])
    assert other.equals(before[1])
    # Coordinates come back rounded, by no more than nanometres.
    assert (again != found.seen).nnz <= 1


def test_columns_override_options_where_they_have_a_value(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    rng = np.random.default_rng(0)
    own = pd.DataFrame(
        {
            "range_km": rng.uniform(1.0, 4.0, 30),
            "mast_m": rng.uniform(2.0, 40.0, 30),
            "target_m": rng.uniform(0.0, 9.0, 30),
            "azimuth_deg": rng.uniform(0.0, 360.0, 30),
            "fov_deg": rng.uniform(60.0, 360.0, 30),
            "tilt_min_deg": rng.uniform(-40.0, -10.0, 30),
            "refraction": rng.uniform(0.0, 0.3, 30),
        },
        index=sites.index,
    ).mask(rng.random((30, 7)) < 0.3)
    assert own.isna().any().all()
    given_ = OPTIONS | {"azimuth_deg": 10.0, "fov_deg": 200.0, "tilt_min_deg": -20.0}
    given_["refraction"] = 0.2
    together = line_of_sight(sites.join(own), targets, dem=dem, **given_)
    assert together.nnz > 100
    for number, (_, row) in enumerate(own.iterrows()):
        alone = line_of_sight(
            sites.iloc[[number]], targets, dem=dem, **(given_ | row.dropna().to_dict())
        )
        assert np.array_equal(alone.indices, together[[number]].indices)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"range_km": None}, "`range_km` is missing; give it, or a column"),
        ({"mast_m": None}, "`mast_m` is missing"),
        ({"mast_m": -2.0}, "`mast_m` must be between 0 and 100000, got -2"),
        ({"refraction": 1.0}, "`refraction` must be between -2 and 0.99, got 1"),
        ({"fov_deg": 361.0}, "`fov_deg` must be between 0 and 360, got 361"),
        ({"mast_height": 3.0}, "unknown option 'mast_height'; known: mast_m"),
    ],
    ids=str,
)
@pytest.mark.parametrize("function", [line_of_sight, sight_lines, visible_height])
def test_wrong_options_are_named(
    function: object,
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    options: dict[str, float | None],
    text: str,
) -> None:
    with pytest.raises(OptionError, match=text):
        function(sites, targets, dem=dem, **(OPTIONS | options))


def test_the_row_of_a_wrong_option_is_named(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    own = sites.rename(index=lambda number: f"mast {number}").assign(mast_m=5.0)
    own.loc["mast 7", "mast_m"] = -1.0
    with pytest.raises(OptionError, match="got -1 for row 'mast 7' of `sites`"):
        line_of_sight(own, targets, dem=dem, range_km=3.0)
    own.loc["mast 7", "mast_m"] = np.nan
    with pytest.raises(OptionError, match="`mast_m` is missing for row 'mast 7'"):
        line_of_sight(own, targets, dem=dem, range_km=3.0)


def test_unusable_layers_are_refused(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    bare = gpd.GeoDataFrame(geometry=sites.geometry.to_numpy())
    with pytest.raises(DataError, match="`sites` has no CRS"):
        line_of_sight(bare, targets, dem=dem, **OPTIONS)
    with pytest.raises(DataError, match="`targets` has no CRS"):
        line_of_sight(sites, bare, dem=dem, **OPTIONS)
    area = gpd.GeoSeries([shapely.box(70, 38, 71, 39)], crs=4326)
    with pytest.raises(DataError, match="`sites` must hold Point, got Polygon"):
        line_of_sight(area, targets, dem=dem, **OPTIONS)
    with pytest.raises(DataError, match="`targets` is empty"):
        line_of_sight(sites, targets.iloc[:0], dem=dem, **OPTIONS)
    swapped = gpd.GeoSeries.from_xy(sites.geometry.y, sites.geometry.x, crs=4326)
    with pytest.raises(DataError, match="`sites` has longitude and latitude swapped"):
        line_of_sight(swapped, targets, dem=dem, **OPTIONS)


def test_nodata_warns_with_its_share_and_is_never_seen(holes: Dem) -> None:
    sites, targets = anywhere(holes, 30, 1), anywhere(holes, 300, 2)
    with pytest.warns(GeoborderWarning, match="of the pairs in range") as caught:
        found = sight_lines(sites, targets, dem=holes, **OPTIONS)
    share = found.unknown.nnz / found.in_range.sum()
    assert 0.05 < share < 0.95
    text = f"Elevation 'made' leaves {share:.1%} of the pairs in range unknown"
    assert text in str(caught[0].message)
    with pytest.warns(GeoborderWarning, match="in range unknown") as caught:
        seen = line_of_sight(sites, targets, dem=holes, **OPTIONS)
    assert caught[0].filename == __file__
    assert (seen != found.seen).nnz == 0
    assert found.seen.multiply(found.unknown).nnz == 0
    without = np.isnan(
        holes.heights_at(targets.geometry.x.to_numpy(), targets.geometry.y.to_numpy())
    )
    assert without.any()
    assert found.seen.toarray()[:, without].sum() == 0
    near = apart_m(sites, targets) <= 3000.0
    assert found.unknown.toarray()[near & without].all()


@pytest.mark.filterwarnings(KNOWN)
@pytest.mark.parametrize("which", ["dem", "holes"])
def test_visible_height_is_no_more_than_target_m_where_seen(
    which: str,
    request: pytest.FixtureRequest,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
) -> None:
    ground = request.getfixturevalue(which)
    found = sight_lines(sites, targets, dem=ground, **OPTIONS)
    lowest = visible_height(sites, targets, dem=ground, **OPTIONS)
    assert lowest.dtype == np.float64
    assert lowest.has_sorted_indices
    assert np.array_equal(np.diff(lowest.indptr), found.in_range)
    row, column = lowest.tocoo().coords
    seen = found.seen.toarray()[row, column]
    unknown = found.unknown.toarray()[row, column]
    assert seen.sum() == found.seen.nnz
    tie = np.abs(lowest.data - OPTIONS["target_m"]) < 1e-3
    assert np.array_equal((lowest.data <= OPTIONS["target_m"])[~tie], seen[~tie])
    assert tie.sum() < 10
    # Where known ground hides the target already, nodata leaves but its height open.
    assert np.isnan(lowest.data[unknown]).all()
    assert (lowest.data[~np.isnan(lowest.data)] >= 0.0).all()
    assert (lowest.data == 0.0).any()


@pytest.mark.filterwarnings(KNOWN)
@pytest.mark.parametrize("kind", ["mountain", *dems.ADVERSARIAL])
def test_height_never_hides(kind: str) -> None:
    raw = (
        dems.mountain((150, 150))
        if kind == "mountain"
        else dems.adversarial(kind, (150, 150))
    )
    ground = as_dem(raw)
    sites, targets = anywhere(ground, 40, 3), anywhere(ground, 200, 4)
    before = None
    for mast, target in ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (9.0, 1.0), (9.0, 60.0)):
        options = {"range_km": 3.0, "mast_m": mast, "target_m": target}
        seen = line_of_sight(sites, targets, dem=ground, **options).toarray()
        if before is not None:
            assert not (before & ~seen).any()
        before = seen
    assert before.sum() > 300


@pytest.mark.filterwarnings(KNOWN)
@pytest.mark.parametrize("crs", [dems.UTM, dems.GEOGRAPHIC])
@pytest.mark.parametrize("kind", ["mountain", "holes", "spikes", "wall-diagonals"])
def test_sight_is_mutual(kind: str, crs: str) -> None:
    raw = (
        dems.mountain((200, 200), crs=crs)
        if kind == "mountain"
        else dems.adversarial(kind, (200, 200), crs=crs)
    )
    ground = as_dem(raw)
    here, there = anywhere(ground, 80, 5), anywhere(ground, 200, 6)
    one = sight_lines(here, there, dem=ground, range_km=4, mast_m=12, target_m=3)
    two = sight_lines(there, here, dem=ground, range_km=4, mast_m=3, target_m=12)
    near = one.in_range.sum()
    assert near == two.in_range.sum() > 3000
    # Each looks over the sphere of its own place and azimuth: ties may differ.
    assert (one.seen != two.seen.T).nnz <= 2e-4 * near
    assert (one.unknown != two.unknown.T).nnz <= 2e-4 * near


@pytest.mark.parametrize("mast_m", [0.0, 24.0])
@pytest.mark.parametrize("limits", [{}, {"fov_deg": 10.0, "tilt_min_deg": -5.0}])
def test_a_site_sees_itself(
    dem: Dem, sites: gpd.GeoDataFrame, mast_m: float, limits: dict[str, float]
) -> None:
    for range_km in (0.0, 0.001, 3.0):
        options = {"range_km": range_km, "mast_m": mast_m, **limits}
        seen = line_of_sight(sites, sites, dem=dem, **options).toarray()
        assert seen.diagonal().all()
        lowest = visible_height(sites, sites, dem=dem, **options)
        assert (lowest.diagonal() == 0.0).all()
        assert lowest.nnz >= len(sites)
    far = line_of_sight(sites, sites, dem=dem, range_km=3, min_range_km=0.001, mast_m=2)
    assert not far.diagonal().any()


def test_range_zero_reaches_the_site_alone(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    everything = pd.concat((targets, sites), ignore_index=True)
    found = sight_lines(sites, everything, dem=dem, range_km=0.0, mast_m=2.0)
    assert (found.in_range == 1).all()
    assert np.array_equal(found.seen.indices, 300 + np.arange(30))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    ground = as_dem(dems.adversarial("holes", (120, 120)))
    sites, targets = anywhere(ground, 70, 7), anywhere(ground, 90, 8)
    rng = np.random.default_rng(seed)
    row, column = rng.permutation(70), rng.permutation(90)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeoborderWarning)
        one = sight_lines(sites, targets, dem=ground, **OPTIONS)
        two = sight_lines(sites.iloc[row], targets.iloc[column], dem=ground, **OPTIONS)
    for a, b in ((one.seen, two.seen), (one.unknown, two.unknown)):
        assert a.nnz > 100
        assert np.array_equal(a.toarray()[row][:, column], b.toarray())
    assert np.array_equal(one.in_range[row], two.in_range)


@pytest.mark.parametrize("on_disk", [False, True])
def test_nothing_in_range_is_an_empty_matrix(
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    on_disk: bool,
    request: pytest.FixtureRequest,
) -> None:
    ground = request.getfixturevalue("stored") if on_disk else dem
    options = {"range_km": 0.0, "mast_m": 10.0}
    found = sight_lines(sites, targets, dem=ground, **options)
    assert found.seen.shape == found.unknown.shape == (30, 300)
    assert found.seen.nnz == found.unknown.nnz == 0
    assert not found.in_range.any()
    lowest = visible_height(sites, targets, dem=ground, **options)
    assert (lowest.shape, lowest.nnz) == ((30, 300), 0)


@pytest.fixture
def stored(dem: Dem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dem:
    """Put the same elevation on disk, to be read by windows."""
    monkeypatch.setattr(opening, "_IN_MEMORY", 0)
    path = tmp_path / "dem.tif"
    found = open_dem(dems.write_dem(path, dem.heights_m, dem.transform, "EPSG:4326"))
    assert not isinstance(found.heights_m, np.ndarray)
    return found


@pytest.mark.parametrize("on_disk", [False, True])
def test_sites_outside_the_elevation_are_unknown(
    dem: Dem,
    sites: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    on_disk: bool,
    request: pytest.FixtureRequest,
) -> None:
    ground = request.getfixturevalue("stored") if on_disk else dem
    cells = np.array([[-9.0, 80.0], [240.0, 20.0], [50.0, -3.0], [90.0, 203.0]])
    away = gpd.GeoSeries(gpd.points_from_xy(*dem.lonlat_at(*cells.T)), crs=4326)
    both = pd.concat((away, sites.geometry), ignore_index=True)
    with pytest.warns(GeoborderWarning, match="in range unknown"):
        found = sight_lines(both, targets, dem=ground, **OPTIONS)
    assert (found.in_range[:4] > 10).all()
    assert found.seen[:4].nnz == 0
    assert np.array_equal(np.diff(found.unknown.indptr)[:4], found.in_range[:4])
    inside = sight_lines(sites, targets, dem=dem, **OPTIONS)
    assert (found.seen[4:] != inside.seen).nnz == 0
    assert found.unknown[4:].nnz == 0
    with pytest.warns(GeoborderWarning, match="leaves 100.0% of the pairs"):
        only = sight_lines(away, targets, dem=ground, **OPTIONS)
    assert np.array_equal(only.in_range, found.in_range[:4])
    heights = visible_height(both, targets, dem=ground, **OPTIONS)
    assert np.isnan(heights[:4].data).all()
    assert not np.isnan(heights[4:].data).any()


@pytest.mark.parametrize("on_disk", [False, True])
def test_the_outer_half_of_edge_cells_counts(
    dem: Dem, on_disk: bool, request: pytest.FixtureRequest
) -> None:
    ground = request.getfixturevalue("stored") if on_disk else dem
    cells = np.array([[60.0, -0.4], [-0.4, 60.0], [219.4, 60.0], [60.0, 199.4]])
    edge = gpd.GeoSeries(gpd.points_from_xy(*dem.lonlat_at(*cells.T)), crs=4326)
    inner = np.clip(cells, 1.0, [218.0, 198.0])
    beside = gpd.GeoSeries(gpd.points_from_xy(*dem.lonlat_at(*inner.T)), crs=4326)
    found = sight_lines(edge, beside, dem=ground, range_km=0.1, mast_m=10, target_m=2)
    assert np.array_equal(found.in_range, [1, 1, 1, 1])
    assert found.seen.toarray().diagonal().all()


def test_elevation_may_be_a_path(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "dem.tif"
    dems.write_dem(path, dem.heights_m, dem.transform, "EPSG:4326")
    open_ = line_of_sight(sites, targets, dem=open_dem(path), **OPTIONS)
    for given_ in (path, str(path), [path]):
        again = line_of_sight(sites, targets, dem=given_, **OPTIONS)
        assert (again != open_).nnz == 0


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["300 m", "5"], r"column 'mast_m' in row 0: '300 m' is not a number"),
        ([5.0, "5,0"], r"column 'mast_m' in row 1: '5,0' is not a number"),
        ([True, False], r"column 'mast_m' in row 0: .*True.* is not a number"),
    ],
)
def test_columns_that_are_no_numbers_are_refused(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame,
    column: list[object], message: str,
) -> None:  # fmt: skip
    two = sites.iloc[:2].reset_index(drop=True).assign(mast_m=column)
    with pytest.raises(DataError, match=message):
        sight_lines(two, targets, dem=dem, range_km=2.0)


def test_options_that_contradict_each_other_are_refused(
    dem: Dem, sites: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> None:
    given = {"dem": dem, "range_km": 2.0, "mast_m": 5.0}
    with pytest.raises(OptionError, match="`min_range_km` must not exceed `range_km`"):
        sight_lines(sites, targets, min_range_km=3.0, **given)
    limits = {"tilt_min_deg": 10.0, "tilt_max_deg": -10.0}
    with pytest.raises(OptionError, match="`tilt_min_deg` must not exceed"):
        sight_lines(sites, targets, **limits, **given)
    with pytest.raises(OptionError, match="`mast_m` must be one number"):
        sight_lines(sites, targets, **{**given, "mast_m": [1.0, 2.0]})
    with pytest.raises(DataError, match="`dem` must be an open elevation"):
        sight_lines(sites, targets, **{**given, "dem": 123})
