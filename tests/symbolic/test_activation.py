import mpmath
import numpy as np
import pytest
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.symbolic.activation import (
    BREAKS,
    KINKED,
    LIBRARY,
    Activation,
    X,
    activation,
    relu_power,
    stairs,
)


@pytest.mark.parametrize("name", LIBRARY)
def test_library_by_name(name: str) -> None:
    assert activation(name) is LIBRARY[name]


def test_expression_and_bare_function_name() -> None:
    assert activation("tanh(2*x)").expr == sp.tanh(2 * X)
    assert activation("relu").expr == sp.Max(0, X)
    assert activation("x").expr == X


@pytest.mark.parametrize(
    "text", ["sqrt(x)", "log(x)", "1/x", "x**x", "(-1)**x", "sin(x)/x", "foo", "log", "tan(x)/0"]
)
def test_refuses_what_is_not_a_function_on_the_line(text: str) -> None:
    with pytest.raises(InputError):
        activation(text)


def test_refuses_huge_derivatives() -> None:
    with pytest.raises(InputError, match="complicated"):
        activation("*".join(f"sin({k}*x)" for k in range(1, 24)))


@pytest.mark.parametrize(
    "text",
    ["((x**50+1)**50+1)**50", "sin(x)*((1+x**2)**60)", "tanh((x**99+x)**2)", "(1/(1+x**2))**70"],
)
def test_refuses_degrees_that_cannot_be_multiplied_out(text: str) -> None:
    with pytest.raises(InputError, match="degree"):
        activation(text)


@pytest.mark.parametrize("name", LIBRARY)
def test_derivatives_agree_with_mpmath(name: str) -> None:
    """mpmath differentiates the plain textbook formula numerically."""
    textbook = {
        "tanh": mpmath.tanh,
        "erf": mpmath.erf,
        "sin": mpmath.sin,
        "cos": mpmath.cos,
        "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
        "softplus": lambda t: mpmath.log1p(mpmath.exp(t)),
        "gelu": lambda t: t * mpmath.ncdf(t),
        "silu": lambda t: t / (1 + mpmath.exp(-t)),
        "arctan": mpmath.atan,
        "isru": lambda t: t / mpmath.sqrt(1 + t * t),
    }[name]
    points = np.array([-5.5, -1.25, 0.0, 0.375, 4.0])
    with mpmath.workdps(40):
        for order in range(4):
            reference = [float(mpmath.diff(textbook, mpmath.mpf(t), order)) for t in points]
            computed = LIBRARY[name].numpy_function(order)(points)
            np.testing.assert_allclose(computed, reference, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("order", range(4))
def test_float_code_is_finite_far_out(name: str, order: int) -> None:
    values = LIBRARY[name].numpy_function(order)(np.array([[-1e4, -800.0], [800.0, 1e4]]))
    assert values.shape == (2, 2)
    assert np.isfinite(values).all()


def test_float_code_of_a_constant_keeps_the_shape() -> None:
    assert Activation("one", sp.Integer(1)).numpy_function()(np.zeros(3)).tolist() == [1.0] * 3


def test_second_derivative_of_a_kink_is_no_function() -> None:
    with pytest.raises(InputError, match="kink"):
        activation("relu").numpy_function(2)


def test_gelu_far_on_the_left() -> None:
    """Reference: x Phi(x) by mpmath."""
    values = LIBRARY["gelu"].numpy_function()(np.array([-8.0, -10.0]))
    np.testing.assert_allclose(values, [-4.976768459417427e-15, -7.619853024160526e-23], rtol=1e-12)


FAR = {
    "tanh": lambda t: -1 + 2 / (1 + mpmath.exp(-2 * t)),
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "softplus": lambda t: mpmath.log1p(mpmath.exp(t)),
    "silu": lambda t: t / (1 + mpmath.exp(-t)),
    "gelu": lambda t: t * mpmath.ncdf(t),
    "erf": mpmath.erf,
}


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_digits_are_kept_far_out(name: str, order: int) -> None:
    """Reference: quotients of exponentials, differentiated by mpmath with 200 digits."""
    points = np.array([-200.0, -40.0, -12.5, -8.0, 8.0, 12.5, 40.0, 200.0])
    with mpmath.workdps(200):
        right = [
            mpmath.diff(FAR[name], mpmath.mpf(t), order, h=mpmath.mpf(10) ** -60) for t in points
        ]
    seen = [k for k, value in enumerate(right) if abs(value) > 1e-290]
    found = LIBRARY[name].numpy_function(order)(points)
    np.testing.assert_allclose(found[seen], [float(right[k]) for k in seen], rtol=1e-11)
    assert len(seen) >= 2


@pytest.mark.parametrize("text", ["ReLU", "relu", "max(x, 0)", "ReLU(x)", "Max(0, x)"])
def test_names_without_regard_to_case(text: str) -> None:
    assert activation(text).expr == sp.Max(0, X)


@pytest.mark.parametrize("name", KINKED)
def test_kinked_activations_have_their_breaks_where_stated(name: str) -> None:
    from mfcheck.rigor.pieces import pieces

    parts = pieces(KINKED[name].expr)
    assert tuple(part.upper for part in parts[:-1]) == BREAKS[name]
    assert activation(name) is KINKED[name]


def test_two_arguments() -> None:
    leaky = activation("leaky_relu(x, 0.1)").numpy_function()(np.array([-2.0, 3.0]))
    np.testing.assert_allclose(leaky, [-0.2, 3.0])
    swish = activation("swish(x, 2)").numpy_function()(np.array([1.0]))
    np.testing.assert_allclose(swish, [1 / (1 + np.exp(-2.0))])
    for text in ("max(x)", "leakyrelu(x)", "tanh(x, 1)", "max(x, 1, 2)"):
        with pytest.raises(InputError, match="argument"):
            activation(text)


def test_stairs_and_powers() -> None:
    rise = stairs([sp.Integer(-1), sp.Integer(1)], [sp.Integer(1), sp.Integer(2)], sp.Integer(-1))
    assert rise.numpy_function()(np.array([-2.0, 0.0, 2.0])).tolist() == [-1, 0, 2]
    assert relu_power(sp.Rational(3, 4)).numpy_function()(np.array([16.0]))[0] == 8
    for wrong in ([], [sp.Integer(1)]):
        with pytest.raises(InputError):
            stairs([], wrong)
    with pytest.raises(InputError):
        relu_power(sp.Integer(0))
