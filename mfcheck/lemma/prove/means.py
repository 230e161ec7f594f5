"""Reductions of goals about expectations: integrands compared, and what is known of the mean of a square. Trusted.

Let w be a standard Gaussian and f locally Lipschitz, `E f^2` and `E f'^2` finite. Then

- `E f^2 <= (E f)^2 + E f'^2` (Poincare's inequality for the Gaussian measure; equality for linear f);
- `E f^2 >= (E f)^2 + (E w f)^2` (Bessel's inequality for 1 and w, which are orthonormal);

A summand `c E f^2` of a goal may be replaced by the first if c is nowhere positive, by the second if nowhere negative.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.gaussians import has_expectation, simplified
from mfcheck.lemma.growth import exists, is_away_from_zero
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, relevant
from mfcheck.lemma.prove.average import pointwise
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import NORMAL, Term, mul, power, scale, sub, var

_MOST_SUMMANDS = 12
_MOVING = frozenset([NORMAL])
_LIPSCHITZ = frozenset(("num", "var", "pi", "add", "exp", "sin", "cos", "sinh", "cosh", "tanh")) | {
    "erf",
    "erfc",
    "atan",
    "asinh",
    "abs",
    "max",
    "min",
}


def mean_steps(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Yield the reductions of a goal that holds an expectation."""
    if goal.relation not in (">", ">=") or not has_expectation(goal.term):
        return
    for words, part in pointwise(problem, goal):
        yield Step(f"integrands compared{words}", (relevant(part),))
    yield from by_squares(problem, goal)


def by_squares(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Replace the mean of a square in one summand of the goal, or in a part of it, by a bound."""
    parts = summands(expanded(goal.term))
    if len(parts) > _MOST_SUMMANDS:
        return
    plain = Plain(problem.ranges, problem.hypotheses)
    for k, x in parts:
        for node in _factors(x):
            f = None if node.op != "gauss" else root_of(node)
            factor = terms.div(x, node)
            if f is None or node in terms.order([factor]) or not _is_tame(f, problem):
                continue
            s = plain.signs(scale(k, factor))
            if not s & POSITIVE:
                options = [(above(f), f"Poincare's inequality for {terms.text(f)}")]
            elif not s & NEGATIVE:
                size = terms.call("abs", f)
                options = [
                    (below(u), f"Bessel's inequality for {terms.text(u)}") for u in (f, size)
                ]
            else:
                continue
            for amount in _amounts(k, mul(factor, power(_mean(f), 2)), parts):
                rest = sub(goal.term, scale(amount, x))
                for bound, words in options:
                    new = terms.add(rest, scale(amount, mul(factor, bound)))
                    new = expanded(simplified(new, problem.ranges))
                    made = problem.with_goals([Atom(new, goal.relation)])
                    yield Step(f"{words}, {amount} times", (made,))


def _amounts(k: Fraction, square: Term, parts: Sequence[tuple[Fraction, Term]]) -> list[Fraction]:
    """Return k, and what of it makes a variance with the square of the mean that is there."""
    found = [k]
    size, inner = terms.split_factor(square)
    for j, y in parts:
        part = -j / size if size and y is inner else Fraction(0)
        if part and 0 < part / k < 1:
            found.insert(0, part)
    return found


def above(f: Term) -> Term:
    """Return `(E f)^2 + E f'^2`."""
    slope = terms.derivative(f, NORMAL)
    return terms.add(power(_mean(f), 2), _mean(power(slope, 2)))


def below(f: Term) -> Term:
    """Return `(E f)^2 + (E w f)^2`."""
    return terms.add(power(_mean(f), 2), power(_mean(mul(var(NORMAL), f)), 2))


def _mean(f: Term) -> Term:
    wide = expanded(f)
    return terms.expectation(wide, sorted(wide.free - {NORMAL}))


def root_of(node: Term) -> Term | None:
    """Return f, in `NORMAL` and the names outside, if this is the expectation of its square."""
    body = terms.body_of(node)
    if body.op != "mul" or any(e % 2 for e in body.exponents()) or has_expectation(body):
        return None
    pairs = zip(body.args, body.exponents(), strict=True)
    f = terms.product([(b, e / 2) for b, e in pairs])
    return terms.substitute(f, {f"_p{k}": a for k, a in enumerate(node.args)})


def _is_tame(f: Term, problem: Problem) -> bool:
    """Say whether f is locally Lipschitz, its square and that of its slope integrable, whatever the parameters."""
    if NORMAL in problem.ranges or has_expectation(f):
        return False
    ranges = {**problem.ranges, NORMAL: Range()}
    plain = Plain(ranges)
    if not all(_is_lipschitz(n, plain) for n in terms.order([f]) if NORMAL in n.free):
        return False
    slope = terms.derivative(f, NORMAL)
    return all(exists(expanded(power(g, 2)), problem.ranges) for g in (f, slope))


def _is_lipschitz(t: Term, plain: Plain) -> bool:
    """Say whether a node has a bounded slope in its arguments, wherever those are bounded."""
    if t.op == "mul":
        pairs = zip(t.args, t.exponents(), strict=True)
        return all(
            NORMAL not in b.free
            or (e.denominator == 1 and e > 0)
            or is_away_from_zero(b, _MOVING, plain)
            for b, e in pairs
        )
    if t.op == "log":
        return is_away_from_zero(t.args[0], _MOVING, plain)
    return t.op in _LIPSCHITZ


def _factors(t: Term) -> list[Term]:
    """Return the factors of a product that occur in the first power."""
    if t.op != "mul":
        return [t]
    return [b for b, e in zip(t.args, t.exponents(), strict=True) if e == Fraction(1)]
