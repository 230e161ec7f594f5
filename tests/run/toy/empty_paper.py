"""A small paper about nothing: one claim assumes more points of the circle than a spherical code allows."""

from fractions import Fraction

from toy_paper import DEFAULT

from mfcheck.claims import (
    Answer,
    Assumption,
    Check,
    Claim,
    Context,
    Evidence,
    Kind,
    Paper,
    Proof,
    Reading,
    Regime,
    Scope,
    Setting,
)
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max

CROWD = Regime(
    "crowd",
    r"$n \to \infty$ on the circle with inner products of at most $1/2$",
    "n",
    empty=lambda _: Proof(
        "at most six such points exist",
        ("crowded",),
        certificate.code_bound(n_max(2, Fraction(1, 2))),
        beyond=6,
    ),
)


def _proved(_: Context) -> Evidence:
    return Evidence(passed=True, scope=Scope.WHOLE)


def _crowded(setting: Setting) -> Answer:
    return Answer(setting.data.n > 100, f"{setting.data.n} points")


paper = Paper(
    id="empty",
    title="A paper about nothing",
    authors=(),
    source="arXiv 0000.00000",
    parameters=(),
    default=DEFAULT,
    assumptions=(Assumption("crowded", "Many points", "s", "q", _crowded, lambda _: DEFAULT),),
    claims=(
        Claim(
            "nothing",
            title="t",
            statement="s",
            source="q",
            readings=(
                Reading(
                    "stated",
                    "as it stands",
                    checks=(Check("nothing.proof", Kind.EXACT, _proved),),
                    regimes=(CROWD,),
                ),
            ),
            assumptions=("crowded",),
        ),
    ),
    validate=lambda _: None,
)
