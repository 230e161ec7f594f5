"""Statements and declarations, from text to typed data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from keyword import iskeyword
from typing import NoReturn

from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.arrays import ENTRIES, Arrays, Eigenvalue, Layout, arrays_of
from mfcheck.lemma.formula import FALSE, Atom, Formula, conjuncts, free, settle
from mfcheck.lemma.library import FUNCTIONS
from mfcheck.lemma.operators import specials
from mfcheck.lemma.parity import is_linear, may_be_negative, signed_power
from mfcheck.lemma.problem import ordered
from mfcheck.lemma.ranged import read_floor
from mfcheck.lemma.reader import Obligation, Reader, harmless
from mfcheck.lemma.series import Series, is_closed, without_series
from mfcheck.lemma.terms import Term
from mfcheck.lemma.variables import Gaussian, Kind, Variable
from mfcheck.lemma.vectors import Vectors, of
from mfcheck.lemma.witness import against, without_suprema

_NAME = re.compile(r"[A-Za-z][A-Za-z_0-9]*")
_INTERVAL = re.compile(r"\s*([\[(])(.*),(.*)([\])])\s*", re.DOTALL)
_SIZED = re.compile(
    r"(.*?)\s+(vector|unit|symmetric|psd|matrix)\s*\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)\s*",
    re.DOTALL,
)
_NORMAL = re.compile(r"(.*?)~\s*N\s*\((.*)\)\s*", re.DOTALL)
_KINDS: dict[str, Kind] = {
    "vector": "vector",
    "unit": "unit",
    "symmetric": "symmetric",
    "psd": "psd",
    "matrix": "matrix",
}
_HIDING = frozenset(("sup", "series"))
"""What stands for more than a number, and is gone once the statement is read."""

_SHOWN = 120
"""The longest part of a declaration that an error shows."""

_INFINITE = {"inf": 1, "oo": 1, "-inf": -1, "-oo": -1, "+inf": 1}


@dataclass(frozen=True)
class Statement:
    """What is to be decided: for all declared variables with the hypotheses true, the conclusion."""

    text: str
    domain: tuple[str, ...]
    variables: tuple[Variable, ...]
    hypotheses: tuple[Formula, ...]
    conclusion: Formula
    obligations: tuple[Obligation, ...]
    best: str | None = None
    gaussians: tuple[Gaussian, ...] = ()
    where: tuple[str, ...] = ()
    expectations: tuple[Term, ...] = ()
    """The integrands whose expectations must exist."""
    exact: bool = True
    """Whether a counterexample in the numbers is one of the statement: not so for more vectors than dimensions."""
    layouts: tuple[Layout, ...] = ()
    """The arrays, if the statement speaks of their entries."""
    eigenvalues: tuple[Eigenvalue, ...] = ()
    facts: tuple[Formula, ...] = ()
    """What is true of the eigenvalues, for the prover."""
    floors: tuple[tuple[str, Term], ...] = ()
    """Names that stand for the largest whole number up to a term."""
    values: tuple[tuple[str, Term], ...] = ()
    """Values that numbers which only integrals bring in may have."""
    sides: tuple[tuple[Term, str, Term], ...] = ()
    """The sides of the comparisons in the conclusion."""
    has_arrays: bool = False
    """Whether arrays are declared."""
    counts: tuple[str, ...] = ()
    """The whole numbers up to which sums go: the conclusion is then start and step of an induction over them."""
    against: Formula | None = None
    """What shows, if it holds for all numbers, that the statement is false: a supremum is smaller than is said."""

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of some kinds."""
        return tuple(v.name for v in self.variables if v.kind in kinds)


@dataclass
class _Declarations:
    variables: dict[str, Variable] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    normals: list[tuple[tuple[str, ...], str]] = field(default_factory=list)


def read(
    text: str,
    declarations: Sequence[str] = (),
    where: Sequence[str] = (),
    best: str | None = None,
    entries: bool | None = None,
    fixed: Mapping[str, Fraction] | None = None,
) -> Statement:
    """Read a statement with its declarations and hypotheses; names in `fixed` stand for these numbers.

    With arrays the statement is read in norms and cosines, or, with `entries`, in their entries; None takes the first
    of the two that works.

    Raises:
        InputError: something cannot be read or is not declared; the message shows the place.
    """
    body, constant = _best_constant(text, best)
    found = _Declarations()
    for whole in declarations:
        for part in _parts(whole, ";"):
            _declare(part, found)
    if constant is not None and constant not in found.variables:
        found.variables[constant] = Variable(constant)
    kinds = arrays_of(tuple(found.variables.values()))
    draft = _Draft(text, body, tuple(declarations), tuple(where), constant, found, fixed or {})
    by_products = all(v.kind in ("vector", "unit") for v in kinds.values())
    if entries is False and not by_products:
        raise InputError("matrices are read entry by entry")
    if not kinds or entries is False:
        return _read_with(draft, of(tuple(found.variables.values())))
    if entries is None and by_products:
        try:
            return _read_with(draft, of(tuple(found.variables.values())))
        except InputError:
            pass
    return _read_with(draft, Arrays(kinds))


