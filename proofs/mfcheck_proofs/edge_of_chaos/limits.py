"""C6 to C8: whether the edge is made of limits, a domain of convergence, hard tanh."""

from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Setting,
    Standard,
    bound,
    custom,
    decide,
    encloses,
    evaluate,
    identity,
    wrong,
)
from mfcheck.gaussian import E, LengthMap, d2phi, fixed_points, phi
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import X, activation
from mfcheck_proofs.edge_of_chaos.curve import needs_point
from mfcheck_proofs.edge_of_chaos.edge import (
    CLIPPED,
    HALF,
    INSIDE,
    ONE,
    SLOPE,
    VARIANCE,
    WEIGHT,
    q,
    sigma_b,
    sigma_w,
    x,
)
from mfcheck_proofs.edge_of_chaos.rectifier import DENSITY, half_line
from mfcheck_proofs.edge_of_chaos.smooth import one_at_edge

# --- C6: is the edge made of limits? ---------------------------------------------------------------------------------


def other(context: Context, name: str) -> Setting:
    """The setting with another activation."""
    return Setting(context.setting.data, activation(name), context.setting.values)


UNSTABLE = Note(
    id="unstable-edge",
    severity="major",
    text=(
        "The edge of chaos is defined by the limit of the variance, but on the edge of Swish the variance is an "
        "unstable fixed point for sigma_b below about .745 (GELU: .416): V'(q) > 1, so that no open set of inputs has "
        "it as its limit. It does not follow that Swish trains badly: inputs of exactly this variance keep it for "
        "log(1/deviation)/log V'(q) layers."
    ),
)


POINTS = (("tanh", Fraction(7, 10)), ("silu", Fraction(7, 10)), ("gelu", Fraction(1, 5)))


def attracting(context: Context) -> Evidence:
    """V'(q) at one point on the edges of tanh, Swish and GELU."""
    places = [(name, other(context, name), exact(at)) for name, at in POINTS]
    cases = [
        Case(
            evaluate(context["slope"], None, where, {q: at}),
            evaluate(context["limit"], None, where),
            f"{name}, q = {float(at):.4g}",
        )
        for name, where, at in places
    ]
    found = decide(cases, Standard("<"), "one point on each edge, given by its q")
    return found.but(notes=(UNSTABLE,)) if found.passed is False else found


def weighted(context: Context) -> Evidence:
    """The slope without derivatives of phi: dE_q f/dq = E f (x^2/q - 1)/(2q)."""
    direct = WEIGHT * E(phi**2 * (X**2 / q - 1), variance=q) / (2 * q)
    cases = []
    for name in ("tanh", "silu", "gelu"):
        for at in (sp.Rational(1, 5), sp.Rational(7, 10), sp.Integer(2)):
            where = other(context, name)
            cases.append(
                Case(
                    evaluate(direct, None, where, {q: at}),
                    evaluate(context["slope"], None, where, {q: at}),
                    f"{name}, q = {at}",
                )
            )
    return decide(cases, Standard(digits=8), "three activations, q = 1/5, 7/10, 2")


def swish_starts(context: Context) -> Evidence:
    """V at both sides of the unstable variance q = .68945 of Swish; V increases, which gives the rest."""
    where = other(context, "silu").with_values(sigma_b=Fraction(1, 5), sigma_w=Fraction(167953160, 10**8))
    up = context["up"] > 0
    cases = []
    for start, grows in ((sp.Rational(68, 100), False), (sp.Rational(70, 100), True)):
        image = evaluate(context["V"], context.paper, where, {q: start})
        before = exact(start)
        cases.append(Case(*((before, image) if grows == up else (image, before)), f"q0 = {start}"))
    return decide(cases, Standard("<"), "Swish at sigma_b = 1/5, sigma_w = 1.67953160: q0 = .68 falls, .70 grows")


def sign_change(context: Context) -> Evidence:
    """E_q phi'' phi on both sides of its zero, and at places below."""
    cases = []
    for name in ("silu", "gelu"):
        zero, unit = context[name], sp.Rational(1, 10**7)
        for at, positive in ((zero - unit, True), (zero + unit, False), *((zero * n / 8, True) for n in range(1, 8))):
            found = evaluate(E(phi * d2phi, variance=q), None, other(context, name), {q: at})
            cases.append(Case(*((arb(0), found) if positive else (found, arb(0))), f"{name}, q = {float(at):.9g}"))
    return decide(cases, Standard("<"), "both sides of the zero, 1e-7 apart, and seven places below")


