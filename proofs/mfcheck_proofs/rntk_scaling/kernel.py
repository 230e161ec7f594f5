"""Section 3: the arc-cosine functions and the recursion of the kernel; Section 4: the limit r_1 on the sphere."""

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Growth,
    Kind,
    Note,
    Reading,
    Setting,
    Side,
    Step,
    as_estimate,
    attack,
    claim,
    compared,
    derived,
    encloses,
    identical,
    identity,
    proof,
    rate,
    without_signs,
    wrong,
    wrongs,
)
from mfcheck.claims import Sample
from mfcheck.falsify.variants import ASSUMPTION, of_order
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.enclosure import kernel, taylor
from mfcheck.kernels.formulas import GAP, HALF_TERM, K0, K0_U, K1_U, theta, u
from mfcheck.kernels.identities import (
    angle_forms,
    central_binomials,
    form_on_opposites,
    gaussian_integrals,
    k,
    odd_part,
)
from mfcheck.kernels.matrix import smallest_on
from mfcheck.kernels.pairs import PREC, Formulas
from mfcheck.kernels.rntk import rntk
from mfcheck.kernels.sphere import eigenvalue, multiplicity
from mfcheck.rigor.ball import exact
from mfcheck_proofs.rntk_scaling.setting import NO_SINGLE, alpha, d, k0, k1, rho

Pairs = list[tuple[sp.Expr, sp.Expr]]
IDENTITY = "it is an identity, which exact checks decide for every setting"

# --- arc-cosine functions --------------------------------------------------------------------------------------------

ANGLES = "every angle between 0 and pi"
arc_cosine = claim(
    "arc-cosine",
    title="The arc-cosine functions",
    statement="For standard Gaussians of correlation u, k0 = 2 E[1(g>0) 1(g'>0)] and k1 = 2 E[relu(g) relu(g')]; k1' = k0.",
    source="2403.04545, Section 3",
    no_inequality=IDENTITY,
    text="The closed forms.",
    formulas={"k0": K0_U, "k1": K1_U},
    checks=[
        identity("integral", ["k0", "k1"], lambda c: gaussian_integrals(c["k0"], c["k1"]), domain=ANGLES),
        identity("angle", ["k0", "k1"], lambda c: angle_forms(c["k0"], c["k1"]), domain=ANGLES),
    ],
    wrong=[
        wrong("k0-half", {"k0": K0_U / 2}, "k0(1) = 2 P(g > 0) = 1."),
        wrong("k1-sign", {"k1": K1_U.subs(u, -u)}, "k1(1) = 2 E relu(g)^2 = 1, k1(-1) = 0.", kind="sign flipped"),
        wrong("k1-no-root", {"k1": u * K0_U}, "At u = 0, k1 = 2 E[relu g]^2 = 1/pi, and not 0."),
    ],
)

# --- the recursion ---------------------------------------------------------------------------------------------------

_K1 = sp.Function("k_1")
SHARE = alpha**2 / (1 + alpha**2)
RECURSION = {
    "step": (rho + alpha**2 * k1) / (1 + alpha**2),
    "factor": (1 + alpha**2 * k0) / (1 + alpha**2),
    "term": (k1 + rho * k0) / 2,
    "pass": k0 * rho + k1,
}


def backward(context: Context) -> Pairs:
    """The product of all factors is d rho_L/d u, for every k1 whose derivative is k0."""
    start, x, found = sp.Symbol("u", real=True), sp.Dummy("x"), []
    last, product = start, sp.Integer(1)
    for _ in range(3):
        here = {rho: last, k1: _K1(last), k0: sp.Subs(sp.diff(_K1(x), x), x, last)}
        product *= context["factor"].subs(here, simultaneous=True)
        last = context["step"].subs(here, simultaneous=True)
        found.append((sp.diff(last, start).doit(), product.doit()))
    return found


def forward_pass(context: Context) -> Pairs:
    """One forward pass gives the sum over layers with its backward products."""
    pairs = []
    for depth in range(1, 6):
        terms, factors = sp.symbols(f"h:{depth}"), sp.symbols(f"b:{depth}")
        total = sum(terms[i] * sp.Mul(*factors[i + 1 :]) for i in range(depth))
        passed = sp.Integer(0)
        for term, factor in zip(terms, factors, strict=True):
            passed = context["pass"].subs({rho: passed, k0: factor, k1: term}, simultaneous=True)
        pairs.append((total, passed))
    return pairs


