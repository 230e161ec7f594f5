"""Solutions of systems of equations as one computation of Rocq (`systems.v`): values at the middle, slopes."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mfcheck.errors import InputError
from mfcheck.rigor.exported import MOST_BITS, bits_of_system
from mfcheck.rocq import scalars
from mfcheck.rocq.counts import BINARY, MOST_FACTORS, SMOOTH
from mfcheck.rocq.formula import rational, translate
from mfcheck.rocq.means import Mean, boxed, fraction, listed, outward, read_mean
from mfcheck.rocq.programs import Joint, read_joint
from mfcheck.rocq.scalars import Known, Part, Scalars
from mfcheck.verify.formulas import parse
from mfcheck.verify.reading import NAME, need, number

_COARSE_DEGREE, _COARSE_BITS, _UNIT = 5, 6, 2**60

Matrix = list[list[Fraction]]


def system(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return the lemma that equations have exactly one solution in a box, after those that they are defined there.

    Raises:
        InputError: an equation outside the language of `systems.v`.
    """
    need(all(map(NAME.fullmatch, claim["unknowns"])), "name of an unknown")
    need(len(claim["unknowns"]) == len(claim["equations"]), "as many equations as unknowns")
    need(not set(claim["unknowns"]) & set(claim["inputs"]), "an unknown that is an input")
    return _System(name, claim, witness, known).part()


@dataclass
class _Forms:
    """Writes formulas in the language of `counts.v`, each name as the parameter with its number."""

    numbers: Mapping[str, int]
    constants: Mapping[str, Fraction]
    names: Mapping[str, str]

    def of(self, text: str) -> str:
        """A formula.

        Raises:
            InputError: it has a part without a derivative there.
        """
        return self._of(text, parse(text))

    def _of(self, text: str, node: ast.expr) -> str:
        match node:
            case ast.Constant():
                return self._number(Fraction(_source(text, node)))
            case ast.Name(id=name) if name in self.numbers:
                return f"(FP {self.numbers[name]})"
            case ast.Name(id=name) if name in self.constants:
                return self._number(self.constants[name])
            case ast.UnaryOp(operand=ast.Constant() as operand):
                value = Fraction(_source(text, operand))
                return f"(FN (-{value}))" if value.denominator == 1 else _minus(value)
            case ast.UnaryOp(operand=operand):
                return f"(FNeg {self._of(text, operand)})"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = _source(text, right)
                if not power.isdecimal() or int(power) > MOST_FACTORS:
                    raise InputError(f"{power[:60]}: an exponent that systems in Rocq do not have")
                return f"(FPow {self._of(text, left)} {power})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({BINARY[type(op)]} {self._of(text, left)} {self._of(text, right)})"
            case ast.Call(func=ast.Name(id="normal")):
                mean = read_mean(_source(text, node), self.names)
                return f"(FMean {_smooth(mean, text)} {listed(map(self.of, mean.sources))})"
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in SMOOTH:
                return f"({SMOOTH[name]} {self._of(text, argument)})"
        raise InputError(f"{_source(text, node)[:60]}: no derivative in Rocq")

    def _number(self, value: Fraction) -> str:
        if value.denominator == 1:
            return f"(FN ({value}))"
        return f"(FDiv (FN ({value.numerator})) (FN {value.denominator}))"


def _minus(value: Fraction) -> str:
    return f"(FNeg (FDiv (FN {value.numerator}) (FN {value.denominator})))"


def _smooth(mean: Mean, text: str) -> str:
    if not mean.plain or "Max" in mean.term or "Min" in mean.term:
        raise InputError(f"{text[:60]}: no derivative in Rocq")
    return mean.term


def _source(text: str, node: ast.expr) -> str:
    return ast.get_source_segment(text, node) or ""


