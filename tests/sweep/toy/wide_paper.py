"""A paper for sweeps: quick checks whose answers are known, and which misbehave at chosen values."""

import os
import time
from fractions import Fraction
from pathlib import Path

import sympy as sp

from mfcheck.claims import (
    Check,
    Claim,
    Constant,
    Context,
    Evidence,
    Interval,
    Kind,
    Paper,
    Reading,
    Scope,
    Setting,
)
from mfcheck.claims.setting import choice, parameter, setting_of
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max
from mfcheck.symbolic.activation import LIBRARY

BETA = parameter("beta", 40, "a scale", above=0, most=10**6)
MODE = choice("mode", ("calm", "wild"), "a mood")
FORBIDDEN, CRASHING = 13, 17


def _log(context: Context) -> None:
    if path := os.environ.get("WIDE_LOG"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{context.check}@{context.setting['beta']}@{os.getppid()}\n")
    time.sleep(float(os.environ.get("WIDE_SLEEP", "0")))


def _bound(context: Context) -> Evidence:
    """20 <= beta, or 30 <= beta where the mode is wild."""
    _log(context)
    beta = context.setting["beta"]
    if beta == CRASHING:
        raise ZeroDivisionError("nothing at seventeen")
    left = 30 if context.setting.choice("mode") == "wild" else 20
    return Evidence(
        passed=beta >= left,
        scope=Scope.WHOLE,
        lhs=Interval(lower=str(left), upper=str(left)),
        rhs=Interval(lower=str(float(beta)), upper=str(float(beta))),
        slack=float(beta / left),
        domain="one number",
        reason="" if beta >= left else f"beta is {beta}, below {left}",
        certificate=certificate.code_bound(n_max(2, Fraction(1, 2))),
    )


def _draw(context: Context) -> Evidence:
    _log(context)
    value = float(context.rng().random())
    return Evidence(passed=True, rhs=str(value), slack=1 + value)


def _validate(setting: Setting) -> None:
    if setting["beta"] == FORBIDDEN:
        raise InputError("thirteen is not for us")


paper = Paper(
    id="wide",
    title="A wide paper",
    authors=(),
    source="arXiv 0000.00000",
    parameters=(BETA, MODE),
    default=setting_of((BETA, MODE), LIBRARY["tanh"]),
    claims=(
        Claim(
            id="bound",
            title="A bound",
            statement="s",
            source="q",
            readings=(
                Reading(
                    "stated", "As it stands.", checks=(Check("direct", Kind.CERTIFIED, _bound),)
                ),
            ),
        ),
        Claim(
            id="draw",
            title="A draw",
            statement="s",
            source="q",
            readings=(
                Reading("stated", "By chance.", checks=(Check("one", Kind.SAMPLED, _draw),)),
            ),
        ),
    ),
    constants=(
        Constant("double", sp.Symbol("double", real=True), 2 * BETA.symbol, "q"),
        Constant("half", sp.Symbol("half", real=True), BETA.symbol / 2, "q"),
    ),
    validate=_validate,
)
