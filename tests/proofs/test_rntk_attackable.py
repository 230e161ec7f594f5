"""Fast and enclosed sides agree; each inequality has a false variant that is found, and is itself not refuted."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.claims import Case, Claim, Inequality
from mfcheck.falsify import space
from mfcheck.falsify.attack import attack
from mfcheck.falsify.search import Sizes
from mfcheck.falsify.target import Target
from mfcheck.kernels.arccos import from_distance
from mfcheck.kernels.rntk import rntk
from mfcheck.kernels.single import rntk_of_pair
from mfcheck_proofs.rntk_scaling import paper
from mfcheck_proofs.rntk_scaling.setting import DEFAULT

PAIRS = [(claim, q) for claim in paper.claims for q in claim.inequalities]
SMALL = Sizes(sampled=30, guided=10, optimised=300, max_n=4, max_d=3)


def by_id(item: object) -> str:
    return getattr(item, "id", "")


@pytest.mark.parametrize(("claim", "inequality"), PAIRS, ids=by_id)
def test_fast_sides_agree_with_the_enclosures(claim: Claim, inequality: Inequality) -> None:
    rng = np.random.default_rng(5)
    formulas = claim.reading(inequality.reading).formulas
    for _ in range(4):
        case = space.draw(rng, DEFAULT, inequality, 4, 3)
        fast = inequality.fast(case.sample(), formulas)
        exact = inequality.enclosed(case, formulas)
        size = sum(abs(float(side.mid())) for side in exact)
        for number, side in zip(fast, exact, strict=True):
            assert number == pytest.approx(float(side.mid()), rel=1e-6, abs=1e-8 * size)


@pytest.mark.parametrize(("claim", "inequality"), PAIRS, ids=by_id)
def test_false_variants_fall_and_the_inequality_stands(
    claim: Claim, inequality: Inequality
) -> None:
    name = inequality.id.rpartition("/")[2]
    (error,) = (e for e in claim.planted if f"{claim.id}/{e.reading}/slack-{name}" in e.rejected_by)
    formulas = dict(claim.reading(inequality.reading).formulas)
    stands = attack(Target(paper, claim, inequality, formulas), SMALL, 0)
    assert stands.counterexample is None
    assert stands.met > 0
    falls = attack(Target(paper, claim, inequality, formulas | dict(error.replace)), SMALL, 0)
    assert falls.counterexample is not None
    assert Fraction(falls.counterexample.lhs.lower) > Fraction(falls.counterexample.rhs.upper)


def test_integers_stay_integers() -> None:
    rng = np.random.default_rng(1)
    slow = next(q for claim, q in PAIRS if claim.id == "theorem-2-slow")
    cases: list[Case] = [space.draw(rng, DEFAULT, slow, 4, 3) for _ in range(30)]
    assert all(case["layers"].denominator == 1 for case in cases)
    assert len({case["layers"] for case in cases}) > 10


@pytest.mark.parametrize("chord", [1e-3, 0.4, 1.0, 1.7, 2.0])
@pytest.mark.parametrize(("depth", "alpha"), [(1, 1.0), (7, 0.3), (200, 0.05), (200, 2.0)])
def test_the_kernel_of_the_search_is_the_kernel(chord: float, depth: int, alpha: float) -> None:
    known = float(rntk(from_distance([chord]), depth, alpha)[0])
    assert rntk_of_pair(chord, depth, alpha) == pytest.approx(known, abs=1e-13)
