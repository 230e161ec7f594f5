from dataclasses import replace

import mpmath as mp
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor import quadrature
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.quadrature import hermite_integrals, weighted_hermite_bound
from mfcheck.symbolic.activation import LIBRARY, X


def hermite(r: int, z: mp.mpc) -> mp.mpc:
    """The normalised probabilists' polynomial, from mpmath's physicists' one."""
    return mp.hermite(r, z / mp.sqrt(2)) * mp.mpf(2) ** (-mp.mpf(r) / 2) / mp.sqrt(mp.factorial(r))


@settings(deadline=None, max_examples=80)
@given(
    order=st.integers(0, 120),
    below=st.integers(0, 5),
    x=st.floats(-15, 15),
    y=st.floats(0, 3),
    slack=st.floats(0, 0.5),
)
def test_mehler_bound_holds(order: int, below: int, x: float, y: float, slack: float) -> None:
    r = max(0, order - below)
    with mp.workdps(60):
        z = mp.mpc(x, y)
        value = abs(hermite(r, z) * mp.exp(-z * z / 2)) / mp.sqrt(2 * mp.pi)
    bound = weighted_hermite_bound(order, arb(max(0.0, abs(x) - slack)), arb(y + slack))
    assert mp.mpf(float(bound)) >= value * (1 - mp.mpf(10) ** -12)


def test_mehler_bound_is_not_idle() -> None:
    """At the real origin the bound is within a small factor of the truth."""
    bound = float(weighted_hermite_bound(40, arb(0), arb(0)))
    assert bound < 10 * float(abs(hermite(40, mp.mpf(0))) / mp.sqrt(2 * mp.pi))


@pytest.mark.parametrize("name", LIBRARY)
def test_low_accuracy_holds_high_accuracy(name: str) -> None:
    parts = pieces(LIBRARY[name].expr)
    low = hermite_integrals(parts, 24, 20, 4)
    high = hermite_integrals(parts, 24, 20, 30)
    assert all(a.contains(b) for a, b in zip(low, high, strict=True))
    assert all(b.rad() < 1e-29 for b in high)


def test_a_forgotten_remainder_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = pieces(sp.tanh(X))
    high = hermite_integrals(parts, 24, 20, 30)
    original = quadrature._panels
    monkeypatch.setattr(
        quadrature,
        "_panels",
        lambda *args: [replace(panel, remainder=arb(0)) for panel in original(*args)],
    )
    low = hermite_integrals(parts, 24, 20, 1)
    assert not all(a.overlaps(b) for a, b in zip(low, high, strict=True))


def test_symmetry_only_saves_work() -> None:
    parts = pieces(sp.tanh(X))
    whole, half = hermite_integrals(parts, 12, 20, 25), hermite_integrals(parts, 12, 20, 25, -1)
    assert all(a.overlaps(b) for a, b in zip(whole, half, strict=True))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_integrals(count: int) -> None:
    few = hermite_integrals(pieces(sp.exp(X)), count, 24, 20)
    many = hermite_integrals(pieces(sp.exp(X)), 9, 24, 20)
    assert len(few) == count
    assert all(a.overlaps(b) for a, b in zip(few, many, strict=False))


def test_the_zero_function_has_no_nodes() -> None:
    assert all(value.is_zero() for value in hermite_integrals(pieces(sp.Integer(0)), 3, 12, 8))


def test_fast_oscillation_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quadrature, "_MAX_PLANS", 30)
    with pytest.raises(InputError, match="too fast"):
        hermite_integrals(pieces(sp.cos(10**6 * X) * sp.tanh(X)), 4, 12, 8)


def test_a_pole_on_the_line_is_refused() -> None:
    with pytest.raises(InputError, match="analytic"):
        hermite_integrals(pieces(1 / (X - sp.Rational(1, 3))), 4, 12, 8)
