"""Extended critical regimes of deep neural networks (arXiv 2203.12967).

Weights W_ij = sigma_w (2N)^(-1/alpha) S_ij with S standard symmetric alpha-stable, E exp(itS) = exp(-|t|^alpha). Then
h = q^(1/alpha) z with E exp(itz) = exp(-|t|^alpha/2), and q goes to V(q) = sigma_w^alpha E|phi(h)|^alpha + sigma_b^alpha. At
alpha = 2 this is the Gaussian theory. |phi(rz)|/r falls in r for tanh, so that V(q)/q falls and q* > 0 is unique.
"""

import math

from mfcheck.checks import Draws, Option, Paper, Simulated, Trial, setting_of, simulation
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of
from mfcheck_proofs.heavy_tails.maps import cauchy_claim, length_claim, quiescent_claim
from mfcheck_proofs.heavy_tails.networks import growth, participations_of, scales
from mfcheck_proofs.heavy_tails.spectra import circle_claim, multifractal_claim, slope_claim, spectrum_claim
from mfcheck_proofs.heavy_tails.values import CONSTANTS, PARAMETERS, TANH

# --- the paper -------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Networks of the setting: late q, growth of a perturbation, D_2 of Jacobians; all start at scale q*."""
    setting, width, depth = trial.setting, trial.setting.integer("width"), trial.setting.integer("depth")
    if width > 4000 or depth > 200:
        raise InputError("networks are simulated up to width 4000 and depth 200")
    nets = trial.count("replicates", 2, 10**5)
    # Three degrees of freedom tell little of an error: so many networks as some ten seconds allow, up to 24.
    usual = min(24, max(4, round(1.2e8 / (width**2 * depth))))
    matrices = usual if trial.options["matrices"] == "auto" else trial.count("matrices", 2, 1000)
    trial.say(f"{nets} chains and {matrices} matrix networks, width {width}, {depth} layers")
    size = min(width, 400)
    kinds = {
        "chains": Draws(nets, lambda rng, n: scales(setting, rng, n, width, depth)[depth // 2 :].mean(axis=0)),
        "matrix networks": Draws(matrices, lambda rng, n: growth(setting, rng, n, width, depth)),
        "Jacobians": Draws(6, lambda rng, n: participations_of(setting, rng, size, n)),
    }
    late, logs, dimensions = trial.samples(kinds).values()
    grown, (right, singular) = mean_of(logs), map(mean_of, dimensions.T)
    factor = math.exp(grown.value)
    final = {
        "q": mean_of(late),
        "growth": grown.but(value=factor, error=factor * math.expm1(grown.error)),
        "D2_right": right,
        "D2_singular": singular,
    }
    notes = (
        f"growth is that of the alpha-scale at width {width}: it drifts with the width.",
        f"D_2 is measured at width {size}, where Gaussian vectors have {1 - math.log(2) / math.log(size):.4f} (complex) "
        f"and {1 - math.log(3) / math.log(size):.4f} (real).",
    )
    return Simulated(final, notes=notes)


OPTIONS = (
    Option("replicates", "64", "chains of scales q"),
    Option("matrices", "auto", "networks with explicit matrices, for the growth; auto: 4 to 24, by their size"),
)
paper = Paper(
    id="heavy-tails",
    title="Extended critical regimes of deep neural networks",
    summary=(
        "Heavy-tailed weights give deep networks an extended critical regime, over a whole range of "
        "parameters, in which the eigenvectors of Jacobians are multifractal."
    ),
    authors=("Cheng Kevin Qu", "Asem Wardak", "Pulin Gong"),
    source="https://arxiv.org/abs/2203.12967",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, TANH),
    claims=(length_claim, quiescent_claim, cauchy_claim, slope_claim, multifractal_claim, spectrum_claim, circle_claim),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "length-map/stated": "supported",
        "no-quiescent-phase/limit": "proved",
        "no-quiescent-phase/practice": "supported",
        "cauchy/stated": "proved",
        "perturbations/stated": "supported",
        "perturbations/mean-square": "vacuous",
        "multifractal/extended": "supported",
        "heavy-spectrum/stated": "supported",
        "heavy-spectrum/outputs": "supported",
        "circular-manifold/stated": "supported",
    },
    references=(
        "Qu, Wardak, Gong: Extended critical regimes of deep neural networks. arXiv:2203.12967",
        "Zolotarev: One-dimensional stable distributions. 1986 (tail of the density)",
    ),
)
