from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck import load_paper
from mfcheck.claims import Case, Inequality, Variable
from mfcheck.falsify import space
from mfcheck.points import configurations as conf
from mfcheck.points.configurations import Points

PAPER = load_paper("scaled-resnets")
BETA = Variable("beta", Fraction(1, 100), Fraction(1000), log=True)
TIME = Variable("T", Fraction(-1), Fraction(3))


def inequality(*varies: str) -> Inequality:
    return Inequality(
        "q",
        "",
        varies,
        lambda s, f: (0.0, 1.0),
        lambda c, f: (0, 1),
        reading="stated",
        own=(TIME,),
        ranges=(BETA,) if "beta" in varies else (),
    )


FULL = inequality("points", "labels", "activation", "beta")


@given(st.sampled_from([BETA, TIME]), st.floats(0, 1))
def test_shares_of_a_range_and_back(variable: Variable, share: float) -> None:
    value = space.at(variable, share)
    assert space.share_of(variable, value) == pytest.approx(share, abs=1e-9)
    exact = space.rational(variable, value)
    assert variable.low <= exact <= variable.high
    assert float(exact) == pytest.approx(value, rel=1e-10, abs=1e-10)


@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_the_exact_case_of_a_vector_is_its_sample(n: int, d: int, seed: int) -> None:
    inside = space.Space(PAPER.default, FULL, n, d)
    vector = np.random.default_rng(seed).random(inside.size)
    sample, case = inside.sample(vector), inside.case(vector)
    exact = case.sample()
    assert inside.size == n * d + n + 2
    assert all(conf.inner(p, p) == 1 for p in case.setting.data.points)
    assert np.allclose(exact.X, sample.X, atol=1e-10)
    assert np.allclose(exact.y, sample.y, atol=1e-6)
    assert exact.values == pytest.approx(dict(sample.values))


def test_a_case_is_found_again_from_its_vector() -> None:
    case = Case(PAPER.default, (("T", Fraction(1, 2)),))
    inside = space.space_of(case, FULL)
    again = inside.sample(inside.vector(case))
    assert np.allclose(again.X, case.sample().X)
    assert np.allclose(again.y, case.sample().y)
    assert dict(again.values) == pytest.approx(dict(case.sample().values))


def test_what_an_inequality_does_not_depend_on_stays() -> None:
    inside = space.Space(PAPER.default, inequality(), 4, 3)
    assert inside.size == 1
    case = inside.case(np.array([0.25]))
    assert case.setting == PAPER.default
    assert case["T"] == 0


@given(st.integers(0, 2**32 - 1))
def test_draws_are_valid_and_repeatable(seed: int) -> None:
    first, again = (
        space.draw(np.random.default_rng(seed), PAPER.default, FULL, 8, 4) for _ in range(2)
    )
    assert first == again
    data = first.setting.data
    assert data.n >= 2
    assert conf.distinct(data.points)
    assert all(abs(y) <= 1 for y in data.labels)
    assert BETA.low <= first.setting["beta"] <= BETA.high
    assert TIME.low <= first["T"] <= TIME.high


def test_every_family_is_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = [space.draw(rng, PAPER.default, FULL, 6, 3).setting.data.points for _ in range(300)]
    assert any(_antipodal(points) for points in drawn)
    assert any(_closest(points) > 1 - 1e-6 for points in drawn)
    assert any(not all(conf.inner(p, p) == 1 for p in points) for points in drawn)


def _antipodal(points: Points) -> bool:
    return any(tuple(-v for v in p) in points for p in points)


def _closest(points: Points) -> float:
    data = replace(PAPER.default.data, points=points, labels=(Fraction(1),) * len(points))
    return data.C_max
