"""The audit of the paper on scaling factors: answers, and the widths behind them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims import Data
from mfcheck.kernels.formulas import L
from mfcheck.points.data import circle_data
from mfcheck.rigor.ball import compare, exact
from mfcheck.run.audit import audit, regimes, rejection
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.rntk_scaling import paper
from mfcheck_proofs.rntk_scaling import setting as audited
from mfcheck_proofs.rntk_scaling.setting import (
    EXCESS,
    allowed_variance,
    enough_width,
    m,
    on_sphere,
    variance_of_norm,
)

DEFAULT = paper.default


def test_every_claim_that_assumes_something_has_a_witness() -> None:
    found = [a.record for g in regimes(paper.claims).values() for a in audit(paper, g, DEFAULT, 0)]
    assert {record.answer for record in found} == {"witness"}
    together = {claim for record in found if record.joint for claim in record.claims}
    assert together == {claim.id for claim in paper.claims if claim.assumptions}


def test_the_sphere_asks_for_relu_and_distinct_points() -> None:
    assert on_sphere(DEFAULT).met is True
    assert on_sphere(replace(DEFAULT, activation=LIBRARY["tanh"])).met is False
    one = Fraction(1)
    twice = Data(((one, one), (3 * one, 3 * one)), (one, -one))
    assert on_sphere(replace(DEFAULT, data=twice)).met is False


def test_the_share_of_a_layer_is_that_of_the_moments() -> None:
    a2 = 1 / L  # alpha^2 at gamma = 1/2
    relative = (4 * a2 + a2**2 * (7 + 10 / m)) / (m * (1 + a2) ** 2)
    assert sp.simplify(EXCESS - relative) == 0
    wrong = (4 * a2 + a2**2 * (7 + 9 / m)) / (m * (1 + a2) ** 2)
    assert sp.simplify(EXCESS - wrong) != 0


@given(st.integers(1, 10_000), st.integers(10, 5000))
def test_one_width_serves_every_depth(depth: int, width: int) -> None:
    setting = DEFAULT.with_values(depth=depth, width=width)
    variance = float(variance_of_norm(setting).mid())
    share = (4 / depth + (7 + 10 / width) / depth**2) / (width * (1 + 1 / depth) ** 2)
    assert np.isclose(variance, np.expm1(depth * np.log1p(share)), rtol=1e-9)
    assert variance <= np.expm1(4 / width)


def test_the_width_for_every_depth_is_the_least() -> None:
    strict = DEFAULT.with_values(accuracy=Fraction(1, 10), width=2)
    width = audited.wide_enough(strict)
    limit = exact(1 + allowed_variance(strict)).log()
    assert compare(exact(Fraction(4, width)), limit) == "<"
    assert compare(exact(Fraction(4, width - 1)), limit) == ">"
    assert enough_width(strict).met is False
    assert all(enough_width(audited.deep(strict, depth)).met for depth in (1, 7, 10_000))
    assert not rejection(audited.width_for_every_depth(strict))


@pytest.mark.parametrize("assumption", paper.assumptions, ids=lambda a: a.id)
def test_an_assumption_reads_no_more_than_it_says(assumption: object) -> None:
    reads = set(assumption.reads)  # type: ignore[attr-defined]
    changes = {
        "points": replace(DEFAULT, data=circle_data(7, DEFAULT.data.d)),
        "activation": replace(DEFAULT, activation=LIBRARY["tanh"]),
        **{p.name: DEFAULT.with_values(**{p.name: 2 * DEFAULT[p.name]}) for p in paper.parameters},
    }
    for part, changed in changes.items():
        if part not in reads:
            assert assumption.holds(changed) == assumption.holds(DEFAULT)  # type: ignore[attr-defined]
