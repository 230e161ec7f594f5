"""What a search can attack at each claim, why there is nothing to attack at the others, and what it must find."""

from collections.abc import Mapping
from types import MappingProxyType

import sympy as sp

from mfcheck.claims import Inequality, PlantedError
from mfcheck.falsify.variants import ASSUMPTION, EXPONENT, SCALED, SIGN
from mfcheck_proofs._assemble import check_id
from mfcheck_proofs.scaled_resnets import falsifiable as start
from mfcheck_proofs.scaled_resnets import falsifiable_links as links
from mfcheck_proofs.scaled_resnets.lemma4 import J1, v
from mfcheck_proofs.scaled_resnets.measured import bound_symbol
from mfcheck_proofs.scaled_resnets.network import mean_uw
from mfcheck_proofs.scaled_resnets.rademacher import link, radius
from mfcheck_proofs.scaled_resnets.separated_samples import CAP
from mfcheck_proofs.scaled_resnets.symbols import C_1, Q_KL, Lambda, Q_m, alpha, beta, lambda_0, n
from mfcheck_proofs.scaled_resnets.theorem5 import KL_BOUND, L_0, decay
from mfcheck_proofs.scaled_resnets.theorem6 import FINAL, REPAIRED

INEQUALITIES: Mapping[str, tuple[Inequality, ...]] = MappingProxyType(
    {
        "assumption-1-iid": (links.EXCEPTION, links.CAP_ABOVE),
        "assumption-3-activation": (start.CONSTANT,),
        "ode-well-posed": (start.LIPSCHITZ,),
        "lemma-4-first": (start.FIRST,),
        "lemma-4-second": (start.STRICT, start.GERSHGORIN),
        "theorem-5-loss": (start.DECAY,),
        "theorem-5-kl-tau": (start.KL_TAU,),
        "theorem-5-kl-nu": (links.KL_NU,),
        "theorem-5-movement": (start.MOVEMENT,),
        "theorem-5-spectrum": (start.FLOOR,),
        "theorem-6-rademacher": (start.RADEMACHER,),
        "theorem-6-composition": (links.COMPOSED, links.REPAIRED),
        "theorem-6-scaling": (links.SCALING,),
        "theorem-6-final": (links.CONFIDENCE,),
        "theorem-5-ablation": (links.FROZEN,),
        "theorem-5-threshold": (links.THRESHOLD,),
        "theorem-6-measured": (links.MEASURED,),
    }
)
"""By the id of the claim."""

_IDENTITY = "it is an identity, which exact checks decide for every setting"
NO_INEQUALITY: Mapping[str, str] = MappingProxyType(
    {
        "assumption-2-measures": _IDENTITY,
        "ode-depth-discretisation": "it states an order in the depth, which no single setting refutes",
        "functional-derivatives": _IDENTITY,
        "gradient-flows": _IDENTITY,
        "gram-dynamics": _IDENTITY,
        "gram-psd": "it is an identity, a sum of squares; what could be negative is attacked at lemma-4-first",
        "initialisation": _IDENTITY,
        "hermite-gram": _IDENTITY,
        "kl-rate": _IDENTITY,
    }
)
"""By the id of the claim."""


def _planted(
    inequality: Inequality, kind: str, replaced: Mapping[str, sp.Basic], why: str
) -> PlantedError:
    return PlantedError(
        f"{inequality.id}-must-fall",
        kind,
        replaced,
        why,
        (check_id(inequality),),
        inequality.reading,
    )


HALF = sp.Rational(1, 2)
MUST_FALL: tuple[PlantedError, ...] = (
    _planted(
        links.EXCEPTION, SCALED, {"exception": CAP / 1000}, "A positive probability is not zero."
    ),
    _planted(
        links.CAP_ABOVE, SCALED, {"cap": 2 * CAP}, "At $C = 0$ the probability is one half exactly."
    ),
    _planted(start.CONSTANT, SCALED, {"constant": C_1 / 2}, "$C_1$ is the least that serves."),
    _planted(
        start.LIPSCHITZ,
        EXPONENT,
        {"lipschitz": C_1 * mean_uw},
        r"The slope is proportional to $\alpha$, which exceeds one in some settings.",
    ),
    _planted(
        start.FIRST,
        SIGN,
        {"excess": -(alpha**2) * (J1.T * v).T * (J1.T * v)},
        "A sum of squares is not negative.",
    ),
    _planted(
        start.STRICT,
        SCALED,
        {"floor": 2 * Lambda},
        r"Two points at a small angle have a $\lambda_{\min}$ below any positive number.",
    ),
    _planted(
        start.GERSHGORIN,
        ASSUMPTION,
        {"term": sp.Integer(1)},
        r"Without $C_{\max} < 1$ this is the diagonal entry, which exceeds $\lambda_{\min}$.",
    ),
    _planted(
        start.DECAY,
        SCALED,
        {"bound": decay["bound"] ** 4 / L_0**3},
        r"The slowest mode decays like $\exp(-2\beta^2\lambda_{\min}t/n)$.",
    ),
    _planted(
        start.KL_TAU,
        SCALED,
        {"bound": Q_KL / (2 * beta**2)},
        "This is half of the limit that is attained.",
    ),
    _planted(
        links.KL_NU,
        EXPONENT,
        {"bound": KL_BOUND["bound"] / beta**4},
        r"$\mathrm{KL}(\nu_t\,\|\,\nu_0)$ is of order $\beta^{-4}$ exactly.",
    ),
    _planted(
        start.MOVEMENT,
        SCALED,
        {"PL": sp.sqrt(Q_m) / (2 * beta)},
        "This is half of the limit that is attained.",
    ),
    _planted(
        start.FLOOR,
        SCALED,
        {"floor": 3 * lambda_0 / 2},
        r"At $t = 0$ the smallest eigenvalue is $\lambda_0$.",
    ),
    _planted(
        start.RADEMACHER,
        EXPONENT,
        {"bound": link["bound"] * sp.sqrt(radius)},
        r"For small $\rho$ the complexity is of order $\rho^{1/2}$.",
    ),
    _planted(
        links.COMPOSED,
        EXPONENT,
        {"stated": sp.Integer(0)},
        r"The composed rate is $n^{1/2}$: it is not bounded either.",
    ),
    _planted(
        links.REPAIRED,
        ASSUMPTION,
        {"radius": REPAIRED["radius"] * n},
        "A quadratic form that grows with $n$ loses the rate.",
    ),
    _planted(
        links.SCALING,
        EXPONENT,
        {"choice": n ** sp.Rational(3, 4)},
        "The requirement grows like $n$.",
    ),
    _planted(
        links.CONFIDENCE,
        SCALED,
        {"confidence": FINAL["confidence"] / 6},
        "Symmetrisation and two applications of bounded differences cost a factor three.",
    ),
    _planted(
        links.FROZEN,
        SCALED,
        {"bound": decay["bound"] ** 4 / L_0**3},
        r"The slowest mode decays like $\exp(-2\beta^2\lambda_{\min}t/n)$.",
    ),
    _planted(
        links.THRESHOLD,
        SCALED,
        {"floor": 2 * lambda_0},
        r"At $t = 0$ the smallest eigenvalue is $\lambda_0$.",
    ),
    _planted(
        links.MEASURED,
        SCALED,
        {"bound": bound_symbol / 10**7},
        "No bound of this kind is below its confidence term.",
    ),
)
"""A false variant for each inequality, which the check of its slack must reject."""
