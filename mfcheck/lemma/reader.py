"""Expressions and formulas read from text through Python's syntax tree; nothing is evaluated, numbers are exact."""

import ast
import itertools
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from mfcheck.errors import InputError, meant
from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, compare, free, join, negate
from mfcheck.lemma.library import FUNCTIONS, nonnegative, nonzero, positive
from mfcheck.lemma.terms import Term
from mfcheck.lemma.whole import is_whole

MAX_LENGTH: Final = 20_000
MAX_EXPONENT: Final = 1000
MAX_DEPTH: Final = 90
MAX_DIGITS: Final = 2000
MAX_SUMMANDS: Final = 2000
"""The most summands of all sums of a statement, those of sums in sums counted each."""

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
_LONG = re.compile(rf"[0-9.]{{{MAX_DIGITS + 1},}}")
_SPACES = str.maketrans("\r\n", "  ")
_TOKEN = re.compile(r"[][()]|[A-Za-z_][A-Za-z_0-9]*|[<>=!]=|[<>=]")
_RELATIONS = frozenset(("<=", ">=", "==", "!=", "<", ">", "="))
_RESERVED = frozenset(("and", "or", "not", "implies", "iff", "in"))


@dataclass(frozen=True)
class Obligation:
    """What must hold wherever the hypotheses and the guards do, for the text to mean anything."""

    needs: Formula
    guards: tuple[Formula, ...]
    place: str
    least: Formula | None = None
    """What the text needs at the very least, if `needs` asks for more: only where this fails it is undefined."""


Special = Callable[["Reader", ast.Call | ast.Subscript, int], Term]


@dataclass(frozen=True)
class Bound:
    """A number that an operator brings in: a variable of its own, or one that stands for a term.

    `stands` says for what: nothing ("free"), the largest whole number up to `term` ("floor"), or the least upper bound
    of `term` ("sup"), which is reached wherever the domain is not empty if `attained`, or a sum up to a whole number
    ("series"). Of a free one, `term` is a value that it may have; a "whole" one is free and a whole number.
    """

    stands: Literal["free", "whole", "floor", "sup", "series"]
    premises: tuple[Formula, ...] = ()
    term: Term | None = None
    attained: bool = False
    guards: tuple[Formula, ...] = ()
    """What must hold of the numbers over which a supremum is taken, beside the premises."""
    series: object = None
    """The sum that it stands for."""
    at: int = 0
    """Where it stands in the text."""


