"""The network in equations: (1)-(3), Gram matrices, and what is exact at the start.

Particles of both measures, finitely many, in exact symbols: `mfcheck.networks.in_symbols`.
"""

from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mfcheck.checks import Case, Context, Kind, attack, claim, compared, identity, rate, wrong
from mfcheck.falsify.variants import (
    derivative,
    dropped,
    merged,
    of_attained,
    of_identity,
    of_order,
    powers,
    scaled,
    shifted,
    sign,
)
from mfcheck.gaussian.exact import correlated, dirichlet, expectation, generating, ornstein_uhlenbeck
from mfcheck.networks.in_symbols import System, residual_system, vector
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X
from mfcheck.symbolic.generic import s0, s1, s2, specialise
from mfcheck_proofs.scaled_resnets.assumptions import FACTORS, HALF, IDENTITY, NEAR, STEPS
from mfcheck_proofs.scaled_resnets.regimes import DEPTH
from mfcheck_proofs.scaled_resnets.symbols import C_1, alpha, beta, k, n
from mfcheck_proofs.scaled_resnets.values import ALPHA, REAL, side

Pairs = list[tuple[sp.Expr, sp.Expr]]
Array = NDArray[np.float64]

# Symbols of the summands below: sample i, particle (a, w, b) or (u, w, b), and what they meet.
e_i = sp.Symbol("e_i", real=True)
a = sp.Symbol("a", real=True)
at_z1 = sp.Symbol(r"{w\cdot z_i(1)+b}", real=True)
at_zs = sp.Symbol(r"{w\cdot z_i(s)+b}", real=True)
p_u = sp.Symbol(r"{\langle p_i(s),u\rangle}", real=True)
mean_uw = sp.Symbol(r"{\mathbb{E}\,|u||w|}", nonnegative=True)


# --- ODE (1) ---------------------------------------------------------------------------------------------------------


def _measure(rng: np.random.Generator, d: int, size: int) -> tuple[Array, Array, Array]:
    scale = rng.choice([0.3, 1.0, 3.0])
    return (scale * rng.standard_normal((size, d)), scale * rng.standard_normal((size, d)), rng.standard_normal(size))


def _field(u: Array, w: Array, b: Array, z: Array) -> Array:
    """E_nu[u s0(w.z + b)] for s0 = tanh, whose slope is at most C_1 = 1."""
    field: Array = np.tanh(w @ z + b) @ u / len(b)
    return field


def lipschitz(context: Context) -> list[Case]:
    """Compare |F(z) - F(z')| / |z - z'| with the stated constant, on random measures and on the extremal one."""
    rng, cases = context.rng(), []
    bound = sp.lambdify((alpha, C_1, mean_uw), context["lipschitz"], "math")
    for case in range(context.budget.pick(200, 1000, 10_000)):
        d, rate = int(rng.integers(1, 6)), float(rng.uniform(0.1, 3))
        u, w, b = _measure(rng, d, int(rng.integers(1, 9)))
        z = rng.standard_normal(d)
        step = rng.standard_normal(d)
        if case == 0:  # alpha > 1, one neuron at the steepest point of tanh, moved along w: equality in the limit
            rate, u, w, b = 2.0, u[:1], w[:1], -w[:1] @ z
            step = w[0]
        step *= 1e-4 / np.linalg.norm(step)
        ratio = rate * np.linalg.norm(_field(u, w, b, z + step) - _field(u, w, b, z)) / 1e-4
        size = float(np.mean(np.linalg.norm(u, axis=1) * np.linalg.norm(w, axis=1)))
        # The quotient itself is rounded: a difference of numbers of size 1 over a step of 1e-4.
        cases.append(Case(exactly(float(ratio) / bound(rate, 1.0, size), 1e-9), exactly(1.0)))
    return cases


def growth_identity(context: Context) -> Pairs:
    """Lagrange's identity behind |u (w.v)| <= |u| |w| |v|: the missing part is a sum of squares."""
    pairs = []
    for d in (1, 2, 3, 5):
        w, v = vector("w", d), vector("v", d)
        missing = w.dot(w) * v.dot(v) - w.dot(v) ** 2
        squares = sum((w[i] * v[j] - w[j] * v[i]) ** 2 for i in range(d) for j in range(i))
        pairs.append((missing, context["missing_square"] * squares))
    return pairs