def one_layer(context: Context) -> Pairs:
    """The induction steps over the layers, and what a layer does at u = 1; a is the share.

    The slope of a layer is its factor, so B_(l+1) = d rho_L/d rho_l by the chain rule. A layer of factor b and term h
    turns the sum S over those before it into b S + h, and S starts at 0: so S is the sum of all terms, each with the
    factors of the layers after it. At u = 1 all of rho, factors and terms stay 1, so r_L(1) = 1.
    """
    at_one = {rho: 1, k0: 1, k1: 1}
    angle = {rho: sp.cos(theta), k0: K0, k1: GAP + sp.cos(theta)}
    step, factor, term = (context[name].subs(angle) for name in ("step", "factor", "term"))
    S, h_b, h = sp.symbols("S b h", real=True)
    return [
        *((context[name].subs(at_one), sp.Integer(1)) for name in ("step", "factor", "term")),
        (context["step"] - rho - SHARE * (k1 - rho), sp.Integer(0)),
        (context["factor"] - 1 + SHARE * (1 - k0), sp.Integer(0)),
        (term, HALF_TERM),
        (sp.diff(step, theta), -sp.sin(theta) * factor),
        (context["pass"].subs({rho: S, k0: h_b, k1: h}, simultaneous=True), h_b * S + h),
    ]


recursion = claim(
    "kernel-recursion",
    title="The recursion of the residual kernel",
    statement="rho_l = (rho_(l-1) + alpha^2 k1)/(1+alpha^2), B_l = B_(l+1) (1 + alpha^2 k0)/(1+alpha^2), and r_L is the "
    "mean over layers of B_(l+1) (k1 + rho k0)/2; so B_(l+1) = d rho_L/d rho_l, and r_L(1) = 1.",
    source="2403.04545, Section 3",
    assumptions=("sphere",),
    no_inequality=IDENTITY,
    text="One layer, and one forward pass for the sum.",
    formulas=RECURSION,
    checks=[
        identity(
            "derivative", ["step", "factor"], backward, domain="depths 1 to 3, every k1 with k1' = k0", whole=False
        ),
        identity("forward", "pass", forward_pass, domain="depths 1 to 5, every term h and factor b", whole=False),
        identity("layer", RECURSION, one_layer, domain="every alpha, every angle; every depth by induction"),
    ],
    wrong=[
        wrong("factor-k1", {"factor": RECURSION["factor"].subs(k0, k1)}, "The factor is the slope of the step."),
        wrong("no-alpha", {"step": (rho + k1) / 2}, "alpha weighs the branch.", kind="factor dropped"),
        wrong("pass-order", {"pass": rho + k1}, "Earlier layers carry the factors of later ones."),
        wrong("term-doubled", {"term": k1 + rho * k0}, "It would be 2 at u = 1."),
    ],
)

# --- r_1 on opposite points ------------------------------------------------------------------------------------------

R_1 = (K1_U + u * K0_U) / 2


NOT_DEFINITE = Note(
    id="limit-not-positive-definite",
    severity="major",
    text="The limit kernel r_1 is not strictly positive definite on the whole sphere: its odd part is u/2 exactly, so "
    "on more than d pairs of opposite points the kernel matrix is singular, and its space holds no odd function "
    "but linear ones. Eigenvalues of odd degree >= 3 are zero, so the minimax statement for gamma > 1/2 cannot "
    "cover targets with such parts. The paper should state its domain.",
)


def opposite_pairs(context: Context) -> list[Step]:
    """Kernel matrix of d+1 pairs x, -x in dimension d: if the odd part is linear, some vector is in its kernel.

    It is (w, -w) with sum w_i x_i = 0; three vectors of the plane are linearly dependent.
    """
    form = derived(form_on_opposites(context["kernel"], 3), "the form is not the square derived")
    return [*form, Step("definite", False, "the kernel matrix of three opposite pairs is singular", exact=True)]


