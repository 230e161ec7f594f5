"""Hypothesis strategies for every part of a setting; each promise is kept exactly, in rational arithmetic.

Points are rows as in `mfcheck.claims.Data`. This is the only module of mfcheck that imports Hypothesis.
"""

import os
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import numpy as np
import platformdirs
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st

from mfcheck.claims.inequality import Case, Inequality, Variable
from mfcheck.claims.model import Paper
from mfcheck.claims.setting import Data, Setting
from mfcheck.points import configurations as conf
from mfcheck.points.configurations import Points
from mfcheck.symbolic.activation import LIBRARY, Activation, activation

if "_hypothesis_pytestplugin" not in sys.modules:  # else it is the author's, for tests of their own
    _CACHE = Path(platformdirs.user_cache_dir("mfcheck", appauthor=False)) / "hypothesis"
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(_CACHE))

T = TypeVar("T")
Drawn = st.SearchStrategy[T]

DENOMINATORS = (1, 2, 3, 4, 5, 8, 10, 100, 10**4, 10**6)
FUNCTIONS = ("tanh", "sin", "cos", "erf", "atan", "sigmoid", "softplus", "silu", "gelu")
SHIFTS = ("", "+1/2", "-1", "+2")
FACTORS = ("1/4", "1/2", "1", "3/2", "2")


