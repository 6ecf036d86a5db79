"""Gaussian random fields on grids, for errors of elevation."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from geoborder.errors import OptionError

Float32Array = npt.NDArray[np.float32]

_FADE = 5.0
"""A field is padded by so many correlation lengths on each side."""

_TILE = 256
"""Noise is made in squares of so many cells, each from its own seed."""

_MOST = 2**27
"""Most cells of one padded field."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """
    A grid embedded in a torus, and that torus' covariance decomposed.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the grid.
    size : tuple of int
        Those of the torus; even.
    pad : tuple of int
        Where in it the grid begins.
    roots : ndarray
        Roots of the eigenvalues of the covariance. They are even along both axes,
        so a quarter of them, shape (size / 2 + 1), is all.
    """

    shape: tuple[int, int]
    size: tuple[int, int]
    pad: tuple[int, int]
    roots: Float32Array


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
    require_errors(sd_m=sd_m, correlation_m=correlation_m)
    spectrum = decompose(shape, correlation_m=correlation_m, cell_m=cell_m)
    field = _filter(rng.standard_normal(spectrum.size, np.float32), spectrum)
    field *= np.float32(sd_m)
    return field


def require_errors(*, samples: int = 1, seed: int = 0, **figures: float) -> None:
    """
    Refuse draws that cannot be made.

    Parameters
    ----------
    samples, seed
        Whole numbers, of at least 1 and of at least 0.
    **figures
        Name and value of each; finite and not negative.

    Raises
    ------
    OptionError
        Naming the first that is out of its limits.
    """
    for name, value, least in (("samples", samples, 1), ("seed", seed, 0)):
        if not (least <= value < np.inf and int(value) == value):
            msg = f"`{name}` must be a whole number of at least {least}, got {value!r}."
            raise OptionError(msg)
    for name, figure in figures.items():
        if not 0.0 <= figure < np.inf:
            msg = f"`{name}` must be finite and not negative, got {figure!r}."
            raise OptionError(msg)


def decompose(
    shape: tuple[int, int], *, correlation_m: float, cell_m: tuple[float, float]
) -> Spectrum:
    """
    Embed a grid in a torus, and decompose that torus' covariance.

    Parameters
    ----------
    shape, correlation_m, cell_m
        As for `error_field`.

    Returns
    -------
    Spectrum
        What `field_of` draws from, as often as wanted.

    Raises
    ------
    OptionError
        If the torus would have more than 2**27 cells.
    """
    steps = cell_m[1], cell_m[0]
    wide = np.array([_FADE * correlation_m / step for step in steps])
    if np.prod(np.array(shape) + 2.0 * wide) > _MOST:
        msg = (
            f"`correlation_m` of {correlation_m:g} is too long, or the range too far, "
            f"for cells of {min(cell_m):.3g} m: use a coarser DEM."
        )
        raise OptionError(msg)
    above, before = np.ceil(wide).astype(int).tolist()
    halves = [
        scipy.fft.next_fast_len(-(-size // 2) + more, real=True)
        for size, more in zip(shape, (above, before), strict=True)
    ]
    y, x = (
        np.arange(half + 1) * (step / max(correlation_m, 1e-9 * step))
        for half, step in zip(halves, steps, strict=True)
    )
    values = np.hypot(y[:, None], x)
    np.exp(np.negative(values, out=values), out=values)
    # Half of an even row goes in, and half of its Fourier transform comes out.
    values = scipy.fft.dctn(values, type=1, overwrite_x=True, workers=os.cpu_count())
    np.maximum(values, 0.0, out=values)
    size = 2 * halves[0], 2 * halves[1]
    down, across = (np.r_[1.0, np.full(half - 1, 2.0), 1.0] for half in halves)
    values *= size[0] * size[1] / (down @ values @ across)
    roots = np.sqrt(values, out=values).astype(np.float32)
    return Spectrum(shape, size, (above, before), roots)


def field_of(
    spectrum: Spectrum, *, corner: tuple[int, int], seed: int, draw: int
) -> Float32Array:
    """
    Draw a field whose noise belongs to the cells of a larger grid.

    Parameters
    ----------
    spectrum
        As `decompose` gives it.
    corner
        Row and column of the larger grid at which the field begins.
    seed, draw
        What the noise comes from, besides the cell.

    Returns
    -------
    ndarray
        The field, of unit variance. Where two overlap they are equal to within
        exp(-5) of that: their paddings differ.
    """
    first = corner[0] - spectrum.pad[0], corner[1] - spectrum.pad[1]
    noise = np.empty(spectrum.size, dtype=np.float32)
    spans = [
        range(start // _TILE, (start + size - 1) // _TILE + 1)
        for start, size in zip(first, spectrum.size, strict=True)
    ]

    def fill(down: int) -> None:
        for across in spans[1]:
            # Keys may not be negative.
            key = draw, down + 2**31, across + 2**31
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
            tile = rng.standard_normal((_TILE, _TILE), np.float32)
            top, left = down * _TILE - first[0], across * _TILE - first[1]
            own = noise[max(top, 0) : top + _TILE, max(left, 0) : left + _TILE]
            rows, columns = max(-top, 0), max(-left, 0)
            own[...] = tile[
                rows : rows + own.shape[0], columns : columns + own.shape[1]
            ]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(fill, spans[0]))
    return _filter(noise, spectrum)


def _filter(noise: Float32Array, spectrum: Spectrum) -> Float32Array:
    """Turn white noise on a torus, which is used up, into a field of unit variance."""
    workers = os.cpu_count()
    waves = scipy.fft.rfft2(noise, workers=workers, overwrite_x=True)
    half = spectrum.size[0] // 2
    waves[: half + 1] *= spectrum.roots
    waves[half + 1 :] *= spectrum.roots[half - 1 : 0 : -1]
    field = scipy.fft.irfft2(waves, spectrum.size, workers=workers, overwrite_x=True)
    (top, left), (rows, columns) = spectrum.pad, spectrum.shape
    return np.array(field[top : top + rows, left : left + columns])
