"""Fixed points, moments and tied kernels against quadrature, iteration, matrices and sampling."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from mpmath import mp
from scipy.special import expit

from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import rnn_isometry as rnn
from mfcheck_proofs.rnn_isometry import (
    cell_state,
    counterexample,
    gate,
    isometry,
    networks,
    vanilla,
)

DEFAULT = rnn.paper.default
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(300)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


def mean(f, q: float, mu: float) -> float:  # type: ignore[no-untyped-def]
    """Gauss and Hermite's rule."""
    return float(WEIGHTS @ f(expit(mu + math.sqrt(q) * NODES)))


def with_activation(name: str, **changes: object) -> Setting:
    found = DEFAULT.with_values(**{k: Fraction(str(v)) for k, v in changes.items()})
    return Setting(found.data, activation(name), found.values)


@pytest.mark.parametrize(
    ("sw", "sv", "mu", "r"),
    [("2", "1.39", "2", "0.46"), ("1", "0.3", "-1", "2"), ("3", "1", "1", "0.5")],
)
def test_the_state_by_iteration(sw: str, sv: str, mu: str, r: str) -> None:
    chosen = gate.cell(sw, sv, mu, r)
    state = 0.0
    for _ in range(2000):
        q = float(sw) ** 2 * state + float(sv) ** 2 * float(r)
        state = state * mean(lambda u: u**2, q, float(mu)) + float(r) * mean(
            lambda u: (1 - u) ** 2, q, float(mu)
        )
    assert float(gate.stationary(chosen)[gate.Q]) == pytest.approx(state, rel=1e-7)


def test_two_steps_by_sampling() -> None:
    chosen = cell_state.TIED[0]
    known = cell_state.two_steps(chosen)
    q, state, first = (
        float(known_) for known_ in (gate.gate_variance(chosen, 15), known[gate.Q], known[gate.U1])
    )
    c = 6.88**2 * state * first / q
    rng = np.random.default_rng(0)
    n = 2_000_000
    e = math.sqrt(q) * rng.standard_normal((2, n))
    e[1] = c * e[0] + math.sqrt(1 - c * c) * e[1]
    u, v = expit(e)
    h, z, new = rng.standard_normal((3, n)) * np.sqrt([[state], [0.46], [0.46]])
    found = np.mean((v * (u * h + (1 - u) * z) + (1 - v) * new) ** 2)
    assert found == pytest.approx(float(enclose(cell_state.TWO_STEPS, known)), rel=5e-3)
    assert abs(found - state) > 5e-3


@pytest.mark.parametrize("mu", [0, 4])
def test_the_spectrum_by_sampling(mu: int) -> None:
    """The certified relative variance against independent h, z, u of a long untied run."""
    known = gate.on_line(Fraction(mu))
    weight, q = float(known[gate.w2]), float(known[gate.w2]) * float(known[gate.Q]) + 1.39**2 * 0.46
    rng, n = np.random.default_rng(1), 1_000_000
    h = np.zeros(n)
    for _ in range(60):
        u = expit(mu + math.sqrt(q) * rng.standard_normal(n))
        z = math.sqrt(0.46) * rng.standard_normal(n)
        before, h = h, z + u * (h - z)
    v = u * (1 - u) * (before - z)
    first = np.mean(u**2) + weight * np.mean(v**2)
    second = (
        np.mean(u**4)
        + 2 * weight * np.mean(u**2) * np.mean(v**2)
        + 2 * weight * np.mean(u**2 * v**2)
    )
    second += weight**2 * (np.mean(v**4) + np.mean(v**2) ** 2)
    assert second / first**2 - 1 == pytest.approx(
        float(isometry.certified_variance(mu, 1)), rel=0.03
    )
    assert first == pytest.approx(1, rel=0.01)


def test_critical_sigma_by_the_sheet() -> None:
    for mu, value in (("-2", 8.626901046739378), ("4", 6.024192198809217)):
        setting = DEFAULT.with_values(mu_b=Fraction(mu))
        assert float(gate.critical_of(setting, 15)) == pytest.approx(value, rel=1e-13)


def test_vanilla_by_mpmath() -> None:
    setting = with_activation("erf", sigma_w="1.3", sigma_v="0.6", input_var=1, input_corr="1/4")
    q, c = (float(f(setting, 15)) for f in (vanilla.vanilla_variance, vanilla.vanilla_correlation))

    def kernel(corr: float) -> float:
        return float(2 / mp.pi * mp.asin(2 * q * corr / (1 + 2 * q)))

    assert q == pytest.approx(1.69 * kernel(1) + 0.36, rel=1e-12)
    assert q * c == pytest.approx(1.69 * kernel(c) + 0.09, rel=1e-12)
    slope = (kernel(c + 1e-6) - kernel(c - 1e-6)) / 2e-6
    assert float(vanilla.vanilla_slope_at(setting, 15)) == pytest.approx(1.69 * slope / q, rel=1e-6)


