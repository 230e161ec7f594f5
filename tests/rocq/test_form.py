"""What is no certificate for the checker gets no text of Rocq, and parts of a bundle do not meet."""

from pathlib import Path
from typing import Any

import pytest

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq import export

pytestmark = pytest.mark.slow

needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)


def inequality(text: str, lower: str, **inputs: Any) -> dict[str, Any]:
    return make.make(
        "inequality", {"formula": text, "inputs": inputs, "lower": lower}, {"bits": 40}
    )


def code(method: str, dimension: int, cosine: str, upper: str) -> dict[str, Any]:
    claim = {"dimension": dimension, "cosine": cosine, "upper": upper}
    return make.make("code_bound", claim, {"method": method})


NO_FORMULAS = [
    # Each has a tree in Python whose parts would make a term of Rocq, a true one with these bounds.
    inequality("3 - +1", "4"),
    inequality("+x", "-2", x=["1", "2"]),
    inequality("not x", "-2", x=["1", "2"]),
    inequality("exp(x, 5)", "2", x=["1", "2"]),
    inequality("tanh(x, 5)", "1/2", x=["1", "2"]),
    inequality("sum(k, 3/2, 2, k)", "3"),
    inequality("sum(k, 3, 1, k)", "0"),
    inequality("sum(k, 1.5, 2, k)", "3"),
    inequality("sum(k, 1, 2, k, 9)", "3"),
    inequality("sum(x, 1, 2, x)", "3", x="5"),
    inequality("normal(x, x)", "-1", x="5"),
    inequality("normal(pi, pi**2)", "1/2"),
    inequality("pi", "3", pi=["1", "2"]),
    inequality("exp + exp(1)", "3", exp=["1", "2"]),
    inequality("y", "0"),
    inequality("x", "3", x=["3", "2"]),
    inequality("x", "3", x=["3", "4", "1"]),
    inequality("x", "3", x=["3"]),
    make.make("inequality", {"formula": "1/x", "inputs": {"x": "1"}}, {"bits": 40}),
]


