"""Sentences and reasons say what the evidence says at the setting under review, and no more."""

import math
import re
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from mfcheck.claims import Budget, Context, Data, Estimate, Evidence, Interval, Setting
from mfcheck.dynamics.resnet import Series
from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, exact
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.scaled_resnets import flow, paper, theorem5, theorem6
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, needs_flow
from mfcheck_proofs.scaled_resnets.symbols import C_max, n, r
from mfcheck_proofs.scaled_resnets.values import value_of

FLOW = pytest.mark.xdist_group("scaled-resnets-flow")


def data(*rows: tuple[float, ...]) -> Setting:
    """Return the default setting with other points; the last number of a row is the label."""
    points = tuple(tuple(Fraction(str(x)) for x in row[:-1]) for row in rows)
    labels = tuple(Fraction(str(row[-1])) for row in rows)
    return replace(DEFAULT, data=Data(points, labels, origin="test"))


FIVE = data((1, 0, 0, 0, 0, 0.5), (0, 1, 0, 0, 0, -0.3), (0, 0, 0.6, 0.8, 0, 1))
OPPOSITE = data((1, 0, 1), (-1, 0, -1))
ORTHOGONAL = data((1, 0, 1), (0, 1, -1))


def answer(check: str, setting: Setting, **formulas: sp.Basic) -> Evidence:
    for claim in paper.claims:
        for found in claim.checks:
            if found.id == check:
                given = {**claim.reading(found.reading).formulas, **formulas}
                return found.run(Context(setting, Budget.QUICK, 0, check, given))
    raise KeyError(check)


# --- numbers in sentences ---------------------------------------------------------------------------------------------


def test_a_share_of_replicates_loses_their_common_noise() -> None:
    noise = np.array([0.8, 1.3, 1.1])
    ends = {"KL_nu": noise * (1 + 1e-6), "KL_tau": noise}
    run = flow.Run(1.0, True, SimpleNamespace(samples=ends.get))  # type: ignore[type-var]
    found = flow.share(run, "KL_nu", "KL_tau")
    assert found.value == pytest.approx(1 + 1e-6, abs=1e-9)
    assert found.error < 1e-9


@pytest.mark.parametrize("power", [1, 2, 4])
@pytest.mark.parametrize("betas", [(160.0, 917.0), (917.2, 920.0), (40.0, 80.0)])
def test_what_remains_to_the_limit_is_covered(power: int, betas: tuple[float, float]) -> None:
    before, value = (3 + 5 * b**-power for b in betas)
    assert abs(value - 3) <= flow.remaining(before, value, betas) * (1 + 1e-6)


# --- the flow ---------------------------------------------------------------------------------------------------------


def _run(lambda_min: list[list[float]], end_time: float | None = None) -> Any:
    """A flow of three replicates and two output times, with nothing but what the sentences use."""
    series = {
        "lambda_min_G2": SimpleNamespace(samples=np.array(lambda_min)),
        "loss": SimpleNamespace(value=np.array([0.5, 0.05])),
    }
    value, error, part = (np.array([x]) for x in (1e-3, 2e-4, 1e-4))
    moved = Series(value, error, part, part, part, part, np.zeros((3, 1)))
    numerics = SimpleNamespace(end_time=end_time)
    solution = SimpleNamespace(series={**series, "movement_nu": moved}, numerics=numerics)
    return flow.Run(50.0, True, solution)  # type: ignore[arg-type]


def _note(monkeypatch: pytest.MonkeyPatch, run: flow.Run[Any]) -> str:
    monkeypatch.setattr(theorem5, "runs", lambda _: (run,))
    return theorem5._regime_note(Context(DEFAULT, Budget.QUICK, 0, "")).text


def test_a_kernel_that_changes_is_not_called_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    still = _note(monkeypatch, _run([[1.0, 1.0001], [1.1, 1.10012], [0.9, 0.9001]]))
    moving = _note(monkeypatch, _run([[1.0, 1.2], [1.1, 1.3], [0.9, 1.1]]))
    unsure = _note(monkeypatch, _run([[1.0, 1.02], [1.1, 1.08], [0.9, 0.9]]))
    assert "0.0010 ± 0.00021" in still or "0.00100 ± 0.00020" in still
    assert "close to that of a fixed kernel" in still
    assert "fixed kernel" not in moving
    assert "fixed kernel" not in unsure
    assert all("by a share of" in text and "factor" not in text for text in (still, moving, unsure))


def test_without_an_encoder_nothing_is_said_of_its_movement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(theorem5, "runs", lambda _: (_run([[1.0, 1.0], [1.1, 1.1], [0.9, 0.9]]),))
    shallow = DEFAULT.with_values(alpha=Fraction(0))
    text = theorem5._regime_note(Context(shallow, Budget.QUICK, 0, "")).text
    assert "there is no encoder" in text
    assert "moves by" not in text


