"""Recursions in Rocq: what is true is built; other numbers, steps, starts and hints are not."""

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq import recursions
from mfcheck.rocq.floats import Floats
from mfcheck.verify import MalformedError

pytestmark = pytest.mark.slow

LIBRARIES = ("scalars", "recursions")
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
MOVE = "x + a*(arc1(x) - x)"
SUM = "(1 - a + a*arc0(x))*s + (arc1(x) + x*arc0(x))/2"
PRODUCT = "(1 - a + a*arc0(x))*b"
PRELUDE = """
Require Import Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
Require Import libraries.
Open Scope R_scope.
"""


def states(a: Any, x: Any, depth: int) -> tuple[Any, Any, Any]:
    """The correlation, the sum and the product after so many steps, by angles in mpmath."""
    s, b = mpmath.mpf(0), mpmath.mpf(1)
    for _ in range(depth):
        angle = mpmath.acos(x)
        slope = 1 - angle / mpmath.pi
        image = (mpmath.sin(angle) + (mpmath.pi - angle) * x) / mpmath.pi
        factor = 1 - a + a * slope
        x, s, b = x + a * (image - x), factor * s + (image + x * slope) / 2, factor * b
    return x, s, b


def around(value: Any, room: float) -> dict[str, str]:
    return {"lower": mpmath.nstr(value - room, 18), "upper": mpmath.nstr(value + room, 18)}


