"""Certificates of statements: their format, and whether they prove what they state. Trusted.

A certificate is `{"format": "mfcheck-lemma/2", "statement", "domain", "where", "proof"}`, the proof a tree as in
`mfcheck.lemma.replay`. With `best` and `constant` it is about the statement with the constant of that name put to this
value; with `entries`, about arrays entry by entry (true) or by norms and cosines (false); with `vacuous`, about its
hypotheses alone: that they contradict each other; with `counterexample`, a value for each number, that it is false.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flint import ctx

from mfcheck.errors import InputError
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.draws import Judge
from mfcheck.lemma.formula import FALSE, Atom
from mfcheck.lemma.meaning import expectations_exist, fails, problem_of, with_value
from mfcheck.lemma.models import ModelError
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.proof import FORMAT
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.replay import Replay, WrongProofError
from mfcheck.lemma.statement import Statement, read

_FRACTION = re.compile(r"-?[0-9]{1,400}(/0*[1-9][0-9]{0,400})?")
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    InputError,
    LookupError,
    TypeError,
    ValueError,
    ModelError,
)
"""What a piece that is no argument may lead to; it is answered like an argument that does not hold."""


_KEYS = {"format", "statement", "domain", "where", "proof"}
_MAY = {"best", "constant", "entries", "vacuous", "counterexample"}
MOST = 200
"""The most declarations and hypotheses of a certificate."""


def accepts(certificate: Mapping[str, Any]) -> bool:
    """Say whether a certificate proves its statement.

    Raises:
        InputError: the statement in it cannot be read.
    """
    with long_series(), ctx.workprec(96):
        if not well_formed(certificate):
            return False
        statement = stated(certificate)
        try:
            return _proves(statement, certificate)
        except (*_MALFORMED, WrongProofError, RecursionError, MemoryError):
            return False


def well_formed(certificate: Mapping[str, Any]) -> bool:
    """Say whether a certificate has the keys of its format, each of the right type."""
    keys = set(certificate)
    texts = [certificate.get("domain"), certificate.get("where")]
    return (
        keys >= _KEYS
        and keys <= _KEYS | _MAY
        and certificate["format"] == FORMAT
        and isinstance(certificate["statement"], str)
        and all(isinstance(t, list) and len(t) <= MOST for t in texts)
        and all(isinstance(x, str) for t in texts for x in t or [])
        and isinstance(certificate["proof"], dict)
        and all(isinstance(certificate.get(k, False), bool) for k in ("entries", "vacuous"))
        and isinstance(point := certificate.get("counterexample", {}), dict)
        and all(isinstance(v, str) and isinstance(k, str) for k, v in point.items())
        and not ("counterexample" in keys and certificate.get("vacuous"))
        and isinstance(certificate.get("best", ""), str)
        and isinstance(certificate.get("constant", ""), str)
        and ("best" in keys) == ("constant" in keys)
    )


def stated(certificate: Mapping[str, Any]) -> Statement:
    """Return the statement of a certificate, the value of its best constant put in.

    Raises:
        InputError: it cannot be read.
    """
    best = certificate.get("best")
    statement = read(
        certificate["statement"],
        certificate["domain"],
        certificate["where"],
        best,
        entries=certificate.get("entries"),
    )
    if statement.best is None:
        return statement
    if best != statement.best or not _FRACTION.fullmatch(certificate["constant"]):
        raise InputError("the constant of this certificate has no value")
    return with_value(statement, best, Fraction(certificate["constant"]))


def problem_stated(certificate: Mapping[str, Any]) -> Problem:
    """Return the problem of a certificate.

    Raises:
        InputError: its statement cannot be read.
    """
    whole = problem_of(stated(certificate))
    return whole.with_goals([FALSE]) if certificate.get("vacuous") else whole


def _is_false_at(statement: Statement, given: Mapping[str, str]) -> bool:
    """Say whether a statement surely fails at an exact point of its domain."""
    point = {name: Reader({}).expression(text) for name, text in given.items()}
    wanted = {v.name for v in statement.variables if v.kind != "gaussian"}
    wanted -= {n for n, _ in (*statement.floors, *statement.values)}
    wanted -= {e.name for e in statement.eigenvalues}
    if not wanted <= point.keys() or not statement.exact or statement.best is not None:
        return False
    if not statement.layouts:
        return fails(statement, point) == "false"
    units = [h for h in statement.hypotheses if isinstance(h, Atom) and h.relation == "=="]
    if not all(t.op == "num" for t in point.values()):
        return False
    if not all(holds(h, Point(point)) is True for h in units):
        return False
    return Judge(statement).judge({n: t.value() for n, t in point.items()})[0] == "false"


def _proves(statement: Statement, certificate: Mapping[str, Any]) -> bool:
    if "counterexample" in certificate:
        point = dict(certificate["counterexample"])
        if statement.counts:
            if not all(_FRACTION.fullmatch(point.get(n, "")) for n in statement.counts):
                return False
            fixed = {n: Fraction(point.pop(n)) for n in statement.counts}
            if any(v.denominator != 1 for v in fixed.values()):
                return False
            domain, where = certificate["domain"], certificate["where"]
            statement = read(certificate["statement"], domain, where, fixed=fixed)
            if any(h == FALSE for h in statement.hypotheses):
                return False
        return _is_false_at(statement, point)
    whole = problem_of(statement)
    if certificate.get("vacuous"):
        whole = whole.with_goals([FALSE])
    elif not expectations_exist(statement, whole):
        return False
    Replay().problem(whole, certificate["proof"])
    return True
