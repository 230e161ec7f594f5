"""The limit of the residual kernel along the clock `T = L a`, `a = alpha^2/(1 + alpha^2)`, certified.

The forward pass is Euler's method, of step a, for the pair (2403.04545, the case gamma = 1/2, where T -> 1)

    rho' = k1(rho) - rho,    R' = (k1(rho) + rho k0(rho))/2 - (1 - k0(rho)) R,    rho(0) = u,  R(0) = 0,

so that `r_L -> R(T)/T` as a -> 0. Since k1' = k0, the factor of R is the logarithmic derivative of `GAP = k1 - rho`
along the flow, and in the angle the pair has the solution

    T = int_{theta_T}^{theta_0} sin/GAP,    R(T) = GAP(theta_T) int_{theta_T}^{theta_0} HALF_TERM sin/GAP^2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from flint import acb, arb, ctx
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mfcheck.errors import InputError
from mfcheck.kernels import formulas as f
from mfcheck.kernels.arccos import Cosine, gap, half_term
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.integrate import check_digits
from mfcheck.rigor.program import program

Array = NDArray[np.float64]

_BITS_PER_DIGIT = 3.33
_NEWTON_STEPS = 60


@dataclass(frozen=True)
class LimitValue:
    """Enclosures at time T: the angle arccos rho(T), and the kernel R(T)/T."""

    angle: arb
    kernel: arb


@lru_cache(maxsize=512)
def limit_kernel(u: Exact, T: Exact = 1, digits: int = 20) -> LimitValue:
    """Enclose rho(T) and R(T)/T for an exact cosine in [-1, 1] and an exact T > 0.

    Raises:
        InputError: u outside [-1, 1], T not positive, too many digits, or an accuracy out of reach.
    """
    check_digits(digits)
    with ctx.workprec(int(digits * _BITS_PER_DIGIT) + 128):
        cosine, time = exact(u), exact(T)
        if not abs(cosine) <= 1 or not time > 0:
            raise InputError(f"the limit needs a cosine in [-1, 1] and T > 0, got {u} and {T}")
        if cosine == 1:
            return LimitValue(arb(0), arb(1))
        start = cosine.acos()
        angle = _arrival(start, time, digits)
        return LimitValue(angle, _kernel(start, angle, time, digits))


def _kernel(start: arb, angle: arb, time: arb, digits: int) -> arb:
    middle = angle.mid()
    inside = _integral(_source, middle, start, digits)
    edge = _source(acb(angle)).real * (middle - angle)
    return _gap(acb(angle)).real * (inside + edge) / time


def _arrival(start: arb, time: arb, digits: int) -> arb:
    """Enclose theta_T: Newton steps on the travel time, then one interval Newton step that proves the enclosure."""
    guess = arb(_guess(float(start.mid()), float(time.mid())))
    radius = arb(10) ** -(digits + 8)
    for _ in range(_NEWTON_STEPS):
        left = time - _integral(_speed, guess, start, digits + 10)
        box = arb(guess, (radius * guess).upper())
        image = guess - left / _speed(acb(box)).real
        if box.contains(image):
            return image
        guess = image.mid()
    raise InputError(f"{digits} digits of the limit kernel at T = {time.str(6)} are out of reach")


def _integral(integrand: "Integrand", lower: arb, upper: arb, digits: int) -> arb:
    """Enclose an integral over the angle, done in s = 1/theta, where both integrands are nearly polynomials."""
    value = acb.integral(
        lambda s, _analytic: integrand(1 / s) / (s * s),
        acb(1 / upper),
        acb(1 / lower),
        rel_tol=arb(10) ** -(digits + 10),
    )
    return value.real


def _gap(theta: acb) -> acb:
    """Enclose GAP by its hypergeometric series, which is tight on wide balls near zero."""
    square = theta * theta
    series = (-square / 4).hypgeom_0f1(acb(5) / 2)
    return theta * square * series / (3 * acb.pi())


def _speed(theta: acb) -> acb:
    """Enclose dT/d(-theta) = sin/GAP."""
    return theta.sin() / _gap(theta)


def _source(theta: acb) -> acb:
    """Enclose the integrand of R."""
    half_term = program(f.HALF_TERM, (f.theta,), "complex")(theta)
    gap_here = _gap(theta)
    return half_term * theta.sin() / (gap_here * gap_here)


Integrand = Callable[[acb], acb]


def _guess(start: float, time: float) -> float:
    """Approximate theta_T from the flow of `s = 1/theta`, whose speed is near 1/(3 pi)."""

    def speed(_t: float, s: Array) -> Array:
        t = 1 / s
        return s**2 * (np.sin(t) - t * np.cos(t)) / (np.pi * np.sin(t))

    first = 0.0
    if start > 3:  # sin vanishes at pi: leave it by rho' = GAP, near 1 there
        first = min(time / 2, 1e-3)
        start = float(np.arccos(np.clip(np.cos(start) + first, -1, 1)))
    found = solve_ivp(speed, (first, time), [1 / start], rtol=1e-10, atol=1e-12)
    return float(1 / found.y[0, -1])


def limit_float(x: Cosine, T: float, rtol: float = 1e-10) -> Array:
    """Return R(T)/T in double precision by an adaptive solver, for plots; shape of the cosines."""
    size = x.v.size

    def field(_t: float, y: Array) -> Array:
        v = np.clip(y[:size], 0, 2)
        at = Cosine(v, 2 - v)
        return np.concatenate([-gap(at), half_term(at) - at.angle / np.pi * y[size:]])

    start: Any = np.concatenate([x.v.ravel(), np.zeros(size)])
    solved = solve_ivp(field, (0, T), start, method="DOP853", rtol=rtol, atol=rtol * 1e-2)
    return solved.y[size:, -1].reshape(x.v.shape) / T
