"""Generated code agrees with the activation it comes from; it is kept on disk, or works without."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from mfcheck.dynamics.resnet import codegen
from mfcheck.dynamics.resnet.simd import load, store
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY, Activation, X

EXPRESSIONS = {
    "cubic": X**3 / 3 - X,
    "constant slope": 2 * X + 1,
    "rational": X / (1 + X**2),
    "power": (1 + X**2) ** sp.Rational(3, 4),
    "bump": sp.exp(-(X**2)) * sp.cos(3 * X),
    "logs": sp.log(2 + X**2) * sp.asinh(X),
    "hyperbolic": sp.sinh(X / 4) + sp.cosh(X / 3) - sp.tan(X / 50),
    "softabs": sp.sqrt(X**2 + sp.Rational(1, 10)) * sp.erfc(X),
    "exponent": (2 + X**2) ** (sp.sin(X) / 3),
}


def evaluate(activation: Activation, x: np.ndarray) -> np.ndarray:
    """Return `s0, s0', s0''` at `x` from generated code, `(3, size)`."""
    source = codegen.header() + codegen.activation_source(activation)
    module = codegen.load_module(source)
    value, slopes = module.value, module.slopes

    @njit(error_model="numpy")
    def run(x: Any, out: Any, first: Any, second: Any) -> None:
        for at in range(0, x.size, 8):
            s = value(load(x, at))
            s1, s2 = slopes(load(x, at), s)
            store(out, at, s)
            store(first, at, s1)
            store(second, at, s2)

    out = np.empty((3, x.size))
    run(x, *out)
    return out


@pytest.mark.parametrize("name", [*LIBRARY, *EXPRESSIONS])
def test_values_and_slopes(name: str) -> None:
    activation = LIBRARY.get(name) or Activation(name, EXPRESSIONS[name])
    x = np.concatenate([np.linspace(-4, 4, 30), [1e-9, -1e-9]])
    found = evaluate(activation, x)
    for order in (0, 1, 2):
        exact = [float(activation.derivative(order).subs(X, sp.Float(v, 30)).evalf(30)) for v in x]
        assert np.allclose(found[order], exact, rtol=1e-13, atol=2e-15), order


@settings(deadline=None, max_examples=8)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.fractions(-3, 3, max_denominator=7)), min_size=1),
    st.sampled_from([sp.tanh, sp.erf, sp.sin, sp.atan, sp.exp]),
)
def test_random_sums(terms: list[tuple[int, Any]], outer: Any) -> None:
    inner = sum(sp.Rational(c.numerator, c.denominator) * X**p for p, c in terms)
    activation = Activation("random", outer(sp.tanh(inner)) + X * sp.tanh(inner) / 3)
    x = np.linspace(-2, 2, 16)
    found = evaluate(activation, x)
    for order in (0, 1, 2):
        exact = [float(sp.sympify(activation.derivative(order)).subs(X, v).evalf(30)) for v in x]
        assert np.allclose(found[order], exact, rtol=1e-12, atol=1e-12 * (1 + np.abs(exact).max()))


def test_slopes_from_the_value() -> None:
    s = sp.Symbol("s")
    assert codegen.slopes_in_value(LIBRARY["tanh"]) is not None
    first, second = codegen.slopes_in_value(LIBRARY["sigmoid"]) or (s, s)
    assert sp.expand(first - s * (1 - s)) == 0
    assert sp.expand(second - s * (1 - s) * (1 - 2 * s)) == 0
    assert codegen.slopes_in_value(LIBRARY["gelu"]) is None
    assert codegen.slopes_in_value(LIBRARY["softplus"]) is None


@pytest.mark.parametrize("expr", [sp.Max(0, X), sp.Max(0, X) ** 3, sp.gamma(X), sp.Abs(X)])
def test_no_code(expr: sp.Expr) -> None:
    with pytest.raises(InputError):
        codegen.activation_source(Activation("none", expr))


def test_cache_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(codegen, "cache_folder", lambda: blocked / "kernels")
    module = codegen.load_module("answer = 42\n")
    assert module.answer == 42
    assert str(blocked) not in str(module.__file__)


def test_cache_folder_is_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "cache_folder", lambda: tmp_path / "kernels")
    first = codegen.load_module("answer = 43\n")
    path = Path(str(first.__file__))
    before = path.stat().st_mtime_ns
    codegen.load_module("answer = 43\n")
    assert path.parent == tmp_path / "kernels"
    assert path.stat().st_mtime_ns == before
    path.write_text("answer = 0\n")
    assert codegen.load_module("answer = 43\n").answer == 43
    assert [p.name for p in path.parent.glob("*.tmp")] == []
