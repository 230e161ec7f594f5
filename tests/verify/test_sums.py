"""Finite sums in formulas: values by closed forms and by adding up in fractions, forgeries, work."""

import json
import math
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify.formulas import FUNCTIONS, evaluate, iv
from mfcheck.verify.reading import MalformedError
from mfcheck.verify.reals import REALS

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 164


VALUES = [
    ("sum(k, 1, 100, k)", Fraction(5050)),
    ("sum(k, 0, 3, (k - 2)**3)", Fraction(-8)),
    ("sum(k, 5, 5, 1/k)", Fraction(1, 5)),
    ("sum(k, 0, 2000 - 1, 1)", None),
    ("sum(k, 0, 10, a**k)", sum(Fraction(7, 10) ** k for k in range(11))),
    ("sum(j, 1, 4, sum(k, 1, 3, j*k))", Fraction(60)),
    ("sum(k, 1, 9, integral(x, 0, 1, x**(k - 1)))", sum(Fraction(1, k) for k in range(1, 10))),
    ("integral(x, 0, 1, 1) + sum(x, 1, 2, x)", Fraction(4)),
    ("sum(k, 1, 3, k) + sum(k, 1, 2, k)", Fraction(9)),
]


@pytest.mark.parametrize(("formula", "value"), VALUES)
def test_values_that_are_known(formula: str, value: Fraction | None) -> None:
    if value is None:
        with pytest.raises(MalformedError):
            evaluate(formula, {}, REALS)
        return
    found = evaluate(formula, {"a": iv.mpf(7) / 10}, REALS)
    exact = mpmath.mpf(value.numerator) / value.denominator
    assert mpmath.mpf(found.a) - 1e-14 <= exact <= mpmath.mpf(found.b) + 1e-14
    assert mpmath.mpf(found.delta) < 1e-8


def test_a_sum_over_an_interval_holds_all_its_values() -> None:
    found = evaluate("sum(k, 1, 3, x**k)", {"x": iv.mpf([-1, 2])}, REALS)
    for x in (Fraction(-1), Fraction(0), Fraction(2)):
        value = float(x + x**2 + x**3)
        assert float(found.a) <= value <= float(found.b)


@given(st.floats(-7, 7), st.sampled_from([0.0, 1e-40, 1e-20, 1e-9, 0.3]))
@settings(max_examples=200, deadline=None)
def test_erf_of_narrow_and_wide_intervals(x: float, radius: float) -> None:
    """Its values at both ends by mpmath, in three times as many digits."""
    for prec in (90, 164, 300):
        iv.prec = prec
        around = iv.mpf([x, x]) + iv.mpf([-1, 1]) * radius
        found = FUNCTIONS["erf"](around)
        with mpmath.workprec(3 * prec):
            low, high = mpmath.erf(mpmath.mpf(around.a)), mpmath.erf(mpmath.mpf(around.b))
            assert mpmath.mpf(found.a) <= low
            assert high <= mpmath.mpf(found.b)
        assert found.delta <= 2.5 * radius + mpmath.mpf(2) ** (18 - prec)


# --- certificates ----------------------------------------------------------------------------------------------------

TAIL = "sum(k, 1, 9, k*(1-erf(k*D/sqrt(2))))"
BELLS = "sum(k, 1, 9, exp(-(k*D)**2/2))"
STEP = f"D*(1/4+2*{TAIL}) - (1+2*{BELLS})/sqrt(2*pi)"
GAP = f"1-D*(1+2*{BELLS})/sqrt(2*pi)"
"""Vanishes at the best step for 20 levels; the mean square error there."""


def by_search() -> tuple[float, float]:
    """The step at which u - D k is orthogonal to k, and its mean square, by integrals over the cells of SciPy."""

    def over_cells(d: float, f: Callable[[float, float], float]) -> float:
        ends = [d * k for k in range(10)] + [12.0]
        density = 1 / math.sqrt(2 * math.pi)
        cells = [
            integrate.quad(
                lambda u, k=k: f(u, k + 0.5) * density * math.exp(-u * u / 2), a, b, epsabs=1e-14
            )[0]
            for k, (a, b) in enumerate(pairwise(ends))
        ]
        return 2 * sum(cells)

    d = float(
        optimize.brentq(lambda d: over_cells(d, lambda u, k: k * (u - d * k)), 0.2, 0.4, xtol=1e-13)
    )
    return d, over_cells(d, lambda u, k: (u - d * k) ** 2)


