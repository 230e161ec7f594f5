"""Gram matrices, what is exact at initialisation, and the Hermite forms of G2 and of the KL kernel."""

from functools import lru_cache

import sympy as sp

from mfcheck.checks import Claim, Context, Evidence, Kind, Reading, custom, identity, matrix_identities, wrong
from mfcheck.falsify.variants import derivative, dropped, merged, of_identity, powers, shifted, sign
from mfcheck.gaussian.exact import correlated, expectation, ornstein_uhlenbeck
from mfcheck.symbolic.generic import s0, s1, s2, specialise
from mfcheck_proofs.scaled_resnets.assumption1 import FACTORS
from mfcheck_proofs.scaled_resnets.assumption23 import IDENTITY, STEPS
from mfcheck_proofs.scaled_resnets.particle_system import System, system, vector
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, k, n

Pairs = list[tuple[sp.Expr, sp.Expr]]

# --- the two dynamics identities -------------------------------------------------------------------------------------

e = sp.MatrixSymbol("e", n, 1)
G = sp.MatrixSymbol("G", n, n)
DYNAMICS = {"residual": -(beta**2) / n * G * e, "loss": -(beta**2) / n**2 * e.T * G * e}


def _jacobians(S: System, i: int) -> list[tuple[int, sp.Expr, sp.Expr]]:
    """Rows i of J2 and J1: for each coordinate its weight, df_i/dv, and the entry that the paper defines, scaled."""
    pulled, point, rows = vector("pi", S.d), vector("zeta", S.d), []
    for head in S.heads:
        h = beta / S.M * head.value(S.z[i][-1])[0]
        rows += [(S.M, sp.diff(S.f[i], v), sp.diff(h, v)) for v in head.symbols]
    for below, layer in enumerate(S.layers):
        here = dict(zip((*pulled, *point), (*S.p[i][below + 1], *S.z[i][below]), strict=True))
        for theta in layer:
            sigma = alpha * beta / (S.L * S.M) * pulled.dot(theta.value(point))
            rows += [(S.L * S.M, sp.diff(S.f[i], v), sp.diff(sigma, v).xreplace(here)) for v in theta.symbols]
    return rows


def particle_dynamics(context: Context) -> Pairs:
    """The Jacobian of f is the one that defines G; then move every particle and compare de/dt.

    The second step takes the entries of the Jacobian as symbols: the first has shown what they are.
    """
    S = system()
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


def matrix_dynamics(context: Context) -> Evidence:
    """The same for any number of samples and parameters: f has Jacobian J, parameters have weights W.

    A parameter of weight w (M for the predictor, L M for the encoder) moves with `-w dL/dparameter`, and
    `beta^2 G = J W J^T` by the definition of G.
    """
    N = sp.Symbol("N", positive=True, integer=True)
    J, W = sp.MatrixSymbol("J", n, N), sp.MatrixSymbol("W", N, N)
    definition = {G: J * W * J.T / beta**2}
    de = (J * (-W * (J.T * e / n))).doit()
    dL = (e.T * de / n).doit()
    return matrix_identities(
        [(de, context["residual"].subs(definition)), (dL, context["loss"].subs(definition))],
        "any number of samples, layers, particles; in the limit $J$ is a linear operator, $J^\\top$ its adjoint",
        {n: 2, N: 3},
    )


dynamics_identities = Claim(
    "gram-dynamics",
    title="Residuals and loss follow the Gram matrix",
    statement=(
        r"$\frac{\mathrm{d}e}{\mathrm{d}t} = -\frac{\beta^2}{n}\,G\,e$ and "
        r"$\frac{\mathrm{d}L}{\mathrm{d}t} = -\frac{\beta^2}{n^2}\,e^\top G\,e$, with $G = \alpha^2 G_1 + G_2$."
    ),
    source="arXiv 2403.09889, Gram matrices and eqs. (2), (3)",
    known="derived here",
    no_inequality=IDENTITY,
    readings=[
        Reading(
            "stated",
            r"Right sides of $\frac{\mathrm{d}e}{\mathrm{d}t}$ and $\frac{\mathrm{d}L}{\mathrm{d}t}$.",
            DYNAMICS,
            checks=[
                identity(
                    "particles",
                    "residual",
                    particle_dynamics,
                    domain=r"$n = L = M = d = 2$, every $\sigma_0$ and every particle: all 28 coordinates move",
                    whole=False,
                    group="symbolic-gradients",
                ),
                custom("matrices", DYNAMICS, matrix_dynamics, kind=Kind.EXACT),
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
                        name,
                        DYNAMICS[name],
                        FACTORS,
                        sign(),
                        powers(beta, *STEPS),
                        dropped(n, power),
                        checks=["matrices"],
                    )
                    for name, power in (("residual", -1), ("loss", -2))
                ),
            ),
        )
    ],
)

# --- positive semi-definiteness --------------------------------------------------------------------------------------

kdim = sp.Symbol("K", positive=True, integer=True)
J_theta = sp.MatrixSymbol("J", n, kdim)
v = sp.MatrixSymbol("v", n, 1)
SQUARE = (J_theta.T * v).T * (J_theta.T * v)


