"""Values of the paper's constants in a setting, and what inequalities over them need that one setting can refute.

Where a claim is about the trained network, its consequence at the start, or in the limit of large beta, is attacked:
kernels alone decide there.
"""

import math
from fractions import Fraction
from functools import partial

import sympy as sp
from flint import arb

from mfcheck.checks.attacks import formula_side
from mfcheck.claims import Case, Context, Estimate, Sample, Variable
from mfcheck.claims.inequality import Array
from mfcheck.constants.known import Known
from mfcheck.errors import InputError
from mfcheck.kernels.two_layer import kernel_float, weights
from mfcheck.rigor.ball import exact
from mfcheck.statistics import exactly
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS
from mfcheck_proofs.scaled_resnets.setting import PARAMETERS
from mfcheck_proofs.scaled_resnets.symbols import n

KNOWN = Known(CONSTANTS, PARAMETERS)
value_of, finite = KNOWN.value, KNOWN.finite


def number(context: Context, formula: sp.Basic, **given: float) -> float:
    """Return a formula as a number in the setting of a check, `given` by symbol name before all others.

    Enclosures are 12 digits wide at most, far below the error of any simulation they are compared with.
    """
    return KNOWN.number(context.setting, formula, **given)


def stated(value: float) -> Estimate:
    """Return a number that a formula gave, with its rounding.

    Raises:
        InputError: a constant of the formula has no finite value in the setting.
    """
    if not math.isfinite(value):
        raise InputError("a constant of the bound has no finite value in this setting")
    return exactly(value, 1e-12 * abs(value))


# --- attacks ----------------------------------------------------------------------------------------------------------

BETA = Variable("beta", Fraction(1, 100), Fraction(10**6), log=True)
ALPHA = Variable("alpha", Fraction(1, 100), Fraction(10), log=True)
REAL = Variable("x", Fraction(-30), Fraction(30))
FIRST = Variable("n_1", Fraction(2), Fraction(1000), log=True, integer=True)
RATIO = Variable("k", Fraction(2), Fraction(10**6), log=True, integer=True)
DATA = ("points", "activation")
TRAINED = ("points", "labels", "activation", "beta")
n_1, k = sp.symbols("n_1 k", positive=True)

side = partial(formula_side, KNOWN)


def growth(formula: sp.Expr) -> sp.Expr:
    """Return the formula at k n_1 points over that at n_1, all other symbols put to one."""
    inside = sp.sympify(formula).subs(dict.fromkeys(formula.free_symbols - {n}, 1))
    return inside.subs(n, k * n_1) / inside.subs(n, n_1)


def exactly_of(case: Case, name: str) -> arb:
    """Return the exact value of a parameter, or of an own variable."""
    own = dict(case.own)
    return exact(own[name] if name in own else case.setting[name])


def kernel(sample: Sample, order: int) -> Array:
    """Return the kernel of order 0 (A), 1 (G2) or 2 (K) in double precision, shape (n, n)."""
    return kernel_float(sample.activation, sample.X, order)


def rounding(sample: Sample) -> float:
    """Return what rounding may do to lambda_min(G2): a small share of the trace."""
    return 1e-11 * len(sample.X) * float(weights(sample.activation, 1).sum())