@pytest.mark.parametrize("data", NO_FORMULAS, ids=lambda data: data["claim"]["formula"])
def test_what_is_no_formula_gets_no_text(data: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no text of Rocq"):
        rocq.to_rocq(data)


NO_CODES = [
    code("circle", 3, "9/10", "13"),  # 14 points of a sphere are further apart than on a circle
    code("circle", 2, "1/2", "0"),
    code("circle", 2, "1/2", "-2"),
    code("rankin", 3, "1/2", "1"),
    code("rankin", 1, "1", "2"),
    code("rankin", 3, "-2", "1"),
    code("rankin", -2, "0", "1"),
    code("volume", 4, "3", "1"),
    code("volume", 3, "1", "1"),
    code("volume", 1, "0", "1"),
    code("none", 3, "1/2", "99"),
]


@pytest.mark.parametrize(
    "data", NO_CODES, ids=lambda data: f"{data['witness']['method']}-{data['statement'][:60]}"
)
def test_a_method_beyond_its_range_gets_no_text(data: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no text of Rocq"):
        rocq.to_rocq(data)


def test_other_forms_that_the_checker_refuses() -> None:
    points = {"kernel": "A", "activation": "sin", "points": [["1", "0"], ["0", "1"]]}
    flat = {**points, "dimension": 3, "lower": "0"}
    empty = {"equations": ["x"], "unknowns": {"x": ["1", "0"]}, "inputs": {}}
    hints = {"bits": 30, "slope_bits": 20, "inverse": [["1"]]}
    apart = {"kernel": "A", "activation": "tanh", "n": 4, "C_max": "-2", "lower": "0"}
    for data in (
        make.make("lambda_min", flat, {"bits": 60, "terms": 20}),
        make.make("system", empty, hints),
        make.make("separation", apart, {"bits": 60, "terms": 20}),
        {**inequality("x", "3", x="4"), "statement": "2 <= 1"},
        {**make.bundle({"a": inequality("x", "3", x="4")}), "statement": "2 <= 1"},
    ):
        with pytest.raises(InputError):
            rocq.to_rocq(data)


def zeros(text: str, variable: str, **ends: Any) -> dict[str, Any]:
    claim = {"formula": text, "variable": variable, "inputs": {}, "lower": "1/4", "upper": "2"}
    hints: dict[str, Any] = {"bits": 32}
    if ends.get("upper") == "inf":
        hints["reach"] = "5"
    return make.make("zeros", {**claim, **ends}, hints)


def test_a_count_is_no_number_of_later_parts() -> None:
    """The ends of a half-line are no numbers, and what is counted has no name."""
    count = zeros("1/4 - normal(z, tanh(x*z)**2)", "x", upper="inf", count=1)
    text = rocq.to_rocq(make.bundle({"count": count})).text
    assert "zeros_from (1 / 4)" in text
    count = zeros("x - 1", "x", count=1)
    with pytest.raises(InputError, match="no text of Rocq"):
        rocq.to_rocq(make.bundle({"count": count, "after": inequality("y", "0", y="count")}))


def test_means_in_a_count_are_said_to_exist() -> None:
    text = rocq.to_rocq(zeros("1/4 - normal(z, tanh(x*z)**2)", "x", count=1)).text
    said = "forall v_x, (1 / 4) <= v_x <= 2 -> has_mean (fun u_z => ((tanh (v_x * u_z)) ^ 2))"
    assert f"Lemma claim_exists_0 : {said}." in text


@pytest.mark.nightly
@needs_coqc
def test_parts_of_all_kinds_stand_in_one_file() -> None:
    """A name of one library is none of another, names of parts meet no lemma, and ask for no library."""
    system = {"equations": ["x - 1/2"], "unknowns": {"x": ["2/5", "3/5"]}, "inputs": {}}
    hints = {"bits": 30, "slope_bits": 20, "inverse": [["1"]]}
    root = {"formula": "x**2 - 2", "variable": "x", "inputs": {}, "lower": "1", "upper": "2"}
    data = make.bundle(
        {
            "code_of_points": inequality("x", "1", x="1"),
            "system_solution": inequality("pair(z, 1/2, step(z), step(z))", "1/4"),
            "system": make.make("system", system, hints),
            "count": zeros("1/4 - normal(z, tanh(x*z)**2)", "x", count=1),
            "a": make.make("root", root, {"bits": 40}),
            "a_low": inequality("x", "1", x="a"),
            "erf": inequality("erf(x) + sum(k, 1, 3, k)", "6", x=["0", "1"]),
        }
    )
    found = rocq.check_rocq(data, timeout=400)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


def root(text: str, lower: str, upper: str) -> dict[str, Any]:
    claim = {"formula": text, "variable": "x", "inputs": {}, "lower": lower, "upper": upper}
    return make.make("root", claim, {"bits": 40})


@needs_coqc
def test_ends_and_corners_are_no_obstacle() -> None:
    """Zeros at an end of their bounds, even powers over zero, corners of several inputs, powers beyond 100."""
    units = {"x": ["0", "1"], "y": ["1/2", "2"], "z": ["0", "1"]}
    smallest = {"formula": "min(x, y, z, 1)", "inputs": units, "lower": "0", "upper": "1"}
    data = make.bundle(
        {
            "rising": root("x**2 - 4", "2", "3"),
            "falling": root("4 - x**2", "1", "2"),
            "even": zeros("x**2 + 1", "x", lower="-1", upper="1", count=0),
            "odd": zeros("x**3 + 8", "x", lower="-1", upper="2", count=0),
            "smallest": make.make("inequality", smallest, {"bits": 40}),
            "power": inequality("1 - x**1000", "0", x=["0.99", "1"]),
            "large": inequality(f"x*{'9' * 390}", "0", x=["0", "1"]),
        }
    )
    assert make.exports(data) == "whole"
    found = rocq.check_rocq(data, timeout=400)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


@needs_coqc
@pytest.mark.parametrize(("text", "lower"), [("max(x, y)", "0.51"), ("-min(x, y)", "-0.99")])
def test_false_bounds_of_corners_are_not_built(text: str, lower: str) -> None:
    data = inequality(text, lower, x=["0", "1"], y=["1/2", "2"])
    assert rocq.check_rocq(data).status == "rejected"


@pytest.mark.parametrize("text", ["integral(t, 0, 1, sqrt(t))", "integral(t, 1, 1, t)"])
def test_integrals_that_rocq_does_not_take_stay_a_step(text: str) -> None:
    (step,) = rocq.to_rocq(inequality(text, "-1")).uncovered
    assert step.startswith(f"{text} is between ")


def test_a_compiler_that_is_killed_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "coqc"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(export, "coqc", lambda: str(program))
    found = rocq.check_rocq(inequality("x", "3", x="4"))
    assert (found.status, "signal 9" in found.reason) == ("undecided", True)
