"""Numbers in sentences cover the interval that they stand for."""

import pytest

from mfcheck.claims.record import Estimate
from mfcheck.statistics.quoting import quoted, quoted_tex


@pytest.mark.parametrize("value", [0.0, 1.0, -0.51278, 2.5437e-6, 123456.0])
@pytest.mark.parametrize("error", [3e-9, 0.00889, 0.00999, 0.12, 0.0995, 99.6, 99.9])
def test_quoted_interval_covers_the_interval(value: float, error: float) -> None:
    centre, half = map(float, quoted(Estimate(value=value, error=error)).split(" ± "))
    slack = 1e-9 * (half + abs(value))
    assert centre - half <= value - error + slack
    assert value + error <= centre + half + slack
    assert half <= 1.3 * error + 1e-12


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (4.585e-6, 2.7e-6, r"$4.6 \cdot 10^{-6} \pm 2.8 \cdot 10^{-6}$"),
        (0.619, 0.083, r"$0.619 \pm 0.083$"),
        (0.0, 0.0, "$0$"),
        (0.0, 0.004, r"$0 \pm 0.0040$"),
    ],
)
def test_numbers_are_written_as_tex(value: float, error: float, text: str) -> None:
    assert quoted_tex(Estimate(value=value, error=error)) == text


def test_a_number_without_error_stands_alone() -> None:
    """It is rounded, so that no interval of width zero is to be read off."""
    assert quoted(Estimate(value=0.123456789, error=0.0)) == "0.123457"
    assert quoted(Estimate(value=3.0, error=0.0)) == "3"
    assert quoted(Estimate(value=1e-320, error=1e-322))
