"""The paper generalization-gap: the fixed point and errors against other routes, bad input."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.checks import Setting
from mfcheck.claims.model import Paper
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError
from mfcheck_proofs import generalization_gap as paper_module
from mfcheck_proofs.generalization_gap import fits, kappa, rare_features

paper: Paper = paper_module.paper


def at(**values: str) -> Setting:
    """The default setting with some values, given as text."""
    read = {p.name: p.read(values[p.name]) for p in paper.parameters if p.name in values}
    return paper.default.with_values(**read)


def constants(**values: str) -> dict[str, float]:
    """Middle of each constant that exists."""
    found = {c.id: c.value for c in evaluate_constants(paper, at(**values), 12)}
    return {
        id: (float(v.lower) + float(v.upper)) / 2
        for id, v in found.items()
        if v is not None and hasattr(v, "lower")
    }


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 300), st.integers(1, 60), st.integers(0, 4), st.integers(1, 200))
def test_kappa_by_iteration(samples: int, modes: int, decay: int, ridge: int) -> None:
    found = kappa(
        at(samples=str(samples), modes=str(modes), decay=f"{decay}/2", lam=f"{ridge}/20"), 15
    )
    e = [mp.mpf(k) ** (-mp.mpf(decay) / 2) for k in range(1, modes + 1)]
    lam = mp.mpf(ridge) / 20
    root = mp.findroot(lambda x: lam / x + sum(a / (x + samples * a) for a in e) - 1, float(found))
    assert float(found) == pytest.approx(float(root), rel=1e-12)


def test_one_mode_is_a_quadratic() -> None:
    # kappa = lam + kappa/(kappa + P): kappa^2 + (P - 1 - lam) kappa - lam P = 0.
    found = constants(samples="7", modes="1", decay="0", lam="2", width="3", noise2="1/2")
    b, c = 7 - 1 - 2, -2 * 7
    root = (-b + np.sqrt(b * b - 4 * c)) / 2
    g = 7 / (root + 7) ** 2
    test = (root**2 / (root + 7) ** 2 + 0.5) / (1 - g)
    assert found["kappa"] == pytest.approx(root, rel=1e-11)
    assert found["test_ridge"] == pytest.approx(test, rel=1e-11)
    assert found["train_ridge"] == pytest.approx((2 / root) ** 2 * test, rel=1e-11)


def test_a_small_ridge_gives_least_squares() -> None:
    found = constants(samples="200", modes="40", width="40", lam="1e-12", noise2="1")
    assert found["test_ridge"] == pytest.approx(found["test_ratio"], rel=1e-9)
    assert found["train_ridge"] == pytest.approx(found["train_ratio"], rel=1e-9)


def test_generalised_cross_validation() -> None:
    # For large P, test = train/(mean of the diagonal of 1 - hat matrix)^2, which is (lam/kappa)^2.
    rng, size, lam = np.random.default_rng(5), 2000, 40.0
    e = 1 / np.arange(1, 41)
    X = rng.standard_normal((size, 40)) * np.sqrt(e)
    hat = np.trace(np.linalg.solve(X.T @ X + lam * np.eye(40), X.T @ X))
    found = kappa(at(samples="2000", lam="40"), 12)
    assert 1 - hat / size == pytest.approx(lam / float(found), rel=2e-4)


def test_what_a_fit_changes() -> None:
    rng = np.random.default_rng(1)
    X, y, best = (
        rng.standard_normal((3, 30, 4)),
        rng.standard_normal((3, 30)),
        np.array([1.0, 2.0, 0.0, -1.0]),
    )
    added, taken = fits(X, y)
    for run in range(3):
        read = np.linalg.lstsq(X[run], X[run] @ best + y[run], rcond=None)[0]
        assert added[run] == pytest.approx(np.sum((read - best) ** 2))
        left = X[run] @ (best - read) + y[run]
        assert taken[run] == pytest.approx(np.mean(y[run] ** 2) - np.mean(left**2))


def test_rare_features_have_unit_power() -> None:
    sample, _, size, best = rare_features(0.25)
    features, noise = sample(np.random.default_rng(2), 50, 2000)
    assert np.mean(features**2) == pytest.approx(1, rel=0.05)
    assert np.mean(noise**2) == pytest.approx(best, rel=0.05)
    assert np.mean(noise[..., None] ** 2 * features**2) == pytest.approx(size, rel=0.1)


def test_critical_error_is_the_edge() -> None:
    found = constants(width="30", samples="90")
    assert found["gap_ratio"] * found["eps_critical"] == pytest.approx(found["headline"], rel=1e-11)
    assert Fraction(4, 5) == Fraction(found["eps_critical"]).limit_denominator(100)


@pytest.mark.parametrize(
    ("samples", "missing"), [("50", {"train_ratio", "test_finite"}), ("51", {"test_finite"})]
)
def test_too_few_samples_are_said(samples: str, missing: set[str]) -> None:
    found = {c.id: c for c in evaluate_constants(paper, at(samples=samples), 12)}
    for id in missing:
        assert found[id].value is None
        assert "samples must exceed" in found[id].reason
    assert found["kappa"].value is not None


@pytest.mark.parametrize(
    ("name", "text"), [("lam", "0"), ("decay", "-1"), ("modes", "0"), ("width", "1/2")]
)
def test_bad_input_is_one_line(name: str, text: str) -> None:
    with pytest.raises(InputError, match=name):
        at(**{name: text})


def test_simulation() -> None:
    assert paper.simulate is not None
    setting = at(samples="60", modes="20", width="10")
    found = paper.simulate(setting, 1, options={"runs": "200"}).final
    exact = constants(samples="60", modes="20", width="10")
    for id, estimate in found.items():
        assert abs(estimate.value - exact[id]) < 2 * estimate.error < exact[id] / 4, id
    with pytest.raises(InputError, match="at most"):
        paper.simulate(at(samples="5000"), 1)
