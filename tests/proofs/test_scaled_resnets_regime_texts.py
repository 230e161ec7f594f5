"""Sentences on the regime, the regime, the threshold and the test error follow from the numbers at the setting."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from mfcheck.claims import Budget, Context, Data, Estimate, Evidence, Setting
from mfcheck.dynamics.resnet.lazy import CHANGES, Changes
from mfcheck.errors import InputError
from mfcheck.kernels.adjoint import block_divergence
from mfcheck.points.sphere import sphere
from mfcheck.symbolic.activation import LIBRARY
from mfcheck.symbolic.activation import activation as activation_of
from mfcheck_proofs.scaled_resnets import (
    assumptions,
    flow,
    paper,
    theorem5,
    theorem6,
)
from mfcheck_proofs.scaled_resnets import theorem5_regime as regime
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.symbols import C_1, n

SHALLOW = DEFAULT.with_values(alpha=0)
Patch = pytest.MonkeyPatch


def labelled(factor: Fraction, setting: Setting = DEFAULT) -> Setting:
    """Return the setting with all labels multiplied."""
    labels = tuple(factor * label for label in setting.data.labels)
    return replace(setting, data=replace(setting.data, labels=labels))


FAINT, ZERO = labelled(Fraction(1, 1000)), labelled(Fraction(0))
OPPOSITE = replace(
    DEFAULT,
    data=Data(
        ((Fraction(1), Fraction(0)), (Fraction(-1), Fraction(0))), (Fraction(1), Fraction(-1))
    ),
)


def eight() -> Setting:
    """Return eight random points on a sphere of three dimensions, with erf."""
    X = np.random.default_rng(3).standard_normal((8, 3))
    points = tuple(tuple(Fraction(f"{x:.6f}") for x in row) for row in X)
    data = Data(points, tuple(Fraction((-1) ** k) for k in range(8)), "test")
    return replace(DEFAULT, data=data, activation=LIBRARY["erf"])


EIGHT = eight()


def answer(check: str, setting: Setting, **formulas: sp.Basic) -> Evidence:
    """Run one check of the paper."""
    claim, found = next((c, k) for c in paper.claims for k in c.checks if k.id == check)
    given = {**claim.reading(found.reading).formulas, **formulas}
    return found.run(Context(setting, Budget.QUICK, 0, check, given, paper))


@pytest.mark.parametrize("claim", ["theorem-5-regime", "theorem-5-ablation", "theorem-5-threshold"])
def test_claims_about_the_flow_refuse_labels_of_zero(claim: str) -> None:
    exact = ("symmetry", "head-frozen")
    readings = next(c.readings for c in paper.claims if c.id == claim)
    for reading in (r for r in readings if r.id not in exact):
        assert reading.needs is not None
        reading.needs(FAINT)
        with pytest.raises(InputError, match="all labels are zero"):
            reading.needs(ZERO)


@pytest.mark.parametrize(
    ("claim", "reading"),
    [
        ("theorem-5-kl-nu-limit", "stated"),
        ("theorem-5-ablation", "encoder-frozen"),
        ("theorem-5-ablation", "shares"),
        ("theorem-5-regime", "small-beta"),
        ("theorem-5-regime", "features"),
    ],
)
@pytest.mark.parametrize("setting", [SHALLOW, ZERO], ids=["no encoder", "zero labels"])
def test_claims_about_the_encoder_need_one_that_moves(
    claim: str, reading: str, setting: Setting
) -> None:
    needs = next(c for c in paper.claims if c.id == claim).reading(reading).needs
    assert needs is not None
    with pytest.raises(InputError):
        needs(setting)


# --- regime -----------------------------------------------------------------------------------------------------------


Changed = flow.Run[Changes]


def change(
    beta: float, admissible: bool, value: float, error: float = 0.0, **other: float
) -> Changed:
    """Return one beta at which every quantity has the same value, but for those named."""
    values = np.array([other.get(name, value) for name in CHANGES])
    return flow.Run(beta, admissible, Changes(np.array([values] * 3), np.full(len(values), error)))


def lazy(patch: Patch, setting: Setting, *found: Changed) -> Evidence:
    """Run the check of the regime on given numbers."""
    patch.setattr(regime, "measured", lambda _: found)
    formulas = {"tolerance": sp.Rational(1, 100)}
    return regime.lazy(Context(setting, Budget.QUICK, 0, "regime-lazy", formulas))


@pytest.mark.parametrize(
    ("value", "error", "other", "learned"),
    [
        (0.3, 0.1, {}, True),
        (0.06, 0.02, {}, False),
        (0.3, 0.0, {"features": 0.0}, False),
        (1e-5, 0.0, {}, False),
    ],
)
def test_features_are_learned_only_where_they_change(
    monkeypatch: Patch, value: float, error: float, other: dict[str, float], learned: bool
) -> None:
    small = change(flow.SMALL_BETA, False, value, error, **other)
    text = lazy(monkeypatch, DEFAULT, small, change(900, True, 1e-6)).notes[0].text
    assert ("features are learned" in text) is learned
    assert "not known to admit" in text


def test_an_admissible_small_beta_is_not_compared_with(monkeypatch: Patch) -> None:
    found = (change(0.9, True, 1e-6), change(flow.SMALL_BETA, True, 1e-6))
    text = lazy(monkeypatch, FAINT, *found).notes[0].text
    assert "learned" not in text
    assert "not known to admit" not in text
    with pytest.raises(InputError, match="admits"):
        regime.learning(Context(FAINT, Budget.QUICK, 0, "", {"change": sp.Rational(1, 20)}))


@pytest.mark.parametrize(
    ("value", "error", "passed", "words"),
    [(1e-3, 0.0, True, ""), (0.5, 0.1, False, "was stated"), (0.01, 0.1, None, "too close")],
)
def test_the_verdict_on_the_regime_is_that_of_the_numbers(
    monkeypatch: Patch, value: float, error: float, passed: bool | None, words: str
) -> None:
    found = lazy(monkeypatch, SHALLOW, change(900, True, value, error))
    assert found.passed is passed
    assert words in found.reason
    assert bool(found.reason) is (passed is not True)
    assert ["not lazy" in note.text for note in found.notes] == (
        [] if passed is None else [not passed]
    )
    assert all("no encoder" in note.text for note in found.notes)


def test_small_labels_make_a_small_beta_admissible(monkeypatch: Patch) -> None:
    monkeypatch.setattr(flow, "changes", lambda *_: change(1, True, 0.1).found)
    flow.over_beta.cache_clear()
    for setting, admitted in ((DEFAULT, False), (FAINT, True)):
        found = flow.over_beta(setting, Budget.QUICK, 0)
        assert {c.beta: c.admissible for c in found}[flow.SMALL_BETA] is admitted
        assert (flow.small(found) is None) is admitted
        assert len([c for c in found if c.beta != flow.SMALL_BETA]) == len(flow.FRACTIONS)
    flow.over_beta.cache_clear()


def test_how_far_flows_are_followed_is_computed(monkeypatch: Patch) -> None:
    assert flow.extent(DEFAULT, Budget.QUICK) == flow.CONVERGED
    assert "cut short" in flow.extent(EIGHT, Budget.QUICK)
    note = lazy(monkeypatch, EIGHT, change(900, True, 1e-6)).notes[0]
    assert "as far as flows were followed" in note.text
    monkeypatch.setattr(flow, "end_time", lambda *_: 2.0)
    G2, _ = flow.linear_kernels(DEFAULT)
    y = DEFAULT.data.y
    left, steps = y, 20_000
    for _ in range(steps):
        left = left - 2 / DEFAULT.data.n / steps * (G2 @ left)
    assert f"{float(left @ left / (y @ y)):.2g} of its start" in flow.extent(DEFAULT, Budget.QUICK)


# --- threshold --------------------------------------------------------------------------------------------------------


def test_first_points_with_labels_of_zero_are_left_out() -> None:
    labels = (Fraction(0),) * 3 + EIGHT.data.labels[3:]
    setting = replace(EIGHT, data=replace(EIGHT.data, labels=labels))
    context = Context(setting, Budget.STANDARD, 0, "threshold-map", {})
    assert regime.family(context)[1] == (4, 6, 8)


# --- ablation ---------------------------------------------------------------------------------------------------------


def run(beta: float, admissible: bool, share: float) -> flow.Run[Any]:
    """Return a flow whose encoder has a given share of everything."""
    noise = np.array([[0.9], [1.0], [1.1]])
    series = {
        "KL_tau": SimpleNamespace(samples=noise),
        "KL_nu": SimpleNamespace(samples=share * noise[::-1]),
        "lambda_min_G": SimpleNamespace(samples=noise),
        "lambda_min_G2": SimpleNamespace(samples=(1 - share) * noise),
    }
    found = SimpleNamespace(
        series=series, time=(0.0,), samples=lambda name: series[name].samples[:, -1]
    )
    return flow.Run(beta, admissible, found)  # type: ignore[type-var]


def head(patch: Patch, *found: flow.Run[Any]) -> str:
    """Return the note on the last of these flows."""
    patch.setattr(regime, "runs", lambda _: found)
    context = Context(DEFAULT, Budget.QUICK, 0, "", {})
    return regime._carried_by_head(context, found[-1], found[-1].found).text


def test_depth_is_called_idle_only_where_its_shares_are_small(monkeypatch: Patch) -> None:
    assert "idle" in head(monkeypatch, run(40, False, 0.3), run(900, True, 1e-6))
    assert "idle" not in head(monkeypatch, run(40, False, 0.3), run(900, True, 0.3))


def test_one_beta_is_not_compared_with_itself(monkeypatch: Patch) -> None:
    alone = head(monkeypatch, run(0.9, True, 1e-6))
    assert alone.count(r"\beta = 0.9$") == 2
    assert "of it at" not in alone
    assert alone.count("±") == 2


def test_the_constants_that_get_smaller_are_named() -> None:
    found = answer("theorem-5-ablation/encoder-removed/constants", FAINT)
    assert found.passed
    assert "every" not in found.notes[0].text
    for label in regime.REMOVED.values():
        assert label in found.notes[0].text
        assert label in found.domain
    assert (
        answer(
            "theorem-5-ablation/encoder-removed/constants", FAINT, ratio=sp.Rational(1, 2)
        ).passed
        is False
    )


# --- test error -------------------------------------------------------------------------------------------------------


def at(size: int, value: float, error: float, *bounds: float) -> theorem6.Measured:
    return theorem6.Measured(size, Estimate(value=value, error=error), bounds, (1000.0,))


def test_the_factor_of_the_bound_is_that_of_the_upper_end() -> None:
    first, second = (0.322, 0.056), (0.1, 0.01)

    def said(least: float) -> str:
        return theorem6._looseness([at(4, *first, least, 700.0), at(8, *second, 340.0)])

    assert "267 at least" in said(101.0)
    assert "All bounds are above one" in said(101.0)
    assert said(0.35) == ""
    assert "above one" not in said(0.9)


@pytest.mark.parametrize("activation", ["tanh(x)+x/2", "gelu", "silu", "softplus", "x/2+sin(x)"])
def test_an_unbounded_activation_has_an_infinite_bound_and_no_answer(activation: str) -> None:
    setting = replace(DEFAULT, activation=activation_of(activation))
    with pytest.raises(InputError, match="bounded activation"):
        answer("theorem-6-measured/stated/test-error", setting)


def test_the_error_of_the_test_error_covers_the_draw_of_the_data() -> None:
    """At n = 4 the data decide: the mean of the other seeds, twice as many draws, is where each seed says."""
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = sphere(rng, theorem6.TESTS, theorem6.SPACE)
        context = Context(DEFAULT, Budget.QUICK, seed, "", {"bound": theorem6.bound_symbol}, paper)
        found.append(theorem6._measure(context, 4, rng, x).error)
    for one in found:
        others = [other for other in found if other is not one]
        mean = np.mean([other.value for other in others])
        error = np.mean([other.error for other in others]) / np.sqrt(2)
        assert abs(mean - one.value) < one.error + error
        assert one.noise > one.bias / 2
    spread = np.std([one.value for one in found])
    assert min(one.error for one in found) > spread


def test_a_yes_needs_the_least_bound_over_the_draws_and_a_no_the_largest() -> None:
    found = at(4, 0.3, 0.1, 0.35, 2.0).bound
    assert found.value - found.error == pytest.approx(0.35)
    assert found.value + found.error == pytest.approx(2.0)
    assert found.noise == 0


# --- assumptions ------------------------------------------------------------------------------------------------------


def test_the_probability_is_stated_at_the_cosine_it_belongs_to() -> None:
    found = answer("assumption-1-iid/stated/probability", OPPOSITE)
    assert "above 0 with probability 0.500000 (certified)" in found.notes[0].text
    assert r"at $C_{\max} = -1$ of the data at least as often" in found.notes[0].text
    assert (
        "at least as often"
        not in answer("assumption-1-iid/stated/probability", DEFAULT).notes[0].text
    )


def test_planted_errors_of_the_cap_are_caught_at_opposite_points() -> None:
    claim = next(c for c in paper.claims if c.id == "assumption-1-iid")
    errors = [error for error in claim.planted if "cap" in error.replace]
    assert len(errors) >= 4
    for error in errors:
        for check in error.rejected_by:
            assert answer(check, OPPOSITE, **error.replace).passed is False, error.id


@pytest.mark.parametrize(
    ("factor", "passed"),
    [(1, True), (2, True), (sp.Rational(1, 2), False), (1 - sp.Rational(1, 10**60), None)],
)
def test_an_undecided_constant_is_not_certified(factor: sp.Expr, passed: bool | None) -> None:
    formulas = {"constant": factor * C_1}
    found = assumptions.certified_constant(Context(DEFAULT, Budget.QUICK, 0, "", formulas))
    assert found.passed is passed
    assert bool(found.reason) is (passed is not True)


# --- orders in n ------------------------------------------------------------------------------------------------------


def test_exponents_of_notes_are_derived() -> None:
    text = answer("theorem-6-composition/stated/order", DEFAULT).notes[0].text
    for part in (r"C n^{3/2}/\beta^2", "part is $n^{1/4}$", "gives $n^{-1/2}$", r"$\beta$ cancels"):
        assert part in text
    more = sp.sqrt(n) * theorem6.CHAIN["complexity"]
    other = answer("theorem-6-composition/stated/order", DEFAULT, complexity=more).notes[0].text
    for part in (r"C n^{3/2}/\beta^2", "part is $n^{3/4}$", "gives $n^{0}$"):
        assert part in other
    scaling = answer("theorem-6-scaling/stated/orders", DEFAULT).notes[0].text
    assert "order $n^{-1/2}$, which makes the requirement $n^{3/2}$" in scaling
    assert theorem6.orders_in_n()["K"] == 0  # which the order of the other radius rests on
    required = theorem6.REQUIRED * n
    assert (
        "$n^{5/2}$"
        in answer("theorem-6-scaling/stated/orders", DEFAULT, required=required).notes[0].text
    )


# --- the encoder's divergence -----------------------------------------------------------------------------------------


def test_a_flow_cut_short_is_compared_with_what_it_has_reached(monkeypatch: Patch) -> None:
    monkeypatch.setattr(theorem5, "_end", lambda *_: 1.0)
    found = answer("theorem-5-kl-nu-limit/stated/limit", DEFAULT)
    at = (DEFAULT.activation, DEFAULT.data.X, DEFAULT.data.y)
    share = block_divergence(*at, 1.0) / block_divergence(*at)
    assert share < 0.6
    assert found.passed is True
    assert f"share of {share:.3g} of the limit" in found.notes[0].text
    for factor in (2, sp.Rational(1, 2)):
        limit = factor * theorem5.LIMIT
        assert answer("theorem-5-kl-nu-limit/stated/limit", DEFAULT, limit=limit).passed is False