@dataclass(frozen=True)
class _Draft:
    """What a statement is read from."""

    text: str
    body: str
    declarations: tuple[str, ...]
    where: tuple[str, ...]
    constant: str | None
    found: _Declarations
    fixed: Mapping[str, Fraction]


def _read_with(draft: _Draft, arrays: Vectors | Arrays, signed: bool = False) -> Statement:
    """Read a statement, its arrays in the given form; `signed` if bases of whole powers may be negative."""
    found = draft.found
    names = {n: terms.var(n) for n in found.variables if n not in arrays.kinds}
    names |= {n: terms.num(v) for n, v in draft.fixed.items()}
    integers = frozenset(v.name for v in found.variables.values() if v.kind == "integer")
    reader = Reader(names, integers=integers, arrays=frozenset(arrays.kinds), is_linear=is_linear)
    reader.signed = signed_power if signed else None
    reader.specials = {"floor": read_floor, **arrays.specials()}
    hypotheses: list[Formula] = []
    for item in [*found.pending, *draft.where]:
        hypotheses += conjuncts(reader.formula(item))
    gaussians = tuple(_gaussian(reader, group, law) for group, law in found.normals)
    reader.specials = {**specials(gaussians), **arrays.specials()}
    reader.sides = []
    raw = reader.formula(draft.body)
    opposite = against(raw, reader)
    conclusion, same = without_suprema(raw, reader)
    hypotheses += [f for one in reader.bound.values() for f in one.premises]
    guards = [g for o in reader.obligations for g in o.guards]
    _only_inside(gaussians, [conclusion, *hypotheses, *guards])
    hypotheses += arrays.hypotheses()
    numbers = tuple(v for v in _numbers(found, reader, arrays) if v.name not in draft.fixed)
    declared = [v.name for v in numbers]
    conclusion = without_series(conclusion, reader, declared, hypotheses)
    sums = {n: one.series for n, one in reader.bound.items() if isinstance(one.series, Series)}
    counts = {s.n for s in sums.values() if not is_closed(s, declared, hypotheses)}
    is_plain = signed or not reader.bases
    if not is_plain and may_be_negative(reader.bases, declared, integers, hypotheses):
        return _read_with(draft, arrays, signed=True)
    return Statement(
        draft.text.strip(),
        tuple(p for whole in draft.declarations for p in _parts(whole, ";")),
        numbers,
        tuple(hypotheses),
        conclusion,
        tuple(reader.obligations),
        draft.constant,
        gaussians,
        draft.where,
        tuple(reader.expectations),
        same and not counts and (isinstance(arrays, Arrays) or arrays.is_exact()),
        tuple(arrays.layouts.values()) if isinstance(arrays, Arrays) else (),
        tuple(arrays.eigenvalues) if isinstance(arrays, Arrays) else (),
        tuple(arrays.facts) if isinstance(arrays, Arrays) else (),
        tuple((n, b.term) for n, b in reader.bound.items() if b.stands == "floor" and b.term),
        tuple((n, b.term) for n, b in reader.bound.items() if b.stands == "free" and b.term),
        tuple(reader.sides) if not {b.stands for b in reader.bound.values()} & _HIDING else (),
        bool(arrays.kinds),
        tuple(sorted(counts)),
        opposite,
    )


def _numbers(
    found: _Declarations, reader: Reader, arrays: Vectors | Arrays
) -> tuple[Variable, ...]:
    """Return the numbers of a statement: those declared, and those that arrays and operators bring in."""
    extra = arrays.numbers()
    taken = sorted({*extra} & {*found.variables, *reader.bound})
    if taken:
        raise InputError(f"{taken[0]} stands for a part of an array here: take another name")
    numbers = [v for v in found.variables.values() if v.name not in arrays.kinds]
    numbers += [Variable(n) for n in extra]
    for name, one in reader.bound.items():
        if one.stands not in _HIDING:
            whole = one.stands in ("floor", "whole")
            numbers.append(Variable(name, "integer" if whole else "real"))
    return tuple(numbers)