WELL_POSED = {"lipschitz": alpha * C_1 * mean_uw, "missing_square": sp.Integer(1)}
well_posed = claim(
    "ode-well-posed",
    title="The ODE of the infinitely deep network is well posed",
    statement=(
        r"For $\nu \in \mathcal{C}(\mathcal{P}^2; [0, 1])$ and $|\sigma_0'| \le C_1$, the field "
        r"$F(z) = \alpha\,\mathbb{E}_\nu[u\,\sigma_0(w\cdot z + b)]$ of (1) is globally Lipschitz with constant "
        r"$\alpha C_1\,\mathbb{E}_\nu[|u|\,|w|]$, which is finite; so (1) has exactly one solution on $[0, 1]$."
    ),
    source="arXiv 2403.09889, eq. (1)",
    known="derived here",
    assumptions=("assumption-3",),
    text="The Lipschitz constant of the field is at most the formula; Picard-Lindelof does the rest.",
    formulas=WELL_POSED,
    checks=[
        compared(
            "lipschitz",
            "lipschitz",
            lipschitz,
            kind=Kind.SAMPLED,
            relation="<=",
            domain=(
                r"tanh; random measures of 1 to 8 neurons, $d = 1, \dots, 5$, and one neuron at the steepest "
                "point"
            ),
        ),
        identity(
            "cauchy-schwarz",
            "missing_square",
            growth_identity,
            domain="dimensions 1, 2, 3, 5; every $w$ and $v$",
            whole=False,
        ),
    ],
    wrong=[
        *of_attained(
            "lipschitz",
            WELL_POSED["lipschitz"],
            scaled(HALF, NEAR),
            powers(alpha, -HALF, -1),
            why=r"One neuron at the steepest point of $\tanh$, $\alpha = 2$, moves at the full rate along $w$.",
        ),
        *of_identity("missing_square", sp.Integer(1), FACTORS, sign()),
        wrong(
            "no-alpha",
            {"lipschitz": C_1 * mean_uw},
            r"The slope is proportional to $\alpha$, which exceeds one in some settings.",
            checks=["slack-ode-one-neuron"],
        ),
    ],
    attack=[
        attack(
            "ode-one-neuron",
            "alpha |s0'(x)| <= alpha C_1: the slope of the field of one neuron with |u| = |w| = 1, "
            "w.z + b = x, along w",
            side(alpha * sp.Abs(s1(X))),
            side(lambda f: f["lipschitz"].subs(mean_uw, 1)),
            varies=("activation", "alpha"),
            own=(REAL,),
            ranges=(ALPHA,),
        )
    ],
)


def _rotating(s: float, z: Array, d: int, rate: float) -> Array:
    """A field that changes with s: E[u s0(w.z+b)] for eight neurons that turn as s grows."""
    rng = np.random.default_rng(7)
    u, w, b = rng.standard_normal((8, d)), rng.standard_normal((8, d)), rng.standard_normal(8)
    return rate * _field(u * np.cos(3 * s) + 0.5, w * (1 + s), b, z)


def euler_errors(context: Context) -> tuple[Array, Array, Array]:
    """Distances of L explicit layers to (1); the spread of local exponents enters the error."""
    d, rate = context.setting.data.d, _rate(context)
    z0, layers, errors = context.setting.data.X[0], np.array([64, 128, 256, 512]), []
    exact = solve_ivp(_rotating, (0, 1), z0, "DOP853", args=(d, rate), rtol=1e-12, atol=1e-12).y[:, -1]
    for count in layers:
        z = z0
        for step in range(count):
            z = z + _rotating(step / count, z, d, rate) / count
        errors.append(float(np.linalg.norm(z - exact)))
    spread = float(np.ptp(np.diff(np.log2(errors))))
    return layers, np.array(errors), 1e-11 + np.array(errors) * spread


def _rate(context: Context) -> float:
    return max(context.setting.number("alpha"), 0.1)


