"""Means over two correlated normal variables in Rocq: what is true is built, what is false is not."""

from math import acos, pi, sqrt
from pathlib import Path
from typing import Any

import pytest

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq.pairs import PairMean, read_pair

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = ("scalars", "series", "areas", "means", "pairs", "roots", "pair_roots")
PRELUDE = """
Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval Tactic.
Require Import libraries.
Open Scope R_scope.
"""


def lemmas(folder: Path, data: dict[str, Any]) -> bool:
    """Whether the lemmas of a certificate are built, upon libraries that are built before."""
    exported = rocq.to_rocq(data)
    body = exported.text[exported.text.rindex(f"\n(* {data['statement'][:30]}") :]
    (folder / "certificate.v").write_text(PRELUDE + body, encoding="utf-8")
    return rocq.run_coqc(folder / "certificate.v", 600).returncode == 0


def inequality(text: str, lower: str, upper: str, **inputs: list[str]) -> dict[str, Any]:
    claim = {"formula": text, "inputs": inputs, "lower": lower, "upper": upper}
    return make.make("inequality", claim, {"bits": 32})


def arc_cosine(c: float) -> float:
    """The mean of max(X, 0) max(Y, 0), in closed form."""
    return (sqrt(1 - c * c) + c * (pi - acos(c))) / (2 * pi)


def around(value: float) -> tuple[str, str]:
    return f"{value - 1e-7:.9f}", f"{value + 1e-7:.9f}"


TRUE = [
    # Double quadrature in mpmath: 0.186324413203448, 0.159677587783978, 0.15142637740054.
    ("pair(x, 1/2, tanh(x), tanh(x))", "0.1863244132", "0.1863244133"),
    ("pair(x, -1/2, tanh(x), tanh(x))", "-0.1863244133", "-0.1863244132"),
    ("pair(x, 1/4, tanh(x)**2, tanh(x)**2)", "0.1596775877", "0.1596775878"),
    ("pair(x, 1/2, max(x, 0), tanh(x))", "0.1514263774", "0.1514263775"),
    ("pair(x, 1/3, max(x, 0), max(0, x))", *around(arc_cosine(1 / 3))),
    ("pair(x, 1/2, x**2, x**2)", "1.4999999", "1.5000001"),
    ("pair(x, 0, tanh(x), tanh(x))", "-0.0000001", "0.0000001"),
    # Both are positive with probability 1/4 + asin(c)/(2 pi).
    ("pair(x, 1/2, step(x), step(sqrt(2)*x))", "0.33333333", "0.33333334"),
]


@needs_coqc
def test_true_bounds_are_built() -> None:
    """All in one bundle, from the libraries to the axioms below everything."""
    data = make.bundle({f"part_{k}": inequality(*bounds) for k, bounds in enumerate(TRUE)})
    assert make.exports(data) == "whole"
    found = rocq.check_rocq(data, timeout=900)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


FALSE = [
    # A digit.
    ("pair(x, 1/2, tanh(x), tanh(x))", "0.1863244133", "0.1863244134"),
    ("pair(x, 1/2, tanh(x), tanh(x))", "0.1863244131", "0.1863244132"),
    ("pair(x, 1/4, tanh(x)**2, tanh(x)**2)", "0.1596775878", "0.1596775879"),
    # Another sign, another correlation.
    ("pair(x, -1/2, tanh(x), tanh(x))", "0.1863244132", "0.1863244133"),
    ("pair(x, 51/100, tanh(x), tanh(x))", "0.1863244132", "0.1863244133"),
    ("pair(x, 1/3, max(x, 0), max(0, x))", *around(arc_cosine(0.33))),
    # Another function: one of them, both, a factor inside.
    ("pair(x, 1/2, tanh(x), x)", "0.1863244132", "0.1863244133"),
    ("pair(x, 1/2, max(x, 0), max(-x, 0))", *around(arc_cosine(1 / 2))),
    ("pair(x, 1/2, tanh(x), tanh(1001*x/1000))", "0.1863244132", "0.1863244133"),
    ("pair(x, 1/2, x**2, x**2)", "1.2499999", "1.2500001"),
    ("pair(x, -1/2, step(x), step(sqrt(2)*x))", "0.33333333", "0.33333334"),
    ("pair(x, 1/2, step(x), max(x, 0))", "0.33333333", "0.33333334"),
    # The mean of f(X)^2, and the product of both means, are others.
    ("pair(x, 1/2, tanh(x), tanh(x))", "0.3942", "0.3943"),
    ("pair(x, 1/4, tanh(x)**2, tanh(x)**2)", "0.1554", "0.1555"),
]


