"""Counts of zeros as one computation of Rocq (`counts.v`): values, derivatives, and signs at the ends of pieces."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, isqrt
from typing import Any

from mfcheck.errors import InputError
from mfcheck.rocq import scalars
from mfcheck.rocq.enclosures import enclosure
from mfcheck.rocq.formula import rational, translate
from mfcheck.rocq.means import Ends, Mean, boxed, fraction, listed, outward, read_mean
from mfcheck.rocq.scalars import Known, Part, Scalars
from mfcheck.verify import MalformedError, UnprovedError
from mfcheck.verify.counts import INFINITE
from mfcheck.verify.formulas import parse
from mfcheck.verify.reading import effort
from mfcheck.verify.slopes import slope

BINARY: Mapping[type, str] = {
    ast.Add: "FAdd",
    ast.Sub: "FSub",
    ast.Mult: "FMul",
    ast.Div: "FDiv",
}
SMOOTH: Mapping[str, str] = {
    "exp": "FExp",
    "log": "FLn",
    "sqrt": "FSqrt",
    "sin": "FSin",
    "cos": "FCos",
    "atan": "FAtan",
    "tanh": "FTanh",
}
"""Operations and functions in the language of `counts.v`."""
_UNARY: Mapping[str, str] = {**SMOOTH, "erf": "FErf"}
_MOST_PIECES, MOST_FACTORS = 400, 12
_SPARES, _SHARES = (Fraction(1, 8), Fraction(1, 50)), (Fraction(5, 9), Fraction(4, 9))
_AT_ONCE = "(0%nat, 1%Z, 1%Z, 1%nat)"


def zeros(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return the lemma that a formula has so many zeros; where there is none, lemmas for its signs."""
    try:
        return _Count(name, claim, witness, known).part()
    except (InputError, UnprovedError, MalformedError):  # too much work, for one
        return scalars.zeros(name, claim, witness, known)


@dataclass
class _Parts:
    """What does not depend on the variable, as terms of Rocq and as formulas; what has to hold; erf and means."""

    terms: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    erfs: list[str] = field(default_factory=list)
    means: list[Mean] = field(default_factory=list)
    growth: int = 0


@dataclass
class _Writer:
    """Writes a formula in one variable in the language of `counts.v`."""

    text: str
    variable: str
    names: Mapping[str, str]
    parts: _Parts

    def form(self) -> str:
        """The formula.

        Raises:
            InputError: a part that has no derivative there.
        """
        return self._of(parse(self.text))

    def term(self) -> str:
        """The formula as a real number of Rocq."""
        found, needs = translate(self.text, self.names, self._call)
        self.parts.needs += needs
        return found

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _call(self, call: str) -> str:
        match parse(call):
            case ast.Call(func=ast.Name(id="erf"), args=[argument]):
                inner = ast.get_source_segment(call, argument) or ""
                return f"(erf {replace(self, text=inner).term()})"
        mean = read_mean(call, self.names)
        self.parts.needs += mean.needs
        return f"(Mean {mean.function})"

    def _of(self, node: ast.expr) -> str:
        if not any(isinstance(n, ast.Name) and n.id == self.variable for n in ast.walk(node)):
            return self._parameter(self._source(node))
        match node:
            case ast.Name():
                return "FX"
            case ast.UnaryOp(operand=operand):
                return f"(FNeg {self._of(operand)})"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = self._source(right)
                if not power.isdecimal() or int(power) > MOST_FACTORS:
                    raise InputError(f"{power[:60]}: an exponent that counts in Rocq do not have")
                return f"(FPow {self._of(left)} {power})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({BINARY[type(op)]} {self._of(left)} {self._of(right)})"
            case ast.Call(func=ast.Name(id="normal")):
                return self._mean(self._source(node))
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _UNARY:
                if name == "erf":
                    self.parts.erfs.append(self._source(argument))
                return f"({_UNARY[name]} {self._of(argument)})"
        raise InputError(f"{self._source(node)[:60]}: no derivative in Rocq")

    def _parameter(self, source: str) -> str:
        if source.isdecimal():
            return f"(FN {int(source)})"
        written, _ = translate(source, self.names, _refuse)
        if written not in self.parts.terms:
            self.parts.terms.append(written)
            self.parts.sources.append(source)
        return f"(FP {self.parts.terms.index(written)})"

    def _mean(self, call: str) -> str:
        mean = read_mean(call, self.names)
        if not mean.plain or "Max" in mean.term or "Min" in mean.term:
            raise InputError(f"{call[:60]}: no derivative in Rocq")
        self.parts.means.append(mean)
        risen = read_mean(slope(call, self.variable), self.names)
        self.parts.growth = max(self.parts.growth, mean.growth, risen.growth + 1)
        inner = [replace(self, text=source).form() for source in mean.sources]
        return f"(FMean {mean.term} {listed(inner)})"


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: not an input of counts in Rocq")