discretisation = claim(
    "ode-depth-discretisation",
    title="A residual network of $L$ layers approaches the ODE",
    statement=(
        r"The network $z_{l+1} = z_l + \frac{\alpha}{L}\,\mathbb{E}_\nu[u\,\sigma_0(w\cdot z_l + b)]$ approaches (1) "
        "at rate $1/L$."
    ),
    source="arXiv 2403.09889, eq. (1) as the limit of infinite depth",
    known="derived here",
    assumptions=("assumption-3",),
    no_inequality="it states an order in the depth, which no single setting refutes",
    text=r"The distance is of order $L^{-1}$.",
    formulas={"order": sp.Integer(-1)},
    checks=[
        rate(
            "euler",
            "order",
            euler_errors,
            x_label="layers $L$",
            y_label="distance to the solution of (1)",
            domain=lambda context: (
                r"explicit layers, $64 \le L \le 512$, against an eighth-order solver; a field of eight tanh "
                rf"neurons that depends on $s$, $\alpha = {_rate(context):g}$"
            ),
        )
    ],
    wrong=of_order(
        "order",
        sp.Integer(-1),
        *STEPS,
        -2,
        why="The leading error of explicit Euler steps does not vanish for a field that depends on $s$.",
    ),
    regimes=[DEPTH],
)

# --- functional derivatives ------------------------------------------------------------------------------------------


def exact_gradient_tau(context: Context) -> Pairs:
    """M times the gradient of the loss in a predictor particle is the gradient of the stated derivative."""
    S = residual_system(alpha, beta)
    head, (z, _, values) = S.heads[0], S.seen(S.L)
    potential = sum(
        context["tau"].xreplace({e_i: e, a: head.out[0], at_z1: head.inner(here), n: sp.Integer(S.n)})
        for e, here in zip(S.e, z, strict=True)
    )
    return [(S.M * S.slope(v), sp.diff(potential, v).xreplace(values)) for v in head.symbols]


def exact_gradient_nu(context: Context) -> Pairs:
    """L M times the gradient in an encoder particle, with the discrete adjoint for p."""
    S, pairs = residual_system(alpha, beta), []
    for below, layer in enumerate(S.layers):
        theta, (z, p, values) = layer[0], S.seen(below)
        potential = sum(
            context["nu"].xreplace({e_i: e, p_u: p[i].dot(theta.out), at_zs: theta.inner(z[i]), n: sp.Integer(S.n)})
            for i, e in enumerate(S.e)
        )
        chosen = (theta.out[0], theta.w[1], theta.b)
        pairs += [(S.L * S.M * S.slope(v), sp.diff(potential, v).xreplace(values)) for v in chosen]
    return pairs


def first_variation_tau(context: Context) -> Pairs:
    """The loss along tau + eps chi: the summand is the coefficient of the perturbation's mass at omega."""
    eps, f, y = sp.symbols("epsilon f y", real=True)
    loss = (f + eps * beta * a * s0(at_z1) - y) ** 2 / (2 * n)
    return [(sp.diff(loss, eps).subs(eps, 0), context["tau"].xreplace({e_i: f - y}))]


def first_variation_nu(context: Context) -> Pairs:
    """d/ds (p dz) along the linearised ODE, in non-commuting symbols: any dimension d.

    With dz' = F dz + alpha S (S: the perturbation's field) and p' = -p F, the change of f is
    `beta int p alpha S ds`; the chain rule through the square gives e_i / n.
    """
    p, F, dz, S = sp.symbols("p F dz S", commutative=False)
    product = -p * F * dz + p * (F * dz + alpha * S)
    one_neuron = p_u * s0(at_zs)  # p.S for a perturbation of unit mass at theta = (u, w, b)
    return [(beta * e_i / n * sp.expand(product).subs(p * S, 1) * one_neuron, context["nu"])]


