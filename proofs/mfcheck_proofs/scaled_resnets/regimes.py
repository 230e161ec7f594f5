"""The regimes that the claims speak about: where can their assumptions be met together?"""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import ceil

from mfcheck.claims import Answer, Proof, Regime, Setting
from mfcheck.points.data import circle_data
from mfcheck.points.laws import collide
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, compare, exact
from mfcheck.symbolic.circle import IDENTITIES, WORDS
from mfcheck_proofs.scaled_resnets.assumptions import SAMPLE, at_most
from mfcheck_proofs.scaled_resnets.leaves import code_size, cosine_bound
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.values import value_of

DATA = ("points", "labels")
FORM_BOUND = 4
"""Constant that the quadratic form of the repaired reading is to stay below."""

# --- data ------------------------------------------------------------------------------------------------------------


def circle(setting: Setting, n: int) -> Setting:
    """Return the setting with n rational points of a circle, labels +1, -1; raises InputError in one dimension."""
    return replace(setting, data=circle_data(n, setting.data.d))


def linear_labels(setting: Setting, n: int) -> Setting:
    """Return `circle` with the first coordinate as label: a linear teacher."""
    made = circle(setting, n)
    labels = tuple(point[0] for point in made.data.points)
    return replace(made, data=replace(made.data, labels=labels))


def first_points(setting: Setting, n: int) -> Setting:
    """Return the setting with its first n points, separated as all are; raises InputError if it has fewer."""
    return replace(setting, data=setting.data.first(n))


def any_circle(_: Setting) -> Proof:
    """Show that `circle` gives distinct unit points for every n."""
    words = WORDS + r"; $C_{\max} < 1$ for each $n$, and it tends to 1 with $n$"
    return Proof(words, ("assumption-1",), identities=IDENTITIES)


# --- no data ---------------------------------------------------------------------------------------------------------


def crowded(setting: Setting) -> Proof:
    """Bound n for the d and C_max of the setting by a spherical code."""
    found = code_size(setting.data.d, cosine_bound(setting))
    return Proof(
        rf"no more than ${found.n_max}$ unit vectors in dimension {setting.data.d} have inner products of at most "
        rf"$C_{{\max}} = {setting.data.C_max:.6g}$",
        ("assumption-1",),
        certificate.code_bound(found),
        beyond=found.n_max,
    )


def collisions(setting: Setting) -> Proof:
    """Bound from below, for every law, the probability that two samples are closer than C_max."""
    found = code_size(setting.data.d, cosine_bound(setting))
    size = found.n_max
    pair, rare = at_most(SAMPLE, size), collide(size)
    return Proof(
        rf"for every law $\mu_X$ two independent samples exceed $C_{{\max}} = {setting.data.C_max:.6g}$ with a "
        rf"probability of at least ${1 - pair}$, because no ${size + 1}$ points are separated (Turan); $n$ samples are "
        rf"separated with a probability of at most $\prod_{{k < n}}(1 - k/{size})$ (Zykov), below $1/2$ from "
        rf"$n = {rare}$ and zero from $n = {size + 1}$ on. If equal points are excepted, a law with finitely many "
        "atoms is allowed, but its samples repeat, and a repeated point makes $G$ singular",
        ("assumption-1",),
        certificate.code_bound(found),
    )


# --- beta ------------------------------------------------------------------------------------------------------------


def _beside_threshold(wanted: str, word: str, _: Setting, candidate: Setting) -> Answer:
    """Whether beta stands so to the threshold of Theorem 5, in ball arithmetic."""
    limit = value_of(candidate, "beta_threshold")
    if not limit.is_finite():
        return Answer(None, r"no finite threshold of $\beta$ is known")
    found = compare(exact(candidate["beta"]), limit)
    said = rf"$\beta = {float(candidate['beta']):.6g}$, threshold {float(limit.mid()):.6g}"
    met = None if found == "?" else found == wanted
    return Answer(met, said if met else rf"{said}: $\beta$ is not certain to be {word} it")


above_threshold = partial(_beside_threshold, ">", "above")
below_threshold = partial(_beside_threshold, "<", "below")


def _with_threshold(setting: Setting) -> tuple[Setting, Fraction]:
    """Return the setting, or the default one if its threshold is not finite, and a number just above the threshold."""
    base = setting if value_of(setting, "beta_threshold").is_finite() else DEFAULT
    return base, Fraction(bounds(value_of(base, "beta_threshold"), 12)[1])


def large_beta(setting: Setting, _: int) -> Setting:
    """Return a setting with beta above the threshold."""
    base, limit = _with_threshold(setting)
    return base.with_values(beta=ceil(limit) + 1)


def small_beta(setting: Setting, _: int) -> Setting:
    """Return a setting with beta far below the threshold."""
    base, limit = _with_threshold(setting)
    return base.with_values(beta=(limit / 100).limit_denominator(100))


def bounded_form(_: Setting, candidate: Setting) -> Answer:
    """Whether the quadratic form of the leading order is at most FORM_BOUND, in ball arithmetic."""
    value = value_of(candidate, "C_KL_leading")
    order = compare(value, exact(FORM_BOUND))
    met = {"<": True, ">": False}.get(order)
    return Answer(met, rf"$\frac12\,y^\top G_2^{{-1}} K G_2^{{-1}} y = {float(value.mid()):.6g}$")


# --- the regimes -----------------------------------------------------------------------------------------------------

FIXED = Regime(
    "n-grows-separation-fixed",
    r"$n \to \infty$ with $d$ and $C_{\max}$ fixed",
    "n",
    indices=(2, 3),
    varies=DATA,
    witness=first_points,
    empty=crowded,
    checks=("theorem-6-final/stated/samples", "lemma-4-second/charitable/code-bound"),
)
SHRINKING = Regime(
    "n-grows-separation-shrinks",
    r"$n \to \infty$ with $d$ fixed, where $C_{\max} < 1$ may depend on $n$",
    "n",
    varies=DATA,
    witness=circle,
    every=any_circle,
)
INDEPENDENT = Regime(
    "independent-samples",
    r"$n \ge 2$ independent samples of a law $\mu_X$, separated by one $C_{\max} < 1$ with probability one",
    lawlike=("assumption-1",),
    empty=collisions,
    checks=tuple(f"assumption-1-iid/{c}" for c in ("stated/probability", "every-law/laws", "repeated-point/identity")),
)
BOUNDED = Regime(
    "n-grows-form-bounded",
    rf"$n \to \infty$ while $\frac12\,y^\top G_2^{{-1}} K G_2^{{-1}} y \le {FORM_BOUND}$",
    "n",
    indices=(2, 3, 4),
    varies=DATA,
    holds=bounded_form,
    witness=linear_labels,
)
ABOVE = Regime(
    "beta-above-threshold",
    r"one data set, $\beta$ above the threshold of Theorem 5",
    holds=above_threshold,
    witness=large_beta,
)
BELOW = Regime(
    "beta-below-threshold",
    r"one data set, $\beta$ below the threshold of Theorem 5",
    holds=below_threshold,
    witness=small_beta,
)


def _growing(name: str, symbol: str, *indices: int) -> Regime:
    """Return the regime of one data set in which a parameter grows."""
    return Regime(
        f"{name}-grows",
        rf"one data set, ${symbol} \to \infty$",
        symbol,
        indices=indices,
        varies=(name,),
        witness=lambda setting, value: setting.with_values(**{name: value}),
    )


LARGE_BETA = _growing("beta", r"\beta", 10**3, 10**6)
DEPTH = _growing("depth", "L", 1, 8, 64)
