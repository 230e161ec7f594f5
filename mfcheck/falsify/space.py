"""The continuous part of a setting as a vector in the unit cube, and settings drawn from a fixed distribution."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from mfcheck.claims.inequality import Array, Case, Inequality, Sample, Variable
from mfcheck.claims.setting import Data, Setting
from mfcheck.points import configurations as conf
from mfcheck.points.configurations import Points
from mfcheck.points.sphere import sphere
from mfcheck.symbolic.activation import LIBRARY, Activation

LABEL_DENOMINATOR = 10**6
POINT_DENOMINATOR = 10**12


def at(variable: Variable, share: float) -> float:
    """Return the value at that share, from zero to one, of the variable's range."""
    low, high = float(variable.low), float(variable.high)
    value = low + share * (high - low)
    if variable.log:
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    return float(round(value)) if variable.integer else value


def share_of(variable: Variable, value: float) -> float:
    """Return the share of the range at which the value lies: the inverse of `at`, up to rounding to integers."""
    low, high = float(variable.low), float(variable.high)
    if variable.log:
        low, high, value = math.log(low), math.log(high), math.log(max(value, low))
    return min(1.0, max(0.0, (value - low) / (high - low)))


def rational(variable: Variable, value: float) -> Fraction:
    """Return an exact value of the range near a number, with 12 significant digits; an integer where one is needed."""
    if variable.integer:
        value = round(value)
    return min(max(Fraction(f"{value:.12g}"), variable.low), variable.high)


@dataclass(frozen=True)
class Space:
    """All settings with `n` points in dimension `d` and one activation, as vectors of the unit cube.

    The vector holds n d coordinates of points before normalisation, n labels, the parameters with a range, and the
    inequality's own variables; a block that the inequality does not depend on is left out.
    """

    setting: Setting
    inequality: Inequality
    n: int
    d: int

    @property
    def _blocks(self) -> tuple[int, int]:
        varies = self.inequality.varies
        return self.n * self.d * ("points" in varies), self.n * ("labels" in varies)

    @property
    def _variables(self) -> tuple[Variable, ...]:
        return (*self.inequality.ranges, *self.inequality.own)

    @property
    def size(self) -> int:
        """Length of a vector."""
        return sum(self._blocks) + len(self._variables)

    def _split(self, vector: Array) -> tuple[Array, Array, list[float]]:
        points, labels = self._blocks
        rest = vector[points + labels :]
        X = self.setting.data.X
        if points:
            raw = 2 * vector[:points].reshape(self.n, self.d) - 1
            raw[np.abs(raw).max(axis=1) < 1e-9] = 1
            X = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        y = 2 * vector[points : points + labels] - 1 if labels else self._labels
        values = [at(v, float(s)) for v, s in zip(self._variables, rest, strict=True)]
        return X, y, values

    @property
    def _labels(self) -> Array:
        return np.where(np.arange(self.n) % 2, -1.0, 1.0)

    def sample(self, vector: Array) -> Sample:
        """Return the setting in double precision."""
        X, y, values = self._split(vector)
        named = {n: float(v) for n, v in self.setting.values if not isinstance(v, str)}
        named |= {v.name: x for v, x in zip(self._variables, values, strict=True)}
        return Sample(X, y, self.setting.activation, named)

    def case(self, vector: Array) -> Case:
        """Return an exact setting near that of the vector, its points of norm one."""
        X, y, numbers = self._split(vector)
        setting = self.setting
        if "points" in self.inequality.varies:
            points = tuple(conf.near(x, POINT_DENOMINATOR) for x in X)
            labels = tuple(_label(float(label)) for label in y)
            setting = replace(setting, data=Data(points, labels, "search"))
        exact = [rational(v, x) for v, x in zip(self._variables, numbers, strict=True)]
        named = {v.name: x for v, x in zip(self._variables, exact, strict=True)}
        setting = setting.with_values(**{v.name: named[v.name] for v in self.inequality.ranges})
        return Case(setting, tuple((v.name, named[v.name]) for v in self.inequality.own))

    def vector(self, case: Case) -> Array:
        """Return the vector of a case of this space."""
        sample = case.sample()
        points, labels = self._blocks
        parts = []
        if points:
            parts.append(((sample.X / np.abs(sample.X).max(axis=1, keepdims=True)).ravel() + 1) / 2)
        if labels:
            parts.append((np.clip(sample.y, -1, 1) + 1) / 2)
        parts.append(np.array([share_of(v, sample.values[v.name]) for v in self._variables]))
        return np.concatenate(parts)


