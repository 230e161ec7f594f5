"""Systems of equations in Rocq: right and wrong checks that the theorem rests on, in one file, and what is stated."""

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from mpmath import exp, mpf, npdf, quad, tanh, workdps

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make

pytestmark = pytest.mark.slow

needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LINE = (["x**2 + y**2 - 1", "x - y"], {"x": "0.70710678", "y": "0.70710678"})
LAW = (
    ["normal(t, (u - tanh(t + 1))*exp(s*tanh(t + 1)))", "s + u*c"],
    {"u": "0.42931", "s": "-0.42931"},
)
"""The mean of tanh(t + 1) under the law of density exp(s tanh(t + 1)), with s = -c times it."""
ROWS = {"x": [["0.354", "0.5"], ["0.354", "-0.5"]], "u": [["1", "0.2"], ["-1", "0.8"]]}
TILT = "normal(x, exp(a*tanh(x + 1/2)))"
CHECK = """Definition bounds_check p q l s goals d D n :=
  between_check p q (boxes q l) s goals (shared p q (boxes p l) (boxes q l) s (List.map fst goals) d D n)."""


def system(
    found: tuple[list[str], dict[str, str]], radius: str, **inputs: list[str]
) -> dict[str, Any]:
    equations, middle = found
    ends = Fraction(radius)
    box = {k: [str(Fraction(v) - ends), str(Fraction(v) + ends)] for k, v in middle.items()}
    claim = {"equations": equations, "unknowns": box, "inputs": inputs}
    inverse = ROWS[next(iter(middle))]
    return make.make("system", claim, {"bits": 32, "slope_bits": 16, "inverse": inverse})


def tilted(lower: str, upper: str) -> dict[str, Any]:
    claim = {"formula": TILT, "inputs": {"a": ["1", "1.001"]}, "lower": lower, "upper": upper}
    return make.make("inequality", claim, {"bits": 32})


def condition(data: dict[str, Any]) -> str:
    """The condition of the theorem that the text of a certificate rests on."""
    text = rocq.to_rocq(data).text
    theorem = r"\((system_solution|shared_bounds)(.*?)\n +ltac:\(vm"
    (found,) = re.findall(theorem, text, re.DOTALL)
    return (
        found[0].replace("shared_bounds", "bounds_check").replace("_solution", "_check") + found[1]
    )


def replaced(text: str, old: str, new: str, times: int = 1) -> str:
    assert old in text
    return text.replace(old, new, times)


def forged_lines(text: str) -> Sequence[str]:
    """Wrong hints for the circle and the line, and other claims with the same hints."""
    low, high, row = "(35355289, 50000000)", "(35355389, 50000000)", "(177, 500)%Z :: (1, 2)%Z"
    share = text[: text.rindex("(1, 2)%Z")]
    return [
        replaced(text, high, "(35355339, 50000000)", 2),  # the solution is above it
        replaced(text, low, "(35355489, 50000000)", 2),  # a box with its ends the other way
        replaced(text, "(FN (1))", "(FN (2))"),  # another circle
        replaced(text, "(FSub (FP 0) (FP 1))", "(FSub (FP 0) (FP 0))"),  # no line
        replaced(text, "(FSub (FP 0) (FP 1))", "(FAdd (FP 0) (FP 1))"),  # one that is not there
        replaced(text, " :: Own (FSub (FP 0) (FP 1))", ""),  # two unknowns, one equation
        replaced(text, row, "(0, 1)%Z :: (0, 1)%Z"),  # no inverse at all
        replaced(text, row, "(-177, 500)%Z :: (1, 2)%Z"),
        replaced(
            text, "((1, 1)%Z :: (-1, 1)%Z", "((1, 1)%Z :: (1, 1)%Z"
        ),  # nor that of the inverse
        f"{share}(1, 1)%Z",  # no contraction
        f"{share}(-1, 2)%Z",  # one by less than nothing
        f"{share}(1, 1000)%Z",  # a better one than it is
    ]


def forged_laws(text: str) -> Sequence[str]:
    """The same for the mean under a law."""
    work = re.compile(r"\n    (\d+) (\d+) (\d+)\n")
    return [
        replaced(text, "STanh", "SExp"),
        replaced(text, "SExp", "STanh"),
        replaced(text, "SPar 0 :: SVar", "SPar 1 :: SVar"),  # another parameter
        replaced(text, "Joint 0", "Joint 1"),  # exp alone
        replaced(text, "(FAdd (FP 1)", "(FSub (FP 1)"),
        replaced(text, "((9999, 10000)%Z", "((1, 2)%Z"),  # more inputs than have a solution there
        re.sub(r"\(5%nat, \d+%Z, \d+%Z", "(5%nat, 1%Z, 1%Z", text),  # slopes from -1 to 1 alone
        replaced(text, "(5%nat, ", "(0%nat, "),  # slopes by the range of the formula
        work.sub(r"\n    \1 \2 \2\n", text),  # values from -1 to 1 alone
        work.sub(r"\n    1 \2 \3\n", text),  # by straight lines
    ]


