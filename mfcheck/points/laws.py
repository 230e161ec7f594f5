"""Laws on the unit sphere with finitely many atoms, all exact: how likely are independent samples far apart?"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import isqrt, prod

import numpy as np

from mfcheck.points.configurations import Points, cross_polytope, inner, sphere_point

_EXACTLY = 10_000
"""Numbers of classes up to which `collide` is the least number, not only a sufficient one."""


@dataclass(frozen=True)
class Law:
    """Different points of norm one, and their weights, which sum to one."""

    atoms: Points
    weights: tuple[Fraction, ...]

    @property
    def dimension(self) -> int:
        """Dimension of the atoms."""
        return len(self.atoms[0])

    def separated(self, samples: int, cosine: Fraction) -> Fraction:
        """Return the probability that all inner products of so many independent samples are at most `cosine`."""
        size = range(len(self.atoms))
        near = [[inner(self.atoms[i], self.atoms[j]) > cosine for j in size] for i in size]
        return sum(
            (
                prod((self.weights[i] for i in chosen), start=Fraction(1))
                for chosen in product(size, repeat=samples)
                if not any(near[i][j] for i, j in combinations(chosen, 2))
            ),
            Fraction(0),
        )


def uniform(atoms: Points) -> Law:
    """Return the law with equal weights."""
    return Law(atoms, (Fraction(1, len(atoms)),) * len(atoms))


def cross(dimension: int) -> Law:
    """Return the uniform law on the points +e_i, -e_i."""
    return uniform(cross_polytope(dimension))


def random_law(rng: np.random.Generator, dimension: int, atoms: int = 6) -> Law:
    """Return rational points, by stereographic projection of quarters up to two, with random weights.

    Two of them may be equal: the law then has fewer atoms.
    """
    rows = rng.integers(-8, 9, size=(atoms, dimension - 1))
    weights = [Fraction(int(w)) for w in rng.integers(1, 9, size=atoms)]
    points = tuple(sphere_point([Fraction(int(v), 4) for v in row]) for row in rows)
    return Law(points, tuple(w / sum(weights, Fraction(0)) for w in weights))


def collide(classes: int) -> int:
    """Return an n of which n samples, uniform in so many classes, are all different with a probability below 1/2.

    It is the least; for many classes one from `prod (1 - k/N) <= exp(-n (n-1)/(2N))`, which is hardly larger.

    >>> collide(365)
    23
    """
    if classes > _EXACTLY:
        return 2 + isqrt(2 * classes * 694 // 1000)  # log 2 < 0.694
    samples, share = 1, Fraction(1)
    while share >= Fraction(1, 2):
        share *= 1 - Fraction(samples, classes)
        samples += 1
    return samples
