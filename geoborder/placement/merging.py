"""Make covering problems smaller without loss: equal cells, dominated options."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array, sparray

from geoborder.geodesy import BoolArray, FloatArray, IntArray

_UINT = np.uint64
_MIX = (_UINT(0xBF58476D1CE4E5B9), _UINT(0x94D049BB133111EB))

_WORK = 4_000_000
"""Products taken at once where options are compared: some 100 MB."""


def merge_cells(
    covers: sparray, extra: npt.ArrayLike | None = None
) -> tuple[csr_array, IntArray]:
    """
    Merge targets that the same sites cover with the same values.

    Nothing is lost: such targets are covered together or not at all. Columns are
    grouped by a hash and then compared entry by entry.

    Parameters
    ----------
    covers
        Shape (sites, targets). Not modified; entries that are 0 do not count.
    extra
        Numbers that must be equal as well, shape (targets,) or (targets, numbers).

    Returns
    -------
    merged : csr_array
        A column per group, in the order of their first targets.
    number : ndarray of int
        Of each target: its column in `merged`, -1 where no site covers it.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> merged, number = merge_cells(csr_array([[1, 1, 0, 0], [0, 0, 1, 0]]))
    >>> merged.toarray(), number
    (array([[1, 0],
           [0, 1]]), array([ 0,  0,  1, -1]))
    """
    columns = csc_array(covers.tocsc(copy=True))
    columns.sum_duplicates()
    columns.eliminate_zeros()
    size = columns.shape[1]
    if extra is None:
        others: FloatArray = np.empty((size, 0))
    else:
        # Negative zero is zero.
        others = _columns(extra) + 0.0
    first = _first_equal(columns, others)
    covered = np.diff(columns.indptr) > 0
    keep = np.flatnonzero(covered & (first == np.arange(size)))
    number = np.full(size, -1, dtype=np.int64)
    number[covered] = np.searchsorted(keep, first[covered])
    return csr_array(columns[:, keep]), number


def _columns(numbers: npt.ArrayLike) -> FloatArray:
    """Give numbers as a table, one column if there is but one of each."""
    table = np.asarray(numbers, dtype=float)
    return table[:, None] if table.ndim == 1 else table


def _first_equal(columns: csc_array, others: FloatArray) -> IntArray:
    """Give of each column the first one that equals it."""
    hashes = _column_hashes(columns, others)
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    first = first[group].astype(np.int64)
    for column in np.flatnonzero(~_equal(columns, others, first)):
        # A collision of hashes, which hardly ever happens: compare with each.
        same = np.flatnonzero(hashes[:column] == hashes[column])
        to = np.full(len(same), column)
        found = same[_equal_pairs(columns, others, same, to)]
        first[column] = found[0] if len(found) else column
    return np.asarray(first)


def _column_hashes(columns: csc_array, others: FloatArray) -> npt.NDArray[np.uint64]:
    """Sum up a random number for every entry, out of its row and its value."""
    rows, targets = columns.shape
    rng = np.random.default_rng(0)
    keys = rng.integers(1, 2**63, size=rows, dtype=np.uint64)
    drawn = _mixed(keys[columns.indices] + _bits(columns.data.astype(float)))
    sums = np.zeros(columns.nnz + 1, dtype=np.uint64)
    np.cumsum(drawn, out=sums[1:])
    total = sums[columns.indptr[1:]] - sums[columns.indptr[:-1]]
    for column in range(others.shape[1]):
        total = _mixed(total * _MIX[0] + _bits(others[:, column]))
    return np.asarray(total) if targets else np.empty(0, dtype=np.uint64)


def _bits(values: FloatArray) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(values, dtype=float).view(np.uint64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread every bit over all bits, as splitmix64 does; products wrap round."""
    numbers = (numbers ^ (numbers >> _UINT(30))) * _MIX[0]
    numbers = (numbers ^ (numbers >> _UINT(27))) * _MIX[1]
    return np.asarray(numbers ^ (numbers >> _UINT(31)))


def _equal(columns: csc_array, others: FloatArray, first: IntArray) -> BoolArray:
    """Whether each column equals the one it is held to equal."""
    equal = np.ones(len(first), dtype=bool)
    moved = np.flatnonzero(first != np.arange(len(first)))
    equal[moved] = _equal_pairs(columns, others, first[moved], moved)
    return equal


def _equal_pairs(
    columns: csc_array, others: FloatArray, one: IntArray, other: IntArray
) -> BoolArray:
    """Compare pairs of columns, entry by entry."""
    counts = np.diff(columns.indptr).astype(np.int64)
    same = counts[one] == counts[other]
    same &= (_bits(others[one]) == _bits(others[other])).all(axis=1)
    pairs = np.flatnonzero(same)
    pair, place = spread(counts[one[pairs]])
    left = columns.indptr[one[pairs]][pair] + place
    right = columns.indptr[other[pairs]][pair] + place
    unlike = columns.indices[left] != columns.indices[right]
    unlike |= columns.data[left] != columns.data[right]
    same[pairs[pair[unlike]]] = False
    return np.asarray(same)


