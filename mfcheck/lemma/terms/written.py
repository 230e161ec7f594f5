"""Terms as text, in the grammar of statements."""

from fractions import Fraction

from mfcheck.lemma.terms.calculus import body_of, substitute
from mfcheck.lemma.terms.nodes import Term


def text(a: Term) -> str:
    """Return the term in the grammar of statements, fully bracketed where it matters."""
    return _text(a, 0)


def _text(a: Term, level: int) -> str:
    if a.op == "num":
        v = a.value()
        plain = str(v.numerator) if v.denominator == 1 else f"{v.numerator}/{v.denominator}"
        return f"({plain})" if level and (v < 0 or v.denominator != 1) else plain
    if a.op == "var":
        return str(a.data)
    if a.op == "pi":
        return "pi"
    if a.op == "add":
        shown = _sum_text(a)
        return f"({shown})" if level > 0 else shown
    if a.op == "mul":
        shown = "*".join(_power_text(x, e) for x, e in zip(a.args, a.exponents(), strict=True))
        return f"({shown})" if level > 1 else shown
    if a.op == "gauss":
        names = [f"_p{k}" for k in range(len(a.args))]
        return f"E[{_text(substitute(body_of(a), dict(zip(names, a.args, strict=True))), 0)}]"
    return f"{a.op}({', '.join(_text(x, 0) for x in a.args)})"


def _sum_text(a: Term) -> str:
    c = a.coefficients()
    parts = [str(c[0])] if c[0] else []
    for k, x in zip(c[1:], a.args, strict=True):
        body = _text(x, 1)
        size = abs(k)
        weight = "" if size == 1 else f"{size}*" if size.denominator == 1 else f"({size})*"
        parts.append(("-" if k < 0 else "+") + weight + body)
    return "".join(parts).removeprefix("+")


def _power_text(x: Term, e: Fraction) -> str:
    base = _text(x, 2)
    if e == 1:
        return base
    shown = str(e) if e > 0 and e.denominator == 1 else f"({e})"
    return f"{base}**{shown}"
