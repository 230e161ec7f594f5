"""Zeros in certificates: bounds by mpmath, and changes of sign that are none."""

import json
from typing import Any

import mpmath
import pytest

from mfcheck import verify
from mfcheck.rigor import certificate


def verdict(claim: dict[str, Any], bits: int = 40) -> verify.Verdict:
    return verify.verify(
        json.dumps(certificate.make("root", {"inputs": {}, **claim}, {"bits": bits}))
    )


def zero(formula: str, lower: str, upper: str, **rest: Any) -> dict[str, Any]:
    return {"formula": formula, "variable": "x", "lower": lower, "upper": upper, **rest}


@pytest.mark.parametrize(
    ("formula", "lower", "upper"),
    [
        ("x**2-2", "1.414213562373", "1.414213562374"),
        ("2-x**2", "1.414213562373", "1.414213562374"),
        ("x-3", "3", "3"),
        ("x-3", "2", "3"),
        ("cos(x)-x", "0.739085133215", "0.739085133216"),
        ("max(x, 0)-1", "1/2", "3/2"),
    ],
)
def test_zeros(formula: str, lower: str, upper: str) -> None:
    assert verdict(zero(formula, lower, upper)).status == "accepted"


def test_a_variance_that_a_layer_leaves_alone() -> None:
    """`q = 4 E tanh(sqrt q z)^2 + 9/100`, by mpmath."""

    def excess(q: Any) -> Any:
        def f(z: Any) -> Any:
            return mpmath.tanh(mpmath.sqrt(q) * z) ** 2 * mpmath.npdf(z)

        return 4 * mpmath.quad(f, [-9, -3, 0, 3, 9]) + 0.09 - q

    q = mpmath.findroot(excess, (2, 3), solver="anderson")
    lower, upper = mpmath.nstr(q - 1e-9, 15), mpmath.nstr(q + 1e-9, 15)
    formula = "4*normal(z, tanh(sqrt(x)*z)**2)+9/100-x"
    found = verdict(zero(formula, lower, upper))
    assert found.status == "accepted"
    assert found.statement == f"{formula} = 0 for some x with {lower} <= x <= {upper}"
    above = mpmath.nstr(q + 2e-9, 15)
    assert verdict(zero(formula, upper, above)).status == "rejected"


@pytest.mark.parametrize(
    ("formula", "lower", "upper"),
    [
        ("1/x", "-1", "1"),  # changes its sign without a zero
        ("x**2+1", "-1", "1"),
        ("x**2-2", "1.4142135624", "1.4142135625"),
        ("(x-1)/(x-1)**2", "1/2", "3/2"),
        ("(x**2)**(1/2)/x", "-1", "1"),
        ("log(x)", "-1", "2"),
        ("x", "1", "2"),
    ],
)
def test_what_is_no_zero_is_rejected(formula: str, lower: str, upper: str) -> None:
    assert verdict(zero(formula, lower, upper)).status == "rejected"


@pytest.mark.parametrize(
    "change",
    [
        {"variable": "pi"},
        {"variable": "exp"},
        {"variable": "normal"},
        {"variable": "1"},
        {"variable": "a"},
        {"variable": "y"},
        {"lower": "2", "upper": "1"},
        {"inputs": {"a": ["2", "1"]}},
        {"inputs": {"b": "1"}},
    ],
)
def test_broken_claims_are_malformed(change: dict[str, Any]) -> None:
    claim = zero("x-a", "0", "2", inputs={"a": "1"})
    assert verdict(claim).status == "accepted"
    assert verdict({**claim, **change}).status == "malformed"
    assert verdict(claim, bits=31).status == "malformed"


def test_a_zero_is_claimed_for_all_inputs() -> None:
    claim = zero("x**2-a", "1", "2", inputs={"a": ["1.5", "3"]})
    assert verdict(claim).statement.startswith("for a in [1.5, 3]: x**2-a = 0 for some x")
    assert verdict({**claim, "inputs": {"a": ["0.5", "3"]}}).status == "rejected"


def test_later_parts_of_a_bundle_use_the_zero() -> None:
    two = certificate.make(
        "root",
        {"inputs": {}, **zero("x**2-2", "1.41421356", "1.41421357")},
        {"bits": 40},
    )
    cube = certificate.inequality("r**3", {"r": "r"}, "2.828427", "2.828428")
    assert (
        verify.verify(json.dumps(certificate.bundle({"r": two, "cube": cube}))).status == "accepted"
    )
    false = certificate.inequality("r**3", {"r": "r"}, "2.828428")
    assert (
        verify.verify(json.dumps(certificate.bundle({"r": two, "cube": false}))).status
        == "rejected"
    )