def spread(counts: IntArray) -> tuple[IntArray, IntArray]:
    """
    List the elements of groups.

    Parameters
    ----------
    counts
        Number of elements of each group.

    Returns
    -------
    group, place : ndarray of int
        Of each element: its group and its place in it, from 0.

    Examples
    --------
    >>> spread(np.array([2, 0, 1]))
    (array([0, 0, 2]), array([0, 1, 0]))
    """
    group = np.repeat(np.arange(len(counts)), counts)
    begin = np.cumsum(counts) - counts
    return group, np.arange(len(group)) - begin[group]


def dominated(covers: sparray, costs: npt.ArrayLike) -> BoolArray:
    """
    Tell which options another one replaces at no more cost.

    An option is dominated where another covers at least the same targets with at
    least the same values and costs no more; of equal ones the first stays. To leave
    dominated options out is exact only if nothing is gained by both together: if
    one asset is enough for a target, and no option must or must not be chosen.

    Parameters
    ----------
    covers
        Shape (options, targets), entries not negative. Not modified.
    costs
        Cost of each option, shape (options,), or several kinds of it, each of which
        must be no more, shape (options, kinds).

    Returns
    -------
    ndarray of bool
        Shape (options,).

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> dominated(csr_array([[1, 0], [1, 1], [0, 1]]), [1, 2, 2])
    array([False, False,  True])
    """
    rows = csr_array(covers.tocsr(copy=True))
    rows.sum_duplicates()
    rows.eliminate_zeros()
    options = rows.shape[0]
    prices = _columns(costs)
    ones = np.ones(rows.nnz, dtype=np.int32)
    pattern = csr_array((ones, rows.indices, rows.indptr), shape=rows.shape)
    across = csr_array(pattern.T)
    work = np.concatenate(([0], np.cumsum(np.diff(across.indptr)[rows.indices])))
    done = work[rows.indptr[1:]]
    worse = _empty_dominated(rows, prices)
    begin = 0
    while begin < options:
        before = done[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(done, before + _WORK, "right")))
        shared = (pattern[begin:end] @ across).tocoo()
        one, other = shared.coords[0] + begin, shared.coords[1]
        within = (shared.data == np.diff(rows.indptr)[one]) & (one != other)
        one, other = one[within].astype(np.int64), other[within].astype(np.int64)
        worse[one[_replaced(rows, prices, one, other)]] = True
        begin = end
    return worse


def _empty_dominated(rows: csr_array, prices: FloatArray) -> BoolArray:
    """Tell which options without any target cost no less than another option."""
    empty = np.diff(rows.indptr) == 0
    worse = np.zeros(len(empty), dtype=bool)
    for option in np.flatnonzero(empty):
        no_more = (prices <= prices[option]).all(axis=1)
        equal = empty & (prices == prices[option]).all(axis=1)
        equal[:option] = False
        worse[option] = (no_more & ~equal).any()
    return worse


def _replaced(
    rows: csr_array, prices: FloatArray, one: IntArray, other: IntArray
) -> BoolArray:
    """Whether one option is replaced by the other, which covers all its targets."""
    counts = np.diff(rows.indptr).astype(np.int64)
    replaced = (prices[other] <= prices[one]).all(axis=1)
    equal = (prices[other] == prices[one]).all(axis=1) & (counts[one] == counts[other])
    if rows.nnz and (rows.data != rows.data[0]).any():
        at_least, same = _compare(rows, one, other)
        replaced &= at_least
        equal &= same
    return np.asarray(replaced & ~(equal & (one < other)))


def _compare(
    rows: csr_array, one: IntArray, other: IntArray
) -> tuple[BoolArray, BoolArray]:
    """Whether values of the other are at least, and whether they are the same."""
    wide = rows.shape[1]
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    keys = owner * np.int64(wide) + rows.indices
    at_least, same = np.ones(len(one), dtype=bool), np.ones(len(one), dtype=bool)
    counts = np.diff(rows.indptr).astype(np.int64)
    total = np.cumsum(counts[one])
    begin = 0
    while begin < len(one):
        before = total[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, before + _WORK, "right")))
        pair, place = spread(counts[one[begin:end]])
        left = rows.indptr[one[begin:end]][pair] + place
        wanted = other[begin:end][pair] * np.int64(wide) + rows.indices[left]
        right = np.searchsorted(keys, wanted)
        pair += begin
        at_least[pair[rows.data[right] < rows.data[left]]] = False
        same[pair[rows.data[right] != rows.data[left]]] = False
        begin = end
    return at_least, same
