"""Improve Generalization Ability of Deep Wide Residual Network with A Suitable Scaling Factor (arXiv 2403.04545)."""

from mfcheck.claims import Paper
from mfcheck_proofs.rntk_scaling import degeneration, finite, kernel, limits
from mfcheck_proofs.rntk_scaling.experiments import BLOCKS, IMAGES, NETWORKS, SYNTHETIC
from mfcheck_proofs.rntk_scaling.setting import ASSUMPTIONS, DEFAULT, PARAMETERS, validate
from mfcheck_proofs.rntk_scaling.values import CONSTANTS, simulate

paper = Paper(
    id="rntk-scaling",
    title="Improve Generalization Ability of Deep Wide Residual Network with A Suitable Scaling Factor",
    summary=r"Residual branches times a constant, or times $L^{-\gamma}$ with a small $\gamma$ in the depth $L$, "
    r"have a tangent kernel that degenerates as the network gets deep; with $\gamma > 1/2$ it tends to "
    "that of one hidden layer, and kernel regression with early stopping reaches the minimax rate.",
    authors=("Songtao Tian", "Zixiong Yu"),
    source="https://arxiv.org/abs/2403.04545",
    parameters=PARAMETERS,
    default=DEFAULT,
    assumptions=ASSUMPTIONS,
    claims=(
        kernel.arc_cosine,
        kernel.recursion,
        degeneration.correlation,
        degeneration.constant,
        degeneration.slow,
        limits.critical,
        limits.fast,
        kernel.definite,
        kernel.spectrum,
        finite.early,
        finite.best,
        finite.finite_width,
        finite.joint,
    ),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulate,
    experiments=(SYNTHETIC, IMAGES, NETWORKS, BLOCKS),
    verdicts={
        "arc-cosine/stated": "proved",
        "kernel-recursion/stated": "proved",
        "correlation-to-one/stated": "certified",
        "theorem-1-constant/stated": "certified",
        "theorem-1-constant/values": "certified",
        "theorem-1-constant/rate": "supported",
        "theorem-2-slow/stated": "certified",
        "theorem-2-slow/values": "certified",
        "theorem-2-slow/rate": "supported",
        "critical-scaling/stated": "certified",
        "critical-scaling/values": "certified",
        "critical-scaling/rate": "supported",
        "theorem-3-fast/stated": "certified",
        "theorem-3-fast/values": "certified",
        "theorem-3-fast/uniform": "refuted",
        "theorem-3-fast/repaired": "certified",
        "theorem-3-fast/all-trained": "refuted",
        "theorem-3-fast/linear": "certified",
        "theorem-3-fast/linear-values": "certified",
        "positive-definite/stated": "refuted",
        "positive-definite/no-opposites": "proved",
        "positive-definite/deeper": "proved",
        "positive-definite/parity": "proved",
        "eigenvalue-decay/stated": "supported",
        "early-stopping/stated": "supported",
        "rapid-decay/stated": "supported",
        "rapid-decay/scale": "proved",
        "finite-width/stated": "supported",
        "width-and-depth/stated": "proved",
        "width-and-depth/kernel": "supported",
    },
    references=(
        "Tian, Yu: Improve Generalization Ability of Deep Wide Residual Network with A Suitable Scaling Factor. "
        "arXiv:2403.04545",
        "Cho, Saul: Kernel methods for deep learning. NeurIPS 2009",
        "Bietti, Mairal: On the inductive bias of neural tangent kernels. NeurIPS 2019, arXiv:1905.12173",
        "Caponnetto, De Vito: Optimal rates for the regularized least-squares algorithm. Found. Comput. Math. 7 (2007)",
        "Johansson: Arb: efficient arbitrary-precision midpoint-radius interval arithmetic. IEEE Trans. Comput. 66 "
        "(2017) 1281-1292",
    ),
)
