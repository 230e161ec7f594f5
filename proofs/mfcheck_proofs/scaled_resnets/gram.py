"""Gram matrices, what is exact at initialisation, and the Hermite forms of G2 and of the KL kernel."""

from functools import lru_cache

import sympy as sp

from mfcheck.checks.identity import identities, matrix_identities
from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Kind,
    PlantedError,
    Reading,
    Scope,
)
from mfcheck.gaussian.exact import correlated, expectation, ornstein_uhlenbeck
from mfcheck.symbolic.generic import s0, s1, s2, specialise
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.particle_system import System, dot, system
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, k, n

# --- the two dynamics identities -------------------------------------------------------------------------------------

e = sp.MatrixSymbol("e", n, 1)
G = sp.MatrixSymbol("G", n, n)
dynamics = {"residual": -(beta**2) / n * G * e, "loss": -(beta**2) / n**2 * e.T * G * e}


def _jacobians(S: System, i: int) -> list[tuple[int, sp.Expr, sp.Expr]]:
    """Rows i of J2 and J1: for each coordinate its weight, df_i/dv, and the entry that the paper defines, scaled."""
    pulled, point = sp.symbols(f"pi:{S.d}"), sp.symbols(f"zeta:{S.d}")
    rows = []
    for head in S.heads:
        h = head.a * s0(dot(head.w, S.z[i][-1]) + head.b)
        rows += [(S.M, sp.diff(S.f[i], v), beta / S.M * sp.diff(h, v)) for v in head.symbols]
    for below, layer in enumerate(S.layers):
        here = dict(zip(pulled, S.p[i][below + 1], strict=True))
        here |= dict(zip(point, S.z[i][below], strict=True))
        for theta in layer:
            sigma = dot(pulled, theta.u) * s0(dot(theta.w, point) + theta.b)
            scale = alpha * beta / (S.L * S.M)
            rows += [
                (S.L * S.M, sp.diff(S.f[i], v), scale * sp.diff(sigma, v).xreplace(here))
                for v in theta.symbols
            ]
    return rows


def particle_dynamics(context: Context) -> Evidence:
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
    residuals = sp.symbols(f"e:{S.n}", real=True)
    slope = [sum(residuals[i] * J[i][v] for i in range(S.n)) / S.n for v in range(len(rows))]
    rate = sum((J[0][v] * -w * slope[v] for v, w in enumerate(weights)), sp.Integer(0))
    small = {
        sp.MatrixSymbol("e", S.n, 1): sp.ImmutableMatrix(residuals),
        sp.MatrixSymbol("G", S.n, S.n): gram,
    }
    stated = context["residual"].subs(n, S.n).xreplace(small).doit()[0, 0]
    return identities(
        [(rate, stated), *pairs],
        r"$n = L = M = d = 2$, every $\sigma_0$ and every particle: all 28 coordinates move",
    )


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


DYNAMICS = ("gram-dynamics-particles", "gram-dynamics-matrices")
dynamics_identities = assembled(
    id="gram-dynamics",
    title="Residuals and loss follow the Gram matrix",
    statement=(
        r"$\frac{\mathrm{d}e}{\mathrm{d}t} = -\frac{\beta^2}{n}\,G\,e$ and "
        r"$\frac{\mathrm{d}L}{\mathrm{d}t} = -\frac{\beta^2}{n^2}\,e^\top G\,e$, with $G = \alpha^2 G_1 + G_2$."
    ),
    source="arXiv 2403.09889, Gram matrices and eqs. (2), (3)",
    readings=(
        Reading(
            "stated",
            r"Right sides of $\frac{\mathrm{d}e}{\mathrm{d}t}$ and $\frac{\mathrm{d}L}{\mathrm{d}t}$.",
            dynamics,
        ),
    ),
    checks=(
        Check(DYNAMICS[0], Kind.EXACT, particle_dynamics, group="symbolic-gradients"),
        Check(DYNAMICS[1], Kind.EXACT, matrix_dynamics),
    ),
    planted=(
        PlantedError(
            "gram-dynamics-no-n",
            "factor n dropped",
            {"residual": dynamics["residual"] * n},
            "The loss is a mean over samples.",
            DYNAMICS,
        ),
        PlantedError(
            "gram-dynamics-beta",
            "exponent off",
            {"residual": dynamics["residual"] / beta},
            r"$\beta$ enters both the network and its gradient.",
            DYNAMICS,
        ),
    ),
)

# --- positive semi-definiteness --------------------------------------------------------------------------------------

kdim = sp.Symbol("K", positive=True, integer=True)
J_theta = sp.MatrixSymbol("J", n, kdim)
v = sp.MatrixSymbol("v", n, 1)
square = {"form": (J_theta.T * v).T * (J_theta.T * v)}


def sum_of_squares(context: Context) -> Evidence:
    """v^T (J J^T) v against |J^T v|^2, for one particle; the mean of such forms is not negative."""
    return matrix_identities(
        [((v.T * J_theta * J_theta.T * v).doit(), context["form"].doit())],
        "every particle, depth, $n$ and $d$; $G_1$ is the mean over particles and depth",
        {n: 2, kdim: 3},
    )


