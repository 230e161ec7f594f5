# mypy: disable-error-code="untyped-decorator, misc, no-untyped-call"
"""Elementary functions of eight doubles at once, the building blocks of generated activations."""

import math
from typing import Any

from mfcheck.dynamics.resnet.simd import (
    absolute,
    copysign,
    exponent,
    fma,
    internal,
    lane,
    power_of_two,
    spread,
    where_less,
    with_lane,
)

LOG2_E = 1.4426950408889634
LN2 = 0.6931471805599453
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
HALF_PI = (
    1.5707963267341256,
    6.077100506303966e-11,
    2.0222662487959506e-21,
)  # parts of pi/2, the first two of 33 bits
# Chebyshev fits, highest power first; the test compares every function with 40-digit arithmetic.
EXPM1 = (
    2.5100375832561234e-08,
    2.7620075879983367e-07,
    2.7557268480310024e-06,
    2.4801521322368692e-05,
    0.00019841269863040545,
    0.0013888888917196719,
    0.008333333333330065,
    0.041666666666624164,
    0.16666666666666669,
    0.5000000000000001,
)
SIN = (
    2.8114572543455206e-15,
    -7.647163731819816e-13,
    1.6059043836821613e-10,
    -2.505210838544172e-08,
    2.7557319223985893e-06,
    -0.0001984126984126984,
    0.008333333333333333,
    -0.16666666666666666,
)
COS = (
    4.779477332387385e-14,
    -1.1470745597729725e-11,
    2.08767569878681e-09,
    -2.755731922398589e-07,
    2.48015873015873e-05,
    -0.001388888888888889,
    0.041666666666666664,
)
ERF_SMALL = (
    -4.230945824295338e-12,
    8.709045129053106e-11,
    -1.216456005728345e-09,
    1.4792401209404813e-08,
    -1.6364642158167616e-07,
    1.6462045441468418e-06,
    -1.4925647567519332e-05,
    0.00012055332902888736,
    -0.000854832702193483,
    0.0052239776254232985,
    -0.02686617064512984,
    0.1128379167095512,
    -0.37612638903183754,
    1.1283791670955126,
)
ERFC_LARGE = (
    3.381355142042904e-09,
    1.2755818949624478e-06,
    2.0135111426447427e-06,
    -8.00978093907608e-06,
    -1.2845780030775907e-05,
    6.406279226046039e-05,
    4.525434558991009e-05,
    -0.0005970624964924544,
    0.0007077464666941425,
    0.004269136356961225,
    -0.024392499318915004,
    0.07166583719747308,
    -0.15011593650077898,
    0.24560380171233487,
    -0.3262335600430372,
    0.17900115118138996,
)
ATAN = (
    -0.017805397205419446,
    0.03796525745386593,
    -0.05035102456601552,
    0.05846878297330872,
    -0.06662951813629191,
    0.07692045330902225,
    -0.09090896809064027,
    0.11111110744919658,
    -0.14285714279250245,
    0.19999999999940893,
    -0.3333333333333312,
    1.0,
)
LOG = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)
ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer held in the low bits


@internal
def _horner(x: Any, coefficients: Any) -> Any:
    """Return the polynomial with these coefficients, highest power first."""
    p = spread(coefficients[0])
    for j in range(1, len(coefficients)):
        p = fma(p, x, coefficients[j])
    return p


@internal
def _reduced_expm1(r: Any) -> Any:
    """Return `exp(r) - 1` for `|r| <= log(2) / 2`, as `r + r^2 q(r)`."""
    return fma(_horner(r, EXPM1) * r, r, r)


