import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims import Estimate
from mfcheck.statistics.compare import agrees, at_most, order_evidence, slope

numbers = st.floats(-1e6, 1e6)
errors = st.floats(0, 1e3)


@given(numbers, errors, numbers, errors)
def test_at_most_never_contradicts_any_true_values(
    a: float, da: float, b: float, db: float
) -> None:
    answer = at_most(Estimate(value=a, error=da), Estimate(value=b, error=db))
    if answer is True:
        assert a + da <= b - db or np.isclose(a + da, b - db)
    elif answer is False:
        assert a - da > b + db or np.isclose(a - da, b + db)
    else:
        assert abs(a - b) <= da + db or np.isclose(abs(a - b), da + db)


@pytest.mark.parametrize(("left", "right"), [(0.5, 0.0), (0.0, 0.5), (0.2, 0.2)])
def test_the_errors_of_both_sides_leave_an_inequality_open(left: float, right: float) -> None:
    above = Estimate(value=1.3, error=right)
    assert at_most(Estimate(value=1.0, error=left), above) is None
    assert at_most(Estimate(value=0.7, error=left), above) is True


def test_agreement_needs_a_small_error() -> None:
    one = Estimate(value=1.0, error=0.0)
    assert agrees(Estimate(value=1.005, error=0.01), one, 0.02) is True
    assert agrees(Estimate(value=1.005, error=0.03), one, 0.02) is None
    assert agrees(Estimate(value=1.05, error=0.01), one, 0.02) is False


@given(
    st.sampled_from([-4, -2, -1, -0.5, 0.5, 1, 2]),
    st.floats(-0.05, 0.05),
    st.sampled_from([(10, 20, 40, 80, 160), (10, 20, 40), (10, 12, 15, 18), (10, 80, 90)]),
)
def test_slope_covers_the_order_with_a_correction(
    order: float, correction: float, at: tuple[int, ...]
) -> None:
    x = np.array(at, dtype=float)
    y = x**order * (1 + 10 * correction / x)
    found = slope(x, y, np.zeros(len(x)))
    assert abs(found.value - order) <= found.error
    assert found.error < 0.2


def test_replicates_with_a_common_factor_give_a_sharp_exponent() -> None:
    x = np.array([10.0, 20, 40, 80])
    rng = np.random.default_rng(0)
    factors = np.exp(0.3 * rng.standard_normal((5, 1)))
    samples = factors * x**-2.0
    y = samples.mean(axis=0)
    blunt = slope(x, y, 0.3 * y)
    sharp = slope(x, y, 0.1 * y, samples)
    assert sharp.error < 1e-6 < blunt.error
    assert abs(sharp.value + 2) <= sharp.error


def test_independent_replicates_are_not_taken_for_sharp() -> None:
    x = np.array([10.0, 20, 40, 80])
    rng = np.random.default_rng(1)
    samples = np.exp(0.3 * rng.standard_normal((5, 4))) * x**-2.0
    assert slope(x, samples.mean(axis=0), np.zeros(4), samples).error > 0.05


@pytest.mark.parametrize(("claimed", "answer"), [(-2.0, True), (-1.5, False), (-3.0, False)])
def test_order_evidence_tells_half_integers_apart(claimed: float, answer: bool) -> None:
    x = np.array([10.0, 20, 40, 80])
    evidence = order_evidence(
        x, x**-2.0, 0.01 * x**-2.0, claimed, id="p", x_label="x", y_label="y", domain="test"
    )
    assert evidence.passed is answer
    assert evidence.plots[0].curves[0].error is not None


def test_values_below_their_error_decide_nothing() -> None:
    x = np.array([1.0, 2, 4])
    evidence = order_evidence(
        x, 1 / x, np.ones(3), -1, id="p", x_label="x", y_label="y", domain="test"
    )
    assert evidence.passed is None


def test_a_slope_needs_three_points() -> None:
    with pytest.raises(ValueError, match="three"):
        slope(np.array([1.0, 2]), np.array([1.0, 2]), np.zeros(2))


def test_what_noise_could_carry_is_not_yet_a_yes() -> None:
    # Two degrees of freedom: at an alarm of 1e-5 noise reaches 200 errors, and 30 % off is no agreement.
    few = Estimate(value=1.3, error=0.02, dof=2)
    assert agrees(few, Estimate(value=1, error=0), 0.1, alarm=1e-5) is None
