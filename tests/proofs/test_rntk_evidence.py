"""The evidence of the scaling paper says no more than its checks show."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.checks import Step, smaller
from mfcheck.claims import Budget, Context, Evidence, Scope, Setting
from mfcheck.kernels import pairs
from mfcheck.kernels.enclosure import taylor
from mfcheck.symbolic.circle import circle_points
from mfcheck_proofs.rntk_scaling import (
    degeneration,
    finite,
    kernel,
    limits,
    paper,
)
from mfcheck_proofs.rntk_scaling.setting import DEFAULT, SECOND, alpha, gamma, k0, k1, m, rho


def run(id: str, setting: Setting = DEFAULT, **changed: sp.Basic) -> Evidence:
    claim, check = next((c, k) for c in paper.claims for k in c.checks if k.id == id)
    formulas = {**claim.reading(check.reading).formulas, **changed}
    return check.run(Context(setting, Budget.QUICK, 0, id, formulas))


# --- constants, tables ----------------------------------------------------------------------------------------------


def test_constants_just_below_what_is_needed_do_not_fit() -> None:
    needed = degeneration.CONSTANTS["leading"]
    for leading, holds in ((needed, True), (needed - sp.Rational(1, 10**15), None)):
        compared = degeneration.comparisons({**degeneration.CONSTANTS, "leading": leading})
        assert [s.holds for s in smaller(compared) if s.name == "leading"] == [holds]
    assert (
        run("correlation-to-one/stated/proof", leading=needed - sp.Rational(1, 10**15)).passed
        is None
    )


@pytest.mark.parametrize(
    "id",
    [
        "theorem-1-constant/values/values",
        "theorem-2-slow/values/values",
        "theorem-3-fast/values/values",
        "critical-scaling/values/values",
    ],
)
def test_tables_are_readings_of_their_own(id: str) -> None:
    claim, check = next((c, k) for c in paper.claims for k in c.checks if k.id == id)
    assert check.reading == "values"
    tables = [r for r in claim.readings if "table" in r.formulas]
    assert tables[0].id == "values"
    assert all(set(r.formulas) == {"table"} for r in tables)
    assert run(id).scope is Scope.WHOLE


# --- the recursion, width and depth ----------------------------------------------------------------------------------


def test_one_layer_decides_all_of_the_recursion() -> None:
    """Each of these agrees at u = 1 with what is stated."""
    assert run("kernel-recursion/stated/layer").scope is Scope.WHOLE
    wrong = {
        "pass": k0 * rho + rho * k1,
        "term": (k1 + rho * k1) / 2,
        "factor": (1 + alpha**2 * k0**2) / (1 + alpha**2),
        "step": (rho + alpha**2 * k1**2) / (1 + alpha**2),
    }
    assert [run("kernel-recursion/stated/layer", **{k: v}).passed for k, v in wrong.items()] == [
        False
    ] * 4


def test_the_threshold_holds_for_every_gamma() -> None:
    stated = run("width-and-depth/stated/threshold")
    assert (stated.passed, stated.scope) == (True, Scope.WHOLE)
    half, tiny = sp.Rational(1, 2), sp.Rational(1, 10**9)
    assert [
        run("width-and-depth/stated/threshold", threshold=half + s * tiny).passed for s in (-1, 1)
    ] == [
        False,
        False,
    ]
    assert run("width-and-depth/stated/moments").scope is Scope.CASES


@pytest.mark.parametrize(("q", "neurons"), [(1e-6, 1), (0.3, 1), (1.0, 2), (0.01, 100)])
def test_both_bounds_of_the_excess(q: float, neurons: int) -> None:
    excess = float((SECOND - 1).subs({alpha: sp.sqrt(sp.Rational(q)), m: neurons}))
    assert q / neurons <= excess * (1 + 1e-12) <= (11 + 10 / neurons) * q / neurons


# --- gamma = 1/2 and above -------------------------------------------------------------------------------------------


def test_undecided_distances_stay_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs.Pair, "limit", arb(0, 1))
    for id in ("critical-scaling/stated/neither", "critical-scaling/stated/proof"):
        found = run(id)
        assert (found.passed, found.notes) == (None, ())


def test_the_law_of_the_clock_is_said_by_the_check_that_bounds_it() -> None:
    assert [n.id for n in run("critical-scaling/stated/proof").notes] == ["clock-law"]
    assert run("critical-scaling/stated/neither").notes == ()
    assert run("critical-scaling/stated/proof", slope=sp.Rational(1, 10)).notes == ()


def test_the_lower_bound_at_opposite_points_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("theorem-3-fast/uniform/uniform").passed is False
    monkeypatch.setattr(limits, "certified", lambda _: [Step("-H near u = -1", None)])
    found = run("theorem-3-fast/uniform/uniform")
    assert (found.passed, found.notes) == (None, ())


def test_the_leading_term_is_a_step() -> None:
    assert {s.name: s.holds for s in limits.leading_term()}["leading term"] is True
    assert all(s.holds for s in limits.leading_term())


# --- positive definiteness -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("least", "passed"), [(arb(2) ** -80, True), (arb(0, 1e-30), None), (-(arb(2) ** -80), False)]
)
def test_signs_of_small_coefficients(
    monkeypatch: pytest.MonkeyPatch, least: arb, passed: bool | None
) -> None:
    monkeypatch.setattr(kernel, "taylor", lambda *_: [arb(1), least])
    found = run("positive-definite/deeper/taylor")
    assert found.passed is passed
    assert "depths 2, 3, 10" in found.domain


def test_deeper_kernels_are_definite_on_opposite_pairs() -> None:
    some = circle_points(3, 2)
    points = (*some, *(tuple(-x for x in p) for p in some))
    labels = tuple(Fraction(1) for _ in points)
    setting = replace(DEFAULT, data=replace(DEFAULT.data, points=points, labels=labels))
    assert run("positive-definite/deeper/data", setting).passed is True


def test_deeper_kernels_are_definite_at_every_depth() -> None:
    found = run("positive-definite/deeper/proof")
    assert (found.passed, found.scope) == (True, Scope.WHOLE)
    for depth, a in ((2, 0.01), (2, 0.99), (7, 0.3)):
        assert all(bool(c > 0) for c in taylor(depth, arb(a), 12))


# --- regression ------------------------------------------------------------------------------------------------------


def test_the_scale_of_the_kernel_for_every_gamma() -> None:
    found = run("rapid-decay/scale/scale")
    assert (found.passed, found.scope) == (True, Scope.WHOLE)
    near = 1 - 2 * gamma + sp.Rational(1, 10**9)
    assert run("rapid-decay/scale/scale", power=near).passed is False


def test_early_stopping_in_other_dimensions() -> None:
    """The exponent -d/(2d-1) is -2/3 and -5/9; one that is right in three dimensions alone is not enough."""
    assert run("early-stopping/stated/dimensions").passed
    for id in ("sampled-2", "sampled-5"):
        assert run(f"early-stopping/stated/{id}").passed
        assert run(f"early-stopping/stated/{id}", rate=-sp.Rational(3, 2)).passed is False
    assert run("early-stopping/stated/dimensions", rate=-sp.Rational(3, 5)).passed is False
    assert run("early-stopping/stated/dimensions", time=sp.Rational(11, 10)).passed is False
    for d in (2, 5):
        n = finite.aligned_sizes(d)
        slope = np.polyfit(
            np.log(n[-3:]),
            np.log([finite.model(d, finite.FAR).minimax_risk(m) for m in n[-3:]]),
            1,
        )[0]
        assert slope == pytest.approx(-d / (2 * d - 1), abs=0.003)


def test_depths_are_named_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    risks = np.ones((4, 2, 1)) * np.array([1.1, 1.0])[None, :, None]
    monkeypatch.setattr(finite, "best_risks", lambda *_: ((0.4, 0.8), (20,), risks))
    assert "L = 20;" in run("rapid-decay/stated/synthetic").domain


@pytest.mark.parametrize(
    ("order", "holds"),
    [
        (sp.Rational(1, 2) - gamma, True),
        (sp.Rational(1, 2) - 2 * gamma, False),
        (sp.Rational(1, 2) - gamma + sp.Symbol("unknown", real=True), None),
    ],
)
def test_orders_that_cannot_be_compared_are_undecided(order: sp.Expr, holds: bool | None) -> None:
    assert run("theorem-3-fast/uniform/uniform", order=order).passed is holds
