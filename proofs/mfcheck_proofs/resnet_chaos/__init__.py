"""Mean field residual networks: on the edge of chaos (arXiv 1712.08969).

A full residual network x^l = V^l phi(W^l x^(l-1) + b^l) + x^(l-1) + a^l, followed by p = E x^2, the cosine e of two inputs,
and the squared gradient chi, which each layer multiplies by 1 + sigma_v^2 sigma_w^2 E phi'^2. As p grows, the law in depth is
that of the Gaussian integrals at large variance. The reduced network is sigma_v = 1, sigma_a = 0.
"""

from mfcheck_proofs.resnet_chaos.claims import paper

__all__ = ["paper"]