def claim(a: str, x: str, **values: tuple[int, str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "constants": {"a": a},
        "start": {"s": "0", "x": x, "b": "1"},
        "steps": {"s": SUM, "x": MOVE, "b": PRODUCT},
        "values": {
            name: {"after": after, "formula": formula, **bounds}
            for name, (after, formula, bounds) in values.items()
        },
    }


def certificate(claim: dict[str, Any]) -> dict[str, Any]:
    return make.make("recursion", claim, {"bits": 96, "slopes": {}})


def constant_rate() -> dict[str, Any]:
    """Half way in each step, until the angle is small: after 40 and after 2000 steps."""
    with mpmath.workdps(30):
        early, late = (states(mpmath.mpf(1) / 2, mpmath.mpf("-0.9"), n) for n in (40, 2000))
        return claim(
            "1/2",
            "-9/10",
            mean=(2000, "s/2000", around(late[1] / 2000, 1e-11)),
            angle=(2000, "1 - x", around(1 - late[0], 1e-14)),
            product=(40, "b", around(early[2], 1e-12)),
            first=(0, "x*x + s", {"lower": "0.80999", "upper": "0.81001"}),
        )


def falling_rate() -> dict[str, Any]:
    """Steps of about 1/30, with roots, logarithms and pi in it."""
    with mpmath.workdps(30):
        a, x = 1 / (1 + mpmath.mpf(30) ** 1.5), mpmath.sqrt(2) / 2
        found = states(a, x, 30)
        whole = (found[0] + x * found[2] + 2 * a * found[1]) / (2 * (1 + 30 * a))
        text = "(x + sqrt(2)/2*b + 2*a*s)/(2*(1 + 30*a))"
        return claim(
            "1/(1 + 30**(3/2))",
            "sqrt(2)/2",
            whole=(30, text, around(whole, 1e-12)),
            other=(30, "-3*s/pi - -1/2*b", around(-3 * found[1] / mpmath.pi + found[2] / 2, 1e-12)),
        )


def at_the_ends() -> dict[str, Any]:
    """The largest rate, from a correlation that stays where it is."""
    return claim("1", "1", one=(5, "x + s/10", {"lower": "1.499999", "upper": "1.500001"}))


TRUE = {"constant": constant_rate(), "falling": falling_rate(), "ends": at_the_ends()}


@needs_coqc
def test_true_values_are_built() -> None:
    """All in one bundle, from the libraries to the axioms below everything."""
    data = make.bundle({name: certificate(found) for name, found in TRUE.items()})
    assert make.exports(data) == "whole"
    exported = rocq.to_rocq(data)
    (label,) = re.findall(r"Lemma (part_\d_constant)_value_mean", exported.text)
    said = f"Lemma {label}_value_mean : forall v_x v_s v_b, {label}_states 2000%N ="
    assert said in exported.text
    found = rocq.check_rocq(data, timeout=400)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


@needs_coqc
def test_a_state_alone(tmp_path: Path) -> None:
    with mpmath.workdps(30):
        value = states(mpmath.mpf(1) / 3, mpmath.mpf(1) / 5, 20)[0]
    found = {
        "constants": {},
        "start": {"rho": "1/5"},
        "steps": {"rho": "rho + 1/3*(arc1(rho) - rho)"},
        "values": {"v": {"after": 20, "formula": "rho", **around(value, 1e-12)}},
    }
    verdict = rocq.check_rocq(certificate(found), timeout=400)
    assert (verdict.status, verdict.uncovered) == ("accepted", ()), verdict.reason


# --- what is false --------------------------------------------------------------------------------


def edited(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The falling rate with some of its entries changed."""
    return {key: {**value, **changes.get(key, {})} for key, value in found.items()}


def with_value(found: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    return edited(found, values={name: {**found["values"][name], **changes}})


def shifted(found: dict[str, Any], name: str, by: str) -> dict[str, Any]:
    value = found["values"][name]
    ends = {side: str(Fraction(value[side]) + Fraction(by)) for side in ("lower", "upper")}
    return with_value(found, name, **ends)


F, C = TRUE["falling"], TRUE["constant"]
FALSE = {
    "above": shifted(F, "whole", "3e-12"),
    "below": shifted(F, "whole", "-3e-12"),
    "late-above": shifted(C, "mean", "3e-11"),
    "late-below": shifted(C, "mean", "-3e-11"),
    "angle": shifted(C, "angle", "3e-14"),
    "one-step-less": with_value(F, "whole", after=29),
    "one-step-more": with_value(F, "whole", after=31),
    "other-value": with_value(F, "whole", formula="(x + sqrt(2)/2*b + a*s)/(2*(1 + 30*a))"),
    "other-rate": edited(F, constants={"a": "1/(1 + 30**(149/100))"}),
    "other-start": edited(F, start={"x": "sqrt(2)/2 + 1/10**9"}),
    "other-sum": edited(F, start={"s": "1/10**9"}),
    "slopes-swapped": edited(
        F, steps={"s": SUM.replace("arc0", "arc2").replace("arc1", "arc0").replace("arc2", "arc1")}
    ),
    "no-half": edited(F, steps={"s": SUM.replace(")/2", ")")}),
    "other-product": edited(F, steps={"b": "(1 + a*arc0(x))*b"}),
    "rate-above-one": edited(F, constants={"a": "1001/1000"}),
    "start-above-one": edited(F, start={"x": "1001/1000"}),
}
"""Each has one value, or all of them, beyond the bounds of its claim, or leaves the range of arcs."""


BOX = r"(\((?:[^()]|\(-\d+\))*\)%Z)"
LIST = r"(nil|\(.*?\)%list)"
THEOREM = re.compile(
    rf"Recursions\.value_bounds (.*?)\n +{BOX} {LIST} {BOX} {LIST}\n.*?specialize \(K (\d+%N) (.*?) ltac:\(vm_cast",
    re.DOTALL,
)


def conditions(found: dict[str, Any]) -> list[str]:
    """The conditions of the theorem in all lemmas for values."""
    found_in = THEOREM.findall(rocq.to_rocq(certificate(found)).text)
    assert len(found_in) == len(found["values"])
    return [
        f"Recursions.value_check {n} {steps} {rate} {boxes} {start} {behind} {rest}"
        f" && Recursions.within 0 1 {rate} && Recursions.within (-1) 1 {start}"
        for steps, rate, boxes, start, behind, n, rest in found_in
    ]


@needs_coqc
def test_the_computation_refuses_what_is_false(
    libraries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition that each lemma rests on, worked out by Rocq, whatever was rehearsed."""
    monkeypatch.setattr(Floats, "decides", lambda *_: True)
    goals = [
        f"Goal {x} = true. vm_compute. reflexivity. Qed." for y in (F, C) for x in conditions(y)
    ]
    assert len(goals) == 6
    assert len(FALSE) >= 12
    for found in FALSE.values():
        whole = "(" + ") && (".join(conditions(found)) + ")"
        goals.append(f"Goal {whole} = false. vm_compute. reflexivity. Qed.")
    goals += [
        f"Goal Recursions.within {outside} = false. vm_compute. reflexivity. Qed."
        for outside in (
            "0 1 (1001, 1001, 1000)%Z",
            "0 1 (-1, 0, 9)%Z",
            "(-1) 1 (1, 3, 2)%Z",
            "0 1 (0, 1, 0)%Z",
        )
    ]
    (libraries / "goals.v").write_text(PRELUDE + "\n".join(goals), encoding="utf-8")
    done = rocq.run_coqc(libraries / "goals.v", 400)
    assert done.returncode == 0, done.stderr


FORGED = [
    ("(1 / 2), 0, 1)", "(1 / 3), 0, 1)"),  # the states start elsewhere than the hint says
    ("(1, 1, 2)%Z", "(1, 1, 3)%Z"),  # the hint starts elsewhere
    ("(Recursions.EV 1)", "(Recursions.EV 0)"),  # another formula in the computation
    ("(Recursions.EN (2))", "(Recursions.EN (3))"),
    ("states 3%N", "states 4%N"),  # the lemma speaks of another step
    ("specialize (K 3%N", "specialize (K 2%N"),
    ("_const_a : R := (1 / 4)", "_const_a : R := (1 / 5)"),  # the box of the rate is another
    ("<= v_s <=", "<= v_b <="),  # the bounds of another state
]


@pytest.mark.nightly
@needs_coqc
def test_hints_that_are_wrong_are_refused(libraries: Path) -> None:
    with mpmath.workdps(30):
        value = states(mpmath.mpf(1) / 4, mpmath.mpf(1) / 2, 3)[1]
    data = certificate(claim("1/4", "1/2", v=(3, "s", around(value, 1e-9))))
    text = rocq.to_rocq(data).text
    body = text[text.rindex("\n(* with") :]
    for old, new in [("", ""), *FORGED]:
        assert old in body
        (libraries / "forged.v").write_text(PRELUDE + body.replace(old, new), encoding="utf-8")
        done = rocq.run_coqc(libraries / "forged.v", 400)
        assert (done.returncode == 0) == (old == new), new


# --- what is left out -----------------------------------------------------------------------------


def test_what_floats_do_not_decide_is_left_out_by_name() -> None:
    """Bounds of 18 digits around a value hold no interval of floats."""
    with mpmath.workdps(30):
        value = states(1 / (1 + mpmath.mpf(30) ** 1.5), mpmath.sqrt(2) / 2, 30)[1]
        sharp = around(value, 1e-17)
    found = edited(F, values={"sharp": {"after": 30, "formula": "s", **sharp}})
    (step,) = rocq.to_rocq(certificate(found)).uncovered
    assert step.startswith("sharp: floats of the machine do not decide its bounds after 30 steps")
    with pytest.raises(InputError, match="sharp: floats"):
        rocq.to_rocq(certificate({**found, "values": {"sharp": found["values"]["sharp"]}}))


@pytest.mark.parametrize(
    "steps",
    [
        {"x": "x + a*(arc1(x) - x)/2"},  # of another form
        {"x": "x + a*(arc0(x) - x)"},
        {"x": "x + s*(arc1(x) - x)"},  # the rate is a state
        {"s": "s/x"},
        {"s": "exp(s)"},
        {"s": "arc0(b)"},
    ],
)
def test_other_steps_are_not_put_to_rocq(steps: dict[str, str]) -> None:
    data = certificate(edited(F, steps=steps))
    assert make.exports(data) == "none"
    with pytest.raises(InputError, match="no state moves as"):
        rocq.to_rocq(data)


@pytest.mark.parametrize("after", ["3%N. Admitted. (*", -1, 10**6, True])
def test_nothing_of_a_claim_becomes_a_sentence_of_rocq(after: Any) -> None:
    found = with_value(F, "whole", after=after)
    with pytest.raises(MalformedError):
        recursions.recursion("claim", found, {}, {})
    strange = {**F, "constants": {"a. Axiom b": "1/2"}}
    with pytest.raises(MalformedError):
        recursions.recursion("claim", strange, {}, {})