def rationals(low: Fraction | int, high: Fraction | int) -> Drawn[Fraction]:
    """Draw rational numbers of `[low, high]`, simple ones first."""

    def with_denominator(q: int) -> Drawn[Fraction]:
        least, most = -(-low * q // 1), high * q // 1
        if least > most:
            return st.just(Fraction(low))
        start = min(max(0, int(least)), int(most))
        return st.integers(int(least) - start, int(most) - start).map(
            lambda k: Fraction(k + start, q)
        )

    return st.sampled_from(DENOMINATORS).flatmap(with_denominator)


def sphere_points(d: int) -> Drawn[tuple[Fraction, ...]]:
    """Draw points of norm one in dimension d >= 1, with rational coordinates."""
    coordinates = st.tuples(*[rationals(-1, 1)] * (d - 1))
    return st.builds(conf.sphere_point, coordinates, st.booleans())


def point_sets(n: int, d: int) -> Drawn[Points]:
    """Draw n different points of norm one in dimension d >= 2."""
    return st.lists(sphere_points(d), min_size=n, max_size=n, unique=True).map(tuple)


@st.composite
def clusters(draw: st.DrawFn, n: int, d: int, spread: Fraction = Fraction(1, 100)) -> Points:
    """Draw n different points of norm one in dimension d >= 2, all within the angle of `spread` around one point.

    Stereographic projection shrinks or stretches by at most two: `|x - y| <= 2 |t - s|`, so that the distance of
    each point to the first is at most `2 sqrt(d - 1) spread`.
    """
    north = draw(st.booleans())
    centre = draw(st.tuples(*[rationals(-1, 1)] * (d - 1)))
    steps = st.tuples(*[rationals(-1, 1)] * (d - 1))
    offsets = draw(st.lists(steps, min_size=n - 1, max_size=n - 1, unique=True))
    zero = (Fraction(0),) * (d - 1)
    rows = [zero, *(offset for offset in offsets if offset != zero)]
    spare = ((Fraction(7, 11 + k), *zero[1:]) for k in range(2 * n))
    rows += [step for step in spare if step not in rows][
        : n - len(rows)
    ]  # for a step that was zero
    images = [tuple(c + spread * v for c, v in zip(centre, row, strict=True)) for row in rows]
    return tuple(dict.fromkeys(conf.sphere_point(t, north) for t in images))


@st.composite
def antipodal(draw: st.DrawFn, n: int, d: int) -> Points:
    """Draw n different points of norm one in dimension d >= 2: pairs x, -x, and one point more where n is odd."""
    half = draw(
        st.lists(sphere_points(d).map(_one_of_two), min_size=(n + 1) // 2, max_size=n, unique=True)
    )
    points = [p for x in half for p in (x, tuple(-v for v in x))]
    return tuple(points[:n])


def _one_of_two(point: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    first = next(v for v in point if v)
    return point if first > 0 else tuple(-v for v in point)


@st.composite
def near_duplicates(draw: st.DrawFn, n: int, d: int) -> Points:
    """Draw n different points of norm one in dimension d >= 2, the last one within an angle of 1/50 of the first.

    The half-angle's tangent is 10^-k with k = 2..9.
    """
    others = draw(point_sets(n - 1, d)) if n > 2 else (draw(_off_axis(d)),)
    first = next((p for p in others if p[0] or p[1]), draw(_off_axis(d)))
    tangent = Fraction(1, 10 ** draw(st.integers(2, 9)))
    rows = [first, *(p for p in others if p != first), conf.turned(first, tangent)]
    return tuple(dict.fromkeys(rows))


def _off_axis(d: int) -> Drawn[tuple[Fraction, ...]]:
    """Draw points that a rotation of the first two coordinates moves."""
    return sphere_points(d).filter(lambda p: bool(p[0] or p[1]))


@st.composite
def with_C_max(draw: st.DrawFn, n: int, d: int, tangent: Fraction | None = None) -> Points:
    """Draw 2 to n points of norm one in dimension d >= 2 whose largest inner product is exactly that of the first two.

    That inner product is the cosine of `configurations.angle(tangent)`; the tangent of half the angle is drawn from
    (0, 3] if it is not given.
    """
    t = draw(rationals(Fraction(1, 1000), 3)) if tangent is None else tangent
    first = conf.pair(d, t)
    more = draw(st.lists(sphere_points(d), max_size=3 * (n - 2)))
    return conf.separated([*first, *more], conf.inner(*first))[:n]


def codes() -> Drawn[Points]:
    """Draw structured codes: simplex, cross-polytope, equal angles on the circle, equal inner products."""
    return st.one_of(
        st.integers(2, 8).map(conf.simplex),
        st.integers(2, 5).map(conf.cross_polytope),
        st.integers(2, 24).map(conf.circle),
        st.builds(conf.equal_inner_products, st.integers(2, 8), rationals(0, 3)),
    )


def any_points(max_n: int = 8, max_d: int = 5) -> Drawn[Points]:
    """Draw data of any of the families: at least two different points each."""

    def families(size: tuple[int, int]) -> Drawn[Points]:
        n, d = size
        return st.one_of(
            point_sets(n, d),
            with_C_max(n, d),
            near_duplicates(n, d),
            clusters(n, d),
            antipodal(n, d),
        )

    return st.one_of(
        st.tuples(st.integers(2, max_n), st.integers(2, max_d)).flatmap(families),
        codes(),
    )


def labels(n: int) -> Drawn[tuple[Fraction, ...]]:
    """Draw n labels of [-1, 1]: signs, or any rational numbers, not all of them zero."""
    signs = st.sampled_from([Fraction(1), Fraction(-1)])
    every = st.lists(rationals(-1, 1), min_size=n, max_size=n)
    return st.one_of(st.lists(signs, min_size=n, max_size=n), every).map(tuple).filter(any)


def library() -> Drawn[Activation]:
    """Draw activations of the library."""
    return st.sampled_from(list(LIBRARY.values()))


def expressions() -> Drawn[Activation]:
    """Draw activations that a user could type: sums of scaled and shifted functions of the safe grammar."""
    number = st.sampled_from(FACTORS)
    inner = st.builds("{}*x{}".format, number, st.sampled_from(SHIFTS))
    term = st.builds("{}*{}({})".format, number, st.sampled_from(FUNCTIONS), inner)
    return st.lists(term, min_size=1, max_size=2).map(lambda terms: activation("+".join(terms)))


def activations() -> Drawn[Activation]:
    """Draw activations, of the library or typed."""
    return st.one_of(library(), expressions())


def typed(rng: np.random.Generator, count: int) -> Drawn[Activation]:
    """Draw activations of the library and `count` typed ones: a scaled, shifted function each, fixed by `rng`."""
    terms = [
        f"{rng.choice(FACTORS)}*{rng.choice(FUNCTIONS)}({rng.choice(FACTORS)}*x{rng.choice(SHIFTS)})"
        for _ in range(count)
    ]
    return st.sampled_from([*LIBRARY.values(), *map(activation, terms)])


def scales(variable: Variable) -> Drawn[Fraction]:
    """Draw values of a variable from its range; powers of ten where its logarithm is to be searched."""
    if variable.integer:
        return st.integers(int(variable.low), int(variable.high)).map(Fraction)
    drawn = rationals(variable.low, variable.high)
    if not variable.log:
        return drawn
    powers = [Fraction(10) ** k for k in range(-12, 13)]
    inside = [p for p in powers if variable.low <= p <= variable.high]
    return st.one_of(st.sampled_from(inside), drawn) if inside else drawn


@st.composite
def cases(
    draw: st.DrawFn,
    paper: Paper,
    inequality: Inequality,
    max_n: int = 8,
    some: Drawn[Activation] | None = None,
) -> Case:
    """Draw settings of a paper in which every part that the inequality depends on varies, the rest as by default.

    Args:
        draw: given by Hypothesis.
        paper: whose default setting is varied.
        inequality: says which parts vary.
        max_n: greatest number of points, structured codes apart.
        some: where activations come from; `activations()` if left out.
    """
    setting = paper.default
    varies = inequality.varies
    if "points" in varies:
        points = draw(any_points(max_n))
        setting = _with_data(setting, points, draw(labels(len(points))))
    elif "labels" in varies:
        setting = _with_data(setting, setting.data.points, draw(labels(setting.data.n)))
    if "activation" in varies:
        setting = Setting(
            setting.data, draw(activations() if some is None else some), setting.values
        )
    values = {v.name: draw(scales(v)) for v in inequality.ranges}
    own = tuple((v.name, draw(scales(v))) for v in inequality.own)
    return Case(setting.with_values(**values), own)


def _with_data(
    setting: Setting, points: Points, y: Sequence[Fraction], origin: str = "drawn"
) -> Setting:
    return Setting(Data(points, tuple(y), origin), setting.activation, setting.values)


def explore(
    strategy: Drawn[T], objective: Callable[[T], float], examples: int, seed_value: int
) -> None:
    """Call `objective` on drawn values, steering them to where it is large (`hypothesis.target`).

    Args:
        strategy: where values come from.
        objective: finite scores; it keeps what it wants to remember.
        examples: number of values.
        seed_value: the same seed gives the same values.
    """

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target),
        suppress_health_check=list(HealthCheck),
    )
    @seed(seed_value)
    @given(strategy)
    def visit(value: T) -> None:
        target(objective(value))

    visit()
