"""Integrals over a line, and over a plane, of tanh in sine and cosine, by the theorems of `planes.v`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import cos, isqrt, pi, sin
from typing import TypeAlias

from mfcheck.errors import InputError
from mfcheck.rigor.planes import Line, Plane, Term, read_planar
from mfcheck.rocq.formula import translate
from mfcheck.rocq.means import boxed, fraction, listed, outward
from mfcheck.rocq.tanh_fit import Fit, fitted

Ends: TypeAlias = tuple[Fraction, Fraction]

_DEGREES = (12, 18, 24, 28, 32, 36, 40, 42, 44, 46, 48, 52, 56, 60, 66, 72)
"""Of polynomials near 1 - tanh^2: the first that is good enough is taken."""
_PLACES, _STEPS, _BITS = 1000, 200, 150
_ON_LINE, _IN_PLANE = 240, 110
"""Bits of coefficients; two words of Rocq's numbers are enough in the plane."""


@dataclass
class Planar:
    """An integral: as read, its parameters with their terms of Rocq, and its functions in Rocq, the whole one last."""

    found: Line | Plane
    names: Mapping[str, str]
    parameters: dict[str, str]
    functions: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def value(self) -> str:
        """The integral as a term of Rocq."""
        return f"(RInt {self.functions[-1]} 0 (PI / 2))"

    def lemma(
        self, name: str, quantified: str, inputs: dict[str, list[str]], _: int, ends: Ends
    ) -> str:
        """The lemma that the integral exists, and that inside it, and that it lies between two numbers.

        Args:
            name: of the lemma.
            quantified: the variables of Rocq with their bounds.
            inputs: bounds of the inputs of the certificate.
            ends: the numbers, by which the accuracy is chosen.

        Raises:
            InputError: no polynomial near tanh is good enough.
        """
        boxes = {source: _ends(source, inputs) for source in self.parameters}
        fit = self._fit(boxes, float(ends[1] - ends[0]) / 4)
        places = sum(_degree(line.term, 2 * len(fit.units)) for line in self._lines) + 3
        written = " ".join(_written(line.term, list(boxes)) for line in self._lines)
        twice = isinstance(self.found, Plane)
        exists, theorem, unfolded = f"ex_RInt {self.functions[-1]} 0 (PI / 2)", "disc_bounds", ""
        if twice:
            s = f"u_{self._lines[0].variable}"
            inside = f"forall {s}, ex_RInt ({self.functions[1]} {s}) 0 (PI / 2)"
            exists, theorem = f"(({inside}) /\\ {exists})", "disc_bounds_twice"
            unfolded = f"    {{ {self._same(self._lines[1])} }}\n    {{ reflexivity. }}\n"
        low, high = (f"({x.numerator} / {x.denominator})" for x in ends)
        units = " :: ".join(f"({x})" for x in fit.units)
        hint = f"({2**fit.bits}%Z, ({units} :: nil)%Z%list, {fraction(fit.reach)})"
        goals = " ".join("_" * (3 if twice else 1))
        return (
            f"Lemma {name} : {quantified}{exists} /\\ {low} <= {self.value} <= {high}.\n"
            f"Proof.\n  intros. refine (Disc.{theorem} (F.PtoP {fit.bits + 16}) {places} {hint}\n"
            f"    {boxed(boxes.values())} {written} {fraction(ends[0])} {fraction(ends[1])}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(self.parameters.values())} _\n"
            f"    {' '.join(self.functions)} {goals}).\n"
            f"    {{ repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
            f"      first [lra | split; interval with (i_prec {_BITS + 60})]. }}\n"
            f"    {{ {self._same(self._lines[0])} }}\n{unfolded}Qed.\n"
        )

    @property
    def _lines(self) -> tuple[Line, ...]:
        if isinstance(self.found, Plane):
            return self.found.weight, self.found.inner
        return (self.found,)

    def _same(self, line: Line) -> str:
        """The proof that a formula is its term: what is inside of tanh is linear in the coordinates."""
        s, *rest = (found.variable for found in self._lines)
        x, y, names = "(sin s)", "(cos s)", {**self.names, s: "s"}
        if line is not self._lines[0]:
            x, y, names = "(sin s * cos r)", "(sin s * sin r)", {**names, rest[0]: "r"}
        steps = []
        for a, b, source in sorted(set(_arguments(line.term))):
            argument, _ = translate(source, names, _refuse)
            linear = f"({self.parameters[a]} * {x} + {self.parameters[b]} * {y})"
            proof = "first [ring | field | lra]"
            steps.append(f"replace (tanh {argument}) with (tanh {linear}) by (f_equal; {proof}).")
        return f"intros. cbn [Disc.dv List.nth]. {' '.join(steps)} unfold Rdiv. ring."

    def _fit(self, boxes: Mapping[str, Ends], error: float) -> Fit:
        """The first polynomial with which the integral is as accurate as it has to be."""
        lines = self._lines
        used = {pair[:2] for line in lines for pair in _arguments(line.term)}
        squares = [sum(max(map(abs, boxes[x])) ** 2 for x in pair) for pair in used]
        reach = Fraction(isqrt(int(max(squares, default=Fraction(1)) * _PLACES**2)) + 1, _PLACES)
        sizes = {x: float(max(map(abs, pair))) for x, pair in boxes.items()}
        for degree in _DEGREES:
            fit = fitted(reach, degree, _ON_LINE if len(lines) == 1 else _IN_PLANE)
            if fit is None:
                continue
            found = _error(lines[-1].term, sizes, fit)[0] * pi / 2
            if len(lines) == 2:
                found *= _mean(lines[0].term, sizes)
            if found <= error:
                return fit
        raise InputError("no polynomial near tanh is good enough for this integral")