ODD_TOO = "Its odd part is linear too: three opposite pairs of the circle are a counterexample."
definite_stated = Reading(
    "stated",
    "For all sets of distinct points of the whole sphere.",
    {"kernel": R_1},
    checks=[
        proof(
            "opposite",
            "kernel",
            opposite_pairs,
            kind=Kind.EXACT,
            domain="three pairs of opposite points of the circle",
            lhs="lambda_min of r_1 at opposite pairs: 0",
            rhs="> 0",
            otherwise=[NOT_DEFINITE],
        )
    ],
    wrong=wrongs("kernel", {"k1": (K1_U, ODD_TOO), "k0-term": (u * K0_U, ODD_TOO)}),
)
definite_parity = Reading(
    "parity",
    "Lemma: r_1(u) - r_1(-u) = u.",
    {"odd": u},
    checks=[identity("odd", "odd", lambda context: [(odd_part(R_1), context["odd"])], domain="every u in [-1, 1]")],
    wrong=[wrong("half", {"odd": u / 2}, "k1 and u k0 give u each, halved once.")],
)

# --- no two opposite points ------------------------------------------------------------------------------------------

EVEN = (2 * k + 1) / (2 * k - 1) ** 2 / (2 * sp.pi)
"""Coefficient of u^(2k) in r_1, over binom(2k, k)/4^k."""


def even_coefficients(context: Context) -> list[Step]:
    """r_1 = u/2 + ((1-u^2)^(1/2) + 2u arcsin u)/(2 pi), and the coefficient of u^(2k) in it over b_k.

    That of arcsin at u^(2k-1) is b_(k-1)/(2k-1), and b_(k-1) = b_k 2k/(2k-1). With all even coefficients positive,
    c^T K c = 0 means sum c_i p(x_i) = 0 for every even polynomial p (tensor powers). These separate points of which no
    two are equal or opposite, so that c = 0.
    """
    closed = u / 2 + (sp.sqrt(1 - u**2) + 2 * u * (sp.pi / 2 - sp.acos(u))) / (2 * sp.pi)
    derived = (-1 / (2 * k - 1) + 2 * (2 * k / (2 * k - 1)) / (2 * k - 1)) / (2 * sp.pi)
    stated, j = context["even"], sp.Symbol("j", nonnegative=True, integer=True)
    signs = {stated.subs(k, 0).is_positive, sp.factor(stated.subs(k, j + 1)).is_positive}
    positive = False if False in signs else True if signs == {True} else None
    return [
        *identical({"closed form": (R_1, closed), "coefficients": (stated, derived)}),
        *identical(central_binomials()),
        Step("positive", positive, "a coefficient is not positive"),
    ]


WITHOUT_OPPOSITES = Note(
    id="limit-definite-without-opposites",
    severity="remark",
    text="Without opposite points (an open hemisphere, or non-negative inputs such as images) "
    "r_1 is strictly positive definite: its even Taylor coefficients are positive.",
)
definite_without_opposites = Reading(
    "no-opposites",
    "For all sets without two opposite points, such as those of an open hemisphere or of non-negative inputs.",
    {"even": EVEN},
    checks=[
        proof(
            "even",
            "even",
            even_coefficients,
            kind=Kind.EXACT,
            domain="every finite set without two equal or opposite points, every dimension",
            lhs="c^T K c",
            rhs="> 0",
            notes=[WITHOUT_OPPOSITES],
        )
    ],
    wrong=[
        wrong("exponent", {"even": EVEN * (2 * k - 1)}, "r_1 has a square root at u = 1: they fall like k^(-3/2)."),
        wrong("sign", {"even": -EVEN}, "At k = 0 it is r_1(0) = 1/(2 pi)."),
    ],
)

# --- more than one layer ---------------------------------------------------------------------------------------------


