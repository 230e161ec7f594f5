"""Functions of terms, simplified at the exact points where their values are known."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from mfcheck.errors import InputError
from mfcheck.lemma.terms.nodes import (
    UNARY,
    Term,
    add,
    combination,
    exact_root,
    make,
    neg,
    num,
    pi,
    power,
    prime_powers,
    product,
    scale,
    split_factor,
    surely_positive,
)


def call(name: str, *args: Term) -> Term:
    """Return a function of terms (`UNARY`, `min`, `max`), simplified at a few exact points.

    Raises:
        InputError: the function is not one that terms are built of.
    """
    if name in ("min", "max"):
        return extreme(name, args)
    if name not in UNARY:
        raise InputError(f"{name} is not a function of terms")
    (a,) = args
    if a.op == "num":
        found = _AT_NUMBERS.get((name, a.value()))
        if found is not None:
            return found()
        if name in ("abs", "sign", "step"):
            return _sign_function(name, a.value())
        if name == "cbrt":
            v = a.value()
            root = exact_root(abs(v), Fraction(1, 3))
            if root is not None:
                return num(root if v > 0 else -root)
        if name == "log" and a.value() > 0:
            return _log_of_number(a.value())
        if name == "lgamma" and (2 * a.value()).denominator == 1 and 0 < a.value() <= 40:
            return _log_of_gamma(a.value())
    if name == "log" and not a.free and a.op in ("add", "mul"):
        c, base = split_factor(a)
        pairs = (
            zip(base.args, base.exponents(), strict=True)
            if base.op == "mul"
            else [(base, Fraction(1))]
        )
        parts = list(pairs)
        if c > 0 and all(surely_positive(x) for x, _ in parts) and (c != 1 or base.op == "mul"):
            logs = [(e, call("log", x)) for x, e in parts]
            return combination([(Fraction(1), call("log", num(c))), *logs])
    if name == "exp" and a.op == "log":
        return a.args[0]
    if name == "exp" and a.op == "add" and any(x.op == "log" for x in a.args):
        return _exp_of_logs(a)
    if name == "log" and a.op == "exp":
        return a.args[0]
    if name == "sin" or name == "cos":
        special = _at_multiple_of_pi(name, a)
        if special is not None:
            return special
    if name == "abs" and a.op in ("abs", "exp"):
        return a
    return _odd_even(name, a)


def _log_of_number(v: Fraction) -> Term:
    parts = prime_powers(v)
    if any(p > 10**6 for p, _ in parts):
        return make("log", (num(v),))
    return combination([(Fraction(k), make("log", (num(p),))) for p, k in parts])


def _log_of_gamma(v: Fraction) -> Term:
    """Return log Gamma of a multiple of 1/2, from `Gamma(v) = (v - 1) Gamma(v - 1)` and `Gamma(1/2)^2 = pi`."""
    value = Fraction(1)
    while v > 1:
        v -= 1
        value *= v
    start = scale(Fraction(1, 2), call("log", pi())) if v < 1 else num(0)
    return add(start, call("log", num(value)))


def _exp_of_logs(a: Term) -> Term:
    """Return `u**c exp(rest)` for `exp(c log u + rest)`."""
    c = a.coefficients()
    logs = [(x.args[0], k) for k, x in zip(c[1:], a.args, strict=True) if x.op == "log"]
    if any(k.denominator > 12 or abs(k) > 64 for _, k in logs):
        return make("exp", (a,))
    rest = [(k, x) for k, x in zip(c[1:], a.args, strict=True) if x.op != "log"]
    inner = combination([(c[0], num(1)), *rest])
    return product([*logs, (call("exp", inner), Fraction(1))])


_ODD = frozenset(
    ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt", "sign"]
)


_EVEN = frozenset(("cos", "cosh", "abs"))


def _odd_even(name: str, a: Term) -> Term:
    """Move a sign out of an odd or even function, so that equal values become equal terms."""
    if (name in _ODD or name in _EVEN) and a.op == "add":
        c = a.coefficients()
        lead = c[0] or c[1]
        if lead < 0:
            inner = make(name, (neg(a),))
            return neg(inner) if name in _ODD else inner
    if name in _ODD and a.op == "num" and a.value() < 0:
        return neg(make(name, (neg(a),)))
    if name in _EVEN and a.op == "num" and a.value() < 0:
        return make(name, (neg(a),))
    return make(name, (a,))


def _sign_function(name: str, v: Fraction) -> Term:
    if name == "abs":
        return num(abs(v))
    if name == "sign":
        return num((v > 0) - (v < 0))
    return num(1 if v > 0 else 0)


def _at_multiple_of_pi(name: str, a: Term) -> Term | None:
    """Return sin or cos of r pi for r a multiple of 1/2 or of 1/3, 1/4, 1/6."""
    c, base = split_factor(a)
    if base.op != "pi":
        return None
    r = (c if name == "sin" else c + Fraction(1, 2)) % 2
    sign = 1
    if r >= 1:
        r, sign = r - 1, -1
    r = min(r, 1 - r)
    table = {
        Fraction(0): lambda: num(0),
        Fraction(1, 6): lambda: num(Fraction(1, 2)),
        Fraction(1, 4): lambda: scale(Fraction(1, 2), power(num(2), Fraction(1, 2))),
        Fraction(1, 3): lambda: scale(Fraction(1, 2), power(num(3), Fraction(1, 2))),
        Fraction(1, 2): lambda: num(1),
    }
    return scale(sign, table[r]()) if r in table else None


def extreme(name: str, args: tuple[Term, ...]) -> Term:
    """Return `min` or `max` of terms, flattened, its numbers merged."""
    flat: set[Term] = set()
    for a in args:
        flat.update(a.args if a.op == name else (a,))
    numbers = [a.value() for a in flat if a.op == "num"]
    rest = sorted((a for a in flat if a.op != "num"), key=lambda t: t.number)
    if numbers:
        rest.append(num(max(numbers) if name == "max" else min(numbers)))
    return rest[0] if len(rest) == 1 else make(name, tuple(rest))


_AT_NUMBERS: Final[Mapping[tuple[str, Fraction], Callable[[], Term]]] = {
    **{
        (f, Fraction(0)): (lambda: num(0))
        for f in ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt"]
    },
    **{(f, Fraction(0)): (lambda: num(1)) for f in ("exp", "cos", "cosh", "erfc")},
    ("log", Fraction(1)): lambda: num(0),
    ("acos", Fraction(1)): lambda: num(0),
    ("acos", Fraction(0)): lambda: scale(Fraction(1, 2), pi()),
    ("acos", Fraction(-1)): pi,
    ("asin", Fraction(1)): lambda: scale(Fraction(1, 2), pi()),
    ("asin", Fraction(-1)): lambda: scale(Fraction(-1, 2), pi()),
    ("asin", Fraction(1, 2)): lambda: scale(Fraction(1, 6), pi()),
    ("atan", Fraction(1)): lambda: scale(Fraction(1, 4), pi()),
    ("atan", Fraction(-1)): lambda: scale(Fraction(-1, 4), pi()),
}
