"""The angle `atan2(sqrt(w) s, b)/sqrt(w)`, which is analytic in w through 0 where b > 0."""

from flint import arb

_CLOSE = 0.5
"""Below this |w s^2/b^2| the arctangent is a hypergeometric series, which has no singularity at w = 0."""


def scaled_angle(w: arb, s: arb, b: arb, square: arb | None = None) -> tuple[arb, arb, arb]:
    """Enclose `h = atan2(sqrt(w) s, b)/sqrt(w)` and its first two derivatives by w, for s > 0.

    For w < 0 it is `atanh(sqrt(-w) s/b)/sqrt(-w)`, and at w = 0 it is `s/b`. Either w > 0, or b > 0 and
    `b^2 + w s^2 > 0`; elsewhere the balls are not finite. `square` is `b^2 + w s^2`, if that is known better.
    """
    if b > 0 and abs(z := w * s**2 / b**2) < _CLOSE:
        ratio = s / b
        return ratio * _series(z, 0), ratio**3 * _series(z, 1), ratio**5 * _series(z, 2)
    if w > 0:
        root = w.sqrt()
        h = arb.atan2(root * s, b) / root
    else:
        root = (-w).sqrt()
        h = (root * s / b).atanh() / root
    square = b * b + w * s * s if square is None else square
    first = (s * b / square - h) / (2 * w)
    return h, first, (-(s**3) * b / square**2 - 3 * first) / (2 * w)


def _series(z: arb, order: int) -> arb:
    """Return a derivative of `arctan(sqrt z)/sqrt z = 2F1(1/2, 1; 3/2; -z)`."""
    half, three = arb(1) / 2, arb(3) / 2
    factor = (arb(1), -half / three, (half * three) * 2 / (three * (three + 1)))[order]
    return factor * (-z).hypgeom_2f1(half + order, arb(1) + order, three + order)
