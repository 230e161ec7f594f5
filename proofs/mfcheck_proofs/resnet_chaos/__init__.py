"""Mean field residual networks: on the edge of chaos (arXiv 1712.08969).

A full residual network x^l = V^l phi(W^l x^(l-1) + b^l) + x^(l-1) + a^l, followed by p = E x^2, the cosine e of two inputs,
and the squared gradient chi, which each layer multiplies by 1 + sigma_v^2 sigma_w^2 E phi'^2. As p grows, the law in depth is
that of the Gaussian integrals at large variance. The reduced network is sigma_v = 1, sigma_a = 0.
"""

from mfcheck.checks import Paper, setting_of, simulation
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.resnet_chaos import claims
from mfcheck_proofs.resnet_chaos.values import CONSTANTS, OPTIONS, PARAMETERS, run

paper = Paper(
    id="resnet-chaos",
    title="Mean field residual networks: on the edge of chaos",
    summary=(
        "In random residual networks with tanh the geometry of inputs changes like a power of the depth and "
        "gradients grow subexponentially, unlike in plain networks; hence good variances at initialisation "
        "depend on the depth."
    ),
    authors=("Greg Yang", "Samuel S. Schoenholz"),
    source="https://arxiv.org/abs/1712.08969",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=claims.CLAIMS,
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "tanh-growth/stated": "proved",
        "tanh-gradient/theta": "proved",
        "tanh-gradient/sharp": "refuted",
        "tanh-gradient/reduced": "proved",
        "tanh-cosine/difference": "proved",
        "tanh-cosine/range": "certified",
        "relu/stated": "proved",
        "relu/sub-exponential": "refuted",
        "power-growth/stated": "proved",
        "power-gradient/stated": "proved",
        "power-gradient/small-powers": "vacuous",
        "power-cosine/stated": "proved",
    },
    references=(
        "Yang, Schoenholz: Mean field residual networks: on the edge of chaos. NIPS 2017, arXiv:1712.08969",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
