"""Certificates of statements on boxes as inequalities of `mfcheck.verify`: for its own arithmetic, and for Rocq."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from mfcheck import verify
from mfcheck.errors import InputError
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.certificate import stated
from mfcheck.lemma.formula import Atom, Formula, conjuncts
from mfcheck.lemma.problem import Range, bounded, unfold
from mfcheck.lemma.terms import Term
from mfcheck.rigor import certificate as make

HALVINGS = 14
MOST_PARTS = 16

_SAME = frozenset(("exp", "log", "sin", "cos", "erf", "atan", "tanh", "max", "min"))
_WRITTEN: Mapping[str, Callable[[str], str]] = {
    "abs": lambda u: f"max({u}, -({u}))",
    "sinh": lambda u: f"((exp({u}) - exp(-({u})))/2)",
    "cosh": lambda u: f"((exp({u}) + exp(-({u})))/2)",
    "tan": lambda u: f"(sin({u})/cos({u}))",
    "erfc": lambda u: f"(1 - erf({u}))",
    "asinh": lambda u: f"log(({u}) + sqrt(({u})**2 + 1))",
    "atanh": lambda u: f"(log((1 + ({u}))/(1 - ({u})))/2)",
}


def formula(t: Term) -> str:
    """Return a term in the grammar of certificates.

    Raises:
        InputError: a function in it is not in that grammar.
    """
    if t.op == "num":
        q = t.value()
        return str(q) if q.denominator == 1 and q >= 0 else f"({q})"
    if t.op in ("var", "pi"):
        return str(t.data) if t.op == "var" else "pi"
    if t.op == "add":
        c = t.coefficients()
        parts = [f"({k})*{formula(a)}" for k, a in zip(c[1:], t.args, strict=True)]
        return f"({' + '.join([f'({c[0]})'] * bool(c[0]) + parts)})"
    if t.op == "mul":
        return f"({'*'.join(_power(a, e) for a, e in zip(t.args, t.exponents(), strict=True))})"
    inner = [formula(a) for a in t.args]
    if t.op in _SAME:
        return f"{t.op}({', '.join(inner)})"
    if t.op in _WRITTEN:
        return _WRITTEN[t.op](inner[0])
    name = "an expectation" if t.op == "gauss" else t.op
    raise InputError(f"{name} is not in the grammar of these certificates")


def _power(base: Term, e: Fraction) -> str:
    text = formula(base)
    size = abs(e)
    if size.denominator == 2:
        text, size = f"sqrt({text})", Fraction(size.numerator)
    raised = text if size == 1 else f"({text})**({size})"
    return raised if e > 0 else f"(1/({raised}))"


def as_bundle(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a certificate states as inequalities on one closed box.

    Strict comparisons become weak ones, and open ends closed ones: the first says less, the second more.

    Raises:
        InputError: the domain is no box with rational ends, or something is outside the grammar; says what.
    """
    with long_series():
        statement = stated(certificate)
        if "counterexample" in certificate:
            raise InputError("that a statement is false at a point is no inequality on a box")
        if certificate.get("vacuous"):
            raise InputError("that hypotheses contradict each other is no inequality on a box")
        cut = bounded({v.name: Range() for v in statement.variables}, statement.hypotheses)
        if cut is None or cut.hypotheses:
            raise InputError("the domain is no box: a hypothesis speaks of several variables")
        goals = [g for f in conjuncts(statement.conclusion) for g in conjuncts(unfold(f))]
        if not 1 <= len(goals) <= MOST_PARTS:
            raise InputError(f"{len(goals)} comparisons, not 1 to {MOST_PARTS}")
        return make.bundle({f"goal_{k}": _part(g, cut.ranges) for k, g in enumerate(goals, 1)})


def _part(goal: Formula, ranges: Mapping[str, Range]) -> dict[str, Any]:
    if not isinstance(goal, Atom) or goal.relation not in (">", ">="):
        raise InputError("only comparisons by <, <=, >, >= joined by 'and' are inequalities")
    inputs = {n: _ends(n, ranges[n]) for n in sorted(goal.term.free)}
    return make.inequality(formula(goal.term), inputs, lower="0", bisect=HALVINGS)


def _ends(name: str, r: Range) -> tuple[str, str]:
    ends = [e for e in (r.low, r.high) if e is not None and e.op == "num"]
    if len(ends) < 2:
        raise InputError(f"{name} has no box with rational ends")
    return str(ends[0].value()), str(ends[1].value())


def is_strict(certificate: Mapping[str, Any]) -> bool:
    """Say whether a strict comparison is among what a certificate states."""
    goals = conjuncts(stated(certificate).conclusion)
    return any(isinstance(g, Atom) and g.relation == ">" for g in goals)


def accepted_again(certificate: Mapping[str, Any]) -> bool:
    """Say whether the statement is proved in the arithmetic of `mfcheck.verify`, which shares nothing with this."""
    import json

    try:
        return verify.verify(json.dumps(as_bundle(certificate))).status == "accepted"
    except InputError:
        return False
