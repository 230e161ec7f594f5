# mypy: disable-error-code="untyped-decorator, misc, no-any-return, import-untyped"
"""Elementary functions that LLVM can vectorise: the building blocks of generated activations.

Every function here is scalar, free of branches and of calls to the C library, so a loop over it
becomes SIMD code. The fused multiply-add is explicit: no fast-math flag is needed, and a result does
not depend on the vector width or on the number of threads.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer held in the low bits
ONE_BITS = 0x3FF0000000000000


@intrinsic
def fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Return `a * b + c` with one rounding."""

    def emit(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), emit


@intrinsic
def bits(_context: Any, _a: Any) -> Any:
    """Return the 64 bits of a double as an integer."""

    def emit(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), emit


@intrinsic
def double(_context: Any, _a: Any) -> Any:
    """Return the double with these 64 bits."""

    def emit(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), emit


@njit(error_model="numpy")
def tanh(x: float) -> float:
    """Return the hyperbolic tangent, within 2.5 units in the last place."""
    # e / (e + 2) with e = expm1(2 |x|) is accurate at both ends of the range
    t = 2.0 * abs(x)
    t = 40.0 if t > 40.0 else t  # min() would check for NaN and block SIMD
    shifted = fma(t, LOG2_E, ROUND)
    k = shifted - ROUND
    r = fma(k, -LN2_LOW, fma(k, -LN2_HIGH, t))
    p = fma(1.6059043836821613e-10, r, 2.08767569878681e-09)
    p = fma(p, r, 2.505210838544172e-08)
    p = fma(p, r, 2.755731922398589e-07)
    p = fma(p, r, 2.7557319223985893e-06)
    p = fma(p, r, 2.48015873015873e-05)
    p = fma(p, r, 0.0001984126984126984)
    p = fma(p, r, 0.001388888888888889)
    p = fma(p, r, 0.008333333333333333)
    p = fma(p, r, 0.041666666666666664)
    p = fma(p, r, 0.16666666666666666)
    p = fma(p, r, 0.5)
    p = fma(p * r, r, r)
    scale = double((bits(shifted) << 52) + ONE_BITS)
    e = fma(scale, p, scale - 1.0)
    y = e / (e + 2.0)
    return y if x >= 0.0 else -y
