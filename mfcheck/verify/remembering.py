"""Readers of a formula in one name that keep what they met: parts without the name, and calls by their text."""

import ast
from dataclasses import dataclass
from typing import Any

from .columns import varying
from .formulas import Reader, cost_of, iv, step_of
from .reading import effort


@dataclass(frozen=True)
class Settled:
    """Parts of a formula that depend on the variable, and the values of the others, the same at all places."""

    varying: set[int]
    values: dict[int, Any]

    @staticmethod
    def of(body: ast.expr, name: str) -> "Settled":
        """Sort the parts of a body, which has to be kept as long as this."""
        return Settled(varying(body, name), {})


@dataclass(frozen=True)
class Remembering(Reader):
    """A reader that pays for each part as it meets it, and keeps the values of functions by their text."""

    kept: dict[str, Any]
    settled: Settled

    def value(self, node: ast.expr) -> Any:
        """As for any reader."""
        if id(node) not in self.settled.varying:
            return self._settled(node)
        if not isinstance(node, ast.Call):
            effort.spend(step_of(node, iv.prec))
            return Reader.value(self, node)
        text = self.written(node)
        if text not in self.kept:
            effort.spend(step_of(node, iv.prec))
            self.kept[text] = Reader.value(self, node)
        return self.kept[text]

    def _settled(self, node: ast.expr) -> Any:
        values = self.settled.values
        if id(node) not in values:
            effort.spend(cost_of(node, iv.prec))
            values[id(node)] = Reader(self.text, self.names, self.algebra).value(node)
        return values[id(node)]

    def at(self, name: str, x: Any) -> Reader:
        """As for any reader: with another name bound, nothing that was kept is of use."""
        return Reader(self.text, {**self.names, name: x}, self.algebra)