def read_disc(call: str, names: Mapping[str, str]) -> Planar:
    """Return the integral that a call `integral(s, 0, pi/2, f)` stands for, with another one inside or not.

    Args:
        call: as written in a certificate.
        names: the term of Rocq for each input.

    Raises:
        InputError: it is no such integral.
    """
    found = read_planar(call)
    lines = (found.weight, found.inner) if isinstance(found, Plane) else (found,)
    variables = [f"u_{line.variable}" for line in lines]
    inside = {**names, **{line.variable: f"u_{line.variable}" for line in lines}}
    texts, needs = [], []
    for line in lines:
        text, more = translate(line.source, inside, _refuse)
        texts.append(text)
        needs += more
    if any(variable in need for variable in variables for need in needs):
        raise InputError(f"{call[:60]}: not defined everywhere by its form")
    functions = [f"(fun {variables[0]} => {texts[0]})"]
    if len(lines) == 2:
        one = f"(fun {variables[1]} => {texts[1]})"
        functions.append(f"(fun {variables[0]} {variables[1]} => {texts[1]})")
        whole = f"({texts[0]} * (RInt {one} 0 (PI / 2)))"
        functions.append(f"(fun {variables[0]} => {whole})")
    parameters = {}
    for source in dict.fromkeys(x for line in lines for x in _sources(line.term)):
        parameters[source], more = translate(source, names, _refuse)
        needs += more
    return Planar(found, names, parameters, tuple(functions), tuple(dict.fromkeys(needs)))


def _sources(term: Term) -> list[str]:
    """The parameters of a term."""
    if term[0] == "C":
        return [term[1]]
    if term[0] in ("T", "S"):
        return [term[1], term[2]]
    return [x for inner in term[1:] if isinstance(inner, tuple) for x in _sources(inner)]


def _arguments(term: Term) -> list[tuple[str, str, str]]:
    """What tanh is taken of: both coefficients, and the source."""
    if term[0] in ("T", "S"):
        return [(term[1], term[2], term[3])]
    return [x for inner in term[1:] if isinstance(inner, tuple) for x in _arguments(inner)]


def _ends(source: str, inputs: Mapping[str, list[str]]) -> Ends:
    try:
        value = Fraction(source.strip("()"))
    except ValueError:
        return outward(source, inputs, _BITS)
    return value, value


def _written(term: Term, sources: Sequence[str]) -> str:
    """A term of `planes.v`."""
    match term:
        case ("C", source):
            return f"(Disc.DC {sources.index(source)})"
        case ("N", value):
            return f"(Disc.DN ({value}))"
        case (("X" | "Y") as name,):
            return f"Disc.D{name}"
        case (("T" | "S") as name, a, b, _):
            return f"(Disc.D{name} {sources.index(a)} {sources.index(b)})"
        case (("Div" | "Pow") as name, inner, value):
            return f"(Disc.D{name} {_written(inner, sources)} {value})"
    name, left, right = term
    return f"(Disc.D{name} {_written(left, sources)} {_written(right, sources)})"


def _degree(term: Term, of_tanh: int) -> int:
    match term:
        case ("C" | "N", _):
            return 0
        case ("X" | "Y",):
            return 1
        case ("T" | "S", *_):
            return of_tanh
        case ("Div", inner, _):
            return _degree(inner, of_tanh)
        case ("Pow", inner, value):
            return int(value) * _degree(inner, of_tanh)
        case (name, left, right):
            both = _degree(left, of_tanh), _degree(right, of_tanh)
            return sum(both) if name == "Mul" else max(both)
    raise InputError("no term of the disc")


def _error(term: Term, sizes: Mapping[str, float], fit: Fit) -> tuple[float, float]:
    """About the error of the polynomial of a term, and its size, by the rules of `planes.v`."""
    match term:
        case ("C", source):
            return 0.0, sizes[source]
        case ("N", value):
            return 0.0, float(abs(value))
        case ("X" | "Y",):
            return 0.0, 1.0
        case ("T", *_):
            return fit.of_tanh, 1.0
        case ("S", *_):
            return fit.of_slope, 1.0
        case ("Div", inner, value):
            error, most = _error(inner, sizes, fit)
            return error / value, most / value
        case ("Pow", inner, value):
            error, most = _error(inner, sizes, fit)
            return value * error * (most + error) ** max(value - 1, 0), most**value
    name, left, right = term
    (e, m), (f, n) = _error(left, sizes, fit), _error(right, sizes, fit)
    return (e * n + (m + e) * f, m * n) if name == "Mul" else (e + f, m + n)


def _mean(term: Term, sizes: Mapping[str, float]) -> float:
    """About the integral of a polynomial from 0 to pi/2 with all coefficients above zero."""
    points = [(k + 0.5) * pi / (2 * _STEPS) for k in range(_STEPS)]
    return sum(_size(term, sizes, sin(x), cos(x)) for x in points) * pi / (2 * _STEPS)


def _size(term: Term, sizes: Mapping[str, float], x: float, y: float) -> float:
    match term:
        case ("C", source):
            return sizes[source]
        case ("N", value):
            return float(abs(value))
        case ("X",):
            return x
        case ("Y",):
            return y
        case ("T" | "S", *_):
            return 1.0
        case ("Div", inner, value):
            return _size(inner, sizes, x, y) / float(value)
        case ("Pow", inner, value):
            return float(_size(inner, sizes, x, y) ** value)
    name, left, right = term
    f, g = _size(left, sizes, x, y), _size(right, sizes, x, y)
    return f * g if name == "Mul" else f + g


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: inside an integral")
