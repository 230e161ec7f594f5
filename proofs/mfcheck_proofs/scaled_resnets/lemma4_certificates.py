"""Certificates of lambda_min(G2): of the given data, and of data sets that undercut a candidate for Lambda."""

from fractions import Fraction
from typing import Any

from mfcheck.claims.setting import Point, Setting
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds
from mfcheck.symbolic.activation import Activation
from mfcheck_proofs.scaled_resnets.matrices import smallest
from mfcheck_proofs.scaled_resnets.point_sets import largest_cosine


def below(
    points: tuple[Point, ...], activation: Activation, candidate: Fraction
) -> dict[str, Any] | None:
    """Return the certificate that these points have lambda_min(G2) below the candidate, if the checker can read it."""
    if not certificate.supports(activation.name):
        return None
    largest = Fraction(bounds(largest_cosine(points), 30)[1])
    separated = (
        1 + largest
    ) / 2  # any C_max < 1 will do: leave the checker room for its own rounding
    found = smallest(points, activation)
    return certificate.counterexample(points, activation.name, found, candidate, separated)


def of_data(setting: Setting) -> dict[str, Any] | None:
    """Return the certificate of lambda_min(G2) of the given data, if the checker can read it."""
    if not certificate.supports(setting.activation.name):
        return None
    points = setting.data.points
    return certificate.lambda_min(
        points, setting.activation.name, smallest(points, setting.activation)
    )
