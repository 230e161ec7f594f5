"""Lower bounds of lambda_min hold for every matrix between the entries, however many of them are uncertain."""

from fractions import Fraction

import pytest

from mfcheck import verify
from mfcheck.verify import eigenvalues


@pytest.mark.parametrize("n", [3, 6, 12])
def test_all_entries_may_be_at_their_low_end(n: int) -> None:
    """With all entries beside a diagonal of ones equal to -w, lambda_min is 1 - (n-1) w."""
    one, share = 1 << 64, Fraction(1, 200)
    w = int(one * share)
    gram = [[(-w, w)] * i + [(one, one)] for i in range(n)]
    worst = 1 - (n - 1) * share
    with pytest.raises(verify.UnprovedError):
        eigenvalues._prove_lower(gram, 64, worst + Fraction(1, 10**6))
    eigenvalues._prove_lower(gram, 64, 1 - 2 * (n + 1) * share)
