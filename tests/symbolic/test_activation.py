import numpy as np
import pytest
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation


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
    import mpmath as mp

    textbook = {
        "tanh": mp.tanh,
        "erf": mp.erf,
        "sin": mp.sin,
        "cos": mp.cos,
        "sigmoid": lambda t: 1 / (1 + mp.exp(-t)),
        "softplus": lambda t: mp.log1p(mp.exp(t)),
        "gelu": lambda t: t * mp.ncdf(t),
        "silu": lambda t: t / (1 + mp.exp(-t)),
        "arctan": mp.atan,
        "isru": lambda t: t / mp.sqrt(1 + t * t),
    }[name]
    points = np.array([-5.5, -1.25, 0.0, 0.375, 4.0])
    with mp.workdps(40):
        for order in range(4):
            reference = [float(mp.diff(textbook, mp.mpf(t), order)) for t in points]
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