@dataclass
class Reader:
    """Reads the texts of one statement; collects what they need to be defined."""

    names: Mapping[str, Term]
    specials: Mapping[str, Special] = field(default_factory=dict)
    obligations: list[Obligation] = field(default_factory=list)
    expectations: list[Term] = field(default_factory=list)
    """The integrands of the expectations that were read, in the standard Gaussian and the other names."""
    guards: tuple[Formula, ...] = ()
    text: str = ""
    integers: frozenset[str] = frozenset()
    """The names of whole numbers."""
    arrays: frozenset[str] = frozenset()
    """The names of vectors and matrices."""
    bound: dict[str, Bound] = field(default_factory=dict)
    """The numbers that operators have brought in, in order."""
    sides: list[tuple[Term, str, Term]] = field(default_factory=list)
    """The two sides of every comparison that was read."""
    summands: int = 0
    """How many summands of sums have been read."""
    bases: list[Term] = field(default_factory=list)
    """The bases of powers with whole exponents that vary."""
    signed: Callable[["Reader", Term, Term], Term] | None = None
    """How such a power is written if its base may be negative."""
    is_linear: Callable[[Term, frozenset[str]], bool] = lambda *_: False
    """Whether an exponent is one for which `signed` knows what is odd."""

    def formula(self, text: str) -> Formula:
        """Read a formula.

        Raises:
            InputError: the text is not in the grammar; the message shows the place.
        """
        self._check(text)
        return self._formula(0, len(text))

    def expression(self, text: str) -> Term:
        """Read an expression.

        Raises:
            InputError: the text is not in the grammar; the message shows the place.
        """
        self._check(text)
        return self._expression(0, len(text))

    def _check(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_LENGTH:
            raise InputError(f"statement too long: {len(text)} characters, at most {MAX_LENGTH}")
        for k, c in enumerate(text):
            if c == "^":
                raise self.refuse("write powers as **", k)
            if c in "\"'\\#" or not (c.isascii() and (c.isprintable() or c in "\t\r\n")):
                raise self.refuse("character outside the grammar", k)
        long = _LONG.search(text)
        if long is not None:
            raise self.refuse(f"a number of more than {MAX_DIGITS} digits", long.start())
        depth: list[int] = []
        for k, c in enumerate(text):
            if c in "([":
                depth.append(k)
                if len(depth) > MAX_DEPTH:
                    raise self.refuse(f"brackets nested deeper than {MAX_DEPTH}", k)
            elif c in ")]":
                if not depth:
                    raise self.refuse("bracket closed but not opened", k)
                depth.pop()
        if depth:
            raise self.refuse("bracket opened but not closed", depth[-1])

    def refuse(self, reason: str, at: int) -> InputError:
        """Return an error that shows the place."""
        start = max(0, at - 60)
        shown = harmless(self.text[start : start + 120])
        return InputError(f"{reason}\n  {shown}\n  {' ' * (at - start)}^")

    # The logical level is split by hand: `implies`, `iff` and `=` are not Python's.

    def _top(self, start: int, end: int) -> list[tuple[int, str]]:
        """Return the words and relations outside all brackets, with their places."""
        found, depth = [], 0
        for token in _TOKEN.finditer(self.text, start, end):
            shown = token.group()
            if shown in "([":
                depth += 1
            elif shown in ")]":
                depth -= 1
            elif depth == 0 and (shown in _RESERVED or shown in _RELATIONS):
                found.append((token.start(), shown))
        return found

    def _formula(self, start: int, end: int) -> Formula:
        start, end = self._trimmed(start, end)
        if start >= end:
            if not self.text.strip():
                raise InputError("the statement is empty")
            raise self.refuse("a part of the statement is missing", min(start, len(self.text) - 1))
        top = self._top(start, end)
        parts = _split(start, end, top, "iff")
        if len(parts) > 1:
            return self._equivalence(parts)
        parts = _split(start, end, top, "implies")
        if len(parts) > 1:
            return self._implication(parts)
        parts = _split(start, end, top, "or")
        if len(parts) > 1:
            return join("or", [self._formula(*p) for p in parts])
        parts = _split(start, end, top, "and")
        if len(parts) > 1:
            return join("and", [self._formula(*p) for p in parts])
        if top and top[0] == (start, "not"):
            return negate(self._formula(start + 3, end))
        if not top and self.text[start] == "(" and self._closing(start) == end - 1:
            return self._formula(start + 1, end - 1)
        return self._chain(start, end, top)

    def _equivalence(self, parts: list[tuple[int, int]]) -> Formula:
        read = [self._formula(*p) for p in parts]
        both = [
            join("or", [join("and", [a, b]), join("and", [negate(a), negate(b)])])
            for a, b in itertools.pairwise(read)
        ]
        return join("and", both)

    def _implication(self, parts: list[tuple[int, int]]) -> Formula:
        premise = self._formula(*parts[0])
        outer = self.guards
        self.guards = (*outer, premise)
        rest = self._implication(parts[1:]) if len(parts) > 2 else self._formula(*parts[1])
        self.guards = outer
        return join("or", [negate(premise), rest])

    def _chain(self, start: int, end: int, top: list[tuple[int, str]]) -> Formula:
        for k, word in top:
            if word in _RESERVED:
                raise self.refuse(f"{word!r} is out of place", k)
        if not top:
            raise self.refuse("no comparison: a statement needs <=, <, >=, >, = or !=", start)
        edges = [start, *(k + len(r) for k, r in top)]
        read = [
            self._expression(a, b) for a, b in zip(edges, [*(k for k, _ in top), end], strict=True)
        ]
        chain = [(a, r, b) for a, (_, r), b in zip(read[:-1], top, read[1:], strict=True)]
        self.sides += chain
        return join("and", [compare(*one) for one in chain])

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.text[start].isspace():
            start += 1
        while start < end and self.text[end - 1].isspace():
            end -= 1
        return start, end

    def _closing(self, start: int) -> int:
        depth = 0
        for k in range(start, len(self.text)):
            depth += (self.text[k] in "([") - (self.text[k] in ")]")
            if depth == 0:
                return k
        return -1

    def _expression(self, start: int, end: int) -> Term:
        start, end = self._trimmed(start, end)
        if start >= end:
            raise self.refuse("an expression is missing", min(start, len(self.text) - 1))
        source = _with_square_brackets(self.text[start:end].replace(";", ",").translate(_SPACES))
        try:
            with warnings.catch_warnings(action="ignore"):
                body = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            raise self.refuse(
                "this cannot be read", start + max((error.offset or 1) - 1, 0)
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise self.refuse("this cannot be read", start) from None
        try:
            return self.build(body, start)
        except RecursionError:
            raise self.refuse("too deeply nested", start) from None

    def build(self, node: ast.expr, base: int) -> Term:
        """Return the term of a syntax tree that starts at `base` of the text."""
        at = base + node.col_offset
        match node:
            case ast.Constant():
                return self._number(node, base)
            case ast.Name(id=name):
                return self._named(name, at)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return terms.neg(self.build(operand, base))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.build(operand, base)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(node, self.build(left, base), op, self.build(right, base), base)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name in self.specials:
                    return self.specials[name](self, node, base)
                return self._call(name, [self.build(a, base) for a in args], node, base)
            case ast.Subscript(value=ast.Name(id=name)) if name in self.specials:
                return self.specials[name](self, node, base)
        raise self.refuse("only numbers, names, + - * / ** and functions are read", at)

    def bring_in(self, wanted: str, number: Bound) -> Term:
        """Return a number of its own for what an operator brings in; its name is `wanted` if that is free."""
        taken = {*self.names, *self.arrays, *self.bound, *FUNCTIONS, "pi", "e"}
        tries = (wanted if k == 1 else f"{wanted}_{k}" for k in itertools.count(1))
        name = next(n for n in tries if n not in taken)
        self.bound[name] = number
        return terms.var(name)

    def hidden(self, t: Term) -> frozenset[str]:
        """Return the names on which a term depends through what operators have brought in."""
        found: set[str] = set()
        todo = [n for n in t.free if n in self.bound]
        seen = set(todo)
        while todo:
            name = todo.pop()
            one = self.bound[name]
            names = frozenset[str]().union(*[free(f) for f in (*one.premises, *one.guards)])
            if one.term is not None and one.stands != "free":
                names |= one.term.free
            names |= getattr(one.series, "free", frozenset[str]())
            todo += [n for n in names - seen if n in self.bound]
            seen |= names
            found |= names - {name}
        return frozenset(found)

    def place(self, node: ast.expr, base: int) -> str:
        """Return the text of a node."""
        return self.text[base + node.col_offset : base + (node.end_col_offset or 0)]

    def oblige(
        self, needs: Formula, node: ast.expr, base: int, least: Formula | None = None
    ) -> None:
        """Record that `needs` must hold for this node to be defined; `least`, if `needs` asks for more than that."""
        self.obligations.append(Obligation(needs, self.guards, self.place(node, base), least))

    def _number(self, node: ast.Constant, base: int) -> Term:
        source = self.place(node, base)
        if not _NUMBER.fullmatch(source):
            raise self.refuse(f"{source[:20]!r} is not a decimal number", base + node.col_offset)
        try:
            return terms.num(Fraction(int(source) if source.isdigit() else source))
        except InputError as error:
            raise self.refuse(str(error), base + node.col_offset) from None

    def _named(self, name: str, at: int) -> Term:
        if name in self.names:
            return self.names[name]
        if name == "pi":
            return terms.pi()
        if name == "e":
            return terms.call("exp", terms.num(1))
        if name in self.arrays:
            raise self.refuse(
                f"{name} is an array: numbers made of it are norm, dot, trace, {name}[1], ...", at
            )
        if name in FUNCTIONS or name in self.specials:
            raise self.refuse(f"{name} needs an argument", at)
        raise self.refuse(
            f"{name[:40]} is not declared; declare it, for example --for '{name[:40]} real'", at
        )

    def _binary(
        self, node: ast.BinOp, left: Term, op: ast.operator, right: Term, base: int
    ) -> Term:
        match op:
            case ast.Add():
                return terms.add(left, right)
            case ast.Sub():
                return terms.sub(left, right)
            case ast.Mult():
                return terms.mul(left, right)
            case ast.Div():
                if right.op == "num" and not right.value():
                    raise self.refuse("division by zero", base + node.right.col_offset)
                if right.op != "num":
                    self.oblige(nonzero(right), node, base)
                return terms.div(left, right)
            case ast.Pow():
                return self._power(node, left, right, base)
        raise self.refuse("unknown operator", base + node.col_offset)

    def _power(self, node: ast.BinOp, left: Term, right: Term, base: int) -> Term:
        if right.op != "num":
            if self.is_linear(right, self.integers) and not (left.op == "num" and left.value() > 0):
                self.bases.append(left)
                if self.signed is not None:
                    if left.op != "num" or not left.value():
                        least = self._least_of_power(left, right)
                        self.oblige(positive(terms.call("abs", left)), node, base, least)
                    return self.signed(self, left, right)
            if left.op != "num" or left.value() <= 0:
                self.oblige(positive(left), node, base, self._least_of_power(left, right))
            return terms.call("exp", terms.mul(right, terms.call("log", left)))
        e = right.value()
        if abs(e) > MAX_EXPONENT:
            raise self.refuse(f"exponent beyond {MAX_EXPONENT}", base + node.right.col_offset)
        if left.op == "num" and not left.value() and e < 0:
            raise self.refuse("zero to a negative power", base + node.col_offset)
        if e.denominator != 1:
            self.oblige(positive(left) if e < 0 else nonnegative(left), node, base)
        elif e < 0 and left.op != "num":
            self.oblige(nonzero(left), node, base)
        return terms.power(left, e)

    def _least_of_power(self, left: Term, right: Term) -> Formula:
        """Return what a power needs at the least: `0**y` exists for y > 0, whole powers of others, and `0**0 = 1`."""
        if is_whole(right, self.integers):
            return join("or", [nonzero(left), nonnegative(right)])
        at_zero = join("and", [Atom(left, "=="), positive(right)])
        return join("or", [positive(left), at_zero])

    def _call(self, name: str, args: list[Term], node: ast.Call, base: int) -> Term:
        if name not in FUNCTIONS:
            like = meant(name.lower(), FUNCTIONS)
            raise self.refuse(f"unknown function {name!r}{like}", base + node.col_offset)
        function = FUNCTIONS[name]
        wanted = function.arity
        if (wanted is None and not args) or (wanted is not None and len(args) != wanted):
            raise self.refuse(
                f"{name} takes {wanted or 'some'} argument(s)", base + node.col_offset
            )
        for needs in function.needs(*args):
            self.oblige(needs, node, base)
        return function.build(*args)


def harmless(text: str) -> str:
    """Return a text of the same length in which nothing moves or hides what a terminal shows."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


_RANGE = re.compile(r"\bin\s*[\[(]")


def _with_square_brackets(source: str) -> str:
    """Return a text in which ranges behind `in`, as `(0, 1]`, are lists to Python; no place moves."""
    marks = list(source)
    for found in _RANGE.finditer(source):
        depth = 0
        for k in range(found.end() - 1, len(source)):
            depth += (source[k] in "([") - (source[k] in ")]")
            if depth == 0:
                marks[found.end() - 1], marks[k] = "[", "]"
                break
    return "".join(marks)


def _split(
    start: int, end: int, top: Sequence[tuple[int, str]], word: str
) -> list[tuple[int, int]]:
    """Return the parts of a text between the places of a word."""
    places = [k for k, found in top if found == word]
    edges = [start, *(k + len(word) for k in places)]
    return list(zip(edges, [*places, end], strict=True))
