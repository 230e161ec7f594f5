"""A maximum, minimum or size in a sum, as a conjunction or an alternative of comparisons. Trusted.

`c max(a, b) + r >= 0` says for c > 0 that `c a + r >= 0` or `c b + r >= 0`, for c < 0 both; a minimum the other way;
`|u|` is the maximum of u and -u.
"""

from mfcheck.lemma import terms
from mfcheck.lemma.constants import summands
from mfcheck.lemma.formula import Atom, Formula, join
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import Term, neg, scale

_MOST = 6


def by_extremes(problem: Problem, goal: Atom) -> Step | None:
    """Take the extremes of a goal apart."""
    if goal.relation not in (">", ">=") or any(n.op == "gauss" for n in terms.order([goal.term])):
        return None
    new = _apart(goal, Plain(problem.ranges), _MOST)
    if new is None:
        return None
    return Step("extremes apart", (problem.with_goals([new]),), True)


def _apart(goal: Atom, plain: Plain, left: int) -> Formula | None:
    """Return comparisons without the extremes of a sum, one after the other; None if it has none."""
    for k, x in summands(goal.term) if left else ():
        found = _extreme(x, plain)
        if found is None:
            continue
        values, is_max, other = found
        parts = []
        for v in values:
            changed = terms.add(terms.sub(goal.term, scale(k, x)), scale(k, terms.mul(other, v)))
            atom = Atom(changed, goal.relation)
            parts.append(_apart(atom, plain, left - 1) or atom)
        return join("or" if (k > 0) == is_max else "and", parts)
    return None


def _extreme(x: Term, plain: Plain) -> tuple[list[Term], bool, Term] | None:
    """Return the values, whether the largest is meant, and a factor of it that is nowhere negative."""
    factors = list(zip(x.args, x.exponents(), strict=True)) if x.op == "mul" else [(x, 1)]
    for base, e in factors:
        if e != 1 or base.op not in ("max", "min", "abs"):
            continue
        other = terms.div(x, base)
        s = plain.signs(other)
        if s & NEGATIVE and s & POSITIVE:
            return None
        is_max = (base.op != "min") == (not s & NEGATIVE)
        values = [base.args[0], neg(base.args[0])] if base.op == "abs" else list(base.args)
        return values, is_max, other
    return None
