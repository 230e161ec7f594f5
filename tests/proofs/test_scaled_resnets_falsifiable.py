"""Fast and enclosed sides of the paper's inequalities agree, and a second method confirms what they state."""

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims import Case, Claim, Data, Inequality, Sample, Setting
from mfcheck.falsify import space
from mfcheck.kernels.two_layer import kernel_matrix
from mfcheck.symbolic.activation import LIBRARY
from mfcheck.verify import verify
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets.assumptions import derivative_value
from mfcheck_proofs.scaled_resnets.constants import C_KL
from mfcheck_proofs.scaled_resnets.lemma4 import STRICT, small_eigenvalue
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.symbols import Q_KL, Lambda, Q_m, lambda_0
from mfcheck_proofs.scaled_resnets.theorem6 import SHIFT
from mfcheck_proofs.scaled_resnets.values import KNOWN, kernel, rounding, value_of

PAIRS = [(claim, q) for claim in paper.claims for q in claim.inequalities]


def by_id(pair: object) -> str:
    return getattr(pair, "id", "")


def formulas(claim: Claim, inequality: Inequality) -> dict[str, sp.Basic]:
    return dict(claim.reading(inequality.reading).formulas)


@pytest.mark.parametrize(("claim", "inequality"), PAIRS, ids=by_id)
def test_fast_sides_agree_with_the_enclosures(claim: Claim, inequality: Inequality) -> None:
    rng = np.random.default_rng(8)
    decided = 0
    for _ in range(4):
        case = space.draw(rng, DEFAULT, inequality, 4, 3)
        if "activation" in inequality.varies and case.setting.activation.name not in SMOOTH:
            setting = Setting(case.setting.data, LIBRARY["tanh"], case.setting.values)
            case = Case(setting, case.own)
        fast = inequality.fast(case.sample(), formulas(claim, inequality))
        if not np.isfinite(fast).all():
            continue
        exact = inequality.enclosed(case, formulas(claim, inequality))
        size = sum(abs(float(side.mid())) for side in exact)
        for number, side in zip(fast, exact, strict=True):
            assert number == pytest.approx(float(side.mid()), rel=2e-4, abs=1e-7 * size)
        decided += 1
    assert decided >= 2


TRUNCATED = 2e-5
"""Coefficients beyond the 160th are left out; those of isru fall slowest, like exp(-1.42 r^(1/2))."""
SMOOTH = ("tanh", "erf", "sin")


@pytest.mark.parametrize("name", sorted(LIBRARY))
@pytest.mark.parametrize("order", [0, 1, 2])
def test_quick_kernels_agree_with_the_certified_ones(name: str, order: int) -> None:
    data = DEFAULT.data
    sample = Sample(data.X, data.y, LIBRARY[name], {})
    found = kernel(sample, order)
    known = kernel_matrix(data.points, LIBRARY[name], order, 15)
    for i in range(data.n):
        for j in range(data.n):
            assert found[i, j] == pytest.approx(float(known[i, j].mid()), rel=TRUNCATED)


def test_quick_constants_agree_with_the_certified_ones() -> None:
    sample = Case(DEFAULT).sample()
    for symbol, id in (
        (lambda_0, "lambda_min_G2"),
        (Q_m, "movement_leading"),
        (Q_KL, "C_KL_leading"),
        (C_KL, "C_KL"),
    ):
        assert KNOWN.quick(sample, symbol) == pytest.approx(
            float(value_of(DEFAULT, id).mid()), rel=1e-6
        )


def test_a_number_that_is_not_defined_is_nan() -> None:
    sample = Case(DEFAULT).sample()
    assert np.isnan(KNOWN.quick(sample, sp.log(lambda_0 - 100)))


def test_rounding_is_a_small_share_of_the_trace() -> None:
    sample = Case(DEFAULT).sample()
    assert rounding(sample) == pytest.approx(1e-11 * np.trace(kernel(sample, 1)), rel=1e-12)


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_the_complexity_of_a_KL_ball_is_at_least_what_the_shift_gives(seed: int) -> None:
    """Mean over all signs of (2 rho e^T A e)^(1/2) beta/n, against the lower bound from Hoelder's inequality."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((4, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    sample = Sample(X, np.ones(4), LIBRARY["tanh"], {"rho": 0.3, "beta": 2.0})
    lower, _ = SHIFT.fast(sample, {"bound": sp.Integer(1)})
    A = kernel(sample, 0)
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1)
    mean = np.mean(np.sqrt(2 * 0.3 * np.sum(signs * (A @ signs), axis=0))) * 2.0 / 4
    assert lower <= mean <= lower * 1.3


def test_the_shift_has_the_stated_divergence_and_gain() -> None:
    """KL(N(c v, 1) | N(0, 1)) = c^2 v^2/2 and E[a v] = c v^2 under it: rho = c^2 v^2/2 gives (2 rho v^2)^(1/2)."""
    a, c, v = sp.symbols("a c v", positive=True)
    density = sp.exp(-((a - c * v) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    ratio = a**2 / 2 - (a - c * v) ** 2 / 2
    whole = (a, -sp.oo, sp.oo)
    KL = sp.simplify(sp.integrate(density * sp.expand(ratio), whole))
    gain = sp.simplify(sp.integrate(density * a * v, whole))
    assert sp.simplify(KL - c**2 * v**2 / 2) == 0
    assert sp.simplify(gain - sp.sqrt(2 * KL) * v) == 0


def near_pair() -> Case:
    t = Fraction(1, 10**4)
    points = (
        (Fraction(0), Fraction(1)),
        (2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)),
    )
    data = Data(points, (Fraction(1), Fraction(-1)))
    return Case(Setting(data, LIBRARY["tanh"], DEFAULT.values))


def test_certificates_of_counterexamples_are_accepted() -> None:
    certificate = small_eigenvalue(near_pair(), {"floor": Lambda})
    assert certificate is not None
    assert verify(json.dumps(certificate)).status == "accepted"
    certificate["claim"]["upper"] = "1/1000000000000"
    assert verify(json.dumps(certificate)).status != "accepted"
    for name in ("tanh", "sin", "arctan"):
        case = Case(Setting(DEFAULT.data, LIBRARY[name], DEFAULT.values), (("x", Fraction(1, 3)),))
        found = derivative_value(case, {})
        assert found is not None
        assert verify(json.dumps(found)).status == "accepted", found["claim"]


def test_the_strict_candidate_is_undercut_by_a_near_pair() -> None:
    left, right = STRICT.enclosed(near_pair(), {"floor": Lambda})
    assert isinstance(left, arb)
    assert left > right
