"""Integrals in Rocq: what is true is built, what is false or forged is not."""

import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mpmath import cos, exp, log, mp, mpf, pi, quad, sin, tanh

from mfcheck import rocq
from mfcheck.rigor import certificate as make

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = ("scalars", "series", "areas", "means", "roots", "integrals", "planes")
PRELUDE = """
Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval Tactic.
Require Import libraries.
Open Scope R_scope.
"""
ROOM = 1e-3
LINE = "integral(s, 0, pi/2, (sin(s)**2 - cos(s)/3)*tanh(sqrt(2)*sin(s)/2 - cos(s)))"
SLOPES = "integral(s, 0, pi/2, cos(s)*(1 - tanh(2*sin(s))**2)**2)"
PLANE = (
    "integral(s, 0, pi/2, 3*sin(s)*cos(s)**2*"
    "integral(t, 0, pi/2, tanh((cos(t) - sin(t)*sqrt(3))*sin(s))*(sin(s)**2*cos(t)*sin(t) + 1)))"
)


def line() -> mpf:
    return quad(
        lambda s: (sin(s) ** 2 - cos(s) / 3) * tanh(mp.sqrt(2) * sin(s) / 2 - cos(s)), [0, pi / 2]
    )


def slopes() -> mpf:
    return quad(lambda s: cos(s) * (1 - tanh(2 * sin(s)) ** 2) ** 2, [0, pi / 2])


def plane() -> mpf:
    def inside(s: mpf, t: mpf) -> mpf:
        x, y = sin(s) * cos(t), sin(s) * sin(t)
        return 3 * sin(s) * cos(s) ** 2 * tanh(x - mp.sqrt(3) * y) * (x * y + 1)

    return quad(inside, [0, pi / 2], [0, pi / 2])


def body(data: dict[str, Any]) -> str:
    exported = rocq.to_rocq(data)
    return exported.text[exported.text.rindex(f"\n(* {data['statement'][:30]}") :]


