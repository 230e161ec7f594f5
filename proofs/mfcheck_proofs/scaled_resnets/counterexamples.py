"""Certificates of counterexamples, for the inequalities that a kind of certificate covers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Case
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, enclose
from mfcheck.symbolic.activation import X
from mfcheck_proofs.scaled_resnets.leaves import cosine_bound
from mfcheck_proofs.scaled_resnets.matrices import smallest
from mfcheck_proofs.scaled_resnets.symbols import Lambda

Formulas = Mapping[str, sp.Basic]


def small_eigenvalue(
    case: Case, formulas: Formulas, candidate: Fraction
) -> certificate.Certificate | None:
    """State that lambda_min(G2) of the points lies below the floor at a candidate; None without a known activation."""
    setting = case.setting
    if not certificate.supports(setting.activation.name):
        return None
    floor = formulas["floor"].subs(Lambda, sp.Rational(candidate.numerator, candidate.denominator))
    found = smallest(setting.data.points, setting.activation)
    stated = Fraction(int(floor.p), int(floor.q))
    points, cosine = setting.data.points, cosine_bound(setting)
    return certificate.counterexample(points, setting.activation.name, found, stated, cosine)


def derivative_value(case: Case, _: Formulas) -> dict[str, Any] | None:
    """State a lower bound of the largest of |s0(x)|/max(|x|,1), |s0'(x)|, |s0''(x)| at the point found."""
    activation, x = case.setting.activation, case["x"]
    scale = max(Fraction(1), abs(x))
    terms = [activation.expr / sp.Rational(scale.numerator, scale.denominator)]
    terms += [activation.derivative(k) for k in (1, 2)]
    values = [enclose(sp.Abs(term), {X: x}, 160) for term in terms]
    best = max(range(3), key=lambda k: float(values[k].mid()))
    with ctx.workprec(160):
        positive = enclose(terms[best], {X: x}, 160) > 0
        lower = bounds(values[best] * (1 - arb(10) ** -12), 15)[0]
    formula = terms[best] if positive else -terms[best]
    try:
        return certificate.inequality(formula, {X.name: x}, lower=lower)
    except InputError:
        return None