@needs_coqc
def test_right_systems_pass_and_wrong_ones_do_not(tmp_path: Path) -> None:
    line, law = system(LINE, "1e-6"), system(LAW, "1e-3", c=["0.9999", "1.0001"])
    right = [condition(line), condition(law), condition(system(LAW, "1e-4", c=["1", "1"]))]
    wrong = [*forged_lines(right[0]), *forged_laws(right[1])]
    low, high = (mean_of_exp(a) for a in ("1", "1.001"))
    right.append(condition(tilted(str(low - mpf("1e-4")), str(high + mpf("1e-4")))))
    wrong.append(condition(tilted(str(low + mpf("1e-4")), str(high + mpf("1e-4")))))
    wrong.append(condition(tilted(str(low - mpf("1e-4")), str(high - mpf("1e-4")))))
    assert len(set(wrong)) == 24
    assert not set(wrong) & set(right)
    goals = [f"Goal {x} = {y}. vm_compute. reflexivity. Qed." for x, y in said(right, wrong)]
    text = rocq.to_rocq(line).text
    path = tmp_path / "systems.v"
    path.write_text("\n".join([proofs(text), CHECK, *goals]), encoding="utf-8")
    assert not complaint(path)


def said(right: Sequence[str], wrong: Sequence[str]) -> list[tuple[str, str]]:
    return [*((x, "true") for x in right), *((x, "false") for x in wrong)]


def proofs(text: str) -> str:
    """What a text has before its own lemmas."""
    return text[: text.rindex("(* x**2 + y**2 - 1")]


def complaint(path: Path) -> str:
    """What `coqc` has against a file."""
    done = rocq.run_coqc(path, 400)
    return (done.stderr or "it ended with an error") if done.returncode else ""


def mean_of_exp(a: str) -> Any:
    """The mean of `TILT`, by quadrature."""
    with workdps(20):
        return quad(lambda x: exp(mpf(a) * tanh(x + mpf(1) / 2)) * npdf(x), [-12, -4, 0, 4, 12])


def test_the_middle_of_the_law_is_its_mean() -> None:
    with workdps(20):
        s, nodes = mpf(LAW[1]["s"]), [-12, -4, 0, 4, 12]
        top, all_of_it = (
            quad(lambda t, k=k: tanh(t + 1) ** k * exp(s * tanh(t + 1)) * npdf(t), nodes)
            for k in (1, 0)
        )
        assert abs(top / all_of_it - mpf(LAW[1]["u"])) < mpf("1e-5")


@needs_coqc
def test_the_lemma_is_about_the_equations_themselves(tmp_path: Path) -> None:
    data = system(LINE, "1e-6")
    text = rocq.to_rocq(data).text
    x, y = ("(35355289 / 50000000) <= v_x <= (35355389 / 50000000)".replace("x", k) for k in "xy")
    zeros = "((((v_x ^ 2) + (v_y ^ 2)) - 1) = 0 /\\\n  (v_x - v_y) = 0)."
    solution = f"Definition claim_solution (v_x v_y : R) : Prop :=\n  ({x} /\\ {y}) /\\\n  {zeros}"
    assert solution in text
    assert "Lemma claim_one : (exists v_x v_y, claim_solution v_x v_y) /\\" in text
    same = "claim_solution v_x v_y -> claim_solution w_x w_y -> v_x = w_x /\\ v_y = w_y)."
    assert f"  (forall v_x v_y w_x w_y, {same}" in text
    path = tmp_path / "other.v"
    path.write_text(replaced(text, "(v_x - v_y) = 0).", "(v_x + v_y) = 0)."), encoding="utf-8")
    assert complaint(path)


def test_inputs_are_quantified_and_means_exist() -> None:
    text = rocq.to_rocq(system(LAW, "1e-3", c=["0.9999", "1.0001"])).text
    assert "Lemma claim_one : forall v_c, (9999 / 10000) <= v_c <= (10001 / 10000) -> " in text
    assert re.search(
        r"Lemma claim_exists_0 : forall v_c, .* -> forall v_u, .* -> has_mean \(", text
    )


@pytest.mark.parametrize(
    ("equations", "radius"),
    [
        (["x**2 + y**2 - 1", "x - y + erf(0)"], "1e-6"),
        (["max(x, y)**2 + y**2 - 1", "x - y"], "1e-6"),
        (["x**2 + y**2 - cos(pi)**2", "x - y"], "1e-6"),
        (["x**2 + y**2 - 1", "x - y*normal(t, exp(t))/exp(1/2)"], "1e-6"),  # exp is not bounded
        (["x**2 + y**2 - 1", "x - y"], "1e-13"),  # more than the floats of the machine hold
    ],
)
def test_what_rocq_does_not_solve_is_not_exported(equations: list[str], radius: str) -> None:
    data = system((equations, LINE[1]), radius)
    assert make.exports(data) == "none"
    with pytest.raises(InputError):
        rocq.to_rocq(data)


def test_an_unknown_is_no_input() -> None:
    with pytest.raises(InputError, match="an unknown that is an input"):
        rocq.to_rocq(system(LINE, "1e-6", x=["0", "1"]))


def test_means_of_exp_of_what_is_not_bounded_leave_steps() -> None:
    claim = {"formula": "normal(x, exp(x/2))", "inputs": {}, "lower": "1", "upper": "2"}
    assert make.exports(make.make("inequality", claim, {"bits": 32})) == "part"
    assert make.exports(tilted("1", "2")) == "whole"
