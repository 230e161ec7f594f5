"""Section 3: the arc-cosine functions, the recursion of the kernel, and how hidden states approach each other."""

from fractions import Fraction

import sympy as sp
from flint import arb

from mfcheck.checks import Claim, Context, Reading, Step, identity, proof, smaller, wrong
from mfcheck.kernels import pairs
from mfcheck.kernels.formulas import GAP, HALF_TERM, K0, K0_U, K1_U, kappa, theta, u
from mfcheck.kernels.pairs import Pair
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.setting import DEPTH, alpha, k0, k1, rho

Pairs = list[tuple[sp.Expr, sp.Expr]]
IDENTITY = "it is an identity, which exact checks decide for every setting"

# --- arc-cosine functions --------------------------------------------------------------------------------------------

_t = sp.Symbol("theta", positive=True)


def _in_angle(expr: sp.Expr) -> sp.Expr:
    """Put u = cos(theta), 0 < theta < pi."""
    roots = {sp.acos(u): _t, sp.sqrt(1 - u**2): sp.sin(_t)}
    return expr.subs(roots).subs(u, sp.cos(_t))


def arc_cosine_integral(context: Context) -> Pairs:
    """The Gaussian integrals in polar coordinates: both preactivations are positive on an arc of length pi - theta."""
    phi, radius = sp.symbols("phi r", positive=True)
    arc = (phi, _t - sp.pi / 2, sp.pi / 2)
    weight = radius * sp.exp(-(radius**2) / 2) / (2 * sp.pi)
    radial = [sp.integrate(weight * radius**k, (radius, 0, sp.oo)) for k in (0, 2)]
    order_0 = 2 * radial[0] * sp.integrate(sp.Integer(1), arc)
    order_1 = 2 * radial[1] * sp.integrate(sp.expand_trig(sp.cos(phi) * sp.cos(phi - _t)), arc)
    return [(order_0, _in_angle(context["k0"])), (order_1, _in_angle(context["k1"]))]


def arc_cosine_angle(context: Context) -> Pairs:
    """The forms in the angle, the derivative of k1, and k1(u) - u = k1(-u), on which accuracy near the ends rests."""
    order_1 = _in_angle(context["k1"])
    return [
        (_in_angle(context["k0"]), K0.subs(theta, _t)),
        (order_1 - sp.cos(_t), GAP.subs(theta, _t)),
        (order_1, GAP.subs(theta, sp.pi - _t)),
        (sp.diff(order_1, _t), -sp.sin(_t) * _in_angle(context["k0"])),
    ]


ANGLES = "every angle between 0 and pi"
arc_cosine = Claim(
    "arc-cosine",
    title="The arc-cosine functions",
    statement=(
        "For standard Gaussians of correlation u, k0 = 2 E[1(g>0) 1(g'>0)] and k1 = 2 E[relu(g) relu(g')]; k1' = k0."
    ),
    source="2403.04545, Section 3",
    no_inequality=IDENTITY,
    readings=[
        Reading(
            "stated",
            "The closed forms.",
            {"k0": K0_U, "k1": K1_U},
            checks=[
                identity("integral", ["k0", "k1"], arc_cosine_integral, domain=ANGLES),
                identity("angle", ["k0", "k1"], arc_cosine_angle, domain=ANGLES),
            ],
            wrong=[
                wrong("k0-half", {"k0": K0_U / 2}, "k0(1) = 2 P(g > 0) = 1."),
                wrong(
                    "k1-sign", {"k1": K1_U.subs(u, -u)}, "k1(1) = 2 E relu(g)^2 = 1, k1(-1) = 0.", kind="sign flipped"
                ),
                wrong(
                    "k1-no-root",
                    {"k1": u * K0_U},
                    "At u = 0 the product of two independent halves has mean 1/pi.",
                    kind="factor dropped",
                ),
            ],
        )
    ],
)

# --- the recursion ---------------------------------------------------------------------------------------------------

_K1 = sp.Function("k_1")
SHARE = alpha**2 / (1 + alpha**2)


def _layers(context: Context, depth: int) -> tuple[list[sp.Expr], list[sp.Expr], sp.Symbol]:
    """Correlations rho_0..rho_L, and factors of B at rho_0..rho_(L-1), for an undefined k1 with k0 = k1'."""
    start, x = sp.Symbol("u", real=True), sp.Dummy("x")
    rhos, factors = [start], []
    for _ in range(depth):
        slope = sp.diff(_K1(start), start) if len(rhos) == 1 else sp.Subs(sp.diff(_K1(x), x), x, rhos[-1])
        here = {rho: rhos[-1], k1: _K1(rhos[-1]), k0: slope}
        factors.append(context["factor"].subs(here, simultaneous=True))
        rhos.append(context["step"].subs(here, simultaneous=True))
    return rhos, factors, start


def backward_is_derivative(context: Context) -> Pairs:
    """The product of all factors is d rho_L/d u, for every k1 whose derivative is k0."""
    made = [_layers(context, depth) for depth in (1, 2, 3)]
    return [(sp.diff(rhos[-1], start).doit(), sp.Mul(*factors).doit()) for rhos, factors, start in made]


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