class _System:
    """The lemmas for one claim."""

    def __init__(
        self, name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known
    ) -> None:
        self.name, self.claim, self.witness = name, claim, witness
        self.unknowns = list(claim["unknowns"])
        self.equations = [text.strip() for text in claim["equations"]]
        self.inputs = scalars.written(claim["inputs"], known)
        self.box = {key: (Fraction(a), Fraction(b)) for key, (a, b) in claim["unknowns"].items()}
        outer = Scalars({"formula": "0", "inputs": self.inputs}, witness["bits"], 1, {})
        self.own = outer.own()
        numbers = {key: k for k, key in enumerate([*self.unknowns, *outer.wide])}
        self.names = outer.names() | {key: f"v_{key}" for key in self.unknowns}
        self.needs: list[str] = []
        self.means: list[Mean] = []
        self.values = [self._value(text) for text in self.equations]
        constants = {key: ends[0] for key, ends in outer.ends.items() if key not in outer.wide}
        self.forms = _Forms(numbers, constants, self.names)
        self.wide = [outer.ends[key] for key in outer.wide]
        self.inverse = [[number(x) for x in row] for row in witness["inverse"]]
        self.bits = self._bits()
        self.joint = self._joint()

    def _bits(self) -> int:
        """The accuracy of the values at the middle, for the approximate inverse and the box."""
        bits = bits_of_system(self.claim, self.witness)
        if bits > MOST_BITS:
            raise InputError("a box that is too small for the floats of the machine")
        return bits

    def _joint(self) -> Joint | None:
        """The equations that are means, to be worked out together."""
        calls = [text for text in self.equations if _is_mean(text)]
        if not calls:
            return None
        joint = read_joint(calls, self.names)
        if not joint.mean.plain:
            raise InputError("a quotient inside a mean has no derivative in Rocq")
        return joint

    def _value(self, text: str) -> str:
        """An equation as a real number of Rocq."""
        found, needs = translate(text, self.names, self._mean)
        self.needs += needs
        return found

    def _mean(self, call: str) -> str:
        mean = read_mean(call, self.names)
        self.needs += mean.needs
        self.means.append(mean)
        return mean.value

    def part(self) -> Part:
        """The lemmas."""
        return Part("\n".join([*self._domains(), self._definition(), self._lemma()]))

    def _domains(self) -> list[str]:
        """The equations are defined in the box: their means exist, arguments are in the domains of functions."""
        lemmas, given = [], scalars.quantified([*self.own, *self._ranges()])
        tactic = scalars.ways(f"i_prec {self.bits + 32}", [], "")
        for k, said in enumerate(dict.fromkeys(self.needs)):
            if "Mean" in said:
                raise InputError(f"{said[:60]}: not known to hold")
            proof = f"intros; rewrite ?tanh_exp; {tactic}."
            lemmas.append(f"Lemma {self.name}_defined_{k} : {given}{said}.\nProof. {proof} Qed.\n")
        for k, mean in enumerate({mean.function: mean for mean in self.means}.values()):
            proof = (
                f"intros. exact (flat_mean {listed(mean.parameters)} {mean.term} eq_refl eq_refl)."
            )
            said = f"has_mean {mean.function}"
            lemmas.append(f"Lemma {self.name}_exists_{k} : {given}{said}.\nProof. {proof} Qed.\n")
        return lemmas

    def _ranges(self) -> list[tuple[str, str, str]]:
        return [
            (f"v_{key}", rational(low), rational(high)) for key, (low, high) in self.box.items()
        ]

    def _definition(self) -> str:
        """What it means to be a solution."""
        names = " ".join([*(v for v, *_ in self.own), *(f"v_{key}" for key in self.unknowns)])
        box = " /\\ ".join(f"{low} <= {v} <= {high}" for v, low, high in self._ranges())
        zeros = " /\\\n  ".join(f"{value} = 0" for value in self.values)
        return f"Definition {self.name}_solution ({names} : R) : Prop :=\n  ({box}) /\\\n  ({zeros}).\n"

    def _lemma(self) -> str:
        own = " ".join(v for v, *_ in self.own)
        said = f"{self.name}_solution {own}".strip()
        v, w = (" ".join(f"{a}_{key}" for key in self.unknowns) for a in "vw")
        same = " /\\ ".join(f"v_{key} = w_{key}" for key in self.unknowns)
        found = ", ".join(f"(List.nth {k} e 0)" for k in range(len(self.unknowns)))
        return (
            f"Lemma {self.name}_one : {scalars.quantified(self.own)}(exists {v}, {said} {v}) /\\\n"
            f"  (forall {v} {w}, {said} {v} -> {said} {w} -> {same}).\n"
            f"Proof.\n  intros. destruct ({self._theorem()}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(v for v, *_ in self.own)}\n"
            f"    ltac:(inputs_)) as [[e [B Z]] U].\n"
            f"  unfold {self.name}_solution. split.\n"
            f"  - exists {found}. opened B; cbn [List.nth]. split; [box_to | zeros_to Z].\n"
            f"  - clear e B Z. intros {v} {w} [B Z] [B' Z'].\n"
            f"    assert (E : {listed(v.split())} = {listed(w.split())}).\n"
            f"    {{ apply U; split; [box_from B | zeros_from Z | box_from B' | zeros_from Z']. }}\n"
            f"    injection E; intros; repeat split; assumption.\nQed.\n"
        )

    def _theorem(self) -> str:
        coarse, fine = (
            self._effort(_COARSE_BITS, coarse=True),
            self._effort(self.bits, coarse=False),
        )
        middles = {key: [str((a + b) / 2)] * 2 for key, (a, b) in self.box.items()}
        steps, forms, degree = "nil", "nil", (1, 1, 1)
        if self.joint:
            steps = listed(self.joint.steps)
            forms = listed(map(self.forms.of, self.joint.mean.sources))
            degree = self.joint.effort(self._sizes(self.joint.mean, middles), self.bits + 4)
        outs = iter(self.joint.outs if self.joint else ())
        items = listed(
            f"Joint {next(outs)}" if _is_mean(text) else f"Own {self.forms.of(text)}"
            for text in self.equations
        )
        return (
            f"system_solution (F.PtoP {self.bits + 30}) (F.PtoP 40) {coarse} {fine}\n"
            f"    {boxed(self.box.values())} {boxed(self.wide)}\n    {forms}\n    {steps}\n    {items}\n"
            f"    {degree[0]} {degree[1]} {degree[2]}\n    {_rows(self.inverse)}\n"
            f"    {_rows(_inverse(self.inverse))} (1, 2)%Z"
        )

    def _sizes(self, mean: Mean, at: Mapping[str, Any]) -> list[Fraction]:
        box = {**self.inputs, **at}
        pairs = (outward(source, box, 40) for source in mean.sources)
        return [max(map(abs, pair)) for pair in pairs]

    def _effort(self, bits: int, coarse: bool) -> str:
        """Degree and panels of means by themselves, for slopes or for values."""
        panels, reach = 4, 5
        box = {key: [str(a), str(b)] for key, (a, b) in self.box.items()}
        for mean in self.means:
            sizes = self._sizes(mean, box)
            panels = max(panels, mean.panels(sizes))
            reach = max(reach, mean.reach(sizes, bits))
        if coarse:
            panels = max(4, panels // 2)
        degree = _COARSE_DEGREE if coarse else 10 + bits // 8
        return f"({degree}%nat, {panels}%Z, {reach * panels}%Z, 1%nat)"


def _is_mean(text: str) -> bool:
    match parse(text):
        case ast.Call(func=ast.Name(id="normal")):
            return True
    return False


def _rows(matrix: Sequence[Sequence[Fraction]]) -> str:
    return listed(listed(map(fraction, row)) for row in matrix)


def _inverse(matrix: Matrix) -> Matrix:
    """The inverse of a matrix, rounded.

    Raises:
        InputError: there is none.
    """
    n = len(matrix)
    rows = [[*row, *(Fraction(int(i == k)) for k in range(n))] for i, row in enumerate(matrix)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[pivot][k] == 0:
            raise InputError("the matrix that is to be the inverse of the slopes has none")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [[Fraction(round(x * _UNIT), _UNIT) for x in row[n:]] for row in rows]
