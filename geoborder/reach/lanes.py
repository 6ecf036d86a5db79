"""
What the search does for many cells or moves at once, as instructions for LLVM.

Where a processor has no such instructions, LLVM puts single ones in their place.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
# ruff: noqa: ANN001, ANN202, ANN201, ANN204, ANN002

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""Moves or cells that are worked on at once."""

WIDE = 64
"""Cells of a row of a tile, and of a row of scratch."""


@intrinsic
def prefetch(typing, array, index):
    """Ask for the cache line of an element before it is needed."""
    del typing, index

    def code(context, builder, signature, arguments):
        own = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(builder.gep(own.data, [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        builder.call(fetch, [place, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), code


class _Lanes:
    """What the code below needs again and again to work on many numbers at once."""

    _bit, _float = ir.IntType(1), ir.FloatType()
    _int, _long = ir.IntType(32), ir.IntType(64)

    def __init__(self, context, builder, signature, arguments):
        self.context, self.builder = context, builder
        self.kinds, self.arguments = signature.args, arguments

    def constant(self, kind, values):
        """Give the same vector always."""
        return ir.Constant(ir.VectorType(kind, len(values)), list(values))

    def same(self, value):
        """Put a value in every lane."""
        first = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
        first = self.builder.insert_element(first, value, self._int(0))
        return self.mix(first, first, [0] * LANES)

    def mix(self, a, b, lanes):
        """Choose from the lanes of two vectors."""
        return self.builder.shuffle_vector(a, b, self.constant(self._int, lanes))

    def data(self, k):
        """Where the elements of an array begin."""
        make = self.context.make_array(self.kinds[k])
        return make(self.context, self.builder, self.arguments[k]).data

    def at(self, k, index):
        """Where lanes begin in an array."""
        kind = ir.VectorType(self.context.get_data_type(self.kinds[k].dtype), LANES)
        place = self.builder.gep(self.data(k), [index])
        return self.builder.bitcast(place, kind.as_pointer())

    def first(self, count):
        """Whether a lane is one of the first ones."""
        lanes = self.constant(self._int, range(LANES))
        count = self.same(self.builder.trunc(count, self._int))
        return self.builder.icmp_signed("<", lanes, count)

    def call(self, name, gives, *values):
        """Call a function of LLVM's."""
        functions = self.builder.module.globals
        if name not in functions:
            kind = ir.FunctionType(gives, [value.type for value in values])
            ir.Function(self.builder.module, kind, name)
        return self.builder.call(functions[name], values)

    def gather(self, k, index, kind, used):
        """Elements of an array from anywhere in it."""
        builder, size = self.builder, {"float": 2, "double": 3}[str(kind)]
        far = builder.sext(index, ir.VectorType(self._long, LANES))
        far = builder.shl(far, self.constant(self._long, [size] * LANES))
        far = builder.add(far, self.same(builder.ptrtoint(self.data(k), self._long)))
        far = builder.inttoptr(far, ir.VectorType(kind.as_pointer(), LANES))
        name = f"llvm.masked.gather.v{LANES}f{8 << size}.v{LANES}p0"
        zeros = self.constant(kind, [0.0] * LANES)
        return self.call(name, zeros.type, far, self._int(1 << size), used, zeros)


@intrinsic
def shorten(typing, time, jumps, seconds, jump, second, cell, now, left, to, then):
    """
    Compare ways over up to `LANES` moves from a cell with what is known.

    Bits of moves that are quicker are returned; cells and seconds go to `to`, `then`.
    """
    del typing, jump, second, cell, now, left

    def code(context, builder, signature, arguments):
        lanes = _Lanes(context, builder, signature, arguments)
        _, _, _, jump, second, cell, now, left, _, _ = arguments
        used = lanes.first(left)
        goes = lanes.same(builder.trunc(cell, ir.IntType(32)))
        goes = builder.add(builder.load(lanes.at(1, jump), align=4), goes)
        takes = builder.load(lanes.at(2, second), align=4)
        takes = builder.fadd(takes, lanes.same(now))
        known = lanes.gather(0, goes, ir.FloatType(), used)
        quicker = builder.and_(builder.fcmp_ordered("<", takes, known), used)
        builder.store(goes, lanes.at(8, ir.IntType(64)(0)), align=4)
        builder.store(takes, lanes.at(9, ir.IntType(64)(0)), align=4)
        bits = builder.bitcast(quicker, ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    whole, real = types.int64, types.float32
    takes = time, jumps, seconds, whole, whole, whole, real, whole, to, then
    return types.uint64(*takes), code


@intrinsic
def lowest_bit(typing, bits):
    """Find the lowest bit that is set."""
    del typing, bits

    def code(context, builder, signature, arguments):
        del context, signature
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), code


@intrinsic
def add_paces(
    typing, heights, table, paces, from_a, from_b, from_share, to_a, to_b, to_share,
    rate, level, last, begin, end,
):  # fmt: skip
    """
    Add paces of steps from one line of the grid to the next, for `LANES` cells.

    Each end of a step lies between cells `a` and `b`. Cells from `end` on are not
    looked at.
    """
    del typing, from_a, from_b, from_share, to_a, to_b, to_share
    del rate, level, last, begin, end

    def code(context, builder, signature, arguments):
        lanes = _Lanes(context, builder, signature, arguments)
        begin, end = arguments[12:]
        rate, level, last = (lanes.same(value) for value in arguments[9:12])
        zeros = lanes.constant(ir.FloatType(), [0.0] * LANES)
        used = lanes.first(builder.sub(end, begin))

        def height(cell):
            place = lanes.at(0, builder.add(cell, begin))
            name = f"llvm.masked.load.v{LANES}f32.p0"
            return lanes.call(name, zeros.type, place, ir.IntType(32)(4), used, zeros)

        def between(a, b, share):
            a, b = height(a), height(b)
            return builder.fadd(a, builder.fmul(lanes.same(share), builder.fsub(b, a)))

        climb = builder.fsub(between(*arguments[6:9]), between(*arguments[3:6]))
        x = builder.fadd(builder.fmul(climb, rate), level)
        inside = builder.fcmp_ordered(">=", x, zeros)
        inside = builder.and_(inside, builder.fcmp_ordered("<", x, last))
        x = builder.select(inside, x, last)  # nodata is not inside either
        index = builder.fptosi(x, ir.VectorType(ir.IntType(32), LANES))
        share = builder.fsub(x, builder.sitofp(index, x.type))
        every = lanes.constant(ir.IntType(1), [1] * LANES)
        pairs = lanes.gather(1, index, ir.DoubleType(), every)
        pairs = builder.bitcast(pairs, ir.VectorType(ir.FloatType(), 2 * LANES))
        low, more = (lanes.mix(pairs, pairs, range(k, 2 * LANES, 2)) for k in (0, 1))
        pace = builder.fadd(low, builder.fmul(share, more))
        place = lanes.at(2, begin)
        pace = builder.fadd(builder.load(place, align=4), pace)
        builder.store(pace, place, align=4)
        return context.get_dummy_value()

    whole, real = types.int64, types.float32
    takes = whole, whole, real, whole, whole, real, real, real, real, whole, whole
    return types.void(heights, table, paces, *takes), code


@intrinsic
def turn_round(typing, block, seconds, column, begin, moves, count):
    """Write up to `LANES` moves' times of as many cells, cell after cell."""
    del typing, column, begin, moves, count

    def code(context, builder, signature, arguments):
        lanes = _Lanes(context, builder, signature, arguments)
        _, _, column, place, moves, count = arguments
        used, whole = lanes.first(count), ir.IntType(64)
        rows = [
            builder.load(lanes.at(0, builder.add(column, whole(k * WIDE))), align=4)
            for k in range(LANES)
        ]
        # A row and the one half of all rows further on, lane by lane in turn: done
        # for every doubling, rows have become columns.
        half, length = LANES // 2, LANES
        turns = [
            [k // 2 + begin + k % 2 * LANES for k in range(LANES)]
            for begin in (0, half)
        ]
        while length > 1:
            rows = [
                lanes.mix(rows[k // 2], rows[k // 2 + half], turns[k % 2])
                for k in range(LANES)
            ]
            length //= 2
        for row in rows:
            name = f"llvm.masked.store.v{LANES}f32.p0"
            at = lanes.at(1, place)
            lanes.call(name, ir.VoidType(), row, at, ir.IntType(32)(4), used)
            place = builder.add(place, moves)
        return context.get_dummy_value()

    whole = types.int64
    return types.void(block, seconds, whole, whole, whole, whole), code
