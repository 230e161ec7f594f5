"""The paper dmft: closures against brute force, the ridge limit, stability, bad input."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.checks import Budget, Context, Setting
from mfcheck.claims.model import Paper
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.dynamics.dmft import Descent, sample_process, square
from mfcheck.errors import InputError
from mfcheck_proofs import dmft as paper_module
from mfcheck_proofs.dmft import K1, K2, alpha, closure, delta, lam, runs_of, validate

paper: Paper = paper_module.paper


def at(**values: str) -> Setting:
    """The default setting with some values, given as text."""
    read = {p.name: p.read(values[p.name]) for p in paper.parameters if p.name in values}
    return paper.default.with_values(**read)


def density(f: mp.mpf, ratio: float) -> mp.mpf:
    """Average of a function over the law by mpmath, in the plain variable, the atom included."""
    low, high = (1 - mp.sqrt(ratio)) ** 2, (1 + mp.sqrt(ratio)) ** 2
    weight = lambda x: mp.sqrt((high - x) * (x - low)) / (2 * mp.pi * x)  # noqa: E731
    rest = mp.quad(lambda x: f(x) * weight(x), mp.linspace(low, high, 5))
    return rest + max(0, 1 - mp.mpf(ratio)) * f(mp.mpf(0))


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 10), st.integers(1, 10))
def test_two_steps_by_hand(ratio: int, spread: int, ridge: int, batch: int) -> None:
    setting = at(
        alpha=f"{ratio}/10",
        delta=f"{spread}/10",
        lam=f"{ridge}/10",
        batch=f"{batch}/10",
        eta="1/7",
        steps="2",
    )
    a, d, ell, b, h = ratio / 10, spread / 10, ridge / 10, batch / 10, 1 / 7
    first, second = closure(setting, 15)[1:]
    # The first step is along the data from a residual of mean 1 + Delta r0.
    assert float(first.m) == pytest.approx(h * b * a, rel=1e-12)
    start = (
        (1 - 2 * h * (ell + b * d * a)) * 0.25
        + h**2 * ell**2 * 0.25
        + 2 * h**2 * ell * b * d * a * 0.25
    )
    start += h**2 * b**2 * d**2 * (a + a**2) * 0.25
    drawn = h**2 * b * (1 - b) * (1 + d * 0.25) * d * a
    assert float(first.c) == pytest.approx(start + h**2 * b**2 * a * (a + d) + drawn, rel=1e-11)
    # m(2) = (1 - eta lam) m(1) + eta b alpha (1 - residual's part), with the first moment alpha of the law.
    left = 1 - h * b * (a + d)
    assert float(second.m) == pytest.approx(
        h * b * a * (1 - h * (ell + b * d * a)) + h * b * a * left, rel=1e-11
    )


def test_averages_by_quadrature() -> None:
    setting = at(alpha="3/5", steps="0")
    found = paper_module.averages(setting, 6, 0)[6]
    assert float(found) == pytest.approx(
        float(density(lambda x: (1 - mp.mpf("0.1") * (mp.mpf("0.1") + x / 2)) ** 6, 0.6)), rel=1e-10
    )


@pytest.mark.parametrize("ratio", [0.4, 3.0])
def test_ridge_averages_by_quadrature(ratio: float) -> None:
    values = {
        alpha: Fraction(ratio).limit_denominator(10),
        delta: Fraction(1, 2),
        lam: Fraction(1, 5),
    }
    for power, formula in ((1, K1), (2, K2)):
        exact = density(lambda x, p=power: (mp.mpf("0.2") + x / 2) ** -p, ratio)
        assert float(formula.subs(values)) == pytest.approx(float(exact), rel=1e-9)


def test_the_limit_is_reached() -> None:
    found = {c.id: c.value for c in evaluate_constants(paper, at(steps="400"), 12)}
    for name in ("m", "c", "test"):
        assert float(found[f"{name}_t"].lower) == pytest.approx(
            float(found[f"{name}_ridge"].lower), rel=2e-4
        )


def test_ridge_solution_of_a_large_sample() -> None:
    rng, d, runs = np.random.default_rng(3), 300, []
    for _ in range(8):
        A = rng.standard_normal((2 * d, d)) * np.sqrt(0.5 / d)
        A[:, 0] += 1 / np.sqrt(d)
        w = np.linalg.solve(A.T @ A + 0.1 * np.eye(d), A.sum(axis=0))
        runs.append((w[0] / np.sqrt(d), w @ w / d))
    found = {c.id: float(c.value.lower) for c in evaluate_constants(paper, paper.default, 12)}
    m, c = np.mean(runs, axis=0)
    assert m == pytest.approx(found["m_ridge"], rel=0.03)
    assert c == pytest.approx(found["c_ridge"], rel=0.04)


def test_a_run_is_the_update_of_the_paper() -> None:
    setting = at(batch="1", steps="3")
    found = runs_of(setting, (0, 3), 40, np.random.default_rng(11), 1)[0]
    (rng,) = np.random.default_rng(11).spawn(1)
    z, w = rng.standard_normal((80, 40)), rng.standard_normal(40)
    w[0] = 0
    w *= np.sqrt(0.25 * 40) / np.linalg.norm(w)
    x = np.sqrt(0.5) * z
    x[:, 0] += 1
    for _ in range(3):
        r = x @ w / np.sqrt(40)
        w = w - 0.1 * (0.1 * w + ((r - 1)[:, None] * x).sum(axis=0) / np.sqrt(40))
    assert found[0, 1] == pytest.approx(w[0] / np.sqrt(40))
    assert found[1, 1] == pytest.approx(w @ w / 40)
    assert found[2, 1] == pytest.approx(np.mean((x @ w / np.sqrt(40) - 1) ** 2) / 2)
    assert found[:2, 0] == pytest.approx([0, 0.25])


def test_no_step_has_no_overlap() -> None:
    found = {c.id: c for c in evaluate_constants(paper, at(steps="0"), 12)}
    assert found["m_t"].value.lower == found["m_t"].value.upper == "0"
    assert (
        "r0 must be positive"
        in {c.id: c for c in evaluate_constants(paper, at(steps="0", r0="0"), 12)}["test_t"].reason
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"eta": "3/5"}, "blow up"),
        ({"delta": "1/100", "eta": "3/2"}, "blow up"),
        ({"batch": "1/100", "lam": "0", "eta": "40"}, "variance"),
    ],
)
def test_steps_that_blow_up(values: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        validate(at(**values))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("alpha_text", ["1/2", "1"])
def test_no_ridge_has_no_limit(alpha_text: str) -> None:
    found = {c.id: c for c in evaluate_constants(paper, at(lam="0", alpha=alpha_text), 12)}
    assert found["m_ridge"].value is None
    assert "lam must be positive" in found["m_ridge"].reason
    assert found["m_t"].value is not None


def test_simulation() -> None:
    assert paper.simulate is not None
    setting = at(batch="3/10", eta="1/5", steps="10")
    found = paper.simulate(setting, 5, options={"d": "400", "runs": "16"}).final
    state = closure(setting, 15)[-1]
    for name, exact in (("m", state.m), ("c", state.c), ("train", state.rho / 2)):
        assert abs(found[name].value - float(exact)) < 2 * found[name].error < float(exact) / 4


def test_the_solver_on_the_square_loss() -> None:
    setting = at(steps="8")
    rule = Descent(*(setting.number(n) for n in ("alpha", "delta", "lam", "eta", "r0")))
    rng = np.random.default_rng(4)
    runs = np.array([sample_process(rule, square, 8, 4000, own) for own in rng.spawn(12)])
    state = closure(setting, 15)[-1]
    for k, exact in enumerate((state.m, state.c, state.rho / 2)):
        values = runs[:, k, -1]
        assert np.mean(values) == pytest.approx(
            float(exact), abs=4 * np.std(values) / np.sqrt(12), rel=1e-3
        )
        assert np.std(values) < 0.03 * float(exact)


def test_many_steps_are_enclosed() -> None:
    """After 1500 full batches the weights have settled at the ridge solution."""
    found = {c.id: c.value for c in evaluate_constants(paper, at(steps="1500"), 15)}
    for id, settled in (("m_t", "m_ridge"), ("c_t", "c_ridge")):
        assert float(found[id].lower) == pytest.approx(float(found[settled].lower), rel=1e-11)
        assert float(found[id].upper) - float(found[id].lower) < 1e-12


def test_runs_say_at_which_setting_they_were_made() -> None:
    """Full batches are run at the setting under review, and the words say so."""
    claim = paper.claim("full-batch")
    check = next(c for c in claim.checks if c.id.endswith("runs"))
    formulas = dict(claim.reading("stated").formulas)
    setting = at(alpha="1", delta="1")
    found = check.run(Context(setting, Budget.QUICK, 0, check.id, formulas, paper))
    assert found.passed is True
    assert "alpha = 1, delta = 1" in found.domain
