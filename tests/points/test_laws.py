"""Laws with finitely many atoms: exact probabilities against counting, closed forms and samples."""

from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.points.configurations import inner
from mfcheck.points.laws import Law, collide, cross, random_law, uniform

HALF = Fraction(1, 2)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_samples_of_a_cross_are_separated_where_they_differ(d: int) -> None:
    for samples in range(1, 2 * d + 2):
        count = comb(2 * d, samples) * factorial(samples)
        assert cross(d).separated(samples, Fraction(0)) == Fraction(count, (2 * d) ** samples)
    assert cross(d).dimension == d
    assert cross(d).separated(3, Fraction(1)) == 1


def test_unequal_weights_by_hand() -> None:
    """Atoms e_1, e_2 and one at 60 degrees of e_1, 30 of e_2 (a rational neighbour): only some pairs are apart."""
    atoms = (
        (Fraction(1), Fraction(0)),
        (Fraction(0), Fraction(1)),
        (Fraction(8, 17), Fraction(15, 17)),
    )
    law = Law(atoms, (HALF, Fraction(1, 3), Fraction(1, 6)))
    assert law.separated(2, HALF) == 2 * (HALF / 3 + HALF / 6)
    assert law.separated(2, Fraction(0)) == 2 * HALF / 3


@given(st.integers(0, 1000), st.integers(2, 4))
def test_random_laws_are_laws_on_the_sphere(seed: int, d: int) -> None:
    law = random_law(np.random.default_rng(seed), d)
    assert sum(law.weights) == 1
    assert all(inner(x, x) == 1 for x in law.atoms)
    assert {len(x) for x in law.atoms} == {d}


def test_frequencies_of_samples() -> None:
    rng = np.random.default_rng(1)
    law = random_law(rng, 3)
    drawn = rng.choice(6, p=[float(w) for w in law.weights], size=(20_000, 3))
    X = np.array([[float(v) for v in x] for x in law.atoms])
    gram = np.einsum("sid,sjd->sij", X[drawn], X[drawn])
    above = np.triu(np.ones((3, 3), dtype=bool), 1)
    share = float(np.mean(np.all(gram[:, above] <= 0.5, axis=1)))
    known = float(law.separated(3, HALF))
    assert abs(share - known) < 5 * np.sqrt(known * (1 - known) / 20_000) + 1e-9


def test_so_many_samples_collide() -> None:
    assert collide(365) == 23
    for size in (1, 2, 8, 100):
        law, n = np.arange(size), collide(size)
        different = [np.prod(1 - np.arange(k) / len(law)) for k in (n - 1, n)]
        assert different[1] < 0.5 <= different[0] or n == 2
    assert uniform(((Fraction(1),),)).separated(2, HALF) == 0


@given(st.integers(10_001, 10**7))
def test_a_sufficient_number_of_samples_for_many_classes(size: int) -> None:
    n = collide(size)
    assert np.sum(np.log1p(-np.arange(1, n) / size)) < np.log(1 / 2)
    assert np.sum(np.log1p(-np.arange(1, n - 4) / size)) > np.log(1 / 2)
    assert collide(10**40) < 2 * 10**20
