"""Rounding and bookkeeping of the checker, where one unit in the last place would make a false claim pass."""

import json
from fractions import Fraction
from math import floor, isqrt
from pathlib import Path
from typing import Any

import pytest

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import checker, eigenvalues, formulas, kernels, reading

FOLDER = Path(__file__).parents[1] / "certificates" / "accept"


@pytest.mark.parametrize("n", [2, 3, 5, 7, 8, 11, 13, 21, 34, 55])
@pytest.mark.parametrize("c", ["1/2", "1/3", "2/7", "1/1000"])
def test_separation_is_rounded_down(n: int, c: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One weight 1 at r: the exact value is `1 - m c^r`; the next number above it must be refused."""
    bits, C = 40, 2 * Fraction(c) - 1
    for r in (0, 1, 2, 6):
        weights = [(1 << bits if k == r else 0,) * 2 for k in range(7)]
        known = kernels.Kernel(bits, weights, (0, 0), (1 << bits, 1 << bits))
        monkeypatch.setattr(eigenvalues, "kernel", lambda *_, known=known: known)
        claim: dict[str, Any] = {"kernel": "A", "n": n, "C_max": str(C)}
        square = (n * n // 4) * Fraction(c) ** (2 * r)  # (m c^r)^2
        fine = 1 << 60
        largest = isqrt(floor(square * fine * fine))  # of m c^r, from below
        if square >= 1:
            continue
        above = Fraction(floor((1 - Fraction(largest, fine)) * 2**bits) + 1, 2**bits)
        with pytest.raises(verify.UnprovedError):
            eigenvalues.separation({**claim, "lower": str(above)}, {"bits": bits})
        below = above - Fraction(r + 4, 2**bits)
        eigenvalues.separation({**claim, "lower": str(below)}, {"bits": bits})


def test_a_vector_of_fractions_is_refused() -> None:
    """Their common denominator could be of any size."""
    data = json.loads((FOLDER / "lambda_min-sin-rational.json").read_text(encoding="utf-8"))
    for entry in ("1/3", "0.5"):
        data["witness"]["vector"][0] = entry
        found = verify.verify(json.dumps(data))
        assert (found.status, found.reason) == ("malformed", "the vector is not one of integers")
    data["witness"]["vector"][0] = "12e3"
    assert "integers" not in verify.verify(json.dumps(data)).reason


def test_a_file_may_spend_all_that_it_is_given_and_no_more() -> None:
    effort = reading.Effort()
    effort.spend(reading.MAX_WORK)
    with pytest.raises(verify.MalformedError, match="too much work"):
        effort.spend(1)


def test_names_that_could_be_read_as_a_verdict_are_quoted() -> None:
    plain = Path("folder-1") / "name_2.json"
    assert checker.shown(plain) == str(plain)
    for name in ("x: accepted", "a b", "it's", 'say "yes"', "tab\there"):
        shown = checker.shown(Path(name))
        assert (shown[0], shown[-1], shown[1:-1]) == ('"', '"', verify.printable(name))


def test_a_bundle_holds_no_bundle() -> None:
    part = json.loads((FOLDER / "code_bound-rankin.json").read_text(encoding="utf-8"))
    inner = certificate.bundle({"size": part})
    assert verify.verify(json.dumps(inner)).status == "accepted"
    found = verify.verify(json.dumps(certificate.bundle({"inner": inner})))
    assert (found.status, found.reason) == ("malformed", "a bundle in a bundle")


def test_functions_keep_their_slack() -> None:
    """The last bits of mpmath's functions are not relied upon; erf is below 1 everywhere."""
    iv = formulas.iv
    before, iv.prec = iv.prec, 100
    try:
        for name in ("exp", "log", "sqrt", "sin", "cos"):
            value = formulas.FUNCTIONS[name](iv.mpf(2))
            assert value.delta >= abs(value) * iv.mpf(2) ** -92
        erf = formulas.FUNCTIONS["erf"]
        assert erf(iv.mpf(50)).a < 1
        assert erf(iv.mpf(-50)).b > -1
        assert formulas.FUNCTIONS["cos"](iv.mpf([3, 4])).a == -1
        assert formulas.FUNCTIONS["sin"](iv.mpf([1, 2])).b == 1
    finally:
        iv.prec = before
