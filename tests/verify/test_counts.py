"""Counts of zeros, bounds on half-lines, and the derivatives and bounds that they rest on."""

import json
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.rigor import certificate as make
from mfcheck.verify import counts, formulas, growth
from mfcheck.verify.formulas import iv
from mfcheck.verify.reading import effort
from mfcheck.verify.reals import REALS
from mfcheck.verify.slopes import slope


def verdict(certificate: dict[str, Any]) -> verify.Verdict:
    return verify.verify(json.dumps(certificate))


def value(text: str, **names: float) -> Any:
    effort.start()
    iv.prec = 196
    return formulas.evaluate(text, {k: iv.mpf(x) for k, x in names.items()}, REALS)


# --- derivatives -------------------------------------------------------------------------------------------------

ONE = {
    "exp(x)": mpmath.exp,
    "log(x)": mpmath.log,
    "sqrt(x)": mpmath.sqrt,
    "sin(x)": mpmath.sin,
    "cos(x)": mpmath.cos,
    "tanh(x)": mpmath.tanh,
    "erf(x)": mpmath.erf,
    "atan(x)": mpmath.atan,
    "-x": lambda x: -x,
    "x**3": lambda x: x**3,
    "x**1": lambda x: x,
    "x**(-2)": lambda x: x**-2,
    "x**0.5": mpmath.sqrt,
    "2**x": lambda x: mpmath.mpf(2) ** x,
    "x**x": lambda x: x**x,
    "3/x": lambda x: 3 / x,
    "x/3": lambda x: x / 3,
    "7 + max(2, 3)": lambda _: mpmath.mpf(10),
}


@given(st.sampled_from(sorted(ONE)), st.sampled_from(sorted(ONE)), st.sampled_from("+-*/"))
@settings(max_examples=150, deadline=None)
def test_derivatives_are_those_of_differences(f: str, g: str, operator: str) -> None:
    """A composition and a second function, combined: mpmath differentiates them numerically."""
    text = f"({f.replace('x', '(1 + x**2)') if 'exp' not in f and 'max' not in f else f}){operator}({g})"
    text = text.replace("ma(1 + x**2)", "max")

    def inner(x: Any) -> Any:
        at = x if "exp" in f or "max" in f else 1 + x**2
        left, right = ONE[f](at), ONE[g](x)
        return {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[
            operator
        ]

    with mpmath.workdps(40):
        at = mpmath.mpf("1.25")
        right = mpmath.diff(inner, at)
        found = value(slope(text, "x"), x=1.25)
        assert mpmath.mpf(found.a) - 1e-12 <= right <= mpmath.mpf(found.b) + 1e-12
        assert found.delta < 1e-20


def test_derivatives_of_means_are_means_of_derivatives() -> None:
    found = value(slope("normal(z, tanh(s*z)**2)", "s"), s=0.75)
    density = mpmath.npdf

    def moved(s: Any) -> Any:
        return mpmath.quad(lambda z: mpmath.tanh(s * z) ** 2 * density(z), [-12, -3, 0, 3, 12])

    with mpmath.workdps(30):
        right = (moved(mpmath.mpf("0.7501")) - moved(mpmath.mpf("0.7499"))) / mpmath.mpf("0.0002")
    assert abs(mpmath.mpf(found.mid) - right) < 1e-8


@pytest.mark.parametrize(
    "text",
    [
        "max(x, 1)",
        "min(x, 1)",
        "step(x)",
        "A(x)",
        "pair(z, 1/2, x*z, z)",
        "integral(t, 0, x, t)",
        "*".join(["(x+1)"] * 120),
    ],
)
def test_what_has_no_derivative_is_refused(text: str) -> None:
    with pytest.raises(verify.UnprovedError):
        slope(text, "x")


# --- zeros -------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=4, unique=True),
    st.integers(-10, 9),
    st.integers(1, 8),
)
@settings(max_examples=60, deadline=None)
def test_zeros_of_polynomials_are_counted(roots: list[int], start: int, length: int) -> None:
    """No factor vanishes at an end, which is a half away from the whole numbers."""
    low, high = f"{2 * start + 1}/2", f"{2 * (start + length) + 1}/2"
    right = sum(start + 0.5 < r < start + length + 0.5 for r in roots)
    text = "*".join(f"(x - ({r}))" for r in roots)
    for count in range(5):
        found = verdict(make.zeros(text, "x", (low, high), count))
        assert (found.status == "accepted") == (count == right), found.reason


