"""Every listed activation, and those of the documentation, through every claim: answers or words, and no crash."""

import os

import pytest

from mfcheck.errors import InputError
from mfcheck.run import read_setting, review
from mfcheck.symbolic.activation import KINKED, LIBRARY

pytestmark = pytest.mark.slow

UNBOUNDED = ("tanh(x)+x/2", "x/2+sin(x)", "x", "x**2")
ONE_OF_A_KIND = ("tanh(x)+x/2", "sigmoid", "gelu", "elu", "sign")
"""The README's example; one that is not odd; one that is not bounded; a kink and a jump, which assumptions refuse."""
ALL = sorted({*LIBRARY, *KINKED, *UNBOUNDED, *ONE_OF_A_KIND})
NIGHTLY = os.environ.get("MFCHECK_PROFILE") == "nightly"


@pytest.mark.parametrize("activation", ALL if NIGHTLY else ONE_OF_A_KIND)
def test_no_check_of_scaled_resnets_crashes(activation: str) -> None:
    setting = read_setting("scaled-resnets", activation=activation)
    found = review("scaled-resnets", setting, budget="quick")
    checks = [check for claim in found.claims for check in claim.checks]
    assert len(checks) > 80
    assert {check.id: check.reason for check in checks if check.crashed} == {}
    assert [finding.text for finding in found.findings if finding.claim == "constants"] == []
    undecided = [check for check in checks if check.passed is None]
    assert all(check.reason for check in undecided)


@pytest.mark.parametrize("activation", ALL)
def test_rntk_scaling_is_about_relu(activation: str) -> None:
    if activation == "relu":
        assert read_setting("rntk-scaling", activation=activation).activation.name == "relu"
        return
    with pytest.raises(InputError, match="the paper is about ReLU networks, not "):
        read_setting("rntk-scaling", activation=activation)
