"""Recursions of many steps, run in balls: bounds of formulas in their states after given numbers of steps.

In plain balls an error may grow by a factor at each step. For a state whose next value depends on itself alone, the
witness may name an interval and a number that bounds the slope there; then errors grow by that number alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from .balls import MAX_BITS, Ball, Code, ball, compiled, interval, sane
from .formulas import Interval, evaluate, exact, finite, iv
from .inequalities import Known, read_box
from .reading import NAME, Bounds, Json, effort, fields, need, number, prove
from .reals import REALS
from .slopes import slope

MAX_STEPS, MAX_STATES, MAX_VALUES, LEAST_BITS = 20_000, 8, 64, 64
_PIECES = 16


@dataclass(frozen=True)
class _Step:
    """The next value of a state; where the slope is known, the ends of its interval in units, and the bound."""

    code: Code
    slope: Fraction | None = None
    low: int = 0
    high: int = 0

    def next(self, name: str, env: dict[str, Ball]) -> Ball:
        if self.slope is None:
            return self.code(env)
        middle, radius = env[name]
        inside = self.low <= middle - radius and middle + radius <= self.high
        prove(inside, f"{name} leaves the interval of its slope")
        new, error = self.code({**env, name: (middle, 0)})
        return new, ceil(self.slope * radius) + error


def recursion(claim: Json, witness: Json, _: Known) -> Mapping[str, Bounds]:
    """Bounds by name. The states start at numbers, and each step sets all of them at once by formulas in them."""
    start, steps, bits = claim["start"], claim["steps"], witness["bits"]
    need(1 <= len(start) <= MAX_STATES and set(start) == set(steps), "states, and a step of each")
    need(not set(start) & set(claim["constants"]), "a constant that is a state")
    read_box(dict.fromkeys((*start, *claim["constants"]), "0"), {})
    need(LEAST_BITS <= bits <= MAX_BITS, "bits out of range")
    wanted = _wanted(claim["values"])
    iv.prec = bits + 60
    constants = _numbers(claim["constants"], {})
    states = {name: ball(x, bits) for name, x in _numbers(start, constants).items()}
    last, given = max(wanted), witness["slopes"]
    need(set(given) <= set(start), "a slope of no state")
    run = {name: _step(name, steps[name], given, constants, states, last) for name in steps}
    fixed = {name: ball(x, bits) for name, x in constants.items()}
    found: dict[str, Bounds] = {}
    for done in range(last + 1):
        if done in wanted:
            names = {**constants, **{name: interval(x, bits) for name, x in states.items()}}
            found |= {name: _value(value, names) for name, value in wanted[done].items()}
        if done < last:
            env = {**fixed, **states}
            states = {name: sane(*step.next(name, env)) for name, step in run.items()}
    return found


def _wanted(values: Any) -> Mapping[int, Mapping[str, Json]]:
    """Values by the number of steps after which they are asked for."""
    need(1 <= len(values) <= MAX_VALUES, "number of values out of range")
    found: dict[int, dict[str, Json]] = {}
    for name, value in values.items():
        fields(value, "value", "after:int formula lower upper")
        need(bool(NAME.fullmatch(name)), "name of a value")
        need(0 <= value["after"] <= MAX_STEPS, f"up to {MAX_STEPS} steps")
        found.setdefault(value["after"], {})[name] = value
    return found


def _numbers(texts: Any, names: Mapping[str, Interval]) -> dict[str, Interval]:
    return {name: finite(evaluate(text, names, REALS)) for name, text in texts.items()}


def _value(value: Json, names: Mapping[str, Interval]) -> Bounds:
    found = finite(evaluate(value["formula"], names, REALS))
    lower, upper = number(value["lower"]), number(value["upper"])
    inside = exact(lower).b <= found.a and found.b <= exact(upper).a
    prove(bool(inside), f"the bounds after {value['after']} steps are not proved")
    return lower, upper


def _step(
    name: str,
    text: str,
    given: Json,
    constants: Mapping[str, Interval],
    states: Mapping[str, Ball],
    count: int,
) -> _Step:
    """Turn a step into a function, once it is paid for, and prove the bound of its slope if the witness has one."""
    bits = iv.prec - 60
    code, price = compiled(text, bits, (*constants, *states))
    effort.spend((price + 3) * count)
    if name not in given:
        return _Step(code)
    low, high, bound = _three(given[name])
    derivative = slope(text, name)
    for k in range(_PIECES):
        ends = [exact(low + (high - low) * Fraction(j, _PIECES)) for j in (k, k + 1)]
        names = {**constants, name: iv.mpf([ends[0].a, ends[1].b])}
        finite(evaluate(text, names, REALS))
        size = abs(finite(evaluate(derivative, names, REALS)))
        prove(bool(size.b <= exact(bound).a), f"the slope of {name} is not bounded by {bound}")
    return _Step(code, bound, ceil(low * 2**bits), floor(high * 2**bits))


def _three(value: Any) -> Sequence[Fraction]:
    need(isinstance(value, list) and len(value) == 3, "low, high and slope of a state")
    low, high, bound = map(number, value)
    need(low < high and bound >= 0, "low, high and slope of a state")
    return low, high, bound
