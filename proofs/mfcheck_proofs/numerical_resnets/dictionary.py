"""C1: PolyNet, FractalNet and RevNet as numerical schemes."""

from dataclasses import replace

import sympy as sp

from mfcheck.checks import At, Claim, Context, Note, Question, Reading, agree, identity, noted, wrong
from mfcheck.statistics import exactly, extrapolated
from mfcheck_proofs.numerical_resnets.scheme import CUBE, F, f, h, u, x, y

# --- C1: the dictionary ----------------------------------------------------------------------------------------------

Pairs = list[tuple[sp.Expr, sp.Expr]]

n = sp.Symbol("n", integer=True, positive=True)
MF, ID = sp.MatrixSymbol("F", n, n), sp.Identity(n)
b1, b2, inner = sp.symbols("b1 b2 inner", real=True)


def polynet(context: Context) -> Pairs:
    """(I - hF) times backward Euler minus PolyNet."""
    module = ID + h * MF + context["second"] * MF * MF
    return [(ID - (ID - h * MF) * module, context["rest"] * MF * MF * MF)]


def polynet_size(_: Context) -> list[At]:
    """The difference over h^3 for the matrix of the table, as h falls: norm of F^3 (I - hF)^-1, extrapolated to 0."""
    sizes, own = (64, 256), []
    for size in sizes:
        step = sp.Rational(1, size)
        gap = (sp.eye(2) - step * F).inv() - (sp.eye(2) + step * F + step**2 * F**2)
        own.append(exactly(float(gap.norm()) * size**3))
    return [At(extrapolated(sizes, own))]


MA, MB, MAT, MBT = (sp.MatrixSymbol(name, n, n) for name in ("A", "B", "A^T", "B^T"))
"""Jacobians of f1 and f2, and their transposes: the Jacobian of RevNet is [[I, A], [B, I + BA]]."""
f1, f2, X = sp.Function("f1"), sp.Function("f2"), sp.Symbol("X", real=True)


def revnet(context: Context) -> Pairs:
    """X + f1(Y), then Y + f2 of the new X: the inverse undoes the second half, then the first."""
    new_x = x + f1(y)
    back_y = y + f2(new_x) - context["undo"].subs(X, new_x)
    return [(back_y, y), (new_x - f1(back_y), x)]


def volume(context: Context) -> Pairs:
    """The Schur complement of the upper left block is the identity."""
    return [(ID + MB * MA - MB * MA, context["determinant"] * ID)]


def symplectic(context: Context) -> Pairs:
    """The blocks of J^T Omega J = Omega, for Jacobians with these transposes."""
    blocks = (ID + MB * MA - MBT * MA, MAT + MAT * MB * MA - MA - MAT * MBT * MA)
    allowed = dict(context["transposes"])
    return [(block.subs(allowed), other) for block, other in zip(blocks, (ID, 0 * ID), strict=True)]


CANONICAL = identity("form", "transposes", symplectic, domain="Jacobians of f1 and f2 in every dimension", sizes={n: 2})


def fractal(context: Context) -> Pairs:
    """Two branches, u + b1 h f(u) + b2 h f(u + inner h f(u)), against the flow, in powers of h."""
    weights = dict(context["weights"])
    module = u + h * b1 * f(u) + h * b2 * f(u + h * inner * f(u))
    first = sp.diff(module, h).subs(h, 0).doit()
    second = sp.diff(module, h, 2).subs(h, 0).doit() / 2
    slope = sp.diff(f(u), u)
    return [(first.subs(weights), f(u)), (sp.simplify(second.subs(weights)), f(u) * slope / 2)]


HALF = sp.Rational(1, 2)


def weights_of(first: sp.Expr, second: sp.Expr, at: sp.Expr) -> sp.Dict:
    """The weights of both branches, and that within the second."""
    return sp.Dict({b1: first, b2: second, inner: at})


