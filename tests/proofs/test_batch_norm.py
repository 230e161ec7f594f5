"""Batch normalisation: series against Gegenbauer polynomials of SciPy, remainders, exact rates, bad input."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from scipy import integrate, special
from sympy import expand

from mfcheck import verify
from mfcheck.claims.model import Budget, Context
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.certificate import bundle, dumps, require_accepted
from mfcheck.symbolic.activation import X, activation
from mfcheck_proofs import batch_norm as bn
from mfcheck_proofs.batch_norm import averages
from mfcheck_proofs.batch_norm.averages import Z1, Z2, Averages


@pytest.mark.parametrize(("batch", "name"), [(5, "tanh"), (6, "silu")])
def test_series_against_gegenbauer_polynomials_in_double_precision(batch: int, name: str) -> None:
    f, alpha = activation(name).numpy_function(), (batch - 3) / 2
    root, rho = math.sqrt(batch - 1), -1 / (batch - 1)

    def mean(g) -> float:  # type: ignore[no-untyped-def]
        weight = lambda t: np.sin(t) ** (batch - 3)  # noqa: E731
        over = integrate.quad(
            lambda t: g(np.cos(t)) * weight(t), 0, math.pi, limit=200, epsabs=1e-13
        )[0]
        return over / integrate.quad(weight, 0, math.pi, epsabs=1e-14)[0]

    q = mean(lambda x: f(root * x) ** 2)
    top = mu = 0.0
    for k in range(1, 26):

        def R(x: float, k: int = k) -> float:
            return float(
                special.eval_gegenbauer(k, alpha, x) / special.eval_gegenbauer(k, alpha, 1.0)
            )

        square = mean(lambda x, R=R: f(root * x) * R(x)) ** 2 / mean(lambda x, R=R: R(x) ** 2)
        mu += (1 - R(rho)) * square
        top += k * (k + batch - 3) / (batch - 3) * (1 - R(rho)) * square
    found = bn.by_series(activation(name).expr, batch, 12)
    assert float(found.q) == pytest.approx(q, rel=1e-10)
    assert float(found.mu) == pytest.approx(mu, rel=1e-8)
    assert float(found.rate) == pytest.approx(top / mu, rel=1e-5)


@pytest.mark.parametrize("batch", [4, 7, 8])
def test_enclosures_of_growing_accuracy_are_nested_and_hold_exact_rates(batch: int) -> None:
    tanh = activation("tanh").expr
    coarse, fine = (bn.by_series(tanh, batch, digits) for digits in (6, 40))
    assert coarse.rate.overlaps(fine.rate)
    assert max(fine.rate.rad(), fine.mu.rad(), key=float) < 1e-38
    cubic = expand(2 - X + X**2 / 2 + X**3)
    E = bn.plane_moments(batch)
    assert (E(2, 0), E(1, 1)) == (1, Fraction(-1, batch - 1))
    rate = bn.exact_rate(batch, (4, -2, 1, 2))
    with ctx.workdps(40):
        found = bn.by_series(cubic, batch, 20).rate
        assert found.overlaps(arb(rate.numerator) / rate.denominator)


def test_averages_over_the_sphere_by_sampling() -> None:
    rng, batch = np.random.default_rng(3), 6
    h = rng.standard_normal((400_000, batch))
    h -= h.mean(axis=1, keepdims=True)
    z = math.sqrt(batch) * h / np.linalg.norm(h, axis=1, keepdims=True)
    d = 1 - np.tanh(z) ** 2
    found = bn.by_plane(activation("tanh").expr, batch)
    pairs = (
        (found.product, np.tanh(z[:, 0]) * np.tanh(z[:, 1])),
        (
            found.gradient,
            (batch - 1 - z[:, 0] ** 2) * d[:, 0] ** 2 + (1 + z[:, 0] * z[:, 1]) * d[:, 0] * d[:, 1],
        ),
    )
    for ball, sample in pairs:
        assert abs(float(ball) - sample.mean()) < 4.5 * sample.std() / math.sqrt(len(sample))


def test_what_does_not_exist_is_said_in_one_line() -> None:
    setting = bn.paper.default
    with pytest.raises(InputError, match="kink"):
        bn.fixed(type(setting)(setting.data, activation("hardtanh"), setting.values), 10)
    with pytest.raises(InputError, match="batch <= 1024"):
        bn.fixed(setting.with_values(batch=1025), 10)
    with pytest.raises(InputError, match="constant"):
        bn.by_series(activation("tanh").expr * 0 + 1, 8, 10)


def test_a_large_batch_by_polar_quadrature() -> None:
    # gelu, B = 1024: E phi^2 and E phi phi' over the sphere by Gauss-Legendre in two angles, the rate in the plane.
    found = bn.by_series(activation("gelu").expr, 1024, 12)
    q, mu, rate = (float(v.mid()) for v in (found.q, found.mu, found.rate))
    assert (q, mu, rate) == pytest.approx(
        (0.4251840181829198, 0.3458897535303325, 1.3203330107042124), rel=1e-10
    )


@pytest.mark.parametrize("batch", [4, 5, 8])
def test_averages_in_certificates_are_those_of_the_sphere(batch: int) -> None:
    """Moments of one and two coordinates through a Gaussian in B-1 dimensions, against what the checker finds."""
    found, E = Averages(X**3, batch), bn.plane_moments(batch)
    exact = {
        found.line(X**2): E(2, 0),
        found.line(X**4): E(4, 0),
        found.plane(Z1 * Z2): E(1, 1),
        found.plane(Z1**2 * Z2**2): E(2, 2),
        found.plane(Z1**3 * Z2 + Z1 * Z2**3): 2 * E(3, 1),
    }
    for formula, value in exact.items():
        ends = (str(value - Fraction(1, 10**8)), str(value + Fraction(1, 10**8)))
        data = certificate.inequality(formula, {}, *ends, digits=9)
        assert verify.verify(dumps(data)).status == "accepted"


def test_another_setting_has_certificates_of_its_own() -> None:
    """The swish is neither even nor odd, and has coefficients of all degrees."""
    setting = replace(bn.paper.default.with_values(batch=4), activation=activation("silu"))
    context = Context(setting, Budget.QUICK, 0, "", {}, bn.paper, bn.paper.alarm)
    for parts in (averages.one, averages.two):
        said = require_accepted(bundle(parts(bn.certified(context))), verify.MAX_WORK)
        assert "integral(s, -pi/2, pi/2" in said
