"""The derivative of a formula in one name, as a formula: a text, since exact numbers live in texts.

Where the derivative and the formula have finite bounds, the formula is continuously differentiable: functions of the
grammar are, means of a Gaussian by dominated convergence; what may have a kink or a jump in the name is refused.
"""

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction

from .formulas import parse
from .reading import UnprovedError, number, prove

_LONGEST = 4000
_OUTER: Mapping[str, str] = {
    "exp": "exp({f})",
    "log": "1/{f}",
    "sqrt": "1/(2*sqrt({f}))",
    "sin": "cos({f})",
    "cos": "(-sin({f}))",
    "tanh": "(1-tanh({f})**2)",
    "erf": "2*exp(-{f}**2)/sqrt(pi)",
    "atan": "1/(1+{f}**2)",
    "arc0": "1/(pi*sqrt(1-{f}**2))",
    "arc1": "arc0({f})",
}
"""Derivatives of functions at f, a text in parentheses."""


def slope(text: str, name: str) -> str:
    """Return the derivative of a formula in a name that it is evaluated for.

    Raises:
        UnprovedError: a maximum, a minimum, a kernel or an integral over a pair that depends on the name, or a
            derivative of more than 4000 characters.
    """
    text = text.strip()
    found = _Slopes(text, name).of(parse(text))
    prove(len(found) <= _LONGEST, "a derivative that is too long")
    return found


class _Slopes:
    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def _written(self, node: ast.expr) -> str:
        return f"({self.text[node.col_offset : node.end_col_offset]})"

    def of(self, node: ast.expr) -> str:
        """The derivative of a part, `0` for what does not depend on the name."""
        if not any(isinstance(n, ast.Name) and n.id == self.name for n in ast.walk(node)):
            return "0"
        match node:
            case ast.Name():
                return "1"
            case ast.UnaryOp(operand=operand):
                return f"(-{self.of(operand)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _RULES:
                return _RULES[type(op)](self, left, right)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _OUTER:
                outer = _OUTER[name].format(f=self._written(argument))
                return f"({outer}*{self.of(argument)})"
            case ast.Call(func=ast.Name(id="normal"), args=[bound, body]):
                return f"normal({self._written(bound)[1:-1]}, {self.of(body)})"
        raise UnprovedError(f"{self._written(node)[1:-1]} has no derivative here"[:150])

    def sum(self, left: ast.expr, right: ast.expr) -> str:
        terms = [d for d in (self.of(left), self.of(right)) if d != "0"]
        return f"({'+'.join(terms)})"

    def difference(self, left: ast.expr, right: ast.expr) -> str:
        f, g = self.of(left), self.of(right)
        return f"(-{g})" if f == "0" else f if g == "0" else f"({f}-{g})"

    def product(self, left: ast.expr, right: ast.expr) -> str:
        sides = ((left, right), (right, left))
        terms = [f"{d}*{self._written(g)}" for f, g in sides if (d := self.of(f)) != "0"]
        return f"({'+'.join(terms)})"

    def quotient(self, left: ast.expr, right: ast.expr) -> str:
        top, bottom = self.of(left), self.of(right)
        f, g = self._written(left), self._written(right)
        return f"{top}/{g}" if bottom == "0" else f"(({top}*{g}-{f}*{bottom})/{g}**2)"

    def power(self, left: ast.expr, right: ast.expr) -> str:
        f, g, inner = self._written(left), self._written(right), self.of(left)
        if isinstance(right, ast.Constant):
            n: Fraction = number(self._written(right)[1:-1])
            return f"({n}*{f}**({n - 1})*{inner})" if n != 1 else inner
        return f"({f}**{g}*({self.of(right)}*log({f})+{g}*{inner}/{f}))"


_RULES: Mapping[type, Callable[[_Slopes, ast.expr, ast.expr], str]] = {
    ast.Add: _Slopes.sum,
    ast.Sub: _Slopes.difference,
    ast.Mult: _Slopes.product,
    ast.Div: _Slopes.quotient,
    ast.Pow: _Slopes.power,
}