@internal
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent, within 2.5 units in the last place."""
    # e / (e + 2) with e = expm1(2 |x|) is accurate at both ends of the range; a large argument
    # matters little, so one part of log(2) is enough
    t = 2.0 * absolute(x)
    t = where_less(40.0, t, 40.0, t)
    shifted = fma(t, LOG2_E, ROUND)
    r = fma(shifted - ROUND, -LN2, t)
    scale = power_of_two(shifted)
    e = fma(scale, _reduced_expm1(r), scale - 1.0)
    return copysign(e / (e + 2.0), x)


@internal
def exp(x: Any) -> Any:
    """Return the exponential, within 1.5 units in the last place; 0 below -708, cut above 709."""
    t = where_less(709.0, x, 709.0, x)
    t = where_less(t, -708.0, -708.0, t)
    shifted = fma(t, LOG2_E, ROUND)
    k = shifted - ROUND
    r = fma(k, -LN2_LOW, fma(k, -LN2_HIGH, t))
    scale = power_of_two(shifted)
    return where_less(x, -708.0, 0.0, fma(scale, _reduced_expm1(r), scale))


def _lanewise(function: Any) -> Any:
    """Return the function of eight doubles that calls a scalar one eight times."""

    @internal
    def apply(x: Any) -> Any:
        y = spread(0.0)
        for j in range(8):
            y = with_lane(y, j, function(lane(x, j)))
        return y

    return apply


asinh = _lanewise(math.asinh)


@internal
def _quadrant(x: Any) -> Any:
    """Return `q` in {-2, -1, 0, 1, 2} and sine and cosine of `x - (pi/2) (q + multiple of 4)`."""
    k = fma(x, 0.6366197723675814, ROUND) - ROUND
    r = fma(k, -HALF_PI[2], fma(k, -HALF_PI[1], fma(k, -HALF_PI[0], x)))
    square = r * r
    sine = fma(_horner(square, SIN) * square, r, r)
    cosine = fma(_horner(square, COS) * square - 0.5, square, 1.0)
    return k - 4.0 * (fma(k, 0.25, ROUND) - ROUND), sine, cosine


@internal
def sin(x: Any) -> Any:
    """Return the sine, to 4e-16, for `|x| <= 1e5`."""
    q, sine, cosine = _quadrant(x)
    even = where_less(1.5, absolute(q), -sine, sine)
    return where_less(absolute(absolute(q) - 1.0), 0.5, q * cosine, even)


@internal
def cos(x: Any) -> Any:
    """Return the cosine, to 4e-16, for `|x| <= 1e5`."""
    q, sine, cosine = _quadrant(x)
    even = where_less(1.5, absolute(q), -cosine, cosine)
    return where_less(absolute(absolute(q) - 1.0), 0.5, -q * sine, even)


@internal
def erf(x: Any) -> Any:
    """Return the error function, within 3 units in the last place."""
    size = absolute(x)
    size = where_less(6.0, size, 6.0, size)
    square = size * size
    near = x * _horner(square, ERF_SMALL)
    far = 1.0 - exp(-square) * _horner((size - 3.0) / (size + 3.0), ERFC_LARGE)
    return where_less(size, 1.0, near, copysign(far, x))


@internal
def atan(x: Any) -> Any:
    """Return the inverse tangent, within 3 units in the last place."""
    size = absolute(x)
    large, middle = where_less(2.414213562373095, size, 1.0, 0.0), 0.41421356237309503
    above = where_less(0.5, large, -1.0, where_less(middle, size, size - 1.0, size))
    below = where_less(0.5, large, size, where_less(middle, size, size + 1.0, 1.0))
    offset = where_less(
        0.5, large, 1.5707963267948966, where_less(middle, size, 0.7853981633974483, 0.0)
    )
    t = above / below
    return copysign(offset + t * _horner(t * t, ATAN), x)


@internal
def log(x: Any) -> Any:
    """Return the natural logarithm of a normal number, within 2 units in the last place."""
    k = exponent(x)
    f = x * power_of_two(ROUND - k) - 1.0
    s = f / (f + 2.0)
    square = s * s
    half = 0.5 * f * f
    p = s * (half + _horner(square, LOG) * square)
    y = k * LN2_HIGH - ((half - (p + k * LN2_LOW)) - f)
    return where_less(0.0, x, y, where_less(x, 0.0, math.nan, -math.inf))
