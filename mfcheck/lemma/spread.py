"""`E h(s w)` for large s, when h has a limit far out: the limit plus K(s)/s, K between two numbers. Trusted.

Let h be even, L its limit and g = h - L of one sign. Then `s E |g(s w)| = int |g(u)| phi(u/s) du` grows with s; so from
s = S on it lies between its value at S and `phi(0) int |g|`.
"""

from collections.abc import Callable
from functools import lru_cache

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.expectations import enclose
from mfcheck.lemma.intervals import INF, NINF, Contractor, EmptyError
from mfcheck.lemma.terms import NORMAL, Term, body_of, num, sub, var
from mfcheck.rigor.germs import Germ, UnknownTailError

_FAR = 8
_PANELS = 512
_LIMITS = (1, 0, -1, 2)


def expansion(t: Term, start: arb, germ: Callable[[Term], Germ]) -> tuple[arb, arb] | None:
    """Return L and a ball for K with `E h(s w) = L + K/s` for all `s >= start`, t an expectation in s or -s alone.

    `germ` gives germs on `[8, inf)`; None means that t is not seen to be of that form.
    """
    if len(t.args) != 1 or t.args[0] not in (s := var(*t.free), terms.neg(s)):
        return None
    h = expanded(terms.substitute(body_of(t), {NORMAL: terms.div(var(NORMAL), var("_p0"))}))
    even = terms.substitute(h, {NORMAL: terms.neg(var(NORMAL))})
    if "_p0" in h.free or even is not h:
        return None
    for limit in _LIMITS:
        g = sub(h, num(limit))
        sign = _one_sign(g)
        top = _integral(terms.scale(sign, g), germ) if sign else None
        if top is not None:
            least = start * abs(enclose(body_of(t), [start]) - limit)
            return arb(limit), sign * least.lower().union((top * 2 / (2 * arb.pi()).sqrt()).upper())
    return None


def _one_sign(g: Term) -> int:
    """Return the sign of a term that is nowhere of the other sign, 0 if that is not seen."""
    try:
        low, high = Contractor(g, [NORMAL])([(NINF, INF)])
    except EmptyError:
        return 0
    return 1 if low >= 0 else -1 if high <= 0 else 0


@lru_cache(maxsize=64)
def _integral(g: Term, germ: Callable[[Term], Germ]) -> arb | None:
    """Bound the integral over `[0, inf)` of what is not negative; None if it may fall more slowly than exp(-u)."""
    u = var(NORMAL)
    try:
        most = germ(expanded(terms.mul(g, terms.call("exp", u)))).range().abs_upper()
    except (UnknownTailError, ValueError, ArithmeticError):
        return None
    with ctx.workprec(64):
        code = Program([g], (NORMAL,))
        step = arb(_FAR) / _PANELS
        total = most * arb(-_FAR).exp()
        for k in range(_PANELS):
            total = total + step * code([(step * k).union(step * (k + 1))])[0]
    return total if total.is_finite() else None
