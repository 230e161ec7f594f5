"""Particular to the mean-field paper: values of kernels, point sets, settings that are refused."""

from dataclasses import replace
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims import (
    Budget,
    Check,
    Claim,
    Context,
    Data,
    Setting,
)
from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.graph import ConstantGraph
from mfcheck.errors import InputError
from mfcheck.kernels.two_layer import smallest
from mfcheck.points.configurations import circle
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets.setting import needs_encoder, needs_smooth_activation, validate


def _context(claim: Claim, check: Check, **changes: object) -> Context:
    formulas = {**claim.reading(check.reading).formulas, **changes}
    return Context(paper.default, Budget.QUICK, 0, check.id, formulas)


def test_strict_reading_passes_for_the_floor_zero() -> None:
    claim = next(c for c in paper.claims if c.id == "lemma-4-second")
    check = claim.checks[0]
    assert check.run(_context(claim, check, floor=sp.Integer(0))).passed is True


def test_few_samples_are_possible() -> None:
    claim = next(c for c in paper.claims if c.id == "theorem-6-final")
    check = next(c for c in claim.checks if c.id == "theorem-6-final/stated/samples")
    assert check.run(_context(claim, check, samples=sp.Integer(2))).passed is True


def test_a_larger_choice_of_beta_would_do() -> None:
    claim = next(c for c in paper.claims if c.id == "theorem-6-scaling")
    n = claim.readings[0].formulas["choice"].args[0]
    assert claim.checks[0].run(_context(claim, claim.checks[0], choice=n**2)).passed is True


REFERENCE = {
    2: 1.21899,
    3: 0.985895,
    4: 0.251020,
    6: 0.120091,
    8: 0.0446861,
    12: 0.00773449,
    16: 0.00141737712,
    24: 5.72168e-5,
    32: 2.83930e-6,
}
"""lambda_min(G2) of n equispaced points of the circle for tanh, by FFT of the circulant matrix in 40 digits."""


@pytest.mark.parametrize("size", REFERENCE)
def test_circle_values(size: int) -> None:
    value = smallest(circle(size), LIBRARY["tanh"]).value
    assert abs(float(value.mid()) / REFERENCE[size] - 1) < 5e-6
    assert float(value.rad()) < 1e-5 * float(value.mid())


@pytest.mark.parametrize("size", [2, 5, 9])
def test_circle_points_are_rational_and_of_norm_one(size: int) -> None:
    points = circle(size)
    assert all(sum(v * v for v in p) == 1 for p in points)
    X = np.array([[float(v) for v in p] for p in points])
    angles = np.sort(np.arctan2(X[:, 1], X[:, 0]))
    assert np.allclose(np.diff(angles), 2 * np.pi / size, atol=1e-9)


def _with_points(*points: tuple[int, ...], labels: tuple[Fraction, ...] | None = None) -> Setting:
    rows = tuple(tuple(Fraction(v) for v in p) for p in points)
    data = Data(rows, labels or tuple(Fraction(1) for _ in rows))
    return replace(paper.default, data=data)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (_with_points((1, 0)), "at least 2"),
        (_with_points((1, 0), (0, 1), (1, 0)), "rows 1 and 3 are the same point.*singular"),
        (_with_points((1, 0), (2, 0)), "same point"),
        (_with_points((1, 0), (0, 1), labels=(Fraction(1), Fraction(3, 2))), r"\|y\| <= 1"),
    ],
)
def test_unusable_data_are_refused_in_one_line(setting: Setting, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        validate(setting)
    assert "\n" not in str(caught.value)


def test_near_points_are_two_points_and_their_smallest_eigenvalue_is_enclosed() -> None:
    distance = Fraction(1, 10**18)
    cosine = (1 - distance) / (1 + distance)
    rows = ((Fraction(1), Fraction(0)), (cosine, 2 * Fraction(1, 10**9) / (1 + distance)))
    setting = replace(paper.default, data=Data(rows, (Fraction(1), Fraction(-1))))
    assert setting.data.C_max == 1  # in double precision they are one point
    validate(setting)
    graph = ConstantGraph(paper.constants, paper.parameters)
    found = enclose_constant(graph, setting, "lambda_min_A", 15)
    # A(1) - A(c) to first order: the mean of phi'^2, phi = tanh(sqrt2 xi), by what (1 + c)/2 is below 1
    slope = mp.quad(lambda z: 2 * mp.sech(mp.sqrt(2) * z) ** 4 * mp.npdf(z), [-12, 0, 12])
    assert float(found.mid()) == pytest.approx(float(slope) * 1e-18, rel=1e-12)
    assert float(found.rad()) < 1e-30


def test_statements_refuse_what_they_do_not_speak_of() -> None:
    with pytest.raises(InputError, match="alpha > 0"):
        needs_encoder(paper.default.with_values(alpha=0))
    with pytest.raises(InputError, match="Assumption 3"):
        needs_smooth_activation(replace(paper.default, activation=activation("relu(x)")))


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_generated_settings_meet_their_assumption(seed: int) -> None:
    for assumption in paper.assumptions:
        setting = assumption.generate(np.random.default_rng(seed))
        assert assumption.holds(setting).met is True
