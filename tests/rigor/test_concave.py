"""Maxima of concave functions against closed forms."""

import pytest
from flint import arb, arb_mat, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.concave import Jet, ascend, enclosed_maximum


def barrier(x: list[arb]) -> Jet | None:
    """x + y - (x^2 + y^2)/2 + log(1 - x) on x < 1: largest at (0, 1)."""
    a, b = x
    if not a < 1:
        return None
    value = a + b - (a * a + b * b) / 2 + (1 - a).log()
    gradient = [1 - a - 1 / (1 - a), 1 - b]
    return value, gradient, arb_mat([[1 + 1 / (1 - a) ** 2, 0], [0, 1]])


def test_maximum_is_enclosed() -> None:
    # 1 - a = 1/(1 - a) at a = 0; b = 1; the value there is 1/2.
    with ctx.workdps(40):
        near = ascend(barrier, [arb(-3), arb("0.9")])
        place, value = enclosed_maximum(barrier, near, 1)
        assert place[0].contains(0)
        assert place[1].contains(1)
        assert value.contains(arb(1) / 2)
        assert max(float(p.rad()) for p in (*place, value)) < 1e-30


def test_enclosure_from_afar() -> None:
    place, value = enclosed_maximum(barrier, [arb("0.1"), arb("0.8")], 1)
    assert place[0].contains(0)
    assert place[1].contains(1)
    assert value.contains(arb(1) / 2)


def test_a_point_outside_is_refused() -> None:
    with pytest.raises(InputError, match="admissible"):
        ascend(barrier, [arb(2), arb(0)])
    with pytest.raises(InputError, match="boundary"):
        enclosed_maximum(barrier, [arb(2), arb(0)], 1)
