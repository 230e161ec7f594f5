"""Certificates of residual kernels: accepted as they are, and not with another number in them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp

from mfcheck import verify
from mfcheck.kernels import certificates
from mfcheck.kernels.formulas import HALF_TERM
from mfcheck.kernels.pairs import ALL_LAYERS, KERNEL, LIMIT, Pair
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
            for depth in (3, 40):
                pair = Pair(Fraction(u), depth, gamma)
                for made, exact in zip(
                    (certificates.layers(pair), certificates.all_layers(pair)),
                    kernel(u, depth, gamma),
                    strict=True,
                ):
                    value = made["claim"]["values"]["kernel"]
                    assert mpmath.mpf(value["lower"]) <= exact <= mpmath.mpf(value["upper"])
                    assert status({"run": made}) == "accepted"


@pytest.mark.parametrize("u", ["-9/10", "1/2"])
@pytest.mark.parametrize("symbol", [KERNEL, ALL_LAYERS, LIMIT])
def test_formulas_of_a_pair_are_bounded_where_they_are(u: str, symbol: sp.Symbol) -> None:
    """The distance of each kernel to r_1; the limit by Euler steps of size 1/L at two depths, extrapolated."""
    with mpmath.workdps(20):
        one_layer = kernel(u, 1, Fraction(0))[0]
        coarse, fine = (kernel(u, depth, HALF) for depth in (200, 400))
        values = {KERNEL: fine[0], ALL_LAYERS: fine[1], LIMIT: 2 * fine[0] - coarse[0]}
        distance = float(abs(values[symbol] - one_layer))
    for shift, expected in ((-0.0005, "accepted"), (0.0005, "rejected")):
        lower = sp.Rational(str(round(distance + shift, 6)))
        formula = sp.Abs(symbol - HALF_TERM)
        parts = certificates.at_least("far", formula, Pair(Fraction(u), 400, HALF), lower)
        assert status(parts) == expected