TAU, NU = beta / n * e_i * a * s0(at_z1), alpha * beta / n * e_i * p_u * s0(at_zs)
SIZE = r"$n = L = M = d = 2$, every $\sigma_0$"
_both = (FACTORS, sign(), powers(beta, *STEPS), dropped(n, -1), derivative("slope", s0, s1))
functional_derivatives = claim(
    "functional-derivatives",
    title="Functional derivatives of the loss",
    statement=(
        r"$\frac{\delta L}{\delta\tau}(\omega) = \frac{\beta}{n}\sum_i e_i\,a\,\sigma_0(w\cdot z_i(1) + b)$ and "
        r"$\frac{\delta L}{\delta\nu}(\theta, s) = \frac{\alpha\beta}{n}\sum_i e_i\,\langle p_i(s), u\rangle\,"
        r"\sigma_0(w\cdot z_i(s) + b)$, with $p$ the adjoint of (1)."
    ),
    source="arXiv 2403.09889, display after eq. (3)",
    known="text read",
    no_inequality=IDENTITY,
    text="The summand of sample $i$ in each functional derivative.",
    formulas={"tau": TAU, "nu": NU},
    checks=[
        identity(
            "tau-particles",
            "tau",
            exact_gradient_tau,
            domain=f"{SIZE}, every particle, label and point",
            whole=False,
            group="symbolic-gradients",
        ),
        identity(
            "nu-particles",
            "nu",
            exact_gradient_nu,
            domain=f"{SIZE}; coordinates $u_1$, $w_2$, $b$ of each layer",
            whole=False,
            group="symbolic-gradients",
        ),
        identity(
            "tau-variation",
            "tau",
            first_variation_tau,
            domain=(r"every $\tau$, perturbation, $\sigma_0$ and sample (one summand; the loss is a sum over samples)"),
        ),
        identity(
            "nu-variation",
            "nu",
            first_variation_nu,
            domain=r"every $\nu$, perturbation, $\sigma_0$, depth $s$ and dimension $d$ (one summand)",
        ),
    ],
    wrong=merged(
        [
            wrong("tau-no-n", {"tau": TAU * n}, "The loss is a mean over samples.", kind="factor n dropped"),
            wrong("tau-sign", {"tau": -TAU}, "The loss grows with $f$ where $e > 0$."),
            wrong("nu-no-alpha", {"nu": NU / alpha}, r"The encoder acts through $\alpha$."),
            wrong("nu-halved", {"nu": NU / 2}, "The square's factor two cancels the loss's one half."),
        ],
        # The cheap checks, which are exact and cover the whole statement.
        of_identity("tau", TAU, *_both, checks=["tau-variation"]),
        of_identity("nu", NU, *_both, powers(alpha, *STEPS), checks=["nu-variation"]),
    ),
)


# --- flows (2) and (3) -----------------------------------------------------------------------------------------------

omega = sp.Symbol(r"\omega", real=True)
density = sp.Function("tau")(omega)
potential = sp.Function("psi")(omega)
test = sp.Function("varphi")(omega)


def weak_form(context: Context) -> Pairs:
    """Particles carry the density: phi (div form) - tau phi' v is the total derivative of phi tau psi'."""
    lhs = test * context["pde"].doit() - density * sp.diff(test, omega) * context["velocity"].doit()
    return [(lhs, sp.diff(test * density * sp.diff(potential, omega), omega))]


def dissipation(context: Context) -> Pairs:
    """dL/dt = - E_tau |grad dL/dtau|^2 on the particle system (predictor part)."""
    S = residual_system(alpha, beta)
    slopes = [S.slope(v) for head in S.heads for v in head.symbols]
    loss_rate = sum(g * context["velocity"].xreplace({slope: S.M * g}) for g in slopes)
    return [(loss_rate, -S.M * sum(g**2 for g in slopes))]


slope = sp.Derivative(potential, omega)
FLOW = {"velocity": -slope, "pde": sp.Derivative(density * slope, omega)}
flows = claim(
    "gradient-flows",
    title="The flows (2) and (3) move each particle down its functional derivative",
    statement=(
        r"$\partial_t\tau = \operatorname{div}(\tau\,\nabla\frac{\delta L}{\delta\tau})$ (and the same for $\nu$ at "
        r"each $s$) is the law of particles that move with velocity $-\nabla\frac{\delta L}{\delta\tau}$; the loss "
        "does not grow along it."
    ),
    source="arXiv 2403.09889, eqs. (2) and (3)",
    known="text read",
    no_inequality=IDENTITY,
    text="Velocity of a particle and right side of the equation, per coordinate.",
    formulas=FLOW,
    checks=[
        identity(
            "weak-form",
            FLOW,
            weak_form,
            domain="every smooth density, potential and test function, coordinate by coordinate",
        ),
        identity(
            "dissipation",
            "velocity",
            dissipation,
            domain=f"{SIZE}, the predictor's part: its motion cannot raise the loss",
            whole=False,
            group="symbolic-gradients",
        ),
    ],
    wrong=merged(
        [
            wrong(
                "ascent",
                {"velocity": slope},
                "Particles that move up the derivative do not solve (3), and the loss grows.",
            ),
            wrong("velocity-halved", {"velocity": -slope / 2}, "Half the velocity does not carry the density of (3)."),
        ],
        *(of_identity(name, FLOW[name], FACTORS, sign(), checks=["weak-form"]) for name in FLOW),
    ),
)

