"""Particular to the paper on scaling factors: constants, kernels by other means, bad input."""

from fractions import Fraction

import pytest

from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError
from mfcheck.kernels.enclosure import taylor
from mfcheck.run.inputs import build_setting
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.rntk_scaling import paper
from mfcheck_proofs.rntk_scaling.kernel import EVEN
from mfcheck_proofs.rntk_scaling.setting import DEFAULT, validate


def test_constants() -> None:
    found = {r.id: r for r in evaluate_constants(paper, DEFAULT, 8)}
    assert all(r.evidence == "certified" for r in found.values())
    lower, upper = (
        Fraction(x)
        for x in (found["critical_at_zero"].value.lower, found["critical_at_zero"].value.upper)
    )
    assert Fraction("0.19284") < lower <= upper < Fraction("0.19285")


def test_even_coefficients_of_the_limit_kernel() -> None:
    """The closed form against the Taylor series computed in ball arithmetic."""
    from math import comb

    from flint import arb

    found = taylor(1, arb(1) / 2, 20)
    for k in range(10):
        over = float(EVEN.subs(EVEN.free_symbols.pop(), k))
        assert float(found[2 * k]) == pytest.approx(comb(2 * k, k) / 4**k * over, rel=1e-12)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["depth=0"], "depth must be >= 1"),
        (["alpha=-1"], "alpha must be > 0"),
        (["alpha=nan"], "not a finite number"),
        (["gamma_slow=1/2"], "gamma_slow must be < 1/2"),
        (["gamma_fast=1/2"], "gamma_fast must be > 1/2"),
        (["width=16"], "too small for a relative error"),
    ],
)
def test_bad_parameters(sets: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_setting(paper, sets=sets)


def test_other_activations_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match="ReLU"):
        validate(replace(DEFAULT, activation=LIBRARY["tanh"]))
