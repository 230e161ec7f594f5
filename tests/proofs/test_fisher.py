from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims.trial import Trial
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import fisher as module

PAPER = module.paper


def order(act: str, weight: str, bias: str, depth: int) -> tuple[float, float]:
    found = module.kappas(activation(act), Fraction(weight), Fraction(bias), depth, 15)
    return float(found[0].mid()), float(found[1].mid())


@given(
    weight=st.fractions("1/10", 3, max_denominator=20),
    bias=st.fractions(0, 2, max_denominator=20),
    depth=st.integers(2, 6),
)
@settings(max_examples=15, deadline=None)
def test_a_linear_network_by_hand(weight, bias, depth):
    one, two = [Fraction(1)], [Fraction(0)]
    for _ in range(depth - 1):
        one.append(weight * one[-1] + bias)
        two.append(weight * two[-1] + bias)
    sums = [
        sum(weight ** (depth - 1 - k) * q for k, q in enumerate(qs)) / (depth - 1)
        for qs in (one, two)
    ]
    assert order("x", str(weight), str(bias), depth) == pytest.approx(
        [float(s) for s in sums], rel=1e-12
    )


def test_error_function_by_price_in_other_arithmetic():
    # E erf(u) erf(v) = (2/pi) asin(2 s2/(1 + 2 s1)); its derivative in s2 is E erf' erf'.
    one, two, slopes = [1.0], [0.0], []
    for _ in range(3):
        s1, s2 = 2 * one[-1] + 0.25, 2 * two[-1] + 0.25
        one.append(float(2 / mpmath.pi * mpmath.asin(2 * s1 / (1 + 2 * s1))))
        two.append(float(2 / mpmath.pi * mpmath.asin(2 * s2 / (1 + 2 * s1))))
        slopes.append(
            [4 / float(mpmath.pi) / np.sqrt((1 + 2 * s1) ** 2 - 4 * s**2) for s in (s1, s2)]
        )
    for index, q in enumerate((one, two)):
        t, total = 1.0, q[-1]
        for slope, before in zip(reversed(slopes), reversed(q[:-1]), strict=True):
            t *= 2 * slope[index]
            total += t * before
        assert order("erf", "2", "1/4", 4)[index] == pytest.approx(total / 3, rel=1e-12)


def test_rectifier_is_not_integrated_across_its_kink():
    assert order("relu", "2", "1/10", 4) == pytest.approx((43 / 30, 0.42890649206785592), rel=1e-13)


def test_odd_without_bias_is_zero_exactly():
    assert module.kappas(activation("tanh"), Fraction(3), Fraction(0), 5, 15)[1].is_zero()


def test_digits_survive_many_layers():
    found = module.kappas(activation("tanh"), Fraction(3), Fraction(16, 25), 15, 12)
    assert all(float(k.rad()) < 1e-12 * float(k.mid()) for k in found)


def test_gram_matrix_against_differences():
    rng = np.random.default_rng(1)
    shape = module.Shape(activation("tanh"), 1.2, 0.4, 3, 2, 3)
    network = module.build(shape, 5, 1, rng)
    x = rng.standard_normal((1, 5, 3))
    layers = [
        part
        for block in network.blocks
        for part in getattr(block, "parts", [block])
        if hasattr(part, "weight")
    ]
    columns = []
    for layer in layers:
        for array in (layer.weight, layer.bias):
            for at in np.ndindex(array.shape):
                kept, values = array[at], []
                for sign in (1, -1):
                    array[at] = kept + sign * 1e-5
                    values.append(network.run(x).output[0].ravel())
                array[at] = kept
                columns.append((values[0] - values[1]) / 2e-5)
    gradients = np.array(columns).T
    units = np.broadcast_to(np.eye(2)[:, None, :, None], (2, 1, 2, 3))
    found = module.gradient_gram(network.run(x), list(units))[0]
    assert np.allclose(found, gradients @ gradients.T, atol=1e-8)


@pytest.mark.parametrize("index", [0, 1])
def test_two_values_are_the_spectrum_of_the_limit(index):
    k = [
        float(v.mid())
        for v in module.kappas(activation("tanh"), Fraction(3), Fraction(16, 25), 3, 15)
    ]
    samples, width = 7, 100
    block = (
        2 * width / samples * (k[1] * np.ones((samples, samples)) + (k[0] - k[1]) * np.eye(samples))
    )
    values = np.linalg.eigvalsh(block)[::-1]
    formula = (module.TOP, module.BULK)[index]
    where = {module.k1: k[0], module.k2: k[1], module.alpha: 2, module.T: samples, module.M: width}
    assert float(formula.subs(where)) == pytest.approx(values[index], rel=1e-12)


def test_simulation_agrees_with_the_formulas():
    setting = PAPER.default.with_values(width=200, samples=10)
    found = module.run(Trial(setting, 3, {"nets": "16"})).final
    for name, formula in (
        ("top_mean", module.TOP),
        ("bulk_mean", module.BULK),
        ("mean_eigenvalue", module.MEAN),
    ):
        k = [
            float(v.mid())
            for v in module.kappas(activation("tanh"), Fraction(3), Fraction(16, 25), 3, 15)
        ]
        where = {
            module.k1: k[0],
            module.k2: k[1],
            module.alpha: 2,
            module.T: 10,
            module.M: 200,
            module.C: 2,
        }
        exact = float(formula.subs(where))
        assert abs(found[name].value - exact) < 3 * found[name].error + 0.2 * exact
        assert found[name].error < exact / 10


def test_too_many_gradients_are_refused():
    with pytest.raises(InputError, match="at most 4000"):
        module.run(Trial(PAPER.default.with_values(samples=3000), 0, {"nets": "8"}))


def test_one_sample_has_no_bulk():
    found = module.run(
        Trial(PAPER.default.with_values(samples=1, width=50), 0, {"nets": "8"})
    ).final
    assert "bulk_mean" not in found


def test_a_jump_is_refused():
    with pytest.raises(InputError):
        module.kappas(replace(activation("sign")), Fraction(1), Fraction(0), 3, 15)


def test_more_networks_are_drawn_where_they_scatter() -> None:
    setting = replace(PAPER.default, activation=activation("relu")).with_values(
        weight_var=2, bias_var=Fraction(1, 10), depth=6, width=60, samples=4, outputs=1
    )
    final = PAPER.simulate(setting, 3, options={"nets": "16"}).final
    assert all(found.error < found.value / 10 for found in final.values())


def test_networks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="at most 2e8"):
        PAPER.simulate(PAPER.default.with_values(width=10**6), 0, options={"nets": "8"})