V = sigma_w**2 * E(phi**2, variance=q) + sigma_b**2
stability = Claim(
    "limit-variance",
    title="The edge is made of limits of the variance",
    statement=r"The edge is the set of $(\sigma_b, \sigma_w)$ for which $q^l$ has a finite limit and $\chi_1 = 1$.",
    source="1805.08266, definition of the edge; its stability derived here",
    known="text read",
    no_inequality="counterexamples are given",
    readings=[
        Reading(
            "strict",
            "For the activations of the text the q of the edge is a limit from an open set of inputs: V'(q) <= 1.",
            {"slope": SLOPE, "limit": ONE},
            checks=[custom("attracting", ("slope", "limit"), attracting, kind=Kind.CERTIFIED)],
            wrong=[wrong("half", {"limit": HALF}, "On the edge of Swish at q = 7/10 the slope is 1.099.")],
        ),
        Reading(
            "setting",
            "In the setting V'(q) < 1: the variance is a limit.",
            {"slope": SLOPE},
            checks=[encloses("attracting", "slope", one_at_edge, relation=">", whole=True, domain="in the setting")],
            wrong=[wrong("opposite", {"slope": 2 - SLOPE}, "E phi'' phi is negative for tanh.")],
            needs=needs_point,
        ),
        Reading(
            "normalised",
            "Inputs of exactly this variance keep it; a deviation grows by V'(q) = 1 + sigma_w^2 E phi'' phi a layer.",
            {"slope": SLOPE},
            checks=[custom("weighted", "slope", weighted, kind=Kind.CERTIFIED)],
            wrong=[wrong("chi", {"slope": ONE}, "V' is chi_1 + sigma_w^2 E phi'' phi.")],
        ),
        Reading(
            "swish",
            "Swish at sigma_b = 1/5: the variance .68945 repels on both sides.",
            {"V": V, "up": ONE},
            checks=[custom("starts", ("V", "up"), swish_starts, kind=Kind.CERTIFIED)],
            wrong=[
                wrong("attracts", {"up": -ONE}, "V(.70) > .70."),
                wrong("no-bias", {"V": V - sigma_b**2}, "V(.70) would be .663."),
            ],
        ),
        Reading(
            "range",
            "The edge is unstable for q < 14.320173618 (Swish), q < 3.5615528 (GELU): the zeros of E phi'' phi.",
            {"silu": sp.Rational("14.320173618"), "gelu": sp.Rational("3.5615528")},
            checks=[custom("sign", ("silu", "gelu"), sign_change, kind=Kind.CERTIFIED)],
            wrong=[
                wrong("silu", {"silu": sp.Rational("14.32018")}, "The zero is at 14.3201736."),
                wrong("gelu", {"gelu": sp.Rational("3.562")}, "The zero is at 3.5615528."),
            ],
        ),
    ],
)

# --- C7: a domain of convergence -------------------------------------------------------------------------------------


