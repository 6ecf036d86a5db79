"""
Least times over a grid: Dijkstra's algorithm with buckets, compiled.

Labels go into buckets no wider than the quickest move takes, so nothing in the lowest
bucket can shorten anything else in it and order within a bucket does not matter
(Dial 1969; Denardo and Fox 1979). Times of moves are worked out tile by tile, for many
cells at once, when the first cell of a tile is settled.

Arrays are flat and have a margin of nodata so wide that no move leaves them.
"""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# mypy: disable-error-code="call-arg,unreachable,assignment,var-annotated"
# ruff: noqa: ANN001, ANN202, ANN201

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from geoborder.geodesy import FloatArray
from geoborder.reach.lanes import (
    LANES,
    WIDE,
    add_paces,
    lowest_bit,
    prefetch,
    shorten,
    turn_round,
)

Float32Array = npt.NDArray[np.float32]

TALL = 16
"""Rows of a tile."""

CELLS = TALL * WIDE
_BITS = 10

TOO_LONG = 1e30
"""Seconds per metre where a mode cannot go."""

_BUCKETS = 1024
"""Buckets ahead; what is further away waits in the last of them."""

_CHUNK = 128
"""Entries of a bucket are kept in lists of so many."""

_SOON = 8
"""So many cells before a cell is settled, what is known of it is fetched."""

_EVICTED = -2
"""Instead of its room: a tile that had one before; -1 is one that never had."""

_FAST = {"contract", "arcp", "nsz"}


def tabulate(pace: Float32Array) -> FloatArray:
    """
    Pack paces and their differences in pairs, which are looked up in one go.

    Parameters
    ----------
    pace
        Seconds per metre at equal steps of slope, float32.

    Returns
    -------
    ndarray
        Pairs of float32 seen as float64; the last one is `TOO_LONG`.
    """
    pairs = np.zeros((pace.size, 2), dtype=np.float32)
    pairs[:, 0] = np.minimum(pace, TOO_LONG)
    pairs[:-1, 1] = np.diff(pairs[:, 0])
    pairs[-1] = TOO_LONG, 0.0
    return pairs.view(np.float64).ravel()