def test_a_value_out_of_reach_is_not_called_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    close = data((1, 0, 1), (0.99995, 0.00999983333, -1), (-1, 0, 1))
    assert not value_of(close, "beta_threshold_stated").is_finite()
    monkeypatch.setattr(theorem5, "runs", lambda _: (_run([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]),))
    text = theorem5._regime_note(Context(close, Budget.QUICK, 0, "")).text
    assert "infinite" not in text
    assert "no finite value is known for the stated form" in text


@pytest.mark.parametrize("points", [1, 2, 3, 4])
@pytest.mark.parametrize("alpha", [0, 1])
def test_the_theorem_applies_at_the_number_that_the_sentence_names(
    points: int, alpha: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = replace(DEFAULT, data=DEFAULT.data.first(points)).with_values(alpha=alpha)
    monkeypatch.setattr(theorem5, "runs", lambda _: (_run([[1.0, 1.0], [1.1, 1.1], [0.9, 0.9]]),))
    text = theorem5._regime_note(Context(setting, Budget.QUICK, 0, "")).text
    said = re.search(r"applies from \$\\beta = ([\d.]+)\$ on .*?([\d.]+) in the stated form", text)
    assert said is not None
    for number, id in zip(said.groups(), ("beta_threshold", "beta_threshold_stated"), strict=True):
        true = value_of(setting, id)
        assert compare(exact(number), true) == ">"
        assert exact(number) < 1.001 * true


@pytest.mark.parametrize(("lhs", "word"), [(1.5, "was stated"), (1.05, "too close"), (0.5, "")])
def test_an_undecided_comparison_is_not_called_a_violation(lhs: float, word: str) -> None:
    pair = (_run([[1.0, 1.0]]), Estimate(value=lhs, error=0.1), Estimate(value=1.0, error=0.0))
    found = flow.bounded(Context(DEFAULT, Budget.QUICK, 0, ""), [pair], "test")
    assert word in found.reason
    assert bool(found.reason) is (found.passed is not True)


@FLOW
def test_the_sentence_of_the_default_setting_has_errors() -> None:
    found = answer("theorem-5-loss/stated/decay", DEFAULT)
    assert found.notes[0].text.count("±") == 2


# --- other checks -----------------------------------------------------------------------------------------------------


def test_an_undecided_complexity_is_not_called_a_violation() -> None:
    stated = answer("theorem-6-rademacher/stated/link", FIVE)
    lhs, rhs = stated.lhs, stated.rhs
    assert isinstance(lhs, Estimate)
    assert isinstance(rhs, Estimate)
    close = sp.Rational((lhs.value + lhs.error / 2) / rhs.value) * theorem6.LINK
    found = answer("theorem-6-rademacher/stated/link", FIVE, bound=close)
    assert found.passed is None
    assert "too close" in found.reason
    assert "was stated" not in found.reason


def test_the_complexity_shown_is_the_tightest() -> None:
    found = answer("theorem-6-rademacher/stated/link", OPPOSITE)
    assert isinstance(found.lhs, Estimate)
    assert isinstance(found.rhs, Estimate)
    assert found.passed
    assert found.slack == pytest.approx(found.rhs.value / found.lhs.value)


def test_the_order_of_the_layers_is_found_where_corrections_change_sign() -> None:
    check = "ode-depth-discretisation/stated/euler"
    found, wrong = answer(check, FIVE), answer(check, FIVE, order=-sp.Rational(9, 10))
    assert found.passed is True
    assert wrong.passed is False
    assert "tanh" in found.domain


@pytest.mark.parametrize("setting", [OPPOSITE, ORTHOGONAL], ids=["opposite", "orthogonal"])
def test_two_points_do_not_leave_the_bound_undecided(setting: Setting) -> None:
    found = answer("lemma-4-second/charitable/gershgorin", setting)
    shifted = sp.Max(0, 1 - (n - 2) * ((1 + C_max) / 2) ** r)
    assert found.passed is True
    assert answer("lemma-4-second/charitable/gershgorin", setting, term=shifted).passed is False


def test_the_circle_names_only_the_sizes_that_were_tried() -> None:
    found = answer("lemma-4-second/strict/circle", DEFAULT)
    assert "$n = 12, 16, 24, 32$" in found.reason


def test_the_lower_bound_of_theorem_6_holds_at_every_beta() -> None:
    least = theorem6.least_bound(DEFAULT)
    for beta in (Fraction(1), Fraction(40), Fraction(917), Fraction(10**5), Fraction(10**9)):
        value = value_of(DEFAULT.with_values(beta=beta), "generalization_bound")
        assert compare(value, least) == ">", beta
    x = np.geomspace(1e-9, 1e9, 400)
    assert np.all(np.sqrt((1 + x) / x) * (x + np.log1p(x)) / 2 >= np.sqrt(x) * (1 - 1e-12))


@pytest.mark.parametrize(("part", "passed"), [(-1, False), (0.5, None), (2, True)])
def test_a_bound_is_vacuous_only_if_it_is_at_every_beta(part: float, passed: bool | None) -> None:
    """What is needed lies below the least bound of all beta, between that and the bound, or above both."""
    stated = answer("theorem-6-final/explicit/value", DEFAULT).lhs
    assert isinstance(stated, Interval)
    least = float(theorem6.least_bound(DEFAULT).mid())
    needed = Fraction(least + part * (float(stated.lower) - least)).limit_denominator(10**6)
    found = answer(
        "theorem-6-final/explicit/value",
        DEFAULT,
        informative=sp.Rational(*needed.as_integer_ratio()),
    )
    assert found.passed is passed
    assert ("less than one" in found.notes[0].text) is (passed is True)
    assert ("says nothing" in found.notes[0].text) is (passed is False)


def test_claims_about_the_flow_refuse_labels_of_zero() -> None:
    zero = data((1, 0, 0, 0), (0, 1, 0, 0))
    some = data((1, 0, 0, 0), (0, 1, 0, 0.001))
    needs_flow(some)
    for claim in (
        theorem5.loss_claim,
        theorem5.kl_tau,
        theorem5.kl_nu,
        theorem5.movement,
        theorem5.spectrum,
    ):
        for reading in claim.readings:
            assert reading.needs is not None
            reading.needs(some)
            with pytest.raises(InputError, match="all labels are zero"):
                reading.needs(zero)


def test_labels_of_zero_are_not_blamed_on_the_activation() -> None:
    zero = data((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))
    with pytest.raises(InputError) as refused:
        answer("theorem-6-final/explicit/value", zero)
    assert "activation" not in str(refused.value)
    assert math.isfinite(float(value_of(zero, "B_0").mid()))


@pytest.mark.parametrize(("name", "severity"), [("tanh", "major"), ("softplus", "remark")])
def test_targets_are_said_to_fail_only_where_a_form_is_seen_to_grow(
    name: str, severity: str
) -> None:
    note = answer(
        "theorem-6-composition/repaired/teacher", replace(DEFAULT, activation=LIBRARY[name])
    ).notes[0]
    assert note.severity == severity
    assert ("meet the extra hypothesis" in note.text) is (severity == "major")
    assert "± 0.00;" not in note.text
    assert note.text.count("±") == len(theorem6.TEACHERS)


def test_a_form_near_rounding_is_left_out() -> None:
    sizes, forms = theorem6.circle_forms(LIBRARY["sin"])
    assert 40 not in sizes
    assert forms.shape == (len(sizes), 2)
    assert theorem6.circle_forms(LIBRARY["tanh"])[1][-1] == pytest.approx([22.48, 320], rel=0.01)


@FLOW
@pytest.mark.parametrize(
    "id",
    [
        "theorem-5-loss/stated/no-n",
        "theorem-5-spectrum/stated/no-n",
        "theorem-6-rademacher/stated/n",
    ],
)
def test_an_error_in_n_is_one_for_two_points_too(id: str) -> None:
    error = next(e for claim in paper.claims for e in claim.planted if e.id == id)
    for check in error.rejected_by:
        assert answer(check, ORTHOGONAL, **error.replace).passed is False


# --- many dimensions --------------------------------------------------------------------------------------------------


def test_a_probability_below_double_precision_is_said_as_it_is() -> None:
    """Two points of an image's dimension: the probability of a close pair is near 10^-483, and not 0."""
    rows = [[0.0] * 784, [0.0] * 784]
    rows[0][0], rows[1][0], rows[1][1] = 1.0, 0.97, math.sqrt(1 - 0.97**2)
    setting = data((*rows[0], 1), (*rows[1], -1))
    found = answer("assumption-1-iid/stated/probability", setting)
    text = found.notes[0].text
    exponent = (
        783 / 2 * math.log10(1 - 0.97**2)
    )  # of (1 - C^2)^((d-1)/2), which the rest changes by few digits
    assert found.passed is False
    said = re.search(r"with probability (\d\.\d+)e-(\d+) ", text)
    assert said is not None
    assert -int(said[2]) == pytest.approx(exponent, abs=3)
    power = re.search(r"of \$n = 10\^\{(\d+)\}\$", text)
    assert power is not None
    assert 2 * int(power[1]) == pytest.approx(-exponent, abs=6)


def test_the_least_number_of_samples_is_that_of_chebyshev() -> None:
    """At d = 3 and C = 2/7 the probability is 5/14: P(no close pair of n) <= (9/5) / (n (n-1)/2), 1/2 from n = 5 on."""
    text = answer("assumption-1-iid/stated/probability", DEFAULT).notes[0].text
    samples = next(
        n for n in range(2, 99) if Fraction(9, 5) / Fraction(n * (n - 1), 2) <= Fraction(1, 2)
    )
    said = re.search(r"of \$n = (\d+)\$", text)
    assert said is not None
    assert samples <= int(said[1]) <= samples + 1
