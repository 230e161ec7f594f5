"""Instance A by matrix exponentials, at other angles."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import expm

from mfcheck.checks import evaluate
from mfcheck.errors import InputError
from mfcheck_proofs import deep_resnet as deep

J = np.array([[0.0, -1.0], [1.0, 0.0]])
B = np.diag([1.0, -1.0])


@pytest.mark.parametrize(("omega", "label", "t"), [(1, 0.2, 0.25), (-2, 1.5, 0.9), (5, -1, 0)])
def test_variation_and_bracket_by_matrices(omega: float, label: float, t: float) -> None:
    exact = {"omega": Fraction(str(omega)), "label": Fraction(str(label)), "t": Fraction(str(t))}
    setting = deep.paper.default.with_values(**exact)

    def value(depth: float) -> float:
        x = expm(omega * depth * J) @ [1, 0]
        end = expm(omega * J) @ [1, 0]
        p = (end[0] - label) * (expm(omega * (1 - depth) * J).T @ [1, 0])
        return float(p @ B @ x)

    found = float(evaluate(deep.VARIATION, deep.paper, setting).mid())
    assert found == pytest.approx(value(t), abs=1e-10)
    slope = (value(t + 1e-5) - value(t - 1e-5)) / 2e-5
    assert float(evaluate(deep.BRACKET, deep.paper, setting).mid()) == pytest.approx(
        slope, abs=1e-7
    )


def test_convex_targets_have_no_threshold() -> None:
    with pytest.raises(InputError, match="convex"):
        deep.nonconvex_below(deep.paper.default.with_values(target=0), 15)
