"""Identities of one layer against quadrature, series and matrices in numbers; wrong formulas break them."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import dblquad

from mfcheck.kernels import identities as i
from mfcheck.kernels.formulas import K0_U, K1_U, u

R_1 = (K1_U + u * K0_U) / 2


def apart(pairs: list[i.Pair], angle: float) -> float:
    """The largest difference of two sides at an angle."""
    sides = [(lhs - rhs).subs(dict.fromkeys((lhs - rhs).free_symbols, angle)) for lhs, rhs in pairs]
    return max(abs(float(side)) for side in sides)


@pytest.mark.parametrize("angle", [0.4, 2.0])
def test_integrals_against_quadrature_over_the_plane(angle: float) -> None:
    c, s = np.cos(angle), np.sin(angle)

    def mean(power: int) -> float:
        """2 E[g^p g'^p] where both are positive, g' = c g + s z: over z from -c g/s on."""

        def f(z: float, g: float) -> float:
            return (g * (c * g + s * z)) ** power * np.exp(-(g**2 + z**2) / 2) / (2 * np.pi)

        return 2 * float(
            dblquad(f, 0, 10, lambda g: -c * g / s, lambda g: max(0, -c * g / s) + 10)[0]
        )

    found = i.gaussian_integrals(K0_U, K1_U)
    for power, (lhs, _) in enumerate(found):
        at = dict.fromkeys(lhs.free_symbols, angle)
        assert float(lhs.subs(at)) == pytest.approx(mean(power), abs=1e-6)
    assert apart(found, angle) < 1e-12
    assert apart(i.angle_forms(K0_U, K1_U), angle) < 1e-12
    for wrong in ((K0_U / 2, K1_U), (K0_U, K1_U.subs(u, -u)), (K0_U, u * K0_U)):
        assert apart(i.gaussian_integrals(*wrong), angle) > 0.05
        assert apart(i.angle_forms(*wrong), angle) > 0.05


def test_coefficients_over_central_binomials() -> None:
    for power, over in ((0.5, lambda n: -1 / (2 * n - 1)), (-0.5, lambda n: 1)):
        series = mpmath.taylor(lambda x, power=power: (1 - x) ** power, 0, 6)
        for n, coefficient in enumerate(series):
            expected = mpmath.binomial(2 * n, n) / 4**n * over(n)
            assert float(coefficient) == pytest.approx(float(expected), rel=1e-10)
    for name, (lhs, rhs) in i.central_binomials().items():
        at = {s: sp.Rational(1, 3) for s in (lhs - rhs).free_symbols}
        assert abs(float((lhs - rhs).subs(at))) < 1e-12, name


def test_odd_parts_against_numbers() -> None:
    for kernel in (K0_U, K1_U, R_1, u**2 * K0_U):
        f = sp.lambdify(u, kernel, "math")
        odd = sp.lambdify(u, i.odd_part(kernel), "math")
        for at in (0.3, -0.8):
            assert odd(at) == pytest.approx(f(at) - f(-at), abs=1e-12)
    assert i.odd_part(R_1) == u


def test_the_form_on_opposite_pairs_against_the_matrix() -> None:
    rng = np.random.default_rng(0)
    angles, w = rng.uniform(0, np.pi, 3), rng.standard_normal(3)
    x = np.array([np.cos(angles), np.sin(angles)])
    both = np.hstack([x, -x])
    f = np.vectorize(sp.lambdify(u, R_1, "math"))
    K = f(np.clip(both.T @ both, -1, 1))
    v = np.concatenate([w, -w])
    found = i.form_on_opposites(R_1, 3)
    names = {f"w{j}": w[j] for j in range(3)} | {f"x{j}": x.flat[j] for j in range(6)}
    for side in found["form"]:
        at = {s: names[s.name] for s in side.free_symbols}
        assert float(side.subs(at)) == pytest.approx(v @ K @ v, abs=1e-10)
    assert found["odd part"] == (u, u)
    assert i.form_on_opposites(u**2 * K0_U, 3)["odd part"][0] != 0