# --- the two dynamics identities -------------------------------------------------------------------------------------

e = sp.MatrixSymbol("e", n, 1)
G = sp.MatrixSymbol("G", n, n)
N = sp.Symbol("N", positive=True, integer=True)
DYNAMICS = {"residual": -(beta**2) / n * G * e, "loss": -(beta**2) / n**2 * e.T * G * e}


def _jacobians(S: System, i: int) -> list[tuple[int, sp.Expr, sp.Expr]]:
    """Rows i of J2 and J1: for each coordinate its weight, df_i/dv, and the entry that the paper defines, scaled."""
    rows = []
    for head in S.heads:
        h = beta / S.M * head.value(S.z[i][-1])[0]
        rows += [(S.M, sp.diff(S.f[i], v), sp.diff(h, v)) for v in head.symbols]
    for below, layer in enumerate(S.layers):
        z, p, values = S.seen(below)
        for theta in layer:
            sigma = alpha * beta / (S.L * S.M) * p[i].dot(theta.value(z[i]))
            rows += [(S.L * S.M, sp.diff(S.f[i], v), sp.diff(sigma, v).xreplace(values)) for v in theta.symbols]
    return rows


def particle_dynamics(context: Context) -> Pairs:
    """The Jacobian of f is the one that defines G; then move every particle and compare de/dt.

    The second step takes the entries of the Jacobian as symbols: the first has shown what they are.
    """
    S = residual_system(alpha, beta)
    rows = _jacobians(S, 0)
    pairs = [(derivative, entry) for _, derivative, entry in rows]
    J = [sp.symbols(f"J{i}_:{len(rows)}") for i in range(S.n)]
    weights = [weight for weight, _, _ in rows]
    gram = sp.ImmutableMatrix(
        S.n, S.n, lambda i, j: sum(w * J[i][v] * J[j][v] for v, w in enumerate(weights)) / beta**2
    )
    slope = [sum(S.e[i] * J[i][v] for i in range(S.n)) / S.n for v in range(len(rows))]
    rate = sum((J[0][v] * -w * slope[v] for v, w in enumerate(weights)), sp.Integer(0))
    small = {sp.MatrixSymbol("e", S.n, 1): sp.ImmutableMatrix(S.e), sp.MatrixSymbol("G", S.n, S.n): gram}
    stated = context["residual"].subs(n, S.n).xreplace(small).doit()[0, 0]
    return [(rate, stated), *pairs]


def matrix_dynamics(context: Context) -> Pairs:
    """The same for any number of samples and parameters: f has Jacobian J, parameters have weights W.

    A parameter of weight w (M for the predictor, L M for the encoder) moves with `-w dL/dparameter`, and
    `beta^2 G = J W J^T` by the definition of G.
    """
    J, W = sp.MatrixSymbol("J", n, N), sp.MatrixSymbol("W", N, N)
    definition = {G: J * W * J.T / beta**2}
    de = (J * (-W * (J.T * e / n))).doit()
    dL = (e.T * de / n).doit()
    return [(de, context["residual"].subs(definition)), (dL, context["loss"].subs(definition))]


dynamics_identities = claim(
    "gram-dynamics",
    title="Residuals and loss follow the Gram matrix",
    statement=(
        r"$\frac{\mathrm{d}e}{\mathrm{d}t} = -\frac{\beta^2}{n}\,G\,e$ and "
        r"$\frac{\mathrm{d}L}{\mathrm{d}t} = -\frac{\beta^2}{n^2}\,e^\top G\,e$, with $G = \alpha^2 G_1 + G_2$."
    ),
    source="arXiv 2403.09889, Gram matrices and eqs. (2), (3)",
    known="derived here",
    no_inequality=IDENTITY,
    text=r"Right sides of $\frac{\mathrm{d}e}{\mathrm{d}t}$ and $\frac{\mathrm{d}L}{\mathrm{d}t}$.",
    formulas=DYNAMICS,
    checks=[
        identity(
            "particles",
            "residual",
            particle_dynamics,
            domain=r"$n = L = M = d = 2$, every $\sigma_0$ and every particle: all 28 coordinates move",
            whole=False,
            group="symbolic-gradients",
        ),
        identity(
            "matrices",
            DYNAMICS,
            matrix_dynamics,
            domain="any number of samples, layers, particles; in the limit $J$ is a linear operator, $J^\\top$ its adjoint",
            sizes={n: 2, N: 3},
        ),
    ],
    wrong=merged(
        [
            wrong(
                "no-n",
                {"residual": DYNAMICS["residual"] * n},
                "The loss is a mean over samples.",
                kind="factor n dropped",
            ),
            wrong(
                "beta",
                {"residual": DYNAMICS["residual"] / beta},
                r"$\beta$ enters both the network and its gradient.",
                kind="exponent off",
            ),
        ],
        *(
            of_identity(
                name, DYNAMICS[name], FACTORS, sign(), powers(beta, *STEPS), dropped(n, power), checks=["matrices"]
            )
            for name, power in (("residual", -1), ("loss", -2))
        ),
    ),
)

