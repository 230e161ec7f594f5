"""Functions of exact numbers and complex balls, for `mfcheck.rigor.values`: principal values, nan where one is open."""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy as sp
from flint import acb, arb, fmpq

Value: TypeAlias = fmpq | acb
"""A rational number, or a ball."""

NAN = acb(arb.nan(), arb.nan())


def ball(value: Value) -> acb:
    """Return the value as a ball at the working precision."""
    return value if isinstance(value, acb) else acb(arb(value))


def _off_cuts(function: Callable[[acb], acb], inside: bool) -> Callable[[acb], acb]:
    """Use an inverse function only away from its cuts on the axis: at real arguments where it is real.

    `inside`: the function is real for `|x| < 1`, otherwise on the whole line.
    """

    def value(z: acb) -> acb:
        if not z.imag.is_zero() or (inside and not z.real.abs_upper() <= 1):
            return NAN
        return acb(function(z).real)

    return value


def _step(x: fmpq, at_zero: fmpq = fmpq(1, 2)) -> fmpq:  # noqa: B008
    return at_zero if x == 0 else fmpq(int(x > 0))


def _of_real(function: Callable[[arb], arb]) -> Callable[[acb], acb]:
    return lambda z: acb(function(z.real)) if z.imag.is_zero() else NAN


def _ball_sign(z: acb) -> acb:
    return NAN if z.contains(acb(0)) else acb(z.real.sgn()) if z.imag.is_zero() else z / _modulus(z)


def _ball_step(z: acb, at_zero: acb | None = None) -> acb:  # noqa: ARG001
    return NAN if not z.imag.is_zero() or z.real.contains(0) else acb(int(z.real > 0))


def _modulus(z: acb) -> acb:
    return acb(abs(z.real)) if z.imag.is_zero() else acb(abs(z))


def _extremum(pick: Callable[[arb, arb], arb]) -> Callable[..., acb]:
    def value(*operands: acb) -> acb:
        if not all(z.imag.is_zero() for z in operands):
            return NAN
        return acb(reduce(pick, (z.real for z in operands)))

    return value


def _factorial(n: fmpq) -> Value:
    if n.q != 1:
        return (ball(n) + 1).gamma()
    return fmpq(math.factorial(int(n.p))) if 0 <= n <= 2000 else NAN


def _gamma(x: fmpq) -> Value:
    return _factorial(x - 1) if x.q == 1 else ball(x).gamma()


def _binomial(n: fmpq, k: fmpq) -> Value:
    """Use `n (n-1) ... (n-k+1) / k!`, zero for a negative integer k, as SymPy; gamma functions otherwise."""
    if k.q != 1:
        z, j = ball(n), ball(k)
        return (z + 1).gamma() * (j + 1).rgamma() * (z - j + 1).rgamma()
    if k < 0 or k > 2000:
        return fmpq(0) if k < 0 else NAN
    return reduce(lambda found, i: found * (n - i) / (i + 1), range(int(k.p)), fmpq(1))


def _rising(x: fmpq, k: fmpq) -> Value:
    if k.q != 1 or not 0 <= k <= 2000:
        return NAN
    return reduce(lambda found, i: found * (x + i), range(int(k.p)), fmpq(1))


def _falling(x: fmpq, k: fmpq) -> Value:
    found = _rising(-x, k)
    return found if isinstance(found, acb) else found * fmpq(-1) ** int(k.p)


def _mod(a: fmpq, b: fmpq) -> Value:
    return NAN if b == 0 else a - b * fmpq((a / b).floor())


CONSTANTS: Mapping[sp.Basic, Callable[[], acb]] = MappingProxyType(
    {
        sp.pi: lambda: acb(arb.pi()),
        sp.E: lambda: acb(arb.const_e()),
        sp.I: lambda: acb(0, 1),
        sp.EulerGamma: lambda: acb(arb.const_euler()),
        sp.Catalan: lambda: acb(arb.const_catalan()),
        sp.GoldenRatio: lambda: acb((1 + arb(5).sqrt()) / 2),
        sp.nan: lambda: NAN,
        sp.zoo: lambda: NAN,
        sp.oo: lambda: NAN,
        -sp.oo: lambda: NAN,
    }
)

EXACT: Mapping[Any, Callable[..., Value]] = MappingProxyType(
    {
        sp.Abs: abs,
        sp.sign: lambda x: fmpq(int(x > 0) - int(x < 0)),
        sp.Heaviside: _step,
        sp.floor: lambda x: fmpq(x.floor()),
        sp.ceiling: lambda x: fmpq(x.ceil()),
        sp.Max: lambda *x: reduce(lambda a, b: a if a >= b else b, x),
        sp.Min: lambda *x: reduce(lambda a, b: a if a <= b else b, x),
        sp.re: lambda x: x,
        sp.im: lambda _: fmpq(0),
        sp.conjugate: lambda x: x,
        sp.factorial: _factorial,
        sp.gamma: _gamma,
        sp.binomial: _binomial,
        sp.RisingFactorial: _rising,
        sp.FallingFactorial: _falling,
        sp.Mod: _mod,
        sp.KroneckerDelta: lambda a, b: fmpq(int(a == b)),
    }
)
"""Functions of rational numbers that are computed exactly where they can be."""

BALL: Mapping[Any, Callable[..., acb]] = MappingProxyType(
    {
        sp.log: lambda z: NAN if z.contains(acb(0)) else z.log(),
        sp.sin: acb.sin,
        sp.cos: acb.cos,
        sp.tan: acb.tan,
        sp.cot: acb.cot,
        sp.sec: acb.sec,
        sp.csc: acb.csc,
        sp.sinh: acb.sinh,
        sp.cosh: acb.cosh,
        sp.tanh: acb.tanh,
        sp.coth: acb.coth,
        sp.sech: acb.sech,
        sp.csch: acb.csch,
        sp.asin: _off_cuts(acb.asin, inside=True),
        sp.acos: _off_cuts(acb.acos, inside=True),
        sp.atanh: _off_cuts(acb.atanh, inside=True),
        sp.atan: _off_cuts(acb.atan, inside=False),
        sp.asinh: _off_cuts(acb.asinh, inside=False),
        sp.erf: acb.erf,
        sp.erfc: acb.erfc,
        sp.erfi: acb.erfi,
        sp.gamma: acb.gamma,
        sp.loggamma: acb.lgamma,
        sp.polygamma: lambda s, z: z.digamma() if s.is_zero() else z.polygamma(s),
        sp.zeta: lambda s, a=acb(1): s.zeta(a),  # noqa: B008
        sp.factorial: lambda z: (z + 1).gamma(),
        sp.binomial: lambda n, k: (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma(),
        sp.Abs: _modulus,
        sp.sign: _ball_sign,
        sp.Heaviside: _ball_step,
        sp.floor: _of_real(arb.floor),
        sp.ceiling: _of_real(arb.ceil),
        sp.Max: _extremum(arb.max),
        sp.Min: _extremum(arb.min),
        sp.re: lambda z: acb(z.real),
        sp.im: lambda z: acb(z.imag),
        sp.conjugate: acb.conjugate,
        sp.arg: lambda z: NAN if z.contains(acb(0)) else acb(z.arg()),
    }
)
"""Enclosures in the complex plane; nan where the ball meets a jump."""