def _only_inside(gaussians: Sequence[Gaussian], formulas: Sequence[Formula]) -> None:
    """Refuse random names outside expectations: there they have no value, and a condition on them is another law."""
    seen = frozenset[str]().union(*[free(f) for f in formulas])
    for name in (n for group in gaussians for n in group.names):
        if name in seen:
            raise InputError(f"{name} is random, and stands only inside E[...] or Var[...]")


def _best_constant(text: str, best: str | None) -> tuple[str, str | None]:
    found = re.match(r"\s*for\s+some\s+([A-Za-z]\w*)\s*:", text)
    if found is None:
        return text, best
    return " " * found.end() + text[found.end() :], found.group(1)


def _parts(text: str, mark: str) -> list[str]:
    """Split outside brackets; empty parts are dropped."""
    depth, start, found = 0, 0, []
    for k, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == mark and depth <= 0:
            found.append(text[start:k])
            start = k + 1
    found.append(text[start:])
    return [p.strip() for p in found if p.strip()]


def _refuse(part: str, reason: str, at: int = 0) -> NoReturn:
    flat = harmless(part)[:_SHOWN]
    raise InputError(f"cannot read the declaration: {reason}\n  {flat}\n  {' ' * at}^")


def _declare(part: str, found: _Declarations) -> None:
    normal = _NORMAL.fullmatch(part)
    sized = _SIZED.fullmatch(part)
    if normal is not None:
        group = _names(normal.group(1), part)
        for name in group:
            _add(found, Variable(name, "gaussian"), part)
        found.normals.append((group, normal.group(2)))
    elif sized is not None:
        kind = _KINDS[sized.group(2)]
        if sized.group(4) and kind != "matrix":
            _refuse(part, f"{kind} has one size, as '{kind}(3)'")
        for name in _names(sized.group(1), part):
            _add(found, Variable(name, kind, int(sized.group(3)), int(sized.group(4) or 0)), part)
    else:
        _declare_numbers(part, found)


def _declare_numbers(part: str, found: _Declarations) -> None:
    membership = re.fullmatch(r"(.*?)\bin\b(.*)", part, re.DOTALL)
    if membership is not None:
        for name in _names(membership.group(1), part):
            _add(found, Variable(name), part)
            found.pending += _interval(name, membership.group(2), part)
        return
    word = re.match(r"([A-Za-z_0-9,\s]*?)\s+(real|integer)\b(.*)", part, re.DOTALL)
    kind: Kind = "integer" if word is not None and word.group(2) == "integer" else "real"
    if word is not None:
        group = _names(word.group(1), part)
        rest = word.group(3).strip()
        conditions = [f"{name} {rest}" for name in group] if rest else []
    else:
        group, conditions = _chain_names(part)
    for name in group:
        _add(found, Variable(name, kind), part)
    found.pending += conditions


def _chain_names(part: str) -> tuple[tuple[str, ...], list[str]]:
    """Read `x >= 0`, `0 < x < 1` or `x, y > 0`: the names are those of one side between the signs."""
    sides = re.split(r"<=|>=|==|=|<|>", part)
    if len(sides) < 2:
        if _NAME.fullmatch(part.strip()):
            _refuse(part, f"say what {part} is, for example '{part} real' or '{part} >= 0'")
        _refuse(part, "say for example 'x >= 0', 's in (0, 2]', 'n integer >= 2', 'z ~ N(0,1)'")
    for side in (sides[0], *sides[1:]):
        names = [n.strip() for n in side.split(",")]
        if all(_NAME.fullmatch(n) and n not in ("pi", "e") for n in names):
            return tuple(names), [part.replace(side, f" {n} ", 1) for n in names]
    found = [n for n in dict.fromkeys(_NAME.findall(part)) if n not in FUNCTIONS and n != "pi"]
    if not found:
        _refuse(part, "there is no name in it")
    return tuple(found), [part]


def _interval(name: str, text: str, part: str) -> list[str]:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        _refuse(part, "write an interval as [a, b], (a, b], [a, inf)")
    left, low, high, right = found.groups()
    _see_not_empty(low, high, left + right == "[]", part)
    conditions = []
    if low.strip() not in _INFINITE:
        conditions.append(f"{name} {'>=' if left == '[' else '>'} {low}")
    if high.strip() not in _INFINITE:
        conditions.append(f"{name} {'<=' if right == ']' else '<'} {high}")
    return conditions