# --- positive semi-definiteness --------------------------------------------------------------------------------------

kdim = sp.Symbol("K", positive=True, integer=True)
J_theta = sp.MatrixSymbol("J", n, kdim)
v = sp.MatrixSymbol("v", n, 1)
SQUARE = (J_theta.T * v).T * (J_theta.T * v)


def sum_of_squares(context: Context) -> Pairs:
    """v^T (J J^T) v against |J^T v|^2, for one particle; the mean of such forms is not negative."""
    return [((v.T * J_theta * J_theta.T * v).doit(), context["form"].doit())]


positive = claim(
    "gram-psd",
    title="$G_1$ is positive semi-definite",
    statement=(
        r"$v^\top J_1 J_1^\top v = |J_1^\top v|^2 \ge 0$ for each particle and depth; so $G_1$ and $G_2$ are positive "
        "semi-definite."
    ),
    source="arXiv 2403.09889, definition of $G_1$",
    known="text read",
    no_inequality="it is an identity, a sum of squares; what could be negative is attacked at lemma-4-first",
    text=r"$v^\top J J^\top v$ as a sum of squares.",
    formulas={"form": SQUARE},
    checks=[
        identity(
            "squares",
            "form",
            sum_of_squares,
            domain="every particle, depth, $n$ and $d$; $G_1$ is the mean over particles and depth",
            sizes={n: 2, kdim: 3},
        )
    ],
    wrong=of_identity("form", SQUARE, FACTORS, sign()),
)

# --- exact facts at initialisation -----------------------------------------------------------------------------------

u, w, b, z = sp.symbols("u w b z", real=True)
inner = w * z + b
START = {"f": sp.Integer(0), "dz": sp.Integer(0), "p": sp.Integer(0), "G1": sp.Integer(0)}


def centred(context: Context) -> Pairs:
    """Each quantity has a factor a or u that is centred and independent of the rest."""
    means = {
        "f": beta * expectation(a * s0(inner), [a]),
        "dz": alpha * expectation(u * s0(inner), [u]),
        "p": expectation(a * s1(inner) * w, [a]),
    }
    gradient = [sp.diff(means["p"] * u * s0(inner), x) for x in (u, w, b)]
    means["G1"] = sum(g**2 for g in gradient)
    return [(means[name], context[name]) for name in START]


initialisation = claim(
    "initialisation",
    title="At initialisation the deep network is the identity",
    statement=(
        r"Under Assumption 2: $f = 0$, $Z_\nu(x, s) = x$ for every $s$, $p = 0$, hence $G_1 = 0$ and $G = G_2$. "
        "The first inequality of Lemma 4 is an equality."
    ),
    source=r"arXiv 2403.09889, Assumption 2 and the definitions of $Z_\nu$, $G_1$",
    known="derived here",
    assumptions=("assumption-2",),
    no_inequality=IDENTITY,
    text=r"Values at time zero of $f$, $\frac{\mathrm{d}z}{\mathrm{d}s}$, $p$ and a diagonal entry of $G_1$.",
    formulas=START,
    checks=[
        identity(
            "centred",
            START,
            centred,
            domain=r"every $\sigma_0$, point, depth and coordinate, under standard Gaussian measures",
        )
    ],
    wrong=[
        wrong("output", {"f": beta}, r"The output would need $\mathbb{E}[a] = 1$.", kind="factor dropped"),
        wrong(
            "adjoint",
            {"p": s1(inner) * w, "G1": sp.Integer(1)},
            "The adjoint carries a centred factor $a$.",
            kind="factor dropped",
        ),
        *(
            wrong(
                f"{name}-not-centred",
                {name: variant},
                rf"Without $\mathbb{{E}}[{which}] = 0$ of Assumption 2 this would be the value; under it the "
                "mean is zero.",
                kind="assumption dropped",
            )
            for name, which, variant in (
                ("f", "a", beta * s0(inner)),
                ("dz", "u", alpha * s0(inner)),
                ("p", "a", w * s1(inner)),
            )
        ),
    ],
)