def accepted(folder: Path, texts: Sequence[str]) -> list[bool]:
    """Which of some texts are built, in one run of Rocq's top level, which goes on after errors."""
    script = [PRELUDE]
    for k, text in enumerate(texts):
        names = re.findall(r"^Lemma (\w+)", text, re.MULTILINE)
        all_of_them = "".join(f"let _ := {name} in " for name in names)
        own = f"{text}\nAbort All.\nDefinition all_of_them := {all_of_them}tt.\n"
        script.append(re.sub(r"\b(claim_\w+|all_of_them)\b", rf"case_{k}_\1", own))
    command = ["coqtop", "-q", "-w", "none"]
    done = subprocess.run(
        command,
        cwd=folder,
        input="".join(script),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    return [f"case_{k}_all_of_them is defined" in done.stdout for k in range(len(texts))]


def inequality(text: str, lower: str, upper: str, **inputs: list[str]) -> dict[str, Any]:
    claim = {"formula": text, "inputs": inputs, "lower": lower, "upper": upper}
    return make.make("inequality", claim, {"bits": 40})


def around(value: mpf, room: float) -> tuple[str, str]:
    return mp.nstr(value - room, 15), mp.nstr(value + room, 15)


def root(text: str, lower: str, upper: str) -> dict[str, Any]:
    claim = {"formula": text, "variable": "x", "inputs": {}, "lower": lower, "upper": upper}
    return make.make("root", claim, {"bits": 40})


def bell() -> mpf:
    return quad(lambda t: exp(-(t**2)) + tanh(t), [0, 1])


TRUE: list[tuple[str, Callable[[], Any], float, dict[str, list[str]]]] = [
    ("2*integral(t, 0, 1, exp(-t**2) + tanh(t))", lambda: 2 * bell(), 1e-8, {}),
    ("2*integral(t, x, 2, 1/(1 + t)) + x", lambda: 2 * log(3), 1e-9, {"x": ["0", "1/10000000000"]}),
    ("3*" + LINE, lambda: 3 * line(), 1e-8, {}),
    (LINE, line, 1e-9, {}),
    (SLOPES + "/2", lambda: slopes() / 2, 1e-9, {}),
    ("2*" + PLANE + "/pi", lambda: 2 * plane() / pi, ROOM, {}),
]


@needs_coqc
def test_true_bounds_are_built_and_false_ones_are_not(libraries: Path) -> None:
    texts = []
    for text, value, room, inputs in TRUE:
        true = value()
        for shift in (0, -2.1, 2.1):  # the false ones are as near as the true ones are wide
            low, high = around(true + shift * room, room)
            data = inequality(text, low, high, **inputs)
            assert shift or rocq.to_rocq(data).uncovered == ()
            texts.append(body(data))
    alone = inequality("integral(t, 0, 1, exp(-t**2) + tanh(t))", *around(bell() + 2e-6, 1e-6))
    texts.append(body(alone))  # the tactic looks for a proof for a while
    assert accepted(libraries, texts) == [True, False, False] * len(TRUE) + [False]


@needs_coqc
def test_zeros(libraries: Path) -> None:
    texts = []
    for text, zero in (
        ("integral(t, 1, x, 1/t) - 1", exp(1)),
        ("integral(t, x, 2, 1/t) - 1/2", 2 / exp(mpf(1) / 2)),
    ):
        texts += [body(root(text, *around(zero + shift, 1e-6))) for shift in (0, 3e-6)]
    assert accepted(libraries, texts) == [True, False] * 2


def forged(text: str) -> list[str]:
    """What a lying exporter could write as coefficients."""
    hint = text.index("%Z, (")
    coefficients = text[hint + 5 : text.index(" :: nil)%Z%list", hint)]
    first, second, *rest = coefficients.split(" :: ")
    units = int(text[text.rindex("(", 0, hint) + 1 : hint])
    swaps = (
        (coefficients, " :: ".join([first, f"({int(second[1:-1]) + units // 10})", *rest])),
        (coefficients, " :: ".join([f"({-units})", second, *rest])),
        (f"({coefficients} :: nil)", "nil"),
        (f"({units}%Z, ", f"({units + units // 20}%Z, "),
    )
    return [changed(text, old, new) for old, new in swaps]


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.nightly
@needs_coqc
def test_forged_hints_are_not_built(libraries: Path) -> None:
    """Beyond its reach a polynomial is not near tanh, and none of this degree is far out."""
    text = body(inequality(SLOPES + "/2", *around(slopes() / 2, ROOM)))
    start = text.index("%Z%list, (") + len("%Z%list, (")
    reach = text[start : text.index(")%Z", start)]
    false = forged(text)
    false += [changed(text, reach, other) for other in ("199, 100", "9, 1")]
    assert accepted(libraries, [text, *false]) == [True] + [False] * 6


@pytest.mark.nightly
@needs_coqc
def test_forged_terms_are_not_built(libraries: Path) -> None:
    text = body(inequality("2*" + PLANE + "/pi", *around(2 * plane() / pi, ROOM)))
    places = text[text.index("(F.PtoP 126) ") :].split()[2]
    false = [
        changed(text, old, new)
        for old, new in (
            ("Disc.DT 0 1", "Disc.DT 1 0"),  # the coordinates are exchanged
            ("Disc.DT 0 1", "Disc.DS 0 1"),  # another function
            ("Disc.DPow Disc.DY 2", "Disc.DPow Disc.DY 3"),  # another weight
            ("(Disc.DN (3))", "(Disc.DN (4))"),
            (f"(F.PtoP 126) {places} ", "(F.PtoP 126) 9 "),  # too small a table of moments
            ("(F.PtoP 126)", "(F.PtoP 12)"),
            ("disc_bounds_twice", "disc_bounds"),
            ("(cos u_s) ^ 2", "(cos u_s) ^ 4"),  # the lemma is about another integral
            ("(sqrt 3)", "(sqrt 2)"),
        )
    ]
    assert accepted(libraries, [text, *false]) == [True] + [False] * 9


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (LINE, True),
        (PLANE, True),
        ("integral(t, 0, 1, exp(t))", True),
        ("integral(t, 0, 1, max(t, 1/2))", False),
        ("integral(s, 0, 1, sin(s)*integral(t, 0, pi/2, tanh(sin(s)*cos(t))))", False),
        ("integral(s, 0, pi/2, sin(s)*integral(t, 0, pi/2, tanh(cos(s)*cos(t))))", False),
        ("integral(s, 0, pi/2, sin(s)*integral(t, 0, pi/2, tanh(sin(s)*cos(t)**2)))", False),
    ],
)
def test_what_is_whole_is_known_from_the_form(text: str, whole: bool) -> None:
    data = inequality(text, "-100", "100")
    assert make.exports(data) == ("whole" if whole else "part")
    assert (rocq.to_rocq(data).uncovered == ()) is whole


@needs_coqc
@pytest.mark.parametrize("text", ["integral(t, -1, 1, 1/t)", "integral(t, -1, 1, log(t))"])
def test_what_is_not_defined_inside_is_not_built(text: str) -> None:
    """Rocq's functions are total: there the integral of log from -1 is some number."""
    assert rocq.check_rocq(inequality(text, "-100", "100")).status != "accepted"


@needs_coqc
def test_no_axiom_but_those_of_the_real_numbers() -> None:
    found = rocq.check_rocq(inequality("2*" + PLANE + "/pi", *around(2 * plane() / pi, ROOM)))
    assert found.status == "accepted", found.reason
    assert found.uncovered == ()
