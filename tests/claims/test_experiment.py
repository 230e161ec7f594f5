"""Curves of a finished sweep."""

from mfcheck.claims.experiment import curves_by
from mfcheck.claims.record import Estimate, PointRecord


def test_a_curve_for_each_entry_in_order_of_the_axis() -> None:
    points = [
        PointRecord(
            cell={"k": k, "L": depth}, values={"e": Estimate(value=v, error=0.1)}, replicates=2
        )
        for k, depth, v in (("b", 9, 1.0), ("a", 3, 2.0), ("b", 3, 3.0))
    ]
    first, second = curves_by(points, "L", "e", "k", "kernel {}".format)
    assert (first.label, first.x, first.y, first.error) == ("kernel b", (3, 9), (3, 1), (0.2, 0.2))
    assert (second.label, second.x, second.y) == ("kernel a", (3,), (2,))