def deeper_coefficients(context: Context) -> list[Step]:
    """Every Taylor coefficient of r_L is positive for L >= 2, so that r_L is strictly definite on the whole sphere.

    k0 = 1/2 + arcsin(u)/pi, with coefficients b_k/((2k+1) pi) > 0, and k1, with k1' = k0 and k1(0) = 1/pi, have none
    below 0; nor have step, factor and term in rho, k0, k1. So all rho_l and R_l have none, and their series converge up
    to |u| = 1. For l >= 1 rho_l has a constant and a linear coefficient > 0, so rho_l^n has all up to u^n, and
    k0(rho_l) has all. R_2 contains a k0(rho_1) R_1 with R_1(0) > 0, and R_(l+1) contains (1 - a) R_l.
    """
    scale = sp.Symbol("alpha", positive=True)
    facts = {
        "k0": (K0_U, sp.Rational(1, 2) + (sp.pi / 2 - sp.acos(u)) / sp.pi),
        "k1": (sp.diff(K1_U, u), K0_U),
        "k1 at 0": (K1_U.subs(u, 0), 1 / sp.pi),
        "R_1 at 0": (R_1.subs(u, 0), 1 / (2 * sp.pi)),
        "odd part of one layer": (odd_part(R_1), u),
    }
    return [
        *identical(facts),
        *identical(central_binomials()),
        *(without_signs(name, RECURSION[name].subs(alpha, scale), rho, k0, k1) for name in ("step", "factor", "term")),
        Step("depth", int(context["depth"]) >= 2, "r_1 has no odd coefficient but the first"),
        Step("floor", bool(context["floor"] <= 0), "two close points have a smaller eigenvalue"),
    ]


def taylor_signs(context: Context) -> list[Case]:
    """Taylor coefficients of r_L at u = 0, enclosed: all positive from depth 2 on, so that r_L is strictly definite."""
    count, first = context.budget.pick(*COEFFICIENTS), int(context["depth"])
    with ctx.workprec(4 * PREC):
        found = {depth: taylor(depth, arb(1) / 2, count) for depth in (first, first + 1, 10)}
    named = [(value, f"L = {depth}, u^{k}") for depth, row in found.items() for k, value in enumerate(row)]
    cases = [Case(value, arb(0), name) for value, name in sorted(named, key=lambda one: float(one[0].lower()))]
    if first == 1 and odd_part(R_1) == u:  # exactly: r_1 has no odd coefficient but the first
        cases.append(Case(arb(0), arb(2) ** -PREC, "L = 1, u^3"))
    return cases


def least_of_two(setting: Setting) -> arb:
    """Enclose the smallest eigenvalue of r_2 (alpha = 1) on the points."""
    with ctx.workprec(PREC):
        return smallest_on(setting.data.points, kernel(2, 1, 20), 30)


def _least_fast(sample: Sample, _: Formulas) -> float:
    inner = np.clip(sample.X @ sample.X.T, -1, 1)
    np.fill_diagonal(inner, 1)
    return float(np.linalg.eigvalsh(rntk(cosine(inner), 2, 1.0))[0])


FLOOR = Side(lambda _, formulas: float(formulas["floor"]), lambda _, formulas: exact(formulas["floor"]))
LEAST = Side(_least_fast, lambda case, _: least_of_two(case.setting))
ON_POINTS = "0 <= lambda_min of r_2 (alpha = 1) on the points"
DEEPER_TOO = Note(
    id="deeper-kernels-definite",
    severity="remark",
    text="Every r_L with L >= 2 and alpha > 0 is strictly positive definite on the whole "
    "sphere, opposite points included: all its Taylor coefficients are positive. What "
    "fails in the limit r_1 fails at no finite depth but L = 1.",
)
COEFFICIENTS = (24, 40, 60)
DEEPER = {"depth": sp.Integer(2), "floor": sp.Integer(0)}
definite_deeper = Reading(
    "deeper",
    "r_L for every L >= 2 and alpha > 0, on the whole sphere: all Taylor coefficients are positive.",
    DEEPER,
    checks=[
        proof(
            "proof",
            DEEPER,
            deeper_coefficients,
            kind=Kind.EXACT,
            domain="every L >= 2 and alpha > 0, every finite set of distinct points, every dimension",
            lhs="c^T K c",
            rhs="> 0",
            notes=[DEEPER_TOO],
        ),
        encloses("data", "floor", lambda c: least_of_two(c.setting), relation=">", domain="the data; r_2, alpha = 1"),
        compared(
            "taylor",
            "depth",
            taylor_signs,
            kind=Kind.CERTIFIED,
            relation=">",
            domain=lambda c: (
                f"depths {c['depth']}, {c['depth'] + 1}, 10; the first {c.budget.pick(*COEFFICIENTS)}, alpha = 1"
            ),
        ),
    ],
    wrong=[
        wrong("shallow", {"depth": sp.S.One}, "r_1 has no odd coefficient but the first.", kind=ASSUMPTION),
        wrong("floor", {"floor": sp.Integer(2)}, "The diagonal is one, so lambda_min is at most one."),
        wrong("half", {"floor": sp.Rational(1, 2)}, "Two close points have less.", checks=["slack-definite-floor"]),
    ],
    attack=[attack("definite-floor", ON_POINTS, FLOOR, LEAST, varies=["points"], noise=lambda at: 1e-12 * len(at.X))],
)
definite = Claim(
    "positive-definite",
    title="Positive definiteness of the limit kernel",
    statement="The kernel r_1 to which r_L converges for gamma > 1/2 is strictly positive definite on the sphere.",
    source="2403.04545, used for uniform convergence and for kernel regression",
    assumptions=("sphere",),
    readings=[definite_stated, definite_without_opposites, definite_deeper, definite_parity],
)

