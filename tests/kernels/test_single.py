import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.kernels import from_distance, rntk
from mfcheck.kernels.single import rntk_of_pair


@settings(deadline=None)
@given(
    st.one_of(st.floats(0, 2), st.sampled_from([2.0, 1e-3, 1e-8])),
    st.integers(1, 200),
    st.floats(0, 10),
)
def test_it_is_the_kernel_of_arrays(distance: float, depth: int, alpha: float) -> None:
    expected = float(rntk(from_distance([distance]), depth, alpha)[0])
    assert rntk_of_pair(distance, depth, alpha) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("distance", "depth", "alpha"), [(2.1, 1, 1.0), (-0.1, 1, 1.0), (1.0, 0, 1.0), (1.0, 1, -1.0)]
)
def test_bad_input(distance: float, depth: int, alpha: float) -> None:
    with pytest.raises(InputError):
        rntk_of_pair(distance, depth, alpha)
