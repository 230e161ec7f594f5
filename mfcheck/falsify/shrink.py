"""From a counterexample to the simplest one: fewer points, lower dimension, plainer numbers, all certified anew."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mfcheck.claims.inequality import Array, Case, Inequality
from mfcheck.claims.setting import Data, Setting
from mfcheck.points import configurations as conf
from mfcheck.points.configurations import Points

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 50, 100, 1000, 10**4, 10**6, 10**8)
MAX_REFUSED = 2000
"""Simpler cases that fail, after which shrinking ends."""

Cost = tuple[int, ...]
Test = Callable[[Case], bool]


def cost(case: Case, default: Setting) -> Cost:
    """Return how complicated a case is: points, dimension, departures from the default, digits."""
    setting = case.setting
    changed = len(setting.departures(default))
    numbers = [v for row in setting.data.points for v in row]
    others = [*setting.data.labels, *(v for _, v in case.own), *_numbers(setting).values()]
    lengths = [_digits(v) for v in (*numbers, *others)]
    significant, written = (sum(column) for column in zip(*lengths, strict=True))
    foreign = int(setting.activation != default.activation)
    return setting.data.n, setting.data.d, foreign, changed, significant, written


def _numbers(setting: Setting) -> dict[str, Fraction]:
    """Return the numerical parameters."""
    return {name: v for name, v in setting.values if not isinstance(v, str)}


def _digits(value: Fraction) -> tuple[int, int]:
    """Return how many digits a number has without the zeros at its end, and with them; a sign counts."""
    parts = [str(abs(value.numerator)) * (value != 0), str(value.denominator)]
    sign = int(value < 0)
    return sum(len(p.rstrip("0")) for p in parts) + sign, sum(map(len, parts)) + sign


def shrink(
    case: Case, default: Setting, inequality: Inequality, promising: Test, refuted: Test
) -> Case:
    """Return a case that is refuted still, and from which no step to a simpler one leads to another.

    Args:
        case: a refuted case.
        default: the setting that counts as simplest where the points do not matter.
        inequality: says which parts of the case matter.
        promising: a quick test that a refuted case passes.
        refuted: the certified test.
    """
    refused: set[Case] = set()
    while len(refused) < MAX_REFUSED:
        now = cost(case, default)
        simpler = (
            c
            for c in _steps(case, default, inequality)
            if c not in refused and cost(c, default) < now and _in_range(c, inequality)
        )
        for candidate in simpler:
            if promising(candidate) and refuted(candidate):
                case = candidate
                break
            refused.add(candidate)
        else:
            break
    return case


def _in_range(case: Case, inequality: Inequality) -> bool:
    """Whether each variable that the inequality limits keeps to its range, and whole numbers stay whole."""
    limited = [*((v, case[v.name]) for v in inequality.own)]
    limited += [(v, case.setting[v.name]) for v in inequality.ranges]
    return all(v.low <= x <= v.high and not (v.integer and x.denominator != 1) for v, x in limited)


def _steps(case: Case, default: Setting, inequality: Inequality) -> Iterator[Case]:
    """Yield cases near this one, the boldest simplifications first."""
    setting = case.setting
    with_points = "points" in inequality.varies
    if with_points:
        yield from _fewer(case)
        yield from _flatter(case)
    data = setting.data
    for signs in ((1, 1), (1, -1)):
        yield _with(case, data.points, tuple(Fraction(signs[i % 2]) for i in range(data.n)))
    yield replace(case, setting=replace(setting, activation=default.activation))
    for name in setting.departures(default):
        usual = dict(default.values)[name]
        yield replace(case, setting=setting.with_values(**{name: usual}))
    for variable in inequality.own:
        for simple in (Fraction(0), variable.low, Fraction(1), Fraction(2), variable.high):
            yield _with_own(case, variable.name, simple)
        value = case[variable.name]
        for near in (value / 10, value):
            yield _with_own(case, variable.name, _one_digit(near))
    for q in DENOMINATORS:
        yield from _plainer(case, q)
        if with_points:
            yield from _rounded(case, q)


def _fewer(case: Case) -> Iterator[Case]:
    data = case.setting.data
    if data.n <= 2:
        return
    for size in (data.n // 2, data.n - 1):
        for first in range(0, data.n, max(1, data.n - size)):
            keep = [i for i in range(data.n) if not first <= i < first + data.n - size]
            if len(keep) >= 2:
                points = tuple(data.points[i] for i in keep)
                yield _with(case, points, tuple(data.labels[i] for i in keep))


def _flatter(case: Case) -> Iterator[Case]:
    """Turn the points into the space that they span, or leave a coordinate out."""
    data = case.setting.data
    if data.d <= 2:
        return
    spanned = np.linalg.qr(data.X.T)[1].T if data.n < data.d else None
    if spanned is not None and spanned.shape[1] >= 2:
        yield _moved(case, spanned, 10**12)
    for k in range(data.d):
        rest = np.delete(data.X, k, axis=1)
        if np.all(np.linalg.norm(rest, axis=1) > 1e-6):
            yield _moved(case, rest, 10**12)


def _rounded(case: Case, q: int) -> Iterator[Case]:
    data = case.setting.data
    yield _moved(_with(case, data.points, _nearest(data.labels, q)), _turned(data.X), q)
    yield _moved(case, _turned(data.X), q)
    yield _moved(case, data.X, q)
    for k in range(data.n):
        point = conf.near(data.X[k], q)
        yield _with(case, (*data.points[:k], point, *data.points[k + 1 :]), data.labels)


def _plainer(case: Case, q: int) -> Iterator[Case]:
    yield _with(case, case.setting.data.points, _nearest(case.setting.data.labels, q))
    for name, value in case.own:
        yield _with_own(case, name, _near(value, q))
    for name, value in _numbers(case.setting).items():
        yield replace(case, setting=case.setting.with_values(**{name: _near(value, q)}))


def _with_own(case: Case, name: str, value: Fraction) -> Case:
    return replace(case, own=tuple((k, value if k == name else v) for k, v in case.own))


def _turned(X: Array) -> Array:
    """Turn the first point onto the last axis, by a reflection."""
    axis = np.zeros(X.shape[1])
    axis[-1] = 1
    normal = X[0] - axis
    size = float(normal @ normal)
    turned: Array = X if size < 1e-20 else X - 2 * np.outer(X @ normal, normal) / size
    return turned


def _one_digit(value: Fraction) -> Fraction:
    """Round to one significant digit."""
    return Fraction(f"{float(value):.0e}")


def _near(value: Fraction, q: int) -> Fraction:
    """Round to the denominator q, or to a power of ten where that is zero."""
    rounded = Fraction(round(value * q), q)
    if rounded or not value:
        return rounded
    sign = 1 if value > 0 else -1
    return sign * Fraction(10) ** int(np.floor(np.log10(abs(float(value)))))


def _nearest(labels: tuple[Fraction, ...], q: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(round(v * q), q) for v in labels)


def _with(case: Case, points: Points, labels: tuple[Fraction, ...]) -> Case:
    data = Data(points, labels, "counterexample")
    return replace(case, setting=replace(case.setting, data=data))


def _moved(case: Case, X: Array, q: int) -> Case:
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    return _with(case, tuple(conf.near(x, q) for x in unit), case.setting.data.labels)
