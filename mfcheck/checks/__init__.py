"""What a paper's module is written in: claims and readings, the shapes of their checks, planted errors, attacks.

    from mfcheck.checks import At, Claim, Reading, agree, encloses, wrong

Numbers go in, whole evidence comes out: sides, slack, error, domain, reason, picture. See the guide on adding a paper.
"""

from mfcheck.checks.attacks import Side, attack
from mfcheck.checks.certify import Sides, zero_of
from mfcheck.checks.decide import (
    Case,
    Standard,
    against,
    as_estimate,
    certified,
    curve,
    decide,
    picture,
)
from mfcheck.checks.identity import identities, matrix_identities
from mfcheck.checks.rates import Growth, no_faster, rate
from mfcheck.checks.shapes import (
    At,
    agree,
    compared,
    custom,
    encloses,
    identity,
    measured,
    monotone,
    presumes,
    proof,
    rows,
    table,
)
from mfcheck.checks.sharpness import Ladder, how_sharp
from mfcheck.checks.steps import (
    Step,
    conclude,
    derived,
    identical,
    positive_on,
    same_squares,
    smaller,
    without_signs,
)
from mfcheck.checks.values import ball, evaluate, number
from mfcheck.checks.words import bound, certifying, claim, noted, pictured, wrong, wrongs
from mfcheck.claims.experiment import Option
from mfcheck.claims.inequality import Inequality, Variable
from mfcheck.claims.model import (
    Assumption,
    Budget,
    Check,
    Claim,
    Constant,
    Context,
    Paper,
    Reading,
    Twin,
    constant,
)
from mfcheck.claims.record import Curve, Estimate, Evidence, Interval, Note, Plot, Series
from mfcheck.claims.setting import Setting, choice, parameter, setting_of
from mfcheck.claims.trial import Draws, Simulated, Trial, joined, simulation
from mfcheck.claims.verdict import Kind, Known, Question, Scope, Verdict

__all__ = [
    "Assumption",
    "At",
    "Budget",
    "Case",
    "Check",
    "Claim",
    "Constant",
    "Context",
    "Curve",
    "Draws",
    "Estimate",
    "Evidence",
    "Growth",
    "Inequality",
    "Interval",
    "Kind",
    "Known",
    "Ladder",
    "Note",
    "Option",
    "Paper",
    "Plot",
    "Question",
    "Reading",
    "Scope",
    "Series",
    "Setting",
    "Side",
    "Sides",
    "Simulated",
    "Standard",
    "Step",
    "Trial",
    "Twin",
    "Variable",
    "Verdict",
    "against",
    "agree",
    "as_estimate",
    "attack",
    "ball",
    "bound",
    "certified",
    "certifying",
    "choice",
    "claim",
    "compared",
    "conclude",
    "constant",
    "curve",
    "custom",
    "decide",
    "derived",
    "encloses",
    "evaluate",
    "how_sharp",
    "identical",
    "identities",
    "identity",
    "joined",
    "matrix_identities",
    "measured",
    "monotone",
    "no_faster",
    "noted",
    "number",
    "parameter",
    "picture",
    "pictured",
    "positive_on",
    "presumes",
    "proof",
    "rate",
    "rows",
    "same_squares",
    "setting_of",
    "simulation",
    "smaller",
    "table",
    "without_signs",
    "wrong",
    "wrongs",
    "zero_of",
]
