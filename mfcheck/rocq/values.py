"""Formulas with sums and erf, and those of many parts, for Rocq: one computation for bounds and zeros (`values.v`)."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from mfcheck.errors import InputError
from mfcheck.rigor.exported import valued
from mfcheck.rocq import scalars
from mfcheck.rocq.enclosures import Json, decided, opposite
from mfcheck.rocq.formula import rational
from mfcheck.rocq.hints import hints_of
from mfcheck.rocq.means import Ends, boxed, listed
from mfcheck.rocq.scalars import Known, Part, Scalars, quantified, written
from mfcheck.verify.formulas import parse

_BINARY: Mapping[type, tuple[str, str]] = {
    ast.Add: ("GAdd", "+"),
    ast.Sub: ("GSub", "-"),
    ast.Mult: ("GMul", "*"),
    ast.Div: ("GDiv", "/"),
}
_UNARY: Mapping[str, tuple[str, str]] = {
    "exp": ("GExp", "exp"),
    "log": ("GLn", "ln"),
    "sqrt": ("GSqrt", "sqrt"),
    "sin": ("GSin", "sin"),
    "cos": ("GCos", "cos"),
    "atan": ("GAtan", "atan"),
    "tanh": ("GTanh", "tanh"),
    "erf": ("GErf", "erf"),
}
_EXTREMES: Mapping[str, tuple[str, str]] = {"max": ("GMax", "Rmax"), "min": ("GMin", "Rmin")}
_MANY_INPUTS, _MANY_PARTS = 4, 60
Binder: TypeAlias = tuple[str, str, str]
"""A name that a sum binds, and its ends."""


@dataclass(frozen=True)
class Need:
    """What has to hold for a formula to be defined: a part, its sign, and the sums around it whose names it has."""

    kind: str
    node: ast.expr
    binders: tuple[Binder, ...]


@dataclass
class _Writer:
    """Writes a formula as a term of Rocq, and in the language of `values.v`.

    Args:
        text: the formula.
        names: the term of Rocq for each input, and for each name that a sum binds.
        values: exact inputs.
        stack: what stands for `GVar 0, GVar 1, ...`: names, or parts that are computed once before a sum.
    """

    text: str
    names: dict[str, str]
    values: Mapping[str, Fraction]
    stack: list[str]
    binders: tuple[Binder, ...] = ()
    needs: list[Need] = field(default_factory=list)

    def term(self, node: ast.expr) -> str:
        """A part as a term of Rocq."""
        match node:
            case ast.Constant():
                return rational(self._number(node))
            case ast.Name(id="pi"):
                return "PI"
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.UnaryOp(operand=operand):
                return f"(- {self.term(operand)})"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power_term(left, right)
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self.term(left)} {_BINARY[type(op)][1]} {self.term(right)})"
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=name), low, high, body]):
                ends = f"{self._whole(low)} {self._whole(high)}"
                self.names[name] = f"u_{name}"
                return f"(Sum {ends} (fun u_{name} => {self.term(body)}))"
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _UNARY:
                return f"({_UNARY[name][1]} {self.term(argument)})"
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if name in _EXTREMES:
                found = self.term(first)
                for other in rest:
                    found = f"({_EXTREMES[name][1]} {found} {self.term(other)})"
                return found
        raise InputError(f"{self._source(node)[:60]}: not among the values that Rocq computes")

    def form(self, node: ast.expr) -> str:
        """A part in the language of `values.v`; what it needs to be defined is noted."""
        source = self._source(node)
        if source in self.stack:
            return f"(GVar {self.stack.index(source)})"
        match node:
            case ast.Constant():
                return constant(self._number(node))
            case ast.Name(id="pi"):
                return "GPi"
            case ast.Name(id=name) if name in self.values:
                return constant(self.values[name])
            case ast.UnaryOp(operand=operand):
                return f"(GNeg {self.form(operand)})"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(left, right)
            case ast.BinOp(left=left, op=op, right=right):
                if isinstance(op, ast.Div) and not isinstance(right, ast.Constant):
                    self._need("Nonzero", right)
                return f"({_BINARY[type(op)][0]} {self.form(left)} {self.form(right)})"
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=name), low, high, body]):
                return self._sum(name, self._whole(low), self._whole(high), body)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _UNARY:
                if name in ("log", "sqrt") and not isinstance(argument, ast.Constant):
                    self._need("Positive" if name == "log" else "Nonneg", argument)
                return f"({_UNARY[name][0]} {self.form(argument)})"
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if name in _EXTREMES:
                found = self.form(first)
                for other in rest:
                    found = f"({_EXTREMES[name][0]} {found} {self.form(other)})"
                return found
        raise InputError(f"{source[:60]}: not among the values that Rocq computes")

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _number(self, node: ast.expr) -> Fraction:
        return Fraction(self._source(node))

    def _whole(self, node: ast.expr) -> str:
        return str(int(self._number(node)))

    def _need(self, kind: str, node: ast.expr) -> None:
        inside = tuple(b for b in self.binders if _mentions(node, b[0]))
        self.needs.append(Need(kind, node, inside))

    def _exponent(self, node: ast.expr) -> int | None:
        """A whole exponent."""
        match node:
            case ast.Constant():
                value = self._number(node)
            case ast.UnaryOp(operand=ast.Constant() as operand):
                value = -self._number(operand)
            case _:
                return None
        return int(value) if value.denominator == 1 else None

    def _power_term(self, base: ast.expr, exponent: ast.expr) -> str:
        n = self._exponent(exponent)
        if n is None:
            return f"(exp ({self.term(exponent)} * ln {self.term(base)}))"
        power = f"({self.term(base)} ^ {abs(n)})"
        return power if n >= 0 else f"(/ {power})"

    def _power(self, base: ast.expr, exponent: ast.expr) -> str:
        n = self._exponent(exponent)
        if n is None:
            self._need("Positive", base)
            return f"(GExp (GMul {self.form(exponent)} (GLn {self.form(base)})))"
        power = f"(GPow {self.form(base)} {abs(n)})"
        if n >= 0:
            return power
        self._need("Nonzero", base)
        return f"(GInv {power})"

    def _sum(self, name: str, low: str, high: str, body: ast.expr) -> str:
        """A sum, after the parts of it that are the same in all terms."""
        before, outer = list(self.stack), self.binders
        parts = list(dict.fromkeys(self._fixed(body, name)))
        firsts = []
        for part in parts:
            firsts.append(self.form(part))
            self.stack.insert(0, self._source(part))
        self.stack.insert(0, name)
        self.binders = (*outer, (name, low, high))
        found = f"(GSum ({low}) ({high}) {self.form(body)})"
        self.stack[:], self.binders = before, outer
        for first in reversed(firsts):
            found = f"(GLet {first} {found})"
        return found

    def _fixed(self, node: ast.expr, name: str) -> list[ast.expr]:
        """The largest parts without a name, but for whole numbers and names, each text once."""
        found: dict[str, ast.expr] = {}
        self._collect(node, {name}, found)
        return list(found.values())

    def _collect(self, node: ast.expr, bound: set[str], found: dict[str, ast.expr]) -> None:
        match node:
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=name), _, _, body]):
                self._collect(body, bound | {name}, found)
                return
        if any(_mentions(node, name) for name in bound):
            for inner in ast.iter_child_nodes(node):
                if isinstance(inner, ast.expr) and not self._is_function(node, inner):
                    self._collect(inner, bound, found)
        elif not self._simple(node) and self._source(node) not in self.stack:
            found.setdefault(self._source(node), node)

    @staticmethod
    def _is_function(node: ast.expr, inner: ast.expr) -> bool:
        return isinstance(node, ast.Call) and node.func is inner

    def _simple(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return self._number(node).denominator == 1
            case ast.Name(id=name):
                return name in self.stack
        return False


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def constant(value: Fraction) -> str:
    """A rational number in the language of `values.v`."""
    top = f"(GInt ({value.numerator}))"
    return top if value.denominator == 1 else f"(GDiv {top} (GInt {value.denominator}))"


_SAID = {"Nonzero": "{} <> 0", "Positive": "0 < {}", "Nonneg": "0 <= {}"}


@dataclass
class Values:
    """One formula over its inputs: terms, what they need, and how they are computed."""

    claim: Json
    known: Known
    own: tuple[str, ...] = ()
    """The variable of a zero, which is no input."""

    def __post_init__(self) -> None:
        self.text = self.claim["formula"].strip()
        self.tree = parse(self.text)
        inputs = written(self.claim["inputs"], self.known)
        self.scalars = Scalars({**self.claim, "inputs": inputs}, 32, 1, self.known)
        self.box = dict(self.scalars.ends)
        self.wide = self.scalars.wide

    def many(self) -> bool:
        """Whether the formula is better computed at once than put to the tactic `interval`."""
        nodes = sum(1 for n in ast.walk(self.tree) if isinstance(n, ast.expr))
        calls = {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)}
        corners = len(self.wide) > 1 and bool(calls & {"max", "min"})
        return bool(calls & {"erf", "sum"}) or (
            corners or len(self.wide) >= _MANY_INPUTS or nodes > _MANY_PARTS
        )

    def writer(self, binders: Sequence[Binder] = ()) -> _Writer:
        """A writer below some sums."""
        names = self.scalars.names() | {name: f"v_{name}" for name in self.own}
        names |= {b[0]: f"u_{b[0]}" for b in binders}
        values = {name: low for name, (low, high) in self.box.items() if low == high}
        bound = [b[0] for b in reversed(binders)]
        stack = [*bound, *self.own, *self.wide]
        return _Writer(self.text, names, values, stack, tuple(binders))

    def needs(self, found: Sequence[Need]) -> dict[str, str]:
        """What has to hold, as sentences of Rocq and as goals, each once."""
        goals: dict[str, str] = {}
        for need in found:
            writer = self.writer(need.binders)
            said = _SAID[need.kind].format(writer.term(need.node))
            goal = f"({need.kind} {writer.form(need.node)})"
            for name, low, high in reversed(need.binders):
                ends = f"({low}) ({high})"
                said = f"(forall u_{name}, among {ends} u_{name} -> {said})"
                goal = f"(Each {ends} {goal})"
            goals.setdefault(said, goal)
        return goals

    def lemma(self, name: str, goals: Mapping[str, str], hints: str, own: bool = False) -> str:
        """The lemma that all that is said holds for all inputs."""
        variables = self.scalars.own()
        boxes = [self.box[key] for key in self.wide]
        if own:
            ends = _bounds(self.claim)
            low, high = map(rational, ends)
            variables = [(f"v_{self.own[0]}", low, high), *variables]
            boxes = [ends, *boxes]
        said = " /\\\n    ".join(goals)
        terms = listed(v for v, *_ in variables)
        return (
            f"Lemma {name} : {quantified(variables)}\n    {said}.\n"
            f"Proof.\n  intros. exact (values_right {hints} {boxed(boxes)}\n"
            f"    {listed(goals.values())}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {terms} {_BETWEEN}).\nQed.\n"
        )


_BETWEEN = (
    "ltac:(repeat (apply List.Forall2_cons || apply List.Forall2_nil); "
    "unfold boxed; cbn [fst snd]; first [assumption | lra])"
)


def _bounds(claim: Json) -> Ends:
    return Fraction(claim["lower"]), Fraction(claim["upper"])


def root(name: str, claim: Json, witness: Json, known: Known) -> Part:
    """Return lemmas that a formula has a zero between two numbers, and is defined there, by one of two ways."""
    found = _root(name, claim, known, always=False)
    if found is None:
        found = scalars.root(name, claim, witness, known)
        if found.uncovered:
            return _root(name, claim, known, always=True) or found
    return found


def at_once(name: str, claim: Json, known: Known) -> Part | None:
    """The lemma for the bounds of a formula; `None` if this is no way for it, or not the quickest one."""
    values = read(claim, known)
    if values is None:
        return None
    hints = hints_of(lambda bits: decided(values.text, values.box, claim, bits))
    if hints is None:
        return None
    writer = values.writer()
    form, term = writer.form(values.tree), writer.term(values.tree)
    goals = values.needs(writer.needs)
    low, high = (Fraction(claim[side]) if side in claim else None for side in ("lower", "upper"))
    if low is not None and high is not None:
        said = f"{rational(low)} <= {term} <= {rational(high)}"
        goals[said] = f"(Between {constant(low)} {form} {constant(high)})"
    elif low is not None:
        goals[f"{rational(low)} <= {term}"] = f"(AtLeast {constant(low)} {form})"
    elif high is not None:
        goals[f"{term} <= {rational(high)}"] = f"(AtMost {form} {constant(high)})"
    return Part(values.lemma(name, goals, hints))


def _root(name: str, claim: Json, known: Known, always: bool) -> Part | None:
    """The lemma for a zero; `None` if this is no way for it, or, but for `always`, not the quickest one."""
    variable, ends = claim["variable"], _bounds(claim)
    values = read(claim, known, (variable,), always)
    if values is None:
        return None
    hints = hints_of(lambda bits: opposite(values.text, values.box, variable, ends, bits))
    if hints is None:
        return None
    writer = values.writer()
    form, term = writer.form(values.tree), writer.term(values.tree)
    needs, variables = values.needs(writer.needs), values.scalars.own()
    lemmas = [values.lemma(f"{name}_defined", needs, hints, own=True)] if needs else []
    low, high = map(rational, ends)
    boxes = boxed(values.box[key] for key in values.wide)
    lemmas.append(
        f"Lemma {name}_zero : {quantified(variables)}\n"
        f"    exists v_{variable}, {low} <= v_{variable} <= {high} /\\ {term} = 0.\n"
        f"Proof.\n  intros. exact (zero_within {hints} {boxes}\n"
        f"    {constant(ends[0])} {constant(ends[1])} {form}\n"
        f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(v for v, *_ in variables)} {_BETWEEN}).\nQed.\n"
    )
    return Part("\n".join(lemmas))


def read(
    claim: Json, known: Known, own: tuple[str, ...] = (), always: bool = False
) -> Values | None:
    """The formula of a claim; `None` if it is outside the language, or, but for `always`, better put to a tactic."""
    if not valued(parse(claim["formula"])):
        return None
    values = Values(claim, known, own)
    return values if always or values.many() else None
