# mypy: disable-error-code="untyped-decorator, misc, no-any-return, import-untyped"
# ruff: noqa: ARG001  (the parameters of an intrinsic are seen by its callers only)
"""Eight doubles at once, as a numba type, and products of tiles of them.

The arithmetic is stated in LLVM's vector types, with an explicit fused multiply-add. So the kernels do
not depend on what LLVM's loop vectoriser recognises, no fast-math flag is needed, and results are the
same bits whatever the vector width of the machine and the number of threads.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LANES = 8
_DOUBLE = ir.DoubleType()
_INT = ir.IntType(64)
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_INTS = ir.VectorType(_INT, LANES)

internal = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Decorator of functions that only other kernels call; not callable from Python."""


class LanesType(types.Type):
    """The numba type of eight doubles."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, frontend: Any) -> None:
        super().__init__(manager, frontend, _VECTOR)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _spread(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector: itself, or copies of a scalar."""
    if kind == lanes:
        return value
    one = builder.insert_element(
        ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, one, mask)


def _register(function: Any, emit: Callable[[Any, Any, Any], Any]) -> None:
    """Let `function(a, b)` act on lanes, and on lanes and a float."""

    @type_callable(function)
    def _typed(_context: Any) -> Any:
        def typer(a: Any, b: Any) -> Any:
            pair = (a, b)
            if lanes in pair and all(x == lanes or isinstance(x, types.Float) for x in pair):
                return lanes
            return None

        return typer

    def lower(_context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b = (_spread(builder, x, t) for x, t in zip(args, signature.args, strict=True))
        return emit(builder, a, b)

    for pair in ((lanes, lanes), (lanes, types.float64), (types.float64, lanes)):
        lower_builtin(function, *pair)(lower)


_register(operator.add, lambda builder, a, b: builder.fadd(a, b))
_register(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_register(operator.mul, lambda builder, a, b: builder.fmul(a, b))
_register(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))


@type_callable(operator.neg)
def _type_neg(_context: Any) -> Any:
    return lambda a: lanes if a == lanes else None


@lower_builtin(operator.neg, lanes)
def _lower_neg(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
    return builder.fneg(args[0])


def _elementwise(arity: int, emit: Callable[..., Any]) -> Any:
    """Return `(signature, code)` of an operation on lanes; floats among its arguments are spread."""

    def code(_context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vectors = [_spread(builder, x, t) for x, t in zip(args, signature.args, strict=True)]
        return emit(builder, *vectors[:arity])

    return code


def _result(*kinds: Any) -> Any:
    if not all(k == lanes or isinstance(k, types.Float) for k in kinds):
        return None
    return lanes(*[k if k == lanes else types.float64 for k in kinds])


def _math(name: str, arity: int) -> Callable[..., Any]:
    def emit(builder: Any, *args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * arity)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v8f64")
        return builder.call(function, args)

    return emit


_fma = _math("fma", 3)


@intrinsic
def fma(_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return `a * b + c` with one rounding."""
    return _result(a, b, c), _elementwise(3, _fma)


@intrinsic
def where_less(_context: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """Return `yes` in lanes with `a < b`, else `no` (also where `a` or `b` is NaN)."""

    def emit(builder: Any, x: Any, y: Any, first: Any, second: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", x, y), first, second)

    return _result(a, b, yes, no), _elementwise(4, emit)


@intrinsic
def absolute(_context: Any, a: Any) -> Any:
    """Return `|a|`."""
    return _result(a), _elementwise(1, _math("fabs", 1))


@intrinsic
def root(_context: Any, a: Any) -> Any:
    """Return the square root."""
    return _result(a), _elementwise(1, _math("sqrt", 1))


@intrinsic
def copysign(_context: Any, size: Any, sign: Any) -> Any:
    """Return `size` with the sign of `sign`."""
    return _result(size, sign), _elementwise(2, _math("copysign", 2))


@intrinsic
def power_of_two(_context: Any, shifted: Any) -> Any:
    """Return `2^k`, where `shifted = k + 1.5 * 2^52` and `|k| < 1023`."""

    def emit(builder: Any, x: Any) -> Any:
        k = builder.shl(builder.bitcast(x, _INTS), ir.Constant(_INTS, [52] * LANES))
        one = ir.Constant(_INTS, [0x3FF0000000000000] * LANES)
        return builder.bitcast(builder.add(k, one), _VECTOR)

    return _result(shifted), _elementwise(1, emit)


@intrinsic
def exponent(_context: Any, a: Any) -> Any:
    """Return the `k` for which `2^-k a` lies between `sqrt(1/2)` and `sqrt(2)`, `a` normal, positive."""

    def emit(builder: Any, x: Any) -> Any:
        root_half = ir.Constant(_INTS, [0x3FE6A09E667F3BCD] * LANES)
        k = builder.ashr(
            builder.sub(builder.bitcast(x, _INTS), root_half), ir.Constant(_INTS, [52] * LANES)
        )
        return builder.sitofp(k, _VECTOR)

    return _result(a), _elementwise(1, emit)


def _address(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [offset])


def _load(builder: Any, address: Any) -> Any:
    return builder.load(builder.bitcast(address, _VECTOR.as_pointer()), align=8)


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.bitcast(address, _VECTOR.as_pointer()), align=8)


@intrinsic
def load(_context: Any, array: Any, offset: Any) -> Any:
    """Return `array[offset : offset + 8]` of a flat array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(builder, _address(context, builder, signature.args[0], *args))

    return lanes(array, types.intp), code


@intrinsic
def store(_context: Any, array: Any, offset: Any, value: Any) -> Any:
    """Write `value` to `array[offset : offset + 8]` of a flat array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _store(builder, args[2], _address(context, builder, signature.args[0], *args[:2]))
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), code


def _prefetch(write: bool) -> Any:
    """Return the intrinsic that asks for the cache line of `array[offset]`, to read or to write it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        place = builder.bitcast(_address(context, builder, signature.args[0], *args), pointer)
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [place, word(int(write)), word(3), word(1)])
        return context.get_dummy_value()

    def typing(_context: Any, array: Any, _offset: Any) -> Any:
        return types.void(array, types.intp), code

    return intrinsic(typing)


expect_read = _prefetch(write=False)
expect_write = _prefetch(write=True)


@intrinsic
def spread(_context: Any, value: Any) -> Any:
    """Return eight copies of a float."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _spread(builder, args[0], types.float64)

    return lanes(types.float64), code


@intrinsic
def lane(_context: Any, value: Any, index: Any) -> Any:
    """Return one of the eight doubles."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], builder.trunc(args[1], ir.IntType(32)))

    return types.float64(lanes, types.intp), code


@intrinsic
def with_lane(_context: Any, value: Any, index: Any, new: Any) -> Any:
    """Return `value` with one of its doubles replaced."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.insert_element(args[0], args[2], builder.trunc(args[1], ir.IntType(32)))

    return lanes(lanes, types.intp, types.float64), code


@intrinsic
def transpose_square(
    _context: Any, array: Any, source: Any, row: Any, target: Any, column: Any
) -> Any:
    """Write eight rows of eight doubles, `row` apart from `source` on, as columns to `target`.

    Columns of the source become rows that lie `column` apart; source and target do not overlap.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, source, row, target, column = args

        def place(start: Any, index: int, stride: Any) -> Any:
            offset = _offset(builder, start, _int(index), stride)
            return _address(context, builder, signature.args[0], array, offset)

        rows = [_load(builder, place(source, j, row)) for j in range(LANES)]
        for width in (1, 2, 4):  # exchange the off-diagonal quarters of ever larger blocks
            rows = _exchange(builder, rows, width)
        for j, vector in enumerate(rows):
            _store(builder, vector, place(target, j, column))
        return context.get_dummy_value()

    i = types.intp
    return types.void(array, i, i, i, i), code


def _exchange(builder: Any, rows: list[Any], width: int) -> list[Any]:
    """Swap, between rows `j` and `j + width`, the lanes that differ in the bit `width`."""
    result = list(rows)
    word = ir.IntType(32)
    for j in range(LANES):
        if j & width:
            continue
        low = [k if not k & width else k - width + LANES for k in range(LANES)]
        high = [k + width if not k & width else k + LANES for k in range(LANES)]
        for index, lanes_taken in ((j, low), (j + width, high)):
            mask = ir.Constant(ir.VectorType(word, LANES), lanes_taken)
            result[index] = builder.shuffle_vector(rows[j], rows[j + width], mask)
    return result


class _Accumulators:
    """Vector variables of one tile; LLVM turns them into registers."""

    def __init__(self, builder: Any, count: int) -> None:
        self.builder = builder
        self.slots = [cgutils.alloca_once(builder, _VECTOR) for _ in range(count)]

    def add_product(self, index: int, a: Any, b: Any) -> None:
        total = self.builder.load(self.slots[index])
        self.builder.store(_fma(self.builder, a, b, total), self.slots[index])

    def start(self, index: int, value: Any) -> None:
        self.builder.store(value, self.slots[index])

    def value(self, index: int) -> Any:
        return self.builder.load(self.slots[index])


def _offset(builder: Any, base: Any, index: Any, stride: Any) -> Any:
    return builder.add(base, builder.mul(index, stride))


def _int(value: int) -> ir.Constant:
    return ir.Constant(_INT, value)


def _tile(context: Any, builder: Any, where: Any, rows: int, vectors: int) -> list[Any]:
    """Return the addresses of a tile, row by row; `where` is the array's type, itself, offset and row stride."""
    kind, array, offset, stride = where
    starts = [_offset(builder, offset, _int(a), stride) for a in range(rows)]
    return [
        _address(context, builder, kind, array, builder.add(start, _int(LANES * v)))
        for start in starts
        for v in range(vectors)
    ]


def _started(builder: Any, targets: list[Any], add: Any) -> Any:
    """Return sums that start at what the targets hold, or at 0."""
    total = _Accumulators(builder, len(targets))
    with builder.if_else(add) as (then, otherwise):
        with then:
            for index, target in enumerate(targets):
                total.start(index, _load(builder, target))
        with otherwise:
            for index in range(len(targets)):
                total.start(index, _constant(0.0))
    return total


def row_tile(rows: int, vectors: int) -> Any:
    """Return the intrinsic `out[a, :] += sum_j coefficient[a, j] * source[j, :]` for one tile.

    The tile has `rows` rows of `8 * vectors` doubles. Arguments: `out, offset, row stride`, the same
    for `source`, `coefficient, offset, stride of a, stride of j`, the number of `j`, and whether to
    add to `out` (else it is overwritten).
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, o, so, source, s, ss, coefficient, c, ca, cj, count, add = args
        kinds = signature.args
        where = (kinds[0], out, o, so)
        targets = _tile(context, builder, where, rows, vectors)
        total = _started(builder, targets, add)
        with cgutils.for_range(builder, count) as loop:
            base = _offset(builder, s, loop.index, ss)
            row = [
                _load(
                    builder,
                    _address(
                        context, builder, kinds[3], source, builder.add(base, _int(LANES * v))
                    ),
                )
                for v in range(vectors)
            ]
            column = _offset(builder, c, loop.index, cj)
            for a in range(rows):
                place = _offset(builder, column, _int(a), ca)
                scalar = builder.load(_address(context, builder, kinds[6], coefficient, place))
                factor = _spread(builder, scalar, types.float64)
                for v in range(vectors):
                    total.add_product(a * vectors + v, row[v], factor)
        for index, target in enumerate(targets):
            _store(builder, total.value(index), target)
        return context.get_dummy_value()

    def typing(
        _context: Any, out: Any, _o: Any, _so: Any, source: Any, _s: Any, _ss: Any,
        coefficient: Any, _c: Any, _ca: Any, _cj: Any, _count: Any, _add: Any,
    ) -> Any:  # fmt: skip
        i = types.intp
        return types.void(out, i, i, source, i, i, coefficient, i, i, i, i, types.boolean), code

    return intrinsic(typing)


def dot_tile(rows: int, columns: int) -> Any:
    """Return the intrinsic `total[a, c, :] += sum_v left[a, v] * right[c, v]`, lane by lane, one tile.

    `total` holds eight partial sums per entry, in one lane each. Arguments: `total, offset, row
    stride`, the same for `left` and `right`, the number of vectors per row, and whether to add.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, o, so, left, a0, sa, right, b0, sb, count, add = args
        kinds = signature.args
        where = (kinds[0], out, o, so)
        targets = _tile(context, builder, where, rows, columns)
        total = _started(builder, targets, add)
        with cgutils.for_range(builder, count) as loop:
            at = builder.mul(loop.index, _int(LANES))

            def entry(kind: Any, array: Any, base: Any, stride: Any, index: int) -> Any:
                place = builder.add(_offset(builder, base, _int(index), stride), at)
                return _load(builder, _address(context, builder, kind, array, place))

            first = [entry(kinds[3], left, a0, sa, a) for a in range(rows)]
            second = [entry(kinds[6], right, b0, sb, c) for c in range(columns)]
            for a in range(rows):
                for c in range(columns):
                    total.add_product(a * columns + c, first[a], second[c])
        for index, target in enumerate(targets):
            _store(builder, total.value(index), target)
        return context.get_dummy_value()

    def typing(
        _context: Any, out: Any, _o: Any, _so: Any, left: Any, _a: Any, _sa: Any,
        right: Any, _b: Any, _sb: Any, _count: Any, _add: Any,
    ) -> Any:  # fmt: skip
        i = types.intp
        return types.void(out, i, i, left, i, i, right, i, i, i, types.boolean), code

    return intrinsic(typing)
