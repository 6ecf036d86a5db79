"""How sure sight is: heights, refraction and places of sites with their errors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.sparse import csr_array
from scipy.special import expit

from geoborder.errors import GeoborderWarning, OptionError
from geoborder.geodesy import FloatArray, IntArray
from geoborder.sight.lines import SightLines
from geoborder.sight.pairs import (
    DEFAULTS,
    DemLike,
    as_dem,
    lonlat_of,
    options_of,
)
from geoborder.tables import LONLAT

Float32Array = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]

_FADE = 5.0
"""A field is padded by so many correlation lengths on each side."""

_FAR_SD = 8.0
"""Sites are never moved further than this many standard deviations."""

_REGION = 2048
"""Sites are taken by squares of so many cells."""

_TILE = 256
"""Noise is made in squares of so many cells, each from its own seed."""

_KEPT, _MOST = 2**26, 2**27
"""Cells of all windows that are kept between draws, and of one padded window."""

_REFRACTION = (-2.0, 0.99)
"""What coefficients of refraction may be."""


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """
    A torus of cells, and the roots of its covariance's eigenvalues.

    They are even along both axes, so a quarter of them is all.
    """

    size: tuple[int, int]
    pad: tuple[int, int]
    roots: Float32Array


@dataclass(frozen=True, slots=True)
class _Region:
    """Sites, the targets they may reach, and the cells in between; None: nowhere."""

    sites: IntArray
    targets: IntArray
    box: Box | None


@dataclass(frozen=True, slots=True)
class _Spread:
    """Standard deviations of everything that errs."""

    dem_m: float
    correlation_m: float
    refraction: float
    position_m: float


def error_field(
    shape: tuple[int, int],
    *,
    sd_m: float,
    correlation_m: float,
    cell_m: tuple[float, float],
    rng: np.random.Generator,
) -> Float32Array:
    """
    Draw a Gaussian random field of exponential covariance.

    Parameters
    ----------
    shape
        Rows and columns.
    sd_m
        Standard deviation, in metres.
    correlation_m
        Distance at which the correlation has fallen to 1/e, in metres: over the
        distance h it is exp(-h / `correlation_m`). 0: cells are independent.
    cell_m
        Width and height of a cell, in metres.
    rng
        Source of chance.

    Returns
    -------
    ndarray
        The field, in metres, float32.

    Raises
    ------
    OptionError
        If a figure is negative or not finite, or the correlation is too long for
        such cells: the padded field would have more than 2**27.

    Notes
    -----
    By circulant embedding: white noise on a torus is filtered by the roots of the
    eigenvalues of the torus' covariance. The torus is five correlation lengths
    larger on each side, so that no correlation above exp(-10) wraps around.

    References
    ----------
    Dietrich, C. R., Newsam, G. N. (1997). Fast and exact simulation of stationary
    Gaussian processes through circulant embedding of the covariance matrix. SIAM
    Journal on Scientific Computing 18(4).

    Examples
    --------
    >>> field = error_field(
    ...     (400, 400),
    ...     sd_m=5,
    ...     correlation_m=60,
    ...     cell_m=(30, 30),
    ...     rng=np.random.default_rng(1),
    ... )
    >>> field.shape, round(float(field.std()), 1)
    ((400, 400), 5.0)
    """
    _require(sd_m=sd_m, correlation_m=correlation_m)
    spectrum = _spectrum(shape, correlation_m, cell_m)
    field = _filter(rng.standard_normal(spectrum.size, np.float32), spectrum, shape)
    field *= np.float32(sd_m)
    return field


def draws(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    samples: int = 100,
    seed: int = 0,
    dem_sd_m: float,
    correlation_m: float,
    refraction_sd: float = 0.0,
    position_sd_m: float = 0.0,
    **options: float | None,
) -> Iterator[SightLines]:
    """
    Draw errors over and over, and find which sites see which targets.

    Parameters
    ----------
    sites, targets, dem, samples, seed, dem_sd_m, correlation_m, refraction_sd
        As for `sight_probability`.
    position_sd_m, **options
        As for `sight_probability`.

    Returns
    -------
    iterator of SightLines
        One per draw. Pairs left unknown are told there, not warned of.

    Raises
    ------
    DataError, OptionError
        As `sight_probability` does, at once.

    Notes
    -----
    The noise belongs to the cells of the DEM and the number of the draw, so the
    same ground errs alike whatever sites are asked for (where windows differ, to
    within exp(-5) of the standard deviation).
    """
    _require(
        dem_sd_m=dem_sd_m,
        correlation_m=correlation_m,
        refraction_sd=refraction_sd,
        position_sd_m=position_sd_m,
    )
    for name, value, least in (("samples", samples, 1), ("seed", seed, 0)):
        if not (value >= least and int(value) == value):
            msg = f"`{name}` must be a whole number of at least {least}, got {value!r}."
            raise OptionError(msg)
    at = gpd.points_from_xy(*lonlat_of(targets, name="targets"), crs=LONLAT)
    place = lonlat_of(sites, name="sites", near=targets, near_name="targets")
    own = gpd.GeoDataFrame(
        options_of(sites, **(DEFAULTS | options)),
        geometry=gpd.points_from_xy(*place),
        crs=LONLAT,
    )
    spread = _Spread(dem_sd_m, correlation_m, refraction_sd, position_sd_m)
    ground, there = as_dem(dem), gpd.GeoSeries(at)
    if dem_sd_m == refraction_sd == position_sd_m == 0.0:
        return repeat(_look(own, there, ground), int(samples))
    return _draws(own, there, ground, spread, int(samples), int(seed))


def sight_probability(
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    targets: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    dem: DemLike,
    samples: int = 100,
    seed: int = 0,
    dem_sd_m: float,
    correlation_m: float,
    refraction_sd: float = 0.0,
    position_sd_m: float = 0.0,
    **options: float | None,
) -> csr_array:
    """
    Estimate how probable it is that sites see targets.

    Parameters
    ----------
    sites, targets, dem
        As for `line_of_sight`. Not modified. Only windows of the DEM within the
        sites' range are read.
    samples
        Draws. The standard error of a probability p is sqrt(p (1 - p) / `samples`).
    seed
        Same seed, same result.
    dem_sd_m
        Standard deviation of the DEM's heights, in metres. Errors are a Gaussian
        field, one per draw, that moves sites and targets with the ground.
    correlation_m
        Distance at which their correlation has fallen to 1/e, in metres (see
        `error_field`).
    refraction_sd
        Standard deviation of the coefficient of refraction: one per draw.
    position_sd_m
        Standard deviation of a site's place to the east and to the north, in
        metres: one per draw and site.
    **options
        As for `line_of_sight`.

    Returns
    -------
    csr_array of float64
        Shape (sites, targets): share of the draws in which the pair is seen,
        stored where it is above 0.

    Raises
    ------
    DataError
        If a layer or the elevation is unusable.
    OptionError
        If an option is missing or out of its limits.

    Warns
    -----
    GeoborderWarning
        If nodata leaves pairs unknown, with their share; they do not count as
        seen.

    References
    ----------
    Fisher, P. F. (1992). First experiments in viewshed uncertainty: simulating
    fuzzy viewsheds. Photogrammetric Engineering and Remote Sensing 58(3).

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoborder import load_border, open_dem, point_at
    >>> border = load_border()
    >>> targets = gpd.GeoSeries(point_at(border, [500.0, 501.0, 504.0]), crs=4326)
    >>> sight_probability(
    ...     targets.iloc[:1],
    ...     targets,
    ...     dem=open_dem(),
    ...     range_km=5,
    ...     mast_m=50,
    ...     dem_sd_m=20,
    ...     correlation_m=2000,
    ... ).toarray()
    array([[1.  , 1.  , 0.01]])
    """
    ground = as_dem(dem)
    counts = csr_array((len(sites), len(targets)), dtype=np.int64)
    unknown = in_range = 0
    for lines in draws(
        sites,
        targets,
        dem=ground,
        samples=samples,
        seed=seed,
        dem_sd_m=dem_sd_m,
        correlation_m=correlation_m,
        refraction_sd=refraction_sd,
        position_sd_m=position_sd_m,
        **options,
    ):
        counts += lines.seen.astype(np.int64)
        unknown += lines.unknown.nnz
        in_range += int(lines.in_range.sum())
    if unknown:
        text = (
            f"Elevation {ground.source!r} leaves {unknown / in_range:.1%} of the pairs "
            f"in range unknown; they do not count as seen."
        )
        warnings.warn(text, GeoborderWarning, stacklevel=2)
    counts.sort_indices()
    return counts / int(samples)


def detection_probability(
    distance_km: npt.ArrayLike, *, half_km: npt.ArrayLike
) -> FloatArray:
    """
    Probability that what is in sight is detected, by its distance.

    Parameters
    ----------
    distance_km
        Distance of the target, in km.
    half_km
        Distance at which half of such targets are detected, in km; infinite: all
        are, however far. Shapes broadcast together.

    Returns
    -------
    ndarray
        P = x**E / (1 + x**E) with E = 2.7 + 0.7 x and x = half_km / distance_km,
        the target transfer probability function of the Johnson criteria: cycles
        resolved across a target, hence x, go with the inverse of its distance.

    Raises
    ------
    OptionError
        If a distance is negative or a half distance not positive.

    References
    ----------
    Holst, G. C. (2008). Electro-Optical Imaging System Performance, 5th ed. SPIE.

    Driggers, R. G., Friedman, M. H., Nichols, J. (2012). Introduction to Infrared
    and Electro-Optical Systems, 2nd ed. Artech House.

    Examples
    --------
    >>> detection_probability([0, 2, 5, 10], half_km=5).round(3)
    array([1.   , 0.983, 0.5  , 0.108])
    """
    distance, half = np.asarray(distance_km, float), np.asarray(half_km, float)
    for name, value, wrong in (
        ("distance_km", distance, ~(distance >= 0.0)),
        ("half_km", half, ~(half > 0.0)),
    ):
        if wrong.any():
            least = "not be negative" if name == "distance_km" else "be positive"
            msg = f"`{name}` must {least}, got {value[wrong].ravel()[0]:g}."
            raise OptionError(msg)
    with np.errstate(over="ignore", divide="ignore"):
        # Detected for sure where both are infinite too: that is no limit at all.
        ratio = half / np.where(np.isinf(half), 1.0, distance)
        return np.asarray(expit((2.7 + 0.7 * ratio) * np.log(ratio)))


def _require(**figures: float) -> None:
    """Refuse figures that are negative or not finite."""
    for name, value in figures.items():
        if not 0.0 <= value < np.inf:
            msg = f"`{name}` must be finite and not negative, got {value!r}."
            raise OptionError(msg)


def _spectrum(
    shape: tuple[int, int], correlation_m: float, cell_m: tuple[float, float]
) -> _Spectrum:
    """Embed a grid in a torus, and decompose that torus' covariance."""
    high, wide = (_FADE * correlation_m / step for step in reversed(cell_m))
    if (shape[0] + 2.0 * high) * (shape[1] + 2.0 * wide) > _MOST:
        msg = (
            f"`correlation_m` of {correlation_m:g} is too long, or the range too far, "
            f"for cells of {min(cell_m):.3g} m: use a coarser DEM."
        )
        raise OptionError(msg)
    pad = int(np.ceil(high)), int(np.ceil(wide))
    halves = [
        scipy.fft.next_fast_len(-(-(size + 2 * more) // 2), real=True)
        for size, more in zip(shape, pad, strict=True)
    ]
    y, x = (
        np.arange(half + 1) * (step / max(correlation_m, 1e-9 * step))
        for half, step in zip(halves, reversed(cell_m), strict=True)
    )
    values = np.exp(-np.hypot(y[:, None], x))
    # Half of an even row goes in, and half of its Fourier transform comes out.
    values = scipy.fft.dctn(values, type=1, overwrite_x=True, workers=os.cpu_count())
    np.maximum(values, 0.0, out=values)
    mean = 2.0 * values.sum() - values[0].sum() - values[-1].sum()
    sides = values[:, 0] + values[:, -1]
    mean = 2.0 * mean - 2.0 * sides.sum() + sides[0] + sides[-1]
    size = 2 * halves[0], 2 * halves[1]
    values *= size[0] * size[1] / mean
    return _Spectrum(size, pad, np.sqrt(values, out=values).astype(np.float32))


def _filter(
    noise: Float32Array, spectrum: _Spectrum, shape: tuple[int, int]
) -> Float32Array:
    """Turn white noise on a torus, which is used up, into a field of unit variance."""
    workers = os.cpu_count()
    waves = scipy.fft.rfft2(noise, workers=workers, overwrite_x=True)
    half = spectrum.size[0] // 2
    waves[: half + 1] *= spectrum.roots
    waves[half + 1 :] *= spectrum.roots[half - 1 : 0 : -1]
    field = scipy.fft.irfft2(waves, spectrum.size, workers=workers, overwrite_x=True)
    (top, left), (rows, columns) = spectrum.pad, shape
    return np.array(field[top : top + rows, left : left + columns])
