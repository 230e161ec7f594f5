"""Transient chaos: what is said where lengths shrink to nothing."""

from fractions import Fraction

import pytest

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
