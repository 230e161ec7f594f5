"""Gibbs fixed points: quadratic laws, conjugate checks, sheet values, stated errors, enclosures, planted factors."""

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from scipy import integrate, optimize, special, stats

from mfcheck.dynamics.gibbs import Gibbs, circle, cooled, gaussian_tail, line, product, refined
from mfcheck.dynamics.gibbs_ball import GibbsLine
from mfcheck.errors import InputError

XS = np.array([-2, -1, 0.5, 1.5, 2.5])
YS = np.array([0.4, -0.3, 0.5, 0.2, 0.6])


def linear(lam=0.5, beta=4.0, count=801, cut=9.0, planted=1.0):
    # F = R/2 + lam/2 E th^2 + (1/beta) E log rho, R = (E th - 1)^2: mean 1/(1+lam), variance 1/(beta lam).
    x, log_base = line(cut, count)
    return x, Gibbs(
        log_base, lam * x**2 / 2, x[None], lambda z: planted * (z - 1), lambda z: planted * np.eye(1),
        1 / beta, lambda z: float((z[0] - 1) ** 2) / 2,
    )  # fmt: skip


def test_quadratic_law():
    x, problem = linear()
    law = problem.solve()
    assert law.z[0] == pytest.approx(2 / 3, abs=1e-14)
    assert law.mean((x - law.z[0]) ** 2).value == pytest.approx(1 / 2, abs=1e-13)
    gaussian = stats.norm(2 / 3, np.sqrt(0.5))
    assert law.relative_entropy == pytest.approx(-gaussian.entropy(), abs=1e-13)
    energy = (1 / 3) ** 2 / 2 + 0.25 * (4 / 9 + 0.5) - gaussian.entropy() / 4
    assert law.free_energy == pytest.approx(energy, abs=1e-13)
    assert law.residual < 1e-14


def test_wrong_factor_of_the_loss_is_caught():
    law = linear(planted=2.0)[1].solve()
    assert abs(law.z[0] - 2 / 3) > 0.1


def test_wrong_temperature_is_caught():
    x, problem = linear(beta=8.0)  # the law of noise c = 2 where beta = 4 is declared
    law = problem.solve()
    assert law.mean((x - law.z[0]) ** 2).value == pytest.approx(1 / 4, abs=1e-12)


def averaged(lam1=0.02, lam2=0.1, planted=1.0):
    """The optimum of dual averaging: R = mean (z - y)^2/2, U = lam1 th^2, T = lam2."""
    cut = np.sqrt(60 * lam2 / lam1) + 2

    def make(count):
        x, log_base = line(cut, count)
        return Gibbs(
            log_base, planted * lam1 * x**2, np.tanh(XS[:, None] * x + 0.5), lambda z: (z - YS) / 5,
            lambda z: np.eye(5) / 5, lam2, lambda z: float(np.mean((z - YS) ** 2)) / 2,
            gaussian_tail(cut, lam2 / (2 * lam1)), np.ones(5),
        )  # fmt: skip

    return cut, make


def test_dual_averaging_optimum_and_its_virial_identity():
    cut, make = averaged()
    law = refined(make, 301)
    x, _ = line(cut, len(law.masses))
    reference = [-0.0337005355854, None, 0.4399736248574, None, 0.2806209382240]
    for z, value in zip(law.z, reference, strict=True):
        assert value is None or abs(z - value) < 1e-12
    assert law.error < 1e-12
    assert law.free_energy == pytest.approx(-0.0896223581670618, abs=1e-13)
    assert law.relative_entropy == pytest.approx(-1.8525986706420, abs=1e-12)
    square = law.mean(x**2, gaussian_tail(cut, 2.5, 2))
    assert abs(square.value - 2.5213934154848) < square.error + 1e-12
    assert square.error < 1e-10
    slopes = XS[:, None] * (1 - np.tanh(XS[:, None] * x + 0.5) ** 2)
    virial = law.mean(x * (law.c @ slopes) + 2 * 0.02 * x**2).value
    assert virial == pytest.approx(0.1, abs=1e-12)