def sum_of_squares(context: Context) -> Evidence:
    """v^T (J J^T) v against |J^T v|^2, for one particle; the mean of such forms is not negative."""
    return matrix_identities(
        [((v.T * J_theta * J_theta.T * v).doit(), context["form"].doit())],
        "every particle, depth, $n$ and $d$; $G_1$ is the mean over particles and depth",
        {n: 2, kdim: 3},
    )


positive = Claim(
    "gram-psd",
    title="$G_1$ is positive semi-definite",
    statement=(
        r"$v^\top J_1 J_1^\top v = |J_1^\top v|^2 \ge 0$ for each particle and depth; so $G_1$ and $G_2$ are positive "
        "semi-definite."
    ),
    source="arXiv 2403.09889, definition of $G_1$",
    known="text read",
    no_inequality="it is an identity, a sum of squares; what could be negative is attacked at lemma-4-first",
    readings=[
        Reading(
            "stated",
            r"$v^\top J J^\top v$ as a sum of squares.",
            {"form": SQUARE},
            checks=[custom("squares", "form", sum_of_squares, kind=Kind.EXACT)],
            wrong=of_identity("form", SQUARE, FACTORS, sign()),
        )
    ],
)

# --- exact facts at initialisation -----------------------------------------------------------------------------------

a = sp.Symbol("a", real=True)
u = sp.Symbol("u", real=True)
w, b = sp.symbols("w b", real=True)
z = sp.Symbol("z", real=True)
START = {"f": sp.Integer(0), "dz": sp.Integer(0), "p": sp.Integer(0), "G1": sp.Integer(0)}


inner = w * z + b


def centred(context: Context) -> Pairs:
    """Each quantity has a factor a or u that is centred and independent of the rest."""
    means = {
        "f": beta * expectation(a * s0(inner), [a]),
        "dz": alpha * expectation(u * s0(inner), [u]),
        "p": expectation(a * s1(inner) * w, [a]),
    }
    gradient = [sp.diff(means["p"] * u * s0(inner), x) for x in (u, w, b)]
    means["G1"] = sum((g**2 for g in gradient), sp.Integer(0))
    return [(means[name], context[name]) for name in START]


initialisation = Claim(
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
    readings=[
        Reading(
            "stated",
            r"Values at time zero of $f$, $\frac{\mathrm{d}z}{\mathrm{d}s}$, $p$ and a diagonal entry of $G_1$.",
            START,
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
    ],
)

# --- Hermite forms ---------------------------------------------------------------------------------------------------

xi, zeta, tt, ss = sp.symbols("xi zeta t s", real=True)
corr = sp.Symbol("c", real=True)
P = sp.Symbol("p", real=True)
z_norm = sp.Symbol(r"{|z|}", positive=True)


def _generating(time: sp.Symbol, x: sp.Expr) -> sp.Expr:
    """exp(t x - t^2/2) = sum_k t^k h_k(x) / sqrt(k!): these functions are total in L^2."""
    return sp.exp(time * x - time**2 / 2)


def _dirichlet(F: sp.Expr, H: sp.Expr) -> sp.Expr:
    """E[grad F . grad H] in the orthonormal coordinates a, xi, zeta of parameter space."""
    variables = (a, xi, zeta)
    energy = sum(sp.diff(F, x) * sp.diff(H, x) for x in variables)
    return expectation(energy, [a, zeta, xi])


def _series(weight: sp.Expr) -> sp.Expr:
    """Sum over k of weight(k) (c t s)^k / k!."""
    X = sp.Symbol("X", positive=True)
    total = sp.summation(weight * X**k / sp.factorial(k), (k, 0, sp.oo))
    return total.subs(X, corr * tt * ss)


@lru_cache(maxsize=1)
def _gram_form() -> sp.Expr:
    """E[grad h_i . grad h_j] on generating functions."""
    eta = correlated(corr, xi, zeta)
    return _dirichlet(a * _generating(tt, xi), a * _generating(ss, eta))


def mehler(context: Context) -> Pairs:
    """E[grad h_i . grad h_j] for h = a phi(xi) with generating functions phi, against the stated series."""
    return [(_gram_form(), _series(context["weight"]))]


_index = (shifted(k, 1, -1), powers(1 + k, 1, -1))
hermite_gram = Claim(
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
    readings=[
        Reading(
            "stated",
            r"Weight of $\mu_k^2 c^k$.",
            {"weight": 1 + k},
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
    on_family = specialise(kernel, lambda p: _generating(tt, p / sp.sqrt(2)))
    return _dirichlet(a * on_family.subs(P, sp.sqrt(2) * xi), a * _generating(ss, eta))


def chaos_weights(context: Context) -> Pairs:
    """E[grad(a k_i) . grad(a phi_j)] on generating functions against the stated series of K."""
    return [(_kernel_form(context["kernel"].subs(z_norm, 1)), _series(context["weight"]))]


kl_kernel = Claim(
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
    readings=[
        Reading(
            "stated",
            r"Integrand of the rate, kernel $k_z(p)$, weight of $\mu_k^2 c^k$ in $K$.",
            {"rate": RATE, "kernel": KERNEL, "weight": WEIGHT},
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
    ],
)
