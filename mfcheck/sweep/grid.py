"""The grammar of `--over NAME=VALUES`, and the points of the grid that it states.

`VALUES` is a list, split at commas outside brackets: exact numbers and named choices, and for numbers ranges:
`4..64` (whole numbers), `1..2:1/4` (steps), `10..160:x2` (factors), and with `--random` also `0..1` (uniform) and
`1..1e6:log` (uniform in the logarithm).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import exp, log, prod

import numpy as np

from mfcheck.claims.model import Paper, stream
from mfcheck.claims.setting import Setting, read_exact
from mfcheck.errors import InputError, unknown
from mfcheck.sweep.points import ACTIVATION, COUNT, DATA, Point, read_word

MANY = 100_000
"""Numbers of settings beyond this one have to be wanted."""
LONGEST_FACTORS = 500
DIGITS = 6
"""Significant digits of a number that is drawn from a range."""


@dataclass(frozen=True)
class Steps:
    """The numbers `low, low + step, ...`, `count` of them, as text."""

    low: Fraction
    step: Fraction
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> str:
        return str(self.low + index * self.step)


@dataclass(frozen=True)
class Listed:
    """Values one by one, as text."""

    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> str:
        return self.values[index]


@dataclass(frozen=True)
class Between:
    """A range of real numbers, from which values are drawn; it lists none."""

    low: Fraction
    high: Fraction
    logarithmic: bool

    def draw(self, rng: np.random.Generator) -> str:
        """Return a number of the range with `DIGITS` significant digits, as text."""
        u = float(rng.random())
        low, high = float(self.low), float(self.high)
        value = (
            exp(log(low) + u * (log(high) - log(low)))
            if self.logarithmic
            else low + u * (high - low)
        )
        exact = Fraction(f"{value:.{DIGITS - 1}e}")
        return str(min(max(exact, self.low), self.high))


Part = Steps | Listed | Between


@dataclass(frozen=True)
class Axis:
    """What is swept: a name and its values, in the order in which they were given."""

    name: str
    parts: tuple[Part, ...]
    numeric: bool

    @property
    def between(self) -> bool:
        """Whether some of it is a range of real numbers, which has no list of values."""
        return any(isinstance(part, Between) for part in self.parts)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts if not isinstance(part, Between))

    def __getitem__(self, index: int) -> str:
        """Return a value of the list."""
        for part in self.parts:
            if isinstance(part, Between):
                continue
            if index < len(part):
                return part[index]
            index -= len(part)
        raise IndexError(index)

    def draw(self, rng: np.random.Generator) -> str:
        """Return one value at random: each range of real numbers counts as much as each listed value."""
        ranges = [part for part in self.parts if isinstance(part, Between)]
        index = int(rng.integers(len(self) + len(ranges)))
        return self[index] if index < len(self) else ranges[index - len(self)].draw(rng)


@dataclass(frozen=True)
class Grid:
    """All points of a sweep, worked out one by one: the last axis varies fastest.

    Args:
        axes: what is swept.
        draws: None for all combinations, else the number of points that are drawn.
        seed: of the draws.
    """

    axes: tuple[Axis, ...]
    draws: int | None = None
    seed: int = 0

    @property
    def count(self) -> int:
        """The number of points; points drawn may coincide."""
        return prod(len(axis) for axis in self.axes) if self.draws is None else self.draws

    def points(self) -> Iterator[Point]:
        """Yield the points in order; the same call yields the same points."""
        if self.draws is not None:
            rng = stream(self.seed, "sweep")
            for _ in range(self.draws):
                yield {axis.name: axis.draw(rng) for axis in self.axes}
            return
        for index in range(self.count):
            yield self._point(index)

    def _point(self, index: int) -> Point:
        found: Point = {}
        for axis in reversed(self.axes):
            index, own = divmod(index, len(axis))
            found[axis.name] = axis[own]
        return {axis.name: found[axis.name] for axis in self.axes}

    def chunks(self, size: int) -> Iterator[list[Point]]:
        """Yield the points in lists of at most `size`."""
        points = self.points()
        while chunk := list(islice(points, size)):
            yield chunk


def read_grid(
    paper: Paper,
    base: Setting,
    over: Sequence[str],
    *,
    taken: Sequence[str] = (),
    random: int | None = None,
    seed: int = 0,
    many: bool = False,
) -> Grid:
    """Return the grid that `NAME=VALUES` texts state.

    Args:
        paper: whose settings they are.
        base: the setting in which the swept values are put.
        over: the texts.
        taken: names that the user set, which cannot be swept too.
        random: number of points to draw, all combinations if None.
        seed: of the draws.
        many: accept more than `MANY` settings.

    Raises:
        InputError: nothing to sweep over, an unknown name, unreadable or repeated values, or too many settings.
    """
    if not over:
        raise InputError("nothing to sweep over: give --over NAME=VALUES")
    axes: list[Axis] = []
    for text in over:
        axis = _axis(paper, base, text)
        if axis.name in [other.name for other in axes]:
            raise InputError(f"{axis.name} is swept twice")
        if axis.name in taken:
            raise InputError(f"{axis.name} is both set and swept")
        if random is None and axis.between:
            raise InputError(
                f"{axis.name}: a range of real numbers needs a step, as in {axis.name}=1..2:1/4, "
                "or --random"
            )
        axes.append(axis)
    if {DATA, COUNT} <= {axis.name for axis in axes if not _is_parameter(paper, axis.name)}:
        raise InputError("data and n cannot both be swept: a file has its number of points")
    if random is not None and random < 1:
        raise InputError(f"--random must be >= 1, got {random}")
    grid = Grid(tuple(axes), random, seed)
    if grid.count > MANY and not many:
        raise InputError(f"these are {grid.count:,} settings: confirm with --yes, or ask for fewer")
    return grid


def _is_parameter(paper: Paper, name: str) -> bool:
    return any(parameter.name == name for parameter in paper.parameters)


def _axis(paper: Paper, base: Setting, text: str) -> Axis:
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError(f"--over needs NAME=VALUES, got {text[:60]!r}")
    parameter = next((p for p in paper.parameters if p.name == name), None)
    known = [p.name for p in paper.parameters]
    known += [ACTIVATION] if base.has_activation else []
    known += [DATA, COUNT] if base.has_data else []
    if name not in known:
        raise unknown("parameter", name, known, f"{paper.id} has")
    words = [word.strip() for word in _split(values)]
    if not any(words):
        raise InputError(f"{name}: no values")
    if not all(words):
        raise InputError(f"{name}: an empty value in {values[:60]!r}")
    if parameter is None and name != COUNT:
        for word in words:
            read_word(paper, name, word)
    elif parameter is not None and parameter.choices:
        words = [str(parameter.read(word)) for word in words]
    else:
        integer = parameter is None or parameter.integer
        return _distinct(Axis(name, tuple(_numbers(name, word, integer) for word in words), True))
    return _distinct(Axis(name, (Listed(tuple(words)),), False))


def _split(text: str) -> Iterator[str]:
    """Yield the parts between commas that stand outside brackets."""
    depth, start = 0, 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth <= 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _numbers(name: str, word: str, integer: bool) -> Part:
    """Return what one part of a list of numbers states: a number or a range."""
    low_text, dots, rest = word.partition("..")
    try:
        if not dots:
            return Listed((str(read_exact(word)),))
        high_text, _, how = (part.strip() for part in rest.partition(":"))
        low, high = read_exact(low_text), read_exact(high_text)
        if low > high:
            raise InputError(f"the range {word[:60]!r} is empty")
        if how == "log" or (not how and not integer):
            return _between(low, high, how == "log")
        if how.startswith("x"):
            return _factors(low, high, read_exact(how[1:]))
        step = read_exact(how) if how else Fraction(1)
        if step <= 0:
            raise InputError(f"the step must be > 0, got {step}")
        return Steps(low, step, (high - low) // step + 1)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _between(low: Fraction, high: Fraction, logarithmic: bool) -> Between:
    if logarithmic and low <= 0:
        raise InputError(f"a logarithmic range needs a lower end > 0, got {low}")
    return Between(low, high, logarithmic)


def _factors(low: Fraction, high: Fraction, factor: Fraction) -> Listed:
    if low <= 0 or factor <= 1:
        raise InputError(f"factors need a lower end > 0 and a factor > 1, got {low} and {factor}")
    if log(high / low) > LONGEST_FACTORS * log(factor):
        raise InputError(f"more than {LONGEST_FACTORS} values between the ends")
    values: list[str] = []
    while low <= high:
        values.append(str(low))
        low *= factor
    return Listed(tuple(values))


def _distinct(axis: Axis) -> Axis:
    """Refuse a value that is listed twice; a very long list is not looked through."""
    if len(axis) <= MANY:
        seen: set[str] = set()
        for index in range(len(axis)):
            if axis[index] in seen:
                raise InputError(f"{axis.name} has the value {axis[index][:60]} twice")
            seen.add(axis[index])
    return axis