@pytest.mark.nightly
@needs_coqc
@pytest.mark.parametrize(("text", "lower", "upper"), FALSE)
def test_false_bounds_are_not_built(libraries: Path, text: str, lower: str, upper: str) -> None:
    assert not lemmas(libraries, inequality(text, lower, upper))


@needs_coqc
def test_the_same_with_what_is_true(libraries: Path) -> None:
    """Those that are false are rejected for what they say, not for how they are put to Rocq here."""
    data = inequality(*TRUE[0])
    assert rocq.to_rocq(data).uncovered == ()
    assert lemmas(libraries, data)


@needs_coqc
def test_inputs_between_bounds(libraries: Path) -> None:
    """Both the correlation and a parameter vary; the statement is about all of their values."""
    text = "pair(x, c, tanh(a*x), tanh(a*x))"
    ends = {"a": ["1", "1.0001"], "c": ["0.5", "0.5001"]}
    data = inequality(text, "0.1863", "0.1865", **ends)
    assert make.exports(data) == "whole"
    assert lemmas(libraries, data)
    said = rocq.to_rocq(data).text
    assert "has_pair v_c (fun u_x => (tanh (v_a * u_x))) (fun u_x => (tanh (v_a * u_x)))" in said
    wider = inequality(text, "0.1863", "0.1865", a=["1", "1.0001"], c=["0.5", "0.51"])
    assert not lemmas(libraries, wider)


@needs_coqc
@pytest.mark.parametrize(("low", "high", "true"), [("0.53", "0.54", True), ("0.4", "0.53", False)])
def test_zeros_in_the_correlation(libraries: Path, low: str, high: str, true: bool) -> None:
    """By mpmath the mean of tanh(X) tanh(Y) is 0.19790 at c = 0.53 and 0.20178 at c = 0.54."""
    text = "pair(x, c, tanh(x), tanh(x)) - 1/5"
    claim = {"formula": text, "variable": "c", "inputs": {}, "lower": low, "upper": high}
    data = make.make("root", claim, {"bits": 32})
    assert make.exports(data) == "whole"
    assert lemmas(libraries, data) == true
    assert not (true and rocq.to_rocq(data).uncovered)


@needs_coqc
@pytest.mark.parametrize("name", ["_terms", "_panels"])
def test_the_rest_counts(libraries: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With too few Hermite coefficients, or tails that begin too early, a true statement is not proved."""
    data = inequality("pair(x, 1/2, tanh(x), tanh(x))", "0.1863244132", "0.1863244133")
    few: dict[str, Any] = {"_terms": 20, "_panels": (2, list(range(-18, 19)))}
    monkeypatch.setattr(PairMean, name, lambda *_: few[name])
    assert not lemmas(libraries, data)


@pytest.mark.parametrize(
    "text",
    [
        "pair(x, 1/2, exp(x), tanh(x))",
        "pair(x, 1/2, tanh(x), step(x - 1/3))",
        "pair(x, 1/2, erf(x), erf(x))",
        "pair(x, normal(y, tanh(y)**2), tanh(x), tanh(x))",
    ],
)
def test_pairs_outside_the_language_stay_a_step(text: str) -> None:
    data = inequality(text, "-2", "2")
    assert make.exports(data) == "part"
    assert "is between" in rocq.to_rocq(data).uncovered[0]


def test_a_correlation_of_one_is_no_pair() -> None:
    """The kernel behind the proof has no meaning there."""
    with pytest.raises(InputError):
        rocq.to_rocq(inequality("pair(x, 1, tanh(x), tanh(x))", "0.39", "0.4"))


def test_only_pairs_are_read() -> None:
    for text in ("normal(x, tanh(x))", "1 + pair(x, 1/2, x, x)", "pair_(x)"):
        with pytest.raises(InputError):
            read_pair(text, {})
