"""Several means with common parts as one computation of Rocq (`programs.v`): each part is worked out once a panel."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mfcheck.errors import InputError
from mfcheck.rocq.means import (
    Ends,
    Mean,
    Reader,
    Written,
    boxed,
    fraction,
    listed,
    outward,
    reach_of,
)
from mfcheck.verify.formulas import parse

_TOKENS = re.compile(r"[()]|[^()\s]+")
CORNERS = re.compile(r"\b(Max|Min)\b")


@dataclass
class Joint:
    """Means whose functions have the same parameters.

    `mean` holds the parameters, and the largest growth and size; `found` the functions; `steps` makes their terms,
    `outs` are the numbers of these among the steps, the last one 0, as `programs.v` counts.
    """

    mean: Mean
    found: list[Written]
    bounds: list[str]
    steps: list[str] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)

    @property
    def functions(self) -> list[str]:
        """The functions of Rocq."""
        return [f"(fun u_{x} => {f.text})" for x, f in zip(self.bounds, self.found, strict=True)]

    def effort(self, sizes: Sequence[Fraction], bits: int) -> tuple[int, int, int]:
        """Degree, panels to 1 and panels on each side for an accuracy, for parameters of given sizes."""
        parts = self.mean.panels(sizes)
        most = max(f.most(sizes) for f in self.found)
        reach = reach_of(max(f.growth for f in self.found), most, bits)
        return 10 + bits // 8, parts, reach * parts

    def said(self, place: int, ends: Ends) -> str:
        """That a mean exists, and lies between two numbers."""
        f, (low, high) = self.functions[place], ends
        return f"(has_mean {f} /\\ {_real(low)} <= Mean {f} <= {_real(high)})"

    def lemma(
        self,
        name: str,
        quantified: str,
        inputs: dict[str, list[str]],
        bits: int,
        ends: Sequence[Ends],
    ) -> str:
        """The lemma that the means exist, and lie between numbers."""
        pairs = [outward(source, inputs, bits + 24) for source in self.mean.sources]
        degree, parts, count = self.effort([max(map(abs, pair)) for pair in pairs], bits)
        goals = listed(
            f"({out}%nat, ({fraction(low)}, {fraction(high)}))"
            for out, (low, high) in zip(self.outs, ends, strict=True)
        )
        said = [self.said(k, pair) for k, pair in enumerate(ends)]
        together = " /\\ ".join([*said, "True"])
        return (
            f"Lemma {name} : {quantified}{together}.\n"
            f"Proof.\n  intros. refine (shared_bounds (F.PtoP {bits + 30}) (F.PtoP 40) {boxed(pairs)}\n"
            f"    {listed(self.steps)} {goals} {degree} {parts} {count}\n"
            f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(self.mean.parameters)} _).\n"
            f"  repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
            f"    rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs;\n"
            f"    first [lra | split; interval with (i_prec {bits + 60})].\nQed.\n"
        )


def _real(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})"


def read_joint(calls: Sequence[str], names: Mapping[str, str]) -> Joint:
    """Return the means that calls `normal(x, f)` stand for, with common parameters and steps.

    Raises:
        InputError: another call, or f is outside the language of `areas.v`, or has corners.
    """
    mean, found, bounds = Mean(), [], []
    for call in calls:
        match parse(call.strip()):
            case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
                found.append(Reader(call.strip(), bound, names, mean, exps=True).of(body))
                bounds.append(bound)
            case _:
                raise InputError(f"{call[:60]}: no mean over one normal variable")
    if any(CORNERS.search(f.term) for f in found):
        raise InputError("means with corners are not worked out together")
    joint = Joint(mean, found, bounds)
    writer = _Steps(joint.steps)
    places = [writer.place(f.term) for f in found]
    joint.outs = [len(joint.steps) - 1 - place for place in places]
    return joint


class _Steps:
    """Writes each part of terms as one step, once."""

    def __init__(self, steps: list[str]) -> None:
        self.steps, self.places = steps, dict[str, int]()

    def place(self, term: str) -> int:
        """The number of the step that makes a term, from the first one on."""
        return self._of(_tree(iter(_TOKENS.findall(term))))

    def _of(self, tree: "str | list[Any]") -> int:
        key = str(tree)
        if key not in self.places:
            words = self._words(tree)
            self.steps.append(words)
            self.places[key] = len(self.steps) - 1
        return self.places[key]

    def _words(self, tree: "str | list[Any]") -> str:
        match tree:
            case "Var":
                return "SVar"
            case ["Par" | "Num" as title, str(number)]:
                return f"S{title} {number}" if title == "Par" else f"SNum ({number})"
            case ["Pow", base, str(number)]:
                place = self._of(base)
                return f"SPow {self._back(place)} {number}"
            case [str(title), *parts]:
                places = [self._of(part) for part in parts]
                return " ".join([f"S{title}", *map(self._back, places)])
        raise InputError("a mean outside the language of Rocq")

    def _back(self, place: int) -> str:
        return str(len(self.steps) - 1 - place)


def _tree(tokens: Iterator[str]) -> "str | list[Any]":
    token = next(tokens)
    return _rest(tokens) if token == "(" else token


def _rest(tokens: Iterator[str]) -> list[Any]:
    inner = iter(lambda: next(tokens), ")")
    return [_rest(tokens) if token == "(" else token for token in inner]
