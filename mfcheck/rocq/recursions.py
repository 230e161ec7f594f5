"""Recursions of many steps in Rocq: a definition of the step, and for each value a lemma by one computation.

The computation (`recursions.v`) runs in the floats of the machine with outward rounding. It is rehearsed here, so that
a value whose bounds are too close for them is said to be left out.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from mfcheck.errors import InputError
from mfcheck.rigor.exported import correlation
from mfcheck.rocq.floats import Box, Floats, Formula, binary, number, variable
from mfcheck.rocq.formula import rational, translate
from mfcheck.rocq.means import listed
from mfcheck.rocq.scalars import Known, Part
from mfcheck.verify.formulas import evaluate, fixed, iv, parse
from mfcheck.verify.reading import NAME, effort, fields, need
from mfcheck.verify.reals import REALS
from mfcheck.verify.recursions import MAX_STEPS

Json: TypeAlias = dict[str, Any]
_BITS, _SHARP = 120, 70
_UNFOLD = "rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs; "


def recursion(name: str, claim: Json, _witness: Json, _known: Known) -> Part:
    """Return definitions of the constants and of the step, and lemmas that begin with `name` for the values.

    Raises:
        InputError: no state moves as `x + a*(arc1(x) - x)`, or the others do not follow it by sums, products and
            quotients by numbers.
    """
    return _Recursion(name, claim).part()


@dataclass(frozen=True)
class _Parameter:
    """A part of the formulas without a state: as a term of Rocq, and in a box."""

    term: str
    box: Box


class _Recursion:
    """The texts for one claim; its states in an order in which the correlation is the first."""

    def __init__(self, name: str, claim: Json) -> None:
        names = (*claim["start"], *claim["constants"], *claim["values"])
        need(all(map(NAME.fullmatch, names)), "name of a state, a constant or a value")
        need(set(claim["start"]) == set(claim["steps"]), "states, and a step of each")
        need(not set(claim["start"]) & set(claim["constants"]), "a constant that is a state")
        for value in claim["values"].values():
            fields(value, "value", "after:int formula lower upper")
            need(0 <= value["after"] <= MAX_STEPS, f"up to {MAX_STEPS} steps")
        self.name, self.claim, first = name, claim, correlation(claim)
        if first is None:
            raise InputError("no state moves as x + a*(arc1(x) - x), with all others behind it")
        self.states = [first, *(state for state in claim["steps"] if state != first)]
        self.needs: list[str] = []
        self.constants = {key: f"{name}_const_{key}" for key in claim["constants"]}
        effort.start()
        iv.prec = _BITS
        self.values = {key: evaluate(x, {}, REALS) for key, x in claim["constants"].items()}
        self.parameters: list[_Parameter] = []
        rate = parse(claim["steps"][first]).right.left  # type: ignore[attr-defined]
        self._parameter(_source(claim["steps"][first], rate))
        self.starts = [self._boxed(claim["start"][state]) for state in self.states]
        self.steps = [self._formula(claim["steps"][state], 2) for state in self.states[1:]]

    def part(self) -> Part:
        """All of it; values are left out whose bounds floats do not decide."""
        values = self.claim["values"].items()
        found = {key: self._formula(x["formula"], 0) for key, x in values}
        boxes = [x.box for x in self.parameters]
        run = Floats([x.run for x in self.steps], boxes, [x.box for x in self.starts])
        texts, coarse = [], []
        for key, value in sorted(values, key=lambda item: int(item[1]["after"])):
            ends = Fraction(value["lower"]), Fraction(value["upper"])
            if run.decides(value["after"], found[key].run, ends):
                texts.append(self._value(key, value, found[key], ends))
            else:
                coarse.append(
                    f"{key}: floats of the machine do not decide its bounds after {value['after']} steps"
                )
        if not texts:
            raise InputError("; ".join(coarse))
        return Part("\n".join([*self._definitions(), *self._domains(), *texts]), tuple(coarse))

    def _definitions(self) -> Iterator[str]:
        for key, own in self.constants.items():
            yield f"Definition {own} : R := {self._translate(self.claim['constants'][key])}."
        pattern, product = self._pattern(), " * ".join("R" for _ in self.states)
        step = ", ".join(self._translate(self.claim["steps"][state]) for state in self.states)
        starts = ", ".join(x.term for x in self.starts)
        yield (
            f"Definition {self.name}_step (v : {product}) : {product} := let {pattern} := v in\n  ({step}).\n"
            f"Definition {self.name}_states (n : N) : {product} := N.iter n {self.name}_step ({starts})."
        )
        terms = [x.term for x in self.parameters]
        yield (
            f"Definition {self.name}_list (v : {product}) : list R := "
            f"let {pattern} := v in {listed([f'v_{x}' for x in self.states])}.\n"
            f"Lemma {self.name}_next : forall n, {self.name}_list ({self.name}_states (N.succ n)) =\n"
            f"  Recursions.step_of {self._steps()} {terms[0]} {listed(terms)}\n"
            f"    ({self.name}_list ({self.name}_states n)).\n"
            f"Proof. intros n. unfold {self.name}_states. rewrite N.iter_succ. "
            f"generalize (N.iter n {self.name}_step ({starts})). intros {self._brackets()}. reflexivity. Qed."
        )
        facts = (
            ("boxes", [x.box for x in self.parameters], terms),
            ("starts", [x.box for x in self.starts], [x.term for x in self.starts]),
        )
        for key, boxes, inside in facts:
            yield (
                f"Lemma {self.name}_{key} : List.Forall2 Recursions.boxed {_boxes(boxes)} {listed(inside)}.\n"
                f"Proof. repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold Recursions.boxed; "
                f"{self._unfolded()}"
                f"first [lra | split; interval with (i_prec {_BITS})]. Qed."
            )
        yield (
            f"Lemma {self.name}_stays : forall n {self._own()}, {self.name}_states n = {self._tuple()} -> "
            f"-1 <= v_{self.states[0]} <= 1.\n"
            f"{self._proof('stays', 'n')}"
        )

    def _domains(self) -> Iterator[str]:
        for k, goal in enumerate(dict.fromkeys(self.needs)):
            yield (
                f"Lemma {self.name}_defined_{k} : {goal}.\n"
                f"Proof. {self._unfolded()}first [lra | interval with (i_prec {_BITS})]. Qed."
            )

    def _value(self, key: str, value: Json, formula: Formula, ends: Sequence[Fraction]) -> str:
        after, (low, high) = value["after"], ends
        bounds = " ".join(f"({_exact(x).text})" for x in ends)
        goal = f"{rational(low)} <= {self._translate(value['formula'])} <= {rational(high)}"
        shown = f"{after}%N {formula.text} {bounds} ltac:(vm_cast_no_check (eq_refl true))"
        return (
            f"Lemma {self.name}_value_{key} : forall {self._own()}, {self.name}_states {after}%N = {self._tuple()} ->\n"
            f"  {goal}.\n{self._proof('value_bounds', shown)}"
        )

    def _proof(self, theorem: str, arguments: str) -> str:
        """What a theorem about all runs says of this one, in the states by name."""
        return (
            f"Proof.\n  intros. {self._theorem(theorem)} as K.\n  specialize (K {arguments}).\n"
            f"  match goal with E : _ = _ |- _ => rewrite E in K end. exact K.\nQed."
        )

    def _theorem(self, theorem: str) -> str:
        """One of the theorems about all runs, for this one."""
        first, *others = (x.box for x in self.parameters)
        start, *behind = (x.box for x in self.starts)
        return (
            f"pose proof (Recursions.{theorem} {self._steps()}\n"
            f"    {_box(first)} {_boxes(others)} {_box(start)} {_boxes(behind)}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) _ {self.name}_list {self.name}_states _ _ _ _\n"
            f"    {self.name}_boxes {self.name}_starts eq_refl {self.name}_next)"
        )

    def _steps(self) -> str:
        return listed([x.text for x in self.steps])

    def _brackets(self) -> str:
        """The states as a pattern of `intros`."""
        found = f"v_{self.states[0]}"
        for state in self.states[1:]:
            found = f"[{found} v_{state}]"
        return found

    def _own(self) -> str:
        return " ".join(f"v_{state}" for state in self.states)

    def _tuple(self) -> str:
        names = ", ".join(f"v_{state}" for state in self.states)
        return f"({names})" if len(self.states) > 1 else names

    def _pattern(self) -> str:
        return f"'{self._tuple()}" if len(self.states) > 1 else self._tuple()

    def _unfolded(self) -> str:
        return f"unfold {', '.join(self.constants.values())}; " * bool(self.constants) + _UNFOLD

    def _translate(self, text: str) -> str:
        names = {**self.constants, **{state: f"v_{state}" for state in self.states}}
        found, needs = translate(text, names, self._arc)
        self.needs += needs
        return found

    def _arc(self, call: str) -> str:
        match parse(call):
            case ast.Call(
                func=ast.Name(id="arc0" | "arc1" as name), args=[ast.Name(id=argument)]
            ) if argument == self.states[0]:
                return f"({name} v_{argument})"
        raise InputError(f"{call[:60]}: not in the steps that Rocq follows")

    def _boxed(self, text: str) -> _Parameter:
        plain = self.claim["constants"].get(text, text)
        return _Parameter(self._translate(text), _enclosed(plain, self.values))

    def _parameter(self, text: str) -> int:
        found = self._boxed(text)
        if found not in self.parameters:
            self.parameters.append(found)
        return self.parameters.index(found)

    def _formula(self, text: str, arcs: int) -> Formula:
        """A formula in arcs, states and parameters, for Rocq and for the rehearsal."""
        return self._of(text.strip(), parse(text), arcs)

    def _of(self, text: str, node: ast.expr, arcs: int) -> Formula:
        match node:
            case ast.Constant():
                return _exact(Fraction(_source(text, node)))
            case ast.UnaryOp(operand=ast.Constant() as operand):
                value = Fraction(_source(text, operand))
                whole = value.denominator == 1
                return _exact(-value) if whole else binary("-", number(0), _exact(value), "ENeg")
            case ast.UnaryOp(operand=operand):
                return binary("-", number(0), self._of(text, operand, arcs), "ENeg")
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op):
                sides = self._of(text, left, arcs), self._of(text, node.right, arcs)
                return binary(
                    {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}[type(op).__name__], *sides
                )
            case ast.Call(func=ast.Name(id="arc0" | "arc1" as name)) if arcs and self._varies(node):
                return variable(int(name[-1]))
            case ast.Name(id=name) if name in self.states:
                return variable(arcs + self.states.index(name))
        return variable(arcs + len(self.states) + self._parameter(_source(text, node)))

    def _varies(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.states for n in ast.walk(node))


def _source(text: str, node: ast.expr) -> str:
    return ast.get_source_segment(text.strip(), node) or ""


def _exact(value: Fraction) -> Formula:
    top = number(value.numerator)
    return top if value.denominator == 1 else binary("/", top, number(value.denominator))


def _enclosed(text: str, constants: Mapping[str, Any]) -> Box:
    """Two quotients around a number: itself where it is written as one, or some 2^-70 apart."""
    try:
        value = Fraction(text)
        return value.numerator, value.numerator, value.denominator
    except ValueError:
        pass
    found, bits = evaluate(text, constants, REALS), _SHARP
    while bits < _SHARP + 300 and max(map(abs, fixed(found, bits))) < 2**_SHARP:
        bits += 10
    low, high = fixed(found, bits)
    return low - 1, high + 1, 2**bits


def _box(box: Box) -> str:
    low, high, unit = (f"({x})" if x < 0 else str(x) for x in box)
    return f"({low}, {high}, {unit})%Z"


def _boxes(boxes: Sequence[Box]) -> str:
    return listed([_box(box) for box in boxes]) if boxes else "nil"
