"""Random activations of the grammar: every enclosure against plain floating point."""

import numpy as np
import pytest
from flint import arb
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel
from mfcheck.gaussian.hermite import coefficients
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.symbolic.activation import Activation, X, activation

_INNER = st.sampled_from(["x", "-x", "2*x", "x/3", "(x+1)", "(x-0.3)", "abs(x)", "relu(x)", "x**2"])
_NAMES = [
    "tanh",
    "erf",
    "sin",
    "cos",
    "sigmoid",
    "arctan",
    "softplus",
    "gelu",
    "silu",
    "relu",
    "abs",
    "asinh",
]
_TERM = st.one_of(
    st.tuples(st.sampled_from(_NAMES), _INNER).map(lambda p: f"{p[0]}({p[1]})"),
    _INNER.map(lambda u: f"exp(-({u})**2)"),
    _INNER.map(lambda u: f"1/(1+({u})**2)"),
    _INNER.map(lambda u: f"exp(-abs({u}))"),
    _INNER,
)
TEXTS = st.one_of(
    _TERM,
    st.tuples(_TERM, st.sampled_from("+-*"), _TERM).map(lambda p: f"({p[0]}){p[1]}({p[2]})"),
    st.tuples(st.sampled_from(["tanh", "sin", "erf", "atan"]), _TERM).map(
        lambda p: f"{p[0]}({p[1]})"
    ),
)

STEP = 1 / 64
GRID = np.arange(-10, 10 + STEP, STEP)
WEIGHT: NDArray[np.float64] = STEP * np.exp(-GRID * GRID / 2) / np.sqrt(2 * np.pi)


def subject(text: str) -> Activation:
    """Read an activation, skipping what the grammar or the size limits refuse."""
    try:
        return activation(text)
    except InputError:
        reject()


def float_coefficients(f: Activation, count: int) -> NDArray[np.float64]:
    values = f.numpy_function()(np.sqrt(2) * GRID)
    rows = [np.ones_like(GRID), GRID]
    for r in range(1, count - 1):
        rows.append((GRID * rows[r] - np.sqrt(r) * rows[r - 1]) / np.sqrt(r + 1))
    return np.array([np.sum(WEIGHT * values * row) for row in rows[:count]])


@settings(deadline=None, max_examples=25)
@given(TEXTS)
def test_coefficients(text: str) -> None:
    f = subject(text)
    try:
        mu = coefficients(f, 8, 12)
    except InputError:
        reject()
    scale = 1 + max(abs(float(m.mid())) for m in mu)
    np.testing.assert_allclose(
        [float(m.mid()) for m in mu], float_coefficients(f, 8), atol=1e-3 * scale
    )


@settings(deadline=None, max_examples=25)
@given(TEXTS)
def test_dual_kernel(text: str) -> None:
    f = subject(text)
    try:
        value = float(DualKernel(f, 8).A(arb(0.5)).mid())
    except InputError:
        reject()
    coarse = GRID[::4]
    weight = 4 * WEIGHT[::4]
    other = 0.5 * coarse[:, None] + np.sqrt(0.75) * coarse[None, :]
    function = f.numpy_function()
    left, right = function(np.sqrt(2) * coarse), function(np.sqrt(2) * other)
    assert value == pytest.approx(float((weight * left) @ right @ weight), rel=3e-3, abs=1e-3)


@settings(deadline=None, max_examples=25)
@given(TEXTS, st.integers(0, 2))
def test_suprema(text: str, order: int) -> None:
    f = subject(text)
    try:
        found = derivative_supremum(f, order, 6)
        function = f.numpy_function(order)
    except InputError:
        reject()
    assume(found.state in ("finite", "infinite"))
    points = np.concatenate([np.linspace(-60, 60, 48_001), [-1e4, 1e4]])
    samples = np.abs(function(points))
    samples = samples[np.isfinite(samples)]
    if found.state == "infinite":
        assert samples.max() > 20
    else:
        assert samples.max() <= float(found.value.upper()) * (1 + 1e-9) + 1e-9
        assert samples.max() >= float(found.value.lower()) * 0.98 - 1e-3
        assert f.expr.has(X) or order == 0 or found.value.is_zero()
