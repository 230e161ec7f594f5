"""Sums of k E[f h_k]^2 over Hermite polynomials: Rocq proves that they are means of f'^2 (`hermite.v`)."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from mfcheck.errors import InputError
from mfcheck.rocq.means import Ends, Mean, Words, read_mean
from mfcheck.verify import UnprovedError
from mfcheck.verify.formulas import parse
from mfcheck.verify.slopes import slope

_WORDS: Words = ("has_hermite", "Hermite", "Hermites.hermite_bounds")


@dataclass
class HermiteSum:
    """The sum for a function: `inner` is its mean, `square` that of the square of its derivative, for hints alone."""

    inner: Mean
    square: Mean

    @property
    def needs(self) -> list[str]:
        """What has to hold for the parameters to be defined."""
        return self.inner.needs

    @property
    def value(self) -> str:
        """The sum as a term of Rocq."""
        return f"(Hermite {self.inner.function})"

    def lemma(
        self, name: str, quantified: str, inputs: dict[str, list[str]], bits: int, ends: Ends
    ) -> str:
        """The lemma that all coefficients exist, that the series converges, and between which numbers its sum lies.

        Args:
            name: of the lemma.
            quantified: the variables of Rocq with their bounds.
            inputs: bounds of the inputs of the certificate.
            bits: of accuracy.
            ends: the numbers.
        """
        head = f"Lemma {name} : {quantified}"
        return head + self.inner.bounded(_WORDS, self.square, inputs, bits, ends)


def read_hermite(call: str, names: Mapping[str, str]) -> HermiteSum:
    """Return the sum that a call `series(x, f)` stands for.

    Args:
        call: as written in a certificate.
        names: the term of Rocq for each input.

    Raises:
        InputError: it is no such call, or f is outside the language of `areas.v`, or has a corner.
    """
    call = call.strip()
    match parse(call):
        case ast.Call(func=ast.Name(id="series"), args=[ast.Name(id=bound), body]):
            text = ast.get_source_segment(call, body) or ""
            inner = read_mean(f"normal({bound}, {text})", names)
            try:
                square = read_mean(f"normal({bound}, ({slope(text, bound)})**2)", names)
            except UnprovedError as error:
                raise InputError(f"{call[:60]}: {error}") from None
            if "Exp" in inner.term:
                raise InputError(f"{call[:60]}: exp inside a sum over Hermite polynomials")
            return HermiteSum(inner, square)
    raise InputError(f"{call[:60]}: no sum over Hermite polynomials")
