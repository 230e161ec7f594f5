"""Vectors in statements: all that is said through inner products becomes numbers (norms and cosines).

The Gram matrices of k vectors in n >= k dimensions are all positive semidefinite matrices: nothing is lost for k <= 3.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.arrays import extreme_of_two
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.reader import Reader, Special
from mfcheck.lemma.terms import Term, add, mul, num, power, sub, var
from mfcheck.lemma.variables import Variable

MOST = 3
Combination = list[tuple[Term, str]]
"""A vector as a sum of multiples of declared ones."""


@dataclass
class Vectors:
    """The declared vectors of one statement; `extra` are the numbers that stand for them."""

    kinds: Mapping[str, Variable]
    extra: dict[str, list[Formula]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.kinds) > MOST:
            raise InputError(f"at most {MOST} vectors can be declared")

    def specials(self) -> dict[str, Special]:
        """Return the functions of vectors."""
        if not self.kinds:
            return {}
        return {
            "dot": self._dot,
            "norm": self._norm,
            "lambda_min": self._of_gram,
            "lambda_max": self._of_gram,
            "trace": self._of_gram,
        }

    def hypotheses(self) -> list[Formula]:
        """Return what the numbers satisfy."""
        found = [f for parts in self.extra.values() for f in parts]
        names = sorted(self.kinds)
        if len(names) == MOST and min(v.size for v in self.kinds.values()) >= MOST:
            a, b, c = (self._cosine(p, q) for p, q in ((0, 1), (0, 2), (1, 2)))
            squares = [power(x, 2) for x in (a, b, c)]
            determinant = sub(add(num(1), terms.scale(2, mul(a, b, c))), add(*squares))
            found += [f for parts in self.extra.values() for f in parts if f not in found]
            found.append(Atom(determinant, ">="))
        return list(dict.fromkeys(found))

    def numbers(self) -> list[str]:
        """Return the names of the numbers that stand for the vectors."""
        return list(self.extra)

    def is_exact(self) -> bool:
        """Say whether every choice of the numbers belongs to vectors."""
        return all(v.size >= len(self.kinds) for v in self.kinds.values())

    def _cosine(self, i: int, j: int) -> Term:
        names = sorted(self.kinds)
        return self._cosine_of(names[i], names[j])

    def _cosine_of(self, u: str, v: str) -> Term:
        a, b = sorted((u, v))
        name = f"cos_{a}_{b}"
        c = var(name)
        self.extra.setdefault(name, [Atom(add(num(1), c), ">="), Atom(sub(num(1), c), ">=")])
        return c

    def _length(self, u: str) -> Term:
        if self.kinds[u].kind == "unit":
            return num(1)
        name = f"norm_{u}"
        self.extra.setdefault(name, [Atom(var(name), ">=")])
        return var(name)

    def _product(self, u: str, v: str) -> Term:
        if self.kinds[u].size != self.kinds[v].size:
            raise InputError(f"{u} and {v} are vectors of different sizes")
        if u == v:
            return power(self._length(u), 2)
        return mul(self._length(u), self._length(v), self._cosine_of(u, v))

    def _inner(self, x: Combination, y: Combination) -> Term:
        return add(*[mul(a, b, self._product(u, v)) for a, u in x for b, v in y])

    def _dot(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        if not isinstance(node, ast.Call) or len(node.args) != 2:
            raise reader.refuse("write dot(u, v)", base + node.col_offset)
        x, y = (self._read(reader, a, base) for a in node.args)
        return self._inner(x, y)

    def _norm(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        if not isinstance(node, ast.Call) or len(node.args) != 1:
            raise reader.refuse("write norm(u)", base + node.col_offset)
        x = self._read(reader, node.args[0], base)
        if len(x) == 1 and x[0][0] is num(1):
            return self._length(x[0][1])
        return terms.sqrt(self._inner(x, x))

    def _of_gram(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        """Read an eigenvalue or the trace of `gram(u, v)`, or of the Gram matrix of one vector."""
        match node:
            case ast.Call(
                func=ast.Name(id=name), args=[ast.Call(func=ast.Name(id="gram"), args=[*vectors])]
            ) if 1 <= len(vectors) <= 2:
                read = [self._read(reader, v, base) for v in vectors]
                rows = tuple(tuple(self._inner(x, y) for y in read) for x in read)
                if name == "trace":
                    return add(*[row[k] for k, row in enumerate(rows)])
                return extreme_of_two(rows, name == "lambda_max")
        raise reader.refuse(
            "in norms and cosines only Gram matrices of two vectors have eigenvalues",
            base + node.col_offset,
        )

    def _read(self, reader: Reader, node: ast.expr, base: int) -> Combination:
        match node:
            case ast.Name(id=name) if name in self.kinds:
                return [(num(1), name)]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return [(terms.neg(a), u) for a, u in self._read(reader, inner, base)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._read(reader, left, base) + self._read(reader, right, base)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                negative = [(terms.neg(a), u) for a, u in self._read(reader, right, base)]
                return self._read(reader, left, base) + negative
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                factor = reader.build(left, base)
                return [(mul(factor, a), u) for a, u in self._read(reader, right, base)]
        raise reader.refuse(
            "a sum of multiples of vectors is expected here", base + node.col_offset
        )


def of(variables: Sequence[Variable]) -> Vectors:
    """Return the vectors among declared names."""
    return Vectors({v.name: v for v in variables if v.kind in ("vector", "unit")})
