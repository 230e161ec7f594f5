"""The scaled angle against mpmath, on both sides of w = 0 and through it."""

import mpmath as mp
import pytest
from flint import arb

from mfcheck.rigor.angle import scaled_angle


def plain(w: mp.mpf, s: mp.mpf, b: mp.mpf) -> mp.mpf:
    """The definition, in complex numbers where w < 0."""
    root = mp.sqrt(mp.mpc(w))
    if b > 0:
        return mp.re(mp.atan(root * s / b) / root)
    return mp.re(mp.atan2(mp.re(root) * s, b) / root)


@pytest.mark.parametrize(
    ("w", "s", "b"),
    [
        (2, 1, 3),
        (2, 1, "0.5"),
        (2, 3, -1),
        ("1e-9", 1, 2),
        ("-1e-9", 1, 2),
        ("-0.3", 1, 2),
        (-3, 1, 2),
    ],
)
def test_value_and_derivatives(w: object, s: int, b: object) -> None:
    with mp.workdps(40):
        point, size, other = mp.mpf(w), mp.mpf(s), mp.mpf(b)
        found = scaled_angle(arb(str(w)), arb(s), arb(str(b)))
        square = arb(str(b)) ** 2 + arb(str(w)) * s**2
        given = scaled_angle(arb(str(w)), arb(s), arb(str(b)), square)
        assert all(one.overlaps(other) for one, other in zip(found, given, strict=True))
        for order, value in enumerate(found):
            wanted = mp.diff(lambda v: plain(v, size, other), point, order, h=mp.mpf("1e-12"))
            assert float(value.mid()) == pytest.approx(float(wanted), rel=1e-9)


def test_nothing_is_lost_at_zero() -> None:
    h, first, second = scaled_angle(arb(0), arb(1), arb(2))
    assert h.contains(arb(1) / 2)
    assert first.contains(-arb(1) / 24)
    assert second.contains(arb(1) / 80)
    wide = scaled_angle(arb(0, 1e-3), arb(1), arb(2))
    assert wide[0].rad() < 1e-4


def test_outside_is_not_finite() -> None:
    assert not scaled_angle(arb(-5), arb(1), arb(2))[0].is_finite()
