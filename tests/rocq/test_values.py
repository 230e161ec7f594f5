"""Formulas with sums and erf in Rocq, each by one computation: what is true is built, what is false is not."""

import re
from pathlib import Path
from typing import Any

import mpmath
import pytest

from mfcheck import rocq
from mfcheck.rigor import certificate as make
from mfcheck.rocq import values

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = ("scalars", "series", "areas", "means", "erf", "values")
CHECKS = re.compile(r"exact \((values_right|zero_within) (.*?)\n    ltac:\(vm_cast", re.DOTALL)
STEP = "x*(1 - 2*sum(k, 1, 1, (k-1/2)*erf((k-1/2)*x/sqrt(2)))) - 2*sum(k, 1, 1, exp(-(k-1/2)*(k-1/2)*x*x/2))/sqrt(2*pi)"
"""The slope of the error of a quantiser with three levels; its best step is 1.2240063619."""
BELLS = "sum(k, 1, 9, exp(-k*k*x*x/2))/sqrt(2*pi)"


def inequality(text: str, lower: str | None, upper: str | None, **inputs: Any) -> dict[str, Any]:
    sides = {"lower": lower, "upper": upper}
    claim = {"formula": text, "inputs": inputs} | {k: v for k, v in sides.items() if v is not None}
    return make.make("inequality", claim, {"bits": 64})


def root(text: str, lower: str, upper: str, **inputs: Any) -> dict[str, Any]:
    claim = {"formula": text, "variable": "x", "inputs": inputs, "lower": lower, "upper": upper}
    return make.make("root", claim, {"bits": 64})


def around(value: Any) -> tuple[str, str]:
    return mpmath.nstr(value - mpmath.mpf(10) ** -12, 20), mpmath.nstr(
        value + mpmath.mpf(10) ** -12, 20
    )


def bells(x: float, last: int = 9) -> Any:
    terms = (mpmath.exp(-k * k * mpmath.mpf(x) ** 2 / 2) for k in range(1, last + 1))
    return sum(terms) / mpmath.sqrt(2 * mpmath.pi)


TRUE = {
    "erf": inequality("erf(x)", *around(mpmath.erf(3)), x="3"),
    "minus_erf": inequality("erf(x)", *around(-mpmath.erf(mpmath.mpf("0.3"))), x="-0.3"),
    "small_erf": inequality("erf(x)", *around(mpmath.erf(mpmath.mpf("0.001"))), x="0.001"),
    "between": inequality("erf(x)", "0.5204998", "0.5205006", x=["0.5", "0.5000005"]),
    "sum": inequality(BELLS, *around(bells(0.25)), x="1/4"),
    "squares": inequality("sum(k, 0, 5, k**2)", "54.9999", "55.0001"),
    "nested": inequality("sum(j, 1, 3, sum(k, 1, 4, x*j*k + x/3))", "63.9", "64.1", x="1"),
    "divided": inequality(
        "sum(k, 1, 20, 1/(k + x)) + log(3)/x", "3.7435", "3.7445", x=["1", "1.0001"]
    ),
    "others": inequality(
        "erf(1/2) + max(x, 2, tanh(x)) - min(x, 2) + atan(x)", "2.305", "2.306", x="1"
    ),
    "power": inequality("erf(1/2) + x**(1/2) + x**-2", "5.22", "5.23", x="1/2"),
    "one_side": inequality("erf(x)", "0.8427", None, x=["1", "1.0001"]),
    "step": root(STEP, "1.22400636192", "1.22400636193"),
    "rising": root("sum(k, 1, 3, erf(k*x)) - a", "0.24", "0.25", a="1.5"),
    "corner": root("max(x, erf(x)) - 1/3", "0.2", "0.4"),
}


def parts(name: str, data: dict[str, Any]) -> str:
    """The lemmas of a certificate."""
    label, claim = f"part_{name}", data["claim"]
    if data["kind"] == "root":
        found = values.root(label, claim, data["witness"], {})
    else:
        found = values.at_once(label, claim, {}) or pytest.fail(name)
    assert found.uncovered == ()
    return found.text


def test_they_are_exported_as_a_whole() -> None:
    for name, data in TRUE.items():
        assert make.exports(data) == "whole"
        assert CHECKS.search(parts(name, data))


def test_the_lemmas_speak_of_the_formulas_themselves() -> None:
    said = parts("step", TRUE["step"])
    assert "exists v_x, (3825019881 / 3125000000) <= v_x" in said
    assert (
        "(Sum 1 1 (fun u_k => ((u_k - (1 / 2)) * (erf (((u_k - (1 / 2)) * v_x) / (sqrt 2))))))"
        in said
    )
    said = parts("divided", TRUE["divided"])
    assert "(forall u_k, among (1) (20) u_k -> (u_k + v_x) <> 0)" in said
    assert "forall v_x, 1 <= v_x <= (10001 / 10000) ->" in said


@needs_coqc
def test_what_is_true_is_built() -> None:
    found = rocq.check_rocq(make.bundle(TRUE), timeout=600)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


