"""The scalar residual network trained by a flow, in closed form: `z' = m z`, output `k = e^m`, target `a`.

All blocks start equal and stay so; `E = (k - a)^2/2` and `m' = -(k - a) k`, so that `k' = -(k - a) k^2`. With
`G(k) = log(|k - a|/k)/a^2 + 1/(a k)` this is `dG(k)/ds = -1`.
"""

from functools import lru_cache

from flint import arb, ctx

from mfcheck.rigor.ball import Exact, compare, exact
from mfcheck.rigor.roots import crossing


@lru_cache(maxsize=256)
def trained_gain(target: Exact, start: Exact, time: Exact, digits: int = 15) -> arb:
    """Enclose `k(s)` from `m(0) = start`, for exact target, start and s >= 0.

    Near a target a > 0 the distance to it is the unknown, as `w = log|k - a|` with `dG/dw = 1/k^2 > 0`; for a <= 0 it
    is `log k`. Both bracket the root by the extreme speeds of the flow, and G is monotone: the root is the only one.

    Raises:
        InputError: so many digits are out of reach.
    """
    with ctx.workdps(digits + 25):
        a, k0, s = exact(target), exact(start).exp(), exact(time)
        if s == 0:
            return k0
        if a == 0:
            return (1 / k0**2 + 2 * s).rsqrt()
        if a > 0:
            return _near_target(a, k0, s, digits)
        base = (abs(k0 - a) / k0).log() / a**2 + 1 / (a * k0)

        def rest(v: arb) -> arb:
            k = v.exp()
            return (abs(k - a) / k).log() / a**2 + 1 / (a * k) - base + s

        def slope(v: arb) -> arb:
            k = v.exp()
            return 1 / ((k - a) * k)

        top = k0.log()
        v = crossing(
            rest,
            slope,
            ((top - s * (k0 - a) * k0).lower(), top.upper() + arb(2) ** -40),
            digits + 5,
        )
        return v.exp()


def _near_target(a: arb, k0: arb, s: arb, digits: int) -> arb:
    side = compare(k0, a)
    if side == "?":
        return a  # e^start is rational for start = 0 alone: then k = a = 1 for all times
    sign = 1 if side == ">" else -1
    start = abs(k0 - a).log()
    base = (start - k0.log()) / a**2 + 1 / (a * k0)

    def gain(w: arb) -> arb:
        return a + sign * w.exp()

    def rest(w: arb) -> arb:
        k = gain(w)
        return (w - k.log()) / a**2 + 1 / (a * k) - base + s

    fast, slow = (k0, a) if sign > 0 else (a, k0)
    low, high = start - s * fast**2, start - s * slow**2
    # Beyond the start k must stay positive, which leaves little room where k0 is small.
    above = arb(2) ** -40 * k0 / (a + k0)
    below = arb(2) ** -40 * (1 + abs(low))
    w = crossing(
        rest,
        lambda w: 1 / gain(w) ** 2,
        ((low - below).lower(), (high + above).upper()),
        digits + 5,
    )
    return gain(w)


def distance(target: Exact, start: Exact, time: Exact, digits: int = 15) -> arb:
    """Enclose the loss `(k(s) - a)^2/2`, with relative accuracy where the gain has enough digits."""
    for guard in (10, 40, 160):
        with ctx.workdps(digits + guard + 30):
            value = (trained_gain(target, start, time, digits + guard) - exact(target)) ** 2 / 2
            if value.rad() <= abs(value) * arb(10) ** -digits or value.is_zero():
                break
    return value
