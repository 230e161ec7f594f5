"""The network in symbols against NumPy: values by the recursion itself, gradients by complex steps."""

import numpy as np
import pytest
import sympy as sp

from mfcheck.networks.in_symbols import System, residual_system
from mfcheck.symbolic.generic import specialise

ALPHA, BETA = 0.7, 3.0
SIZES = [{"n": 2, "L": 2, "M": 2, "d": 2}, {"n": 1, "L": 3, "M": 1, "d": 3}]


def drawn(S: System) -> dict[sp.Symbol, complex]:
    rng = np.random.default_rng(4)
    particles = [*S.heads, *(t for layer in S.layers for t in layer)]
    symbols = [v for particle in particles for v in particle.symbols]
    symbols += [v for path in S.z for v in path[0]] + list(S.y)
    return {v: complex(rng.standard_normal()) for v in symbols}


def value(expr: sp.Expr, at: dict[sp.Symbol, complex]) -> complex:
    plain = specialise(sp.sympify(expr), sp.tanh)
    return complex(sp.lambdify(list(at), plain, "numpy")(*at.values()))


def outputs(S: System, at: dict[sp.Symbol, complex]) -> np.ndarray:
    """The recursion of the module's first lines, without its classes."""

    def array(vector: sp.Matrix) -> np.ndarray:
        return np.array([at[v] for v in vector])

    found = []
    for path in S.z:
        z = array(path[0])
        for layer in S.layers:
            terms = [array(t.out) * np.tanh(array(t.w) @ z + at[t.b]) for t in layer]
            z = z + ALPHA / S.L * np.sum(terms, axis=0) / S.M
        found.append(
            BETA * np.mean([at[h.out[0]] * np.tanh(array(h.w) @ z + at[h.b]) for h in S.heads])
        )
    return np.array(found)


def loss(S: System, at: dict[sp.Symbol, complex]) -> complex:
    y = np.array([at[v] for v in S.y])
    return complex(np.sum((outputs(S, at) - y) ** 2) / (2 * S.n))


@pytest.mark.parametrize("sizes", SIZES)
def test_values_and_slopes(sizes: dict[str, int]) -> None:
    S = residual_system(sp.Rational(7, 10), sp.Integer(3), **sizes)
    at = drawn(S)
    f = outputs(S, at)
    assert [value(e, at) for e in S.f] == pytest.approx(list(f), rel=1e-12)
    assert value(S.loss, at) == pytest.approx(loss(S, at), rel=1e-12)
    given = at | {e: f[i] - at[S.y[i]] for i, e in enumerate(S.e)}
    for v in (*S.heads[0].symbols, *S.layers[0][0].symbols[::2]):
        step = loss(S, at | {v: at[v] + 1e-30j}).imag / 1e-30
        assert value(S.slope(v), given) == pytest.approx(step, rel=1e-11)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_adjoint_is_the_gradient_in_the_feature(sizes: dict[str, int]) -> None:
    """p of the first layer is df/dx over beta; a network without its first layers gives the others."""
    S = residual_system(sp.Rational(7, 10), sp.Integer(3), **sizes)
    at = drawn(S)
    for k, x in enumerate(S.z[0][0]):
        step = outputs(S, at | {x: at[x] + 1e-30j})[0].imag / 1e-30
        assert BETA * value(S.p[0][0][k], at) == pytest.approx(step, rel=1e-11)
    last = S.heads[0]
    assert sp.diff(S.f[0], last.b) == sp.diff(3 * last.value(S.z[0][-1])[0] / S.M, last.b)


def test_what_a_layer_sees_gives_the_gradient_of_the_outputs() -> None:
    """`df_i/dtheta = (alpha beta/(L M)) p_i . d(out s0(w.z_i + b))/dtheta`, p behind the layer and z before it."""
    S = residual_system(sp.Rational(7, 10), sp.Integer(3))
    at = drawn(S)
    for layer, neurons in enumerate(S.layers):
        z, p, values = S.seen(layer)
        for v in (neurons[0].out[0], neurons[0].w[0], neurons[0].b):
            step = outputs(S, at | {v: at[v] + 1e-30j}).imag / 1e-30
            part = sp.diff(p[-1].dot(neurons[0].value(z[-1])), v).xreplace(values)
            scale = ALPHA * BETA / (S.L * S.M)
            assert scale * value(part, at) == pytest.approx(step[-1], rel=1e-11)
    z, p, values = S.seen(S.L)
    assert [values[v] for v in z[0]] == list(S.z[0][S.L])
    assert [values[v] for v in p[0]] == list(S.p[0][S.L])
