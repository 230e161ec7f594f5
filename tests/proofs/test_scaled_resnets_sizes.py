"""Sizes follow the rows: the default data take what is wanted, 300 rows less, and the evidence says so."""

import math

import numpy as np
import pytest

from mfcheck.checks import Evidence, Kind, custom
from mfcheck.claims import Budget, Context
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.points.data import rounded
from mfcheck_proofs.scaled_resnets import flow, paper, theorem5
from mfcheck_proofs.scaled_resnets.values import stated


def of_rows(rows: int) -> Setting:
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 5))
    x /= np.linalg.norm(x, axis=1)[:, None]
    data = rounded(x, rng.choice([-1, 1], size=rows), "drawn", digits=9)
    return Setting(data, paper.default.activation, paper.default.values)


@pytest.mark.parametrize("budget", list(Budget))
def test_the_default_data_keep_the_sizes_that_are_wanted(budget: Budget) -> None:
    for sizes, beta in ((flow.sizes, 40.0), (flow.sizes_of_changes, 1000.0)):
        assert sizes(paper.default, budget, 0, beta)[1] == ""


def test_many_rows_take_sizes_down_and_the_evidence_says_so() -> None:
    setting = of_rows(240)
    used, words = flow.sizes(setting, Budget.QUICK, 0, 40.0)
    wanted, _ = flow.sizes(paper.default, Budget.QUICK, 0, 40.0)
    assert used.outputs < wanted.outputs
    assert words.startswith(f"{used.outputs} instead of {wanted.outputs} output times")
    assert words.endswith("as there are 240 rows")
    assert used.decoder_size >= 4 * 240
    context = Context(setting, Budget.QUICK, 0, "x", {}, paper, 1e-3)
    check = custom(
        "x", "f", lambda _: Evidence(passed=None, cases=0, domain="all"), kind=Kind.SIMULATED
    )
    found = flow.telling(check, lambda *_: (used, "cut")).run(context)
    assert found.domain == "all; cut"


def test_a_bound_without_a_value_is_no_crash() -> None:
    for value in (math.nan, math.inf):
        with pytest.raises(InputError, match="no finite value"):
            stated(value)


def test_the_encoder_is_followed_where_it_is_seen_to_move() -> None:
    """The default beta of the limit is far from rounding; the movement falls like 1/beta^2."""
    assert theorem5._resolved(paper.default) > 1e4