RECURSION = {
    "step": (rho + alpha**2 * k1) / (1 + alpha**2),
    "factor": (1 + alpha**2 * k0) / (1 + alpha**2),
    "term": (k1 + rho * k0) / 2,
    "pass": k0 * rho + k1,
}
recursion = Claim(
    "kernel-recursion",
    title="The recursion of the residual kernel",
    statement=(
        "rho_l = (rho_(l-1) + alpha^2 k1)/(1+alpha^2), B_l = B_(l+1) (1 + alpha^2 k0)/(1+alpha^2), and r_L is the "
        "mean over layers of B_(l+1) (k1 + rho k0)/2; so B_(l+1) = d rho_L/d rho_l, and r_L(1) = 1."
    ),
    source="2403.04545, Section 3",
    assumptions=("sphere",),
    no_inequality=IDENTITY,
    readings=[
        Reading(
            "stated",
            "One layer, and one forward pass for the sum.",
            RECURSION,
            checks=[
                identity(
                    "derivative",
                    ["step", "factor"],
                    backward_is_derivative,
                    domain="depths 1 to 3, every k1 with k0 = k1'; B_(l+1) follows with rho_l for u",
                    whole=False,
                ),
                identity(
                    "forward", "pass", forward_pass, domain="depths 1 to 5, every term h and factor b", whole=False
                ),
                identity("layer", RECURSION, one_layer, domain="every alpha, every angle; every depth by induction"),
            ],
            wrong=[
                wrong(
                    "factor-k1",
                    {"factor": RECURSION["factor"].subs(k0, k1)},
                    "The backward factor is the slope of the forward step.",
                    kind="wrong function",
                ),
                wrong("no-alpha", {"step": (rho + k1) / 2}, "alpha weighs the branch.", kind="factor dropped"),
                wrong("pass-order", {"pass": rho + k1}, "Earlier layers carry the factors of later ones."),
                wrong("term-doubled", {"term": k1 + rho * k0}, "It would be 2 at u = 1."),
            ],
        )
    ],
)

# --- distances of hidden states --------------------------------------------------------------------------------------


def distance_proof(context: Context) -> list[Step]:
    """Steps 1 and 2 of the derivation: inequalities in the angle, then comparisons of numbers."""
    return b.certified(b.inequalities(context.formulas)) + smaller(b.comparisons(context.formulas))


def stretched(pair: Pair, formulas: pairs.Formulas) -> tuple[object, object]:
    """What one layer adds to s = 1/|x - x'|, and the bound."""
    return pair.stretch, pair(b.increment(formulas))


def at_least(pair: Pair, _: pairs.Formulas) -> tuple[object, object]:
    """What one layer adds to s at least, up to rounding, and what it adds."""
    return pair(kappa) * (1 - arb(2) ** -60), pair.stretch


def layers(_: Context) -> list[Pair]:
    """One layer, small scales to large ones, opposite points to close ones."""
    scales = (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 2), Fraction(1), Fraction(3))
    cosines = (*b.COSINES, Fraction(10**6 - 1, 10**6))
    return [Pair(u, 1, scale=scale) for scale in scales for u in cosines]


correlation_stated = Reading(
    "stated",
    "The constants of the derivation.",
    b.CONSTANTS,
    checks=[
        proof(
            "proof",
            b.CONSTANTS,
            distance_proof,
            domain="every alpha, every pair of points, every layer",
            lhs="s+ - s",
            rhs="kappa (1 + ...)",
        ),
        b.below(b.CONSTANTS, layers, stretched, at_least, domain="alpha in 0.001..3, u from -1 to 1 - 1e-6"),
    ],
    wrong=[
        wrong("shape-small", {"shape": sp.Rational(1, 50)}, "Near c = 0 the excess is c^2/40.", checks=["proof"]),
        wrong(
            "term-small", {"term": sp.Rational(5, 16)}, "At a right angle (1 - H)/c is above 0.59.", checks=["proof"]
        ),
        wrong(
            "no-curvature",
            {"increment": sp.Integer(0)},
            "For small alpha and opposite points the step is 18 percent above kappa.",
            checks=["enclosed"],
        ),
        wrong("leading-sign", {"leading": -sp.Rational(3, 2)}, "The step grows with kappa.", checks=["enclosed"]),
        wrong(
            "linear-alone",
            {"leading": sp.Integer(0), "increment": sp.Integer(0)},
            "The step from the linear term alone is exceeded.",
            checks=["slack-distance-increment"],
        ),
    ],
    attack=[
        pairs.attack(
            "distance-increment",
            "one layer adds at most kappa (1 + ...) to 1/|x - x'|",
            stretched,
            (pairs.CHORD, pairs.ALPHA),
        )
    ],
    regimes=[DEPTH],
)
correlation = Claim(
    "correlation-to-one",
    title="Distances of hidden states shrink like 1/l",
    statement=(
        "With s = 1/|x - x'| for the normalised hidden states and kappa = alpha^2/(3 pi (1 + alpha^2)), each layer "
        "adds between kappa and kappa (1 + (3/2) kappa |x-x'| + |x-x'|^2/4) to s; so 1 - rho_l <= 1/(2 (s_0 + kappa "
        "l)^2)."
    ),
    source="2403.04545, the step to Theorem 1",
    known="derived here",
    assumptions=("sphere",),
    readings=[correlation_stated],
)
