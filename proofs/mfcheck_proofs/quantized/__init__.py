"""A mean field theory of quantized deep networks: the quantization-depth trade-off (arXiv 1906.00771).

A stair with N levels, its thresholds D apart in units of the pre-activation, maps correlations with slope chi < 1 at 0.
With S1 = E u k(u) and S2 = E k(u)^2, where k is the odd stair of height 1 and u is N(0, 1), chi = S1^2/S2, and D k(u)
misses u by 1 - 2 D S1 + D^2 S2 in mean square. Over positive thresholds x = m D, half of them and N even or odd,
S1 = [n(0)] + 2 sum n(x) and S2 = [1/4] + 4 sum m Q(x): positive terms, n the density and Q = 1 - Psi.
"""

from mfcheck.checks import Paper, setting_of, simulation
from mfcheck_proofs.quantized.best_step import best
from mfcheck_proofs.quantized.networks import OPTIONS, run
from mfcheck_proofs.quantized.others import straight_through, trainability, unstable
from mfcheck_proofs.quantized.power_law import power_law_claim
from mfcheck_proofs.quantized.slope import slope_claim
from mfcheck_proofs.quantized.thresholds import PARAMETERS
from mfcheck_proofs.quantized.values import CONSTANTS

paper = Paper(
    id="quantized",
    title="A mean field theory of quantized deep networks: the quantization-depth trade-off",
    authors=("Yaniv Blumenfeld", "Dar Gilboa", "Daniel Soudry"),
    source="https://arxiv.org/abs/1906.00771",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(slope_claim, best, power_law_claim, unstable, straight_through, trainability),
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "slope/stated": "proved",
        "slope/biases": "proved",
        "optimum/stated": "proved",
        "optimum/unique": "certified",
        "power-law/asymptotic": "refuted",
        "power-law/plotted-range": "certified",
        "power-law/in-levels": "refuted",
        "power-law/logarithm": "proved",
        "no-ordered-phase/stated": "proved",
        "straight-through/surrogate": "proved",
        "trainability/training": "unchecked",
        "trainability/signal": "proved",
    },
    references=(
        "Blumenfeld, Gilboa, Soudry: A mean field theory of quantized deep networks: the quantization-depth trade-off. "
        "NeurIPS 2019, arXiv:1906.00771",
        "Hui, Neuhoff: Asymptotic analysis of optimal fixed-rate uniform scalar quantization. IEEE Trans. Inf. Theory 47, 2001",
    ),
)
