"""One certificate for a paper's constants: each part proves one constant from those before it.

A leaf is proved from the data where the checker knows its kind; any other leaf enters as the interval that ball
arithmetic found, and the certificate then states the formula for every value in that interval.
"""

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.model import Constant, Paper
from mfcheck.claims.record import ConstantRecord, Interval
from mfcheck.claims.setting import Setting
from mfcheck.constants.graph import ConstantGraph, constant_graph
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, decimal_text, enclose, exact

Input = Fraction | str | certificate.Ends
CERTIFICATE_DIGITS = 12
"""The checker repeats all work in slower arithmetic: more digits than this are not certified."""
_GUARD = 4
"""Digits that the checker's own rounding may use up."""


@dataclass(frozen=True)
class CertifiedConstants:
    """The certificate, the ids of the constants that it proves, and those that enter as intervals."""

    certificate: certificate.Certificate
    proved: tuple[str, ...]
    given: tuple[str, ...]


def certify_constants(
    paper: Paper, setting: Setting, records: tuple[ConstantRecord, ...], digits: int
) -> CertifiedConstants:
    """Return one certificate for all constants that have a finite value.

    Args:
        paper: whose constants they are.
        setting: in which they were evaluated.
        records: their values, from `evaluate_constants` with the same `digits`.
        digits: digits that the certificate states.

    Raises:
        InputError: nothing can be certified.
    """
    maker = _Maker(constant_graph(paper), setting, digits)
    for record in records:
        maker.add(record)
    if not maker.parts:
        raise InputError("no constant of this setting can be certified")
    given = tuple(id for id in maker.ends if id not in maker.parts)
    return CertifiedConstants(certificate.bundle(maker.parts), tuple(maker.parts), given)


class _Maker:
    def __init__(self, graph: ConstantGraph, setting: Setting, digits: int) -> None:
        self.graph, self.setting, self.digits = graph, setting, digits
        self.nodes = {node.id: node for node in graph}
        self.parts: dict[str, certificate.Certificate] = {}
        self.ends: dict[str, certificate.Ends] = {}

    def add(self, record: ConstantRecord) -> None:
        """Prove one constant, or keep its interval; one without a finite value is left out."""
        node = self.nodes[record.id]
        if not isinstance(record.value, Interval):
            return
        ends = (record.value.lower, record.value.upper)
        if any(end.lstrip("-") in ("inf", "nan") for end in ends):
            return
        if node.value is not None:
            self._leaf(node, ends)
        elif all(self._known(symbol) for symbol in node.formula.free_symbols):
            self._formula(node, ends)

    def _leaf(self, node: Constant, ends: certificate.Ends) -> None:
        try:
            part = node.certify(self.setting, self.digits) if node.certify is not None else None
        except InputError:  # the checker has no word for it
            part = None
        self.ends[node.id] = ends
        if part is not None:
            self.parts[node.id] = part
            claimed = part["claim"]
            if "lower" in claimed and "upper" in claimed:
                self.ends[node.id] = (claimed["lower"], claimed["upper"])

    def _formula(self, node: Constant, ends: certificate.Ends) -> None:
        names = {symbol: sp.Symbol(self._name(symbol)) for symbol in node.formula.free_symbols}
        prec = 4 * (self.digits + _GUARD) + 64
        with ctx.workprec(prec):
            values = {symbol: self._ball(symbol) for symbol in names}
            lower, upper = bounds(enclose(node.formula, values, prec), self.digits + _GUARD)
        self.ends[node.id] = ends
        try:
            part = certificate.inequality(
                node.formula.xreplace(names),
                {name.name: self._input(symbol) for symbol, name in names.items()},
                _moved(lower, -1, self.digits),
                _moved(upper, 1, self.digits),
                digits=self.digits + _GUARD,
            )
        except InputError:  # a function that the checker does not know: the interval remains
            return
        self.parts[node.id] = part
        self.ends[node.id] = (part["claim"]["lower"], part["claim"]["upper"])

    def _known(self, symbol: sp.Symbol) -> bool:
        node = self.graph.by_symbol.get(symbol)
        return node is None or node.id in self.ends

    def _name(self, symbol: sp.Symbol) -> str:
        node = self.graph.by_symbol.get(symbol)
        return node.id if node is not None else self._parameter(symbol)

    def _parameter(self, symbol: sp.Symbol) -> str:
        return next(p.name for p in self.graph.parameters if p.symbol == symbol)

    def _ball(self, symbol: sp.Symbol) -> arb:
        node = self.graph.by_symbol.get(symbol)
        if node is None:
            return exact(self.setting[self._parameter(symbol)])
        lower, upper = (exact(Fraction(end)) for end in self.ends[node.id])
        return lower.union(upper)

    def _input(self, symbol: sp.Symbol) -> Input:
        node = self.graph.by_symbol.get(symbol)
        if node is None:
            return self.setting[self._parameter(symbol)]
        claimed = self.parts.get(node.id, {}).get("claim", {})
        return node.id if {"lower", "upper"} <= set(claimed) else self.ends[node.id]


def _moved(bound: str, direction: int, digits: int) -> str:
    """Move a bound outwards by one unit of digit `digits`: room for the checker's own rounding."""
    value = Fraction(bound)
    moved = value + direction * abs(value) / 10**digits
    return decimal_text(moved, digits + _GUARD, up=direction > 0)
