"""Constants of the kinetic paper against other quadratures, at other parameters, and its refusals."""

from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import solve_ivp
from scipy.special import polygamma

from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import neural_ode_kinetics as kinetics

DEFAULT = kinetics.paper.default


def with_activation(name: str, **changes: object) -> Setting:
    found = DEFAULT.with_values(**changes)
    return Setting(found.data, activation(name), found.values)


@pytest.mark.parametrize("name", ["tanh", "erf", "arctan", "x", "2*tanh(x/3)"])
@pytest.mark.parametrize(("w", "nu2"), [(-1, "1/2"), (-3, "5"), ("-1/4", "1/20")])
def test_variances_by_mpmath(name: str, w: object, nu2: str) -> None:

    setting = with_activation(name, w=Fraction(w), nu2=Fraction(nu2))
    code = {
        "tanh": mp.tanh,
        "erf": mp.erf,
        "arctan": mp.atan,
        "x": lambda v: v,
        "2*tanh(x/3)": lambda v: 2 * mp.tanh(v / 3),
    }[name]
    w_, nu = (
        mp.mpf(Fraction(w).numerator) / Fraction(w).denominator,
        mp.mpf(Fraction(nu2).numerator) / Fraction(nu2).denominator,
    )
    # The density solves g' = 2 sigma(w y)/nu2 g in y = x + b/w.
    phi = {
        "tanh": lambda u: mp.log(mp.cosh(u)),
        "erf": lambda u: u * mp.erf(u) + (mp.exp(-u * u) - 1) / mp.sqrt(mp.pi),
        "arctan": lambda u: u * mp.atan(u) - mp.log(1 + u * u) / 2,
        "x": lambda u: u * u / 2,
        "2*tanh(x/3)": lambda u: 6 * mp.log(mp.cosh(u / 3)),
    }[name]
    assert mp.diff(phi, 0.7) == pytest.approx(code(mp.mpf("0.7")), rel=1e-10)
    density = lambda y: mp.exp(2 / (nu * w_) * phi(w_ * y))  # noqa: E731
    ends = [0, 1, 4, 16, 64, 256]
    value = mp.quad(lambda y: y * y * density(y), ends) / mp.quad(density, ends)
    assert float(kinetics.fp_variance(setting, 12).mid()) == pytest.approx(float(value), rel=1e-9)


def test_the_mean_by_an_ode_solver() -> None:
    setting = DEFAULT.with_values(w0=1, w1=-2, b1=3, horizon=5)
    right = lambda t, m: (1 - 2 * np.sin(t)) * m + 0.3 + 3 * np.cos(2 * t)  # noqa: E731
    found = solve_ivp(right, (0, 5), [2.0], method="DOP853", rtol=1e-12, atol=1e-12)
    assert float(kinetics.mean_at_horizon(setting, 15).mid()) == pytest.approx(
        found.y[0, -1], rel=1e-9
    )


def test_refusals() -> None:
    with pytest.raises(InputError, match="kink"):
        kinetics.slope_at_zero(with_activation("relu"), 15)
    with pytest.raises(InputError, match="nondecreasing"):
        kinetics.fp_variance(with_activation("sin"), 15)
    values = {c.id: c.value for c in kinetics.CONSTANTS}
    with pytest.raises(InputError, match="infinite"):
        values["invgamma_var"](DEFAULT.with_values(nu2=2), 15)
    with pytest.raises(InputError, match="b > 0"):
        values["invgamma_mean"](DEFAULT.with_values(b=0), 15)


def test_the_mean_far_beyond_the_default_depth() -> None:
    """e^W (m0 + int e^-W b) by mpmath, where W reaches 30 and the law has grown by e^27."""
    setting = DEFAULT.with_values(w0=1, w1=-3, horizon=30, m0=-2)

    def exponent(at: mp.mpf) -> mp.mpf:
        return at - 3 * (1 - mp.cos(at))

    with mp.workdps(40):
        pieces = mp.linspace(0, 30, 61)
        whole = mp.quad(lambda u: mp.exp(-exponent(u)) * (mp.mpf(3) + mp.cos(2 * u)) / 10, pieces)
        wanted = mp.exp(exponent(mp.mpf(30))) * (whole - 2)
    found = next(c for c in kinetics.CONSTANTS if c.id == "mean_t")
    assert found.value is not None
    assert float(found.value(setting, 20).mid()) == pytest.approx(float(wanted), rel=1e-13)


@pytest.mark.parametrize(("w", "nu2"), [("-1/50", "1/2"), ("-1", "10"), ("-10", "1/2")])
def test_paths_run_until_they_have_forgotten_their_start(w: str, nu2: str) -> None:
    """Slow drift, strong noise, and steep drift, against the trigamma function."""
    setting = kinetics.paper.default.with_values(w=Fraction(w), nu2=Fraction(nu2))
    found = kinetics.paper.simulate(setting, 1, options={"paths": "1500"}).final
    exact = polygamma(1, 1 / (float(Fraction(nu2)) * abs(float(Fraction(w))))) / (
        2 * float(Fraction(w)) ** 2
    )
    assert abs(found["fp_var"].value - exact) < 1.5 * found["fp_var"].error < 0.4 * exact
    assert (
        abs(found["fp_mean"].value - 0.3 / abs(float(Fraction(w)))) < 1.5 * found["fp_mean"].error
    )
