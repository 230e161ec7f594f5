"""Fixed points, moments and tied kernels against quadrature, iteration, matrices and sampling."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from mpmath import mp
from scipy.special import expit

from mfcheck.claims.record import Estimate
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import rnn_isometry as rnn

DEFAULT = rnn.paper.default


def with_activation(name: str, **changes: object) -> Setting:
    found = DEFAULT.with_values(**{k: Fraction(str(v)) for k, v in changes.items()})
    return Setting(found.data, activation(name), found.values)


def test_two_steps_by_sampling() -> None:
    chosen = rnn.TIED[0]
    known = rnn.two_steps(chosen)
    q, state, first = (
        float(known_) for known_ in (rnn.gate_variance(chosen, 15), known[rnn.Q], known[rnn.U1])
    )
    c = 6.88**2 * state * first / q
    rng = np.random.default_rng(0)
    n = 2_000_000
    e = math.sqrt(q) * rng.standard_normal((2, n))
    e[1] = c * e[0] + math.sqrt(1 - c * c) * e[1]
    u, v = expit(e)
    h, z, new = rng.standard_normal((3, n)) * np.sqrt([[state], [0.46], [0.46]])
    found = np.mean((v * (u * h + (1 - u) * z) + (1 - v) * new) ** 2)
    assert found == pytest.approx(float(enclose(rnn.TWO_STEPS, known)), rel=5e-3)
    assert abs(found - state) > 5e-3


@pytest.mark.parametrize("mu", [0, 4])
def test_the_spectrum_by_sampling(mu: int) -> None:
    """The certified relative variance against independent h, z, u of a long untied run."""
    known = rnn.on_line(Fraction(mu))
    weight, q = float(known[rnn.w2]), float(known[rnn.w2]) * float(known[rnn.Q]) + 1.39**2 * 0.46
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
    assert second / first**2 - 1 == pytest.approx(float(enclose(rnn.GAUSSIAN, known)), rel=0.03)
    assert first == pytest.approx(1, rel=0.01)


def test_critical_sigma_by_the_sheet() -> None:
    for mu, value in (("-2", 8.626901046739378), ("4", 6.024192198809217)):
        setting = DEFAULT.with_values(mu_b=Fraction(mu))
        assert float(rnn.critical(setting, 15)) == pytest.approx(value, rel=1e-13)


def test_vanilla_by_mpmath() -> None:
    setting = with_activation("erf", sigma_w="1.3", sigma_v="0.6", input_var=1, input_corr="1/4")
    q, c = (float(f(setting, 15)) for f in (rnn.vanilla_variance, rnn.vanilla_correlation))

    def kernel(corr: float) -> float:
        return float(2 / mp.pi * mp.asin(2 * q * corr / (1 + 2 * q)))

    assert q == pytest.approx(1.69 * kernel(1) + 0.36, rel=1e-12)
    assert q * c == pytest.approx(1.69 * kernel(c) + 0.09, rel=1e-12)
    slope = (kernel(c + 1e-6) - kernel(c - 1e-6)) / 2e-6
    assert float(rnn.vanilla_slope_at(setting, 15)) == pytest.approx(1.69 * slope / q, rel=1e-6)


def test_equal_or_unrelated_inputs() -> None:
    assert rnn.vanilla_correlation(with_activation("tanh", sigma_w=1, input_corr=1), 12) == 1
    assert rnn.vanilla_correlation(with_activation("tanh", sigma_w=3, input_corr=0), 12) == 0
    assert rnn.vanilla_correlation(with_activation("relu", sigma_w=1, input_corr=0), 12) > 0


def test_tied_kernel_of_the_sheet() -> None:
    found = [float(value) for value in rnn.tied_kernel(6)]
    wanted = [1, 1.5, 3.2791658, 8.11865333, 21.27525909, 57.54278498, 158.71879218]
    assert found == pytest.approx(wanted, rel=1e-7)


def test_refusals_and_degenerate_cells() -> None:
    with pytest.raises(InputError, match="dies out"):
        rnn.vanilla_correlation(with_activation("tanh", sigma_w="1/2", sigma_v=0), 12)
    with pytest.raises(InputError, match="no depth scale"):
        rnn.vanilla_scale(with_activation("tanh", sigma_w=0), 12)
    with pytest.raises(InputError, match="no stable"):
        rnn.vanilla_variance(with_activation("relu", sigma_w=2), 12)
    assert rnn.gate_variance(rnn.cell("0", "1", "0", "1"), 12) == arb(1)


def simulated(seed: int = 0, **changes: object) -> dict[str, Estimate]:
    choices = {k: v for k, v in changes.items() if k in ("cell", "weights")}
    numbers = {k: Fraction(str(v)) for k, v in changes.items() if k not in choices}
    assert rnn.paper.simulate is not None
    setting = DEFAULT.with_values(**numbers, **choices)
    return dict(rnn.paper.simulate(setting, seed, options={"nets": "12"}).final)


def test_dead_states_are_refused() -> None:
    with pytest.raises(InputError, match="die out"):
        simulated(sigma_w=0, sigma_v=0, cell="vanilla", width=40, steps=4)


def test_slow_vanilla_cells_start_where_they_stay() -> None:
    """From the inputs they would take hundreds of steps to q* = .0122: after 30 they are at .03."""
    found = simulated(sigma_w=1, sigma_v="0.025", cell="vanilla", width=200, steps=60)
    assert abs(found["q"].value - 0.0121930035195) < 2 * found["q"].error < 0.008


def test_tied_cells_forget_the_untied_state() -> None:
    """At mu_b = 4 a long run, from the start of another seed, stays near .0213; steps 30 to 60 have .032."""
    found = simulated(sigma_w="6.024", mu_b=4, weights="tied", width=160, steps=60)
    assert abs(found["Q"].value - 0.0213) < 2 * found["Q"].error < 0.008
    with pytest.raises(InputError, match="forget their start"):
        simulated(mu_b=12, weights="tied", width=40)


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
        rnn.gate_variance(rnn.cell_of(DEFAULT.with_values(**at, sigma_w=Fraction("11.5"))), 12)
    ) == pytest.approx(11.5**2 * iterated(11.5, 6, 0)[0] + 1.39**2 * 0.46, rel=1e-6)
    with pytest.raises(InputError, match="jumps past 1"):
        rnn.critical(DEFAULT.with_values(**at), 12)
