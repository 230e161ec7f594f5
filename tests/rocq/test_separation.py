"""Points on the sphere in Rocq: how small lambda_min gets, and how many fit; what is false or forged is not built."""

import json
import re
from math import floor, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfcheck import rocq
from mfcheck.rigor import certificate as make
from mfcheck.rocq import kernels

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = (
    *("scalars", "series", "areas", "means", "pairs", "hermite"),
    *("sums", "kernels", "codes", "harmonics"),
)
PRELUDE = """
Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval Tactic.
Require Import QArith Qreals Qabs.
Require Import libraries.
Close Scope Q_scope.
Open Scope R_scope.
"""
CODES = Path(__file__).parents[1] / "certificates" / "accept"


def lemmas(data: dict[str, Any]) -> str:
    """The lemmas of a certificate, without the libraries."""
    text = rocq.to_rocq(data).text
    return text[text.rindex(f"\n(* {data['statement'][:30]}") :]


def accepted(folder: Path, text: str) -> bool:
    (folder / "certificate.v").write_text(PRELUDE + text, encoding="utf-8")
    return rocq.run_coqc(folder / "certificate.v", 600).returncode == 0


def least(order: int, n: int, C: float) -> float:
    """The bound of lambda_min by Gauss's rule; 100 coefficients leave less than 1e-7 for order 0 and 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(240)
    values = np.tanh(sqrt(2) * nodes) * weights / sqrt(2 * np.pi)
    found, m, c = 0.0, sqrt(floor(n * n / 4)), (1 + C) / 2
    before, now = np.zeros_like(nodes), np.ones_like(nodes)
    for r in range(100):
        mu = float(values @ now)
        found += (1 + r) ** order * mu**2 * max(0.0, 1 - m * c**r)
        before, now = now, (nodes * now - sqrt(r) * before) / sqrt(r + 1)
    return found


def claimed(kernel: str, n: int, C_max: str, lower: float) -> dict[str, Any]:
    claim = {
        "kernel": kernel,
        "activation": "tanh",
        "n": n,
        "C_max": C_max,
        "lower": f"{lower:.7f}",
    }
    return make.make("separation", claim, {"bits": 96, "terms": 100})


CASES = [("A", 2, "-1/2"), ("G2", 4, "0"), ("G2", 5, "2/5"), ("G2", 1, "0"), ("K", 3, "1/4")]


@needs_coqc
@pytest.mark.parametrize(("kernel", "n", "C_max"), CASES)
def test_bounds_near_the_sum_are_built(libraries: Path, kernel: str, n: int, C_max: str) -> None:
    """They are true for the points that attain them too; of K, the rest of the weights is left out."""
    order, (p, *q) = {"A": 0, "G2": 1, "K": 2}[kernel], [int(x) for x in C_max.split("/")]
    value = least(order, n, p / (q[0] if q else 1))
    data = claimed(kernel, n, C_max, value - (1e-3 if kernel == "K" else 1e-5))
    assert make.exports(data) == "whole"
    assert rocq.to_rocq(data).uncovered == ()
    text = lemmas(data)
    assert "Kernels.separated" in text
    assert accepted(libraries, text)


@needs_coqc
@pytest.mark.parametrize(("kernel", "n", "C_max"), CASES[:3])
def test_bounds_above_the_sum_are_not_built(
    libraries: Path, monkeypatch: pytest.MonkeyPatch, kernel: str, n: int, C_max: str
) -> None:
    """Whatever number of coefficients is proposed for them."""
    order, (p, *q) = {"A": 0, "G2": 1}[kernel], [int(x) for x in C_max.split("/")]
    value = least(order, n, p / (q[0] if q else 1))
    true = kernels._plan(
        claimed(kernel, n, C_max, value - 1e-5)["claim"], {"bits": 96, "terms": 100}
    )
    monkeypatch.setattr(kernels, "_plan", lambda *_: true)
    text = lemmas(claimed(kernel, n, C_max, value + 1e-5))
    assert "Kernels.separated" in text
    assert not accepted(libraries, text)


@needs_coqc
def test_without_room_only_the_sum_is_a_lemma(libraries: Path) -> None:
    data = claimed("G2", 4, "0", least(1, 4, 0) + 1e-5)
    assert len(rocq.to_rocq(data).uncovered) == 2
    assert rocq.check_rocq(data).status == "rejected"


FORGED = [
    # Closer bounds than those that are checked, in the lemma, in its hint, or in both.
    ("(671) / 2000 * sum", "(6711) / 20000 * sum"),
    ("(671, 2000)%Z", "(670, 2000)%Z"),
    ("671", "673"),
    # Other points: more of them, nearer to each other, no unit vectors, too few of them in the proof.
    ("(a < 3)%nat", "(a < 4)%nat"),
    ("<= (1) / 4) ->", "<= (1) / 2) ->"),
    ("sum d (fun i => x a i * x a i) = 1", "sum d (fun i => x a i * x a i) <= 1"),
    ("a <> b -> sum", "a = b -> sum"),
    ("form 3 M v", "form 2 M v"),
    (" 1 3 (1, 4)%Z", " 1 2 (1, 4)%Z"),
    (" 1 3 (1, 4)%Z", " 1 3 (1, 8)%Z"),
    # Another kernel: the factor of the weights, the activation, its argument, the power.
    ("INR (S r) ^ 1", "INR r ^ 1"),
    (" 1 3 (1, 4)%Z", " 2 3 (1, 4)%Z"),
    ("Coefficient (fun u_u => (tanh ((sqrt 2) * u_u)))", "Coefficient (fun u_u => (tanh u_u))"),
    ("(Tanh (Mul (Par 0) Var))", "(Mul (Par 0) Var)"),
    ("((sqrt 2) :: nil)", "((sqrt 3) :: nil)"),
    ("/ 2) ^ r", "/ 2) ^ S r"),
    # Panels that are no range, too few coefficients, too low a degree, growth without a bound.
    ("(-88) (", "(-96) ("),
    (" 16 10 3 8\n", " 16 2 3 8\n"),
    (" 16 10 3 8\n", " 1 10 3 8\n"),
    (" 16 10 3 8\n", " 16 10 0 8\n"),
]


def three_points() -> str:
    return lemmas(claimed("G2", 3, "1/4", 0.3355))


@needs_coqc
def test_what_is_forged_was_built(libraries: Path) -> None:
    assert least(1, 3, 0.25) > 0.336
    assert accepted(libraries, three_points())


@pytest.mark.nightly
@needs_coqc
@pytest.mark.parametrize(("old", "new"), FORGED)
def test_forged_texts_are_not_built(libraries: Path, old: str, new: str) -> None:
    text = three_points()
    assert old in text
    assert not accepted(libraries, text.replace(old, new))


@needs_coqc
def test_the_sum_of_all_weights_counts_only_as_far_as_it_is_known(libraries: Path) -> None:
    """E[phi^2 + phi'^2] = 1.2190 is needed, and a larger one is not taken."""
    text = three_points()
    low = re.search(r"\((\d+), (\d+)\)%Z \((\d+), \2\)%Z\n    ltac", text)
    assert low is not None
    p, q, r = map(int, low.groups())
    assert 0 < least(1, 1, 0) - p / q < 1e-3
    for other in (q, 2 * q):
        forged = low.group().replace(f"({p},", f"({other},").replace(f"({r},", f"({other + q},")
        assert not accepted(libraries, text.replace(low.group(), forged))


# --- codes --------------------------------------------------------------------------------------------


def kissing() -> str:
    return lemmas(json.loads((CODES / "code_bound-kissing-4.json").read_text(encoding="utf-8")))


@needs_coqc
def test_one_point_less_is_not_built(libraries: Path) -> None:
    text = kissing().replace("N <= 25", "N <= 24").replace("pieces 25", "pieces 24")
    assert "N <= 24" in text
    assert "pieces 24" in text
    assert not accepted(libraries, text)


@needs_coqc
def test_a_code_is_one_of_points(libraries: Path) -> None:
    text = kissing()
    assert "sum 4 (fun i => x a i * x a i) = 1" in text
    assert accepted(libraries, text)


@pytest.mark.nightly
@needs_coqc
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(Z.of_nat N <= 25)", "(Z.of_nat N <= 24)"),
        ("sum 4", "sum 5"),
        ("code_of_points 2", "code_of_points 1"),
        ("<= (1 / 2)", "<= (3 / 5)"),
        ("points 2 (1) 2", "points 2 (3) 5"),
        ("points 2 (1) 2", "points 2 (1) 4"),
        ("* x a i) = 1", "* x a i) = 2"),
        ("a <> b -> ", ""),
    ],
)
def test_forged_codes_are_not_built(libraries: Path, old: str, new: str) -> None:
    text = kissing()
    assert old in text
    assert not accepted(libraries, text.replace(old, new))
