import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mfcheck.claims import Evidence
from mfcheck.statistics.corrections import coefficient, corrected_order

x = 2.0 ** np.arange(6, 13)


def order(y: np.ndarray, expected: float, error: float = 0.0) -> Evidence:
    words = {"id": "p", "x_label": "x", "y_label": "y", "domain": "d"}
    return corrected_order(x, y, error * y, expected, -0.5, **words)


@settings(deadline=None)
@given(st.floats(-2, 2), st.floats(-1.5, 3), st.floats(0.1, 10))
@example(0.0, 1.6875, 1.0)  # where leaving out two points changes next to nothing
def test_laws_with_a_slow_correction(power: float, size: float, factor: float) -> None:
    y = factor * x**power * (1 + size * x**-0.5 + size / x)
    assert order(y, power).passed is True
    assert order(y, power + 0.5).passed is False


def test_the_error_covers_where_a_straight_line_would_not() -> None:
    y = x**-0.5 * (1 + 3 * x**-0.5)
    line = np.polyfit(np.log(x), np.log(y), 1)[0]
    found = order(y, -0.5)
    assert found.lhs.value == pytest.approx(-0.5, abs=found.lhs.error)
    assert abs(line + 0.5) > 3 * abs(found.lhs.value + 0.5)


def test_noise_leaves_it_open() -> None:
    assert order(x**-0.5, -0.5, error=0.2).passed is None


def test_a_coefficient_beside_its_corrections() -> None:
    """L f(L) = 3 log L + 1 + 5/L + 20/L^2, the last term left out: within the error, which shrinks with depth."""
    for first, most in ((8, 0.3), (512, 1e-3)):
        x = first * 2.0 ** np.arange(7)
        y = 3 * np.log(x) + 1 + 5 / x + 20 / x**2
        found = coefficient(y, [np.log(x), np.ones(7), 1 / x])
        assert abs(found.value - 3) <= found.error < most
