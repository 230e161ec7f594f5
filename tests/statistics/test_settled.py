"""Extrapolation in width, guarded where the widths are too small."""

from hypothesis import assume, given
from hypothesis import strategies as st

from mfcheck.claims.record import Estimate
from mfcheck.statistics import extrapolated
from mfcheck.statistics.settled import settled


def at(value: float) -> Estimate:
    return Estimate(value=value, error=0.01, dof=100)


def test_a_small_correction_is_removed_as_before() -> None:
    both = at(1.2), at(1.05)
    assert settled((50, 200), both) == extrapolated((50, 200), both)


@given(st.floats(-5, 5), st.floats(1, 1e4), st.floats(1, 3))
def test_large_corrections_of_any_power_stay_within_the_error(
    limit: float, size: float, power: float
) -> None:
    both = [at(limit + size / n**power) for n in (50, 200)]
    assume(abs(both[0].value - both[1].value) > 0.4 * abs(both[1].value) + 0.02)
    found = settled((50, 200), both)
    assert abs(found.value - limit) <= found.error + 1e-9