def stein(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """dE_q f/dq = E f''/2 for f = phi^2, by parts in the density."""
    density = sp.exp(-(X**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)
    heat = sp.diff(density, q) - sp.diff(density, X, 2) / 2
    g = sp.Function("g")(X)
    return [
        (sp.simplify(heat), sp.Integer(0)),
        (sp.expand(sp.diff(g**2, X, 2) / 2), sp.expand(context["inner"].subs(sp.Symbol("g"), g).doit())),
    ]


G = sp.Function("g")(X)
INNER = sp.diff(G, X) ** 2 + sp.diff(G, X, 2) * G


def rectifier_domain(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """phi'^2 + phi'' phi is the indicator of x > 0 (phi'' is a mass at 0, where phi = 0)."""
    return [(half_line(0), context["M"])]


def beyond_domain(context: Context) -> Evidence:
    """Fixed points of V for tanh where sigma_w^2 M > 1: with one of them an increasing bounded V converges to it."""
    weight, tanh = context["weight"], activation("tanh")
    found = fixed_points(LengthMap(tanh, Fraction(int(weight.p), int(weight.q)), Fraction(9, 100)), 8)
    single = len(found.points) == 1 and found.points[0].order == "<"
    note = Note(
        id="sufficient",
        severity="remark",
        text=(
            "The domain sigma_w^2 M < 1 is sufficient, far from necessary: for tanh it is sigma_w < 1, while the "
            "variance converges from every start also beyond."
        ),
    )
    return Evidence(
        passed=False if single and weight > 1 else None,
        lhs=f"sigma_w^2 = {weight}",
        rhs="diverges",
        error=0.0,
        domain=found.statement,
        reason=f"V has one fixed point, {found.points[0].value.str(8)}, and it is stable",
        notes=(note,),
    )


domain = Claim(
    "variance-domain",
    title="A domain where the variance converges",
    statement=(
        r"If $\sigma_w^2 M_\phi < 1$, $M_\phi = \sup_x E|\phi'(xZ)^2 + \phi''(xZ)\phi(xZ)|$, the variance converges "
        r"from every start, for every $\sigma_b$."
    ),
    source="1805.08266, Proposition 1; the definition of M_phi from a text without displayed equations",
    known="text read",
    readings=[
        Reading(
            "stated",
            "V is a contraction: |V'(q)| = sigma_w^2 |E_q[phi'^2 + phi'' phi]| <= sigma_w^2 M; M = 1 for tanh.",
            {"inner": INNER, "slope": E(sp.diff(sp.tanh(X) ** 2, X, 2) / 2, variance=q), "M": ONE},
            checks=[identity("stein", "inner", stein, domain="all smooth phi of polynomial growth, all q > 0")],
            wrong=[
                wrong("chi-only", {"inner": sp.diff(G, X) ** 2}, "(phi^2)''/2 has the term phi'' phi."),
                wrong("half", {"M": HALF}, "At q = 0 it is phi'(0)^2 = 1.", checks=["slack-contraction"]),
            ],
            attack=[
                bound(
                    "contraction",
                    "slope",
                    "<=",
                    "M",
                    over={VARIANCE: ("1/1000", 50)},
                    text="V'(q) <= sigma_w^2 M",
                    log=["q"],
                )
            ],
        ),
        Reading(
            "rectifier",
            "M = 1/2 for ReLU: the domain is sigma_w^2 < 2.",
            {"M": HALF},
            checks=[identity("half-line", "M", rectifier_domain, domain="ReLU, every q")],
            wrong=[wrong("two", {"M": 2 * ONE}, "It is the probability of x > 0.")],
        ),
        Reading(
            "remark",
            "M = 2 for ReLU, as a remark has it (1/M is meant).",
            {"M": 2 * ONE},
            checks=[identity("half-line", "M", rectifier_domain, domain="ReLU, every q")],
            wrong=[wrong("one", {"M": ONE}, "It is the probability of x > 0.")],
        ),
        Reading(
            "necessary",
            "Beyond the domain the variance need not converge: it diverges for tanh at sigma_w^2 = 9/4.",
            {"weight": sp.Rational(9, 4)},
            checks=[custom("tanh", "weight", beyond_domain, kind=Kind.CERTIFIED)],
            wrong=[wrong("four", {"weight": 4 * ONE}, "V is bounded, increasing and has one fixed point.")],
            claimed=False,
        ),
    ],
)

# --- C8: hard tanh ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def inside_integrals() -> tuple[sp.Expr, sp.Expr]:
    """Integrals of 1 and x^2 over [-1, 1] by SymPy."""
    return 2 * sp.integrate(DENSITY, (x, 0, 1)), 2 * sp.integrate(x**2 * DENSITY, (x, 0, 1))


def clipped_integrals(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The integrals; outside [-1, 1] phi^2 = 1."""
    inside, square = inside_integrals()
    return [(inside, context["slope"]), (sp.expand(square + 1 - inside), sp.expand(context["square"]))]


def clipped_cases(_: Context) -> list[At]:
    """E phi^2 by certified quadrature over the pieces."""
    clip = activation("hardtanh")
    return [
        At(LengthMap(clip, 1, 0).V(v, 15), f"q = {v}", float(v), {q: sp.Rational(v.numerator, v.denominator)})
        for v in (Fraction(1, 10), Fraction(2, 5), Fraction(1), Fraction(2), Fraction(10))
    ]


hard = Claim(
    "hard-tanh",
    title="Hard tanh in closed form",
    statement=(
        r"For $\phi = \min(\max(x, -1), 1)$: "
        r"$E_q\phi^2 = 1 - (1-q)\,\mathrm{erf}(1/\sqrt{2q}) - \sqrt{2q/\pi}\,e^{-1/(2q)}$, "
        r"$E_q{\phi'}^2 = \mathrm{erf}(1/\sqrt{2q})$."
    ),
    source="derived here: an anchor for kinks",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "For every q > 0.",
            {"square": CLIPPED, "slope": INSIDE},
            checks=[
                identity("integrals", ("square", "slope"), clipped_integrals, domain="q > 0"),
                encloses(
                    "quadrature", "square", clipped_cases, x_label="q", y_label="E phi^2", domain="q = 1/10, ..., 10"
                ),
            ],
            wrong=[
                wrong("no-tail", {"square": CLIPPED - 1 + INSIDE}, "Outside [-1, 1] phi^2 = 1."),
                wrong("erf-argument", {"slope": sp.erf(1 / sp.sqrt(q))}, "P(|x| < 1) = erf(1/sqrt(2q))."),
            ],
        )
    ],
)
