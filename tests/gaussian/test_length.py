from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian.length import (
    LengthMap,
    critical_line,
    critical_point,
    depth_scale,
    fixed_point,
    fixed_points,
    slopes,
)
from mfcheck.symbolic.activation import LIBRARY, X

T = sp.tanh(X)


def near(value: arb, text: str, error: str = "1e-14") -> bool:
    return bool(abs(value - arb(text)) < arb(error) and value.rad() < arb(error))


@pytest.mark.parametrize(
    ("sigma_w", "q", "chi_1", "chi_2", "xi"),
    [
        (
            "1.3",
            ".60704679190932322904",
            ".93980742868215381932",
            ".54347201864136287584",
            "1.33766764253930831",
        ),
        (
            "2.5",
            "4.079123875282245992",
            "1.5852247650060330499",
            "1.1960412914242482014",
            ".68834145723677317",
        ),
        ("4", "12.604149497844293736", "2.3672610355458824974", "1.8571760414109087316", None),
    ],
)
def test_fixed_points_of_tanh(sigma_w: str, q: str, chi_1: str, chi_2: str, xi: str | None) -> None:
    weight = Fraction(sigma_w) ** 2
    chosen = LengthMap(T, weight, Fraction(9, 100))
    found = fixed_points(chosen)
    assert len(found.points) == 1
    assert "no others" in found.statement
    point = fixed_point(chosen)
    assert point.stability == "stable"
    assert near(point.value, q, "1e-13")
    first, second = slopes(T, weight, point.value)
    assert near(first, chi_1, "1e-13")
    assert near(second, chi_2, "1e-13")
    if xi is not None:
        assert near(depth_scale(point.slope), xi, "1e-13")
    # A planted error: without phi phi'' the slope would be chi_1.
    assert not point.slope.overlaps(first)


def test_thirty_digits_against_mpmath() -> None:
    with mp.workdps(40):

        def gap(q: mp.mpf) -> mp.mpf:
            root = mp.sqrt(q)
            square = mp.quad(lambda z: mp.tanh(root * z) ** 2 * mp.npdf(z), range(-14, 15, 2))
            return mp.mpf(25) / 4 * square + mp.mpf(9) / 100 - q

        reference = mp.findroot(gap, (4.0, 4.1))
        value = fixed_point(LengthMap(T, Fraction(25, 4), Fraction(9, 100)), 30).value
        assert value.rad() < 1e-29
        assert abs(mp.mpf(value.str(38, radius=False)) - reference) < mp.mpf(10) ** -29


def test_zero_bias() -> None:
    """The origin is unstable above sigma_w = 1, stable below, and stable at it by the second derivative."""
    states = {}
    for weight in (Fraction(1, 2), 1, 4):
        found = fixed_points(LengthMap(T, weight, 0)).points
        states[weight] = [point.stability for point in found]
        assert found[0].value.is_zero()
    assert states == {Fraction(1, 2): ["stable"], 1: ["stable"], 4: ["unstable", "stable"]}


def test_unstable_fixed_point_of_silu() -> None:
    chosen = LengthMap(LIBRARY["silu"], Fraction(16795316, 10**7) ** 2, Fraction(4, 100))
    low, high = fixed_points(chosen).points
    assert (low.stability, high.stability) == ("stable", "unstable")
    assert near(low.value, ".19404", "1e-4")
    assert near(high.value, ".68945", "1e-4")
    assert fixed_point(chosen, stable=False).value.overlaps(high.value)


def test_relu() -> None:
    relu = sp.Max(0, X)
    point = fixed_point(LengthMap(relu, 1, Fraction(1, 10)))
    assert point.value.overlaps(arb(1) / 5)
    with pytest.raises(InputError, match="undecided"):
        fixed_points(LengthMap(relu, 2, 0))
    with pytest.raises(InputError, match="no stable"):
        fixed_point(LengthMap(relu, 3, Fraction(1, 10)))


@pytest.mark.parametrize(
    ("name", "sigma_b", "q", "sigma_w", "slope"),
    [
        ("tanh", ".3", ".763474766910463928", "1.3955839751549022117", ".45164027040261042867"),
        ("silu", ".2", ".68945250291376798608", "1.6795316006916457682", "1.098727803680624599"),
        ("erf", ".3", ".68877126946500409202", "1.233672505839020669", ".42060235879104021486"),
    ],
)
def test_critical_points(name: str, sigma_b: str, q: str, sigma_w: str, slope: str) -> None:
    point = critical_point(LIBRARY[name], Fraction(sigma_b) ** 2)
    assert near(point.q, q)
    assert near(point.sigma_w, sigma_w)
    assert near(point.slope, slope, "1e-13")


def test_ends_of_the_critical_line() -> None:
    assert critical_point(T, 0).sigma_w.overlaps(arb(1))
    assert critical_point(LIBRARY["erf"], 0).sigma_w.overlaps(arb.pi().sqrt() / 2)
    assert critical_point(sp.Max(0, X), 0).sigma_w.overlaps(arb(2).sqrt())
    with pytest.raises(InputError, match="no critical point"):
        critical_point(sp.Max(0, X), Fraction(1, 10))


def test_line_in_floats_passes_through_the_certified_point() -> None:
    sigma_w, sigma_b = critical_line(T, [0.763474766910463928, 2.0])
    assert abs(sigma_w[0] - 1.3955839751549022) < 1e-13
    assert abs(sigma_b[0] - 0.3) < 1e-13
    assert np.isfinite(sigma_b[1])


def test_depth_scale_refuses() -> None:
    for slope in (arb(1), arb(2), arb(0), arb(1, 1e-9)):
        with pytest.raises(InputError):
            depth_scale(slope)
