"""Counts of zeros in Rocq: right and wrong counts through the check that the theorem rests on, in one file."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq import counts

pytestmark = pytest.mark.slow

needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
GAIN = "x*(1 - erf(sqrt(2)*x/4)) - sqrt(2)*exp(-x**2/8)/sqrt(pi)"
MEAN = "normal(t, (x*t)**2) - 2"
# The formula, the ends, `reach` of a half-line, the number of zeros, by hand or by a plot.
COUNTS = [
    ("cos(x) - x/10", "-10", "10", None, 7),
    (GAIN, "1/3", "2", None, 1),  # at 1.224: the best step of a quantizer with two levels
    (GAIN, "3/2", "2", None, 0),
    (MEAN, "1", "2", None, 1),  # E (x t)^2 = x^2
    (MEAN, "3/2", "2", None, 0),
    ("normal(t, exp(x*tanh(t))) - 2", "1", "3", None, 1),  # convex and even in x: 1.21 and 3.84
    ("tanh(3*x) - x", "-2", "2", None, 3),
    ("x**3 - x", "-2", "2", None, 3),
    ("sqrt(x) - 2", "1", "9", None, 1),
    ("log(x) - atan(x)", "1", "9", None, 1),
    ("sin(x)", "1", "10", None, 3),
    ("1/x - 1/3", "1", "9", None, 1),
    ("x**2 - 2", "0", "inf", "2", 1),
    ("x - sqrt(a)*erf(x)", "1/4", "2", None, 1),  # moves with a: not every cut can be settled
]


def exported(formula: str, lower: str, upper: str, reach: str | None, count: int) -> str:
    inputs = {"a": ["3/2", "2"]} if "a)" in formula else {}
    claim: dict[str, Any] = {"formula": formula, "variable": "x", "inputs": inputs}
    claim |= {"lower": lower, "upper": upper, "count": count}
    witness = {"bits": 16} | ({"reach": reach} if reach else {})
    data = make.make("zeros", claim, witness)
    assert make.exports(data) == "whole"
    found = rocq.to_rocq(data)
    assert found.uncovered == ()
    return found.text


def check(text: str) -> str:
    """The condition of the theorem in a text."""
    (found,) = re.findall(r"refine \(count_zeros(.*?)\n +ltac", text, re.DOTALL)
    return f"count_check{found}" if not found.startswith("_from") else f"both{found[5:]}"


def wrong_hints(text: str) -> list[str]:
    """Pieces that say that there is no zero where there is one, and ends that are not those of the claim."""
    condition = check(text)
    assert "(true, " in condition
    assert "(1, 3)%Z" in condition
    return [condition.replace("(true, ", "(false, "), condition.replace("(1, 3)%Z", "(3, 2)%Z")]


@pytest.mark.nightly
@needs_coqc
def test_right_counts_pass_and_wrong_ones_do_not(tmp_path: Path) -> None:
    goals, wrong = [], 0
    for formula, lower, upper, reach, count in COUNTS:
        goals.append((check(exported(formula, lower, upper, reach, count)), "true"))
        for other in {count - 1, count + 1} - {-1}:
            wrong += 1
            goals.append((check(exported(formula, lower, upper, reach, other)), "false"))
    assert wrong >= 20
    hints = wrong_hints(exported(GAIN, "1/3", "2", None, 1))
    too_near = exported("exp(-x) - 1/10", "0", "inf", "3", 1).replace("(3, 1)%Z", "(2, 1)%Z")
    goals += [(text, "false") for text in (*hints, check(too_near))]
    names = ("scalars.v", "series.v", "areas.v", "means.v", "roots.v", "erf.v", "counts.v")
    libraries = [files("mfcheck.rocq").joinpath(name).read_text(encoding="utf-8") for name in names]
    libraries.append(
        "Definition both p q l f a ps b n o := count_check p q l f a ps b n && far_check p q l f b o."
    )
    lemmas = [f"Goal {text} = {value}. vm_compute. reflexivity. Qed." for text, value in goals]
    path = tmp_path / "counts.v"
    path.write_text("\n".join([*libraries, *lemmas]), encoding="utf-8")
    done = rocq.run_coqc(path, 400)
    assert done.returncode == 0, done.stderr


@needs_coqc
def test_a_count_is_a_lemma_about_the_formula_itself() -> None:
    claim = {
        "formula": GAIN,
        "variable": "x",
        "inputs": {},
        "lower": "1/3",
        "upper": "2",
        "count": 1,
    }
    data = make.make("zeros", claim, {"bits": 16})
    assert "zeros_between (1 / 3) 2 (fun v_x => ((v_x * (1 - (erf " in rocq.to_rocq(data).text
    found = rocq.check_rocq(data, timeout=300)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


@pytest.mark.parametrize(
    "formula",
    [
        "normal(t, max(x*t, 0)) - 1",  # a corner inside of the mean
        "arc1(x) - 1/2",
        "(1 + x)**(3/2) - 2",
        "sqrt(2 + normal(t, tanh(x*t)**2)) - 8/5",  # the domain of the root rests on a mean
    ],
)
def test_what_is_not_counted_leaves_named_steps(formula: str) -> None:
    claim = {"formula": formula, "variable": "x", "inputs": {}}
    data = make.make("zeros", {**claim, "lower": "1/10", "upper": "3", "count": 1}, {"bits": 16})
    assert make.exports(data) == "part"


def test_a_double_zero_is_not_exported() -> None:
    claim = {"formula": "1 - cos(x)", "variable": "x", "inputs": {}}
    data = make.make("zeros", {**claim, "lower": "-1", "upper": "1", "count": 1}, {"bits": 16})
    with pytest.raises(InputError):
        rocq.to_rocq(data)


def test_inputs_are_quantified() -> None:
    claim = {"formula": "x**2 - a", "variable": "x", "inputs": {"a": ["1", "2"]}}
    claim |= {"lower": "1/2", "upper": "2", "count": 1}
    part = counts.zeros("claim", claim, {"bits": 16}, {})
    assert part.uncovered == ()
    assert "forall v_a, 1 <= v_a <= 2 -> zeros_between (1 / 2) 2 (fun v_x =>" in part.text
