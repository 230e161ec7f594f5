"""Beyond finite layer neural networks: architectures as numerical schemes (arXiv 1710.10121).

The instance is `f(u) = 3/10 - sin u` on the line, whose flow has a closed form: `tan((u - u0)/2)` solves a Riccati
equation. The two-step network is `u_(n+1) = (1-k) u_n + k u_(n-1) + h f(u_n)` with `h = T/N` and an exact `u_1`.
"""

from functools import partial

from mfcheck.checks import Curve, Option, Paper, Plot, Simulated, Trial, evaluate, setting_of, simulation
from mfcheck.statistics import extrapolated, variance_of
from mfcheck_proofs.numerical_resnets.dictionary import fractalnet, polynet_claim, revnet_claim
from mfcheck_proofs.numerical_resnets.modified_equation import error_claim, lm
from mfcheck_proofs.numerical_resnets.practice import practice_claim
from mfcheck_proofs.numerical_resnets.scheme import CONSTANTS, PARAMETERS, VARIANCE
from mfcheck_proofs.numerical_resnets.stability import stability_claim
from mfcheck_proofs.numerical_resnets.stochastic_depth import depth, scaled_ends

# --- simulation ------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Stochastic depth at two depths; N Var X_N with its correction removed, and the way there in N."""
    count, small = trial.count("paths", 100, 10**7), trial.count("layers", 2, 10_000)
    depths = (small, 2 * small, 4 * small)
    drawn = trial.at_sizes("paths of layers", depths, count, partial(scaled_ends, trial.setting), least=8)
    found = {size: variance_of(ends) for size, ends in drawn.items()}
    limit = extrapolated((2 * small, 4 * small), [found[2 * small], found[4 * small]])
    picture = Plot(
        id="depth",
        title="Variance of stochastic depth",
        x_label="layers N",
        y_label="N Var X_N",
        x_log=True,
        curves=(
            Curve(
                label="paths",
                x=tuple(map(float, found)),
                y=tuple(e.value for e in found.values()),
                error=tuple(e.error for e in found.values()),
                style="points",
            ),
            Curve(
                label="limit",
                x=tuple(map(float, found)),
                y=(float(evaluate(VARIANCE, paper, trial.setting)),) * 3,
                style="bound",
            ),
        ),
    )
    return Simulated(
        {"stoch_var": limit}, plots=(picture,), notes=("The correction 1/N is removed from the two deeper networks.",)
    )


OPTIONS = (
    Option("paths", "200000", "random choices of layers"),
    Option("layers", "30", "layers of the shallowest network"),
)
paper = Paper(
    id="numerical-resnets",
    title="Beyond Finite Layer Neural Networks: Bridging Deep Architectures and Numerical Differential Equations",
    summary=(
        "Known residual architectures (PolyNet, RevNet, FractalNet) are schemes for differential equations; a "
        "linear multi-step scheme gives a new one, LM-ResNet, and stochastic training corresponds to a "
        "stochastic differential equation."
    ),
    authors=("Yiping Lu", "Aoxiao Zhong", "Quanzheng Li", "Bin Dong"),
    source="https://arxiv.org/abs/1710.10121",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(polynet_claim, revnet_claim, fractalnet, lm, error_claim, stability_claim, depth, practice_claim),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "fractalnet/stated": "gap",
        "fractalnet/conditions": "proved",
        "polynet/stated": "proved",
        "revnet/invertible": "proved",
        "revnet/symplectic": "refuted",
        "revnet/gradients": "proved",
        "lm-resnet/strict": "refuted",
        "lm-resnet/rescaled": "proved",
        "lm-error/leading-error": "supported",
        "lm-error/leapfrog": "supported",
        "zero-stability/stated": "proved",
        "zero-stability/weak-instability": "proved",
        "stochastic-depth/weak-order": "proved",
        "stochastic-depth/variance": "supported",
        "stochastic-depth/all-first-order-terms": "refuted",
        "practice/stated": "proved",
    },
    references=(
        "Lu, Zhong, Li, Dong: Beyond Finite Layer Neural Networks. ICML 2018, arXiv:1710.10121",
        "Hairer, Norsett, Wanner: Solving Ordinary Differential Equations I. Springer 1993",
        "Li, Tai, E: Stochastic modified equations and adaptive stochastic gradient algorithms. ICML 2017",
    ),
)
