"""Certificates that comparisons get by themselves; right answers by mpmath."""

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck import verify
from mfcheck.checks import At, Kind, Sides, encloses, zero_of
from mfcheck.checks.certify import NotStatedError, comparison, ends_of
from mfcheck.claims.model import Budget, Context
from mfcheck.claims.setting import parameter, setting_of
from mfcheck.gaussian import E2, E, dphi, phi
from mfcheck.rigor.certificate import dumps, root
from mfcheck.rigor.certified_recursions import recursion
from mfcheck.symbolic.activation import LIBRARY, X

WEIGHT = parameter("weight", 4, "variance of the weights")
BIAS = parameter("bias", "9/100", "variance of the biases")
w, b = WEIGHT.symbol, BIAS.symbol
q = sp.Symbol("q", positive=True)
V = w * E(phi**2, variance=q) + b


class ToyPaper:
    """What a check asks of a paper: its parameters and constants."""

    parameters = (WEIGHT, BIAS)
    constants = ()


def context(**formulas: sp.Expr) -> Context:
    setting = setting_of((WEIGHT, BIAS), activation=LIBRARY["tanh"])
    return Context(setting, Budget.QUICK, 0, "check", formulas, ToyPaper())  # type: ignore[arg-type]


def fixed() -> mpmath.mpf:
    """The variance that tanh leaves alone, by another quadrature."""

    def excess(at: Any) -> Any:
        def f(z: Any) -> Any:
            return mpmath.tanh(mpmath.sqrt(at) * z) ** 2 * mpmath.npdf(z)

        return 4 * mpmath.quad(f, [-12, -3, 0, 3, 12]) + mpmath.mpf("0.09") - at

    with mpmath.workdps(30):
        return mpmath.findroot(excess, (2, 2.5), solver="anderson", tol=1e-25)


def ball(value: mpmath.mpf, error: str = "1e-15") -> arb:
    with ctx.workdps(40):
        return arb(mpmath.nstr(value, 28), error)


def accepted(certificate: dict[str, Any] | None) -> list[str]:
    """The statements of the parts of an accepted bundle."""
    assert certificate is not None
    assert verify.verify(dumps(certificate)).status == "accepted"
    return [part["certificate"]["statement"] for part in certificate["claim"]["parts"]]


def test_a_fixed_point_is_a_zero_and_both_sides_lie_between_the_same_bounds() -> None:
    at = ball(fixed())
    check = encloses(
        "fixed", "V", lambda _: [At(at, where={q: at}, formula=q, zeros={q: V - q})], digits=8
    )
    found = check.run(context(V=V))
    assert found.passed is True
    zero, left, mean, right = accepted(found.certificate)
    assert "normal(xi, tanh(xi*sqrt(zero_0))**2)" in zero
    assert zero.split(" with ")[0].endswith("= 0 for some zero_0")
    assert "normal(xi, tanh(xi*sqrt(zero_0))**2)" in mean
    value = Fraction(mpmath.nstr(fixed(), 20))
    for text in (left, right):
        low, _, high = text.split(" for ")[0].split(" <= ")
        assert Fraction(low) < value < Fraction(high)
        assert Fraction(high) - Fraction(low) < value / 10**7


def test_cases_in_settings_of_their_own() -> None:
    """E tanh'^2 and 4 E tanh^2 + bias at two biases and for two activations, in one bundle."""
    own = context()
    other = replace(own.setting.with_values(bias=Fraction(1, 2)), activation=LIBRARY["sin"])
    sine = (1 - mpmath.exp(-2)) / 2  # E sin^2 of a standard Gaussian
    with mpmath.workdps(30):
        tanh = mpmath.quad(lambda z: mpmath.tanh(z) ** 2 * mpmath.npdf(z), [-12, -3, 0, 3, 12])
    formula = V.subs(q, 1)

    def cases(_: Context) -> list[At]:
        return [
            At(ball(4 * tanh + mpmath.mpf("0.09")), formula=formula),
            At(ball(4 * sine + mpmath.mpf("0.5")), formula=formula, setting=other),
        ]

    found = encloses("V", "V", cases, digits=8).run(context(V=formula))
    assert found.passed is True
    statements = accepted(found.certificate)
    assert sum("tanh" in text for text in statements) == 1
    assert sum("sin" in text for text in statements) == 1
    moved = encloses("V", "V", lambda c: [replace(at, setting=None) for at in cases(c)], digits=8)
    assert moved.run(context(V=formula)).passed is False


@pytest.mark.parametrize(("factor", "found"), [(3, True), (4, False)])
def test_symbols_that_other_certificates_enclose(factor: int, found: bool) -> None:
    """x after 10 halvings of 1, and the root y of y^2 = 2, by certificates of their own; 3 x y = 3 2^(1/2)/1024."""
    x, y = sp.symbols("x y", real=True)
    halved = recursion({}, {"s": "1"}, {"s": "s/2"}, {"end": (10, "s", arb(1) / 1024)})
    root_of_two = root(y**2 - 2, "y", "1.414", "1.415")
    value = 3 * arb(2).sqrt() / 1024
    known = {x: (halved, "end"), y: (root_of_two, "")}
    at = At(value, formula=factor * x * y, enclosed=known, digits=2)
    check = encloses("c", "f", lambda _: [at], digits=2)
    made = check.run(context(f=3 * sp.sqrt(2) / 1024)).certificate
    assert (made is not None) == found
    if found:
        names = [part["name"] for part in made["claim"]["parts"]]
        assert {"x", "y"} < set(names)
        assert len(accepted(made)) == 4


