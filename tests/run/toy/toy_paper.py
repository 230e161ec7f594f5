"""A small paper for tests: it passes, fails, and misbehaves as the environment tells it."""

import math
import os
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import sympy as sp

from mfcheck.claims import (
    Answer,
    Assumption,
    Check,
    Claim,
    Constant,
    Context,
    Curve,
    Data,
    Estimate,
    Evidence,
    Interval,
    Kind,
    Note,
    Paper,
    Parameter,
    PlantedError,
    Plot,
    Question,
    Reading,
    Scope,
    Setting,
)
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max
from mfcheck.symbolic.activation import activation

x, alpha, beta = sp.symbols("x alpha beta", real=True)


def _log(context: Context) -> None:
    if path := os.environ.get("TOY_LOG"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(context.check + "\n")


def _needs_scale(setting: Setting) -> None:
    if setting["alpha"] == 0:
        raise InputError("alpha = 0 leaves nothing to follow")


def _identity(context: Context) -> Evidence:
    _log(context)
    holds = sp.expand(context["lhs"] - context["rhs"]) == 0
    return Evidence(
        passed=holds, scope=Scope.WHOLE, lhs=str(context["lhs"]), rhs=str(context["rhs"])
    )


def _bound(context: Context) -> Evidence:
    _log(context)
    value = float(context.rng().random())
    limit = float(context["limit"])
    return Evidence(
        passed=value <= limit,
        lhs=Estimate(value=value, error=0.0),
        rhs=Estimate(value=limit, error=0.0),
        slack=limit / value,
        domain="one draw",
        plots=(
            Plot(
                id="draw",
                title="A draw",
                x_label="x",
                y_label="y",
                curves=(Curve(label="draw", x=(0.0, 1.0), y=(value, limit)),),
            ),
        ),
    )


def _witness(context: Context) -> Evidence:
    _log(context)
    return Evidence(
        passed=False,
        lhs=Interval(lower="2", upper="2"),
        rhs=Interval(lower="1", upper="1"),
        reason="2 > 1",
        notes=(Note(id="toy.false", severity="major", text="Two is more than one."),),
        certificate=certificate.code_bound(n_max(2, Fraction(1, 2))),
    )


def _does_not_follow(context: Context) -> Evidence:
    _log(context)
    return Evidence(passed=False, reason="the cited lemma says less")


def _first() -> bool:
    """Whether this is the first call that any process makes."""
    marker = Path(os.environ["TOY_MARKER"])
    if marker.exists():
        return False
    marker.touch()
    return True


def _behaviour() -> str:
    """Return what the environment names, or says in which file that stands: of a cluster, that can change."""
    behaviour = os.environ.get("TOY_BEHAVIOUR", "")
    if not behaviour.startswith("@"):
        return behaviour
    file = Path(behaviour[1:])
    return file.read_text() if file.exists() else ""


def _misbehave(context: Context) -> Evidence | None:
    _log(context)
    behaviour = _behaviour()
    if behaviour == "raise":
        raise ValueError("a line\nand another")
    if behaviour == "sys.exit":
        sys.exit(3)
    if behaviour == "interrupt":
        raise KeyboardInterrupt
    if behaviour == "exit":
        os._exit(7)
    if behaviour == "kill-parent" or (behaviour == "kill-parent-once" and _first()):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(300)
    if behaviour == "die-once" and _first():
        os._exit(9)
    if behaviour == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == "memory":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "loop":
        while True:
            pass
    if behaviour == "deaf":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)
    if behaviour == "all sleep":
        time.sleep(300)
    if behaviour == "sleep":
        if marker := os.environ.get("TOY_MARKER"):
            Path(marker).write_text(str(os.getpid()))
        time.sleep(300)
    if behaviour == "wrong type":
        return None
    if behaviour == "not finite":
        return Evidence(passed=True, certificate={"value": math.nan})
    if behaviour in ("other", "related"):
        made = certificate.inequality("sqrt(2)", {}, "1.414", "1.415")
        low, high = ("5", "6") if behaviour == "other" else ("1.4142", "1.4143")
        sides = Interval(lower=low, upper=high), Interval(lower="9", upper="9")
        return Evidence(passed=True, lhs=sides[0], rhs=sides[1], certificate=made)
    if behaviour == "print":
        sys.stdout.write("noise\n")
        os.write(1, b"more noise\n")
    if behaviour == "threads":
        return Evidence(passed=True, reason=os.environ["NUMBA_NUM_THREADS"])
    return Evidence(passed=True)


