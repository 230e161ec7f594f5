"""A mean field view of the landscape of two-layer neural networks (arXiv 1804.06561).

One-pass SGD follows a transport equation of the law of the weights. For two isotropic Gaussian classes this law stays
spherically symmetric, so that radii alone move: `q(t) = E sigma(t G)` in infinite dimension, `h(t) = E sigma(t S)` with
a coordinate S of the unit sphere in dimension d. Ridges and noise lead to a Gibbs law.
"""

from mfcheck.checks import Paper, setting_of, simulation
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.landscape.noise import noise_claim, risk_claim
from mfcheck_proofs.landscape.particles import anisotropic_claim, follows, width_claim
from mfcheck_proofs.landscape.radial import simulate
from mfcheck_proofs.landscape.radii import failure, reduction
from mfcheck_proofs.landscape.shape import PARAMETERS, validate
from mfcheck_proofs.landscape.transition import transition_claim
from mfcheck_proofs.landscape.values import CONSTANTS

paper = Paper(
    id="landscape",
    title="A Mean Field View of the Landscape of Two-Layer Neural Networks",
    authors=("Song Mei", "Andrea Montanari", "Phan-Minh Nguyen"),
    source="https://arxiv.org/abs/1804.06561",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(follows, width_claim, reduction, transition_claim, failure, anisotropic_claim, noise_claim, risk_claim),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation("landscape", simulate),
    verdicts={
        "sgd-follows-equation/strict": "unchecked",
        "sgd-follows-equation/order": "supported",
        "width-identity/stated": "proved",
        "radial-reduction/stated": "supported",
        "transition/stated": "supported",
        "transition/risk-zero": "proved",
        "failure/stated": "supported",
        "failure/every-start": "refuted",
        "anisotropic/stated": "supported",
        "noise-scale/two": "refuted",
        "noise-scale/four": "proved",
        "noisy-risk/regularised": "supported",
        "noisy-risk/unregularised": "refuted",
    },
    references=(
        "Mei, Montanari, Nguyen: A mean field view of the landscape of two-layer neural networks. PNAS 115 (2018), "
        "arXiv:1804.06561",
        "Mei, Misiakiewicz, Montanari: Mean-field theory of two-layers neural networks: dimension-free bounds and kernel "
        "limit. COLT 2019",
    ),
)
