"""The functions of the grammar of statements: how each is built of terms, and what it needs to be defined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.terms import Term, add, call, div, mul, neg, num, power, scale, sub

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Function:
    """One function: number of arguments (None: two or more), its term, its obligations."""

    arity: int | None
    build: Callable[..., Term]
    needs: Callable[..., list[Formula]] = lambda *_: []


def positive(u: Term) -> Formula:
    """Return `u > 0`."""
    return Atom(u, ">")


def nonnegative(u: Term) -> Formula:
    """Return `u >= 0`."""
    return Atom(u, ">=")


def nonzero(u: Term) -> Formula:
    """Return `u != 0`."""
    return Atom(u, "!=")


def _unit_interval(u: Term) -> list[Formula]:
    return [nonnegative(add(num(1), u)), nonnegative(sub(num(1), u))]


def _inside_unit(u: Term) -> list[Formula]:
    return [positive(add(num(1), u)), positive(sub(num(1), u))]


def _plain(name: str) -> Callable[[Term], Term]:
    return lambda u: call(name, u)


def sigmoid(u: Term) -> Term:
    """Return `1/(1 + exp(-u))`."""
    return power(add(num(1), call("exp", neg(u))), -1)


def _phi(u: Term) -> Term:
    return mul(call("exp", scale(-HALF, power(u, 2))), power(scale(2, terms.pi()), -HALF))


def _cdf(u: Term) -> Term:
    return scale(HALF, call("erfc", neg(mul(u, power(num(2), -HALF)))))


def _xlogx(u: Term) -> Term:
    return mul(u, call("log", u))


def _entropy(p: Term) -> Term:
    return neg(add(_xlogx(p), _xlogx(sub(num(1), p))))


def _divergence(p: Term, q: Term) -> Term:
    other_p, other_q = sub(num(1), p), sub(num(1), q)
    first = mul(p, call("log", div(p, q)))
    return add(first, mul(other_p, call("log", div(other_p, other_q))))


def _kappa0(c: Term) -> Term:
    return sub(num(1), div(call("acos", c), terms.pi()))


def _kappa1(c: Term) -> Term:
    root = power(sub(num(1), power(c, 2)), HALF)
    return add(div(root, terms.pi()), mul(c, _kappa0(c)))


def _logcosh(u: Term) -> Term:
    return call("log", call("cosh", u))


def logsumexp(*u: Term) -> Term:
    """Return `log(exp(u_1) + ... + exp(u_n))`."""
    return call("log", add(*[call("exp", t) for t in u]))


def _cot(u: Term) -> Term:
    return div(call("cos", u), call("sin", u))


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        **{
            name: Function(1, _plain(name))
            for name in [
                "exp",
                "sin",
                "cos",
                "atan",
                "sinh",
                "cosh",
                "tanh",
                "asinh",
                "erf",
                "erfc",
                "abs",
                "sign",
                "step",
                "cbrt",
            ]
        },
        "log": Function(1, _plain("log"), lambda u: [positive(u)]),
        "ln": Function(1, _plain("log"), lambda u: [positive(u)]),
        "log1p": Function(
            1, lambda u: call("log", add(num(1), u)), lambda u: [positive(add(num(1), u))]
        ),
        "expm1": Function(1, lambda u: sub(call("exp", u), num(1))),
        "sqrt": Function(1, terms.sqrt, lambda u: [nonnegative(u)]),
        "tan": Function(1, _plain("tan"), lambda u: [nonzero(call("cos", u))]),
        "cot": Function(1, _cot, lambda u: [nonzero(call("sin", u))]),
        "asin": Function(1, _plain("asin"), _unit_interval),
        "acos": Function(1, _plain("acos"), _unit_interval),
        "atanh": Function(1, _plain("atanh"), _inside_unit),
        "arctan": Function(1, _plain("atan")),
        "arcsin": Function(1, _plain("asin"), _unit_interval),
        "arccos": Function(1, _plain("acos"), _unit_interval),
        "arcsinh": Function(1, _plain("asinh")),
        "min": Function(None, lambda *u: call("min", *u)),
        "max": Function(None, lambda *u: call("max", *u)),
        "lgamma": Function(1, _plain("lgamma"), lambda u: [positive(u)]),
        "sigmoid": Function(1, sigmoid),
        "softplus": Function(1, lambda u: call("log", add(num(1), call("exp", u)))),
        "logcosh": Function(1, _logcosh),
        "logsumexp": Function(None, logsumexp),
        "relu": Function(1, lambda u: call("max", u, num(0))),
        "silu": Function(1, lambda u: mul(u, sigmoid(u))),
        "gelu": Function(1, lambda u: mul(u, _cdf(u))),
        "isru": Function(1, lambda u: mul(u, power(add(num(1), power(u, 2)), -HALF))),
        "Phi": Function(1, _cdf),
        "phi": Function(1, _phi),
        "xlogx": Function(1, _xlogx, lambda u: [nonnegative(u)]),
        "H": Function(1, _entropy, lambda p: [nonnegative(p), nonnegative(sub(num(1), p))]),
        "KL": Function(
            2,
            _divergence,
            lambda p, q: [
                nonnegative(p),
                nonnegative(sub(num(1), p)),
                positive(q),
                positive(sub(num(1), q)),
            ],
        ),
        "kappa0": Function(1, _kappa0, _unit_interval),
        "kappa1": Function(1, _kappa1, _unit_interval),
    }
)
"""Name to function."""
