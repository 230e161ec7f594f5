"""Dynamical isometry and a mean field theory of RNNs (arXiv 1806.05394).

Vanilla: e = W h + V x + b, h' = phi(e). Gated: u = sigmoid(W h + V z + b), h' = u h + (1 - u) z. Fresh weights at every
step (untied) are what the theory describes; the recurrent network has the same ones (tied). Q = E h^2, q = Var e, R = E z^2.
In the untied limit u, h and z of one unit are independent, so that all moments of a step follow from E_{N(mu_b, q)}.
"""

from mfcheck.checks import Paper, setting_of, simulation
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.rnn_isometry.cell_state import state, tied
from mfcheck_proofs.rnn_isometry.counterexample import counter
from mfcheck_proofs.rnn_isometry.critical_line import line, scales
from mfcheck_proofs.rnn_isometry.gate import PARAMETERS
from mfcheck_proofs.rnn_isometry.isometry import both, isometry_claim
from mfcheck_proofs.rnn_isometry.networks import OPTIONS, run
from mfcheck_proofs.rnn_isometry.values import CONSTANTS

paper = Paper(
    id="rnn-isometry",
    title="Dynamical isometry and a mean field theory of RNNs: gating enables signal propagation in recurrent neural networks",
    authors=("Minmin Chen", "Jeffrey Pennington", "Samuel S. Schoenholz"),
    source="https://arxiv.org/abs/1806.05394",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(state, tied, line, scales, isometry_claim, both, counter),
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "gated-state/untied": "proved",
        "gated-state/anchor": "proved",
        "gated-state/unique": "certified",
        "tied-weights/recurrent": "refuted",
        "tied-weights/second-step": "proved",
        "critical-line/untied": "proved",
        "critical-line/constants": "certified",
        "time-scales/stated": "certified",
        "gating/gate-bias": "supported",
        "gating/orthogonality": "refuted",
        "gating/moments": "proved",
        "both-cells/exact": "refuted",
        "both-cells/vanilla": "proved",
        "tied-residual/untied-law": "refuted",
        "tied-residual/tied-law": "supported",
    },
    references=(
        "Chen, Pennington, Schoenholz: Dynamical isometry and a mean field theory of RNNs. ICML 2018, arXiv:1806.05394",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
