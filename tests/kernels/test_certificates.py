"""Certificates of residual kernels: accepted as they are, and not with another number in them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from mfcheck import verify
from mfcheck.kernels import certificates
from mfcheck.rigor import certificate
from mfcheck.rigor.certificate import Certificate, dumps

HALF = Fraction(1, 2)


def status(parts: Mapping[str, Certificate]) -> str:
    return verify.verify(dumps(certificate.bundle(parts))).status


def kernel(u: str, depth: int, gamma: Fraction) -> tuple[Any, Any]:
    """r_L by the recursion of the paper, and the kernel of all layers, in mpmath."""
    cosine = mpmath.mpf(Fraction(u).numerator) / Fraction(u).denominator
    a = 1 / (1 + mpmath.mpf(depth) ** (2 * mpmath.mpf(gamma.numerator) / gamma.denominator))
    rho, total, product = cosine, mpmath.mpf(0), mpmath.mpf(1)
    for _ in range(depth):
        angle = mpmath.acos(rho)
        k0, k1 = 1 - angle / mpmath.pi, (mpmath.sin(angle) + (mpmath.pi - angle) * rho) / mpmath.pi
        total = (1 - a + a * k0) * total + (k1 + rho * k0) / 2
        product *= 1 - a + a * k0
        rho += a * (k1 - rho)
    whole = (rho + cosine * product + 2 * a * total) / (2 * (1 + depth * a))
    return total / depth, whole


@pytest.mark.parametrize("gamma", [Fraction(0), Fraction(1, 4), Fraction(3, 4)])
def test_layers_against_mpmath(gamma: Fraction) -> None:
    with mpmath.workdps(30):
        for u in ("-9/10", "1/2"):
            found = certificates.layers(Fraction(u), [3, 40], gamma)
            assert (found[3] is found[40]) == (gamma == 0)
            for depth in (3, 40):
                value = found[depth]["claim"]["values"][f"r_{depth}"]
                exact = kernel(u, depth, gamma)[0]
                assert mpmath.mpf(value["lower"]) <= exact <= mpmath.mpf(value["upper"])
                assert status({"run": found[depth]}) == "accepted"


def test_all_layers_against_mpmath() -> None:
    with mpmath.workdps(30):
        made = certificates.all_layers(Fraction(-1, 3), 50, Fraction(3, 4))
        value, exact = made["claim"]["values"]["all"], kernel("-1/3", 50, Fraction(3, 4))[1]
        assert mpmath.mpf(value["lower"]) <= exact <= mpmath.mpf(value["upper"])
        assert status({"all": made}) == "accepted"


def test_tables_are_accepted_if_each_row_is_the_rounding() -> None:
    cosines, unit = (Fraction(-1, 2), Fraction(1, 3)), Fraction(1, 1000)
    with mpmath.workdps(30):
        worst = max(abs(kernel(u, 20, HALF)[0] - mpmath.mpf(1) / 4) for u in ("-1/2", "1/3"))
        stated = Fraction(round(float(worst) * 1000), 1000)
    others = dict.fromkeys(cosines, "1/4")
    assert status(certificates.largest({20: (stated, unit)}, cosines, HALF, others)) == "accepted"
    for wrong in (stated + unit, stated - unit):
        parts = certificates.largest({20: (wrong, unit)}, cosines, HALF, others)
        assert status(parts) == "rejected"


@pytest.mark.parametrize("u", [Fraction(-9, 10), Fraction(1, 2)])
def test_the_limit_against_euler_steps(u: Fraction) -> None:
    """Euler's method of step 1/L for the pair, at two depths, extrapolated."""
    with mpmath.workdps(20):
        coarse, fine = (kernel(str(u), depth, HALF)[0] for depth in (200, 400))
        value = 2 * fine - coarse
    parts, formula, name = certificates.limit(u, "angle")
    for shift, expected in ((0, "accepted"), (0.002, "rejected")):
        ends = (str(float(value) + shift + side * 0.0005) for side in (-1, 1))
        bounds = certificate.inequality(formula, {"x": name}, *ends, digits=10)
        assert status({**parts, "limit": bounds}) == expected
