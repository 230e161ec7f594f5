"""Integrals over one variable between two numbers, for the tactic `integral` of coq-interval."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from mfcheck.errors import InputError
from mfcheck.rocq.enclosures import enclosure
from mfcheck.rocq.formula import rational, translate
from mfcheck.verify import UnprovedError
from mfcheck.verify.formulas import parse

Ends: TypeAlias = tuple[Fraction, Fraction]

_CORNERS = ("max", "min")


@dataclass(frozen=True)
class Integral:
    """An integral: its ends and its function in Rocq, that with tanh written by exp, and what is as in the formula.

    `needs` has to hold for the ends to be defined, `inner` for the function to be, at each `variable` between them.
    What is in `above_zero`, as in the formula, has to be above zero there for the function to have a derivative.
    """

    variable: str
    ends: tuple[str, str]
    function: str
    by_exp: str
    sources: tuple[str, str]
    needs: tuple[str, ...]
    inner: tuple[str, ...]
    above_zero: tuple[str, ...]

    @property
    def value(self) -> str:
        """The integral as a term of Rocq."""
        return f"(RInt {self.function} {self.ends[0]} {self.ends[1]})"

    def lemma(
        self, name: str, quantified: str, inputs: dict[str, list[str]], bits: int, ends: Ends
    ) -> str:
        """The lemma that the function is defined, that the integral exists, and that it lies between two numbers.

        Args:
            name: of the lemma.
            quantified: the variables of Rocq with their bounds.
            inputs: bounds of the inputs of the certificate.
            bits: of accuracy.
            ends: the numbers.
        """
        (a, b), (low, high) = self.ends, map(rational, ends)
        between = f"forall {self.variable}, Rmin {a} {b} <= {self.variable} <= Rmax {a} {b} -> "
        defined = "".join(f"({between}{need}) /\\ " for need in self.inner)
        proofs = f"split. {{ intros t T. apply IN in T. rewrite ?tanh_exp. {_DEFINED}. }}\n    "
        precision = f"i_prec {bits + 32}"
        return (
            f"Lemma {name} : {quantified}({defined}ex_RInt {self.function} {a} {b}) /\\ "
            f"{low} <= {self.value} <= {high}.\n"
            f"Proof.\n  intros. {self.inside((a, b), (a, b), inputs)}\n"
            f"  split.\n"
            f"  - {proofs * len(self.inner)}apply (ex_RInt_continuous {self.function}). {self.continuous()}\n"
            f"  - replace (RInt {self.function} {a} {b}) with (RInt {self.by_exp} {a} {b})\n"
            f"      by (apply RInt_ext; intros; rewrite ?tanh_exp; reflexivity).\n"
            f"    integral with ({precision}).\nQed.\n"
        )

    def inside(
        self, first: tuple[str, str], second: tuple[str, str], inputs: Mapping[str, Any]
    ) -> str:
        """Assert that what lies from the least of two terms of Rocq to the greatest of two is between numbers: `IN`."""
        least, most = self._range(inputs, Fraction(1, 2**20))
        within = f"{rational(least)} <= t <= {rational(most)}"
        low, high = (" ".join(pair) for pair in (first, second))
        return (
            f"assert (IN : forall t, Rmin {low} <= t <= Rmax {high} -> {within}) by (\n"
            f"    intros t [T1 T2]; split; [apply Rle_trans with (2 := T1); apply Rmin_glb |\n"
            f"    apply Rle_trans with (1 := T2); apply Rmax_lub]; first [lra | interval])."
        )

    def _range(self, inputs: Mapping[str, Any], more: Fraction) -> Ends:
        """Numbers below and above both ends."""
        pairs = [
            enclosure({"formula": source, "inputs": inputs}, {"bits": 40})
            for source in self.sources
        ]
        return min(pair[0] for pair in pairs) - more, max(pair[1] for pair in pairs) + more

    def require_smooth(self, inputs: Mapping[str, Any]) -> None:
        """Require a derivative of the function between the ends, by which it is continuous, and ends that differ.

        Raises:
            InputError: it may have none, as the root at zero.
        """
        if self.ends[0] == self.ends[1]:
            raise InputError("an integral over one point")
        least, most = self._range(inputs, Fraction(1, 2**20))
        box = {**inputs, self.variable.removeprefix("u_"): [str(least), str(most)]}
        for source in self.above_zero:
            try:
                low, _ = enclosure({"formula": source, "inputs": box}, {"bits": 40})
            except UnprovedError:
                low = Fraction(0)
            if low <= 0:
                raise InputError(f"{source[:60]}: zero is not excluded inside an integral")

    def continuous(self) -> str:
        """The proof that the function is continuous at each point between the ends, from `IN`."""
        same = f"(continuous_ext {self.by_exp} {self.function})"
        return (
            f"intros t T. apply IN in T. apply {same}; [intros; rewrite ?tanh_exp; reflexivity|].\n"
            f"    apply (ex_derive_continuous {self.by_exp}). auto_derive; repeat split; try exact I; {_DEFINED}."
        )


_DEFINED = (
    "first [lra | interval | interval with (i_bisect t, i_depth 12) | "
    "match goal with |- ?x + 1 <> 0 => apply Rgt_not_eq, Rplus_lt_0_compat; [apply exp_pos | lra] end]"
)


def read_integral(call: str, names: Mapping[str, str]) -> Integral:
    """Return the integral that a call `integral(x, a, b, f)` stands for.

    Args:
        call: as written in a certificate.
        names: the term of Rocq for each input.

    Raises:
        InputError: it is no such call, or f has corners, means or other integrals inside.
    """
    call = call.strip()
    match parse(call):
        case ast.Call(func=ast.Name(id="integral"), args=[ast.Name(id=bound), low, high, body]):
            pass
        case _:
            raise InputError(f"{call[:60]}: no integral over one variable")
    if any(isinstance(n, ast.Name) and n.id in _CORNERS for n in ast.walk(body)):
        raise InputError(f"{call[:60]}: corners inside an integral")
    first, last, source = (ast.get_source_segment(call, n) or "" for n in (low, high, body))
    (a, needs), (b, more) = translate(first, names, _refuse), translate(last, names, _refuse)
    variable = f"u_{bound}"
    inside = {**names, bound: variable}
    text, inner = translate(source, inside, _refuse)
    by_exp, _ = translate(source, inside, _refuse, by_exp=True)
    return Integral(
        variable,
        (a, b),
        f"(fun {variable} => {text})",
        f"(fun {variable} => {by_exp})",
        (first, last),
        (*needs, *more),
        tuple(dict.fromkeys(inner)),
        tuple(_above_zero(call, body)),
    )


def _above_zero(call: str, body: ast.expr) -> Iterator[str]:
    """What is inside of roots and logarithms, and below powers that are not whole."""
    for node in ast.walk(body):
        match node:
            case ast.Call(func=ast.Name(id="sqrt" | "log"), args=[inner]):
                yield ast.get_source_segment(call, inner) or ""
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                if not _is_whole(right):
                    yield ast.get_source_segment(call, left) or ""


def _is_whole(exponent: ast.expr) -> bool:
    inner = exponent.operand if isinstance(exponent, ast.UnaryOp) else exponent
    return isinstance(inner, ast.Constant) and isinstance(inner.value, int)


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: inside an integral")
