"""Closed forms of Gaussian integrals of `x^p exp(a x^2 + b x + c)`, on the line and on pieces of it.

With `v = 1/(1 - 2a)` and `m = b v` the integrand is `sqrt(v) exp(c + b^2 v/2)` times that of a Gaussian of mean m and
variance v. On an unbounded piece it exists if and only if `a < 1/2`, and at zero if and only if `p > -1`.
"""

from dataclasses import dataclass

import sympy as sp

from mfcheck.errors import InputError
from mfcheck.rigor.pieces import Piece, pieces
from mfcheck.symbolic.activation import X

HALF = sp.Rational(1, 2)


class Diverges(Exception):  # noqa: N818
    """The integral is infinite: `sign` says to which side, None where both or unknown."""

    def __init__(self, sign: int | None, why: str) -> None:
        super().__init__(why)
        self.sign = sign


@dataclass(frozen=True)
class _Term:
    """`constant x^power exp(a x^2 + b x)`."""

    constant: sp.Expr
    power: sp.Expr
    a: sp.Expr
    b: sp.Expr


def natural_moment(term: sp.Expr, x: sp.Symbol) -> sp.Expr | None:
    """Return E of `c x^k exp(q x)`, k natural: the k-th derivative in q of `exp(q^2/2)`. None for another form."""
    found = _read(term, x)
    if found is None or found.a != 0 or not _is_natural(found.power):
        return None
    q = sp.Dummy("q")
    return found.constant * sp.diff(sp.exp(q**2 / 2), q, int(found.power)).subs(q, found.b)


def _is_natural(power: sp.Expr) -> bool:
    return bool(power.is_Integer and power >= 0)


def _read(term: sp.Expr, x: sp.Symbol) -> _Term | None:
    """Read a product of powers of x and exponentials of polynomials of degree up to two."""
    constant, rest = term.as_independent(x, as_Add=False)
    power, a, b = sp.Integer(0), sp.Integer(0), sp.Integer(0)
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base == x and not exponent.has(x):
            power += exponent
        elif base == sp.E and (poly := exponent.as_poly(x)) is not None and poly.degree() <= 2:
            a, b = a + poly.coeff_monomial(x**2), b + poly.coeff_monomial(x)
            constant *= sp.exp(poly.coeff_monomial(1))
        elif factor != 1:
            return None
    return _Term(constant, power, a, b)


def closed_on_pieces(expr: sp.Expr) -> sp.Expr | None:
    """Return E[expr] for an expression in `X`, cut at its kinks and jumps; None if a piece has another form.

    Raises:
        Diverges: the integral of a piece is infinite.
    """
    try:
        parts = pieces(expr)
    except InputError:
        return None
    total, infinite, reasons = sp.Integer(0), set[int | None](), []
    for part in parts:
        for piece in _halved(part) if part.expr != 0 else ():
            try:
                value = _on_piece(piece)
            except Diverges as answer:
                infinite.add(answer.sign)
                reasons.append(str(answer))
                continue
            if value is None:
                return None
            total += value
    if infinite:
        raise Diverges(infinite.pop() if len(infinite) == 1 else None, reasons[0])
    return total


def _halved(part: Piece) -> list[Piece]:
    """Cut a piece at zero, where powers that are not natural may have a pole or a branch."""
    if (part.lower == -sp.oo or part.lower.is_negative) and (
        part.upper == sp.oo or part.upper.is_positive
    ):
        terms = sp.Add.make_args(sp.expand(part.expr))
        read = [_read(sp.powsimp(term), X) for term in terms]
        if any(term is not None and not _is_natural(term.power) for term in read):
            zero = sp.Integer(0)
            return [Piece(part.lower, zero, part.expr), Piece(zero, part.upper, part.expr)]
    return [part]


