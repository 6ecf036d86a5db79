"""Dealing out whole units in proportion to weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoborder.geodesy import IntArray


def apportion(total: int, weights: npt.ArrayLike) -> IntArray:
    """
    Deal out whole units in proportion to weights, by largest remainder.

    Parameters
    ----------
    total
        Units to deal out; not negative.
    weights
        Shape (n,); not negative, and not all 0 unless `total` is.

    Returns
    -------
    ndarray of int
        Shape (n,), with exactly `total` as its sum. Where equal remainders
        compete for fewer units, those that get one are evenly spaced among them.

    References
    ----------
    Balinski, M. L., Young, H. P. (1982). Fair Representation: the method of
    Hamilton, or of largest remainders.

    Examples
    --------
    >>> from geoborder import apportion
    >>> apportion(10, [1, 1, 1])
    array([3, 4, 3])
    """
    share = np.asarray(weights, dtype=float)
    if total == 0:
        return np.zeros(share.size, dtype=np.int64)
    exact = total * (share / share.sum())
    units = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(units.sum())
    if left > 0:
        rest = np.round(exact - units, 9)
        last = np.sort(rest)[-left]  # the smallest remainder that gets a unit
        units[rest > last] += 1
        tied = np.flatnonzero(rest == last)
        wanted = left - int((rest > last).sum())
        units[tied[((np.arange(wanted) + 0.5) * tied.size / wanted).astype(int)]] += 1
    return units
