"""The paper numerical-resnets: closed forms against mpmath, the recursion against floats, bad input."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.checks import Setting, evaluate
from mfcheck.claims.model import Paper
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError
from mfcheck_proofs import numerical_resnets
from mfcheck_proofs.numerical_resnets import scheme
from mfcheck_proofs.numerical_resnets.scheme import END, VARIANCE, lm_error, lm_value, network
from mfcheck_proofs.numerical_resnets.stochastic_depth import all_paths

paper: Paper = numerical_resnets.paper


def at(**values: str) -> Setting:
    """The default setting with some values, given as text."""
    read = {p.name: p.read(values[p.name]) for p in paper.parameters if p.name in values}
    return paper.default.with_values(**read)


def exact_flow(start: float, time: float, speed: float) -> float:
    """By mpmath: the time at which the integral of du/(speed f) reaches u, inverted."""
    solve = mp.odefun(lambda _, u: speed * (mp.mpf(3) / 10 - mp.sin(u)), 0, start)
    return float(solve(time))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.integers(-9, 10), st.integers(-60, 60), st.integers(1, 30))
def test_the_flow_is_that_of_the_equation(k: int, start: int, time: int) -> None:
    setting = at(k=f"{k}/10", u0=f"{start}/10", horizon=f"{time}/10")
    speed = 1 / (1 + k / 10)
    found = float(evaluate(END, paper, setting))
    assert found == pytest.approx(exact_flow(start / 10, time / 10, speed), rel=1e-9, abs=1e-9)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.integers(-9, 10), st.integers(2, 200))
def test_the_recursion_is_that_of_the_network(k: int, steps: int) -> None:
    weight, h = k / 10, 1 / steps
    before, now = 1.2, exact_flow(1.2, h, 1 / (1 + weight))
    for _ in range(steps - 1):
        before, now = now, (1 - weight) * now + weight * before + h * (0.3 - np.sin(now))
    found = float(lm_value(at(k=f"{k}/10", steps=str(steps)), 20))
    assert found == pytest.approx(now, rel=1e-10)


def test_beyond_the_stable_range_more_layers_are_worse() -> None:
    end = float(evaluate(END, paper, paper.default, {scheme.k: Fraction(11, 10)}))
    found = [
        abs(float(network(Fraction(11, 10), n, Fraction(1), Fraction(6, 5), 15)) - end)
        for n in (50, 200, 400)
    ]
    assert found[0] < 1e-4
    assert found[1] > 1
    assert found[2] > 1e8


def test_variance_of_all_paths_by_brute_force() -> None:
    choices = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1)
    weight = np.prod(np.where(choices, 0.7, 0.3), axis=0)
    where = np.full(choices.shape[1], 1.2)
    for row in choices:
        where = where + 0.2 * row * (0.3 - np.sin(where))
    variance = weight @ where**2 - (weight @ where) ** 2
    assert all_paths(paper.default, 5) == pytest.approx(5 * variance, rel=1e-12)


def test_variance_is_reached_like_one_over_the_depth() -> None:
    limit = float(evaluate(VARIANCE, paper, paper.default))
    gaps = [all_paths(paper.default, n) - limit for n in (10, 20)]
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.05)


def test_long_times_keep_their_digits() -> None:
    found = {c.id: c for c in evaluate_constants(paper, at(horizon="1000", steps="5000"), 12)}
    assert all(c.evidence == "certified" for c in found.values())
    assert found["lm_error"].value is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [("k", "-1"), ("k", "11/10"), ("steps", "1"), ("steps", "5/2"), ("p", "0"), ("horizon", "0")],
)
def test_bad_input_is_one_line(name: str, text: str) -> None:
    with pytest.raises(InputError, match=name) as error:
        at(**{name: text})
    assert "\n" not in str(error.value)


def test_out_of_reach_is_said() -> None:
    with pytest.raises(InputError, match="lower horizon"):
        lm_error(at(k="-999999/1000000"), 15)


def test_simulation() -> None:
    assert paper.simulate is not None
    found = paper.simulate(paper.default, 3, options={"paths": "20000", "layers": "10"}).final[
        "stoch_var"
    ]
    limit = float(evaluate(VARIANCE, paper, paper.default))
    assert abs(found.value - limit) < 2 * found.error < limit / 5