# --- eigenvalues -----------------------------------------------------------------------------------------------------

DIMENSIONS, DEGREES = (3, 4, 5), "four odd degrees, even degrees 0..8, d = 3, 4, 5"
TINY = arb(2) ** -80


def decay(context: Context) -> list[Growth]:
    """Eigenvalues of even degree, enclosed, against the degree + (d-2)/2: exponent -d in dimension d."""
    degrees = np.array([2**j for j in range(4, context.budget.pick(7, 8, 9))])
    found = []
    for dim in DIMENSIONS:
        values = np.array([float(eigenvalue(HALF_TERM, dim, int(j)).mid()) for j in degrees])
        found.append(Growth(degrees + (dim - 2) / 2, values, 1e-15 * values, f"d = {dim}", {d: dim}))
    return found


def signs(context: Context) -> list[Case]:
    """Odd degrees from the stated one on: the eigenvalues are zero up to `TINY`, and the even ones are positive."""
    first, cases = int(context["first_zero"]), []
    for dim in DIMENSIONS:
        zeros = {j: abs(eigenvalue(HALF_TERM, dim, j)) for j in range(first, first + 8, 2)}
        cases += [Case(value, TINY, f"degree {j}, d = {dim}") for j, value in zeros.items()]
        cases += [Case(TINY, eigenvalue(HALF_TERM, dim, j), f"degree {j}, d = {dim}") for j in (0, 2, 4, 6, 8)]
    return cases


def trace(context: Context) -> list[Case]:
    """Sum N(d, k) mu_k = r_1(1): partial sums stay below, and the rest falls like the tail of k^(-2).

    Of even degrees alone, in steps of two, the tail of c/k^2 beyond K is below c/K.
    """
    top, target = context.budget.pick(24, 40, 80), exact(context["trace"])
    terms = {j: multiplicity(3, j) * eigenvalue(HALF_TERM, 3, j) for j in (0, 1, *range(2, top + 1, 2))}
    total, rest = sum(terms.values(), arb(0)), terms[top] * top
    return [Case(as_estimate(total + arb(0).union(rest)), as_estimate(target), f"degrees up to {top}")]


SPECTRUM = {"exponent": -d, "first_zero": sp.Integer(3), "trace": sp.Integer(1)}
spectrum = claim(
    "eigenvalue-decay",
    title="Eigenvalue decay of r_1 on the sphere",
    statement="On the unit sphere of R^d the eigenvalues of r_1 fall like k^(-d) in the even degrees k; in order of size "
    "lambda_j ~ j^(-d/(d-1)). Odd degrees from 3 on have eigenvalue zero.",
    source="2403.04545, Section 4",
    no_inequality=NO_SINGLE,
    text="Power of the degree, first vanishing odd degree, trace.",
    formulas=SPECTRUM,
    checks=[
        rate(
            "decay",
            "exponent",
            decay,
            x_label="degree k + (d-2)/2",
            y_label="eigenvalue of r_1",
            domain="even degrees from 16 on, d = 3, 4, 5, certified values",
        ),
        compared("odd", "first_zero", signs, kind=Kind.CERTIFIED, relation="<", domain=DEGREES),
        compared("trace", "trace", trace, domain="d = 3, partial sum and its tail"),
    ],
    wrong=[
        *of_order("exponent", -d, 1, -1, why="The singularity of r_1 at u = 1 is a square root."),
        wrong("linear-zero", {"first_zero": sp.Integer(1)}, "The odd part u/2 has degree one.", kind="index shifted"),
        wrong("trace-two", {"trace": sp.Integer(2)}, "r_1(1) = 1."),
    ],
)
