"""Formulas: comparisons of terms with zero, joined by *and* and *or*; negation is pushed inwards."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mfcheck.lemma import terms
from mfcheck.lemma.terms import Term

Relation: TypeAlias = Literal[">", ">=", "==", "!="]
Connective: TypeAlias = Literal["and", "or"]

_FLIPPED: Mapping[str, tuple[Relation, bool]] = {
    ">": (">=", True),
    ">=": (">", True),
    "==": ("!=", False),
    "!=": ("==", False),
}


@dataclass(frozen=True, slots=True)
class Atom:
    """`term relation 0`."""

    term: Term
    relation: Relation

    def __str__(self) -> str:
        return f"{terms.text(self.term)} {self.relation} 0"


@dataclass(frozen=True, slots=True)
class Join:
    """Several formulas joined; an empty *and* is true, an empty *or* is false."""

    connective: Connective
    parts: tuple["Formula", ...]

    def __str__(self) -> str:
        if not self.parts:
            return "true" if self.connective == "and" else "false"
        return f" {self.connective} ".join(f"({p})" for p in self.parts)


Formula: TypeAlias = Atom | Join

TRUE = Join("and", ())
FALSE = Join("or", ())


def compare(left: Term, relation: str, right: Term) -> Atom:
    """Return `left relation right` for any of the relations of the grammar."""
    if relation in ("<", "<="):
        return Atom(terms.sub(right, left), ">" if relation == "<" else ">=")
    if relation == ">":
        return Atom(terms.sub(left, right), ">")
    if relation == ">=":
        return Atom(terms.sub(left, right), ">=")
    return Atom(terms.sub(left, right), "!=" if relation == "!=" else "==")


def join(connective: Connective, parts: list[Formula]) -> Formula:
    """Join formulas, flattened; what is certain from exact numbers is dropped or decides."""
    neutral, absorbing = (TRUE, FALSE) if connective == "and" else (FALSE, TRUE)
    flat: list[Formula] = []
    for part in map(settle, parts):
        if part == absorbing:
            return absorbing
        if part == neutral:
            continue
        if isinstance(part, Join) and part.connective == connective:
            flat.extend(part.parts)
        else:
            flat.append(part)
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Join(connective, unique)


def settle(formula: Formula) -> Formula:
    """Return true or false for a comparison of an exact number with zero."""
    if isinstance(formula, Atom) and formula.term.op == "num":
        v = formula.term.value()
        held = {">": v > 0, ">=": v >= 0, "==": v == 0, "!=": v != 0}[formula.relation]
        return TRUE if held else FALSE
    return formula


def negate(formula: Formula) -> Formula:
    """Return the negation."""
    if isinstance(formula, Atom):
        relation, opposite = _FLIPPED[formula.relation]
        return Atom(terms.neg(formula.term) if opposite else formula.term, relation)
    other: Connective = "or" if formula.connective == "and" else "and"
    return join(other, [negate(p) for p in formula.parts])


def transform(formula: Formula, change: Callable[[Term], Term]) -> Formula:
    """Return the formula with every term changed."""
    if isinstance(formula, Atom):
        return settle(Atom(change(formula.term), formula.relation))
    return join(formula.connective, [transform(p, change) for p in formula.parts])


def substitute(formula: Formula, values: Mapping[str, Term]) -> Formula:
    """Return the formula with variables replaced."""
    if not free(formula) & values.keys():
        return formula
    return transform(formula, lambda t: terms.substitute(t, values))


def atoms(formula: Formula) -> Iterator[Atom]:
    """Yield the comparisons."""
    if isinstance(formula, Atom):
        yield formula
    else:
        for part in formula.parts:
            yield from atoms(part)


def free(formula: Formula) -> frozenset[str]:
    """Return the names of the variables."""
    return frozenset[str]().union(*[a.term.free for a in atoms(formula)])


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """Return the parts of an *and*, or the formula itself."""
    if isinstance(formula, Join) and formula.connective == "and":
        return formula.parts
    return (formula,)