def _calm(context: Context) -> Evidence:
    _log(context)
    if _behaviour() == "all sleep":
        time.sleep(300)
    return Evidence(passed=True)


def _validate(setting: Setting) -> None:
    if setting["beta"] < setting["alpha"]:
        raise InputError("beta must be at least alpha")


def _met(setting: Setting) -> Answer:
    if os.environ.get("TOY_BEHAVIOUR") == "assumption":
        raise ZeroDivisionError("no answer")
    return Answer(True, f"{setting.data.n} points")


def _two(setting: Setting, digits: int) -> Any:
    if os.environ.get("TOY_BEHAVIOUR") == "constant":
        raise ZeroDivisionError("two has no value here")
    return flint.arb(2)


CLAIMS = (
    Claim(
        "square",
        title="Binomial square",
        statement="(x+1)^2 = x^2+2x+1.",
        source="Lemma 1",
        assumptions=("data",),
        readings=(
            Reading(
                "stated",
                "As it stands.",
                {"lhs": (x + 1) ** 2, "rhs": x**2 + 2 * x + 1},
                checks=(Check("square.identity", Kind.EXACT, _identity, group="algebra"),),
                wrong=(
                    PlantedError(
                        "square.coefficient", "constant", {"rhs": x**2 + x + 1}, "differs at x=1"
                    ),
                ),
            ),
            Reading(
                "weak",
                "At most.",
                {"limit": sp.Integer(1)},
                checks=(Check("square.draw", Kind.SAMPLED, _bound, group="algebra"),),
                wrong=(
                    PlantedError(
                        "square.limit",
                        "constant",
                        {"limit": sp.Integer(-1)},
                        "draws are positive",
                    ),
                ),
            ),
        ),
    ),
    Claim(
        "false",
        title="One is the largest",
        statement="No number exceeds 1.",
        source="Theorem 2",
        readings=(
            Reading(
                "stated",
                "As it stands.",
                checks=(Check("false.witness", Kind.CERTIFIED, _witness),),
            ),
        ),
    ),
    Claim(
        "cited",
        title="By Lemma 1",
        statement="It follows.",
        source="Theorem 3",
        readings=(
            Reading(
                "stated",
                "As it stands.",
                checks=(
                    Check("cited.step", Kind.EXACT, _does_not_follow, question=Question.FOLLOWS),
                    Check("cited.holds", Kind.SAMPLED, _calm),
                ),
                needs=_needs_scale,
            ),
        ),
    ),
    Claim(
        "fragile",
        title="Fragile",
        statement="It holds.",
        source="Remark 4",
        readings=(
            Reading(
                "stated",
                "As it stands.",
                {"limit": sp.Integer(1)},
                checks=(
                    Check("fragile.before", Kind.SAMPLED, _calm, group="shaky"),
                    Check("fragile.run", Kind.SAMPLED, _misbehave, group="shaky"),
                    Check("fragile.after", Kind.SAMPLED, _calm, group="shaky"),
                ),
                wrong=(
                    PlantedError(
                        "fragile.missed",
                        "constant",
                        {"limit": sp.Integer(2)},
                        "not used",
                        ("fragile.after", "fragile.run"),
                    ),
                ),
            ),
        ),
    ),
)

DEFAULT = Setting(
    Data(((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))), (Fraction(1), Fraction(-1))),
    activation("tanh"),
    (("alpha", Fraction(1)), ("beta", Fraction(10))),
)

paper = Paper(
    id="toy",
    title="A toy paper",
    authors=("A. Author",),
    source="arXiv 0000.00000",
    parameters=(
        Parameter("alpha", alpha, Fraction(1), "scale of the residual", minimum=Fraction(0)),
        Parameter(
            "beta", beta, Fraction(10), "scale of the output", Fraction(0), open_minimum=True
        ),
    ),
    default=DEFAULT,
    assumptions=(
        Assumption("data", "Data", "Points differ.", "Assumption 1", _met, lambda rng: DEFAULT),
    ),
    claims=CLAIMS,
    validate=_validate,
    constants=(
        Constant("two", sp.Symbol("t"), sp.Symbol("t"), "eq. (1)", value=_two),
        Constant("four", sp.Symbol("f"), sp.Symbol("t") ** 2, "eq. (2)"),
    ),
    references=("A. Author, A toy paper, 2024.",),
)
