"""Means over a standard normal variable in the language of `areas.v`, which Rocq encloses panel by panel."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, isqrt
from operator import add, mul
from typing import Any, TypeAlias

from mfcheck.errors import InputError
from mfcheck.rocq.enclosures import enclosure
from mfcheck.rocq.formula import translate
from mfcheck.verify.formulas import parse

_NODES: Mapping[type, tuple[str, str]] = {
    ast.Add: ("Add", "+"),
    ast.Sub: ("Sub", "-"),
    ast.Mult: ("Mul", "*"),
    ast.Div: ("Div", "/"),
}
_MOST_FACTORS, _WIDE = 12, Fraction(1, 1000)
_Rule: TypeAlias = Callable[[Fraction, Fraction], Fraction]
_Size: TypeAlias = Callable[[Sequence[Fraction]], Fraction]
Ends: TypeAlias = tuple[Fraction, Fraction]
Words: TypeAlias = tuple[str, str, str]
"""That something exists, its value, and the theorem on its bounds, in `mfcheck/rocq/*.v`."""
MEAN: Words = ("has_mean", "Mean", "mean_bounds")


@dataclass(frozen=True)
class Written:
    """A part of the formula as a term of Rocq and of `areas.v`; it is about at most most*exp(growth |x|).

    `speed` is about its slope, or its size where it does not vary, for parameters of given sizes.
    """

    text: str
    term: str
    growth: int
    speed: _Size = lambda _: Fraction(1)
    most: _Size = lambda _: Fraction(1)


@dataclass
class Mean:
    """A mean: its function in Rocq and in `areas.v`, and the terms of Rocq that its parameters stand for.

    `sources` are the parameters as formulas of the certificate; `needs` has to hold for them to be
    defined; `plain` means that all divisors are whole numbers.
    """

    function: str = ""
    term: str = ""
    growth: int = 0
    parameters: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    plain: bool = True
    most: _Size = lambda _: Fraction(1)
    speeds: list[Callable[[Sequence[Fraction]], Fraction]] = field(default_factory=list)

    @property
    def value(self) -> str:
        """The mean as a term of Rocq."""
        return f"(Mean {self.function})"

    def family(self, variable: str) -> str:
        """The parameters as functions of a variable, a list of Rocq."""
        return listed(f"(fun {variable} => {p})" for p in self.parameters)

    def reach(self, sizes: Sequence[Fraction], bits: int) -> int:
        """How far from zero the panels go where the parameters are of given sizes."""
        return reach_of(self.growth, self.most(sizes), bits)

    def panels(self, sizes: Sequence[Fraction]) -> int:
        """How many panels a unit takes where the parameters are of given sizes."""
        size, parts = max([Fraction(1), *(speed(sizes) for speed in self.speeds)]), 4
        while 4 * parts < 13 * size and parts < 64:
            parts *= 2
        return parts

    def lemma(
        self, name: str, quantified: str, inputs: dict[str, list[str]], bits: int, ends: Ends
    ) -> str:
        """The lemma that the mean exists, and lies between two numbers.

        Args:
            name: of the lemma.
            quantified: the variables of Rocq with their bounds.
            inputs: bounds of the inputs of the certificate.
            bits: of accuracy.
            ends: the numbers.
        """
        head = f"Lemma {name} : {quantified}"
        return head + self.bounded(MEAN, self, inputs, bits, ends)

    def bounded(
        self, words: Words, near: "Mean", inputs: dict[str, list[str]], bits: int, ends: Ends
    ) -> str:
        """What a lemma says of the function, and its proof by panels.

        Args:
            words: what is said of the function.
            near: the mean that is enclosed by the panels: where they have to end depends on its growth.
            inputs: bounds of the inputs of the certificate.
            bits: of accuracy.
            ends: two numbers, with what is enclosed between them.
        """
        pairs = [outward(source, inputs, bits + 24) for source in self.sources]
        others = [outward(source, inputs, bits + 24) for source in near.sources]
        parts = near.panels([max(map(abs, pair)) for pair in others])
        reach = near.growth + 1 + isqrt(near.growth**2 + ceil(1.4 * (bits + 8)))
        degree = 16 if bits <= 32 else 22 if bits <= 56 else 28
        if any(high - low > _WIDE for low, high in pairs):  # many panels follow a range better
            parts, degree = max(parts, 16), 4
            first, *rest = range(-reach * parts, reach * parts + 1)
        else:
            first, *rest = _panels(parts, reach)
        low, high = (f"({x.numerator} / {x.denominator})" for x in ends)
        exists, value, theorem = words
        return (
            f"{exists} {self.function} /\\ {low} <= {value} {self.function} <= {high}.\n"
            f"Proof.\n  intros. refine ({theorem} (F.PtoP {bits + 30}) (F.PtoP 40) {boxed(pairs)}\n"
            f"    {self.term} {degree} {parts}\n"
            f"    ({first}) {listed(f'({x})%Z' for x in rest)} {fraction(ends[0])} {fraction(ends[1])}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(self.parameters)} _).\n"
            f"  repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
            f"    rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs;\n"
            f"    first [lra | split; interval with (i_prec {bits + 60})].\nQed.\n"
        )


def _panels(parts: int, reach: int) -> list[int]:
    """The ends of panels from -reach to reach, times `parts`: wider ones where the density is small."""
    half = [0]
    while half[-1] < reach * parts:
        place = half[-1] // parts
        half.append(half[-1] + (1 if place < 2 else 2 if place < 4 else min(4, parts // 2)))
    return [-x for x in reversed(half[1:])] + half


def listed(items: Iterable[str]) -> str:
    """Return a list of Rocq."""
    return "(" + " :: ".join([*items, "nil"]) + ")%list"


def fraction(value: Fraction) -> str:
    """Return numerator and denominator, as a pair of Rocq."""
    return f"({value.numerator}, {value.denominator})%Z"


def boxed(pairs: Iterable[Ends]) -> str:
    """Return bounds as a list of Rocq."""
    return listed(f"({fraction(low)}, {fraction(high)})" for low, high in pairs)


def outward(source: str, inputs: Mapping[str, Any], bits: int) -> Ends:
    """Enclose a formula by multiples of 2^-bits, with something to spare."""
    low, high = enclosure({"formula": source, "inputs": inputs}, {"bits": bits})
    unit = Fraction(1, 2**bits)
    return low - unit, high + unit


def read_mean(call: str, names: Mapping[str, str]) -> Mean:
    """Return the mean that a call `normal(x, f)` stands for.

    Args:
        call: as written in a certificate.
        names: the term of Rocq for each input.

    Raises:
        InputError: it is no such call, or f is outside the language of `areas.v`.
    """
    call = call.strip()
    match parse(call):
        case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
            reader = Reader(call, bound, names, Mean(), exps=True)
            found = reader.of(body)
            mean = reader.mean
            mean.function = f"(fun u_{bound} => {found.text})"
            mean.term, mean.growth, mean.most = found.term, found.growth, found.most
            return mean
    raise InputError(f"{call[:60]}: no mean over one normal variable")


@dataclass
class Reader:
    """Reads what is inside of a mean; what does not vary there becomes a parameter of `mean`."""

    text: str
    bound: str
    names: Mapping[str, str]
    mean: Mean
    exps: bool = False

    def of(self, node: ast.expr) -> Written:
        """Return a part of the formula as Rocq has it.

        Raises:
            InputError: it is outside the language of `areas.v`.
        """
        if not any(isinstance(n, ast.Name) and n.id == self.bound for n in ast.walk(node)):
            return self._parameter(node)
        match node:
            case ast.Name():
                return Written(f"u_{self.bound}", "Var", 1)
            case ast.UnaryOp(operand=operand):
                inner = self.of(operand)
                term = f"(Neg {inner.term})"
                return replace(inner, text=f"(- {inner.text})", term=term)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(left, right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._quotient(left, right)
            case ast.BinOp(left=left, op=op, right=right):
                return self._joined(_NODES[type(op)], self.of(left), self.of(right))
            case ast.Call(func=ast.Name(id="tanh"), args=[argument]):
                inner = self.of(argument)
                self.mean.speeds.append(inner.speed)
                return Written(f"(tanh {inner.text})", f"(Tanh {inner.term})", 0)
            case ast.Call(func=ast.Name(id="exp"), args=[argument]) if self.exps:
                inner = self.of(argument)
                if inner.growth:
                    raise InputError(f"{self._source(node)[:60]}: exp of what is not bounded")
                text, term = f"(exp {inner.text})", f"(Exp {inner.term})"
                return Written(text, term, 0, most=lambda sizes: _power_of_3(inner.most(sizes)))
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[first, *rest]):
                found, title = self.of(first), name.capitalize()
                for other in map(self.of, rest):
                    text = f"(R{name} {found.text} {other.text})"
                    term = f"({title} {found.term} {other.term})"
                    growth = max(found.growth, other.growth)
                    found = Written(text, term, growth, most=_both(add, found.most, other.most))
                return found
        raise InputError(f"{self._source(node)[:60]}: not in means that Rocq encloses")

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _parameter(self, node: ast.expr) -> Written:
        source = self._source(node)
        text, needs = translate(source, self.names, _refuse)
        if isinstance(node, ast.Constant) and Fraction(source).denominator == 1:
            number = Fraction(source)
            return Written(text, f"(Num {int(number)})", 0, lambda _: number, lambda _: abs(number))
        self.mean.needs += needs
        if text not in self.mean.parameters:
            self.mean.parameters.append(text)
            self.mean.sources.append(source)
        k = self.mean.parameters.index(text)
        return Written(text, f"(Par {k})", 0, lambda sizes: sizes[k], lambda sizes: sizes[k])

    def _power(self, base: ast.expr, exponent: ast.expr) -> Written:
        source = self._source(exponent)
        if not source.isdecimal() or int(source) > _MOST_FACTORS:
            raise InputError(f"{source[:60]}: an exponent that means in Rocq do not have")
        inner, n = self.of(base), int(source)
        text, term = f"({inner.text} ^ {n})", f"(Pow {inner.term} {n})"
        return Written(text, term, n * inner.growth, most=lambda sizes: inner.most(sizes) ** n)

    def _quotient(self, left: ast.expr, right: ast.expr) -> Written:
        if any(isinstance(n, ast.Name) and n.id == self.bound for n in ast.walk(right)):
            raise InputError(f"{self._source(right)[:60]}: a divisor that varies in a mean")
        divisor = self.of(right)
        self.mean.plain &= divisor.term.startswith("(Num")
        self.mean.needs.append(f"{divisor.text} <> 0")
        return self._joined(_NODES[ast.Div], self.of(left), divisor)

    def _joined(self, kind: tuple[str, str], f: Written, g: Written) -> Written:
        title, sign = kind
        growth = f.growth + g.growth if title == "Mul" else max(f.growth, g.growth)
        rules: dict[str, _Rule] = {"Mul": mul, "Div": _ratio}
        rule = rules.get(title, add)
        text, term = f"({f.text} {sign} {g.text})", f"({title} {f.term} {g.term})"
        return Written(
            text, term, growth, _both(rule, f.speed, g.speed), _both(rule, f.most, g.most)
        )


def reach_of(growth: int, most: Fraction, bits: int) -> int:
    """How far from zero the panels of a mean of what is about at most most*exp(growth |x|) have to go."""
    large = max(0, ceil(most)).bit_length()
    return growth + 1 + isqrt(growth**2 + ceil(1.4 * (bits + 8 + max(0, large - 8))))


def _power_of_3(size: Fraction) -> Fraction:
    """A bound of exp, by which panels are chosen."""
    if size > 200:
        raise InputError("exp of what is not small, in a mean")
    return Fraction(3) ** ceil(size)


def _both(rule: _Rule, f: _Size, g: _Size) -> _Size:
    return lambda sizes: rule(f(sizes), g(sizes))


def _ratio(x: Fraction, y: Fraction) -> Fraction:
    return x / (y or 1)


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: inside a mean")
