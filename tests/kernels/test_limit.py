"""The limit along the clock, against an independent solver and against the kernel at large depth."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from mfcheck.errors import InputError
from mfcheck.kernels import cosine, kernel, limit_kernel
from mfcheck.kernels.limit import limit_float


def solved(u: float, T: float) -> float:
    """The ODE pair in rho itself, written out again, by an implicit method."""

    def field(_t: float, y: np.ndarray) -> list[float]:
        rho = min(max(y[0], -1.0), 1.0)
        angle = np.arccos(rho)
        k0 = 1 - angle / np.pi
        k1 = rho * k0 + np.sqrt(1 - rho**2) / np.pi
        return [k1 - rho, (k1 + rho * k0) / 2 - (1 - k0) * y[1]]

    found = solve_ivp(field, (0, T), [u, 0.0], method="Radau", rtol=1e-10, atol=1e-12)
    return float(found.y[1, -1] / T)


@settings(deadline=None, max_examples=25)
@given(
    st.fractions(Fraction(-99, 100), Fraction(99, 100), max_denominator=1000),
    st.fractions(Fraction(1, 100), 40),
)
def test_closed_form_solves_the_pair(u: Fraction, T: Fraction) -> None:
    found = limit_kernel(u, T).kernel
    assert found.rad() < 1e-14
    assert float(found.mid()) == pytest.approx(solved(float(u), float(T)), abs=1e-7)


@pytest.mark.parametrize(
    "u", [Fraction(-1), Fraction(-9, 10), Fraction(0), Fraction(9, 10), Fraction(999999, 1000000)]
)
def test_deep_kernels_approach_it(u: Fraction) -> None:
    gaps = [
        float(
            abs(
                kernel(L, Fraction(1, L))(arb(u.numerator) / u.denominator) - limit_kernel(u).kernel
            ).mid()
        )
        for L in (200, 400)
    ]
    assert gaps[1] < 0.6 * gaps[0] < 1e-3


def test_digits_and_precision_agree() -> None:
    coarse, fine = (limit_kernel(Fraction(1, 3), Fraction(1), digits).kernel for digits in (15, 50))
    assert coarse.overlaps(fine)
    assert fine.rad() < 1e-48


def test_large_times_tend_to_a_quarter() -> None:
    assert abs(limit_kernel(Fraction(0), 10**5).kernel - arb(1) / 4) < 1e-4


def test_float_version() -> None:
    u = np.array([-1.0, -0.5, 0.0, 0.7])
    expected = [float(limit_kernel(Fraction(x)).kernel.mid()) for x in u]
    assert limit_float(cosine(u), 1.0) == pytest.approx(expected, abs=1e-8)


def test_at_one() -> None:
    assert limit_kernel(1, 5).kernel == 1


@pytest.mark.parametrize(("u", "T"), [(2, 1), (0, 0), (0, -1)])
def test_bad_input(u: int, T: int) -> None:
    with pytest.raises(InputError):
        limit_kernel(u, T)