def test_half_the_regulariser_is_caught():
    cut, make = averaged(planted=0.5)
    law = make(4001).solve()
    x, _ = line(cut, 4001)
    assert abs(law.mean(x**2).value - 2.5213934154848) > 0.1


def test_cold_problem_with_a_stiff_interaction():
    lam2 = 1e-2
    x, log_base = line(3, 2001)
    features = np.sin(XS[:, None] * x * 3)
    problem = Gibbs(
        log_base, x**2 / 4, features, lambda z: 40 * (z - YS), lambda z: 40 * np.eye(5), lam2,
        lambda z: 20 * float(np.sum((z - YS) ** 2)),
    )  # fmt: skip
    law = problem.solve()
    assert law.residual < 1e-12
    # the free energy is convex: no mixture with a shifted law is below it
    for shift in (-0.05, 0.05):
        masses, log_z = problem.law(law.c + shift)
        z = features @ masses
        relative = -(masses @ problem.potential + (law.c + shift) @ z) / lam2 - log_z
        energy = problem.risk(z) + masses @ problem.potential + lam2 * relative
        assert energy > law.free_energy


def test_cooling_reaches_the_same_law():
    x, log_base = line(3, 2001)
    features = np.sin(XS[:, None] * x * 3)

    def make(T):
        return Gibbs(
            log_base, x**2 / 4, features, lambda z: 4 * (z - YS), lambda z: 4 * np.eye(5), T,
            lambda z: 2 * float(np.sum((z - YS) ** 2)),
        )  # fmt: skip

    direct = make(0.01).solve()
    slow = cooled(make, [1.0, 0.4, 0.15, 0.06, 0.025, 0.01])
    assert slow.z == pytest.approx(direct.z, abs=1e-10)
    colder = cooled(make, list(0.01 * 0.6 ** np.arange(8)))
    assert colder.residual < 1e-10
    assert colder.problem.temperature == pytest.approx(0.01 * 0.6**7)


def test_angle_measure_against_bessel_functions():
    # Kuramoto's law: rho ~ exp(kappa z cos/T), z = I1/I0(kappa z/T).
    phi, log_base = circle(64)
    kappa, T = 1.0, 0.3
    features = np.cos(phi)[None]
    problem = Gibbs(
        log_base, 0 * phi, features, lambda z: -kappa * z, lambda z: -kappa * np.eye(1), T
    )
    law = problem.solve(np.array([0.8]))
    root = optimize.brentq(
        lambda z: z - special.ive(1, z / T) / special.ive(0, z / T), 0.1, 1, xtol=1e-15
    )
    assert law.z[0] == pytest.approx(root, abs=1e-13)
    with pytest.raises(ValueError, match="risk"):
        _ = law.free_energy


def test_two_dimensions():
    nodes, log_base = product(line(8, 121), line(8, 121))
    features = np.tanh(nodes[:, 0] * nodes[:, 1])[None]
    problem = Gibbs(
        log_base, np.sum(nodes**2, axis=1) / 2, features, lambda z: z - 1, lambda z: np.eye(1), 1.0
    )
    z = problem.solve().z[0]

    def weight(y, x):
        return np.exp(-(x**2 + y**2) / 2 - (z - 1) * np.tanh(x * y))

    top = integrate.dblquad(lambda y, x: np.tanh(x * y) * weight(y, x), -8, 8, -8, 8)[0]
    assert z == pytest.approx(top / integrate.dblquad(weight, -8, 8, -8, 8)[0], abs=1e-7)


def test_stated_tail_error_covers():
    # Nodes that end too early: the error they make must be within the stated one.
    exact = refined(averaged()[1], 301).z
    for cut in (7.0, 8.0, 9.0):
        x, log_base = line(cut, 4001)
        problem = Gibbs(
            log_base, 0.02 * x**2, np.tanh(XS[:, None] * x + 0.5), lambda z: (z - YS) / 5,
            lambda z: np.eye(5) / 5, 0.1, None, gaussian_tail(cut, 2.5), np.ones(5),
        )  # fmt: skip
        law = problem.solve()
        gap = np.max(np.abs(law.z - exact))
        assert 1e-12 < gap <= law.error