positive = assembled(
    id="gram-psd",
    title="$G_1$ is positive semi-definite",
    statement=(
        r"$v^\top J_1 J_1^\top v = |J_1^\top v|^2 \ge 0$ for each particle and depth; so $G_1$ and $G_2$ are positive "
        "semi-definite."
    ),
    source="arXiv 2403.09889, definition of $G_1$",
    readings=(Reading("stated", r"$v^\top J J^\top v$ as a sum of squares.", square),),
    checks=(Check("gram-psd-squares", Kind.EXACT, sum_of_squares),),
)

# --- exact facts at initialisation -----------------------------------------------------------------------------------

a = sp.Symbol("a", real=True)
u = sp.Symbol("u", real=True)
w, b = sp.symbols("w b", real=True)
z = sp.Symbol("z", real=True)
start = {"f": sp.Integer(0), "dz": sp.Integer(0), "p": sp.Integer(0), "G1": sp.Integer(0)}


def centred(context: Context) -> Evidence:
    """Each quantity has a factor a or u that is centred and independent of the rest."""
    inner = w * z + b
    means = {
        "f": beta * expectation(a * s0(inner), [a]),
        "dz": alpha * expectation(u * s0(inner), [u]),
        "p": expectation(a * s1(inner) * w, [a]),
    }
    gradient = [sp.diff(means["p"] * u * s0(inner), x) for x in (u, w, b)]
    means["G1"] = sum((g**2 for g in gradient), sp.Integer(0))
    return identities(
        [(means[name], context[name]) for name in start],
        r"every $\sigma_0$, point, depth and coordinate, under standard Gaussian measures",
        Scope.WHOLE,
    )