def test_equal_or_unrelated_inputs() -> None:
    assert vanilla.vanilla_correlation(with_activation("tanh", sigma_w=1, input_corr=1), 12) == 1
    assert vanilla.vanilla_correlation(with_activation("tanh", sigma_w=3, input_corr=0), 12) == 0
    assert vanilla.vanilla_correlation(with_activation("relu", sigma_w=1, input_corr=0), 12) > 0


def test_tied_kernel_of_the_sheet() -> None:
    found = [float(value) for value in counterexample.tied_kernel(6)]
    wanted = [1, 1.5, 3.2791658, 8.11865333, 21.27525909, 57.54278498, 158.71879218]
    assert found == pytest.approx(wanted, rel=1e-7)


def test_refusals_and_degenerate_cells() -> None:
    with pytest.raises(InputError, match="dies out"):
        vanilla.vanilla_correlation(with_activation("tanh", sigma_w="1/2", sigma_v=0), 12)
    with pytest.raises(InputError, match="no depth scale"):
        vanilla.vanilla_scale(with_activation("tanh", sigma_w=0), 12)
    with pytest.raises(InputError, match="no stable"):
        vanilla.vanilla_variance(with_activation("relu", sigma_w=2), 12)
    assert gate.gate_variance(gate.cell("0", "1", "0", "1"), 12) == arb(1)


def test_dead_states_are_refused() -> None:
    setting = DEFAULT.with_values(sigma_w=0, sigma_v=0)
    with pytest.raises(InputError, match="die out"):
        networks._in_parts(setting, 40, 8, np.random.default_rng(0), 4, False)


def iterated(sw: float, mu: float, start: float) -> tuple[float, float]:
    """Q and chi_1 after many steps from a start, sigma_v = 1.39 and R = .46, by the trapezoidal rule."""
    z = np.linspace(-12, 12, 1500)
    weight, state = np.exp(-z * z / 2), start
    weight /= weight.sum()
    for _ in range(12_000):
        u = expit(mu + math.sqrt(sw**2 * state + 1.39**2 * 0.46) * z)
        state = float(state * (weight @ u**2) + 0.46 * (weight @ (1 - u) ** 2))
    return state, float(weight @ u**2 + sw**2 * (state + 0.46) * (weight @ (u * (1 - u)) ** 2))


def test_two_states_have_no_critical_line_between_them() -> None:
    # From Q = 0 chi_1 stays below 1 up to sigma_w = 11.5 and is 1.5 at 12; from Q = .3 it is 1.4 at 11.5.
    chis = [iterated(sw, 6, start)[1] for sw, start in ((11.5, 0), (12, 0), (11.5, 0.3))]
    assert chis == pytest.approx([0.996099, 1.496490, 1.446607], abs=2e-6)
    at = {"sigma_v": Fraction("1.39"), "mu_b": 6, "input_var": Fraction("0.46")}
    assert float(
        gate.gate_variance(gate.cell_of(DEFAULT.with_values(**at, sigma_w=Fraction("11.5"))), 12)
    ) == pytest.approx(11.5**2 * iterated(11.5, 6, 0)[0] + 1.39**2 * 0.46, rel=1e-6)
    with pytest.raises(InputError, match="jumps past 1"):
        gate.critical_of(DEFAULT.with_values(**at), 12)


def test_the_smallest_of_two_close_states() -> None:
    # sigma_w = 18.65, sigma_v = 2, sigma_b = 1/2, mu_b = 5, R = .1: Q = .0028434927, .0029508464, .0474399872.
    chosen = gate.Cell(Fraction("18.65"), Fraction(2), Fraction(5), Fraction(1, 2), Fraction(1, 10))
    q = float(gate.gate_variance(chosen, 12))
    assert (q - 0.65) / 18.65**2 == pytest.approx(0.0028434926990, rel=1e-9)
    state = (q - 0.65) / 18.65**2
    kept, left = mean(lambda u: u**2, q, 5), mean(lambda u: (1 - u) ** 2, q, 5)
    assert state * kept + 0.1 * left == pytest.approx(state, rel=1e-7)
