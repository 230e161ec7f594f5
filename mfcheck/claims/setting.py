"""A setting: one concrete choice of everything a claim quantifies over, held exactly."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.symbolic.activation import Activation

Point = tuple[Fraction, ...]

_NUMBER = re.compile(
    r"[+-]?(\d{1,60}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,2})?|[+-]?\d{1,60}/\d{1,60}",
    re.ASCII,
)

_LONG = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?\d+/\d*[1-9]\d*", re.ASCII)
"""The same without a limit."""


def read_exact(text: str) -> Fraction:
    """Return the exact value of a decimal or fraction such as `0.5`, `1e3` or `1/3`.

    Raises:
        InputError: not a finite number, or one of more than 60 digits on a side, or an exponent of more than two.
    """
    stripped = text.strip()
    if _LONG.fullmatch(stripped) and not _NUMBER.fullmatch(stripped):
        raise InputError(
            f"{text[:60]!r} is beyond the limit: exponents are from -99 to 99, with at most 60 digits "
            "before the point, after it, and in each part of a fraction"
        )
    if not _NUMBER.fullmatch(stripped) or re.fullmatch(r".*/0+", stripped):
        raise InputError(f"{text[:60]!r} is not a finite number")
    return Fraction(stripped)


def exactly(value: object) -> Fraction:
    """Return the value of a rational number, or of its text, exactly.

    Raises:
        InputError: it is a float: 0.1 is not a tenth but the double next to it.
    """
    if isinstance(value, bool) or not isinstance(value, Rational | Decimal | str):
        kind = type(value).__name__
        raise InputError(f"not an exact number, but a {kind}: {str(value)[:40]}; write it as text")
    return Fraction(value)


@dataclass(frozen=True)
class Data:
    """Points and labels as the exact numbers the user gave.

    Rows need not have norm exactly one in these decimals: `X` divides each row by its norm, and rigorous code
    must do the same in its own arithmetic, starting from `points`.

    Args:
        points: n rows of d exact coordinates, no row zero.
        labels: n exact labels.
        origin: where the data came from, in words.
        sha256: digest of the file that held them, if any.
    """

    points: tuple[Point, ...]
    labels: Point
    origin: str = "built in"
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuse floats, and keep fractions."""
        points = tuple(tuple(map(exactly, row)) for row in self.points)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "labels", tuple(map(exactly, self.labels)))

    @property
    def n(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def d(self) -> int:
        """Dimension of a point; 0 where there are no points."""
        return len(self.points[0]) if self.points else 0

    def first(self, n: int) -> "Data":
        """Return the first n points with their labels.

        Raises:
            InputError: there are fewer.
        """
        if n > self.n:
            raise InputError(f"there are {self.n} points, not {n}")
        return Data(self.points[:n], self.labels[:n], self.origin)

    @cached_property
    def X(self) -> NDArray[np.float64]:
        """Unit rows, shape (n, d), rounded to double precision."""
        raw = np.array([[float(v) for v in row] for row in self.points]).reshape(self.n, self.d)
        unit: NDArray[np.float64] = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return unit

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """Labels, shape (n,), rounded to double precision."""
        return np.array([float(v) for v in self.labels])

    @cached_property
    def repeated(self) -> tuple[int, int] | None:
        """Two rows in one direction, decided exactly whatever their norms; None if all are different points."""
        seen: dict[Point, int] = {}
        for i, point in enumerate(self.points):
            scale = next(abs(v) for v in point if v)
            direction = tuple(v / scale for v in point)
            if direction in seen:
                return seen[direction], i
            seen[direction] = i
        return None

    @cached_property
    def C_max(self) -> float:
        """Largest inner product of two different rows, rounded to double precision."""
        gram = self.X @ self.X.T
        return float(np.max(gram[~np.eye(self.n, dtype=bool)]))


NO_DATA = Data((), (), "none")
"""What a setting of a paper without data points holds."""
NO_ACTIVATION = Activation("none", sp.nan)
"""What a setting of a paper without an activation holds."""

Value = Fraction | str
"""An exact number, or one of the named choices of a parameter."""


@dataclass(frozen=True)
class Parameter:
    """What the user may set: its symbol in the paper, its default, and its range or its named choices."""

    name: str
    symbol: sp.Symbol
    default: Value
    meaning: str
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    open_minimum: bool = False
    integer: bool = False
    open_maximum: bool = False
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a default that could not be set."""
        if (self.default not in self.choices) if self.choices else isinstance(self.default, str):
            raise ValueError(f"{self.name}: the default {self.default!r} is not possible")

    def read(self, text: str) -> Value:
        """Return the exact value that the text states.

        Raises:
            InputError: not a finite number, not an integer where one is needed, out of range, or no choice.
        """
        if self.choices:
            if text.strip() not in self.choices:
                raise InputError(
                    f"{self.name} is one of {', '.join(self.choices)}; got {text[:60]!r}"
                )
            return text.strip()
        try:
            value = read_exact(text)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from None
        self.require(value)
        return value

    def require(self, value: Fraction) -> None:
        """Refuse a value that the parameter cannot take.

        Raises:
            InputError: not an integer where one is needed, or out of range.
        """
        if self.integer and value.denominator != 1:
            raise InputError(f"{self.name} must be an integer, got {value}")
        low, high = self.minimum, self.maximum
        if low is not None and (value < low or (self.open_minimum and value == low)):
            raise InputError(
                f"{self.name} must be {'>' if self.open_minimum else '>='} {low}, got {value}"
            )
        if high is not None and (value > high or (self.open_maximum and value == high)):
            raise InputError(
                f"{self.name} must be {'<' if self.open_maximum else '<='} {high}, got {value}"
            )


def parameter(
    name: str,
    default: str | int | Fraction,
    meaning: str,
    *,
    above: int | str | None = None,
    least: int | str | None = None,
    below: int | str | None = None,
    most: int | str | None = None,
    integer: bool = False,
) -> Parameter:
    """Return a numerical parameter; ends given by `above` and `below` are excluded, `least` and `most` included.

    Its symbol is named as the parameter is, and carries the signs that the range implies.

    >>> parameter("sigma_w", "5/2", "standard deviation of the weights", above=0).symbol
    sigma_w
    """
    low, high = (above if least is None else least), (below if most is None else most)
    signs = (
        {"positive": True} if _at_least(low, 0) and (above is not None or _at_least(low, 1)) else {}
    )
    signs = signs or ({"nonnegative": True} if _at_least(low, 0) else {"real": True})
    return Parameter(
        name=name,
        symbol=sp.Symbol(name, integer=True if integer else None, **signs),
        default=exactly(default),
        meaning=meaning,
        minimum=None if low is None else exactly(low),
        maximum=None if high is None else exactly(high),
        open_minimum=least is None and above is not None,
        open_maximum=most is None and below is not None,
        integer=integer,
    )


def choice(name: str, choices: Sequence[str], meaning: str) -> Parameter:
    """Return a parameter with named choices, the first of which is the default."""
    return Parameter(name, sp.Symbol(name), choices[0], meaning, choices=tuple(choices))


def _at_least(low: int | str | None, bound: int) -> bool:
    return low is not None and exactly(low) >= bound


@dataclass(frozen=True)
class Setting:
    """What a claim quantifies over: data and activation where the paper has them, values of its parameters.

    Hashable, so that work can be memoised. A paper without data holds `NO_DATA`, one without an activation
    `NO_ACTIVATION`.
    """

    data: Data = NO_DATA
    activation: Activation = NO_ACTIVATION
    values: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        """Order numbers before named choices, as `describe` and `restore` do; a float is refused."""
        exact = ((n, v if isinstance(v, str) else exactly(v)) for n, v in self.values)
        ordered = sorted(exact, key=lambda item: isinstance(item[1], str))
        object.__setattr__(self, "values", tuple(ordered))

    @property
    def has_data(self) -> bool:
        """Whether there are data points."""
        return self.data.n > 0

    @property
    def has_activation(self) -> bool:
        """Whether there is an activation."""
        return self.activation != NO_ACTIVATION

    def __getitem__(self, name: str) -> Fraction:
        """Return the exact value of a numerical parameter."""
        value = dict(self.values)[name]
        if isinstance(value, str):
            raise TypeError(f"{name} is a named choice, not a number: use choice({name!r})")
        return value

    def number(self, name: str) -> float:
        """Return the value of a parameter, rounded to double precision."""
        return float(self[name])

    def integer(self, name: str) -> int:
        """Return the value of a parameter that is an integer."""
        return int(self[name])

    def choice(self, name: str) -> str:
        """Return what was chosen for a parameter with named choices."""
        value = dict(self.values)[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} is a number, not a named choice")
        return value

    def departures(self, default: "Setting") -> dict[str, Value]:
        """Return the values that are not those of another setting, by name."""
        usual = dict(default.values)
        return {name: value for name, value in self.values if value != usual[name]}

    def with_values(self, **changes: Value | int) -> "Setting":
        """Return the same setting with other parameter values."""
        known = dict(self.values)
        if unknown := set(changes) - set(known):
            raise KeyError(f"not a parameter of this setting: {sorted(unknown)}")
        exact = {n: v if isinstance(v, str) else exactly(v) for n, v in changes.items()}
        return replace(self, values=tuple((known | exact).items()))

    def __str__(self) -> str:
        """Return the setting in one line; points are counted."""
        data = self.data
        parts = [f"{data.n} points in dimension {data.d} ({data.origin})"] if self.has_data else []
        parts += [self.activation.name] if self.has_activation else []
        parts += [f"{name} = {value}" for name, value in self.values]
        return ", ".join(parts)

    def describe(self) -> dict[str, object]:
        """Return the setting as plain JSON data: exact values as decimal or fraction strings."""
        data, described = self.data, dict[str, object]()
        if self.has_data:
            described |= {
                "n": data.n,
                "d": data.d,
                "points": [[str(v) for v in row] for row in data.points],
                "labels": [str(v) for v in data.labels],
                "origin": data.origin,
                "sha256": data.sha256,
            }
        if self.has_activation:
            described["activation"] = self.activation.name
        numbers = {n: str(v) for n, v in self.values if not isinstance(v, str)}
        chosen = {n: v for n, v in self.values if isinstance(v, str)}
        described["parameters"] = numbers
        return described | ({"choices": chosen} if chosen else {})

    @classmethod
    def restore(cls, described: Mapping[str, Any], activation: Activation) -> "Setting":
        """Return the setting that `describe` gave, with the activation that it names."""
        data = NO_DATA
        if "points" in described:
            points = tuple(tuple(Fraction(v) for v in row) for row in described["points"])
            labels = tuple(Fraction(v) for v in described["labels"])
            data = Data(points, labels, described["origin"], described["sha256"])
        values: dict[str, Value] = {n: Fraction(v) for n, v in described["parameters"].items()}
        return cls(data, activation, tuple((values | described.get("choices", {})).items()))

    def digest(self) -> str:
        """Return a SHA-256 of everything that results depend on."""
        text = json.dumps(self.describe(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def setting_of(
    parameters: Iterable[Parameter], activation: Activation = NO_ACTIVATION, data: Data = NO_DATA
) -> Setting:
    """Return the setting in which every parameter has its default."""
    return Setting(data, activation, tuple((p.name, p.default) for p in parameters))