def sharp() -> Json:
    step, gap = by_search()
    (low, high), (least, most) = (
        (f"{x - room:.9f}", f"{x + room:.9f}") for x, room in ((step, 1e-7), (gap, 1e-6))
    )
    root = certificate.root(STEP, "D", low, high, digits=8)
    last = certificate.inequality(GAP, {"D": "step_20"}, least, most, digits=8)
    return certificate.bundle({"step_20": root, "gap_20": last})


def test_the_best_step_and_its_error_are_accepted_and_forgeries_are_not(
    forgeries: Callable[..., None],
) -> None:
    true = sharp()
    assert verify.verify(json.dumps(true)).status == "accepted"

    def seal(part: Json) -> None:
        part["statement"] = verify.statement(part["kind"], part["claim"])
        part["sha256"] = verify.digest(part)

    def formula(which: int, old: str, new: str) -> Callable[[Json], None]:
        def edit(data: Json) -> None:
            part = data["claim"]["parts"][which]["certificate"]
            assert old in part["claim"]["formula"]
            part["claim"]["formula"] = part["claim"]["formula"].replace(old, new)
            seal(part)

        return edit

    def bounds(which: int, shift: float) -> Callable[[Json], None]:
        def edit(data: Json) -> None:
            part = data["claim"]["parts"][which]["certificate"]
            for key in ("lower", "upper"):
                part["claim"][key] = f"{float(part['claim'][key]) + shift:.9f}"
            seal(part)

        return edit

    rejected = {
        "step too long": bounds(0, 3e-7),
        "step too short": bounds(0, -3e-7),
        "gap too large": bounds(1, 3e-6),
        "gap too small": bounds(1, -3e-6),
        "a term more": formula(0, "k, 1, 9", "k, 1, 10"),
        "a term less": formula(0, "k, 1, 9", "k, 1, 8"),
        "from the second on": formula(0, "k, 1, 9", "k, 2, 9"),
        "from zero on": formula(1, "k, 1, 9", "k, 0, 9"),
        "one term alone": formula(1, "k, 1, 9", "k, 9, 9"),
        "another weight": formula(0, "k*(1-", "k*k*(1-"),
        "another level in the middle": formula(0, "1/4", "1/2"),
        "erf without root": formula(0, "/sqrt(2)", ""),
        "once for twice": formula(1, "+2*sum", "+sum"),
        "another density": formula(1, "**2/2", "**2"),
        "another sign": formula(0, ") - (", ") + ("),
        "gap without the step": formula(1, "1-D*", "1-"),
        "gap of the square": formula(1, "1-D*", "1-D*D*"),
        "step": formula(0, "D*(1/4", "step(D)*(1/4"),
    }
    forgeries(true, rejected, "rejected")
    malformed = {
        "backwards": formula(0, "k, 1, 9", "k, 9, 1"),
        "to infinity": formula(0, "k, 1, 9", "k, 1, inf"),
        "to a formula": formula(0, "k, 1, 9", "k, 1, 3*3"),
        "to the step": formula(0, "k, 1, 9", "k, 1, D"),
        "to a half": formula(0, "k, 1, 9", "k, 1, 9.5"),
        "too many": formula(0, "k, 1, 9", "k, 1, 9999"),
        "far away": formula(0, "k, 1, 9", "k, 1e300, 1e301"),
        "the step as variable": formula(0, "sum(k", "sum(D"),
        "pi as variable": formula(0, "sum(k", "sum(pi"),
        "no variable": formula(0, "sum(k, ", "sum("),
        "a number as variable": formula(0, "sum(k", "sum(7"),
        "beyond its scope": formula(1, "1-D*", "k-D*"),
        "a key": formula(0, "k, 1, 9", "k=1, 9"),
    }
    forgeries(true, malformed, "malformed")


@pytest.mark.parametrize(
    "formula",
    [
        "sum(a, 1, 2000, sum(b, 1, 2000, sum(c, 1, 2000, a*b*c)))",
        "sum(a, 1, 2000, integral(x, 0, 1, tanh(a*x)))",
        "normal(x, sum(k, 1, 3, x**k))",
        "integral(x, 0, 1, sum(k, 1, 3, cos(1000*k*x)))",
    ],
)
def test_what_takes_too_long_or_is_not_known_ends_in_seconds(formula: str) -> None:
    start = time.process_time()
    data = certificate.inequality(formula, {}, "-1e30", "1e30", digits=8)
    assert verify.verify(json.dumps(data), work=2_000_000).status != "accepted"
    assert time.process_time() - start < 12


def test_a_derivative_of_a_sum_is_refused() -> None:
    data = certificate.zeros("sum(k, 1, 3, x**k) - 1", "x", (0, 1), 1)
    assert verify.verify(json.dumps(data)).status == "rejected"
