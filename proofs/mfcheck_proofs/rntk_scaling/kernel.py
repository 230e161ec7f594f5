"""Section 3: the arc-cosine functions, the recursion of the kernel, and what it is normalised by."""

import sympy as sp

from mfcheck.checks.identity import identities
from mfcheck.claims import Check, Context, Evidence, Kind, PlantedError, Reading, Scope
from mfcheck.kernels.formulas import GAP, HALF_TERM, K0, K0_U, K1_U, theta, u
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling.symbols import alpha, k0, k1, rho

# --- arc-cosine functions --------------------------------------------------------------------------------------------

_t = sp.Symbol("theta", positive=True)


def _in_angle(expr: sp.Expr) -> sp.Expr:
    """Put u = cos(theta), 0 < theta < pi."""
    roots = {sp.acos(u): _t, sp.sqrt(1 - u**2): sp.sin(_t)}
    return expr.subs(roots).subs(u, sp.cos(_t))


def arc_cosine_integral(context: Context) -> Evidence:
    """The Gaussian integrals in polar coordinates: both preactivations are positive on an arc of length pi - theta."""
    phi, radius = sp.symbols("phi r", positive=True)
    arc = (phi, _t - sp.pi / 2, sp.pi / 2)
    weight = radius * sp.exp(-(radius**2) / 2) / (2 * sp.pi)
    radial = [sp.integrate(weight * radius**k, (radius, 0, sp.oo)) for k in (0, 2)]
    order_0 = 2 * radial[0] * sp.integrate(sp.Integer(1), arc)
    order_1 = 2 * radial[1] * sp.integrate(sp.expand_trig(sp.cos(phi) * sp.cos(phi - _t)), arc)
    pairs = [(order_0, _in_angle(context["k0"])), (order_1, _in_angle(context["k1"]))]
    return identities(pairs, "every angle between 0 and pi", Scope.WHOLE)


def arc_cosine_angle(context: Context) -> Evidence:
    """The forms in the angle, the derivative of k1, and k1(u) - u = k1(-u), on which accuracy near the ends rests."""
    turned = GAP.subs(theta, sp.pi - _t)
    pairs = [
        (_in_angle(context["k0"]), K0.subs(theta, _t)),
        (_in_angle(context["k1"]) - sp.cos(_t), GAP.subs(theta, _t)),
        (_in_angle(context["k1"]), turned),
        (sp.diff(_in_angle(context["k1"]), _t), -sp.sin(_t) * _in_angle(context["k0"])),
    ]
    return identities(pairs, "every angle between 0 and pi", Scope.WHOLE)


ARC_CHECKS = ("arc-cosine-integral", "arc-cosine-angle")
arc_cosine = assembled(
    id="arc-cosine",
    title="The arc-cosine functions",
    statement=(
        "For standard Gaussians of correlation u, k0 = 2 E[1(g>0) 1(g'>0)] and k1 = 2 E[relu(g) relu(g')]; k1' = k0."
    ),
    source="2403.04545, Section 3",
    readings=(Reading("stated", "The closed forms.", {"k0": K0_U, "k1": K1_U}),),
    checks=(
        Check(ARC_CHECKS[0], Kind.EXACT, arc_cosine_integral),
        Check(ARC_CHECKS[1], Kind.EXACT, arc_cosine_angle),
    ),
    planted=(
        PlantedError(
            "arc-cosine-k0-half",
            "constant scaled",
            {"k0": K0_U / 2},
            "k0(1) = 2 P(g > 0) = 1.",
            ARC_CHECKS,
        ),
        PlantedError(
            "arc-cosine-k1-sign",
            "sign flipped",
            {"k1": K1_U.subs(u, -u)},
            "k1(1) = 2 E relu(g)^2 = 1, k1(-1) = 0.",
            ARC_CHECKS,
        ),
        PlantedError(
            "arc-cosine-k1-no-root",
            "factor dropped",
            {"k1": u * K0_U},
            "At u = 0 the product of two independent halves has mean 1/pi.",
            ARC_CHECKS,
        ),
    ),
)

# --- the recursion ---------------------------------------------------------------------------------------------------

_K1 = sp.Function("k_1")
_share = alpha**2 / (1 + alpha**2)


def _layers(context: Context, depth: int) -> tuple[list[sp.Expr], list[sp.Expr], sp.Symbol]:
    """Correlations rho_0..rho_L, and factors of B at rho_0..rho_(L-1), for an undefined k1 with k0 = k1'."""
    start = sp.Symbol("u", real=True)
    rhos, factors, x = [start], [], sp.Dummy("x")
    slope = sp.Lambda(x, sp.diff(_K1(x), x))
    for _ in range(depth):
        here = {
            rho: rhos[-1],
            k1: _K1(rhos[-1]),
            k0: slope(start) if len(rhos) == 1 else _slope_at(rhos[-1]),
        }
        factors.append(context["factor"].subs(here, simultaneous=True))
        rhos.append(context["step"].subs(here, simultaneous=True))
    return rhos, factors, start


