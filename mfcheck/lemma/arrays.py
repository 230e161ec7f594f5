"""Vectors and matrices in statements, entry by entry: their entries are numbers of the statement.

`u vector(3)` becomes the numbers `u_1, u_2, u_3`, `A symmetric(2)` becomes `A_11, A_21, A_22`, a positive semidefinite
matrix is `G G^T` with the entries of G as numbers. Eigenvalues of more than two rows have no formula: each is a number
of its own, with what is known of it (`facts`), and is enclosed where the entries are given.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.library import FUNCTIONS, HALF, logsumexp, nonnegative
from mfcheck.lemma.reader import Reader, Special
from mfcheck.lemma.terms import Term, add, mul, num, power, sub, var
from mfcheck.lemma.variables import Variable

ENTRIES = 100
"""The most numbers that the declared arrays of one statement may have together."""

Rows: TypeAlias = tuple[tuple[Term, ...], ...]
"""A matrix by rows; a vector is a matrix of one column."""


@dataclass(frozen=True)
class Eigenvalue:
    """A number that stands for the smallest or largest eigenvalue of a symmetric matrix of terms."""

    name: str
    matrix: Rows
    largest: bool


@dataclass(frozen=True)
class Layout:
    """A declared array: the numbers it is made of, and its entries as terms in them."""

    variable: Variable
    numbers: tuple[str, ...]
    entries: Rows


@dataclass
class Arrays:
    """The arrays of one statement, and the eigenvalues that are numbers of their own."""

    kinds: Mapping[str, Variable]
    layouts: dict[str, Layout] = field(default_factory=dict)
    eigenvalues: list[Eigenvalue] = field(default_factory=list)
    facts: list[Formula] = field(default_factory=list)
    semidefinite: set[Rows] = field(default_factory=set)
    """Matrices that have no negative eigenvalue by the way they are made."""

    def __post_init__(self) -> None:
        self.layouts = {name: layout(v) for name, v in self.kinds.items()}
        self.semidefinite = {o.entries for o in self.layouts.values() if o.variable.kind == "psd"}
        count = sum(len(one.numbers) for one in self.layouts.values())
        if count > ENTRIES:
            raise InputError(f"arrays of {count} entries together, at most {ENTRIES}")

    def numbers(self) -> list[str]:
        """Return the names of all numbers that the arrays bring in."""
        found = [n for one in self.layouts.values() for n in one.numbers]
        return found + [e.name for e in self.eigenvalues]

    def hypotheses(self) -> list[Formula]:
        """Return what the entries satisfy: unit vectors have length one."""
        units = [one for one in self.layouts.values() if one.variable.kind == "unit"]
        return [Atom(sub(_square(one.entries), num(1)), "==") for one in units]

    def specials(self) -> dict[str, Special]:
        """Return the functions of arrays that have numbers as values, and the entries `u[1]`, `A[1, 2]`."""
        if not self.kinds:
            return {}
        found: dict[str, Special] = {
            "dot": self._dot,
            "norm": self._norm,
            "trace": self._trace,
            "lambda_min": self._lambda_min,
            "lambda_max": self._lambda_max,
            "logsumexp": self._logsumexp,
        }
        return {**found, **dict.fromkeys(self.kinds, self._entry)}

    # Numbers made of arrays.

    def _arguments(
        self, reader: Reader, node: ast.Call | ast.Subscript, base: int, count: int, usage: str
    ) -> list[Rows]:
        if not isinstance(node, ast.Call) or len(node.args) != count:
            raise reader.refuse(f"write {usage}", base + node.col_offset)
        return [self.read(reader, a, base) for a in node.args]

    def _dot(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        x, y = self._arguments(reader, node, base, 2, "dot(u, v)")
        if _shape(x) != _shape(y):
            raise reader.refuse("dot of arrays of different sizes", base + node.col_offset)
        return add(*[mul(a, b) for a, b in zip(_flat(x), _flat(y), strict=True)])

    def _norm(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        (x,) = self._arguments(reader, node, base, 1, "norm(u)")
        if len(x[0]) > 1:
            reason = "norm is for vectors; of a matrix, write dot(A, A)**(1/2) or lambda_max"
            raise reader.refuse(reason, base + node.col_offset)
        return terms.sqrt(_square(x))

    def _trace(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        (x,) = self._arguments(reader, node, base, 1, "trace(A)")
        if len(x) != len(x[0]):
            raise reader.refuse("the trace is that of a square matrix", base + node.col_offset)
        return add(*[row[k] for k, row in enumerate(x)])

    def _lambda_min(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        return self._extreme(reader, node, base, largest=False)

    def _lambda_max(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        return self._extreme(reader, node, base, largest=True)

    def _extreme(
        self, reader: Reader, node: ast.Call | ast.Subscript, base: int, largest: bool
    ) -> Term:
        name = "lambda_max" if largest else "lambda_min"
        before = len(reader.obligations)
        (x,) = self._arguments(reader, node, base, 1, f"{name}(A)")
        n = len(x)
        if n != len(x[0]) or any(x[i][j] is not x[j][i] for i in range(n) for j in range(i)):
            raise reader.refuse(
                f"{name} is for symmetric matrices: declare 'A symmetric({n})'",
                base + node.col_offset,
            )
        if n <= 2 and x not in self.semidefinite:
            return extreme_of_two(x, largest)
        return self._number(x, largest, len(reader.obligations) == before)

    def _number(self, x: Rows, largest: bool, is_defined: bool) -> Term:
        """Return the number for an eigenvalue, with what is known of it if the entries are defined everywhere."""
        for known in self.eigenvalues:
            if known.matrix == x and known.largest == largest:
                return var(known.name)
        name = f"lambda_{'max' if largest else 'min'}_{len(self.eigenvalues) + 1}"
        found = var(name)
        if is_defined:
            self.facts += self._known_of(found, x, largest)
        self.eigenvalues.append(Eigenvalue(name, x, largest))
        return found

    def _known_of(self, found: Term, x: Rows, largest: bool) -> list[Formula]:
        """Return what is true of an eigenvalue."""
        sign = 1 if largest else -1
        diagonal = [row[k] for k, row in enumerate(x)]
        above = [*diagonal, terms.scale(power(num(len(x)), -1).value(), add(*diagonal))]
        facts: list[Formula] = [nonnegative(terms.scale(sign, sub(found, d))) for d in above]
        size = add(*[mul(a, a) for a in _flat(x)])
        facts.append(nonnegative(sub(size, power(found, 2))))
        if x in self.semidefinite:
            rest = sub(add(*diagonal), found) if largest else found
            facts += [nonnegative(found), nonnegative(rest)]
        others = [var(e.name) for e in self.eigenvalues if e.matrix == x]
        return facts + [nonnegative(terms.scale(sign, sub(found, o))) for o in others]

    def _logsumexp(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        if not isinstance(node, ast.Call) or not node.args:
            raise reader.refuse("write logsumexp(u), or logsumexp(x, y, ...)", base)
        if len(node.args) == 1 and self.is_array(node.args[0]):
            return logsumexp(*_flat(self.read(reader, node.args[0], base)))
        return logsumexp(*[reader.build(a, base) for a in node.args])

    def _entry(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        if not isinstance(node, ast.Subscript):
            reason = "an array is no function: write u[1] for an entry"
            raise reader.refuse(reason, base + node.col_offset)
        x = self.read(reader, node.value, base)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        places = [p.value if isinstance(p, ast.Constant) else None for p in parts]
        sizes = (len(x),) if len(x[0]) == 1 else _shape(x)
        inside = len(places) == len(sizes) and all(
            isinstance(k, int) and 1 <= k <= n for k, n in zip(places, sizes, strict=False)
        )
        if not inside:
            wanted = ", ".join(f"1 to {n}" for n in sizes)
            raise reader.refuse(f"entries are counted {wanted}", base + node.col_offset)
        i, j = (int(str(k)) - 1 for k in (*places, 1)[:2])
        return x[i][j]

    # Arrays.

    def is_array(self, node: ast.expr) -> bool:
        """Say whether an expression has an array as its value."""
        match node:
            case ast.Name(id=name):
                return name in self.kinds
            case ast.UnaryOp(operand=inner):
                return self.is_array(inner)
            case ast.BinOp(left=left, right=right):
                return self.is_array(left) or self.is_array(right)
            case ast.Call(func=ast.Name(id=name), args=args):
                if name in ("softmax", "gram", "transpose"):
                    return True
                return name not in self.specials() and any(map(self.is_array, args))
        return False

    def read(self, reader: Reader, node: ast.expr, base: int) -> Rows:
        """Read an expression whose value is an array.

        Raises:
            InputError: it is none, or sizes do not fit.
        """
        match node:
            case ast.Name(id=name) if name in self.layouts:
                return self.layouts[name].entries
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _each(terms.neg, self.read(reader, inner, base))
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                x, y = self.read(reader, left, base), self.read(reader, right, base)
                if _shape(x) != _shape(y):
                    raise reader.refuse("sizes do not fit", base + node.col_offset)
                return _both(add if isinstance(op, ast.Add) else sub, x, y)
            case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
                return self._product(reader, node, left, right, base)
            case ast.BinOp(op=ast.Div(), left=left, right=right) if not self.is_array(right):
                below = reader.build(right, base)
                reader.oblige(Atom(below, "!="), node, base)
                return _each(lambda t: terms.div(t, below), self.read(reader, left, base))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._function(reader, name, args, node, base)
        raise reader.refuse("a vector or a matrix is expected here", base + node.col_offset)

    def _product(
        self, reader: Reader, node: ast.expr, left: ast.expr, right: ast.expr, base: int
    ) -> Rows:
        if not self.is_array(left) or not self.is_array(right):
            scalar, array = (left, right) if self.is_array(right) else (right, left)
            factor = reader.build(scalar, base)
            return _each(lambda t: mul(factor, t), self.read(reader, array, base))
        x, y = self.read(reader, left, base), self.read(reader, right, base)
        if len(x[0]) != len(y):
            raise reader.refuse("sizes do not fit: dot(u, v) of vectors", base + node.col_offset)
        return tuple(
            tuple(
                add(*[mul(a, row[k]) for a, row in zip(r, y, strict=True)])
                for k in range(len(y[0]))
            )
            for r in x
        )

    def _function(
        self, reader: Reader, name: str, args: list[ast.expr], node: ast.Call, base: int
    ) -> Rows:
        read = [self.read(reader, a, base) for a in args]
        at = base + node.col_offset
        if name == "transpose" and len(read) == 1:
            return tuple(zip(*read[0], strict=True))
        if name == "softmax" and len(read) == 1 and len(read[0][0]) == 1:
            return softmax(read[0])
        if name == "gram" and read and len({_shape(x) for x in read}) == 1 and len(read[0][0]) == 1:
            rows = tuple(tuple(_inner(x, y) for y in read) for x in read)
            self.semidefinite.add(rows)
            return rows
        if name in FUNCTIONS and FUNCTIONS[name].arity == 1 and len(read) == 1:
            function = FUNCTIONS[name]
            for t in _flat(read[0]):
                for needed in function.needs(t):
                    reader.oblige(needed, node, base)
            return _each(function.build, read[0])
        raise reader.refuse(f"{name} of these arrays has no meaning here", at)


def layout(variable: Variable) -> Layout:
    """Return a declared array entry by entry."""
    u, n, columns = variable.name, variable.size, variable.columns
    if variable.kind in ("vector", "unit"):
        numbers = [f"{u}_{k}" for k in range(1, n + 1)]
        return Layout(variable, tuple(numbers), tuple((var(x),) for x in numbers))
    columns = columns or n
    mark = "_" if max(n, columns) > 9 else ""
    grid = [[f"{u}_{i}{mark}{j}" for j in range(1, columns + 1)] for i in range(1, n + 1)]
    if variable.kind == "symmetric":
        rows = tuple(tuple(var(grid[max(i, j)][min(i, j)]) for j in range(n)) for i in range(n))
        return Layout(variable, tuple(grid[i][j] for i in range(n) for j in range(i + 1)), rows)
    entries = tuple(tuple(map(var, row)) for row in grid)
    if variable.kind == "psd":
        entries = tuple(
            tuple(add(*[mul(a, b) for a, b in zip(x, y, strict=True)]) for y in entries)
            for x in entries
        )
    return Layout(variable, tuple(x for row in grid for x in row), entries)


def extreme_of_two(x: Rows, largest: bool) -> Term:
    """Return the smallest or largest eigenvalue of a symmetric matrix of at most two rows."""
    if len(x) == 1:
        return x[0][0]
    a, b, d = x[0][0], x[0][1], x[1][1]
    middle = terms.scale(HALF, add(a, d))
    if a is d:
        return add(middle, terms.scale(1 if largest else -1, terms.call("abs", b)))
    root = terms.sqrt(add(power(terms.scale(HALF, sub(a, d)), 2), power(b, 2)))
    return add(middle, root) if largest else sub(middle, root)


def softmax(x: Rows) -> Rows:
    """Return `exp(x_k) / sum exp(x_j)`."""
    flat = _flat(x)
    return tuple((power(add(*[terms.call("exp", sub(t, one)) for t in flat]), -1),) for one in flat)


def _each(change: Callable[[Term], Term], x: Rows) -> Rows:
    return tuple(tuple(map(change, row)) for row in x)


def _both(join: Callable[[Term, Term], Term], x: Rows, y: Rows) -> Rows:
    return tuple(tuple(map(join, a, b)) for a, b in zip(x, y, strict=True))


def _flat(x: Rows) -> list[Term]:
    return [t for row in x for t in row]


def _shape(x: Rows) -> tuple[int, int]:
    return len(x), len(x[0])


def _inner(x: Rows, y: Rows) -> Term:
    return add(*[mul(a, b) for a, b in zip(_flat(x), _flat(y), strict=True)])


def _square(x: Rows) -> Term:
    return _inner(x, x)


def arrays_of(variables: Sequence[Variable]) -> dict[str, Variable]:
    """Return the arrays among declared names."""
    return {
        v.name: v for v in variables if v.kind in ("vector", "unit", "symmetric", "psd", "matrix")
    }