def _on_piece(part: Piece) -> sp.Expr | None:
    """Return the integral over one piece; pieces that end at zero from the left are mirrored."""
    mirrored = part.upper == 0
    expr = part.expr.subs(X, -X) if mirrored else part.expr
    lower, upper = (-part.upper, -part.lower) if mirrored else (part.lower, part.upper)
    positive = sp.Dummy("x", positive=True) if lower.is_nonnegative else X
    total, infinite = sp.Integer(0), []
    for term in sp.Add.make_args(sp.expand(sp.expand(expr.subs(X, positive)), power_exp=False)):
        read = _read(sp.powsimp(term), positive)
        if read is None:
            return None
        try:
            value = _integral(read, lower, upper)
        except Diverges as answer:
            infinite.append(answer)
            continue
        if value is None:
            return None
        total += value
    if infinite:
        signs = {answer.sign for answer in infinite}
        raise Diverges(signs.pop() if len(signs) == 1 else None, str(infinite[0]))
    return total


def _integral(term: _Term, lower: sp.Expr, upper: sp.Expr) -> sp.Expr | None:
    slack = HALF - term.a
    if sp.oo in (upper, -lower) and not slack.is_positive:
        _not_integrable(term, lower, upper, slack)
    if not _is_natural(term.power):
        return _from_zero(term, lower, upper, slack)
    if not slack.is_positive:
        return None
    v = 1 / (2 * slack)
    m, s = term.b * v, sp.sqrt(v)
    front = term.constant * s * sp.exp(term.b**2 * v / 2)
    moments = _truncated((lower - m) / s, (upper - m) / s, int(term.power))
    k = int(term.power)
    whole = sum(sp.binomial(k, j) * m ** (k - j) * s**j * moments[j] for j in range(k + 1))
    return front * whole


def _not_integrable(term: _Term, lower: sp.Expr, upper: sp.Expr, slack: sp.Expr) -> None:
    """Refuse what grows too fast, or is not known not to.

    Raises:
        Diverges: always.
    """
    why = f"it grows like exp(({sp.sstr(term.a)}) x^2), against the weight exp(-x^2/2)"
    one_sided = lower != -sp.oo or upper != sp.oo
    certain = slack.is_negative or (slack.is_zero and (not one_sided or term.b == 0))
    even = term.power.is_even or (lower.is_nonnegative and term.power.is_real)
    side = 1 if term.constant.is_positive else -1 if term.constant.is_negative else None
    zero_power = term.power.is_nonnegative or lower.is_positive
    raise Diverges(side if certain and even and zero_power else None, why)


def _from_zero(term: _Term, lower: sp.Expr, upper: sp.Expr, slack: sp.Expr) -> sp.Expr | None:
    """Integrate a power that is not natural over `(0, oo)`; None on other pieces that keep away from zero."""
    if lower != 0:
        return None
    order = term.power + 1
    if order.is_nonpositive:
        side = 1 if term.constant.is_positive else -1 if term.constant.is_negative else None
        raise Diverges(side, f"it grows like x^({sp.sstr(term.power)}) at zero")
    if not order.is_positive:
        raise Diverges(
            None, f"whether x^({sp.sstr(term.power)}) is integrable at zero is not known"
        )
    if upper != sp.oo or term.b != 0 or not slack.is_positive:
        return None
    return term.constant * sp.gamma(order / 2) * slack ** (-order / 2) / (2 * sp.sqrt(2 * sp.pi))


def _truncated(alpha: sp.Expr, beta: sp.Expr, highest: int) -> list[sp.Expr]:
    """Return `E[z^k; alpha < z < beta]`, k = 0, ..., by parts: `I_k = (k-1) I_(k-2) + [-z^(k-1) phi(z)]`."""

    def edge(z: sp.Expr, k: int) -> sp.Expr:
        if z in (sp.oo, -sp.oo):
            return sp.Integer(0)
        return z**k * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)

    def below(z: sp.Expr) -> sp.Expr:
        return sp.sign(z) if z in (sp.oo, -sp.oo) else sp.erf(z / sp.sqrt(2))

    found = [(below(beta) - below(alpha)) / 2, edge(alpha, 0) - edge(beta, 0)]
    for k in range(2, highest + 1):
        found.append((k - 1) * found[k - 2] + edge(alpha, k - 1) - edge(beta, k - 1))
    return found
