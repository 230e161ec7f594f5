"""Transient chaos: what is said where lengths shrink to nothing."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck_proofs import transient_chaos as tc


def test_at_length_zero_there_is_nothing_to_follow() -> None:
    # tanh without bias: q* = 0 up to sigma_w = 1, a positive one beyond
    for weight, positive in ((Fraction(9, 10), False), (1, False), (Fraction(11, 10), True)):
        setting = tc.paper.default.with_values(sigma_w=weight, sigma_b=0)
        if positive:
            assert tc.positive_variance(setting, 10) > 0
        else:
            with pytest.raises(InputError, match=r"settle at q\* = 0"):
                tc.simulated(setting, 0, 2)
            with pytest.raises(InputError, match=r"settle at q\* = 0"):
                tc.simulated_pairs(setting, 0, 2)


@pytest.mark.parametrize("scale", [1.0, 4.0, 50.0, 1000.0])
def test_the_length_of_the_shallow_image_is_within_its_error(scale: float) -> None:
    found = tc.shallow_length(scale, 3)
    weights = scale * stream(3, f"shallow {scale}").standard_normal((200, 2))
    total = 0.0
    for part in range(8):  # |dh/dt| by the trapezoidal rule, which converges fast on a period
        t = 2 * np.pi * (np.arange(40_000) + part / 8) / 40_000
        u, du = (weights @ np.stack(p) for p in ((np.cos(t), np.sin(t)), (-np.sin(t), np.cos(t))))
        with np.errstate(over="ignore"):
            total += float(np.linalg.norm(du / np.cosh(u) ** 2, axis=0).sum()) * 2 * np.pi / 320_000
    assert 0 < total - found.value < found.error
