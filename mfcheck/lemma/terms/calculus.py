"""Terms changed: variables replaced, derivatives, and expectations over the standard Gaussian."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from mfcheck.lemma.terms.functions import call, extreme
from mfcheck.lemma.terms.nodes import (
    UNARY,
    Term,
    add,
    combination,
    make,
    mul,
    neg,
    num,
    order,
    pi,
    power,
    product,
    scale,
    sub,
    var,
)

NORMAL: Final = "_w"
"""The name of the standard Gaussian inside the body of an expectation."""


def expectation(body: Term, parameters: Sequence[str]) -> Term:
    """Return `E body` over the standard Gaussian `NORMAL`; the node's arguments are the parameters.

    Inside the node the parameters are called `_p0`, `_p1`, ..., so that equal expectations are one term.
    """
    if NORMAL not in body.free:
        return body
    if body.op == "add":
        c = body.coefficients()
        parts = [(k, expectation(x, parameters)) for k, x in zip(c[1:], body.args, strict=True)]
        return combination([(c[0], num(1)), *parts])
    outside = [p for p in parameters if p in body.free]
    if body.op == "mul":
        factors = list(zip(body.args, body.exponents(), strict=True))
        free_of = [f for f in factors if NORMAL not in f[0].free]
        if free_of:
            rest = product([f for f in factors if NORMAL in f[0].free])
            return mul(product(free_of), expectation(rest, parameters))
    closed = _closed_expectation(body)
    if closed is not None:
        return closed
    shorter = _by_parts(body)
    if shorter is not None:
        return expectation(shorter, parameters)
    inner = substitute(body, {p: var(f"_p{k}") for k, p in enumerate(outside)})
    return make("gauss", tuple(var(p) for p in outside), inner)


def _with_parameters(a: Term, args: tuple[Term, ...]) -> Term:
    """Return an expectation with other parameters; exact numbers are put into its body."""
    names = [f"_p{k}" for k in range(len(args))]
    fixed = {n: x for n, x in zip(names, args, strict=True) if not x.free}
    if not fixed:
        return make("gauss", args, a.data)
    left = {n: x for n, x in zip(names, args, strict=True) if x.free}
    return substitute(expectation(substitute(body_of(a), fixed), sorted(left)), left)


_TAME: Final = UNARY - {
    "sign",
    "step",
    "tan",
    "cosh",
    "sinh",
    "lgamma",
    "acos",
    "asin",
    "atanh",
    "cbrt",
} | {"num", "var", "pi", "add", "mul", "max", "min"}


def _by_parts(body: Term) -> Term | None:
    """Return a body with the same expectation and a lower power of w, by Stein's identity `E w g = E g'`."""
    w = var(NORMAL)
    if body.op != "mul" or w not in body.args:
        return None
    n = body.exponents()[body.args.index(w)]
    rest = mul(body, power(w, -n))
    tame = all(x.op in _TAME for x in order([rest]))
    linear = all(
        NORMAL not in derivative(x.args[0], NORMAL).free for x in order([rest]) if x.op == "exp"
    )
    if n.denominator != 1 or n < 1 or not tame or not linear or NORMAL not in rest.free:
        return None
    slope = derivative(rest, NORMAL)
    if any(x.op == "mul" and w in x.args for x in order([slope])):
        return None
    return add(scale(n - 1, mul(power(w, n - 2), rest)), mul(power(w, n - 1), slope))


def _closed_expectation(body: Term) -> Term | None:
    """Return `E w^n`, `E |w|^n`, `E max(0, w)^n` and `E exp(a w + b)`."""
    w = var(NORMAL)
    base, n = (
        (body.args[0], body.exponents()[0])
        if body.op == "mul" and len(body.args) == 1
        else (body, Fraction(1))
    )
    if n.denominator == 1 and 0 < n <= 60:
        if base is w:
            return num(_double_factorial(int(n) - 1)) if n % 2 == 0 else num(0)
        if base is call("abs", w):
            return _absolute_moment(int(n))
        if base is call("max", w, num(0)):
            return scale(Fraction(1, 2), _absolute_moment(int(n)))
    if body.op in ("exp", "sin", "cos"):
        slope = derivative(body.args[0], NORMAL)
        rest = substitute(body.args[0], {NORMAL: num(0)})
        half = scale(Fraction(1, 2), power(slope, 2))
        if NORMAL not in slope.free:
            if body.op == "exp":
                return call("exp", add(rest, half))
            return mul(call(body.op, rest), call("exp", neg(half)))
    return None


def _double_factorial(n: int) -> int:
    result = 1
    while n > 1:
        result *= n
        n -= 2
    return result


def _absolute_moment(n: int) -> Term:
    """Return `E |w|^n`."""
    size = num(_double_factorial(n - 1))
    return size if n % 2 == 0 else mul(size, power(scale(Fraction(1, 2), pi()), Fraction(-1, 2)))


def body_of(a: Term) -> Term:
    """Return the body of an expectation, in `NORMAL` and `_p0`, `_p1`, ..."""
    assert isinstance(a.data, Term)
    return a.data


def slope_under(body: Term, name: str) -> Term:
    """Return a body whose expectation is the derivative of that of `body` in a parameter.

    That is the derivative of the body where it has no jumps in the parameter. With a sign or a step in it, it is a body
    that is defined nowhere, so that nothing is known of its expectation: what jumps have moved is missing in the slope.
    """
    if not any(n.op in ("sign", "step") and name in n.free for n in order([body])):
        return derivative(body, name)
    return _undefined([var(NORMAL), var(name), body])


def _undefined(of: Sequence[Term]) -> Term:
    """Return a term that depends on others and is defined nowhere."""
    return call("acos", add(num(2), *[power(u, 2) for u in of]))


def _expectation_slope(t: Term, inner: Callable[[Term], Term]) -> Term:
    names = [f"_p{k}" for k in range(len(t.args))]
    parts = []
    for name, x in zip(names, t.args, strict=True):
        slope = inner(x)
        if slope.op == "num" and not slope.value():
            continue
        changed = expectation(slope_under(body_of(t), name), names)
        parts.append(mul(substitute(changed, dict(zip(names, t.args, strict=True))), slope))
    return add(*parts)


def rebuild(a: Term, args: tuple[Term, ...]) -> Term:
    """Return the term with other arguments, tidied."""
    if a.op == "gauss":
        return _with_parameters(a, args)
    if a.op == "add":
        c = a.coefficients()
        return combination([(c[0], num(1)), *zip(c[1:], args, strict=True)])
    if a.op == "mul":
        return product(zip(args, a.exponents(), strict=True))
    return call(a.op, *args) if args else a


def substitute(a: Term, values: Mapping[str, Term]) -> Term:
    """Return the term with variables replaced."""
    known: dict[Term, Term] = {}

    def visit(t: Term) -> Term:
        if not t.free & values.keys():
            return t
        found = known.get(t)
        if found is None:
            found = (
                values[str(t.data)]
                if t.op == "var"
                else rebuild(t, tuple(visit(x) for x in t.args))
            )
            known[t] = found
        return found

    return visit(a)


def derivative(a: Term, name: str, *, flat: bool = False) -> Term:
    """Return the partial derivative (of `abs`, `min`, `max` away from the kinks).

    A sign or a step has a slope that is defined nowhere, so that no jump is taken for a constant; with `flat` it is 0,
    for where the jumps are known to be elsewhere. Nothing is known of the slope of `lgamma`.
    """
    known: dict[Term, Term] = {}

    def visit(t: Term) -> Term:
        if name not in t.free:
            return num(0)
        found = known.get(t)
        if found is None:
            if flat and t.op in ("sign", "step"):
                found = num(0)
            elif t.op in ("sign", "step", "lgamma"):
                found = _undefined([var(name), *t.args])
            else:
                found = _derivative(t, visit)
            known[t] = found
        return found

    return visit(a)


def _derivative(t: Term, inner: Callable[[Term], Term]) -> Term:
    if t.op == "var":
        return num(1)
    if t.op == "add":
        c = t.coefficients()
        return combination([(k, inner(x)) for k, x in zip(c[1:], t.args, strict=True)])
    if t.op == "mul":
        return combination(_product_rule(t, inner))
    u = t.args[0] if t.args else num(0)
    if t.op in ("min", "max"):
        return _extreme_derivative(t, inner)
    if t.op == "gauss":
        return _expectation_slope(t, inner)
    if t.op == "log" and u.op == "cosh":
        return mul(call("tanh", u.args[0]), inner(u.args[0]))
    return mul(_SLOPES[t.op](u, t), inner(u))


def _product_rule(t: Term, inner: Callable[[Term], Term]) -> list[tuple[Fraction, Term]]:
    parts = []
    pairs = list(zip(t.args, t.exponents(), strict=True))
    for k, (base, e) in enumerate(pairs):
        slope = inner(base)
        if slope.op == "num" and not slope.value():
            continue
        others = [p for j, p in enumerate(pairs) if j != k]
        parts.append((e, product([*others, (base, e - 1), (slope, Fraction(1))])))
    return parts


def _extreme_derivative(t: Term, inner: Callable[[Term], Term]) -> Term:
    first, rest = t.args[0], t.args[1:]
    other = extreme(t.op, rest)
    gap = sub(first, other) if t.op == "max" else sub(other, first)
    weight = call("step", gap)
    return add(mul(weight, inner(first)), mul(sub(num(1), weight), inner(other)))


_SLOPES: Final[Mapping[str, Callable[[Term, Term], Term]]] = {
    "exp": lambda _, t: t,
    "log": lambda u, _: power(u, -1),
    "sin": lambda u, _: call("cos", u),
    "cos": lambda u, _: neg(call("sin", u)),
    "tan": lambda _, t: add(num(1), power(t, 2)),
    "asin": lambda u, _: power(sub(num(1), power(u, 2)), Fraction(-1, 2)),
    "acos": lambda u, _: neg(power(sub(num(1), power(u, 2)), Fraction(-1, 2))),
    "atan": lambda u, _: power(add(num(1), power(u, 2)), -1),
    "sinh": lambda u, _: call("cosh", u),
    "cosh": lambda u, _: call("sinh", u),
    "tanh": lambda _, t: sub(num(1), power(t, 2)),
    "asinh": lambda u, _: power(add(num(1), power(u, 2)), Fraction(-1, 2)),
    "atanh": lambda u, _: power(sub(num(1), power(u, 2)), -1),
    "erf": lambda u, _: mul(num(2), power(pi(), Fraction(-1, 2)), call("exp", neg(power(u, 2)))),
    "erfc": lambda u, _: mul(num(-2), power(pi(), Fraction(-1, 2)), call("exp", neg(power(u, 2)))),
    "abs": lambda u, _: call("sign", u),
    "cbrt": lambda _, t: scale(Fraction(1, 3), power(t, -2)),
}


def jumps(t: Term) -> bool:
    """Say whether a sign or a step occurs, be it in an expectation: `E sign(x z) z` jumps at x = 0."""
    nodes = order([t])
    return any(n.op in ("sign", "step") or (n.op == "gauss" and jumps(body_of(n))) for n in nodes)
