"""C7: the smallest counterexample with tied weights."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import At, Claim, Context, Estimate, Reading, agree, encloses, wrong
from mfcheck.claims.model import stream
from mfcheck.gaussian import J
from mfcheck.networks import at_widths
from mfcheck.rigor.ball import enclose
from mfcheck_proofs.rnn_isometry.gate import Array

# --- C7: the smallest counterexample ---------------------------------------------------------------------------------

m_ = sp.Symbol("m", positive=True)
K_tied = sp.Symbol("K")


def tied_kernel(depth: int, factor: arb | None = None) -> list[arb]:
    """Enclose K(l, l), l = 0..depth, of h + W relu(h) with one W of variance 1: sums of G over all pairs of layers."""
    c = next(iter(J.free_symbols))
    kernel: dict[tuple[int, int], arb] = {(k, n): arb(1) for k in range(depth + 1) for n in range(depth + 1)}

    def g(k: int, n: int) -> arb:
        one, two = kernel[k - 1, k - 1], kernel[n - 1, n - 1]
        if k == n:
            return one / 2
        return (one * two).sqrt() / 2 * enclose(J, {c: kernel[k - 1, n - 1] / (one * two).sqrt()}) * (factor or 1)

    total: dict[tuple[int, int], arb] = {}
    for level in range(1, depth + 1):
        for other in range(1, level + 1):
            total[level, other] = total[other, level] = g(level, other)
            left, down, corner = (kernel[level - 1, other], kernel[level, other - 1], kernel[level - 1, other - 1])
            kernel[level, other] = kernel[other, level] = left + down - corner + total[level, other]
    return [kernel[k, k] for k in range(depth + 1)]


def layers_exact(_: Context) -> list[At]:
    """The tied kernel, layer by layer."""
    with ctx.workdps(30):
        return [At(value, f"layer {k}", k, {m_: arb(k)}) for k, value in enumerate(tied_kernel(6)) if k >= 1]


@lru_cache(maxsize=4)
def residual(nets: int, seed: int) -> dict[str, Estimate]:
    """K(l, l) of random networks, l = 1, 2, 3."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        W = rng.standard_normal((count, width, width)) / math.sqrt(width)
        state_ = rng.standard_normal((count, width, 8))
        found = {}
        for k in (1, 2, 3):
            state_ = state_ + W @ np.maximum(state_, 0)
            found[str(k)] = np.mean(state_**2, axis=(1, 2))
        return found

    return at_widths(measure, (75, 300), nets, stream(seed, "residual"))


def residual_networks(context: Context) -> list[At]:
    """Simulated kernels against the recursion."""
    found = residual(context.budget.pick(60, 200, 800), context.seed)
    exact_ = tied_kernel(3)
    return [At(found[str(k)], f"layer {k}", k, {K_tied: exact_[k], m_: arb(k)}) for k in (1, 2, 3)]


counter = Claim(
    "tied-residual",
    title="Tied and untied laws differ already for a residual recurrence",
    statement=r"For $h^m = W\phi(h^{m-1}) + h^{m-1}$ with one $W$: $K(l,m) = K(0,0) + \sum_{j\le l,k\le m} G(j,k)$.",
    source="1902.04760, Theorem D.14 (text read); re-derived and simulated",
    known="follow-up",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "untied-law",
            "The untied law K(l,l) = (3/2)^l of ReLU with sigma_w = 1 holds for one W as well.",
            {"law": sp.Rational(3, 2) ** m_},
            checks=[
                encloses("layers", "law", layers_exact, x_label="layer", y_label="K", log="y", domain="layers 1 to 6")
            ],
            wrong=[wrong("double", {"law": 2**m_}, "1.5, 3.279, 8.119.")],
        ),
        Reading(
            "tied-law",
            "The double sum is the limit of wide networks with one W.",
            {"kernel": K_tied},
            checks=[
                agree(
                    "networks", "kernel", residual_networks, resolution=0.1, x_label="layer", domain="widths 75 and 300"
                )
            ],
            wrong=[wrong("untied", {"kernel": sp.Rational(3, 2) ** m_}, "3.279 and not 2.25 at layer 2.")],
        ),
    ],
)
