import numpy as np
import pytest
import sympy as sp

from mfcheck.rigor.assumption import judge
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation

SMALLEST_C1 = {
    "tanh": 1.0,
    "erf": 2 / np.sqrt(np.pi),
    "sin": 1.0,
    "cos": 1.0,
    "sigmoid": 1 / (1 + np.exp(-1)),
    "softplus": np.log(1 + np.e),
    "gelu": 1.128904145185155,
    "silu": 1.099839320128867,
    "arctan": 1.0,
    "isru": 1.0,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_meets_the_assumption(name: str) -> None:
    found = judge(LIBRARY[name], 12)
    assert found.answer == "holds"
    assert found.C1.rad() < 1e-11
    assert float(found.C1.mid()) == pytest.approx(SMALLEST_C1[name], rel=1e-11)
    assert found.third_derivative_bounded is True
    assert found.degree is None
    assert found.reasons == ()


@pytest.mark.parametrize("name", LIBRARY)
def test_C1_is_met_and_no_smaller_one_is(name: str) -> None:
    C1 = judge(LIBRARY[name], 10).C1
    x = np.linspace(-40, 40, 80_001)
    values = [np.abs(LIBRARY[name].numpy_function(k)(x)) for k in range(3)]
    worst = max((values[0] / np.maximum(np.abs(x), 1)).max(), values[1].max(), values[2].max())
    assert worst <= float(C1.upper()) * (1 + 1e-12)
    assert worst > float(C1.lower()) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("relu", "derivative 1 jumps at x = 0, so derivative 2 does not exist"),
        ("abs", "derivative 1 jumps at x = 0, so derivative 2 does not exist"),
        ("step", "derivative 0 jumps at x = 0, so derivative 1 does not exist"),
        ("relu(x)**2/(1+relu(x))", "s0'': it does not exist at x = 0"),
        ("x**2", "|s0(x)|/max(|x|,1): grows like |x| as"),
        ("exp", "|s0(x)|/max(|x|,1): grows like |x|^-1 exp(1.000*x) as x -> +oo"),
        ("x**3-x", "|s0(x)|/max(|x|,1): grows like |x|^2"),
    ],
)
def test_failures_say_why(text: str, words: str) -> None:
    found = judge(activation(text), 8)
    assert found.answer == "fails"
    assert not found.C1.is_finite()
    assert any(words in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("text", "degree"), [("x", 1), ("x**2", 2), ("3", 0), ("x-x", 0), ("x**3-x", 3)]
)
def test_polynomials_are_told(text: str, degree: int) -> None:
    found = judge(activation(text), 8)
    assert found.degree == degree
    assert "finite rank" in found.reasons[-1]


def test_linear_functions_hold() -> None:
    found = judge(Activation("x", X), 8)
    assert found.answer == "holds"
    assert found.C1 == 1


@pytest.mark.parametrize("text", ["x*sin(x)", "sin(x**2)", "1/(x-0.3)", "exp(x**4)"])
def test_unknown_is_not_guessed(text: str) -> None:
    found = judge(activation(text), 8)
    assert found.answer == "unknown"
    assert found.third_derivative_bounded is None
    assert found.reasons


def test_third_derivatives() -> None:
    """One-sided values count where s0''' jumps; the assumption does not bound s0''' by itself."""
    jump = judge(Activation("cubic", sp.Abs(X) ** 3 / (1 + X**2)), 8)
    assert jump.answer == "holds"
    assert jump.third_derivative_bounded is True
    assert jump.B[3].value.contains(6)
    wild = judge(activation("sin(x**2)/(1+x**2)"), 8)
    assert wild.answer == "holds"
    assert wild.third_derivative_bounded is None
    assert any("s0''' (not asked by the assumption)" in reason for reason in wild.reasons)
