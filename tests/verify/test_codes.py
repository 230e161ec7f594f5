"""Bounds of spherical codes: a polynomial and its factors must be the same, not only at the degree's first points."""

from mfcheck import verify
from mfcheck.rigor import certificate


def test_factors_of_a_higher_degree_are_compared_at_as_many_points() -> None:
    """Three vectors at 120 degrees: no proof of two. 1 + t and 1 + 2t - t^2 agree at 0 and at 1, and nowhere else."""
    witness = {
        "method": "delsarte",
        "coefficients": ["1", "1"],
        "square": ["1"],
        "rest": ["1", "2", "-1"],
        "ends": [0, 0],
    }
    claim = {"dimension": 3, "cosine": "-1/2", "upper": "2"}
    verdict = verify.verify(certificate.dumps(certificate.make("code_bound", claim, witness)))
    assert verdict.status == "rejected"
    assert "the factors do not give the polynomial" in verdict.reason
