"""From a point of a grid to the setting that it stands for."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from mfcheck.claims.model import Paper
from mfcheck.claims.setting import Data, Setting
from mfcheck.errors import InputError
from mfcheck.points.data import circle_data
from mfcheck.run.inputs import MAX_POINTS, read_data
from mfcheck.run.tasks import named_activation
from mfcheck.symbolic.activation import Activation

ACTIVATION, DATA, COUNT = "activation", "data", "n"
"""What can be swept beside the parameters of the paper, where it has them."""

Point = dict[str, str]
"""One point of a grid: by the name of what is swept, the value as text; numbers are whole or fractions."""


def read_word(paper: Paper, name: str, word: str) -> Activation | Data:
    """Return the activation, or the data, that a value of that axis names.

    Raises:
        InputError: there is none, or the file cannot be used.
    """
    return named_activation(paper, word) if name == ACTIVATION else read_data(Path(word))


def _with(setting: Setting, made: Activation | Data) -> Setting:
    if isinstance(made, Data):
        return replace(setting, data=made)
    return replace(setting, activation=made)


class Settings:
    """Makes the settings of points.

    Args:
        paper: which may refuse a setting.
        base: the setting in which the swept values are put.
    """

    def __init__(self, paper: Paper, base: Setting) -> None:
        self._paper = paper
        self._base = base
        self._known = {parameter.name: parameter for parameter in paper.parameters}
        self._read = cache(lambda name, word: read_word(paper, name, word))
        self._first = cache(self._first_points)

    def at(self, point: Mapping[str, str]) -> Setting:
        """Return the setting of a point.

        Raises:
            InputError: a value is out of the range of its parameter, or the paper cannot speak about the setting.
        """
        known = self._known
        values = {name: known[name].read(word) for name, word in point.items() if name in known}
        setting = self._base.with_values(**values)
        for name in point.keys() - known.keys():
            made = self._first(point[name]) if name == COUNT else self._read(name, point[name])
            setting = _with(setting, made)
        self._paper.validate(setting)
        return setting

    def _first_points(self, word: str) -> Data:
        """Return the first points of the file, or as many points of a circle if there is no file."""
        number, data = Fraction(word), self._base.data
        if number.denominator != 1 or not 2 <= number <= MAX_POINTS:
            raise InputError(f"n must be a whole number from 2 to {MAX_POINTS}, got {word}")
        n = int(number)
        if data.sha256 is None:
            return circle_data(n, data.d)
        if n > data.n:
            raise InputError(f"the file has {data.n} points only")
        return Data(data.points[:n], data.labels[:n], f"{data.origin}, first {n}", data.sha256)