def test_zeros_for_all_values_of_an_input() -> None:
    family = make.zeros("exp(x) - a", "x", (-2, 2), 1, {"a": ("1/2", "3")})
    assert verdict(family).status == "accepted"
    wider = make.zeros("exp(x) - a", "x", (-2, 2), 1, {"a": ("1/10", "3")})
    assert verdict(wider).status == "rejected"


@pytest.mark.parametrize(
    ("text", "ends", "count", "reason"),
    [
        ("(x-1)*(x-1)", (0, 3), 1, "not told apart"),
        ("x**2", (0, 1), 1, "not told apart"),
        ("tanh(x)", (0, 0), 0, "sign at the end"),
        ("1/x", (-1, 1), 1, "not told apart"),
        ("sqrt(x - 1/2)", (0, 1), 1, "not told apart"),
        ("max(x, -x) - 1/2", (-1, 1), 2, "no derivative"),
        ("normal(z, max(x*z, 0)) - 1/10", ("1/100", 1), 1, "no derivative"),
    ],
)
def test_what_is_not_proved_is_said(
    text: str, ends: tuple[Any, Any], count: int, reason: str
) -> None:
    found = verdict(make.zeros(text, "x", ends, count))
    assert found.status == "rejected"
    assert reason in found.reason


def test_many_pieces_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make.zeros("sin(20*x) - 1/3", "x", (0, 3), 20)
    assert verdict(data).status == "accepted"
    monkeypatch.setattr(counts, "MAX_PIECES", 20)
    assert verdict(data).status == "rejected"


@pytest.mark.parametrize(
    ("claim", "witness"),
    [
        ({"count": -1}, {}),
        ({"count": 101}, {}),
        ({"lower": "3"}, {}),
        ({"variable": "exp"}, {}),
        ({"variable": "a"}, {}),
        ({"upper": "-inf"}, {}),
        ({"upper": "inf"}, {}),
        ({}, {"reach": "2"}),
        ({}, {"bits": 15}),
        ({}, {"bits": 257}),
    ],
)
def test_zeros_out_of_form(claim: dict[str, Any], witness: dict[str, Any]) -> None:
    data = make.zeros("exp(x) - a", "x", (-2, 2), 1, {"a": "2"})
    data["claim"].update(claim)
    data["witness"].update(witness)
    found = verdict(make.make("zeros", data["claim"], data["witness"]))
    assert found.status == "malformed"


@pytest.mark.parametrize(
    ("text", "start", "count", "right"),
    [
        # sign beyond: from above, from below
        ("2 + tanh(x) - x", 0, 1, True),
        ("x - 2 - tanh(x)", 0, 1, True),
        ("x - 2 - tanh(x)", 0, 0, False),
        # 1 - tanh falls to 0 without a zero, which bounds of its parts do not see
        ("1 - tanh(x)", 0, 0, False),
        ("sin(x) - x/8", 1, 3, True),
        ("sin(x) - x/8", 1, 1, False),
        ("normal(z, tanh(x*z)**2) - x/4", "1/10", 2, True),
    ],
)
def test_zeros_on_a_half_line(text: str, start: Any, count: int, right: bool) -> None:
    found = verdict(make.zeros(text, "x", (start, None), count, reach=9))
    assert (found.status == "accepted") == right, found.reason


