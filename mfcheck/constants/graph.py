"""The graph of constants: which constant is a formula over which others, down to leaves and parameters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from mfcheck.claims.model import Constant, Paper
from mfcheck.claims.setting import Parameter

SETTING_WORDS = frozenset({"data", "activation"})
"""What a leaf may name in `depends_on` beside constants and parameters."""


def sort_constants(constants: Iterable[Constant]) -> tuple[Constant, ...]:
    """Return the constants so that each comes after all that it depends on, else in the given order.

    Raises:
        ValueError: two constants share an id or a symbol, or a constant depends on itself.
    """
    given = tuple(constants)
    _require_distinct("id", [c.id for c in given])
    _require_distinct("symbol", [str(c.symbol) for c in given])
    uses = {c.id: _direct(c, given) for c in given}
    placed: dict[str, Constant] = {}
    for constant in given:
        _place(constant, uses, placed, ())
    return tuple(placed.values())


def _require_distinct(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two constants share the {what} {', '.join(twice)}")


def _direct(constant: Constant, given: tuple[Constant, ...]) -> tuple[Constant, ...]:
    if constant.value is not None:
        return tuple(c for c in given if c.id in constant.depends_on)
    return tuple(c for c in given if c.symbol in constant.formula.free_symbols)


def _place(
    constant: Constant,
    uses: Mapping[str, tuple[Constant, ...]],
    placed: dict[str, Constant],
    path: tuple[str, ...],
) -> None:
    if constant.id in path:
        circle = [*path[path.index(constant.id) :], constant.id]
        raise ValueError(f"constants depend on themselves: {' -> '.join(circle)}")
    if constant.id not in placed:
        for other in uses[constant.id]:
            _place(other, uses, placed, (*path, constant.id))
        placed[constant.id] = constant


@dataclass(frozen=True)
class ConstantGraph:
    """Constants over parameters, checked: distinct names, no cycle, no symbol of unknown meaning.

    Raises:
        ValueError: see `sort_constants`; or a formula uses a symbol, or a leaf a name, that nothing defines.
    """

    constants: tuple[Constant, ...]
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        known = {c.symbol for c in self.nodes} | {p.symbol for p in self.parameters}
        names = {c.id for c in self.nodes} | {p.name for p in self.parameters} | SETTING_WORDS
        for node in self.nodes:
            unknown = (
                node.formula.free_symbols - known
                if node.value is None
                else set(node.depends_on) - names
            )
            if unknown:
                listed = ", ".join(sorted(map(str, unknown)))
                raise ValueError(f"constant {node.id} uses {listed}, which nothing defines")

    def __iter__(self) -> Iterator[Constant]:
        return iter(self.nodes)

    @cached_property
    def nodes(self) -> tuple[Constant, ...]:
        """The constants, each after all that it depends on."""
        return sort_constants(self.constants)

    @cached_property
    def by_symbol(self) -> Mapping[sp.Symbol, Constant]:
        """The constants by the symbol that stands for them."""
        return {c.symbol: c for c in self.nodes}

    def depends_on(self, node: Constant) -> tuple[str, ...]:
        """Return the ids of constants, and names of parameters, that enter directly."""
        if node.value is not None:
            return node.depends_on
        names = {c.symbol: c.id for c in self.nodes} | {p.symbol: p.name for p in self.parameters}
        return tuple(name for symbol, name in names.items() if symbol in node.formula.free_symbols)

    def expanded(self, node: Constant) -> sp.Basic:
        """Return the formula of a constant over leaves and parameters alone; a leaf is its own symbol."""
        done: dict[sp.Symbol, sp.Basic] = {}
        for other in self.nodes:
            formula = other.symbol if other.value is not None else other.formula.xreplace(done)
            done[other.symbol] = formula
        return done[node.symbol]


def constant_graph(paper: Paper) -> ConstantGraph:
    """Return the checked graph of a paper's constants."""
    return ConstantGraph(paper.constants, paper.parameters)