def new_scratch() -> tuple[npt.NDArray[Any], ...]:
    """Make arrays for `fill`."""
    shapes = WIDE, WIDE, (LANES, WIDE)
    return tuple(np.zeros(shape, np.float32) for shape in shapes)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def fill(grid, ways, lengths, frame, pace, part, scratch, seconds, begin, stride):
    """
    Work out the times of all moves from a block of cells.

    Heights of cells that a move passes between are interpolated between them, and
    each step from one line of the grid to the next has its own slope.

    Parameters
    ----------
    grid
        Heights, and factors of time or an array of size 0.
    ways
        Offsets, cells passed between, weights, sizes, columns and rows of moves.
    lengths
        Metres of moves by block, as `Moves` has them.
    frame
        Cells in a row; row and column of the first cell less the blocks' origin; the
        blocks' shifts; and the width of the margin.
    pace
        Seconds per metre by slope, as `tabulate` gives them, index of slope 0, and
        entries per unit of slope.
    part
        First and last row, first and last column; the last ones excluded.
    scratch
        As `new_scratch` makes it.
    seconds
        Times are written here: of cell after cell, move after move.
    begin, stride
        Where the block's times begin, and how much further on the next row's do.
    """
    heights, factors = grid
    offsets, between, weights, sizes, columns, rows = ways
    across, top, left, shift_down, shift_across, _ = frame
    table, level, scale = pace
    first_row, last_row, first_column, last_column = part
    total, low, block = scratch
    paces, turned = low if factors.size else total, block.ravel()
    low[:] = 0.0
    moves, last = offsets.size, np.float32(table.size - 1)
    edge, span = lengths.shape[1] - 1, frame[5]
    begins = 2 * (first_column + left) - span, 2 * (last_column + left) + span
    same = begins[0] >> shift_across == begins[1] >> shift_across
    for row in range(first_row, last_row):
        for move in range(moves):
            size, area_row = sizes[move], (2 * (row + top) + rows[move]) >> shift_down
            column = first_column
            while column < last_column:
                # As many cells as have the same length of this move.
                place = 2 * (column + left) + columns[move]
                area, until = min(place >> shift_across, edge), last_column
                if not same and area < edge:
                    until = (((area + 1) << shift_across) - columns[move] + 1) // 2
                    until = max(min(until - left, last_column), column + 1)
                wide = np.uint64(until - column)
                step = lengths[area_row, area, move] / np.float32(size)
                rate = scale / step
                total[:] = 0.0
                cell = row * across + column
                for k in range(size):
                    near = far = cell
                    weight = np.float32(0.0)
                    if k > 0:
                        near = cell + between[move, k - 1, 0]
                        far = cell + between[move, k - 1, 1]
                        weight = weights[move, k - 1]
                    near_to = far_to = cell + offsets[move]
                    weight_to = np.float32(0.0)
                    if k + 1 < size:
                        near_to = cell + between[move, k, 0]
                        far_to = cell + between[move, k, 1]
                        weight_to = weights[move, k]
                    for c in range(0, until - column, LANES):
                        add_paces(
                            heights, table, paces, near, far, weight, near_to, far_to,
                            weight_to, rate, level, last, c, until - column,
                        )  # fmt: skip
                    if factors.size:
                        a, b = np.uint64(near), np.uint64(far)
                        d, e = np.uint64(near_to), np.uint64(far_to)
                        for c in range(wide):
                            before = factors[a + c]
                            before += weight * (factors[b + c] - before)
                            after = factors[d + c]
                            after += weight_to * (factors[e + c] - after)
                            low[c] *= np.float32(0.5) * (before + after)
                        for c in range(wide):
                            total[c] += low[c]
                        low[:] = 0.0
                at = np.uint64(move % LANES * WIDE + column - first_column)
                for c in range(wide):
                    turned[at + c] = total[c] * step
                column = until
            count = move % LANES + 1
            if count == LANES or move + 1 == moves:
                there = begin + (row - first_row) * stride + move + 1 - count
                columns_left = last_column - first_column
                for c in range(0, columns_left - LANES + 1, LANES):
                    turn_round(turned, seconds, c, there + c * moves, moves, count)
                for c in range(columns_left // LANES * LANES, columns_left):
                    for k in range(count):
                        seconds[there + c * moves + k] = block[k, c]


@njit(cache=True, nogil=True)
def bar(cuts, tile, only, begin, moves, seconds):
    """Close the moves from a tile's cells, or from only one, that something bars."""
    cells, closed = cuts
    k = np.searchsorted(cells, tile * CELLS)
    while k < cells.size and cells[k] < (tile + 1) * CELLS:
        place = cells[k] - tile * CELLS
        if only < 0:
            seconds[begin + place * moves + closed[k]] = TOO_LONG
        elif only == place:
            seconds[begin + closed[k]] = TOO_LONG
        k += 1


@njit(cache=True, nogil=True)
def _work_out(grid, ways, lengths, frame, pace, cuts, pool, scratch, cell, turn):
    """
    Work out times of moves for a cell whose tile has none.

    A tile that is met for the first time is worked out whole, and takes the room of
    the one that has had its longest; of one that lost its room, this cell alone.
    """
    seconds, slots, holders = pool
    across, span, moves = frame[0], frame[5], ways[0].size
    tiles_across = (across + WIDE - 1) // WIDE
    tile, place = cell // CELLS, cell % CELLS
    row, column = tile // tiles_across * TALL, tile % tiles_across * WIDE
    if slots[tile] == _EVICTED:
        slot = holders.size  # the room to spare
        row, column = row + place // WIDE, column + place % WIDE
        part = row, row + 1, column, column + 1
        begin = slot * CELLS * moves
        fill(grid, ways, lengths, frame, pace, part, scratch, seconds, begin, 0)
        bar(cuts, tile, place, begin, moves, seconds)
        return slot, 0, turn
    slot = turn % holders.size
    if holders[slot] >= 0:
        slots[holders[slot]] = _EVICTED
    holders[slot] = tile
    slots[tile] = slot
    first_row, first_column = max(row, span), max(column, span)
    last_row = min(row + TALL, grid[0].size // across - span)
    last_column = min(column + WIDE, across - span)
    part = first_row, last_row, first_column, last_column
    begin = slot * CELLS + (first_row - row) * WIDE + first_column - column
    begin, stride = begin * moves, WIDE * moves
    fill(grid, ways, lengths, frame, pace, part, scratch, seconds, begin, stride)
    bar(cuts, tile, -1, slot * CELLS * moves, moves, seconds)
    return slot, place * moves, turn + 1


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def spread(
    grid, ways, lengths, frame, pace, width, jumps, cuts, starts, wanted, found, pool,
    scratch, room,
):  # fmt: skip
    """
    Find the least time to every cell from the nearest start.

    Parameters
    ----------
    grid, ways, lengths, frame, pace
        As for `fill`.
    width
        Seconds that a bucket spans; no more than any move takes.
    jumps
        How far each move from each place in a tile goes in arrays that are ordered by
        tiles, shape (`CELLS` and one more, moves).
    cuts
        Closed moves: cells in order, and moves.
    starts
        Cells, seconds and numbers of starts.
    wanted
        Whether the time of a cell is asked for: once all such cells are settled the
        search ends. Of size 0: it ends where there is nothing left.
    found
        Seconds per cell, in which the limit of the search stands; and the number of
        the start that is nearest, or an array of size 0. Filled.
    pool
        Times of moves: room for a number of tiles and one more; which of them each
        tile has; and which tile has each of them.
    scratch
        As for `fill`.
    room
        Lists of entries to make room for.

    Returns
    -------
    int
        Cells that were reached; the seconds of others are infinite. -1 if there was
        not room enough: what was found is of no use.
    """
    time, owner = found
    seconds, slots = pool[:2]
    moves = ways[0].size
    inverse, mask = np.float32(1.0 / width), np.int64(_BUCKETS - 1)
    heads, ends = np.full(_BUCKETS, -1, np.int64), np.zeros(_BUCKETS, np.int64)
    entries, behind = np.empty(room * _CHUNK, np.int32), np.empty(room, np.int64)
    free, used, live = np.int64(-1), np.int64(0), np.int64(0)
    batch, one, jump = np.empty(_CHUNK, np.int32), np.uint64(1), jumps.ravel()
    cells, thens = np.empty(LANES, np.int32), np.empty(LANES, np.float32)
    start_cells, start_seconds, start_numbers = starts
    left_over = np.int64(0)
    for k in range(wanted.size):
        left_over += wanted[k]
    until = np.int64(0 if left_over else -1)
    reached, turn, current = 0, 0, np.int64(0)
    begun, label = np.int64(0), np.int32(0)
    # Pushing stands at one place: calls with arrays would cost more than the rest.
    while begun < start_cells.size or (live > 0 and left_over != until):
        count = np.int64(0)
        if begun < start_cells.size:
            cell, now = start_cells[begun], max(start_seconds[begun], np.float32(1e-6))
            if now < time[cell]:
                time[cell] = now
                if owner.size:
                    owner[cell] = start_numbers[begun]
                batch[0] = cell
                count += 1
            begun += 1
        else:
            bucket = current & mask
            chunk = heads[bucket]
            if chunk < 0:
                current += 1
                continue
            first, end = chunk * _CHUNK, ends[bucket]
            live -= end - first
            # Settle what is due and not settled yet, all without branches.
            for k in range(end - 1, first - 1, -1):
                to = np.uint64(entries[np.uint64(k)])
                now = time[to]
                batch[np.uint64(count)] = to
                count += now > np.float32(0.0)
                due = np.int64(now * inverse) <= current
                time[to] = -abs(now) if due else now
            heads[bucket] = behind[chunk]
            behind[chunk] = free
            free = chunk
            ends[bucket] = 0 if heads[bucket] < 0 else (heads[bucket] + 1) * _CHUNK
        for n in range(-_SOON, count):
            if n + _SOON < count:
                soon = np.int64(batch[np.uint64(n + _SOON)])
                base = max(slots[soon >> _BITS], 0) * CELLS + (soon & (CELLS - 1))
                prefetch(seconds, base * moves)
                for k in range(-2, 3):
                    prefetch(time, max(soon + k * WIDE, 0))
            if n < 0:
                continue
            cell = np.int64(batch[np.uint64(n)])
            now = time[np.uint64(cell)]
            if owner.size:
                label = owner[cell]
            upto, base, place = np.int64(1), np.int64(0), np.int64(0)
            if now < np.float32(0.0):
                now, upto = -now, moves
                reached += 1
                if wanted.size:
                    left_over -= wanted[cell]
                slot, place = slots[np.uint64(cell >> _BITS)], cell & (CELLS - 1)
                place *= moves
                base = place
                if slot < 0:
                    slot, base, turn = _work_out(
                        grid, ways, lengths, frame, pace, cuts, pool, scratch, cell,
                        turn,
                    )  # fmt: skip
                base += slot * CELLS * moves
            if used + moves >= room:
                return -1
            for move in range(0, upto, LANES):
                if upto == 1:  # not due yet: put it back
                    cells[0], thens[0], rest = cell, now, one
                else:
                    rest = shorten(
                        time, jump, seconds, place + move, base + move, cell, now,
                        moves - move, cells, thens,
                    )  # fmt: skip
                while rest:
                    lane = lowest_bit(rest)
                    rest &= rest - one
                    to, then = np.uint64(cells[lane]), thens[lane]
                    time[to] = then
                    if owner.size:
                        owner[to] = label
                    bucket = min(np.int64(then * inverse), current + mask) & mask
                    end = ends[np.uint64(bucket)]
                    if end & (_CHUNK - 1) == 0:  # the list is full, or there is none
                        if free >= 0:
                            chunk = free
                            free = behind[chunk]
                        else:
                            chunk = used
                            used += 1
                        behind[chunk] = heads[bucket]
                        heads[bucket] = chunk
                        end = chunk * _CHUNK
                    entries[np.uint64(end)] = to
                    ends[np.uint64(bucket)] = end + 1
                    live += 1
    for k in range(time.size):
        time[k] = -time[k] if time[k] <= np.float32(0.0) else np.inf
    return reached
