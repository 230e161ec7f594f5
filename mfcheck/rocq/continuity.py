"""Proofs of Rocq that a formula is Lipschitz in one name between two numbers, so that a change of sign gives a zero."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mfcheck.errors import InputError
from mfcheck.rocq.enclosures import enclosure
from mfcheck.rocq.formula import translate
from mfcheck.rocq.hermite import read_hermite
from mfcheck.rocq.integrals import read_integral
from mfcheck.rocq.means import listed, outward, read_mean
from mfcheck.rocq.pairs import read_pair
from mfcheck.verify.formulas import parse

_NODES: Mapping[type, str] = {ast.Add: "plus", ast.Sub: "minus", ast.Mult: "mult"}
_SMOOTH = ("exp", "sin", "cos", "atan", "tanh")
_WITHIN = {"sqrt": "sqrt", "log": "ln"}


@dataclass
class Lipschitz:
    """Writes the proof for a formula and its parts; `names` are the terms of Rocq, `defined` the lemmas on domains."""

    text: str
    variable: str
    ends: tuple[str, str]
    names: Mapping[str, str]
    defined: tuple[str, ...]
    tactic: str
    inputs: Mapping[str, Any]

    def proof(self) -> str:
        """The proof that the formula is Lipschitz.

        Raises:
            InputError: a function that is not known to be Lipschitz.
        """
        return self._of(parse(self.text))

    def term(self, node: ast.expr) -> str:
        """A part of the formula as a term of Rocq."""
        found, _ = translate(self._source(node), self.names, self._mean)
        return found

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _mean(self, call: str) -> str:
        if call.strip().startswith("pair"):
            return read_pair(call, self.names).value
        if call.strip().startswith("integral"):
            return read_integral(call, self.names).value
        if call.strip().startswith("series"):
            return read_hermite(call, self.names).value
        return read_mean(call, self.names).value

    def _function(self, node: ast.expr) -> str:
        return f"(fun v_{self.variable} => {self.term(node)})"

    def _of(self, node: ast.expr) -> str:
        low, high = self.ends
        if not self._varies(node):
            return "apply lip_const."
        match node:
            case ast.Name():
                return "apply lip_id."
            case ast.UnaryOp(operand=operand):
                return self._steps(f"lip_opp {low} {high} {self._function(operand)}", operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = self._source(right)
                if not power.isdecimal():
                    raise InputError(f"{power[:60]}: an exponent that is no whole number")
                return self._steps(f"lip_pow {low} {high} {self._function(left)} {power}", left)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                both = f"{self._function(left)} {self._function(right)}"
                return self._steps(f"lip_div {low} {high} {both} ltac:(lra)", left, right, domain=1)
            case ast.BinOp(left=left, op=op, right=right):
                both = f"{self._function(left)} {self._function(right)}"
                return self._steps(f"lip_{_NODES[type(op)]} {low} {high} {both}", left, right)
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _SMOOTH:
                said = f"lip_{name} {low} {high} {self._function(inner)} ltac:(lra)"
                return self._steps(said, inner)
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _WITHIN:
                self._above_zero(self._source(inner))
                said = f"lip_{_WITHIN[name]} {low} {high} {self._function(inner)} ltac:(lra)"
                return self._steps(said, inner, domain=1)
            case ast.Call(func=ast.Name(id="normal")):
                return self._of_mean(self._source(node))
            case ast.Call(func=ast.Name(id="pair"), args=[_, c, f, g]):
                return self._of_pair(self._source(node), c, (f, g))
            case ast.Call(func=ast.Name(id="integral"), args=[_, *ends, body]):
                return self._of_integral(self._source(node), ends, body)
        raise InputError(f"{self._source(node)[:60]}: not known to be continuous in Rocq")

    def _above_zero(self, source: str) -> None:
        low, _ = enclosure({"formula": source, "inputs": self.inputs}, {"bits": 64})
        if low <= 0:
            raise InputError(f"{source[:60]}: zero is not excluded")

    def _steps(self, said: str, *parts: ast.expr, domain: int = 0) -> str:
        """One lemma, the proofs of the parts, and that arguments stay in the domain."""
        proofs = [f"{{ {self._of(part)} }}" for part in parts]
        if domain:
            lemmas = " | ".join(f"eapply {label}; eassumption" for label in self.defined)
            proofs.append(f"{{ intros; first [lra | {lemmas or 'fail'} | {self.tactic}]. }}")
        return f"apply ({said}). {' '.join(proofs)}"

    def _of_mean(self, call: str) -> str:
        mean, (low, high) = read_mean(call, self.names), self.ends
        if not mean.plain:
            raise InputError(f"{call[:60]}: a quotient inside a mean")
        if "Exp" in mean.term:
            raise InputError(f"{call[:60]}: exp inside a mean")
        proofs = map(self._of_parameter, mean.sources)
        inner = [f"apply List.Forall_cons. {{ {proof} }}" for proof in proofs]
        family = mean.family(f"v_{self.variable}")
        return (
            f"refine (lip_mean {low} {high} {family} {mean.term} eq_refl _). "
            f"{' '.join(inner)} apply List.Forall_nil."
        )

    def _of_pair(self, call: str, correlation: ast.expr, functions: tuple[ast.expr, ...]) -> str:
        """A pair whose correlation varies, away from 1, and whose functions do not."""
        if any(map(self._varies, functions)):
            raise InputError(f"{call[:60]}: functions that vary")
        pair, (low, high) = read_pair(call, self.names), self.ends
        if any(pair.steps):
            raise InputError(f"{call[:60]}: a step")
        ends = outward(self._source(correlation), self.inputs, 20)
        size = max(map(abs, ends))
        if size >= 1:
            raise InputError(f"{call[:60]}: a correlation that may be 1")
        said = (
            f"PairRoots.lip_pair {low} {high} {listed(pair.both.parameters)} {pair.terms} "
            f"{self._function(correlation)} {size.numerator} {size.denominator} eq_refl eq_refl ltac:(lia)"
        )
        return f"apply ({said}). {{ {self._of(correlation)} }} {{ intros; first [lra | {self.tactic}]. }}"

    def _of_integral(self, call: str, ends: list[ast.expr], body: ast.expr) -> str:
        """An integral of a function that does not vary, from or to the variable."""
        if self._varies(body):
            raise InputError(f"{call[:60]}: the function inside varies")
        found, (low, high) = read_integral(call, self.names), self.ends
        found.require_smooth(self.inputs)
        match ends:
            case [ast.Name(id=self.variable), end] if not self._varies(end):
                side, other = "from", found.ends[1]
            case [end, ast.Name(id=self.variable)] if not self._varies(end):
                side, other = "to", found.ends[0]
            case _:
                raise InputError(f"{call[:60]}: both ends vary, or one by a formula")
        within = found.inside((low, other), (high, other), self.inputs)
        return (
            f"{within}\n  apply (lip_integral_{side} {low} {high} {other} {found.function} ltac:(lra)). "
            f"{found.continuous()}"
        )

    def _varies(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Name) and n.id == self.variable for n in ast.walk(node))

    def _of_parameter(self, source: str) -> str:
        part = Lipschitz(
            source, self.variable, self.ends, self.names, self.defined, self.tactic, self.inputs
        )
        return part.proof()
