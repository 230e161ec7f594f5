"""Constants that two papers share: worked out by both, at the same inputs, and compared."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import sympy as sp
from flint import arb

from mfcheck.claims.model import Paper, Twin
from mfcheck.claims.record import TwinRecord
from mfcheck.claims.setting import Setting
from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.graph import constant_graph
from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, interval

DIGITS = 15


def compare_twins(
    paper: Paper, setting: Setting, load: Callable[[str], Paper]
) -> tuple[TwinRecord, ...]:
    """Return, for each constant that the paper shares with another, both enclosures and whether they meet.

    Args:
        paper: whose `twins` are compared.
        setting: of the paper; what it implies for the other one follows from the formulas of the twin.
        load: returns the paper of an id, or raises InputError.
    """
    return tuple(_compared(paper, setting, twin, load) for twin in paper.twins)


def _compared(
    paper: Paper, setting: Setting, twin: Twin, load: Callable[[str], Paper]
) -> TwinRecord:
    found = TwinRecord(
        paper=paper.id,
        constant=twin.constant,
        other_paper=twin.paper,
        other_constant=twin.other,
        where={name: str(value) for name, value in twin.where.items()},
    )
    try:
        other = load(twin.paper)
        there = other_setting(other, paper, setting, twin)
        ours = _enclosed(paper, setting, twin.constant)
        theirs = _enclosed(other, there, twin.other)
    except InputError as error:
        return found.but(reason=str(error))
    return found.but(
        where={name: str(value) for name, value in there.values if name in twin.where},
        value=interval(ours),
        other_value=interval(theirs),
        agree=compare(ours, theirs) == "?",
    )


def other_setting(other: Paper, paper: Paper, setting: Setting, twin: Twin) -> Setting:
    """Return the setting of the other paper in which its constant is the same number.

    Raises:
        InputError: a parameter does not come out as an exact fraction, or the other paper refuses the setting.
    """
    given = {p.symbol: setting[p.name] for p in paper.parameters if not p.choices}
    values: dict[str, Fraction | str] = {}
    for name, formula in twin.where.items():
        if isinstance(formula, str):
            values[name] = formula
            continue
        value = sp.sympify(formula).subs({s: sp.Rational(v) for s, v in given.items()})
        if not value.is_Rational:
            raise InputError(f"{name} = {value} of {other.id} is no exact fraction")
        values[name] = Fraction(int(value.p), int(value.q))
    found = other.default.with_values(**values)
    if setting.has_activation and found.has_activation:
        found = replace(found, activation=setting.activation)
    other.validate(found)
    return found


def _enclosed(paper: Paper, setting: Setting, id: str) -> arb:
    return enclose_constant(constant_graph(paper), setting, id, DIGITS)
