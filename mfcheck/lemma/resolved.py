"""Terms made smooth: kinks whose side is seen, and expectations that have a closed form."""

from mfcheck.lemma.constants import expanded
from mfcheck.lemma.gaussians import simplified
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import (
    Term,
    call,
    neg,
    num,
    order,
    rebuild,
    sub,
)


def resolved(t: Term, plain: Plain) -> Term:
    """Return the term without kinks whose side is seen, and with expectations in closed form.

    Below zero erfc is written by its values above, which are small far out.
    """
    known: dict[Term, Term] = {}
    for node in order([t]):
        args = tuple(known[a] for a in node.args)
        new = rebuild(node, args) if args != node.args else node
        if new.op in ("abs", "sign", "step"):
            new = _without_kink(new, plain)
        elif new.op in ("max", "min"):
            new = _of_those_ahead(new, plain)
        known[node] = new
    return _turned(simplified(known[t], plain.ranges), plain)


def _of_those_ahead(t: Term, plain: Plain) -> Term:
    """Return a maximum or minimum without the arguments that another one is seen to be at least as far ahead as."""
    beyond = POSITIVE if t.op == "max" else NEGATIVE
    kept: list[Term] = []
    for a in t.args:
        if any(not plain.signs(sub(a, b)) & beyond for b in kept):
            continue
        kept = [b for b in kept if plain.signs(sub(b, a)) & beyond]
        kept.append(a)
    return call(t.op, *kept) if len(kept) < len(t.args) else t


def _turned(t: Term, plain: Plain) -> Term:
    """Write erfc of what is not positive as 2 minus erfc of the opposite."""
    below = [n for n in order([t]) if n.op == "erfc" and not plain.signs(n.args[0]) & POSITIVE]
    if not below:
        return t
    known: dict[Term, Term] = {}
    for node in order([t]):
        args = tuple(known[a] for a in node.args)
        new = rebuild(node, args) if args != node.args else node
        known[node] = sub(num(2), call("erfc", neg(new.args[0]))) if node in below else new
    return expanded(known[t])


def _without_kink(t: Term, plain: Plain) -> Term:
    u = t.args[0]
    s = plain.signs(u)
    if t.op == "abs":
        return u if not s & NEGATIVE else neg(u) if not s & POSITIVE else t
    if s == POSITIVE:
        return num(1)
    if s == NEGATIVE:
        return num(-1) if t.op == "sign" else num(0)
    return t
