from fractions import Fraction

import numpy as np
import pytest

from mfcheck.claims import Case, Data, Setting
from mfcheck.symbolic.activation import activation

SETTING = Setting(
    Data(((Fraction(3), Fraction(4)), (Fraction(1), Fraction(0))), (Fraction(1), Fraction(-1, 2))),
    activation("tanh"),
    (("beta", Fraction(1, 4)),),
)
CASE = Case(SETTING, (("T", Fraction(1, 8)),))


def test_a_case_in_double_precision() -> None:
    sample = CASE.sample()
    np.testing.assert_allclose(sample.X, [[0.6, 0.8], [1, 0]])
    np.testing.assert_array_equal(sample.y, [1, -0.5])
    assert sample.values == {"beta": 0.25, "T": 0.125}
    assert sample.activation is SETTING.activation


def test_own_variables_are_exact() -> None:
    assert CASE["T"] == Fraction(1, 8)
    with pytest.raises(KeyError):
        CASE["beta"]
