"""Exact numbers as terms: products multiplied out, and whether such a number is zero. Trusted."""

from fractions import Fraction

from flint import ctx

from mfcheck.lemma import terms
from mfcheck.lemma.algebraic import is_zero_number
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.terms import Term

_MAX_PARTS = 400
_MAX_WAVES = 60


def expanded(t: Term) -> Term:
    """Return the term with products of sums multiplied out, and `sin^2` written with `cos^2`, at every level of sums.

    What grows beyond `_MAX_PARTS` parts is left as it is.
    """
    if t.op in ("num", "var", "pi"):
        return t
    if t.op == "add":
        c = t.coefficients()
        parts = [(k, expanded(x)) for k, x in zip(c[1:], t.args, strict=True)]
        return terms.combination([(c[0], terms.num(1)), *parts])
    if t.op == "mul":
        return _expanded_product(t)
    inner = tuple(expanded(a) for a in t.args)
    if t.op in ("sin", "cos") and inner[0].op == "add" and len(inner[0].args) <= 4:
        opened = _angle_sum(t.op, inner[0])
        if opened is not None:
            return opened
    if t.op == "tan":
        return terms.div(terms.call("sin", *inner), terms.call("cos", *inner))
    return terms.rebuild(t, inner)


def _angle_sum(name: str, angle: Term) -> Term | None:
    """Open the sine or cosine of a sum of whole multiples of at least two angles, or of one multiple."""
    c = angle.coefficients()
    parts = list(zip(c[1:], angle.args, strict=True))
    whole = all(k.denominator == 1 and abs(k) <= 6 for k, _ in parts)
    if c[0] or not whole or sum(abs(k) for k, _ in parts) < 2 or not angle.free:
        return None
    k, first = parts[0]
    one = terms.scale(1 if k > 0 else -1, first)
    rest = terms.sub(angle, one)
    s, co = terms.call("sin", one), terms.call("cos", one)
    rs, rc = expanded(terms.call("sin", rest)), expanded(terms.call("cos", rest))
    if name == "sin":
        return expanded(terms.add(terms.mul(s, rc), terms.mul(co, rs)))
    return expanded(terms.sub(terms.mul(co, rc), terms.mul(s, rs)))


def _expanded_product(t: Term) -> Term:
    total: list[tuple[Fraction, Term]] = [(Fraction(1), terms.num(1))]
    for base, e in zip(t.args, t.exponents(), strict=True):
        inner = expanded(base)
        if base.op == "sin" and e.denominator == 1 and e >= 2:
            square = terms.sub(terms.num(1), terms.power(terms.call("cos", base.args[0]), 2))
            factors = [square] * (int(e) // 2) + [base] * (int(e) % 2)
        elif inner.op == "add" and e.denominator == 1 and 1 <= e <= 12:
            factors = [inner] * int(e)
        else:
            factors = [terms.power(inner, e)]
        for factor in factors:
            grown = _distributed(total, factor)
            if grown is None:
                return t
            total = grown
    return terms.combination(total)


def _distributed(
    total: list[tuple[Fraction, Term]], factor: Term
) -> list[tuple[Fraction, Term]] | None:
    parts = summands(factor)
    if len(parts) * len(total) > _MAX_PARTS:
        return None
    product = terms.combination([(a * b, terms.mul(x, y)) for a, x in total for b, y in parts])
    return summands(product)


def linearised(t: Term) -> Term:
    """Return the term, multiplied out, with products of sines and cosines written as sums, if that stays short."""
    done: list[tuple[Fraction, Term]] = []
    todo = summands(expanded(t))
    steps = 0
    while todo:
        k, part = todo.pop()
        pair = _two_waves(part)
        if pair is None:
            done.append((k, part))
            continue
        steps += 1
        if steps > _MAX_WAVES:
            return t
        a, b, rest = pair
        for c, wave in summands(_product_to_sum(a, b)):
            factor, inner = terms.split_factor(terms.mul(rest, wave))
            todo.append((k * c * factor, inner))
    return terms.combination(done)


def _two_waves(t: Term) -> tuple[Term, Term, Term] | None:
    if t.op != "mul":
        return None
    waves: list[Term] = []
    for base, e in zip(t.args, t.exponents(), strict=True):
        if base.op in ("sin", "cos") and base.free and e.denominator == 1 and e >= 1:
            waves += [base] * min(int(e), 2)
    if len(waves) < 2:
        return None
    a, b = waves[:2]
    return a, b, terms.div(t, terms.mul(a, b))


def _product_to_sum(a: Term, b: Term) -> Term:
    x, y = a.args[0], b.args[0]
    less, more = terms.sub(x, y), terms.add(x, y)
    half = Fraction(1, 2)
    if a.op == "cos" and b.op == "cos":
        parts = [(half, terms.call("cos", less)), (half, terms.call("cos", more))]
    elif a.op == "sin" and b.op == "sin":
        parts = [(half, terms.call("cos", less)), (-half, terms.call("cos", more))]
    else:
        s = less if a.op == "sin" else terms.neg(less)
        parts = [(half, terms.call("sin", more)), (half, terms.call("sin", s))]
    return terms.combination(parts)


def summands(t: Term) -> list[tuple[Fraction, Term]]:
    """Return a sum as its parts with their coefficients."""
    if t.op != "add":
        return [(Fraction(1), t)]
    c = t.coefficients()
    parts = list(zip(c[1:], t.args, strict=True))
    return [(c[0], terms.num(1)), *parts] if c[0] else parts


def is_zero(t: Term) -> bool | None:
    """Say whether a term is zero for all values of its variables; None if that cannot be told."""
    reduced = expanded(t)
    for _ in range(3):
        if reduced.op == "num":
            return not reduced.value()
        again = expanded(_cleared(reduced))
        if again is reduced:
            break
        reduced = again
    if not reduced.free:
        with ctx.workprec(256):
            b = Program([reduced], ())(())[0]
        return False if b > 0 or b < 0 else is_zero_number(t)
    return None


def _cleared(t: Term) -> Term:
    """Multiply a sum by the denominators of its parts; this changes no zero."""
    worst: dict[Term, Fraction] = {}
    for _, part in summands(t):
        if part.op == "mul":
            for base, e in zip(part.args, part.exponents(), strict=True):
                if e < 0 and (base.op == "add" or base.free):
                    worst[base] = min(worst.get(base, Fraction(0)), e)
    factors = [(base, -e) for base, e in worst.items()]
    if not factors:
        return t
    return terms.combination(
        [(k, terms.product([(p, Fraction(1)), *factors])) for k, p in summands(t)]
    )