def forged() -> list[str]:
    """Conditions of the theorems with other bounds, formulas, ends and hints than those that are true."""
    found = []

    def put(name: str, old: str, new: str, which: int = -1) -> None:
        texts = CHECKS.findall(parts(name, TRUE[name]))
        theorem, text = texts[which]
        assert old in text, (name, old, text)
        found.append(f"{theorem} {text.replace(old, new, 1)}")

    put("erf", "(GErf (GInt (3)))", "(GErf (GDiv (GInt (29)) (GInt (10))))")
    put("erf", "(GErf (GInt (3)))", "(GTanh (GInt (3)))")
    put("erf", "(GErf (GInt (3)))", "(GErf (GNeg (GInt (3))))")
    put("small_erf", "GErf", "GSin")
    put("between", "((1, 2)%Z", "((2, 5)%Z")
    put("sum", "(GSum (1) (9)", "(GSum (1) (10)")
    put("sum", "(GSum (1) (9)", "(GSum (2) (9)")
    put("squares", "(GSum (0) (5)", "(GSum (0) (6)")
    put("squares", "2))", "3))")
    put("nested", "(GSum (1) (4)", "(GSum (1) (5)")
    put("nested", "(GVar 0)", "(GVar 1)")
    put("divided", "(GSum (1) (20)", "(GSum (1) (21)")
    put("divided", "(Each (1) (20)", "(Each (-1) (20)")
    put("others", "GMax", "GMin")
    put("power", "GInv", "GNeg")
    put("one_side", "GErf", "GTanh")
    put("step", "GErf", "GTanh")
    put("step", "(GSum (1) (1)", "(GSum (1) (2)")
    put("rising", "(GDiv (GInt (6)) (GInt 25))", "(GDiv (GInt (249)) (GInt 1000))")
    put("rising", "(GSum (1) (3)", "(GSum (1) (2)")
    put("corner", "(GDiv (GInt (1)) (GInt 5))", "(GDiv (GInt (19)) (GInt 50))")
    # Hints: too few bits, too few terms of the series.
    for name in ("erf", "step"):
        theorem, text = CHECKS.findall(parts(name, TRUE[name]))[-1]
        found.append(f"{theorem} {re.sub(r'[(][0-9]+%positive', '(20%positive', text, count=1)}")
        found.append(f"{theorem} {re.sub(r'[0-9]+%nat', '3%nat', text)}")
    return found


def condition(text: str) -> str:
    """The condition of a theorem that a text uses."""
    theorem, rest = text.split(" ", 1)
    return {"values_right": "values_check", "zero_within": "zero_check"}[theorem] + " " + rest


@needs_coqc
def test_what_is_false_is_not_built(tmp_path: Path) -> None:
    source = Path(rocq.__file__).parent
    texts = [(source / f"{name}.v").read_text(encoding="utf-8") for name in LIBRARIES]
    goals = [(condition(text), "false") for text in forged()]
    assert len(goals) >= 20
    for name, data in TRUE.items():
        goals += [
            (condition(" ".join(found)), "true") for found in CHECKS.findall(parts(name, data))
        ]
    texts += [f"Goal {text} = {value}. vm_compute. reflexivity. Qed." for text, value in goals]
    path = tmp_path / "values.v"
    path.write_text("\n".join(texts), encoding="utf-8")
    done = rocq.run_coqc(path, 400)
    assert done.returncode == 0, done.stderr


@needs_coqc
def test_a_lemma_about_another_formula_is_rejected(tmp_path: Path) -> None:
    """The statement is what the computation is about: another one is not built upon it."""
    exported = rocq.to_rocq(TRUE["erf"])
    for old, new in (
        ("<= (erf 3) <=", "<= (erf 2) <="),
        ("Lemma claim : ", "Lemma claim : 0 < 0 /\\ "),
    ):
        assert old in exported.text
        path = tmp_path / "certificate.v"
        path.write_text(exported.text.replace(old, new, 1), encoding="utf-8")
        done = rocq.run_coqc(path, 300)
        assert done.returncode != 0


def test_too_tight_bounds_are_no_lemma_of_this_kind() -> None:
    """The value is outside, or not decided at once: then it stays a step that is named."""
    for lower, upper in (("0.53", "0.54"), ("0.5204998778130465376", "0.5204998778130465376")):
        assert values.at_once("part", inequality("erf(1/2)", lower, upper)["claim"], {}) is None
    for ends in (("0.2", "0.3"), ("0.5", "0.6")):
        assert (
            "zero_within"
            not in values.root(
                "part", root("erf(x) - 1/2 + x - x", *ends)["claim"], {"bits": 64}, {}
            ).text
        )


def test_what_is_no_value_stays_with_the_others() -> None:
    for text in ("normal(t, tanh(t)**2) + erf(1/2)", "step(erf(1/2))", "integral(t, 0, 1, erf(t))"):
        assert make.exports(inequality(text, "-9", "9")) == "part"