def test_gaussian_tail():
    for power in (0, 1, 2):
        exact = 2 * integrate.quad(lambda x, p=power: x**p * stats.norm.pdf(x, 0, 1.5), 2, 40)[0]
        assert gaussian_tail(2, 2.25, power) == pytest.approx(exact, rel=1e-9)


def ball_problem():
    x, z = sp.Symbol("x", real=True), sp.symbols("z:5", real=True)
    half, n = sp.Rational(1, 2), sp.Integer(5)
    return x, GibbsLine(
        x, tuple(sp.tanh(sp.nsimplify(a) * x + half) for a in XS), (sp.Integer(1),) * 5, z,
        tuple((s - sp.nsimplify(y)) / n for s, y in zip(z, YS, strict=True)),
        sp.Rational(1, 25), sp.Rational(1, 10),
    )  # fmt: skip


def test_enclosure_of_the_dual_averaging_optimum():
    law = refined(averaged()[1], 301)
    x, problem = ball_problem()
    found = problem.enclose(law.z)
    for ball, value in zip(found.z, law.z, strict=True):
        assert float(ball.rad()) < 1e-22
        assert abs(float(ball.mid()) - value) < 1e-13
    assert abs(float(found.mean(x, (arb(1), 1)).mid()) - 0.3301149744961) < 1e-12
    assert abs(float(found.entropy.mid()) + 1.8525986706420) < 1e-12
    with pytest.raises(InputError, match="no fixed point is proved"):
        problem.enclose(law.z + 1e-3)


@pytest.mark.parametrize("tolerance", [1e-6, 1e-20])
def test_enclosed_integrals_hold_the_exact_values(tolerance):
    x, problem = ball_problem()
    with ctx.workprec(96):
        still, root = [arb(0)] * 5, (5 * arb.pi()).sqrt()  # 2 pi T/kappa, T = 1/10, kappa = 1/25
        for f, growth, exact in (
            (sp.Integer(1), (arb(1), 0), root),
            (x**2, (arb(1), 2), root * 5 / 2),
            (sp.cos(x), (arb(1), 0), root * (-arb(5) / 4).exp()),
        ):
            found = problem.integral(f, still, tolerance, growth)
            assert found.overlaps(exact)
            assert float(found.rad()) < 20 * tolerance


def test_interaction_that_attracts_is_enclosed_per_branch():
    # h = sin x, c = -3 z: 0 is a fixed point, and so are +-z with z > 0.
    x, z = sp.Symbol("x", real=True), sp.Symbol("z", real=True)
    problem = GibbsLine(
        x, (sp.sin(x),), (sp.Integer(1),), (z,), (-3 * z,), sp.Integer(1), sp.Rational(1, 2)
    )
    grid, log_base = line(8, 2001)
    floats = Gibbs(
        log_base, grid**2 / 2, np.sin(grid)[None], lambda v: -3 * v, lambda v: -3 * np.eye(1), 0.5
    )
    up = problem.enclose(floats.solve(np.array([0.9])).z).z[0]
    zero = problem.enclose(np.zeros(1)).z[0]
    assert zero.contains(0)
    assert up > 0.5
    with pytest.raises(InputError, match="proved"):
        problem.enclose(np.zeros(1), radius=1.0)


def test_bad_problems_are_refused():
    x, base = line(1, 5)
    with pytest.raises(InputError, match="positive"):
        Gibbs(base, x, x[None], lambda z: z, lambda z: np.eye(1), 0.0)
    with pytest.raises(InputError, match="row"):
        Gibbs(base, x, x, lambda z: z, lambda z: np.eye(1), 1.0)
    with pytest.raises(InputError, match="bounds"):
        Gibbs(base, x, x[None], lambda z: z, lambda z: np.eye(1), 1.0, tail=0.1)