# --- Hermite forms ---------------------------------------------------------------------------------------------------

xi, zeta, tt, ss, corr, P = sp.symbols("xi zeta t s c p", real=True)
z_norm = sp.Symbol(r"{|z|}", positive=True)


def _series(weight: sp.Expr) -> sp.Expr:
    """Sum over k of weight(k) (c t s)^k / k!."""
    x = sp.Symbol("X", positive=True)
    return sp.summation(weight * x**k / sp.factorial(k), (k, 0, sp.oo)).subs(x, corr * tt * ss)


@lru_cache(maxsize=1)
def _gram_form() -> sp.Expr:
    """E[grad h_i . grad h_j] on generating functions."""
    eta = correlated(corr, xi, zeta)
    return dirichlet(a * generating(tt, xi), a * generating(ss, eta), [a, zeta, xi])


def mehler(context: Context) -> Pairs:
    """E[grad h_i . grad h_j] for h = a phi(xi) with generating functions phi, against the stated series."""
    return [(_gram_form(), _series(context["weight"]))]


_index = (shifted(k, 1, -1), powers(1 + k, 1, -1))
hermite_gram = claim(
    "hermite-gram",
    title="Hermite form of $G_2$ at initialisation",
    statement=(
        r"With $\varphi(\xi) = \sigma_0(\sqrt2\,\xi) = \sum_k \mu_k h_k(\xi)$ and "
        r"$c_{ij} = \frac{1 + \langle x_i, x_j\rangle}{2}$: $(G_2)_{ij} = \sum_k (1 + k)\,\mu_k^2\,c_{ij}^k$."
    ),
    source="arXiv 2403.09889, Lemma 4 (definition of $G_2$ and of the Hermite coefficients)",
    known="derived here",
    assumptions=("assumption-1", "assumption-2"),
    no_inequality=IDENTITY,
    text=r"Weight of $\mu_k^2 c^k$.",
    formulas={"weight": 1 + k},
    checks=[
        identity(
            "mehler",
            "weight",
            mehler,
            domain=(
                r"all $\varphi$ with $\varphi, \varphi'$ in $L^2$ (by the total family $\exp(tx - t^2/2)$), "
                r"every $|c| \le 1$"
            ),
            group="hermite-gram",
        )
    ],
    wrong=[
        wrong("halved", {"weight": 1 + k / 2}, "Takes $|z|^2$ for $|z|^2 + 1$: the bias is forgotten."),
        *of_identity("weight", 1 + k, FACTORS, sign(), *_index),
    ],
)

# --- the rate of KL --------------------------------------------------------------------------------------------------

x = sp.Symbol("x", real=True)
tau = sp.Function("tau", positive=True)(x)
vel = sp.Function("v", real=True)(x)
RATE, KERNEL = x * vel - sp.diff(vel, x), s0(P) + P * s1(P) - (z_norm**2 + 1) * s2(P)
WEIGHT = (1 + k) ** 2


def entropy_rate(context: Context) -> Pairs:
    """-(tau v)' (log tau + x^2/2) and the stated rate differ by a total derivative, of integral zero."""
    flux = tau * vel
    score = sp.log(tau) + x**2 / 2
    lhs = -sp.diff(flux, x) * score - tau * context["rate"]
    return [(lhs, sp.diff(flux - flux * score, x))]


def stein_kernel(context: Context) -> Pairs:
    """The operator behind the rate maps a s0(w.z+b) to a k_z(p); any d, by rotation of w onto z."""
    along = z_norm * w + b
    lhs = ornstein_uhlenbeck(a * s0(along), [a, w, b])
    mean = expectation(a * context["kernel"], [a])
    return [(lhs, a * context["kernel"].subs(P, along)), (mean, sp.Integer(0))]


