"""A setting: one concrete choice of everything a claim quantifies over, held exactly."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
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


def read_exact(text: str) -> Fraction:
    """Return the exact value of a decimal or fraction such as `0.5`, `1e3` or `1/3`.

    Raises:
        InputError: not a finite number of at most 60 digits with an exponent of at most two.
    """
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped) or re.fullmatch(r".*/0+", stripped):
        raise InputError(f"{text[:60]!r} is not a finite number")
    return Fraction(stripped)


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

    @property
    def n(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def d(self) -> int:
        """Dimension of a point."""
        return len(self.points[0])

    @cached_property
    def X(self) -> NDArray[np.float64]:
        """Unit rows, shape (n, d), rounded to double precision."""
        raw = np.array([[float(v) for v in row] for row in self.points])
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


@dataclass(frozen=True)
class Parameter:
    """A number that the user may set: its symbol in the paper, its default and its range."""

    name: str
    symbol: sp.Symbol
    default: Fraction
    meaning: str
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    open_minimum: bool = False
    integer: bool = False

    def read(self, text: str) -> Fraction:
        """Return the exact value that the text states.

        Raises:
            InputError: not a finite number, not an integer where one is needed, or out of range.
        """
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
        if high is not None and value > high:
            raise InputError(f"{self.name} must be <= {high}, got {value}")


@dataclass(frozen=True)
class Setting:
    """Data, activation and parameter values (name, exact value); hashable, so that work can be memoised."""

    data: Data
    activation: Activation
    values: tuple[tuple[str, Fraction], ...]

    def __getitem__(self, name: str) -> Fraction:
        """Return the exact value of a parameter."""
        return dict(self.values)[name]

    def number(self, name: str) -> float:
        """Return the value of a parameter, rounded to double precision."""
        return float(self[name])

    def with_values(self, **changes: Fraction | int) -> "Setting":
        """Return the same setting with other parameter values."""
        known = dict(self.values)
        if unknown := set(changes) - set(known):
            raise KeyError(f"not a parameter of this setting: {sorted(unknown)}")
        merged = known | {name: Fraction(value) for name, value in changes.items()}
        return replace(self, values=tuple(merged.items()))

    def describe(self) -> dict[str, object]:
        """Return the setting as plain JSON data: exact values as decimal or fraction strings."""
        return {
            "n": self.data.n,
            "d": self.data.d,
            "points": [[str(v) for v in row] for row in self.data.points],
            "labels": [str(v) for v in self.data.labels],
            "origin": self.data.origin,
            "sha256": self.data.sha256,
            "activation": self.activation.name,
            "parameters": {name: str(value) for name, value in self.values},
        }

    @classmethod
    def restore(cls, described: Mapping[str, Any], activation: Activation) -> "Setting":
        """Return the setting that `describe` gave, with the activation that it names."""
        points = tuple(tuple(Fraction(v) for v in row) for row in described["points"])
        labels = tuple(Fraction(v) for v in described["labels"])
        values = tuple((name, Fraction(v)) for name, v in described["parameters"].items())
        data = Data(points, labels, described["origin"], described["sha256"])
        return cls(data, activation, values)

    def digest(self) -> str:
        """Return a SHA-256 of everything that results depend on."""
        text = json.dumps(self.describe(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
