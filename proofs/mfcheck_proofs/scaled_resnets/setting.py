"""What a user may choose in this paper: data on the sphere, activation, alpha, beta, and the solver's sizes."""

from fractions import Fraction

from mfcheck.claims import Parameter, Setting
from mfcheck.claims.setting import setting_of
from mfcheck.errors import InputError
from mfcheck.points.data import FOUR
from mfcheck.rigor.assumption import judge
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.scaled_resnets import symbols as s

NONE, ONE = Fraction(0), Fraction(1)
PARAMETERS = (
    Parameter("alpha", s.alpha, ONE, "scale of the residual branch, eq. (1)", minimum=NONE),
    Parameter("beta", s.beta, Fraction(40), "scale of the predictor", NONE, Fraction(10**12), open_minimum=True),
    Parameter("depth", s.L, Fraction(8), "layers of the particle system", ONE, Fraction(1024), integer=True),
    Parameter(
        "particles", s.M, Fraction(1024), "particles of each measure", Fraction(2), Fraction(2**20), integer=True
    ),
    Parameter("delta", s.delta, Fraction(1, 20), "failure probability of Theorem 6", NONE, ONE, True),
    Parameter("gamma", s.gamma, ONE, "margin of the ramp loss in Theorem 6", NONE, open_minimum=True),
)
DEFAULT = setting_of(PARAMETERS, LIBRARY["tanh"], FOUR)


def validate(setting: Setting) -> None:
    """Refuse data that no claim of the paper speaks about.

    Raises:
        InputError: fewer than two points, a repeated point, or a label outside [-1, 1].
    """
    data = setting.data
    if data.n < 2:
        raise InputError(f"the paper compares points: at least 2 are needed, got {data.n}")
    if data.repeated is not None:
        i, j = data.repeated
        raise InputError(f"rows {i + 1} and {j + 1} are the same point: two equal rows of the Jacobian make G singular")
    if any(abs(label) > 1 for label in data.labels):
        raise InputError("labels must satisfy |y| <= 1 (Assumption 1)")


def needs_encoder(setting: Setting) -> None:
    """Refuse alpha = 0, with an InputError, where a statement is about the encoder's movement."""
    if setting["alpha"] == 0:
        raise InputError("alpha = 0 removes the encoder; this claim is about how it moves and needs alpha > 0")


def needs_smooth_activation(setting: Setting) -> None:
    """Refuse, with an InputError, an activation that is certified not to meet Assumption 3."""
    found = judge(setting.activation)
    if found.answer == "fails":
        raise InputError(f"{setting.activation.name} does not meet Assumption 3: {'; '.join(found.reasons)}")


def needs_flow(setting: Setting) -> None:
    """Refuse a setting whose flow cannot be followed: an activation outside Assumption 3, or labels all zero."""
    needs_smooth_activation(setting)
    if not any(setting.data.labels):
        raise InputError("all labels are zero: the loss is zero from the start, and nothing moves")


def needs_moving_encoder(setting: Setting) -> None:
    """Refuse a setting in which no encoder moves: see `needs_flow` and `needs_encoder`."""
    needs_flow(setting)
    needs_encoder(setting)