def test_a_zero_beyond_the_last_place_is_not_lost() -> None:
    """At 3: without a look beyond, none would be found up to 2."""
    data = make.zeros("3 - x", "x", (0, None), 0, reach=2)
    assert verdict(data).reason == "a zero beyond the last place is not excluded"
    assert verdict(make.zeros("3 - x", "x", (0, None), 1, reach=4)).status == "accepted"


# --- half-lines --------------------------------------------------------------------------------------------------

LINES = {
    "tanh(x)": np.tanh,
    "erf(x)": np.vectorize(lambda x: float(mpmath.erf(x))),
    "atan(x)*3 - tanh(x)": lambda x: 3 * np.arctan(x) - np.tanh(x),
    "exp(-x**2)": lambda x: np.exp(-(x**2)),
    "1/(1 + x**2)": lambda x: 1 / (1 + x**2),
    "-2*tanh(x)*(1 - tanh(x)**2)": lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
    "sin(x)*exp(-x)": lambda x: np.sin(x) * np.exp(-x),
    "(1 - tanh(x)**2)**3": lambda x: (1 - np.tanh(x) ** 2) ** 3,
    "step(x)": lambda x: np.where(x >= 0, 1.0, 0.0),
}


@pytest.mark.parametrize("text", sorted(LINES))
@pytest.mark.parametrize("start", [-3, -1, 2])
def test_bounds_on_half_lines(text: str, start: int) -> None:
    """A hundredth beyond what is seen on a fine grid is proved; a hundredth less is not."""
    places = np.concatenate([np.linspace(start, 40, 50_001), np.geomspace(40, 1e8, 1000)])
    values = LINES[text](places)
    low, high = float(values.min()), float(values.max())
    for sign in (1, -1):
        lower, upper = f"{low - 0.01 * sign:.6f}", f"{high + 0.01 * sign:.6f}"
        ends = [(lower, None), (None, upper)] if sign < 0 else [(lower, upper)]
        for first, second in ends:
            data = make.half_line(text, "x", start, 7, first, second, digits=8, bisect=9, order=2)
            assert (verdict(data).status == "accepted") == (sign > 0), (first, second)


def test_bounds_on_a_half_line_hold_beyond_the_box() -> None:
    for bound in ({"upper": "5"}, {"lower": "-5"}):
        sign = "-" if "lower" in bound else ""
        data = make.half_line(f"{sign}x", "x", 0, 4, **bound)
        assert verdict(data).reason == "a bound beyond the last place is not proved"
    with_input = make.half_line("a/x", "x", 1, 4, "0", "2", {"a": ("1", "2")}, bisect=6)
    assert verdict(with_input).status == "accepted"
    assert "x >= 1, a in [1, 2]" in verdict(with_input).statement


@pytest.mark.parametrize(
    "claim", [{"variable": "a"}, {"start": "5"}, {"inputs": {"x": "1"}}, {"variable": "pi"}]
)
def test_half_lines_out_of_form(claim: dict[str, Any]) -> None:
    data = make.half_line("a/x", "x", 1, 4, "0", "2", {"a": "1"}, bisect=6)
    found = make.make("half_line", data["claim"] | claim, data["witness"])
    assert verdict(found).status == "malformed"


def test_means_of_what_is_bounded_are_bounded() -> None:
    """On all x >= 2: E tanh(x z)^2 is in [0, 1]; what is not bounded has no such mean."""
    iv.prec = 164
    line = growth.Growth(iv.mpf(1), Fraction(1), low=iv.mpf(2))
    found = formulas.evaluate("normal(z, tanh(x*z)**2)", {"x": line}, growth.GROWTH)
    assert found.low.a <= 0
    assert found.high.b >= 1
    assert found.high.b < 1.001
    with pytest.raises(verify.UnprovedError):
        formulas.evaluate("normal(z, x*z)", {"x": line}, growth.GROWTH)
    with pytest.raises(verify.MalformedError):
        formulas.evaluate("normal(z)", {"x": line}, growth.GROWTH)