@lru_cache(maxsize=8)
def _kernel_form(kernel: sp.Expr) -> sp.Expr:
    """E[grad(a k_i) . grad(a phi_j)] on generating functions, |z| = 1."""
    eta = correlated(corr, xi, zeta)
    on_family = specialise(kernel, lambda p: generating(tt, p / sp.sqrt(2)))
    return dirichlet(a * on_family.subs(P, sp.sqrt(2) * xi), a * generating(ss, eta), [a, zeta, xi])


def chaos_weights(context: Context) -> Pairs:
    """E[grad(a k_i) . grad(a phi_j)] on generating functions against the stated series of K."""
    return [(_kernel_form(context["kernel"].subs(z_norm, 1)), _series(context["weight"]))]


kl_kernel = claim(
    "kl-rate",
    title=r"The rate of $\mathrm{KL}$ along the flow, and its kernel",
    statement=(
        r"$\frac{\mathrm{d}}{\mathrm{d}t}\mathrm{KL}(\tau_t\,\|\,\tau_0) "
        r"= \mathbb{E}[\omega\cdot v - \operatorname{div} v]$; for $v = -\nabla\frac{\delta L}{\delta\tau}$ this is "
        r"$-\frac{\beta}{n}\sum_i e_i\,\mathbb{E}[a\,k_{z_i}(p_i)]$ with "
        r"$k_z(p) = \sigma_0(p) + p\,\sigma_0'(p) - (|z|^2 + 1)\,\sigma_0''(p)$; $\mathbb{E}[a\,k_z] = 0$ at the "
        r"start, and $K_{ij} = \mathbb{E}[\nabla(a k_i)\cdot\nabla h_j] = \sum_k (1 + k)^2\mu_k^2\,c_{ij}^k$."
    ),
    source="arXiv 2403.09889, Theorem 5 (relative entropy along the flow; derivation in the docs)",
    known="derived here",
    assumptions=("assumption-2",),
    no_inequality=IDENTITY,
    text=r"Integrand of the rate, kernel $k_z(p)$, weight of $\mu_k^2 c^k$ in $K$.",
    formulas={"rate": RATE, "kernel": KERNEL, "weight": WEIGHT},
    checks=[
        identity(
            "entropy-rate",
            "rate",
            entropy_rate,
            domain=(
                "every smooth positive density and field whose flux, times the score too, vanishes at "
                "infinity, per coordinate"
            ),
        ),
        identity(
            "stein-kernel",
            "kernel",
            stein_kernel,
            domain=(
                r"every $\sigma_0$, $z$ and $d$; for the encoder $a$ is replaced by $\langle p, u\rangle$, which "
                "is linear in $u$ as $a$ is in $a$"
            ),
        ),
        identity(
            "chaos-weights",
            ["kernel", "weight"],
            chaos_weights,
            domain=(
                r"all $\varphi$ with $\varphi, \varphi', \varphi''$ in $L^2$ (total family), $|z| = 1$, every "
                r"$|c| \le 1$"
            ),
            group="kl-weights",
        ),
    ],
    wrong=merged(
        [
            wrong(
                "rate-sign",
                {"rate": x * vel + sp.diff(vel, x)},
                "The divergence enters with a minus sign.",
                kind="sign flipped",
            ),
            wrong(
                "rate-no-divergence",
                {"rate": x * vel},
                "A contracting flow changes the entropy.",
                kind="factor dropped",
            ),
            wrong(
                "kernel-no-bias",
                {"kernel": s0(P) + P * s1(P) - z_norm**2 * s2(P)},
                "The bias contributes to the Laplacian.",
            ),
            wrong(
                "kernel-derivative",
                {"kernel": s0(P) + P * s1(P) - (z_norm**2 + 1) * s1(P)},
                "The Laplacian brings the second derivative.",
                kind="s0' for s0''",
            ),
        ],
        of_identity("rate", RATE, FACTORS, sign()),
        of_identity(
            "kernel",
            KERNEL,
            FACTORS,
            sign(),
            derivative("first-for-second", s2, s1),
            derivative("value-for-first", s1, s0),
            derivative("first-for-value", s0, s1),
            checks=["stein-kernel"],
        ),
        of_identity("weight", WEIGHT, FACTORS, sign(), *_index),
    ),
)