def test_a_formula_against_a_formula() -> None:
    check = encloses("weight", "limit", w * b, relation="<")
    found = check.run(context(limit=sp.Rational(2, 5)))
    assert found.passed is True
    assert len(accepted(found.certificate)) == 1
    assert check.run(context(limit=sp.Rational(1, 3))).passed is False


def test_an_inequality_is_a_gap() -> None:
    with mpmath.workdps(30):
        value = mpmath.quad(lambda z: mpmath.sech(2 * z) ** 4 * mpmath.npdf(z), [-12, -3, 0, 3, 12])
    at = At(ball(value, "1e-15"), formula=E(dphi**2, variance=4))
    check = encloses("slope", "one", lambda _: [at], relation="<")
    found = check.run(context(one=sp.Integer(1)))
    assert found.passed is True
    mean, gap = accepted(found.certificate)
    assert "normal(xi" in mean
    least = Fraction(gap.split(" <= ")[0])
    assert Fraction(8, 10) * (1 - Fraction(float(value))) < least < 1 - Fraction(float(value))


def test_a_number_without_a_formula_has_no_certificate() -> None:
    at = ball(fixed())
    check = encloses("fixed", "V", lambda _: [At(at, where={q: at})], digits=8)
    found = check.run(context(V=V))
    assert found.passed is True
    assert found.certificate is None
    with pytest.raises(NotStatedError, match="left side is a number"):
        comparison(context(), [(at, at, Sides(None, q, {q: at}))], "==", 8)
    with pytest.raises(NotStatedError, match="q is a number without a formula"):
        comparison(context(), [(at, at, Sides(q, q, {q: at}))], "==", 8)


def test_a_wrong_formula_of_a_right_number_has_no_certificate() -> None:
    """The checker encloses the formula, whatever the number beside it says."""
    at = ball(fixed())
    for formula, zeros in (
        (q + sp.Rational(1, 10**6), {q: V - q}),
        (q, {q: V - q + sp.Rational(1, 10**6)}),
        (V + b, {q: V - q}),
    ):
        sides = Sides(formula, q, {q: at}, zeros)
        with pytest.raises(NotStatedError, match="not proved"):
            comparison(context(), [(at, at, sides)], "==", 8)


def test_what_does_not_hold_has_no_certificate() -> None:
    one, two = arb(1), arb(2)
    accepted(comparison(context(), [(one, two, None)], "<", 8))
    for lhs, rhs, relation in ((two, one, "<"), (one, two, ">"), (one, two, ">=")):
        with pytest.raises(NotStatedError, match="not proved"):
            comparison(context(), [(lhs, rhs, None)], relation, 8)
    check = encloses("false", "one", lambda _: arb(2), relation="<")
    assert check.run(context(one=sp.Integer(1))).certificate is None


def test_formulas_outside_the_language_are_named() -> None:
    at = arb(1, 1e-20)
    cases = {
        "gamma": sp.gamma(w / 3),
        "no value": sp.Symbol("free", real=True),
    }
    for words, formula in cases.items():
        with pytest.raises(NotStatedError, match=words):
            comparison(context(), [(at, at, Sides(formula, sp.Integer(1)))], "==", 8)


def test_means_over_two_gaussians_and_inverse_functions() -> None:
    """`E erf(X) erf(Y) = (2/pi) asin(2c/3)` for unit variances; 2/9 at c = 1/3."""
    third = sp.Rational(1, 3)
    formula = E2(sp.erf(X), sp.erf(X), 1, 1, third)
    with mpmath.workdps(30):
        value = 2 / mpmath.pi * mpmath.asin(mpmath.mpf(2) / 9)
    check = encloses(
        "pair", "stated", lambda _: [At(ball(value), formula=formula)], digits=8, whole=True
    )
    found = check.run(context(stated=2 / sp.pi * sp.asin(sp.Rational(2, 9))))
    mean, left, right = accepted(found.certificate)
    assert "pair(xi, 1/3, erf(xi), erf(xi))" in mean
    assert left.split(" <= ")[0] == right.split(" <= ")[0]
    assert "atan" in right


def test_too_many_cases_or_numbers_with_errors_are_left_alone() -> None:
    many = encloses("many", "one", lambda _: [At(arb(1))] * 17)
    found = many.run(context(one=sp.Integer(1)))
    assert (found.passed, found.certificate) == (True, None)
    few = encloses("few", "one", lambda _: [At(arb(1))] * 16)
    assert few.run(context(one=sp.Integer(1))).certificate is not None
    assert few.kind is Kind.CERTIFIED


def test_bounds_leave_room_on_both_sides() -> None:
    low, high = ends_of(arb(2, 1e-9), 6)
    assert Fraction(low) <= 2 - Fraction(2, 10**6)
    assert Fraction(high) >= 2 + Fraction(2, 10**6)
    low, high = ends_of(arb(0), 6)
    assert Fraction(low) < 0 < Fraction(high)
    with pytest.raises(NotStatedError, match="not finite"):
        ends_of(arb.nan(), 6)


def test_constants_that_are_zeros() -> None:
    value = fixed()
    certify = zero_of(q, V - q, lambda _, __: ball(value), (WEIGHT, BIAS))
    part = certify(setting_of((WEIGHT, BIAS), activation=LIBRARY["tanh"]), 8)
    assert part is not None
    verdict = verify.verify(json.dumps(part))
    assert verdict.status == "accepted"
    assert "normal(xi, tanh(xi*sqrt(zero_0))**2)" in verdict.statement
    assert Fraction(part["claim"]["lower"]) < Fraction(mpmath.nstr(value, 20))
    nothing = zero_of(q, E(phi, variance=X) - q, lambda _, __: ball(value), (WEIGHT,))
    assert nothing(setting_of((WEIGHT, BIAS), activation=LIBRARY["tanh"]), 8) is None