# --- steps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", ["1/2", "-1/3", "1/7"])
def test_quadrants_of_two_gaussians(correlation: str) -> None:
    """Sheppard: P(X > 0, Y > 0) = 1/4 + arcsin(c)/(2 pi)."""
    c = mpmath.mpf(correlation.split("/", maxsplit=1)[0]) / int(correlation.rpartition("/")[2])
    with mpmath.workdps(30):
        right = mpmath.mpf(1) / 4 + mpmath.asin(c) / (2 * mpmath.pi)
        ends = [mpmath.nstr(right + d, 12) for d in (-2e-8, 2e-8)]
        false = [mpmath.nstr(right + d, 12) for d in (1e-8, 2e-8)]
    text = f"pair(z, {correlation}, step(z), step(3*z))"
    assert verdict(make.inequality(text, {}, *ends, digits=10)).status == "accepted"
    assert verdict(make.inequality(text, {}, *false, digits=10)).status == "rejected"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("normal(z, step(z))", 0.5),
        ("normal(z, step(-z))", 0.5),
        ("normal(z, step(z**2 - 1))", 2 * float(1 - mpmath.ncdf(1))),
        ("normal(z, z*step(z - 1/3))", float(mpmath.npdf(mpmath.mpf(1) / 3))),
        ("integral(t, -1, 2, step(t)*t)", 2.0),
        ("normal(z, step(max(z, 0)))", 1.0),
        ("normal(z, max(z, 0)**2)", 0.5),
        ("normal(z, min(z, 0)**2*step(z - 50) + 1)", 1.0),
    ],
)
def test_means_of_steps(text: str, right: float) -> None:
    found = value(text)
    assert abs(mpmath.mpf(found.mid) - right) < 1e-12
    assert found.delta < 1e-12


@pytest.mark.parametrize(
    ("text", "lower", "status"),
    [
        ("step(x)", "1", "accepted"),
        ("step(x - 1) + x", "0", "accepted"),
        ("step(x - 1)", "1", "rejected"),
        ("x*step(1 + x) - sin(x)", "0", "accepted"),
        ("step(-x)", "1", "rejected"),
    ],
)
def test_steps_in_inequalities(text: str, lower: str, status: str) -> None:
    data = make.inequality(text, {"x": ("0", "2")}, lower, bisect=8)
    assert verdict(data).status == status


# --- bounds of parts ---------------------------------------------------------------------------------------------

PARTS: list[tuple[str, float | None, float | None]] = [
    # x from 2 on, y from -3 on, w from 1 to 2: by hand
    ("x*y", None, None),
    ("x*x", 4, None),
    ("-x*x", None, -4),
    ("(-x)*(-x)", 4, None),
    ("y**2", 0, None),
    ("y**3", None, None),
    ("x**3", 8, None),
    ("w**2", 1, 4),
    ("(w-2)**2", 0, 1),
    ("exp(w)", 2.718281, 7.389057),
    ("exp(-x)", 0, 0.135336),
    ("tanh(y)", -0.995055, 1),
    ("tanh(-x)", -1, -0.964027),
    ("atan(x)", 1.107148, 1.570797),
    ("erf(w)", 0.842700, 0.995323),
    ("step(y)", 0, 1),
    ("step(x)", 1, 1),
    ("step(-x)", 0, 0),
    ("x*w", 2, None),
    ("1/x", 0, 0.5),
]


@pytest.mark.parametrize(("text", "low", "high"), PARTS)
def test_bounds_of_parts(text: str, low: float | None, high: float | None) -> None:
    iv.prec = 164
    names = {
        "x": growth.Growth(iv.mpf(1), Fraction(1), low=iv.mpf(2)),
        "y": growth.Growth(iv.mpf(1), Fraction(1), low=iv.mpf(-3)),
        "w": growth.constant(iv.mpf([1, 2])),
    }
    found = formulas.evaluate(text, names, growth.GROWTH)
    for bound, right in ((found.low, low), (found.high, high)):
        if right is None:
            assert bound is None
        else:
            assert abs(float(bound.mid) - right) < 1e-5