def _slope_at(point: sp.Expr) -> sp.Expr:
    x = sp.Dummy("x")
    return sp.Subs(sp.diff(_K1(x), x), x, point)


def backward_is_derivative(context: Context) -> Evidence:
    """The product of all factors is d rho_L/d u, for every k1 whose derivative is k0."""
    pairs = []
    for depth in (1, 2, 3):
        rhos, factors, start = _layers(context, depth)
        pairs.append((sp.diff(rhos[-1], start).doit(), sp.Mul(*factors).doit()))
    return identities(
        pairs, "depths 1 to 3, every k1 with k0 = k1'; B_(l+1) follows with rho_l for u"
    )


def forward_pass(context: Context) -> Evidence:
    """One forward pass gives the sum over layers with its backward products."""
    pairs = []
    for depth in range(1, 6):
        terms, factors = sp.symbols(f"h:{depth}"), sp.symbols(f"b:{depth}")
        total = sum(terms[i] * sp.Mul(*factors[i + 1 :]) for i in range(depth))
        passed = sp.Integer(0)
        for term, factor in zip(terms, factors, strict=True):
            passed = context["pass"].subs({rho: passed, k0: factor, k1: term}, simultaneous=True)
        pairs.append((total, passed))
    return identities(pairs, "depths 1 to 5, every term h and factor b")


def one_layer(context: Context) -> Evidence:
    """The induction steps over the layers, and what a layer does at u = 1; a is the share.

    The slope of a layer is its factor, so B_(l+1) = d rho_L/d rho_l by the chain rule. A layer of factor b and term h
    turns the sum S over those before it into b S + h, and S starts at 0: so S is the sum of all terms, each with the
    factors of the layers after it. At u = 1 all of rho, factors and terms stay 1, so r_L(1) = 1.
    """
    at_one = {rho: 1, k0: 1, k1: 1}
    pairs = [(context[name].subs(at_one), sp.Integer(1)) for name in ("step", "factor", "term")]
    gap = (context["step"] - rho - _share * (k1 - rho), sp.Integer(0))
    slope = (context["factor"] - 1 + _share * (1 - k0), sp.Integer(0))
    angle = {rho: sp.cos(theta), k0: K0, k1: GAP + sp.cos(theta)}
    step, factor, term = (context[name].subs(angle) for name in ("step", "factor", "term"))
    S, b, h = sp.symbols("S b h", real=True)
    inductions = [
        (sp.diff(step, theta), -sp.sin(theta) * factor),
        (context["pass"].subs({rho: S, k0: b, k1: h}, simultaneous=True), b * S + h),
    ]
    return identities(
        [*pairs, gap, slope, (term, HALF_TERM), *inductions],
        "every alpha, every angle; every depth by induction",
        Scope.WHOLE,
    )


CHECKS = ("recursion-derivative", "recursion-forward", "recursion-layer")
RECURSION = {
    "step": (rho + alpha**2 * k1) / (1 + alpha**2),
    "factor": (1 + alpha**2 * k0) / (1 + alpha**2),
    "term": (k1 + rho * k0) / 2,
    "pass": k0 * rho + k1,
}
recursion = assembled(
    id="kernel-recursion",
    title="The recursion of the residual kernel",
    statement=(
        "rho_l = (rho_(l-1) + alpha^2 k1)/(1+alpha^2), B_l = B_(l+1) (1 + alpha^2 k0)/(1+alpha^2), and r_L is the "
        "mean over "
        "layers of B_(l+1) (k1 + rho k0)/2; so B_(l+1) = d rho_L/d rho_l, and r_L(1) = 1."
    ),
    source="2403.04545, Section 3",
    readings=(Reading("stated", "One layer, and one forward pass for the sum.", RECURSION),),
    checks=(
        Check(CHECKS[0], Kind.EXACT, backward_is_derivative),
        Check(CHECKS[1], Kind.EXACT, forward_pass),
        Check(CHECKS[2], Kind.EXACT, one_layer),
    ),
    planted=(
        PlantedError(
            "recursion-factor-k1",
            "wrong function",
            {"factor": RECURSION["factor"].subs(k0, k1)},
            "The backward factor is the slope of the forward step.",
            (CHECKS[0], CHECKS[2]),
        ),
        PlantedError(
            "recursion-no-alpha",
            "factor dropped",
            {"step": (rho + k1) / 2},
            "alpha weighs the branch.",
            (CHECKS[0], CHECKS[2]),
        ),
        PlantedError(
            "recursion-pass-order",
            "factor dropped",
            {"pass": rho + k1},
            "Earlier layers carry the factors of later ones.",
            CHECKS[1:],
        ),
        PlantedError(
            "recursion-term-doubled",
            "constant scaled",
            {"term": k1 + rho * k0},
            "The kernel would be 2 at u = 1.",
            CHECKS[2:],
        ),
    ),
)

CLAIMS = (arc_cosine, recursion)