LIST = (
    "Of the dictionary three entries are identities: ResNet is forward Euler, PolyNet the Neumann series of backward "
    "Euler up to h^3 F^3 (I - hF)^-1, RevNet an invertible composition of two shears. FractalNet is an analogy: its "
    "weights need not even make it consistent."
)
GRADIENTS = (
    "RevNet preserves volume for all f1 and f2; it is symplectic only if both are gradients, which layers of a network "
    "are not in general."
)
TEXT, IDENTITIES = "1710.10121, Section 2", "it states identities"
fractalnet = Claim(
    "fractalnet",
    title="FractalNet is a Runge-Kutta scheme",
    statement="A FractalNet block, the mean of branches of different depth, is a step of a Runge-Kutta scheme.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "stated",
            "Two branches are a scheme of order two, whatever their weights are.",
            {"weights": sp.Dict({})},
            checks=[
                noted(
                    replace(identity("order", "weights", fractal, domain="all weights"), question=Question.FOLLOWS),
                    Note(id="dictionary", severity="minor", text=LIST),
                    when=False,
                )
            ],
            wrong=[wrong("halves", {"weights": weights_of(HALF, HALF, HALF)}, "h^2 f f' gets 1/4.", checks=["order"])],
        ),
        Reading(
            "conditions",
            "They are under the order conditions, here with the weights of Heun's method.",
            {"weights": weights_of(HALF, HALF, sp.Integer(1))},
            checks=[identity("order", "weights", fractal, domain="these weights, every smooth f: terms in h and h^2")],
            wrong=[wrong("unit", {"weights": weights_of(1, 1, 1)}, "The weights must add up to one.")],
        ),
    ],
)
polynet_claim = Claim(
    "polynet",
    title="PolyNet truncates backward Euler",
    statement=r"PolyNet-2 is $I + hF + h^2F^2 = (I - hF)^{-1} - h^3F^3(I - hF)^{-1}$, backward Euler for linear $F$.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "stated",
            "The difference is h^3 F^3 (I - hF)^-1 exactly.",
            {"second": h**2, "rest": h**3, "size": CUBE},
            checks=[
                identity(
                    "neumann",
                    ("second", "rest"),
                    polynet,
                    domain="every matrix F and step h for which I - hF is invertible",
                    sizes={n: 2},
                ),
                agree("example", "size", polynet_size, resolution=0.01, domain="F of the constants, h = 1/64, 1/256"),
            ],
            wrong=[
                wrong("no-square", {"second": sp.Integer(0)}, "The difference is of order h^2 without it."),
                wrong("order", {"rest": h**2}, "The geometric series cancels up to h^3."),
                wrong("square", {"size": sp.sqrt(sum(e**2 for e in F**2))}, "The first term left out is F^3."),
            ],
        )
    ],
)
revnet_claim = Claim(
    "revnet",
    title="RevNet is a splitting",
    statement=r"$X \leftarrow X + f_1(Y)$, $Y \leftarrow Y + f_2(X)$ is a symplectic splitting, exactly invertible.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "invertible",
            "It is exactly invertible, and its Jacobian determinant is 1.",
            {"undo": f2(X), "determinant": sp.Integer(1)},
            checks=[
                identity("inverse", "undo", revnet, domain="all f1 and f2"),
                identity("volume", "determinant", volume, domain="all f1 and f2, in every dimension", sizes={n: 2}),
            ],
            wrong=[
                wrong("old-x", {"undo": f2(X - 1)}, "The second half sees the new X."),
                wrong("determinant", {"determinant": sp.Integer(2)}, "Both shears have determinant 1."),
            ],
        ),
        Reading(
            "symplectic",
            "It is symplectic, whatever f1 and f2 are.",
            {"transposes": sp.Dict({})},
            checks=[noted(CANONICAL, Note(id="symplectic", severity="minor", text=GRADIENTS), when=False)],
            wrong=[wrong("one", {"transposes": sp.Dict({MAT: MA})}, "Both have to be gradients.")],
        ),
        Reading(
            "gradients",
            "It is symplectic if f1 and f2 are gradients.",
            {"transposes": sp.Dict({MAT: MA, MBT: MB})},
            checks=[CANONICAL],
            wrong=[wrong("any", {"transposes": sp.Dict({})}, "A shear with a rotation does not keep the form.")],
        ),
    ],
)