def _see_not_empty(low: str, high: str, closed: bool, part: str) -> None:
    """Refuse an interval of numbers without a point."""
    if {low.strip(), high.strip()} & _INFINITE.keys() or set(_NAME.findall(low + high)) - {
        "pi",
        "e",
    }:
        return
    ends = [Reader({}).expression(t) for t in (low, high)]
    way = ordered(ends[0], ends[1])
    if way == -1 or (way == 0 and not closed):
        _refuse(part, "this interval is empty", part.index("in") + 3)


def _names(text: str, part: str) -> tuple[str, ...]:
    names = tuple(n.strip() for n in text.split(","))
    for name in names:
        if not _NAME.fullmatch(name):
            _refuse(part, f"{name!r} is not a name", max(part.find(name), 0))
    return names


def _add(found: _Declarations, variable: Variable, part: str) -> None:
    if variable.name == "pi":
        _refuse(part, f"{variable.name} has a meaning already")
    if iskeyword(variable.name):
        _refuse(
            part, f"{variable.name} cannot be a name here: take another", part.find(variable.name)
        )
    if "__" in variable.name:
        _refuse(part, "names with two underscores in a row are kept for the prover")
    if variable.size < 1 or (variable.kind == "matrix" and "," in part and not variable.columns):
        _refuse(part, "an array has at least one entry")
    if max(variable.size, variable.columns) > ENTRIES:
        _refuse(part, f"an array has at most {ENTRIES} rows or columns")
    known = found.variables.get(variable.name)
    if known is not None and known.kind != variable.kind:
        _refuse(part, f"{variable.name} is declared twice")
    found.variables[variable.name] = variable


def _gaussian(reader: Reader, group: tuple[str, ...], law: str) -> Gaussian:
    """Read `0, 1` (mean and variance) or `0, [[1,c],[c,1]]`."""
    parts = _parts(law, ",")
    shown = f"{', '.join(group)} ~ N({law})"
    start = shown.index("N(") + 2
    if len(parts) != 2:
        _refuse(shown, "a Gaussian law is N(mean, variance)", start)
    place = start + law.index(parts[1])
    mean = reader.expression(parts[0])
    n = len(group)
    if parts[1].startswith("[["):
        rows = [_parts(r.strip()[1:-1], ",") for r in _parts(parts[1].strip()[1:-1], ",")]
        if len(rows) != n or any(len(r) != n for r in rows):
            _refuse(shown, f"the covariance of {n} names must be {n} by {n}", place)
        matrix = tuple(tuple(reader.expression(x) for x in row) for row in rows)
    else:
        variance = reader.expression(parts[1])
        zero = terms.num(0)
        matrix = tuple(tuple(variance if i == j else zero for j in range(n)) for i in range(n))
    for needed in _covariance_needs(matrix, shown, place):
        if settle(needed) == FALSE:
            _refuse(shown, f"there is no such law: {needed} fails", place)
        reader.obligations.append(Obligation(needed, (), f"N({law})"))
    return Gaussian(group, (mean,) * n, matrix)


def _covariance_needs(m: Sequence[Sequence[Term]], shown: str, place: int) -> list[Formula]:
    """Return what makes a matrix a covariance: its principal minors are not negative; where names are tied, no zero."""
    n = len(m)
    if any(m[i][j] is not m[j][i] for i in range(n) for j in range(i)):
        _refuse(shown, "a covariance matrix is symmetric", place)
    tied = [(i, j) for i in range(n) for j in range(i) if m[i][j] is not terms.num(0)]
    if n > 3 and tied:
        _refuse(shown, "at most three names can be tied by a covariance", place)
    busy = {k for pair in tied for k in pair}
    found: list[Formula] = [Atom(m[k][k], ">" if k in busy else ">=") for k in range(n)]
    found += [
        Atom(terms.sub(terms.mul(m[i][i], m[j][j]), terms.power(m[i][j], 2)), ">=") for i, j in tied
    ]
    if n == 3 and len(tied) > 1:
        crossed = [terms.mul(m[i][i], terms.power(m[j][k], 2)) for i, j, k in _TURNS]
        whole = terms.add(
            terms.mul(*[m[k][k] for k in range(3)]),
            terms.scale(2, terms.mul(m[0][1], m[0][2], m[1][2])),
        )
        found.append(Atom(terms.sub(whole, terms.add(*crossed)), ">="))
    return list(dict.fromkeys(found))


_TURNS = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
