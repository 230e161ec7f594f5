import json
from dataclasses import replace
from fractions import Fraction

import pytest

from mfcheck.claims import Setting
from mfcheck.constants.certify import CertifiedConstants, certify_constants
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.rigor import certificate
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck.verify import verify
from mfcheck_proofs.scaled_resnets import paper


def made(setting: Setting, digits: int = 10) -> CertifiedConstants:
    records = evaluate_constants(paper, setting, digits, strict=False)
    return certify_constants(paper, setting, records, digits)


@pytest.fixture(scope="module")
def default() -> CertifiedConstants:
    return made(paper.default)


def test_all_formulas_and_the_eigenvalues_are_proved(default: CertifiedConstants) -> None:
    assert verify(json.dumps(default.certificate)).status == "accepted"
    formulas = {c.id for c in paper.constants if c.value is None}
    assert formulas <= set(default.proved)
    assert {"lambda_min_G2", "lambda_min_A", "Lambda_HG", "n_max"} <= set(default.proved)
    assert {"B_0", "n", "d"} <= set(default.given)


@pytest.mark.parametrize("id", ["r_max", "C_KL", "beta_threshold", "lambda_min_G2"])
def test_a_narrower_claim_with_a_fresh_digest_is_rejected(
    default: CertifiedConstants, id: str
) -> None:
    parts = {p["name"]: p["certificate"] for p in default.certificate["claim"]["parts"]}
    old = parts[id]
    claim = dict(old["claim"])
    lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    claim["upper"] = str(lower - (upper - lower))
    claim["lower"] = str(lower - 2 * (upper - lower))
    parts[id] = certificate.make(old["kind"], claim, old["witness"])
    assert verify(json.dumps(certificate.bundle(parts))).status == "rejected"


@pytest.mark.parametrize("name", ["softplus", "relu(x)", "sin(x)+x/3"])
def test_what_has_no_value_or_no_checker_is_left_out(name: str) -> None:
    chosen = LIBRARY.get(name) or activation(name)
    found = made(replace(paper.default, activation=chosen), 8)
    assert verify(json.dumps(found.certificate)).status == "accepted"
    assert "B_0" not in found.proved
    assert ("lambda_min_G2" in found.proved) is certificate.supports(name)
