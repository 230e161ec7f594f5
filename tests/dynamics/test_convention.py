from dataclasses import replace

import pytest
import sympy as sp

from mfcheck.dynamics.convention import Convention
from mfcheck.errors import InputError


def test_law_of_large_numbers() -> None:
    rule = Convention(step=sp.Rational(1, 2))
    assert rule.step == 0.5
    assert isinstance(rule.step, float)
    assert rule.rate(200) == 0.5 / 200
    assert rule.steps(1, 200) == 200
    assert rule.output_scale(200) == 1 / 200
    assert rule.noise(200) == 0
    assert rule.shrinkage(200) == 1


def test_distributional_dynamics() -> None:
    rule = Convention(
        loss_factor=1, step=1e-4, step_power=0, clock=1e4, clock_power=0,
        noise_factor=4, beta=4, decay=sp.Rational(1, 2),
    )  # fmt: skip
    assert rule.rate(800) == 2e-4
    assert rule.steps(0.2, 800) == 2000
    assert rule.noise(800) == pytest.approx(1e-2, rel=1e-15)
    assert rule.shrinkage(800) == pytest.approx(1 - 1e-4, rel=1e-15)


def test_committee_machine() -> None:
    gamma, p, d = 0.5, 4, 300
    rule = Convention(
        step=gamma, step_power=1, clock=1 / gamma, clock_power=1, clock_dimension_power=1,
        input_power=sp.Rational(1, 2), outer_factor=0,
    )  # fmt: skip
    assert rule.rate(p, d) * rule.input_scale(d) == pytest.approx(gamma / (p * d**0.5), rel=1e-15)
    assert rule.steps(1, p, d) == p * d / gamma


@pytest.mark.parametrize(
    ("field", "value", "ratio"),
    [("loss_factor", 1, 2), ("step_power", 2, 1 / 50), ("gradient_factor", 2, 2), ("step", 3, 3)],
)
def test_a_planted_error_is_one_field(field: str, value: float, ratio: float) -> None:
    rule = Convention()
    wrong = replace(rule, **{field: value})  # type: ignore[arg-type]
    assert wrong.rate(50) / rule.rate(50) == pytest.approx(ratio, rel=1e-14)


def test_integers_survive_rounding() -> None:
    assert Convention(clock=1 / 3).steps(3, 1000) == 1000
    assert Convention().steps(0.29, 100) == 29
    assert Convention().steps(0.295, 100) == 29


@pytest.mark.parametrize(
    "wrong", [{"step": "x"}, {"step": float("nan")}, {"beta": 0}, {"noise_factor": -1}, {"order": "random"},
              {"step": sp.Symbol("a")}],
)  # fmt: skip
def test_what_is_no_rule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Convention(**wrong)  # type: ignore[arg-type]
