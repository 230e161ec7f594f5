"""Means of f(X) g(Y) for two correlated normal variables, which Rocq encloses by Hermite coefficients (`pairs.v`)."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp, isqrt, log

from mfcheck.errors import InputError
from mfcheck.rigor.exported import step_factors
from mfcheck.rocq.formula import translate
from mfcheck.rocq.means import Ends, Mean, Reader, Written, boxed, fraction, listed, outward
from mfcheck.verify.formulas import parse

_STEEP = 3
"""Hermite polynomials are bounded by numbers times exp(3|x|) in the tails."""
_NEAR = 4
"""Beyond this number of standard deviations panels are twice as wide."""
_MOST_TERMS, _LEAST = 400, 1e-15


@dataclass
class PairMean:
    """A mean of f(X) g(Y): its correlation, and both functions with their parameters in common.

    `steps` are what is before the variable in a function that is a step at zero, or nothing.
    """

    correlation: str
    source: str
    both: Mean
    functions: tuple[Written, Written]
    steps: tuple[str, str]
    bound: str
    call: str

    @property
    def needs(self) -> list[str]:
        """What has to hold for the parameters and the correlation to be defined."""
        return self.both.needs

    @property
    def terms(self) -> str:
        """Both functions in the language of `areas.v`."""
        return " ".join(function.term for function in self.functions)

    @property
    def value(self) -> str:
        """The mean as a term of Rocq."""
        return f"(Pair {self._arguments})"

    @property
    def _sides(self) -> str:
        """Both functions with whether they are cut at zero."""
        pairs = zip(self.steps, self.functions, strict=True)
        return " ".join(f"{'true' if step else 'false'} {f.term}" for step, f in pairs)

    @property
    def _arguments(self) -> str:
        texts = (f"(fun u_{self.bound} => {f.text})" for f in self.functions)
        return " ".join([self.correlation, *texts])

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

        Raises:
            InputError: the correlation is so near 1 that too many Hermite coefficients are needed.
        """
        pairs = [outward(source, inputs, bits + 24) for source in self.both.sources]
        sizes = [max(map(abs, pair)) for pair in pairs]
        correlation = outward(self.source, inputs, bits + 24)
        room = self._room(inputs, bits, ends)
        terms = self._terms(max(map(abs, correlation)), sizes, room)
        scale, panels = self._panels(sizes, bits)
        degree = 24 if bits <= 48 else 30 if bits <= 60 else 36
        low, high = (f"({x.numerator} / {x.denominator})" for x in ends)
        between = f"first [lra | split; interval with (i_prec {bits + 60})]"
        steps = "".join(
            f"rewrite (Pairs.step_sided {factor} ltac:(first [lra | interval])). "
            for factor in dict.fromkeys(filter(None, self.steps))
        )
        return (
            f"Lemma {name} : {quantified}has_pair {self._arguments} /\\ {low} <= {self.value} <= {high}.\n"
            f"Proof.\n  intros. {steps}refine (Pairs.pair_bounds (F.PtoP {bits + 30}) (F.PtoP 40) {boxed(pairs)}\n"
            f"    {self._sides} {degree} {terms} {_STEEP} {scale}\n"
            f"    ({panels[0]}) {listed(f'({x})%Z' for x in panels[1:])}\n"
            f"    ({fraction(correlation[0])}, {fraction(correlation[1])}) {fraction(ends[0])} {fraction(ends[1])}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(self.both.parameters)} {self.correlation} _ _).\n"
            f"  - repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
            f"    {between}.\n"
            f"  - unfold boxed; cbn [fst snd]; {between}.\nQed.\n"
        )

    def _room(self, inputs: dict[str, list[str]], bits: int, ends: Ends) -> Fraction:
        """What may be left out: half of what is between the mean and the nearer of two numbers."""
        low, high = outward(self.call, inputs, bits)
        return max(min(low - ends[0], ends[1] - high) / 2, (ends[1] - ends[0]) / 1024)

    def _terms(self, correlation: Fraction, sizes: list[Fraction], room: Fraction) -> int:
        """How many terms leave so much to the others."""
        c, left = float(correlation), max(float(room), _LEAST**6)
        if c > 1 - _LEAST:
            raise InputError(f"{self.source[:60]}: a correlation that may be 1")
        size = 2 / (1 - c * c) ** 0.5
        for function in self.functions:
            size *= max(float(function.most(sizes)), _LEAST) * exp(function.growth**2)
        count = ceil(log(left / size) / log(max(c, _LEAST))) if left < size else 1
        if count > _MOST_TERMS:
            raise InputError(f"{self.source[:60]}: a correlation too near 1 for Rocq")
        return max(2, count)

    def _panels(self, sizes: list[Fraction], bits: int) -> tuple[int, list[int]]:
        """The ends of the panels, times a whole number, and that number."""
        size = max([Fraction(1), *(speed(sizes) for speed in self.both.speeds)])
        scale = 4
        while 8 * scale < 13 * size and scale < 64:
            scale *= 2
        growth = _STEEP + max(function.growth for function in self.functions)
        reach = growth + 1 + isqrt(growth**2 + ceil(1.4 * (bits + 8)))
        half = [*range(_NEAR * scale), *range(_NEAR * scale, reach * scale + 1, 2)]
        return scale, [-x for x in reversed(half[1:])] + half


def read_pair(call: str, names: Mapping[str, str]) -> PairMean:
    """Return the mean that a call `pair(x, c, f, g)` stands for.

    Args:
        call: as written in a certificate.
        names: the term of Rocq for each input.

    Raises:
        InputError: it is no such call, or f or g is outside the language of `areas.v`.
    """
    call = call.strip()
    match parse(call):
        case ast.Call(func=ast.Name(id="pair"), args=[ast.Name(id=bound), c, f, g]):
            reader = Reader(call, bound, names, Mean())
            (first, step), (second, other) = _function(reader, f), _function(reader, g)
            source = ast.get_source_segment(call, c) or ""
            correlation, needs = translate(source, names, _refuse)
            mean = reader.mean
            mean.needs += needs
            return PairMean(correlation, source, mean, (first, second), (step, other), bound, call)
    raise InputError(f"{call[:60]}: no mean over two normal variables")


def _function(reader: Reader, node: ast.expr) -> tuple[Written, str]:
    """A function, and what is before the variable if it is a step at zero."""
    factors = step_factors(node, reader.bound)
    if factors is None:
        return reader.of(node), ""
    factor = "1"
    for found in factors:
        text = ast.get_source_segment(reader.text, found) or ""
        factor, needs = translate(text, reader.names, _refuse)
        reader.mean.needs += needs
    return Written(f"(step (u_{reader.bound} * {factor}))", "(Num 1)", 0), factor


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: a correlation that is a mean")
