"""The kernel gradient flow: against small steps of its equation, with errors that cover."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import expm

from mfcheck import load_paper
from mfcheck.kernels import cosine, rntk
from mfcheck_proofs.rntk_scaling.setting import DEFAULT
from mfcheck_proofs.rntk_scaling.values import scales, simulate

PAPER = load_paper("rntk-scaling")
SETTING = DEFAULT.with_values(depth=Fraction(20))


def test_losses_against_the_matrix_exponential() -> None:
    found = simulate(SETTING, 0)
    X, y, n = SETTING.data.X, SETTING.data.y, SETTING.data.n
    for name, scale in (("constant", 1.0), ("slow", 20**-0.25), ("critical", 20**-0.5)):
        K = rntk(cosine(np.clip(X @ X.T, -1, 1)), 20, scale)
        for k in (1, 20, 40):
            left = expm(-found.time[k] * K / n) @ y
            series = found.series[f"loss_{name}"]
            assert series.value[k] == pytest.approx(left @ left / (2 * n), rel=1e-7, abs=1e-13)
            assert series.error[k] < 1e-10
        least = np.linalg.eigvalsh(K)[0]
        assert found.final[f"lambda_min_{name}"].value == pytest.approx(least, abs=1e-9)


def test_what_the_record_holds() -> None:
    seen: list[float] = []
    found = PAPER.simulate(SETTING, 4, seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert (found.seed, found.paper) == (4, "rntk-scaling")
    names = {f"{what}_{s}" for what in ("loss", "lambda_min") for s in scales(SETTING)}
    assert set(found.final) == names
    assert found.final["loss_fast"].value < 1e-6 * found.series["loss_fast"].value[0] * 1.01
    assert PAPER.simulate.run is simulate.run