def _label(y: float) -> Fraction:
    return Fraction(round(y * LABEL_DENOMINATOR), LABEL_DENOMINATOR)


def space_of(case: Case, inequality: Inequality) -> Space:
    """Return the space that a case lies in."""
    return Space(case.setting, inequality, case.setting.data.n, case.setting.data.d)


# --- a fixed distribution, for statements about probability ----------------------------------------------------------

DISTRIBUTION = (
    "n uniform on 2..{max_n}, d uniform on 2..{max_d}; with equal probability independent uniform points, clusters of "
    "log-uniform width, antipodal pairs, a near-duplicate, a greedy code of prescribed C_max, or a structured code; "
    "an activation of the library; random signs or uniform labels; other numbers uniform or log-uniform in their ranges"
)


def draw(
    rng: np.random.Generator, setting: Setting, inequality: Inequality, max_n: int, max_d: int
) -> Case:
    """Draw a case from the distribution that `DISTRIBUTION` describes."""
    varies = inequality.varies
    data = setting.data
    if "points" in varies:
        points = _points(rng, int(rng.integers(2, max_n + 1)), int(rng.integers(2, max_d + 1)))
        data = Data(points, _labels(rng, len(points)), "random")
    elif "labels" in varies:
        data = replace(data, labels=_labels(rng, data.n))
    activation = _activation(rng) if "activation" in varies else setting.activation
    values = {v.name: rational(v, at(v, float(rng.random()))) for v in inequality.ranges}
    own = tuple((v.name, rational(v, at(v, float(rng.random())))) for v in inequality.own)
    return Case(replace(setting, data=data, activation=activation).with_values(**values), own)


def _activation(rng: np.random.Generator) -> Activation:
    return list(LIBRARY.values())[int(rng.integers(len(LIBRARY)))]


def _labels(rng: np.random.Generator, n: int) -> tuple[Fraction, ...]:
    if rng.random() < 0.5:
        return tuple(Fraction(int(s)) for s in rng.choice([-1, 1], size=n))
    return tuple(_label(float(y)) for y in rng.uniform(-1, 1, size=n))


def _points(rng: np.random.Generator, n: int, d: int) -> Points:
    family = int(rng.integers(6))
    if family == 5:
        return _code(rng, n, d)
    X = sphere(rng, n, d)
    if family == 1:
        X = X[:1] + rng.standard_normal((n, d)) * 10 ** rng.uniform(-4, 0)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    points = tuple(dict.fromkeys(conf.near(x, 10**6) for x in X))
    if family == 2:
        points = tuple(dict.fromkeys(p for x in points for p in (x, tuple(-v for v in x))))[:n]
    elif family == 3:
        tangent = Fraction(f"{10 ** rng.uniform(-6, -1):.3g}")
        points = (*points[1:], points[0], conf.turned(points[0], tangent))[-n:]
    elif family == 4:
        first = conf.pair(d, Fraction(int(rng.integers(1, 200)), 100))
        points = conf.separated([*first, *points], conf.inner(*first))[:n]
    if not 2 <= len(set(points)) == len(points):
        return conf.pair(d, Fraction(1, 2))
    return points


def _code(rng: np.random.Generator, n: int, d: int) -> Points:
    kind = int(rng.integers(4))
    if kind == 0:
        return conf.simplex(n)
    if kind == 1:
        return conf.cross_polytope(d)
    if kind == 2:
        return conf.circle(n)
    return conf.equal_inner_products(n, Fraction(int(rng.integers(0, 300)), 100))
