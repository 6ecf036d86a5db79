"""What the classic models are given, checked and as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from geoborder.errors import DataError, OptionError
from geoborder.geodesy import BoolArray, FloatArray, IntArray

_SHOWN = 5
"""So many positions are named where something is wrong with them."""


def read_cover(cover: Any) -> csr_array:  # noqa: ANN401 - many kinds of matrix
    """
    Read which site covers which target.

    Parameters
    ----------
    cover
        Sites by targets: a sparse or dense array or a DataFrame, of booleans or
        numbers; a site covers a target where the entry is not 0.

    Returns
    -------
    csr_array
        Entries 1.0.

    Raises
    ------
    DataError
        If it has not two dimensions, is empty, or has entries that are no numbers
        or negative.
    """
    if issparse(cover):
        matrix = csr_array(cover.tocsr(copy=True))
    else:
        matrix = csr_array(_numbers(cover, "cover", dimensions=2))
    matrix.sum_duplicates()
    _not_empty(matrix.shape, "cover")
    wrong = ~(matrix.data >= 0)  # NaN too
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        site = int(np.searchsorted(matrix.indptr, at, side="right")) - 1
        msg = (
            "Entries of `cover` must be 0 or more, got "
            f"{matrix.data[at]} at site {site}, target {matrix.indices[at]}."
        )
        raise DataError(msg)
    matrix.eliminate_zeros()
    matrix.data = np.ones(matrix.nnz)
    return matrix


def read_distances(distances: Any) -> FloatArray:  # noqa: ANN401
    """
    Read how far each site is from each target.

    Parameters
    ----------
    distances
        Sites by targets: a sparse or dense array or a DataFrame. A target is not
        assigned to a site where the distance is infinite or, in a sparse array,
        where there is no entry; an entry of 0 is a distance of 0.

    Returns
    -------
    ndarray
        Shape (sites, targets), infinite where a target is not assigned to a site.

    Raises
    ------
    DataError
        If it has not two dimensions, is empty, has NaN or negative entries, or a
        target can be assigned to no site.
    """
    if issparse(distances):
        entries = distances.tocoo()
        _not_empty(entries.shape, "distances")
        matrix = np.full(entries.shape, np.inf)
        matrix[entries.coords] = entries.data
    else:
        matrix = _numbers(distances, "distances", dimensions=2)
        _not_empty(matrix.shape, "distances")
    wrong = np.argwhere(~(matrix >= 0))
    if len(wrong):
        site, target = wrong[0]
        msg = (
            "Distances must be 0 or more, got "
            f"{matrix[site, target]} at site {site}, target {target}."
        )
        raise DataError(msg)
    reached = np.asarray(np.isfinite(matrix).any(axis=0))
    refuse_targets(~reached, "cannot be assigned to any site")
    return matrix


def read_weights(weights: Any, size: int, *, name: str, of: str) -> FloatArray:  # noqa: ANN401
    """
    Read a number for each target or site.

    Parameters
    ----------
    weights
        The numbers; None: 1 each.
    size
        How many there must be.
    name
        Argument name shown in the error message.
    of
        What they belong to: ``targets`` or ``sites``.

    Returns
    -------
    ndarray
        Shape (size,).

    Raises
    ------
    DataError
        If there are more or fewer, or they are not finite or negative.
    """
    if weights is None:
        return np.ones(size)
    numbers = _numbers(weights, name, dimensions=1)
    if len(numbers) != size:
        msg = (
            f"`{name}` must have one entry for each of {size} {of}, got {len(numbers)}."
        )
        raise DataError(msg)
    wrong = np.flatnonzero(~((numbers >= 0) & np.isfinite(numbers)))
    if len(wrong):
        msg = (
            f"`{name}` must be finite and 0 or more, got "
            f"{numbers[wrong[0]]} at position {wrong[0]}."
        )
        raise DataError(msg)
    return numbers


def read_need(k: Any, targets: int) -> IntArray:  # noqa: ANN401
    """
    Read how many sites must cover each target.

    Parameters
    ----------
    k
        A number for all or one for each.
    targets
        Number of targets.

    Returns
    -------
    ndarray of int
        Shape (targets,).

    Raises
    ------
    OptionError
        If they are not whole numbers of at least 1.
    DataError
        If there is not one for each target.
    """
    numbers = np.asarray(k)
    whole = np.issubdtype(numbers.dtype, np.integer)
    if not whole or (numbers < 1).any():
        msg = f"`k` must be whole and at least 1, got {k!r}."
        raise OptionError(msg)
    if numbers.ndim and numbers.shape != (targets,):
        msg = f"`k` must be one number or one for each of {targets} targets."
        raise DataError(msg)
    return np.broadcast_to(numbers.astype(np.int64), (targets,)).copy()


def read_count(p: Any, sites: int) -> int:  # noqa: ANN401
    """
    Read how many sites may be selected.

    Parameters
    ----------
    p
        The number.
    sites
        How many there are.

    Returns
    -------
    int
        The number.

    Raises
    ------
    OptionError
        If it is not a whole number from 1 to the number of sites.
    """
    whole = isinstance(p, int | np.integer) and not isinstance(p, bool)
    if not whole or not 1 <= p <= sites:
        msg = f"`p` must be a whole number from 1 to {sites} (all sites), got {p!r}."
        raise OptionError(msg)
    return int(p)


def check_search(gap: float, time_limit_s: float | None) -> None:
    """
    Check how long and how far a search shall go.

    Parameters
    ----------
    gap
        Relative difference of value and bound that is good enough.
    time_limit_s
        Longest time in seconds, or None.

    Raises
    ------
    OptionError
        If either is negative or no number.
    """
    if not (np.isfinite(gap) and gap >= 0):
        msg = f"`gap` must be finite and 0 or more, got {gap!r}."
        raise OptionError(msg)
    if time_limit_s is not None and not time_limit_s > 0:
        msg = f"`time_limit_s` must be more than 0, got {time_limit_s!r}."
        raise OptionError(msg)


def refuse_targets(wrong: BoolArray, what: str) -> None:
    """
    Refuse targets for which nothing can be done.

    Parameters
    ----------
    wrong
        Which targets, shape (targets,).
    what
        What is wrong with them.

    Raises
    ------
    DataError
        If there are any; it names the first of them.
    """
    positions = np.flatnonzero(wrong)
    if len(positions):
        first = ", ".join(map(str, positions[:_SHOWN]))
        more = ", ..." if len(positions) > _SHOWN else ""
        msg = f"{len(positions)} of {len(wrong)} targets {what}: {first}{more}."
        raise DataError(msg)


def _numbers(values: Any, name: str, *, dimensions: int) -> FloatArray:  # noqa: ANN401
    """Turn anything into an array of floats of its own, with so many dimensions."""
    try:
        numbers = np.array(values, dtype=float)
    except (TypeError, ValueError):
        msg = f"`{name}` must hold numbers only."
        raise DataError(msg) from None
    if numbers.ndim != dimensions:
        msg = f"`{name}` must have {dimensions} dimension(s), got {numbers.ndim}."
        raise DataError(msg)
    return numbers


def _not_empty(shape: tuple[int, ...], name: str) -> None:
    if 0 in shape:
        msg = f"`{name}` is empty: {shape[0]} sites, {shape[1]} targets."
        raise DataError(msg)