@dataclass(frozen=True)
class _Piece:
    """A part of the line up to a place: the formula is monotone there, or has no zero."""

    monotone: bool
    end: Fraction


class _Count:
    """The lemma for one claim."""

    def __init__(
        self, name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known
    ) -> None:
        self.name, self.variable, self.count = name, claim["variable"], claim["count"]
        self.text, self.bits = claim["formula"].strip(), max(32, witness["bits"])
        self.inputs = scalars.written(claim["inputs"], known)
        shape = Scalars({"formula": self.text, "inputs": self.inputs}, self.bits, 1, known)
        self.quantified = scalars.quantified(shape.own())
        self.infinite = claim["upper"] == INFINITE
        self.low = Fraction(claim["lower"])
        self.high = Fraction(witness["reach"] if self.infinite else claim["upper"])
        names = shape.names() | {self.variable: f"v_{self.variable}"}
        self.parts = _Parts()
        self.writer = _Writer(self.text, self.variable, names, self.parts)

    def part(self) -> Part:
        """The lemma of the count, after those that its functions are defined and its means exist."""
        effort.start()
        form, term = self.writer.form(), self.writer.term()
        ends = [rational(self.low)] if self.infinite else [rational(self.low), rational(self.high)]
        shape = "zeros_from" if self.infinite else "zeros_between"
        said = f"{shape} {' '.join(ends)} (fun v_{self.variable} => {term}) {self.count}"
        blanks = " ".join("_" for _ in ends)
        lemma = (
            f"Lemma {self.name}_count : {self.quantified}{said}.\n"
            f"Proof.\n  intros. refine ({self._theorem(form)}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(self.parts.terms)} {' '.join(ends)} _ {blanks}).\n"
            f"  2{'' if self.infinite else ',3'}: unfold real_; cbn [fst snd]; lra.\n"
            f"  repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
            f"    rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs;\n"
            f"    first [lra | split; interval with (i_prec {self.bits + 90})].\nQed.\n"
        )
        return Part("\n".join([*self._domains(), lemma]))

    def _theorem(self, form: str) -> str:
        growth, (terms, bits) = self.parts.growth, self._series()
        panels = self._panels()
        reach = panels * (growth + 1 + isqrt(growth**2 + ceil(1.4 * (self.bits + 8))))
        wide, sharp = (f"({n}%nat, {panels}%Z, {reach}%Z, {terms}%nat)" for n in (3, 8))
        pieces = self._pieces()
        items = (f"({str(x.monotone).lower()}, {fraction(x.end)}, {wide}, {sharp})" for x in pieces)
        boxes = boxed(outward(source, self.inputs, self.bits + 24) for source in self.parts.sources)
        return (
            f"count_zeros{'_from' if self.infinite else ''} (F.PtoP {bits}) (F.PtoP 40) {boxes}\n    {form}\n"
            f"    {fraction(self.low)} {listed(items)} {fraction(pieces[-1].end)} {self.count}"
            f"{' ' + _AT_ONCE if self.infinite else ''}"
        )

    def _panels(self) -> int:
        """How many panels a unit of the variable of a mean takes."""
        found = 8
        for mean in self.parts.means:
            sizes = [max(map(abs, self._range(s, self.low, self.high))) for s in mean.sources]
            found = max(found, mean.panels(sizes))
        return found

    def _series(self) -> tuple[int, int]:
        """How many terms the series of erf takes, and the bits that are needed as they cancel."""
        bits = self.bits + 30
        if not self.parts.erfs:
            return 1, bits
        if self.infinite:
            raise InputError("the series of erf up to infinity")
        ranges = [self._range(source, self.low, self.high) for source in self.parts.erfs]
        square = max(x * x for ends in ranges for x in ends)
        return ceil(3 * square) + bits // 2 + 8, bits + 2 * ceil(square)

    def _domains(self) -> Iterator[str]:
        own, high = f"v_{self.variable}", "" if self.infinite else f" <= {rational(self.high)}"
        tactic = scalars.ways(f"i_prec {self.bits + 32}", [own], "")
        for k, need in enumerate(dict.fromkeys(self.parts.needs)):
            if "Mean" in need or "erf" in need:
                raise InputError(f"{need[:60]}: not known to hold")
            goal = f"forall {own}, {rational(self.low)} <= {own}{high} -> {need}"
            yield (
                f"Lemma {self.name}_defined_{k} : {self.quantified}{goal}.\n"
                f"Proof. intros; rewrite ?tanh_exp; {tactic}. Qed.\n"
            )
        within = f"forall {own}, {rational(self.low)} <= {own}{high} -> "
        for k, mean in enumerate({mean.function: mean for mean in self.parts.means}.values()):
            proof = f"flat_mean {listed(mean.parameters)} {mean.term} eq_refl eq_refl"
            yield (
                f"Lemma {self.name}_exists_{k} : {self.quantified}{within}has_mean {mean.function}.\n"
                f"Proof. intros. exact ({proof}). Qed.\n"
            )

    def _range(self, text: str, low: Fraction, high: Fraction) -> Ends:
        box = {**self.inputs, self.variable: [str(low), str(high)]}
        return enclosure({"formula": text, "inputs": box}, {"bits": self.bits}, work=False)

    def _pieces(self) -> list[_Piece]:
        """Pieces that are settled with something to spare for another arithmetic: first with much, then with little.

        Where zeros move with the inputs, a cut among them is never settled: other cuts are tried.
        """
        for spare in _SPARES:
            for share in _SHARES:
                try:
                    return list(self._cut(spare, share))
                except UnprovedError:
                    continue
        raise UnprovedError("zeros are not told apart, or not excluded")

    def _cut(self, spare: Fraction, share: Fraction) -> Iterator[_Piece]:
        """Cut the line until each piece is settled."""
        derivative, left = slope(self.text, self.variable), [(self.low, self.high)]
        for _ in range(_MOST_PIECES):
            if not left:
                return
            a, b = left.pop()
            piece = self._settled(derivative, a, b, spare)
            if piece:
                yield piece
            else:
                middle = _simple(a + (b - a) * share, (b - a) / 64)
                left += [(middle, b), (a, middle)]
        raise UnprovedError("too many pieces")

    def _settled(self, derivative: str, a: Fraction, b: Fraction, spare: Fraction) -> _Piece | None:
        try:
            slopes, middle = self._range(derivative, a, b), (a + b) / 2
            signs = (self._range(self.text, x, x) for x in (a, b))
            if _away(slopes, spare) and all(_away(ends, spare) for ends in signs):
                return _Piece(True, b)
            at, turn = self._range(self.text, middle, middle), max(map(abs, slopes)) * (b - a) / 2
            near = (at[0] - turn, at[1] + turn), self._range(self.text, a, b)
            if any(_away(ends, spare) for ends in near):
                return _Piece(False, b)
        except UnprovedError:
            pass
        return None


def _away(ends: Ends, spare: Fraction) -> bool:
    """Whether an interval keeps away from zero by a part of its length."""
    more = (ends[1] - ends[0]) * spare
    return ends[0] > more or ends[1] < -more


def _simple(value: Fraction, within: Fraction) -> Fraction:
    """A fraction near a value, a power of 2 below it."""
    unit = 1
    while Fraction(1, unit) > within:
        unit *= 2
    return Fraction(round(value * unit), unit)