initialisation = assembled(
    id="initialisation",
    title="At initialisation the deep network is the identity",
    statement=(
        r"Under Assumption 2: $f = 0$, $Z_\nu(x, s) = x$ for every $s$, $p = 0$, hence $G_1 = 0$ and $G = G_2$. "
        "The first inequality of Lemma 4 is an equality."
    ),
    source=r"arXiv 2403.09889, Assumption 2 and the definitions of $Z_\nu$, $G_1$",
    assumptions=("assumption-2",),
    readings=(
        Reading(
            "stated",
            r"Values at time zero of $f$, $\frac{\mathrm{d}z}{\mathrm{d}s}$, $p$ and a diagonal entry of $G_1$.",
            start,
        ),
    ),
    checks=(Check("initialisation-centred", Kind.EXACT, centred),),
    planted=(
        PlantedError(
            "initialisation-output",
            "factor dropped",
            {"f": beta},
            r"The output would need $\mathbb{E}[a] = 1$.",
            ("initialisation-centred",),
        ),
        PlantedError(
            "initialisation-adjoint",
            "factor dropped",
            {"p": s1(w * z + b) * w, "G1": sp.Integer(1)},
            "The adjoint carries a centred factor $a$.",
            ("initialisation-centred",),
        ),
    ),
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


def mehler(context: Context) -> Evidence:
    """E[grad h_i . grad h_j] for h = a phi(xi) with generating functions phi, against the stated series."""
    return identities(
        [(_gram_form(), _series(context["weight"]))],
        r"all $\varphi$ with $\varphi, \varphi'$ in $L^2$ (by the total family $\exp(tx - t^2/2)$), every $|c| \le 1$",
        Scope.WHOLE,
    )


G2_WEIGHT = 1 + k
hermite_gram = assembled(
    id="hermite-gram",
    title="Hermite form of $G_2$ at initialisation",
    statement=(
        r"With $\varphi(\xi) = \sigma_0(\sqrt2\,\xi) = \sum_k \mu_k h_k(\xi)$ and "
        r"$c_{ij} = \frac{1 + \langle x_i, x_j\rangle}{2}$: $(G_2)_{ij} = \sum_k (1 + k)\,\mu_k^2\,c_{ij}^k$."
    ),
    source="arXiv 2403.09889, Lemma 4 (definition of $G_2$ and of the Hermite coefficients)",
    assumptions=("assumption-1", "assumption-2"),
    readings=(Reading("stated", r"Weight of $\mu_k^2 c^k$.", {"weight": G2_WEIGHT}),),
    checks=(Check("hermite-gram-mehler", Kind.EXACT, mehler, group="hermite-gram"),),
    planted=(
        PlantedError(
            "hermite-gram-halved",
            "constant scaled",
            {"weight": 1 + k / 2},
            "Takes $|z|^2$ for $|z|^2 + 1$: the bias is forgotten.",
            ("hermite-gram-mehler",),
        ),
    ),
)

# --- the rate of KL --------------------------------------------------------------------------------------------------

x = sp.Symbol("x", real=True)
tau = sp.Function("tau", positive=True)(x)
vel = sp.Function("v", real=True)(x)
kl_forms = {
    "rate": x * vel - sp.diff(vel, x),
    "kernel": s0(P) + P * s1(P) - (z_norm**2 + 1) * s2(P),
    "weight": (1 + k) ** 2,
}


def entropy_rate(context: Context) -> Evidence:
    """-(tau v)' (log tau + x^2/2) and the stated rate differ by a total derivative, of integral zero."""
    flux = tau * vel
    score = sp.log(tau) + x**2 / 2
    lhs = -sp.diff(flux, x) * score - tau * context["rate"]
    rhs = sp.diff(flux - flux * score, x)
    return identities(
        [(lhs, rhs)],
        "every smooth positive density and field whose flux, times the score too, vanishes at infinity, per coordinate",
        Scope.WHOLE,
    )


def stein_kernel(context: Context) -> Evidence:
    """The operator behind the rate maps a s0(w.z+b) to a k_z(p); any d, by rotation of w onto z."""
    inner = z_norm * w + b
    lhs = ornstein_uhlenbeck(a * s0(inner), [a, w, b])
    mean = expectation(a * context["kernel"], [a])
    return identities(
        [(lhs, a * context["kernel"].subs(P, inner)), (mean, sp.Integer(0))],
        r"every $\sigma_0$, $z$ and $d$; for the encoder $a$ is replaced by $\langle p, u\rangle$, which is linear in "
        "$u$ as $a$ is in $a$",
        Scope.WHOLE,
    )


@lru_cache(maxsize=8)
def _kernel_form(kernel: sp.Expr) -> sp.Expr:
    """E[grad(a k_i) . grad(a phi_j)] on generating functions, |z| = 1."""
    eta = correlated(corr, xi, zeta)
    on_family = specialise(kernel, lambda p: _generating(tt, p / sp.sqrt(2)))
    return _dirichlet(a * on_family.subs(P, sp.sqrt(2) * xi), a * _generating(ss, eta))


def chaos_weights(context: Context) -> Evidence:
    """E[grad(a k_i) . grad(a phi_j)] on generating functions against the stated series of K."""
    return identities(
        [(_kernel_form(context["kernel"].subs(z_norm, 1)), _series(context["weight"]))],
        r"all $\varphi$ with $\varphi, \varphi', \varphi''$ in $L^2$ (total family), $|z| = 1$, every $|c| \le 1$",
        Scope.WHOLE,
    )


KL_CHECKS = ("kl-entropy-rate", "kl-stein-kernel", "kl-chaos-weights")
kl_kernel = assembled(
    id="kl-rate",
    title=r"The rate of $\mathrm{KL}$ along the flow, and its kernel",
    statement=(
        r"$\frac{\mathrm{d}}{\mathrm{d}t}\mathrm{KL}(\tau_t\,\|\,\tau_0) "
        r"= \mathbb{E}[\omega\cdot v - \operatorname{div} v]$; for $v = -\nabla\frac{\delta L}{\delta\tau}$ this is "
        r"$-\frac{\beta}{n}\sum_i e_i\,\mathbb{E}[a\,k_{z_i}(p_i)]$ with "
        r"$k_z(p) = \sigma_0(p) + p\,\sigma_0'(p) - (|z|^2 + 1)\,\sigma_0''(p)$; $\mathbb{E}[a\,k_z] = 0$ at the "
        r"start, and $K_{ij} = \mathbb{E}[\nabla(a k_i)\cdot\nabla h_j] = \sum_k (1 + k)^2\mu_k^2\,c_{ij}^k$."
    ),
    source="arXiv 2403.09889, Theorem 5 (relative entropy along the flow; derivation in the docs)",
    assumptions=("assumption-2",),
    readings=(
        Reading(
            "stated",
            r"Integrand of the rate, kernel $k_z(p)$, weight of $\mu_k^2 c^k$ in $K$.",
            kl_forms,
        ),
    ),
    checks=(
        Check(KL_CHECKS[0], Kind.EXACT, entropy_rate),
        Check(KL_CHECKS[1], Kind.EXACT, stein_kernel),
        Check(KL_CHECKS[2], Kind.EXACT, chaos_weights, group="kl-weights"),
    ),
    planted=(
        PlantedError(
            "kl-rate-sign",
            "sign flipped",
            {"rate": x * vel + sp.diff(vel, x)},
            "The divergence enters with a minus sign.",
            KL_CHECKS[:1],
        ),
        PlantedError(
            "kl-rate-no-divergence",
            "factor dropped",
            {"rate": x * vel},
            "A contracting flow changes the entropy.",
            KL_CHECKS[:1],
        ),
        PlantedError(
            "kl-kernel-no-bias",
            "constant scaled",
            {"kernel": s0(P) + P * s1(P) - z_norm**2 * s2(P)},
            "The bias contributes to the Laplacian.",
            KL_CHECKS[1:],
        ),
        PlantedError(
            "kl-kernel-derivative",
            "s0' for s0''",
            {"kernel": s0(P) + P * s1(P) - (z_norm**2 + 1) * s1(P)},
            "The Laplacian brings the second derivative.",
            KL_CHECKS[1:],
        ),
    ),
)

CLAIMS = (dynamics_identities, positive, initialisation, hermite_gram, kl_kernel)
