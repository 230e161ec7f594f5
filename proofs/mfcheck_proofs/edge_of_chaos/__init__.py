"""On the selection of initialization and activation function for deep neural networks (arXiv 1805.08266).

On the edge of chaos, chi_1 = 1, the correlation of two inputs goes to 1 like a power of depth: 1/l^2 for a rectifier,
1/l for a smooth activation. The edge is a curve with the variance q as its parameter,
sigma_w^2 = 1/E_q phi'^2, sigma_b^2 = q - E_q phi^2 / E_q phi'^2. Near c = 1 the state is e = 1 - c.
"""

from mfcheck.checks import Paper, setting_of, simulation
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.edge_of_chaos.claims import CLAIMS
from mfcheck_proofs.edge_of_chaos.values import CONSTANTS, OPTIONS, PARAMETERS, run

paper = Paper(
    id="edge-of-chaos",
    title="On the selection of initialization and activation function for deep neural networks",
    summary=(
        "Initialising a network on the edge of chaos lets information travel deep, since correlations then "
        "converge like a power of the depth $l$ only: like $1/l^2$ for rectifiers and like $1/l$ for smooth "
        "activations, which are therefore to be preferred."
    ),
    authors=("Soufiane Hayou", "Arnaud Doucet", "Judith Rousseau"),
    source="https://arxiv.org/abs/1805.08266",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=CLAIMS,
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "relu-rate/asymptotic": "proved",
        "relu-rate/at-depth-100": "refuted",
        "relu-rate/remainder": "refuted",
        "relu-rate/logarithm": "proved",
        "two-slopes/stated": "proved",
        "curve/stated": "certified",
        "curve/end": "proved",
        "curve/monotone": "supported",
        "smooth-rate/stated": "proved",
        "smooth-rate/slower": "proved",
        "closeness/stated": "proved",
        "closeness/exact-form": "proved",
        "closeness/separates": "proved",
        "limit-variance/strict": "refuted",
        "limit-variance/setting": "certified",
        "limit-variance/normalised": "supported",
        "limit-variance/swish": "supported",
        "limit-variance/range": "supported",
        "variance-domain/stated": "proved",
        "variance-domain/rectifier": "proved",
        "variance-domain/remark": "refuted",
        "variance-domain/necessary": "refuted",
        "hard-tanh/stated": "proved",
    },
    references=(
        "Hayou, Doucet, Rousseau: On the selection of initialization and activation function for deep neural networks. "
        "arXiv:1805.08266; later: On the impact of the activation function on deep neural networks training. ICML 2019",
        "Hayou, Doucet, Rousseau: Mean-field behaviour of neural tangent kernel. arXiv:1905.13654",
    ),
)
