"""The setting, its closed flow, and the two-step network in ball arithmetic."""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Setting, constant, parameter
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose, exact

Array = NDArray[np.float64]

K = parameter("k", "1/2", "weight k of the layer before last", above=-1, most=1)
STEPS = parameter("steps", 100, "number N of layers", least=2, most=100_000, integer=True)
HORIZON = parameter("horizon", 1, "time T of all layers together", above=0, most=1000)
U0 = parameter("u0", "6/5", "input u(0)")
SURVIVAL = parameter("p", "7/10", "probability that a layer is kept", above=0, below=1)
PARAMETERS = (K, STEPS, HORIZON, U0, SURVIVAL)
k, N, T, u0, p = (x.symbol for x in PARAMETERS)
a, r = sp.Rational(3, 10), sp.sqrt(sp.Rational(91, 100))
"""The constant of f, and sqrt(1 - a^2)."""
u, h, c, s, x, y = sp.symbols("u h c s x y", real=True)
f = sp.Function("f")


def field(at: sp.Expr) -> sp.Expr:
    """The instance's f."""
    return a - sp.sin(at)


def turned(start: sp.Expr, angle: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The half-angle vector, turned and stretched by a linear flow: its parts along the start and across."""
    return r * sp.cosh(angle) + sp.cos(start) * sp.sinh(angle), field(start) * sp.sinh(angle)


def flow(start: sp.Expr, time: sp.Expr, speed: sp.Expr) -> sp.Expr:
    """u(time) of `u' = speed f(u)`: the start and twice the angle."""
    along, across = turned(start, speed * r * time / 2)
    return start + 4 * sp.atan(across / (along + sp.sqrt(along**2 + across**2)))


def shrunk(start: sp.Expr, time: sp.Expr, speed: sp.Expr) -> sp.Expr:
    """f(u(time))/f(u(0)), accurate near a fixed point too."""
    along, across = turned(start, speed * r * time / 2)
    return r**2 / (along**2 + across**2)


SPEED = 1 / (1 + k)
COEFFICIENT = (1 - k) / (2 * (1 + k))
END, RATIO = flow(u0, T, SPEED), shrunk(u0, T, SPEED)
LEAD = -T * COEFFICIENT * SPEED * field(u0) * RATIO * sp.log(RATIO)
VARIANCE = p * (1 - p) * T**2 * (field(u0) * shrunk(u0, T, p)) ** 2
F = sp.Matrix([[3, -10], [8, -2]]) / 10
CUBE = sp.sqrt(sum(entry**2 for entry in F**3))

# --- the two-step network in ball arithmetic -------------------------------------------------------------------------

_MOST_BITS = 200_000


@lru_cache(maxsize=512)
def network(weight: Fraction, steps: int, horizon: Fraction, start: Fraction, digits: int) -> arb:
    """Enclose u_N to that many digits, from an exact u_1; any weight but -1.

    Raises:
        InputError: the recursion loses too many digits.
    """
    growth = 1.45 * float(horizon / abs(1 + weight)) + (1.45 * steps * max(0.0, math.log(abs(weight) or 1)))
    bits = int(3.33 * digits + growth) + 64
    while bits < _MOST_BITS:
        with ctx.workprec(bits):
            found = _network(weight, steps, horizon, start)
            if found.rad() <= arb(10) ** -digits * max(abs(found), arb(10) ** -digits):
                return found
        bits *= 2
    raise InputError("so many layers over so long a time lose too many digits: lower horizon/(1 + k)")


def _network(weight: Fraction, steps: int, horizon: Fraction, start: Fraction) -> arb:
    """The recursion in increments for k < 0, in values for k >= 0: whichever lets the radius grow less."""
    step, kept, const = exact(horizon / steps), exact(weight), exact(Fraction(3, 10))
    before = exact(start)
    now = enclose(END, {k: weight, T: horizon / steps, u0: start}, ctx.prec)
    if weight < 0:
        change = now - before
        for _ in range(steps - 1):
            change = step * (const - now.sin()) - kept * change
            now = now + change
        return now
    stay = 1 - kept
    for _ in range(steps - 1):
        before, now = now, stay * now + kept * before + step * (const - now.sin())
    return now


def lm_value(setting: Setting, digits: int) -> arb:
    """Enclose u_N."""
    return network(setting["k"], setting.integer("steps"), setting["horizon"], setting["u0"], digits)


def lm_error(setting: Setting, digits: int) -> arb:
    """Enclose u_N - u(T), with as many more digits as the difference loses."""
    given = {k: setting["k"], T: setting["horizon"], u0: setting["u0"]}
    for more in (10, 30, 90, 270, 810):
        with ctx.workdps(digits + more + 15):
            found = lm_value(setting, digits + more) - enclose(END, given, ctx.prec)
            if found.rad() <= arb(10) ** -digits * abs(found):
                break
    return found


CONSTANTS = (
    constant("speed", SPEED, "effective time factor", source="C2"),
    constant("error_coeff", COEFFICIENT, "coefficient of h u'' in v-form", source="C2"),
    constant("parasitic_root", -k, "second root", source="C3"),
    constant("lm_value", lm_value, "u_N", source="C2", uses=("k", "steps", "horizon", "u0")),
    constant("lm_exact", END, "u(T) of u' = f/(1+k)", source="C2"),
    constant("lm_error", lm_error, "u_N - u(T)", source="C2", uses=("k", "steps", "horizon", "u0")),
    constant("lead_constant", LEAD, "limit of N (u_N - u(T))", source="C2"),
    constant("stoch_var", VARIANCE, "limit of N Var X_N of stochastic depth", source="C4"),
    constant("polynet_const", CUBE, "Frobenius norm of F^3", source="C1"),
)
