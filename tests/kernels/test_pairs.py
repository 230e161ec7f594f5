"""Pairs of inputs in balls and in double precision, and the kernel of all layers against gradients of networks."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.claims.inequality import Case
from mfcheck.claims.setting import setting_of
from mfcheck.kernels import correlation, cosine, formulas, from_distance, limit_kernel, rntk
from mfcheck.kernels.arccos import half_term
from mfcheck.kernels.enclosure import taylor
from mfcheck.kernels.pairs import (
    ALL_LAYERS,
    ALPHA,
    CHORD,
    COMPUTED,
    DEPTH,
    KERNEL,
    SYMBOLS,
    FloatPair,
    Pair,
    attack,
    exponents,
)
from mfcheck.kernels.rntk import all_layers

CASES = [
    (Fraction(-1), 3, 0, 1),
    (Fraction(1, 2), 40, Fraction(1, 2), 1),
    (Fraction(9, 10), 7, 0, 2),
]


@pytest.mark.parametrize(("u", "depth", "gamma", "scale"), CASES)
def test_kernels_of_a_pair(u: Fraction, depth: int, gamma: Fraction, scale: int) -> None:
    pair = Pair(u, depth, Fraction(gamma), Fraction(scale))
    alpha, at = scale * depth ** -float(gamma), cosine([float(u)])
    near = FloatPair(float(np.sqrt(2 - 2 * float(u))), depth, alpha)
    expected = {
        "kernel": rntk(at, depth, alpha)[0],
        "limit": float(limit_kernel(u).kernel.mid()),
        "stretch": (2 * correlation(at, depth, alpha).v[0]) ** -0.5 - (2 * at.v[0]) ** -0.5,
    }
    for name, value in expected.items():
        assert float(getattr(pair, name).mid()) == pytest.approx(value, abs=1e-12)
        assert getattr(near, name) == pytest.approx(value, abs=1e-8)
    for symbol, name in COMPUTED.items():
        value = all_layers(at, depth, alpha)[0] if symbol == ALL_LAYERS else expected[name]
        distance = sp.Abs(symbol - formulas.HALF_TERM)
        known = pytest.approx(abs(value - half_term(at)[0]), abs=1e-8)
        assert float(pair(distance).mid()) == known
        if symbol != ALL_LAYERS:
            assert near(distance) == known
    assert float(pair.all_layers.mid()) == pytest.approx(all_layers(at, depth, alpha)[0], abs=1e-12)


def test_symbols_of_a_pair() -> None:
    """u = 1/2: angle pi/3, distance 1; alpha = 1 at depth 6: share 1/2, clock 3."""
    pair, near = Pair(Fraction(1, 2), 6), FloatPair(1.0, 6, 1.0)
    known = [0.5, 1 / (6 * np.pi), 1 / np.pi, 1, 1, np.pi / 3, 6, 3]
    for symbol, value in zip(SYMBOLS, known, strict=True):
        assert float(pair(symbol).mid()) == pytest.approx(value, rel=1e-12)
        assert near(symbol) == pytest.approx(value, rel=1e-12)
    assert pair(formulas.T + sp.cos(formulas.theta)).overlaps(arb(7) / 2)
    assert str(pair) == "L = 6, u = 1/2, alpha = 1"
    assert str(Pair(Fraction(0), 9, Fraction(1, 2))) == "L = 9, u = 0, alpha = L^-1/2"


def test_taylor_coefficients_of_one_layer() -> None:
    """r_1 = 1/(2 pi) + u/2 + 3 u^2/(4 pi) + ..., with no other odd term."""
    found = taylor(1, arb(1) / 2, 6)
    assert float(found[0]) == pytest.approx(1 / (2 * np.pi))
    assert float(found[1]) == pytest.approx(1 / 2)
    assert float(found[2]) == pytest.approx(3 / (4 * np.pi))
    assert abs(found[3]) < 1e-15


def test_the_kernel_of_all_layers_against_gradients_of_networks() -> None:
    """Mean over random networks of the whole tangent kernel, first and last layers included."""
    width, depth, alpha, u, count = 128, 4, 0.6, -0.4, 300
    rng, found = np.random.default_rng(5), []
    inputs = np.array([[1, u], [0, np.sqrt(1 - u**2)]])
    for _ in range(count):
        states = [rng.standard_normal((width, 2)) @ inputs / np.sqrt(width)]
        layers = []
        for _ in range(depth):
            W, V = rng.standard_normal((2, width, width))
            z = np.sqrt(2 / width) * W @ states[-1]
            layers.append((W, V, z))
            states.append(states[-1] + alpha / np.sqrt(width) * V @ np.maximum(z, 0))
        delta, total = np.repeat(rng.standard_normal((width, 1)), 2, axis=1), 0.0
        total += states[-1][:, 0] @ states[-1][:, 1]  # last layer
        for (W, V, z), below in zip(layers[::-1], states[-2::-1], strict=True):
            phi, back = np.maximum(z, 0), (z > 0) * (V.T @ delta)
            total += alpha**2 / width * (delta[:, 0] @ delta[:, 1]) * (phi[:, 0] @ phi[:, 1])
            pair = (back[:, 0] @ back[:, 1]) * (below[:, 0] @ below[:, 1])
            total += 2 * alpha**2 / width**2 * pair
            delta = delta + alpha * np.sqrt(2) / width * W.T @ back
        total += u * (delta[:, 0] @ delta[:, 1]) / width  # first layer
        found.append(total)
    share = alpha**2 / (1 + alpha**2)
    size = 2 * (1 + alpha**2) ** depth * (1 + share * depth)
    measured, error = np.mean(found) / size, np.std(found) / np.sqrt(count) / size
    stated = float(all_layers(cosine([u]), depth, alpha)[0])
    exact = float(Pair(Fraction(-2, 5), depth, scale=Fraction(3, 5)).all_layers.mid())
    assert stated == pytest.approx(exact, abs=1e-12)
    assert abs(measured - stated) < 4 * error + 2 / width
    assert error < 0.02


def test_an_inequality_for_the_search_has_the_same_sides_in_both_arithmetics() -> None:
    """At distance 6/5 and depth 5: alpha = 3 * 5^(-1/4); the scale is 1 where it is not searched."""
    own = (CHORD, ALPHA, DEPTH, exponents(Fraction(0), Fraction(1, 2)))
    found = attack("i", "kernel <= bound", lambda f: (KERNEL, f["bound"]), own)
    assert [v.name for v in found.own] == ["chord", "scale", "layers", "exponent"]
    bound = {"bound": formulas.lam + formulas.c}
    given = {
        "chord": Fraction(6, 5),
        "scale": Fraction(3),
        "layers": Fraction(5),
        "exponent": Fraction(1, 4),
    }
    setting = setting_of(())
    for left_out in ((), ("scale", "exponent")):
        case = Case(setting, tuple((k, v) for k, v in given.items() if k not in left_out))
        alpha = 1.0 if left_out else 3 * 5**-0.25
        lhs = float(rntk(from_distance([1.2]), 5, alpha)[0])
        rhs = 5 * alpha**2 / (1 + alpha**2) / (3 * np.pi) + 1.2
        for sides in (found.fast(case.sample(), bound), found.enclosed(case, bound)):
            assert [float(side) for side in sides] == pytest.approx([lhs, rhs], rel=1e-12)
